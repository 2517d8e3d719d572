/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the knowledge base: entries as they are now, every version
 * they had, and the index that search asks (it follows the entries by
 * triggers). Knows SQLite and no server: zuoxi-kb uses it on a file of its
 * own, the office inside the projections of its facts.
 *
 * Everything here is on a `struct db` of the caller's thread; who writes
 * holds the transaction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "kb/entry.h"

#define KB_DAY_SIZE 12

/* The tables as they were at first; life.h has what came after. Macros, so
 * that the store can make them parts of its own migrations, and never edited
 * again. The tokenizer must be known (kb_token_init). */
#define KB_BASE_SCHEMA                                                       \
	"CREATE TABLE IF NOT EXISTS kb_entry("                               \
	" row INTEGER PRIMARY KEY,"                                          \
	" id TEXT NOT NULL UNIQUE,"                                          \
	" version INTEGER NOT NULL,"                                         \
	" at_us INTEGER NOT NULL,"                                           \
	" actor TEXT NOT NULL,"                                              \
	" state INTEGER NOT NULL,"                                           \
	" effective TEXT NOT NULL,"                                          \
	" expires TEXT NOT NULL,"                                            \
	" line TEXT NOT NULL,"                                               \
	" title TEXT NOT NULL,"                                              \
	" asks TEXT NOT NULL,"	/* question and asks, a line each */         \
	" words TEXT NOT NULL," /* topic, tags, policy */                    \
	" body TEXT NOT NULL);"                                              \
	"CREATE TABLE IF NOT EXISTS kb_version("                             \
	" entry TEXT NOT NULL,"                                              \
	" version INTEGER NOT NULL,"                                         \
	" at_us INTEGER NOT NULL,"                                           \
	" actor TEXT NOT NULL,"                                              \
	" text TEXT NOT NULL,"                                               \
	" PRIMARY KEY(entry, version)) WITHOUT ROWID;"                       \
	"CREATE INDEX IF NOT EXISTS kb_version_at"                           \
	" ON kb_version(at_us, entry, version);"                             \
	"CREATE VIRTUAL TABLE IF NOT EXISTS kb_index USING fts5("            \
	" title, asks, words, body,"                                         \
	" content='kb_entry', content_rowid='row', tokenize='zuoxi');"       \
	"CREATE TRIGGER IF NOT EXISTS kb_entry_in AFTER INSERT ON kb_entry"  \
	" BEGIN INSERT INTO kb_index(rowid, title, asks, words, body)"       \
	" VALUES(new.row, new.title, new.asks, new.words, new.body); END;"   \
	"CREATE TRIGGER IF NOT EXISTS kb_entry_out AFTER DELETE ON kb_entry" \
	" BEGIN INSERT INTO kb_index(kb_index, rowid, title, asks, words,"   \
	" body) VALUES('delete', old.row, old.title, old.asks, old.words,"   \
	" old.body); END;"                                                   \
	"CREATE TRIGGER IF NOT EXISTS kb_entry_new AFTER UPDATE ON kb_entry" \
	" BEGIN INSERT INTO kb_index(kb_index, rowid, title, asks, words,"   \
	" body) VALUES('delete', old.row, old.title, old.asks, old.words,"   \
	" old.body);"                                                        \
	" INSERT INTO kb_index(rowid, title, asks, words, body)"             \
	" VALUES(new.row, new.title, new.asks, new.words, new.body); END;"

/* Search moved out of the database: its index is in memory (index). kb_change:
 * rows in the order of their last change, which that index reads on from
 * where it is (no OR REPLACE in triggers: it yields to the conflict clause of
 * the statement). kb_case: the regression set; entry "": none answers. */
