/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/rank.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kb/han.h"
#include "kb/manner.h"

#define BLOCK	     30 /* half a window of a body */
#define SOUND_SHARE  .8f
#define SHORT	     5.f /* units of a short question */
#define RUNS_MAX     16
#define LETTERS_TEXT 200

#define KB_NAME(name) #name,
const char *const kb_measure_names[KB_MEASURES] = {
	KB_WAY_MEASURES(KB_NAME) KB_ENTRY_MEASURES(KB_NAME)};

static const float weights[KB_MEASURES] = {
	[KB_M_asked] = 0.921f,	      [KB_M_said] = 2.039f,
	[KB_M_dice] = 2.232f,	      [KB_M_asked_pair] = -0.544f,
	[KB_M_said_pair] = 1.504f,    [KB_M_dice_pair] = 1.948f,
	[KB_M_rare_pair] = -0.073f,   [KB_M_order_asked] = 0.397f,
	[KB_M_order_said] = 1.405f,   [KB_M_run_asked] = -1.009f,
	[KB_M_run_said] = -1.328f,    [KB_M_equal] = -0.055f,
	[KB_M_missed] = -1.313f,      [KB_M_extra] = 0.504f,
	[KB_M_heard] = -1.749f,	      [KB_M_denied] = -0.261f,
	[KB_M_affirmed] = -0.525f,    [KB_M_failed] = 0.065f,
	[KB_M_manner] = 0.045f,	      [KB_M_other] = -0.297f,
	[KB_M_why] = -0.056f,	      [KB_M_when] = 0.061f,
	[KB_M_where] = 0.207f,	      [KB_M_much] = 0.516f,
	[KB_M_word_missed] = -2.284f, [KB_M_word_extra] = -0.008f,
	[KB_M_long_way] = -0.038f,    [KB_M_shorter] = -0.270f,
	[KB_M_longer] = -0.055f,      [KB_M_said_short] = 1.716f,
	[KB_M_extra_short] = -0.520f, [KB_M_asked_short] = -0.830f,
	[KB_M_entry] = 2.561f,	      [KB_M_entry_pair] = 1.086f,
	[KB_M_entry_rare] = 1.454f,   [KB_M_lacks] = 0.895f,
	[KB_M_ways] = -0.344f,	      [KB_M_body] = 0.396f,
	[KB_M_body_pair] = -1.132f,   [KB_M_window] = 0.711f,
	[KB_M_with_window] = 0.296f,  [KB_M_with_rare] = 2.746f,
	[KB_M_words] = 0.000f,	      [KB_M_place_same] = 2.603f,
	[KB_M_place_kin] = 3.010f,    [KB_M_place_other] = -2.635f,
	[KB_M_place_extra] = -0.499f, [KB_M_place_none] = -1.759f,
	[KB_M_recall] = 1.976f,	      [KB_M_second] = 0.591f,
	[KB_M_many] = 0.943f,	      [KB_M_letters] = 5.224f,
	[KB_M_letters_said] = 2.310f, [KB_M_letters_title] = 6.304f,
	[KB_M_tells] = 2.191f,	      [KB_M_tells_not] = 0.629f,
	[KB_M_body_dense] = 2.132f,
};

/* ---- what a text and the question have in common ---- */

struct common {
	uint64_t exact, sound; /* units */
	uint64_t pair, pair_sound;
	uint64_t alias;
	float said, said_met;
	float extra; /* the heaviest that is not met */
	unsigned len, pairs, pairs_met;
	unsigned order, run;
	unsigned words, words_met; /* in letters or digits */
};

static float sum(uint64_t set, const float *weight)
{
	float all = 0;

	for (; set; set &= set - 1)
		all += weight[__builtin_ctzll(set)];
	return all;
}

static float weight_of(const struct kb_index *ix, uint32_t sym)
{
	if (sym < 0x10000)
		return ix->weight[sym];
	const struct kb_term *t = kb_index_term(ix, kb_key(sym, 0));
	return kb_index_rare(ix, t ? t->docs : 0);
}

/* The runs that end at this symbol: runs[k] has those of k + 1 and more. */
static unsigned step_runs(uint64_t *runs, uint64_t met, uint64_t follows)
{
	uint64_t before = runs[0], now;
	unsigned best = 0;

	runs[0] = met;
	best = met != 0;
	for (unsigned k = 1; k < RUNS_MAX && (before || runs[k]); k++) {
		now = (before << 1) & met & follows;
		before = runs[k];
		runs[k] = now;
		if (now)
			best = k + 1;
	}
	return best;
}

