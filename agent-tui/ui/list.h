/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursor and scroll of a list, kept by object and not by row: when lines are
 * added above, the cursor stays on its object. Owns no lines and draws none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent-tui/ui/row.h"

struct ui_list {
	int n, cur, top, rows;
	char id[64]; /* of the object under the cursor */
};

/* The id of line i. NULL for lines that have none: kept by row then. */
typedef const char *(ui_list_id_h)(int i, void *arg);

/* Before drawing: n lines, `rows` visible. Finds the object again; when it
 * has gone the cursor stays at its height. */
void ui_list_sync(struct ui_list *l, int n, int rows, ui_list_id_h *idh,
		  void *arg);
/* Arrows, j k, g G, Home End, PgUp PgDn. False: not a list key. The cursor's
 * id is what it was until ui_list_hold. */
bool ui_list_key(struct ui_list *l, uint32_t key);
/* Line i as it would be drawn where there is room. */
typedef void(ui_list_line_h)(int i, struct row *r, void *arg);
/* The cursor to the next line with this text (by 1) or the one before (-1),
 * round the end, capitals as small letters. False: no line has it. */
bool ui_list_find(struct ui_list *l, const char *text, int by,
		  ui_list_line_h *lineh, void *arg);
/* Remember the object now under the cursor. */
void ui_list_hold(struct ui_list *l, ui_list_id_h *idh, void *arg);
