/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbound: callers who gave up or were lost, one line a number. `o` calls
 * back (which claims it), `c` claims, `x` takes it off with its outcome.
 */
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"
#include "agent-tui/view/sift.h"

struct missed {
	struct ui_list list;
	struct sift sift;
};

static const struct model_missed *at(struct view *v, int place)
{
	struct missed *s = v->state;
	const struct model *m = app_model(v->app);
	int i = sift_at(&s->sift, place);

	return i >= 0 && i < (int)m->missed.n ? &m->missed.v[i] : NULL;
}

static const char *id_of(int i, void *arg)
{
	static char b[24];
	const struct model_missed *k = at(arg, i);

	snprintf(b, sizeof(b), "%lld", k ? (long long)k->id : 0);
	return b;
}

static const struct model_missed *current(struct view *v)
{
	return at(v, ((struct missed *)v->state)->list.cur);
}

static const char *reason(const struct model_missed *k)
{
	if (k->lost)
		return _("!call lost");
	return !strcmp(k->reason, "overflow") ? _("overflow") : _("gave up");
}

static void line(const struct model *m, const struct model_missed *k, int w,
		 struct row *r)
{
	char t1[16], t2[16], wait[32];

	row_init(r);
	pane_when(m, k->last_us, t1, sizeof(t1));
	pane_when(m, k->first_us, t2, sizeof(t2));
	row_time(wait, sizeof(wait), k->wait_ms * 1000);
	row_cell(r, 6, t1);
	row_cell(r, 11, reason(k));
	row_add(r, _("wait %s "), wait);
	char of[24];
	snprintf(of, sizeof(of), "#%lld", (long long)k->id);
	row_hostile(r, 12, model_number(m, of, k->number));
	row_hostile(r, 9, model_queue_name(m, k->queue));
	row_add(r, _("%dx  "), k->times);
	row_add(r, "%s", *k->owner ? k->owner : _("free"));
	if (w >= 110 && k->times > 1)
		row_add(r, _("   first at %s"), t2);
	if (*k->outcome)
		row_add(r, "   %s", tr(k->outcome));
}

static void missed_draw(struct view *v, struct area a)
{
	struct missed *s = v->state;
	const struct model *m = app_model(v->app);
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[160], words[80];
	struct row r;

	sift_build(&s->sift, m);
	sift_words(&s->sift, words, sizeof(words));
	snprintf(title, sizeof(title), _("Missed calls %d, to call back"),
		 s->sift.n);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(a.y, a.x, a.w, true, title,
		    _("o calls back  c claims  x closes"));
	if (!s->sift.n)
		pane_empty(a, m->missed.page.loading
				      ? "…"
				      : _("Nobody waits for a call back."));
	ui_list_sync(&s->list, s->sift.n, b.h, id_of, v);
	for (int i = 0; i < b.h && s->list.top + i < s->sift.n; i++) {
		int k = s->list.top + i;
		line(m, at(v, k), a.w, &r);
		pane_line_row(b, i, k == s->list.cur, true, &r);
	}
}

static int missed_open(struct view *v, const char *arg)
{
	struct missed *s = v->state;

	s->sift.of = SIFT_MISSED;
	sift_build(&s->sift, app_model(v->app));
	client_list(app_client(v->app), MODEL_LIST_MISSED);
	return 0;
}

static unsigned missed_where(struct view *v, const char **name)
{
	*name = _("list");
	return AT_LIST;
}

static void missed_actions(struct view *v, struct actions *a)
{
	if (current(v))
		ACTIONS(a, CMD_CALLBACK, CMD_CLAIM, CMD_CLOSE, CMD_OPEN,
			CMD_UNMASK);
	ACTIONS(a, CMD_STATE, CMD_MENU, CMD_COMMAND);
	sift_actions(&((struct missed *)v->state)->sift, app_model(v->app), a);
}

static bool missed_key(struct view *v, uint32_t key, bool pasted)
{
	struct missed *s = v->state;

	if (pasted || !ui_list_key(&s->list, keys_halfwidth(key)))
		return false;
	ui_list_hold(&s->list, id_of, v);
	return true;
}

struct closing {
	int64_t id;
};

static void on_outcome(struct app *a, const char *answer, void *arg)
{
	const struct closing *c = arg;

	if (answer)
		client_missed_close(app_client(a), c->id, answer, NULL);
}

static void ask_close(struct app *a, int64_t id)
{
	static const char *const codes[] = {"reached", "no_answer",
					    "called_again", "invalid"};
	const char *const names[] = {_("reached"), _("no answer"),
				     _("called again by themselves"),
				     _("no valid number")};
	struct app_choice v[4] = {0};
	struct closing *c = mem_zalloc(sizeof(*c), NULL);

	if (!c)
		return;
	c->id = id;
	for (int i = 0; i < 4; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].label, sizeof(v[i].label), names[i]);
	}
	app_ask_digit(a, _("Outcome:"), v, 4, on_outcome, c);
	mem_deref(c);
}

static bool missed_request(struct view *v, enum command_id id, const char *arg)
{
	struct missed *s = v->state;
	const struct model_missed *k = current(v);
	char of[24];

	if (sift_request(&s->sift, app_model(v->app), id))
		return true;
	if (!k)
		return false;
	switch (id) {
	case CMD_CALLBACK:
		command_dial(v->app, "", k->id, "");
		return true;
	case CMD_CLAIM:
		client_missed_claim(app_client(v->app), k->id);
		return true;
	case CMD_CLOSE:
		ask_close(v->app, k->id);
		return true;
	case CMD_UNMASK:
		command_unmask(v->app, "", "", k->id);
		return true;
	case CMD_OPEN:
		snprintf(of, sizeof(of), "#%lld", (long long)k->id);
		app_open(v->app, &view_citizen, of);
		return true;
	default:
		return false;
	}
}

static void line_of_missed(int i, struct row *r, void *arg)
{
	struct view *v = arg;

	row_init(r);
	if (at(v, i))
		line(app_model(v->app), at(v, i), 200, r);
}

static bool missed_find(struct view *v, const char *text, int by)
{
	struct missed *s = v->state;

	if (!ui_list_find(&s->list, text, by, line_of_missed, v))
		return false;
	ui_list_hold(&s->list, id_of, v);
	return true;
}

const struct view_ops view_missed = {
	.name = N_("Outbound"),
	.tab = 5,
	.may = MAY_DESK,
	.state_bytes = sizeof(struct missed),
	.open = missed_open,
	.draw = missed_draw,
	.where = missed_where,
	.actions = missed_actions,
	.key = missed_key,
	.request = missed_request,
	.find = missed_find,
};
