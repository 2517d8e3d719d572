#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls to zuoxi-switch by SIP, and the ways in which they go wrong.
#   site_switch_in.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

# shellcheck disable=SC2034 # for sw_open
rtp_timeout=6
sw_open "$1" 'session_expires = 90' 'unknown_rate = 3'
sw_start
# shellcheck disable=SC2034 # for trunk_config
peer_port=$(free_port)
office_open
expect 'configure' office configure "$(trunk_config)"

call()
{
	local name=$1 scenario=$2
	shift 2
	peer "$name" "$scenario" -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port" "$@"
}

answer()
{
	next_call
	expect 'answered' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-$calls\"}"
}

step 'a call is answered, the citizen hangs up'
call c1 uac_bye -d 700
answer
heard 2 ".kind == \"leg.answered\" and .leg == \"$leg\" and .contact == \"c-1\""
expect 'a repeat says so' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-1\"}"
[[ $reply == *already* ]] || fail 'no already'
peer_ok c1
ended 3 "$leg" bye
! office leg.hangup "{\"leg\":\"$leg\"}" || fail 'a dead leg was hung up'
[[ $reply == *gone* ]] || fail 'not gone'

step 'the same over TCP; we hang up'
call c2 uac_wait -t t1
answer
heard 2 ".kind == \"leg.arrived\" and .leg == \"$leg\" and .transport == \"TCP\""
expect 'hang up' office leg.hangup "{\"leg\":\"$leg\"}"
peer_ok c2
ended 3 "$leg" hangup

step 'prompts play and are heard of'
call c3 uac_wait
answer
expect 'play' office play.start "{\"play\":\"o.p1\",\"leg\":\"$leg\",\"sources\":[{\"file\":\"notice.wav\"}]}"
heard 3 '.kind == "play.ended" and .play == "o.p1" and .reason == "done"'
expect 'again' office play.start "{\"play\":\"o.p1\",\"leg\":\"$leg\",\"sources\":[{\"file\":\"notice.wav\"}]}"
[[ $reply == *already* ]] || fail 'played twice'
! office play.start "{\"play\":\"o.p2\",\"leg\":\"$leg\",\"sources\":[{\"file\":\"../../z.conf\"}]}" || fail 'a file outside'
expect 'record' office record.start "{\"recording\":\"r-1\",\"leg\":\"$leg\",\"contact\":\"c-3\"}"
heard 3 '.kind == "record.opened" and .recording == "r-1"'
expect 'hang up' office leg.hangup "{\"leg\":\"$leg\"}"
peer_ok c3
heard 5 '.kind == "record.closed" and .recording == "r-1" and .contact == "c-3" and .error == 0'

step 'who gives up while it rings is told of'
call c4 uac_cancel
next_call
peer_ok c4
ended 3 "$leg" cancel

call c4b uac_early
next_call
peer_ok c4b
ended 3 "$leg" cancel

step 'a CANCEL and a BYE cross our answer'
call c4c uac_cross
answer
peer_ok c4c
ended 3 "$leg" bye
call c4d uac_noack
answer
peer_ok c4d
ended 3 "$leg" bye

step 'we refuse'
call c5 "$(code_scenario 486)"
next_call
expect 'refuse' office leg.refuse "{\"leg\":\"$leg\",\"code\":486}"
peer_ok c5
ended 3 "$leg" busy

step 'hold, resume, keys by INFO, refresh by UPDATE'
call c6 uac_hold
answer
peer_ok c6
for kind in held resumed; do
	heard 2 ".kind == \"leg.$kind\" and .leg == \"$leg\""
done
heard 2 ".kind == \"leg.dtmf\" and .leg == \"$leg\" and .digit == \"5\""
ended 3 "$leg" bye

step 'what cannot be is refused with its code'
call c7 uac_codec
peer_ok c7 '488 for codecs that are not ours'
peer c8 "$(code_scenario 404)" -p "$(free_port)" -s 999 "127.0.0.1:$sip_port"
peer_ok c8 '404 for a number that is not ours'
call c9 "$(code_scenario 420 'Require: 100rel\n')"
peer_ok c9 '420 for an extension'
call c10 "$(code_scenario 422 'Supported: timer\nSession-Expires: 60\n')"
peer_ok c10 '422 for a short session'
printf 'INVITE sip:12333@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx1;rport\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:12333@127.0.0.1>\r\nCall-ID: bad1\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n' |
	socat -t 1 - "UDP:127.0.0.1:$sip_port,bind=127.0.0.1" >"$dir/bad1.txt"
grep -q '^SIP/2.0 400' "$dir/bad1.txt" || fail '400 for a wrong CSeq'

step 'nonsense is dropped and counted'
for text in 'hello' 'INVITE sip:x SIP/2.0' $'\x80\x00\x01\x02\x03' 'INVITE sip:12333@127.0.0.1 SIP/2.0
Via: nonsense'; do
	printf '%s\r\n\r\n' "$text" | socat -t 0 - "UDP:127.0.0.1:$sip_port"
done
nonsense()
{
	office stats '{}' && jq -e '.result.sip.undecodable >= 4' <<<"$reply" >/dev/null
}
within 3 nonsense || fail 'not counted'

step 'a stranger gets 403, then silence'
for i in 1 2 3 4 5 6; do
	printf 'INVITE sip:12333@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:9;branch=z9hG4bKs%d;rport\r\nFrom: <sip:a@127.0.0.9>;tag=1\r\nTo: <sip:12333@127.0.0.1>\r\nCall-ID: s%d\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.9>\r\nContent-Length: 0\r\n\r\n' $i $i
	sleep 0.01
done | socat -t 1 - "UDP:127.0.0.1:$sip_port,bind=127.0.0.9" >"$dir/stranger.txt"
n=$(grep -c '^SIP/2.0 403' "$dir/stranger.txt" || true)
if ((n < 1 || n > 3)); then
	fail "$n answers"
fi
expect 'stats' office stats '{}'
jq -e '.result.sip.silent >= 2' <<<"$reply" >/dev/null || fail 'none was silenced'

step 'a peer that closes its connection costs nothing'
call c11 uac_wait -t t1
answer
expect 'hang up' office leg.hangup "{\"leg\":\"$leg\"}"
peer_ok c11
for _ in 1 2 3; do
	printf 'OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n' | socat -t 0 - "TCP:127.0.0.1:$sip_port"
done
call c12 uac_bye -t t1 -d 100
answer
peer_ok c12

step 'a citizen who vanishes is noticed by the silence'
call c13 uac_lost
answer
heard 8 ".kind == \"leg.silent\" and .leg == \"$leg\""
ended 8 "$leg" rtp_timeout
peer_ok c13

step 'the end of the switch is told to the citizen'
call c14 uac_wait
answer
sw_kill TERM
peer_ok c14
grep -q 'ended: shutdown' "$dir/switch.log" || fail 'no cause'
