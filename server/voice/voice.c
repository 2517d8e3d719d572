/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The telephone put together: each event of the switch goes to the flow that
 * it concerns, and leaves a fact where a leg ended; the switch is told the
 * site's trunks, phones and the plan by which it greets callers while we are
 * away.
 */
#include "server/voice/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "server/config.h"
#include "server/core/alarm.h"
#include "server/core/session.h"
#include "server/core/store_call.h"
#include "server/core/worker.h"
#include "server/desk/acd.h"
#include "server/desk/site.h"

#define TICK_MS	     200
#define WATCH_TICKS  25
#define CONFIG_TICKS 18000 /* an hour: the plan's open hours move on */
#define PLAN_DAYS    14
#define PLAN_LIMIT   200

/* ---- events ---- */

static void on_answered(struct voice *v, const json_t *b)
{
	struct call_leg *leg = call_leg_find(v, json_str(b, "leg"));

	if (!leg)
		leg = hotline_adopt(v, b);
	struct call *c = leg ? call_find(v, leg->contact) : NULL;
	if (!leg) {
		/* ours of a life before: nobody waits for it */
		if (!strncmp(json_str(b, "leg"), "o", 1))
			call_hangup_leg(v, json_str(b, "leg"), "cancel");
		return;
	}
	leg->up = true;
	if (leg->side == LEG_PLAYBACK)
		recording_leg_answered(v, leg->id);
	else if (!c)
		call_hangup_leg(v, leg->id, "cancel");
	else if (leg->side == LEG_CITIZEN && c->state == CALL_DIALLING)
		outbound_citizen_answered(v, c);
	else if (leg->side == LEG_AGENT && c->state == CALL_DIALLING)
		outbound_agent_answered(v, c);
	else if (leg->side == LEG_AGENT && strcmp(c->agent_leg, leg->id) != 0)
		hotline_answered(v, c, leg);
}

static void leg_ended_fact(struct voice *v, const struct exchange_event *ev,
			   const char *contact, const char *person)
{
	const json_t *b = ev->body;
	json_t *quality = json_object_get(b, "quality");
	json_t *body =
		json_pack("{s:s,s:s,s:s,s:O*}", "leg", json_str(b, "leg"),
			  "cause", json_str(b, "cause"), "by",
			  json_str(b, "by"), "quality", quality);
	struct fact f = {.at_us = ev->at_us,
			 .dur_ms = -1,
			 .actor = "switch",
			 .kind = "leg.ended",
			 .contact = contact,
			 .subject = json_str(b, "leg"),
			 .body = body};

	/* the person is in the body: the fact is about the leg, and moves no
	 * agent's state by itself */
	json_object_set_new(body, "person", json_string(person));
	exchange_happened(v->ex, &f);
	json_decref(body);
}

static void on_leg_ended(struct voice *v, const struct exchange_event *ev)
{
	const char *cause = json_str(ev->body, "cause");
	const struct call_leg *leg =
		call_leg_find(v, json_str(ev->body, "leg"));
	char contact[CALL_ID], person[CALL_ID];

	if (!leg)
		return;
	if (leg->side == LEG_PLAYBACK) {
		recording_leg_ended(v, json_str(ev->body, "leg"));
		return;
	}
	struct call *c = call_find(v, leg->contact);
	snprintf(contact, sizeof(contact), "%s", leg->contact);
	snprintf(person, sizeof(person), "%s", leg->person);
	if (c && leg->side == LEG_CITIZEN)
		hotline_citizen_left(v, c, cause, json_str(ev->body, "by"));
	else if (c)
		hotline_agent_leg_ended(v, c, leg, cause);
	leg_ended_fact(v, ev, contact, person);
}

/* The voice of an agent stopped or is there again. */
static void on_line(struct voice *v, const struct exchange_event *ev)
{
	const struct call_leg *leg =
		call_leg_find(v, json_str(ev->body, "leg"));
	struct call *c = leg ? call_find(v, leg->contact) : NULL;
	bool broken = !strcmp(ev->kind, "leg.detached") ||
		      !strcmp(ev->kind, "leg.silent");

	if (!c || leg->side != LEG_AGENT || strcmp(c->agent_leg, leg->id) != 0)
		return;
	if (broken)
		hotline_away(v, c, ev->kind + strlen("leg."));
	else
		hotline_back(v, c);
}

static void trunk_alarm(struct voice *v, const char *trunk, bool up)
{
	char id[64];

	if (!v->prm.alarm)
		return;
	snprintf(id, sizeof(id), "trunk:%.40s", trunk);
	if (up)
		alarm_clear(v->prm.alarm, id);
	else
		alarm_raise(v->prm.alarm, id, ALARM_CRITICAL,
			    N_("A trunk is down"), trunk);
}

