/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/relay.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <rem.h>

#include "common/cal.h"
#include "common/scope.h"

#define RTP_BYTES     12
#define PACKET_MAX    1500
#define PT_PCMU	      0
#define PT_PCMA	      8
#define TICK_MS	      20
#define MIC_GONE_US   60000 /* no microphone for so long: silence goes out */
#define LATE_MS	      60
#define WINDOW_US     5000000
#define JUMP	      150 /* a step of so many packets is a new stream */
#define RING_ON_TICKS 50  /* GF 002-9002.3: 450 Hz, 1 s on, 4 s off */
#define RING_TICKS    250

/* ---- frames out of a stream ---- */

static bool fits(const uint8_t *p, size_t len)
{
	size_t n = (size_t)p[0] << 8 | p[1];

	return n >= RTP_BYTES && n <= PACKET_MAX &&
	       (len < 3 || (p[2] & 0xc0) == 0x80);
}

/* While lost a place counts only if another frame follows it. */
static bool fits_twice(const uint8_t *p, size_t len, bool *more)
{
	size_t n = (size_t)p[0] << 8 | p[1];

	*more = false;
	if (!fits(p, len))
		return false;
	if (len < 2 + n + 3) {
		*more = true;
		return false;
	}
	return fits(p + 2 + n, len - 2 - n);
}

/* Returns bytes used up. */
static size_t cut(struct relay_split *sp, relay_packet_h *h, void *arg)
{
	size_t at = 0;

	while (sp->used - at >= 3) {
		const uint8_t *p = sp->buf + at;
		size_t left = sp->used - at;
		bool more = false;
		if (sp->lost && !fits_twice(p, left, &more)) {
			if (more)
				break;
			at++;
			sp->skipped++;
			continue;
		}
		if (!fits(p, left)) {
			sp->lost = true;
			continue;
		}
		sp->lost = false;
		size_t n = (size_t)p[0] << 8 | p[1];
		if (left < 2 + n)
			break;
		h(p + 2, n, arg);
		at += 2 + n;
	}
	return at;
}

void relay_split_feed(struct relay_split *sp, const uint8_t *data, size_t len,
		      relay_packet_h *h, void *arg)
{
	while (len) {
		size_t n = sizeof(sp->buf) - sp->used;
		if (n > len)
			n = len;
		memcpy(sp->buf + sp->used, data, n);
		sp->used += n;
		data += n;
		len -= n;
		size_t at = cut(sp, h, arg);
		memmove(sp->buf, sp->buf + at, sp->used - at);
		sp->used -= at;
		if (sp->used == sizeof(sp->buf)) {
			/* two whole packets fit: it cannot be one */
			sp->lost = true;
			sp->skipped++;
			memmove(sp->buf, sp->buf + 1, --sp->used);
		}
	}
}

/* ---- figures ---- */

int relay_level_db(const uint8_t *alaw, size_t len)
{
	double sum = 0;

	for (size_t i = 0; i < len; i++) {
		double v = g711_alaw2pcm(alaw[i]);
		sum += v * v;
	}
	double rms = len ? sqrt(sum / (double)len) : 0;
	if (rms < 16)
		return -96; /* A-law's own zero is 8 */
	return (int)lround(20 * log10(rms / 32768));
}

