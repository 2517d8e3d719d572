/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hotline in simulated time, driven through the real assigner: Poisson
 * arrivals, exponential handling and patience. What comes out is held against
 * the formulas of Erlang C (nobody gives up) and Erlang A (patience), whose
 * values are computed here from the birth-death chain, and against the
 * published P(wait) = 0.4092 for 10 agents and 8 Erlang.
 *
 *     day [--seed N] [--calls N]        exit 1 when a figure is off
 *     day --bench                       one JSON line: what a run of the
 *                                       assigner takes, against a queue and
 *                                       a heap of idle agents
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/desk/assign.h"

#define AGENTS_MAX 200
#define LINE_MAX   4096
#define STATES	   2000

/* ---- chance ---- */

static uint64_t seed_state;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators" (2016). */
static double chance(void)
{
	seed_state ^= seed_state >> 12;
	seed_state ^= seed_state << 25;
	seed_state ^= seed_state >> 27;
	return (double)((seed_state * 2685821657736338717ull) >> 11) /
	       9007199254740992.0;
}

static double exponential(double mean)
{
	return -mean * log(1.0 - chance());
}

/* ---- the formulas ---- */

struct figures {
	double wait, abandon; /* probabilities */
	double asa;	      /* mean wait of all, in handling times */
};

/* Erlang A (M/M/N+M); patience 0: endless, which is Erlang C. Time in units
 * of the mean handling time. */
static struct figures erlang(int n, double load, double patience)
{
	static double p[STATES];
	double sum = 0, waiting = 0, in_line = 0;

	p[0] = 1;
	for (int k = 1; k < STATES; k++) {
		double leave = k < n ? k : n;
		if (k > n && patience > 0)
			leave += (k - n) / patience;
		p[k] = p[k - 1] * load / leave;
	}
	for (int k = 0; k < STATES; k++)
		sum += p[k];
	for (int k = n; k < STATES; k++) {
		waiting += p[k] / sum;
		in_line += (k - n) * p[k] / sum;
	}
	return (struct figures){
		.wait = waiting,
		.abandon = patience > 0 ? in_line / patience / load : 0,
		.asa = in_line / load,
	};
}

/* ---- the hotline ---- */

struct caller {
	double came, leaves; /* leaves: INFINITY with endless patience */
};

struct hotline {
	void (*assign)(struct hotline *h);
	int64_t assign_ns; /* spent in it */
	uint64_t runs;
	int heap[AGENTS_MAX]; /* of the plain one: idle agents */
	int idle;
	int agents;
	double load, patience;
	double now, next_call;
	double busy_until[AGENTS_MAX]; /* INFINITY when free */
	int64_t idle_since[AGENTS_MAX];
	struct caller line[LINE_MAX];
	size_t waiting;
	uint64_t calls, waited, abandoned;
	double wait_sum;
};

static int64_t us(double t)
{
	return (int64_t)(t * 1e6);
}

static void answer(struct hotline *h, size_t item, unsigned agent)
{
	double waited = h->now - h->line[item].came;

	h->wait_sum += waited;
	h->busy_until[agent] = h->now + exponential(1);
}

/* Lays the moment before the assigner and does what it says. */
static void assign(struct hotline *h)
{
	static struct assign_item items[LINE_MAX];
	static struct assign_agent agents[AGENTS_MAX];
	static unsigned order[LINE_MAX + AGENTS_MAX];
	static bool taken[AGENTS_MAX], gone[LINE_MAX];
	static unsigned next[ASSIGN_LEVELS + 1];
	static struct assign_offer offers[AGENTS_MAX];
	static const uint8_t level = 1;
	static const struct assign_queue queue;
	const struct assign_rules rules = {.queue = &queue, .queues = 1};

	memset(gone, 0, h->waiting);
	for (size_t i = 0; i < h->waiting; i++)
		items[i] = (struct assign_item){
			.queued_us = us(h->line[i].came), .target = -1};
	for (int i = 0; i < h->agents; i++)
		agents[i] = (struct assign_agent){
			.idle_since_us = h->idle_since[i],
			.busy = isinf(h->busy_until[i]) ? ASSIGN_FREE
							: ASSIGN_TALKING,
			.level = &level};
	struct assign_work work = {
		.items = items,
		.n_items = h->waiting,
		.agents = agents,
		.n_agents = (size_t)h->agents,
		.order = order,
		.taken = taken,
		.next = next,
		.offers = offers,
	};
	size_t n = assign_run(&work, &rules, us(h->now));
	for (size_t i = 0; i < n; i++) {
		answer(h, offers[i].item, offers[i].agent);
		gone[offers[i].item] = true;
	}
	size_t left = 0;
	for (size_t i = 0; i < h->waiting; i++) {
		if (!gone[i])
			h->line[left++] = h->line[i];
	}
	h->waiting = left;
}

