/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_learn.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"
#include "kb/base.h"
#include "server/core/store.h"

/* state: 0 open, 1 read, 2 over. learner: a row for each skill of everybody
 * who takes calls. */
const char store_learn_schema_6[] =
	"CREATE TABLE learn(person TEXT NOT NULL, entry TEXT NOT NULL,"
	" version INTEGER NOT NULL, known INTEGER NOT NULL,"
	" line TEXT NOT NULL, release TEXT NOT NULL,"
	" since_us INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,"
	" read_us INTEGER NOT NULL DEFAULT 0,"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" correct INTEGER NOT NULL DEFAULT 0,"
	" asked INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(person, entry, version)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX learn_state ON learn(state, person, entry);"
	"CREATE INDEX learn_entry ON learn(entry, version);"
	"CREATE TABLE skill_lowered(person TEXT NOT NULL,"
	" queue TEXT NOT NULL, levels INTEGER NOT NULL,"
	" since_us INTEGER NOT NULL, entries TEXT NOT NULL,"
	" PRIMARY KEY(person, queue)) STRICT, WITHOUT ROWID;"
	"CREATE VIEW learner AS SELECT t.id AS person,"
	" t.body->>'$.name' AS name, s.key AS queue FROM site_thing t,"
	" json_each(t.body, '$.skills') s WHERE t.kind='person'"
	" AND coalesce(t.body->>'$.disabled', 0)=0"
	" AND (','||(t.body->>'$.roles')||',' LIKE '%,agent,%'"
	" OR ','||(t.body->>'$.roles')||',' LIKE '%,lead,%');"
	"CREATE VIEW learn_open AS SELECT l.* FROM learn l WHERE l.state=0"
	" AND EXISTS(SELECT 1 FROM learner p WHERE p.person=l.person"
	" AND (p.queue=l.line OR NOT EXISTS(SELECT 1 FROM queue"
	" WHERE id=l.line)));";

/* ---- projections ---- */

/* To everybody it concerns. */
static int give(struct db *db, const struct fact *f, const char *id,
		int64_t version, const char *release)
{
	scoped_mem struct kb_version *v = NULL;
	int64_t before = 0;

	int err = kb_base_get(&v, db, id, version);
	if (!err)
		err = store_learn_before(db, id, version, &before);
	if (!err)
		err = db_run(
			db,
			"INSERT INTO learn(person, entry, version, known,"
			" line, release, since_us) SELECT DISTINCT p.person,"
			" ?1, ?2, coalesce((SELECT max(version) FROM learn"
			"  WHERE person=p.person AND entry=?1 AND state=1),"
			"  ?3), ?4, ?5, coalesce((SELECT min(since_us) FROM"
			"  learn WHERE person=p.person AND entry=?1"
			"  AND state=0), ?6) FROM learner p"
			" WHERE (p.queue=?4 OR NOT EXISTS(SELECT 1 FROM queue"
			"  WHERE id=?4)) AND p.person NOT IN (SELECT actor"
			"  FROM kb_version WHERE entry=?1 AND version=?2"
			"  UNION SELECT reviewer FROM kb_version"
			"  WHERE entry=?1 AND version=?2)"
			" ON CONFLICT DO NOTHING",
			"siissi", id, version, before, v->entry->line, release,
			f->at_us);
	return err ? err
		   : db_run(db,
			    "UPDATE learn SET state=2 WHERE entry=?"
			    " AND version<? AND state=0",
			    "si", id, version);
}

/* Facts of before there was anything to read say nothing of it. */
static bool is_to_learn(const struct fact *f)
{
	return json_bool(f->body, "learn");
}

static int on_released(struct db *db, const struct fact *f, void *arg)
{
	size_t i;
	json_t *one;
	int err = 0;

	if (!is_to_learn(f))
		return 0;
	json_array_foreach (json_object_get(f->body, "entries"), i, one) {
		if (err)
			break;
		err = give(db, f, json_str(one, "id"),
			   json_int(one, "version"), f->subject);
	}
	return err;
}

/* Versions that are in force by the bureau's paper, and follow one that was.
 */
static int on_imported(struct db *db, const struct fact *f, void *arg)
{
	size_t i;
	json_t *one;
	int err = 0;

	json_array_foreach (json_object_get(f->body, "learn"), i, one) {
		const char *id = json_str(one, "id");
		int64_t version = json_int(one, "version"), before = 0;
		if (!err)
			err = store_learn_before(db, id, version, &before);
		if (!err && before)
			err = give(db, f, id, version, "");
	}
	/* nobody reads what is replaced, also where nothing is given out */
	return err ? err
		   : db_run(db,
			    "UPDATE learn SET state=2 WHERE state=0"
			    " AND version<(SELECT max(version) FROM kb_version"
			    "  WHERE entry=learn.entry AND released_us>0)",
			    "");
}

