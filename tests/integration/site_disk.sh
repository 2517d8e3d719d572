#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The disk under the office's database is full, fails or stalls during calls:
# calls and offers go on as before, what happened is not lost, what is asked
# is refused with the disk's name, the wall has an alarm; all is written when
# the disk is well again.
#   site_disk.sh BUILD full|fails|stalls [CALLS]
# `full` mounts a small tmpfs in a mount namespace of its own, for database
# and recordings, and needs root.
set -euo pipefail

if [ "$2" = full ] && [ -z "${DISK_OWN_MOUNTS:-}" ]; then
	if ! unshare -m --propagation private mount -t tmpfs none /mnt; then
		echo 'FAILED: cannot mount a tmpfs in a namespace of its own:' \
			'this test needs root (CAP_SYS_ADMIN)' >&2
		exit 1
	fi
	exec env DISK_OWN_MOUNTS=1 unshare -m --propagation private "$0" "$@"
fi

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

illness=$2
calls=${3:-3}
agents=(A001 A002 A003 A004 A005 A006 A007 A008)

# The folder of the database is small, or the office runs on an ill disk.
# shellcheck disable=SC2317 # called by survive_site
disk_first()
{
	mkdir -p "$site/state"
	if [ "$illness" = full ]; then
		mount -t tmpfs -o size=32m,mode=700 none "$site/state"
		mkdir "$site/state/recordings" "$site/spill"
		chown -R "$site_uid" "$site/state" "$site/spill"
		survive_set=("path recordings $site/state/recordings"
			"path spill $site/spill")
		return
	fi
	cp "$site_build/tests/sim/ill_disk.so" "$site/bin"
	mv "$site/bin/zuoxid" "$site/bin/zuoxid.well"
	cat >"$site/bin/zuoxid" <<-WRAPPER
		#!/bin/sh
		LD_PRELOAD=$site/bin/ill_disk.so
		ILL_DISK=$site/ill
		ASAN_OPTIONS=\$ASAN_OPTIONS:verify_asan_link_order=0
		export LD_PRELOAD ILL_DISK ASAN_OPTIONS
		exec "$site/bin/zuoxid.well" "\$@"
	WRAPPER
	chmod 755 "$site/bin/zuoxid"
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$site"
}

# The mount goes before the folder does.
eval "disk_$(declare -f site_stop)"
site_stop()
{
	disk_site_stop || true
	[ "$illness" != full ] || umount "$site/state"
}

ill()
{
	case $illness in
	full) cat /dev/zero >>"$site/state/ballast" 2>/dev/null || true ;;
	fails) echo 0 5 0 >"$site/ill" ;; # EIO
	stalls) echo 5000 0 0 >"$site/ill" ;;
	esac
}

well()
{
	rm -f "$site/state/ballast" "$site/ill"
}

alarm_is() # MESSAGE
{
	site_ctl alarm list --json |
		jq -e --arg m "$1" 'any(.items[]; .message == $m)' >/dev/null
}

# Big enough that the log's file soon has no more room of its own.
ask()
{
	{
		echo 'hours mon-sun 00:00-24:00'
		printf '# a remark that only takes room%.0s\n' {1..1800}
	} | site_ctl calendar import - >/dev/null
}

# The log's file is written over from its beginning now and then: then a full
# disk has room for a while, until more has been asked.
ill_alarm()
{
	ask 2>/dev/null || true
	alarm_is 'The disk does not take writes'
}

# A request that the disk refuses; whom it was about stands in $refused.
small_refused()
{
	refused=B$(printf %03d $((++refused_n)))
	ask 2>/dev/null || true
	! site_ctl person add "$refused" '乙一' --roles agent >/dev/null 2>&1
}
refused_n=100

# Citizens one after the other, each to the end.
call()
{
	citizen "$1" "1380000$2%03d" --count "$calls" --rate 40 --talk 1500 \
		--patience 60000
	eventually 120 eval "! kill -0 $(site_pid "$1") 2>/dev/null"
	expect 'every citizen spoke with an agent' eval \
		"grep '^{' $site/log/$1.log | jq -es 'length == $calls and
		 all(.[]; .answered)' >/dev/null"
}

