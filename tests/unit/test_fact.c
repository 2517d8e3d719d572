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
#include <openssl/sha.h>
#include <sqlite3.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/fact_chain.h"
#include "server/core/rebuild.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "tests/sim/faulty_vfs.h"

struct site {
	char dir[64];
	char path[96];
	struct store *store;
	struct fact_log *log;
	char applied[512];
	char published[512];
	int64_t last_seq;
	int disk_err;
	int64_t disk_n;
};

/* Keeps the table of the test: body.n under the fact's subject. A body with
 * "poison" cannot be projected. */
static int on_project(struct db *db, const struct fact *f, void *arg)
{
	if (json_bool(f->body, "poison"))
		return EBADMSG;
	return db_run(db, "INSERT INTO thing(id, n) VALUES(?,?)", "si",
		      f->subject, json_int(f->body, "n"));
}

static void on_apply(const struct fact *f, void *arg)
{
	struct site *s = arg;
	size_t n = strlen(s->applied);
	snprintf(s->applied + n, sizeof(s->applied) - n, "%s ", f->subject);
}

static void on_publish(const struct fact *f, void *arg)
{
	struct site *s = arg;
	size_t n = strlen(s->published);
	snprintf(s->published + n, sizeof(s->published) - n, "%s ",
		 f->subject);
	assert_int_equal(f->seq, s->last_seq + 1);
	s->last_seq = f->seq;
}

static struct fact_sink sink = {
	.prefix = "thing.", .projecth = on_project, .applyh = on_apply};

