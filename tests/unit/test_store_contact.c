/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of contacts and recordings: each filter alone and with the
 * others, pages by cursor, and what is refused. */
#include "desk_rig.h"

#define ROWS 60

static struct rig *rig;

/* Row n: agent A<n % 3>, number ...<n % 4>, queue by n % 2, result by n % 5;
 * two rows share each time. */
static void add(int64_t n)
{
	char id[32], rec[32], agent[8], number[24];

	snprintf(id, sizeof(id), "20261124-%03d", (int)n);
	snprintf(rec, sizeof(rec), "r-%03d", (int)n);
	snprintf(agent, sizeof(agent), "A%d", (int)(n % 3));
	snprintf(number, sizeof(number), "861380013800%d", (int)(n % 4));
	const char *queue = n % 2 ? "med" : "old";
	assert_int_equal(
		db_run(rig->db,
		       "INSERT INTO contact(id, channel, direction, number,"
		       " name, queue, trunk, called, leg, agent, arrived_us,"
		       " result, open, fallback) VALUES(?,'phone','in',?,"
		       "'张三',?,'','','',?,?,?,1,0)",
		       "ssssis", id, number, queue, agent, 1000 + n / 2,
		       n % 5 ? "talked" : "lost"),
		0);
	assert_int_equal(db_run(rig->db,
				"INSERT INTO recording(id, contact, leg,"
				" agent, queue, number, started_us, state,"
				" path) VALUES(?,?,'',?,?,?,?,'closed','p')",
				"sssssi", rec, id, agent, queue, number,
				1000 + n / 2),
			 0);
}

static int setup(void **state)
{
	static struct rig the;
	rig = &the;
	rig_open(rig);
	for (int64_t n = 0; n < ROWS; n++)
		add(n);
	return 0;
}

static int teardown(void **state)
{
	rig_close(rig);
	return 0;
}

static int list(const char *method, const char *params)
{
	json_t *p = json_loads(params, 0, NULL);
	if (!p)
		fail_msg("%s", params);
	return rig_call(rig, store_contact_methods, NULL, "L001", method, p);
}

/* How many rows the filter gives, page by page; each row is seen once and
 * none is newer than the one before. */
static int count(const char *method, const char *filter)
{
	char seen[ROWS + 1] = "", cursor[96] = "", params[300];
	const char *time = *method == 'c' ? "arrived_us" : "started_us";
	int64_t last = INT64_MAX;
	int n = 0;

	do {
		json_t *row;
		size_t i;
		snprintf(params, sizeof(params),
			 "{%s%s\"limit\":7,\"cursor\":\"%s\"}", filter,
			 *filter ? "," : "", cursor);
		assert_int_equal(list(method, params), 0);
		json_array_foreach (json_object_get(rig->result, "items"), i,
				    row) {
			const char *id = json_str(row, "id");
			int at = atoi(id + strlen(id) - 3);
			assert_false(seen[at]);
			seen[at] = 1;
			assert_true(json_int(row, time) <= last);
			last = json_int(row, time);
			n++;
		}
		assert_true(i <= 7);
		snprintf(cursor, sizeof(cursor), "%s",
			 json_str(rig->result, "next"));
	} while (*cursor);
	return n;
}

static void test_each_filter(void **state)
{
	static const struct {
		const char *filter;
		int contacts, recordings; /* -1: no such filter */
	} cases[] = {
		{"", 60, 60},
		{"\"agent\":\"A1\"", 20, 20},
		{"\"number\":\"138 0013 8002\"", 15, 15},
		{"\"queue\":\"med\"", 30, -1},
		{"\"result\":\"lost\"", 12, -1},
		{"\"result\":\"lost\",\"queue\":\"old\"", 6, -1},
		{"\"agent\":\"A0\",\"number\":\"13800138000\"", 5, 5},
		{"\"agent\":\"A0\",\"result\":\"lost\"", 4, -1},
		{"\"contact\":\"20261124-009\"", -1, 1},
		{"\"contact\":\"20261124-009\",\"agent\":\"A1\"", -1, 0},
		{"\"from_us\":1010,\"to_us\":1020", 20, 20},
		{"\"from_us\":1010,\"to_us\":1020,\"agent\":\"A2\"", 7, 7},
		{"\"number\":\"nobody\"", 0, 0},
		{"\"agent\":\"A9\"", 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].contacts >= 0)
			assert_int_equal(
				count("contact.list", cases[i].filter),
				cases[i].contacts);
		if (cases[i].recordings >= 0)
			assert_int_equal(
				count("recording.list", cases[i].filter),
				cases[i].recordings);
	}
}

static void test_masked_and_without_paths(void **state)
{
	assert_int_equal(list("recording.list", "{\"limit\":1}"), 0);
	const json_t *row =
		json_array_get(json_object_get(rig->result, "items"), 0);
	assert_string_equal(json_str(row, "number"), "138****8003");
	assert_null(json_object_get(row, "path"));
	assert_int_equal(list("contact.list", "{\"limit\":1}"), 0);
	row = json_array_get(json_object_get(rig->result, "items"), 0);
	assert_string_equal(json_str(row, "name"), "张*");
}

static void test_refused(void **state)
{
	assert_int_equal(list("contact.list", "{\"limit\":0}"), EINVAL);
	assert_int_equal(list("contact.list", "{\"from_us\":-1}"), EINVAL);
	assert_int_equal(list("recording.list", "{\"agent\":7}"), EINVAL);
	/* a cursor that is none begins at the front */
	assert_int_equal(list("contact.list", "{\"cursor\":\"x\"}"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_filter),
		cmocka_unit_test(test_masked_and_without_paths),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
