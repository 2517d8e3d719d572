/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: what the switch tells of their files becomes facts (the index
 * derives from them), and a lead or reviewer hears one through his own
 * headset: his workstation is called, answers by itself, and the file is
 * played to it. Who heard what, and why, is a fact before the first sound.
 */
#include "server/voice/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/proto.h"
#include "server/config.h"
#include "server/core/session.h"
#include "server/core/store_call.h"
#include "server/core/worker.h"

/* One person listening. */
struct playback {
	struct le le;
	char person[CALL_ID];
	char leg[EXCHANGE_ID];
	char play[EXCHANGE_ID];
	char recording[EXCHANGE_ID];
	char path[200];
	int64_t ms, position_ms;
	bool paused, up;
};

/* A request while the file is looked up. */
struct lookup {
	struct voice *v;
	struct rpc_later *later;
	char person[CALL_ID];
	char recording[EXCHANGE_ID];
	char reason[200];
	int64_t position_ms;
	struct store_recording rec;
};

static void playback_destructor(void *arg)
{
	struct playback *p = arg;

	list_unlink(&p->le);
}

/* ---- the switch's files ---- */

static void closed_fact(struct voice *v, const json_t *b, const char *contact,
			const char *state)
{
	json_t *body = json_pack(
		"{s:s,s:s,s:I,s:s,s:s,s:s}", "recording",
		json_str(b, "recording"), "path", json_str(b, "path"), "ms",
		(json_int_t)json_int(b, "ms"), "sha256", json_str(b, "sha256"),
		"state", state, "error", json_str(b, "error"));
	struct fact f = {.dur_ms = json_int(b, "ms"),
			 .actor = "switch",
			 .kind = "recording.closed",
			 .contact = contact,
			 .subject = json_str(b, "recording"),
			 .body = body};

	exchange_happened(v->ex, &f);
	json_decref(body);
}

void recording_event(struct voice *v, const struct exchange_event *ev)
{
	const json_t *b = ev->body, *error = json_object_get(b, "error");
	bool failed = json_is_string(error)
			      ? json_string_length(error) > 0
			      : json_is_integer(error) &&
					json_integer_value(error) != 0;

	if (!strcmp(ev->kind, "record.closed")) {
		closed_fact(v, b, json_str(b, "contact"),
			    failed ? "incomplete" : "closed");
		return;
	}
	json_t *body = json_pack(
		"{s:s,s:s,s:s}", "recording", json_str(b, "recording"), "leg",
		json_str(b, "leg"), "path", json_str(b, "path"));
	struct fact f = {.at_us = ev->at_us,
			 .dur_ms = -1,
			 .actor = "switch",
			 .kind = "recording.opened",
			 .contact = json_str(b, "contact"),
			 .subject = json_str(b, "recording"),
			 .body = body};
	exchange_happened(v->ex, &f);
	json_decref(body);
}

/* A recording has its contact's id, so a mended file finds its call. */
void recording_mended(struct voice *v, const struct exchange_event *ev)
{
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(ev->body, "mended"), i, m)
		closed_fact(v, m, json_str(m, "recording"), "mended");
}

/* ---- listening ---- */

static struct playback *find(const struct voice *v, const char *person)
{
	struct le *le;

	LIST_FOREACH (&v->playbacks, le) {
		struct playback *p = le->data;
		if (!strcmp(p->person, person))
			return p;
	}
	return NULL;
}

static struct playback *by_leg(const struct voice *v, const char *leg)
{
	struct le *le;

	LIST_FOREACH (&v->playbacks, le) {
		struct playback *p = le->data;
		if (!strcmp(p->leg, leg))
			return p;
	}
	return NULL;
}

static json_t *playback_json(const struct playback *p, const char *state)
{
	return json_pack("{s:s,s:I,s:I,s:s}", "recording", p->recording,
			 "position_ms", (json_int_t)p->position_ms, "ms",
			 (json_int_t)p->ms, "state", state);
}

