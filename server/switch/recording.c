/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places packets on a clock. The clock is the thread's monotonic time in
 * samples; a channel's first packet is laid at the moment it came, those
 * after it by timestamp, and when that place strays from the present (a
 * sender whose clock drifts or jumps, a burst after a gap) the channel is
 * laid anew.
 */
#include "server/switch/recording.h"

#include <stdlib.h>
#include <string.h>

#include "server/switch/mix.h"

#define STRAY_BEHIND 1280 /* samples (160 ms), within the settling time */
#define STRAY_AHEAD  960

int recording_alloc(struct recording **rp, const char *id, const char *leg,
		    const char *contact)
{
	struct recording *r = calloc(1, sizeof(*r));
	if (!r)
		return ENOMEM;
	r->fd = -1;
	str_ncpy(r->id, id, sizeof(r->id));
	str_ncpy(r->leg, leg, sizeof(r->leg));
	str_ncpy(r->contact, contact, sizeof(r->contact));
	for (int i = 0; i < 2; i++) {
		r->ring[i] = malloc(RECORDING_RING);
		if (!r->ring[i]) {
			recording_free(r);
			return ENOMEM;
		}
		memset(r->ring[i], RECORDING_SILENCE, RECORDING_RING);
	}
	*rp = r;
	return 0;
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	free(r->ring[0]);
	free(r->ring[1]);
	free(r);
}

static int64_t place(const struct recording *r, int64_t now_us)
{
	return (now_us - r->start_us) * 8 / 1000;
}

static void start(struct recording *r, int64_t now_us)
{
	if (r->started)
		return;
	r->started = true;
	r->start_us = now_us;
}

void recording_put(struct recording *r, const struct recording_voice *v,
		   int64_t now_us)
{
	struct recording_track *t = &r->track[v->channel];

	start(r, now_us);
	int64_t present = place(r, now_us);
	int64_t at = t->at + (int32_t)(v->ts - t->ts);
	int64_t stray = at - present;
	if (!t->on || t->ssrc != v->ssrc || stray < -STRAY_BEHIND ||
	    stray > STRAY_AHEAD)
		at = present;
	t->on = true;
	t->ssrc = v->ssrc;
	t->ts = v->ts;
	t->at = at;

	size_t n = v->n;
	int64_t ready = atomic_load_explicit(&r->ready, memory_order_relaxed);
	int64_t taken =
		atomic_load_explicit(&r->consumed, memory_order_acquire);
	if (at < ready || at + (int64_t)n > taken + RECORDING_RING) {
		atomic_fetch_add_explicit(&r->dropped, n,
					  memory_order_relaxed);
		return;
	}
	uint8_t *ring = r->ring[v->channel];
	size_t from = (size_t)at % RECORDING_RING;
	size_t first = n < RECORDING_RING - from ? n : RECORDING_RING - from;
	mix_transcode(ring + from, MIX_PCMA, v->payload, v->pt, first);
	mix_transcode(ring, MIX_PCMA, v->payload + first, v->pt, n - first);
}

void recording_tick(struct recording *r, int64_t now_us)
{
	start(r, now_us);
	int64_t ready = place(r, now_us) - RECORDING_SETTLE;
	if (ready > atomic_load_explicit(&r->ready, memory_order_relaxed))
		atomic_store_explicit(&r->ready, ready, memory_order_release);
}

void recording_end(struct recording *r, int64_t now_us)
{
	start(r, now_us);
	int64_t end = place(r, now_us);
	if (end > atomic_load_explicit(&r->ready, memory_order_relaxed))
		atomic_store_explicit(&r->ready, end, memory_order_release);
	atomic_store_explicit(&r->done, true, memory_order_release);
}
