/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who hears whom, by role; and what becomes of bridges, legs and the engine
 * when something ends.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/media_rig.h"

/* the citizen, the agent, the lead */
static struct rig rig;
static struct phone cit, agent, lead;

static int set_up(void **state)
{
	rig_open(&rig, 2);
	phone_open(&cit, &rig, "l.cit", 440, 8);
	phone_open(&agent, &rig, "l.agent", 700, 8);
	phone_open(&lead, &rig, "l.lead", 1100, 8);
	return 0;
}

static int tear_down(void **state)
{
	phone_close(&cit);
	phone_close(&agent);
	phone_close(&lead);
	rig_close(&rig);
	return 0;
}

struct expect {
	bool cit_agent, cit_lead; /* the citizen hears ... */
	bool agent_cit, agent_lead;
	bool lead_cit, lead_agent;
};

static bool fits(const struct phone *p, int hz, bool hears)
{
	double tone = phone_hears(p, hz, 1600);

	return hears ? tone > 0.7 : tone < 0.03;
}

static bool is_so(void *arg)
{
	const struct expect *e = arg;

	return fits(&cit, 700, e->cit_agent) &&
	       fits(&cit, 1100, e->cit_lead) &&
	       fits(&agent, 440, e->agent_cit) &&
	       fits(&agent, 1100, e->agent_lead) &&
	       fits(&lead, 440, e->lead_cit) &&
	       fits(&lead, 700, e->lead_agent);
}

static void set(enum media_role c, enum media_role a, enum media_role l)
{
	const struct media_member three[] = {
		{.leg = cit.leg, .role = c},
		{.leg = agent.leg, .role = a},
		{.leg = lead.leg, .role = l, .to = agent.leg},
	};

	assert_int_equal(media_bridge_set(rig.m, "br", "c1", three, 3), 0);
}

