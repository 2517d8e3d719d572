#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What must hold on every screen: hostile text, cut edges, another size in
# the middle of a call, a window too small, a lost link, an input method, the
# ASCII set, and the terminal given back.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"
at() {
	feed_file "$dir/feed/$1"
}

stage_start 80 24
at idle

# a name with escape, newline, bidi override, joined emoji and combining marks
feed '{"list":"tickets","reply":{"items":[{"id":"T-1","contact":"","number":"138****0000","name":"\u001b[2J","state":"open","agent":"A017","created_us":1795480800000000,"disposition_name":"x","outcome":"callback","summary":"一\n二\u202e三 👨\u200d👩 a\u0301\u0302\u0303 \u009b尾","promise_us":1795488600000000,"promise":"","entries":[],"rev":1}]}}'
wait_text '␛[2J'
wait_text '一↵二‹U+202E›三 [表'
keys Enter
wait_log 'ticket_open T-1'
keys Escape

# full-width signs of an input method are keys outside fields
text '：'
wait_text ':answer'
keys Escape
text '？'
wait_text '输入即筛选'
text '转接'
wait_text 'transfer'
keys Escape
text '中'
wait_text '输入法在中文'

# the menu has every action as a number
text '；'
wait_text '回呼'
keys Escape

# commands: unknown, ambiguous by a letter, in Chinese
text ':nosuch'
keys Enter
wait_text '没有这个命令：nosuch'
text ':小休 用'
keys Enter
wait_log 'pause meal'
# sound devices: listed, chosen, typed
text ':耳麦'
keys Enter
wait_text 'null  没有声音'
text 'null'
keys Enter
wait_log 'device null -'
text ':ring-device alsa,plughw:CARD=PCH'
keys Enter
wait_log 'device - alsa,plughw:CARD=PCH'
keys F9
wait_text '1 小休（14 分）'
keys 2
tui_until 'two pauses' eval '[ "$(grep -c "^pause meal" "$tui_dir/log")" = 2 ]'

# another size while a call is up: focus and words stay
at ring
keys F2
at talk
text '津贴'
tmux_ resize-window -x 160 -y 48
wait_text '查 津贴'
tmux_ resize-window -x 120 -y 32
wait_text '查 津贴'
tmux_ resize-window -x 70 -y 20
wait_text '至少要 80×24'
keys F4
wait_log hold
tmux_ resize-window -x 80 -y 24
wait_text '查 津贴'

# a paste is text, never keys
tmux_ set-buffer "$(printf '补办\n:q')"
tmux_ paste-buffer -p
wait_text '查 津贴补办 :q'
keys C-u
text '津贴'
wait_text '查 津贴'

# the link breaks: said in row 3, nothing that needs the office is queued
feed '{"now":1795487970000000,"link":{"state":"down","down_us":1795487960000000}}'
wait_text '!! 断线 00:10 重连中，市民听到安抚音'
text '到账'
wait_text '查 津贴到账'
feed '{"link":{"state":"up","rtt_us":9000,"up_us":1795487970000000}}'
wait_gone '断线'

# whom to hand the call to: who is there comes while it is asked, and what the
# cursor stands on stays, whoever comes or goes
who() { # ID NAME STATE
	feed '{"event":"agent.changed","params":{"agent":{"id":"'"$1"'","name":"'"$2"'","state":"'"$3"'"}}}'
}
keys F6
wait_log_line 'choose 1'
who A020 陈静 ready
who A022 赵倩 talking
wait_text '1 A020 陈静'
keys Down
wait_text '▸ 2 A022 赵倩'
who A020 陈静 offline
wait_text '▸ 1 A022 赵倩'
who A020 陈静 ready
wait_text '▸ 2 A022 赵倩'
who A019 李敏 ready
who A022 赵倩 offline
wait_text ' 2 A019 李敏'
wait_text '▸ 6 A022 赵倩'
who A022 赵倩 ready
wait_text '▸ 2 A022 赵倩  就绪'
keys Enter
wait_log_line 'transfer A022'
wait_log_line 'choose 0'

# leaving is refused in a call, with the reason
keys C-t
wait_text '按页号'
keys 3
wait_text '[3 工单'
text ':签退'
keys Enter
wait_text '没有签退：您在通话中'

# covered: the phone works, nothing is shown
text ':锁屏'
keys Enter
text '1234'
keys Enter
wait_text '屏幕已遮住'
lacks_text 'T-1 ' || fail 'covered and readable'
keys x
wait_text '解锁码'
text '9999'
keys Enter
wait_text '解锁码不对'
keys x
text '1234'
keys Enter
wait_text '[3 工单'

# the terminal comes back as it was
feed '{"quit":true}'
wait_log 'exit=0'