/* One that was switched off is missed by nobody. */
static void forget_trunks(struct voice *v)
{
	for (size_t i = 0; i < site_trunk_count(v->prm.site); i++) {
		const struct site_trunk *t = site_trunk_at(v->prm.site, i);
		if (!t->active)
			trunk_alarm(v, t->id, true);
	}
}

void voice_trunk(struct voice *v, const json_t *said, bool up,
		 int64_t since_us)
{
	const char *trunk = json_str(said, "trunk");

	site_trunk_state(v->prm.site, trunk, up, json_str(said, "why"),
			 since_us);
	const struct site_trunk *t = site_trunk_find(v->prm.site, trunk);
	trunk_alarm(v, trunk, up || !since_us || (t && !t->active));
}

static void on_phone(struct voice *v, const struct exchange_event *ev)
{
	const json_t *b = ev->body;
	bool up = !strcmp(ev->kind, "phone.registered");

	site_phone_state(v->prm.site, json_str(b, "phone"), up,
			 json_str(b, "source"));
	roster_desk_phone(v->prm.roster, json_str(b, "phone"), up);
}

static void on_ringing(struct voice *v, const json_t *b)
{
	const struct call_leg *leg = call_leg_find(v, json_str(b, "leg"));

	if (!leg)
		leg = hotline_adopt(v, b);
	struct call *c = leg ? call_find(v, leg->contact) : NULL;
	if (c && c->state == CALL_DIALLING && leg->side == LEG_CITIZEN)
		outbound_ringing(v, c);
}

static void on_workstation(struct voice *v, const struct exchange_event *ev)
{
	roster_workstation(v->prm.roster, json_str(ev->body, "person"),
			   !strcmp(ev->kind, "workstation.attached"));
}

static bool on_leg_event(struct voice *v, const struct exchange_event *ev)
{
	const char *k = ev->kind;

	if (!strcmp(k, "leg.arrived"))
		hotline_arrived(v, ev);
	else if (!strcmp(k, "leg.answered"))
		on_answered(v, ev->body);
	else if (!strcmp(k, "leg.ringing"))
		on_ringing(v, ev->body);
	else if (!strcmp(k, "leg.ended"))
		on_leg_ended(v, ev);
	else if (!strcmp(k, "leg.detached") || !strcmp(k, "leg.silent") ||
		 !strcmp(k, "leg.attached") || !strcmp(k, "leg.back"))
		on_line(v, ev);
	else
		return false;
	return true;
}

static void on_event(const struct exchange_event *ev, void *arg)
{
	struct voice *v = arg;
	const char *k = ev->kind;

	call_seen_contact(v, json_str(ev->body, "contact"));
	if (on_leg_event(v, ev))
		return;
	if (!strcmp(k, "play.ended")) {
		recording_play_ended(v, ev);
		ivr_ended(v, ev);
	} else if (!strncmp(k, "record.", 7)) {
		recording_event(v, ev);
	} else if (!strncmp(k, "workstation.", 12)) {
		on_workstation(v, ev);
	} else if (!strncmp(k, "phone.", 6)) {
		on_phone(v, ev);
	} else if (!strncmp(k, "trunk.", 6)) {
		voice_trunk(v, ev->body, !strcmp(k, "trunk.up"), ev->at_us);
	} else if (!strcmp(k, "switch.started")) {
		recording_mended(v, ev);
	}
}

static void on_link(bool up, void *arg)
{
	struct voice *v = arg;

	if (!up) {
		acd_open(v->prm.acd, false);
		recording_link_lost(v);
	}
	if (!v->prm.alarm)
		return;
	if (up)
		alarm_clear(v->prm.alarm, "switch");
	else
		alarm_raise(v->prm.alarm, "switch", ALARM_CRITICAL,
			    N_("The exchange does not answer"), "");
}

/* ---- what the switch is told ---- */

static json_t *numbers_json(const char numbers[][SITE_NUMBER], size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(numbers[i]));
	return list;
}

static json_t *trunks_json(const struct site *site)
{
	json_t *list = json_array();

	for (size_t i = 0; i < site_trunk_count(site); i++) {
		const struct site_trunk *t = site_trunk_at(site, i);

		if (!t->active)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:o}",
				  "id", t->id, "kind", t->kind, "host",
				  t->host, "port", t->port, "transport",
				  t->transport, "user", t->user, "realm",
				  t->realm, "password", t->password, "caller",
				  t->caller, "numbers",
				  numbers_json(t->numbers, t->numbers_n)));
	}
	return list;
}

static json_t *phones_json(const struct site *site)
{
	json_t *list = json_array();

	for (size_t i = 0; i < site_phone_count(site); i++) {
		const struct site_phone *p = site_phone_at(site, i);

		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name",
						      p->id, "ha1", p->ha1,
						      "realm", p->realm));
	}
	return list;
}

