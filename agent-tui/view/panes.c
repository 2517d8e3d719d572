/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Panes that several screens show.
 */
#include "agent-tui/view/panes.h"

#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"

#define US	 1000000LL
#define FRESH_US (7 * 86400 * US) /* a version counts as new so long */

void pane_empty(struct area a, const char *text)
{
	if (a.h > 1)
		screen_put(a.y + 1, a.x + 1, a.w - 2, ST_DIM, text);
}

void pane_line_row(struct area a, int i, bool on, bool focus,
		   const struct row *r)
{
	if (i < 0 || i >= a.h)
		return;
	if (on)
		screen_put(a.y + i, a.x, 1, focus ? ST_FOCUS : ST_DIM, "▸");
	row_draw(r, a.y + i, a.x + 1, a.w - 1,
		 on && focus ? ST_SELECT : ST_TEXT);
}

static struct area body(struct area a)
{
	return (struct area){a.y + 1, a.x, a.w, a.h - 1};
}

/* Walks a text by rows. What continues a paragraph stands `hang` columns
 * further in than its beginning, so that the eye finds where the next one
 * begins. */
struct flow {
	const char *p;
	size_t len;
	int w, hang, indent; /* indent: of the row that comes next */
	bool inside;	     /* of a paragraph */
};

static int blanks(const struct flow *f)
{
	int n = 0;

	while (n < f->w / 2 && (size_t)n < f->len && f->p[n] == ' ')
		n++;
	return n;
}

/* False at the end; else the row's text without its newline. */
static bool flow_row(struct flow *f, char *line, size_t size, int *indent)
{
	size_t next, n, k;
	int begin = f->inside ? f->indent : 0;

	if (!f->len)
		return false;
	if (!f->inside && f->hang)
		f->indent = blanks(f) ? blanks(f) : f->hang;
	n = utf8_wrap(f->p, f->len, f->w - begin, &next);
	k = n < size - 1 ? n : size - 1;
	memcpy(line, f->p, k);
	line[k] = '\0';
	f->inside = f->hang && f->p[next - 1] != '\n';
	f->p += next;
	f->len -= next;
	*indent = begin;
	return true;
}

static char *showable(const char *text, size_t *len)
{
	size_t size = strlen(text) * 8 + 64;
	char *b = mem_alloc(size, NULL);

	*len = b ? utf8_show(b, size, text, strlen(text), true) : 0;
	return b;
}

int pane_prose(struct area a, enum style st, const char *text, int skip,
	       int hang)
{
	size_t len;
	scoped_mem char *b = showable(text, &len);
	struct flow f = {.p = b, .len = len, .w = a.w, .hang = hang};
	char line[1024];
	int row = 0, in;

	for (; row - skip < a.h && flow_row(&f, line, sizeof(line), &in);
	     row++)
		if (row >= skip)
			screen_put(a.y + row - skip, a.x + in, a.w - in, st,
				   line);
	return row - skip > 0 ? row - skip : 0;
}

int pane_text(struct area a, enum style st, const char *text, int skip)
{
	return pane_prose(a, st, text, skip, 0);
}

int pane_prose_rows(const char *text, int w, int hang)
{
	size_t len;
	scoped_mem char *b = showable(text, &len);
	struct flow f = {.p = b, .len = len, .w = w, .hang = hang};
	char line[1024];
	int rows = 0, in;

	while (flow_row(&f, line, sizeof(line), &in))
		rows++;
	return rows;
}

int pane_text_rows(const char *text, int w)
{
	return pane_prose_rows(text, w, 0);
}

int pane_prose_find(const char *text, struct area a, int hang,
		    const struct pane_find *find)
{
	size_t len;
	scoped_mem char *b = showable(text, &len);
	struct flow f = {.p = b, .len = len, .w = a.w, .hang = hang};
	char line[1024];
	int first = -1, last = -1, before = -1, after = -1, in;

	for (int row = 0; flow_row(&f, line, sizeof(line), &in); row++) {
		if (!strcasestr(line, find->text))
			continue;
		first = first < 0 ? row : first;
		last = row;
		if (row < find->from)
			before = row;
		else if (row > find->from && after < 0)
			after = row;
	}
	if (find->by > 0)
		return after >= 0 ? after : first;
	return before >= 0 ? before : last;
}

/* ---- the citizen ---- */