static void test_roles(void **state)
{
	static const struct {
		enum media_role cit, agent, lead;
		struct expect hears;
	} cases[] = {
		{ROLE_TALK, ROLE_TALK, ROLE_LISTEN, {1, 0, 1, 0, 1, 1}},
		{ROLE_TALK, ROLE_TALK, ROLE_WHISPER, {1, 0, 1, 1, 1, 1}},
		{ROLE_TALK, ROLE_TALK, ROLE_TALK, {1, 1, 1, 1, 1, 1}},
		{ROLE_HOLD, ROLE_TALK, ROLE_TALK, {0, 0, 0, 1, 0, 1}},
		{ROLE_HOLD, ROLE_TALK, ROLE_WHISPER, {0, 0, 0, 1, 0, 1}},
		{ROLE_TALK, ROLE_HOLD, ROLE_LISTEN, {0, 0, 0, 0, 1, 0}},
		{ROLE_TALK, ROLE_LISTEN, ROLE_LISTEN, {0, 0, 1, 0, 1, 0}},
		{ROLE_HOLD, ROLE_HOLD, ROLE_HOLD, {0, 0, 0, 0, 0, 0}},
		{ROLE_TALK, ROLE_TALK, ROLE_HOLD, {1, 0, 1, 0, 0, 0}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct expect e = cases[i].hears;
		set(cases[i].cit, cases[i].agent, cases[i].lead);
		rig_until(is_so, &e, 5000);
	}
}

static void test_a_listener_is_not_noticed(void **state)
{
	struct expect two = {1, 0, 1, 0, 0, 0};
	struct expect three = {1, 0, 1, 0, 1, 1};

	rig_bridge(&rig, "br", &cit, &agent);
	rig_until(is_so, &two, 5000);
	size_t was = cit.n_packets;
	set(ROLE_TALK, ROLE_TALK, ROLE_LISTEN);
	rig_until(is_so, &three, 5000);
	rig_bridge(&rig, "br", &cit, &agent);
	rig_until(is_so, &two, 5000);
	for (size_t i = was; i < cit.n_packets; i++) {
		assert_false(cit.packets[i].marker);
		assert_int_equal(cit.packets[i].ts - cit.packets[i - 1].ts,
				 160);
	}
}

static void test_leaving_and_ending(void **state)
{
	struct expect none = {0}, rest = {1, 0, 1, 0, 0, 0};
	struct media_stats st;

	set(ROLE_TALK, ROLE_TALK, ROLE_TALK);
	rig_run(200);
	/* a leg that ends leaves the others talking */
	phone_close(&lead);
	phone_open(&lead, &rig, "l.lead", 1100, 8);
	rig_until(is_so, &rest, 5000);
	/* named elsewhere: gone from here */
	rig_bridge(&rig, "other", &agent, &lead);
	media_stats(rig.m, &st);
	assert_int_equal(st.bridges, 2);
	struct expect moved = {0, 0, 0, 1, 0, 1};
	rig_until(is_so, &moved, 5000);
	assert_int_equal(media_bridge_set(rig.m, "other", "c1", NULL, 0), 0);
	assert_int_equal(media_bridge_set(rig.m, "none", "c1", NULL, 0), 0);
	rig_until(is_so, &none, 5000);
	/* its last leg ends it */
	phone_close(&cit);
	media_stats(rig.m, &st);
	assert_int_equal(st.bridges, 0);
	assert_int_equal(st.legs, 2);
	phone_open(&cit, &rig, "l.cit", 440, 8);
}

static void test_silly_bridges_are_refused(void **state)
{
	const struct media_member twice[] = {{.leg = cit.leg},
					     {.leg = cit.leg}};
	const struct media_member to_nobody[] = {
		{.leg = cit.leg},
		{.leg = lead.leg, .role = ROLE_WHISPER, .to = agent.leg}};
	const struct media_member none[] = {{.leg = NULL}};
	static const struct media_member many[40];

	assert_int_equal(media_bridge_set(rig.m, "b", "c1", twice, 2), EINVAL);
	assert_int_equal(media_bridge_set(rig.m, "b", "c1", to_nobody, 2),
			 EINVAL);
	assert_int_equal(media_bridge_set(rig.m, "b", "c1", none, 1),
			 EALREADY);
	assert_int_equal(media_bridge_set(rig.m, "b", "c1", many, 40), E2BIG);
	const struct media_format g722 = {.pt = 9};
	assert_int_equal(media_leg_start(cit.leg, &g722), ENOTSUP);
}

static void test_direction_is_obeyed(void **state)
{
	struct expect one_way = {1, 0, 0, 0, 0, 0};
	struct media_format f = {.pt = 8, .send = true, .receive = false};

	rig_bridge(&rig, "br", &cit, &agent);
	sa_set_str(&f.remote, "127.0.0.1", 9);
	assert_int_equal(media_leg_start(cit.leg, &f), 0);
	rig_until(is_so, &one_way, 5000);
	f.send = false;
	f.receive = true;
	assert_int_equal(media_leg_start(cit.leg, &f), 0);
	rig_run(100);
	size_t was = cit.n_packets;
	rig_run(200);
	assert_int_equal(cit.n_packets, was);
	/* no media for long while it may not send is no silence */
	assert_null(rig_event(&rig, MEDIA_SILENT, 0));
}

static void test_close_ends_all(void **state)
{
	struct media_leg *leg;
	const struct media_leg_prm lp = {
		.leg = "x", .contact = "c", .transport = MEDIA_UDP};
	const struct media_source s = {.kind = SOURCE_SILENCE};
	struct media_play_prm play = {.play = "p", .sources = &s, .n = 1};

	assert_int_equal(media_leg_alloc(&leg, rig.m, &lp), 0);
	const struct media_member one = {.leg = leg};
	play.leg = leg;
	assert_int_equal(media_play(rig.m, &play), 0);
	assert_int_equal(media_record(rig.m, "r", leg), 0);
	assert_int_equal(media_bridge_set(rig.m, "b", "c", &one, 1), 0);
	play.play = "p2"; /* in the bridge: it stays */
	assert_int_equal(media_play(rig.m, &play), 0);
	media_close(rig.m);
	rig.m = NULL;
	const struct media_event *ev = rig_event(&rig, MEDIA_PLAYED, 1);
	assert_non_null(ev);
	assert_int_equal(ev->reason, PLAY_LEG_ENDED);
	ev = rig_event(&rig, MEDIA_REC_CLOSED, 0);
	assert_non_null(ev);
	assert_int_equal(ev->error, 0);
	assert_int_equal(strlen(ev->sha256), 64);
	/* who still holds the leg gets clear answers */
	const struct media_format f = {.pt = 8};
	struct media_quality q;
	assert_int_equal(media_leg_start(leg, &f), EALREADY);
	media_leg_quality(leg, &q);
	assert_int_equal(q.rx, 0);
	mem_deref(leg);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_roles),
		CASE(test_a_listener_is_not_noticed),
		CASE(test_leaving_and_ending),
		CASE(test_silly_bridges_are_refused),
		CASE(test_direction_is_obeyed),
		CASE(test_close_ends_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
