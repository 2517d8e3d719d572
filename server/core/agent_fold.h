/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent does, as a function of facts and of nothing else. The live
 * roster (desk/roster) and the tables agent_now and agent_span (store_call)
 * run the same function, so they cannot disagree, and a restart finds every
 * agent as he was.
 *
 *     offline --signin--> paused --ready--> ready --offer.made--> offered
 *     offered --contact.answered--> talking <--held/retrieved--> held
 *     offered --offer.ended refused/timeout--> paused (refused, missed)
 *     offered --offer.ended caller_left/withdrawn--> ready, place kept
 *     talking --contact.ended, transferred--> wrapup --agent.state--> after
 *     talking --contact.requeued (line broke)--> paused (phone_lost)
 *     ready, paused --contact.dialled--> talking --never answered--> back
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "server/core/fact.h"

#define AGENT_ID 32

enum agent_state {
	AGENT_OFFLINE,
	AGENT_READY,
	AGENT_OFFERED,
	AGENT_TALKING,
	AGENT_HELD,
	AGENT_WRAPUP,
	AGENT_PAUSED,
};

struct agent_now {
	char id[AGENT_ID];
	enum agent_state state;
	char reason[AGENT_ID];
	int64_t since_us;
	char after[AGENT_ID];	/* "" is ready; else a pause reason */
	char device[48];	/* "workstation", "phone:NAME" or "" */
	char contact[AGENT_ID]; /* of the offer, the call or the wrap-up */
	char back[AGENT_ID];	/* pause reason to return to; "ready" */
	int64_t ready_since_us; /* idle since, over all queues */
	int64_t wrapup_until_us;
	int extensions;
	bool filed; /* the contact's ticket is filed */
	bool hand;
	char hand_text[120];
	int64_t hand_since_us;
	int64_t day_us; /* the day that calls counts */
	int calls;
};

const char *agent_state_name(enum agent_state s);
int agent_state_parse(enum agent_state *sp, const char *name);

/* The person that the fact is about as an agent; "" none. */
const char *agent_fold_whom(const struct fact *fact);

/* True when anything changed. A fact agent.state that says ready, paused or
 * offline settles state, reason and contact whatever was before. */
bool agent_fold(struct agent_now *a, const struct fact *fact);
