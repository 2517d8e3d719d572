/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/article.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/mask.h"
#include "kb/wire.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/store_kb.h"
#include "server/core/store_ticket.h"
#include "server/desk/release.h"
#include "server/desk/seek.h"

#define LIMIT_DEFAULT  20
#define LIKELY_DEFAULT 6
#define LIKELY_OWN     3 /* of his own; the rest is the queue's */
#define RECENT_US      (7LL * 86400 * 1000000)
#define QUESTION_BYTES 1000
#define ID_BYTES       64
#define STAGE_BYTES    64
#define STAGED_MAX     200000
#define STAGE_AGE_US   (24LL * 3600 * 1000000)
#define EVENT_IDS      100
#define LEARN_MAX      500

#define DAY_LOOK_MS 60000

struct article {
	struct session_hub *hub;
	struct fact_log *log;
	struct store *store;
	struct tmr day;
	struct seek *seek;	    /* what agents look for; NULL in tests */
	char turned[CAL_TEXT_SIZE]; /* the day that was last looked at */
	struct kb_index *index; /* asked by the workers, follows by itself */
};

static void on_published(const struct fact *fact, void *arg)
{
	struct article *a = arg;

	static const char *const kinds[] = {"kb.imported", "kb.released",
					    "kb.turned"};
	bool ours = !strncmp(fact->kind, "entry.", 6) &&
		    strcmp(fact->kind, "entry.imported") != 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		ours = ours || !strcmp(fact->kind, kinds[i]);
	if (!a->hub || !ours)
		return;
	json_t *event = json_pack("{s:s, s:s}", "what", fact->kind, "subject",
				  fact->subject);
	if (event)
		session_publish(a->hub, "kb", NULL, "kb.changed", event);
}

static int turn_job(struct db *db, void *arg)
{
	struct article *a = arg;

	return release_turn(a->log, db);
}

static void turn_done(int err, void *arg)
{
	struct article *a = arg;

	/* a sick disk: the next look tries again */
	if (err)
		*a->turned = '\0';
	mem_deref(a);
}

/* Versions take effect by date, with nobody doing anything. */
static void on_day(void *arg)
{
	struct article *a = arg;
	char day[CAL_TEXT_SIZE];

	tmr_start(&a->day, DAY_LOOK_MS, on_day, a);
	cal_day(day, cal_now_us());
	if (!strcmp(day, a->turned))
		return;
	if (!store_submit(a->store, STORE_ASKED, turn_job, turn_done,
			  mem_ref(a)))
		utf8_copy(a->turned, sizeof(a->turned), day);
	else
		mem_deref(a);
}

static void article_destructor(void *arg)
{
	struct article *a = arg;

	tmr_cancel(&a->day);
	mem_deref(a->seek);
	mem_deref(a->index);
}

int article_alloc(struct article **ap, struct fact_log *log,
		  struct session_hub *hub, struct store *store)
{
	scoped_mem struct article *a =
		mem_zalloc(sizeof(*a), article_destructor);
	if (!a)
		return ENOMEM;
	int err = kb_index_alloc(&a->index);
	if (err)
		return err;
	a->hub = hub;
	a->log = log;
	a->store = store;
	if (store)
		tmr_start(&a->day, 0, on_day, a);
	fact_log_publish(log, on_published, a);
	*ap = take(a);
	return 0;
}

void article_seek(struct article *a, struct seek *seek)
{
	mem_deref(a->seek);
	a->seek = mem_ref(seek);
}

struct kb_index *article_index(struct article *a)
{
	return a->index;
}

static void today(char day[CAL_TEXT_SIZE])
{
	cal_day(day, cal_now_us());
}

/* ---- reading ---- */

