#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Alarms on real parts: each is raised by its cause, listed, taken by a lead
# (not by an agent), and over when the cause is gone.
#   site_alarm.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init >/dev/null
site_set target wait_alarm 1
site_set office disk_free 10000000
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
"$test_root/scripts/lib/speak" "$site/wav/c.8k.wav" '您好，我想问一下生育津贴。'
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$site/prompts" "$site/wav"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
test_person A001 王莹 agent si=3
test_person L01 赵敏 lead ''
agent_open a A001
agent_hello a
agent_open l L01
agent_hello l

# alarm ID [FILTER]: it is on, and so
alarm()
{
	site_ctl alarm list --json |
		jq -e --arg id "$1" ".items[] | select(.id == \$id) | ${2:-.}"
}
gone()
{
	site_ctl alarm list --json |
		jq -e --arg id "$1" '.items | all(.id != $id)'
}
n=100
# taken ID: refused to the agent, done by the lead, shown to both
taken()
{
	n=$((n + 2))
	agent_say a "{\"jsonrpc\":\"2.0\",\"id\":$n,\"method\":\"alarm.take\",\"params\":{\"alarm\":\"$1\"}}"
	agent_say l "{\"jsonrpc\":\"2.0\",\"id\":$((n + 1)),\"method\":\"alarm.take\",\"params\":{\"alarm\":\"$1\"}}"
	eventually 20 agent_heard a ".id == $n and .error.data.name == \"not_allowed\""
	eventually 20 agent_heard l ".id == $((n + 1)) and .result"
	eventually 20 alarm "$1" 'select(.taken_by == "L01")'
}

step 'a disk with little room'
eventually 40 alarm disk:state 'select(.level == "critical")'
taken disk:state

step 'a folder that cannot be written to'
chmod 0 "$site/recordings"
eventually 60 alarm folder:recordings 'select(.level == "critical")'
taken folder:recordings
chmod 700 "$site/recordings"
eventually 60 gone folder:recordings

step 'a trunk that is down, also for an office that has begun anew'
port=$(site_free_port $((24500 + $$ % 40 * 10)))
site_ctl trunk set t1 --kind peer --host 127.0.0.1 --port "$port" >/dev/null
eventually 90 alarm trunk:t1 'select(.detail == "t1")'
taken trunk:t1
kill -KILL "$(site_pid zuoxid)"
site_office
eventually 90 alarm trunk:t1 'select(.taken_by == "")'
site_spawn far zuoxi-citizen --answer --port "$port" --patience 600000
eventually 90 gone trunk:t1

step 'a citizen who waits too long'
number=$(site_ctl queue list --json |
	jq -r '.items[] | select(.id == "si") | .number' | cut -d, -f1)
site_spawn c zuoxi-citizen --to "sip:$number@127.0.0.1:$site_sip_port" \
	--from 13800000001 --speak "$site/wav/c.8k.wav" --talk 600000 \
	--patience 600000
eventually 60 alarm wait:si 'select(.level == "critical")'
agent_say l ''
agent_say l '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}'
site_ctl alarm take wait:si >/dev/null
eventually 20 alarm wait:si 'select(.taken_by != "")'
site_end c
eventually 60 gone wait:si

step 'each has its end in the record'
raised=$(site_ctl fact list --kind alarm.raised --json | jq '.items | length')
[ "$raised" -ge 5 ] || fail "only $raised were raised"
ended()
{
	local k
	for k in folder:recordings trunk:t1 wait:si; do
		site_ctl fact list --kind alarm.cleared --json |
			jq -e --arg k "$k" 'any(.items[]; .subject == $k)' || return 1
	done
}
eventually 20 ended
expect 'verify is clean' site_ctl verify
