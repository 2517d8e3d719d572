/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody should have done for the knowledge base and has not: a look
 * at an entry whose day of review has come, a successor for one that ends
 * soon, the week's release. Reads only; any thread's connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "server/core/fact.h"

/* Keeps what headers say of review and kind, which kb's own tables do not. */
void store_duty_register(struct fact_log *log);

struct store_duty {
	int64_t n;
	char names[120]; /* the first of them, with spaces */
};

/* In force today, and the day of review that its header names has come; where
 * it names none, a version that came at old_us or before (INT64_MIN: none). */
int store_duty_review(struct db *db, const char *today, int64_t old_us,
		      struct store_duty *d);
/* In force today and not after `last`, with no later version that is
 * confirmed or released. */
int store_duty_expiring(struct db *db, const char *today, const char *last,
			struct store_duty *d);
/* Nothing was released since from_us (a release without entries counts: it
 * says that nothing changed), while there was a knowledge base before. */
int store_duty_release(struct db *db, int64_t from_us, bool *duep);
