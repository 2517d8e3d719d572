/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a voice thread, and the main loop's end of its command queue.
 */
#include "server/switch/voice.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/haste.h"
#include "common/log.h"
#include "server/switch/bridge.h"
#include "server/switch/frame.h"
#include "server/switch/play.h"
#include "server/switch/recording.h"
#include "server/switch/rtcp.h"
#include "server/switch/rtp.h"

#define COMMANDS    4096
#define WAITING_MAX 4096
#define RETRY_MS    5
#define TICK_NS	    20000000
#define CATCH_UP    5 /* ticks made up for after a stall */
#define EVENTS	    256

/* ---- events ---- */

void voice_event(struct stream *s, struct media_event *ev)
{
	str_ncpy(ev->leg, s->id, sizeof(ev->leg));
	str_ncpy(ev->contact, s->contact, sizeof(ev->contact));
	outbox_put(&s->voice->outbox, ev);
}

static void play_over(struct stream *s, struct play *p,
		      enum media_play_end reason, int error)
{
	struct media_event ev = {
		.kind = MEDIA_PLAYED,
		.reason = reason,
		.error = error,
		.ms = play_position_ms(p),
	};
	str_ncpy(ev.id, p->id, sizeof(ev.id));
	play_free(p);
	voice_event(s, &ev);
}

static void next_over(struct stream *s, enum media_play_end reason)
{
	struct play *p = s->next;

	s->next = NULL;
	if (p)
		play_over(s, p, reason, 0);
}

void voice_play_end(struct stream *s, enum media_play_end reason, int error)
{
	struct play *p = s->play;

	if (!p)
		return;
	if (reason == PLAY_LEG_ENDED)
		next_over(s, reason);
	s->play = s->next;
	s->next = NULL;
	play_over(s, p, reason, error);
	bridge_update(s);
}

void voice_play_joined(struct stream *s)
{
	next_over(s, PLAY_JOINED);
	if (s->play && !s->play->must_end)
		voice_play_end(s, PLAY_JOINED, 0);
}

/* ---- descriptors ---- */

static int watch(struct voice *v, struct voice_fd *fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = fd};

	if (fd->fd < 0)
		return 0;
	return epoll_ctl(v->epoll, EPOLL_CTL_ADD, fd->fd, &ev) ? errno : 0;
}

static void unwatch(struct voice *v, struct voice_fd *fd)
{
	if (fd->fd >= 0)
		epoll_ctl(v->epoll, EPOLL_CTL_DEL, fd->fd, NULL);
}

static void let_channel_go(struct voice *v, struct stream *s)
{
	/* closing would not take it out: sshd shares the description */
	unwatch(v, &s->channel);
	s->channel.fd = -1;
	s->channel_out = -1;
}

static void serve(struct voice *v, struct voice_fd *fd)
{
	switch (fd->kind) {
	case VOICE_RTP:
		rtp_stream_readable(v, fd->stream);
		return;
	case VOICE_RTCP:
		rtcp_readable(v, fd->stream);
		return;
	case VOICE_CHANNEL:
		if (!frame_readable(v, fd->stream))
			let_channel_go(v, fd->stream);
		return;
	}
}

/* ---- streams ---- */

void voice_stream_free(struct stream *s)
{
	if (s->rtp.fd >= 0)
		close(s->rtp.fd);
	if (s->rtcp.fd >= 0)
		close(s->rtcp.fd);
	mem_deref(s->srtp_rx);
	mem_deref(s->srtp_tx);
	play_free(s->play);
	play_free(s->next);
	free(s);
}

static int stream_add(struct voice *v, struct stream *s)
{
	if (v->n_streams == v->max_streams) {
		size_t n = v->max_streams ? 2 * v->max_streams : 64;
		struct stream **more = realloc(v->streams, n * sizeof(*more));
		if (!more)
			return ENOMEM;
		v->streams = more;
		v->max_streams = n;
	}
	s->voice = v;
	s->index = v->n_streams;
	v->streams[v->n_streams++] = s;
	int err = watch(v, &s->rtp);
	if (!err)
		err = watch(v, &s->rtcp);
	if (!err)
		err = watch(v, &s->channel);
	bridge_update(s);
	return err;
}

static void stream_leave(struct voice *v, struct stream *s)
{
	bridge_leave(s);
	unwatch(v, &s->rtp);
	unwatch(v, &s->rtcp);
	unwatch(v, &s->channel);
	v->streams[s->index] = v->streams[--v->n_streams];
	v->streams[s->index]->index = s->index;
}

static void record_end(struct stream *s)
{
	if (s->recording)
		recording_end(s->recording, s->voice->now_us);
	s->recording = NULL;
}

static void stream_end(struct voice *v, struct stream *s)
{
	voice_play_end(s, PLAY_LEG_ENDED, 0);
	record_end(s);
	stream_leave(v, s);
	voice_stream_free(s);
}

