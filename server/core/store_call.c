/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema and projections of the telephone's tables. Every row derives from
 * facts alone, and a fact applied twice changes nothing. Times of talk and
 * hold are sums of segments: a segment opens at answer, hold or retrieve and
 * is closed by whatever comes next; the duration is the monotonic one of the
 * fact where it has one.
 */
#include "server/core/store_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "server/core/store.h"

const char store_call_schema[] =
	"CREATE TABLE contact("
	" id TEXT PRIMARY KEY, channel TEXT NOT NULL, direction TEXT NOT NULL,"
	" number TEXT NOT NULL, name TEXT NOT NULL, queue TEXT NOT NULL,"
	" trunk TEXT NOT NULL, called TEXT NOT NULL, leg TEXT NOT NULL,"
	" agent TEXT NOT NULL DEFAULT '', arrived_us INTEGER NOT NULL,"
	" queued_us INTEGER, answered_us INTEGER, ended_us INTEGER,"
	" wait_ms INTEGER, talk_ms INTEGER NOT NULL DEFAULT 0,"
	" hold_ms INTEGER NOT NULL DEFAULT 0,"
	" wrapup_ms INTEGER NOT NULL DEFAULT 0,"
	" talk_from_us INTEGER, held_from_us INTEGER,"
	" result TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',"
	" ended_by TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL DEFAULT '',"
	" open INTEGER NOT NULL, fallback INTEGER NOT NULL,"
	" purpose TEXT NOT NULL DEFAULT '', missed INTEGER,"
	" disposition TEXT NOT NULL DEFAULT '',"
	" ticket TEXT NOT NULL DEFAULT '',"
	" recording TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
	"CREATE INDEX contact_arrived ON contact(arrived_us, queue, queued_us,"
	" open, direction, answered_us, wait_ms, result);"
	"CREATE INDEX contact_number ON contact(number, arrived_us);"
	"CREATE INDEX contact_agent ON contact(agent, arrived_us);"
	"CREATE INDEX contact_result ON contact(result, arrived_us);"
	"CREATE INDEX contact_active ON contact(arrived_us)"
	" WHERE ended_us IS NULL;"
	"CREATE TABLE contact_leg("
	" leg TEXT PRIMARY KEY, contact TEXT NOT NULL, side TEXT NOT NULL,"
	" party TEXT NOT NULL, started_us INTEGER NOT NULL,"
	" answered_us INTEGER, ended_us INTEGER,"
	" cause TEXT NOT NULL DEFAULT '', ended_by TEXT NOT NULL DEFAULT '',"
	" quality TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
	"CREATE INDEX contact_leg_contact ON contact_leg(contact);"
	"CREATE INDEX contact_leg_open ON contact_leg(contact)"
	" WHERE ended_us IS NULL;"
	"CREATE TABLE offer("
	" id TEXT PRIMARY KEY, contact TEXT NOT NULL, agent TEXT NOT NULL,"
	" leg TEXT NOT NULL, made_us INTEGER NOT NULL, ended_us INTEGER,"
	" result TEXT NOT NULL DEFAULT '', ring_ms INTEGER,"
	" why TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
	"CREATE INDEX offer_contact ON offer(contact);"
	"CREATE INDEX offer_agent ON offer(agent, made_us);"
	"CREATE TABLE agent_now("
	" agent TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL,"
	" since_us INTEGER NOT NULL, after TEXT NOT NULL,"
	" device TEXT NOT NULL, contact TEXT NOT NULL, back TEXT NOT NULL,"
	" ready_since_us INTEGER NOT NULL, wrapup_until_us INTEGER NOT NULL,"
	" extensions INTEGER NOT NULL, filed INTEGER NOT NULL,"
	" hand INTEGER NOT NULL, hand_text TEXT NOT NULL,"
	" hand_since_us INTEGER NOT NULL, day_us INTEGER NOT NULL,"
	" calls INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE agent_span("
	" agent TEXT NOT NULL, from_us INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" to_us INTEGER, state TEXT NOT NULL, reason TEXT NOT NULL,"
	" contact TEXT NOT NULL, actor TEXT NOT NULL,"
	" PRIMARY KEY(agent, from_us, seq)) WITHOUT ROWID;"
	"CREATE INDEX agent_span_from ON agent_span(from_us);"
	"CREATE TABLE missed("
	" id INTEGER PRIMARY KEY, number TEXT NOT NULL,"
	" first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,"
	" times INTEGER NOT NULL, queue TEXT NOT NULL,"
	" wait_ms INTEGER NOT NULL, reason TEXT NOT NULL,"
	" state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '',"
	" outcome TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '',"
	" lost INTEGER NOT NULL, contact TEXT NOT NULL, done_us INTEGER);"
	"CREATE UNIQUE INDEX missed_number ON missed(number)"
	" WHERE state != 'done';"
	"CREATE INDEX missed_state ON missed(state, lost DESC, last_us);"
	"CREATE TABLE recording("
	" id TEXT PRIMARY KEY, contact TEXT NOT NULL, leg TEXT NOT NULL,"
	" agent TEXT NOT NULL, queue TEXT NOT NULL, number TEXT NOT NULL,"
	" started_us INTEGER NOT NULL, ms INTEGER NOT NULL DEFAULT 0,"
	" state TEXT NOT NULL, sha256 TEXT NOT NULL DEFAULT '',"
	" path TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '')"
	" WITHOUT ROWID;"
	"CREATE INDEX recording_started ON recording(started_us);"
	"CREATE INDEX recording_contact ON recording(contact);"
	"CREATE INDEX recording_agent ON recording(agent, started_us);"
	"CREATE INDEX recording_number ON recording(number, started_us);";

