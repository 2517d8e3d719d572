/* SPDX-License-Identifier: Apache-2.0 */
/* Who has to read what, by when, what a quiz makes of it, and whose skill is
 * lowered meanwhile. */
#include "desk_rig.h"

#include "common/scope.h"
#include "server/core/rebuild.h"
#include "server/desk/article.h"
#include "server/desk/people.h"
#include "server/desk/release.h"
#include "server/desk/skill.h"
#include "server/desk/training.h"

#define HOUR_US (3600LL * 1000000)
#define DAY_US	(24 * HOUR_US)
#define MONDAY	1795392000000000LL /* 2026-11-23 08:00 in Xi'an */
#define OPENS	(MONDAY + HOUR_US / 2)

static struct rig rig;
static struct skill *skill;
static struct training part;

static int call(const char *actor, const char *method, json_t *params)
{
	bool learn = !strncmp(method, "learn.", 6);
	bool article = !strcmp(method, "kb.import");

	return rig_call(&rig,
			learn	  ? training_methods
			: article ? article_methods
				  : release_methods,
			learn ? &part : NULL, actor, method, params);
}

static const char *entry(const char *id, const char *line, const char *quiz,
			 const char *answer)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "---\nid: %s\ntitle: 生育津贴多久到账\n"
		 "question: 津贴多久能到账？\nline: %s\n"
		 "effective: 2026-01-01\n"
		 "policy: 样例文号〔2026〕12号\nowner: 医保科\n"
		 "state: confirmed\n%s---\n%s\n",
		 id, line, quiz, answer);
	return text;
}

static void publish_text(const char *id, const char *text)
{
	assert_int_equal(
		call("A9", "kb.draft", json_pack("{s:s}", "text", text)), 0);
	assert_int_equal(
		call("L1", "kb.review", json_pack("{s:s}", "entry", id)), 0);
	assert_int_equal(
		call("B1", "kb.confirm", json_pack("{s:s}", "entry", id)), 0);
	assert_int_equal(call("L1", "kb.release", json_object()), 0);
}

static void publish(const char *id, const char *answer)
{
	publish_text(id, entry(id, "mi", "", answer));
}

/* "KB-1 v2<1 late lowered|..." */
static const char *listed_as(const char *actor, const char *agent)
{
	static char out[512];
	size_t i;
	json_t *one;

	assert_int_equal(call(actor, "learn.list",
			      *agent ? json_pack("{s:s}", "agent", agent)
				     : json_object()),
			 0);
	*out = '\0';
	json_array_foreach (json_object_get(rig.result, "items"), i, one) {
		size_t at = strlen(out);
		snprintf(out + at, sizeof(out) - at, "%s%s v%lld<%lld%s%s",
			 i ? "|" : "", json_str(one, "entry"),
			 (long long)json_int(one, "version"),
			 (long long)json_int(one, "from"),
			 json_bool(one, "late") ? " late" : "",
			 json_bool(one, "lowered") ? " lowered" : "");
	}
	return out;
}

static const char *listed(const char *agent)
{
	return listed_as(agent, "");
}

static int read_it(const char *agent, const char *id, int64_t version)
{
	return call(agent, "learn.read",
		    json_pack("{s:s, s:I}", "entry", id, "version",
			      (json_int_t)version));
}

static void person(const char *id, const char *roles, const char *skills)
{
	scoped_json json_t *levels = json_loads(skills, 0, NULL);

	rig_fact(&rig, "person.added", NULL, NULL, id,
		 json_pack("{s:s, s:s, s:b, s:O}", "name", id, "roles", roles,
			   "disabled", 0, "skills", levels));
}

static void turn(void)
{
	scoped_mem struct cal *cal = NULL;

	assert_int_equal(store_calendar(&cal, rig.db), 0);
	assert_int_equal(
		training_turn(&part, rig.log, rig.db,
			      training_due_us(&part, cal, cal_now_us())),
		0);
}

static int level(const char *person_id)
{
	return skill_level(skill, person_id, "mi", 3);
}

static void on_table(const struct rebuild_table *t, void *arg)
{
	if (t->was_rows != t->is_rows || t->was_sum != t->is_sum)
		print_message("%s differs\n", t->name);
}

static void rebuild_is_the_same(void)
{
	struct rebuild_counts counts;

	assert_int_equal(rebuild_run(rig.db, &counts, on_table, NULL), 0);
	assert_int_equal(counts.differ, 0);
}

