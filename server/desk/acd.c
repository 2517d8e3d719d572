/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waiting list. Items are the fold of facts; the assigner runs once a
 * loop turn in which something changed, over flat arrays made for it, so that
 * a burst of arrivals costs one run.
 */
#include "server/desk/acd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/alarm.h"
#include "server/core/session.h"
#include "server/core/store_call.h"
#include "server/desk/assign.h"
#include "server/desk/site.h"

#define TICK_MS	      200
#define FLUSH_MS      50
#define SUMS_MS	      1000 /* figures and the line's head: no oftener */
#define LINE_ROWS     12   /* of its head */
#define ITEMS_MAX     20000
#define POSITIONS_MAX 50 /* up to here each move in the line is told */

struct acd {
	struct fact_log *log;
	struct session_hub *hub;
	struct roster *roster;
	struct site *site;
	struct alarm *alarm;
	struct acd_prm prm;
	struct acd_source source;
	struct hash *items;
	size_t n;
	bool open;
	struct tmr run, tick, flush, sums;
	struct fact_sink sinks[2];
	json_t *queues_told;  /* the last queue.changed of each, by id */
	json_t *line_told;    /* the last line.changed */
	int64_t sums_mono_us; /* when these were looked at */
};

static void item_destructor(void *arg)
{
	struct acd_item *item = arg;

	hash_unlink(&item->le);
}

static void destructor(void *arg)
{
	struct acd *acd = arg;

	tmr_cancel(&acd->run);
	tmr_cancel(&acd->tick);
	tmr_cancel(&acd->flush);
	tmr_cancel(&acd->sums);
	hash_flush(acd->items);
	mem_deref(acd->items);
	json_decref(acd->queues_told);
	json_decref(acd->line_told);
}

static bool same_item(struct le *le, void *arg)
{
	const struct acd_item *item = le->data;

	return !strcmp(item->contact, arg);
}

static struct acd_item *find(const struct acd *acd, const char *contact)
{
	struct le *le;

	if (!contact)
		return NULL;
	le = hash_lookup(acd->items, hash_joaat_str(contact), same_item,
			 (void *)(uintptr_t)contact);
	return le ? le->data : NULL;
}

const struct acd_item *acd_find(const struct acd *acd, const char *contact)
{
	return find(acd, contact);
}

size_t acd_count(const struct acd *acd)
{
	return acd->n;
}

struct collecting {
	struct acd_item **v;
	size_t n;
};

static bool collect_one(struct le *le, void *arg)
{
	struct collecting *c = arg;

	c->v[c->n++] = le->data;
	return false;
}

/* All items into a flat array (mem_ref block), in no order. */
static struct acd_item **collect(const struct acd *acd)
{
	struct collecting c = {
		.v = mem_alloc((acd->n + 1) * sizeof(struct acd_item *),
			       NULL)};

	if (c.v)
		hash_apply(acd->items, collect_one, &c);
	return c.v;
}

/* ---- the fold ---- */

static void on_run(void *arg);
static void on_flush(void *arg);
static void on_sums(void *arg);

void acd_kick(struct acd *acd)
{
	if (!tmr_isrunning(&acd->run))
		tmr_start(&acd->run, 0, on_run, acd);
}

/* Items are told soon; what is summed up goes to everybody, and so at once
 * after a rest, but not oftener than an eye looks. */
static void tell_soon(struct acd *acd)
{
	int64_t rest_ms = SUMS_MS - (cal_mono_us() - acd->sums_mono_us) / 1000;

	if (!tmr_isrunning(&acd->flush))
		tmr_start(&acd->flush, FLUSH_MS, on_flush, acd);
	if (!tmr_isrunning(&acd->sums))
		tmr_start(&acd->sums,
			  rest_ms > FLUSH_MS ? (uint64_t)rest_ms : FLUSH_MS,
			  on_sums, acd);
}

