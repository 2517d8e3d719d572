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

#define STEPS	  12
#define PRIOR	  16.f /* cases that the general weights are worth, a weight */
#define SMOOTH	  60.f
#define CAUTION	  .3f /* standard errors that are taken off */
#define SLACK	  .05f
#define TIMES_MAX 50 /* how much larger a set is thought of */

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

/* Which cases a fit is for: those of which number % folds is not leave. */
struct sample_of {
	const struct kb_case *list;
	unsigned n, folds, leave;
};

static bool is_in(const struct sample_of *of, unsigned i)
{
	return !of->folds || i % of->folds != of->leave;
}

static double prior_of(unsigned i)
{
	return i == 0 ? 0.01 : (double)PRIOR;
}

/* What the fit makes small: the surprise of all cases, and how far the
 * weights went from the general ones. */
static double loss(const float *w, const struct sample_of *of)
{
	double sum = 0;

	for (unsigned i = 0; i < of->n; i++) {
		double z = (double)linear(w, of->list[i].x);
		if (!is_in(of, i))
			continue;
		z = of->list[i].right ? -z : z;
		sum += z > 30 ? z : log1p(exp(z));
	}
	for (unsigned i = 0; i < N; i++) {
		double d = (double)(w[i] - general[i]);
		sum += prior_of(i) * d * d / 2;
	}
	return sum;
}

/* A whole step may overshoot where few cases part the right from the wrong
 * cleanly: then a part of it. False: no part of it is better. */
static bool go(float w[N], const double step[N], double *at,
	       const struct sample_of *of)
{
	double part = 1;

	for (unsigned halved = 0; halved < 10; halved++) {
		float next[N];
		for (unsigned i = 0; i < N; i++)
			next[i] = w[i] + (float)(part * step[i]);
		double there = loss(next, of);
		if (there > *at) {
			part /= 2;
			continue;
		}
		memcpy(w, next, sizeof(next));
		*at = there;
		return true;
	}
	return false;
}

