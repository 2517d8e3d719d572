/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of tickets and of citizens' cards: ticket, ticket_note and
 * ticket_entry (which KB entry answered which contact; desk/article writes
 * it) derive from facts. own_draft, what an agent has typed so far, and
 * own_counter, the last ticket number of a day, do not: a draft is saved at
 * every pause in typing and is nobody's evidence.
 *
 * The wire's ticket (docs/protocol.md) is made here, from a row of the view
 * ticket_all, drafts included.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "common/phone_no.h"
#include "server/core/fact.h"
#include "server/core/rpc.h"

#define TICKET_ID 24

/* Projections of "ticket." and "citizen.". */
void store_ticket_register(struct fact_log *log);

/* ---- KB entries of a contact: for projections of kb.adopted, kb.dropped */

int store_ticket_entry_put(struct db *db, const char *contact,
			   const char *entry, int64_t version,
			   const char *title, const char *agent,
			   int64_t at_us);
int store_ticket_entry_drop(struct db *db, const char *contact,
			    const char *entry);
/* [{"entry","version","title"}], new reference. */
json_t *store_ticket_entries(struct db *db, const char *contact);

/* ---- tickets ---- */

struct store_contact {
	char number[PHONE_NO_SIZE];
	char name[64];
	char queue[32];
	char agent[32];
};
/* ENOENT. */
int store_ticket_contact(struct db *db, const char *contact,
			 struct store_contact *out);
/* Was the contact ever his, or offered to him? */
bool store_ticket_may(struct db *db, const char *contact, const char *agent);
/* Is he in it now, in the call or in its wrap-up? */
bool store_ticket_in_hand(struct db *db, const char *contact,
			  const char *agent);

/* Whole ticket by id, or by contact; drafts too. New reference, with
 * "history" when asked. NULL: none. */
json_t *store_ticket_get(struct db *db, const char *ticket,
			 const char *contact, bool history);
/* Raw (unmasked) fields for citizen.unmask: number and name. ENOENT. */
int store_ticket_raw(struct db *db, const char *ticket,
		     struct store_contact *out);
/* The filed row's agent and state; ENOENT. */
int store_ticket_state(struct db *db, const char *ticket, char agent[32],
		       char state[12]);

/* Saves a draft; *ticket is its number, minted for a new one. */
int store_ticket_draft(struct db *db, const char *contact, const char *agent,
		       const json_t *fields, char ticket[TICKET_ID]);
int store_ticket_draft_drop(struct db *db, const char *contact);
/* The draft's number, or a new one where there is none. */
int store_ticket_number(struct db *db, const char *contact,
			char ticket[TICKET_ID]);
/* Is there a usable leaf of this code? */
bool store_ticket_disposition_ok(struct db *db, const char *code);
bool store_ticket_exists(struct db *db, const char *ticket);

/* rpc: ticket.list, ticket.get. */
int store_ticket_list(struct rpc_call *call, struct db *db);

/* ---- citizens ---- */

/* The wire's citizen for a normal form, with the contacts of the last so many
 * days. New reference. */
json_t *store_citizen(struct db *db, const char *number, int64_t recent_days);
/* The card's own fields, unmasked: {"name","title","note","prefs"}. */
json_t *store_citizen_card(struct db *db, const char *number);
int store_citizen_history(struct rpc_call *call, struct db *db,
			  const char *number);
/* Fields shown unmasked to this person since `from_us`. */
int store_citizen_unmasked(struct db *db, const char *actor, int64_t from_us,
			   int64_t *np);

/* ---- verify ---- */

/* Told once for each rule with what NULL, then once for each id that breaks
 * it. rule is a msgid. */
typedef int(store_ticket_finding_h)(const char *rule, const char *what,
				    void *arg);
int store_ticket_check(struct db *db, int64_t *countp,
		       store_ticket_finding_h *h, void *arg);
