/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and commands on the message row.
 */
#include "agent-tui/cmdline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/i18n.h"
#include "agent-tui/keymap.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/edit.h"
#include "agent-tui/ui/row.h"

#define CHOICES_MAX 600
#define LIST_ROWS   10
#define HISTORY_MAX 50
#define AGAIN_MS    2000

struct cmdline {
	struct app *app;
	enum ask kind;
	char text[400];
	struct app_choice *v;
	int n, cur;
	bool free_text;
	bool touched; /* a key went to this pick */
	enum command_id again;
	app_answer_h *h;
	void *arg;
	struct ui_edit *edit;
	struct tmr tmr;
	char *history[HISTORY_MAX];
	int history_n, history_at;
};

static void forget(struct cmdline *c)
{
	tmr_cancel(&c->tmr);
	c->kind = ASK_NONE;
	c->h = NULL;
	c->v = mem_deref(c->v);
	c->arg = mem_deref(c->arg);
	c->n = 0;
	ui_edit_set(c->edit, "");
}

static void destructor(void *arg)
{
	struct cmdline *c = arg;

	tmr_cancel(&c->tmr);
	mem_deref(c->v);
	mem_deref(c->arg);
	mem_deref(c->edit);
	for (int i = 0; i < c->history_n; i++)
		mem_deref(c->history[i]);
}

int cmdline_alloc(struct cmdline **cp, struct app *a)
{
	struct cmdline *c = mem_zalloc(sizeof(*c), destructor);
	int err;

	if (!c)
		return ENOMEM;
	c->app = a;
	tmr_init(&c->tmr);
	err = ui_edit_alloc(&c->edit, 1024, false);
	if (err) {
		mem_deref(c);
		return err;
	}
	*cp = c;
	return 0;
}

enum ask cmdline_kind(const struct cmdline *c)
{
	return c->kind;
}

enum command_id cmdline_again(const struct cmdline *c)
{
	return c->kind == ASK_AGAIN ? c->again : CMD_NONE;
}

static void answer(struct cmdline *c, const char *text)
{
	app_answer_h *h = c->h;
	void *arg = mem_ref(c->arg);
	struct app *a = c->app;
	char copy[1024];

	if (text)
		utf8_copy(copy, sizeof(copy), text);
	forget(c);
	app_dirty(a);
	if (h)
		h(a, text ? copy : NULL, arg);
	mem_deref(arg);
}

void cmdline_cancel(struct cmdline *c)
{
	if (c->kind != ASK_NONE)
		answer(c, NULL);
}

static void on_again(void *arg)
{
	cmdline_cancel(arg);
}

void cmdline_ask(struct cmdline *c, const struct cmdline_ask *q)
{
	int n = q->n < CHOICES_MAX ? q->n : CHOICES_MAX;
	size_t bytes = (size_t)n * sizeof(*q->choices);

	cmdline_cancel(c);
	c->kind = q->kind;
	utf8_copy(c->text, sizeof(c->text), q->text ? q->text : "");
	if (n) {
		c->v = mem_alloc(bytes, NULL);
		if (!c->v)
			n = 0;
		else
			memcpy(c->v, q->choices, bytes);
	}
	c->n = n;
	c->cur = 0;
	c->touched = false;
	c->free_text = q->free_text;
	c->again = q->again;
	c->h = q->h;
	c->arg = mem_ref(q->arg);
	c->history_at = c->history_n;
	ui_edit_set(c->edit, q->initial ? q->initial : "");
	if (q->kind == ASK_AGAIN)
		tmr_start(&c->tmr, AGAIN_MS, on_again, c);
	app_dirty(c->app);
}

bool cmdline_asks(const struct cmdline *c, app_answer_h *h)
{
	return c->kind != ASK_NONE && c->h == h;
}

static int nth(const struct cmdline *c, int k);

/* The line of a code among those that the typed text leaves; 0: none. */
static int line_of(const struct cmdline *c, const char *code)
{
	for (int k = 0, i; (i = nth(c, k)) >= 0; k++)
		if (!strcmp(c->v[i].code, code))
			return k;
	return 0;
}

void cmdline_choices(struct cmdline *c, const struct app_choice *v, int n)
{
	int at = nth(c, c->cur);
	bool listed = false;
	struct app_choice kept = {.code = ""};

	if (c->touched && at >= 0)
		kept = c->v[at];
	n = n < CHOICES_MAX - 1 ? n : CHOICES_MAX - 1;
	struct app_choice *all =
		mem_zalloc(((size_t)n + 1) * sizeof(*all), NULL);
	if (!all)
		return;
	for (int i = 0; i < n; i++) {
		all[i] = v[i];
		listed |= !strcmp(v[i].code, kept.code);
	}
	if (kept.code[0] && !listed)
		all[n++] = kept;
	mem_deref(c->v);
	c->v = all;
	c->n = n;
	c->cur = kept.code[0] ? line_of(c, kept.code) : 0;
	app_dirty(c->app);
}

