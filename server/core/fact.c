/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows are store_fact's; here are the chain, the projections on the store
 * thread, and the way of a fact back to the loop:
 *
 *     fact_append      job: row, projections -> commit -> apply, publish
 *     fact_happened    apply -> job: row, projections -> commit -> publish
 */
#include "server/core/fact.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/fact_chain.h"
#include "server/core/store.h"
#include "server/core/store_fact.h"

#define SINKS_MAX  96
#define FOLLOW_MAX 8

struct follower {
	fact_publish_h *h;
	void *arg;
};

struct fact_log {
	struct store *store; /* borrowed */
	const struct fact_sink *sinks[SINKS_MAX];
	size_t sinks_n;
	struct follower followers[FOLLOW_MAX];
	size_t followers_n;
	struct fact_chain *chain; /* the store thread's */
	uint64_t happened;	  /* applied */
	uint64_t settled;	  /* of these: on disk, or given up */
	uint64_t lost;		  /* of these: given up at once */
	struct list waits;	  /* struct fact_wait, oldest first */
};

struct fact_wait {
	struct le le;
	uint64_t until; /* of settled */
	int err;
	fact_saved_h *h;
	void *arg;
};

/* A fact that outlives its maker's strings; one thread at a time has it. */
struct carried {
	struct fact_log *log;
	struct fact fact;
	bool applied; /* the loop has seen it: fact_happened */
	const char *mark_boot;
	int64_t mark_n;
	fact_disk_h *onh;
	void *arg;
	char text[]; /* what the strings point to */
};

/* The end of the log, as long as this transaction knows it. */
struct tip {
	int64_t seq;
	uint8_t hash[FACT_HASH_BYTES];
};

static void log_destructor(void *arg)
{
	struct fact_log *log = arg;

	mem_deref(log->chain);
}

int fact_log_alloc(struct fact_log **lp, struct store *store)
{
	scoped_mem struct fact_log *log =
		mem_zalloc(sizeof(*log), log_destructor);
	if (!log)
		return ENOMEM;
	log->store = store;
	int err = fact_chain_alloc(&log->chain);
	if (err)
		return err;
	*lp = take(log);
	return 0;
}

void fact_log_sink(struct fact_log *log, const struct fact_sink *sink)
{
	assert(log->sinks_n < SINKS_MAX);
	log->sinks[log->sinks_n++] = sink;
}

void fact_log_publish(struct fact_log *log, fact_publish_h *h, void *arg)
{
	assert(log->followers_n < FOLLOW_MAX);
	log->followers[log->followers_n++] = (struct follower){h, arg};
}

/* ---- carrying ---- */

static void carried_destructor(void *arg)
{
	struct carried *c = arg;

	json_decref(c->fact.body);
}

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

/* Copies the text to *at, moves *at behind it. */
static const char *put(char **at, const char *text)
{
	char *to = *at;
	size_t size = size_of(text);

	memcpy(to, text ? text : "", size);
	*at = to + size;
	return to;
}

/* One block with all strings. The body is shared: jansson counts references
 * atomically, and nobody changes a body that is in a fact. */
static int carried_alloc(struct carried **cp, struct fact_log *log,
			 const struct fact *f, const char *mark_boot)
{
	size_t size = size_of(f->actor) + size_of(f->kind) +
		      size_of(f->contact) + size_of(f->agent) +
		      size_of(f->subject) + size_of(mark_boot);
	scoped_mem struct carried *c =
		mem_alloc(sizeof(*c) + size, carried_destructor);
	if (!c)
		return ENOMEM;
	memset(c, 0, sizeof(*c));
	char *at = c->text;
	c->log = log;
	c->fact = *f;
	c->fact.actor = put(&at, f->actor);
	c->fact.kind = put(&at, f->kind);
	c->fact.contact = put(&at, f->contact);
	c->fact.agent = put(&at, f->agent);
	c->fact.subject = put(&at, f->subject);
	c->mark_boot = mark_boot ? put(&at, mark_boot) : NULL;
	c->fact.body = f->body ? json_incref(f->body) : json_object();
	if (!c->fact.body)
		return ENOMEM;
	*cp = take(c);
	return 0;
}

static const char *text_of(const char *text)
{
	return text ? text : "";
}

/* ---- sinks ---- */

static bool takes(const struct fact_sink *sink, const struct fact *fact)
{
	return !strncmp(fact->kind, sink->prefix, strlen(sink->prefix));
}

static int project(const struct fact_log *log, struct db *db,
		   const struct fact *fact)
{
	for (size_t i = 0; i < log->sinks_n; i++) {
		const struct fact_sink *sink = log->sinks[i];
		if (!sink->projecth || !takes(sink, fact))
			continue;
		int err = sink->projecth(db, fact, sink->arg);
		if (err)
			return err;
	}
	return 0;
}

