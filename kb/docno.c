/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/docno.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

#define CP_HAO	   0x53F7 /* 号 */
#define CP_DI	   0x7B2C /* 第 */
#define SERIAL_MAX 6

static const uint32_t brackets[][2] = {
	{0x3014, 0x3015}, /* 〔〕 the right ones */
	{'[', ']'},	  {'(', ')'},	    {0xFF08, 0xFF09}, {0xFF3B, 0xFF3D},
	{0x3010, 0x3011}, {0x3016, 0x3017}, {0x3008, 0x3009}, {'{', '}'},
};

struct scan {
	const char *s;
	size_t at;
};

static uint32_t peek(const struct scan *sc, size_t *n)
{
	uint32_t cp = 0;

	*n = 0;
	if (sc->s[sc->at])
		*n = utf8_get(&cp, sc->s + sc->at, strlen(sc->s + sc->at));
	return cp;
}

static bool accept(struct scan *sc, uint32_t wanted)
{
	size_t n;

	if (peek(sc, &n) != wanted)
		return false;
	sc->at += n;
	return true;
}

static void skip_blanks(struct scan *sc)
{
	while (accept(sc, ' ') || accept(sc, 0x3000))
		;
}

/* Digits of either width, as ordinary ones; how many. */
static unsigned digits(struct scan *sc, char *out, unsigned most)
{
	unsigned n = 0;
	size_t len;

	for (;;) {
		uint32_t cp = peek(sc, &len);
		if (cp >= 0xFF10 && cp <= 0xFF19)
			cp -= 0xFF10 - '0';
		if (cp < '0' || cp > '9' || n > most)
			return n;
		if (n < most)
			out[n] = (char)cp;
		n++;
		sc->at += len;
	}
}

static bool read_number(struct scan *sc, struct kb_docno *no)
{
	char year[5] = "", serial[SERIAL_MAX + 1] = "";
	size_t n, close = 0;
	uint32_t open = peek(sc, &n);

	for (size_t i = 0; i < sizeof(brackets) / sizeof(*brackets); i++) {
		if (brackets[i][0] == open)
			close = brackets[i][1];
	}
	if (!close)
		return false;
	sc->at += n;
	skip_blanks(sc);
	if (digits(sc, year, 4) != 4)
		return false;
	skip_blanks(sc);
	if (!accept(sc, (uint32_t)close))
		return false;
	skip_blanks(sc);
	accept(sc, CP_DI);
	skip_blanks(sc);
	unsigned count = digits(sc, serial, SERIAL_MAX);
	if (!count || count > SERIAL_MAX)
		return false;
	skip_blanks(sc);
	if (!accept(sc, CP_HAO))
		return false;
	size_t zeros = strspn(serial, "0");
	snprintf(no->right, sizeof(no->right), "〔%s〕%s号", year,
		 serial[zeros] ? serial + zeros : "0");
	return true;
}

int kb_docno_next(struct kb_docno *no, const char *text, size_t at)
{
	while (text[at]) {
		struct scan sc = {text, at};
		uint32_t cp;
		if (read_number(&sc, no)) {
			no->from = at;
			no->len = sc.at - at;
			return 0;
		}
		at += utf8_get(&cp, text + at, strlen(text + at));
	}
	return ENOENT;
}
