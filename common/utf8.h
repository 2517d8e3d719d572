/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8: check, step, display width, cut and wrap by terminal columns, and
 * the marks that stand for what a citizen's text may not send to a terminal.
 * Width is one function for layout, cut and cursor: East Asian Wide and
 * Fullwidth 2, combining and zero-width 0, ambiguous 1 unless
 * utf8_ambiguous(2) was said (the terminal was measured).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offset of the first byte that is not valid UTF-8 (overlong forms and
 * surrogates are not), or -1 when all is. */
long utf8_check(const char *s, size_t len);

/* (libre owns the names utf8_decode and utf8_encode.)
 * Decodes one character, len > 0; U+FFFD for a bad byte. Returns bytes used,
 * at least 1. */
size_t utf8_get(uint32_t *cp, const char *s, size_t len);
/* Writes 1 to 4 bytes, no NUL. Returns how many. */
size_t utf8_put(char out[4], uint32_t cp);

void utf8_ambiguous(int columns);
int utf8_width_cp(uint32_t cp);
/* Columns of a NUL-terminated string / of its first len bytes. */
int utf8_width(const char *s);
int utf8_width_n(const char *s, size_t len);

/* Bytes of the grapheme cluster that starts here (base + combining marks,
 * ZWJ sequences, flags), 0 at the end. */
size_t utf8_grapheme(const char *s, size_t len);

/* Longest prefix in whole graphemes that fits into `columns`; *used gets its
 * columns. Returns bytes. */
size_t utf8_fit(const char *s, size_t len, int columns, int *used);

/* Copies what fits into `columns`; a cut ends in "…" in the last column, and
 * a wide character that would straddle it leaves a space. Pads with spaces
 * to exactly `columns` when pad is set. Returns columns written. */
int utf8_cut(char *out, size_t size, const char *s, int columns, bool pad);

/* Next line of a text wrapped at `columns`: returns bytes to show; *next gets
 * the bytes to skip to the following line. Breaks at spaces and between wide
 * characters; 。，、；：？！）》」』】” never begin a line, （《「『【“ never
 * end one (GB/T 15834). */
size_t utf8_wrap(const char *s, size_t len, int columns, size_t *next);

/* Hostile text made showable: C0, C1, DEL as control pictures, bidi and
 * invisible controls as ‹U+202E›, a third and later combining mark as ‹+n›,
 * ZWJ emoji, VS16 and flags as [表情], bad bytes as U+FFFD, newline as ↵
 * unless keep_newlines. What is a mark is wrapped in UTF8_MARK_ON/OFF, two
 * private bytes-free code points (U+E0F0, U+E0F1) that the screen draws as
 * attributes and that input text cannot bring itself. Returns bytes written,
 * at most size - 1. */
#define UTF8_MARK_ON  0xE0F0u
#define UTF8_MARK_OFF 0xE0F1u
size_t utf8_show(char *out, size_t size, const char *s, size_t len,
		 bool keep_newlines);

/* Copies at most size - 1 bytes without cutting a character. */
void utf8_copy(char *out, size_t size, const char *s);
