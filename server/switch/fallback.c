/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     WATCH --no reaction--> TAKEN --up--> NOTICE --played--> HOLD
 *                              |                               |
 *                              +--up, closed--> LAST <--max_wait
 *                                                 | played
 *                                               hang up
 */
#include "server/switch/fallback.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/scope.h"

#define REACTION_MS   4000
#define LAST_MS	      30000 /* a last prompt that never reports its end */
#define LIMIT_DEFAULT 200
#define WAIT_DEFAULT  600000
#define PLAY_PREFIX   "fallback-"

enum stage { STAGE_WATCH, STAGE_TAKEN, STAGE_NOTICE, STAGE_HOLD, STAGE_LAST };

struct guest {
	struct le le;
	struct fallback *f;
	char leg[MEDIA_ID];
	char play[MEDIA_ID];
	char to[64];
	enum stage stage;
	bool closed;
	struct tmr tmr;
};

struct fallback {
	struct list guests;
	struct legs *legs;
	struct media *media;
	json_t *plan;
	uint64_t plays;
};

static void guest_destructor(void *arg)
{
	struct guest *g = arg;

	list_unlink(&g->le);
	tmr_cancel(&g->tmr);
}

static void fallback_destructor(void *arg)
{
	struct fallback *f = arg;

	list_flush(&f->guests);
	json_decref(f->plan);
}

int fallback_alloc(struct fallback **fp, struct legs *legs)
{
	struct fallback *f = mem_zalloc(sizeof(*f), fallback_destructor);

	if (!f)
		return ENOMEM;
	f->legs = legs;
	*fp = f;
	return 0;
}

void fallback_media(struct fallback *f, struct media *media)
{
	f->media = media;
}

/* ---- the plan ---- */

static int check_rule(const char *number, json_t *rule, char *fault)
{
	static const char *const files[] = {"notice", "hold", "closed",
					    "busy"};
	struct json_in in;

	json_in_init(&in, rule);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		(void)json_in_str_or(&in, files[i], 256, "");
	(void)json_in_int_or(&in, "limit", 0, 100000, LIMIT_DEFAULT);
	(void)json_in_int_or(&in, "max_wait_ms", 0, 86400000, WAIT_DEFAULT);
	(void)json_in_array(&in, "open_us", false);
	if (!json_in_done(&in))
		return 0;
	snprintf(fault, 160, "fallback for %.20s: %.100s", number, in.fault);
	return EBADMSG;
}

int fallback_configure(struct fallback *f, json_t *plan, char *fault)
{
	const char *number;
	json_t *rule;

	json_object_foreach (json_object_get(plan, "numbers"), number, rule) {
		int err = check_rule(number, rule, fault);
		if (err)
			return err;
	}
	json_decref(f->plan);
	f->plan = json_incref(plan);
	return 0;
}

static json_t *rule_of(const struct fallback *f, const char *number)
{
	json_t *numbers = json_object_get(f->plan, "numbers");
	json_t *rule = json_object_get(numbers, number);

	return rule ? rule : json_object_get(numbers, "*");
}

/* No list of hours: always open. */
static bool is_open(const json_t *rule)
{
	const json_t *hours = json_object_get(rule, "open_us");
	int64_t now = cal_now_us();

	if (!json_is_array(hours))
		return true;
	for (size_t i = 0; i < json_array_size(hours); i++) {
		const json_t *span = json_array_get(hours, i);
		if (now >= json_integer_value(json_array_get(span, 0)) &&
		    now < json_integer_value(json_array_get(span, 1)))
			return true;
	}
	return false;
}

static int64_t rule_int(const json_t *rule, const char *key, int64_t def)
{
	const json_t *v = json_object_get(rule, key);

	return json_is_integer(v) ? json_integer_value(v) : def;
}

/* ---- guests ---- */

static struct guest *guest_of(const struct fallback *f, const char *leg)
{
	struct le *le;

	LIST_FOREACH (&f->guests, le) {
		struct guest *g = le->data;
		if (!strcmp(g->leg, leg))
			return g;
	}
	return NULL;
}

static int64_t held_now(const struct fallback *f)
{
	int64_t n = 0;
	struct le *le;

	LIST_FOREACH (&f->guests, le)
		n += ((struct guest *)le->data)->stage != STAGE_WATCH;
	return n;
}

static void hang_up(struct guest *g)
{
	struct leg *leg = leg_find(g->f->legs, g->leg);

	if (leg)
		leg_end(leg, "hangup", BY_US, 0); /* releases the guest */
	else
		mem_deref(g);
}

