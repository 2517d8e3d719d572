/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kb/token.h"

struct out {
	char text[1024];
	size_t size;
};

/* "a b+c": + stands at the same place as the one before. */
static int on_token(const char *token, size_t len, size_t from, size_t to,
		    bool same, void *arg)
{
	struct out *o = arg;
	size_t n = strlen(o->text);

	assert_true(len > 0 && len <= KB_TOKEN_MAX_BYTES);
	assert_true(from < to && to <= o->size);
	snprintf(o->text + n, sizeof(o->text) - n, "%s%.*s",
		 !n	? ""
		 : same ? "+"
			: " ",
		 (int)len, token);
	return 0;
}

static const struct {
	const char *text;
	const char *document;
	const char *query;
} cases[] = {
	{"", "", ""},
	{"，。 !?", "", ""},
	{"税", "税", "税"},
	{"养老", "养老+养 老", "养老"},
	{"生育津贴", "生育+生 育津+育 津贴+津 贴", "生育 育津 津贴"},
	{"养老，医保", "养老+养 老 医保+医 保", "养老 医保"},
	{"VPN Level-2", "vpn level 2", "vpn level 2"},
	{"ＡＢＣ１２３", "abc123", "abc123"},
	{"办VIP卡", "办 vip 卡", "办 vip 卡"},
	{"交15年", "交 15 年", "交 15 年"},
	{"样例〔2025〕12号", "样例+样 例 〔2025〕12号 2025 12 号",
	 "样例 〔2025〕12号"},
	{"[2025] 第12号", "〔2025〕12号 2025 第 12 号", "〔2025〕12号"},
	{"（2025）7 号", "2025 7 号", "2025 7 号"},
	{"〔2025〕年", "2025 年", "2025 年"},
	{"〔20255〕12号", "20255 12 号", "20255 12 号"},
	{"养\xE2\x80\x8B老", "养老+养 老", "养老"},
	{"\"*) OR --", "or", "or"},
	{"\xFF\xFE养\xC0", "养", "养"},
};

static void test_cuts_words(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text;
		struct out d = {.size = strlen(text)};
		struct out q = {.size = strlen(text)};
		assert_int_equal(
			kb_token_each(text, d.size, false, on_token, &d), 0);
		assert_int_equal(
			kb_token_each(text, q.size, true, on_token, &q), 0);
		assert_string_equal(d.text, cases[i].document);
		assert_string_equal(q.text, cases[i].query);
	}
}

static int on_count(const char *token, size_t len, size_t from, size_t to,
		    bool same, void *arg)
{
	assert_true(len <= KB_TOKEN_MAX_BYTES);
	return ++*(int *)arg == 3 ? 42 : 0;
}

static void test_ends_when_told(void **state)
{
	int n = 0;
	assert_int_equal(kb_token_each("a b c d e", 9, false, on_count, &n),
			 42);
	assert_int_equal(n, 3);
}

static void test_cuts_long_words(void **state)
{
	char text[5000];
	int n = 0;

	memset(text, 'x', sizeof(text));
	assert_int_equal(
		kb_token_each(text, sizeof(text), false, on_count, &n), 0);
	assert_int_equal(n, 1);
}

static int on_any(const char *token, size_t len, size_t from, size_t to,
		  bool same, void *arg)
{
	const size_t *size = arg;
	assert_true(len > 0 && len <= KB_TOKEN_MAX_BYTES);
	assert_true(from < to && to <= *size);
	return 0;
}

/* Bytes without sense, NUL among them: tokens within the text, an end. */
static void test_takes_any_bytes(void **state)
{
	unsigned seed = 7;
	char text[97];

	for (int round = 0; round < 2000; round++) {
		size_t n = sizeof(text);
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = (char)(seed >> 16);
		}
		kb_token_each(text, n, round & 1, on_any, &n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts_words),
		cmocka_unit_test(test_ends_when_told),
		cmocka_unit_test(test_cuts_long_words),
		cmocka_unit_test(test_takes_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
