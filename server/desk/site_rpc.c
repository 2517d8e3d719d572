/* SPDX-License-Identifier: Apache-2.0 */
/* queue.*, disposition.*, pause.*, calendar.*, prompt.*, trunk.*, phone.*:
 * each `set` reads the thing as it is, puts what the request says over it,
 * and appends the whole as a fact. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store_people.h"
#include "server/desk/people.h"
#include "server/desk/site_own.h"
#include "server/desk/valid.h"
#include "server/desk/wav_check.h"

#define NAME_BYTES	 60
#define THINGS_MAX	 200 /* of a kind; dispositions have their own */
#define DISPOSITIONS_MAX 2000
#define DEPTH_MAX	 4
#define WRAPUP_MAX_MS	 3600000
#define LEASE_MIN_MS	 3000
#define LEASE_MAX_MS	 120000
#define WAIT_MIN_MS	 10000
#define WAIT_MAX_MS	 7200000
#define CALENDAR_BYTES	 65536

static int append(struct rpc_call *call, struct db *db, const char *kind,
		  const char *id, json_t *body)
{
	struct fact fact = {
		.dur_ms = -1,
		.kind = kind,
		.subject = id,
		.body = body,
	};
	return rpc_fact(call, db, &fact);
}

/* The thing as it is, or an empty one with *is_new set. */
static int begin(struct rpc_call *call, struct db *db, const char *kind,
		 const char *id, json_t **bodyp, bool *is_new)
{
	int64_t n = 0;

	if (!valid_id(id))
		return rpc_fail(call, EINVAL,
				N_("An id has letters, digits and - _ . , 31 "
				   "at the most"),
				"%.40s", id);
	*bodyp = store_thing(db, kind, id);
	*is_new = !*bodyp;
	if (*bodyp)
		return 0;
	int64_t max =
		strcmp(kind, "disposition") ? THINGS_MAX : DISPOSITIONS_MAX;
	int err = store_thing_count(db, kind, &n);
	if (err)
		return err;
	if (n >= max)
		return rpc_fail(call, EAGAIN, N_("There are too many"), "%lld",
				(long long)max);
	*bodyp = json_pack("{s:b}", "active", 1);
	return *bodyp ? 0 : ENOMEM;
}

static int check_name(struct rpc_call *call, const char *name, bool is_new)
{
	if (!name && is_new)
		return rpc_fail(call, EINVAL, N_("A new one needs a name"),
				NULL);
	if (name && !valid_name(name, NAME_BYTES))
		return rpc_fail(call, EINVAL,
				N_("A name has 1 to 60 bytes on one line"),
				NULL);
	return 0;
}

/* Takes fields over from the request as they are: checked before. */
static void take_over(struct rpc_call *call, json_t *body,
		      const char *const *keys)
{
	for (; *keys; keys++) {
		json_t *v = json_object_get(call->params, *keys);
		if (v && !json_is_null(v))
			json_object_set(body, *keys, v);
	}
}

/* ---- queues ---- */

static int on_queue_list(struct rpc_call *call)
{
	const struct site *s = call->part;

	call->result = json_pack("{s:[]}", "items");
	for (size_t i = 0; i < site_queue_count(s); i++) {
		const struct site_queue *q = site_queue_at(s, i);
		json_t *obj = site_queue_json(q);
		site_queue_live_add(s, q, obj);
		rpc_page_add(call, obj);
	}
	return 0;
}

struct taken {
	struct rpc_call *call;
	const char *id;
	char (*numbers)[SITE_NUMBER];
	size_t n;
};

static int on_other_queue(const char *id, json_t *body, void *arg)
{
	const struct taken *t = arg;
	char numbers[SITE_NUMBERS][SITE_NUMBER];
	size_t n;

	if (!strcmp(id, t->id) ||
	    json_is_false(json_object_get(body, "active")))
		return 0;
	site_numbers_parse(json_str(body, "number"), numbers, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < t->n; k++) {
			if (site_same_number(numbers[i], t->numbers[k]))
				return rpc_fail(t->call, EEXIST,
						N_("The number is another "
						   "queue's"),
						"%s: %s", id, numbers[i]);
		}
	}
	return 0;
}

