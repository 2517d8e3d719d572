/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/rebuild.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/store_call.h"
#include "server/core/store_course.h"
#include "server/core/store_duty.h"
#include "server/core/store_fact.h"
#include "server/core/store_kb.h"
#include "server/core/store_learn.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"

#define TABLES_MAX 64

struct tables {
	struct rebuild_table t[TABLES_MAX];
	size_t n;
	bool again; /* the second look */
};

static int on_table(const char *name, int64_t rows, uint64_t sum, void *arg)
{
	struct tables *all = arg;
	size_t i = 0;

	while (i < all->n && strcmp(all->t[i].name, name) != 0)
		i++;
	if (i == TABLES_MAX)
		return EOVERFLOW;
	if (i == all->n) {
		str_ncpy(all->t[i].name, name, sizeof(all->t[i].name));
		all->n++;
	}
	if (all->again) {
		all->t[i].is_rows = rows;
		all->t[i].is_sum = sum;
	} else {
		all->t[i].was_rows = rows;
		all->t[i].was_sum = sum;
	}
	return 0;
}

/* Every part that keeps tables. */
static int log_make(struct fact_log **lp)
{
	int err = fact_log_alloc(lp, NULL);
	if (err)
		return err;
	store_people_register(*lp);
	store_ticket_register(*lp);
	store_call_register(*lp);
	store_kb_register(*lp);
	store_learn_register(*lp);
	store_course_register(*lp);
	store_duty_register(*lp);
	return 0;
}

static int build(struct tables *all, struct db *db)
{
	scoped_mem struct fact_log *log = NULL;

	int err = log_make(&log);
	if (!err)
		err = store_fact_tables(db, on_table, all);
	all->again = true;
	if (!err)
		err = fact_rebuild(log, db);
	return err ? err : store_fact_tables(db, on_table, all);
}

static void compare(const struct tables *all, struct rebuild_counts *counts,
		    rebuild_h *h, void *arg)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct rebuild_table *t = &all->t[i];
		counts->tables++;
		counts->differ +=
			t->was_rows != t->is_rows || t->was_sum != t->is_sum;
		h(t, arg);
	}
}

int rebuild_run(struct db *db, struct rebuild_counts *counts, rebuild_h *h,
		void *arg)
{
	struct tables all = {.n = 0};
	uint8_t hash[FACT_HASH_BYTES];
	int64_t from = cal_mono_us();

	memset(counts, 0, sizeof(*counts));
	int err = store_fact_last(db, &counts->facts, hash);
	if (!err)
		err = db_begin(db);
	if (err)
		return err;
	err = build(&all, db);
	if (!err)
		compare(&all, counts, h, arg);
	if (!err && counts->differ)
		err = db_commit(db);
	else
		db_rollback(db);
	counts->took_us = cal_mono_us() - from;
	return err;
}
