/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the search's synonyms as the file of the site says (kb.synonyms):
 * reads it at the start and whenever it has changed, on a worker. A file that
 * is not right changes nothing and raises an alarm that names its line.
 */
#pragma once

#include "server/core/rpc.h"

struct alarm;
struct kb_index;
struct worker;
struct wording;

struct wording_prm {
	struct kb_index *index;
	struct worker *worker;
	struct alarm *alarm;
	const char *path; /* copied; "": only the built-in ones */
};

int wording_alloc(struct wording **wp, const struct wording_prm *prm);
/* Its alarms go before it: what a worker still reads tells nobody. */
void wording_close(struct wording *w);
