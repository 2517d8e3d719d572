/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/valid.h"

#include <ctype.h>
#include <string.h>

#define PERSON_MAX 16
#define ID_MAX	   31
#define NUMBER_MAX 31
#define HOST_MAX   120

/* ASCII, whatever the locale. */
static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_of(const char *s, size_t max, const char *also)
{
	size_t n = strlen(s);

	if (!n || n > max)
		return false;
	for (; *s; s++) {
		if (!is_alpha(*s) && !is_digit(*s) && !strchr(also, *s))
			return false;
	}
	return true;
}

bool valid_person(const char *id)
{
	return is_alpha(id[0]) && all_of(id, PERSON_MAX, "");
}

bool valid_id(const char *id)
{
	return (is_alpha(id[0]) || is_digit(id[0])) &&
	       all_of(id, ID_MAX, "-_.");
}

static bool has_control(const char *s, const char *but)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if ((c < 0x20 && !strchr(but, c)) || c == 0x7f)
			return true;
		/* C1 controls and bidi marks in UTF-8 */
		if (c == 0xC2 && (unsigned char)s[1] < 0xA0)
			return true;
		if (c == 0xE2 && (unsigned char)s[1] == 0x80 &&
		    (unsigned char)s[2] >= 0xA8 && (unsigned char)s[2] <= 0xAE)
			return true;
	}
	return false;
}

bool valid_name(const char *name, size_t max_bytes)
{
	size_t n = strlen(name);

	return n && n <= max_bytes && !has_control(name, "") &&
	       name[0] != ' ' && name[n - 1] != ' ';
}

bool valid_text(const char *text)
{
	return !has_control(text, "\n\t");
}

bool valid_number(const char *number)
{
	return all_of(number, NUMBER_MAX, "+*#._-");
}

bool valid_host(const char *host)
{
	return all_of(host, HOST_MAX, ".-:[]_");
}
