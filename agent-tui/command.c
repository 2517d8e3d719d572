/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be undone happens at once; what cannot says first what it will do
 * and wants the key again. Local effects (mute, answer) do not wait for the
 * office.
 */
#include "agent-tui/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/phone_no.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/device.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/view/panes.h"

#define TARGETS_MAX 600 /* agents and queues to hand a call to */

static bool ringing(const struct model *m)
{
	return m->offer.contact[0] || m->phone->leg_state == PHONE_RINGING;
}

static bool wrapping_up(const struct model *m)
{
	return m->me.agent.state == STATE_WRAPUP;
}

static bool playing(const struct model *m)
{
	return m->playback.recording[0] &&
	       strcmp(m->playback.state, "ended") != 0;
}

const char *command_refusal(const struct model *m, enum command_id id)
{
	switch (id) {
	case CMD_ANSWER:
		return ringing(m) ? NULL : _("nothing rings");
	case CMD_END:
		return ringing(m) || pane_in_call(m) || playing(m)
			       ? NULL
			       : _("there is no call");
	case CMD_HOLD:
	case CMD_TRANSFER:
	case CMD_KEYPAD:
		return pane_in_call(m) ? NULL : _("there is no call");
	case CMD_DIAL:
	case CMD_CALLBACK:
		return ringing(m) || pane_in_call(m) ? _("you are in a call")
						     : NULL;
	case CMD_CARD:
		return pane_card_is_mine(m)
			       ? NULL
			       : _("this is not the citizen of your call");
	case CMD_EXTEND:
		return wrapping_up(m) ? NULL : _("only in wrap-up");
	case CMD_QUIT:
		/* no way back to the call from here */
		if (m->link.state == LINK_REFUSED ||
		    !strcmp(m->link.ended, "disabled"))
			return NULL;
		if (ringing(m) || pane_in_call(m))
			return _("you are in a call");
		return wrapping_up(m) ? _("the ticket is not filed yet")
				      : NULL;
	default:
		return NULL;
	}
}

/* ---- the telephone ---- */

static void on_end(struct app *a, const char *answer, void *arg)
{
	if (answer)
		client_hangup(app_client(a));
}

static void on_refuse(struct app *a, const char *answer, void *arg)
{
	if (answer)
		client_refuse(app_client(a));
}

static const char *far_side(const struct model *m)
{
	return m->call.contact[0]    ? m->call.number
	       : m->offer.contact[0] ? m->offer.number
				     : m->phone->number;
}

static void end(struct app *a)
{
	const struct model *m = app_model(a);
	char who[64], b[240];

	if (playing(m) && !pane_in_call(m)) {
		client_recording_stop(app_client(a));
		return;
	}
	utf8_show(who, sizeof(who), far_side(m), strlen(far_side(m)), false);
	if (ringing(m)) {
		snprintf(b, sizeof(b),
			 _("F12 again refuses %s: recorded, you go to pause"),
			 who);
		app_ask_again(a, CMD_END, b, on_refuse, NULL);
		return;
	}
	snprintf(b, sizeof(b), _("F12 again ends the call with %s"), who);
	app_ask_again(a, CMD_END, b, on_end, NULL);
}

static void hold(struct app *a)
{
	if (!strcmp(app_model(a)->call.state, "held"))
		client_retrieve(app_client(a));
	else
		client_hold(app_client(a));
}

static void on_transfer(struct app *a, const char *answer, void *arg)
{
	client_choose(app_client(a), false);
	if (!answer)
		return;
	if (!client_transfer(app_client(a), answer))
		app_say(a, MESSAGE_INFO, _("… Transferring to %s"), answer);
}

static int transfer_targets(const struct model *m, struct app_choice *v,
			    int max)
{
	int n = 0;

	for (size_t i = 0; i < m->agents.n && n < max; i++) {
		const struct model_agent *g = &m->agents.v[i];
		if (g->state == STATE_OFFLINE || !strcmp(g->id, m->me.id))
			continue;
		utf8_copy(v[n].code, sizeof(v[n].code), g->id);
		snprintf(v[n].label, sizeof(v[n].label), "%s %s  %s", g->id,
			 g->name, tr(model_state_name(g->state)));
		n++;
	}
	for (size_t i = 0; i < m->queues.n && n < max; i++) {
		const struct model_queue *q = &m->queues.v[i];
		utf8_copy(v[n].code, sizeof(v[n].code), q->id);
		snprintf(v[n].label, sizeof(v[n].label),
			 _("queue %s  ready %d, waiting %d"), q->name,
			 q->ready, q->waiting);
		n++;
	}
	return n;
}

