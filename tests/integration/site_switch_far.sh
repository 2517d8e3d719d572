#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The far side of a trunk as zuoxi-citizen plays it: its OPTIONS keep the
# trunk up, it picks up, hangs up, hears a cancel; and citizens that call from
# other ports of the same address are still that trunk's.
#   site_switch_far.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

sw_open "$1"
sw_start
office_open
citizen=$build/tests/sim/zuoxi-citizen
far_port=$(free_port)

step 'a far side without a port, or one that also calls, is refused'
for wrong in '--answer' '--port 5' "--answer --port $far_port --to sip:1@127.0.0.1"; do
	code=0
	# shellcheck disable=SC2086
	"$citizen" $wrong 2>/dev/null || code=$?
	[ $code -eq 2 ] || fail "$wrong exits $code"
done

step 'it answers OPTIONS: the trunk is up'
"$citizen" --answer --port "$far_port" --ring 300 --talk 700 --count 2 \
	>"$dir/far.out" &
far_pid=$!
peers_pids+=("$far_pid")
expect 'configure' office configure "{\"config\":{\"trunks\":[
	{\"id\":\"t1\",\"kind\":\"peer\",\"host\":\"127.0.0.1\",\"port\":$far_port}]}}"
heard 5 '.kind == "trunk.up" and .trunk == "t1"'

step 'it rings, picks up, and hangs up when it has talked'
expect 'dial' office leg.dial '{"leg":"o.1","contact":"c1","to":{"trunk":"t1","number":"13800138000"},"timeout_ms":8000}'
heard 5 '.kind == "leg.ringing" and .leg == "o.1"'
heard 5 '.kind == "leg.answered" and .leg == "o.1"'
ended 5 o.1 bye
within 5 grep -q '"from":"13800138000".*"up":true.*"ended_by":"us"' "$dir/far.out" ||
	fail "the far side tells of no call: $(cat "$dir/far.out")"

step 'who calls from another port of that address is the trunk'
"$citizen" --to "sip:12333@127.0.0.1:$sip_port" --patience 3000 >/dev/null &
peers_pids+=("$!")
heard 5 '.kind == "leg.arrived" and .trunk == "t1"'

step 'a cancelled call ends in order, and the count ends the program'
expect 'dial' office leg.dial '{"leg":"o.2","contact":"c2","to":{"trunk":"t1","number":"13900139000"},"timeout_ms":8000}'
expect 'hang up' office leg.hangup '{"leg":"o.2"}'
wait "$far_pid" || fail "the far side ends with $?"
grep -q '"from":"13900139000".*"up":false.*"cause":"cancel"' "$dir/far.out" ||
	fail "no cancel: $(cat "$dir/far.out")"
not_heard '.kind == "trunk.down"'
