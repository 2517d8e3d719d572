/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys as telephone events (RFC 4733): reading them (each key once) and the
 * time table by which they are sent. Knows no sockets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DTMF_PAYLOAD 4
#define DTMF_DIGITS  64 /* waiting to be sent */

struct dtmf_in {
	bool seen;
	uint32_t ssrc, ts;
	uint16_t duration;
	uint8_t event;
};

/* The key that this packet begins, 0: none (a repeat, an end, nonsense). */
char dtmf_receive(struct dtmf_in *in, uint32_t ssrc, uint32_t ts,
		  const uint8_t *payload, size_t len);

struct dtmf_out {
	char digits[DTMF_DIGITS];
	size_t n;
	unsigned step; /* 20 ms steps of the first digit */
	uint32_t ts;   /* its timestamp */
};

/* EINVAL: not 0-9 * # A-D; ENOBUFS: too many wait. All or nothing. */
int dtmf_add(struct dtmf_out *out, const char *digits);

static inline bool dtmf_busy(const struct dtmf_out *out)
{
	return out->n > 0;
}

/* One step of 20 ms: what to send of it. */
struct dtmf_packet {
	unsigned copies; /* 0: a pause */
	bool first;	 /* begins a key: marker, new timestamp */
	uint8_t payload[DTMF_PAYLOAD];
	uint16_t duration;
};
void dtmf_step(struct dtmf_out *out, struct dtmf_packet *pkt);
