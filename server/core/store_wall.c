/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall's figures, by the contract's formula connect/1. Nothing is
 * counted up anywhere: each figure is a query over contacts, by arrival.
 *
 *     O offered   queued in open hours (calls in)
 *     A answered  an agent spoke with the citizen
 *     S short     gave up before the contract's limit
 *     connect rate = A / (O - S); service level = A in time / (O - S)
 *     missed = O - S - A - those still waiting
 *     budget = floor(O projected to the month's end * (1 - target))
 */
#include "server/core/store_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "server/core/store_people.h"

#define SLOT_US (30 * 60 * 1000000LL)
#define SLOTS	48

struct figures {
	char queue[32];
	int64_t offered, answered, abandoned, shorts, overflow, lost, waiting;
	int64_t in_target, wait_sum_ms, longest_ms;
};

static int64_t missed_of(const struct figures *f)
{
	return f->offered - f->shorts - f->answered - f->waiting;
}

/* In percent; 100 when nobody called. */
static double rate_of(const struct figures *f, int64_t good)
{
	int64_t base = f->offered - f->shorts;

	return base > 0 ? 100.0 * (double)good / (double)base : 100.0;
}

static void add(struct figures *sum, const struct figures *f)
{
	sum->offered += f->offered;
	sum->answered += f->answered;
	sum->abandoned += f->abandoned;
	sum->shorts += f->shorts;
	sum->overflow += f->overflow;
	sum->lost += f->lost;
	sum->waiting += f->waiting;
	sum->in_target += f->in_target;
	sum->wait_sum_ms += f->wait_sum_ms;
	if (f->longest_ms > sum->longest_ms)
		sum->longest_ms = f->longest_ms;
}

static void read_figures(struct db_stmt *s, struct figures *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->queue, sizeof(f->queue), "%s", db_str(s, 0));
	f->offered = db_int(s, 1);
	f->answered = db_int(s, 2);
	f->abandoned = db_int(s, 3);
	f->shorts = db_int(s, 4);
	f->overflow = db_int(s, 5);
	f->lost = db_int(s, 6);
	f->waiting = db_int(s, 7);
	f->in_target = db_int(s, 8);
	f->wait_sum_ms = db_int(s, 9);
	f->longest_ms = db_int(s, 10);
}

typedef void(figures_h)(const struct figures *f, void *arg);

static int count(struct db *db, const struct store_wall_prm *prm, int64_t from,
		 int64_t to, figures_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT queue, count(*),"
		" sum(answered_us NOT NULL),"
		" sum(answered_us IS NULL AND result='abandoned'),"
		" sum(answered_us IS NULL AND result='abandoned'"
		"  AND wait_ms < ?3),"
		" sum(answered_us IS NULL AND result='overflow'),"
		" sum(answered_us IS NULL AND result='lost'),"
		" sum(answered_us IS NULL AND result IN"
		"  ('waiting','active')),"
		" sum(answered_us NOT NULL AND wait_ms <= ?4),"
		" sum(CASE WHEN answered_us NOT NULL THEN wait_ms"
		"  ELSE 0 END),"
		" max(coalesce(wait_ms, (?5 - queued_us) / 1000))"
		" FROM contact WHERE arrived_us >= ?1 AND arrived_us < ?2"
		" AND queued_us NOT NULL AND open AND direction='in'"
		" GROUP BY queue",
		"iiiii", from, to, prm->short_ms, prm->target_ms,
		cal_now_us());
	while (!err && !(err = db_step(s))) {
		struct figures f;
		read_figures(s, &f);
		h(&f, arg);
	}
	return err == ENOENT ? 0 : err;
}

static void on_sum(const struct figures *f, void *arg)
{
	add(arg, f);
}

/* ---- the day by half hours ---- */

struct slots {
	int64_t day_us;
	int first, last; /* in use; last < first: none */
	json_t *queues;	 /* {queue: [48 counts]} */
};

