/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one text changes in another, line by line: the shortest way from the
 * old to the new (E. Myers, An O(ND) Difference Algorithm, 1986), as the
 * common line of both, a line that goes, a line that comes.
 */
#pragma once

#include <stddef.h>

/* Lines of either text; more: EFBIG. */
#define DIFF_LINES_MAX 1024

enum diff_kind { DIFF_SAME = ' ', DIFF_GONE = '-', DIFF_NEW = '+' };

/* `line` has no newline and is valid in the handler; numbers are of the line
 * in the old and in the new text, from 1; 0: not in it. */
struct diff_line {
	enum diff_kind kind;
	const char *line;
	size_t len;
	unsigned old_n, new_n;
};
typedef int(diff_h)(const struct diff_line *line, void *arg);

/* In order. Non-zero of the handler ends it and is returned. */
int diff_lines(const char *old_text, const char *new_text, diff_h *h,
	       void *arg);
