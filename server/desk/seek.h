/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What agents look for. The words with which an entry was found go with its
 * adoption, as a question that it answers; a search that found nothing, or
 * whose contact ended without an entry, is a gap. Only signed-in agents'
 * searches count, only the words that stood for a while (not each letter that
 * was typed), a few a contact and some a day; numbers of people are masked.
 *
 * Fact: "kb.searched" {q, hits, why:"nothing"|"given up"}.
 */
#pragma once

#include <jansson.h>

#include "server/core/fact.h"

struct store;
struct seek;

/* The contact of a person who is signed in ("": in none); NULL: he is not. */
typedef const char *(seek_contact_h)(const char *person, void *arg);

struct seek_prm {
	struct fact_log *log;
	struct store *store; /* NULL in tests: nothing is recorded */
	seek_contact_h *contacth;
	void *arg;
};

/* Follows the log: what was adopted or told as a gap is no failed search. */
int seek_alloc(struct seek **sp, const struct seek_prm *prm);

/* Loop: a search was answered. */
void seek_searched(struct seek *s, const char *person, const char *words,
		   const json_t *hits);
/* The words with which this entry was found last; "": it was not. */
const char *seek_words(const struct seek *s, const char *person,
		       const char *entry);
/* Looks for searches that were given up; by itself every few seconds. */
void seek_look(struct seek *s);
/* How many were recorded since the start. */
unsigned seek_failed(const struct seek *s);
