/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One play: sources one after the other (files, tones, silence), perhaps
 * again and again, with a place that can be asked, sought and held. Made on
 * the main loop, then its voice thread's alone.
 */
#pragma once

#include "server/switch/media.h"
#include "server/switch/prompt.h"
#include "server/switch/reader.h"

#define PLAY_SOURCES 32

struct play_source {
	struct prompt *prompt;
	struct reader_file *file;
	int hz1, hz2;
	int64_t on, off; /* samples */
	int64_t n;	 /* samples; 0: for ever */
};

struct play {
	char id[MEDIA_ID];
	bool loop, dtmf_ends, must_end, paused;
	struct play_source sources[PLAY_SOURCES];
	size_t n;
	/* where it is */
	size_t source;
	int64_t at;   /* samples of this source */
	int64_t done; /* samples of the sources before it */
};

struct play_prm {
	const struct media_play_prm *media;
	const char *prompts_dir, *recordings_dir, *spill_dir;
	struct prompt_cache *cache;
	struct reader *reader;
};

/* ENOENT, EBADMSG as media_play; EINVAL: no source, or a silly one. */
int play_alloc(struct play **pp, const struct play_prm *prm);
void play_free(struct play *p);

/* Once for a process, before the first play. */
void play_init(void);

/* The next n samples (silence where there are none); false: it has ended
 * with or before them. */
bool play_take(struct play *p, int16_t *pcm, size_t n);
int64_t play_position_ms(const struct play *p);
void play_seek(struct play *p, int64_t position_ms);
