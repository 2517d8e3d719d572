#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people and disks do to a knowledge base: wrong encodings, NUL, long
# lines, characters that turn the writing, ids twice, redirects in circles,
# links to nothing, days that do not exist, a full disk and kill -9 in an
# import. Each time a clear error, and what was there is there.
#   kb_bad.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# reads to the end, so that who writes into it is not cut off
has()
{
	grep "$@" >/dev/null
}

test_site "$1"
kb=$site/bin/zuoxi-kb
work=$site/home/kb
mkdir -p "$work"
sample=$work/sample
cp -r "$test_root/tests/data/kb" "$sample"
db=$work/kb.db
export LANGUAGE=en

# entry FILE ID HEADER-LINE BODY
entry()
{
	printf -- '---\nid: %s\ntitle: 西安社保\nquestion: 社保卡丢了怎么办\n%b---\n%b\n' \
		"$2" "$3" "$4" >"$work/$1"
}

state()
{
	"$kb" --db "$db" --json export - | sha256sum
	"$kb" --db "$db" --json stat
}

# refused WORDS FILE ...: check and import refuse, say these words, and the
# knowledge base is as it was
refused()
{
	local words=$1 got said verb w
	shift
	for verb in check import; do
		got=0
		said=$("$kb" --db "$db" $verb "$@" 2>&1 >/dev/null </dev/null) || got=$?
		[ $got -eq 1 ] || fail "$verb $* exits $got: $said"
		while IFS= read -r w; do
			[[ $said == *"$w"* ]] || fail "$verb $*: not said: $w; but: $said"
		done <<<"$words"
	done
	[ "$(state)" = "$before" ] || fail "$* changed what was there"
}

"$kb" --db "$db" import "$sample" >/dev/null
before=$(state)

step 'encodings'
entry e.md KB-9001 '' 一二三
iconv -t gb18030 "$work/e.md" >"$work/gb.md"
refused 'gb.md:3: this is gb18030' "$work/gb.md"
for c in UTF-16 UTF-16LE; do
	iconv -t $c "$work/e.md" >"$work/u16.md"
	refused 'u16.md:1: this is utf-16' "$work/u16.md"
done
printf 'A1\t社保卡丢了\t到窗口\n' | iconv -t gb18030 >"$work/gb.tsv"
refused 'gb.tsv:1: this is gb18030' "$work/gb.tsv"
sed 's/怎么办/怎\xe4么办/' "$work/e.md" >"$work/wound.md"
refused 'wound.md:4: byte ' "$work/wound.md"
got=0
"$kb" check --from klingon "$work/gb.md" >/dev/null 2>&1 || got=$?
[ $got -eq 2 ] || fail 'an encoding that nobody knows'
got=0
cat "$work/gb.md" <(printf '\xff\n') >"$work/no-gb.md"
said=$("$kb" check --from gb18030 "$work/no-gb.md" 2>&1) || got=$?
[ $got -eq 1 ] && [[ $said == *'no-gb.md:7: this is no gb18030'* ]] ||
	fail "another encoding was taken: $said"
cp "$db" "$work/other.db"
"$kb" --db "$work/other.db" import --from gb18030 "$work/gb.md" "$work/gb.tsv" >/dev/null
"$kb" --db "$work/other.db" show KB-9001 | cmp - "$work/e.md"
"$kb" --db "$work/other.db" export - A1 | has '^title: 社保卡丢了$' || fail 'table'
iconv -t UTF-16 "$work/e.md" >"$work/u16.md"
"$kb" --db "$work/other.db" import --from utf-16 "$work/u16.md" |
	has '1 as they were' || fail 'from UTF-16 it is another'

step 'bytes that no text has'
entry nul.md KB-9001 '' 'a\0000b'
refused 'nul.md:6: U+0000' "$work/nul.md"
entry bidi.md KB-9001 'tags: a\0342\0200\0256b\n' 'x\n\0342\0201\0246y'
refused $'bidi.md:5: U+202E\nbidi.md:8: U+2066' "$work/bidi.md"
entry cr.md KB-9001 '' 'a\rb'
refused 'cr.md:6: ' "$work/cr.md"
{
	cat "$work/e.md"
	head -c 10000000 /dev/zero | tr '\0' x
} >"$work/long.md"
refused 'long.md:1: 10000' "$work/long.md"
{
	head -c 5000 /dev/zero | tr '\0' x
	echo
} >"$work/tail"
cat "$work/e.md" "$work/tail" >"$work/line.md"
refused 'line.md:7: line of 5000 bytes' "$work/line.md"
{
	printf 'A1\tq\ta\nA2\t'
	head -c 10000000 /dev/zero | tr '\0' x
	printf '\nA3\n'
} >"$work/long.tsv"
refused $'long.tsv:2: line of 10000003 bytes\nlong.tsv:3: ' "$work/long.tsv"
head -c 200000 /dev/urandom >"$work/noise.md"
refused 'noise.md:' "$work/noise.md"
sed 's/$/\r/' "$work/e.md" >"$work/crlf.md"
"$kb" check "$work/crlf.md" >/dev/null || fail 'CR LF'
"$kb" --db "$work/other.db" import "$work/crlf.md" >/dev/null
"$kb" --db "$work/other.db" show KB-9001 | cmp - "$work/crlf.md" || fail 'CR LF did not stay'