static void touched(struct acd *acd, struct acd_item *item)
{
	if (item)
		item->changed = true;
	tell_soon(acd);
	acd_kick(acd);
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static void add(struct acd *acd, const struct fact *f)
{
	struct acd_item *item = find(acd, f->contact);

	if (!item) {
		if (acd->n >= ITEMS_MAX) {
			log_error("acd: more than %d wait", ITEMS_MAX);
			return;
		}
		item = mem_zalloc(sizeof(*item), item_destructor);
		if (!item)
			return;
		copy(item->contact, sizeof(item->contact), f->contact);
		hash_append(acd->items, hash_joaat_str(item->contact),
			    &item->le, item);
		acd->n++;
	}
	const json_t *b = f->body;
	copy(item->queue, sizeof(item->queue), json_str(b, "queue"));
	copy(item->number, sizeof(item->number), json_str(b, "number"));
	copy(item->name, sizeof(item->name), json_str(b, "name"));
	copy(item->target, sizeof(item->target), json_str(b, "target"));
	item->arrived_us = json_int(b, "arrived_us");
	item->queued_us = json_int(b, "queued_us");
	if (!item->queued_us)
		item->queued_us = f->at_us;
	/* a step of the wall clock moves nobody in the line */
	item->entered_mono_us = cal_mono_at(f->at_us);
	item->queued_mono_us =
		json_object_get(b, "waited_ms")
			? item->entered_mono_us -
				  json_int(b, "waited_ms") * 1000
			: cal_mono_at(item->queued_us);
	item->priority = (int)json_int(b, "priority");
	item->head = json_bool(b, "head");
	item->state = json_bool(b, "notice") ? ACD_NOTICE : ACD_WAITING;
	item->offer[0] = item->agent[0] = '\0';
	item->why = "";
	touched(acd, item);
}

static void drop(struct acd *acd, const char *contact)
{
	struct acd_item *item = find(acd, contact);

	if (!item)
		return;
	if (acd->hub)
		session_publish(acd->hub, "item", NULL, "item.gone",
				json_pack("{s:s}", "contact", contact));
	hash_unlink(&item->le); /* others may still hold it */
	mem_deref(item);
	acd->n--;
	touched(acd, NULL);
}

static void fold_contact(struct acd *acd, const struct fact *f)
{
	const char *what = f->kind + strlen("contact.");
	struct acd_item *item = find(acd, f->contact);

	if (!strcmp(what, "queued") || !strcmp(what, "requeued") ||
	    !strcmp(what, "transferred")) {
		add(acd, f);
	} else if (!strcmp(what, "answered") || !strcmp(what, "leaving") ||
		   !strcmp(what, "ended")) {
		drop(acd, f->contact);
	} else if (!strcmp(what, "greeted") && item) {
		if (item->state == ACD_NOTICE)
			item->state = ACD_WAITING;
		touched(acd, item);
	}
}

static void fold_offer(struct acd *acd, const struct fact *f)
{
	struct acd_item *item = find(acd, f->contact);
	const char *offer = json_str(f->body, "offer");

	if (!item)
		return;
	if (!strcmp(f->kind, "offer.made")) {
		int64_t lease_ms = json_int(f->body, "lease_ms");
		int64_t mono_us = cal_mono_us();
		item->state = ACD_OFFERED;
		copy(item->offer, sizeof(item->offer), offer);
		copy(item->agent, sizeof(item->agent), f->agent);
		copy(item->offer_why, sizeof(item->offer_why),
		     json_str(f->body, "why"));
		item->offered_mono_us = mono_us;
		item->lease_ms = lease_ms;
		item->lease_mono_us = mono_us + lease_ms * 1000;
		item->why = "";
	} else if (!strcmp(item->offer, offer)) {
		item->state = ACD_WAITING;
		item->offer[0] = item->agent[0] = '\0';
		item->target[0] = '\0'; /* then whoever can */
	}
	touched(acd, item);
}

static void on_fact(const struct fact *f, void *arg)
{
	if (!strncmp(f->kind, "contact.", 8))
		fold_contact(arg, f);
	else
		fold_offer(arg, f);
}

void acd_replay(struct acd *acd, const struct fact *fact)
{
	if (!strncmp(fact->kind, "contact.", 8) ||
	    !strncmp(fact->kind, "offer.", 6))
		on_fact(fact, acd);
}

/* ---- offers ---- */

static int64_t lease_of(const struct acd *acd, const char *queue)
{
	const struct site_queue *q = site_queue_find(acd->site, queue);

	return q && q->lease_ms > 0 ? q->lease_ms : acd->prm.lease_ms;
}

static void offer_fact(struct acd *acd, const struct acd_item *item,
		       const struct roster_agent *a, const char *offer,
		       const char *why)
{
	scoped_json json_t *body = json_pack(
		"{s:s,s:s,s:s,s:I,s:s,s:I,s:s}", "offer", offer, "leg", offer,
		"queue", item->queue, "lease_ms",
		(json_int_t)lease_of(acd, item->queue), "why", why, "wait_ms",
		(json_int_t)((cal_mono_us() - item->queued_mono_us) / 1000),
		"device", a->now.device);
	struct fact f = {.dur_ms = -1,
			 .actor = "office",
			 .kind = "offer.made",
			 .contact = item->contact,
			 .agent = a->now.id,
			 .subject = offer,
			 .body = body};

	(void)fact_happened(acd->log, &f, NULL, 0, NULL, NULL);
}

/* "medical level 3, idle longest" in words that the client can translate:
 * figures only; the sentence is the client's. */
static void make_offer(struct acd *acd, struct acd_item *item,
		       const struct roster_agent *a, uint8_t level)
{
	char offer[ACD_ID], why[120];
	struct site_queue const *q = site_queue_find(acd->site, item->queue);

	acd->source.mint(offer, acd->source.arg);
	snprintf(why, sizeof(why), "queue=%s level=%u idle_ms=%lld%s",
		 q ? q->id : item->queue, level,
		 (long long)((cal_mono_us() - a->ready_mono_us) / 1000),
		 item->target[0] ? " transferred"
		 : item->head	 ? " head"
				 : "");
	offer_fact(acd, item, a, offer, why);
	acd->source.offer(item, acd->source.arg);
}

int acd_adopt(struct acd *acd, const char *contact, const char *agent,
	      const char *offer)
{
	const struct acd_item *item = find(acd, contact);
	const struct roster_agent *a = roster_find(acd->roster, agent);

	if (!item || item->state == ACD_OFFERED || !a ||
	    a->now.state != AGENT_READY || strlen(offer) >= ACD_ID)
		return EALREADY;
	offer_fact(acd, item, a, offer, "");
	return 0;
}

void acd_offer_end(struct acd *acd, const char *contact, const char *result)
{
	struct acd_item *item = find(acd, contact);

	if (!item || item->state != ACD_OFFERED)
		return;
	struct acd_item *was = mem_zalloc(sizeof(*was), NULL);
	if (!was)
		return;
	*was = *item;
	memset(&was->le, 0, sizeof(was->le));
	scoped_json json_t *body =
		json_pack("{s:s,s:s}", "offer", was->offer, "result", result);
	struct fact f = {
		.dur_ms = (cal_mono_us() - was->offered_mono_us) / 1000,
		.actor = !strcmp(result, "refused") ? was->agent : "office",
		.kind = "offer.ended",
		.contact = was->contact,
		.agent = was->agent,
		.subject = was->offer,
		.body = body};
	(void)fact_happened(acd->log, &f, NULL, 0, NULL, NULL);
	acd->source.offer_end(was, result, acd->source.arg);
	mem_deref(was);
}

void acd_renew(struct acd *acd)
{
	struct acd_item **v = collect(acd);
	int64_t mono_us = cal_mono_us();

	for (size_t i = 0; v && i < acd->n; i++)
		v[i]->lease_mono_us = mono_us + v[i]->lease_ms * 1000;
	mem_deref(v);
}

/* ---- a run of the assigner ---- */

struct arrays {
	struct acd_item **items;
	const struct roster_agent **who;
	struct assign_work work;
	struct assign_rules rules;
	struct assign_queue *queue;
	uint8_t *levels;
};

static void arrays_destructor(void *arg)
{
	struct arrays *r = arg;

	mem_deref(r->items);
	mem_deref(r->who);
	mem_deref(r->work.items);
	mem_deref((void *)(uintptr_t)r->work.agents);
	mem_deref(r->work.order);
	mem_deref(r->work.taken);
	mem_deref(r->work.next);
	mem_deref(r->work.offers);
	mem_deref(r->queue);
	mem_deref(r->levels);
}

static enum assign_busy busy_of(const struct roster_agent *a)
{
	switch (a->now.state) {
	case AGENT_READY:
		return roster_free(a) ? ASSIGN_FREE : ASSIGN_AWAY;
	case AGENT_WRAPUP:
		return ASSIGN_WRAPUP;
	case AGENT_PAUSED:
		return ASSIGN_PAUSED;
	default:
		return ASSIGN_TALKING;
	}
}

static uint8_t cut_level(int level)
{
	return (uint8_t)(level < 0		 ? 0
			 : level > ASSIGN_LEVELS ? ASSIGN_LEVELS
						 : level);
}

static void fill_agents(const struct acd *acd, struct arrays *r,
			struct assign_agent *agents)
{
	unsigned queues = r->rules.queues;
	size_t n = 0;

	for (size_t i = 0; i < roster_count(acd->roster); i++) {
		const struct roster_agent *a = roster_at(acd->roster, i);

		if (!roster_signed_in(a))
			continue;
		uint8_t *level = r->levels + n * queues;
		for (unsigned q = 0; q < queues; q++) {
			level[q] = cut_level(
				roster_level(acd->roster, a->now.id,
					     site_queue_at(acd->site, q)->id));
		}
		agents[n] = (struct assign_agent){.idle_since_us =
							  a->ready_mono_us,
						  .busy = busy_of(a),
						  .level = level};
		r->who[n++] = a;
	}
	r->work.n_agents = n;
}

static bool is_at_work(const struct assign_agent *a)
{
	return a->busy != ASSIGN_PAUSED && a->busy != ASSIGN_AWAY;
}

/* Skills count for less while their owner has something to learn. A citizen
 * does not wait for that: where nobody who is at work would be left, they
 * count as they are set. */
static void leave_nobody_alone(const struct acd *acd, struct arrays *r)
{
	unsigned queues = r->rules.queues;

	for (unsigned q = 0; q < queues; q++) {
		bool any = false;
		for (size_t i = 0; i < r->work.n_agents; i++)
			any = any || (r->levels[i * queues + q] &&
				      is_at_work(&r->work.agents[i]));
		const char *id = site_queue_at(acd->site, q)->id;
		for (size_t i = 0; !any && i < r->work.n_agents; i++)
			r->levels[i * queues + q] = cut_level(roster_level_set(
				acd->roster, r->who[i]->now.id, id));
	}
}

static int target_of(const struct arrays *r, const struct acd_item *item)
{
	for (size_t i = 0; item->target[0] && i < r->work.n_agents; i++)
		if (!strcmp(r->who[i]->now.id, item->target))
			return (int)i;
	return -1;
}

/* An item of a queue that is no more goes to the first one: nobody waits for
 * ever because of a change of settings. */
static void fill_items(const struct acd *acd, struct arrays *r)
{
	for (size_t i = 0; i < acd->n; i++) {
		const struct acd_item *item = r->items[i];
		int q = site_queue_index(acd->site, item->queue);

		r->work.items[i] = (struct assign_item){
			.queued_us = item->queued_mono_us,
			.priority = item->priority,
			.queue = q < 0 ? 0 : (unsigned)q,
			.target = target_of(r, item),
			.head = item->head,
			.offered = item->state == ACD_OFFERED || item->leaving,
		};
	}
	r->work.n_items = acd->n;
}

static void *array_of(size_t n, size_t size)
{
	return mem_zalloc((n ? n : 1) * size, NULL);
}

static struct arrays *arrays_of(const struct acd *acd)
{
	struct arrays *r = mem_zalloc(sizeof(*r), arrays_destructor);
	size_t agents = roster_count(acd->roster), n = acd->n;
	unsigned queues = (unsigned)site_queue_count(acd->site);
	struct assign_agent *list;

	if (!r)
		return NULL;
	r->items = collect(acd);
	r->who = array_of(agents, sizeof(*r->who));
	r->levels = array_of(agents * queues, 1);
	r->queue = array_of(queues, sizeof(*r->queue));
	r->work.items = array_of(n, sizeof(*r->work.items));
	r->work.agents = list = array_of(agents, sizeof(*list));
	r->work.order = array_of(n + agents, sizeof(*r->work.order));
	r->work.taken = array_of(agents, sizeof(*r->work.taken));
	r->work.next = array_of((size_t)queues * (ASSIGN_LEVELS + 1),
				sizeof(*r->work.next));
	r->work.offers =
		array_of(n < agents ? n : agents, sizeof(*r->work.offers));
	r->rules =
		(struct assign_rules){.queue = r->queue,
				      .queues = queues,
				      .ageing_us = acd->prm.ageing_ms * 1000,
				      .widen_us = acd->prm.widen_ms * 1000};
	if (!r->items || !r->who || !r->levels || !r->queue ||
	    !r->work.items || !list || !r->work.order || !r->work.taken ||
	    !r->work.next || !r->work.offers)
		return mem_deref(r);
	fill_agents(acd, r, list);
	leave_nobody_alone(acd, r);
	for (unsigned q = 0; q < queues; q++)
		r->queue[q].least_level =
			cut_level(site_queue_at(acd->site, q)->least);
	fill_items(acd, r);
	return r;
}

static void keep_reasons(struct acd *acd, const struct arrays *r)
{
	for (size_t i = 0; i < r->work.n_items; i++) {
		struct acd_item *item = r->items[i];
		const struct assign_item *it = &r->work.items[i];

		if (strcmp(item->why, it->why) != 0 ||
		    (item->position != it->position &&
		     it->position <= POSITIONS_MAX))
			item->changed = true;
		item->why = it->why;
		item->position = it->position;
	}
}

static void on_run(void *arg)
{
	struct acd *acd = arg;

	if (!acd->n || !site_queue_count(acd->site))
		return;
	struct arrays *r = arrays_of(acd);
	if (!r) {
		log_error("acd: out of memory, trying again");
		tmr_start(&acd->run, TICK_MS, on_run, acd);
		return;
	}
	size_t n = assign_run(&r->work, &r->rules, cal_mono_us());
	keep_reasons(acd, r);
	if (acd->open && acd->source.offer) {
		/* items may go while offers are made: hold them */
		for (size_t i = 0; i < n; i++)
			mem_ref(r->items[r->work.offers[i].item]);
		for (size_t i = 0; i < n; i++) {
			const struct assign_offer *o = &r->work.offers[i];
			struct acd_item *item = r->items[o->item];
			const struct roster_agent *a = r->who[o->agent];
			if (item->le.list && item->state != ACD_OFFERED &&
			    roster_free(a))
				make_offer(acd, item, a, o->level);
			mem_deref(item);
		}
	}
	mem_deref(r);
	tell_soon(acd);
}

/* ---- time ---- */

static int64_t max_wait_of(const struct acd *acd, const char *queue)
{
	const struct site_queue *q = site_queue_find(acd->site, queue);

	return q && q->max_wait_ms > 0 ? q->max_wait_ms : acd->prm.max_wait_ms;
}

/* Who was transferred after a long talk has not waited long. */
static void look_at(struct acd *acd, struct acd_item *item, int64_t mono_us)
{
	if (item->state == ACD_OFFERED) {
		if (mono_us >= item->lease_mono_us)
			acd_offer_end(acd, item->contact, "timeout");
		return;
	}
	if (!item->leaving && mono_us - item->entered_mono_us >=
				      max_wait_of(acd, item->queue) * 1000) {
		item->leaving = true;
		acd->source.overflow(item, acd->source.arg);
	}
}

static void look_at_alarm(struct acd *acd, const struct acd_item *longest,
			  const struct site_queue *q, int64_t mono_us)
{
	char id[48], detail[64];
	int64_t wait_ms =
		longest ? (mono_us - longest->entered_mono_us) / 1000 : 0;

	snprintf(id, sizeof(id), "wait:%.32s", q->id);
	snprintf(detail, sizeof(detail), "%.32s %lld s", q->name,
		 (long long)(wait_ms / 1000));
	if (longest && wait_ms >= acd->prm.wait_alarm_ms)
		alarm_raise(acd->alarm, id, ALARM_CRITICAL,
			    N_("A citizen waits too long"), detail);
	else
		alarm_clear(acd->alarm, id);
}

static const struct acd_item *longest_of(struct acd_item *const *v, size_t n,
					 const char *queue)
{
	const struct acd_item *longest = NULL;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i]->queue, queue) &&
		    (!longest ||
		     v[i]->entered_mono_us < longest->entered_mono_us))
			longest = v[i];
	return longest;
}