static void compare(struct common *c, struct kb_question *q, const uint16_t *p,
		    unsigned len)
{
	const uint16_t *end = p + len;
	uint64_t open = ~0ull, runs[RUNS_MAX] = {0};
	uint64_t last = 0, last_any = 0, met_single = 0;
	float last_weight = 0;
	unsigned alias_left = 0;
	bool first = true;

	memset(c, 0, sizeof(*c));
	while (p < end) {
		uint32_t sym = kb_sym_next(&p);
		if (!sym) {
			last = last_any = 0;
			alias_left = 0;
			first = true;
			memset(runs, 0, sizeof(runs));
			continue;
		}
		struct kb_meet m = kb_question_meet(q, sym);
		if (kb_question_may_alias(q, sym)) {
			unsigned n;
			uint64_t units = kb_question_alias(q, sym, p, end, &n);
			c->alias |= units;
			if (n > alias_left)
				alias_left = n;
		}
		uint64_t any = m.exact | m.sound;
		uint64_t pair = (last << 1) & m.exact & q->follows;
		uint64_t heard = (last_any << 1) & any & q->follows;
		c->exact |= m.exact;
		c->pair |= pair;
		c->pair_sound |= heard;
		c->sound |= heard | heard >> 1;
		uint64_t u = open & m.exact;
		open = (open + u) | (open - u);
		unsigned run = step_runs(runs, any, q->follows);
		if (run > c->run)
			c->run = run;
		float w = weight_of(q->ix, sym);
		c->len++;
		c->words += sym >= 0x10000;
		c->words_met += sym >= 0x10000 && m.exact;
		c->said += w;
		if (!first) {
			c->pairs++;
			c->pairs_met += heard != 0;
		}
		/* by sound alone counts where its neighbour meets, too */
		bool met = m.exact || heard || alias_left;
		alias_left -= alias_left > 0;
		if (met)
			c->said_met += w;
		if (heard && !met_single && !last)
			c->said_met += last_weight;
		if (!met && w > c->extra)
			c->extra = w;
		met_single = met;
		last = m.exact;
		last_any = any;
		last_weight = w;
		first = false;
	}
	c->sound |= c->alias;
	c->pair_sound |= c->alias & c->alias << 1 & q->follows;
	c->order = (unsigned)__builtin_popcountll(~open & q->all);
	c->pair_sound &= ~c->pair;
	c->sound &= ~c->exact;
}

static float share(float part, float whole)
{
	return whole > 0 ? part / whole : 0;
}

static float unit_share(const struct kb_question *q, uint64_t exact,
			uint64_t sound)
{
	return share(sum(exact, q->weight) +
			     SOUND_SHARE * sum(sound & ~exact, q->weight),
		     q->weights);
}

static float pair_share(const struct kb_question *q, uint64_t exact,
			uint64_t sound)
{
	return share(sum(exact, q->pair) +
			     SOUND_SHARE * sum(sound & ~exact, q->pair),
		     q->pairs);
}

/* The same with the square of the weights. */
static float rare_share(const struct kb_question *q, uint64_t exact,
			uint64_t sound)
{
	float have = 0, all = 0;

	for (uint64_t left = q->paired; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		float w = q->pair[i] * q->pair[i];
		all += w;
		have += exact >> i & 1	 ? w
			: sound >> i & 1 ? SOUND_SHARE * w
					 : 0;
	}
	return share(have, all);
}

static float heaviest(uint64_t set, const float *weight)
{
	float best = 0;

	for (; set; set &= set - 1) {
		float w = weight[__builtin_ctzll(set)];
		if (w > best)
			best = w;
	}
	return best;
}

static void best_of(float *best, float one)
{
	if (one > *best)
		*best = one;
}

static float dice(float a, float b)
{
	return a + b > 0 ? 2 * a * b / (a + b) : 0;
}

/* ---- one way to ask ---- */

