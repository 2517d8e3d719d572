/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/course.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "kb/base.h"
#include "server/core/fact.h"
#include "server/core/store_course.h"
#include "server/core/store_people.h"
#include "server/desk/people.h"

#define ID_BYTES     64
#define TITLE_BYTES  200
#define NOTE_BYTES   2000
#define ENTRIES_MAX  100
#define SCORE_MAX    1000
#define CURSOR_BYTES 100
/* Signing in begins before the course and is still taken after it. */
#define EARLY_US (2LL * 3600 * 1000000)
#define LATE_US	 (12LL * 3600 * 1000000)

static int no_course(struct rpc_call *call, const char *id)
{
	return rpc_fail(call, ENOENT, N_("There is no such course"), "%.40s",
			id);
}

/* ---- planning ---- */

/* "KB-0415" or "KB-0415@3" -> {"id","version"} of a version there is. */
static int read_entry(struct rpc_call *call, struct db *db, const json_t *one,
		      json_t *out)
{
	scoped_mem struct kb_version *v = NULL;
	const char *text = json_string_value(one);
	char id[ID_BYTES];

	if (!text)
		return rpc_fail(call, EINVAL,
				N_("Entries are named as KB-0415 or "
				   "KB-0415@3"),
				"entries");
	size_t n = strcspn(text, "@");
	snprintf(id, sizeof(id), "%.*s", (int)n, text);
	int64_t version = text[n] ? strtol(text + n + 1, NULL, 10) : 0;
	int err = kb_base_get(&v, db, id, version);
	if (err)
		return rpc_fail(call, err, N_("There is no such version"),
				"%.40s", text);
	return json_array_append_new(out, json_pack("{s:s, s:I}", "id", id,
						    "version",
						    (json_int_t)v->version))
		       ? ENOMEM
		       : 0;
}

static int set_entries(struct rpc_call *call, struct db *db, json_t *body)
{
	json_t *given = json_object_get(call->params, "entries");
	scoped_json json_t *list = json_array();
	size_t i;
	json_t *one;

	if (!given)
		return 0;
	if (json_array_size(given) > ENTRIES_MAX)
		return rpc_fail(call, EINVAL, N_("There are too many"), "%d",
				ENTRIES_MAX);
	json_array_foreach (given, i, one) {
		int err = read_entry(call, db, one, list);
		if (err)
			return err;
	}
	return json_object_set(body, "entries", list) ? ENOMEM : 0;
}

static int set_gates(struct rpc_call *call, struct db *db, json_t *body)
{
	json_t *given = json_object_get(call->params, "gates");
	struct json_in in;

	if (!given)
		return 0;
	if (!json_object_size(given)) { /* none any more */
		json_object_del(body, "gates");
		return 0;
	}
	json_in_init(&in, given);
	const char *queue = json_in_str(&in, "queue", ID_BYTES);
	int64_t level = json_in_int(&in, "level", 1, SKILL_LEVELS);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	scoped_json json_t *q = store_thing(db, "queue", queue);
	if (!q)
		return rpc_fail(call, ENOENT, N_("There is no such queue"),
				"%.60s", queue);
	return json_object_set_new(body, "gates",
				   json_pack("{s:s, s:I}", "queue", queue,
					     "level", (json_int_t)level))
		       ? ENOMEM
		       : 0;
}

