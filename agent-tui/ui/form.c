/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form widget. Undo keeps (field, value, position) of each change, a run
 * of typed characters up to the next space counting as one.
 */
#include "agent-tui/ui/form.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/keys.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/edit.h"
#include "agent-tui/ui/row.h"

#define FIELDS_MAX 24
#define UNDO_MAX   100
#define VALUE_MAX  6000
#define PICKS	   5

struct field {
	struct ui_field_prm prm;
	struct ui_edit *edit; /* value of a text or note; filter of a pick */
	char value[512];      /* of the other kinds */
	struct ui_option *opt;
	int opt_n;
	int at;	       /* flag, link or pick under the cursor */
	int y, height; /* of the last drawing */
};

struct step {
	int field;
	size_t pos;
	char *value;
};

struct ui_form {
	struct field v[FIELDS_MAX];
	int n, cur, scroll, bad;
	struct step undo[UNDO_MAX];
	int undo_n;
	int typing; /* field in which a word is being typed, or -1 */
};

static void destructor(void *arg)
{
	struct ui_form *f = arg;

	for (int i = 0; i < f->n; i++) {
		mem_deref(f->v[i].edit);
		mem_deref(f->v[i].opt);
	}
	for (int i = 0; i < f->undo_n; i++)
		mem_deref(f->undo[i].value);
}

int ui_form_alloc(struct ui_form **fp)
{
	struct ui_form *f = mem_zalloc(sizeof(*f), destructor);

	if (!f)
		return ENOMEM;
	f->typing = f->bad = -1;
	*fp = f;
	return 0;
}

static bool is_text(const struct field *d)
{
	return d->prm.kind == UI_TEXT || d->prm.kind == UI_NOTE;
}

int ui_form_add(struct ui_form *f, const struct ui_field_prm *prm)
{
	struct field *d = &f->v[f->n];
	int err;

	if (f->n == FIELDS_MAX)
		return ENOSPC;
	d->prm = *prm;
	err = ui_edit_alloc(&d->edit, prm->kind == UI_NOTE ? VALUE_MAX : 256,
			    prm->kind == UI_NOTE);
	if (!err)
		f->n++;
	return err;
}

static int find(const struct ui_form *f, const char *key)
{
	for (int i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].prm.key, key))
			return i;
	return -1;
}

int ui_form_options(struct ui_form *f, const char *key,
		    const struct ui_option *v, int n)
{
	int i = find(f, key);
	struct ui_option *copy;

	if (i < 0)
		return ENOENT;
	copy = mem_alloc((size_t)(n ? n : 1) * sizeof(*v), NULL);
	if (!copy)
		return ENOMEM;
	if (n)
		memcpy(copy, v, (size_t)n * sizeof(*v));
	mem_deref(f->v[i].opt);
	f->v[i].opt = copy;
	f->v[i].opt_n = n;
	return 0;
}

static const char *value_of(const struct field *d)
{
	return is_text(d) ? ui_edit_text(d->edit) : d->value;
}

static void set_value(struct field *d, const char *value, size_t pos)
{
	if (is_text(d)) {
		ui_edit_set_at(d->edit, value, pos);
	} else {
		utf8_copy(d->value, sizeof(d->value), value);
		ui_edit_set(d->edit, "");
	}
}

void ui_form_set(struct ui_form *f, const char *key, const char *value)
{
	int i = find(f, key);

	if (i >= 0 && strcmp(value_of(&f->v[i]), value))
		set_value(&f->v[i], value, SIZE_MAX);
}

static void remember(struct ui_form *f, int field)
{
	const struct field *d = &f->v[field];
	struct step *st;
	char *copy = NULL;

	if (str_dup(&copy, value_of(d)))
		return;
	if (f->undo_n == UNDO_MAX) {
		mem_deref(f->undo[0].value);
		memmove(f->undo, f->undo + 1, (UNDO_MAX - 1) * sizeof(*st));
		f->undo_n--;
	}
	st = &f->undo[f->undo_n++];
	st->field = field;
	st->pos = is_text(d) ? ui_edit_pos(d->edit) : 0;
	st->value = copy;
}

bool ui_form_undo(struct ui_form *f)
{
	struct step st;

	if (!f->undo_n)
		return false;
	st = f->undo[--f->undo_n];
	set_value(&f->v[st.field], st.value, st.pos);
	mem_deref(st.value);
	f->cur = st.field;
	f->typing = -1;
	return true;
}

const char *ui_form_get(const struct ui_form *f, const char *key)
{
	int i = find(f, key);

	return i < 0 ? "" : value_of(&f->v[i]);
}

