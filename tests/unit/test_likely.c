/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside a ring and in the agent's own corner: entries that this
 * citizen will likely ask about, and my figures of today. */
#include "desk_rig.h"

#include "server/core/store_kb.h"
#include "server/desk/article.h"

#define DAY_US (86400LL * 1000000)

static struct rig *rig;
static int64_t now; /* noon of today: the day has a before and an after */

static void entry(const char *id, const char *state)
{
	char text[600];

	snprintf(text, sizeof(text),
		 "---\nid: %s\ntitle: 标题 %s\nquestion: 问？\nline: med\n"
		 "topic: 甲/乙\neffective: 2020-01-01\nexpires: 2099-12-31\n"
		 "policy: 样例\nsource: 样例\nowner: 样例\nstate: %s\n"
		 "short: 短\nsample: yes\n---\n【一句话】短。\n",
		 id, id, state);
	rig_fact(rig, "entry.imported", NULL, NULL, id,
		 json_pack("{s:i,s:s}", "version", 1, "text", text));
}

static void contact(const char *id, const char *number, const char *queue,
		    int64_t ago_us)
{
	cal_set(now - ago_us, 1);
	rig_fact(rig, "contact.arrived", id, NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", number, "name", "",
			   "queue", queue, "open", 1));
	cal_set(now, 1);
}

static void adopt(const char *contact, const char *id, int64_t ago_us)
{
	assert_int_equal(store_ticket_entry_put(rig->db, contact, id, 1,
						"标题", "A1", now - ago_us),
			 0);
}

