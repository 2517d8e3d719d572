/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/libre.h"
#include "server/core/store.h"
#include "server/core/worker.h"

#define QUEUE_MAX 4

static char dir[] = "/tmp/zuoxi-worker-XXXXXX";
static char path[64];
static struct worker *worker;
static atomic_bool gate_open;
static int told, cancelled, last_err;
static pthread_t loop_thread;

static int setup(void **state)
{
	struct db *db = NULL;

	gate_open = false;
	told = cancelled = 0;
	loop_thread = pthread_self();
	assert_int_equal(store_open_file(&db, path, DB_WRITE, NULL), 0);
	mem_deref(db);
	assert_int_equal(worker_alloc(&worker, path, 1, QUEUE_MAX), 0);
	return 0;
}

static int teardown(void **state)
{
	gate_open = true;
	worker = mem_deref(worker);
	return 0;
}

/* Stays on the worker until the test lets it go. */
static int on_stay(struct db *db, void *arg)
{
	while (!gate_open)
		usleep(1000);
	return 0;
}

static int on_write(struct db *db, void *arg)
{
	return db_exec(db, "CREATE TABLE no(x)");
}

static int on_count(struct db *db, void *arg)
{
	if (pthread_equal(pthread_self(), loop_thread))
		return EFAULT;
	return db_get_int(db, arg, -1, "SELECT count(*) FROM fact", "");
}

static void on_told(int err, void *arg)
{
	assert_true(pthread_equal(pthread_self(), loop_thread));
	told++;
	cancelled += err == ECANCELED;
	last_err = err;
}

static void on_look(void *arg)
{
	struct tmr *tmr = arg;

	if (told)
		re_cancel();
	else
		tmr_start(tmr, 2, on_look, tmr);
}

static void run_until_told(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 0, on_look, &tmr);
	re_main(NULL);
	tmr_cancel(&tmr);
}

static void test_reads_off_the_loop(void **state)
{
	int64_t n = -1;

	assert_int_equal(worker_submit(worker, on_count, on_told, &n), 0);
	assert_int_equal(told, 0);
	run_until_told();
	assert_int_equal(last_err, 0);
	assert_int_equal(n, 0);
}

static void test_cannot_write(void **state)
{
	assert_int_equal(worker_submit(worker, on_write, on_told, NULL), 0);
	run_until_told();
	assert_int_not_equal(last_err, 0);
}

static void test_queue_has_an_end(void **state)
{
	int taken = 0;

	for (int i = 0; i < QUEUE_MAX + 3; i++)
		taken += !worker_submit(worker, on_stay, on_told, NULL);
	/* one may have left the queue for the thread already */
	assert_in_range(taken, QUEUE_MAX, QUEUE_MAX + 1);
	assert_int_equal(worker_submit(worker, on_stay, on_told, NULL),
			 EAGAIN);
	/* the end: the one that runs is waited for, the others are told */
	gate_open = true;
	worker = mem_deref(worker);
	assert_int_equal(told, taken);
	assert_true(cancelled <= QUEUE_MAX);
}

static void test_refuses_no_file(void **state)
{
	struct worker *w = NULL;

	assert_int_not_equal(worker_alloc(&w, "/nowhere/x.db", 2, 4), 0);
	assert_int_equal(worker_alloc(&w, path, 0, 4), EINVAL);
	assert_null(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reads_off_the_loop),
		TEST(test_cannot_write),
		TEST(test_queue_has_an_end),
		TEST(test_refuses_no_file),
	};

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/t.db", dir);
	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	unlink(path);
	rmdir(dir);
	return failed;
}
