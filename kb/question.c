/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/question.h"

#include <errno.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/han.h"
#include "kb/manner.h"
#include "kb/token.h"

#define RAW_MAX	       400
#define CHAIN_MAX      256 /* pairs of one sound that are looked at */
#define RARE_DOCS      2   /* a pair this rare may be a slip */
#define FILLER_WEIGHT  .35f
#define SINGLE_WEIGHT  .4f
#define SOUND_WEIGHT   .6f
#define LETTERS_WEIGHT 1.f
#define ALIAS_WEIGHT   .6f

struct raw {
	uint32_t sym;
	bool gap;
	uint8_t kind;
	bool prefix;
	bool filler;
};

struct reading {
	struct kb_question *q;
	const struct kb_index *ix;
	size_t len;	  /* bytes of the question */
	size_t number_to; /* end of the number of a document */
	struct raw raw[RAW_MAX];
	unsigned n;
};

/* ---- the question's units ---- */

static void add(struct reading *r, uint32_t sym, bool gap,
		enum kb_unit_kind kind)
{
	if (r->n < RAW_MAX)
		r->raw[r->n++] = (struct raw){
			.sym = sym, .gap = gap, .kind = (uint8_t)kind};
}

static bool is_letters(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] < 'a' || s[i] > 'z')
			return false;
	}
	return len > 0;
}

/* Letters that are no word of any entry: pinyin, first letters, or the
 * beginning of a word. */
static bool add_pinyin(struct reading *r, const struct kb_unit *u)
{
	uint16_t syllables[KB_UNITS_MAX];
	size_t tail;

	if (!is_letters(u->word, u->len))
		return false;
	if (u->len >= 2 && u->len <= KB_LETTERS_MAX && !r->q->letters_n) {
		memcpy(r->q->letters, u->word, u->len);
		r->q->letters_n = (unsigned)u->len;
	}
	unsigned n = han_cut(u->word, u->len, syllables, KB_UNITS_MAX, &tail);
	/* letters left over belong to the syllable being typed */
	if (!n || (tail && u->to != r->len))
		return false;
	for (unsigned i = 0; i < n; i++)
		add(r, syllables[i], u->gap && i == 0, KB_UNIT_SYLLABLE);
	return true;
}

static bool begins_word(const struct kb_index *ix, const char *s, size_t len)
{
	for (uint32_t i = 0; i < ix->words_n; i++) {
		if (!memcmp(ix->words[i].text, s, len))
			return true;
	}
	return false;
}

static int on_unit(const struct kb_unit *u, void *arg)
{
	struct reading *r = arg;

	if (!(u->sym & KB_SYM_WORD) && u->to > r->number_to) {
		add(r, u->sym, u->gap, KB_UNIT_CHAR);
		return 0;
	}
	/* of a document's number the parts say nothing more */
	if (u->to <= r->number_to)
		return 0;
	if (u->len > 3 && (unsigned char)*u->word == 0xE3)
		r->number_to = u->to;
	bool last = u->to == r->len && u->len > 1 &&
		    u->len < sizeof(r->ix->words->text);
	if (kb_index_term(r->ix, kb_key(u->sym, 0)) ||
	    (last && begins_word(r->ix, u->word, u->len))) {
		add(r, u->sym, u->gap, KB_UNIT_WORD);
		r->raw[r->n - 1].prefix = last;
		return 0;
	}
	if (!add_pinyin(r, u))
		add(r, u->sym, u->gap, KB_UNIT_WORD);
	return 0;
}

/* Fillers are marked; of a question that is too long they go first. */
static void weed(struct reading *r)
{
	uint32_t syms[RAW_MAX];
	uint8_t filler[RAW_MAX] = {0};
	unsigned n = r->n;

	for (unsigned i = 0; i < n; i++)
		syms[i] =
			r->raw[i].kind == KB_UNIT_SYLLABLE ? 1 : r->raw[i].sym;
	r->q->manner = kb_manner(syms, n, filler);
	r->q->wants = kb_wants(syms, n, r->q->manner);
	for (unsigned i = 0; i < n; i++)
		r->raw[i].filler = filler[i];
	r->q->places_n = kb_places(r->q->places, 0, syms, n);
	for (unsigned i = 0; i < r->n && r->n > KB_UNITS_MAX;) {
		if (!r->raw[i].filler) {
			i++;
			continue;
		}
		r->n--;
		memmove(r->raw + i, r->raw + i + 1,
			(r->n - i) * sizeof(*r->raw));
		if (i < r->n)
			r->raw[i].gap = true;
	}
	if (r->n > KB_UNITS_MAX)
		r->n = KB_UNITS_MAX;
}