static void measure_manner(float *m, const struct kb_question *q,
			   uint16_t manner)
{
	uint16_t a = q->manner & KB_ASKING, b = manner & KB_ASKING;

	m[KB_M_denied] = (float)((manner & ~q->manner & KB_NOT) != 0);
	m[KB_M_affirmed] = (float)((q->manner & ~manner & KB_NOT) != 0);
	m[KB_M_why] = (float)(((a ^ b) & KB_WHY) != 0);
	m[KB_M_when] = (float)(((a ^ b) & KB_WHEN) != 0);
	m[KB_M_where] = (float)(((a ^ b) & KB_WHERE) != 0);
	m[KB_M_much] = (float)(((a ^ b) & KB_MUCH) != 0);
	m[KB_M_failed] =
		(float)(!(q->manner & KB_FAIL) != !(manner & KB_FAIL));
	m[KB_M_manner] = (float)((a & b) != 0);
	m[KB_M_other] = (float)(a && b && !(a & b));
}

static void measure_way(float *m, const struct kb_question *q,
			const struct common *c, uint16_t manner)
{
	float n = (float)q->n, len = (float)c->len;
	uint64_t met = c->exact | c->sound;

	memset(m, 0, KB_MEASURES * sizeof(*m));
	m[KB_M_asked] = unit_share(q, c->exact, c->sound);
	m[KB_M_said] = share(c->said_met, c->said);
	m[KB_M_dice] = dice(m[KB_M_asked], m[KB_M_said]);
	m[KB_M_asked_pair] = pair_share(q, c->pair, c->pair_sound);
	m[KB_M_said_pair] = share((float)c->pairs_met, (float)c->pairs);
	m[KB_M_dice_pair] = dice(m[KB_M_asked_pair], m[KB_M_said_pair]);
	m[KB_M_rare_pair] = rare_share(q, c->pair, c->pair_sound);
	m[KB_M_order_asked] = share((float)c->order, n);
	m[KB_M_order_said] = share((float)c->order, len);
	m[KB_M_run_asked] = share((float)c->run, n);
	m[KB_M_run_said] = share((float)c->run, len);
	m[KB_M_equal] = c->run == c->len && c->len == q->n;
	m[KB_M_missed] = share(heaviest(q->known & ~met, q->weight), 8);
	m[KB_M_extra] = share(c->extra, 8);
	m[KB_M_heard] = share(sum(c->sound, q->weight), q->weights);
	m[KB_M_long_way] = len > 0 ? logf(len) / 4 : 0;
	float ratio = n > 0 && len > 0 ? logf(len / n) : 0;
	m[KB_M_longer] = ratio > 0 ? ratio : 0;
	m[KB_M_shorter] = ratio < 0 ? -ratio : 0;
	unsigned words = (unsigned)__builtin_popcountll(q->latin & q->known);
	unsigned met_words =
		(unsigned)__builtin_popcountll(q->latin & c->exact);
	m[KB_M_word_missed] = share((float)(words - met_words), (float)words);
	m[KB_M_word_extra] =
		share((float)(c->words - c->words_met), (float)c->words);
	float brief = n > SHORT ? SHORT / n : 1;
	m[KB_M_said_short] = brief * m[KB_M_said];
	m[KB_M_extra_short] = brief * m[KB_M_extra];
	m[KB_M_asked_short] = brief * m[KB_M_asked];
	measure_manner(m, q, manner);
}

static float score_of(const float *m, unsigned from, unsigned to)
{
	float score = 0;

	for (unsigned i = from; i < to; i++)
		score += weights[i] * m[i];
	return score;
}

/* ---- first letters ---- */

/* How many of the letters, and what part of the text, where they stand in a
 * row; a place where they all stand. */
static void measure_letters(float *m, const struct kb_question *q,
			    const uint16_t *p, unsigned len)
{
	const uint16_t *end = p + len;
	uint32_t syms[LETTERS_TEXT];
	unsigned n = 0;

	while (p < end && n < LETTERS_TEXT) {
		syms[n] = kb_sym_next(&p);
		n += syms[n] != 0;
	}
	for (unsigned i = 0; i + q->letters_n <= n; i++) {
		unsigned k = 0;
		while (k < q->letters_n) {
			uint16_t readings[HAN_READINGS_MAX];
			unsigned r =
				syms[i + k] < 0x10000
					? han_readings(syms[i + k], readings)
					: 0;
			bool fits = false;
			while (r-- && !fits)
				fits = *han_syllable(readings[r]) ==
				       q->letters[k];
			if (!fits)
				break;
			k++;
		}
		if (k < q->letters_n)
			continue;
		float said = (float)k / (float)n;
		m[KB_M_letters] = 1;
		if (said > m[KB_M_letters_said])
			m[KB_M_letters_said] = said;
	}
}

