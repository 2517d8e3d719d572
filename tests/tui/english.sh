#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The screens in English: no Chinese of ours is left on them, and what is cut
# is cut at words that still say it. Names and words of people stay theirs.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"

stage_start 80 24 en
feed_file "$dir/feed/idle"
golden <<'SCREEN'
 A017 王莹 ●ready 01:05│line 1 00:15!│back 3│alarms 0│net✓ 18ms        10:39:05
[1 Desk] 3 Tickets(4) 4 Knowledge 5 Outbound(3)                     sample data
 ●waiting for calls                                                    headset✓
━ To do 4, by deadline ━━━━━━━━━━━━━━ Enter opens ━┬─ Today ────────────────────
▸!10:50 call 135****2210 赵*  退休预审，补材料     │ Calls 41      talk 02:58
 !11:00 tkt  136****9012 陈*  档案转入，局方已答复 │ Wrap-up 00:34 in 15 s 95%
  11:30 tkt  177****3921 林*  社保卡补换，邮寄进度 │ 医保     wait 0 ready 0 bu…
  14:00 call 158****3344 刘*  异地就医备案未通过，…│ 社保     wait 1 ready 0 bu…
                                                   ├─ Waiting 0 ────────────────
                                                   │ Nobody waits.
                                                   │
                                                   │
                                                   ├─ Sound ────────────────────
                                                   │ Headset ✓
                                                   │ Round trip 18ms  loss 0.0%
                                                   │ Tunnel up 2:14:51
                                                   │ Voice through the tunnel
                                                   ├─ Messages ─────────────────
─ Missed calls 3, to call back ───── o calls back ─┤ No messages.
  10:21 gave up wait 00:38 177****0021 2x  free    │
  10:08 gave up wait 00:52 186****7410 1x  free    │
  09:47 gave up wait 01:12 029****3305 3x  A023    │
 ✓ Ready. Calls do not disturb what you type; F2 answers
 [list] F9 pause F3 knowledge Enter open o call back ; actions           ? help
SCREEN
feed_file "$dir/feed/ring"
golden <<'SCREEN'
 A017 王莹 ◇ringing 00:04│line 1 00:34!!│back 3│alarms 0│net✓ 18ms     10:39:24
[1 Desk] 3 Tickets(4) 4 Knowledge 5 Outbound(3)                     sample data
◇◇ Call 00:00 ◇◇ 138****1234 张* │ 医保 │ waited 00:10 │ 15 s   【 F2 answer 】
─ Citizen ──────────────────────────────┬─ Open 1 ──────────────────────────────
 张* 女士  138****1234  no. 3           │ !T-1120-118 生育津贴进度  A023
 请说慢一点                             │   promised by 12:00  left 1:20  回电
 !11-20 was not satisfied               ├─ Likely questions ────────────────────
─ History 6 ────────────────────────────┤ KB-0415 生育津贴多久到账      ●v3
 11-21 out  生育津贴 回访      A009  ✓  │ KB-0412 生育津贴怎么申领      ●v7 new
 11-20 in   生育津贴 进度      A023  ×  │ KB-0398 产前检查费用报销      ▲v5
 11-12 in   生育津贴 材料      A017  ✓  │
 10-30 in   社保卡 补办        A017  ✓  │
 10-08 in   异地就医 备案      A031  ✓  ├─ Why to you ──────────────────────────
 09-15 in   医保 个人账户      A002  ·  │ 医保 level 3, idle for 01:13
                                        │ In the line 00:10, since arrival 00:21
                                        │ 医保
─ Last summary (11-20 A023) ────────────┼─ At hand ─────────────────────────────
 单位 11-05 已提交，市民问哪天到账；告  │ Nothing is half written.
 知约 20 个工作日。市民说没人给准信。   │  Headset ✓   Voice through the tunnel
                                        │
                                        │
                                        │
 ◇ A call: F2 answers. After 15 s it goes to the next, the citizen keeps the pl…
 [incoming] F2 answer F12 F12 refuse (recorded) Tab next pane            ? help
SCREEN
text '?'
wait_text 'You are'
golden <<'SCREEN'
 A017 王莹 ◇ringing 00:04│line 1 00:34!!│back 3│alarms 0│net✓ 18ms     10:39:24
