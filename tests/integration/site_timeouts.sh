#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ends by itself on real parts: an offer that nobody answers, a wrap-up
# that was filed, a call whose citizen has fallen silent.
#   site_timeouts.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/voice_lib.sh"

# shellcheck disable=SC2034 # of voice_lib.sh
voice_set=('call lease 3000' 'rtp timeout 3')
voice_site "$1"
test_person A001 王莹 agent si=3
test_person A002 陈静 agent si=2
site_ctl queue set si --wrapup 4000 >/dev/null
robot A001 1 --talk 0 --wrapup 200 --answer-after -1
eventually 60 agent_is A001 ready
robot A002 2 --talk 0 --wrapup 600000
eventually 60 agent_is A002 ready
expect 'the second agent pauses' ask A002 agent.pause '{"reason":"rest"}'

item_is()
{
	site_ctl call waiting --json | jq -e "any(.items[]; $1)" >/dev/null
}

step 'an offer that nobody answers: paused, and the place is kept'
caller c1 si 13800000001 --talk 200000
eventually 20 item_is '.number == "138****0001" and .state == "offered"'
caller c2 si 13800000002 --talk 200000
eventually 20 item_is '.number == "138****0002" and .position == 2'
eventually 30 eval "site_ctl agent list --json | jq -e 'any(.items[];
	.id == \"A001\" and .state == \"paused\" and .reason == \"missed\")'"
expect 'the citizen keeps his place' \
	item_is '.number == "138****0001" and .position == 1'
first=$(site_ctl call waiting --json |
	jq -r '.items[] | select(.position == 1) | .contact')
site_ctl fact list --kind offer.ended --json >"$site/offers.json"
jq -e --arg c "$first" '.items | length == 1 and (.[0] | .contact == $c and
	.agent == "A001" and .body.result == "timeout" and .dur_ms >= 2900)' \
	"$site/offers.json" >/dev/null ||
	fail "the offer ended as $(cat "$site/offers.json")"
expect 'the next agent is ready' ask A002 agent.ready
eventually 20 agent_is A002 talking
expect 'he gets whom the first one missed' [ "$(contact_of A002)" = "$first" ]

step 'a wrap-up without a ticket does not end'
kill "$(site_pid c2)"
eventually 30 contact_with '.number == "138****0002" and .result == "abandoned"'
kill "$(site_pid c1)"
eventually 30 agent_is A002 wrapup
until_us=$(site_ctl agent list --json |
	jq '.items[] | select(.id == "A002") | .wrapup_until_us')
now_us()
{
	site_ctl status --json | jq .now_us
}
eventually 30 eval "[ \$(now_us) -gt $until_us ]"
expect 'unfiled it does not end' agent_is A002 wrapup
refused A002 agent.ready '{}' 'File the ticket first'
code=$(site_ctl disposition list --json |
	jq -r '[.items[].parent] as $p | first(.items[] |
		select(.queue == "si" and (.code as $c | $p | index($c) | not))
		| .code)')
# file AGENT CONTACT AFTER
file()
{
	ask "$1" ticket.file "{\"contact\":\"$2\",\"fields\":{
		\"disposition\":\"$code\",\"outcome\":\"answered\",
		\"summary\":\"已答复\",\"after\":\"$3\"}}"
}
expect 'file' file A002 "$first" ready
eventually 10 agent_is A002 ready
expect 'the second agent pauses' ask A002 agent.pause '{"reason":"rest"}'

step 'a citizen who fell silent is hung up on'
# the first agent answers from now on
site_end A001
site_ctl queue set si --wrapup 9000 >/dev/null
robot A001 1 --talk 0 --wrapup 600000
eventually 60 agent_is A001 ready
caller c3 si 13800000003 --talk 200000
eventually 30 agent_is A001 talking
third=$(contact_of A001)
kill -STOP "$(site_pid c3)"
eventually 30 contact_with ".id == \"$third\" and .result == \"answered\" and
	.reason == \"fault\""
kill -CONT "$(site_pid c3)"
site_ctl fact list --kind leg.ended --json >"$site/legs.json"
jq -e --arg c "$third" 'any(.items[]; .contact == $c and
	.body.cause == "rtp_timeout")' "$site/legs.json" >/dev/null ||
	fail "the leg ended as $(cat "$site/legs.json")"

step 'a filed wrap-up in which he stays ends when its time is over'
eventually 10 agent_is A001 wrapup
expect 'file, and stay' file A001 "$third" wrapup
expect 'he stays' agent_is A001 wrapup
eventually 30 agent_is A001 ready
site_ctl fact list --kind agent.state --json >"$site/states.json"
jq -e '.items | map(select(.agent == "A001")) | last | .actor == "office" and
	.body.state == "ready"' "$site/states.json" >/dev/null ||
	fail "it ended by $(tail -c 400 "$site/states.json")"
expect 'verify is clean' site_ctl verify
