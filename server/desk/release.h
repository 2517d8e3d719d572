/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a knowledge entry to the citizens' ears: written as a draft,
 * reviewed by a lead, confirmed by the bureau, released. Each step is a
 * person's act and a fact; author, reviewer and confirmer are three people.
 * What is released together counts from one moment on, on the phone and in
 * messages alike; one by which fewer questions of the regression set would be
 * answered right wants a reason. A wrong answer is withdrawn at once; an older
 * text comes back by a rollback, which is a version of its own.
 *
 * An administrator may enter the bureau's confirmation for a person of the
 * bureau who gave it on paper; the fact names both, and the paper.
 *
 * Facts, subject the entry: "entry.drafted" {version, text},
 * "entry.reviewed" {version}, "entry.confirmed" {version, by, paper,
 * effective}, "entry.returned" and "entry.withdrawn" {version, reason},
 * "entry.rolledback" {version, of, text, effective, reason, by, paper};
 * "kb.released" {release, note, entries:[{id, version}], cases:{n, before,
 * after}, forced}, subject the release; "kb.turned" {day} when a day begins on
 * which versions take effect.
 */
#pragma once

#include "server/core/fact.h"
#include "server/core/rpc.h"

/* kb.draft, kb.review, kb.return, kb.confirm, kb.withdraw, kb.rollback,
 * kb.release, kb.waiting, kb.versions, kb.releases; part is the struct
 * regress by which releases are tried (NULL: they are not). */
extern const struct rpc_handler release_methods[];

/* In whose name the bureau signs: the caller, or the person of the bureau for
 * whom an administrator enters what came on paper. A refusal of the call. */
int release_signer(struct rpc_call *call, struct db *db, const char *by,
		   const char *paper, const char **personp);

/* Refuses a redirect that leads nowhere or in a circle; 0 when there is none
 * or a good one. */
int release_check_redirect(struct rpc_call *call, struct db *db,
			   const char *id);

/* Store thread: a day has begun. Appends kb.turned if a version takes effect
 * by it. */
int release_turn(struct fact_log *log, struct db *db);
