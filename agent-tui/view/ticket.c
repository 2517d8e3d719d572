/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: the list by deadline, and one ticket with all that happened to
 * it. A ticket that is still a draft opens as its form.
 */
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"
#include "agent-tui/view/sheet.h"
#include "agent-tui/view/sift.h"

/* Selections of the list; the office does them, it has all the pages. */
static const struct {
	bool mine;
	const char *state; /* NULL: what is to be done */
	const char *title;
} filters[] = {
	{true, NULL, N_("My tickets %d")},
	{true, "done", N_("My tickets %d, done")},
	{false, NULL, N_("All tickets %d")},
	{false, "done", N_("All tickets %d, done")},
};

struct ticket {
	char id[MODEL_ID]; /* "" : the list */
	struct ui_list list;
	struct sift sift;
	size_t filter;
	int skip;
	struct sheet *sheet; /* a draft being finished */
};

static const struct model_ticket *at(struct view *v, int place)
{
	struct ticket *s = v->state;
	const struct model *m = app_model(v->app);
	int i = sift_at(&s->sift, place);

	return i >= 0 && i < (int)m->tickets.n ? &m->tickets.v[i] : NULL;
}

static const char *id_of(int i, void *arg)
{
	const struct model_ticket *t = at(arg, i);

	return t ? t->id : "";
}

static void ask_list(struct view *v)
{
	struct ticket *s = v->state;

	client_tickets(app_client(v->app), filters[s->filter].mine,
		       filters[s->filter].state);
}

static int ticket_open(struct view *v, const char *arg)
{
	struct ticket *s = v->state;

	utf8_copy(s->id, sizeof(s->id), arg);
	if (s->id[0])
		return client_ticket_open(app_client(v->app), s->id), 0;
	s->sift.of = SIFT_TICKETS;
	sift_build(&s->sift, app_model(v->app));
	ask_list(v);
	return 0;
}

static void ticket_close(struct view *v)
{
	struct ticket *s = v->state;

	mem_deref(s->sheet);
}

/* ---- the list ---- */

static void list_row(const struct model *m, const struct model_ticket *t,
		     int w, struct row *r)
{
	char when[16];
	bool late = t->promise_us && t->promise_us < model_now_us(m);

	row_init(r);
	pane_when(m, t->promise_us ? t->promise_us : t->created_us, when,
		  sizeof(when));
	row_add(r, "%s%s ", late ? "!" : " ", when);
	row_cell(r, 13, t->id);
	row_cell(r, 9, pane_ticket_state(t->state));
	row_hostile(r, 12, model_number(m, t->id, t->number));
	row_hostile(r, 7, t->name);
	if (w >= 120)
		row_cell(r, 6, t->agent);
	if (w >= 120)
		row_hostile(r, 30, t->disposition_name);
	row_hostile(r, 0, *t->summary ? t->summary : t->disposition_name);
}

static void draw_list(struct view *v, struct area a)
{
	struct ticket *s = v->state;
	const struct model *m = app_model(v->app);
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[160], words[80];
	struct row r;

	sift_build(&s->sift, m);
	sift_words(&s->sift, words, sizeof(words));
	snprintf(title, sizeof(title), tr(filters[s->filter].title),
		 s->sift.n);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(a.y, a.x, a.w, true, title, _("f mine, all, done"));
	if (!s->sift.n)
		pane_empty(a, m->tickets.page.loading ? "…" : _("No ticket."));
	ui_list_sync(&s->list, s->sift.n, b.h, id_of, v);
	for (int i = 0; i < b.h && s->list.top + i < s->sift.n; i++) {
		int k = s->list.top + i;
		list_row(m, at(v, k), a.w, &r);
		pane_line_row(b, i, k == s->list.cur, true, &r);
	}
}

/* ---- one ---- */

static void line_of(struct area b, int i, const char *label, const char *value)
{
	struct row r;

	row_init(&r);
	row_cell(&r, 10, label);
	row_hostile(&r, 0, *value ? value : "—");
	pane_line_row(b, i, false, false, &r);
}

/* Filing names its business by code; the rest is a person's words. */
static void step_text(const struct model *m, const struct model_fact *k,
		      struct row *r)
{
	char path[160];

	if (strcmp(k->kind, "filed") != 0 && strcmp(k->kind, "corrected")) {
		row_hostile(r, 0, k->body ? k->body : "");
		return;
	}
	model_disposition_path(m, k->body ? k->body : "", path, sizeof(path));
	row_hostile(r, 0, path);
}

