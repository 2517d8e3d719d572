/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workstation's half of the conversation with the office: owns the
 * tunnel, the phone and the model, sends requests with ids and time limits,
 * subscribes, and after a break fetches what it missed. A view calls the
 * command functions below and sees the effect in the model; what fails
 * becomes a message there.
 *
 * Commands that change something are refused at once while the link is down
 * (ENOTCONN, and a message): nothing is queued, since a late hang-up would
 * hit the wrong moment. The exception is the draft, which is kept here and
 * sent when the line is back. While a request is unanswered it stands in
 * model.pending.
 *
 * A command returns 0 when it was sent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "agent-tui/model.h"
#include "agent-tui/phone.h"
#include "agent-tui/tunnel.h"

struct client;

/* Reply to a request. err 0: result is set; else an errno, message an
 * English msgid, detail what goes behind it. All borrowed. */
struct client_reply {
	int err;
	json_t *result;
	const char *message;
	const char *detail;
};
typedef void(client_reply_h)(const struct client_reply *r, void *arg);

/* The model changed (enum model_part mask). Note it and redraw once a turn. */
typedef void(client_change_h)(unsigned mask, void *arg);

struct client_prm {
	struct tunnel_prm tunnel; /* host, port, user, keys, questions; stateh
				     and datah are the client's own */
	const struct phone_backend *backend; /* NULL: no phone (review) */
	struct phone_devices devices;
	enum phone_voice voice;
	bool ring_in_headset;
	bool lists; /* fetch lists after sign-in */
	client_change_h *changeh;
	void *arg; /* of changeh; the tunnel's questions have tunnel.arg */
};

int client_alloc(struct client **cp, const struct client_prm *prm);
/* Connects; goes on doing so by itself. */
int client_open(struct client *c);
/* Signs out in order and ends the connection. The handlers fall silent. */
void client_close(struct client *c);

const struct model *client_model(const struct client *c);
struct phone *client_phone(struct client *c); /* NULL without a backend */
struct tunnel *client_tunnel(struct client *c);

/* ---- requests in general (cmdline, tests, robots) ---- */

/* params is stolen, may be NULL. what: msgid for model.pending, NULL: not
 * shown there. h may be NULL. ENOTCONN while the link is down (unless it is
 * hello's business). */
int client_request(struct client *c, const char *method, json_t *params,
		   const char *what, client_reply_h *h, void *arg);

/* ---- me ---- */

/* device: "workstation" or "phone:NAME". Comes by itself after the first
 * hello for agents with a phone backend. */
int client_signin(struct client *c, const char *device);
int client_ready(struct client *c);
int client_pause(struct client *c, const char *reason);
/* What follows this call: "ready" or a pause code. */
int client_after(struct client *c, const char *to);
int client_extend(struct client *c);
int client_hand(struct client *c, bool up, const char *text);

/* ---- my call ---- */

int client_answer(struct client *c); /* what is offered to me */
int client_refuse(struct client *c);
int client_hangup(struct client *c); /* my active leg */
int client_hold(struct client *c);
int client_retrieve(struct client *c);
/* While he chooses whom to hand the call to: the others' states come into
 * model.agents and go with the end of it. Leads and reviewers have them
 * always. */
void client_choose(struct client *c, bool on);
int client_transfer(struct client *c, const char *to); /* agent or queue */
int client_dtmf(struct client *c, const char *digits);
void client_mute(struct client *c, bool on);
/* Other sound devices from now on; NULL: as it is, ringer "": none. */
int client_device(struct client *c, const char *headset, const char *ringer);
struct client_dial {
	const char *number; /* one of these three, others NULL or 0 */
	int64_t missed;
	const char *ticket;
	const char *purpose;
};
int client_dial(struct client *c, const struct client_dial *d);

/* ---- citizen ---- */

/* Card and history into model.citizen. One of both; number "#12": of that
 * missed call. */
int client_citizen_open(struct client *c, const char *contact,
			const char *number);
int client_history_more(struct client *c);
int client_citizen_update(struct client *c, const char *field,
			  const char *text);
/* field: "number", "name"; shown for 30 s in model.citizen. One of contact,
 * ticket, missed. */
struct client_unmask {
	const char *contact, *ticket;
	int64_t missed;
	const char *field, *reason;
};
int client_unmask(struct client *c, const struct client_unmask *u);

/* ---- knowledge ---- */

/* As one types: waits 50 ms for the next key, the newest cancels older ones.
 * "": clears the hits. */
int client_kb_search(struct client *c, const char *q);
/* Into model.entry. version 0: the one in force. */
int client_kb_open(struct client *c, const char *entry, int version);
void client_kb_close(struct client *c);
/* For my call or the draft's contact. */
int client_kb_adopt(struct client *c, const char *entry);
int client_kb_drop(struct client *c, const char *entry);
int client_kb_gap(struct client *c, const char *q);

/* ---- tickets and the draft ---- */

/* The draft of my call is opened by itself when it is answered. */
int client_draft_open(struct client *c, const char *contact,
		      const char *ticket);
/* Local echo at once; sent 300 ms after the first change that was not. Fields:
 * disposition outcome summary promise person address need after. EINVAL: no
 * such field; ENOENT: no draft. */
int client_draft_set(struct client *c, const char *field, const char *text);
int client_draft_promise(struct client *c, int64_t promise_us);
int client_draft_flags(struct client *c, unsigned flags);
int client_draft_link(struct client *c, const char *ticket, bool on);
/* Name of the first required field that is empty, NULL when all is there. */
const char *client_draft_missing(const struct client *c);
/* Files the draft. EINVAL: something required is missing. */
int client_ticket_file(struct client *c);
/* The same, and wrap-up goes on. */
int client_ticket_file_only(struct client *c);
/* state: filter or NULL */
int client_tickets(struct client *c, bool mine, const char *state);
int client_ticket_open(struct client *c, const char *ticket);
/* state NULL and promise_us 0: unchanged */
int client_ticket_note(struct client *c, const char *ticket, const char *text,
		       const char *state, int64_t promise_us);

/* ---- missed callers ---- */

int client_missed_claim(struct client *c, int64_t missed);
int client_missed_close(struct client *c, int64_t missed, const char *outcome,
			const char *note);

/* ---- lead, review ---- */

/* First page of a list again / the next page of it. Events keep it fresh
 * afterwards where the topic is subscribed. */
int client_list(struct client *c, enum model_list list);
int client_more(struct client *c, enum model_list list);
struct client_filter {
	int64_t from_us, to_us;
	const char *queue, *result, *agent, *number, *contact;
	const char *state, *kind; /* NULL or "": any */
	const char *entry;	  /* whose versions */
};
/* Filter of the following client_list calls of that list; NULL: none. */
void client_filter(struct client *c, enum model_list list,
		   const struct client_filter *f);
/* While a view shows the wall: each 5 s. */
void client_wall_watch(struct client *c, bool on);
int client_contact_open(struct client *c, const char *contact);
/* state: "ready", "paused" (with pause code), "offline" */
int client_agent_set(struct client *c, const char *agent, const char *state,
		     const char *pause, const char *reason);
int client_call_end(struct client *c, const char *contact, const char *reason);
int client_recording_play(struct client *c, const char *recording,
			  const char *reason, int64_t position_ms);
int client_recording_seek(struct client *c, int64_t position_ms, bool paused);
int client_recording_stop(struct client *c);
int client_alarm_take(struct client *c, const char *alarm);
