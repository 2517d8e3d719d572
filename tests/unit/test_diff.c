/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest way from one text to another, held against the plain table of
 * the longest common subsequence. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/diff.h"
#include "common/libre.h"

#define ROUNDS	  400
#define LINES_MAX 24

struct seen {
	char old_text[4096], new_text[4096]; /* put together again */
	unsigned edits, old_n, new_n;
	bool gone_after_new;
};

static int on_line(const struct diff_line *l, void *arg)
{
	struct seen *s = arg;
	char line[64];

	snprintf(line, sizeof(line), "%.*s\n", (int)l->len, l->line);
	if (l->kind != DIFF_NEW) {
		strcat(s->old_text, line);
		assert_int_equal(l->old_n, ++s->old_n);
	} else {
		assert_int_equal(l->old_n, 0);
	}
	if (l->kind != DIFF_GONE) {
		strcat(s->new_text, line);
		assert_int_equal(l->new_n, ++s->new_n);
	} else {
		assert_int_equal(l->new_n, 0);
	}
	s->edits += l->kind != DIFF_SAME;
	return 0;
}

/* A few different lines, so that many are common. */
static int random_text(char *out)
{
	int n = rand() % LINES_MAX;

	*out = '\0';
	for (int i = 0; i < n; i++) {
		char line[16];
		snprintf(line, sizeof(line), "%c\n", 'a' + rand() % 5);
		strcat(out, line);
	}
	return n;
}

static int common_lines(const char *a, int an, const char *b, int bn)
{
	int t[LINES_MAX + 1][LINES_MAX + 1] = {0};

	for (int i = 1; i <= an; i++) {
		for (int k = 1; k <= bn; k++) {
			if (a[2 * (i - 1)] == b[2 * (k - 1)])
				t[i][k] = t[i - 1][k - 1] + 1;
			else
				t[i][k] = t[i - 1][k] > t[i][k - 1]
						  ? t[i - 1][k]
						  : t[i][k - 1];
		}
	}
	return t[an][bn];
}

static void test_shortest_way(void **state)
{
	unsigned seed = (unsigned)(getenv("SEED") ? atoi(getenv("SEED")) : 7);
	char a[256], b[256];

	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < ROUNDS; i++) {
		struct seen s = {0};
		int an = random_text(a), bn = random_text(b);
		assert_int_equal(diff_lines(a, b, on_line, &s), 0);
		assert_string_equal(s.old_text, a);
		assert_string_equal(s.new_text, b);
		assert_int_equal(s.edits,
				 an + bn - 2 * common_lines(a, an, b, bn));
	}
}

static void test_edges(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned edits;
	} t[] = {
		{"", "", 0},	       {"", "x", 1},
		{"x", "", 1},	       {"x", "x\n", 0},
		{"x\n\ny", "x\ny", 1}, {"生育\n津贴", "生育\n津贴费", 2},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct seen s = {0};
		assert_int_equal(diff_lines(t[i].a, t[i].b, on_line, &s), 0);
		assert_int_equal(s.edits, t[i].edits);
	}
}

static int on_stop(const struct diff_line *l, void *arg)
{
	return ECANCELED;
}

static void test_limits(void **state)
{
	static char many[2 * (DIFF_LINES_MAX + 2)], other[sizeof(many)];

	for (size_t i = 0; i < sizeof(many) - 2; i += 2) {
		memcpy(many + i, "a\n", 2);
		memcpy(other + i, "b\n", 2);
	}
	assert_int_equal(diff_lines(many, "", on_stop, NULL), EFBIG);
	many[2 * DIFF_LINES_MAX] = other[2 * DIFF_LINES_MAX] = '\0';
	assert_int_equal(diff_lines(many, other, on_stop, NULL), ECANCELED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shortest_way),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_limits),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