static void settle(struct reading *r)
{
	struct kb_question *q = r->q;

	for (unsigned i = 0; i < r->n; i++) {
		const struct raw *raw = &r->raw[i];
		uint64_t bit = 1ull << i;
		q->units[i].sym = raw->sym;
		q->units[i].kind = raw->kind;
		q->units[i].prefix = raw->prefix;
		q->all |= bit;
		q->follows |= raw->gap || i == 0 ? 0 : bit;
		q->filler |= raw->filler ? bit : 0;
		if (raw->kind == KB_UNIT_WORD) {
			q->latin |= bit;
		} else if (raw->kind == KB_UNIT_SYLLABLE) {
			q->sounds[raw->sym] |= bit;
		} else {
			uint16_t readings[HAN_READINGS_MAX];
			unsigned k = han_readings(raw->sym, readings);
			while (k--)
				q->sounds[readings[k]] |= bit;
		}
	}
	q->n = r->n;
}

/* ---- what a symbol meets ---- */

struct kb_meet kb_question_word(const struct kb_question *q, uint32_t sym)
{
	struct kb_meet m = {0, 0};

	for (uint64_t left = q->latin; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		if (q->units[i].sym == sym)
			m.exact |= 1ull << i;
	}
	return m;
}

const struct kb_meet *kb_question_learn(struct kb_question *q, uint32_t sym)
{
	uint16_t readings[HAN_READINGS_MAX];
	struct kb_meet m = {0, 0};

	for (unsigned i = 0; i < q->n; i++) {
		if (q->units[i].kind == KB_UNIT_CHAR && q->units[i].sym == sym)
			m.exact |= 1ull << i;
	}
	unsigned n = han_readings(sym, readings);
	for (unsigned k = 0; k < n; k++)
		m.sound |= q->sounds[readings[k]];
	m.sound &= ~m.exact;
	/* a syllable is met by each character that reads so */
	for (uint64_t left = m.sound; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		if (q->units[i].kind == KB_UNIT_SYLLABLE) {
			m.exact |= 1ull << i;
			m.sound &= ~(1ull << i);
		}
	}
	/* most characters meet nothing and share the first place */
	if (!q->meets_n)
		q->meets[q->meets_n++] = (struct kb_meet){0, 0};
	unsigned at = 0;
	if (m.exact || m.sound) {
		if (q->meets_n == KB_MEETS_MAX)
			return &q->meets[0];
		at = q->meets_n++;
		q->meets[at] = m;
	}
	q->meet_at[sym] = (uint16_t)(at + 1);
	return &q->meets[at];
}

/* ---- terms ---- */

static void group_term(struct kb_group *g, const struct kb_index *ix,
		       const struct kb_term *t)
{
	uint32_t number = (uint32_t)(t - ix->terms);
	unsigned at = g->terms_n;

	if (!t->docs)
		return;
	for (unsigned i = 0; i < g->terms_n; i++) {
		if (g->terms[i] == number)
			return;
	}
	if (at == KB_LISTS_MAX) {
		at = 0; /* the least common gives way */
		for (unsigned i = 1; i < KB_LISTS_MAX; i++) {
			if (ix->terms[g->terms[i]].docs <
			    ix->terms[g->terms[at]].docs)
				at = i;
		}
		if (ix->terms[g->terms[at]].docs >= t->docs)
			return;
		g->docs -= ix->terms[g->terms[at]].docs;
	} else {
		g->terms_n++;
	}
	g->terms[at] = number;
	g->docs += t->docs;
}

static void group_key(struct kb_group *g, const struct kb_index *ix,
		      uint64_t key)
{
	const struct kb_term *t = kb_index_term(ix, key);

	if (t)
		group_term(g, ix, t);
}

/* Does the character read like the unit? */
static bool reads_like(const struct kb_question *q, uint32_t sym, unsigned i)
{
	uint16_t readings[HAN_READINGS_MAX];
	unsigned n = han_readings(sym, readings);

	while (n--) {
		if (q->sounds[readings[n]] >> i & 1)
			return true;
	}
	return false;
}

static unsigned sounds_of(const struct kb_question *q, unsigned i,
			  uint16_t out[HAN_READINGS_MAX])
{
	if (q->units[i].kind == KB_UNIT_SYLLABLE) {
		out[0] = (uint16_t)q->units[i].sym;
		return 1;
	}
	return q->units[i].kind == KB_UNIT_CHAR
		       ? han_readings(q->units[i].sym, out)
		       : 0;
}

