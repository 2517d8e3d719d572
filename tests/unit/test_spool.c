/* SPDX-License-Identifier: Apache-2.0 */
/* The file holds what was given, in order, whatever the disk does between:
 * half written lines, refusals, a replacement that fails at first. */
#include "server/switch/spool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/libre.h"

static atomic_int room; /* writes until the disk is full; -1: enough */

/* The last one before it is full takes half. */
static ssize_t disk_write(int fd, const void *buf, size_t n, off_t at)
{
	int left = atomic_load(&room);

	if (left == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (left > 0)
		atomic_store(&room, left - 1);
	return pwrite(fd, buf, left == 1 ? n / 2 : n, at);
}

struct bench {
	char path[64];
	struct spool *spool;
};

static int setup(void **state)
{
	static struct bench b;

	strcpy(b.path, "/tmp/zuoxi-spool-XXXXXX");
	int fd = mkstemp(b.path);
	if (fd < 0)
		return -1;
	close(fd);
	atomic_store(&room, -1);
	*state = &b;
	return spool_alloc(&b.spool, &(struct spool_prm){
					     .path = b.path,
					     .max_bytes = 100,
					     .writeh = disk_write,
				     });
}

static int teardown(void **state)
{
	struct bench *b = *state;

	mem_deref(b->spool);
	unlink(b->path);
	return 0;
}

static void add(struct bench *b, const char *text)
{
	assert_int_equal(spool_append(b->spool, text, strlen(text)), 0);
}

static void put(struct bench *b, const char *text)
{
	spool_replace(b->spool, strdup(text), strlen(text));
}

/* A minute, to end a hang. */
static struct spool_stats settled(struct bench *b, bool ill)
{
	struct spool_stats st;

	for (int i = 0; i < 60000; i++) {
		spool_stats(b->spool, &st);
		if (ill ? st.ill : !st.unsynced && !st.replacing)
			return st;
		usleep(1000);
	}
	fail_msg("waited in vain");
	return st;
}

static void holds(const struct bench *b, const char *text)
{
	char buf[256];
	FILE *f = fopen(b->path, "r");

	assert_non_null(f);
	size_t n = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[n] = '\0';
	assert_string_equal(buf, text);
}

static void test_append(void **state)
{
	struct bench *b = *state;

	add(b, "one\n");
	add(b, "two\n");
	settled(b, false);
	holds(b, "one\ntwo\n");
	put(b, "new\n");
	add(b, "three\n");
	struct spool_stats st = settled(b, false);
	holds(b, "new\nthree\n");
	assert_int_equal(st.errors, 0);
	assert_int_equal(st.file_bytes, 10);
}

static void test_full(void **state)
{
	struct bench *b = *state;

	add(b, "one\n");
	settled(b, false);
	atomic_store(&room, 1);
	add(b, "two\n");
	add(b, "three\n");
	struct spool_stats st = settled(b, true);
	assert_int_equal(st.unwritten, 2);
	assert_false(st.behind);
	atomic_store(&room, -1);
	settled(b, false);
	holds(b, "one\ntwo\nthree\n");
}

/* What waits is bounded; after that the owner brings all anew. */
static void test_behind(void **state)
{
	struct bench *b = *state;
	char line[64];

	memset(line, 'x', sizeof(line));
	atomic_store(&room, 0);
	assert_int_equal(spool_append(b->spool, line, sizeof(line)), 0);
	assert_int_equal(spool_append(b->spool, line, sizeof(line)), ENOSPC);
	struct spool_stats st = settled(b, true);
	assert_true(st.behind);
	assert_int_equal(st.unwritten, 1);
	put(b, "all\n");
	add(b, "more\n");
	atomic_store(&room, -1);
	st = settled(b, false);
	assert_false(st.behind);
	assert_false(st.ill);
	holds(b, "all\nmore\n");
}

/* Nothing of the old file is touched until the new one is whole. */
static void test_replace_fails(void **state)
{
	struct bench *b = *state;

	add(b, "one\n");
	settled(b, false);
	atomic_store(&room, 1);
	put(b, "lost half of it\n");
	settled(b, true);
	holds(b, "one\n");
	put(b, "newer\n");
	atomic_store(&room, -1);
	settled(b, false);
	holds(b, "newer\n");
}

/* What waits at the end is written, and a dead disk does not hang it. */
static void test_end(void **state)
{
	struct bench *b = *state;

	add(b, "one\n");
	b->spool = mem_deref(b->spool);
	holds(b, "one\n");
	assert_int_equal(spool_alloc(&b->spool,
				     &(struct spool_prm){
					     .path = b->path,
					     .max_bytes = 100,
					     .writeh = disk_write,
				     }),
			 0);
	atomic_store(&room, 0);
	add(b, "two\n");
	b->spool = mem_deref(b->spool);
	holds(b, "one\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_append, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
