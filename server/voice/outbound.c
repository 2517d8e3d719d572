/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to citizens: an agent dials a number, calls back one of the missed
 * list or the citizen of a ticket. The agent's own phone comes first and
 * answers by itself, so that he hears the ringing; then the citizen is
 * called; when he answers, the two are bridged and recorded. The reason for
 * calling is on record with the call.
 */
#include "server/voice/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "server/config.h"
#include "server/core/store_call.h"
#include "server/core/worker.h"
#include "server/desk/site.h"

#define RING_MS 60000
#define DETAIL	160

/* One request while the number is looked up. */
struct dial {
	struct voice *v;
	struct rpc_later *later;
	char agent[CALL_ID];
	char number[PHONE_NO_SIZE];
	char queue[CALL_ID];
	char ticket[CALL_ID];
	char purpose[64];
	int64_t missed;
	int err;
};

/* The first trunk that is up; else one of which nothing is known yet. */
static const struct site_trunk *trunk_of(const struct voice *v)
{
	const struct site_trunk *any = NULL;

	for (size_t i = 0; i < site_trunk_count(v->prm.site); i++) {
		const struct site_trunk *t = site_trunk_at(v->prm.site, i);
		if (t->active && t->up)
			return t;
		if (t->active && !t->since_us && !any)
			any = t;
	}
	return any;
}

/* Which trunks are down and since when: "ct1 2026-11-25 09:41:12, ct2 ..." */
static const char *trunks_down(const struct voice *v, char out[DETAIL])
{
	char since[CAL_TEXT_SIZE];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < site_trunk_count(v->prm.site); i++) {
		const struct site_trunk *t = site_trunk_at(v->prm.site, i);
		if (!t->active || n >= DETAIL)
			continue;
		cal_stamp(since, t->since_us);
		n += (size_t)snprintf(out + n, DETAIL - n, "%s%s %s",
				      n ? ", " : "", t->id, since);
	}
	return n ? N_("No trunk is up to dial through; down since")
		 : N_("There is no trunk to dial through");
}

/* Why he cannot dial now; NULL: he can. */
static const char *hindrance(const struct voice *v, const char *person,
			     char detail[DETAIL])
{
	const struct roster_agent *a = roster_find(v->prm.roster, person);

	detail[0] = '\0';
	if (!a || !roster_signed_in(a))
		return N_("Sign in first");
	if (a->now.state == AGENT_WRAPUP)
		return N_("File the ticket first");
	if (a->now.state != AGENT_READY && a->now.state != AGENT_PAUSED)
		return N_("You are in a call");
	if (!roster_reachable(a))
		return N_("Your phone cannot be reached");
	if (!exchange_is_up(v->ex))
		return N_("The exchange does not answer");
	return trunk_of(v) ? NULL : trunks_down(v, detail);
}

static json_t *party(const struct roster_agent *a)
{
	return strncmp(a->now.device, "phone:", 6) != 0
		       ? json_pack("{s:s}", "workstation", a->now.id)
		       : json_pack("{s:s}", "phone", a->now.device + 6);
}

static void on_agent_dialled(int err, json_t *result, void *arg)
{
	struct dial *d = arg;
	struct call *c = call_find(d->v, d->ticket);

	(void)result;
	if (err && err != ENOTCONN && c && c->state == CALL_DIALLING)
		call_end(d->v, c, "agent_unreachable", "office", "");
	mem_deref(d);
}

/* The agent's leg. For the reply `ticket` of the carrier holds the contact. */
static void dial_agent(struct voice *v, const struct call *c)
{
	const struct roster_agent *a = roster_find(v->prm.roster, c->agent);
	struct dial *d = mem_zalloc(sizeof(*d), NULL);
	char number[PHONE_NO_SIZE];

	if (!a || !d) {
		mem_deref(d);
		return;
	}
	d->v = v;
	snprintf(d->ticket, sizeof(d->ticket), "%s", c->id);
	phone_no_mask(number, c->number);
	json_t *params = json_pack(
		"{s:s,s:s,s:o,s:s,s:s,s:I,s:b,s:{s:s,s:s,s:s,s:s}}", "leg",
		c->agent_leg, "contact", c->id, "to", party(a), "from", number,
		"name", "", "timeout_ms", (json_int_t)v->prm.cfg->lease_ms,
		"auto_answer", 1, "info", "number", number, "queue", c->queue,
		"direction", "out", "why", c->purpose);
	if (exchange_command(v->ex, "leg.dial", params, on_agent_dialled, d))
		mem_deref(d);
}

static json_t *start(struct dial *d)
{
	struct voice *v = d->v;
	const struct site_trunk *t = trunk_of(v);
	char contact[CALL_ID], leg[EXCHANGE_ID], agent_leg[EXCHANGE_ID];

	call_mint_contact(v, contact);
	exchange_mint(v->ex, leg);
	exchange_mint(v->ex, agent_leg);
	json_t *body = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "leg",
				 leg, "agent_leg", agent_leg, "number",
				 d->number, "queue", d->queue, "trunk", t->id,
				 "purpose", d->purpose, "ticket", d->ticket,
				 "missed", (json_int_t)d->missed);
	struct fact f = {.dur_ms = -1,
			 .actor = d->agent,
			 .kind = "contact.dialled",
			 .contact = contact,
			 .agent = d->agent,
			 .body = body};
	exchange_happened(v->ex, &f);
	json_decref(body);
	struct call *c = call_find(v, contact);
	if (!c)
		return NULL;
	dial_agent(v, c);
	return json_pack("{s:s,s:o}", "contact", contact, "call",
			 call_json(v, c));
}

