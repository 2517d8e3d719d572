/* SPDX-License-Identifier: Apache-2.0 */
#include "common/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"

#define BUSY_MS	       5000
#define BACKUP_PAGES   256
#define BACKUP_REST_MS 5

struct db {
	sqlite3 *raw;
	struct list stmts; /* struct db_stmt */
	void *kept;	   /* db_keep */
};

struct db_stmt {
	struct le le;
	struct db *db;
	sqlite3_stmt *raw;
	const char *sql; /* the caller's literal: compared by text */
	bool busy;
};

static void db_destructor(void *arg)
{
	struct db *db = arg;

	db->kept = mem_deref(db->kept); /* closing may roll back */
	list_flush(&db->stmts);
	if (sqlite3_close(db->raw) != SQLITE_OK)
		log_error("database closed with statements open");
}

static void stmt_destructor(void *arg)
{
	struct db_stmt *s = arg;

	list_unlink(&s->le);
	sqlite3_finalize(s->raw);
}

static int db_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_CONSTRAINT:
		if (rc == SQLITE_CONSTRAINT_UNIQUE ||
		    rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    rc == SQLITE_CONSTRAINT_ROWID)
			return EEXIST;
		return EBADMSG;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EAGAIN;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_CANTOPEN:
		return ENOENT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return EACCES;
	case SQLITE_INTERRUPT:
		return ECANCELED;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return EBADMSG;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
		return EFAULT;
	default:
		return EIO;
	}
}

static void drop_kept(void *arg)
{
	struct db *db = arg;

	db->kept = mem_deref(db->kept);
}

static int on_commit(void *arg)
{
	drop_kept(arg);
	return 0;
}

static int pragmas(struct db *db, enum db_mode mode)
{
	switch (mode) {
	case DB_WRITE:
		return db_exec(db, "PRAGMA journal_mode=WAL;"
				   "PRAGMA synchronous=FULL;"
				   "PRAGMA foreign_keys=ON;"
				   "PRAGMA cache_size=-65536;");
	case DB_READ:
		return db_exec(db, "PRAGMA query_only=ON;"
				   "PRAGMA cache_size=-16384;"
				   "PRAGMA mmap_size=268435456;");
	default:
		return db_exec(db, "PRAGMA foreign_keys=ON;");
	}
}

/* What a savepoint may have to undo is kept in memory: a file of its own for
 * each transaction costs more than most of them write. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}

int db_open(struct db **dbp, const char *path, enum db_mode mode,
	    const char *vfs)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, configure);
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
	if (mode == DB_WRITE)
		flags |= SQLITE_OPEN_CREATE;
	if (mode == DB_MEMORY)
		flags |= SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY;

	struct db *db = mem_zalloc(sizeof(*db), db_destructor);
	if (!db)
		return ENOMEM;
	int rc = sqlite3_open_v2(mode == DB_MEMORY ? ":memory:" : path,
				 &db->raw, flags, vfs);
	if (rc != SQLITE_OK) {
		int err = db_errno(rc);
		mem_deref(db);
		return err;
	}
	sqlite3_extended_result_codes(db->raw, 1);
	sqlite3_busy_timeout(db->raw, BUSY_MS);
	sqlite3_rollback_hook(db->raw, drop_kept, db);
	sqlite3_commit_hook(db->raw, on_commit, db);
	int err = pragmas(db, mode);
	if (err) {
		mem_deref(db);
		return err;
	}
	*dbp = db;
	return 0;
}

const char *db_error(const struct db *db)
{
	return sqlite3_errmsg(db->raw);
}

struct sqlite3 *db_raw(struct db *db)
{
	return db->raw;
}

int db_exec(struct db *db, const char *sql)
{
	return db_errno(sqlite3_exec(db->raw, sql, NULL, NULL, NULL));
}

/* ---- migrations ---- */

int db_version(struct db *db, int *vp)
{
	int64_t v = 0;
	int err = db_get_int(db, &v, 0, "PRAGMA user_version", "");
	if (!err)
		*vp = (int)v;
	return err;
}

static int migrate_one(struct db *db, const struct db_migration *m)
{
	for (size_t i = 0; m->sql && m->sql[i]; i++) {
		int err = db_exec(db, m->sql[i]);
		if (err)
			return err;
	}
	if (m->fix) {
		int err = m->fix(db);
		if (err)
			return err;
	}
	char sql[48];
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", m->version);
	return db_exec(db, sql);
}

