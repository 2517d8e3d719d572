/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of UDP streams (RFC 3550 6): a sender report every five seconds,
 * and from the far side's reports the round trip and what it loses.
 */
#pragma once

#include "server/switch/voice.h"

/* The socket beside the RTP port has packets. */
void rtcp_readable(struct voice *v, struct stream *s);
void rtcp_receive(struct stream *s, uint8_t *buf, size_t len,
		  const struct sa *from);
/* Each tick. */
void rtcp_tick(struct stream *s);