static void transfer(struct app *a, const char *to)
{
	struct app_choice *v;
	int n;

	if (*to) {
		on_transfer(a, to, NULL);
		return;
	}
	v = mem_zalloc(TARGETS_MAX * sizeof(*v), NULL);
	if (!v)
		return;
	n = transfer_targets(app_model(a), v, TARGETS_MAX);
	app_ask_pick(a, _("Transfer to: digit or name, Enter hands over"), v,
		     n, false, on_transfer, NULL);
	mem_deref(v);
	client_choose(app_client(a), true);
}

void command_targets(struct app *a)
{
	struct app_choice *v;

	if (!app_asks(a, on_transfer))
		return;
	v = mem_zalloc(TARGETS_MAX * sizeof(*v), NULL);
	if (!v)
		return;
	app_choices(a, v, transfer_targets(app_model(a), v, TARGETS_MAX));
	mem_deref(v);
}

/* ---- dialling and unmasking: a reason first ---- */

struct wish {
	char number[64];
	char contact[MODEL_ID], ticket[MODEL_ID];
	int64_t missed;
};

static const char *or_null(const char *s)
{
	return *s ? s : NULL;
}

static void on_purpose(struct app *a, const char *answer, void *arg)
{
	const struct wish *w = arg;

	if (!answer)
		return;
	client_dial(app_client(a), &(struct client_dial){
					   .number = or_null(w->number),
					   .missed = w->missed,
					   .ticket = or_null(w->ticket),
					   .purpose = answer,
				   });
}

void command_dial(struct app *a, const char *number, int64_t missed,
		  const char *ticket)
{
	static const char *const codes[] = {"callback", "promise", "visit",
					    "other"};
	const char *const names[] = {_("call back"), _("keep a promise"),
				     _("follow-up"), _("other")};
	struct app_choice v[4] = {0};
	struct wish *w;
	const char *why = command_refusal(app_model(a), CMD_DIAL);

	if (why) {
		app_say(a, MESSAGE_ERROR, _("× Not dialled: %s"), why);
		return;
	}
	w = mem_zalloc(sizeof(*w), NULL);
	if (!w)
		return;
	utf8_copy(w->number, sizeof(w->number), number);
	utf8_copy(w->ticket, sizeof(w->ticket), ticket);
	w->missed = missed;
	for (int i = 0; i < 4; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].label, sizeof(v[i].label), names[i]);
	}
	app_ask_digit(a, _("Purpose of the call:"), v, 4, on_purpose, w);
	mem_deref(w);
}

static void on_reason(struct app *a, const char *answer, void *arg)
{
	const struct wish *w = arg;

	if (!answer)
		return;
	client_unmask(app_client(a), &(struct client_unmask){
					     .contact = or_null(w->contact),
					     .ticket = or_null(w->ticket),
					     .missed = w->missed,
					     .field = "number",
					     .reason = answer,
				     });
}

void command_unmask(struct app *a, const char *contact, const char *ticket,
		    int64_t missed)
{
	static const char *const codes[] = {"callback", "verify", "registry",
					    "other"};
	const char *const names[] = {_("call back"), _("verify the person"),
				     _("look up at the bureau"), _("other")};
	struct app_choice v[4] = {0};
	struct wish *w = mem_zalloc(sizeof(*w), NULL);

	if (!w)
		return;
	utf8_copy(w->contact, sizeof(w->contact), contact);
	utf8_copy(w->ticket, sizeof(w->ticket), ticket);
	w->missed = missed;
	for (int i = 0; i < 4; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].label, sizeof(v[i].label), names[i]);
	}
	app_ask_digit(a, _("Why (recorded):"), v, 4, on_reason, w);
	mem_deref(w);
}

static void on_number(struct app *a, const char *answer, void *arg)
{
	char no[PHONE_NO_SIZE];

	if (!answer || !*answer)
		return;
	phone_no_normal(no, answer);
	if (!*no) {
		app_say(a, MESSAGE_ERROR, _("× %s is no telephone number"),
			answer);
		return;
	}
	command_dial(a, answer, 0, "");
}

/* ---- the citizen's card ---- */

struct card {
	char field[16];
};

static void on_card_text(struct app *a, const char *answer, void *arg)
{
	const struct card *k = arg;

	/* the name that is shown is masked: nothing typed leaves it */
	if (!answer || (!*answer && !strcmp(k->field, "name")))
		return;
	if (pane_card_is_mine(app_model(a)))
		client_citizen_update(app_client(a), k->field, answer);
}

