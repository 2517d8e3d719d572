/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/training.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "server/core/store_learn.h"
#include "server/core/store_people.h"
#include "server/desk/quiz.h"

#define ID_BYTES     64
#define CURSOR_BYTES 140

/* ---- deadlines ---- */

int64_t training_late_us(const struct training *t, const struct cal *cal,
			 int64_t now_us)
{
	return cal_sub_open(cal, now_us, t->remind_us);
}

int64_t training_due_us(const struct training *t, const struct cal *cal,
			int64_t now_us)
{
	return t->lower_by > 0 ? cal_sub_open(cal, now_us, t->lower_us)
			       : INT64_MIN;
}

/* ---- lowering and restoring ---- */

struct turn {
	const struct training *t;
	struct fact_log *log;
	struct db *db;
	json_t *list; /* [[person, queue, entries]] */
};

static int on_turn_row(const struct store_lowered *row, void *arg)
{
	struct turn *turn = arg;

	return json_array_append_new(turn->list,
				     json_pack("[s, s, s]", row->person,
					       row->queue, row->entries))
		       ? ENOMEM
		       : 0;
}

static const char *nth(const json_t *row, size_t i)
{
	return json_string_value(json_array_get(row, i));
}

/* One fact for each of the list. */
static int turn_facts(struct turn *turn, const char *kind, const char *actor)
{
	bool lower = !strcmp(kind, "skill.lowered");
	size_t i;
	json_t *row;
	int err = 0;

	json_array_foreach (turn->list, i, row) {
		scoped_json json_t *body =
			json_pack("{s:s}", "queue", nth(row, 1));
		if (lower && body) {
			json_object_set_new(body, "levels",
					    json_integer(turn->t->lower_by));
			json_object_set_new(body, "entries",
					    json_string(nth(row, 2)));
		}
		struct fact f = {.dur_ms = -1,
				 .actor = actor,
				 .kind = kind,
				 .agent = nth(row, 0),
				 .subject = nth(row, 1),
				 .body = body};
		err = body ? fact_append(turn->log, turn->db, &f) : ENOMEM;
		if (err)
			break;
	}
	return err;
}

/* Those whose reading is done; of a person, by himself, or of all (""). */
static int restore(const struct training *t, struct fact_log *log,
		   struct db *db, int64_t due_us, const char *person)
{
	scoped_json json_t *list = json_array();
	struct turn turn = {t, log, db, list};
	int err = list ? store_lowered_over(db, person, due_us, on_turn_row,
					    &turn)
		       : ENOMEM;

	return err ? err
		   : turn_facts(&turn, "skill.restored",
				*person ? person : "office");
}

int training_turn(const struct training *t, struct fact_log *log,
		  struct db *db, int64_t due_us)
{
	scoped_json json_t *list = json_array();
	struct turn turn = {t, log, db, list};

	int err = restore(t, log, db, due_us, "");
	if (!err)
		err = list ? store_lowered_due(db, due_us, on_turn_row, &turn)
			   : ENOMEM;
	return err ? err : turn_facts(&turn, "skill.lowered", "office");
}

/* ---- the list ---- */

struct listing {
	struct rpc_call *call;
	struct db *db;
	const struct training *t;
	const struct cal *cal;
	int64_t late_us;
	char last[CURSOR_BYTES];
};

static int64_t deadline_us(const struct listing *l, int64_t since_us)
{
	int64_t us = cal_add_open(l->cal, since_us, l->t->remind_us);

	return us == INT64_MAX ? 0 : us;
}

/* How many questions the version asks; one that cannot be read asks none. */
static size_t questions_of(struct db *db, const char *entry, int64_t version)
{
	scoped_mem struct kb_version *v = NULL;

	return kb_base_get(&v, db, entry, version) ? 0 : quiz_count(v->entry);
}

static int on_item(const struct store_learn *row, void *arg)
{
	struct listing *l = arg;
	json_t *item = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:I, s:b, s:b,"
		" s:I}",
		"agent", row->person, "name", row->name, "entry", row->entry,
		"version", (json_int_t)row->version, "from",
		(json_int_t)row->known, "title", row->title, "line", row->line,
		"release", row->release, "since_us", (json_int_t)row->since_us,
		"due_us", (json_int_t)deadline_us(l, row->since_us), "late",
		(int)(row->since_us <= l->late_us), "lowered",
		(int)row->lowered, "quiz",
		(json_int_t)questions_of(l->db, row->entry, row->version));

	if (!rpc_page_add(l->call, item)) {
		rpc_page_next(l->call, l->last);
		return ECANCELED;
	}
	snprintf(l->last, sizeof(l->last), "%s %s", row->person, row->entry);
	return 0;
}

