/* SPDX-License-Identifier: Apache-2.0 */
/* What site.c and site_rpc.c share; for nobody else. */
#pragma once

#include "server/desk/site.h"

/* "8800 1001, 88001002" -> list; false when one is no number or there are
 * too many. */
bool site_numbers_parse(const char *text,
			char numbers[SITE_NUMBERS][SITE_NUMBER], size_t *np);
void site_numbers_print(char numbers[SITE_NUMBERS][SITE_NUMBER], size_t n,
			char *out, size_t size);
/* Both are called as the same number. */
bool site_same_number(const char *a, const char *b);

const struct site_prm *site_prm(const struct site *s);
/* After the commit, on the loop: a secret that no fact carries. */
void site_secret(struct site *s, const char *kind, const char *id,
		 const char *value);
void site_queue_live_add(const struct site *s, const struct site_queue *q,
			 json_t *obj);
