/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that the signalling loop writes without ever waiting for the disk:
 * lines are taken into memory and leave on two threads of its own. The first
 * writes them at once, so that a killed process loses nothing; the second
 * syncs what was written, all that has come in the meantime by one sync. What
 * a disk refuses (full, ill, a failed sync) stays in memory, in order, and is
 * written again from the last synced byte on until the disk takes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct spool;

struct spool_prm {
	const char *path;
	size_t max_bytes; /* unsynced, at most; past it lines are not taken */
	/* Tests bring disks that fail; NULL: fdatasync, pwrite. */
	int (*synch)(int fd);
	ssize_t (*writeh)(int fd, const void *buf, size_t n, off_t at);
};

/* The file is opened (and made) when there is something to write. */
int spool_alloc(struct spool **sp, const struct spool_prm *prm);

/* At the end of the file. ENOSPC: too much is unsynced; the file lacks this
 * line until it is replaced. */
int spool_append(struct spool *s, const char *line, size_t len);
/* The file's content is this from now on (text: malloc, taken): written
 * beside it, synced, and renamed. Stands for all lines before. */
void spool_replace(struct spool *s, char *text, size_t len);

struct spool_stats {
	uint64_t unwritten; /* lines in memory alone */
	uint64_t unsynced;  /* lines that a power loss would take */
	uint64_t syncs, errors;
	uint64_t file_bytes;
	bool behind;	/* lines were not taken: replace it */
	bool replacing; /* that is on its way */
	bool ill;	/* the disk refused, and nothing has worked since */
};
void spool_stats(struct spool *s, struct spool_stats *out);
