/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing here may hold up a voice thread: rings are read through atomics,
 * the only lock guards the hand-over list between the main loop and us.
 */
#include "server/switch/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "common/cal.h"
#include "common/haste.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/switch/wav.h"

#define FLUSH_MS   500
#define SYNC_US	   1000000
#define CHUNK	   4000 /* samples */
#define MANY_DIRTY 8	/* files from which one syncfs beats many fdatasync */

struct recorder {
	pthread_t thread;
	char dir[192], spill_dir[192];
	int bell;
	struct outbox outbox;
	pthread_mutex_t lock; /* added */
	struct recording *added;
	atomic_bool quit;
	atomic_ullong bytes, dropped;
	atomic_uint open;

	/* the thread's */
	struct recording *list;
	unsigned n_failing;
	int64_t synced_us;
};

/* ---- files ---- */

/* All folders above path below root. */
static int make_folders(const char *root, const char *path)
{
	char full[384];

	if (re_snprintf(full, sizeof(full), "%s/%s", root, path) < 0)
		return ENAMETOOLONG;
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		int rc = mkdir(full, 0750);
		*p = '/';
		if (rc && errno != EEXIST)
			return errno;
	}
	return 0;
}

static void marker_path(char out[384], const char *root, const char *id)
{
	snprintf(out, 384, "%s/.open/%s", root, id);
}

static int marker_write(const struct recording *r)
{
	char name[384];

	int err = make_folders(r->root, ".open/x");
	if (err)
		return err;
	marker_path(name, r->root, r->id);
	scoped_fd int fd =
		open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return errno;
	size_t n = strlen(r->path);
	ssize_t done = write(fd, r->path, n);
	if (done == (ssize_t)n)
		return 0;
	err = done < 0 ? errno : ENOSPC;
	unlink(name);
	return err;
}

static void marker_remove(const char *root, const char *id)
{
	char name[384];

	marker_path(name, root, id);
	unlink(name);
}

static int write_all(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);
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

static int header_write(int fd, uint64_t data_bytes)
{
	uint8_t head[WAV_HEADER];

	wav_header(head, (uint32_t)data_bytes);
	return write_all(fd, head, sizeof(head), 0);
}

