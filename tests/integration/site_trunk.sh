#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls to citizens where a trunk is down: the one that is up is used; with
# none up a call is refused at once, and the agent reads which is down since
# when.
#   site_trunk.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/voice_lib.sh"

voice_site "$1"
test_person A001 王莹 agent si=3
# who calls marks his trunk as up, so he comes before it is taken down
caller c1 si 13800000007 --patience 100
eventually 60 eval "site_ctl call missed --json | jq -e '.items | length == 1'"
missed=$(site_ctl call missed --json | jq '.items[0].id')
robot A001 1 --talk 0 --wrapup 200
eventually 60 agent_is A001 ready

trunk_is()
{
	site_ctl trunk list --json | jq -e --arg t "$1" --arg s "$2" \
		'any(.items[]; .id == $t and .state == $s and .since_us > 0)' \
		>/dev/null
}

dial='{"number":"02988112233","purpose":"回访"}'
# by TCP: a port that nobody listens on refuses at once
dead=$(site_free_port $((5300 + $$ % 50 * 10)))
site_ctl trunk set t1 --kind peer --host 127.0.0.1 --port "$dead" \
	--transport tcp >/dev/null
eventually 30 trunk_is t1 down

step 'with no trunk up a call is refused, and it says which is down'
refused A001 call.dial "$dial" \
	'No trunk is up to dial through; down since' \
	"t1 $(site_ctl trunk list --json | jq -r \
	'.items[] | select(.id == "t1") | .since_us / 1000000 | floor' |
	TZ=Asia/Shanghai xargs -I{} date -d @{} '+%Y-%m-%d %H:%M:%S')"
expect 'the agent is ready' agent_is A001 ready
expect 'there is no contact' eval \
	"site_ctl contact list --json | jq -e '.items | length == 1'"

step 'with another trunk up that one is used'
alive=$(site_free_port $((dead + 20)))
site_spawn far zuoxi-citizen --answer --port "$alive" --ring 300 \
	--speak "$site/wav/0.wav" --record "$site/heard" --patience 60000
site_ctl trunk set t2 --kind peer --host 127.0.0.1 --port "$alive" \
	--transport tcp --caller 02988001001 >/dev/null
eventually 30 trunk_is t2 up
expect 'dial' ask A001 call.dial "$dial"
contact=$(jq -r .result.contact "$site/answer")
eventually 30 contact_with ".id == \"$contact\" and .answered_us > 0"
expect 'it goes by the trunk that is up' eval \
	"site_ctl fact list --kind contact.dialled --json |
	jq -e '.items[-1].body.trunk == \"t2\"'"
expect 'hang up' eval "printf 'A001 phone.hangup\n' >\"$site/A001.told\""
eventually 30 contact_with ".id == \"$contact\" and .result == \"dialled\""
eventually 30 agent_is A001 ready

step 'a missed caller is not lost to a trunk that is down'
site_end far
site_ctl trunk set t2 --port "$dead" >/dev/null
eventually 60 trunk_is t2 down
refused A001 call.dial "$dial" \
	'No trunk is up to dial through; down since' 't2 '
refused A001 call.dial "{\"missed\":$missed,\"purpose\":\"回电\"}" \
	'No trunk is up to dial through; down since' 't1 '
expect 'he stands on the list as before' eval \
	"site_ctl call missed --json | jq -e '.items[0].state == \"open\"'"
expect 'verify is clean' site_ctl verify
