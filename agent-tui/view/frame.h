/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that every screen has and that never move: 1 my state, 2 the tabs,
 * 3 (and 4 on larger ones) the phone, the message row and the hints row.
 */
#pragma once

#include "agent-tui/app.h"

#define FRAME_TABS 10

struct frame_tab {
	int digit;
	const char *name; /* translated */
	int badge;
};

/* Rows of the head at that size: 3 or 4. */
int frame_head_rows(int rows, int cols);
void frame_status(const struct app *a, int y, int w);
void frame_tabs(const struct app *a, int y, int w, const struct frame_tab *v,
		int n, int current);
void frame_phone(const struct app *a, int y, int w, int rows);
/* What my state says when nothing newer is to be said; "" for nothing. */
void frame_standing(const struct app *a, char *out, size_t size);
void frame_message(const struct app *a, int y, int w, const char *text,
		   enum model_level level);
/* Under 80x24: my state, the phone and what to do. */
void frame_small(const struct app *a, int rows, int w);
/* What may follow ^P or ^T, or the keypad (keypad: what was sent). */
void frame_prefix(int y, int w, const char *keypad, bool phone);
void frame_hints(const struct app *a, int y, int w, const char *focus,
		 const struct actions *here);