static int setup(void **state)
{
	rig_open(&rig);
	cal_zone("Asia/Shanghai");
	cal_set(OPENS, 1);
	part = (struct training){.remind_us = 8 * HOUR_US,
				 .lower_us = 24 * HOUR_US,
				 .lower_by = 1};
	assert_int_equal(skill_alloc(&skill, rig.log), 0);
	rig_fact(&rig, "queue.set", NULL, NULL, "mi",
		 json_pack("{s:s}", "name", "医保"));
	person("A1", "agent", "{\"mi\":3}");
	person("A2", "agent", "{\"si\":3}");
	person("A3", "lead", "{\"mi\":1,\"si\":1}");
	person("A9", "agent", "{\"mi\":3}");
	person("B1", "bureau", "{}");
	person("L1", "lead", "{}");
	return 0;
}

static int teardown(void **state)
{
	rebuild_is_the_same();
	skill = mem_deref(skill);
	cal_set(0, 0);
	rig_close(&rig);
	return 0;
}

static void test_who_has_to_read(void **state)
{
	publish("KB-1", "二十天");
	assert_string_equal(listed("A1"), "KB-1 v1<0");
	assert_string_equal(
		json_str(json_array_get(json_object_get(rig.result, "items"),
					0),
			 "release"),
		"2026-W48");
	assert_string_equal(listed("A3"), "KB-1 v1<0");
	/* no skill of the line; its author; nobody's skill at all */
	assert_string_equal(listed("A2"), "");
	assert_string_equal(listed("A9"), "");
	assert_string_equal(listed("L1"), "");
	/* a line that is no queue concerns everybody */
	publish_text("KB-2", entry("KB-2", "all", "", "八点半开门"));
	assert_string_equal(listed("A1"), "KB-1 v1<0|KB-2 v1<0");
	assert_string_equal(listed("A2"), "KB-2 v1<0");
	/* who has the skill no longer, or is gone */
	rig_fact(&rig, "person.changed", NULL, NULL, "A1",
		 json_pack("{s:s, s:s, s:b, s:{s:i}}", "name", "A1", "roles",
			   "agent", "disabled", 0, "skills", "si", 1));
	assert_string_equal(listed("A1"), "KB-2 v1<0");
	rig_fact(&rig, "person.changed", NULL, NULL, "A2",
		 json_pack("{s:s, s:s, s:b, s:{s:i}}", "name", "A2", "roles",
			   "agent", "disabled", 1, "skills", "si", 1));
	assert_string_equal(listed("A2"), "");
}

static void test_whose_list(void **state)
{
	publish("KB-1", "二十天");
	assert_int_equal(
		call("A2", "learn.list", json_pack("{s:s}", "agent", "A1")),
		EACCES);
	assert_string_equal(listed_as("L1", "A1"), "KB-1 v1<0");
	/* everybody's: for an administrator who is no person, or asked for */
	assert_string_equal(listed("B1"), "");
	assert_string_equal(listed("root(0)"), "KB-1 v1<0|KB-1 v1<0");
	assert_int_equal(
		call("B1", "learn.list", json_pack("{s:s}", "agent", "")), 0);
	assert_int_equal(json_array_size(json_object_get(rig.result, "items")),
			 2);
	assert_int_equal(
		call("A2", "learn.list", json_pack("{s:s}", "agent", "")),
		EACCES);
}

static void test_read(void **state)
{
	publish("KB-1", "二十天");
	assert_int_equal(read_it("A2", "KB-1", 1), ENOENT);
	assert_int_equal(read_it("A1", "KB-1", 2), ENOENT);
	assert_int_equal(read_it("A1", "KB-9", 1), ENOENT);
	assert_int_equal(read_it("A1", "KB-1", 1), 0);
	assert_true(json_bool(rig.result, "passed"));
	assert_int_equal(read_it("A1", "KB-1", 1), EALREADY);
	assert_string_equal(listed("A1"), "");

	/* a newer one takes the place of one not read, and its deadline */
	cal_set(OPENS + 9 * HOUR_US, 1);
	publish("KB-1", "十五天");
	assert_string_equal(listed("A1"), "KB-1 v2<1");
	assert_string_equal(listed("A3"), "KB-1 v2<1 late");
	assert_int_equal(read_it("A3", "KB-1", 1), EALREADY);

	assert_int_equal(
		call("A1", "learn.get",
		     json_pack("{s:s, s:i}", "entry", "KB-1", "version", 2)),
		0);
	assert_non_null(strstr(json_str(rig.result, "before"), "二十天"));
	assert_non_null(strstr(json_str(rig.result, "text"), "十五天"));
	assert_int_equal(
		call("A1", "learn.get",
		     json_pack("{s:s, s:i}", "entry", "KB-1", "version", 3)),
		ENOENT);

	/* what is withdrawn has not to be read */
	assert_int_equal(call("B1", "kb.withdraw",
			      json_pack("{s:s, s:s}", "entry", "KB-1",
					"reason", "文件已废止")),
			 0);
	assert_string_equal(listed("A1"), "");
	assert_int_equal(read_it("A1", "KB-1", 2), EALREADY);
	/* an older text in force again has */
	assert_int_equal(call("B1", "kb.rollback",
			      json_pack("{s:s, s:i, s:s}", "entry", "KB-1",
					"version", 1, "reason", "恢复")),
			 0);
	assert_string_equal(listed("A1"), "KB-1 v3<1");
}

