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
#include "kb/snippet.h"
#include "kb/token.h"

#define QUERY_MAX_BYTES 1000
#define TERMS_MAX	96
#define SLOTS		256 /* over twice TERMS_MAX */
#define MATCH_BYTES	(TERMS_MAX * (KB_TOKEN_MAX_BYTES + 8))
#define CANDIDATES	80
/* Index entries that one question may walk through: common words are asked
 * for only while the rare ones leave room. */
#define BUDGET_DOCS 2000
#define ASKED_MAX   24 /* words in one expression */
#define COUNT_MAX   200
#define TERMS_MIN   2 /* asked for whatever they cost */

/* Weights, fitted on public question sets: columns of the index; a single
 * character against a pair; likeness against BM25; what is not in force. */
#define BM25		"bm25(kb_index, 4.0, 3.0, 2.0, 1.0)"
#define SINGLE_WEIGHT	0.6
#define LIKENESS_WEIGHT 1.2
#define NOT_IN_FORCE	0.5
#define ID_SCORE	1000.0

struct term {
	char text[KB_TOKEN_MAX_BYTES + 1];
	uint8_t len;
	bool single; /* one Chinese character out of a longer run */
	bool prefix; /* the word being typed */
	int64_t docs;
	double weight;
};

struct asking {
	struct db *db;
	const struct kb_query *q;
	struct term *terms;
	unsigned n;
	uint8_t slots[SLOTS]; /* hash -> number of the term + 1 */
	double weight;	      /* of all terms together */
	int64_t entries;
	const char *text;
	size_t len;
};

/* ---- the question's words ---- */

/* The slot of a word: its own, or the free one where it belongs. */
static unsigned slot_of(const struct asking *a, const char *s, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	h ^= h >> 16;
	for (unsigned k = h % SLOTS;; k = (k + 1) % SLOTS) {
		if (!a->slots[k])
			return k;
		const struct term *t = &a->terms[a->slots[k] - 1];
		if (t->len == len && !memcmp(t->text, s, len))
			return k;
	}
}

static struct term *term_find(const struct asking *a, const char *s,
			      size_t len)
{
	unsigned k = slot_of(a, s, len);
	return a->slots[k] ? &a->terms[a->slots[k] - 1] : NULL;
}

static struct term *term_add(struct asking *a, const char *s, size_t len)
{
	if (a->n == TERMS_MAX)
		return NULL;
	unsigned k = slot_of(a, s, len);
	struct term *t = &a->terms[a->n++];
	a->slots[k] = (uint8_t)a->n;
	memcpy(t->text, s, len);
	t->len = (uint8_t)len;
	return t;
}

static bool is_cjk(const char *s, size_t len)
{
	uint32_t cp;

	return len && utf8_get(&cp, s, len) && kb_token_is_cjk(cp);
}

static int on_term(const char *token, size_t len, size_t from, size_t to,
		   bool same, void *arg)
{
	struct asking *a = arg;
	struct term *t = term_find(a, token, len);

	if (!t)
		t = term_add(a, token, len);
	if (!t)
		return 0;
	/* a Chinese word is whole once it is typed; a Latin one may go on */
	t->prefix = to == a->len && !is_cjk(token, len) && len > 1 &&
		    (unsigned char)token[0] < 0x80;
	return 0;
}

/* The single characters of a pair. */
static void add_singles(struct asking *a, const struct term *pair)
{
	for (size_t i = 0; i < pair->len;) {
		uint32_t cp;
		const char *s = pair->text + i;
		size_t n = utf8_get(&cp, s, pair->len - i);
		struct term *t = term_find(a, s, n) ? NULL : term_add(a, s, n);
		if (t)
			t->single = true;
		i += n;
	}
}

static int read_terms(struct asking *a)
{
	int err = kb_token_each(a->text, a->len, true, on_term, a);
	unsigned n = a->n;

	for (unsigned i = 0; i < n && !err; i++) {
		if (is_cjk(a->terms[i].text, a->terms[i].len))
			add_singles(a, &a->terms[i]);
	}
	return err;
}

/* ---- how common they are ---- */

/* Of a common word the first COUNT_MAX entries are counted; the place of the
 * last among all tells how many there are, nearly. Exact numbers would cost
 * more than the whole search. */
static int count_docs(struct asking *a, struct term *t)
{
	char match[KB_TOKEN_MAX_BYTES + 8];
	scoped_stmt struct db_stmt *s = NULL;

	snprintf(match, sizeof(match), "\"%s\"%s", t->text,
		 t->prefix ? "*" : "");
	int err = db_prepare(&s, a->db,
			     "SELECT count(*), max(rowid) FROM (SELECT rowid"
			     " FROM kb_index WHERE kb_index MATCH ? LIMIT ?)");
	if (!err)
		err = db_bind(s, "si", match, (int64_t)COUNT_MAX);
	if (!err)
		err = db_step(s);
	if (err)
		return err;
	t->docs = db_int(s, 0);
	if (t->docs == COUNT_MAX)
		t->docs = COUNT_MAX * a->entries / (db_int(s, 1) + 1);
	return 0;
}

