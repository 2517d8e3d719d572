/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_ticket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_people.h"

const char store_ticket_schema[] =
	"CREATE TABLE ticket("
	" id TEXT PRIMARY KEY, contact TEXT NOT NULL, number TEXT NOT NULL,"
	" name TEXT NOT NULL, queue TEXT NOT NULL, agent TEXT NOT NULL,"
	" created_us INTEGER NOT NULL, filed_us INTEGER NOT NULL,"
	" state TEXT NOT NULL, promise_us INTEGER,"
	" fields TEXT NOT NULL, rev INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX ticket_contact ON ticket(contact);"
	"CREATE INDEX ticket_number ON ticket(number, filed_us);"
	"CREATE INDEX ticket_state ON ticket(state, promise_us);"
	"CREATE INDEX ticket_filed ON ticket(filed_us);"
	"CREATE TABLE ticket_note("
	" seq INTEGER PRIMARY KEY, ticket TEXT NOT NULL,"
	" at_us INTEGER NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL,"
	" text TEXT NOT NULL) STRICT;"
	"CREATE INDEX ticket_note_ticket ON ticket_note(ticket, seq);"
	"CREATE TABLE ticket_entry("
	" contact TEXT NOT NULL, entry TEXT NOT NULL,"
	" version INTEGER NOT NULL, title TEXT NOT NULL,"
	" agent TEXT NOT NULL, at_us INTEGER NOT NULL,"
	" PRIMARY KEY(contact, entry)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE own_draft("
	" contact TEXT PRIMARY KEY, ticket TEXT NOT NULL UNIQUE,"
	" agent TEXT NOT NULL, created_us INTEGER NOT NULL,"
	" saved_us INTEGER NOT NULL, fields TEXT NOT NULL,"
	" rev INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE own_counter(name TEXT PRIMARY KEY, n INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	/* `due` orders a list of what is to be done, soonest first */
	"CREATE VIEW ticket_all AS SELECT id, contact, number, name, queue,"
	" agent, created_us, filed_us, filed_us AS saved_us, state,"
	" promise_us, coalesce(promise_us, 1<<62) AS due, fields, rev"
	" FROM ticket UNION ALL SELECT d.ticket, d.contact,"
	" coalesce(c.number,''), coalesce(c.name,''), coalesce(c.queue,''),"
	" d.agent, d.created_us, 0, d.saved_us, 'draft',"
	" nullif(d.fields->>'$.promise_us', 0), d.created_us, d.fields, d.rev"
	" FROM own_draft d LEFT JOIN contact c ON c.id=d.contact;"
	"CREATE TABLE citizen("
	" number TEXT PRIMARY KEY, fields TEXT NOT NULL,"
	" changed_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE unmasked("
	" seq INTEGER PRIMARY KEY, actor TEXT NOT NULL,"
	" at_us INTEGER NOT NULL) STRICT;"
	"CREATE INDEX unmasked_actor ON unmasked(actor, at_us);";

static const char *str(const struct fact *f, const char *key)
{
	return json_str(f->body, key);
}

/* ---- projections ---- */

static int note_add(struct db *db, const struct fact *f, const char *ticket,
		    const char *what, const char *text)
{
	return db_run(
		db,
		"INSERT INTO ticket_note(seq, ticket, at_us, actor, what,"
		" text) SELECT ?,?,?,?,?,?",
		"isisss", f->seq, ticket, f->at_us, f->actor, what, text);
}

/* Tickets that this one settles as well. One note each; they need numbers of
 * their own, so they count down from the fact's. */
static int settle_links(struct db *db, const struct fact *f)
{
	json_t *link;
	size_t i;

	json_array_foreach (json_object_get(f->body, "link"), i, link) {
		const char *id = json_string_value(link);
		if (!id || !strcmp(id, f->subject))
			continue;
		int err = db_run(db,
				 "UPDATE ticket SET state='done', rev=rev+1"
				 " WHERE id=?",
				 "s", id);
		if (!err)
			err = db_run(db,
				     "INSERT INTO ticket_note(seq, ticket,"
				     " at_us, actor, what, text)"
				     " VALUES(?,?,?,?,'settled',?)",
				     "isiss", -(f->seq * 64 + (int64_t)i), id,
				     f->at_us, f->actor, f->subject);
		if (err)
			return err;
	}
	return 0;
}

