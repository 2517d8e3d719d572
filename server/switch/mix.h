/* SPDX-License-Identifier: Apache-2.0 */
/*
 * G.711 and 16-bit samples, the jitter buffer of a stream that is mixed, and
 * the sum of several. Knows no sockets and no bridges.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIX_FRAME     160  /* samples of 20 ms */
#define MIX_RING      4096 /* samples, 512 ms */
#define MIX_MIN_DEPTH 320  /* samples, 40 ms */
#define MIX_MAX_DEPTH 800  /* samples, 100 ms */

#define MIX_PCMU 0 /* payload types, RFC 3551 */
#define MIX_PCMA 8

/* Silence as an octet of the payload type. */
static inline uint8_t mix_silence(uint8_t pt)
{
	return pt == MIX_PCMU ? 0xff : 0xd5;
}

void mix_decode(int16_t *pcm, const uint8_t *payload, size_t n, uint8_t pt);
void mix_encode(uint8_t *payload, const int16_t *pcm, size_t n, uint8_t pt);
/* From one law to the other (or a copy). */
void mix_transcode(uint8_t *to, uint8_t to_pt, const uint8_t *from,
		   uint8_t from_pt, size_t n);
/* Mean power in dB of full scale, 0 to -96, from each fourth sample. */
int mix_level_db(const uint8_t *payload, size_t n, uint8_t pt);

/* A stream's voice waiting for its turn: placed by RTP timestamp, taken 20
 * ms at a time. Depth adapts between 40 and 100 ms. */
struct mix_in {
	bool on;
	uint32_t ssrc;
	uint32_t read; /* timestamp of the next sample taken */
	uint32_t high; /* behind the newest sample */
	int32_t depth; /* samples kept back against jitter */
	int32_t least; /* smallest fill of this window */
	unsigned window, calm;
	unsigned concealed;	  /* frames in a row that were missing */
	int16_t frame[MIX_FRAME]; /* what was taken last */
	int16_t ring[MIX_RING];
};

void mix_in_reset(struct mix_in *in);
/* False: too late for its place. */
bool mix_in_put(struct mix_in *in, uint32_t ssrc, uint32_t ts,
		const int16_t *pcm, size_t n);
/* The next 20 ms into in->frame; a hole is concealed, then silence. */
void mix_in_take(struct mix_in *in);

/* sum += pcm; then clipped to 16 bits. */
void mix_add(int32_t sum[MIX_FRAME], const int16_t pcm[MIX_FRAME]);
void mix_clip(int16_t pcm[MIX_FRAME], const int32_t sum[MIX_FRAME]);