static int on_entry(struct db *db, const struct fact *f, void *arg)
{
	if (is_to_learn(f) && !strcmp(f->kind, "entry.rolledback"))
		return give(db, f, f->subject, json_int(f->body, "version"),
			    "");
	if (strcmp(f->kind, "entry.withdrawn") != 0)
		return 0;
	return db_run(db,
		      "UPDATE learn SET state=2 WHERE entry=? AND version=?"
		      " AND state=0",
		      "si", f->subject, json_int(f->body, "version"));
}

static int on_read(struct db *db, const struct fact *f, void *arg)
{
	bool passed = json_bool(f->body, "passed");

	return db_run(db,
		      "UPDATE learn SET tries=tries+1, correct=?, asked=?,"
		      " state=?, read_us=? WHERE person=? AND entry=?"
		      " AND version=?",
		      "iiiissi", json_int(f->body, "right"),
		      json_int(f->body, "of"), (int64_t)passed,
		      passed ? f->at_us : 0, f->agent, f->subject,
		      json_int(f->body, "version"));
}

static int on_lowered(struct db *db, const struct fact *f, void *arg)
{
	return db_run(db,
		      "INSERT INTO skill_lowered(person, queue, levels,"
		      " since_us, entries) VALUES(?,?,?,?,?)"
		      " ON CONFLICT DO UPDATE SET levels=excluded.levels,"
		      " entries=excluded.entries",
		      "ssiis", f->agent, f->subject,
		      json_int(f->body, "levels"), f->at_us,
		      json_str(f->body, "entries"));
}

static int on_restored(struct db *db, const struct fact *f, void *arg)
{
	return db_run(db,
		      "DELETE FROM skill_lowered WHERE person=? AND queue=?",
		      "ss", f->agent, f->subject);
}

void store_learn_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "kb.released", .projecth = on_released},
		{.prefix = "kb.imported", .projecth = on_imported},
		{.prefix = "entry.", .projecth = on_entry},
		{.prefix = "learn.read", .projecth = on_read},
		{.prefix = "skill.lowered", .projecth = on_lowered},
		{.prefix = "skill.restored", .projecth = on_restored},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
		fact_log_sink(log, &sinks[i]);
}

/* ---- what is to be read ---- */