static int on_filed(struct db *db, const struct fact *f)
{
	scoped_str char *fields =
		json_dumps(json_object_get(f->body, "fields"),
			   JSON_COMPACT | JSON_SORT_KEYS);
	if (!fields)
		return EBADMSG;
	int64_t promise_us = json_int(f->body, "promise_us");
	int err = db_run(
		db,
		"INSERT INTO ticket(id, contact, number, name, queue, agent,"
		" created_us, filed_us, state, promise_us, fields, rev)"
		" VALUES(?,?,?,?,?,?,?,?,?,nullif(?,0),?,max(?,1))"
		" ON CONFLICT(id) DO UPDATE SET state=excluded.state,"
		" promise_us=excluded.promise_us, fields=excluded.fields,"
		" agent=coalesce(nullif(?,''), agent),"
		" rev=max(rev+1, excluded.rev)",
		"ssssssiisisis", f->subject, f->contact, str(f, "number"),
		str(f, "name"), str(f, "queue"), f->actor,
		json_int(f->body, "created_us"), f->at_us, str(f, "state"),
		promise_us, fields, json_int(f->body, "rev"), str(f, "agent"));
	if (!err)
		err = note_add(db, f, f->subject, f->kind + 7,
			       str(f, "disposition"));
	if (!err)
		err = settle_links(db, f);
	return err;
}

static int on_noted(struct db *db, const struct fact *f)
{
	int err = note_add(db, f, f->subject, "note", str(f, "text"));
	if (err)
		return err;
	return db_run(db,
		      "UPDATE ticket SET state=coalesce(nullif(?,''), state),"
		      " promise_us=coalesce(nullif(?,0), promise_us),"
		      " rev=rev+1 WHERE id=?",
		      "sis", str(f, "state"), json_int(f->body, "promise_us"),
		      f->subject);
}

static int on_citizen(struct db *db, const struct fact *f)
{
	if (!strcmp(f->kind, "citizen.unmasked"))
		return db_run(db,
			      "INSERT INTO unmasked(seq, actor, at_us)"
			      " VALUES(?,?,?)",
			      "isi", f->seq, f->actor, f->at_us);
	if (strcmp(f->kind, "citizen.updated") != 0)
		return 0;
	scoped_str char *fields =
		json_dumps(json_object_get(f->body, "fields"),
			   JSON_COMPACT | JSON_SORT_KEYS);
	if (!fields)
		return EBADMSG;
	return db_run(db,
		      "INSERT INTO citizen(number, fields, changed_us)"
		      " VALUES(?,?,?) ON CONFLICT DO UPDATE SET"
		      " fields=excluded.fields,"
		      " changed_us=excluded.changed_us",
		      "ssi", f->subject, fields, f->at_us);
}

static int on_fact(struct db *db, const struct fact *f, void *arg)
{
	if (!strcmp(f->kind, "ticket.filed") ||
	    !strcmp(f->kind, "ticket.corrected"))
		return on_filed(db, f);
	if (!strcmp(f->kind, "ticket.noted"))
		return on_noted(db, f);
	return 0;
}

static int on_citizen_fact(struct db *db, const struct fact *f, void *arg)
{
	return on_citizen(db, f);
}

void store_ticket_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "ticket.", .projecth = on_fact},
		{.prefix = "citizen.", .projecth = on_citizen_fact},
	};
	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
		fact_log_sink(log, &sinks[i]);
}

/* ---- entries ---- */

int store_ticket_entry_put(struct db *db, const char *contact,
			   const char *entry, int64_t version,
			   const char *title, const char *agent, int64_t at_us)
{
	return db_run(db,
		      "INSERT INTO ticket_entry(contact, entry, version,"
		      " title, agent, at_us) VALUES(?,?,?,?,?,?)"
		      " ON CONFLICT DO UPDATE SET version=excluded.version,"
		      " title=excluded.title",
		      "ssissi", contact, entry, version, title, agent, at_us);
}

int store_ticket_entry_drop(struct db *db, const char *contact,
			    const char *entry)
{
	return db_run(db,
		      "DELETE FROM ticket_entry WHERE contact=? AND entry=?",
		      "ss", contact, entry);
}

json_t *store_ticket_entries(struct db *db, const char *contact)
{
	scoped_stmt struct db_stmt *s = NULL;
	json_t *list = json_array();
	int err = db_query(&s, db,
			   "SELECT entry, version, title FROM ticket_entry"
			   " WHERE contact=? ORDER BY at_us, entry",
			   "s", contact);
	while (!err && !(err = db_step(s)))
		json_array_append_new(list, json_pack("{s:s,s:I,s:s}", "entry",
						      db_str(s, 0), "version",
						      (json_int_t)db_int(s, 1),
						      "title", db_str(s, 2)));
	return list;
}