static void draw_facts(const struct model *m, struct area a)
{
	const struct model_fact_list *f = &m->ticket.history;
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char t[CAL_TEXT_SIZE];
	struct row r;

	screen_rule(a.y, a.x, a.w, false, _("What happened"), "");
	if (!f->n)
		pane_empty(a, _("Nothing yet."));
	for (int i = 0; i < b.h && i < (int)f->n; i++) {
		const struct model_fact *k = &f->v[i];
		cal_stamp(t, k->at_us);
		row_init(&r);
		row_add(&r, "%.11s ", t + 5);
		row_cell(&r, 6, k->actor);
		row_cell(&r, 9, pane_ticket_step(k->kind));
		step_text(m, k, &r);
		pane_line_row(b, i, false, false, &r);
	}
}

static void draw_one(struct view *v, struct area a)
{
	struct ticket *s = v->state;
	const struct model *m = app_model(v->app);
	const struct model_ticket *t = &m->ticket;
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char text[200], when[CAL_TEXT_SIZE], left[48];
	int rows;

	snprintf(text, sizeof(text), _("Ticket %s"), s->id);
	screen_rule(a.y, a.x, a.w, true, text, pane_ticket_state(t->state));
	if (strcmp(t->id, s->id) != 0) {
		pane_empty(a, "…");
		return;
	}
	snprintf(text, sizeof(text), "%s %s",
		 model_number(m, t->id, t->number), t->name);
	line_of(b, 0, _("Citizen"), text);
	line_of(b, 1, _("Business"), t->disposition_name);
	line_of(b, 2, _("Outcome"), pane_outcome(t->outcome));
	line_of(b, 3, _("By"), t->agent);
	cal_stamp(when, t->promise_us);
	pane_left(m, t->promise_us, left, sizeof(left));
	snprintf(text, sizeof(text), "%.16s %s ", when, left);
	if (t->promise_us && t->promise)
		strncat(text, t->promise, sizeof(text) - strlen(text) - 1);
	if (utf8_check(text, strlen(text)) >= 0)
		text[utf8_check(text, strlen(text))] = '\0';
	line_of(b, 4, _("Promise"), t->promise_us ? text : "");
	text[0] = '\0';
	for (size_t i = 0; i < t->entries.n && i < 6; i++) {
		size_t n = strlen(text);
		snprintf(text + n, sizeof(text) - n, "%.20s v%d  ",
			 t->entries.v[i].id, t->entries.v[i].version);
	}
	line_of(b, 5, _("Entries"), text);
	line_of(b, 6, _("Summary"), " ");
	rows = pane_text(
		(struct area){b.y + 6, b.x + 11, b.w - 12, b.h > 14 ? 6 : 3},
		ST_TEXT, t->summary ? t->summary : "", 0);
	rows = 8 + (rows > 1 ? rows - 1 : 0);
	draw_facts(m, (struct area){a.y + rows, a.x, a.w, a.h - rows});
}

static void ticket_draw(struct view *v, struct area a)
{
	struct ticket *s = v->state;

	if (s->sheet)
		sheet_draw(s->sheet, a, true);
	else if (s->id[0])
		draw_one(v, a);
	else
		draw_list(v, a);
}

/* ---- keys ---- */

static unsigned ticket_where(struct view *v, const char **name)
{
	struct ticket *s = v->state;

	*name = s->sheet ? _("form") : s->id[0] ? _("ticket") : _("list");
	return s->sheet ? AT_FORM : s->id[0] ? AT_READ | AT_LIST : AT_LIST;
}

static const char *subject(struct view *v)
{
	struct ticket *s = v->state;
	const struct model_ticket *t = at(v, s->list.cur);

	if (s->id[0])
		return s->id;
	return t ? t->id : "";
}

static bool is_draft(struct view *v)
{
	struct ticket *s = v->state;
	const struct model_ticket *t = &app_model(v->app)->ticket;

	return !strcmp(t->id, s->id) && !strcmp(t->state, "draft");
}

static void ticket_actions(struct view *v, struct actions *a)
{
	struct ticket *s = v->state;

	if (s->sheet) {
		ACTIONS(a, CMD_FILE, CMD_NEXT_PANE, CMD_UNDO, CMD_BACK);
		return;
	}
	if (s->id[0]) {
		if (is_draft(v))
			ACTIONS(a, CMD_OPEN);
		else
			ACTIONS(a, CMD_NOTE, CMD_CLOSE);
		ACTIONS(a, CMD_CALLBACK, CMD_UNMASK, CMD_BACK, CMD_MENU,
			CMD_COMMAND);
		return;
	}
	if (*subject(v))
		ACTIONS(a, CMD_OPEN, CMD_CALLBACK);
	ACTIONS(a, CMD_FILTER);
	sift_actions(&s->sift, app_model(v->app), a);
	if (*subject(v))
		ACTIONS(a, CMD_UNMASK);
	ACTIONS(a, CMD_MENU, CMD_STATE, CMD_COMMAND);
	if (*subject(v))
		ACTIONS(a, CMD_NOTE, CMD_CLOSE);
}

