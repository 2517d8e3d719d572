/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a call is offered to where skills count for less than they are set:
 * the waiting list with people, skills and a site, and a source that only
 * writes down. */
#include "desk_rig.h"

#include "common/scope.h"
#include "server/desk/acd.h"
#include "server/desk/people.h"
#include "server/desk/site.h"
#include "server/desk/skill.h"

#define LIMIT_MS 60000

static struct {
	struct rig r;
	struct people *people;
	struct site *site;
	struct skill *skill;
	struct roster *roster;
	struct acd *acd;
	struct tmr limit;
	int minted;
	char offered[32]; /* to whom */
} t;

static void on_mint(char out[ACD_ID], void *arg)
{
	snprintf(out, ACD_ID, "o-%d", ++t.minted);
}

static void on_offer(const struct acd_item *item, void *arg)
{
	snprintf(t.offered, sizeof(t.offered), "%s", item->agent);
	re_cancel();
}

static void on_offer_end(const struct acd_item *item, const char *result,
			 void *arg)
{
}

static void on_limit(void *arg)
{
	fail_msg("nobody was offered the call");
}

static void fact(const char *kind, const char *contact, const char *agent,
		 const char *subject, json_t *body)
{
	rig_fact(&t.r, kind, contact, agent, subject, body);
}

static void queue(int least)
{
	fact("queue.set", NULL, NULL, "mi",
	     json_pack("{s:s, s:s, s:i, s:b}", "name", "医保", "number", "1",
		       "least", least, "active", 1));
}

/* Signed in and ready, with a phone. */
static void agent(const char *id, int level)
{
	fact("person.added", NULL, id, id,
	     json_pack("{s:s, s:s, s:b, s:{s:i}}", "name", id, "roles",
		       "agent", "disabled", 0, "skills", "mi", level));
	fact("agent.signin", NULL, id, NULL,
	     json_pack("{s:s}", "device", "workstation"));
	roster_session(t.roster, id, true);
	roster_workstation(t.roster, id, true);
	fact("agent.state", NULL, id, NULL,
	     json_pack("{s:s, s:s}", "state", "ready", "reason", ""));
}

static void lowered(const char *id, int levels)
{
	fact("skill.lowered", NULL, id, "mi",
	     json_pack("{s:s, s:i, s:s}", "queue", "mi", "levels", levels,
		       "entries", "KB-1"));
}

static void restored(const char *id)
{
	fact("skill.restored", NULL, id, "mi",
	     json_pack("{s:s}", "queue", "mi"));
}

static void queued(const char *contact)
{
	int64_t now = cal_now_us();

	fact("contact.queued", contact, NULL, NULL,
	     json_pack("{s:s, s:s, s:s, s:I, s:I}", "queue", "mi", "number",
		       "8613800138000", "name", "", "arrived_us",
		       (json_int_t)now, "queued_us", (json_int_t)now));
}

static const char *offered(void)
{
	if (!*t.offered)
		re_main(NULL);
	return t.offered;
}

static int setup_with(int64_t widen_ms)
{
	static const struct acd_source source = {
		.mint = on_mint, .offer = on_offer, .offer_end = on_offer_end};

	memset(&t, 0, sizeof(t));
	rig_open(&t.r);
	const struct people_prm people = {.log = t.r.log};
	const struct site_prm site = {.log = t.r.log,
				      .prompts_dir = t.r.dir,
				      .lease_ms = LIMIT_MS,
				      .max_wait_ms = 10 * LIMIT_MS};
	assert_int_equal(people_alloc(&t.people, &people), 0);
	assert_int_equal(site_alloc(&t.site, &site), 0);
	assert_int_equal(skill_alloc(&t.skill, t.r.log), 0);
	const struct roster_prm roster = {.log = t.r.log,
					  .people = t.people,
					  .site = t.site,
					  .skill = t.skill,
					  .grace_ms = LIMIT_MS};
	assert_int_equal(roster_alloc(&t.roster, &roster), 0);
	const struct acd_prm prm = {.log = t.r.log,
				    .roster = t.roster,
				    .site = t.site,
				    .widen_ms = widen_ms,
				    .lease_ms = LIMIT_MS,
				    .max_wait_ms = 10 * LIMIT_MS};
	assert_int_equal(acd_alloc(&t.acd, &prm), 0);
	acd_source(t.acd, &source);
	acd_open(t.acd, true);
	tmr_init(&t.limit);
	tmr_start(&t.limit, LIMIT_MS, on_limit, NULL);
	queue(0);
	return 0;
}

static int setup(void **state)
{
	return setup_with(LIMIT_MS);
}

static int setup_widening(void **state)
{
	return setup_with(50);
}

static int teardown(void **state)
{
	tmr_cancel(&t.limit);
	mem_deref(t.acd);
	mem_deref(t.roster);
	mem_deref(t.skill);
	mem_deref(t.site);
	mem_deref(t.people);
	rig_close(&t.r);
	return 0;
}

static void test_longest_idle(void **state)
{
	agent("A1", 1);
	agent("A2", 3);
	queued("c-1");
	assert_string_equal(offered(), "A1");
}

static void test_lowered_to_nothing(void **state)
{
	agent("A1", 1);
	agent("A2", 3);
	lowered("A1", 1);
	queued("c-1");
	assert_string_equal(offered(), "A2");
}

static void test_as_before(void **state)
{
	agent("A1", 1);
	agent("A2", 3);
	lowered("A1", 1);
	restored("A1");
	queued("c-1");
	assert_string_equal(offered(), "A1");
}

/* A citizen does not wait for somebody's reading. */
static void test_nobody_is_left(void **state)
{
	agent("A1", 1);
	lowered("A1", 9);
	queued("c-1");
	assert_string_equal(offered(), "A1");
}

/* Nor until somebody is back from his meal. */
static void test_the_others_are_paused(void **state)
{
	agent("A1", 1);
	agent("A2", 3);
	lowered("A1", 9);
	fact("agent.state", NULL, "A2", NULL,
	     json_pack("{s:s, s:s}", "state", "paused", "reason", "meal"));
	queued("c-1");
	assert_string_equal(offered(), "A1");
}

static void test_least_level(void **state)
{
	queue(3);
	agent("A1", 2);
	agent("A2", 3);
	queued("c-1");
	assert_string_equal(offered(), "A2");
}

static void test_least_level_and_lowered(void **state)
{
	queue(3);
	agent("A1", 3);
	agent("A2", 3);
	lowered("A1", 1);
	queued("c-1");
	assert_string_equal(offered(), "A2");
}

/* After a while less is enough, with nothing else that happens. */
static void test_least_level_widens(void **state)
{
	queue(9);
	agent("A1", 2);
	queued("c-1");
	assert_string_equal(offered(), "A1");
	assert_true(t.minted == 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_longest_idle),
		TEST(test_lowered_to_nothing),
		TEST(test_as_before),
		TEST(test_nobody_is_left),
		TEST(test_the_others_are_paused),
		TEST(test_least_level),
		TEST(test_least_level_and_lowered),
		cmocka_unit_test_setup_teardown(test_least_level_widens,
						setup_widening, teardown),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
