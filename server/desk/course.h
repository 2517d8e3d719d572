/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Courses over rpc: planned by a lead or the bureau, signed in to by those
 * who are there, marked afterwards. A course may stand before a level of a
 * queue: who has not passed it, or another that stands there, counts below
 * that level from its end on (desk/skill). Nobody marks himself.
 *
 * Facts and tables are core/store_course's.
 */
#pragma once

#include "server/core/rpc.h"

/* course.*: part is not used. */
extern const struct rpc_handler course_methods[];
