/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a question stands in a text, and how it got there: as it was typed,
 * in pinyin, by its first letters, in other words, by sound alone. The piece
 * of an answer that is shown under a hit is the forty characters or so with
 * most of it.
 *
 * A pair of characters counts, and a word; of single characters only those
 * that the question has by themselves.
 */
#pragma once

#include <stddef.h>

#include "kb/question.h"
#include "kb/search.h"

struct kb_marker; /* a mem_ref object, for one question */

/* The question's synonyms must live as long as this. */
int kb_marker_alloc(struct kb_marker **mp, struct kb_question *q);

/* Marks in one line. */
unsigned kb_marker_line(struct kb_mark marks[KB_MARKS_MAX],
			struct kb_marker *m, const char *text);
/* The snippet of a body, and its marks. */
void kb_marker_body(struct kb_hit *hit, struct kb_marker *m, const char *body);
/* How most of the question got into what was marked since the last call:
 * "exact", "pinyin", "letters", "synonym", "sound"; "" when nothing was. */
const char *kb_marker_how(struct kb_marker *m);