#define KB_SEARCH_SCHEMA                                        \
	"DROP TRIGGER kb_entry_in;"                             \
	"DROP TRIGGER kb_entry_out;"                            \
	"DROP TRIGGER kb_entry_new;"                            \
	"DROP TABLE kb_index;"                                  \
	"CREATE TABLE kb_case(n INTEGER PRIMARY KEY,"           \
	" question TEXT NOT NULL, entry TEXT NOT NULL);"        \
	"CREATE TABLE kb_change("                               \
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"               \
	" row INTEGER NOT NULL UNIQUE);"                        \
	"CREATE TRIGGER kb_change_in AFTER INSERT ON kb_entry"  \
	" BEGIN DELETE FROM kb_change WHERE row=new.row;"       \
	" INSERT INTO kb_change(row) VALUES(new.row); END;"     \
	"CREATE TRIGGER kb_change_new AFTER UPDATE ON kb_entry" \
	" BEGIN DELETE FROM kb_change WHERE row=new.row;"       \
	" INSERT INTO kb_change(row) VALUES(new.row); END;"     \
	"CREATE TRIGGER kb_change_out AFTER DELETE ON kb_entry" \
	" BEGIN DELETE FROM kb_change WHERE row=old.row;"       \
	" INSERT INTO kb_change(row) VALUES(old.row); END;"

/* Opens or creates a knowledge base in a file of its own (write), or one to
 * read, which may be a site's; an older program's is upgraded for reading in
 * memory. ENOENT: there is none to read. ESTALE: a site's that an older office
 * wrote, EOVERFLOW: a newer program's. EACCES: write,
 * and the file is a site's, whose changes go through the office. */
int kb_base_open(struct db **dbp, const char *path, bool write);

/* Brings the tables of a knowledge base of its own up to date. */
int kb_base_make(struct db *db);

/* The newest version of an entry and whether its text is this one; version
 * 0: there is no such entry. */
int kb_base_version(struct db *db, const char *id, const char *text,
		    int64_t *versionp, bool *samep);

/* One version as it is kept. A mem_ref object. */
struct kb_version {
	struct kb_entry *entry;
	int64_t version;
	int64_t current; /* the one that lists and search show */
	int64_t newest;
	int64_t at_us;
	char *actor;
	enum kb_state state; /* not always what its header says (life.h) */
	char effective[KB_DAY_SIZE], expires[KB_DAY_SIZE];
};

/* version 0: the current one. ENOENT. */
int kb_base_get(struct kb_version **vp, struct db *db, const char *id,
		int64_t version);

/* Makes it the version that lists and search show; `newest` is the highest
 * there is. Which one that should be is life's to say. */
int kb_base_show(struct db *db, const struct kb_version *v, int64_t newest);

/* What search reads beside title and body: question and ways to ask, a line
 * each; topic, tags, policy. To be freed with mem_deref. */
int kb_base_texts(const struct kb_entry *e, char **asksp, char **wordsp);

/* A line of a list; texts are valid in the handler. Non-zero ends the walk
 * and is returned. */
struct kb_row {
	const char *id;
	int64_t version;
	int64_t at_us;
	const char *actor;
	const char *title;
	const char *line;
	const char *effective;
	const char *expires;
	enum kb_state state;
};
typedef int(kb_row_h)(const struct kb_row *row, void *arg);

/* Current entries with an id after `after` (""), by id. */
int kb_base_each(struct db *db, const char *after, kb_row_h *h, void *arg);

/* Changes, newest first; of a row id, version, at_us, actor, title and what
 * became of that version (state) are set. */
struct kb_log_want {
	const char *id;		    /* "": of all entries */
	int64_t since_us, until_us; /* both included; 0: open */
	int64_t skip;		    /* how many of the newest */
};
int kb_base_log(struct db *db, const struct kb_log_want *want, kb_row_h *h,
		void *arg);

struct kb_stat {
	int64_t entries;
	int64_t versions;
	int64_t effective; /* may be told to citizens today */
	int64_t waiting;   /* draft, reviewed, or confirmed for later */
	int64_t expired;
	int64_t withdrawn;
	int64_t soon; /* in force and expiring within 30 days */
	int64_t changed_us;
};
/* day: "2026-11-24"; soon: the last day that counts as soon. */
int kb_base_stat(struct db *db, const char *day, const char *soon,
		 struct kb_stat *st);

/* Entries whose text names that one. Non-zero ends the walk and is
 * returned. */
typedef int(kb_id_h)(const char *id, void *arg);
int kb_base_linked(struct db *db, const char *id, kb_id_h *h, void *arg);
/* Ids that the body of an entry names, its own apart. */
int kb_base_named(const struct kb_entry *e, kb_id_h *h, void *arg);
/* Another entry of that title that is not withdrawn; "": there is none. */
int kb_base_twin(struct db *db, const char *title, const char *id,
		 char out[KB_ID_SIZE]);
