/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alarm lives in memory: at start whoever watches a condition looks again
 * and raises it anew. What the last run left open is closed in the record
 * with reason "restart", so that every alarm there has an end.
 */
#include "server/core/alarm.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/session.h"

#define ALARMS_MAX   256
#define ID_BYTES     64
#define TEXT_BYTES   160
#define OPEN_DAYS_US (INT64_C(30) * 86400 * 1000000)

struct entry {
	struct le le;
	char id[ID_BYTES];
	enum alarm_level level;
	char message[TEXT_BYTES];
	char detail[TEXT_BYTES];
	int64_t since_us;
	char taken_by[ID_BYTES];
};

struct alarm {
	struct fact_log *log;
	struct session_hub *hub;
	struct list entries; /* struct entry, oldest first */
	struct fact_sink sink;
};

static const char *level_name(enum alarm_level level)
{
	return level == ALARM_CRITICAL ? "critical" : "warn";
}

static struct entry *find(const struct alarm *a, const char *id)
{
	struct le *le;

	LIST_FOREACH (&a->entries, le) {
		struct entry *e = le->data;
		if (!strcmp(e->id, id))
			return e;
	}
	return NULL;
}

static json_t *entry_json(const struct entry *e)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "id", e->id,
			 "level", level_name(e->level), "message", e->message,
			 "detail", e->detail, "since_us",
			 (json_int_t)e->since_us, "taken_by", e->taken_by);
}

static void tell(const struct alarm *a, const char *method,
		 const struct entry *e)
{
	if (a->hub)
		session_publish(a->hub, "alarm", NULL, method,
				json_pack("{s:o}", "alarm", entry_json(e)));
}

/* ---- the facts ---- */

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
}

static void apply_raised(struct alarm *a, const struct fact *f)
{
	struct entry *e = find(a, f->subject);

	if (!e) {
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return;
		str_ncpy(e->id, f->subject, sizeof(e->id));
		e->since_us = f->at_us;
		list_append(&a->entries, &e->le, e);
	}
	e->level = strcmp(json_str(f->body, "level"), "critical")
			   ? ALARM_WARN
			   : ALARM_CRITICAL;
	str_ncpy(e->message, json_str(f->body, "message"), sizeof(e->message));
	str_ncpy(e->detail, json_str(f->body, "detail"), sizeof(e->detail));
	tell(a, "alarm.changed", e);
}

static void on_apply(const struct fact *f, void *arg)
{
	struct alarm *a = arg;

	if (!strcmp(f->kind, "alarm.raised")) {
		apply_raised(a, f);
		return;
	}
	struct entry *e = find(a, f->subject);
	if (!e)
		return;
	if (!strcmp(f->kind, "alarm.taken")) {
		str_ncpy(e->taken_by, f->actor, sizeof(e->taken_by));
		tell(a, "alarm.changed", e);
	} else if (!strcmp(f->kind, "alarm.cleared")) {
		tell(a, "alarm.gone", e);
		mem_deref(e);
	}
}

static int emit(struct alarm *a, const char *kind, const char *actor,
		const char *id, json_t *body)
{
	scoped_json json_t *owned = body;
	struct fact f = {
		.actor = actor,
		.kind = kind,
		.subject = id,
		.dur_ms = -1,
		.body = owned,
	};

	return fact_happened(a->log, &f, NULL, 0, NULL, NULL);
}

/* ---- raising ---- */

void alarm_raise(struct alarm *a, const char *id, enum alarm_level level,
		 const char *message, const char *detail)
{
	struct entry *e = find(a, id);

	if (e && e->level == level && !strcmp(e->message, message)) {
		/* a figure that moves on: shown, not recorded */
		if (strcmp(e->detail, detail)) {
			str_ncpy(e->detail, detail, sizeof(e->detail));
			tell(a, "alarm.changed", e);
		}
		return;
	}
	if (!e && list_count(&a->entries) >= ALARMS_MAX) {
		log_error("too many alarms: %s %s", message, detail);
		return;
	}
	log_warn("alarm %s: %s %s", id, message, detail);
	emit(a, "alarm.raised", "office", id,
	     json_pack("{s:s, s:s, s:s}", "level", level_name(level),
		       "message", message, "detail", detail));
}

void alarm_clear(struct alarm *a, const char *id)
{
	if (!find(a, id))
		return;
	log_info("alarm %s is over", id);
	emit(a, "alarm.cleared", "office", id, NULL);
}

unsigned alarm_count(const struct alarm *a)
{
	return list_count(&a->entries);
}

/* ---- life ---- */

static void destructor(void *arg)
{
	struct alarm *a = arg;

	list_flush(&a->entries);
}

int alarm_alloc(struct alarm **ap, struct fact_log *log,
		struct session_hub *hub)
{
	struct alarm *a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	a->log = log;
	a->hub = hub;
	a->sink = (struct fact_sink){
		.prefix = "alarm.",
		.applyh = on_apply,
		.arg = a,
	};
	fact_log_sink(log, &a->sink);
	*ap = a;
	return 0;
}

static int on_old(const struct fact *f, void *arg)
{
	json_t *open = arg;

	if (!strcmp(f->kind, "alarm.raised"))
		json_object_set_new(open, f->subject, json_true());
	else if (!strcmp(f->kind, "alarm.cleared"))
		json_object_del(open, f->subject);
	return 0;
}

int alarm_load(struct alarm *a, struct db *db)
{
	scoped_json json_t *open = json_object();
	const struct fact_filter f = {
		.kind = "alarm.",
		.from_us = cal_now_us() - OPEN_DAYS_US,
	};
	const char *id;
	json_t *v;

	int err = fact_each(db, &f, on_old, open);
	if (err)
		return err;
	json_object_foreach (open, id, v)
		emit(a, "alarm.cleared", "office", id,
		     json_pack("{s:s}", "reason", "restart"));
	return 0;
}

/* ---- requests ---- */

static int rpc_list(struct rpc_call *call)
{
	const struct alarm *a = call->part;
	struct le *le;

	call->result = json_pack("{s:[]}", "items");
	LIST_FOREACH (&a->entries, le)
		if (!rpc_page_add(call, entry_json(le->data)))
			break;
	return 0;
}

static int rpc_take(struct rpc_call *call)
{
	struct alarm *a = call->part;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "alarm", ID_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	struct entry *e = find(a, id);
	if (!e)
		return rpc_fail(call, ENOENT, N_("There is no such alarm now"),
				"%s", id);
	if (!strcmp(e->taken_by, call->actor))
		return 0;
	return emit(a, "alarm.taken", call->actor, id, NULL);
}

const struct rpc_handler alarm_methods[] = {
	{"alarm.list", .liveh = rpc_list},
	{"alarm.take", .liveh = rpc_take},
	{NULL},
};
