/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far end of a session for a test on the same loop: a workstation or an
 * administrator who asks, and waits for answers by running the loop. What
 * does not come within ten seconds fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "common/link.h"

struct peer {
	struct link *link;
	int control; /* the gate's end, or -1 */
	char answer; /* K, N or E from the server; 0: none yet */
	bool closed;
	json_t *msgs; /* all that came */
	int64_t id;
};

/* A mem_ref object; owns the descriptors. */
struct peer *peer_alloc(int fd_in, int fd_out);
/* The gate's socket, owned as well. */
void peer_control(struct peer *p, int sock);

typedef bool(until_h)(void *arg);
/* Runs the loop until it is so; false: it never was. */
bool wait_for(until_h *until, void *arg);
/* New references, taken out of msgs. */
json_t *wait_reply(struct peer *p, int64_t id);
json_t *wait_event(struct peer *p, const char *method);

/* params is stolen; ask returns the request's id. */
int64_t ask(struct peer *p, const char *method, json_t *params);
json_t *call(struct peer *p, const char *method, json_t *params);
/* Name of the error in a reply (stolen): "" wants none. */
void expect(json_t *reply, const char *error);
