/* SPDX-License-Identifier: Apache-2.0 */
/* From fields back to a text, and from the row of a table to an entry. */
#include "kb/entry.h"

#include <errno.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/entry_own.h"

/* ---- writing ---- */

/* Where a line of most bytes is broken: behind its last full stop, else before
 * a character. */
static size_t break_at(const char *s, size_t most)
{
	static const char stop[] = "。";
	const size_t len = sizeof(stop) - 1;

	for (size_t n = most; n >= len; n--) {
		if (!memcmp(s + n - len, stop, len))
			return n;
	}
	while (((unsigned char)s[most] & 0xC0) == 0x80)
		most--;
	return most;
}

/* Puts long text of a table's cell into lines that an entry may have. */
static int print_body(struct mbuf *mb, const char *body)
{
	const size_t most = KB_LINE_MAX_BYTES - 8;
	size_t len = strlen(body);
	int err = 0;

	while (len && !err) {
		const char *nl = memchr(body, '\n', len);
		size_t n = nl ? (size_t)(nl - body) : len;
		if (n > most) {
			n = break_at(body, most);
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

static int print_quiz(struct mbuf *mb, const struct kb_quiz *quiz)
{
	int err = mbuf_printf(mb, "quiz: %s", quiz->question);

	for (unsigned i = 0; i < quiz->choices_n && !err; i++)
		err = mbuf_printf(mb, " | %s", quiz->choices[i]);
	return err ? err : mbuf_write_u8(mb, '\n');
}

static int print_header(struct mbuf *mb, const struct kb_entry *e)
{
	int err = mbuf_printf(mb, KB_FENCE "\n");

	for (size_t i = 0; i < KB_KEYS_N && !err; i++) {
		const char *name = kb_keys[i].name;
		if (!strcmp(name, "redirect"))
			err = mbuf_printf(mb, "state: %s\n",
					  kb_states[e->state]);
		if (!err && *kb_entry_value(e, i))
			err = mbuf_printf(mb, "%s: %s\n", name,
					  kb_entry_value(e, i));
		if (strcmp(name, "question"))
			continue;
		for (unsigned k = 0; k < e->asks_n && !err; k++)
			err = mbuf_printf(mb, "ask: %s\n", e->asks[k]);
	}
	for (unsigned k = 0; k < e->quiz_n && !err; k++)
		err = print_quiz(mb, &e->quiz[k]);
	if (!err && e->sample)
		err = mbuf_printf(mb, "sample: yes\n");
	if (!err)
		err = mbuf_printf(mb, KB_FENCE "\n");
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
	char *text = kb_entry_dup((const char *)mb->buf, mb->end);
	if (!text)
		return ENOMEM;
	*textp = text;
	*lenp = mb->end;
	return 0;
}

int kb_entry_make(char **textp, size_t *lenp, const struct kb_fields *f)
{
	scoped_mem struct kb_entry *e = kb_entry_new();
	const struct {
		char **to;
		const char *from;
	} copy[] = {
		{&e->id, f->id},
		{&e->title, f->title},
		{&e->question, f->question},
		{&e->line, f->line},
		{&e->policy, f->policy},
		{&e->source, f->source},
		{&e->owner, f->owner},
		{&e->body, f->body},
	};

	if (!e)
		return ENOMEM;
	for (size_t i = 0; i < sizeof(copy) / sizeof(*copy); i++) {
		const char *from = copy[i].from ? copy[i].from : "";
		*copy[i].to = kb_entry_dup(from, strlen(from));
		if (!*copy[i].to)
			return ENOMEM;
	}
	int err = kb_entry_fill(e);
	return err ? err : kb_entry_print(textp, lenp, e);
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
		kb_entry_trim(&c->at[c->n], &c->len[c->n]);
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
		kb_entry_trim(&ask, &n);
		if (n) {
			int err = kb_entry_add_ask(e, ask, n);
			if (err)
				return err;
		}
		s = stop + 1;
	}
	return 0;
}

static int row_fields(struct kb_entry *e, const struct cells *c)
{
	e->id = kb_entry_dup(c->at[0], c->len[0]);
	e->title = kb_entry_dup(c->at[1], c->len[1]);
	e->question = kb_entry_dup(c->at[1], c->len[1]);
	e->body = kb_entry_dup(c->n > 2 ? c->at[2] : "",
			       c->n > 2 ? c->len[2] : 0);
	if (!e->id || !e->title || !e->question || !e->body)
		return ENOMEM;
	int err = kb_entry_fill(e);
	if (!err && c->n > 3)
		err = split_asks(e, c->at[3], c->len[3]);
	return err;
}

/* Reads the text that a row stands for; faults are of the row's line. */
static int row_entry(struct kb_entry **ep, const struct kb_entry *fields,
		     const char *file, int line, struct diag *diag)
{
	scoped_mem char *text = NULL;
	struct kb_entry *e = NULL;
	size_t len;

	int err = kb_entry_print(&text, &len, fields);
	if (!err)
		err = kb_entry_parse(&e, file, text, len, diag);
	diag->line = line;
	if (err)
		return err;
	e->at_line = line;
	*ep = e;
	return 0;
}

int kb_entry_row(struct kb_entry **ep, const char *file, int line,
		 const char *row, size_t len, struct diag *diag)
{
	struct kb_reader r = {
		.file = file, .line = line, .faults = diag, .faults_max = 1};
	struct cells c = {.n = 0};

	int err = kb_entry_line_bytes(&r, row, len, KB_ENTRY_MAX_BYTES / 2);
	if (err)
		return err == EILSEQ ? EBADMSG : err;
	if (split_row(&c, row, len) || c.n < 2)
		return kb_entry_fault(
			&r, line,
			"a row has 2 to 4 cells: id, question, "
			"answer, ways to ask, with tabs between");
	scoped_mem struct kb_entry *fields = kb_entry_new();
	if (!fields)
		return ENOMEM;
	err = row_fields(fields, &c);
	return err ? err : row_entry(ep, fields, file, line, diag);
}