/* Full for this card: asked for by its own call, or by one of its history. */
static bool is_shown(const struct model *m)
{
	const struct model_citizen *c = &m->citizen;

	if (strcmp(c->shown_field, "number") != 0 ||
	    c->shown_until_us <= model_now_us(m))
		return false;
	if (!strcmp(c->shown_of, c->of))
		return true;
	for (size_t i = 0; i < c->history.n; i++)
		if (!strcmp(c->history.v[i].contact, c->shown_of))
			return true;
	return false;
}

static void card_name(const struct model *m, struct row *r, int w)
{
	const struct model_citizen *c = &m->citizen;
	bool full = is_shown(m);
	char b[64];

	row_hostile(r, 0, *c->name ? c->name : _("(unknown)"));
	if (*c->title) {
		row_add(r, " ");
		row_hostile(r, 0, c->title);
	}
	row_add(r, "  ");
	row_hostile(r, 0, full ? c->shown : c->number);
	if (full)
		row_add(r, " %ds",
			(int)((c->shown_until_us - model_now_us(m)) / US));
	if (!c->contacts_recent)
		return;
	snprintf(b, sizeof(b), _("  call %d in %d days"), c->contacts_recent,
		 c->recent_days);
	if (r->cols + utf8_width(b) >= w)
		snprintf(b, sizeof(b), _("  no. %d"), c->contacts_recent);
	if (r->cols + utf8_width(b) < w)
		row_add(r, "%s", b);
}

bool pane_card_is_mine(const struct model *m)
{
	const char *mine =
		m->call.contact[0] ? m->call.contact : m->draft.contact;

	return *mine && !strcmp(m->citizen.of, mine);
}

void pane_card(const struct model *m, struct area a, bool focus)
{
	const struct model_citizen *c = &m->citizen;
	struct area b = body(a);
	char when[CAL_TEXT_SIZE];
	struct row r;
	int y = 0;

	screen_rule(a.y, a.x, a.w, focus, _("Citizen"),
		    focus ? _("* full number") : "");
	if (!*c->of) {
		pane_empty(a, _("No citizen yet."));
		return;
	}
	row_init(&r);
	if (c->loading && !*c->number)
		row_add(&r, "…");
	else
		card_name(m, &r, a.w);
	pane_line_row(b, y++, false, false, &r);
	if (*c->prefs || *c->note) {
		row_init(&r);
		row_hostile(&r, 0, c->prefs);
		if (*c->prefs && *c->note)
			row_add(&r, "  ");
		row_hostile(&r, 0, c->note);
		pane_line_row(b, y++, false, false, &r);
	}
	if (c->unhappy_us) {
		row_init(&r);
		pane_when(m, c->unhappy_us, when, sizeof(when));
		row_add(&r, _("!%s was not satisfied"), when);
		pane_line_row(b, y++, false, false, &r);
	}
}

const char *pane_history_id(int i, void *model)
{
	const struct model *m = model;

	return m->citizen.history.v[i].contact;
}

/* How it ended for the citizen: satisfied or not, not asked; a call nobody
 * took is a bad end too, one that is on has none yet. */
static const char *history_mark(const struct model_history *h)
{
	static const char *const bad[] = {"abandoned", "overflow", "lost"};

	if (*h->rating)
		return strcmp(h->rating, "3") ? "✓" : "×";
	if (!strcmp(h->result, "waiting") || !strcmp(h->result, "active"))
		return "…";
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!strcmp(h->result, bad[i]))
			return "×";
	return "·";
}

static void history_row(const struct model *m, const struct model_history *h,
			int w, struct row *r)
{
	char when[16];
	const char *mark = history_mark(h);
	const char *name = *h->disposition_name ? h->disposition_name
						: pane_result(h->result);
	int room = w - 6 - 5 - 8 - 2;

	bool mine = !strcmp(h->contact, m->call.contact);
	if (mine && strcmp(m->call.state, "ended") != 0)
		mark = "…";
	if (mine || !strcmp(h->contact, m->offer.contact))
		name = _("this call");
	row_init(r);
	pane_when(m, h->at_us, when, sizeof(when));
	row_cell(r, 6, when);
	row_cell(r, 5, h->out ? _("out") : _("in"));
	if (w < 36)
		room += 6;
	row_hostile(r, room > 0 ? room : 1, name);
	if (w >= 36) {
		row_add(r, " ");
		row_cell(r, 5, h->agent);
	}
	row_add(r, " %s", mark);
}

void pane_history_line(int i, struct row *r, void *model)
{
	const struct model *m = model;

	history_row(m, &m->citizen.history.v[i], 200, r);
}

