/* SPDX-License-Identifier: Apache-2.0 */
/* The regression set over the office: kept, dropped, grown from tickets; what
 * it says to a release before it is one; answers that it makes sure. */
#include "desk_rig.h"

#include "common/scope.h"
#include "kb/base.h"
#include "kb/index.h"
#include "server/desk/article.h"
#include "server/desk/impact.h"
#include "server/desk/regress.h"
#include "server/desk/release.h"

#define MONDAY 1795392000000000LL /* 2026-11-23 08:00 in Xi'an */

static struct rig rig;
static struct kb_index *ix;
static struct regress *regress;
static struct article *article;

static int call(const char *actor, const char *method, json_t *params)
{
	const struct rpc_handler *tables[] = {regress_methods, impact_methods,
					      release_methods};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct rpc_handler *h = tables[i]; h->name; h++) {
			if (!strcmp(h->name, method))
				return rig_call(&rig, tables[i], regress,
						actor, method, params);
		}
	}
	return rig_call(&rig, article_methods, article, actor, method, params);
}

static const char *entry(const char *id, const char *title, const char *body)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "---\nid: %s\ntitle: %s\nquestion: %s？\nline: si\n"
		 "effective: 2026-01-01\npolicy: 样例文号〔2026〕12号\n"
		 "owner: 科\nstate: confirmed\n---\n%s\n",
		 id, title, title, body);
	return text;
}

static int draft(const char *id, const char *title, const char *body)
{
	return call("A1", "kb.draft",
		    json_pack("{s:s}", "text", entry(id, title, body)));
}

static int step(const char *actor, const char *method, const char *id)
{
	return call(actor, method, json_pack("{s:s}", "entry", id));
}

/* Written and signed, not released. */
static void prepare(const char *id, const char *title, const char *body)
{
	assert_int_equal(draft(id, title, body), 0);
	assert_int_equal(step("L1", "kb.review", id), 0);
	assert_int_equal(step("B1", "kb.confirm", id), 0);
}

static int release(const char *force)
{
	return call("L1", "kb.release", json_pack("{s:s}", "force", force));
}

static int keep(const char *question, const char *id)
{
	return call(
		"L1", "case.set",
		json_pack("{s:s, s:s}", "question", question, "entry", id));
}

/* "before after" of the last release or trial */
static const char *figures(void)
{
	static char text[40];
	const json_t *cases = json_object_get(rig.result, "cases");

	snprintf(text, sizeof(text), "%lld: %lld %lld",
		 (long long)json_int(cases, "n"),
		 (long long)json_int(cases, "before"),
		 (long long)json_int(cases, "after"));
	return text;
}

static int setup(void **state)
{
	rig_open(&rig);
	cal_zone("Asia/Shanghai");
	cal_set(MONDAY, 1);
	rig_fact(&rig, "person.added", NULL, NULL, "B1",
		 json_pack("{s:s, s:s}", "name", "B1", "roles", "bureau"));
	rig_fact(&rig, "person.added", NULL, NULL, "A1",
		 json_pack("{s:s, s:s, s:{s:i}}", "name", "A1", "roles",
			   "agent", "skills", "si", 1));
	assert_int_equal(kb_index_alloc(&ix), 0);
	assert_int_equal(regress_alloc(&regress, ix, .99), 0);
	assert_int_equal(article_alloc(&article, rig.log, NULL, NULL), 0);
	prepare("KB-1", "社保卡补办", "带身份证到网点。");
	prepare("KB-2", "生育津贴申领", "单位申报。另见 KB-1。");
	prepare("KB-3", "养老金资格认证", "手机上办。");
	assert_int_equal(release(""), 0);
	return 0;
}

static int teardown(void **state)
{
	cal_set(0, 0);
	article = mem_deref(article);
	regress = mem_deref(regress);
	ix = mem_deref(ix);
	rig_close(&rig);
	return 0;
}

static int64_t cases(const char *state)
{
	assert_int_equal(
		call("A1", "case.list", json_pack("{s:s}", "state", state)),
		0);
	return (int64_t)json_array_size(json_object_get(rig.result, "items"));
}

static json_t *first(void)
{
	return json_array_get(json_object_get(rig.result, "items"), 0);
}