static void on_card_field(struct app *a, const char *answer, void *arg)
{
	const struct model_citizen *c = &app_model(a)->citizen;
	struct card *k;
	const char *was = "";

	if (!answer)
		return;
	k = mem_zalloc(sizeof(*k), NULL);
	if (!k)
		return;
	utf8_copy(k->field, sizeof(k->field), answer);
	if (!strcmp(answer, "title"))
		was = c->title;
	else if (!strcmp(answer, "note"))
		was = c->note ? c->note : "";
	else if (!strcmp(answer, "prefs"))
		was = c->prefs ? c->prefs : "";
	/* refused before: what was typed is there to be mended */
	if (c->refused && *c->refused && !strcmp(answer, c->refused_field))
		was = c->refused;
	app_ask_text(a, _("On the card:"), was, on_card_text, k);
	mem_deref(k);
}

static void ask_card(struct app *a)
{
	static const char *const codes[] = {"name", "title", "prefs", "note"};
	const char *const names[] = {_("name"), _("title"), _("preferences"),
				     _("remark")};
	struct app_choice v[4] = {0};

	for (int i = 0; i < 4; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].label, sizeof(v[i].label), names[i]);
	}
	app_ask_digit(a, _("Edit:"), v, 4, on_card_field, NULL);
}

/* ---- my state ---- */

int command_pauses(const struct model *m, struct app_choice *v, int max)
{
	int n = 0;

	for (size_t i = 0; i < m->site.pauses.n && n < max; i++) {
		const struct model_pause *p = &m->site.pauses.v[i];
		if (!p->active)
			continue;
		utf8_copy(v[n].code, sizeof(v[n].code), p->code);
		if (p->max_ms)
			snprintf(v[n].label, sizeof(v[n].label),
				 _("%s (%d min)"), tr(p->name),
				 (int)(p->max_ms / 60000));
		else
			utf8_copy(v[n].label, sizeof(v[n].label), tr(p->name));
		n++;
	}
	return n;
}

static void on_pause(struct app *a, const char *answer, void *arg)
{
	if (answer)
		client_pause(app_client(a), answer);
}

static void on_after(struct app *a, const char *answer, void *arg)
{
	if (answer)
		client_after(app_client(a), answer);
}

static void ask_pause(struct app *a)
{
	struct app_choice v[9] = {0};
	int n = command_pauses(app_model(a), v, 9);

	if (!n) {
		client_pause(app_client(a), "break");
		return;
	}
	app_ask_digit(a, _("Pause:"), v, n, on_pause, NULL);
}

static void ask_after(struct app *a)
{
	struct app_choice v[9] = {0};
	int n;

	utf8_copy(v[0].code, sizeof(v[0].code), "ready");
	utf8_copy(v[0].label, sizeof(v[0].label), _("ready"));
	n = 1 + command_pauses(app_model(a), v + 1, 8);
	app_ask_digit(a, _("After this call:"), v, n, on_after, NULL);
}

/* `:pause lunch`: by code or name, as far as it is unique. */
static void pause_named(struct app *a, const char *word)
{
	const struct model *m = app_model(a);
	size_t n = strlen(word);

	for (size_t i = 0; n && i < m->site.pauses.n; i++) {
		const struct model_pause *p = &m->site.pauses.v[i];
		if (!strncmp(p->code, word, n) ||
		    !strncmp(tr(p->name), word, n)) {
			client_pause(app_client(a), p->code);
			return;
		}
	}
	ask_pause(a);
}

/* F9. In wrap-up the desk takes it before it comes here. */
static void state(struct app *a)
{
	const struct model *m = app_model(a);

	switch (m->me.agent.state) {
	case STATE_READY:
		ask_pause(a);
		break;
	case STATE_PAUSED:
	case STATE_WRAPUP:
		client_ready(app_client(a));
		break;
	case STATE_OFFLINE:
		client_signin(app_client(a), "workstation");
		break;
	default:
		ask_after(a);
		break;
	}
}

static void hand(struct app *a, const char *text)
{
	bool up = !app_model(a)->me.agent.hand_up;

	if (!client_hand(app_client(a), up, text))
		app_say(a, MESSAGE_INFO,
			up ? _("Your hand is up; ^G takes it down")
			   : _("Your hand is down"));
}

