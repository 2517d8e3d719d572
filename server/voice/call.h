/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in progress: what the facts say of each, the legs that belong to it,
 * and the few commands that every flow needs (bridge, play, hang up, end).
 * hotline, outbound, ivr, recording and resync are the flows; they share this
 * header and nobody else includes it (the outside is voice.h).
 *
 *     arrived -> closed prompt --------------------------------> ended
 *        |                +--> leaving (busy prompt) ----------> ended
 *        v                |
 *     waiting (desk/acd: notice, waiting, offered) -- gave up -> ended
 *        |      ^ requeued (line broke), transferred
 *        v      |
 *     talking <-> held; away: the agent's line is broken ------> ended
 *        ^
 *     dialling (outbound: the agent first, then the citizen) --> ended
 *
 * A call changes by facts only: the functions below make a fact, whose apply
 * changes the call, and then send the commands. So a restart that runs the
 * facts again finds the same calls; resync then compares with the switch.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/libre.h"
#include "common/phone_no.h"
#include "server/core/fact.h"
#include "server/core/rpc.h"
#include "server/core/store_call.h"
#include "server/desk/roster.h"
#include "server/voice/exchange.h"
#include "server/voice/voice.h"

#define CALL_ID 32

enum call_state {
	CALL_ARRIVED,
	CALL_CLOSED,
	CALL_WAITING,
	CALL_LEAVING,
	CALL_DIALLING,
	CALL_TALKING,
	CALL_HELD,
};

enum call_play {
	PLAY_NONE,
	PLAY_NOTICE,
	PLAY_MUSIC,
	PLAY_CLOSED,
	PLAY_BUSY,
	PLAY_COMFORT,
	PLAY_RING,
};

enum leg_side { LEG_CITIZEN, LEG_AGENT, LEG_PLAYBACK };

struct call_leg {
	struct le le;
	char id[EXCHANGE_ID];
	char contact[CALL_ID];
	enum leg_side side;
	char person[CALL_ID];
	bool up;
};

struct call {
	struct le le;
	char id[CALL_ID];
	bool out;
	enum call_state state;
	char queue[CALL_ID];
	char number[PHONE_NO_SIZE];
	char name[64];
	char trunk[CALL_ID];
	int priority;
	bool fallback;
	char leg[EXCHANGE_ID]; /* the citizen's */
	char agent[CALL_ID];
	char agent_leg[EXCHANGE_ID];
	int64_t arrived_us, queued_us, answered_us, held_us;
	/* the same on the monotonic clock: a step of the wall clock changes
	 * no duration */
	int64_t arrived_mono_us, queued_mono_us, answered_mono_us;
	int64_t since_mono_us; /* in this state */
	bool answered;	       /* somebody spoke with the citizen */
	bool away;
	int64_t away_mono_us; /* when it is given back */
	bool transferred;
	bool recording;
	char purpose[64];
	/* not facts: what the switch plays to the citizen at the moment */
	char play[EXCHANGE_ID];
	enum call_play playing;
	bool greet; /* arrived in this turn, not yet answered */
	bool changed;
	bool ending;
};

struct voice {
	struct voice_prm prm;
	struct store_wall_prm wall;
	struct exchange *ex;
	struct hash *calls; /* struct call by id */
	struct hash *legs;  /* struct call_leg by id */
	struct list playbacks;
	int64_t last_id; /* counter of contact ids of the day */
	char day[12];
	struct tmr tick, flush, greet;
	unsigned ticks;
	json_t *stats; /* the switch's, NULL: not known */
	struct fact_sink sinks[4];
	bool loading;
	bool lost; /* the switch began a new life: calls not in it are lost */
	char boot[EXCHANGE_ID];
};

/* ---- call.c ---- */

struct call *call_find(const struct voice *v, const char *contact);
struct call_leg *call_leg_find(const struct voice *v, const char *leg);
struct call_leg *call_leg_add(struct voice *v, const char *leg,
			      const char *contact, enum leg_side side,
			      const char *person);