/* What the request says, over what was there. */
static int overlay(struct rpc_call *call, struct db *db, json_t *body)
{
	static const char *const keys[] = {"kind",    "title",	  "organiser",
					   "from_us", "to_us",	  "place",
					   "note",    "cancelled"};
	struct json_in in;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_object_get(call->params, keys[i]);
		if (v)
			json_object_set(body, keys[i], v);
	}
	json_in_init(&in, body);
	const char *kind = json_in_str(&in, "kind", ID_BYTES);
	const char *title = json_in_str(&in, "title", TITLE_BYTES);
	json_in_str_or(&in, "organiser", TITLE_BYTES, "");
	json_in_str_or(&in, "place", TITLE_BYTES, "");
	json_in_str_or(&in, "note", NOTE_BYTES, "");
	int64_t from_us = json_in_int(&in, "from_us", 1, INT64_MAX);
	int64_t to_us = json_in_int(&in, "to_us", 1, INT64_MAX);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (strcmp(kind, "internal") != 0 && strcmp(kind, "bureau") != 0 &&
	    strcmp(kind, "hall") != 0)
		return rpc_fail(call, EINVAL,
				N_("A course is internal, bureau or hall"),
				"%.40s", kind);
	if (!title[strspn(title, " \t\r\n")])
		return rpc_fail(call, EINVAL, N_("A new one needs a name"),
				"title");
	if (to_us <= from_us)
		return rpc_fail(call, EINVAL,
				N_("A course ends after it begins"), NULL);
	int err = set_entries(call, db, body);
	return err ? err : set_gates(call, db, body);
}

static int year_of(int64_t us)
{
	char day[CAL_TEXT_SIZE];

	cal_day(day, us);
	return (int)strtol(day, NULL, 10);
}

