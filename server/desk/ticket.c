/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/ticket.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/session.h"
#include "server/core/store_ticket.h"
#include "server/desk/roster.h"
#include "server/desk/valid.h"

#define SUMMARY_BYTES 4000
#define TEXT_BYTES    1000
#define WORD_BYTES    100
#define LINKS_MAX     10
#define PAST_US	      (10LL * 60 * 1000000) /* clocks, and slow typing */
#define FUTURE_US     (400LL * 86400 * 1000000)

static int not_his(struct rpc_call *call, const char *contact)
{
	return rpc_fail(call, EACCES, N_("This contact is not yours"), "%s",
			contact);
}

/* ---- fields ---- */

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(text, *list))
			return true;
	}
	return false;
}

static const char *const outcomes[] = {"answered",    "callback", "bureau",
				       "transferred", "invalid",  NULL};

/* The field at fault is the detail, so that the form can show it. */
static int bad_field(struct rpc_call *call, const char *message,
		     const char *field)
{
	return rpc_fail(call, EINVAL, message, "%.60s", field);
}

static int check_text(struct rpc_call *call, const char *key, json_t *v)
{
	static const struct {
		const char *key;
		size_t max;
	} texts[] = {
		{"disposition", 31},	    {"outcome", 16},
		{"summary", SUMMARY_BYTES}, {"promise", TEXT_BYTES},
		{"person", WORD_BYTES},	    {"address", WORD_BYTES},
		{"need", WORD_BYTES},	    {"after", 31},
	};
	const char *text = json_string_value(v);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(key, texts[i].key) != 0)
			continue;
		if (!text || strlen(text) != json_string_length(v) ||
		    !valid_text(text))
			return bad_field(call,
					 N_("A field holds something that is "
					    "no text"),
					 key);
		if (strlen(text) > texts[i].max)
			return bad_field(call, N_("A field is too long"), key);
		return 0;
	}
	return bad_field(call, N_("A ticket has no such field"), key);
}

static int check_links(struct rpc_call *call, struct db *db, json_t *v)
{
	json_t *link;
	size_t i;

	if (!json_is_array(v) || json_array_size(v) > LINKS_MAX)
		return bad_field(call, N_("A ticket settles up to 10 others"),
				 "link");
	json_array_foreach (v, i, link) {
		const char *id = json_string_value(link);
		if (!id || !store_ticket_exists(db, id))
			return rpc_fail(call, ENOENT,
					N_("There is no such filed ticket"),
					"%.40s", id ? id : "link");
	}
	return 0;
}

static int check_flags(struct rpc_call *call, json_t *v)
{
	static const char *const flags[] = {"secret", "opinion", "hard", "hot",
					    NULL};
	const char *key;
	json_t *on;

	if (!json_is_object(v))
		return bad_field(call, N_("A ticket has no such field"),
				 "flags");
	json_object_foreach (v, key, on) {
		if (!is_one_of(key, flags) || !json_is_boolean(on))
			return bad_field(call, N_("A ticket has no such flag"),
					 key);
	}
	return 0;
}

/* Puts the request's fields over those of the draft, each one checked as far
 * as an unfinished form can be. */
