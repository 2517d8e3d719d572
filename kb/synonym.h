/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that mean the same in questions. A text of lines, each a group of
 * phrases with spaces between, `#` begins a remark:
 *
 *     缴费 交费 缴纳
 *
 * A short list of everyday words is built in; administrators add their own.
 * Only Chinese phrases of up to KB_PHRASE_MAX characters take part.
 */
#pragma once

#include <stdint.h>

#include "common/cal.h"

#define KB_PHRASE_MAX 12

struct kb_phrase {
	uint16_t syms[KB_PHRASE_MAX];
	uint8_t len;
	uint16_t group;
	uint32_t next; /* number + 1 of one with the same first character */
};

struct kb_synonyms {
	struct kb_phrase *list; /* groups lie together */
	uint32_t n;
	uint32_t head[0x10000]; /* first character -> number + 1 */
};

/* The built-in list and `more` (NULL: nothing). EBADMSG: diag names the line
 * and what is wrong with it. A mem_ref object. */
int kb_synonyms_alloc(struct kb_synonyms **sp, const char *file,
		      const char *more, struct diag *diag);

/* The longest phrase that begins here, NULL: none. */
const struct kb_phrase *kb_synonyms_find(const struct kb_synonyms *s,
					 const uint32_t *syms, unsigned n);