/* An agent's span that runs is found among all that he ever had, with every
 * change of his state. */
const char store_call_schema_2[] =
	"CREATE INDEX agent_span_open ON agent_span(agent)"
	" WHERE to_us IS NULL;";

static const char *str(const struct fact *f, const char *key)
{
	return json_str(f->body, key);
}

/* ---- contacts ---- */

static int add_leg(struct db *db, const struct fact *f, const char *key,
		   const char *side, const char *party)
{
	if (!*str(f, key))
		return 0;
	return db_run(db,
		      "INSERT OR IGNORE INTO contact_leg(leg, contact, side,"
		      " party, started_us) VALUES(?,?,?,?,?)",
		      "ssssi", str(f, key), f->contact, side, party, f->at_us);
}

static int on_arrived(struct db *db, const struct fact *f)
{
	bool open = json_bool(f->body, "open");
	int err = db_run(
		db,
		"INSERT OR IGNORE INTO contact(id, channel, direction, number,"
		" name, queue, trunk, called, leg, arrived_us, result, open,"
		" fallback) VALUES(?,'call','in',?,?,?,?,?,?,?,?,?,?)",
		"sssssssisii", f->contact, str(f, "number"), str(f, "name"),
		str(f, "queue"), str(f, "trunk"), str(f, "to"), str(f, "leg"),
		f->at_us, open ? "active" : "closed", (int64_t)open,
		(int64_t)json_bool(f->body, "fallback"));

	return err ? err : add_leg(db, f, "leg", "citizen", str(f, "number"));
}

static int on_dialled(struct db *db, const struct fact *f)
{
	int64_t missed = json_int(f->body, "missed");
	int err = db_run(
		db,
		"INSERT OR IGNORE INTO contact(id, channel, direction, number,"
		" name, queue, trunk, called, leg, agent, arrived_us, result,"
		" open, fallback, purpose, missed)"
		" VALUES(?,'call','out',?,'',?,?,?,?,?,?,'dialled',1,0,?,"
		"nullif(?,0))",
		"sssssssisi", f->contact, str(f, "number"), str(f, "queue"),
		str(f, "trunk"), str(f, "number"), str(f, "leg"), f->agent,
		f->at_us, str(f, "purpose"), missed);

	if (!err && missed)
		err = db_run(db,
			     "UPDATE missed SET state='claimed', owner=?"
			     " WHERE id=? AND state!='done'",
			     "si", f->agent, missed);
	if (!err)
		err = add_leg(db, f, "leg", "citizen", str(f, "number"));
	return err ? err : add_leg(db, f, "agent_leg", "agent", f->agent);
}

static int on_queued(struct db *db, const struct fact *f)
{
	return db_run(db,
		      "UPDATE contact SET queued_us=coalesce(queued_us,?),"
		      " queue=?, result=CASE result WHEN 'active' THEN"
		      " 'waiting' ELSE result END"
		      " WHERE id=? AND ended_us IS NULL",
		      "iss", f->at_us, str(f, "queue"), f->contact);
}

