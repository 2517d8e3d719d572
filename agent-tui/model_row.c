/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/model_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/utf8.h"

/* ---- fields ---- */

void model_copy_str(char *out, size_t size, const json_t *obj, const char *key)
{
	utf8_copy(out, size, json_str(obj, key));
}

static double number(const json_t *obj, const char *key)
{
	return json_number_value(json_object_get(obj, key));
}

static int integer(const json_t *obj, const char *key)
{
	int64_t v = json_int(obj, key);

	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int)v;
}

static bool is_out(const json_t *obj)
{
	return !strcmp(json_str(obj, "direction"), "out");
}

int model_text(char **field, const char *text)
{
	char *copy = NULL;

	if (*field && !strcmp(*field, text))
		return 0;
	int err = str_dup(&copy, text);
	if (err)
		return err;
	mem_deref(*field);
	*field = copy;
	return 0;
}

/* ---- rows ---- */

enum model_state model_state_parse(const char *name)
{
	static const char *const names[] = {"offline", "ready", "offered",
					    "talking", "held",	"wrapup",
					    "paused"};

	for (int i = 0; i <= STATE_PAUSED; i++) {
		if (!strcmp(names[i], name))
			return (enum model_state)i;
	}
	return STATE_OFFLINE;
}

static void agent_skills(struct model_agent *a, json_t *skills)
{
	const char *queue;
	json_t *level;

	a->n_skills = 0;
	json_object_foreach (skills, queue, level) {
		if (a->n_skills == ARRAY_SIZE(a->skills))
			break;
		struct model_skill *s = &a->skills[a->n_skills++];
		utf8_copy(s->queue, sizeof(s->queue), queue);
		s->level = (int)json_integer_value(level);
	}
}

static void agent_lowered(struct model_agent *a, json_t *list)
{
	size_t i;
	json_t *one;

	a->n_lowered = 0;
	json_array_foreach (list, i, one) {
		if (a->n_lowered == ARRAY_SIZE(a->lowered))
			break;
		struct model_lowered *l = &a->lowered[a->n_lowered++];
		model_copy(l->queue, one, "queue");
		l->level = integer(one, "level");
		l->set = integer(one, "set");
		model_copy(l->why, one, "why");
	}
}

void model_row_agent(void *row, json_t *obj)
{
	struct model_agent *a = row;
	const json_t *hand = json_object_get(obj, "hand");

	model_copy(a->id, obj, "id");
	model_copy(a->name, obj, "name");
	a->state = model_state_parse(json_str(obj, "state"));
	model_copy(a->reason, obj, "reason");
	model_copy(a->after, obj, "after");
	a->since_us = json_int(obj, "since_us");
	agent_skills(a, json_object_get(obj, "skills"));
	agent_lowered(a, json_object_get(obj, "lowered"));
	model_copy(a->device, obj, "device");
	a->online = json_bool(obj, "online");
	a->phone = json_bool(obj, "phone");
	model_copy(a->contact, obj, "contact");
	a->hand_up = json_bool(hand, "up");
	model_copy(a->hand_text, hand, "text");
	a->hand_since_us = json_int(hand, "since_us");
	a->wrapup_until_us = json_int(obj, "wrapup_until_us");
	a->extensions = integer(obj, "extensions");
	a->filed = json_bool(obj, "filed");
	a->ready_since_us = json_int(obj, "ready_since_us");
	a->calls = integer(obj, "calls");
}

static void row_item(void *row, json_t *obj)
{
	struct model_item *it = row;

	model_copy(it->contact, obj, "contact");
	model_copy(it->queue, obj, "queue");
	model_copy(it->number, obj, "number");
	model_copy(it->name, obj, "name");
	model_copy(it->state, obj, "state");
	it->arrived_us = json_int(obj, "arrived_us");
	it->queued_us = json_int(obj, "queued_us");
	it->priority = integer(obj, "priority");
	it->position = integer(obj, "position");
	model_copy(it->offered_to, obj, "offered_to");
	model_copy(it->why, obj, "why");
}

static int item_order(const void *a, const void *b)
{
	const struct model_item *x = a, *y = b;

	/* 0: no place yet (the notice still plays), so last */
	unsigned px = (unsigned)x->position - 1;
	unsigned py = (unsigned)y->position - 1;
	if (px != py)
		return px < py ? -1 : 1;
	return (x->arrived_us > y->arrived_us) -
	       (x->arrived_us < y->arrived_us);
}

