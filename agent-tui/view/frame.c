/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows 1 to 4 and the last two. Each is a list of facts; what does not fit
 * goes as a whole, the least important first, and what must never go (id,
 * state, waiting calls, alarms, link, clock) is drawn before the rest gets
 * its room.
 */
#include "agent-tui/view/frame.h"

#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/utf8.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"

int frame_head_rows(int rows, int cols)
{
	return rows >= 32 && cols >= 120 ? 4 : 3;
}

/* ---- row 1 ---- */

/* A fact of row 1; higher goes first when room is short, 0 never. */
struct fact {
	int drop;
	char text[120];
};

static void fact(struct fact *v, int *n, int drop, const char *text)
{
	v[*n].drop = drop;
	utf8_copy(v[*n].text, sizeof(v[*n].text), text);
	(*n)++;
}

static void state_fact(const struct model *m, bool wide, char *out,
		       size_t size)
{
	const struct model_agent *g = &m->me.agent;
	char t[32], max[48] = "", name[80];
	const char *word = tr(model_state_name(g->state));
	const struct model_pause *p = NULL;

	utf8_show(name, sizeof(name), m->me.name, strlen(m->me.name), false);
	if (!g->since_us || !(m->me.roles & ROLE_AGENT)) {
		snprintf(out, size, "%s %s", m->me.id, name);
		return;
	}
	row_time(t, sizeof(t), model_now_us(m) - pane_since(m, g));
	if (g->state == STATE_PAUSED)
		p = model_pause_find(m, g->reason);
	if (p) {
		word = tr(p->name);
		if (p->max_ms) {
			char limit[32];
			bool over = model_now_us(m) - g->since_us >
				    p->max_ms * 1000;
			row_time(limit, sizeof(limit), p->max_ms * 1000);
			snprintf(max, sizeof(max), "/%s%s", limit,
				 over ? "!" : "");
		}
	}
	snprintf(out, size, "%s %s %s%s %s%s", m->me.id, name,
		 pane_state_shape(g->state), word, t, max);
}

static void waiting_fact(const struct model *m, char *out, size_t size)
{
	int64_t longest = 0, us = -1;
	int n = model_waiting(m, &longest);
	char t[32];

	if (longest)
		us = model_now_us(m) - longest;
	row_time(t, sizeof(t), us);
	snprintf(out, size, _("line %d %s%s"), n, t, pane_wait_mark(us));
}

static void link_fact(const struct model *m, bool figure, bool loss, char *out,
		      size_t size)
{
	const char *mark = m->link.state == LINK_UP ? "✓" : "×";
	int ms = m->link.rtt_ms;
	char l[24] = "";

	if (loss)
		snprintf(l, sizeof(l), _(" loss %.1f%%"), m->link.loss);
	if (figure && ms > 0)
		snprintf(out, size, _("net%s %dms%s"), mark, ms, l);
	else
		snprintf(out, size, _("net%s"), mark);
}

static int missed_open(const struct model *m)
{
	int n = 0;

	for (size_t i = 0; i < m->missed.n; i++)
		n += strcmp(m->missed.v[i].state, "done") != 0;
	return n;
}

static void alarms_fact(const struct model *m, char *out, size_t size)
{
	bool critical = false;

	for (size_t i = 0; i < m->alarms.n; i++)
		critical = critical || m->alarms.v[i].critical;
	snprintf(out, size, _("alarms %d%s"), (int)m->alarms.n,
		 critical      ? "!!"
		 : m->alarms.n ? "!"
			       : "");
}

static void rate_fact(const struct model *m, char *out, size_t size)
{
	snprintf(out, size, _("connect %.2f%% left %d"), m->wall.month.rate,
		 m->wall.month.left);
}

