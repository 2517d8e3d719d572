/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form as one types: a key changes the model at once, 300 ms later what
 * was typed goes to the server, and with the line down it waits here until it
 * is back. A field that was typed in is never overwritten by an answer.
 */
#include "agent-tui/client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/utf8.h"

#include "agent-tui/client_state.h"

#define SAVE_PAUSE_MS 300
#define SAVE_AGAIN_MS 2000

enum field {
	F_DISPOSITION,
	F_OUTCOME,
	F_SUMMARY,
	F_PROMISE,
	F_PERSON,
	F_ADDRESS,
	F_NEED,
	F_AFTER,
	F_PROMISE_US,
	F_FLAGS,
	F_LINK,
	FIELDS,
};

static const char *const names[FIELDS] = {
	"disposition", "outcome", "summary",	"promise", "person", "address",
	"need",	       "after",	  "promise_us", "flags",   "link"};

/* ---- what goes on the wire ---- */

static const char *text_of(const struct model_draft *d, int field)
{
	assert(d);
	switch (field) {
	case F_DISPOSITION:
		return d->disposition;
	case F_OUTCOME:
		return d->outcome;
	case F_SUMMARY:
		return d->summary;
	case F_PROMISE:
		return d->promise;
	case F_PERSON:
		return d->person;
	case F_ADDRESS:
		return d->address;
	case F_NEED:
		return d->need;
	case F_AFTER:
		return d->after;
	default:
		return NULL;
	}
}

static json_t *links(const struct model_draft *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n_link; i++)
		json_array_append_new(list, json_string(d->link[i]));
	return list;
}

static json_t *value_of(const struct model_draft *d, int field)
{
	const char *text = text_of(d, field);

	if (text)
		return json_string(text);
	if (field == F_PROMISE_US)
		return json_integer(d->promise_us);
	if (field == F_LINK)
		return links(d);
	return json_pack("{s:b, s:b, s:b, s:b}", "secret",
			 (int)(d->flags & FLAG_SECRET), "opinion",
			 (int)(d->flags & FLAG_OPINION), "hard",
			 (int)(d->flags & FLAG_HARD), "hot",
			 (int)(d->flags & FLAG_HOT));
}

static bool is_empty(const struct model_draft *d, int field)
{
	const char *text = text_of(d, field);

	if (text)
		return !*text;
	if (field == F_PROMISE_US)
		return !d->promise_us;
	return field == F_LINK ? !d->n_link : !d->flags;
}

/* all: what is filled in too, not only what was typed here. */
static json_t *params(const struct client *c, bool all)
{
	const struct model_draft *d = &c->model->draft;
	json_t *fields = json_object();

	for (int i = 0; i < FIELDS; i++) {
		bool typed = (c->touched | c->sending) & 1U << i;
		if (typed || (all && !is_empty(d, i)))
			json_object_set_new(fields, names[i], value_of(d, i));
	}
	return json_pack("{s:s, s:o, s:I}", *d->contact ? "contact" : "ticket",
			 *d->contact ? d->contact : d->ticket, "fields",
			 fields, "rev",
			 (json_int_t)json_int(c->draft_base, "rev"));
}

/* Whose form this is, as a request. */
static json_t *whose_form(const struct model_draft *d)
{
	return json_pack("{s:s}", *d->contact ? "contact" : "ticket",
			 *d->contact ? d->contact : d->ticket);
}

static void set_base(struct client *c, json_t *ticket)
{
	json_decref(c->draft_base);
	c->draft_base = json_incref(ticket);
}

static json_t *ticket_of(const struct client_reply *r)
{
	json_t *t = json_object_get(r->result, "ticket");

	return json_is_object(t) ? t : r->result;
}

/* ---- what comes off the wire ---- */

