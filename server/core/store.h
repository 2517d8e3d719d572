/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread: the only writer of the site's SQLite file. The control
 * loop hands it jobs; it takes all that wait, runs each in a savepoint of one
 * transaction, commits once with full sync, and reports. Only then do the
 * jobs' done handlers run, on the loop: what a user sees confirmed is on
 * disk. When the commit fails every job of the batch is told so.
 *
 * Two classes of jobs. ASKED: what somebody requests; refused at once with
 * ENOSPC while the disk is ill. HAPPENED: what the telephone did; kept in a
 * bounded memory queue and tried again until it is written (store_health
 * tells; core/alarm raises it).
 *
 * Tables change only in projections of facts (fact.h); a job checks and then
 * appends facts. Tables of one subject, their schema and their queries live
 * in one file store_<subject>.c, the only places with SQL in the server.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

struct store;
struct fact_log;

enum store_class { STORE_ASKED, STORE_HAPPENED };

/* On the store thread, in a savepoint. 0 keeps the changes; an errno undoes
 * those of this job alone. May only touch db and its own arg. */
typedef int(store_job_h)(struct db *db, void *arg);
/* On the loop, after the commit (err 0) or the failure. Always called once
 * for an accepted job. Owns arg from here. */
typedef void(store_done_h)(int err, void *arg);
/* Health changed: err 0 well, else why writes fail; queued HAPPENED jobs.
 * ETIMEDOUT: nothing fails, but a commit takes seconds. */
typedef void(store_health_h)(int err, size_t queued, void *arg);

struct store_prm {
	const char *path;
	const char *vfs;	 /* test VFS or NULL */
	size_t happened_max;	 /* jobs kept while the disk is ill */
	store_health_h *healthh; /* on the loop */
	void *arg;
};

/* Opens and migrates the file and starts the thread. A mem_ref object; the
 * destructor commits what waits, joins and runs the done handlers that are
 * left: it goes before what these need. EOVERFLOW: file of a newer
 * program. */
int store_alloc(struct store **sp, const struct store_prm *prm);

/* Loop thread only. ENOSPC for ASKED while ill. */
int store_submit(struct store *store, enum store_class cls, store_job_h *jobh,
		 store_done_h *doneh, void *arg);

/* HAPPENED jobs submitted between begin and end go into one transaction: a
 * crash finds all of them on disk, or none. Groups do not nest. */
void store_together(struct store *store, bool begin);

/* Waits until everything submitted so far is committed and runs the done
 * handlers (start, stop, tests); blocks the loop. The errno of a sick disk
 * when HAPPENED jobs still wait after one more try. */
int store_flush(struct store *store);

/* Inside a job only (EALREADY elsewhere): what follows from it. err 0: on the
 * loop, after the commit, before the job's done handler, in the order of the
 * log. Else it has not come to pass: release arg, on any thread. */
typedef void(store_note_h)(int err, void *arg);
int store_note(struct store *store, store_note_h *noteh, void *arg);

struct store_counts {
	int sick; /* 0: well, else why writes fail */
	size_t waiting, happened;
	uint64_t batches;
	unsigned wal_pages;
};
void store_counts(struct store *store, struct store_counts *counts);

const char *store_path(const struct store *store);

/* Opens or creates the file and brings its schema up to date, without a
 * thread: zuoxictl site init, tests, zuoxi-kb --db. */
int store_open_file(struct db **dbp, const char *path, enum db_mode mode,
		    const char *vfs);

/* Schema parts of migration 1, one for each store_<subject>.c. */
extern const char store_fact_schema[];
extern const char store_people_schema[];
extern const char store_call_schema[];
extern const char store_ticket_schema[];
extern const char store_kb_schema[];
/* ... and of later ones. */
extern const char store_call_schema_2[];
extern const char store_kb_schema_3[];
extern const char store_kb_schema_4[];
extern const char store_kb_schema_5[];
extern const char store_learn_schema_6[];
extern const char store_duty_schema_6[];
extern const char store_course_schema_6[];
extern const char store_kb_schema_7[];

/* The steps from an empty file to this program's; tests go part of the way. */
#define STORE_VERSION 7
extern const struct db_migration store_migrations[STORE_VERSION];