static int import(const char *text)
{
	return call("root", "kb.import",
		    json_pack("{s:s, s:s, s:[{s:s}]}", "by", "B1", "paper",
			      "高新社保〔2026〕12号", "entries", "text",
			      text));
}

static void test_import(void **state)
{
	/* a base that is new is taught */
	assert_int_equal(import(entry("KB-1", "mi", "", "二十天")), 0);
	assert_string_equal(listed("A1"), "");
	assert_int_equal(import(entry("KB-1", "mi", "", "十五天")), 0);
	assert_string_equal(listed("A1"), "KB-1 v2<1");
	/* facts of before there was anything to read */
	rig_fact(&rig, "kb.released", NULL, NULL, "2025-W01",
		 json_pack("{s:[{s:s, s:i}]}", "entries", "id", "KB-1",
			   "version", 2));
	assert_string_equal(listed("A1"), "KB-1 v2<1");
}

/* "A1 1/1/0 mi|..." open, late, done, lowered */
static const char *reported(const char *release)
{
	static char out[512];
	size_t i;
	json_t *one;

	assert_int_equal(call("L1", "learn.report",
			      json_pack("{s:s}", "release", release)),
			 0);
	*out = '\0';
	json_array_foreach (json_object_get(rig.result, "items"), i, one) {
		size_t at = strlen(out);
		const char *line = json_string_value(
			json_array_get(json_object_get(one, "lowered"), 0));
		snprintf(out + at, sizeof(out) - at, "%s%s %lld/%lld/%lld%s%s",
			 i ? "|" : "", json_str(one, "agent"),
			 (long long)json_int(one, "open"),
			 (long long)json_int(one, "late"),
			 (long long)json_int(one, "done"), line ? " " : "",
			 line ? line : "");
	}
	return out;
}

static int import_many(int n, const char *answer)
{
	json_t *entries = json_array();
	char id[16];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "KB-%d", 1000 + i);
		json_array_append_new(entries,
				      json_pack("{s:s}", "text",
						entry(id, "mi", "", answer)));
	}
	return call("root", "kb.import",
		    json_pack("{s:s, s:s, s:o}", "by", "B1", "paper", "12号",
			      "entries", entries));
}

/* Nobody reads a whole base entry by entry. */
static void test_import_of_very_many(void **state)
{
	assert_int_equal(import_many(501, "二十天"), 0);
	assert_int_equal(import_many(500, "十五天"), 0);
	assert_string_equal(reported(""),
			    "A1 500/0/0|A2 0/0/0|A3 500/0/0|A9 500/0/0");
	assert_int_equal(import_many(501, "三十天"), 0);
	assert_string_equal(reported(""),
			    "A1 0/0/0|A2 0/0/0|A3 0/0/0|A9 0/0/0");
}

/* ---- quiz ---- */

static json_t *choices(void)
{
	return json_object_get(
		json_array_get(json_object_get(rig.result, "questions"), 0),
		"choices");
}

static int answer(json_t *answers)
{
	return call("A1", "learn.read",
		    json_pack("{s:s, s:i, s:o}", "entry", "KB-1", "version", 1,
			      "answers", answers));
}

static void get_it(const char *agent)
{
	assert_int_equal(
		call(agent, "learn.get",
		     json_pack("{s:s, s:i}", "entry", "KB-1", "version", 1)),
		0);
}

