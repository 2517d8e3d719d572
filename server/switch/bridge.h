/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who hears whom, on a voice thread: members with roles become, for each
 * stream, the list of those it hears and of those who get its packets
 * untouched. A stream in no bridge hears its play or silence.
 */
#pragma once

#include "server/switch/voice.h"

struct bridge {
	struct stream *members[VOICE_BRIDGE];
	size_t n;
};

/* Exactly these from now on; a member is taken out of another bridge. */
void bridge_set(struct bridge *b, const struct command_member *members,
		size_t n);
void bridge_leave(struct stream *s);

/* After a change of the stream's play or format. */
void bridge_update(struct stream *s);

/* Each 20 ms: takes a frame of all who are mixed, then makes what each
 * stream hears that is not forwarded. */
void bridge_tick(struct voice *v);
