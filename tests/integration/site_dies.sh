#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What dies, and what a citizen notices: the office is killed while a call
# rings and while it is talked; then the switch is killed.
#   site_dies.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init >/dev/null
site_set call lease 20000
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
sox -n -r 8000 -c 1 -b 16 "$site/wav/tone.wav" synth 3 sine 700
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
test_person A001 王莹 agent si=3
site_known_hosts >"$site/home/known_hosts"
number=$(site_ctl queue list --json |
	jq -r '.items[] | select(.id == "si") | .number' | cut -d, -f1)

robot()
{
	site_spawn r1 zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
		--user "$site_account" --identity "$site/keys/A001" \
		--known-hosts "$site/home/known_hosts" --agent A001 \
		--speak "$site/wav/tone.wav" "$@"
}

citizen()
{
	local name=$1 from=$2
	shift 2
	site_spawn "$name" zuoxi-citizen \
		--to "sip:$number@127.0.0.1:$site_sip_port" --from "$from" \
		--speak "$site/wav/tone.wav" "$@"
}

agent_is()
{
	site_ctl agent list --json 2>/dev/null |
		jq -e --arg s "$1" '.items[] | select(.id == "A001" and
			.state == $s)' >/dev/null
}

contact_with()
{
	site_ctl contact list --json 2>/dev/null |
		jq -e ".items[] | select($1)" >/dev/null
}

# Killed as a crash would: no word to anybody.
kill_office()
{
	local pid
	pid=$(site_pid zuoxid)
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	site_office
}

step 'the office dies while it rings: it goes on ringing, and is answered'
robot --answer-after 6000 --talk 4000 --wrapup 300
eventually 20 agent_is ready
citizen c1 13800000001 --talk 20000 --patience 30000
eventually 20 agent_is offered
kill_office
eventually 20 agent_is talking
eventually 30 contact_with '.number == "138****0001" and .result == "answered" and .ticket != ""'

step 'the office dies in a call: nobody notices'
eventually 20 agent_is ready
citizen c2 13800000002 --talk 20000 --patience 30000
eventually 20 agent_is talking
kill_office
eventually 30 contact_with '.number == "138****0002" and .result == "answered" and .ticket != ""'
heard=$(jq -r '.max_gap_ms' "$site/log/c2.log")
in_time "$heard" 500 "the citizen's longest silence was over"
expect 'one contact a call' \
	eval "[ \$(site_ctl contact list --json | jq '.items | length') = 2 ]"

step 'the switch dies in a call: he is to be called back first'
site_end r1
eventually 150 agent_is offline
robot --talk 60000 --wrapup 300
eventually 20 agent_is ready
citizen c3 13800000003 --talk 60000 --patience 30000
eventually 20 agent_is talking
talked() # so that there is something to mend
{
	site_ctl contact list --json | jq -e '.items[0] |
		select(now - .answered_us / 1000000 > 1.5)' >/dev/null
}
eventually 10 talked
kill -KILL "$(pgrep -f "$site/bin/zuoxi-switch" | head -n 1)"
eventually 30 contact_with '.number == "138****0003" and .result == "lost" and .reason == "switch_lost"'
lost()
{
	site_ctl call missed --json | jq -e '.items[0] |
		select(.number == "138****0003" and .lost)' >/dev/null
}
eventually 10 lost
mended()
{
	site_ctl recording list --json | jq -e '.items[] |
		select(.state == "mended" and .ms > 500)' >/dev/null
}
eventually 20 mended
eventually 20 agent_is ready

step 'and a new call goes through'
citizen c4 13800000003 --talk 2000 --patience 30000
eventually 30 contact_with '.number == "138****0003" and .result == "answered"'

step 'every invariant holds'
expect 'verify is clean' site_ctl verify
