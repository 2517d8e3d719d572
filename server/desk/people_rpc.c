/* SPDX-License-Identifier: Apache-2.0 */
/* person.* and key.* */
#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/store_people.h"
#include "server/desk/people_own.h"
#include "server/desk/ssh_key.h"
#include "server/desk/valid.h"

#define PEOPLE_MAX 5000
#define KEYS_MAX   8 /* of one person */
#define NAME_BYTES 60

/* ---- persons ---- */

static int on_person_row(const char *id, json_t *body, void *arg)
{
	struct rpc_call *call = arg;
	json_t *row = json_copy(body);

	json_object_set_new(row, "id", json_string(id));
	if (rpc_page_add(call, row))
		return 0;
	return ENOBUFS;
}

struct listing {
	struct rpc_call *call;
	char last[PERSON_ID * 3];
	bool full;
};

static int on_listed(const char *id, json_t *body, void *arg)
{
	struct listing *l = arg;

	if (on_person_row(id, body, l->call)) {
		l->full = true;
		return ECANCELED;
	}
	str_ncpy(l->last, id, sizeof(l->last));
	return 0;
}

static int on_person_list(struct rpc_call *call, struct db *db)
{
	struct listing l = {.call = call};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *cursor = json_in_str_or(&in, "cursor", 60, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = json_pack("{s:[]}", "items");
	int err = store_thing_each(db, "person", cursor, on_listed, &l);
	if (l.full)
		rpc_page_next(call, l.last);
	return l.full ? 0 : err;
}

static int check_skills(struct rpc_call *call, struct db *db, json_t *skills)
{
	const char *queue;
	json_t *level;

	if (json_object_size(skills) > PERSON_SKILLS)
		return rpc_fail(call, EINVAL, N_("Too many skills"), "%d",
				PERSON_SKILLS);
	json_object_foreach (skills, queue, level) {
		json_int_t n = json_integer_value(level);
		if (!json_is_integer(level) || n < 1 || n > SKILL_LEVELS)
			return rpc_fail(call, EINVAL,
					N_("A skill's level is 1 to 9"), "%s",
					queue);
		scoped_json json_t *q = store_thing(db, "queue", queue);
		if (!q)
			return rpc_fail(call, ENOENT,
					N_("There is no such queue"), "%.60s",
					queue);
	}
	return 0;
}

/* Puts what the request says over `body`, checked. */
static int overlay(struct rpc_call *call, struct db *db, json_t *body)
{
	char canonical[64];
	unsigned mask = 0;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *name = json_in_str_or(&in, "name", 256, NULL);
	const char *roles = json_in_str_or(&in, "roles", 64, NULL);
	json_t *skills = json_in_object(&in, "skills", false);
	bool disabled =
		json_in_bool_or(&in, "disabled", json_bool(body, "disabled"));
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (name && !valid_name(name, NAME_BYTES))
		return rpc_fail(call, EINVAL,
				N_("A name has 1 to 60 bytes on one line"),
				NULL);
	if (roles && proto_roles_parse(&mask, roles))
		return rpc_fail(call, EINVAL,
				N_("Roles are agent, lead, bureau and admin, "
				   "with commas"),
				"%s", roles);
	int err = skills ? check_skills(call, db, skills) : 0;
	if (err)
		return err;
	if (name)
		json_object_set_new(body, "name", json_string(name));
	if (roles) {
		proto_roles_print(canonical, sizeof(canonical), mask);
		json_object_set_new(body, "roles", json_string(canonical));
	}
	if (skills)
		json_object_set(body, "skills", skills);
	json_object_set_new(body, "disabled", json_boolean(disabled));
	return 0;
}

static int append(struct rpc_call *call, struct db *db, const char *kind,
		  const char *id, const char *agent, json_t *body)
{
	struct fact fact = {
		.dur_ms = -1,
		.kind = kind,
		.agent = agent,
		.subject = id,
		.body = body,
	};
	return rpc_fact(call, db, &fact);
}

static int on_person_add(struct rpc_call *call, struct db *db)
{
	struct json_in in;
	int64_t n = 0;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "person", 64);
	json_in_str(&in, "name", 256);
	json_in_str(&in, "roles", 64);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!valid_person(id))
		return rpc_fail(call, EINVAL,
				N_("An id is a letter, then letters and "
				   "digits, 16 at the most"),
				"%.40s", id);
	scoped_json json_t *there = store_thing(db, "person", id);
	if (there)
		return rpc_fail(call, EEXIST,
				N_("There is a person of this id already"),
				"%s", id);
	int err = store_thing_count(db, "person", &n);
	if (err)
		return err;
	if (n >= PEOPLE_MAX)
		return rpc_fail(call, EAGAIN, N_("Too many people"), "%d",
				PEOPLE_MAX);
	scoped_json json_t *body =
		json_pack("{s:{},s:b}", "skills", "disabled", 0);
	err = overlay(call, db, body);
	if (!err)
		err = append(call, db, "person.added", id, id, body);
	return err;
}

