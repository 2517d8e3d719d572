/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/json.h"
#include "common/log.h"
#include "common/proto.h"

static void test_roles_there_and_back(void **state)
{
	unsigned mask = 0;
	char text[64];

	assert_int_equal(proto_roles_parse(&mask, "lead,agent"), 0);
	assert_int_equal(mask, ROLE_LEAD | ROLE_AGENT);
	proto_roles_print(text, sizeof(text), mask);
	assert_string_equal(text, "agent,lead");
	assert_int_equal(proto_roles_parse(&mask, "leads"), EBADMSG);
	assert_int_equal(proto_roles_parse(&mask, ""), EBADMSG);
}

static void test_tables_hold_each_name_once(void **state)
{
	for (size_t i = 0; i < proto_office_n; i++) {
		assert_ptr_equal(proto_office_find(proto_office[i].name),
				 &proto_office[i]);
		assert_int_not_equal(proto_office[i].may, 0);
	}
	for (size_t i = 0; i < proto_exchange_n; i++)
		assert_ptr_equal(proto_exchange_find(proto_exchange[i].name),
				 &proto_exchange[i]);
	assert_null(proto_office_find("agent"));
}

static void test_errors_there_and_back(void **state)
{
	static const int known[] = {EACCES, EALREADY,  ENOENT,
				    EAGAIN, EEXIST,    ENOSPC,
				    ESTALE, ETIMEDOUT, EINVAL};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_int_equal(proto_error_errno(proto_error_code(known[i])),
				 known[i]);
	assert_string_equal(proto_error_name(ENOENT), "not_found");
	assert_string_equal(proto_error_name(EDOM), "internal");
	assert_int_equal(proto_error_errno(1), EFAULT);
}

static void test_envelopes(void **state)
{
	scoped_json json_t *id = json_integer(7);
	scoped_json json_t *reply = proto_reply(id, NULL);
	assert_int_equal(json_int(reply, "id"), 7);
	assert_true(json_is_object(json_object_get(reply, "result")));

	scoped_json json_t *err = proto_error(NULL, EALREADY, "No.", NULL);
	assert_true(json_is_null(json_object_get(err, "id")));
	json_t *e = json_object_get(err, "error");
	assert_int_equal(json_int(e, "code"), -32002);
	assert_string_equal(json_str(json_object_get(e, "data"), "name"),
			    "wrong_state");

	scoped_json json_t *note = proto_notify("a.b", json_object());
	assert_null(json_object_get(note, "id"));
}

static void test_log_masks_numbers(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"from 13800138000 to 12345", "from 138****8000 to 12345"},
		{"8613800138000", "861******8000"},
		{"port 5060", "port 5060"},
		{"1234567", "1**4567"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[64];
		strcpy(text, cases[i].in);
		log_mask(text);
		assert_string_equal(text, cases[i].out);
	}
	log_memory();
	log_info("call from %s\n", "13800138000");
	assert_non_null(strstr(log_memory_text(), "138****8000 \n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles_there_and_back),
		cmocka_unit_test(test_tables_hold_each_name_once),
		cmocka_unit_test(test_errors_there_and_back),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_log_masks_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