/* Whose list: one's own; a lead, the bureau and administrators may name
 * another, or nobody ("") for everybody's. So does "root(0)", who is no
 * person. */
static int whose(struct rpc_call *call, const char **agentp)
{
	if (!*agentp)
		*agentp = strchr(call->actor, '(') ? "" : call->actor;
	else if (strcmp(*agentp, call->actor) != 0 &&
		 !(call->roles & MAY_REVIEW))
		return rpc_fail(call, EACCES,
				N_("Another's list is for leads and the "
				   "bureau"),
				"%s", *agentp);
	return 0;
}

static void listing_init(struct listing *l, struct rpc_call *call,
			 struct db *db, const struct cal *cal)
{
	*l = (struct listing){
		.call = call, .db = db, .t = call->part, .cal = cal};
	l->late_us = training_late_us(l->t, cal, cal_now_us());
}

/* "A001 KB-0415" */
static void cursor_read(char person[ID_BYTES], char entry[ID_BYTES],
			const char *cursor)
{
	size_t n = strcspn(cursor, " ");

	snprintf(person, ID_BYTES, "%.*s", (int)n, cursor);
	snprintf(entry, ID_BYTES, "%s", cursor[n] ? cursor + n + 1 : "");
}

static int on_list(struct rpc_call *call, struct db *db)
{
	char person[ID_BYTES], entry[ID_BYTES];
	scoped_mem struct cal *cal = NULL;
	struct listing l;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *agent = json_in_str_or(&in, "agent", ID_BYTES, NULL);
	const char *cursor =
		json_in_str_or(&in, "cursor", CURSOR_BYTES - 1, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = whose(call, &agent);
	if (!err)
		err = store_calendar(&cal, db);
	if (err)
		return err;
	listing_init(&l, call, db, cal);
	cursor_read(person, entry, cursor);
	call->result = json_pack("{s:[]}", "items");
	err = store_learn_each(db, agent, person, entry, on_item, &l);
	return err == ECANCELED ? 0 : err;
}

/* ---- one of them ---- */

static int get_version(struct rpc_call *call, struct db *db, const char *id,
		       int64_t version, struct kb_version **vp)
{
	int err = kb_base_get(vp, db, id, version);

	return err == ENOENT
		       ? rpc_fail(call, err, N_("There is no such version"),
				  "%s v%lld", id, (long long)version)
		       : err;
}

static int on_get(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_version *v = NULL, *was = NULL;
	scoped_mem char *text = NULL, *before = NULL;
	enum store_learn_state state = LEARN_NONE;
	int64_t known = 0;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	int64_t version = json_in_int(&in, "version", 1, INT32_MAX);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = get_version(call, db, id, version, &v);
	if (!err)
		err = store_learn_state(db, call->actor, id, version, &state,
					&known);
	if (!err && state == LEARN_NONE)
		err = store_learn_before(db, id, version, &known);
	if (!err && known)
		err = get_version(call, db, id, known, &was);
	if (!err)
		err = quiz_strip(&text, v->entry->text);
	if (!err)
		err = quiz_strip(&before, was ? was->entry->text : "");
	if (err)
		return err;
	call->result = json_pack(
		"{s:s, s:I, s:I, s:s, s:s, s:s, s:o}", "entry", id, "version",
		(json_int_t)version, "from", (json_int_t)known, "title",
		v->entry->title, "before", before, "text", text, "questions",
		quiz_json(v->entry, version, call->actor));
	return call->result ? 0 : ENOMEM;
}

static int not_to_read(struct rpc_call *call, enum store_learn_state state,
		       const char *id, int64_t version)
{
	switch (state) {
	case LEARN_OPEN:
		return 0;
	case LEARN_READ:
		return rpc_fail(call, EALREADY,
				N_("You have read this version already"),
				"%s v%lld", id, (long long)version);
	case LEARN_OVER:
		return rpc_fail(call, EALREADY,
				N_("There is a newer version to read, or it "
				   "was withdrawn"),
				"%s v%lld", id, (long long)version);
	case LEARN_NONE:
		break;
	}
	return rpc_fail(call, ENOENT,
			N_("This version is not on your list to read"),
			"%s v%lld", id, (long long)version);
}

static int read_fact(struct rpc_call *call, struct db *db, const char *id,
		     json_t *body)
{
	scoped_json json_t *owned = body;
	struct fact f = {.dur_ms = -1,
			 .actor = call->actor,
			 .kind = "learn.read",
			 .agent = call->actor,
			 .subject = id,
			 .body = owned};

	return owned ? fact_append(call->log, db, &f) : ENOMEM;
}

/* Who has read all that is overdue has his skills back with the same
 * commit. */
static int give_back(struct rpc_call *call, struct db *db)
{
	const struct training *t = call->part;
	scoped_mem struct cal *cal = NULL;
	int err = store_calendar(&cal, db);

	return err ? err
		   : restore(t, call->log, db,
			     training_due_us(t, cal, cal_now_us()),
			     call->actor);
}

static int on_read(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_version *v = NULL;
	scoped_json json_t *wrong = json_array();
	enum store_learn_state state = LEARN_NONE;
	struct json_in in;
	int64_t known = 0;
	size_t right = 0;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	int64_t version = json_in_int(&in, "version", 1, INT32_MAX);
	json_t *answers = json_in_array(&in, "answers", false);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = store_learn_state(db, call->actor, id, version, &state,
				    &known);
	if (!err)
		err = not_to_read(call, state, id, version);
	if (!err)
		err = get_version(call, db, id, version, &v);
	if (err)
		return err;
	size_t of = quiz_count(v->entry);
	if (json_array_size(answers) != of)
		return rpc_fail(call, EINVAL,
				N_("Answer each of its questions"), "%zu", of);
	err = quiz_mark(v->entry, version, call->actor, answers, wrong,
			&right);
	if (err)
		return rpc_fail(call, EINVAL,
				N_("This is none of the answers to choose "
				   "from"),
				"%s", id);
	bool passed = right == of;
	err = read_fact(call, db, id,
			json_pack("{s:I, s:b, s:I, s:I, s:O}", "version",
				  (json_int_t)version, "passed", (int)passed,
				  "right", (json_int_t)right, "of",
				  (json_int_t)of, "wrong", wrong));
	if (!err && passed)
		err = give_back(call, db);
	if (err)
		return err;
	call->result =
		json_pack("{s:b, s:I, s:I}", "passed", (int)passed, "right",
			  (json_int_t)right, "of", (json_int_t)of);
	return call->result ? 0 : ENOMEM;
}

/* ---- the report ---- */

static int on_line(const struct store_lowered *row, void *arg)
{
	json_array_append_new(arg, json_string(row->queue));
	return 0;
}

static int on_learner(const struct store_learner *row, void *arg)
{
	struct listing *l = arg;
	scoped_json json_t *lines = json_array();
	int err = store_lowered_each(l->db, row->person, on_line, lines);

	if (err)
		return err;
	if (!rpc_page_add(l->call,
			  json_pack("{s:s, s:s, s:I, s:I, s:I, s:O}", "agent",
				    row->person, "name", row->name, "open",
				    (json_int_t)row->open, "late",
				    (json_int_t)row->late, "done",
				    (json_int_t)row->done, "lowered",
				    lines))) {
		rpc_page_next(l->call, l->last);
		return ECANCELED;
	}
	utf8_copy(l->last, sizeof(l->last), row->person);
	return 0;
}

static int on_report(struct rpc_call *call, struct db *db)
{
	scoped_mem struct cal *cal = NULL;
	struct listing l;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *release = json_in_str_or(&in, "release", ID_BYTES, "");
	const char *after = json_in_str_or(&in, "cursor", ID_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = store_calendar(&cal, db);
	if (err)
		return err;
	listing_init(&l, call, db, cal);
	call->result = json_pack("{s:[]}", "items");
	err = store_learners(db, release, l.late_us, after, on_learner, &l);
	return err == ECANCELED ? 0 : err;
}

const struct rpc_handler training_methods[] = {
	{"learn.list", .readh = on_list},
	{"learn.get", .readh = on_get},
	{"learn.read", .writeh = on_read},
	{"learn.report", .readh = on_report},
	{NULL},
};
