/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/agent_fold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"

static const char *const names[] = {
	[AGENT_OFFLINE] = "offline", [AGENT_READY] = "ready",
	[AGENT_OFFERED] = "offered", [AGENT_TALKING] = "talking",
	[AGENT_HELD] = "held",	     [AGENT_WRAPUP] = "wrapup",
	[AGENT_PAUSED] = "paused",
};

const char *agent_state_name(enum agent_state s)
{
	return names[s];
}

int agent_state_parse(enum agent_state *sp, const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i], name)) {
			*sp = (enum agent_state)i;
			return 0;
		}
	}
	return EBADMSG;
}

/* Of a call with several agents the first files the ticket, the others
 * complete it. */
static bool is_filing(const struct fact *fact)
{
	return !strcmp(fact->kind, "ticket.filed") ||
	       !strcmp(fact->kind, "ticket.corrected");
}

const char *agent_fold_whom(const struct fact *fact)
{
	if (fact->agent && *fact->agent)
		return fact->agent;
	if (is_filing(fact) && fact->actor)
		return fact->actor;
	return "";
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static void enter(struct agent_now *a, enum agent_state state,
		  const char *reason, int64_t at_us)
{
	if (a->state == state && !strcmp(a->reason, reason))
		return;
	a->state = state;
	a->since_us = at_us;
	copy(a->reason, sizeof(a->reason), reason);
}

static void leave_contact(struct agent_now *a)
{
	a->contact[0] = '\0';
	a->wrapup_until_us = 0;
	a->extensions = 0;
	a->filed = false;
}

static void enter_ready(struct agent_now *a, int64_t at_us)
{
	if (a->state != AGENT_READY)
		a->ready_since_us = at_us;
	enter(a, AGENT_READY, "", at_us);
	leave_contact(a);
	a->after[0] = '\0';
}

static void enter_paused(struct agent_now *a, const char *reason,
			 int64_t at_us)
{
	enter(a, AGENT_PAUSED, reason, at_us);
	leave_contact(a);
	a->after[0] = '\0';
}

static void enter_wrapup(struct agent_now *a, const struct fact *f)
{
	enter(a, AGENT_WRAPUP, "", f->at_us);
	a->wrapup_until_us = f->at_us + json_int(f->body, "wrapup_ms") * 1000;
	a->extensions = 0;
}

static bool fold_agent(struct agent_now *a, const struct fact *f)
{
	const char *what = f->kind + strlen("agent.");
	enum agent_state state;

	if (!strcmp(what, "signin")) {
		copy(a->device, sizeof(a->device),
		     json_str(f->body, "device"));
		if (a->state == AGENT_OFFLINE)
			enter_paused(a, "", f->at_us);
	} else if (!strcmp(what, "state")) {
		const char *reason = json_str(f->body, "reason");
		if (agent_state_parse(&state, json_str(f->body, "state")))
			return false;
		if (state == AGENT_READY) {
			enter_ready(a, f->at_us);
		} else if (state == AGENT_PAUSED) {
			enter_paused(a, reason, f->at_us);
		} else if (state == AGENT_OFFLINE) {
			enter(a, AGENT_OFFLINE, reason, f->at_us);
			leave_contact(a);
			a->after[0] = a->device[0] = '\0';
			a->hand = false;
		}
	} else if (!strcmp(what, "after")) {
		const char *to = json_str(f->body, "to");
		copy(a->after, sizeof(a->after),
		     strcmp(to, "ready") != 0 ? to : "");
	} else if (!strcmp(what, "extended")) {
		a->wrapup_until_us = json_int(f->body, "until_us");
		a->extensions++;
	} else if (!strcmp(what, "hand")) {
		a->hand = json_bool(f->body, "up");
		copy(a->hand_text, sizeof(a->hand_text),
		     json_str(f->body, "text"));
		a->hand_since_us = a->hand ? f->at_us : 0;
	} else {
		return false;
	}
	return true;
}

static bool same_contact(const struct agent_now *a, const struct fact *f)
{
	return f->contact && a->contact[0] && !strcmp(a->contact, f->contact);
}

static bool fold_offer(struct agent_now *a, const struct fact *f)
{
	if (!strcmp(f->kind, "offer.made")) {
		enter(a, AGENT_OFFERED, "", f->at_us);
		copy(a->contact, sizeof(a->contact), f->contact);
		a->filed = false;
		return true;
	}
	if (a->state != AGENT_OFFERED || !same_contact(a, f))
		return false;
	const char *result = json_str(f->body, "result");
	if (!strcmp(result, "refused")) {
		enter_paused(a, "refused", f->at_us);
	} else if (!strcmp(result, "timeout")) {
		enter_paused(a, "missed", f->at_us);
	} else if (!strcmp(result, "unreachable")) {
		enter_paused(a, "phone_lost", f->at_us);
	} else if (a->after[0]) {
		char reason[AGENT_ID];
		copy(reason, sizeof(reason), a->after);
		enter_paused(a, reason, f->at_us);
	} else {
		/* not his doing: his place among the idle is kept */
		enter(a, AGENT_READY, "", f->at_us);
		leave_contact(a);
	}
	return true;
}

static void count_call(struct agent_now *a, int64_t at_us)
{
	int64_t day = cal_day_start(at_us);

	if (a->day_us != day) {
		a->day_us = day;
		a->calls = 0;
	}
	a->calls++;
}

/* The agent's part in the contact is over. */
static void fold_over(struct agent_now *a, const struct fact *f)
{
	char back[AGENT_ID];

	copy(back, sizeof(back), a->back);
	if (json_bool(f->body, "answered")) {
		enter_wrapup(a, f);
	} else if (!strcmp(back, "ready")) {
		enter(a, AGENT_READY, "", f->at_us);
		leave_contact(a);
	} else {
		enter_paused(a, back, f->at_us);
	}
	a->back[0] = '\0';
}

static bool fold_contact(struct agent_now *a, const struct fact *f)
{
	const char *what = f->kind + strlen("contact.");
	bool in_call = a->state == AGENT_TALKING || a->state == AGENT_HELD;

	if (!strcmp(what, "dialled")) {
		copy(a->back, sizeof(a->back),
		     a->state == AGENT_READY ? "ready" : a->reason);
		enter(a, AGENT_TALKING, "", f->at_us);
		copy(a->contact, sizeof(a->contact), f->contact);
		a->filed = false;
		return true;
	}
	if (!same_contact(a, f))
		return false;
	if (!strcmp(what, "answered")) {
		if (a->state != AGENT_OFFERED && a->state != AGENT_TALKING)
			return false;
		enter(a, AGENT_TALKING, "", f->at_us);
		count_call(a, f->at_us);
	} else if (!strcmp(what, "held") && in_call) {
		enter(a, AGENT_HELD, "", f->at_us);
	} else if (!strcmp(what, "retrieved") && in_call) {
		enter(a, AGENT_TALKING, "", f->at_us);
	} else if (!strcmp(what, "requeued") && in_call) {
		enter_paused(a, "phone_lost", f->at_us);
	} else if ((!strcmp(what, "transferred") || !strcmp(what, "ended")) &&
		   in_call) {
		fold_over(a, f);
	} else {
		return false;
	}
	return true;
}

bool agent_fold(struct agent_now *a, const struct fact *f)
{
	if (!strncmp(f->kind, "agent.", 6))
		return fold_agent(a, f);
	if (!strncmp(f->kind, "offer.", 6))
		return fold_offer(a, f);
	if (!strncmp(f->kind, "contact.", 8))
		return fold_contact(a, f);
	if (is_filing(f) && same_contact(a, f)) {
		a->filed = true;
		return true;
	}
	return false;
}
