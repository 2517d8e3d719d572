#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who is told of whose state, by what real clients know: an agent has his own
# alone; those of all while he chooses whom to hand a call to, also when the
# line breaks meanwhile; a lead has them always. Of the waiting line an agent
# sees the head.
#   site_states.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/voice_lib.sh"

voice_site "$1"
test_person A001 王莹 agent si=3
test_person A002 陈静 agent si=3
test_person L001 周岚 lead
for p in A001 A002 L001; do
	robot "$p" 1 --talk 0 --wrapup 200 --answer-after -1
done
for p in A001 A002; do
	eventually 60 agent_is "$p" ready
done

# hand AGENT WHAT: at his screen
hand()
{
	printf '%s screen.%s\n' "$1" "$2" >"$site/$1.told"
}
# shows AGENT WHAT FILTER: what his client knows of that matches
shows()
{
	local before
	before=$(grep -c "\"what\":\"$2\"" "$site/log/$1.log" || true)
	hand "$1" "$2"
	site_wait 20 "an answer of $1" eval \
		"[ \$(grep -c '\"what\":\"$2\"' '$site/log/$1.log') -gt $before ]" ||
		return 1
	grep "\"what\":\"$2\"" "$site/log/$1.log" | tail -n 1 |
		jq -e "$3" >/dev/null
}
knows()
{
	shows "$1" agents "$2"
}
ups()
{
	grep -c '"what":"up"' "$site/log/$1.log" || true
}
# back AGENT N: his line is up once more than N times
back()
{
	[ "$(ups "$1")" -gt "$2" ]
}

step 'an agent is told of himself, a lead of all'
expect 'pause' ask A002 agent.pause '{"reason":"rest"}'
eventually 20 knows L001 '.whole and .states.A001 == "ready" and
	.states.A002 == "paused"'
expect 'he has no list' knows A001 '.states == {}'
# A pause of his own shows that what came before it was not told.
expect 'pause' ask A001 agent.pause '{"reason":"rest"}'
expect 'ready' ask A001 agent.ready
eventually 20 knows L001 '.states.A001 == "ready"'
expect 'he has no list' knows A001 '.states == {}'

step 'while he chooses he is told of all'
hand A001 choose
eventually 20 knows A001 '.whole and .states.A002 == "paused"'
expect 'ready' ask A002 agent.ready
eventually 20 knows A001 '.states.A002 == "ready"'

step 'his line breaks while he chooses: what he missed comes after'
before=$(ups A001)
hand A001 cut
expect 'pause' ask A002 agent.pause '{"reason":"meal"}'
eventually 60 back A001 "$before"
eventually 20 knows A001 '.whole and .states.A002 == "paused"'
expect 'ready' ask A002 agent.ready
eventually 20 knows A001 '.states.A002 == "ready"'

step 'the office is another while he chooses'
office=$(site_pid zuoxid)
kill -KILL "$office"
wait "$office" 2>/dev/null || true
site_office
eventually 30 ask A002 agent.pause '{"reason":"meal"}'
eventually 30 knows A001 '.whole and .states.A002 == "paused"'

step 'chosen: he has his own again, and no old ones'
hand A001 chosen
eventually 20 knows A001 '.states == {}'
expect 'ready' ask A002 agent.ready
eventually 20 knows L001 '.states.A002 == "ready"'
expect 'pause' ask A002 agent.pause '{"reason":"rest"}'
eventually 20 knows L001 '.states.A002 == "paused"'
expect 'pause' ask A001 agent.pause '{"reason":"rest"}'
expect 'he has no list' knows A001 '.states == {}'

step 'he begins to choose while there is no line'
before=$(ups A001)
hand A001 cut
hand A001 choose
eventually 60 back A001 "$before"
eventually 20 knows A001 '.whole and .states.A002 == "paused"'
hand A001 chosen

step 'a ticket: whose it is hears what a lead does with it'
expect 'ready' ask A001 agent.ready
caller c1 si 13800000001 --talk 200000
eventually 30 agent_is A001 offered
printf 'A001 phone.answer\n' >"$site/A001.told"
eventually 30 agent_is A001 talking
# he may hear of it a moment after the office
eventually 30 grep -q '"what":"answered"' "$site/log/A001.log"
eventually 30 eval "printf 'A001 phone.hangup\n' >'$site/A001.told'
	grep -q '\"what\":\"filed\"' '$site/log/A001.log'"
ticket=$(grep '"what":"filed"' "$site/log/A001.log" | tail -n 1 | jq -r .ticket)
expect 'it is not open' shows A001 tickets '.ids == []'
expect 'note' ask L001 ticket.note "{\"ticket\":\"$ticket\",\"text\":\"再回访\",
	\"state\":\"open\",\"promise_us\":$(date -d '+1 day' +%s)000000}"
eventually 20 shows A001 tickets ".ids == [\"$ticket\"]"
eventually 20 agent_is A001 ready
expect 'pause' ask A001 agent.pause '{"reason":"rest"}'

step 'the line: an agent sees its head and how long it is'
for n in {10..24}; do
	caller "c$n" si "138000000$n" --talk 1000
done
eventually 60 eval 'site_ctl queue list --json |
	jq -e "any(.items[]; .waiting == 15)" >/dev/null'
eventually 20 shows A001 line '.waiting == 15 and (.items | length) == 12'
eventually 20 shows L001 line '.waiting == 15 and (.items | length) == 15'
