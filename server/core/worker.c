/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/libre.h"
#include "common/scope.h"

#define THREADS_MAX	   64
#define THREAD_STACK_BYTES (1u << 20)

struct job {
	struct le le;
	worker_job_h *jobh;
	worker_done_h *doneh;
	void *arg;
	int err;
};

struct hand {
	struct worker *worker;
	struct db *db;
	pthread_t thread;
	bool running;
};

struct worker {
	struct hand hands[THREADS_MAX];
	struct mqueue *wake;
	size_t queue_max;

	pthread_mutex_t lock;
	pthread_cond_t work;
	struct list waiting; /* struct job */
	struct list done;
	size_t queued;
	bool woken;
	bool stop;
};

static void *worker_thread(void *arg)
{
	struct hand *hand = arg;
	struct worker *w = hand->worker;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (list_isempty(&w->waiting) && !w->stop)
			pthread_cond_wait(&w->work, &w->lock);
		if (w->stop)
			break;
		struct job *job = list_head(&w->waiting)->data;
		list_unlink(&job->le);
		w->queued--;
		pthread_mutex_unlock(&w->lock);

		job->err = job->jobh(hand->db, job->arg);

		pthread_mutex_lock(&w->lock);
		list_append(&w->done, &job->le, job);
		if (!w->woken) {
			w->woken = true;
			mqueue_push(w->wake, 0, NULL);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void deliver(struct worker *w)
{
	for (;;) {
		pthread_mutex_lock(&w->lock);
		struct le *le = list_head(&w->done);
		if (le)
			list_unlink(le);
		pthread_mutex_unlock(&w->lock);
		if (!le)
			return;
		scoped_mem struct job *job = le->data;
		job->doneh(job->err, job->arg);
	}
}

static void on_wake(int id, void *data, void *arg)
{
	struct worker *w = mem_ref(arg);

	pthread_mutex_lock(&w->lock);
	w->woken = false;
	pthread_mutex_unlock(&w->lock);
	deliver(w);
	mem_deref(w);
}

int worker_submit(struct worker *worker, worker_job_h *jobh,
		  worker_done_h *doneh, void *arg)
{
	struct job *job = mem_zalloc(sizeof(*job), NULL);
	if (!job)
		return ENOMEM;
	job->jobh = jobh;
	job->doneh = doneh;
	job->arg = arg;

	pthread_mutex_lock(&worker->lock);
	bool full = worker->queued >= worker->queue_max || worker->stop;
	if (!full) {
		list_append(&worker->waiting, &job->le, job);
		worker->queued++;
		pthread_cond_signal(&worker->work);
	}
	pthread_mutex_unlock(&worker->lock);
	if (full)
		mem_deref(job);
	return full ? EAGAIN : 0;
}

size_t worker_queued(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	size_t n = worker->queued;
	pthread_mutex_unlock(&worker->lock);
	return n;
}

static void destructor(void *arg)
{
	struct worker *w = arg;
	struct le *le;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < THREADS_MAX; i++) {
		if (w->hands[i].running)
			pthread_join(w->hands[i].thread, NULL);
		mem_deref(w->hands[i].db);
	}
	while ((le = list_head(&w->waiting))) {
		struct job *job = le->data;
		job->err = ECANCELED;
		list_unlink(&job->le);
		list_append(&w->done, &job->le, job);
	}
	deliver(w);
	mem_deref(w->wake);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
}

static int hand_start(struct hand *hand, struct worker *w, const char *path)
{
	pthread_attr_t attr;

	hand->worker = w;
	int err = db_open(&hand->db, path, DB_READ, NULL);
	if (err)
		return err;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	err = pthread_create(&hand->thread, &attr, worker_thread, hand);
	pthread_attr_destroy(&attr);
	hand->running = !err;
	return err;
}

int worker_alloc(struct worker **wp, const char *path, unsigned n,
		 size_t queue_max)
{
	if (!n || n > THREADS_MAX)
		return EINVAL;
	scoped_mem struct worker *w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	w->queue_max = queue_max;
	int err = mqueue_alloc(&w->wake, on_wake, w);
	for (unsigned i = 0; i < n && !err; i++)
		err = hand_start(&w->hands[i], w, path);
	if (err)
		return err;
	*wp = take(w);
	return 0;
}
