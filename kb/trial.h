/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions that nobody is shown yet, to be asked as if they were: what a
 * release would answer, before it is one. They stand in the index beside the
 * entries; those who ask without the trial do not see them. An entry that has
 * a text in the trial is hidden from those who ask with it.
 *
 * How rare terms are is the same for both sides, so that what differs is the
 * texts alone.
 */
#pragma once

#include "common/db.h"
#include "kb/base.h"
#include "kb/index.h"

/* A mem_ref object; any thread. */
struct kb_trial;

int kb_trial_alloc(struct kb_trial **tp, struct kb_index *ix, struct db *db);

/* A version, as if it were confirmed and its first day had come. ESTALE: the
 * index was read anew meanwhile; begin again. */
int kb_trial_add(struct kb_trial *t, struct db *db,
		 const struct kb_version *v);

/* ---- the index is locked by the caller ---- */

/* What to ask with (kb_question); 0: none. */
uint16_t kb_trial_number(const struct kb_trial *t);
/* Are its texts still there? */
bool kb_trial_stands(const struct kb_trial *t);
/* Does it put another text in the place of that entry? */
bool kb_trial_hides(const struct kb_trial *t, int64_t row);
