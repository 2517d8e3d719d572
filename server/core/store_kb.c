/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_kb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "kb/base.h"
#include "kb/life.h"
#include "kb/mask.h"
#include "kb/regress.h"
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

const char store_kb_schema_3[] = KB_LIFE_SCHEMA
	"CREATE TABLE kb_release(name TEXT PRIMARY KEY,"
	" at_us INTEGER NOT NULL, actor TEXT NOT NULL, note TEXT NOT NULL,"
	" entries TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX kb_release_at ON kb_release(at_us);";

const char store_kb_schema_4[] = KB_SEARCH_SCHEMA;

/* filed: nobody said so, but its ticket was filed without an entry. */
const char store_kb_schema_5[] =
	"ALTER TABLE kb_gap ADD COLUMN filed INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE kb_gap ADD COLUMN closed_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE kb_gap ADD COLUMN closer TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE kb_gap ADD COLUMN entry TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE kb_gap ADD COLUMN why TEXT NOT NULL DEFAULT '';"
	"CREATE UNIQUE INDEX kb_gap_seq ON kb_gap(seq);"
	"CREATE INDEX kb_gap_open ON kb_gap(closed_us, seq);"
	"CREATE INDEX kb_gap_contact ON kb_gap(contact);";

const char store_kb_schema_7[] = KB_CASE_SCHEMA
	"ALTER TABLE kb_release ADD COLUMN cases INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE kb_release ADD COLUMN was_right INTEGER NOT NULL"
	" DEFAULT 0;"
	"ALTER TABLE kb_release ADD COLUMN now_right INTEGER NOT NULL DEFAULT "
	"0;"
	"ALTER TABLE kb_release ADD COLUMN forced TEXT NOT NULL DEFAULT '';";

/* ---- projections ---- */

/* A text became a version of its author's; in that state, or in the one that
 * its header says (-1). */
static int put_text(struct db *db, const struct fact *fact, int state)
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
	const struct kb_text put = {
		.entry = e,
		.version = json_int(fact->body, "version"),
		.state = state < 0 ? e->state : (enum kb_state)state,
		.at_us = fact->at_us,
		.author = fact->actor,
		.effective = json_object_get(fact->body, "effective")
				     ? json_str(fact->body, "effective")
				     : NULL,
		.confirmer = json_str(fact->body, "by"),
		.paper = json_str(fact->body, "paper"),
	};
	return kb_life_put(db, &put);
}

static int on_imported(struct db *db, const struct fact *fact, void *arg)
{
	json_t *by = json_object_get(fact->body, "by");

	/* before versions had a life, the header's word was taken; it is, too,
	 * where the bureau has signed for it */
	if (!by || *json_string_value(by))
		return put_text(db, fact, -1);
	return put_text(db, fact, KB_DRAFT);
}

static int on_drafted(struct db *db, const struct fact *fact, void *arg)
{
	return put_text(db, fact, KB_DRAFT);
}

static int on_rolledback(struct db *db, const struct fact *fact, void *arg)
{
	return put_text(db, fact, KB_CONFIRMED);
}

static int act(struct db *db, const struct fact *fact, enum kb_step step,
	       const char *note)
{
	const char *by = json_str(fact->body, "by");
	const char *effective = json_str(fact->body, "effective");
	const struct kb_act a = {
		.id = fact->subject,
		.version = json_int(fact->body, "version"),
		.step = step,
		.person = *by ? by : fact->actor,
		.at_us = fact->at_us,
		.note = json_str(fact->body, note),
		.effective = *effective ? effective : NULL,
	};
	return kb_life_act(db, &a);
}

static int on_reviewed(struct db *db, const struct fact *fact, void *arg)
{
	return act(db, fact, KB_REVIEW, "");
}

static int on_confirmed(struct db *db, const struct fact *fact, void *arg)
{
	return act(db, fact, KB_CONFIRM, "paper");
}

static int on_returned(struct db *db, const struct fact *fact, void *arg)
{
	return act(db, fact, KB_RETURN, "reason");
}

static int on_withdrawn(struct db *db, const struct fact *fact, void *arg)
{
	return act(db, fact, KB_WITHDRAW, "reason");
}

