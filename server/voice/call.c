/* SPDX-License-Identifier: Apache-2.0 */
#include "server/voice/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/config.h"
#include "server/core/session.h"
#include "server/core/store_call.h"
#include "server/desk/acd.h"
#include "server/desk/site.h"

#define FLUSH_MS  0
#define AGENT_END "agent_hangup"

/* ---- the two tables ---- */

static void call_destructor(void *arg)
{
	struct call *c = arg;

	hash_unlink(&c->le);
}

static void leg_destructor(void *arg)
{
	struct call_leg *leg = arg;

	hash_unlink(&leg->le);
}

static bool same_call(struct le *le, void *arg)
{
	return !strcmp(((struct call *)le->data)->id, arg);
}

static bool same_leg(struct le *le, void *arg)
{
	return !strcmp(((struct call_leg *)le->data)->id, arg);
}

struct call *call_find(const struct voice *v, const char *contact)
{
	if (!contact || !*contact)
		return NULL;
	struct le *le = hash_lookup(v->calls, hash_joaat_str(contact),
				    same_call, (void *)(uintptr_t)contact);
	return le ? le->data : NULL;
}

struct call_leg *call_leg_find(const struct voice *v, const char *leg)
{
	if (!leg || !*leg)
		return NULL;
	struct le *le = hash_lookup(v->legs, hash_joaat_str(leg), same_leg,
				    (void *)(uintptr_t)leg);
	return le ? le->data : NULL;
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

struct call_leg *call_leg_add(struct voice *v, const char *id,
			      const char *contact, enum leg_side side,
			      const char *person)
{
	struct call_leg *leg = call_leg_find(v, id);

	if (leg || !*id)
		return leg;
	leg = mem_zalloc(sizeof(*leg), leg_destructor);
	if (!leg)
		return NULL;
	copy(leg->id, sizeof(leg->id), id);
	copy(leg->contact, sizeof(leg->contact), contact);
	copy(leg->person, sizeof(leg->person), person);
	leg->side = side;
	hash_append(v->legs, hash_joaat_str(leg->id), &leg->le, leg);
	return leg;
}

void call_leg_drop(struct voice *v, const char *leg)
{
	mem_deref(call_leg_find(v, leg));
}

struct all {
	struct call **v;
	size_t n, room;
};

static bool count_one(struct le *le, void *arg)
{
	(void)le;
	++*(size_t *)arg;
	return false;
}

static bool keep_one(struct le *le, void *arg)
{
	struct all *a = arg;

	if (a->n < a->room)
		a->v[a->n++] = mem_ref(le->data);
	return false;
}

struct call **call_all(const struct voice *v, size_t *np)
{
	struct all a = {0};

