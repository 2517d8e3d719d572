/* SPDX-License-Identifier: Apache-2.0 */
/* Citizens' cards: what facts say of a number, put together with its contacts
 * and open tickets. Everything leaves masked, except the card itself, which
 * is asked for by citizen.unmask. */
#include "server/core/store_ticket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store_call.h"
#include "server/core/store_people.h"

#define DAY_US	     (86400LL * 1000000)
#define OPEN_MAX     10
#define HISTORY_PAGE 50

json_t *store_citizen_card(struct db *db, const char *number)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT fields FROM citizen WHERE number=?",
			       "s", number);
	json_t *card = err ? NULL : json_loads(db_str(s, 0), 0, NULL);
	return card ? card : json_object();
}

/* The name that came with a call, where nobody wrote one down. */
static void name_of(struct db *db, const char *number, const json_t *card,
		    char *out, size_t size)
{
	scoped_stmt struct db_stmt *s = NULL;

	str_ncpy(out, json_str(card, "name"), size);
	if (out[0])
		return;
	int err =
		db_query_row(&s, db,
			     "SELECT name FROM contact WHERE number=?"
			     " AND name!='' ORDER BY arrived_us DESC LIMIT 1",
			     "s", number);
	if (!err)
		str_ncpy(out, db_str(s, 0), size);
}

static json_t *open_of(struct db *db, const char *number)
{
	scoped_stmt struct db_stmt *s = NULL;
	json_t *list = json_array();
	int err = db_query(&s, db,
			   "SELECT id FROM ticket WHERE number=?"
			   " AND state='open' ORDER BY promise_us LIMIT ?",
			   "si", number, (int64_t)OPEN_MAX);
	while (!err && !(err = db_step(s))) {
		json_t *t = store_ticket_get(db, db_str(s, 0), NULL, false);
		if (t)
			json_array_append_new(list, t);
	}
	return list;
}

static json_t *last_of(struct db *db, const char *number)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT filed_us, agent, fields->>'$.summary'"
			       " FROM ticket WHERE number=?"
			       " ORDER BY filed_us DESC LIMIT 1",
			       "s", number);
	if (err)
		return json_null();
	return json_pack("{s:I,s:s,s:s}", "at_us", (json_int_t)db_int(s, 0),
			 "agent", db_str(s, 1), "summary", db_str(s, 2));
}

json_t *store_citizen(struct db *db, const char *number, int64_t recent_days)
{
	char name[64], masked_name[64], masked[PHONE_NO_SIZE];
	int64_t contacts = 0;

	scoped_json json_t *card = store_citizen_card(db, number);
	name_of(db, number, card, name, sizeof(name));
	store_call_mask_name(masked_name, sizeof(masked_name), name);
	phone_no_mask(masked, number);
	/* no number, no history: nobody is like another anonymous caller */
	if (number[0])
		db_get_int(db, &contacts, 0,
			   "SELECT count(*) FROM contact WHERE number=?"
			   " AND arrived_us>=?",
			   "si", number, cal_now_us() - recent_days * DAY_US);
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:o,s:o}", "id", masked,
		"name", masked_name, "number", masked, "title",
		json_str(card, "title"), "note", json_str(card, "note"),
		"prefs", json_str(card, "prefs"), "unhappy_us",
		(json_int_t)json_int(card, "unhappy_us"), "contacts_recent",
		(json_int_t)contacts, "recent_days", (json_int_t)recent_days,
		"open", number[0] ? open_of(db, number) : json_array(), "last",
		number[0] ? last_of(db, number) : json_null());
}

static json_t *history_row(struct db *db, struct db_stmt *s)
{
	char path[256];

	store_disposition_path(db, db_str(s, 4), path, sizeof(path));
	return json_pack("{s:s,s:I,s:s,s:s,s:s,s:s,s:n}", "contact",
			 db_str(s, 0), "at_us", (json_int_t)db_int(s, 1),
			 "direction", db_str(s, 2), "agent", db_str(s, 3),
			 "disposition_name", path, "result", db_str(s, 5),
			 "rating");
}

int store_citizen_history(struct rpc_call *call, struct db *db,
			  const char *number)
{
	scoped_stmt struct db_stmt *s = NULL;
	char cursor[64] = "";
	struct json_in in;
	int n = 0;

	json_in_init(&in, call->params);
	const char *after = json_in_str_or(&in, "cursor", 24, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int64_t before = *after ? strtoll(after, NULL, 10) : INT64_MAX;
	call->result = json_pack("{s:[]}", "items");
	if (!number[0])
		return 0;
	int err = db_query(&s, db,
			   "SELECT id, arrived_us, direction, agent,"
			   " disposition, result FROM contact WHERE number=?"
			   " AND arrived_us<? ORDER BY arrived_us DESC"
			   " LIMIT ?",
			   "sii", number, before, (int64_t)HISTORY_PAGE + 1);
	while (!err && !(err = db_step(s))) {
		if (n++ == HISTORY_PAGE ||
		    !rpc_page_add(call, history_row(db, s))) {
			rpc_page_next(call, cursor);
			break;
		}
		snprintf(cursor, sizeof(cursor), "%lld",
			 (long long)db_int(s, 1));
	}
	return err == ENOENT ? 0 : err;
}

int store_citizen_unmasked(struct db *db, const char *actor, int64_t from_us,
			   int64_t *np)
{
	return db_get_int(db, np, 0,
			  "SELECT count(*) FROM unmasked WHERE actor=?"
			  " AND at_us>=?",
			  "si", actor, from_us);
}
