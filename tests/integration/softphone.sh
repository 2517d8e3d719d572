#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The phone on a real baresip; what each side hears is the other's voice.
#   softphone.sh BUILD
set -euo pipefail
build=$(cd "$1" && pwd)
dir=$(mktemp -d /tmp/zuoxi-test-XXXXXX)
trap 'rm -rf "$dir"' EXIT

speak=$(dirname "$0")/../../scripts/lib/speak
"$speak" "$dir/c.8k.wav" '您好，我想问一下生育津贴多久能到账。'
"$speak" "$dir/a.8k.wav" '您好，这里是社保热线，审核通过以后到账。' \
	--voice cmn+f3 --pitch 75
export XDG_RUNTIME_DIR=$dir
"$build/tests/integration/softphone_test" "$dir" "$dir/a.8k.wav" \
	"$dir/c.8k.wav"
# the first child was killed before it could write the length of its file
mapfile -t files < <(find "$dir" -maxdepth 1 -name 'dump-*-dec.wav' | sort)
cp "${files[-1]}" "$dir/headset.wav"

heard()
{
	local own other
	own=$("$build/tests/sim/correlate" "$dir/$1.wav" left "$dir/$2.8k.wav" 500)
	other=$("$build/tests/sim/correlate" "$dir/$1.wav" left "$dir/$3.8k.wav" 500)
	echo "$1: own voice $own, other voice $other"
	awk -v o="$own" -v x="$other" 'BEGIN { exit !(o >= 0.8 && x < o / 1.5) }' || {
		echo "FAILED: $1 does not hold the voice it should" >&2
		exit 1
	}
}
heard switch a c
heard headset c a
[ -z "$(find "$dir" -mindepth 1 -type d -name 'zuoxi-*')" ] || {
	echo 'FAILED: a softphone folder was left behind' >&2
	exit 1
}

# the second device rang: a second of tone or more, and not all the time
rung=$(find "$dir/ringer" -name 'dump-*-dec.wav' | head -1)
[ -n "$rung" ] || {
	echo 'FAILED: the second device got nothing' >&2
	exit 1
}
level=$(sox "$rung" -n stat 2>&1 | awk '/RMS +amplitude/ { print $3 }')
echo "second device: level $level"
awk -v l="$level" 'BEGIN { exit !(l > 0.01) }' || {
	echo 'FAILED: the second device was silent' >&2
	exit 1
}
