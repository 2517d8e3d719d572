/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link to zuoxi-switch: commands out, numbered events in, facts about
 * events acknowledged after their commit, and a resync after each connect.
 * It knows the protocol (docs/protocol.md, section 2) and nothing of what a
 * call means.
 *
 *     connect -> hello -> marks of the boots from the database -> repeated
 *     and new events, in order, each once -> state -> stateh -> up
 *
 * An event at or below its boot's mark was applied before and is only
 * acknowledged again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "server/core/fact.h"

struct exchange;
struct worker;

#define EXCHANGE_ID 48

struct exchange_event {
	const char *boot;
	int64_t n;
	int64_t at_us;
	const char *kind;
	json_t *body; /* the whole object, borrowed */
};

/* All on the loop. */
typedef void(exchange_event_h)(const struct exchange_event *ev, void *arg);
/* The switch as it is, after every event before it was handled. */
typedef void(exchange_state_h)(json_t *state, void *arg);
typedef void(exchange_link_h)(bool up, void *arg);
/* What `configure` says, a new reference. */
typedef json_t *(exchange_config_h)(void *arg);
/* err 0 with the result (borrowed), or why not: ENOTCONN also when the link
 * went away. */
typedef void(exchange_reply_h)(int err, json_t *result, void *arg);

struct exchange_prm {
	const char *path; /* run/switch.sock */
	struct fact_log *log;
	struct worker *worker; /* reads marks; NULL in tests: none */
	exchange_event_h *eventh;
	exchange_state_h *stateh;
	exchange_link_h *linkh;
	exchange_config_h *configh;
	void *arg;
};

int exchange_alloc(struct exchange **xp, const struct exchange_prm *prm);
bool exchange_is_up(const struct exchange *ex); /* reconciled, not only open */
/* "" before the first connect */
const char *exchange_switch_boot(const struct exchange *ex);

/* A new id of ours: <office boot>.<counter>. */
void exchange_mint(struct exchange *ex, char out[EXCHANGE_ID]);

/* params is stolen; replyh may be NULL (failures are logged). ENOTCONN
 * without a link: the next resync sends the difference. */
int exchange_command(struct exchange *ex, const char *method, json_t *params,
		     exchange_reply_h *replyh, void *arg);
/* Pushes the configuration again. */
void exchange_configure(struct exchange *ex);

/* When what is in hand happened: the event's time, which may be that of a
 * moment when we were away, or now. */
int64_t exchange_time_us(const struct exchange *ex);

/* fact_happened with the mark of the event in hand, if there is one; without
 * a time of its own the fact gets the event's. */
void exchange_happened(struct exchange *ex, struct fact *fact);
