/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/db.h"
#include "common/libre.h"
#include "common/log.h"

static const char *const first[] = {
	"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE,"
	" size INT CHECK(size > 0))",
	NULL};
static const char *const second[] = {
	"ALTER TABLE t ADD COLUMN note TEXT NOT NULL DEFAULT ''", NULL};
static const char *const broken[] = {"CREATE TABLE u(id)", "NONSENSE", NULL};

static const struct db_migration good[] = {{1, first, NULL},
					   {2, second, NULL}};
static const struct db_migration bad[] = {{1, first, NULL}, {2, broken, NULL}};

static struct db *fresh(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(&db, NULL, DB_MEMORY, NULL), 0);
	assert_int_equal(db_migrate(db, good, 2), 0);
	return db;
}

static int64_t count(struct db *db)
{
	int64_t n = -1;

	assert_int_equal(db_get_int(db, &n, -1, "SELECT COUNT(*) FROM t", ""),
			 0);
	return n;
}

static int insert(struct db *db, const char *name, int64_t size)
{
	return db_run(db, "INSERT INTO t(name, size) VALUES(?, ?)", "si", name,
		      size);
}

static void test_migrates_once_and_refuses_newer(void **state)
{
	struct db *db = fresh();
	int v = 0;

	assert_int_equal(db_version(db, &v), 0);
	assert_int_equal(v, 2);
	assert_int_equal(db_migrate(db, good, 2), 0);
	assert_int_equal(db_migrate(db, good, 1), EOVERFLOW);
	mem_deref(db);
}

