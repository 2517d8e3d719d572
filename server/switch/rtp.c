/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet path. No locks, no allocation: receive buffers and send slots
 * belong to the thread. A packet that comes in is checked, counted, and then
 * goes three ways as the bridge says: untouched to those who hear this
 * stream alone, decoded into the jitter buffer when somebody mixes it, and
 * into the recordings of both.
 */
#include "server/switch/rtp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/switch/bridge.h"
#include "server/switch/frame.h"
#include "server/switch/play.h"
#include "server/switch/recording.h"
#include "server/switch/rtcp.h"

#define HEADER	    12
#define PT_CN	    13	   /* comfort noise, RFC 3389 */
#define LATCH_US    500000 /* a source that was quiet so long may move */
#define PATH_US	    400000 /* a way that was quiet so long is none */
#define SEQ_JUMP    100
#define WINDOW	    64
#define STRAY_TS    8000 /* forwarded clock off ours by a second: anew */
#define LEVEL_EVERY 16	 /* packets */
#define RTCP_FIRST  192
#define RTCP_LAST   223

struct packet {
	bool marker;
	uint8_t pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	const uint8_t *payload;
	size_t n;
};

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline void count(atomic_ullong *figure, uint64_t n)
{
	/* one writer: no locked add needed */
	atomic_store_explicit(
		figure, atomic_load_explicit(figure, memory_order_relaxed) + n,
		memory_order_relaxed);
}

void rtp_stream_init(struct stream *s, int64_t now_us)
{
	s->out.ssrc = rand_u32();
	s->out.seq = rand_u16() & 0x7fff; /* far from the wrap: SRTP's ROC */
	s->out.next_ts = rand_u32();
	s->out.base_ts = s->out.next_ts;
	s->out.base_us = now_us;
	s->in.last_us = now_us;
	mix_in_reset(&s->mix);
	atomic_store(&s->figures.rx_db, -96);
	atomic_store(&s->figures.tx_db, -96);
}

/* ---- in ---- */

/* RFC 3550 5.1; false: not for us. */
static bool parse(struct packet *p, const uint8_t *buf, size_t len)
{
	if (len < HEADER || buf[0] >> 6 != 2)
		return false;
	size_t head = HEADER + 4 * (size_t)(buf[0] & 0x0f);
	if (buf[0] & 0x10) {
		if (head + 4 > len)
			return false;
		head += 4 + 4 * (size_t)get16(buf + head + 2);
	}
	if (head > len)
		return false;
	size_t padding = buf[0] & 0x20 ? buf[len - 1] : 0;
	if (head + padding > len)
		return false;
	p->marker = buf[1] & 0x80;
	p->pt = buf[1] & 0x7f;
	p->seq = get16(buf + 2);
	p->ts = get32(buf + 4);
	p->ssrc = get32(buf + 8);
	p->payload = buf + head;
	p->n = len - head - padding;
	return true;
}

static bool is_voice(uint8_t pt)
{
	return pt == MIX_PCMU || pt == MIX_PCMA;
}

static bool is_known(const struct stream *s, uint8_t pt)
{
	return is_voice(pt) || pt == PT_CN || (s->dtmf_pt && pt == s->dtmf_pt);
}

/* A connected socket spares the kernel the search for a route with each
 * packet, and drops strangers. Not with SRTP: there the far side may move. */
static void bind_far(struct stream *s)
{
	if (s->srtp_rx || s->rtp.fd < 0)
		return;
	s->in.bound = !connect(s->rtp.fd, &s->in.from.u.sa, s->in.from.len);
}

static void unbind_far(struct stream *s)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};

	if (!s->in.bound)
		return;
	(void)connect(s->rtp.fd, &none, sizeof(none));
	s->in.bound = false;
}

/* Symmetric RTP: the first source of valid packets is the far side, until
 * it was quiet for a while. With SRTP whoever holds the key may move. Without,
 * the address that the far side named wins over any other: a port may have
 * been another call's a moment ago (before the switch was killed), whose far
 * side still sends. So the kernel may drop others only once that one spoke. */
static bool latch(struct stream *s, const struct sa *from)
{
	if (!from)
		return true;
	if (s->in.latched && sa_cmp(&s->in.from, from, SA_ALL))
		return true;
	bool named = sa_cmp(&s->remote, from, SA_ALL);
	if (s->in.latched && !named && !s->srtp_rx &&
	    s->voice->now_us - s->in.last_us < LATCH_US)
		return false;
	s->in.latched = true;
	s->in.from = *from;
	s->out.talking = false; /* who listens there has heard nothing yet */
	if (named)
		bind_far(s);
	return true;
}

