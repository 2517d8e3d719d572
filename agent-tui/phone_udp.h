/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leg's voice by UDP instead of the voice channel: SRTP (RFC 3711,
 * AES_CM_128_HMAC_SHA1_80) with keys that came through the tunnel. Used by
 * phone.c alone.
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
	phone_udp_h *packeth;
	void *arg;
};

/* EBADMSG: a key is none. */
int phone_udp_alloc(struct phone_udp **up, const struct phone_udp_prm *prm);
int phone_udp_send(struct phone_udp *u, const uint8_t *rtp, size_t len);
/* The same leg as before (its counters must go on). */
bool phone_udp_is(const struct phone_udp *u, const char *tx_key);
