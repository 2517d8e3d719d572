/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After each connect the switch shows its legs, bridges and plays as they
 * are; the office compares them with its calls and sends the difference.
 * Whatever died, the two agree again: a call whose citizen is no longer there
 * ends as lost, an agent's leg that nobody knows is hung up, an offer whose
 * phone does not ring is withdrawn, a citizen in silence hears music again.
 *
 * The watch looks now and then for an agent who is in a state that no call
 * explains, and mends it with a fact that says so.
 */
#include "server/voice/call.h"

#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "server/core/alarm.h"
#include "server/desk/acd.h"
#include "server/desk/site.h"

#define SILENT_MS 400 /* as leg.silent */

static const json_t *leg_in(const json_t *state, const char *leg)
{
	json_t *l;
	size_t i;

	json_array_foreach (json_object_get(state, "legs"), i, l)
		if (!strcmp(json_str(l, "leg"), leg))
			return l;
	return NULL;
}

static bool is_up(const json_t *leg)
{
	return !strcmp(json_str(leg, "state"), "up");
}

/* Does the citizen hear something? A play that a life of ours before began
 * is ours again: its end moves the call on. */
static bool plays_to(const json_t *state, struct call *c, enum call_play what)
{
	json_t *p;
	size_t i;

	json_array_foreach (json_object_get(state, "plays"), i, p) {
		if (strcmp(json_str(p, "leg"), c->leg) != 0)
			continue;
		if (!c->play[0]) {
			snprintf(c->play, sizeof(c->play), "%s",
				 json_str(p, "play"));
			c->playing = what;
		}
		return true;
	}
	return false;
}

static bool records(const json_t *state, const struct call *c)
{
	json_t *r;
	size_t i;

	json_array_foreach (json_object_get(state, "recordings"), i, r)
		if (!strcmp(json_str(r, "recording"), c->id))
			return true;
	return false;
}

/* ---- phones and trunks ---- */

static void sync_phones(struct voice *v, const json_t *state)
{
	json_t *p;
	size_t i;

	roster_phones_gone(v->prm.roster);
	json_array_foreach (json_object_get(state, "workstations"), i, p)
		roster_workstation(v->prm.roster,
				   json_is_string(p) ? json_string_value(p)
						     : json_str(p, "person"),
				   true);
	for (i = 0; i < site_phone_count(v->prm.site); i++)
		site_phone_state(v->prm.site,
				 site_phone_at(v->prm.site, i)->id, false, "");
	json_array_foreach (json_object_get(state, "phones"), i, p) {
		const char *name = json_is_string(p) ? json_string_value(p)
						     : json_str(p, "phone");
		site_phone_state(v->prm.site, name, true,
				 json_str(p, "source"));
		roster_desk_phone(v->prm.roster, name, true);
	}
	json_array_foreach (json_object_get(state, "trunks"), i, p)
		voice_trunk(v, p, json_bool(p, "up"), json_int(p, "since_us"));
}

/* ---- calls ---- */

static void sync_waiting(struct voice *v, const json_t *state, struct call *c)
{
	const struct acd_item *item = acd_find(v->prm.acd, c->id);
	const json_t *cit = leg_in(state, c->leg);

	if (!is_up(cit))
		(void)exchange_command(v->ex, "leg.answer",
				       json_pack("{s:s,s:s}", "leg", c->leg,
						 "contact", c->id),
				       NULL, NULL);
	if (item && item->state == ACD_OFFERED) {
		const json_t *leg = leg_in(state, item->offer);
		struct call_leg *l = call_leg_find(v, item->offer);
		if (leg && is_up(leg) && l)
			hotline_answered(v, c, l);
		else if (!leg)
			acd_offer_end(v->prm.acd, c->id, "withdrawn");
	}
	enum call_play what =
		item && item->state == ACD_NOTICE ? PLAY_NOTICE : PLAY_MUSIC;
	if (c->state == CALL_WAITING && !plays_to(state, c, what))
		ivr_play(v, c, what);
}

static void sync_talking(struct voice *v, const json_t *state, struct call *c)
{
	const json_t *leg = leg_in(state, c->agent_leg);

	if (!leg) {
		call_requeue(v, c, "phone_lost");
		return;
	}
	if (!records(state, c))
		call_record(v, c);
	bool broken = json_bool(leg, "detached") ||
		      json_int(leg, "silent_ms") >= SILENT_MS;
	if (broken && !c->away) {
		hotline_away(v, c, "detached");
	} else if (!broken && c->away) {
		hotline_back(v, c);
	} else if (!c->away) {
		call_bridge(v, c, c->state == CALL_TALKING);
		if (c->state == CALL_HELD && !plays_to(state, c, PLAY_MUSIC))
			ivr_play(v, c, PLAY_MUSIC);
	}
}

static void sync_dialling(struct voice *v, const json_t *state, struct call *c)
{
	const json_t *agent = leg_in(state, c->agent_leg);
	const json_t *cit = leg_in(state, c->leg);

	if (!agent)
		call_end(v, c, "agent_unreachable", "office", "");
	else if (cit && is_up(cit))
		outbound_citizen_answered(v, c);
	else if (!cit && is_up(agent))
		outbound_agent_answered(v, c);
}