static int setup(void **state)
{
	struct site *s = calloc(1, sizeof(*s));
	struct db *db = NULL;

	log_memory();
	faulty_vfs_register();
	faulty_vfs_reset();
	snprintf(s->dir, sizeof(s->dir), "/tmp/zuoxi-fact-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/t.db", s->dir);
	assert_int_equal(store_open_file(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(
		db_exec(db, "CREATE TABLE thing(id TEXT PRIMARY KEY, n INT)"),
		0);
	mem_deref(db);
	const struct store_prm prm = {
		.path = s->path, .vfs = FAULTY_VFS, .happened_max = 100};
	assert_int_equal(store_alloc(&s->store, &prm), 0);
	assert_int_equal(fact_log_alloc(&s->log, s->store), 0);
	sink.arg = s;
	fact_log_sink(s->log, &sink);
	fact_log_publish(s->log, on_publish, s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct site *s = *state;
	char cmd[96];

	mem_deref(s->store);
	mem_deref(s->log);
	for (const char *const *p =
		     (const char *const[]){"", "-wal", "-shm", NULL};
	     *p; p++) {
		snprintf(cmd, sizeof(cmd), "%s/t.db%s", s->dir, *p);
		unlink(cmd);
	}
	rmdir(s->dir);
	free(s);
	return 0;
}

struct ask {
	struct site *s;
	const char *subject;
	int n;
	bool poison, refuse;
	int err;
};

static int on_ask(struct db *db, void *arg)
{
	struct ask *a = arg;
	scoped_json json_t *body =
		json_pack("{s:i, s:b}", "n", a->n, "poison", a->poison);
	struct fact f = {
		.actor = "A017",
		.kind = "thing.made",
		.subject = a->subject,
		.dur_ms = -1,
		.body = body,
	};

	int err = fact_append(a->s->log, db, &f);
	return err ? err : a->refuse ? EACCES : 0;
}

static void on_asked(int err, void *arg)
{
	struct ask *a = arg;
	a->err = err;
}

static void ask(struct ask *a)
{
	a->err = -1;
	assert_int_equal(
		store_submit(a->s->store, STORE_ASKED, on_ask, on_asked, a),
		0);
}

static void on_disk(int err, const char *boot, int64_t n, void *arg)
{
	struct site *s = arg;
	s->disk_err = err;
	s->disk_n = n;
}

static void happen(struct site *s, const char *subject, bool poison)
{
	scoped_json json_t *body =
		json_pack("{s:i, s:b}", "n", 1, "poison", poison);
	struct fact f = {
		.actor = "switch",
		.kind = "thing.happened",
		.subject = subject,
		.dur_ms = 12,
		.body = body,
	};

	s->disk_err = -1;
	assert_int_equal(fact_happened(s->log, &f, "b1", 7, on_disk, s), 0);
}

static int64_t count(struct site *s, const char *sql)
{
	struct db *db = NULL;
	int64_t n = -1;

	assert_int_equal(db_open(&db, s->path, DB_READ, NULL), 0);
	assert_int_equal(db_get_int(db, &n, -1, sql, ""), 0);
	mem_deref(db);
	return n;
}

static void test_appends_and_tells(void **state)
{
	struct site *s = *state;
	struct ask a = {s, "a", 1, false, false, 0};
	struct ask b = {s, "b", 2, false, false, 0};

	ask(&a);
	ask(&b);
	assert_int_equal(store_flush(s->store), 0);
	assert_int_equal(a.err, 0);
	assert_int_equal(b.err, 0);
	assert_string_equal(s->applied, "a b ");
	assert_string_equal(s->published, "a b ");
	assert_int_equal(count(s, "SELECT sum(n) FROM thing"), 3);
}

static void test_refused_job_leaves_nothing(void **state)
{
	struct site *s = *state;
	struct ask a = {s, "a", 1, false, true, 0};
	struct ask b = {s, "b", 2, true, false, 0};
	struct ask c = {s, "c", 4, false, false, 0};

	ask(&a);
	ask(&b);
	ask(&c);
	store_flush(s->store);
	assert_int_equal(a.err, EACCES);
	assert_int_equal(b.err, EBADMSG);
	assert_int_equal(c.err, 0);
	assert_string_equal(s->applied, "c ");
	/* no gap in the numbers */
	assert_int_equal(count(s, "SELECT max(seq) FROM fact"), 1);
	assert_int_equal(count(s, "SELECT sum(n) FROM thing"), 4);
}

static void test_happened_applies_at_once(void **state)
{
	struct site *s = *state;
	struct db *db = NULL;
	int64_t mark = 0;

	happen(s, "x", false);
	assert_string_equal(s->applied, "x ");
	assert_string_equal(s->published, "");
	store_flush(s->store);
	assert_string_equal(s->published, "x ");
	assert_string_equal(s->applied, "x ");
	assert_int_equal(s->disk_err, 0);
	assert_int_equal(s->disk_n, 7);
	assert_int_equal(db_open(&db, s->path, DB_READ, NULL), 0);
	assert_int_equal(fact_mark(db, "b1", &mark), 0);
	assert_int_equal(mark, 7);
	assert_int_equal(fact_mark(db, "other", &mark), 0);
	assert_int_equal(mark, 0);
	mem_deref(db);
}

static void test_happened_stays_when_its_table_cannot_follow(void **state)
{
	struct site *s = *state;

	happen(s, "x", true);
	store_flush(s->store);
	assert_int_equal(s->disk_err, 0);
	assert_int_equal(count(s, "SELECT count(*) FROM fact"), 1);
	assert_int_equal(count(s, "SELECT count(*) FROM thing"), 0);
	assert_non_null(strstr(log_memory_text(), "is not in its tables"));
}

static void fill(struct site *s)
{
	struct ask a[5] = {
		{s, "a", 1, false, false, 0}, {s, "b", 2, false, false, 0},
		{s, "c", 3, false, false, 0}, {s, "d", 4, false, false, 0},
		{s, "e", 5, false, false, 0},
	};

	for (int i = 0; i < 5; i++)
		ask(&a[i]);
	happen(s, "z", false);
	store_flush(s->store);
	for (int i = 0; i < 5; i++)
		assert_int_equal(a[i].err, 0);
}

static void test_verify_finds_a_change(void **state)
{
	struct site *s = *state;
	struct db *db = NULL;
	int64_t bad = -1, n = -1;

	fill(s);
	assert_int_equal(db_open(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(fact_verify(db, &bad, &n), 0);
	assert_int_equal(n, 6);
	assert_int_equal(bad, 0);
	/* the triggers keep an honest program honest */
	assert_int_not_equal(
		db_exec(db, "UPDATE fact SET actor='x' WHERE seq=3"), 0);
	assert_int_not_equal(db_exec(db, "DELETE FROM fact WHERE seq=3"), 0);
	assert_int_equal(db_exec(db, "DROP TRIGGER fact_stays;"
				     "DROP TRIGGER fact_remains;"
				     "UPDATE fact SET at_us=at_us+1 "
				     "WHERE seq=3"),
			 0);
	assert_int_equal(fact_verify(db, &bad, &n), EBADMSG);
	assert_int_equal(bad, 3);
	assert_int_equal(db_exec(db, "UPDATE fact SET at_us=at_us-1 "
				     "WHERE seq=3"),
			 0);
	assert_int_equal(fact_verify(db, &bad, &n), 0);
	assert_int_equal(db_exec(db, "DELETE FROM fact WHERE seq=2"), 0);
	assert_int_equal(fact_verify(db, &bad, &n), EBADMSG);
	assert_int_equal(bad, 3);
	mem_deref(db);
}

/* The hash as anybody can compute it from the row, with jansson alone. */
static void reference(uint8_t hash[FACT_HASH_BYTES],
		      const uint8_t before[FACT_HASH_BYTES],
		      const struct fact *f, const char *body)
{
	uint8_t input[4096];
	scoped_json json_t *list = json_pack(
		"[I,I,I,s,s,s,s,s,o]", (json_int_t)f->seq,
		(json_int_t)f->at_us, (json_int_t)f->dur_ms, f->actor, f->kind,
		f->contact ? f->contact : "", f->agent ? f->agent : "",
		f->subject ? f->subject : "",
		json_loads(body, JSON_DECODE_ANY, NULL));
	scoped_str char *text =
		json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(text);
	assert_in_range(strlen(text), 1, sizeof(input) - FACT_HASH_BYTES);
	memcpy(input, before, FACT_HASH_BYTES);
	memcpy(input + FACT_HASH_BYTES, text, strlen(text));
	SHA256(input, FACT_HASH_BYTES + strlen(text), hash);
}

static void test_hash_is_over_canonical_json(void **state)
{
	static const char *const texts[] = {
		"",	    "plain-1",		"a \"quoted\" one",
		"back\\",   "line\nand\ttab",	"\x01\x1f\x7f",
		"张三 13*", "\xf0\x9f\x93\x9e", "/slash/",
	};
	uint8_t want[FACT_HASH_BYTES], hash[FACT_HASH_BYTES] = {1, 2, 3};
	scoped_mem struct fact_chain *c = NULL;

	assert_int_equal(fact_chain_alloc(&c), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		scoped_json json_t *body =
			json_pack("{s:s,s:i,s:{s:f}}", "z", texts[i], "a", 7,
				  "m", "n", 0.1);
		const struct fact f = {
			.seq = (int64_t)i + 1,
			.at_us = INT64_MAX - (int64_t)i,
			.dur_ms = -1,
			.actor = texts[i],
			.kind = "thing.made",
			.contact = i % 2 ? texts[i] : NULL,
			.subject = texts[i],
		};
		const char *text = fact_chain_body(c, body);
		assert_non_null(text);
		reference(want, hash, &f, text);
		assert_int_equal(fact_chain_hash(c, hash, hash, &f, text), 0);
		assert_memory_equal(hash, want, FACT_HASH_BYTES);
	}
	/* what is no UTF-8 gets no hash, and so no row */
	const struct fact bad = {.actor = "\xff", .kind = "x"};
	assert_int_equal(fact_chain_hash(c, hash, hash, &bad, "{}"), EBADMSG);
}

static void verify(struct site *s, int64_t want)
{
	scoped_mem struct db *db = NULL;
	int64_t bad = -1, n = -1;

	assert_int_equal(db_open(&db, s->path, DB_READ, NULL), 0);
	assert_int_equal(fact_verify(db, &bad, &n), 0);
	assert_int_equal(n, want);
}

static void test_chain_holds_over_undone_jobs(void **state)
{
	struct site *s = *state;
	struct ask a[9];

	for (int i = 0; i < 9; i++) {
		static const char *const ids[] = {"1", "2", "3", "4", "5",
						  "6", "7", "8", "9"};
		a[i] = (struct ask){s, ids[i], i, i % 3 == 1, i % 3 == 2, 0};
		ask(&a[i]);
	}
	happen(s, "x", true);
	happen(s, "y", false);
	assert_int_equal(store_flush(s->store), 0);
	assert_string_equal(s->published, "1 4 7 x y ");
	verify(s, 5);
}

static void test_chain_holds_over_a_full_disk(void **state)
{
	struct site *s = *state;
	struct ask a = {s, "a", 1, false, false, 0};
	struct ask b = {s, "b", 2, false, false, 0};

	ask(&a);
	store_flush(s->store);
	faulty_vfs_fail(FAULTY_SYNC, SQLITE_IOERR_FSYNC);
	ask(&b);
	happen(s, "x", false);
	store_flush(s->store);
	assert_true(faulty_vfs_fired() > 0);
	assert_int_equal(b.err, EIO);
	assert_int_equal(s->disk_err, -1);
	faulty_vfs_reset();
	assert_int_equal(store_flush(s->store), 0);
	assert_int_equal(s->disk_err, 0);
	ask(&b);
	assert_int_equal(store_flush(s->store), 0);
	assert_int_equal(b.err, 0);
	assert_string_equal(s->published, "a x b ");
	verify(s, 3);
}

static void test_rebuild_restores_tables(void **state)
{
	struct site *s = *state;
	struct db *db = NULL;

	fill(s);
	assert_int_equal(db_open(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(db_exec(db, "UPDATE thing SET n=99;"
				     "INSERT INTO thing VALUES('stray', 1)"),
			 0);
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(fact_rebuild(s->log, db), 0);
	assert_int_equal(db_commit(db), 0);
	mem_deref(db);
	assert_int_equal(count(s, "SELECT sum(n) FROM thing"), 16);
	assert_int_equal(count(s, "SELECT count(*) FROM fact_mark"), 1);
}

static void on_rebuilt(const struct rebuild_table *t, void *arg)
{
	struct rebuild_table *contact = arg;

	if (!strcmp(t->name, "contact"))
		*contact = *t;
}

/* What the office's own parts keep, in a database of its own. */
static void fill_contacts(struct db *db)
{
	struct fact_log *log = NULL;
	scoped_json json_t *body =
		json_pack("{s:s, s:b}", "number", "13800138000", "open", 1);

	assert_int_equal(fact_log_alloc(&log, NULL), 0);
	store_call_register(log);
	for (int i = 0; i < 3; i++) {
		char id[8];
		snprintf(id, sizeof(id), "c%d", i);
		struct fact f = {.dur_ms = -1,
				 .actor = "switch",
				 .kind = "contact.arrived",
				 .contact = id,
				 .body = body};
		assert_int_equal(fact_append(log, db, &f), 0);
	}
	mem_deref(log);
}

static void test_rebuild_tells_and_mends(void **state)
{
	struct site *s = *state;
	struct rebuild_table t = {.was_rows = -1};
	struct rebuild_counts n;
	struct db *db = NULL;

	assert_int_equal(db_open(&db, s->path, DB_WRITE, NULL), 0);
	assert_int_equal(db_exec(db, "DROP TABLE thing"), 0);
	fill_contacts(db);
	assert_int_equal(rebuild_run(db, &n, on_rebuilt, &t), 0);
	assert_int_equal(n.facts, 3);
	assert_int_equal(n.differ, 0);
	assert_int_equal(t.is_rows, 3);

	const uint64_t sum = t.is_sum;
	assert_int_equal(db_exec(db, "DELETE FROM contact WHERE id='c1';"
				     "UPDATE contact SET queue='x'"),
			 0);
	assert_int_equal(rebuild_run(db, &n, on_rebuilt, &t), 0);
	assert_int_equal(n.differ, 1);
	assert_int_equal(t.was_rows, 2);
	assert_int_equal(t.is_rows, 3);
	assert_true(t.is_sum == sum);
	/* and it was kept */
	assert_int_equal(rebuild_run(db, &n, on_rebuilt, &t), 0);
	assert_int_equal(n.differ, 0);
	mem_deref(db);
}

static int on_each(const struct fact *f, void *arg)
{
	char *out = arg;
	strncat(out, f->subject, 8);
	return !strcmp(f->subject, "stop") ? ENOENT : 0;
}

static void each(struct db *db, const struct fact_filter *f, const char *want)
{
	char got[64] = "";
	assert_int_equal(fact_each(db, f, on_each, got), 0);
	assert_string_equal(got, want);
}

static void test_filters(void **state)
{
	struct site *s = *state;
	struct db *db = NULL;

	fill(s);
	assert_int_equal(db_open(&db, s->path, DB_READ, NULL), 0);
	each(db, &(struct fact_filter){0}, "abcdez");
	each(db, &(struct fact_filter){.since = 4}, "dez");
	each(db, &(struct fact_filter){.actor = "switch"}, "z");
	each(db, &(struct fact_filter){.kind = "thing.m"}, "abcde");
	each(db, &(struct fact_filter){.kind = "other"}, "");
	each(db, &(struct fact_filter){.limit = 2, .newest_first = true},
	     "ze");
	each(db, &(struct fact_filter){.to_us = 1}, "");
	each(db, &(struct fact_filter){.from_us = 1, .agent = "A1"}, "");
	mem_deref(db);
}

static void test_without_a_store(void **state)
{
	struct site *s = *state;
	struct fact_log *log = NULL;
	struct fact f = {.actor = "x", .kind = "thing.y", .subject = "q"};

	assert_int_equal(fact_log_alloc(&log, NULL), 0);
	fact_log_sink(log, &sink);
	assert_int_equal(fact_happened(log, &f, NULL, 0, NULL, NULL), 0);
	assert_string_equal(s->applied, "q ");
	f.actor = "";
	assert_int_equal(fact_happened(log, &f, NULL, 0, NULL, NULL), EINVAL);
	mem_deref(log);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_appends_and_tells),
		TEST(test_refused_job_leaves_nothing),
		TEST(test_happened_applies_at_once),
		TEST(test_happened_stays_when_its_table_cannot_follow),
		TEST(test_verify_finds_a_change),
		TEST(test_hash_is_over_canonical_json),
		TEST(test_chain_holds_over_undone_jobs),
		TEST(test_chain_holds_over_a_full_disk),
		TEST(test_rebuild_restores_tables),
		TEST(test_rebuild_tells_and_mends),
		TEST(test_filters),
		TEST(test_without_a_store),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
