/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a version from a draft to what is in force, who may take which
 * step, and what is shown on which day. */
#include "desk_rig.h"

#include "common/scope.h"
#include "kb/base.h"
#include "kb/life.h"
#include "server/desk/article.h"
#include "server/desk/release.h"

#define DAY_US (24LL * 3600 * 1000000)
#define MONDAY 1795392000000000LL /* 2026-11-23 08:00 in Xi'an */

static struct rig rig;

static const char *entry(const char *id, const char *effective,
			 const char *answer)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "---\nid: %s\ntitle: 生育津贴多久到账\n"
		 "question: 津贴多久能到账？\nline: mi\n%s%s%s"
		 "policy: 样例文号〔2026〕12号\nowner: 医保科\n"
		 "state: confirmed\n---\n%s\n",
		 id, *effective ? "effective: " : "", effective,
		 *effective ? "\n" : "", answer);
	return text;
}

static int call(const char *actor, const char *method, json_t *params)
{
	bool first = !strcmp(method, "kb.import") || !strcmp(method, "kb.get");

	return rig_call(&rig, first ? article_methods : release_methods, NULL,
			actor, method, params);
}

static int draft(const char *actor, const char *id, const char *effective,
		 const char *answer)
{
	return call(actor, "kb.draft",
		    json_pack("{s:s}", "text", entry(id, effective, answer)));
}

static int step(const char *actor, const char *method, const char *id)
{
	return call(actor, method, json_pack("{s:s}", "entry", id));
}

static int reasoned(const char *actor, const char *method, const char *id)
{
	return call(
		actor, method,
		json_pack("{s:s, s:s}", "entry", id, "reason", "文件已废止"));
}

static int release(void)
{
	return call("L1", "kb.release", json_object());
}

/* The whole way of a version, without a refusal. */
static void publish(const char *id, const char *effective, const char *answer)
{
	assert_int_equal(draft("A1", id, effective, answer), 0);
	assert_int_equal(step("L1", "kb.review", id), 0);
	assert_int_equal(step("B1", "kb.confirm", id), 0);
	assert_int_equal(release(), 0);
}

/* "v2 effective" of what is shown on that day */
static const char *shown(const char *id, const char *day)
{
	static char text[64];
	scoped_mem struct kb_version *v = NULL;

	if (kb_base_get(&v, rig.db, id, 0))
		return "none";
	snprintf(text, sizeof(text), "v%lld %s", (long long)v->version,
		 kb_state_on(v->state, v->effective, v->expires, day));
	return text;
}

static void person(const char *id, const char *roles, bool disabled)
{
	rig_fact(&rig, "person.added", NULL, NULL, id,
		 json_pack("{s:s, s:s, s:b}", "name", id, "roles", roles,
			   "disabled", (int)disabled));
}

static int setup(void **state)
{
	rig_open(&rig);
	cal_zone("Asia/Shanghai");
	cal_set(MONDAY, 1);
	person("B1", "bureau", false);
	person("B2", "bureau", true);
	person("A1", "agent", false);
	return 0;
}

static int teardown(void **state)
{
	cal_set(0, 0);
	rig_close(&rig);
	return 0;
}

static void test_whole_way(void **state)
{
	assert_int_equal(draft("A1", "KB-1", "2026-01-01", "二十天"), 0);
	assert_string_equal(json_str(rig.result, "state"), "draft");
	assert_int_equal(json_int(rig.result, "version"), 1);
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 draft");

	assert_int_equal(step("L1", "kb.review", "KB-1"), 0);
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 reviewed");
	assert_int_equal(step("B1", "kb.confirm", "KB-1"), 0);
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 confirmed");

	assert_int_equal(release(), 0);
	assert_string_equal(json_str(rig.result, "release"), "2026-W48");
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 effective");
	/* a week in which nothing changed says so */
	assert_int_equal(release(), 0);
	assert_string_equal(json_str(rig.result, "release"), "2026-W48.2");
	assert_int_equal(
		json_array_size(json_object_get(rig.result, "entries")), 0);
	assert_int_equal(call("A1", "kb.releases", json_object()), 0);
	assert_int_equal(json_array_size(json_object_get(rig.result, "items")),
			 2);
}

