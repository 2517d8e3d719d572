/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/guard.h"

#include <errno.h>

#include "common/cal.h"

#define SLOTS	  1024
#define SECOND_US 1000000

struct slot {
	struct sa addr;
	int64_t since_us; /* of the running second */
	unsigned n;
};

struct guard {
	struct slot slots[SLOTS + 1]; /* the last one: all that found none */
	unsigned per_second;
	guard_known_h *h;
	void *arg;
	struct guard_stats stats;
};

int guard_alloc(struct guard **gp, unsigned per_second, guard_known_h *h,
		void *arg)
{
	struct guard *g = mem_zalloc(sizeof(*g), NULL);

	if (!g)
		return ENOMEM;
	g->per_second = per_second;
	g->h = h;
	g->arg = arg;
	*gp = g;
	return 0;
}

bool guard_known(const struct guard *g, const struct sa *src)
{
	return g->h(src, g->arg);
}

/* Four places an address may stand in; a place whose second is over is
 * free. */
static struct slot *slot_of(struct guard *g, const struct sa *src, int64_t now)
{
	uint32_t hash = sa_hash(src, SA_ADDR);
	struct slot *free_slot = NULL;

	for (unsigned i = 0; i < 4; i++) {
		struct slot *s = &g->slots[(hash + i) % SLOTS];
		if (s->n && sa_cmp(&s->addr, src, SA_ADDR))
			return s;
		if (!free_slot && now - s->since_us >= SECOND_US)
			free_slot = s;
	}
	if (!free_slot)
		return &g->slots[SLOTS];
	free_slot->addr = *src;
	free_slot->n = 0;
	return free_slot;
}

bool guard_admit(struct guard *g, const struct sa *src)
{
	int64_t now = cal_mono_us();
	struct slot *s = slot_of(g, src, now);

	if (now - s->since_us >= SECOND_US) {
		s->since_us = now;
		s->n = 0;
	}
	if (s->n >= g->per_second) {
		g->stats.silent++;
		return false;
	}
	s->n++;
	return true;
}

void guard_refused(struct guard *g)
{
	g->stats.refused++;
}

void guard_stats(const struct guard *g, struct guard_stats *out)
{
	*out = g->stats;
}
