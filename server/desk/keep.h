/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `verify` and `backup`: does the record hold, and a copy of it. verify
 * names every invariant, with the ids at fault where it is broken; it only
 * reads, on a worker, beside the running site.
 */
#pragma once

#include "server/core/rpc.h"

struct keep_part {
	const char *recordings_dir; /* borrowed for life */
	const char *spill_dir;	    /* "" none */
};

/* verify, backup: part is a struct keep_part. */
extern const struct rpc_handler keep_methods[];
