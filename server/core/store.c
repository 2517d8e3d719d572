/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread and its two neighbours: the loop, which hands jobs in and
 * gets results by one wake-up a batch, and the checkpointer, a thread that
 * copies the WAL into the database so that the writer never waits for it.
 *
 *     waiting --take--> batch --commit--> done --wake--> loop: notes, doneh
 *        ^                |
 *        +--- HAPPENED ---+ (the commit failed; ASKED are told so)
 *
 * Which tables there are is none of its business.
 */
#include "server/core/store.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "common/cal.h"
#include "common/haste.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "kb/life.h"
#include "kb/token.h"

#define BATCH_MAX	   512
#define RETRY_MIN_MS	   100
#define RETRY_MAX_MS	   5000
#define CHECKPOINT_PAGES   1000	 /* 4 MiB: the checkpointer begins */
#define CHECKPOINT_MUST	   32768 /* 128 MiB: the writer itself ends it */
#define CHECKPOINT_BUSY_MS 0
#define THREAD_STACK_BYTES (1u << 20)
/* A commit that takes longer is told; one that takes less than FINE ends it */
#define SLOW_MS 4000
#define FINE_MS 1000

struct note {
	struct le le;
	store_note_h *noteh;
	void *arg;
};

struct job {
	struct le le;
	enum store_class cls;
	store_job_h *jobh;
	store_done_h *doneh;
	void *arg;
	int err;
	bool more;	   /* the next one belongs into the same transaction */
	struct list notes; /* struct note */
};

struct store {
	struct store_prm prm;
	char *path;
	struct db *db;	     /* the store thread's */
	struct db *copy_db;  /* the checkpointer's */
	struct mqueue *wake; /* store thread -> loop */
	struct tmr kick;     /* loop -> store thread, at the end of a turn */
	struct tmr watch;    /* while jobs wait: does a commit hang? */
	pthread_t thread, copier;
	bool running, copying;

	pthread_mutex_t lock;
	pthread_cond_t work;  /* for the store thread */
	pthread_cond_t idle;  /* for store_flush */
	pthread_cond_t pages; /* for the checkpointer */
	struct list waiting;  /* struct job, in order of arrival */
	struct list
		together; /* the same, kept back until the group is whole */
	bool grouping;
	struct list done;  /* the same, finished */
	struct list ready; /* the same, taken over by the loop: no lock */
	size_t happened;   /* HAPPENED jobs not yet on disk */
	uint64_t tries;	   /* batches that were tried */
	int sick;	   /* errno of the last failed commit; 0: well */
	int told;	   /* what healthh was told */
	unsigned wal_pages;
	bool busy;
	int64_t busy_us; /* since when, monotonic */
	bool slow;
	bool woken;
	bool stop;
};

/* The job that this very thread is running. */
static _Thread_local struct job *current;

/* ---- the file ---- */

static const char probe_schema[] =
	"CREATE TABLE store_probe(id INTEGER PRIMARY KEY, tries INTEGER);";

static const char *const schema_1[] = {
	probe_schema,
	store_fact_schema,
	store_people_schema,
	store_call_schema,
	store_ticket_schema,
	store_kb_schema,
	NULL,
};

static const char *const schema_2[] = {store_call_schema_2, NULL};
static const char *const schema_3[] = {store_kb_schema_3, NULL};
static const char *const schema_4[] = {store_kb_schema_4, NULL};
static const char *const schema_5[] = {store_kb_schema_5, NULL};
static const char *const schema_6[] = {store_learn_schema_6,
				       store_duty_schema_6,
				       store_course_schema_6, NULL};
static const char *const schema_7[] = {store_kb_schema_7, NULL};

const struct db_migration store_migrations[STORE_VERSION] = {
	{.version = 1, .sql = schema_1},
	{.version = 2, .sql = schema_2},
	{.version = 3, .sql = schema_3, .fix = kb_life_fix},
	{.version = 4, .sql = schema_4},
	{.version = 5, .sql = schema_5},
	{.version = 6, .sql = schema_6},
	{.version = 7, .sql = schema_7},
};

