/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "server/desk/assign.h"

#define QUEUES 3
#define MAX    2000

/* One table to run: arrays large enough, filled by each test. */
struct bench {
	struct assign_item items[MAX];
	struct assign_agent agents[MAX];
	uint8_t level[MAX][QUEUES];
	unsigned order[2 * MAX];
	bool taken[MAX];
	unsigned next[QUEUES * (ASSIGN_LEVELS + 1)];
	struct assign_offer offers[MAX];
	struct assign_queue queue[QUEUES];
	struct assign_rules rules;
	struct assign_work work;
};

static struct bench b;

static void reset(void)
{
	memset(&b, 0, sizeof(b));
	b.rules = (struct assign_rules){.queue = b.queue,
					.queues = QUEUES,
					.ageing_us = 30000000,
					.widen_us = 20000000};
	b.work = (struct assign_work){.items = b.items,
				      .agents = b.agents,
				      .order = b.order,
				      .taken = b.taken,
				      .next = b.next,
				      .offers = b.offers};
}

static void item(int64_t queued, int priority, unsigned queue)
{
	struct assign_item *it = &b.items[b.work.n_items++];

	it->queued_us = queued;
	it->priority = priority;
	it->queue = queue;
	it->target = -1;
}

static void agent(int64_t idle, enum assign_busy busy, int l0, int l1, int l2)
{
	size_t i = b.work.n_agents++;

	b.level[i][0] = (uint8_t)l0;
	b.level[i][1] = (uint8_t)l1;
	b.level[i][2] = (uint8_t)l2;
	b.agents[i] = (struct assign_agent){
		.idle_since_us = idle, .busy = busy, .level = b.level[i]};
}

static size_t run(int64_t now)
{
	return assign_run(&b.work, &b.rules, now);
}

static void longest_wait_meets_longest_idle(void **state)
{
	reset();
	item(2000, 0, 0);
	item(1000, 0, 0);
	agent(500, ASSIGN_FREE, 1, 0, 0);
	agent(400, ASSIGN_FREE, 1, 1, 1);
	assert_int_equal(run(3000), 2);
	assert_int_equal(b.offers[0].item, 1);
	assert_int_equal(b.offers[0].agent, 1);
	assert_int_equal(b.offers[1].item, 0);
	assert_int_equal(b.offers[1].agent, 0);
	assert_int_equal(b.items[1].position, 1);
	assert_string_equal(b.items[0].why, "");
}

static void skills_are_obeyed_and_explained(void **state)
{
	reset();
	item(1000, 0, 2);
	item(2000, 0, 0);
	item(3000, 0, 1);
	agent(1, ASSIGN_FREE, 1, 0, 0);
	agent(1, ASSIGN_TALKING, 0, 1, 0);
	assert_int_equal(run(4000), 1);
	assert_int_equal(b.offers[0].item, 1);
	assert_string_equal(b.items[0].why,
			    "No agent with this skill is signed in");
	assert_string_equal(b.items[2].why, "All are talking");
	b.agents[1].busy = ASSIGN_PAUSED;
	run(4000);
	assert_string_equal(b.items[2].why, "All are paused");
	b.agents[1].busy = ASSIGN_WRAPUP;
	assert_int_equal(run(4000), 1); /* wrap-up holds over all queues */
	assert_string_equal(b.items[2].why, "All are in wrap-up");
}

static void priority_ages(void **state)
{
	reset();
	item(0, 0, 0);
	item(20000000, 1, 0); /* worth 30 s of waiting */
	agent(1, ASSIGN_FREE, 1, 0, 0);
	run(25000000);
	assert_int_equal(b.offers[0].item, 1);
	b.items[1].queued_us = 40000000;
	run(45000000);
	assert_int_equal(b.offers[0].item, 0);
}

static void head_of_the_list_goes_first(void **state)
{
	reset();
	item(0, 5, 0);
	item(900, 0, 0);
	b.items[1].head = true;
	agent(1, ASSIGN_FREE, 1, 0, 0);
	run(1000);
	assert_int_equal(b.offers[0].item, 1);
}

static void level_widens_with_waiting(void **state)
{
	reset();
	b.queue[0].least_level = 2;
	item(1000, 0, 0);
	agent(1, ASSIGN_FREE, 1, 0, 0);
	assert_int_equal(run(2000), 0);
	assert_string_equal(b.items[0].why, "Waits for a higher skill level");
	assert_int_equal(run(1000 + 20000000), 1);
	agent(5, ASSIGN_FREE, 3, 0, 0);
	assert_int_equal(run(2000), 1);
	assert_int_equal(b.offers[0].agent, 1);
	assert_int_equal(b.offers[0].level, 3);
}

