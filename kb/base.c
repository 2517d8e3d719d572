/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/base.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <unistd.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/life.h"
#include "kb/regress.h"
#include "kb/token.h"

/* A table that every site has and a knowledge base of its own has not. */
#define SITE_SQL                                                     \
	"SELECT count(*) FROM sqlite_schema WHERE type='table' AND " \
	"name='fact'"
#define KB_SQL "SELECT count(*) FROM sqlite_schema WHERE name='kb_entry'"

/* What came last, in either. */
#define CASE_SQL                                                   \
	"SELECT count(*) FROM pragma_table_info('kb_case') WHERE " \
	"name='state'"

static const char *const schema_1[] = {KB_BASE_SCHEMA, NULL};
static const char *const schema_2[] = {KB_LIFE_SCHEMA, NULL};
static const char *const schema_3[] = {KB_SEARCH_SCHEMA, NULL};
static const char *const schema_4[] = {KB_CASE_SCHEMA, NULL};

static const struct db_migration migrations[] = {
	{.version = 1, .sql = schema_1},
	{.version = 2, .sql = schema_2, .fix = kb_life_fix},
	{.version = 3, .sql = schema_3},
	{.version = 4, .sql = schema_4},
};

#define MIGRATIONS_N (sizeof(migrations) / sizeof(*migrations))

int kb_base_make(struct db *db)
{
	return db_migrate(db, migrations, MIGRATIONS_N);
}

static int open_writing(struct db *db)
{
	int64_t site = 0;
	int err = db_get_int(db, &site, 0, SITE_SQL, "");
	if (err)
		return err;
	if (site)
		return EACCES;
	return kb_base_make(db);
}

/* A file that an older program wrote is read as it would be after its
 * upgrade: in memory, for nobody asked to change it. */
static int upgrade(struct db **dbp)
{
	scoped_mem struct db *copy = NULL;

	int err = db_open(&copy, NULL, DB_MEMORY, NULL);
	if (err)
		return err;
	sqlite3_backup *b = sqlite3_backup_init(db_raw(copy), "main",
						db_raw(*dbp), "main");
	if (!b)
		return EIO;
	int rc = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	if (rc != SQLITE_DONE)
		return rc == SQLITE_BUSY ? EAGAIN : EIO;
	err = kb_base_make(copy);
	if (err)
		return err;
	mem_deref(*dbp);
	*dbp = take(copy);
	return 0;
}

/* A site's schema is the office's to upgrade. */
static int check_age(struct db **dbp)
{
	int64_t site = 0, fresh = 0;
	int version = 0;

	int err = db_get_int(*dbp, &site, 0, SITE_SQL, "");
	if (!err)
		err = db_get_int(*dbp, &fresh, 0, CASE_SQL, "");
	if (!err)
		err = db_version(*dbp, &version);
	if (err)
		return err;
	if (site)
		return fresh ? 0 : ESTALE;
	if (version > (int)MIGRATIONS_N)
		return EOVERFLOW;
	return version < (int)MIGRATIONS_N ? upgrade(dbp) : 0;
}

int kb_base_open(struct db **dbp, const char *path, bool write)
{
	int err = kb_token_init();
	if (err)
		return err;
	if (!write && access(path, F_OK))
		return ENOENT;

	scoped_mem struct db *db = NULL;
	err = db_open(&db, path, write ? DB_WRITE : DB_READ, NULL);
	if (err)
		return err;
	int64_t tables = 0;
	if (write)
		err = open_writing(db);
	else
		err = db_get_int(db, &tables, 0, KB_SQL, "");
	if (err)
		return err;
	if (!write && !tables)
		return ENOENT;
	if (!write)
		err = check_age(&db);
	if (err)
		return err;
	*dbp = take(db);
	return 0;
}

int kb_base_version(struct db *db, const char *id, const char *text,
		    int64_t *versionp, bool *samep)
{
	scoped_stmt struct db_stmt *s = NULL;

	*versionp = 0;
	*samep = false;
	int err = db_query_row(&s, db,
			       "SELECT v.version, v.text=? FROM kb_entry e"
			       " JOIN kb_version v ON v.entry=e.id"
			       " AND v.version=e.newest WHERE e.id=?",
			       "ss", text, id);
	if (err)
		return err == ENOENT ? 0 : err;
	*versionp = db_int(s, 0);
	*samep = db_int(s, 1) != 0;
	return 0;
}

