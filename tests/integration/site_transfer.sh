#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an agent can do with a call, on real parts, each with its refusals:
# hold with music and retrieve, raise the hand, see a number, transfer to an
# agent and to a queue. Proved by what the citizen and the agents hear.
#   site_transfer.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/voice_lib.sh"

voice_site "$1"
test_person A001 王莹 agent si=3
test_person A002 陈静 agent pa=2
test_person A003 李敏 agent mi=2
test_person A004 赵倩 agent pa=2
test_person L001 周岚 lead
wav=$site/wav
music=$site/prompts/music.wav
for n in 1 2 3; do
	robot "A00$n" "$n" --talk 0 --wrapup 200
done
for n in 1 2 3; do
	eventually 60 agent_is "A00$n" ready
done

step 'a citizen talks with the first agent'
caller c1 si 13800000001 --talk 200000
eventually 40 agent_is A001 talking
contact=$(contact_of A001)
on="{\"contact\":\"$contact\"}"
eventually 30 hears_agent c1
heard_for c1 2500
talk=("$from" "$to")

step 'what is not possible in it is refused, and nothing changes'
caller c2 mi 13800000002 --talk 200000
eventually 40 agent_is A003 talking
site_ctl agent set A002 paused --pause rest --reason '培训' >/dev/null
eventually 10 agent_is A002 paused
over="{\"contact\":\"$contact\",\"to\":\"%s\",\"kind\":\"blind\"}"
refused A001 call.retrieve "$on" 'The call is not on hold'
refused A002 call.hold "$on" 'This is not your call' "$contact"
# shellcheck disable=SC2059 # the format is ours
{
	refused A002 call.transfer "$(printf "$over" A004)" 'This is not your call'
	refused A001 call.transfer "$(printf "$over" A001)" \
		'The call is already with you'
	refused A001 call.transfer "$(printf "$over" A002)" \
		'This agent is not free' A002
	refused A001 call.transfer "$(printf "$over" A003)" \
		'This agent is not free' A003
	refused A001 call.transfer "$(printf "$over" A004)" \
		'There is no such agent or queue' A004
	refused A001 call.transfer "$(printf "$over" nowhere)" \
		'There is no such agent or queue' nowhere
}
refused A001 call.transfer \
	"{\"contact\":\"$contact\",\"to\":\"mi\",\"kind\":\"consult\"}" \
	'Only blind transfers are possible'
refused A001 call.hold '{"contact":"20200101-0001"}' 'This call is over'
expect 'the call goes on' agent_is A001 talking

step 'hold: the citizen hears music, and retrieve brings the voice back'
expect 'hold' ask A001 call.hold "$on"
expect 'the agent is on hold' agent_is A001 held
heard_for c1 4000
hold=("$from" "$to")
refused A001 call.hold "$on" 'You are not talking in this call'
expect 'retrieve' ask A001 call.retrieve "$on"
expect 'the agent talks' agent_is A001 talking
heard_for c1 2500
back=("$from" "$to")

step 'a raised hand is seen by the lead'
agent_open lead L001
agent_hello lead
agent_say lead '{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"topics":["agent"]}}'
eventually 10 agent_heard lead '.id == 2 and .result'
expect 'raise it' ask A001 agent.hand '{"up":true,"text":"基数有争议"}'
eventually 10 agent_heard lead '.method == "agent.changed" and
	.params.agent.id == "A001" and .params.agent.hand.up and
	.params.agent.hand.text == "基数有争议"'
expect 'lower it' ask A001 agent.hand '{"up":false}'
eventually 10 eval "site_ctl agent list --json | jq -e '.items[] | select(.id == \"A001\") | .hand.up == false'"
agent_open absent A004
agent_hello absent
agent_say absent '{"jsonrpc":"2.0","id":2,"method":"agent.hand","params":{"up":true}}'
eventually 10 agent_heard absent '.id == 2 and .error.message == "Sign in first"'
agent_close absent
agent_close lead

step 'a number is shown for a reason, which stays on record'
unmask="{\"contact\":\"$contact\",\"field\":\"number\",\"reason\":\"%s\"}"
# shellcheck disable=SC2059 # the format is ours
{
	refused A001 citizen.unmask "$(printf "$unmask" '')" \
		'Say why you need to see it'
	expect 'unmask' ask A001 citizen.unmask "$(printf "$unmask" '核对回拨号码')"
}
jq -e '.result.value | contains("13800000001")' "$site/answer" >/dev/null ||
	fail "shown was $(cat "$site/answer")"
