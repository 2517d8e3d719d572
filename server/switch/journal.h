/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the exchange: numbered since its start (boot), sent, and kept
 * until the office has acknowledged them, over restarts of either side. They
 * also go to a file (spool), on threads of its own: no event waits for the
 * disk. A killed switch loses none; a power loss takes what neither this file
 * nor the office's had synced, which is the last moment and never a part of
 * the middle (docs/architecture.md says why that is enough). The file is
 * lines of JSON: the events as they are sent, {"boot":...} at each start and
 * {"ack":[boot,n]}.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct journal;

/* A notification, ready to be sent, newline included. */
typedef void(journal_event_h)(const char *line, size_t len, void *arg);

struct journal_prm {
	const char *path;
	/* What is kept at most; past it events of passing interest are not
	 * taken any more, at last the oldest go. */
	size_t max_events;
	int (*synch)(int fd); /* for tests; NULL: fdatasync */
	journal_event_h *h;
	void *arg;
};

/* Reads what an earlier run left. */
int journal_alloc(struct journal **jp, const struct journal_prm *prm);

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
	uint64_t events, dropped;
	uint64_t unwritten, unsynced, syncs, errors; /* as spool.h has them */
	size_t kept, file_bytes;
};
void journal_stats(const struct journal *j, struct journal_stats *out);
