/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The media engine under test with phones of our own around it: each sends a
 * tone as G.711 every 20 ms from a socket (or pipes) on 127.0.0.1 and keeps
 * what it hears. All runs on the test's own libre loop.
 */
#pragma once

#include "server/switch/media.h"

#define RIG_SAMPLES (8000 * 20)
#define RIG_EVENTS  256

struct rig {
	struct media *m;
	char dir[64]; /* prompts/, rec/, spill/ below it */
	char prompts[80], rec[80], spill[80];
	struct media_event events[RIG_EVENTS];
	size_t n_events;
};

void rig_open(struct rig *r, unsigned threads);
/* The same with a folder that exists (kept by rig_close_keep). */
void rig_open_in(struct rig *r, unsigned threads, const char *dir);
void rig_close(struct rig *r);
void rig_close_keep(struct rig *r);

/* Runs the loop until it is so; fails the test after ms. */
typedef bool(rig_cond_h)(void *arg);
#define rig_until(cond, arg, ms) rig_until_(cond, arg, ms, #cond, __LINE__)
void rig_until_(rig_cond_h *cond, void *arg, int ms, const char *what,
		int line);
void rig_run(int ms); /* voice for so long */

/* The n-th event (0: first) of this kind, or NULL. */
const struct media_event *rig_event(const struct rig *r,
				    enum media_event_kind kind, size_t n);
/* Waits for it. */
const struct media_event *rig_wait(struct rig *r, enum media_event_kind kind,
				   size_t n);

struct phone_packet {
	bool marker;
	uint8_t pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	size_t n;
};

struct phone {
	struct media_leg *leg;
	int fd, rtcp_fd;
	int in, out; /* pipes: ours; leg's: */
	int leg_in, leg_out;
	uint8_t frames[8192]; /* of the pipe, not yet whole */
	size_t n_frames;
	struct sa to;
	struct tmr tmr;
	bool sends;
	bool by_udp, by_pipe; /* ways out of one that has both */
	int hz;
	uint8_t pt, dtmf_pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	uint64_t due_us;
	uint64_t phase;
	struct srtp *srtp_tx, *srtp_rx;
	unsigned sent;
	/* heard */
	int16_t *pcm;
	size_t n;
	struct phone_packet packets[2000];
	size_t n_packets;
	unsigned srtp_bad;
	unsigned n_udp, n_pipe; /* packets by each way */
};

/* A leg of the rig and the phone at its other end, talking at hz. */
void phone_open(struct phone *p, struct rig *r, const char *leg, int hz,
		uint8_t pt);
void phone_open_keyed(struct phone *p, struct rig *r, const char *leg, int hz,
		      const uint8_t *key_rx, const uint8_t *key_tx);
void phone_open_channel(struct phone *p, struct rig *r, const char *leg,
			int hz);
/* SRTP and pipes (MEDIA_BOTH): set by_udp, by_pipe. */
void phone_open_both(struct phone *p, struct rig *r, const char *leg, int hz);
void phone_close(struct phone *p);
void phone_forget(struct phone *p); /* what it heard so far */
/* A telephone event packet, as it is. */
void phone_event(struct phone *p, int event, bool end, uint16_t duration,
		 bool marker, uint32_t ts);

/* Amplitude of a tone in what was heard last (n samples). */
double phone_hears(const struct phone *p, int hz, size_t n);
double tone_in(const int16_t *pcm, size_t n, int hz);

void rig_bridge(struct rig *r, const char *bridge, struct phone *a,
		struct phone *b);
/* A PCM16 mono file of a tone below the prompts. */
void rig_prompt(struct rig *r, const char *name, int hz, int ms);

/* Channels of a recording. */
struct rig_sound {
	int16_t *pcm[2];
	size_t n;
};
void rig_load(struct rig_sound *s, const char *path);
void rig_unload(struct rig_sound *s);
