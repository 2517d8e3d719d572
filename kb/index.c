/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/index.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/han.h"
#include "kb/manner.h"
#include "kb/token.h"

#define ROWS_MAX   (1u << 26)
#define LINES_MAX  1000
#define TEXTS_MAX  (KB_ASKS_MAX + 4)
#define TEXT_MAX   60000 /* units of one text */
#define SYMS_MAX   (KB_ENTRY_MAX_BYTES + 2 * TEXTS_MAX)
#define WIDE_MAX   4000 /* units of a text that are looked at */
#define BODY_SHORT 100
#define LETTERS	   3 /* longest key of first letters */
#define DEAD_MIN   1000
#define PAGE_BYTES 4096ul
#define SPREAD_MIN (4u << 20)

const float kb_weights[KB_WEIGHTS] = {.25f, .35f, .45f, .55f,
				      .70f, .80f, .90f, 1.f};

/* ---- growing ---- */

/* Large tables are read here and there: with large pages the processor finds
 * their addresses in one step. Only a hint. */
static void spread(void *p, size_t bytes)
{
	uintptr_t from = ((uintptr_t)p + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);

	if (bytes >= SPREAD_MIN)
		madvise((void *)from, bytes - (from - (uintptr_t)p),
			MADV_HUGEPAGE);
}

/* Room for one more; plain realloc, because libre's blocks cannot be asked
 * for gigabytes without clearing them. */
static int grow(void *listp, uint32_t n, uint32_t *room, size_t size)
{
	void **list = listp;

	if (n < *room)
		return 0;
	uint32_t more = *room ? *room + *room / 2 : 64;
	void *p = realloc(*list, more * size);
	if (!p)
		return ENOMEM;
	spread(p, more * size);
	*list = p;
	*room = more;
	return 0;
}

static void clear(struct kb_index *ix)
{
	for (uint32_t i = 0; i < ix->docs_n; i++) {
		free(ix->docs[i].syms);
		free(ix->docs[i].texts);
	}
	for (uint32_t i = 0; i < ix->terms_n; i++) {
		if (ix->terms[i].room)
			free(ix->terms[i].list);
	}
	free(ix->docs);
	free(ix->terms);
	free(ix->slots);
	free(ix->rows);
	free(ix->sounds);
	free(ix->pairs);
	free(ix->singles);
	free(ix->words);
	free(ix->lines);
	pthread_rwlock_t lock = ix->lock;
	struct kb_synonyms *synonyms = ix->synonyms;
	unsigned loads = ix->loads;
	memset(ix, 0, sizeof(*ix));
	ix->lock = lock;
	ix->synonyms = synonyms;
	ix->loads = loads;
	ix->locked = true;
}

static void index_destructor(void *arg)
{
	struct kb_index *ix = arg;

	if (!ix->locked)
		return;
	clear(ix);
	mem_deref(ix->synonyms);
	pthread_rwlock_destroy(&ix->lock);
}

int kb_index_alloc(struct kb_index **ip)
{
	struct kb_index *ix = mem_zalloc(sizeof(*ix), index_destructor);
	if (!ix)
		return ENOMEM;
	int err = pthread_rwlock_init(&ix->lock, NULL);
	if (err) {
		mem_deref(ix);
		return err;
	}
	ix->locked = true;
	struct diag diag;
	err = kb_synonyms_alloc(&ix->synonyms, "", NULL, &diag);
	if (err) {
		mem_deref(ix);
		return err;
	}
	*ip = ix;
	return 0;
}

int kb_index_synonyms(struct kb_index *ix, const char *file, const char *text,
		      struct diag *diag)
{
	struct kb_synonyms *s = NULL;
	int err = kb_synonyms_alloc(&s, file, text, diag);

	if (err)
		return err;
	pthread_rwlock_wrlock(&ix->lock);
	mem_deref(ix->synonyms);
	ix->synonyms = s;
	pthread_rwlock_unlock(&ix->lock);
	return 0;
}

/* ---- terms ---- */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9E3779B97F4A7C15u;
	return x ^ x >> 29;
}

/* The slot of a key: its own, or the free one where it belongs. */
static struct kb_slot *slot_of(const struct kb_index *ix, uint64_t key)
{
	uint64_t hash = mix(key);
	uint32_t mask = ix->slots_n - 1, k = (uint32_t)hash & mask;
	uint32_t print = (uint32_t)(hash >> 32);

