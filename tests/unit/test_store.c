/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/store.h"
#include "tests/sim/faulty_vfs.h"

#define HAPPENED_MAX 3

struct site {
	char dir[64];
	char path[96];
	struct store *store;
	int health; /* -1: never told */
	char notes[256];
	char done[256];
};

struct job {
	struct site *s;
	const char *id;
	int ret;
	int err; /* -1: not yet */
};

static void add(char *to, size_t size, const char *id, int err)
{
	size_t n = strlen(to);
	snprintf(to + n, size - n, "%s%s ", id, err ? "!" : "");
}

static void on_health(int err, size_t queued, void *arg)
{
	struct site *s = arg;
	s->health = err;
}

/* err != 0 comes on the store thread */
static void on_note(int err, void *arg)
{
	struct job *job = arg;
	if (!err)
		add(job->s->notes, sizeof(job->s->notes), job->id, 0);
}

static int on_job(struct db *db, void *arg)
{
	struct job *job = arg;

	int err = db_run(db, "INSERT INTO thing(id) VALUES(?)", "s", job->id);
	if (!err)
		err = store_note(job->s->store, on_note, job);
	return err ? err : job->ret;
}

static void on_done(int err, void *arg)
{
	struct job *job = arg;

	job->err = err;
	add(job->s->done, sizeof(job->s->done), job->id, err);
}

static int submit(struct job *job, enum store_class cls)
{
	job->err = -1;
	return store_submit(job->s->store, cls, on_job, on_done, job);
}

static void open_store(struct site *s)
{
	const struct store_prm prm = {
		.path = s->path,
		.vfs = FAULTY_VFS,
		.happened_max = HAPPENED_MAX,
		.healthh = on_health,
		.arg = s,
	};
	assert_int_equal(store_alloc(&s->store, &prm), 0);
}

