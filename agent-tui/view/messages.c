/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has been said on the message row, newest first, and the alarms of
 * now.
 */
#include <stdio.h>
#include <string.h>

#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"
#include "agent-tui/view/sift.h"

struct messages {
	struct ui_list alarms;
	struct sift sift;
	int top;
};

static const struct model_alarm *at(struct view *v, int place)
{
	struct messages *s = v->state;
	const struct model *m = app_model(v->app);
	int i = sift_at(&s->sift, place);

	return i >= 0 && i < (int)m->alarms.n ? &m->alarms.v[i] : NULL;
}

static const char *alarm_id(int i, void *arg)
{
	const struct model_alarm *k = at(arg, i);

	return k ? k->id : "";
}

static int messages_open(struct view *v, const char *arg)
{
	struct messages *s = v->state;

	s->sift.of = SIFT_ALARMS;
	sift_build(&s->sift, app_model(v->app));
	return 0;
}

static void alarm_row(const struct model *m, const struct model_alarm *k,
		      struct row *r)
{
	char t[16];

	row_init(r);
	pane_when(m, k->since_us, t, sizeof(t));
	row_add(r, "%s %s ", t, k->critical ? "!!" : "! ");
	row_hostile(r, 0, tr(k->message));
	row_add(r, " ");
	row_hostile(r, 0, k->detail);
	row_add(r, "  %s", *k->taken_by ? k->taken_by : _("not taken"));
}

static void messages_draw(struct view *v, struct area a)
{
	struct messages *s = v->state;
	const struct model *m = app_model(v->app);
	sift_build(&s->sift, m);
	int n = s->sift.n, h = n ? n + 1 : 2;
	struct area top = {a.y, a.x, a.w, h > a.h / 2 ? a.h / 2 : h};
	struct area b = {top.y + 1, a.x, a.w, top.h - 1};
	char title[160], words[80], t[16];
	struct row r;

	sift_words(&s->sift, words, sizeof(words));
	snprintf(title, sizeof(title), _("Alarms %d"), n);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(top.y, top.x, top.w, true, title, _("a takes it"));
	if (!n)
		pane_empty(top, _("No alarm."));
	ui_list_sync(&s->alarms, n, b.h, alarm_id, v);
	for (int i = 0; i < b.h && s->alarms.top + i < n; i++) {
		int k = s->alarms.top + i;
		alarm_row(m, at(v, k), &r);
		pane_line_row(b, i, k == s->alarms.cur, true, &r);
	}
	screen_rule(a.y + top.h, a.x, a.w, false, _("Messages"), "");
	b = (struct area){a.y + top.h + 1, a.x, a.w, a.h - top.h - 1};
	for (int i = 0; i < b.h; i++) {
		const struct app_note *k =
			app_note(v->app, (size_t)(s->top + i));
		if (!k)
			break;
		row_init(&r);
		pane_when(m, k->at_us, t, sizeof(t));
		row_add(&r, "%s %s", t, k->text);
		pane_line_row(b, i, false, false, &r);
	}
}

static unsigned messages_where(struct view *v, const char **name)
{
	*name = _("messages");
	return AT_LIST;
}

static void messages_actions(struct view *v, struct actions *a)
{
	struct messages *s = v->state;

	if (at(v, s->alarms.cur))
		ACTIONS(a, CMD_TAKE_ALARM);
	ACTIONS(a, CMD_BACK, CMD_MENU, CMD_COMMAND);
	sift_actions(&s->sift, app_model(v->app), a);
}

static bool messages_key(struct view *v, uint32_t key, bool pasted)
{
	struct messages *s = v->state;

	if (key == K_PGDN)
		s->top += app_note(v->app, (size_t)s->top + 10) ? 10 : 0;
	else if (key == K_PGUP)
		s->top = s->top > 10 ? s->top - 10 : 0;
	else if (ui_list_key(&s->alarms, key))
		ui_list_hold(&s->alarms, alarm_id, v);
	else
		return false;
	return true;
}

static bool messages_request(struct view *v, enum command_id id,
			     const char *arg)
{
	struct messages *s = v->state;

	if (sift_request(&s->sift, app_model(v->app), id))
		return true;
	if (id != CMD_TAKE_ALARM || !at(v, s->alarms.cur))
		return false;
	client_alarm_take(app_client(v->app), at(v, s->alarms.cur)->id);
	return true;
}

static void line_of_messages(int i, struct row *r, void *arg)
{
	struct view *v = arg;

	row_init(r);
	if (at(v, i))
		alarm_row(app_model(v->app), at(v, i), r);
}

static bool messages_find(struct view *v, const char *text, int by)
{
	struct messages *s = v->state;

	if (!ui_list_find(&s->alarms, text, by, line_of_messages, v))
		return false;
	ui_list_hold(&s->alarms, alarm_id, v);
	return true;
}

const struct view_ops view_messages = {
	.name = N_("Messages"),
	.tab = -1,
	.may = MAY_ANY,
	.state_bytes = sizeof(struct messages),
	.open = messages_open,
	.draw = messages_draw,
	.where = messages_where,
	.actions = messages_actions,
	.key = messages_key,
	.request = messages_request,
	.find = messages_find,
};