static void test_release_that_answers_worse(void **state)
{
	assert_int_equal(keep("社保卡丢了怎么补办", "KB-1"), 0);
	assert_int_equal(keep("生育津贴怎么申领", "KB-2"), 0);
	/* the entry is about something else from now on */
	prepare("KB-1", "退休年龄规定", "看出生年月。");
	assert_int_equal(
		call("L1", "kb.release", json_pack("{s:b}", "dry", 1)), 0);
	assert_string_equal(figures(), "2: 2 1");
	const json_t *lost = json_array_get(
		json_object_get(json_object_get(rig.result, "cases"), "lost"),
		0);
	assert_string_equal(json_str(lost, "entry"), "KB-1");
	assert_string_equal(json_str(lost, "question"), "社保卡丢了怎么补办");

	assert_int_equal(release(""), EALREADY);
	assert_non_null(strstr(rig.detail, "2 -> 1: KB-1 社保卡丢了"));
	assert_int_equal(release("   "), EALREADY);
	/* nothing of it counts */
	scoped_mem struct kb_version *v = NULL;
	assert_int_equal(kb_base_get(&v, rig.db, "KB-1", 0), 0);
	assert_string_equal(v->entry->title, "社保卡补办");

	assert_int_equal(release("条目合并，另行补题"), 0);
	assert_int_equal(call("A1", "kb.releases", json_object()), 0);
	assert_string_equal(json_str(first(), "forced"), "条目合并，另行补题");
	json_t *last = json_incref(first());
	json_decref(rig.result);
	rig.result = last;
	assert_string_equal(figures(), "2: 2 1");
}

static void test_release_that_answers_better_needs_no_reason(void **state)
{
	assert_int_equal(keep("失业金怎么领", "KB-4"), ENOENT);
	assert_int_equal(draft("KB-4", "失业金领取", "线上申领。"), 0);
	assert_int_equal(keep("失业金怎么领", "KB-4"), 0);
	assert_int_equal(step("L1", "kb.review", "KB-4"), 0);
	assert_int_equal(step("B1", "kb.confirm", "KB-4"), 0);
	assert_int_equal(release("不需要的理由"), 0);
	assert_string_equal(figures(), "1: 0 1");
	/* a reason that nothing asked for is none */
	assert_int_equal(call("A1", "kb.releases", json_object()), 0);
	assert_string_equal(json_str(first(), "forced"), "");
	/* what was tried is not in the index any more */
	struct kb_index_stat st;
	assert_int_equal(kb_index_sync(ix, rig.db), 0);
	kb_index_stat(ix, &st);
	assert_int_equal(st.entries, 4);
}

static void test_writer_believes_no_old_look(void **state)
{
	const struct rpc_handler *h = release_methods;
	while (strcmp(h->name, "kb.release") != 0)
		h++;
	assert_int_equal(keep("社保卡丢了怎么补办", "KB-1"), 0);
	scoped_json json_t *params = json_object();
	struct rpc_call c = {.method = proto_office_find("kb.release"),
			     .params = params,
			     .actor = "L1",
			     .roles = ROLE_LEAD,
			     .log = rig.log,
			     .part = regress};
	prepare("KB-3", "养老金认证办法", "手机上办。");
	assert_int_equal(h->lookh(&c, rig.db), 0);
	/* another question came between the two */
	assert_int_equal(keep("养老金认证", "KB-3"), 0);
	assert_int_equal(db_begin(rig.db), 0);
	assert_int_equal(h->writeh(&c, rig.db), EAGAIN);
	db_rollback(rig.db);
	json_decref(c.looked);
	/* one more version is ready */
	assert_int_equal(h->lookh(&c, rig.db), 0);
	prepare("KB-2", "生育津贴申请", "单位申报。");
	assert_int_equal(db_begin(rig.db), 0);
	assert_int_equal(h->writeh(&c, rig.db), EAGAIN);
	db_rollback(rig.db);
	json_decref(c.looked);
	assert_int_equal(h->lookh(&c, rig.db), 0);
	assert_int_equal(db_begin(rig.db), 0);
	assert_int_equal(h->writeh(&c, rig.db), 0);
	assert_int_equal(db_commit(rig.db), 0);
	json_decref(c.looked);
	json_decref(c.result);
}

static void test_cases(void **state)
{
	assert_int_equal(keep("", "KB-1"), EINVAL);
	assert_int_equal(keep("社保卡", "KB-99"), ENOENT);
	assert_int_equal(keep("我是13800138000，社保卡怎么补", "KB-1"), 0);
	int64_t n = json_int(rig.result, "case");
	assert_string_equal(json_str(rig.result, "question"),
			    "我是***，社保卡怎么补");
	assert_int_equal(keep("天气怎么样", ""), 0);
	assert_int_equal(cases("kept"), 2);
	assert_int_equal(cases("candidate"), 0);
	assert_int_equal(
		call("A1", "case.list", json_pack("{s:s}", "state", "x")),
		EINVAL);
	/* another entry for it */
	assert_int_equal(call("B1", "case.set",
			      json_pack("{s:I, s:s}", "case", (json_int_t)n,
					"entry", "KB-3")),
			 0);
	assert_int_equal(cases("kept"), 2);
	assert_int_equal(
		call("B1", "case.drop", json_pack("{s:I}", "case", n)), 0);
	assert_int_equal(
		call("B1", "case.drop", json_pack("{s:I}", "case", n)),
		ENOENT);
	assert_int_equal(
		call("B1", "case.drop", json_pack("{s:I}", "case", n + 99)),
		ENOENT);
	assert_int_equal(call("B1", "case.set",
			      json_pack("{s:I, s:s}", "case", (json_int_t)n,
					"entry", "KB-3")),
			 ENOENT);
	assert_int_equal(cases("kept"), 1);
	assert_int_equal(cases("dropped"), 1);
}

