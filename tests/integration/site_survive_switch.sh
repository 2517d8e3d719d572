#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The switch is killed under two calls and one who waits: they end as lost,
# what was recorded plays up to the last second, the citizens stand first on
# the list of those to call back, and a call made right afterwards goes
# through.
#   site_survive_switch.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

survive_site "$1" A001 A002 A003

step 'somebody gave up before'
citizen c0 13800000009 --patience 8000
eventually 30 contact_with '.number == "138****0009" and .result == "abandoned"'

step 'the switch dies under two calls and one who waits'
robots r1 'A001 A002' --talk 300000 --wrapup 300
eventually 20 agent_is A001 ready
eventually 20 agent_is A002 ready
citizen c1 13800000001 --talk 300000 --patience 300000
citizen c2 13800000002 --talk 300000 --patience 300000
eventually 20 agent_is A001 talking
eventually 20 agent_is A002 talking
citizen c3 13800000003 --talk 300000 --patience 300000
eventually 20 item_is '.number == "138****0003"'
talked() # so that there is something to play
{
	site_ctl call list --json | jq -e '[.items[] | select(.answered_us > 0
		and now - .answered_us / 1000000 > 3)] | length == 2'
}
eventually 20 talked
killed_ms=$(date +%s%3N)
kill -KILL "$(switch_pid)"
robots r3 A003 --talk 2000 --wrapup 300

step 'the next call works within 3 s'
up()
{
	site_run zuoxi-citizen --to "sip:$number@127.0.0.1:$site_sip_port" \
		--from 13800000008 --patience 800 2>/dev/null |
		jq -e .up >/dev/null
}
eventually 10 up
took=$(($(date +%s%3N) - killed_ms - 800))
in_time $took 3000 'a new call was up'

step 'they are lost, and first to be called back'
for n in 1 2 3; do
	eventually 20 contact_with \
		".number == \"138****000$n\" and .result == \"lost\" and .reason == \"switch_lost\""
done
first()
{
	site_ctl call missed --json | jq -e '.items |
		(map(.lost) | .[:3] == [true, true, true]) and
		(map(.number) | .[:3] | sort == ["138****0001", "138****0002",
		"138****0003"]) and any(.[3:][]; .number == "138****0009")' \
		>/dev/null
}
eventually 10 first

step 'the recordings play to the last second'
mended()
{
	site_ctl recording list --json |
		jq -e '[.items[] | select(.state == "mended")] | length == 2'
}
eventually 20 mended
while read -r path want; do
	have=$(soxi -D "$site/recordings/$path")
	echo "  talked ${want} s, recorded $have s"
	# a second, and what a busy machine owed
	awk -v h="$have" -v w="$want" 'BEGIN { exit !(h > w - 2.5 && h < w + 1.5) }' ||
		fail "$path has $have s of $want"
done < <(jq -nr --argjson k "$killed_ms" \
	--argjson c "$(site_ctl contact list --json)" \
	--argjson r "$(site_ctl recording list --json)" '
	$r.items[] | . as $r | $c.items[] |
	select(.id == $r.contact and .result == "lost") |
	"\($r.path) \($k / 1000 - .answered_us / 1000000)"')

step 'the agents are there, and a call goes through'
eventually 30 agent_is A003 ready
eventually 30 agent_is A001 ready
citizen c4 13800000001 --talk 1500 --patience 30000
eventually 30 contact_with '.number == "138****0001" and .result == "answered"'
site_end r1
site_end r3
expect 'verify is clean' site_ctl verify
