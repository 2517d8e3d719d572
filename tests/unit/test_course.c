/* SPDX-License-Identifier: Apache-2.0 */
/* Courses: planned, signed in to, marked; and what an exam that stands before
 * a level does to those who have not passed it. */
#include "desk_rig.h"

#include "common/scope.h"
#include "server/core/rebuild.h"
#include "server/desk/course.h"
#include "server/desk/people.h"
#include "server/desk/skill.h"

#define HOUR_US (3600LL * 1000000)
#define MONDAY	1795392000000000LL /* 2026-11-23 08:00 in Xi'an */

static struct rig rig;
static struct skill *skill;

static int call(const char *actor, const char *method, json_t *params)
{
	return rig_call(&rig, course_methods, NULL, actor, method, params);
}

static json_t *plan(const char *kind, const char *title, int64_t from,
		    int64_t to)
{
	return json_pack("{s:s, s:s, s:I, s:I}", "kind", kind, "title", title,
			 "from_us", (json_int_t)from, "to_us", (json_int_t)to);
}

static const char *planned(json_t *more)
{
	static char id[32];
	json_t *params =
		plan("internal", "新政策培训", MONDAY, MONDAY + 2 * HOUR_US);

	json_object_update(params, more);
	json_decref(more);
	assert_int_equal(call("L1", "course.set", params), 0);
	snprintf(id, sizeof(id), "%s", json_str(rig.result, "course"));
	return id;
}

static int change(const char *id, json_t *params)
{
	json_object_set_new(params, "course", json_string(id));
	return call("L1", "course.set", params);
}

static int sign(const char *actor, const char *id)
{
	return call(actor, "course.sign", json_pack("{s:s}", "course", id));
}

static int mark(const char *actor, const char *id, const char *who,
		json_t *marks)
{
	json_object_set_new(marks, "course", json_string(id));
	json_object_set_new(marks, "person", json_string(who));
	return call(actor, "course.mark", marks);
}

static void person(const char *id, const char *roles)
{
	rig_fact(&rig, "person.added", NULL, NULL, id,
		 json_pack("{s:s, s:s, s:b, s:{s:i}}", "name", id, "roles",
			   roles, "disabled", 0, "skills", "mi", 3));
}

static void on_table(const struct rebuild_table *t, void *arg)
{
}

static int setup(void **state)
{
	rig_open(&rig);
	cal_zone("Asia/Shanghai");
	cal_set(MONDAY, 1);
	assert_int_equal(skill_alloc(&skill, rig.log), 0);
	rig_fact(&rig, "queue.set", NULL, NULL, "mi",
		 json_pack("{s:s}", "name", "医保"));
	person("A1", "agent");
	person("A2", "agent");
	person("L1", "lead");
	person("B1", "bureau");
	return 0;
}

static int teardown(void **state)
{
	struct rebuild_counts counts;

	assert_int_equal(rebuild_run(rig.db, &counts, on_table, NULL), 0);
	assert_int_equal(counts.differ, 0);
	skill = mem_deref(skill);
	cal_set(0, 0);
	rig_close(&rig);
	return 0;
}

