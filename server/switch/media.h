/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The media side of the exchange as its signalling side sees it: legs' voice
 * streams, bridges, plays, recordings. Signalling (sip, workstation, control)
 * runs on the main loop and calls these functions; voice threads own the
 * sockets and do the work; events come back on the main loop. All legs,
 * bridges and plays of one contact live on one voice thread (chosen by the
 * contact id), so the packet path takes no locks.
 *
 * Behind it: rtp (sockets, batches, SRTP, DTMF, timeouts, figures), bridge
 * (who hears whom), mix and prompt (decode, sum, encode, sources), wav
 * (recordings: rings, the writer thread, files, hashes).
 *
 * Ids are strings of the wire (docs/protocol.md), at most MEDIA_ID - 1 bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/libre.h"

#define MEDIA_ID 48

struct media;
struct media_leg;

/* ---- events ---- */

enum media_event_kind {
	MEDIA_UP,	  /* first valid packet of a leg */
	MEDIA_SILENT,	  /* no packet for the timeout; ms: since when */
	MEDIA_BACK,	  /* packets again after MEDIA_SILENT */
	MEDIA_DTMF,	  /* digit, once for each key (RFC 4733) */
	MEDIA_PLAYED,	  /* a play ended: id, reason, position_ms */
	MEDIA_REC_OPEN,	  /* recording's file stands: id, path (relative) */
	MEDIA_REC_CLOSED, /* id, path, ms, sha256; error != 0: incomplete */
	MEDIA_REC_ERROR,  /* cannot write (errno in error); goes on trying */
};

enum media_play_end {
	PLAY_DONE,
	PLAY_STOPPED,
	PLAY_DTMF,
	PLAY_JOINED,
	PLAY_LEG_ENDED,
	PLAY_ERROR
};

struct media_event {
	enum media_event_kind kind;
	char leg[MEDIA_ID];
	char contact[MEDIA_ID];
	char id[MEDIA_ID]; /* play or recording */
	char digit;
	enum media_play_end reason;
	int error;
	int64_t ms;	/* position, length or silence */
	char path[160]; /* below recordings_dir; whole if it was spilled */
	char sha256[65];
};

/* On the main loop. */
typedef void(media_event_h)(const struct media_event *ev, void *arg);

/* ---- the engine ---- */

struct media_prm {
	unsigned threads;
	const char *address; /* sockets bind here */
	uint16_t port_min, port_max;
	int64_t silent_ms; /* MEDIA_SILENT after so much without a packet */
	const char *prompts_dir;
	const char *recordings_dir;
	const char *spill_dir; /* "" none */
	media_event_h *eventh;
	void *arg;
};

int media_alloc(struct media **mp, const struct media_prm *prm);
/* Ends all legs, closes all recordings (waits for the writer). */
void media_close(struct media *m);

struct media_stats {
	uint64_t rx, tx, lost, late, bad, srtp_bad; /* packets since start */
	uint32_t legs, bridges, plays, recordings;
	uint64_t rec_bytes, rec_dropped; /* dropped: ring full (a slow disk) */
};
void media_stats(const struct media *m, struct media_stats *out);

/* ---- legs ---- */

enum media_transport {
	MEDIA_UDP,     /* an RTP port of ours */
	MEDIA_CHANNEL, /* frames on a workstation's voice channel */
	MEDIA_BOTH,    /* SRTP to a port of ours and frames, as they get
			  through: goes out by whichever way it comes in */
};

struct media_leg_prm {
	const char *leg, *contact;
	enum media_transport transport;
};

/* Binds the port (UDP). A mem_ref object: dropping the last reference ends
 * it on its thread. EADDRINUSE: no port left. */
int media_leg_alloc(struct media_leg **lp, struct media *m,
		    const struct media_leg_prm *prm);
uint16_t media_leg_port(const struct media_leg *leg);

/* What SDP agreed on; called again at each re-negotiation. */
struct media_format {
	uint8_t pt;	    /* 0 PCMU, 8 PCMA (RFC 3551) */
	uint8_t dtmf_pt;    /* telephone-event, 0: none (RFC 4733) */
	struct sa remote;   /* first guess; the source of valid packets wins
			       (symmetric RTP); UDP only */
	bool send, receive; /* a=sendrecv ... as seen from us */
	/* SRTP, UDP: AES_CM_128_HMAC_SHA1_80 key+salt, 30 bytes each;
	 * NULL: plain RTP */
	const uint8_t *srtp_rx, *srtp_tx;
};
int media_leg_start(struct media_leg *leg, const struct media_format *fmt);

