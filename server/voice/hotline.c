/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A citizen's call from the first ring to the hang-up; the page to read
 * first.
 *
 *     leg.arrived -- no queue of that number --> 404
 *          |-------- closed hours -----------> closed prompt, bye
 *          v
 *     leg.answer, notice (plays out whatever happens), and at once into the
 *     line (desk/acd). An offer rings the agent's phone; when he answers, the
 *     two are bridged and recorded. Refusal and timeout cost the citizen
 *     nothing but the seconds: he keeps his place.
 *          |-------- waited too long ---------> busy prompt, bye, call back
 *          v
 *     talk. The agent's line breaks: comfort prompt; it comes back: on they
 *     talk; it does not: to the head of the line.
 */
#include "server/voice/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "server/config.h"
#include "server/core/session.h"
#include "server/core/store_call.h"
#include "server/desk/acd.h"
#include "server/desk/site.h"

/* ---- arrival ---- */

static void refuse_unknown(struct voice *v, const struct exchange_event *ev,
			   const char *leg)
{
	json_t *body = json_pack("{s:s,s:i,s:s,s:s,s:s}", "leg", leg, "code",
				 404, "to", json_str(ev->body, "to"), "from",
				 json_str(ev->body, "from"), "trunk",
				 json_str(ev->body, "trunk"));
	struct fact f = {.dur_ms = -1,
			 .actor = "office",
			 .kind = "leg.refused",
			 .subject = leg,
			 .body = body};

	(void)exchange_command(v->ex, "leg.refuse",
			       json_pack("{s:s,s:i}", "leg", leg, "code", 404),
			       NULL, NULL);
	exchange_happened(v->ex, &f);
	json_decref(body);
}

static void arrived_fact(struct voice *v, const struct exchange_event *ev,
			 const char *contact, const struct site_queue *q,
			 bool open)
{
	const json_t *b = ev->body;
	char number[PHONE_NO_SIZE];

	phone_no_normal(number, json_str(b, "from"));
	json_t *body =
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:i}", "leg",
			  json_str(b, "leg"), "trunk", json_str(b, "trunk"),
			  "number", number, "from", json_str(b, "from"),
			  "name", json_str(b, "name"), "to", json_str(b, "to"),
			  "queue", q->id, "fallback", json_bool(b, "fallback"),
			  "open", open, "priority", q->priority);
	struct fact f = {.at_us = ev->at_us,
			 .dur_ms = -1,
			 .actor = "switch",
			 .kind = "contact.arrived",
			 .contact = contact,
			 .body = body};
	exchange_happened(v->ex, &f);
	json_decref(body);
}

/* Queued from the moment of arrival, as the switch's clock has it: the notice
 * is part of the wait, and of callers who came while we were away each keeps
 * his place, whoever greeted him. */
static void queue_it(struct voice *v, struct call *c, int64_t at_us)
{
	char contact[CALL_ID];
	json_t *body;

	snprintf(contact, sizeof(contact), "%s", c->id);
	c->queued_us = at_us;
	body = call_item_body(c);
	json_object_set_new(body, "notice", json_boolean(!c->fallback));
	struct fact f = {.at_us = at_us,
			 .dur_ms = -1,
			 .actor = "office",
			 .kind = "contact.queued",
			 .contact = contact,
			 .body = body};
	exchange_happened(v->ex, &f);
	json_decref(body);
}

static bool greet_one(struct le *le, void *arg)
{
	struct voice *v = arg;
	struct call *c = le->data;

	if (!c->greet)
		return false;
	c->greet = false;
	(void)exchange_command(
		v->ex, "leg.answer",
		json_pack("{s:s,s:s}", "leg", c->leg, "contact", c->id), NULL,
		NULL);
	ivr_play(v, c,
		 c->state == CALL_CLOSED ? PLAY_CLOSED
		 : c->fallback		 ? PLAY_MUSIC
					 : PLAY_NOTICE);
	return false;
}

