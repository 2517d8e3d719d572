#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a release changes reaches those whose line it is: a list to read, a
# quiz, a reminder, a skill that is lowered and is back with the reading.
# Courses beside it, on a running office whose clock goes by hours and that is
# killed in between.
#   kb_learn.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init --name 测试热线 >/dev/null
site_set training lower_by 2
site_set training remind_hours 1
site_set training lower_hours 2
site_as_shifted "$1"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
test_person A001 王莹 agent si=3
test_person A002 陈静 agent mi=3
test_person L01 赵敏 lead si=3
test_person B01 周科 bureau

kb()
{
	site_run env LANGUAGE=en zuoxi-kb --socket "$site/run/admin.sock" "$@"
}

agent_of()
{
	site_ctl agent list --json | jq -e ".items[] | select(.id == \"$1\") | $2" >/dev/null
}

alarm_is()
{
	site_ctl alarm list --json | jq -e "any(.items[]; .id == \"$1\")" >/dev/null
}

no_alarm()
{
	! alarm_is "$1"
}

# publish ANSWER: written, signed by three, released
publish()
{
	cat >"$site/home/e.md" <<-ENTRY
		---
		id: KB-7001
		title: 社保卡补办
		question: 社保卡丢了怎么补办？
		line: si
		effective: 2026-01-01
		policy: 样例文号〔2026〕31号
		owner: 社保科
		quiz: 要带什么？ | 身份证 | 户口本 | 照片
		---
		$1
	ENTRY
	chmod a+r "$site/home/e.md"
	kb draft "$site/home/e.md" >/dev/null
	agent_ask l01 kb.review '{"entry": "KB-7001"}'
	agent_ask b01 kb.confirm '{"entry": "KB-7001"}'
	kb release >/dev/null
}

for p in A001 L01 B01; do
	agent_open "${p,,}" $p
	agent_hello "${p,,}"
done
agent_say a001 '{"jsonrpc":"2.0","id":900,"method":"subscribe","params":{"topics":["me"]}}'
eventually 20 agent_heard a001 '.id == 900 and .result'

step 'a release is to be read by those whose line it is'
publish 带身份证到窗口。
eventually 30 agent_heard a001 '.method == "me.learn" and .params.open == 1'
agent_ask a001 learn.list '{}'
agent_answered a001 '.result.items[0] | .entry == "KB-7001" and .version == 1 and .quiz == 1'
agent_ask a001 learn.list '{"agent": "L01"}'
agent_answered a001 '.error.data.name == "not_allowed"'
site_ctl learn report --json | jq -e '[.items[] | [.agent, .open]] ==
	[["A001", 1], ["A002", 0], ["L01", 0]]' >/dev/null || fail 'the report'
agent_ask a001 learn.get '{"entry": "KB-7001", "version": 1}'
agent_answered a001 '.result.questions[0].choices | length == 3'
agent_ask a001 learn.read '{"entry": "KB-7001", "version": 1}'
agent_answered a001 '.error.data.name == "params"'
agent_ask a001 learn.read '{"entry": "KB-7001", "version": 1, "answers": ["照片"]}'
agent_answered a001 '.result == {"passed": false, "right": 0, "of": 1}'
agent_ask l01 learn.read '{"entry": "KB-7001", "version": 1, "answers": ["身份证"]}'
agent_answered l01 '.error.data.name == "not_found"'
site_ctl fact list --kind learn. --json |
	jq -e '.items[0].body.wrong == [{"question": "要带什么？", "answer": "照片"}]' \
		>/dev/null || fail 'what was answered is not recorded'

# hours_later SECONDS: and somebody is changed, so that the office looks
hours_later()
{
	shift_by "$1"
	site_ctl person change A002 --name "陈静 $1" >/dev/null
}

step 'too late: a reminder and an alarm, then a lower skill'
no_alarm learn:late || fail 'it is late at once'
hours_later 3700
eventually 60 alarm_is learn:late
eventually 60 agent_heard a001 '.method == "me.learn" and .params.late == 1'
agent_of A001 '.lowered == []' || fail 'lowered with the reminder'
hours_later 7300
eventually 60 agent_of A001 \
	'.skills.si == 3 and (.lowered[0] | .queue == "si" and .level == 1 and .set == 3 and .why == "unread" and .what == "KB-7001")'
