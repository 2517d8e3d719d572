/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carriers and gateways, as the office configured them. A trunk of kind
 * `register` signs in with the carrier and keeps the registration fresh; a
 * `peer` is known by its address and asked by OPTIONS whether it lives.
 * Calls come from their addresses alone.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "server/switch/dialog.h"
#include "server/switch/journal.h"
#include "server/switch/sip.h"
#include "server/switch/sip_tls.h"

struct trunks;
struct trunk;

int trunks_alloc(struct trunks **tp, struct journal *journal);
/* Begins registrations and probes. Borrowed. */
void trunks_start(struct trunks *t, struct sip_stack *s);
/* Signs out with carriers. True: answers may come in a moment. */
bool trunks_leave(struct trunks *t);
/* All or nothing: EBADMSG with the fault (160 bytes). What has not changed
 * goes on undisturbed. */
int trunks_configure(struct trunks *t, json_t *list, char *fault);

bool trunks_know(const struct trunks *t, const struct sa *src);
/* Hosts of TLS trunks: true as soon as h says so. */
bool trunks_tls_hosts(const struct trunks *t, sip_tls_host_h *h, void *arg);
/* Does that URI lead to one of them? */
bool trunks_have(const struct trunks *t, const struct uri *uri);
/* The trunk at that address that the called number belongs to; NULL: none.
 * A trunk without a list of numbers takes all. */
struct trunk *trunk_of_call(const struct trunks *t, const struct sa *src,
			    const char *number);
const char *trunk_id(const struct trunk *t);
/* It called: so it lives, whatever its probes say. */
void trunk_heard(struct trunk *t);

/* Calls a number. ENOENT: no such trunk; EBADMSG: not a number. */
struct trunk_call {
	const char *leg, *contact, *trunk, *number, *from, *name;
};
int trunk_dial(struct leg **lp, struct trunks *t,
	       const struct trunk_call *call);

json_t *trunks_json(const struct trunks *t);
