/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries and hits as they travel (docs/protocol.md): the office answers
 * with these objects, and zuoxi-kb makes the same ones from a file. New
 * references; NULL when out of memory.
 */
#pragma once

#include <jansson.h>

#include "kb/base.h"
#include "kb/life.h"
#include "kb/regress.h"
#include "kb/search.h"

json_t *kb_wire_hit(const struct kb_hit *hit);
/* {"hits":[...],"us":n}; day: what is in force. */
int kb_wire_search(json_t **resultp, struct kb_index *ix, struct db *db,
		   const struct kb_query *q);
/* A line of kb.list. */
json_t *kb_wire_row(const struct kb_row *row, const char *day);
/* A line of kb.log. */
json_t *kb_wire_change(const struct kb_row *row);
/* A line of kb.signed. */
json_t *kb_wire_signed(const struct kb_signed *s);
/* A line of kb.versions. */
json_t *kb_wire_life(const struct kb_life *life);
/* With its source text if asked for. */
json_t *kb_wire_entry(const struct kb_version *v, const char *day,
		      bool source);
/* A line of case.list. */
json_t *kb_wire_case(const struct kb_case_row *row);
json_t *kb_wire_stat(const struct kb_stat *st);
/* Takes both days from the clock. */
int kb_wire_stat_now(json_t **resultp, struct db *db);
