#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A workstation's phone on zuoxi-switch, through the real gate: offers,
# answers without the office, fencing, detach and attach, restarts.
#   site_switch_seat.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1"
sw_start
# shellcheck disable=SC2034 # for trunk_config
peer_port=$(free_port)
office_open
expect 'configure' office configure "$(trunk_config)"

# seat NAME: a client of A017 with both channels, as sshd would wire it
seat()
{
	local name=$1 c
	for c in phone voice; do
		mkfifo "$dir/$name.$c.in"
		: >"$dir/$name.$c.out"
		(
			exec 7>&-
			cat "$dir/$name.$c.in" | {
				code=0
				SSH_ORIGINAL_COMMAND=$c "$build/server/gate/zuoxi-gate" --agent "${agent:-A017}" 2>"$dir/$name.$c.err" || code=$?
				echo $code >"$dir/$name.$c.exit"
			} | cat >>"$dir/$name.$c.out"
		) &
		peers_pids+=($!)
		exec {fd}>"$dir/$name.$c.in"
		printf -v "seat_${name}_$c" %s "$fd"
	done
	expect 'hello' within 5 seat_heard "$name" '.method == "phone.hello"'
	seat_say "$name" phone.hello '{"version":1,"client":"test"}'
}

seat_say()
{
	local v=seat_${1}_phone
	printf '{"jsonrpc":"2.0","method":"%s","params":%s}\n' "$2" "$3" >&"${!v}"
}

seat_heard()
{
	jq -ne "any(inputs; $2)" "$dir/$1.phone.out" >/dev/null 2>&1
}

seat_hears()
{
	within "$2" seat_heard "$1" "$3" || fail "$1 did not hear $3"
}

offer()
{
	expect "offer $1" office leg.dial "{\"leg\":\"$1\",\"contact\":\"$2\",\"to\":{\"workstation\":\"${agent:-A017}\"},\"timeout_ms\":${3:-5000},\"join\":\"${4:-}\",\"info\":{\"number\":\"138****8000\"}}"
}

step 'a workstation comes, and what the office does not know it says'
seat a
heard 3 '.kind == "workstation.attached" and .person == "A017"'
printf 'no JSON\n' >&"$seat_a_phone"
seat_say a phone.answer '{"leg":"no.1"}'
seat_hears a 3 '.method == "phone.ended" and .params.leg == "no.1" and .params.cause == "gone"'

step 'an offer is refused, times out, is withdrawn'
offer o.1 c-1
seat_hears a 3 '.method == "phone.offer" and .params.leg == "o.1" and .params.info.number == "138****8000" and .params.ring_ms == 5000'
seat_say a phone.refuse '{"leg":"o.1"}'
ended 3 o.1 refused
offer o.2 c-1 300
ended 3 o.2 no_answer
seat_hears a 3 '.method == "phone.cancel" and .params.leg == "o.2" and .params.cause == "no_answer"'
offer o.3 c-1
expect 'withdraw' office leg.hangup '{"leg":"o.3"}'
seat_hears a 3 '.method == "phone.cancel" and .params.leg == "o.3"'
agent=A099 offer o.4 c-1
ended 3 o.4 unreachable

step 'to be joined when answered: the answer needs no office, nor a goodbye'
peer c0 uac_wait -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port"
next_call
citizen=$leg
expect 'answer' office leg.answer "{\"leg\":\"$citizen\",\"contact\":\"c-0\"}"
offer o.10 c-0 5000 "$citizen"
office_close
seat_say a phone.answer '{"leg":"o.10"}'
seat_hears a 3 '.method == "phone.up" and .params.leg == "o.10"'
office_open
heard 3 '.kind == "leg.answered" and .leg == "o.10" and .contact == "c-0" and .person == "A017"'
heard 3 '.kind == "record.opened" and .recording == "c-0"'
expect 'state' office state '{}'
jq -e --arg c "$citizen" '(.result.bridges[0].legs | length == 2) and
	any(.result.recordings[]; .recording == "c-0" and .leg == $c)' \
	<<<"$reply" >/dev/null || fail "not joined: $reply"
office_close
seat_say a phone.hangup '{"leg":"o.10"}'
peer_ok c0 'the citizen was left alone'
office_open
ended 3 "$citizen" hangup
ended 1 o.10 bye