static int on_released(struct db *db, const struct fact *fact, void *arg)
{
	json_t *entries = json_object_get(fact->body, "entries");
	const json_t *cases = json_object_get(fact->body, "cases");
	scoped_str char *text =
		json_dumps(entries, JSON_COMPACT | JSON_SORT_KEYS);
	size_t i;
	json_t *one;

	if (!text)
		return ENOMEM;
	int err = db_run(db,
			 "INSERT INTO kb_release(name, at_us, actor, note,"
			 " entries, cases, was_right, now_right, forced)"
			 " VALUES(?,?,?,?,?,?,?,?,?)",
			 "sisssiiis", fact->subject, fact->at_us, fact->actor,
			 json_str(fact->body, "note"), text,
			 json_int(cases, "n"), json_int(cases, "before"),
			 json_int(cases, "after"),
			 json_str(fact->body, "forced"));
	json_array_foreach (entries, i, one) {
		const struct kb_act a = {
			.id = json_str(one, "id"),
			.version = json_int(one, "version"),
			.step = KB_RELEASE,
			.person = fact->actor,
			.at_us = fact->at_us,
			.note = fact->subject,
		};
		if (!err)
			err = kb_life_act(db, &a);
	}
	return err;
}

static int on_turned(struct db *db, const struct fact *fact, void *arg)
{
	return kb_life_turn(db, fact->subject);
}

/* What was asked in a contact and the entry that answered it. */
static int suggest(struct db *db, const struct fact *fact, const char *words,
		   const char *entry, enum kb_case_state state)
{
	char question[KB_QUERY_MAX_BYTES + 1];

	kb_mask(question, sizeof(question), words);
	return kb_case_suggest(db, &(struct kb_case_row){
					   .question = question,
					   .entry = entry,
					   .state = state,
					   .since_us = fact->at_us,
					   .actor = fact->agent,
					   .contact = fact->contact,
				   });
}

static int on_adopted(struct db *db, const struct fact *fact, void *arg)
{
	const char *entry = json_str(fact->body, "entry");
	/* filed without, and mended; looked for, and found after all */
	int err = db_run(db,
			 "DELETE FROM kb_gap WHERE contact=? AND filed>0"
			 " AND closed_us=0",
			 "s", fact->contact);
	if (!err)
		err = suggest(db, fact, json_str(fact->body, "q"), entry,
			      KB_CASE_OPEN);
	if (err)
		return err;
	return store_ticket_entry_put(
		db, fact->contact, entry, json_int(fact->body, "version"),
		json_str(fact->body, "title"), fact->agent, fact->at_us);
}

static int on_dropped(struct db *db, const struct fact *fact, void *arg)
{
	const char *entry = json_str(fact->body, "entry");
	int err = kb_case_forget(db, fact->contact, entry);

	return err ? err : store_ticket_entry_drop(db, fact->contact, entry);
}

/* How a gap came: said by somebody, by a ticket without an entry, by a search
 * that found nothing that was of use. */
enum gap_kind { GAP_SAID, GAP_FILED, GAP_SEARCHED };

static int put_gap(struct db *db, const struct fact *fact, const char *words,
		   enum gap_kind kind)
{
	return db_run(db,
		      "INSERT INTO kb_gap(at_us, agent, contact, words, seq,"
		      " filed) VALUES(?,?,?,?,?,?)",
		      "isssii", fact->at_us, fact->agent ? fact->agent : "",
		      fact->contact ? fact->contact : "", words, fact->seq,
		      (int64_t)kind);
}

static int on_gap(struct db *db, const struct fact *fact, void *arg)
{
	return put_gap(db, fact, json_str(fact->body, "q"), GAP_SAID);
}

