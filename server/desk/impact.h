/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one should know before a version is signed: who told citizens what it
 * replaces and how often, which entries name it, what the regression set says
 * to it, what a reader would stumble over; and what is wrong with a text that
 * is still being written.
 */
#pragma once

#include "server/core/rpc.h"

/* kb.check, kb.impact: part is the struct regress. */
extern const struct rpc_handler impact_methods[];
