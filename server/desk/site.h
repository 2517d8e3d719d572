/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the site is made of and administrators change while it runs: queues,
 * pause reasons, dispositions, the calendar, prompts, trunks, desk phones.
 * Held in memory on the loop, loaded from the tables at start, changed only
 * by the apply of facts ("queue.set", "pause.set", "disposition.set",
 * "calendar.set", "prompt.set", "trunk.set", "phone.added", ...).
 *
 * Owned by main; followers are told what kind of thing changed (the exchange
 * then pushes a new configuration to the switch).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cal.h"
#include "server/core/rpc.h"

#define SITE_ID	  32
#define SITE_NAME 64
#define SITE_TEXT 128

struct site;
struct config;
struct fact_log;

struct site_queue {
	char id[SITE_ID];
	char name[SITE_NAME];
	char numbers[SITE_TEXT]; /* called numbers, commas */
	int priority;		 /* higher is served first */
	int64_t wrapup_ms, lease_ms, max_wait_ms;
	char notice[SITE_ID], closed[SITE_ID], music[SITE_ID]; /* prompts */
	bool active;
};

struct site_pause {
	char code[SITE_ID];
	char name[SITE_NAME];
	int64_t max_ms; /* 0: no limit */
	int order;
	bool active;
};

struct site_disposition {
	char code[SITE_ID];
	char parent[SITE_ID]; /* "" at the top */
	char name[SITE_NAME];
	char queue[SITE_ID]; /* business line it belongs to, "" any */
	bool active;
};

struct site_trunk {
	char id[SITE_ID];
	char kind[SITE_ID];   /* peer, register */
	char host[SITE_TEXT]; /* peer: address or CIDR of the source */
	int port;
	char transport[8]; /* udp, tcp */
	char user[SITE_NAME];
	char realm[SITE_NAME];
	char password[SITE_NAME];
	char caller[SITE_ID];	 /* number shown on outbound calls */
	char numbers[SITE_TEXT]; /* only these called numbers; "" all */
	bool active;
};

struct site_phone {
	char name[SITE_ID];
	char title[SITE_NAME];
	char realm[SITE_NAME];
	char ha1[33];
};

enum site_what {
	SITE_QUEUES,
	SITE_PAUSES,
	SITE_DISPOSITIONS,
	SITE_CALENDAR,
	SITE_PROMPTS,
	SITE_TRUNKS,
	SITE_PHONES,
};

typedef void(site_change_h)(enum site_what what, void *arg);

/* Defaults of queues come from the configuration. Registers its sink. */
int site_alloc(struct site **sp, const struct config *cfg,
	       struct fact_log *log);
int site_load(struct site *site, struct db *db);
void site_follow(struct site *site, site_change_h *h, void *arg);

/* All borrowed, valid until the next change. NULL: none. */
const struct site_queue *site_queue(const struct site *s, const char *id);
const struct site_queue *site_queue_by_number(const struct site *s,
					      const char *called);
size_t site_queues(const struct site *s);
const struct site_queue *site_queue_at(const struct site *s, size_t i);
const struct site_pause *site_pause(const struct site *s, const char *code);
const struct site_disposition *site_disposition(const struct site *s,
						const char *code);
const struct cal *site_calendar(const struct site *s);
/* File of a prompt, below the prompts folder: "notice" -> "notice.wav". */
void site_prompt(const struct site *s, const char *name, char out[SITE_TEXT]);
size_t site_trunks(const struct site *s);
const struct site_trunk *site_trunk_at(const struct site *s, size_t i);
const struct site_trunk *site_trunk(const struct site *s, const char *id);
size_t site_phones(const struct site *s);
const struct site_phone *site_phone_at(const struct site *s, size_t i);

/* queue.* pause.* disposition.* calendar.* prompt.* trunk.* phone.*; arg of
 * rpc_register: the struct site. */
extern const struct rpc_handler site_methods[];
