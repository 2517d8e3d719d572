/* SPDX-License-Identifier: Apache-2.0 */
/* A synonyms file of any text: a list, or a fault with its line. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/synonym.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_mem struct kb_synonyms *s = NULL;
	scoped_mem char *text = mem_alloc(size + 1, NULL);
	struct diag diag;

	memcpy(text, data, size);
	text[size] = '\0';
	int err = kb_synonyms_alloc(&s, "fuzz", text, &diag);
	assert(err == 0 || (err == EBADMSG && diag.line > 0));
	assert(!err == (s != NULL));
	if (s) {
		const uint32_t syms[] = {0x8D26, 0x6237, 0x7F34};
		kb_synonyms_find(s, syms, 3);
	}
	return 0;
}