static void target_and_offered(void **state)
{
	reset();
	item(1000, 0, 0);
	item(2000, 0, 0);
	b.items[0].target = 1;
	b.items[1].offered = true;
	agent(1, ASSIGN_FREE, 1, 0, 0);
	agent(2, ASSIGN_WRAPUP, 1, 0, 0);
	assert_int_equal(run(3000), 0);
	assert_string_equal(b.items[0].why, "The agent asked for is busy");
	b.agents[1].busy = ASSIGN_FREE;
	assert_int_equal(run(3000), 1);
	assert_int_equal(b.offers[0].agent, 1);
}

static bool someone_could(size_t i, const bool *used)
{
	for (size_t a = 0; a < b.work.n_agents; a++)
		if (b.agents[a].busy == ASSIGN_FREE && !used[a] &&
		    b.level[a][b.items[i].queue])
			return true;
	return false;
}

/* Properties that hold whatever the tables are. */
static void check_properties(size_t n)
{
	static bool used[MAX], given[MAX];

	memset(used, 0, sizeof(used));
	memset(given, 0, sizeof(given));
	for (size_t i = 0; i < n; i++) {
		const struct assign_offer *o = &b.offers[i];
		assert_false(used[o->agent]);
		assert_false(given[o->item]);
		assert_int_equal(b.agents[o->agent].busy, ASSIGN_FREE);
		assert_true(b.level[o->agent][b.items[o->item].queue] > 0);
		used[o->agent] = given[o->item] = true;
	}
	for (size_t i = 0; i < b.work.n_items; i++) {
		if (given[i])
			continue;
		/* nobody idles beside a citizen he could serve */
		assert_false(someone_could(i, used));
		assert_string_not_equal(b.items[i].why, "");
		for (size_t j = 0; j < b.work.n_items; j++)
			if (given[j] && b.items[j].queue == b.items[i].queue)
				assert_true(b.items[j].position <
					    b.items[i].position);
	}
}

static void random_tables_keep_the_properties(void **state)
{
	srand(4711);
	for (int round = 0; round < 300; round++) {
		reset();
		int items = rand() % 40, agents = rand() % 30;
		for (int i = 0; i < items; i++)
			item(rand() % 1000000, rand() % 3,
			     (unsigned)rand() % QUEUES);
		for (int i = 0; i < agents; i++)
			agent(rand() % 50, (enum assign_busy)(rand() % 5),
			      rand() % 4, rand() % 3, rand() % 2);
		check_properties(run(1000000));
	}
}

/* 20,000 calls over 100 agents, with priorities: all are served, and of one
 * priority and queue in the order of arrival. */
static void nobody_starves(void **state)
{
	int64_t now = 0, arrived = 0, last[QUEUES][3] = {{0}};
	int served = 0;
	int64_t free_at[100];
	clock_t t0 = clock();

	reset();
	srand(99);
	memset(free_at, 0, sizeof(free_at));
	for (int i = 0; i < 100; i++)
		agent(0, ASSIGN_FREE, 1 + i % 3, i % 2, i % 4 == 1);
	while (served < 20000) {
		now += 100000;
		for (int k = rand() % 3;
		     k > 0 && arrived < 20000 && b.work.n_items < MAX; k--) {
			item(now, rand() % 3, (unsigned)rand() % QUEUES);
			arrived++;
		}
		for (size_t a = 0; a < 100; a++)
			if (b.agents[a].busy != ASSIGN_FREE &&
			    free_at[a] <= now) {
				b.agents[a].busy = ASSIGN_FREE;
				b.agents[a].idle_since_us = now;
			}
		size_t n = run(now);
		for (size_t i = 0; i < n; i++) {
			struct assign_item *it = &b.items[b.offers[i].item];
			int64_t *l = &last[it->queue][it->priority];
			assert_true(it->queued_us >= *l);
			*l = it->queued_us;
			b.agents[b.offers[i].agent].busy = ASSIGN_TALKING;
			free_at[b.offers[i].agent] =
				now + 5000000 + rand() % 5000000;
			it->queued_us = -1;
			served++;
		}
		size_t kept = 0;
		for (size_t i = 0; i < b.work.n_items; i++)
			if (b.items[i].queued_us >= 0)
				b.items[kept++] = b.items[i];
		b.work.n_items = kept;
	}
	assert_int_equal(served, 20000);
	assert_true((double)(clock() - t0) / CLOCKS_PER_SEC < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_wait_meets_longest_idle),
		cmocka_unit_test(skills_are_obeyed_and_explained),
		cmocka_unit_test(priority_ages),
		cmocka_unit_test(head_of_the_list_goes_first),
		cmocka_unit_test(level_widens_with_waiting),
		cmocka_unit_test(target_and_offered),
		cmocka_unit_test(random_tables_keep_the_properties),
		cmocka_unit_test(nobody_starves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