/* At the end of the turn in which they arrived, behind the assigner: the
 * agent's phone is what takes time, so it is dialled first. */
void hotline_greet(void *arg)
{
	struct voice *v = arg;

	hash_apply(v->calls, greet_one, v);
}

void hotline_arrived(struct voice *v, const struct exchange_event *ev)
{
	const char *leg = json_str(ev->body, "leg");
	char contact[CALL_ID];

	if (!*leg || strlen(leg) >= EXCHANGE_ID || call_leg_find(v, leg))
		return; /* repeated */
	const struct site_queue *q =
		site_queue_of(v->prm.site, json_str(ev->body, "to"));
	if (!q) {
		refuse_unknown(v, ev, leg);
		return;
	}
	int64_t at_us = ev->at_us ? ev->at_us : cal_now_us();
	bool open = cal_is_open(site_cal(v->prm.site), at_us);
	call_mint_contact(v, contact);
	arrived_fact(v, ev, contact, q, open);
	struct call *c = call_find(v, contact);
	if (!c)
		return;
	if (open)
		queue_it(v, c, at_us);
	c->greet = true;
	/* resync looks at what was sent before it */
	if (exchange_is_up(v->ex))
		tmr_start(&v->greet, 0, hotline_greet, v);
	else
		hotline_greet(v);
}

/* ---- offers ---- */

static void on_mint(char out[ACD_ID], void *arg)
{
	exchange_mint(((struct voice *)arg)->ex, out);
}

struct dialling {
	struct voice *v;
	char contact[CALL_ID];
	char offer[EXCHANGE_ID];
};

static void on_dialled(int err, json_t *result, void *arg)
{
	struct dialling *d = arg;
	const struct acd_item *item = acd_find(d->v->prm.acd, d->contact);

	(void)result;
	if (err && err != ENOTCONN && item && !strcmp(item->offer, d->offer))
		acd_offer_end(d->v->prm.acd, d->contact, "unreachable");
	mem_deref(d);
}

static json_t *party_of(const struct voice *v, const char *person)
{
	const struct roster_agent *a = roster_find(v->prm.roster, person);
	const char *device = a ? a->now.device : "";

	return strncmp(device, "phone:", 6) != 0
		       ? json_pack("{s:s}", "workstation", person)
		       : json_pack("{s:s}", "phone", device + 6);
}

static void tell_offer(struct voice *v, const struct acd_item *item,
		       const struct call *c, const char *number,
		       const char *name)
{
	if (!v->prm.hub)
		return;
	session_publish(
		v->prm.hub, "me", item->agent, "me.offer",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:s,s:b,s:{s:"
			  "s,s:s},s:[]}",
			  "offer", item->offer, "contact", item->contact,
			  "queue", item->queue, "number", number, "name", name,
			  "direction", c->out ? "out" : "in", "arrived_us",
			  (json_int_t)item->arrived_us, "queued_us",
			  (json_int_t)item->queued_us, "lease_ms",
			  (json_int_t)item->lease_ms, "why", item->offer_why,
			  "head", item->head, "citizen", "number", number,
			  "name", name, "kb"));
}

static void on_offer(const struct acd_item *item, void *arg)
{
	struct voice *v = arg;
	const struct call *c = call_find(v, item->contact);
	const struct site_queue *q = site_queue_find(v->prm.site, item->queue);
	char number[PHONE_NO_SIZE], name[80];

	if (!c)
		return;
	struct dialling *d = mem_zalloc(sizeof(*d), NULL);
	if (!d)
		return; /* the lease ends it */
	d->v = v;
	snprintf(d->contact, sizeof(d->contact), "%s", item->contact);
	snprintf(d->offer, sizeof(d->offer), "%s", item->offer);
	phone_no_mask(number, item->number);
	store_call_mask_name(name, sizeof(name), item->name);
	json_t *info = json_pack(
		"{s:s,s:s,s:s,s:s,s:I,s:s,s:I}", "number", number, "name",
		name, "queue", item->queue, "queue_name", q ? q->name : "",
		"wait",
		(json_int_t)((cal_mono_us() - item->queued_mono_us) / 1000),
		"why", item->offer_why, "lease_ms",
		(json_int_t)item->lease_ms);
	int err = exchange_command(
		v->ex, "leg.dial",
		json_pack("{s:s,s:s,s:o,s:s,s:s,s:I,s:s,s:o}", "leg",
			  item->offer, "contact", item->contact, "to",
			  party_of(v, item->agent), "from", number, "name",
			  name, "timeout_ms", (json_int_t)item->lease_ms,
			  "join", c->leg, "info", info),
		on_dialled, d);
	if (err)
		mem_deref(d); /* resync or the lease ends it */
	tell_offer(v, item, c, number, name);
}

