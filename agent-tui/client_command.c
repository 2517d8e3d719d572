/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What views may ask: each command is one request, with the mark it leaves
 * in the model while it is unanswered and what its reply changes.
 */
#include "agent-tui/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/proto.h"
#include "common/utf8.h"

#include "agent-tui/client_state.h"

#define SEARCH_PAUSE_MS 50
#define WALL_MS		5000
#define UNMASK_US	(30 * INT64_C(1000000))

/* ---- me ---- */

static void on_agent(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		client_take_me(c, r->result);
}

/* A reply waits for the disk, events do not: one that tells of a state from
 * before the event's says nothing new. */
void client_take_me(struct client *c, json_t *agent)
{
	json_t *obj = json_object_get(agent, "agent");

	if (json_int(obj ? obj : agent, "since_us") >=
	    c->model->me.agent.since_us)
		model_take_me(c->model, agent);
}

static int me(struct client *c, const char *method, json_t *params,
	      const char *what)
{
	return client_request(c, method, params, what, on_agent, c);
}

int client_signin(struct client *c, const char *device)
{
	char copy[sizeof(c->device)];

	utf8_copy(copy, sizeof(copy), device);
	memcpy(c->device, copy, sizeof(copy));
	c->want_signin = true;
	return me(c, "agent.signin", json_pack("{s:s}", "device", c->device),
		  N_("Sign in"));
}

int client_ready(struct client *c)
{
	return me(c, "agent.ready", NULL, N_("Ready"));
}

int client_pause(struct client *c, const char *reason)
{
	return me(c, "agent.pause", json_pack("{s:s}", "reason", reason),
		  N_("Pause"));
}

int client_after(struct client *c, const char *to)
{
	return me(c, "agent.after", json_pack("{s:s}", "to", to),
		  N_("After the call"));
}

int client_extend(struct client *c)
{
	return me(c, "agent.extend", NULL, N_("More wrap-up"));
}

int client_hand(struct client *c, bool up, const char *text)
{
	json_t *p = json_pack("{s:b}", "up", up);

	if (text && *text)
		json_object_set_new(p, "text", json_string(text));
	return me(c, "agent.hand", p, N_("Hand"));
}

/* ---- my call ---- */

static bool at_desk_phone(const struct client *c)
{
	return !strncmp(c->model->me.agent.device, "phone:", 6);
}

static int say_err(struct client *c, int err, const char *text)
{
	if (err)
		model_say(c->model, MESSAGE_ERROR,
			  err == ENOTCONN
				  ? N_("Not done: the telephone has no "
				       "connection to the server")
				  : text,
			  NULL);
	return err;
}

int client_answer(struct client *c)
{
	struct model_offer *o = &c->model->offer;
	static const char nothing[] = N_("Nothing is ringing for you");
	int err;

	if (at_desk_phone(c)) {
		if (!*o->contact)
			return say_err(c, EALREADY, nothing);
		err = client_request(c, "call.answer",
				     json_pack("{s:s}", "contact", o->contact),
				     N_("Answer"), NULL, NULL);
	} else {
		err = c->phone ? phone_answer(c->phone) : EALREADY;
		say_err(c, err, nothing);
	}
	if (!err && *o->contact) {
		o->answered = true;
		model_changed(c->model, MODEL_OFFER);
	}
	return err;
}

int client_refuse(struct client *c)
{
	int err = c->phone ? phone_refuse(c->phone) : EALREADY;

	return say_err(c, err, N_("Nothing is ringing for you"));
}

static const char *my_contact(const struct client *c)
{
	const struct model_call *call = &c->model->call;

	return *call->contact && strcmp(call->state, "ended") ? call->contact
							      : NULL;
}

int client_hangup(struct client *c)
{
	const struct phone_status *st = c->model->phone;

	if (c->phone && st->leg_state == PHONE_RINGING)
		return client_refuse(c);
	if (c->phone && st->leg_state != PHONE_IDLE)
		return say_err(c, phone_hangup(c->phone),
			       N_("There is no call to end"));
	if (!my_contact(c))
		return say_err(c, EALREADY, N_("There is no call to end"));
	return client_request(c, "call.hangup",
			      json_pack("{s:s}", "contact", my_contact(c)),
			      N_("Hang up"), NULL, NULL);
}

