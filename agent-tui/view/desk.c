/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's day: what waits, who calls, what they ask, what was promised.
 * The screen follows the call (idle, ringing, talking, wrap-up) but takes the
 * focus only at moments the person made: answering, and the end of a call
 * when nothing was being typed.
 *
 *     idle     to do │ today          ringing  card, history │ likely, why
 *     talking  card, form in brief │ search, entry   (Tab: whole form)
 *     wrap-up  whole form │ what happened
 *
 * From 120 columns on there are three panes, card | knowledge | form.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/view/finder.h"
#include "agent-tui/view/panes.h"
#include "agent-tui/view/sheet.h"
#include "agent-tui/view/sift.h"

#define QUIET_US 3000000LL /* nothing typed for so long: may be covered */

enum mode { IDLE, RINGING, TALKING, WRAPUP };

enum focus { F_TODO, F_MISSED, F_HISTORY, F_LIKELY, F_SEARCH, F_FORM };

struct desk {
	enum mode mode;
	enum focus focus, before_search;
	bool zoomed;
	bool go_on;		/* F9 filed it: then "after" */
	bool opening;		/* not on the stack of views yet */
	int64_t typed_us;	/* monotonic */
	char resumed[MODEL_ID]; /* draft that was asked for after a restart */
	char of[MODEL_ID];	/* contact that search and entry belong to */
	struct ui_list todo, missed, history, likely;
	struct sift todos, gone; /* which of the tickets and missed calls */
	struct finder *finder;
	struct sheet *sheet;
};

static enum mode mode_of(const struct model *m)
{
	if (pane_in_call(m))
		return TALKING;
	if (m->me.agent.state == STATE_WRAPUP)
		return WRAPUP;
	if (m->offer.contact[0] || m->phone->leg_state == PHONE_RINGING)
		return RINGING;
	return IDLE;
}

/* ---- lines ---- */

/* NULL: there are not so many. */
static const struct model_ticket *todo_at(struct view *v, int k)
{
	const struct model *m = app_model(v->app);
	int i = sift_at(&((struct desk *)v->state)->todos, k);

	return i >= 0 && i < (int)m->tickets.n ? &m->tickets.v[i] : NULL;
}

static const struct model_missed *missed_at(struct view *v, int k)
{
	const struct model *m = app_model(v->app);
	int i = sift_at(&((struct desk *)v->state)->gone, k);

	return i >= 0 && i < (int)m->missed.n ? &m->missed.v[i] : NULL;
}

static const char *todo_id(int i, void *arg)
{
	const struct model_ticket *t = todo_at(arg, i);

	return t ? t->id : "";
}

static const char *missed_id(int i, void *arg)
{
	static char b[24];
	const struct model_missed *k = missed_at(arg, i);

	snprintf(b, sizeof(b), "%lld", k ? (long long)k->id : 0);
	return b;
}

static const char *history_id(int i, void *arg)
{
	return pane_history_id(i,
			       (void *)app_model(((struct view *)arg)->app));
}

static const char *likely_id(int i, void *arg)
{
	return pane_likely_id(i, (void *)app_model(((struct view *)arg)->app));
}

static void todo_row(const struct model *m, const struct model_ticket *t,
		     struct row *r)
{
	char when[16];
	bool late = t->promise_us &&
		    t->promise_us < model_now_us(m) + 1800 * 1000000LL;

	row_init(r);
	pane_when(m, t->promise_us ? t->promise_us : t->created_us, when,
		  sizeof(when));
	row_add(r, "%s%s ", late ? "!" : " ", when);
	row_cell(r, 5, !strcmp(t->outcome, "callback") ? _("call") : _("tkt"));
	row_hostile(r, 12, model_number(m, t->id, t->number));
	row_hostile(r, 5, t->name);
	row_hostile(r, 0, *t->summary ? t->summary : t->disposition_name);
}

