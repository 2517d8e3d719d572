/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/entry.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"
#include "kb/entry_own.h"

#define BOM	   "\xEF\xBB\xBF"
#define KEY_MAX	   16
#define FAULTS_MAX 50

#define KB_KEY_ROW(key, field, required, confirmed) \
	{key, offsetof(struct kb_entry, field), required, confirmed},

const struct kb_key kb_keys[KB_KEYS_N] = {KB_KEYS(KB_KEY_ROW)};

const char *const kb_states[] = {
	[KB_DRAFT] = "draft",
	[KB_REVIEWED] = "reviewed",
	[KB_CONFIRMED] = "confirmed",
	[KB_WITHDRAWN] = "withdrawn",
	NULL,
};

static void entry_destructor(void *arg)
{
	struct kb_entry *e = arg;

	for (size_t i = 0; i < KB_KEYS_N; i++)
		mem_deref(*kb_entry_field(e, i));
	for (unsigned i = 0; i < e->asks_n; i++)
		mem_deref(e->asks[i]);
	mem_deref(e->asks);
	for (unsigned i = 0; i < e->quiz_n; i++) {
		mem_deref(e->quiz[i].question);
		for (unsigned k = 0; k < e->quiz[i].choices_n; k++)
			mem_deref(e->quiz[i].choices[k]);
	}
	for (unsigned i = 0; i < e->steps_n; i++)
		mem_deref(e->steps[i]);
	mem_deref(e->body);
	mem_deref(e->text);
	mem_deref(e->path);
}

struct kb_entry *kb_entry_new(void)
{
	return mem_zalloc(sizeof(struct kb_entry), entry_destructor);
}

int kb_entry_fault(struct kb_reader *r, int line, const char *fmt, ...)
{
	struct diag *diag = &r->faults[r->faults_n];
	char what[2 * sizeof(diag->what)];
	va_list ap;

	if (r->faults_n == r->faults_max)
		return EBADMSG;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), _(fmt), ap);
	va_end(ap);
	utf8_copy(diag->what, sizeof(diag->what), what);
	utf8_copy(diag->file, sizeof(diag->file), r->file);
	diag->line = line;
	r->faults_n++;
	return EBADMSG;
}

bool kb_entry_goes_on(const struct kb_reader *r, int err)
{
	return !err || (err == EBADMSG && r->faults_n < r->faults_max);
}