static int on_contact(struct client *c, const char *method, const char *what)
{
	const char *contact = my_contact(c);

	if (!contact)
		return say_err(c, EALREADY, N_("You are in no call"));
	return client_request(c, method,
			      json_pack("{s:s}", "contact", contact), what,
			      NULL, NULL);
}

int client_hold(struct client *c)
{
	return on_contact(c, "call.hold", N_("Hold"));
}

int client_retrieve(struct client *c)
{
	return on_contact(c, "call.retrieve", N_("Retrieve"));
}

int client_transfer(struct client *c, const char *to)
{
	const char *contact = my_contact(c);

	if (!contact)
		return say_err(c, EALREADY, N_("You are in no call"));
	return client_request(c, "call.transfer",
			      json_pack("{s:s, s:s, s:s}", "contact", contact,
					"to", to, "kind", "blind"),
			      N_("Transfer"), NULL, NULL);
}

int client_dtmf(struct client *c, const char *digits)
{
	int err = c->phone ? phone_dtmf(c->phone, digits) : EALREADY;

	return say_err(c, err, N_("You are in no call"));
}

int client_device(struct client *c, const char *headset, const char *ringer)
{
	if (!c->phone)
		return EALREADY;
	struct phone_devices d = *phone_devices(c->phone);
	if (headset) {
		utf8_copy(d.source, sizeof(d.source), headset);
		utf8_copy(d.player, sizeof(d.player), headset);
	}
	if (ringer)
		utf8_copy(d.ringer, sizeof(d.ringer), ringer);
	int err = phone_set_devices(c->phone, &d);
	return say_err(c, err,
		       err == ENOTSUP ? N_("The sound comes from files; it "
					   "stays so until the next start")
				      : N_("That is no sound device"));
}

void client_mute(struct client *c, bool on)
{
	if (c->phone)
		phone_mute(c->phone, on);
}

int client_dial(struct client *c, const struct client_dial *d)
{
	json_t *p =
		json_pack("{s:s}", "purpose", d->purpose ? d->purpose : "");

	if (d->number)
		json_object_set_new(p, "number", json_string(d->number));
	if (d->missed)
		json_object_set_new(p, "missed", json_integer(d->missed));
	if (d->ticket)
		json_object_set_new(p, "ticket", json_string(d->ticket));
	return client_request(c, "call.dial", p, N_("Dial"), NULL, NULL);
}

/* ---- citizen ---- */

static void on_citizen(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	char of[MODEL_ID];

	memcpy(of, c->model->citizen.of, sizeof(of));
	c->model->citizen.loading = false;
	if (!r->err)
		model_take_citizen(c->model, of, r->result);
}

/* {contact:..} or {number:..} of the citizen that is shown. A contact id has
 * a day and a dash in it (docs/protocol.md 2), no number has. */
static json_t *whose(const struct client *c)
{
	const char *of = c->model->citizen.of;

	if (*of == '#')
		return json_pack("{s:I}", "missed",
				 (json_int_t)strtoll(of + 1, NULL, 10));
	return json_pack("{s:s}", strchr(of, '-') ? "contact" : "number", of);
}

int client_citizen_open(struct client *c, const char *contact,
			const char *number)
{
	struct model_citizen *cz = &c->model->citizen;
	const char *of = contact ? contact : number;

	if (!of)
		return EINVAL;
	if (!client_ready_to_ask(c, NULL))
		return ENOTCONN;
	if (strcmp(cz->of, of)) {
		json_t *none = json_object();
		model_take_citizen(c->model, of, none);
		json_decref(none);
	}
	cz->loading = true;
	client_drop_requests(c, on_citizen);
	int err = client_request(c, "citizen.get", whose(c), NULL, on_citizen,
				 c);
	client_fetch(c, MODEL_LIST_HISTORY, true);
	return err;
}

int client_history_more(struct client *c)
{
	return client_more(c, MODEL_LIST_HISTORY);
}

/* Refused: why is said, and what was typed is there to be mended. */
static void on_card_changed(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_citizen *cz = &c->model->citizen;

	utf8_copy(cz->refused_field, sizeof(cz->refused_field),
		  r->err ? c->card_field : "");
	model_text(&cz->refused, r->err ? c->card_text : "");
	if (r->err)
		model_changed(c->model, MODEL_CITIZEN);
	else
		on_citizen(r, arg);
}

