#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `/` with n and N: in a list to the line, round the end; in an entry to the
# row; and the refusal when there is no such text.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"
at() {
	feed_file "$dir/feed/$1"
}

stage_start 80 24
at idle
wait_text '▸!10:50'
keys n
wait_text ' /'
keys Escape
text '/工单'
keys Enter
wait_text '▸!11:00'
keys n
wait_text '▸ 11:30'
keys n
wait_text '▸!11:00'
keys N
wait_text '▸ 11:30'
# an input method's sign is the same key; nothing found moves nothing
text '／没有这个'
keys Enter
wait_text '! 这里没有：没有这个'
wait_text '▸ 11:30'

# in an entry: a page that cannot show it all
at ring
keys F2
at talk
wait_text '[检索]'
text '生育津贴'
at search
keys C-t 4
wait_text '[4 知识'
text '津贴'
wait_log 'kb_search 津贴'
at search
tmux_ resize-window -x 80 -y 26
keys Tab
wait_text '[阅读]'
text '/改动'
keys Enter
wait_text '20 日改为 20 个工作日'
text '/一句话'
keys Enter
wait_text '【一句话】'
text '/没有的话'
keys Enter
wait_text '! 这里没有：没有的话'
# what continues a paragraph stands further in
tmux_ resize-window -x 84 -y 30
screen | grep -q '^【一句话】' || fail 'a paragraph begins at the edge'
exit 0
