/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Behind every number: the list of calls it counts, and one call with all
 * that happened to it, fact by fact. And the citizen by number: card and
 * history.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"
#include "agent-tui/view/sift.h"

struct contact {
	char id[MODEL_ID]; /* "" : the list */
	char queue[MODEL_ID], result[16], agent[MODEL_ID];
	struct ui_list list;
	struct sift sift;
};

static const struct model_contact *at(struct view *v, int place)
{
	struct contact *s = v->state;
	const struct model *m = app_model(v->app);
	int i = sift_at(&s->sift, place);

	return i >= 0 && i < (int)m->contacts.n ? &m->contacts.v[i] : NULL;
}

static const char *id_of(int i, void *arg)
{
	const struct model_contact *k = at(arg, i);

	return k ? k->id : "";
}

/* arg: a contact's id, or "list queue=med result=abandoned agent=A017". */
static int contact_open(struct view *v, const char *arg)
{
	struct contact *s = v->state;
	struct client *c = app_client(v->app);
	const char *p;

	if (*arg && strncmp(arg, "list", 4) != 0) {
		utf8_copy(s->id, sizeof(s->id), arg);
		client_contact_open(c, s->id);
		return 0;
	}
	s->sift.of = SIFT_CONTACTS;
	if ((p = strstr(arg, "queue=")))
		sscanf(p, "queue=%47s", s->queue);
	if ((p = strstr(arg, "result=")))
		sscanf(p, "result=%15s", s->result);
	if ((p = strstr(arg, "agent=")))
		sscanf(p, "agent=%47s", s->agent);
	client_filter(c, MODEL_LIST_CONTACTS,
		      &(struct client_filter){
			      .from_us = cal_day_start(
				      model_now_us(app_model(v->app))),
			      .queue = s->queue,
			      .result = s->result,
			      .agent = s->agent,
		      });
	client_list(c, MODEL_LIST_CONTACTS);
	return 0;
}

static void list_row(const struct model *m, const struct model_contact *k,
		     struct row *r)
{
	char t[16], wait[32], talk[32];

	row_init(r);
	pane_when(m, k->arrived_us, t, sizeof(t));
	row_time(wait, sizeof(wait), k->wait_ms * 1000);
	row_time(talk, sizeof(talk), k->talk_ms * 1000);
	row_add(r, "%s %s ", t, k->out ? _("out") : _("in "));
	row_hostile(r, 12, model_number(m, k->id, k->number));
	row_hostile(r, 9, model_queue_name(m, k->queue));
	row_cell(r, 10, pane_result(k->result));
	row_add(r, _("waited %s talked %s "), wait, talk);
	row_add(r, "%s %s", k->agent, k->ticket);
}

static void draw_list(struct view *v, struct area a)
{
	struct contact *s = v->state;
	const struct model *m = app_model(v->app);
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[240], words[80];
	struct row r;

	sift_build(&s->sift, m);
	sift_words(&s->sift, words, sizeof(words));
	snprintf(title, sizeof(title), _("Calls today %d %s %s %s"), s->sift.n,
		 *s->queue ? model_queue_name(m, s->queue) : "",
		 *s->result ? pane_result(s->result) : "", s->agent);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(a.y, a.x, a.w, true, title, _("Enter opens"));
	if (!s->sift.n)
		pane_empty(a,
			   m->contacts.page.loading ? "…" : _("None today."));
	ui_list_sync(&s->list, s->sift.n, b.h, id_of, v);
	for (int i = 0; i < b.h && s->list.top + i < s->sift.n; i++) {
		int k = s->list.top + i;
		list_row(m, at(v, k), &r);
		pane_line_row(b, i, k == s->list.cur, true, &r);
	}
}

static void draw_head(const struct model *m, const struct model_contact *k,
		      struct area b)
{
	char t[CAL_TEXT_SIZE], d1[32], d2[32], d3[32];
	struct row r;

	cal_stamp(t, k->arrived_us);
	row_init(&r);
	row_add(&r, "%s  %s  ", t, k->out ? _("out") : _("in"));
	row_hostile(&r, 0, model_number(m, k->id, k->number));
	row_add(&r, "  ");
	row_hostile(&r, 0, model_queue_name(m, k->queue));
	row_add(&r, "  %s  %s", pane_result(k->result), k->agent);
	pane_line_row(b, 0, false, false, &r);
	row_time(d1, sizeof(d1), k->wait_ms * 1000);
	row_time(d2, sizeof(d2), k->talk_ms * 1000);
	row_time(d3, sizeof(d3), k->wrapup_ms * 1000);
	row_init(&r);
	row_add(&r,
		_("waited %s  talked %s  wrap-up %s  ticket %s  "
		  "recording %s"),
		d1, d2, d3, *k->ticket ? k->ticket : "—",
		*k->recording ? k->recording : "—");
	pane_line_row(b, 1, false, false, &r);
}

