/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/wavfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include <rem.h>
#include "common/scope.h"

#define RATE	  8000
#define BLOCK	  (4 * RATE) /* bytes kept before a write */
#define HEAD	  44
#define FMT_PCM	  1
#define FMT_ALAW  6
#define SILENCE	  0xd5
#define FILE_MAX_ (64L << 20)

struct wavfile {
	struct le le;
	char path[256];
	uint8_t *alaw;
	size_t n;
};

/* Open sources of this process. */
static struct list files;

static uint32_t le(const uint8_t *p, int bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static void put_le(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static int read_all(uint8_t **datap, size_t *lenp, const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return errno;
	long len = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
	rewind(f);
	uint8_t *data = len > HEAD && len < FILE_MAX_
				? mem_alloc((size_t)len, NULL)
				: NULL;
	size_t got = data ? fread(data, 1, (size_t)len, f) : 0;
	fclose(f);
	if (!data || got != (size_t)len) {
		mem_deref(data);
		return EBADMSG;
	}
	*datap = data;
	*lenp = got;
	return 0;
}

/* Samples into f->alaw. */
static int convert(struct wavfile *f, const uint8_t *fmt, const uint8_t *data,
		   size_t len)
{
	uint32_t format = le(fmt, 2);
	uint32_t channels = le(fmt + 2, 2);
	size_t width = format == FMT_PCM ? 2 : 1;

	if ((format != FMT_PCM || le(fmt + 14, 2) != 16) && format != FMT_ALAW)
		return EBADMSG;
	if (!channels || channels > 8 || le(fmt + 4, 4) != RATE)
		return EBADMSG;
	f->n = len / (width * channels);
	f->alaw = mem_alloc(f->n + 1, NULL);
	if (!f->alaw)
		return ENOMEM;
	for (size_t i = 0; i < f->n; i++) {
		const uint8_t *p = data + i * width * channels;
		f->alaw[i] = format == FMT_ALAW
				     ? *p
				     : g711_pcm2alaw((int16_t)le(p, 2));
	}
	return f->n ? 0 : EBADMSG;
}

static int parse(struct wavfile *f, const uint8_t *p, size_t len)
{
	const uint8_t *fmt = NULL;

	if (len < 12 || memcmp(p, "RIFF", 4) || memcmp(p + 8, "WAVE", 4))
		return EBADMSG;
	for (size_t at = 12; at + 8 <= len;) {
		size_t size = le(p + at + 4, 4);
		size_t left = len - at - 8;
		const uint8_t *body = p + at + 8;
		if (size > left)
			size = left;
		if (!memcmp(p + at, "fmt ", 4) && size >= 16)
			fmt = body;
		else if (!memcmp(p + at, "data", 4))
			return fmt ? convert(f, fmt, body, size) : EBADMSG;
		at += 8 + size + (size & 1);
	}
	return EBADMSG;
}

static void file_destructor(void *arg)
{
	struct wavfile *f = arg;

	list_unlink(&f->le);
	mem_deref(f->alaw);
}

int wavfile_alloc(struct wavfile **fp, const char *path)
{
	struct le *el;

	LIST_FOREACH (&files, el) {
		struct wavfile *f = el->data;
		if (!strcmp(f->path, path)) {
			*fp = mem_ref(f);
			return 0;
		}
	}
	scoped_mem struct wavfile *f = mem_zalloc(sizeof(*f), file_destructor);
	scoped_mem uint8_t *data = NULL;
	size_t len = 0;
	if (!f)
		return ENOMEM;
	int err = read_all(&data, &len, path);
	if (!err)
		err = parse(f, data, len);
	if (err)
		return err;
	snprintf(f->path, sizeof(f->path), "%s", path);
	list_append(&files, &f->le, f);
	*fp = take(f);
	return 0;
}

size_t wavfile_read(const struct wavfile *f, size_t at, uint8_t *out,
		    size_t len)
{
	if (!f) {
		memset(out, SILENCE, len);
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (at >= f->n)
			at = 0;
		out[i] = f->alaw[at++];
	}
	return at;
}

size_t wavfile_samples(const struct wavfile *f)
{
	return f ? f->n : 0;
}

/* ---- sink ---- */

struct wavsink {
	FILE *f;
	size_t bytes; /* in the file */
	size_t used;
	uint8_t buf[BLOCK];
};

static void write_head(struct wavsink *s)
{
	uint8_t h[HEAD];

	memcpy(h, "RIFF----WAVEfmt ", 16);
	put_le(h + 4, (uint32_t)(s->bytes + HEAD - 8), 4);
	put_le(h + 16, 16, 4);
	put_le(h + 20, FMT_ALAW, 2);
	put_le(h + 22, 1, 2);
	put_le(h + 24, RATE, 4);
	put_le(h + 28, RATE, 4);
	put_le(h + 32, 1, 2);
	put_le(h + 34, 8, 2);
	memcpy(h + 36, "data", 4);
	put_le(h + 40, (uint32_t)s->bytes, 4);
	rewind(s->f);
	fwrite(h, 1, sizeof(h), s->f);
	fseek(s->f, 0, SEEK_END);
}

static void flush(struct wavsink *s)
{
	if (!s->f)
		return;
	s->bytes += fwrite(s->buf, 1, s->used, s->f);
	s->used = 0;
	write_head(s);
	fflush(s->f);
}

static void sink_destructor(void *arg)
{
	struct wavsink *s = arg;

	flush(s);
	if (s->f)
		fclose(s->f);
}

int wavsink_alloc(struct wavsink **sp, const char *path)
{
	scoped_mem struct wavsink *s = mem_zalloc(sizeof(*s), sink_destructor);
	if (!s)
		return ENOMEM;
	s->f = fopen(path, "w+b");
	if (!s->f)
		return errno;
	write_head(s);
	*sp = take(s);
	return 0;
}

void wavsink_write(struct wavsink *s, const uint8_t *alaw, size_t len)
{
	while (len) {
		size_t n = BLOCK - s->used;
		if (n > len)
			n = len;
		memcpy(s->buf + s->used, alaw, n);
		s->used += n;
		alaw += n;
		len -= n;
		if (s->used == BLOCK)
			flush(s);
	}
}

void wavsink_silence(struct wavsink *s, size_t len)
{
	static const uint8_t frame[160] = {
		[0 ... 159] = SILENCE,
	};

	while (len) {
		size_t n = len < sizeof(frame) ? len : sizeof(frame);
		wavsink_write(s, frame, n);
		len -= n;
	}
}

/* ---- the mark ---- */

/* Bit i of a pattern that no prompt has by chance. */
static uint8_t mark_bit(size_t i)
{
	uint32_t v = (uint32_t)i * 2654435761U + 0x5bd1e995U;

	v ^= v >> 15;
	v *= 0x2c1b3c6dU;
	return (uint8_t)(v >> 19 & 1);
}

void wavmark_put(uint8_t *alaw, size_t len)
{
	for (size_t i = 0; i < len; i++)
		alaw[i] = (uint8_t)((alaw[i] & 0xfe) | mark_bit(i));
}

bool wavmark_seen(const uint8_t *alaw, size_t len)
{
	size_t same = 0;

	for (size_t i = 0; i < len; i++)
		same += (alaw[i] & 1) == mark_bit(i);
	return len >= 80 && same * 100 >= len * 95;
}
