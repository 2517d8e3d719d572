/* SPDX-License-Identifier: Apache-2.0 */
/* What agents look for: which searches are failures, which words go with an
 * adoption, and that typing is not counted letter by letter. */
#include "desk_rig.h"

#include "common/scope.h"
#include "server/desk/gap.h"
#include "server/desk/seek.h"

#define S 1000000LL

static struct rig rig;
static struct seek *seek;
static const char *contact; /* of A1 */
static int64_t now_us;

static const char *on_contact(const char *person, void *arg)
{
	return strcmp(person, "A1") ? NULL : contact;
}

static void pass(int64_t us)
{
	now_us += us;
	cal_set(now_us, now_us);
}

static void search(const char *person, const char *words, const char *id)
{
	scoped_json json_t *hits = json_array();

	if (*id)
		json_array_append_new(hits, json_pack("{s:s}", "id", id));
	seek_searched(seek, person, words, hits);
}

static int setup(void **state)
{
	rig_open(&rig);
	now_us = 1795392000LL * S;
	pass(0);
	contact = "C-1";
	const struct seek_prm prm = {.log = rig.log, .contacth = on_contact};
	assert_int_equal(seek_alloc(&seek, &prm), 0);
	return 0;
}

static int teardown(void **state)
{
	seek = mem_deref(seek);
	cal_set(0, 0);
	rig_close(&rig);
	return 0;
}

static void test_given_up_with_its_contact(void **state)
{
	search("A1", "高龄", "KB-1");
	pass(S);
	search("A1", "高龄津贴", "KB-1");
	pass(60 * S);
	seek_look(seek);
	assert_int_equal(seek_failed(seek), 0);
	contact = "C-2";
	seek_look(seek);
	seek_look(seek);
	assert_int_equal(seek_failed(seek), 1);
	/* without a contact he is reading, unless there is nothing */
	contact = "";
	search("A1", "公交卡", "KB-1");
	pass(600 * S);
	seek_look(seek);
	assert_int_equal(seek_failed(seek), 1);
	search("A1", "公交卡", "");
	pass(600 * S);
	seek_look(seek);
	assert_int_equal(seek_failed(seek), 2);
}

static void test_typing_is_one_question(void **state)
{
	search("A1", "公交卡", "KB-1");
	pass(10 * S);
	search("A1", "公交卡怎么办", "KB-1");
	pass(10 * S);
	search("A1", "公交", "KB-1");
	assert_int_equal(seek_failed(seek), 0);
	/* another one: the first was in vain, but not more than a few */
	for (int i = 0; i < 10; i++) {
		pass(10 * S);
		search("A1", i % 2 ? "公交卡怎么办" : "高龄津贴", "KB-1");
	}
	assert_int_equal(seek_failed(seek), 3);
}

static void test_found_after_all(void **state)
{
	search("A1", "高龄津贴", "KB-1");
	assert_string_equal(seek_words(seek, "A1", "KB-1"), "高龄津贴");
	assert_string_equal(seek_words(seek, "A1", "KB-2"), "");
	assert_string_equal(seek_words(seek, "A2", "KB-1"), "");
	/* who is not signed in is not followed */
	search("B1", "高龄津贴", "");
	assert_string_equal(seek_words(seek, "B1", "KB-1"), "");
	assert_int_equal(seek_failed(seek), 0);
}

static void failed(const char *of, const char *words)
{
	rig_fact(&rig, "kb.searched", of, "A1", NULL,
		 json_pack("{s:s, s:i, s:s}", "q", words, "hits", 0, "why",
			   "nothing"));
}

static void test_candidates(void **state)
{
	failed("C-1", "高龄津贴怎么领");
	failed("C-2", "高龄津贴在哪领");
	rig_fact(&rig, "kb.gap", "C-3", "A1", NULL,
		 json_pack("{s:s}", "q", "高龄津贴领取"));
	/* that contact is a gap already */
	failed("C-3", "高龄津贴领取办法");
	assert_int_equal(rig_call(&rig, gap_methods, NULL, "A1", "gap.list",
				  json_object()),
			 0);
	const json_t *items = json_object_get(rig.result, "items");
	assert_int_equal(json_array_size(items), 1);
	assert_int_equal(json_int(json_array_get(items, 0), "count"), 3);
	assert_int_equal(json_int(json_array_get(items, 0), "searches"), 2);
	/* its entry was found after all */
	rig_fact(&rig, "kb.adopted", "C-1", "A1", "KB-1",
		 json_pack("{s:s, s:i, s:s}", "entry", "KB-1", "version", 1,
			   "title", "t"));
	assert_int_equal(rig_call(&rig, gap_methods, NULL, "A1", "gap.list",
				  json_object()),
			 0);
	items = json_object_get(rig.result, "items");
	assert_int_equal(json_int(json_array_get(items, 0), "searches"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_given_up_with_its_contact),
		TEST(test_typing_is_one_question),
		TEST(test_found_after_all),
		TEST(test_candidates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
