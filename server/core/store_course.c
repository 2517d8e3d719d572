/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_course.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store.h"

const char store_course_schema_6[] =
	"CREATE TABLE course(id TEXT PRIMARY KEY, from_us INTEGER NOT NULL,"
	" to_us INTEGER NOT NULL, queue TEXT NOT NULL,"
	" level INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX course_from ON course(from_us, id);"
	"CREATE TABLE course_person(course TEXT NOT NULL,"
	" person TEXT NOT NULL, in_us INTEGER, out_us INTEGER,"
	" score INTEGER, passed INTEGER,"
	" signed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(course, person))"
	" STRICT, WITHOUT ROWID;";

/* ---- projections ---- */

static int on_set(struct db *db, const struct fact *f, void *arg)
{
	const json_t *gates = json_object_get(f->body, "gates");
	bool off = json_bool(f->body, "cancelled");
	scoped_str char *body =
		json_dumps(f->body, JSON_COMPACT | JSON_SORT_KEYS);
	if (!body)
		return ENOMEM;
	return db_run(db,
		      "INSERT INTO course(id, from_us, to_us, queue, level,"
		      " body) VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
		      " from_us=excluded.from_us, to_us=excluded.to_us,"
		      " queue=excluded.queue, level=excluded.level,"
		      " body=excluded.body",
		      "siisis", f->subject, json_int(f->body, "from_us"),
		      json_int(f->body, "to_us"),
		      off ? "" : json_str(gates, "queue"),
		      off ? 0 : json_int(gates, "level"), body);
}

static int on_signed(struct db *db, const struct fact *f, void *arg)
{
	return db_run(db,
		      "INSERT INTO course_person(course, person, in_us,"
		      " signed) VALUES(?,?,?,1) ON CONFLICT DO UPDATE SET"
		      " in_us=coalesce(in_us, excluded.in_us), signed=1",
		      "ssi", f->subject, f->agent, f->at_us);
}

static int on_marked(struct db *db, const struct fact *f, void *arg)
{
	static const char *const keys[] = {"in_us", "out_us", "score",
					   "passed"};
	static const char *const sql[] = {
		"UPDATE course_person SET in_us=? WHERE course=? AND person=?",
		"UPDATE course_person SET out_us=? WHERE course=?"
		" AND person=?",
		"UPDATE course_person SET score=? WHERE course=? AND person=?",
		"UPDATE course_person SET passed=? WHERE course=?"
		" AND person=?",
	};
	int err = db_run(db,
			 "INSERT INTO course_person(course, person)"
			 " VALUES(?,?) ON CONFLICT DO NOTHING",
			 "ss", f->subject, f->agent);

	for (size_t i = 0; i < ARRAY_SIZE(keys) && !err; i++) {
		const json_t *v = json_object_get(f->body, keys[i]);
		if (!v)
			continue;
		err = db_run(db, sql[i], "iss",
			     json_is_boolean(v)
				     ? (int64_t)json_is_true(v)
				     : (int64_t)json_integer_value(v),
			     f->subject, f->agent);
	}
	return err;
}

void store_course_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "course.set", .projecth = on_set},
		{.prefix = "course.signed", .projecth = on_signed},
		{.prefix = "course.marked", .projecth = on_marked},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
		fact_log_sink(log, &sinks[i]);
}

/* ---- reading ---- */

#define COURSE_COLUMNS                                              \
	"SELECT c.id, c.body, (SELECT count(*) FROM course_person"  \
	"  WHERE course=c.id), (SELECT count(*) FROM course_person" \
	"  WHERE course=c.id AND passed=1) FROM course c "

static json_t *course_json(struct db_stmt *s)
{
	json_t *body = json_loads(db_str(s, 1), 0, NULL);

	if (!body)
		return NULL;
	json_object_set_new(body, "id", json_string(db_str(s, 0)));
	json_object_set_new(body, "people", json_integer(db_int(s, 2)));
	json_object_set_new(body, "passed", json_integer(db_int(s, 3)));
	return body;
}

json_t *store_course(struct db *db, const char *id)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db, COURSE_COLUMNS "WHERE c.id=?", "s", id);

	return err ? NULL : course_json(s);
}

int store_course_each(struct db *db, const struct store_course_span *span,
		      store_course_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err =
		db_query(&s, db,
			 COURSE_COLUMNS "WHERE c.to_us>=?1 AND c.from_us<?2"
					" AND (c.from_us, c.id)<(?3, ?4)"
					" ORDER BY c.from_us DESC, c.id DESC",
			 "iiis", span->from_us, span->to_us, span->after_us,
			 span->after);
	while (!err && !(err = db_step(s))) {
		scoped_json json_t *body = course_json(s);
		int stop = body ? h(db_str(s, 0), body, arg) : EBADMSG;
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

static json_t *number_or_null(struct db_stmt *s, int col)
{
	return db_null(s, col) ? json_null() : json_integer(db_int(s, col));
}

#define PEOPLE_COLUMNS                                                    \
	"SELECT c.person, coalesce(p.name, c.person), c.in_us, c.out_us," \
	" c.score, c.passed, c.signed FROM course_person c"               \
	" LEFT JOIN person p ON p.id=c.person WHERE c.course=?1"          \
	" AND (?2='' OR c.person=?2) ORDER BY c.person"

static json_t *person_json(struct db_stmt *s)
{
	json_t *passed =
		db_null(s, 5) ? json_null() : json_boolean(db_int(s, 5));

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:b}", "person",
			 db_str(s, 0), "name", db_str(s, 1), "in_us",
			 number_or_null(s, 2), "out_us", number_or_null(s, 3),
			 "score", number_or_null(s, 4), "passed", passed,
			 "signed", (int)db_int(s, 6));
}

json_t *store_course_people(struct db *db, const char *id, const char *person)
{
	scoped_stmt struct db_stmt *s = NULL;
	json_t *list = json_array();
	int err = db_query(&s, db, PEOPLE_COLUMNS, "ss", id, person);

	while (!err && !(err = db_step(s)))
		json_array_append_new(list, person_json(s));
	return list;
}

int store_course_next_id(struct db *db, int year, char *id, size_t size)
{
	char first[24], last[24];
	int64_t n = 0;

	snprintf(first, sizeof(first), "C-%d-", year);
	snprintf(last, sizeof(last), "C-%d-~", year);
	int err = db_get_int(db, &n, 0,
			     "SELECT max(CAST(substr(id, 8) AS INTEGER))"
			     " FROM course WHERE id>? AND id<?",
			     "ss", first, last);
	if (!err)
		snprintf(id, size, "%s%03lld", first, (long long)n + 1);
	return err;
}

int store_gates(struct db *db, store_gate_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT id, queue, level, to_us FROM course"
			   " WHERE level>0 ORDER BY id",
			   "");
	while (!err && !(err = db_step(s))) {
		int stop = h(&(struct store_gate){.course = db_str(s, 0),
						  .queue = db_str(s, 1),
						  .level = db_int(s, 2),
						  .from_us = db_int(s, 3)},
			     arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_passed(struct db *db, store_passed_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT course, person FROM course_person"
			   " WHERE passed=1 ORDER BY course, person",
			   "");
	while (!err && !(err = db_step(s))) {
		int stop = h(db_str(s, 0), db_str(s, 1), arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}
