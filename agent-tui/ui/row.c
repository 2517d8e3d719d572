/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines by columns. Leaves colours to screen.c and the choice of what is
 * shown to the views.
 */
#include "agent-tui/ui/row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "agent-tui/screen.h"

void row_init(struct row *r)
{
	r->s[0] = '\0';
	r->n = 0;
	r->cols = 0;
}

static void append(struct row *r, const char *text)
{
	size_t n = strlen(text), room = sizeof(r->s) - r->n - 1;

	if (n > room)
		n = utf8_fit(text, room, (int)room, NULL);
	memcpy(r->s + r->n, text, n);
	r->s[r->n + n] = '\0';
	r->cols += utf8_width_n(text, n);
	r->n += n;
}

void row_add(struct row *r, const char *fmt, ...)
{
	char b[800];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b, sizeof(b), fmt, ap);
	va_end(ap);
	if (utf8_check(b, strlen(b)) >= 0) /* cut inside a character */
		b[utf8_check(b, strlen(b))] = '\0';
	append(r, b);
}

void row_cell(struct row *r, int cols, const char *text)
{
	char b[800];

	utf8_cut(b, sizeof(b), text, cols, true);
	append(r, b);
}

void row_hostile(struct row *r, int cols, const char *text)
{
	char b[800];

	utf8_show(b, sizeof(b), text, strlen(text), false);
	if (cols)
		row_cell(r, cols, b);
	else
		append(r, b);
}

void row_to(struct row *r, int col)
{
	while (r->cols < col && r->n + 1 < sizeof(r->s))
		append(r, " ");
}

void row_draw(const struct row *r, int y, int x, int w, enum style base)
{
	int used = screen_mix(y, x, w, base, r->s);

	if (base != ST_TEXT && used < w)
		screen_fill(y, x + used, w - used, base);
}

void row_time(char *out, size_t size, int64_t us)
{
	long sec = (long)(us / 1000000);

	if (us < 0)
		snprintf(out, size, "--:--");
	else if (sec >= 3600)
		snprintf(out, size, "%ld:%02ld:%02ld", sec / 3600,
			 sec / 60 % 60, sec % 60);
	else
		snprintf(out, size, "%02ld:%02ld", sec / 60, sec % 60);
}

void row_bar(struct row *r, int cols, double part)
{
	int full = (int)(part * cols + 0.5);

	for (int i = 0; i < cols; i++)
		append(r, i < full ? "█" : "░");
}

void row_spark(struct row *r, const double *v, int n, double max)
{
	static const char *const g[] = {"▁", "▂", "▃", "▄",
					"▅", "▆", "▇", "█"};

	for (int i = 0; i < n; i++) {
		int k = max > 0 ? (int)(v[i] / max * 7 + 0.5) : 0;
		append(r, g[k < 0 ? 0 : k > 7 ? 7 : k]);
	}
}