/* ---- the entry ---- */

struct looking {
	struct kb_question *q;
	uint64_t exact, sound, pair, pair_sound; /* anywhere */
	uint64_t asked, asked_sound;		 /* pairs of ways to ask */
	float best, second;
	unsigned ways;
	float letters, letters_said, letters_title;
};

static void look_way(struct kb_ranked *r, struct looking *l,
		     const struct kb_doc *doc, const struct kb_span *t,
		     const struct common *c)
{
	float m[KB_MEASURES];

	measure_way(m, l->q, c, t->manner);
	float score = score_of(m, 0, KB_M_entry);
	l->ways++;
	if (l->q->letters_n) {
		float f[KB_MEASURES] = {0};
		measure_letters(f, l->q, doc->syms + t->from, t->len);
		if (f[KB_M_letters] > l->letters)
			l->letters = f[KB_M_letters];
		if (f[KB_M_letters_said] > l->letters_said)
			l->letters_said = f[KB_M_letters_said];
		if (f[KB_M_letters] > 0 && t->part == KB_PART_TITLE)
			l->letters_title = 1;
	}
	if (l->ways > 1 && score <= l->best) {
		if (l->ways == 2 || score > l->second)
			l->second = score;
		return;
	}
	l->second = l->ways > 1 ? l->best : score;
	l->best = score;
	memcpy(r->m, m, sizeof(m));
	r->part = t->part;
}

/* A body in one walk: what it has of the question, and the window that has
 * most of it, by itself and together with what the ways to ask have. Most
 * symbols meet nothing: they cost a look into a table. */
struct body {
	uint64_t before, now; /* pairs in this block and the one before */
	uint64_t last, last_any;
	uint64_t asked; /* pairs that the ways to ask have */
};

static void end_block(float *m, struct body *b, const struct kb_question *q)
{
	if (b->now) {
		uint64_t both = b->now | b->before;
		best_of(&m[KB_M_window], pair_share(q, both, 0));
		best_of(&m[KB_M_with_window],
			pair_share(q, both | b->asked, 0));
		best_of(&m[KB_M_with_rare], rare_share(q, both | b->asked, 0));
	}
	b->before = b->now;
	b->now = 0;
}

static void meet_body(struct common *c, struct body *b, struct kb_question *q,
		      struct kb_meet met)
{
	uint64_t any = met.exact | met.sound;
	uint64_t heard = (b->last_any << 1) & any & q->follows;

	c->exact |= met.exact;
	c->pair |= (b->last << 1) & met.exact & q->follows;
	c->pair_sound |= heard;
	c->sound |= heard | heard >> 1;
	b->now |= heard;
	b->last = met.exact;
	b->last_any = any;
}

static void look_body(float *m, struct common *c, struct kb_question *q,
		      const struct looking *l, const uint16_t *p,
		      const uint16_t *end)
{
	struct body b = {.asked = l->asked | l->asked_sound};
	unsigned n = 0;

	memset(c, 0, sizeof(*c));
	m[KB_M_with_window] = pair_share(q, b.asked, 0);
	m[KB_M_with_rare] = rare_share(q, b.asked, 0);
	for (; p < end; c->len++) {
		uint32_t sym = kb_sym_next(&p);
		if (++n == BLOCK) {
			end_block(m, &b, q);
			n = 0;
		}
		if (!sym ||
		    (sym < 0x10000 && q->meet_at[sym] == KB_MEET_NOTHING)) {
			b.last = b.last_any = 0;
			continue;
		}
		meet_body(c, &b, q, kb_question_meet(q, sym));
	}
	end_block(m, &b, q);
	c->pair_sound &= ~c->pair;
	c->sound &= ~c->exact;
	m[KB_M_body] = unit_share(q, c->exact, c->sound);
	m[KB_M_body_pair] = pair_share(q, c->pair, c->pair_sound);
}

