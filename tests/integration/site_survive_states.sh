#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One call, and the office killed in each state of it: greeting, waiting,
# offered, talking, held, talking again, wrap-up. The citizen hears no hole,
# there is one contact, one recording, one ticket; who calls while the office
# is away is greeted by the fallback plan and stands in line in order of
# arrival.
#   site_survive_states.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

survive_set=('call lease 20000')
survive_site "$1" A001

# dies_in STATE: killed, left dead for a moment, back
dies_in()
{
	step "the office dies: $1"
	office_dies
	site_office
}

arrived() # so many calls until now
{
	[ "$(grep -c 'arrived by t1' "$site/log/zuoxid.log")" -ge "$1" ]
}

sox "$site/prompts/notice.wav" "$site/wav/long.wav" pad 0 4
cp "$site/wav/long.wav" "$site/prompts/notice.wav"
citizen c1 13800000001 --talk 300000 --patience 300000
eventually 20 item_is '.state == "notice"'
dies_in greeting
eventually 20 item_is '.state == "waiting"'
dies_in waiting
expect 'he waits on' item_is '.number == "138****0001"'
robots r1 A001 --step --hold 1
eventually 20 agent_is A001 offered
dies_in offered
robot_step r1
eventually 20 agent_is A001 talking
dies_in talking
expect 'he talks on' agent_is A001 talking
robot_step r1
eventually 20 agent_is A001 held
dies_in held
expect 'he is still on hold' agent_is A001 held
robot_step r1
eventually 20 agent_is A001 talking
dies_in 'talking, after the hold'
expect 'he talks on' agent_is A001 talking
robot_step r1
eventually 30 agent_is A001 wrapup
dies_in wrap-up
expect 'he is still in wrap-up' agent_is A001 wrapup
robot_step r1
eventually 20 contact_with '.number == "138****0001" and .ticket != ""'

step 'it dies while he is rung; he answers, and hangs up, without it'
site_end r1
eventually 150 agent_is A001 offline
robots r2 A001 --step
citizen c6 13800000006 --talk 300000 --patience 300000
eventually 30 agent_is A001 offered
office_dies
robot_step r2
eventually 10 said r2 '.what == "answered"'
back_us=$(date +%s%6N)
site_office
eventually 20 agent_is A001 talking
office_dies
robot_step r2
eventually 10 said c6 '.ended_by == "far"'
gone_us=$(date +%s%6N)
site_office
eventually 20 agent_is A001 wrapup
site_ctl fact list --json >"$site/facts.json"
jq -e --argjson back "$back_us" --argjson gone "$gone_us" '[.items[] |
	select(.contact[-4:] == "0002")] | any(.kind == "contact.answered" and
	.at_us < $back) and any(.kind == "contact.ended" and .at_us < $gone)' \
	"$site/facts.json" >/dev/null ||
	fail 'answer and end have not the time at which they happened'
robot_step r2
eventually 20 contact_with '.number == "138****0006" and .ticket != ""'
site_end r2
eventually 150 agent_is A001 offline
robots r3 A001 --step

step 'who calls meanwhile hears the plan and stands in line as he came'
eventually 20 agent_is A001 ready
citizen c2 13800000002 --talk 300000 --patience 300000
eventually 20 agent_is A001 offered
robot_step r3
eventually 20 agent_is A001 talking
office_dies
for n in 3 4 5; do
	citizen "c$n" "1380000000$n" --record "$site/c$n.wav" --talk 300000 \
		--patience 300000
	eventually 10 arrived $((n + 1)) # their order is looked at below
done
sleep 1 # of the office's absence, in which they hear something
site_office
eventually 20 eval "[ \$(site_ctl call waiting --json | jq '.items | length') = 3 ]"
site_ctl call waiting --json |
	jq -e '[.items[] | .number] == ["138****0003", "138****0004", "138****0005"]' \
		>/dev/null || fail "the line: $(site_ctl call waiting --json |
		jq -c '[.items[] | [.position, .number, .queued_us]]')"
robot_step r3
eventually 20 agent_is A001 wrapup
robot_step r3
eventually 20 agent_is A001 offered
robot_step r3
expect 'the first of them is answered next' \
	eventually 40 contact_with '.number == "138****0003" and .answered_us > 0'
site_end c4
site_end c5
robot_step r3
eventually 20 agent_is A001 wrapup
robot_step r3
eventually 30 contact_with '.number == "138****0003" and .ticket != ""'
for n in 3 4 5; do
	heard=$(sox "$site/c$n.wav" -n stat 2>&1 |
		awk '/RMS.*amplitude/ { print $3 }')
	awk -v r="$heard" 'BEGIN { exit !(r > 0.005) }' ||
		fail "c$n heard nothing while the office was away ($heard)"
done

step 'nothing twice, nothing missing'
nobody_stuck
voice_whole c1 c2 c3 c4 c5 c6
recordings_whole
facts_once
expect 'verify is clean' site_ctl verify
