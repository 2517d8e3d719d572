/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/trial.h"

#include <errno.h>
#include <stdlib.h>

#include "common/libre.h"
#include "common/scope.h"

struct hidden {
	int64_t row;
	uint32_t place;
};

struct kb_trial {
	struct kb_index *ix;
	unsigned loads; /* of the index, when it began */
	uint16_t number;
	struct hidden *list; /* by row */
	uint32_t n, room;
};

static void trial_destructor(void *arg)
{
	struct kb_trial *t = arg;

	if (t->ix) {
		pthread_rwlock_wrlock(&t->ix->lock);
		for (uint32_t i = 0; kb_trial_stands(t) && i < t->n; i++)
			kb_index_drop(t->ix, t->list[i].place);
		pthread_rwlock_unlock(&t->ix->lock);
	}
	mem_deref(t->ix);
	free(t->list);
}

int kb_trial_alloc(struct kb_trial **tp, struct kb_index *ix, struct db *db)
{
	scoped_mem struct kb_trial *t = NULL;

	int err = kb_index_sync(ix, db);
	if (err)
		return err;
	t = mem_zalloc(sizeof(*t), trial_destructor);
	if (!t)
		return ENOMEM;
	t->ix = mem_ref(ix);
	pthread_rwlock_wrlock(&ix->lock);
	t->loads = ix->loads;
	/* 0 is nobody's */
	ix->trials += ix->trials == UINT16_MAX ? 2 : 1;
	t->number = ix->trials;
	pthread_rwlock_unlock(&ix->lock);
	*tp = take(t);
	return 0;
}

/* By row, so that looking one up is quick. */
static int note(struct kb_trial *t, int64_t row, uint32_t place)
{
	if (t->n == t->room) {
		uint32_t room = t->room ? 2 * t->room : 16;
		struct hidden *list = realloc(t->list, room * sizeof(*list));
		if (!list)
			return ENOMEM;
		t->list = list;
		t->room = room;
	}
	uint32_t i = t->n++;
	for (; i && t->list[i - 1].row > row; i--)
		t->list[i] = t->list[i - 1];
	t->list[i] = (struct hidden){row, place};
	return 0;
}

static int put(struct kb_trial *t, const struct kb_texts *texts)
{
	pthread_rwlock_wrlock(&t->ix->lock);
	uint32_t place = t->ix->docs_n;
	int err = kb_trial_stands(t) ? kb_index_put(t->ix, texts) : ESTALE;
	if (!err)
		err = note(t, texts->row, place);
	pthread_rwlock_unlock(&t->ix->lock);
	return err;
}

int kb_trial_add(struct kb_trial *t, struct db *db, const struct kb_version *v)
{
	scoped_mem char *asks = NULL;
	scoped_mem char *words = NULL;
	int64_t row = 0;

	int err =
		db_get_int(db, &row, -1, "SELECT row FROM kb_entry WHERE id=?",
			   "s", v->entry->id);
	if (!err && row < 0)
		err = ENOENT;
	if (!err)
		err = kb_base_texts(v->entry, &asks, &words);
	if (err)
		return err;
	return put(t, &(struct kb_texts){
			      .row = row,
			      .state = KB_CONFIRMED,
			      .expires = kb_day(v->expires),
			      .trial = t->number,
			      .line = v->entry->line,
			      .title = v->entry->title,
			      .asks = asks,
			      .words = words,
			      .body = v->entry->body,
		      });
}

uint16_t kb_trial_number(const struct kb_trial *t)
{
	return t ? t->number : 0;
}

bool kb_trial_stands(const struct kb_trial *t)
{
	return t->ix->loads == t->loads;
}

bool kb_trial_hides(const struct kb_trial *t, int64_t row)
{
	uint32_t from = 0, to = t->n;

	while (from < to) {
		uint32_t mid = (from + to) / 2;
		if (t->list[mid].row < row)
			from = mid + 1;
		else
			to = mid;
	}
	return from < t->n && t->list[from].row == row;
}
