/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_people.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store.h"

const char store_people_schema[] =
	"CREATE TABLE site_thing(kind TEXT NOT NULL, id TEXT NOT NULL,"
	" body TEXT NOT NULL, at_us INTEGER NOT NULL, actor TEXT NOT NULL,"
	" PRIMARY KEY(kind, id)) STRICT, WITHOUT ROWID;"
	"CREATE VIEW person AS SELECT id, body->>'$.name' AS name,"
	" body->>'$.roles' AS roles, body->>'$.disabled' AS disabled"
	" FROM site_thing WHERE kind='person';"
	"CREATE VIEW queue AS SELECT id, body->>'$.name' AS name,"
	" body->>'$.active' AS active FROM site_thing WHERE kind='queue';"
	"CREATE VIEW disposition AS SELECT id AS code,"
	" body->>'$.name' AS name, body->>'$.parent' AS parent,"
	" body->>'$.queue' AS queue, body->>'$.active' AS active"
	" FROM site_thing WHERE kind='disposition';"
	"CREATE TABLE own_secret(kind TEXT NOT NULL, id TEXT NOT NULL,"
	" value TEXT NOT NULL, PRIMARY KEY(kind, id)) STRICT, WITHOUT ROWID;";

/* Which fact is about which kind of thing. */
static const struct {
	const char *fact;
	const char *kind;
	bool gone;
} kinds[] = {
	{"person.added", "person", false},
	{"person.changed", "person", false},
	{"key.added", "key", false},
	{"key.removed", "key", true},
	{"queue.set", "queue", false},
	{"disposition.set", "disposition", false},
	{"pause.set", "pause", false},
	{"calendar.set", "calendar", false},
	{"prompt.set", "prompt", false},
	{"trunk.set", "trunk", false},
	{"phone.added", "phone", false},
	{"phone.removed", "phone", true},
};

static int put(struct db *db, const char *kind, const struct fact *f)
{
	scoped_str char *body =
		json_dumps(f->body, JSON_COMPACT | JSON_SORT_KEYS);
	if (!body)
		return ENOMEM;
	return db_run(db,
		      "INSERT INTO site_thing(kind, id, body, at_us, actor)"
		      " VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET"
		      " body=excluded.body, at_us=excluded.at_us,"
		      " actor=excluded.actor",
		      "sssis", kind, f->subject, body, f->at_us, f->actor);
}

static int on_fact(struct db *db, const struct fact *f, void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].fact, f->kind) != 0)
			continue;
		if (!kinds[i].gone)
			return put(db, kinds[i].kind, f);
		return db_run(db,
			      "DELETE FROM site_thing WHERE kind=? AND id=?",
			      "ss", kinds[i].kind, f->subject);
	}
	return 0;
}

void store_people_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "person.", .projecth = on_fact},
		{.prefix = "key.", .projecth = on_fact},
		{.prefix = "queue.", .projecth = on_fact},
		{.prefix = "disposition.", .projecth = on_fact},
		{.prefix = "pause.", .projecth = on_fact},
		{.prefix = "calendar.", .projecth = on_fact},
		{.prefix = "prompt.", .projecth = on_fact},
		{.prefix = "trunk.", .projecth = on_fact},
		{.prefix = "phone.", .projecth = on_fact},
	};
	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
		fact_log_sink(log, &sinks[i]);
}

/* ---- reading ---- */

json_t *store_thing(struct db *db, const char *kind, const char *id)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db, "SELECT body FROM site_thing WHERE kind=? AND id=?",
		"ss", kind, id);
	return err ? NULL : json_loads(db_str(s, 0), 0, NULL);
}

int store_thing_each(struct db *db, const char *kind, const char *after,
		     store_thing_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT id, body FROM site_thing WHERE kind=?"
			   " AND id>? ORDER BY id",
			   "ss", kind, after ? after : "");
	while (!err && !(err = db_step(s))) {
		scoped_json json_t *body = json_loads(db_str(s, 1), 0, NULL);
		err = body ? h(db_str(s, 0), body, arg) : EBADMSG;
	}
	return err == ENOENT ? 0 : err;
}

int store_calendar(struct cal **calp, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	struct diag diag;
	int err = db_query_row(&s, db,
			       "SELECT body->>'$.text' FROM site_thing"
			       " WHERE kind='calendar'",
			       "");
	if (!err)
		err = cal_alloc(calp, db_str(s, 0), &diag);
	return err ? cal_default(calp) : 0;
}

int store_is_notice(struct db *db, const char *prompt, bool *isp)
{
	int64_t n = 0;
	int err = db_get_int(db, &n, 0,
			     "SELECT count(*) FROM site_thing WHERE"
			     " kind='queue' AND body->>'$.notice'=?",
			     "s", prompt);

	*isp = n > 0 || !strcmp(prompt, "notice");
	return err;
}

int store_thing_count(struct db *db, const char *kind, int64_t *np)
{
	return db_get_int(db, np, 0,
			  "SELECT count(*) FROM site_thing WHERE kind=?", "s",
			  kind);
}

int store_people_seq(struct db *db, int64_t *np)
{
	return db_get_int(db, np, 0, "SELECT max(seq) FROM fact", "");
}

/* ---- secrets ---- */

int store_secret_put(struct db *db, const char *kind, const char *id,
		     const char *value)
{
	if (!value)
		return db_run(db,
			      "DELETE FROM own_secret WHERE kind=? AND id=?",
			      "ss", kind, id);
	return db_run(db,
		      "INSERT INTO own_secret(kind, id, value) VALUES(?,?,?)"
		      " ON CONFLICT DO UPDATE SET value=excluded.value",
		      "sss", kind, id, value);
}

int store_secret_get(struct db *db, const char *kind, const char *id,
		     char *out, size_t size)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db, "SELECT value FROM own_secret WHERE kind=? AND id=?",
		"ss", kind, id);
	out[0] = '\0';
	if (err)
		return err == ENOENT ? 0 : err;
	str_ncpy(out, db_str(s, 0), size);
	return 0;
}

#define TREE_DEPTH 6

void store_disposition_path(struct db *db, const char *code, char *out,
			    size_t size)
{
	scoped_stmt struct db_stmt *s = NULL;
	size_t used = 0;

	out[0] = '\0';
	int err = db_query(
		&s, db,
		"WITH RECURSIVE up(code, parent, name, depth) AS"
		" (SELECT code, parent, name, 0 FROM disposition WHERE code=?"
		" UNION ALL SELECT d.code, d.parent, d.name, up.depth+1"
		" FROM disposition d JOIN up ON d.code=up.parent"
		" WHERE up.depth<?)"
		" SELECT name FROM up ORDER BY depth DESC",
		"si", code, (int64_t)TREE_DEPTH);
	while (!err && !(err = db_step(s)) && used < size) {
		int n = re_snprintf(out + used, size - used, "%s%s",
				    used ? "/" : "", db_str(s, 0));
		if (n < 0)
			return;
		used += (size_t)n;
	}
}
