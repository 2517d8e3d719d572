#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/cookbook.md, as it stands there: each task's blocks run word for word
# on a real office, and what they are for has come true.
#   kb_cookbook.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# reads to the end, so that who writes into it is not cut off
has()
{
	grep "$@" >/dev/null
}

test_site "$1"
page=$test_root/docs/cookbook.md
site_init --name 测试热线 >/dev/null
# the office begins last month, by a clock of its own
cp "$1/tests/sim/libclock_shift.so" "$site/bin/"
mv "$site/bin/zuoxid" "$site/bin/zuoxid.own"
cat >"$site/bin/zuoxid" <<SCRIPT
#!/bin/sh
export ASAN_OPTIONS="verify_asan_link_order=0:\${ASAN_OPTIONS:-}"
export CLOCK_SHIFT=$site/shift LD_PRELOAD=$site/bin/libclock_shift.so
exec $site/bin/zuoxid.own "\$@"
SCRIPT
chmod 755 "$site/bin/zuoxid"
shift_to()
{
	perl -e 'print pack("q", $ARGV[0])' -- $(($(date -d "$1" +%s) - $(date +%s))) >"$site/shift.new"
	dd if="$site/shift.new" of="$site/shift" conv=notrunc status=none
}
month=$(date -d "$(date +%Y-%m-15) -1 month" +%Y-%m)
shift_to "$month-10 10:00"
site_start
site_ctl site fill >/dev/null
test_person A001 王莹 agent si=3
test_person B01 周科 bureau

kb()
{
	site_run env LANGUAGE=en ZUOXI_SOCKET="$site/run/admin.sock" zuoxi-kb "$@"
}

# task N: all blocks of that chapter, in a folder of its own
task()
{
	step "$1. $(sed -n "s/^## $1\. //p" "$page")"
	task=$site/home/task$1
	site_run mkdir -p "$task"
	awk -v n="$1" '/^## / { in_it = $2 == n "." }
		/^```/ { block = in_it && /^```sh/; next }
		block' "$page" >"$task/commands"
	[ -s "$task/commands" ] || fail 'no block'
	(cd "$task" && site_environ && exec "${site_front[@]}" env LANGUAGE=en \
		ZUOXI_SOCKET="$site/run/admin.sock" GIT_CONFIG_GLOBAL="$site/home/gitconfig" \
		bash -e commands) >"$site/log/task$1.log" 2>&1 ||
		fail "the commands: $(cat "$site/log/task$1.log")"
}

step 'a knowledge base as it was last month'
cp -r "$test_root/tests/data/kb" "$site/home/first"
for i in $(seq 40); do
	printf -- '---\nid: KB-8%03d\ntitle: 缴费基数 %d\nquestion: 第 %d 类人员缴费基数是多少\nline: si\neffective: 2026-01-01\npolicy: 样例文号〔2026〕88号\nowner: 局\nstate: confirmed\n---\n下限 4812 元。\n' \
		"$i" "$i" "$i" >"$site/home/first/KB-8$(printf %03d "$i").md"
done
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$site/home/first"
kb import --by B01 --paper 首批 "$site/home/first" >/dev/null
shift_to now
printf '[user]\n\tname = t\n\temail = t@t\n[init]\n\tdefaultBranch = main\n' >"$site/home/gitconfig"
chmod a+r "$site/home/gitconfig"
git_run()
{
	site_run env GIT_CONFIG_GLOBAL="$site/home/gitconfig" git "$@"
}
git_run init -q --bare "$site/home/upstream.git"
git_run clone -q "$site/home/upstream.git" "$site/home/kb" 2>/dev/null
site_run bash -c "cp $site/home/first/*.md $site/home/kb"
git_run -C "$site/home/kb" add -A
git_run -C "$site/home/kb" commit -qm first
git_run -C "$site/home/kb" push -q -u origin HEAD:main
git_run clone -q "$site/home/upstream.git" "$site/home/editor"
# an editor pushes, and somebody writes in the office
site_run sed -i 's/^title: .*/&（新）/' "$site/home/editor/KB-0101.md"
git_run -C "$site/home/editor" commit -qam 'new title'
git_run -C "$site/home/editor" push -q
sed 's/^title: .*/&（办）/' "$site/home/first/KB-0102.md" >"$site/home/KB-0102.md"
chmod a+r "$site/home/KB-0102.md"
kb draft "$site/home/KB-0102.md" >/dev/null

task 1
kb --json show KB-0101 | jq -e .newest==2 >/dev/null || fail 'what was pushed is not there'
kb show KB-0101@2 | has '^title: .*（新）' || fail 'another text'
git_run -C "$site/home/upstream.git" show main:KB-0102.md | has '（办）' || fail 'what the office wrote is not in git'
n=$(kb --json stat | jq .versions)
site_run env ZUOXI_SOCKET="$site/run/admin.sock" GIT_CONFIG_GLOBAL="$site/home/gitconfig" "$site/home/bin/kb-nightly" ||
	fail 'the second night'