static void test_refusals(void **state)
{
	assert_int_equal(step("L1", "kb.review", "KB-1"), ENOENT);
	assert_int_equal(draft("L1", "KB-1", "2026-01-01", "二十天"), 0);
	/* nobody but its author goes on with a draft */
	assert_int_equal(draft("A1", "KB-1", "2026-01-01", "十天"), EALREADY);
	assert_int_equal(draft("L1", "KB-1", "2026-01-01", "十五天"), 0);
	assert_int_equal(json_int(rig.result, "version"), 1);
	/* in order, and by three people */
	assert_int_equal(step("B1", "kb.confirm", "KB-1"), EALREADY);
	assert_int_equal(step("L1", "kb.review", "KB-1"), EPERM);
	assert_int_equal(step("L2", "kb.review", "KB-1"), 0);
	assert_int_equal(step("L2", "kb.review", "KB-1"), EALREADY);
	assert_int_equal(draft("L1", "KB-1", "2026-01-01", "一天"), EALREADY);
	assert_int_equal(step("L3", "kb.confirm", "KB-1"), EACCES);
	assert_int_equal(
		call("L3", "kb.return",
		     json_pack("{s:s, s:s}", "entry", "KB-1", "reason", "  ")),
		EINVAL);
	assert_int_equal(reasoned("L3", "kb.return", "KB-1"), 0);
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 draft");
	assert_int_equal(reasoned("L3", "kb.return", "KB-1"), EALREADY);
	/* another's draft is not an agent's to throw away */
	assert_int_equal(reasoned("A1", "kb.withdraw", "KB-1"), EACCES);
	assert_int_equal(reasoned("L1", "kb.withdraw", "KB-1"), 0);
	assert_int_equal(reasoned("L1", "kb.withdraw", "KB-1"), EALREADY);
	assert_int_equal(call("B1", "kb.withdraw",
			      json_pack("{s:s, s:i, s:s}", "entry", "KB-1",
					"version", 7, "reason", "x")),
			 ENOENT);
}

static void test_unfinished_is_not_signed(void **state)
{
	static const char thin[] =
		"---\nid: KB-2\ntitle: 津贴\nquestion: 津贴？\n---\n二十天\n";

	assert_int_equal(call("A1", "kb.draft",
			      json_pack("{s:s}", "text", "no header")),
			 EINVAL);
	assert_int_equal(
		call("A1", "kb.draft", json_pack("{s:s}", "text", thin)), 0);
	assert_int_equal(step("L1", "kb.review", "KB-2"), EINVAL);
	assert_non_null(strstr(rig.detail, "line"));
}

static void test_author_does_not_overwrite_what_he_did_not_see(void **state)
{
	assert_int_equal(draft("A1", "KB-1", "2026-01-01", "二十天"), 0);
	assert_int_equal(call("A1", "kb.draft",
			      json_pack("{s:s, s:I}", "text",
					entry("KB-1", "2026-01-01", "十天"),
					"known_us", (json_int_t)MONDAY - 5)),
			 EALREADY);
	assert_int_equal(call("A1", "kb.draft",
			      json_pack("{s:s, s:I}", "text",
					entry("KB-1", "2026-01-01", "十天"),
					"known_us", (json_int_t)MONDAY)),
			 0);
}

