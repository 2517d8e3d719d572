/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What citizens ask about, counted: by the entry that answered them, or by
 * the disposition of their ticket where none did. And what a flow's versions
 * cost in handling time. Reads only; any thread's connection.
 */
#pragma once

#include <stdint.h>
#include <jansson.h>

#include "common/db.h"

struct store_topic_span {
	int64_t from_us, to_us; /* by arrival, to_us not included */
	int64_t before_us;	/* the period before begins here */
	int64_t long_ms;	/* what counts as a long talk */
};

/* Answered calls of citizens about one thing. The figures behind `before` are
 * of the period itself; a call can count in several of them. */
struct store_topic {
	const char *entry;	 /* "" : none answered */
	const char *disposition; /* of those; else "" */
	const char *line, *title;
	int64_t count, before;
	int64_t transferred; /* two agents or more talked */
	int64_t talks;	     /* longer than long_ms */
	int64_t escalated;   /* promised, or put before the bureau */
	int64_t flagged;     /* its agent called it hard */
	int64_t repeated;    /* the same number called again in 7 days */
	int64_t hard;	     /* any of these, or no entry */
	int64_t mean_ms;     /* talk and hold */
};
typedef int(store_topic_h)(const struct store_topic *t, void *arg);
/* Most asked first. Non-zero ends the walk and is returned. */
int store_topics(struct db *db, const struct store_topic_span *span,
		 store_topic_h *h, void *arg);
/* Mean talk and hold of all answered calls of citizens in the span; 0 when
 * there were none. */
int store_topic_mean(struct db *db, const struct store_topic_span *span,
		     int64_t *msp);

/* A flow that is shown, and what it took to handle calls it was adopted in:
 * talk, hold and wrap-up, by this version and by the last one before that was
 * adopted at all. */
struct store_flow {
	const char *entry, *title, *line;
	const char *review; /* the day; "" none */
	int64_t version, n, aht_ms;
	int64_t was_version, was_n, was_aht_ms; /* 0: nothing to compare */
};
typedef int(store_flow_h)(const struct store_flow *f, void *arg);
/* In force today, by id behind `after`. */
int store_flows(struct db *db, const char *today, const char *after,
		store_flow_h *h, void *arg);
