/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What citizens ask about, by rules that are named with each result:
 *
 *     hot      among the ten most asked ("rank"), or twice as often as in the
 *              equally long period before ("growth"); five calls at least
 *     hard     three calls or more, and three of ten, that needed two agents
 *              ("transferred"), talked for twice the mean and five minutes
 *              ("long"), were promised or put before the bureau
 *              ("escalated"), were called hard by their agent ("flagged"),
 *              called again within seven days ("repeat"), or that no entry
 *              answers ("no_entry")
 *     routine  answered by an entry ("entry") in no more than the mean talk
 *              ("short"), and not hard
 *
 * And flows: which are due for review, and whether a new version handles its
 * calls faster than the one before.
 */
#pragma once

#include <stdatomic.h>

#include "server/core/rpc.h"

/* A report walks over months of calls, on a thread that searches need, too:
 * there is one at a time. */
struct topic_part {
	atomic_flag busy;
};

/* topic.report, flow.report: part is the struct topic_part. */
extern const struct rpc_handler topic_methods[];