static void theme(struct app *a, const char *word)
{
	bool light = !strncmp(word, "light", 2) || !strncmp(word, "浅", 3);
	bool dark = !strncmp(word, "dark", 2) || !strncmp(word, "深", 3);

	if (light || dark)
		screen_set_light(light);
	else
		app_say(a, MESSAGE_INFO, _(":theme light or :theme dark"));
	app_dirty(a);
}

/* ---- sound devices ---- */

static void on_device(struct app *a, const char *answer, void *arg)
{
	if (answer && *answer && !client_device(app_client(a), answer, NULL))
		app_say(a, MESSAGE_INFO, _("… Headset: %s"), answer);
}

static void on_ringer(struct app *a, const char *answer, void *arg)
{
	if (!answer || !*answer)
		return;
	if (!client_device(app_client(a), NULL,
			   strcmp(answer, "null") ? answer : ""))
		app_say(a, MESSAGE_OK, _("✓ Rings at: %s"), answer);
}

static void device(struct app *a, const char *word, const char *question,
		   app_answer_h *h)
{
	struct device v[16];
	struct app_choice c[16] = {0};
	int n;

	if (*word) {
		h(a, word, NULL);
		return;
	}
	n = device_list(v, 16);
	for (int i = 0; i < n; i++) {
		utf8_copy(c[i].code, sizeof(c[i].code), v[i].word);
		snprintf(c[i].label, sizeof(c[i].label), "%.60s  %.90s",
			 v[i].word, tr(v[i].label));
	}
	app_ask_pick(a, question, c, n, true, h, NULL);
}

static bool run_phone(struct app *a, enum command_id id, const char *arg)
{
	struct client *c = app_client(a);

	switch (id) {
	case CMD_ANSWER:
		client_answer(c);
		return true;
	case CMD_END:
		end(a);
		return true;
	case CMD_HOLD:
		hold(a);
		return true;
	case CMD_MUTE:
		client_mute(c, !app_model(a)->phone->muted);
		app_dirty(a);
		return true;
	case CMD_TRANSFER:
		transfer(a, arg);
		return true;
	case CMD_DEVICE:
		device(a, arg, _("Headset:"), on_device);
		return true;
	case CMD_RINGER:
		device(a, arg, _("Ring at:"), on_ringer);
		return true;
	case CMD_DIAL:
		if (*arg)
			on_number(a, arg, NULL);
		else
			app_ask_text(a, _("Number to call:"), "", on_number,
				     NULL);
		return true;
	default:
		return false;
	}
}

static bool run_state(struct app *a, enum command_id id, const char *arg)
{
	struct client *c = app_client(a);

	switch (id) {
	case CMD_STATE:
		state(a);
		return true;
	case CMD_READY:
		client_ready(c);
		return true;
	case CMD_PAUSE:
		pause_named(a, arg);
		return true;
	case CMD_HAND:
		hand(a, arg);
		return true;
	case CMD_EXTEND:
		client_extend(c);
		return true;
	case CMD_CARD:
		ask_card(a);
		return true;
	default:
		return false;
	}
}

static bool run_open(struct app *a, enum command_id id, const char *arg)
{
	switch (id) {
	case CMD_TICKET:
		app_open(a, &view_ticket, arg);
		return true;
	case CMD_ENTRY:
		app_open(a, &view_kb, arg);
		return true;
	case CMD_CITIZEN:
		if (*arg)
			app_open(a, &view_citizen, arg);
		else
			app_say(a, MESSAGE_INFO,
				_("Say which: :citizen NUMBER"));
		return true;
	case CMD_CONTACT:
		app_open(a, &view_contact, arg);
		return true;
	case CMD_RECORDINGS:
		app_open(a, &view_record, arg);
		return true;
	case CMD_MESSAGES:
		app_open(a, &view_messages, arg);
		return true;
	case CMD_ALARMS:
		app_open(a, &view_messages, "alarms");
		return true;
	case CMD_HELP:
		app_open(a, &view_help, arg);
		return true;
	case CMD_KEYS:
		app_open(a, &view_keys, arg);
		return true;
	case CMD_THEME:
		theme(a, arg);
		return true;
	default:
		return false;
	}
}

bool command_run(struct app *a, enum command_id id, const char *arg)
{
	const char *why = command_refusal(app_model(a), id);

	if (why) {
		app_say(a, MESSAGE_ERROR, _("× Not now (%s): %s"),
			_(commands[id].label), why);
		return true;
	}
	return run_phone(a, id, arg) || run_state(a, id, arg) ||
	       run_open(a, id, arg);
}
