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
#include "common/proto.h"
#include "common/speak.h"
#include "common/utf8.h"

#define BOM	"\xEF\xBB\xBF"
#define FENCE	"---"
#define KEY_MAX 16

struct key {
	const char *name;
	size_t offset;
	bool required;
	bool confirmed;
};

#define KB_KEY_ROW(key, field, required, confirmed) \
	{key, offsetof(struct kb_entry, field), required, confirmed},

static const struct key keys[] = {KB_KEYS(KB_KEY_ROW)};
#define KEYS_N (sizeof(keys) / sizeof(*keys))

static const char *const states[] = {
	[KB_DRAFT] = "draft",
	[KB_REVIEWED] = "reviewed",
	[KB_CONFIRMED] = "confirmed",
	[KB_WITHDRAWN] = "withdrawn",
};

static void entry_destructor(void *arg)
{
	struct kb_entry *e = arg;

	for (size_t i = 0; i < KEYS_N; i++)
		mem_deref(*(char **)((char *)e + keys[i].offset));
	for (unsigned i = 0; i < e->asks_n; i++)
		mem_deref(e->asks[i]);
	mem_deref(e->asks);
	mem_deref(e->body);
	mem_deref(e->text);
}

static int fault(struct diag *diag, const char *file, int line,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int fault(struct diag *diag, const char *file, int line,
		 const char *fmt, ...)
{
	char what[2 * sizeof(diag->what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), _(fmt), ap);
	va_end(ap);
	utf8_copy(diag->what, sizeof(diag->what), what);
	utf8_copy(diag->file, sizeof(diag->file), file);
	diag->line = line;
	return EBADMSG;
}

static char **field_of(struct kb_entry *e, size_t i)
{
	return (char **)((char *)e + keys[i].offset);
}

static const char *value_of(const struct kb_entry *e, size_t i)
{
	const char *v = *(char *const *)((const char *)e + keys[i].offset);
	return v ? v : "";
}

static char *dup_bytes(const char *s, size_t len)
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
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (!strcmp(states[i], name)) {
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
		return states[KB_CONFIRMED];
	if (state != KB_CONFIRMED)
		return states[state];
	if (*expires && strcmp(day, expires) > 0)
		return "expired";
	if (*effective && strcmp(day, effective) < 0)
		return "confirmed";
	return "effective";
}

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

/* ---- bytes ---- */

/* Characters that change how the rest of a line is shown. */
static bool is_bidi(uint32_t cp)
{
	return cp == 0x061C || cp == 0x200E || cp == 0x200F ||
	       (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

static const char *forbidden(uint32_t cp)
{
	if (cp == 0)
		return N_(
			"a NUL character: save the file as plain UTF-8 text");
	if (is_bidi(cp))
		return N_("a hidden writing-direction character: delete it");
	if (cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r')
		return N_("a control character: delete it");
	if (cp == 0x7F || (cp >= 0x80 && cp < 0xA0))
		return N_("a control character: delete it");
	return NULL;
}

bool kb_entry_takes(uint32_t cp)
{
	return !forbidden(cp);
}

static int check_line(const char *s, size_t len, const char *file, int line,
		      size_t max, struct diag *diag)
{
	if (len > max)
		return fault(diag, file, line,
			     "line of %zu bytes; %zu are the most: break it",
			     len, max);
	long bad = utf8_check(s, len);
	if (bad >= 0)
		return fault(diag, file, line,
			     "byte %ld is not UTF-8: save the file as UTF-8",
			     bad + 1);
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, s + i, len - i);
		const char *why = forbidden(cp);
		if (cp == '\r' && i + 1 != len)
			why = N_("a stray CR: end lines with LF");
		if (why)
			return fault(diag, file, line, "U+%04X is %s",
				     (unsigned)cp, _(why));
		i += n;
	}
	return 0;
}

/* Bytes of the line at s without its newline. */
static size_t line_len(const char *s, const char *end)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));
	return nl ? (size_t)(nl - s) : (size_t)(end - s);
}