static void draw_todo(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	bool on = d->focus == F_TODO;
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[160], words[80];
	int n;

	sift_build(&d->todos, m);
	sift_words(&d->todos, words, sizeof(words));
	n = d->todos.n;
	snprintf(title, sizeof(title), _("To do %d"), n);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(a.y, a.x, a.w, on, title, on ? _("Enter opens") : "");
	if (!n)
		pane_empty(a, m->tickets.page.loading
				      ? "…"
				      : _("Nothing to do. A call appears in "
					  "row 3."));
	ui_list_sync(&d->todo, n, b.h, todo_id, v);
	for (int i = 0; i < b.h; i++) {
		int k = d->todo.top + i;
		struct row r;
		if (k >= n)
			break;
		todo_row(m, todo_at(v, k), &r);
		pane_line_row(b, i, k == d->todo.cur, on, &r);
	}
}

static void missed_row(const struct model *m, const struct model_missed *k,
		       struct row *r)
{
	char when[16], wait[32];

	row_init(r);
	pane_when(m, k->last_us, when, sizeof(when));
	row_time(wait, sizeof(wait), k->wait_ms * 1000);
	row_add(r, " %s %s ", when, k->lost ? _("!lost") : _("gave up"));
	row_add(r, _("wait %s "), wait);
	char of[24];
	snprintf(of, sizeof(of), "#%lld", (long long)k->id);
	row_hostile(r, 12, model_number(m, of, k->number));
	row_add(r, _("%dx  "), k->times);
	row_add(r, "%s", *k->owner ? k->owner : _("free"));
}

static void draw_missed(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	bool on = d->focus == F_MISSED;
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[160], words[80];

	sift_build(&d->gone, m);
	sift_words(&d->gone, words, sizeof(words));
	snprintf(title, sizeof(title), _("Missed calls %d, to call back"),
		 d->gone.n);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(a.y, a.x, a.w, on, title, _("o calls back"));
	if (!d->gone.n)
		pane_empty(a, _("Nobody waits for a call back."));
	ui_list_sync(&d->missed, d->gone.n, b.h, missed_id, v);
	for (int i = 0; i < b.h; i++) {
		int k = d->missed.top + i;
		struct row r;
		if (k >= d->gone.n)
			break;
		missed_row(m, missed_at(v, k), &r);
		pane_line_row(b, i, on && k == d->missed.cur, on, &r);
	}
}

/* ---- layouts ---- */

/* a.h rows shared out: `last` takes what the wanted heights leave. */
static struct area slice(struct area *a, int h)
{
	struct area s = *a;

	if (h > a->h)
		h = a->h;
	s.h = h;
	a->y += h;
	a->h -= h;
	return s;
}

static void idle_side(struct view *v, const struct model *m, struct area a)
{
	pane_today(m, slice(&a, 5));
	pane_line(m, slice(&a, 4), false);
	pane_sound(m, slice(&a, 5));
	pane_notices(v->app, a);
}

/* 160 columns: what waits, the site, what was said. */
static void idle_wide(struct view *v, const struct model *m, struct area a)
{
	int x = a.x + a.w - 91;
	struct area mid = {a.y, x, 42, a.h}, r = {a.y, x + 43, 48, a.h};

	pane_today(m, slice(&mid, 4 + (int)m->me.agent.n_skills));
	pane_line(m, mid, false);
	pane_sound(m, slice(&r, 5));
	pane_notices(v->app, r);
	screen_divider(x - 1, a.y, a.y + a.h - 1);
	screen_divider(x + 42, a.y, a.y + a.h - 1);
}

static void draw_idle(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	int left = a.w >= 160 ? a.w - 92 : a.w >= 120 ? a.w - 42 : 51;
	struct area l = {a.y, a.x, left, a.h};
	int missed = 1 + (m->missed.n ? (int)m->missed.n : 1);

	if (d->focus == F_SEARCH) { /* F3 while idle */
		finder_draw(d->finder, slice(&l, 8), true);
		finder_read(d->finder, l, false);
	} else {
		if (missed > a.h / 3)
			missed = a.h / 3;
		draw_todo(v, slice(&l, a.h - missed));
		draw_missed(v, l);
	}
	if (a.w >= 160) {
		idle_wide(v, m, a);
		return;
	}
	idle_side(v, m,
		  (struct area){a.y, a.x + left + 1, a.w - left - 1, a.h});
	screen_divider(a.x + left, a.y, a.y + a.h - 1);
}

