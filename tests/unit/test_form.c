/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/keys.h"
#include "agent-tui/theme.h"
#include "agent-tui/ui/edit.h"
#include "agent-tui/ui/form.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/sheet.h"

static void type(struct ui_edit *e, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += utf8_get(&cp, text + i, len - i);
		ui_edit_key(e, cp, false);
	}
}

static void test_edit_moves_by_grapheme(void **state)
{
	struct ui_edit *e = NULL;

	assert_int_equal(ui_edit_alloc(&e, 64, false), 0);
	type(e, "医保 e\xCC\x81");
	ui_edit_key(e, K_LEFT, false);
	ui_edit_key(e, K_BACKSPACE, false);
	assert_string_equal(ui_edit_text(e), "医保e\xCC\x81");
	ui_edit_key(e, K_LEFT, false);
	ui_edit_key(e, K_BACKSPACE, false);
	assert_string_equal(ui_edit_text(e), "保e\xCC\x81");
	ui_edit_key(e, K_END, false);
	ui_edit_key(e, K_BACKSPACE, false); /* letter and accent together */
	assert_string_equal(ui_edit_text(e), "保");
	ui_edit_key(e, K_CTRL('u'), false);
	assert_string_equal(ui_edit_text(e), "");
	mem_deref(e);
}

static void test_edit_takes_no_controls_and_no_more_than_fits(void **state)
{
	struct ui_edit *e = NULL;

	assert_int_equal(ui_edit_alloc(&e, 8, false), 0);
	assert_false(ui_edit_key(e, K_ENTER, false));
	assert_false(ui_edit_key(e, K_TAB, false));
	assert_false(ui_edit_key(e, K_F(2), false));
	assert_true(ui_edit_key(e, 0x9B, true)); /* eaten, not inserted */
	assert_string_equal(ui_edit_text(e), "");
	type(e, "医保处"); /* 9 bytes: the third does not fit */
	assert_string_equal(ui_edit_text(e), "医保");
	mem_deref(e);
}

static struct ui_form *form(void)
{
	static const struct ui_field_prm v[] = {
		{.key = "what", .label = "业务", .kind = UI_PICK},
		{.key = "how", .label = "结果", .kind = UI_CHOICE},
		{.key = "note", .label = "摘要", .kind = UI_NOTE},
		{.key = "flags", .label = "标记", .kind = UI_FLAGS},
	};
	static const struct ui_option what[] = {
		{.code = "med", .name = "医疗保险/生育津贴", .keys = "syjt"},
		{.code = "soc", .name = "社保卡/补办", .keys = "bb"},
	};
	static const struct ui_option how[] = {
		{.code = "answered", .name = "当场答复"},
		{.code = "callback", .name = "回电"},
	};
	struct ui_form *f = NULL;

	assert_int_equal(ui_form_alloc(&f), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ui_form_add(f, &v[i]), 0);
	ui_form_options(f, "what", what, 2);
	ui_form_options(f, "how", how, 2);
	ui_form_options(f, "flags", how, 2);
	return f;
}

static void keys(struct ui_form *f, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += utf8_get(&cp, text + i, len - i);
		ui_form_key(f, cp, false);
	}
}

static void test_form_picks_by_words_and_initials(void **state)
{
	struct ui_form *f = form();

	keys(f, "津贴");
	assert_int_equal(ui_form_key(f, K_ENTER, false), UI_FORM_CHANGED);
	assert_string_equal(ui_form_get(f, "what"), "med");
	keys(f, "bb\r");
	assert_string_equal(ui_form_get(f, "what"), "soc");
	/* what nothing matches takes nothing */
	keys(f, "zzz\r");
	assert_string_equal(ui_form_get(f, "what"), "soc");
	mem_deref(f);
}

static void test_form_undo_goes_back_over_fields(void **state)
{
	struct ui_form *f = form();

	ui_form_focus(f, "how");
	keys(f, "2");
	ui_form_focus(f, "note");
	keys(f, "单位 已交");
	assert_string_equal(ui_form_get(f, "note"), "单位 已交");
	assert_true(ui_form_undo(f));
	assert_string_equal(ui_form_get(f, "note"), "单位");
	assert_true(ui_form_undo(f));
	assert_string_equal(ui_form_get(f, "note"), "");
	assert_string_equal(ui_form_get(f, "how"), "callback");
	assert_true(ui_form_undo(f));
	assert_string_equal(ui_form_get(f, "how"), "");
	assert_string_equal(ui_form_focused(f), "how");
	assert_false(ui_form_undo(f));
	mem_deref(f);
}

static void test_form_undo_keeps_a_hundred_steps(void **state)
{
	struct ui_form *f = form();
	int n = 0;

	ui_form_focus(f, "flags");
	for (int i = 0; i < 150; i++)
		ui_form_key(f, '1', false);
	while (ui_form_undo(f))
		n++;
	assert_int_equal(n, 100);
	mem_deref(f);
}