/* Open intervals of the next days. */
static json_t *hours_json(const struct cal *cal)
{
	json_t *list = json_array();
	int64_t at = cal_now_us();
	int64_t end = at + (int64_t)PLAN_DAYS * 86400 * 1000000;

	while (at < end && json_array_size(list) < 100) {
		int64_t from = cal_next_open(cal, at);
		if (from >= end)
			break;
		int64_t to = cal_next_close(cal, from);
		if (to > end)
			to = end;
		json_array_append_new(
			list,
			json_pack("[I,I]", (json_int_t)from, (json_int_t)to));
		at = to;
	}
	return list;
}

static json_t *plan_json(const struct site *site, const struct site_queue *q)
{
	char notice[SITE_TEXT], music[SITE_TEXT], closed[SITE_TEXT],
		busy[SITE_TEXT];

	site_queue_prompt(site, q, "notice", notice);
	site_queue_prompt(site, q, "music", music);
	site_queue_prompt(site, q, "closed", closed);
	site_prompt_file(site, "busy", busy);
	return json_pack("{s:o,s:s,s:s,s:s,s:s,s:i,s:I}", "open_us",
			 hours_json(site_cal(site)), "notice", notice, "hold",
			 music, "closed", closed, "busy", busy, "limit",
			 PLAN_LIMIT, "max_wait_ms",
			 (json_int_t)q->max_wait_ms);
}

static json_t *on_config(void *arg)
{
	const struct voice *v = arg;
	const struct site *site = v->prm.site;
	json_t *numbers = json_object();

	for (size_t i = 0; i < site_queue_count(site); i++) {
		const struct site_queue *q = site_queue_at(site, i);

		for (size_t k = 0; q->active && k < q->numbers_n; k++)
			json_object_set_new(numbers, q->numbers[k],
					    plan_json(site, q));
	}
	return json_pack("{s:o,s:o,s:{s:o}}", "trunks", trunks_json(site),
			 "phones", phones_json(site), "fallback", "numbers",
			 numbers);
}

bool voice_is_up(const struct voice *v)
{
	return exchange_is_up(v->ex);
}

static void on_site(unsigned what, void *arg)
{
	struct voice *v = arg;

	if (what & (SITE_QUEUES | SITE_CALENDAR | SITE_PROMPTS | SITE_TRUNKS |
		    SITE_PHONES))
		exchange_configure(v->ex);
	if (what & SITE_TRUNKS)
		forget_trunks(v);
	if (what & (SITE_QUEUES | SITE_CALENDAR))
		acd_kick(v->prm.acd);
}

void voice_drop(struct voice *v, const char *person)
{
	(void)exchange_command(v->ex, "workstation.drop",
			       json_pack("{s:s}", "person", person), NULL,
			       NULL);
}

/* ---- the missed list, told after the commit ---- */

struct telling {
	struct voice *v;
	int64_t id;
	char contact[CALL_ID];
	json_t *row;
};

static int on_missed_job(struct db *db, void *arg)
{
	struct telling *t = arg;

	if (!t->id)
		t->id = store_call_missed_of(db, t->contact);
	t->row = t->id ? store_call_missed_json(db, t->id) : NULL;
	return 0;
}

static void on_missed_read(int err, void *arg)
{
	struct telling *t = arg;

	if (!err && t->row)
		session_publish(t->v->prm.hub, "missed", NULL,
				"missed.changed",
				json_pack("{s:O}", "missed", t->row));
	json_decref(t->row);
	mem_deref(t);
}

static bool touches_missed(const struct fact *f)
{
	const char *result = json_str(f->body, "result");

	if (!strncmp(f->kind, "missed.", 7) ||
	    !strcmp(f->kind, "contact.answered") ||
	    !strcmp(f->kind, "contact.dialled"))
		return true;
	return !strcmp(f->kind, "contact.ended") &&
	       (!strcmp(result, "abandoned") || !strcmp(result, "overflow") ||
		!strcmp(result, "lost"));
}

static void on_published(const struct fact *f, void *arg)
{
	struct voice *v = arg;

	if (!v->prm.hub || !v->prm.worker || !touches_missed(f))
		return;
	struct telling *t = mem_zalloc(sizeof(*t), NULL);
	if (!t)
		return;
	t->v = v;
	t->id = json_int(f->body, "missed");
	snprintf(t->contact, sizeof(t->contact), "%s",
		 f->contact ? f->contact : "");
	if (worker_submit(v->prm.worker, on_missed_job, on_missed_read, t))
		mem_deref(t);
}

/* ---- life ---- */

