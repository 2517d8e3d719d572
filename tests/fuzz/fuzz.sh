#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Parsers and the tokenizer on bytes that nobody thought of, by clang's
# libFuzzer with sanitizers: a fixed number of runs from a fixed seed, so that
# each run of the suite does the same. By hand, longer and from another seed:
#
#   fuzz.sh BUILD [TARGET [RUNS [SEED]]]      fuzz.sh build entry 10000000 7
#
# What breaks a target is left in BUILD/fuzz/TARGET-crash-*; it belongs into
# tests/fuzz/seeds/TARGET once it is mended.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
targets=(entry token question synonym diff)
[ $# -lt 2 ] || targets=("$2")
dir=$build/fuzz
mkdir -p "$dir"
export ASAN_OPTIONS=detect_leaks=1 LC_ALL=C.UTF-8

cc=$(command -v clang) || {
	echo 'skipped: no clang'
	exit 77
}
flags=(-g -O1 -std=c17 -D_GNU_SOURCE -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H
	-DHAVE_INET6 "-fsanitize=address,undefined" -fno-sanitize-recover=all
	-I"$root" -I/usr/include/re)
echo 'int LLVMFuzzerTestOneInput(const unsigned char *, unsigned long);
int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return 0; }' >"$dir/try.c"
"$cc" "-fsanitize=fuzzer,address" "$dir/try.c" -o "$dir/try" 2>/dev/null || {
	echo 'skipped: clang has no libFuzzer (libclang-rt-14-dev)'
	exit 77
}

entry=(kb/entry.c kb/entry_bytes.c kb/entry_print.c kb/entry_value.c
	kb/charset.c kb/docno.c common/utf8*.c)
han=(kb/token.c kb/han.c common/utf8*.c "$build/kb/han_table.c")
declare -A sources=(
	[entry]="${entry[*]}" [token]="${han[*]}"
	[question]="kb/question.c kb/index.c kb/synonym.c kb/manner.c kb/place.c
		common/db.c common/log.c common/cal.c ${han[*]}"
	[synonym]="kb/synonym.c ${han[*]}" [diff]=common/diff.c
)
declare -A runs=([entry]=15000 [token]=40000 [question]=6000 [synonym]=3000 [diff]=30000)

cd "$root"
for t in "${targets[@]}"; do
	# shellcheck disable=SC2086
	"$cc" "${flags[@]}" -fsanitize=fuzzer "tests/fuzz/fuzz_$t.c" ${sources[$t]} \
		-lre -lsqlite3 -o "$dir/fuzz_$t"
	# new inputs go to a folder of their own; what is there would change the run
	rm -rf "$dir/$t.found"
	mkdir "$dir/$t.found"
	seeds=("tests/fuzz/seeds/$t")
	[ "$t" != entry ] || seeds+=(tests/data/kb)
	if ! "$dir/fuzz_$t" -runs="${3:-${runs[$t]}}" -seed="${4:-1}" -max_len=4096 \
		-timeout=60 -rss_limit_mb=2048 -artifact_prefix="$dir/$t-" \
		"$dir/$t.found" "${seeds[@]}" >"$dir/$t.log" 2>&1; then
		echo "FAILED: $t"
		tail -n 40 "$dir/$t.log"
		exit 1
	fi
	echo "- $t: $(grep -E '^Done|DONE' "$dir/$t.log" | tail -n 1)"
done