int client_citizen_update(struct client *c, const char *field,
			  const char *text)
{
	if (!my_contact(c) && !*c->model->draft.contact)
		return say_err(c, EALREADY, N_("You are in no call"));
	const char *contact =
		my_contact(c) ? my_contact(c) : c->model->draft.contact;
	int err = model_text(&c->card_text, text);
	if (err)
		return err;
	utf8_copy(c->card_field, sizeof(c->card_field), field);
	return client_request(c, "citizen.update",
			      json_pack("{s:s, s:{s:s}}", "contact", contact,
					"fields", field, text),
			      N_("Citizen's card"), on_card_changed, c);
}

static void on_unmasked(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_citizen *cz = &c->model->citizen;

	if (r->err)
		return;
	const char *value = json_str(r->result, "value");
	const char *field = json_str(r->result, "field");
	utf8_copy(cz->shown_field, sizeof(cz->shown_field), field);
	utf8_copy(cz->shown, sizeof(cz->shown),
		  *value ? value : json_str(r->result, field));
	utf8_copy(cz->shown_of, sizeof(cz->shown_of), c->unmasking);
	cz->shown_until_us = cal_now_us() + UNMASK_US;
	model_changed(c->model, MODEL_CITIZEN);
}

int client_unmask(struct client *c, const struct client_unmask *u)
{
	json_t *p = json_pack("{s:s, s:s}", "field", u->field, "reason",
			      u->reason);

	if (u->contact)
		json_object_set_new(p, "contact", json_string(u->contact));
	if (u->ticket)
		json_object_set_new(p, "ticket", json_string(u->ticket));
	if (u->missed)
		json_object_set_new(p, "missed", json_integer(u->missed));
	if (u->missed)
		snprintf(c->unmasking, sizeof(c->unmasking), "#%lld",
			 (long long)u->missed);
	else
		utf8_copy(c->unmasking, sizeof(c->unmasking),
			  u->contact ? u->contact : u->ticket);
	return client_request(c, "citizen.unmask", p, N_("Show in full"),
			      on_unmasked, c);
}

/* ---- knowledge ---- */

static void on_hits(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_search *s = &c->model->search;

	s->took_us = cal_mono_us() - s->asked_us;
	if (!r->err) {
		model_take_hits(c->model, r->result);
		return;
	}
	s->loading = false;
	utf8_copy(s->fault, sizeof(s->fault), r->message);
	model_changed(c->model, MODEL_HITS);
}

void client_on_search_timer(void *arg)
{
	struct client *c = arg;
	struct model_search *s = &c->model->search;

	client_drop_requests(c, on_hits);
	int err =
		client_request(c, "kb.search",
			       json_pack("{s:s, s:i}", "q", s->q, "limit", 12),
			       NULL, on_hits, c);
	if (!err)
		return;
	s->loading = false;
	utf8_copy(s->fault, sizeof(s->fault),
		  N_("No connection: the results are not fresh"));
	model_changed(c->model, MODEL_HITS);
}

int client_kb_search(struct client *c, const char *q)
{
	struct model_search *s = &c->model->search;

	if (!strcmp(s->q, q))
		return 0;
	utf8_copy(s->q, sizeof(s->q), q);
	client_drop_requests(c, on_hits);
	if (!*s->q) {
		json_t *none = json_object();
		tmr_cancel(&c->search_tmr);
		model_take_hits(c->model, none);
		json_decref(none);
		return 0;
	}
	s->asked_us = cal_mono_us();
	s->loading = true;
	model_changed(c->model, MODEL_HITS);
	tmr_start(&c->search_tmr, SEARCH_PAUSE_MS, client_on_search_timer, c);
	return 0;
}

static void on_likely(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	const struct model *m = c->model;

	if (!r->err && (!strcmp(m->offer.contact, c->likely_of) ||
			!strcmp(m->call.contact, c->likely_of)))
		model_take_likely(c->model, r->result);
}

void client_likely(struct client *c)
{
	const char *of = c->model->offer.contact;

	if (!*of || c->model->offer.out || !strcmp(c->likely_of, of) ||
	    strcmp(c->model->citizen.of, of) != 0)
		return;
	utf8_copy(c->likely_of, sizeof(c->likely_of), of);
	client_request(c, "kb.likely", json_pack("{s:s}", "contact", of), NULL,
		       on_likely, c);
}

