/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The telephone's tables, read: lists of contacts, missed callers and
 * recordings, and single rows. Lists go newest first and by a cursor of
 * (time, id), so that a page costs the same at the end of 200,000 rows as at
 * the beginning. Numbers and names leave masked.
 */
#include "server/core/store_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "common/utf8.h"

#define LIMIT_MAX 500
#define LIMIT_DEF 50

void store_call_mask_name(char *out, size_t size, const char *name)
{
	size_t len = strlen(name);
	size_t first = utf8_grapheme(name, len);

	if (!len || len == first || first + 2 > size)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%.*s*", (int)first, name);
}

/* ---- one row ---- */

int store_call_missed(struct db *db, int64_t id, struct store_missed *out)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT id, number, queue, state, owner"
			       " FROM missed WHERE id=?",
			       "i", id);
	if (err)
		return err;
	out->id = db_int(s, 0);
	snprintf(out->number, sizeof(out->number), "%s", db_str(s, 1));
	snprintf(out->queue, sizeof(out->queue), "%s", db_str(s, 2));
	snprintf(out->state, sizeof(out->state), "%s", db_str(s, 3));
	snprintf(out->owner, sizeof(out->owner), "%s", db_str(s, 4));
	return 0;
}

int store_call_ticket_number(struct db *db, const char *ticket,
			     char number[PHONE_NO_SIZE], char queue[32])
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT number, queue FROM contact WHERE"
			       " ticket=?1 OR id=(SELECT contact FROM ticket"
			       " WHERE id=?1)",
			       "s", ticket);
	if (err)
		return err;
	snprintf(number, PHONE_NO_SIZE, "%s", db_str(s, 0));
	snprintf(queue, 32, "%s", db_str(s, 1));
	return 0;
}

int store_call_recording(struct db *db, const char *id,
			 struct store_recording *out)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT path, contact, state, ms"
			       " FROM recording WHERE id=?",
			       "s", id);
	if (err)
		return err;
	snprintf(out->path, sizeof(out->path), "%s", db_str(s, 0));
	snprintf(out->contact, sizeof(out->contact), "%s", db_str(s, 1));
	snprintf(out->state, sizeof(out->state), "%s", db_str(s, 2));
	out->ms = db_int(s, 3);
	return 0;
}

/* ---- lists by time, whose cursor is "<time>:<id>" of the first row of the
 * next page ---- */

/* What such lists have in common. Strings are borrowed from the params. */
struct range {
	int64_t from_us, to_us; /* to_us is past the last */
	int64_t at_us;		/* the page begins at (at_us, id) */
	const char *id;
	const char *agent;
	char number[PHONE_NO_SIZE];
	int64_t limit;
};

static void cursor_parse(struct range *r, const char *text)
{
	char *end = NULL;

	r->at_us = INT64_MAX;
	r->id = "\x7f";
	if (!*text)
		return;
	int64_t at = strtoll(text, &end, 10);
	if (end && *end == ':') {
		r->at_us = at;
		r->id = end + 1;
	}
}

static void range_read(struct range *r, struct json_in *in)
{
	r->from_us = json_in_int_or(in, "from_us", 0, INT64_MAX, 0);
	r->to_us = json_in_int_or(in, "to_us", 0, INT64_MAX, INT64_MAX);
	r->agent = json_in_str_or(in, "agent", 31, "");
	r->limit = json_in_int_or(in, "limit", 1, LIMIT_MAX, LIMIT_DEF);
	const char *asked = json_in_str_or(in, "number", 40, "");
	phone_no_normal(r->number, asked);
	if (*asked && !*r->number) /* no number: nobody's */
		snprintf(r->number, sizeof(r->number), "%s", asked);
	cursor_parse(r, json_in_str_or(in, "cursor", 90, ""));
	/* the index is bounded by the time alone */
	if (r->at_us < r->to_us)
		r->to_us = r->at_us + 1;
}

/* One statement for each index. The other filters only sift: the planner
 * cannot know that an empty one is none. */
