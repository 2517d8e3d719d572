/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regression set that is kept with a knowledge base: questions with the
 * entry that answers each, or none. It calibrates answer, and tells whether a
 * release answers worse than what is in force.
 *
 * It grows from contacts: what citizens asked and the entry that they were
 * told are candidates, until somebody keeps or drops them.
 */
#pragma once

#include "kb/answer.h"

#define KB_CASES_MAX	  20000
#define KB_CANDIDATES_MAX 5000 /* the newest */

/* ---- in the database ---- */

/* After KB_SEARCH_SCHEMA. Numbers are never given twice. */
#define KB_CASE_SCHEMA                                                     \
	"ALTER TABLE kb_case ADD COLUMN state INTEGER NOT NULL DEFAULT 1;" \
	"ALTER TABLE kb_case ADD COLUMN since_us INTEGER NOT NULL"         \
	" DEFAULT 0;"                                                      \
	"ALTER TABLE kb_case ADD COLUMN actor TEXT NOT NULL DEFAULT '';"   \
	"ALTER TABLE kb_case ADD COLUMN contact TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE kb_case ADD COLUMN why TEXT NOT NULL DEFAULT '';"     \
	"CREATE INDEX kb_case_state ON kb_case(state, n);"                 \
	"CREATE INDEX kb_case_question ON kb_case(question);"              \
	"CREATE INDEX kb_case_contact ON kb_case(contact, state);"

enum kb_case_state {
	KB_CASE_CANDIDATE,
	KB_CASE_KEPT,
	KB_CASE_DROPPED,
	KB_CASE_OPEN, /* its ticket is not filed yet */
};

/* "kept" ...; EBADMSG. */
const char *kb_case_state_name(enum kb_case_state state);
int kb_case_state_parse(enum kb_case_state *sp, const char *name);

struct kb_case_row {
	int64_t n;
	const char *question;
	const char *entry; /* "": none answers */
	const char *title; /* of the entry, as it is shown now; read only */
	enum kb_case_state state;
	int64_t since_us;
	const char *actor, *contact;
};
typedef int(kb_case_h)(const struct kb_case_row *row, void *arg);

/* Newest first, of a state or (-1) of those kept and candidates; only those
 * before the number `before` unless 0. Non-zero ends the walk. */
int kb_case_each(struct db *db, int state, int64_t before, kb_case_h *h,
		 void *arg);
/* Calls h with that one. ENOENT. */
int kb_case_get(struct db *db, int64_t n, kb_case_h *h, void *arg);
/* The number of the next one. */
int kb_case_next(struct db *db, int64_t *np);
/* Kept from now on: a new one, or that one with its new words. */
int kb_case_keep(struct db *db, const struct kb_case_row *row);
int kb_case_drop(struct db *db, int64_t n, int64_t at_us, const char *actor,
		 const char *why);
/* A candidate (or one that may become it), unless the same was here before;
 * of candidates that are too many the oldest go. */
int kb_case_suggest(struct db *db, const struct kb_case_row *row);
/* What was open in a contact is a candidate (filed), or was none of its
 * entry ("": of all). */
int kb_case_settle(struct db *db, const char *contact);
int kb_case_forget(struct db *db, const char *contact, const char *entry);

/* Changes whenever the set or a shown entry does. */
struct kb_case_mark {
	int64_t kept, since_us, change;
};
int kb_case_marked(struct db *db, struct kb_case_mark *mark);

/* ---- in memory ---- */

struct kb_asked {
	char *question;
	char entry[KB_ID_SIZE]; /* "": none answers */
	char got[KB_ID_SIZE];	/* first hit that may be told; "": none */
	bool right;		/* it is the entry */
	bool was_right;		/* without the trial */
	float x[KB_SURE_N];
};

/* A mem_ref object. */
struct kb_set {
	struct kb_asked *list;
	unsigned n;
	unsigned answerable; /* with an entry */
	unsigned right, was_right;
};

/* Those that are kept. */
int kb_set_read(struct kb_set **sp, struct db *db);
/* Of a text, line by line: `question<TAB>id`, or `-` for none. EBADMSG: diag
 * names the line. */
int kb_set_parse(struct kb_set **sp, const char *file, const char *text,
		 size_t len, struct diag *diag);
/* Replaces those that are kept. The caller holds the transaction. */
int kb_set_write(struct db *db, const struct kb_set *set, int64_t at_us,
		 const char *actor);

/* Asks all of it: with the trial's texts (was_right: without), or NULL. */
struct kb_set_prm {
	struct kb_index *ix;
	struct db *db;
	const char *day;
	bool drafts;
	const struct kb_trial *trial;
	const atomic_bool *cancelled;
};
int kb_set_ask(struct kb_set *set, const struct kb_set_prm *prm);

/* A confidence fitted to what came out. */
int kb_set_fit(struct kb_confidence **cp, const struct kb_set *set);