static void sync_call(struct voice *v, const json_t *state, struct call *c)
{
	if (c->state == CALL_DIALLING) {
		sync_dialling(v, state, c);
		return;
	}
	if (!leg_in(state, c->leg)) {
		call_end(v, c, v->lost ? "switch_lost" : "fault", "fault",
			 v->lost ? "switch_lost" : "fault");
		return;
	}
	switch (c->state) {
	case CALL_ARRIVED:
		/* stopped between arrival and queue: it is still new */
		call_end(v, c, "fault", "fault", "");
		break;
	case CALL_WAITING:
		sync_waiting(v, state, c);
		break;
	case CALL_TALKING:
	case CALL_HELD:
		sync_talking(v, state, c);
		break;
	case CALL_CLOSED:
		if (!plays_to(state, c, PLAY_CLOSED))
			ivr_play(v, c, PLAY_CLOSED);
		break;
	default:
		if (!plays_to(state, c, PLAY_BUSY))
			ivr_play(v, c, PLAY_BUSY);
	}
}

/* Legs that nobody here knows: a caller whose event was lost with an old
 * journal, or a remnant of a call that is over. */
static void sync_strangers(struct voice *v, const json_t *state)
{
	json_t *l;
	size_t i;

	json_array_foreach (json_object_get(state, "legs"), i, l) {
		const char *leg = json_str(l, "leg");
		const char *contact = json_str(l, "contact");

		call_seen_contact(v, contact);
		if (call_leg_find(v, leg) &&
		    (!*contact || call_find(v, contact)))
			continue;
		if (!strcmp(json_str(l, "direction"), "in") && !*contact) {
			struct exchange_event ev = {
				.boot = "",
				.at_us = json_int(l, "at_us"),
				.kind = "leg.arrived",
				.body = l};
			hotline_arrived(v, &ev);
			continue;
		}
		if (!call_leg_find(v, leg) && hotline_adopt(v, l))
			continue;
		log_warn("resync: leg %s of %s is of no call", leg, contact);
		call_hangup_leg(v, leg, "hangup");
	}
}

/* Legs we know and the switch does not: their end was never told. */
struct gone {
	struct voice *v;
	const json_t *state;
	char (*legs)[EXCHANGE_ID];
	size_t n, room;
};

static bool gone_one(struct le *le, void *arg)
{
	struct gone *g = arg;
	const struct call_leg *leg = le->data;

	if (g->n < g->room && !leg_in(g->state, leg->id))
		snprintf(g->legs[g->n++], EXCHANGE_ID, "%s", leg->id);
	return false;
}

static void sync_gone(struct voice *v, const json_t *state)
{
	struct gone g = {.v = v, .state = state, .room = 4096};

	g.legs = mem_zalloc(g.room * EXCHANGE_ID, NULL);
	if (!g.legs)
		return;
	hash_apply(v->legs, gone_one, &g);
	for (size_t i = 0; i < g.n; i++) {
		const struct call_leg *leg = call_leg_find(v, g.legs[i]);
		if (!leg || call_find(v, leg->contact))
			continue; /* being dialled at this moment */
		json_t *body = json_pack("{s:s,s:s,s:s}", "leg", leg->id,
					 "cause", "fault", "by", "fault");
		struct fact f = {.dur_ms = -1,
				 .actor = "office",
				 .kind = "leg.ended",
				 .contact = leg->contact,
				 .subject = g.legs[i],
				 .body = body};
		exchange_happened(v->ex, &f);
		json_decref(body);
	}
	mem_deref(g.legs);
}

void resync_state(json_t *state, void *arg)
{
	struct voice *v = arg;
	size_t n = 0;
	const char *boot = exchange_switch_boot(v->ex);

	v->lost = v->boot[0] && strcmp(v->boot, boot) != 0;
	if (!v->boot[0]) /* a start of ours: the ids tell */
		v->lost = true;
	snprintf(v->boot, sizeof(v->boot), "%s", boot);
	sync_phones(v, state);
	sync_strangers(v, state);
	struct call **list = call_all(v, &n);
	for (size_t i = 0; list && i < n; i++) {
		if (list[i]->le.list)
			sync_call(v, state, list[i]);
		mem_deref(list[i]);
	}
	mem_deref(list);
	sync_gone(v, state);
	acd_renew(v->prm.acd);
	resync_watch(v);
	acd_open(v->prm.acd, true);
}

/* ---- the watch ---- */

static void mend(struct voice *v, const struct roster_agent *a,
		 enum agent_state to, const char *reason)
{
	json_t *body = json_pack("{s:s,s:s,s:s,s:s,s:s}", "state",
				 agent_state_name(to), "reason", reason, "by",
				 "office", "why", "watchdog", "was",
				 agent_state_name(a->now.state));
	struct fact f = {.dur_ms = -1,
			 .actor = "office",
			 .kind = "agent.state",
			 .agent = a->now.id,
			 .contact = a->now.contact,
			 .body = body};

	log_error("watch: %s is %s in %s, which no call explains", a->now.id,
		  agent_state_name(a->now.state), a->now.contact);
	exchange_happened(v->ex, &f);
	json_decref(body);
}

static void watch_agent(struct voice *v, const struct roster_agent *a)
{
	const struct acd_item *item = acd_find(v->prm.acd, a->now.contact);
	const struct call *c = call_find(v, a->now.contact);

	if (a->now.state == AGENT_OFFERED &&
	    (!item || item->state != ACD_OFFERED ||
	     strcmp(item->agent, a->now.id) != 0))
		mend(v, a, AGENT_READY, "");
	else if ((a->now.state == AGENT_TALKING ||
		  a->now.state == AGENT_HELD) &&
		 (!c || strcmp(c->agent, a->now.id) != 0))
		mend(v, a, AGENT_PAUSED, "phone_lost");
}

void resync_watch(struct voice *v)
{
	for (size_t i = 0; i < roster_count(v->prm.roster); i++)
		watch_agent(v, roster_at(v->prm.roster, i));
}
