/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents at work. Handlers check what the state permits and then make a
 * fact; the fold changes the state. Nothing here changes an agent's state in
 * another way, so what the facts say is what the wall shows.
 *
 * One slow tick looks after time: the end of wrap-up, and sessions that did
 * not come back. It compares with the clock and keeps no timers of its own,
 * so a restart needs to restore none.
 */
#include "server/desk/roster.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/session.h"
#include "server/core/store_call.h"
#include "server/desk/people.h"
#include "server/desk/site.h"
#include "server/desk/skill.h"

#define TICK_MS		200
#define EXTEND_US	30000000
#define EXTENSIONS_MAX	2
#define AGENTS_MAX	4096
#define HAND_TEXT_BYTES 119

struct roster {
	struct fact_log *log;
	struct session_hub *hub;
	struct people *people;
	struct site *site;
	struct skill *skill;
	int64_t grace_us;
	struct roster_agent **agents; /* sorted by id */
	size_t n, room;
	roster_change_h *changeh;
	void *arg;
	struct tmr tick;
	struct tmr flush;
	struct fact_sink sinks[4];
};

static void destructor(void *arg)
{
	struct roster *r = arg;

	tmr_cancel(&r->tick);
	tmr_cancel(&r->flush);
	for (size_t i = 0; i < r->n; i++)
		mem_deref(r->agents[i]);
	mem_deref(r->agents);
}

/* ---- the list ---- */

