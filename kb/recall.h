/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries worth a closer look: those that have the most and the rarest
 * terms of a question. Rare terms are walked first and the walk is bounded,
 * so that common words cost nothing; what they say is weighed by rank.
 */
#pragma once

#include <stdatomic.h>

#include "kb/question.h"

#define KB_RECALL_MAX 128

struct kb_recalled {
	uint32_t place;
	float score; /* of all that the question could have: 0 to about 1 */
};

/* line: number of a business line, -1: all. ECANCELED when *cancelled. */
int kb_recall(struct kb_recalled out[KB_RECALL_MAX], unsigned *np,
	      const struct kb_question *q, int line,
	      const atomic_bool *cancelled);