office_killed
site_office
eventually 60 alarm_is learn:late
agent_of A001 '.lowered[0].level == 1' || fail 'forgotten by the restart'
agent_of A002 '.lowered == []' || fail 'another is lowered, too'
site_ctl learn report --json | jq -e '.items[0] | .late == 1 and .lowered == ["si"]' \
	>/dev/null || fail 'the report does not say so'
site_ctl learn report | grep -q A001 || fail 'no table of it'

step 'with the reading it is as it was'
agent_hello a001
agent_ask a001 learn.read '{"entry": "KB-7001", "version": 1, "answers": ["身份证"]}'
agent_answered a001 '.result.passed'
agent_of A001 '.lowered == []' || fail 'the skill is not back'
eventually 60 no_alarm learn:late
agent_ask a001 learn.read '{"entry": "KB-7001", "version": 1, "answers": ["身份证"]}'
agent_answered a001 '.error.data.name == "wrong_state"'

step 'courses: planned, signed in to, marked, on a sheet'
course()
{
	site_ctl course set --json "$@" | jq -r .course
}
now=$(TZ=Asia/Shanghai date +'%F %T')
past=$(TZ=Asia/Shanghai date -d '3 hours ago' +'%F %T')
id=$(course --kind bureau --title '=新政策考试' --from "$past" --to "$now" \
	--gates queue=si,level=3 --entries KB-7001)
eventually 60 agent_of A001 '.lowered[0] | .why == "exam" and .level == 2'
agent_ask a001 course.sign "{\"course\": \"$id\"}"
agent_answered a001 '.result.person == "A001" and .result.signed'
agent_ask a001 course.mark "{\"course\": \"$id\", \"person\": \"A001\", \"passed\": true}"
agent_answered a001 '.error.data.name == "not_allowed"'
agent_hello l01
agent_ask l01 course.mark "{\"course\": \"$id\", \"person\": \"L01\", \"passed\": true}"
agent_answered l01 '.error.data.name == "not_allowed"'
agent_ask l01 course.mark "{\"course\": \"$id\", \"person\": \"A001\", \"score\": 91, \"passed\": true}"
agent_answered l01 '.result.passed and .result.score == 91'
agent_of A001 '.lowered == []' || fail 'passed, and lowered still'
agent_of L01 '.lowered[0].level == 2' || fail 'not passed, and not lowered'
site_ctl course sheet --csv | tail -n 1 | grep -q "\"'=新政策考试\".*\"A001\",\"王莹\".*,91,\"是\"" ||
	fail "the sheet: $(site_ctl course sheet --csv)"

step 'what is owed to the knowledge base is an alarm'
no_alarm kb:review || fail 'nothing is due yet'
printf -- '---\nid: KB-7002\ntitle: 补卡流程\nquestion: 怎么补卡？\nkind: flow\nline: si\neffective: 2026-01-01\nreview: %s\npolicy: 样例\nowner: 社保科\nstate: confirmed\n---\n【步骤】\n1. 带身份证\n2. 到窗口\n' \
	"$(TZ=Asia/Shanghai date +%F)" >"$site/home/flow.md"
chmod a+r "$site/home/flow.md"
kb import --by B01 --paper 函 "$site/home/flow.md" >/dev/null
eventually 60 alarm_is kb:review
site_ctl flow report --due yes --json | jq -e '.items[0] | .entry == "KB-7002" and .due' \
	>/dev/null || fail 'the flow is not due'

step 'a rebuild makes the same of it, and verify is content'
expect 'verify is clean' site_ctl verify >/dev/null
site_end zuoxid 15
site_run env LANGUAGE=en zuoxid --config "$site_config" --rebuild >"$site/rebuilt" 2>&1 ||
	fail "$(cat "$site/rebuilt")"
grep -q ': 0 of ' "$site/rebuilt" || fail "$(cat "$site/rebuilt")"
grep -q 'skill_lowered' "$site/rebuilt" || fail "$(cat "$site/rebuilt")"