/* ---- the plain one: first come, first served, longest idle first ---- */

static bool idles_longer(const struct hotline *h, int a, int b)
{
	return h->idle_since[a] < h->idle_since[b] ||
	       (h->idle_since[a] == h->idle_since[b] && a < b);
}

static void heap_push(struct hotline *h, int agent)
{
	int i = h->idle++;

	for (; i > 0 && idles_longer(h, agent, h->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		h->heap[i] = h->heap[(i - 1) / 2];
	h->heap[i] = agent;
}

static int heap_pop(struct hotline *h)
{
	int first = h->heap[0], last = h->heap[--h->idle], i = 0;

	for (int k = 1; k < h->idle; k = 2 * i + 1) {
		if (k + 1 < h->idle &&
		    idles_longer(h, h->heap[k + 1], h->heap[k]))
			k++;
		if (!idles_longer(h, h->heap[k], last))
			break;
		h->heap[i] = h->heap[k];
		i = k;
	}
	h->heap[i] = last;
	return first;
}

static void assign_plain(struct hotline *h)
{
	size_t done = 0;

	while (done < h->waiting && h->idle > 0)
		answer(h, done++, (unsigned)heap_pop(h));
	h->waiting -= done;
	memmove(h->line, h->line + done, h->waiting * sizeof(*h->line));
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void run_assigner(struct hotline *h)
{
	int64_t from = now_ns();

	h->assign(h);
	h->assign_ns += now_ns() - from;
	h->runs++;
}

static void arrive(struct hotline *h)
{
	double patience =
		h->patience > 0 ? exponential(h->patience) : INFINITY;
	bool free_agent = false;

	for (int i = 0; i < h->agents; i++)
		free_agent |= (bool)isinf(h->busy_until[i]);
	h->calls++;
	h->waited += !free_agent;
	h->line[h->waiting++] =
		(struct caller){.came = h->now, .leaves = h->now + patience};
	h->next_call = h->now + exponential(1 / h->load);
	run_assigner(h);
}

static void give_up(struct hotline *h, size_t i)
{
	h->abandoned++;
	h->wait_sum += h->now - h->line[i].came;
	memmove(&h->line[i], &h->line[i + 1],
		(h->waiting - i - 1) * sizeof(*h->line));
	h->waiting--;
}

static void hang_up(struct hotline *h, int agent)
{
	h->busy_until[agent] = INFINITY;
	h->idle_since[agent] = us(h->now);
	if (h->assign == assign_plain)
		heap_push(h, agent);
	run_assigner(h);
}

/* One event: whichever comes first. */
static void turn(struct hotline *h)
{
	int agent = -1;
	size_t caller = LINE_MAX;
	double at = h->next_call;

	for (int i = 0; i < h->agents; i++) {
		if (h->busy_until[i] < at) {
			at = h->busy_until[i];
			agent = i;
		}
	}
	for (size_t i = 0; i < h->waiting; i++) {
		if (h->line[i].leaves < at) {
			at = h->line[i].leaves;
			caller = i;
		}
	}
	h->now = at;
	if (caller < LINE_MAX)
		give_up(h, caller);
	else if (agent >= 0)
		hang_up(h, agent);
	else
		arrive(h);
}

static struct hotline *open_hotline(int agents, double load, double patience,
				    void (*how)(struct hotline *h))
{
	struct hotline *h = calloc(1, sizeof(*h));

	h->assign = how;
	h->agents = agents;
	h->load = load;
	h->patience = patience;
	for (int i = 0; i < agents; i++)
		h->busy_until[i] = INFINITY;
	for (int i = 0; i < agents && how == assign_plain; i++)
		heap_push(h, i);
	return h;
}

static struct figures simulate(int agents, double load, double patience,
			       uint64_t calls)
{
	struct hotline *h = open_hotline(agents, load, patience, assign);

	while (h->calls < calls)
		turn(h);
	struct figures f = {
		.wait = (double)h->waited / (double)h->calls,
		.abandon = (double)h->abandoned / (double)h->calls,
		.asa = h->wait_sum / (double)h->calls,
	};
	free(h);
	return f;
}

static bool near(const char *what, double seen, double wanted, double share)
{
	bool ok = fabs(seen - wanted) <= wanted * share;

	printf("  %-10s %.4f  formula %.4f  %+.1f %%%s\n", what, seen, wanted,
	       wanted > 0 ? (seen / wanted - 1) * 100 : 0.0,
	       ok ? "" : "  OFF");
	return ok;
}

static bool compare(int agents, double load, double patience, uint64_t calls)
{
	struct figures f = erlang(agents, load, patience);
	struct figures s = simulate(agents, load, patience, calls);

	printf("N=%d, a=%.1f Erlang, patience %s%.2f\n", agents, load,
	       patience > 0 ? "" : "endless ", patience);
	bool ok = near("P(wait)", s.wait, f.wait, 0.02);
	ok &= near("mean wait", s.asa, f.asa, 0.06);
	if (patience > 0)
		ok &= near("P(give up)", s.abandon, f.abandon, 0.05);
	return ok;
}

/* ---- the benchmark ---- */

#define BENCH_CALLS  20000
#define BENCH_AGENTS 100
#define BENCH_LOAD   97
#define BENCH_LIMIT  10 /* seconds */

struct bench {
	double us; /* a run */
	double seconds;
	uint64_t runs;
	double wait;
};

static struct bench bench_one(void (*how)(struct hotline *h), uint64_t seed)
{
	struct hotline *h = open_hotline(BENCH_AGENTS, BENCH_LOAD, 0.5, how);
	int64_t from = now_ns();

	seed_state = seed;
	h->next_call = 0;
	while (h->calls < BENCH_CALLS)
		turn(h);
	struct bench b = {
		.us = (double)h->assign_ns / 1000 / (double)h->runs,
		.seconds = (double)(now_ns() - from) / 1e9,
		.runs = h->runs,
		.wait = (double)h->waited / (double)h->calls,
	};
	free(h);
	return b;
}

static int bench(uint64_t seed)
{
	struct bench plain = bench_one(assign_plain, seed);
	struct bench ours = bench_one(assign, seed);

	printf("{\"bench\":\"assigner\",\"ours\":%.3f,\"baseline\":%.3f,"
	       "\"ratio\":%.2f,\"unit\":\"us a run (less is better)\","
	       "\"note\":\"%d calls, %d agents, %d Erlang: %llu runs in %.2f "
	       "s, limit %d s: %s; P(wait) %.3f against %.3f; baseline: first "
	       "come first served with a heap of idle agents, no skills\"}\n",
	       ours.us, plain.us, ours.us / plain.us, BENCH_CALLS,
	       BENCH_AGENTS, BENCH_LOAD, (unsigned long long)ours.runs,
	       ours.seconds, BENCH_LIMIT,
	       ours.seconds < BENCH_LIMIT ? "held" : "missed", ours.wait,
	       plain.wait);
	return ours.wait == plain.wait ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint64_t seed = 20261124, calls = 1500000;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--calls"))
			calls = strtoull(argv[i + 1], NULL, 10);
	}
	if (argc == 2 && !strcmp(argv[1], "--bench"))
		return bench(seed * 2654435761u + 1);
	seed_state = seed * 2654435761u + 1;
	printf("seed %llu, %llu calls\n", (unsigned long long)seed,
	       (unsigned long long)calls);

	bool ok = near("published", erlang(10, 8, 0).wait, 0.4092, 0.0005);
	ok &= compare(10, 8, 0, calls);
	ok &= compare(10, 9.5, 0.25, calls / 2);
	ok &= compare(26, 22, 0.5, calls / 2);
	return ok ? 0 : 1;
}