/* What a person asks of it: whose, where, which. */
static void fact_detail(const struct model *m, const struct model_fact *k,
			struct row *r)
{
	char why[160];
	const char *body = k->body ? k->body : "";
	scoped_json json_t *b =
		json_parse(body, strlen(body), why, sizeof(why));
	const char *queue = json_str(b, "queue"), *by = json_str(b, "by");

	if (*k->agent && strcmp(k->agent, k->actor) != 0)
		row_add(r, "%s ", k->agent);
	if (*queue) {
		row_hostile(r, 0, model_queue_name(m, queue));
		row_add(r, " ");
	}
	if (!strcmp(k->kind, "contact.ended")) {
		struct model_call over = {.contact = ""};
		utf8_copy(over.ended_by, sizeof(over.ended_by), by);
		utf8_copy(over.reason, sizeof(over.reason),
			  json_str(b, "reason"));
		row_hostile(r, 0, pane_ended_by(&over));
	}
	if (!strcmp(k->kind, "call.hangup"))
		row_hostile(r, 0, json_str(b, "why"));
	if (*json_str(b, "entry")) {
		row_hostile(r, 0, json_str(b, "entry"));
		row_add(r, " v%d ", (int)json_int(b, "version"));
	}
	if (!strncmp(k->kind, "ticket.", 7) ||
	    !strncmp(k->kind, "recording.", 10))
		row_hostile(r, 0, k->subject);
}

static void line_of_fact(int i, struct row *r, void *arg)
{
	const struct model_fact *k =
		&((const struct model *)arg)->contact_facts.v[i];
	char t[CAL_TEXT_SIZE], dur[32];

	cal_clock(t, k->at_us);
	row_time(dur, sizeof(dur), k->dur_ms ? k->dur_ms * 1000 : -1);
	row_init(r);
	row_add(r, "%s ", t);
	row_cell(r, 6, k->dur_ms ? dur : "");
	row_cell(r, 22, pane_fact(k->kind));
	row_cell(r, 8, *k->actor ? k->actor : k->agent);
	fact_detail(arg, k, r);
}

static void draw_one(struct view *v, struct area a)
{
	struct contact *s = v->state;
	const struct model *m = app_model(v->app);
	const struct model_fact_list *f = &m->contact_facts;
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[96];
	struct row r;

	snprintf(title, sizeof(title), _("Call %s"), s->id);
	screen_rule(a.y, a.x, a.w, true, title, _("Esc returns"));
	if (strcmp(m->contact.id, s->id) != 0) {
		pane_empty(a, "…");
		return;
	}
	draw_head(m, &m->contact, b);
	b.y += 3;
	b.h -= 3;
	ui_list_sync(&s->list, (int)f->n, b.h, NULL, NULL);
	for (int i = 0; i < b.h && s->list.top + i < (int)f->n; i++) {
		int n = s->list.top + i;
		line_of_fact(n, &r, (void *)m);
		pane_line_row(b, i, n == s->list.cur, true, &r);
	}
}

static void contact_draw(struct view *v, struct area a)
{
	if (((struct contact *)v->state)->id[0])
		draw_one(v, a);
	else
		draw_list(v, a);
}

static unsigned contact_where(struct view *v, const char **name)
{
	*name = _("calls");
	return AT_LIST;
}

static void contact_actions(struct view *v, struct actions *a)
{
	struct contact *s = v->state;
	const struct model *m = app_model(v->app);

	if (s->id[0]) {
		if (m->contact.ticket[0])
			ACTIONS(a, CMD_OPEN);
		ACTIONS(a, CMD_UNMASK, CMD_BACK, CMD_MENU, CMD_COMMAND);
		return;
	}
	if (at(v, s->list.cur))
		ACTIONS(a, CMD_OPEN, CMD_UNMASK);
	ACTIONS(a, CMD_BACK, CMD_MENU, CMD_COMMAND);
	sift_actions(&s->sift, m, a);
}

static bool contact_key(struct view *v, uint32_t key, bool pasted)
{
	struct contact *s = v->state;

	if (pasted || !ui_list_key(&s->list, keys_halfwidth(key)))
		return false;
	if (!s->id[0]) {
		ui_list_hold(&s->list, id_of, v);
		if (s->list.cur + 5 > s->list.n)
			client_more(app_client(v->app), MODEL_LIST_CONTACTS);
	}
	return true;
}

/* Enter on one call: its ticket, else its citizen. */
static bool open_behind(struct view *v)
{
	struct contact *s = v->state;
	const struct model *m = app_model(v->app);

	if (!s->id[0]) {
		if (at(v, s->list.cur))
			app_open(v->app, &view_contact,
				 at(v, s->list.cur)->id);
		return true;
	}
	if (m->contact.ticket[0])
		app_open(v->app, &view_ticket, m->contact.ticket);
	return true;
}

static bool contact_request(struct view *v, enum command_id id,
			    const char *arg)
{
	struct contact *s = v->state;

	if (!s->id[0] && sift_request(&s->sift, app_model(v->app), id))
		return true;
	if (id == CMD_OPEN)
		return open_behind(v);
	if (id != CMD_UNMASK)
		return false;
	if (s->id[0])
		command_unmask(v->app, s->id, "", 0);
	else if (at(v, s->list.cur))
		command_unmask(v->app, at(v, s->list.cur)->id, "", 0);
	return true;
}

