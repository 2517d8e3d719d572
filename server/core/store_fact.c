/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_fact.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>

#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store.h"

/* The triggers keep an honest program honest; against others there is the
 * chain. */
const char store_fact_schema[] =
	"CREATE TABLE fact(seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL,"
	" dur_ms INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,"
	" contact TEXT, agent TEXT, subject TEXT, body TEXT NOT NULL,"
	" hash BLOB NOT NULL) STRICT;"
	"CREATE INDEX fact_at ON fact(at_us);"
	"CREATE INDEX fact_kind ON fact(kind, at_us);"
	"CREATE INDEX fact_actor ON fact(actor, seq);"
	"CREATE INDEX fact_contact ON fact(contact, seq)"
	" WHERE contact IS NOT NULL;"
	"CREATE INDEX fact_agent ON fact(agent, seq) WHERE agent IS NOT NULL;"
	"CREATE TRIGGER fact_stays BEFORE UPDATE ON fact BEGIN"
	" SELECT RAISE(ABORT, 'facts stay as they are'); END;"
	"CREATE TRIGGER fact_remains BEFORE DELETE ON fact BEGIN"
	" SELECT RAISE(ABORT, 'facts stay as they are'); END;"
	"CREATE TABLE fact_mark(boot TEXT PRIMARY KEY, n INTEGER NOT NULL,"
	" at_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

int store_fact_last(struct db *db, int64_t *seqp,
		    uint8_t hash[FACT_HASH_BYTES])
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db, "SELECT seq, hash FROM fact ORDER BY seq DESC LIMIT 1",
		"");
	*seqp = 0;
	memset(hash, 0, FACT_HASH_BYTES);
	if (err)
		return err == ENOENT ? 0 : err;
	size_t len = 0;
	const void *blob = db_blob(s, 1, &len);
	*seqp = db_int(s, 0);
	if (len == FACT_HASH_BYTES)
		memcpy(hash, blob, len);
	return 0;
}

static const char *or_null(const char *text)
{
	return text && *text ? text : NULL;
}

int store_fact_insert(struct db *db, const struct fact *fact, const char *body,
		      const uint8_t hash[FACT_HASH_BYTES])
{
	return db_run(db,
		      "INSERT INTO fact(seq, at_us, dur_ms, actor, kind,"
		      " contact, agent, subject, body, hash)"
		      " VALUES(?,?,?,?,?,?,?,?,?,?)",
		      "iiissssssb", fact->seq, fact->at_us, fact->dur_ms,
		      fact->actor, fact->kind, or_null(fact->contact),
		      or_null(fact->agent), or_null(fact->subject), body, hash,
		      (size_t)FACT_HASH_BYTES);
}

int store_fact_mark(struct db *db, const char *boot, int64_t n, int64_t at_us)
{
	return db_run(db,
		      "INSERT INTO fact_mark(boot, n, at_us) VALUES(?,?,?)"
		      " ON CONFLICT(boot) DO UPDATE SET"
		      " n=max(n, excluded.n), at_us=excluded.at_us",
		      "sii", boot, n, at_us);
}

int store_fact_mark_get(struct db *db, const char *boot, int64_t *np)
{
	return db_get_int(db, np, 0, "SELECT n FROM fact_mark WHERE boot=?",
			  "s", boot);
}

/* All of a kind since a time: the planner would walk the whole log for the
 * sake of its order, which + forbids. With a limit that walk is the shorter
 * way. */
static const char *by_kind(const struct fact_filter *f)
{
	bool alone = !f->contact && !f->agent && !f->actor;

	return f->kind && f->from_us && f->limit <= 0 && alone ? "+" : "";
}

/* The statement for a filter: fixed pieces only, so that the cache holds one
 * for each combination in use. */
static void filter_sql(char *sql, size_t size, const struct fact_filter *f)
{
	snprintf(sql, size,
		 "SELECT seq, at_us, dur_ms, actor, kind, contact, agent,"
		 " subject, body, hash FROM fact WHERE %sseq>=?1"
		 "%s%s%s%s%s%s ORDER BY %sseq%s LIMIT ?9",
		 by_kind(f), f->kind ? " AND kind>=?2 AND kind<?3" : "",
		 f->contact ? " AND contact=?4" : "",
		 f->agent ? " AND agent=?5" : "",
		 f->actor ? " AND actor=?6" : "",
		 f->from_us ? " AND at_us>=?7" : "",
		 f->to_us ? " AND at_us<?8" : "", by_kind(f),
		 f->newest_first ? " DESC" : "");
}

static int filter_query(struct db_stmt **sp, struct db *db,
			const struct fact_filter *f)
{
	char sql[512], end[80];

	filter_sql(sql, sizeof(sql), f);
	snprintf(end, sizeof(end), "%.64s\xf4\x8f\xbf\xbf",
		 f->kind ? f->kind : "");
	return db_query(sp, db, sql, "isssssiii", f->since, f->kind, end,
			f->contact, f->agent, f->actor, f->from_us, f->to_us,
			(int64_t)(f->limit > 0 ? f->limit : -1));
}