static int rpc_search(struct rpc_call *call, struct db *db)
{
	struct article *a = call->part;
	char day[CAL_TEXT_SIZE];
	struct json_in in;

	today(day);
	json_in_init(&in, call->params);
	const struct kb_query q = {
		.text = json_in_str(&in, "q", QUESTION_BYTES),
		.line = json_in_str_or(&in, "line", ID_BYTES, ""),
		.limit = (unsigned)json_in_int_or(&in, "limit", 1,
						  KB_LIMIT_MAX, LIMIT_DEFAULT),
		.day = day,
		.cancelled = call->cancelled,
	};
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = kb_wire_search(&call->result, a->index, db, &q);
	if (err == ECANCELED)
		return err;
	return err ? rpc_fail(call, err, N_("The search failed"), NULL) : 0;
}

/* On the loop: who looked for what. */
static void searched(struct rpc_call *call)
{
	struct article *a = call->part;

	if (a->seek)
		seek_searched(a->seek, call->actor,
			      json_str(call->params, "q"),
			      json_object_get(call->result, "hits"));
}

static int no_entry(struct rpc_call *call, int err, const char *id)
{
	return rpc_fail(call, err,
			err == ENOENT ? N_("There is no such entry")
				      : N_("The entry cannot be read"),
			"%s", id);
}

static int rpc_get(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_version *v = NULL;
	char day[CAL_TEXT_SIZE];
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	int64_t version = json_in_int_or(&in, "version", 0, INT32_MAX, 0);
	int64_t at = json_in_int_or(&in, "at_us", 0, INT64_MAX, 0);
	bool source = json_in_bool_or(&in, "source", false);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = at ? kb_life_at(db, id, at, &version) : 0;
	if (at && err == ENOENT)
		return rpc_fail(call, err,
				N_("Nothing of this entry was in force then"),
				"%s", id);
	if (!err)
		err = kb_base_get(&v, db, id, version);
	if (err)
		return no_entry(call, err, id);
	today(day);
	call->result = kb_wire_entry(v, day, source);
	return call->result ? 0 : ENOMEM;
}

struct listing {
	struct rpc_call *call;
	const char *state; /* "": all */
	char day[CAL_TEXT_SIZE];
	char last[ID_BYTES];
};

static int on_row(const struct kb_row *row, void *arg)
{
	struct listing *l = arg;
	const char *state =
		kb_state_on(row->state, row->effective, row->expires, l->day);

	if (*l->state && strcmp(state, l->state))
		return 0;
	if (!rpc_page_add(l->call, kb_wire_row(row, l->day))) {
		rpc_page_next(l->call, l->last);
		return ECANCELED;
	}
	utf8_copy(l->last, sizeof(l->last), row->id);
	return 0;
}

