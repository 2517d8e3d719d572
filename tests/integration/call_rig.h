/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The office's telephone in one process: the real store, log, sessions,
 * roster, acd and voice, a scripted switch at the other end of the real
 * socket, and agents on real sessions. People and site are a few fixed ones.
 * Nothing sleeps: rig_until runs the loop until a condition holds.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "server/core/fact.h"

/* ---- the office ---- */

extern struct rig {
	char dir[64];
	struct store *store;
	struct fact_log *log;
	struct worker *worker;
	struct rpc *rpc;
	struct session_hub *hub;
	struct roster *roster;
	struct acd *acd;
	struct voice *voice;
	int64_t lease_ms, max_wait_ms, wrapup_ms;
	bool open;
} rig;

void rig_start(void); /* folder, switch, office */
void rig_stop(void);  /* and checks every invariant of what was stored */
void rig_clean(void); /* after a failure: only goes away */
void rig_office_down(void);
void rig_office_up(void);

typedef bool(rig_cond_h)(void);
/* False after 10 s. */
bool rig_wait(rig_cond_h *cond);
#define rig_until(cond) assert_true(rig_wait(cond))
void rig_turn(int64_t ms); /* lets the loop run on so long */

/* Calls, items and agents as they are, as text to compare. */
char *rig_picture(void);

int64_t rig_count(const char *sql);
/* The same, of what is committed now: does not wait for what is on its way. */
int64_t rig_count_on_disk(const char *sql);
/* First column of the first row, "" none. Static. */
const char *rig_text(const char *sql);

/* ---- the switch ---- */

void sw_start(void);
void sw_stop(void);
void sw_cut(void); /* the office went away */
void sw_call(const char *leg, const char *from, const char *to, bool fallback);
void sw_answer(const char *leg);
void sw_end(const char *leg, const char *cause, const char *by);
void sw_event(const char *kind, json_t *fields);
void sw_play_done(const char *leg);
/* A leg that rings at a workstation, as an office before us dialled it. */
void sw_ring(const char *leg, const char *contact, const char *person);
void sw_attach(const char *person, bool up);
void sw_restart(void);		/* a crash: all legs are gone */
void sw_unplug(bool unplugged); /* the link alone */
void sw_repeat(void);		/* sends every event of this life again */
/* The newest leg that was dialled to this party and still lives; "" none. */
const char *sw_leg_to(const char *person);
bool sw_leg_lives(const char *leg);
bool sw_bridged(const char *leg, const char *role);
/* What is playing to the leg: file or tone; "" none. */
const char *sw_plays(const char *leg);
bool sw_acked_all(void);
size_t sw_commands(const char *method);

/* ---- agents ---- */

void agent_in(const char *id);	 /* session, workstation, sign in, ready */
void agent_gone(const char *id); /* session ends */
/* Sends a request and waits: the result (borrowed until the next), NULL when
 * refused: rig_refusal has the message. */
json_t *agent_ask(const char *id, const char *method, json_t *params);
extern char rig_refusal[200];
const char *agent_state(const char *id);
const char *agent_reason(const char *id);
/* The newest event of that name to him; NULL none. */
json_t *agent_event(const char *id, const char *method);
/* How many of that name came. */
int agent_events(const char *id, const char *method);