	hash_apply(v->calls, count_one, &a.room);
	a.v = mem_zalloc((a.room + 1) * sizeof(struct call *), NULL);
	if (a.v)
		hash_apply(v->calls, keep_one, &a);
	*np = a.n;
	return a.v;
}

/* ---- contact ids: <day>-<counter> ---- */

static void today(char out[12])
{
	char text[CAL_TEXT_SIZE];

	cal_day(text, cal_now_us());
	snprintf(out, 12, "%.4s%.2s%.2s", text, text + 5, text + 8);
}

/* Numbers that the switch knows and our disk does not (a crash before the
 * commit) are never given again. */
void call_seen_contact(struct voice *v, const char *contact)
{
	char day[12];

	today(day);
	/* a clock that was set back over midnight gives no number twice */
	if (strcmp(day, v->day) > 0) {
		copy(v->day, sizeof(v->day), day);
		v->last_id = 0;
	}
	size_t n = strlen(day);
	if (!strncmp(contact, day, n) && contact[n] == '-') {
		int64_t id = strtoll(contact + n + 1, NULL, 10);
		if (id > v->last_id && id < INT32_MAX)
			v->last_id = id;
	}
}

void call_mint_contact(struct voice *v, char out[CALL_ID])
{
	call_seen_contact(v, "");
	snprintf(out, CALL_ID, "%s-%04lld", v->day,
		 (long long)(++v->last_id % 1000000000));
}

/* ---- facts ---- */

void call_fact(struct voice *v, const struct call *c, const char *kind,
	       const char *actor, int64_t dur_ms, json_t *body)
{
	char contact[CALL_ID], agent[CALL_ID];

	/* the fact may take the call away */
	copy(contact, sizeof(contact), c->id);
	copy(agent, sizeof(agent), c->agent);
	struct fact f = {.dur_ms = dur_ms,
			 .actor = actor,
			 .kind = kind,
			 .contact = contact,
			 .agent = agent,
			 .body = body};
	exchange_happened(v->ex, &f);
	json_decref(body);
}

int64_t call_ms_since(const struct voice *v, int64_t mono_us)
{
	int64_t at_us = cal_mono_at(exchange_time_us(v->ex));

	if (!mono_us)
		return -1;
	return at_us > mono_us ? (at_us - mono_us) / 1000 : 0;
}

json_t *call_item_body(const struct call *c)
{
	int64_t waited_us =
		c->queued_mono_us ? cal_mono_us() - c->queued_mono_us : 0;

	return json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:i}", "queue", c->queue,
			 "number", c->number, "name", c->name, "arrived_us",
			 (json_int_t)c->arrived_us, "queued_us",
			 (json_int_t)c->queued_us, "waited_ms",
			 (json_int_t)waited_us / 1000, "priority",
			 c->priority);
}

int64_t call_wrapup_ms(const struct voice *v, const struct call *c)
{
	const struct site_queue *q = site_queue_find(v->prm.site, c->queue);

	return q ? q->wrapup_ms : v->prm.cfg->wrapup_ms;
}

static struct call *add(struct voice *v, const struct fact *f, bool out)
{
	struct call *c = call_find(v, f->contact);

	if (c)
		return c;
	c = mem_zalloc(sizeof(*c), call_destructor);
	if (!c)
		return NULL;
	copy(c->id, sizeof(c->id), f->contact);
	c->out = out;
	copy(c->queue, sizeof(c->queue), json_str(f->body, "queue"));
	copy(c->number, sizeof(c->number), json_str(f->body, "number"));
	copy(c->name, sizeof(c->name), json_str(f->body, "name"));
	copy(c->trunk, sizeof(c->trunk), json_str(f->body, "trunk"));
	copy(c->leg, sizeof(c->leg), json_str(f->body, "leg"));
	copy(c->purpose, sizeof(c->purpose), json_str(f->body, "purpose"));
	c->fallback = json_bool(f->body, "fallback");
	c->priority = (int)json_int(f->body, "priority");
	c->arrived_us = f->at_us;
	c->arrived_mono_us = cal_mono_at(f->at_us);
	c->state = CALL_ARRIVED;
	hash_append(v->calls, hash_joaat_str(c->id), &c->le, c);
	call_leg_add(v, c->leg, c->id, LEG_CITIZEN, "");
	call_seen_contact(v, c->id);
	return c;
}

static void fold_born(struct voice *v, const struct fact *f)
{
	struct call *c;

	if (!strcmp(f->kind, "contact.arrived")) {
		c = add(v, f, false);
		if (c && !json_bool(f->body, "open"))
			c->state = CALL_CLOSED;
		return;
	}
	c = add(v, f, true);
	if (!c)
		return;
	c->state = CALL_DIALLING;
	copy(c->agent, sizeof(c->agent), f->agent);
	copy(c->agent_leg, sizeof(c->agent_leg),
	     json_str(f->body, "agent_leg"));
	call_leg_add(v, c->agent_leg, c->id, LEG_AGENT, c->agent);
	call_changed(v, c);
}

static void fold_waiting(struct voice *v, struct call *c, const struct fact *f)
{
	if (!strcmp(f->kind, "contact.queued")) {
		c->queued_us = f->at_us;
		c->queued_mono_us = cal_mono_at(f->at_us);
	}
	c->transferred = !strcmp(f->kind, "contact.transferred");
	c->state = CALL_WAITING;
	c->away = false;
	c->agent[0] = c->agent_leg[0] = '\0';
	copy(c->queue, sizeof(c->queue), json_str(f->body, "queue"));
	if (!c->queued_us) {
		c->queued_us = json_int(f->body, "queued_us");
		c->queued_mono_us = cal_mono_at(f->at_us);
	}
}

