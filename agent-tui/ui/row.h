/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a screen, put together by columns: text, padded cells, a right
 * part. Texts that come from outside go in by row_hostile(), which disarms
 * them; everything else is our own or a number. Never overflows: what does
 * not fit is left out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent-tui/theme.h"

struct row {
	char s[1600];
	size_t n;
	int cols;
};

void row_init(struct row *r);
void row_add(struct row *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A cell of exactly `cols` columns, cut or padded. */
void row_cell(struct row *r, int cols, const char *text);
/* Disarmed by utf8_show; cols 0: as wide as it is. */
void row_hostile(struct row *r, int cols, const char *text);
/* Blanks up to column `col`. */
void row_to(struct row *r, int col);
/* Draws it in `w` columns, the rest blank. */
void row_draw(const struct row *r, int y, int x, int w, enum style base);

/* "02:41", or "1:02:41" from an hour on; "--:--" for a negative. */
void row_time(char *out, size_t size, int64_t us);
/* A bar "████░░░░" for 0..1. */
void row_bar(struct row *r, int cols, double part);
/* One cell a value, 0 lowest, against `max`. */
void row_spark(struct row *r, const double *v, int n, double max);