static void on_entry(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		model_take_entry(c->model, r->result);
}

int client_kb_open(struct client *c, const char *entry, int version)
{
	json_t *p = json_pack("{s:s}", "entry", entry);

	if (version)
		json_object_set_new(p, "version", json_integer(version));
	client_drop_requests(c, on_entry);
	return client_request(c, "kb.get", p, NULL, on_entry, c);
}

void client_kb_close(struct client *c)
{
	json_t *none = json_object();

	client_drop_requests(c, on_entry);
	model_take_entry(c->model, none);
	json_decref(none);
}

static void on_draft_ticket(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		model_draft_take(c->model, r->result);
}

static int kb_link(struct client *c, const char *method, const char *entry,
		   const char *what)
{
	const char *contact = *c->model->draft.contact
				      ? c->model->draft.contact
				      : my_contact(c);

	if (!contact)
		return say_err(c, EALREADY,
			       N_("There is no call to link it to"));
	return client_request(
		c, method,
		json_pack("{s:s, s:s}", "contact", contact, "entry", entry),
		what, on_draft_ticket, c);
}

int client_kb_adopt(struct client *c, const char *entry)
{
	return kb_link(c, "kb.adopt", entry, N_("Adopt"));
}

int client_kb_drop(struct client *c, const char *entry)
{
	return kb_link(c, "kb.drop", entry, N_("Unlink"));
}

static void on_gap(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		model_say(c->model, MESSAGE_OK,
			  N_("Recorded as a gap in the knowledge base"), NULL);
}

int client_kb_gap(struct client *c, const char *q)
{
	json_t *p = json_pack("{s:s}", "q", q);

	if (my_contact(c))
		json_object_set_new(p, "contact", json_string(my_contact(c)));
	return client_request(c, "kb.gap", p, N_("Knowledge gap"), on_gap, c);
}

/* ---- tickets ---- */

int client_tickets(struct client *c, bool mine, const char *state)
{
	const struct client_filter f = {.state = state,
					.agent = mine ? "me" : NULL};

	c->model->tickets_mine = mine;
	utf8_copy(c->model->tickets_state, sizeof(c->model->tickets_state),
		  state ? state : "");
	client_filter(c, MODEL_LIST_TICKETS, &f);
	c->lists[MODEL_LIST_TICKETS].wanted = true;
	client_subscribe(c); /* of others, or no longer */
	return client_list(c, MODEL_LIST_TICKETS);
}

static void on_ticket(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		return;
	model_take_ticket(c->model, r->result);
	client_subscribe(c);
}

int client_ticket_open(struct client *c, const char *ticket)
{
	client_drop_requests(c, on_ticket);
	return client_request(c, "ticket.get",
			      json_pack("{s:s}", "ticket", ticket),
			      N_("Open ticket"), on_ticket, c);
}

int client_ticket_note(struct client *c, const char *ticket, const char *text,
		       const char *state, int64_t promise_us)
{
	json_t *p = json_pack("{s:s, s:s}", "ticket", ticket, "text", text);

	if (state)
		json_object_set_new(p, "state", json_string(state));
	if (promise_us)
		json_object_set_new(p, "promise_us", json_integer(promise_us));
	return client_request(c, "ticket.note", p, N_("Ticket note"),
			      on_ticket, c);
}

/* ---- missed callers ---- */

int client_missed_claim(struct client *c, int64_t missed)
{
	return client_request(c, "missed.claim",
			      json_pack("{s:I}", "missed", (json_int_t)missed),
			      N_("Claim"), NULL, NULL);
}

int client_missed_close(struct client *c, int64_t missed, const char *outcome,
			const char *note)
{
	json_t *p = json_pack("{s:I, s:s}", "missed", (json_int_t)missed,
			      "outcome", outcome);

	if (note && *note)
		json_object_set_new(p, "note", json_string(note));
	return client_request(c, "missed.close", p, N_("Close"), NULL, NULL);
}

/* ---- lists ---- */

#define CARD_TRIES 50

/* An offer arrives as soon as it is made, the contact's row with the next
 * commit: ask for the card again, a few round trips at the most. */
