/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods that concern the session itself, and the status of the site.
 */
#include "server/core/rpc_own.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/worker.h"

#define PING_MS	  2000
#define TOPIC_MAX 32

static json_t *site_json(const struct rpc *rpc)
{
	return json_pack("{s:s, s:s, s:b}", "name",
			 rpc->site.name ? rpc->site.name : "", "zone",
			 rpc->site.zone ? rpc->site.zone : "", "sample",
			 rpc->site.sample);
}

static json_t *person_json(const struct rpc *rpc, const struct rpc_call *call)
{
	char name[128] = "";
	char roles[64];

	if (rpc->site.nameh && session_is_gate(call->session))
		rpc->site.nameh(call->actor, name, sizeof(name),
				rpc->site.arg);
	proto_roles_print(roles, sizeof(roles), call->roles);
	return json_pack("{s:s, s:s, s:s}", "id", call->actor, "name", name,
			 "roles", roles);
}

static int rpc_hello(struct rpc_call *call)
{
	struct rpc *rpc = call->part;
	struct session_hub *hub = session_hub(call->session);
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t version = json_in_int(&in, "version", 0, INT32_MAX);
	json_in_str(&in, "client", 128);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (version != PROTO_VERSION)
		return rpc_fail(call, EPROTONOSUPPORT,
				N_("Client and server speak different "
				   "versions; update the older one"),
				"%d", PROTO_VERSION);
	session_greet(call->session);
	call->result = json_pack(
		"{s:i, s:s, s:I, s:I, s:o, s:o, s:i}", "version",
		PROTO_VERSION, "boot", session_boot(hub), "n",
		(json_int_t)session_event_n(hub), "now_us",
		(json_int_t)cal_now_us(), "person", person_json(rpc, call),
		"site", site_json(rpc), "ping_ms", PING_MS);
	return 0;
}

static int rpc_ping(struct rpc_call *call)
{
	call->result = json_pack("{s:I}", "now_us", (json_int_t)cal_now_us());
	return 0;
}

static int topic_may(const char *topic, unsigned *may)
{
#define TOPIC_ROW(name, roles) {name, roles},
	static const struct {
		const char *name;
		unsigned may;
	} topics[] = {OFFICE_TOPICS(TOPIC_ROW)};
#undef TOPIC_ROW

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (!strcmp(topics[i].name, topic)) {
			*may = topics[i].may;
			return 0;
		}
	}
	return ENOENT;
}

/* All or nothing. */
static int rpc_subscribe(struct rpc_call *call)
{
	json_t *list = json_object_get(call->params, "topics");
	size_t i;
	json_t *v;

	if (json_array_size(list) > TOPIC_MAX)
		return rpc_fail(call, EINVAL, N_("Too many topics"), NULL);
	json_array_foreach (list, i, v) {
		const char *topic = json_string_value(v);
		unsigned may = 0;
		if (!topic || topic_may(topic, &may))
			return rpc_fail(call, EINVAL,
					N_("There is no such topic"), "%s",
					topic ? topic : "");
		if (!(may & call->roles))
			return rpc_fail(call, EACCES,
					N_("You may not do this"), "%s",
					topic);
	}
	session_unsubscribe(call->session);
	json_array_foreach (list, i, v)
		session_subscribe(call->session, json_string_value(v), true);
	call->result = json_pack(
		"{s:I}", "n",
		(json_int_t)session_event_n(session_hub(call->session)));
	return 0;
}

static int rpc_sync(struct rpc_call *call)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *boot = json_in_str(&in, "boot", 64);
	int64_t n = json_in_int(&in, "n", 0, INT64_MAX);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = session_replay(session_hub(call->session),
				      call->session, boot, n);
	return call->result ? 0 : ENOMEM;
}

static int rpc_method_list(struct rpc_call *call)
{
	for (size_t i = 0; i < proto_office_n; i++) {
		const struct proto_method *m = &proto_office[i];
		if (!(m->may & call->roles))
			continue;
		if (!rpc_page_add(call, json_pack("{s:s, s:s, s:s}", "name",
						  m->name, "params", m->params,
						  "help", m->help)))
			break;
	}
	return 0;
}

static int rpc_status_get(struct rpc_call *call)
{
	call->result = rpc_status(call->part, session_hub(call->session));
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler rpc_methods[] = {
	{"hello", .liveh = rpc_hello},
	{"ping", .liveh = rpc_ping},
	{"subscribe", .liveh = rpc_subscribe},
	{"sync", .liveh = rpc_sync},
	{"method.list", .liveh = rpc_method_list},
	{"status", .liveh = rpc_status_get},
	{NULL},
};

/* ---- status ---- */

void rpc_site(struct rpc *rpc, const struct rpc_site *site)
{
	rpc->site = *site;
}

void rpc_status_add(struct rpc *rpc, rpc_status_h *h, void *arg)
{
	assert(rpc->parts_n < RPC_STATUS_MAX);
	rpc->parts[rpc->parts_n++] = (struct rpc_status_part){h, arg};
}

static json_t *store_json(const struct rpc *rpc)
{
	struct store_counts c = {0};

	if (rpc->store)
		store_counts(rpc->store, &c);
	return json_pack("{s:b, s:s, s:I, s:I, s:I, s:I}", "ok", !c.sick,
			 "error", c.sick ? strerror(c.sick) : "", "waiting",
			 (json_int_t)c.waiting, "happened",
			 (json_int_t)c.happened, "batches",
			 (json_int_t)c.batches, "wal_pages",
			 (json_int_t)c.wal_pages);
}

json_t *rpc_status(struct rpc *rpc, const struct session_hub *hub)
{
	unsigned gate = 0, admin = 0;

	if (hub)
		session_counts(hub, &gate, &admin);
	json_t *st = json_pack(
		"{s:s, s:s, s:o, s:I, s:I, s:s, s:I, s:o, s:{s:I}, s:{s:i, "
		"s:i}}",
		"program", "zuoxid", "version", ZUOXI_VERSION, "site",
		site_json(rpc), "now_us", (json_int_t)cal_now_us(),
		"uptime_ms",
		(json_int_t)((cal_mono_us() - rpc->started_us) / 1000), "boot",
		hub ? session_boot(hub) : "", "events",
		(json_int_t)(hub ? session_event_n(hub) : 0), "store",
		store_json(rpc), "worker", "waiting",
		(json_int_t)(rpc->worker ? worker_queued(rpc->worker) : 0),
		"sessions", "gate", (int)gate, "admin", (int)admin);
	for (size_t i = 0; st && i < rpc->parts_n; i++)
		rpc->parts[i].h(st, rpc->parts[i].arg);
	return st;
}