/* A file that nobody else has, under r->root. */
static int file_create(struct recording *r, int *fdp)
{
	char full[384];

	for (int i = 1; i < 100; i++) {
		int n = i == 1 ? snprintf(r->path, sizeof(r->path),
					  "%s/%s.wav", r->day, r->id)
			       : snprintf(r->path, sizeof(r->path),
					  "%s/%s-%d.wav", r->day, r->id, i);
		if (n >= (int)sizeof(r->path))
			return ENAMETOOLONG;
		int err = make_folders(r->root, r->path);
		if (err)
			return err;
		snprintf(full, sizeof(full), "%s/%s", r->root, r->path);
		scoped_fd int fd = open(
			full, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return errno;
		err = marker_write(r);
		if (!err)
			err = header_write(fd, 0);
		if (err) {
			unlink(full);
			marker_remove(r->root, r->id);
			return err;
		}
		*fdp = take_fd(fd);
		return 0;
	}
	return EEXIST;
}

/* ---- events ---- */

static void tell(struct recorder *w, const struct recording *r,
		 enum media_event_kind kind, int error, const char *sha256)
{
	struct media_event ev = {
		.kind = kind,
		.error = error,
		.ms = (int64_t)r->data_bytes / 16,
	};
	str_ncpy(ev.id, r->id, sizeof(ev.id));
	str_ncpy(ev.leg, r->leg, sizeof(ev.leg));
	str_ncpy(ev.contact, r->contact, sizeof(ev.contact));
	if (r->spilled)
		re_snprintf(ev.path, sizeof(ev.path), "%s/%s", r->root,
			    r->path);
	else
		str_ncpy(ev.path, r->path, sizeof(ev.path));
	str_ncpy(ev.sha256, sha256, sizeof(ev.sha256));
	outbox_put(&w->outbox, &ev);
}

/* Told once for each recording, logged once for the disk. */
static void failed(struct recorder *w, struct recording *r, int err)
{
	if (r->failing)
		return;
	r->failing = true;
	if (!w->n_failing++)
		log_error("recording %s (perhaps others): cannot write: %s",
			  r->id, strerror(err));
	tell(w, r, MEDIA_REC_ERROR, err, "");
}

/* ---- spilling ---- */

static int copy_data(int to, int from, uint64_t bytes)
{
	uint8_t buf[16384];

	for (uint64_t at = 0; at < bytes;) {
		size_t n = bytes - at < sizeof(buf) ? (size_t)(bytes - at)
						    : sizeof(buf);
		ssize_t got = pread(from, buf, n, (off_t)at);
		if (got <= 0)
			return got ? errno : EIO;
		int err = write_all(to, buf, (size_t)got, at);
		if (err)
			return err;
		at += (uint64_t)got;
	}
	return header_write(to, bytes - WAV_HEADER);
}

/* Moves what there is to the spill folder and goes on there. */
static int spill(struct recorder *w, struct recording *r)
{
	char root[192], path[160], full[384];
	int fd = -1;

	if (r->spilled || !w->spill_dir[0])
		return ENOSPC;
	str_ncpy(root, r->root, sizeof(root));
	str_ncpy(path, r->path, sizeof(path));
	str_ncpy(r->root, w->spill_dir, sizeof(r->root));
	int err = file_create(r, &fd);
	if (!err && r->fd >= 0)
		err = copy_data(fd, r->fd, WAV_HEADER + r->data_bytes);
	if (err) {
		if (fd >= 0)
			close(fd);
		str_ncpy(r->root, root, sizeof(r->root));
		str_ncpy(r->path, path, sizeof(r->path));
		return err;
	}
	if (r->fd >= 0) {
		close(r->fd);
		snprintf(full, sizeof(full), "%s/%s", root, path);
		unlink(full);
		marker_remove(root, r->id);
	}
	r->fd = fd;
	r->spilled = true;
	log_warn("recording %s goes to the spill folder", r->id);
	return 0;
}

/* ---- a recording's turn ---- */

static int open_file(struct recorder *w, struct recording *r)
{
	if (r->fd >= 0)
		return 0;
	int err = file_create(r, &r->fd);
	if (err && spill(w, r))
		return err;
	tell(w, r, MEDIA_REC_OPEN, 0, "");
	return 0;
}

static void interleave(uint8_t *out, const uint8_t *l, const uint8_t *r,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = l[i];
		out[2 * i + 1] = r[i];
	}
}

static int write_chunk(struct recorder *w, struct recording *r,
		       const uint8_t *buf, size_t bytes)
{
	uint64_t at = WAV_HEADER + r->data_bytes;

	int err = write_all(r->fd, buf, bytes, at);
	if (err && !spill(w, r))
		err = write_all(r->fd, buf, bytes, at);
	return err;
}

/* Takes what is settled out of the ring onto the disk. */
static int drain(struct recorder *w, struct recording *r)
{
	uint8_t buf[2 * CHUNK];
	int64_t at = atomic_load_explicit(&r->consumed, memory_order_relaxed);
	int64_t ready = atomic_load_explicit(&r->ready, memory_order_acquire);

	while (at < ready) {
		size_t from = (size_t)at % RECORDING_RING;
		size_t n = RECORDING_RING - from;
		if (n > CHUNK)
			n = CHUNK;
		if ((int64_t)n > ready - at)
			n = (size_t)(ready - at);
		interleave(buf, r->ring[0] + from, r->ring[1] + from, n);
		int err = write_chunk(w, r, buf, 2 * n);
		if (err)
			return err;
		memset(r->ring[0] + from, RECORDING_SILENCE, n);
		memset(r->ring[1] + from, RECORDING_SILENCE, n);
		at += (int64_t)n;
		atomic_store_explicit(&r->consumed, at, memory_order_release);
		r->data_bytes += 2 * n;
		r->dirty = true;
		atomic_fetch_add(&w->bytes, 2 * n);
	}
	return r->dirty ? header_write(r->fd, r->data_bytes) : 0;
}

