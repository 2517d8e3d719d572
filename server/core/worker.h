/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker threads for what reads: lists, search, reports, checks. Each has its
 * own read-only connection. Jobs in, results out by mqueue; plain data only.
 */
#pragma once

#include "common/db.h"

struct worker;

/* On a worker. */
typedef int(worker_job_h)(struct db *db, void *arg);
/* On the loop; always once for an accepted job. */
typedef void(worker_done_h)(int err, void *arg);

/* n threads on the database at path; queue_max jobs may wait. */
int worker_alloc(struct worker **wp, const char *path, unsigned n,
		 size_t queue_max);
/* EAGAIN when too many wait. */
int worker_submit(struct worker *worker, worker_job_h *jobh,
		  worker_done_h *doneh, void *arg);
/* Jobs that wait for a thread. */
size_t worker_queued(struct worker *worker);
