/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of official documents in a text, however they are written, and the
 * way GB/T 9704 writes them: 高新社保函〔2026〕12号, with the year in
 * hexagonal brackets and the serial number as it is counted (no 第, no zero
 * before it, ordinary digits).
 */
#pragma once

#include <stddef.h>

#define KB_DOCNO_SIZE 40

struct kb_docno {
	size_t from, len;	   /* bytes of the text, bracket to 号 */
	char right[KB_DOCNO_SIZE]; /* as it should be written */
};

/* The first one at or behind byte `at`. ENOENT. */
int kb_docno_next(struct kb_docno *no, const char *text, size_t at);
