/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People and the site's own things: person, key, queue, disposition, pause,
 * calendar, prompt, trunk, phone. There are some hundreds of them at the
 * most, each is read and written as a whole, so each is one row of site_thing:
 * kind, id, and the JSON object of the last fact about it. Views give the
 * columns that other queries join: person(id, name, roles, disabled),
 * disposition(code, name, parent, queue, active), queue(id, name, active).
 *
 * Secrets are no facts and have a table of their own, own_secret, which a
 * rebuild of the projections leaves alone.
 */
#pragma once

#include <jansson.h>

#include "common/cal.h"
#include "server/core/fact.h"

/* The projections of all of them. */
void store_people_register(struct fact_log *log);

/* New reference; NULL: none (or out of memory). */
json_t *store_thing(struct db *db, const char *kind, const char *id);
/* In order of id. body is borrowed. Stops at a non-zero return. */
typedef int(store_thing_h)(const char *id, json_t *body, void *arg);
int store_thing_each(struct db *db, const char *kind, const char *after,
		     store_thing_h *h, void *arg);
/* Is this prompt the recording notice, of the site or of a queue? */
int store_is_notice(struct db *db, const char *prompt, bool *isp);
/* The site's calendar, the default one where there is none. A reader on
 * another thread than the loop cannot have desk/site's. */
int store_calendar(struct cal **calp, struct db *db);
int store_thing_count(struct db *db, const char *kind, int64_t *np);

/* The newest fact that this connection sees. */
int store_people_seq(struct db *db, int64_t *np);

/* In a job only. NULL takes it away. */
int store_secret_put(struct db *db, const char *kind, const char *id,
		     const char *value);
/* "" when there is none. */
int store_secret_get(struct db *db, const char *kind, const char *id,
		     char *out, size_t size);

/* "Medical/Maternity/Allowance": the names from the root of the tree down;
 * "" for an unknown code. */
void store_disposition_path(struct db *db, const char *code, char *out,
			    size_t size);