static int card_rows(const struct model *m)
{
	const struct model_citizen *c = &m->citizen;

	return 2 + (*c->prefs || *c->note) + (c->unhappy_us != 0);
}

static int open_rows(const struct model *m, int max)
{
	int n = 2;

	for (size_t i = 0; i < m->citizen.open.n; i++)
		n += 1 + (m->citizen.open.v[i].promise_us != 0) - (i == 0);
	return n > max ? max : n;
}

static void draw_hand(struct view *v, const struct model *m, struct area a)
{
	struct row r;

	screen_rule(a.y, a.x, a.w, false, _("At hand"), "");
	row_init(&r);
	if ((m->draft.contact[0] || m->draft.ticket[0]) && !m->draft.filed)
		row_add(&r, _("What you were writing (%s) is kept"),
			m->draft.ticket);
	else
		row_add(&r, "%s", _("Nothing is half written."));
	pane_line_row((struct area){a.y + 1, a.x, a.w, a.h - 1}, 0, false,
		      false, &r);
	row_init(&r);
	pane_sound_line(m, &r);
	pane_line_row((struct area){a.y + 1, a.x, a.w, a.h - 1}, 1, false,
		      false, &r);
}

/* 160 columns: card, history, likely entries. */
static void ringing_wide(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	int mw = a.w - 42 - 48 - 2;
	struct area l = {a.y, a.x, 42, a.h};
	struct area mid = {a.y, a.x + 43, mw, a.h};
	struct area r = {a.y, a.x + 44 + mw, 48, a.h};

	pane_card(m, slice(&l, card_rows(m)), false);
	pane_open_tickets(m, slice(&l, open_rows(m, a.h / 3)));
	pane_last_summary(m, l);
	pane_history(m, mid, &d->history, d->focus == F_HISTORY);
	pane_likely(m, slice(&r, a.h / 2), &d->likely, d->focus == F_LIKELY);
	pane_why(m, slice(&r, 5));
	draw_hand(v, m, r);
	screen_divider(a.x + 42, a.y, a.y + a.h - 1);
	screen_divider(a.x + 43 + mw, a.y, a.y + a.h - 1);
}

static void draw_ringing(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	int left = a.w >= 120 ? a.w / 2 : 40;
	struct area l = {a.y, a.x, left, a.h};
	struct area r = {a.y, a.x + left + 1, a.w - left - 1, a.h};
	int hist = a.h - card_rows(m) - 6;

	pane_card(m, slice(&l, card_rows(m)), false);
	pane_history(m, slice(&l, hist), &d->history, d->focus == F_HISTORY);
	pane_last_summary(m, l);
	pane_open_tickets(m, slice(&r, open_rows(m, 5)));
	pane_likely(m, slice(&r, 6), &d->likely, d->focus == F_LIKELY);
	pane_why(m, slice(&r, 4));
	draw_hand(v, m, r);
	screen_divider(a.x + left, a.y, a.y + a.h - 1);
}

static void talk_left(struct desk *d, const struct model *m, struct area a,
		      bool brief)
{
	int form = brief ? 7 : 0;
	int open = open_rows(m, 4);
	struct area rest = a;
	int hist = a.h - card_rows(m) - open - form;

	pane_card(m, slice(&rest, card_rows(m)), false);
	if (hist > 1)
		pane_history(m, slice(&rest, hist), &d->history,
			     d->focus == F_HISTORY);
	pane_open_tickets(m, slice(&rest, open));
	if (brief)
		sheet_brief(d->sheet, rest);
}