/* Not for MEDIA_UDP: the pair of pipes of a workstation, from now on served by
 * the leg's thread: frames of 2 bytes length (big endian) + RTP packet, each
 * written in one write(); what does not fit at once is dropped. in < 0: take
 * them away again; returns when the thread has let go. resync: skip what
 * lies in the pipe and find the next frame start (docs/architecture.md). The
 * descriptors stay the caller's. */
int media_leg_channel(struct media_leg *leg, int in, int out, bool resync);

/* Sends digits as RFC 4733 events (100 ms each, 50 ms apart). */
int media_leg_dtmf(struct media_leg *leg, const char *digits);

struct media_quality {
	uint64_t rx, tx, lost;
	double jitter_ms, loss_percent, mos; /* E-model estimate, G.711 */
	double rtt_ms;			     /* by RTCP, 0 unknown */
	int rx_level_db, tx_level_db;	     /* 0 .. -96 */
};
void media_leg_quality(const struct media_leg *leg, struct media_quality *q);

/* ---- bridges ---- */

enum media_role {
	ROLE_TALK,    /* heard by all talkers, hears them */
	ROLE_LISTEN,  /* hears all, is heard by nobody */
	ROLE_WHISPER, /* hears all, is heard by `to` alone */
	ROLE_HOLD, /* hears nothing of it (its play goes on), is not heard */
};

struct media_member {
	struct media_leg *leg;
	enum media_role role;
	struct media_leg *to; /* ROLE_WHISPER */
};

/* The bridge has exactly these members from now on; n = 0 ends it. A leg is
 * in one bridge at a time: being named takes it out of another. Two talkers
 * and nobody else with the same payload type are forwarded untouched. A leg
 * that joins as TALK ends its plays (PLAY_JOINED) unless they were started
 * with must_end. */
int media_bridge_set(struct media *m, const char *bridge, const char *contact,
		     const struct media_member *members, size_t n);

/* ---- plays ---- */

struct media_source {
	enum { SOURCE_FILE, SOURCE_TONE, SOURCE_SILENCE } kind;
	const char *file; /* below prompts_dir, or absolute below recordings */
	int hz1, hz2, on_ms,
		off_ms; /* tone; GF 002-9002.3: ringing tone
			   450 Hz 1 s on 4 s off, busy 0.35/0.35 */
	int64_t ms;	/* silence and tones; 0: for ever */
};

struct media_play_prm {
	const char *play;
	struct media_leg *leg;
	const struct media_source *sources; /* one after the other */
	size_t n;
	bool loop;
	bool dtmf_ends;
	bool must_end; /* a join does not cut it: the bridge is heard after */
	int64_t position_ms;
};

/* ENOENT a file is not there, EBADMSG it is no 8000 Hz WAV (PCM16, A-law,
 * mu-law; stereo recordings are mixed down): checked at once, MEDIA_PLAYED
 * follows for what was accepted. A newer play of a leg ends the older. */
int media_play(struct media *m, const struct media_play_prm *prm);
int media_play_seek(struct media *m, const char *play, int64_t position_ms,
		    bool paused);
int media_play_stop(struct media *m, const char *play);

/* ---- recordings ---- */

/* Left: what the leg says; right: what it hears of people (no prompts, no
 * music). File YYYY/MM/DD/<recording>.wav (G.711 A-law, 8000 Hz, stereo),
 * written so that a crash leaves a readable file that lacks at most the last
 * second. Follows the leg through bridges and ends with it. */
int media_record(struct media *m, const char *recording,
		 struct media_leg *leg);
int media_record_stop(struct media *m, const char *recording);

/* Closes what a crash left open below dir: mends headers, hashes. Called at
 * start, before media_alloc; h for each file mended. */
/* path: below dir. */
typedef void(media_mend_h)(const char *recording, const char *path, int64_t ms,
			   const char *sha256, void *arg);
int media_mend(const char *dir, media_mend_h *h, void *arg);
