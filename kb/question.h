/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question made ready: its units (characters, words, syllables typed in
 * letters), how much each says, the terms that ask the index, and a table
 * that tells for any symbol which units it meets, exactly or by sound.
 *
 * Only the first 64 units count (of a longer question those that say
 * something), so that sets of them are one machine word.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kb/index.h"
#include "kb/synonym.h"

#define KB_UNITS_MAX   64
#define KB_GROUPS_MAX  224
#define KB_LISTS_MAX   8
#define KB_LETTERS_MAX 12

enum kb_unit_kind { KB_UNIT_CHAR, KB_UNIT_WORD, KB_UNIT_SYLLABLE };

/* What the index is asked: any of these terms. */
struct kb_group {
	uint32_t terms[KB_LISTS_MAX];
	unsigned terms_n;
	uint32_t docs;
	float weight;
};

/* Units of the question that a symbol meets. */
struct kb_meet {
	uint64_t exact;
	uint64_t sound; /* another character of the same sound */
};

/* Another way to say some units of the question. */
struct kb_alias {
	const struct kb_phrase *phrase;
	uint64_t units;
};

#define KB_MEET_NOTHING 1 /* what meet_at says of most symbols */
#define KB_MEETS_MAX	1024
#define KB_ALIASES_MAX	96

struct kb_question {
	const struct kb_index *ix;
	uint16_t trial; /* whose texts are asked, too (trial.h); 0: nobody's */
	struct {
		uint32_t sym; /* of a syllable: its number */
		uint8_t kind;
		bool prefix; /* of a word: what is being typed */
	} units[KB_UNITS_MAX];
	unsigned n;
	uint64_t all;	  /* a bit for each unit */
	uint64_t follows; /* stands right behind the unit before */
	uint64_t filler;  /* says nothing about the subject */
	uint64_t known;	  /* occurs in titles or ways to ask */
	uint64_t paired;  /* pair with the unit before occurs somewhere */
	float weight[KB_UNITS_MAX];
	float pair[KB_UNITS_MAX];     /* of the pair that ends here */
	float weights, pairs;	      /* sums */
	float unknown, unknown_pairs; /* what no entry has */
	uint16_t manner;
	uint8_t wants; /* see kb_wants */
	uint16_t places[KB_PLACES_MAX];
	unsigned places_n;

	/* letters that may be first letters: "sbjf" */
	char letters[KB_LETTERS_MAX + 1];
	unsigned letters_n;

	struct kb_group groups[KB_GROUPS_MAX];
	unsigned groups_n;
	float groups_weight;

	uint16_t meet_at[0x10000]; /* 0: not asked yet; number + 1 */
	struct kb_meet meets[KB_MEETS_MAX];
	unsigned meets_n;
	uint64_t sounds[640]; /* syllable -> units that read so */
	uint64_t latin;	      /* units that are words */
	struct kb_alias aliases[KB_ALIASES_MAX];
	unsigned aliases_n;
	uint32_t alias_first[0x10000 / 32]; /* a bit a first character */
};

/* A mem_ref object. The index is locked by the caller as long as this
 * lives. */
int kb_question_alloc(struct kb_question **qp, const struct kb_index *ix,
		      const char *text, size_t len);

const struct kb_meet *kb_question_learn(struct kb_question *q, uint32_t sym);
struct kb_meet kb_question_word(const struct kb_question *q, uint32_t sym);

/* Units that the phrase at p, whose first symbol is sym, says in other
 * words; *len: its symbols. */
uint64_t kb_question_alias(const struct kb_question *q, uint32_t sym,
			   const uint16_t *p, const uint16_t *end,
			   unsigned *len);

static inline bool kb_question_may_alias(const struct kb_question *q,
					 uint32_t sym)
{
	return sym < 0x10000 && q->alias_first[sym >> 5] >> (sym & 31) & 1;
}

static inline struct kb_meet kb_question_meet(struct kb_question *q,
					      uint32_t sym)
{
	if (!sym)
		return (struct kb_meet){0, 0};
	if (sym >= 0x10000)
		return kb_question_word(q, sym);
	unsigned k = q->meet_at[sym];
	return k ? q->meets[k - 1] : *kb_question_learn(q, sym);
}