/* The agent who answered learns it by me.call; the others that it is gone. */
static void tell_gone(struct voice *v, const char *agent, const char *offer,
		      const char *contact, const char *why)
{
	if (v->prm.hub)
		session_publish(v->prm.hub, "me", agent, "me.offer_gone",
				json_pack("{s:s,s:s,s:s}", "offer", offer,
					  "contact", contact, "why", why));
}

static void on_offer_end(const struct acd_item *item, const char *result,
			 void *arg)
{
	struct voice *v = arg;
	const char *why =
		!strcmp(result, "unreachable") ? "withdrawn" : result;

	if (call_leg_find(v, item->offer))
		call_hangup_leg(v, item->offer,
				!strcmp(result, "timeout") ? "no_answer"
							   : "cancel");
	tell_gone(v, item->agent, item->offer, item->contact, why);
}

/* Its fact was not on disk yet, but a phone rings for it, or was answered. */
struct call_leg *hotline_adopt(struct voice *v, const json_t *leg)
{
	const char *id = json_str(leg, "leg");
	const struct call *c = call_find(v, json_str(leg, "contact"));

	if (!c || c->state != CALL_WAITING ||
	    acd_adopt(v->prm.acd, c->id, json_str(leg, "person"), id))
		return NULL;
	log_info("hotline: an offer of %s was made before", c->id);
	return call_leg_find(v, id);
}

void hotline_answered(struct voice *v, struct call *c,
		      const struct call_leg *leg)
{
	const struct acd_item *item = acd_find(v->prm.acd, c->id);
	char agent[CALL_ID], offer[EXCHANGE_ID];

	if (!item || item->state != ACD_OFFERED ||
	    strcmp(item->offer, leg->id) != 0) {
		/* too late: the call is somebody else's */
		log_info("hotline: late answer of %s", leg->person);
		call_hangup_leg(v, leg->id, "cancel");
		return;
	}
	snprintf(agent, sizeof(agent), "%s", item->agent);
	snprintf(offer, sizeof(offer), "%s", item->offer);
	/* the switch joined the two when the phone was lifted, with us or
	 * without: that is when the wait was over */
	int64_t wait_ms = call_ms_since(v, c->queued_mono_us);
	json_t *body =
		json_pack("{s:s,s:s,s:I,s:I}", "leg", offer, "offer", offer,
			  "wait_ms", (json_int_t)wait_ms, "ring_ms",
			  (json_int_t)call_ms_since(v, item->offered_mono_us));
	struct fact f = {.dur_ms = wait_ms,
			 .actor = agent,
			 .kind = "contact.answered",
			 .contact = c->id,
			 .agent = agent,
			 .subject = offer,
			 .body = body};
	exchange_happened(v->ex, &f);
	json_decref(body);
	if (c->playing != PLAY_NOTICE) {
		c->play[0] = '\0'; /* the join ends it */
		c->playing = PLAY_NONE;
	}
	call_bridge(v, c, true);
	call_record(v, c);
	tell_gone(v, agent, offer, c->id, "answered");
}

static const char *offer_result(const char *cause)
{
	if (!strcmp(cause, "refused"))
		return "refused";
	if (!strcmp(cause, "no_answer"))
		return "timeout";
	return "unreachable";
}

