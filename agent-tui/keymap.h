/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of commands. Keys, `:` names and their completion, the `;`
 * menu, the hints row and the help screen are all made from it, so that none
 * of them can say what another does not do. What a command does is said in
 * app.c (everywhere) or in a view's request().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent-tui/keys.h"
#include "common/proto.h"

/* Where a key means its command: what has the focus. Bits. */
enum where {
	AT_LIST = 1,   /* a list: letters are commands */
	AT_FORM = 2,   /* a form: letters are words */
	AT_SEARCH = 4, /* the search line */
	AT_READ = 8,   /* a text that is read */
	AT_PLAYER = 16,
	AT_TEXT = AT_FORM | AT_SEARCH,
	AT_ANY = 31,
	/* not a place: a command that exists only where a view takes it */
	BY_VIEW = 32,
};

/* X(id, English name, Chinese name, key, key after ^P, where, roles, label,
 *   help); key 0: none of its own */
#define COMMANDS(X)                                                           \
	X(ANSWER, "answer", "接听", K_F(2), '2', AT_ANY, MAY_AGENT,           \
	  N_("answer"), N_("Take the call that is offered to me"))            \
	X(END, "end", "结束", K_F(12), '=', AT_ANY, MAY_AGENT, N_("end"),     \
	  N_("Twice: end the call; while it rings: refuse it (recorded)"))    \
	X(HOLD, "hold", "保持", K_F(4), '4', AT_ANY, MAY_AGENT, N_("hold"),   \
	  N_("The citizen hears music; again: back to the citizen"))          \
	X(MUTE, "mute", "静音", K_F(5), '5', AT_ANY, MAY_AGENT, N_("mute"),   \
	  N_("My microphone off and on, at once"))                            \
	X(TRANSFER, "transfer", "转接", K_F(6), '6', AT_ANY, MAY_AGENT,       \
	  N_("transfer"), N_("Hand the call to a person or a queue"))         \
	X(KEYPAD, "keypad", "按键", 0, '0', AT_ANY, MAY_AGENT, N_("keypad"),  \
	  N_("Send digits to the far side"))                                  \
	X(DIAL, "dial", "外呼", 0, '-', AT_ANY, MAY_AGENT, N_("dial"),        \
	  N_("Call a number; its purpose is asked"))                          \
	X(STATE, "after", "之后", K_F(9), '9', AT_ANY, MAY_AGENT,             \
	  N_("ready / pause / file"),                                         \
	  N_("Ready: pause, the reason is asked. Paused: ready. In a call: "  \
	     "what follows it. In wrap-up: file and go on"))                  \
	X(READY, "ready", "就绪", 0, 0, AT_ANY, MAY_AGENT, N_("ready"),       \
	  N_("Take calls"))                                                   \
	X(PAUSE, "pause", "小休", 0, 0, AT_ANY, MAY_AGENT, N_("pause"),       \
	  N_("Take no calls, with a reason"))                                 \
	X(KB, "search", "检索", K_F(3), '3', AT_ANY, MAY_ANY,                 \
	  N_("knowledge"), N_("To the search and back to where I was"))       \
	X(HAND, "hand", "举手", K_CTRL('g'), 0, AT_ANY, MAY_AGENT,            \
	  N_("raise hand"), N_("Call the lead, or no longer"))                \
	X(FILE, "file", "办结", K_CTRL('o'), 0, AT_ANY | BY_VIEW, MAY_AGENT,  \
	  N_("file"), N_("Submit or save what is open here"))                 \
	X(EXTEND, "extend", "延时", K_CTRL('e'), 0, AT_ANY, MAY_AGENT,        \
	  N_("30 s more"), N_("Thirty more seconds of wrap-up"))              \
	X(UNDO, "undo", "撤销", K_CTRL('z'), 0, AT_ANY | BY_VIEW, MAY_ANY,    \
	  N_("undo"), N_("Take back the last change"))                        \
	X(OPEN, "open", "打开", K_ENTER, 0, AT_ANY | BY_VIEW, MAY_ANY,        \
	  N_("open"), N_("Open or accept what is under the cursor"))          \
	X(NEXT_PANE, "next", "下一栏", K_TAB, 0, AT_ANY | BY_VIEW, MAY_ANY,   \
	  N_("next pane"), N_("To the next field or pane"))                   \
	X(PREV_PANE, "previous", "上一栏", K_BACKTAB, 0, AT_ANY | BY_VIEW,    \
	  MAY_ANY, N_("previous pane"), N_("To the field or pane before"))    \
	X(BACK, "back", "返回", K_ESC, 0, AT_ANY, MAY_ANY, N_("back"),        \
	  N_("One step back; no word is lost"))                               \
	X(CALLBACK, "callback", "回呼", 'o', 0, AT_LIST | BY_VIEW, MAY_AGENT, \
	  N_("call back"), N_("Call the number in this line"))                \
	X(CLAIM, "claim", "认领", 'c', 0, AT_LIST | BY_VIEW, MAY_AGENT,       \
	  N_("claim"), N_("I look after this one"))                           \
	X(CLOSE, "close", "销号", 'x', 0, AT_LIST | BY_VIEW, MAY_DESK,        \
	  N_("close"), N_("Take it off the list, with its outcome"))          \
	X(UNMASK, "unmask", "显示", '*', 0, AT_LIST | AT_READ | BY_VIEW,      \
	  MAY_DESK, N_("full number"),                                        \
	  N_("Show the number for 30 s; a reason is asked and recorded"))     \
	X(CARD, "card", "名片", 'i', 0, AT_LIST, MAY_AGENT, N_("edit card"),  \
	  N_("Name, title, preferences or note of the citizen of my call"))   \
	X(NOTE, "note", "批注", 'm', 0, AT_LIST | AT_READ | BY_VIEW,          \
	  MAY_DESK, N_("note"), N_("Add a line to this ticket"))              \
	X(SORT, "sort", "排序", 's', 0, AT_LIST | BY_VIEW, MAY_ANY,           \
	  N_("sort"), N_("Another order"))                                    \
	X(FILTER, "filter", "筛选", 'f', 0, AT_LIST | BY_VIEW, MAY_ANY,       \
	  N_("filter"), N_("Another selection"))                              \
	X(SET_STATE, "state", "改状态", 'e', 0, AT_LIST | BY_VIEW, MAY_LEAD,  \
	  N_("set state"), N_("Change this agent's state, with a reason"))    \
	X(TAKE_ALARM, "take", "接警", 'a', 0, AT_LIST | BY_VIEW, MAY_LEAD,    \
	  N_("take alarm"), N_("I look after this alarm"))                    \
	X(PLAY, "play", "播放", ' ', 0, AT_PLAYER | BY_VIEW, MAY_REVIEW,      \
	  N_("play / rest"), N_("Play on, or rest"))                          \
	X(BACKWARD, "backward", "退", K_LEFT, 0, AT_PLAYER | BY_VIEW,         \
	  MAY_REVIEW, N_("5 s back"), N_("Five seconds back"))                \
	X(FORWARD, "forward", "进", K_RIGHT, 0, AT_PLAYER | BY_VIEW,          \
	  MAY_REVIEW, N_("5 s on"), N_("Five seconds on"))                    \
	X(ZOOM, "zoom", "放大", '+', 0, AT_LIST | AT_READ | BY_VIEW, MAY_ANY, \
	  N_("zoom"), N_("This pane alone, and back"))                        \
	X(TAB, "tab", "换页", K_CTRL('t'), 0, AT_ANY, MAY_ANY, N_("tab"),     \
	  N_("To a tab by its digit, from inside a text too"))                \
	X(MENU, "menu", "动作", ';', 0, AT_LIST | AT_READ | AT_PLAYER,        \
	  MAY_ANY, N_("actions"), N_("All that can be done here, numbered"))  \
	X(COMMAND, "command", "命令", ':', 0, AT_LIST | AT_READ | AT_PLAYER,  \
	  MAY_ANY, N_("command"), N_("Type a command"))                       \
	X(HELP, "help", "帮助", '?', 0, AT_LIST | AT_READ | AT_PLAYER,        \
	  MAY_ANY, N_("help"), N_("All keys and commands"))                   \
	X(FIND, "find", "查找", '/', 0, AT_LIST | AT_READ | AT_PLAYER,        \
	  MAY_ANY, N_("find"), N_("Find a text in this list or page"))        \
	X(FIND_NEXT, "find-next", "下一处", 'n', 0,                           \
	  AT_LIST | AT_READ | AT_PLAYER, MAY_ANY, N_("find next"),            \
	  N_("To the next place with what was found"))                        \
	X(FIND_PREV, "find-previous", "上一处", 'N', 0,                       \
	  AT_LIST | AT_READ | AT_PLAYER, MAY_ANY, N_("find previous"),        \
	  N_("To the place before with what was found"))                      \
	X(CLOSE_VIEW, "close-view", "关闭", 'q', 0,                           \
	  AT_LIST | AT_READ | AT_PLAYER, MAY_ANY, N_("close"),                \
	  N_("Close what is open here, never the program"))                   \
	X(PHONE_KEYS, "phone-keys", "话机", K_CTRL('p'), 0, AT_ANY,           \
	  MAY_AGENT, N_("phone"),                                             \
	  N_("Then the key under an F key: that F key"))                      \
	X(REDRAW, "redraw", "重画", K_CTRL('l'), 0, AT_ANY, MAY_ANY,          \
	  N_("redraw"), N_("Draw the screen anew"))                           \
	X(TICKET, "ticket", "工单", 0, 0, AT_ANY, MAY_DESK, N_("ticket"),     \
	  N_("Open a ticket by its number, or my tickets"))                   \
	X(ENTRY, "kb", "知识", 0, 0, AT_ANY, MAY_ANY, N_("entry"),            \
	  N_("Read a knowledge entry by its number"))                         \
	X(CITIZEN, "citizen", "市民", 0, 0, AT_ANY, MAY_DESK, N_("citizen"),  \
	  N_("Card and history of a number"))                                 \
	X(CONTACT, "contact", "来电", 0, 0, AT_ANY, MAY_DESK, N_("contact"),  \
	  N_("All that happened to one call"))                                \
	X(RECORDINGS, "recording", "录音", 0, 0, AT_ANY, MAY_REVIEW,          \
	  N_("recordings"), N_("Recordings, of an agent or a number"))        \
	X(MESSAGES, "messages", "消息", 0, 0, AT_ANY, MAY_ANY,                \
	  N_("messages"), N_("What has been said here"))                      \
	X(ALARMS, "alarms", "告警", 0, 0, AT_ANY, MAY_ANY, N_("alarms"),      \
	  N_("Alarms now"))                                                   \
	X(THEME, "theme", "主题", 0, 0, AT_ANY, MAY_ANY, N_("theme"),         \
	  N_("light or dark"))                                                \
	X(KEYS, "keys", "测键", 0, 0, AT_ANY, MAY_ANY, N_("keys"),            \
	  N_("Which keys this terminal really sends"))                        \
	X(DEVICE, "device", "耳麦", 0, 0, AT_ANY, MAY_ANY, N_("headset"),     \
	  N_("Choose the headset among the sound devices"))                   \
	X(RINGER, "ring-device", "响铃", 0, 0, AT_ANY, MAY_ANY,               \
	  N_("second ringer"), N_("Choose a second device that rings too"))   \
	X(LOCK, "lock", "锁屏", 0, 0, AT_ANY, MAY_ANY, N_("lock"),            \
	  N_("Cover the screen; a code of your choice opens it"))             \
	X(RETRY, "reconnect", "重连", 0, 0, AT_ANY, MAY_ANY, N_("reconnect"), \
	  N_("Try the connection again at once"))                             \
	X(QUIT, "quit", "签退", 0, 0, AT_ANY, MAY_ANY, N_("sign out"),        \
	  N_("Sign out and leave; refused in a call"))

