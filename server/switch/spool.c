/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offsets: all up to `synced` is on the disk, up to `written` in the page
 * cache. Lines from `synced` on are kept in the list. A failed sync tells
 * nothing about which pages reached the disk, and the kernel then believes
 * them clean: so the writer goes back to `synced` and writes them anew.
 */
#include "server/switch/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/haste.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"

#define PATH_BYTES 512
#define RETRY_MS   500
#define PACE_MS	   20 /* between syncs: they compete with the office's */

struct line {
	struct line *next;
	size_t len;
	char text[];
};

struct spool {
	char path[PATH_BYTES - 8];
	size_t max_bytes;
	int (*synch)(int fd);
	ssize_t (*writeh)(int fd, const void *buf, size_t n, off_t at);

	pthread_t writer, syncer;
	bool writes, syncs; /* threads that run */
	pthread_mutex_t lock;
	pthread_cond_t work, dirty; /* for the writer, for the syncer */
	pthread_cond_t pause;	    /* ends early when the spool ends */

	/* under the lock */
	struct line *head, *tail; /* unsynced */
	struct line *next;	  /* of these: the first unwritten */
	size_t bytes;		  /* of all of these */
	char *fresh;		  /* whole content, to be written first */
	size_t fresh_len;
	uint64_t covered; /* so many lines from head on are in it */
	uint64_t written, synced;
	unsigned generation; /* of the file */
	bool again;	     /* a sync failed: back to `synced` */
	bool quit, all_written;
	struct spool_stats stats;

	int fd; /* the writer's */
};

/* With the lock, let go of meanwhile. */
static void rest(struct spool *s, int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	if (!s->quit)
		pthread_cond_timedwait(&s->pause, &s->lock, &t);
}

static void drop_lines(struct spool *s, uint64_t n)
{
	for (; n; n--) {
		struct line *l = s->head;
		s->head = l->next;
		if (s->next == l) {
			s->next = l->next;
			s->stats.unwritten--;
		}
		s->stats.unsynced--;
		s->bytes -= l->len;
		free(l);
	}
	if (!s->head)
		s->tail = NULL;
}

/* With the lock. */
static void refused(struct spool *s, int err)
{
	s->stats.errors++;
	if (!s->stats.ill)
		log_error("%s: %s; kept in memory until the disk is back",
			  s->path, strerror(err));
	s->stats.ill = true;
}

static void well(struct spool *s)
{
	if (s->stats.ill)
		log_info("%s: the disk is back", s->path);
	s->stats.ill = false;
}

/* ---- the writer ---- */

