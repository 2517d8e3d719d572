# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The unattended minute of scripts/demo: citizens call, robots answer; then
# what was said is held against what was recorded, and a page tells how it
# went. Sourced by scripts/demo, whose variables it reads.

report_bad=0

report_fault()
{
	printf '  × %s\n' "$*"
	report_bad=1
}

report_calls_over()
{
	[ "$(site_ctl call list --json | jq '.items | length')" -eq 0 ] &&
		[ "$(site_ctl agent list --json | jq '[.items[] | select(.state == "wrapup")] | length')" -eq 0 ]
}

# Each channel holds what its side spoke, and not what the other did.
report_voices()
{
	local id number path spoken l r lx rx worst_own=1 worst_other=0 n=0
	while IFS=$'\t' read -r id number path; do
		spoken=$site/wav/citizen${number:7:1}.wav
		case $number in
		*'*'*) spoken=$site/wav/citizen${number: -4:1}.wav ;;
		esac
		path=$site/recordings/$path
		l=$(site_run correlate "$path" left "$spoken")
		r=$(site_run correlate "$path" right "$site/wav/agent.wav")
		lx=$(site_run correlate "$path" left "$site/wav/agent.wav")
		rx=$(site_run correlate "$path" right "$spoken")
		read -r worst_own worst_other < <(awk -v a="$l" -v b="$r" \
			-v c="$lx" -v d="$rx" -v o="$worst_own" -v x="$worst_other" '
			BEGIN { if (a < o) o = a; if (b < o) o = b
				if (c > x) x = c; if (d > x) x = d; print o, x }')
		if awk -v a="$l" -v b="$r" -v c="$lx" -v d="$rx" \
			'BEGIN { exit !(a < 0.8 || b < 0.8 || c > 0.2 || d > 0.2) }'; then
			report_fault "recording $id: citizen $l (other $lx), agent $r (other $rx)"
		fi
		n=$((n + 1))
	done < <(site_ctl recording list --json --since "$report_from" --limit 200 |
		jq -r '.items[] | [.id, .number, .path] | @tsv')
	report_heard=$n
	report_own=$worst_own
	report_other=$worst_other
}

report_run()
{
	local contacts answered filed recorded i
	report_from=$(date +%s)
	printf '  %-46s' "Citizens call for $seconds s"
	all_citizens $((rate * seconds / 60 / ${#citizen_text[@]} + 1))
	for ((i = 0; i < seconds; i++)); do
		read -rt 1 <> <(:) || true
		[ $((i % 10)) -ne 9 ] || printf '.'
	done
	for i in "${!citizen_text[@]}"; do
		site_wait 120 'the last citizen hanging up' eval \
			"! kill -0 \$(site_pid citizens$i)" || report_fault \
			'a citizen is still on the line'
	done
	site_wait 60 'the last ticket' report_calls_over ||
		report_fault 'calls or wrap-ups did not end'
	printf ' done\n'

	contacts=$(site_ctl contact list --json --since "$report_from" --limit 1000)
	answered=$(jq '[.items[] | select(.result == "answered")] | length' <<<"$contacts")
	filed=$(jq '[.items[] | select(.result == "answered" and .ticket != "" and .disposition != "")] | length' <<<"$contacts")
	recorded=$(jq '[.items[] | select(.result == "answered" and .recording != "")] | length' <<<"$contacts")
	[ "$answered" -gt 0 ] || report_fault 'no call was answered'
	[ "$recorded" -eq "$answered" ] ||
		report_fault "$((answered - recorded)) answered calls have no recording"
	[ "$filed" -eq "$answered" ] ||
		report_fault "$((answered - filed)) answered calls have no ticket"
	report_voices
	[ "$report_heard" -ge "$answered" ] ||
		report_fault "only $report_heard recordings of $answered answered calls could be heard"
	site_ctl verify >"$site/log/verify.log" 2>&1 ||
		report_fault "verify: $(tail -n 3 "$site/log/verify.log")"

	echo
	jq -r --arg heard "$report_heard" --arg own "$report_own" \
		--arg other "$report_other" --arg filed "$filed" '
		.items as $c
		| ($c | length) as $n
		| ([$c[] | select(.result == "answered")]) as $a
		| ([$a[].wait_ms] | sort) as $w
		| def s: . / 100 | round / 10 | tostring + " s";
		"  " + ($n | tostring) + " citizens called, "
		+ ($a | length | tostring) + " were answered"
		+ (if $n > ($a | length) then ", "
			+ ($n - ($a | length) | tostring) + " gave up or were told to call later" else "" end) + ".\n"
		+ (if ($w | length) > 0 then
		"  They waited " + (($w | add) / ($w | length) | s) + " on average, the longest "
		+ ($w | last | s) + "; within 15 s: "
		+ (([$w[] | select(. <= 15000)] | length) * 1000 / ($w | length) | round / 10 | tostring) + " %.\n"
		+ "  They talked " + (([$a[].talk_ms] | add) / ($a | length) | s) + " on average.\n" else "" end)
		+ "  " + $filed + " tickets filed, each with a disposition.\n"
		+ "  " + $heard + " recordings: the weakest voice correlates at " + $own
		+ " with what was spoken,\n  the strongest stranger in a channel at " + $other + "."
		' <<<"$contacts"
	echo
	echo '  By agent:'
	jq -r '[.items[] | select(.result == "answered")] | group_by(.agent)
		| map([.[0].agent, length, (([.[].talk_ms] | add) / length / 1000 | round)])
		| .[] | "    \(.[0])  \(.[1]) calls, \(.[2]) s each"' <<<"$contacts"
	echo
	if [ "$report_bad" -eq 0 ]; then
		echo '  ✓ Every answered call has its recording and its ticket; verify is clean.'
		return 0
	fi
	echo "  What went wrong is above; the site's logs are in $site/log."
	return 1
}
