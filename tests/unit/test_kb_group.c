/* SPDX-License-Identifier: Apache-2.0 */
/* Which questions ask the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/libre.h"
#include "kb/group.h"

static void test_same_question(void **state)
{
	/* the letter is the group it belongs to */
	static const char *const t[] = {
		"a您好，我想问一下高龄津贴怎么领取",
		"b社保卡的照片能不能换",
		"a高龄津贴在哪里领取",
		"c外地户口的孩子怎么参加医保",
		"b我想换社保卡照片",
		"a请问高龄津贴怎么领",
		"d退役军人的工龄怎么算",
		"c孩子是外地户口，参加医保怎么办",
	};
	enum { N = sizeof(t) / sizeof(*t) };
	const char *text[N];
	int group[N], head[N];
	size_t groups = 0;

	for (int i = 0; i < N; i++)
		text[i] = t[i] + 1;
	assert_int_equal(kb_group(text, N, group, head, &groups), 0);
	assert_int_equal(groups, 4);
	for (int i = 0; i < N; i++) {
		for (int k = 0; k < N; k++) {
			if ((t[i][0] == t[k][0]) != (group[i] == group[k]))
				fail_msg("%s / %s", t[i], t[k]);
		}
		assert_int_equal(group[head[group[i]]], group[i]);
	}
}

static void test_edges(void **state)
{
	static const char *const same[] = {"", "", "补缴", "补缴"};
	int group[4], head[4];
	size_t groups = 9;

	assert_int_equal(kb_group(NULL, 0, group, head, &groups), 0);
	assert_int_equal(groups, 0);
	assert_int_equal(kb_group(same, 4, group, head, &groups), 0);
	/* what has no words is like nothing */
	assert_int_equal(groups, 3);
	assert_int_equal(group[2], group[3]);

	static const char *many[KB_GROUP_TEXTS + 2];
	static int g[KB_GROUP_TEXTS + 2], h[KB_GROUP_TEXTS + 2];
	for (size_t i = 0; i < KB_GROUP_TEXTS + 2; i++)
		many[i] = "同一个问题";
	assert_int_equal(kb_group(many, KB_GROUP_TEXTS + 2, g, h, &groups), 0);
	assert_int_equal(groups, 1);
	assert_int_equal(g[KB_GROUP_TEXTS - 1], 0);
	assert_int_equal(g[KB_GROUP_TEXTS], -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_question),
		cmocka_unit_test(test_edges),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
