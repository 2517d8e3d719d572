/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, made from the table of commands and the actions of the screen below
 * it: first where I am, then what can be done here, the phone, what is the
 * same everywhere, and greyed with the reason what cannot be done now.
 * Typing filters, Enter runs the row. And the screen on which one tries what
 * keys arrive.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/libre.h"
#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/edit.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"

enum part { HERE, PHONE, EVERYWHERE, NOT_NOW, PARTS };

struct help {
	struct ui_edit *edit;
	struct ui_list list;
	enum command_id v[CMD_N];
	enum part part[CMD_N];
	int n;
};

static bool fits(const struct command *c, const char *t)
{
	return !*t || strcasestr(c->name, t) || strstr(c->name_zh, t) ||
	       strcasestr(_(c->label), t) || strcasestr(_(c->help), t);
}

static enum part part_of(const struct app *a, const struct actions *here,
			 enum command_id id)
{
	if (app_refusal(a, id))
		return NOT_NOW;
	if (commands[id].twin && commands[id].twin != '3')
		return PHONE;
	return actions_have(here, id) ? HERE : EVERYWHERE;
}

static void collect(struct view *v)
{
	struct help *h = v->state;
	const char *t = ui_edit_text(h->edit);
	struct actions here, all;

	app_actions(v->app, &here);
	all = here;
	for (int i = 0; i < CMD_N; i++)
		ACTIONS(&all, (enum command_id)i);
	h->n = 0;
	for (int p = 0; p < PARTS; p++) {
		for (int i = 0; i < all.n; i++) {
			enum command_id id = all.v[i];
			if (!(commands[id].may & app_may(v->app)) ||
			    !fits(&commands[id], t) ||
			    part_of(v->app, &here, id) != (enum part)p)
				continue;
			h->part[h->n] = (enum part)p;
			h->v[h->n++] = id;
		}
	}
}

static int help_open(struct view *v, const char *arg)
{
	struct help *h = v->state;

	return ui_edit_alloc(&h->edit, 64, false);
}

static void help_close(struct view *v)
{
	struct help *h = v->state;

	mem_deref(h->edit);
}

static const char *id_of(int i, void *arg)
{
	struct help *h = arg;

	return commands[h->v[i]].name;
}

static void help_row(struct view *v, enum command_id id, struct row *r)
{
	const struct command *c = &commands[id];
	const char *why = app_refusal(v->app, id);
	char key[16], twin[16] = "";

	keymap_name(key, sizeof(key), id, false);
	if (c->twin && strncmp(key, "^P", 2) != 0)
		keymap_name(twin, sizeof(twin), id, true);
	row_cell(r, 7, key);
	row_cell(r, 5, twin);
	row_cell(r, 14, c->name);
	row_cell(r, 7, c->name_zh);
	if (why)
		row_add(r, _("(not now: %s) "), why);
	row_add(r, "%s", _(c->help));
}

static void state_line(struct view *v, struct row *r)
{
	const struct model *m = app_model(v->app);

	row_init(r);
	row_add(r, _(" You are: %s %s, at: %s"),
		pane_state_shape(m->me.agent.state),
		tr(model_state_name(m->me.agent.state)), app_place(v->app));
}

static void terminal_line(struct view *v, struct row *r)
{
	unsigned seen = app_seen_keys(v->app);
	char d[160];

	screen_describe(d, sizeof(d));
	row_init(r);
	row_add(r, _(" This terminal: %s   F keys it has sent:"), d);
	if (!seen)
		row_add(r, " -");
	for (unsigned i = 1; i <= 12; i++)
		if (seen & 1u << i)
			row_add(r, " F%u", i);
}