double relay_mos(double loss_percent, double delay_ms)
{
	double id = 0.024 * delay_ms +
		    (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
	double ie = 95 * loss_percent / (loss_percent + 25.1);
	double r = 93.2 - id - ie;

	if (r < 0)
		return 1;
	if (r > 100)
		r = 100;
	return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
}

/* ---- the relay ---- */

struct relay {
	struct relay_prm prm;
	struct relay_split split;
	struct tmr tmr;
	int64_t tick_us; /* mono, next */
	bool running, muted, ringing;
	unsigned ring_tick;
	/* out */
	uint32_t ssrc, ts;
	uint16_t seq;
	bool marker;
	int64_t mic_us; /* mono, last frame of the backend */
	/* in */
	bool begun;
	uint32_t far_ssrc;
	uint16_t far_seq;
	double transit_min, transit_last;
	uint32_t play_seq;
	bool play_marker;
	/* figures */
	struct relay_figures f;
	int64_t window_us;
	uint32_t window_rx, window_lost;
};

static void play(struct relay *r, uint32_t step, const uint8_t *alaw,
		 size_t len)
{
	r->play_seq += step;
	r->prm.playh(r->play_seq, r->play_marker, alaw, len, r->prm.arg);
	r->play_marker = false;
}

static void send_frame(struct relay *r, const uint8_t *alaw, size_t len)
{
	uint8_t f[2 + RTP_BYTES + 4 * RELAY_FRAME_SAMPLES];
	size_t n = RTP_BYTES + len;

	f[0] = (uint8_t)(n >> 8);
	f[1] = (uint8_t)n;
	f[2] = 0x80;
	f[3] = (uint8_t)(PT_PCMA | (r->marker ? 0x80 : 0));
	f[4] = (uint8_t)(r->seq >> 8);
	f[5] = (uint8_t)r->seq;
	for (int i = 0; i < 4; i++) {
		f[6 + i] = (uint8_t)(r->ts >> (24 - 8 * i));
		f[10 + i] = (uint8_t)(r->ssrc >> (24 - 8 * i));
	}
	memcpy(f + 2 + RTP_BYTES, alaw, len);
	r->marker = false;
	r->seq++;
	r->ts += (uint32_t)len;
	if (r->prm.sendh(f, 2 + n, r->prm.arg))
		r->f.tx_dropped++;
	else
		r->f.tx++;
}

static void send_silence(struct relay *r)
{
	uint8_t silence[RELAY_FRAME_SAMPLES];

	memset(silence, RELAY_SILENCE, sizeof(silence));
	send_frame(r, silence, sizeof(silence));
}

static void ring_frame(struct relay *r)
{
	uint8_t frame[RELAY_FRAME_SAMPLES];
	bool on = r->ring_tick < RING_ON_TICKS;

	/* 450 Hz has nine whole periods in 20 ms */
	for (size_t i = 0; i < sizeof(frame); i++) {
		double v =
			on ? 6000 * sin(2 * M_PI * 450 * (double)i / 8000) : 0;
		frame[i] = g711_pcm2alaw((int16_t)v);
	}
	r->ring_tick = (r->ring_tick + 1) % RING_TICKS;
	play(r, 1, frame, sizeof(frame));
}

static void on_tick(void *arg)
{
	struct relay *r = arg;
	int64_t now = cal_mono_us();

	if (!r->running && !r->ringing)
		return;
	r->tick_us += TICK_MS * 1000;
	if (r->tick_us < now - 200000)
		r->tick_us = now; /* the process stood still */
	int64_t wait_us = r->tick_us - now;
	tmr_start(&r->tmr, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0,
		  on_tick, r);
	if (r->running && now - r->mic_us > MIC_GONE_US)
		send_silence(r);
	if (r->ringing)
		ring_frame(r);
}

static void tick_start(struct relay *r)
{
	if (tmr_isrunning(&r->tmr))
		return;
	r->tick_us = cal_mono_us() + TICK_MS * 1000;
	tmr_start(&r->tmr, TICK_MS, on_tick, r);
}

void relay_run(struct relay *r, bool on)
{
	if (r->running == on)
		return;
	r->running = on;
	r->marker = true;
	if (on)
		tick_start(r);
}

void relay_reset(struct relay *r)
{
	memset(&r->f, 0, sizeof(r->f));
	r->f.mic_db = r->f.far_db = -96;
	r->begun = false;
	r->window_us = cal_mono_us();
	r->window_rx = r->window_lost = 0;
}

void relay_resync(struct relay *r, bool cut)
{
	r->split.used = 0;
	r->split.lost = cut;
}

void relay_mute(struct relay *r, bool on)
{
	r->muted = on;
}

void relay_ring(struct relay *r, bool on)
{
	if (r->ringing == on)
		return;
	r->ringing = on;
	r->ring_tick = 0;
	r->play_marker = true;
	if (on)
		tick_start(r);
}

void relay_mic(struct relay *r, const uint8_t *alaw, size_t len)
{
	if (!len || len > 4 * RELAY_FRAME_SAMPLES)
		return;
	int db = relay_level_db(alaw, len);
	if (db > r->f.mic_db)
		r->f.mic_db = db;
	r->mic_us = cal_mono_us();
	if (!r->running)
		return;
	if (r->muted)
		send_silence(r);
	else
		send_frame(r, alaw, len);
}

/* ---- from the switch ---- */

static void measure(struct relay *r, uint32_t ts, int64_t now)
{
	double transit = (double)now / 1000 - (double)ts / 8;

	if (!r->begun) {
		r->transit_min = r->transit_last = transit;
		return;
	}
	double d = fabs(transit - r->transit_last);
	r->transit_last = transit;
	if (d > 10000) { /* another time base, or a wrap */
		r->transit_min = transit;
		return;
	}
	/* RFC 3550 6.4.1 */
	r->f.jitter_ms += (d - r->f.jitter_ms) / 16;
	if (transit < r->transit_min)
		r->transit_min = transit;
	if (transit - r->transit_min > LATE_MS)
		r->f.late++;
}

/* Steps since the last packet; 0: it is an old or a second one. */
static uint32_t track(struct relay *r, uint32_t ssrc, uint16_t seq)
{
	int delta = (int16_t)(seq - r->far_seq);

	if (!r->begun || ssrc != r->far_ssrc || delta > JUMP ||
	    delta < -JUMP) {
		r->begun = false;
		r->far_ssrc = ssrc;
		r->far_seq = seq;
		r->play_marker = true;
		return 1;
	}
	if (delta <= 0)
		return 0;
	r->far_seq = seq;
	r->f.lost += (uint32_t)(delta - 1);
	r->window_lost += (uint32_t)(delta - 1);
	return (uint32_t)delta;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

void relay_packet(struct relay *r, const uint8_t *rtp, size_t len)
{
	if (len < RTP_BYTES || (rtp[0] & 0xc0) != 0x80)
		return;
	size_t head = RTP_BYTES + 4U * (rtp[0] & 0x0f);
	if (rtp[0] & 0x10) {
		if (len < head + 4)
			return;
		head += 4 +
			4U * ((unsigned)rtp[head + 2] << 8 | rtp[head + 3]);
	}
	size_t pad = rtp[0] & 0x20 ? rtp[len - 1] : 0;
	uint8_t pt = rtp[1] & 0x7f;
	if ((pt != PT_PCMA && pt != PT_PCMU) || len <= head + pad)
		return;

	int64_t now = cal_mono_us();
	uint8_t frame[PACKET_MAX];
	size_t n = len - head - pad;
	if (n > sizeof(frame))
		return;
	uint32_t step =
		track(r, be32(rtp + 8), (uint16_t)(rtp[2] << 8 | rtp[3]));
	measure(r, be32(rtp + 4), now);
	r->begun = true;
	r->f.rx++;
	r->window_rx++;
	r->f.last_rx_us = now;
	if (!r->f.first_rx_us)
		r->f.first_rx_us = now;
	memcpy(frame, rtp + head, n);
	for (size_t i = 0; pt == PT_PCMU && i < n; i++)
		frame[i] = g711_pcm2alaw(g711_ulaw2pcm(frame[i]));
	int db = relay_level_db(frame, n);
	if (db > r->f.far_db)
		r->f.far_db = db;
	if (!r->ringing && step)
		play(r, step, frame, n);
}

static void on_packet(const uint8_t *rtp, size_t len, void *arg)
{
	relay_packet(arg, rtp, len);
}

void relay_feed(struct relay *r, const uint8_t *data, size_t len)
{
	relay_split_feed(&r->split, data, len, on_packet, r);
}

void relay_take_figures(struct relay *r, double rtt_ms,
			struct relay_figures *f)
{
	int64_t now = cal_mono_us();
	uint32_t all = r->window_rx + r->window_lost;

	if (all)
		r->f.loss_percent = 100.0 * r->window_lost / all;
	/* half the way there and back, the packet, and a jitter buffer */
	r->f.mos = relay_mos(r->f.loss_percent,
			     rtt_ms / 2 + 20 + 40 + 2 * r->f.jitter_ms);
	*f = r->f;
	r->f.mic_db = r->f.far_db = -96;
	if (now - r->window_us < WINDOW_US)
		return;
	r->window_us = now;
	r->window_rx = r->window_lost = 0;
}

static void destructor(void *arg)
{
	struct relay *r = arg;

	tmr_cancel(&r->tmr);
}

int relay_alloc(struct relay **rp, const struct relay_prm *prm)
{
	struct relay *r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->prm = *prm;
	r->ssrc = rand_u32();
	r->seq = rand_u16();
	r->ts = rand_u32();
	tmr_init(&r->tmr);
	relay_reset(r);
	*rp = r;
	return 0;
}