/* ---- contacts ---- */

int store_ticket_contact(struct db *db, const char *contact,
			 struct store_contact *out)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT number, name, queue, agent FROM contact"
			       " WHERE id=?",
			       "s", contact);
	if (err)
		return err;
	str_ncpy(out->number, db_str(s, 0), sizeof(out->number));
	str_ncpy(out->name, db_str(s, 1), sizeof(out->name));
	str_ncpy(out->queue, db_str(s, 2), sizeof(out->queue));
	str_ncpy(out->agent, db_str(s, 3), sizeof(out->agent));
	return 0;
}

bool store_ticket_may(struct db *db, const char *contact, const char *agent)
{
	int64_t n = 0;
	int err = db_get_int(db, &n, 0,
			     "SELECT 1 FROM contact WHERE id=?1 AND agent=?2"
			     " UNION ALL SELECT 1 FROM offer WHERE contact=?1"
			     " AND agent=?2 LIMIT 1",
			     "ss", contact, agent);
	return !err && n;
}

bool store_ticket_in_hand(struct db *db, const char *contact,
			  const char *agent)
{
	int64_t n = 0;
	int err = db_get_int(db, &n, 0,
			     "SELECT 1 FROM agent_now WHERE agent=?2"
			     " AND contact=?1 AND state!='offered'",
			     "ss", contact, agent);
	return !err && n;
}

/* ---- tickets on the wire ---- */

#define TICKET_COLUMNS                                                \
	"SELECT id, contact, number, name, queue, agent, created_us," \
	" filed_us, saved_us, state, promise_us, fields, rev, due"    \
	" FROM ticket_all "

static json_t *ticket_json(struct db *db, struct db_stmt *s)
{
	char number[PHONE_NO_SIZE], name[64], path[256];

	json_t *t = json_loads(db_str(s, 11), 0, NULL);
	if (!t)
		t = json_object();
	phone_no_mask(number, db_str(s, 2));
	store_call_mask_name(name, sizeof(name), db_str(s, 3));
	store_disposition_path(db, json_str(t, "disposition"), path,
			       sizeof(path));
	scoped_json json_t *own = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:s,s:I,s:I,s:s,s:o}",
		"id", db_str(s, 0), "contact", db_str(s, 1), "number", number,
		"name", name, "queue", db_str(s, 4), "agent", db_str(s, 5),
		"created_us", (json_int_t)db_int(s, 6), "filed_us",
		(json_int_t)db_int(s, 7), "saved_us", (json_int_t)db_int(s, 8),
		"state", db_str(s, 9), "promise_us", (json_int_t)db_int(s, 10),
		"rev", (json_int_t)db_int(s, 12), "disposition_name", path,
		"entries", store_ticket_entries(db, db_str(s, 1)));
	if (own)
		json_object_update(t, own);
	return t;
}

static json_t *history_of(struct db *db, const char *ticket)
{
	scoped_stmt struct db_stmt *s = NULL;
	json_t *list = json_array();
	int err = db_query(&s, db,
			   "SELECT at_us, actor, what, text FROM ticket_note"
			   " WHERE ticket=? ORDER BY at_us, seq",
			   "s", ticket);
	while (!err && !(err = db_step(s)))
		json_array_append_new(
			list, json_pack("{s:I,s:s,s:s,s:s}", "at_us",
					(json_int_t)db_int(s, 0), "actor",
					db_str(s, 1), "what", db_str(s, 2),
					"text", db_str(s, 3)));
	return list;
}

json_t *store_ticket_get(struct db *db, const char *ticket,
			 const char *contact, bool history)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db,
		TICKET_COLUMNS "WHERE id=?1 OR (?1='' AND contact=?2)"
			       " ORDER BY saved_us DESC LIMIT 1",
		"ss", ticket ? ticket : "", contact ? contact : "");
	if (err)
		return NULL;
	json_t *t = ticket_json(db, s);
	if (history)
		json_object_set_new(t, "history",
				    history_of(db, db_str(s, 0)));
	return t;
}

