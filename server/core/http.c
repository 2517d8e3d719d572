/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/rpc.h"

#define NAME_BYTES 160
#define DEPTH_MAX  4

struct http {
	struct http_sock *sock;
	struct rpc *rpc;
	const struct session_hub *hub;
};

static bool name_add(char *out, size_t size, const char *prefix,
		     const char *key)
{
	int n = snprintf(out, size, "%s_%s", prefix, key);

	for (char *p = out; *p; p++) {
		bool fine = (*p >= 'a' && *p <= 'z') ||
			    (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '_';
		if (!fine)
			*p = '_';
	}
	return n > 0 && (size_t)n < size;
}

/* One line for each number or boolean: "switch":{"up":true} becomes
 * zuoxi_switch_up 1. */
static void metrics(struct mbuf *mb, const char *prefix, json_t *obj,
		    int depth)
{
	const char *key;
	json_t *v;

	json_object_foreach (obj, key, v) {
		char name[NAME_BYTES];
		if (!name_add(name, sizeof(name), prefix, key))
			continue;
		if (json_is_object(v) && depth < DEPTH_MAX)
			metrics(mb, name, v, depth + 1);
		else if (json_is_boolean(v))
			mbuf_printf(mb, "%s %d\n", name, json_is_true(v));
		else if (json_is_integer(v))
			mbuf_printf(mb, "%s %lld\n", name,
				    (long long)json_integer_value(v));
		else if (json_is_real(v))
			mbuf_printf(mb, "%s %.6f\n", name, json_real_value(v));
	}
}

static void reply_health(struct http_conn *conn, const json_t *status)
{
	const json_t *store = json_object_get(status, "store");

	if (json_bool(store, "ok"))
		http_creply(conn, 200, "OK", "text/plain", "ok\n");
	else
		http_creply(conn, 503, "Service Unavailable", "text/plain",
			    "the disk takes no writes: %s\n",
			    json_str(store, "error"));
}

static void reply_metrics(struct http_conn *conn, json_t *status)
{
	scoped_mem struct mbuf *mb = mbuf_alloc(4096);

	if (!mb) {
		http_ereply(conn, 500, "Out of memory");
		return;
	}
	metrics(mb, "zuoxi", status, 0);
	http_creply(conn, 200, "OK", "text/plain; version=0.0.4", "%b",
		    mb->buf, mb->end);
}

static void on_request(struct http_conn *conn, const struct http_msg *msg,
		       void *arg)
{
	struct http *http = arg;

	if (pl_strcmp(&msg->met, "GET")) {
		http_ereply(conn, 405, "Method Not Allowed");
		return;
	}
	scoped_json json_t *status = rpc_status(http->rpc, http->hub);
	if (!pl_strcmp(&msg->path, "/healthz"))
		reply_health(conn, status);
	else if (!pl_strcmp(&msg->path, "/metrics"))
		reply_metrics(conn, status);
	else
		http_ereply(conn, 404, "Not Found");
}

static void destructor(void *arg)
{
	struct http *http = arg;

	mem_deref(http->sock);
}

int http_alloc(struct http **hp, uint16_t port, struct rpc *rpc,
	       const struct session_hub *hub)
{
	struct sa laddr;

	scoped_mem struct http *http = mem_zalloc(sizeof(*http), destructor);
	if (!http)
		return ENOMEM;
	http->rpc = rpc;
	http->hub = hub;
	int err = sa_set_str(&laddr, "127.0.0.1", port);
	if (!err)
		err = http_listen(&http->sock, &laddr, on_request, http);
	if (err)
		return err;
	*hp = take(http);
	return 0;
}

uint16_t http_port(const struct http *http)
{
	struct sa laddr;

	if (tcp_sock_local_get(http_sock_tcp(http->sock), &laddr))
		return 0;
	return sa_port(&laddr);
}
