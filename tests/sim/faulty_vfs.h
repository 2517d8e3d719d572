/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SQLite VFS over the ordinary one whose writes and syncs fail or take
 * their time when a test says so. The counters tell whether the fault was
 * ever met: a test that provokes one asserts it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FAULTY_VFS "faulty"

/* Registers it; once. */
void faulty_vfs_register(void);

enum faulty_op { FAULTY_WRITE, FAULTY_SYNC };

/* From now on the operation returns this SQLite code (SQLITE_FULL,
 * SQLITE_IOERR_FSYNC, ...); 0: all is well again. */
void faulty_vfs_fail(enum faulty_op op, int code);
/* Each sync takes so long. */
void faulty_vfs_delay_sync(unsigned ms);
/* Faults met since the last call of faulty_vfs_reset. */
unsigned faulty_vfs_fired(void);
unsigned faulty_vfs_syncs(void);
/* Everything that reaches the database or its WAL, in the order of the
 * calls. Both ends of a sync: what is written between them may or may not be
 * in it. Called under a lock, in the thread that writes. */
enum faulty_what {
	FAULTY_WROTE,
	FAULTY_TRUNCATED,
	FAULTY_SYNCS,
	FAULTY_SYNCED
};
struct faulty_event {
	enum faulty_what what;
	bool wal;	  /* else the database */
	const void *data; /* FAULTY_WROTE */
	int n;
	int64_t at; /* where to, or the new size */
};
typedef void(faulty_watch_h)(const struct faulty_event *ev);
void faulty_vfs_watch(faulty_watch_h *h); /* NULL: nobody looks */

/* No faults, counters at 0. */
void faulty_vfs_reset(void);
