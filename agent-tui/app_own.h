/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What app's own files share: its state, and the few doors between the turn
 * of the loop (app.c) and the commands that are the app's own (app_own.c).
 * Views know app.h alone.
 */
#pragma once

#include "common/libre.h"
#include "agent-tui/app.h"
#include "agent-tui/cmdline.h"
#include "agent-tui/command.h"

#define TABS  10
#define STACK 6
#define NOTES 200

struct stack {
	struct view *v[STACK];
	int n;
};

struct app {
	struct app_prm prm;
	char server[128];
	char host_key[200]; /* in question, "" for none */
	struct client *client;
	struct keys *keys;
	struct cmdline *line;
	struct stack tabs[TABS];
	int tab, kb_from;
	struct view *link; /* shown instead while there is no session */
	struct tmr draw, tick, winch;
	int64_t tick_us; /* when it last ticked */
	int winch_fd[2];
	uint32_t prefix; /* ^P or ^T was pressed */
	bool keypad, on, started;
	char keypad_shown[32];
	char found[80]; /* what / looked for last */
	char pin[16];	/* the screen is covered until this is typed */
	int pin_wrong;
	bool locked;
	struct app_note notes[NOTES];
	uint64_t notes_n, seen_messages;
	bool note_over; /* a key came after an error */
	enum model_state was;
	bool was_ringing;
	unsigned seen;
	uint32_t last_key;
	bool twins;
};

/* The view that has the keys. */
struct view *app_top(const struct app *a);
bool app_go_tab(struct app *a, int digit);
/* Puts a question on the message row. */
void app_ask(struct app *a, const struct cmdline_ask *q);

/* Asks for the code of the covered screen. */
void app_unlock(struct app *a);
/* false: it is none of the app's own, or not possible now. */
bool app_run_own(struct app *a, enum command_id id, const char *arg);
