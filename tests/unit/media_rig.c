/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phones and loop for the tests of the media engine.
 */
#include "tests/unit/media_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <rem.h>

#include "common/cal.h"
#include "server/switch/wav.h"

#define PEAK 8000

/* ---- rig ---- */

static void on_event(const struct media_event *ev, void *arg)
{
	struct rig *r = arg;

	if (r->n_events < RIG_EVENTS)
		r->events[r->n_events++] = *ev;
}

void rig_open_in(struct rig *r, unsigned threads, const char *dir)
{
	memset(r, 0, sizeof(*r));
	str_ncpy(r->dir, dir, sizeof(r->dir));
	snprintf(r->prompts, sizeof(r->prompts), "%s/prompts", r->dir);
	snprintf(r->rec, sizeof(r->rec), "%s/rec", r->dir);
	snprintf(r->spill, sizeof(r->spill), "%s/spill", r->dir);
	mkdir(r->prompts, 0700);
	mkdir(r->rec, 0700);
	mkdir(r->spill, 0700);
	assert_int_equal(libre_init(), 0);
	const struct media_prm prm = {
		.threads = threads,
		.address = "127.0.0.1",
		.silent_ms = 400,
		.prompts_dir = r->prompts,
		.recordings_dir = r->rec,
		.spill_dir = r->spill,
		.eventh = on_event,
		.arg = r,
	};
	assert_int_equal(media_alloc(&r->m, &prm), 0);
}

void rig_open(struct rig *r, unsigned threads)
{
	char dir[] = "/tmp/zuoxi-media-XXXXXX";

	assert_non_null(mkdtemp(dir));
	rig_open_in(r, threads, dir);
}

void rig_close_keep(struct rig *r)
{
	media_close(r->m);
	r->m = NULL;
	libre_close();
}