static char **long_text(struct model_draft *d, int field)
{
	switch (field) {
	case F_SUMMARY:
		return &d->summary;
	case F_PROMISE:
		return &d->promise;
	case F_PERSON:
		return &d->person;
	case F_ADDRESS:
		return &d->address;
	case F_NEED:
		return &d->need;
	default:
		return NULL;
	}
}

static int put_text(struct model *m, int field, const char *text)
{
	struct model_draft *d = &m->draft;

	switch (field) {
	case F_DISPOSITION:
		utf8_copy(d->disposition, sizeof(d->disposition), text);
		model_disposition_path(m, text, d->disposition_name,
				       sizeof(d->disposition_name));
		return 0;
	case F_OUTCOME:
		utf8_copy(d->outcome, sizeof(d->outcome), text);
		return 0;
	case F_AFTER:
		utf8_copy(d->after, sizeof(d->after), text);
		return 0;
	default:
		return model_text(long_text(d, field), text);
	}
}

static void add_links(struct model_draft *d, const json_t *list)
{
	size_t i, k;
	json_t *id;

	json_array_foreach ((json_t *)list, i, id) {
		const char *ticket = json_string_value(id);
		for (k = 0; ticket && k < d->n_link; k++)
			if (!strcmp(d->link[k], ticket))
				break;
		if (ticket && k == d->n_link && k < ARRAY_SIZE(d->link))
			utf8_copy(d->link[d->n_link++], MODEL_ID, ticket);
	}
}

static unsigned bits_of(const json_t *flags)
{
	return (json_bool(flags, "secret") ? FLAG_SECRET : 0) |
	       (json_bool(flags, "opinion") ? FLAG_OPINION : 0) |
	       (json_bool(flags, "hard") ? FLAG_HARD : 0) |
	       (json_bool(flags, "hot") ? FLAG_HOT : 0);
}

/* The same form as value_of: what a ticket does not have is empty. */
static json_t *value_in(const json_t *ticket, int field)
{
	struct model_draft d = {.flags = 0};

	if (field <= F_AFTER)
		return json_string(json_str(ticket, names[field]));
	d.promise_us = json_int(ticket, "promise_us");
	d.flags = bits_of(json_object_get(ticket, "flags"));
	add_links(&d, json_object_get(ticket, "link"));
	return value_of(&d, field);
}

static void put_value(struct model *m, int field, const json_t *v)
{
	struct model_draft *d = &m->draft;

	if (field <= F_AFTER) {
		put_text(m, field, json_string_value(v));
	} else if (field == F_PROMISE_US) {
		d->promise_us = json_integer_value(v);
	} else if (field == F_FLAGS) {
		d->flags = bits_of(v);
	} else {
		d->n_link = 0;
		add_links(d, v);
	}
}

/* ---- two who write at once ---- */

/* Both texts, each once. */
static void join(struct client *c, int field, const char *theirs)
{
	const char *mine = text_of(&c->model->draft, field);
	size_t size = strlen(mine) + strlen(theirs) + 4;
	char *both;

	if (strstr(mine, theirs) || size > CLIENT_TEXT_MAX)
		return;
	if (strstr(theirs, mine)) {
		put_text(c->model, field, theirs);
		return;
	}
	both = mem_alloc(size, NULL);
	if (!both)
		return;
	snprintf(both, size, "%s%s%s", mine, field == F_SUMMARY ? "\n" : " / ",
		 theirs);
	put_text(c->model, field, both);
	mem_deref(both);
}

/* Typed here and there since the last save: words, links and marks of both
 * stay; of two choices mine does, and theirs is said. */
static void both_typed(struct client *c, int field, const json_t *theirs)
{
	struct model_draft *d = &c->model->draft;

	if (field == F_LINK) {
		add_links(d, theirs);
	} else if (field == F_FLAGS) {
		d->flags |= bits_of(theirs);
	} else if (long_text(d, field)) {
		join(c, field, json_string_value(theirs));
		model_say(c->model, MESSAGE_WARN,
			  N_("Somebody else wrote on this ticket too: the "
			     "words of both are kept"),
			  NULL);
	} else {
		char what[80];
		if (field == F_PROMISE_US)
			cal_stamp(what, json_integer_value(theirs));
		else
			utf8_copy(what, sizeof(what),
				  json_string_value(theirs));
		model_say(c->model, MESSAGE_WARN,
			  N_("Somebody else chose otherwise on this ticket; "
			     "yours stays, theirs was:"),
			  what);
	}
}

