/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples: laws, jitter, sums. The jitter buffer is a ring of samples in
 * which INT16_MIN, a value that G.711 cannot say, marks what has not come.
 */
#include "server/switch/mix.h"

#include <math.h>
#include <string.h>

#include "common/libre.h"
#include <rem.h>

#define ABSENT	    INT16_MIN
#define FAR	    1600 /* samples (200 ms): no jitter but a new clock */
#define WINDOW	    100	 /* frames: 2 s */
#define CALM	    500	 /* frames without a late one before it shrinks */
#define CONCEAL_MAX 4	 /* frames */

void mix_decode(int16_t *pcm, const uint8_t *payload, size_t n, uint8_t pt)
{
	const int16_t *table = pt == MIX_PCMU ? g711_u2l : g711_A2l;

	for (size_t i = 0; i < n; i++)
		pcm[i] = table[payload[i]];
}

/* librem's encoders negate the sample: -32768 would overrun their tables */
static inline int16_t bounded(int16_t v)
{
	return v < -32767 ? -32767 : v;
}

void mix_encode(uint8_t *payload, const int16_t *pcm, size_t n, uint8_t pt)
{
	if (pt == MIX_PCMU) {
		for (size_t i = 0; i < n; i++)
			payload[i] = g711_pcm2ulaw(bounded(pcm[i]));
		return;
	}
	for (size_t i = 0; i < n; i++)
		payload[i] = g711_pcm2alaw(bounded(pcm[i]));
}

void mix_transcode(uint8_t *to, uint8_t to_pt, const uint8_t *from,
		   uint8_t from_pt, size_t n)
{
	if (to_pt == from_pt) {
		memcpy(to, from, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = to_pt == MIX_PCMU
				? g711_pcm2ulaw(g711_alaw2pcm(from[i]))
				: g711_pcm2alaw(g711_ulaw2pcm(from[i]));
}

int mix_level_db(const uint8_t *payload, size_t n, uint8_t pt)
{
	const int16_t *table = pt == MIX_PCMU ? g711_u2l : g711_A2l;
	int64_t sum = 0;
	size_t count = 0;

	for (size_t i = 0; i < n; i += 4, count++) {
		int32_t v = table[payload[i]];
		sum += v * v;
	}
	if (!sum)
		return -96;
	double db =
		10 * log10((double)sum / (double)count / (32768.0 * 32768.0));
	return db < -96 ? -96 : (int)db;
}

/* ---- jitter buffer ---- */

void mix_in_reset(struct mix_in *in)
{
	in->on = false;
	in->concealed = CONCEAL_MAX;
	memset(in->frame, 0, sizeof(in->frame));
}

static void restart(struct mix_in *in, uint32_t ssrc, uint32_t ts)
{
	for (size_t i = 0; i < MIX_RING; i++)
		in->ring[i] = ABSENT;
	if (!in->depth)
		in->depth = MIX_MIN_DEPTH;
	in->on = true;
	in->ssrc = ssrc;
	in->read = ts - (uint32_t)in->depth;
	in->high = ts;
	in->window = 0;
	in->least = MIX_RING;
	in->calm = 0;
}

/* Makes room for a packet that came late: plays on from further back. */
static bool stretch(struct mix_in *in, int32_t late)
{
	int32_t more = (late + MIX_FRAME - 1) / MIX_FRAME * MIX_FRAME;

	in->calm = 0;
	if (in->depth + more > MIX_MAX_DEPTH)
		return false;
	in->depth += more;
	in->read -= (uint32_t)more;
	return true;
}

bool mix_in_put(struct mix_in *in, uint32_t ssrc, uint32_t ts,
		const int16_t *pcm, size_t n)
{
	if (n > MIX_RING / 2)
		return false;
	if (!in->on || in->ssrc != ssrc)
		restart(in, ssrc, ts);
	int32_t ahead = (int32_t)(ts - in->read);
	if (ahead < -FAR || ahead + (int32_t)n > MIX_RING - MIX_FRAME) {
		restart(in, ssrc, ts);
		ahead = in->depth;
	}
	if (ahead < 0) {
		if (!stretch(in, -ahead))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		in->ring[(ts + i) & (MIX_RING - 1)] = pcm[i];
	if ((int32_t)(ts + (uint32_t)n - in->high) > 0)
		in->high = ts + (uint32_t)n;
	return true;
}

/* The last frame again, each time at half the level. */
static void conceal(struct mix_in *in)
{
	if (in->concealed >= CONCEAL_MAX) {
		memset(in->frame, 0, sizeof(in->frame));
		return;
	}
	in->concealed++;
	for (size_t i = 0; i < MIX_FRAME; i++)
		in->frame[i] /= 2;
}

/* More in store than jitter asks for, for two seconds: skip 20 ms. */
static void adapt(struct mix_in *in)
{
	int32_t fill = (int32_t)(in->high - in->read);

	if (fill > 0 && fill < in->least)
		in->least = fill;
	if (++in->calm >= CALM && in->depth > MIX_MIN_DEPTH) {
		in->depth -= MIX_FRAME;
		in->calm = 0;
	}
	if (++in->window < WINDOW)
		return;
	if (in->least < MIX_RING && in->least >= in->depth + MIX_FRAME) {
		for (uint32_t i = 0; i < MIX_FRAME; i++)
			in->ring[(in->read + i) & (MIX_RING - 1)] = ABSENT;
		in->read += MIX_FRAME;
	}
	in->window = 0;
	in->least = MIX_RING;
}

void mix_in_take(struct mix_in *in)
{
	int16_t taken[MIX_FRAME];
	size_t missing = 0;

	if (!in->on) {
		conceal(in);
		return;
	}
	for (uint32_t i = 0; i < MIX_FRAME; i++) {
		int16_t *slot = &in->ring[(in->read + i) & (MIX_RING - 1)];
		taken[i] = *slot;
		if (taken[i] == ABSENT) {
			taken[i] = 0;
			missing++;
		}
		*slot = ABSENT;
	}
	in->read += MIX_FRAME;
	if (missing == MIX_FRAME) {
		conceal(in);
	} else {
		in->concealed = 0;
		memcpy(in->frame, taken, sizeof(taken));
	}
	adapt(in);
}

/* ---- sums ---- */

void mix_add(int32_t sum[MIX_FRAME], const int16_t pcm[MIX_FRAME])
{
	for (size_t i = 0; i < MIX_FRAME; i++)
		sum[i] += pcm[i];
}

void mix_clip(int16_t pcm[MIX_FRAME], const int32_t sum[MIX_FRAME])
{
	for (size_t i = 0; i < MIX_FRAME; i++) {
		int32_t v = sum[i];
		pcm[i] = (int16_t)(v > 32767	? 32767
				   : v < -32767 ? -32767
						: v);
	}
}