static void recovered(struct recorder *w, struct recording *r)
{
	if (!r->failing)
		return;
	r->failing = false;
	if (!--w->n_failing)
		log_info("recordings are written again");
}

static void flush(struct recorder *w, struct recording *r)
{
	int err = open_file(w, r);
	if (!err)
		err = drain(w, r);
	if (err)
		failed(w, r, err);
	else
		recovered(w, r);
	uint64_t dropped = atomic_load(&r->dropped);
	atomic_fetch_add(&w->dropped, dropped - r->counted);
	r->counted = dropped;
}

/* After its last flush. */
static void finish(struct recorder *w, struct recording *r)
{
	char sha256[65] = "";
	int err = 0;

	if (r->fd < 0 || atomic_load(&r->consumed) < atomic_load(&r->ready))
		err = ENOSPC;
	if (r->fd >= 0) {
		if (fdatasync(r->fd) && !err)
			err = errno;
		int hash_err = wav_hash(r->fd, sha256);
		if (!err)
			err = hash_err;
		close(r->fd);
		r->fd = -1;
		marker_remove(r->root, r->id);
	}
	tell(w, r, MEDIA_REC_CLOSED, err, sha256);
	w->n_failing -= r->failing;
	recording_free(r);
	atomic_fetch_sub(&w->open, 1);
}

/* ---- the thread ---- */

static void sync_all(struct recorder *w)
{
	unsigned dirty = 0;

	for (struct recording *r = w->list; r; r = r->next)
		dirty += r->dirty;
	for (struct recording *r = w->list; r; r = r->next) {
		if (!r->dirty)
			continue;
		/* one file stands for all of its file system */
		bool many = dirty >= MANY_DIRTY && !r->spilled;
		if (many ? syncfs(r->fd) : fdatasync(r->fd))
			failed(w, r, errno);
		r->dirty = false;
		for (struct recording *o = r->next; many && o; o = o->next)
			o->dirty = o->dirty && o->spilled;
	}
}

static void take_added(struct recorder *w)
{
	pthread_mutex_lock(&w->lock);
	struct recording *r = w->added;
	w->added = NULL;
	pthread_mutex_unlock(&w->lock);
	while (r) {
		struct recording *next = r->next;
		r->next = w->list;
		w->list = r;
		r = next;
	}
}

static void turn(struct recorder *w)
{
	struct recording **link = &w->list;

	while (*link) {
		struct recording *r = *link;
		/* read before the flush: done is the last word */
		bool done =
			atomic_load_explicit(&r->done, memory_order_acquire);
		flush(w, r);
		if (!done) {
			link = &r->next;
			continue;
		}
		*link = r->next;
		finish(w, r);
	}
}

static void *run(void *arg)
{
	struct recorder *w = arg;

	haste_last();
	for (;;) {
		struct pollfd pfd = {.fd = w->bell, .events = POLLIN};
		uint64_t rings;
		bool quit = atomic_load(&w->quit);

		take_added(w);
		turn(w);
		int64_t now = cal_mono_us();
		if (now - w->synced_us >= SYNC_US) {
			sync_all(w);
			w->synced_us = now;
		}
		if (quit && !w->list)
			return NULL;
		int ms = quit ? 20 : w->list ? FLUSH_MS : -1;
		if (poll(&pfd, 1, ms) > 0 &&
		    read(w->bell, &rings, sizeof(rings)) < 0 &&
		    errno != EAGAIN)
			log_warn("recorder: bell: %s", strerror(errno));
	}
}