static int collect(const struct app *a, bool wide, struct fact *v)
{
	const struct model *m = app_model(a);
	char b[200], site[120];
	int n = 0;

	utf8_show(site, sizeof(site), m->site.name, strlen(m->site.name),
		  false);
	state_fact(m, wide, b, sizeof(b));
	if (wide && site[0]) {
		char both[400];
		snprintf(both, sizeof(both), "%s %s", site, b);
		utf8_copy(b, sizeof(b), both);
	}
	fact(v, &n, 0, b);
	waiting_fact(m, b, sizeof(b));
	fact(v, &n, 0, b);
	if (m->me.roles & MAY_DESK) { /* others are not told */
		snprintf(b, sizeof(b), _("back %d"), missed_open(m));
		fact(v, &n, 0, b);
	}
	if (m->wall.at_us) {
		rate_fact(m, b, sizeof(b));
		fact(v, &n, 4, b);
	}
	alarms_fact(m, b, sizeof(b));
	fact(v, &n, 0, b);
	link_fact(m, true, wide, b, sizeof(b));
	fact(v, &n, 0, b);
	return n;
}

static int facts_width(const struct fact *v, int n, int joint)
{
	int w = 1;

	for (int i = 0; i < n; i++)
		w += utf8_width(v[i].text) + (i ? joint : 0);
	return w;
}

void frame_status(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	bool wide = w >= 120;
	struct fact v[8];
	int n = collect(a, wide, v), joint = wide ? 3 : 1;
	char clock[CAL_TEXT_SIZE], day[CAL_TEXT_SIZE], right[80];
	struct row r;

	cal_clock(clock, model_now_us(m));
	cal_day(day, model_now_us(m));
	if (w >= 160)
		snprintf(right, sizeof(right), "%s %s %s ", day + 5,
			 pane_weekday(model_now_us(m)), clock);
	else
		snprintf(right, sizeof(right), "%s%s%s ", wide ? day + 5 : "",
			 wide ? " " : "", clock);
	for (int drop = 4; drop > 0; drop--) {
		for (int i = 0; i < n; i++) {
			if (v[i].drop != drop ||
			    facts_width(v, n, joint) + utf8_width(right) < w)
				continue;
			memmove(v + i, v + i + 1,
				(size_t)(n - i - 1) * sizeof(*v));
			n--;
		}
	}
	/* the figure behind the link's mark is the last to go */
	if (facts_width(v, n, joint) + utf8_width(right) >= w)
		link_fact(m, false, false, v[n - 1].text,
			  sizeof(v[n - 1].text));
	row_init(&r);
	row_add(&r, " ");
	for (int i = 0; i < n; i++)
		row_add(&r, "%s%s", i ? (wide ? " │ " : "│") : "", v[i].text);
	screen_fill(y, 0, w, ST_BAR);
	row_draw(&r, y, 0, w - utf8_width(right) - 1, ST_BAR);
	screen_put(y, w - utf8_width(right), utf8_width(right), ST_BAR, right);
}

/* ---- row 2 ---- */

static int tab_text(char *out, size_t size, const struct frame_tab *t,
		    bool current, bool shrink)
{
	char badge[16] = "";

	if (t->badge > 0)
		snprintf(badge, sizeof(badge), "(%d)", t->badge);
	snprintf(out, size, current ? "[%d%s%s%s]" : "%d%s%s%s", t->digit,
		 shrink ? "" : " ", shrink ? "" : t->name, badge);
	return utf8_width(out);
}

void frame_tabs(const struct app *a, int y, int w, const struct frame_tab *v,
		int n, int current)
{
	const char *right = app_model(a)->site.sample ? _("sample data") : "";
	int room = w - utf8_width(right) - 2, sum = 0, x = 0;
	bool shrink = false;
	char b[120];

	for (int i = 0; i < n; i++)
		sum += 1 + tab_text(b, sizeof(b), &v[i], false, false);
	shrink = sum + 2 > room;
	for (int i = 0; i < n; i++) {
		bool on = v[i].digit == current;
		int tw = tab_text(b, sizeof(b), &v[i], on, shrink && !on);
		if (x + tw > room)
			break;
		screen_put(y, x, tw, on ? ST_FOCUS : ST_TEXT, b);
		x += tw + (w >= 120 ? 2 : 1);
	}
	screen_put(y, w - utf8_width(right) - 1, utf8_width(right), ST_DIM,
		   right);
}

/* ---- row 3 ---- */

/* The newest n levels. -60 dB and less is silence, -6 and more the top. */
static void levels(struct row *r, const int8_t past[PHONE_PAST], int n)
{
	double v[PHONE_PAST];

	for (int i = 0; i < n; i++) {
		double k = (past[PHONE_PAST - n + i] + 60) / 54.0;
		v[i] = k < 0 ? 0 : k > 1 ? 1 : k;
	}
	row_spark(r, v, n, 1);
}