static void line_of_contact(int i, struct row *r, void *arg)
{
	struct view *v = arg;

	row_init(r);
	if (at(v, i))
		list_row(app_model(v->app), at(v, i), r);
}

static bool contact_find(struct view *v, const char *text, int by)
{
	struct contact *s = v->state;
	void *m = (void *)app_model(v->app);

	if (s->id[0])
		return ui_list_find(&s->list, text, by, line_of_fact, m);
	if (!ui_list_find(&s->list, text, by, line_of_contact, v))
		return false;
	ui_list_hold(&s->list, id_of, v);
	return true;
}

static void contact_event(struct view *v, unsigned mask)
{
	struct contact *s = v->state;

	if (!s->id[0] &&
	    sift_wants_more(&s->sift, &app_model(v->app)->contacts.page))
		client_more(app_client(v->app), MODEL_LIST_CONTACTS);
}

const struct view_ops view_contact = {
	.name = N_("Calls"),
	.tab = -1,
	.may = MAY_DESK | ROLE_BUREAU,
	.state_bytes = sizeof(struct contact),
	.open = contact_open,
	.draw = contact_draw,
	.where = contact_where,
	.actions = contact_actions,
	.key = contact_key,
	.request = contact_request,
	.find = contact_find,
	.event = contact_event,
};

/* ---- a citizen by number ---- */

struct citizen {
	char number[64];
	struct ui_list list;
};

static int citizen_open(struct view *v, const char *arg)
{
	struct citizen *s = v->state;

	/* a number, or "#12": the one of a missed call */
	utf8_copy(s->number, sizeof(s->number), arg);
	client_citizen_open(app_client(v->app), NULL, s->number);
	return 0;
}

static void citizen_draw(struct view *v, struct area a)
{
	struct citizen *s = v->state;
	const struct model *m = app_model(v->app);
	int left = a.w / 2;
	struct area l = {a.y, a.x, left, a.h};
	struct area r = {a.y, a.x + left + 1, a.w - left - 1, a.h};

	pane_card(m, (struct area){l.y, l.x, l.w, 5}, false);
	pane_last_summary(m, (struct area){l.y + 5, l.x, l.w, a.h / 2 - 5});
	pane_open_tickets(
		m, (struct area){l.y + a.h / 2, l.x, l.w, a.h - a.h / 2});
	pane_history(m, r, &s->list, true);
	screen_divider(a.x + left, a.y, a.y + a.h - 1);
}

static unsigned citizen_where(struct view *v, const char **name)
{
	*name = _("citizen");
	return AT_LIST;
}

static void citizen_actions(struct view *v, struct actions *a)
{
	struct citizen *s = v->state;
	bool any = s->list.cur < (int)app_model(v->app)->citizen.history.n;

	if (any)
		ACTIONS(a, CMD_OPEN);
	ACTIONS(a, CMD_CALLBACK, CMD_BACK, CMD_MENU, CMD_COMMAND);
	if (any)
		ACTIONS(a, CMD_UNMASK);
}

static bool citizen_key(struct view *v, uint32_t key, bool pasted)
{
	struct citizen *s = v->state;

	if (pasted || !ui_list_key(&s->list, keys_halfwidth(key)))
		return false;
	ui_list_hold(&s->list, pane_history_id, (void *)app_model(v->app));
	if (s->list.cur + 5 > s->list.n)
		client_history_more(app_client(v->app));
	return true;
}

static bool citizen_request(struct view *v, enum command_id id,
			    const char *arg)
{
	struct citizen *s = v->state;
	const struct model *m = app_model(v->app);
	const struct model_history_list *h = &m->citizen.history;

	if (id == CMD_OPEN) {
		if (s->list.cur < (int)h->n)
			app_open(v->app, &view_contact,
				 h->v[s->list.cur].contact);
		return true;
	}
	if (id == CMD_CALLBACK) {
		if (*s->number == '#')
			command_dial(v->app, "",
				     strtoll(s->number + 1, NULL, 10), "");
		else
			command_dial(v->app, s->number, 0, "");
		return true;
	}
	if (id == CMD_UNMASK && s->list.cur < (int)h->n) {
		command_unmask(v->app, h->v[s->list.cur].contact, "", 0);
		return true;
	}
	return false;
}

static bool citizen_find(struct view *v, const char *text, int by)
{
	struct citizen *s = v->state;
	void *m = (void *)app_model(v->app);

	if (!ui_list_find(&s->list, text, by, pane_history_line, m))
		return false;
	ui_list_hold(&s->list, pane_history_id, m);
	return true;
}

const struct view_ops view_citizen = {
	.name = N_("Citizen"),
	.tab = -1,
	.may = MAY_DESK,
	.state_bytes = sizeof(struct citizen),
	.open = citizen_open,
	.draw = citizen_draw,
	.where = citizen_where,
	.actions = citizen_actions,
	.key = citizen_key,
	.request = citizen_request,
	.find = citizen_find,
};
