#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a carrier may ask of a call that we make, and what not: to go on
# elsewhere (3xx), to refresh less often (422).
#   site_switch_carrier.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1"
sw_start
peer_port=$(free_port)
other_port=$(free_port)
office_open
peer alive uas_options -p "$peer_port"
peer alive2 uas_options -i 127.0.0.3 -p "$other_port"
expect 'configure' office configure "{\"config\":{\"trunks\":[
	{\"id\":\"t1\",\"kind\":\"peer\",\"host\":\"127.0.0.1\",\"port\":$peer_port},
	{\"id\":\"t2\",\"kind\":\"peer\",\"host\":\"127.0.0.3\",\"port\":$other_port}]}}"
heard 10 '.kind == "trunk.up" and .trunk == "t1"'
heard 10 '.kind == "trunk.up" and .trunk == "t2"'
peer_ok alive
peer_ok alive2

dial()
{
	expect "dial $1" office leg.dial "{\"leg\":\"$1\",\"contact\":\"c-$1\",\"to\":{\"trunk\":\"t1\",\"number\":\"13800138000\"},\"timeout_ms\":8000}"
}

# away NAME CONTACT [code before it]: the party sends us there
away()
{
	sed "s/@CODE@/${3:-180}/; s|@HEADER@|$2|" "$scenarios/uas_redirect.xml" >"$dir/$1.xml"
	peer "$1" "$dir/$1.xml" -p "$peer_port"
}

step 'a redirection to a stranger, or to another number, ends the call'
n=0
for to in 13800138000@127.0.0.9 0088123456@127.0.0.1:$peer_port 13800138000@evil.example 13800138000@127.0.0.9:$other_port\;transport=tcp; do
	((++n))
	stranger_port=${to##*:}
	[[ $stranger_port =~ ^[0-9]+$ ]] || stranger_port=5060
	if [[ $to == *@127.0.0.9* && $to != *tcp ]]; then
		# whatever reaches it would be heard
		(exec 7>&-; exec timeout 30 socat -u "UDP-RECV:5060,bind=127.0.0.9" "OPEN:$dir/stranger.out,creat,append") &
		peers_pids+=($!)
	fi
	away "a$n" "<sip:$to>" $((n % 2 ? 180 : 100))
	dial "o.$n"
	ended 5 "o.$n" refused
	peer_ok "a$n"
done
[ ! -s "$dir/stranger.out" ] || fail "a stranger heard of the call: $(cat "$dir/stranger.out")"
heard 2 '.kind == "leg.ended" and .leg == "o.1" and .code == 302'

step 'the same number at another trunk of ours is followed'
peer there uas_answer -i 127.0.0.3 -p "$other_port"
away here "<sip:13800138000@127.0.0.3:$other_port>"
dial o.10
heard 5 '.kind == "leg.answered" and .leg == "o.10"'
peer_ok here
expect 'hang up' office leg.hangup '{"leg":"o.10"}'
peer_ok there
ended 3 o.10 hangup

step 'but not round and round'
sed "s/@CODE@/100/; s|@HEADER@|<sip:13800138000@127.0.0.1:$peer_port>|" \
	"$scenarios/uas_redirect.xml" >"$dir/round.xml"
# each INVITE of the same Call-ID begins the scenario anew
sed -i 's|<recv request="INVITE" crlf="true"/>|<label id="3"/><recv request="INVITE" crlf="true"/>|; s|<recv request="ACK" next="2"/>|<recv request="ACK" next="3"/>|' "$dir/round.xml"
peer round "$dir/round.xml" -p "$peer_port"
dial o.11
ended 5 o.11 refused
kill "$peer_round" 2>/dev/null || true
wait "$peer_round" 2>/dev/null || true

step 'a party that wants a longer session gets it'
peer long "$(code_scenario 2400 '' uas_422)" -p "$peer_port" -m 2
dial o.20
heard 5 '.kind == "leg.answered" and .leg == "o.20"'
expect 'hang up' office leg.hangup '{"leg":"o.20"}'
peer_ok long
ended 3 o.20 hangup

step 'one that asks for what nobody can keep is let go'
peer never "$(code_scenario 900000 '' uas_422)" -p "$peer_port"
dial o.21
ended 5 o.21 refused
peer_ok never
sw_kill TERM
