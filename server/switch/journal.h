/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the exchange: numbered since its start (boot), appended to a
 * file before they are sent, and kept until the office has acknowledged
 * them, over restarts of either side. The file is lines of JSON: the events
 * as they are sent, {"boot":...} at each start and {"ack":[boot,n]}. A disk
 * that fails costs no call: events then live in memory alone, and the figure
 * `unwritten` says so.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct journal;

/* A notification, ready to be sent, newline included. */
typedef void(journal_event_h)(const char *line, size_t len, void *arg);

/* Reads what an earlier run left. max_events: what is kept at most; past it
 * events of passing interest are not taken any more, at last the oldest go.*/
int journal_alloc(struct journal **jp, const char *path, size_t max_events,
		  journal_event_h *h, void *arg);

const char *journal_boot(const struct journal *j);
/* Number of the last event. */
int64_t journal_last(const struct journal *j);
/* Earlier boots with events that nobody acknowledged, oldest first. */
json_t *journal_previous(const struct journal *j);

/* fields (stolen) get boot, n, at_us and kind beside them. */
int journal_event(struct journal *j, const char *kind, json_t *fields);

/* All of that boot up to n are on the office's disk. */
void journal_ack(struct journal *j, const char *boot, int64_t n);

/* Calls the handler for every kept event that `after` ({boot: n}) does not
 * cover, in order. */
void journal_replay(struct journal *j, json_t *after, journal_event_h *h,
		    void *arg);

struct journal_stats {
	uint64_t events, dropped, unwritten;
	size_t kept, file_bytes;
};
void journal_stats(const struct journal *j, struct journal_stats *out);
