/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No session: connecting, a question of the connection, or what went wrong
 * and what to do about it. Questions themselves stand on the message row.
 */
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"

static const char *ended_text(const char *why)
{
	if (!strcmp(why, "fenced"))
		return _("× You signed in at another place: this one was "
			 "taken off. :reconnect takes it back");
	if (!strcmp(why, "disabled"))
		return _("× Your account was disabled. Ask your lead");
	return _("! The office is closing for maintenance. It comes back by "
		 "itself");
}

static const char *state_text(const struct model *m)
{
	switch (m->link.state) {
	case LINK_ASKING:
		return _("◐ Waiting for your answer below");
	case LINK_HELLO:
		return _("… Signing in");
	case LINK_REFUSED:
		return _("× No connection");
	case LINK_UP:
		return _("✓ Connected");
	default:
		return _("… Connecting");
	}
}

static void link_draw(struct view *v, struct area a)
{
	const struct model *m = app_model(v->app);
	const struct tunnel_status *t = &m->link.tunnel;
	struct area in = {a.y + 4, a.x + 4, a.w - 8, 3};
	char t1[32];
	struct row r;

	screen_rule(a.y, a.x, a.w, true, _("Connection"), app_server(v->app));
	row_init(&r);
	row_add(&r, "%s",
		m->link.ended[0] ? ended_text(m->link.ended) : state_text(m));
	row_draw(&r, a.y + 2, a.x + 4, a.w - 8, ST_TEXT);
	if (*app_host_key(v->app)) {
		in.y += pane_text(in, ST_TEXT,
				  _("This computer has not been at this "
				    "server before. It shows the key"),
				  0);
		in.y += pane_text(in, ST_OK, app_host_key(v->app), 0) + 1;
		pane_text(in, ST_TEXT,
			  _("Compare it with what the administrator gave you. "
			    "If it differs, do not go on"),
			  0);
	} else if (t->fault.kind != TUNNEL_FAULT_NONE) {
		row_init(&r);
		row_add(&r, "%s ", tr(t->fault.what));
		row_hostile(&r, 0, t->fault.detail);
		in.y += pane_text(in, ST_TEXT, r.s, 0);
		in.y += pane_text(in, ST_TEXT, tr(t->fault.todo), 0);
	}
	if (t->state == TUNNEL_RETRYING && t->retry_us) {
		row_init(&r);
		row_time(t1, sizeof(t1), t->retry_us - cal_now_us());
		row_add(&r, _("Next try in %s (try %u)"), t1, t->tries);
		row_draw(&r, in.y + 1, a.x + 4, a.w - 8, ST_DIM);
	}
	screen_put(a.y + a.h - 2, a.x + 4, a.w - 8, ST_DIM,
		   _(":reconnect tries at once   :quit leaves"));
}

static unsigned link_where(struct view *v, const char **name)
{
	*name = _("connection");
	return AT_READ;
}

static void link_actions(struct view *v, struct actions *a)
{
	ACTIONS(a, CMD_RETRY, CMD_COMMAND, CMD_QUIT);
}

const struct view_ops view_link = {
	.name = N_("Connection"),
	.tab = -1,
	.may = MAY_ANY,
	.draw = link_draw,
	.where = link_where,
	.actions = link_actions,
};