static int merge(struct rpc_call *call, struct db *db, json_t *fields,
		 json_t *typed)
{
	const char *key;
	json_t *v;

	json_object_foreach (typed, key, v) {
		int err = 0;
		if (json_is_null(v)) {
			json_object_del(fields, key);
			continue;
		}
		if (!strcmp(key, "promise_us")) {
			if (!json_is_integer(v) || json_integer_value(v) < 0)
				err = bad_field(call,
						N_("The promise has no time"),
						key);
		} else if (!strcmp(key, "flags")) {
			err = check_flags(call, v);
		} else if (!strcmp(key, "link")) {
			err = check_links(call, db, v);
		} else {
			err = check_text(call, key, v);
		}
		if (err)
			return err;
		json_object_set(fields, key, v);
	}
	const char *outcome = json_str(fields, "outcome");
	if (*outcome && !is_one_of(outcome, outcomes))
		return bad_field(call, N_("There is no such outcome"),
				 "outcome");
	return 0;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

static bool is_promise(const char *outcome)
{
	return !strcmp(outcome, "callback") || !strcmp(outcome, "bureau");
}

static int check_required(struct rpc_call *call, struct db *db,
			  const json_t *fields, bool is_new)
{
	static const char *const required[] = {"disposition", "outcome",
					       "summary"};
	int64_t promise_us = json_int(fields, "promise_us");
	int64_t now = cal_now_us();

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		if (is_blank(json_str(fields, required[i])))
			return bad_field(call, N_("Fill this in to file"),
					 required[i]);
	}
	if (!store_ticket_disposition_ok(db, json_str(fields, "disposition")))
		return bad_field(call,
				 N_("There is no such disposition, or it is "
				    "only a heading"),
				 "disposition");
	if (!is_promise(json_str(fields, "outcome")))
		return 0;
	if (!promise_us)
		return bad_field(call, N_("Say when the promise is due"),
				 "promise_us");
	if (is_new &&
	    (promise_us < now - PAST_US || promise_us > now + FUTURE_US))
		return bad_field(call,
				 N_("The promise is due in the past, or "
				    "after more than a year"),
				 "promise_us");
	if (is_blank(json_str(fields, "promise")))
		return bad_field(call, N_("Say what is promised"), "promise");
	return 0;
}

/* ---- draft and file ---- */

/* What both begin with. */
struct form {
	const char *contact;
	json_t *typed;		  /* borrowed from the request */
	json_t *fields;		  /* draft or ticket, typed over; ours */
	struct store_contact who; /* of the contact */
	char ticket[TICKET_ID];
	int64_t created_us;
	int64_t rev; /* that he has seen, 0: none there; -1: he does not say */
	bool filed;
	bool his;    /* it is his from now on: his call, his promise */
	json_t *was; /* the ticket or draft as it is; may be NULL */
};

static void form_release(struct form *f)
{
	json_decref(f->fields);
	json_decref(f->was);
}

#define scoped_form __attribute__((cleanup(form_release)))

static bool is_own_field(const char *key)
{
	static const char *const keys[] = {"disposition", "outcome", "summary",
					   "promise_us",  "promise", "person",
					   "address",	  "need",    "flags",
					   "link",	  "after",   NULL};
	return is_one_of(key, keys);
}

static json_t *own_fields(const json_t *ticket)
{
	json_t *fields = json_object();
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)ticket, key, v) {
		if (is_own_field(key))
			json_object_set(fields, key, v);
	}
	return fields;
}

static int form_read(struct rpc_call *call, struct form *f)
{
	struct json_in in;

	json_in_init(&in, call->params);
	f->contact = json_in_str_or(&in, "contact", 31, "");
	str_ncpy(f->ticket, json_in_str_or(&in, "ticket", TICKET_ID - 1, ""),
		 sizeof(f->ticket));
	f->typed = json_in_object(&in, "fields", true);
	f->rev = json_in_int_or(&in, "rev", 0, INT64_MAX, -1);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!*f->contact && !f->ticket[0])
		return rpc_fail(call, EINVAL, N_("Name a contact or a ticket"),
				NULL);
	return 0;
}

static int form_open(struct rpc_call *call, struct db *db, struct form *f)
{
	int err = form_read(call, f);
	if (err)
		return err;
	f->was = store_ticket_get(db, *f->contact ? NULL : f->ticket,
				  f->contact, false);
	if (!f->was && !*f->contact)
		return rpc_fail(call, ENOENT, N_("There is no such ticket"),
				"%s", f->ticket);
	if (!*f->contact)
		f->contact = json_str(f->was, "contact");
	err = store_ticket_contact(db, f->contact, &f->who);
	if (err == ENOENT)
		return rpc_fail(call, ENOENT, N_("There is no such contact"),
				"%s", f->contact);
	if (err)
		return err;
	bool leads = (call->roles & ROLE_LEAD) != 0;
	if (!leads && !store_ticket_may(db, f->contact, call->actor))
		return not_his(call, f->contact);
	f->filed = f->was && strcmp(json_str(f->was, "state"), "draft") != 0;
	f->created_us = f->was ? json_int(f->was, "created_us") : cal_now_us();
	f->fields = f->was ? own_fields(f->was) : json_object();
	if (!f->fields)
		return ENOMEM;
	return merge(call, db, f->fields, f->typed);
}