static int on_searched(struct db *db, const struct fact *fact, void *arg)
{
	int64_t known = 0;
	int err = 0;

	/* of a contact that is a gap already, or has an entry after all, it
	 * says nothing new */
	if (fact->contact && *fact->contact)
		err = db_get_int(db, &known, 0,
				 "SELECT (SELECT count(*) FROM ticket_entry"
				 " WHERE contact=?1) + (SELECT count(*) FROM"
				 " kb_gap WHERE contact=?1 AND filed<2)",
				 "s", fact->contact);
	if (err || known)
		return err;
	err = put_gap(db, fact, json_str(fact->body, "q"), GAP_SEARCHED);
	return err ? err
		   : db_run(db,
			    "DELETE FROM kb_gap WHERE filed=?1 AND closed_us=0"
			    " AND seq<=ifnull((SELECT seq FROM kb_gap"
			    " WHERE filed=?1 AND closed_us=0"
			    " ORDER BY seq DESC LIMIT 1 OFFSET ?2), 0)",
			    "ii", (int64_t)GAP_SEARCHED,
			    (int64_t)STORE_KB_SEARCHES_MAX);
}

/* A ticket is the word of the agent: what he adopted answers what was asked,
 * by his search words, or by his summary where he told one entry alone. */
static int add_cases(struct db *db, const struct fact *fact,
		     const char *summary)
{
	scoped_stmt struct db_stmt *s = NULL;
	int64_t known = 0;

	int err = kb_case_settle(db, fact->contact);
	if (!err)
		err = db_get_int(db, &known, 0,
				 "SELECT count(*) FROM kb_case"
				 " WHERE contact=?",
				 "s", fact->contact);
	if (err || known)
		return err;
	err = db_query_row(&s, db,
			   "SELECT max(entry) FROM ticket_entry"
			   " WHERE contact=? HAVING count(*)=1",
			   "s", fact->contact);
	return err ? (err == ENOENT ? 0 : err)
		   : suggest(db, fact, summary, db_str(s, 0),
			     KB_CASE_CANDIDATE);
}

/* Each answered question leads to an entry or is a gap. */
static int on_filed(struct db *db, const struct fact *fact, void *arg)
{
	const char *summary =
		json_str(json_object_get(fact->body, "fields"), "summary");
	int64_t known = 0;

	if (!strcmp(json_str(fact->body, "outcome"), "invalid"))
		return kb_case_forget(db, fact->contact, "");
	int err = add_cases(db, fact, summary);
	if (!err)
		err = db_get_int(db, &known, 0,
				 "SELECT (SELECT count(*) FROM ticket_entry"
				 " WHERE contact=?1)"
				 " + (SELECT count(*) FROM kb_gap"
				 " WHERE contact=?1 AND filed<2)",
				 "s", fact->contact);
	if (err || known)
		return err;
	return put_gap(db, fact, summary, GAP_FILED);
}

static int on_gap_closed(struct db *db, const struct fact *fact, void *arg)
{
	size_t i;
	json_t *seq;
	int err = 0;

	json_array_foreach (json_object_get(fact->body, "gaps"), i, seq) {
		if (err)
			return err;
		err = db_run(db,
			     "UPDATE kb_gap SET closed_us=?, closer=?,"
			     " entry=?, why=? WHERE seq=?",
			     "isssi", fact->at_us, fact->actor,
			     json_str(fact->body, "entry"),
			     json_str(fact->body, "reason"),
			     (int64_t)json_integer_value(seq));
	}
	return err;
}

/* ---- the regression set ---- */

static int on_case_kept(struct db *db, const struct fact *fact, void *arg)
{
	return kb_case_keep(
		db, &(struct kb_case_row){
			    .n = json_int(fact->body, "case"),
			    .question = json_str(fact->body, "question"),
			    .entry = json_str(fact->body, "entry"),
			    .since_us = fact->at_us,
			    .actor = fact->actor,
		    });
}

static int on_case_dropped(struct db *db, const struct fact *fact, void *arg)
{
	return kb_case_drop(db, json_int(fact->body, "case"), fact->at_us,
			    fact->actor, json_str(fact->body, "reason"));
}

static int on_case_filled(struct db *db, const struct fact *fact, void *arg)
{
	scoped_mem struct kb_set *set = NULL;
	const char *text = json_str(fact->body, "text");
	struct diag diag;

	int err = kb_set_parse(&set, "fact", text, strlen(text), &diag);
	return err ? err : kb_set_write(db, set, fact->at_us, fact->actor);
}