/* Ends the segment that runs, if any, at the time of the fact. */
static int close_segment(struct db *db, const struct fact *f)
{
	int64_t dur =
		strcmp(f->kind, "contact.answered") != 0 ? f->dur_ms : -1;

	return db_run(db,
		      "UPDATE contact SET"
		      " talk_ms = talk_ms + CASE WHEN talk_from_us IS NULL"
		      "  THEN 0 WHEN ?2 >= 0 THEN ?2"
		      "  ELSE max(0, (?1 - talk_from_us) / 1000) END,"
		      " hold_ms = hold_ms + CASE WHEN held_from_us IS NULL"
		      "  THEN 0 WHEN ?2 >= 0 THEN ?2"
		      "  ELSE max(0, (?1 - held_from_us) / 1000) END,"
		      " talk_from_us = NULL, held_from_us = NULL"
		      " WHERE id = ?3",
		      "iis", f->at_us, dur, f->contact);
}

static int open_segment(struct db *db, const struct fact *f, bool held)
{
	return held ? db_run(db,
			     "UPDATE contact SET held_from_us=?"
			     " WHERE id=? AND ended_us IS NULL",
			     "is", f->at_us, f->contact)
		    : db_run(db,
			     "UPDATE contact SET talk_from_us=?"
			     " WHERE id=? AND ended_us IS NULL",
			     "is", f->at_us, f->contact);
}

/* The citizen was reached, so nothing is owed any more. */
static int settle_missed(struct db *db, const struct fact *f)
{
	return db_run(db,
		      "UPDATE missed SET state='done', done_us=?, outcome="
		      "CASE (SELECT direction FROM contact WHERE id=?)"
		      " WHEN 'in' THEN 'called_again' ELSE 'reached' END"
		      " WHERE state!='done' AND number="
		      "(SELECT number FROM contact WHERE id=?)",
		      "iss", f->at_us, f->contact, f->contact);
}

static int on_answered(struct db *db, const struct fact *f)
{
	int64_t ring_ms = json_object_get(f->body, "ring_ms")
				  ? json_int(f->body, "ring_ms")
				  : -1;
	int err = close_segment(db, f);

	if (!err)
		err = db_run(db,
			     "UPDATE contact SET"
			     " answered_us=coalesce(answered_us,?), agent=?,"
			     " wait_ms=coalesce(wait_ms,?), result=CASE"
			     " direction WHEN 'in' THEN 'active' ELSE result"
			     " END WHERE id=? AND ended_us IS NULL",
			     "isis", f->at_us, f->agent,
			     json_int(f->body, "wait_ms"), f->contact);
	if (!err)
		err = open_segment(db, f, false);
	if (!err)
		err = db_run(db,
			     "UPDATE contact_leg SET answered_us="
			     "coalesce(answered_us,?) WHERE leg=?",
			     "is", f->at_us, str(f, "leg"));
	if (!err && *str(f, "offer"))
		err = db_run(db,
			     "UPDATE offer SET result='answered',"
			     " ended_us=?1, ring_ms=CASE WHEN ?2 >= 0 THEN ?2"
			     " ELSE max(0, (?1 - made_us) / 1000) END"
			     " WHERE id=?3 AND ended_us IS NULL",
			     "iis", f->at_us, ring_ms, str(f, "offer"));
	return err ? err : settle_missed(db, f);
}

static int on_requeued(struct db *db, const struct fact *f)
{
	int err = close_segment(db, f);

	if (!err && *str(f, "queue"))
		err = db_run(db, "UPDATE contact SET queue=? WHERE id=?", "ss",
			     str(f, "queue"), f->contact);
	return err;
}

/* Callers who were not served, one line a number until it is done. */
static int add_missed(struct db *db, const struct fact *f, bool lost)
{
	return db_run(
		db,
		"INSERT INTO missed(number, first_us, last_us, times, queue,"
		" wait_ms, reason, state, lost, contact)"
		" SELECT number, arrived_us, arrived_us, 1, queue,"
		"  coalesce(wait_ms, 0), reason, 'open', ?1, id FROM contact"
		"  WHERE id=?2 AND direction='in' AND number!=''"
		" ON CONFLICT(number) WHERE state!='done' DO UPDATE SET"
		"  last_us=max(last_us, excluded.last_us), times=times+1,"
		"  queue=excluded.queue, wait_ms=excluded.wait_ms,"
		"  reason=excluded.reason, contact=excluded.contact,"
		"  lost=max(lost, excluded.lost)",
		"is", (int64_t)lost, f->contact);
}