static int64_t rev_of(const struct form *f)
{
	return f->was ? json_int(f->was, "rev") : 0;
}

/* Of two who write at once the second is told, and puts both together. */
static int check_rev(struct rpc_call *call, const struct form *f)
{
	if (f->rev < 0 || f->rev == rev_of(f))
		return 0;
	return rpc_fail(call, EEXIST,
			N_("Somebody else saved this ticket meanwhile"),
			"%lld", (long long)rev_of(f));
}

static int answer(struct rpc_call *call, struct db *db, const char *ticket,
		  bool history)
{
	json_t *t = store_ticket_get(db, ticket, NULL, history);
	if (!t)
		return EFAULT;
	call->result = json_pack("{s:o}", "ticket", t);
	return call->result ? 0 : ENOMEM;
}

static int on_draft(struct rpc_call *call, struct db *db)
{
	scoped_form struct form f = {.contact = ""};

	int err = form_open(call, db, &f);
	if (err)
		return err;
	if (f.filed)
		return rpc_fail(call, EALREADY,
				N_("This ticket is filed: file it again to "
				   "correct it, or add a note"),
				"%s", json_str(f.was, "id"));
	err = check_rev(call, &f);
	if (err)
		return err;
	err = store_ticket_draft(db, f.contact, call->actor, f.fields,
				 f.ticket);
	return err ? err : answer(call, db, f.ticket, false);
}

/* An agent corrects his own ticket, a lead anybody's; and of a call that was
 * transferred each agent completes the one ticket in his own wrap-up. */
static int check_correction(struct rpc_call *call, struct db *db,
			    struct form *f)
{
	f->his = store_ticket_in_hand(db, f->contact, call->actor);
	if (!f->filed || (call->roles & ROLE_LEAD) || f->his)
		return 0;
	if (strcmp(json_str(f->was, "agent"), call->actor) != 0)
		return rpc_fail(call, EACCES,
				N_("Another agent filed this ticket"), "%s",
				json_str(f->was, "agent"));
	return 0;
}

static json_t *filed_body(struct db *db, const struct form *f,
			  const char *agent)
{
	const char *outcome = json_str(f->fields, "outcome");
	json_t *link = json_object_get(f->fields, "link");

	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:I,s:s,s:O*,s:O,s:I,"
		"s:o}",
		"ticket", f->ticket, "agent", f->his ? agent : "",
		"disposition", json_str(f->fields, "disposition"), "outcome",
		outcome, "number", f->who.number, "name", f->who.name, "queue",
		f->who.queue, "created_us", (json_int_t)f->created_us, "state",
		is_promise(outcome) ? "open" : "done", "promise_us",
		(json_int_t)(is_promise(outcome)
				     ? json_int(f->fields, "promise_us")
				     : 0),
		"after", json_str(f->fields, "after"), "link", link, "fields",
		f->fields, "rev", (json_int_t)(rev_of(f) + 1), "entries",
		store_ticket_entries(db, f->contact));
}

static int on_file(struct rpc_call *call, struct db *db)
{
	scoped_form struct form f = {.contact = ""};

	int err = form_open(call, db, &f);
	if (!err)
		err = check_correction(call, db, &f);
	if (!err)
		err = check_rev(call, &f);
	if (!err)
		err = check_required(call, db, f.fields, !f.filed);
	if (!err)
		err = store_ticket_number(db, f.contact, f.ticket);
	if (err)
		return err;
	scoped_json json_t *body = filed_body(db, &f, call->actor);
	if (!body)
		return ENOMEM;
	struct fact fact = {
		.dur_ms = -1,
		.actor = call->actor,
		.kind = f.filed ? "ticket.corrected" : "ticket.filed",
		.contact = f.contact,
		.agent = call->actor,
		.subject = f.ticket,
		.body = body,
	};
	err = fact_append(call->log, db, &fact);
	if (!err)
		err = store_ticket_draft_drop(db, f.contact);
	return err ? err : answer(call, db, f.ticket, false);
}

/* ---- notes ---- */