int store_learn_each(struct db *db, const char *person,
		     const char *after_person, const char *after_entry,
		     store_learn_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT l.person, coalesce(p.name, l.person), l.entry,"
		" coalesce(e.title, ''), l.line, l.release, l.version,"
		" l.known, l.since_us, EXISTS(SELECT 1 FROM skill_lowered s"
		"  WHERE s.person=l.person AND s.queue=l.line)"
		" FROM learn_open l LEFT JOIN person p ON p.id=l.person"
		" LEFT JOIN kb_entry e ON e.id=l.entry"
		" WHERE (?1='' OR l.person=?1)"
		" AND (l.person, l.entry)>(?2, ?3)"
		" ORDER BY l.person, l.entry",
		"sss", person, after_person, after_entry);
	while (!err && !(err = db_step(s))) {
		const struct store_learn row = {
			.person = db_str(s, 0),
			.name = db_str(s, 1),
			.entry = db_str(s, 2),
			.title = db_str(s, 3),
			.line = db_str(s, 4),
			.release = db_str(s, 5),
			.version = db_int(s, 6),
			.known = db_int(s, 7),
			.since_us = db_int(s, 8),
			.lowered = db_int(s, 9) != 0,
		};
		int stop = h(&row, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_learn_state(struct db *db, const char *person, const char *entry,
		      int64_t version, enum store_learn_state *statep,
		      int64_t *knownp)
{
	static const enum store_learn_state states[] = {LEARN_OPEN, LEARN_READ,
							LEARN_OVER};
	scoped_stmt struct db_stmt *s = NULL;

	*statep = LEARN_NONE;
	int err = db_query_row(&s, db,
			       "SELECT state, known FROM learn WHERE person=?"
			       " AND entry=? AND version=?",
			       "ssi", person, entry, version);
	if (err)
		return err == ENOENT ? 0 : err;
	*statep = states[db_int(s, 0)];
	*knownp = db_int(s, 1);
	return 0;
}

int store_learn_before(struct db *db, const char *entry, int64_t version,
		       int64_t *beforep)
{
	return db_get_int(db, beforep, 0,
			  "SELECT max(version) FROM kb_version WHERE entry=?"
			  " AND version<? AND released_us>0",
			  "si", entry, version);
}

int store_learn_count(struct db *db, const char *line, int64_t *np)
{
	return db_get_int(db, np, 0,
			  "SELECT count(DISTINCT person) FROM learner"
			  " WHERE queue=?1 OR NOT EXISTS(SELECT 1 FROM queue"
			  " WHERE id=?1)",
			  "s", line);
}

/* ---- how far each of them is ---- */

int store_learners(struct db *db, const char *release, int64_t late_us,
		   const char *after, store_learner_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT p.person, p.name, (SELECT count(*) FROM learn_open"
		" WHERE person=p.person AND (?1='' OR release=?1)),"
		" (SELECT count(*) FROM learn_open WHERE person=p.person"
		"  AND since_us<=?2 AND (?1='' OR release=?1)),"
		" (SELECT count(*) FROM learn WHERE person=p.person"
		"  AND state=1 AND (?1='' OR release=?1))"
		" FROM (SELECT DISTINCT person, name FROM learner) p"
		" WHERE p.person>?3 ORDER BY p.person",
		"sis", release, late_us, after);
	while (!err && !(err = db_step(s))) {
		const struct store_learner row = {
			.person = db_str(s, 0),
			.name = db_str(s, 1),
			.open = db_int(s, 2),
			.late = db_int(s, 3),
			.done = db_int(s, 4),
		};
		int stop = h(&row, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

/* ---- lowered skills ---- */

static int each_lowered(struct db_stmt *s, store_lowered_h *h, void *arg)
{
	int err;

	while (!(err = db_step(s))) {
		const struct store_lowered row = {
			.person = db_str(s, 0),
			.queue = db_str(s, 1),
			.levels = db_int(s, 2),
			.since_us = db_int(s, 3),
			.entries = db_str(s, 4),
		};
		int stop = h(&row, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_lowered_each(struct db *db, const char *person, store_lowered_h *h,
		       void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT person, queue, levels, since_us, entries"
			   " FROM skill_lowered WHERE ?1='' OR person=?1"
			   " ORDER BY person, queue",
			   "s", person);
	return err ? err : each_lowered(s, h, arg);
}

int store_lowered_due(struct db *db, int64_t due_us, store_lowered_h *h,
		      void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT person, line, 0, min(since_us),"
		" group_concat(entry, ' ') FROM (SELECT l.person, l.line,"
		"  l.since_us, l.entry FROM learn_open l JOIN learner p"
		"  ON p.person=l.person AND p.queue=l.line"
		"  WHERE l.since_us<=? AND NOT EXISTS(SELECT 1 FROM"
		"  skill_lowered s WHERE s.person=l.person"
		"  AND s.queue=l.line) ORDER BY l.person, l.line, l.entry)"
		" GROUP BY person, line",
		"i", due_us);
	return err ? err : each_lowered(s, h, arg);
}

int store_lowered_over(struct db *db, const char *person, int64_t due_us,
		       store_lowered_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT person, queue, levels, since_us, entries"
			   " FROM skill_lowered s WHERE (?1='' OR person=?1)"
			   " AND NOT EXISTS(SELECT 1 FROM learn_open l"
			   "  WHERE l.person=s.person AND l.line=s.queue"
			   "  AND l.since_us<=?2) ORDER BY person, queue",
			   "si", person, due_us);
	return err ? err : each_lowered(s, h, arg);
}

/* ---- verify ---- */

/* The last word of the facts about each skill, and the rows. */
static const char lowered_sql[] =
	"WITH said AS (SELECT agent, subject, kind, max(seq) FROM fact"
	"  WHERE kind IN ('skill.lowered', 'skill.restored')"
	"  GROUP BY agent, subject),"
	"low AS (SELECT agent, subject FROM said WHERE kind='skill.lowered')"
	"SELECT agent||' '||subject FROM (SELECT agent, subject FROM low"
	" EXCEPT SELECT person, queue FROM skill_lowered)"
	" UNION ALL SELECT person||' '||queue FROM (SELECT person, queue"
	" FROM skill_lowered EXCEPT SELECT agent, subject FROM low)";

static const char read_sql[] =
	"WITH said AS (SELECT agent, subject, body->>'$.version' FROM fact"
	"  WHERE kind='learn.read' AND body->>'$.passed'),"
	"row AS (SELECT person, entry, version FROM learn WHERE state=1)"
	"SELECT person||' '||entry||' v'||version FROM (SELECT * FROM row"
	" EXCEPT SELECT * FROM said) UNION ALL"
	" SELECT agent||' '||subject FROM (SELECT * FROM said"
	" EXCEPT SELECT * FROM row)";

static int findings(struct db *db, const char *sql, const char *rule,
		    store_check_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_prepare(&s, db, sql);

	while (!err && !(err = db_step(s)))
		err = h(rule, db_str(s, 0), arg);
	return err == ENOENT ? 0 : err;
}

int store_learn_check(struct db *db, int64_t *np, store_check_h *h, void *arg)
{
	int err = findings(db, lowered_sql,
			   N_("A skill is lowered, or is not, against its "
			      "facts"),
			   h, arg);
	if (!err)
		err = findings(db, read_sql,
			       N_("A version was read, or was not, against "
				  "its facts"),
			       h, arg);
	return err ? err
		   : db_get_int(db, np, 0, "SELECT count(*) FROM learn", "");
}