static size_t place_of(const struct roster *r, const char *id, bool *found)
{
	size_t lo = 0, hi = r->n;

	*found = false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(r->agents[mid]->now.id, id);
		if (!c) {
			*found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct roster_agent *find(const struct roster *r, const char *id)
{
	bool found;
	size_t i = place_of(r, id, &found);

	return found ? r->agents[i] : NULL;
}

static int grow(struct roster *r)
{
	if (r->n < r->room)
		return 0;
	size_t room = r->room ? 2 * r->room : 64;
	struct roster_agent **p =
		mem_reallocarray(r->agents, room, sizeof(*p), NULL);
	if (!p)
		return ENOMEM;
	r->agents = p;
	r->room = room;
	return 0;
}

static struct roster_agent *get(struct roster *r, const char *id)
{
	bool found;
	size_t i = place_of(r, id, &found);

	if (found)
		return r->agents[i];
	if (!*id || strlen(id) >= AGENT_ID || r->n >= AGENTS_MAX || grow(r))
		return NULL;
	struct roster_agent *a = mem_zalloc(sizeof(*a), NULL);
	if (!a)
		return NULL;
	snprintf(a->now.id, sizeof(a->now.id), "%s", id);
	a->gone_mono_us = cal_mono_us();
	memmove(&r->agents[i + 1], &r->agents[i],
		(r->n - i) * sizeof(*r->agents));
	r->agents[i] = a;
	r->n++;
	return a;
}

const struct roster_agent *roster_find(const struct roster *r,
				       const char *person)
{
	return find(r, person);
}

size_t roster_count(const struct roster *r)
{
	return r->n;
}

const struct roster_agent *roster_at(const struct roster *r, size_t i)
{
	return r->agents[i];
}

bool roster_signed_in(const struct roster_agent *a)
{
	return a->now.state != AGENT_OFFLINE;
}

bool roster_reachable(const struct roster_agent *a)
{
	return !strncmp(a->now.device, "phone:", 6) ? a->desk_phone
						    : a->workstation;
}

bool roster_free(const struct roster_agent *a)
{
	return a->now.state == AGENT_READY && a->online && roster_reachable(a);
}

const char *roster_name(const struct roster *r, const char *person)
{
	const struct person *p = people_find(r->people, person);

	return p ? p->name : person;
}

int roster_level_set(const struct roster *r, const char *person,
		     const char *queue)
{
	const struct person *p = people_find(r->people, person);

	return p && !p->disabled ? people_level(p, queue) : 0;
}

int roster_level(const struct roster *r, const char *person, const char *queue)
{
	int level = roster_level_set(r, person, queue);

	return level && r->skill ? skill_level(r->skill, person, queue, level)
				 : level;
}

/* ---- telling others ---- */

json_t *roster_json(const struct roster *r, const struct roster_agent *a)
{
	const struct agent_now *n = &a->now;
	const struct person *p = people_find(r->people, n->id);
	json_t *skills = p ? people_skills_json(p) : json_object();
	json_t *lowered =
		p && r->skill ? skill_json(r->skill, p) : json_array();

	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:o,s:o,s:s,s:b,s:b,s:s,"
			 "s:{s:b,s:s,s:I},s:I,s:i,s:I,s:i,s:b,s:b}",
			 "id", n->id, "name", roster_name(r, n->id), "state",
			 agent_state_name(n->state), "reason", n->reason,
			 "after", n->after[0] ? n->after : "ready", "since_us",
			 (json_int_t)n->since_us, "skills", skills, "lowered",
			 lowered, "device", n->device, "online", a->online,
			 "phone", roster_reachable(a), "contact", n->contact,
			 "hand", "up", n->hand, "text", n->hand_text,
			 "since_us", (json_int_t)n->hand_since_us,
			 "wrapup_until_us", (json_int_t)n->wrapup_until_us,
			 "extensions", n->extensions, "ready_since_us",
			 (json_int_t)n->ready_since_us, "calls", n->calls,
			 "filed", n->filed, "away", a->away);
}

/* Who works needs his own state. Those of all go to whoever asks for them:
 * at agents times changes a second they are what a site would drown in. */
static void publish(struct roster *r, const struct roster_agent *a)
{
	scoped_json json_t *agent = roster_json(r, a);

	session_publish(r->hub, "me", a->now.id, "me.agent",
			json_pack("{s:O}", "agent", agent));
	session_publish(r->hub, "agent", NULL, "agent.changed",
			json_pack("{s:O}", "agent", agent));
}

static void settle(struct roster *r, struct roster_agent *a);

static void on_flush(void *arg)
{
	struct roster *r = arg;

	for (size_t i = 0; i < r->n; i++) {
		struct roster_agent *a = r->agents[i];

		if (a->settle) {
			a->settle = false;
			settle(r, a);
		}
		if (!a->changed)
			continue;
		a->changed = false;
		if (r->hub)
			publish(r, a);
	}
}

static void changed(struct roster *r, struct roster_agent *a)
{
	a->changed = true;
	if (!tmr_isrunning(&r->flush))
		tmr_start(&r->flush, 0, on_flush, r);
	if (r->changeh)
		r->changeh(a, r->arg);
}

void roster_follow(struct roster *r, roster_change_h *h, void *arg)
{
	r->changeh = h;
	r->arg = arg;
}

void roster_refresh(struct roster *r)
{
	for (size_t i = 0; i < r->n; i++)
		changed(r, r->agents[i]);
}

/* ---- facts ---- */

/* Puts the times of now on the monotonic clock; only those that changed. */
static void take_times(struct roster_agent *a, const struct agent_now *was)
{
	const struct agent_now *n = &a->now;

	if (!was || was->since_us != n->since_us || was->state != n->state)
		a->since_mono_us = cal_mono_at(n->since_us);
	if (!was || was->ready_since_us != n->ready_since_us)
		a->ready_mono_us = cal_mono_at(n->ready_since_us);
	if (was && was->wrapup_until_us == n->wrapup_until_us)
		return;
	if (was && n->extensions > was->extensions)
		a->wrapup_mono_us += n->wrapup_until_us - was->wrapup_until_us;
	else
		a->wrapup_mono_us =
			a->since_mono_us + n->wrapup_until_us - n->since_us;
}

static void on_fact(const struct fact *f, void *arg)
{
	struct roster *r = arg;
	const char *whom = agent_fold_whom(f);
	struct roster_agent *a = *whom ? get(r, whom) : NULL;

	if (!a)
		return;
	struct agent_now was = a->now;
	if (!agent_fold(&a->now, f))
		return;
	take_times(a, &was);
	if (!strncmp(f->kind, "ticket.", 7))
		snprintf(a->file_after, sizeof(a->file_after), "%s",
			 json_str(f->body, "after"));
	if (a->now.state != AGENT_TALKING)
		a->away = false;
	a->settle = a->now.state == AGENT_WRAPUP && a->now.filed;
	changed(r, a);
}

/* How long he was in the state that ends, for a fact that ends it. */
static int64_t ms_in_state(const struct roster *r, const char *person)
{
	const struct roster_agent *a = find(r, person);

	return a && a->since_mono_us
		       ? (cal_mono_us() - a->since_mono_us) / 1000
		       : -1;
}

static int state_fact(struct roster *r, const char *person,
		      enum agent_state state, const char *reason,
		      const char *actor)
{
	scoped_json json_t *body =
		json_pack("{s:s,s:s,s:s}", "state", agent_state_name(state),
			  "reason", reason, "by", actor);
	struct fact f = {.dur_ms = ms_in_state(r, person),
			 .actor = actor,
			 .kind = "agent.state",
			 .agent = person,
			 .body = body};

	return fact_happened(r->log, &f, NULL, 0, NULL, NULL);
}

static int agent_fact(struct roster *r, const char *kind, const char *person,
		      json_t *body)
{
	struct fact f = {.dur_ms = -1,
			 .actor = person,
			 .kind = kind,
			 .agent = person,
			 .body = body};
	int err = fact_happened(r->log, &f, NULL, 0, NULL, NULL);

	json_decref(body);
	return err;
}

/* What he chose to do after the call. */
static void go_after(struct roster *r, struct roster_agent *a)
{
	char after[AGENT_ID];

	snprintf(after, sizeof(after), "%s", a->now.after);
	if (after[0])
		state_fact(r, a->now.id, AGENT_PAUSED, after, "office");
	else
		state_fact(r, a->now.id, AGENT_READY, "", "office");
}

/* The ticket is filed: wrap-up ends early, unless he asked to stay. */
static void settle(struct roster *r, struct roster_agent *a)
{
	if (a->now.state != AGENT_WRAPUP || !a->now.filed)
		return;
	const char *to = a->file_after;
	if (!strcmp(to, "wrapup"))
		return;
	if (*to && strcmp(to, "ready") != 0 && site_pause_find(r->site, to))
		state_fact(r, a->now.id, AGENT_PAUSED, to, a->now.id);
	else if (!strcmp(to, "ready"))
		state_fact(r, a->now.id, AGENT_READY, "", a->now.id);
	else
		go_after(r, a);
	a->file_after[0] = '\0';
}

/* ---- time ---- */

static bool busy(const struct roster_agent *a)
{
	return a->now.state == AGENT_OFFERED ||
	       a->now.state == AGENT_TALKING || a->now.state == AGENT_HELD;
}

static void look_at(struct roster *r, struct roster_agent *a, int64_t mono_us)
{
	if (a->now.state == AGENT_WRAPUP && a->now.filed &&
	    mono_us >= a->wrapup_mono_us)
		go_after(r, a);
	if (!a->online && roster_signed_in(a) && !busy(a) &&
	    mono_us - a->gone_mono_us >= r->grace_us)
		state_fact(r, a->now.id, AGENT_OFFLINE, "lost", "office");
}

static void on_tick(void *arg)
{
	struct roster *r = arg;
	int64_t mono_us = cal_mono_us();

	for (size_t i = 0; i < r->n; i++)
		look_at(r, r->agents[i], mono_us);
	tmr_start(&r->tick, TICK_MS, on_tick, r);
}

/* ---- sessions and phones ---- */

void roster_session(struct roster *r, const char *person, bool up)
{
	struct roster_agent *a = get(r, person);

	if (!a || a->online == up)
		return;
	a->online = up;
	a->gone_mono_us = up ? 0 : cal_mono_us();
	changed(r, a);
}

void roster_workstation(struct roster *r, const char *person, bool up)
{
	struct roster_agent *a = get(r, person);

	if (!a || a->workstation == up)
		return;
	a->workstation = up;
	changed(r, a);
}

void roster_desk_phone(struct roster *r, const char *phone, bool up)
{
	for (size_t i = 0; i < r->n; i++) {
		struct roster_agent *a = r->agents[i];

		if (strncmp(a->now.device, "phone:", 6) != 0 ||
		    strcmp(a->now.device + 6, phone) != 0 ||
		    a->desk_phone == up)
			continue;
		a->desk_phone = up;
		changed(r, a);
	}
}

void roster_phones_gone(struct roster *r)
{
	for (size_t i = 0; i < r->n; i++) {
		r->agents[i]->workstation = false;
		r->agents[i]->desk_phone = false;
		changed(r, r->agents[i]);
	}
}

void roster_away(struct roster *r, const char *person, bool away)
{
	struct roster_agent *a = find(r, person);

	if (!a || a->away == away)
		return;
	a->away = away;
	changed(r, a);
}

static int on_loaded(const struct agent_now *now, void *arg)
{
	struct roster *r = arg;
	struct roster_agent *a = get(r, now->id);

	if (!a)
		return ENOMEM;
	a->now = *now;
	take_times(a, NULL);
	a->settle = now->state == AGENT_WRAPUP && now->filed;
	return 0;
}

int roster_load(struct roster *r, struct db *db)
{
	return store_call_agents(db, on_loaded, r);
}

static void on_person(const struct person *p, void *arg)
{
	struct roster_agent *a = find(arg, p->id);

	if (a)
		changed(arg, a);
}

static void on_skill(const char *person, void *arg)
{
	struct roster_agent *a = *person ? find(arg, person) : NULL;

	if (a)
		changed(arg, a);
	else if (!*person)
		roster_refresh(arg);
}

int roster_alloc(struct roster **rp, const struct roster_prm *prm)
{
	static const char *const prefixes[] = {"agent.", "offer.", "contact.",
					       "ticket."};
	struct roster *r = mem_zalloc(sizeof(*r), destructor);

	if (!r)
		return ENOMEM;
	r->log = prm->log;
	r->hub = prm->hub;
	r->people = prm->people;
	r->site = prm->site;
	r->skill = prm->skill;
	r->grace_us = prm->grace_ms * 1000;
	tmr_init(&r->tick);
	tmr_init(&r->flush);
	for (size_t i = 0; i < 4; i++) {
		r->sinks[i] = (struct fact_sink){
			.prefix = prefixes[i], .applyh = on_fact, .arg = r};
		fact_log_sink(r->log, &r->sinks[i]);
	}
	tmr_start(&r->tick, TICK_MS, on_tick, r);
	people_follow(r->people, on_person, r);
	if (r->skill)
		skill_follow(r->skill, on_skill, r);
	*rp = r;
	return 0;
}

/* ---- requests ---- */

static int answer(struct rpc_call *call, struct roster *r, const char *id)
{
	const struct roster_agent *a = find(r, id);

	if (!a)
		return rpc_fail(call, ENOENT, N_("There is no such agent"),
				"%s", id);
	call->result = json_pack("{s:o}", "agent", roster_json(r, a));
	return call->result ? 0 : ENOMEM;
}

/* The caller as an agent who is signed in. */
static int me(struct rpc_call *call, struct roster_agent **ap)
{
	struct roster_agent *a = find(call->part, call->actor);

	if (!a || !roster_signed_in(a))
		return rpc_fail(call, EALREADY, N_("Sign in first"), NULL);
	*ap = a;
	return 0;
}

static bool people_is_agent(const struct person *p)
{
	return !p->disabled && (p->roles & MAY_AGENT);
}

/* Everybody who may sign in is listed, also who never did. */
static void add_missing(const struct person *p, void *arg)
{
	if (people_is_agent(p))
		(void)get(arg, p->id);
}

static int on_list(struct rpc_call *call)
{
	struct roster *r = call->part;
	struct json_in in;
	bool found;

	json_in_init(&in, call->params);
	const char *cursor = json_in_str_or(&in, "cursor", AGENT_ID, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	people_each(r->people, add_missing, r);
	call->result = json_pack("{s:[]}", "items");
	for (size_t i = place_of(r, cursor, &found); i < r->n; i++) {
		struct roster_agent *a = r->agents[i];
		const struct person *p = people_find(r->people, a->now.id);

		if (!roster_signed_in(a) && (!p || !people_is_agent(p)))
			continue;
		if (!rpc_page_add(call, roster_json(r, a))) {
			rpc_page_next(call, a->now.id);
			break;
		}
	}
	return 0;
}

static int on_get(struct rpc_call *call)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str_or(&in, "agent", AGENT_ID, call->actor);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	(void)get(call->part, id);
	return people_find(((struct roster *)call->part)->people, id)
		       ? answer(call, call->part, id)
		       : rpc_fail(call, ENOENT, N_("There is no such agent"),
				  "%s", id);
}

static int on_signin(struct rpc_call *call)
{
	struct roster *r = call->part;
	struct roster_agent *a = get(r, call->actor);
	struct json_in in;

	json_in_init(&in, call->params);
	const char *device = json_in_str_or(&in, "device", 47, "workstation");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!a)
		return rpc_fail(call, ENOMEM, N_("Too many agents"), NULL);
	bool phone = !strncmp(device, "phone:", 6);
	if (phone ? !site_phone_find(r->site, device + 6)
		  : strcmp(device, "workstation") != 0)
		return rpc_fail(call, ENOENT, N_("There is no such phone"),
				"%s", device);
	if (busy(a) && strcmp(device, a->now.device) != 0)
		return rpc_fail(call, EALREADY, N_("You are in a call"), NULL);
	if (!roster_signed_in(a) || strcmp(device, a->now.device) != 0)
		(void)agent_fact(r, "agent.signin", call->actor,
				 json_pack("{s:s}", "device", device));
	if (phone)
		a->desk_phone = site_phone_registered(r->site, device + 6);
	return answer(call, r, call->actor);
}