void rig_close(struct rig *r)
{
	rig_close_keep(r);
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", r->dir, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

struct wait {
	struct tmr tmr;
	rig_cond_h *cond;
	void *arg;
	int64_t until_us;
	bool met;
};

static void on_poll(void *arg)
{
	struct wait *w = arg;

	w->met = w->cond && w->cond(w->arg);
	if (w->met || cal_mono_us() >= w->until_us) {
		re_cancel();
		return;
	}
	tmr_start(&w->tmr, 2, on_poll, w);
}

static bool run_until(rig_cond_h *cond, void *arg, int ms)
{
	struct wait w = {.cond = cond, .arg = arg};

	w.until_us = cal_mono_us() + ms * 1000LL;
	tmr_init(&w.tmr);
	tmr_start(&w.tmr, 0, on_poll, &w);
	re_main(NULL);
	tmr_cancel(&w.tmr);
	return w.met;
}

void rig_until_(rig_cond_h *cond, void *arg, int ms, const char *what,
		int line)
{
	if (!run_until(cond, arg, ms))
		fail_msg("line %d: not within %d ms: %s", line, ms, what);
}

void rig_run(int ms)
{
	run_until(NULL, NULL, ms);
}

const struct media_event *rig_event(const struct rig *r,
				    enum media_event_kind kind, size_t n)
{
	for (size_t i = 0; i < r->n_events; i++)
		if (r->events[i].kind == kind && n-- == 0)
			return &r->events[i];
	return NULL;
}

struct awaited {
	struct rig *r;
	enum media_event_kind kind;
	size_t n;
};

static bool has_come(void *arg)
{
	const struct awaited *a = arg;

	return rig_event(a->r, a->kind, a->n);
}

const struct media_event *rig_wait(struct rig *r, enum media_event_kind kind,
				   size_t n)
{
	struct awaited a = {r, kind, n};

	if (!run_until(has_come, &a, 5000))
		fail_msg("event %d (%zu) did not come", kind, n);
	return rig_event(r, kind, n);
}

/* ---- phones ---- */

static void send_packet(struct phone *p, const uint8_t *buf, size_t len)
{
	uint8_t frame[2 + 400];
	struct mbuf mb = {.buf = frame + 2, .size = 400, .end = len};

	memcpy(frame + 2, buf, len);
	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	p->sent++;
	if (p->by_pipe && write(p->out, frame, len + 2) < 0)
		return;
	if (!p->by_udp || (p->srtp_tx && srtp_encrypt(p->srtp_tx, &mb)))
		return;
	sendto(p->fd, frame + 2, mb.end, 0, &p->to.u.sa, p->to.len);
}

static void put_header(uint8_t *buf, const struct phone_packet *h)
{
	buf[0] = 0x80;
	buf[1] = (uint8_t)((h->marker ? 0x80 : 0) | h->pt);
	buf[2] = (uint8_t)(h->seq >> 8);
	buf[3] = (uint8_t)h->seq;
	for (int i = 0; i < 4; i++) {
		buf[4 + i] = (uint8_t)(h->ts >> (24 - 8 * i));
		buf[8 + i] = (uint8_t)(h->ssrc >> (24 - 8 * i));
	}
}

static void send_voice(struct phone *p)
{
	uint8_t buf[12 + 160];
	const struct phone_packet h = {
		.pt = p->pt,
		.seq = p->seq++,
		.ts = p->ts,
		.ssrc = p->ssrc,
		.marker = p->sent == 0,
	};

	put_header(buf, &h);
	for (int i = 0; i < 160; i++, p->phase++) {
		int16_t v = (int16_t)(PEAK * sin(2 * M_PI * p->hz *
						 (double)p->phase / 8000));
		buf[12 + i] = p->pt ? g711_pcm2alaw(v) : g711_pcm2ulaw(v);
	}
	p->ts += 160;
	send_packet(p, buf, sizeof(buf));
}

void phone_event(struct phone *p, int event, bool end, uint16_t duration,
		 bool marker, uint32_t ts)
{
	uint8_t buf[16];
	const struct phone_packet h = {
		.pt = p->dtmf_pt,
		.seq = p->seq++,
		.ts = ts,
		.ssrc = p->ssrc,
		.marker = marker,
	};

	put_header(buf, &h);
	buf[12] = (uint8_t)event;
	buf[13] = (uint8_t)(end ? 0x8a : 0x0a);
	buf[14] = (uint8_t)(duration >> 8);
	buf[15] = (uint8_t)duration;
	send_packet(p, buf, sizeof(buf));
}

static void on_phone(void *arg)
{
	struct phone *p = arg;
	uint64_t now = (uint64_t)cal_mono_us();

	if (!p->due_us)
		p->due_us = now;
	while (p->due_us <= now) {
		if (p->sends)
			send_voice(p);
		else
			p->ts += 160;
		p->due_us += 20000;
	}
	tmr_start(&p->tmr, (p->due_us - now) / 1000 + 1, on_phone, p);
}

static void heard(struct phone *p, uint8_t *buf, size_t len, bool udp)
{
	struct mbuf mb = {.buf = buf, .size = len, .end = len};

	*(udp ? &p->n_udp : &p->n_pipe) += 1;
	if (p->srtp_rx && udp) {
		if (srtp_decrypt(p->srtp_rx, &mb)) {
			p->srtp_bad++;
			return;
		}
		len = mb.end;
	}
	if (len < 12 || p->n_packets == ARRAY_SIZE(p->packets))
		return;
	struct phone_packet *h = &p->packets[p->n_packets++];
	h->marker = buf[1] & 0x80;
	h->pt = buf[1] & 0x7f;
	h->seq = (uint16_t)(buf[2] << 8 | buf[3]);
	h->ts = (uint32_t)buf[4] << 24 | (uint32_t)buf[5] << 16 |
		(uint32_t)buf[6] << 8 | buf[7];
	h->ssrc = (uint32_t)buf[8] << 24 | (uint32_t)buf[9] << 16 |
		  (uint32_t)buf[10] << 8 | buf[11];
	h->n = len - 12;
	if (h->pt != 0 && h->pt != 8)
		return;
	for (size_t i = 12; i < len && p->n < RIG_SAMPLES; i++)
		p->pcm[p->n++] =
			h->pt ? g711_alaw2pcm(buf[i]) : g711_ulaw2pcm(buf[i]);
}

static void on_socket(int flags, void *arg)
{
	struct phone *p = arg;
	uint8_t buf[2000];
	ssize_t n;

	while ((n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		heard(p, buf, (size_t)n, true);
}

static void on_pipe(int flags, void *arg)
{
	struct phone *p = arg;
	ssize_t n = read(p->in, p->frames + p->n_frames,
			 sizeof(p->frames) - p->n_frames);

	if (n <= 0)
		return;
	p->n_frames += (size_t)n;
	size_t at = 0;
	while (at + 2 <= p->n_frames) {
		size_t len = (size_t)(p->frames[at] << 8 | p->frames[at + 1]);
		if (at + 2 + len > p->n_frames)
			break;
		heard(p, p->frames + at + 2, len, false);
		at += 2 + len;
	}
	p->n_frames -= at;
	memmove(p->frames, p->frames + at, p->n_frames);
}

static void phone_init(struct phone *p, int hz, uint8_t pt)
{
	memset(p, 0, sizeof(*p));
	p->fd = p->rtcp_fd = p->in = p->out = p->leg_in = p->leg_out = -1;
	p->hz = hz;
	p->pt = pt;
	p->dtmf_pt = 101;
	p->seq = rand_u16();
	p->ts = rand_u32();
	p->ssrc = rand_u32();
	p->sends = true;
	p->pcm = calloc(RIG_SAMPLES, sizeof(*p->pcm));
	tmr_init(&p->tmr);
}

static void open_udp(struct phone *p, struct rig *r, const char *leg,
		     enum media_transport transport)
{
	struct sa self;
	const struct media_leg_prm lp = {
		.leg = leg, .contact = "c1", .transport = transport};

	p->by_udp = true;
	assert_int_equal(media_leg_alloc(&p->leg, r->m, &lp), 0);
	sa_set_str(&p->to, "127.0.0.1", media_leg_port(p->leg));
	p->fd = socket(AF_INET, SOCK_DGRAM, 0);
	sa_set_str(&self, "127.0.0.1", 0);
	assert_int_equal(bind(p->fd, &self.u.sa, self.len), 0);
	assert_int_equal(fd_listen(p->fd, FD_READ, on_socket, p), 0);
}

static void start(struct phone *p, const uint8_t *key_rx,
		  const uint8_t *key_tx)
{
	struct media_format f = {
		.pt = p->pt,
		.dtmf_pt = p->dtmf_pt,
		.send = true,
		.receive = true,
		.srtp_rx = key_rx,
		.srtp_tx = key_tx,
	};

	/* what SDP says is wrong on purpose: symmetric RTP has to mend it */
	sa_set_str(&f.remote, "127.0.0.1", 9);
	assert_int_equal(media_leg_start(p->leg, &f), 0);
	on_phone(p);
}

void phone_open(struct phone *p, struct rig *r, const char *leg, int hz,
		uint8_t pt)
{
	phone_init(p, hz, pt);
	open_udp(p, r, leg, MEDIA_UDP);
	start(p, NULL, NULL);
}

static void start_keyed(struct phone *p, const uint8_t *key_rx,
			const uint8_t *key_tx)
{
	assert_int_equal(srtp_alloc(&p->srtp_tx, SRTP_AES_CM_128_HMAC_SHA1_80,
				    key_rx, 30, 0),
			 0);
	assert_int_equal(srtp_alloc(&p->srtp_rx, SRTP_AES_CM_128_HMAC_SHA1_80,
				    key_tx, 30, 0),
			 0);
	start(p, key_rx, key_tx);
}

void phone_open_keyed(struct phone *p, struct rig *r, const char *leg, int hz,
		      const uint8_t *key_rx, const uint8_t *key_tx)
{
	phone_init(p, hz, 8);
	open_udp(p, r, leg, MEDIA_UDP);
	start_keyed(p, key_rx, key_tx);
}

static void open_pipes(struct phone *p)
{
	int up[2], down[2];

	assert_int_equal(pipe2(up, O_NONBLOCK), 0);
	assert_int_equal(pipe2(down, O_NONBLOCK), 0);
	p->by_pipe = true;
	p->out = up[1];
	p->leg_in = up[0];
	p->in = down[0];
	p->leg_out = down[1];
	assert_int_equal(fd_listen(p->in, FD_READ, on_pipe, p), 0);
	assert_int_equal(
		media_leg_channel(p->leg, p->leg_in, p->leg_out, false), 0);
}

void phone_open_both(struct phone *p, struct rig *r, const char *leg, int hz)
{
	uint8_t rx[30], tx[30];

	rand_bytes(rx, sizeof(rx));
	rand_bytes(tx, sizeof(tx));
	phone_init(p, hz, 8);
	open_udp(p, r, leg, MEDIA_BOTH);
	open_pipes(p);
	start_keyed(p, rx, tx);
}
void phone_open_channel(struct phone *p, struct rig *r, const char *leg,
			int hz)
{
	const struct media_leg_prm lp = {
		.leg = leg, .contact = "c1", .transport = MEDIA_CHANNEL};

	phone_init(p, hz, 8);
	assert_int_equal(media_leg_alloc(&p->leg, r->m, &lp), 0);
	open_pipes(p);
	start(p, NULL, NULL);
}

void phone_close(struct phone *p)
{
	const int fds[] = {p->fd, p->in, p->out, p->leg_in, p->leg_out};

	tmr_cancel(&p->tmr);
	if (p->leg && p->leg_in >= 0)
		media_leg_channel(p->leg, -1, -1, false);
	p->leg = mem_deref(p->leg);
	if (p->fd >= 0)
		fd_close(p->fd);
	if (p->in >= 0)
		fd_close(p->in);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	mem_deref(p->srtp_tx);
	mem_deref(p->srtp_rx);
	free(p->pcm);
	p->pcm = NULL;
}

void phone_forget(struct phone *p)
{
	p->n = 0;
}

double tone_in(const int16_t *pcm, size_t n, int hz)
{
	double re = 0, im = 0;

	for (size_t i = 0; i < n; i++) {
		re += pcm[i] * cos(2 * M_PI * hz * (double)i / 8000);
		im += pcm[i] * sin(2 * M_PI * hz * (double)i / 8000);
	}
	return n ? 2 * sqrt(re * re + im * im) / (double)n / PEAK : 0;
}

double phone_hears(const struct phone *p, int hz, size_t n)
{
	if (p->n < n)
		return 0;
	return tone_in(p->pcm + p->n - n, n, hz);
}

void rig_bridge(struct rig *r, const char *bridge, struct phone *a,
		struct phone *b)
{
	const struct media_member two[] = {
		{.leg = a->leg, .role = ROLE_TALK},
		{.leg = b->leg, .role = ROLE_TALK},
	};

	assert_int_equal(media_bridge_set(r->m, bridge, "c1", two, 2), 0);
}

/* ---- files ---- */

void rig_prompt(struct rig *r, const char *name, int hz, int ms)
{
	char path[160];
	uint32_t n = (uint32_t)ms * 8;
	uint8_t head[44] = "RIFF....WAVEfmt ";

	snprintf(path, sizeof(path), "%s/%s", r->prompts, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	const uint32_t words[] = {16, 1 | 1 << 16, 8000, 16000, 2 | 16 << 16};
	memcpy(head + 16, words, sizeof(words));
	memcpy(head + 36, "data", 4);
	const uint32_t size = n * 2, riff = 36 + n * 2;
	memcpy(head + 40, &size, 4);
	memcpy(head + 4, &riff, 4);
	fwrite(head, 1, sizeof(head), f);
	for (uint32_t i = 0; i < n; i++) {
		int16_t v = (int16_t)(PEAK * sin(2 * M_PI * hz * i / 8000.0));
		fwrite(&v, 2, 1, f);
	}
	fclose(f);
}

void rig_load(struct rig_sound *s, const char *path)
{
	struct wav_info info;
	int fd = open(path, O_RDONLY);

	memset(s, 0, sizeof(*s));
	assert_true(fd >= 0);
	assert_int_equal(wav_probe(&info, fd), 0);
	assert_int_equal(info.format, WAV_ALAW);
	assert_int_equal(info.channels, 2);
	s->n = (size_t)info.data_bytes / 2;
	uint8_t *raw = malloc(info.data_bytes + 1);
	assert_true(pread(fd, raw, info.data_bytes, (off_t)info.data_at) ==
		    (ssize_t)info.data_bytes);
	close(fd);
	for (size_t c = 0; c < 2; c++) {
		s->pcm[c] = malloc(s->n * 2 + 2);
		for (size_t i = 0; i < s->n; i++)
			s->pcm[c][i] = g711_alaw2pcm(raw[2 * i + c]);
	}
	free(raw);
}

void rig_unload(struct rig_sound *s)
{
	free(s->pcm[0]);
	free(s->pcm[1]);
}
