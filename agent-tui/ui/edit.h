/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text one types: one line (search, command, field) or several (notes).
 * Moves by grapheme, counts by column, never holds bad UTF-8 and no control
 * characters. Undo belongs to the form around it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent-tui/theme.h"

struct ui_edit;

/* A mem_ref object; max_bytes includes the NUL. */
int ui_edit_alloc(struct ui_edit **ep, size_t max_bytes, bool multiline);

const char *ui_edit_text(const struct ui_edit *e);
size_t ui_edit_pos(const struct ui_edit *e);
/* The cursor goes to the end, or to `pos`. */
void ui_edit_set(struct ui_edit *e, const char *text);
void ui_edit_set_at(struct ui_edit *e, const char *text, size_t pos);

/* False: the key is not for a text (Enter in one line, Tab, Esc, F keys, up
 * and down where there is no line to go to). */
bool ui_edit_key(struct ui_edit *e, uint32_t key, bool pasted);

/* Draws in w columns and h lines, scrolled so that the cursor shows; a line
 * scrolled left begins with "‹". With `focus` the terminal's cursor is put. */
void ui_edit_draw(struct ui_edit *e, int y, int x, int w, int h, bool focus);