/* Only he who hung up ends the call; a line that failed does not. */
static bool is_goodbye(const char *cause)
{
	return !strcmp(cause, "bye") || !strcmp(cause, "hangup") ||
	       !strcmp(cause, "refused") || !strcmp(cause, "cancel");
}

void hotline_agent_leg_ended(struct voice *v, struct call *c,
			     const struct call_leg *leg, const char *cause)
{
	const struct acd_item *item = acd_find(v->prm.acd, c->id);

	if (item && item->state == ACD_OFFERED &&
	    !strcmp(item->offer, leg->id)) {
		acd_offer_end(v->prm.acd, c->id, offer_result(cause));
		return;
	}
	if (strcmp(c->agent_leg, leg->id) != 0)
		return; /* transferred, given back: not his call any more */
	if (c->state == CALL_DIALLING) {
		call_end(v, c,
			 is_goodbye(cause) ? "agent_hangup"
					   : "agent_unreachable",
			 is_goodbye(cause) ? "agent" : "office", cause);
	} else if (is_goodbye(cause)) {
		call_end(v, c, "agent_hangup", "agent", cause);
	} else {
		call_requeue(v, c, "phone_lost");
	}
}

void hotline_citizen_left(struct voice *v, struct call *c, const char *cause,
			  const char *by)
{
	if (!strcmp(by, "fault")) {
		call_end(v, c, "fault", "fault", cause);
		return;
	}
	switch (c->state) {
	case CALL_DIALLING:
		call_end(v, c, cause, "citizen", cause);
		break;
	case CALL_LEAVING:
		call_end(v, c, "max_wait", "citizen", cause);
		break;
	case CALL_CLOSED:
		call_end(v, c, "closed", "citizen", cause);
		break;
	case CALL_TALKING:
	case CALL_HELD:
		call_end(v, c, "caller_hangup", "citizen", cause);
		break;
	default:
		call_end(v, c, "caller_left", "citizen", cause);
	}
}

static void on_overflow(const struct acd_item *item, void *arg)
{
	struct voice *v = arg;
	struct call *c = call_find(v, item->contact);

	if (!c)
		return;
	call_fact(v, c, "contact.leaving", "office", -1,
		  json_pack("{s:s}", "reason", "max_wait"));
	ivr_play(v, c, PLAY_BUSY);
}

void hotline_init(struct voice *v)
{
	struct acd_source source = {.mint = on_mint,
				    .offer = on_offer,
				    .offer_end = on_offer_end,
				    .overflow = on_overflow,
				    .arg = v};

	acd_source(v->prm.acd, &source);
}

/* ---- the agent's line ---- */

void hotline_away(struct voice *v, struct call *c, const char *why)
{
	if (c->away || (c->state != CALL_TALKING && c->state != CALL_HELD))
		return;
	call_fact(v, c, "contact.away", "switch", -1,
		  json_pack("{s:s}", "why", why));
	roster_away(v->prm.roster, c->agent, true);
	if (c->state == CALL_HELD)
		return; /* music plays already */
	call_bridge(v, c, false);
	ivr_play(v, c, PLAY_COMFORT);
}

void hotline_back(struct voice *v, struct call *c)
{
	if (!c->away)
		return;
	call_fact(v, c, "contact.back", "switch", -1, NULL);
	roster_away(v->prm.roster, c->agent, false);
	if (c->state == CALL_HELD)
		return;
	ivr_stop(v, c);
	call_bridge(v, c, true);
}

void hotline_tick(struct voice *v)
{
	size_t n = 0;
	struct call **list = call_all(v, &n);
	int64_t mono_us = cal_mono_us();

	for (size_t i = 0; list && i < n; i++) {
		struct call *c = list[i];
		if (c->away && !c->ending && mono_us >= c->away_mono_us)
			call_requeue(v, c, "phone_lost");
		mem_deref(c);
	}
	mem_deref(list);
}
