/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite mechanics for the store and the KB: open with durable pragmas,
 * numbered migrations, cached statements, transactions, and short calls for
 * bind and read. Knows no table of anybody's.
 *
 *     scoped_stmt struct db_stmt *s = NULL;
 *     int err = db_query(&s, db, "SELECT name FROM person WHERE id>?",
 *                        "s", id);
 *     while (!err && !(err = db_step(s)))       // 0 a row, ENOENT no more
 *             puts(db_str(s, 0));       // copy it before the next step
 *     return err == ENOENT ? 0 : err;
 *
 * A handle belongs to one thread. sqlite's codes become errnos here: EEXIST
 * for a broken unique or primary key, EBADMSG for another constraint, ENOSPC
 * for a full disk, EAGAIN for busy, EFAULT for SQL that is wrong, EIO for the
 * rest; db_error has the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;

enum db_mode {
	DB_WRITE,  /* creates the file; WAL, synchronous FULL */
	DB_READ,   /* a reader beside the writer; query_only */
	DB_MEMORY, /* for tests */
};

/* A mem_ref object. `vfs`: name of a registered VFS, or NULL. */
int db_open(struct db **dbp, const char *path, enum db_mode mode,
	    const char *vfs);

/* Text of the last failure on this handle. */
const char *db_error(const struct db *db);

/* One or more statements without parameters or rows. */
int db_exec(struct db *db, const char *sql);

struct db_migration {
	int version;		   /* 1, 2, ... without gaps */
	const char *const *sql;	   /* NULL-terminated list of scripts */
	int (*fix)(struct db *db); /* run after sql; may be NULL */
};
/* Brings user_version up to the last of n migrations, all in one
 * transaction. EOVERFLOW if the file is newer than this program. */
int db_migrate(struct db *db, const struct db_migration *list, size_t n);
int db_version(struct db *db, int *vp);

/* ---- statements (cached by their text: write literals, never built text) */

int db_prepare(struct db_stmt **sp, struct db *db, const char *sql);
/* Gives the statement back to the cache, reset and unbound. NULL is fine. */
void db_done(struct db_stmt *s);

/* Binds all parameters in order. format: s text (NULL binds NULL), i int64,
 * d double, b (const void *, size_t) blob, n NULL without an argument.
 * Text and blobs are copied. */
int db_bind(struct db_stmt *s, const char *format, ...);

/* 0: a row stands ready. ENOENT: no more rows (a write is done). */
int db_step(struct db_stmt *s);

/* Prepare and bind: db_step gives the rows. */
int db_query(struct db_stmt **sp, struct db *db, const char *sql,
	     const char *format, ...);
/* The same, and the first row stands ready; ENOENT when there is none. */
int db_query_row(struct db_stmt **sp, struct db *db, const char *sql,
		 const char *format, ...);
/* Prepare, bind, run to the end, done: for writes. ENOENT never. */
int db_run(struct db *db, const char *sql, const char *format, ...);
/* The first column of the first row as a number; `def` when there is none. */
int db_get_int(struct db *db, int64_t *vp, int64_t def, const char *sql,
	       const char *format, ...);

const char *db_str(struct db_stmt *s, int col); /* never NULL: "" */
int64_t db_int(struct db_stmt *s, int col);
double db_real(struct db_stmt *s, int col);
bool db_null(struct db_stmt *s, int col);
const void *db_blob(struct db_stmt *s, int col, size_t *len);
int64_t db_changes(struct db *db); /* rows of the last write */
int64_t db_last_id(struct db *db);

/* ---- transactions ---- */

int db_begin(struct db *db); /* BEGIN IMMEDIATE */
int db_commit(struct db *db);
void db_rollback(struct db *db);
/* One object of the caller's that the handle keeps for him while what he
 * wrote in this transaction stands: dropped at its end, and as soon as a part
 * of it is undone. Takes the reference, in a transaction; else drops it. */
void db_keep(struct db *db, void *obj);
void *db_kept(const struct db *db); /* borrowed; NULL: none */
/* Savepoints nest inside it. */
int db_save(struct db *db);
int db_release(struct db *db);
void db_undo(struct db *db);

/* Copies the live database into a new file (online backup), page batches
 * with pauses so that the writer goes on. */
int db_backup(struct db *db, const char *path);

/* The raw sqlite3 handle, for functions and virtual tables (kb, store). */
struct sqlite3;
struct sqlite3 *db_raw(struct db *db);

static inline void scope_stmt(struct db_stmt **sp)
{
	db_done(*sp);
}
/* a statement, given back to the cache at the end of the scope */
#define scoped_stmt __attribute__((cleanup(scope_stmt)))
