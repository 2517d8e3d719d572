/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/topic.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "server/core/store_people.h"
#include "server/core/store_topic.h"

#define ID_BYTES   64
#define LIMIT_DEF  50
#define LIMIT_MAX  200
#define SPAN_US	   (366LL * 86400 * 1000000)
#define HOT_RANK   10
#define HOT_CALLS  5
#define HARD_CALLS 3
#define HARD_SHARE 30 /* percent */
#define LONG_MS	   (5 * 60000)

struct report {
	struct rpc_call *call;
	struct db *db;
	const char *kind; /* "": all */
	int64_t limit, rank, mean_ms;
};

/* ---- the rules ---- */

static void why(json_t *list, const char *rule, int64_t n)
{
	if (n)
		json_array_append_new(list,
				      json_pack("{s:s, s:I}", "rule", rule,
						"n", (json_int_t)n));
}

static int64_t growth(const struct store_topic *t)
{
	return t->before ? (t->count - t->before) * 100 / t->before : 0;
}

static bool is_hot(const struct report *r, const struct store_topic *t,
		   json_t *reasons)
{
	bool ranks = r->rank <= HOT_RANK, grows = t->count >= 2 * t->before;

	if (t->count < HOT_CALLS || (!ranks && !grows))
		return false;
	if (ranks)
		why(reasons, "rank", r->rank);
	if (grows)
		why(reasons, "growth", t->count - t->before);
	return true;
}

static bool is_hard(const struct store_topic *t, json_t *reasons)
{
	if (t->hard < HARD_CALLS || t->hard * 100 < t->count * HARD_SHARE)
		return false;
	why(reasons, "transferred", t->transferred);
	why(reasons, "long", t->talks);
	why(reasons, "escalated", t->escalated);
	why(reasons, "flagged", t->flagged);
	why(reasons, "repeat", t->repeated);
	why(reasons, "no_entry", *t->entry ? 0 : t->count);
	return true;
}

static bool is_routine(const struct report *r, const struct store_topic *t,
		       json_t *reasons)
{
	if (!*t->entry || t->mean_ms > r->mean_ms)
		return false;
	why(reasons, "entry", t->count);
	why(reasons, "short", t->mean_ms / 1000);
	return true;
}

static bool has(const json_t *list, const char *text)
{
	size_t i;
	json_t *one;

	json_array_foreach (list, i, one)
		if (!strcmp(json_string_value(one), text))
			return true;
	return false;
}

/* ---- topic.report ---- */

/* The heading of the entry's header; "" where it cannot be read. */
static json_t *topic_of(struct db *db, const struct store_topic *t)
{
	scoped_mem struct kb_version *v = NULL;

	if (!*t->entry)
		return json_string(t->disposition);
	return kb_base_get(&v, db, t->entry, 0) ? json_string("")
						: json_string(v->entry->topic);
}

static int on_topic(const struct store_topic *t, void *arg)
{
	struct report *r = arg;
	scoped_json json_t *reasons = json_array();
	scoped_json json_t *kinds = json_array();
	char path[256];

	r->rank++;
	if (is_hot(r, t, reasons))
		json_array_append_new(kinds, json_string("hot"));
	if (is_hard(t, reasons))
		json_array_append_new(kinds, json_string("hard"));
	else if (is_routine(r, t, reasons))
		json_array_append_new(kinds, json_string("routine"));
	if (*r->kind && !has(kinds, r->kind))
		return 0;
	store_disposition_path(r->db, t->disposition, path, sizeof(path));
	json_t *item = json_pack(
		"{s:s, s:o, s:s, s:s, s:s, s:I, s:I, s:o, s:I, s:I, s:O, s:O}",
		"line", t->line, "topic", topic_of(r->db, t), "entry",
		t->entry, "disposition", t->disposition, "title",
		*t->entry ? t->title : path, "count", (json_int_t)t->count,
		"before", (json_int_t)t->before, "growth",
		t->before ? json_integer(growth(t)) : json_null(), "mean_ms",
		(json_int_t)t->mean_ms, "hard", (json_int_t)t->hard, "kinds",
		kinds, "why", reasons);
	return rpc_page_add(r->call, item) && --r->limit > 0 ? 0 : ECANCELED;
}