/* Pairs (or single characters) that read like units i - 1 and i (i). */
static void group_chain(struct kb_group *g, const struct kb_question *q,
			uint32_t at, unsigned i, bool pair)
{
	const struct kb_index *ix = q->ix;

	for (unsigned k = 0; at && k < CHAIN_MAX; k++) {
		const struct kb_sound *s = &ix->sounds[at - 1];
		const struct kb_term *t = &ix->terms[s->term];
		uint32_t a = (uint32_t)(t->key >> 32), b = (uint32_t)t->key;
		if (pair ? reads_like(q, a, i - 1) && reads_like(q, b, i)
			 : reads_like(q, a, i))
			group_term(g, ix, t);
		at = s->next;
	}
}

static void group_sounds(struct kb_group *g, const struct kb_question *q,
			 unsigned i, bool pair)
{
	uint16_t a[HAN_READINGS_MAX] = {0}, b[HAN_READINGS_MAX];
	unsigned na = pair ? sounds_of(q, i - 1, a) : 1;
	unsigned nb = sounds_of(q, i, b);
	const struct kb_index *ix = q->ix;

	for (unsigned x = 0; x < na; x++) {
		for (unsigned y = 0; y < nb; y++) {
			uint32_t s = han_sound(b[y]);
			uint32_t at =
				pair ? ix->pairs[han_sound(a[x]) *
							 han_syllables() +
						 s]
				     : ix->singles[s];
			group_chain(g, q, at, i, pair);
		}
	}
}

static struct kb_group *group_new(struct kb_question *q)
{
	if (q->groups_n == KB_GROUPS_MAX)
		return NULL;
	struct kb_group *g = &q->groups[q->groups_n];
	memset(g, 0, sizeof(*g));
	return g;
}

static void group_keep(struct kb_question *q, struct kb_group *g, float share)
{
	if (!g->terms_n)
		return;
	g->weight = share * kb_index_rare(q->ix, g->docs);
	q->groups_weight += g->weight;
	q->groups_n++;
}

static void ask_single(struct kb_question *q, unsigned i)
{
	uint32_t docs = 0;
	struct kb_group *g = group_new(q);

	if (!g)
		return;
	if (q->units[i].kind == KB_UNIT_SYLLABLE)
		group_sounds(g, q, i, false);
	else
		group_key(g, q->ix, kb_key(q->units[i].sym, 0));
	docs = g->docs;
	if (docs)
		q->known |= 1ull << i;
	q->weight[i] = kb_index_rare(q->ix, docs);
	bool filler = q->filler >> i & 1;
	if (filler)
		q->weight[i] *= FILLER_WEIGHT;
	group_keep(q, g,
		   q->units[i].kind == KB_UNIT_WORD ? 1.f
		   : filler ? SINGLE_WEIGHT * FILLER_WEIGHT
			    : SINGLE_WEIGHT);
}

/* The pair that ends at unit i. A slip of the same sound is looked for
 * where nobody writes the pair as it stands. */
static void ask_pair(struct kb_question *q, unsigned i)
{
	bool spelled = q->units[i].kind == KB_UNIT_SYLLABLE ||
		       q->units[i - 1].kind == KB_UNIT_SYLLABLE;
	bool filler = (q->filler >> i & 1) && (q->filler >> (i - 1) & 1);
	struct kb_group *g = group_new(q);
	float share = 1;

	if (!g)
		return;
	if (!spelled)
		group_key(g, q->ix,
			  kb_key(q->units[i - 1].sym, q->units[i].sym));
	if (spelled || (g->docs <= RARE_DOCS && !filler)) {
		if (!spelled && !g->docs)
			share = SOUND_WEIGHT;
		group_sounds(g, q, i, true);
	}
	if (g->docs)
		q->paired |= 1ull << i;
	q->pair[i] = kb_index_rare(q->ix, g->docs);
	if (filler)
		q->pair[i] *= FILLER_WEIGHT;
	group_keep(q, g, filler ? FILLER_WEIGHT : share);
}

/* A word that is being typed is any word that begins like it. */
static void ask_prefix(struct kb_question *q, const char *text, size_t len)
{
	struct kb_group *g = group_new(q);
	size_t n = 0;

	while (n < len && n + 1 < sizeof(q->ix->words->text)) {
		unsigned char c = (unsigned char)text[len - n - 1];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9')))
			break;
		n++;
	}
	if (!g || n < 2)
		return;
	for (uint32_t i = 0; i < q->ix->words_n; i++) {
		if (!strncasecmp(q->ix->words[i].text, text + len - n, n))
			group_key(g, q->ix, kb_key(q->ix->words[i].sym, 0));
	}
	group_keep(q, g, 1);
}

