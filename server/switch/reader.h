/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long sound files read ahead of their plays: a thread of its own keeps two
 * seconds of samples in each file's ring. The voice thread takes from it and
 * asks for another place; it never waits.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;
struct reader_file;

int reader_alloc(struct reader **rp);
/* All files must have been closed. */
void reader_free(struct reader *r);

/* Main loop: opens and begins to read at once. Errors as media_play. */
int reader_open(struct reader *r, struct reader_file **fp, const char *path);
uint64_t reader_length(const struct reader_file *f); /* samples */

/* The thread that plays: up to n samples; fewer when the disk lags. */
size_t reader_take(struct reader_file *f, int16_t *pcm, size_t n);
/* Takes come from this sample on. */
void reader_seek(struct reader_file *f, uint64_t sample);
/* Lets go of it; the reader frees it. */
void reader_close(struct reader_file *f);
