/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lead's wall: connect rate with what may still be missed, the queues,
 * who waits and why, agents with the exceptional ones first, alarms. Enter
 * opens what is behind the number under the cursor.
 */
#include <stddef.h>
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
#include "agent-tui/view/sift.h"

enum block { B_QUEUES, B_LINE, B_AGENTS, B_CALLS, B_ALARMS, B_N };

struct wall {
	enum block block;
	bool zoomed;
	struct ui_list lists[B_N];
	struct sift sifts[B_N];
};

/* ---- rows under cursors ---- */

struct of {
	const struct model *m;
	const struct wall *s;
	enum block b;
};

/* The row of the model at a place of a block; NULL: it has gone. */
static const void *row_at(const struct of *of, int place)
{
	const struct model *m = of->m;
	int i = sift_at(&of->s->sifts[of->b], place);
	size_t k = (size_t)i;

	if (i < 0)
		return NULL;
	switch (of->b) {
	case B_QUEUES:
		return k < m->queues.n ? &m->queues.v[k] : NULL;
	case B_LINE:
		return k < m->items.n ? &m->items.v[k] : NULL;
	case B_AGENTS:
		return k < m->agents.n ? &m->agents.v[k] : NULL;
	case B_CALLS:
		return k < m->calls.n ? &m->calls.v[k] : NULL;
	default:
		return k < m->alarms.n ? &m->alarms.v[k] : NULL;
	}
}

/* Each of these begins with its id. */
_Static_assert(offsetof(struct model_queue, id) == 0 &&
		       offsetof(struct model_item, contact) == 0 &&
		       offsetof(struct model_agent, id) == 0 &&
		       offsetof(struct model_call, contact) == 0 &&
		       offsetof(struct model_alarm, id) == 0,
	       "ids come first");

static const char *id_of(int i, void *arg)
{
	const char *id = row_at(arg, i);

	return id ? id : "";
}

/* ---- figures ---- */

static void month_rows(const struct model_wall *k, struct area b)
{
	double rate = k->month.rate, target = k->month.target;
	int y = 0;
	struct row r;

	row_init(&r);
	row_add(&r, _("month %.2f%%  target %.0f%%  %s"), rate, target,
		rate >= target ? "✓" : "!");
	pane_line_row(b, y++, false, false, &r);
	row_init(&r);
	row_add(&r, _("may miss %d missed %d left %d"), k->month.budget,
		k->month.used, k->month.left);
	pane_line_row(b, y++, false, false, &r);
	row_init(&r);
	row_add(&r, _("used "));
	double part = k->month.budget ? (double)k->month.used / k->month.budget
				      : k->month.used > 0;
	row_bar(&r, b.w > 50 ? 30 : 18, part > 1 ? 1 : part);
	row_add(&r, " %.0f%%%s", part * 100,
		part > k->month.progress ? "!" : "");
	pane_line_row(b, y++, false, false, &r);
	row_init(&r);
	row_add(&r, _("gone %.0f%%  month's end %.2f%% %s"),
		k->month.progress * 100, k->month.projected,
		k->month.projected >= target ? "✓" : "!");
	pane_line_row(b, y++, false, false, &r);
}

static void today_rows(const struct model_wall *k, struct area b)
{
	char t1[32], t2[32];
	int y = 0;
	struct row r;

	row_init(&r);
	row_add(&r, _("in %d answered %d"), k->today.offered,
		k->today.answered);
	pane_line_row(b, y++, false, false, &r);
	row_init(&r);
	row_add(&r, _("%.2f%% %s missed %d"), k->today.rate,
		k->today.rate >= k->month.target ? "✓" : "!",
		k->today.abandoned + k->today.overflow + k->today.lost);
	pane_line_row(b, y++, false, false, &r);
	row_init(&r);
	row_add(&r, _("in %d s %.1f%%"), k->today.target_s,
		k->today.in_target);
	pane_line_row(b, y++, false, false, &r);
	row_time(t1, sizeof(t1), k->today.asa_ms * 1000);
	row_time(t2, sizeof(t2), k->today.longest_ms * 1000);
	row_init(&r);
	row_add(&r, _("mean %s max %s"), t1, t2);
	pane_line_row(b, y++, false, false, &r);
}