int store_fact_each(struct db *db, const struct fact_filter *f,
		    store_fact_row_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = filter_query(&s, db, f);

	while (!err && !(err = db_step(s))) {
		struct fact fact = {
			.seq = db_int(s, 0),
			.at_us = db_int(s, 1),
			.dur_ms = db_int(s, 2),
			.actor = db_str(s, 3),
			.kind = db_str(s, 4),
			.contact = db_str(s, 5),
			.agent = db_str(s, 6),
			.subject = db_str(s, 7),
		};
		size_t len = 0;
		const void *hash = db_blob(s, 9, &len);
		int stop = h(&fact, db_str(s, 8), hash, len, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

/* ---- rebuild ---- */

/* Ordinary tables first: their triggers may still keep an index. Tables
 * named own_... hold what is no fact (secrets, drafts) and stay. */
static const char plain_sql[] =
	"SELECT name FROM pragma_table_list WHERE schema='main' AND"
	" type='table' AND name NOT LIKE 'sqlite_%' AND name NOT IN"
	" ('fact', 'fact_mark', 'store_probe') AND name NOT GLOB 'own_*'"
	" ORDER BY name";
static const char virtual_sql[] =
	"SELECT name FROM pragma_table_list WHERE schema='main' AND"
	" type='virtual' ORDER BY name";

static int exec_on(struct db *db, const char *format, const char *table)
{
	char *sql = sqlite3_mprintf(format, table, table);
	if (!sql)
		return ENOMEM;
	int err = db_exec(db, sql);
	sqlite3_free(sql);
	return err;
}

static int clear_plain(struct db *db, const char *table)
{
	return exec_on(db, "DELETE FROM \"%w\"", table);
}

/* A full-text index without a content of its own knows 'delete-all' only. */
static int clear_virtual(struct db *db, const char *table)
{
	int err = exec_on(
		db, "INSERT INTO \"%w\"(\"%w\") VALUES('delete-all')", table);
	return err ? exec_on(db, "DELETE FROM \"%w\"", table) : 0;
}

static int clear_each(struct db *db, const char *sql,
		      int (*clear)(struct db *db, const char *table))
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db, sql, "");

	while (!err && !(err = db_step(s))) {
		char table[128];
		str_ncpy(table, db_str(s, 0), sizeof(table));
		err = clear(db, table);
	}
	return err == ENOENT ? 0 : err;
}

int store_fact_clear(struct db *db)
{
	int64_t counted = 0;
	int err = db_exec(db, "PRAGMA defer_foreign_keys=ON");
	if (!err)
		err = clear_each(db, plain_sql, clear_plain);
	/* and what the triggers of one have put into another */
	if (!err)
		err = clear_each(db, plain_sql, clear_plain);
	if (!err)
		err = clear_each(db, virtual_sql, clear_virtual);
	if (!err)
		err = db_get_int(db, &counted, 0,
				 "SELECT count(*) FROM sqlite_schema"
				 " WHERE name='sqlite_sequence'",
				 "");
	if (!err && counted)
		err = db_exec(db, "DELETE FROM sqlite_sequence");
	return err;
}

/* ---- comparing ---- */

/* FNV-1a; the tables are compared with themselves, nobody forges them. */
static uint64_t mix(uint64_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 0x100000001b3;
	return sum;
}

static uint64_t row_sum(sqlite3_stmt *s)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (int i = 0; i < sqlite3_column_count(s); i++) {
		const int type = sqlite3_column_type(s, i);
		const void *text = sqlite3_column_blob(s, i);
		const int n = sqlite3_column_bytes(s, i);

		sum = mix(sum, &type, sizeof(type));
		sum = mix(sum, &n, sizeof(n));
		sum = mix(sum, text, (size_t)n);
	}
	return sum;
}

static int table_sum(struct db *db, const char *name, int64_t *rows,
		     uint64_t *sum)
{
	sqlite3_stmt *s = NULL;
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", name);
	if (!sql)
		return ENOMEM;
	int rc = sqlite3_prepare_v2(db_raw(db), sql, -1, &s, NULL);
	sqlite3_free(sql);
	*rows = 0;
	*sum = 0;
	while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		*sum += row_sum(s);
		++*rows;
	}
	return sqlite3_finalize(s) == SQLITE_OK && rc == SQLITE_OK ? 0 : EIO;
}

int store_fact_tables(struct db *db, store_fact_table_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_prepare(&s, db, plain_sql);

	while (!err && !(err = db_step(s))) {
		int64_t rows = 0;
		uint64_t sum = 0;
		err = table_sum(db, db_str(s, 0), &rows, &sum);
		if (!err)
			err = h(db_str(s, 0), rows, sum, arg);
	}
	return err == ENOENT ? 0 : err;
}
