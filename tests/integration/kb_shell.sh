#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# zuoxi-kb as scripts and other programs use it: every command by the
# program's own list of words, a folder in git that goes in and comes out as it
# was, all given back, documents by way of pandoc, changes as patch and git
# know them, completion of bash.
#   kb_shell.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# reads to the end, so that who writes into it is not cut off
has()
{
	grep "$@" >/dev/null
}

test_site "$1"
work=$site/home/kb
mkdir -p "$work"
cp -r "$test_root/tests/data/kb" "$work/sample"
cp "$test_root"/tests/data/notice.* "$work"
n=$(find "$work/sample" -name '*.md' | wc -l)
site_init --name 测试热线 >/dev/null
site_office
site_ctl site fill >/dev/null
site_ctl person add B01 周科 --roles bureau >/dev/null
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$site/home"

kb()
{
	site_run env LANGUAGE=en ZUOXI_SOCKET="$site/run/admin.sock" zuoxi-kb "$@"
}

git_in()
{
	site_run git -C "$work/git" -c user.name=t -c user.email=t@t -c core.autocrlf=false "$@"
}

clean()
{
	[ -z "$(git_in status --porcelain)" ] || fail "$1: $(git_in status --porcelain) $(git_in diff)"
}

step 'a folder in git: in and out, and nothing has changed'
site_run mkdir -p "$work/git/si" "$work/git/mi"
for f in "$work"/sample/*.md; do
	line=$(sed -n 's/^line: //p' "$f")
	mkdir -p "$work/git/$line"
	cp "$f" "$work/git/$line/"
done
# names and line ends of people's own
mv "$work/git/mi/KB-0415.md" "$work/git/mi/生育津贴.md"
f=$(ls "$work"/git/si/*.md | head -n 1)
sed -i 's/$/\r/' "$f"
echo '# how this folder is kept' >"$work/git/README.md"
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$work"
git_in init -q
git_in add -A
git_in commit -qm first
got=$(kb import "$work/git")
[ "$(head -n 1 <<<"$got")" = "$n new, 0 changed, 0 as they were" ] || fail "import: $got"
got=$(kb export "$work/git")
[ "$got" = "0 entries written to $work/git, $n as they were" ] || fail "export: $got"
clean 'export after import'
# drafts of the office and of the folder
sed -i 's/约 20 个工作日/约 25 个工作日/' "$work/git/mi/生育津贴.md"
kb diff "$work/git" >"$site/log/diff"
grep -q '^+.*约 25 个工作日' "$site/log/diff" || fail 'diff of a folder'
[ "$(grep -c '^---' "$site/log/diff")" -eq 1 ] || fail 'more than one differs'
kb import --by B01 --paper 函 "$work/git" >/dev/null
sed -i 's/约 25 个工作日/约 30 个工作日/' "$work/git/mi/生育津贴.md"
git_in commit -qam second
kb import "$work/git" >/dev/null
kb export "$work/git" >/dev/null
clean 'a draft that waits'
kb --json show KB-0415 | jq -e '.version == 2 and .newest == 3' >/dev/null || fail 'it does not wait'
kb export --in-force "$work/git" >/dev/null
git_in diff | has '^+.*约 25 个工作日' || fail 'what is in force'
git_in checkout -q .
kb withdraw --reason 作废 KB-0415@3 >/dev/null
kb export "$work/git" >/dev/null
git_in diff --stat | has '1 file changed' || fail 'a draft thrown away'
git_in checkout -q .
# a new one of the office gets a file
printf -- '---\nid: KB-9001\ntitle: t\nquestion: q\n---\n' >"$work/new.md"
chmod a+r "$work/new.md"
kb draft "$work/new.md" >/dev/null
kb export "$work/git" >/dev/null
cmp "$work/new.md" "$work/git/KB-9001.md" || fail 'a new entry'

step 'changes as patch knows them'
kb show KB-0415@1 >"$site/log/old.md"
kb diff KB-0415@2 1 | patch -s "$site/log/old.md" || fail 'patch does not take it'
kb show KB-0415@2 | cmp - "$site/log/old.md" || fail 'patch makes another text'
printf -- '---\nid: KB-9001\ntitle: t\nquestion: q2\n---\nno newline' >"$work/new.md"
kb draft "$work/new.md" >/dev/null
kb show KB-9001 >"$site/log/old.md"
sed 's/q2/q3/; $s/$/ at the end/' "$work/new.md" | head -c -1 >"$work/newer.md"
chmod a+r "$work/newer.md"
kb diff "$work/newer.md" | patch -s "$site/log/old.md" || fail 'patch without a newline'
cmp "$site/log/old.md" "$work/newer.md" || fail 'patch: another text'
kb --json diff KB-0415@2 1 | jq -e '.lines | map(select(.kind != " ")) | length > 1' >/dev/null ||
	fail 'diff as JSON'
kb log KB-0415 >"$site/log/log"
grep -q '^version KB-0415@3 (withdrawn)$' "$site/log/log" && grep -q '^Author: ' "$site/log/log" &&
	grep -q '^Date:   ' "$site/log/log" || fail "log: $(cat "$site/log/log")"
kb log -p --limit 2 KB-0415 | has '^+.*30 个工作日' || fail 'log -p'
[ "$(kb log --oneline --since 2026-01-01 | wc -l)" -gt 70 ] || fail 'log since'
[ -z "$(kb log --oneline --until 2026-01-01)" ] || fail 'log until'
kb signed --by B01 | has 'confirmed KB-0415  v2' || fail 'signed'
[ -z "$(kb signed --by B02)" ] || fail 'signed by nobody'

step 'lists'
[ "$(kb list --ids | wc -l)" -eq $((n + 1)) ] || fail 'all ids'
[ "$(kb list --state effective --ids)" = KB-0415 ] || fail 'by state'
kb list --state draft --line mi --ids | has -x KB-0412 || fail 'by line'
kb list --policy 〔2026〕30号 --ids | has -x KB-0415 || fail 'by document'

step 'all of it given back'
kb case-keep --entry KB-0415 津贴何时到 >/dev/null
kb give-back "$work/back" >"$site/log/give"
jq -e 'any(.[]; .entry == "KB-0415" and .question == "津贴何时到")' "$work/back/cases.json" >/dev/null ||
	fail 'cases.json'
(cd "$work/back" && sha256sum --quiet -c SHA256SUMS) || fail 'sums'
[ "$(jq length "$work/back/entries.json")" -eq $((n + 1)) ] || fail 'entries.json'
[ "$(jq length "$work/back/versions.json")" -eq "$(kb --json stat | jq .versions)" ] || fail 'versions.json'
jq -e '.[] | select(.id == "KB-0415" and .version == 2) | .confirmer == "B01" and .paper == "函"' \
	"$work/back/versions.json" >/dev/null || fail 'who confirmed is not there'
kb show KB-0415@1 | cmp - "$work/back/versions/KB-0415/1.md" || fail 'a version'
kb show KB-0415 | cmp - "$work/back/entries/KB-0415.md" || fail 'an entry'
grep -q '西安高新区社会事业服务局' "$work/back/README.md" || fail 'no mark of the owner'
cat >"$site/log/compare.py" <<'PYTHON'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + '.csv', encoding='utf-8-sig', newline='')))
objs = json.load(open(sys.argv[1] + '.json'))
assert len(rows) == len(objs)
for r, o in zip(rows, objs):
    assert r['id'] == o['id'] and r['version'] == str(o['version'])
    if 'body' in o:
        assert r['body'] == o['body'], r['id']
        assert r['asks'] == ' | '.join(o['asks'])
PYTHON
if command -v python3 >/dev/null; then
	python3 "$site/log/compare.py" "$work/back/entries" || fail 'entries.csv'
	python3 "$site/log/compare.py" "$work/back/versions" || fail 'versions.csv'
fi
got=0
said=$(kb give-back "$work/back" 2>&1) || got=$?
[ $got -eq 1 ] && [[ $said == *'already'* ]] || fail "over what is there: $said"
# elsewhere it is the same again
site_run zuoxi-kb --db "$work/elsewhere.db" import "$work/back/entries" >/dev/null
site_run zuoxi-kb --db "$work/elsewhere.db" export "$work/again" >/dev/null
diff -r "$work/back/entries" "$work/again" || fail 'elsewhere it is another'

step 'documents by way of pandoc'
draft_of()
{
	kb new --id "$1" --line si --source "$2" --policy 高新社保函〔2026〕12号 | tee "$site/log/$1" |
		kb draft -
}
if command -v pandoc >/dev/null; then
	for f in docx html; do
		pandoc -o "$work/made.$f" "$work/notice.md"
		pandoc -f $f -t markdown --wrap=none "$work/made.$f" >"$work/made.$f.md"
	done
else
	echo '  pandoc is not installed: what it made of these documents stands in'
	cp "$work/notice.docx.md" "$work/made.docx.md"
	cp "$work/notice.html.md" "$work/made.html.md"
fi
id=9010
for f in docx html; do
	id=$((id + 1))
	draft_of KB-$id "notice.$f" <"$work/made.$f.md" | has "KB-$id v1 draft" || fail "$f"
	kb --json show KB-$id | jq -e '.title == "关于调整社会保险缴费基数的通知" and .line == "si"
		and (.body | contains("4812 元")) and (.body | contains("\\") | not)' >/dev/null ||
		fail "$f: $(kb show KB-$id)"
	kb search 缴费基数调整通知 | has "KB-$id" || fail "$f is not found"
done
got=0
kb new <"$work/notice.md" >/dev/null 2>&1 || got=$?
[ $got -eq 2 ] || fail 'new without an id'
printf '标题\xe2\x80\x8b\n\n正\xc2\xad文\xe2\x80\xae\r\n' | kb new --id KB-9020 >"$site/log/new" 2>"$site/log/err"
grep -q '3 hidden' "$site/log/err" && grep -qx '正文' "$site/log/new" || fail 'hidden characters'
printf '标题\n' | iconv -t gb18030 >"$work/gb.txt"
chmod a+r "$work/gb.txt"
kb new --id KB-9020 --from gb18030 "$work/gb.txt" | has -x 'title: 标题' || fail 'new from gb18030'
said=$(kb new --id KB-9020 "$work/gb.txt" 2>&1) && fail 'new takes any bytes'
[[ $said == *'gb.txt:1: this is gb18030'* ]] || fail "new: $said"

step 'every command: what is not understood, and JSON'
declare -A good=(
	[check]="$work/sample" [import]="$work/sample" [export]=- [show]=KB-0415
	[search]=社保 [answer]=社保 [list]='' [waiting]='' [versions]=KB-0415
	[signed]='' [releases]='' [diff]=KB-0415 [gaps]='' [stat]='' [log]=''
	[draft]="$work/new.md" [return]='-KB-0415 --reason x'
	[withdraw]='KB-9001 --reason x' [release]=--dry-run
	[rollback]='-KB-0415@9 --reason x' [review]=-KB-0415 [confirm]=-KB-0415
	[gap-draft]=-9 [gap-close]='-9 --reason x' [give-back]=-"$work/back"
	[cases]='' [case-keep]='--entry KB-0415 津贴到账' [case-drop]=-99999
	[impact]=KB-0415
	[new]="--id KB-9030 $work/notice.md" [calibrate]=-/nothere
)
for c in $(kb --words); do
	[ -n "${good[$c]+set}" ] || fail "this test has no case for '$c'"
	kb "$c" --help | has "zuoxi-kb .*$c" || fail "$c --help"
	got=0
	kb "$c" --no-such-option >/dev/null 2>&1 || got=$?
	[ $got -eq 2 ] || fail "$c --no-such-option exits $got"
	grep -q -- '--json' <<<"$(kb --words "$c")" || fail "$c: no words"
	args=${good[$c]} wanted=0
	case $args in -[!-]*) wanted=1 args=${args#-} ;; esac
	got=0
	# shellcheck disable=SC2086
	said=$(kb --json "$c" $args 2>"$site/log/err" </dev/null) || got=$?
	if [ "$c" = answer ] && [ $got -eq 1 ]; then continue; fi
	[ $got -eq $wanted ] || fail "$c $args exits $got: $said $(cat "$site/log/err")"
	[ $wanted -eq 0 ] || { [ -s "$site/log/err" ] || fail "$c says nothing"; continue; }
	[ "$c" = new ] || jq -es 'all(type == "object")' <<<"$said" >/dev/null || fail "$c --json: $said"
done
got=0
kb stat --reason x >/dev/null 2>&1 || got=$?
[ $got -eq 2 ] || fail 'an option of another command'

step 'completion of bash'
cp "$test_root/scripts/completion/zuoxi-kb" "$site/completion"
chmod 644 "$site/completion"
complete_at()
{
	# shellcheck disable=SC2016
	site_run env ZUOXI_SOCKET="$site/run/admin.sock" bash -c '
		. "$0"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_zuoxi_kb
		printf "%s\n" "${COMPREPLY[@]}"' "$site/completion" "$@"
}
offers()
{
	grep -qx -- "$1" <<<"$offered" || fail "no $1 after $2: $offered"
}
offered=$(complete_at zuoxi-kb '')
for c in $(kb --words); do offers "$c" zuoxi-kb; done
for c in $(kb --words); do
	offered=$(complete_at zuoxi-kb "$c" --)
	for o in $(kb --words "$c"); do offers "$o" "$c"; done
done
offered=$(complete_at zuoxi-kb show KB-04)
offers KB-0415 show
! grep -q KB-0101 <<<"$offered" || fail 'ids that do not begin so'
offered=$(complete_at zuoxi-kb --json --limit 3 log KB-0)
offers KB-0101 log
offered=$(complete_at zuoxi-kb list --state '')
offers effective --state
offered=$(complete_at zuoxi-kb import --from '')
offers gb18030 --from
offered=$(complete_at zuoxi-kb import "$work/not")
offers "$work/notice.md" import
offered=$(complete_at zuoxi-kb --db "$work/elsewhere.db" show KB-04)
offers KB-0415 --db
