/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/search.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/rank.h"
#include "kb/snippet.h"

/* What is not in force comes after what is, unless it fits much better. */
#define NOT_IN_FORCE 3.f
#define ID_SCORE     1000.f

struct asking {
	struct kb_index *ix;
	struct db *db;
	const struct kb_query *q;
	const char *text;
	size_t len;
	struct kb_recalled recalled[KB_RECALL_MAX];
	struct kb_ranked ranked[KB_RECALL_MAX + 1];
	/* What the index says, kept after its lock is gone. */
	struct {
		int64_t row;
		float score;
		uint8_t part;
	} found[KB_RECALL_MAX + 1];
	unsigned n;
	/* what marks hits, after the lock is gone, too */
	struct kb_synonyms *synonyms;
	struct kb_marker *marker;
};

static void asking_destructor(void *arg)
{
	struct asking *a = arg;

	mem_deref(a->marker);
	mem_deref(a->synonyms);
}

/* ---- finding ---- */

static int by_score(const void *x, const void *y)
{
	const struct kb_ranked *a = x, *b = y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

/* What may not be told to a citizen today steps back. */
static void order(struct asking *a, unsigned n)
{
	int32_t day = kb_day(a->q->day);

	for (unsigned i = 0; i < n; i++) {
		struct kb_ranked *r = &a->ranked[i];
		if (!kb_doc_is_in_force(&a->ix->docs[r->place], day))
			r->score -= NOT_IN_FORCE;
	}
	if (n)
		qsort(a->ranked, n, sizeof(*a->ranked), by_score);
	for (unsigned i = 0; i < n && a->n < a->q->limit + 1; i++) {
		const struct kb_ranked *r = &a->ranked[i];
		a->found[a->n].row = a->ix->docs[r->place].row;
		a->found[a->n].score = r->score;
		a->found[a->n++].part = r->part;
	}
}

static int find(struct asking *a)
{
	scoped_mem struct kb_question *q = NULL;
	const atomic_bool *cancelled = a->q->cancelled;
	unsigned n = 0;

	int err = kb_question_alloc(&q, a->ix, a->text, a->len);
	if (!err)
		err = kb_recall(a->recalled, &n, q,
				kb_index_line(a->ix, a->q->line), cancelled);
	if (!err)
		err = kb_rank(a->ranked, q, a->recalled, n, cancelled);
	if (err)
		return err;
	order(a, n);
	a->synonyms = mem_ref(a->ix->synonyms);
	return kb_marker_alloc(&a->marker, q);
}

/* ---- reading what was found ---- */

static const char *const parts[] = {"title", "ask", "word", "body"};

#define COLUMNS \
	"id, version, title, line, effective, expires, state, body, row"

static int fill(struct kb_hit *hit, struct asking *a, struct db_stmt *s)
{
	utf8_copy(hit->id, sizeof(hit->id), db_str(s, 0));
	hit->version = db_int(s, 1);
	int err = str_dup(&hit->title, db_str(s, 2));
	if (!err)
		err = str_dup(&hit->line, db_str(s, 3));
	if (!err)
		err = str_dup(&hit->expires, db_str(s, 5));
	if (err)
		return err;
	hit->state = kb_state_on((enum kb_state)db_int(s, 6), db_str(s, 4),
				 hit->expires, a->q->day);
	hit->title_marks_n =
		kb_marker_line(hit->title_marks, a->marker, hit->title);
	kb_marker_body(hit, a->marker, db_str(s, 7));
	hit->how = kb_marker_how(a->marker);
	return 0;
}

static void hits_destructor(void *arg)
{
	struct kb_hits *hits = arg;

	for (unsigned i = 0; i < hits->n; i++) {
		mem_deref(hits->list[i].title);
		mem_deref(hits->list[i].line);
		mem_deref(hits->list[i].expires);
	}
	mem_deref(hits->list);
}

static int hits_alloc(struct kb_hits **hp, unsigned max)
{
	struct kb_hits *hits = mem_zalloc(sizeof(*hits), hits_destructor);
	if (!hits)
		return ENOMEM;
	hits->list = mem_zalloc(max * sizeof(*hits->list), NULL);
	if (!hits->list) {
		mem_deref(hits);
		return ENOMEM;
	}
	*hp = hits;
	return 0;
}

static double positive(float score)
{
	return score > 20 ? (double)score : log1p(exp((double)score));
}

static int read_one(struct kb_hits *hits, struct asking *a, unsigned i)
{
	scoped_stmt struct db_stmt *s = NULL;
	struct kb_hit *hit = &hits->list[hits->n];
	int err = db_prepare(&s, a->db,
			     "SELECT " COLUMNS " FROM kb_entry WHERE row=?");
	if (!err)
		err = db_bind(s, "i", a->found[i].row);
	if (!err)
		err = db_step(s);
	if (err)
		return err == ENOENT ? 0 : err; /* it went meanwhile */
	hits->n++;
	hit->score = positive(a->found[i].score);
	hit->why =
		a->found[i].score == ID_SCORE ? "id" : parts[a->found[i].part];
	return fill(hit, a, s);
}

/* ---- a number typed instead of a question ---- */

/* "kb-415" -> "KB-415"; digits alone: "0415". "" when it is neither. */
static void id_of(char out[KB_ID_SIZE], const struct asking *a)
{
	size_t n = 0;

	out[0] = '\0';
	if (a->len >= KB_ID_SIZE)
		return;
	for (size_t i = 0; i < a->len; i++) {
		unsigned char c = (unsigned char)a->text[i];
		if (c == ' ')
			continue;
		if (!isalnum(c) && c != '-') {
			out[0] = '\0';
			return;
		}
		out[n++] = (char)toupper(c);
	}
	out[n] = '\0';
}

/* The entry asked for by number stands first, once. */
static int by_id(struct asking *a)
{
	char id[KB_ID_SIZE], full[KB_ID_SIZE + 4];
	int64_t row;

	id_of(id, a);
	if (!kb_id_is_good(id) && (!*id || id[strspn(id, "0123456789")]))
		return 0;
	snprintf(full, sizeof(full), "KB-%s", id);
	int err = db_get_int(a->db, &row, -1,
			     "SELECT row FROM kb_entry WHERE id IN (?1, ?2)"
			     " AND (?3='' OR line=?3)",
			     "sss", id, full, a->q->line);
	if (err || row < 0)
		return err;
	unsigned k = 0;
	while (k < a->n && a->found[k].row != row)
		k++;
	a->n += k == a->n;
	memmove(a->found + 1, a->found, k * sizeof(*a->found));
	a->found[0].row = row;
	a->found[0].score = ID_SCORE;
	return 0;
}

static int answer(struct kb_hits **hp, struct asking *a)
{
	scoped_mem struct kb_hits *hits = NULL;

	int err = kb_index_sync(a->ix, a->db);
	if (err)
		return err;
	pthread_rwlock_rdlock(&a->ix->lock);
	err = find(a);
	pthread_rwlock_unlock(&a->ix->lock);
	if (!err)
		err = by_id(a);
	if (!err)
		err = hits_alloc(&hits, a->q->limit);
	for (unsigned i = 0; i < a->n && !err && hits->n < a->q->limit; i++)
		err = read_one(hits, a, i);
	if (err)
		return err;
	*hp = take(hits);
	return 0;
}

int kb_search(struct kb_hits **hp, struct kb_index *ix, struct db *db,
	      const struct kb_query *q)
{
	scoped_mem struct asking *a =
		mem_zalloc(sizeof(*a), asking_destructor);
	if (!a)
		return ENOMEM;
	a->ix = ix;
	a->db = db;
	a->q = q;
	a->text = q->text;
	a->len = strlen(q->text);
	if (a->len > KB_QUERY_MAX_BYTES)
		a->len = KB_QUERY_MAX_BYTES;
	return answer(hp, a);
}
