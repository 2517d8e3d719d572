/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knowledge beside the call: search line, hits, and the entry under the
 * cursor to be read out. Results come as one types; arrows choose, PgDn
 * reads on. Used by the desk and by the knowledge tab.
 */
#pragma once

#include "agent-tui/view/view.h"

struct finder;

int finder_alloc(struct finder **fp, struct app *a);
/* False: not a key for it (Enter, Tab, Esc and what is no text). */
bool finder_key(struct finder *f, uint32_t key, bool pasted);
/* The model's hits or entry changed. */
void finder_event(struct finder *f, unsigned mask);
/* NULL: no hit. */
const struct model_hit *finder_hit(const struct finder *f);
const char *finder_text(const struct finder *f);
void finder_clear(struct finder *f);
/* Links the hit under the cursor to the call, or records a gap when nothing
 * was found. */
void finder_adopt(struct finder *f);
/* Search line and hits. */
void finder_draw(struct finder *f, struct area a, bool focus);
/* The entry. */
void finder_read(struct finder *f, struct area a, bool focus);
bool finder_scroll(struct finder *f, uint32_t key);
/* To the next row of the entry with this text (by 1), or the one before
 * (-1). False: it has none. */
bool finder_find(struct finder *f, const char *text, int by);
