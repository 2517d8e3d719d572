#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A workstation's voice by UDP: SRTP with the keys of its phone channel.
#   site_switch_udp.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1" '[voice]' 'path = udp'
sw_start
office_open
# seat HELLO: the phone channel of A017
seat()
{
	mkfifo "$dir/phone.in"
	: >"$dir/phone.out"
	(
		exec 7>&-
		cat "$dir/phone.in" | SSH_ORIGINAL_COMMAND=phone \
			"$build/server/gate/zuoxi-gate" --agent A017 | cat >>"$dir/phone.out"
	) &
	peers_pids+=($!)
	exec 8>"$dir/phone.in"
	printf '{"method":"phone.hello","params":%s}\n' "$1" >&8
}

said()
{
	jq -ne "any(inputs; $1)" "$dir/phone.out" >/dev/null 2>&1
}

step 'the keys come with the call'
seat '{"version":1,"client":"test","udp":true}'
heard 3 '.kind == "workstation.attached"'
expect 'offer' office leg.dial '{"leg":"o.1","contact":"c-1","to":{"workstation":"A017"},"timeout_ms":5000}'
printf '{"method":"phone.answer","params":{"leg":"o.1"}}\n' >&8
within 3 said '.method == "phone.up" and .params.udp.port > 0' || fail 'no address'
udp=$(jq -r 'select(.method == "phone.up") | .params.udp | "\(.address) \(.port) \(.tx_key) \(.rx_key)"' "$dir/phone.out")
read -r address port tx rx <<<"$udp"
expect 'music' office play.start '{"play":"o.p1","leg":"o.1","sources":[{"file":"music.wav"}]}'

step 'voice goes both ways for who has the keys'
n=$("$build/tests/sim/srtp_say" "$address" "$port" "$tx" "$rx" 60) || fail 'nothing came back'
((n >= 30)) || fail "$n packets of 60"
heard 3 '.kind == "leg.media" and .leg == "o.1"'

step 'and for nobody else'
wrong=$(head -c 30 /dev/zero | base64)
n=$("$build/tests/sim/srtp_say" "$address" "$port" "$wrong" "$wrong" 10) && fail "$n packets for a stranger"
expect 'stats' office stats '{}'
jq -e '.result.media.srtp_bad >= 10' <<<"$reply" >/dev/null || fail "$reply"
expect 'hang up' office leg.hangup '{"leg":"o.1"}'
ended 3 o.1 hangup
sw_kill TERM