enum narrow { BY_TIME, BY_RESULT, BY_AGENT, BY_NUMBER, BY_CONTACT, NARROW_N };

static enum narrow narrowest(const struct range *r)
{
	if (*r->number)
		return BY_NUMBER;
	return *r->agent ? BY_AGENT : BY_TIME;
}

static void cursor_set(struct rpc_call *call, int64_t at_us, const char *id)
{
	char text[96];

	snprintf(text, sizeof(text), "%lld:%s", (long long)at_us, id);
	rpc_page_next(call, text);
}

/* Rows of a prepared list until the page or the limit is full. The statement
 * gives one row more than the limit. at and id: columns of the cursor. */
static int fill(struct rpc_call *call, struct db_stmt *s, int64_t limit,
		json_t *(*row)(struct db_stmt *s), int at, int id)
{
	int err;

	call->result = json_pack("{s:[]}", "items");
	for (int64_t n = 0; !(err = db_step(s)); n++) {
		if (n < limit && rpc_page_add(call, row(s)))
			continue;
		cursor_set(call, db_int(s, at), db_str(s, id));
		return 0;
	}
	return err == ENOENT ? 0 : err;
}

/* ---- contacts ---- */

#define CONTACT_COLUMNS                                                   \
	"id, channel, direction, number, name, queue, agent, arrived_us," \
	" queued_us, answered_us, ended_us, wait_ms, talk_ms, hold_ms,"   \
	" wrapup_ms, result, reason, ended_by, disposition, ticket,"      \
	" recording, purpose, open, fallback, called"

static json_t *int_or_null(struct db_stmt *s, int col)
{
	return db_null(s, col) ? json_null() : json_integer(db_int(s, col));
}

static json_t *contact_row(struct db_stmt *s)
{
	char number[PHONE_NO_SIZE], name[96];

	phone_no_mask(number, db_str(s, 3));
	store_call_mask_name(name, sizeof(name), db_str(s, 4));
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,"
		"s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:s}",
		"id", db_str(s, 0), "channel", db_str(s, 1), "direction",
		db_str(s, 2), "number", number, "name", name, "queue",
		db_str(s, 5), "agent", db_str(s, 6), "arrived_us",
		int_or_null(s, 7), "queued_us", int_or_null(s, 8),
		"answered_us", int_or_null(s, 9), "ended_us",
		int_or_null(s, 10), "wait_ms", int_or_null(s, 11), "talk_ms",
		int_or_null(s, 12), "hold_ms", int_or_null(s, 13), "wrapup_ms",
		int_or_null(s, 14), "result", db_str(s, 15), "reason",
		db_str(s, 16), "ended_by", db_str(s, 17), "disposition",
		db_str(s, 18), "ticket", db_str(s, 19), "recording",
		db_str(s, 20), "purpose", db_str(s, 21), "open",
		(int)db_int(s, 22), "fallback", (int)db_int(s, 23), "called",
		db_str(s, 24));
}

#define CONTACTS_SQL(WHERE)                                    \
	"SELECT " CONTACT_COLUMNS " FROM contact WHERE " WHERE \
	" AND arrived_us >= ?1 AND arrived_us < ?2"            \
	" AND (arrived_us, id) <= (?3, ?4)"                    \
	" AND (?5='' OR agent=?5) AND (?6='' OR number=?6)"    \
	" AND (?7='' OR queue=?7) AND (?8='' OR result=?8)"    \
	" ORDER BY arrived_us DESC, id DESC LIMIT ?9"

static const char *const contacts_sql[NARROW_N] = {
	[BY_TIME] = CONTACTS_SQL("true"),
	[BY_RESULT] = CONTACTS_SQL("result=?8"),
	[BY_AGENT] = CONTACTS_SQL("agent=?5"),
	[BY_NUMBER] = CONTACTS_SQL("number=?6"),
};