static int note_check(struct rpc_call *call, struct db *db, const char *id,
		      const char *state, int64_t promise_us)
{
	scoped_json json_t *t = store_ticket_get(db, id, NULL, false);

	if (!t)
		return rpc_fail(call, ENOENT, N_("There is no such ticket"),
				"%s", id);
	if (!strcmp(json_str(t, "state"), "draft"))
		return rpc_fail(call, EALREADY,
				N_("This ticket is not filed yet"), "%s", id);
	if (*state && strcmp(state, "open") != 0 && strcmp(state, "done") != 0)
		return rpc_fail(call, EINVAL,
				N_("A filed ticket is open or done"), "%s",
				state);
	if (!strcmp(state, "open") && !promise_us &&
	    !json_int(t, "promise_us"))
		return bad_field(call, N_("Say when the promise is due"),
				 "promise_us");
	return 0;
}

static int on_note(struct rpc_call *call, struct db *db)
{
	struct store_contact who = {.number = ""};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "ticket", TICKET_ID - 1);
	const char *text = json_in_str(&in, "text", SUMMARY_BYTES);
	const char *state = json_in_str_or(&in, "state", 8, "");
	int64_t promise_us = json_in_int_or(&in, "promise_us", 0,
					    cal_now_us() + FUTURE_US, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (is_blank(text) || !valid_text(text))
		return bad_field(call, N_("A note has a text"), "text");
	int err = note_check(call, db, id, state, promise_us);
	if (!err)
		err = store_ticket_raw(db, id, &who);
	if (err)
		return err;
	scoped_json json_t *t = store_ticket_get(db, id, NULL, false);
	scoped_json json_t *body =
		json_pack("{s:s,s:s,s:I}", "text", text, "state", state,
			  "promise_us", (json_int_t)promise_us);
	struct fact fact = {
		.dur_ms = -1,
		.actor = call->actor,
		.kind = "ticket.noted",
		.contact = json_str(t, "contact"),
		.subject = id,
		.body = body,
	};
	err = fact_append(call->log, db, &fact);
	return err ? err : answer(call, db, id, true);
}

/* ---- events and reading ---- */

/* Whose ticket it is, and who has its contact in hand. */
static void tell_agents(const struct ticket_part *part, json_t *ticket)
{
	const char *owner = json_str(ticket, "agent");
	const char *contact = json_str(ticket, "contact");

	for (size_t i = 0; part->roster && i < roster_count(part->roster);
	     i++) {
		const struct agent_now *a = &roster_at(part->roster, i)->now;

		if (!strcmp(a->id, owner) ||
		    (*contact && !strcmp(a->contact, contact)))
			session_publish(part->hub, "me", a->id, "me.ticket",
					json_pack("{s:O}", "ticket", ticket));
	}
}

static void on_changed(struct rpc_call *call)
{
	const struct ticket_part *part = call->part;
	json_t *ticket = json_object_get(call->result, "ticket");

	if (!part || !part->hub || !ticket)
		return;
	tell_agents(part, ticket);
	session_publish(part->hub, "ticket", NULL, "ticket.changed",
			json_pack("{s:O}", "ticket", ticket));
}

static int on_list(struct rpc_call *call, struct db *db)
{
	return store_ticket_list(call, db);
}

static int on_get(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *ticket = json_in_str_or(&in, "ticket", TICKET_ID - 1, "");
	const char *contact = json_in_str_or(&in, "contact", 31, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!*ticket && !*contact)
		return rpc_fail(call, EINVAL, N_("Name a contact or a ticket"),
				NULL);
	json_t *t = store_ticket_get(db, ticket, contact, true);
	if (!t)
		return rpc_fail(call, ENOENT, N_("There is no such ticket"),
				"%s", *ticket ? ticket : contact);
	call->result = json_pack("{s:o}", "ticket", t);
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler ticket_methods[] = {
	{"ticket.list", .readh = on_list},
	{"ticket.get", .readh = on_get},
	{"ticket.draft", .writeh = on_draft},
	{"ticket.file", .writeh = on_file, .afterh = on_changed},
	{"ticket.note", .writeh = on_note, .afterh = on_changed},
	{NULL},
};