static int on_signout(struct rpc_call *call)
{
	struct roster_agent *a = NULL;
	int err = me(call, &a);

	if (err)
		return err;
	if (busy(a))
		return rpc_fail(call, EALREADY, N_("You are in a call"), NULL);
	if (a->now.state == AGENT_WRAPUP && !a->now.filed)
		return rpc_fail(call, EALREADY, N_("File the ticket first"),
				NULL);
	(void)state_fact(call->part, a->now.id, AGENT_OFFLINE, "",
			 call->actor);
	return answer(call, call->part, call->actor);
}

/* In a call "ready" and "pause" choose what follows it. */
static int choose_after(struct rpc_call *call, const char *to)
{
	(void)agent_fact(call->part, "agent.after", call->actor,
			 json_pack("{s:s}", "to", to));
	return answer(call, call->part, call->actor);
}

static int move_to(struct rpc_call *call, enum agent_state state,
		   const char *reason)
{
	struct roster_agent *a = NULL;
	int err = me(call, &a);

	if (err)
		return err;
	if (busy(a))
		return choose_after(call, *reason ? reason : "ready");
	if (a->now.state == AGENT_WRAPUP && !a->now.filed)
		return rpc_fail(call, EALREADY, N_("File the ticket first"),
				NULL);
	if (a->now.state != state || strcmp(a->now.reason, reason) != 0)
		(void)state_fact(call->part, a->now.id, state, reason,
				 call->actor);
	return answer(call, call->part, call->actor);
}