static void voice(struct row *r, const struct model *m, int cells)
{
	const struct phone_status *p = m->phone;

	row_add(r, "│%s", m->call.recording ? _("●rec") : _("○rec"));
	row_add(r, _("│me"));
	if (p->mute_talking)
		row_add(r, _("! muted, they cannot hear you"));
	else if (p->muted)
		row_add(r, _("!muted"));
	else
		levels(r, p->mic_past, cells);
	row_add(r, _(" they"));
	levels(r, p->far_past, cells);
	if (p->mos > 0)
		row_add(r, _("│voice%s%.1f"), p->mos >= 3.5 ? "✓" : "!",
			p->mos);
}

/* What a key does here may have a better word than the table's. */
static const char *hint_label(const struct app *a, enum command_id id,
			      const char *focus)
{
	const struct model *m = app_model(a);

	bool work = pane_in_call(m) || m->me.agent.state == STATE_WRAPUP;

	if (id == CMD_OPEN && work && !strcmp(focus, _("search")))
		return _("adopt");
	if (id == CMD_KB && !strcmp(focus, _("search")))
		return _("return");
	if (id == CMD_END && m->offer.contact[0])
		return _("refuse (recorded)");
	if (id == CMD_HOLD && !strcmp(m->call.state, "held"))
		return _("retrieve");
	if (id != CMD_STATE)
		return _(commands[id].label);
	switch (m->me.agent.state) {
	case STATE_READY:
		return _("pause");
	case STATE_WRAPUP:
		return m->draft.filed ? _("ready") : _("file, go on");
	case STATE_PAUSED:
		return _("ready");
	case STATE_OFFLINE:
		return _("sign in");
	default:
		return _("after it");
	}
}

static void phone_keys(const struct app *a, char *out, size_t size,
		       const enum command_id *v, int n)
{
	size_t at = 0;
	char key[16];

	out[0] = '\0';
	for (int i = 0; i < n && at < size; i++) {
		keymap_name(key, sizeof(key), v[i], app_twins(a));
		at += (size_t)snprintf(out + at, size - at, "%s%s%s",
				       i ? " " : "", key,
				       hint_label(a, v[i], ""));
	}
}

static void draw_phone(int y, int w, enum style st, const struct row *r,
		       const char *right)
{
	int rw = utf8_width(right);

	if (r->cols + rw + 2 > w && st != ST_RING)
		rw = 0;
	if (st == ST_RING)
		screen_fill(y, 0, w, st);
	row_draw(r, y, 0, w - rw - (rw > 0), st);
	if (rw)
		screen_put(y, w - rw - 1, rw + 1, st, right);
}

static void ring_row(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	const struct model_offer *o = &m->offer;
	const char *number = *o->contact ? o->number : m->phone->number;
	const char *queue =
		*o->contact ? model_queue_name(m, o->queue) : m->phone->queue;
	int64_t since = *o->contact ? o->until_us - o->lease_ms * 1000
				    : m->phone->since_us;
	int64_t until = *o->contact ? o->until_us : m->phone->ring_until_us;
	char t[32], key[16], right[80];
	struct row r;

	row_init(&r);
	row_time(t, sizeof(t), model_now_us(m) - since);
	row_add(&r, _("◇◇ Call %s ◇◇ "), t);
	row_hostile(&r, 0, *number ? number : _("no number"));
	row_add(&r, " ");
	row_hostile(&r, 0, *o->contact ? o->name : m->phone->name);
	row_add(&r, " │ ");
	row_hostile(&r, 0, queue);
	if (o->queued_us) {
		row_time(t, sizeof(t), since - o->queued_us);
		row_add(&r, _(" │ waited %s"), t);
	}
	if (until)
		row_add(&r, _(" │ %d s"),
			(int)((until - model_now_us(m) + 999999) / 1000000));
	keymap_name(key, sizeof(key), CMD_ANSWER, app_twins(a));
	if (o->answered || m->phone->leg_state == PHONE_ANSWERING)
		snprintf(right, sizeof(right), "%s", _("answering …"));
	else
		snprintf(right, sizeof(right), "【 %s %s 】", key,
			 _("answer"));
	draw_phone(y, w, ST_RING, &r, right);
}

