/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: the append-only log that everything else derives from. A fact has a
 * dense sequence number, UTC time, actor, kind ("person.added",
 * "offer.made"), the contact and agent it is about, a free subject id, a
 * duration where one was measured on the monotonic clock, and a JSON body.
 * Facts of a day (site's zone) form a SHA-256 chain: hash = SHA-256(previous
 * hash | canonical text of the row); a day starts from the last hash of the
 * day before.
 *
 * A part registers, for the kinds it owns (by prefix, "person."), a
 * projection, which keeps its tables (store thread, same transaction), and an
 * apply, which keeps its live state (loop). Rebuilding either is running them
 * over the log again: they must depend on the fact alone.
 *
 * Two ways to make one:
 *  - inside a store job: fact_append(); apply and the event to subscribers
 *    follow on the loop after the commit. For what people ask.
 *  - on the loop: fact_happened(); applied at once, queued for the store, the
 *    telephone does not wait. `on_disk` of the handler says when it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "common/db.h"

struct store;
struct fact_log;

struct fact {
	int64_t seq;	   /* given by the log; 0 before */
	int64_t at_us;	   /* 0: now */
	int64_t dur_ms;	   /* -1: none; a literal without it says 0 ms */
	const char *actor; /* person id, "switch", "office", "root(0)" */
	const char *kind;
	const char *contact; /* "" or NULL where it has none */
	const char *agent;
	const char *subject;
	json_t *body; /* NULL: {}; shared from then on: change it no more */
};

/* Store thread: keep the tables. Non-zero undoes the job. */
typedef int(fact_project_h)(struct db *db, const struct fact *fact, void *arg);
/* Loop: keep the live state. Cannot fail. */
typedef void(fact_apply_h)(const struct fact *fact, void *arg);
/* Loop: after the commit, each fact in order (subscribers, followers). */
typedef void(fact_publish_h)(const struct fact *fact, void *arg);

struct fact_sink {
	const char *prefix;
	fact_project_h *projecth; /* may be NULL */
	fact_apply_h *applyh;	  /* may be NULL */
	void *arg;		  /* for applyh; projecth gets it too: const */
};

/* Log on a store (which may be NULL in unit tests: only apply runs). */
int fact_log_alloc(struct fact_log **lp, struct store *store);
/* The store is borrowed and ends before the log does. Sinks are borrowed and
 * must outlive the log; register before the first fact. */
void fact_log_sink(struct fact_log *log, const struct fact_sink *sink);
void fact_log_publish(struct fact_log *log, fact_publish_h *h, void *arg);

/* Inside a store job only. seq is set on return. */
int fact_append(struct fact_log *log, struct db *db, struct fact *fact);

/* On the loop. mark_boot/mark_n: the switch event that caused it (NULL, 0:
 * none); stored in the same transaction, acknowledged by on_disk. Facts that
 * one event causes are made between fact_together's begin and end: a crash
 * must not come between two of them. onh may be NULL. ENOSPC: the
 * fact was applied and there is no room to keep it for a disk that is ill
 * (onh is not called). */
typedef void(fact_disk_h)(int err, const char *mark_boot, int64_t mark_n,
			  void *arg);
int fact_happened(struct fact_log *log, struct fact *fact,
		  const char *mark_boot, int64_t mark_n, fact_disk_h *onh,
		  void *arg);

void fact_together(struct fact_log *log, bool begin);

/* How many facts fact_happened has applied so far, and how many of them there
 * was no room to keep. */
uint64_t fact_log_happened(const struct fact_log *log, uint64_t *lostp);
/* Calls h once all facts that happened so far are on disk, or are given up
 * (err): at once when none is under way. mem_deref cancels it; ours again
 * when h is called. Loop. */
struct fact_wait;
typedef void(fact_saved_h)(int err, void *arg);
int fact_wait(struct fact_wait **wp, struct fact_log *log, fact_saved_h *h,
	      void *arg);

/* Last applied event of a switch boot; 0 when none. Any thread's db. */
int fact_mark(struct db *db, const char *boot, int64_t *np);

/* Runs `h` over facts seq >= since in order: kind prefix and contact may be
 * NULL. Stops at a non-zero return. Any thread's db. */
typedef int(fact_each_h)(const struct fact *fact, void *arg);
struct fact_filter {
	int64_t since;	  /* seq */
	const char *kind; /* prefix */
	const char *contact, *agent, *actor;
	int64_t from_us, to_us; /* 0: open */
	int limit;		/* 0: all */
	bool newest_first;
};
int fact_each(struct db *db, const struct fact_filter *f, fact_each_h *h,
	      void *arg);
json_t *fact_json(const struct fact *fact);

/* Walks the chain. EBADMSG: *badp is the first seq whose hash is wrong. */
int fact_verify(struct db *db, int64_t *badp, int64_t *countp);

/* Empties all projected tables, which is every table but the log, and runs
 * every projection again. In a transaction (a store job). */
int fact_rebuild(struct fact_log *log, struct db *db);
