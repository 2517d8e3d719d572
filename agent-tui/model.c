/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/utf8.h"

#include "agent-tui/model_row.h"

#define ANY(list) ((struct model_any_list *)(list))

static const struct phone_status no_phone;

/* ---- lists by number ---- */

static struct model_any_list *list_of(struct model *m, enum model_list list,
				      const struct model_kind **kp,
				      unsigned *partp)
{
	const struct {
		void *list;
		const struct model_kind *kind;
		unsigned part;
	} all[MODEL_LISTS] = {
		[MODEL_LIST_QUEUES] = {&m->queues, &model_kind_queue,
				       MODEL_QUEUES},
		[MODEL_LIST_ITEMS] = {&m->items, &model_kind_item,
				      MODEL_ITEMS},
		[MODEL_LIST_AGENTS] = {&m->agents, &model_kind_agent,
				       MODEL_AGENTS},
		[MODEL_LIST_CALLS] = {&m->calls, &model_kind_call,
				      MODEL_CALLS},
		[MODEL_LIST_MISSED] = {&m->missed, &model_kind_missed,
				       MODEL_MISSED},
		[MODEL_LIST_TICKETS] = {&m->tickets, &model_kind_ticket,
					MODEL_TICKETS},
		[MODEL_LIST_CONTACTS] = {&m->contacts, &model_kind_contact,
					 MODEL_CONTACTS},
		[MODEL_LIST_ENTRIES] = {&m->entries, &model_kind_entry,
					MODEL_ENTRIES},
		[MODEL_LIST_RECORDINGS] = {&m->recordings,
					   &model_kind_recording,
					   MODEL_RECORDINGS},
		[MODEL_LIST_ALARMS] = {&m->alarms, &model_kind_alarm,
				       MODEL_ALARMS},
		[MODEL_LIST_FACTS] = {&m->facts, &model_kind_fact,
				      MODEL_FACTS},
		[MODEL_LIST_HISTORY] = {&m->citizen.history,
					&model_kind_history, MODEL_CITIZEN},
		[MODEL_LIST_PAUSES] = {&m->site.pauses, &model_kind_pause,
				       MODEL_SITE},
		[MODEL_LIST_DISPOSITIONS] = {&m->site.dispositions,
					     &model_kind_disposition,
					     MODEL_SITE},
		[MODEL_LIST_WAITING] = {&m->kb.waiting, &model_kind_waiting,
					MODEL_KB},
		[MODEL_LIST_LEARN] = {&m->kb.learn, &model_kind_learn,
				      MODEL_LEARN},
		[MODEL_LIST_GAPS] = {&m->kb.gaps, &model_kind_gap, MODEL_KB},
		[MODEL_LIST_RELEASES] = {&m->kb.releases, &model_kind_release,
					 MODEL_KB},
		[MODEL_LIST_VERSIONS] = {&m->kb.versions, &model_kind_version,
					 MODEL_KB},
	};
	if (kp)
		*kp = all[list].kind;
	if (partp)
		*partp = all[list].part;
	return ANY(all[list].list);
}

struct model_page *model_page(struct model *m, enum model_list list)
{
	return &list_of(m, list, NULL, NULL)->page;
}

void model_forget(struct model *m, enum model_list list)
{
	const struct model_kind *k;
	unsigned part;
	struct model_any_list *l = list_of(m, list, &k, &part);

	model_rows_clear(k, l);
	memset(&l->page, 0, sizeof(l->page));
	model_changed(m, part);
}

void model_take_page(struct model *m, enum model_list list, json_t *reply,
		     bool first)
{
	const struct model_kind *k;
	unsigned part;
	struct model_any_list *l = list_of(m, list, &k, &part);
	size_t i;
	json_t *obj;

	if (first)
		model_rows_clear(k, l);
	if (first && list == MODEL_LIST_ITEMS)
		m->line = 0;
	json_array_foreach (json_object_get(reply, "items"), i, obj)
		model_rows_put(k, l, obj);
	model_rows_sort(k, l);
	model_copy(l->page.next, reply, "next");
	l->page.loading = false;
	l->page.whole = !*l->page.next;
	l->page.at_us = cal_now_us();
	model_changed(m, part);
}

