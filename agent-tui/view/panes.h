/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Panes that several screens show: the citizen's card, history, open
 * tickets, the line, likely entries, and the small words for states. Each
 * draws a title line and what fits below it; none keeps a cursor of its own.
 */
#pragma once

#include "agent-tui/model.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/view.h"

/* ---- words ---- */

/* Am I in a call? The office's word for my state decides while it is there,
 * the phone's leg while it is away. */
bool pane_in_call(const struct model *m);
/* A fact's kind in words. */
const char *pane_fact(const char *kind);
/* Since when an agent's state counts. */
int64_t pane_since(const struct model *m, const struct model_agent *g);
/* Why the call came to me, or is not assigned: msgid, or the assigner's
 * figures ("queue=mi level=3 idle_ms=16636") in words. */
void pane_reason(const struct model *m, const char *why, char *out,
		 size_t size);
const char *pane_state_shape(enum model_state st);     /* "●" */
const char *pane_wait_mark(int64_t us);		       /* "", "!", "!!" */
const char *pane_field_name(const char *field);	       /* translated */
const char *pane_ended_by(const struct model_call *c); /* translated */
const char *pane_result(const char *result);	       /* translated */
const char *pane_outcome(const char *outcome);	       /* translated */
const char *pane_ticket_state(const char *state);      /* translated */
const char *pane_ticket_step(const char *what);	       /* translated */
/* Where playback is by now. */
int64_t pane_playback_ms(const struct model *m);
/* "10:42" today, "11-20" else. */
void pane_when(const struct model *m, int64_t us, char *out, size_t size);
/* "Tue" */
const char *pane_weekday(int64_t us);
/* Minutes and hours left, "late 0:12" once past. */
void pane_left(const struct model *m, int64_t until_us, char *out,
	       size_t size);
/* Shape of an entry's state: ● in force, ▲ expiring, ◐ waiting, ○ off. */
const char *pane_entry_shape(const char *state, const char *expires);
bool pane_entry_answerable(const char *state);

/* ---- lines put behind others ---- */

void pane_promise_line(const struct model *m, struct row *r);
void pane_sound_line(const struct model *m, struct row *r);

/* ---- panes ---- */

/* The card that is shown belongs to my call, or to what I write on it. */
bool pane_card_is_mine(const struct model *m);
void pane_card(const struct model *m, struct area a, bool focus);
/* list NULL: no cursor. */
void pane_history(const struct model *m, struct area a, struct ui_list *list,
		  bool focus);
const char *pane_history_id(int i, void *model);
void pane_history_line(int i, struct row *r, void *model);
void pane_open_tickets(const struct model *m, struct area a);
void pane_last_summary(const struct model *m, struct area a);
void pane_likely(const struct model *m, struct area a, struct ui_list *list,
		 bool focus);
const char *pane_likely_id(int i, void *model);
void pane_likely_line(int i, struct row *r, void *model);
void pane_why(const struct model *m, struct area a);
void pane_line(const struct model *m, struct area a, bool focus);
void pane_today(const struct model *m, struct area a);
void pane_notices(const struct app *app, struct area a);
void pane_sound(const struct model *m, struct area a);
void pane_course(const struct model *m, struct area a);

/* Hostile text wrapped into rows; returns the rows used. */
int pane_text(struct area a, enum style st, const char *text, int skip);
/* How many rows pane_text would take. */
int pane_text_rows(const char *text, int w);
/* The same for entries that are read: what continues a paragraph hangs in. */
#define PANE_HANG 2
int pane_prose(struct area a, enum style st, const char *text, int skip,
	       int hang);
int pane_prose_rows(const char *text, int w, int hang);
/* The row that holds a text, by > 0: after row `from`, else before it, and
 * round the end; -1: it stands nowhere. */
struct pane_find {
	const char *text;
	int from, by;
};
int pane_prose_find(const char *text, struct area a, int hang,
		    const struct pane_find *find);
/* A line of several cells; `on` under the cursor. */
void pane_line_row(struct area a, int i, bool on, bool focus,
		   const struct row *r);
/* "nothing here; what next" */
void pane_empty(struct area a, const char *text);
