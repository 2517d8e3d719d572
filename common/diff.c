/* SPDX-License-Identifier: Apache-2.0 */
#include "common/diff.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"

struct side {
	const char *line[DIFF_LINES_MAX];
	size_t len[DIFF_LINES_MAX];
	int n;
};

/* The frontier of each number of edits, to walk back along. */
struct trace {
	int *v[2 * DIFF_LINES_MAX + 1];
	int edits;
};

struct work {
	struct side a, b;
	struct trace trace;
	/* the way back, end first: x of the old, y of the new line */
	struct {
		int x, y;
		enum diff_kind kind;
	} path[2 * DIFF_LINES_MAX];
	int path_n;
};

static void work_destructor(void *arg)
{
	struct work *w = arg;

	for (int d = 0; d <= w->trace.edits; d++)
		mem_deref(w->trace.v[d]);
}

static bool split(struct side *s, const char *text)
{
	while (*text) {
		const char *nl = strchr(text, '\n');
		size_t len = nl ? (size_t)(nl - text) : strlen(text);
		if (s->n == DIFF_LINES_MAX)
			return false;
		s->line[s->n] = text;
		s->len[s->n++] = len;
		text += len + (nl != NULL);
	}
	return true;
}

static bool same(const struct work *w, int x, int y)
{
	return w->a.len[x] == w->b.len[y] &&
	       !memcmp(w->a.line[x], w->b.line[y], w->a.len[x]);
}

/* Is the step to diagonal k one down (a line comes) or to the right? */
static bool goes_down(const int *v, int k, int d)
{
	return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* How far one gets on each diagonal with d edits; true: to the end. `v` has
 * its middle at diagonal 0. */
static bool advance(const struct work *w, int *v, int d)
{
	for (int k = -d; k <= d; k += 2) {
		int x = goes_down(v, k, d) ? v[k + 1] : v[k - 1] + 1;
		int y = x - k;
		while (x < w->a.n && y < w->b.n && y >= 0 && same(w, x, y)) {
			x++;
			y++;
		}
		v[k] = x;
		if (x >= w->a.n && y >= w->b.n)
			return true;
	}
	return false;
}

static int forward(struct work *w)
{
	int max = w->a.n + w->b.n;
	size_t room = (size_t)(2 * max + 3);
	scoped_mem int *v = mem_zalloc(room * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;

	int *mid = v + max + 1;
	for (int d = 0; d <= max; d++) {
		int *kept =
			mem_alloc((size_t)(2 * d + 3) * sizeof(*kept), NULL);
		if (!kept)
			return ENOMEM;
		memcpy(kept, mid - d - 1, (size_t)(2 * d + 3) * sizeof(*kept));
		w->trace.v[d] = kept;
		w->trace.edits = d;
		if (advance(w, mid, d))
			return 0;
	}
	return 0;
}

static void step_back(struct work *w, int x, int y, enum diff_kind kind)
{
	w->path[w->path_n].x = x;
	w->path[w->path_n].y = y;
	w->path[w->path_n++].kind = kind;
}

static void backward(struct work *w)
{
	int x = w->a.n, y = w->b.n;

	for (int d = w->trace.edits; d >= 0; d--) {
		const int *v = w->trace.v[d] + d + 1;
		int k = x - y;
		bool down = goes_down(v, k, d);
		int from_k = down ? k + 1 : k - 1;
		int from_x = d ? v[from_k] : 0;
		int from_y = d ? from_x - from_k : 0;
		while (x > from_x && y > from_y)
			step_back(w, --x, --y, DIFF_SAME);
		if (d && down)
			step_back(w, x, --y, DIFF_NEW);
		else if (d)
			step_back(w, --x, y, DIFF_GONE);
	}
}

static int tell(const struct work *w, diff_h *h, void *arg)
{
	for (int i = w->path_n - 1; i >= 0; i--) {
		int x = w->path[i].x, y = w->path[i].y;
		bool is_new = w->path[i].kind == DIFF_NEW;
		const struct side *s = is_new ? &w->b : &w->a;
		int at = is_new ? y : x;
		const struct diff_line line = {
			.kind = w->path[i].kind,
			.line = s->line[at],
			.len = s->len[at],
			.old_n = is_new ? 0 : (unsigned)x + 1,
			.new_n = w->path[i].kind == DIFF_GONE
					 ? 0
					 : (unsigned)y + 1,
		};
		int stop = h(&line, arg);
		if (stop)
			return stop;
	}
	return 0;
}

int diff_lines(const char *old_text, const char *new_text, diff_h *h,
	       void *arg)
{
	scoped_mem struct work *w = mem_zalloc(sizeof(*w), work_destructor);
	if (!w)
		return ENOMEM;
	if (!split(&w->a, old_text) || !split(&w->b, new_text))
		return EFBIG;
	int err = forward(w);
	if (err)
		return err;
	backward(w);
	return tell(w, h, arg);
}