void model_row_call(void *row, json_t *obj)
{
	struct model_call *c = row;

	model_copy(c->contact, obj, "contact");
	c->out = is_out(obj);
	model_copy(c->queue, obj, "queue");
	model_copy(c->number, obj, "number");
	model_copy(c->name, obj, "name");
	model_copy(c->state, obj, "state");
	model_copy(c->agent, obj, "agent");
	model_copy(c->agent_name, obj, "agent_name");
	c->arrived_us = json_int(obj, "arrived_us");
	c->queued_us = json_int(obj, "queued_us");
	c->answered_us = json_int(obj, "answered_us");
	c->held_us = json_int(obj, "held_us");
	c->ended_us = json_int(obj, "ended_us");
	c->recording = json_bool(obj, "recording");
	c->away = json_bool(obj, "away");
	model_copy(c->ticket, obj, "ticket");
	model_copy(c->reason, obj, "reason");
	model_copy(c->ended_by, obj, "ended_by");
}

/* Events bring the figures, queue.list the settings too: what is not in the
 * object stays. */
static void row_queue(void *row, json_t *obj)
{
	struct model_queue *q = row;

	model_copy(q->id, obj, "id");
	if (json_object_get(obj, "name"))
		model_copy(q->name, obj, "name");
	q->waiting = integer(obj, "waiting");
	q->longest_us = json_int(obj, "longest_us");
	q->ready = integer(obj, "ready");
	q->offered = integer(obj, "offered");
	q->talking = integer(obj, "talking");
	q->wrapup = integer(obj, "wrapup");
	q->paused = integer(obj, "paused");
	q->open = json_bool(obj, "open");
	if (!json_object_get(obj, "wrapup_ms"))
		return;
	model_copy(q->number, obj, "number");
	q->priority = integer(obj, "priority");
	q->wrapup_ms = json_int(obj, "wrapup_ms");
	q->lease_ms = json_int(obj, "lease_ms");
	q->max_wait_ms = json_int(obj, "max_wait_ms");
	q->active = json_bool(obj, "active");
}

static void row_missed(void *row, json_t *obj)
{
	struct model_missed *m = row;

	m->id = json_int(obj, "id");
	model_copy(m->number, obj, "number");
	m->first_us = json_int(obj, "first_us");
	m->last_us = json_int(obj, "last_us");
	m->times = integer(obj, "times");
	model_copy(m->queue, obj, "queue");
	m->wait_ms = json_int(obj, "wait_ms");
	model_copy(m->reason, obj, "reason");
	model_copy(m->state, obj, "state");
	model_copy(m->owner, obj, "owner");
	model_copy(m->outcome, obj, "outcome");
	m->lost = json_bool(obj, "lost");
}

static int missed_order(const void *a, const void *b)
{
	const struct model_missed *x = a, *y = b;

	if (x->lost != y->lost)
		return x->lost ? -1 : 1;
	return (x->last_us < y->last_us) - (x->last_us > y->last_us);
}

void model_row_contact(void *row, json_t *obj)
{
	struct model_contact *c = row;

	model_copy(c->id, obj, "id");
	c->out = is_out(obj);
	model_copy(c->number, obj, "number");
	model_copy(c->queue, obj, "queue");
	model_copy(c->agent, obj, "agent");
	c->arrived_us = json_int(obj, "arrived_us");
	c->queued_us = json_int(obj, "queued_us");
	c->answered_us = json_int(obj, "answered_us");
	c->ended_us = json_int(obj, "ended_us");
	c->wait_ms = json_int(obj, "wait_ms");
	c->talk_ms = json_int(obj, "talk_ms");
	c->hold_ms = json_int(obj, "hold_ms");
	c->wrapup_ms = json_int(obj, "wrapup_ms");
	model_copy(c->result, obj, "result");
	model_copy(c->reason, obj, "reason");
	model_copy(c->ended_by, obj, "ended_by");
	model_copy(c->disposition, obj, "disposition");
	model_copy(c->ticket, obj, "ticket");
	model_copy(c->recording, obj, "recording");
}