[ "$(kb --json stat | jq .versions)" -eq "$n" ] || fail 'a night without changes made versions'
# both changed the same line: nothing goes in
git_run -C "$site/home/editor" pull -q
site_run sed -i 's/^title: .*/title: 编辑/' "$site/home/editor/KB-0102.md"
git_run -C "$site/home/editor" commit -qam x
git_run -C "$site/home/editor" push -q
sed 's/^title: .*/title: 办公室/' "$site/home/first/KB-0102.md" >"$site/home/KB-0102.md"
kb draft "$site/home/KB-0102.md" >/dev/null
n=$(kb --json stat | jq .versions)
site_run env ZUOXI_SOCKET="$site/run/admin.sock" GIT_CONFIG_GLOBAL="$site/home/gitconfig" "$site/home/bin/kb-nightly" \
	>/dev/null 2>&1 && fail 'a conflict was passed over'
[ "$(kb --json stat | jq .versions)" -eq "$n" ] || fail 'something went in'
if command -v systemd-analyze >/dev/null; then
	systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$page")" >/dev/null || fail 'the timer'
fi

task 2
wanted=$(grep -l '^policy: .*〔2026〕30号' "$site"/home/first/*.md | wc -l)
[ "$wanted" -ge 1 ] && [ "$(kb --json list | jq -s 'map(select(.expires == "2026-12-31" and .version == 2)) | length')" -eq "$wanted" ] ||
	fail 'not those, or not all of them'
kb --json versions KB-0415 | jq -es '.[0].paper == "高新社保函〔2026〕41号"' >/dev/null || fail 'no paper'

task 3
grep -q '^"draft","KB-0102",' "$task/unconfirmed.csv" || fail "$(cat "$task/unconfirmed.csv")"
[ "$(wc -l <"$task/unconfirmed.csv")" -eq "$(kb --json waiting | wc -l)" ] || fail 'not all'

step 'somebody writes numbers wrong'
sed 's/^policy: .*/policy: 市人社发[2025]第012号/; s/^id: .*/id: KB-8801/' "$site/home/first/KB-8001.md" >"$site/home/no.md"
chmod a+r "$site/home/no.md"
kb draft "$site/home/no.md" >/dev/null 2>&1
task 4
grep -q 'KB-8801.md:.*〔2025〕12号' "$task/wrong.txt" || fail "$(cat "$task/wrong.txt")"
kb export - KB-8801 | has -x 'policy: 市人社发〔2025〕12号' || fail 'not mended'

task 5
[ "$(grep -c '^+下限 5013 元' "$task/review.diff")" -ge 40 ] || fail 'forty are not in the diff'
kb --json show KB-8007 | jq -e '.version == 1 and .state == "effective" and .newest == 2' >/dev/null ||
	fail 'it came before its day'
kb --json versions KB-8007 | jq -es --arg day "$(($(date +%Y) + 1))-01-01" '.[0].effective == $day and .[0].confirmer == "B01"' >/dev/null ||
	fail 'not confirmed for that day'

task 6
[ "$(grep -c '^"B01","KB-.*,1,"首批"' "$task/confirmed.csv")" -gt 80 ] || fail "$(head -n 3 "$task/confirmed.csv")"
! grep -q 41号 "$task/confirmed.csv" || fail 'of this month, too'

task 7
tar -tzf "$task/given-back.tar.gz" | has 'given-back/versions/KB-0415/2.md' || fail 'not all of it'

step 'citizens ask what nobody can answer'
agent_open a A001
agent_hello a
for i in 1 2 3; do
	agent_say a "{\"jsonrpc\":\"2.0\",\"id\":2$i,\"method\":\"kb.gap\",\"params\":{\"q\":\"高龄津贴怎么领\"}}"
	eventually 20 agent_heard a ".id == 2$i and .result"
done
agent_say a '{"jsonrpc":"2.0","id":30,"method":"kb.gap","params":{"q":"公交卡怎么办"}}'
eventually 20 agent_heard a '.id == 30 and .result'
task 8
grep -q '高龄津贴' "$task/drafts.txt" || fail 'no draft'
[ "$(kb --json gaps | jq -s length)" -eq 1 ] || fail 'the rare one, too'

kb case-keep --entry KB-0415 生育津贴什么时候到账 >/dev/null
task 9
! grep -qx KB-0415 "$task/uncovered" || fail 'a covered one'
grep -qx KB-0101 "$task/uncovered" || fail 'one that is not covered'
jq -e .dry "$task/release.json" >/dev/null || fail 'the look'

task 10
kb --json show KB-0415 | jq -e '.version == 3 and .state == "effective"' >/dev/null || fail 'not in force'
kb show KB-0415 | cmp - "$site/home/first/KB-0415.md" || fail 'another text'
kb --json versions KB-0415 | jq -es 'any(.[]; .version == 2 and .reason == "金额有误")' >/dev/null || fail 'no reason'
