#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The wall clock of office and exchange is set by an hour, forward and back,
# while citizens talk, wait, are on hold and ring: no call ends, no lease runs
# out or stays for ever, durations are as long as they were, the line keeps
# its order. Each step first proves
# that the clock went.
#   site_clock.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/voice_lib.sh"

build=$1
voice_before()
{
	site_as_shifted "$build"
}
# shellcheck disable=SC2034 # of voice_lib.sh
voice_set=('call lease 3000' 'call max_wait 120000'
	'call wrapup 600000')
voice_site "$build"
test_person A001 王莹 agent si=3
test_person A002 陈静 agent mi=3
robot A001 1 --talk 0 --wrapup 600000
eventually 60 agent_is A001 ready

now_us()
{
	site_ctl status --json | jq .now_us
}

# jump SECONDS: the wall clock, and the proof that it was
jump()
{
	local was is
	was=$(now_us)
	shift_by "$1"
	is=$(now_us)
	[ $((is - was > 0 ? is - was : was - is)) -gt 3000000000 ] ||
		fail "the clock did not jump: from $was to $is"
	echo "  the wall clock went by $(((is - was) / 1000000)) s"
}

item_is()
{
	site_ctl call waiting --json | jq -e "any(.items[]; $1)" >/dev/null
}

step 'a talk, a hold and a line: an hour forward'
caller c1 si 13800000001 --talk 200000
eventually 40 agent_is A001 talking
contact=$(contact_of A001)
eventually 40 hears_agent c1
caller c2 si 13800000002 --talk 200000
eventually 30 item_is '.number == "138****0002" and .state == "waiting"'
began=$SECONDS
jump 3600
heard_for c1 2500
expect 'they talk' agent_is A001 talking
expect 'who waits, waits' item_is '.number == "138****0002"'
expect 'hold' ask A001 call.hold "{\"contact\":\"$contact\"}"

step 'and back again'
jump 0
heard_for c1 2500
expect 'it is on hold' agent_is A001 held
expect 'retrieve' ask A001 call.retrieve "{\"contact\":\"$contact\"}"
# who comes after the clock went back is behind whoever came before
jump -3600
caller c3 si 13800000003 --talk 200000
eventually 30 item_is '.number == "138****0003" and .position == 2'
expect 'the first waits first' item_is '.number == "138****0002" and .position == 1'
took=$((SECONDS - began))
kill "$(site_pid c1)"
eventually 30 agent_is A001 wrapup

step 'a lease and a wrap-up last as long as they should'
# the next offer goes to one who does not answer
robot A002 2 --talk 0 --wrapup 600000 --answer-after -1
eventually 60 agent_is A002 ready
caller c4 mi 13800000004 --talk 200000
eventually 20 item_is '.number == "138****0004" and .state == "offered"'
code=$(site_ctl disposition list --json |
	jq -r '[.items[].parent] as $p | first(.items[] |
		select(.queue == "si" and (.code as $c | $p | index($c) | not))
		| .code)')
expect 'the ticket is filed, and he stays' ask A001 ticket.file \
	"{\"contact\":\"$contact\",\"fields\":{\"disposition\":\"$code\",
	\"outcome\":\"answered\",\"summary\":\"已答复\",\"after\":\"wrapup\"}}"
jump 3600
eventually 30 eval "site_ctl agent list --json | jq -e 'any(.items[];
	.id == \"A002\" and .state == \"paused\" and .reason == \"missed\")'"
site_ctl fact list --kind offer.ended --json >"$site/offers.json"
jq -e '.items[-1] | .body.result == "timeout" and .dur_ms >= 2900 and
	.dur_ms < 60000' "$site/offers.json" >/dev/null ||
	fail "the offer ended as $(jq -c '.items[-1]' "$site/offers.json")"
expect 'his wrap-up is not over' agent_is A001 wrapup
jump 0
kill "$(site_pid c2)" "$(site_pid c3)" "$(site_pid c4)"
for n in 2 3 4; do
	eventually 30 contact_with ".number == \"138****000$n\" and .result == \"abandoned\""
done

step 'durations are what a stopwatch says'
site_ctl contact list --json >"$site/contacts.json"
jq -c '.items[] | {id, result, wait_ms, talk_ms, hold_ms}' \
	"$site/contacts.json" | sed 's/^/  /'
jq -e --arg c "$contact" --argjson s "$took" '.items[] | select(.id == $c) |
	.talk_ms >= 2000 and .hold_ms >= 2000 and
	.talk_ms + .hold_ms <= ($s + 60) * 1000' \
	"$site/contacts.json" >/dev/null || fail 'talk or hold'
jq -e 'all(.items[]; .wait_ms >= 0 and .wait_ms < 600000)' \
	"$site/contacts.json" >/dev/null || fail 'waits'
site_ctl recording list --json >"$site/recordings.json"
jq -c ".items[] | {id, ms, state}" "$site/recordings.json" | sed "s/^/  /"
jq -e --slurpfile all "$site/contacts.json" --arg c "$contact" '
	($all[0].items[] | select(.id == $c) | .talk_ms + .hold_ms) as $ms |
	.items | length == 1 and ((.[0].ms - $ms) | fabs) < 1500' \
	"$site/recordings.json" >/dev/null || fail 'the recording'
test_person L001 周岚 lead
agent_open lead L001
agent_hello lead
agent_say lead '{"jsonrpc":"2.0","id":2,"method":"wall.get","params":{}}'
eventually 10 agent_heard lead '.id == 2 and .result.today'
agent_heard lead '.id == 2 and ([.result.today | .. | numbers] |
	all(. >= 0)) and .result.today.longest_ms < 600000' ||
	fail "a figure is wrong: $(jq -c 'select(.id == 2).result.today' \
		"$site/lead.out")"
agent_close lead
expect 'verify is clean' site_ctl verify