/* A new or renamed file's name reaches the disk with its folder. */
static int sync_folder(const struct spool *s)
{
	char copy[PATH_BYTES];

	snprintf(copy, sizeof(copy), "%s", s->path);
	scoped_fd int fd = open(dirname(copy), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	return fsync(fd) ? errno : 0;
}

static int write_all(const struct spool *s, int fd, const char *p, size_t n,
		     uint64_t at)
{
	while (n) {
		ssize_t done = s->writeh(fd, p, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? errno : ENOSPC;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

static int write_fresh(const struct spool *s, int *fdp, const char *text,
		       size_t len)
{
	char tmp[PATH_BYTES];

	snprintf(tmp, sizeof(tmp), "%s.new", s->path);
	scoped_fd int fd =
		open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	int err = write_all(s, fd, text, len, 0);
	if (!err && s->synch(fd))
		err = errno;
	if (!err && rename(tmp, s->path))
		err = errno;
	if (!err)
		err = sync_folder(s);
	if (err) {
		unlink(tmp);
		return err;
	}
	*fdp = take_fd(fd);
	return 0;
}

/* With the lock, let go of meanwhile: a newer content may come. */
static int replace(struct spool *s)
{
	scoped_str char *text = take(s->fresh);
	size_t len = s->fresh_len;
	int fd = -1;

	drop_lines(s, s->covered);
	s->covered = 0;
	s->generation++; /* what the syncer does now is of no use any more */
	s->synced = s->written;
	s->again = false;
	pthread_mutex_unlock(&s->lock);
	int err = write_fresh(s, &fd, text, len);
	pthread_mutex_lock(&s->lock);
	if (err && !s->fresh) {
		s->fresh = take(text);
		s->fresh_len = len;
	}
	if (err)
		return err;
	int old = s->fd;
	s->fd = fd;
	s->written = s->synced = len;
	s->stats.syncs++;
	s->stats.replacing = s->fresh;
	well(s);
	pthread_mutex_unlock(&s->lock);
	if (old >= 0) /* frees the old file's blocks: may take time */
		close(old);
	pthread_mutex_lock(&s->lock);
	return 0;
}

static int open_file(const struct spool *s, int *fdp, off_t *end)
{
	scoped_fd int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	*end = lseek(fd, 0, SEEK_END);
	int err = *end < 0 ? errno : sync_folder(s);
	if (!err)
		*fdp = take_fd(fd);
	return err;
}

/* With the lock, let go of meanwhile. */
static int begin(struct spool *s)
{
	off_t end = 0;
	int fd = -1;

	pthread_mutex_unlock(&s->lock);
	int err = open_file(s, &fd, &end);
	pthread_mutex_lock(&s->lock);
	if (err)
		return err;
	s->fd = fd;
	s->written = s->synced = (uint64_t)end;
	return 0;
}

/* With the lock, let go of meanwhile. Lines are freed up to `next` only, so
 * this one stays. */
static int write_next(struct spool *s)
{
	const struct line *l = s->next;
	uint64_t at = s->written;

	pthread_mutex_unlock(&s->lock);
	int err = write_all(s, s->fd, l->text, l->len, at);
	pthread_mutex_lock(&s->lock);
	if (err)
		return err;
	s->next = l->next;
	s->stats.unwritten--;
	s->written += l->len;
	pthread_cond_signal(&s->dirty);
	return 0;
}

/* With the lock, let go of meanwhile. */
static int back_to_synced(struct spool *s)
{
	off_t end = (off_t)s->synced;

	pthread_mutex_unlock(&s->lock);
	int err = ftruncate(s->fd, end) ? errno : 0;
	pthread_mutex_lock(&s->lock);
	if (err)
		return err;
	s->written = s->synced;
	s->next = s->head;
	s->stats.unwritten = s->stats.unsynced;
	s->again = false;
	return 0;
}

static int write_step(struct spool *s)
{
	if (s->fresh)
		return replace(s);
	if (s->again)
		return back_to_synced(s);
	if (s->fd < 0)
		return begin(s);
	return write_next(s);
}

static void *run_writer(void *arg)
{
	struct spool *s = arg;

	haste_last();
	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (!s->fresh && !s->again && !s->next) {
			if (s->quit)
				break;
			pthread_cond_wait(&s->work, &s->lock);
			continue;
		}
		int err = write_step(s);
		s->stats.file_bytes = s->written;
		if (!err)
			continue;
		refused(s, err);
		if (s->quit)
			break;
		rest(s, RETRY_MS);
	}
	s->all_written = true;
	pthread_cond_signal(&s->dirty);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- the syncer ---- */

/* With the lock, let go of meanwhile. */
static void sync_written(struct spool *s)
{
	uint64_t lines = s->stats.unsynced - s->stats.unwritten;
	uint64_t upto = s->written;
	unsigned generation = s->generation;
	scoped_fd int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);

	pthread_mutex_unlock(&s->lock);
	int err = fd < 0 || s->synch(fd) ? errno : 0;
	pthread_mutex_lock(&s->lock);
	if (generation != s->generation)
		return;
	if (err) {
		refused(s, err);
		s->again = true;
		return;
	}
	s->stats.syncs++;
	s->synced = upto;
	drop_lines(s, lines);
	well(s);
}

static void *run_syncer(void *arg)
{
	struct spool *s = arg;

	haste_last();
	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (s->written > s->synced && !s->again) {
			sync_written(s);
			rest(s, s->again ? RETRY_MS : PACE_MS);
			pthread_cond_signal(&s->work);
			continue;
		}
		if (s->all_written)
			break;
		pthread_cond_wait(&s->dirty, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- the loop's end ---- */

int spool_append(struct spool *s, const char *text, size_t len)
{
	struct line *l = malloc(sizeof(*l) + len);
	bool room;

	if (l) {
		l->next = NULL;
		l->len = len;
		memcpy(l->text, text, len);
	}
	pthread_mutex_lock(&s->lock);
	room = l && s->bytes + len <= s->max_bytes;
	if (room) {
		if (s->tail)
			s->tail->next = l;
		else
			s->head = l;
		s->tail = l;
		if (!s->next)
			s->next = l;
		s->bytes += len;
		s->stats.unwritten++;
		s->stats.unsynced++;
		pthread_cond_signal(&s->work);
	} else {
		s->stats.behind = true;
	}
	pthread_mutex_unlock(&s->lock);
	if (!room)
		free(l);
	return room ? 0 : l ? ENOSPC : ENOMEM;
}

void spool_replace(struct spool *s, char *text, size_t len)
{
	pthread_mutex_lock(&s->lock);
	char *old = s->fresh;
	s->fresh = text;
	s->fresh_len = len;
	s->covered = s->stats.unsynced;
	s->stats.behind = false;
	s->stats.replacing = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	free(old);
}

void spool_stats(struct spool *s, struct spool_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
}

static void stop(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	s->quit = true;
	s->all_written |= !s->writes;
	pthread_cond_broadcast(&s->work);
	pthread_cond_broadcast(&s->dirty);
	pthread_cond_broadcast(&s->pause);
	pthread_mutex_unlock(&s->lock);
	if (s->writes)
		pthread_join(s->writer, NULL);
	if (s->syncs)
		pthread_join(s->syncer, NULL);
}

/* What the disk still refuses now is lost with us. */
static void on_spool_end(void *arg)
{
	struct spool *s = arg;

	stop(s);
	if (s->stats.unsynced)
		log_error("%s: %llu lines lost", s->path,
			  (unsigned long long)s->stats.unsynced);
	drop_lines(s, s->stats.unsynced);
	free(s->fresh);
	if (s->fd >= 0)
		close(s->fd);
	pthread_cond_destroy(&s->pause);
	pthread_cond_destroy(&s->dirty);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
}

static int start(struct spool *s)
{
	sigset_t all, before;

	/* signals are the main loop's */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int err = pthread_create(&s->writer, NULL, run_writer, s);
	s->writes = !err;
	if (!err)
		err = pthread_create(&s->syncer, NULL, run_syncer, s);
	s->syncs = !err;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

int spool_alloc(struct spool **sp, const struct spool_prm *prm)
{
	pthread_condattr_t mono;

	if (strlen(prm->path) >= sizeof(((struct spool *)0)->path))
		return ENAMETOOLONG;
	scoped_mem struct spool *s = mem_zalloc(sizeof(*s), on_spool_end);
	if (!s)
		return ENOMEM;
	snprintf(s->path, sizeof(s->path), "%s", prm->path);
	s->max_bytes = prm->max_bytes;
	s->synch = prm->synch ? prm->synch : fdatasync;
	s->writeh = prm->writeh ? prm->writeh : pwrite;
	s->fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&s->work, &mono);
	pthread_cond_init(&s->dirty, &mono);
	pthread_cond_init(&s->pause, &mono);
	pthread_condattr_destroy(&mono);
	int err = start(s);
	if (!err)
		*sp = take(s);
	return err;
}
