#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# zuoxi-kb on a file and on a running office: every command, every refusal,
# the same bytes back, and what kill -9 in an import leaves.
#   kb.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
kb=$site/bin/zuoxi-kb
work=$site/home/kb
mkdir -p "$work"
# the site's account may not be able to look into the source's folder
sample=$work/sample
cp -r "$test_root/tests/data/kb" "$sample"
db=$work/kb.db

# code WANTED COMMAND ...: the exit code; what it said is in $last_error
code()
{
	local wanted=$1 got=0
	shift
	last_error=$("$@" 2>&1 >/dev/null </dev/null) || got=$?
	[ "$got" -eq "$wanted" ] || fail "$* exits $got, not $wanted: $last_error"
	[ "$wanted" -eq 0 ] || [ -n "$last_error" ] || fail "$* says nothing"
}

said()
{
	[[ $last_error == *"$1"* ]] || fail "not said: $1; but: $last_error"
}

step 'what is not understood exits 2'
code 2 "$kb"
code 2 "$kb" nonsense
code 2 "$kb" check
code 2 "$kb" --nonsense stat
code 2 "$kb" --db "$db" export
code 2 "$kb" --db "$db" search
code 2 "$kb" --db "$db" --batch export
code 2 "$kb" --db "$db" --limit 0 search x
code 2 "$kb" --db "$db" --limit 101 search x
code 2 "$kb" --db "$db" --socket x stat
code 0 "$kb" --help
code 0 "$kb" --version

step 'no knowledge base there'
code 1 "$kb" --db "$work/none.db" stat
said 'import entries first'
[ ! -e "$work/none.db" ] || fail 'a look made a file'
code 1 "$kb" --db "$sample/KB-0415.md" stat
code 1 "$kb" --socket "$work/none.sock" stat
said zuoxid

step 'check names file, line and what to write'
expect 'the samples' "$kb" check "$sample"
printf -- '---\nid: KB-1\ntitle: t\nquestion: q\neffective: 2026-02-30\n---\nx\n' >"$work/bad.md"
printf 'A1\tq\ta\nA1\tagain\tb\nnothing\n' >"$work/bad.tsv"
code 1 "$kb" check "$work/bad.md" "$work/bad.tsv" "$work/gone.md"
said 'bad.md:5: '
said '2026-11-24'
said 'bad.tsv:3: '
said 'bad.tsv:2: id A1 is also in'
said gone.md
("$kb" --json check "$work/bad.md" 2>/dev/null || true) | jq -e '.line == 5' >/dev/null ||
	fail 'a fault is no JSON'
code 1 "$kb" check "$work/empty-folder"

step 'import: all or nothing'
code 1 "$kb" --db "$db" import "$sample" "$work/bad.md"
[ ! -e "$db" ] || code 1 "$kb" --db "$db" show KB-0415
n=$(find "$sample" -name '*.md' | wc -l)
got=$("$kb" --db "$db" import "$sample")
[ "$got" = "$n new, 0 changed, 0 as they were" ] || fail "import says $got"
got=$("$kb" --db "$db" import "$sample")
[ "$got" = "0 new, 0 changed, $n as they were" ] || fail "again: $got"
printf 'A00001\t怎么开发票\t到窗口。\t开票 | 发票去哪开\n' >"$work/t.tsv"
expect 'a table' "$kb" --db "$db" import "$work/t.tsv"
printf '\xef\xbb\xbfA00002\tq2\ta2\r\n' | "$kb" --db "$db" import - >/dev/null ||
	fail 'a table on standard input'
"$kb" --db "$db" import - <"$sample/KB-0415.md" >/dev/null ||
	fail 'an entry on standard input'

step 'export gives the same bytes'
expect export "$kb" --db "$db" export "$work/out"
diff -r "$sample" "$work/out" | grep -v '^Only in .*out: A0000[12].md$' >"$work/diff" || true
[ ! -s "$work/diff" ] || fail "$(cat "$work/diff")"
"$kb" --db "$db" export - KB-0415 | cmp - "$sample/KB-0415.md"
"$kb" --db "$db" --json export - | jq -es "length == $n + 2" >/dev/null ||
	fail 'export as JSON'
code 1 "$kb" --db "$db" export "$work/out" KB-9999
said 'no such entry'
code 1 "$kb" --db "$db" export "$work/t.tsv/below"

