/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/answer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/rank.h"

#define STEPS	12
#define PRIOR	16.f /* cases that the general weights are worth, a weight */
#define SMOOTH	60.f
#define CAUTION .3f /* standard errors that are taken off */
#define SLACK	.05f

/* Of the general fit: the constant, then one a measure. */
static const float general[KB_SURE_N + 1] = {
	-0.314f, 0.459f,  0.104f,  0.176f,  0.026f, -0.005f, 1.182f,
	-0.910f, -0.877f, -0.088f, -0.539f, 0.225f, -0.290f, -0.100f,
	-0.658f, 0.001f,  0.562f,  -0.213f, -0.223f};

struct sample {
	float p;
	bool right;
};

struct kb_confidence {
	float w[KB_SURE_N + 1];
	struct sample *list; /* most confident first */
	unsigned n;
};

static void confidence_destructor(void *arg)
{
	struct kb_confidence *c = arg;
	mem_deref(c->list);
}

static float linear(const float *w, const float *x)
{
	float z = w[0];

	for (unsigned i = 0; i < KB_SURE_N; i++)
		z += w[i + 1] * x[i];
	return z;
}

float kb_confidence(const struct kb_confidence *c, const float x[KB_SURE_N])
{
	return 1 / (1 + expf(-linear(c->w, x)));
}

/* ---- Newton's steps for a logistic regression with a prior ---- */

#define N (KB_SURE_N + 1)

struct newton {
	double h[N][N], g[N];
};

/* h * step = g by Cholesky's way; h is positive definite by the prior. */
static void solve(struct newton *s, double step[N])
{
	for (unsigned i = 0; i < N; i++) {
		for (unsigned j = 0; j <= i; j++) {
			double sum = s->h[i][j];
			for (unsigned k = 0; k < j; k++)
				sum -= s->h[i][k] * s->h[j][k];
			s->h[i][j] = i == j ? sqrt(sum > 1e-9 ? sum : 1e-9)
					    : sum / s->h[j][j];
		}
	}
	for (unsigned i = 0; i < N; i++) {
		step[i] = s->g[i];
		for (unsigned k = 0; k < i; k++)
			step[i] -= s->h[i][k] * step[k];
		step[i] /= s->h[i][i];
	}
	for (unsigned i = N; i--;) {
		for (unsigned k = i + 1; k < N; k++)
			step[i] -= s->h[k][i] * step[k];
		step[i] /= s->h[i][i];
	}
}

static void add_case(struct newton *s, const float *w, const struct kb_case *c)
{
	double p = 1 / (1 + exp((double)-linear(w, c->x)));
	double x[N] = {1}, v = p * (1 - p);

	for (unsigned i = 1; i < N; i++)
		x[i] = (double)c->x[i - 1];
	for (unsigned i = 0; i < N; i++) {
		s->g[i] += ((double)c->right - p) * x[i];
		for (unsigned j = 0; j <= i; j++)
			s->h[i][j] += v * x[i] * x[j];
	}
}

/* Fits w; cases of which number % folds == leave are left out. */
static void fit(float w[N], const struct kb_case *list, unsigned n,
		unsigned folds, unsigned leave)
{
	memcpy(w, general, sizeof(general));
	for (unsigned round = 0; round < STEPS; round++) {
		struct newton s = {.g = {0}};
		double step[N];
		for (unsigned i = 0; i < N; i++) {
			double prior = i == 0 ? 0.01 : (double)PRIOR;
			s.h[i][i] = prior;
			s.g[i] = prior * (double)(general[i] - w[i]);
		}
		for (unsigned i = 0; i < n; i++) {
			if (!folds || i % folds != leave)
				add_case(&s, w, &list[i]);
		}
		solve(&s, step);
		for (unsigned i = 0; i < N; i++)
			w[i] += (float)step[i];
	}
}

static int by_confidence(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	return x->p > y->p ? -1 : x->p < y->p;
}

#define FOLDS 8

/* Each question's confidence by weights that never saw it. */
static void judge(struct kb_confidence *c, const struct kb_case *list)
{
	for (unsigned f = 0; f < FOLDS; f++) {
		struct kb_confidence other;
		fit(other.w, list, c->n, FOLDS, f);
		for (unsigned i = f; i < c->n; i += FOLDS)
			c->list[i] = (struct sample){
				kb_confidence(&other, list[i].x),
				list[i].right};
	}
	qsort(c->list, c->n, sizeof(*c->list), by_confidence);
}

int kb_confidence_alloc(struct kb_confidence **cp, const struct kb_case *list,
			unsigned n)
{
	scoped_mem struct kb_confidence *c =
		mem_zalloc(sizeof(*c), confidence_destructor);
	if (!c)
		return ENOMEM;
	c->list = mem_zalloc((n + 1) * sizeof(*c->list), NULL);
	if (!c->list)
		return ENOMEM;
	c->n = n;
	fit(c->w, list, n, 0, 0);
	judge(c, list);
	*cp = take(c);
	return 0;
}

