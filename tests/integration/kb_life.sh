#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An entry's way from a draft to what agents tell citizens, on a running
# office: three people sign, a release makes it count, what was in force at a
# past moment can be asked, and kill -9 changes none of it.
#   kb_life.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init --name 测试热线 >/dev/null
site_set kb synonyms words
echo '公交 巴士' >"$site/words"
chmod a+r "$site/words"
site_start
site_ctl site fill >/dev/null
test_person A001 王莹 agent si=3
test_person A002 陈静 agent si=3
test_person L01 赵敏 lead si=3
test_person B01 周科 bureau

kb()
{
	site_run env LANGUAGE=en zuoxi-kb --socket "$site/run/admin.sock" "$@"
}

# refused WORDS COMMAND ...: exits 1 and says these words
refused()
{
	local words=$1 got=0 said
	shift
	said=$("$@" 2>&1 >/dev/null) || got=$?
	[ $got -eq 1 ] || fail "$* exits $got: $said"
	[[ $said == *"$words"* ]] || fail "$* says: $said"
}

entry()
{
	printf -- '---\nid: KB-7001\ntitle: 社保卡补办\nquestion: 社保卡丢了怎么补办？\nline: si\neffective: %s\npolicy: 样例文号〔2026〕31号\nowner: 社保科\n---\n%s\n' "$1" "$2"
}

text()
{
	jq -nc --arg t "$(entry "$@")" '{text: ($t + "\n")}'
}

for p in A001 A002 L01 B01; do
	agent_open "${p,,}" $p
	agent_hello "${p,,}"
done

step 'a draft can be read and not told'
agent_ask a001 kb.draft "$(text 2026-01-01 带身份证到窗口。)"
agent_answered a001 '.result.state == "draft" and .result.version == 1'
agent_ask a002 kb.draft "$(text 2026-01-01 别人的话。)"
agent_answered a002 '.error.data.name == "wrong_state"'
agent_ask a002 kb.search '{"q": "社保卡补办"}'
agent_answered a002 '.result.hits[0].id == "KB-7001" and .result.hits[0].state == "draft"'

step 'author, reviewer and bureau are three people'
agent_ask a001 kb.review '{"entry": "KB-7001"}'
agent_answered a001 '.error.data.name == "not_allowed"'
agent_ask b01 kb.confirm '{"entry": "KB-7001"}'
agent_answered b01 '.error.data.name == "wrong_state"'
agent_ask l01 kb.review '{"entry": "KB-7001"}'
agent_answered l01 '.result.state == "reviewed"'
agent_ask l01 kb.confirm '{"entry": "KB-7001"}'
agent_answered l01 '.error.data.name == "not_allowed"'
refused paper kb confirm --by B01 KB-7001
refused 'no person of the bureau' kb confirm --by L01 --paper 函 KB-7001
agent_ask b01 kb.confirm '{"entry": "KB-7001"}'
agent_answered b01 '.result.state == "confirmed"'

step 'it counts with the release, and all are told'
agent_say a002 '{"jsonrpc":"2.0","id":900,"method":"subscribe","params":{"topics":["kb"]}}'
eventually 20 agent_heard a002 '.id == 900 and .result'
kb --json release --dry-run | jq -e '.dry and (.entries | length) == 1' >/dev/null ||
	fail 'a look at the release'
kb --json waiting | jq -es 'length == 1 and .[0].state == "confirmed"' >/dev/null ||
	fail 'a look released it'
kb release --note 补办流程 | grep -q KB-7001 || fail 'not named in the release'
eventually 20 agent_heard a002 '.method == "kb.changed" and .params.what == "kb.released"'
agent_ask a002 kb.search '{"q": "社保卡补办"}'
agent_answered a002 '.result.hits[0].state == "effective"'
kb release | grep -q 'no change' || fail 'an empty week is not told'
[ "$(kb --json releases | wc -l)" -eq 2 ] || fail 'two releases'