/* What happened stays a fact, even where a table cannot follow. */
static int project_happened(const struct fact_log *log, struct db *db,
			    const struct fact *fact)
{
	int err = db_save(db);
	if (err)
		return err;
	err = project(log, db, fact);
	if (!err)
		return db_release(db);
	if (err == ENOSPC || err == EIO || err == ENOMEM)
		return err;
	log_error("fact %lld (%s) is not in its tables: %s (%s)",
		  (long long)fact->seq, fact->kind, strerror(err),
		  db_error(db));
	db_undo(db);
	return 0;
}

static void apply(const struct fact_log *log, const struct fact *fact)
{
	for (size_t i = 0; i < log->sinks_n; i++) {
		const struct fact_sink *sink = log->sinks[i];
		if (sink->applyh && takes(sink, fact))
			sink->applyh(fact, sink->arg);
	}
}

static void publish(const struct fact_log *log, const struct fact *fact)
{
	for (size_t i = 0; i < log->followers_n; i++)
		log->followers[i].h(fact, log->followers[i].arg);
}

/* ---- making facts ---- */

static int tip_get(struct tip *tip, struct db *db)
{
	const struct tip *kept = db_kept(db);

	if (!kept)
		return store_fact_last(db, &tip->seq, tip->hash);
	*tip = *kept;
	return 0;
}

/* Without memory the next fact reads it again. */
static void tip_set(struct db *db, const struct tip *tip)
{
	struct tip *kept = db_kept(db);

	if (kept) {
		*kept = *tip;
		return;
	}
	kept = mem_alloc(sizeof(*kept), NULL);
	if (!kept)
		return;
	*kept = *tip;
	db_keep(db, kept);
}

static int insert(struct fact_log *log, struct db *db, struct fact *fact)
{
	const char *body = fact_chain_body(log->chain, fact->body);
	struct tip tip;

	int err = body ? tip_get(&tip, db) : EINVAL;
	if (err)
		return err;
	fact->seq = ++tip.seq;
	err = fact_chain_hash(log->chain, tip.hash, tip.hash, fact, body);
	if (!err)
		err = store_fact_insert(db, fact, body, tip.hash);
	if (!err)
		tip_set(db, &tip);
	return err;
}

/* On the loop, after the commit; anywhere, when there was none. */
static void on_note(int err, void *arg)
{
	struct carried *c = arg;

	if (!err && !c->applied)
		apply(c->log, &c->fact);
	if (!err)
		publish(c->log, &c->fact);
	mem_deref(c);
}

static bool is_whole(const struct fact *fact)
{
	return fact->kind && *fact->kind && fact->actor && *fact->actor;
}

int fact_append(struct fact_log *log, struct db *db, struct fact *fact)
{
	scoped_mem struct carried *c = NULL;

	if (!is_whole(fact))
		return EINVAL;
	if (!fact->at_us)
		fact->at_us = cal_now_us();
	json_t *none = fact->body ? NULL : json_object();
	if (none)
		fact->body = none;
	int err = fact->body ? insert(log, db, fact) : ENOMEM;
	if (!err)
		err = project(log, db, fact);
	if (!err)
		err = carried_alloc(&c, log, fact, NULL);
	if (none) {
		fact->body = NULL;
		json_decref(none);
	}
	if (err)
		return err;
	err = log->store ? store_note(log->store, on_note, c) : EALREADY;
	if (!err)
		take(c);
	if (err != EALREADY)
		return err;
	/* no store thread: a tool on a file of its own */
	on_note(0, take(c));
	return 0;
}

static int on_happened_job(struct db *db, void *arg)
{
	struct carried *c = arg;

	int err = insert(c->log, db, &c->fact);
	if (!err)
		err = project_happened(c->log, db, &c->fact);
	if (!err && c->mark_boot)
		err = store_fact_mark(db, c->mark_boot, c->mark_n,
				      c->fact.at_us);
	return err;
}

/* ---- waiting for the disk ---- */

/* Facts are settled in the order in which they happened. */
static void settle(struct fact_log *log, int err)
{
	struct le *le;

	log->settled++;
	LIST_FOREACH (&log->waits, le) {
		struct fact_wait *w = le->data;
		if (err)
			w->err = err;
	}
	while ((le = log->waits.head)) {
		struct fact_wait *w = le->data;
		if (w->until > log->settled)
			return;
		list_unlink(&w->le);
		w->h(w->err, w->arg);
	}
}

static void wait_destructor(void *arg)
{
	struct fact_wait *w = arg;

	list_unlink(&w->le);
}

uint64_t fact_log_happened(const struct fact_log *log, uint64_t *lostp)
{
	*lostp = log->lost;
	return log->happened;
}

int fact_wait(struct fact_wait **wp, struct fact_log *log, fact_saved_h *h,
	      void *arg)
{
	struct fact_wait *w = mem_zalloc(sizeof(*w), wait_destructor);

	if (!w)
		return ENOMEM;
	w->until = log->happened;
	w->h = h;
	w->arg = arg;
	*wp = w;
	if (w->until == log->settled)
		h(0, arg);
	else
		list_append(&log->waits, &w->le, w);
	return 0;
}

