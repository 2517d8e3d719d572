/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The knowledge tab: the same search and reading as beside a call, at the
 * width of the screen. Reading an entry by number: `:kb KB-0415`.
 */
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/view/finder.h"
#include "agent-tui/view/panes.h"

struct kb {
	struct finder *finder;
	bool reading; /* the entry has the focus */
	bool alone;   /* opened by number: no search beside it */
};

static int kb_open(struct view *v, const char *arg)
{
	struct kb *k = v->state;
	char id[MODEL_ID];
	int version = 0;
	int err = finder_alloc(&k->finder, v->app);

	if (err)
		return err;
	if (sscanf(arg, "%47s v%d", id, &version) >= 1) {
		k->alone = k->reading = true;
		client_kb_open(app_client(v->app), id, version);
	}
	return 0;
}

static void kb_close(struct view *v)
{
	struct kb *k = v->state;

	mem_deref(k->finder);
}

static void facts(const struct model_entry *e, struct area a)
{
	struct row r;

	row_init(&r);
	row_add(&r, _("in force %s"), *e->effective ? e->effective : "—");
	if (*e->expires)
		row_add(&r, _(" to %s"), e->expires);
	row_add(&r, _("   owner "));
	row_hostile(&r, 0, e->owner);
	row_add(&r, _("   by "));
	row_hostile(&r, 0, *e->policy ? e->policy : e->source);
	row_draw(&r, a.y, a.x + 1, a.w - 2, ST_DIM);
}

static void kb_draw(struct view *v, struct area a)
{
	struct kb *k = v->state;
	const struct model_entry *e = &app_model(v->app)->entry;
	int left = a.w >= 120 ? a.w * 2 / 5 : 36;
	struct area read = {a.y, a.x, a.w, a.h - 1};

	if (!k->alone && a.w >= 120) {
		finder_draw(k->finder, (struct area){a.y, a.x, left, a.h},
			    !k->reading);
		read.x += left + 1;
		read.w -= left + 1;
	} else if (!k->alone) {
		finder_draw(k->finder, (struct area){a.y, a.x, a.w, 8},
			    !k->reading);
		read.y += 8;
		read.h -= 8;
	}
	finder_read(k->finder, read, k->reading);
	if (*e->id)
		facts(e, (struct area){read.y + read.h, read.x, read.w, 1});
	if (!k->alone && a.w >= 120)
		screen_divider(a.x + left, a.y, a.y + a.h - 1);
}

static unsigned kb_where(struct view *v, const char **name)
{
	struct kb *k = v->state;

	*name = k->reading ? _("reading") : _("search");
	return k->reading ? AT_READ : AT_SEARCH;
}

static void kb_actions(struct view *v, struct actions *a)
{
	struct kb *k = v->state;

	if (!k->reading &&
	    (finder_hit(k->finder) || pane_in_call(app_model(v->app))))
		ACTIONS(a, CMD_OPEN);
	if (!k->alone)
		ACTIONS(a, CMD_NEXT_PANE);
	if (k->reading)
		ACTIONS(a, CMD_BACK, CMD_MENU, CMD_COMMAND);
	else
		ACTIONS(a, CMD_KB, CMD_TAB, CMD_BACK);
	if (!k->alone)
		ACTIONS(a, CMD_PREV_PANE);
}

static bool kb_key(struct view *v, uint32_t key, bool pasted)
{
	struct kb *k = v->state;

	if (k->reading)
		return !pasted && finder_scroll(k->finder, key);
	return finder_key(k->finder, key, pasted);
}

static bool kb_request(struct view *v, enum command_id id, const char *arg)
{
	struct kb *k = v->state;
	const struct model *m = app_model(v->app);

	switch (id) {
	case CMD_NEXT_PANE:
	case CMD_PREV_PANE:
		if (!k->alone)
			k->reading = !k->reading;
		return true;
	case CMD_OPEN:
		if (!k->reading && pane_in_call(m))
			finder_adopt(k->finder);
		else if (!k->reading && finder_hit(k->finder))
			k->reading = true;
		return true;
	case CMD_BACK:
		if (k->alone)
			return false;
		if (k->reading)
			k->reading = false;
		else
			finder_clear(k->finder);
		return true;
	default:
		return false;
	}
}

static void kb_event(struct view *v, unsigned mask)
{
	finder_event(((struct kb *)v->state)->finder, mask);
}

static bool kb_find(struct view *v, const char *text, int by)
{
	return finder_find(((struct kb *)v->state)->finder, text, by);
}

const struct view_ops view_kb = {
	.name = N_("Knowledge"),
	.tab = 4,
	.may = MAY_ANY,
	.state_bytes = sizeof(struct kb),
	.open = kb_open,
	.draw = kb_draw,
	.where = kb_where,
	.actions = kb_actions,
	.key = kb_key,
	.request = kb_request,
	.find = kb_find,
	.event = kb_event,
	.close = kb_close,
};
