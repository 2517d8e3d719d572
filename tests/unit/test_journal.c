/* SPDX-License-Identifier: Apache-2.0 */
/* Events survive restarts until they are acknowledged, in order, whatever
 * the file ends in; the journal is bounded; a disk that stalls or fails
 * holds nothing up, and what a power loss leaves is what was synced. */
#include "server/switch/journal.h"

#include <errno.h>
#include <pthread.h>
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

/* The disk: what the file was at its last sync is what a power loss leaves.
 * It can stall, and it can fail. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t go;
	bool stalls, fails;
	char copy[80];
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .go = PTHREAD_COND_INITIALIZER};

static void disk_set(bool stalls, bool fails)
{
	pthread_mutex_lock(&disk.lock);
	disk.stalls = stalls;
	disk.fails = fails;
	pthread_cond_broadcast(&disk.go);
	pthread_mutex_unlock(&disk.lock);
}

/* What is there when the sync begins: what comes while it lasts may or may
 * not have been taken along, so it counts as not. */
static int disk_sync(int fd)
{
	const size_t size = 1 << 20;
	char *buf = malloc(size);
	ssize_t n = buf ? pread(fd, buf, size, 0) : -1;
	bool fails;

	pthread_mutex_lock(&disk.lock);
	while (disk.stalls)
		pthread_cond_wait(&disk.go, &disk.lock);
	fails = disk.fails;
	FILE *f = fails || n < 0 ? NULL : fopen(disk.copy, "w");
	if (f) {
		fwrite(buf, 1, (size_t)n, f);
		fclose(f);
	}
	pthread_mutex_unlock(&disk.lock);
	free(buf);
	errno = EIO;
	return fails ? -1 : 0;
}

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
	snprintf(disk.copy, sizeof(disk.copy), "%s.disk", seen->path);
	*state = seen;
	return 0;
}

static int teardown(void **state)
{
	struct seen *seen = *state;

	unlink(seen->path);
	unlink(disk.copy);
	disk_set(false, false);
	free(seen);
	cal_set(0, 0);
	return 0;
}

/* Each run has a boot of its own: the clock is its name. */
static struct journal *open_path(struct seen *seen, const char *path,
				 int64_t now_us, size_t max)
{
	struct journal *j = NULL;

	cal_set(now_us, 1);
	assert_int_equal(
		journal_alloc(&j, &(struct journal_prm){.path = path,
							.max_events = max,
							.synch = disk_sync,
							.h = on_event,
							.arg = seen}),
		0);
	return j;
}

static struct journal *open_at(struct seen *seen, int64_t now_us, size_t max)
{
	return open_path(seen, seen->path, now_us, max);
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

/* Pages that a power loss took from the middle: what stands behind them is
 * not told, or a call would end before it began. */
static void test_gap(void **state)
{
	struct seen *seen = *state;
	FILE *f = fopen(seen->path, "w");

	assert_non_null(f);
	for (int n = 1; n < 6; n++) {
		if (n == 3) /* two of them lie under zeros */
			fwrite("\0\0\0\0", 1, 4, f);
		else
			fprintf(f,
				"{\"method\":\"event\",\"params\":{\"boot\":"
				"\"s1\",\"n\":%d,\"kind\":\"a\"}}\n",
				n);
	}
	fclose(f);
	struct journal *j = open_at(seen, 1000, 1000);
	replay(j, seen);
	assert_int_equal(seen->n, 2);
	assert_int_equal(seen->numbers[1], 2);
	event(j, "b");
	mem_deref(j);
	j = open_at(seen, 2000, 1000);
	replay(j, seen);
	assert_int_equal(seen->n, 3);
	assert_string_equal(seen->kinds[2], "b");
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

typedef bool(stats_h)(const struct journal_stats *st);

static bool all_synced(const struct journal_stats *st)
{
	return !st->unsynced;
}

static bool all_written(const struct journal_stats *st)
{
	return !st->unwritten;
}

static bool has_failed(const struct journal_stats *st)
{
	return st->errors > 0;
}

/* A minute, to end a hang. */
static void wait_for(struct journal *j, stats_h *h)
{
	struct journal_stats st;

	for (int i = 0; i < 60000; i++) {
		journal_stats(j, &st);
		if (h(&st))
			return;
		usleep(1000);
	}
	fail_msg("waited in vain");
}

/* What another switch would find after this one is gone. */
static int found_at(struct seen *seen, const char *path)
{
	struct seen other = {.n = 0};
	char copy[96];
	char cmd[256];

	snprintf(copy, sizeof(copy), "%s.look", seen->path);
	snprintf(cmd, sizeof(cmd), "cp %s %s", path, copy);
	assert_int_equal(system(cmd), 0);
	struct journal *j = open_path(&other, copy, 9000, 2000);
	replay(j, &other);
	mem_deref(j);
	for (int i = 0; i < other.n && i < 64; i++)
		assert_int_equal(other.numbers[i], i + 1);
	unlink(copy);
	return other.n;
}

static void test_slow_sync(void **state)
{
	struct seen *seen = *state;
	struct journal *j = open_at(seen, 1000, 2000);
	struct journal_stats before, st;

	event(j, "a");
	wait_for(j, all_synced);
	journal_stats(j, &before);
	disk_set(true, false);
	for (int i = 0; i < 999; i++)
		event(j, "b");
	/* none of them waited; a kill now would lose nothing */
	assert_int_equal(seen->n, 1000);
	wait_for(j, all_written);
	journal_stats(j, &st);
	assert_int_equal(st.unsynced, 999);
	FILE *f = fopen(seen->path, "r");
	int lines = 0;
	assert_non_null(f);
	for (int c; (c = fgetc(f)) != EOF;)
		lines += c == '\n';
	fclose(f);
	assert_int_equal(lines, 1001); /* with that of the boot */

	disk_set(false, false);
	wait_for(j, all_synced);
	journal_stats(j, &st);
	assert_in_range(st.syncs - before.syncs, 1, 2); /* not 999 */
	assert_int_equal(found_at(seen, disk.copy), 1000);
	mem_deref(j);
}

/* A power loss while the disk fails leaves what was synced before, whole;
 * and when the disk is back all is there, once and in order. */
static void test_failing_sync(void **state)
{
	struct seen *seen = *state;
	struct journal *j = open_at(seen, 1000, 2000);
	struct journal_stats st;

	for (int i = 0; i < 5; i++)
		event(j, "a");
	wait_for(j, all_synced);
	disk_set(false, true);
	for (int i = 0; i < 20; i++)
		event(j, "b");
	wait_for(j, has_failed);
	assert_int_equal(seen->n, 25);
	journal_stats(j, &st);
	assert_int_equal(st.unsynced, 20);
	assert_int_equal(st.kept, 25);
	assert_int_equal(found_at(seen, disk.copy), 5);
	disk_set(false, false);
	wait_for(j, all_synced);
	assert_int_equal(found_at(seen, disk.copy), 25);
	mem_deref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_sync, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_failing_sync, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
