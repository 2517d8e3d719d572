/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/tunnel_resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/scope.h"

struct answer {
	int err;
	uint32_t n;
	struct sockaddr_storage v[TUNNEL_ADDRS];
};

struct question {
	char host[256];
	char port[8];
	int fd;
};

struct tunnel_resolve {
	int fd;
	struct tmr tmr; /* an address that needs no asking */
	struct sa addr;
	tunnel_resolve_h *h;
	void *arg;
};

static void *ask(void *arg)
{
	struct question *q = arg;
	struct answer a = {.err = ENOENT};
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;

	if (!getaddrinfo(q->host, q->port, &hints, &list)) {
		for (struct addrinfo *i = list; i && a.n < TUNNEL_ADDRS;
		     i = i->ai_next)
			memcpy(&a.v[a.n++], i->ai_addr, i->ai_addrlen);
		a.err = a.n ? 0 : ENOENT;
		freeaddrinfo(list);
	}
	/* nobody may be there any more to read it */
	(void)!send(q->fd, &a, sizeof(a), MSG_NOSIGNAL);
	close(q->fd);
	free(q);
	return NULL;
}

static void on_answer(int flags, void *arg)
{
	struct tunnel_resolve *r = arg;
	struct answer a = {.err = ENOENT};
	struct sa addrs[TUNNEL_ADDRS];

	if (recv(r->fd, &a, sizeof(a), 0) != (ssize_t)sizeof(a))
		a.err = ENOENT;
	fd_close(r->fd);
	for (uint32_t i = 0; !a.err && i < a.n; i++)
		sa_set_sa(&addrs[i], (struct sockaddr *)&a.v[i]);
	r->h(a.err, addrs, a.err ? 0 : a.n, r->arg);
}

static void on_known(void *arg)
{
	struct tunnel_resolve *r = arg;

	r->h(0, &r->addr, 1, r->arg);
}

static void destructor(void *arg)
{
	struct tunnel_resolve *r = arg;

	tmr_cancel(&r->tmr);
	if (r->fd >= 0) {
		fd_close(r->fd);
		close(r->fd);
	}
}

static int start_thread(struct tunnel_resolve *r, const char *host,
			uint16_t port)
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return errno;
	r->fd = fds[0];
	scoped_fd int theirs = fds[1];

	struct question *q = calloc(1, sizeof(*q));
	if (!q)
		return ENOMEM;
	snprintf(q->host, sizeof(q->host), "%s", host);
	snprintf(q->port, sizeof(q->port), "%u", port);
	q->fd = theirs;

	pthread_attr_t attr;
	pthread_t thread;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int err = pthread_create(&thread, &attr, ask, q);
	pthread_attr_destroy(&attr);
	if (err) {
		free(q);
		return err;
	}
	theirs = -1;
	return fd_listen(r->fd, FD_READ, on_answer, r);
}

int tunnel_resolve_alloc(struct tunnel_resolve **rp, const char *host,
			 uint16_t port, tunnel_resolve_h *h, void *arg)
{
	scoped_mem struct tunnel_resolve *r =
		mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->fd = -1;
	r->h = h;
	r->arg = arg;
	tmr_init(&r->tmr);
	if (!sa_set_str(&r->addr, host, port)) {
		tmr_start(&r->tmr, 0, on_known, r);
	} else {
		int err = start_thread(r, host, port);
		if (err)
			return err;
	}
	*rp = take(r);
	return 0;
}
