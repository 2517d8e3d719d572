/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second device that rings, a loudspeaker say, so that a call is heard
 * while the headset lies on the desk. It is one more audio backend that only
 * plays, fed by a relay that only rings: it heals itself as the headset does
 * and its failure costs no call.
 */
#pragma once

#include <stdbool.h>

#include "agent-tui/phone.h"

struct ringer;

/* device: as phone_devices.ringer. Stands ready when this returns; mem_deref
 * ends it. */
int ringer_alloc(struct ringer **rp, const struct phone_backend *backend,
		 const char *device);
void ringer_ring(struct ringer *r, bool on);
