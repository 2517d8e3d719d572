#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The lead's wall: the figures, what is behind them, an agent's state and an
# alarm, each change with its reason.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"
stage_start 80 24
feed_file "$dir/feed/lead"
golden <<'SCREEN'
 L02 赵敏│电话 3 等 00:47!!│回呼 3│告警 2!!│网✓ 9ms                    10:42:05
1 座席 3 工单 4 知识 5 外呼(3) 6 录音 [8 监控]                         样例数据
 ○未监听                                                                  耳麦✓
─ 接通率 合同口径 v1 ─────────────┬─ 今天 ─────────────────┬─ 在岗 ─────────────
 本月 99.34%  目标 99%  ✓         │ 进线 520 接通 513      │ 在岗 9/10
 可漏接 420  已漏 214  余 206 通  │ 98.65% ! 漏接 7        │ ●就绪 1 ◇振铃 1
 已用 █████████░░░░░░░░░ 51%      │ 15 秒应答 92.7%        │ ◆通话 4 ‖保持 1
 进度 77%  预计月末 99.19% ✓      │ 平均等 00:08 最长 01:12│ ◐话后 1 ○小休 1
━ 业务 · 座席按当前状态计 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 今天进线 每半小时 ━
 业务      等  最长       就绪 振铃 通话 话后 小休   15秒 接通率    漏
▸社保       1  00:09         0    1    7    1    1  94.4%  99.1% ✓   2 ▃▅▆█▆▆▅▅▄
 医保       2  00:47 !!      0    0   10    1    1  89.7%  98.1% !   4 ▂▄▇█▇█▇██
 人事       0  --:--         1    0    2    1    0  96.0%  98.7% !   1 ▆▆██▆▆█▆▆
─ 排队 3 ─────────────────────────────┬─ 座席 10 人 · 异常在前 ─────────────────
 1 00:47 !! 医保 137****8890 全忙     │ A012 孙悦   ◆通话 14:20 !!  举手 政策拿…
 2 00:22 !  医保 029****6612 全忙     │ A031 何苗   ◐话后 02:40 !!       医保2
 3 00:09    社保 186****4521 ◇ A024   │ A008 周倩   ○小休 15:05 !        社保3
─ 告警 2 ─────────────────────────────┤ A001 刘洋   ◆通话 00:52          社保3
 !! 10:41 市民等待过久 医保 00:47 / 0…│ A002 陈静   ‖保持 00:48          医保3
 !  10:41 座席还挂在已结束的通话里 A0…│ A011 高远   ◆通话 09:55          社保2
                                      │ A017 王莹   ◆通话 02:41          医保3
                                      │ ↓ 还有 3

 [监控] Tab 下一栏 Enter 打开 + 放大 s 排序 f 筛选 ; 动作 : 命令         ? 帮助
SCREEN
wait_log 'wall 1'
# what is behind a queue's figures
keys Down Enter
wait_log 'filter 6 med'
wait_text '今天来电'
keys Escape
wait_text '[监控]'
# the second block: who waits, and why not assigned
keys Tab
keys Enter
wait_log 'contact_open 20261124-80'
keys Escape
# agents: exceptional first, a change needs a reason
keys Tab
keys e
wait_text 'A012 改为'
keys 2
wait_text '事由（留痕）'
text '午餐轮换'
keys Enter
wait_log 'agent_set A012 paused 午餐轮换'
# an alarm is taken in its own pane
keys Tab Tab a
wait_log 'alarm_take a1'
# an agent's key does nothing here and says so
keys 1
wait_text '[1 座席]'
keys 8
wait_text '[8 监控]'
