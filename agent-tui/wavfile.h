/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WAV files for robots: a source held in memory as A-law, and a sink (A-law,
 * mono, 8000 Hz) whose header is right after each block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wavfile;
struct wavsink;

/* PCM16 or A-law, 8000 Hz; of several channels the first. EBADMSG. A file
 * that is open already is shared. */
int wavfile_alloc(struct wavfile **fp, const char *path);
/* Fills out from sample `at` on, repeating the file; f NULL: silence.
 * Returns the next `at`. */
size_t wavfile_read(const struct wavfile *f, size_t at, uint8_t *out,
		    size_t len);
size_t wavfile_samples(const struct wavfile *f);

int wavsink_alloc(struct wavsink **sp, const char *path);
void wavsink_write(struct wavsink *s, const uint8_t *alaw, size_t len);
void wavsink_silence(struct wavsink *s, size_t len);

/* A mark in the lowest bits of a robot's voice, 40 dB below it: by it the far
 * end's robot knows that it hears an agent and no prompt. */
void wavmark_put(uint8_t *alaw, size_t len);
bool wavmark_seen(const uint8_t *alaw, size_t len);
