/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions that an entry asks of those who read it. Choices come in an
 * order that is each reader's own and stays the same however often he looks:
 * the place of the right one tells nothing, also not to the next reader.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "kb/entry.h"

size_t quiz_count(const struct kb_entry *e);
/* [{"question","choices":[...]}] as this person sees them. New reference. */
json_t *quiz_json(const struct kb_entry *e, int64_t version,
		  const char *person);
/* answers: one for each question, the text of a choice or its place from 0.
 * What is wrong goes to `wrong` as {"question","answer"}. EINVAL: an answer
 * is none of the choices. */
int quiz_mark(const struct kb_entry *e, int64_t version, const char *person,
	      const json_t *answers, json_t *wrong, size_t *rightp);
/* The text of an entry without its questions: they would give the answers
 * away. To be freed with mem_deref. */
int quiz_strip(char **textp, const char *text);
