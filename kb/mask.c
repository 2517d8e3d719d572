/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/mask.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

#define DIGITS_MIN 7
#define STARS	   "***"

static bool is_digit(uint32_t cp)
{
	return (cp >= '0' && cp <= '9') || (cp >= 0xFF10 && cp <= 0xFF19);
}

static bool parts_digits(uint32_t cp)
{
	return cp == ' ' || cp == '-' || cp == 0x3000 || cp == 0x2013;
}

/* Bytes of the number that begins here, if it is a person's; else 0. */
static size_t number(const char *s, size_t len)
{
	size_t end = 0;
	unsigned digits = 0;
	bool parted = true;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, s + i, len - i);
		if (is_digit(cp)) {
			digits++;
			parted = false;
			end = i + n;
		} else if ((cp == 'x' || cp == 'X') && digits >= 15) {
			end = i + n; /* the last of an identity number */
			break;
		} else if (!parts_digits(cp) || parted) {
			break;
		} else {
			parted = true;
		}
		i += n;
	}
	return digits >= DIGITS_MIN ? end : 0;
}

/* Bytes of the run of digits that begins here. */
static size_t plain(const char *s, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint32_t cp;
		size_t n = utf8_get(&cp, s + at, len - at);
		if (!is_digit(cp))
			break;
		at += n;
	}
	return at;
}

static bool put(char *out, size_t size, size_t *at, const char *s, size_t n)
{
	if (*at + n >= size)
		return false;
	memcpy(out + *at, s, n);
	*at += n;
	return true;
}

void kb_mask(char *out, size_t size, const char *text)
{
	size_t len = strlen(text), at = 0;
	bool room = true;

	for (size_t i = 0; i < len && room;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, text + i, len - i);
		size_t hidden = is_digit(cp) ? number(text + i, len - i) : 0;
		if (hidden) {
			room = put(out, size, &at, STARS, strlen(STARS));
			n = hidden;
		} else if (is_digit(cp)) {
			n = plain(text + i, len - i);
			room = put(out, size, &at, text + i, n);
		} else if (cp <= ' ' || cp == 0x7F) {
			if (at && out[at - 1] != ' ')
				room = put(out, size, &at, " ", 1);
		} else {
			room = put(out, size, &at, text + i, n);
		}
		i += n;
	}
	while (at && out[at - 1] == ' ')
		at--;
	out[at] = '\0';
}