char *kb_entry_dup(const char *s, size_t len)
{
	char *copy = mem_alloc(len + 1, NULL);

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

int kb_state_parse(enum kb_state *sp, const char *name)
{
	for (size_t i = 0; kb_states[i]; i++) {
		if (!strcmp(kb_states[i], name)) {
			*sp = (enum kb_state)i;
			return 0;
		}
	}
	return EBADMSG;
}

const char *kb_state_on(enum kb_state state, const char *effective,
			const char *expires, const char *day)
{
	if (state == KB_AGREED)
		return kb_states[KB_CONFIRMED];
	if (state != KB_CONFIRMED)
		return kb_states[state];
	if (*expires && strcmp(day, expires) > 0)
		return "expired";
	if (*effective && strcmp(day, effective) < 0)
		return "confirmed";
	return "effective";
}

/* ---- header ---- */

void kb_entry_trim(const char **sp, size_t *lenp)
{
	const char *s = *sp;
	size_t n = *lenp;

	while (n && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	while (n && s[n - 1] && strchr(" \t\r", s[n - 1]))
		n--;
	*sp = s;
	*lenp = n;
}

int kb_entry_add_ask(struct kb_entry *e, const char *s, size_t len)
{
	char **more = mem_realloc(e->asks, (e->asks_n + 1) * sizeof(*more));

	if (!more && !e->asks)
		more = mem_alloc(sizeof(*more), NULL);
	if (!more)
		return ENOMEM;
	e->asks = more;
	e->asks[e->asks_n] = kb_entry_dup(s, len);
	if (!e->asks[e->asks_n])
		return ENOMEM;
	e->asks_n++;
	return 0;
}

static int twice(struct kb_reader *r, const char *key, int before)
{
	return kb_entry_fault(r, r->line,
			      "'%s' was given in line %d: keep one", key,
			      before);
}

static int read_state(struct kb_reader *r, const char *value)
{
	if (r->state_line)
		return twice(r, "state", r->state_line);
	r->state_line = r->line;
	if (!kb_state_parse(&r->e->state, value))
		return 0;
	return kb_entry_fault(r, r->line,
			      "state '%.40s' is unknown: write draft, "
			      "reviewed, confirmed or withdrawn",
			      value);
}

static int read_sample(struct kb_reader *r, const char *value)
{
	if (r->sample_line)
		return twice(r, "sample", r->sample_line);
	r->sample_line = r->line;
	r->e->sample = !strcmp(value, "yes");
	if (r->e->sample || !strcmp(value, "no"))
		return 0;
	return kb_entry_fault(r, r->line,
			      "sample is 'yes' or 'no', not '%.40s'", value);
}

static int read_ask(struct kb_reader *r, const char *s, size_t len)
{
	if (!len)
		return kb_entry_fault(r, r->line,
				      "'ask' is empty: write a way to ask, or "
				      "delete the line");
	if (r->e->asks_n >= KB_ASKS_MAX)
		return kb_entry_fault(r, r->line,
				      "more than %d ways to ask: delete some",
				      KB_ASKS_MAX);
	return kb_entry_add_ask(r->e, s, len);
}

static bool has_choice(const struct kb_quiz *quiz, const char *text)
{
	for (unsigned i = 0; i < quiz->choices_n; i++) {
		if (!strcmp(quiz->choices[i], text))
			return true;
	}
	return false;
}

/* One part of `question | right | wrong | …`. */
static int read_choice(struct kb_reader *r, struct kb_quiz *quiz,
		       const char *s, size_t len)
{
	kb_entry_trim(&s, &len);
	scoped_mem char *text = kb_entry_dup(s, len);
	if (!text)
		return ENOMEM;
	if (!len)
		return kb_entry_fault(
			r, r->line,
			"an empty choice: delete its |, or write "
			"the choice");
	if (!quiz->question) {
		quiz->question = take(text);
		return 0;
	}
	if (has_choice(quiz, text))
		return kb_entry_fault(
			r, r->line,
			"the choice '%.40s' is there twice: keep "
			"one",
			text);
	if (quiz->choices_n == KB_CHOICES_MAX)
		return kb_entry_fault(r, r->line,
				      "more than %d choices: delete some",
				      KB_CHOICES_MAX);
	quiz->choices[quiz->choices_n++] = take(text);
	return 0;
}

static int read_quiz(struct kb_reader *r, const char *s, size_t len)
{
	struct kb_entry *e = r->e;
	const char *end = s + len;

	if (e->quiz_n == KB_QUIZ_MAX)
		return kb_entry_fault(r, r->line,
				      "more than %d questions of a quiz: "
				      "delete some",
				      KB_QUIZ_MAX);
	struct kb_quiz *quiz = &e->quiz[e->quiz_n++];
	for (;;) {
		const char *bar = memchr(s, '|', (size_t)(end - s));
		int err = read_choice(r, quiz, s,
				      (size_t)((bar ? bar : end) - s));
		if (err)
			return err;
		if (!bar)
			break;
		s = bar + 1;
	}
	if (quiz->choices_n >= 2)
		return 0;
	return kb_entry_fault(r, r->line,
			      "a quiz needs choices: write 'quiz: question | "
			      "right | wrong'");
}

static int read_field(struct kb_reader *r, size_t i, const char *s, size_t len)
{
	if (r->line_of[i])
		return twice(r, kb_keys[i].name, r->line_of[i]);
	r->line_of[i] = r->line;
	*kb_entry_field(r->e, i) = kb_entry_dup(s, len);
	return *kb_entry_field(r->e, i) ? 0 : ENOMEM;
}

/* Letters to change, add or leave out on the way from a to b. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[KEY_MAX + 1];
	size_t n = strlen(b);

	for (size_t k = 0; k <= n; k++)
		row[k] = (unsigned)k;
	for (size_t i = 0; a[i]; i++) {
		unsigned corner = row[0]++;
		for (size_t k = 1; k <= n; k++) {
			unsigned best = corner + (a[i] != b[k - 1]);
			corner = row[k];
			if (corner + 1 < best)
				best = corner + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
		}
	}
	return row[n];
}

static int no_key(struct kb_reader *r, const char *key)
{
	static const char *const more[] = {"ask", "state", "quiz", "sample"};
	const char *best = NULL;
	unsigned least = 3; /* letters at most that were mistyped, + 1 */

	for (size_t i = 0; i < KB_KEYS_N + 4; i++) {
		const char *name =
			i < KB_KEYS_N ? kb_keys[i].name : more[i - KB_KEYS_N];
		unsigned d = distance(key, name);
		if (d < least && d < strlen(name)) {
			least = d;
			best = name;
		}
	}
	if (best)
		return kb_entry_fault(r, r->line,
				      "'%s' is no key of an entry: write '%s'",
				      key, best);
	return kb_entry_fault(r, r->line,
			      "'%s' is no key of an entry: delete the line; "
			      "zuoxi-kb-entry(5) lists the keys",
			      key);
}

static int read_pair(struct kb_reader *r, const char *key, const char *s,
		     size_t len)
{
	if (!strcmp(key, "ask"))
		return read_ask(r, s, len);
	if (!strcmp(key, "quiz"))
		return read_quiz(r, s, len);
	for (size_t i = 0; i < KB_KEYS_N; i++) {
		if (!strcmp(kb_keys[i].name, key))
			return read_field(r, i, s, len);
	}

	scoped_mem char *value = kb_entry_dup(s, len);
	if (!value)
		return ENOMEM;
	if (!strcmp(key, "state"))
		return read_state(r, value);
	if (!strcmp(key, "sample"))
		return read_sample(r, value);
	return no_key(r, key);
}

static int read_line(struct kb_reader *r, const char *s, size_t len)
{
	char key[KEY_MAX];

	kb_entry_trim(&s, &len);
	if (!len || *s == '#')
		return 0;
	const char *colon = memchr(s, ':', len);
	size_t n = colon ? (size_t)(colon - s) : 0;
	if (!n || n >= sizeof(key) || (n + 1 < len && colon[1] != ' '))
		return kb_entry_fault(r, r->line,
				      "no 'key: value': write a key, a colon "
				      "and a space");
	memcpy(key, s, n);
	key[n] = '\0';
	s += n + 1;
	len -= n + 1;
	kb_entry_trim(&s, &len);
	return read_pair(r, key, s, len);
}

static bool is_fence(const char *s, size_t len)
{
	while (len && s[len - 1] && strchr(" \t\r", s[len - 1]))
		len--;
	return len == strlen(KB_FENCE) && !memcmp(s, KB_FENCE, len);
}

/* Bytes of the line at s without its newline. */
static size_t line_len(const char *s, const char *end)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));
	return nl ? (size_t)(nl - s) : (size_t)(end - s);
}