static bool too_early(struct client *c, enum model_list list, int err)
{
	const struct model *m = c->model;

	if (list != MODEL_LIST_HISTORY || err != ENOENT ||
	    (strcmp(m->citizen.of, m->offer.contact) &&
	     strcmp(m->citizen.of, m->call.contact)))
		return false;
	if (c->card_tries++ < CARD_TRIES)
		client_citizen_open(c, m->citizen.of, NULL);
	return true;
}

/* What the whole program stands on is fetched to its end. Who does not look
 * after the line sees its head alone. */
static bool is_whole(const struct client *c, enum model_list list)
{
	if (list == MODEL_LIST_ITEMS)
		return client_follows(c, "item");
	return list <= MODEL_LIST_CALLS || list >= MODEL_LIST_PAUSES ||
	       list == MODEL_LIST_MISSED;
}

static void on_page(struct client *c, enum model_list list, bool first,
		    const struct client_reply *r)
{
	if (!r->err) {
		c->card_tries = 0;
		model_take_page(c->model, list, r->result, first);
		if (list == MODEL_LIST_HISTORY)
			client_likely(c);
		if (is_whole(c, list))
			client_more(c, list);
		return;
	}
	model_page(c->model, list)->loading = false;
	/* an older office has not all lists */
	if (r->err != ENOTCONN && r->err != ENOSYS &&
	    !too_early(c, list, r->err))
		client_complain(c, r);
}

/* A reply handler has one argument, and it must name client and list. */
#define PAGE_HANDLERS(X)           \
	X(MODEL_LIST_QUEUES)       \
	X(MODEL_LIST_ITEMS)        \
	X(MODEL_LIST_AGENTS)       \
	X(MODEL_LIST_CALLS)        \
	X(MODEL_LIST_MISSED)       \
	X(MODEL_LIST_TICKETS)      \
	X(MODEL_LIST_CONTACTS)     \
	X(MODEL_LIST_ENTRIES)      \
	X(MODEL_LIST_RECORDINGS)   \
	X(MODEL_LIST_ALARMS)       \
	X(MODEL_LIST_FACTS)        \
	X(MODEL_LIST_HISTORY)      \
	X(MODEL_LIST_PAUSES)       \
	X(MODEL_LIST_DISPOSITIONS) \
	X(MODEL_LIST_WAITING)      \
	X(MODEL_LIST_LEARN)        \
	X(MODEL_LIST_GAPS)         \
	X(MODEL_LIST_RELEASES)     \
	X(MODEL_LIST_VERSIONS)
#define X(list)                                                              \
	static void on_first_##list(const struct client_reply *r, void *arg) \
	{                                                                    \
		on_page(arg, list, true, r);                                 \
	}                                                                    \
	static void on_next_##list(const struct client_reply *r, void *arg)  \
	{                                                                    \
		on_page(arg, list, false, r);                                \
	}
PAGE_HANDLERS(X)
#undef X