static int check_numbers(struct rpc_call *call, struct db *db, const char *id,
			 const char *text, json_t *body)
{
	char numbers[SITE_NUMBERS][SITE_NUMBER];
	char canonical[SITE_NUMBERS * SITE_NUMBER];
	struct taken t = {call, id, numbers, 0};

	if (!site_numbers_parse(text, numbers, &t.n))
		return rpc_fail(call, EINVAL,
				N_("Numbers stand with commas between, 16 at "
				   "the most"),
				NULL);
	for (size_t i = 0; i < t.n; i++) {
		if (!valid_number(numbers[i]))
			return rpc_fail(call, EINVAL,
					N_("This can not be called"), "%s",
					numbers[i]);
	}
	int err = store_thing_each(db, "queue", NULL, on_other_queue, &t);
	if (err)
		return err;
	site_numbers_print(numbers, t.n, canonical, sizeof(canonical));
	json_object_set_new(body, "number", json_string(canonical));
	return 0;
}

/* The notice delays every call, and the law wants it whole: a long one is
 * refused, not cut. */
static int check_notice(struct rpc_call *call, const char *file)
{
	const struct site_prm *prm = site_prm(call->part);
	char path[1024];
	int64_t ms = 0;

	snprintf(path, sizeof(path), "%s/%s", prm->prompts_dir, file);
	if (!prm->notice_max_ms || wav_check(path, &ms) ||
	    ms <= prm->notice_max_ms)
		return 0;
	return rpc_fail(call, EINVAL, N_("The recording notice is too long"),
			"%lld ms, call.notice_max is %lld", (long long)ms,
			(long long)prm->notice_max_ms);
}

static int check_queue_notice(struct rpc_call *call, struct db *db,
			      const char *prompt)
{
	scoped_json json_t *body =
		*prompt ? store_thing(db, "prompt", prompt) : NULL;

	return body ? check_notice(call, json_str(body, "file")) : 0;
}

static int on_queue_set(struct rpc_call *call, struct db *db)
{
	static const char *const keys[] = {
		"name",	       "priority", "wrapup_ms", "lease_ms",
		"max_wait_ms", "least",	   "notice",	"closed",
		"music",       "active",   NULL};
	scoped_json json_t *body = NULL;
	struct json_in in;
	bool is_new;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "queue", 64);
	const char *name = json_in_str_or(&in, "name", 256, NULL);
	const char *number = json_in_str_or(&in, "number", 600, NULL);
	json_in_int_or(&in, "priority", -9, 9, 0);
	json_in_int_or(&in, "wrapup_ms", 0, WRAPUP_MAX_MS, 0);
	json_in_int_or(&in, "lease_ms", LEASE_MIN_MS, LEASE_MAX_MS,
		       LEASE_MIN_MS);
	json_in_int_or(&in, "max_wait_ms", WAIT_MIN_MS, WAIT_MAX_MS,
		       WAIT_MIN_MS);
	json_in_int_or(&in, "least", 0, SKILL_LEVELS, 0);
	json_in_bool_or(&in, "active", true);
	const char *prompts[] = {json_in_str_or(&in, "notice", 64, ""),
				 json_in_str_or(&in, "closed", 64, ""),
				 json_in_str_or(&in, "music", 64, "")};
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	for (size_t i = 0; i < ARRAY_SIZE(prompts); i++) {
		if (*prompts[i] && !valid_id(prompts[i]))
			return rpc_fail(call, EINVAL,
					N_("There is no such prompt"), "%.40s",
					prompts[i]);
	}
	int err = begin(call, db, "queue", id, &body, &is_new);
	if (!err)
		err = check_name(call, name, is_new);
	if (!err)
		err = check_queue_notice(call, db, prompts[0]);
	if (err)
		return err;
	take_over(call, body, keys);
	bool active = !json_is_false(json_object_get(body, "active"));
	if (!number)
		number = json_str(body, "number");
	scoped_str char *numbers = strdup(number);
	err = numbers && active ? check_numbers(call, db, id, numbers, body)
				: 0;
	if (!err)
		err = append(call, db, "queue.set", id, body);
	return err;
}

/* ---- dispositions ---- */

struct listing {
	struct rpc_call *call;
	struct db *db;
	const char *id_key;
	char last[SITE_ID + 8];
	bool full;
};

