/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: list and player. Playing needs a reason, asked as a digit and
 * recorded; the sound comes into the headset as any call does. Nothing can
 * be downloaded here.
 */
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"
#include "agent-tui/view/sift.h"

#define SEEK_MS 5000

#define AGAIN_MS 2000 /* a list with open recordings is asked for again */

struct record {
	struct ui_list list;
	struct sift sift;
	char filter[64];
	struct tmr again;
	int talking; /* agents in a call, when we looked last */
	struct app *app;
};

static const struct model_recording *at(struct view *v, int place)
{
	struct record *s = v->state;
	const struct model *m = app_model(v->app);
	int i = sift_at(&s->sift, place);

	return i >= 0 && i < (int)m->recordings.n ? &m->recordings.v[i] : NULL;
}

static const char *id_of(int i, void *arg)
{
	const struct model_recording *k = at(arg, i);

	return k ? k->id : "";
}

static bool is_playing(const struct model *m)
{
	return m->playback.recording[0] &&
	       strcmp(m->playback.state, "ended") != 0;
}

/* arg: an agent ("A017") or a number. */
static int record_open(struct view *v, const char *arg)
{
	struct record *s = v->state;
	bool number = *arg >= '0' && *arg <= '9';

	s->sift.of = SIFT_RECORDINGS;
	sift_build(&s->sift, app_model(v->app));
	utf8_copy(s->filter, sizeof(s->filter), arg);
	client_filter(app_client(v->app), MODEL_LIST_RECORDINGS,
		      &(struct client_filter){
			      .agent = number ? NULL : s->filter,
			      .number = number ? s->filter : NULL,
		      });
	client_list(app_client(v->app), MODEL_LIST_RECORDINGS);
	return 0;
}

static const char *state_word(const char *state)
{
	if (!strcmp(state, "closed"))
		return _("✓whole");
	if (!strcmp(state, "open"))
		return _("●recording");
	if (!strcmp(state, "mended"))
		return _("!mended");
	return _("×incomplete");
}

static void line(const struct model *m, const struct model_recording *k,
		 struct row *r)
{
	char t[CAL_TEXT_SIZE], len[32];

	row_init(r);
	cal_stamp(t, k->started_us);
	row_time(len, sizeof(len),
		 strcmp(k->state, "open") ? k->ms * 1000
					  : model_now_us(m) - k->started_us);
	row_add(r, "%.11s %s ", t + 5, len);
	row_hostile(r, 12, k->number);
	row_cell(r, 6, k->agent);
	row_hostile(r, 9, model_queue_name(m, k->queue));
	row_cell(r, 11, state_word(k->state));
	row_add(r, "%s", k->id);
}

static void draw_player(const struct model *m, struct area a)
{
	const struct model_playback *p = &m->playback;
	char at[32], len[32];
	int64_t ms = pane_playback_ms(m);
	struct row r;

	screen_rule(a.y, a.x, a.w, true, _("Player"), p->recording);
	row_time(at, sizeof(at), ms * 1000);
	row_time(len, sizeof(len), p->ms * 1000);
	row_init(&r);
	row_add(&r, " %s %s ", strcmp(p->state, "paused") ? "►" : "‖", at);
	row_bar(&r, a.w - 20, p->ms ? (double)ms / (double)p->ms : 0);
	row_add(&r, " %s", len);
	row_draw(&r, a.y + 1, a.x, a.w, ST_TEXT);
	screen_put(a.y + 2, a.x + 1, a.w - 2, ST_DIM,
		   _("left: citizen   right: agent   cannot be downloaded"));
}

static void record_draw(struct view *v, struct area a)
{
	struct record *s = v->state;
	const struct model *m = app_model(v->app);
	struct area b = {a.y + 1, a.x, a.w, a.h - 1};
	char title[200], words[80];
	bool on = is_playing(m);
	struct row r;

	if (on) {
		b.h -= 4;
		draw_player(m, (struct area){a.y + a.h - 4, a.x, a.w, 4});
	}
	sift_build(&s->sift, m);
	sift_words(&s->sift, words, sizeof(words));
	snprintf(title, sizeof(title), _("Recordings %d %s"), s->sift.n,
		 s->filter);
	strncat(title, words, sizeof(title) - strlen(title) - 1);
	screen_rule(a.y, a.x, a.w, !on, title, _("Enter plays"));
	if (!s->sift.n)
		pane_empty(a, m->recordings.page.loading ? "…"
							 : _("No recording."));
	ui_list_sync(&s->list, s->sift.n, b.h, id_of, v);
	for (int i = 0; i < b.h && s->list.top + i < s->sift.n; i++) {
		int k = s->list.top + i;
		line(m, at(v, k), &r);
		pane_line_row(b, i, k == s->list.cur, true, &r);
	}
}

static unsigned record_where(struct view *v, const char **name)
{
	bool on = is_playing(app_model(v->app));

	*name = on ? _("player") : _("list");
	return on ? AT_PLAYER | AT_LIST : AT_LIST;
}