static int on_contact_list(struct rpc_call *call, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	struct json_in in;
	struct range r;

	json_in_init(&in, call->params);
	range_read(&r, &in);
	const char *queue = json_in_str_or(&in, "queue", 31, "");
	const char *result = json_in_str_or(&in, "result", 16, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	enum narrow by = narrowest(&r);
	if (by == BY_TIME && *result)
		by = BY_RESULT;
	int err = db_query(&s, db, contacts_sql[by], "iiisssssi", r.from_us,
			   r.to_us, r.at_us, r.id, r.agent, r.number, queue,
			   result, r.limit + 1);
	return err ? err : fill(call, s, r.limit, contact_row, 7, 0);
}

static int on_fact_row(const struct fact *f, void *arg)
{
	json_array_append_new(arg, fact_json(f));
	return 0;
}

/* Facts as a reader may see them: the citizen's number masked. */
static void mask_facts(json_t *facts)
{
	json_t *f;
	size_t i;

	json_array_foreach (facts, i, f) {
		json_t *body = json_object_get(f, "body");
		static const char *const keys[] = {"number", "from"};
		for (size_t k = 0; k < 2; k++) {
			char number[PHONE_NO_SIZE];
			if (!json_object_get(body, keys[k]))
				continue;
			phone_no_mask(number, json_str(body, keys[k]));
			json_object_set_new(body, keys[k],
					    json_string(number));
		}
		if (json_object_get(body, "name")) {
			char name[96];
			store_call_mask_name(name, sizeof(name),
					     json_str(body, "name"));
			json_object_set_new(body, "name", json_string(name));
		}
	}
}

static int rows_of(struct db *db, json_t *list, const char *sql,
		   const char *contact, json_t *(*row)(struct db_stmt *s))
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db, sql, "s", contact);
	while (!err && !(err = db_step(s)))
		json_array_append_new(list, row(s));
	return err == ENOENT ? 0 : err;
}

static json_t *offer_row(struct db_stmt *s)
{
	return json_pack("{s:s,s:s,s:o,s:o,s:s,s:o,s:s}", "offer",
			 db_str(s, 0), "agent", db_str(s, 1), "made_us",
			 int_or_null(s, 2), "ended_us", int_or_null(s, 3),
			 "result", db_str(s, 4), "ring_ms", int_or_null(s, 5),
			 "why", db_str(s, 6));
}

static json_t *leg_row(struct db_stmt *s)
{
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:s,s:s}", "leg", db_str(s, 0),
			 "side", db_str(s, 1), "started_us", int_or_null(s, 2),
			 "answered_us", int_or_null(s, 3), "ended_us",
			 int_or_null(s, 4), "cause", db_str(s, 5), "quality",
			 db_str(s, 6));
}

static int on_contact_get(struct rpc_call *call, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	scoped_json json_t *facts = json_array(), *offers = json_array(),
			   *legs = json_array();
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "contact", 31);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = db_query_row(
		&s, db, "SELECT " CONTACT_COLUMNS " FROM contact WHERE id=?",
		"s", id);
	if (err == ENOENT)
		return rpc_fail(call, ENOENT, N_("There is no such contact"),
				"%s", id);
	struct fact_filter filter = {.contact = id, .limit = 500};
	if (!err)
		err = fact_each(db, &filter, on_fact_row, facts);
	mask_facts(facts);
	if (!err)
		err = rows_of(db, offers,
			      "SELECT id, agent, made_us, ended_us, result,"
			      " ring_ms, why FROM offer WHERE contact=?"
			      " ORDER BY made_us",
			      id, offer_row);
	if (!err)
		err = rows_of(db, legs,
			      "SELECT leg, side, started_us, answered_us,"
			      " ended_us, cause, quality FROM contact_leg"
			      " WHERE contact=? ORDER BY started_us",
			      id, leg_row);
	if (err)
		return err;
	call->result =
		json_pack("{s:o,s:O,s:O,s:O}", "contact", contact_row(s),
			  "facts", facts, "offers", offers, "legs", legs);
	return call->result ? 0 : ENOMEM;
}

/* ---- missed callers ---- */

#define MISSED_COLUMNS                                                  \
	"id, number, first_us, last_us, times, queue, wait_ms, reason," \
	" state, owner, outcome, lost, note, contact"

