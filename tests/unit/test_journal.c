/* SPDX-License-Identifier: Apache-2.0 */
/* Events survive restarts until they are acknowledged, in order, whatever
 * the file ends in; the journal is bounded. */
#include "server/switch/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"

struct seen {
	char path[64];
	int n;
	char kinds[64][32];
	int64_t numbers[64];
};

static void on_event(const char *line, size_t len, void *arg)
{
	struct seen *seen = arg;
	char fault[80];
	scoped_json json_t *msg = json_parse(line, len, fault, sizeof(fault));
	const json_t *params = json_object_get(msg, "params");

	assert_non_null(params);
	if (seen->n < 64) {
		snprintf(seen->kinds[seen->n], 32, "%s",
			 json_str(params, "kind"));
		seen->numbers[seen->n] = json_int(params, "n");
	}
	seen->n++;
}

static int setup(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return -1;
	strcpy(seen->path, "/tmp/zuoxi-journal-XXXXXX");
	int fd = mkstemp(seen->path);
	if (fd < 0)
		return -1;
	close(fd);
	*state = seen;
	return 0;
}

static int teardown(void **state)
{
	struct seen *seen = *state;

	unlink(seen->path);
	free(seen);
	cal_set(0, 0);
	return 0;
}

/* Each run has a boot of its own: the clock is its name. */
static struct journal *open_at(struct seen *seen, int64_t now_us, size_t max)
{
	struct journal *j = NULL;

	cal_set(now_us, 1);
	assert_int_equal(journal_alloc(&j, seen->path, max, on_event, seen),
			 0);
	return j;
}

static void event(struct journal *j, const char *kind)
{
	assert_int_equal(journal_event(j, kind, json_object()), 0);
}

static void replay(struct journal *j, struct seen *seen)
{
	scoped_json json_t *after = json_object();

	seen->n = 0;
	journal_replay(j, after, on_event, seen);
}

static void test_restart(void **state)
{
	struct seen *seen = *state;
	struct journal *j = open_at(seen, 1000, 1000);
	char boot[32];

	event(j, "a");
	event(j, "b");
	event(j, "c");
	assert_int_equal(seen->n, 3);
	snprintf(boot, sizeof(boot), "%s", journal_boot(j));
	journal_ack(j, boot, 1);
	mem_deref(j);

	j = open_at(seen, 2000, 1000);
	event(j, "d");
	replay(j, seen);
	assert_int_equal(seen->n, 3);
	assert_string_equal(seen->kinds[0], "b");
	assert_string_equal(seen->kinds[1], "c");
	assert_string_equal(seen->kinds[2], "d");
	assert_int_equal(seen->numbers[2], 1);
	scoped_json json_t *previous = journal_previous(j);
	assert_int_equal(json_array_size(previous), 1);
	assert_string_equal(json_string_value(json_array_get(previous, 0)),
			    boot);
	/* `after` leaves out what the office has */
	scoped_json json_t *after = json_pack("{s:i}", boot, 3);
	seen->n = 0;
	journal_replay(j, after, on_event, seen);
	assert_int_equal(seen->n, 1);
	journal_ack(j, boot, 3);
	mem_deref(j);

	j = open_at(seen, 3000, 1000);
	replay(j, seen);
	assert_int_equal(seen->n, 1);
	assert_string_equal(seen->kinds[0], "d");
	mem_deref(j);
}

static void test_torn(void **state)
{
	struct seen *seen = *state;
	struct journal *j = open_at(seen, 1000, 1000);

	event(j, "a");
	mem_deref(j);
	FILE *f = fopen(seen->path, "a");
	assert_non_null(f);
	fputs("garbage\n{\"params\":{\"boot\":7}}\n{\"jsonrpc\":\"2.0\",\"me",
	      f);
	fclose(f);
	j = open_at(seen, 2000, 1000);
	event(j, "b");
	mem_deref(j);
	j = open_at(seen, 3000, 1000);
	replay(j, seen);
	assert_int_equal(seen->n, 2);
	assert_string_equal(seen->kinds[1], "b");
	mem_deref(j);
}

static void test_bounds(void **state)
{
	struct seen *seen = *state;
	struct journal *j = open_at(seen, 1000, 100);
	struct journal_stats st;

	for (int i = 0; i < 95; i++)
		event(j, "leg.ended");
	event(j, "leg.silent"); /* passing: not taken any more */
	journal_stats(j, &st);
	assert_int_equal(st.kept, 95);
	assert_int_equal(st.dropped, 1);
	for (int i = 0; i < 10; i++)
		event(j, "leg.ended");
	journal_stats(j, &st);
	assert_int_equal(st.kept, 100);
	replay(j, seen);
	assert_int_equal(seen->numbers[0], 6); /* the oldest went */
	mem_deref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