static void call_row(const struct app *a, int y, int w)
{
	static const enum command_id talking[] = {CMD_HOLD, CMD_MUTE,
						  CMD_TRANSFER};
	const struct model *m = app_model(a);
	bool held = !strcmp(m->call.state, "held");
	int64_t since = held ? m->call.held_us : m->call.answered_us;
	char t[32], keys[120], far[80];
	struct row r;

	row_init(&r);
	if (!since)
		since = m->phone->since_us;
	row_time(t, sizeof(t), model_now_us(m) - since);
	row_add(&r,
		held				    ? _("‖hold %s%s ")
		: !strcmp(m->call.state, "ringing") ? _("◇calling %s%s ")
		: !strcmp(m->call.state, "transferring")
			? _("◆handing over %s%s ")
			: _("◆call %s%s "),
		t, held && model_now_us(m) - since > 60000000 ? "!" : "");
	row_hostile(&r, 0,
		    *m->call.number ? m->call.number : m->phone->number);
	row_add(&r, " ");
	utf8_cut(far, sizeof(far), m->call.name, 8, false);
	row_hostile(&r, 0, far);
	voice(&r, m, w >= 120 ? 8 : 4);
	phone_keys(a, keys, sizeof(keys), talking, 3);
	draw_phone(y, w, ST_TEXT, &r, keys);
}

static void wrapup_row(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	const struct model_agent *g = &m->me.agent;
	char t[32], max[32];
	struct row r;

	row_init(&r);
	row_time(t, sizeof(t), model_now_us(m) - g->since_us);
	row_time(max, sizeof(max), g->wrapup_until_us - g->since_us);
	row_add(&r, _("◐wrap-up %s/%s"), t, max);
	if (model_now_us(m) > g->wrapup_until_us)
		row_add(&r, "!");
	row_add(&r, " ");
	row_hostile(&r, 0, m->call.number);
	row_add(&r, " ");
	row_hostile(&r, 0, m->call.name);
	if (m->call.answered_us && m->call.ended_us) {
		row_time(t, sizeof(t), m->call.ended_us - m->call.answered_us);
		row_add(&r, _("│talked %s"), t);
	}
	row_add(&r, "│%s", pane_ended_by(&m->call));
	row_draw(&r, y, 0, w, ST_TEXT);
}

static const char *headset(const struct phone_status *p)
{
	switch (p->audio) {
	case PHONE_AUDIO_UP:
		return p->attached ? _("headset✓") : _("headset✓ no line×");
	case PHONE_AUDIO_STARTING:
		return _("headset…");
	case PHONE_AUDIO_FAILED:
		return _("headset×");
	default:
		return _("headset off");
	}
}

static void playback_row(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	char at[32], len[32];
	struct row r;

	row_init(&r);
	row_time(at, sizeof(at), pane_playback_ms(m) * 1000);
	row_time(len, sizeof(len), m->playback.ms * 1000);
	row_add(&r, _("%s playing %s / %s  %s"),
		strcmp(m->playback.state, "paused") ? "►" : "‖", at, len,
		m->playback.recording);
	draw_phone(y, w, ST_TEXT, &r, _("Space rests  ← → 5 s  F12 ends"));
}

static void idle_row(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	char t[32], wait[120];
	struct row r;

	row_init(&r);
	switch (m->me.agent.state) {
	case STATE_READY:
		row_add(&r, _(" ●waiting for calls"));
		break;
	case STATE_PAUSED:
		row_add(&r, _(" ○paused: F9 ready"));
		break;
	default:
		row_add(&r, (m->me.roles & ROLE_AGENT)
				    ? _(" ○signed off: F9 signs in")
				    : _(" ○no listening"));
		break;
	}
	if (m->call.ended_us) {
		cal_clock(t, m->call.ended_us);
		t[5] = '\0';
		snprintf(wait, sizeof(wait), _("   last call %s "), t);
		row_add(&r, "%s", wait);
		row_hostile(&r, 0, m->call.number);
		row_add(&r, " ");
		row_hostile(&r, 0, m->call.name);
	}
	draw_phone(y, w, ST_TEXT, &r, headset(m->phone));
}