static int check_bytes(const char *file, const char *text, size_t len,
		       struct diag *diag)
{
	const char *end = text + len;
	int line = 1;

	if (len > KB_ENTRY_MAX_BYTES)
		return fault(diag, file, 1,
			     "%zu bytes; an entry has at most %d: split it",
			     len, KB_ENTRY_MAX_BYTES);
	for (const char *s = text; s < end; line++) {
		size_t n = line_len(s, end);
		int err =
			check_line(s, n, file, line, KB_LINE_MAX_BYTES, diag);
		if (err)
			return err;
		s += n + 1;
	}
	return 0;
}

/* ---- header ---- */

/* What one line of the header is read into. */
struct reader {
	struct kb_entry *e;
	const char *file;
	int line;
	struct diag *diag;
	int line_of[KEYS_N];
	int state_line;
	int sample_line;
};

static void trim(const char **sp, size_t *lenp)
{
	const char *s = *sp;
	size_t n = *lenp;

	while (n && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	while (n && strchr(" \t\r", s[n - 1]))
		n--;
	*sp = s;
	*lenp = n;
}

static int add_ask(struct kb_entry *e, const char *s, size_t len)
{
	char **more = mem_realloc(e->asks, (e->asks_n + 1) * sizeof(*more));

	if (!more && !e->asks)
		more = mem_alloc(sizeof(*more), NULL);
	if (!more)
		return ENOMEM;
	e->asks = more;
	e->asks[e->asks_n] = dup_bytes(s, len);
	if (!e->asks[e->asks_n])
		return ENOMEM;
	e->asks_n++;
	return 0;
}

static int twice(struct reader *r, const char *key, int before)
{
	return fault(r->diag, r->file, r->line,
		     "'%s' was given in line %d: keep one", key, before);
}

static int read_state(struct reader *r, const char *value)
{
	if (r->state_line)
		return twice(r, "state", r->state_line);
	r->state_line = r->line;
	if (!kb_state_parse(&r->e->state, value))
		return 0;
	return fault(r->diag, r->file, r->line,
		     "state '%.40s' is unknown: write draft, reviewed, "
		     "confirmed or withdrawn",
		     value);
}

static int read_sample(struct reader *r, const char *value)
{
	if (r->sample_line)
		return twice(r, "sample", r->sample_line);
	r->sample_line = r->line;
	r->e->sample = !strcmp(value, "yes");
	if (r->e->sample || !strcmp(value, "no"))
		return 0;
	return fault(r->diag, r->file, r->line,
		     "sample is 'yes' or 'no', not '%.40s'", value);
}

static int read_ask(struct reader *r, const char *s, size_t len)
{
	if (!len)
		return fault(r->diag, r->file, r->line,
			     "'ask' is empty: write a way to ask, or delete "
			     "the line");
	if (r->e->asks_n >= KB_ASKS_MAX)
		return fault(r->diag, r->file, r->line,
			     "more than %d ways to ask: delete some",
			     KB_ASKS_MAX);
	return add_ask(r->e, s, len);
}

static int read_pair(struct reader *r, const char *key, const char *s,
		     size_t len)
{
	if (!strcmp(key, "ask"))
		return read_ask(r, s, len);

	scoped_mem char *value = dup_bytes(s, len);
	if (!value)
		return ENOMEM;
	if (!strcmp(key, "state"))
		return read_state(r, value);
	if (!strcmp(key, "sample"))
		return read_sample(r, value);
	for (size_t i = 0; i < KEYS_N; i++) {
		if (strcmp(keys[i].name, key))
			continue;
		if (r->line_of[i])
			return twice(r, key, r->line_of[i]);
		r->line_of[i] = r->line;
		*field_of(r->e, i) = take(value);
		return 0;
	}
	return fault(r->diag, r->file, r->line,
		     "'%s' is no key of an entry: write id, title, question, "
		     "ask, line, topic, effective, expires, policy, source, "
		     "owner, state, short, tags or sample",
		     key);
}

static int read_line(struct reader *r, const char *s, size_t len)
{
	char key[KEY_MAX];

	trim(&s, &len);
	if (!len || *s == '#')
		return 0;
	const char *colon = memchr(s, ':', len);
	size_t n = colon ? (size_t)(colon - s) : 0;
	if (!n || n >= sizeof(key) || (n + 1 < len && colon[1] != ' '))
		return fault(r->diag, r->file, r->line,
			     "no 'key: value': write a key, a colon and a "
			     "space");
	memcpy(key, s, n);
	key[n] = '\0';
	s += n + 1;
	len -= n + 1;
	trim(&s, &len);
	return read_pair(r, key, s, len);
}

static bool is_fence(const char *s, size_t len)
{
	while (len && strchr(" \t\r", s[len - 1]))
		len--;
	return len == strlen(FENCE) && !memcmp(s, FENCE, len);
}

/* Reads the header; *bodyp is where the body begins. */
static int read_header(struct reader *r, const char **bodyp)
{
	const char *s = r->e->text;
	const char *end = s + r->e->len;

	if (r->e->len >= strlen(BOM) && !memcmp(s, BOM, strlen(BOM)))
		s += strlen(BOM);
	size_t n = line_len(s, end);
	r->line = 1;
	if (!is_fence(s, n))
		return fault(r->diag, r->file, 1,
			     "an entry begins with a line ---, then its "
			     "header");
	for (s += n + 1; s < end; s += n + 1) {
		r->line++;
		n = line_len(s, end);
		if (is_fence(s, n)) {
			s += n + 1;
			*bodyp = s < end ? s : end;
			return 0;
		}
		int err = read_line(r, s, n);
		if (err)
			return err;
	}
	return fault(r->diag, r->file, r->line,
		     "the header does not end: write --- below its last key");
}

static int read_body(struct reader *r, const char *s)
{
	const char *end = r->e->text + r->e->len;
	char *out = mem_alloc((size_t)(end - s) + 1, NULL);

	if (!out)
		return ENOMEM;
	r->e->body = out;
	while (s < end && (*s == '\n' || *s == '\r'))
		s++;
	for (; s < end; s++) {
		if (*s != '\r')
			*out++ = *s;
	}
	while (out > r->e->body && strchr(" \t\n", out[-1]))
		out--;
	*out = '\0';
	return 0;
}

/* ---- what it must hold ---- */

static int line_of(const struct reader *r, const char *key)
{
	for (size_t i = 0; i < KEYS_N; i++) {
		if (!strcmp(keys[i].name, key) && r->line_of[i])
			return r->line_of[i];
	}
	return 1;
}

static int check_present(const struct reader *r)
{
	bool confirmed = r->e->state == KB_CONFIRMED;

	for (size_t i = 0; i < KEYS_N; i++) {
		if (*value_of(r->e, i))
			continue;
		const char *name = keys[i].name;
		if (keys[i].required)
			return fault(r->diag, r->file, line_of(r, name),
				     "'%s' is missing: add a line '%s: …' to "
				     "the header",
				     name, name);
		if (keys[i].confirmed && confirmed)
			return fault(r->diag, r->file, line_of(r, name),
				     "a confirmed entry needs '%s': add it, "
				     "or write 'state: draft'",
				     name);
	}
	if (confirmed && !*r->e->body)
		return fault(r->diag, r->file, r->line,
			     "a confirmed entry needs an answer below the "
			     "header, or 'state: draft'");
	return 0;
}

const char *kb_entry_lacks(const struct kb_entry *e)
{
	for (size_t i = 0; i < KEYS_N; i++) {
		if (keys[i].confirmed && !*value_of(e, i))
			return keys[i].name;
	}
	return *e->body ? NULL : "body";
}

static int check_days(const struct reader *r)
{
	const struct kb_entry *e = r->e;

	if (*e->effective && !kb_day_is_good(e->effective))
		return fault(r->diag, r->file, line_of(r, "effective"),
			     "'%.20s' is no day: write it as 2026-11-24",
			     e->effective);
	if (*e->expires && !kb_day_is_good(e->expires))
		return fault(r->diag, r->file, line_of(r, "expires"),
			     "'%.20s' is no day: write it as 2026-11-24",
			     e->expires);
	if (*e->effective && *e->expires &&
	    strcmp(e->expires, e->effective) < 0)
		return fault(r->diag, r->file, line_of(r, "expires"),
			     "expires on %s, before it takes effect on %s",
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

static int check_values(const struct reader *r)
{
	const struct kb_entry *e = r->e;

	if (!kb_id_is_good(e->id))
		return fault(r->diag, r->file, line_of(r, "id"),
			     "id '%.40s': write capital letters, a hyphen and "
			     "a number, such as KB-0412",
			     e->id);
	if (!is_line_code(e->line))
		return fault(r->diag, r->file, line_of(r, "line"),
			     "line '%.40s': write the code of a queue in "
			     "small letters, such as si",
			     e->line);
	if (chars(e->brief) > KB_SHORT_MAX_CHARS)
		return fault(r->diag, r->file, line_of(r, "short"),
			     "the short form has %zu characters; %d are the "
			     "most",
			     chars(e->brief), KB_SHORT_MAX_CHARS);
	return check_days(r);
}

static int fill_missing(struct kb_entry *e)
{
	for (size_t i = 0; i < KEYS_N; i++) {
		if (*field_of(e, i))
			continue;
		*field_of(e, i) = dup_bytes("", 0);
		if (!*field_of(e, i))
			return ENOMEM;
	}
	return 0;
}

static int read_all(struct reader *r)
{
	const char *body = r->e->text;
	int err = read_header(r, &body);
	if (err)
		return err;
	err = read_body(r, body);
	if (!err)
		err = fill_missing(r->e);
	if (!err)
		err = check_present(r);
	if (!err)
		err = check_values(r);
	return err;
}

int kb_entry_parse(struct kb_entry **ep, const char *file, const char *text,
		   size_t len, struct diag *diag)
{
	int err = check_bytes(file, text, len, diag);
	if (err)
		return err;

	scoped_mem struct kb_entry *e =
		mem_zalloc(sizeof(*e), entry_destructor);
	if (!e)
		return ENOMEM;
	e->text = dup_bytes(text, len);
	if (!e->text)
		return ENOMEM;
	e->len = len;
	utf8_copy(e->file, sizeof(e->file), file);
	e->at_line = 1;

	struct reader r = {.e = e, .file = file, .diag = diag};
	err = read_all(&r);
	if (err)
		return err;
	*ep = take(e);
	return 0;
}

/* ---- a row of a table ---- */

struct cells {
	const char *at[4];
	size_t len[4];
	unsigned n;
};

static int split_row(struct cells *c, const char *row, size_t len)
{
	const char *end = row + len;

	while (c->n < 4) {
		const char *tab = memchr(row, '\t', (size_t)(end - row));
		const char *stop = tab ? tab : end;
		c->at[c->n] = row;
		c->len[c->n] = (size_t)(stop - row);
		trim(&c->at[c->n], &c->len[c->n]);
		c->n++;
		if (!tab)
			return 0;
		row = tab + 1;
	}
	return EBADMSG;
}

static int split_asks(struct kb_entry *e, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *bar = memchr(s, '|', (size_t)(end - s));
		const char *stop = bar ? bar : end;
		const char *ask = s;
		size_t n = (size_t)(stop - s);
		trim(&ask, &n);
		if (n) {
			int err = add_ask(e, ask, n);
			if (err)
				return err;
		}
		s = stop + 1;
	}
	return 0;
}

static int row_fields(struct kb_entry *e, const struct cells *c)
{
	e->id = dup_bytes(c->at[0], c->len[0]);
	e->title = dup_bytes(c->at[1], c->len[1]);
	e->question = dup_bytes(c->at[1], c->len[1]);
	e->body =
		dup_bytes(c->n > 2 ? c->at[2] : "", c->n > 2 ? c->len[2] : 0);
	if (!e->id || !e->title || !e->question || !e->body)
		return ENOMEM;
	int err = fill_missing(e);
	if (!err && c->n > 3)
		err = split_asks(e, c->at[3], c->len[3]);
	return err;
}

int kb_entry_row(struct kb_entry **ep, const char *file, int line,
		 const char *row, size_t len, struct diag *diag)
{
	int err =
		check_line(row, len, file, line, KB_ENTRY_MAX_BYTES / 2, diag);
	if (err)
		return err;
	struct cells c = {.n = 0};
	if (split_row(&c, row, len) || c.n < 2)
		return fault(diag, file, line,
			     "a row has 2 to 4 cells: id, question, answer, "
			     "ways to ask, with tabs between");
	scoped_mem struct kb_entry *row_entry =
		mem_zalloc(sizeof(*row_entry), entry_destructor);
	if (!row_entry)
		return ENOMEM;
	err = row_fields(row_entry, &c);
	if (err)
		return err;

	scoped_mem char *text = NULL;
	size_t text_len;
	err = kb_entry_print(&text, &text_len, row_entry);
	if (err)
		return err;
	struct kb_entry *e = NULL;
	err = kb_entry_parse(&e, file, text, text_len, diag);
	diag->line = line;
	if (err)
		return err;
	e->at_line = line;
	*ep = e;
	return 0;
}

/* ---- writing ---- */

/* Puts long text of a table's cell into lines that an entry may have: after
 * a sentence where there is one. */
static int print_body(struct mbuf *mb, const char *body)
{
	const size_t most = KB_LINE_MAX_BYTES - 8;
	size_t len = strlen(body);
	int err = 0;

	while (len && !err) {
		const char *nl = memchr(body, '\n', len);
		size_t n = nl ? (size_t)(nl - body) : len;
		if (n > most) {
			n = most;
			while (((unsigned char)body[n] & 0xC0) == 0x80)
				n--;
			nl = NULL;
		}
		err = mbuf_write_mem(mb, (const uint8_t *)body, n);
		if (!err)
			err = mbuf_write_u8(mb, '\n');
		n += nl != NULL;
		body += n;
		len -= n;
	}
	return err;
}

static int print_header(struct mbuf *mb, const struct kb_entry *e)
{
	int err = mbuf_printf(mb, FENCE "\n");

	for (size_t i = 0; i < KEYS_N && !err; i++) {
		const char *name = keys[i].name;
		if (!strcmp(name, "short"))
			err = mbuf_printf(mb, "state: %s\n", states[e->state]);
		if (!err && *value_of(e, i))
			err = mbuf_printf(mb, "%s: %s\n", name,
					  value_of(e, i));
		if (strcmp(name, "question"))
			continue;
		for (unsigned k = 0; k < e->asks_n && !err; k++)
			err = mbuf_printf(mb, "ask: %s\n", e->asks[k]);
	}
	if (!err && e->sample)
		err = mbuf_printf(mb, "sample: yes\n");
	if (!err)
		err = mbuf_printf(mb, FENCE "\n");
	return err;
}

int kb_entry_print(char **textp, size_t *lenp, const struct kb_entry *e)
{
	scoped_mem struct mbuf *mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;
	int err = print_header(mb, e);
	if (!err && *e->body)
		err = print_body(mb, e->body);
	if (err)
		return err;
	char *text = dup_bytes((const char *)mb->buf, mb->end);
	if (!text)
		return ENOMEM;
	*textp = text;
	*lenp = mb->end;
	return 0;
}
