/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_duty.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/entry.h"
#include "server/core/store.h"

#define NAMED 8 /* entries that an alarm names */

const char store_duty_schema_6[] =
	"CREATE TABLE kb_duty(entry TEXT NOT NULL, version INTEGER NOT NULL,"
	" review TEXT NOT NULL, kind TEXT NOT NULL,"
	" PRIMARY KEY(entry, version)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX kb_duty_review ON kb_duty(review) WHERE review<>'';";

/* A version of an older program says neither, so it has no row. */
static int on_text(struct db *db, const struct fact *f, void *arg)
{
	scoped_mem struct kb_entry *e = NULL;
	const char *text = json_str(f->body, "text");
	struct diag diag;

	/* most say neither, and parsing has its price in a large import */
	bool says = strstr(text, "review:") || strstr(text, "kind:");
	int err = says ? kb_entry_parse(&e, f->subject, text, strlen(text),
					&diag)
		       : 0;
	if (err)
		return 0;
	if (!e || (!*e->review && !*e->kind))
		return db_run(db,
			      "DELETE FROM kb_duty WHERE entry=?"
			      " AND version=?",
			      "si", f->subject, json_int(f->body, "version"));
	return db_run(db,
		      "INSERT INTO kb_duty(entry, version, review, kind)"
		      " VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET"
		      " review=excluded.review, kind=excluded.kind",
		      "siss", f->subject, json_int(f->body, "version"),
		      e->review, e->kind);
}

void store_duty_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "entry.imported", .projecth = on_text},
		{.prefix = "entry.drafted", .projecth = on_text},
		{.prefix = "entry.rolledback", .projecth = on_text},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
		fact_log_sink(log, &sinks[i]);
}

/* Counts the rows of one column, and names the first of them. */
static int collect(struct db_stmt *s, struct store_duty *d)
{
	int err;

	memset(d, 0, sizeof(*d));
	while (!(err = db_step(s))) {
		size_t at = strlen(d->names);
		const char *id = db_str(s, 0);
		if (d->n++ < NAMED && at + strlen(id) + 2 < sizeof(d->names))
			snprintf(d->names + at, sizeof(d->names) - at, "%s%s",
				 at ? " " : "", id);
	}
	return err == ENOENT ? 0 : err;
}

#define IN_FORCE                                            \
	"e.state=2 AND (e.effective='' OR e.effective<=?1)" \
	" AND (e.expires='' OR e.expires>=?1)"

int store_duty_review(struct db *db, const char *today, int64_t old_us,
		      struct store_duty *d)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT e.id FROM kb_entry e LEFT JOIN kb_duty d"
			   " ON d.entry=e.id AND d.version=e.version"
			   " WHERE " IN_FORCE " AND iif(coalesce(d.review, '')"
			   "<>'', d.review<=?1, e.at_us<=?2)"
			   " ORDER BY d.review, e.id",
			   "si", today, old_us);
	return err ? err : collect(s, d);
}

int store_duty_expiring(struct db *db, const char *today, const char *last,
			struct store_duty *d)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT e.id FROM kb_entry e WHERE " IN_FORCE
			   " AND e.expires<>'' AND e.expires<=?2"
			   " AND NOT EXISTS(SELECT 1 FROM kb_version v"
			   "  WHERE v.entry=e.id AND v.version>e.version"
			   "  AND v.state IN (2, 4)) ORDER BY e.expires, e.id",
			   "ss", today, last);
	return err ? err : collect(s, d);
}

int store_duty_release(struct db *db, int64_t from_us, bool *duep)
{
	int64_t n = 0;
	int err = db_get_int(
		db, &n, 0,
		"SELECT EXISTS(SELECT 1 FROM kb_version WHERE released_us>0"
		" AND released_us<?1) AND NOT EXISTS(SELECT 1 FROM kb_release"
		" WHERE at_us>=?1)",
		"i", from_us);
	if (!err)
		*duep = n != 0;
	return err;
}
