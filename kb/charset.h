/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in other encodings than UTF-8: known by their name, and made UTF-8
 * where somebody asks for it. Nothing is converted on a guess.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a text that is not UTF-8 seems to be: "utf-16" (by its byte order mark
 * or its NULs), "gb18030" (all of it, with Chinese in it); NULL: UTF-8, or
 * nothing that we know. */
const char *kb_charset_guess(const char *text, size_t len);

/* The names that convert takes, as they are typed. */
bool kb_charset_known(const char *name);
#define KB_CHARSETS "gb18030, gbk, gb2312, big5, utf-16"

/* Makes the bytes at *bytesp (*lenp of them, a block of mem_alloc) UTF-8; a
 * text that is UTF-8 already stays. EILSEQ: *linep is the line of the first
 * byte that is no such text, and nothing was changed. */
int kb_charset_convert(char **bytesp, size_t *lenp, const char *name,
		       int *linep);