static void duty_rows(const struct model *m, struct area b)
{
	int n[7] = {0}, on = 0;
	struct row r;

	for (size_t i = 0; i < m->agents.n; i++) {
		n[m->agents.v[i].state]++;
		on += m->agents.v[i].state != STATE_OFFLINE;
	}
	row_init(&r);
	row_add(&r, _("on duty %d/%d"), on, (int)m->agents.n);
	pane_line_row(b, 0, false, false, &r);
	row_init(&r);
	row_add(&r, _("●ready %d ◇ringing %d"), n[STATE_READY],
		n[STATE_OFFERED]);
	pane_line_row(b, 1, false, false, &r);
	row_init(&r);
	row_add(&r, _("◆talking %d ‖hold %d"), n[STATE_TALKING],
		n[STATE_HELD]);
	pane_line_row(b, 2, false, false, &r);
	row_init(&r);
	row_add(&r, _("◐wrap-up %d ○pause %d"), n[STATE_WRAPUP],
		n[STATE_PAUSED]);
	pane_line_row(b, 3, false, false, &r);
}

static void draw_figures(const struct model *m, struct area a)
{
	int w1 = a.w * 34 / 80, w2 = a.w * 24 / 80;
	struct area b1 = {a.y + 1, a.x, w1, 4};
	struct area b2 = {a.y + 1, a.x + w1 + 1, w2, 4};
	struct area b3 = {a.y + 1, b2.x + w2 + 1, a.w - w1 - w2 - 2, 4};

	screen_rule(a.y, b1.x, b1.w, false, _("Connect rate, contract/1"), "");
	screen_rule(a.y, b2.x, b2.w, false, _("Today"), "");
	screen_rule(a.y, b3.x, b3.w, false, _("On duty"), "");
	if (m->wall.at_us) {
		month_rows(&m->wall, b1);
		today_rows(&m->wall, b2);
	} else {
		pane_empty((struct area){a.y, a.x, w1, 3}, "…");
	}
	duty_rows(m, b3);
	screen_divider(b2.x - 1, a.y, a.y + 4);
	screen_divider(b3.x - 1, a.y, a.y + 4);
}

/* ---- blocks ---- */

static const struct model_wall_queue *day_of(const struct model *m,
					     const char *queue)
{
	for (size_t i = 0; i < m->wall.n_queues; i++)
		if (!strcmp(m->wall.queues[i].queue, queue))
			return &m->wall.queues[i];
	return NULL;
}

static void queue_row(const struct model *m, const struct model_queue *q,
		      int w, struct row *r)
{
	const struct model_wall_queue *k = day_of(m, q->id);
	int64_t us = q->longest_us ? model_now_us(m) - q->longest_us : -1;
	double v[48], max = 1;
	char t[32], b[32];

	row_init(r);
	row_hostile(r, 9, q->name);
	snprintf(b, sizeof(b), "%3d ", q->waiting);
	row_add(r, "%s", b);
	row_time(t, sizeof(t), us);
	row_add(r, " %s ", t);
	row_cell(r, 4, pane_wait_mark(us));
	snprintf(b, sizeof(b), "%5d%5d%5d%5d ", q->ready, q->offered,
		 q->talking, q->wrapup);
	row_add(r, "%s", b);
	snprintf(b, sizeof(b), "%4d ", q->paused);
	row_add(r, "%s", b);
	if (!k)
		return;
	snprintf(b, sizeof(b), "%5.1f%% ", k->in_target);
	row_add(r, "%s", b);
	snprintf(b, sizeof(b), "%5.1f%% %s ", k->rate,
		 k->rate >= m->wall.month.target ? "✓" : "!");
	row_add(r, "%s", b);
	snprintf(b, sizeof(b), "%3d ", k->missed);
	row_add(r, "%s", b);
	int n = (int)k->n_slots, first = n > w - 68 ? n - (w - 68) : 0;
	for (int s = 0; s < n && s < 48; s++) {
		v[s] = k->slots[s];
		max = v[s] > max ? v[s] : max;
	}
	if (w > 69 && n - first > 0 && first >= 0)
		row_spark(r, v + first, n - first, max);
}