/* Time alone may make an agent good enough for somebody who waits. */
static bool widens(const struct acd *acd)
{
	bool asks = false;

	for (size_t q = 0; q < site_queue_count(acd->site); q++)
		asks = asks || site_queue_at(acd->site, q)->least > 1;
	return acd->n && asks && acd->prm.widen_ms > 0;
}

static void on_tick(void *arg)
{
	struct acd *acd = arg;
	int64_t mono_us = cal_mono_us();
	struct acd_item **v = collect(acd);
	size_t n = v ? acd->n : 0;

	for (size_t q = 0; acd->alarm && q < site_queue_count(acd->site); q++)
		look_at_alarm(
			acd, longest_of(v, n, site_queue_at(acd->site, q)->id),
			site_queue_at(acd->site, q), mono_us);
	for (size_t i = 0; i < n; i++)
		mem_ref(v[i]);
	for (size_t i = 0; i < n; i++) {
		if (acd->source.overflow && v[i]->le.list)
			look_at(acd, v[i], mono_us);
		mem_deref(v[i]);
	}
	mem_deref(v);
	if (widens(acd))
		acd_kick(acd);
	tmr_start(&acd->tick, TICK_MS, on_tick, acd);
}

/* ---- telling others ---- */

static json_t *item_json(const struct acd_item *item)
{
	static const char *const states[] = {"notice", "waiting", "offered"};
	char number[PHONE_NO_SIZE], name[80];

	phone_no_mask(number, item->number);
	store_call_mask_name(name, sizeof(name), item->name);
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:i,s:i,s:s,s:s,s:b}", "contact",
		item->contact, "queue", item->queue, "number", number, "name",
		name, "state", states[item->state], "arrived_us",
		(json_int_t)item->arrived_us, "queued_us",
		(json_int_t)item->queued_us, "priority", item->priority,
		"position", (int)item->position, "offered_to", item->agent,
		"why", item->why, "head", item->head);
}

