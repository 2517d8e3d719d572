/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well an entry answers a question, out of some thirty measures (what
 * part of the question it covers, what part of its title is asked, order,
 * places, kind of question ...), each between about -1 and 1. The best of
 * the ways to ask counts, the others a little; the weights are general ones,
 * fitted on public sets of questions (tests/bench/kb_eval), and know no
 * single word.
 */
#pragma once

#include "kb/question.h"
#include "kb/recall.h"

/* X(name): of the best text of title and ways to ask */
#define KB_WAY_MEASURES(X)                                                 \
	X(asked)      /* weight of the question's units that it has */     \
	X(said)	      /* weight of its units that the question has */      \
	X(dice)	      /* both */                                           \
	X(asked_pair) /* the same of pairs */                              \
	X(said_pair)                                                       \
	X(dice_pair)                                                       \
	X(rare_pair)   /* asked_pair, where rare ones count double */      \
	X(order_asked) /* longest common subsequence, of the question */   \
	X(order_said)  /* of the text */                                   \
	X(run_asked)   /* longest common run */                            \
	X(run_said)                                                        \
	X(equal)                                                           \
	X(missed)   /* the heaviest unit of the question that it lacks */  \
	X(extra)    /* its heaviest unit that the question lacks */        \
	X(heard)    /* what meets by sound or in other words alone */      \
	X(denied)   /* it denies, the question does not */                 \
	X(affirmed) /* the other way round */                              \
	X(failed)                                                          \
	X(manner) /* the same kind of question */                          \
	X(other)  /* another kind */                                       \
	X(why)	  /* one asks why, the other does not */                   \
	X(when)                                                            \
	X(where)                                                           \
	X(much)                                                            \
	X(word_missed) /* of the question's words in letters or digits */  \
	X(word_extra)  /* it has such words and the question lacks them */ \
	X(long_way)    /* its length */                                    \
	X(shorter)     /* than the question: log of the ratio */           \
	X(longer)                                                          \
	X(said_short) /* said, where the question is short */              \
	X(extra_short)                                                     \
	X(asked_short)

/* ... of the entry */
#define KB_ENTRY_MEASURES(X)                                                \
	X(entry) /* weight of units anywhere in the entry */                \
	X(entry_pair)                                                       \
	X(entry_rare)                                                       \
	X(lacks) /* the heaviest pair that it lacks altogether */           \
	X(ways)	 /* pairs in any way to ask */                              \
	X(body)                                                             \
	X(body_pair)                                                        \
	X(window)      /* pairs within some sixty characters of the body */ \
	X(with_window) /* and of the ways to ask */                         \
	X(with_rare)                                                        \
	X(words) /* topic, tags, policy */                                  \
	X(place_same)                                                       \
	X(place_kin)                                                        \
	X(place_other)                                                      \
	X(place_extra)                                                      \
	X(place_none)                                                       \
	X(recall)                                                           \
	X(second)  /* the next best way to ask */                           \
	X(many)	   /* how many ways there are */                            \
	X(letters) /* first letters found in a row */                       \
	X(letters_said)                                                     \
	X(letters_title)                                                    \
	X(tells) /* when, how much ... as the question wants */             \
	X(tells_not)                                                        \
	X(body_dense) /* body_pair by the length of the body */

#define KB_MEASURE(name) KB_M_##name,
enum kb_measure {
	KB_WAY_MEASURES(KB_MEASURE) KB_ENTRY_MEASURES(KB_MEASURE) KB_MEASURES
};

struct kb_ranked {
	uint32_t place;
	float score;
	uint8_t part; /* enum kb_part of the text that fits best */
	float m[KB_MEASURES];
};

/* Sorts by score, best first; equal ones by row. */
int kb_rank(struct kb_ranked *out, struct kb_question *q,
	    const struct kb_recalled *list, unsigned n,
	    const atomic_bool *cancelled);

extern const char *const kb_measure_names[KB_MEASURES];
