/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assigner. Sorting is a heap sort on indices because qsort may allocate;
 * for each (queue, least level) a cursor walks the agents in order of
 * idleness and never goes back, since an agent taken stays taken: the whole
 * run is O(items log items + agents log agents + queues * agents).
 */
#include "server/desk/assign.h"

#include <string.h>

#include "common/proto.h"

typedef int(before_h)(const struct assign_work *w,
		      const struct assign_rules *rules, unsigned a,
		      unsigned b);

static int64_t effective_us(const struct assign_item *it,
			    const struct assign_rules *rules)
{
	return it->queued_us - (int64_t)it->priority * rules->ageing_us;
}

/* < 0: item a is before item b */
static int item_before(const struct assign_work *w,
		       const struct assign_rules *rules, unsigned a,
		       unsigned b)
{
	const struct assign_item *x = &w->items[a], *y = &w->items[b];

	if (x->head != y->head)
		return x->head ? -1 : 1;
	int64_t ex = x->head ? x->queued_us : effective_us(x, rules);
	int64_t ey = y->head ? y->queued_us : effective_us(y, rules);
	if (ex != ey)
		return ex < ey ? -1 : 1;
	if (x->queued_us != y->queued_us)
		return x->queued_us < y->queued_us ? -1 : 1;
	return a < b ? -1 : 1;
}

static int agent_before(const struct assign_work *w,
			const struct assign_rules *rules, unsigned a,
			unsigned b)
{
	const struct assign_agent *x = &w->agents[a], *y = &w->agents[b];

	(void)rules;
	if (x->idle_since_us != y->idle_since_us)
		return x->idle_since_us < y->idle_since_us ? -1 : 1;
	return a < b ? -1 : 1;
}

static void sift(const struct assign_work *w, const struct assign_rules *rules,
		 unsigned *v, size_t root, size_t n, before_h *before)
{
	for (;;) {
		size_t child = 2 * root + 1;

		if (child >= n)
			return;
		if (child + 1 < n &&
		    before(w, rules, v[child], v[child + 1]) < 0)
			child++;
		if (before(w, rules, v[root], v[child]) >= 0)
			return;
		unsigned t = v[root];
		v[root] = v[child];
		v[child] = t;
		root = child;
	}
}

static void heap_sort(const struct assign_work *w,
		      const struct assign_rules *rules, unsigned *v, size_t n,
		      before_h *before)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (unsigned)i;
	for (size_t i = n / 2; i-- > 0;)
		sift(w, rules, v, i, n, before);
	for (size_t i = n; i-- > 1;) {
		unsigned t = v[0];
		v[0] = v[i];
		v[i] = t;
		sift(w, rules, v, 0, i, before);
	}
}

static uint8_t level_wanted(const struct assign_item *it,
			    const struct assign_rules *rules, int64_t now_us)
{
	int64_t level = rules->queue[it->queue].least_level;

	if (rules->widen_us > 0 && now_us > it->queued_us)
		level -= (now_us - it->queued_us) / rules->widen_us;
	if (level < 1)
		level = 1;
	return level > ASSIGN_LEVELS ? ASSIGN_LEVELS : (uint8_t)level;
}

/* The longest idle free agent for the item, the highest level of equals. */
static int pick(struct assign_work *w, const struct assign_rules *rules,
		const struct assign_item *it, int64_t now_us)
{
	const unsigned *by_idle = w->order + w->n_items;
	uint8_t least = level_wanted(it, rules, now_us);
	unsigned *cur = &w->next[it->queue * (ASSIGN_LEVELS + 1) + least];
	int best = -1;

	while (*cur < w->n_agents) {
		unsigned a = by_idle[*cur];
		if (w->agents[a].busy == ASSIGN_FREE && !w->taken[a] &&
		    w->agents[a].level[it->queue] >= least) {
			best = (int)a;
			break;
		}
		++*cur;
	}
	if (best < 0)
		return -1;
	for (size_t i = *cur + 1; i < w->n_agents; i++) {
		const struct assign_agent *x = &w->agents[by_idle[i]];
		if (x->idle_since_us != w->agents[best].idle_since_us)
			break;
		if (x->busy == ASSIGN_FREE && !w->taken[by_idle[i]] &&
		    x->level[it->queue] > w->agents[best].level[it->queue])
			best = (int)by_idle[i];
	}
	return best;
}

/* Nobody could be found: the reason that a lead can act on. */
static const char *explain(const struct assign_work *w,
			   const struct assign_item *it)
{
	bool seen[ASSIGN_AWAY + 1] = {false};
	bool any = false;

	for (size_t i = 0; i < w->n_agents; i++) {
		if (!w->agents[i].level[it->queue])
			continue;
		any = true;
		seen[w->taken[i] ? ASSIGN_TALKING : w->agents[i].busy] = true;
	}
	if (!any)
		return N_("No agent with this skill is signed in");
	if (seen[ASSIGN_FREE])
		return N_("Waits for a higher skill level");
	if (seen[ASSIGN_TALKING])
		return N_("All are talking");
	if (seen[ASSIGN_WRAPUP])
		return N_("All are in wrap-up");
	if (seen[ASSIGN_PAUSED])
		return N_("All are paused");
	return N_("No phone of theirs can be reached");
}

/* One explanation a queue is enough: they differ by the level only. */
static const char *explain_once(const struct assign_work *w,
				const struct assign_item *it,
				const char **cache, size_t n)
{
	if (it->queue >= n)
		return explain(w, it);
	if (!cache[it->queue])
		cache[it->queue] = explain(w, it);
	return cache[it->queue];
}

static int find_agent(struct assign_work *w, const struct assign_rules *rules,
		      const struct assign_item *it, int64_t now_us)
{
	if (it->target < 0)
		return pick(w, rules, it, now_us);
	const struct assign_agent *a = &w->agents[it->target];
	return a->busy == ASSIGN_FREE && !w->taken[it->target] ? it->target
							       : -1;
}

size_t assign_run(struct assign_work *w, const struct assign_rules *rules,
		  int64_t now_us)
{
	size_t n = 0, free_agents = 0;
	const char *cache[64] = {NULL};

	heap_sort(w, rules, w->order, w->n_items, item_before);
	heap_sort(w, rules, w->order + w->n_items, w->n_agents, agent_before);
	memset(w->taken, 0, w->n_agents * sizeof(*w->taken));
	memset(w->next, 0,
	       rules->queues * (ASSIGN_LEVELS + 1) * sizeof(*w->next));
	for (size_t i = 0; i < w->n_agents; i++)
		free_agents += w->agents[i].busy == ASSIGN_FREE;
	for (size_t i = 0; i < w->n_items; i++) {
		struct assign_item *it = &w->items[w->order[i]];

		it->position = (unsigned)i + 1;
		it->why = "";
		if (it->offered || n >= free_agents)
			continue;
		int a = find_agent(w, rules, it, now_us);
		if (a < 0)
			continue;
		w->taken[a] = true;
		w->offers[n].item = w->order[i];
		w->offers[n].agent = (unsigned)a;
		w->offers[n++].level = w->agents[a].level[it->queue];
		it->why = NULL; /* assigned: told apart below */
	}
	for (size_t i = 0; i < w->n_items; i++) {
		struct assign_item *it = &w->items[i];

		if (!it->why || it->offered)
			it->why = "";
		else if (it->target >= 0)
			it->why = N_("The agent asked for is busy");
		else
			it->why = explain_once(w, it, cache, 64);
	}
	return n;
}