/* ---- life ---- */

static void draft_clear(struct model_draft *d)
{
	mem_deref(d->summary);
	mem_deref(d->promise);
	mem_deref(d->person);
	mem_deref(d->address);
	mem_deref(d->need);
	model_rows_clear(&model_kind_entry_ref, ANY(&d->entries));
	memset(d, 0, sizeof(*d));
}

static void citizen_clear(struct model_citizen *c)
{
	mem_deref(c->note);
	mem_deref(c->prefs);
	mem_deref(c->last_summary);
	mem_deref(c->refused);
	model_rows_clear(&model_kind_ticket_ref, ANY(&c->open));
	model_rows_clear(&model_kind_history, ANY(&c->history));
	memset(c, 0, sizeof(*c));
}

static void destructor(void *arg)
{
	struct model *m = arg;

	for (int i = 0; i < MODEL_LISTS; i++) {
		const struct model_kind *k;
		struct model_any_list *l =
			list_of(m, (enum model_list)i, &k, NULL);
		model_rows_clear(k, l);
	}
	model_rows_clear(&model_kind_hit, ANY(&m->search.hits));
	model_rows_clear(&model_kind_hit, ANY(&m->offer.kb));
	model_rows_clear(&model_kind_fact, ANY(&m->contact_facts));
	model_row_release(&model_kind_entry, &m->entry);
	model_kb_release(m);
	model_row_release(&model_kind_ticket, &m->ticket);
	draft_clear(&m->draft);
	citizen_clear(&m->citizen);
}

static int empty_texts(struct model *m)
{
	char **const fields[] = {
		&m->entry.question,	  &m->entry.body,
		&m->entry.asks,		  &m->entry.short_text,
		&m->entry.text,		  &m->ticket.summary,
		&m->ticket.promise,	  &m->draft.summary,
		&m->draft.promise,	  &m->draft.person,
		&m->draft.address,	  &m->draft.need,
		&m->citizen.note,	  &m->citizen.prefs,
		&m->citizen.last_summary,
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(fields); i++) {
		if (!*fields[i])
			err = model_text(fields[i], "");
	}
	return err;
}

int model_alloc(struct model **mp, void (*changeh)(unsigned mask, void *arg),
		void *arg)
{
	scoped_mem struct model *m = mem_zalloc(sizeof(*m), destructor);
	if (!m)
		return ENOMEM;
	m->phone = &no_phone;
	m->changeh = changeh;
	m->arg = arg;
	m->link.tunnel.fault.what = m->link.tunnel.fault.todo = "";
	int err = empty_texts(m);
	if (!err)
		err = model_kb_empty(m);
	if (err)
		return err;
	*mp = take(m);
	return 0;
}

void model_changed(struct model *m, unsigned mask)
{
	if (m->changeh)
		m->changeh(mask, m->arg);
}

void model_say(struct model *m, enum model_level level, const char *text,
	       const char *detail)
{
	if (m->n_messages == MODEL_MESSAGES_MAX) {
		memmove(&m->messages[0], &m->messages[1],
			(MODEL_MESSAGES_MAX - 1) * sizeof(m->messages[0]));
		m->n_messages--;
	}
	struct model_message *msg = &m->messages[m->n_messages++];
	memset(msg, 0, sizeof(*msg));
	msg->level = level;
	msg->at_us = cal_now_us();
	utf8_copy(msg->text, sizeof(msg->text), text);
	utf8_copy(msg->detail, sizeof(msg->detail), detail ? detail : "");
	m->message_seq++;
	model_changed(m, MODEL_MESSAGES);
}

/* ---- questions ---- */

/* The clock of the frame that is being drawn; 0: none is. */
static int64_t frame_us;

