/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blocking client of the office's admin socket: one request at a time,
 * events when asked for. For a command that ends, a loop would be a detour.
 */
#pragma once

#include <stddef.h>
#include <jansson.h>

struct ctl_client;

/* A refusal as a person reads it. */
struct ctl_fault {
	int err;
	char text[512];
};

/* Connects and says hello. A mem_ref object. */
int ctl_client_open(struct ctl_client **cp, const char *path,
		    struct ctl_fault *fault);

/* One request; params are stolen and may be NULL. *resultp is a new
 * reference. */
int ctl_client_call(struct ctl_client *c, const char *method, json_t *params,
		    json_t **resultp, struct ctl_fault *fault);

/* All pages of a list: {"items":[...]}. Stops after `limit` items, 0: all.
 * A result that is no list comes as it is. */
int ctl_client_list(struct ctl_client *c, const char *method, json_t *params,
		    size_t limit, json_t **resultp, struct ctl_fault *fault);

/* Waits for the next event: its params, a new reference. */
int ctl_client_event(struct ctl_client *c, json_t **paramsp,
		     struct ctl_fault *fault);