static bool ticket_key(struct view *v, uint32_t key, bool pasted)
{
	struct ticket *s = v->state;

	if (s->sheet) {
		enum ui_form_took took = sheet_key(s->sheet, key, pasted);
		return took != UI_FORM_NOT;
	}
	if (pasted || s->id[0] || !ui_list_key(&s->list, keys_halfwidth(key)))
		return false;
	ui_list_hold(&s->list, id_of, v);
	if (s->list.cur + 5 > s->list.n)
		client_more(app_client(v->app), MODEL_LIST_TICKETS);
	return true;
}

struct noted {
	char id[MODEL_ID];
	bool done;
};

static void on_note(struct app *a, const char *answer, void *arg)
{
	const struct noted *n = arg;

	if (answer && (*answer || n->done))
		client_ticket_note(app_client(a), n->id, answer,
				   n->done ? "done" : NULL, 0);
}

static void ask_note(struct app *a, const char *id, bool done)
{
	struct noted *n = mem_zalloc(sizeof(*n), NULL);

	if (!n)
		return;
	utf8_copy(n->id, sizeof(n->id), id);
	n->done = done;
	app_ask_text(a, done ? _("How was it settled:") : _("Note:"), "",
		     on_note, n);
	mem_deref(n);
}

/* Enter on an open draft of mine: its form. */
static bool edit_draft(struct view *v)
{
	struct ticket *s = v->state;

	if (!client_draft_open(app_client(v->app), NULL, s->id))
		sheet_alloc(&s->sheet, v->app);
	return true;
}

static bool form_request(struct view *v, enum command_id id)
{
	struct ticket *s = v->state;

	switch (id) {
	case CMD_FILE:
		sheet_file(s->sheet, false);
		return true;
	case CMD_UNDO:
		return sheet_undo(s->sheet);
	case CMD_BACK:
		s->sheet = mem_deref(s->sheet);
		client_ticket_open(app_client(v->app), s->id);
		return true;
	default:
		return false;
	}
}

static bool ticket_request(struct view *v, enum command_id id, const char *arg)
{
	struct ticket *s = v->state;
	const char *of = subject(v);

	if (s->sheet)
		return form_request(v, id);
	if (id == CMD_FILTER) {
		s->filter = (s->filter + 1) % ARRAY_SIZE(filters);
		ask_list(v);
		return true;
	}
	if (sift_request(&s->sift, app_model(v->app), id))
		return true;
	if (!*of)
		return false;
	switch (id) {
	case CMD_OPEN:
		if (s->id[0])
			return edit_draft(v);
		app_open(v->app, &view_ticket, of);
		return true;
	case CMD_CALLBACK:
		command_dial(v->app, "", 0, of);
		return true;
	case CMD_UNMASK:
		command_unmask(v->app, "", of, 0);
		return true;
	case CMD_NOTE:
		ask_note(v->app, of, false);
		return true;
	case CMD_CLOSE:
		ask_note(v->app, of, true);
		return true;
	default:
		return false;
	}
}

static void ticket_event(struct view *v, unsigned mask)
{
	struct ticket *s = v->state;
	const struct model *m = app_model(v->app);

	if (!s->id[0] && sift_wants_more(&s->sift, &m->tickets.page))
		client_more(app_client(v->app), MODEL_LIST_TICKETS);
	if (!s->sheet)
		return;
	sheet_event(s->sheet, mask);
	if (m->draft.filed && !strcmp(m->draft.ticket, s->id)) {
		s->sheet = mem_deref(s->sheet);
		client_ticket_open(app_client(v->app), s->id);
	}
}

static void line_of_ticket(int i, struct row *r, void *arg)
{
	struct view *v = arg;
	const struct model_ticket *t = at(v, i);

	row_init(r);
	if (t)
		list_row(app_model(v->app), t, 200, r);
}

static bool ticket_find(struct view *v, const char *text, int by)
{
	struct ticket *s = v->state;

	if (s->id[0] || !ui_list_find(&s->list, text, by, line_of_ticket, v))
		return false;
	ui_list_hold(&s->list, id_of, v);
	return true;
}

const struct view_ops view_ticket = {
	.name = N_("Tickets"),
	.tab = 3,
	.may = MAY_DESK,
	.state_bytes = sizeof(struct ticket),
	.open = ticket_open,
	.draw = ticket_draw,
	.where = ticket_where,
	.actions = ticket_actions,
	.key = ticket_key,
	.request = ticket_request,
	.find = ticket_find,
	.event = ticket_event,
	.close = ticket_close,
};
