/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A voice thread and what lives on it. The main loop pushes commands, the
 * thread owns all streams (a leg's voice), bridges and plays it was given
 * and answers by events. Nothing here is touched by two threads at a time,
 * save the atomics in struct figures; a stream moves to another thread only
 * while neither serves it.
 *
 * A turn of the loop: packets of all ready descriptors, the clock (each 20
 * ms: plays, mixes, silence, timeouts), then commands; these come last, as
 * they may end a stream that the same epoll batch still names.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>

#include "server/switch/media.h"
#include "server/switch/outbox.h"
#include "server/switch/mix.h"
#include "server/switch/dtmf.h"

#define VOICE_FRAME  160 /* samples of 20 ms */
#define VOICE_RATE   8000
#define VOICE_BATCH  32
#define VOICE_PACKET 1664 /* 1500 and room for length and SRTP's tag */
#define VOICE_BRIDGE 16	  /* members of a bridge */

struct play;
struct recording;
struct bridge;
struct stream;

/* What epoll gives back. */
struct voice_fd {
	enum { VOICE_RTP, VOICE_RTCP, VOICE_CHANNEL } kind;
	int fd;
	struct stream *stream;
};

/* Written by the stream's thread, read by the main loop. */
struct figures {
	atomic_ullong rx, tx, lost, late, bad, srtp_bad;
	atomic_uint jitter; /* samples * 16 (RFC 3550 A.8) */
	atomic_uint rtt_us;
	atomic_uint far_loss; /* 1/256, as the far side reports */
	atomic_int rx_db, tx_db;
};

/* What comes in: sequence, jitter, who may send. */
struct rtp_in {
	bool seen, latched;
	bool bound;  /* the socket is connected to from */
	bool silent; /* MEDIA_SILENT was told */
	uint32_t ssrc;
	uint16_t seq;	       /* highest */
	uint32_t cycles, base; /* of extended sequence numbers */
	uint32_t transit;
	uint32_t jitter;
	uint64_t received;
	uint64_t prior_expected, prior_received; /* RTCP's last report */
	int64_t last_us;
	uint64_t turn;		    /* of the thread, when it was read last */
	uint64_t window;	    /* which of the last 64 came, bit 0: seq */
	int64_t udp_us, channel_us; /* MEDIA_BOTH: heard there last */
	struct sa from;
};

/* What goes out: one SSRC, one sequence, one clock for the leg's life. */
struct rtp_out {
	uint32_t ssrc;
	uint16_t seq;
	uint32_t next_ts;
	uint32_t base_ts; /* RTP clock at base_us */
	int64_t base_us;
	uint64_t packets, octets;
	bool sent;
	bool talking; /* frames follow one another: no marker */
	/* forwarding: whose packets, and how numbers map */
	const struct stream *from;
	uint32_t from_ssrc, ts_offset;
	uint16_t seq_offset, from_seq;
};

struct rtcp_state {
	int64_t next_us;
	uint32_t last_sr; /* middle of their NTP time */
	int64_t last_sr_us;
	struct sa from;
	bool latched;
};

/* Bytes of a voice channel on their way to frames. */
struct frame_in {
	uint8_t buf[4096];
	size_t len;
	bool resync;
	uint8_t rest[2 + VOICE_PACKET]; /* of a frame cut by a short write */
	size_t rest_len;
};

/* A leg's voice, on its thread. */
struct stream {
	char id[MEDIA_ID];
	char contact[MEDIA_ID];
	enum media_transport transport;
	struct voice *voice;
	size_t index; /* in voice->streams */
	int64_t silent_ms;
	struct voice_fd rtp, rtcp, channel;
	int channel_out;
	struct frame_in frame;

	bool started, send, receive;
	uint8_t pt, dtmf_pt;
	struct sa remote;
	struct srtp *srtp_rx, *srtp_tx;

	struct rtp_in in;
	struct rtp_out out;
	struct rtcp_state report;
	struct dtmf_in keys;
	struct dtmf_out dial;
	struct mix_in mix;
	struct figures figures;
	unsigned level_turn;

	struct bridge *bridge;
	enum media_role role;
	struct stream *whisper_to;
	/* derived by bridge_rebuild */
	struct stream *hears[VOICE_BRIDGE];
	size_t n_hears;
	struct stream *forwards[VOICE_BRIDGE]; /* who gets it untouched */
	size_t n_forwards;
	bool mixed;   /* what it hears is made by the clock */
	bool decoded; /* somebody's mix needs its voice */

	struct play *play;
	struct play *next; /* waits for one that must end */
	struct recording *recording;
};

struct voice_slot {
	struct stream *to;
	bool channel; /* a frame; else a datagram */
	size_t len;   /* from the RTP header on */
	uint8_t buf[2 + VOICE_PACKET];
};

struct voice {
	pthread_t thread;
	bool running;
	int epoll, bell, clock;
	atomic_bool quit;
	struct queue commands; /* struct command * */
	struct list waiting;   /* main loop: what found the queue full */
	size_t n_waiting;
	struct tmr retry;
	struct outbox outbox;

	/* the thread's own */
	int64_t now_us;
	uint64_t turns;
	struct stream **streams;
	size_t n_streams, max_streams;
	struct voice_slot *tx;
	size_t n_tx;
	uint8_t (*rx)[VOICE_PACKET];
	struct mmsghdr rxv[VOICE_BATCH];
	struct iovec rxiov[VOICE_BATCH];
	struct sockaddr_storage rxfrom[VOICE_BATCH];
};

enum command_kind {
	COMMAND_ADD,   /* stream: serve it */
	COMMAND_LEAVE, /* stream: let go of it (it moves) */
	COMMAND_END,   /* stream: end and free it */
	COMMAND_START,
	COMMAND_CHANNEL,
	COMMAND_DIGITS,
	COMMAND_BRIDGE,
	COMMAND_PLAY,
	COMMAND_SEEK,
	COMMAND_STOP,
	COMMAND_RECORD,
	COMMAND_RECORD_STOP,
};

struct command_member {
	struct stream *stream;
	enum media_role role;
	struct stream *to;
};

struct command {
	struct le le; /* in waiting */
	enum command_kind kind;
	struct stream *stream;
	sem_t *done; /* posted when it was carried out */
	/* START */
	struct media_format format;
	struct srtp *srtp_rx, *srtp_tx;
	bool same_keys; /* the contexts of before stay */
	/* CHANNEL */
	int in, out;
	bool resync;
	/* DIGITS; SEEK, STOP, RECORD_STOP: id */
	char text[MEDIA_ID];
	/* BRIDGE: members from now on; 0: it ends and is freed */
	struct bridge *bridge;
	struct command_member members[VOICE_BRIDGE];
	size_t n_members;
	/* PLAY, SEEK */
	struct play *play;
	int64_t position_ms;
	bool paused;
	struct recording *recording;
};

int voice_alloc(struct voice **vp, struct mqueue *bell);
/* Ends all streams, joins the thread; the outbox can be drained after. */
void voice_stop(struct voice *v);
/* A stream that no thread serves (any more). */
void voice_stream_free(struct stream *s);

/* Main loop: command (calloc) becomes the thread's. EAGAIN: it lags by
 * thousands; an END or LEAVE is queued always. */
int voice_push(struct voice *v, struct command *c);
/* The same, and waits until it is carried out. */
int voice_call(struct voice *v, struct command *c);

/* On the thread. */
void voice_event(struct stream *s, struct media_event *ev);
/* Ends the stream's play, if it has one, and tells; one that waited for its
 * end begins. */
void voice_play_end(struct stream *s, enum media_play_end reason, int error);
/* Somebody talks to the stream now: ends all but what must play out. */
void voice_play_joined(struct stream *s);