static void test_quiz(void **state)
{
	int64_t right = -1;
	size_t i;
	json_t *c;

	publish_text("KB-1",
		     entry("KB-1", "mi",
			   "quiz: 多久？ | 二十天 | 十天 | 三十天 | 不知道\n"
			   "quiz: 给谁？ | 本人 | 单位\n",
			   "二十天"));
	assert_string_equal(listed("A1"), "KB-1 v1<0");
	assert_int_equal(
		json_int(json_array_get(json_object_get(rig.result, "items"),
					0),
			 "quiz"),
		2);
	get_it("A1");
	assert_int_equal(json_array_size(choices()), 4);
	assert_null(strstr(json_str(rig.result, "text"), "quiz"));
	scoped_json json_t *first = json_incref(choices());
	json_array_foreach (first, i, c)
		if (!strcmp(json_string_value(c), "二十天"))
			right = (int64_t)i;
	assert_true(right >= 0);
	get_it("A1");
	assert_true(json_equal(first, choices()));

	assert_int_equal(read_it("A1", "KB-1", 1), EINVAL);
	assert_int_equal(answer(json_pack("[s]", "二十天")), EINVAL);
	assert_int_equal(answer(json_pack("[s, s]", "二十天", "别人")),
			 EINVAL);
	assert_int_equal(answer(json_pack("[i, s]", 4, "本人")), EINVAL);
	assert_int_equal(answer(json_pack("[i, s]", -1, "本人")), EINVAL);
	assert_int_equal(answer(json_pack("[n, s]", "本人")), EINVAL);

	assert_int_equal(answer(json_pack("[s, s]", "十天", "本人")), 0);
	assert_false(json_bool(rig.result, "passed"));
	assert_int_equal(json_int(rig.result, "right"), 1);
	assert_string_equal(listed("A1"), "KB-1 v1<0");
	assert_int_equal(
		answer(json_pack("[I, s]", (json_int_t)right, "本人")), 0);
	assert_true(json_bool(rig.result, "passed"));
	assert_int_equal(json_int(rig.result, "of"), 2);
	assert_string_equal(listed("A1"), "");
}

/* The right choice does not stand first for everybody. */
static void test_quiz_places(void **state)
{
	bool seen[4] = {false};
	unsigned places = 0;
	char who[8];
	size_t k;
	json_t *c;

	publish_text("KB-1",
		     entry("KB-1", "mi",
			   "quiz: 多久？ | 二十天 | 十天 | 三十天 | 不知道\n",
			   "二十天"));
	for (int i = 0; i < 40; i++) {
		snprintf(who, sizeof(who), "A%03d", i);
		get_it(who);
		json_array_foreach (choices(), k, c) {
			if (strcmp(json_string_value(c), "二十天") != 0)
				continue;
			places += !seen[k];
			seen[k] = true;
		}
	}
	assert_int_equal(places, 4);
}

/* ---- deadlines ---- */

static void test_lowered(void **state)
{
	publish("KB-1", "二十天");
	publish("KB-2", "二十天");
	/* 8 open hours are over at 16:30, 24 on Wednesday at 13:30 */
	cal_set(OPENS + 8 * HOUR_US - 1, 1);
	assert_string_equal(listed("A1"), "KB-1 v1<0|KB-2 v1<0");
	assert_int_equal(
		json_int(json_array_get(json_object_get(rig.result, "items"),
					0),
			 "due_us"),
		OPENS + 8 * HOUR_US);
	cal_set(OPENS + 8 * HOUR_US, 1);
	assert_string_equal(listed("A1"), "KB-1 v1<0 late|KB-2 v1<0 late");
	turn();
	assert_int_equal(level("A1"), 3);

	cal_set(OPENS + 2 * DAY_US + 5 * HOUR_US - 1, 1);
	turn();
	assert_int_equal(level("A1"), 3);
	cal_set(OPENS + 2 * DAY_US + 5 * HOUR_US, 1);
	turn();
	assert_int_equal(level("A1"), 2);
	assert_int_equal(level("A2"), 3);
	assert_int_equal(skill_level(skill, "A3", "mi", 1), 0);
	assert_int_equal(skill_level(skill, "A3", "si", 1), 1);
	assert_string_equal(listed("A1"),
			    "KB-1 v1<0 late lowered|KB-2 v1<0 late lowered");
	turn(); /* once is enough */
	assert_int_equal(level("A1"), 2);

	/* all that is overdue, not the first of it; what came later may wait
	 */
	publish("KB-3", "二十天");
	assert_int_equal(read_it("A1", "KB-1", 1), 0);
	assert_int_equal(level("A1"), 2);
	assert_int_equal(read_it("A1", "KB-2", 1), 0);
	assert_int_equal(level("A1"), 3);
	assert_int_equal(skill_level(skill, "A3", "mi", 1), 0);

	/* a restart finds it so */
	scoped_mem struct skill *again = NULL;
	assert_int_equal(skill_alloc(&again, rig.log), 0);
	assert_int_equal(skill_load(again, rig.db), 0);
	assert_int_equal(skill_level(again, "A3", "mi", 1), 0);
	assert_int_equal(skill_level(again, "A1", "mi", 3), 3);
	skill_follow(again, NULL, NULL);
}

