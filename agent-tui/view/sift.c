/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders and selections of lists.
 */
#include "agent-tui/view/sift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "agent-tui/i18n.h"
#include "agent-tui/view/panes.h"

#define US 1000000LL

/* -1, 0, 1 for rows i and j. */
typedef int(order_h)(const struct model *m, int i, int j);
typedef bool(keep_h)(const struct model *m, int i);

static int64_t waits(const struct model *m, const struct model_item *k)
{
	return model_now_us(m) - (k->queued_us ? k->queued_us : k->arrived_us);
}

static bool is_today(const struct model *m, int64_t us)
{
	return cal_day_start(us) == cal_day_start(model_now_us(m));
}

/* By a figure, the greatest or the least first, or by a word. */
#define MOST(name, list, value)                                       \
	static int name(const struct model *m, int i, int j)          \
	{                                                             \
		const __typeof__(*(m)->list.v) *x = &m->list.v[i];    \
		const __typeof__(*(m)->list.v) *y = &m->list.v[j];    \
		return (x->value < y->value) - (x->value > y->value); \
	}
#define LEAST(name, list, value)                                   \
	static int name(const struct model *m, int i, int j)       \
	{                                                          \
		return (m->list.v[i].value > m->list.v[j].value) - \
		       (m->list.v[i].value < m->list.v[j].value);  \
	}
#define WORD(name, list, value)                                        \
	static int name(const struct model *m, int i, int j)           \
	{                                                              \
		return strcmp(m->list.v[i].value, m->list.v[j].value); \
	}
#define KEEP(name, list, cond)                                     \
	static bool name(const struct model *m, int i)             \
	{                                                          \
		const __typeof__(*(m)->list.v) *k = &m->list.v[i]; \
		return cond;                                       \
	}

/* ---- tickets ---- */

MOST(ticket_new, tickets, created_us)
WORD(ticket_state, tickets, state)
WORD(ticket_number, tickets, number)
KEEP(ticket_open, tickets, !strcmp(k->state, "open"))
KEEP(ticket_call, tickets, !strcmp(k->outcome, "callback"))
KEEP(ticket_due, tickets,
     k->promise_us &&
	     (k->promise_us < model_now_us(m) || is_today(m, k->promise_us)))

/* ---- missed callers ---- */

MOST(missed_wait, missed, wait_ms)
MOST(missed_times, missed, times)
WORD(missed_queue, missed, queue)
KEEP(missed_free, missed, !*k->owner)
KEEP(missed_mine, missed, !strcmp(k->owner, m->me.id))

/* ---- recordings ---- */

MOST(recording_long, recordings, ms)
WORD(recording_agent, recordings, agent)
KEEP(recording_today, recordings, is_today(m, k->started_us))
KEEP(recording_ill, recordings, strcmp(k->state, "closed") != 0)

/* ---- contacts ---- */

MOST(contact_wait, contacts, wait_ms)
MOST(contact_talk, contacts, talk_ms)
KEEP(contact_answered, contacts, k->answered_us && !k->out)
KEEP(contact_lost, contacts, !k->answered_us && !k->out)
KEEP(contact_out, contacts, k->out)

/* ---- the wall ---- */

static double rate_of(const struct model *m, const char *queue)
{
	for (size_t i = 0; i < m->wall.n_queues; i++)
		if (!strcmp(m->wall.queues[i].queue, queue))
			return m->wall.queues[i].rate;
	return 100;
}

static int queue_rate(const struct model *m, int i, int j)
{
	double x = rate_of(m, m->queues.v[i].id);
	double y = rate_of(m, m->queues.v[j].id);

	return (x > y) - (x < y);
}

MOST(queue_waiting, queues, waiting)
KEEP(queue_busy, queues, k->waiting > 0)

WORD(item_queue, items, queue)
KEEP(item_free, items, !*k->offered_to)
KEEP(item_long, items, waits(m, k) >= 15 * US)

static int agent_excess(const struct model *m, int i, int j)
{
	int64_t x = sift_excess(m, &m->agents.v[i]);
	int64_t y = sift_excess(m, &m->agents.v[j]);

	return x != y ? (x < y ? 1 : -1)
		      : strcmp(m->agents.v[i].id, m->agents.v[j].id);
}