static void tell(struct voice *v, const struct playback *p, const char *state)
{
	if (v->prm.hub)
		session_publish(v->prm.hub, "me", p->person, "me.playback",
				playback_json(p, state));
}

static void over(struct voice *v, struct playback *p, bool hangup)
{
	char leg[EXCHANGE_ID];

	snprintf(leg, sizeof(leg), "%s", p->leg);
	tell(v, p, "ended");
	mem_deref(p);
	if (hangup)
		call_hangup_leg(v, leg, "hangup");
	call_leg_drop(v, leg);
}

struct started {
	struct voice *v;
	char leg[EXCHANGE_ID];
};

static void on_reply(int err, json_t *result, void *arg)
{
	struct started *s = arg;
	struct playback *p = err ? by_leg(s->v, s->leg) : NULL;

	(void)result;
	if (p && err != ENOTCONN)
		over(s->v, p, true);
	mem_deref(s);
}

static void command(struct voice *v, const struct playback *p,
		    const char *method, json_t *params)
{
	struct started *s = mem_zalloc(sizeof(*s), NULL);

	if (!s) {
		json_decref(params);
		return;
	}
	s->v = v;
	snprintf(s->leg, sizeof(s->leg), "%s", p->leg);
	if (exchange_command(v->ex, method, params, on_reply, s))
		mem_deref(s);
}

void recording_leg_answered(struct voice *v, const char *leg)
{
	struct playback *p = by_leg(v, leg);
	char path[CONFIG_TEXT + 208];

	if (!p || p->up)
		return;
	p->up = true;
	exchange_mint(v->ex, p->play);
	snprintf(path, sizeof(path), "%s/%s", v->prm.cfg->recordings_dir,
		 p->path);
	command(v, p, "play.start",
		json_pack("{s:s,s:s,s:[{s:s}],s:I}", "play", p->play, "leg",
			  p->leg, "sources", "file", path, "position_ms",
			  (json_int_t)p->position_ms));
	tell(v, p, "playing");
}

void recording_leg_ended(struct voice *v, const char *leg)
{
	struct playback *p = by_leg(v, leg);

	if (p)
		over(v, p, false);
}

void recording_play_ended(struct voice *v, const struct exchange_event *ev)
{
	struct playback *p = by_leg(v, json_str(ev->body, "leg"));

	if (!p || strcmp(p->play, json_str(ev->body, "play")) != 0)
		return;
	p->position_ms = json_int(ev->body, "position_ms");
	over(v, p, true);
}

void recording_link_lost(struct voice *v)
{
	struct le *le = list_head(&v->playbacks);

	while (le) {
		struct playback *p = le->data;
		le = le->next;
		over(v, p, false);
	}
}

static void begin(struct voice *v, const struct lookup *l)
{
	struct playback *p = mem_zalloc(sizeof(*p), playback_destructor);

	if (!p)
		return;
	snprintf(p->person, sizeof(p->person), "%s", l->person);
	snprintf(p->recording, sizeof(p->recording), "%s", l->recording);
	snprintf(p->path, sizeof(p->path), "%s", l->rec.path);
	p->ms = l->rec.ms;
	p->position_ms = l->position_ms;
	exchange_mint(v->ex, p->leg);
	list_append(&v->playbacks, &p->le, p);
	call_leg_add(v, p->leg, "", LEG_PLAYBACK, p->person);
	command(v, p, "leg.dial",
		json_pack("{s:s,s:s,s:{s:s},s:i,s:b,s:{s:s,s:s}}", "leg",
			  p->leg, "contact", "", "to", "workstation",
			  p->person, "timeout_ms", 5000, "auto_answer", 1,
			  "info", "playback", p->recording, "direction",
			  "playback"));
}

static int on_lookup(struct db *db, void *arg)
{
	struct lookup *l = arg;

	return store_call_recording(db, l->recording, &l->rec);
}