static int on_listed(const char *id, json_t *body, void *arg)
{
	struct listing *l = arg;
	char path[256];
	json_t *row = json_copy(body);

	json_object_set_new(row, l->id_key, json_string(id));
	if (!strcmp(l->id_key, "code") && json_object_get(body, "parent")) {
		store_disposition_path(l->db, id, path, sizeof(path));
		json_object_set_new(row, "path", json_string(path));
	}
	if (!rpc_page_add(l->call, row)) {
		l->full = true;
		return ECANCELED;
	}
	str_ncpy(l->last, id, sizeof(l->last));
	return 0;
}

static int list(struct rpc_call *call, struct db *db, const char *kind,
		const char *id_key)
{
	struct listing l = {.call = call, .db = db, .id_key = id_key};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *cursor = json_in_str_or(&in, "cursor", 60, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = json_pack("{s:[]}", "items");
	int err = store_thing_each(db, kind, cursor, on_listed, &l);
	if (l.full)
		rpc_page_next(call, l.last);
	return l.full ? 0 : err;
}

static int on_disposition_list(struct rpc_call *call, struct db *db)
{
	return list(call, db, "disposition", "code");
}

/* The chain upwards exists, is short, and does not come back to `code`. */
static int check_parent(struct rpc_call *call, struct db *db, const char *code,
			const char *parent)
{
	char up[SITE_ID * 2];

	str_ncpy(up, parent, sizeof(up));
	for (int depth = 1; up[0]; depth++) {
		if (!strcmp(up, code))
			return rpc_fail(call, EINVAL,
					N_("A disposition is not below "
					   "itself"),
					"%s", code);
		if (depth == DEPTH_MAX)
			return rpc_fail(call, EINVAL,
					N_("The tree has 4 levels at the "
					   "most"),
					NULL);
		scoped_json json_t *body = store_thing(db, "disposition", up);
		if (!body)
			return rpc_fail(call, ENOENT,
					N_("There is no such disposition"),
					"%.40s", up);
		str_ncpy(up, json_str(body, "parent"), sizeof(up));
	}
	return 0;
}

static int on_disposition_set(struct rpc_call *call, struct db *db)
{
	static const char *const keys[] = {"name", "parent", "queue", "active",
					   NULL};
	scoped_json json_t *body = NULL;
	struct json_in in;
	bool is_new;

	json_in_init(&in, call->params);
	const char *code = json_in_str(&in, "code", 64);
	const char *name = json_in_str_or(&in, "name", 256, NULL);
	const char *parent = json_in_str_or(&in, "parent", 63, "");
	const char *queue = json_in_str_or(&in, "queue", 63, "");
	json_in_bool_or(&in, "active", true);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = begin(call, db, "disposition", code, &body, &is_new);
	if (!err)
		err = check_name(call, name, is_new);
	if (!err && *parent)
		err = check_parent(call, db, code, parent);
	if (err)
		return err;
	scoped_json json_t *q =
		*queue ? store_thing(db, "queue", queue) : NULL;
	if (*queue && !q)
		return rpc_fail(call, ENOENT, N_("There is no such queue"),
				"%s", queue);
	if (is_new) {
		json_object_set_new(body, "parent", json_string(""));
		json_object_set_new(body, "queue", json_string(""));
	}
	take_over(call, body, keys);
	return append(call, db, "disposition.set", code, body);
}

/* ---- pause reasons ---- */

static int on_pause_list(struct rpc_call *call, struct db *db)
{
	return list(call, db, "pause", "code");
}

static int on_pause_set(struct rpc_call *call, struct db *db)
{
	static const char *const keys[] = {"name", "max_ms", "active", "order",
					   NULL};
	/* what the office itself says of a paused agent */
	static const char *const ours[] = {"missed", "refused", "phone_lost",
					   "ready"};
	scoped_json json_t *body = NULL;
	struct json_in in;
	bool is_new;

	json_in_init(&in, call->params);
	const char *code = json_in_str(&in, "code", 64);
	const char *name = json_in_str_or(&in, "name", 256, NULL);
	json_in_int_or(&in, "max_ms", 0, 86400000, 0);
	json_in_int_or(&in, "order", 0, 1000, 0);
	json_in_bool_or(&in, "active", true);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		if (!strcmp(code, ours[i]))
			return rpc_fail(call, EINVAL,
					N_("The office uses this reason "
					   "itself"),
					"%s", code);
	}
	int err = begin(call, db, "pause", code, &body, &is_new);
	if (!err)
		err = check_name(call, name, is_new);
	if (err)
		return err;
	take_over(call, body, keys);
	return append(call, db, "pause.set", code, body);
}

