/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry must hold: which keys, what their values are, which steps. */
#include "kb/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "kb/entry_own.h"

#define STEPS_MIN 2

bool kb_id_is_good(const char *id)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char digit[] = "0123456789";
	size_t letters = strspn(id, upper);

	id += letters;
	if (*id == '-')
		id++;
	size_t digits = strspn(id, digit);
	return letters >= 1 && letters <= 8 && digits >= 1 && digits <= 9 &&
	       !id[digits];
}

bool kb_day_is_good(const char *s)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};
	for (int i = 0; i < 10; i++) {
		bool dash = i == 4 || i == 7;
		if (dash ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return false;
	}
	if (s[10])
		return false;
	int y = (int)strtol(s, NULL, 10);
	int m = (int)strtol(s + 5, NULL, 10);
	int d = (int)strtol(s + 8, NULL, 10);
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (m < 1 || m > 12 || d < 1 || d > lengths[m - 1])
		return false;
	return m != 2 || d < 29 || leap;
}

bool kb_entry_is_flow(const struct kb_entry *e)
{
	return !strcmp(e->kind, "flow");
}

static int line_of(const struct kb_reader *r, const char *key)
{
	for (size_t i = 0; i < KB_KEYS_N; i++) {
		if (!strcmp(kb_keys[i].name, key) && r->line_of[i])
			return r->line_of[i];
	}
	return 1;
}

/* ---- what must be there ---- */

static int check_key(struct kb_reader *r, size_t i)
{
	const char *name = kb_keys[i].name;

	if (*kb_entry_value(r->e, i))
		return 0;
	if (kb_keys[i].required)
		return kb_entry_fault(r, line_of(r, name),
				      "'%s' is missing: add a line '%s: …' to "
				      "the header",
				      name, name);
	if (kb_keys[i].confirmed && r->e->state == KB_CONFIRMED)
		return kb_entry_fault(r, line_of(r, name),
				      "a confirmed entry needs '%s': add it, "
				      "or write 'state: draft'",
				      name);
	return 0;
}

static int check_present(struct kb_reader *r)
{
	const struct kb_entry *e = r->e;

	for (size_t i = 0; i < KB_KEYS_N; i++) {
		int err = check_key(r, i);
		if (!kb_entry_goes_on(r, err))
			return err;
	}
	if (e->state == KB_CONFIRMED && !*e->body && !*e->redirect)
		return kb_entry_fault(
			r, e->body_line > 1 ? e->body_line - 1 : 1,
			"a confirmed entry needs an answer below "
			"the header, or 'state: draft'");
	return 0;
}

const char *kb_entry_lacks(const struct kb_entry *e)
{
	for (size_t i = 0; i < KB_KEYS_N; i++) {
		if (kb_keys[i].confirmed && !*kb_entry_value(e, i))
			return kb_keys[i].name;
	}
	return *e->body || *e->redirect ? NULL : "body";
}

/* ---- values ---- */

static int check_day(struct kb_reader *r, const char *key, const char *day)
{
	if (!*day || kb_day_is_good(day))
		return 0;
	return kb_entry_fault(r, line_of(r, key),
			      "'%.20s' is no day: write it as 2026-11-24",
			      day);
}

static int check_days(struct kb_reader *r)
{
	const struct kb_entry *e = r->e;
	int err = check_day(r, "effective", e->effective);

	if (kb_entry_goes_on(r, err))
		err = check_day(r, "expires", e->expires);
	if (kb_entry_goes_on(r, err))
		err = check_day(r, "review", e->review);
	if (!kb_entry_goes_on(r, err))
		return err;
	if (kb_day_is_good(e->effective) && kb_day_is_good(e->expires) &&
	    strcmp(e->expires, e->effective) < 0)
		return kb_entry_fault(r, line_of(r, "expires"),
				      "expires on %s, before it takes effect "
				      "on %s",
				      e->expires, e->effective);
	return 0;
}