static void fold_answered(struct voice *v, struct call *c,
			  const struct fact *f)
{
	const char *leg = json_str(f->body, "leg");

	if (!c->answered_us) {
		c->answered_us = f->at_us;
		c->answered_mono_us = cal_mono_at(f->at_us);
	}
	c->answered = true;
	c->transferred = false;
	c->state = CALL_TALKING;
	copy(c->agent, sizeof(c->agent), f->agent);
	if (!json_bool(f->body, "citizen"))
		copy(c->agent_leg, sizeof(c->agent_leg), leg);
	struct call_leg *l = call_leg_find(v, leg);
	if (l)
		l->up = true;
}

/* These end one stretch of a call and begin another. */
static bool begins_stretch(const char *what)
{
	static const char *const whats[] = {"queued",	   "answered",
					    "held",	   "retrieved",
					    "transferred", "requeued"};

	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		if (!strcmp(whats[i], what))
			return true;
	return false;
}

static void fold_contact(struct voice *v, const struct fact *f)
{
	const char *what = f->kind + strlen("contact.");

	if (!strcmp(what, "arrived") || !strcmp(what, "dialled")) {
		fold_born(v, f);
		return;
	}
	struct call *c = call_find(v, f->contact);
	if (!c)
		return;
	if (!strcmp(what, "ended")) {
		hash_unlink(&c->le);
		mem_deref(c);
		return;
	}
	if (begins_stretch(what))
		c->since_mono_us = cal_mono_at(f->at_us);
	if (!strcmp(what, "queued") || !strcmp(what, "requeued") ||
	    !strcmp(what, "transferred")) {
		fold_waiting(v, c, f);
	} else if (!strcmp(what, "answered")) {
		fold_answered(v, c, f);
	} else if (!strcmp(what, "held")) {
		c->state = CALL_HELD;
		c->held_us = f->at_us;
	} else if (!strcmp(what, "retrieved")) {
		c->state = CALL_TALKING;
		c->held_us = 0;
	} else if (!strcmp(what, "away") || !strcmp(what, "back")) {
		c->away = what[0] == 'a';
		c->away_mono_us = cal_mono_us() + v->prm.cfg->away_ms * 1000;
	} else if (!strcmp(what, "leaving")) {
		c->state = CALL_LEAVING;
	}
	call_changed(v, c);
}

static void on_fact(const struct fact *f, void *arg)
{
	struct voice *v = arg;
	struct call *c;

	if (!strncmp(f->kind, "contact.", 8)) {
		fold_contact(v, f);
	} else if (!strcmp(f->kind, "offer.made")) {
		call_leg_add(v, json_str(f->body, "leg"), f->contact,
			     LEG_AGENT, f->agent);
		if ((c = call_find(v, f->contact)))
			call_changed(v, c);
	} else if (!strcmp(f->kind, "offer.ended")) {
		if ((c = call_find(v, f->contact)))
			call_changed(v, c);
	} else if (!strcmp(f->kind, "leg.ended")) {
		call_leg_drop(v, json_str(f->body, "leg"));
	} else if (!strcmp(f->kind, "recording.opened") ||
		   !strcmp(f->kind, "recording.closed")) {
		c = call_find(v, f->contact);
		if (c) {
			c->recording = !strcmp(f->kind, "recording.opened");
			call_changed(v, c);
		}
	}
}

/* ---- what it looks like ---- */

static const char *state_name(const struct voice *v, const struct call *c)
{
	const struct acd_item *item;

	if (c->away)
		return "away";
	switch (c->state) {
	case CALL_TALKING:
		return "talking";
	case CALL_HELD:
		return "held";
	case CALL_WAITING:
		item = acd_find(v->prm.acd, c->id);
		if (c->transferred)
			return "transferring";
		return item && item->state == ACD_OFFERED ? "ringing"
							  : "waiting";
	case CALL_DIALLING:
		return "ringing";
	default:
		return "leaving";
	}
}

