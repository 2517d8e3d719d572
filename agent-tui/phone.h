/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workstation's telephone: what rings, what is up, mute, devices, levels
 * and quality. It speaks the phone channel's messages and carries RTP between
 * the voice channel (or UDP) and an audio backend:
 *
 *     phone channel --> legs (offer, up, ended) --> state for row 3
 *     voice channel <-> relay (mute, ring tone, levels, jitter) <-> backend
 *
 * Backends: `softphone` (baresip as a supervised child with one local SIP
 * call that stays up while we are signed in) and `wavphone` (a WAV source and
 * sink inside the process, for robots). Mute is held in the relay, so that a
 * restarted child is never live by mistake. A dead child or a lost tunnel
 * ends no leg: they are attached again.
 *
 * The owner brings bytes of the channels and takes bytes to send; nothing in
 * here knows SSH or rpc.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "common/libre.h"

#define PHONE_ID   48
#define PHONE_PAST 16 /* levels kept: eight seconds */

struct phone;

enum phone_leg_state {
	PHONE_IDLE,
	PHONE_RINGING,
	PHONE_ANSWERING, /* we answered; the switch has not said up yet */
	PHONE_UP,
	PHONE_DETACHED, /* up or ringing when the tunnel broke; the server
			   keeps it and attaches it again */
};

enum phone_audio_state {
	PHONE_AUDIO_OFF,      /* not started */
	PHONE_AUDIO_STARTING, /* child is starting or being restarted */
	PHONE_AUDIO_UP,
	PHONE_AUDIO_FAILED, /* detail says why; tries again by itself */
};

enum phone_path { PHONE_PATH_NONE, PHONE_PATH_TUNNEL, PHONE_PATH_UDP };

/* UDP is the switch's to grant, for each leg; AUTO takes what the site has:
 * with `voice.path = auto` UDP as long as it gets through, else the tunnel. */
enum phone_voice { PHONE_VOICE_TUNNEL, PHONE_VOICE_UDP, PHONE_VOICE_AUTO };

/* What a view may show; owned by the phone, valid until it is freed. */
struct phone_status {
	bool attached; /* phone.hello was exchanged */
	bool fenced;   /* a newer login of ours has the phone */
	/* the one leg: ringing, up, ... */
	enum phone_leg_state leg_state;
	char leg[PHONE_ID];
	char contact[PHONE_ID];
	int64_t since_us;      /* UTC, in this leg_state */
	int64_t ring_until_us; /* ringing: when the offer ends; 0 unknown */
	bool auto_answer;
	/* what the switch says of it, without the office (row 3) */
	char number[32];
	char name[64];
	char queue[64];
	char direction[8]; /* "in", "out" */
	char cause[24];	   /* why the last leg ended */
	/* our side */
	bool muted;
	bool mute_talking; /* muted and speaking: say so */
	enum phone_audio_state audio;
	char audio_detail[160]; /* PHONE_AUDIO_FAILED: what to do (msgid) */
	unsigned audio_restarts;
	enum phone_path path;
	int mic_db, far_db; /* -96 .. 0, of the last half second */
	int8_t mic_past[PHONE_PAST], far_past[PHONE_PAST]; /* newest last */
	/* of the far voice, over the last 5 s */
	double jitter_ms, loss_percent, mos;
	uint32_t rx, tx, lost, late, tx_dropped; /* of this leg */
	/* monotonic, first and last frame of far voice; 0 none */
	int64_t first_rx_us, last_rx_us;
};

/* Puts the newest level behind the older ones. */
static inline void phone_past_add(int8_t past[PHONE_PAST], int db)
{
	for (int i = 0; i + 1 < PHONE_PAST; i++)
		past[i] = past[i + 1];
	past[PHONE_PAST - 1] = (int8_t)(db < -96 ? -96 : db > 0 ? 0 : db);
}