/* Field by field against what both began with. True: in some field both have
 * typed, so a person should look. */
static bool draft_unite(struct client *c, json_t *newest)
{
	bool both = false;

	for (int i = 0; i < FIELDS; i++) {
		scoped_json json_t *mine = value_of(&c->model->draft, i);
		scoped_json json_t *theirs = value_in(newest, i);
		scoped_json json_t *base = value_in(c->draft_base, i);
		unsigned bit = 1U << i;
		if (json_equal(theirs, mine)) {
			c->touched &= ~bit;
		} else if (json_equal(theirs, base)) {
			continue; /* only mine is new */
		} else if (!(c->touched & bit) || json_equal(mine, base)) {
			put_value(c->model, i, theirs);
			c->touched &= ~bit;
		} else {
			both_typed(c, i, theirs);
			both = true;
		}
	}
	return both;
}

/* ---- saving ---- */

static void on_save_timer(void *arg);
static void save(struct client *c);
static int file(struct client *c);

static void on_newest(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_draft *d = &c->model->draft;
	bool again = c->draft_refile, both;

	c->draft_refile = false;
	if (r->err) {
		d->save = SAVE_FAILED;
		tmr_start(&c->draft_tmr, SAVE_AGAIN_MS, on_save_timer, c);
		model_changed(c->model, MODEL_DRAFT);
		return;
	}
	both = draft_unite(c, ticket_of(r));
	d->save = SAVE_DIRTY;
	model_draft_take(c->model, r->result);
	set_base(c, ticket_of(r));
	model_changed(c->model, MODEL_DRAFT);
	if (again && !both)
		file(c);
	else if (c->touched)
		save(c);
	else
		d->save = SAVE_SAVED;
	if (again && both)
		model_say(c->model, MESSAGE_WARN,
			  N_("Not filed yet: look at it and file again"),
			  NULL);
}

/* Refused because somebody else saved first: fetch that, put both together,
 * save (or file) again. */
static int ask_newest(struct client *c, bool refile)
{
	c->draft_refile = refile;
	client_drop_requests(c, on_newest);
	return client_request(c, "ticket.get", whose_form(&c->model->draft),
			      NULL, on_newest, c);
}

static void on_saved(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_draft *d = &c->model->draft;

	if (r->err)
		c->touched |= c->sending;
	c->sending = 0;
	if (r->err == EEXIST && !ask_newest(c, false))
		return;
	if (r->err) {
		d->save = SAVE_FAILED;
		utf8_copy(d->fault, sizeof(d->fault), r->message);
		utf8_copy(d->fault_field, sizeof(d->fault_field), r->detail);
		if (r->err != EINVAL && r->err != EACCES)
			tmr_start(&c->draft_tmr, SAVE_AGAIN_MS, on_save_timer,
				  c);
		model_changed(c->model, MODEL_DRAFT);
		return;
	}
	*d->fault = *d->fault_field = '\0';
	set_base(c, ticket_of(r));
	if (c->changes == c->sent_at) {
		d->save = SAVE_SAVED;
		d->saved_us = cal_now_us();
	} else {
		d->save = SAVE_DIRTY;
		tmr_start(&c->draft_tmr, SAVE_PAUSE_MS, on_save_timer, c);
	}
	model_draft_take(c->model, r->result);
	model_changed(c->model, MODEL_DRAFT);
}

