/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small words and shapes for states, outcomes and times: one place, so
 * that the same thing has the same name on every screen.
 */
#include "agent-tui/view/panes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cal.h"
#include "common/proto.h"
#include "agent-tui/i18n.h"

#define US 1000000LL

struct word {
	const char *code, *text;
};

static const char *look_up(const struct word *v, size_t n, const char *code)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].code, code))
			return tr(v[i].text);
	return code;
}
#define LOOK_UP(words, code) \
	look_up(words, sizeof(words) / sizeof(*(words)), code)

/* A hold does not start the talk anew: it counts from the answer. */
int64_t pane_since(const struct model *m, const struct model_agent *g)
{
	if (g->state != STATE_TALKING)
		return g->since_us;
	if (!strcmp(m->call.agent, g->id) && m->call.answered_us &&
	    strcmp(m->call.state, "ended") != 0)
		return m->call.answered_us;
	for (size_t i = 0; i < m->calls.n; i++) {
		const struct model_call *k = &m->calls.v[i];
		if (k->answered_us && !strcmp(k->agent, g->id))
			return k->answered_us;
	}
	return g->since_us;
}

bool pane_in_call(const struct model *m)
{
	bool call = m->call.contact[0] && strcmp(m->call.state, "ended") != 0;
	bool leg = m->phone->leg_state >= PHONE_ANSWERING;

	if (m->link.state != LINK_UP)
		return call || leg;
	switch (m->me.agent.state) {
	case STATE_TALKING:
	case STATE_HELD:
		return true;
	case STATE_OFFERED:
		return call || leg;
	default: /* a recording that is played comes by a leg too */
		return false;
	}
}

void pane_reason(const struct model *m, const char *why, char *out,
		 size_t size)
{
	char queue[MODEL_ID], t[32];
	long long level, idle_ms;

	if (sscanf(why, "queue=%47s level=%lld idle_ms=%lld", queue, &level,
		   &idle_ms) != 3) {
		snprintf(out, size, "%s", tr(why));
		return;
	}
	row_time(t, sizeof(t), idle_ms * 1000);
	snprintf(out, size, _("%s level %d, idle for %s"),
		 model_queue_name(m, queue), (int)level, t);
}

const char *pane_state_shape(enum model_state st)
{
	static const char *const shapes[] = {
		[STATE_OFFLINE] = "○", [STATE_READY] = "●",
		[STATE_OFFERED] = "◇", [STATE_TALKING] = "◆",
		[STATE_HELD] = "‖",    [STATE_WRAPUP] = "◐",
		[STATE_PAUSED] = "○",
	};

	return shapes[st];
}

const char *pane_wait_mark(int64_t us)
{
	return us >= 30 * US ? "!!" : us >= 15 * US ? "!" : "";
}

const char *pane_field_name(const char *field)
{
	static const struct word words[] = {
		{"disposition", N_("business")}, {"outcome", N_("outcome")},
		{"summary", N_("summary")},	 {"promise_us", N_("when")},
		{"promise", N_("promise")},
	};

	return LOOK_UP(words, field);
}

const char *pane_ended_by(const struct model_call *c)
{
	static const struct word words[] = {
		{"citizen", N_("the citizen hung up")},
		{"agent", N_("you ended it")},
		{"lead", N_("the lead ended it")},
		{"system", N_("ended by the system")},
		{"", N_("ended")},
	};

	if (!strcmp(c->reason, "switch_lost"))
		return _("× the exchange lost the call: it heads the "
			 "call-back list");
	return LOOK_UP(words, c->ended_by);
}

const char *pane_fact(const char *kind)
{
	static const struct word words[] = {
		{"contact.arrived", N_("arrived, recording announced")},
		{"contact.dialled", N_("dialled")},
		{"contact.greeted", N_("greeting heard")},
		{"contact.queued", N_("in the line")},
		{"contact.requeued", N_("in the line again")},
		{"contact.transferred", N_("handed over")},
		{"contact.answered", N_("answered")},
		{"contact.held", N_("on hold")},
		{"contact.retrieved", N_("off hold")},
		{"contact.away", N_("agent's line broke")},
		{"contact.back", N_("agent's line is back")},
		{"contact.leaving", N_("to the rating")},
		{"contact.ended", N_("call over")},
		{"call.hangup", N_("ended by hand")},
		{"offer.made", N_("offered")},
		{"offer.ended", N_("offer over")},
		{"leg.arrived", N_("line in")},
		{"leg.ringing", N_("telephone rings")},
		{"leg.answered", N_("telephone up")},
		{"leg.ended", N_("telephone down")},
		{"leg.refused", N_("telephone refused")},
		{"leg.silent", N_("no voice")},
		{"leg.back", N_("voice is back")},
		{"leg.detached", N_("workstation gone")},
		{"leg.attached", N_("workstation is back")},
		{"recording.opened", N_("recording begins")},
		{"recording.closed", N_("recording whole")},
		{"recording.played", N_("recording heard")},
		{"kb.adopted", N_("entry adopted")},
		{"kb.dropped", N_("entry dropped")},
		{"kb.gap", N_("gap recorded")},
		{"kb.searched", N_("searched in vain")},
		{"ticket.filed", N_("ticket filed")},
		{"ticket.noted", N_("ticket noted")},
		{"ticket.corrected", N_("ticket corrected")},
		{"missed.claimed", N_("call back claimed")},
		{"missed.closed", N_("call back settled")},
		{"citizen.updated", N_("card changed")},
		{"citizen.unmasked", N_("full number shown")},
	};

	return LOOK_UP(words, kind);
}

