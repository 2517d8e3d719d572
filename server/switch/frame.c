/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to frames. A takeover can begin in the middle of a frame, and a peer
 * may send nonsense: then bytes are dropped until a length of 12 to 1500 is
 * followed by RTP's version 2, twice in a row.
 */
#include "server/switch/frame.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/switch/rtp.h"

#define LEAST  12
#define MOST   1500
#define ROUNDS 4

void frame_reset(struct frame_in *in, bool resync)
{
	in->len = 0;
	in->rest_len = 0;
	in->resync = resync;
}

static size_t length(const uint8_t *p)
{
	return (size_t)(p[0] << 8 | p[1]);
}

static bool is_head(const uint8_t *p)
{
	return length(p) >= LEAST && length(p) <= MOST && p[2] >> 6 == 2;
}

size_t frame_find(const uint8_t *buf, size_t len, bool *sure)
{
	for (size_t i = 0; i + 3 <= len; i++) {
		if (!is_head(buf + i))
			continue;
		size_t next = i + 2 + length(buf + i);
		*sure = next + 3 <= len;
		if (!*sure || is_head(buf + next))
			return i;
	}
	*sure = false;
	return len > 2 ? len - 2 : 0;
}

/* Drops what cannot be a frame; false: more bytes are needed. */
static bool resync(struct frame_in *in)
{
	bool sure;
	size_t at = frame_find(in->buf, in->len, &sure);

	in->len -= at;
	memmove(in->buf, in->buf + at, in->len);
	if (!sure)
		return false;
	in->resync = false;
	return true;
}

static void take_frames(struct stream *s)
{
	struct frame_in *in = &s->frame;
	uint8_t packet[VOICE_PACKET];
	size_t at = 0;

	if (in->resync && !resync(in))
		return;
	while (at + 3 <= in->len) {
		const uint8_t *p = in->buf + at;
		if (!is_head(p)) {
			in->resync = true;
			break;
		}
		size_t n = length(p);
		if (at + 2 + n > in->len)
			break;
		memcpy(packet, p + 2, n);
		rtp_stream_receive(s, packet, n, NULL);
		at += 2 + n;
	}
	in->len -= at;
	memmove(in->buf, in->buf + at, in->len);
	if (in->resync)
		resync(in);
}

bool frame_readable(struct voice *v, struct stream *s)
{
	struct frame_in *in = &s->frame;

	for (int round = 0; round < ROUNDS; round++) {
		ssize_t n = read(s->channel.fd, in->buf + in->len,
				 sizeof(in->buf) - in->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (!n)
			return false;
		in->len += (size_t)n;
		take_frames(s);
		rtp_stream_flush(v);
		if (in->len < sizeof(in->buf) / 2 && (size_t)n < 1000)
			return true; /* most likely all: no second read */
	}
	return true;
}

/* What a short write left over goes first: the far side counts bytes. */
static bool write_rest(struct stream *s)
{
	struct frame_in *f = &s->frame;

	if (!f->rest_len)
		return true;
	ssize_t n = write(s->channel_out, f->rest, f->rest_len);
	if (n > 0) {
		f->rest_len -= (size_t)n;
		memmove(f->rest, f->rest + n, f->rest_len);
	}
	return !f->rest_len;
}

void frame_write(struct stream *s, uint8_t *buf, size_t len)
{
	if (s->channel_out < 0 || !write_rest(s))
		return;
	buf[0] = (uint8_t)(len >> 8);
	buf[1] = (uint8_t)len;
	ssize_t n = write(s->channel_out, buf, len + 2);
	if (n > 0 && (size_t)n < len + 2) {
		s->frame.rest_len = len + 2 - (size_t)n;
		memcpy(s->frame.rest, buf + n, s->frame.rest_len);
	}
}
