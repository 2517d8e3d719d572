/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sound files in memory: prompts and music are read once, on the main loop,
 * and shared by all plays. Long files and recordings are streamed (reader).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROMPT_MAX_BYTES (16 << 20) /* of a file; longer ones are streamed */

/* Never changes once it is loaded. */
struct prompt {
	atomic_uint refs;
	size_t n;
	int16_t pcm[];
};

struct prompt *prompt_ref(struct prompt *p);
void prompt_deref(struct prompt *p);

/* Prompts by path, each read again when its file has changed. Main loop. */
struct prompt_cache;

int prompt_cache_alloc(struct prompt_cache **cp);
void prompt_cache_free(struct prompt_cache *c);
/* Reads all *.wav of a folder ahead of need; faults are logged. */
void prompt_cache_warm(struct prompt_cache *c, const char *dir);
/* A reference of the caller's. ENOENT, EBADMSG as media_play; EFBIG: too
 * long for memory. */
int prompt_cache_get(struct prompt_cache *c, struct prompt **pp,
		     const char *path);
