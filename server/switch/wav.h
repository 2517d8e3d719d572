/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RIFF WAV: the header we write (A-law, 8000 Hz, stereo) and those we read
 * (PCM16, A-law, mu-law; 8000 Hz; mono or stereo).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WAV_RATE   8000
#define WAV_HEADER 58 /* bytes of ours */
#define WAV_PROBE  4096

enum wav_format { WAV_PCM = 1, WAV_ALAW = 6, WAV_ULAW = 7 };

struct wav_info {
	enum wav_format format;
	unsigned channels;
	size_t frame_bytes; /* of all channels */
	uint64_t data_at, data_bytes;
};

/* From the first bytes of a file that is file_bytes long. EBADMSG: no WAV
 * that we play, or no data within these bytes. */
int wav_parse(struct wav_info *info, const uint8_t *head, size_t len,
	      uint64_t file_bytes);
/* The same from an open file. */
int wav_probe(struct wav_info *info, int fd);

/* Mixes n frames down to n samples. */
void wav_samples(int16_t *pcm, const uint8_t *frames, size_t n,
		 const struct wav_info *info);

/* Ours, with so many bytes of data. */
void wav_header(uint8_t head[WAV_HEADER], uint32_t data_bytes);

/* SHA-256 of a whole file as 64 hex digits. */
int wav_hash(int fd, char hex[65]);