int db_migrate(struct db *db, const struct db_migration *list, size_t n)
{
	int have = 0;
	int err = db_version(db, &have);
	if (err)
		return err;
	int last = n ? list[n - 1].version : 0;
	if (have > last)
		return EOVERFLOW;
	if (have == last)
		return 0;

	err = db_begin(db);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++) {
		if (list[i].version <= have)
			continue;
		err = migrate_one(db, &list[i]);
		if (err)
			log_error("migration %d: %s", list[i].version,
				  db_error(db));
	}
	if (!err)
		err = db_commit(db);
	if (err)
		db_rollback(db);
	return err;
}

/* ---- statements ---- */

static struct db_stmt *cached(struct db *db, const char *sql)
{
	struct le *le;

	LIST_FOREACH (&db->stmts, le) {
		struct db_stmt *s = le->data;
		if (!s->busy && (s->sql == sql || !strcmp(s->sql, sql))) {
			/* the busiest statements stay in front */
			list_unlink(&s->le);
			list_prepend(&db->stmts, &s->le, s);
			return s;
		}
	}
	return NULL;
}

int db_prepare(struct db_stmt **sp, struct db *db, const char *sql)
{
	struct db_stmt *s = cached(db, sql);
	if (!s) {
		s = mem_zalloc(sizeof(*s), stmt_destructor);
		if (!s)
			return ENOMEM;
		int rc = sqlite3_prepare_v3(db->raw, sql, -1,
					    SQLITE_PREPARE_PERSISTENT, &s->raw,
					    NULL);
		if (rc != SQLITE_OK) {
			log_error("sql: %s: %s", db_error(db), sql);
			mem_deref(s);
			return db_errno(rc);
		}
		s->db = db;
		s->sql = sqlite3_sql(s->raw);
		list_prepend(&db->stmts, &s->le, s);
	}
	s->busy = true;
	*sp = s;
	return 0;
}

void db_done(struct db_stmt *s)
{
	if (!s)
		return;
	sqlite3_reset(s->raw);
	sqlite3_clear_bindings(s->raw);
	s->busy = false;
}

/* lives: SQLITE_TRANSIENT, or SQLITE_STATIC where the values outlive the
 * statement's run and need no copy. */
static int bind_all(struct db_stmt *s, sqlite3_destructor_type lives,
		    const char *format, va_list ap)
{
	int rc = SQLITE_OK;
	int i = 1;

	for (const char *p = format; *p && rc == SQLITE_OK; p++, i++) {
		switch (*p) {
		case 's':
			rc = sqlite3_bind_text(s->raw, i,
					       va_arg(ap, const char *), -1,
					       lives);
			break;
		case 'i':
			rc = sqlite3_bind_int64(s->raw, i,
						va_arg(ap, int64_t));
			break;
		case 'd':
			rc = sqlite3_bind_double(s->raw, i,
						 va_arg(ap, double));
			break;
		case 'b': {
			const void *data = va_arg(ap, const void *);
			size_t len = va_arg(ap, size_t);
			rc = sqlite3_bind_blob64(s->raw, i, data, len, lives);
			break;
		}
		case 'n':
			rc = sqlite3_bind_null(s->raw, i);
			break;
		default:
			rc = SQLITE_MISUSE;
		}
	}
	return db_errno(rc);
}

int db_bind(struct db_stmt *s, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int err = bind_all(s, SQLITE_TRANSIENT, format, ap);
	va_end(ap);
	return err;
}

int db_step(struct db_stmt *s)
{
	int rc = sqlite3_step(s->raw);
	if (rc == SQLITE_ROW)
		return 0;
	if (rc == SQLITE_DONE)
		return ENOENT;
	return db_errno(rc);
}

static int query(struct db_stmt **sp, struct db *db, const char *sql,
		 sqlite3_destructor_type lives, const char *format, va_list ap)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_prepare(&s, db, sql);
	if (!err)
		err = bind_all(s, lives, format, ap);
	if (!err)
		*sp = take(s);
	return err;
}