void rtp_stream_restart(struct stream *s)
{
	unbind_far(s);
	s->in.latched = false;
	s->report.latched = false;
	s->in.last_us = s->voice->now_us;
}

static void new_source(struct stream *s, const struct packet *p)
{
	s->in.seen = true;
	s->in.ssrc = p->ssrc;
	s->in.seq = p->seq;
	s->in.base = p->seq;
	s->in.cycles = 0;
	s->in.window = 1;
	s->in.received = 0;
	s->in.prior_expected = s->in.prior_received = 0;
	s->in.transit = 0;
}

/* Has a packet that is `behind` the newest come before? Notes it. */
static bool seen_before(struct rtp_in *in, int behind)
{
	uint64_t bit = behind < WINDOW ? 1ull << behind : 0;

	if (!bit || in->window & bit)
		return true;
	in->window |= bit;
	return false;
}

/* Sequence and jitter figures; false: a duplicate, or of no use any more. */
static bool account(struct stream *s, const struct packet *p)
{
	struct rtp_in *in = &s->in;

	if (!in->seen || in->ssrc != p->ssrc) {
		new_source(s, p);
	} else {
		int16_t d = (int16_t)(p->seq - in->seq);
		if (d > SEQ_JUMP || d < -SEQ_JUMP) {
			new_source(s, p);
		} else if (d <= 0 && seen_before(in, -d)) {
			return false;
		} else if (d > 0) {
			if (p->seq < in->seq)
				in->cycles += 0x10000;
			in->seq = p->seq;
			in->window = d < WINDOW ? in->window << d | 1 : 1;
			if (d > 1)
				count(&s->figures.lost, (uint64_t)d - 1);
		} else if (atomic_load_explicit(&s->figures.lost,
						memory_order_relaxed)) {
			/* it was only late */
			count(&s->figures.lost, (uint64_t)-1);
		}
	}
	in->received++;
	if (!is_voice(p->pt))
		return true;
	uint32_t now = (uint32_t)(s->voice->now_us * 8 / 1000);
	uint32_t transit = now - p->ts;
	int32_t dt = (int32_t)(transit - in->transit);
	if (in->transit && dt > -VOICE_RATE && dt < VOICE_RATE) {
		uint32_t size = (uint32_t)(dt < 0 ? -dt : dt);
		in->jitter += size - ((in->jitter + 8) >> 4);
		atomic_store_explicit(&s->figures.jitter, in->jitter,
				      memory_order_relaxed);
	}
	in->transit = transit;
	return true;
}

static void tell_presence(struct stream *s, bool first)
{
	struct media_event ev = {.kind = MEDIA_UP};

	if (first)
		voice_event(s, &ev);
	if (s->in.silent) {
		ev.kind = MEDIA_BACK;
		ev.ms = (s->voice->now_us - s->in.last_us) / 1000;
		s->in.silent = false;
		voice_event(s, &ev);
	}
}

void rtp_stream_check(struct stream *s)
{
	int64_t us = s->voice->now_us - s->in.last_us, ms = us / 1000;

	if (us > LATCH_US)
		unbind_far(s); /* it may come back from elsewhere */
	if (!s->started || !s->receive || s->in.silent || !s->silent_ms ||
	    ms < s->silent_ms)
		return;
	struct media_event ev = {.kind = MEDIA_SILENT, .ms = ms};
	s->in.silent = true;
	voice_event(s, &ev);
}

static void record(struct stream *s, enum recording_channel channel,
		   const struct packet *p)
{
	if (!s->recording)
		return;
	const struct recording_voice v = {
		.channel = channel,
		.pt = p->pt,
		.ssrc = p->ssrc,
		.ts = p->ts,
		.payload = p->payload,
		.n = p->n,
	};
	recording_put(s->recording, &v, s->voice->now_us);
}

static void forward(struct stream *to, struct stream *from,
		    const struct packet *p);

static void got_key(struct stream *s, const struct packet *p)
{
	char digit = dtmf_receive(&s->keys, p->ssrc, p->ts, p->payload, p->n);

	if (digit) {
		struct media_event ev = {.kind = MEDIA_DTMF, .digit = digit};
		voice_event(s, &ev);
		if (s->play && s->play->dtmf_ends)
			voice_play_end(s, PLAY_DTMF, 0);
	}
	for (size_t i = 0; i < s->n_forwards; i++)
		if (s->forwards[i]->dtmf_pt)
			forward(s->forwards[i], s, p);
}

