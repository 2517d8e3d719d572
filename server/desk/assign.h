/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets which call: a pure function from (waiting items, agents, rules,
 * now) to offers. No clock, no I/O, no allocation; the caller brings the
 * scratch memory. desk/acd calls it whenever something changed.
 *
 * Order of items, one list for the whole site: those put at the head first
 * (citizens who were cut off), then by effective arrival, which is the moment
 * of queueing moved back by `ageing_us` for each step of priority. So a low
 * priority is overtaken only by calls that came soon after it, and nobody
 * starves. Equal: the longest wait first, then the order of the array.
 *
 * Agent for an item: free, with a skill level for the queue that meets the
 * queue's least level (which sinks by one for each `widen_us` of waiting),
 * longest idle first, over all queues; equal: the higher level.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSIGN_LEVELS 9

enum assign_busy {
	ASSIGN_FREE,
	ASSIGN_TALKING, /* or in an offer */
	ASSIGN_WRAPUP,
	ASSIGN_PAUSED,
	ASSIGN_AWAY, /* signed in, phone not reachable */
};

struct assign_item {
	int64_t queued_us;
	int priority;	/* higher first */
	unsigned queue; /* index below rules->queues */
	int target;	/* index of the one agent it is for, or -1 */
	bool head;
	bool offered; /* has an offer already: only keeps its place */
	/* out */
	const char *why;   /* msgid: why it is not assigned; "" when it is */
	unsigned position; /* 1 is next */
};

struct assign_agent {
	int64_t idle_since_us;
	enum assign_busy busy;
	const uint8_t *level; /* rules->queues of them, 0: no skill */
};

struct assign_queue {
	uint8_t least_level; /* 0 and 1: any */
};

struct assign_rules {
	const struct assign_queue *queue;
	unsigned queues;
	int64_t ageing_us;
	int64_t widen_us; /* 0: never */
};

struct assign_offer {
	unsigned item;
	unsigned agent;
	uint8_t level;
};

struct assign_work {
	struct assign_item *items;
	size_t n_items;
	const struct assign_agent *agents;
	size_t n_agents;
	unsigned *order; /* scratch: n_items + n_agents */
	bool *taken;	 /* scratch: n_agents */
	unsigned *next;	 /* scratch: queues * (ASSIGN_LEVELS + 1) */
	struct assign_offer *offers; /* out: room for min(items, agents) */
};

/* Returns the number of offers; fills why and position of every item. */
size_t assign_run(struct assign_work *work, const struct assign_rules *rules,
		  int64_t now_us);