	while (ix->slots[k].term &&
	       (ix->slots[k].print != print ||
		ix->terms[ix->slots[k].term - 1].key != key))
		k = (k + 1) & mask;
	return &ix->slots[k];
}

const struct kb_term *kb_index_term(const struct kb_index *ix, uint64_t key)
{
	if (!ix->slots_n)
		return NULL;
	uint32_t k = slot_of(ix, key)->term;
	return k ? &ix->terms[k - 1] : NULL;
}

static void slot_take(struct kb_index *ix, struct kb_slot *slot, uint32_t term)
{
	slot->print = (uint32_t)(mix(ix->terms[term].key) >> 32);
	slot->term = term + 1;
}

static int widen(struct kb_index *ix)
{
	uint32_t n = ix->slots_n ? 2 * ix->slots_n : 1 << 12;
	struct kb_slot *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return ENOMEM;
	spread(slots, n * sizeof(*slots));
	free(ix->slots);
	ix->slots = slots;
	ix->slots_n = n;
	for (uint32_t i = 0; i < ix->terms_n; i++)
		slot_take(ix, slot_of(ix, ix->terms[i].key), i);
	return 0;
}

static int sound_add(struct kb_index *ix, uint32_t *head, uint32_t term)
{
	if (*head && ix->sounds[*head - 1].term == term)
		return 0;
	int err = grow(&ix->sounds, ix->sounds_n, &ix->sounds_room,
		       sizeof(*ix->sounds));
	if (err)
		return err;
	ix->sounds[ix->sounds_n] = (struct kb_sound){term, *head};
	*head = ++ix->sounds_n;
	return 0;
}

/* A new character or pair: found by how it reads, too. */
static int sounds_add(struct kb_index *ix, uint64_t key, uint32_t term)
{
	uint32_t a = (uint32_t)(key >> 32), b = (uint32_t)key;
	uint16_t ra[HAN_READINGS_MAX], rb[HAN_READINGS_MAX];
	unsigned na = han_readings(a, ra), nb = b ? han_readings(b, rb) : 0;
	int err = 0;

	if (b == KB_KEY_LETTERS)
		return 0;
	for (unsigned i = 0; i < na && !err; i++) {
		uint32_t s = han_sound(ra[i]);
		if (!b)
			err = sound_add(ix, &ix->singles[s], term);
		for (unsigned k = 0; k < nb && !err; k++)
			err = sound_add(ix,
					&ix->pairs[s * han_syllables() +
						   han_sound(rb[k])],
					term);
	}
	return err;
}

static int term_add(struct kb_term **tp, struct kb_index *ix, uint64_t key)
{
	int err = 0;

	if (ix->terms_n >= ix->slots_n / 2)
		err = widen(ix);
	if (err)
		return err;
	struct kb_slot *slot = slot_of(ix, key);
	if (slot->term) {
		*tp = &ix->terms[slot->term - 1];
		return 0;
	}
	err = grow(&ix->terms, ix->terms_n, &ix->terms_room,
		   sizeof(*ix->terms));
	if (!err)
		err = sounds_add(ix, key, ix->terms_n);
	if (err)
		return err;
	struct kb_term *t = &ix->terms[ix->terms_n++];
	*t = (struct kb_term){.key = key};
	slot_take(ix, slot, ix->terms_n - 1);
	*tp = t;
	return 0;
}

/* ---- postings ---- */

#define POST_MAX 6 /* bytes of one posting */

static int make_room(struct kb_term *t)
{
	if (t->len + POST_MAX <= (t->room ? t->room : KB_SHORT_LIST))
		return 0;
	uint32_t room =
		t->room ? t->room + t->room / 2 + POST_MAX : 2 * KB_SHORT_LIST;
	uint8_t *list = realloc(t->room ? t->list : NULL, room);
	if (!list)
		return ENOMEM;
	if (!t->room)
		memcpy(list, t->brief, t->len);
	t->list = list;
	t->room = room;
	return 0;
}

