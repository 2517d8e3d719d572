/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/libre.h"
#include "common/proto.h"
#include "agent-tui/keymap.h"
#include "agent-tui/keys.h"

static char got[1024];

static void on_key(uint32_t key, bool pasted, void *arg)
{
	char name[16];

	(void)arg;
	keys_name(name, sizeof(name), key);
	if (!strcmp(name, "?") && key != '?')
		snprintf(name, sizeof(name), "U+%04X", (unsigned)key);
	if (got[0])
		strcat(got, " ");
	if (pasted)
		strcat(got, "p:");
	strcat(got, name);
}

static void decodes(const char *bytes, const char *want)
{
	struct keys *k = NULL;

	got[0] = '\0';
	assert_int_equal(keys_alloc(&k, 25, on_key, NULL), 0);
	keys_feed(k, bytes, strlen(bytes));
	mem_deref(k);
	assert_string_equal(got, want);
	/* a byte at a time is the same */
	got[0] = '\0';
	assert_int_equal(keys_alloc(&k, 25, on_key, NULL), 0);
	for (const char *p = bytes; *p; p++)
		keys_feed(k, p, 1);
	mem_deref(k);
	assert_string_equal(got, want);
}

static void test_f_keys_of_every_terminal(void **state)
{
	/* xterm, VT220 and PuTTY's default */
	decodes("\x1bOP\x1bOQ\x1bOR\x1bOS\x1b[15~\x1b[17~\x1b[18~\x1b[19~"
		"\x1b[20~\x1b[21~\x1b[23~\x1b[24~",
		"F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12");
	/* rxvt, PuTTY "ESC [ n ~" */
	decodes("\x1b[11~\x1b[12~\x1b[13~\x1b[14~", "F1 F2 F3 F4");
	/* Linux console */
	decodes("\x1b[[A\x1b[[B\x1b[[C\x1b[[D\x1b[[E", "F1 F2 F3 F4 F5");
	/* PuTTY "VT100+" */
	decodes("\x1bOT\x1bOU\x1bO[", "F5 F6 F12");
	/* PuTTY "SCO" */
	decodes("\x1b[M\x1b[N\x1b[X", "F1 F2 F12");
	/* xterm with Shift, Ctrl: the key itself */
	decodes("\x1b[1;2P\x1b[24;5~\x1b[1;5A", "F1 F12 ↑");
}

static void test_texts_and_controls(void **state)
{
	decodes("a\x07\x10\x14\x1a", "a ^G ^P ^T ^Z");
	decodes("生\x7f\r", "U+751F Backspace Enter");
	decodes("\t\x1b[Z\x1b[5~\x1b[6~\x1b[3~\x1b[H\x1b[4~",
		"Tab S-Tab PgUp PgDn Del Home End");
	/* bad UTF-8 is one replacement character and no key is lost */
	decodes("\xff"
		"k",
		"U+FFFD k");
}

static void test_answers_of_the_terminal_are_no_keys(void **state)
{
	decodes("\x1b[12;40Rk", "k");
	decodes("\x1b]11;rgb:0000/0000/0000\x1b\\k", "k");
	decodes("\x1b[?2026;2$yk\x1b[?64;1ck", "k k");
}

static void test_paste_is_text(void **state)
{
	decodes("\x1b[200~q\n:quit\x1b[201~q",
		"p:q p:^J p:: p:q p:u p:i p:t q");
}

static void test_halfwidth(void **state)
{
	assert_int_equal(keys_halfwidth(0xFF1A), ':');
	assert_int_equal(keys_halfwidth(0xFF1F), '?');
	assert_int_equal(keys_halfwidth(0xFF1B), ';');
	assert_int_equal(keys_halfwidth(0x3001), '/');
	assert_int_equal(keys_halfwidth(0xFF11), '1');
	assert_int_equal(keys_halfwidth(0x3010), '[');
	assert_int_equal(keys_halfwidth(0x751F), 0x751F);
}

static void test_table_has_no_double_keys(void **state)
{
	for (int i = 0; i < CMD_N; i++) {
		for (int k = i + 1; k < CMD_N; k++) {
			const struct command *a = &commands[i];
			const struct command *b = &commands[k];
			assert_string_not_equal(a->name, b->name);
			assert_string_not_equal(a->name_zh, b->name_zh);
			if (a->key && a->key == b->key)
				assert_int_equal(a->where & b->where, 0);
			if (a->twin)
				assert_int_not_equal(a->twin, b->twin);
		}
	}
}

static void test_words_and_roles(void **state)
{
	assert_int_equal(keymap_word("transfer", 8, ROLE_AGENT), CMD_TRANSFER);
	assert_int_equal(keymap_word("tra", 3, ROLE_AGENT), CMD_TRANSFER);
	assert_int_equal(keymap_word("转接", 6, ROLE_AGENT), CMD_TRANSFER);
	assert_int_equal(keymap_word("签退", 6, ROLE_BUREAU), CMD_QUIT);
	/* several begin so, none is so, not mine */
	assert_int_equal(keymap_word("re", 2, ROLE_AGENT), CMD_NONE);
	assert_int_equal(keymap_word("nosuch", 6, ROLE_AGENT), CMD_NONE);
	assert_int_equal(keymap_word("transfer", 8, ROLE_BUREAU), CMD_NONE);
	assert_int_equal(keymap_key('o', AT_LIST, ROLE_AGENT), CMD_CALLBACK);
	assert_int_equal(keymap_key('o', AT_FORM, ROLE_AGENT), CMD_NONE);
	assert_int_equal(keymap_key(K_F(2), AT_FORM, ROLE_AGENT), CMD_ANSWER);
	assert_int_equal(keymap_twin('2'), CMD_ANSWER);
	assert_int_equal(keymap_twin('='), CMD_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_f_keys_of_every_terminal),
		cmocka_unit_test(test_texts_and_controls),
		cmocka_unit_test(test_answers_of_the_terminal_are_no_keys),
		cmocka_unit_test(test_paste_is_text),
		cmocka_unit_test(test_halfwidth),
		cmocka_unit_test(test_table_has_no_double_keys),
		cmocka_unit_test(test_words_and_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