/* The switch's counters, for status and /metrics: a few seconds old. */
static void on_stats(int err, json_t *result, void *arg)
{
	struct voice *v = arg;

	json_decref(v->stats);
	v->stats = err ? NULL : json_incref(result);
}

static void on_tick(void *arg)
{
	struct voice *v = arg;

	v->ticks++;
	if (exchange_is_up(v->ex)) {
		hotline_tick(v);
		if (v->ticks % WATCH_TICKS == 0)
			resync_watch(v);
		if (v->ticks % WATCH_TICKS == 0)
			(void)exchange_command(v->ex, "stats", NULL, on_stats,
					       v);
	}
	if (v->ticks % CONFIG_TICKS == 0)
		exchange_configure(v->ex);
	tmr_start(&v->tick, TICK_MS, on_tick, v);
}

static void destructor(void *arg)
{
	struct voice *v = arg;

	tmr_cancel(&v->tick);
	tmr_cancel(&v->flush);
	tmr_cancel(&v->greet);
	mem_deref(v->ex); /* answers what is pending: on_stats() */
	json_decref(v->stats);
	list_flush(&v->playbacks);
	hash_flush(v->calls);
	hash_flush(v->legs);
	mem_deref(v->calls);
	mem_deref(v->legs);
}

static int link_up(struct voice *v)
{
	char path[CONFIG_TEXT * 2];

	config_path(path, v->prm.cfg->run_dir, "switch.sock");
	struct exchange_prm prm = {
		.path = v->prm.switch_path ? v->prm.switch_path : path,
		.log = v->prm.log,
		.worker = v->prm.worker,
		.eventh = on_event,
		.stateh = resync_state,
		.linkh = on_link,
		.configh = on_config,
		.arg = v};
	return exchange_alloc(&v->ex, &prm);
}

int voice_alloc(struct voice **vp, const struct voice_prm *prm)
{
	scoped_mem struct voice *v = mem_zalloc(sizeof(*v), destructor);

	if (!v)
		return ENOMEM;
	v->prm = *prm;
	v->wall = (struct store_wall_prm){
		.target_connect = prm->cfg->target_connect,
		.target_ms = prm->cfg->target_seconds * 1000,
		.short_ms = prm->cfg->short_abandon_ms};
	tmr_init(&v->tick);
	tmr_init(&v->flush);
	tmr_init(&v->greet);
	int err = link_up(v);
	if (!err)
		err = call_init(v);
	if (err)
		return err;
	hotline_init(v);
	fact_log_publish(prm->log, on_published, v);
	site_follow(prm->site, on_site, v);
	tmr_start(&v->tick, TICK_MS, on_tick, v);
	*vp = take(v);
	return 0;
}

int voice_load(struct voice *v, struct db *db)
{
	return call_load(v, db);
}

static bool count_one(struct le *le, void *arg)
{
	(void)le;
	++*(size_t *)arg;
	return false;
}

static void on_status(json_t *status, void *arg)
{
	const struct voice *v = arg;
	int counts[AGENT_PAUSED + 1] = {0};
	int signed_in = 0;
	size_t calls = 0;

	for (size_t i = 0; i < roster_count(v->prm.roster); i++) {
		const struct roster_agent *a = roster_at(v->prm.roster, i);
		counts[a->now.state]++;
		signed_in += roster_signed_in(a);
	}
	hash_apply(v->calls, count_one, &calls);
	json_t *sw = json_pack("{s:b,s:s}", "up", exchange_is_up(v->ex),
			       "boot", exchange_switch_boot(v->ex));
	if (v->stats)
		json_object_update_missing(sw, v->stats);
	json_object_set_new(status, "switch", sw);
	json_object_set_new(status, "line",
			    json_pack("{s:I,s:I}", "calls", (json_int_t)calls,
				      "waiting",
				      (json_int_t)acd_count(v->prm.acd)));
	json_object_set_new(
		status, "agents",
		json_pack("{s:i,s:i,s:i,s:i,s:i,s:i,s:i}", "signed_in",
			  signed_in, "ready", counts[AGENT_READY], "offered",
			  counts[AGENT_OFFERED], "talking",
			  counts[AGENT_TALKING], "held", counts[AGENT_HELD],
			  "wrapup", counts[AGENT_WRAPUP], "paused",
			  counts[AGENT_PAUSED]));
}

void voice_register(struct voice *v, struct rpc *rpc)
{
	rpc_status_add(rpc, on_status, v);
	rpc_register(rpc, call_methods, v);
	rpc_register(rpc, outbound_methods, v);
	rpc_register(rpc, recording_methods, v);
	rpc_register(rpc, store_contact_methods, v);
	rpc_register(rpc, store_wall_methods, &v->wall);
}