step 'all faults at once'
entry many.md KB-9x 'effective: 2026-02-29\nexpires: 2026-06-31\nhue: red\nstate: gone\n' 'a\0001'
refused $'many.md:2: \nmany.md:5: \'2026-02-29\' is no day\nmany.md:6: \nmany.md:7: \nmany.md:8: \nmany.md:10: \nfaults: 6' \
	"$work/many.md"

step 'ids twice'
mkdir "$work/two"
entry two/a.md KB-9001 '' a
entry two/b.md KB-9001 '' b
refused 'two/b.md:1: id KB-9001 is also in ' "$work/two"
refused 'is also in ' "$work/e.md" "$work/e.md"

step 'redirects and links'
mkdir "$work/r1" "$work/r2" "$work/r3"
entry r1/a.md KB-9001 'redirect: KB-9002\n' ''
entry r1/b.md KB-9002 'redirect: KB-9003\n' ''
entry r1/c.md KB-9003 'tags: x\nredirect: KB-9001\n' ''
refused $'r1/a.md:5: redirect\nr1/b.md:5: redirect\nr1/c.md:6: redirect\ncircle' "$work/r1"
entry r2/a.md KB-9001 'redirect: KB-9999\n' ''
refused 'a.md:5: redirect leads to KB-9999' "$work/r2"
refused 'a.md:5: redirect leads to KB-9999' "$work/r2/a.md"
entry self.md KB-9001 'redirect: KB-9001\n' ''
refused 'self.md:5: ' "$work/self.md"
entry r3/a.md KB-9001 '' '见 KB-0415。\n再见 KB-9876，XKB-1、KB-12x。'
refused 'r3/a.md:7: KB-9876: there is no such entry' "$work/r3"
# of one entry by itself it is a remark, and it is known from the base alone
said=$("$kb" check "$work/r3/a.md" 2>&1) || fail "one by itself: $said"
[[ $said != *KB-9876* ]] || fail 'nobody can know that'
said=$("$kb" --db "$db" check "$work/r3/a.md" 2>&1) || fail "one by itself: $said"
[[ $said == *'a.md:7: remark: KB-9876'* ]] || fail "no remark: $said"
"$kb" --db "$db" check --strict "$work/r3/a.md" 2>/dev/null && fail 'not strict'
# a circle that closes in the base
entry back.md KB-9002 'redirect: KB-0415\n' ''
"$kb" --db "$work/other.db" import "$work/back.md" >/dev/null
sed 's/^state: .*/&\nredirect: KB-9002/' "$sample/KB-0415.md" >"$work/KB-0415.md"
cp "$work/other.db" "$work/kept.db"
got=0
said=$("$kb" --db "$work/other.db" import "$work/KB-0415.md" 2>&1) || got=$?
[ $got -eq 1 ] && [[ $said == *circle* ]] || fail "the circle was taken: $said"
# who was replaced is out of force and says by whom
sed 's/^state: .*/&\nredirect: KB-0412/' "$sample/KB-0415.md" >"$work/KB-0415.md"
"$kb" --db "$work/kept.db" import "$work/KB-0415.md" >/dev/null
"$kb" --db "$work/kept.db" --json show KB-0415 2>"$work/err" |
	jq -e '.redirect == "KB-0412" and .state == "withdrawn"' >/dev/null || fail 'still in force'
grep -q KB-0412 "$work/err" || fail 'not said by whom'

step 'numbers of documents'
entry no.md KB-9001 'policy: 市人社发[2025]第012号\n' '据国发（2005）38号和〔2026〕3号'
said=$("$kb" check "$work/no.md" 2>&1) || fail "a remark is no fault: $said"
[[ $said == *'no.md:5: remark: '*'〔2025〕12号'* ]] || fail "number: $said"
[[ $said == *'no.md:7: remark: '*'〔2005〕38号'* ]] || fail "number: $said"
[[ $said != *'3号'*'3号'*'3号'*'3号'* ]] || fail "a right one: $said"
"$kb" --json check "$work/no.md" | jq -es '.[0].remark and .[0].line == 5' >/dev/null || fail JSON