static void item_row(const struct model *m, const struct model_item *k, int i,
		     struct row *r)
{
	int64_t us = model_now_us(m) -
		     (k->queued_us ? k->queued_us : k->arrived_us);
	char t[32];

	row_init(r);
	row_time(t, sizeof(t), us);
	row_add(r, "%d %s ", k->position ? k->position : i + 1, t);
	row_cell(r, 3, pane_wait_mark(us));
	row_hostile(r, 0, model_queue_name(m, k->queue));
	row_add(r, " ");
	row_hostile(r, 0, k->number);
	row_add(r, " ");
	if (*k->offered_to)
		row_add(r, "◇ %s", k->offered_to);
	else
		row_add(r, "%s", tr(k->why));
}

static void agent_row(const struct model *m, const struct model_agent *g,
		      struct row *r)
{
	int64_t ex = sift_excess(m, g);
	const struct model_pause *p = model_pause_find(m, g->reason);
	char t[32];

	row_init(r);
	row_cell(r, 5, g->id);
	row_hostile(r, 7, g->name);
	row_time(t, sizeof(t),
		 g->since_us ? model_now_us(m) - pane_since(m, g) : -1);
	row_add(r, "%s%s %s %s", pane_state_shape(g->state),
		g->state == STATE_PAUSED && p ? tr(p->name)
					      : tr(model_state_name(g->state)),
		t,
		ex >= SIFT_EXCESS_GRAVE ? "!!"
		: ex			? "!"
					: "");
	if (g->hand_up) {
		row_add(r, _("  hand up "));
		row_hostile(r, 0, g->hand_text);
	}
	if (!g->online && g->state != STATE_OFFLINE)
		row_add(r, _("  !no workstation"));
	row_to(r, 32);
	for (size_t k = 0; k < g->n_skills && k < 3; k++)
		row_add(r, " %s%d", model_queue_name(m, g->skills[k].queue),
			g->skills[k].level);
}

static void call_row(const struct model *m, const struct model_call *k,
		     struct row *r)
{
	char t[32];

	row_init(r);
	row_time(t, sizeof(t),
		 model_now_us(m) -
			 (k->answered_us ? k->answered_us : k->arrived_us));
	row_add(r, "%s %s ",
		!strcmp(k->state, "held")      ? "‖"
		: !strcmp(k->state, "ringing") ? "◇"
					       : "◆",
		t);
	row_hostile(r, 0, model_queue_name(m, k->queue));
	row_add(r, " ");
	row_hostile(r, 0, k->number);
	row_add(r, " %s ", k->agent);
	row_hostile(r, 0, k->agent_name);
	row_add(r, "%s%s", k->recording ? _(" ●rec") : "",
		k->away ? _(" !away") : "");
}

static void alarm_row(const struct model *m, const struct model_alarm *k,
		      struct row *r)
{
	char t[16];

	row_init(r);
	pane_when(m, k->since_us, t, sizeof(t));
	row_add(r, "%s %s ", k->critical ? "!!" : "! ", t);
	row_hostile(r, 0, tr(k->message));
	row_add(r, " ");
	row_hostile(r, 0, k->detail);
	row_add(r, "  %s", *k->taken_by ? k->taken_by : _("not taken"));
}

