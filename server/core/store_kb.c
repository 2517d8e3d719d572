/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_kb.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "kb/base.h"
#include "server/core/store.h"
#include "server/core/store_ticket.h"

const char store_kb_schema[] = KB_BASE_SCHEMA
	"CREATE TABLE kb_gap(n INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
	" agent TEXT NOT NULL, contact TEXT NOT NULL, words TEXT NOT NULL,"
	" seq INTEGER NOT NULL) STRICT;"
	"CREATE TABLE own_kb_stage(n INTEGER PRIMARY KEY,"
	" at_us INTEGER NOT NULL, stage TEXT NOT NULL, file TEXT NOT NULL,"
	" text TEXT NOT NULL) STRICT;"
	"CREATE INDEX own_kb_stage_name ON own_kb_stage(stage, n);";

/* ---- projections ---- */

static int on_entry(struct db *db, const struct fact *fact, void *arg)
{
	scoped_mem struct kb_entry *e = NULL;
	struct diag diag;
	const char *text = json_str(fact->body, "text");

	int err = kb_entry_parse(&e, fact->subject, text, strlen(text), &diag);
	if (err) {
		log_error("fact %lld: %s:%d: %s", (long long)fact->seq,
			  diag.file, diag.line, diag.what);
		return err;
	}
	return kb_base_put(db, e, json_int(fact->body, "version"), fact->at_us,
			   fact->actor);
}

static int on_adopted(struct db *db, const struct fact *fact, void *arg)
{
	return store_ticket_entry_put(
		db, fact->contact, json_str(fact->body, "entry"),
		json_int(fact->body, "version"), json_str(fact->body, "title"),
		fact->agent, fact->at_us);
}

static int on_dropped(struct db *db, const struct fact *fact, void *arg)
{
	return store_ticket_entry_drop(db, fact->contact,
				       json_str(fact->body, "entry"));
}

static int on_gap(struct db *db, const struct fact *fact, void *arg)
{
	return db_run(db,
		      "INSERT INTO kb_gap(at_us, agent, contact, words, seq)"
		      " VALUES(?,?,?,?,?)",
		      "isssi", fact->at_us, fact->agent ? fact->agent : "",
		      fact->contact ? fact->contact : "",
		      json_str(fact->body, "q"), fact->seq);
}

void store_kb_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "entry.imported", .projecth = on_entry},
		{.prefix = "kb.adopted", .projecth = on_adopted},
		{.prefix = "kb.dropped", .projecth = on_dropped},
		{.prefix = "kb.gap", .projecth = on_gap},
	};

	for (size_t i = 0; i < sizeof(sinks) / sizeof(*sinks); i++)
		fact_log_sink(log, &sinks[i]);
}

/* ---- likely questions ---- */

int store_kb_likely_each(struct db *db, const char *contact, int64_t from_us,
			 store_kb_likely_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	struct store_contact who = {.number = ""};
	int err = store_ticket_contact(db, contact, &who);

	if (!err) /* a caller without a number is nobody we know */
		err = db_prepare(
			&s, db,
			"SELECT entry, sum(mine), sum(1-mine),"
			" max(CASE WHEN mine THEN at_us END) AS last FROM"
			" (SELECT e.entry, 1 AS mine, e.at_us FROM contact c"
			"  JOIN ticket_entry e ON e.contact=c.id"
			"  WHERE c.number=?1 AND ?1!='' AND c.id!=?2"
			"  UNION ALL SELECT e.entry, 0, e.at_us FROM contact c"
			"  JOIN ticket_entry e ON e.contact=c.id"
			"  WHERE c.arrived_us>=?3 AND c.queue=?4"
			"  AND c.id!=?2)"
			" GROUP BY entry ORDER BY last DESC NULLS LAST,"
			" 3 DESC, entry");
	if (!err)
		err = db_bind(s, "ssis", who.number, contact, from_us,
			      who.queue);
	if (err)
		return err;
	while (!(err = db_step(s))) {
		int stop = h(&(struct store_kb_likely){.entry = db_str(s, 0),
						       .mine = db_int(s, 1),
						       .recent = db_int(s, 2)},
			     arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

/* ---- stages ---- */

int store_kb_stage_put(struct db *db, const char *stage, const char *file,
		       const char *text)
{
	return db_run(db,
		      "INSERT INTO own_kb_stage(at_us, stage, file, text)"
		      " VALUES(?,?,?,?)",
		      "isss", cal_now_us(), stage, file, text);
}

int store_kb_stage_each(struct db *db, const char *stage, store_kb_staged_h *h,
			void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT file, text FROM own_kb_stage"
			   " WHERE stage=? ORDER BY n",
			   "s", stage);
	while (!err && !(err = db_step(s))) {
		int stop = h(db_str(s, 0), db_str(s, 1), arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_kb_stage_clear(struct db *db, const char *stage)
{
	return db_run(db, "DELETE FROM own_kb_stage WHERE stage=?", "s",
		      stage);
}

int store_kb_stage_expire(struct db *db, int64_t before_us)
{
	return db_run(db, "DELETE FROM own_kb_stage WHERE at_us<?", "i",
		      before_us);
}

int store_kb_stage_count(struct db *db, const char *stage, int64_t *np)
{
	return db_get_int(db, np, 0,
			  "SELECT count(*) FROM own_kb_stage WHERE stage=?",
			  "s", stage);
}