static const struct {
	const char *method;
	unsigned may;
	client_reply_h *firsth, *nexth;
} fetches[MODEL_LISTS] = {
#define ROW(list, method, may) \
	[list] = {method, may, on_first_##list, on_next_##list}
	ROW(MODEL_LIST_QUEUES, "queue.list", MAY_ANY),
	ROW(MODEL_LIST_ITEMS, "item.list", MAY_DESK),
	ROW(MODEL_LIST_AGENTS, "agent.list", MAY_ANY),
	ROW(MODEL_LIST_CALLS, "call.list", MAY_LEAD),
	ROW(MODEL_LIST_MISSED, "missed.list", MAY_DESK),
	ROW(MODEL_LIST_TICKETS, "ticket.list", MAY_DESK),
	ROW(MODEL_LIST_CONTACTS, "contact.list", MAY_DESK | ROLE_BUREAU),
	ROW(MODEL_LIST_ENTRIES, "kb.list", MAY_ANY),
	ROW(MODEL_LIST_RECORDINGS, "recording.list", MAY_REVIEW),
	ROW(MODEL_LIST_ALARMS, "alarm.list", MAY_ANY),
	ROW(MODEL_LIST_FACTS, "fact.list", MAY_REVIEW),
	ROW(MODEL_LIST_HISTORY, "citizen.history", MAY_DESK),
	ROW(MODEL_LIST_PAUSES, "pause.list", MAY_ANY),
	ROW(MODEL_LIST_DISPOSITIONS, "disposition.list", MAY_ANY),
	ROW(MODEL_LIST_WAITING, "kb.waiting", MAY_ANY),
	ROW(MODEL_LIST_LEARN, "learn.list", MAY_ANY),
	ROW(MODEL_LIST_GAPS, "gap.list", MAY_ANY),
	ROW(MODEL_LIST_RELEASES, "kb.releases", MAY_ANY),
	ROW(MODEL_LIST_VERSIONS, "kb.versions", MAY_ANY),
#undef ROW
};

void client_filter(struct client *c, enum model_list list,
		   const struct client_filter *f)
{
	struct client_list_state *l = &c->lists[list];
	const char *const from[] = {
		f ? f->queue : NULL,   f ? f->result : NULL,
		f ? f->agent : NULL,   f ? f->number : NULL,
		f ? f->contact : NULL, f ? f->state : NULL,
		f ? f->kind : NULL,    f ? f->entry : NULL,
	};

	l->filter.from_us = f ? f->from_us : 0;
	l->filter.to_us = f ? f->to_us : 0;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		utf8_copy(l->texts[i], sizeof(l->texts[i]),
			  from[i] ? from[i] : "");
}

static json_t *filter_params(const struct client *c, enum model_list list)
{
	static const char *const keys[] = {"queue",  "result",	"agent",
					   "number", "contact", "state",
					   "kind",   "entry"};
	const struct client_list_state *l = &c->lists[list];
	json_t *p = list == MODEL_LIST_HISTORY ? whose(c) : json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!*l->texts[i])
			continue;
		/* "my tickets" are asked for by a flag */
		if (list == MODEL_LIST_TICKETS && !strcmp(keys[i], "agent"))
			json_object_set_new(p, "mine", json_true());
		else
			json_object_set_new(p, keys[i],
					    json_string(l->texts[i]));
	}
	if (l->filter.from_us)
		json_object_set_new(p, "from_us",
				    json_integer(l->filter.from_us));
	if (l->filter.to_us)
		json_object_set_new(p, "to_us", json_integer(l->filter.to_us));
	return p;
}

void client_fetch(struct client *c, enum model_list list, bool first)
{
	struct model_page *page = model_page(c->model, list);
	client_reply_h *h = first ? fetches[list].firsth : fetches[list].nexth;

	if (!(c->model->me.roles & fetches[list].may) ||
	    !client_ready_to_ask(c, NULL))
		return;
	if (list == MODEL_LIST_HISTORY && !*c->model->citizen.of)
		return;
	if (first) {
		client_drop_requests(c, fetches[list].firsth);
		client_drop_requests(c, fetches[list].nexth);
		c->lists[list].wanted = true;
	}
	json_t *p = filter_params(c, list);
	if (!first)
		json_object_set_new(p, "cursor", json_string(page->next));
	page->loading =
		!client_request(c, fetches[list].method, p, NULL, h, c);
}

/* Not kept any more. */
static void drop_list(struct client *c, enum model_list list)
{
	client_drop_requests(c, fetches[list].firsth);
	client_drop_requests(c, fetches[list].nexth);
	c->lists[list].wanted = false;
	model_page(c->model, list)->loading = false;
}

void client_choose(struct client *c, bool on)
{
	bool had = client_follows(c, "agent");

	c->choosing = on;
	client_subscribe(c);
	if (had == client_follows(c, "agent"))
		return;
	/* what they were when he chose last is not what they are */
	model_forget(c->model, MODEL_LIST_AGENTS);
	if (on)
		client_fetch(c, MODEL_LIST_AGENTS, true);
	else
		drop_list(c, MODEL_LIST_AGENTS);
}

bool client_wants(const struct client *c, enum model_list list)
{
	return c->lists[list].wanted;
}

int client_list(struct client *c, enum model_list list)
{
	if (!(c->model->me.roles & fetches[list].may))
		return EACCES;
	client_fetch(c, list, true);
	return model_page(c->model, list)->loading ? 0 : ENOTCONN;
}

