#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can be done is said once: `;` lists what this screen and this pane do
# and nothing else, help has the same in its first part, and `s` and `f` work
# on every list, by role and by what stands under the cursor.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"

# The menu offers (or does not offer) a word, whatever its number.
menu() { # HAS|LACKS WORD...
	local how=$1 word
	shift
	text '；' # tmux would take ; for its own
	wait_text '▸ 1 '
	for word; do
		text "$word"
		wait_text " ; $word"
		if [ "$how" = has ]; then
			wait_text "▸ 1 $word"
		else
			wait_gone "1 $word"
		fi
		keys C-u
		wait_text '▸ 1 '
	done
	keys Escape
	wait_gone '▸ 1 '
}
# These texts stand one under another.
in_order() {
	local word at last=0
	for word; do
		at=$(screen | grep -nF -m1 -- "$word" | cut -d: -f1)
		[ -n "$at" ] && [ "$at" -gt "$last" ] || return 1
		last=$at
	done
}
wait_order() {
	tui_until "order: $*" in_order "$@"
}

# ---- an agent ----
stage_start 80 24
feed_file "$dir/feed/idle"
wait_text '▸!10:50'
menu has '回呼  o' '排序  s' '筛选  f' '全号  *' '外呼'
menu lacks '认领  c' '改状态' '认领告警' '播放' '批注' '办结  ^O' '返回'
keys f
wait_text '待办 4 · 按时限 · 今天到期'
keys f
wait_text '待办 2 · 按时限 · 只看回电'
lacks_text '档案转入' || fail 'what was filtered out is shown'
keys f s s
wait_text '待办 4 · 按市民'
wait_order '135****2210' '136****9012' '158****3344' '177****3921'
# the cursor went with its line
wait_text '▸!10:50'
keys Tab
menu has '认领  c' '回呼  o'
keys s f
wait_text '未接来电 2 · 可回呼 · 等得久在前 · 未认领'
wait_order '186****7410' '177****0021'
keys Down c
wait_log 'missed_claim 1'
# nothing is left to do with: neither offered nor done
keys f
wait_text '未接来电 0 · 可回呼 · 等得久在前 · 我的'
menu lacks '回呼  o' '认领  c' '打开'
keys c
wait_text '这里没有可认领的'
keys f
wait_text '未接来电 3'

# help: here first, and why not now
text '?'
wait_text '您现在：● 就绪，光标在：列表'
wait_order '此处' '话机'
text '改状态'
wait_text '/ 改状态'
lacks_text 'state ' || fail "a lead's command in an agent's help"
keys C-u
text 'file'
wait_text '暂不可'
wait_text '本页没有'
keys Escape

# tickets: the office selects, the screen sorts
keys C-t 3
wait_text '我的工单 4 · 按时限'
wait_log 'tickets 1 -'
keys f
wait_log 'tickets 1 done'
wait_text '我的工单 4 · 已办结'
keys f
wait_log 'tickets 0 -'
keys s s s
wait_text '全部工单 4 · 按市民'
wait_order '135****2210' '136****9012' '158****3344' '177****3921'
menu has '批注  m' '关闭  x'
# one call more cannot be made in a call
keys C-t 5
wait_text '未接来电 3 · 可回呼'
keys s s
wait_text '拨得多在前'
wait_order '029****3305' '177****0021' '186****7410'

# ---- a lead ----
tui_restart
stage_start 80 24
feed_file "$dir/feed/lead"
wait_text '▸社保'
menu has '打开' '排序  s'
menu lacks '改状态' '认领告警' '关闭  x' '回呼  o'
keys s
wait_order '医保       2' '社保       1' '人事       0'
keys f
wait_gone '人事       0'
keys f Tab
keys f
wait_text '排队 2 · 未派出'
keys f
wait_text '排队 2 · 超过 15 秒'
keys f Tab
menu has '改状态  e' '排序  s'
wait_text '座席 10 人 · 异常在前'
keys s
wait_text '座席 10 人 · 按编号'
wait_order 'A001 刘洋' 'A002 陈静' 'A008 周倩'
keys f f
wait_text '座席 1 人 · 按编号 · 就绪'
keys f f Tab
wait_text '━ 通话中 1'
menu has '关闭  x'
keys Tab
wait_text '━ 告警 2'
menu has '认领告警  a'
keys f
wait_text '告警 2 · 未认领'
feed '{"event":"alarm.changed","params":{"alarm":{"id":"a2","level":"warn","message":"x","detail":"","since_us":1795488108000000,"taken_by":"L02"}}}'
wait_text '告警 1 · 未认领'

# recordings and what is behind a number
keys C-t 6
feed '{"list":"recordings","reply":{"items":[{"id":"R1","contact":"c1","number":"138****1234","agent":"A023","queue":"med","started_us":1795488000000000,"ms":61000,"state":"closed"},{"id":"R2","contact":"c2","number":"138****1235","agent":"A017","queue":"med","started_us":1795400000000000,"ms":361000,"state":"mended"}]}}'
wait_order R1 R2
keys s
wait_text '录音 2  · 时间长在前'
wait_order R2 R1
keys f
wait_text '录音 1  · 时间长在前 · 今天'
lacks_text R2 || fail 'yesterday among today'
keys f
wait_text '不完整'
wait_gone R1
keys C-t 8
wait_text '━ 告警'
keys Tab
keys Enter
feed '{"list":"contacts","reply":{"items":[{"id":"k1","direction":"in","number":"138****1111","queue":"med","agent":"","arrived_us":1795488000000000,"wait_ms":9000,"result":"abandoned"},{"id":"k2","direction":"in","number":"138****2222","queue":"med","agent":"A017","arrived_us":1795487000000000,"answered_us":1795487020000000,"wait_ms":20000,"talk_ms":60000,"result":"answered"}]}}'
wait_order '138****1111' '138****2222'
keys s
wait_order '138****2222' '138****1111'
keys f
wait_gone '138****1111'
wait_text '接通'

# ---- the bureau watches: no key of a lead does anything ----
tui_restart
stage_start 80 24
sed 's/"roles":"lead"/"roles":"bureau"/' "$dir/feed/lead" >"$tui_dir/bureau"
feed_file "$tui_dir/bureau"
wait_text '▸社保'
keys Tab Tab
wait_text '━ 座席 10 人'
lacks_text 'e 改状态' || fail 'the bureau is offered to change states'
menu lacks '改状态'
keys e
wait_text '! 改状态：您的角色没有此项'
! has_log agent_set || fail 'the bureau changed a state'
