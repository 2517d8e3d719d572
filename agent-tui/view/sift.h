/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lines of a list are shown and in what order: `s` and `f` on every
 * list, with one table of orders and selections for all of them, so that the
 * same list offers the same on every screen. The model's rows stay where
 * they are; a view walks them by place, v[place] is the row.
 */
#pragma once

#include "agent-tui/keymap.h"
#include "agent-tui/model.h"

enum sift_of {
	SIFT_TODO, /* open tickets */
	SIFT_TICKETS,
	SIFT_MISSED,
	SIFT_RECORDINGS,
	SIFT_CONTACTS,
	SIFT_QUEUES,
	SIFT_LINE,
	SIFT_AGENTS,
	SIFT_CALLS,
	SIFT_ALARMS,
};

struct sift {
	enum sift_of of;
	int order, filter; /* 0: as it comes, all */
	int n;
	short v[MODEL_LIST_MAX];
};

/* Before the places are used: after each change of the model. */
void sift_build(struct sift *s, const struct model *m);
/* The row at a place, -1 past the last. */
int sift_at(const struct sift *s, int place);
/* What `s` and `f` have to do with it. */
void sift_actions(const struct sift *s, const struct model *m,
		  struct actions *a);
/* CMD_SORT and CMD_FILTER: the next one, round the end. False: another. */
bool sift_request(struct sift *s, const struct model *m, enum command_id id);
/* ", by deadline, mine" behind a list's title; "" where there is nothing to
 * say. */
void sift_words(const struct sift *s, char *out, size_t size);
/* Orders and selections are over whole lists: true while another page is to
 * be asked for. */
bool sift_wants_more(const struct sift *s, const struct model_page *page);

/* How far an agent is out of the ordinary: sorts and marks. 0: not. */
int64_t sift_excess(const struct model *m, const struct model_agent *g);
#define SIFT_EXCESS_GRAVE (10000 * 1000000LL)