/* ---- calendar ---- */

static const char default_calendar[] = "hours mon-fri 08:30-18:00\n";

static int on_calendar_get(struct rpc_call *call, struct db *db)
{
	scoped_mem struct cal *cal = NULL;
	scoped_json json_t *body = store_thing(db, "calendar", "site");
	const char *text = body ? json_str(body, "text") : default_calendar;
	int64_t now = cal_now_us();
	char day[CAL_TEXT_SIZE];

	int err = cal_alloc(&cal, text, NULL);
	if (err)
		return err;
	bool open = cal_is_open(cal, now);
	int64_t next =
		open ? cal_next_close(cal, now) : cal_next_open(cal, now);
	cal_day(day, now);
	int year = (day[0] - '0') * 1000 + (day[1] - '0') * 100 +
		   (day[2] - '0') * 10 + (day[3] - '0');
	call->result =
		json_pack("{s:s,s:b,s:s,s:I,s:b,s:b}", "text", text, "open",
			  open, "why", cal_why(cal, now), "next_us",
			  (json_int_t)(next == INT64_MAX ? 0 : next),
			  "this_year", cal_has_year(cal, year), "next_year",
			  cal_has_year(cal, year + 1));
	return call->result ? 0 : ENOMEM;
}

static int on_calendar_set(struct rpc_call *call, struct db *db)
{
	scoped_mem struct cal *cal = NULL;
	struct diag diag = {.line = 0};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *text = json_in_str(&in, "text", CALENDAR_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = cal_alloc(&cal, text, &diag);
	if (err == EBADMSG)
		return rpc_fail(call, EINVAL, N_("The calendar has a fault"),
				"line %d: %s", diag.line, diag.what);
	if (err)
		return err;
	scoped_json json_t *body = json_pack("{s:s}", "text", text);
	return append(call, db, "calendar.set", "site", body);
}

/* ---- prompts ---- */

static int on_prompt_list(struct rpc_call *call, struct db *db)
{
	return list(call, db, "prompt", "prompt");
}

static int on_prompt_set(struct rpc_call *call, struct db *db)
{
	const struct site_prm *prm = site_prm(call->part);
	char path[1024];
	struct json_in in;
	int64_t ms;
	bool notice;

	json_in_init(&in, call->params);
	const char *prompt = json_in_str(&in, "prompt", 64);
	const char *file = json_in_str(&in, "file", SITE_TEXT - 1);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!valid_id(prompt))
		return rpc_fail(call, EINVAL,
				N_("An id has letters, digits and - _ . , 31 "
				   "at the most"),
				"%.40s", prompt);
	if (!valid_name(file, SITE_TEXT - 1) || strchr(file, '/') ||
	    file[0] == '.')
		return rpc_fail(call, EINVAL,
				N_("Name a file in the folder of prompts, "
				   "without a path"),
				"%s", file);
	snprintf(path, sizeof(path), "%s/%s", prm->prompts_dir, file);
	const char *why = wav_check(path, &ms);
	if (why)
		return rpc_fail(call, EINVAL, why, "%s", file);
	int err = store_is_notice(db, prompt, &notice);
	if (!err && notice)
		err = check_notice(call, file);
	if (err)
		return err;
	scoped_json json_t *body = json_pack("{s:s}", "file", file);
	return append(call, db, "prompt.set", prompt, body);
}

/* ---- trunks ---- */

static json_t *trunk_json(const struct site_trunk *t)
{
	char numbers[SITE_NUMBERS * SITE_NUMBER];
	struct site_trunk copy = *t;

	site_numbers_print(copy.numbers, copy.numbers_n, numbers,
			   sizeof(numbers));
	return json_pack("{s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:b,"
			 "s:s,s:s,s:I}",
			 "id", t->id, "kind", t->kind, "host", t->host, "port",
			 t->port, "transport", t->transport, "user", t->user,
			 "realm", t->realm, "caller", t->caller, "numbers",
			 numbers, "active", t->active, "secret",
			 t->password[0] != '\0', "up", t->up, "state",
			 !t->active ? "off"
			 : t->up    ? "up"
				    : "down",
			 "why", t->why, "since_us", (json_int_t)t->since_us);
}