/* question and ways to ask, one a line */
static int join_asks(char **asksp, const struct kb_entry *e)
{
	scoped_mem struct mbuf *mb = mbuf_alloc(512);
	if (!mb)
		return ENOMEM;
	int err = mbuf_write_str(mb, e->question);
	for (unsigned i = 0; i < e->asks_n && !err; i++)
		err = mbuf_printf(mb, "\n%s", e->asks[i]);
	mb->pos = 0;
	return err ? err : mbuf_strdup(mb, asksp, mb->end);
}

int kb_base_texts(const struct kb_entry *e, char **asksp, char **wordsp)
{
	scoped_mem char *asks = NULL;
	int err = join_asks(&asks, e);

	if (!err)
		err = re_sdprintf(wordsp, "%s\n%s\n%s", e->topic, e->tags,
				  e->policy);
	if (err)
		return err;
	*asksp = take(asks);
	return 0;
}

int kb_base_show(struct db *db, const struct kb_version *v, int64_t newest)
{
	const struct kb_entry *e = v->entry;
	scoped_mem char *asks = NULL;
	scoped_mem char *words = NULL;

	int err = kb_base_texts(e, &asks, &words);
	if (err)
		return err;
	return db_run(
		db,
		"INSERT INTO kb_entry(id, version, newest, at_us, actor,"
		" state, effective, expires, line, title, asks, words, body)"
		" VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT(id) DO UPDATE SET version=excluded.version,"
		" newest=excluded.newest, at_us=excluded.at_us,"
		" actor=excluded.actor, state=excluded.state,"
		" effective=excluded.effective,"
		" expires=excluded.expires, line=excluded.line,"
		" title=excluded.title, asks=excluded.asks,"
		" words=excluded.words, body=excluded.body",
		"siiisisssssss", e->id, v->version, newest, v->at_us, v->actor,
		(int64_t)v->state, v->effective, v->expires, e->line, e->title,
		asks, words, e->body);
}

/* ---- reading ---- */

static void version_destructor(void *arg)
{
	struct kb_version *v = arg;

	mem_deref(v->entry);
	mem_deref(v->actor);
}

static int read_version(struct kb_version *v, const char *id,
			struct db_stmt *s)
{
	struct diag diag;
	const char *text = db_str(s, 7);

	v->version = db_int(s, 0);
	v->current = db_int(s, 1);
	v->newest = db_int(s, 2);
	v->at_us = db_int(s, 3);
	v->state = (enum kb_state)db_int(s, 4);
	utf8_copy(v->effective, sizeof(v->effective), db_str(s, 5));
	utf8_copy(v->expires, sizeof(v->expires), db_str(s, 6));
	int err = str_dup(&v->actor, db_str(s, 8));
	if (!err)
		err = kb_entry_parse(&v->entry, id, text, strlen(text), &diag);
	/* what another has replaced is told to nobody */
	if (!err && v->state == KB_CONFIRMED && *v->entry->redirect)
		v->state = KB_WITHDRAWN;
	return err;
}

int kb_base_get(struct kb_version **vp, struct db *db, const char *id,
		int64_t version)
{
	scoped_stmt struct db_stmt *s = NULL;
	/* an entry has versions before one of them is chosen to be shown */
	int err = db_query_row(
		&s, db,
		"SELECT v.version, ifnull(e.version, 0), ifnull(e.newest, 0),"
		" v.at_us, v.state, v.effective, v.expires, v.text, v.actor"
		" FROM kb_version v LEFT JOIN kb_entry e ON e.id=v.entry"
		" WHERE v.entry=?1 AND v.version="
		"CASE ?2 WHEN 0 THEN e.version ELSE ?2 END",
		"si", id, version);
	if (err)
		return err;

	scoped_mem struct kb_version *v =
		mem_zalloc(sizeof(*v), version_destructor);
	if (!v)
		return ENOMEM;
	err = read_version(v, id, s);
	if (err)
		return err;
	*vp = take(v);
	return 0;
}

