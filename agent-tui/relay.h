/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Voice between an audio backend and the switch: RTP packets one way and
 * frames of A-law the other. It holds the mute (silence goes out instead of
 * the microphone), fills in silence while the backend brings none (so that a
 * dead softphone does not look like a dead line), makes the ring tone,
 * measures levels, loss, lateness and jitter, and finds the next frame again
 * in a byte stream that was cut. Used by phone.c alone.
 *
 * A frame on the voice channel is two bytes length, big endian, and one RTP
 * packet of 12..1500 bytes (RFC 4571).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/libre.h"

#define RELAY_FRAME_SAMPLES 160	 /* 20 ms */
#define RELAY_SILENCE	    0xd5 /* A-law zero */

/* ---- frames out of a stream ---- */

struct relay_split {
	uint8_t buf[2 * 1502 + 2];
	size_t used;
	bool lost; /* nonsense was seen: looking for a place that fits */
	uint32_t skipped; /* bytes dropped so far */
};

typedef void(relay_packet_h)(const uint8_t *rtp, size_t len, void *arg);

/* h for each whole packet. */
void relay_split_feed(struct relay_split *sp, const uint8_t *data, size_t len,
		      relay_packet_h *h, void *arg);

/* ---- figures ---- */

/* Root mean square of A-law in dB below full scale, -96 for silence. */
int relay_level_db(const uint8_t *alaw, size_t len);

struct relay_figures {
	uint32_t rx, tx, lost, late, tx_dropped; /* since the leg began */
	double jitter_ms, loss_percent, mos;	 /* loss: last 5 s */
	int mic_db, far_db; /* loudest 20 ms since the last call */
	int64_t first_rx_us, last_rx_us; /* monotonic; 0 none */
};

/* Mean opinion score of G.711 with concealment (ITU-T G.107, G.113). */
double relay_mos(double loss_percent, double delay_ms);

/* ---- the relay ---- */

struct relay;

struct relay_prm {
	/* one frame for the voice channel, or one packet for UDP; 0 or an
	 * errno: it was dropped */
	int (*sendh)(const uint8_t *frame, size_t len, void *arg);
	/* 20 ms for the headset */
	void (*playh)(uint32_t seq, bool marker, const uint8_t *alaw,
		      size_t len, void *arg);
	void *arg;
};

int relay_alloc(struct relay **rp, const struct relay_prm *prm);
/* A leg is up: voice goes out each 20 ms. Off: figures are kept. */
void relay_run(struct relay *r, bool on);
/* Figures begin again. */
void relay_reset(struct relay *r);
void relay_mute(struct relay *r, bool on);
void relay_ring(struct relay *r, bool on);
/* From the backend. */
void relay_mic(struct relay *r, const uint8_t *alaw, size_t len);
/* From the voice channel: bytes; from UDP: one packet. */
void relay_feed(struct relay *r, const uint8_t *data, size_t len);
void relay_packet(struct relay *r, const uint8_t *rtp, size_t len);
/* The channel begins anew; cut: it may begin in mid-frame. */
void relay_resync(struct relay *r, bool cut);
/* rtt_ms counts into the score. Takes the levels and the 5 s window. */
void relay_take_figures(struct relay *r, double rtt_ms,
			struct relay_figures *f);
