/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workstations' phones: for each person the phone channel (JSON lines:
 * offers, answers, hang-ups) and the voice channel (RTP frames), handed over
 * by zuoxi-gate. A leg of a workstation outlives its channels: it is detached
 * while they are away. The newest login of a person has the phone. All of it
 * works without the office.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "server/gate/handover.h"
#include "server/switch/leg.h"

struct workstations;

/* A key pressed at a workstation, for whom it talks to. */
typedef void(workstation_dtmf_h)(struct leg *leg, const char *digits,
				 void *arg);

struct workstations_prm {
	struct legs *legs;
	struct journal *journal;
	const char *path;    /* tunnel, udp, auto */
	bool udp;	     /* may voice go by UDP, with SRTP */
	const char *address; /* then to here; "": where SSH goes to */
	workstation_dtmf_h *dtmfh;
	void *arg;
};

int workstations_alloc(struct workstations **wp,
		       const struct workstations_prm *prm);
/* Closes all channels in order. */
void workstations_close(struct workstations *ws);

/* From the gate's listener (handover_h). */
void workstations_handover(const struct handover *ho, void *arg);

struct workstation_call {
	const char *leg, *contact, *person;
	bool auto_answer;
	int64_t ring_ms;
	json_t *info; /* borrowed, may be NULL */
};
/* Offers a call. The leg stands also when nobody is there: it ends with its
 * cause on the next turn. */
int workstation_dial(struct leg **lp, struct workstations *ws,
		     const struct workstation_call *call);

/* Ends a person's channels. ENOENT: none. */
int workstation_drop(struct workstations *ws, const char *person,
		     const char *cause);

json_t *workstations_json(const struct workstations *ws);
