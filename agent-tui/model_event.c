/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the office into the model. Events carry whole objects, so that
 * applying one twice, or one that a list page already had, changes nothing.
 */
#include "agent-tui/model.h"

#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/utf8.h"

#include "agent-tui/model_row.h"

#define ANY(list) ((struct model_any_list *)(list))

static void put(struct model *m, const struct model_kind *k, void *list,
		json_t *obj, unsigned part)
{
	struct model_any_list *l = list;

	if (!model_rows_put(k, l, obj))
		return;
	model_rows_sort(k, l);
	l->page.at_us = cal_now_us();
	model_changed(m, part);
}

static void gone(struct model *m, const struct model_kind *k, void *list,
		 json_t *obj, unsigned part)
{
	struct model_any_list *l = list;

	model_rows_remove(k, l, obj);
	l->page.at_us = cal_now_us();
	model_changed(m, part);
}

/* ---- topic me ---- */

static void me_offer(struct model *m, json_t *p)
{
	struct model_offer *o = &m->offer;

	model_copy(o->contact, p, "contact");
	model_copy(o->id, p, "offer");
	model_copy(o->queue, p, "queue");
	model_copy(o->number, p, "number");
	model_copy(o->name, p, "name");
	o->out = !strcmp(json_str(p, "direction"), "out");
	o->arrived_us = json_int(p, "arrived_us");
	o->queued_us = json_int(p, "queued_us");
	o->lease_ms = json_int(p, "lease_ms");
	o->until_us = o->lease_ms ? model_now_us(m) + o->lease_ms * 1000 : 0;
	model_copy(o->why, p, "why");
	o->answered = false;
	*o->gone = '\0';
	model_rows_fill(&model_kind_hit, ANY(&o->kb),
			json_object_get(p, "kb"));
	if (json_is_object(json_object_get(p, "citizen")))
		model_take_citizen(m, o->contact,
				   json_object_get(p, "citizen"));
	model_changed(m, MODEL_OFFER);
}

static void offer_over(struct model *m, const char *how)
{
	struct model_offer *o = &m->offer;

	*o->contact = *o->id = '\0';
	utf8_copy(o->gone, sizeof(o->gone), how);
	o->gone_us = cal_now_us();
	model_changed(m, MODEL_OFFER);
}

static void me_offer_gone(struct model *m, json_t *p)
{
	struct model_offer *o = &m->offer;
	const char *why = json_str(p, "why");

	if (strcmp(o->contact, json_str(p, "contact")))
		return;
	offer_over(m, why);
	if (!strcmp(why, "timeout"))
		model_say(m, MESSAGE_WARN,
			  N_("Not answered in time: the call went on to "
			     "the next agent, you are paused"),
			  NULL);
	else if (!strcmp(why, "caller_left"))
		model_say(m, MESSAGE_INFO, N_("The caller hung up"), NULL);
	else if (!strcmp(why, "withdrawn"))
		model_say(m, MESSAGE_INFO, N_("The call was taken back"),
			  NULL);
}

static void me_call(struct model *m, json_t *p)
{
	json_t *obj = json_object_get(p, "call");

	if (!json_is_object(obj))
		obj = p;
	if (!*json_str(obj, "contact"))
		return;
	bool same = !strcmp(m->call.contact, json_str(obj, "contact"));
	/* the end of an older call says nothing of the one that is up */
	if (!same && *m->call.contact && strcmp(m->call.state, "ended") &&
	    !strcmp(json_str(obj, "state"), "ended"))
		return;
	int64_t held_us = same ? m->call.held_us : 0;
	if (!same)
		m->call.hold_us = m->call.back_us = 0;
	model_row_call(&m->call, obj);
	if (m->call.held_us) {
		m->call.hold_us = m->call.held_us;
		m->call.back_us = 0;
	} else if (held_us && strcmp(m->call.state, "ended") != 0) {
		m->call.back_us = model_now_us(m);
	}
	if (!strcmp(m->call.state, "ended") && !m->call.ended_us)
		m->call.ended_us = model_now_us(m);
	/* whose offer it was hears of it by the call alone */
	if (!strcmp(m->offer.contact, m->call.contact))
		offer_over(m, "answered");
	model_changed(m, MODEL_CALL);
}

static void me_message(struct model *m, json_t *p)
{
	model_say(m, MESSAGE_INFO, json_str(p, "text"), NULL);
	struct model_message *msg = &m->messages[m->n_messages - 1];
	model_copy(msg->from, p, "from");
}

static void me_playback(struct model *m, json_t *p)
{
	model_copy(m->playback.recording, p, "recording");
	m->playback.position_ms = json_int(p, "position_ms");
	m->playback.ms = json_int(p, "ms");
	model_copy(m->playback.state, p, "state");
	m->playback.at_us = cal_now_us();
	model_changed(m, MODEL_PLAYBACK);
}

static void me_agent(struct model *m, json_t *p)
{
	model_take_me(m, json_object_get(p, "agent"));
}

static void me_learn(struct model *m, json_t *p)
{
	m->kb.must_read = (int)json_int(p, "open");
	m->kb.late = (int)json_int(p, "late");
	model_changed(m, MODEL_LEARN);
}