static int on_trunk_list(struct rpc_call *call)
{
	const struct site *s = call->part;

	call->result = json_pack("{s:[]}", "items");
	for (size_t i = 0; i < site_trunk_count(s); i++)
		rpc_page_add(call, trunk_json(site_trunk_at(s, i)));
	return 0;
}

static bool one_of(const char *text, const char *a, const char *b,
		   const char *c)
{
	return !strcmp(text, a) || !strcmp(text, b) || !strcmp(text, c);
}

/* The list of numbers, as the text that the row keeps. */
static int trunk_numbers(struct rpc_call *call, json_t *list_, json_t *body)
{
	char text[SITE_NUMBERS * SITE_NUMBER] = "";
	size_t used = 0, i;
	json_t *v;

	if (json_array_size(list_) > SITE_NUMBERS)
		return rpc_fail(call, EINVAL,
				N_("Numbers stand with commas between, 16 at "
				   "the most"),
				NULL);
	json_array_foreach (list_, i, v) {
		const char *n = json_string_value(v);
		if (!n || !valid_number(n))
			return rpc_fail(call, EINVAL,
					N_("This can not be called"), "%.40s",
					n ? n : "");
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", used ? "," : "", n);
	}
	json_object_set_new(body, "numbers", json_string(text));
	return 0;
}

/* The whole trunk, after the request was put over it. */
static int check_trunk(struct rpc_call *call, const json_t *body)
{
	const char *kind = json_str(body, "kind");
	const char *transport = json_str(body, "transport");
	const char *caller = json_str(body, "caller");

	if (!one_of(kind, "peer", "register", "peer"))
		return rpc_fail(call, EINVAL,
				N_("A trunk's kind is peer or register"), "%s",
				kind);
	if (!valid_host(json_str(body, "host")))
		return rpc_fail(call, EINVAL, N_("A trunk needs a host"),
				NULL);
	if (!one_of(transport, "udp", "tcp", "tls"))
		return rpc_fail(call, EINVAL,
				N_("A transport is udp, tcp or tls"), "%s",
				transport);
	if (*caller && !valid_number(caller))
		return rpc_fail(call, EINVAL, N_("This can not be called"),
				"%s", caller);
	if (!strcmp(kind, "register") && !*json_str(body, "user"))
		return rpc_fail(call, EINVAL,
				N_("A trunk that registers needs a user"),
				NULL);
	return 0;
}

static int trunk_defaults(json_t *body)
{
	scoped_json json_t *def = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s}", "kind", "peer", "transport",
		"udp", "user", "", "realm", "", "caller", "", "numbers", "");
	return def && !json_object_update_missing(body, def) ? 0 : ENOMEM;
}

static int on_trunk_set(struct rpc_call *call, struct db *db)
{
	static const char *const keys[] = {"kind",   "host",	  "port",
					   "user",   "realm",	  "caller",
					   "active", "transport", NULL};
	scoped_json json_t *body = NULL;
	struct json_in in;
	bool is_new;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "trunk", 64);
	json_in_str_or(&in, "kind", 11, "");
	json_in_str_or(&in, "host", SITE_TEXT - 1, "");
	json_in_int_or(&in, "port", 1, 65535, 5060);
	json_in_str_or(&in, "transport", 7, "");
	const char *texts[] = {
		json_in_str_or(&in, "user", NAME_BYTES, ""),
		json_in_str_or(&in, "realm", NAME_BYTES, ""),
		json_in_str_or(&in, "password", SITE_TEXT - 1, "")};
	json_in_str_or(&in, "caller", SITE_NUMBER - 1, "");
	json_in_bool_or(&in, "active", true);
	json_t *numbers = json_in_array(&in, "numbers", false);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (*texts[i] && !valid_name(texts[i], SITE_TEXT - 1))
			return rpc_fail(call, EINVAL,
					N_("User, realm and password stand on "
					   "one line"),
					NULL);
	}
	int err = begin(call, db, "trunk", id, &body, &is_new);
	if (!err)
		err = trunk_defaults(body);
	if (err)
		return err;
	take_over(call, body, keys);
	if (numbers)
		err = trunk_numbers(call, numbers, body);
	if (!err)
		err = check_trunk(call, body);
	if (err)
		return err;
	bool tls = !strcmp(json_str(body, "transport"), "tls");
	if (!json_object_get(body, "port"))
		json_object_set_new(body, "port",
				    json_integer(tls ? 5061 : 5060));
	if (*texts[2]) {
		err = store_secret_put(db, "trunk", id, texts[2]);
		json_object_set_new(body, "secret", json_true());
	}
	return err ? err : append(call, db, "trunk.set", id, body);
}

