/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries in memory as search needs them: each entry's texts as symbols,
 * and for each term (a character, a pair of neighbours, two or three first
 * letters) the entries that have it. SQLite keeps the entries; this follows
 * it (kb_index_sync), one entry at a time: a changed entry gets a new place
 * at the end, its old one is dead until the next rebuild.
 *
 *     postings   term -> [distance to the next entry << 3 | weight, varint]
 *     sounds     two syllables -> pairs of characters that read like them
 *     texts      title, ways to ask, words, body; 16 bits a character
 *
 * One index belongs to one database; any thread may ask it while another
 * brings it up to date.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "kb/entry.h"
#include "kb/place.h"
#include "kb/synonym.h"

struct kb_index;

int kb_index_alloc(struct kb_index **ip);

/* Reads what the database has that the index has not. ECANCELED after
 * sqlite3_interrupt. */
int kb_index_sync(struct kb_index *ix, struct db *db);

/* Words that mean the same, beside the built-in ones; of a file's text. As
 * kb_synonyms_alloc. */
int kb_index_synonyms(struct kb_index *ix, const char *file, const char *text,
		      struct diag *diag);

struct kb_index_stat {
	unsigned entries; /* alive */
	unsigned dead;
	unsigned terms;
	size_t bytes; /* all of it, nearly */
};
void kb_index_stat(struct kb_index *ix, struct kb_index_stat *st);

/* ---- for question and rank ---- */

enum kb_part { KB_PART_TITLE, KB_PART_ASK, KB_PART_WORDS, KB_PART_BODY };

struct kb_span {
	uint32_t from; /* in units of syms */
	uint16_t len;  /* the same */
	uint16_t manner;
	uint8_t part;
};

struct kb_doc {
	int64_t row;
	uint16_t *syms; /* all texts; a mem_ref block */
	struct kb_span *texts;
	uint16_t texts_n;
	uint16_t line; /* number of its business line */
	uint8_t state;
	bool dead;
	uint16_t trial;		    /* seen by that one alone; 0: by all */
	uint8_t tells;		    /* kb_tells of its body */
	uint8_t places_n, titled_n; /* of which the first stand in titles */
	uint16_t places[KB_PLACES_MAX];
	int32_t effective, expires; /* 20261124; 0: none is given */
};

#define KB_SHORT_LIST 8 /* bytes of a list that lie in the term itself */

struct kb_term {
	uint64_t key;
	union { /* varints; most terms are rare, and have a short one */
		uint8_t *list;
		uint8_t brief[KB_SHORT_LIST];
	};
	uint32_t len, room; /* room 0: brief */
	uint32_t docs;	    /* alive */
	uint32_t last;	    /* place of the last entry in the list + 1 */
	uint32_t tail;	    /* where in the list it stands */
};

static inline const uint8_t *kb_term_list(const struct kb_term *t)
{
	return t->room ? t->list : t->brief;
}

/* A word in letters, to be found by its beginning. */
struct kb_word {
	uint32_t sym;
	char text[20];
};
#define KB_WORDS_MAX 200000

/* Keys of terms. */
static inline uint64_t kb_key(uint32_t a, uint32_t b)
{
	return (uint64_t)a << 32 | b;
}
#define KB_KEY_LETTERS 0xFFFFFFFFu /* b: a is 2 or 3 packed letters */

#define KB_WEIGHTS 8 /* levels in a posting */
extern const float kb_weights[KB_WEIGHTS];

struct kb_slot {
	uint32_t print; /* the other half of the hash: others are passed by
			 * without a look at their terms */
	uint32_t term;	/* number + 1; 0: free */
};

struct kb_sound {
	uint32_t term;
	uint32_t next; /* number + 1 */
};

struct kb_index {
	pthread_rwlock_t lock;
	bool locked; /* the lock is made */
	bool loaded;
	int64_t seq;	 /* last change of the database that is in */
	unsigned loads;	 /* how often all was read */
	uint16_t trials; /* number of the last one (trial.h) */

	struct kb_doc *docs;
	uint32_t docs_n, docs_room, alive;
	struct kb_term *terms;
	uint32_t terms_n, terms_room;
	struct kb_slot *slots; /* by hash of the key */
	uint32_t slots_n;
	uint32_t *rows; /* row of the database -> place + 1, when small */
	size_t rows_n;

	struct kb_sound *sounds;
	uint32_t sounds_n, sounds_room;
	uint32_t *pairs;   /* two sounds -> number in sounds + 1 */
	uint32_t *singles; /* one sound */

	struct kb_word *words;
	uint32_t words_n, words_room;

	struct kb_synonyms *synonyms;

	char (*lines)[16];
	unsigned lines_n;
	float weight[0x10000]; /* how rare each character is */
};

/* Is it there for one who asks with that trial (0: with none)? */
static inline bool kb_doc_is_seen(const struct kb_doc *doc, uint16_t trial)
{
	return !doc->dead && (!doc->trial || doc->trial == trial);
}

/* What an entry is to the index. */
struct kb_texts {
	int64_t row;
	enum kb_state state;
	int32_t effective, expires;
	uint16_t trial;
	const char *line, *title, *asks, *words, *body;
};
/* One entry more, at the place docs_n; and one less. The caller has locked
 * the index for writing. */
int kb_index_put(struct kb_index *ix, const struct kb_texts *t);
int kb_index_drop(struct kb_index *ix, uint32_t place);

/* "2026-11-24": 20261124; 0: no day. */
int32_t kb_day(const char *day);
/* May it be told to a citizen on that day? */
bool kb_doc_is_in_force(const struct kb_doc *doc, int32_t day);

/* Number of a business line; "": -1, all of them. */
int kb_index_line(const struct kb_index *ix, const char *line);

const struct kb_term *kb_index_term(const struct kb_index *ix, uint64_t key);
/* How rare: ln((N - n + 0.5) / (n + 0.5) + 1) of n entries out of all. */
float kb_index_rare(const struct kb_index *ix, uint32_t docs);

/* The next symbol of a text; 0: a gap. Steps on. */
static inline uint32_t kb_sym_next(const uint16_t **p)
{
	uint32_t u = *(*p)++;

	if (u >= 0x1000 && u < 0x3000)
		return 0x80000000u | (u - 0x1000) << 16 | *(*p)++;
	return u;
}