static size_t chars(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static bool is_line_code(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return !s[n] && n <= 16;
}

static int check_id(struct kb_reader *r)
{
	const struct kb_entry *e = r->e;

	if (!*e->id || kb_id_is_good(e->id))
		return 0;
	return kb_entry_fault(
		r, line_of(r, "id"),
		"id '%.40s': write capital letters, a hyphen and "
		"a number, such as KB-0412",
		e->id);
}

static int check_line_code(struct kb_reader *r)
{
	if (is_line_code(r->e->line))
		return 0;
	return kb_entry_fault(r, line_of(r, "line"),
			      "line '%.40s': write the code of a queue in "
			      "small letters, such as si",
			      r->e->line);
}

static int check_short(struct kb_reader *r)
{
	size_t n = chars(r->e->brief);

	if (n <= KB_SHORT_MAX_CHARS)
		return 0;
	return kb_entry_fault(r, line_of(r, "short"),
			      "the short form has %zu characters; %d are the "
			      "most",
			      n, KB_SHORT_MAX_CHARS);
}

static int check_redirect(struct kb_reader *r)
{
	const struct kb_entry *e = r->e;

	if (!*e->redirect)
		return 0;
	if (!kb_id_is_good(e->redirect))
		return kb_entry_fault(r, line_of(r, "redirect"),
				      "redirect '%.40s': write the id of the "
				      "entry that replaces this one, such as "
				      "KB-0412",
				      e->redirect);
	if (strcmp(e->redirect, e->id))
		return 0;
	return kb_entry_fault(r, line_of(r, "redirect"),
			      "redirect names this entry itself: write the id "
			      "of the one that replaces it");
}

/* ---- flows ---- */

static int check_kind(struct kb_reader *r)
{
	const struct kb_entry *e = r->e;

	if (*e->kind && strcmp(e->kind, "answer") && !kb_entry_is_flow(e))
		return kb_entry_fault(r, line_of(r, "kind"),
				      "kind '%.40s' is unknown: write answer "
				      "or flow",
				      e->kind);
	if (kb_entry_is_flow(e) && e->state == KB_CONFIRMED && !*e->review)
		return kb_entry_fault(r, line_of(r, "kind"),
				      "a confirmed flow needs the day of its "
				      "next review: add a line 'review: "
				      "2026-11-24'");
	return 0;
}

/* "3. …", "3、…", "3) …": the number, and what stands behind it. */
static int step_number(const char *s, size_t len, const char **textp,
		       size_t *lenp)
{
	static const char *const marks[] = {".", ")", "、", "．", "）"};
	size_t n = 0;
	int number = 0;

	while (n < len && n < 3 && s[n] >= '0' && s[n] <= '9')
		number = number * 10 + (s[n++] - '0');
	for (size_t i = 0; n && i < sizeof(marks) / sizeof(*marks); i++) {
		size_t k = strlen(marks[i]);
		if (len - n < k || memcmp(s + n, marks[i], k) != 0)
			continue;
		*textp = s + n + k;
		*lenp = len - n - k;
		kb_entry_trim(textp, lenp);
		return *lenp ? number : 0;
	}
	return 0;
}

static int read_step(struct kb_reader *r, const char *s, size_t len)
{
	struct kb_entry *e = r->e;
	int number = step_number(s, len, &s, &len);

	if (!number)
		return 0;
	if (number != (int)e->steps_n + 1)
		return kb_entry_fault(
			r, r->line,
			"step %d comes after step %u: number the "
			"steps 1, 2, 3, …",
			number, e->steps_n);
	if (e->steps_n == KB_STEPS_MAX)
		return kb_entry_fault(r, r->line,
				      "more than %d steps: make two flows of "
				      "it",
				      KB_STEPS_MAX);
	e->steps[e->steps_n] = kb_entry_dup(s, len);
	if (!e->steps[e->steps_n])
		return ENOMEM;
	e->steps_n++;
	return 0;
}

/* Of a flow, the numbered lines from 【步骤】 to the next section. */
static int read_steps(struct kb_reader *r)
{
	const char *s = r->e->body;
	bool below = false;

	if (!kb_entry_is_flow(r->e))
		return 0;
	for (r->line = r->e->body_line; *s; r->line++) {
		size_t n = strcspn(s, "\n");
		if (!strncmp(s, "【", strlen("【")))
			below = !strncmp(s, KB_STEPS_HEAD,
					 strlen(KB_STEPS_HEAD));
		int err = below ? read_step(r, s, n) : 0;
		if (!kb_entry_goes_on(r, err))
			return err;
		s += n;
		s += *s == '\n';
	}
	if (r->e->steps_n >= STEPS_MIN || r->faults_n)
		return 0;
	return kb_entry_fault(r, r->e->body_line,
			      "a flow has steps: write %s and below it "
			      "lines '1. …', '2. …'",
			      KB_STEPS_HEAD);
}

int kb_entry_values(struct kb_reader *r)
{
	static int (*const checks[])(struct kb_reader *) = {
		check_present,	check_id,   check_line_code, check_short,
		check_redirect, check_kind, check_days,	     read_steps,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		int err = checks[i](r);
		if (!kb_entry_goes_on(r, err))
			return err;
	}
	return 0;
}
