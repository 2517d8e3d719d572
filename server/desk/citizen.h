/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One person behind a number: card, history, and what of it is shown. Cards
 * are kept by the number's normal form; names and numbers leave masked, and
 * each look behind the mask has a reason, is recorded and counted.
 */
#pragma once

#include "server/core/rpc.h"

struct citizen_part {
	int64_t recent_days; /* the window of "nth call in so many days" */
};

/* citizen.*: part is a struct citizen_part. */
extern const struct rpc_handler citizen_methods[];
