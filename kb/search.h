/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding entries: a question is made ready (question), the index in memory
 * names the entries worth a look (recall), these are measured and ordered
 * (rank), and the first are read from the database. What may not be told to
 * a citizen today comes after what may.
 *
 * A question is text, never syntax: quotes, stars, AND and SQL are words or
 * nothing. Runs on any thread with a `struct db` of its own; the index may
 * be shared. ECANCELED after sqlite3_interrupt() or when *cancelled.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "kb/entry.h"
#include "kb/index.h"

#define KB_LIMIT_MAX	   100
#define KB_QUERY_MAX_BYTES 1000
#define KB_SNIPPET_BYTES   256
#define KB_MARKS_MAX	   8

struct kb_query {
	const char *text; /* the first 1000 bytes count */
	const char *line; /* "": all */
	const char *day;  /* "2026-11-24": decides what is in force */
	unsigned limit;	  /* 1 to KB_LIMIT_MAX */
	/* For an answer: drafts count as well. For measuring a KB that answers
	 * nobody. */
	bool drafts;
	/* Set by another thread when the answer is no longer wanted; may be
	 * NULL. */
	const atomic_bool *cancelled;
};

struct kb_mark {
	uint16_t from, len; /* bytes */
};

struct kb_hit {
	char id[KB_ID_SIZE];
	int64_t version;
	char *title;
	char *line;
	char *expires;
	const char *state; /* as kb_state_on */
	const char *why;   /* "id", "title", "ask", "word", "body" */
	/* How the question is in it: "exact", "pinyin", "letters", "synonym",
	 * "sound"; "" when in neither title nor snippet. */
	const char *how;
	double score;
	/* A piece of the answer in one line, and what in it and in the title
	 * matches. */
	char snippet[KB_SNIPPET_BYTES];
	struct kb_mark marks[KB_MARKS_MAX], title_marks[KB_MARKS_MAX];
	unsigned marks_n, title_marks_n;
};

/* A mem_ref object. */
struct kb_hits {
	struct kb_hit *list;
	unsigned n;
};

int kb_search(struct kb_hits **hp, struct kb_index *ix, struct db *db,
	      const struct kb_query *q);
