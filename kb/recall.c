/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/recall.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/libre.h"
#include "common/scope.h"

/* Postings that one question may walk; the rarest groups are walked whatever
 * they cost, up to the second. */
#define WALK_MAX   250000
#define WALK_FORCE 1500000
#define GROUPS_MIN 2

struct walk {
	const struct kb_question *q;
	float *scores; /* by place */
	int line;
};

static int by_docs(const void *x, const void *y)
{
	const struct kb_group *a = *(const struct kb_group *const *)x;
	const struct kb_group *b = *(const struct kb_group *const *)y;

	if (a->docs != b->docs)
		return a->docs < b->docs ? -1 : 1;
	return a < b ? -1 : 1;
}

static void walk_term(struct walk *w, const struct kb_term *t, float weight)
{
	const uint8_t *p = kb_term_list(t), *end = p + t->len;
	float by_level[KB_WEIGHTS];
	uint32_t place = 0;

	for (unsigned i = 0; i < KB_WEIGHTS; i++)
		by_level[i] = weight * kb_weights[i];
	while (p < end) {
		uint64_t v = *p & 0x7F;
		for (unsigned shift = 7; *p++ & 0x80; shift += 7)
			v |= (uint64_t)(*p & 0x7F) << shift;
		place += (uint32_t)(v >> 3);
		w->scores[place - 1] += by_level[v & 7];
	}
}

static int walk_all(struct walk *w, const atomic_bool *cancelled)
{
	const struct kb_group *order[KB_GROUPS_MAX];
	const struct kb_question *q = w->q;
	uint64_t walked = 0;

	for (unsigned i = 0; i < q->groups_n; i++)
		order[i] = &q->groups[i];
	if (q->groups_n)
		qsort(order, q->groups_n, sizeof(order[0]), by_docs);
	for (unsigned i = 0; i < q->groups_n; i++) {
		const struct kb_group *g = order[i];
		walked += g->docs;
		if (walked > (i < GROUPS_MIN ? WALK_FORCE : WALK_MAX) && i)
			break;
		for (unsigned k = 0; k < g->terms_n; k++)
			walk_term(w, &q->ix->terms[g->terms[k]], g->weight);
		if (cancelled && atomic_load(cancelled))
			return ECANCELED;
	}
	return 0;
}

/* ---- the best of them, in a heap with the worst on top ---- */

static void sink(struct kb_recalled *heap, unsigned n, unsigned i)
{
	for (;;) {
		unsigned k = 2 * i + 1;
		if (k >= n)
			return;
		if (k + 1 < n && heap[k + 1].score < heap[k].score)
			k++;
		if (heap[i].score <= heap[k].score)
			return;
		struct kb_recalled one = heap[i];
		heap[i] = heap[k];
		heap[k] = one;
		i = k;
	}
}

static void keep(struct kb_recalled *heap, unsigned *n, struct kb_recalled one)
{
	if (*n < KB_RECALL_MAX) {
		heap[(*n)++] = one;
		for (unsigned i = *n / 2; *n == KB_RECALL_MAX && i--;)
			sink(heap, *n, i);
		return;
	}
	if (one.score <= heap[0].score)
		return;
	heap[0] = one;
	sink(heap, *n, 0);
}

static bool may(const struct walk *w, uint32_t place)
{
	const struct kb_doc *doc = &w->q->ix->docs[place];

	return kb_doc_is_seen(doc, w->q->trial) &&
	       (w->line < 0 || doc->line == w->line);
}

/* An entry is looked at only where its score is among the best so far: most
 * are not, and what is known of them lies all over the memory. */
static void pick(struct kb_recalled *out, unsigned *np, const struct walk *w)
{
	const struct kb_question *q = w->q;
	float all = q->groups_weight > 0 ? q->groups_weight : 1;
	uint32_t n = q->ix->docs_n;
	float least = 0;

	for (uint32_t place = 0; place < n; place++) {
		float score = w->scores[place];
		if (score <= least || !may(w, place))
			continue;
		keep(out, np, (struct kb_recalled){place, score});
		if (*np == KB_RECALL_MAX)
			least = out[0].score;
	}
	for (unsigned i = 0; i < *np; i++)
		out[i].score /= all;
}

int kb_recall(struct kb_recalled out[KB_RECALL_MAX], unsigned *np,
	      const struct kb_question *q, int line,
	      const atomic_bool *cancelled)
{
	struct walk w = {.q = q, .line = line};
	uint32_t n = q->ix->docs_n;

	*np = 0;
	if (!n)
		return 0;
	w.scores = calloc(n, sizeof(*w.scores));
	int err = w.scores ? walk_all(&w, cancelled) : ENOMEM;
	if (!err)
		pick(out, np, &w);
	free(w.scores);
	return err;
}