void pane_history(const struct model *m, struct area a, struct ui_list *list,
		  bool focus)
{
	const struct model_history_list *v = &m->citizen.history;
	struct area b = body(a);
	char title[64];
	int top = 0;

	snprintf(title, sizeof(title), _("History %d"), (int)v->n);
	screen_rule(a.y, a.x, a.w, focus, title,
		    focus ? _("Enter opens") : "");
	if (!v->n && a.h > 1)
		pane_empty(a, v->page.loading ? "…" : _("First contact."));
	if (list) {
		ui_list_sync(list, (int)v->n, b.h, pane_history_id, (void *)m);
		top = list->top;
	}
	for (int i = 0; i < b.h && top + i < (int)v->n; i++) {
		struct row r;
		history_row(m, &v->v[top + i], a.w - 1, &r);
		pane_line_row(b, i, list && focus && list->cur == top + i,
			      focus, &r);
	}
}

void pane_open_tickets(const struct model *m, struct area a)
{
	const struct model_ticket_ref_list *v = &m->citizen.open;
	struct area b = body(a);
	char title[64], t[64], left[48];
	int y = 0;

	snprintf(title, sizeof(title), _("Open %d"), (int)v->n);
	screen_rule(a.y, a.x, a.w, false, title, "");
	if (!v->n)
		pane_empty(a, _("Nothing is open."));
	for (size_t i = 0; i < v->n && y < b.h; i++) {
		const struct model_ticket_ref *k = &v->v[i];
		struct row r;
		row_init(&r);
		row_add(&r, "%s%s ", k->promise_us ? "!" : "", k->id);
		row_hostile(&r, 0, k->title);
		row_add(&r, "  %s", k->agent);
		pane_line_row(b, y++, false, false, &r);
		if (!k->promise_us)
			continue;
		row_init(&r);
		pane_when(m, k->promise_us, t, sizeof(t));
		pane_left(m, k->promise_us, left, sizeof(left));
		row_add(&r, _("  promised by %s  %s  "), t, left);
		row_hostile(&r, 0, k->promise);
		pane_line_row(b, y++, false, false, &r);
	}
}

void pane_last_summary(const struct model *m, struct area a)
{
	const struct model_citizen *c = &m->citizen;
	char when[16], title[96];

	pane_when(m, c->last_at_us, when, sizeof(when));
	if (c->last_at_us)
		snprintf(title, sizeof(title), _("Last summary (%s %s)"), when,
			 c->last_agent);
	else
		snprintf(title, sizeof(title), "%s", _("Last summary"));
	screen_rule(a.y, a.x, a.w, false, title, "");
	if (!c->last_at_us)
		pane_empty(a, _("None yet."));
	else
		pane_text((struct area){a.y + 1, a.x + 1, a.w - 2, a.h - 1},
			  ST_TEXT, c->last_summary, 0);
}

/* ---- an offer ---- */

const char *pane_likely_id(int i, void *model)
{
	const struct model *m = model;

	return m->offer.kb.v[i].id;
}

void pane_likely_line(int i, struct row *r, void *model)
{
	const struct model_hit *h =
		&((const struct model *)model)->offer.kb.v[i];

	row_init(r);
	row_add(r, "%s ", h->id);
	row_hostile(r, 0, h->title);
}

void pane_likely(const struct model *m, struct area a, struct ui_list *list,
		 bool focus)
{
	const struct model_hit_list *v = &m->offer.kb;
	struct area b = body(a);

	screen_rule(a.y, a.x, a.w, focus, _("Likely questions"),
		    focus ? _("Enter opens") : "");
	if (!v->n)
		pane_empty(a, m->citizen.history.page.loading
				      ? "…"
				      : _("Nothing to guess from."));
	if (list)
		ui_list_sync(list, (int)v->n, b.h, pane_likely_id, (void *)m);
	for (int i = 0; i < b.h && i < (int)v->n; i++) {
		const struct model_hit *h = &v->v[i];
		struct row r;
		row_init(&r);
		row_add(&r, "%s ", h->id);
		bool fresh = model_now_us(m) - h->changed_us < FRESH_US;
		row_hostile(&r, a.w - r.cols - 10, h->title);
		row_add(&r, " %sv%d%s", pane_entry_shape(h->state, h->expires),
			h->version, fresh ? _(" new") : "");
		pane_line_row(b, i, list && list->cur == i && focus, focus,
			      &r);
	}
}

