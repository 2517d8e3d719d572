/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents at work: who is signed in, in which state, since when, at which
 * phone, and whether a call may be offered to him. The state is the fold of
 * facts (core/agent_fold); what no fact tells is held beside it: whether his
 * session and his phone are there now.
 *
 * Owned by main. Changes are told to one follower (desk/acd), which offers
 * calls, to himself (topic "me"), and to subscribers of topic "agent".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/core/agent_fold.h"
#include "server/core/rpc.h"

struct roster;
struct people;
struct site;
struct session_hub;
struct skill;

struct roster_agent {
	struct agent_now now;
	bool online;	  /* a session of his is up */
	bool workstation; /* his workstation's phone channel is attached */
	bool desk_phone;  /* the desk phone he signed in at is registered */
	bool away;	  /* his line broke in a call */
	bool changed;	  /* to be published */
	bool settle;	  /* wrap-up may be over: look at it */
	int64_t gone_mono_us; /* session gone since, monotonic; 0: online */
	/* of now's times, monotonic: steps of the wall clock pass them by */
	int64_t since_mono_us, ready_mono_us, wrapup_mono_us;
	char file_after[AGENT_ID];
};

/* An agent changed; he may be free now. */
typedef void(roster_change_h)(const struct roster_agent *a, void *arg);

struct roster_prm {
	struct fact_log *log;
	struct session_hub *hub; /* may be NULL in tests */
	struct people *people;
	struct site *site;
	struct skill *skill; /* NULL in tests: skills count as they are set */
	int64_t grace_ms;    /* session gone for so long: offline */
};

int roster_alloc(struct roster **rp, const struct roster_prm *prm);
/* At start: agents as their facts left them. */
int roster_load(struct roster *r, struct db *db);
void roster_follow(struct roster *r, roster_change_h *h, void *arg);

/* From core/session and from the exchange. */
void roster_session(struct roster *r, const char *person, bool up);
void roster_workstation(struct roster *r, const char *person, bool up);
void roster_desk_phone(struct roster *r, const char *phone, bool up);
/* None is there any more (the switch restarted). */
void roster_phones_gone(struct roster *r);
void roster_away(struct roster *r, const char *person, bool away);
/* People or skills changed. */
void roster_refresh(struct roster *r);

const struct roster_agent *roster_find(const struct roster *r,
				       const char *person);
size_t roster_count(const struct roster *r);
const struct roster_agent *roster_at(const struct roster *r, size_t i);
bool roster_signed_in(const struct roster_agent *a);
/* His phone can ring now. */
bool roster_reachable(const struct roster_agent *a);
/* A call may be offered to him. */
bool roster_free(const struct roster_agent *a);
const char *roster_name(const struct roster *r, const char *person);
/* What his skill counts for now; as it is set. 0: none. */
int roster_level(const struct roster *r, const char *person,
		 const char *queue);
int roster_level_set(const struct roster *r, const char *person,
		     const char *queue);

json_t *roster_json(const struct roster *r, const struct roster_agent *a);

/* agent.*: part is the struct roster. */
extern const struct rpc_handler roster_methods[];