/* Those who take its calls, by state: as leave_nobody_alone has it. */
static void count_agents(const struct acd *acd, const char *queue,
			 int counts[AGENT_PAUSED + 1])
{
	int all[AGENT_PAUSED + 1] = {0};
	bool any = false;

	for (size_t i = 0; i < roster_count(acd->roster); i++) {
		const struct roster_agent *a = roster_at(acd->roster, i);
		const char *id = a->now.id;

		if (!roster_signed_in(a) ||
		    roster_level_set(acd->roster, id, queue) <= 0)
			continue;
		all[a->now.state]++;
		if (roster_level(acd->roster, id, queue) <= 0)
			continue;
		counts[a->now.state]++;
		any = any || a->now.state != AGENT_PAUSED;
	}
	if (!any)
		memcpy(counts, all, sizeof(all));
}

static json_t *queue_json(const struct acd *acd, const struct site_queue *q,
			  struct acd_item *const *v, size_t n)
{
	int counts[AGENT_PAUSED + 1] = {0};
	const struct acd_item *longest = longest_of(v, n, q->id);
	int waiting = 0;

	for (size_t i = 0; i < n; i++)
		waiting += !strcmp(v[i]->queue, q->id);
	count_agents(acd, q->id, counts);
	return json_pack(
		"{s:s,s:s,s:i,s:I,s:i,s:i,s:i,s:i,s:i,s:b}", "id", q->id,
		"name", q->name, "waiting", waiting, "longest_us",
		(json_int_t)(longest ? longest->queued_us : 0), "ready",
		counts[AGENT_READY], "offered", counts[AGENT_OFFERED],
		"talking", counts[AGENT_TALKING] + counts[AGENT_HELD],
		"wrapup", counts[AGENT_WRAPUP], "paused", counts[AGENT_PAUSED],
		"open", cal_is_open(site_cal(acd->site), cal_now_us()));
}