json_t *call_json(const struct voice *v, const struct call *c)
{
	char number[PHONE_NO_SIZE], name[80];
	const struct acd_item *item = acd_find(v->prm.acd, c->id);
	const char *agent = c->agent[0] ? c->agent : item ? item->agent : "";

	phone_no_mask(number, c->number);
	store_call_mask_name(name, sizeof(name), c->name);
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:b,s:b,"
		"s:s,s:s}",
		"contact", c->id, "direction", c->out ? "out" : "in", "queue",
		c->queue, "number", number, "name", name, "state",
		state_name(v, c), "agent", agent, "agent_name",
		*agent ? roster_name(v->prm.roster, agent) : "", "arrived_us",
		(json_int_t)c->arrived_us, "queued_us",
		(json_int_t)c->queued_us, "answered_us",
		(json_int_t)c->answered_us, "held_us", (json_int_t)c->held_us,
		"recording", c->recording, "away", c->away, "ticket", "",
		"purpose", c->purpose);
}

static bool publish_one(struct le *le, void *arg)
{
	struct voice *v = arg;
	struct call *c = le->data;

	if (!c->changed)
		return false;
	c->changed = false;
	if (c->agent[0])
		session_publish(v->prm.hub, "me", c->agent, "me.call",
				json_pack("{s:o}", "call", call_json(v, c)));
	session_publish(v->prm.hub, "call", NULL, "call.changed",
			json_pack("{s:o}", "call", call_json(v, c)));
	return false;
}

static void on_flush(void *arg)
{
	struct voice *v = arg;

	hash_apply(v->calls, publish_one, v);
}

void call_changed(struct voice *v, struct call *c)
{
	c->changed = true;
	if (v->prm.hub && !tmr_isrunning(&v->flush))
		tmr_start(&v->flush, FLUSH_MS, on_flush, v);
}

void call_tell_over(struct voice *v, const struct call *c, const char *agent,
		    const char *reason, const char *by)
{
	if (!v->prm.hub || !*agent)
		return;
	json_t *call = call_json(v, c);
	json_object_set_new(call, "state", json_string("ended"));
	json_object_set_new(call, "reason", json_string(reason));
	json_object_set_new(call, "ended_by", json_string(by));
	session_publish(v->prm.hub, "me", agent, "me.call",
			json_pack("{s:o}", "call", call));
}

/* ---- commands ---- */

void call_bridge(struct voice *v, const struct call *c, bool talk)
{
	const char *role = talk ? "talk" : "hold";
	json_t *legs = json_array();

	json_array_append_new(
		legs, json_pack("{s:s,s:s}", "leg", c->leg, "role", role));
	if (c->agent_leg[0])
		json_array_append_new(legs,
				      json_pack("{s:s,s:s}", "leg",
						c->agent_leg, "role", role));
	(void)exchange_command(v->ex, "bridge.set",
			       json_pack("{s:s,s:s,s:o}", "bridge", c->id,
					 "contact", c->id, "legs", legs),
			       NULL, NULL);
}

void call_record(struct voice *v, const struct call *c)
{
	(void)exchange_command(v->ex, "record.start",
			       json_pack("{s:s,s:s,s:s}", "recording", c->id,
					 "leg", c->leg, "contact", c->id),
			       NULL, NULL);
}

void call_hangup_leg(struct voice *v, const char *leg, const char *cause)
{
	(void)exchange_command(
		v->ex, "leg.hangup",
		json_pack("{s:s,s:s}", "leg", leg, "cause", cause), NULL,
		NULL);
}

struct hanging {
	struct voice *v;
	const char *contact;
};

static bool hangup_one(struct le *le, void *arg)
{
	const struct hanging *h = arg;
	const struct call_leg *leg = le->data;

	if (!strcmp(leg->contact, h->contact) && leg->side != LEG_PLAYBACK)
		call_hangup_leg(h->v, leg->id, "hangup");
	return false;
}

