/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes samples from one source after another. Files are opened here on the
 * main loop (and checked: names stay below their folder), read by others.
 */
#include "server/switch/play.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/switch/wav.h"

#define TONE_PEAK 6500 /* each of up to two: about -14 dBm0 */

static int16_t sine[WAV_RATE]; /* a second of 1 Hz */

void play_init(void)
{
	for (int i = 0; i < WAV_RATE; i++)
		sine[i] = (int16_t)lrint(TONE_PEAK *
					 sin(2 * M_PI * i / WAV_RATE));
}

/* ---- sources ---- */

static bool is_below(const char *path, const char *dir)
{
	size_t n = dir ? strlen(dir) : 0;

	return n && !strncmp(path, dir, n) &&
	       (path[n] == '/' || dir[n - 1] == '/');
}

static int file_path(char full[512], const struct play_prm *prm,
		     const char *file)
{
	if (!file || !*file || strstr(file, ".."))
		return ENOENT;
	if (*file == '/') {
		if (!is_below(file, prm->recordings_dir) &&
		    !is_below(file, prm->spill_dir) &&
		    !is_below(file, prm->prompts_dir))
			return ENOENT;
		return snprintf(full, 512, "%s", file) < 512 ? 0 : ENOENT;
	}
	return snprintf(full, 512, "%s/%s", prm->prompts_dir, file) < 512
		       ? 0
		       : ENOENT;
}

static int open_file(struct play_source *s, const struct play_prm *prm,
		     const char *file)
{
	char full[512];

	int err = file_path(full, prm, file);
	if (err)
		return err;
	bool recording = is_below(full, prm->recordings_dir) ||
			 is_below(full, prm->spill_dir);
	if (!recording) {
		err = prompt_cache_get(prm->cache, &s->prompt, full);
		if (!err) {
			s->n = (int64_t)s->prompt->n;
			return s->n ? 0 : EBADMSG;
		}
		if (err != EFBIG)
			return err;
	}
	err = reader_open(prm->reader, &s->file, full);
	if (err)
		return err;
	s->n = (int64_t)reader_length(s->file);
	return s->n ? 0 : EBADMSG;
}

static int add_source(struct play *p, const struct play_prm *prm,
		      const struct media_source *from)
{
	struct play_source *s = &p->sources[p->n++];

	if (from->ms < 0 || from->ms > 86400000)
		return EINVAL;
	s->n = from->ms * 8;
	switch (from->kind) {
	case SOURCE_FILE:
		return open_file(s, prm, from->file);
	case SOURCE_TONE:
		if (from->hz1 <= 0 || from->hz1 >= WAV_RATE / 2 ||
		    from->hz2 < 0 || from->hz2 >= WAV_RATE / 2 ||
		    from->on_ms < 0 || from->off_ms < 0)
			return EINVAL;
		s->hz1 = from->hz1;
		s->hz2 = from->hz2;
		s->on = (int64_t)from->on_ms * 8;
		s->off = (int64_t)from->off_ms * 8;
		return 0;
	case SOURCE_SILENCE:
		return 0;
	}
	return EINVAL;
}

int play_alloc(struct play **pp, const struct play_prm *prm)
{
	const struct media_play_prm *m = prm->media;

	if (!m->n || m->n > PLAY_SOURCES)
		return EINVAL;
	struct play *p = calloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;
	str_ncpy(p->id, m->play, sizeof(p->id));
	p->loop = m->loop;
	p->dtmf_ends = m->dtmf_ends;
	p->must_end = m->must_end;
	for (size_t i = 0; i < m->n; i++) {
		int err = add_source(p, prm, &m->sources[i]);
		if (err) {
			play_free(p);
			return err;
		}
	}
	play_seek(p, m->position_ms);
	*pp = p;
	return 0;
}

void play_free(struct play *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		prompt_deref(p->sources[i].prompt);
		reader_close(p->sources[i].file);
	}
	free(p);
}

/* ---- taking ---- */

static size_t tone(const struct play_source *s, int64_t at, int16_t *pcm,
		   size_t n)
{
	int64_t period = s->on + s->off;

	for (size_t i = 0; i < n; i++) {
		int64_t t = at + (int64_t)i;
		bool on = !s->on || t % period < s->on;
		int v = on ? sine[t * s->hz1 % WAV_RATE] : 0;
		if (on && s->hz2)
			v += sine[t * s->hz2 % WAV_RATE];
		pcm[i] = (int16_t)v;
	}
	return n;
}

static size_t take(const struct play_source *s, int64_t at, int16_t *pcm,
		   size_t n)
{
	if (s->n && (int64_t)n > s->n - at)
		n = (size_t)(s->n - at);
	if (s->prompt)
		memcpy(pcm, s->prompt->pcm + at, n * sizeof(*pcm));
	else if (s->file)
		return reader_take(s->file, pcm, n);
	else if (s->hz1)
		return tone(s, at, pcm, n);
	else
		memset(pcm, 0, n * sizeof(*pcm));
	return n;
}

/* To the next source, or the first again. False: that was the last. */
static bool next_source(struct play *p)
{
	p->done += p->at;
	p->at = 0;
	if (++p->source == p->n) {
		if (!p->loop) {
			return false;
		}
		p->source = 0;
		p->done = 0;
	}
	if (p->sources[p->source].file)
		reader_seek(p->sources[p->source].file, 0);
	return true;
}

bool play_take(struct play *p, int16_t *pcm, size_t n)
{
	size_t have = 0;

	if (p->paused) {
		memset(pcm, 0, n * sizeof(*pcm));
		return true;
	}
	while (have < n && p->source < p->n) {
		struct play_source *s = &p->sources[p->source];
		if (s->n && p->at >= s->n) {
			if (!next_source(p))
				break;
			continue;
		}
		size_t got = take(s, p->at, pcm + have, n - have);
		if (!got)
			break; /* the disk lags */
		p->at += (int64_t)got;
		have += got;
	}
	memset(pcm + have, 0, (n - have) * sizeof(*pcm));
	if (p->source < p->n) {
		const struct play_source *s = &p->sources[p->source];
		bool last = p->source + 1 == p->n && !p->loop;
		return !(last && s->n && p->at >= s->n);
	}
	return false;
}

int64_t play_position_ms(const struct play *p)
{
	return (p->done + p->at) / 8;
}

void play_seek(struct play *p, int64_t position_ms)
{
	int64_t left = position_ms > 0 ? position_ms * 8 : 0;

	p->done = 0;
	for (p->source = 0; p->source < p->n; p->source++) {
		int64_t n = p->sources[p->source].n;
		if (!n || left < n)
			break;
		left -= n;
		p->done += n;
	}
	if (p->source == p->n) { /* behind the end: it ends at once */
		p->source = p->n - 1;
		left = p->sources[p->source].n;
		p->done -= left;
	}
	p->at = left;
	if (p->sources[p->source].file)
		reader_seek(p->sources[p->source].file, (uint64_t)left);
}
