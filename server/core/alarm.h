/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms: a named condition that is on or off, its level, since when, who
 * looks after it. On and off are facts ("alarm.raised", "alarm.cleared",
 * "alarm.taken"); subscribers of topic "alarm" see them.
 */
#pragma once

#include <stdbool.h>
#include "common/db.h"
#include "server/core/rpc.h"

struct alarm;
struct fact_log;
struct session_hub;

enum alarm_level { ALARM_WARN, ALARM_CRITICAL };

/* hub: NULL in tests. */
int alarm_alloc(struct alarm **ap, struct fact_log *log,
		struct session_hub *hub);
/* Start: closes in the record what the last run left open. */
int alarm_load(struct alarm *a, struct db *db);
/* Idempotent. id: stable ("store", "trunk:ct1", "wait:med"); message: msgid;
 * detail: a name or a figure, may be "". */
void alarm_raise(struct alarm *a, const char *id, enum alarm_level level,
		 const char *message, const char *detail);
void alarm_clear(struct alarm *a, const char *id);
unsigned alarm_count(const struct alarm *a);

extern const struct rpc_handler alarm_methods[];