int db_query(struct db_stmt **sp, struct db *db, const char *sql,
	     const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int err = query(sp, db, sql, SQLITE_TRANSIENT, format, ap);
	va_end(ap);
	return err;
}

int db_query_row(struct db_stmt **sp, struct db *db, const char *sql,
		 const char *format, ...)
{
	scoped_stmt struct db_stmt *s = NULL;
	va_list ap;
	va_start(ap, format);
	int err = query(&s, db, sql, SQLITE_TRANSIENT, format, ap);
	va_end(ap);
	if (!err)
		err = db_step(s);
	if (!err)
		*sp = take(s);
	return err;
}

int db_run(struct db *db, const char *sql, const char *format, ...)
{
	scoped_stmt struct db_stmt *s = NULL;
	va_list ap;
	va_start(ap, format);
	int err = query(&s, db, sql, SQLITE_STATIC, format, ap);
	va_end(ap);
	while (!err)
		err = db_step(s);
	return err == ENOENT ? 0 : err;
}

int db_get_int(struct db *db, int64_t *vp, int64_t def, const char *sql,
	       const char *format, ...)
{
	scoped_stmt struct db_stmt *s = NULL;
	va_list ap;
	va_start(ap, format);
	int err = query(&s, db, sql, SQLITE_STATIC, format, ap);
	va_end(ap);
	if (!err)
		err = db_step(s);
	if (err && err != ENOENT)
		return err;
	*vp = err || db_null(s, 0) ? def : db_int(s, 0);
	return 0;
}

const char *db_str(struct db_stmt *s, int col)
{
	const unsigned char *text = sqlite3_column_text(s->raw, col);
	return text ? (const char *)text : "";
}

int64_t db_int(struct db_stmt *s, int col)
{
	return sqlite3_column_int64(s->raw, col);
}

double db_real(struct db_stmt *s, int col)
{
	return sqlite3_column_double(s->raw, col);
}

bool db_null(struct db_stmt *s, int col)
{
	return sqlite3_column_type(s->raw, col) == SQLITE_NULL;
}

const void *db_blob(struct db_stmt *s, int col, size_t *len)
{
	const void *data = sqlite3_column_blob(s->raw, col);
	*len = (size_t)sqlite3_column_bytes(s->raw, col);
	return data;
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->raw);
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->raw);
}

/* ---- transactions ---- */

int db_begin(struct db *db)
{
	return db_run(db, "BEGIN IMMEDIATE", "");
}

int db_commit(struct db *db)
{
	return db_run(db, "COMMIT", "");
}

void db_rollback(struct db *db)
{
	/* a failure may have rolled it back already */
	if (!sqlite3_get_autocommit(db->raw))
		db_run(db, "ROLLBACK", "");
}

int db_save(struct db *db)
{
	return db_run(db, "SAVEPOINT job", "");
}

int db_release(struct db *db)
{
	return db_run(db, "RELEASE job", "");
}

void db_undo(struct db *db)
{
	drop_kept(db);
	if (!db_run(db, "ROLLBACK TO job", ""))
		db_run(db, "RELEASE job", "");
}

void db_keep(struct db *db, void *obj)
{
	drop_kept(db);
	if (sqlite3_get_autocommit(db->raw))
		mem_deref(obj);
	else
		db->kept = obj;
}

void *db_kept(const struct db *db)
{
	return db->kept;
}

int db_backup(struct db *db, const char *path)
{
	sqlite3 *to = NULL;
	int rc = sqlite3_open_v2(
		path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	sqlite3_backup *b =
		rc == SQLITE_OK
			? sqlite3_backup_init(to, "main", db->raw, "main")
			: NULL;
	if (rc == SQLITE_OK && !b)
		rc = sqlite3_errcode(to);
	while (b) {
		rc = sqlite3_backup_step(b, BACKUP_PAGES);
		if (rc != SQLITE_OK && rc != SQLITE_BUSY &&
		    rc != SQLITE_LOCKED)
			break;
		sqlite3_sleep(BACKUP_REST_MS);
	}
	if (b) {
		int end = sqlite3_backup_finish(b);
		if (rc == SQLITE_DONE)
			rc = end;
	}
	int closed = sqlite3_close(to);
	if (rc == SQLITE_OK)
		rc = closed;
	return db_errno(rc);
}
