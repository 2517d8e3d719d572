#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A citizen calls, an agent answers: the whole way, on real parts. Citizens
# speak SIP and RTP, the agent is the workstation's tunnel and phone without
# a screen behind a real sshd.
#   site_call.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init >/dev/null
site_set call lease 4000
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
speak=$test_root/scripts/lib/speak
"$speak" "$site/wav/c.8k.wav" '您好，我想问一下生育津贴多久能到账，材料上个月就交了。'
"$speak" "$site/wav/a.8k.wav" '您好，这里是社保热线，审核通过以后大约二十个工作日到账。' \
	--voice cmn+f3 --pitch 75
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
test_person A001 王莹 agent si=3
test_person A002 陈静 agent si=2
site_known_hosts >"$site/home/known_hosts"
number=$(site_ctl queue list --json |
	jq -r '.items[] | select(.id == "si") | .number' | cut -d, -f1)

robot()
{
	local name=$1 agent=$2
	shift 2
	site_spawn "$name" zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
		--user "$site_account" --identity "$site/keys/$agent" \
		--known-hosts "$site/home/known_hosts" --agent "$agent" \
		--speak "$site/wav/a.8k.wav" ${ROBOT_DEBUG:+--debug} "$@"
}

citizen()
{
	local name=$1 from=$2
	shift 2
	site_spawn "$name" zuoxi-citizen \
		--to "sip:$number@127.0.0.1:$site_sip_port" --from "$from" \
		--speak "$site/wav/c.8k.wav" "$@"
}

agent_is()
{
	site_ctl agent list --json | jq -e --arg a "$1" --arg s "$2" \
		'.items[] | select(.id == $a and .state == $s)' >/dev/null
}

contact_with()
{
	site_ctl contact list --json | jq -e ".items[] | select($1)" >/dev/null
}

step 'a call is answered, recorded and ticketed'
robot r1 A001 --talk 6000 --wrapup 300
eventually 20 agent_is A001 ready
citizen c1 13800000001 --talk 8000 --patience 20000
eventually 20 agent_is A001 talking
eventually 30 contact_with '.result == "answered" and .disposition != "" and .ticket != ""'
eventually 10 agent_is A001 ready
path=$(site_ctl recording list --json | jq -r '.items[0].path')
for side in left right; do
	[ $side = left ] && own=c other=a || { own=a; other=c; }
	# in short windows: a robot that a busy machine keeps from speaking in
	# time is no fault of the line
	r=$(site_run correlate "$site/recordings/$path" $side \
		"$site/wav/$own.8k.wav" 400)
	x=$(site_run correlate "$site/recordings/$path" $side \
		"$site/wav/$other.8k.wav" 400)
	echo "  $side: own $r, other $x"
	awk -v r="$r" -v x="$x" 'BEGIN { exit !(r >= 0.7 && x <= 0.5) }' ||
		fail "the $side channel correlates at $r with its voice, at $x with the other"
done

step 'a refusing agent costs the citizen nothing but seconds'
site_end r1
eventually 150 agent_is A001 offline
robot r1 A001 --refuse 1
eventually 20 agent_is A001 ready # the longest idle: the call is his first
robot r2 A002 --talk 2000 --wrapup 300
eventually 20 agent_is A002 ready
citizen c2 13800000002 --talk 4000 --patience 30000
eventually 30 contact_with '.number == "138****0002" and .result == "answered" and .agent == "A002"'
expect 'the refusing agent is paused with that reason' \
	eval "site_ctl agent list --json | jq -e '.items[] | select(.id == \"A001\" and .state == \"paused\" and .reason == \"refused\")' >/dev/null"

step 'who gives up stands on the list of those to call back, once'
site_end r1
site_end r2
citizen c3 13800000003 --patience 6000
eventually 20 contact_with '.number == "138****0003" and .result == "abandoned"'
citizen c4 13800000003 --patience 6000
eventually 20 eval "site_ctl call missed --json | jq -e '[.items[] | select(.number == \"138****0003\")] | length == 1 and .[0].times == 2' >/dev/null"

step 'an unknown number and an unknown source are refused'
unknown()
{
	site_run zuoxi-citizen --to "sip:4040404@127.0.0.1:$site_sip_port" \
		--from 13800000004 --patience 3000 | jq -e '.code == 404' >/dev/null
}
expect 'an unknown number gets 404' unknown
site_ctl trunk set t1 --host 127.0.0.9 >/dev/null
stranger()
{
	site_run zuoxi-citizen --to "sip:$number@127.0.0.1:$site_sip_port" \
		--from 13800000005 --patience 3000 | jq -e '.code == 403' >/dev/null
}
eventually 5 stranger
eventually 15 eval "site_ctl status --json | jq -e '.switch.sip.refused > 0' >/dev/null"
site_ctl trunk set t1 --host 127.0.0.1 >/dev/null

step 'outside open hours the closed prompt answers'
site_ctl calendar import - <<<'hours mon 03:00-03:01' >/dev/null
citizen c5 13800000006 --patience 60000
eventually 40 contact_with '.number == "138****0006" and .result == "closed"'

step 'every invariant holds'
expect 'verify is clean' site_ctl verify