/* The fact is applied; now what it does not say. */
static void on_trunk_after(struct rpc_call *call)
{
	const char *password = json_str(call->params, "password");

	if (*password)
		site_secret(call->part, "trunk",
			    json_str(call->params, "trunk"), password);
}

/* ---- desk phones ---- */

static int on_phone_list(struct rpc_call *call)
{
	const struct site *s = call->part;

	call->result = json_pack("{s:[]}", "items");
	for (size_t i = 0; i < site_phone_count(s); i++) {
		const struct site_phone *p = site_phone_at(s, i);
		rpc_page_add(call,
			     json_pack("{s:s,s:s,s:s,s:b,s:s}", "phone", p->id,
				       "name", p->name, "realm", p->realm,
				       "registered", p->registered, "source",
				       p->source));
	}
	return 0;
}

static int on_phone_add(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *body = NULL;
	struct json_in in;
	bool is_new;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "phone", 64);
	const char *ha1 = json_in_str(&in, "ha1", 64);
	const char *realm = json_in_str(&in, "realm", 60);
	const char *name = json_in_str_or(&in, "name", 256, id);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (strlen(ha1) != 32 || strspn(ha1, "0123456789abcdef") != 32)
		return rpc_fail(call, EINVAL,
				N_("HA1 has 32 small hex digits"), NULL);
	if (!valid_name(realm, 60))
		return rpc_fail(call, EINVAL,
				N_("A name has 1 to 60 bytes on one line"),
				NULL);
	int err = begin(call, db, "phone", id, &body, &is_new);
	if (!err)
		err = check_name(call, name, is_new);
	if (err)
		return err;
	if (!is_new)
		return rpc_fail(call, EEXIST,
				N_("There is a phone of this name already"),
				"%s", id);
	json_object_set_new(body, "name", json_string(name));
	json_object_set_new(body, "realm", json_string(realm));
	err = store_secret_put(db, "phone", id, ha1);
	return err ? err : append(call, db, "phone.added", id, body);
}

static void on_phone_after(struct rpc_call *call)
{
	site_secret(call->part, "phone", json_str(call->params, "phone"),
		    json_str(call->params, "ha1"));
}

static int on_phone_remove(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "phone", 64);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	scoped_json json_t *body = store_thing(db, "phone", id);
	if (!body)
		return rpc_fail(call, ENOENT, N_("There is no such phone"),
				"%.40s", id);
	int err = store_secret_put(db, "phone", id, NULL);
	return err ? err : append(call, db, "phone.removed", id, body);
}

const struct rpc_handler site_methods[] = {
	{"queue.list", .liveh = on_queue_list},
	{"queue.set", .writeh = on_queue_set},
	{"disposition.list", .readh = on_disposition_list},
	{"disposition.set", .writeh = on_disposition_set},
	{"pause.list", .readh = on_pause_list},
	{"pause.set", .writeh = on_pause_set},
	{"calendar.get", .readh = on_calendar_get},
	{"calendar.set", .writeh = on_calendar_set},
	{"prompt.list", .readh = on_prompt_list},
	{"prompt.set", .writeh = on_prompt_set},
	{"trunk.list", .liveh = on_trunk_list},
	{"trunk.set", .writeh = on_trunk_set, .afterh = on_trunk_after},
	{"phone.list", .liveh = on_phone_list},
	{"phone.add", .writeh = on_phone_add, .afterh = on_phone_after},
	{"phone.remove", .writeh = on_phone_remove},
	{NULL},
};