static int setup(void **state)
{
	struct site *s = calloc(1, sizeof(*s));
	struct db *db = NULL;

	log_memory();
	faulty_vfs_register();
	faulty_vfs_reset();
	s->health = -1;
	snprintf(s->dir, sizeof(s->dir), "/tmp/zuoxi-store-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/t.db", s->dir);
	assert_int_equal(store_open_file(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE thing(id TEXT UNIQUE)"), 0);
	mem_deref(db);
	open_store(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct site *s = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	faulty_vfs_reset();
	mem_deref(s->store);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", s->path, ends[i]);
		unlink(path);
	}
	rmdir(s->dir);
	free(s);
	return 0;
}

static int64_t things(const struct site *s)
{
	scoped_mem struct db *db = NULL;
	int64_t n = -1;

	assert_int_equal(db_open(&db, s->path, DB_READ, NULL), 0);
	assert_int_equal(
		db_get_int(db, &n, -1, "SELECT count(*) FROM thing", ""), 0);
	return n;
}

/* Runs the loop until *what is no longer `was`; a test that waits longer
 * than ten seconds has failed. */
struct wait {
	struct tmr tmr;
	const int *what;
	int was;
	int64_t until;
};

static void on_wait(void *arg)
{
	struct wait *w = arg;

	if (*w->what != w->was || cal_mono_us() > w->until)
		re_cancel();
	else
		tmr_start(&w->tmr, 2, on_wait, w);
}

static void wait_change(const int *what, int was)
{
	struct wait w = {
		.what = what, .was = was, .until = cal_mono_us() + 10000000};

	tmr_init(&w.tmr);
	tmr_start(&w.tmr, 0, on_wait, &w);
	re_main(NULL);
	tmr_cancel(&w.tmr);
	assert_int_not_equal(*what, was);
}

static void test_one_bad_job_spares_the_others(void **state)
{
	struct site *s = *state;
	struct job a = {s, "a", 0, 0}, b = {s, "b", EACCES, 0};
	struct job c = {s, "c", 0, 0}, twin = {s, "a", 0, 0};

	assert_int_equal(submit(&a, STORE_ASKED), 0);
	assert_int_equal(submit(&b, STORE_ASKED), 0);
	assert_int_equal(submit(&twin, STORE_HAPPENED), 0);
	assert_int_equal(submit(&c, STORE_HAPPENED), 0);
	assert_string_equal(s->done, "");
	wait_change(&c.err, -1);
	assert_string_equal(s->done, "a b! a! c ");
	assert_string_equal(s->notes, "a c ");
	assert_int_equal(b.err, EACCES);
	assert_int_equal(twin.err, EEXIST);
	assert_int_equal(things(s), 2);
	assert_int_equal(s->health, -1);
}

static void test_a_burst_costs_few_syncs(void **state)
{
	struct site *s = *state;
	struct job jobs[200];
	char ids[200][8];

	faulty_vfs_delay_sync(20);
	unsigned before = faulty_vfs_syncs();
	for (int i = 0; i < 200; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%d", i);
		jobs[i] = (struct job){s, ids[i], 0, 0};
		assert_int_equal(submit(&jobs[i], STORE_ASKED), 0);
	}
	assert_int_equal(store_flush(s->store), 0);
	assert_int_equal(things(s), 200);
	unsigned after = faulty_vfs_syncs();
	assert_in_range(after - before, 1, 20);
}

static void sick(struct site *s, enum faulty_op op, int code)
{
	struct job a = {s, "lost", 0, 0};

	faulty_vfs_fail(op, code);
	assert_int_equal(submit(&a, STORE_ASKED), 0);
	wait_change(&a.err, -1);
	assert_int_not_equal(a.err, 0);
	assert_true(faulty_vfs_fired() > 0);
	assert_int_not_equal(s->health, -1);
	assert_int_not_equal(s->health, 0);
	assert_string_equal(s->notes, "");
	s->done[0] = '\0';
}

static void fails_and_heals(struct site *s, enum faulty_op op, int code)
{
	struct job b = {s, "b", 0, 0}, c = {s, "c", 0, 0}, d = {s, "d", 0, 0};

	sick(s, op, code);
	/* asked: refused at once; happened: kept and written later */
	assert_int_equal(submit(&b, STORE_ASKED), ENOSPC);
	assert_int_equal(submit(&c, STORE_HAPPENED), 0);
	assert_int_equal(submit(&d, STORE_HAPPENED), 0);
	assert_int_not_equal(store_flush(s->store), 0);
	assert_int_equal(c.err, -1);
	int was = s->health;
	faulty_vfs_reset();
	wait_change(&s->health, was);
	assert_int_equal(s->health, 0);
	assert_int_equal(store_flush(s->store), 0);
	assert_string_equal(s->done, "c d ");
	assert_string_equal(s->notes, "c d ");
	assert_int_equal(submit(&b, STORE_ASKED), 0);
	assert_int_equal(store_flush(s->store), 0);
	assert_int_equal(b.err, 0);
	assert_int_equal(things(s), 3);
}

static void test_failing_sync(void **state)
{
	fails_and_heals(*state, FAULTY_SYNC, SQLITE_IOERR_FSYNC);
}

static void test_full_disk(void **state)
{
	fails_and_heals(*state, FAULTY_WRITE, SQLITE_FULL);
}

static void test_heals_with_nothing_to_write(void **state)
{
	struct site *s = *state;

	sick(s, FAULTY_WRITE, SQLITE_IOERR_WRITE);
	int was = s->health;
	faulty_vfs_reset();
	wait_change(&s->health, was);
	assert_int_equal(s->health, 0);
	assert_int_equal(things(s), 0);
}

static void test_happened_queue_has_an_end(void **state)
{
	struct site *s = *state;
	struct job jobs[HAPPENED_MAX + 1] = {{s, "1", 0, 0},
					     {s, "2", 0, 0},
					     {s, "3", 0, 0},
					     {s, "4", 0, 0}};

	sick(s, FAULTY_SYNC, SQLITE_IOERR_FSYNC);
	for (int i = 0; i < HAPPENED_MAX; i++)
		assert_int_equal(submit(&jobs[i], STORE_HAPPENED), 0);
	assert_int_equal(submit(&jobs[HAPPENED_MAX], STORE_HAPPENED), ENOSPC);
	/* the end of the store with a disk that stays ill: told, each once */
	s->store = mem_deref(s->store);
	assert_string_equal(s->done, "1! 2! 3! ");
	assert_non_null(strstr(log_memory_text(), "could not be written"));
}

static void test_end_writes_what_waits(void **state)
{
	struct site *s = *state;
	struct job a = {s, "a", 0, 0}, b = {s, "b", 0, 0};

	faulty_vfs_delay_sync(50);
	assert_int_equal(submit(&a, STORE_HAPPENED), 0);
	assert_int_equal(submit(&b, STORE_ASKED), 0);
	s->store = mem_deref(s->store);
	assert_string_equal(s->done, "a b ");
	assert_int_equal(things(s), 2);
}

static void test_migration(void **state)
{
	struct site *s = *state;
	struct store *store = NULL;
	struct db *db = NULL;
	int v = 0;

	s->store = mem_deref(s->store);
	assert_int_equal(db_open(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(db_version(db, &v), 0);
	assert_int_equal(v, STORE_VERSION);
	/* brought up to date already: stays as it is */
	db = mem_deref(db);
	assert_int_equal(store_open_file(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(db_exec(db, "PRAGMA user_version=99"), 0);
	db = mem_deref(db);
	/* a newer program's file is left alone */
	const struct store_prm prm = {.path = s->path, .happened_max = 1};
	assert_int_equal(store_alloc(&store, &prm), EOVERFLOW);
	assert_null(store);
}

/* A file of each older version becomes what a new one is. */
static void test_older_files(void **state)
{
	static const char tables[] =
		"SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM"
		" sqlite_schema WHERE sql IS NOT NULL ORDER BY name)";
	struct site *s = *state;
	scoped_mem char *fresh = NULL;
	char path[160];

	for (int from = STORE_VERSION; from > 0; from--) {
		scoped_mem struct db *db = NULL;
		scoped_stmt struct db_stmt *st = NULL;

		snprintf(path, sizeof(path), "%s.%d", s->path, from);
		assert_int_equal(db_open(&db, path, DB_WRITE, NULL), 0);
		assert_int_equal(
			db_migrate(db, store_migrations, (size_t)from), 0);
		db = mem_deref(db);
		assert_int_equal(store_open_file(&db, path, DB_WRITE, NULL),
				 0);
		assert_int_equal(db_query_row(&st, db, tables, ""), 0);
		if (!fresh)
			assert_int_equal(str_dup(&fresh, db_str(st, 0)), 0);
		assert_string_equal(db_str(st, 0), fresh);
		unlink(path);
	}
}

static void test_note_outside_a_job(void **state)
{
	struct site *s = *state;

	assert_int_equal(store_note(s->store, on_note, NULL), EALREADY);
}

static void test_wal_is_copied_aside(void **state)
{
	struct site *s = *state;
	struct store_counts c = {0};
	scoped_mem struct db *db = NULL;

	assert_int_equal(db_open(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(
		db_exec(db, "CREATE TABLE big(x); WITH RECURSIVE n(i) AS"
			    "(SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 3000)"
			    " INSERT INTO big SELECT randomblob(4000) FROM n"),
		0);
	/* the next commit sees the length of the WAL and wakes the copier;
	 * once it is through, the WAL begins anew */
	for (int i = 0; i < 200; i++) {
		char id[8];
		snprintf(id, sizeof(id), "w%d", i);
		struct job a = {s, id, 0, 0};
		assert_int_equal(submit(&a, STORE_ASKED), 0);
		assert_int_equal(store_flush(s->store), 0);
		store_counts(s->store, &c);
		if (c.wal_pages < 1000)
			break;
		usleep(10000);
	}
	assert_in_range(c.wal_pages, 1, 999);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_bad_job_spares_the_others),
		TEST(test_a_burst_costs_few_syncs),
		TEST(test_failing_sync),
		TEST(test_full_disk),
		TEST(test_heals_with_nothing_to_write),
		TEST(test_happened_queue_has_an_end),
		TEST(test_end_writes_what_waits),
		TEST(test_migration),
		TEST(test_older_files),
		TEST(test_note_outside_a_job),
		TEST(test_wal_is_copied_aside),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
