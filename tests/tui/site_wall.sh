#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The lead's wall beside a running call, and its recording with a reason.
#   site_wall.sh BUILD
. "$(dirname "$0")/site_lib.sh"
tui_site "$1"
site_known_hosts >"$site/home/known_hosts"
test_person L01 赵敏 lead,agent si=1

step 'the wall shows who is there'
station desk A001 80 24 --ready
wait_row 1 '●就绪'
station wall L01 160 48
wait_text '[8 监控]'
wait_like '王莹 *●就绪'
wait_text '社会保险'
shot wall-idle

step 'a call: the agent talks, with the time, and calls the lead'
citizen c1 13800001234 --talk 300000
on desk
wait_row 3 '◇◇ 来电'
keys F2
wait_row 1 '◆通话'
on wall
wait_like '王莹 *◆通话 00:0'
on desk
text '生育津贴 多久'
wait_text '▸KB-0415'
keys Enter
wait_text '已采用 KB-0415'
keys C-g
on wall
wait_text '举手'
shot wall-hand
resize 80 24
wait_like '王莹 *◆通话'
wait_text '举手'
shot wall-narrow
resize 160 48

step 'Enter opens what is behind a number, to the timeline of one call'
keys Enter
wait_text '138****1234'
shot wall-behind
keys Enter
shot wall-timeline
wait_text '━ 来电 20'
wait_like 'answered\|接通'
keys q
keys q
wait_text '[8 监控]'

step 'the recording that runs is in the list'
on wall
keys 6
wait_like '138\*\*\*\*1234.*●录制中'
wait_text '录音 1'

step 'the call ends'
on desk
tui_until 'a recording worth playing' row_has 3 '通话 00:08'
keys F12
wait_text '再按 F12'
keys F12
wait_row 1 '◐话后'

step 'the list of recordings looks again by itself, and finds the next one'
on wall
wait_like '138\*\*\*\*1234.*✓完整'
on desk
keys C-o
wait_text '✓ 已办结'
wait_row 1 '◐话后'
keys F9
wait_row 1 '●就绪'
citizen c2 13800005678 --talk 300000
wait_row 3 '◇◇ 来电'
keys F2
wait_row 3 '●录'
keys F12
wait_text '再按 F12'
keys F12
wait_row 1 '◐话后'
on wall
wait_text '录音 2'
wait_like '138\*\*\*\*5678.*✓完整'

step 'a recording is played for a reason'
text '/1234'
keys Enter
wait_like '▸.*138\*\*\*\*1234'
shot wall-recordings
keys Enter
wait_text '事由'
shot wall-reason
keys 1
wait_row 3 '►'
keys Space
wait_row 3 '‖'
keys Right
keys Space
wait_row 3 '►'
shot wall-playing
keys F12
tui_until stopped eval '! row_has 3 ►'
expect 'who heard it, and why, is a fact' eval "site_ctl fact list --json |
	grep -q '\"recording.played\"'"
facts_have_words