/* All runs of three first letters (or the two that there are). */
static void ask_letters(struct kb_question *q)
{
	unsigned n = q->letters_n < 3 ? q->letters_n : 3;

	for (unsigned i = 0; n && i + n <= q->letters_n; i++) {
		struct kb_group *g = group_new(q);
		uint32_t packed = 0;
		for (unsigned k = 0; k < n; k++)
			packed =
				packed << 8 | (unsigned char)q->letters[i + k];
		if (!g)
			return;
		group_key(g, q->ix, kb_key(packed, KB_KEY_LETTERS));
		group_keep(q, g, LETTERS_WEIGHT);
	}
}

/* ---- the same in other words ---- */

static void alias_add(struct kb_question *q, const struct kb_phrase *p,
		      uint64_t units, struct kb_group *g)
{
	if (q->aliases_n == KB_ALIASES_MAX)
		return;
	q->aliases[q->aliases_n++] = (struct kb_alias){p, units};
	q->alias_first[p->syms[0] >> 5] |= 1u << (p->syms[0] & 31);
	if (g)
		group_key(g, q->ix,
			  kb_key(p->syms[0], p->len > 1 ? p->syms[1] : 0));
}

static unsigned alias_at(struct kb_question *q, unsigned at,
			 const uint32_t *syms)
{
	const struct kb_synonyms *s = q->ix->synonyms;
	const struct kb_phrase *said = kb_synonyms_find(s, syms, q->n - at);

	for (unsigned i = 1; said && i < said->len; i++) {
		if (!(q->follows >> (at + i) & 1))
			said = NULL;
	}
	if (!said)
		return 1;
	uint64_t units = ((1ull << said->len) - 1) << at;
	struct kb_group *g = group_new(q);
	for (uint32_t k = 0; k < s->n; k++) {
		const struct kb_phrase *p = &s->list[k];
		if (p->group == said->group && p != said)
			alias_add(q, p, units, g);
	}
	if (g)
		group_keep(q, g, ALIAS_WEIGHT);
	return said->len;
}

static void find_aliases(struct kb_question *q)
{
	uint32_t syms[KB_UNITS_MAX];

	for (unsigned i = 0; i < q->n; i++)
		syms[i] = q->units[i].kind == KB_UNIT_CHAR ? q->units[i].sym
							   : UINT32_MAX;
	for (unsigned i = 0; q->ix->synonyms && i < q->n;)
		i += alias_at(q, i, syms + i);
}

uint64_t kb_question_alias(const struct kb_question *q, uint32_t sym,
			   const uint16_t *p, const uint16_t *end,
			   unsigned *len)
{
	uint64_t units = 0;

	*len = 0;
	for (unsigned i = 0; i < q->aliases_n; i++) {
		const struct kb_phrase *one = q->aliases[i].phrase;
		size_t rest = one->len - 1u;
		if (one->syms[0] != sym || (size_t)(end - p) < rest ||
		    memcmp(p, one->syms + 1, rest * sizeof(*p)))
			continue;
		units |= q->aliases[i].units;
		if (one->len > *len)
			*len = one->len;
	}
	return units;
}

static void weigh(struct kb_question *q)
{
	for (unsigned i = 0; i < q->n; i++) {
		ask_single(q, i);
		if (q->follows >> i & 1)
			ask_pair(q, i);
	}
	find_aliases(q);
	/* what stands in bodies alone is known by its pairs */
	q->known |= q->paired | q->paired >> 1;
	/* what no entry has tells them apart by nothing */
	for (unsigned i = 0; i < q->n; i++) {
		if (!(q->known >> i & 1)) {
			q->unknown += q->weight[i];
			q->weight[i] = 0;
		}
		if (!(q->paired >> i & 1)) {
			q->unknown_pairs += q->pair[i];
			q->pair[i] = 0;
		}
		q->weights += q->weight[i];
		q->pairs += q->pair[i];
	}
}

int kb_question_alloc(struct kb_question **qp, const struct kb_index *ix,
		      const char *text, size_t len)
{
	scoped_mem struct kb_question *q = mem_zalloc(sizeof(*q), NULL);
	if (!q)
		return ENOMEM;
	struct reading r = {.q = q, .ix = ix, .len = len};

	q->ix = ix;
	int err = kb_token_units(text, len, on_unit, &r);
	if (err)
		return err;
	weed(&r);
	settle(&r);
	weigh(q);
	ask_letters(q);
	if (q->n && q->units[q->n - 1].prefix)
		ask_prefix(q, text, len);
	*qp = take(q);
	return 0;
}