/* ---- commands ---- */

static void start(struct stream *s, struct command *c)
{
	const struct media_format *f = &c->format;
	bool moved = !sa_cmp(&s->remote, &f->remote, SA_ALL);

	if (!c->same_keys) {
		mem_deref(s->srtp_rx);
		mem_deref(s->srtp_tx);
		s->srtp_rx = c->srtp_rx;
		s->srtp_tx = c->srtp_tx;
	}
	s->pt = f->pt;
	s->dtmf_pt = f->dtmf_pt;
	s->remote = f->remote;
	s->send = f->send;
	s->receive = f->receive;
	if (!s->started || moved)
		rtp_stream_restart(s);
	s->in.last_us = s->voice->now_us;
	s->started = true;
	bridge_update(s);
}

static void channel(struct voice *v, struct stream *s, const struct command *c)
{
	let_channel_go(v, s);
	frame_reset(&s->frame, c->resync);
	s->out.talking = false; /* what comes next follows a gap */
	if (c->in < 0)
		return;
	s->channel.fd = c->in;
	s->channel_out = c->out;
	int err = watch(v, &s->channel);
	if (err)
		log_warn("leg %s: voice channel: %s", s->id, strerror(err));
}

static void play(struct stream *s, struct play *p)
{
	next_over(s, PLAY_STOPPED);
	if (s->play && s->play->must_end && !p->must_end) {
		s->next = p;
		return;
	}
	voice_play_end(s, PLAY_STOPPED, 0);
	s->play = p;
	bridge_update(s);
}

static bool plays(const struct stream *s, const char *id)
{
	return s->play && !strcmp(s->play->id, id);
}

static void seek(struct stream *s, const struct command *c)
{
	if (!plays(s, c->text))
		return;
	play_seek(s->play, c->position_ms);
	s->play->paused = c->paused;
}

static void record_start(struct stream *s, struct recording *r)
{
	record_end(s);
	s->recording = r;
	recording_tick(r, s->voice->now_us);
}

static void carry_out(struct voice *v, struct command *c)
{
	struct stream *s = c->stream;
	int err;

	switch (c->kind) {
	case COMMAND_ADD:
		err = stream_add(v, s);
		if (err)
			log_error("leg %s: %s", s->id, strerror(err));
		break;
	case COMMAND_LEAVE:
		stream_leave(v, s);
		break;
	case COMMAND_END:
		stream_end(v, s);
		break;
	case COMMAND_START:
		start(s, c);
		break;
	case COMMAND_CHANNEL:
		channel(v, s, c);
		break;
	case COMMAND_DIGITS:
		dtmf_add(&s->dial, c->text);
		break;
	case COMMAND_BRIDGE:
		bridge_set(c->bridge, c->members, c->n_members);
		if (!c->n_members)
			free(c->bridge);
		break;
	case COMMAND_PLAY:
		play(s, c->play);
		break;
	case COMMAND_SEEK:
		seek(s, c);
		break;
	case COMMAND_STOP:
		if (plays(s, c->text))
			voice_play_end(s, PLAY_STOPPED, 0);
		else if (s->next && !strcmp(s->next->id, c->text))
			next_over(s, PLAY_STOPPED);
		break;
	case COMMAND_RECORD:
		record_start(s, c->recording);
		break;
	case COMMAND_RECORD_STOP:
		if (s->recording && !strcmp(s->recording->id, c->text))
			record_end(s);
		break;
	}
}

static void on_commands(struct voice *v)
{
	struct command *c;
	uint64_t rings;

	if (read(v->bell, &rings, sizeof(rings)) < 0 && errno != EAGAIN)
		log_warn("voice: bell: %s", strerror(errno));
	while (queue_pop(&v->commands, &c)) {
		sem_t *done = c->done;
		carry_out(v, c);
		free(c);
		if (done)
			sem_post(done);
	}
}

/* ---- the thread ---- */

