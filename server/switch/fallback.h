/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a citizen hears while the office is away: the plan that it pushed
 * (open hours, notice, music, limits, for each number). It greets who
 * arrives, holds them in order of arrival, and lets go of each when the
 * office takes the call. With an office that is there but does not react it
 * steps in after some seconds.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "server/switch/leg.h"

struct fallback;

int fallback_alloc(struct fallback **fp, struct legs *legs);
void fallback_media(struct fallback *f, struct media *media);
/* EBADMSG with the fault (160 bytes). NULL: no plan. */
int fallback_configure(struct fallback *f, json_t *plan, char *fault);

/* A call to us; away: nobody else will look after it. */
void fallback_arrived(struct fallback *f, struct leg *leg, bool away);
void fallback_leg_up(struct fallback *f, struct leg *leg);
/* The office has it, or it has ended. */
void fallback_release(struct fallback *f, const struct leg *leg);
/* True: it was about a play of ours. */
bool fallback_media_event(struct fallback *f, const struct media_event *ev);