static void test_paper(void **state)
{
	assert_int_equal(draft("A1", "KB-1", "2026-01-01", "二十天"), 0);
	assert_int_equal(step("L1", "kb.review", "KB-1"), 0);
	/* an administrator signs for the bureau by paper alone */
	assert_int_equal(step("root(0)", "kb.confirm", "KB-1"), EACCES);
	static const struct {
		const char *by, *paper, *effective;
		int err;
	} t[] = {
		{"B1", "", "", EINVAL},
		{"A1", "函", "", EINVAL},
		{"B2", "函", "", EINVAL},
		{"B9", "函", "", EINVAL},
		{"B1", "函", "2026-02-30", EINVAL},
		{"B1", "函", "2026-11-24", 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		int err =
			call("root(0)", "kb.confirm",
			     json_pack("{s:s, s:s, s:s, s:s}", "entry", "KB-1",
				       "by", t[i].by, "paper", t[i].paper,
				       "effective", t[i].effective));
		if (err != t[i].err)
			fail_msg("%zu: %d %s", i, err, rig.message);
	}
	assert_int_equal(release(), 0);
	assert_int_equal(step("A1", "kb.versions", "KB-1"), 0);
	json_t *v = json_array_get(json_object_get(rig.result, "items"), 0);
	assert_string_equal(json_str(v, "confirmer"), "B1");
	assert_string_equal(json_str(v, "paper"), "函");
	assert_string_equal(json_str(v, "release"), "2026-W48");
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 confirmed");
	assert_string_equal(shown("KB-1", "2026-11-24"), "v1 effective");
}

static int turned(void)
{
	int64_t before = 0, after = 0;

	assert_int_equal(store_people_seq(rig.db, &before), 0);
	assert_int_equal(release_turn(rig.log, rig.db), 0);
	assert_int_equal(store_people_seq(rig.db, &after), 0);
	return (int)(after - before);
}

static void test_in_force_by_date(void **state)
{
	int64_t v = 0;

	publish("KB-1", "2026-01-01", "旧");
	cal_set(MONDAY + 3600000000, 2);
	publish("KB-1", "2026-11-25", "新");
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 effective");
	assert_int_equal(turned(), 0);
	assert_int_equal(call("A1", "kb.waiting", json_object()), 0);
	assert_int_equal(json_array_size(json_object_get(rig.result, "items")),
			 0);

	cal_set(MONDAY + 2 * DAY_US, 3);
	assert_int_equal(turned(), 1);
	assert_int_equal(turned(), 0);
	assert_string_equal(shown("KB-1", "2026-11-25"), "v2 effective");
	/* what was told to citizens at a past moment */
	assert_int_equal(kb_life_at(rig.db, "KB-1", MONDAY + DAY_US, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(kb_life_at(rig.db, "KB-1", MONDAY + 2 * DAY_US, &v),
			 0);
	assert_int_equal(v, 2);
	assert_int_equal(kb_life_at(rig.db, "KB-1", MONDAY - 1, &v), ENOENT);
	assert_int_equal(call("A1", "kb.get",
			      json_pack("{s:s, s:I}", "entry", "KB-1", "at_us",
					(json_int_t)(MONDAY + DAY_US))),
			 0);
	assert_int_equal(json_int(rig.result, "version"), 1);
	assert_int_equal(call("A1", "kb.get",
			      json_pack("{s:s, s:I}", "entry", "KB-1", "at_us",
					(json_int_t)(MONDAY - DAY_US))),
			 ENOENT);
}

static void test_withdrawn_stays_out(void **state)
{
	publish("KB-1", "2026-01-01", "旧");
	publish("KB-1", "2026-01-02", "新");
	assert_int_equal(reasoned("B1", "kb.withdraw", "KB-1"), 0);
	/* the older text does not come back by itself */
	assert_string_equal(shown("KB-1", "2026-11-23"), "v2 withdrawn");
	assert_int_equal(turned(), 0);

	static const struct {
		const char *actor;
		int version;
		int err;
	} t[] = {
		{"L1", 1, EACCES},
		{"B1", 9, ENOENT},
		{"B1", 1, 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(
			call(t[i].actor, "kb.rollback",
			     json_pack("{s:s, s:i, s:s}", "entry", "KB-1",
				       "version", t[i].version, "reason",
				       "新版有误")),
			t[i].err);
	assert_string_equal(shown("KB-1", "2026-11-23"), "v3 effective");
	scoped_mem struct kb_version *v = NULL;
	assert_int_equal(kb_base_get(&v, rig.db, "KB-1", 0), 0);
	assert_string_equal(v->entry->body, "旧");
	/* a version that never was released is nothing to go back to */
	assert_int_equal(draft("A1", "KB-1", "2026-01-01", "再新"), 0);
	assert_int_equal(call("B1", "kb.rollback",
			      json_pack("{s:s, s:i, s:s}", "entry", "KB-1",
					"version", 4, "reason", "x")),
			 ENOENT);
}

static void test_withdrawn_before_it_began(void **state)
{
	publish("KB-1", "2026-01-01", "旧");
	publish("KB-1", "2026-11-25", "新");
	assert_int_equal(reasoned("B1", "kb.withdraw", "KB-1"), 0);
	assert_string_equal(shown("KB-1", "2026-11-23"), "v1 effective");
	cal_set(MONDAY + 3 * DAY_US, 2);
	assert_int_equal(turned(), 0);
	assert_string_equal(shown("KB-1", "2026-11-26"), "v1 effective");
}

static int import(const char *actor, const char *by, const char *paper)
{
	return call(actor, "kb.import",
		    json_pack("{s:[{s:s, s:s}], s:s, s:s}", "entries", "file",
			      "KB-3.md", "text",
			      entry("KB-3", "2026-01-01", "二十天"), "by", by,
			      "paper", paper));
}

static void test_import_confirms_nothing_by_itself(void **state)
{
	assert_int_equal(import("root(0)", "", ""), 0);
	assert_int_equal(json_int(rig.result, "confirmed"), 0);
	assert_string_equal(shown("KB-3", "2026-11-23"), "v1 draft");
	assert_int_equal(import("root(0)", "B1", ""), EINVAL);
	assert_int_equal(import("root(0)", "A1", "函"), EINVAL);
	assert_int_equal(draft("root(0)", "KB-3", "2026-01-01", "改"), 0);
	assert_int_equal(import("root(0)", "B1", "函"), 0);
	assert_int_equal(json_int(rig.result, "confirmed"), 1);
	assert_string_equal(shown("KB-3", "2026-11-23"), "v2 effective");
}

/* All tables, as text. */
static char *dump(void)
{
	scoped_stmt struct db_stmt *s = NULL;
	char *text = NULL;

	assert_int_equal(
		db_query(&s, rig.db,
			 "SELECT group_concat(t, char(10)) FROM ("
			 "SELECT json_array(entry, version, at_us, actor, text"
			 ", state, effective, expires, reviewer, reviewed_us,"
			 " confirmer, confirmed_us, paper, release,"
			 " released_us, withdrawer, withdrawn_us, reason) AS t"
			 " FROM kb_version UNION ALL SELECT json_array(id,"
			 " version, newest, at_us, actor, state, effective,"
			 " expires, title, body) FROM kb_entry UNION ALL"
			 " SELECT json_array(name, at_us, actor, note, entries"
			 ") FROM kb_release ORDER BY 1)",
			 ""),
		0);
	assert_int_equal(db_step(s), 0);
	assert_int_equal(str_dup(&text, db_str(s, 0)), 0);
	return text;
}

static void test_rebuilt_is_the_same(void **state)
{
	publish("KB-1", "2026-01-01", "旧");
	publish("KB-1", "2026-11-24", "新");
	assert_int_equal(import("root(0)", "B1", "函"), 0);
	cal_set(MONDAY + DAY_US, 2);
	assert_int_equal(turned(), 1);
	assert_int_equal(reasoned("B1", "kb.withdraw", "KB-3"), 0);
	assert_int_equal(draft("A1", "KB-1", "2026-12-01", "再新"), 0);

	scoped_mem char *before = dump();
	cal_set(MONDAY + 90 * DAY_US, 3);
	assert_int_equal(db_begin(rig.db), 0);
	assert_int_equal(fact_rebuild(rig.log, rig.db), 0);
	assert_int_equal(db_commit(rig.db), 0);
	scoped_mem char *after = dump();
	assert_string_equal(before, after);
}

/* A file of the first version, with entries in it. */
static void test_from_version_1(void **state)
{
	scoped_mem struct db *db = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/old.db", rig.dir);
	assert_int_equal(db_open(&db, path, DB_WRITE, NULL), 0);
	assert_int_equal(db_migrate(db, store_migrations, 1), 0);
	for (int v = 1; v <= 2; v++)
		assert_int_equal(
			db_run(db,
			       "INSERT INTO kb_version(entry, version, at_us,"
			       " actor, text) VALUES(?,?,?,?,?)",
			       "siiss", "KB-1", (int64_t)v, (int64_t)v * 1000,
			       "root(0)",
			       entry("KB-1", "2026-01-01",
				     v == 1 ? "旧" : "新")),
			0);
	assert_int_equal(
		db_exec(db, "INSERT INTO kb_entry(id, version, at_us, actor,"
			    " state, effective, expires, line, title, asks,"
			    " words, body) VALUES('KB-1', 2, 2000, 'root(0)',"
			    " 2, '2026-01-01', '', 'mi', 't', 'a', 'w', 'b')"),
		0);
	db = mem_deref(db);

	assert_int_equal(store_open_file(&db, path, DB_WRITE, NULL), 0);
	int64_t n = 0;
	assert_int_equal(db_get_int(db, &n, 0,
				    "SELECT count(*) FROM kb_version"
				    " WHERE state=2 AND released_us=at_us"
				    " AND effective='2026-01-01'",
				    ""),
			 0);
	assert_int_equal(n, 2);
	assert_int_equal(kb_life_at(db, "KB-1", MONDAY, &n), 0);
	assert_int_equal(n, 2);
	scoped_mem struct kb_version *v = NULL;
	assert_int_equal(kb_base_get(&v, db, "KB-1", 0), 0);
	assert_int_equal(v->newest, 2);
	assert_string_equal(v->entry->body, "新");
	db = mem_deref(db);
	unlink(path);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_whole_way),
		TEST(test_refusals),
		TEST(test_unfinished_is_not_signed),
		TEST(test_author_does_not_overwrite_what_he_did_not_see),
		TEST(test_paper),
		TEST(test_in_force_by_date),
		TEST(test_withdrawn_stays_out),
		TEST(test_withdrawn_before_it_began),
		TEST(test_import_confirms_nothing_by_itself),
		TEST(test_rebuilt_is_the_same),
		TEST(test_from_version_1),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
