/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leg: one party of a call, with one voice stream (media_leg) and one
 * signalling side, which is a SIP dialog or a workstation's phone channel
 * behind a table of functions. The table of all legs is here, with their
 * states, their events and the timers that make sure that each of them ends:
 *
 *     ARRIVED --answer--> UP --+
 *        |                     +--> ENDED (event leg.ended, with its cause)
 *     RINGING --answered--> UP-+
 *
 * ARRIVED: a call to us; RINGING: a call that we make. Both sides and the
 * commands may end a leg in any state; what comes after is `gone`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "common/libre.h"
#include "server/switch/journal.h"
#include "server/switch/media.h"

enum leg_state { LEG_ARRIVED, LEG_RINGING, LEG_UP, LEG_ENDED };
enum leg_by { BY_FAR, BY_US, BY_FAULT };

struct leg;
struct legs;

/* The signalling side. answer: calls to us only. end: says goodbye in
 * whatever state, without calling back. release: the voice stream is about
 * to go (may be NULL). dtmf NULL: as RFC 4733 events in the voice. */
struct leg_ops {
	const char *name; /* "trunk", "phone", "workstation" */
	int (*answer)(struct leg *leg);
	void (*end)(struct leg *leg, const char *cause, int code);
	void (*release)(struct leg *leg);
	int (*dtmf)(struct leg *leg, const char *digits);
	bool rtp_ends; /* a leg without packets is dead */
};

struct leg {
	struct le le;
	struct legs *legs;
	char id[MEDIA_ID];
	char contact[MEDIA_ID];
	char line[MEDIA_ID]; /* contact by which media chose the thread */
	bool incoming;
	enum leg_state state;
	const struct leg_ops *ops;
	void *side; /* a reference */
	struct media_leg *media;
	json_t *info; /* given with leg.dial */
	char trunk[32], person[32];
	char from[64], to[64], name[128];
	char source[64], transport[8];
	char join[MEDIA_ID]; /* bridged with it when it is up; "": no */
	bool fallback;	     /* greeted without the office */
	bool goodbye;	     /* ended, and by the one at its far side */
	bool held;	     /* by the far side: silence is all right */
	bool detached;
	int64_t at_us;
	int64_t silent_ms; /* 0: voice flows */
	bool silent_told;
	struct tmr tmr;	 /* ringing, then voice */
	json_t *quality; /* the workstation's last report */
};

/* What others want to know: an arrival that nobody answers, a leg whose
 * voice stands, a leg that goes. */
typedef void(leg_h)(struct leg *leg, void *arg);
/* Is nobody there who could answer? */
typedef bool(leg_away_h)(void *arg);

struct legs_prm {
	struct journal *journal;
	int64_t rtp_timeout_ms;
	unsigned max;
	leg_away_h *awayh;
	leg_h *arrivedh;
	leg_h *uph;   /* join what waits for it */
	leg_h *goneh; /* take it out of everything, media still there */
	void *arg;
};

int legs_alloc(struct legs **lp, const struct legs_prm *prm);
/* The engine is made after its owner's tables. Borrowed. */
void legs_media(struct legs *legs, struct media *media);
/* Ends all, cause "shutdown". */
void legs_close(struct legs *legs);
bool legs_full(const struct legs *legs);
/* Nobody is there who could command. */
bool legs_alone(const struct legs *legs);
unsigned legs_count(const struct legs *legs);

struct leg *leg_find(const struct legs *legs, const char *id);
/* One of the last that have ended. */
bool leg_is_gone(const struct legs *legs, const char *id);
/* Elements are struct leg. A walk that may end legs takes the next first. */
struct list *legs_list(struct legs *legs);

struct leg_prm {
	const char *id;	     /* NULL: a new one of ours */
	const char *contact; /* may be "" */
	bool incoming;
	const struct leg_ops *ops;
};
/* In the table from now on; the table has the reference. */
int leg_alloc(struct leg **lp, struct legs *legs, const struct leg_prm *prm);

/* An incoming leg is whole: event, and somebody may answer it. */
void leg_arrived(struct leg *leg);
/* The far side of an outgoing leg rings: event. */
void leg_ringing(struct leg *leg);
/* The call stands, the voice stream is started: event. */
void leg_up(struct leg *leg);
void leg_hold(struct leg *leg, bool held);
void leg_attach(struct leg *leg, bool attached);
void leg_digit(struct leg *leg, char digit);

/* Makes the voice stream if there is none. */
int leg_voice(struct leg *leg, enum media_transport transport);

/* The call gets the office's contact id. */
void leg_contact(struct leg *leg, const char *contact);

int leg_answer(struct leg *leg);
int leg_dtmf(struct leg *leg, const char *digits);
/* An outgoing leg that nobody answers ends after so much. */
void leg_ring_timeout(struct leg *leg, int64_t ms);

/* We end it: goodbye, event. The leg may be freed. */
void leg_end(struct leg *leg, const char *cause, enum leg_by by, int code);
/* The far side ended it, or it is past saying goodbye: event. */
void leg_ended(struct leg *leg, const char *cause, enum leg_by by, int code);

/* An event of the engine that is about a leg. */
void leg_media_event(struct legs *legs, const struct media_event *ev);

json_t *leg_json(const struct leg *leg);