static void arrived(const char *contact)
{
	rig_fact(&rig, "contact.arrived", contact, NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", "8613800138000",
			   "name", "张三", "queue", "si", "open", 1));
}

static void adopted(const char *contact, const char *q, const char *id)
{
	rig_fact(&rig, "kb.adopted", contact, "A1", id,
		 json_pack("{s:s, s:i, s:s, s:s}", "entry", id, "version", 1,
			   "title", "t", "q", q));
}

static void filed(const char *contact, const char *outcome,
		  const char *summary)
{
	char ticket[40];

	snprintf(ticket, sizeof(ticket), "T-%s", contact);
	rig_fact(&rig, "ticket.filed", contact, "A1", ticket,
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s,"
			   " s:I, s:s, s:{s:s}, s:[]}",
			   "ticket", ticket, "agent", "A1", "disposition",
			   "si", "outcome", outcome, "number", "8613800138000",
			   "name", "张三", "queue", "si", "created_us",
			   (json_int_t)1000, "state", "done", "promise_us",
			   (json_int_t)0, "after", "", "fields", "summary",
			   summary, "entries"));
}

static void test_tickets_suggest(void **state)
{
	/* by the words that it was looked for with, once it is filed */
	arrived("C-1");
	adopted("C-1", "卡丢了 13800138000", "KB-1");
	assert_int_equal(cases("candidate"), 0);
	filed("C-1", "answered", "补办社保卡");
	assert_int_equal(cases("candidate"), 1);
	assert_string_equal(json_str(first(), "question"), "卡丢了 ***");
	assert_string_equal(json_str(first(), "entry"), "KB-1");
	assert_string_equal(json_str(first(), "title"), "社保卡补办");
	assert_string_equal(json_str(first(), "contact"), "C-1");
	json_int_t n = json_int(first(), "case");
	/* without such words by the summary */
	arrived("C-2");
	adopted("C-2", "", "KB-2");
	filed("C-2", "answered", "生育津贴怎么领");
	assert_int_equal(cases("candidate"), 2);
	assert_string_equal(json_str(first(), "question"), "生育津贴怎么领");
	/* the same again, what was taken back, what was no question */
	arrived("C-3");
	adopted("C-3", "", "KB-2");
	filed("C-3", "answered", "生育津贴怎么领");
	arrived("C-4");
	adopted("C-4", "养老", "KB-3");
	rig_fact(&rig, "kb.dropped", "C-4", "A1", "KB-3",
		 json_pack("{s:s, s:i}", "entry", "KB-3", "version", 1));
	filed("C-4", "answered", "别的");
	arrived("C-5");
	adopted("C-5", "打错了", "KB-3");
	filed("C-5", "invalid", "");
	assert_int_equal(cases("candidate"), 2);
	/* they are candidates until somebody says so */
	assert_int_equal(call("L1", "kb.release", json_object()), 0);
	assert_string_equal(figures(), "0: 0 0");
	assert_int_equal(
		call("L1", "case.set",
		     json_pack("{s:I, s:s}", "case", n, "entry", "KB-1")),
		0);
	assert_int_equal(cases("kept"), 1);
	assert_int_equal(call("L1", "kb.release", json_object()), 0);
	assert_string_equal(figures(), "1: 1 1");
}