enum command_id {
#define COMMAND_ID(id, ...) CMD_##id,
	COMMANDS(COMMAND_ID)
#undef COMMAND_ID
		CMD_N,
	CMD_NONE = CMD_N,
};

struct command {
	enum command_id id;
	const char *name, *name_zh;
	uint32_t key;
	char twin; /* after ^P */
	unsigned where, may;
	const char *label, *help; /* msgids */
};

extern const struct command commands[CMD_N];

/* What can be done in one place, most used first, each once. */
struct actions {
	enum command_id v[CMD_N + 1]; /* CMD_NONE ends */
	int n;
};

/* list: CMD_NONE ends. */
void actions_add(struct actions *a, const enum command_id *list);
#define ACTIONS(a, ...) \
	actions_add(a, (const enum command_id[]){__VA_ARGS__, CMD_NONE})
bool actions_have(const struct actions *a, enum command_id id);

/* The command of a key there, CMD_NONE for none. */
enum command_id keymap_key(uint32_t key, unsigned where, unsigned roles);
/* The command of the key after ^P. */
enum command_id keymap_twin(uint32_t key);
/* "F2" or, with `twins`, "^P 2"; "" for a command without a key. */
void keymap_name(char *out, size_t size, enum command_id id, bool twins);

/* A `:` word: full name, or a prefix that only one command has; English or
 * Chinese. CMD_NONE: none, or several. */
enum command_id keymap_word(const char *word, size_t len, unsigned roles);
/* The k-th command that a word begins, for completion; CMD_NONE past it. */
enum command_id keymap_complete(const char *word, size_t len, unsigned roles,
				int k);
