/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fact log's rows: what core/fact (and core/rebuild) writes and reads.
 * Nobody else uses this; parts go through fact.h.
 */
#pragma once

#include "server/core/fact_chain.h"

/* Sequence number and hash of the newest fact; 0 and zeros when there is
 * none. */
int store_fact_last(struct db *db, int64_t *seqp,
		    uint8_t hash[FACT_HASH_BYTES]);
/* body: the canonical text. */
int store_fact_insert(struct db *db, const struct fact *fact, const char *body,
		      const uint8_t hash[FACT_HASH_BYTES]);
int store_fact_mark(struct db *db, const char *boot, int64_t n, int64_t at_us);
int store_fact_mark_get(struct db *db, const char *boot, int64_t *np);

/* Rows in the filter's order; fact->body is NULL, the text comes beside. */
typedef int(store_fact_row_h)(const struct fact *fact, const char *body,
			      const void *hash, size_t hash_len, void *arg);
int store_fact_each(struct db *db, const struct fact_filter *f,
		    store_fact_row_h *h, void *arg);

/* Empties every table that is not the log itself (or its marks). */
int store_fact_clear(struct db *db);
/* Each of them: its rows, and a sum over their contents that does not depend
 * on their order. Stops at a non-zero return. */
typedef int(store_fact_table_h)(const char *name, int64_t rows, uint64_t sum,
				void *arg);
int store_fact_tables(struct db *db, store_fact_table_h *h, void *arg);