void model_frame(int64_t us)
{
	frame_us = us;
}

int64_t model_now_us(const struct model *m)
{
	return (frame_us ? frame_us : cal_now_us()) + m->link.offset_us;
}

int model_unconfirmed_s(const struct model *m)
{
	if (!m->n_pending)
		return 0;
	return (int)((cal_mono_us() - m->pending[0].since_us) / 1000000);
}

static bool is_mine(const struct model *m, const char *queue)
{
	const struct model_agent *a = &m->me.agent;

	if (m->me.roles & (ROLE_LEAD | ROLE_ADMIN) || !a->n_skills)
		return true;
	for (size_t i = 0; i < a->n_skills; i++) {
		if (!strcmp(a->skills[i].queue, queue))
			return true;
	}
	return false;
}

const char *model_number(const struct model *m, const char *of,
			 const char *masked)
{
	const struct model_citizen *c = &m->citizen;

	return *of && !strcmp(c->shown_of, of) &&
			       !strcmp(c->shown_field, "number") &&
			       c->shown_until_us > model_now_us(m)
		       ? c->shown
		       : masked;
}

int model_line(const struct model *m)
{
	return m->line > (int)m->items.n ? m->line : (int)m->items.n;
}

int model_waiting(const struct model *m, int64_t *longest_us)
{
	int waiting = 0;

	*longest_us = 0;
	for (size_t i = 0; i < m->queues.n; i++) {
		const struct model_queue *q = &m->queues.v[i];
		if (!is_mine(m, q->id))
			continue;
		waiting += q->waiting;
		if (q->longest_us &&
		    (!*longest_us || q->longest_us < *longest_us))
			*longest_us = q->longest_us;
	}
	return waiting;
}

const struct model_queue *model_queue_find(const struct model *m,
					   const char *id)
{
	for (size_t i = 0; i < m->queues.n; i++) {
		if (!strcmp(m->queues.v[i].id, id))
			return &m->queues.v[i];
	}
	return NULL;
}

const struct model_pause *model_pause_find(const struct model *m,
					   const char *code)
{
	for (size_t i = 0; i < m->site.pauses.n; i++) {
		if (!strcmp(m->site.pauses.v[i].code, code))
			return &m->site.pauses.v[i];
	}
	return NULL;
}

const struct model_disposition *model_disposition_find(const struct model *m,
						       const char *code)
{
	for (size_t i = 0; i < m->site.dispositions.n; i++) {
		if (!strcmp(m->site.dispositions.v[i].code, code))
			return &m->site.dispositions.v[i];
	}
	return NULL;
}

const char *model_queue_name(const struct model *m, const char *id)
{
	const struct model_queue *q = model_queue_find(m, id);

	return q && *q->name ? q->name : id;
}

void model_disposition_path(const struct model *m, const char *code, char *out,
			    size_t size)
{
	const struct model_disposition *path[8];
	size_t n = 0;
	const struct model_disposition *d = model_disposition_find(m, code);
	struct mbuf mb = {.buf = (uint8_t *)out, .size = size - 1};

	while (d && n < ARRAY_SIZE(path)) {
		path[n++] = d;
		d = *d->parent ? model_disposition_find(m, d->parent) : NULL;
	}
	*out = '\0';
	while (n--) {
		size_t len = strlen(path[n]->name);
		if (mb.pos + len + 1 > mb.size)
			break;
		if (mb.pos)
			out[mb.pos++] = '/';
		memcpy(out + mb.pos, path[n]->name, len);
		mb.pos += len;
		out[mb.pos] = '\0';
	}
}

const char *model_state_name(enum model_state st)
{
	static const char *const names[] = {
		N_("signed out"), N_("ready"),	 N_("ringing"), N_("talking"),
		N_("on hold"),	  N_("wrap-up"), N_("paused")};

	return names[st];
}

/* ---- replies ---- */

/* Some replies are the object, some hold it under its name. */
static json_t *inner(json_t *reply, const char *name)
{
	json_t *obj = json_object_get(reply, name);

	return json_is_object(obj) ? obj : reply;
}

