/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/snippet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/han.h"
#include "kb/token.h"

#define TEXT_UNITS 6000 /* of a text that is looked at */
#define PLACES_MAX 256
#define WINDOW	   150 /* bytes of the text */
#define LEAD	   24  /* bytes before the first match */

enum how { HOW_EXACT, HOW_PINYIN, HOW_LETTERS, HOW_SYNONYM, HOW_SOUND, HOWS };

static const char *const hows[HOWS] = {"exact", "pinyin", "letters", "synonym",
				       "sound"};

struct unit {
	uint32_t sym;
	uint32_t from, to; /* bytes */
	bool gap;
};

/* A unit of the text that says units of the question. */
struct place {
	uint32_t from, to;
	uint64_t units;
};

struct kb_marker {
	struct kb_question *q;
	uint64_t alone; /* units without a neighbour in the question */
	uint64_t spelled;
	uint64_t met[HOWS];
	bool letters; /* first letters were met */
	struct unit units[TEXT_UNITS];
	unsigned n;
	struct place places[PLACES_MAX];
	unsigned places_n;
};

static void marker_destructor(void *arg)
{
	struct kb_marker *m = arg;
	mem_deref(m->q);
}

int kb_marker_alloc(struct kb_marker **mp, struct kb_question *q)
{
	struct kb_marker *m = mem_zalloc(sizeof(*m), marker_destructor);

	if (!m)
		return ENOMEM;
	m->q = mem_ref(q);
	m->alone = q->all & ~q->follows & ~(q->follows >> 1);
	for (unsigned i = 0; i < q->n; i++) {
		if (q->units[i].kind == KB_UNIT_SYLLABLE)
			m->spelled |= 1ull << i;
	}
	*mp = m;
	return 0;
}

static int on_unit(const struct kb_unit *unit, void *arg)
{
	struct kb_marker *m = arg;

	if (m->n == TEXT_UNITS)
		return 1;
	m->units[m->n++] = (struct unit){.sym = unit->sym,
					 .from = (uint32_t)unit->from,
					 .to = (uint32_t)unit->to,
					 .gap = unit->gap};
	return 0;
}

/* Units i - back to i of the text say these of the question. */
static void mark(struct kb_marker *m, unsigned i, unsigned back,
		 uint64_t units, enum how how)
{
	m->met[how] |= units;
	for (unsigned k = i - back; k <= i; k++) {
		const struct unit *u = &m->units[k];
		struct place *last =
			m->places_n ? &m->places[m->places_n - 1] : NULL;
		if (last && last->from == u->from) {
			last->units |= units;
		} else if (last && last->from > u->from) {
			continue; /* it was marked already */
		} else if (m->places_n < PLACES_MAX) {
			m->places[m->places_n++] =
				(struct place){u->from, u->to, units};
		}
	}
}

/* ---- what is met ---- */

static void mark_exact(struct kb_marker *m, unsigned i, unsigned back,
		       uint64_t units)
{
	uint64_t spelled = units & m->spelled;

	mark(m, i, back, units, spelled ? HOW_PINYIN : HOW_EXACT);
}

/* The same phrase as the synonym, from the unit i on? */
static bool says(const struct kb_marker *m, unsigned i,
		 const struct kb_phrase *p)
{
	if (i + p->len > m->n)
		return false;
	for (unsigned k = 0; k < p->len; k++) {
		if (m->units[i + k].sym != p->syms[k] ||
		    (k && m->units[i + k].gap))
			return false;
	}
	return true;
}

static void meet_synonyms(struct kb_marker *m, unsigned i)
{
	const struct kb_question *q = m->q;

	for (unsigned k = 0; k < q->aliases_n; k++) {
		const struct kb_phrase *p = q->aliases[k].phrase;
		if (says(m, i, p))
			mark(m, i + p->len - 1u, p->len - 1u,
			     q->aliases[k].units, HOW_SYNONYM);
	}
}

static bool begins_with(uint32_t sym, char letter)
{
	uint16_t readings[HAN_READINGS_MAX];
	unsigned n = sym < 0x10000 ? han_readings(sym, readings) : 0;

	while (n--) {
		if (*han_syllable(readings[n]) == letter)
			return true;
	}
	return false;
}

static void meet_letters(struct kb_marker *m, unsigned i)
{
	const struct kb_question *q = m->q;
	unsigned k = 0;

	while (k < q->letters_n && i + k < m->n &&
	       begins_with(m->units[i + k].sym, q->letters[k]))
		k++;
	if (k < q->letters_n)
		return;
	m->letters = true;
	mark(m, i + k - 1, k - 1, q->all, HOW_LETTERS);
}