static void got_voice(struct stream *s, const struct packet *p)
{
	if (s->level_turn++ % LEVEL_EVERY == 0)
		atomic_store_explicit(&s->figures.rx_db,
				      mix_level_db(p->payload, p->n, p->pt),
				      memory_order_relaxed);
	record(s, RECORDING_SAYS, p);
	for (size_t i = 0; i < s->n_forwards; i++)
		forward(s->forwards[i], s, p);
	if (s->decoded) {
		int16_t pcm[VOICE_PACKET];
		mix_decode(pcm, p->payload, p->n, p->pt);
		if (!mix_in_put(&s->mix, p->ssrc, p->ts, pcm, p->n))
			count(&s->figures.late, 1);
	}
}

/* Authenticates and opens it in place. What comes by SSH is open already. */
static bool decrypt(struct stream *s, uint8_t *buf, size_t *len,
		    const struct sa *from)
{
	struct mbuf mb = {.buf = buf, .size = VOICE_PACKET, .end = *len};

	if (!s->srtp_rx || !from)
		return true;
	if (*len < HEADER || srtp_decrypt(s->srtp_rx, &mb)) {
		count(&s->figures.srtp_bad, 1);
		return false;
	}
	*len = mb.end;
	return true;
}

void rtp_stream_receive(struct stream *s, uint8_t *buf, size_t len,
			const struct sa *from)
{
	struct packet p;

	if (len >= 2 && buf[1] >= RTCP_FIRST && buf[1] <= RTCP_LAST) {
		if (from)
			rtcp_receive(s, buf, len, from); /* RFC 5761 */
		return;
	}
	if (!s->started || !decrypt(s, buf, &len, from))
		return;
	if (!parse(&p, buf, len) || !is_known(s, p.pt) || !latch(s, from)) {
		count(&s->figures.bad, 1);
		return;
	}
	bool first = !s->in.seen;
	*(from ? &s->in.udp_us : &s->in.channel_us) = s->voice->now_us;
	if (!account(s, &p)) {
		/* by both ways: one of them comes second */
		count(&s->figures.bad, s->transport != MEDIA_BOTH);
		return;
	}
	count(&s->figures.rx, 1);
	tell_presence(s, first);
	s->in.last_us = s->voice->now_us;
	if (!s->receive || !p.n)
		return;
	if (is_voice(p.pt))
		got_voice(s, &p);
	else if (p.pt == s->dtmf_pt)
		got_key(s, &p);
}

/* Mostly one packet waits, and asking for a second costs; a socket that is
 * ready again at once has more of them. */
void rtp_stream_readable(struct voice *v, struct stream *s)
{
	unsigned want = s->in.turn + 1 == v->turns ? VOICE_BATCH : 1;

	s->in.turn = v->turns;
	for (unsigned i = 0; i < want; i++)
		v->rxv[i].msg_hdr.msg_namelen = sizeof(v->rxfrom[i]);
	int n = recvmmsg(s->rtp.fd, v->rxv, want, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct sa from;
		if (sa_set_sa(&from, (void *)&v->rxfrom[i]))
			continue;
		rtp_stream_receive(s, v->rx[i], v->rxv[i].msg_len, &from);
	}
	rtp_stream_flush(v);
}

/* ---- out ---- */

static const struct sa *destination(const struct stream *s)
{
	return s->in.latched ? &s->in.from : &s->remote;
}

static bool is_fresh(const struct stream *s, int64_t heard_us)
{
	return heard_us && s->voice->now_us - heard_us < PATH_US;
}

/* By both ways: the workstation tries them and stays with the one that gets
 * through (agent-tui/phone_udp.c); we answer where it was heard just now, by
 * both while it was heard on both or on neither. */
static bool goes_by_channel(const struct stream *s)
{
	if (s->transport == MEDIA_UDP || s->channel_out < 0)
		return false;
	return s->transport == MEDIA_CHANNEL ||
	       is_fresh(s, s->in.channel_us) || !is_fresh(s, s->in.udp_us);
}

static bool goes_by_udp(const struct stream *s)
{
	const struct sa *to = destination(s);

	if (s->transport == MEDIA_CHANNEL || !sa_isset(to, SA_ALL) ||
	    !sa_port(to) || sa_is_any(to))
		return false;
	if (s->transport == MEDIA_UDP)
		return true;
	return s->in.latched &&
	       (is_fresh(s, s->in.udp_us) || !is_fresh(s, s->in.channel_us));
}

bool rtp_stream_ready(const struct stream *s)
{
	return s->started && s->send && (goes_by_channel(s) || goes_by_udp(s));
}