static json_t *missed_row(struct db_stmt *s)
{
	char number[PHONE_NO_SIZE];

	phone_no_mask(number, db_str(s, 1));
	return json_pack(
		"{s:I,s:s,s:I,s:I,s:I,s:s,s:I,s:s,s:s,s:s,s:s,s:b,"
		"s:s,s:s}",
		"id", (json_int_t)db_int(s, 0), "number", number, "first_us",
		(json_int_t)db_int(s, 2), "last_us", (json_int_t)db_int(s, 3),
		"times", (json_int_t)db_int(s, 4), "queue", db_str(s, 5),
		"wait_ms", (json_int_t)db_int(s, 6), "reason", db_str(s, 7),
		"state", db_str(s, 8), "owner", db_str(s, 9), "outcome",
		db_str(s, 10), "lost", (int)db_int(s, 11), "note",
		db_str(s, 12), "contact", db_str(s, 13));
}

json_t *store_call_missed_json(struct db *db, int64_t id)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db, "SELECT " MISSED_COLUMNS " FROM missed WHERE id=?",
		"i", id);
	return err ? NULL : missed_row(s);
}

int64_t store_call_missed_of(struct db *db, const char *contact)
{
	int64_t id = 0;

	(void)db_get_int(db, &id, 0,
			 "SELECT missed.id FROM missed JOIN contact ON"
			 " missed.number=contact.number WHERE contact.id=?"
			 " ORDER BY last_us DESC LIMIT 1",
			 "s", contact);
	return id;
}

/* Those whom the switch lost first, then the longest ago: the order in which
 * they are to be called. Done ones: the newest first. */
static int on_missed_list(struct rpc_call *call, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *state = json_in_str_or(&in, "state", 12, "");
	const char *cursor = json_in_str_or(&in, "cursor", 24, "0");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int64_t skip = strtoll(cursor, NULL, 10), n = skip;
	int err = db_query(
		&s, db,
		!strcmp(state, "done")
			? "SELECT " MISSED_COLUMNS " FROM missed WHERE"
			  " state='done' AND ?1!='' ORDER BY last_us DESC"
			  " LIMIT 501 OFFSET ?2"
			: "SELECT " MISSED_COLUMNS " FROM missed WHERE"
			  " state IN ('open','claimed') AND"
			  " (?1='' OR state=?1)"
			  " ORDER BY lost DESC, last_us LIMIT 501 OFFSET ?2",
		"si", state, skip);
	call->result = json_pack("{s:[]}", "items");
	while (!err && !(err = db_step(s))) {
		if (n - skip < LIMIT_MAX &&
		    rpc_page_add(call, missed_row(s))) {
			n++;
			continue;
		}
		char next[24];
		snprintf(next, sizeof(next), "%lld", (long long)n);
		rpc_page_next(call, next);
		break;
	}
	return err == ENOENT ? 0 : err;
}

static int missed_open(struct rpc_call *call, struct db *db, int64_t id,
		       struct store_missed *m)
{
	int err = store_call_missed(db, id, m);

	if (err == ENOENT)
		return rpc_fail(call, ENOENT, N_("There is no such caller"),
				"%lld", (long long)id);
	if (!err && !strcmp(m->state, "done"))
		return rpc_fail(call, EALREADY,
				N_("This caller is off the list already"),
				NULL);
	if (!err && !strcmp(m->state, "claimed") &&
	    strcmp(m->owner, call->actor) != 0 && !(call->roles & MAY_LEAD))
		return rpc_fail(call, EALREADY,
				N_("Somebody else calls this one"), "%s",
				m->owner);
	return err;
}

static int missed_fact(struct rpc_call *call, struct db *db, const char *kind,
		       int64_t id, json_t *body)
{
	scoped_json json_t *given = body;
	struct fact f = {.dur_ms = -1,
			 .actor = call->actor,
			 .kind = kind,
			 .agent = call->actor,
			 .body = given};
	int err = fact_append(call->log, db, &f);

	if (err)
		return err;
	call->result =
		json_pack("{s:o*}", "missed", store_call_missed_json(db, id));
	return call->result ? 0 : ENOMEM;
}