static int on_ended(struct db *db, const struct fact *f)
{
	const char *result = str(f, "result");
	int err = close_segment(db, f);

	if (err)
		return err;
	err = db_run(db,
		     "UPDATE contact SET ended_us=?1, result=?2, reason=?3,"
		     " ended_by=?4, cause=?5, wait_ms=CASE WHEN wait_ms IS"
		     " NULL AND queued_us NOT NULL THEN CASE WHEN ?7 >= 0"
		     " THEN ?7 ELSE max(0, (?1 - queued_us) / 1000) END"
		     " ELSE wait_ms END WHERE id=?6 AND ended_us IS NULL",
		     "isssssi", f->at_us, result, str(f, "reason"),
		     str(f, "by"), str(f, "cause"), f->contact, f->dur_ms);
	if (err || !db_changes(db))
		return err;
	if (!strcmp(result, "abandoned") || !strcmp(result, "overflow"))
		return add_missed(db, f, false);
	return strcmp(result, "lost") != 0 ? 0 : add_missed(db, f, true);
}

static int project_contact(struct db *db, const struct fact *f)
{
	static const struct {
		const char *what;
		int (*h)(struct db *db, const struct fact *f);
	} table[] = {
		{"arrived", on_arrived},   {"dialled", on_dialled},
		{"queued", on_queued},	   {"answered", on_answered},
		{"requeued", on_requeued}, {"transferred", on_requeued},
		{"ended", on_ended},
	};
	const char *what = f->kind + strlen("contact.");

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].what, what))
			return table[i].h(db, f);
	bool held = !strcmp(what, "held");
	if (!held && strcmp(what, "retrieved") != 0)
		return 0;
	int err = close_segment(db, f);
	return err ? err : open_segment(db, f, held);
}

/* ---- offers, legs, recordings ---- */

static int project_offer(struct db *db, const struct fact *f)
{
	if (!strcmp(f->kind, "offer.ended"))
		return db_run(db,
			      "UPDATE offer SET ended_us=?1, result=?2,"
			      " ring_ms=CASE WHEN ?3 >= 0 THEN ?3"
			      " ELSE max(0, (?1 - made_us) / 1000) END"
			      " WHERE id=?4 AND ended_us IS NULL",
			      "isis", f->at_us, str(f, "result"), f->dur_ms,
			      str(f, "offer"));
	if (strcmp(f->kind, "offer.made") != 0)
		return 0;
	int err = db_run(db,
			 "INSERT OR IGNORE INTO offer(id, contact, agent, leg,"
			 " made_us, why) VALUES(?,?,?,?,?,?)",
			 "ssssis", str(f, "offer"), f->contact, f->agent,
			 str(f, "leg"), f->at_us, str(f, "why"));
	return err ? err : add_leg(db, f, "leg", "agent", f->agent);
}

static int project_leg(struct db *db, const struct fact *f)
{
	if (strcmp(f->kind, "leg.ended") != 0)
		return 0;
	/* in the order in which the log keeps it */
	char *quality = json_dumps(json_object_get(f->body, "quality"),
				   JSON_COMPACT | JSON_SORT_KEYS);
	int err = db_run(db,
			 "UPDATE contact_leg SET ended_us=?, cause=?,"
			 " ended_by=?, quality=? WHERE leg=?"
			 " AND ended_us IS NULL",
			 "issss", f->at_us, str(f, "cause"), str(f, "by"),
			 quality ? quality : "", str(f, "leg"));
	free(quality);
	return err;
}

