/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the knowledge base is measured by: the regression set (questions with
 * the entry that answers each), kept by leads and the bureau and grown from
 * filed tickets; answers that are given only where the set shows that they
 * are right; and the trial of a release before it is one.
 *
 * All that asks the set takes its time and runs on workers. A release is
 * looked at there (lookh), with a mark of what was looked at; the writer
 * refuses to count what has another mark, and both run again.
 *
 * Facts: "case.kept" {case, question, entry}, "case.dropped" {case, reason},
 * "case.filled" {text}.
 */
#pragma once

#include "kb/regress.h"
#include "server/core/rpc.h"

struct regress;

/* precision: wanted of answers where the request names none, 0.99. */
int regress_alloc(struct regress **rp, struct kb_index *ix, double precision);

/* kb.answer, kb.calibrate, case.*: part is the struct regress. */
extern const struct rpc_handler regress_methods[];

/* ---- trials ---- */

/* A version that would be shown. */
struct regress_entry {
	const char *id;
	int64_t version;
};

/* The set, asked as if these versions were in force. On a worker. */
int regress_try(struct kb_set **sp, struct regress *r, struct db *db,
		const struct regress_entry *list, size_t n,
		const atomic_bool *cancelled);

/* {"n","before","after","lost":[{"question","entry","got"}]}: the first of
 * what was right and would be no more. */
json_t *regress_json(const struct kb_set *set);

/* What a look depends on, and whether it still holds. */
json_t *regress_mark(struct db *db);
bool regress_holds(struct db *db, const json_t *mark);