/* Reads the header; *bodyp is where the body begins. EILSEQ: told, and there
 * is no end to it. */
static int read_header(struct kb_reader *r, const char **bodyp)
{
	const char *s = r->e->text;
	const char *end = s + r->e->len;

	if (r->e->len >= strlen(BOM) && !memcmp(s, BOM, strlen(BOM)))
		s += strlen(BOM);
	size_t n = line_len(s, end);
	r->line = 1;
	if (!is_fence(s, n)) {
		kb_entry_fault(r, 1,
			       "an entry begins with a line ---, then its "
			       "header");
		return EILSEQ;
	}
	for (s += n + 1; s < end; s += n + 1) {
		r->line++;
		n = line_len(s, end);
		if (is_fence(s, n)) {
			s += n + 1;
			*bodyp = s < end ? s : end;
			r->e->body_line = r->line + 1;
			return 0;
		}
		int err = read_line(r, s, n);
		if (!kb_entry_goes_on(r, err))
			return err;
	}
	kb_entry_fault(r, r->line,
		       "the header does not end: write --- below its last "
		       "key");
	return EILSEQ;
}

static int read_body(struct kb_reader *r, const char *s)
{
	const char *end = r->e->text + r->e->len;
	char *out = mem_alloc((size_t)(end - s) + 1, NULL);

	if (!out)
		return ENOMEM;
	r->e->body = out;
	while (s < end && (*s == '\n' || *s == '\r'))
		r->e->body_line += *s++ == '\n';
	for (; s < end; s++) {
		if (*s != '\r')
			*out++ = *s;
	}
	while (out > r->e->body && strchr(" \t\n", out[-1]))
		out--;
	*out = '\0';
	return 0;
}

