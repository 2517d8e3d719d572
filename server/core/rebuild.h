/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables made anew from the log, and held against those that stood
 * there: proof that nothing but facts is needed, and the cure where a table
 * was lost or is suspected. On a file that no office runs on, in one
 * transaction: cut off, the file is as it was.
 */
#pragma once

#include <stdint.h>

#include "common/db.h"

/* A table that derives from the log. The sums are over the contents of all
 * rows, whatever their order. */
struct rebuild_table {
	char name[64];
	int64_t was_rows, is_rows;
	uint64_t was_sum, is_sum;
};

typedef void(rebuild_h)(const struct rebuild_table *t, void *arg);

struct rebuild_counts {
	int64_t facts, took_us;
	int tables, differ;
};

/* `h` hears of every table before anything is kept. Where no table differs
 * the file stays untouched. EBADMSG: a fact cannot be read. */
int rebuild_run(struct db *db, struct rebuild_counts *counts, rebuild_h *h,
		void *arg);