# From the moment a contact is queued to its offer, and to the answer: by the
# facts, whose times are the control loop's.
latency() # FROM_US TO_US
{
	jq -r --argjson from "$1" --argjson to "$2" '
		def median: sort | .[length / 2 | floor];
		[.items[] | select(.at_us >= $from and .at_us < $to)] as $f |
		[$f[] | select(.kind == "contact.queued") | . as $q |
		 {offer: ([$f[] | select(.kind == "offer.made" and
			.contact == $q.contact) | .at_us] | min - $q.at_us),
		  answer: ([$f[] | select(.kind == "contact.answered" and
			.contact == $q.contact) | .at_us] | min - $q.at_us)}] |
		"\(length) \(map(.offer) | median / 1000 | floor)" +
		" \(map(.answer) | median / 1000 | floor)"' "$site/facts.json"
}

survive_first=disk_first
survive_site "$1" "${agents[@]}"
# Agents here talk for seconds only.
sox "$site/prompts/notice.wav" "$site/wav/short.wav" trim 0 1
mv "$site/wav/short.wav" "$site/prompts/notice.wav"
robots r1 "${agents[*]}" --answer-after 300 --talk 1200 --wrapup 300
for a in "${agents[@]}"; do
	eventually 60 agent_is "$a" ready
done

step 'calls on a disk that is well'
t0=$(date +%s%6N)
call c1 1
eventually 30 eval "site_ctl contact list --json | jq -e \
	'[.items[] | select(.ticket != \"\")] | length == $calls'"
nobody_stuck

step "calls on an ill disk: $illness"
ill
t1=$(date +%s%6N)
case $illness in
stalls)
	call c2 2 &
	calling=$!
	eventually 60 alarm_is 'The disk is slow to write'
	wait "$calling"
	expect 'the stall was met' grep -q slow "$site/ill.met"
	;;
*)
	for ((i = 0; i < 60; i++)); do
		ask 2>"$site/refusal" || break
	done
	sed 's|^|  |' "$site/refusal"
	expect 'the refusal names the disk' grep -q 磁盘 "$site/refusal"
	eventually 60 ill_alarm
	call c2 2
	eventually 60 small_refused
	eventually 60 ill_alarm
	if [ "$illness" = full ]; then
		expect 'recordings went to the spill folder' eval \
			"find '$site/spill' -name '*.wav' | grep -q ."
	else
		expect 'the fault was met' grep -q sync "$site/ill.met"
	fi
	;;
esac
t2=$(date +%s%6N)

step 'the disk is well again'
well
eventually 60 eval "! alarm_is 'The disk does not take writes' &&
	! alarm_is 'The disk is slow to write'"
expect 'a request is taken' site_ctl person add B002 '乙二' --roles agent
refuse 'nothing was done by the refused one' eval \
	"site_ctl person list --json | jq -e --arg p '${refused:-none}' \
	 'any(.items[]; .id == \$p)'"
eventually 60 eval "site_ctl contact list --json | jq -e \
	'[.items[] | select(.ticket != \"\")] | length == 2 * $calls'"
nobody_stuck

step 'all is written, nothing twice, and nobody waited longer'
facts_once
read -r n1 offer1 answer1 < <(latency "$t0" "$t1")
read -r n2 offer2 answer2 < <(latency "$t1" "$t2")
echo "  well: $n1 calls, offer after $offer1 ms, answer after $answer1 ms" \
	"(medians); $illness: $n2 calls, $offer2 ms, $answer2 ms"
[ "$n1" = "$calls" ] && [ "$n2" = "$calls" ] ||
	fail 'a contact is missing in the record'
# far below a stall of 5 s, far above what a busy machine adds
[ "$offer2" -lt $((offer1 + 1500)) ] && [ "$answer2" -lt $((answer1 + 1500)) ] ||
	fail 'calls waited for the disk'
voice_whole c1 c2
recordings_whole
expect 'verify is clean' site_ctl verify