static int on_ready(struct rpc_call *call)
{
	return move_to(call, AGENT_READY, "");
}

static int no_such_reason(struct rpc_call *call, const char *reason)
{
	return rpc_fail(call, ENOENT, N_("There is no such pause reason"),
			"%s", reason);
}

static int on_pause(struct rpc_call *call)
{
	struct roster *r = call->part;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *reason = json_in_str(&in, "reason", AGENT_ID - 1);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	return site_pause_find(r->site, reason)
		       ? move_to(call, AGENT_PAUSED, reason)
		       : no_such_reason(call, reason);
}

static int on_after(struct rpc_call *call)
{
	struct roster *r = call->part;
	struct roster_agent *a = NULL;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *to = json_in_str(&in, "to", AGENT_ID - 1);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (strcmp(to, "ready") != 0 && !site_pause_find(r->site, to))
		return no_such_reason(call, to);
	int err = me(call, &a);
	if (err)
		return err;
	if (!busy(a) && a->now.state != AGENT_WRAPUP)
		return rpc_fail(call, EALREADY, N_("You are in no call"),
				NULL);
	return choose_after(call, to);
}

static int on_extend(struct rpc_call *call)
{
	struct roster_agent *a = NULL;
	int err = me(call, &a);

	if (err)
		return err;
	if (a->now.state != AGENT_WRAPUP)
		return rpc_fail(call, EALREADY, N_("You are not in wrap-up"),
				NULL);
	if (a->now.extensions >= EXTENSIONS_MAX)
		return rpc_fail(call, EALREADY,
				N_("Wrap-up was extended as often as allowed"),
				"%d", EXTENSIONS_MAX);
	int64_t over_us = cal_mono_us() - a->wrapup_mono_us;
	(void)agent_fact(call->part, "agent.extended", call->actor,
			 json_pack("{s:I}", "until_us",
				   (json_int_t)(a->now.wrapup_until_us +
						(over_us > 0 ? over_us : 0) +
						EXTEND_US)));
	return answer(call, call->part, call->actor);
}

