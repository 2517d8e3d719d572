/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Newline-delimited JSON over a pair of descriptors on the libre loop: the
 * framing of every connection in the house (sshd's pipes, Unix sockets).
 * `struct link_split` cuts a byte stream into lines and serves transports
 * that are no descriptors (an SSH channel); `struct link` adds descriptors,
 * a bounded send queue and an orderly end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

/* ---- lines out of a stream ---- */

struct link_split {
	char *buf;
	size_t used;
	size_t size;
	size_t max_bytes; /* longest line, newline included */
	bool skipping;	  /* the rest of an over-long line is being dropped */
};

/* Called for each complete line, without its newline, NUL-terminated and
 * writable until it returns. line == NULL: a line was longer than max_bytes
 * and has been dropped. A return other than 0 stops the feed (the link may
 * be gone then). */
typedef int(link_line_h)(char *line, size_t len, void *arg);

void link_split_init(struct link_split *sp, size_t max_bytes);
void link_split_release(struct link_split *sp);
/* 0, ENOMEM, or what the handler returned. */
int link_split_feed(struct link_split *sp, const char *data, size_t len,
		    link_line_h *lineh, void *arg);

/* ---- a connection ---- */

struct link;

/* One JSON object arrived. The link stays valid in the handler even if it is
 * dereferenced there. `msg` is borrowed. */
typedef void(link_msg_h)(struct link *link, json_t *msg, void *arg);
/* A line that is no JSON object, with why. The link goes on. */
typedef void(link_bad_h)(struct link *link, const char *why, void *arg);
/* The far end is gone (err 0: end of file; ENOBUFS: it did not read; else an
 * errno). Called once, never from within link_send or link_alloc; the owner
 * derefs the link. */
typedef void(link_close_h)(int err, void *arg);

struct link_prm {
	int fd_in;  /* both are owned by the link from a successful alloc on */
	int fd_out; /* may equal fd_in (socket) */
	size_t line_max_bytes;
	size_t queue_max_bytes; /* unsent bytes before it is closed */
	link_msg_h *msgh;
	link_bad_h *badh; /* may be NULL: bad lines are logged */
	link_close_h *closeh;
	void *arg;
};

/* Sets the descriptors non-blocking and starts reading. */
int link_alloc(struct link **lp, const struct link_prm *prm);

/* Queues one object as a line and sends what it can at once. 0, ENOMEM, or
 * ENOTCONN after the end; a full queue closes the link (closeh follows). */
int link_send(struct link *link, const json_t *msg);
/* The same for a ready line that ends in \n. */
int link_send_line(struct link *link, const char *line, size_t len);

/* The handlers are not called any more; descriptors close with the last
 * reference. */
void link_close(struct link *link);

/* Connects to a Unix socket, close-on-exec, non-blocking. */
int link_connect(int *fdp, const char *path);
/* Listens on a Unix socket with the given file mode; replaces a dead one.
 * EADDRINUSE if something answers there. */
int link_listen(int *fdp, const char *path, unsigned mode);