static void scan(struct kb_marker *m)
{
	struct kb_question *q = m->q;
	uint64_t last = 0, last_any = 0;

	m->places_n = 0;
	for (unsigned i = 0; i < m->n; i++) {
		const struct unit *u = &m->units[i];
		struct kb_meet met = kb_question_meet(q, u->sym);
		uint64_t any = met.exact | met.sound;
		if (u->gap)
			last = last_any = 0;
		uint64_t pair = last << 1 & met.exact & q->follows;
		uint64_t heard = last_any << 1 & any & q->follows & ~pair;
		uint64_t single = met.exact & (m->alone | q->latin);
		if (pair)
			mark_exact(m, i, 1, pair | pair >> 1);
		else if (heard)
			mark(m, i, 1, heard | heard >> 1, HOW_SOUND);
		if (single)
			mark_exact(m, i, 0, single);
		if (kb_question_may_alias(q, u->sym))
			meet_synonyms(m, i);
		if (q->letters_n)
			meet_letters(m, i);
		last = met.exact;
		last_any = any;
	}
}

/* Where no two stand together, one by one will do. */
static void scan_singles(struct kb_marker *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct kb_meet met = kb_question_meet(m->q, m->units[i].sym);
		uint64_t units = met.exact & ~m->q->filler;
		if (units)
			mark_exact(m, i, 0, units);
	}
}

/* ---- what is shown ---- */

static float weight_of(const struct kb_marker *m, uint64_t units)
{
	float sum = 0;

	for (; units; units &= units - 1)
		sum += .1f + m->q->weight[__builtin_ctzll(units)];
	return sum;
}

/* The first place of the window that says most of the question. */
static unsigned densest(const struct kb_marker *m)
{
	unsigned best = 0;
	float most = 0;

	for (unsigned i = 0; i < m->places_n; i++) {
		uint64_t seen = 0;
		for (unsigned k = i; k < m->places_n; k++) {
			const struct place *p = &m->places[k];
			if (p->to > m->places[i].from + WINDOW - LEAD)
				break;
			seen |= p->units;
		}
		float w = weight_of(m, seen);
		if (w > most) {
			most = w;
			best = i;
		}
	}
	return best;
}

static bool is_inside(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Places in [start, start + n) as marks; those that touch become one. */
static unsigned marks_in(struct kb_mark *marks, const struct kb_marker *m,
			 size_t start, size_t n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < m->places_n; i++) {
		const struct place *p = &m->places[i];
		if (p->from < start || p->to > start + n)
			continue;
		uint16_t from = (uint16_t)(p->from - start);
		uint16_t to = (uint16_t)(p->to - start);
		if (k && from <= marks[k - 1].from + marks[k - 1].len) {
			uint16_t len = (uint16_t)(to - marks[k - 1].from);
			if (len > marks[k - 1].len)
				marks[k - 1].len = len;
			continue;
		}
		if (k == KB_MARKS_MAX)
			break;
		marks[k].from = from;
		marks[k++].len = (uint16_t)(to - from);
	}
	return k;
}

static void read_text(struct kb_marker *m, const char *text, size_t len)
{
	m->n = 0;
	kb_token_units(text, len, on_unit, m);
	scan(m);
}

unsigned kb_marker_line(struct kb_mark marks[KB_MARKS_MAX],
			struct kb_marker *m, const char *text)
{
	size_t len = strlen(text);

	if (len > UINT16_MAX)
		return 0;
	read_text(m, text, len);
	return marks_in(marks, m, 0, len);
}

void kb_marker_body(struct kb_hit *hit, struct kb_marker *m, const char *body)
{
	size_t body_len = strlen(body), start = 0;

	read_text(m, body, body_len);
	if (!m->places_n)
		scan_singles(m);
	if (m->places_n) {
		start = m->places[densest(m)].from;
		start = start > LEAD ? start - LEAD : 0;
		while (start && is_inside(body[start]))
			start--;
	}
	size_t n = body_len - start;
	if (n > WINDOW)
		n = WINDOW;
	while (n && is_inside(body[start + n]))
		n--;
	memcpy(hit->snippet, body + start, n);
	hit->snippet[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (hit->snippet[i] == '\n' || hit->snippet[i] == '\t')
			hit->snippet[i] = ' ';
	}
	hit->marks_n = marks_in(hit->marks, m, start, n);
}

const char *kb_marker_how(struct kb_marker *m)
{
	uint64_t before = 0;
	unsigned best = HOWS;
	float most = 0;

	/* what was typed counts as such, however else it is there, too */
	for (unsigned i = 0; i < HOWS; i++) {
		float w = weight_of(m, m->met[i] & ~before);
		before |= m->met[i];
		if (w > most) {
			most = w;
			best = i;
		}
	}
	/* letters that are a word or syllables as well */
	if (m->letters &&
	    (m->met[HOW_EXACT] | m->met[HOW_PINYIN]) != m->q->all)
		best = HOW_LETTERS;
	memset(m->met, 0, sizeof(m->met));
	m->letters = false;
	return best < HOWS ? hows[best] : "";
}