static const struct ui_option *option(const struct field *d, const char *code)
{
	for (int i = 0; i < d->opt_n; i++)
		if (*code && !strcmp(d->opt[i].code, code))
			return &d->opt[i];
	return NULL;
}

const char *ui_form_link(const struct ui_form *f)
{
	const struct field *d = &f->v[f->cur];

	return d->prm.kind == UI_LINKS && d->at < d->opt_n ? d->opt[d->at].code
							   : "";
}

void ui_form_focus(struct ui_form *f, const char *key)
{
	int i = find(f, key);

	if (i >= 0)
		f->cur = i;
	f->typing = -1;
}

const char *ui_form_focused(const struct ui_form *f)
{
	return f->n ? f->v[f->cur].prm.key : "";
}

void ui_form_bad(struct ui_form *f, const char *key)
{
	f->bad = key ? find(f, key) : -1;
	if (f->bad >= 0)
		f->cur = f->bad;
}

bool ui_form_in_text(const struct ui_form *f)
{
	return f->n &&
	       (is_text(&f->v[f->cur]) || f->v[f->cur].prm.kind == UI_PICK);
}

/* ---- flags ---- */

static bool flag_on(const char *value, const char *code)
{
	size_t n = strlen(code);

	for (const char *p = value; (p = strstr(p, code)); p += n)
		if ((p == value || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static void flag_flip(struct field *d, int at)
{
	char next[512] = "";
	size_t n = 0;

	for (int i = 0; i < d->opt_n; i++) {
		bool on = flag_on(d->value, d->opt[i].code) != (i == at);
		if (on)
			n += (size_t)snprintf(next + n, sizeof(next) - n,
					      "%s%s", n ? "," : "",
					      d->opt[i].code);
		if (n >= sizeof(next))
			return;
	}
	utf8_copy(d->value, sizeof(d->value), next);
}

/* ---- picks ---- */

static bool matches(const struct ui_option *o, const char *words)
{
	char part[64];

	while (*words) {
		size_t n = strcspn(words, " ");
		size_t m = n < sizeof(part) - 1 ? n : sizeof(part) - 1;
		memcpy(part, words, m);
		part[m] = '\0';
		if (m && !strcasestr(o->name, part) &&
		    !strcasestr(o->code, part) && !strcasestr(o->keys, part))
			return false;
		words += n;
		words += *words == ' ';
	}
	return true;
}

static int pick_list(const struct field *d, int *v, int max)
{
	int n = 0;

	for (int i = 0; i < d->opt_n && n < max; i++)
		if (matches(&d->opt[i], ui_edit_text(d->edit)))
			v[n++] = i;
	return n;
}

static bool pick_open(const struct field *d)
{
	return ui_edit_text(d->edit)[0] || d->at > 0;
}

static enum ui_form_took pick_take(struct ui_form *f, struct field *d, int k)
{
	int v[64], n = pick_list(d, v, 64);

	if (k >= n)
		return UI_FORM_MOVED;
	remember(f, f->cur);
	utf8_copy(d->value, sizeof(d->value), d->opt[v[k]].code);
	ui_edit_set(d->edit, "");
	d->at = 0;
	return UI_FORM_CHANGED;
}

static enum ui_form_took step_field(struct ui_form *f, int by)
{
	f->typing = -1;
	if (f->cur + by < 0 || f->cur + by >= f->n)
		return UI_FORM_LEFT;
	f->cur += by;
	f->v[f->cur].at = 0;
	return UI_FORM_MOVED;
}

static enum ui_form_took pick_key(struct ui_form *f, struct field *d,
				  uint32_t key, bool pasted)
{
	int v[64], n = pick_list(d, v, 64);

	switch (key) {
	case K_DOWN:
		if (!ui_edit_text(d->edit)[0])
			return UI_FORM_NOT;
		d->at = d->at + 1 < n ? d->at + 1 : d->at;
		return UI_FORM_MOVED;
	case K_UP:
		if (!d->at)
			return UI_FORM_NOT;
		d->at--;
		return UI_FORM_MOVED;
	case K_ENTER:
		if (!pick_open(d))
			return UI_FORM_NOT;
		return pick_take(f, d, d->at);
	case K_ESC:
		if (!pick_open(d))
			return UI_FORM_NOT;
		ui_edit_set(d->edit, "");
		d->at = 0;
		return UI_FORM_MOVED;
	case K_CTRL('u'):
	case K_DEL:
		if (ui_edit_text(d->edit)[0] || !d->value[0])
			break;
		remember(f, f->cur);
		d->value[0] = '\0';
		return UI_FORM_CHANGED;
	default:
		break;
	}
	if (!pasted && key >= '1' && key <= '5' && ui_edit_text(d->edit)[0])
		return pick_take(f, d, (int)(key - '1'));
	if (!ui_edit_key(d->edit, key, pasted))
		return UI_FORM_NOT;
	d->at = 0;
	return UI_FORM_MOVED;
}

/* ---- keys ---- */

static enum ui_form_took option_key(struct ui_form *f, struct field *d,
				    uint32_t key)
{
	int k = key >= '1' && key <= '9' ? (int)(key - '1') : -1;

	if (key == K_LEFT || key == K_RIGHT) {
		int to = d->at + (key == K_RIGHT ? 1 : -1);
		if (to >= 0 && to < d->opt_n)
			d->at = to;
		return UI_FORM_MOVED;
	}
	if (d->prm.kind == UI_LINKS)
		return key == K_DEL && d->opt_n ? UI_FORM_REMOVE : UI_FORM_NOT;
	if (key == ' ')
		k = d->at;
	if (k < 0 || k >= d->opt_n)
		return UI_FORM_NOT;
	remember(f, f->cur);
	d->at = k;
	if (d->prm.kind == UI_FLAGS)
		flag_flip(d, k);
	else
		utf8_copy(d->value, sizeof(d->value), d->opt[k].code);
	return UI_FORM_CHANGED;
}

static enum ui_form_took text_key(struct ui_form *f, struct field *d,
				  uint32_t key, bool pasted)
{
	scoped_mem char *was = NULL;
	size_t pos = ui_edit_pos(d->edit);
	struct step *st;

	if (str_dup(&was, ui_edit_text(d->edit)))
		return UI_FORM_NOT;
	if (!ui_edit_key(d->edit, key, pasted))
		return UI_FORM_NOT;
	if (!strcmp(was, ui_edit_text(d->edit))) {
		f->typing = -1;
		return UI_FORM_MOVED;
	}
	if (f->typing != f->cur || key == ' ' || key == K_ENTER ||
	    key == K_CTRL('u') || key == K_CTRL('w')) {
		remember(f, f->cur);
		st = &f->undo[f->undo_n - 1];
		mem_deref(st->value);
		st->value = mem_ref(was);
		st->pos = pos;
	}
	f->typing = key == K_CTRL('u') || key == K_CTRL('w') ? -1 : f->cur;
	return UI_FORM_CHANGED;
}

enum ui_form_took ui_form_key(struct ui_form *f, uint32_t key, bool pasted)
{
	struct field *d = &f->v[f->cur];
	enum ui_form_took took = UI_FORM_NOT;

	if (!f->n)
		return UI_FORM_NOT;
	if (is_text(d))
		took = text_key(f, d, key, pasted);
	else if (d->prm.kind == UI_PICK)
		took = pick_key(f, d, key, pasted);
	else
		took = option_key(f, d, key);
	if (took == UI_FORM_CHANGED && f->bad == f->cur)
		f->bad = -1;
	if (took != UI_FORM_NOT || pasted)
		return took;
	switch (key) {
	case K_TAB:
	case K_ENTER:
	case K_DOWN:
		return step_field(f, 1);
	case K_BACKTAB:
	case K_UP:
		return step_field(f, -1);
	default:
		return UI_FORM_NOT;
	}
}

/* ---- drawing ---- */

struct canvas {
	int y, x, w; /* y already scrolled */
	int lo, hi;  /* rows that may be drawn */
	bool focus;
};

static bool shown(const struct canvas *c, int y)
{
	return y >= c->lo && y < c->hi;
}

/* Options one after another, on more lines where they do not fit. */
static int draw_options(const struct field *d, const struct canvas *c, int x,
			int w)
{
	int y = c->y, col = 0;
	char b[160];

	for (int i = 0; i < d->opt_n; i++) {
		const struct ui_option *o = &d->opt[i];
		bool on = d->prm.kind == UI_FLAGS ? flag_on(d->value, o->code)
						  : !strcmp(d->value, o->code);
		if (d->prm.kind == UI_FLAGS)
			snprintf(b, sizeof(b), "%s%s", on ? "[x]" : "[ ]",
				 o->name);
		else
			snprintf(b, sizeof(b), on ? "[%d %s]" : "%d %s", i + 1,
				 o->name);
		int n = utf8_width(b);
		if (col && col + n > w) {
			y++;
			col = 0;
		}
		if (shown(c, y))
			screen_put(y, x + col, w - col,
				   c->focus && i == d->at ? ST_SELECT
				   : on			  ? ST_FOCUS
							  : ST_TEXT,
				   b);
		if (c->focus && i == d->at)
			screen_cursor(y, x + col, false);
		col += n + (d->prm.kind == UI_FLAGS ? 2 : 1);
	}
	return y - c->y + 1;
}

static int draw_links(const struct field *d, const struct canvas *c, int x,
		      int w)
{
	int col = 0;

	if (!d->opt_n && d->prm.hint && shown(c, c->y))
		screen_put(c->y, x, w, ST_DIM, d->prm.hint);
	for (int i = 0; i < d->opt_n && shown(c, c->y); i++)
		col += 2 +
		       screen_mix(c->y, x + col, w - col,
				  c->focus && i == d->at ? ST_SELECT : ST_TEXT,
				  d->opt[i].name);
	return 1;
}

static int draw_pick(struct field *d, const struct canvas *c, int x, int w)
{
	const struct ui_option *o = option(d, d->value);
	int v[PICKS + 60], n, y = c->y, first;
	char b[200];

	if (!c->focus || !pick_open(d)) {
		if (shown(c, y))
			screen_put(y, x, w,
				   c->focus ? ST_FIELD
				   : o	    ? ST_TEXT
					    : ST_DIM,
				   o		 ? o->name
				   : d->prm.hint ? d->prm.hint
						 : "");
		if (c->focus && shown(c, y))
			screen_cursor(y, x, true);
		return 1;
	}
	n = pick_list(d, v, PICKS + 60);
	first = d->at >= PICKS ? d->at - PICKS + 1 : 0;
	for (int i = 0; i < PICKS && first + i < n; i++) {
		struct row r;
		row_init(&r);
		snprintf(b, sizeof(b), " %d %s", first + i + 1,
			 d->opt[v[first + i]].name);
		row_cell(&r, w, b);
		if (shown(c, y + 1 + i))
			row_draw(&r, y + 1 + i, x, w,
				 first + i == d->at ? ST_SELECT : ST_TEXT);
	}
	if (shown(c, y))
		ui_edit_draw(d->edit, y, x, w, 1, true);
	return 1 + (n - first < PICKS ? n - first : PICKS);
}

static int draw_value(struct ui_form *f, int i, struct canvas *c, int x, int w)
{
	struct field *d = &f->v[i];
	int h = 1;

	c->focus = c->focus && i == f->cur;
	switch (d->prm.kind) {
	case UI_NOTE:
		h = d->prm.lines > 0 ? d->prm.lines : 3;
		if (shown(c, c->y) && shown(c, c->y + h - 1))
			ui_edit_draw(d->edit, c->y, x, w, h, c->focus);
		break;
	case UI_TEXT:
		if (!shown(c, c->y))
			break;
		if (!c->focus && !ui_edit_text(d->edit)[0] && d->prm.hint)
			screen_put(c->y, x, w, ST_DIM, d->prm.hint);
		else
			ui_edit_draw(d->edit, c->y, x, w, 1, c->focus);
		break;
	case UI_PICK:
		h = draw_pick(d, c, x, w);
		break;
	case UI_LINKS:
		h = draw_links(d, c, x, w);
		break;
	default:
		h = draw_options(d, c, x, w);
		break;
	}
	return h;
}

static int draw_label(const struct ui_form *f, int i, const struct canvas *c,
		      int x)
{
	const struct field *d = &f->v[i];
	const char *sign = f->bad == i ? "!" : d->prm.required ? "*" : " ";

	if (shown(c, c->y)) {
		screen_mix(c->y, x, 1, ST_TEXT, sign);
		screen_put(c->y, x + 1, c->w - 2,
			   f->bad == i ? ST_WARN : ST_DIM, d->prm.label);
	}
	return 2 + utf8_width(d->prm.label);
}

int ui_form_draw(struct ui_form *f, int y, int x, int w, int h, bool focus)
{
	int at = 0, col = 0, high = 0;

	for (int i = 0; i < f->n; i++) {
		struct field *d = &f->v[i];
		struct canvas c = {.w = w, .lo = y, .hi = y + h};
		int lw, vw;
		if (!d->prm.same_line) {
			at += high;
			col = high = 0;
		}
		c.y = y + at - f->scroll;
		c.x = x + col;
		c.focus = focus;
		lw = draw_label(f, i, &c, c.x);
		vw = d->prm.cols ? d->prm.cols : w - col - lw;
		if (vw > w - col - lw)
			vw = w - col - lw;
		d->y = at;
		d->height = draw_value(f, i, &c, c.x + lw, vw);
		high = d->height > high ? d->height : high;
		col += lw + vw + 2;
	}
	at += high;
	if (f->n) { /* next time the field in focus shows */
		const struct field *d = &f->v[f->cur];
		int low = d->y + d->height - h;
		if (f->scroll < low)
			f->scroll = low;
		if (f->scroll > d->y)
			f->scroll = d->y;
	}
	return at < h ? at : h;
}
