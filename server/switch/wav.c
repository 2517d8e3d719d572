/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads headers with suspicion: sizes in them are hints, the file's length
 * rules. A recording that is still being written says less than it holds.
 */
#include "server/switch/wav.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/evp.h>

#include "common/libre.h"
#include <rem.h>

static uint32_t le(const uint8_t *p, int bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static void put(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static int parse_format(struct wav_info *info, const uint8_t *p)
{
	uint32_t bits = le(p + 14, 2);

	info->format = (enum wav_format)le(p, 2);
	info->channels = le(p + 2, 2);
	bool law = info->format == WAV_ALAW || info->format == WAV_ULAW;
	if (!(law && bits == 8) && !(info->format == WAV_PCM && bits == 16))
		return EBADMSG;
	if (le(p + 4, 4) != WAV_RATE || !info->channels || info->channels > 2)
		return EBADMSG;
	info->frame_bytes = info->channels * (law ? 1 : 2);
	return 0;
}

int wav_parse(struct wav_info *info, const uint8_t *head, size_t len,
	      uint64_t file_bytes)
{
	memset(info, 0, sizeof(*info));
	if (len < 12 || memcmp(head, "RIFF", 4) || memcmp(head + 8, "WAVE", 4))
		return EBADMSG;
	for (uint64_t at = 12; at + 8 <= len;) {
		const uint8_t *chunk = head + at;
		uint64_t size = le(chunk + 4, 4);
		if (!memcmp(chunk, "fmt ", 4)) {
			if (size < 16 || at + 24 > len ||
			    parse_format(info, chunk + 8))
				return EBADMSG;
		} else if (!memcmp(chunk, "data", 4)) {
			if (!info->channels)
				return EBADMSG;
			info->data_at = at + 8;
			uint64_t left = file_bytes > info->data_at
						? file_bytes - info->data_at
						: 0;
			info->data_bytes = size < left ? size : left;
			info->data_bytes -=
				info->data_bytes % info->frame_bytes;
			return 0;
		}
		at += 8 + size + (size & 1);
	}
	return EBADMSG;
}

int wav_probe(struct wav_info *info, int fd)
{
	uint8_t head[WAV_PROBE];
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EBADMSG;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return errno;
	return wav_parse(info, head, (size_t)n, (uint64_t)st.st_size);
}

static int32_t sample(const uint8_t *p, enum wav_format format)
{
	switch (format) {
	case WAV_ALAW:
		return g711_alaw2pcm(*p);
	case WAV_ULAW:
		return g711_ulaw2pcm(*p);
	case WAV_PCM:
		break;
	}
	return (int16_t)le(p, 2);
}

void wav_samples(int16_t *pcm, const uint8_t *frames, size_t n,
		 const struct wav_info *info)
{
	size_t width = info->frame_bytes / info->channels;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = frames + i * info->frame_bytes;
		int32_t v = sample(p, info->format);
		if (info->channels == 2)
			v += sample(p + width, info->format);
		pcm[i] = (int16_t)(v > 32767	? 32767
				   : v < -32767 ? -32767
						: v);
	}
}

/*
 *  0 RIFF size WAVE
 * 12 fmt  18: A-law, 2 channels, 8000 Hz, 16000 bytes/s, 2, 8 bits, no more
 * 38 fact  4: samples of a channel (any format but PCM has it)
 * 50 data size
 */
void wav_header(uint8_t head[WAV_HEADER], uint32_t data_bytes)
{
	memset(head, 0, WAV_HEADER);
	memcpy(head, "RIFF", 4);
	put(head + 4, WAV_HEADER - 8 + data_bytes, 4);
	memcpy(head + 8, "WAVEfmt ", 8);
	put(head + 16, 18, 4);
	put(head + 20, WAV_ALAW, 2);
	put(head + 22, 2, 2);
	put(head + 24, WAV_RATE, 4);
	put(head + 28, WAV_RATE * 2, 4);
	put(head + 32, 2, 2);
	put(head + 34, 8, 2);
	memcpy(head + 38, "fact", 4);
	put(head + 42, 4, 4);
	put(head + 46, data_bytes / 2, 4);
	memcpy(head + 50, "data", 4);
	put(head + 54, data_bytes, 4);
}

static int hash_all(int fd, EVP_MD_CTX *ctx, uint8_t digest[32])
{
	static _Thread_local uint8_t buf[65536];
	off_t at = 0;

	if (!EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		return ENOTSUP;
	for (;;) {
		ssize_t n = pread(fd, buf, sizeof(buf), at);
		if (n < 0)
			return errno;
		if (!n)
			break;
		at += n;
		if (!EVP_DigestUpdate(ctx, buf, (size_t)n))
			return EIO;
	}
	return EVP_DigestFinal_ex(ctx, digest, NULL) ? 0 : EIO;
}

int wav_hash(int fd, char hex[65])
{
	uint8_t digest[32] = {0};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx)
		return ENOMEM;
	int err = hash_all(fd, ctx, digest);
	EVP_MD_CTX_free(ctx);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}