int client_more(struct client *c, enum model_list list)
{
	const struct model_page *page = model_page(c->model, list);

	if (page->loading || page->full || !*page->next)
		return EALREADY;
	client_fetch(c, list, false);
	return page->loading ? 0 : ENOTCONN;
}

void client_fetch_all(struct client *c, bool again)
{
	static const enum model_list first[] = {
		MODEL_LIST_QUEUES, MODEL_LIST_PAUSES, MODEL_LIST_DISPOSITIONS,
		MODEL_LIST_AGENTS, MODEL_LIST_ITEMS,  MODEL_LIST_CALLS,
		MODEL_LIST_MISSED, MODEL_LIST_ALARMS, MODEL_LIST_WAITING,
		MODEL_LIST_LEARN,
	};

	if (again) {
		for (int i = 0; i < MODEL_LISTS; i++) {
			if (c->lists[i].wanted)
				client_fetch(c, (enum model_list)i, true);
		}
		return;
	}
	if (!c->prm.lists)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		if (first[i] != MODEL_LIST_AGENTS ||
		    client_follows(c, "agent"))
			client_fetch(c, first[i], true);
	}
	if (c->model->me.roles & MAY_AGENT)
		client_tickets(c, true, "open");
}

/* ---- lead, review ---- */

static void on_wall(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		model_take_wall(c->model, r->result);
}

static void on_wall_timer(void *arg)
{
	struct client *c = arg;

	client_request(c, "wall.get", NULL, NULL, on_wall, c);
	tmr_start(&c->wall_tmr, WALL_MS, on_wall_timer, c);
}

void client_wall_watch(struct client *c, bool on)
{
	if (!on)
		tmr_cancel(&c->wall_tmr);
	else if (!tmr_isrunning(&c->wall_tmr))
		tmr_start(&c->wall_tmr, 0, on_wall_timer, c);
}

static void on_today(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		model_take_today(c->model, r->result);
}

static void on_today_timer(void *arg)
{
	struct client *c = arg;

	if (c->hello_done)
		client_request(c, "agent.today", NULL, NULL, on_today, c);
}

void client_today(struct client *c, uint64_t in_ms)
{
	if (c->prm.lists && c->model->me.roles & ROLE_AGENT)
		tmr_start(&c->today_tmr, in_ms, on_today_timer, c);
}

static void on_contact_reply(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (!r->err)
		model_take_contact(c->model, r->result);
}

int client_contact_open(struct client *c, const char *contact)
{
	client_drop_requests(c, on_contact_reply);
	return client_request(c, "contact.get",
			      json_pack("{s:s}", "contact", contact),
			      N_("Open contact"), on_contact_reply, c);
}

int client_agent_set(struct client *c, const char *agent, const char *state,
		     const char *pause, const char *reason)
{
	json_t *p = json_pack("{s:s, s:s, s:s}", "agent", agent, "state",
			      state, "reason", reason);

	if (pause && *pause)
		json_object_set_new(p, "pause", json_string(pause));
	return client_request(c, "agent.set", p, N_("Change state"), NULL,
			      NULL);
}

int client_call_end(struct client *c, const char *contact, const char *reason)
{
	return client_request(
		c, "call.hangup",
		json_pack("{s:s, s:s}", "contact", contact, "reason", reason),
		N_("End call"), NULL, NULL);
}

int client_recording_play(struct client *c, const char *recording,
			  const char *reason, int64_t position_ms)
{
	json_t *p =
		json_pack("{s:s, s:s, s:I}", "recording", recording, "reason",
			  reason, "position_ms", (json_int_t)position_ms);

	return client_request(c, "recording.play", p, N_("Play"), NULL, NULL);
}

int client_recording_seek(struct client *c, int64_t position_ms, bool paused)
{
	return client_request(c, "recording.seek",
			      json_pack("{s:I, s:b}", "position_ms",
					(json_int_t)position_ms, "paused",
					paused),
			      N_("Seek"), NULL, NULL);
}

int client_recording_stop(struct client *c)
{
	return client_request(c, "recording.stop", NULL, N_("Stop"), NULL,
			      NULL);
}

int client_alarm_take(struct client *c, const char *alarm)
{
	return client_request(c, "alarm.take",
			      json_pack("{s:s}", "alarm", alarm),
			      N_("Take alarm"), NULL, NULL);
}
