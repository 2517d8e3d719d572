/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of the telephone's records at any moment, as `verify` asks:
 * every contact that is not going on ended once, with a reason; every
 * answered call has a recording that exists, can be read and is as long as
 * the conversation; no agent is in a state that the facts do not explain;
 * and for each half hour of arrival: offered = answered + abandoned +
 * overflow + lost + still waiting. Reads only; any thread's connection.
 */
#pragma once

#include <stdint.h>

#include "common/db.h"

/* One finding. rule: msgid; what: the id or the figures. Stops at non-zero. */
typedef int(store_check_h)(const char *rule, const char *what, void *arg);

struct store_check_counts {
	int64_t contacts, answered, recordings, agents, slots;
	int64_t findings;
};

/* recordings_dir: where the files are; spill_dir: "" or the second place. */
int store_check_calls(struct db *db, const char *recordings_dir,
		      const char *spill_dir, struct store_check_counts *counts,
		      store_check_h *h, void *arg);
