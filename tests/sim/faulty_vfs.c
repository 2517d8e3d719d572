/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/faulty_vfs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real; /* right behind this struct */
	int flags;	    /* SQLITE_OPEN_ */
};

static sqlite3_vfs vfs;
static sqlite3_vfs *below;
static atomic_int fail[2];
static atomic_uint delay_ms, fired, syncs;

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static faulty_watch_h *watchh;

static void watch(sqlite3_file *f, struct faulty_event ev)
{
	int flags = ((struct faulty_file *)f)->flags;

	if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return;
	ev.wal = flags & SQLITE_OPEN_WAL;
	pthread_mutex_lock(&watch_lock);
	if (watchh)
		watchh(&ev);
	pthread_mutex_unlock(&watch_lock);
}

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct faulty_file *)f)->real;
}

static int on_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int on_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), to, n, at);
}

static int on_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	int code = atomic_load(&fail[FAULTY_WRITE]);
	if (!code) {
		watch(f, (struct faulty_event){.what = FAULTY_WROTE,
					       .data = from,
					       .n = n,
					       .at = at});
		return real(f)->pMethods->xWrite(real(f), from, n, at);
	}
	atomic_fetch_add(&fired, 1);
	return code;
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	watch(f, (struct faulty_event){.what = FAULTY_TRUNCATED, .at = size});
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int on_sync(sqlite3_file *f, int flags)
{
	unsigned ms = atomic_load(&delay_ms);
	int code = atomic_load(&fail[FAULTY_SYNC]);

	atomic_fetch_add(&syncs, 1);
	if (ms) {
		struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
		nanosleep(&ts, NULL);
	}
	if (!code) {
		watch(f, (struct faulty_event){.what = FAULTY_SYNCS});
		code = real(f)->pMethods->xSync(real(f), flags);
		if (!code)
			watch(f, (struct faulty_event){.what = FAULTY_SYNCED});
		return code;
	}
	atomic_fetch_add(&fired, 1);
	return code;
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int on_lock(sqlite3_file *f, int lock)
{
	return real(f)->pMethods->xLock(real(f), lock);
}

static int on_unlock(sqlite3_file *f, int lock)
{
	return real(f)->pMethods->xUnlock(real(f), lock);
}

static int on_check_lock(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int on_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int on_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int on_shm_map(sqlite3_file *f, int page, int size, int extend,
		      void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void on_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int on_shm_unmap(sqlite3_file *f, int del)
{
	return real(f)->pMethods->xShmUnmap(real(f), del);
}

/* Version 2: no xFetch, so that reads come through here as well. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_traits,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *self, sqlite3_filename name, sqlite3_file *f,
		   int flags, int *out_flags)
{
	struct faulty_file *ff = (struct faulty_file *)f;

	ff->real = (sqlite3_file *)(ff + 1);
	ff->base.pMethods = NULL;
	ff->flags = flags;
	int rc = below->xOpen(below, name, ff->real, flags, out_flags);
	if (rc == SQLITE_OK)
		ff->base.pMethods = &methods;
	return rc;
}

void faulty_vfs_register(void)
{
	if (below)
		return;
	below = sqlite3_vfs_find(NULL);
	vfs = *below;
	vfs.pNext = NULL;
	vfs.zName = FAULTY_VFS;
	vfs.szOsFile = (int)sizeof(struct faulty_file) + below->szOsFile;
	vfs.xOpen = on_open;
	sqlite3_vfs_register(&vfs, 0);
}

void faulty_vfs_fail(enum faulty_op op, int code)
{
	atomic_store(&fail[op], code);
}

void faulty_vfs_delay_sync(unsigned ms)
{
	atomic_store(&delay_ms, ms);
}

void faulty_vfs_watch(faulty_watch_h *h)
{
	pthread_mutex_lock(&watch_lock);
	watchh = h;
	pthread_mutex_unlock(&watch_lock);
}

unsigned faulty_vfs_fired(void)
{
	return atomic_load(&fired);
}

unsigned faulty_vfs_syncs(void)
{
	return atomic_load(&syncs);
}

void faulty_vfs_reset(void)
{
	faulty_vfs_fail(FAULTY_WRITE, 0);
	faulty_vfs_fail(FAULTY_SYNC, 0);
	faulty_vfs_delay_sync(0);
	atomic_store(&fired, 0);
	atomic_store(&syncs, 0);
}
