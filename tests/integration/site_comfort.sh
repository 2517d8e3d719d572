#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a citizen hears while the agent's tunnel is down: the comfort prompt,
# within two seconds of the cut; and both voices when it is there again.
#   site_comfort.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/voice_lib.sh"

voice_site "$1"
test_person A001 王莹 agent si=3
robot A001 1 --talk 0 --wrapup 200
eventually 60 agent_is A001 ready
caller c1 si 13800000001 --talk 200000
eventually 40 agent_is A001 talking
eventually 40 hears_agent c1
contact=$(contact_of A001)
heard_for c1 2000

step 'the tunnel is cut in the call'
master=$(site_pid sshd)
mapfile -t children < <(pgrep -P "$master")
mapfile -t grandchildren < <(pgrep -P "$(IFS=, && echo "${children[*]}")")
# nobody takes a new connection until the citizen has heard enough
site_end sshd
mark c1
cut=$mark
kill -KILL "${grandchildren[@]}" "${children[@]}" 2>/dev/null || true
eventually 20 said A001 '.what == "down"'
heard_for c1 4000
comfort=("$from" "$to")
eventually 10 eval "site_ctl call list --json | jq -e '.items[0].state == \"away\"'"

step 'it is made again, and the same two talk'
site_sshd
eventually 30 said A001 '.what == "up" and .times == 2'
eventually 20 eval "site_ctl call list --json | jq -e '.items[0].state == \"talking\"'"
expect 'it is the same contact' [ "$(contact_of A001)" = "$contact" ]
heard_for c1 3500
back=("$((from + 500))" "$to")
kill "$(site_pid c1)"
eventually 30 contact_with ".id == \"$contact\" and .result == \"answered\""
eventually 30 agent_is A001 ready

step 'what was heard'
file=$site/heard/c1.wav
prompt=$site/prompts/comfort.wav
# A citizen who hears nothing at all gets no packets; that counts, too.
gap=$(grep '"max_gap_ms"' "$site/log/c1.log" | tail -n 1 | jq .max_gap_ms)
for ((at = cut; at < cut + 4000; at += 100)); do
	r=$(in_part "$file" "$at" $((at + 400)) "$prompt" 400)
	awk -v r="$r" 'BEGIN { exit !(r >= 0.8) }' && break
done
after=$((at - cut + gap))
echo "  the prompt began at most $after ms after the cut (longest gap $gap ms)"
[ "$after" -le 2000 ] || fail "the prompt began $after ms after the cut"
hears 'line down' "$file" "${comfort[@]}" "$prompt" "$site/wav/1.wav"
hears 'line back' "$file" "${back[@]}" "$site/wav/1.wav" "$prompt"
heard=$site/heard/A001/$contact.wav
ms=$(soxi -D "$heard" | awk '{ print int($1 * 1000) }')
hears 'the agent, line back' "$heard" $((ms - 3000)) "$ms" "$site/wav/0.wav"
expect 'one recording' eval \
	"site_ctl recording list --json | jq -e '.items | length == 1'"
expect 'verify is clean' site_ctl verify
