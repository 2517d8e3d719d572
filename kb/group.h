/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions that ask the same, put together: each joins the group whose words
 * it shares most, if that is enough, or begins one. Words that many of the
 * questions have (greetings, "how do I") weigh little, so it is what is asked
 * about that decides. A pure function of the texts and their order.
 */
#pragma once

#include <stddef.h>

/* Beyond these the later texts are left alone (group -1). */
#define KB_GROUP_TEXTS 4096

/* text[n] -> group[n], numbered from 0 in order of their first text; of each
 * group, head[g] is the text most like the others: head has room for n.
 * *groups is how many there are. ENOMEM. */
int kb_group(const char *const *text, size_t n, int *group, int *head,
	     size_t *groups);
