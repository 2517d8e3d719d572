/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leg's voice by UDP instead of the voice channel: SRTP (RFC 3711,
 * AES_CM_128_HMAC_SHA1_80) with keys that came through the tunnel. Where the
 * switch takes both (voice.path = auto) it also chooses between them, packet
 * by packet:
 *
 *     tunnel, and a copy by UDP --3 came back--> UDP
 *        ^                                        |
 *        +--nothing by UDP for 400 ms-------------+
 *
 * The first 300 ms of a leg each packet is tried, then one a second. A way
 * that failed once must answer ten tries in a row before it is taken again.
 * The switch sends where it hears us. Used by phone.c alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/libre.h"

struct phone_udp;

/* A packet that was authentic, in the clear. */
typedef void(phone_udp_h)(const uint8_t *rtp, size_t len, void *arg);

struct phone_udp_prm {
	struct sa remote;
	const char *tx_key, *rx_key; /* base64 of 30 bytes */
	bool both;		     /* the tunnel, too, as it gets through */
	phone_udp_h *packeth;
	void *arg;
};

/* EBADMSG: a key is none. */
int phone_udp_alloc(struct phone_udp **up, const struct phone_udp_prm *prm);
/* The ways of the next packet out; one is asked for each 20 ms. */
enum { PHONE_UDP_WAY_UDP = 1, PHONE_UDP_WAY_TUNNEL = 2 };
unsigned phone_udp_ways(struct phone_udp *u);
/* Is UDP the way now? */
bool phone_udp_carries(const struct phone_udp *u);
int phone_udp_send(struct phone_udp *u, const uint8_t *rtp, size_t len);
/* The same leg as before (its counters must go on). */
bool phone_udp_is(const struct phone_udp *u, const char *tx_key);
