/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/snippet.h"

#include <stdbool.h>
#include <string.h>

#include "common/utf8.h"
#include "kb/token.h"

#define WORDS_MAX  64
#define PLACES_MAX 256
#define WINDOW	   150 /* bytes of the text */
#define LEAD	   24  /* bytes before the first match */

struct place {
	size_t from, to;
	unsigned word;
};

struct finding {
	struct {
		char text[KB_TOKEN_MAX_BYTES];
		size_t len;
	} words[WORDS_MAX];
	unsigned words_n;
	struct place places[PLACES_MAX];
	unsigned n;
};

static int on_word(const char *token, size_t len, size_t from, size_t to,
		   bool same, void *arg)
{
	struct finding *f = arg;

	if (f->words_n == WORDS_MAX)
		return 0;
	memcpy(f->words[f->words_n].text, token, len);
	f->words[f->words_n++].len = len;
	return 0;
}

static int on_place(const char *token, size_t len, size_t from, size_t to,
		    bool same, void *arg)
{
	struct finding *f = arg;

	if (f->n == PLACES_MAX)
		return 1;
	for (unsigned i = 0; i < f->words_n; i++) {
		if (f->words[i].len == len &&
		    !memcmp(f->words[i].text, token, len)) {
			f->places[f->n++] = (struct place){from, to, i};
			break;
		}
	}
	return 0;
}

/* The first place of the window in which the most different words stand. */
static unsigned densest(const struct finding *f)
{
	unsigned best = 0, most = 0;

	for (unsigned i = 0; i < f->n; i++) {
		uint64_t seen = 0;
		unsigned count = 0;
		for (unsigned k = i; k < f->n; k++) {
			const struct place *p = &f->places[k];
			if (p->to > f->places[i].from + WINDOW - LEAD)
				break;
			uint64_t bit = 1ULL << p->word;
			count += !(seen & bit);
			seen |= bit;
		}
		if (count > most) {
			most = count;
			best = i;
		}
	}
	return best;
}

static bool is_inside(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Matches in [start, start + n) as marks; those that touch become one. */
static void marks(struct kb_hit *hit, const struct finding *f, size_t start,
		  size_t n)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct place *p = &f->places[i];
		if (p->from < start || p->to > start + n)
			continue;
		uint16_t from = (uint16_t)(p->from - start);
		uint16_t to = (uint16_t)(p->to - start);
		unsigned k = hit->marks_n;
		if (k &&
		    from <= hit->marks[k - 1].from + hit->marks[k - 1].len) {
			uint16_t len = (uint16_t)(to - hit->marks[k - 1].from);
			if (len > hit->marks[k - 1].len)
				hit->marks[k - 1].len = len;
			continue;
		}
		if (k == KB_MARKS_MAX)
			return;
		hit->marks[k].from = from;
		hit->marks[k].len = (uint16_t)(to - from);
		hit->marks_n++;
	}
}

void kb_snippet(struct kb_hit *hit, const char *body, const char *question,
		size_t len)
{
	struct finding f = {.n = 0};
	size_t body_len = strlen(body), start = 0;

	kb_token_each(question, len, true, on_word, &f);
	kb_token_each(body, body_len, false, on_place, &f);
	if (f.n) {
		start = f.places[densest(&f)].from;
		start = start > LEAD ? start - LEAD : 0;
		while (start && is_inside(body[start]))
			start--;
	}
	size_t n = body_len - start;
	if (n > WINDOW)
		n = WINDOW;
	while (n && is_inside(body[start + n]))
		n--;
	memcpy(hit->snippet, body + start, n);
	hit->snippet[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (hit->snippet[i] == '\n' || hit->snippet[i] == '\t')
			hit->snippet[i] = ' ';
	}
	marks(hit, &f, start, n);
}