static void lost_row(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	char t[32];
	struct row r;

	row_init(&r);
	row_time(t, sizeof(t), cal_now_us() - m->link.down_us);
	if (m->link.state == LINK_REFUSED || m->link.ended[0])
		row_add(&r, _("!! no link %s: see below"), t);
	else
		row_add(&r,
			m->call.contact[0] ? _("!! no link %s, reconnecting; "
					       "the citizen hears a "
					       "comfort message")
					   : _("!! no link %s, reconnecting"),
			t);
	row_draw(&r, y, 0, w, ST_CRIT);
}

static void second_row(const struct app *a, int y, int w)
{
	const struct model *m = app_model(a);
	char t[32], why[200];
	struct row r;

	row_init(&r);
	if (pane_in_call(m) || m->offer.contact[0]) {
		bool offer = m->offer.contact[0];
		int64_t arrived =
			offer ? m->offer.arrived_us : m->call.arrived_us;
		row_add(&r, " %s",
			model_queue_name(m, offer ? m->offer.queue
						  : m->call.queue));
		if (arrived) {
			row_time(t, sizeof(t), model_now_us(m) - arrived);
			row_add(&r, _("   since arrival %s"), t);
		}
		pane_reason(m, m->offer.why, why, sizeof(why));
		if (offer)
			row_add(&r, "   %s", why);
		pane_promise_line(m, &r);
	} else {
		pane_sound_line(m, &r);
	}
	row_draw(&r, y, 0, w, ST_TEXT);
}

void frame_phone(const struct app *a, int y, int w, int rows)
{
	const struct model *m = app_model(a);

	if (m->link.down_us && m->me.id[0] && m->link.state != LINK_UP &&
	    cal_now_us() - m->link.down_us > 1000000)
		lost_row(a, y, w);
	else if (m->offer.contact[0] || m->phone->leg_state == PHONE_RINGING)
		ring_row(a, y, w);
	else if (pane_in_call(m))
		call_row(a, y, w);
	else if (m->playback.recording[0] &&
		 strcmp(m->playback.state, "ended") != 0)
		playback_row(a, y, w);
	else if (m->me.agent.state == STATE_WRAPUP)
		wrapup_row(a, y, w);
	else
		idle_row(a, y, w);
	if (rows > 1)
		second_row(a, y + 1, w);
}

/* ---- the last two rows ---- */

static void wrapup_standing(const struct app *a, char *out, size_t size)
{
	const char *miss = client_draft_missing(app_client(a));
	char key[16];

	keymap_name(key, sizeof(key), CMD_STATE, app_twins(a));
	if (app_model(a)->draft.filed)
		snprintf(out, size, _("✓ Filed. %s: ready"), key);
	else if (miss)
		snprintf(out, size,
			 _("◐ The call has ended. Still missing: %s"),
			 pane_field_name(miss));
	else
		snprintf(out, size,
			 _("◐ The call has ended. The ticket is complete: %s "
			   "files it and goes on"),
			 key);
}

void frame_standing(const struct app *a, char *out, size_t size)
{
	const struct model *m = app_model(a);
	char key[16];

	out[0] = '\0';
	keymap_name(key, sizeof(key), CMD_ANSWER, app_twins(a));
	if (m->offer.contact[0])
		snprintf(out, size,
			 _("◇ A call: %s answers. After %d s it goes to the "
			   "next, the citizen keeps the place and you pause"),
			 key, (int)(m->offer.lease_ms / 1000));
	else if (!m->me.id[0] || !(m->me.roles & ROLE_AGENT))
		return;
	else if (m->me.agent.state == STATE_READY)
		snprintf(out, size,
			 _("✓ Ready. Calls do not disturb what you type; %s "
			   "answers"),
			 key);
	else if (m->me.agent.state == STATE_WRAPUP)
		wrapup_standing(a, out, size);
	else if (m->me.agent.state == STATE_PAUSED &&
		 !strcmp(m->me.agent.reason, "missed"))
		snprintf(out, size, "%s",
			 _("○ Paused because a call was not answered. F9: "
			   "ready"));
	else if (m->me.agent.state == STATE_PAUSED &&
		 !strcmp(m->me.agent.reason, "phone_lost"))
		snprintf(out, size, "%s",
			 _("! Paused because your phone was gone. F9: ready"));
}