static void on_tick(struct voice *v)
{
	uint64_t ticks;

	if (read(v->clock, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	if (ticks > CATCH_UP)
		ticks = CATCH_UP;
	for (; ticks; ticks--)
		bridge_tick(v);
	for (size_t i = 0; i < v->n_streams; i++) {
		struct stream *s = v->streams[i];
		rtp_stream_check(s);
		rtcp_tick(s);
		if (s->recording)
			recording_tick(s->recording, v->now_us);
	}
}

static void turn(struct voice *v)
{
	struct epoll_event events[EVENTS];
	bool commands = false;

	int n = epoll_wait(v->epoll, events, EVENTS, -1);
	v->now_us = cal_mono_us();
	v->turns++;
	for (int i = 0; i < n; i++) {
		void *p = events[i].data.ptr;
		if (p == &v->bell)
			commands = true;
		else if (p == &v->clock)
			on_tick(v);
		else
			serve(v, p);
	}
	if (commands)
		on_commands(v);
}

static void *run(void *arg)
{
	struct voice *v = arg;
	sigset_t all;

	haste_first();
	/* signals are the main loop's; a pipe without a reader is no news */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (!atomic_load_explicit(&v->quit, memory_order_acquire))
		turn(v);
	on_commands(v);
	while (v->n_streams)
		stream_end(v, v->streams[v->n_streams - 1]);
	return NULL;
}

/* ---- the main loop's end ---- */

static void ring(struct voice *v)
{
	uint64_t one = 1;

	if (write(v->bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_warn("voice: bell: %s", strerror(errno));
}

static void push_waiting(struct voice *v)
{
	struct le *le;

	while ((le = v->waiting.head)) {
		struct command *c = le->data;
		if (!queue_push(&v->commands, &c))
			break;
		list_unlink(le);
		v->n_waiting--;
	}
	ring(v);
}

static void on_retry(void *arg)
{
	struct voice *v = arg;

	push_waiting(v);
	if (v->n_waiting)
		tmr_start(&v->retry, RETRY_MS, on_retry, v);
}

int voice_push(struct voice *v, struct command *c)
{
	if (!v->n_waiting && queue_push(&v->commands, &c)) {
		ring(v);
		return 0;
	}
	bool must = c->kind == COMMAND_END || c->kind == COMMAND_LEAVE;
	if (v->n_waiting >= WAITING_MAX && !must)
		return EAGAIN;
	list_append(&v->waiting, &c->le, c);
	v->n_waiting++;
	tmr_start(&v->retry, RETRY_MS, on_retry, v);
	return 0;
}

int voice_call(struct voice *v, struct command *c)
{
	sem_t done;

	sem_init(&done, 0, 0);
	c->done = &done;
	int err = voice_push(v, c);
	while (!err) {
		struct timespec until;
		if (v->n_waiting)
			push_waiting(v);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += 1;
		if (!sem_clockwait(&done, CLOCK_MONOTONIC, &until))
			break;
	}
	sem_destroy(&done);
	return err;
}

static int set_up(struct voice *v)
{
	struct epoll_event ev = {.events = EPOLLIN};
	const struct itimerspec tick = {
		.it_interval.tv_nsec = TICK_NS,
		.it_value.tv_nsec = TICK_NS,
	};

	v->tx = calloc(VOICE_BATCH, sizeof(*v->tx));
	v->rx = calloc(VOICE_BATCH, sizeof(*v->rx));
	if (!v->tx || !v->rx)
		return ENOMEM;
	for (int i = 0; i < VOICE_BATCH; i++) {
		v->rxiov[i] = (struct iovec){v->rx[i], VOICE_PACKET - 128};
		v->rxv[i].msg_hdr = (struct msghdr){
			.msg_name = &v->rxfrom[i],
			.msg_iov = &v->rxiov[i],
			.msg_iovlen = 1,
		};
	}
	v->epoll = epoll_create1(EPOLL_CLOEXEC);
	v->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	v->clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (v->epoll < 0 || v->bell < 0 || v->clock < 0)
		return errno;
	ev.data.ptr = &v->bell;
	if (epoll_ctl(v->epoll, EPOLL_CTL_ADD, v->bell, &ev))
		return errno;
	ev.data.ptr = &v->clock;
	if (epoll_ctl(v->epoll, EPOLL_CTL_ADD, v->clock, &ev))
		return errno;
	return timerfd_settime(v->clock, 0, &tick, NULL) ? errno : 0;
}

static void on_voice_end(void *arg)
{
	struct voice *v = arg;

	voice_stop(v);
	tmr_cancel(&v->retry);
	if (v->epoll >= 0)
		close(v->epoll);
	if (v->bell >= 0)
		close(v->bell);
	if (v->clock >= 0)
		close(v->clock);
	queue_release(&v->commands);
	outbox_release(&v->outbox);
	free(v->streams);
	free(v->tx);
	free(v->rx);
}

int voice_alloc(struct voice **vp, struct mqueue *bell)
{
	struct voice *v = mem_zalloc(sizeof(*v), on_voice_end);
	if (!v)
		return ENOMEM;
	v->epoll = v->bell = v->clock = -1;
	tmr_init(&v->retry);
	int err = queue_init(&v->commands, sizeof(struct command *), COMMANDS);
	if (!err)
		err = outbox_init(&v->outbox, bell);
	if (!err)
		err = set_up(v);
	if (!err)
		err = pthread_create(&v->thread, NULL, run, v);
	if (err) {
		mem_deref(v);
		return err;
	}
	v->running = true;
	*vp = v;
	return 0;
}

void voice_stop(struct voice *v)
{
	if (!v->running)
		return;
	while (v->n_waiting)
		push_waiting(v);
	atomic_store_explicit(&v->quit, true, memory_order_release);
	ring(v);
	pthread_join(v->thread, NULL);
	v->running = false;
}
