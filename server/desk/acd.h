/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One waiting list of work items for the whole site, and the offers made from
 * it. An item is whatever waits for a person; a source (voice for calls)
 * brings items by facts and carries offers out. This file knows no SIP and no
 * WeChat: it decides (desk/assign), keeps leases, and tells why somebody
 * still waits.
 *
 * An offer is a lease. It ends by answer (fact contact.answered, made by the
 * source), refusal, timeout, hang-up of the citizen, or withdrawal; each end
 * is a fact, and the agent is free again or paused by it. The citizen keeps
 * place and arrival.
 *
 * Facts that make items: contact.queued, contact.requeued (line broke: head
 * of the list), contact.transferred. Facts that end them: contact.answered,
 * contact.leaving, contact.ended. Bodies of the first three carry number,
 * name, queue, arrived_us, queued_us, priority, head, target, notice.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/libre.h"
#include "common/phone_no.h"
#include "server/core/rpc.h"
#include "server/desk/roster.h"

#define ACD_ID 48

struct acd;
struct site_queue;
struct alarm;

enum acd_state { ACD_NOTICE, ACD_WAITING, ACD_OFFERED };

struct acd_item {
	struct le le;
	char contact[32];
	char queue[32];
	char number[PHONE_NO_SIZE];
	char name[64];
	char target[32]; /* transferred to this agent */
	enum acd_state state;
	int64_t arrived_us, queued_us;
	/* monotonic: queued at first, and in the line this time */
	int64_t queued_mono_us, entered_mono_us;
	int priority;
	bool head;
	bool leaving; /* overflow was told to the source */
	/* the offer */
	char offer[ACD_ID];
	char agent[32];
	int64_t lease_mono_us; /* monotonic end of the lease */
	int64_t offered_mono_us;
	int64_t lease_ms;
	const char *why; /* msgid: not assigned yet */
	char offer_why[120];
	unsigned position;
	bool changed;
};

/* Who brings items. All are called on the loop. */
struct acd_source {
	/* An id for the next offer, unique for ever. */
	void (*mint)(char out[ACD_ID], void *arg);
	/* Carry the offer to the agent: ring him. */
	void (*offer)(const struct acd_item *item, void *arg);
	/* It ended without an answer; result as in the fact. The item still
	 * has the offer's fields. */
	void (*offer_end)(const struct acd_item *item, const char *result,
			  void *arg);
	/* It waited longer than its queue allows. */
	void (*overflow)(const struct acd_item *item, void *arg);
	void *arg;
};

struct acd_prm {
	struct fact_log *log;
	struct session_hub *hub; /* NULL in tests */
	struct roster *roster;
	struct site *site;
	struct alarm *alarm; /* NULL: none */
	int64_t ageing_ms;   /* what a step of priority is worth */
	int64_t widen_ms;    /* after it a level less is enough; 0: never */
	int64_t wait_alarm_ms;
	int64_t lease_ms, max_wait_ms; /* where the queue has none */
};

int acd_alloc(struct acd **ap, const struct acd_prm *prm);
void acd_source(struct acd *acd, const struct acd_source *source);
/* From now on offers are made (after the start's reconciliation). */
void acd_open(struct acd *acd, bool open);
/* Queues changed, or something outside: look again in this loop turn. */
void acd_kick(struct acd *acd);

const struct acd_item *acd_find(const struct acd *acd, const char *contact);
size_t acd_count(const struct acd *acd);
/* An offer that is carried already, made by a life of ours that ended before
 * its fact was written: it is one from now on. EALREADY: the contact does not
 * wait, or the agent is not free for it. */
int acd_adopt(struct acd *acd, const char *contact, const char *agent,
	      const char *offer);
/* Ends the contact's offer, if any. */
void acd_offer_end(struct acd *acd, const char *contact, const char *result);
/* At start: facts of contacts that have not ended, in order. */
void acd_replay(struct acd *acd, const struct fact *fact);
/* Lets the lease of every current offer start anew (after a restart). */
void acd_renew(struct acd *acd);

/* item.list: part is the struct acd. */
extern const struct rpc_handler acd_methods[];

/* A site_queue_live_h, arg is the struct acd: the figures of now beside a
 * queue's settings. */
void acd_queue_live(const struct site_queue *q, json_t *obj, void *arg);