static int agent_state(const struct model *m, int i, int j)
{
	const struct model_agent *x = &m->agents.v[i], *y = &m->agents.v[j];

	return x->state != y->state ? (int)x->state - (int)y->state
				    : strcmp(x->id, y->id);
}

WORD(agent_id, agents, id)
KEEP(agent_on, agents, k->state != STATE_OFFLINE)
KEEP(agent_ready, agents, k->state == STATE_READY)
KEEP(agent_odd, agents, sift_excess(m, k) > 0)

LEAST(call_long, calls, answered_us)
WORD(call_queue, calls, queue)
WORD(call_agent, calls, agent)
KEEP(call_held, calls, !strcmp(k->state, "held"))

MOST(alarm_grave, alarms, critical)
KEEP(alarm_free, alarms, !*k->taken_by)

int64_t sift_excess(const struct model *m, const struct model_agent *g)
{
	int64_t now = model_now_us(m), t = now - pane_since(m, g);
	const struct model_pause *p;

	if (g->hand_up)
		return 100 * SIFT_EXCESS_GRAVE + now - g->hand_since_us;
	switch (g->state) {
	case STATE_WRAPUP:
		return g->wrapup_until_us && now > g->wrapup_until_us
			       ? SIFT_EXCESS_GRAVE + now - g->wrapup_until_us
			       : 0;
	case STATE_PAUSED:
		p = model_pause_find(m, g->reason);
		if (p && p->max_ms && t > p->max_ms * 1000)
			return SIFT_EXCESS_GRAVE / 2 + t - p->max_ms * 1000;
		return 0;
	case STATE_TALKING:
		return t > 600 * US ? t : 0;
	case STATE_HELD:
		return t > 60 * US ? SIFT_EXCESS_GRAVE / 10 + t : 0;
	default:
		return 0;
	}
}

/* ---- the table ---- */

#define N 4

/* The first order without a function is the model's own; a name of NULL is
 * not worth a word. */
static const struct {
	keep_h *always; /* what belongs to the list at all; NULL: all */
	struct {
		const char *name; /* msgid */
		order_h *h;
	} orders[N];
	struct {
		const char *name;
		keep_h *h;
	} filters[N];
} lists[] = {
	[SIFT_TODO] = {ticket_open,
		       {{N_("by deadline"), NULL},
			{N_("newest first"), ticket_new},
			{N_("by citizen"), ticket_number}},
		       {{NULL, NULL},
			{N_("due today"), ticket_due},
			{N_("calls alone"), ticket_call}}},
	[SIFT_TICKETS] = {NULL,
			  {{N_("by deadline"), NULL},
			   {N_("newest first"), ticket_new},
			   {N_("by state"), ticket_state},
			   {N_("by citizen"), ticket_number}},
			  {{NULL, NULL}}},
	[SIFT_MISSED] = {NULL,
			 {{NULL, NULL},
			  {N_("longest wait first"), missed_wait},
			  {N_("most calls first"), missed_times},
			  {N_("by queue"), missed_queue}},
			 {{NULL, NULL},
			  {N_("not claimed"), missed_free},
			  {N_("mine"), missed_mine}}},
	[SIFT_RECORDINGS] = {NULL,
			     {{NULL, NULL},
			      {N_("longest first"), recording_long},
			      {N_("by agent"), recording_agent}},
			     {{NULL, NULL},
			      {N_("today"), recording_today},
			      {N_("not whole"), recording_ill}}},
	[SIFT_CONTACTS] = {NULL,
			   {{NULL, NULL},
			    {N_("longest wait first"), contact_wait},
			    {N_("longest talk first"), contact_talk}},
			   {{NULL, NULL},
			    {N_("answered"), contact_answered},
			    {N_("not answered"), contact_lost},
			    {N_("outbound"), contact_out}}},
	[SIFT_QUEUES] = {NULL,
			 {{NULL, NULL},
			  {N_("most waiting first"), queue_waiting},
			  {N_("lowest rate first"), queue_rate}},
			 {{NULL, NULL},
			  {N_("with calls waiting"), queue_busy}}},
	[SIFT_LINE] = {NULL,
		       {{NULL, NULL}, {N_("by queue"), item_queue}},
		       {{NULL, NULL},
			{N_("not offered yet"), item_free},
			{N_("over 15 s"), item_long}}},
	[SIFT_AGENTS] = {NULL,
			 {{N_("exceptional first"), agent_excess},
			  {N_("by number"), agent_id},
			  {N_("by state"), agent_state}},
			 {{NULL, NULL},
			  {N_("on duty"), agent_on},
			  {N_("ready"), agent_ready},
			  {N_("exceptional"), agent_odd}}},
	[SIFT_CALLS] = {NULL,
			{{NULL, NULL},
			 {N_("longest first"), call_long},
			 {N_("by queue"), call_queue},
			 {N_("by agent"), call_agent}},
			{{NULL, NULL}, {N_("on hold"), call_held}}},
	[SIFT_ALARMS] = {NULL,
			 {{NULL, NULL}, {N_("critical first"), alarm_grave}},
			 {{NULL, NULL}, {N_("not taken"), alarm_free}}},
};