int store_open_file(struct db **dbp, const char *path, enum db_mode mode,
		    const char *vfs)
{
	scoped_mem struct db *db = NULL;
	int err = kb_token_init();
	if (!err)
		err = db_open(&db, path, mode, vfs);
	if (err)
		return err;
	if (mode != DB_READ)
		err = db_migrate(db, store_migrations, STORE_VERSION);
	if (err)
		return err;
	*dbp = take(db);
	return 0;
}

/* ---- notes ---- */

int store_note(struct store *store, store_note_h *noteh, void *arg)
{
	if (!current)
		return EALREADY;
	struct note *note = mem_zalloc(sizeof(*note), NULL);
	if (!note)
		return ENOMEM;
	note->noteh = noteh;
	note->arg = arg;
	list_append(&current->notes, &note->le, note);
	return 0;
}

static void notes_tell(struct job *job)
{
	struct le *le;

	while ((le = list_head(&job->notes))) {
		struct note *note = le->data;
		list_unlink(&note->le);
		note->noteh(job->err, note->arg);
		mem_deref(note);
	}
}

/* ---- the store thread ---- */

static bool is_storage(int err)
{
	return err == ENOSPC || err == EIO;
}

/* Runs one job in its savepoint. An errno: the transaction is lost. */
static int run_one(struct store *store, struct job *job)
{
	int err = db_save(store->db);
	if (err)
		return err;
	current = job;
	job->err = job->jobh(store->db, job->arg);
	current = NULL;
	if (is_storage(job->err))
		return job->err;
	/* on some errors SQLite rolls the whole transaction back by itself */
	if (sqlite3_get_autocommit(db_raw(store->db)))
		return job->err ? job->err : EIO;
	if (!job->err)
		return db_release(store->db);
	db_undo(store->db);
	notes_tell(job);
	return 0;
}

static int run_probe(struct store *store)
{
	return db_run(store->db,
		      "INSERT INTO store_probe(id, tries) VALUES(1, 1) "
		      "ON CONFLICT(id) DO UPDATE SET tries = tries + 1",
		      "");
}

/* Everything of the batch, or an errno. An empty batch is a probe whether
 * the disk takes writes again. */
static int run_batch(struct store *store, struct list *batch)
{
	struct le *le;

	int err = db_begin(store->db);
	if (!err && list_isempty(batch))
		err = run_probe(store);
	for (le = list_head(batch); le && !err; le = le->next)
		err = run_one(store, le->data);
	if (!err)
		err = db_commit(store->db);
	if (err)
		db_rollback(store->db);
	return err;
}

/* With the lock: the loop shall look at `done`. */
static void wake_loop(struct store *store)
{
	if (store->woken)
		return;
	store->woken = true;
	mqueue_push(store->wake, 0, NULL);
}

static void finish(struct store *store, struct job *job)
{
	if (job->cls == STORE_HAPPENED)
		store->happened--;
	list_append(&store->done, &job->le, job);
}

/* With the lock: what was taken goes to `done`, or back to the head. */
static void settle(struct store *store, struct list *batch, int err)
{
	struct le *le;

	while ((le = list_tail(batch))) {
		struct job *job = le->data;
		list_unlink(&job->le);
		list_prepend(&store->waiting, &job->le, job);
	}
	if (!err)
		return;
	le = list_head(&store->waiting);
	while (le) {
		struct job *job = le->data;
		le = le->next;
		if (job->cls == STORE_HAPPENED)
			continue;
		job->err = err;
		list_unlink(&job->le);
		finish(store, job);
	}
}

/* The transaction is lost: nothing that the jobs noted has come to pass. */
static void notes_drop(struct list *batch, int err)
{
	struct le *le;

	LIST_FOREACH (batch, le) {
		struct job *job = le->data;
		job->err = err;
		notes_tell(job);
	}
}

