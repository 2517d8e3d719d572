/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/citizen.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/phone_no.h"
#include "common/scope.h"
#include "server/core/store_call.h"
#include "server/core/store_ticket.h"
#include "server/desk/valid.h"

#define NAME_BYTES   60
#define TEXT_BYTES   1000
#define REASON_BYTES 200

/* Agents see masked numbers: from the missed list they ask by its line. */
static int of_missed(struct rpc_call *call, struct db *db, int64_t id,
		     char number[PHONE_NO_SIZE])
{
	struct store_missed missed;
	int err = store_call_missed(db, id, &missed);

	if (err == ENOENT)
		return rpc_fail(call, ENOENT,
				N_("There is no such missed call"), "%lld",
				(long long)id);
	if (!err)
		phone_no_normal(number, missed.number);
	return err;
}

/* Normal form of the citizen that the request means. */
static int whose(struct rpc_call *call, struct db *db,
		 char number[PHONE_NO_SIZE])
{
	struct store_contact c;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *text = json_in_str_or(&in, "number", 40, "");
	const char *contact = json_in_str_or(&in, "contact", 31, "");
	int64_t id = json_in_int_or(&in, "missed", 1, INT64_MAX, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!*text && !*contact && !id)
		return rpc_fail(call, EINVAL, N_("Name a contact or a number"),
				NULL);
	if (id)
		return of_missed(call, db, id, number);
	if (*text) {
		phone_no_normal(number, text);
		return number[0] ? 0
				 : rpc_fail(call, EINVAL,
					    N_("This is no telephone number"),
					    "%s", text);
	}
	int err = store_ticket_contact(db, contact, &c);
	if (err == ENOENT)
		return rpc_fail(call, ENOENT, N_("There is no such contact"),
				"%s", contact);
	if (!err)
		phone_no_normal(number, c.number);
	return err;
}

static json_t *card_of(const struct rpc_call *call, struct db *db,
		       const char *number)
{
	const struct citizen_part *part = call->part;

	return store_citizen(db, number, part->recent_days);
}

static int on_get(struct rpc_call *call, struct db *db)
{
	char number[PHONE_NO_SIZE] = "";

	int err = whose(call, db, number);
	if (err)
		return err;
	call->result =
		json_pack("{s:o}", "citizen", card_of(call, db, number));
	return call->result ? 0 : ENOMEM;
}

static int on_history(struct rpc_call *call, struct db *db)
{
	char number[PHONE_NO_SIZE] = "";

	int err = whose(call, db, number);
	return err ? err : store_citizen_history(call, db, number);
}

/* ---- changes ---- */

static int merge(struct rpc_call *call, json_t *card, json_t *typed)
{
	static const struct {
		const char *key;
		size_t max;
	} fields[] = {
		{"name", NAME_BYTES},
		{"title", NAME_BYTES},
		{"note", TEXT_BYTES},
		{"prefs", TEXT_BYTES},
	};
	const char *key;
	json_t *v;

	json_object_foreach (typed, key, v) {
		const char *text = json_string_value(v);
		size_t i = 0;
		while (i < ARRAY_SIZE(fields) && strcmp(fields[i].key, key))
			i++;
		if (i == ARRAY_SIZE(fields))
			return rpc_fail(call, EINVAL,
					N_("A card has no such field"),
					"%.60s", key);
		if (!text || strlen(text) > fields[i].max ||
		    !valid_text(text) || strlen(text) != json_string_length(v))
			return rpc_fail(call, EINVAL,
					N_("A field is no text, or too long"),
					"%s", key);
		json_object_set(card, key, v);
	}
	return 0;
}

static int on_update(struct rpc_call *call, struct db *db)
{
	char number[PHONE_NO_SIZE] = "";
	struct json_in in;

	json_in_init(&in, call->params);
	const char *contact = json_in_str(&in, "contact", 31);
	json_t *typed = json_in_object(&in, "fields", true);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = whose(call, db, number);
	if (err)
		return err;
	if (!(call->roles & ROLE_LEAD) &&
	    !store_ticket_may(db, contact, call->actor))
		return rpc_fail(call, EACCES, N_("This contact is not yours"),
				"%s", contact);
	if (!number[0])
		return rpc_fail(call, EALREADY,
				N_("This caller shows no number, so there is "
				   "no card"),
				NULL);
	scoped_json json_t *card = store_citizen_card(db, number);
	err = merge(call, card, typed);
	if (err)
		return err;
	scoped_json json_t *body = json_pack("{s:O}", "fields", card);
	struct fact fact = {
		.dur_ms = -1,
		.actor = call->actor,
		.kind = "citizen.updated",
		.contact = contact,
		.subject = number,
		.body = body,
	};
	err = fact_append(call->log, db, &fact);
	if (err)
		return err;
	call->result =
		json_pack("{s:o}", "citizen", card_of(call, db, number));
	return call->result ? 0 : ENOMEM;
}