static int read_slots(struct db *db, struct slots *sl, int64_t now_us)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT queue, (arrived_us - ?1) / ?3 AS slot,"
			   " count(*) FROM contact WHERE arrived_us >= ?1"
			   " AND arrived_us < ?2 AND queued_us NOT NULL"
			   " AND open AND direction='in' GROUP BY 1, 2",
			   "iii", sl->day_us, now_us + 1, (int64_t)SLOT_US);

	sl->first = SLOTS;
	sl->last = (int)((now_us - sl->day_us) / SLOT_US);
	if (sl->last >= SLOTS)
		sl->last = SLOTS - 1;
	while (!err && !(err = db_step(s))) {
		int slot = (int)db_int(s, 1);
		json_t *row = json_object_get(sl->queues, db_str(s, 0));
		if (slot < 0 || slot >= SLOTS)
			continue;
		if (!row) {
			row = json_array();
			for (int i = 0; i < SLOTS; i++)
				json_array_append_new(row, json_integer(0));
			json_object_set_new(sl->queues, db_str(s, 0), row);
		}
		json_array_set_new(row, (size_t)slot,
				   json_integer(db_int(s, 2)));
		if (slot < sl->first)
			sl->first = slot;
	}
	return err == ENOENT ? 0 : err;
}

static json_t *slots_of(const struct slots *sl, const char *queue)
{
	const json_t *row = json_object_get(sl->queues, queue);
	json_t *list = json_array();

	for (int i = sl->first; row && i <= sl->last; i++)
		json_array_append(list, json_array_get(row, (size_t)i));
	return list;
}

struct listing {
	json_t *queues;
	const struct slots *slots;
	struct figures sum;
};

static void on_queue(const struct figures *f, void *arg)
{
	struct listing *l = arg;

	add(&l->sum, f);
	json_array_append_new(l->queues,
			      json_pack("{s:s,s:I,s:I,s:I,s:f,s:f,s:I,s:o}",
					"queue", f->queue, "offered",
					(json_int_t)f->offered, "answered",
					(json_int_t)f->answered, "missed",
					(json_int_t)missed_of(f), "rate",
					rate_of(f, f->answered), "in_target",
					rate_of(f, f->in_target), "waiting",
					(json_int_t)f->waiting, "slots",
					slots_of(l->slots, f->queue)));
}

/* ---- the month ---- */

/* The share of the month's open hours that is over. */
static double progress(struct db *db, int64_t month_us, int64_t now_us,
		       int64_t end_us)
{
	scoped_mem struct cal *cal = NULL;

	if (store_calendar(&cal, db))
		return 1.0;
	int64_t all = cal_open_between(cal, month_us, end_us);
	int64_t past = cal_open_between(cal, month_us, now_us);
	return all > 0 ? (double)past / (double)all : 1.0;
}

static int64_t next_month(int64_t month_us)
{
	return cal_month_start(month_us + 32LL * 86400 * 1000000);
}

/* The rest of the month as today goes; as the month went, while today has
 * too few calls to say anything. */
static double projected_rate(const struct figures *m, const struct figures *t,
			     double offered_end)
{
	double rest = offered_end - (double)m->offered;
	double now = rate_of(t->offered >= 20 ? t : m,
			     t->offered >= 20 ? t->answered : m->answered);
	double base = (double)(m->offered - m->shorts);

	if (base + rest <= 0)
		return 100.0;
	return ((double)m->answered * 100.0 + rest * now) / (base + rest);
}

static json_t *month_json(const struct store_wall_prm *prm,
			  const struct figures *m, const struct figures *t,
			  double done)
{
	double target = (double)prm->target_connect / 10000.0;
	double end =
		done > 0.01 ? (double)m->offered / done : (double)m->offered;
	int64_t budget = (int64_t)(end * (1.0 - target) + 1e-9);
	int64_t used = missed_of(m);

	return json_pack(
		"{s:I,s:I,s:I,s:I,s:f,s:f,s:I,s:I,s:I,s:f,s:f,s:s}", "offered",
		(json_int_t)m->offered, "answered", (json_int_t)m->answered,
		"short", (json_int_t)m->shorts, "missed", (json_int_t)used,
		"rate", rate_of(m, m->answered), "target", target * 100.0,
		"budget", (json_int_t)budget, "used", (json_int_t)used, "left",
		(json_int_t)(budget - used), "progress", done, "projected",
		projected_rate(m, t, end), "formula", "connect/1");
}

