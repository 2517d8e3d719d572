/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the knowledge base does not answer. An agent says so with a key, and a
 * ticket that is filed without an entry says so by itself: each contact
 * either leads to an entry or is a gap. Questions that ask the same stand
 * together as a candidate; one key makes a draft of it.
 *
 * Facts: "kb.gap" {q} (article's), "gap.closed" {gaps:[seq], entry, reason}.
 */
#pragma once

#include "server/core/rpc.h"

/* gap.list, gap.draft, gap.close */
extern const struct rpc_handler gap_methods[];
