/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTP over a workstation's voice channel: frames of two bytes length (big
 * endian) and a packet. Both pipes belong to the caller of media_leg_channel
 * and are shared with sshd's other end: never closed here.
 */
#pragma once

#include "server/switch/voice.h"

/* The pipe has bytes: whole frames go to rtp_stream_receive. False: it is
 * at its end, take it out of epoll. */
bool frame_readable(struct voice *v, struct stream *s);

/* buf: two bytes of room, then len bytes of packet. Dropped when the pipe
 * has no room. */
void frame_write(struct stream *s, uint8_t *buf, size_t len);

/* Another pair of pipes: forgets what it knew of the old ones. */
void frame_reset(struct frame_in *in, bool resync);

/* The first place of buf from which two frames follow one another; len when
 * there is none yet. *sure: false when the second frame's head is still
 * missing. */
size_t frame_find(const uint8_t *buf, size_t len, bool *sure);
