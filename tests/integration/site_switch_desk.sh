#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real desk phone (baresip) signs in, is called, answers and talks with a
# citizen (SIPp) who hears it.
#   site_switch_desk.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1" 'networks = 127.0.0.2/32' 'realm = zuoxi'
sw_start
# shellcheck disable=SC2034 # for trunk_config
peer_port=$(free_port)
ha1=$(printf '%s' 'p12:zuoxi:secret' | md5sum | cut -d' ' -f1)
office_open
expect 'configure' office configure "$(trunk_config ",\"phones\":[{\"name\":\"p12\",\"ha1\":\"$ha1\",\"realm\":\"zuoxi\"}]")"

desk=$dir/desk
mkdir "$desk"
port=$(free_port)
cat >"$desk/config" <<CONF
sip_listen 127.0.0.2:$port
audio_source aufile,$dir/prompts/music.wav
audio_player aufile,$desk/heard.wav
ausrc_srate 8000
auplay_srate 8000
rtp_ports 27000-27100
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
CONF
printf '<sip:p12@127.0.0.1:%s>;auth_pass=secret;regint=60;answermode=auto\n' "$sip_port" >"$desk/accounts"
: >"$desk/contacts"

step 'the phone signs in'
baresip -f "$desk" </dev/null >"$dir/desk.log" 2>&1 &
peers_pids+=($!)
heard 10 '.kind == "phone.registered" and .phone == "p12"'

step 'it is called, answers, and voice flows'
expect 'dial' office leg.dial '{"leg":"o.1","contact":"c-1","to":{"phone":"p12"},"from":"12333","name":"Hotline","timeout_ms":8000,"auto_answer":true}'
heard 8 '.kind == "leg.answered" and .leg == "o.1"'
heard 5 '.kind == "leg.media" and .leg == "o.1"'
peer c1 uac_wait -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port"
next_call
expect 'answer' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-1\"}"
expect 'bridge' office bridge.set "{\"bridge\":\"c-1\",\"contact\":\"c-1\",\"legs\":[{\"leg\":\"$leg\",\"role\":\"talk\"},{\"leg\":\"o.1\",\"role\":\"talk\"}]}"
talking()
{
	office stats '{}' && jq -e '.result.media.tx > 50' <<<"$reply" >/dev/null
}
within 5 talking || fail "nothing goes to the citizen: $reply"

step 'we hang up; the phone goes with its process'
expect 'hang up' office leg.hangup '{"leg":"o.1"}'
expect 'hang up' office leg.hangup "{\"leg\":\"$leg\"}"
ended 3 o.1 hangup
jq -ne 'any(inputs; .params.leg? == "o.1" and .params.kind? == "leg.ended" and .params.quality.rx > 20)' "$dir/office.out" >/dev/null || fail 'no packets of the phone'
peer_ok c1
kill -TERM "${peers_pids[0]}"
heard 8 '.kind == "phone.gone" and .phone == "p12"'
sw_kill TERM