static void test_lowering_is_off(void **state)
{
	publish("KB-1", "二十天");
	cal_set(OPENS + 30 * DAY_US, 1);
	turn();
	assert_int_equal(level("A1"), 2);
	part.lower_by = 0;
	turn();
	assert_int_equal(level("A1"), 3);
	part.lower_by = 9;
	turn();
	assert_int_equal(level("A1"), 0);
	/* nobody has to read it any more */
	assert_int_equal(call("B1", "kb.withdraw",
			      json_pack("{s:s, s:s}", "entry", "KB-1",
					"reason", "文件已废止")),
			 0);
	turn();
	assert_int_equal(level("A1"), 3);
}

static int on_fault(const char *rule, const char *what, void *arg)
{
	snprintf(arg, 64, "%s", what);
	return ECANCELED;
}

/* What verify finds; "" nothing. */
static const char *fault(void)
{
	static char what[64];
	int64_t n = 0;

	*what = '\0';
	int err = store_learn_check(rig.db, &n, on_fault, what);
	assert_true(!err || err == ECANCELED);
	assert_true(err || n > 0);
	return what;
}

static void test_verify(void **state)
{
	publish("KB-1", "二十天");
	publish("KB-2", "二十天");
	assert_int_equal(read_it("A1", "KB-1", 1), 0);
	cal_set(OPENS + 7 * DAY_US, 1);
	turn();
	assert_string_equal(fault(), "");
	assert_int_equal(db_exec(rig.db, "BEGIN"), 0);
	assert_int_equal(db_exec(rig.db, "UPDATE learn SET state=0"), 0);
	assert_string_equal(fault(), "A1 KB-1");
	assert_int_equal(db_exec(rig.db, "ROLLBACK; BEGIN;"
					 "UPDATE learn SET state=1"),
			 0);
	assert_string_equal(fault(), "A1 KB-2 v1");
	assert_int_equal(db_exec(rig.db, "ROLLBACK; BEGIN;"
					 "DELETE FROM skill_lowered"
					 " WHERE person='A3'"),
			 0);
	assert_string_equal(fault(), "A3 mi");
	assert_int_equal(db_exec(rig.db, "ROLLBACK"), 0);
	assert_int_equal(read_it("A1", "KB-2", 1), 0);
	assert_string_equal(fault(), "");
	assert_int_equal(db_exec(rig.db, "BEGIN; INSERT INTO skill_lowered"
					 " VALUES('A1', 'mi', 1, 1, 'x')"),
			 0);
	assert_string_equal(fault(), "A1 mi");
	assert_int_equal(db_exec(rig.db, "ROLLBACK"), 0);
}

static void test_report(void **state)
{
	publish("KB-1", "二十天");
	assert_int_equal(read_it("A1", "KB-1", 1), 0);
	cal_set(OPENS + 7 * DAY_US, 1);
	publish("KB-2", "二十天");
	turn();
	assert_string_equal(reported(""),
			    "A1 1/0/1|A2 0/0/0|A3 2/1/0 mi|A9 0/0/0");
	assert_string_equal(reported("2026-W49"),
			    "A1 1/0/0|A2 0/0/0|A3 1/0/0 mi|A9 0/0/0");
	assert_string_equal(reported("2020-W01"),
			    "A1 0/0/0|A2 0/0/0|A3 0/0/0 mi|A9 0/0/0");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_who_has_to_read),
		TEST(test_whose_list),
		TEST(test_read),
		TEST(test_import),
		TEST(test_import_of_very_many),
		TEST(test_quiz),
		TEST(test_quiz_places),
		TEST(test_lowered),
		TEST(test_lowering_is_off),
		TEST(test_report),
		TEST(test_verify),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
