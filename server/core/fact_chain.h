/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of the fact log: the text that a fact's hash is over, and the
 * hash. What is needed for one fact (buffers, the digest's context) is kept
 * for the next, so a chain belongs to one thread. Where hashes are stored and
 * compared is fact's.
 */
#pragma once

#include <stdint.h>
#include <jansson.h>

#include "server/core/fact.h"

#define FACT_HASH_BYTES 32

struct fact_chain;

/* A mem_ref object. */
int fact_chain_alloc(struct fact_chain **cp);

/* The body as it is stored and hashed: compact, keys sorted. Valid until the
 * next call; NULL when it cannot be written. */
const char *fact_chain_body(struct fact_chain *c, const json_t *body);

/* hash = SHA-256(before | [seq,at_us,dur_ms,"actor","kind","contact","agent",
 * "subject",body]); hash and before may be the same. */
int fact_chain_hash(struct fact_chain *c, uint8_t hash[FACT_HASH_BYTES],
		    const uint8_t before[FACT_HASH_BYTES],
		    const struct fact *fact, const char *body);
