/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/json.h"

static json_t *parse(const char *text)
{
	char why[160] = "";
	json_t *obj = json_parse(text, strlen(text), why, sizeof(why));
	if (!obj)
		fail_msg("%s", why);
	return obj;
}

static void test_reads_what_is_there(void **state)
{
	scoped_json json_t *obj = parse("{\"a\":\"x\",\"n\":5,\"b\":true}");
	struct json_in in;

	json_in_init(&in, obj);
	assert_string_equal(json_in_str(&in, "a", 0), "x");
	assert_int_equal(json_in_int(&in, "n", 0, 9), 5);
	assert_true(json_in_bool_or(&in, "b", false));
	assert_string_equal(json_in_str_or(&in, "z", 0, "def"), "def");
	assert_int_equal(json_in_done(&in), 0);
}

static void test_names_the_first_fault(void **state)
{
	scoped_json json_t *obj = parse("{\"n\":12,\"s\":4}");
	struct json_in in;

	json_in_init(&in, obj);
	json_in_int(&in, "n", 0, 9);
	json_in_str(&in, "s", 0);
	assert_int_equal(json_in_done(&in), EBADMSG);
	assert_non_null(strstr(in.fault, "'n'"));
}

static void test_refuses_nul_and_length(void **state)
{
	scoped_json json_t *obj = parse("{\"s\":\"abcdef\"}");
	struct json_in in;

	json_in_init(&in, obj);
	json_in_str(&in, "s", 3);
	assert_int_equal(json_in_done(&in), EBADMSG);

	char why[160];
	const char *nul = "{\"s\":\"a\\u0000b\"}";
	assert_null(json_parse(nul, strlen(nul), why, sizeof(why)));
}

static void test_refuses_depth_and_twins(void **state)
{
	char deep[200], why[160];

	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_null(json_parse(deep, sizeof(deep), why, sizeof(why)));
	const char *twins = "{\"a\":1,\"a\":2}";
	assert_null(json_parse(twins, strlen(twins), why, sizeof(why)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_what_is_there),
		cmocka_unit_test(test_names_the_first_fault),
		cmocka_unit_test(test_refuses_nul_and_length),
		cmocka_unit_test(test_refuses_depth_and_twins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