void store_kb_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "entry.imported", .projecth = on_imported},
		{.prefix = "entry.drafted", .projecth = on_drafted},
		{.prefix = "entry.reviewed", .projecth = on_reviewed},
		{.prefix = "entry.confirmed", .projecth = on_confirmed},
		{.prefix = "entry.returned", .projecth = on_returned},
		{.prefix = "entry.withdrawn", .projecth = on_withdrawn},
		{.prefix = "entry.rolledback", .projecth = on_rolledback},
		{.prefix = "kb.released", .projecth = on_released},
		{.prefix = "kb.turned", .projecth = on_turned},
		{.prefix = "kb.adopted", .projecth = on_adopted},
		{.prefix = "kb.dropped", .projecth = on_dropped},
		{.prefix = "kb.gap", .projecth = on_gap},
		{.prefix = "ticket.filed", .projecth = on_filed},
		{.prefix = "gap.closed", .projecth = on_gap_closed},
		{.prefix = "kb.searched", .projecth = on_searched},
		{.prefix = "case.kept", .projecth = on_case_kept},
		{.prefix = "case.dropped", .projecth = on_case_dropped},
		{.prefix = "case.filled", .projecth = on_case_filled},
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

/* ---- releases ---- */

int store_kb_releases(struct db *db, int64_t limit, store_kb_release_h *h,
		      void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT name, at_us, actor, note, entries, cases,"
			   " was_right, now_right, forced"
			   " FROM kb_release ORDER BY at_us DESC LIMIT ?",
			   "i", limit);
	while (!err && !(err = db_step(s))) {
		scoped_json json_t *entries =
			json_loads(db_str(s, 4), 0, NULL);
		const struct store_kb_release r = {
			.name = db_str(s, 0),
			.at_us = db_int(s, 1),
			.actor = db_str(s, 2),
			.note = db_str(s, 3),
			.entries = entries,
			.cases = db_int(s, 5),
			.before = db_int(s, 6),
			.after = db_int(s, 7),
			.forced = db_str(s, 8),
		};
		int stop = entries ? h(&r, arg) : ENOMEM;
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_kb_release_known(struct db *db, const char *name, bool *knownp)
{
	int64_t n = 0;
	int err = db_get_int(db, &n, 0,
			     "SELECT count(*) FROM kb_release WHERE name=?",
			     "s", name);
	if (!err)
		*knownp = n != 0;
	return err;
}

/* ---- gaps ---- */

int store_kb_gaps(struct db *db, int64_t limit, store_kb_gap_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT seq, at_us, agent, contact, words, filed"
			   " FROM kb_gap WHERE closed_us=0 ORDER BY seq DESC"
			   " LIMIT ?",
			   "i", limit);
	while (!err && !(err = db_step(s))) {
		const struct store_kb_gap gap = {
			.seq = db_int(s, 0),
			.at_us = db_int(s, 1),
			.agent = db_str(s, 2),
			.contact = db_str(s, 3),
			.words = db_str(s, 4),
			.filed = db_int(s, 5) == GAP_FILED,
			.searched = db_int(s, 5) == GAP_SEARCHED,
		};
		int stop = h(&gap, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_kb_gap_words(struct db *db, int64_t seq, char **wordsp)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT words FROM kb_gap WHERE seq=?"
			       " AND closed_us=0",
			       "i", seq);
	return err ? err : str_dup(wordsp, db_str(s, 0));
}

int store_kb_week(struct db *db, const char *entry, int64_t version,
		  int64_t from_us, int64_t *np)
{
	return db_get_int(db, np, 0,
			  "SELECT count(*) FROM ticket_entry WHERE entry=?"
			  " AND version=? AND at_us>=?",
			  "sii", entry, version, from_us);
}

int store_kb_next_id(struct db *db, char *id, size_t size)
{
	int64_t n = 0;
	int err = db_get_int(db, &n, 0,
			     "SELECT max(CAST(substr(id, 4) AS INTEGER))"
			     " FROM kb_entry WHERE id GLOB 'KB-[0-9]*'",
			     "");
	if (!err)
		snprintf(id, size, "KB-%04lld", (long long)n + 1);
	return err;
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