step 'a later version waits for its day; the past can be asked'
before=$(($(date +%s%N) / 1000))
tomorrow=$(TZ=Asia/Shanghai date -d tomorrow +%F)
entry "$tomorrow" 网上也能办。 >"$site/home/next.md"
chmod a+r "$site/home/next.md"
kb draft "$site/home/next.md" | grep -q 'KB-7001 v2 draft' || fail 'draft by shell'
refused 'neither review' kb review KB-7001
agent_ask l01 kb.review '{"entry": "KB-7001"}'
kb return --reason '补上网址' KB-7001 >/dev/null
kb --json waiting | jq -e '.state == "draft" and .reason == "补上网址"' >/dev/null ||
	fail 'not returned'
agent_ask l01 kb.review '{"entry": "KB-7001"}'
kb confirm --by B01 --paper 高新社保函31号 KB-7001 >/dev/null
kb release >/dev/null
kb --json show KB-7001 | jq -e '.version == 1 and .newest == 2 and .state == "effective"' \
	>/dev/null || fail 'it came before its day'
kb diff KB-7001 | grep -q '^+网上也能办。$' || fail diff
kb diff KB-7001@2 1 | grep -q '^-带身份证到窗口。$' || fail 'diff of two'
agent_ask a001 kb.get "{\"entry\": \"KB-7001\", \"at_us\": $before}"
agent_answered a001 '.result.version == 1'
agent_ask a001 kb.get '{"entry": "KB-7001", "at_us": 1}'
agent_answered a001 '.error.data.name == "not_found"'

step 'withdrawn at once; back by a rollback alone'
refused why kb withdraw --reason ' ' KB-7001@1
agent_ask a001 kb.withdraw '{"entry": "KB-7001", "version": 1, "reason": "x"}'
agent_answered a001 '.error.data.name == "not_allowed"'
agent_ask b01 kb.withdraw '{"entry": "KB-7001", "version": 1, "reason": "文件已废止"}'
agent_answered b01 '.result.state == "withdrawn"'
agent_ask a002 kb.search '{"q": "社保卡补办"}'
agent_answered a002 '.result.hits[0].state == "withdrawn"'
refused 'was in force' kb rollback --by B01 --paper 函 --reason 错 KB-7001@9
agent_ask b01 kb.rollback '{"entry": "KB-7001", "version": 1, "reason": "废止有误"}'
agent_answered b01 '.result.version == 3 and .result.state == "effective"'

step 'what nobody could answer becomes a draft'
for q in 您好，高龄津贴怎么领 高龄津贴在哪里领取 公交卡怎么办; do
	agent_ask a001 kb.gap "{\"q\": \"$q\"}"
done
kb --json gaps >"$site/gaps.json"
jq -es 'length == 2 and .[0].count == 2' "$site/gaps.json" >/dev/null ||
	fail 'not put together'
kb gaps | grep -q 公交卡怎么办 || fail 'not listed'
refused 'no number' kb gap-draft eins
refused 'no such open question' kb gap-draft 999999
# shellcheck disable=SC2046 # numbers
kb gap-draft $(jq -s '.[0].gaps[]' "$site/gaps.json") |
	grep -q '^ask: .*高龄津贴' || fail 'no draft of it'
agent_ask a001 gap.close "$(jq -sc '{gaps: .[1].gaps, reason: "x"}' "$site/gaps.json")"
agent_answered a001 '.error.data.name == "not_allowed"'
# shellcheck disable=SC2046
kb gap-close --reason 不属于本热线 $(jq -s '.[1].gaps[]' "$site/gaps.json")
[ -z "$(kb gaps)" ] || fail 'they are still open'
kb --json waiting | jq -es 'any(.[]; .id == "KB-7002" and .state == "draft")' \
	>/dev/null || fail 'the draft does not wait'