void acd_queue_live(const struct site_queue *q, json_t *obj, void *arg)
{
	struct acd *acd = arg;
	scoped_mem struct acd_item **v = collect(acd);
	scoped_json json_t *live = queue_json(acd, q, v, v ? acd->n : 0);

	if (live)
		json_object_update_missing(obj, live);
}

static void tell_queues(struct acd *acd, struct acd_item *const *v, size_t n)
{
	json_t *told = json_object();

	for (size_t i = 0; i < site_queue_count(acd->site); i++) {
		const struct site_queue *q = site_queue_at(acd->site, i);
		json_t *queue = queue_json(acd, q, v, n);

		if (!json_equal(json_object_get(acd->queues_told, q->id),
				queue))
			session_publish(acd->hub, "queue", NULL,
					"queue.changed",
					json_pack("{s:O}", "queue", queue));
		json_object_set_new(told, q->id, queue);
	}
	json_decref(acd->queues_told);
	acd->queues_told = told;
}

static int by_position(const void *a, const void *b)
{
	const struct acd_item *x = *(struct acd_item *const *)a;
	const struct acd_item *y = *(struct acd_item *const *)b;

	return x->position < y->position ? -1 : x->position > y->position;
}

/* Sorts v. Who does not look after the whole line sees its head. */
static void tell_line(struct acd *acd, struct acd_item **v, size_t n)
{
	json_t *head = json_array();

	qsort(v, n, sizeof(struct acd_item *), by_position);
	for (size_t i = 0; i < n && i < LINE_ROWS; i++)
		json_array_append_new(head, item_json(v[i]));
	json_t *line =
		json_pack("{s:i,s:o}", "waiting", (int)n, "items", head);
	if (json_equal(line, acd->line_told)) {
		json_decref(line);
		return;
	}
	json_decref(acd->line_told);
	acd->line_told = line;
	/* a copy: the event gets its number */
	session_publish(acd->hub, "line", NULL, "line.changed",
			json_copy(line));
}

