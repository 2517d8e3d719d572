/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts (a NUL between): what goes and comes turns one into the other. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/diff.h"
#include "common/libre.h"
#include "common/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both texts again, line by line. */
struct texts {
	struct mbuf *side[2];
};

static int on_line(const struct diff_line *l, void *arg)
{
	struct texts *t = arg;

	for (int i = 0; i < 2; i++) {
		if (l->kind == (i ? DIFF_GONE : DIFF_NEW))
			continue;
		mbuf_write_mem(t->side[i], (const uint8_t *)l->line, l->len);
		mbuf_write_u8(t->side[i], '\n');
	}
	return 0;
}

static void same(const struct mbuf *mb, const char *text)
{
	size_t len = strlen(text);
	size_t open = len && text[len - 1] != '\n';

	assert(mb->end == len + open && !memcmp(mb->buf, text, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_mem char *text = mem_alloc(size + 2, NULL);
	scoped_mem struct mbuf *a = mbuf_alloc(size + 2);
	scoped_mem struct mbuf *b = mbuf_alloc(size + 2);
	struct texts t = {{a, b}};

	memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	const char *other = text + strlen(text) + 1;
	if (other > text + size)
		other = text + size;
	int err = diff_lines(text, other, on_line, &t);
	assert(err == 0 || err == EFBIG);
	if (!err) {
		same(a, text);
		same(b, other);
	}
	return 0;
}