int kb_base_each(struct db *db, const char *after, kb_row_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT id, version, at_us, actor, title, line,"
			   " effective, expires, state FROM kb_entry"
			   " WHERE id>? ORDER BY id",
			   "s", after);
	while (!err && !(err = db_step(s))) {
		struct kb_row row = {
			.id = db_str(s, 0),
			.version = db_int(s, 1),
			.at_us = db_int(s, 2),
			.actor = db_str(s, 3),
			.title = db_str(s, 4),
			.line = db_str(s, 5),
			.effective = db_str(s, 6),
			.expires = db_str(s, 7),
			.state = (enum kb_state)db_int(s, 8),
		};
		int stop = h(&row, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int kb_base_log(struct db *db, const struct kb_log_want *want, kb_row_h *h,
		void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT v.entry, v.version, v.at_us, v.actor,"
			   " e.title, v.state FROM kb_version v"
			   " JOIN kb_entry e ON e.id=v.entry"
			   " WHERE (?1='' OR v.entry=?1)"
			   " AND v.at_us>=?2 AND (?3=0 OR v.at_us<=?3)"
			   " ORDER BY v.at_us DESC, v.entry, v.version DESC"
			   " LIMIT -1 OFFSET ?4",
			   "siii", want->id, want->since_us, want->until_us,
			   want->skip);
	while (!err && !(err = db_step(s))) {
		struct kb_row row = {
			.id = db_str(s, 0),
			.version = db_int(s, 1),
			.at_us = db_int(s, 2),
			.actor = db_str(s, 3),
			.title = db_str(s, 4),
			.line = "",
			.effective = "",
			.expires = "",
			.state = (enum kb_state)db_int(s, 5),
		};
		int stop = h(&row, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int kb_base_stat(struct db *db, const char *day, const char *soon,
		 struct kb_stat *st)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db,
		"WITH e AS (SELECT *, state=2 AND (expires<>'' AND expires<?1)"
		" AS gone, state=2 AND effective>?1 AS later FROM kb_entry)"
		" SELECT count(*), (SELECT count(*) FROM kb_version),"
		" ifnull(sum(state=2 AND NOT gone AND NOT later), 0),"
		" ifnull(sum(state IN (0, 1, 4) OR later), 0), "
		"ifnull(sum(gone), 0),"
		" ifnull(sum(state=3), 0),"
		" ifnull(sum(state=2 AND NOT gone AND NOT later"
		" AND expires<>'' AND expires<=?2), 0),"
		" ifnull(max(at_us), 0) FROM e",
		"ss", day, soon);
	if (err)
		return err;
	st->entries = db_int(s, 0);
	st->versions = db_int(s, 1);
	st->effective = db_int(s, 2);
	st->waiting = db_int(s, 3);
	st->expired = db_int(s, 4);
	st->withdrawn = db_int(s, 5);
	st->soon = db_int(s, 6);
	st->changed_us = db_int(s, 7);
	return 0;
}

/* ---- entries that name each other ---- */

int kb_base_linked(struct db *db, const char *id, kb_id_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT id, body FROM kb_entry WHERE id<>?1"
			   " AND state<>3 AND instr(body, ?1)>0 ORDER BY id",
			   "s", id);
	while (!err && !(err = db_step(s))) {
		/* KB-041 is no name of KB-0415 */
		const char *at = strstr(db_str(s, 1), id);
		while (at && isalnum((unsigned char)at[strlen(id)]))
			at = strstr(at + 1, id);
		int stop = at ? h(db_str(s, 0), arg) : 0;
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

/* The id that begins here; its length, 0: none does. */
static size_t id_at(const char *s, char out[KB_ID_SIZE])
{
	size_t n = 0;

	while (n + 1 < KB_ID_SIZE &&
	       (isupper((unsigned char)s[n]) || isdigit((unsigned char)s[n]) ||
		s[n] == '-'))
		n++;
	memcpy(out, s, n);
	out[n] = '\0';
	return strchr(out, '-') && kb_id_is_good(out) ? n : 0;
}

int kb_base_named(const struct kb_entry *e, kb_id_h *h, void *arg)
{
	const char *s = e->body;
	char id[KB_ID_SIZE];

	while (*s) {
		size_t n = isupper((unsigned char)*s) ? id_at(s, id) : 0;
		int err = n && strcmp(id, e->id) ? h(id, arg) : 0;
		if (err)
			return err;
		/* on to the end of this word */
		if (!n && isalnum((unsigned char)*s))
			n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-");
		s += n ? n : 1;
	}
	return 0;
}

int kb_base_twin(struct db *db, const char *title, const char *id,
		 char out[KB_ID_SIZE])
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT id FROM kb_entry WHERE title=? AND"
			       " id<>? AND state<>3 LIMIT 1",
			       "ss", title, id);

	utf8_copy(out, KB_ID_SIZE, err ? "" : db_str(s, 0));
	return err == ENOENT ? 0 : err;
}
