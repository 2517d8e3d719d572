/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hotline consists of besides people: queues, pause reasons, results
 * of calls, the calendar, prompts, trunks and desk phones, in memory on the
 * loop. Loaded from the tables at start, changed by the apply of facts alone.
 *
 * Secrets (a trunk's password, a phone's HA1) are in no fact: facts are
 * exported, streamed and read by auditors. They lie in a table of their own,
 * and the fact tells only that there is one.
 *
 * Owned by main. Whoever depends on something here follows it; changes of one
 * turn of the loop are told together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cal.h"
#include "server/core/fact.h"
#include "server/core/rpc.h"

struct site;

#define SITE_ID	     32
#define SITE_NAME    64
#define SITE_TEXT    128
#define SITE_NUMBERS 16 /* called numbers of a queue, of a trunk */
#define SITE_NUMBER  32

struct site_queue {
	char id[SITE_ID];
	char name[SITE_NAME];
	/* as they are called: any form of a telephone number, or a SIP user */
	char numbers[SITE_NUMBERS][SITE_NUMBER];
	size_t numbers_n;
	int priority;	   /* -9 to 9, higher first */
	int64_t wrapup_ms; /* of config where the queue has none */
	int64_t lease_ms;
	int64_t max_wait_ms;
	int least;	      /* level that a call asks for at first; 0: any */
	char notice[SITE_ID]; /* prompts; "" is the site's of that name */
	char closed[SITE_ID];
	char music[SITE_ID];
	bool active;
};

struct site_pause {
	char code[SITE_ID];
	char name[SITE_NAME];
	int64_t max_ms; /* 0: no limit */
	int order;
	bool active;
};

struct site_phone {
	char id[SITE_ID];
	char name[SITE_NAME];
	char ha1[40];
	char realm[SITE_NAME];
	bool registered; /* as the exchange says */
	char source[64];
};

struct site_trunk {
	char id[SITE_ID];
	char kind[12]; /* "peer", "register" */
	char host[SITE_TEXT];
	int port;
	char transport[8]; /* "udp", "tcp", "tls" */
	char user[SITE_NAME];
	char realm[SITE_NAME];
	char password[SITE_TEXT];
	char caller[SITE_NUMBER]; /* number shown to those we call */
	char numbers[SITE_NUMBERS][SITE_NUMBER];
	size_t numbers_n;
	bool active;
	bool up;	  /* as the exchange says */
	int64_t since_us; /* up or down since then; 0: nothing is known yet */
	char why[SITE_TEXT];
};

enum site_change {
	SITE_QUEUES = 1 << 0,
	SITE_PAUSES = 1 << 1,
	SITE_DISPOSITIONS = 1 << 2,
	SITE_CALENDAR = 1 << 3,
	SITE_PROMPTS = 1 << 4,
	SITE_TRUNKS = 1 << 5,
	SITE_PHONES = 1 << 6,
};
/* what: SITE_* that changed since the last time. */
typedef void(site_change_h)(unsigned what, void *arg);

struct site_prm {
	struct fact_log *log;
	const char *prompts_dir;
	int64_t notice_max_ms; /* of a recording notice; 0: any length */
	int64_t wrapup_ms;     /* what a queue has that says nothing */
	int64_t lease_ms;
	int64_t max_wait_ms;
};

/* Registers its sinks with the log; until site_load it holds the default
 * calendar and nothing else. */
int site_alloc(struct site **sp, const struct site_prm *prm);
int site_load(struct site *s, struct db *db);
/* Any number of followers up to 8. */
void site_follow(struct site *s, site_change_h *h, void *arg);

/* All pointers are borrowed and valid until the next turn of the loop. Queues
 * keep their index for the life of the process. Inactive ones are found too:
 * calls of before may be in them. */
size_t site_queue_count(const struct site *s);
const struct site_queue *site_queue_at(const struct site *s, size_t i);
const struct site_queue *site_queue_find(const struct site *s, const char *id);
int site_queue_index(const struct site *s, const char *id); /* -1: none */
/* The active queue of a called number in whatever form; NULL: none. */
const struct site_queue *site_queue_of(const struct site *s,
				       const char *called);
/* {"id","name","number","priority",...}: a new reference. */
json_t *site_queue_json(const struct site_queue *q);

/* Fields that others know of a queue (who waits, who is ready): added to what
 * queue.list answers. One handler. */
typedef void(site_queue_live_h)(const struct site_queue *q, json_t *obj,
				void *arg);
void site_queue_live(struct site *s, site_queue_live_h *h, void *arg);

/* Active ones only: NULL when there is none of that code. */
const struct site_pause *site_pause_find(const struct site *s,
					 const char *code);
/* A leaf of the tree that calls may end with now. */
bool site_disposition_ok(const struct site *s, const char *code);

const struct cal *site_cal(const struct site *s);

/* File in prompts_dir for a prompt ("notice", "closed", "busy", "comfort",
 * "music", "wait", ...): what prompt.set said, else "<prompt>.wav". out gets
 * SITE_TEXT bytes. */
void site_prompt_file(const struct site *s, const char *prompt,
		      char out[SITE_TEXT]);
/* The same for a queue's own choice: which is "notice", "closed" or "music".
 * q may be NULL. */
void site_queue_prompt(const struct site *s, const struct site_queue *q,
		       const char *which, char out[SITE_TEXT]);

size_t site_trunk_count(const struct site *s);
const struct site_trunk *site_trunk_at(const struct site *s, size_t i);
const struct site_trunk *site_trunk_find(const struct site *s, const char *id);
/* From the exchange; no change is told. */
void site_trunk_state(struct site *s, const char *id, bool up, const char *why,
		      int64_t since_us);

size_t site_phone_count(const struct site *s);
const struct site_phone *site_phone_at(const struct site *s, size_t i);
const struct site_phone *site_phone_find(const struct site *s, const char *id);
void site_phone_state(struct site *s, const char *id, bool registered,
		      const char *source);
bool site_phone_registered(const struct site *s, const char *id);

/* phone.*, queue.*, disposition.*, pause.*, calendar.*, prompt.*, trunk.*:
 * part is the struct site. */
extern const struct rpc_handler site_methods[];