static int project_recording(struct db *db, const struct fact *f)
{
	const char *id = str(f, "recording");

	if (!strcmp(f->kind, "recording.opened")) {
		int err = db_run(
			db,
			"INSERT OR IGNORE INTO recording(id, contact, leg,"
			" agent, queue, number, started_us, state, path)"
			" SELECT ?1, id, ?2, agent, queue, number, ?3, 'open',"
			" ?4 FROM contact WHERE id=?5",
			"ssiss", id, str(f, "leg"), f->at_us, str(f, "path"),
			f->contact);
		return err ? err
			   : db_run(db,
				    "UPDATE contact SET recording=?"
				    " WHERE id=?",
				    "ss", id, f->contact);
	}
	if (strcmp(f->kind, "recording.closed") != 0)
		return 0;
	return db_run(db,
		      "UPDATE recording SET state=?1, ms=?2, sha256=?3,"
		      " path=CASE ?4 WHEN '' THEN path ELSE ?4 END, error=?5,"
		      " agent=coalesce((SELECT agent FROM contact WHERE"
		      "  contact.id=recording.contact), agent)"
		      " WHERE id=?6 AND state='open'",
		      "sissss", str(f, "state"), json_int(f->body, "ms"),
		      str(f, "sha256"), str(f, "path"), str(f, "error"), id);
}

static int project_missed(struct db *db, const struct fact *f)
{
	int64_t id = json_int(f->body, "missed");

	if (!strcmp(f->kind, "missed.claimed"))
		return db_run(db,
			      "UPDATE missed SET state='claimed', owner=?"
			      " WHERE id=? AND state!='done'",
			      "si", f->agent, id);
	if (!strcmp(f->kind, "missed.closed"))
		return db_run(db,
			      "UPDATE missed SET state='done', done_us=?,"
			      " outcome=?, note=?, owner=? WHERE id=?"
			      " AND state!='done'",
			      "isssi", f->at_us, str(f, "outcome"),
			      str(f, "note"), f->agent, id);
	return 0;
}

/* ---- agents ---- */

static void read_agent(struct db_stmt *s, struct agent_now *a)
{
	snprintf(a->id, sizeof(a->id), "%s", db_str(s, 0));
	(void)agent_state_parse(&a->state, db_str(s, 1));
	snprintf(a->reason, sizeof(a->reason), "%s", db_str(s, 2));
	a->since_us = db_int(s, 3);
	snprintf(a->after, sizeof(a->after), "%s", db_str(s, 4));
	snprintf(a->device, sizeof(a->device), "%s", db_str(s, 5));
	snprintf(a->contact, sizeof(a->contact), "%s", db_str(s, 6));
	snprintf(a->back, sizeof(a->back), "%s", db_str(s, 7));
	a->ready_since_us = db_int(s, 8);
	a->wrapup_until_us = db_int(s, 9);
	a->extensions = (int)db_int(s, 10);
	a->filed = db_int(s, 11) != 0;
	a->hand = db_int(s, 12) != 0;
	snprintf(a->hand_text, sizeof(a->hand_text), "%s", db_str(s, 13));
	a->hand_since_us = db_int(s, 14);
	a->day_us = db_int(s, 15);
	a->calls = (int)db_int(s, 16);
}

#define AGENT_COLUMNS                                                   \
	"agent, state, reason, since_us, after, device, contact, back," \
	" ready_since_us, wrapup_until_us, extensions, filed, hand,"    \
	" hand_text, hand_since_us, day_us, calls"

static int load_agent(struct db *db, const char *id, struct agent_now *a)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT " AGENT_COLUMNS
			       " FROM agent_now WHERE agent=?",
			       "s", id);

	memset(a, 0, sizeof(*a));
	snprintf(a->id, sizeof(a->id), "%s", id);
	if (!err)
		read_agent(s, a);
	return err == ENOENT ? 0 : err;
}

static int save_agent(struct db *db, const struct agent_now *a)
{
	return db_run(db,
		      "INSERT OR REPLACE INTO agent_now(" AGENT_COLUMNS
		      ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		      "sssissssiiiiisiii", a->id, agent_state_name(a->state),
		      a->reason, a->since_us, a->after, a->device, a->contact,
		      a->back, a->ready_since_us, a->wrapup_until_us,
		      (int64_t)a->extensions, (int64_t)a->filed,
		      (int64_t)a->hand, a->hand_text, a->hand_since_us,
		      a->day_us, (int64_t)a->calls);
}

