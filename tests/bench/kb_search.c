/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast entries are found: 100,000 of about 600 characters, against plain
 * FTS5 (pairs of characters, OR of the question's pairs, bm25) on the same
 * rows. The text is made by a seeded generator: words of one to four
 * characters whose frequencies fall like Zipf's, so that a question's common
 * words are in most entries and its rare ones in a few. Questions match
 * 1,000 rows or more. Ours and the baseline run turn and turn about, both on
 * this thread, and are measured by its processor time, which a neighbour's
 * load does not touch.
 *
 *     kb_search [ENTRIES]
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "kb/search.h"
#include "kb/token.h"

#define ENTRIES	   100000
#define WORDS	   60000
#define CHARS	   3500
#define QUESTIONS  300
#define BODY_CHARS 600
#define MATCH_MIN  1000
#define DAY	   "2026-11-24"
#define TEXT_BYTES 4096
#define UPDATES	   100

struct word {
	char text[16];
	double upto; /* share of all words up to this one */
};

static struct word words[WORDS];
static uint64_t seed = 20261124;

static double chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / (double)(1ull << 53);
}

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "kb_search: %s: %s\n", what, strerror(err));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Characters, too, are common or rare. */
static uint32_t pick_char(void)
{
	return 0x4E00 + (uint32_t)(pow(chance(), 2.5) * CHARS) * 5;
}

static void make_words(void)
{
	double all = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		double c = chance();
		unsigned n = c < .1 ? 1 : c < .75 ? 2 : c < .92 ? 3 : 4;
		char *p = words[i].text;
		while (n--)
			p += utf8_put(p, pick_char());
		all += 1.0 / (i + 10);
		words[i].upto = all;
	}
	for (unsigned i = 0; i < WORDS; i++)
		words[i].upto /= all;
}

static const char *pick_word(void)
{
	double c = chance();
	unsigned from = 0, to = WORDS - 1;

	while (from < to) {
		unsigned mid = (from + to) / 2;
		if (words[mid].upto < c)
			from = mid + 1;
		else
			to = mid;
	}
	return words[from].text;
}

static void sentence(char *out, size_t size, unsigned chars)
{
	size_t at = 0;
	unsigned n = 0, since = 0;

	while (n < chars && at + 32 < size) {
		const char *w = pick_word();
		size_t len = strlen(w);
		memcpy(out + at, w, len);
		at += len;
		n += (unsigned)len / 3;
		since += (unsigned)len / 3;
		if (since > 14 && n < chars) {
			memcpy(out + at, "，", 3);
			at += 3;
			since = 0;
		}
	}
	out[at] = '\0';
}

static void put(struct db *db, unsigned i)
{
	static char title[256], ask[256], body[TEXT_BYTES];
	char id[16];

	snprintf(id, sizeof(id), "KB-%06u", i);
	sentence(title, sizeof(title), 14);
	sentence(ask, sizeof(ask), 12);
	sentence(body, sizeof(body), BODY_CHARS);
	must(db_run(db,
		    "INSERT INTO kb_entry(id, version, at_us, actor, state,"
		    " effective, expires, line, title, asks, words, body)"
		    " VALUES(?,1,1,'t',2,'2026-01-01','','si',?,?,'',?)"
		    " ON CONFLICT(id) DO UPDATE SET body=excluded.body",
		    "ssss", id, title, ask, body),
	     "insert");
}

static struct db *fill(unsigned entries)
{
	struct db *db = NULL;

	must(kb_token_init(), "tokenizer");
	must(db_open(&db, NULL, DB_MEMORY, NULL), "database");
	must(kb_base_make(db), "schema");
	must(db_begin(db), "begin");
	for (unsigned i = 1; i <= entries; i++)
		put(db, i);
	must(db_commit(db), "commit");
	return db;
}

static void fill_baseline(struct db *db)
{
	must(db_exec(db,
		     "CREATE VIRTUAL TABLE plain USING fts5(title, asks, body,"
		     " content='kb_entry', content_rowid='row',"
		     " tokenize='zuoxi');"
		     "INSERT INTO plain(rowid, title, asks, body)"
		     " SELECT row, title, asks, body FROM kb_entry;"
		     "INSERT INTO plain(plain) VALUES('optimize')"),
	     "baseline");
}

/* ---- questions ---- */

struct match {
	char text[TEXT_BYTES];
	size_t at;
};

static int on_token(const char *token, size_t len, size_t from, size_t to,
		    bool same, void *arg)
{
	struct match *m = arg;

	m->at += (size_t)snprintf(m->text + m->at, sizeof(m->text) - m->at,
				  "%s\"%.*s\"", m->at ? " OR " : "", (int)len,
				  token);
	return 0;
}

static void match_of(struct match *m, const char *question)
{
	m->at = 0;
	m->text[0] = '\0';
	kb_token_each(question, strlen(question), true, on_token, m);
}

static bool matches_many(struct db *db, const struct match *m)
{
	int64_t n = 0;

	must(db_get_int(db, &n, 0,
			"SELECT count(*) FROM (SELECT rowid FROM plain"
			" WHERE plain MATCH ? LIMIT ?)",
			"si", m->text, (int64_t)MATCH_MIN),
	     "count");
	return n == MATCH_MIN;
}

