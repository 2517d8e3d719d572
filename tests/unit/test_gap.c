/* SPDX-License-Identifier: Apache-2.0 */
/* What the knowledge base does not answer: said, or filed without an entry;
 * put together, made a draft of, closed. */
#include "desk_rig.h"

#include "common/scope.h"
#include "kb/base.h"
#include "server/desk/article.h"
#include "server/desk/gap.h"

static struct rig rig;

static int call(const char *actor, const char *method, json_t *params)
{
	return rig_call(&rig, gap_methods, NULL, actor, method, params);
}

static int said(const char *words)
{
	return rig_call(&rig, article_methods, NULL, "A1", "kb.gap",
			json_pack("{s:s}", "q", words));
}

static void filed(const char *contact, const char *outcome,
		  const char *summary)
{
	char ticket[40];

	rig_fact(&rig, "contact.arrived", contact, NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", "8613800138000",
			   "name", "张三", "queue", "med", "open", 1));
	snprintf(ticket, sizeof(ticket), "T-%s", contact);
	rig_fact(&rig, "ticket.filed", contact, "A1", ticket,
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s,"
			   " s:I, s:s, s:{s:s}, s:[]}",
			   "ticket", ticket, "agent", "A1", "disposition",
			   "mi", "outcome", outcome, "number", "8613800138000",
			   "name", "张三", "queue", "med", "created_us",
			   (json_int_t)1000, "state", "done", "promise_us",
			   (json_int_t)0, "after", "", "fields", "summary",
			   summary, "entries"));
}

/* "2 words|1 words" */
static const char *listed(void)
{
	static char out[1024];
	size_t i;
	json_t *one;

	assert_int_equal(call("A1", "gap.list", json_object()), 0);
	*out = '\0';
	json_array_foreach (json_object_get(rig.result, "items"), i, one) {
		size_t at = strlen(out);
		snprintf(out + at, sizeof(out) - at, "%s%lld %s", i ? "|" : "",
			 (long long)json_int(one, "count"),
			 json_str(one, "words"));
	}
	return out;
}

/* The gaps of the candidate at that place. */
static json_t *gaps_at(size_t i)
{
	json_t *one = json_array_get(json_object_get(rig.result, "items"), i);

	return json_deep_copy(json_object_get(one, "gaps"));
}

static int setup(void **state)
{
	rig_open(&rig);
	cal_set(1795392000000000LL, 1);
	return 0;
}

static int teardown(void **state)
{
	cal_set(0, 0);
	rig_close(&rig);
	return 0;
}

static void test_together(void **state)
{
	assert_string_equal(listed(), "");
	assert_int_equal(said("社保卡的照片能换吗"), 0);
	assert_int_equal(said("您好，高龄津贴怎么领"), 0);
	assert_int_equal(said("高龄津贴在哪里领取"), 0);
	assert_string_equal(listed(),
			    "2 高龄津贴在哪里领取|1 社保卡的照片能换吗");
}

static void test_every_ticket_leads_somewhere(void **state)
{
	filed("c-1", "answered", "咨询高龄津贴");
	filed("c-2", "invalid", "打错了");
	/* with an entry */
	rig_fact(&rig, "kb.adopted", "c-3", "A1", "KB-1",
		 json_pack("{s:s, s:i, s:s}", "entry", "KB-1", "version", 1,
			   "title", "t"));
	filed("c-3", "answered", "咨询到账");
	assert_string_equal(listed(), "1 咨询高龄津贴");
	/* the entry is named later */
	rig_fact(&rig, "kb.adopted", "c-1", "A1", "KB-1",
		 json_pack("{s:s, s:i, s:s}", "entry", "KB-1", "version", 1,
			   "title", "t"));
	assert_string_equal(listed(), "");
}

static void test_draft(void **state)
{
	scoped_mem struct kb_version *v = NULL;

	assert_int_equal(said("您好，高龄津贴怎么领"), 0);
	assert_int_equal(said("高龄津贴\n在哪里\xE2\x80\xAE领取"), 0);
	listed();
	assert_int_equal(call("A1", "gap.draft",
			      json_pack("{s:o}", "gaps", gaps_at(0))),
			 0);
	assert_string_equal(json_str(rig.result, "entry"), "KB-0001");
	assert_int_equal(kb_base_get(&v, rig.db, "KB-0001", 0), 0);
	assert_string_equal(v->entry->question, "高龄津贴 在哪里 领取");
	assert_int_equal(v->entry->asks_n, 1);
	assert_string_equal(v->entry->asks[0], "您好，高龄津贴怎么领");
	assert_string_equal(v->actor, "A1");
	assert_string_equal(listed(), "");
	/* what is closed is not closed again */
	assert_int_equal(
		call("A1", "gap.draft", json_pack("{s:[i]}", "gaps", 1)),
		ENOENT);
	assert_int_equal(call("A1", "gap.draft", json_pack("{s:[]}", "gaps")),
			 EINVAL);
}

static void test_close(void **state)
{
	static const struct {
		const char *entry, *reason;
		int err;
	} t[] = {
		{"", "", EINVAL},
		{"", " \n", EINVAL},
		{"KB-9", "", ENOENT},
		{"", "不属于本热线业务", 0},
	};
	assert_int_equal(said("公交卡怎么办"), 0);
	listed();
	scoped_json json_t *gaps = gaps_at(0);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(call("L1", "gap.close",
				      json_pack("{s:O, s:s, s:s}", "gaps",
						gaps, "entry", t[i].entry,
						"reason", t[i].reason)),
				 t[i].err);
	assert_string_equal(listed(), "");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_together),
		TEST(test_every_ticket_leads_somewhere),
		TEST(test_draft),
		TEST(test_close),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