site_ctl fact list --kind citizen.unmasked --json >"$site/unmasked.json"
jq -e --arg c "$contact" '.items | length == 1 and (.[0] | .actor == "A001"
	and .contact == $c and .body.reason == "核对回拨号码"
	and (tostring | contains("13800000001") | not))' \
	"$site/unmasked.json" >/dev/null ||
	fail "on record is $(cat "$site/unmasked.json")"

step 'a transfer to an agent: both voices follow'
expect 'ready' ask A002 agent.ready
# shellcheck disable=SC2059 # the format is ours
expect 'transfer' ask A001 call.transfer "$(printf "$over" A002)"
eventually 30 agent_is A002 talking
expect 'it is the same contact' [ "$(contact_of A002)" = "$contact" ]
refused A001 call.hold "$on" 'This is not your call'
heard_for c1 3000
second=("$from" "$to")
eventually 30 agent_is A001 ready

step 'a transfer to a queue, where the next free agent takes it'
kill "$(site_pid c2)"
eventually 30 agent_is A003 ready
# shellcheck disable=SC2059 # the format is ours
expect 'transfer' ask A002 call.transfer "$(printf "$over" mi)"
eventually 30 agent_is A003 talking
expect 'it is the same contact' [ "$(contact_of A003)" = "$contact" ]
heard_for c1 3000
third=("$from" "$to")
kill "$(site_pid c1)"
eventually 30 contact_with ".id == \"$contact\" and .result == \"answered\""
for n in 1 2 3; do
	eventually 30 agent_is "A00$n" ready
done
refused A003 call.hold "$on" 'This call is over'

step 'who heard whom'
file=$site/heard/c1.wav
hears 'talk' "$file" "${talk[@]}" "$wav/1.wav" "$wav/2.wav" "$wav/3.wav"
hears 'hold' "$file" "${hold[@]}" "$music" "$wav/1.wav"
hears 'retrieved' "$file" "${back[@]}" "$wav/1.wav" "$wav/2.wav"
hears 'second agent' "$file" "${second[@]}" "$wav/2.wav" "$wav/1.wav" \
	"$wav/3.wav"
hears 'third agent' "$file" "${third[@]}" "$wav/3.wav" "$wav/1.wav" \
	"$wav/2.wav"
for n in 1 2 3; do
	r=$(site_run correlate "$site/heard/A00$n/$contact.wav" left "$wav/0.wav")
	echo "  A00$n heard the citizen: $r"
	awk -v r="$r" 'BEGIN { exit !(r >= 0.8) }' ||
		fail "A00$n heard the citizen at $r"
done

step 'one contact, one recording of all its parts'
site_ctl recording list --json >"$site/recordings.json"
jq -e --arg c "$contact" '[.items[] | select(.contact == $c)] | length == 1' \
	"$site/recordings.json" >/dev/null || fail 'not one recording'
path=$(jq -r --arg c "$contact" '.items[] | select(.contact == $c) | .path' \
	"$site/recordings.json")
r=$(site_run correlate "$site/recordings/$path" left "$wav/0.wav")
echo "  the citizen in it: $r"
awk -v r="$r" 'BEGIN { exit !(r >= 0.8) }' ||
	fail "the citizen is in the recording at $r"
# Both files end with the call, so a place in the one is one in the other.
sox "$site/recordings/$path" "$site/right.wav" remix 2
ms_of()
{
	soxi -D "$1" | awk '{ print int($1 * 1000) }'
}
earlier=$(($(ms_of "$file") - $(ms_of "$site/right.wav")))
in_recording()
{
	hears "recorded: $1" "$site/right.wav" $(($2 - earlier + 300)) \
		$(($3 - earlier - 300)) "${@:4}"
}
in_recording 'talk' "${talk[@]}" "$wav/1.wav" "$wav/2.wav"
in_recording 'second agent' "${second[@]}" "$wav/2.wav" "$wav/1.wav"
in_recording 'third agent' "${third[@]}" "$wav/3.wav" "$wav/2.wav"
expect 'verify is clean' site_ctl verify