/* On the loop with the number known: things may have changed meanwhile. */
static int begin(struct dial *d, json_t **resultp, const char **whyp,
		 char detail[DETAIL])
{
	detail[0] = '\0';
	*whyp = d->number[0] ? hindrance(d->v, d->agent, detail)
			     : N_("There is no number to call");
	if (*whyp)
		return EALREADY;
	*resultp = start(d);
	return *resultp ? 0 : ENOMEM;
}

static int on_lookup(struct db *db, void *arg)
{
	struct dial *d = arg;
	struct store_missed m;

	if (d->missed) {
		int err = store_call_missed(db, d->missed, &m);
		if (err)
			return err;
		if (!strcmp(m.state, "done") ||
		    (!strcmp(m.state, "claimed") &&
		     strcmp(m.owner, d->agent) != 0))
			return EALREADY;
		snprintf(d->number, sizeof(d->number), "%s", m.number);
		snprintf(d->queue, sizeof(d->queue), "%s", m.queue);
		return 0;
	}
	return store_call_ticket_number(db, d->ticket, d->number, d->queue);
}

static void on_looked_up(int err, void *arg)
{
	struct dial *d = arg;
	json_t *result = NULL;
	const char *why = NULL;
	char detail[DETAIL];

	if (err) {
		rpc_later_fail(d->later, err,
			       err == EALREADY
				       ? N_("Somebody else calls this one")
				       : N_("There is no such caller"),
			       NULL);
	} else if ((err = begin(d, &result, &why, detail))) {
		rpc_later_fail(d->later, err, why ? why : N_("Try again"),
			       detail);
	} else {
		rpc_later_saved(d->later, result);
	}
	mem_deref(d);
}

static int later(struct rpc_call *call, struct dial *d)
{
	int err = rpc_later(&d->later, call);

	if (!err)
		err = worker_submit(d->v->prm.worker, on_lookup, on_looked_up,
				    d);
	if (!err)
		return EINPROGRESS;
	if (!d->later)
		return err;
	rpc_later_fail(d->later, err, N_("Too busy, try again"), NULL);
	mem_deref(d);
	return EINPROGRESS;
}

static int read_params(struct rpc_call *call, struct dial *d)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *number = json_in_str_or(&in, "number", 40, "");
	const char *ticket = json_in_str_or(&in, "ticket", CALL_ID - 1, "");
	const char *purpose = json_in_str(&in, "purpose", 60);
	d->missed = json_in_int_or(&in, "missed", 1, INT64_MAX, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	phone_no_normal(d->number, number);
	snprintf(d->ticket, sizeof(d->ticket), "%s", ticket);
	snprintf(d->purpose, sizeof(d->purpose), "%s", purpose);
	snprintf(d->agent, sizeof(d->agent), "%s", call->actor);
	if (!*purpose)
		return rpc_fail(call, EINVAL, N_("Say what the call is for"),
				NULL);
	if (!d->missed && !*ticket && !d->number[0])
		return rpc_fail(call, EINVAL, N_("There is no number to call"),
				"%s", number);
	return 0;
}

static int on_dial(struct rpc_call *call)
{
	struct dial *d = mem_zalloc(sizeof(*d), NULL);
	const char *why = NULL;
	char detail[DETAIL];

	if (!d)
		return ENOMEM;
	d->v = call->part;
	int err = read_params(call, d);
	if (!err && (why = hindrance(d->v, d->agent, detail)))
		err = rpc_fail(call, EALREADY, why, "%s", detail);
	if (!err && (d->missed || d->ticket[0])) {
		err = later(call, d);
		if (err == EINPROGRESS)
			return err;
	} else if (!err && (err = begin(d, &call->result, &why, detail))) {
		err = rpc_fail(call, err, why ? why : N_("Try again"), "%s",
			       detail);
	}
	mem_deref(d);
	return err;
}

const struct rpc_handler outbound_methods[] = {
	{"call.dial", .liveh = on_dial},
	{NULL},
};

/* ---- the call goes on ---- */

static void on_citizen_dialled(int err, json_t *result, void *arg)
{
	struct dial *d = arg;
	struct call *c = call_find(d->v, d->ticket);

	(void)result;
	if (err && err != ENOTCONN && c && c->state == CALL_DIALLING)
		call_end(d->v, c, "unreachable", "office", "");
	mem_deref(d);
}

void outbound_agent_answered(struct voice *v, struct call *c)
{
	const struct site_trunk *t = site_trunk_find(v->prm.site, c->trunk);
	struct dial *d = mem_zalloc(sizeof(*d), NULL);
	char number[PHONE_NO_SIZE];

	if (!d)
		return;
	d->v = v;
	snprintf(d->ticket, sizeof(d->ticket), "%s", c->id);
	phone_no_dial(number, c->number);
	ivr_play(v, c, PLAY_RING);
	json_t *params =
		json_pack("{s:s,s:s,s:{s:s,s:s},s:s,s:s,s:i,s:s}", "leg",
			  c->leg, "contact", c->id, "to", "trunk", c->trunk,
			  "number", number, "from", t ? t->caller : "", "name",
			  "", "timeout_ms", RING_MS, "join", c->agent_leg);
	if (exchange_command(v->ex, "leg.dial", params, on_citizen_dialled, d))
		mem_deref(d);
}

void outbound_citizen_answered(struct voice *v, struct call *c)
{
	int64_t wait_ms = call_ms_since(v, c->arrived_mono_us);

	call_fact(v, c, "contact.answered", "switch", wait_ms,
		  json_pack("{s:s,s:b,s:I}", "leg", c->leg, "citizen", 1,
			    "wait_ms", (json_int_t)wait_ms));
	c->play[0] = '\0';
	c->playing = PLAY_NONE;
	call_bridge(v, c, true);
	call_record(v, c);
}

void outbound_ringing(struct voice *v, struct call *c)
{
	call_changed(v, c);
}
