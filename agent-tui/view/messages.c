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

struct messages {
	struct ui_list alarms;
	int top;
};

static const char *alarm_id(int i, void *arg)
{
	return ((const struct model *)arg)->alarms.v[i].id;
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
	int n = (int)m->alarms.n, h = n ? n + 1 : 2;
	struct area top = {a.y, a.x, a.w, h > a.h / 2 ? a.h / 2 : h};
	struct area b = {top.y + 1, a.x, a.w, top.h - 1};
	char title[64], t[16];
	struct row r;

	snprintf(title, sizeof(title), _("Alarms %d"), n);
	screen_rule(top.y, top.x, top.w, true, title, _("a takes it"));
	if (!n)
		pane_empty(top, _("No alarm."));
	ui_list_sync(&s->alarms, n, b.h, alarm_id, (void *)m);
	for (int i = 0; i < b.h && s->alarms.top + i < n; i++) {
		int k = s->alarms.top + i;
		alarm_row(m, &m->alarms.v[k], &r);
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

static const enum command_id *messages_hints(struct view *v)
{
	static const enum command_id ids[] = {CMD_TAKE_ALARM, CMD_BACK,
					      CMD_NONE};

	return ids;
}

static bool messages_key(struct view *v, uint32_t key, bool pasted)
{
	struct messages *s = v->state;

	if (key == K_PGDN)
		s->top += app_note(v->app, (size_t)s->top + 10) ? 10 : 0;
	else if (key == K_PGUP)
		s->top = s->top > 10 ? s->top - 10 : 0;
	else if (ui_list_key(&s->alarms, key))
		ui_list_hold(&s->alarms, alarm_id, (void *)app_model(v->app));
	else
		return false;
	return true;
}

static bool messages_request(struct view *v, enum command_id id,
			     const char *arg)
{
	struct messages *s = v->state;
	const struct model *m = app_model(v->app);

	if (id != CMD_TAKE_ALARM)
		return false;
	if (s->alarms.cur < (int)m->alarms.n)
		client_alarm_take(app_client(v->app),
				  m->alarms.v[s->alarms.cur].id);
	return true;
}

static void line_of_messages(int i, struct row *r, void *arg)
{
	const struct model *m = arg;

	alarm_row(m, &m->alarms.v[i], r);
}

static bool messages_find(struct view *v, const char *text, int by)
{
	struct messages *s = v->state;
	void *m = (void *)app_model(v->app);

	if (!ui_list_find(&s->alarms, text, by, line_of_messages, m))
		return false;
	ui_list_hold(&s->alarms, alarm_id, m);
	return true;
}

const struct view_ops view_messages = {
	.name = N_("Messages"),
	.tab = -1,
	.may = MAY_ANY,
	.state_bytes = sizeof(struct messages),
	.draw = messages_draw,
	.where = messages_where,
	.hints = messages_hints,
	.key = messages_key,
	.request = messages_request,
	.find = messages_find,
};
