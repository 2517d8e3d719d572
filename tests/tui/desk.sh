#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The agent's desk through a call: what is on the screen in each state, and
# what each key asks the office for. The clock stands, so that every line is
# literal.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"
at() {
	feed_file "$dir/feed/$1"
}

stage_start 80 24
at idle
golden <<'SCREEN'
 A017 王莹 ●就绪 01:05│电话 1 等 00:15!│回呼 3│告警 0│网✓ 18ms         10:39:05
[1 座席] 3 工单(4) 4 知识 5 外呼(3)                                    样例数据
 ●等待来电                                                                耳麦✓
━ 待办 4 · 按时限 ━━━━━━━━━━━━━━━━━━━━ Enter 打开 ━┬─ 今天 ─────────────────────
▸!10:50 回电 135****2210 赵*  退休预审，补材料     │ 已接 41       均话 02:58
 !11:00 工单 136****9012 陈*  档案转入，局方已答复 │ 话后均 00:34  15秒应答 95%
  11:30 工单 177****3921 林*  社保卡补换，邮寄进度 │ 医保     等 0 就绪 0 通话 …
  14:00 回电 158****3344 刘*  异地就医备案未通过，…│ 社保     等 1 就绪 0 通话 7
                                                   ├─ 排队 0 ───────────────────
                                                   │ 没有人排队。
                                                   │
                                                   │
                                                   ├─ 声音 ─────────────────────
                                                   │ 耳麦 ✓
                                                   │ 往返 18ms  丢包 0.0%
                                                   │ 隧道 已连 2:14:51
                                                   │ 语音 走隧道
                                                   ├─ 消息 ─────────────────────
─ 未接来电 3 · 可回呼 ──────────────────── o 回呼 ─┤ 没有消息。
  10:21 放弃 等 00:38 177****0021 拨 2 次  未认领  │
  10:08 放弃 等 00:52 186****7410 拨 1 次  未认领  │
  09:47 放弃 等 01:12 029****3305 拨 3 次  A023    │
 ✓ 已就绪。来电不会打断正在输入的内容，按 F2 接听。
 [列表] F9 小休 F3 知识 Enter 打开 o 回呼 ; 动作 Tab 下一栏 : 命令       ? 帮助
SCREEN

# nothing moves but row 3 and main; the cursor is nowhere else
at ring
golden <<'SCREEN'
 A017 王莹 ◇振铃 00:04│电话 1 等 00:34!!│回呼 3│告警 0│网✓ 18ms        10:39:24
[1 座席] 3 工单(4) 4 知识 5 外呼(3)                                    样例数据
◇◇ 来电 00:00 ◇◇ 138****1234 张* │ 医保 │ 排队 00:10 │ 余 15 秒   【 F2 接听 】
─ 市民 ─────────────────────────────────┬─ 未办结 1 ────────────────────────────
 张* 女士  138****1234  30 天第 3 次来电│ !T-1120-118 生育津贴进度  A023
 请说慢一点                             │   承诺 12:00 前  余 1:20  回电
 !11-20 评价不满意                      ├─ 可能要问（按往来和热点） ────────────
─ 往来 6 ───────────────────────────────┤ KB-0415 生育津贴多久到账      ●v3
 11-21 外呼 生育津贴 回访      A009  ✓  │ KB-0412 生育津贴怎么申领      ●v7 新
 11-20 电话 生育津贴 进度      A023  ×  │ KB-0398 产前检查费用报销      ▲v5
 11-12 电话 生育津贴 材料      A017  ✓  │
 10-30 电话 社保卡 补办        A017  ✓  │
 10-08 电话 异地就医 备案      A031  ✓  ├─ 为什么派给您 ────────────────────────
 09-15 电话 医保 个人账户      A002  ·  │ 医保 3 级，空闲最久 01:13
                                        │ 排队 00:10，进线 00:21（含提示音）
                                        │ 医保
