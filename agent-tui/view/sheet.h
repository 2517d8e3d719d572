/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ticket as a form: what is typed goes to the draft at once, what the
 * server fills in (entries, numbers) comes back into the form. Used in
 * wrap-up, beside the call, and for a draft opened later.
 */
#pragma once

#include "agent-tui/ui/form.h"
#include "agent-tui/view/view.h"

struct sheet;

int sheet_alloc(struct sheet **sp, struct app *a);
/* Takes over what the model has. */
void sheet_event(struct sheet *s, unsigned mask);
enum ui_form_took sheet_key(struct sheet *s, uint32_t key, bool pasted);
bool sheet_undo(struct sheet *s);
/* Cursor to the first required field that is empty; false: none is. */
bool sheet_to_missing(struct sheet *s);
void sheet_focus(struct sheet *s, const char *field);
/* Files it, or goes to what is missing. */
/* only: and wrap-up goes on. */
void sheet_file(struct sheet *s, bool only);
void sheet_draw(struct sheet *s, struct area a, bool focus);
/* A few lines of it beside the search. */
void sheet_brief(struct sheet *s, struct area a);

/* "15:30", "11-26 10:00", "2026-11-26 10:00" from now on. EBADMSG. */
int sheet_parse_when(int64_t *us, const char *text, int64_t now_us);
