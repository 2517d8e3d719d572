/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/leg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/scope.h"

#define GONE_MAX  2048 /* ended legs whose names are remembered */
#define SILENT_MS 5000 /* a gap on a trunk that the office hears of */

struct legs {
	struct list list;
	struct legs_prm prm;
	struct media *media;
	uint64_t counter;
	char gone[GONE_MAX][MEDIA_ID];
	unsigned gone_at;
};

static void legs_destructor(void *arg)
{
	struct legs *legs = arg;

	list_flush(&legs->list);
}

int legs_alloc(struct legs **lp, const struct legs_prm *prm)
{
	struct legs *legs = mem_zalloc(sizeof(*legs), legs_destructor);

	if (!legs)
		return ENOMEM;
	legs->prm = *prm;
	*lp = legs;
	return 0;
}

void legs_media(struct legs *legs, struct media *media)
{
	legs->media = media;
}

void legs_close(struct legs *legs)
{
	while (legs->list.head)
		leg_end(list_ledata(legs->list.head), "shutdown", BY_US, 503);
}

unsigned legs_count(const struct legs *legs)
{
	return list_count(&legs->list);
}

bool legs_full(const struct legs *legs)
{
	return legs_count(legs) >= legs->prm.max;
}

bool legs_alone(const struct legs *legs)
{
	return legs->prm.awayh(legs->prm.arg);
}

struct list *legs_list(struct legs *legs)
{
	return &legs->list;
}

struct leg *leg_find(const struct legs *legs, const char *id)
{
	struct le *le;

	LIST_FOREACH (&legs->list, le) {
		struct leg *leg = le->data;
		if (!strcmp(leg->id, id))
			return leg;
	}
	return NULL;
}

bool leg_is_gone(const struct legs *legs, const char *id)
{
	if (!*id)
		return false;
	for (unsigned i = 0; i < GONE_MAX; i++) {
		if (!strcmp(legs->gone[i], id))
			return true;
	}
	return false;
}

/* ---- one leg ---- */

static void leg_destructor(void *arg)
{
	struct leg *leg = arg;

	list_unlink(&leg->le);
	tmr_cancel(&leg->tmr);
	mem_deref(leg->media);
	mem_deref(leg->side);
	json_decref(leg->info);
	json_decref(leg->quality);
}

static const char *by_name(enum leg_by by)
{
	switch (by) {
	case BY_FAR:
		return "far";
	case BY_US:
		return "us";
	case BY_FAULT:
		break;
	}
	return "fault";
}

static void event(const struct leg *leg, const char *kind, json_t *more)
{
	scoped_json json_t *extra = more;
	json_t *fields =
		json_pack("{s:s, s:s, s:s}", "leg", leg->id, "contact",
			  leg->contact, "person", leg->person);

	if (extra)
		json_object_update(fields, extra);
	int err = journal_event(leg->legs->prm.journal, kind, fields);
	if (err)
		log_error("event %s of leg %s lost: %s", kind, leg->id,
			  strerror(err));
}

int leg_alloc(struct leg **lp, struct legs *legs, const struct leg_prm *prm)
{
	struct leg *leg = mem_zalloc(sizeof(*leg), leg_destructor);

	if (!leg)
		return ENOMEM;
	leg->legs = legs;
	leg->ops = prm->ops;
	leg->incoming = prm->incoming;
	leg->state = prm->incoming ? LEG_ARRIVED : LEG_RINGING;
	leg->at_us = cal_now_us();
	tmr_init(&leg->tmr);
	if (prm->id)
		snprintf(leg->id, sizeof(leg->id), "%s", prm->id);
	else
		snprintf(leg->id, sizeof(leg->id), "%s.%llu",
			 journal_boot(legs->prm.journal),
			 (unsigned long long)++legs->counter);
	leg_contact(leg, prm->contact ? prm->contact : "");
	list_append(&legs->list, &leg->le, leg);
	*lp = leg;
	return 0;
}

/* Media keeps all of a contact on one voice thread. A caller who was greeted
 * before the office named the contact has a thread already: whoever joins
 * the contact later goes there. */