static void test_answer(void **state)
{
	char text[4096] = "";

	assert_int_equal(
		call("A1", "kb.answer", json_pack("{s:s}", "q", "社保卡补办")),
		0);
	assert_true(json_is_null(json_object_get(rig.result, "entry")));
	assert_int_equal(json_int(rig.result, "needs"), 100);
	assert_int_equal(json_int(rig.result, "cases"), 0);
	assert_string_equal(json_str(rig.result, "why"),
			    "The regression set is too small to show this "
			    "precision");
	static const char *const bad[] = {"1.5", "0.2", "much", "0.9x"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(call("A1", "kb.answer",
				      json_pack("{s:s, s:s}", "q", "x",
						"target", bad[i])),
				 EINVAL);

	for (int i = 0; i < 40; i++) {
		size_t at = strlen(text);
		snprintf(text + at, sizeof(text) - at,
			 "社保卡补办%d\tKB-1\n养老金资格认证%d\tKB-3\n", i, i);
	}
	assert_int_equal(
		call("root(0)", "kb.calibrate",
		     json_pack("{s:s, s:s}", "text", "社保卡\tKB-1\n养老金",
			       "file", "set.tsv")),
		EINVAL);
	assert_non_null(strstr(rig.detail, "set.tsv:2: "));
	assert_int_equal(cases("kept"), 0);
	assert_int_equal(call("root(0)", "kb.calibrate",
			      json_pack("{s:s}", "text", text)),
			 0);
	assert_int_equal(json_int(rig.result, "cases"), 80);
	assert_int_equal(json_int(rig.result, "right"), 80);
	assert_int_equal(cases("kept"), 80);
	assert_int_equal(call("A1", "kb.answer",
			      json_pack("{s:s, s:s}", "q", "社保卡补办",
					"target", "0.8")),
			 0);
	assert_string_equal(json_str(rig.result, "entry"), "KB-1");
	assert_string_equal(json_str(rig.result, "title"), "社保卡补办");
	assert_int_equal(json_int(rig.result, "version"), 1);
	assert_int_equal(call("A1", "kb.answer",
			      json_pack("{s:s, s:s}", "q", "明天下雨吗",
					"target", "0.8")),
			 0);
	assert_true(json_is_null(json_object_get(rig.result, "entry")));
	/* of another business line there is nothing */
	assert_int_equal(call("A1", "kb.answer",
			      json_pack("{s:s, s:s, s:s}", "q", "社保卡补办",
					"target", "0.8", "line", "med")),
			 0);
	assert_true(json_is_null(json_object_get(rig.result, "entry")));
}

static bool fails(const char *text)
{
	size_t i;
	json_t *one;

	json_array_foreach (json_object_get(rig.result, "checks"), i, one) {
		if (!strcmp(json_str(one, "text"), text))
			return !json_bool(one, "ok");
	}
	return false;
}

static void test_impact(void **state)
{
	assert_int_equal(step("A1", "kb.impact", "KB-9"), ENOENT);
	assert_int_equal(keep("社保卡丢了怎么补办", "KB-1"), 0);
	arrived("C-1");
	adopted("C-1", "", "KB-1");
	assert_int_equal(step("A1", "kb.impact", "KB-1"), 0);
	assert_int_equal(json_int(rig.result, "week"), 1);
	assert_int_equal(json_int(rig.result, "agents"), 1);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(rig.result, "linked"), 0)),
			    "KB-2");
	assert_int_equal(
		json_int(json_object_get(rig.result, "cases"), "right"), 1);
	assert_false(fails("No other entry has its title"));
	assert_false(fails("The regression questions are answered as before"));
	/* a draft that would take the entry away from its question */
	assert_int_equal(draft("KB-1", "生育津贴申领", "见 KB-77。"), 0);
	assert_int_equal(step("A1", "kb.impact", "KB-1"), 0);
	assert_int_equal(json_int(rig.result, "version"), 2);
	assert_true(fails("No other entry has its title"));
	assert_true(fails("It names an entry that is not in force"));
	assert_true(fails("The regression questions are answered as before"));
	/* the version that is shown is asked for by its number */
	assert_int_equal(
		call("A1", "kb.impact",
		     json_pack("{s:s, s:i}", "entry", "KB-1", "version", 1)),
		0);
	assert_false(fails("No other entry has its title"));
}

static void test_check(void **state)
{
	static const char bad[] = "---\nid: kb1\ntitle: 津贴\nquestion: ？\n"
				  "colour: red\neffective: 2026-02-30\n---\n";

	assert_int_equal(
		call("A1", "kb.check", json_pack("{s:s}", "text", bad)), 0);
	const json_t *items = json_object_get(rig.result, "items");
	assert_true(json_array_size(items) >= 3);
	assert_true(*json_str(first(), "fix"));
	assert_int_equal(call("A1", "kb.check",
			      json_pack("{s:s}", "text",
					entry("KB-9", "标题", "答案"))),
			 0);
	assert_int_equal(json_array_size(json_object_get(rig.result, "items")),
			 0);
	assert_string_equal(json_str(rig.result, "lacks"), "");
	assert_int_equal(call("A1", "kb.check",
			      json_pack("{s:s}", "text",
					"---\nid: KB-9\ntitle: t\n"
					"question: q\n---\nx\n")),
			 0);
	assert_string_equal(json_str(rig.result, "lacks"), "line");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_release_that_answers_worse),
		TEST(test_release_that_answers_better_needs_no_reason),
		TEST(test_writer_believes_no_old_look),
		TEST(test_cases),
		TEST(test_tickets_suggest),
		TEST(test_answer),
		TEST(test_impact),
		TEST(test_check),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