static const char *result_of(const struct call *c, const char *reason)
{
	if (!strcmp(reason, "switch_lost") && !c->out)
		return "lost";
	if (c->out)
		return "dialled";
	if (c->answered)
		return "answered";
	if (c->state == CALL_CLOSED || c->state == CALL_ARRIVED)
		return "closed";
	if (c->state == CALL_LEAVING)
		return "overflow";
	return !strcmp(reason, "fault") ? "lost" : "abandoned";
}

void call_end(struct voice *v, struct call *c, const char *reason,
	      const char *by, const char *cause)
{
	if (c->ending)
		return;
	c->ending = true;
	mem_ref(c);
	struct hanging h = {v, c->id};
	acd_offer_end(v->prm.acd, c->id,
		      !strcmp(by, "citizen") ? "caller_left" : "withdrawn");
	const char *result = result_of(c, reason);
	/* what we slept through of the wrap-up is not the agent's loss */
	int64_t late_ms = (cal_now_us() - exchange_time_us(v->ex)) / 1000;
	int64_t wrapup_ms = call_wrapup_ms(v, c) + (late_ms > 0 ? late_ms : 0);
	call_tell_over(v, c, c->agent, reason, by);
	call_fact(
		v, c, "contact.ended",
		!strcmp(by, "agent") && c->agent[0] ? c->agent : "office",
		call_ms_since(v, c->since_mono_us),
		json_pack("{s:s,s:s,s:s,s:s,s:b,s:I,s:I}", "reason", reason,
			  "by", by, "cause", cause, "result", result,
			  "answered", c->answered && c->agent[0], "wrapup_ms",
			  (json_int_t)wrapup_ms, "answered_ms",
			  (json_int_t)call_ms_since(v, c->answered_mono_us)));
	if (v->prm.hub)
		session_publish(v->prm.hub, "call", NULL, "call.gone",
				json_pack("{s:s}", "contact", c->id));
	hash_apply(v->legs, hangup_one, &h);
	mem_deref(c);
}

void call_requeue(struct voice *v, struct call *c, const char *why)
{
	char agent[CALL_ID], leg[EXCHANGE_ID];
	json_t *body = call_item_body(c);

	copy(agent, sizeof(agent), c->agent);
	copy(leg, sizeof(leg), c->agent_leg);
	if (!c->queued_us)
		json_object_set_new(body, "queued_us",
				    json_integer(cal_now_us()));
	json_object_set_new(body, "head", json_true());
	json_object_set_new(body, "reason", json_string(why));
	call_tell_over(v, c, agent, why, "office");
	call_fact(v, c, "contact.requeued", "office",
		  call_ms_since(v, c->since_mono_us), body);
	roster_away(v->prm.roster, agent, false);
	if (call_leg_find(v, leg))
		call_hangup_leg(v, leg, "unreachable");
	call_bridge(v, c, false);
	ivr_play(v, c, PLAY_MUSIC);
}

/* ---- requests ---- */

static int find_for(struct rpc_call *call, struct call **cp, bool mine)
{
	struct voice *v = call->part;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "contact", CALL_ID - 1);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	struct call *c = call_find(v, id);
	if (!c || c->ending)
		return rpc_fail(call, ENOENT, N_("This call is over"), "%s",
				id);
	if (mine && strcmp(c->agent, call->actor) != 0)
		return rpc_fail(call, EACCES, N_("This is not your call"),
				"%s", id);
	if (mine && !exchange_is_up(v->ex))
		return rpc_fail(call, EAGAIN,
				N_("The exchange does not answer"), NULL);
	*cp = c;
	return 0;
}

static int answer(struct rpc_call *call, const struct call *c)
{
	call->result = json_pack("{s:o}", "call", call_json(call->part, c));
	return call->result ? 0 : ENOMEM;
}

static int by_arrival(const void *a, const void *b)
{
	const struct call *x = *(struct call *const *)a;
	const struct call *y = *(struct call *const *)b;

	return strcmp(x->id, y->id);
}

