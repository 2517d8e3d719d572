/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SQLite VFS over the ordinary one whose writes and syncs fail or take
 * their time when a test says so. The counters tell whether the fault was
 * ever met: a test that provokes one asserts it.
 */
#pragma once

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
/* No faults, counters at 0. */
void faulty_vfs_reset(void);
