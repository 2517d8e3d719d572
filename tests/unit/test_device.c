/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "agent-tui/device.h"

static int cards(const char *text, struct device *v, int max)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	int n;

	assert_non_null(f);
	n = device_cards(f, v, max);
	fclose(f);
	return n;
}

static void test_cards(void **state)
{
	static const char two[] =
		" 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
		"                      HDA Intel PCH at 0xf7210000 irq 30\n"
		" 1 [Headset        ]: USB-Audio - Black\033wire\n"
		"                      Blackwire at usb-1\n";
	struct device v[4];

	(void)state;
	assert_int_equal(2, cards(two, v, 4));
	assert_string_equal("alsa,plughw:CARD=PCH", v[0].word);
	assert_string_equal("HDA Intel PCH", v[0].label);
	assert_string_equal("alsa,plughw:CARD=Headset", v[1].word);
	assert_null(strchr(v[1].label, '\033'));
	assert_int_equal(1, cards(two, v, 1));
}

static void test_no_cards(void **state)
{
	struct device v[4];

	(void)state;
	assert_int_equal(0, cards("--- no soundcards ---\n", v, 4));
	assert_int_equal(0, cards(" 0 [a#b ]: x - y\n", v, 4));
	/* no sound can always be chosen */
	int n = device_list(v, 4);
	assert_true(n >= 1);
	assert_string_equal("null", v[n - 1].word);
	assert_int_equal(0, device_list(v, 1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cards),
		cmocka_unit_test(test_no_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
