/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may make us work: sources that no trunk and no phone network names get
 * so many messages a second read (to be refused), and silence above that,
 * before a byte of theirs is parsed. The table of such addresses is bounded;
 * when it is full, more strangers count as one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/libre.h"

struct guard;

/* Is the source one of ours? */
typedef bool(guard_known_h)(const struct sa *src, void *arg);

int guard_alloc(struct guard **gp, unsigned per_second, guard_known_h *h,
		void *arg);
bool guard_known(const struct guard *g, const struct sa *src);
/* A message of a stranger: may it be read? Counts it. */
bool guard_admit(struct guard *g, const struct sa *src);

struct guard_stats {
	uint64_t refused; /* read and refused */
	uint64_t silent;  /* dropped unread */
};
void guard_refused(struct guard *g);
void guard_stats(const struct guard *g, struct guard_stats *out);
