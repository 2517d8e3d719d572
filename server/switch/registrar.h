/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Desk phones: where each of them is now. They sign in by REGISTER from the
 * networks of the config alone, with a digest whose HA1 the office keeps; the
 * newest registration of a name is its phone.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "server/switch/journal.h"
#include "server/switch/sip.h"

struct leg;
struct registrar;

int registrar_alloc(struct registrar **rp, struct journal *journal,
		    const char *realm);
/* EBADMSG with the fault (160 bytes); all or nothing. */
int registrar_configure(struct registrar *r, json_t *phones, char *fault);

void registrar_request(struct registrar *r, struct sip_stack *s,
		       const struct sip_msg *msg);

struct registrar_call {
	const char *leg, *contact, *phone, *from, *name;
	bool auto_answer;
};
/* Calls a phone. ENOENT: no such phone is registered. */
int registrar_dial(struct leg **lp, struct registrar *r, struct sip_stack *s,
		   const struct registrar_call *call);

json_t *registrar_json(const struct registrar *r);
