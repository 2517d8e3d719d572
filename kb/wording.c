/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/wording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"

static int fault(struct diag *diag, const char *path, int line,
		 const char *what)
{
	const char *slash = strrchr(path, '/');

	utf8_copy(diag->file, sizeof(diag->file), slash ? slash + 1 : path);
	utf8_copy(diag->what, sizeof(diag->what), what);
	diag->line = line;
	return EBADMSG;
}

/* Bytes that are no text, by the line in which they stand. */
static int check(const char *text, size_t len, const char *path,
		 struct diag *diag)
{
	const char *end = text + len;
	int line = 1;

	for (const char *s = text; s < end; line++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((nl ? nl : end) - s);
		if (memchr(s, '\0', n))
			return fault(diag, path, line,
				     _("a NUL character: save the file as "
				       "plain UTF-8 text"));
		if (utf8_check(s, n) >= 0)
			return fault(diag, path, line,
				     _("no UTF-8 text: save the file as "
				       "UTF-8"));
		s += n + 1;
	}
	return 0;
}

int kb_wording_read(struct kb_index *ix, const char *path, struct diag *diag)
{
	scoped_mem char *text = mem_alloc(KB_WORDING_MAX_BYTES + 2, NULL);
	if (!text)
		return ENOMEM;
	FILE *f = fopen(path, "rb");
	if (!f) {
		int err = errno;
		fault(diag, path, 0, speak_errno(err));
		return err;
	}
	size_t len = fread(text, 1, KB_WORDING_MAX_BYTES + 1, f);
	bool broken = ferror(f) != 0;
	fclose(f);
	if (broken) {
		fault(diag, path, 0, _("cannot be read"));
		return EIO;
	}
	if (len > KB_WORDING_MAX_BYTES)
		return fault(diag, path, 1,
			     _("more than a megabyte: keep to the words that "
			       "citizens use"));
	text[len] = '\0';
	int err = check(text, len, path, diag);
	if (err)
		return err;
	const char *from = strncmp(text, "\xEF\xBB\xBF", 3) ? text : text + 3;
	err = kb_index_synonyms(ix, path, from, diag);
	return err == EBADMSG ? fault(diag, path, diag->line, diag->what)
			      : err;
}