static void row_fact(void *row, json_t *obj)
{
	struct model_fact *f = row;
	const json_t *body = json_object_get(obj, "body");

	f->seq = json_int(obj, "seq");
	f->at_us = json_int(obj, "at_us");
	f->dur_ms = json_int(obj, "dur_ms");
	model_copy(f->actor, obj, "actor");
	model_copy(f->kind, obj, "kind");
	model_copy(f->contact, obj, "contact");
	model_copy(f->agent, obj, "agent");
	model_copy(f->subject, obj, "subject");
	char *text =
		json_is_string(body)
			? NULL
			: json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
	model_text(&f->body, text ? text : json_str(obj, "body"));
	free(text);
}

static void row_hit(void *row, json_t *obj)
{
	struct model_hit *h = row;

	model_copy(h->id, obj, "id");
	h->version = integer(obj, "version");
	model_copy(h->title, obj, "title");
	model_copy(h->state, obj, "state");
	model_copy(h->expires, obj, "expires");
	model_text(&h->snippet, json_str(obj, "snippet"));
	model_copy(h->why, obj, "why");
	h->score = number(obj, "score");
	h->changed_us = json_int(obj, "changed_us");
}

/* One a line. */
static int join_lines(char **out, const json_t *array)
{
	struct mbuf *mb = mbuf_alloc(256);
	size_t i;
	json_t *line;
	int err = mb ? 0 : ENOMEM;

	json_array_foreach (array, i, line) {
		const char *s = json_string_value(line);
		if (!err && s && i)
			err = mbuf_write_u8(mb, '\n');
		if (!err && s)
			err = mbuf_write_str(mb, s);
	}
	if (!err)
		err = mbuf_write_u8(mb, 0);
	if (!err)
		err = model_text(out, (const char *)mb->buf);
	mem_deref(mb);
	return err;
}

void model_row_entry(void *row, json_t *obj)
{
	struct model_entry *e = row;

	model_copy(e->id, obj, "id");
	e->version = integer(obj, "version");
	model_copy(e->title, obj, "title");
	model_copy(e->line, obj, "line");
	model_copy(e->topic, obj, "topic");
	model_copy(e->state, obj, "state");
	model_copy(e->effective, obj, "effective");
	model_copy(e->expires, obj, "expires");
	model_copy(e->source, obj, "source");
	model_copy(e->owner, obj, "owner");
	model_copy(e->policy, obj, "policy");
	model_text(&e->question, json_str(obj, "question"));
	model_text(&e->body, json_str(obj, "body"));
	model_text(&e->short_text, json_str(obj, "short"));
	model_text(&e->text, json_str(obj, "text"));
	e->newest = integer(obj, "newest");
	e->changed_us = json_int(obj, "changed_us");
	model_copy(e->changed_by, obj, "changed_by");
	join_lines(&e->asks, json_object_get(obj, "asks"));
}

static void row_history(void *row, json_t *obj)
{
	struct model_history *h = row;

	model_copy(h->contact, obj, "contact");
	h->at_us = json_int(obj, "at_us");
	h->out = is_out(obj);
	model_copy(h->agent, obj, "agent");
	model_copy(h->disposition_name, obj, "disposition_name");
	model_copy(h->result, obj, "result");
	model_copy(h->rating, obj, "rating");
}

static void row_ticket_ref(void *row, json_t *obj)
{
	struct model_ticket_ref *t = row;

	model_copy(t->id, obj, "id");
	model_copy(t->title, obj, "disposition_name");
	if (!*t->title)
		model_copy(t->title, obj, "summary");
	model_copy(t->agent, obj, "agent");
	model_copy(t->state, obj, "state");
	t->promise_us = json_int(obj, "promise_us");
	model_copy(t->promise, obj, "promise");
}

static void row_entry_ref(void *row, json_t *obj)
{
	struct model_entry_ref *e = row;

	model_copy(e->id, obj, "entry");
	e->version = integer(obj, "version");
	model_copy(e->title, obj, "title");
}