static void me_ended(struct model *m, json_t *p)
{
	model_copy(m->link.ended, p, "why");
	model_changed(m, MODEL_LINK);
}

/* ---- the other topics ---- */

static void agent_changed(struct model *m, json_t *p)
{
	json_t *obj = json_object_get(p, "agent");

	put(m, &model_kind_agent, &m->agents, obj, MODEL_AGENTS);
	if (*m->me.id && !strcmp(json_str(obj, "id"), m->me.id))
		model_take_me(m, obj);
}

static void item_changed(struct model *m, json_t *p)
{
	put(m, &model_kind_item, &m->items, json_object_get(p, "item"),
	    MODEL_ITEMS);
}

static void item_gone(struct model *m, json_t *p)
{
	gone(m, &model_kind_item, &m->items, p, MODEL_ITEMS);
}

/* For those who do not follow each item. */
static void line_changed(struct model *m, json_t *p)
{
	model_rows_fill(&model_kind_item, ANY(&m->items),
			json_object_get(p, "items"));
	m->line = (int)json_int(p, "waiting");
	m->items.page.at_us = cal_now_us();
	model_changed(m, MODEL_ITEMS);
}

static void call_changed(struct model *m, json_t *p)
{
	put(m, &model_kind_call, &m->calls, json_object_get(p, "call"),
	    MODEL_CALLS);
}

static void call_gone(struct model *m, json_t *p)
{
	gone(m, &model_kind_call, &m->calls, p, MODEL_CALLS);
}

static void queue_changed(struct model *m, json_t *p)
{
	put(m, &model_kind_queue, &m->queues, json_object_get(p, "queue"),
	    MODEL_QUEUES);
}

static void missed_changed(struct model *m, json_t *p)
{
	json_t *obj = json_object_get(p, "missed");

	if (!strcmp(json_str(obj, "state"), "done"))
		gone(m, &model_kind_missed, &m->missed, obj, MODEL_MISSED);
	else
		put(m, &model_kind_missed, &m->missed, obj, MODEL_MISSED);
}

/* Does the list that is shown hold such a ticket? */
static bool is_listed(const struct model *m, const json_t *ticket)
{
	if (m->tickets_mine && strcmp(json_str(ticket, "agent"), m->me.id))
		return false;
	return !*m->tickets_state ||
	       !strcmp(json_str(ticket, "state"), m->tickets_state);
}

static void ticket_changed(struct model *m, json_t *p)
{
	json_t *obj = json_object_get(p, "ticket");

	if (is_listed(m, obj))
		put(m, &model_kind_ticket, &m->tickets, obj, MODEL_TICKETS);
	else
		gone(m, &model_kind_ticket, &m->tickets, obj, MODEL_TICKETS);
	if (*m->ticket.id && !strcmp(m->ticket.id, json_str(obj, "id"))) {
		model_row_ticket(&m->ticket, obj);
		model_changed(m, MODEL_TICKET);
	}
	model_draft_take(m, obj);
}

/* Which entries is for the server to say: client asks again. */
static void kb_changed(struct model *m, json_t *p)
{
	model_changed(m, MODEL_ENTRIES | MODEL_KB);
}

static void alarm_changed(struct model *m, json_t *p)
{
	put(m, &model_kind_alarm, &m->alarms, json_object_get(p, "alarm"),
	    MODEL_ALARMS);
}

static void alarm_gone(struct model *m, json_t *p)
{
	json_t *obj = json_object_get(p, "alarm");

	/* the alarm, or its id alone */
	gone(m, &model_kind_alarm, &m->alarms, json_is_object(obj) ? obj : p,
	     MODEL_ALARMS);
}

static void fact_new(struct model *m, json_t *p)
{
	if (m->facts.n >= MODEL_LIST_MAX)
		return;
	put(m, &model_kind_fact, &m->facts, json_object_get(p, "fact"),
	    MODEL_FACTS);
}

bool model_apply(struct model *m, const char *method, json_t *params)
{
	static const struct {
		const char *method;
		void (*h)(struct model *m, json_t *p);
	} events[] = {
		{"me.offer", me_offer},
		{"me.offer_gone", me_offer_gone},
		{"me.call", me_call},
		{"me.message", me_message},
		{"me.playback", me_playback},
		{"me.learn", me_learn},
		{"me.ended", me_ended},
		{"me.agent", me_agent},
		{"me.ticket", ticket_changed},
		{"agent.changed", agent_changed},
		{"item.changed", item_changed},
		{"item.gone", item_gone},
		{"line.changed", line_changed},
		{"call.changed", call_changed},
		{"call.gone", call_gone},
		{"queue.changed", queue_changed},
		{"missed.changed", missed_changed},
		{"ticket.changed", ticket_changed},
		{"kb.changed", kb_changed},
		{"alarm.changed", alarm_changed},
		{"alarm.gone", alarm_gone},
		{"fact.new", fact_new},
	};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(events[i].method, method))
			continue;
		events[i].h(m, params);
		return true;
	}
	return false;
}
