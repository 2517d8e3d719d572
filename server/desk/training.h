/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed in the knowledge base reaches everybody whom it concerns: each
 * has a list of versions to read, with what is new in them, and says of each
 * that he has read it. An entry may ask questions about itself; then only who
 * answers all of them is through, and wrong answers are recorded.
 *
 * Deadlines run in open hours. Past the first the reading is late; past the
 * second his skill of that line counts for less (desk/skill) until he has
 * read all that is overdue in it, and from that very moment for as much as
 * before. Who looks at the clock is desk/reminder.
 *
 * Facts and tables are core/store_learn's.
 */
#pragma once

#include "server/core/fact.h"
#include "server/core/rpc.h"

struct cal;

/* Part of the methods; fixed, for any thread. */
struct training {
	int64_t remind_us, lower_us; /* open time */
	int64_t lower_by;	     /* levels; 0: nothing is lowered */
};

/* What was given out at that moment or before is late; is so late that
 * skills are lowered (INT64_MIN: nothing is). */
int64_t training_late_us(const struct training *t, const struct cal *cal,
			 int64_t now_us);
int64_t training_due_us(const struct training *t, const struct cal *cal,
			int64_t now_us);

/* Store thread: lowers and restores what it is time for. */
int training_turn(const struct training *t, struct fact_log *log,
		  struct db *db, int64_t due_us);

/* learn.*: part is the struct training. */
extern const struct rpc_handler training_methods[];