static void on_looked_up(int err, void *arg)
{
	struct lookup *l = arg;
	struct voice *v = l->v;

	if (err || !l->rec.path[0]) {
		rpc_later_fail(l->later, ENOENT,
			       N_("There is no such recording"), NULL);
	} else {
		json_t *body = json_pack(
			"{s:s,s:s,s:I}", "recording", l->recording, "reason",
			l->reason, "position_ms", (json_int_t)l->position_ms);
		struct fact f = {.dur_ms = -1,
				 .actor = l->person,
				 .kind = "recording.played",
				 .contact = l->rec.contact,
				 .subject = l->recording,
				 .body = body};
		exchange_happened(v->ex, &f);
		json_decref(body);
		begin(v, l);
		rpc_later_done(l->later, json_pack("{s:s,s:I,s:s}",
						   "recording", l->recording,
						   "ms", (json_int_t)l->rec.ms,
						   "state", l->rec.state));
	}
	mem_deref(l);
}

static const char *hindrance(const struct voice *v, const char *person,
			     unsigned roles)
{
	const struct roster_agent *a = roster_find(v->prm.roster, person);

	if (!(roles & MAY_AGENT))
		return N_("To hear recordings one needs a phone, which agents "
			  "and leads have");
	if (!a || !a->workstation)
		return N_("Your phone cannot be reached");
	if (a->now.state == AGENT_OFFERED || a->now.state == AGENT_TALKING ||
	    a->now.state == AGENT_HELD)
		return N_("You are in a call");
	return exchange_is_up(v->ex) ? NULL
				     : N_("The exchange does not answer");
}

static int on_play(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "recording", EXCHANGE_ID - 1);
	const char *reason = json_in_str(&in, "reason", 190);
	int64_t position = json_in_int_or(&in, "position_ms", 0, 86400000, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!*reason)
		return rpc_fail(call, EINVAL, N_("Give a reason"), NULL);
	const char *why = hindrance(v, call->actor, call->roles);
	if (why)
		return rpc_fail(call, EALREADY, why, NULL);
	struct lookup *l = mem_zalloc(sizeof(*l), NULL);
	if (!l)
		return ENOMEM;
	l->v = v;
	l->position_ms = position;
	snprintf(l->person, sizeof(l->person), "%s", call->actor);
	snprintf(l->recording, sizeof(l->recording), "%s", id);
	snprintf(l->reason, sizeof(l->reason), "%s", reason);
	struct playback *old = find(v, call->actor);
	if (old)
		over(v, old, true);
	int err = rpc_later(&l->later, call);
	if (!err)
		err = worker_submit(v->prm.worker, on_lookup, on_looked_up, l);
	if (!err)
		return EINPROGRESS;
	if (l->later) {
		rpc_later_fail(l->later, err, N_("Too busy, try again"), NULL);
		err = EINPROGRESS;
	}
	mem_deref(l);
	return err;
}

static int on_seek(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct playback *p = find(v, call->actor);
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t position = json_in_int(&in, "position_ms", 0, 86400000);
	bool paused = json_in_bool_or(&in, "paused", false);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!p || !p->up)
		return rpc_fail(call, EALREADY, N_("Nothing is playing"),
				NULL);
	p->position_ms = p->ms && position > p->ms ? p->ms : position;
	p->paused = paused;
	command(v, p, "play.seek",
		json_pack("{s:s,s:I,s:b}", "play", p->play, "position_ms",
			  (json_int_t)p->position_ms, "paused", paused));
	tell(v, p, paused ? "paused" : "playing");
	call->result = playback_json(p, paused ? "paused" : "playing");
	return call->result ? 0 : ENOMEM;
}

static int on_stop(struct rpc_call *call)
{
	struct voice *v = call->part;
	struct playback *p = find(v, call->actor);

	if (!p)
		return rpc_fail(call, EALREADY, N_("Nothing is playing"),
				NULL);
	over(v, p, true);
	call->result = json_object();
	return 0;
}

const struct rpc_handler recording_methods[] = {
	{"recording.play", .liveh = on_play},
	{"recording.seek", .liveh = on_seek},
	{"recording.stop", .liveh = on_stop},
	{NULL},
};
