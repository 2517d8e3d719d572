/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of the telephone, all derived from facts: contact (one row a
 * conversation), contact_leg, offer, agent_now and agent_span (intervals of
 * states), missed (one open row a number), recording. This file keeps them;
 * store_contact reads them for lists, store_wall counts them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/phone_no.h"
#include "server/core/agent_fold.h"
#include "server/core/fact.h"
#include "server/core/rpc.h"

/* Projections of contact., offer., leg., agent., recording., missed. and of
 * ticket.filed. */
void store_call_register(struct fact_log *log);

/* ---- what the loop needs at start ---- */

/* Each agent as the facts left him. */
typedef int(store_agent_h)(const struct agent_now *a, void *arg);
int store_call_agents(struct db *db, store_agent_h *h, void *arg);
/* Facts of every contact that has not ended, contact by contact, and the
 * legs of ended contacts that have not. */
int store_call_open_contacts(struct db *db, fact_each_h *h, void *arg);
/* Highest counter of the day's contact ids. */
int store_call_last_id(struct db *db, const char *day, int64_t *np);

/* ---- one row ---- */

struct store_missed {
	int64_t id;
	char number[PHONE_NO_SIZE];
	char queue[32];
	char state[12];
	char owner[32];
};
int store_call_missed(struct db *db, int64_t id, struct store_missed *out);
/* Number and queue of a ticket's contact. */
int store_call_ticket_number(struct db *db, const char *ticket,
			     char number[PHONE_NO_SIZE], char queue[32]);
struct store_recording {
	char path[200];
	char contact[32];
	char state[12];
	int64_t ms;
};
int store_call_recording(struct db *db, const char *id,
			 struct store_recording *out);

/* The open row of a number as the wire shows it (new reference), or NULL. */
json_t *store_call_missed_json(struct db *db, int64_t id);
int64_t store_call_missed_of(struct db *db, const char *contact);

/* "张三" -> "张*" */
void store_call_mask_name(char *out, size_t size, const char *name);

/* contact.list, contact.get, missed.list, missed.claim, missed.close,
 * recording.list: part is not used. */
extern const struct rpc_handler store_contact_methods[];

/* wall.get, agent.today: part is a const struct store_wall_prm *. */
struct store_wall_prm {
	int64_t target_connect; /* 0.01 % */
	int64_t target_ms;
	int64_t short_ms;
};
extern const struct rpc_handler store_wall_methods[];