static void make_question(char *out, size_t size, struct db *db)
{
	static struct match m;

	do {
		sentence(out, size, 6 + (unsigned)(chance() * 14));
		match_of(&m, out);
	} while (!matches_many(db, &m));
}

static double ask_baseline(struct db *db, const char *question)
{
	static struct match m;
	scoped_stmt struct db_stmt *s = NULL;
	double from = now_us();
	int err;

	match_of(&m, question);
	must(db_prepare(&s, db,
			"SELECT rowid, title FROM plain WHERE plain MATCH ?"
			" ORDER BY rank LIMIT 10"),
	     "prepare");
	must(db_bind(s, "s", m.text), "bind");
	while (!(err = db_step(s)))
		;
	must(err == ENOENT ? 0 : err, "step");
	return now_us() - from;
}

static double ask_ours(struct kb_index *ix, struct db *db, const char *text)
{
	scoped_mem struct kb_hits *hits = NULL;
	const struct kb_query q = {
		.text = text, .line = "", .day = DAY, .limit = 10};
	double from = now_us();

	must(kb_search(&hits, ix, db, &q), "search");
	return now_us() - from;
}

/* ---- figures ---- */

struct times {
	double us[QUESTIONS * 32];
	unsigned n;
};

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;
	return a < b ? -1 : a > b;
}

static double at(struct times *t, double share)
{
	qsort(t->us, t->n, sizeof(t->us[0]), by_size);
	return t->us[(unsigned)((t->n - 1) * share)];
}

static void tell(const char *name, struct times *ours, struct times *base)
{
	double o = at(ours, .5), b = at(base, .5);

	printf("{\"bench\":\"%s\",\"ours\":%.0f,\"baseline\":%.0f,\"ratio\":"
	       "%.3f,\"unit\":\"us of CPU p50 (less is "
	       "better)\",\"note\":\"p99 %.0f "
	       "against %.0f: %.3f; %u questions\"}\n",
	       name, o, b, o / b, at(ours, .99), at(base, .99),
	       at(ours, .99) / at(base, .99), ours->n);
	fflush(stdout);
}

/* Each question as it is typed, a character at a time from the second on. */
static void type(struct times *ours, struct times *base, struct kb_index *ix,
		 struct db *db, const char *question)
{
	char text[256];
	size_t len = strlen(question);

	for (size_t n = 6; n < len && ours->n < QUESTIONS * 32; n += 3) {
		snprintf(text, sizeof(text), "%.*s", (int)n, question);
		base->us[base->n++] = ask_baseline(db, text);
		ours->us[ours->n++] = ask_ours(ix, db, text);
	}
}

static void measure_questions(struct kb_index *ix, struct db *db)
{
	static struct times ours, base, key_ours, key_base;
	char text[256];

	for (unsigned i = 0; i < QUESTIONS; i++) {
		make_question(text, sizeof(text), db);
		base.us[base.n++] = ask_baseline(db, text);
		ours.us[ours.n++] = ask_ours(ix, db, text);
		if (i % 10 == 0)
			type(&key_ours, &key_base, ix, db, text);
	}
	tell("kb_search", &ours, &base);
	tell("kb_search_keystroke", &key_ours, &key_base);
}

/* A changed entry, until a search sees it. */
static void measure_updates(struct kb_index *ix, struct db *db)
{
	static struct times ours;

	for (unsigned i = 0; i < UPDATES; i++) {
		put(db, 1 + (unsigned)(chance() * 1000));
		double from = now_us();
		must(kb_index_sync(ix, db), "sync");
		ours.us[ours.n++] = now_us() - from;
	}
	printf("{\"bench\":\"kb_update\",\"ours\":%.0f,\"baseline\":50000,"
	       "\"ratio\":%.4f,\"unit\":\"us of CPU p50 (less is "
	       "better)\",\"note\":"
	       "\"p99 %.0f; the baseline is the limit\"}\n",
	       at(&ours, .5), at(&ours, .5) / 50000, at(&ours, .99));
}

int main(int argc, char **argv)
{
	unsigned entries = argc > 1 ? (unsigned)atoi(argv[1]) : ENTRIES;
	struct kb_index_stat st;

	make_words();
	scoped_mem struct db *db = fill(entries);
	scoped_mem struct kb_index *ix = NULL;
	must(kb_index_alloc(&ix), "index");
	double from = now_us();
	must(kb_index_sync(ix, db), "index");
	double ours = now_us() - from;
	from = now_us();
	fill_baseline(db);
	double base = now_us() - from;
	kb_index_stat(ix, &st);
	printf("{\"bench\":\"kb_rebuild\",\"ours\":%.2f,\"baseline\":%.2f,"
	       "\"ratio\":%.3f,\"unit\":\"s of CPU (less is "
	       "better)\",\"note\":\"%u "
	       "entries; %u terms; %.0f MiB in memory\"}\n",
	       ours / 1e6, base / 1e6, ours / base, st.entries, st.terms,
	       (double)st.bytes / (1 << 20));
	fflush(stdout);
	measure_questions(ix, db);
	measure_updates(ix, db);
	return 0;
}