static json_t *today_json(const struct store_wall_prm *prm,
			  const struct figures *t)
{
	return json_pack(
		"{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:I,s:I,s:I}",
		"offered", (json_int_t)t->offered, "answered",
		(json_int_t)t->answered, "abandoned", (json_int_t)t->abandoned,
		"short", (json_int_t)t->shorts, "overflow",
		(json_int_t)t->overflow, "lost", (json_int_t)t->lost,
		"waiting", (json_int_t)t->waiting, "missed",
		(json_int_t)missed_of(t), "rate", rate_of(t, t->answered),
		"in_target", rate_of(t, t->in_target), "asa_ms",
		(json_int_t)(t->answered ? t->wait_sum_ms / t->answered : 0),
		"longest_ms", (json_int_t)t->longest_ms, "target_s",
		(json_int_t)(prm->target_ms / 1000));
}

static int on_wall(struct rpc_call *call, struct db *db)
{
	const struct store_wall_prm *prm = call->part;
	int64_t now_us = cal_now_us();
	int64_t month_us = cal_month_start(now_us);
	scoped_json json_t *by_queue = json_object(), *queues = json_array();
	struct slots sl = {.day_us = cal_day_start(now_us),
			   .queues = by_queue};
	struct listing l = {.queues = queues, .slots = &sl};
	struct figures month = {.queue = ""};

	int err = read_slots(db, &sl, now_us);
	if (!err)
		err = count(db, prm, sl.day_us, now_us + 1, on_queue, &l);
	if (!err)
		err = count(db, prm, month_us, now_us + 1, on_sum, &month);
	if (err)
		return err;
	double done = progress(db, month_us, now_us, next_month(month_us));
	call->result =
		json_pack("{s:I,s:o,s:o,s:O}", "now_us", (json_int_t)now_us,
			  "month", month_json(prm, &month, &l.sum, done),
			  "today", today_json(prm, &l.sum), "queues", queues);
	return call->result ? 0 : ENOMEM;
}

/* Of the calls an agent had last, by arrival. Outbound calls count as calls
 * and talk; how fast they were answered says nothing of him. */
static int on_today(struct rpc_call *call, struct db *db)
{
	const struct store_wall_prm *prm = call->part;
	scoped_stmt struct db_stmt *s = NULL;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *agent = json_in_str_or(&in, "agent", 31, call->actor);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (strcmp(agent, call->actor) != 0 && !(call->roles & MAY_LEAD))
		return rpc_fail(call, EACCES,
				N_("Another agent's figures are the lead's"),
				"%s", agent);
	int err = db_prepare(
		&s, db,
		"SELECT count(*), coalesce(sum(talk_ms), 0),"
		" sum(wrapup_ms > 0), coalesce(sum(wrapup_ms), 0),"
		" coalesce(sum(direction='in'), 0),"
		" coalesce(sum(direction='in' AND wait_ms <= ?3), 0)"
		" FROM contact WHERE agent=?1 AND arrived_us >= ?2"
		" AND answered_us NOT NULL AND ended_us NOT NULL");

	if (!err)
		err = db_bind(s, "sii", agent, cal_day_start(cal_now_us()),
			      prm->target_ms);
	if (!err)
		err = db_step(s);
	if (err)
		return err;
	int64_t calls = db_int(s, 0), wraps = db_int(s, 2);
	int64_t in_calls = db_int(s, 4);
	call->result = json_pack(
		"{s:s,s:I,s:I,s:I,s:f,s:I}", "agent", agent, "calls",
		(json_int_t)calls, "talk_ms",
		(json_int_t)(calls ? db_int(s, 1) / calls : 0), "wrapup_ms",
		(json_int_t)(wraps ? db_int(s, 3) / wraps : 0), "in_target",
		in_calls ? 100.0 * (double)db_int(s, 5) / (double)in_calls
			 : 100.0,
		"target_s", (json_int_t)(prm->target_ms / 1000));
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler store_wall_methods[] = {
	{"agent.today", .readh = on_today},
	{"wall.get", .readh = on_wall},
	{NULL},
};
