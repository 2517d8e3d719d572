/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <cmocka.h>

#include "common/utf8.h"

static void test_check_finds_the_bad_byte(void **state)
{
	static const struct {
		const char *s;
		long at;
	} cases[] = {
		{"", -1},
		{"西安 12345", -1},
		{"a\x80", 1},
		{"\xC0\xAF", 0},	 /* overlong */
		{"ok\xE0\x80\x80", 2},	 /* overlong */
		{"\xED\xA0\x80", 0},	 /* surrogate */
		{"\xF4\x90\x80\x80", 0}, /* past U+10FFFF */
		{"\xE8\xA5", 0},	 /* cut short */
		{"\xF0\x9F\x98\x80", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(utf8_check(cases[i].s, strlen(cases[i].s)),
				 cases[i].at);
}

static void test_encode_undoes_decode(void **state)
{
	static const uint32_t cps[] = {0x41, 0xE9, 0x897F, 0x1F600, 0x10FFFF};

	for (size_t i = 0; i < sizeof(cps) / sizeof(*cps); i++) {
		char b[4];
		uint32_t cp;
		size_t n = utf8_put(b, cps[i]);
		assert_int_equal(utf8_get(&cp, b, n), n);
		assert_int_equal(cp, cps[i]);
	}
}

/* ncurses counts cells by wcwidth: layout must agree for what we show */
static void test_width_agrees_with_the_c_library(void **state)
{
	static const uint32_t spans[][2] = {
		{0x20, 0x7E},	  {0xA0, 0xAC},	    {0xAE, 0x377},
		{0x400, 0x52F},	  {0x2010, 0x2027}, {0x2190, 0x23FF},
		{0x2500, 0x27BF}, {0x3000, 0x303E}, {0x3041, 0x3096},
		{0x4E00, 0x9FFF}, {0xFF01, 0xFFE6}, {0x1F600, 0x1F64F},
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		for (uint32_t c = spans[i][0]; c <= spans[i][1]; c++) {
			int libc = wcwidth((wchar_t)c);
			if (libc >= 0 && libc != utf8_width_cp(c))
				fail_msg("U+%04X %d", (unsigned)c, libc);
		}
	}
}

static void test_width(void **state)
{
	assert_int_equal(utf8_width("生育津贴 KB-0415"), 16);
	assert_int_equal(utf8_width("e\xCC\x81"), 1);
	assert_int_equal(utf8_width("●◐"), 2);
	utf8_ambiguous(2);
	assert_int_equal(utf8_width("●◐"), 4);
	utf8_ambiguous(1);
}

static void test_cut(void **state)
{
	static const struct {
		const char *s;
		int columns;
		bool pad;
		const char *want;
	} cases[] = {
		{"医保", 4, false, "医保"},
		{"医保", 6, true, "医保  "},
		{"医保处", 5, true, "医保…"},
		{"医保处", 4, true, "医 …"}, /* straddles: a space */
		{"abc", 2, true, "a…"},
		{"医", 1, true, "…"},
		{"", 3, true, "   "},
	};
	char out[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int n = utf8_cut(out, sizeof(out), cases[i].s,
				 cases[i].columns, cases[i].pad);
		assert_string_equal(out, cases[i].want);
		assert_int_equal(n, utf8_width(out));
	}
}

static void wrap_is(const char *s, int columns, const char *want)
{
	char got[256] = "";
	size_t len = strlen(s), next;

	while (len) {
		size_t n = utf8_wrap(s, len, columns, &next);
		assert_true(next > 0);
		assert_true(utf8_width_n(s, n) <= columns);
		strncat(got, s, n);
		strcat(got, "|");
		s += next;
		len -= next;
	}
	assert_string_equal(got, want);
}

static void test_wrap(void **state)
{
	wrap_is("one two three", 7, "one two|three|");
	wrap_is("单位已提交，市民问", 10, "单位已提|交，市民问|");
	wrap_is("他说（材料）齐", 6, "他说|（材|料）齐|");
	wrap_is("a\n\nb", 9, "a||b|");
	wrap_is("abcdefgh", 3, "abc|def|gh|");
}

static void show_is(const char *s, size_t len, const char *want)
{
	char out[256], plain[256];
	size_t n = utf8_show(out, sizeof(out), s, len, false), at = 0;

	assert_int_equal(utf8_check(out, n), -1);
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t m = utf8_get(&cp, out + i, n - i);
		if (cp == UTF8_MARK_ON || cp == UTF8_MARK_OFF) {
			plain[at++] = cp == UTF8_MARK_ON ? '<' : '>';
		} else {
			memcpy(plain + at, out + i, m);
			at += m;
		}
		i += m;
	}
	plain[at] = '\0';
	assert_string_equal(plain, want);
}

static void test_hostile_text_is_disarmed(void **state)
{
	show_is("\x1B[2J", 4, "<␛>[2J");
	show_is("a\nb", 3, "a<↵>b");
	show_is("a\0b", 3, "a<␀>b");
	show_is("\x7F", 1, "<␡>");
	show_is("\xC2\x9B", 2, "<‹U+009B›>");
	show_is("x\xE2\x80\xAEy", 5, "x<‹U+202E›>y");
	show_is("\xFF", 1, "\xEF\xBF\xBD");
	/* four combining marks: two stay */
	show_is("a\xCC\x81\xCC\x82\xCC\x83\xCC\x84", 9,
		"a\xCC\x81\xCC\x82<‹+2›>");
	/* a mark nobody may fake */
	show_is("\xEE\x83\xB0x\xEE\x83\xB1", 7, "\xEF\xBF\xBDx\xEF\xBF\xBD");
	/* family, heart with VS16, flag */
	show_is("\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", 11,
		"<[表情]>");
	show_is("\xE2\x9D\xA4\xEF\xB8\x8F", 6, "<[表情]>");
	show_is("\xF0\x9F\x87\xA8\xF0\x9F\x87\xB3", 8, "<[表情]>");
	show_is("您好", 6, "您好");
}

static void test_never_past_the_end(void **state)
{
	char out[8];

	for (size_t size = 1; size <= sizeof(out); size++) {
		size_t n = utf8_show(out, size, "西安\x1B", 7, false);
		assert_true(n < size);
		assert_int_equal(utf8_check(out, n), -1);
		utf8_copy(out, size, "西安市");
		assert_int_equal(utf8_check(out, strlen(out)), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_finds_the_bad_byte),
		cmocka_unit_test(test_encode_undoes_decode),
		cmocka_unit_test(test_width_agrees_with_the_c_library),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_hostile_text_is_disarmed),
		cmocka_unit_test(test_never_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