void pane_why(const struct model *m, struct area a)
{
	const struct model_offer *o = &m->offer;
	struct area b = body(a);
	char t1[32], t2[32], why[200];
	struct row r;

	screen_rule(a.y, a.x, a.w, false, _("Why to you"), "");
	row_init(&r);
	pane_reason(m, o->why, why, sizeof(why));
	row_hostile(&r, 0, why);
	pane_line_row(b, 0, false, false, &r);
	row_init(&r);
	row_time(t1, sizeof(t1), model_now_us(m) - o->queued_us);
	row_time(t2, sizeof(t2), model_now_us(m) - o->arrived_us);
	row_add(&r, _("In the line %s, since arrival %s"),
		o->queued_us ? t1 : "--:--", o->arrived_us ? t2 : "--:--");
	pane_line_row(b, 1, false, false, &r);
	row_init(&r);
	row_hostile(&r, 0, model_queue_name(m, o->queue));
	pane_line_row(b, 2, false, false, &r);
}

void pane_promise_line(const struct model *m, struct row *r)
{
	const struct model_citizen *c = &m->citizen;
	char t[64];

	if (c->unhappy_us) {
		pane_when(m, c->unhappy_us, t, sizeof(t));
		row_add(r, _("   !%s was not satisfied"), t);
	}
	for (size_t i = 0; i < c->open.n; i++) {
		if (!c->open.v[i].promise_us)
			continue;
		pane_when(m, c->open.v[i].promise_us, t, sizeof(t));
		row_add(r, _("   !promised by %s"), t);
		return;
	}
}

/* ---- the site ---- */

void pane_line(const struct model *m, struct area a, bool focus)
{
	struct area b = body(a);
	char title[64], t[32], no[16];

	snprintf(title, sizeof(title), _("Waiting %d"), model_line(m));
	screen_rule(a.y, a.x, a.w, focus, title, "");
	if (!m->items.n)
		pane_empty(a, _("Nobody waits."));
	for (int i = 0; i < b.h && i < (int)m->items.n; i++) {
		const struct model_item *k = &m->items.v[i];
		int64_t us = model_now_us(m) -
			     (k->queued_us ? k->queued_us : k->arrived_us);
		struct row r;
		row_init(&r);
		row_time(t, sizeof(t), us);
		snprintf(no, sizeof(no), "%d ",
			 k->position ? k->position : i + 1);
		row_add(&r, "%s", no);
		row_add(&r, "%s ", t);
		row_cell(&r, 3, pane_wait_mark(us));
		row_hostile(&r, 0, model_queue_name(m, k->queue));
		row_add(&r, " ");
		row_hostile(&r, 0, k->number);
		row_add(&r, "  ");
		if (*k->offered_to)
			row_add(&r, "◇ %s", k->offered_to);
		else
			row_add(&r, "%s", tr(k->why));
		pane_line_row(b, i, false, false, &r);
	}
}

/* My own figures, two a row. */
static int today_rows(const struct model *m, struct area b)
{
	const struct model_today *t = &m->today;
	char talk[32], wrap[32];
	struct row r;

	row_time(talk, sizeof(talk), t->talk_ms ? t->talk_ms * 1000 : -1);
	row_time(wrap, sizeof(wrap), t->wrapup_ms ? t->wrapup_ms * 1000 : -1);
	row_init(&r);
	row_add(&r, _("Calls %d"), m->me.agent.calls);
	if (t->at_us) {
		row_to(&r, 14);
		row_add(&r, _("talk %s"), talk);
	}
	pane_line_row(b, 0, false, false, &r);
	if (!t->at_us)
		return 1;
	row_init(&r);
	row_add(&r, _("Wrap-up %s"), wrap);
	row_to(&r, 14);
	if (t->calls)
		row_add(&r, _("in %d s %.0f%%"), t->target_s, t->in_target);
	else
		row_add(&r, _("in %d s --"), t->target_s);
	pane_line_row(b, 1, false, false, &r);
	return 2;
}

void pane_today(const struct model *m, struct area a)
{
	struct area b = body(a);
	struct row r;
	int y = 0;

	screen_rule(a.y, a.x, a.w, false, _("Today"), "");
	y += today_rows(m, b);
	for (size_t i = 0; i < m->me.agent.n_skills && y < b.h; i++) {
		const struct model_queue *q =
			model_queue_find(m, m->me.agent.skills[i].queue);
		if (!q)
			continue;
		row_init(&r);
		row_cell(&r, 9, q->name);
		row_add(&r, _("wait %d ready %d busy %d"), q->waiting,
			q->ready, q->talking);
		pane_line_row(b, y++, false, false, &r);
	}
}

