/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record as those may see it who look at it: fact.list, and what the
 * followers of topic "fact" get. Numbers of citizens are masked.
 */
#pragma once

#include <jansson.h>

#include "server/core/rpc.h"

struct fact;

/* The wire's fact, masked; a new reference. */
json_t *fact_rpc_json(const struct fact *fact);

extern const struct rpc_handler fact_methods[];