static void help_draw(struct view *v, struct area a)
{
	static const char *const parts[PARTS] = {N_("here"), N_("phone"),
						 N_("all"), N_("not now")};
	struct help *h = v->state;
	struct area b = {a.y + 3, a.x, a.w, a.h - 4};
	struct row r;

	collect(v);
	state_line(v, &r);
	row_draw(&r, a.y, a.x, a.w, ST_TEXT);
	screen_rule(a.y + 1, a.x, a.w, true, _("Help"),
		    _("type to filter, Enter runs, Esc returns"));
	ui_list_sync(&h->list, h->n, b.h, id_of, h);
	for (int i = 0; i < b.h && h->list.top + i < h->n; i++) {
		int k = h->list.top + i;
		bool head = !i || h->part[k] != h->part[k - 1];
		row_init(&r);
		row_cell(&r, 7, head ? tr(parts[h->part[k]]) : "");
		help_row(v, h->v[k], &r);
		if (k != h->list.cur && h->part[k] == NOT_NOW)
			screen_put(b.y + i, b.x + 1, b.w - 1, ST_DIM, r.s);
		else
			pane_line_row(b, i, k == h->list.cur, true, &r);
	}
	terminal_line(v, &r);
	row_draw(&r, a.y + a.h - 1, a.x, a.w, ST_DIM);
	screen_put(a.y + 2, a.x + 1, 2, ST_DIM, "/");
	ui_edit_draw(h->edit, a.y + 2, a.x + 3, a.w - 4, 1, true);
}

static unsigned help_where(struct view *v, const char **name)
{
	*name = _("help");
	return AT_SEARCH;
}

static void help_actions(struct view *v, struct actions *a)
{
	ACTIONS(a, CMD_OPEN, CMD_BACK, CMD_HELP);
}

static bool help_key(struct view *v, uint32_t key, bool pasted)
{
	struct help *h = v->state;

	if (!pasted && key >= K_FIRST && ui_list_key(&h->list, key)) {
		ui_list_hold(&h->list, id_of, h);
		return true;
	}
	h->list.cur = 0;
	h->list.id[0] = '\0';
	return ui_edit_key(h->edit, key, pasted);
}

static bool help_request(struct view *v, enum command_id id, const char *arg)
{
	struct help *h = v->state;
	struct app *a = v->app;
	enum command_id run;

	if (id == CMD_BACK)
		return false;
	if (id != CMD_OPEN || h->list.cur >= h->n)
		return true;
	run = h->v[h->list.cur];
	app_close_view(a);
	app_run(a, run, "");
	return true;
}

const struct view_ops view_help = {
	.name = N_("Help"),
	.tab = -1,
	.may = MAY_ANY,
	.state_bytes = sizeof(struct help),
	.open = help_open,
	.draw = help_draw,
	.where = help_where,
	.actions = help_actions,
	.key = help_key,
	.request = help_request,
	.close = help_close,
};

/* ---- which keys arrive ---- */

static void keys_draw(struct view *v, struct area a)
{
	unsigned seen = app_seen_keys(v->app);
	char name[16];
	struct row r;

	screen_rule(a.y, a.x, a.w, true, _("Keys"), _("Esc returns"));
	row_init(&r);
	row_add(&r, _(" Press F2, F9 and F12. What does not arrive here has "
		      "its ^P twin."));
	row_draw(&r, a.y + 2, a.x, a.w, ST_TEXT);
	keys_name(name, sizeof(name), app_last_key(v->app));
	row_init(&r);
	row_add(&r, _(" Last key: %s (U+%04X)"), name,
		(unsigned)app_last_key(v->app));
	row_draw(&r, a.y + 4, a.x, a.w, ST_TEXT);
	row_init(&r);
	for (unsigned i = 1; i <= 12; i++)
		row_add(&r, " %sF%u", seen & 1u << i ? "✓" : "·", i);
	row_draw(&r, a.y + 6, a.x, a.w, ST_TEXT);
	terminal_line(v, &r);
	row_draw(&r, a.y + 8, a.x, a.w, ST_DIM);
}

static unsigned keys_where(struct view *v, const char **name)
{
	*name = _("keys");
	return AT_READ;
}

/* F keys are only looked at here; phone keys have gone their way before. */
static bool keys_key(struct view *v, uint32_t key, bool pasted)
{
	return key > K_F0 && key <= K_F0 + 12;
}

const struct view_ops view_keys = {
	.name = N_("Keys"),
	.tab = -1,
	.may = MAY_ANY,
	.draw = keys_draw,
	.where = keys_where,
	.key = keys_key,
};
