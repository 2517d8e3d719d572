/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seek is a number: the player raises `wanted`, the reader answers by
 * putting the place in its ring where that seek's samples begin into `begin`
 * and then `answered`. Until both agree there is nothing to take.
 */
#include "server/switch/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/scope.h"
#include "server/switch/wav.h"

#define RING	16384 /* samples, 2 s */
#define CHUNK	2000
#define TURN_MS 100

struct reader_file {
	struct reader_file *next;
	struct wav_info info;
	int fd;
	atomic_bool closed;

	_Atomic uint64_t goal; /* sample that the seek wants */
	_Atomic uint32_t wanted, answered;
	_Atomic uint64_t begin; /* in places of the ring */
	_Atomic uint64_t head, tail;
	uint64_t next_sample; /* reader: to be read from the file */
	uint32_t taken;	      /* player: seek that tail belongs to */
	int16_t ring[RING];
};

struct reader {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct reader_file *added;
	bool quit;
	struct reader_file *list; /* the thread's */
};

static void answer_seek(struct reader_file *f)
{
	uint32_t wanted = atomic_load(&f->wanted);

	if (wanted == atomic_load(&f->answered))
		return;
	f->next_sample = atomic_load(&f->goal);
	atomic_store(&f->begin, atomic_load(&f->head));
	atomic_store(&f->answered, wanted);
}

static void fill(struct reader_file *f)
{
	uint8_t raw[CHUNK * 4];
	int16_t pcm[CHUNK];
	uint64_t length = reader_length(f);

	answer_seek(f);
	for (;;) {
		uint64_t head = atomic_load(&f->head);
		uint64_t room = RING - (head - atomic_load(&f->tail));
		uint64_t n =
			length > f->next_sample ? length - f->next_sample : 0;
		if (n > CHUNK)
			n = CHUNK;
		if (!n || room < n || atomic_load(&f->closed))
			return;
		ssize_t got =
			pread(f->fd, raw, n * f->info.frame_bytes,
			      (off_t)(f->info.data_at +
				      f->next_sample * f->info.frame_bytes));
		if (got <= 0)
			return;
		n = (uint64_t)got / f->info.frame_bytes;
		wav_samples(pcm, raw, n, &f->info);
		for (uint64_t i = 0; i < n; i++)
			f->ring[(head + i) % RING] = pcm[i];
		f->next_sample += n;
		atomic_store(&f->head, head + n);
		answer_seek(f);
	}
}

static void file_free(struct reader_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static void turn(struct reader *r)
{
	struct reader_file **link = &r->list;

	while (*link) {
		struct reader_file *f = *link;
		if (atomic_load(&f->closed)) {
			*link = f->next;
			file_free(f);
			continue;
		}
		fill(f);
		link = &f->next;
	}
}

static void wait_turn(struct reader *r)
{
	struct timespec until;

	if (!r->list) {
		pthread_cond_wait(&r->more, &r->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TURN_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&r->more, &r->lock, &until);
}

static void *run(void *arg)
{
	struct reader *r = arg;

	for (;;) {
		pthread_mutex_lock(&r->lock);
		if (!r->added && !r->quit)
			wait_turn(r);
		while (r->added) {
			struct reader_file *f = r->added;
			r->added = f->next;
			f->next = r->list;
			r->list = f;
		}
		bool quit = r->quit;
		pthread_mutex_unlock(&r->lock);
		turn(r);
		if (quit)
			break;
	}
	while (r->list) {
		struct reader_file *f = r->list;
		r->list = f->next;
		file_free(f);
	}
	return NULL;
}

int reader_alloc(struct reader **rp)
{
	pthread_condattr_t attr;
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->more, &attr);
	pthread_condattr_destroy(&attr);
	int err = pthread_create(&r->thread, NULL, run, r);
	if (err) {
		free(r);
		return err;
	}
	*rp = r;
	return 0;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->quit = true;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

int reader_open(struct reader *r, struct reader_file **fp, const char *path)
{
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == EACCES || errno == ENOTDIR ? ENOENT : errno;
	struct reader_file *f = calloc(1, sizeof(*f));
	if (!f)
		return ENOMEM;
	int err = wav_probe(&f->info, fd);
	if (err) {
		free(f);
		return err;
	}
	f->fd = take_fd(fd);
	pthread_mutex_lock(&r->lock);
	f->next = r->added;
	r->added = f;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	*fp = f;
	return 0;
}

uint64_t reader_length(const struct reader_file *f)
{
	return f->info.data_bytes / f->info.frame_bytes;
}

size_t reader_take(struct reader_file *f, int16_t *pcm, size_t n)
{
	uint32_t wanted = atomic_load(&f->wanted);

	if (atomic_load(&f->answered) != wanted)
		return 0;
	if (f->taken != wanted) {
		atomic_store(&f->tail, atomic_load(&f->begin));
		f->taken = wanted;
	}
	uint64_t tail = atomic_load(&f->tail);
	uint64_t have = atomic_load(&f->head) - tail;
	if (n > have)
		n = (size_t)have;
	for (size_t i = 0; i < n; i++)
		pcm[i] = f->ring[(tail + i) % RING];
	atomic_store(&f->tail, tail + n);
	return n;
}

void reader_seek(struct reader_file *f, uint64_t sample)
{
	atomic_store(&f->goal, sample);
	atomic_fetch_add(&f->wanted, 1);
}

void reader_close(struct reader_file *f)
{
	if (f)
		atomic_store(&f->closed, true);
}