int store_ticket_raw(struct db *db, const char *ticket,
		     struct store_contact *out)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err =
		db_query_row(&s, db, TICKET_COLUMNS "WHERE id=?", "s", ticket);
	if (err)
		return err;
	str_ncpy(out->number, db_str(s, 2), sizeof(out->number));
	str_ncpy(out->name, db_str(s, 3), sizeof(out->name));
	str_ncpy(out->queue, db_str(s, 4), sizeof(out->queue));
	str_ncpy(out->agent, db_str(s, 5), sizeof(out->agent));
	return 0;
}

int store_ticket_state(struct db *db, const char *ticket, char agent[32],
		       char state[12])
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT agent, state FROM ticket WHERE id=?",
			       "s", ticket);
	if (err)
		return err;
	str_ncpy(agent, db_str(s, 0), 32);
	str_ncpy(state, db_str(s, 1), 12);
	return 0;
}

bool store_ticket_exists(struct db *db, const char *ticket)
{
	char agent[32], state[12];
	return !store_ticket_state(db, ticket, agent, state);
}

bool store_ticket_disposition_ok(struct db *db, const char *code)
{
	int64_t n = 0;
	int err = db_get_int(db, &n, 0,
			     "SELECT 1 FROM disposition d WHERE code=?"
			     " AND active AND NOT EXISTS (SELECT 1 FROM"
			     " disposition c WHERE c.parent=d.code"
			     " AND c.active)",
			     "s", code);
	return !err && n;
}

/* ---- drafts ---- */

static int number_new(struct db *db, char ticket[TICKET_ID])
{
	char day[CAL_TEXT_SIZE], prefix[12];
	int64_t n = 0;

	/* T-1124-067; a day's numbers go on where last year's ended */
	cal_day(day, cal_now_us());
	snprintf(prefix, sizeof(prefix), "T-%.2s%.2s", day + 5, day + 8);
	int err = db_get_int(db, &n, 0,
			     "INSERT INTO own_counter(name, n) VALUES(?, 1)"
			     " ON CONFLICT DO UPDATE SET n=n+1 RETURNING n",
			     "s", prefix);
	if (!err)
		snprintf(ticket, TICKET_ID, "%s-%03lld", prefix, (long long)n);
	return err;
}

int store_ticket_number(struct db *db, const char *contact,
			char ticket[TICKET_ID])
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT ticket FROM own_draft WHERE contact=?1"
			       " UNION ALL SELECT id FROM ticket"
			       " WHERE contact=?1 LIMIT 1",
			       "s", contact);
	if (err == ENOENT)
		return number_new(db, ticket);
	if (!err)
		str_ncpy(ticket, db_str(s, 0), TICKET_ID);
	return err;
}

int store_ticket_draft(struct db *db, const char *contact, const char *agent,
		       const json_t *fields, char ticket[TICKET_ID])
{
	scoped_str char *text = json_dumps(fields, JSON_COMPACT);
	int err = text ? store_ticket_number(db, contact, ticket) : ENOMEM;
	if (err)
		return err;
	int64_t now = cal_now_us();
	return db_run(db,
		      "INSERT INTO own_draft(contact, ticket, agent,"
		      " created_us, saved_us, fields, rev)"
		      " VALUES(?,?,?,?,?,?,1) ON CONFLICT(contact) DO UPDATE"
		      " SET agent=excluded.agent, saved_us=excluded.saved_us,"
		      " fields=excluded.fields, rev=rev+1",
		      "sssiis", contact, ticket, agent, now, now, text);
}

int store_ticket_draft_drop(struct db *db, const char *contact)
{
	return db_run(db, "DELETE FROM own_draft WHERE contact=?", "s",
		      contact);
}

/* ---- lists ---- */

#define LIST_DEFAULT 200
#define LIST_MAX     1000

/* The cursor is "sort,id" of the last row that went out. */
static const char list_todo_sql[] = TICKET_COLUMNS
	"WHERE state IN (CASE ?1 WHEN '' THEN 'open' ELSE ?1 END,"
	" CASE ?1 WHEN '' THEN 'draft' ELSE ?1 END)"
	" AND (?2='' OR agent=?2) AND (?3='' OR number=?3)"
	" AND (due, id) > (?4, ?5) ORDER BY due, id LIMIT ?6";
static const char list_past_sql[] = TICKET_COLUMNS
	"WHERE (?1='all' OR state=?1)"
	" AND (?2='' OR agent=?2) AND (?3='' OR number=?3)"
	" AND (-saved_us, id) > (?4, ?5) ORDER BY -saved_us, id LIMIT ?6";

