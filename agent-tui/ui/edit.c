/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The editor: one buffer, one insertion point. Lines are wrapped anew for
 * each drawing; texts here are a few hundred characters.
 */
#include "agent-tui/ui/edit.h"

#include <errno.h>
#include <string.h>

#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/keys.h"
#include "agent-tui/screen.h"

struct ui_edit {
	char *text;
	size_t len, size, pos;
	bool multiline;
	int width; /* of the last drawing, for up and down */
	int top;   /* first line shown */
};

static void destructor(void *arg)
{
	struct ui_edit *e = arg;

	mem_deref(e->text);
}

int ui_edit_alloc(struct ui_edit **ep, size_t max_bytes, bool multiline)
{
	struct ui_edit *e = mem_zalloc(sizeof(*e), destructor);

	if (!e)
		return ENOMEM;
	e->text = mem_zalloc(max_bytes, NULL);
	if (!e->text) {
		mem_deref(e);
		return ENOMEM;
	}
	e->size = max_bytes;
	e->multiline = multiline;
	e->width = 40;
	*ep = e;
	return 0;
}

const char *ui_edit_text(const struct ui_edit *e)
{
	return e->text;
}

size_t ui_edit_pos(const struct ui_edit *e)
{
	return e->pos;
}

void ui_edit_set_at(struct ui_edit *e, const char *text, size_t pos)
{
	utf8_copy(e->text, e->size, text);
	e->len = strlen(e->text);
	e->pos = pos < e->len ? pos : e->len;
}

void ui_edit_set(struct ui_edit *e, const char *text)
{
	ui_edit_set_at(e, text, SIZE_MAX);
}

static size_t after(const struct ui_edit *e, size_t at)
{
	return at + utf8_grapheme(e->text + at, e->len - at);
}

static size_t before(const struct ui_edit *e, size_t at)
{
	size_t last = 0;

	for (size_t i = 0; i < at; i = after(e, i))
		last = i;
	return last;
}

static void cut(struct ui_edit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->len - to + 1);
	e->len -= to - from;
	e->pos = from;
}

static void insert(struct ui_edit *e, uint32_t cp)
{
	char b[4];
	size_t n = utf8_put(b, cp);

	if (e->len + n >= e->size)
		return;
	memmove(e->text + e->pos + n, e->text + e->pos, e->len - e->pos + 1);
	memcpy(e->text + e->pos, b, n);
	e->len += n;
	e->pos += n;
}

static size_t word_back(const struct ui_edit *e)
{
	size_t at = e->pos;

	while (at && e->text[at - 1] == ' ')
		at--;
	while (at && e->text[at - 1] != ' ' && e->text[at - 1] != '\n')
		at = before(e, at);
	return at;
}

/* Where each wrapped line begins and ends; returns the number of lines. */
struct span {
	size_t from, to;
};
#define LINES_MAX 400

static int wrap(const struct ui_edit *e, int w, struct span *v)
{
	size_t at = 0;
	int n = 0;

	while (n < LINES_MAX - 1 && at < e->len) {
		size_t next;
		size_t show = utf8_wrap(e->text + at, e->len - at, w, &next);
		v[n++] = (struct span){at, at + show};
		at += next;
	}
	if (!n || (e->len && e->text[e->len - 1] == '\n'))
		v[n++] = (struct span){e->len, e->len};
	return n;
}

static int line_of(const struct ui_edit *e, const struct span *v, int n)
{
	int line = 0;

	while (line + 1 < n && v[line + 1].from <= e->pos)
		line++;
	return line;
}

/* Up or down a shown line, keeping the column. */
static bool vertical(struct ui_edit *e, int by)
{
	struct span v[LINES_MAX];
	int n = wrap(e, e->width, v), line = line_of(e, v, n), col;

	if (!e->multiline || line + by < 0 || line + by >= n)
		return false;
	col = utf8_width_n(e->text + v[line].from, e->pos - v[line].from);
	line += by;
	e->pos = v[line].from + utf8_fit(e->text + v[line].from,
					 v[line].to - v[line].from, col, NULL);
	return true;
}