static void put_slot(struct stream *s, const struct packet *p, bool channel)
{
	struct voice *v = s->voice;

	if (v->n_tx == VOICE_BATCH)
		rtp_stream_flush(v);
	struct voice_slot *slot = &v->tx[v->n_tx];
	uint8_t *buf = slot->buf + 2;
	buf[0] = 0x80;
	buf[1] = (uint8_t)((p->marker ? 0x80 : 0) | p->pt);
	put16(buf + 2, p->seq);
	put32(buf + 4, p->ts);
	put32(buf + 8, p->ssrc);
	memcpy(buf + HEADER, p->payload, p->n);
	slot->len = HEADER + p->n;
	if (s->srtp_tx && !channel) {
		struct mbuf mb = {
			.buf = buf, .size = VOICE_PACKET, .end = slot->len};
		if (srtp_encrypt(s->srtp_tx, &mb))
			return;
		slot->len = mb.end;
	}
	slot->to = s;
	slot->channel = channel;
	v->n_tx++;
}

static void queue_packet(struct stream *s, const struct packet *p)
{
	if (p->n > 1400)
		return;
	if (goes_by_channel(s))
		put_slot(s, p, true);
	if (goes_by_udp(s))
		put_slot(s, p, false);
	s->out.packets++;
	s->out.octets += p->n;
	s->out.sent = true;
	count(&s->figures.tx, 1);
}

static void flush_socket(struct voice *v, size_t from, size_t n)
{
	struct mmsghdr msgs[VOICE_BATCH];
	struct iovec iov[VOICE_BATCH];
	struct stream *s = v->tx[from].to;
	const struct sa *to = destination(s);

	if (s->rtp.fd < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct voice_slot *slot = &v->tx[from + i];
		iov[i] = (struct iovec){slot->buf + 2, slot->len};
		msgs[i] = (struct mmsghdr){
			.msg_hdr = {.msg_name = s->in.bound ? NULL
							    : (void *)&to->u,
				    .msg_namelen = s->in.bound ? 0 : to->len,
				    .msg_iov = &iov[i],
				    .msg_iovlen = 1}};
	}
	/* what the kernel does not take at once is lost, as on any link */
	if (n == 1)
		sendmsg(s->rtp.fd, &msgs[0].msg_hdr, MSG_DONTWAIT);
	else
		sendmmsg(s->rtp.fd, msgs, (unsigned)n, MSG_DONTWAIT);
}

void rtp_stream_flush(struct voice *v)
{
	size_t i = 0;

	while (i < v->n_tx) {
		struct stream *s = v->tx[i].to;
		size_t n = 1;
		if (v->tx[i].channel) {
			frame_write(s, v->tx[i].buf, v->tx[i].len);
			i++;
			continue;
		}
		while (i + n < v->n_tx && v->tx[i + n].to == s &&
		       !v->tx[i + n].channel)
			n++;
		flush_socket(v, i, n);
		i += n;
	}
	v->n_tx = 0;
}

static void measure_out(struct stream *s, const struct packet *p)
{
	if (s->out.packets % LEVEL_EVERY == 0)
		atomic_store_explicit(&s->figures.tx_db,
				      mix_level_db(p->payload, p->n, p->pt),
				      memory_order_relaxed);
}

/* Our RTP clock, by the time. */
static uint32_t clock_ts(const struct stream *s)
{
	int64_t us = s->voice->now_us - s->out.base_us;

	return s->out.base_ts + (uint32_t)(us * 8 / 1000);
}

/* First timestamp of something new: after all that was sent, and not before
 * the time that has passed since. */
static uint32_t fresh_ts(struct stream *s)
{
	uint32_t ts = clock_ts(s);

	return (int32_t)(s->out.next_ts - ts) > 0 ? s->out.next_ts : ts;
}

static void advance(struct stream *s, uint32_t ts, uint32_t n)
{
	if ((int32_t)(ts + n - s->out.next_ts) > 0)
		s->out.next_ts = ts + n;
	/* a far clock that runs ahead takes ours along */
	if ((int32_t)(ts - clock_ts(s)) > 0) {
		s->out.base_ts = ts;
		s->out.base_us = s->voice->now_us;
	}
}

/* Numbers of `from` go on where ours stand. */
static void adopt(struct stream *to, const struct stream *from,
		  const struct packet *p)
{
	struct rtp_out *out = &to->out;

	out->from = from;
	out->from_ssrc = p->ssrc;
	out->ts_offset = fresh_ts(to) - p->ts;
	out->seq_offset = (uint16_t)(out->seq - p->seq);
	out->talking = false;
}