void model_take_hello(struct model *m, json_t *reply)
{
	const json_t *person = json_object_get(reply, "person");
	const json_t *site = json_object_get(reply, "site");

	model_copy(m->me.id, person, "id");
	model_copy(m->me.name, person, "name");
	m->me.roles = 0;
	proto_roles_parse(&m->me.roles, json_str(person, "roles"));
	model_copy(m->site.name, site, "name");
	model_copy(m->site.zone, site, "zone");
	m->site.sample = json_bool(site, "sample");
	model_changed(m, MODEL_ME | MODEL_SITE);
}

void model_take_me(struct model *m, json_t *agent)
{
	json_t *obj = inner(agent, "agent");

	if (!json_object_get(obj, "state"))
		return;
	model_row_agent(&m->me.agent, obj);
	m->me.signed_in = m->me.agent.state != STATE_OFFLINE;
	model_changed(m, MODEL_ME);
}

void model_take_hits(struct model *m, json_t *reply)
{
	json_t *hits = json_object_get(reply, "hits");

	if (!hits)
		hits = json_object_get(reply, "items");
	model_rows_fill(&model_kind_hit, ANY(&m->search.hits), hits);
	m->search.hits.page.at_us = cal_now_us();
	m->search.hits.page.whole = true;
	m->search.loading = false;
	*m->search.fault = '\0';
	model_changed(m, MODEL_HITS);
}

void model_take_entry(struct model *m, json_t *entry)
{
	model_row_entry(&m->entry, inner(entry, "entry"));
	model_changed(m, MODEL_ENTRY);
}

void model_take_citizen(struct model *m, const char *of, json_t *reply)
{
	struct model_citizen *c = &m->citizen;
	json_t *obj = inner(reply, "citizen");
	const json_t *last = json_object_get(obj, "last");

	if (strcmp(c->of, of)) {
		model_rows_clear(&model_kind_history, ANY(&c->history));
		memset(&c->history.page, 0, sizeof(c->history.page));
		*c->shown_field = *c->shown = '\0';
		c->refused = mem_deref(c->refused);
	}
	utf8_copy(c->of, sizeof(c->of), of);
	c->loading = false;
	model_copy(c->id, obj, "id");
	model_copy(c->number, obj, "number");
	model_copy(c->name, obj, "name");
	model_copy(c->title, obj, "title");
	model_text(&c->note, json_str(obj, "note"));
	model_text(&c->prefs, json_str(obj, "prefs"));
	c->unhappy_us = json_int(obj, "unhappy_us");
	c->contacts_recent = (int)json_int(obj, "contacts_recent");
	c->recent_days = (int)json_int(obj, "recent_days");
	model_rows_fill(&model_kind_ticket_ref, ANY(&c->open),
			json_object_get(obj, "open"));
	c->last_at_us = json_int(last, "at_us");
	model_copy(c->last_agent, last, "agent");
	model_text(&c->last_summary, json_str(last, "summary"));
	model_changed(m, MODEL_CITIZEN);
}

/* Steps of a ticket as facts: what was done is the kind, its text the body. */
static json_t *steps(const json_t *history)
{
	json_t *list = json_array(), *step;
	size_t i;

	json_array_foreach ((json_t *)history, i, step)
		json_array_append_new(
			list, json_pack("{s:I, s:I, s:s, s:s, s:s}", "seq",
					(json_int_t)i + 1, "at_us",
					(json_int_t)json_int(step, "at_us"),
					"actor", json_str(step, "actor"),
					"kind", json_str(step, "what"), "body",
					json_str(step, "text")));
	return list;
}

void model_take_ticket(struct model *m, json_t *reply)
{
	json_t *obj = inner(reply, "ticket");
	json_t *list = steps(json_object_get(obj, "history"));

	model_row_ticket(&m->ticket, obj);
	model_rows_fill(&model_kind_fact, ANY(&m->ticket.history), list);
	json_decref(list);
	model_changed(m, MODEL_TICKET);
}