static int rpc_list(struct rpc_call *call, struct db *db)
{
	struct listing l = {.call = call};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *after = json_in_str_or(&in, "cursor", ID_BYTES, "");
	l.state = json_in_str_or(&in, "state", ID_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	today(l.day);
	call->result = json_pack("{s:[]}", "items");
	int err = kb_base_each(db, after, on_row, &l);
	return err == ECANCELED ? 0 : err;
}

/* A page of what has no id to go on from: the cursor counts. */
struct counting {
	struct rpc_call *call;
	int64_t skip, left;
};

static int count_item(struct counting *c, json_t *item)
{
	char cursor[24];

	if (c->left-- > 0 && rpc_page_add(c->call, item)) {
		c->skip++;
		return 0;
	}
	if (c->left < 0)
		json_decref(item);
	snprintf(cursor, sizeof(cursor), "%lld", (long long)c->skip);
	rpc_page_next(c->call, cursor);
	return ECANCELED;
}

static void count_init(struct counting *c, struct rpc_call *call,
		       struct json_in *in)
{
	c->call = call;
	c->skip = strtoll(json_in_str_or(in, "cursor", 20, "0"), NULL, 10);
	c->left = json_in_int_or(in, "limit", 1, KB_LIMIT_MAX, LIMIT_DEFAULT);
	if (c->skip < 0)
		c->skip = 0;
}

static int on_change(const struct kb_row *row, void *arg)
{
	return count_item(arg, kb_wire_change(row));
}

static int rpc_log(struct rpc_call *call, struct db *db)
{
	struct counting c;
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t before = json_in_int_or(&in, "before_us", 0, INT64_MAX, 0);
	struct kb_log_want want = {
		.id = json_in_str_or(&in, "entry", ID_BYTES, ""),
		.since_us = json_in_int_or(&in, "since_us", 0, INT64_MAX, 0),
		.until_us = json_in_int_or(&in, "until_us", 0, INT64_MAX,
					   before ? before - 1 : 0),
	};
	count_init(&c, call, &in);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	want.skip = c.skip;
	call->result = json_pack("{s:[]}", "items");
	int err = kb_base_log(db, &want, on_change, &c);
	return err == ECANCELED ? 0 : err;
}

static int on_signed(const struct kb_signed *s, void *arg)
{
	return count_item(arg, kb_wire_signed(s));
}

static int rpc_signed(struct rpc_call *call, struct db *db)
{
	struct counting c;
	struct json_in in;

	json_in_init(&in, call->params);
	struct kb_signed_want want = {
		.since_us = json_in_int_or(&in, "since_us", 0, INT64_MAX, 0),
		.until_us = json_in_int_or(&in, "until_us", 0, INT64_MAX, 0),
		.person = json_in_str_or(&in, "person", ID_BYTES, ""),
	};
	count_init(&c, call, &in);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	want.skip = c.skip;
	call->result = json_pack("{s:[]}", "items");
	int err = kb_life_signed(db, &want, on_signed, &c);
	return err == ECANCELED ? 0 : err;
}

struct likely {
	struct db *db;
	json_t *hits;
	char day[CAL_TEXT_SIZE];
	size_t limit;
	int64_t own;
};

/* What is not in force cannot be told, so it is no help now. */
static int on_likely(const struct store_kb_likely *row, void *arg)
{
	struct likely *l = arg;
	scoped_mem struct kb_version *v = NULL;

	if (row->mine && l->own == LIKELY_OWN)
		return 0;
	int err = kb_base_get(&v, l->db, row->entry, 0);
	if (err)
		return err == ENOENT ? 0 : err;
	const struct kb_entry *e = v->entry;
	const char *state =
		kb_state_on(v->state, v->effective, v->expires, l->day);
	if (strcmp(state, "effective"))
		return 0;
	json_t *hit = kb_wire_row(
		&(struct kb_row){
			.id = row->entry,
			.version = v->version,
			.at_us = v->at_us,
			.actor = v->actor,
			.title = e->title,
			.line = e->line,
			.effective = v->effective,
			.expires = v->expires,
			.state = v->state,
		},
		l->day);
	json_object_set_new(hit, "why",
			    json_string(row->mine ? "history" : "week"));
	json_object_set_new(hit, "week", json_integer(row->recent));
	json_array_append_new(l->hits, hit);
	l->own += row->mine > 0;
	return json_array_size(l->hits) >= l->limit ? ECANCELED : 0;
}

static int rpc_likely(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *hits = json_array();
	struct likely l = {.db = db, .hits = hits};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *contact = json_in_str(&in, "contact", ID_BYTES);
	l.limit = (size_t)json_in_int_or(&in, "limit", 1, KB_LIMIT_MAX,
					 LIKELY_DEFAULT);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	today(l.day);
	int err = store_kb_likely_each(db, contact, cal_now_us() - RECENT_US,
				       on_likely, &l);
	if (err == ENOENT)
		return rpc_fail(call, err, N_("There is no such contact"),
				"%s", contact);
	if (err && err != ECANCELED)
		return err;
	call->result = json_pack("{s:O}", "hits", hits);
	return call->result ? 0 : ENOMEM;
}

static int rpc_stat(struct rpc_call *call, struct db *db)
{
	return kb_wire_stat_now(&call->result, db);
}

/* ---- what an agent does with an entry ---- */

static int check_contact(struct rpc_call *call, struct db *db,
			 const char *contact)
{
	struct store_contact c;
	int err = store_ticket_contact(db, contact, &c);

	if (err)
		return rpc_fail(call, err, N_("There is no such contact"),
				"%s", contact);
	if (!(call->roles & ROLE_LEAD) &&
	    !store_ticket_may(db, contact, call->actor))
		return rpc_fail(call, EACCES,
				N_("This contact is another agent's"), "%s",
				contact);
	return 0;
}

static int link_fact(struct rpc_call *call, struct db *db, const char *kind,
		     const char *contact, json_t *body)
{
	scoped_json json_t *owned = body;
	struct fact fact = {
		.dur_ms = -1,
		.actor = call->actor,
		.kind = kind,
		.contact = contact,
		.agent = call->actor,
		.subject = json_str(owned, "entry"),
		.body = owned,
	};
	return owned ? fact_append(call->log, db, &fact) : ENOMEM;
}

/* On the loop: the words by which it was found, a question that it answers. */
static int add_words(struct rpc_call *call)
{
	struct article *a = call->part;
	const char *words =
		a->seek ? seek_words(a->seek, call->actor,
				     json_str(call->params, "entry"))
			: "";

	return json_object_set_new(call->params, "q", json_string(words))
		       ? ENOMEM
		       : 0;
}

static int rpc_adopt(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_version *v = NULL;
	char day[CAL_TEXT_SIZE];
	char masked[QUESTION_BYTES];
	struct json_in in;

	json_in_init(&in, call->params);
	const char *contact = json_in_str(&in, "contact", ID_BYTES);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	const char *words = json_in_str_or(&in, "q", QUESTION_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = kb_base_get(&v, db, id, 0);
	if (err)
		return no_entry(call, err, id);
	const struct kb_entry *e = v->entry;
	today(day);
	const char *state =
		kb_state_on(v->state, v->effective, v->expires, day);
	if (strcmp(state, "effective"))
		return rpc_fail(call, EALREADY,
				N_("This entry is not in force: it can be "
				   "read, not told to citizens"),
				"%s %s", id, state);
	kb_mask(masked, sizeof(masked), words);
	err = check_contact(call, db, contact);
	if (!err)
		err = link_fact(call, db, "kb.adopted", contact,
				json_pack("{s:s, s:I, s:s, s:s}", "entry", id,
					  "version", (json_int_t)v->version,
					  "title", e->title, "q", masked));
	if (err)
		return err;
	call->result = json_pack("{s:s, s:I, s:s, s:s, s:s}", "entry", id,
				 "version", (json_int_t)v->version, "title",
				 e->title, "line", e->line, "topic", e->topic);
	return call->result ? 0 : ENOMEM;
}

/* Was it adopted for this contact, and in which version? 0: no. */
static int64_t adopted(struct db *db, const char *contact, const char *id)
{
	scoped_json json_t *list = store_ticket_entries(db, contact);
	size_t i;
	json_t *one;

	json_array_foreach (list, i, one) {
		if (!strcmp(json_str(one, "entry"), id))
			return json_int(one, "version");
	}
	return 0;
}

static int rpc_drop(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *contact = json_in_str(&in, "contact", ID_BYTES);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = check_contact(call, db, contact);
	if (err)
		return err;
	int64_t version = adopted(db, contact, id);
	if (!version)
		return rpc_fail(call, ENOENT,
				N_("This contact has no such entry"), "%s",
				id);
	err = link_fact(call, db, "kb.dropped", contact,
			json_pack("{s:s, s:I}", "entry", id, "version",
				  (json_int_t)version));
	if (!err)
		call->result = json_object();
	return err;
}

static int rpc_gap(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *contact = json_in_str_or(&in, "contact", ID_BYTES, "");
	const char *words = json_in_str(&in, "q", QUESTION_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!words[strspn(words, " \t\r\n")])
		return rpc_fail(call, EINVAL, N_("Say what the citizen asked"),
				NULL);
	int err = *contact ? check_contact(call, db, contact) : 0;
	if (!err)
		err = link_fact(call, db, "kb.gap", contact,
				json_pack("{s:s}", "q", words));
	if (!err)
		call->result = json_object();
	return err;
}

/* ---- import ---- */

struct import {
	struct rpc_call *call;
	struct db *db;
	json_t *seen;	   /* id -> true */
	json_t *ids;	   /* the first EVENT_IDS that changed */
	json_t *learn;	   /* what it puts into force in place of others */
	json_t *redirects; /* those that another replaces */
	const char *by, *paper; /* whose confirmation it brings; "" nobody's */
	int64_t confirmed;
	int64_t added, changed, same;
};

static int bad_entry(struct rpc_call *call, const struct diag *diag)
{
	return rpc_fail(call, EINVAL, N_("An entry is not right"), "%s:%d: %s",
			diag->file, diag->line, diag->what);
}

static int append_version(struct import *im, const struct kb_entry *e,
			  int64_t version)
{
	bool signs = *im->by && e->state == KB_CONFIRMED;
	const char *id = e->id;
	scoped_json json_t *body = json_pack(
		"{s:I, s:s, s:s, s:s}", "version", (json_int_t)version, "text",
		e->text, "by", signs ? im->by : "", "paper",
		signs ? im->paper : "");
	struct fact fact = {
		.dur_ms = -1,
		.actor = im->call->actor,
		.kind = "entry.imported",
		.subject = id,
		.body = body,
	};

	if (!body)
		return ENOMEM;
	if (signs && version > 1 && json_array_size(im->learn) <= LEARN_MAX)
		json_array_append_new(
			im->learn, json_pack("{s:s, s:I}", "id", id, "version",
					     (json_int_t)version));
	if (json_array_size(im->ids) < EVENT_IDS)
		json_array_append_new(im->ids, json_string(id));
	return fact_append(im->call->log, im->db, &fact);
}

static int import_one(const char *file, const char *text, void *arg)
{
	struct import *im = arg;
	scoped_mem struct kb_entry *e = NULL;
	struct diag diag;
	int64_t version;
	bool same;

	int err = kb_entry_parse(&e, file, text, strlen(text), &diag);
	if (err == EBADMSG)
		return bad_entry(im->call, &diag);
	if (err)
		return err;
	if (json_object_get(im->seen, e->id))
		return rpc_fail(im->call, EINVAL,
				N_("Two entries have the same id"), "%s in %s",
				e->id, file);
	json_object_set_new(im->seen, e->id, json_true());
	err = kb_base_version(im->db, e->id, text, &version, &same);
	if (err)
		return err;
	im->same += same;
	if (same)
		return 0;
	im->added += version == 0;
	im->changed += version != 0;
	im->confirmed += *im->by && e->state == KB_CONFIRMED;
	if (*e->redirect)
		json_array_append_new(im->redirects, json_string(e->id));
	return append_version(im, e, version + 1);
}

/* When all of them are there. */
static int check_redirects(struct import *im)
{
	size_t i;
	json_t *id;

	json_array_foreach (im->redirects, i, id) {
		int err = release_check_redirect(im->call, im->db,
						 json_string_value(id));
		if (err)
			return err;
	}
	return 0;
}

static int import_end(struct import *im)
{
	int refused = check_redirects(im);
	if (refused)
		return refused;
	/* a base that is new as a whole is taught, not read entry by entry */
	if (json_array_size(im->learn) > LEARN_MAX)
		json_array_clear(im->learn);
	scoped_json json_t *body = json_pack("{s:I, s:I, s:O, s:O}", "added",
					     (json_int_t)im->added, "changed",
					     (json_int_t)im->changed, "ids",
					     im->ids, "learn", im->learn);
	struct fact fact = {
		.dur_ms = -1,
		.actor = im->call->actor,
		.kind = "kb.imported",
		.body = body,
	};

	if (!body)
		return ENOMEM;
	if (im->added + im->changed) {
		int err = fact_append(im->call->log, im->db, &fact);
		if (err)
			return err;
	}
	im->call->result = json_pack(
		"{s:I, s:I, s:I, s:I}", "added", (json_int_t)im->added,
		"changed", (json_int_t)im->changed, "same",
		(json_int_t)im->same, "confirmed", (json_int_t)im->confirmed);
	return im->call->result ? 0 : ENOMEM;
}

/* {"file","text"} of each, or a refusal that names the first bad one. */
static int each_given(struct rpc_call *call, json_t *list,
		      store_kb_staged_h *h, void *arg)
{
	size_t i;
	json_t *one;

	json_array_foreach (list, i, one) {
		struct json_in in;
		json_in_init(&in, one);
		const char *file = json_in_str_or(&in, "file", 0, "entry");
		const char *text =
			json_in_str(&in, "text", KB_ENTRY_MAX_BYTES);
		if (json_in_done(&in))
			return rpc_bad_params(call, &in);
		int err = h(file, text, arg);
		if (err)
			return err;
	}
	return 0;
}

struct staging {
	struct rpc_call *call;
	struct db *db;
	const char *stage;
};

static int stage_one(const char *file, const char *text, void *arg)
{
	struct staging *st = arg;
	scoped_mem struct kb_entry *e = NULL;
	struct diag diag;

	int err = kb_entry_parse(&e, file, text, strlen(text), &diag);
	if (err == EBADMSG)
		return bad_entry(st->call, &diag);
	return err ? err : store_kb_stage_put(st->db, st->stage, file, text);
}

static int stage_part(struct rpc_call *call, struct db *db, json_t *list,
		      const char *stage)
{
	struct staging st = {call, db, stage};
	int64_t count = 0;

	int err = store_kb_stage_expire(db, cal_now_us() - STAGE_AGE_US);
	if (!err)
		err = each_given(call, list, stage_one, &st);
	if (!err)
		err = store_kb_stage_count(db, stage, &count);
	if (err)
		return err;
	if (count > STAGED_MAX)
		return rpc_fail(call, EINVAL,
				N_("Too many entries in one import"), "%d",
				STAGED_MAX);
	call->result = json_pack("{s:I}", "staged", (json_int_t)count);
	return call->result ? 0 : ENOMEM;
}

static int rpc_import(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	json_t *list = json_in_array(&in, "entries", true);
	const char *name = json_in_str_or(&in, "stage", STAGE_BYTES, "");
	bool more = json_in_bool_or(&in, "more", false);
	const char *by = json_in_str_or(&in, "by", ID_BYTES, "");
	const char *paper = json_in_str_or(&in, "paper", QUESTION_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = *by ? release_signer(call, db, by, paper, &by) : 0;
	if (err)
		return err;
	if (more && !*name)
		return rpc_fail(call, EINVAL,
				N_("An import in parts needs a name"),
				"stage");
	/* nobody puts a part into another's import */
	char stage[STAGE_BYTES + ID_BYTES];
	snprintf(stage, sizeof(stage), "%.63s %s", call->actor, name);
	if (more)
		return stage_part(call, db, list, stage);

	scoped_json json_t *seen = json_object();
	scoped_json json_t *ids = json_array();
	scoped_json json_t *redirects = json_array();
	scoped_json json_t *learn = json_array();
	struct import im = {.call = call,
			    .redirects = redirects,
			    .db = db,
			    .seen = seen,
			    .ids = ids,
			    .learn = learn,
			    .by = by,
			    .paper = paper};
	if (*name)
		err = store_kb_stage_each(db, stage, import_one, &im);
	if (!err)
		err = each_given(call, list, import_one, &im);
	if (!err && *name)
		err = store_kb_stage_clear(db, stage);
	return err ? err : import_end(&im);
}

const struct rpc_handler article_methods[] = {
	{"kb.search", .readh = rpc_search, .afterh = searched, .newest = true},
	{"kb.get", .readh = rpc_get},
	{"kb.list", .readh = rpc_list},
	{"kb.log", .readh = rpc_log},
	{"kb.signed", .readh = rpc_signed},
	{"kb.stat", .readh = rpc_stat},
	{"kb.likely", .readh = rpc_likely},
	{"kb.adopt", .writeh = rpc_adopt, .permith = add_words},
	{"kb.drop", .writeh = rpc_drop},
	{"kb.gap", .writeh = rpc_gap},
	{"kb.import", .writeh = rpc_import},
	{NULL},
};