static void draw_search(struct desk *d, struct area a)
{
	int list = a.h >= 30 ? 12 : 7;

	if (a.h - list < 8)
		list = a.h - 8;
	finder_draw(d->finder, slice(&a, list), d->focus == F_SEARCH);
	finder_read(d->finder, a, false);
}

static void draw_form(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	int left = a.w < 100 ? 52 : a.w - 36;
	struct area side = {a.y, a.x + left + 1, a.w - left - 1, a.h};

	sheet_draw(d->sheet, (struct area){a.y, a.x, left, a.h},
		   d->focus == F_FORM);
	pane_course(m, slice(&side, a.h / 2));
	pane_open_tickets(m, slice(&side, 4));
	pane_line(m, side, false);
	screen_divider(a.x + left, a.y, a.y + a.h - 1);
}

static void draw_three(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	int lw = a.w >= 160 ? 42 : 30, rw = a.w >= 160 ? 48 : 40;
	int mw = a.w - lw - rw - 2;
	struct area l = {a.y, a.x, lw, a.h};
	struct area mid = {a.y, a.x + lw + 1, mw, a.h};
	struct area r = {a.y, a.x + lw + mw + 2, rw, a.h};
	int line = a.h >= 36 ? 5 : 0, last = a.h >= 30 ? 4 : 0;
	struct area up = slice(&l, a.h - line - last);

	talk_left(d, m, up, false);
	if (last)
		pane_last_summary(m, slice(&l, last));
	if (line)
		pane_line(m, l, false);
	draw_search(d, mid);
	sheet_draw(d->sheet, slice(&r, a.h >= 36 ? 22 : a.h - 6),
		   d->focus == F_FORM);
	pane_course(m, slice(&r, r.h > 14 ? 9 : r.h));
	if (r.h > 4) {
		pane_sound(m, slice(&r, 5));
		pane_today(m, r);
	}
	screen_divider(a.x + lw, a.y, a.y + a.h - 1);
	screen_divider(a.x + lw + mw + 1, a.y, a.y + a.h - 1);
}

static void draw_zoomed(struct view *v, struct area a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);

	switch (d->focus) {
	case F_TODO:
		draw_todo(v, a);
		break;
	case F_MISSED:
		draw_missed(v, a);
		break;
	case F_HISTORY:
		pane_history(m, a, &d->history, true);
		break;
	case F_LIKELY:
		pane_likely(m, a, &d->likely, true);
		break;
	case F_SEARCH:
		draw_search(d, a);
		break;
	case F_FORM:
		sheet_draw(d->sheet, a, true);
		break;
	}
}

/* The card covers what is there only while nobody types. */
static bool may_cover(struct desk *d)
{
	return cal_mono_us() - d->typed_us > QUIET_US;
}

/* Who calls is shown, not what the focus may still be on. */
static bool is_covered(struct desk *d)
{
	return d->mode == RINGING && !d->zoomed &&
	       (may_cover(d) || d->focus == F_LIKELY || d->focus == F_HISTORY);
}

static void desk_draw(struct view *v, struct area a)
{
	struct desk *d = v->state;
	int lw = 27;

	if (d->zoomed) {
		draw_zoomed(v, a);
	} else if (d->mode == IDLE || (d->mode == RINGING && !is_covered(d))) {
		draw_idle(v, a);
	} else if (d->mode == RINGING && a.w >= 160) {
		ringing_wide(v, a);
	} else if (d->mode == RINGING) {
		draw_ringing(v, a);
	} else if (a.w >= 120) {
		draw_three(v, a);
	} else if (d->focus == F_FORM) {
		draw_form(v, a);
	} else {
		talk_left(d, app_model(v->app),
			  (struct area){a.y, a.x, lw, a.h}, true);
		draw_search(d, (struct area){a.y, a.x + lw + 1, a.w - lw - 1,
					     a.h});
		screen_divider(a.x + lw, a.y, a.y + a.h - 1);
	}
}

/* ---- focus ---- */