static int no_person(struct rpc_call *call, const char *id)
{
	return rpc_fail(call, ENOENT, N_("There is no such person"), "%.40s",
			id);
}

static int on_person_change(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "person", 64);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	scoped_json json_t *body = store_thing(db, "person", id);
	if (!body)
		return no_person(call, id);
	if (json_object_size(call->params) < 2)
		return rpc_fail(call, EINVAL, N_("Nothing to change"), NULL);
	int err = overlay(call, db, body);
	if (!err)
		err = append(call, db, "person.changed", id, id, body);
	return err;
}

/* ---- keys ---- */

struct keys {
	struct rpc_call *call;
	const char *person; /* "" all */
	size_t n;
};

static int on_key_listed(const char *fingerprint, json_t *body, void *arg)
{
	struct keys *k = arg;
	const char *person = json_str(body, "person");

	if (*k->person && strcmp(k->person, person) != 0)
		return 0;
	k->n++;
	if (!k->call)
		return 0;
	/* keys are an administrator's list, on a local socket: no pages */
	json_array_append_new(json_object_get(k->call->result, "items"),
			      json_pack("{s:s,s:s,s:s,s:s}", "fingerprint",
					fingerprint, "person", person, "type",
					json_str(body, "type"), "comment",
					json_str(body, "comment")));
	return 0;
}

static int on_key_list(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	struct keys k = {.call = call,
			 .person = json_in_str_or(&in, "person", 64, "")};
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	/* file_seq: facts up to it are in sshd's file */
	call->result = json_pack("{s:[],s:I}", "items", "file_seq",
				 (json_int_t)people_keys_seq(call->part));
	return store_thing_each(db, "key", NULL, on_key_listed, &k);
}

static int on_key_add(struct rpc_call *call, struct db *db)
{
	struct ssh_key key;
	struct json_in in;
	const char *why;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "person", 64);
	const char *text = json_in_str(&in, "key", 4096);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	scoped_json json_t *person = store_thing(db, "person", id);
	if (!person)
		return no_person(call, id);
	if (ssh_key_parse(&key, text, &why))
		return rpc_fail(call, EINVAL, why, NULL);
	scoped_json json_t *there = store_thing(db, "key", key.fingerprint);
	if (there && !strcmp(json_str(there, "person"), id)) {
		call->result = json_pack("{s:s,s:I,s:b}", "fingerprint",
					 key.fingerprint, "seq", (json_int_t)0,
					 "already", 1);
		return 0;
	}
	if (there)
		return rpc_fail(call, EEXIST,
				N_("This key is another person's"), "%s",
				json_str(there, "person"));
	struct keys k = {.person = id};
	int err = store_thing_each(db, "key", NULL, on_key_listed, &k);
	if (err)
		return err;
	if (k.n >= KEYS_MAX)
		return rpc_fail(call, EAGAIN,
				N_("A person has 8 keys at the most"), "%s",
				id);
	scoped_json json_t *body =
		json_pack("{s:s,s:s,s:s,s:s}", "person", id, "type", key.type,
			  "blob", key.blob, "comment", key.comment);
	err = append(call, db, "key.added", key.fingerprint, id, body);
	if (!err)
		json_object_set_new(call->result, "fingerprint",
				    json_string(key.fingerprint));
	return err;
}

static int on_key_remove(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *fingerprint = json_in_str(&in, "fingerprint", 80);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	scoped_json json_t *body = store_thing(db, "key", fingerprint);
	if (!body)
		return rpc_fail(call, ENOENT, N_("There is no such key"),
				"%.60s", fingerprint);
	json_object_del(body, "blob");
	return append(call, db, "key.removed", fingerprint,
		      json_str(body, "person"), body);
}

const struct rpc_handler people_methods[] = {
	{"person.list", .readh = on_person_list},
	{"person.add", .writeh = on_person_add},
	{"person.change", .writeh = on_person_change},
	{"key.list", .readh = on_key_list},
	{"key.add", .writeh = on_key_add},
	{"key.remove", .writeh = on_key_remove},
	{NULL},
};