static void test_form_flags_and_ways_out(void **state)
{
	struct ui_form *f = form();

	ui_form_focus(f, "flags");
	keys(f, "21");
	assert_string_equal(ui_form_get(f, "flags"), "answered,callback");
	keys(f, "2");
	assert_string_equal(ui_form_get(f, "flags"), "answered");
	assert_int_equal(ui_form_key(f, K_TAB, false), UI_FORM_LEFT);
	ui_form_focus(f, "what");
	assert_int_equal(ui_form_key(f, K_BACKTAB, false), UI_FORM_LEFT);
	assert_int_equal(ui_form_key(f, K_F(9), false), UI_FORM_NOT);
	mem_deref(f);
}

static const char *ids_a[] = {"a", "b", "c"};
static const char *ids_b[] = {"x", "a", "b", "c"};

static const char *id_of(int i, void *arg)
{
	return ((const char **)arg)[i];
}

static void test_list_keeps_the_object(void **state)
{
	struct ui_list l = {0};

	ui_list_sync(&l, 3, 2, id_of, ids_a);
	assert_true(ui_list_key(&l, 'j'));
	ui_list_hold(&l, id_of, ids_a);
	ui_list_sync(&l, 4, 2, id_of, ids_b);
	assert_string_equal(ids_b[l.cur], "b");
	/* the end holds, the top follows */
	ui_list_key(&l, K_END);
	ui_list_hold(&l, id_of, ids_b);
	ui_list_sync(&l, 4, 2, id_of, ids_b);
	assert_int_equal(l.cur, 3);
	assert_int_equal(l.top, 2);
	/* its object has gone: same height */
	ui_list_sync(&l, 0, 2, id_of, ids_b);
	assert_int_equal(l.cur, 0);
	assert_false(ui_list_key(&l, 'z'));
}

static void test_row_cells(void **state)
{
	struct row r;
	char t[32];

	row_init(&r);
	row_cell(&r, 5, "医保处");
	row_add(&r, "|");
	row_hostile(&r, 0, "\x1b[2J");
	assert_int_equal(utf8_width("医保…"), 5);
	assert_memory_equal(r.s, "医保…|", strlen("医保…|"));
	assert_null(strchr(r.s, '\x1b'));
	row_time(t, sizeof(t), 161000000);
	assert_string_equal(t, "02:41");
	row_time(t, sizeof(t), 8091000000);
	assert_string_equal(t, "2:14:51");
	row_time(t, sizeof(t), -1);
	assert_string_equal(t, "--:--");
}

static void test_when(void **state)
{
	int64_t now, us, want;

	cal_zone("Asia/Shanghai");
	assert_int_equal(cal_parse(&now, "2026-11-24 10:00"), 0);
	assert_int_equal(cal_parse(&want, "2026-11-24 15:30"), 0);
	assert_int_equal(sheet_parse_when(&us, "15:30", now), 0);
	assert_int_equal(us, want);
	assert_int_equal(cal_parse(&want, "2026-11-26 09:00"), 0);
	assert_int_equal(sheet_parse_when(&us, "11-26 9:00", now), 0);
	assert_int_equal(us, want);
	assert_int_equal(sheet_parse_when(&us, "2026-11-26 09:00", now), 0);
	assert_int_equal(us, want);
	assert_int_equal(sheet_parse_when(&us, "soon", now), EBADMSG);
	assert_int_equal(sheet_parse_when(&us, "25:99", now), EBADMSG);
}

static void test_theme(void **state)
{
	int n;

	assert_int_equal(theme_depth(256, false, NULL), DEPTH_256);
	assert_int_equal(theme_depth(256, false, "1"), DEPTH_MONO);
	assert_int_equal(theme_depth(256, false, ""), DEPTH_256);
	assert_int_equal(theme_depth(8, false, NULL), DEPTH_16);
	assert_int_equal(theme_depth(2, false, NULL), DEPTH_MONO);
	assert_int_equal(theme_light_rgb("rgb:ffff/ffff/ffff"), 1);
	assert_int_equal(theme_light_rgb("rgb:1e/1e/1e"), 0);
	assert_int_equal(theme_light_rgb("rgb:"), -1);
	assert_int_equal(theme_light_fgbg("0;15"), 1);
	assert_int_equal(theme_light_fgbg("15;default;0"), 0);
	assert_int_equal(theme_light_fgbg("what"), -1);
	assert_int_equal(theme_shape("!!", &n), ST_CRIT);
	assert_int_equal(n, 2);
	/* every style has a look that is not colour alone */
	assert_true(theme_look(ST_CRIT, DEPTH_MONO, false).reverse);
	assert_true(theme_look(ST_RING, DEPTH_16, true).reverse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit_moves_by_grapheme),
		cmocka_unit_test(
			test_edit_takes_no_controls_and_no_more_than_fits),
		cmocka_unit_test(test_form_picks_by_words_and_initials),
		cmocka_unit_test(test_form_undo_goes_back_over_fields),
		cmocka_unit_test(test_form_undo_keeps_a_hundred_steps),
		cmocka_unit_test(test_form_flags_and_ways_out),
		cmocka_unit_test(test_list_keeps_the_object),
		cmocka_unit_test(test_row_cells),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_theme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