step 'versions'
sed 's/约 20 个工作日/约 25 个工作日/' "$sample/KB-0415.md" >"$work/KB-0415.md"
got=$("$kb" --db "$db" import "$work/KB-0415.md")
[ "$got" = '0 new, 1 changed, 0 as they were' ] || fail "change says $got"
"$kb" --db "$db" show KB-0415 | cmp - "$work/KB-0415.md"
"$kb" --db "$db" show KB-0415@1 | cmp - "$sample/KB-0415.md"
code 1 "$kb" --db "$db" show KB-0415@3
"$kb" --db "$db" --json log KB-0415 | jq -es 'length == 2 and .[0].version == 2' >/dev/null ||
	fail 'log of an entry'
[ "$("$kb" --db "$db" log --oneline --limit 5 | wc -l)" -eq 5 ] || fail 'log of all'
"$kb" --db "$db" --json stat | jq -e ".entries == $n + 2 and .versions == $n + 3
	and .effective > 60 and .waiting == 4" >/dev/null || fail 'stat'

step 'search'
"$kb" --db "$db" search 生育津贴 多久到账 | head -1 | grep -q '^KB-0415 ' || fail 'first hit'
"$kb" --db "$db" --limit 3 --json search 社保卡 | jq -e '.query == "社保卡"
	and (.hits | length == 3) and .hits[0].score > 0 and .us > 0' >/dev/null || fail 'JSON'
printf '社保卡丢了\n\n"; DROP TABLE kb_entry\n落户\r\n' >"$work/q"
"$kb" --db "$db" --batch --json search <"$work/q" >"$work/a"
jq -es 'length == 4 and .[0].hits[0].id == "KB-0201" and .[1].hits == []
	and .[3].query == "落户"' "$work/a" >/dev/null || fail 'batch'
printf 'a\xff\n' >"$work/q"
got=0
"$kb" --db "$db" search - <"$work/q" 2>/dev/null || got=$?
[ $got -eq 1 ] || fail 'bad bytes were taken'
code 0 "$kb" --db "$db" search -- '-zzz'

step 'answer: nothing without a set that shows it is right'
code 2 "$kb" --db "$db" --target 1.5 answer x
code 1 "$kb" --db "$db" calibrate "$work/gone.tsv"
printf '社保卡丢了\tKB-0201\nno tab\n' >"$work/cases"
code 1 "$kb" --db "$db" calibrate "$work/cases"
said 'cases:2: '
"$kb" --db "$db" --json answer 社保卡丢了怎么办 | jq -e '.id == null' >/dev/null || fail 'it was sure'
grep -h '^ask: ' -r "$sample" | sed 's/^ask: //' >"$work/asks"
grep -H '^ask: ' -r "$sample" | sed 's|.*/\(KB-[0-9]*\)\.md:ask: \(.*\)|\2\t\1|' >"$work/cases"
"$kb" --db "$db" --json calibrate "$work/cases" | jq -e '.cases > 200 and .right > .cases * 0.9' >/dev/null ||
	fail 'calibrate'
"$kb" --db "$db" --target 0.9 --batch --json answer <"$work/asks" |
	jq -es 'map(select(.id)) | length > 150' >/dev/null || fail 'answers'
"$kb" --db "$db" --target 0.9 --json answer 今天天气怎么样 | jq -e '.id == null' >/dev/null ||
	fail 'the weather has an answer'

step 'kill -9 in an import leaves what was there'
for i in $(seq 20000); do
	printf 'B%06d\t问题%d怎么办理缴费基数\t答复%d先到窗口再到网上\n' "$i" "$i" "$i"
done >"$work/big.tsv"
before=$("$kb" --db "$db" --json stat)
"$kb" --db "$db" import "$work/big.tsv" >/dev/null &
pid=$!
# it is in the middle of it while nobody else may write
writing()
{
	! sqlite3 "$db" 'BEGIN IMMEDIATE; ROLLBACK' >/dev/null 2>&1
}
eventually 60 writing
kill -9 $pid || fail 'the import was over too soon'
wait $pid 2>/dev/null || true
[ "$("$kb" --db "$db" --json stat)" = "$before" ] || fail 'half an import is there'
"$kb" --db "$db" search 生育津贴 多久到账 | grep -q KB-0415 || fail 'search after kill -9'