static int weigh(struct asking *a)
{
	int err = db_get_int(a->db, &a->entries, 0,
			     "SELECT max(row) FROM kb_entry", "");
	for (unsigned i = 0; i < a->n && !err; i++) {
		struct term *t = &a->terms[i];
		err = count_docs(a, t);
		if (t->docs > a->entries)
			t->docs = a->entries;
		double rest = (double)(a->entries - t->docs) + 0.5;
		t->weight = log(1 + rest / ((double)t->docs + 0.5));
		if (t->single)
			t->weight *= SINGLE_WEIGHT;
		a->weight += t->weight;
	}
	return err;
}

static int by_docs(const void *x, const void *y)
{
	const struct term *a = x, *b = y;

	if (a->docs != b->docs)
		return a->docs < b->docs ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* Rarest first; the slots follow. */
static void sort_terms(struct asking *a)
{
	qsort(a->terms, a->n, sizeof(*a->terms), by_docs);
	memset(a->slots, 0, sizeof(a->slots));
	for (unsigned i = 0; i < a->n; i++)
		a->slots[slot_of(a, a->terms[i].text, a->terms[i].len)] =
			(uint8_t)(i + 1);
}

/* The rarest words as an FTS5 expression, each in quotes: tokens hold
 * letters, digits and Chinese characters, so no quote can be in them. */
static unsigned match_text(char *out, size_t size, struct asking *a)
{
	int64_t walked = 0;
	unsigned used = 0;
	size_t at = 0;

	out[0] = '\0';
	sort_terms(a);
	for (unsigned i = 0; i < a->n; i++) {
		const struct term *t = &a->terms[i];
		if (!t->docs)
			continue;
		walked += t->docs;
		if (used == ASKED_MAX ||
		    (used >= TERMS_MIN && walked > BUDGET_DOCS))
			break;
		at += (size_t)snprintf(out + at, size - at, "%s\"%s\"%s",
				       used ? " OR " : "", t->text,
				       t->prefix ? "*" : "");
		used++;
	}
	return used;
}

/* ---- candidates ---- */

/* How like the question one way to ask is: weight of the words they share
 * against the weight of both (Dice); words of the way that the question
 * lacks count as the average word does. */
struct likeness {
	const struct asking *a;
	uint8_t seen[TERMS_MAX];
	double shared;
	unsigned words;
	unsigned strange;
};

static int on_way_token(const char *token, size_t len, size_t from, size_t to,
			bool same, void *arg)
{
	struct likeness *l = arg;
	const struct term *t = term_find(l->a, token, len);

	l->words++;
	if (!t) {
		l->strange++;
		return 0;
	}
	size_t i = (size_t)(t - l->a->terms);
	if (!l->seen[i])
		l->shared += t->weight;
	l->seen[i] = 1;
	return 0;
}

static double like(const struct asking *a, const char *way, size_t len)
{
	struct likeness l = {.a = a};

	if (!len || a->weight <= 0)
		return 0;
	kb_token_each(way, len, false, on_way_token, &l);
	double average = a->weight / a->n;
	double both = a->weight + l.shared + average * l.strange;
	return 2 * l.shared / both;
}

/* The best of the lines of a text. */
static double likest(const struct asking *a, const char *text)
{
	double best = 0;

	while (*text) {
		size_t n = strcspn(text, "\n");
		double one = like(a, text, n);
		if (one > best)
			best = one;
		text += n;
		text += *text == '\n';
	}
	return best;
}

static const char *reason(const struct asking *a, struct db_stmt *s,
			  double title, double ask)
{
	if (title >= ask && title > 0.2)
		return "title";
	if (ask > 0.2)
		return "ask";
	return likest(a, db_str(s, 8)) > 0.2 ? "word" : "body";
}

/* Columns: id, version, title, line, effective, expires, state, asks, words,
 * body, rank. */
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
	double title = like(a, hit->title, strlen(hit->title));
	double ask = likest(a, db_str(s, 7));
	double best = title > ask ? title : ask;
	hit->why = reason(a, s, title, ask);
	hit->score = -db_real(s, 10) + LIKENESS_WEIGHT * a->weight * best;
	if (strcmp(hit->state, "effective"))
		hit->score *= NOT_IN_FORCE;
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

static int by_score(const void *x, const void *y)
{
	const struct kb_hit *a = x, *b = y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return strcmp(a->id, b->id);
}

#define COLUMNS                                                              \
	"e.id, e.version, e.title, e.line, e.effective, e.expires, e.state," \
	" e.asks, e.words, e.body"

static int collect(struct kb_hits *hits, struct asking *a, struct db_stmt *s,
		   unsigned max)
{
	int err = 0;

	while (hits->n < max && !(err = db_step(s))) {
		err = fill(&hits->list[hits->n++], a, s);
		if (err)
			return err;
	}
	return err == ENOENT ? 0 : err;
}

static int candidates(struct kb_hits *hits, struct asking *a)
{
	char match[MATCH_BYTES];

	if (!match_text(match, sizeof(match), a))
		return 0;
	scoped_stmt struct db_stmt *s = NULL;
	bool all = !*a->q->line;
	int err = db_prepare(
		&s, a->db,
		all ? "SELECT " COLUMNS ", c.score FROM (SELECT rowid, " BM25
		      " AS score FROM kb_index WHERE kb_index MATCH ?"
		      " ORDER BY score, rowid LIMIT ?) AS c"
		      " JOIN kb_entry e ON e.row=c.rowid"
		    : "SELECT " COLUMNS ", " BM25 " AS score FROM kb_index"
		      " JOIN kb_entry e ON e.row=kb_index.rowid"
		      " WHERE kb_index MATCH ? AND e.line=?"
		      " ORDER BY score, e.row LIMIT ?");
	if (!err && all)
		err = db_bind(s, "si", match, (int64_t)CANDIDATES);
	else if (!err)
		err = db_bind(s, "ssi", match, a->q->line,
			      (int64_t)CANDIDATES);
	return err ? err : collect(hits, a, s, CANDIDATES);
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

static int by_id(struct kb_hits *hits, struct asking *a)
{
	char id[KB_ID_SIZE], full[KB_ID_SIZE + 4];

	id_of(id, a);
	if (!kb_id_is_good(id) && (!*id || id[strspn(id, "0123456789")]))
		return 0;
	snprintf(full, sizeof(full), "KB-%s", id);
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_prepare(&s, a->db,
			     "SELECT " COLUMNS ", 0.0 FROM kb_entry e"
			     " WHERE e.id IN (?1, ?2)"
			     " AND (?3='' OR e.line=?3)");
	if (!err)
		err = db_bind(s, "sss", id, full, a->q->line);
	if (!err)
		err = collect(hits, a, s, 1);
	if (!err && hits->n) {
		hits->list[0].score = ID_SCORE;
		hits->list[0].why = "id";
	}
	return err;
}

/* The entry asked for by number is a candidate of its words, too. */
static void drop_double(struct kb_hits *hits)
{
	if (!hits->n || strcmp(hits->list[0].why, "id"))
		return;
	for (unsigned i = 1; i < hits->n; i++) {
		if (!strcmp(hits->list[i].id, hits->list[0].id)) {
			hits->list[i].score = -1;
			return;
		}
	}
}

/* ---- the answer ---- */

static int mark_up(struct kb_hit *hit, struct asking *a)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err =
		db_prepare(&s, a->db, "SELECT body FROM kb_entry WHERE id=?");
	if (!err)
		err = db_bind(s, "s", hit->id);
	if (!err)
		err = db_step(s);
	if (!err)
		kb_snippet(hit, db_str(s, 0), a->text, a->len);
	return err == ENOENT ? 0 : err;
}

static void cut(struct kb_hits *hits, unsigned limit)
{
	while (hits->n > limit ||
	       (hits->n && hits->list[hits->n - 1].score < 0)) {
		struct kb_hit *hit = &hits->list[--hits->n];
		hit->title = mem_deref(hit->title);
		hit->line = mem_deref(hit->line);
		hit->expires = mem_deref(hit->expires);
	}
}

static int answer(struct kb_hits *hits, struct asking *a)
{
	int err = read_terms(a);
	if (!err)
		err = weigh(a);
	if (!err)
		err = by_id(hits, a);
	if (!err && a->n)
		err = candidates(hits, a);
	if (err)
		return err;
	drop_double(hits);
	if (hits->n)
		qsort(hits->list, hits->n, sizeof(*hits->list), by_score);
	cut(hits, a->q->limit);
	for (unsigned i = 0; i < hits->n && !err; i++)
		err = mark_up(&hits->list[i], a);
	return err;
}

int kb_search(struct kb_hits **hp, struct db *db, const struct kb_query *q)
{
	struct asking a = {.db = db, .q = q, .text = q->text};

	a.len = strlen(q->text);
	if (a.len > QUERY_MAX_BYTES)
		a.len = QUERY_MAX_BYTES;
	scoped_mem struct term *terms =
		mem_zalloc(TERMS_MAX * sizeof(*terms), NULL);
	if (!terms)
		return ENOMEM;
	a.terms = terms;

	scoped_mem struct kb_hits *hits = NULL;
	int err = hits_alloc(&hits, CANDIDATES + 1);
	if (!err)
		err = answer(hits, &a);
	if (err)
		return err;
	*hp = take(hits);
	return 0;
}
