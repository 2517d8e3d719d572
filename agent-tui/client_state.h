/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a client, shared by client.c (link, requests, resync),
 * client_command.c (what views may ask) and client_draft.c. Nobody else's.
 */
#pragma once

#include "agent-tui/client.h"
#include "common/libre.h"
#include "common/link.h"

#define CLIENT_REQUESTS_MAX 64
#define CLIENT_TIMEOUT_MS   10000
#define CLIENT_TEXT_MAX	    4096

struct client_list_state {
	bool wanted; /* fetched once: fetch again after a snapshot */
	struct client_filter filter;
	char texts[8][64]; /* what filter's pointers point to */
};

struct client {
	struct client_prm prm;
	struct tunnel *tunnel;
	struct phone *phone;
	struct model *model;
	struct link_split split;

	/* requests */
	struct list requests; /* struct request, oldest first */
	int64_t next_id;
	bool rpc_open, hello_done;
	bool closing;
	char unmasking[MODEL_ID]; /* whose number was asked for */
	char card_field[16];	  /* of the change that is on its way */
	char *card_text;
	unsigned card_tries; /* a new contact is told before it is stored */
	struct tmr tick;
	struct tmr today_tmr;	  /* my figures, once the store has the call */
	char likely_of[MODEL_ID]; /* contact that was asked about */

	/* resync */
	char boot[64];
	int64_t n;
	bool want_signin; /* a person (or a robot) is to be signed in */
	char device[64];
	int64_t ping_ms;
	int64_t ping_at_us; /* mono, next one */

	/* what the office tells us */
	unsigned subscribed; /* 1 << index in OFFICE_TOPICS; 0: not yet */
	bool choosing;	     /* whom to hand the call to */

	/* search */
	struct tmr search_tmr;

	/* draft */
	struct tmr draft_tmr;
	unsigned touched;   /* fields typed that no save has taken */
	unsigned sending;   /* fields of the save that is on its way */
	json_t *draft_base; /* the form as the office had it last, or NULL */
	bool draft_stay;    /* filing is not the end of wrap-up */
	bool draft_refile;  /* the newest is fetched in order to file */
	unsigned changes;   /* counts keys */
	unsigned sent_at;   /* changes when the last one went out */

	struct client_list_state lists[MODEL_LISTS];
	struct tmr wall_tmr;
};

/* client.c */
bool client_ready_to_ask(struct client *c, const char *what);
void client_drop_requests(struct client *c, client_reply_h *h);
/* Asks for the topics that are wanted now, if these are others. */
void client_subscribe(struct client *c);
/* Does he want the events of that topic? */
bool client_follows(const struct client *c, const char *topic);
/* Says what went wrong with `what`. */
void client_complain(struct client *c, const struct client_reply *r);

/* The model that c writes. */
struct model *client_own_model(struct client *c);

/* client_kb.c: lists of the knowledge base that are kept fresh */
void client_kb_changed(struct client *c);

/* client_command.c */
/* Was it fetched, so that it is to be kept fresh? */
bool client_wants(const struct client *c, enum model_list list);
void client_take_me(struct client *c, json_t *agent);
void client_fetch(struct client *c, enum model_list list, bool first);
void client_fetch_all(struct client *c, bool again);
void client_on_search_timer(void *arg);
/* The offer's contact is stored: what will it ask? Once a contact. */
void client_likely(struct client *c);
/* My figures of today, in a moment or now. */
void client_today(struct client *c, uint64_t in_ms);

/* client_draft.c */
void client_draft_follow(struct client *c); /* my call changed */
void client_draft_resume(struct client *c); /* the line is back */