static void record_actions(struct view *v, struct actions *a)
{
	struct record *s = v->state;

	if (is_playing(app_model(v->app)))
		ACTIONS(a, CMD_PLAY, CMD_BACKWARD, CMD_FORWARD, CMD_END,
			CMD_BACK);
	if (at(v, s->list.cur))
		ACTIONS(a, CMD_OPEN);
	ACTIONS(a, CMD_MENU, CMD_COMMAND);
	sift_actions(&s->sift, app_model(v->app), a);
}

static bool record_key(struct view *v, uint32_t key, bool pasted)
{
	struct record *s = v->state;

	if (pasted || !ui_list_key(&s->list, keys_halfwidth(key)))
		return false;
	ui_list_hold(&s->list, id_of, v);
	if (s->list.cur + 5 > s->list.n)
		client_more(app_client(v->app), MODEL_LIST_RECORDINGS);
	return true;
}

struct wanted {
	char id[MODEL_ID];
};

static void on_reason(struct app *a, const char *answer, void *arg)
{
	const struct wanted *w = arg;

	if (answer)
		client_recording_play(app_client(a), w->id, answer, 0);
}

static void ask_play(struct app *a, const char *id)
{
	static const char *const codes[] = {"routine", "complaint", "training",
					    "evidence"};
	const char *const names[] = {_("routine check"), _("complaint"),
				     _("training"), _("evidence")};
	struct app_choice v[4] = {0};
	struct wanted *w = mem_zalloc(sizeof(*w), NULL);

	if (!w)
		return;
	utf8_copy(w->id, sizeof(w->id), id);
	for (int i = 0; i < 4; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].label, sizeof(v[i].label), names[i]);
	}
	app_ask_digit(a, _("Why do you listen (recorded):"), v, 4, on_reason,
		      w);
	mem_deref(w);
}

static void seek(struct view *v, int64_t by_ms)
{
	const struct model *m = app_model(v->app);
	int64_t to = pane_playback_ms(m) + by_ms;

	client_recording_seek(app_client(v->app), to < 0 ? 0 : to,
			      !strcmp(m->playback.state, "paused"));
}

static bool record_request(struct view *v, enum command_id id, const char *arg)
{
	struct record *s = v->state;
	const struct model *m = app_model(v->app);

	if (sift_request(&s->sift, m, id))
		return true;
	switch (id) {
	case CMD_OPEN:
		if (at(v, s->list.cur))
			ask_play(v->app, at(v, s->list.cur)->id);
		return true;
	case CMD_PLAY:
		client_recording_seek(app_client(v->app), pane_playback_ms(m),
				      !strcmp(m->playback.state, "playing"));
		return true;
	case CMD_BACKWARD:
		seek(v, -SEEK_MS);
		return true;
	case CMD_FORWARD:
		seek(v, SEEK_MS);
		return true;
	case CMD_BACK:
		if (!is_playing(m))
			return false;
		client_recording_stop(app_client(v->app));
		return true;
	default:
		return false;
	}
}

static void line_of_record(int i, struct row *r, void *arg)
{
	struct view *v = arg;

	row_init(r);
	if (at(v, i))
		line(app_model(v->app), at(v, i), r);
}

static bool record_find(struct view *v, const char *text, int by)
{
	struct record *s = v->state;

	if (!ui_list_find(&s->list, text, by, line_of_record, v))
		return false;
	ui_list_hold(&s->list, id_of, v);
	return true;
}

static void on_again(void *arg)
{
	client_list(app_client(((struct record *)arg)->app),
		    MODEL_LIST_RECORDINGS);
}

static int in_calls(const struct model *m)
{
	int n = 0;

	for (size_t i = 0; i < m->agents.n; i++)
		n += m->agents.v[i].state == STATE_TALKING ||
		     m->agents.v[i].state == STATE_HELD;
	return n;
}

/* No event tells that a recording was closed; calls that end do, a moment
 * before. Who has scrolled down keeps what he reads. */
static void record_event(struct view *v, unsigned mask)
{
	struct record *s = v->state;
	const struct model *m = app_model(v->app);

	if (sift_wants_more(&s->sift, &m->recordings.page))
		client_more(app_client(v->app), MODEL_LIST_RECORDINGS);
	if (!(mask & (MODEL_CALL | MODEL_CALLS | MODEL_AGENTS)) ||
	    tmr_isrunning(&s->again))
		return;
	bool due = in_calls(m) < s->talking && !s->list.top;
	s->talking = in_calls(m);
	for (size_t i = 0; !due && i < m->recordings.n; i++)
		due = !strcmp(m->recordings.v[i].state, "open");
	if (!due)
		return;
	s->app = v->app;
	tmr_start(&s->again, AGAIN_MS, on_again, s);
}

static void record_close(struct view *v)
{
	tmr_cancel(&((struct record *)v->state)->again);
}

const struct view_ops view_record = {
	.name = N_("Recordings"),
	.tab = 6,
	.may = MAY_REVIEW,
	.state_bytes = sizeof(struct record),
	.open = record_open,
	.draw = record_draw,
	.where = record_where,
	.actions = record_actions,
	.key = record_key,
	.request = record_request,
	.find = record_find,
	.event = record_event,
	.close = record_close,
};