void call_leg_drop(struct voice *v, const char *leg);
/* All calls into a block of references (deref each and the block). */
struct call **call_all(const struct voice *v, size_t *np);
void call_mint_contact(struct voice *v, char out[CALL_ID]);
void call_seen_contact(struct voice *v, const char *contact);

/* Makes a fact about the call; body is stolen. dur_ms -1: none. */
void call_fact(struct voice *v, const struct call *c, const char *kind,
	       const char *actor, int64_t dur_ms, json_t *body);
/* From that monotonic moment to what is in hand, -1: never. */
int64_t call_ms_since(const struct voice *v, int64_t mono_us);
/* Body of the facts that put a call into the waiting list. */
json_t *call_item_body(const struct call *c);
int64_t call_wrapup_ms(const struct voice *v, const struct call *c);

void call_changed(struct voice *v, struct call *c);
json_t *call_json(const struct voice *v, const struct call *c);
/* Subscribers and an agent who no longer has it. */
void call_tell_over(struct voice *v, const struct call *c, const char *agent,
		    const char *reason, const char *by);

/* Citizen and agent hear each other, or the citizen alone is there. */
void call_bridge(struct voice *v, const struct call *c, bool talk);
void call_record(struct voice *v, const struct call *c);
void call_hangup_leg(struct voice *v, const char *leg, const char *cause);

/* The contact is over: fact, offers, legs, everybody told. c is gone. */
void call_end(struct voice *v, struct call *c, const char *reason,
	      const char *by, const char *cause);
/* Back to the head of the list: the agent's line is lost. */
void call_requeue(struct voice *v, struct call *c, const char *why);

int call_load(struct voice *v, struct db *db);
int call_init(struct voice *v);

extern const struct rpc_handler call_methods[];

/* ---- ivr.c: what a citizen hears while no one talks ---- */

void ivr_play(struct voice *v, struct call *c, enum call_play play);
void ivr_stop(struct voice *v, struct call *c);
void ivr_ended(struct voice *v, const struct exchange_event *ev);

/* ---- hotline.c: a citizen's call ---- */

void hotline_arrived(struct voice *v, const struct exchange_event *ev);
void hotline_greet(void *arg); /* the struct voice */
/* The agent's phone was answered; his leg ended. */
void hotline_answered(struct voice *v, struct call *c,
		      const struct call_leg *leg);
/* A leg of the switch that we know nothing of, as its events and its state
 * show it: NULL, or the offer that a life of ours before made of it. */
struct call_leg *hotline_adopt(struct voice *v, const json_t *leg);
void hotline_agent_leg_ended(struct voice *v, struct call *c,
			     const struct call_leg *leg, const char *cause);
void hotline_citizen_left(struct voice *v, struct call *c, const char *cause,
			  const char *by);
/* The agent's tunnel broke, or is there again. */
void hotline_away(struct voice *v, struct call *c, const char *why);
void hotline_back(struct voice *v, struct call *c);
void hotline_tick(struct voice *v);
void hotline_init(struct voice *v); /* acd's source */

/* ---- outbound.c ---- */

void outbound_agent_answered(struct voice *v, struct call *c);
void outbound_citizen_answered(struct voice *v, struct call *c);
void outbound_ringing(struct voice *v, struct call *c);
extern const struct rpc_handler outbound_methods[];

/* ---- recording.c ---- */

void recording_event(struct voice *v, const struct exchange_event *ev);
void recording_mended(struct voice *v, const struct exchange_event *ev);
void recording_leg_answered(struct voice *v, const char *leg);
void recording_leg_ended(struct voice *v, const char *leg);
void recording_play_ended(struct voice *v, const struct exchange_event *ev);
void recording_link_lost(struct voice *v);
extern const struct rpc_handler recording_methods[];

/* ---- voice.c ---- */

/* What the switch said of a trunk, in an event or in its state: kept, and an
 * alarm while it is down. since_us 0: it knows nothing yet. */
void voice_trunk(struct voice *v, const json_t *said, bool up,
		 int64_t since_us);

/* ---- resync.c ---- */

void resync_state(json_t *state, void *arg);
void resync_watch(struct voice *v);