static int setup(void **state)
{
	static struct rig the;

	(void)state;
	rig = &the;
	rig_open(rig);
	store_kb_register(rig->log);
	now = cal_day_start(cal_now_us()) + DAY_US / 2;
	cal_set(now, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cal_set(0, 0);
	rig_close(rig);
	return 0;
}

static int likely(const char *contact, int limit)
{
	return rig_call(
		rig, article_methods, NULL, "A1", "kb.likely",
		json_pack("{s:s,s:i}", "contact", contact, "limit", limit));
}

/* "KB-1:history KB-2:week " */
static const char *hits(void)
{
	static char out[400];
	json_t *hit;
	size_t i;

	out[0] = '\0';
	json_array_foreach (json_object_get(rig->result, "hits"), i, hit) {
		size_t n = strlen(out);
		snprintf(out + n, sizeof(out) - n, "%s:%s ",
			 json_str(hit, "id"), json_str(hit, "why"));
	}
	return out;
}

static void test_likely(void **state)
{
	(void)state;
	for (int i = 1; i <= 7; i++) {
		char id[16];
		snprintf(id, sizeof(id), "KB-000%d", i);
		entry(id, i == 6 ? "draft" : "confirmed");
	}
	contact("c-0", "8613800138000", "med", 60 * DAY_US);
	contact("c-1", "8613800138000", "soc", 30 * DAY_US);
	adopt("c-0", "KB-0001", 60 * DAY_US);
	adopt("c-1", "KB-0002", 30 * DAY_US);
	adopt("c-1", "KB-0006", 30 * DAY_US); /* not in force any more */
	/* this week: 3 twice, 4 once; last month's and other queues' not */
	contact("w-1", "8613900139000", "med", DAY_US);
	contact("w-2", "8613900139001", "med", 2 * DAY_US);
	contact("w-3", "8613900139002", "soc", DAY_US);
	contact("w-4", "8613900139003", "med", 20 * DAY_US);
	adopt("w-1", "KB-0003", DAY_US);
	adopt("w-2", "KB-0003", 2 * DAY_US);
	adopt("w-2", "KB-0004", 2 * DAY_US);
	adopt("w-3", "KB-0005", DAY_US);
	adopt("w-4", "KB-0007", 20 * DAY_US);

	assert_int_equal(likely("c-9", 6), ENOENT);
	contact("c-9", "8613800138000", "med", 0);
	/* what was adopted in this very call is no guess */
	adopt("c-9", "KB-0007", 0);
	assert_int_equal(likely("c-9", 3), 0);
	assert_string_equal(hits(), "KB-0002:history KB-0001:history "
				    "KB-0003:week ");
	assert_int_equal(likely("c-9", 6), 0);
	assert_string_equal(hits(), "KB-0002:history KB-0001:history "
				    "KB-0003:week KB-0004:week ");
	/* nobody without a number is like another one */
	contact("n-1", "", "soc", DAY_US);
	adopt("n-1", "KB-0001", DAY_US);
	contact("n-2", "", "med", 0);
	assert_int_equal(likely("n-2", 2), 0);
	assert_string_equal(hits(), "KB-0003:week KB-0004:week ");
}

static void test_no_more_than_three_of_his_own(void **state)
{
	(void)state;
	contact("c-0", "8613800138000", "soc", 60 * DAY_US);
	for (int i = 1; i <= 5; i++) {
		char id[16];
		snprintf(id, sizeof(id), "KB-000%d", i);
		entry(id, "confirmed");
		adopt("c-0", id, i * DAY_US);
	}
	entry("KB-0009", "confirmed");
	contact("w-1", "8613900139000", "med", DAY_US);
	adopt("w-1", "KB-0009", DAY_US);
	contact("c-1", "8613800138000", "med", 0);
	assert_int_equal(likely("c-1", 6), 0);
	assert_string_equal(hits(), "KB-0001:history KB-0002:history "
				    "KB-0003:history KB-0009:week ");
}

/* ---- my figures ---- */

static void over(const char *id, const char *agent, const char *direction,
		 int wait_ms, int talk_ms, int wrapup_ms)
{
	contact(id, "8613800138000", "med", 0);
	assert_int_equal(
		db_run(rig->db,
		       "UPDATE contact SET agent=?, direction=?, wait_ms=?,"
		       " talk_ms=?, wrapup_ms=?, answered_us=arrived_us,"
		       " ended_us=arrived_us WHERE id=?",
		       "ssiiis", agent, direction, (int64_t)wait_ms,
		       (int64_t)talk_ms, (int64_t)wrapup_ms, id),
		0);
}

static int today(const char *actor, const char *agent)
{
	static struct store_wall_prm prm = {.target_ms = 15000};

	return rig_call(rig, store_wall_methods, &prm, actor, "agent.today",
			agent ? json_pack("{s:s}", "agent", agent) : NULL);
}

static void test_today(void **state)
{
	(void)state;
	/* a day without calls divides by nothing */
	assert_int_equal(today("A1", NULL), 0);
	assert_int_equal(json_int(rig->result, "calls"), 0);
	assert_int_equal(json_int(rig->result, "talk_ms"), 0);
	over("c-1", "A1", "in", 5000, 60000, 20000);
	over("c-2", "A1", "in", 16000, 120000, 0); /* no wrap-up yet */
	over("c-3", "A1", "out", 0, 30000, 40000);
	over("c-4", "A2", "in", 60000, 600000, 60000);
	contact("c-5", "8613800138000", "med", 0); /* not answered */
	assert_int_equal(today("A1", NULL), 0);
	assert_string_equal(json_str(rig->result, "agent"), "A1");
	assert_int_equal(json_int(rig->result, "calls"), 3);
	assert_int_equal(json_int(rig->result, "talk_ms"), 70000);
	assert_int_equal(json_int(rig->result, "wrapup_ms"), 30000);
	assert_int_equal((int)json_number_value(
				 json_object_get(rig->result, "in_target")),
			 50);
	assert_int_equal(json_int(rig->result, "target_s"), 15);
	/* another's: for the lead */
	assert_int_equal(today("A1", "A2"), EACCES);
	assert_int_equal(today("L1", "A2"), 0);
	assert_int_equal(json_int(rig->result, "calls"), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_likely, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_no_more_than_three_of_his_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_today, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