static int post(struct kb_index *ix, uint64_t key, uint32_t place,
		unsigned level, bool again)
{
	struct kb_term *t;
	int err = term_add(&t, ix, key);

	if (err)
		return err;
	if (t->last == place + 1) {
		uint8_t *p = (t->room ? t->list : t->brief) + t->tail;
		unsigned had = *p & 7;
		/* once more in a body counts a little more */
		if (again && had < 3)
			level = had + 1;
		if (level > had)
			*p = (uint8_t)((*p & ~7u) | level);
		return 0;
	}
	err = make_room(t);
	if (err)
		return err;
	uint8_t *list = t->room ? t->list : t->brief;
	uint32_t gap = place + 1 - t->last;
	t->tail = t->len;
	uint64_t v = (uint64_t)gap << 3 | level;
	while (v >= 0x80) {
		list[t->len++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	list[t->len++] = (uint8_t)v;
	t->last = place + 1;
	t->docs++;
	return 0;
}

/* ---- keys of a text ---- */

typedef int(key_h)(uint64_t key, void *arg);

/* First letters of the last characters, every way they can be read. */
static int letters(const uint32_t *run, unsigned n, uint32_t packed, key_h *h,
		   void *arg)
{
	uint16_t readings[HAN_READINGS_MAX];
	unsigned k, seen = 0;

	if (!n)
		return h(kb_key(packed, KB_KEY_LETTERS), arg);
	k = han_readings(*run, readings);
	for (unsigned i = 0; i < k; i++) {
		unsigned c = (unsigned char)han_syllable(readings[i])[0];
		if (seen >> (c & 31) & 1)
			continue;
		seen |= 1u << (c & 31);
		int err = letters(run + 1, n - 1, packed << 8 | c, h, arg);
		if (err)
			return err;
	}
	return 0;
}

static int each_key(const uint16_t *p, const struct kb_span *text, key_h *h,
		    void *arg)
{
	bool body = text->part == KB_PART_BODY;
	bool asked = text->part <= KB_PART_ASK;
	const uint16_t *end = p + text->len;
	uint32_t run[LETTERS] = {0}, last = 0;
	unsigned n = 0;
	int err = 0;

	while (p < end && !err) {
		uint32_t sym = kb_sym_next(&p);
		if (sym && (!body || sym & KB_SYM_WORD))
			err = h(kb_key(sym, 0), arg);
		if (sym && last && !err)
			err = h(kb_key(last, sym), arg);
		last = sym;
		/* who shortens a phrase leaves its marks out */
		if (!sym)
			continue;
		n = sym & KB_SYM_WORD ? 0 : n + 1;
		memmove(run, run + 1, (LETTERS - 1) * sizeof(*run));
		run[LETTERS - 1] = sym;
		for (unsigned k = 2; k <= LETTERS && k <= n && asked && !err;
		     k++)
			err = letters(run + LETTERS - k, k, 0, h, arg);
	}
	return err;
}

/* ---- putting an entry in ---- */

struct making {
	struct kb_index *ix;
	uint16_t *syms;
	uint32_t n;
	uint32_t from; /* where the text being read begins */
	struct kb_span texts[TEXTS_MAX];
	unsigned texts_n;
	uint16_t places[KB_PLACES_MAX];
	uint8_t places_n, titled_n, tells;
	uint32_t wide[WIDE_MAX];
	unsigned level;
	bool again;
	uint64_t *keys; /* of the text being put in */
	uint32_t keys_n, keys_room;
};

static int word_add(struct kb_index *ix, const struct kb_unit *unit)
{
	if (unit->len < 2 || unit->len >= sizeof(ix->words->text) ||
	    (unsigned char)*unit->word >= 0x80 ||
	    kb_index_term(ix, kb_key(unit->sym, 0)) ||
	    ix->words_n == KB_WORDS_MAX)
		return 0;
	int err = grow(&ix->words, ix->words_n, &ix->words_room,
		       sizeof(*ix->words));
	if (err)
		return err;
	struct kb_word *w = &ix->words[ix->words_n++];
	memset(w, 0, sizeof(*w));
	w->sym = unit->sym;
	memcpy(w->text, unit->word, unit->len);
	return 0;
}

static int on_sym(const struct kb_unit *unit, void *arg)
{
	struct making *m = arg;
	uint32_t n = m->n - m->from;

	if (n + 4 > TEXT_MAX || m->n + 4 > SYMS_MAX)
		return 0;
	if (unit->gap && n)
		m->syms[m->n++] = 0;
	if (!(unit->sym & KB_SYM_WORD)) {
		m->syms[m->n++] = (uint16_t)unit->sym;
		return 0;
	}
	uint32_t hash = unit->sym & ~KB_SYM_WORD;
	m->syms[m->n++] = (uint16_t)(0x1000 + (hash >> 16));
	m->syms[m->n++] = (uint16_t)hash;
	return word_add(m->ix, unit);
}

static bool is_said_before(const struct making *m, uint32_t len)
{
	for (unsigned i = 0; i < m->texts_n; i++) {
		if (m->texts[i].len == len &&
		    !memcmp(m->syms + m->texts[i].from, m->syms + m->from,
			    len * sizeof(*m->syms)))
			return true;
	}
	return false;
}

/* The symbols of one text, gaps as 0. */
static unsigned unpack(uint32_t *out, unsigned max, const uint16_t *p,
		       unsigned len)
{
	const uint16_t *end = p + len;
	unsigned n = 0;

	while (p < end && n < max)
		out[n++] = kb_sym_next(&p);
	return n;
}

/* What is known of a text beyond its symbols. */
static void look_at(struct making *m, struct kb_span *t)
{
	unsigned n = unpack(m->wide, WIDE_MAX, m->syms + t->from, t->len);

	if (t->part <= KB_PART_ASK)
		t->manner = kb_manner(m->wide, n, NULL);
	if (t->part == KB_PART_BODY)
		m->tells = kb_tells(m->wide, n);
	m->places_n = (uint8_t)kb_places(m->places, m->places_n, m->wide, n);
	if (t->part <= KB_PART_ASK)
		m->titled_n = m->places_n;
}

static int add_text(struct making *m, enum kb_part part, const char *s,
		    size_t len)
{
	if (m->texts_n == TEXTS_MAX)
		return 0;
	m->from = m->n;
	int err = kb_token_units(s, len, on_sym, m);
	if (err)
		return err;
	uint32_t n = m->n - m->from;
	if (!n || (part == KB_PART_ASK && is_said_before(m, n))) {
		m->n = m->from;
		return 0;
	}
	m->texts[m->texts_n++] = (struct kb_span){
		.from = m->from, .len = (uint16_t)n, .part = (uint8_t)part};
	look_at(m, &m->texts[m->texts_n - 1]);
	return 0;
}

static int add_lines(struct making *m, enum kb_part part, const char *s)
{
	int err = 0;

	while (*s && !err) {
		size_t n = strcspn(s, "\n");
		err = add_text(m, part, s, n);
		s += n;
		s += *s == '\n';
	}
	return err;
}

static int on_post(uint64_t key, void *arg)
{
	struct making *m = arg;
	int err = grow(&m->keys, m->keys_n, &m->keys_room, sizeof(*m->keys));

	if (!err)
		m->keys[m->keys_n++] = key;
	return err;
}

/* Terms lie all over the memory: what comes soon is fetched ahead, first its
 * slot, then what the slot points at. */
#define AHEAD 24

static uint32_t home_of(const struct making *m, uint32_t i)
{
	return (uint32_t)mix(m->keys[i]) & (m->ix->slots_n - 1);
}

/* Most likely the term of that key; NULL: it is a new one. */
static struct kb_term *term_near(const struct making *m, uint32_t i)
{
	const struct kb_index *ix = m->ix;
	uint32_t k = home_of(m, i), print = (uint32_t)(mix(m->keys[i]) >> 32);

	while (ix->slots[k].term && ix->slots[k].print != print)
		k = (k + 1) & (ix->slots_n - 1);
	return ix->slots[k].term ? &ix->terms[ix->slots[k].term - 1] : NULL;
}

static void fetch(const struct making *m, uint32_t i)
{
	uint32_t k = i + AHEAD, n = m->keys_n;

	if (k < n)
		__builtin_prefetch(&m->ix->slots[home_of(m, k)]);
	k -= AHEAD / 3;
	if (k < n) {
		struct kb_term *t = term_near(m, k);
		if (t)
			__builtin_prefetch(t, 1);
	}
	k -= AHEAD / 3;
	if (k < n) {
		struct kb_term *t = term_near(m, k);
		if (t && t->room)
			__builtin_prefetch(t->list + t->tail, 1);
	}
}

static int post_keys(struct making *m)
{
	int err = 0;

	for (uint32_t i = 0; i < m->keys_n && !err; i++) {
		fetch(m, i);
		err = post(m->ix, m->keys[i], m->ix->docs_n, m->level,
			   m->again);
	}
	return err;
}

static unsigned level_of(const struct kb_span *t)
{
	if (t->part == KB_PART_BODY)
		return t->len < BODY_SHORT ? 1 : 0;
	if (t->part == KB_PART_WORDS)
		return 4;
	return t->len <= 8 ? 7 : t->len <= 14 ? 6 : t->len <= 24 ? 5 : 4;
}

static int add_postings(struct making *m)
{
	int err = 0;

	for (unsigned i = 0; i < m->texts_n && !err; i++) {
		const struct kb_span *t = &m->texts[i];
		m->level = level_of(t);
		m->again = t->part == KB_PART_BODY;
		m->keys_n = 0;
		err = each_key(m->syms + t->from, t, on_post, m);
		if (!err)
			err = post_keys(m);
	}
	return err;
}

int32_t kb_day(const char *s)
{
	int y, mon, d;

	return sscanf(s, "%4d-%2d-%2d", &y, &mon, &d) == 3
		       ? (y * 100 + mon) * 100 + d
		       : 0;
}

bool kb_doc_is_in_force(const struct kb_doc *doc, int32_t day)
{
	return doc->state == KB_CONFIRMED && doc->effective <= day &&
	       (!doc->expires || doc->expires >= day);
}

static int line_of(struct kb_index *ix, const char *line, uint16_t *np)
{
	for (unsigned i = 0; i < ix->lines_n; i++) {
		if (!strcmp(ix->lines[i], line)) {
			*np = (uint16_t)i;
			return 0;
		}
	}
	if (ix->lines_n == LINES_MAX)
		return EOVERFLOW;
	if (!ix->lines)
		ix->lines = calloc(LINES_MAX, sizeof(*ix->lines));
	if (!ix->lines)
		return ENOMEM;
	snprintf(ix->lines[ix->lines_n], sizeof(ix->lines[0]), "%s", line);
	*np = (uint16_t)ix->lines_n++;
	return 0;
}

int kb_index_line(const struct kb_index *ix, const char *line)
{
	if (!*line)
		return -1;
	for (unsigned i = 0; i < ix->lines_n; i++) {
		if (!strcmp(ix->lines[i], line))
			return (int)i;
	}
	return INT16_MAX; /* no entry has it */
}

static int row_note(struct kb_index *ix, int64_t row, uint32_t place)
{
	if (row < 0 || row >= ROWS_MAX)
		return EOVERFLOW;
	if ((size_t)row >= ix->rows_n) {
		size_t n = (size_t)row + (size_t)row / 2 + 64;
		uint32_t *rows = realloc(ix->rows, n * sizeof(*rows));
		if (!rows)
			return ENOMEM;
		memset(rows + ix->rows_n, 0, (n - ix->rows_n) * sizeof(*rows));
		ix->rows = rows;
		ix->rows_n = n;
	}
	ix->rows[row] = place + 1;
	return 0;
}

static int read_doc(struct making *m, struct kb_doc *doc,
		    const struct kb_texts *t)
{
	doc->row = t->row;
	doc->state = (uint8_t)t->state;
	doc->effective = t->effective;
	doc->expires = t->expires;
	doc->trial = t->trial;
	int err = line_of(m->ix, t->line, &doc->line);
	if (!err)
		err = add_text(m, KB_PART_TITLE, t->title, strlen(t->title));
	if (!err)
		err = add_lines(m, KB_PART_ASK, t->asks);
	if (!err)
		err = add_lines(m, KB_PART_WORDS, t->words);
	if (!err)
		err = add_text(m, KB_PART_BODY, t->body, strlen(t->body));
	return err;
}

static int keep_texts(struct kb_doc *doc, const struct making *m)
{
	doc->texts_n = (uint16_t)m->texts_n;
	memcpy(doc->places, m->places, sizeof(doc->places));
	doc->places_n = m->places_n;
	doc->titled_n = m->titled_n;
	doc->tells = m->tells;
	doc->syms = malloc((m->n + 1) * sizeof(*doc->syms));
	doc->texts = malloc((m->texts_n + 1) * sizeof(*doc->texts));
	if (!doc->syms || !doc->texts) {
		free(doc->syms);
		free(doc->texts);
		return ENOMEM;
	}
	memcpy(doc->syms, m->syms, m->n * sizeof(*doc->syms));
	memcpy(doc->texts, m->texts, m->texts_n * sizeof(*doc->texts));
	return 0;
}

static int put(struct making *m, const struct kb_texts *t)
{
	struct kb_index *ix = m->ix;
	struct kb_doc doc = {.row = 0};

	m->n = m->texts_n = 0;
	m->places_n = m->titled_n = m->tells = 0;
	int err =
		grow(&ix->docs, ix->docs_n, &ix->docs_room, sizeof(*ix->docs));
	if (!err)
		err = read_doc(m, &doc, t);
	if (!err)
		err = keep_texts(&doc, m);
	if (err)
		return err;
	/* from here on the place is taken, whatever fails */
	ix->docs[ix->docs_n] = doc;
	err = add_postings(m);
	if (!err && !doc.trial)
		err = row_note(ix, doc.row, ix->docs_n);
	ix->docs[ix->docs_n].dead = err != 0;
	ix->docs_n++;
	ix->alive += !err && !doc.trial;
	return err;
}

/* Columns: row, state, effective, expires, line, title, asks, words, body. */
static int put_row(struct making *m, struct db_stmt *s)
{
	return put(m, &(struct kb_texts){
			      .row = db_int(s, 0),
			      .state = (enum kb_state)db_int(s, 1),
			      .effective = kb_day(db_str(s, 2)),
			      .expires = kb_day(db_str(s, 3)),
			      .line = db_str(s, 4),
			      .title = db_str(s, 5),
			      .asks = db_str(s, 6),
			      .words = db_str(s, 7),
			      .body = db_str(s, 8),
		      });
}

/* ---- taking one out ---- */

struct taking {
	struct kb_index *ix;
	uint64_t *keys;
	uint32_t n, room;
};

static int on_key(uint64_t key, void *arg)
{
	struct taking *t = arg;
	int err = grow(&t->keys, t->n, &t->room, sizeof(*t->keys));

	if (!err)
		t->keys[t->n++] = key;
	return err;
}

static int by_key(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return a < b ? -1 : a > b;
}

/* Its postings stay and lead to a dead entry; it is counted no more. */
int kb_index_drop(struct kb_index *ix, uint32_t place)
{
	struct kb_doc *doc = &ix->docs[place];
	struct taking t = {.ix = ix};
	int err = 0;

	for (unsigned i = 0; i < doc->texts_n && !err; i++)
		err = each_key(doc->syms + doc->texts[i].from, &doc->texts[i],
			       on_key, &t);
	if (!err && t.n)
		qsort(t.keys, t.n, sizeof(*t.keys), by_key);
	for (uint32_t i = 0; i < t.n && !err; i++) {
		if (i && t.keys[i] == t.keys[i - 1])
			continue;
		struct kb_term *term =
			&ix->terms[slot_of(ix, t.keys[i])->term - 1];
		term->docs--;
	}
	free(t.keys);
	doc->dead = true;
	ix->alive -= !doc->trial;
	return err;
}

static int drop_row(struct kb_index *ix, int64_t row)
{
	if (row < 0 || (size_t)row >= ix->rows_n || !ix->rows[row])
		return 0;
	uint32_t place = ix->rows[row] - 1;
	ix->rows[row] = 0;
	return kb_index_drop(ix, place);
}

/* ---- following the database ---- */

#define COLUMNS                                                      \
	"row, state, effective, expires, line, title, asks, words, " \
	"body"

float kb_index_rare(const struct kb_index *ix, uint32_t docs)
{
	float n = docs > ix->alive ? (float)ix->alive : (float)docs;
	return logf(1 + ((float)ix->alive - n + 0.5f) / (n + 0.5f));
}

static void weigh(struct kb_index *ix)
{
	float none = kb_index_rare(ix, 0);

	for (uint32_t c = 0; c < 0x10000; c++)
		ix->weight[c] = none;
	for (uint32_t c = 0x3000; c < 0x10000; c++) {
		const struct kb_term *t = kb_index_term(ix, kb_key(c, 0));
		if (t)
			ix->weight[c] = kb_index_rare(ix, t->docs);
	}
}

static int last_change(struct db *db, int64_t *seqp)
{
	return db_get_int(db, seqp, 0, "SELECT max(seq) FROM kb_change", "");
}

static int prepare(struct kb_index *ix)
{
	unsigned n = han_syllables();

	ix->pairs = calloc((size_t)n * n, sizeof(*ix->pairs));
	ix->singles = calloc(n, sizeof(*ix->singles));
	return ix->pairs && ix->singles ? widen(ix) : ENOMEM;
}

static int load(struct making *m, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;

	clear(m->ix);
	m->ix->loads++;
	int err = prepare(m->ix);
	if (!err)
		err = last_change(db, &m->ix->seq);
	if (!err)
		err = db_prepare(&s, db,
				 "SELECT " COLUMNS " FROM kb_entry"
				 " ORDER BY row");
	while (!err && !(err = db_step(s)))
		err = put_row(m, s);
	if (err != ENOENT)
		return err;
	m->ix->loaded = true;
	return 0;
}

static int follow_one(struct making *m, struct db *db, int64_t row)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = drop_row(m->ix, row);

	if (!err)
		err = db_prepare(&s, db,
				 "SELECT " COLUMNS
				 " FROM kb_entry WHERE row=?");
	if (!err)
		err = db_bind(s, "i", row);
	if (!err)
		err = db_step(s);
	if (!err)
		err = put_row(m, s);
	return err == ENOENT ? 0 : err;
}

static int follow(struct making *m, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_prepare(&s, db,
			     "SELECT seq, row FROM kb_change WHERE seq>?"
			     " ORDER BY seq");
	if (!err)
		err = db_bind(s, "i", m->ix->seq);
	while (!err && !(err = db_step(s))) {
		err = follow_one(m, db, db_int(s, 1));
		if (!err)
			m->ix->seq = db_int(s, 0);
	}
	return err == ENOENT ? 0 : err;
}

static void making_destructor(void *arg)
{
	struct making *m = arg;
	mem_deref(m->syms);
	free(m->keys);
}

static int making_alloc(struct making **mp, struct kb_index *ix)
{
	scoped_mem struct making *m =
		mem_zalloc(sizeof(*m), making_destructor);
	if (!m)
		return ENOMEM;
	m->ix = ix;
	m->syms = mem_alloc(SYMS_MAX * sizeof(*m->syms), NULL);
	if (!m->syms)
		return ENOMEM;
	*mp = take(m);
	return 0;
}

int kb_index_put(struct kb_index *ix, const struct kb_texts *t)
{
	scoped_mem struct making *m = NULL;
	int err = making_alloc(&m, ix);

	return err ? err : put(m, t);
}

static int update(struct kb_index *ix, struct db *db)
{
	scoped_mem struct making *m = NULL;
	int err = making_alloc(&m, ix);

	if (err)
		return err;
	if (ix->loaded)
		err = follow(m, db);
	/* half a change is worse than reading all again */
	if (!ix->loaded || err ||
	    ix->docs_n - ix->alive > ix->alive + DEAD_MIN) {
		ix->loaded = false;
		err = load(m, db);
	}
	if (err)
		clear(ix);
	else
		weigh(ix);
	return err;
}

int kb_index_sync(struct kb_index *ix, struct db *db)
{
	int64_t seq;
	int err = last_change(db, &seq);

	if (err)
		return err;
	pthread_rwlock_rdlock(&ix->lock);
	bool old = !ix->loaded || ix->seq < seq;
	pthread_rwlock_unlock(&ix->lock);
	if (!old)
		return 0;
	pthread_rwlock_wrlock(&ix->lock);
	if (!ix->loaded || ix->seq < seq)
		err = update(ix, db);
	pthread_rwlock_unlock(&ix->lock);
	return err;
}

void kb_index_stat(struct kb_index *ix, struct kb_index_stat *st)
{
	pthread_rwlock_rdlock(&ix->lock);
	*st = (struct kb_index_stat){
		.entries = ix->alive,
		.dead = ix->docs_n - ix->alive,
		.terms = ix->terms_n,
		.bytes = sizeof(*ix) + ix->docs_room * sizeof(*ix->docs) +
			 ix->terms_room * sizeof(*ix->terms) +
			 ix->slots_n * sizeof(*ix->slots) +
			 ix->rows_n * sizeof(*ix->rows) +
			 ix->sounds_room * sizeof(*ix->sounds) +
			 ix->words_room * sizeof(*ix->words),
	};
	for (uint32_t i = 0; i < ix->terms_n; i++)
		st->bytes += ix->terms[i].room;
	for (uint32_t i = 0; i < ix->docs_n; i++) {
		const struct kb_doc *d = &ix->docs[i];
		for (unsigned k = 0; k < d->texts_n; k++)
			st->bytes += d->texts[k].len * sizeof(*d->syms) +
				     sizeof(*d->texts);
	}
	pthread_rwlock_unlock(&ix->lock);
}