static unsigned desk_where(struct view *v, const char **name)
{
	struct desk *d = v->state;

	switch (d->focus) {
	case F_SEARCH:
		*name = _("search");
		return AT_SEARCH;
	case F_FORM:
		*name = _("form");
		return AT_FORM;
	default:
		*name = d->mode == RINGING ? _("incoming") : _("list");
		return AT_LIST;
	}
}

/* Something under the cursor of the list that has the focus? */
static bool on_something(struct view *v)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);

	switch (d->focus) {
	case F_TODO:
		return todo_at(v, d->todo.cur) != NULL;
	case F_MISSED:
		return missed_at(v, d->missed.cur) != NULL;
	case F_HISTORY:
		return d->history.cur < (int)m->citizen.history.n;
	case F_LIKELY:
		return d->likely.cur < (int)m->offer.kb.n;
	default:
		return false;
	}
}

/* The contact whose card is shown: the one that rings, or my call's. */
static const char *shown_contact(const struct desk *d, const struct model *m)
{
	return d->mode == RINGING ? m->offer.contact
	       : d->mode == IDLE  ? ""
				  : m->call.contact;
}

static void list_actions(struct view *v, struct actions *a)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	bool mine = d->focus == F_TODO || d->focus == F_MISSED;
	bool here = on_something(v) && !(mine && is_covered(d));

	if (d->mode != RINGING)
		ACTIONS(a, CMD_STATE);
	ACTIONS(a, CMD_KB);
	if (here)
		ACTIONS(a, CMD_OPEN);
	if (here && mine)
		ACTIONS(a, CMD_CALLBACK);
	if (here && d->focus == F_MISSED)
		ACTIONS(a, CMD_CLAIM);
	ACTIONS(a, CMD_MENU, CMD_NEXT_PANE, CMD_COMMAND);
	if ((here && mine) || *shown_contact(d, m))
		ACTIONS(a, CMD_UNMASK);
	if (mine && !is_covered(d))
		sift_actions(d->focus == F_TODO ? &d->todos : &d->gone, m, a);
	if (d->mode == TALKING)
		ACTIONS(a, CMD_CARD);
}

static void desk_actions(struct view *v, struct actions *a)
{
	struct desk *d = v->state;
	bool work = d->mode == TALKING || d->mode == WRAPUP;

	if (d->focus == F_SEARCH) {
		if (work)
			ACTIONS(a, CMD_OPEN);
		ACTIONS(a, CMD_NEXT_PANE, CMD_KB, CMD_END, CMD_HAND, CMD_STATE,
			CMD_PHONE_KEYS, CMD_BACK);
	} else if (d->focus == F_FORM) {
		ACTIONS(a, CMD_STATE, CMD_NEXT_PANE);
		if (work)
			ACTIONS(a, CMD_FILE);
		ACTIONS(a, CMD_UNDO, CMD_BACK, CMD_KB, CMD_EXTEND);
	} else {
		if (d->mode == RINGING)
			ACTIONS(a, CMD_ANSWER, CMD_END, CMD_NEXT_PANE);
		list_actions(v, a);
		if (d->zoomed)
			ACTIONS(a, CMD_BACK);
		if (!is_covered(d) || d->focus == F_LIKELY ||
		    d->focus == F_HISTORY)
			ACTIONS(a, CMD_ZOOM);
	}
	ACTIONS(a, CMD_PREV_PANE);
	if (work)
		ACTIONS(a, CMD_FILE, CMD_UNDO);
}

/* Panes that Tab walks through in each mode. */
static void next_focus(struct desk *d, int by)
{
	static const enum focus idle[] = {F_TODO, F_MISSED};
	static const enum focus ring[] = {F_HISTORY, F_LIKELY};
	static const enum focus talk[] = {F_SEARCH, F_FORM, F_HISTORY};
	const enum focus *v = d->mode == IDLE	   ? idle
			      : d->mode == RINGING ? ring
						   : talk;
	int n = d->mode == IDLE || d->mode == RINGING ? 2 : 3, at = -1;

	for (int i = 0; i < n; i++)
		if (v[i] == d->focus)
			at = i;
	if (at < 0)
		d->focus = v[0];
	else
		d->focus = v[(at + by + n) % n];
}