static void ring(struct recorder *w)
{
	uint64_t one = 1;

	if (write(w->bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warn("recorder: bell: %s", strerror(errno));
}

int recorder_alloc(struct recorder **rp, const struct recorder_prm *prm)
{
	struct recorder *w = calloc(1, sizeof(*w));
	if (!w)
		return ENOMEM;
	str_ncpy(w->dir, prm->dir, sizeof(w->dir));
	str_ncpy(w->spill_dir, prm->spill_dir ? prm->spill_dir : "",
		 sizeof(w->spill_dir));
	/* a new site; any other fault shows when it is written to */
	if (mkdir(w->dir, 0750) && errno != EEXIST)
		log_warn("recordings in %s: %s", w->dir, strerror(errno));
	pthread_mutex_init(&w->lock, NULL);
	int err = outbox_init(&w->outbox, prm->bell);
	w->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!err && w->bell < 0)
		err = errno;
	if (!err)
		err = pthread_create(&w->thread, NULL, run, w);
	if (err) {
		outbox_release(&w->outbox);
		if (w->bell >= 0)
			close(w->bell);
		free(w);
		return err;
	}
	*rp = w;
	return 0;
}

void recorder_stop(struct recorder *r)
{
	if (!r)
		return;
	atomic_store(&r->quit, true);
	ring(r);
	pthread_join(r->thread, NULL);
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	outbox_release(&r->outbox);
	pthread_mutex_destroy(&r->lock);
	close(r->bell);
	free(r);
}

struct outbox *recorder_outbox(struct recorder *r)
{
	return &r->outbox;
}

void recorder_add(struct recorder *r, struct recording *rec)
{
	char day[CAL_TEXT_SIZE];

	cal_day(day, cal_now_us());
	snprintf(rec->day, sizeof(rec->day), "%.4s/%.2s/%.2s", day, day + 5,
		 day + 8);
	str_ncpy(rec->root, r->dir, sizeof(rec->root));
	atomic_fetch_add(&r->open, 1);
	pthread_mutex_lock(&r->lock);
	rec->next = r->added;
	r->added = rec;
	pthread_mutex_unlock(&r->lock);
	ring(r);
}

void recorder_figures(struct recorder *r, struct recorder_figures *out)
{
	out->bytes = atomic_load(&r->bytes);
	out->dropped = atomic_load(&r->dropped);
	out->open = atomic_load(&r->open);
}

/* ---- after a crash ---- */

static int mend_file(const char *dir, const char *path, int64_t *msp,
		     char sha256[65])
{
	char full[512];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	scoped_fd int fd = open(full, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st))
		return errno;
	uint64_t data = st.st_size > WAV_HEADER
				? (uint64_t)st.st_size - WAV_HEADER
				: 0;
	data -= data % 2;
	if (ftruncate(fd, (off_t)(WAV_HEADER + data)))
		return errno;
	int err = header_write(fd, data);
	if (!err && fdatasync(fd))
		err = errno;
	if (!err)
		err = wav_hash(fd, sha256);
	*msp = (int64_t)data / 16;
	return err;
}

static void mend_one(const char *dir, const char *id, media_mend_h *h,
		     void *arg)
{
	char name[384], path[160] = "", sha256[65] = "";
	int64_t ms = 0;

	marker_path(name, dir, id);
	scoped_fd int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, path, sizeof(path) - 1);
	if (n < 0)
		return;
	path[n] = 0;
	int err = *path && *path != '/' && !strstr(path, "..")
			  ? mend_file(dir, path, &ms, sha256)
			  : ENOENT;
	if (err && err != ENOENT) {
		log_error("recording %s: cannot mend: %s", id, strerror(err));
		return; /* the marker stays: the next start tries again */
	}
	if (!err && h)
		h(id, path, ms, sha256, arg);
	unlink(name);
}

int recorder_mend(const char *dir, media_mend_h *h, void *arg)
{
	char name[384];

	snprintf(name, sizeof(name), "%s/.open", dir);
	DIR *open_dir = opendir(name);
	if (!open_dir)
		return errno == ENOENT ? 0 : errno;
	for (struct dirent *de; (de = readdir(open_dir));)
		if (de->d_name[0] != '.')
			mend_one(dir, de->d_name, h, arg);
	closedir(open_dir);
	return 0;
}