static void measure_places(float *m, const struct kb_question *q,
			   const struct kb_doc *doc)
{
	float same = 0, kin = 0;

	for (unsigned i = 0; i < q->places_n; i++) {
		for (unsigned k = 0; k < doc->places_n; k++) {
			float one = kb_place_kin(q->places[i], doc->places[k]);
			if (one == 1 && k < doc->titled_n)
				same = 1;
			else if (one == 1 && same < .5f)
				same = .5f;
			else if (one > kin && k < doc->titled_n)
				kin = one;
		}
	}
	m[KB_M_place_same] = same;
	m[KB_M_place_kin] = same > 0 ? 0 : kin;
	m[KB_M_place_other] =
		q->places_n && doc->titled_n && same == 0 && kin == 0;
	m[KB_M_place_extra] = !q->places_n && doc->titled_n;
	m[KB_M_place_none] = q->places_n && !doc->titled_n && same == 0;
}

static void look_any(struct looking *l, const struct common *c)
{
	l->exact |= c->exact;
	l->sound |= c->sound;
	l->pair |= c->pair;
	l->pair_sound |= c->pair_sound;
}

static void look(struct kb_ranked *r, struct kb_question *q,
		 const struct kb_recalled *one)
{
	const struct kb_doc *doc = &q->ix->docs[one->place];
	struct looking l = {.q = q};
	const struct kb_span *body = NULL;
	struct common c;
	float in_words = 0, *m = r->m;

	memset(r, 0, sizeof(*r));
	r->place = one->place;
	for (unsigned i = 0; i < doc->texts_n; i++) {
		const struct kb_span *t = &doc->texts[i];
		if (t->part == KB_PART_BODY) {
			body = t;
			continue;
		}
		compare(&c, q, doc->syms + t->from, t->len);
		look_any(&l, &c);
		if (t->part <= KB_PART_ASK) {
			l.asked |= c.pair;
			l.asked_sound |= c.pair_sound;
			look_way(r, &l, doc, t, &c);
		} else {
			float w = pair_share(q, c.pair, c.pair_sound);
			in_words = w > in_words ? w : in_words;
		}
	}
	if (body) {
		const uint16_t *p = doc->syms + body->from;
		look_body(m, &c, q, &l, p, p + body->len);
		look_any(&l, &c);
		m[KB_M_body_dense] =
			m[KB_M_body_pair] / logf(4 + (float)c.len) * 3;
	}
	m[KB_M_words] = in_words;
	m[KB_M_entry] = unit_share(q, l.exact, l.sound);
	m[KB_M_entry_pair] = pair_share(q, l.pair, l.pair_sound);
	m[KB_M_entry_rare] = rare_share(q, l.pair, l.pair_sound);
	m[KB_M_lacks] =
		heaviest(q->paired & ~(l.pair | l.pair_sound), q->pair) / 8;
	m[KB_M_ways] = pair_share(q, l.asked, l.asked_sound);
	m[KB_M_recall] = one->score;
	m[KB_M_second] = l.ways > 1 ? l.second - l.best : 0;
	m[KB_M_many] = l.ways > 1 ? logf((float)l.ways) / 4 : 0;
	m[KB_M_letters] = l.letters;
	m[KB_M_letters_said] = l.letters_said;
	m[KB_M_letters_title] = l.letters_title;
	if (body && q->wants) {
		m[KB_M_tells] = (float)((q->wants & doc->tells) != 0);
		m[KB_M_tells_not] = (float)((q->wants & ~doc->tells) != 0);
	}
	measure_places(m, q, doc);
	if (m[KB_M_asked_pair] < .1f && m[KB_M_body_pair] > .2f)
		r->part = KB_PART_BODY;
	else if (m[KB_M_asked_pair] < .1f && m[KB_M_words] > .2f)
		r->part = KB_PART_WORDS;
	r->score = score_of(m, 0, KB_MEASURES);
}

static int by_score(const void *x, const void *y)
{
	const struct kb_ranked *a = x, *b = y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

int kb_rank(struct kb_ranked *out, struct kb_question *q,
	    const struct kb_recalled *list, unsigned n,
	    const atomic_bool *cancelled)
{
	for (unsigned i = 0; i < n; i++) {
		look(&out[i], q, &list[i]);
		if (cancelled && atomic_load(cancelled))
			return ECANCELED;
	}
	if (n)
		qsort(out, n, sizeof(*out), by_score);
	return 0;
}
