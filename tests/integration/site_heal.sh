#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a citizen in a call does not notice: a killed office, a broken tunnel.
# And the same call with its voice by UDP.
#   site_heal.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/voice_lib.sh
. "$(dirname "$0")/voice_lib.sh"

test_site "$1"
site_init >/dev/null
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
speak=$test_root/scripts/lib/speak
"$speak" "$site/wav/c.8k.wav" '您好，我想问一下生育津贴多久能到账，材料上个月就交了。'
"$speak" "$site/wav/a.8k.wav" '您好，这里是社保热线，审核通过以后大约二十个工作日到账。' \
	--voice cmn+f3 --pitch 75
site_set voice path udp
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
test_person A001 王莹 agent si=3
site_known_hosts >"$site/home/known_hosts"
number=$(site_ctl queue list --json |
	jq -r '.items[] | select(.id == "si") | .number' | cut -d, -f1)

# robot NAME ARG ...: A001; citizen NAME [ROBOT]: one who calls, and is
# answered
robot()
{
	local name=$1
	shift
	site_spawn "$name" zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
		--user "$site_account" --identity "$site/keys/A001" \
		--known-hosts "$site/home/known_hosts" --agent A001 \
		--speak "$site/wav/a.8k.wav" --wrapup 300 "$@"
	eventually 30 agent_is ready
}

citizen()
{
	site_spawn "$1" zuoxi-citizen \
		--to "sip:$number@127.0.0.1:$site_sip_port" --from 13800000001 \
		--speak "$site/wav/c.8k.wav" --talk 300000 --patience 60000
	if [ $# -gt 1 ]; then
		eventually 20 agent_is offered
		robot_step "$2"
	fi
	eventually 20 agent_is talking
}

agent_is()
{
	site_ctl agent list --json | jq -e --arg s "$1" \
		'.items[] | select(.id == "A001" and .state == $s)' >/dev/null
}

# said NAME FILTER: a line of a robot's or a citizen's log
said()
{
	grep '^{' "$site/log/$1.log" | jq -es "[.[] | select($2)] | length > 0" \
		>/dev/null
}

step 'the office is killed in a call and comes back to it'
robot r1 --step
citizen c1 r1
# not within the recording notice: a quick machine is through with all of
# this before it has played out
eventually 20 hears_agent c1
kill -KILL "$(site_pid zuoxid)"
site_office
eventually 15 agent_is talking
refuse 'the tunnel must not have noticed' said r1 '.what == "down" and .fault != ""'

step 'the tunnel breaks in the same call and is made again'
master=$(site_pid sshd)
mapfile -t children < <(pgrep -P "$master")
mapfile -t grandchildren < <(pgrep -P "$(IFS=, && echo "${children[*]}")")
kill -KILL "${grandchildren[@]}" "${children[@]}" 2>/dev/null || true
eventually 20 said r1 '.what == "down" and .fault != ""'
eventually 40 said r1 '.what == "up" and .times == 2'
expect 'the call is still there' agent_is talking
robot_step r1
eventually 20 said r1 '.what == "ended"'
robot_step r1
eventually 30 said r1 '.what == "filed"'
eventually 10 said c1 '.answered and .ended_by == "far"'
expect 'the citizen always heard something' said c1 '.max_gap_ms < 1000'
site_end r1

step 'voice by UDP, both ways'
eventually 150 agent_is offline
robot r2 --talk 8000 --udp
citizen c2
eventually 30 said r2 '.what == "ended" and .path == "udp" and .lost == 0'
eventually 10 said r2 '.what == "filed"'
path=$(site_ctl recording list --json | jq -r '.items[0].path')
for pair in 'left c a' 'right a c'; do
	read -r side own other <<<"$pair"
	# in short windows: a robot that a busy machine keeps from speaking in
	# time is no fault of the line
	r=$(site_run correlate "$site/recordings/$path" "$side" \
		"$site/wav/$own.8k.wav" 400)
	x=$(site_run correlate "$site/recordings/$path" "$side" \
		"$site/wav/$other.8k.wav" 400)
	echo "  $side: own $r, other $x"
	awk -v r="$r" -v x="$x" 'BEGIN { exit !(r >= 0.7 && x <= 0.5) }' ||
		fail "the $side channel correlates at $r with its voice, at $x with the other"
done