/* ---- the : line ---- */

static void remember(struct cmdline *c, const char *line)
{
	char *copy = NULL;

	if (c->history_n && !strcmp(c->history[c->history_n - 1], line))
		return;
	if (str_dup(&copy, line))
		return;
	if (c->history_n == HISTORY_MAX) {
		mem_deref(c->history[0]);
		memmove(c->history, c->history + 1,
			(HISTORY_MAX - 1) * sizeof(*c->history));
		c->history_n--;
	}
	c->history[c->history_n++] = copy;
}

static void run_line(struct cmdline *c)
{
	char line[1024];
	struct app *a = c->app;
	enum command_id id;
	size_t n;

	utf8_copy(line, sizeof(line), ui_edit_text(c->edit));
	n = strcspn(line, " ");
	id = keymap_word(line, n, app_may(a));
	if (line[0])
		remember(c, line);
	forget(c);
	app_dirty(a);
	if (!line[0])
		return;
	if (id == CMD_NONE) {
		app_say(a, MESSAGE_ERROR,
			_("× No such command: %s. Tab shows what there is"),
			line);
		return;
	}
	app_run(a, id, line[n] ? line + n + 1 : "");
}

static void complete(struct cmdline *c)
{
	const char *t = ui_edit_text(c->edit);
	size_t n = strlen(t);
	enum command_id id;
	char b[96];

	if (strchr(t, ' '))
		return;
	id = keymap_complete(t, n, app_may(c->app), c->cur);
	if (id == CMD_NONE)
		return;
	/* in the language that was begun */
	snprintf(b, sizeof(b), "%s ",
		 n && (unsigned char)t[0] >= 0x80 ? commands[id].name_zh
						  : commands[id].name);
	ui_edit_set(c->edit, b);
	c->cur = 0;
}

static bool history_key(struct cmdline *c, int by)
{
	int to = c->history_at + by;

	if (to < 0 || to > c->history_n)
		return true;
	c->history_at = to;
	ui_edit_set(c->edit, to < c->history_n ? c->history[to] : "");
	return true;
}

static bool command_key(struct cmdline *c, uint32_t key, bool pasted)
{
	switch (pasted ? 0 : key) {
	case K_ENTER:
		run_line(c);
		return true;
	case K_TAB:
		complete(c);
		return true;
	case K_UP:
		return history_key(c, -1);
	case K_DOWN:
		return history_key(c, 1);
	case K_BACKSPACE:
		if (!ui_edit_text(c->edit)[0]) {
			cmdline_cancel(c);
			return true;
		}
		break;
	default:
		break;
	}
	c->cur = 0;
	return ui_edit_key(c->edit, key, pasted);
}

/* ---- picks ---- */

static bool fits(const struct cmdline *c, int i)
{
	const char *t = ui_edit_text(c->edit);

	return !*t || strcasestr(c->v[i].label, t) ||
	       strcasestr(c->v[i].code, t);
}

/* The k-th choice that the typed text leaves, -1 past the last. */
static int nth(const struct cmdline *c, int k)
{
	for (int i = 0; i < c->n; i++)
		if (fits(c, i) && k-- == 0)
			return i;
	return -1;
}

static int left(const struct cmdline *c)
{
	int n = 0;

	for (int i = 0; i < c->n; i++)
		n += fits(c, i);
	return n;
}

static void take_pick(struct cmdline *c)
{
	int i = nth(c, c->cur);

	if (i >= 0)
		answer(c, c->v[i].code);
	else if (c->free_text && ui_edit_text(c->edit)[0])
		answer(c, ui_edit_text(c->edit));
}

static bool pick_key(struct cmdline *c, uint32_t key, bool pasted)
{
	int n = left(c);

	c->touched = true;
	switch (pasted ? 0 : key) {
	case K_ENTER:
		take_pick(c);
		return true;
	case K_UP:
		c->cur = c->cur > 0 ? c->cur - 1 : 0;
		return true;
	case K_DOWN:
	case K_TAB:
		c->cur = c->cur + 1 < n ? c->cur + 1 : c->cur;
		return true;
	default:
		break;
	}
	/* a digit moves to its line unless a number is being typed */
	if (!pasted && !c->free_text && key >= '0' && key <= '9') {
		int k = key == '0' ? 9 : (int)(key - '1');
		c->cur = k < n ? k : c->cur;
		return true;
	}
	c->cur = 0;
	return ui_edit_key(c->edit, key, pasted);
}

static bool digit_key(struct cmdline *c, uint32_t key)
{
	uint32_t k = keys_halfwidth(key);

	if (k >= '1' && k <= '9' && (int)(k - '1') < c->n) {
		answer(c, c->v[k - '1'].code);
		return true;
	}
	if (k == K_ENTER && c->n) {
		answer(c, c->v[0].code);
		return true;
	}
	return k >= ' ' && k < K_FIRST; /* other text is no answer */
}

