/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log adds to writing rows: facts through the store thread, the
 * chain and the projections of the telephone, against a bare loop of inserts
 * with a prepared statement into a table of the same columns and indexes, with
 * as many rows a transaction and the same sync. Turn and turn about, on files
 * beside each other. Figure: durable facts a second of wall time.
 *
 *     fact_append [FOLDER [SECONDS]]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "server/core/fact.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_fact.h"

#define BATCH  64
#define ROUNDS 40

struct run {
	int64_t facts, us;
};

static double seconds = 0.15; /* short turns: what disturbs meets all */
static char folder[200];
static struct store *store;
static struct fact_log *facts;
static int left;

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "fact_append: %s: %s\n", what, strerror(err));
	exit(1);
}

/* ---- ours ---- */

static int on_job(struct db *db, void *arg)
{
	const char *kind = arg;
	json_t *body = json_pack("{s:s,s:s,s:s}", "state", "ready", "reason",
				 "", "by", "A017");
	struct fact f = {.dur_ms = -1,
			 .actor = "A017",
			 .kind = kind,
			 .agent = "A017",
			 .body = body};
	int err = fact_append(facts, db, &f);

	json_decref(body);
	return err;
}

static void on_done(int err, void *arg)
{
	must(err, "job");
	left--;
}

static void ours(struct run *r, const char *kind)
{
	int64_t from = cal_mono_us(), to;

	do {
		for (left = 0; left < BATCH; left++)
			must(store_submit(store, STORE_ASKED, on_job, on_done,
					  (void *)kind),
			     "submit");
		must(store_flush(store), "flush");
		r->facts += BATCH;
		to = cal_mono_us();
	} while (to - from < seconds * 1e6);
	r->us += to - from;
}

/* ---- the bare loop ---- */

static void sql(sqlite3 *db, const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) ? EIO : 0, text);
}

static void insert(sqlite3_stmt *s, int64_t seq)
{
	static const char body[] =
		"{\"by\":\"A017\",\"reason\":\"\",\"state\":\"ready\"}";
	static const uint8_t hash[FACT_HASH_BYTES];

	sqlite3_bind_int64(s, 1, seq);
	sqlite3_bind_int64(s, 2, cal_now_us());
	sqlite3_bind_int64(s, 3, -1);
	sqlite3_bind_text(s, 4, "A017", -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, "agent.state", -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 7, "A017", -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 9, body, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 10, hash, sizeof(hash), SQLITE_STATIC);
	must(sqlite3_step(s) == SQLITE_DONE ? 0 : EIO, "step");
	sqlite3_reset(s);
}

static void bare(struct run *r, sqlite3 *db, sqlite3_stmt *s)
{
	static int64_t seq;
	int64_t from = cal_mono_us(), to;

	do {
		sql(db, "BEGIN IMMEDIATE");
		for (int i = 0; i < BATCH; i++)
			insert(s, ++seq);
		sql(db, "COMMIT");
		r->facts += BATCH;
		to = cal_mono_us();
	} while (to - from < seconds * 1e6);
	r->us += to - from;
}

static void open_bare(sqlite3 **dbp, sqlite3_stmt **sp)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/bare.db", folder);
	must(sqlite3_open(path, dbp) ? EIO : 0, path);
	sql(*dbp, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
	sql(*dbp, store_fact_schema);
	must(sqlite3_prepare_v2(*dbp,
				"INSERT INTO fact VALUES(?,?,?,?,?,?,?,?,?,?)",
				-1, sp, NULL)
		     ? EIO
		     : 0,
	     "prepare");
}

static void open_ours(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/ours.db", folder);
	const struct store_prm prm = {.path = path, .happened_max = 1000};
	must(store_alloc(&store, &prm), path);
	must(fact_log_alloc(&facts, store), "log");
	store_call_register(facts);
}

static void remove_files(void)
{
	static const char *const names[] = {"ours.db",	   "ours.db-wal",
					    "ours.db-shm", "bare.db",
					    "bare.db-wal", "bare.db-shm"};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static double rate(const struct run *r)
{
	return (double)r->facts * 1e6 / (double)r->us;
}

int main(int argc, char *argv[])
{
	struct run b = {0}, log_only = {0}, whole = {0};
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;

	if (argc > 2)
		seconds = strtod(argv[2], NULL);
	snprintf(folder, sizeof(folder), "%s/zuoxi-fact-XXXXXX",
		 argc > 1 ? argv[1] : "/tmp");
	must(mkdtemp(folder) ? 0 : errno, folder);
	must(libre_init(), "libre");
	open_bare(&db, &s);
	open_ours();
	for (int i = 0; i < ROUNDS; i++) {
		bare(&b, db, s);
		ours(&log_only, "bench.fact");
		ours(&whole, "agent.state");
	}
	mem_deref(store);
	mem_deref(facts);
	sqlite3_finalize(s);
	sqlite3_close(db);
	remove_files();
	printf("{\"bench\":\"fact_append\",\"ours\":%.0f,\"baseline\":%.0f,"
	       "\"ratio\":%.3f,\"unit\":\"durable facts per second\","
	       "\"note\":\"a job a fact, %d a transaction, full sync; with "
	       "the projection of an agent's state it is %.0f a second "
	       "(%.3f)\"}\n",
	       rate(&log_only), rate(&b), rate(&log_only) / rate(&b), BATCH,
	       rate(&whole), rate(&whole) / rate(&b));
	libre_close();
	return 0;
}