static bool move_key(struct ui_edit *e, uint32_t key)
{
	switch (key) {
	case K_LEFT:
		e->pos = before(e, e->pos);
		return true;
	case K_RIGHT:
		e->pos = after(e, e->pos);
		return true;
	case K_HOME:
		while (e->pos && e->text[e->pos - 1] != '\n')
			e->pos--;
		return true;
	case K_END:
		while (e->pos < e->len && e->text[e->pos] != '\n')
			e->pos++;
		return true;
	case K_UP:
		return vertical(e, -1);
	case K_DOWN:
		return vertical(e, 1);
	default:
		return false;
	}
}

bool ui_edit_key(struct ui_edit *e, uint32_t key, bool pasted)
{
	if (move_key(e, key))
		return true;
	switch (key) {
	case K_BACKSPACE:
		if (e->pos) {
			size_t to = e->pos;
			cut(e, before(e, e->pos), to);
		}
		return true;
	case K_DEL:
		if (e->pos == e->len)
			return false;
		cut(e, e->pos, after(e, e->pos));
		return true;
	case K_CTRL('u'):
		cut(e, 0, e->len);
		return true;
	case K_CTRL('w'):
		cut(e, word_back(e), e->pos);
		return true;
	case '\n':
	case K_ENTER:
		if (!e->multiline) {
			if (!pasted)
				return false;
			insert(e, ' ');
			return true;
		}
		insert(e, '\n');
		return true;
	default:
		break;
	}
	if (pasted && key == K_TAB)
		key = ' ';
	if (key < 32 || key >= K_FIRST || (key >= 0x7F && key < 0xA0) ||
	    key == UTF8_MARK_ON || key == UTF8_MARK_OFF)
		return pasted;
	insert(e, key);
	return true;
}

static void draw_line(struct ui_edit *e, int y, int x, int w, bool focus)
{
	size_t from = 0;
	char b[1024];
	int cursor = utf8_width_n(e->text, e->pos);

	while (cursor >= w - (from ? 1 : 0) && from < e->pos) {
		size_t g = utf8_grapheme(e->text + from, e->len - from);
		cursor -= utf8_width_n(e->text + from, g);
		from += g;
	}
	utf8_show(b, sizeof(b), e->text + from, e->len - from, false);
	screen_fill(y, x, w, focus ? ST_FIELD : ST_TEXT);
	if (from)
		screen_put(y, x, 1, ST_DIM, "‹");
	screen_put(y, x + (from > 0), w - (from > 0),
		   focus ? ST_FIELD : ST_TEXT, b);
	if (focus)
		screen_cursor(y, x + (from > 0) + cursor, true);
}

void ui_edit_draw(struct ui_edit *e, int y, int x, int w, int h, bool focus)
{
	struct span v[LINES_MAX];
	int n, line;
	char b[1024];

	if (w < 2 || h < 1)
		return;
	e->width = w;
	if (!e->multiline) {
		draw_line(e, y, x, w, focus);
		return;
	}
	n = wrap(e, w, v);
	line = line_of(e, v, n);
	if (line < e->top)
		e->top = line;
	if (line >= e->top + h)
		e->top = line - h + 1;
	for (int i = 0; i < h; i++) {
		int k = e->top + i;
		if (focus)
			screen_fill(y + i, x, w, ST_FIELD);
		if (k >= n)
			continue;
		utf8_show(b, sizeof(b), e->text + v[k].from,
			  v[k].to - v[k].from, false);
		screen_put(y + i, x, w, focus ? ST_FIELD : ST_TEXT, b);
	}
	if (focus)
		screen_cursor(y + line - e->top,
			      x + utf8_width_n(e->text + v[line].from,
					       e->pos - v[line].from),
			      true);
}