/* Read while it rang: of this call too. */
static bool is_likely(const struct model *m)
{
	for (size_t i = 0; !m->call.out && i < m->offer.kb.n; i++)
		if (!strcmp(m->offer.kb.v[i].id, m->entry.id))
			return true;
	return false;
}

/* Another contact: nothing that was looked up for the last one stays. */
static void follow_contact(struct view *v)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);

	if (d->mode != TALKING || !m->call.contact[0] ||
	    !strcmp(m->call.state, "ended") || !strcmp(d->of, m->call.contact))
		return;
	utf8_copy(d->of, sizeof(d->of), m->call.contact);
	finder_clear(d->finder);
	if (!is_likely(m))
		client_kb_close(app_client(v->app));
	d->zoomed = false;
	d->focus = d->before_search = F_SEARCH;
}

static void enter_mode(struct view *v, enum mode from)
{
	struct desk *d = v->state;
	bool typing = cal_mono_us() - d->typed_us < QUIET_US;

	switch (d->mode) {
	case TALKING:
		if (from == WRAPUP)
			break;
		d->zoomed = false;
		d->focus = d->before_search = F_SEARCH;
		if (!d->opening) /* a call found at the start: we are coming */
			app_open(v->app, &view_desk, "");
		break;
	case WRAPUP:
		if (typing && d->focus == F_SEARCH)
			break;
		d->focus = F_FORM;
		if (client_draft_missing(app_client(v->app)))
			sheet_focus(d->sheet,
				    client_draft_missing(app_client(v->app)));
		else
			sheet_focus(d->sheet, "summary");
		break;
	case IDLE:
		if (d->focus != F_TODO && d->focus != F_MISSED &&
		    !(typing && d->focus == F_SEARCH))
			d->focus = F_TODO;
		break;
	default:
		break;
	}
}

/* F9 is two wishes: file, and then what was chosen as "after". */
static void go_on(struct view *v)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	const char *to =
		m->draft.after[0] ? m->draft.after : m->me.agent.after;

	if (!d->go_on || !m->draft.filed)
		return;
	d->go_on = false;
	if (m->me.agent.state != STATE_WRAPUP)
		return;
	if (!*to || !strcmp(to, "ready"))
		client_ready(app_client(v->app));
	else
		client_pause(app_client(v->app), to);
}

/* Signed in again in the middle of a call or its wrap-up: the draft is on
 * the server, and the card belongs to the same contact. */
static void resume(struct view *v)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	const char *of = m->me.agent.contact;

	if ((d->mode != WRAPUP && d->mode != TALKING) || !*of ||
	    m->link.state != LINK_UP || m->draft.contact[0] ||
	    m->draft.ticket[0] || !strcmp(d->resumed, of))
		return;
	utf8_copy(d->resumed, sizeof(d->resumed), of);
	client_draft_open(app_client(v->app), of, NULL);
	if (strcmp(m->citizen.of, of) != 0)
		client_citizen_open(app_client(v->app), of, NULL);
}

static void desk_event(struct view *v, unsigned mask)
{
	struct desk *d = v->state;
	enum mode now = mode_of(app_model(v->app)), was = d->mode;

	finder_event(d->finder, mask);
	sheet_event(d->sheet, mask);
	if (mask & (MODEL_DRAFT | MODEL_ME))
		go_on(v);
	if (now != was) {
		d->mode = now;
		enter_mode(v, was);
	}
	follow_contact(v);
	resume(v);
}

/* ---- keys ---- */

static bool leave_form(struct desk *d, enum ui_form_took took, uint32_t key)
{
	if (took != UI_FORM_LEFT)
		return true;
	if (key == K_TAB)
		next_focus(d, 1);
	else if (key == K_BACKTAB)
		next_focus(d, -1);
	return true;
}