static void save(struct client *c)
{
	struct model_draft *d = &c->model->draft;

	if (!c->hello_done || d->filing || d->filed || d->amends ||
	    !c->touched)
		return;
	if (!client_request(c, "ticket.draft", params(c, false), NULL,
			    on_saved, c)) {
		c->sent_at = c->changes;
		c->sending |= c->touched;
		c->touched = 0;
		d->save = SAVE_SENDING;
		model_changed(c->model, MODEL_DRAFT);
	}
}

static void on_save_timer(void *arg)
{
	save(arg);
}

static int touch(struct client *c, int field)
{
	struct model_draft *d = &c->model->draft;

	c->touched |= 1U << field;
	c->changes++;
	if (d->save != SAVE_SENDING) {
		d->save = SAVE_DIRTY;
		if (!tmr_isrunning(&c->draft_tmr))
			tmr_start(&c->draft_tmr, SAVE_PAUSE_MS, on_save_timer,
				  c);
	}
	if (!strcmp(d->fault_field, names[field]))
		*d->fault = *d->fault_field = '\0';
	model_changed(c->model, MODEL_DRAFT);
	return 0;
}

/* The old form's last words, before another takes its place. Nobody will be
 * here to hear a refusal, so they go without saying what they stand on: of
 * fields that nobody typed in lately they say nothing. */
static void leave(struct client *c)
{
	struct model_draft *d = &c->model->draft;

	tmr_cancel(&c->draft_tmr);
	client_drop_requests(c, on_saved);
	client_drop_requests(c, on_newest);
	if ((c->touched | c->sending) && !d->filed && !d->amends &&
	    d->save != SAVE_SAVED) {
		json_t *p = params(c, false);
		json_object_del(p, "rev");
		client_request(c, "ticket.draft", p, NULL, NULL, NULL);
	}
	c->touched = c->sending = c->changes = c->sent_at = 0;
	set_base(c, NULL);
}

void client_draft_resume(struct client *c)
{
	if (c->model->draft.save == SAVE_DIRTY ||
	    c->model->draft.save == SAVE_SENDING ||
	    c->model->draft.save == SAVE_FAILED)
		save(c);
}

/* ---- opening ---- */

static void on_existing(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		return;
	if (c->model->draft.save != SAVE_CLEAN)
		draft_unite(c, ticket_of(r));
	model_draft_take(c->model, r->result);
	set_base(c, ticket_of(r));
}

int client_draft_open(struct client *c, const char *contact,
		      const char *ticket)
{
	const struct model_draft *d = &c->model->draft;

	if (!contact && !ticket)
		return EINVAL;
	bool same = contact ? !strcmp(d->contact, contact)
			    : !strcmp(d->ticket, ticket);
	/* a call that was dialled has its ticket only when it is answered */
	if (same && *d->ticket)
		return 0;
	if (!same) {
		leave(c);
		model_draft_begin(c->model, contact, ticket);
	}
	if (!c->hello_done)
		return 0;
	client_drop_requests(c, on_existing);
	return client_request(c, "ticket.get", whose_form(d), NULL,
			      on_existing, c);
}

void client_draft_follow(struct client *c)
{
	const struct model_call *call = &c->model->call;

	/* what rings in is not mine yet, what rings out is */
	if (!*call->contact || !strcmp(call->state, "ended") ||
	    (!call->out && !strcmp(call->state, "ringing")))
		return;
	client_draft_open(c, call->contact, NULL);
	if (c->prm.lists && strcmp(c->model->citizen.of, call->contact))
		client_citizen_open(c, call->contact, NULL);
}

/* ---- typing ---- */

static bool has_draft(const struct client *c)
{
	return *c->model->draft.contact || *c->model->draft.ticket;
}

int client_draft_set(struct client *c, const char *field, const char *text)
{
	struct model_draft *d = &c->model->draft;
	int i = 0;

	if (!has_draft(c))
		return ENOENT;
	while (i <= F_AFTER && strcmp(names[i], field))
		i++;
	if (i > F_AFTER || strlen(text) > CLIENT_TEXT_MAX)
		return EINVAL;
	if (!strcmp(text_of(d, i), text))
		return 0;
	int err = put_text(c->model, i, text);
	if (err)
		return err;
	return touch(c, i);
}