void leg_contact(struct leg *leg, const char *contact)
{
	struct le *le;

	snprintf(leg->contact, sizeof(leg->contact), "%s", contact);
	if (leg->media)
		return;
	snprintf(leg->line, sizeof(leg->line), "%s",
		 *contact ? contact : leg->id);
	LIST_FOREACH (&leg->legs->list, le) {
		const struct leg *other = le->data;
		if (other != leg && *contact &&
		    !strcmp(other->contact, contact)) {
			snprintf(leg->line, sizeof(leg->line), "%s",
				 other->line);
			return;
		}
	}
}

int leg_voice(struct leg *leg, enum media_transport transport)
{
	if (leg->media)
		return 0;
	return media_leg_alloc(&leg->media, leg->legs->media,
			       &(struct media_leg_prm){
				       .leg = leg->id,
				       .contact = leg->line,
				       .transport = transport,
			       });
}

void leg_arrived(struct leg *leg)
{
	struct legs *legs = leg->legs;

	leg->fallback = legs->prm.awayh(legs->prm.arg);
	event(leg, "leg.arrived",
	      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "trunk",
			leg->trunk, "from", leg->from, "name", leg->name, "to",
			leg->to, "source", leg->source, "transport",
			leg->transport, "fallback", leg->fallback));
	log_info("leg %s arrived by %s from %s", leg->id, leg->trunk,
		 leg->source);
	legs->prm.arrivedh(leg, legs->prm.arg);
}

void leg_ringing(struct leg *leg)
{
	event(leg, "leg.ringing", NULL);
}

int leg_answer(struct leg *leg)
{
	return leg->ops->answer ? leg->ops->answer(leg) : EINVAL;
}

int leg_dtmf(struct leg *leg, const char *digits)
{
	if (leg->ops->dtmf)
		return leg->ops->dtmf(leg, digits);
	return leg->media ? media_leg_dtmf(leg->media, digits) : EALREADY;
}

static void silence(struct leg *leg, int64_t ms);

void leg_hold(struct leg *leg, bool held)
{
	if (leg->held == held)
		return;
	leg->held = held;
	if (held)
		tmr_cancel(&leg->tmr);
	else
		silence(leg, 0);
	event(leg, held ? "leg.held" : "leg.resumed", NULL);
}

void leg_attach(struct leg *leg, bool attached)
{
	if (leg->detached == !attached)
		return;
	leg->detached = !attached;
	event(leg, attached ? "leg.attached" : "leg.detached", NULL);
}

void leg_digit(struct leg *leg, char digit)
{
	event(leg, "leg.dtmf",
	      json_pack("{s:s%}", "digit", &digit, (size_t)1));
}

/* ---- voice that stops ---- */

static void on_no_voice(void *arg)
{
	struct leg *leg = arg;

	leg_end(leg, "rtp_timeout", BY_FAULT, 0);
}

static void tell_silent(struct leg *leg)
{
	leg->silent_told = true;
	event(leg, "leg.silent", json_pack("{s:I}", "ms", leg->silent_ms));
}

static void on_silent(void *arg)
{
	struct leg *leg = arg;
	int64_t left = leg->legs->prm.rtp_timeout_ms - SILENT_MS;

	leg->silent_ms = SILENT_MS;
	tell_silent(leg);
	tmr_start(&leg->tmr, (uint64_t)(left > 0 ? left : 0), on_no_voice,
		  leg);
}

/* A network leg without packets is dead in the end (its BYE was lost); of a
 * workstation only the tunnel broke, and the office decides. */
static void silence(struct leg *leg, int64_t ms)
{
	leg->silent_ms = ms;
	if (!leg->ops->rtp_ends) {
		tell_silent(leg);
		return;
	}
	if (leg->held || leg->state != LEG_UP)
		return;
	int64_t wait = SILENT_MS - ms;
	tmr_start(&leg->tmr, (uint64_t)(wait > 0 ? wait : 0), on_silent, leg);
}