static struct ui_list *focus_list(struct desk *d)
{
	return d->focus == F_TODO      ? &d->todo
	       : d->focus == F_MISSED  ? &d->missed
	       : d->focus == F_HISTORY ? &d->history
				       : &d->likely;
}

static ui_list_id_h *focus_id(const struct desk *d)
{
	return d->focus == F_TODO      ? todo_id
	       : d->focus == F_MISSED  ? missed_id
	       : d->focus == F_HISTORY ? history_id
				       : likely_id;
}

/* Line i of the list that has the focus, for finding. */
static void focus_line(int i, struct row *r, void *arg)
{
	struct view *v = arg;
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);

	row_init(r);
	if (d->focus == F_TODO && todo_at(v, i))
		todo_row(m, todo_at(v, i), r);
	else if (d->focus == F_MISSED && missed_at(v, i))
		missed_row(m, missed_at(v, i), r);
	else if (d->focus == F_HISTORY)
		pane_history_line(i, r, (void *)m);
	else if (d->focus == F_LIKELY)
		pane_likely_line(i, r, (void *)m);
}

static bool desk_find(struct view *v, const char *text, int by)
{
	struct desk *d = v->state;

	if (d->focus == F_SEARCH || d->focus == F_FORM)
		return finder_find(d->finder, text, by);
	if (!ui_list_find(focus_list(d), text, by, focus_line, v))
		return false;
	ui_list_hold(focus_list(d), focus_id(d), v);
	return true;
}

static bool desk_key(struct view *v, uint32_t key, bool pasted)
{
	struct desk *d = v->state;
	bool text = pasted || (key >= ' ' && key < K_FIRST);
	enum ui_form_took took;

	if (text && (d->focus == F_SEARCH || d->focus == F_FORM))
		d->typed_us = cal_mono_us();
	if (d->focus == F_SEARCH)
		return finder_key(d->finder, key, pasted);
	if (d->focus == F_FORM) {
		took = sheet_key(d->sheet, key, pasted);
		return took != UI_FORM_NOT && leave_form(d, took, key);
	}
	if (pasted)
		return true;
	struct ui_list *l = focus_list(d);
	if (!ui_list_key(l, keys_halfwidth(key)))
		return false;
	ui_list_hold(l, focus_id(d), v);
	return true;
}

static bool open_current(struct view *v)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);
	char of[32];

	switch (d->focus) {
	case F_SEARCH:
		if (d->mode == TALKING || d->mode == WRAPUP)
			finder_adopt(d->finder);
		return true;
	case F_TODO:
		if (todo_at(v, d->todo.cur))
			app_open(v->app, &view_ticket,
				 todo_at(v, d->todo.cur)->id);
		return true;
	case F_HISTORY:
		if (d->history.cur < (int)m->citizen.history.n)
			app_open(v->app, &view_contact,
				 m->citizen.history.v[d->history.cur].contact);
		return true;
	case F_LIKELY:
		if (d->likely.cur < (int)m->offer.kb.n)
			client_kb_open(app_client(v->app),
				       m->offer.kb.v[d->likely.cur].id, 0);
		return true;
	case F_MISSED:
		snprintf(of, sizeof(of), "#%s", missed_id(d->missed.cur, v));
		if (missed_at(v, d->missed.cur))
			app_open(v->app, &view_citizen, of);
		return true;
	default:
		return false;
	}
}

static bool go_search(struct desk *d)
{
	if (d->focus == F_SEARCH) {
		d->focus = d->before_search != F_SEARCH ? d->before_search
			   : d->mode == IDLE		? F_TODO
			   : d->mode == RINGING		? F_LIKELY
							: F_FORM;
	} else {
		d->before_search = d->focus;
		d->focus = F_SEARCH;
	}
	return true;
}

static bool back(struct view *v)
{
	struct desk *d = v->state;

	if (d->zoomed)
		d->zoomed = false;
	else if (d->focus == F_SEARCH && *finder_text(d->finder))
		finder_clear(d->finder);
	else if (d->focus == F_SEARCH && d->mode == IDLE)
		d->focus = F_TODO;
	else if (d->focus == F_FORM)
		d->focus = d->mode == TALKING ? F_SEARCH : F_HISTORY;
	return true;
}