int client_draft_promise(struct client *c, int64_t promise_us)
{
	if (!has_draft(c))
		return ENOENT;
	c->model->draft.promise_us = promise_us;
	return touch(c, F_PROMISE_US);
}

int client_draft_flags(struct client *c, unsigned flags)
{
	if (!has_draft(c))
		return ENOENT;
	c->model->draft.flags = flags;
	return touch(c, F_FLAGS);
}

int client_draft_link(struct client *c, const char *ticket, bool on)
{
	struct model_draft *d = &c->model->draft;
	size_t i = 0;

	if (!has_draft(c))
		return ENOENT;
	while (i < d->n_link && strcmp(d->link[i], ticket))
		i++;
	if (on == (i < d->n_link))
		return 0;
	if (on) {
		if (d->n_link == ARRAY_SIZE(d->link))
			return ENOSPC;
		utf8_copy(d->link[d->n_link++], MODEL_ID, ticket);
	} else {
		d->n_link--;
		memmove(d->link[i], d->link[i + 1],
			(d->n_link - i) * sizeof(d->link[0]));
	}
	return touch(c, F_LINK);
}

/* ---- filing ---- */

const char *client_draft_missing(const struct client *c)
{
	const struct model_draft *d = &c->model->draft;
	bool promises = !strcmp(d->outcome, "callback") ||
			!strcmp(d->outcome, "bureau");

	for (int i = F_DISPOSITION; i <= F_SUMMARY; i++) {
		if (is_empty(d, i))
			return names[i];
	}
	if (promises && !d->promise_us)
		return names[F_PROMISE_US];
	if (promises && !*d->promise)
		return names[F_PROMISE];
	return NULL;
}

static void on_filed(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_draft *d = &c->model->draft;

	d->filing = false;
	if (r->err == EEXIST && !ask_newest(c, true))
		return;
	if (r->err) {
		utf8_copy(d->fault, sizeof(d->fault), r->message);
		utf8_copy(d->fault_field, sizeof(d->fault_field), r->detail);
		d->save = SAVE_FAILED;
		tmr_start(&c->draft_tmr, SAVE_PAUSE_MS, on_save_timer, c);
	} else {
		d->filed = true;
		d->save = SAVE_SAVED;
		d->saved_us = cal_now_us();
		*d->fault = *d->fault_field = '\0';
		c->touched = c->sending = 0;
		model_draft_take(c->model, r->result);
		set_base(c, ticket_of(r));
		model_say(c->model, MESSAGE_OK, N_("Ticket filed:"),
			  d->ticket);
	}
	model_changed(c->model, MODEL_DRAFT);
}

static int file(struct client *c)
{
	struct model_draft *d = &c->model->draft;
	json_t *p;

	if (!has_draft(c))
		return ENOENT;
	if (d->filing || d->filed)
		return EALREADY;
	if (client_draft_missing(c))
		return EINVAL;
	tmr_cancel(&c->draft_tmr);
	client_drop_requests(c, on_saved);
	client_drop_requests(c, on_newest);
	c->touched |= c->sending;
	c->sending = 0;
	p = params(c, true);
	if (c->draft_stay)
		json_object_set_new(json_object_get(p, "fields"), "after",
				    json_string("wrapup"));
	int err = client_request(c, "ticket.file", p, N_("File the ticket"),
				 on_filed, c);
	d->filing = !err;
	model_changed(c->model, MODEL_DRAFT);
	return err;
}

int client_ticket_file(struct client *c)
{
	c->draft_stay = false;
	return file(c);
}

int client_ticket_file_only(struct client *c)
{
	c->draft_stay = true;
	return file(c);
}