step 'hung up, and the office is there but does nothing about it'
peer c4 uac_wait -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port"
next_call
citizen=$leg
expect 'answer' office leg.answer "{\"leg\":\"$citizen\",\"contact\":\"c-4\"}"
offer o.11 c-4 5000 "$citizen"
seat_say a phone.answer '{"leg":"o.11"}'
heard 3 '.kind == "leg.answered" and .leg == "o.11"'
seat_say a phone.hangup '{"leg":"o.11"}'
ended 3 o.11 bye
peer_ok c4 'the citizen was left alone'
ended 3 "$citizen" hangup

step 'who is rung for somebody who left is rung no more'
peer c5 uac_wait -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port"
next_call
citizen=$leg
expect 'answer' office leg.answer "{\"leg\":\"$citizen\",\"contact\":\"c-5\"}"
offer o.12 c-5 60000 "$citizen"
seat_hears a 3 '.method == "phone.offer" and .params.leg == "o.12"'
expect 'hang up' office leg.hangup "{\"leg\":\"$citizen\"}"
peer_ok c5
office_close
seat_hears a 3 '.method == "phone.cancel" and .params.leg == "o.12"'
office_open

step 'bridge set with the offer: the same by hand'
peer c1 uac_wait -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port"
next_call
citizen=$leg
expect 'answer' office leg.answer "{\"leg\":\"$citizen\",\"contact\":\"c-2\"}"
offer o.5 c-2
expect 'bridge' office bridge.set "{\"bridge\":\"c-2\",\"contact\":\"c-2\",\"legs\":[{\"leg\":\"$citizen\",\"role\":\"talk\"},{\"leg\":\"o.5\",\"role\":\"talk\"}]}"
office_close
seat_say a phone.answer '{"leg":"o.5"}'
seat_hears a 3 '.method == "phone.up" and .params.leg == "o.5"'
office_open
heard 3 '.kind == "leg.answered" and .leg == "o.5" and .contact == "c-2"'
expect 'state' office state '{}'
jq -e '.result.bridges[0].legs | length == 2' <<<"$reply" >/dev/null || fail "$reply"
expect 'stats' office stats '{}'
jq -e '.result.media.bridges == 1' <<<"$reply" >/dev/null || fail "no bridge in the engine: $reply"

step 'its channels break: the leg waits, and a new login takes it'
seat b
seat_hears a 3 '.method == "phone.fenced"'
seat_hears b 3 '.method == "phone.hello" and (.params.legs[0] | .leg == "o.5" and .state == "up")'
within 3 test -f "$dir/a.phone.exit" || fail 'the older gate lives on'
[ "$(cat "$dir/a.phone.exit")" = 0 ] || fail 'the older gate did not end in order'
heard 3 '.kind == "leg.attached" and .leg == "o.5"'
heard 1 '.kind == "leg.detached" and .leg == "o.5"'

step 'keys of the agent, figures, and its hang-up'
seat_say b phone.dtmf '{"leg":"o.5","digits":"1"}'
seat_say b phone.quality '{"leg":"o.5","rtt_ms":12,"jitter_ms":3,"lost":0,"late":1}'
quality()
{
	office state '{}' && jq -e '.result.legs[] | select(.leg == "o.5").quality.rtt_ms == 12' <<<"$reply" >/dev/null
}
within 3 quality || fail 'no figures'
seat_say b phone.hangup '{"leg":"o.5"}'
ended 3 o.5 bye
peer_ok c1
ended 3 "$citizen" hangup

step 'the switch dies: the same gates bring the phone to the next one'
sw_kill KILL
office_close
sw_start
seat_hears b 5 '.method == "restarted"'
printf '\n' >&"$seat_b_phone"
seat_say b phone.hello '{"version":1,"client":"test"}'
office_open
heard 5 '.kind == "workstation.attached" and .person == "A017"'
offer o.6 c-3
seat_hears b 3 '.method == "phone.offer" and .params.leg == "o.6"'
seat_say b phone.answer '{"leg":"o.6"}'
heard 3 '.kind == "leg.answered" and .leg == "o.6"'

step 'the office drops a workstation; its gates end in order'
expect 'drop' office workstation.drop '{"person":"A017"}'
ended 3 o.6 fenced
heard 3 '.kind == "workstation.detached" and .person == "A017"'
within 3 test -f "$dir/b.phone.exit" || fail 'the gate lives on'
[ "$(cat "$dir/b.phone.exit" "$dir/b.voice.exit" | sort -u)" = 0 ] || fail 'not in order'
sw_kill TERM