/* ENOENT: the plan names no file, or it is not there. */
static int play(struct guest *g, const struct leg *leg, const char *key,
		bool loop)
{
	struct fallback *f = g->f;
	const char *file = json_str(rule_of(f, g->to), key);
	struct media_source source = {.kind = SOURCE_FILE, .file = file};

	if (!*file)
		return ENOENT;
	snprintf(g->play, sizeof(g->play), PLAY_PREFIX "%llu",
		 (unsigned long long)++f->plays);
	int err = media_play(f->media,
			     &(struct media_play_prm){
				     .play = g->play,
				     .leg = leg->media,
				     .sources = &source,
				     .n = 1,
				     .loop = loop,
				     .must_end = !strcmp(key, "notice"),
			     });
	if (err)
		log_error("fallback: %s: %s", file, strerror(err));
	return err;
}

static void on_last_over(void *arg)
{
	hang_up(arg);
}

static void last(struct guest *g, const struct leg *leg, const char *key)
{
	g->stage = STAGE_LAST;
	int err = play(g, leg, key, false);
	/* a prompt that is not there must not leave the caller in silence */
	tmr_start(&g->tmr, err ? 0 : LAST_MS, on_last_over, g);
}

static void on_max_wait(void *arg)
{
	struct guest *g = arg;
	struct leg *leg = leg_find(g->f->legs, g->leg);

	if (leg)
		last(g, leg, "busy");
}

static void hold(struct guest *g, const struct leg *leg)
{
	g->stage = STAGE_HOLD;
	(void)play(g, leg, "hold", true);
}

void fallback_leg_up(struct fallback *f, struct leg *leg)
{
	struct guest *g = guest_of(f, leg->id);

	if (!g || g->stage != STAGE_TAKEN)
		return;
	if (g->closed) {
		last(g, leg, "closed");
		return;
	}
	tmr_start(&g->tmr,
		  (uint64_t)rule_int(rule_of(f, g->to), "max_wait_ms",
				     WAIT_DEFAULT),
		  on_max_wait, g);
	g->stage = STAGE_NOTICE;
	if (play(g, leg, "notice", false))
		hold(g, leg);
}

static void take_guest(struct guest *g, struct leg *leg)
{
	struct fallback *f = g->f;
	const json_t *rule = rule_of(f, g->to);

	if (!rule || held_now(f) >= rule_int(rule, "limit", LIMIT_DEFAULT)) {
		leg_end(leg, "busy", BY_US, 503);
		return;
	}
	tmr_cancel(&g->tmr);
	leg->fallback = true;
	g->stage = STAGE_TAKEN;
	g->closed = !is_open(rule);
	int err = leg_answer(leg);
	if (err) {
		log_error("fallback: leg %s: %s", leg->id, strerror(err));
		leg_end(leg, "fault", BY_FAULT, 500);
	}
}

static void on_no_reaction(void *arg)
{
	struct guest *g = arg;
	struct leg *leg = leg_find(g->f->legs, g->leg);

	if (!leg || leg->state != LEG_ARRIVED) {
		mem_deref(g);
		return;
	}
	log_warn("leg %s: the office does not react", leg->id);
	take_guest(g, leg);
}

void fallback_arrived(struct fallback *f, struct leg *leg, bool away)
{
	struct guest *g = mem_zalloc(sizeof(*g), guest_destructor);

	if (!g) {
		leg_end(leg, "fault", BY_FAULT, 500);
		return;
	}
	g->f = f;
	tmr_init(&g->tmr);
	snprintf(g->leg, sizeof(g->leg), "%s", leg->id);
	snprintf(g->to, sizeof(g->to), "%s", leg->to);
	list_append(&f->guests, &g->le, g);
	if (away)
		take_guest(g, leg);
	else
		tmr_start(&g->tmr, REACTION_MS, on_no_reaction, g);
}

void fallback_release(struct fallback *f, const struct leg *leg)
{
	mem_deref(guest_of(f, leg->id));
}

bool fallback_media_event(struct fallback *f, const struct media_event *ev)
{
	if (ev->kind != MEDIA_PLAYED ||
	    strncmp(ev->id, PLAY_PREFIX, strlen(PLAY_PREFIX)) != 0)
		return false;
	struct guest *g = guest_of(f, ev->leg);
	const struct leg *leg = g ? leg_find(f->legs, g->leg) : NULL;

	if (!leg || strcmp(g->play, ev->id) != 0)
		return true;
	if (g->stage == STAGE_NOTICE)
		hold(g, leg);
	else if (g->stage == STAGE_LAST)
		hang_up(g);
	return true;
}