step 'a release by which fewer questions are answered right wants a reason'
agent_ask l01 case.set '{"question": "社保卡丢了，电话13800138000", "entry": "KB-7001"}'
agent_answered l01 '.result.question == "社保卡丢了，电话***"'
kb case-keep --entry KB-7001 社保卡补办 | grep -q kept || fail 'not kept'
agent_ask a001 case.drop '{"case": 1}'
agent_answered a001 '.error.data.name == "not_allowed"'
refused 'no such question' kb case-drop 999
refused 'no such entry' kb case-keep --entry KB-1 社保卡
kb --json cases kept | jq -es 'length == 2' >/dev/null || fail 'not two'
entry 2026-01-01 三年一认证。 | sed 's/社保卡[^？]*/养老认证/' >"$site/home/other.md"
chmod a+r "$site/home/other.md"
kb draft "$site/home/other.md" >/dev/null
agent_ask l01 kb.review '{"entry": "KB-7001"}'
kb confirm --by B01 --paper 函 KB-7001 >/dev/null
kb impact KB-7001 | grep -q '^! .*answered as before' || fail 'impact'
kb release --dry-run | grep -q 'right before 2, now 0' || fail 'a look at it'
refused '2 -> 0: KB-7001' kb release
kb release --force 条目改作他用 | grep -q 'now 0' || fail 'not forced'
kb --json releases | jq -es '.[0].forced == "条目改作他用" and .[0].cases.before == 2' \
	>/dev/null || fail 'the reason is not kept'
kb case-drop "$(kb --json cases | jq -s '.[0].case')" >/dev/null
kb --json cases | jq -es 'length == 1' >/dev/null || fail 'not dropped'

step 'answers: nothing without a set that shows it is right'
kb --json answer 养老认证 | jq -e '.id == null and .small and .needs > .cases' >/dev/null ||
	fail 'it was sure'
kb answer 养老认证 2>&1 >/dev/null | grep -q 'it needs about' || fail 'no word why'
for i in {1..60}; do
	printf '养老认证%s\tKB-7001\n天气怎么样%s\t-\n' "$i" "$i"
done >"$site/home/set"
chmod a+r "$site/home/set"
kb --json calibrate "$site/home/set" | jq -e '.cases == 120 and .right == 60' >/dev/null ||
	fail 'calibrate'
kb --json --target 0.8 answer 养老认证 | jq -e '.entry == "KB-7001" and .version == 4' >/dev/null ||
	fail 'it is not sure'
agent_ask a001 kb.answer '{"q": "天气怎么样", "target": "0.8"}'
agent_answered a001 '.result.entry == null and .result.why'

step 'synonyms are read again when their file changes'
finds()
{
	kb --json search 长寿表 | jq -e '.hits[0].id == "KB-7001"' >/dev/null
}
alarmed()
{
	site_ctl alarm list --json | jq -e "[.items[] | select(.id == \"synonyms\") | .detail] | $1" >/dev/null
}
! finds || fail 'it is found without'
echo '公交 abc' >>"$site/words"
eventually 30 alarmed '.[0] | startswith("words:2:")'
echo '长寿表 养老认证' >"$site/words"
eventually 30 finds
eventually 30 alarmed 'length == 0'

step 'of many searches at once the newest is answered'
for i in {1..20}; do
	agent_say a001 "$(jq -nc --argjson i $((700 + i)) \
		'{jsonrpc: "2.0", id: $i, method: "kb.search", params: {q: "养老认证"}}')"
done
eventually 20 agent_heard a001 '.id == 720 and .result.hits[0].id == "KB-7001"'
for i in {1..19}; do
	eventually 20 agent_heard a001 \
		".id == $((700 + i)) and (.result.hits or .error.data.name == \"busy\")"
done

step 'kill -9 changes nothing of it'
kb --json versions KB-7001 >"$site/before.json"
office_killed
site_office
kb --json versions KB-7001 | cmp - "$site/before.json" || fail 'not as it was'
kb versions KB-7001 | grep -q '高新社保函31号' || fail 'the paper is not shown'
expect 'verify is clean' site_ctl verify >/dev/null
