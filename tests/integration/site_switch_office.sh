#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# zuoxi-switch without its office: the fallback plan, the journal, restarts.
#   site_switch_office.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1"
sw_start
# shellcheck disable=SC2034 # for trunk_config
peer_port=$(free_port)

call()
{
	local name=$1 scenario=$2
	shift 2
	peer "$name" "$scenario" -p "$(free_port)" -s 12333 "127.0.0.1:$sip_port" "$@"
}

plan()
{
	trunk_config ",\"fallback\":{\"numbers\":{\"*\":{$1}}}"
}

step 'one switch a folder, and a hello comes first'
! "$build/server/switch/zuoxi-switch" 2>"$dir/second.err" || fail 'a second switch ran'
answer=$(printf '{"jsonrpc":"2.0","id":1,"method":"leg.hangup","params":{"leg":"x"}}\n{"jsonrpc":"2.0","id":2,"method":"hello","params":{"version":7}}\n' |
	socat -t 1 - "UNIX:$dir/run/switch.sock")
jq -ne --argjson a "$(jq -s . <<<"$answer")" '$a[0].error.data.name == "request" and $a[1].error.data.name == "version"' >/dev/null || fail "$answer"

step 'an office that is there but does nothing is stood in for'
office_open
expect 'configure' office configure "$(plan '"notice":"notice.wav","hold":"music.wav","limit":2,"max_wait_ms":60000')"
call c1 uac_wait
next_call
heard 7 ".kind == \"leg.answered\" and .leg == \"$leg\""
expect 'adopted' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-1\"}"
[[ $reply == *already* ]] || fail 'answered again'
expect 'hang up' office leg.hangup "{\"leg\":\"$leg\"}"
peer_ok c1
ended 3 "$leg" hangup
heard 1 ".kind == \"leg.ended\" and .leg == \"$leg\" and .contact == \"c-1\""

step 'events not acknowledged come again; acknowledged ones do not'
boot=$(jq -r 'select(.id == 2).result.boot' "$dir/office.out")
first=$(jq -r "select(.method == \"event\") | .params | select(.leg == \"$leg\" and .kind == \"leg.answered\") | .n" "$dir/office.out")
expect 'ack' office ack "{\"boot\":\"$boot\",\"n\":$first}"
office_close
office_open
heard 2 ".kind == \"leg.ended\" and .leg == \"$leg\""
not_heard ".kind == \"leg.answered\""
office_close

step 'with the office away callers are greeted, up to the limit, then 503'
call c2 uac_wait
call c3 uac_wait
full()
{
	[ "$(grep -c 'arrived by t1' "$dir/switch.log")" -ge 3 ]
}
within 5 full || fail 'two calls did not arrive'
call c4 "$(code_scenario 503)"
peer_ok c4
office_open
calls=$(jq -r 'select(.method == "event") | .params | select(.kind == "leg.arrived") | .leg' "$dir/office.out" | wc -l)
[ "$calls" -ge 3 ] || fail "$calls arrivals"
heard 2 '.kind == "leg.arrived" and .fallback == true'
expect 'state' office state '{}'
jq -e '[.result.legs[] | select(.fallback and .state == "up")] | length == 2' <<<"$reply" >/dev/null || fail "$reply"
for leg in $(jq -r '.result.legs[].leg' <<<"$reply"); do
	expect 'adopted' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-$leg\"}"
	expect 'hang up' office leg.hangup "{\"leg\":\"$leg\"}"
done
peer_ok c2
peer_ok c3

step 'closed hours play the closed prompt and hang up'
expect 'configure' office configure "$(plan '"open_us":[[0,1]],"closed":"closed.wav"')"
office_close
call c5 uac_wait
peer_ok c5

step 'kill -9 loses no event and no configuration'
sw_kill KILL
sw_start
call c6 uac_wait
peer_ok c6 'the plan was not kept'
office_open
jq -ne "any(inputs; .id == $office_id and (.result.previous | index(\"$boot\")))" "$dir/office.out" >/dev/null || fail 'the earlier boot is not told'
new=$(jq -r "select(.id == $office_id).result.boot" "$dir/office.out")
heard 2 ".kind == \"leg.ended\" and .boot == \"$boot\" and .cause == \"hangup\""
heard 2 ".kind == \"switch.started\" and .boot == \"$new\""
order=$(jq -r 'select(.method == "event") | .params.boot' "$dir/office.out" | uniq | tr '\n' ' ')
[ "$order" = "$boot $new " ] || fail "boots came as $order"

step 'with all acknowledged, nothing comes again'
last=$(jq -r "select(.method == \"event\") | .params | select(.boot == \"$boot\") | .n" "$dir/office.out" | tail -n 1)
expect 'ack' office ack "{\"boot\":\"$boot\",\"n\":$last}"
last=$(jq -r "select(.method == \"event\") | .params | select(.boot == \"$new\") | .n" "$dir/office.out" | tail -n 1)
expect 'ack' office ack "{\"boot\":\"$new\",\"n\":$last}"
office_close
office_open
not_heard 'true'
sw_kill TERM