/* What changed */
enum phone_change {
	PHONE_CHANGE_LEG = 1,
	PHONE_CHANGE_AUDIO = 2,
	PHONE_CHANGE_METER = 4, /* levels and quality, twice a second */
};
typedef void(phone_change_h)(unsigned mask, void *arg);
/* A whole line for the phone channel / a frame for the voice channel. The
 * return is as tunnel_send's. */
typedef int(phone_send_h)(const void *data, size_t len, void *arg);

/* ---- audio backends ---- */

struct phone_audio; /* a backend's own */

/* 20 ms of the agent's voice: A-law, 160 bytes. */
typedef void(phone_mic_h)(const uint8_t *alaw, size_t len, void *arg);
/* The backend's state changed; detail is a msgid or "". */
typedef void(phone_audio_h)(enum phone_audio_state st, const char *detail,
			    void *arg);

struct phone_devices {
	/* baresip's words: "alsa,default", "pulse", "aufile,FILE.wav",
	 * "null"; "" for the first that works */
	char source[160];
	char player[160];
	char ringer[160]; /* second device that rings too; "" none */
};

struct phone_audio_prm {
	const struct phone_devices *devices;
	phone_mic_h *mich;
	phone_audio_h *stateh;
	void *arg;
};

struct phone_backend {
	const char *name;
	/* *ap is a mem_ref object; the last deref stops it */
	int (*alloc)(struct phone_audio **ap,
		     const struct phone_audio_prm *prm);
	/* 20 ms of A-law to the headset. seq counts packets of the far voice:
	 * a step of n is n - 1 lost ones. marker: a new talk spurt. */
	void (*play)(struct phone_audio *a, uint32_t seq, bool marker,
		     const uint8_t *alaw, size_t len);
	/* A leg comes or goes (contact "" : none); for what is by call. */
	void (*leg)(struct phone_audio *a, const char *contact);
	/* Other devices from now on. */
	int (*devices)(struct phone_audio *a, const struct phone_devices *d);
};

extern const struct phone_backend softphone_backend; /* baresip */
extern const struct phone_backend wavphone_backend;  /* WAV files; devices:
	source a file that is repeated, player a file, or a folder that gets
	one <contact>.wav a leg; "" none */

/* ---- the phone ---- */

struct phone_prm {
	const struct phone_backend *backend;
	struct phone_devices devices;
	enum phone_voice voice; /* a wish; the server's path decides too */
	bool ring_in_headset;
	const char *client; /* name and version for phone.hello */
	phone_send_h *phone_sendh;
	phone_send_h *voice_sendh;
	phone_change_h *changeh;
	void *arg;
};

int phone_alloc(struct phone **pp, const struct phone_prm *prm);

/* Sound on (sign in) and off (sign out). */
int phone_start(struct phone *ph);
void phone_stop(struct phone *ph);

/* The channels stand / are gone. */
void phone_attach(struct phone *ph);
void phone_detach(struct phone *ph);
/* Bytes of the channels. */
void phone_feed(struct phone *ph, const uint8_t *data, size_t len);
void phone_feed_voice(struct phone *ph, const uint8_t *data, size_t len);

/* EALREADY: nothing rings / is up. ENOTCONN: no phone channel; a late
 * hang-up would hit another moment, so nothing is queued. */
int phone_answer(struct phone *ph);
int phone_refuse(struct phone *ph);
int phone_hangup(struct phone *ph);
int phone_dtmf(struct phone *ph, const char *digits);

/* At once and local. */
void phone_mute(struct phone *ph, bool on);
/* EINVAL: no device's words. ENOTSUP: files, which are not changed. */
int phone_set_devices(struct phone *ph, const struct phone_devices *d);
const struct phone_devices *phone_devices(const struct phone *ph);
/* Round trip of the tunnel as client.h measures it, for phone.quality. */
void phone_set_rtt(struct phone *ph, int64_t rtt_us);
/* Where the SSH server is: voice by UDP goes there unless the switch names
 * another address. */
void phone_set_server(struct phone *ph, const struct sa *addr);

const struct phone_status *phone_status(const struct phone *ph);