static void voice_back(struct leg *leg, int64_t ms)
{
	if (leg->ops->rtp_ends)
		tmr_cancel(&leg->tmr);
	if (leg->silent_told)
		event(leg, "leg.back", json_pack("{s:I}", "ms", ms));
	leg->silent_told = false;
	leg->silent_ms = 0;
}

void leg_media_event(struct legs *legs, const struct media_event *ev)
{
	struct leg *leg = leg_find(legs, ev->leg);

	if (!leg)
		return;
	switch (ev->kind) {
	case MEDIA_UP:
		voice_back(leg, 0);
		event(leg, "leg.media", NULL);
		break;
	case MEDIA_SILENT:
		silence(leg, ev->ms);
		break;
	case MEDIA_BACK:
		voice_back(leg, ev->ms);
		break;
	case MEDIA_DTMF:
		leg_digit(leg, ev->digit);
		break;
	default:
		break;
	}
}

/* ---- up and down ---- */

void leg_up(struct leg *leg)
{
	struct legs *legs = leg->legs;

	leg->state = LEG_UP;
	tmr_cancel(&leg->tmr);
	event(leg, "leg.answered", NULL);
	if (leg->ops->rtp_ends)
		silence(leg, 0);
	legs->prm.uph(leg, legs->prm.arg);
}

static void on_ring_timeout(void *arg)
{
	leg_end(arg, "no_answer", BY_US, 408);
}

void leg_ring_timeout(struct leg *leg, int64_t ms)
{
	tmr_start(&leg->tmr, (uint64_t)ms, on_ring_timeout, leg);
}

static json_t *quality_json(const struct leg *leg)
{
	struct media_quality q = {.rx = 0};

	if (!leg->media)
		return NULL;
	media_leg_quality(leg->media, &q);
	return json_pack("{s:I, s:I, s:f, s:f}", "rx", (json_int_t)q.rx,
			 "lost", (json_int_t)q.lost, "jitter_ms",
			 isfinite(q.jitter_ms) ? q.jitter_ms : 0.0, "mos",
			 isfinite(q.mos) ? q.mos : 0.0);
}

void leg_ended(struct leg *leg, const char *cause, enum leg_by by, int code)
{
	struct legs *legs = leg->legs;

	if (leg->state == LEG_ENDED)
		return;
	leg->state = LEG_ENDED;
	leg->goodbye = by == BY_FAR && !strcmp(cause, "bye");
	tmr_cancel(&leg->tmr);
	snprintf(legs->gone[legs->gone_at++ % GONE_MAX], MEDIA_ID, "%s",
		 leg->id);
	json_t *quality = quality_json(leg);
	legs->prm.goneh(leg, legs->prm.arg);
	if (leg->ops->release)
		leg->ops->release(leg);
	leg->media = mem_deref(leg->media);
	log_info("leg %s ended: %s by %s (%d)", leg->id, cause, by_name(by),
		 code);
	event(leg, "leg.ended",
	      json_pack("{s:s, s:s, s:i, s:o*}", "cause", cause, "by",
			by_name(by), "code", code, "quality", quality));
	mem_deref(leg);
}

void leg_end(struct leg *leg, const char *cause, enum leg_by by, int code)
{
	if (leg->state == LEG_ENDED)
		return;
	leg->ops->end(leg, cause, code);
	leg_ended(leg, cause, by, code);
}

static const char *state_name(enum leg_state state)
{
	switch (state) {
	case LEG_ARRIVED:
		return "arrived";
	case LEG_RINGING:
		return "ringing";
	default:
		return "up";
	}
}

json_t *leg_json(const struct leg *leg)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I,"
		" s:b, s:I, s:O*}",
		"leg", leg->id, "contact", leg->contact, "side",
		leg->ops->name, "direction", leg->incoming ? "in" : "out",
		"state", state_name(leg->state), "person", leg->person,
		"trunk", leg->trunk, "from", leg->from, "to", leg->to, "name",
		leg->name, "fallback", leg->fallback, "at_us",
		(json_int_t)leg->at_us, "detached", leg->detached, "silent_ms",
		(json_int_t)leg->silent_ms, "quality", leg->quality);
}