int kb_entry_fill(struct kb_entry *e)
{
	for (size_t i = 0; i < KB_KEYS_N; i++) {
		if (*kb_entry_field(e, i))
			continue;
		*kb_entry_field(e, i) = kb_entry_dup("", 0);
		if (!*kb_entry_field(e, i))
			return ENOMEM;
	}
	return 0;
}

/* Faults are noted; any other errno ends it. */
static int read_all(struct kb_reader *r)
{
	const char *body = r->e->text;
	int err = kb_entry_bytes(r, r->e->text, r->e->len);

	if (kb_entry_goes_on(r, err))
		err = read_header(r, &body);
	if (!kb_entry_goes_on(r, err))
		return err;
	err = read_body(r, body);
	if (!err)
		err = kb_entry_fill(r->e);
	return err ? err : kb_entry_values(r);
}

/* EBADMSG: faults are in the reader. */
static int read_entry(struct kb_entry **ep, struct kb_reader *r,
		      const struct kb_source *src)
{
	scoped_mem struct kb_entry *e = kb_entry_new();
	if (!e)
		return ENOMEM;
	e->text = kb_entry_dup(src->text, src->len);
	if (!e->text)
		return ENOMEM;
	e->len = src->len;
	utf8_copy(e->file, sizeof(e->file), src->file);
	e->at_line = 1;
	r->e = e;
	r->file = src->file;

	int err = read_all(r);
	if (r->faults_n)
		return EBADMSG;
	if (err)
		return err;
	*ep = take(e);
	return 0;
}

int kb_entry_parse(struct kb_entry **ep, const char *file, const char *text,
		   size_t len, struct diag *diag)
{
	struct kb_reader r = {.faults = diag, .faults_max = 1};
	const struct kb_source src = {file, text, len};

	return read_entry(ep, &r, &src);
}

static int by_line(const void *x, const void *y)
{
	const struct diag *a = x, *b = y;

	return a->line - b->line;
}

int kb_entry_read(struct kb_entry **ep, const struct kb_source *src,
		  kb_fault_h *h, void *arg)
{
	scoped_mem struct diag *faults =
		mem_zalloc((FAULTS_MAX + 1) * sizeof(*faults), NULL);
	if (!faults)
		return ENOMEM;
	struct kb_reader r = {.faults = faults, .faults_max = FAULTS_MAX};

	int err = read_entry(ep, &r, src);
	qsort(faults, r.faults_n, sizeof(*faults), by_line);
	if (r.faults_n == FAULTS_MAX) {
		r.faults_max++;
		kb_entry_fault(&r, faults[FAULTS_MAX - 1].line,
			       "there are more faults: mend these first");
	}
	for (unsigned i = 0; i < r.faults_n; i++)
		h(&faults[i], arg);
	return err;
}
