/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the first hit is the answer: the probability that it is, out of
 * how well it fits and how far the next ones are, calibrated by the KB's own
 * regression set (questions with the entry that answers each, or none). With
 * a precision asked for, an entry is named only where the set shows that
 * this precision is kept; a set that is too small to show it names nothing.
 *
 * The general weights are fitted on public sets of questions; a KB's own
 * set moves them as far as it is large.
 */
#pragma once

#include "kb/search.h"
#include "kb/trial.h"

#define KB_SURE_N 18

/* A question of the regression set, as it came out. */
struct kb_case {
	float x[KB_SURE_N]; /* see kb_answer_look */
	bool right;	    /* the first hit is the entry; false without one */
};

struct kb_confidence; /* a mem_ref object */

int kb_confidence_alloc(struct kb_confidence **cp, const struct kb_case *list,
			unsigned n);
/* 0 to 1. */
float kb_confidence(const struct kb_confidence *c, const float x[KB_SURE_N]);
/* The least confidence at which answers are right with that probability; 2
 * when the set is too small or the KB too hard to say: nothing is sure. */
float kb_confidence_limit(const struct kb_confidence *c, float precision);
/* How many questions a set must have before it can show a precision: with
 * fewer, not one mistake would be seen. */
unsigned kb_confidence_least(float precision);
/* How large the set would have to be, were its further questions like those
 * that it has; its own size where it is enough. 0: no size would do, too many
 * of its sure answers are wrong. */
unsigned kb_confidence_needs(const struct kb_confidence *c, float precision);

struct kb_best {
	char id[KB_ID_SIZE]; /* "": nothing was found */
	float x[KB_SURE_N];
};

/* The first confirmed entry in force for a question, and its measures. */
int kb_answer_look(struct kb_best *best, struct kb_index *ix, struct db *db,
		   const struct kb_query *q);

/* The same without a release and with it. ESTALE: the trial has fallen. */
struct kb_tried {
	struct kb_best before, after;
};
int kb_answer_try(struct kb_tried *out, struct kb_index *ix, struct db *db,
		  const struct kb_query *q, const struct kb_trial *trial);