step 'the office: the same by its socket'
site_init --name 测试热线 >/dev/null
site_office
site_ctl site fill >/dev/null
site_ctl person add B01 周科 --roles bureau >/dev/null
office=("$kb" --socket "$site/run/admin.sock")
office()
{
	site_run env LANGUAGE=en "${office[@]}" "$@"
}
signed=(--by B01 --paper 样例确认单)
code 1 "$kb" --db "$site/state/zuoxi.db" import "$sample"
said -- --socket
code 1 office import "${signed[@]:0:2}" "$sample"
said paper
got=$(office import "${signed[@]}" "$sample")
[ "$(head -1 <<<"$got")" = "$n new, 0 changed, 0 as they were" ] ||
	fail "office: $got"
drafts=$(grep -L '^state: confirmed' "$sample"/*.md | wc -l)
[ "$(tail -1 <<<"$got" | cut -d' ' -f1)" = "$drafts" ] ||
	fail "not said how many are drafts: $got"
got=$(office import "$sample")
[ "$got" = "0 new, 0 changed, $n as they were" ] || fail "office again: $got"
office search 生育津贴 多久到账 | head -1 | grep -q '^KB-0415 ' || fail 'office search'
office --json export - | jq -es "length == $n" >/dev/null || fail 'office export'
office export - KB-0415 | cmp - "$sample/KB-0415.md"
cp "$work/KB-0415.md" "$site/home/new.md"
chmod a+r "$site/home/new.md"
got=$(office import "${signed[@]}" "$site/home/new.md")
[ "$got" = '0 new, 1 changed, 0 as they were' ] || fail "office change: $got"
office show KB-0415@1 | cmp - "$sample/KB-0415.md"
office --json log KB-0415 | jq -es 'length == 2' >/dev/null || fail 'office log'
office --json stat | jq -e ".entries == $n" >/dev/null || fail 'office stat'
code 1 office show KB-9999
code 1 office import "$work/bad.md"
"$kb" --db "$site/state/zuoxi.db" search 社保卡丢了 | grep -q KB-0201 || fail 'a look at a site'

step 'what an agent may do with an entry'
site_sshd
test_person A001 王莹 agent si=3
agent_open a A001
agent_say a '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}'
eventually 20 agent_heard a '.id == 1 and .result'
agent_say a '{"jsonrpc":"2.0","id":2,"method":"kb.search","params":{"q":"社保卡丢了"}}'
agent_say a '{"jsonrpc":"2.0","id":3,"method":"kb.adopt","params":{"contact":"none","entry":"KB-0433"}}'
agent_say a '{"jsonrpc":"2.0","id":4,"method":"kb.adopt","params":{"contact":"none","entry":"KB-0415"}}'
agent_say a '{"jsonrpc":"2.0","id":5,"method":"kb.gap","params":{"q":"没有答案的问题"}}'
agent_say a '{"jsonrpc":"2.0","id":6,"method":"kb.gap","params":{"q":"  "}}'
agent_say a '{"jsonrpc":"2.0","id":7,"method":"kb.import","params":{"entries":[]}}'
eventually 20 agent_heard a '.id == 2 and .result.hits[0].id == "KB-0201"'
eventually 20 agent_heard a '.id == 3 and .error.data.name == "wrong_state"'
eventually 20 agent_heard a '.id == 4 and .error.data.name == "not_found"'
eventually 20 agent_heard a '.id == 5 and .result'
eventually 20 agent_heard a '.id == 6 and .error.data.name == "params"'
eventually 20 agent_heard a '.id == 7 and .error.data.name == "not_allowed"'

step 'kill -9 of the office between parts of an import'
site_run "${office[@]}" import "$work/big.tsv" >/dev/null 2>&1 &
pid=$!
staged()
{
	[ "$(sqlite3 "file:$site/state/zuoxi.db?mode=ro" \
		'SELECT count(*) FROM own_kb_stage')" -gt 100 ]
}
eventually 60 staged
kill -9 "$(cat "$site/pid/zuoxid")"
got=0
wait $pid || got=$?
[ $got -eq 1 ] || fail "an import without its office exits $got"
rm -f "$site/pid/zuoxid"
site_office
office --json stat | jq -e ".entries == $n" >/dev/null || fail 'half an import in the office'
site_ctl verify >/dev/null || fail 'verify after kill -9'
