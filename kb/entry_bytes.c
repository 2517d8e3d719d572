/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes an entry may have: text in UTF-8 that shows what it says. */
#include "kb/entry.h"

#include <errno.h>
#include <string.h>

#include "common/proto.h"
#include "common/speak.h"
#include "common/utf8.h"
#include "kb/charset.h"
#include "kb/entry_own.h"

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

/* The first of a line is told. */
static int check_chars(struct kb_reader *r, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, s + i, len - i);
		const char *why = forbidden(cp);
		if (cp == '\r' && i + 1 != len)
			why = N_("a stray CR: end lines with LF");
		if (why)
			kb_entry_fault(r, r->line, "U+%04X is %s",
				       (unsigned)cp, _(why));
		if (why)
			return cp ? EBADMSG : EILSEQ;
		i += n;
	}
	return 0;
}

int kb_entry_line_bytes(struct kb_reader *r, const char *s, size_t len,
			size_t max)
{
	if (len > max)
		return kb_entry_fault(r, r->line,
				      "line of %zu bytes; %zu are the most: "
				      "break it",
				      len, max);
	long bad = utf8_check(s, len);
	if (bad >= 0) {
		kb_entry_fault(r, r->line,
			       "byte %ld is not UTF-8: save the file as UTF-8",
			       bad + 1);
		return EILSEQ;
	}
	return check_chars(r, s, len);
}

/* Another encoding that we know is called by its name. */
static int check_charset(struct kb_reader *r, const char *text, size_t len)
{
	const char *name = kb_charset_guess(text, len);
	long bad;
	int line = 1;

	if (!name)
		return 0;
	/* in UTF-16 it is the first line, whatever the bytes look like */
	bad = strncmp(name, "utf-16", 6) ? utf8_check(text, len) : 0;
	for (long i = 0; i < bad; i++)
		line += text[i] == '\n';
	kb_entry_fault(r, line,
		       "this is %s, not UTF-8: save it as UTF-8, or add "
		       "--from %s",
		       name, name);
	return EILSEQ;
}

int kb_entry_bytes(struct kb_reader *r, const char *text, size_t len)
{
	const char *end = text + len;
	int worst = check_charset(r, text, len);

	if (worst)
		return worst;
	if (len > KB_ENTRY_MAX_BYTES) {
		kb_entry_fault(r, 1,
			       "%zu bytes; an entry has at most %d: split it",
			       len, KB_ENTRY_MAX_BYTES);
		return EILSEQ;
	}
	r->line = 1;
	for (const char *s = text; s < end; r->line++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((nl ? nl : end) - s);
		int err = kb_entry_line_bytes(r, s, n, KB_LINE_MAX_BYTES);
		if (err == EILSEQ || !kb_entry_goes_on(r, err))
			return err;
		worst = err ? err : worst;
		s += n + 1;
	}
	return worst;
}