const char *pane_result(const char *result)
{
	static const struct word words[] = {
		{"answered", N_("answered")},  {"abandoned", N_("gave up")},
		{"overflow", N_("overflow")},  {"lost", N_("lost")},
		{"closed", N_("after hours")}, {"waiting", N_("waiting")},
		{"active", N_("in a call")},   {"dialled", N_("dialled")},
	};

	return LOOK_UP(words, result);
}

const char *pane_outcome(const char *outcome)
{
	static const struct word words[] = {
		{"answered", N_("answered at once")},
		{"callback", N_("promise to call")},
		{"bureau", N_("ask the bureau")},
		{"transferred", N_("passed on")},
		{"invalid", N_("no question")},
	};

	return LOOK_UP(words, outcome);
}

const char *pane_ticket_state(const char *state)
{
	static const struct word words[] = {
		{"draft", N_("draft")},
		{"open", N_("to do")},
		{"done", N_("done")},
	};

	return LOOK_UP(words, state);
}

const char *pane_ticket_step(const char *what)
{
	static const struct word words[] = {
		{"filed", N_("ticket filed")},
		{"corrected", N_("ticket corrected")},
		{"note", N_("note")},
		{"settled", N_("settled with")},
	};

	return LOOK_UP(words, what);
}

int64_t pane_playback_ms(const struct model *m)
{
	int64_t ms = m->playback.position_ms;

	if (!strcmp(m->playback.state, "playing"))
		ms += (cal_now_us() - m->playback.at_us) / 1000;
	if (m->playback.ms && ms > m->playback.ms)
		ms = m->playback.ms;
	return ms < 0 ? 0 : ms;
}

void pane_when(const struct model *m, int64_t us, char *out, size_t size)
{
	char b[CAL_TEXT_SIZE];
	bool today = cal_day_start(us) == cal_day_start(model_now_us(m));

	if (!us) {
		snprintf(out, size, "--:--");
		return;
	}
	if (today)
		cal_clock(b, us);
	else
		cal_day(b, us);
	snprintf(out, size, "%.5s", today ? b : b + 5);
}

const char *pane_weekday(int64_t us)
{
	static const char *const names[] = {N_("Sun"), N_("Mon"), N_("Tue"),
					    N_("Wed"), N_("Thu"), N_("Fri"),
					    N_("Sat")};
	char day[CAL_TEXT_SIZE];
	struct tm tm = {.tm_hour = 12};

	/* the site's day, not this computer's */
	cal_day(day, us);
	if (sscanf(day, "%d-%d-%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
		return "";
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (timegm(&tm) == (time_t)-1)
		return "";
	return tr(names[tm.tm_wday]);
}

void pane_left(const struct model *m, int64_t until_us, char *out, size_t size)
{
	int64_t s = (until_us - model_now_us(m)) / US;

	if (s < 0)
		snprintf(out, size, _("late %d:%02d"), (int)(-s / 3600),
			 (int)(-s / 60 % 60));
	else
		snprintf(out, size, _("left %d:%02d"), (int)(s / 3600),
			 (int)(s / 60 % 60));
}

/* Within 60 days of its last day an entry in force is shown as expiring. */
#define EXPIRING_US (60 * 86400 * US)

const char *pane_entry_shape(const char *state, const char *expires)
{
	int64_t us;

	if (!strcmp(state, "expired") || !strcmp(state, "withdrawn"))
		return "○";
	if (strcmp(state, "effective") != 0)
		return "◐";
	if (*expires && !cal_parse(&us, expires) &&
	    us - cal_now_us() < EXPIRING_US)
		return "▲";
	return "●";
}

bool pane_entry_answerable(const char *state)
{
	return !strcmp(state, "effective");
}