static void fit(float w[N], const struct sample_of *of)
{
	memcpy(w, general, sizeof(general));
	double at = loss(w, of);
	for (unsigned round = 0; round < STEPS; round++) {
		struct newton s = {.g = {0}};
		double step[N];
		for (unsigned i = 0; i < N; i++) {
			s.h[i][i] = prior_of(i);
			s.g[i] = prior_of(i) * (double)(general[i] - w[i]);
		}
		for (unsigned i = 0; i < of->n; i++) {
			if (is_in(of, i))
				add_case(&s, w, &of->list[i]);
		}
		solve(&s, step);
		if (!go(w, step, &at, of))
			return;
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
		fit(other.w, &(struct sample_of){list, c->n, FOLDS, f});
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
	fit(c->w, &(struct sample_of){.list = list, .n = n});
	judge(c, list);
	*cp = take(c);
	return 0;
}

unsigned kb_confidence_least(float precision)
{
	float allowed = 1 - precision;
	/* 0.99 is not quite 0.99 in binary */
	return allowed > 0 ? (unsigned)ceilf(1 / allowed - .01f) : UINT32_MAX;
}

/* What was right among the first i, drawn towards what their confidences
 * promised and less a part of the error that a sample of that size has: a
 * few lucky ones prove nothing. (Tried by drawing a thousand questions again
 * and again out of the public sets and answering the others.) */
static float limit_of(const struct kb_confidence *c, float precision,
		      unsigned times)
{
	float right = 0, sum = 0, limit = 2;

	for (unsigned i = 0; i < c->n; i++) {
		float n = (float)((i + 1) * times);
		right += (float)(c->list[i].right * times);
		sum += c->list[i].p * (float)times;
		float promised = sum / n;
		float seen = (right + SMOOTH * promised) / (n + SMOOTH);
		float error =
			sqrtf(precision * (1 - precision) / (n + SMOOTH));
		if ((i + 1) * times >= kb_confidence_least(precision) &&
		    seen - CAUTION * error >= precision &&
		    promised >= precision - SLACK)
			limit = c->list[i].p;
	}
	return limit;
}

float kb_confidence_limit(const struct kb_confidence *c, float precision)
{
	return limit_of(c, precision, 1);
}

unsigned kb_confidence_needs(const struct kb_confidence *c, float precision)
{
	unsigned least = kb_confidence_least(precision);

	for (unsigned times = 1; c->n && times <= TIMES_MAX; times++) {
		if (limit_of(c, precision, times) <= 1)
			return c->n * times;
	}
	return c->n < least ? least : 0;
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

/* What a question found, while the index is locked. */
struct found {
	struct kb_question *question;
	struct kb_ranked *list;
	unsigned n;
};

static void found_destructor(void *arg)
{
	struct found *f = arg;

	mem_deref(f->question);
	mem_deref(f->list);
}

static int find(struct found **fp, struct kb_index *ix,
		const struct kb_query *q, const struct kb_trial *trial)
{
	scoped_mem struct found *f = mem_zalloc(sizeof(*f), found_destructor);
	scoped_mem struct kb_recalled *recalled =
		mem_alloc(KB_RECALL_MAX * sizeof(*recalled), NULL);

	if (!f || !recalled)
		return ENOMEM;
	f->list = mem_alloc(KB_RECALL_MAX * sizeof(*f->list), NULL);
	if (!f->list)
		return ENOMEM;
	size_t len = strnlen(q->text, KB_QUERY_MAX_BYTES);
	int err = kb_question_alloc(&f->question, ix, q->text, len);
	if (err)
		return err;
	f->question->trial = kb_trial_number(trial);
	err = kb_recall(recalled, &f->n, f->question,
			kb_index_line(ix, q->line), q->cancelled);
	if (!err)
		err = kb_rank(f->list, f->question, recalled, f->n,
			      q->cancelled);
	if (err)
		return err;
	*fp = take(f);
	return 0;
}

/* The first that may be told; -1: none may. */
static int64_t first(float *x, const struct found *f,
		     const struct kb_index *ix, const struct kb_query *q)
{
	unsigned n = in_force(f->list, f->n, ix, kb_day(q->day), q->drafts);

	if (!n)
		return -1;
	measure(x, f->question, f->list, n);
	return ix->docs[f->list[0].place].row;
}

static int look(int64_t *rowp, float *x, struct kb_index *ix,
		const struct kb_query *q)
{
	scoped_mem struct found *f = NULL;
	int err = find(&f, ix, q, NULL);

	if (!err)
		*rowp = first(x, f, ix, q);
	return err;
}

static int name(struct kb_best *best, struct db *db, int64_t row)
{
	scoped_stmt struct db_stmt *s = NULL;

	if (row < 0)
		return 0;
	int err = db_query_row(&s, db, "SELECT id FROM kb_entry WHERE row=?",
			       "i", row);
	if (!err)
		utf8_copy(best->id, sizeof(best->id), db_str(s, 0));
	return err == ENOENT ? 0 : err;
}

int kb_answer_look(struct kb_best *best, struct kb_index *ix, struct db *db,
		   const struct kb_query *q)
{
	int64_t row = -1;

	memset(best, 0, sizeof(*best));
	int err = kb_index_sync(ix, db);
	if (err)
		return err;
	pthread_rwlock_rdlock(&ix->lock);
	err = look(&row, best->x, ix, q);
	pthread_rwlock_unlock(&ix->lock);
	return err ? err : name(best, db, row);
}

/* ---- without a release, and with it ---- */

/* Keeps those that one side sees: the entries as they are, or the trial's
 * texts and the entries that it leaves alone. */
static unsigned side(struct kb_ranked *out, const struct found *f,
		     const struct kb_index *ix, const struct kb_trial *trial,
		     bool after)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		const struct kb_doc *doc = &ix->docs[f->list[i].place];
		bool tried = doc->trial != 0;
		bool hidden =
			!tried && after && kb_trial_hides(trial, doc->row);
		if (!hidden && (after || !tried))
			out[n++] = f->list[i];
	}
	return n;
}

static int try_both(struct kb_tried *out, int64_t rows[2], struct kb_index *ix,
		    const struct kb_query *q, const struct kb_trial *trial)
{
	scoped_mem struct found *f = NULL;
	scoped_mem struct found *other = NULL;

	if (!kb_trial_stands(trial))
		return ESTALE;
	int err = find(&f, ix, q, trial);
	if (err)
		return err;
	other = mem_zalloc(sizeof(*other), found_destructor);
	if (!other)
		return ENOMEM;
	other->question = mem_ref(f->question);
	other->list = mem_alloc((f->n + 1) * sizeof(*other->list), NULL);
	if (!other->list)
		return ENOMEM;
	other->n = side(other->list, f, ix, trial, false);
	rows[0] = first(out->before.x, other, ix, q);
	other->n = side(other->list, f, ix, trial, true);
	rows[1] = first(out->after.x, other, ix, q);
	return 0;
}

int kb_answer_try(struct kb_tried *out, struct kb_index *ix, struct db *db,
		  const struct kb_query *q, const struct kb_trial *trial)
{
	int64_t rows[2] = {-1, -1};

	memset(out, 0, sizeof(*out));
	int err = kb_index_sync(ix, db);
	if (err)
		return err;
	pthread_rwlock_rdlock(&ix->lock);
	err = try_both(out, rows, ix, q, trial);
	pthread_rwlock_unlock(&ix->lock);
	if (!err)
		err = name(&out->before, db, rows[0]);
	return err ? err : name(&out->after, db, rows[1]);
}