static int on_report(struct rpc_call *call, struct db *db)
{
	struct report r = {.call = call, .db = db};
	struct store_topic_span span;
	struct json_in in;

	json_in_init(&in, call->params);
	span.from_us = json_in_int(&in, "from_us", 0, INT64_MAX);
	span.to_us = json_in_int(&in, "to_us", 0, INT64_MAX);
	r.kind = json_in_str_or(&in, "kind", ID_BYTES, "");
	r.limit = json_in_int_or(&in, "limit", 1, LIMIT_MAX, LIMIT_DEF);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (*r.kind && strcmp(r.kind, "hot") != 0 &&
	    strcmp(r.kind, "hard") != 0 && strcmp(r.kind, "routine") != 0)
		return rpc_fail(call, EINVAL,
				N_("A topic is hot, hard or routine"), "%s",
				r.kind);
	if (span.to_us <= span.from_us || span.to_us - span.from_us > SPAN_US)
		return rpc_fail(call, EINVAL,
				N_("The period ends after it begins, within a "
				   "year"),
				NULL);
	span.before_us = 2 * span.from_us - span.to_us;
	int err = store_topic_mean(db, &span, &r.mean_ms);
	if (err)
		return err;
	span.long_ms = 2 * r.mean_ms > LONG_MS ? 2 * r.mean_ms : LONG_MS;
	call->result = json_pack("{s:[], s:I, s:I}", "items", "mean_ms",
				 (json_int_t)r.mean_ms, "long_ms",
				 (json_int_t)span.long_ms);
	err = store_topics(db, &span, on_topic, &r);
	return err == ECANCELED ? 0 : err;
}

/* Takes the only place there is for a report. */
static int alone(struct rpc_call *call, struct db *db, rpc_read_h *readh)
{
	struct topic_part *part = call->part;

	if (atomic_flag_test_and_set(&part->busy))
		return rpc_fail(call, EAGAIN,
				N_("Another report is being made: try again "
				   "in a moment"),
				NULL);
	int err = readh(call, db);
	atomic_flag_clear(&part->busy);
	return err;
}

static int on_topic_report(struct rpc_call *call, struct db *db)
{
	return alone(call, db, on_report);
}

/* ---- flow.report ---- */

struct flows {
	struct rpc_call *call;
	char today[CAL_TEXT_SIZE];
	bool due; /* only those */
	char last[ID_BYTES];
};

static json_t *cost_json(int64_t version, int64_t n, int64_t aht_ms)
{
	return json_pack("{s:I, s:I, s:I}", "version", (json_int_t)version,
			 "n", (json_int_t)n, "aht_ms", (json_int_t)aht_ms);
}

static int on_flow(const struct store_flow *f, void *arg)
{
	struct flows *l = arg;
	bool due = *f->review && strcmp(f->review, l->today) <= 0;
	bool both = f->n && f->was_n && f->was_aht_ms;

	if (l->due && !due)
		return 0;
	json_t *item = json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:b, s:o, s:o, s:o}", "entry",
		f->entry, "title", f->title, "line", f->line, "version",
		(json_int_t)f->version, "review", f->review, "due", (int)due,
		"now", cost_json(f->version, f->n, f->aht_ms), "was",
		f->was_version
			? cost_json(f->was_version, f->was_n, f->was_aht_ms)
			: json_null(),
		"change",
		both ? json_integer((f->aht_ms - f->was_aht_ms) * 100 /
				    f->was_aht_ms)
		     : json_null());
	if (!rpc_page_add(l->call, item)) {
		rpc_page_next(l->call, l->last);
		return ECANCELED;
	}
	utf8_copy(l->last, sizeof(l->last), f->entry);
	return 0;
}

static int on_flows(struct rpc_call *call, struct db *db)
{
	struct flows l = {.call = call};
	struct json_in in;

	json_in_init(&in, call->params);
	l.due = json_in_bool_or(&in, "due", false);
	const char *after = json_in_str_or(&in, "cursor", ID_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	cal_day(l.today, cal_now_us());
	call->result = json_pack("{s:[]}", "items");
	int err = store_flows(db, l.today, after, on_flow, &l);
	return err == ECANCELED ? 0 : err;
}

static int on_flow_report(struct rpc_call *call, struct db *db)
{
	return alone(call, db, on_flows);
}

const struct rpc_handler topic_methods[] = {
	{"topic.report", .readh = on_topic_report},
	{"flow.report", .readh = on_flow_report},
	{NULL},
};
