/* SPDX-License-Identifier: Apache-2.0 */
#include "common/phone_no.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COUNTRY "86"

static char area_code[8] = "29";

void phone_no_area(const char *area)
{
	snprintf(area_code, sizeof(area_code), "%s", area);
}

/* Digits of the text; false if it holds what no number holds. */
static bool digits_of(char *out, size_t size, const char *text, bool *plus)
{
	size_t n = 0;

	*plus = false;
	for (const char *p = text; *p; p++) {
		if (isdigit((unsigned char)*p)) {
			if (n + 1 >= size)
				return false;
			out[n++] = *p;
		} else if (*p == '+' && !n) {
			*plus = true;
		} else if (!strchr(" -().", *p)) {
			return false;
		}
	}
	out[n] = '\0';
	return n > 0;
}

/* Two-digit area codes are 10 and 2x; all others have three digits. */
static size_t area_length(const char *national)
{
	return national[0] == '2' || !strncmp(national, "10", 2) ? 2 : 3;
}

static bool is_mobile(const char *d, size_t n)
{
	return n == 11 && d[0] == '1' && d[1] >= '3';
}

void phone_no_normal(char out[PHONE_NO_SIZE], const char *text)
{
	char d[PHONE_NO_SIZE - 4];
	bool plus;

	out[0] = '\0';
	if (!digits_of(d, sizeof(d), text, &plus))
		return;
	size_t n = strlen(d);
	const char *p = d;
	if (!plus && !strncmp(p, "00", 2) && n > 4) {
		plus = true;
		p += 2;
		n -= 2;
	}
	if (plus) {
		bool home = !strncmp(p, COUNTRY, 2);
		snprintf(out, PHONE_NO_SIZE, "%s%s", home ? "" : "00", p);
		return;
	}
	/* no area code begins with 86, and from nine digits on it is no local
	 * number either: a normal form stays what it is */
	if (!strncmp(p, COUNTRY, 2) && n >= 9) {
		snprintf(out, PHONE_NO_SIZE, "%s", p);
		return;
	}
	if (p[0] == '0' && n > 1) { /* trunk prefix before area or mobile */
		snprintf(out, PHONE_NO_SIZE, COUNTRY "%s", p + 1);
		return;
	}
	if (is_mobile(p, n) || n == 10) {
		snprintf(out, PHONE_NO_SIZE, COUNTRY "%s", p);
		return;
	}
	if (n == 7 || n == 8) {
		snprintf(out, PHONE_NO_SIZE, COUNTRY "%s%.8s", area_code, p);
		return;
	}
	/* a service number is the same everywhere, and 86 before it would
	 * make a local number of it */
	if (n >= 3)
		snprintf(out, PHONE_NO_SIZE, "%s%s", n <= 6 ? "" : COUNTRY, p);
}

bool phone_no_same(const char *a, const char *b)
{
	char na[PHONE_NO_SIZE], nb[PHONE_NO_SIZE];

	phone_no_normal(na, a);
	phone_no_normal(nb, b);
	return na[0] && !strcmp(na, nb);
}

void phone_no_dial(char out[PHONE_NO_SIZE], const char *text)
{
	char n[PHONE_NO_SIZE];

	phone_no_normal(n, text);
	if (strlen(n) <= 6 || !strncmp(n, "00", 2)) {
		snprintf(out, PHONE_NO_SIZE, "%s", n);
		return;
	}
	const char *national = n + 2;
	size_t len = strlen(national);
	bool business = len == 10 && (!strncmp(national, "400", 3) ||
				      !strncmp(national, "800", 3));
	bool landline = len >= 7 && !is_mobile(national, len) && !business;
	snprintf(out, PHONE_NO_SIZE, "%s%.20s", landline ? "0" : "", national);
}

void phone_no_mask(char out[PHONE_NO_SIZE], const char *text)
{
	char d[PHONE_NO_SIZE];

	phone_no_dial(d, text);
	size_t n = strlen(d);
	if (n <= 6) {
		snprintf(out, PHONE_NO_SIZE, "%s",
			 n ? d : (*text ? "****" : ""));
		return;
	}
	size_t head = 3;
	if (d[0] == '0' && d[1] != '0')
		head = 1 + area_length(d + 1);
	if (head + 4 >= n)
		head = n > 5 ? 1 : 0;
	snprintf(out, PHONE_NO_SIZE, "%.*s****%s", (int)head, d, d + n - 4);
}