static int on_set(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *body = NULL;
	char id[ID_BYTES];
	struct json_in in;
	int err = 0;

	json_in_init(&in, call->params);
	const char *given = json_in_str_or(&in, "course", ID_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	snprintf(id, sizeof(id), "%s", given);
	body = *id ? store_course(db, id) : json_object();
	if (!body)
		return no_course(call, id);
	/* counted, not set */
	json_object_del(body, "id");
	json_object_del(body, "people");
	json_object_del(body, "passed");
	err = overlay(call, db, body);
	if (!err && !*id)
		err = store_course_next_id(db,
					   year_of(json_int(body, "from_us")),
					   id, sizeof(id));
	if (!err)
		err = rpc_append(call, db, "course.set", id,
				 json_incref(body));
	if (err)
		return err;
	call->result = json_pack("{s:s}", "course", id);
	return call->result ? 0 : ENOMEM;
}

/* ---- being there ---- */

static int append(struct rpc_call *call, struct db *db, const char *kind,
		  const char *course, const char *person, json_t *body)
{
	scoped_json json_t *owned = body;
	struct fact f = {.dur_ms = -1,
			 .actor = call->actor,
			 .kind = kind,
			 .agent = person,
			 .subject = course,
			 .body = owned};

	return owned ? fact_append(call->log, db, &f) : ENOMEM;
}

static int answer_person(struct rpc_call *call, struct db *db, const char *id,
			 const char *person)
{
	scoped_json json_t *list = store_course_people(db, id, person);

	call->result = json_incref(json_array_get(list, 0));
	if (!call->result)
		return ENOMEM;
	json_object_set_new(call->result, "course", json_string(id));
	return 0;
}

static int on_sign(struct rpc_call *call, struct db *db)
{
	struct json_in in;
	int64_t now = cal_now_us();

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "course", ID_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	scoped_json json_t *body = store_course(db, id);
	if (!body)
		return no_course(call, id);
	scoped_json json_t *who = store_thing(db, "person", call->actor);
	if (!who)
		return rpc_fail(call, ENOENT, N_("There is no such person"),
				"%.40s", call->actor);
	if (json_bool(body, "cancelled"))
		return rpc_fail(call, EALREADY,
				N_("This course was cancelled"), "%s", id);
	if (now < json_int(body, "from_us") - EARLY_US ||
	    now > json_int(body, "to_us") + LATE_US)
		return rpc_fail(call, EALREADY,
				N_("This course is not on now"), "%s", id);
	scoped_json json_t *list = store_course_people(db, id, call->actor);
	int err = json_bool(json_array_get(list, 0), "signed")
			  ? 0
			  : append(call, db, "course.signed", id, call->actor,
				   json_object());
	return err ? err : answer_person(call, db, id, call->actor);
}

/* Only what was said goes into the fact. */
static int read_marks(struct rpc_call *call, json_t **bodyp)
{
	static const char *const keys[] = {"in_us", "out_us", "score",
					   "passed"};
	scoped_json json_t *body = json_object();
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t in_us = json_in_int_or(&in, "in_us", 1, INT64_MAX, 0);
	int64_t out_us = json_in_int_or(&in, "out_us", 1, INT64_MAX, 0);
	json_in_int_or(&in, "score", 0, SCORE_MAX, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_object_get(call->params, keys[i]);
		if (v && !json_is_null(v))
			json_object_set(body, keys[i], v);
	}
	if (!json_object_size(body))
		return rpc_fail(call, EINVAL, N_("Nothing to change"), NULL);
	if (in_us && out_us && out_us < in_us)
		return rpc_fail(call, EINVAL, N_("Who leaves has come before"),
				NULL);
	*bodyp = take(body);
	return 0;
}

static int on_mark(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *marks = NULL;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "course", ID_BYTES);
	const char *person = json_in_str(&in, "person", ID_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = read_marks(call, &marks);
	if (err)
		return err;
	scoped_json json_t *body = store_course(db, id);
	if (!body)
		return no_course(call, id);
	scoped_json json_t *who = store_thing(db, "person", person);
	if (!who)
		return rpc_fail(call, ENOENT, N_("There is no such person"),
				"%.40s", person);
	if (!strcmp(person, call->actor))
		return rpc_fail(call, EACCES, N_("Nobody marks himself"), "%s",
				person);
	err = append(call, db, "course.marked", id, person, take(marks));
	return err ? err : answer_person(call, db, id, person);
}

/* ---- reading ---- */

struct listing {
	struct rpc_call *call;
	struct db *db;
	char last[CURSOR_BYTES];
};

static int on_course(const char *id, json_t *body, void *arg)
{
	struct listing *l = arg;
	scoped_json json_t *mine =
		store_course_people(l->db, id, l->call->actor);
	json_t *own = json_array_get(mine, 0);

	json_object_set(body, "mine", own ? own : json_null());
	if (!rpc_page_add(l->call, json_incref(body))) {
		rpc_page_next(l->call, l->last);
		return ECANCELED;
	}
	snprintf(l->last, sizeof(l->last), "%lld:%s",
		 (long long)json_int(body, "from_us"), id);
	return 0;
}

static int on_list(struct rpc_call *call, struct db *db)
{
	struct listing l = {.call = call, .db = db};
	struct json_in in;
	char *id = NULL;

	json_in_init(&in, call->params);
	struct store_course_span span = {
		.from_us = json_in_int_or(&in, "from_us", 0, INT64_MAX, 0),
		.to_us = json_in_int_or(&in, "to_us", 0, INT64_MAX, INT64_MAX),
		.after_us = INT64_MAX,
		.after = "",
	};
	const char *cursor =
		json_in_str_or(&in, "cursor", CURSOR_BYTES - 1, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (*cursor) {
		span.after_us = strtoll(cursor, &id, 10);
		span.after = *id ? id + 1 : "";
	}
	call->result = json_pack("{s:[]}", "items");
	int err = store_course_each(db, &span, on_course, &l);
	return err == ECANCELED ? 0 : err;
}

/* Others' marks are for leads and the bureau. */
static int on_get(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "course", ID_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	json_t *body = store_course(db, id);
	if (!body)
		return no_course(call, id);
	json_object_set_new(
		body, "attendance",
		store_course_people(
			db, id, call->roles & MAY_REVIEW ? "" : call->actor));
	call->result = body;
	return 0;
}

const struct rpc_handler course_methods[] = {
	{"course.set", .writeh = on_set},   {"course.sign", .writeh = on_sign},
	{"course.mark", .writeh = on_mark}, {"course.list", .readh = on_list},
	{"course.get", .readh = on_get},    {NULL},
};
