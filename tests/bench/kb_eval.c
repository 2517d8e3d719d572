/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often the right entry is found: sets of real questions, each with the
 * entry that answers it, and the same questions short or faulty (two or three
 * words, wrong characters of the same sound, letters, first letters,
 * traditional characters), against SQLite's FTS5 on the same files.
 *
 *     kb_eval [--sets FOLDER] [SET ...]
 *
 * The sets are not part of the project: without them the tool says so and
 * ends. A table for people on standard error, JSON lines on standard output.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/base.h"
#include "kb/life.h"
#include "kb/search.h"
#include "kb/shelf.h"
#include "kb/token.h"

#define LIMIT 10
#define DAY   "2026-11-24"

/* FTS5, OR of the question's words, the best of four ways to cut them. -1:
 * nothing is known. */
struct baseline {
	double first, fifth;
};

struct kind {
	const char *file;
	const char *name;
};

static const struct kind kinds[] = {
	{"queries", "clean"},	    {"v-keyword", "keyword"},
	{"v-typo", "typo"},	    {"v-pinyin", "pinyin"},
	{"v-initials", "initials"}, {"v-traditional", "traditional"},
};
#define KINDS_N (sizeof(kinds) / sizeof(*kinds))

struct set {
	const char *name;
	struct baseline base[KINDS_N];
};

static const struct set sets[] = {
	{"hotline",
	 {{.665, .882},
	  {.578, .774},
	  {.618, .822},
	  {.020, .034},
	  {0, 0},
	  {.495, .724}}},
	{"hotline-asked",
	 {{.812, .955},
	  {.688, .884},
	  {.778, .922},
	  {.036, .052},
	  {0, 0},
	  {.663, .862}}},
	{"policy",
	 {{.533, .732},
	  {.406, .628},
	  {.486, .694},
	  {0, .002},
	  {0, 0},
	  {.420, .602}}},
	{"lcqmc",
	 {{.916, .998},
	  {.810, .966},
	  {.872, .984},
	  {.006, .010},
	  {0, 0},
	  {.811, .944}}},
};
#define SETS_N (sizeof(sets) / sizeof(*sets))

struct score {
	unsigned n, first, fifth;
	double reciprocal;
};

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "kb_eval: %s: %s\n", what, strerror(err));
	exit(1);
}

static void on_fault(const struct diag *d, void *arg)
{
	fprintf(stderr, "%s:%d: %s\n", d->file, d->line, d->what);
	exit(1);
}

static struct kb_index *ix;

static struct db *load(const char *path)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	struct db *db = NULL;

	must(kb_token_init(), "tokenizer");
	must(db_open(&db, NULL, DB_MEMORY, NULL), "database");
	must(kb_base_make(db), "schema");
	must(kb_shelf_alloc(&shelf), "shelf");
	must(kb_shelf_read(shelf, path, on_fault, NULL), path);
	must(db_begin(db), "begin");
	for (unsigned i = 0; i < shelf->n; i++)
		must(kb_life_import(db, shelf->list[i], 1, 1000, "t"), "put");
	must(db_commit(db), "commit");
	ix = mem_deref(ix);
	must(kb_index_alloc(&ix), "index");
	return db;
}

static bool is_one_of(const char *id, const char *ids)
{
	size_t n = strlen(id);

	while (*ids) {
		size_t k = strcspn(ids, ",");
		if (k == n && !memcmp(ids, id, n))
			return true;
		ids += k;
		ids += *ids == ',';
	}
	return false;
}

static void ask(struct score *s, struct db *db, const char *text,
		const char *ids)
{
	scoped_mem struct kb_hits *hits = NULL;
	const struct kb_query q = {
		.text = text, .line = "", .day = DAY, .limit = LIMIT};

	must(kb_search(&hits, ix, db, &q), text);
	s->n++;
	for (unsigned i = 0; i < hits->n; i++) {
		if (!is_one_of(hits->list[i].id, ids))
			continue;
		s->first += i == 0;
		s->fifth += i < 5;
		s->reciprocal += 1.0 / (i + 1);
		return;
	}
}

/* The questions of a file that an entry answers. */
static int ask_file(struct score *s, struct db *db, const char *path)
{
	scoped_str char *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *f = fopen(path, "rb");

	if (!f)
		return errno;
	while ((len = getline(&line, &room, f)) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		char *tab = strchr(line, '\t');
		if (!tab || !strcmp(tab, "\t-"))
			continue;
		*tab = '\0';
		ask(s, db, line, tab + 1);
	}
	fclose(f);
	return 0;
}

static void tell(const struct set *set, const struct kind *kind,
		 const struct score *s, const struct baseline *b)
{
	double first = (double)s->first / s->n,
	       fifth = (double)s->fifth / s->n;

	fprintf(stderr, "%-14s %-12s %5u  %.3f (%.3f)  %.3f (%.3f)  %.3f\n",
		set->name, kind->name, s->n, first, b->first, fifth, b->fifth,
		s->reciprocal / s->n);
	printf("{\"bench\":\"kb_eval_%s_%s\",\"ours\":%.4f,"
	       "\"baseline\":%.4f,\"ratio\":%.3f,\"unit\":\"recall@1\","
	       "\"note\":\"recall@5 %.4f against %.4f; MRR@10 %.4f; %u "
	       "questions\"}\n",
	       set->name, kind->name, first, b->first,
	       b->first > 0 ? first / b->first : 0, fifth, b->fifth,
	       s->reciprocal / s->n, s->n);
}

static void run_set(const struct set *set, const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s/corpus.tsv", folder, set->name);
	scoped_mem struct db *db = load(path);
	for (size_t i = 0; i < KINDS_N; i++) {
		struct score s = {.n = 0};
		snprintf(path, sizeof(path), "%s/%s/%s.tsv", folder, set->name,
			 kinds[i].file);
		must(ask_file(&s, db, path), path);
		if (s.n)
			tell(set, &kinds[i], &s, &set->base[i]);
	}
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return argc == 0;
}

int main(int argc, char **argv)
{
	const char *folder = ZUOXI_SOURCE "/../shared/kb-eval";

	argc--;
	argv++;
	if (argc >= 2 && !strcmp(argv[0], "--sets")) {
		folder = argv[1];
		argc -= 2;
		argv += 2;
	}
	if (access(folder, R_OK)) {
		fprintf(stderr,
			"kb_eval: skipped: the sets of questions are not at "
			"%s (--sets FOLDER)\n",
			folder);
		return 77;
	}
	fprintf(stderr, "%-14s %-12s %5s  R@1 (FTS5)     R@5 (FTS5)     MRR\n",
		"set", "kind", "n");
	for (size_t i = 0; i < SETS_N; i++) {
		if (is_wanted(sets[i].name, argc, argv))
			run_set(&sets[i], folder);
	}
	return 0;
}
