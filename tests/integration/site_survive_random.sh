#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every agent is in a call and more citizens wait, while the office is killed
# again and again at random moments and stays away for a random while.
#   site_survive_random.sh BUILD [DEATHS [SEED [AGENTS]]]
# The suite's short form is 5 deaths and 3 agents; 50 and 20 by hand.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

deaths=${2:-5}
seed=${3:-$((RANDOM * 32768 + RANDOM))}
n_agents=${4:-3}
RANDOM=$((seed % 32768))
echo "- $deaths deaths, seed $seed, $n_agents agents"
mapfile -t agents < <(seq -f A%03g "$n_agents")
# More calls than they can take while the deaths last, some 2.3 s each
talk=$((2000 + n_agents * 500))
rate=$((n_agents * 80000 / (talk + 1400)))
calls=$((rate * (deaths * 23 + 60) / 600))

survive_site "$1" "${agents[@]}"
# Agents here talk for seconds only; the notice plays out whatever they do,
# and what they say meanwhile nobody hears.
sox "$site/prompts/notice.wav" "$site/wav/short.wav" trim 0 1
mv "$site/wav/short.wav" "$site/prompts/notice.wav"
robots r1 "${agents[*]}" --answer-after 300 --talk "$talk" --hold-at 800 \
	--hold 1000 --wrapup 600
for a in "${agents[@]}"; do
	eventually 30 agent_is "$a" ready
done

step 'calls, and deaths among them'
citizen c1 1380000%04d --count "$calls" --rate "$rate" --talk 60000 \
	--patience 120000
for ((i = 1; i <= deaths; i++)); do
	sleep $((RANDOM % 2)).$((RANDOM % 900 + 100)) # the random moment
	office_dies
	echo "  death $i at $(date +%T.%N | cut -c1-12)"
	sleep 0.$((RANDOM % 900 + 100))
	site_office
done

step 'all are served'
eventually $((90 + deaths * 6)) eval "! kill -0 $(site_pid c1) 2>/dev/null"
expect 'every citizen spoke with an agent' eval \
	"grep '^{' $site/log/c1.log | jq -es 'length == $calls and
	 all(.[]; .answered)' >/dev/null"
nobody_stuck
eventually 20 eval "site_ctl contact list --json | jq -e \
	'all(.items[]; .ticket != \"\")'"

step 'nothing twice, nothing missing, in order'
voice_whole c1
recordings_whole
facts_once
# Who came first was first offered to an agent.
jq -e '[.items[]] | sort_by(.seq) |
	([.[] | select(.kind == "contact.queued")] | sort_by(.at_us) |
	 map(.contact)) as $came |
	(reduce (.[] | select(.kind == "offer.made")) as $o ([];
		if index($o.contact) then . else . + [$o.contact] end))
	== $came' "$site/facts.json" >/dev/null ||
	fail 'the line was not served in order of arrival'
expect 'verify is clean' site_ctl verify