void model_row_ticket(void *row, json_t *obj)
{
	struct model_ticket *t = row;

	model_copy(t->id, obj, "id");
	model_copy(t->contact, obj, "contact");
	model_copy(t->number, obj, "number");
	model_copy(t->name, obj, "name");
	model_copy(t->state, obj, "state");
	model_copy(t->agent, obj, "agent");
	t->created_us = json_int(obj, "created_us");
	t->filed_us = json_int(obj, "filed_us");
	model_copy(t->queue, obj, "queue");
	model_copy(t->disposition, obj, "disposition");
	model_copy(t->disposition_name, obj, "disposition_name");
	model_copy(t->outcome, obj, "outcome");
	model_text(&t->summary, json_str(obj, "summary"));
	t->promise_us = json_int(obj, "promise_us");
	model_text(&t->promise, json_str(obj, "promise"));
	t->rev = json_int(obj, "rev");
	model_rows_fill(&model_kind_entry_ref,
			(struct model_any_list *)&t->entries,
			json_object_get(obj, "entries"));
}

/* By deadline; those without one by age. */
static int ticket_order(const void *a, const void *b)
{
	const struct model_ticket *x = a, *y = b;
	int64_t px = x->promise_us ? x->promise_us : INT64_MAX;
	int64_t py = y->promise_us ? y->promise_us : INT64_MAX;

	if (px != py)
		return px < py ? -1 : 1;
	return (x->created_us > y->created_us) -
	       (x->created_us < y->created_us);
}

static void row_recording(void *row, json_t *obj)
{
	struct model_recording *r = row;

	model_copy(r->id, obj, "id");
	model_copy(r->contact, obj, "contact");
	model_copy(r->number, obj, "number");
	model_copy(r->agent, obj, "agent");
	model_copy(r->queue, obj, "queue");
	r->started_us = json_int(obj, "started_us");
	r->ms = json_int(obj, "ms");
	model_copy(r->state, obj, "state");
	model_copy(r->sha256, obj, "sha256");
}

static void row_alarm(void *row, json_t *obj)
{
	struct model_alarm *a = row;

	model_copy(a->id, obj, "id");
	a->critical = !strcmp(json_str(obj, "level"), "critical");
	model_copy(a->message, obj, "message");
	model_copy(a->detail, obj, "detail");
	a->since_us = json_int(obj, "since_us");
	model_copy(a->taken_by, obj, "taken_by");
}

static void row_pause(void *row, json_t *obj)
{
	struct model_pause *p = row;

	model_copy(p->code, obj, "code");
	model_copy(p->name, obj, "name");
	p->max_ms = json_int(obj, "max_ms");
	p->active = !json_is_false(json_object_get(obj, "active"));
	p->order = integer(obj, "order");
}

static int pause_order(const void *a, const void *b)
{
	const struct model_pause *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static void row_disposition(void *row, json_t *obj)
{
	struct model_disposition *d = row;

	model_copy(d->code, obj, "code");
	model_copy(d->name, obj, "name");
	model_copy(d->parent, obj, "parent");
	model_copy(d->queue, obj, "queue");
	d->active = !json_is_false(json_object_get(obj, "active"));
}

/* ---- kinds ---- */

#define KIND(name, type, id, field, ...)                \
	const struct model_kind model_kind_##name = {   \
		.size = sizeof(struct type),            \
		.key = id,                              \
		.key_at = offsetof(struct type, field), \
		__VA_ARGS__}

static const size_t fact_texts[] = {offsetof(struct model_fact, body), 0};
static const size_t hit_texts[] = {offsetof(struct model_hit, snippet), 0};
static const size_t entry_texts[] = {offsetof(struct model_entry, question),
				     offsetof(struct model_entry, body),
				     offsetof(struct model_entry, asks),
				     offsetof(struct model_entry, short_text),
				     offsetof(struct model_entry, text),
				     0};
static const size_t ticket_texts[] = {offsetof(struct model_ticket, summary),
				      offsetof(struct model_ticket, promise),
				      0};

KIND(agent, model_agent, "id", id, .parseh = model_row_agent);
KIND(item, model_item, "contact", contact, .parseh = row_item,
     .orderh = item_order);
KIND(call, model_call, "contact", contact, .parseh = model_row_call);
KIND(queue, model_queue, "id", id, .parseh = row_queue);
KIND(missed, model_missed, "id", id, .key_int = true, .parseh = row_missed,
     .orderh = missed_order);
KIND(ticket, model_ticket, "id", id, .parseh = model_row_ticket,
     .texts = ticket_texts, .orderh = ticket_order);