step 'a full disk in an import'
for i in $(seq 20000); do
	printf 'B%06d\t问题%d怎么办理缴费基数\t答复%d先到窗口再到网上\n' "$i" "$i" "$i"
done >"$work/big.tsv"
full()
{
	unshare "$1" --propagation private bash -euc '
		mkdir -p "$1/small"
		mount -t tmpfs -o size=4m none "$1/small"
		cp "$3" "$1/small/kb.db"
		got=0
		said=$("$2" --db "$1/small/kb.db" import "$1/big.tsv" 2>&1) || got=$?
		[ $got -eq 1 ] && [ -n "$said" ] || { echo "exits $got: $said"; exit 1; }
		"$2" --db "$1/small/kb.db" --json export - | sha256sum
		"$2" --db "$1/small/kb.db" --json stat
		cat /dev/zero >"$1/small/rest" 2>/dev/null || true
		got=0
		"$2" --db "$1/small/kb.db" give-back "$1/small/back" >/dev/null 2>&1 || got=$?
		[ $got -eq 1 ] && [ ! -e "$1/small/back" ] || { echo "half given back"; exit 1; }
		' bash "$work" "$kb" "$db"
}
if unshare -m true 2>/dev/null; then
	got=$(full -m) && [ "$got" = "$before" ] || fail "not as it was on the full disk: $got"
elif unshare -Urm true 2>/dev/null; then
	got=$(full -Urm) && [ "$got" = "$before" ] || fail "not as it was on the full disk: $got"
else
	echo '  skipped: no mounts of our own here'
fi
"$kb" --db "$db" export - >/dev/full 2>/dev/null && fail '/dev/full took it'

step 'kill -9 in an import'
"$kb" --db "$db" import "$work/big.tsv" >/dev/null &
pid=$!
writing()
{
	! sqlite3 "$db" 'BEGIN IMMEDIATE; ROLLBACK' >/dev/null 2>&1
}
eventually 60 writing
kill -9 $pid || fail 'the import was over too soon'
wait $pid 2>/dev/null || true
[ "$(state)" = "$before" ] || fail 'half an import is there'

step 'the office: a disk that fills up in an import'
site_init --name 测试热线 >/dev/null
cp "$1/tests/sim/ill_disk.so" "$site/bin"
mv "$site/bin/zuoxid" "$site/bin/zuoxid.well"
cat >"$site/bin/zuoxid" <<WRAPPER
#!/bin/sh
LD_PRELOAD=$site/bin/ill_disk.so
ILL_DISK=$site/ill
ASAN_OPTIONS=\$ASAN_OPTIONS:verify_asan_link_order=0
export LD_PRELOAD ILL_DISK ASAN_OPTIONS
exec "$site/bin/zuoxid.well" "\$@"
WRAPPER
chmod 755 "$site/bin/zuoxid"
site_office
office()
{
	site_run env LANGUAGE=en zuoxi-kb --socket "$site/run/admin.sock" "$@"
}
office import "$sample" >/dev/null
before=$(office --json export - | sha256sum)
office import "$work/big.tsv" >"$site/log/import" 2>&1 &
pid=$!
staged()
{
	[ "$(sqlite3 "file:$site/state/zuoxi.db?mode=ro" \
		'SELECT count(*) FROM own_kb_stage')" -gt 100 ]
}
eventually 60 staged
echo "0 28 28" >"$site/ill"
got=0
wait $pid || got=$?
[ $got -eq 1 ] || fail "an import on a full disk exits $got: $(cat "$site/log/import")"
[ -s "$site/log/import" ] || fail 'it says nothing'
rm "$site/ill"
eventually 60 office draft "$work/e.md"
office withdraw --reason x KB-9001 >/dev/null
# shellcheck disable=SC2046 # ids
[ "$(office --json export - $(office list --ids | grep -v KB-9001) | sha256sum)" = "$before" ] ||
	fail 'not as it was'

step 'the office refuses what zuoxi-kb would have refused'
mkfifo "$work/in"
site_run socat - "UNIX-CONNECT:$site/run/admin.sock" <"$work/in" >"$work/answers" &
pid=$!
exec {in}>"$work/in"
printf '%s\n%s\n' '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}' \
	"$(jq -nc --arg t "$(cat "$work/r2/a.md")" \
		'{jsonrpc: "2.0", id: 2, method: "kb.import", params: {entries: [{file: "a", text: ($t + "\n")}]}}')" >&"$in"
answered()
{
	jq -e 'select(.id == 2) | .error.data.detail | contains("KB-9999")' "$work/answers"
}
eventually 20 answered
exec {in}>&-
wait $pid