static int bad_state(struct rpc_call *call, const char *state)
{
	return rpc_fail(call, EINVAL,
			N_("A ticket is draft, open or done; \"all\" lists "
			   "every one"),
			"%s", state);
}

static int list_rows(struct rpc_call *call, struct db *db, struct db_stmt *s,
		     bool past, int64_t limit)
{
	char cursor[64] = "";
	int64_t n = 0;
	int err = 0;

	while (!err && !(err = db_step(s))) {
		if (n == limit || !rpc_page_add(call, ticket_json(db, s))) {
			rpc_page_next(call, cursor);
			break;
		}
		snprintf(cursor, sizeof(cursor), "%lld,%s",
			 (long long)(past ? -db_int(s, 8) : db_int(s, 13)),
			 db_str(s, 0));
		n++;
	}
	if (!call->result)
		call->result = json_pack("{s:[]}", "items");
	return err == ENOENT ? 0 : err;
}

int store_ticket_list(struct rpc_call *call, struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	char number[PHONE_NO_SIZE] = "";
	struct json_in in;

	json_in_init(&in, call->params);
	bool mine = json_in_bool_or(&in, "mine", false);
	const char *state = json_in_str_or(&in, "state", 8, "");
	const char *wanted = json_in_str_or(&in, "number", 40, "");
	const char *cursor = json_in_str_or(&in, "cursor", 63, "");
	int64_t limit =
		json_in_int_or(&in, "limit", 1, LIST_MAX, LIST_DEFAULT);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	bool past = !strcmp(state, "done") || !strcmp(state, "all");
	if (!past && *state && strcmp(state, "open") != 0 &&
	    strcmp(state, "draft") != 0)
		return bad_state(call, state);
	if (*wanted) {
		phone_no_normal(number, wanted);
		if (!number[0])
			return rpc_fail(call, EINVAL,
					N_("This is no telephone number"),
					"%s", wanted);
	}
	char *end = NULL;
	int64_t from = *cursor ? strtoll(cursor, &end, 10) : INT64_MIN;
	if (*cursor && (end == cursor || *end != ','))
		return rpc_fail(call, EINVAL, N_("The cursor is not ours"),
				NULL);

	int err = db_query(&s, db, past ? list_past_sql : list_todo_sql,
			   "sssisi", state, mine ? call->actor : "", number,
			   from, *cursor ? end + 1 : "", limit + 1);
	return err ? err : list_rows(call, db, s, past, limit);
}

/* ---- verify ---- */

int store_ticket_check(struct db *db, int64_t *countp,
		       store_ticket_finding_h *h, void *arg)
{
	static const struct {
		const char *rule;
		const char *sql;
	} checks[] = {
		{N_("A filed ticket belongs to a contact"),
		 "SELECT id FROM ticket t WHERE NOT EXISTS"
		 " (SELECT 1 FROM contact c WHERE c.id=t.contact)"},
		{N_("A filed ticket has disposition, outcome and summary"),
		 "SELECT id FROM ticket WHERE"
		 " coalesce(fields->>'$.disposition','')='' OR"
		 " coalesce(fields->>'$.outcome','')='' OR"
		 " coalesce(fields->>'$.summary','')=''"},
		{N_("An open ticket has a promise"),
		 "SELECT id FROM ticket WHERE state='open'"
		 " AND promise_us IS NULL"},
		{N_("A contact has one ticket at the most"),
		 "SELECT contact FROM ticket GROUP BY contact"
		 " HAVING count(*)>1"},
		{N_("A filed ticket is no draft any more"),
		 "SELECT d.ticket FROM own_draft d JOIN ticket t"
		 " ON t.id=d.ticket WHERE d.saved_us<=t.filed_us"},
		{N_("The contact knows its ticket"),
		 "SELECT t.id FROM ticket t JOIN contact c ON c.id=t.contact"
		 " WHERE c.ticket!=t.id"},
	};
	int err = db_get_int(db, countp, 0, "SELECT count(*) FROM ticket", "");

	for (size_t i = 0; i < ARRAY_SIZE(checks) && !err; i++) {
		scoped_stmt struct db_stmt *s = NULL;
		err = db_query(&s, db, checks[i].sql, "");
		if (!err)
			err = h(checks[i].rule, NULL, arg);
		while (!err && !(err = db_step(s)))
			err = h(checks[i].rule, db_str(s, 0), arg);
		if (err == ENOENT)
			err = 0;
	}
	return err;
}
