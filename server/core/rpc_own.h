/* SPDX-License-Identifier: Apache-2.0 */
/* What rpc.c and rpc_session.c share; for nobody else. */
#pragma once

#include "common/libre.h"
#include "server/core/rpc.h"

#define RPC_STATUS_MAX 16

struct rpc_entry {
	const struct rpc_handler *handler;
	void *part;
};

struct rpc_status_part {
	rpc_status_h *h;
	void *arg;
};

struct rpc {
	struct store *store; /* borrowed, as the next two */
	struct worker *worker;
	struct fact_log *log;
	struct rpc_entry *entries; /* one for each row of proto_office */
	struct rpc_site site;
	struct rpc_status_part parts[RPC_STATUS_MAX];
	size_t parts_n;
	int64_t started_us; /* monotonic */
	struct list newest; /* requests that a newer one may cancel */
};
