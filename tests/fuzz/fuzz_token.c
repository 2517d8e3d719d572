/* SPDX-License-Identifier: Apache-2.0 */
/* Words and units of any bytes: they lie in the text, in order. */
#include <assert.h>
#include <stdint.h>

#include "kb/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct walk {
	size_t size, from;
};

static int on_token(const char *token, size_t len, size_t from, size_t to,
		    bool same, void *arg)
{
	struct walk *w = arg;

	assert(len && len <= KB_TOKEN_MAX_BYTES && token);
	assert(from < to && to <= w->size);
	assert(!same || from == w->from || from <= to);
	w->from = from;
	return 0;
}

static int on_unit(const struct kb_unit *unit, void *arg)
{
	const struct walk *w = arg;

	assert(unit->sym && unit->from < unit->to && unit->to <= w->size);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct walk w = {.size = size};

	kb_token_each(text, size, false, on_token, &w);
	kb_token_each(text, size, true, on_token, &w);
	kb_token_units(text, size, on_unit, &w);
	return 0;
}
