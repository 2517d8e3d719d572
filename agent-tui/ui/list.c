/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List cursor. A view calls sync each time it draws and hold after a key.
 */
#include "agent-tui/ui/list.h"

#include "common/utf8.h"
#include "agent-tui/keys.h"

#include <string.h>

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

void ui_list_hold(struct ui_list *l, ui_list_id_h *idh, void *arg)
{
	if (l->n > 0 && idh)
		utf8_copy(l->id, sizeof(l->id), idh(l->cur, arg));
}

void ui_list_sync(struct ui_list *l, int n, int rows, ui_list_id_h *idh,
		  void *arg)
{
	l->n = n;
	l->rows = rows < 1 ? 1 : rows;
	if (l->id[0] && !(l->cur < n && !strcmp(idh(l->cur, arg), l->id))) {
		for (int i = 0; i < n; i++) {
			if (!strcmp(idh(i, arg), l->id)) {
				l->cur = i;
				break;
			}
		}
	}
	l->cur = clamp(l->cur, 0, n > 0 ? n - 1 : 0);
	if (l->cur < l->top)
		l->top = l->cur;
	if (l->cur >= l->top + l->rows)
		l->top = l->cur - l->rows + 1;
	l->top = clamp(l->top, 0, n > l->rows ? n - l->rows : 0);
	ui_list_hold(l, idh, arg);
}

bool ui_list_key(struct ui_list *l, uint32_t key)
{
	int to = l->cur;

	switch (key) {
	case K_UP:
	case 'k':
		to--;
		break;
	case K_DOWN:
	case 'j':
		to++;
		break;
	case K_HOME:
	case 'g':
		to = 0;
		break;
	case K_END:
	case 'G':
		to = l->n - 1;
		break;
	case K_PGUP:
		to -= l->rows;
		break;
	case K_PGDN:
		to += l->rows;
		break;
	default:
		return false;
	}
	l->cur = clamp(to, 0, l->n > 0 ? l->n - 1 : 0);
	return true;
}

bool ui_list_find(struct ui_list *l, const char *text, int by,
		  ui_list_line_h *lineh, void *arg)
{
	struct row r;

	for (int k = 1; k <= l->n; k++) {
		int i = (l->cur + (by > 0 ? k : l->n - k)) % l->n;
		lineh(i, &r, arg);
		if (!strcasestr(r.s, text))
			continue;
		l->cur = i;
		return true;
	}
	return false;
}
