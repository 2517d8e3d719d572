/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host name into addresses without stopping the loop: getaddrinfo on a
 * thread of its own that shares nothing with us but a socket pair, so that
 * whoever asked may go at any time. Of tunnel's own files only.
 */
#pragma once

#include <sys/socket.h>

#include "common/libre.h"

#define TUNNEL_ADDRS 4

struct tunnel_resolve;

/* err: 0 and 1..TUNNEL_ADDRS addresses, or ENOENT. Last act. */
typedef void(tunnel_resolve_h)(int err, const struct sa *addrs, size_t n,
			       void *arg);

/* A mem_ref object; dropping it ends the wait. */
int tunnel_resolve_alloc(struct tunnel_resolve **rp, const char *host,
			 uint16_t port, tunnel_resolve_h *h, void *arg);