static int orders_of(enum sift_of of)
{
	int n = 1;

	while (n < N && lists[of].orders[n].h)
		n++;
	return n;
}

static int filters_of(enum sift_of of)
{
	int n = 1;

	while (n < N && lists[of].filters[n].h)
		n++;
	return n;
}

static int rows_of(enum sift_of of, const struct model *m)
{
	switch (of) {
	case SIFT_TODO:
	case SIFT_TICKETS:
		return (int)m->tickets.n;
	case SIFT_MISSED:
		return (int)m->missed.n;
	case SIFT_RECORDINGS:
		return (int)m->recordings.n;
	case SIFT_CONTACTS:
		return (int)m->contacts.n;
	case SIFT_QUEUES:
		return (int)m->queues.n;
	case SIFT_LINE:
		return (int)m->items.n;
	case SIFT_AGENTS:
		return (int)m->agents.n;
	case SIFT_CALLS:
		return (int)m->calls.n;
	default:
		return (int)m->alarms.n;
	}
}

/* ---- sifting ---- */

struct sorting {
	const struct model *m;
	order_h *h;
	bool agents; /* those who are not there come last in any order */
};

static bool is_off(const struct model *m, int i)
{
	return m->agents.v[i].state == STATE_OFFLINE;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	int i = *(const short *)a, j = *(const short *)b, by;

	if (s->agents && is_off(s->m, i) != is_off(s->m, j))
		return is_off(s->m, i) ? 1 : -1;
	by = s->h(s->m, i, j);
	return by ? by : i - j;
}

void sift_build(struct sift *s, const struct model *m)
{
	keep_h *always = lists[s->of].always;
	keep_h *keep = lists[s->of].filters[s->filter].h;
	struct sorting sorting = {
		.m = m,
		.h = lists[s->of].orders[s->order].h,
		.agents = s->of == SIFT_AGENTS,
	};
	int rows = rows_of(s->of, m);

	s->n = 0;
	for (int i = 0; i < rows && s->n < MODEL_LIST_MAX; i++)
		if ((!always || always(m, i)) && (!keep || keep(m, i)))
			s->v[s->n++] = (short)i;
	if (sorting.h)
		qsort_r(s->v, (size_t)s->n, sizeof(*s->v), compare, &sorting);
}

int sift_at(const struct sift *s, int place)
{
	return place >= 0 && place < s->n ? s->v[place] : -1;
}

void sift_actions(const struct sift *s, const struct model *m,
		  struct actions *a)
{
	if (s->n > 1 && orders_of(s->of) > 1)
		ACTIONS(a, CMD_SORT);
	if ((s->filter || s->n > 0) && filters_of(s->of) > 1)
		ACTIONS(a, CMD_FILTER);
}

bool sift_request(struct sift *s, const struct model *m, enum command_id id)
{
	if (id == CMD_SORT)
		s->order = (s->order + 1) % orders_of(s->of);
	else if (id == CMD_FILTER)
		s->filter = (s->filter + 1) % filters_of(s->of);
	else
		return false;
	sift_build(s, m);
	return true;
}

void sift_words(const struct sift *s, char *out, size_t size)
{
	const char *names[] = {lists[s->of].orders[s->order].name,
			       lists[s->of].filters[s->filter].name};
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i] || at >= size)
			continue;
		at += (size_t)snprintf(out + at, size - at, _(", %s"),
				       tr(names[i]));
	}
}

bool sift_wants_more(const struct sift *s, const struct model_page *page)
{
	return (s->order || s->filter) && *page->next && !page->loading &&
	       !page->full;
}
