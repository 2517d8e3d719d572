/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding entries. A question becomes words (token); the rarest of them ask
 * the index for candidates, whose number is bounded whatever is typed; the
 * candidates are ordered by BM25 (title, ways to ask, words, body weigh
 * differently) and by the one way to ask that is most like the question.
 * What may not be told to a citizen today comes after what may.
 *
 * A question is text, never syntax: quotes, stars, AND and SQL are words or
 * nothing. Runs on any `struct db`; ECANCELED after sqlite3_interrupt().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "kb/entry.h"

#define KB_LIMIT_MAX	 100
#define KB_SNIPPET_BYTES 256
#define KB_MARKS_MAX	 8

struct kb_query {
	const char *text; /* the first 1000 bytes count */
	const char *line; /* "": all */
	const char *day;  /* "2026-11-24": decides what is in force */
	unsigned limit;	  /* 1 to KB_LIMIT_MAX */
};

struct kb_hit {
	char id[KB_ID_SIZE];
	int64_t version;
	char *title;
	char *line;
	char *expires;
	const char *state; /* as kb_state_on */
	const char *why;   /* "id", "title", "ask", "word", "body" */
	double score;
	/* A piece of the answer in one line, and the bytes in it that match:
	 * offset and length. */
	char snippet[KB_SNIPPET_BYTES];
	struct {
		uint16_t from, len;
	} marks[KB_MARKS_MAX];
	unsigned marks_n;
};

/* A mem_ref object. */
struct kb_hits {
	struct kb_hit *list;
	unsigned n;
};

int kb_search(struct kb_hits **hp, struct db *db, const struct kb_query *q);
