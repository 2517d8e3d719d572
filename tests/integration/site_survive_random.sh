#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls come one after the other to three agents while the office is killed
# again and again at random moments and stays away for a random while.
#   site_survive_random.sh BUILD [DEATHS [SEED]]
# The suite's short form is 5 deaths; 50 by hand.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

deaths=${2:-5}
seed=${3:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$((seed % 32768))
echo "- $deaths deaths, seed $seed"

survive_site "$1" A001 A002 A003
robots r1 'A001 A002 A003' --answer-after 300 --talk 3500 --hold-at 800 \
	--hold 1000 --wrapup 600
for a in A001 A002 A003; do
	eventually 30 agent_is $a ready
done

step 'calls, and deaths among them'
citizen c1 1380000%04d --count $((deaths * 3 + 3)) --rate 60 --talk 60000 \
	--patience 80000
for ((i = 1; i <= deaths; i++)); do
	sleep $((RANDOM % 2)).$((RANDOM % 900 + 100)) # the random moment
	office_dies
	echo "  death $i at $(date +%T.%N | cut -c1-12)"
	sleep 0.$((RANDOM % 900 + 100))
	site_office
done

step 'all are served'
eventually $((30 + deaths * 6)) eval "! kill -0 $(site_pid c1) 2>/dev/null"
expect 'every citizen spoke with an agent' eval \
	"grep '^{' $site/log/c1.log | jq -es 'length == $((deaths * 3 + 3)) and
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