static bool text_key(struct cmdline *c, uint32_t key, bool pasted)
{
	if (key == K_ENTER && !pasted) {
		answer(c, ui_edit_text(c->edit));
		return true;
	}
	return ui_edit_key(c->edit, key, pasted);
}

void cmdline_accept(struct cmdline *c)
{
	answer(c, "");
}

bool cmdline_key(struct cmdline *c, uint32_t key, bool pasted)
{
	if (c->kind == ASK_NONE)
		return false;
	if (key == K_ESC && !pasted) {
		cmdline_cancel(c);
		return true;
	}
	app_dirty(c->app);
	if (key == K_CTRL('c') && !pasted) {
		if (c->kind == ASK_AGAIN || !ui_edit_text(c->edit)[0])
			cmdline_cancel(c);
		else
			ui_edit_set(c->edit, "");
		return true;
	}
	switch (c->kind) {
	case ASK_DIGIT:
		return digit_key(c, key);
	case ASK_PICK:
		return pick_key(c, key, pasted);
	case ASK_COMMAND:
		return command_key(c, key, pasted);
	case ASK_AGAIN:
		if (key == K_ENTER) {
			answer(c, "");
			return true;
		}
		cmdline_cancel(c); /* any other key: not meant */
		return false;
	default:
		return text_key(c, key, pasted);
	}
}

/* ---- drawing ---- */

static void draw_list_row(int y, int w, bool on, const char *text)
{
	struct row r;

	row_init(&r);
	row_cell(&r, w, text);
	row_draw(&r, y, 0, w, on ? ST_SELECT : ST_BAR);
}

static void draw_pick_list(const struct cmdline *c, int y, int top, int w)
{
	int n = left(c), rows = n < LIST_ROWS ? n : LIST_ROWS, first;
	char b[320];

	if (rows > y - top)
		rows = y - top;
	first = c->cur >= rows ? c->cur - rows + 1 : 0;
	for (int i = 0; i < rows; i++) {
		int k = nth(c, first + i);
		if (k < 0)
			break;
		snprintf(b, sizeof(b), "%s%2d %s",
			 first + i == c->cur ? "▸" : " ", first + i + 1,
			 c->v[k].label);
		draw_list_row(y - rows + i, w, first + i == c->cur, b);
	}
}

static void draw_completions(const struct cmdline *c, int y, int top, int w)
{
	const char *t = ui_edit_text(c->edit);
	size_t n = strlen(t);
	int rows = 0;
	enum command_id v[LIST_ROWS];
	char b[320];

	if (strchr(t, ' '))
		return;
	while (rows < LIST_ROWS && rows < y - top) {
		v[rows] = keymap_complete(t, n, app_may(c->app), rows);
		if (v[rows] == CMD_NONE)
			break;
		rows++;
	}
	for (int i = 0; i < rows; i++) {
		const struct command *k = &commands[v[i]];
		char key[16];
		keymap_name(key, sizeof(key), v[i], app_twins(c->app));
		snprintf(b, sizeof(b), " :%-12s %s", k->name, k->name_zh);
		struct row r;
		row_init(&r);
		row_cell(&r, 24, b);
		row_cell(&r, 7, key);
		row_add(&r, "%s", _(k->help));
		draw_list_row(y - rows + i, w, false, r.s);
	}
}

static void draw_digits(const struct cmdline *c, int y, int w)
{
	struct row r;

	row_init(&r);
	row_add(&r, " %s", c->text);
	for (int i = 0; i < c->n; i++)
		row_add(&r, "  %d %s", i + 1, c->v[i].label);
	row_draw(&r, y, 0, w, ST_BAR);
}

void cmdline_draw(struct cmdline *c, int y, int top, int w)
{
	const char *prompt = c->kind == ASK_COMMAND ? ":" : c->text;
	char dots[64] = "";
	int used;

	screen_fill(y, 0, w, ST_BAR);
	if (c->kind == ASK_DIGIT) {
		draw_digits(c, y, w);
		return;
	}
	used = 1 + screen_mix(y, 1, w - 1, ST_BAR, prompt);
	if (c->kind == ASK_AGAIN)
		return;
	if (c->kind == ASK_PICK)
		draw_pick_list(c, y, top, w);
	if (c->kind == ASK_COMMAND)
		draw_completions(c, y, top, w);
	if (c->kind != ASK_COMMAND)
		used++;
	if (c->kind == ASK_SECRET) {
		size_t n = strlen(ui_edit_text(c->edit));
		n = n < sizeof(dots) ? n : sizeof(dots) - 1;
		memset(dots, '*', n);
		screen_put(y, used, w - used - 1, ST_BAR, dots);
		screen_cursor(y, used + (int)n, true);
		return;
	}
	ui_edit_draw(c->edit, y, used, w - used - 1, 1, true);
}
