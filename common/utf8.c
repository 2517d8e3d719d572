/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 by characters, graphemes, columns and lines, and hostile text made
 * showable. Width of one character: utf8_width.c. Grapheme clusters follow
 * UAX #29 as far as a terminal shows them: base, what has no width, joined
 * emoji, pairs of regional indicators.
 */
#include "common/utf8.h"

#include <stdio.h>
#include <string.h>

#define BAD 0xFFFDu
#define ZWJ 0x200Du

/* Bytes of the character at s if it is valid, else 0 (RFC 3629, 4). */
static size_t valid_len(const unsigned char *s, size_t len)
{
	unsigned char lo = 0x80, hi = 0xBF;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		n = 2;
	else if ((s[0] & 0xF0) == 0xE0)
		n = 3;
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xE0)
		lo = 0xA0;
	else if (s[0] == 0xED)
		hi = 0x9F;
	else if (s[0] == 0xF0)
		lo = 0x90;
	else if (s[0] == 0xF4)
		hi = 0x8F;
	if (len < n || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

long utf8_check(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = valid_len((const unsigned char *)s + i, len - i);
		if (!n)
			return (long)i;
		i += n;
	}
	return -1;
}

size_t utf8_get(uint32_t *cp, const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = valid_len(u, len);

	switch (n) {
	case 1:
		*cp = u[0];
		return 1;
	case 2:
		*cp = (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
		return 2;
	case 3:
		*cp = (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 |
		      (u[2] & 0x3Fu);
		return 3;
	case 4:
		*cp = (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 |
		      (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
		return 4;
	default:
		*cp = BAD;
		return 1;
	}
}

size_t utf8_put(char out[4], uint32_t cp)
{
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = BAD;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

static bool is_flag(uint32_t cp)
{
	return cp >= 0x1F1E6 && cp <= 0x1F1FF;
}

static bool is_skin(uint32_t cp)
{
	return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

static bool extends(uint32_t cp)
{
	return !is_control(cp) && (utf8_width_cp(cp) == 0 || is_skin(cp));
}

size_t utf8_grapheme(const char *s, size_t len)
{
	uint32_t cp, last;
	size_t n, m;

	if (!len)
		return 0;
	n = utf8_get(&last, s, len);
	if (is_control(last))
		return n;
	if (is_flag(last) && n < len) {
		m = utf8_get(&cp, s + n, len - n);
		if (is_flag(cp))
			n += m;
	}
	while (n < len) {
		m = utf8_get(&cp, s + n, len - n);
		if (!extends(cp) && !(last == ZWJ && cp >= 0xA0 && cp != BAD))
			break;
		n += m;
		last = cp;
	}
	return n;
}

/* A cluster is as wide as its widest part: joined emoji take two columns. */
static int cluster_width(const char *s, size_t len)
{
	int width = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += utf8_get(&cp, s + i, len - i);
		int w = utf8_width_cp(cp);
		width = w > width ? w : width;
	}
	return width;
}

int utf8_width_n(const char *s, size_t len)
{
	int columns = 0;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_grapheme(s + i, len - i);
		columns += cluster_width(s + i, n);
		i += n;
	}
	return columns;
}

int utf8_width(const char *s)
{
	return utf8_width_n(s, strlen(s));
}

size_t utf8_fit(const char *s, size_t len, int columns, int *used)
{
	size_t i = 0;
	int sum = 0;

	while (i < len) {
		size_t n = utf8_grapheme(s + i, len - i);
		int w = cluster_width(s + i, n);
		if (sum + w > columns)
			break;
		sum += w;
		i += n;
	}
	if (used)
		*used = sum;
	return i;
}

static size_t put(char *out, size_t size, size_t at, const char *s, size_t n)
{
	if (at + n >= size)
		return at;
	memcpy(out + at, s, n);
	out[at + n] = '\0';
	return at + n;
}

int utf8_cut(char *out, size_t size, const char *s, int columns, bool pad)
{
	size_t len = strlen(s), at = 0;
	int used = 0;
	size_t n;

	if (!size)
		return 0;
	out[0] = '\0';
	if (columns <= 0)
		return 0;
	n = utf8_fit(s, len, columns, &used);
	if (n < len) {
		n = utf8_fit(s, len, columns - 1, &used);
		at = put(out, size, 0, s, n);
		for (; used < columns - 1; used++)
			at = put(out, size, at, " ", 1);
		at = put(out, size, at, "…", strlen("…"));
		used++;
	} else {
		at = put(out, size, 0, s, n);
	}
	for (; pad && used < columns; used++)
		at = put(out, size, at, " ", 1);
	return used;
}

static bool one_of(const char *set, const char *s, size_t n)
{
	char key[8];

	if (!n || n >= sizeof(key))
		return false;
	memcpy(key, s, n);
	key[n] = '\0';
	return strstr(set, key) != NULL;
}

static bool never_begins(const char *s, size_t n)
{
	return one_of("。，、；：？！）》」』】”’〉…·)]},.;:?!%", s, n);
}

static bool never_ends(const char *s, size_t n)
{
	return one_of("（《「『【“‘〈([{", s, n);
}

/* May a line break lie between the cluster at `a` and the one at `b`? */
static bool may_break(const char *s, size_t a, size_t an, size_t b, size_t bn)
{
	if (s[a] == ' ')
		return s[b] != ' ';
	if (never_ends(s + a, an) || never_begins(s + b, bn))
		return false;
	return cluster_width(s + a, an) == 2 || cluster_width(s + b, bn) == 2;
}

size_t utf8_wrap(const char *s, size_t len, int columns, size_t *next)
{
	size_t i = 0, prev = 0, brk = 0;
	int sum = 0;

	columns = columns < 2 ? 2 : columns;
	while (i < len && s[i] != '\n') {
		size_t n = utf8_grapheme(s + i, len - i);
		int w = cluster_width(s + i, n);
		if (i && may_break(s, prev, i - prev, i, n))
			brk = i;
		if (sum + w > columns && s[i] != ' ')
			break;
		sum += w;
		prev = i;
		i += n;
	}
	if (i >= len || s[i] == '\n') {
		*next = i + (i < len);
		return i;
	}
	/* one word wider than the line: cut it */
	if (!brk)
		brk = i ? i : utf8_grapheme(s, len);
	*next = brk;
	while (brk && s[brk - 1] == ' ')
		brk--;
	return brk;
}

/* ---- hostile text ---- */

static bool is_invisible(uint32_t cp)
{
	static const uint32_t spans[][2] = {
		{0x00AD, 0x00AD},   {0x034F, 0x034F},	{0x061C, 0x061C},
		{0x115F, 0x1160},   {0x17B4, 0x17B5},	{0x180B, 0x180F},
		{0x200B, 0x200F},   {0x2028, 0x202E},	{0x2060, 0x206F},
		{0x3164, 0x3164},   {0xFE00, 0xFE0F},	{0xFEFF, 0xFEFF},
		{0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},	{0x1BCA0, 0x1BCA3},
		{0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++)
		if (cp >= spans[i][0] && cp <= spans[i][1])
			return true;
	return false;
}

/* what must not come from outside: our own marks, noncharacters */
static bool is_forged(uint32_t cp)
{
	return cp == UTF8_MARK_ON || cp == UTF8_MARK_OFF ||
	       (cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF);
}

struct shown {
	char *out;
	size_t size, at;
};

static void show_raw(struct shown *sh, uint32_t cp)
{
	char b[4];
	size_t n = utf8_put(b, cp);

	sh->at = put(sh->out, sh->size, sh->at, b, n);
}

static void show_mark(struct shown *sh, const char *text)
{
	char b[32];
	int n = snprintf(b, sizeof(b), "\xEE\x83\xB0%s\xEE\x83\xB1", text);

	sh->at = put(sh->out, sh->size, sh->at, b, (size_t)n);
}

static void show_code(struct shown *sh, uint32_t cp)
{
	char b[24];

	snprintf(b, sizeof(b), "‹U+%04X›", (unsigned)cp);
	show_mark(sh, b);
}

static void show_control(struct shown *sh, uint32_t cp)
{
	char b[5] = "";

	if (cp >= 0x80) {
		show_code(sh, cp);
		return;
	}
	b[utf8_put(b, cp == 0x7F ? 0x2421 : 0x2400 + cp)] = '\0';
	show_mark(sh, cp == '\n' ? "↵" : b);
}

/* Emoji sequences have no agreed width: joined, selected, coloured, flags. */
static bool is_emoji_sequence(const char *s, size_t n)
{
	uint32_t first, cp;
	size_t i = utf8_get(&first, s, n);

	if (is_flag(first))
		return true;
	for (; i < n;) {
		i += utf8_get(&cp, s + i, n - i);
		if (cp == 0xFE0F || is_skin(cp) || cp == 0x20E3 ||
		    (cp == ZWJ && first >= 0x2190))
			return true;
	}
	return false;
}

static void show_cluster(struct shown *sh, const char *s, size_t n)
{
	unsigned marks = 0, over = 0;
	uint32_t cp;
	char b[24];

	for (size_t i = 0; i < n;) {
		size_t m = utf8_get(&cp, s + i, n - i);
		bool bad = cp == BAD && m == 1;
		if (is_control(cp))
			show_control(sh, cp);
		else if (bad || is_forged(cp))
			show_raw(sh, BAD);
		else if (is_invisible(cp) ||
			 (i == 0 && utf8_width_cp(cp) == 0))
			show_code(sh, cp);
		else if (i && utf8_width_cp(cp) == 0 && ++marks > 2)
			over++;
		else
			show_raw(sh, cp);
		i += m;
	}
	if (over) {
		snprintf(b, sizeof(b), "‹+%u›", over);
		show_mark(sh, b);
	}
}

size_t utf8_show(char *out, size_t size, const char *s, size_t len,
		 bool keep_newlines)
{
	struct shown sh = {out, size, 0};

	if (!size)
		return 0;
	out[0] = '\0';
	for (size_t i = 0; i < len && sh.at + 1 < size;) {
		size_t before = sh.at, n = utf8_grapheme(s + i, len - i);
		if (s[i] == '\n' && keep_newlines)
			show_raw(&sh, '\n');
		else if (is_emoji_sequence(s + i, n))
			show_mark(&sh, "[表情]");
		else
			show_cluster(&sh, s + i, n);
		if (sh.at == before)
			break;
		i += n;
	}
	return sh.at;
}

void utf8_copy(char *out, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (!size)
		return;
	if (n >= size) {
		n = size - 1;
		while (n && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
	}
	memcpy(out, s, n);
	out[n] = '\0';
}
