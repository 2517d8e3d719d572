/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a spoken WAV is in a channel of a recording: the recording is
 * cut into windows, each window with sound in it is laid against every place
 * of the spoken text (taken as a loop), and the best normalised correlations
 * are averaged, weighted by energy. 1: it is that voice, sample by sample;
 * near 0: it is another.
 *
 *     correlate RECORDING left|right SPOKEN [WINDOW_MS]
 *
 * prints one number. Reads RIFF WAV, PCM16 and A-law, 8000 Hz.
 */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include <rem.h>

#define RATE 8000

struct sound {
	float *samples;
	size_t n;
};

static uint32_t le(const uint8_t *p, int bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static int read_file(uint8_t **datap, size_t *lenp, const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return errno;
	fseek(f, 0, SEEK_END);
	long len = ftell(f);
	rewind(f);
	uint8_t *data = malloc(len > 0 ? (size_t)len : 1);
	size_t got = data ? fread(data, 1, (size_t)len, f) : 0;
	fclose(f);
	if (got != (size_t)len) {
		free(data);
		return EIO;
	}
	*datap = data;
	*lenp = got;
	return 0;
}

struct wav {
	int format, channels, bits;
	const uint8_t *data;
	size_t bytes;
};

static int parse_wav(struct wav *w, const uint8_t *p, size_t len)
{
	if (len < 12 || memcmp(p, "RIFF", 4) || memcmp(p + 8, "WAVE", 4))
		return EBADMSG;
	for (size_t at = 12; at + 8 <= len;) {
		size_t size = le(p + at + 4, 4);
		const uint8_t *body = p + at + 8;
		size_t left = len - at - 8;
		if (!memcmp(p + at, "fmt ", 4) && left >= 16) {
			w->format = (int)le(body, 2);
			w->channels = (int)le(body + 2, 2);
			w->bits = (int)le(body + 14, 2);
			if (le(body + 4, 4) != RATE)
				return EBADMSG;
		} else if (!memcmp(p + at, "data", 4)) {
			w->data = body;
			w->bytes = size < left ? size : left;
			return w->channels ? 0 : EBADMSG;
		}
		at += 8 + size + (size & 1);
	}
	return EBADMSG;
}

static int load(struct sound *s, const char *path, int channel)
{
	uint8_t *file = NULL;
	size_t len = 0;
	struct wav w = {0};
	int err = read_file(&file, &len, path);
	if (!err)
		err = parse_wav(&w, file, len);
	if (!err && !(w.format == 1 && w.bits == 16) && w.format != 6)
		err = EBADMSG;
	if (err) {
		fprintf(stderr, "correlate: %s: %s\n", path, strerror(err));
		free(file);
		return err;
	}
	size_t width = (size_t)w.bits / 8;
	size_t frame = width * (size_t)w.channels;
	if (channel >= w.channels)
		channel = 0;
	s->n = w.bytes / frame;
	s->samples = calloc(s->n + 1, sizeof(*s->samples));
	for (size_t i = 0; i < s->n; i++) {
		const uint8_t *p =
			w.data + i * frame + (size_t)channel * width;
		s->samples[i] = w.format == 6 ? (float)g711_alaw2pcm(*p)
					      : (float)(int16_t)le(p, 2);
	}
	free(file);
	return 0;
}

/* Radix-2 Cooley-Tukey in place; n is a power of two. */
static void fft(complex double *a, size_t n, bool inverse)
{
	for (size_t i = 1, j = 0; i < n; i++) {
		size_t bit = n >> 1;
		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			complex double t = a[i];
			a[i] = a[j];
			a[j] = t;
		}
	}
	for (size_t len = 2; len <= n; len <<= 1) {
		double angle = (inverse ? 2 : -2) * acos(-1.0) / (double)len;
		complex double step = cexp(I * angle);
		for (size_t i = 0; i < n; i += len) {
			complex double w = 1;
			for (size_t k = 0; k < len / 2; k++) {
				complex double u = a[i + k];
				complex double v = a[i + k + len / 2] * w;
				a[i + k] = u + v;
				a[i + k + len / 2] = u - v;
				w *= step;
			}
		}
	}
	for (size_t i = 0; inverse && i < n; i++)
		a[i] /= (double)n;
}

/* The spoken text, repeated so that each window finds room at each place. */
struct text {
	complex double *spectrum;
	double *energy; /* running sum of squares */
	size_t n;	/* samples laid out */
	size_t period;
	size_t size; /* of the transform */
};

static void text_init(struct text *t, const struct sound *spoken,
		      size_t window)
{
	t->period = spoken->n;
	t->n = spoken->n + window;
	for (t->size = 1; t->size < t->n + window; t->size <<= 1)
		;
	t->spectrum = calloc(t->size, sizeof(*t->spectrum));
	t->energy = calloc(t->n + 1, sizeof(*t->energy));
	for (size_t i = 0; i < t->n; i++) {
		double v = spoken->samples[i % spoken->n];
		t->spectrum[i] = v;
		t->energy[i + 1] = t->energy[i] + v * v;
	}
	fft(t->spectrum, t->size, false);
}

static double best(const struct text *t, const float *window, size_t n,
		   double energy)
{
	complex double *a = calloc(t->size, sizeof(*a));
	double top = 0;

	for (size_t i = 0; i < n; i++)
		a[i] = window[i];
	fft(a, t->size, false);
	for (size_t i = 0; i < t->size; i++)
		a[i] = t->spectrum[i] * conj(a[i]);
	fft(a, t->size, true);
	for (size_t lag = 0; lag < t->period; lag++) {
		double e = t->energy[lag + n] - t->energy[lag];
		if (e < energy * 0.05)
			continue; /* a place with hardly any sound */
		double r = creal(a[lag]) / sqrt(e * energy);
		if (r > top)
			top = r;
	}
	free(a);
	return top;
}

int main(int argc, char **argv)
{
	struct sound rec = {0}, spoken = {0};

	if (argc < 4 || argc > 5 ||
	    (strcmp(argv[2], "left") && strcmp(argv[2], "right"))) {
		fprintf(stderr, "usage: correlate RECORDING left|right SPOKEN "
				"[WINDOW_MS]\n");
		return 2;
	}
	size_t window =
		RATE / 1000 * (argc == 5 ? strtoul(argv[4], NULL, 10) : 2000);
	if (!window || load(&rec, argv[1], !strcmp(argv[2], "right")) ||
	    load(&spoken, argv[3], 0) || !spoken.n)
		return 1;

	struct text text;
	text_init(&text, &spoken, window);
	double sum = 0, weight = 0;
	for (size_t at = 0; at + window <= rec.n; at += window) {
		double e = 0;
		for (size_t i = 0; i < window; i++)
			e += (double)rec.samples[at + i] * rec.samples[at + i];
		if (e / (double)window < 100 * 100)
			continue;
		sum += e * best(&text, rec.samples + at, window, e);
		weight += e;
	}
	printf("%.3f\n", weight > 0 ? sum / weight : 0.0);
	free(rec.samples);
	free(spoken.samples);
	free(text.spectrum);
	free(text.energy);
	return 0;
}