static bool call_back(struct view *v)
{
	struct desk *d = v->state;

	if (d->focus == F_TODO && todo_at(v, d->todo.cur))
		command_dial(v->app, "", 0, todo_at(v, d->todo.cur)->id);
	else if (d->focus == F_MISSED && missed_at(v, d->missed.cur))
		command_dial(v->app, "", missed_at(v, d->missed.cur)->id, "");
	return true;
}

static bool unmask(struct view *v)
{
	struct desk *d = v->state;
	const char *contact = shown_contact(d, app_model(v->app));

	if (*contact)
		command_unmask(v->app, contact, "", 0);
	else if (d->focus == F_MISSED && missed_at(v, d->missed.cur))
		command_unmask(v->app, "", "",
			       missed_at(v, d->missed.cur)->id);
	else if (d->focus == F_TODO && todo_at(v, d->todo.cur))
		command_unmask(v->app, "", todo_at(v, d->todo.cur)->id, 0);
	return true;
}

static bool desk_request(struct view *v, enum command_id id, const char *arg)
{
	struct desk *d = v->state;
	const struct model *m = app_model(v->app);

	switch (id) {
	case CMD_OPEN:
		return open_current(v);
	case CMD_NEXT_PANE:
		next_focus(d, 1);
		return true;
	case CMD_PREV_PANE:
		next_focus(d, -1);
		return true;
	case CMD_KB:
		return go_search(d);
	case CMD_BACK:
		return back(v);
	case CMD_ZOOM:
		d->zoomed = !d->zoomed;
		return true;
	case CMD_UNDO:
		return sheet_undo(d->sheet);
	case CMD_FILE:
		d->go_on = false;
		if (d->mode == TALKING || d->mode == WRAPUP)
			sheet_file(d->sheet, true);
		return true;
	case CMD_STATE:
		if (d->mode == WRAPUP && m->draft.filed) {
			d->go_on = true;
			go_on(v);
			return true;
		}
		if (d->mode != WRAPUP || m->draft.filed ||
		    (!m->draft.contact[0] && !m->draft.ticket[0]))
			return false;
		d->focus = F_FORM;
		d->go_on = true;
		sheet_file(d->sheet, false);
		return true;
	case CMD_CALLBACK:
		return call_back(v);
	case CMD_CLAIM:
		if (missed_at(v, d->missed.cur))
			client_missed_claim(app_client(v->app),
					    missed_at(v, d->missed.cur)->id);
		return true;
	case CMD_SORT:
	case CMD_FILTER:
		return sift_request(d->focus == F_TODO ? &d->todos : &d->gone,
				    m, id);
	case CMD_UNMASK:
		return unmask(v);
	default:
		return false;
	}
}

static int desk_open(struct view *v, const char *arg)
{
	struct desk *d = v->state;
	int err;

	err = finder_alloc(&d->finder, v->app);
	if (!err)
		err = sheet_alloc(&d->sheet, v->app);
	if (err)
		return err;
	d->typed_us = cal_mono_us() - QUIET_US - 1;
	d->todos.of = SIFT_TODO;
	d->gone.of = SIFT_MISSED;
	client_tickets(app_client(v->app), true, "open");
	d->opening = true;
	desk_event(v, MODEL_ALL);
	d->opening = false;
	return 0;
}

static void desk_close(struct view *v)
{
	struct desk *d = v->state;

	mem_deref(d->finder);
	mem_deref(d->sheet);
}

const struct view_ops view_desk = {
	.name = N_("Desk"),
	.tab = 1,
	.may = MAY_AGENT,
	.state_bytes = sizeof(struct desk),
	.open = desk_open,
	.draw = desk_draw,
	.where = desk_where,
	.actions = desk_actions,
	.key = desk_key,
	.request = desk_request,
	.find = desk_find,
	.event = desk_event,
	.close = desk_close,
};