void model_take_contact(struct model *m, json_t *reply)
{
	json_t *facts = json_object_get(reply, "facts");

	if (!facts)
		facts = json_object_get(reply, "history");
	model_row_contact(&m->contact, inner(reply, "contact"));
	model_rows_fill(&model_kind_fact, ANY(&m->contact_facts), facts);
	model_changed(m, MODEL_CONTACTS);
}

static double real(const json_t *obj, const char *key)
{
	return json_number_value(json_object_get(obj, key));
}

static void wall_queue(struct model_wall_queue *q, json_t *obj)
{
	size_t i;
	json_t *n;

	memset(q, 0, sizeof(*q));
	model_copy(q->queue, obj, "queue");
	q->offered = (int)json_int(obj, "offered");
	q->answered = (int)json_int(obj, "answered");
	q->missed = (int)json_int(obj, "missed");
	q->rate = real(obj, "rate");
	q->in_target = real(obj, "in_target");
	json_array_foreach (json_object_get(obj, "slots"), i, n) {
		if (q->n_slots < ARRAY_SIZE(q->slots))
			q->slots[q->n_slots++] = (int)json_integer_value(n);
	}
}

void model_take_wall(struct model *m, json_t *reply)
{
	struct model_wall *w = &m->wall;
	const json_t *month = json_object_get(reply, "month");
	const json_t *today = json_object_get(reply, "today");
	size_t i;
	json_t *obj;

	w->at_us = cal_now_us();
	w->now_us = json_int(reply, "now_us");
	w->month.offered = (int)json_int(month, "offered");
	w->month.answered = (int)json_int(month, "answered");
	w->month.shorts = (int)json_int(month, "short");
	w->month.missed = (int)json_int(month, "missed");
	w->month.rate = real(month, "rate");
	w->month.target = real(month, "target");
	w->month.budget = (int)json_int(month, "budget");
	w->month.used = (int)json_int(month, "used");
	w->month.left = (int)json_int(month, "left");
	w->month.progress = real(month, "progress");
	w->month.projected = real(month, "projected");
	w->today.offered = (int)json_int(today, "offered");
	w->today.answered = (int)json_int(today, "answered");
	w->today.abandoned = (int)json_int(today, "abandoned");
	w->today.shorts = (int)json_int(today, "short");
	w->today.overflow = (int)json_int(today, "overflow");
	w->today.lost = (int)json_int(today, "lost");
	w->today.rate = real(today, "rate");
	w->today.in_target = real(today, "in_target");
	w->today.asa_ms = json_int(today, "asa_ms");
	w->today.longest_ms = json_int(today, "longest_ms");
	w->today.target_s = (int)json_int(today, "target_s");
	w->n_queues = 0;
	json_array_foreach (json_object_get(reply, "queues"), i, obj) {
		if (w->n_queues < ARRAY_SIZE(w->queues))
			wall_queue(&w->queues[w->n_queues++], obj);
	}
	model_changed(m, MODEL_WALL);
}

void model_take_today(struct model *m, json_t *reply)
{
	struct model_today *t = &m->today;

	t->at_us = cal_now_us();
	t->calls = (int)json_int(reply, "calls");
	t->talk_ms = json_int(reply, "talk_ms");
	t->wrapup_ms = json_int(reply, "wrapup_ms");
	t->in_target = real(reply, "in_target");
	t->target_s = (int)json_int(reply, "target_s");
	model_changed(m, MODEL_ME);
}

/* A figure on the screen is for a person: what differs by less than a quarter
 * and 3 ms, or once alone, is the same line to him, and would be drawn every
 * other second. */
void model_take_rtt(struct model *m, int64_t rtt_us)
{
	struct model_link_state *l = &m->link;
	const int ms = (int)(rtt_us / 1000), by = abs(ms - l->rtt_ms);
	bool off = by >= 3 && 4 * by > l->rtt_ms;

	if (!l->rtt_us || (off && l->rtt_off)) {
		l->rtt_ms = ms;
		off = false;
	}
	l->rtt_off = off;
	l->rtt_us = rtt_us;
}