static void deadline(struct timespec *ts, unsigned ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_nsec += (long)(ms % 1000) * 1000000;
	ts->tv_sec += (time_t)(ms / 1000) + ts->tv_nsec / 1000000000;
	ts->tv_nsec %= 1000000000;
}

/* With the lock: waits for work; after a failure for the time to try again.
 * false: stop and nothing left to do. */
static bool await_work(struct store *store, unsigned *backoff_ms)
{
	if (store->sick && !store->stop) {
		struct timespec ts;
		deadline(&ts, *backoff_ms);
		*backoff_ms = *backoff_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS
							     : *backoff_ms * 2;
		while (!store->stop &&
		       pthread_cond_timedwait(&store->work, &store->lock,
					      &ts) != ETIMEDOUT)
			continue;
		return true;
	}
	*backoff_ms = RETRY_MIN_MS;
	while (list_isempty(&store->waiting) && !store->stop)
		pthread_cond_wait(&store->work, &store->lock);
	return !list_isempty(&store->waiting);
}

static void take_batch(struct store *store, struct list *batch)
{
	bool more = false;
	struct le *le;

	for (int i = 0; i < BATCH_MAX || more; i++) {
		le = list_head(&store->waiting);
		if (!le)
			break;
		struct job *job = le->data;
		more = job->more;
		list_unlink(&job->le);
		list_append(batch, &job->le, job);
	}
}

/* With the lock: while a commit runs, and at its end. */
static void note_pace(struct store *store)
{
	int64_t ms = (cal_mono_us() - store->busy_us) / 1000;

	if (ms >= SLOW_MS)
		store->slow = true;
	else if (ms < FINE_MS && !store->busy)
		store->slow = false;
}

static void note_wal(struct store *store)
{
	if (store->wal_pages >= CHECKPOINT_PAGES)
		pthread_cond_signal(&store->pages);
}

/* The WAL grew beyond all measure because the checkpointer never found it at
 * rest: the writer itself puts an end to it. */
