#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls by zuoxi-switch to trunks and desk phones, and who signs in where.
#   site_switch_out.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1" 'networks = 127.0.0.2/32' 'realm = zuoxi'
sw_start
peer_port=$(free_port)
carrier_port=$(free_port)
phone_port=$(free_port)
ha1=$(printf '%s' 'p12:zuoxi:secret' | md5sum | cut -d' ' -f1)
office_open
peer alive uas_options -p "$peer_port"
peer carrier uas_register -p "$carrier_port"

step 'a trunk that registers does so, with its digest'
expect 'configure' office configure "{\"config\":{\"trunks\":[
	{\"id\":\"t1\",\"kind\":\"peer\",\"host\":\"127.0.0.1\",\"port\":$peer_port,\"caller\":\"02912333\"},
	{\"id\":\"t2\",\"kind\":\"register\",\"host\":\"127.0.0.1\",\"port\":$carrier_port,\"user\":\"u1\",\"password\":\"pw\"}],
	\"phones\":[{\"name\":\"p12\",\"ha1\":\"$ha1\",\"realm\":\"zuoxi\"}]}}"
heard 5 '.kind == "trunk.up" and .trunk == "t2"'
peer_ok carrier
heard 5 '.kind == "trunk.up" and .trunk == "t1"'
peer_ok alive
! office configure '{"config":{"trunks":[{"id":"t9","kind":"pigeon","host":"127.0.0.1"}]}}' || fail 'a bad trunk was taken'
jq -e '.error.data.detail | contains("t9")' <<<"$reply" >/dev/null || fail 'the fault names no trunk'
expect 'state' office state '{}'
jq -e '.result.trunks | length == 2' <<<"$reply" >/dev/null || fail 'the bad list replaced the good one'

dial()
{
	expect "dial $1" office leg.dial "{\"leg\":\"$1\",\"contact\":\"c-$1\",\"to\":$2,\"timeout_ms\":${3:-8000}}"
}

step 'a party answers; we hang up'
peer d1 uas_answer -p "$peer_port"
dial o.1 '{"trunk":"t1","number":"13800138000"}'
heard 3 '.kind == "leg.ringing" and .leg == "o.1"'
heard 3 '.kind == "leg.answered" and .leg == "o.1"'
dial o.1 '{"trunk":"t1","number":"13800138000"}'
[[ $reply == *already* ]] || fail 'dialled twice'
expect 'keys' office leg.dtmf '{"leg":"o.1","digits":"12#"}'
expect 'hang up' office leg.hangup '{"leg":"o.1"}'
peer_ok d1
ended 3 o.1 hangup
! office leg.dial '{"leg":"o.1","contact":"x","to":{"trunk":"t1","number":"1"},"timeout_ms":1000}' || fail 'an ended leg was dialled'

step 'a party answers and hangs up'
peer d2 uas_bye -p "$peer_port" -d 300
dial o.2 '{"trunk":"t1","number":"13800138000"}'
ended 5 o.2 bye
peer_ok d2

step 'each refusal has its cause'
for pair in 486:busy 404:not_found 480:no_answer 488:codec 603:refused 503:unreachable; do
	code=${pair%%:*}
	peer "d$code" "$(code_scenario "$code" '' uas_code)" -p "$peer_port"
	dial "o.$code" '{"trunk":"t1","number":"13800138000"}'
	ended 5 "o.$code" "${pair#*:}"
	peer_ok "d$code"
done

step 'who does not answer in time is cancelled'
peer d3 uas_cancel -p "$peer_port"
dial o.3 '{"trunk":"t1","number":"13800138000"}' 800
ended 3 o.3 no_answer
peer_ok d3

step 'an answer that crosses our CANCEL gets its ACK and BYE'
peer d4 uas_race -p "$peer_port"
dial o.4 '{"trunk":"t1","number":"13800138000"}' 800
ended 3 o.4 no_answer
peer_ok d4

step 'over TCP; a peer that is not there'
expect 'configure' office configure "{\"config\":{\"trunks\":[
	{\"id\":\"t1\",\"kind\":\"peer\",\"host\":\"127.0.0.1\",\"port\":$peer_port,\"transport\":\"tcp\"}],
	\"phones\":[{\"name\":\"p12\",\"ha1\":\"$ha1\",\"realm\":\"zuoxi\"}]}}"
dial o.5 '{"trunk":"t1","number":"13800138000"}'
ended 5 o.5 unreachable
heard 5 '.kind == "trunk.down" and .trunk == "t1"'
peer alive2 uas_options -p "$peer_port" -t t1
peer_ok alive2
peer d5 uas_answer -p "$peer_port" -t t1
listens()
{
	[ -n "$(ss -Hlnt "sport = :$peer_port")" ]
}
within 5 listens || fail 'no peer'
dial o.6 '{"trunk":"t1","number":"13800138000"}'
heard 5 '.kind == "leg.answered" and .leg == "o.6"'
expect 'hang up' office leg.hangup '{"leg":"o.6"}'
peer_ok d5
! office leg.dial '{"leg":"o.7","contact":"x","to":{"trunk":"none","number":"1"},"timeout_ms":1000}' || fail 'a trunk that is not there'
! office leg.dial '{"leg":"o.8","contact":"x","to":{"trunk":"t1","number":"1;evil=1"},"timeout_ms":1000}' || fail 'not a number'

step 'a desk phone signs in with its secret, not with another'
register()
{
	peer "$1" "$(code_scenario "$2" "[authentication username=p12 password=$3]" uac_register)" \
		-i 127.0.0.2 -p "$phone_port" -s p12 "127.0.0.1:$sip_port"
	peer_ok "$1"
}
register r1 403 wrong
not_heard '.kind == "phone.registered"'
register r2 200 secret
heard 3 '.kind == "phone.registered" and .phone == "p12"'
peer r3 "$(code_scenario 403 '' uac_register)" -p "$(free_port)" -s p12 -timeout 3 "127.0.0.1:$sip_port"
! wait "$peer_r3" || fail 'a phone from elsewhere was challenged'

step 'the desk phone is called and answers'
peer d6 uas_answer -i 127.0.0.2 -p "$phone_port"
dial o.9 '{"phone":"p12"}'
heard 5 '.kind == "leg.answered" and .leg == "o.9"'
expect 'hang up' office leg.hangup '{"leg":"o.9"}'
peer_ok d6
expect 'removed' office configure "{\"config\":{\"trunks\":[
	{\"id\":\"t3\",\"kind\":\"register\",\"host\":\"127.0.0.1\",\"port\":$carrier_port,\"user\":\"u1\",\"password\":\"pw\"}],
	\"phones\":[]}}"
heard 3 '.kind == "phone.gone" and .phone == "p12"'

step 'the end signs out with the carrier'
peer carrier2 uas_register -p "$carrier_port"
heard 5 '.kind == "trunk.up" and .trunk == "t3"'
peer_ok carrier2
peer bye "$(sed 's/401 Unauthorized/200 OK/; /WWW-Auth/d; /<recv request="REGISTER"><action>/,$d' "$scenarios/uas_register.xml" >"$dir/uas_bye.xml"
	echo '</scenario>' >>"$dir/uas_bye.xml"
	sed -i 's|<recv request="REGISTER"/>|<recv request="REGISTER"><action><ereg regexp="expires=0" search_in="hdr" header="Contact:" check_it="true" assign_to="1"/></action></recv><Reference variables="1"/>|' "$dir/uas_bye.xml"
	echo "$dir/uas_bye.xml")" -p "$carrier_port"
sw_kill TERM
peer_ok bye 'no REGISTER with expires=0'
