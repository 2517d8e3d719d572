/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of streams: reading (sockets in batches, SRTP, who may send, keys,
 * figures) and writing (one SSRC, one sequence, one clock for a leg's life,
 * whatever its voice is made of). Who hears whom is bridge's; the names with
 * rtp_stream_ keep clear of libre's own rtp_*.
 */
#pragma once

#include "server/switch/voice.h"

/* A descriptor of the stream has packets. */
void rtp_stream_readable(struct voice *v, struct stream *s);

/* A packet without its transport: buf holds len bytes and room for SRTP;
 * from is NULL for channels. */
void rtp_stream_receive(struct stream *s, uint8_t *buf, size_t len,
			const struct sa *from);

/* 20 ms of samples, or of encoded octets, made by the clock. */
void rtp_stream_send(struct stream *s, const int16_t pcm[VOICE_FRAME]);
void rtp_stream_send_octets(struct stream *s,
			    const uint8_t octets[VOICE_FRAME]);
/* A step of a key that is being sent (dtmf). */
void rtp_stream_send_key(struct stream *s);
/* Can it send at all: started, direction, somebody to send to. */
bool rtp_stream_ready(const struct stream *s);

/* Sends what waits in v->tx. */
void rtp_stream_flush(struct voice *v);

/* Each tick: MEDIA_SILENT when nothing came for too long. */
void rtp_stream_check(struct stream *s);

/* A stream's format has changed: latch anew. */
void rtp_stream_restart(struct stream *s);
void rtp_stream_init(struct stream *s, int64_t now_us);

/* E-model (G.107) for G.711 with concealment. */
double rtp_stream_mos(double loss_percent, double delay_ms);