static void checkpoint_must(struct store *store)
{
	if (store->wal_pages < CHECKPOINT_MUST)
		return;
	sqlite3_wal_checkpoint_v2(db_raw(store->db), NULL,
				  SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

static void *store_thread(void *arg)
{
	struct store *store = arg;
	unsigned backoff_ms = RETRY_MIN_MS;

	haste_last();
	pthread_mutex_lock(&store->lock);
	while (await_work(store, &backoff_ms)) {
		struct list batch = LIST_INIT;
		take_batch(store, &batch);
		store->busy = true;
		store->busy_us = cal_mono_us();
		pthread_mutex_unlock(&store->lock);

		int err = run_batch(store, &batch);
		if (err)
			notes_drop(&batch, err);
		else
			checkpoint_must(store);

		pthread_mutex_lock(&store->lock);
		store->busy = false;
		note_pace(store);
		store->tries++;
		if (!err) {
			struct le *le;
			while ((le = list_head(&batch))) {
				list_unlink(le);
				finish(store, le->data);
			}
		} else {
			settle(store, &batch, err);
		}
		store->sick = err;
		wake_loop(store);
		note_wal(store);
		pthread_cond_broadcast(&store->idle);
		if (err && store->stop)
			break;
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

/* ---- the checkpointer ---- */

/* In the store thread, after each commit. */
static int on_wal(void *arg, sqlite3 *raw, const char *name, int pages)
{
	struct store *store = arg;

	pthread_mutex_lock(&store->lock);
	store->wal_pages = (unsigned)pages;
	pthread_mutex_unlock(&store->lock);
	return SQLITE_OK;
}

static void *copy_thread(void *arg)
{
	struct store *store = arg;

	haste_last();
	pthread_mutex_lock(&store->lock);
	for (;;) {
		if (!store->stop)
			pthread_cond_wait(&store->pages, &store->lock);
		if (store->stop)
			break;
		pthread_mutex_unlock(&store->lock);
		sqlite3_wal_checkpoint_v2(db_raw(store->copy_db), NULL,
					  SQLITE_CHECKPOINT_PASSIVE, NULL,
					  NULL);
		pthread_mutex_lock(&store->lock);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

/* ---- the loop ---- */

static void tell_health(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	int sick = store->sick;
	if (!sick && store->slow)
		sick = ETIMEDOUT;
	size_t happened = store->happened;
	pthread_mutex_unlock(&store->lock);

	if (sick == store->told)
		return;
	store->told = sick;
	if (sick == ETIMEDOUT)
		log_warn("the database is slow to write");
	else if (sick)
		log_error("the database takes no writes: %s", strerror(sick));
	else
		log_info("the database takes writes again");
	if (store->prm.healthh)
		store->prm.healthh(sick, happened, store->prm.arg);
}

static void take_done(struct store *store)
{
	struct le *le;

	pthread_mutex_lock(&store->lock);
	while ((le = list_head(&store->done))) {
		list_unlink(le);
		list_append(&store->ready, le, le->data);
	}
	pthread_mutex_unlock(&store->lock);
}

/* A handler may call store_flush and so come here again. */
static void deliver(struct store *store)
{
	struct le *le;

	take_done(store);
	while ((le = list_head(&store->ready))) {
		scoped_mem struct job *job = le->data;
		list_unlink(le);
		notes_tell(job);
		if (job->doneh)
			job->doneh(job->err, job->arg);
	}
}

static void on_wake(int id, void *data, void *arg)
{
	struct store *store = mem_ref(arg);

	pthread_mutex_lock(&store->lock);
	store->woken = false;
	pthread_mutex_unlock(&store->lock);
	tell_health(store);
	deliver(store);
	mem_deref(store);
}

static void kick(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	if (!list_isempty(&store->waiting) && !store->sick)
		pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
}

static void on_kick(void *arg)
{
	kick(arg);
}

/* Behind whatever else the turn has still to do: the telephone's commands are
 * sent before the thread begins to want a core. */
static void on_turn(void *arg)
{
	struct store *store = arg;

	tmr_start(&store->kick, 0, on_kick, store);
}

static void on_watch(void *arg)
{
	struct store *store = arg;

	pthread_mutex_lock(&store->lock);
	bool more = store->busy || !list_isempty(&store->waiting);
	if (store->busy)
		note_pace(store);
	pthread_mutex_unlock(&store->lock);
	tell_health(store);
	if (more)
		tmr_start(&store->watch, FINE_MS, on_watch, store);
}

/* What one turn of the loop submits goes into one transaction: were the
 * thread called for the first job, the others would wait for its sync and
 * then for their own. */
static void kick_later(struct store *store)
{
	if (!tmr_isrunning(&store->kick))
		tmr_start(&store->kick, 0, on_turn, store);
	if (!tmr_isrunning(&store->watch))
		tmr_start(&store->watch, SLOW_MS, on_watch, store);
}

int store_submit(struct store *store, enum store_class cls, store_job_h *jobh,
		 store_done_h *doneh, void *arg)
{
	struct job *job = mem_zalloc(sizeof(*job), NULL);
	if (!job)
		return ENOMEM;
	job->cls = cls;
	job->jobh = jobh;
	job->doneh = doneh;
	job->arg = arg;

	pthread_mutex_lock(&store->lock);
	bool refuse = cls == STORE_ASKED
			      ? store->sick != 0
			      : store->happened >= store->prm.happened_max;
	refuse = refuse || store->stop;
	if (!refuse) {
		bool keep = cls == STORE_HAPPENED && store->grouping;
		store->happened += cls == STORE_HAPPENED;
		list_append(keep ? &store->together : &store->waiting,
			    &job->le, job);
	}
	pthread_mutex_unlock(&store->lock);
	if (refuse)
		mem_deref(job);
	else
		kick_later(store);
	return refuse ? ENOSPC : 0;
}

void store_together(struct store *store, bool begin)
{
	struct le *le;

	pthread_mutex_lock(&store->lock);
	store->grouping = begin;
	while ((le = list_head(&store->together))) {
		struct job *job = le->data;
		list_unlink(&job->le);
		job->more = !list_isempty(&store->together);
		list_append(&store->waiting, &job->le, job);
	}
	pthread_mutex_unlock(&store->lock);
	kick_later(store);
}

int store_flush(struct store *store)
{
	kick(store);
	pthread_mutex_lock(&store->lock);
	uint64_t tries = store->tries;
	while (store->busy || !list_isempty(&store->waiting)) {
		if (store->sick && store->tries > tries)
			break;
		pthread_cond_wait(&store->idle, &store->lock);
	}
	int err = list_isempty(&store->waiting) ? 0 : store->sick;
	pthread_mutex_unlock(&store->lock);
	deliver(store);
	return err;
}

void store_counts(struct store *store, struct store_counts *counts)
{
	pthread_mutex_lock(&store->lock);
	counts->sick = store->sick;
	counts->happened = store->happened;
	counts->waiting = list_count(&store->waiting);
	counts->batches = store->tries;
	counts->wal_pages = store->wal_pages;
	pthread_mutex_unlock(&store->lock);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

/* ---- life ---- */

static void threads_end(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store->stop = true;
	pthread_cond_broadcast(&store->work);
	pthread_cond_broadcast(&store->pages);
	pthread_mutex_unlock(&store->lock);
	if (store->running)
		pthread_join(store->thread, NULL);
	if (store->copying)
		pthread_join(store->copier, NULL);
}

/* What could not be written until the end is lost; say how much. */
static void abandon(struct store *store)
{
	struct le *le;

	if (store->happened)
		log_error("%zu facts of calls could not be written",
			  store->happened);
	while ((le = list_head(&store->waiting))) {
		struct job *job = le->data;
		job->err = store->sick ? store->sick : ECANCELED;
		list_unlink(&job->le);
		finish(store, job);
	}
}

static void destructor(void *arg)
{
	struct store *store = arg;

	tmr_cancel(&store->kick);
	tmr_cancel(&store->watch);
	threads_end(store);
	abandon(store);
	deliver(store);
	mem_deref(store->wake);
	mem_deref(store->copy_db);
	mem_deref(store->db);
	mem_deref(store->path);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->idle);
	pthread_cond_destroy(&store->pages);
	pthread_mutex_destroy(&store->lock);
}

static int thread_start(pthread_t *tp, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	int err = pthread_create(tp, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return err;
}

static void locks_init(struct store *store)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &attr);
	pthread_cond_init(&store->idle, NULL);
	pthread_cond_init(&store->pages, NULL);
	pthread_condattr_destroy(&attr);
}

static int files_open(struct store *store)
{
	int err = store_open_file(&store->db, store->path, DB_WRITE,
				  store->prm.vfs);
	if (err)
		return err;
	err = db_open(&store->copy_db, store->path, DB_WRITE, store->prm.vfs);
	if (err)
		return err;
	sqlite3_busy_timeout(db_raw(store->copy_db), CHECKPOINT_BUSY_MS);
	sqlite3_wal_hook(db_raw(store->db), on_wal, store);
	return 0;
}

int store_alloc(struct store **sp, const struct store_prm *prm)
{
	scoped_mem struct store *store =
		mem_zalloc(sizeof(*store), destructor);
	if (!store)
		return ENOMEM;
	locks_init(store);
	store->prm = *prm;

	int err = str_dup(&store->path, prm->path);
	if (!err)
		err = files_open(store);
	if (!err)
		err = mqueue_alloc(&store->wake, on_wake, store);
	if (!err)
		err = thread_start(&store->thread, store_thread, store);
	if (err)
		return err;
	store->running = true;
	err = thread_start(&store->copier, copy_thread, store);
	if (err)
		return err;
	store->copying = true;
	*sp = take(store);
	return 0;
}