─ 上次摘要（11-20 A023） ───────────────┼─ 手头 ────────────────────────────────
 单位 11-05 已提交，市民问哪天到账；告  │ 没有写了一半的。
 知约 20 个工作日。市民说没人给准信。   │  耳麦 ✓   语音 走隧道
                                        │
                                        │
                                        │
 ◇ 来电：F2 接听。15 秒不接转下一位，市民位置不变，您转为小休（未接）。
 [来电] F2 接听 F12 F12 拒接（留痕） Tab 下一栏 F3 知识 ; 动作 : 命令    ? 帮助
SCREEN
keys F12
wait_text '再按 F12 拒接 138****1234'
keys Escape
wait_gone '再按 F12'
! has_log refuse || fail "one F12 refused"
keys F2
wait_log answer
wait_text '接听中 …'

at talk
wait_text '[检索]'
text '生育津贴 多久到账'
wait_log 'kb_search 生育津贴 多久到账'
at search
golden <<'SCREEN'
 A017 王莹 ◆通话 00:00│电话 1 等 00:34!!│回呼 3│告警 0│网✓ 18ms        10:39:24
[1 座席] 3 工单(4) 4 知识 5 外呼(3)                                    样例数据
◆通话 00:00 138****1234 张*│●录│我▃▅▆▂ 民▅▇█▅│音✓4.2       F4保持 F5静音 F6转接
─ 市民 ────────────────────┬━ 知识 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 5 条 8 毫秒 ━
 张* 女士  138****1234     │ 查 生育津贴 多久到账
 请说慢一点                │▸KB-0415 生育津贴多久到账                       ●v3
 !11-20 评价不满意         │ KB-0412 生育津贴怎么申领                       ●v7
─ 往来 6 ──────────────────┤ KB-0420 生育津贴按什么基数算                   ●v4
 11-21 外呼 生育津贴  … ✓  │ KB-0398 产前检查费用报销                       ▲v5
 11-20 电话 生育津贴  … ×  │ KB-0433 灵活就业能领生育津贴            ◐v1 不可答
 11-12 电话 生育津贴  … ✓  ├─ KB-0415 v3 ● 生育津贴多久到账 ───────── PgDn 1/2 ─
 10-30 电话 社保卡 补办 ✓  │【一句话】审核通过后约 20 个工作日拨到单位账户，由
─ 未办结 1 ────────────────┤  单位发给本人。
 !T-1120-118 生育津贴进度 …│【先问清】1) 单位办还是个人办  2) 哪天提交的
   承诺 12:00 前  余 1:20 …│  3) 在大厅还是网上提交的
─ 本次工单 ────────────────┤【查进度】线上：医保公共服务平台→我的办件→进度；
 业务 —                    │  大厅：带身份证到医保窗口。
 结果 —                    │【追问】比工资少怎么办 → KB-0420
 知识 —                    │  材料缺一样怎么办 → KB-0412 第 3 节
 摘要 —                    │【不要说】具体到账日；不评价单位发放快慢。
 承诺 无                   │【依据】样例文号〔2025〕12 号 第 9 条
  !还缺 业务               │【微信短版】96 字，已确认，在微信里可直接放入

 [检索] Enter 采用 Tab 下一栏 F3 返回 F12 F12 结束 ^G 举手 F9 之后       ? 帮助
SCREEN
keys Enter
wait_log 'kb_adopt KB-0415'
wait_log 'draft_set outcome answered'
wait_log 'draft_set disposition med.maternity.pay'
# what is not in force can be read, not adopted
keys Down Down Down Down
wait_log 'kb_open KB-0433'
keys Enter
wait_text 'KB-0433 未生效'
! has_log 'kb_adopt KB-0433' || fail "adopted what is not in force"
keys F4
wait_log hold
keys F5
wait_log 'mute 1'
wait_text '!静音'
keys F5
wait_log 'mute 0'
# leaving is refused in a call
keys C-t 8
keys Tab
wait_text '[表单]'
keys F3
wait_text '[检索]'
# the card of the citizen in the call, from its pane
keys BTab
wait_text '[列表]'
keys i
wait_text '改哪项'
keys 4
wait_text '名片上写'
keys '周三后再打' Enter
wait_log 'citizen_update note 周三后再打'
keys Tab
wait_text '[检索]'