KIND(contact, model_contact, "id", id, .parseh = model_row_contact);
KIND(entry, model_entry, "id", id, .parseh = model_row_entry,
     .texts = entry_texts);
KIND(recording, model_recording, "id", id, .parseh = row_recording);
KIND(alarm, model_alarm, "id", id, .parseh = row_alarm);
KIND(fact, model_fact, "seq", seq, .key_int = true, .parseh = row_fact,
     .texts = fact_texts);
KIND(history, model_history, "contact", contact, .parseh = row_history);
KIND(pause, model_pause, "code", code, .parseh = row_pause,
     .orderh = pause_order);
KIND(disposition, model_disposition, "code", code, .parseh = row_disposition);
KIND(hit, model_hit, "id", id, .parseh = row_hit, .texts = hit_texts);
KIND(ticket_ref, model_ticket_ref, "id", id, .parseh = row_ticket_ref);
KIND(entry_ref, model_entry_ref, "entry", id, .parseh = row_entry_ref);

/* ---- lists of rows ---- */

static uint8_t *row_at(const struct model_kind *k, struct model_any_list *l,
		       size_t i)
{
	return (uint8_t *)l->v + i * k->size;
}

void model_row_release(const struct model_kind *k, void *row)
{
	for (const size_t *at = k->texts; at && *at; at++) {
		char **field = (char **)((uint8_t *)row + *at);
		*field = mem_deref(*field);
	}
	if (k != &model_kind_ticket)
		return;
	struct model_ticket *t = row;
	model_rows_clear(&model_kind_entry_ref,
			 (struct model_any_list *)&t->entries);
	model_rows_clear(&model_kind_fact,
			 (struct model_any_list *)&t->history);
}

/* The index, or n. */
static size_t find(const struct model_kind *k, struct model_any_list *l,
		   json_t *obj)
{
	size_t i = 0;

	if (k->key_int) {
		int64_t id = json_int(obj, k->key);
		while (i < l->n &&
		       *(int64_t *)(void *)(row_at(k, l, i) + k->key_at) != id)
			i++;
		return i;
	}
	const char *id = json_str(obj, k->key);
	while (i < l->n && strcmp((char *)row_at(k, l, i) + k->key_at, id))
		i++;
	return i;
}

/* Room for one more row. */
static int grow(const struct model_kind *k, struct model_any_list *l)
{
	if (l->n >= MODEL_LIST_MAX) {
		l->page.full = true;
		return ENOSPC;
	}
	if (l->n < l->cap)
		return 0;
	size_t cap = l->cap ? l->cap * 2 : 8;
	void *v = l->v ? mem_realloc(l->v, cap * k->size)
		       : mem_alloc(cap * k->size, NULL);
	if (!v)
		return ENOMEM;
	l->v = v;
	l->cap = cap;
	return 0;
}

void *model_rows_put(const struct model_kind *k, struct model_any_list *l,
		     json_t *obj)
{
	if (!json_is_object(obj) || !json_object_get(obj, k->key))
		return NULL;
	size_t i = find(k, l, obj);
	if (i == l->n) {
		if (grow(k, l))
			return NULL;
		memset(row_at(k, l, i), 0, k->size);
		l->n++;
	}
	void *row = row_at(k, l, i);
	k->parseh(row, obj);
	return row;
}

void model_rows_remove(const struct model_kind *k, struct model_any_list *l,
		       json_t *obj)
{
	size_t i = find(k, l, obj);

	if (i == l->n)
		return;
	model_row_release(k, row_at(k, l, i));
	l->n--;
	memmove(row_at(k, l, i), row_at(k, l, i + 1), (l->n - i) * k->size);
}

void model_rows_sort(const struct model_kind *k, struct model_any_list *l)
{
	if (k->orderh && l->n > 1)
		qsort(l->v, l->n, k->size, k->orderh);
}

void model_rows_fill(const struct model_kind *k, struct model_any_list *l,
		     json_t *array)
{
	size_t i;
	json_t *obj;

	model_rows_clear(k, l);
	json_array_foreach (array, i, obj)
		model_rows_put(k, l, obj);
	model_rows_sort(k, l);
}

void model_rows_clear(const struct model_kind *k, struct model_any_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		model_row_release(k, row_at(k, l, i));
	l->v = mem_deref(l->v);
	l->n = l->cap = 0;
	l->page.full = false;
}
