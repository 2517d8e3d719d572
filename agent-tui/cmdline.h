/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message row while something is edited or asked there: the `:` line
 * with completion and history, questions by digit, picks, texts, secrets,
 * and "again to do it". Lists grow upwards over the main area, ten rows at
 * most. An answer goes to its handler after the question is gone, so that a
 * handler may ask the next one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent-tui/app.h"

struct cmdline;

enum ask {
	ASK_NONE,
	ASK_DIGIT,
	ASK_PICK,
	ASK_TEXT,
	ASK_SECRET,
	ASK_AGAIN,
	ASK_COMMAND,
};

struct cmdline_ask {
	enum ask kind;
	const char *text;
	const char *initial;
	const struct app_choice *choices;
	int n;
	bool free_text;
	enum command_id again;
	app_answer_h *h;
	void *arg; /* mem_ref object or NULL */
};

int cmdline_alloc(struct cmdline **cp, struct app *a);
/* Replaces what is asked now, which counts as given up. */
void cmdline_ask(struct cmdline *c, const struct cmdline_ask *q);
/* Is this one's answer waited for? */
bool cmdline_asks(const struct cmdline *c, app_answer_h *h);
/* The choices of the pick that is asked are these by now. The cursor stays on
 * its own, which stays in the list even if it is among them no more: Enter
 * must not take another than the one that was read. */
void cmdline_choices(struct cmdline *c, const struct app_choice *v, int n);
enum ask cmdline_kind(const struct cmdline *c);
/* What would do it again, CMD_NONE when that is not asked. */
enum command_id cmdline_again(const struct cmdline *c);
/* True: the key was for the question. */
bool cmdline_key(struct cmdline *c, uint32_t key, bool pasted);
/* Answers with the text as it stands (the same key again). */
void cmdline_accept(struct cmdline *c);
void cmdline_cancel(struct cmdline *c);
/* y: the message row; top: first row that lists may cover. */
void cmdline_draw(struct cmdline *c, int y, int top, int w);
