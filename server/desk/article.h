/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knowledge entries over rpc: find and read them (workers), adopt one for a
 * contact, tell of a gap, bring entries in. A version once told to a citizen
 * stays readable for ever; what is not in force today can be read and not
 * adopted.
 *
 * What is imported is a draft, unless the administrator names who of the
 * bureau confirmed it, and by which paper: then what its header calls
 * confirmed is in force (release.h has the other way).
 *
 * Facts: "entry.imported" {version, text, by, paper} for each new version,
 * subject its id; "kb.imported" {added, changed, ids, learn:[{id,
 * version}]} after them; "kb.adopted" {entry, version, title, q},
 * "kb.dropped" {entry, version}, "kb.gap" {q}.
 */
#pragma once

#include "server/core/fact.h"
#include "server/core/rpc.h"

struct article;
struct session_hub;
struct store;

/* Registers the projections and follows the log, and looks whether a day has
 * begun; hub and store may be NULL (tests). */
int article_alloc(struct article **ap, struct fact_log *log,
		  struct session_hub *hub, struct store *store);

/* Tells it what is looked for. */
struct seek;
void article_seek(struct article *a, struct seek *seek);
/* What its workers search. */
struct kb_index *article_index(struct article *a);

/* kb.*: part is the struct article. */
extern const struct rpc_handler article_methods[];
