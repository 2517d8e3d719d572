/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told what, and how often: each his own, leads all, and what everybody
 * sees no oftener than an eye looks.
 */
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "server/desk/acd.h"
#include "tests/integration/call_rig.h"

#define CROWD 20

static int setup(void **state)
{
	rig.open = true;
	return 0;
}

static int teardown(void **state)
{
	rig_clean();
	return 0;
}

static void enter(const char *who, json_t *topics)
{
	assert_non_null(agent_ask(
		who, "hello",
		json_pack("{s:i,s:s}", "version", 1, "client", "rig")));
	assert_non_null(agent_ask(who, "subscribe",
				  json_pack("{s:o}", "topics", topics)));
}

/* ---- conditions ---- */

static bool all_wait(void)
{
	return acd_count(rig.acd) == CROWD;
}

static bool nobody_waits(void)
{
	return acd_count(rig.acd) == 0;
}

static bool line_told(void)
{
	return json_int(agent_event("A1", "line.changed"), "waiting") == CROWD;
}

static bool empty_told(void)
{
	const json_t *p = agent_event("A1", "line.changed");

	return p && !json_int(p, "waiting");
}

static bool queue_told(void)
{
	const json_t *p = agent_event("A1", "queue.changed");

	return json_int(json_object_get(p, "queue"), "waiting") == CROWD;
}

static bool a2_told(void)
{
	return agent_events("A2", "me.agent") > 0;
}

static bool told_of_a2(const char *whom, const char *as)
{
	const json_t *p = agent_event(whom, "agent.changed");
	const json_t *a = json_object_get(p, "agent");

	return !strcmp(json_str(a, "id"), "A2") &&
	       !strcmp(json_str(a, "state"), as);
}

static bool l1_told_paused(void)
{
	return told_of_a2("L1", "paused");
}

static bool a1_told_ready(void)
{
	return told_of_a2("A1", "ready");
}

static bool l1_told_ready(void)
{
	return told_of_a2("L1", "ready");
}

/* ---- stories ---- */

static void a_crowd_is_told_once_a_second(void **state)
{
	char leg[16], from[24];

	rig_start();
	enter("A1", json_pack("[s,s,s]", "me", "line", "queue"));
	enter("L1", json_pack("[s]", "item"));
	int64_t from_us = cal_mono_us();
	for (int i = 0; i < CROWD; i++) {
		snprintf(leg, sizeof(leg), "c%d", i);
		snprintf(from, sizeof(from), "1380013%04d", i);
		sw_call(leg, from, "96001", false);
		rig_turn(60);
	}
	rig_until(all_wait);
	rig_until(line_told);
	rig_until(queue_told);
	int most = (int)((cal_mono_us() - from_us) / 1000000) + 2;
	assert_in_range(agent_events("A1", "line.changed"), 1, most);
	assert_in_range(agent_events("A1", "queue.changed"), 1, 2 * most);
	json_t *line = agent_event("A1", "line.changed");
	assert_int_equal(json_array_size(json_object_get(line, "items")), 12);
	assert_int_equal(agent_events("A1", "item.changed"), 0);
	assert_true(agent_events("L1", "item.changed") >= CROWD);
	assert_int_equal(agent_events("L1", "line.changed"), 0);

	for (int i = 0; i < CROWD; i++) {
		snprintf(leg, sizeof(leg), "s1.c%d", i);
		sw_end(leg, "bye", "far");
	}
	rig_until(nobody_waits);
	rig_until(empty_told);
	rig_stop();
}

static void each_is_told_of_himself_and_leads_of_all(void **state)
{
	rig_start();
	enter("A1", json_pack("[s,s]", "me", "queue"));
	enter("A2", json_pack("[s]", "me"));
	enter("L1", json_pack("[s]", "agent"));
	sw_attach("A2", true);
	assert_non_null(agent_ask("A2", "agent.signin", json_object()));
	rig_until(a2_told);
	rig_until(l1_told_paused);
	assert_int_equal(agent_events("A2", "agent.changed"), 0);
	assert_int_equal(agent_events("A1", "me.agent"), 0);
	assert_int_equal(agent_events("A1", "agent.changed"), 0);

	/* these topics in the place of those before */
	assert_non_null(agent_ask("A1", "subscribe",
				  json_pack("{s:[s]}", "topics", "agent")));
	assert_non_null(agent_ask("A2", "agent.ready", json_object()));
	rig_until(a1_told_ready);
	rig_until(l1_told_ready);
	int told = agent_events("A1", "agent.changed");
	assert_non_null(agent_ask("A1", "subscribe",
				  json_pack("{s:[s]}", "topics", "me")));
	assert_non_null(
		agent_ask("A2", "agent.hand", json_pack("{s:b}", "up", 1)));
	rig_turn(300);
	assert_int_equal(agent_events("A1", "agent.changed"), told);
	rig_stop();
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_crowd_is_told_once_a_second),
		STORY(each_is_told_of_himself_and_leads_of_all),
	};

	int err = libre_init();
	if (!err)
		err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	tmr_debug();
	mem_debug();
	return err;
}