/* Single calls are not for those who only watch the figures. */
static bool is_told(const struct model *m, enum block b)
{
	return b == B_LINE    ? (m->me.roles & MAY_DESK) != 0
	       : b == B_CALLS ? (m->me.roles & MAY_LEAD) != 0
			      : true;
}

static void block_title(const struct model *m, const struct wall *s,
			enum block b, char *out, size_t size)
{
	static const char *const names[B_N] = {
		N_("Queues, agents by what they do"), N_("Waiting %d"),
		N_("Agents %d"), N_("Calls now %d"), N_("Alarms %d")};
	char words[80];

	sift_words(&s->sifts[b], words, sizeof(words));
	int64_t longest;
	int n = b == B_LINE && !is_told(m, b) ? model_waiting(m, &longest)
					      : s->sifts[b].n;

	snprintf(out, size, tr(names[b]), n);
	strncat(out, words, size - strlen(out) - 1);
}

static void block_row(const struct of *of, int i, int w, struct row *r)
{
	const void *k = row_at(of, i);

	row_init(r);
	if (!k)
		return;
	if (of->b == B_QUEUES)
		queue_row(of->m, k, w, r);
	else if (of->b == B_LINE)
		item_row(of->m, k, i, r);
	else if (of->b == B_AGENTS)
		agent_row(of->m, k, r);
	else if (of->b == B_CALLS)
		call_row(of->m, k, r);
	else
		alarm_row(of->m, k, r);
}

static void draw_block(struct wall *s, const struct model *m, enum block b,
		       struct area a)
{
	static const char *const hints[B_N] = {
		N_("in today, per half hour"), N_("Enter opens"),
		N_("e sets state"), N_("Enter opens"), N_("a takes it")};
	static const char *const empty[B_N] = {
		N_("No queue."), N_("Nobody waits."), N_("Nobody."),
		N_("No call."), N_("No alarm.")};
	struct of of = {m, s, b};
	struct ui_list *l = &s->lists[b];
	int n = s->sifts[b].n;
	bool on = s->block == b;
	struct area in = {a.y + 1, a.x, a.w, a.h - 1};
	char title[96];
	struct row r;

	if (a.h < 2)
		return;
	block_title(m, s, b, title, sizeof(title));
	/* the caption of a column stays, keys are for the one with the focus
	 */
	bool key = b == B_AGENTS || b == B_ALARMS;
	bool hint = b == B_QUEUES ||
		    (on && (!key || (m->me.roles & MAY_LEAD) != 0));
	screen_rule(a.y, a.x, a.w, on, title, hint ? tr(hints[b]) : "");
	if (!n)
		pane_empty(a, is_told(m, b) ? tr(empty[b])
					    : _("Not shown to your role."));
	if (b == B_QUEUES) {
		screen_put(in.y, in.x + 1, in.w - 1, ST_DIM,
			   _("queue   wait  longest  ready ring talk wrap "
			     "pause  15 s   connect miss"));
		in.y++;
		in.h--;
	}
	/* the last row says how many there are below */
	int rows = in.h > 1 && n > in.h ? in.h - 1 : in.h;
	ui_list_sync(l, n, rows, id_of, &of);
	for (int i = 0; i < rows && l->top + i < n; i++) {
		int k = l->top + i;
		block_row(&of, k, in.w, &r);
		pane_line_row(in, i, on && k == l->cur, on, &r);
	}
	if (rows < in.h && l->top + rows < n) {
		row_init(&r);
		row_add(&r, _("↓ %d more"), n - l->top - rows);
		pane_line_row(in, rows, false, false, &r);
	}
}