static void right_mark(const struct model *m, char *out, size_t size)
{
	int64_t age = m->link.heard_us ? cal_now_us() - m->link.heard_us : 0;
	int s = model_unconfirmed_s(m);
	char t[CAL_TEXT_SIZE];

	out[0] = '\0';
	if (s > 0) {
		snprintf(out, size, _("unconfirmed %d s"), s);
	} else if (age > 3000000) {
		snprintf(out, size, _("data %d s old"), (int)(age / 1000000));
	} else if ((m->draft.contact[0] || m->draft.ticket[0]) &&
		   !m->draft.filed) {
		cal_clock(t, m->draft.saved_us);
		if (m->draft.save == SAVE_SAVED)
			snprintf(out, size, _("draft saved %s"), t);
		else if (m->draft.save == SAVE_FAILED)
			snprintf(out, size, "%s", _("× draft not saved"));
		else if (m->draft.save != SAVE_CLEAN)
			snprintf(out, size, "%s", _("draft …"));
	}
}

void frame_message(const struct app *a, int y, int w, const char *text,
		   enum model_level level)
{
	char right[80];
	struct row r;
	int rw;

	right_mark(app_model(a), right, sizeof(right));
	rw = utf8_width(right);
	row_init(&r);
	row_add(&r, " ");
	row_cell(&r, w - rw - (rw ? 3 : 1), text);
	row_draw(&r, y, 0, w, ST_BAR);
	if (rw)
		screen_mix(y, w - rw - 1, rw, ST_BAR, right);
}

void frame_hints(const struct app *a, int y, int w, const char *focus,
		 const struct actions *here)
{
	const enum command_id *v = here->v;
	char help[48], key[16], one[80];
	struct row r;
	int room;

	snprintf(help, sizeof(help), "? %s ", _("help"));
	room = w - utf8_width(help) - 1;
	row_init(&r);
	row_add(&r, " [%s]", focus);
	for (; *v != CMD_NONE; v++) {
		/* help stands at the end, Tab says it for both directions */
		if (*v == CMD_HELP || *v == CMD_PREV_PANE ||
		    !(commands[*v].may & app_may(a)) ||
		    command_refusal(app_model(a), *v))
			continue;
		keymap_name(key, sizeof(key), *v, app_twins(a));
		snprintf(one, sizeof(one), " %s%s%s%s", key,
			 *v == CMD_END ? (app_twins(a) ? " =" : " F12") : "",
			 key[0] ? " " : ":", hint_label(a, *v, focus));
		if (r.cols + 1 + utf8_width(one) > room)
			break;
		row_add(&r, "%s%s", w >= 120 ? " " : "", one);
	}
	row_draw(&r, y, 0, w, ST_BAR);
	screen_put(y, w - utf8_width(help), utf8_width(help), ST_BAR, help);
}

void frame_small(const struct app *a, int rows, int w)
{
	char b[240];
	int h;

	frame_status(a, 0, w);
	if (rows > 2)
		frame_phone(a, 1, w, 1);
	snprintf(b, sizeof(b),
		 _("Window %dx%d, 80x24 at least. The phone works: F2 answer "
		   "F4 hold F12 F12 end"),
		 w, rows);
	h = pane_text_rows(b, w);
	if (rows > 2 + h)
		pane_text((struct area){rows - h, 0, w, h}, ST_WARN, b, 0);
}

void frame_prefix(int y, int w, const char *keypad, bool phone)
{
	char b[160];

	if (keypad)
		snprintf(b, sizeof(b), _(" Keypad: %s  Esc ends"), keypad);
	else
		snprintf(b, sizeof(b), "%s",
			 phone ? _(" ^P: 2 answer 3 knowledge 4 hold 5 mute "
				   "6 transfer 9 state 0 keypad - dial "
				   "= = end")
			       : _(" ^T: digit of the tab"));
	screen_fill(y, 0, w, ST_BAR);
	screen_put(y, 0, w, ST_BAR, b);
}
