/* SPDX-License-Identifier: Apache-2.0 */
/* An entry, a row of a table, an encoding: any bytes are a text or a fault. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/charset.h"
#include "kb/docno.h"
#include "kb/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_fault(const struct diag *diag, void *arg)
{
	unsigned *n = arg;

	assert(*diag->what && diag->line >= 0);
	(*n)++;
}

/* What was read is printed, and read as the same again. */
static void there_and_back(const struct kb_entry *e)
{
	scoped_mem struct kb_entry *again = NULL;
	scoped_mem char *text = NULL;
	size_t len;
	struct diag diag;

	assert(!kb_entry_print(&text, &len, e));
	if (kb_entry_parse(&again, "again", text, len, &diag))
		return; /* folded lines may be too many */
	assert(!strcmp(e->id, again->id) && e->asks_n == again->asks_n);
	assert(e->quiz_n == again->quiz_n && e->steps_n == again->steps_n);
}

static void encodings(const char *text, size_t len)
{
	static const char *const names[] = {"gb18030", "big5", "utf-16"};
	int line;

	kb_charset_guess(text, len);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = len;
		scoped_mem char *copy = mem_alloc(len + 1, NULL);
		memcpy(copy, text, len);
		copy[len] = '\0';
		kb_charset_convert(&copy, &n, names[i], &line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	scoped_mem struct kb_entry *e = NULL;
	scoped_mem struct kb_entry *row = NULL;
	scoped_mem struct kb_entry *one = NULL;
	const struct kb_source src = {"fuzz", text, size};
	struct diag diag = {.line = 0};
	unsigned faults = 0;

	int err = kb_entry_read(&e, &src, on_fault, &faults);
	assert(err == 0 || err == EBADMSG);
	assert(!err == (e != NULL) && !err == !faults);
	/* both ways to read agree */
	assert(err == kb_entry_parse(&one, "fuzz", text, size, &diag));
	if (e) {
		struct kb_docno no;
		assert(e->len == size && !memcmp(e->text, data, size));
		there_and_back(e);
		for (size_t at = 0; !kb_docno_next(&no, e->text, at);)
			at = no.from + no.len;
	}
	err = kb_entry_row(&row, "fuzz", 1, text, size, &diag);
	assert(err == 0 || err == EBADMSG);
	encodings(text, size < 4096 ? size : 4096);
	return 0;
}