void model_take_likely(struct model *m, json_t *reply)
{
	model_rows_fill(&model_kind_hit, ANY(&m->offer.kb),
			json_object_get(reply, "hits"));
	model_changed(m, MODEL_OFFER);
}

/* ---- the draft ---- */

void model_draft_begin(struct model *m, const char *contact,
		       const char *ticket)
{
	draft_clear(&m->draft);
	empty_texts(m);
	utf8_copy(m->draft.contact, sizeof(m->draft.contact),
		  contact ? contact : "");
	utf8_copy(m->draft.ticket, sizeof(m->draft.ticket),
		  ticket ? ticket : "");
	model_changed(m, MODEL_DRAFT);
}

static unsigned flags_parse(const json_t *flags)
{
	return (json_bool(flags, "secret") ? FLAG_SECRET : 0) |
	       (json_bool(flags, "opinion") ? FLAG_OPINION : 0) |
	       (json_bool(flags, "hard") ? FLAG_HARD : 0) |
	       (json_bool(flags, "hot") ? FLAG_HOT : 0);
}

static void draft_fields(struct model_draft *d, const json_t *obj)
{
	size_t i;
	json_t *id;

	model_copy(d->disposition, obj, "disposition");
	model_copy(d->disposition_name, obj, "disposition_name");
	model_copy(d->outcome, obj, "outcome");
	model_text(&d->summary, json_str(obj, "summary"));
	d->promise_us = json_int(obj, "promise_us");
	model_text(&d->promise, json_str(obj, "promise"));
	model_text(&d->person, json_str(obj, "person"));
	model_text(&d->address, json_str(obj, "address"));
	model_text(&d->need, json_str(obj, "need"));
	d->flags = flags_parse(json_object_get(obj, "flags"));
	d->n_link = 0;
	json_array_foreach (json_object_get(obj, "link"), i, id) {
		if (d->n_link < ARRAY_SIZE(d->link) && json_is_string(id))
			utf8_copy(d->link[d->n_link++], MODEL_ID,
				  json_string_value(id));
	}
}

/* The call of the form is in my hands and my part of its ticket is not filed,
 * whoever filed another part. */
static bool owes_his_part(const struct model *m)
{
	const char *contact = m->draft.contact;
	const struct model_agent *me = &m->me.agent;

	if (!*contact)
		return false;
	if (!strcmp(me->contact, contact))
		return !me->filed;
	return !strcmp(m->call.contact, contact) &&
	       strcmp(m->call.state, "ended") != 0;
}

void model_draft_take(struct model *m, json_t *ticket)
{
	struct model_draft *d = &m->draft;
	json_t *obj = inner(ticket, "ticket");

	if (!json_object_get(obj, "id"))
		return;
	bool ours = (*d->contact &&
		     !strcmp(d->contact, json_str(obj, "contact"))) ||
		    (*d->ticket && !strcmp(d->ticket, json_str(obj, "id")));
	if (!ours)
		return;
	model_copy(d->ticket, obj, "id");
	d->rev = json_int(obj, "rev");
	if (json_object_get(obj, "entries"))
		model_rows_fill(&model_kind_entry_ref, ANY(&d->entries),
				json_object_get(obj, "entries"));
	/* what a person typed since is newer than what the server knows */
	if (d->save == SAVE_CLEAN)
		draft_fields(d, obj);
	else if (!*d->disposition) {
		model_copy(d->disposition, obj, "disposition");
		model_copy(d->disposition_name, obj, "disposition_name");
	}
	const char *state = json_str(obj, "state");
	if (!strcmp(state, "open") || !strcmp(state, "done")) {
		d->filed |= !owes_his_part(m);
		d->amends = !d->filed;
	}
	model_changed(m, MODEL_DRAFT);
}