static void test_broken_migration_leaves_nothing(void **state)
{
	struct db *db = NULL;
	int v = -1;

	assert_int_equal(db_open(&db, NULL, DB_MEMORY, NULL), 0);
	assert_int_not_equal(db_migrate(db, bad, 2), 0);
	assert_int_equal(db_version(db, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(db_exec(db, "SELECT * FROM u"), EFAULT);
	mem_deref(db);
}

static void test_codes_become_errnos(void **state)
{
	struct db *db = fresh();

	assert_int_equal(insert(db, "a", 1), 0);
	assert_int_equal(insert(db, "a", 1), EEXIST);
	assert_int_equal(insert(db, "b", 0), EBADMSG);
	assert_int_equal(count(db), 1);
	mem_deref(db);
}

static void test_savepoints_undo_alone(void **state)
{
	struct db *db = fresh();

	assert_int_equal(db_begin(db), 0);
	assert_int_equal(db_save(db), 0);
	assert_int_equal(insert(db, "kept", 1), 0);
	assert_int_equal(db_release(db), 0);
	assert_int_equal(db_save(db), 0);
	assert_int_equal(insert(db, "gone", 1), 0);
	db_undo(db);
	assert_int_equal(db_commit(db), 0);
	assert_int_equal(count(db), 1);
	db_rollback(db); /* nothing open: harmless */
	assert_int_equal(count(db), 1);
	mem_deref(db);
}

struct kept {
	int *gone;
};

static void kept_destructor(void *arg)
{
	const struct kept *k = arg;

	(*k->gone)++;
}

static void keep(struct db *db, int *gone)
{
	struct kept *k = mem_zalloc(sizeof(*k), kept_destructor);

	assert_non_null(k);
	k->gone = gone;
	db_keep(db, k);
}

static void test_kept_until_undone(void **state)
{
	struct db *db = fresh();
	int gone = 0;

	keep(db, &gone); /* no transaction: not at all */
	assert_int_equal(gone, 1);
	assert_null(db_kept(db));

	assert_int_equal(db_begin(db), 0);
	insert(db, "x", 1);
	keep(db, &gone);
	assert_non_null(db_kept(db));
	assert_int_equal(db_save(db), 0);
	insert(db, "y", 1);
	assert_int_equal(db_release(db), 0);
	assert_non_null(db_kept(db));
	assert_int_equal(db_save(db), 0);
	insert(db, "z", 1);
	db_undo(db);
	assert_null(db_kept(db));
	assert_int_equal(gone, 2);
	keep(db, &gone);
	assert_int_equal(db_commit(db), 0);
	assert_null(db_kept(db));
	assert_int_equal(gone, 3);

	assert_int_equal(db_begin(db), 0);
	insert(db, "u", 1);
	keep(db, &gone);
	/* rolls back by itself */
	assert_int_equal(db_exec(db, "INSERT OR ROLLBACK INTO t(name, size)"
				     " VALUES('x', 1)"),
			 EEXIST);
	assert_null(db_kept(db));
	assert_int_equal(db_begin(db), 0);
	keep(db, &gone);
	db_rollback(db);
	assert_int_equal(gone, 5);
	assert_int_equal(db_begin(db), 0);
	keep(db, &gone);
	mem_deref(db);
	assert_int_equal(gone, 6);
}

static void test_same_text_twice_at_once(void **state)
{
	struct db *db = fresh();
	struct db_stmt *a = NULL, *b = NULL;
	const char *sql = "SELECT name FROM t ORDER BY id";

	insert(db, "x", 1);
	insert(db, "y", 1);
	assert_int_equal(db_prepare(&a, db, sql), 0);
	assert_int_equal(db_step(a), 0);
	assert_int_equal(db_prepare(&b, db, sql), 0);
	assert_ptr_not_equal(a, b);
	assert_int_equal(db_step(b), 0);
	assert_int_equal(db_step(b), 0);
	assert_string_equal(db_str(a, 0), "x");
	assert_string_equal(db_str(b, 0), "y");
	db_done(a);
	db_done(b);
	mem_deref(db);
}

static void test_backup_is_a_whole_database(void **state)
{
	struct db *db = fresh(), *copy = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/test_db.%d", (int)getpid());
	insert(db, "x", 1);
	assert_int_equal(db_backup(db, path), 0);
	assert_int_equal(db_open(&copy, path, DB_READ, NULL), 0);
	assert_int_equal(count(copy), 1);
	assert_int_equal(insert(copy, "z", 1), EACCES);
	mem_deref(copy);
	mem_deref(db);
	unlink(path);
}

static int setup(void **state)
{
	log_memory();
	return 0;
}

static void test_query_gives_rows(void **state)
{
	struct db *db = fresh();
	struct db_stmt *s = NULL;

	insert(db, "x", 1);
	insert(db, "y", 2);
	assert_int_equal(db_query(&s, db, "SELECT name FROM t WHERE size>?",
				  "i", (int64_t)1),
			 0);
	assert_int_equal(db_step(s), 0);
	assert_string_equal(db_str(s, 0), "y");
	assert_int_equal(db_step(s), ENOENT);
	db_done(s);

	s = NULL;
	assert_int_equal(db_query_row(&s, db,
				      "SELECT size FROM t WHERE name=?", "s",
				      "y"),
			 0);
	assert_int_equal(db_int(s, 0), 2);
	db_done(s);
	mem_deref(db);
}

static void test_query_that_fails_leaves_nothing(void **state)
{
	struct db *db = fresh();
	struct db_stmt *s = NULL;

	assert_int_equal(db_query_row(&s, db,
				      "SELECT size FROM t WHERE name=?", "s",
				      "z"),
			 ENOENT);
	assert_null(s);
	assert_int_equal(db_query(&s, db, "SELECT nothing FROM t", ""),
			 EFAULT);
	assert_null(s);
	/* more values than the statement has places for */
	assert_int_equal(
		db_query(&s, db, "SELECT size FROM t", "i", (int64_t)1),
		EFAULT);
	assert_null(s);
	mem_deref(db); /* complains of an open statement */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_migrates_once_and_refuses_newer),
		cmocka_unit_test(test_broken_migration_leaves_nothing),
		cmocka_unit_test(test_codes_become_errnos),
		cmocka_unit_test(test_savepoints_undo_alone),
		cmocka_unit_test(test_kept_until_undone),
		cmocka_unit_test(test_same_text_twice_at_once),
		cmocka_unit_test(test_query_gives_rows),
		cmocka_unit_test(test_query_that_fails_leaves_nothing),
		cmocka_unit_test(test_backup_is_a_whole_database),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