static int on_missed_claim(struct rpc_call *call, struct db *db)
{
	struct store_missed m;
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t id = json_in_int(&in, "missed", 1, INT64_MAX);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = missed_open(call, db, id, &m);
	return err ? err
		   : missed_fact(call, db, "missed.claimed", id,
				 json_pack("{s:I}", "missed", (json_int_t)id));
}

static int on_missed_close(struct rpc_call *call, struct db *db)
{
	struct store_missed m;
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t id = json_in_int(&in, "missed", 1, INT64_MAX);
	const char *outcome = json_in_str(&in, "outcome", 60);
	const char *note = json_in_str_or(&in, "note", 500, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!*outcome)
		return rpc_fail(call, EINVAL, N_("Say what came of it"), NULL);
	int err = missed_open(call, db, id, &m);
	return err ? err
		   : missed_fact(call, db, "missed.closed", id,
				 json_pack("{s:I,s:s,s:s}", "missed",
					   (json_int_t)id, "outcome", outcome,
					   "note", note));
}

/* ---- recordings ---- */

static json_t *recording_row(struct db_stmt *s)
{
	char number[PHONE_NO_SIZE];

	phone_no_mask(number, db_str(s, 2));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:s}", "id",
			 db_str(s, 0), "contact", db_str(s, 1), "number",
			 number, "agent", db_str(s, 3), "queue", db_str(s, 4),
			 "started_us", (json_int_t)db_int(s, 5), "ms",
			 (json_int_t)db_int(s, 6), "state", db_str(s, 7),
			 "sha256", db_str(s, 8), "path", db_str(s, 9));
}

static void hide_paths(struct rpc_call *call)
{
	json_t *row;
	size_t i;

	if (call->roles & MAY_ADMIN)
		return;
	json_array_foreach (json_object_get(call->result, "items"), i, row)
		json_object_del(row, "path");
}

#define RECORDINGS_SQL(WHERE)                                       \
	"SELECT id, contact, number, agent, queue, started_us, ms," \
	" state, sha256, path FROM recording WHERE " WHERE          \
	" AND started_us >= ?1 AND started_us < ?2"                 \
	" AND (started_us, id) <= (?3, ?4)"                         \
	" AND (?5='' OR agent=?5) AND (?6='' OR number=?6)"         \
	" AND (?7='' OR contact=?7)"                                \
	" ORDER BY started_us DESC, id DESC LIMIT ?8"

static const char *const recordings_sql[NARROW_N] = {
	[BY_TIME] = RECORDINGS_SQL("true"),
	[BY_AGENT] = RECORDINGS_SQL("agent=?5"),
	[BY_NUMBER] = RECORDINGS_SQL("number=?6"),
	[BY_CONTACT] = RECORDINGS_SQL("contact=?7"),
};

static int on_recording_list(struct rpc_call *call, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	struct json_in in;
	struct range r;

	json_in_init(&in, call->params);
	range_read(&r, &in);
	const char *contact = json_in_str_or(&in, "contact", 31, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	enum narrow by = *contact ? BY_CONTACT : narrowest(&r);
	int err = db_query(&s, db, recordings_sql[by], "iiissssi", r.from_us,
			   r.to_us, r.at_us, r.id, r.agent, r.number, contact,
			   r.limit + 1);
	if (!err)
		err = fill(call, s, r.limit, recording_row, 5, 0);
	if (!err)
		hide_paths(call);
	return err;
}

const struct rpc_handler store_contact_methods[] = {
	{"contact.list", .readh = on_contact_list},
	{"contact.get", .readh = on_contact_get},
	{"missed.list", .readh = on_missed_list},
	{"missed.claim", .writeh = on_missed_claim},
	{"missed.close", .writeh = on_missed_close},
	{"recording.list", .readh = on_recording_list},
	{NULL},
};
