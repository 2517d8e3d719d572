/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leg's signalling by SIP: one INVITE dialog with its SDP (G.711 and
 * telephone-event), hold by the far side, session timer (RFC 4028), keys by
 * INFO, and a cause for each way in which it can end.
 */
#pragma once

#include <stdint.h>

#include "server/switch/leg.h"
#include "server/switch/sip.h"

/* A call to us: becomes a leg, or is refused here. */
void dialog_invited(struct sip_stack *s, const struct sip_msg *msg);
/* Is it a request within one of our calls? Its tags nobody can guess. */
bool dialog_has(const struct sip_stack *s, const struct sip_msg *msg);
/* Is a call with that address going on? */
bool dialog_knows(const struct sip_stack *s, const struct sa *src);
/* A 3xx to an INVITE, before libre follows it. */
void dialog_redirected(struct sip_stack *s, const struct sip_msg *msg);
/* UPDATE (RFC 3311): refreshes, and new SDP. */
void dialog_update(struct sip_stack *s, const struct sip_msg *msg);

struct dialog_prm {
	const char *id, *contact; /* of the leg */
	const char *trunk;	  /* "" with phone */
	const char *phone;
	const char *uri;   /* whom we call */
	const char *route; /* NULL, or where to send it */
	struct sa peer;	   /* where that is, as far as known */
	const char *from_user, *from_name;
	const char *user, *password; /* digest; "" none */
	bool auto_answer;
};
/* Calls out. The leg stands afterwards also when the call failed at once:
 * it ends with its cause on the next turn. */
int dialog_dial(struct leg **lp, struct sip_stack *s,
		const struct dialog_prm *prm);