static bool must_adopt(struct stream *to, const struct stream *from,
		       const struct packet *p)
{
	struct rtp_out *out = &to->out;

	if (out->from != from || out->from_ssrc != p->ssrc)
		return true;
	int16_t d = (int16_t)(p->seq - out->from_seq);
	if (d > SEQ_JUMP || d < -SEQ_JUMP)
		return true;
	int32_t stray = (int32_t)(p->ts + out->ts_offset - clock_ts(to));
	return is_voice(p->pt) && (stray > STRAY_TS || stray < -STRAY_TS);
}

/* Untouched but for numbers (and the law, when the two sides differ). */
static void forward(struct stream *to, struct stream *from,
		    const struct packet *in)
{
	struct packet p = *in;
	uint8_t other[VOICE_PACKET];

	if (!rtp_stream_ready(to) || dtmf_busy(&to->dial))
		return;
	if (must_adopt(to, from, in))
		adopt(to, from, in);
	struct rtp_out *out = &to->out;
	p.ssrc = out->ssrc;
	p.seq = (uint16_t)(in->seq + out->seq_offset);
	p.ts = in->ts + out->ts_offset;
	p.marker = in->marker || !out->talking;
	out->talking = true;
	if (!is_voice(in->pt)) {
		p.pt = to->dtmf_pt;
		p.marker = in->marker;
	} else if (in->pt != to->pt) {
		mix_transcode(other, to->pt, in->payload, in->pt, in->n);
		p.payload = other;
		p.pt = to->pt;
	}
	if ((int16_t)(p.seq - out->seq) >= 0) {
		out->seq = (uint16_t)(p.seq + 1);
		out->from_seq = in->seq;
	}
	queue_packet(to, &p);
	if (is_voice(in->pt)) {
		advance(to, p.ts, (uint32_t)p.n);
		measure_out(to, &p);
		record(to, RECORDING_HEARS, &p);
	} else if (in->n >= DTMF_PAYLOAD) {
		advance(to, p.ts, get16(in->payload + 2));
	}
}

void rtp_stream_send_octets(struct stream *s,
			    const uint8_t octets[VOICE_FRAME])
{
	struct rtp_out *out = &s->out;
	uint32_t ts = clock_ts(s);

	/* in a row: exactly 20 ms on; after a pause: where the clock is */
	if (out->talking && (int32_t)(ts - out->next_ts) < 4 * VOICE_FRAME)
		ts = out->next_ts;
	else {
		ts = fresh_ts(s);
		out->talking = false;
	}
	struct packet p = {
		.marker = !out->talking,
		.pt = s->pt,
		.seq = out->seq++,
		.ts = ts,
		.ssrc = out->ssrc,
		.payload = octets,
		.n = VOICE_FRAME,
	};
	out->talking = true;
	out->from = NULL;
	measure_out(s, &p);
	queue_packet(s, &p);
	advance(s, ts, VOICE_FRAME);
}

void rtp_stream_send(struct stream *s, const int16_t pcm[VOICE_FRAME])
{
	uint8_t octets[VOICE_FRAME];

	mix_encode(octets, pcm, VOICE_FRAME, s->pt);
	rtp_stream_send_octets(s, octets);
}

void rtp_stream_send_key(struct stream *s)
{
	struct dtmf_packet key;
	struct rtp_out *out = &s->out;

	dtmf_step(&s->dial, &key);
	if (!s->dtmf_pt || !key.copies)
		return;
	if (key.first)
		s->dial.ts = fresh_ts(s);
	for (unsigned i = 0; i < key.copies; i++) {
		struct packet p = {
			.marker = key.first,
			.pt = s->dtmf_pt,
			.seq = out->seq++,
			.ts = s->dial.ts,
			.ssrc = out->ssrc,
			.payload = key.payload,
			.n = sizeof(key.payload),
		};
		queue_packet(s, &p);
	}
	advance(s, s->dial.ts, key.duration);
	out->talking = false;
	out->from = NULL;
}

/* ---- quality ---- */

double rtp_stream_mos(double loss_percent, double delay_ms)
{
	double id = 0.024 * delay_ms;

	if (delay_ms > 177.3)
		id += 0.11 * (delay_ms - 177.3);
	/* G.113: Ie 0, Bpl 25.1 for G.711 with concealment */
	double ie = 95 * loss_percent / (loss_percent + 25.1);
	double r = 93.2 - id - ie;
	if (r <= 0)
		return 1;
	if (r > 100)
		r = 100;
	return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
}