[1 Desk] 3 Tickets(4) 4 Knowledge 5 Outbound(3)                     sample data
◇◇ Call 00:00 ◇◇ 138****1234 张* │ 医保 │ waited 00:10 │ 15 s   【 F2 answer 】
 You are: ◇ ringing, at: incoming
━ Help ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ type to filter, Enter runs, Esc returns ━
 /
▸here   Tab         next          下一栏 To the next field or pane
        F3     ^P 3 search        检索   To the search and back to where I was
        ;           menu          动作   All that can be done here, numbered
        :           command       命令   Type a command
        *           unmask        显示   Show the number for 30 s; a reason is …
        S-Tab       previous      上一栏 To the field or pane before
 phone  F2     ^P 2 answer        接听   Take the call that is offered to me
        F12    ^P = end           结束   Twice: end the call; while it rings: r…
        F5     ^P 5 mute          静音   My microphone off and on, at once
        F9     ^P 9 after         之后   Ready: pause, the reason is asked. Pau…
 all                ready         就绪   Take calls
                    pause         小休   Take no calls, with a reason
        ^G          hand          举手   Call the lead, or no longer
        Esc         back          返回   One step back; no word is lost
        ^T          tab           换页   To a tab by its digit, from inside a t…
 This terminal: tmux-256color 80x24 256 dark UTF-8   F keys it has sent: -
 ◇ A call: F2 answers. After 15 s it goes to the next, the citizen keeps the pl…
 [help] Enter open Esc back                                              ? help
SCREEN
tui_restart
stage_start 80 24 en
feed_file "$dir/feed/lead"
golden <<'SCREEN'
 L02 赵敏│line 3 00:47!!│back 3│alarms 2!!│net✓ 9ms                    10:42:05
1 Desk 3 Tickets 4 Knowledge 5 Outbound(3) 6 Recordings [8 Wall]    sample data
 ○no listening                                                         headset✓
─ Connect rate, contract/1 ───────┬─ Today ────────────────┬─ On duty ──────────
 month 99.34%  target 99%  ✓      │ in 520 answered 513    │ on duty 9/10
 may miss 420 missed 214 left 206 │ 98.65% ! missed 7      │ ●ready 1 ◇ringing 1
 used █████████░░░░░░░░░ 51%      │ in 15 s 92.7%          │ ◆talking 4 ‖hold 1
 gone 77%  month's end 99.19% ✓   │ mean 00:08 max 01:12   │ ◐wrap-up 1 ○pause 1
━ Queues, agents by what they do ━━━━━━━━━━━━━━━━━━━━━ in today, per half hour ━
 queue   wait  longest  ready ring talk wrap pause  15 s   connect miss
▸社保       1  00:09         0    1    7    1    1  94.4%  99.1% ✓   2 ▃▅▆█▆▆▅▅▄
 医保       2  00:47 !!      0    0   10    1    1  89.7%  98.1% !   4 ▂▄▇█▇█▇██
 人事       0  --:--         1    0    2    1    0  96.0%  98.7% !   1 ▆▆██▆▆█▆▆
─ Waiting 3 ──────────────────────────┬─ Agents 10, exceptional first ──────────
 1 00:47 !! 医保 137****8890 All are …│ A012 孙悦   ◆talking 14:20 !!  hand up …
 2 00:22 !  医保 029****6612 All are …│ A031 何苗   ◐wrap-up 02:40 !!    医保2
 3 00:09    社保 186****4521 ◇ A024   │ A008 周倩   ○小休 15:05 !        社保3
─ Alarms 2 ───────────────────────────┤ A001 刘洋   ◆talking 00:52       社保3
 !! 10:41 A citizen waits too long 医…│ A002 陈静   ‖on hold 00:48       医保3
 !  10:41 An agent is in a call that …│ A011 高远   ◆talking 09:55       社保2
                                      │ A017 王莹   ◆talking 02:41       医保3
                                      │ ↓ 3 more

 [wall] Tab next pane Enter open + zoom s sort f filter ; actions        ? help
SCREEN
