/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The office's line to the exchange: run/switch.sock. Commands in (the table
 * EXCHANGE_METHODS of common/proto.h, idempotent), numbered events out. One
 * office at a time: a newer hello takes over. What `configure` brought is
 * kept on disk, so that a switch that starts alone knows trunks, phones and
 * the fallback plan.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "server/switch/fallback.h"
#include "server/switch/journal.h"
#include "server/switch/leg.h"
#include "server/switch/registrar.h"
#include "server/switch/room.h"
#include "server/switch/sip.h"
#include "server/switch/trunk.h"
#include "server/switch/workstation.h"

struct control;

struct control_prm {
	const char *socket;
	const char *config; /* where `configure` is kept */
	struct journal *journal;
	struct legs *legs;
	struct room *room;
	struct media *media;
	struct sip_stack *sip;
	struct trunks *trunks;
	struct registrar *registrar;
	struct workstations *workstations;
	struct fallback *fallback;
};

/* Reads the kept configuration and listens. */
int control_alloc(struct control **cp, const struct control_prm *prm);
/* Has an office said hello? */
bool control_has_office(const struct control *c);
/* journal_event_h */
void control_event(struct control *c, const char *line, size_t len);
