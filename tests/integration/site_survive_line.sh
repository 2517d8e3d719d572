#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an agent's line is made of dies in mid-call: the gate, the listener of
# sshd, the workstation itself. What comes back in time has its call again;
# what does not gives it to the head of the line, and another agent has it.
#   site_survive_line.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

survive_set=('call away 120000')
survive_site "$1" A001 A002

away()
{
	site_ctl call list --json |
		jq -e 'any(.items[]; .away and .agent == "A001")'
}

children() # of a pid, all generations
{
	local c
	for c in $(pgrep -P "$1"); do
		echo "$c"
		children "$c"
	done
}

# The robot's channels are up for the n-th time and its call is there.
back()
{
	[ "$(grep -c '"what":"up"' "$site/log/r1.log")" -ge "$1" ] && ! away
}

step 'the gates die in a call'
robots r1 A001 --talk 300000 --wrapup 300
eventually 20 agent_is A001 ready
citizen c1 13800000001 --record "$site/c1.wav" --talk 300000 --patience 300000
eventually 20 agent_is A001 talking
mapfile -t gates < <(for p in $(children "$(site_pid sshd)"); do
	[ "$(cat "/proc/$p/comm")" = zuoxi-gate ] && echo "$p"
done)
[ ${#gates[@]} -gt 0 ] || fail 'there is no gate'
kill -KILL "${gates[@]}"
eventually 20 back 2
expect 'he has his call again' agent_is A001 talking

step "sshd's listener dies in a call: the sessions live on"
sshd=$(site_pid sshd)
kill -KILL "$sshd"
wait "$sshd" 2>/dev/null || true
expect 'he talks on' agent_is A001 talking
refuse 'nothing is away' eval 'away >/dev/null'
site_sshd

step 'the workstation dies in a call and is started again'
pid=$(site_pid r1)
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
eventually 2 away
robots r1b A001 --talk 300000 --wrapup 300
eventually 10 eval '! away'
expect 'he has his call again' agent_is A001 talking

step 'it dies for good: another agent has the call, and its history'
site_set call away 3000
office_dies
site_office
expect 'he talks on' agent_is A001 talking
pid=$(site_pid r1b)
at_us=$(date +%s%6N)
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
eventually 2 away
citizen c2 13800000002 --talk 3000 --patience 300000
eventually 15 item_is '.number == "138****0001" and .position <= 1'
robots r2 A002 --talk 2500 --wrapup 300
eventually 20 contact_with \
	'.number == "138****0001" and .result == "answered" and .agent == "A002"'
eventually 20 contact_with '.number == "138****0002" and .ticket != ""'
contact=$(site_ctl contact list --json |
	jq -r '.items[] | select(.number == "138****0001") | .id')
site_ctl fact list --json >"$site/facts.json"
comfort_ms=$(jq --argjson at "$at_us" '[.items[] |
	select(.kind == "contact.away" and .at_us >= $at - 50000) | .at_us] | min |
	(. - $at) / 1000' "$site/facts.json")
in_time "${comfort_ms%.*}" 2000 comfort
expect 'one contact with its whole story' jq -e --arg c "$contact" '
	[.items[] | select(.contact == $c)] | sort_by(.seq) | map(.kind) |
	(map(select(. == "contact.arrived")) | length) == 1 and
	(map(select(. == "contact.requeued")) | length) == 1 and
	(map(select(. == "contact.answered")) | length) == 2 and
	(map(select(. == "contact.ended")) | length) == 1 and
	(map(select(. == "recording.opened")) | length) == 1' \
	"$site/facts.json"
expect 'he who died is not offered a call' agent_is A001 paused

step 'nothing twice, nothing missing'
eventually 10 eval '! kill -0 $(site_pid c1) 2>/dev/null'
voice_whole c1
recordings_whole
expect 'verify is clean' site_ctl verify