/* A change of state, reason or contact is an interval of its own. */
static int move_span(struct db *db, const struct fact *f,
		     const struct agent_now *was, const struct agent_now *is)
{
	if (was->state == is->state && !strcmp(was->reason, is->reason) &&
	    !strcmp(was->contact, is->contact))
		return 0;
	int err = db_run(db,
			 "UPDATE agent_span INDEXED BY agent_span_open"
			 " SET to_us=? WHERE agent=? AND to_us IS NULL",
			 "is", f->at_us, is->id);
	if (!err && was->state == AGENT_WRAPUP && is->state != AGENT_WRAPUP &&
	    was->contact[0])
		err = db_run(db,
			     "UPDATE contact SET wrapup_ms = wrapup_ms + ?"
			     " WHERE id=?",
			     "is",
			     f->dur_ms >= 0 ? f->dur_ms
			     : f->at_us > was->since_us
				     ? (f->at_us - was->since_us) / 1000
				     : 0,
			     was->contact);
	if (err || is->state == AGENT_OFFLINE)
		return err;
	return db_run(db,
		      "INSERT INTO agent_span(agent, from_us, seq, state,"
		      " reason, contact, actor) VALUES(?,?,?,?,?,?,?)",
		      "siissss", is->id, f->at_us, f->seq,
		      agent_state_name(is->state), is->reason, is->contact,
		      f->actor ? f->actor : "");
}

static int project_agent(struct db *db, const struct fact *f)
{
	const char *whom = agent_fold_whom(f);
	struct agent_now was, is;

	if (!*whom)
		return 0;
	int err = load_agent(db, whom, &was);
	if (err)
		return err;
	is = was;
	if (!agent_fold(&is, f))
		return 0;
	err = move_span(db, f, &was, &is);
	return err ? err : save_agent(db, &is);
}

static int project_ticket(struct db *db, const struct fact *f)
{
	const char *ticket = *str(f, "ticket") ? str(f, "ticket") : f->subject;

	if (!f->contact || !*f->contact)
		return 0;
	return db_run(db,
		      "UPDATE contact SET disposition=?, ticket=? WHERE id=?",
		      "sss", str(f, "disposition"), ticket ? ticket : "",
		      f->contact);
}

static int on_fact(struct db *db, const struct fact *f, void *arg)
{
	int err = 0;

	(void)arg;
	if (!strncmp(f->kind, "contact.", 8))
		err = project_contact(db, f);
	else if (!strncmp(f->kind, "offer.", 6))
		err = project_offer(db, f);
	else if (!strncmp(f->kind, "leg.", 4))
		return project_leg(db, f);
	else if (!strncmp(f->kind, "recording.", 10))
		return project_recording(db, f);
	else if (!strncmp(f->kind, "missed.", 7))
		return project_missed(db, f);
	else if (!strcmp(f->kind, "ticket.filed") ||
		 !strcmp(f->kind, "ticket.corrected"))
		err = project_ticket(db, f);
	return err ? err : project_agent(db, f);
}

void store_call_register(struct fact_log *log)
{
	static const struct fact_sink sinks[] = {
		{.prefix = "contact.", .projecth = on_fact},
		{.prefix = "offer.", .projecth = on_fact},
		{.prefix = "leg.", .projecth = on_fact},
		{.prefix = "agent.", .projecth = on_fact},
		{.prefix = "recording.", .projecth = on_fact},
		{.prefix = "missed.", .projecth = on_fact},
		{.prefix = "ticket.", .projecth = on_fact},
	};

	for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
		fact_log_sink(log, &sinks[i]);
}

/* ---- start ---- */

int store_call_agents(struct db *db, store_agent_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT " AGENT_COLUMNS " FROM agent_now ORDER BY agent", "");

	while (!err && !(err = db_step(s))) {
		struct agent_now a = {.state = AGENT_OFFLINE};
		read_agent(s, &a);
		err = h(&a, arg);
	}
	return err == ENOENT ? 0 : err;
}

int store_call_open_contacts(struct db *db, fact_each_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT id FROM contact WHERE ended_us IS NULL"
			   " UNION SELECT contact FROM contact_leg"
			   " WHERE ended_us IS NULL",
			   "");

	while (!err && !(err = db_step(s))) {
		struct fact_filter filter = {.contact = db_str(s, 0)};
		err = fact_each(db, &filter, h, arg);
	}
	return err == ENOENT ? 0 : err;
}

int store_call_last_id(struct db *db, const char *day, int64_t *np)
{
	return db_get_int(db, np, 0,
			  "SELECT max(CAST(substr(id, length(?1) + 2) AS"
			  " INTEGER)) FROM contact"
			  " WHERE id > ?1 || '-' AND id < ?1 || '.'",
			  "s", day);
}