static int on_hand(struct rpc_call *call)
{
	struct roster_agent *a = NULL;
	struct json_in in;

	json_in_init(&in, call->params);
	bool up = json_in_bool_or(&in, "up", true);
	const char *text = json_in_str_or(&in, "text", HAND_TEXT_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = me(call, &a);
	if (err)
		return err;
	(void)agent_fact(call->part, "agent.hand", call->actor,
			 json_pack("{s:b,s:s}", "up", up, "text", text));
	return answer(call, call->part, call->actor);
}

/* A lead's change, with its reason on record. */
static int set_fact(struct rpc_call *call, const char *id,
		    enum agent_state state, const char *pause, const char *why)
{
	struct roster *r = call->part;
	scoped_json json_t *body = json_pack(
		"{s:s,s:s,s:s,s:s}", "state", agent_state_name(state),
		"reason", pause, "by", call->actor, "why", why);
	struct fact f = {.dur_ms = ms_in_state(r, id),
			 .actor = call->actor,
			 .kind = "agent.state",
			 .agent = id,
			 .body = body};

	(void)fact_happened(r->log, &f, NULL, 0, NULL, NULL);
	return answer(call, r, id);
}

static int on_set(struct rpc_call *call)
{
	struct roster *r = call->part;
	enum agent_state state = AGENT_OFFLINE;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "agent", AGENT_ID - 1);
	const char *name = json_in_str(&in, "state", 16);
	const char *pause = json_in_str_or(&in, "pause", AGENT_ID - 1, "");
	const char *why = json_in_str(&in, "reason", 200);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	struct roster_agent *a = find(r, id);
	if (!a || !roster_signed_in(a))
		return rpc_fail(call, EALREADY,
				N_("This agent is not signed in"), "%s", id);
	if (!*why)
		return rpc_fail(call, EINVAL, N_("Give a reason"), NULL);
	if (agent_state_parse(&state, name) ||
	    (state != AGENT_READY && state != AGENT_PAUSED &&
	     state != AGENT_OFFLINE))
		return rpc_fail(call, EINVAL,
				N_("Choose ready, paused or offline"), "%s",
				name);
	if (state == AGENT_PAUSED && !site_pause_find(r->site, pause))
		return no_such_reason(call, pause);
	if (busy(a))
		return rpc_fail(call, EALREADY, N_("This agent is in a call"),
				"%s", id);
	return set_fact(call, id, state, state == AGENT_PAUSED ? pause : "",
			why);
}

const struct rpc_handler roster_methods[] = {
	{"agent.list", .liveh = on_list},
	{"agent.get", .liveh = on_get},
	{"agent.signin", .liveh = on_signin},
	{"agent.signout", .liveh = on_signout},
	{"agent.ready", .liveh = on_ready},
	{"agent.pause", .liveh = on_pause},
	{"agent.after", .liveh = on_after},
	{"agent.extend", .liveh = on_extend},
	{"agent.hand", .liveh = on_hand},
	{"agent.set", .liveh = on_set},
	{NULL},
};
