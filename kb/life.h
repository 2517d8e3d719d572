/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a version of an entry in an office, from a draft to what
 * agents tell citizens:
 *
 *     draft ──review──► reviewed ──confirm──► agreed ──release──► confirmed
 *       ▲                  │                    │                    │
 *       └──────return──────┴───────return───────┘                    │
 *     each of them ──withdraw──► withdrawn  ◄────────────────────────┘
 *
 * Author, reviewer and confirmer are three people. A released version is in
 * force from its first day to its last; of several the newest whose day has
 * come, also when that one has expired or was withdrawn since: an older text
 * never comes back by itself, only by a rollback, which is a version of its
 * own. What was in force at any past moment can be asked.
 *
 * Keeps kb_version's columns and the row of kb_entry that lists and search
 * show. Who may do a step is the office's to know (server/desk).
 */
#pragma once

#include <stdint.h>

#include "common/db.h"
#include "kb/entry.h"

/* After KB_BASE_SCHEMA, then kb_life_fix. */
#define KB_LIFE_SCHEMA                                                        \
	"ALTER TABLE kb_entry ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;"  \
	"UPDATE kb_entry SET newest=version;"                                 \
	"ALTER TABLE kb_version ADD COLUMN state INTEGER NOT NULL DEFAULT 2;" \
	"ALTER TABLE kb_version ADD COLUMN effective TEXT NOT NULL"           \
	" DEFAULT '';"                                                        \
	"ALTER TABLE kb_version ADD COLUMN expires TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE kb_version ADD COLUMN reviewer TEXT NOT NULL"            \
	" DEFAULT '';"                                                        \
	"ALTER TABLE kb_version ADD COLUMN reviewed_us INTEGER NOT NULL"      \
	" DEFAULT 0;"                                                         \
	"ALTER TABLE kb_version ADD COLUMN confirmer TEXT NOT NULL"           \
	" DEFAULT '';"                                                        \
	"ALTER TABLE kb_version ADD COLUMN confirmed_us INTEGER NOT NULL"     \
	" DEFAULT 0;"                                                         \
	"ALTER TABLE kb_version ADD COLUMN paper TEXT NOT NULL DEFAULT '';"   \
	"ALTER TABLE kb_version ADD COLUMN release TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE kb_version ADD COLUMN released_us INTEGER NOT NULL"      \
	" DEFAULT 0;"                                                         \
	"ALTER TABLE kb_version ADD COLUMN withdrawer TEXT NOT NULL"          \
	" DEFAULT '';"                                                        \
	"ALTER TABLE kb_version ADD COLUMN withdrawn_us INTEGER NOT NULL"     \
	" DEFAULT 0;"                                                         \
	"ALTER TABLE kb_version ADD COLUMN reason TEXT NOT NULL DEFAULT '';"

/* Fills the new columns of versions that were there before: each says in its
 * header what it was. For db_migrate. */
int kb_life_fix(struct db *db);

enum kb_step {
	KB_REVIEW,
	KB_CONFIRM,
	KB_RELEASE,
	KB_RETURN,
	KB_WITHDRAW,
};

/* Texts are of the row that was read and live as long as `s`. */
struct kb_life {
	int64_t version;
	int64_t at_us; /* when its text came */
	const char *author;
	enum kb_state state;
	const char *effective, *expires; /* days; "" open */
	const char *reviewer, *confirmer, *withdrawer;
	int64_t reviewed_us, confirmed_us, released_us, withdrawn_us;
	const char *paper;   /* the document it was confirmed by, if any */
	const char *release; /* "2026-W48" */
	const char *reason;  /* of the last return or withdrawal */
};

typedef int(kb_life_h)(const struct kb_life *life, void *arg);

/* Versions of an entry, newest first; non-zero ends the walk and is
 * returned. ENOENT: there is no such entry. */
int kb_life_each(struct db *db, const char *id, kb_life_h *h, void *arg);

/* May this person take that step with it? 0, or EALREADY (its state), EPERM
 * (one of the others who signed it) and `why`, a msgid. */
int kb_life_may(const struct kb_life *life, enum kb_step step,
		const char *person, const char **why);

/* What a step leaves behind. */
struct kb_act {
	const char *id;
	int64_t version;
	enum kb_step step;
	const char *person;
	int64_t at_us;
	/* confirm: the paper, return and withdraw: the reason, release: its
	 * name */
	const char *note;
	const char *effective; /* confirm: another first day; NULL: keep */
};
/* Takes it and chooses anew what is shown. The step was allowed. */
int kb_life_act(struct db *db, const struct kb_act *act);

/* A new version, or the new text of a draft; versions below it that were on
 * their way are withdrawn. `state` KB_CONFIRMED: confirmed
 * and released with it, as in a base without an office. */
struct kb_text {
	const struct kb_entry *entry;
	int64_t version;
	enum kb_state state;
	int64_t at_us;
	const char *author;
	const char *effective;	       /* NULL: as the header says */
	const char *confirmer, *paper; /* of a confirmed one; NULL: "" */
};
int kb_life_put(struct db *db, const struct kb_text *text);
/* As a base without an office takes an entry: what its header says counts. */
int kb_life_import(struct db *db, const struct kb_entry *e, int64_t version,
		   int64_t at_us, const char *author);

/* The version in force at that moment; ENOENT: none was. */
int kb_life_at(struct db *db, const char *id, int64_t at_us,
	       int64_t *versionp);

/* Who did what with versions, oldest first: reviewed, confirmed (with the
 * paper), released (with the release's name), withdrawn (with the reason). A
 * version that was returned has lost its signatures. */
struct kb_signed {
	const char *id, *title;
	int64_t version;
	const char *step; /* "reviewed", … */
	int64_t at_us;
	const char *person, *note;
};
struct kb_signed_want {
	int64_t since_us, until_us; /* both included; until 0: open */
	const char *person;	    /* "": anybody */
	int64_t skip;
};
typedef int(kb_signed_h)(const struct kb_signed *s, void *arg);
int kb_life_signed(struct db *db, const struct kb_signed_want *want,
		   kb_signed_h *h, void *arg);

/* What somebody has to do something for: entries whose newest version is a
 * draft, reviewed, or confirmed and not released, by id after `after` (""). */
struct kb_waiting {
	const char *id, *title, *line;
	int64_t version;
	int64_t current; /* the one that is shown, if it is another; else 0 */
	enum kb_state state;
	int64_t since_us; /* of its last step */
	const char *author, *reviewer, *effective, *reason;
};
typedef int(kb_waiting_h)(const struct kb_waiting *w, void *arg);
int kb_life_waiting(struct db *db, const char *after, kb_waiting_h *h,
		    void *arg);

/* Entries that kb_life_turn would choose anew. */
int kb_life_due(struct db *db, const char *day, int64_t *np);

/* Days have passed: chooses anew for entries of which a version begins on or
 * before `day`, after the one that is shown. */
int kb_life_turn(struct db *db, const char *day);
