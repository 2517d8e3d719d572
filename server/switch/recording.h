/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recording between its voice thread and the disk: eight seconds of two
 * channels in a ring, laid out by the leg's own 20 ms clock. The voice
 * thread puts each packet at its place, and silence is what no packet came
 * for; both channels share the clock and cannot drift apart. The writer
 * (recorder) takes what is settled (200 ms old) and leaves silence behind.
 * A ring that is full (a disk that stalls) refuses packets: silence stays
 * in their place, they are counted.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/switch/media.h"

#define RECORDING_RING	  65536 /* samples, 8.2 s */
#define RECORDING_SETTLE  1600	/* samples, 200 ms */
#define RECORDING_SILENCE 0xd5	/* A-law */

enum recording_channel { RECORDING_SAYS, RECORDING_HEARS };

/* How a channel's timestamps lie on the recording's clock. */
struct recording_track {
	bool on;
	uint32_t ssrc, ts;
	int64_t at; /* place of ts */
};

struct recording {
	char id[MEDIA_ID], leg[MEDIA_ID], contact[MEDIA_ID];

	/* shared: places in samples since the start */
	_Atomic int64_t ready;	  /* voice thread: settled before this */
	_Atomic int64_t consumed; /* writer: taken before this */
	atomic_bool done;	  /* voice thread: it is the writer's now */
	atomic_ullong dropped;	  /* samples that found the ring full */
	uint8_t *ring[2];

	/* voice thread */
	bool started;
	int64_t start_us;
	struct recording_track track[2];

	/* the writer's (recorder.c) */
	struct recording *next;
	int fd;
	char root[192]; /* folder it lies under: recordings or spill */
	char path[160]; /* below root */
	char day[32];
	uint64_t data_bytes;
	uint64_t counted; /* of dropped, in the figures already */
	bool spilled, failing, dirty;
};

int recording_alloc(struct recording **rp, const char *id, const char *leg,
		    const char *contact);
void recording_free(struct recording *r);

/* Voice thread: a packet's samples as they came or went. */
struct recording_voice {
	enum recording_channel channel;
	uint8_t pt;
	uint32_t ssrc, ts;
	const uint8_t *payload;
	size_t n;
};
void recording_put(struct recording *r, const struct recording_voice *v,
		   int64_t now_us);
/* Each tick: what is old enough is settled. */
void recording_tick(struct recording *r, int64_t now_us);
/* The last touch of the voice thread. */
void recording_end(struct recording *r, int64_t now_us);