static void wall_draw(struct view *v, struct area a)
{
	struct wall *s = v->state;
	const struct model *m = app_model(v->app);
	int qh = 2 + (int)m->queues.n, left = a.w * 38 / 80;
	struct area l, r;

	for (int b = 0; b < B_N; b++)
		sift_build(&s->sifts[b], m);
	if (s->zoomed) {
		draw_block(s, m, s->block, a);
		return;
	}
	draw_figures(m, (struct area){a.y, a.x, a.w, 5});
	if (qh > a.h / 3)
		qh = a.h / 3;
	if (qh < 4)
		qh = 4;
	draw_block(s, m, B_QUEUES, (struct area){a.y + 5, a.x, a.w, qh});
	l = (struct area){a.y + 5 + qh, a.x, left, a.h - 5 - qh};
	r = (struct area){l.y, a.x + left + 1, a.w - left - 1, l.h};
	int third = l.h / 2;
	draw_block(s, m, B_LINE, (struct area){l.y, l.x, l.w, third});
	draw_block(s, m, B_ALARMS,
		   (struct area){l.y + third, l.x, l.w, l.h - third});
	/* short of rows, the calls show when Tab comes to them */
	int calls = r.h >= 20 ? r.h / 3 : s->block == B_CALLS ? r.h / 2 : 0;
	draw_block(s, m, B_AGENTS, (struct area){r.y, r.x, r.w, r.h - calls});
	draw_block(s, m, B_CALLS,
		   (struct area){r.y + r.h - calls, r.x, r.w, calls});
	screen_divider(a.x + left, l.y, l.y + l.h - 1);
}

/* ---- keys ---- */

static unsigned wall_where(struct view *v, const char **name)
{
	*name = _("wall");
	return AT_LIST;
}

static const char *current(struct view *v)
{
	struct wall *s = v->state;
	struct of of = {app_model(v->app), s, s->block};

	return row_at(&of, s->lists[s->block].cur);
}

static void wall_actions(struct view *v, struct actions *a)
{
	struct wall *s = v->state;

	ACTIONS(a, CMD_NEXT_PANE);
	if (current(v)) {
		if (s->block != B_ALARMS)
			ACTIONS(a, CMD_OPEN);
		if (s->block == B_AGENTS)
			ACTIONS(a, CMD_SET_STATE);
		if (s->block == B_CALLS)
			ACTIONS(a, CMD_CLOSE);
		if (s->block == B_ALARMS)
			ACTIONS(a, CMD_TAKE_ALARM);
	}
	ACTIONS(a, CMD_ZOOM);
	sift_actions(&s->sifts[s->block], app_model(v->app), a);
	ACTIONS(a, CMD_MENU, CMD_COMMAND, CMD_PREV_PANE);
	if (s->zoomed)
		ACTIONS(a, CMD_BACK);
}

static bool wall_key(struct view *v, uint32_t key, bool pasted)
{
	struct wall *s = v->state;
	struct of of = {app_model(v->app), s, s->block};

	if (pasted || !ui_list_key(&s->lists[s->block], keys_halfwidth(key)))
		return false;
	ui_list_hold(&s->lists[s->block], id_of, &of);
	return true;
}

static void open_behind(struct view *v, const char *id)
{
	struct wall *s = v->state;
	char arg[120];

	switch (s->block) {
	case B_QUEUES:
		snprintf(arg, sizeof(arg), "list queue=%s", id);
		break;
	case B_AGENTS:
		snprintf(arg, sizeof(arg), "list agent=%s", id);
		break;
	default:
		snprintf(arg, sizeof(arg), "%s", id);
		break;
	}
	app_open(v->app, &view_contact, arg);
}

struct change {
	char agent[MODEL_ID];
	char contact[MODEL_ID];
	char state[16];
};

static void on_state_reason(struct app *a, const char *answer, void *arg)
{
	const struct change *c = arg;

	if (answer && *answer)
		client_agent_set(app_client(a), c->agent, c->state,
				 !strcmp(c->state, "paused") ? "lead" : NULL,
				 answer);
}

