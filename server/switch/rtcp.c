/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only what a hotline's figures need: SR and RR in compound packets; the
 * rest of a compound is skipped by its length.
 */
#include "server/switch/rtcp.h"

#include <string.h>
#include <unistd.h>

#include "common/cal.h"

#define PERIOD_US 5000000
#define BLOCK	  24
#define NTP_1970  2208988800u
#define PACKETS	  4 /* read in a turn */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* 1/65536 s of NTP time in the middle 32 bits */
static uint32_t ntp_middle(int64_t now_us)
{
	uint64_t s = (uint64_t)(now_us / 1000000) + NTP_1970;
	uint64_t f = (uint64_t)(now_us % 1000000) * 65536 / 1000000;

	return (uint32_t)(s << 16 | f);
}

static void on_block(struct stream *s, const uint8_t *p)
{
	uint32_t lsr = get32(p + 16), dlsr = get32(p + 20);

	if (get32(p) != s->out.ssrc)
		return;
	atomic_store_explicit(&s->figures.far_loss, p[4],
			      memory_order_relaxed);
	if (!lsr)
		return;
	int32_t rtt = (int32_t)(ntp_middle(cal_now_us()) - lsr - dlsr);
	if (rtt >= 0 && rtt < 65536 * 10)
		atomic_store_explicit(&s->figures.rtt_us,
				      (uint32_t)((int64_t)rtt * 1000000 >> 16),
				      memory_order_relaxed);
}

static void on_report(struct stream *s, const uint8_t *p, size_t len)
{
	size_t at = 8;

	if (p[1] == RTCP_SR) {
		if (len < 28)
			return;
		s->report.last_sr = get32(p + 10);
		s->report.last_sr_us = s->voice->now_us;
		at = 28;
	}
	for (int i = p[0] & 0x1f; i > 0 && at + BLOCK <= len; i--, at += BLOCK)
		on_block(s, p + at);
}

void rtcp_receive(struct stream *s, uint8_t *buf, size_t len,
		  const struct sa *from)
{
	if (!s->started)
		return;
	if (s->srtp_rx) {
		struct mbuf mb = {
			.buf = buf, .size = VOICE_PACKET, .end = len};
		if (len < 12 || srtcp_decrypt(s->srtp_rx, &mb))
			return;
		len = mb.end;
	}
	/* from where its voice comes, or it is not its report */
	if (s->in.latched && !sa_cmp(&s->in.from, from, SA_ADDR))
		return;
	s->report.from = *from;
	s->report.latched = true;
	for (size_t at = 0; at + 8 <= len;) {
		const uint8_t *p = buf + at;
		size_t n = 4 * ((size_t)(p[2] << 8 | p[3]) + 1);
		if (p[0] >> 6 != 2 || at + n > len)
			return;
		if (n >= 8 && (p[1] == RTCP_SR || p[1] == RTCP_RR))
			on_report(s, p, n);
		at += n;
	}
}

void rtcp_readable(struct voice *v, struct stream *s)
{
	for (int i = 0; i < PACKETS; i++) {
		uint8_t buf[VOICE_PACKET];
		struct sa from = {.len = sizeof(from.u)};
		ssize_t n = recvfrom(s->rtcp.fd, buf, sizeof(buf) - 64,
				     MSG_DONTWAIT, &from.u.sa, &from.len);
		if (n <= 0)
			return;
		rtcp_receive(s, buf, (size_t)n, &from);
	}
}

/* What came in since the last report (RFC 3550 A.3). */
static size_t put_block(struct stream *s, uint8_t *p)
{
	struct rtp_in *in = &s->in;
	uint32_t highest = in->cycles + in->seq;
	uint64_t expected = highest - in->base + 1;
	int64_t lost = (int64_t)(expected - in->received);
	int64_t interval = (int64_t)(expected - in->prior_expected);
	int64_t missing =
		interval - (int64_t)(in->received - in->prior_received);

	in->prior_expected = expected;
	in->prior_received = in->received;
	if (lost < 0)
		lost = 0;
	if (lost > 0x7fffff)
		lost = 0x7fffff;
	put32(p, in->ssrc);
	put32(p + 4, (uint32_t)lost);
	if (interval > 0 && missing > 0)
		p[4] = (uint8_t)(missing * 255 / interval);
	put32(p + 8, highest);
	put32(p + 12, in->jitter >> 4);
	put32(p + 16, s->report.last_sr);
	put32(p + 20,
	      s->report.last_sr
		      ? (uint32_t)((s->voice->now_us - s->report.last_sr_us) *
				   65536 / 1000000)
		      : 0);
	return BLOCK;
}

static size_t put_sdes(const struct stream *s, uint8_t *p)
{
	/* a name of no meaning outside (RFC 7022) */
	char cname[24];
	size_t n = (size_t)re_snprintf(cname, sizeof(cname), "%08x@switch",
				       s->out.ssrc);
	size_t words = (4 + 2 + n + 1 + 3) / 4;

	memset(p, 0, 4 + words * 4);
	p[0] = 0x81;
	p[1] = RTCP_SDES;
	p[3] = (uint8_t)words;
	put32(p + 4, s->out.ssrc);
	p[8] = RTCP_SDES_CNAME;
	p[9] = (uint8_t)n;
	memcpy(p + 10, cname, n);
	return 4 + words * 4;
}

static void send_report(struct stream *s)
{
	uint8_t buf[256] = {0};
	int64_t now = cal_now_us();
	size_t n = 28;

	buf[0] = (uint8_t)(0x80 | (s->in.seen ? 1 : 0));
	buf[1] = RTCP_SR;
	put32(buf + 4, s->out.ssrc);
	put32(buf + 8, (uint32_t)(now / 1000000 + NTP_1970));
	put32(buf + 12,
	      (uint32_t)(((uint64_t)(now % 1000000) << 32) / 1000000));
	int64_t us = s->voice->now_us - s->out.base_us;
	put32(buf + 16, s->out.base_ts + (uint32_t)(us * 8 / 1000));
	put32(buf + 20, (uint32_t)s->out.packets);
	put32(buf + 24, (uint32_t)s->out.octets);
	if (s->in.seen)
		n += put_block(s, buf + n);
	buf[3] = (uint8_t)(n / 4 - 1);
	n += put_sdes(s, buf + n);

	struct mbuf mb = {.buf = buf, .size = sizeof(buf), .end = n};
	if (s->srtp_tx && srtcp_encrypt(s->srtp_tx, &mb))
		return;
	struct sa to = s->in.latched ? s->in.from : s->remote;
	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	if (s->report.latched)
		to = s->report.from;
	sendto(s->rtcp.fd, buf, mb.end, MSG_DONTWAIT, &to.u.sa, to.len);
}

void rtcp_tick(struct stream *s)
{
	if (s->rtcp.fd < 0 || !s->started || !s->out.sent)
		return;
	if (!s->report.next_us)
		s->report.next_us = s->voice->now_us + PERIOD_US / 2 +
				    s->out.ssrc % PERIOD_US;
	if (s->voice->now_us < s->report.next_us)
		return;
	s->report.next_us = s->voice->now_us + PERIOD_US;
	send_report(s);
}