static void on_sums(void *arg)
{
	struct acd *acd = arg;
	scoped_mem struct acd_item **v = collect(acd);

	acd->sums_mono_us = cal_mono_us();
	if (!acd->hub || !v)
		return;
	tell_queues(acd, v, acd->n);
	tell_line(acd, v, acd->n);
}

static void on_flush(void *arg)
{
	struct acd *acd = arg;
	scoped_mem struct acd_item **v = collect(acd);

	for (size_t i = 0; acd->hub && v && i < acd->n; i++) {
		if (!v[i]->changed)
			continue;
		v[i]->changed = false;
		session_publish(acd->hub, "item", NULL, "item.changed",
				json_pack("{s:o}", "item", item_json(v[i])));
	}
}

static int on_list(struct rpc_call *call)
{
	struct acd *acd = call->part;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *queue = json_in_str_or(&in, "queue", 31, "");
	const char *cursor = json_in_str_or(&in, "cursor", 31, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	struct acd_item **v = collect(acd);
	if (!v)
		return ENOMEM;
	qsort(v, acd->n, sizeof(struct acd_item *), by_position);
	unsigned from = (unsigned)strtoul(cursor, NULL, 10);
	call->result = json_pack("{s:[]}", "items");
	for (size_t i = 0; i < acd->n; i++) {
		char next[16];
		if (v[i]->position < from ||
		    (*queue && strcmp(queue, v[i]->queue) != 0))
			continue;
		if (rpc_page_add(call, item_json(v[i])))
			continue;
		snprintf(next, sizeof(next), "%u", v[i]->position);
		rpc_page_next(call, next);
		break;
	}
	mem_deref(v);
	return 0;
}

const struct rpc_handler acd_methods[] = {
	{"item.list", .liveh = on_list},
	{NULL},
};

/* ---- life ---- */

static void on_agent(const struct roster_agent *a, void *arg)
{
	(void)a;
	touched(arg, NULL);
}

void acd_source(struct acd *acd, const struct acd_source *source)
{
	acd->source = *source;
}

void acd_open(struct acd *acd, bool open)
{
	acd->open = open;
	acd_kick(acd);
}

int acd_alloc(struct acd **ap, const struct acd_prm *prm)
{
	struct acd *acd = mem_zalloc(sizeof(*acd), destructor);

	if (!acd)
		return ENOMEM;
	acd->prm = *prm;
	acd->log = prm->log;
	acd->hub = prm->hub;
	acd->roster = prm->roster;
	acd->site = prm->site;
	acd->alarm = prm->alarm;
	tmr_init(&acd->run);
	tmr_init(&acd->tick);
	tmr_init(&acd->flush);
	tmr_init(&acd->sums);
	int err = hash_alloc(&acd->items, 1024);
	if (err) {
		mem_deref(acd);
		return err;
	}
	acd->sinks[0] = (struct fact_sink){
		.prefix = "contact.", .applyh = on_fact, .arg = acd};
	acd->sinks[1] = (struct fact_sink){
		.prefix = "offer.", .applyh = on_fact, .arg = acd};
	fact_log_sink(acd->log, &acd->sinks[0]);
	fact_log_sink(acd->log, &acd->sinks[1]);
	roster_follow(acd->roster, on_agent, acd);
	tmr_start(&acd->tick, TICK_MS, on_tick, acd);
	*ap = acd;
	return 0;
}