static void on_happened_done(int err, void *arg)
{
	scoped_mem struct carried *c = arg;

	if (err)
		log_error("fact %s is lost: %s", c->fact.kind, strerror(err));
	else
		publish(c->log, &c->fact);
	if (c->onh)
		c->onh(err, c->mark_boot, c->mark_n, c->arg);
	settle(c->log, err);
}

int fact_happened(struct fact_log *log, struct fact *fact,
		  const char *mark_boot, int64_t mark_n, fact_disk_h *onh,
		  void *arg)
{
	scoped_mem struct carried *c = NULL;

	if (!is_whole(fact))
		return EINVAL;
	if (!fact->at_us)
		fact->at_us = cal_now_us();
	int err = carried_alloc(&c, log, fact, mark_boot);
	if (err)
		return err;
	c->applied = true;
	c->onh = onh;
	c->arg = arg;
	c->mark_n = mark_n;
	log->happened++;
	apply(log, &c->fact);
	if (!log->store) {
		on_happened_done(0, take(c));
		return 0;
	}
	err = store_submit(log->store, STORE_HAPPENED, on_happened_job,
			   on_happened_done, c);
	if (err) {
		log_error("fact %s has no room to wait: %s", fact->kind,
			  strerror(err));
		log->lost++;
		settle(log, err);
	} else {
		take(c);
	}
	return err;
}

void fact_together(struct fact_log *log, bool begin)
{
	if (log->store)
		store_together(log->store, begin);
}

/* ---- reading ---- */

int fact_mark(struct db *db, const char *boot, int64_t *np)
{
	return store_fact_mark_get(db, boot, np);
}

struct reading {
	fact_each_h *h;
	void *arg;
};

static int on_row(const struct fact *row, const char *body, const void *hash,
		  size_t hash_len, void *arg)
{
	const struct reading *rd = arg;
	char why[160];

	scoped_json json_t *obj =
		json_parse(body, strlen(body), why, sizeof(why));
	if (!obj) {
		log_error("fact %lld has a broken body: %s",
			  (long long)row->seq, why);
		return EBADMSG;
	}
	struct fact fact = *row;
	fact.body = obj;
	return rd->h(&fact, rd->arg);
}

int fact_each(struct db *db, const struct fact_filter *f, fact_each_h *h,
	      void *arg)
{
	struct reading rd = {h, arg};

	return store_fact_each(db, f, on_row, &rd);
}

json_t *fact_json(const struct fact *f)
{
	json_t *obj = json_pack(
		"{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:O*}", "seq",
		(json_int_t)f->seq, "at_us", (json_int_t)f->at_us, "actor",
		text_of(f->actor), "kind", text_of(f->kind), "contact",
		text_of(f->contact), "agent", text_of(f->agent), "subject",
		text_of(f->subject), "body", f->body);
	if (obj && f->dur_ms >= 0)
		json_object_set_new(obj, "dur_ms", json_integer(f->dur_ms));
	return obj;
}

/* ---- checking and rebuilding ---- */

struct checking {
	int64_t count;
	int64_t bad;
	uint8_t before[FACT_HASH_BYTES];
	struct fact_chain *chain;
};

static int on_check(const struct fact *row, const char *body, const void *hash,
		    size_t hash_len, void *arg)
{
	struct checking *ck = arg;
	uint8_t want[FACT_HASH_BYTES];

	int err = fact_chain_hash(ck->chain, want, ck->before, row, body);
	if (err)
		return err;
	if (row->seq != ck->count + 1 || hash_len != FACT_HASH_BYTES ||
	    memcmp(want, hash, FACT_HASH_BYTES)) {
		ck->bad = row->seq;
		return EBADMSG;
	}
	memcpy(ck->before, want, FACT_HASH_BYTES);
	ck->count++;
	return 0;
}

int fact_verify(struct db *db, int64_t *badp, int64_t *countp)
{
	struct checking ck = {0};
	const struct fact_filter all = {0};

	int err = fact_chain_alloc(&ck.chain);
	if (!err)
		err = store_fact_each(db, &all, on_check, &ck);
	mem_deref(ck.chain);
	*badp = ck.bad;
	*countp = ck.count;
	return err;
}

struct rebuilding {
	struct fact_log *log;
	struct db *db;
};

static int on_rebuild(const struct fact *fact, void *arg)
{
	const struct rebuilding *rb = arg;

	return project_happened(rb->log, rb->db, fact);
}

int fact_rebuild(struct fact_log *log, struct db *db)
{
	struct rebuilding rb = {log, db};
	const struct fact_filter all = {0};

	int err = store_fact_clear(db);
	return err ? err : fact_each(db, &all, on_rebuild, &rb);
}
