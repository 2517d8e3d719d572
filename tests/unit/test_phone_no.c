/* SPDX-License-Identifier: Apache-2.0 */
/* One citizen, however his number is written. */
#include "common/phone_no.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_forms(void **state)
{
	static const struct {
		const char *text, *normal, *dial, *mask;
	} t[] = {
		/* a mobile in all its coats */
		{"13800138000", "8613800138000", "13800138000", "138****8000"},
		{"138 0013 8000", "8613800138000", "13800138000",
		 "138****8000"},
		{"+8613800138000", "8613800138000", "13800138000",
		 "138****8000"},
		{"+86 138-0013-8000", "8613800138000", "13800138000",
		 "138****8000"},
		{"008613800138000", "8613800138000", "13800138000",
		 "138****8000"},
		{"8613800138000", "8613800138000", "13800138000",
		 "138****8000"},
		{"013800138000", "8613800138000", "13800138000",
		 "138****8000"},
		/* landlines */
		{"88001234", "862988001234", "02988001234", "029****1234"},
		{"029-88001234", "862988001234", "02988001234", "029****1234"},
		{"(029) 8800 1234", "862988001234", "02988001234",
		 "029****1234"},
		{"+862988001234", "862988001234", "02988001234",
		 "029****1234"},
		{"862988001234", "862988001234", "02988001234", "029****1234"},
		{"010-66001234", "861066001234", "01066001234", "010****1234"},
		{"0917 3261234", "869173261234", "09173261234",
		 "0917****1234"},
		{"7654321", "86297654321", "0297654321", "029****4321"},
		/* service and business numbers */
		{"12345", "12345", "12345", "12345"},
		{"110", "110", "110", "110"},
		{"95566", "95566", "95566", "95566"},
		{"029-12345", "862912345", "02912345", "029****2345"},
		{"4008123123", "864008123123", "4008123123", "400****3123"},
		{"+864008123123", "864008123123", "4008123123", "400****3123"},
		/* abroad */
		{"+14155550123", "0014155550123", "0014155550123",
		 "001****0123"},
		{"0014155550123", "0014155550123", "0014155550123",
		 "001****0123"},
		{"+85223456789", "0085223456789", "0085223456789",
		 "008****6789"},
		/* none */
		{"", "", "", ""},
		{"anonymous", "", "", "****"},
		{"sip:alice", "", "", "****"},
		{"+", "", "", "****"},
		{"12", "", "", "****"},
		{"123456789012345678901234567890", "", "", "****"},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char out[PHONE_NO_SIZE];
		phone_no_normal(out, t[i].text);
		if (strcmp(out, t[i].normal) != 0)
			fail_msg("%s: %s, not %s", t[i].text, out,
				 t[i].normal);
		/* normal again changes nothing */
		char again[PHONE_NO_SIZE];
		phone_no_dial(again, t[i].text);
		if (strcmp(again, t[i].dial) != 0)
			fail_msg("%s: %s, not %s", t[i].text, again,
				 t[i].dial);
		phone_no_mask(out, t[i].text);
		if (strcmp(out, t[i].mask) != 0)
			fail_msg("%s: %s, not %s", t[i].text, out, t[i].mask);
	}
}

/* What is stored is normalised again when it is looked up. */
static void test_fixed_point(void **state)
{
	static const char *const t[] = {
		"13800138000", "88001234",     "09173261234", "12345",
		"110",	       "4008123123",   "95566",	      "010-66001234",
		"7654321",     "+14155550123",
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char once[PHONE_NO_SIZE], twice[PHONE_NO_SIZE];
		phone_no_normal(once, t[i]);
		phone_no_normal(twice, once);
		assert_string_equal(once, twice);
		phone_no_dial(twice, once);
		char dial[PHONE_NO_SIZE];
		phone_no_dial(dial, t[i]);
		assert_string_equal(twice, dial);
	}
}

static void test_same(void **state)
{
	assert_true(phone_no_same("138 0013 8000", "+8613800138000"));
	assert_true(phone_no_same("88001234", "029-88001234"));
	assert_false(phone_no_same("13800138000", "13800138001"));
	assert_false(phone_no_same("anonymous", "anonymous"));
	assert_false(phone_no_same("", ""));
}

int main(void)
{
	phone_no_area("29");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_fixed_point),
		cmocka_unit_test(test_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
