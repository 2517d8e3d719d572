/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The knowledge base in the office: kb/base's tables, kept by projections of
 * facts ("entry.imported" is a version of an entry, whole text in its body),
 * the list of questions that nothing answers, and the parts of an import
 * that has not come to its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "server/core/fact.h"

/* Open searches that found nothing of use; of more the oldest go. */
#define STORE_KB_SEARCHES_MAX 2000

/* Projections of entry.*, kb.released, kb.turned, kb.adopted, kb.dropped,
 * kb.gap, kb.searched, gap.closed and case.*; a ticket that is filed without
 * an entry is a gap, one with an entry suggests a case. */
void store_kb_register(struct fact_log *log);

/* ---- what a citizen will likely ask ---- */

/* mine: how often entries were adopted in contacts of the same number;
 * recent: in any contact of the same queue since from_us. */
struct store_kb_likely {
	const char *entry;
	int64_t mine, recent;
};
/* The newest of his own first, then the queue's, most adopted first. Non-zero
 * ends the walk and is returned. ENOENT: there is no such contact. */
typedef int(store_kb_likely_h)(const struct store_kb_likely *row, void *arg);
int store_kb_likely_each(struct db *db, const char *contact, int64_t from_us,
			 store_kb_likely_h *h, void *arg);

/* ---- releases ---- */

struct store_kb_release {
	const char *name; /* "2026-W48" */
	int64_t at_us;
	const char *actor, *note;
	json_t *entries; /* [{"id","version","title","was"}], borrowed */
	int64_t cases, before, after; /* of the regression set: right */
	const char *forced;	      /* why though fewer are right; "" */
};
typedef int(store_kb_release_h)(const struct store_kb_release *r, void *arg);
/* Newest first. Non-zero ends the walk and is returned. */
int store_kb_releases(struct db *db, int64_t limit, store_kb_release_h *h,
		      void *arg);
int store_kb_release_known(struct db *db, const char *name, bool *knownp);

/* ---- gaps ---- */

struct store_kb_gap {
	int64_t seq; /* its fact: what it is known by */
	int64_t at_us;
	const char *agent, *contact;
	const char *words; /* what was asked, or the ticket's summary */
	bool filed;	   /* a ticket was filed without an entry */
	bool searched;	   /* somebody looked for it and took nothing */
};
typedef int(store_kb_gap_h)(const struct store_kb_gap *gap, void *arg);
/* Open ones, newest first. Non-zero ends the walk and is returned. */
int store_kb_gaps(struct db *db, int64_t limit, store_kb_gap_h *h, void *arg);
/* Of an open one; ENOENT. To be freed with mem_deref. */
int store_kb_gap_words(struct db *db, int64_t seq, char **wordsp);
/* How often that version was adopted since. */
int store_kb_week(struct db *db, const char *entry, int64_t version,
		  int64_t from_us, int64_t *np);
/* "KB-0434": after the highest that there is. */
int store_kb_next_id(struct db *db, char *id, size_t size);

/* ---- an import in parts (no facts: it has not happened yet) ---- */

/* One entry more, kept until the stage is taken or a day has passed. */
int store_kb_stage_put(struct db *db, const char *stage, const char *file,
		       const char *text);
/* Each in the order of put. Non-zero ends the walk and is returned. */
typedef int(store_kb_staged_h)(const char *file, const char *text, void *arg);
int store_kb_stage_each(struct db *db, const char *stage, store_kb_staged_h *h,
			void *arg);
int store_kb_stage_clear(struct db *db, const char *stage);
/* Stages that were begun before this moment and never came to their end. */
int store_kb_stage_expire(struct db *db, int64_t before_us);
int store_kb_stage_count(struct db *db, const char *stage, int64_t *np);
