#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trunks over TLS: whose certificate is taken, and whose is not. SIPp speaks
# TCP behind socat, which speaks TLS.
#   site_switch_tls.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

tls_port=$(free_port)
sw_open "$1" "tls_port = $tls_port" 'tls_certificate = certs/switch.both' \
	'tls_authorities = certs/ours.pem'
certs=$dir/certs
mkdir "$certs"

key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
authority()
{
	openssl req -x509 "${key[@]}" -days 2 -subj "/CN=$1" \
		-keyout "$certs/$1.key" -out "$certs/$1.pem" 2>/dev/null
}

# certificate NAME AUTHORITY subjectAltName: NAME.both has it and its key
certificate()
{
	openssl req "${key[@]}" -subj "/CN=$1" -keyout "$certs/$1.key" \
		-out "$certs/$1.csr" 2>/dev/null
	openssl x509 -req -in "$certs/$1.csr" -CA "$certs/$2.pem" -CAkey "$certs/$2.key" \
		-CAcreateserial -days 2 -extfile <(echo "subjectAltName=$3") \
		-out "$certs/$1.crt" 2>/dev/null
	cat "$certs/$1.crt" "$certs/$1.key" >"$certs/$1.both"
}
authority ours
authority theirs
certificate carrier ours IP:127.0.0.1
certificate other ours DNS:elsewhere.example
certificate forged theirs IP:127.0.0.1
certificate switch ours IP:127.0.0.1
sw_start
office_open

background()
{
	(exec 7>&- && exec "$@") >>"$dir/socat.log" 2>&1 &
	last=$!
	peers_pids+=("$last")
}

listens()
{
	[ -n "$(ss -Hlnt "sport = :$1")" ]
}

# carrier CERTIFICATE: a TLS trunk at $front, its SIP at $peer_port
carrier()
{
	front=$(free_port)
	peer_port=$(free_port)
	background socat "OPENSSL-LISTEN:$front,bind=127.0.0.1,fork,reuseaddr,cert=$certs/$1.both,verify=0" \
		"TCP:127.0.0.1:$peer_port,retry=50,interval=0.1"
	within 10 listens "$front" || fail 'no carrier'
}

trunk()
{
	expect 'configure' office configure "{\"config\":{\"trunks\":[
		{\"id\":\"$1\",\"kind\":\"peer\",\"host\":\"${2:-127.0.0.1}\",\"port\":$front,\"transport\":\"tls\",\"numbers\":[\"12333\"]}]}}"
}

step 'a certificate of a stranger authority, or for another host, is refused'
carrier forged
trunk t1
heard 20 '.kind == "trunk.down" and .trunk == "t1"'
carrier other
trunk t2
heard 20 '.kind == "trunk.down" and .trunk == "t2"'
grep -q 'CN=forged refused' "$dir/switch.log" || fail 'the log does not say whose'
grep -q 'CN=other refused: hostname mismatch' "$dir/switch.log" || fail 'the log does not say why'
expect 'dial' office leg.dial '{"leg":"o.1","contact":"c-1","to":{"trunk":"t2","number":"13800138000"},"timeout_ms":8000}'
ended 20 o.1 unreachable

step 'the right one: the trunk is up, and calls go there'
carrier carrier
# one connection carries the probe and the call: one party for both
{
	sed "s/^Contact: .*/Contact: <sip:127.0.0.1:$front;transport=tls>/
		s|<recv request=\"INVITE\".*|<recv request=\"OPTIONS\" optional=\"true\" next=\"8\"/>&|
		s|</scenario>|<nop next=\"9\"/><label id=\"8\"/>|" "$scenarios/uas_answer.xml"
	sed -n '/<send>/,/<\/send>/p' "$scenarios/uas_options.xml"
	echo '<label id="9"/></scenario>'
} >"$dir/uas_tls.xml"
peer callee "$dir/uas_tls.xml" -p "$peer_port" -t t1 -m 2
trunk t3
heard 20 '.kind == "trunk.up" and .trunk == "t3"'
dial='{"leg":"o.2","contact":"c-2","to":{"trunk":"t3","number":"13800138000"},"timeout_ms":8000}'
expect 'dial' office leg.dial "$dial"
heard 20 '.kind == "leg.answered" and .leg == "o.2"'
expect 'hang up' office leg.hangup '{"leg":"o.2"}'
ended 5 o.2 hangup
peer_ok callee

step 'a carrier that calls us by TLS, and sees our certificate'
back=$(free_port)
background socat "TCP-LISTEN:$back,bind=127.0.0.1,fork,reuseaddr" \
	"OPENSSL:127.0.0.1:$tls_port,cafile=$certs/ours.pem,verify=1"
within 10 listens "$back" || fail 'no way back'
peer caller uac_bye -s 12333 -t t1 -p "$(free_port)" "127.0.0.1:$back"
next_call
heard 5 ".kind == \"leg.arrived\" and .leg == \"$leg\" and .transport == \"TLS\""
expect 'answer' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-3\"}"
ended 20 "$leg" bye
peer_ok caller

step 'without sip.tls_port such a trunk is down, and says why'
sw_kill TERM
sed -i '/^tls_/d' "$dir/z.conf"
rm "$dir/state/switch.journal" "$dir/run/gate/switch.sock"
office_close
sw_start
office_open
heard 10 '.kind == "trunk.down" and .trunk == "t3" and (.why | contains("sip.tls_port"))'
expect 'dial' office leg.dial '{"leg":"o.3","contact":"c-4","to":{"trunk":"t3","number":"13800138000"},"timeout_ms":8000}'
ended 10 o.3 unreachable
sw_kill TERM