/* ---- behind the mask ---- */

static int subject_of(struct rpc_call *call, struct db *db,
		      struct store_contact *c)
{
	struct store_missed missed;
	struct json_in in;
	int err;

	json_in_init(&in, call->params);
	const char *contact = json_in_str_or(&in, "contact", 31, "");
	const char *ticket = json_in_str_or(&in, "ticket", TICKET_ID - 1, "");
	int64_t id = json_in_int_or(&in, "missed", 1, INT64_MAX, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	memset(c, 0, sizeof(*c));
	if (*contact) {
		err = store_ticket_contact(db, contact, c);
	} else if (*ticket) {
		err = store_ticket_raw(db, ticket, c);
	} else if (id) {
		err = store_call_missed(db, id, &missed);
		if (!err)
			str_ncpy(c->number, missed.number, sizeof(c->number));
	} else {
		return rpc_fail(call, EINVAL,
				N_("Name a contact, a ticket or a missed "
				   "call"),
				NULL);
	}
	if (err == ENOENT)
		return rpc_fail(call, ENOENT, N_("There is no such record"),
				NULL);
	return err;
}

static int value_of(struct db *db, const struct store_contact *c,
		    const char *field, char *out, size_t size)
{
	char number[PHONE_NO_SIZE];

	if (!strcmp(field, "number")) {
		phone_no_dial(number, c->number);
		str_ncpy(out, number, size);
		return 0;
	}
	phone_no_normal(number, c->number);
	scoped_json json_t *card = store_citizen_card(db, number);
	const char *name = json_str(card, "name");
	str_ncpy(out, *name ? name : c->name, size);
	return 0;
}

static int record(struct rpc_call *call, struct db *db, const char *number,
		  const char *field, const char *reason)
{
	char masked[PHONE_NO_SIZE];
	const char *contact = json_str(call->params, "contact");

	phone_no_mask(masked, number);
	scoped_json json_t *body = json_pack(
		"{s:s,s:s,s:s,s:I}", "field", field, "reason", reason,
		"ticket", json_str(call->params, "ticket"), "missed",
		(json_int_t)json_int(call->params, "missed"));
	struct fact fact = {
		.dur_ms = -1,
		.actor = call->actor,
		.kind = "citizen.unmasked",
		.contact = *contact ? contact : NULL,
		.subject = masked,
		.body = body,
	};
	return fact_append(call->log, db, &fact);
}

static int on_unmask(struct rpc_call *call, struct db *db)
{
	struct store_contact c;
	struct json_in in;
	char value[128];
	int64_t count = 0;

	json_in_init(&in, call->params);
	const char *field = json_in_str(&in, "field", 16);
	const char *reason = json_in_str(&in, "reason", REASON_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (strcmp(field, "number") != 0 && strcmp(field, "name") != 0)
		return rpc_fail(call, EINVAL,
				N_("number and name can be shown"), "%s",
				field);
	if (!valid_name(reason, REASON_BYTES))
		return rpc_fail(call, EINVAL, N_("Say why you need to see it"),
				NULL);
	int err = subject_of(call, db, &c);
	if (!err && !c.number[0] && !strcmp(field, "number"))
		return rpc_fail(call, EALREADY,
				N_("This caller shows no number"), NULL);
	if (!err)
		err = value_of(db, &c, field, value, sizeof(value));
	if (!err)
		err = record(call, db, c.number, field, reason);
	if (!err)
		err = store_citizen_unmasked(
			db, call->actor, cal_day_start(cal_now_us()), &count);
	if (err)
		return err;
	call->result = json_pack("{s:s,s:s,s:I}", "field", field, "value",
				 value, "count", (json_int_t)count);
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler citizen_methods[] = {
	{"citizen.get", .readh = on_get},
	{"citizen.history", .readh = on_history},
	{"citizen.update", .writeh = on_update},
	{"citizen.unmask", .writeh = on_unmask},
	{NULL},
};