static int on_list(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct json_in in;
	size_t n = 0;
	bool full = false;

	json_in_init(&in, call->params);
	const char *cursor = json_in_str_or(&in, "cursor", CALL_ID, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	struct call **list = call_all(v, &n);
	if (!list)
		return ENOMEM;
	qsort(list, n, sizeof(struct call *), by_arrival);
	call->result = json_pack("{s:[]}", "items");
	for (size_t i = 0; i < n; i++) {
		if (!full && strcmp(list[i]->id, cursor) >= 0 &&
		    !rpc_page_add(call, call_json(v, list[i]))) {
			rpc_page_next(call, list[i]->id);
			full = true;
		}
		mem_deref(list[i]);
	}
	mem_deref(list);
	return 0;
}

static int on_get(struct rpc_call *call)
{
	struct call *c = NULL;
	int err = find_for(call, &c, false);

	return err ? err : answer(call, c);
}

/* A desk phone is answered by lifting it, a workstation by its phone
 * channel; there is nothing that the office could do in its stead. */
static int on_answer(struct rpc_call *call)
{
	struct call *c = NULL;
	int err = find_for(call, &c, false);

	if (err)
		return err;
	const struct acd_item *item =
		acd_find(((struct voice *)call->part)->prm.acd, c->id);
	if (!item || strcmp(item->agent, call->actor) != 0)
		return rpc_fail(call, EALREADY, N_("This offer is over"),
				NULL);
	return rpc_fail(call, EALREADY, N_("Answer it at your phone"), NULL);
}

static int in_talk(struct rpc_call *call, struct call **cp,
		   enum call_state state)
{
	int err = find_for(call, cp, true);

	if (err)
		return err;
	if ((*cp)->away)
		return rpc_fail(call, EALREADY,
				N_("Your line to the call is broken"), NULL);
	if ((*cp)->state == state)
		return 0;
	return rpc_fail(call, EALREADY,
			state == CALL_HELD
				? N_("The call is not on hold")
				: N_("You are not talking in this call"),
			NULL);
}

static int on_hold(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct call *c = NULL;
	int err = in_talk(call, &c, CALL_TALKING);

	if (err)
		return err;
	call_fact(v, c, "contact.held", call->actor,
		  call_ms_since(v, c->since_mono_us), NULL);
	call_bridge(v, c, false);
	ivr_play(v, c, PLAY_MUSIC);
	return answer(call, c);
}

static int on_retrieve(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct call *c = NULL;
	int err = in_talk(call, &c, CALL_HELD);

	if (err)
		return err;
	call_fact(v, c, "contact.retrieved", call->actor,
		  call_ms_since(v, c->since_mono_us), NULL);
	ivr_stop(v, c);
	call_bridge(v, c, true);
	return answer(call, c);
}

/* Body of the transfer, or a refusal. */
static int transfer_to(struct rpc_call *call, const struct call *c,
		       const char *to, json_t **bodyp)
{
	struct voice *v = call->part;
	const struct site_queue *q = site_queue_find(v->prm.site, to);
	const struct roster_agent *a = roster_find(v->prm.roster, to);
	scoped_json json_t *body = call_item_body(c);

	if (!q && (!a || !roster_signed_in(a)))
		return rpc_fail(call, ENOENT,
				N_("There is no such agent or queue"), "%s",
				to);
	if (!strcmp(to, call->actor))
		return rpc_fail(call, EINVAL,
				N_("The call is already with you"), NULL);
	if (!q && !roster_free(a))
		return rpc_fail(call, EAGAIN, N_("This agent is not free"),
				"%s", to);
	if (q && !q->active)
		return rpc_fail(call, ENOENT,
				N_("There is no such agent or queue"), "%s",
				to);
	if (!c->queued_us)
		json_object_set_new(body, "queued_us",
				    json_integer(cal_now_us()));
	if (q)
		json_object_set_new(body, "queue", json_string(q->id));
	else
		json_object_set_new(body, "target", json_string(to));
	json_object_set_new(body, "head", json_boolean(!q));
	json_object_set_new(body, "to", json_string(to));
	json_object_set_new(body, "kind", json_string("blind"));
	json_object_set_new(body, "answered", json_true());
	json_object_set_new(body, "wrapup_ms",
			    json_integer(call_wrapup_ms(v, c)));
	*bodyp = take(body);
	return 0;
}

static int on_transfer(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct call *c = NULL;
	struct json_in in;
	json_t *body = NULL;
	char leg[EXCHANGE_ID];

	json_in_init(&in, call->params);
	const char *to = json_in_str(&in, "to", CALL_ID - 1);
	const char *kind = json_in_str_or(&in, "kind", 16, "blind");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (strcmp(kind, "blind") != 0)
		return rpc_fail(call, EINVAL,
				N_("Only blind transfers are possible"), "%s",
				kind);
	int err = find_for(call, &c, true);
	if (!err && c->state != CALL_TALKING && c->state != CALL_HELD)
		err = rpc_fail(call, EALREADY,
			       N_("You are not talking in this call"), NULL);
	if (!err)
		err = transfer_to(call, c, to, &body);
	if (err)
		return err;
	copy(leg, sizeof(leg), c->agent_leg);
	call_tell_over(v, c, call->actor, "transferred", "agent");
	call_fact(v, c, "contact.transferred", call->actor,
		  call_ms_since(v, c->since_mono_us), body);
	call_hangup_leg(v, leg, "hangup");
	call_bridge(v, c, false);
	ivr_play(v, c, PLAY_MUSIC);
	return answer(call, c);
}

static int on_hangup(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct call *c = NULL;
	struct json_in in;
	bool boss = call->roles & MAY_LEAD;

	json_in_init(&in, call->params);
	const char *why = json_in_str_or(&in, "reason", 200, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = find_for(call, &c, !boss);
	if (err)
		return err;
	bool mine = !strcmp(c->agent, call->actor);
	if (!mine && !*why)
		return rpc_fail(call, EINVAL, N_("Give a reason"), NULL);
	if (!exchange_is_up(v->ex))
		return rpc_fail(call, EAGAIN,
				N_("The exchange does not answer"), NULL);
	call->result = json_pack("{s:s}", "contact", c->id);
	if (!mine)
		call_fact(v, c, "call.hangup", call->actor, -1,
			  json_pack("{s:s}", "why", why));
	call_end(v, c, mine ? AGENT_END : "lead_hangup",
		 mine ? "agent" : "lead", "hangup");
	return 0;
}

const struct rpc_handler call_methods[] = {
	{"call.list", .liveh = on_list},
	{"call.get", .liveh = on_get},
	{"call.answer", .liveh = on_answer},
	{"call.hold", .liveh = on_hold},
	{"call.retrieve", .liveh = on_retrieve},
	{"call.transfer", .liveh = on_transfer},
	{"call.hangup", .liveh = on_hangup},
	{NULL},
};

/* ---- life ---- */

static int on_loaded(const struct fact *f, void *arg)
{
	on_fact(f, arg);
	acd_replay(((struct voice *)arg)->prm.acd, f);
	return 0;
}

int call_load(struct voice *v, struct db *db)
{
	char day[12];

	today(day);
	copy(v->day, sizeof(v->day), day);
	v->loading = true;
	int err = store_call_last_id(db, day, &v->last_id);
	if (!err)
		err = store_call_open_contacts(db, on_loaded, v);
	v->loading = false;
	return err;
}

int call_init(struct voice *v)
{
	static const char *const prefixes[] = {"contact.", "offer.", "leg.",
					       "recording."};
	int err = hash_alloc(&v->calls, 1024);

	if (!err)
		err = hash_alloc(&v->legs, 1024);
	for (size_t i = 0; i < 4 && !err; i++) {
		v->sinks[i] = (struct fact_sink){
			.prefix = prefixes[i], .applyh = on_fact, .arg = v};
		fact_log_sink(v->prm.log, &v->sinks[i]);
	}
	return err;
}