unsigned kb_confidence_least(float precision)
{
	float allowed = 1 - precision;
	return allowed > 0 ? (unsigned)ceilf(1 / allowed) : UINT32_MAX;
}

/* What was right among the first i, drawn towards what their confidences
 * promised and less a part of the error that a sample of that size has: a
 * few lucky ones prove nothing. (Tried by drawing a thousand questions again
 * and again out of the public sets and answering the others.) */
float kb_confidence_limit(const struct kb_confidence *c, float precision)
{
	float right = 0, sum = 0, limit = 2;

	for (unsigned i = 0; i < c->n; i++) {
		float n = (float)(i + 1);
		right += c->list[i].right;
		sum += c->list[i].p;
		float promised = sum / n;
		float seen = (right + SMOOTH * promised) / (n + SMOOTH);
		float error =
			sqrtf(precision * (1 - precision) / (n + SMOOTH));
		if (i + 1 >= kb_confidence_least(precision) &&
		    seen - CAUTION * error >= precision &&
		    promised >= precision - SLACK)
			limit = c->list[i].p;
	}
	return limit;
}

/* ---- how sure a first hit is ---- */

static float clip(float x, float most)
{
	return x > most ? most : x < -most ? -most : x;
}

static void measure(float *x, const struct kb_question *q,
		    const struct kb_ranked *list, unsigned n)
{
	const float *m = list[0].m;
	float others = 0, units = q->weights + q->unknown;
	float pairs = q->pairs + q->unknown_pairs;

	for (unsigned i = 1; i < n; i++)
		others += expf(list[i].score - list[0].score);
	float second = n > 1 ? list[0].score - list[1].score : 8;
	float third = n > 2 ? list[0].score - list[2].score : 8;
	const float all[KB_SURE_N] = {
		clip(-logf(others + 1e-4f), 9),
		clip(second, 8),
		clip(third, 8),
		clip(list[0].score, 30) / 10,
		m[KB_M_asked],
		m[KB_M_said],
		m[KB_M_asked_pair],
		m[KB_M_said_pair],
		m[KB_M_order_said],
		m[KB_M_order_asked],
		m[KB_M_equal],
		m[KB_M_missed],
		m[KB_M_extra],
		units > 0 ? q->unknown / units : 1,
		pairs > 0 ? q->unknown_pairs / pairs : 1,
		m[KB_M_entry_pair],
		logf(1 + (float)q->n) / 4,
		m[KB_M_place_other] + m[KB_M_other],
	};
	memcpy(x, all, sizeof(all));
}

static unsigned in_force(struct kb_ranked *list, unsigned n,
			 const struct kb_index *ix, int32_t day, bool drafts)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct kb_doc *doc = &ix->docs[list[i].place];
		bool good = kb_doc_is_in_force(doc, day) ||
			    (drafts && doc->state < KB_CONFIRMED);
		if (good)
			list[k++] = list[i];
	}
	return k;
}

static int look(int64_t *rowp, float *x, struct kb_index *ix,
		const struct kb_query *q)
{
	scoped_mem struct kb_question *question = NULL;
	scoped_mem struct kb_recalled *recalled =
		mem_alloc(KB_RECALL_MAX * sizeof(*recalled), NULL);
	scoped_mem struct kb_ranked *ranked =
		mem_alloc(KB_RECALL_MAX * sizeof(*ranked), NULL);
	unsigned n = 0;

	if (!recalled || !ranked)
		return ENOMEM;
	size_t len = strnlen(q->text, KB_QUERY_MAX_BYTES);
	int err = kb_question_alloc(&question, ix, q->text, len);
	if (!err)
		err = kb_recall(recalled, &n, question, -1, q->cancelled);
	if (!err)
		err = kb_rank(ranked, question, recalled, n, q->cancelled);
	if (err)
		return err;
	n = in_force(ranked, n, ix, kb_day(q->day), q->drafts);
	if (!n)
		return ENOENT;
	*rowp = ix->docs[ranked[0].place].row;
	measure(x, question, ranked, n);
	return 0;
}

int kb_answer_look(struct kb_best *best, struct kb_index *ix, struct db *db,
		   const struct kb_query *q)
{
	scoped_stmt struct db_stmt *s = NULL;
	int64_t row = 0;

	memset(best, 0, sizeof(*best));
	int err = kb_index_sync(ix, db);
	if (err)
		return err;
	pthread_rwlock_rdlock(&ix->lock);
	err = look(&row, best->x, ix, q);
	pthread_rwlock_unlock(&ix->lock);
	if (!err)
		err = db_prepare(&s, db,
				 "SELECT id FROM kb_entry WHERE row=?");
	if (!err)
		err = db_bind(s, "i", row);
	if (!err)
		err = db_step(s);
	if (!err)
		utf8_copy(best->id, sizeof(best->id), db_str(s, 0));
	return err == ENOENT ? 0 : err;
}