static void test_plan(void **state)
{
	static const struct {
		const char *kind, *title;
		int64_t from, to;
		int err;
	} t[] = {
		{"seminar", "x", MONDAY, MONDAY + 1, EINVAL},
		{"hall", " ", MONDAY, MONDAY + 1, EINVAL},
		{"hall", "x", MONDAY, MONDAY, EINVAL},
		{"hall", "x", MONDAY, 0, EINVAL},
		{"hall", "大厅轮岗学习", MONDAY, MONDAY + 8 * HOUR_US, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(
			call("B1", "course.set",
			     plan(t[i].kind, t[i].title, t[i].from, t[i].to)),
			t[i].err);
	assert_string_equal(json_str(rig.result, "course"), "C-2026-001");
	assert_int_equal(call("L1", "course.set", json_object()), EINVAL);
	assert_int_equal(change("C-2026-009", json_pack("{s:s}", "note", "x")),
			 ENOENT);
	assert_int_equal(
		change("C-2026-001", json_pack("{s:[s]}", "entries", "KB-9")),
		ENOENT);
	assert_int_equal(
		change("C-2026-001", json_pack("{s:[i]}", "entries", 9)),
		EINVAL);
	assert_int_equal(
		change("C-2026-001", json_pack("{s:{s:s, s:i}}", "gates",
					       "queue", "xx", "level", 2)),
		ENOENT);
	assert_int_equal(
		change("C-2026-001", json_pack("{s:{s:s, s:i}}", "gates",
					       "queue", "mi", "level", 10)),
		EINVAL);
	/* the rest stays */
	assert_int_equal(
		change("C-2026-001", json_pack("{s:s}", "place", "高新大厅")),
		0);
	assert_int_equal(call("A1", "course.get",
			      json_pack("{s:s}", "course", "C-2026-001")),
			 0);
	assert_string_equal(json_str(rig.result, "title"), "大厅轮岗学习");
	assert_string_equal(json_str(rig.result, "place"), "高新大厅");
	assert_string_equal(planned(json_object()), "C-2026-002");
}

static void test_entries(void **state)
{
	static const char text[] =
		"---\nid: KB-1\ntitle: t\nquestion: q\n---\nb\n";
	rig_fact(&rig, "entry.drafted", NULL, NULL, "KB-1",
		 json_pack("{s:i, s:s}", "version", 1, "text", text));
	const char *id = planned(json_pack("{s:[s]}", "entries", "KB-1"));
	assert_int_equal(change(id, json_pack("{s:[s]}", "entries", "KB-1@2")),
			 ENOENT);
	assert_int_equal(change(id, json_pack("{s:[s]}", "entries", "KB-1@1")),
			 0);
	assert_int_equal(
		call("A1", "course.get", json_pack("{s:s}", "course", id)), 0);
	json_t *e = json_array_get(json_object_get(rig.result, "entries"), 0);
	assert_string_equal(json_str(e, "id"), "KB-1");
	assert_int_equal(json_int(e, "version"), 1);
}

static void test_sign(void **state)
{
	const char *id = planned(json_object());

	assert_int_equal(sign("A1", "C-2026-009"), ENOENT);
	assert_int_equal(sign("root", id), ENOENT);
	cal_set(MONDAY - 3 * HOUR_US, 1);
	assert_int_equal(sign("A1", id), EALREADY);
	cal_set(MONDAY + HOUR_US, 1);
	assert_int_equal(sign("A1", id), 0);
	assert_int_equal(json_int(rig.result, "in_us"), MONDAY + HOUR_US);
	/* twice is once */
	cal_set(MONDAY + 2 * HOUR_US, 1);
	assert_int_equal(sign("A1", id), 0);
	assert_int_equal(json_int(rig.result, "in_us"), MONDAY + HOUR_US);
	cal_set(MONDAY + 24 * HOUR_US, 1);
	assert_int_equal(sign("A2", id), EALREADY);
	cal_set(MONDAY, 1);
	assert_int_equal(change(id, json_pack("{s:b}", "cancelled", 1)), 0);
	assert_int_equal(sign("A2", id), EALREADY);
}

static void test_mark(void **state)
{
	const char *id = planned(json_object());

	assert_int_equal(mark("L1", id, "A1", json_object()), EINVAL);
	assert_int_equal(mark("L1", id, "A9", json_pack("{s:i}", "score", 9)),
			 ENOENT);
	assert_int_equal(
		mark("L1", "C-1", "A1", json_pack("{s:i}", "score", 9)),
		ENOENT);
	assert_int_equal(mark("L1", id, "L1", json_pack("{s:i}", "score", 99)),
			 EACCES);
	assert_int_equal(mark("L1", id, "A1", json_pack("{s:i}", "score", -1)),
			 EINVAL);
	assert_int_equal(
		mark("L1", id, "A1",
		     json_pack("{s:I, s:I}", "in_us", (json_int_t)MONDAY,
			       "out_us", (json_int_t)MONDAY - 1)),
		EINVAL);
	assert_int_equal(mark("L1", id, "A1", json_pack("{s:i}", "score", 88)),
			 0);
	assert_true(json_is_null(json_object_get(rig.result, "passed")));
	assert_int_equal(mark("B1", id, "A1", json_pack("{s:b}", "passed", 1)),
			 0);
	assert_int_equal(json_int(rig.result, "score"), 88);
	assert_int_equal(mark("L1", id, "A2", json_pack("{s:b}", "passed", 0)),
			 0);

	/* others' marks are nobody else's business */
	assert_int_equal(
		call("A2", "course.get", json_pack("{s:s}", "course", id)), 0);
	assert_int_equal(
		json_array_size(json_object_get(rig.result, "attendance")), 1);
	assert_int_equal(
		call("L1", "course.get", json_pack("{s:s}", "course", id)), 0);
	assert_int_equal(
		json_array_size(json_object_get(rig.result, "attendance")), 2);
	assert_int_equal(json_int(rig.result, "people"), 2);
	assert_int_equal(json_int(rig.result, "passed"), 1);
}

static void test_list(void **state)
{
	planned(json_object());
	planned(json_pack("{s:I, s:I}", "from_us",
			  (json_int_t)MONDAY + 48 * HOUR_US, "to_us",
			  (json_int_t)MONDAY + 50 * HOUR_US));
	assert_int_equal(sign("A1", "C-2026-001"), 0);
	assert_int_equal(call("A1", "course.list", json_object()), 0);
	json_t *items = json_object_get(rig.result, "items");
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(json_str(json_array_get(items, 0), "id"),
			    "C-2026-002");
	assert_true(json_is_null(
		json_object_get(json_array_get(items, 0), "mine")));
	assert_int_equal(
		json_int(json_object_get(json_array_get(items, 1), "mine"),
			 "in_us"),
		MONDAY);
	assert_int_equal(call("A1", "course.list",
			      json_pack("{s:I}", "from_us",
					(json_int_t)MONDAY + 3 * HOUR_US)),
			 0);
	assert_int_equal(json_array_size(json_object_get(rig.result, "items")),
			 1);
	/* the page goes on behind the cursor */
	char cursor[64];
	snprintf(cursor, sizeof(cursor), "%lld:C-2026-002",
		 (long long)MONDAY + 48 * HOUR_US);
	assert_int_equal(call("A1", "course.list",
			      json_pack("{s:s}", "cursor", cursor)),
			 0);
	assert_int_equal(json_array_size(json_object_get(rig.result, "items")),
			 1);
	assert_int_equal(
		call("A1", "course.list", json_pack("{s:s}", "cursor", "x")),
		0);
}

/* ---- gates ---- */

static int level(const char *who, int set)
{
	return skill_level(skill, who, "mi", set);
}

static const char *exam(int at)
{
	return planned(json_pack("{s:{s:s, s:i}}", "gates", "queue", "mi",
				 "level", at));
}

static void test_gate(void **state)
{
	char id[32];

	snprintf(id, sizeof(id), "%s", exam(3));
	/* before it was held it stands before nothing */
	assert_int_equal(level("A1", 5), 5);
	cal_set(MONDAY + 2 * HOUR_US, 1);
	skill_look(skill);
	assert_int_equal(level("A1", 5), 2);
	assert_int_equal(level("A1", 2), 2);
	assert_int_equal(skill_level(skill, "A1", "si", 5), 5);
	assert_int_equal(mark("L1", id, "A1", json_pack("{s:i}", "score", 90)),
			 0);
	assert_int_equal(level("A1", 5), 2);
	assert_int_equal(mark("L1", id, "A1", json_pack("{s:b}", "passed", 1)),
			 0);
	assert_int_equal(level("A1", 5), 5);
	assert_int_equal(level("A2", 5), 2);

	/* a higher one: the lower level is his still */
	exam(5);
	skill_look(skill);
	assert_int_equal(level("A1", 5), 4);
	assert_int_equal(level("A2", 5), 2);
	/* held again: one of them is enough */
	assert_int_equal(
		mark("L1", exam(3), "A2", json_pack("{s:b}", "passed", 1)), 0);
	skill_look(skill);
	assert_int_equal(level("A2", 4), 4);
	assert_int_equal(level("A1", 4), 4);

	/* taken back */
	assert_int_equal(mark("L1", id, "A1", json_pack("{s:b}", "passed", 0)),
			 0);
	assert_int_equal(level("A1", 4), 2);

	/* a restart finds it so */
	scoped_mem struct skill *again = NULL;
	assert_int_equal(skill_alloc(&again, rig.log), 0);
	assert_int_equal(skill_load(again, rig.db), 0);
	assert_int_equal(skill_level(again, "A1", "mi", 4), 2);
	assert_int_equal(skill_level(again, "A2", "mi", 4), 4);

	const struct person p = {
		.id = "A1",
		.skills_n = 1,
		.skills = {{.queue = "mi", .level = 5}},
	};
	scoped_json json_t *less = skill_json(again, &p);
	assert_int_equal(json_array_size(less), 1);
	assert_string_equal(json_str(json_array_get(less, 0), "why"), "exam");
	assert_string_equal(json_str(json_array_get(less, 0), "what"), id);
	assert_int_equal(json_int(json_array_get(less, 0), "level"), 2);
	assert_int_equal(json_int(json_array_get(less, 0), "set"), 5);
}

static void test_gate_goes(void **state)
{
	char id[32];

	snprintf(id, sizeof(id), "%s", exam(1));
	cal_set(MONDAY + 2 * HOUR_US, 1);
	skill_look(skill);
	assert_int_equal(level("A1", 3), 0);
	assert_int_equal(change(id, json_pack("{s:b}", "cancelled", 1)), 0);
	assert_int_equal(level("A1", 3), 3);
	assert_int_equal(change(id, json_pack("{s:b}", "cancelled", 0)), 0);
	assert_int_equal(level("A1", 3), 0);
	assert_int_equal(change(id, json_pack("{s:{}}", "gates")), 0);
	assert_int_equal(level("A1", 3), 3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_plan),      TEST(test_entries), TEST(test_sign),
		TEST(test_mark),      TEST(test_list),	  TEST(test_gate),
		TEST(test_gate_goes),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