void pane_notices(const struct app *app, struct area a)
{
	const struct model *m = app_model(app);
	struct area b = body(a);
	int y = 0;

	screen_rule(a.y, a.x, a.w, false, _("Messages"), "");
	for (size_t i = m->n_messages; i > 0 && y < b.h; i--) {
		const struct model_message *k = &m->messages[i - 1];
		char when[16];
		int used;
		if (!*k->from)
			continue;
		pane_when(m, k->at_us, when, sizeof(when));
		struct row r;
		row_init(&r);
		row_add(&r, "%s ", when);
		row_hostile(&r, 0, k->from);
		row_add(&r, "：");
		row_hostile(&r, 0, k->text);
		used = pane_text((struct area){b.y + y, a.x + 1, a.w - 2,
					       b.h - y > 2 ? 2 : b.h - y},
				 ST_TEXT, r.s, 0);
		y += used < 2 ? used : 2;
	}
	if (!y)
		pane_empty(a, _("No messages."));
}

static const char *audio_word(const struct phone_status *p)
{
	switch (p->audio) {
	case PHONE_AUDIO_UP:
		return _("Headset ✓");
	case PHONE_AUDIO_STARTING:
		return _("Headset … starting");
	case PHONE_AUDIO_FAILED:
		return _("Headset × ");
	default:
		return _("Headset off");
	}
}

static const char *path_word(const struct phone_status *p)
{
	switch (p->path) {
	case PHONE_PATH_TUNNEL:
		return _("Voice through the tunnel");
	case PHONE_PATH_UDP:
		return _("Voice UDP, tunnel in reserve");
	default:
		return _("Voice not connected");
	}
}

void pane_sound_line(const struct model *m, struct row *r)
{
	row_add(r, " %s   %s", audio_word(m->phone), path_word(m->phone));
}

void pane_sound(const struct model *m, struct area a)
{
	const struct phone_status *p = m->phone;
	struct area b = body(a);
	char t[32];
	struct row r;

	screen_rule(a.y, a.x, a.w, false, _("Sound"), "");
	row_init(&r);
	row_add(&r, "%s%s", audio_word(p),
		p->audio == PHONE_AUDIO_FAILED ? tr(p->audio_detail) : "");
	pane_line_row(b, 0, false, false, &r);
	row_init(&r);
	row_add(&r, _("Round trip %dms  loss %.1f%%"), m->link.rtt_ms,
		m->link.loss);
	pane_line_row(b, 1, false, false, &r);
	row_init(&r);
	if (m->link.tunnel.up_us) {
		row_time(t, sizeof(t),
			 model_now_us(m) - m->link.offset_us -
				 m->link.tunnel.up_us);
		row_add(&r, _("Tunnel up %s"), t);
	} else {
		row_add(&r, _("× Tunnel down"));
	}
	pane_line_row(b, 2, false, false, &r);
	row_init(&r);
	row_add(&r, "%s", path_word(p));
	pane_line_row(b, 3, false, false, &r);
}

/* ---- what happened in this call ---- */

static void course_row(struct area b, int *y, int64_t us, const char *text)
{
	char t[CAL_TEXT_SIZE];
	struct row r;

	if (!us)
		return;
	cal_clock(t, us);
	row_init(&r);
	row_add(&r, "%s ", t);
	row_hostile(&r, 0, text);
	pane_line_row(b, (*y)++, false, false, &r);
}

void pane_course(const struct model *m, struct area a)
{
	const struct model_call *c = &m->call;
	struct area b = body(a);
	char t[32], line[160];
	int y = 0;

	screen_rule(a.y, a.x, a.w, false, _("This call"), "");
	course_row(b, &y, c->arrived_us,
		   pane_fact(c->out ? "contact.dialled" : "contact.arrived"));
	snprintf(line, sizeof(line), _("in the line: %s"),
		 model_queue_name(m, c->queue));
	course_row(b, &y, c->queued_us, line);
	row_time(t, sizeof(t), c->answered_us - c->queued_us);
	snprintf(line, sizeof(line), _("waited %s, answered"), t);
	course_row(b, &y, c->answered_us,
		   c->queued_us ? line : pane_fact("contact.answered"));
	for (size_t i = 0; i < m->draft.entries.n; i++) {
		const struct model_entry_ref *e = &m->draft.entries.v[i];
		struct row r;
		row_init(&r);
		row_add(&r, _("   ✓ adopted %s v%d"), e->id, e->version);
		pane_line_row(b, y++, false, false, &r);
	}
	course_row(b, &y, c->hold_us, pane_fact("contact.held"));
	course_row(b, &y, c->back_us, pane_fact("contact.retrieved"));
	course_row(b, &y, c->ended_us, pane_ended_by(c));
}