static void on_state(struct app *a, const char *answer, void *arg)
{
	struct change *c = arg;

	if (!answer)
		return;
	utf8_copy(c->state, sizeof(c->state), answer);
	app_ask_text(a, _("Why (recorded):"), "", on_state_reason, c);
}

static void ask_state(struct app *a, const char *agent)
{
	static const char *const codes[] = {"ready", "paused", "offline"};
	const char *const names[] = {_("ready"), _("pause"), _("signed off")};
	struct app_choice v[3] = {0};
	struct change *c = mem_zalloc(sizeof(*c), NULL);
	char text[120];

	if (!c)
		return;
	utf8_copy(c->agent, sizeof(c->agent), agent);
	for (int i = 0; i < 3; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].label, sizeof(v[i].label), names[i]);
	}
	snprintf(text, sizeof(text), _("Set %s to:"), agent);
	app_ask_digit(a, text, v, 3, on_state, c);
	mem_deref(c);
}

static void on_end_reason(struct app *a, const char *answer, void *arg)
{
	const struct change *c = arg;

	if (answer && *answer)
		client_call_end(app_client(a), c->contact, answer);
}

static void ask_end(struct app *a, const char *contact)
{
	struct change *c = mem_zalloc(sizeof(*c), NULL);

	if (!c)
		return;
	utf8_copy(c->contact, sizeof(c->contact), contact);
	app_ask_text(a, _("End this call. Why (recorded):"), "", on_end_reason,
		     c);
	mem_deref(c);
}

static bool wall_request(struct view *v, enum command_id id, const char *arg)
{
	struct wall *s = v->state;
	const char *cur = current(v);

	if (sift_request(&s->sifts[s->block], app_model(v->app), id))
		return true;
	switch (id) {
	case CMD_NEXT_PANE:
		s->block = (s->block + 1) % B_N;
		return true;
	case CMD_PREV_PANE:
		s->block = (s->block + B_N - 1) % B_N;
		return true;
	case CMD_ZOOM:
		s->zoomed = !s->zoomed;
		return true;
	case CMD_BACK:
		s->zoomed = false;
		return true;
	default:
		break;
	}
	if (!cur)
		return false;
	switch (id) {
	case CMD_OPEN:
		open_behind(v, cur);
		return true;
	case CMD_SET_STATE:
		ask_state(v->app, cur);
		return true;
	case CMD_TAKE_ALARM:
		client_alarm_take(app_client(v->app), cur);
		return true;
	case CMD_CLOSE:
		ask_end(v->app, cur);
		return true;
	default:
		return false;
	}
}

static int wall_open(struct view *v, const char *arg)
{
	static const enum sift_of of[B_N] = {
		SIFT_QUEUES, SIFT_LINE, SIFT_AGENTS, SIFT_CALLS, SIFT_ALARMS};
	struct wall *s = v->state;

	for (int b = 0; b < B_N; b++) {
		s->sifts[b].of = of[b];
		sift_build(&s->sifts[b], app_model(v->app));
	}
	client_wall_watch(app_client(v->app), true);
	return 0;
}

static void wall_close(struct view *v)
{
	client_wall_watch(app_client(v->app), false);
}

static void line_of_block(int i, struct row *r, void *arg)
{
	block_row(arg, i, 200, r);
}

static bool wall_find(struct view *v, const char *text, int by)
{
	struct wall *s = v->state;
	struct of of = {app_model(v->app), s, s->block};

	if (!ui_list_find(&s->lists[s->block], text, by, line_of_block, &of))
		return false;
	ui_list_hold(&s->lists[s->block], id_of, &of);
	return true;
}

const struct view_ops view_wall = {
	.name = N_("Wall"),
	.tab = 8,
	.may = MAY_REVIEW,
	.state_bytes = sizeof(struct wall),
	.open = wall_open,
	.draw = wall_draw,
	.where = wall_where,
	.actions = wall_actions,
	.key = wall_key,
	.request = wall_request,
	.find = wall_find,
	.close = wall_close,
};
