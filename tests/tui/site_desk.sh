#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An agent's day at the real workstation: first use, a call from the ring to
# the filed ticket, a call back; and what the desk refuses.
#   site_desk.sh BUILD
. "$(dirname "$0")/site_lib.sh"
tui_site "$1"
citizen_file=$site/log/heard.wav
test_person L02 周敏 lead si=1

step 'the first use asks about the host key, and shows it'
station desk A001 80 24
wait_text '与管理员给您的一致吗'
wait_text "$(ssh-keygen -lf "$site/keys/host.pub" | cut -d' ' -f2)"
keys 1
wait_text '没有接受服务器的主机密钥'
keys :
text '重连'
keys Enter
wait_text '与管理员给您的一致吗'
keys 2
wait_row 1 'A001 王莹 ○'
grep -q ssh-ed25519 "$site/home/known_hosts" || fail 'key not remembered'

step 'ready, and a call rings without taking anything'
keys F9
wait_row 1 '●就绪'
agent_is A001 ready || fail 'the office does not think so'
keys F3
wait_text '[检索]'
text '正在'
citizen c1 13800001234 --record "$citizen_file" --talk 300000
wait_row 3 '◇◇ 来电'
wait_row 3 '138****1234'
text '写'
wait_text '正在写'
keys BSpace
wait_gone '正在写'
shot desk-ring

step 'F2: both talk, it is recorded, the cursor is in the search'
keys F2
wait_row 1 '◆通话'
wait_row 3 '●录'
wait_row 3 '民▇'
keys C-u
text '生育津贴 多久'
wait_text '▸KB-0415'
wait_text '审核通过后约'
keys Enter
wait_text '已采用 KB-0415'
wait_text '草稿✓'
shot desk-talk

step 'F3 to the form and back; F5 mutes here'
keys F3
wait_text '[表单]'
keys F3
wait_text '[检索]'
wait_text '生育津贴 多久'
keys F5
wait_row 3 '!静音'
keys F5
tui_until unmuted eval '! row_has 3 !静音'

step 'F4: the citizen hears music, and the agent again'
keys F4
wait_row 3 '‖保持'
wait_row 3 'F4取回'
eventually 10 agent_is A001 held
keys F4
wait_row 3 '◆通话'
eventually 10 agent_is A001 talking

step 'a change of the card that is refused: why, and the words are kept'
keys BTab
wait_text '[列表]'
name=$(printf '王%.0s' {1..30})
keys i
wait_text '改哪项'
keys 1
text "$name"
keys Enter
wait_text '× '
wait_text 'name'
keys i
wait_text '改哪项'
keys 1
wait_text '王王王王王王王王'
keys C-u
text '张三'
keys Enter
wait_text '张* '
eventually 10 fact_with '.kind == "citizen.updated"'

step 'two write at once: the words of both stay'
agent_open lead L02
agent_hello lead
contact=$(site_ctl contact list --json | jq -r '.items[0].id')
keys Tab
wait_text '[检索]'
keys F3
wait_text '[表单]'
agent_say lead '{"jsonrpc":"2.0","id":2,"method":"ticket.draft","params":{"contact":"'"$contact"'","fields":{"summary":"组长补记"}}}'
eventually 10 agent_heard lead '.id == 2 and .result.ticket.rev > 0'
keys Tab Tab
text '，单位已提交'
wait_text '两边的字都留下了'
wait_text '组长补记'
wait_text '，单位已提交'
n=2
both_are_there() {
	n=$((n + 1))
	agent_say lead '{"jsonrpc":"2.0","id":'$n',"method":"ticket.get","params":{"contact":"'"$contact"'"}}'
	eventually 5 agent_heard lead ".id == $n"
	agent_heard lead ".id == $n and (.result.ticket.summary |
		contains(\"组长补记\") and contains(\"单位已提交\"))"
}
eventually 10 both_are_there
agent_close lead
keys F3
wait_text '[检索]'

step '^G calls the lead'
keys C-g
wait_text '已举手'
eventually 10 eval "site_ctl agent list --json |
	jq -e '.items[] | select(.id == \"A001\" and .hand)' >/dev/null"
keys C-g
wait_gone '已举手'

step 'any size in a call; the phone works in the smallest'
resize 160 48
wait_text 'F12 F12 结束  ^G 举手'
wait_text '─ 本次经过 ─'
shot desk-wide
resize 60 15
wait_text '至少要 80×24'
wait_row 15 '结束'
keys F4
wait_row 2 '‖保持'
keys F4
wait_row 2 '◆通话'
shot desk-small
resize 80 24
wait_text '查 生育津贴 多久'

step 'no leaving in a call'
keys Escape
keys Escape
keys C-t 3
wait_text '我的工单'
keys :
text '签退'
keys Enter
wait_text '没有签退'
wait_row 1 '◆通话'
keys C-t 1

step 'F12 F12 ends, F9 files the complete ticket'
keys F12
wait_text '再按 F12 结束与 138****1234 的通话'
keys F12
wait_row 1 '◐话后'
wait_row 3 '您结束'
keys F9
wait_row 1 '●就绪'
eventually 10 contact_with '.result == "answered" and .ticket != "" and .agent == "A001" and .hold_ms > 0'
shot desk-filed

step 'a number is shown for a reason; who shows none is not unmasked'
citizen c3 anonymous --talk 300000
wait_row 3 '◇◇ 来电'
keys '*'
wait_text '事由（留痕）'
keys 1
wait_text '× 对方没有显示号码'
site_end c3 5
wait_row 1 '●就绪'

step 'who gave up is called back with one key'
keys F9
wait_text '小休：'
keys 1
wait_row 1 '○小休'
citizen c2 13800005678 --patience 4000
wait_text '138****5678 拨 1 次'
keys F9
wait_row 1 '●就绪'
keys Tab
wait_like '▸.*138\*\*\*\*5678'
keys '*'
wait_text '事由（留痕）'
keys 1
wait_like '▸.*13800005678'
fact_with '.kind == "citizen.unmasked" and .body.missed > 0' ||
	fail 'shown and not on record'
keys Enter
wait_text '━ 往来 1'
wait_text '市民'
keys Escape
wait_text '[列表]'
far=$(site_free_port $((site_sip_port + 10)))
site_ctl trunk set t1 --port "$far" >/dev/null
site_spawn far sipp -sn uas -i 127.0.0.1 -p "$far" -nostdin -aa
eventually 20 eval "site_ctl trunk list --json |
	jq -e '.items[0].state == \"up\"' >/dev/null"
keys o
wait_text '外呼事由'
keys 1
wait_row 1 '◆通话'
wait_row 3 '138****5678'
shot desk-callback
facts_have_words
