/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regression set that is kept with a knowledge base: questions with the
 * entry that answers each, or none. It calibrates answer.
 */
#pragma once

#include "kb/answer.h"

#define KB_CASES_MAX 20000

/* Replaces the set, line by line: `question<TAB>id`, or `-` for none.
 * EBADMSG: diag names the line. The caller holds the transaction. */
int kb_regress_put(struct db *db, const char *file, const char *text,
		   size_t len, struct diag *diag);

struct kb_regress {
	unsigned cases;
	unsigned answerable; /* with an entry */
	unsigned right;	     /* of these, first hit is the entry */
};

/* Asks all of the set and fits a confidence to what comes out. */
int kb_regress_fit(struct kb_confidence **cp, struct kb_regress *sum,
		   struct kb_index *ix, struct db *db, const char *day,
		   bool drafts);
