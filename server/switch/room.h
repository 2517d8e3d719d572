/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes on among legs, as the office commanded it: bridges, plays,
 * recordings. A bridge is kept as it was asked for, with legs that are still
 * ringing too; each joins when its call stands. A leg that was dialled with
 * `join` is bridged with that one, and the talk recorded, when it is answered:
 * the agent's answer needs the office no more.
 *
 * Nor does a goodbye: where two talked and one hung up, the other is hung up
 * too if the office is not there to do it, or does nothing for half a second.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "server/switch/leg.h"

#define ROOM_MEMBERS 8

struct room;

struct room_member {
	char leg[MEDIA_ID];
	enum media_role role;
	char to[MEDIA_ID];
};

int room_alloc(struct room **rp, struct legs *legs, struct journal *journal);
void room_media(struct room *room, struct media *media);

/* ENOTCONN: a leg has ended; ENOENT: there is none of that name. */
int room_bridge(struct room *room, const char *bridge, const char *contact,
		const struct room_member *members, size_t n);

/* prm->leg is filled in here. EALREADY: the leg is not up; EEXIST: this play
 * was started before. */
int room_play(struct room *room, const char *leg, struct media_play_prm *prm);
int room_record(struct room *room, const char *recording, const char *leg,
		const char *contact);

/* Legs that hear this one (role talk): where its digits go. */
typedef void(room_peer_h)(struct leg *peer, void *arg);
void room_peers(struct room *room, const struct leg *leg, room_peer_h *h,
		void *arg);

/* From the legs' table and the engine. */
void room_leg_up(struct room *room, struct leg *leg);
void room_leg_gone(struct room *room, struct leg *leg);
/* The office is away from now on. */
void room_alone(struct room *room);
void room_media_event(struct room *room, const struct media_event *ev);

json_t *room_bridges_json(const struct room *room);
json_t *room_plays_json(const struct room *room);
json_t *room_recordings_json(const struct room *room);
