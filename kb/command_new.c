/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb new: an entry out of the text of a document, as pandoc gives it of
 * a Word file or a web page. Takes out what an entry may not have and nobody
 * sees; what it means is for the author, so it is a draft on standard output.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/charset.h"
#include "kb/command.h"

#define TITLE_BYTES 200

struct document {
	char *text;
	size_t len;
};

static int read_document(const struct options *o, struct document *d,
			 const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	char why[KB_WHY_SIZE];
	size_t n = 0;
	int line = 0, err = f ? 0 : errno;

	d->text = mem_alloc(KB_TEXT_MAX_BYTES + 1, NULL);
	if (!d->text)
		return command_refuse_errno(ENOMEM, "");
	if (f) {
		d->len = fread(d->text, 1, KB_TEXT_MAX_BYTES + 1, f);
		err = ferror(f) ? EIO : d->len > KB_TEXT_MAX_BYTES ? EFBIG : 0;
		if (f != stdin)
			fclose(f);
	}
	if (!err && o->from)
		err = kb_charset_convert(&d->text, &d->len, o->from, &line);
	if (!err) {
		d->text[d->len] = '\0';
		long bad = utf8_check(d->text, d->len);
		for (long i = 0; i < bad; i++)
			n += d->text[i] == '\n';
		err = bad < 0 ? 0 : EILSEQ;
		line = (int)n + 1;
	}
	if (!err)
		return EXIT_DONE;
	const char *is =
		err == EILSEQ ? kb_charset_guess(d->text, d->len) : NULL;
	if (is)
		snprintf(why, sizeof(why),
			 _("%.200s:%d: this is %s, not UTF-8: add --from %s"),
			 path, line, is, is);
	else if (err == EILSEQ)
		snprintf(why, sizeof(why), _("%.200s:%d: no UTF-8 text"), path,
			 line);
	else
		snprintf(why, sizeof(why), "%.200s: %s", path,
			 speak_errno(err));
	return command_refuse(why);
}

/* A backslash that Markdown wants before a mark, or at the end of a line. */
static bool is_escape(const char *s)
{
	return s[0] == '\\' && strchr("'\"[]<>~*_#.-()|!$@^\n", s[1]);
}

/* Hidden marks of word processors, and what Markdown escapes only because it
 * might have meant something. Returns how many characters went. */
static unsigned clean(struct document *d)
{
	size_t to = 0;
	unsigned gone = 0;

	for (size_t i = 0; i < d->len;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, d->text + i, d->len - i);
		bool hidden = cp == 0xAD || cp == 0xFEFF ||
			      (cp >= 0x200B && cp <= 0x200D) || cp == 0x2060 ||
			      cp == '\r' || cp == '\f' || !kb_entry_takes(cp);
		if (hidden) {
			gone += cp != '\r' && cp != '\f';
		} else if (cp == 0xA0 || cp == 0x2028) {
			d->text[to++] = cp == 0xA0 ? ' ' : '\n';
		} else if (!is_escape(d->text + i)) {
			memmove(d->text + to, d->text + i, n);
			to += n;
		}
		i += n;
	}
	d->text[to] = '\0';
	d->len = to;
	return gone;
}

/* The first line with words in it, without the marks of a heading; the rest
 * begins behind it. */
static void first_line(char title[TITLE_BYTES], const char **restp)
{
	const char *s = *restp;

	s += strspn(s, " \t\n#*_");
	size_t n = strcspn(s, "\n");
	*restp = s + n;
	while (n && strchr(" \t#*_", s[n - 1]))
		n--;
	char *line = mem_alloc(n + 1, NULL);
	if (!line)
		return;
	memcpy(line, s, n);
	line[n] = '\0';
	utf8_copy(title, TITLE_BYTES, line);
	mem_deref(line);
}

static void on_fault(const struct diag *diag, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s:%d: %s\n", diag->file, diag->line, diag->what);
}

static int print_entry(const struct options *o, const char *title,
		       const char *body)
{
	const struct kb_fields fields = {
		.id = o->id,
		.title = o->title ? o->title : title,
		.question = o->question ? o->question
			    : o->title	? o->title
					: title,
		.line = o->line,
		.policy = o->policy,
		.source = o->source,
		.owner = o->owner,
		.body = body,
	};
	scoped_mem char *text = NULL;
	scoped_mem struct kb_entry *e = NULL;
	struct kb_source src = {.file = o->id};

	int err = kb_entry_make(&text, &src.len, &fields);
	src.text = text;
	if (!err)
		err = kb_entry_read(&e, &src, on_fault, NULL);
	if (err == EBADMSG)
		return command_refuse(
			_("no entry can be made of it: mend the document, or "
			  "split it"));
	if (err)
		return command_refuse_errno(err, "");
	fputs(text, stdout);
	return command_finish();
}

int command_new(const struct options *o)
{
	struct document d = {.len = 0};
	char title[TITLE_BYTES] = "";

	if (!o->id)
		return command_needs("--id");
	int code = read_document(o, &d, o->args_n ? o->args[0] : "-");
	scoped_mem char *text = d.text;
	(void)text; /* freed at the end */
	if (code)
		return code;
	unsigned gone = clean(&d);
	if (gone)
		fprintf(stderr,
			_("zuoxi-kb: %u hidden characters were left out\n"),
			gone);
	const char *body = d.text;
	if (!o->title)
		first_line(title, &body);
	return print_entry(o, title, body + strspn(body, " \t\n"));
}