keys F12
wait_text '再按 F12 结束与 138****1234 的通话'
! has_log hangup || fail "one F12 hung up"
keys F12
wait_log hangup

at wrapup
golden <<'SCREEN'
 A017 王莹 ◐话后 00:12│电话 1 等 05:22!!│回呼 3│告警 0│网✓ 18ms        10:44:12
[1 座席] 3 工单(4) 4 知识 5 外呼(3)                                    样例数据
◐话后 00:12/01:00 138****1234 张*│通话 04:36│您结束
━ 工单 T-1124-067 ━━━━━━━━━━━━━━ 草稿已存 10:44:12 ━┬─ 本次经过 ────────────────
*业务 医疗保险/生育待遇/生育津贴                    │ 10:39:03 进线，录音告知
*结果 [1 当场答复] 2 回电 3 问局方 4 转办 5 无效    │ 10:39:18 排队 医保
*摘要 咨询生育津贴多久到账。                        │ 10:39:24 等 00:06 接听
                                                    │    ✓ 采用 KB-0412 v7
                                                    │    ✓ 采用 KB-0415 v3
                                                    │ 10:44:00 您结束
 知识 KB-0412 v7 ✓  KB-0415 v3 ✓                    │
 关联 [ ]T-1120-118 一并办结（原承诺 12:00）        │
 诉求              来电人            称呼           ├─ 未办结 1 ────────────────
 承诺 何时           何事 （结果选 2、3 时必填：何 …│ !T-1120-118 生育津贴进度 …
 标记 [ ]保密  [ ]舆情  [ ]难点  [ ]热点候选        │   承诺 12:00 前  余 1:15 …
 之后 [1 就绪] 2 小休 3 用餐 4 培训 5 会议          │
                                                    ├─ 排队 0 ──────────────────
  ✓业务 ✓结果 ✓摘要    必填已齐                     │ 没有人排队。
                                                    │
                                                    │
                                                    │
                                                    │
 ◐ 通话结束。工单已齐，按 F9 办结并按「之后」走。             草稿已存 10:44:12
 [表单] F9 办结并继续 Tab 下一栏 ^O 办结 ^Z 撤销 Esc 返回 F3 知识        ? 帮助
SCREEN
# typed words go to the draft, ^Z takes them back, wide characters and all
text '，谢谢'
wait_log 'draft_set summary 咨询生育津贴多久到账。，谢谢'
keys C-z
wait_gone '，谢谢'
keys F9
wait_log ticket_file
feed '{"draft":{"filed":true}}'
wait_log_line ready

# A call back: nothing that was looked up for the last one stays, the hold
# does not start the talk anew, and F12 asks from the first moment.
tui_restart
stage_start 80 24
at idle
at ring
at talk
at search
wait_text 'KB-0415 v3'
at wrapup
me() { # STATE SINCE
	feed '{"event":"agent.changed","params":{"agent":{"id":"A017","name":"王莹","state":"'"$1"'","since_us":'"$2"',"online":true,"phone":true,"contact":"20261124-90"}}}'
}
out() { # STATE ANSWERED
	feed '{"event":"me.call","params":{"call":{"contact":"20261124-90","direction":"out","number":"135****2210","state":"'"$1"'","agent":"A017","arrived_us":1795488290000000,"answered_us":'"$2"',"held_us":0}}}'
}
feed '{"now":1795488290000000}'
me ready 1795488289000000
me offered 1795488290000000
out ringing 0
wait_text '◇呼叫'
wait_log_line kb_close
wait_gone 'KB-0415 v3'
me talking 1795488295000000
out talking 1795488295000000
keys F12
wait_text '再按 F12 结束与 135****2210 的通话'
keys Escape
me talking 1795488340000000
feed '{"now":1795488355000000}'
wait_text '王莹 ◆通话 01:00'
