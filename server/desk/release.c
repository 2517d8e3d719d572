/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/release.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/life.h"
#include "kb/proof.h"
#include "kb/wire.h"
#include "server/core/store_kb.h"
#include "server/core/store_people.h"
#include "server/desk/regress.h"

#define ID_BYTES     64
#define REASON_BYTES 600
#define PAPER_BYTES  200
#define DAY_BYTES    10
#define LIST_MAX     100

/* ---- who ---- */

int release_signer(struct rpc_call *call, struct db *db, const char *by,
		   const char *paper, const char **personp)
{
	if (!*by) {
		if (!(call->roles & ROLE_BUREAU))
			return rpc_fail(call, EACCES,
					N_("The bureau confirms: say for "
					   "whom, and by which paper"),
					"by, paper");
		*personp = call->actor;
		return 0;
	}
	if (!(call->roles & ROLE_ADMIN))
		return rpc_fail(call, EACCES,
				N_("Only an administrator can enter another's "
				   "confirmation"),
				"%s", by);
	if (!*paper)
		return rpc_fail(call, EINVAL,
				N_("Name the paper by which it was confirmed"),
				"paper");
	scoped_json json_t *who = store_thing(db, "person", by);
	unsigned roles = 0;
	if (!who || proto_roles_parse(&roles, json_str(who, "roles")) ||
	    !(roles & ROLE_BUREAU) || json_bool(who, "disabled"))
		return rpc_fail(call, EINVAL,
				N_("This is no person of the bureau"), "%s",
				by);
	*personp = by;
	return 0;
}

/* ---- one version ---- */

struct look {
	int64_t version; /* 0: the newest */
	struct kb_life life;
	char author[ID_BYTES], reviewer[ID_BYTES];
	bool found;
};

static int on_look(const struct kb_life *life, void *arg)
{
	struct look *k = arg;

	if (k->version && life->version != k->version)
		return 0;
	k->life = *life;
	utf8_copy(k->author, sizeof(k->author), life->author);
	utf8_copy(k->reviewer, sizeof(k->reviewer), life->reviewer);
	/* the row's texts die with the statement */
	k->life.author = k->author;
	k->life.reviewer = k->reviewer;
	k->found = true;
	return ECANCELED;
}

static int look(struct rpc_call *call, struct db *db, const char *id,
		struct look *k)
{
	int err = kb_life_each(db, id, on_look, k);
	if (err && err != ECANCELED && err != ENOENT)
		return err;
	if (err == ENOENT)
		return rpc_fail(call, ENOENT, N_("There is no such entry"),
				"%s", id);
	if (!k->found)
		return rpc_fail(call, ENOENT, N_("There is no such version"),
				"%s v%lld", id, (long long)k->version);
	return 0;
}

static int may(struct rpc_call *call, const struct look *k, const char *id,
	       enum kb_step step, const char *person)
{
	const char *why = NULL;
	int err = kb_life_may(&k->life, step, person, &why);

	return err ? rpc_fail(call, err, why, "%s v%lld", id,
			      (long long)k->life.version)
		   : 0;
}

static int answer(struct rpc_call *call, struct db *db, const char *id,
		  int64_t version)
{
	scoped_mem struct kb_version *v = NULL;
	char day[CAL_TEXT_SIZE];

	int err = kb_base_get(&v, db, id, version);
	if (err)
		return err;
	cal_day(day, cal_now_us());
	call->result = json_pack(
		"{s:s, s:I, s:I, s:s, s:s}", "entry", id, "version",
		(json_int_t)version, "current", (json_int_t)v->current,
		"state", kb_state_on(v->state, v->effective, v->expires, day),
		"effective", v->effective);
	return call->result ? 0 : ENOMEM;
}

/* ---- writing ---- */

/* Whose text is the next version, or which draft it replaces. */
static int draft_version(struct rpc_call *call, struct db *db, const char *id,
			 int64_t known, int64_t *versionp)
{
	struct look k = {0};
	int err = kb_life_each(db, id, on_look, &k);

	if (err && err != ECANCELED && err != ENOENT)
		return err;
	*versionp = k.life.version + 1;
	if (!k.found)
		return 0;
	if (known && known != k.life.at_us)
		return rpc_fail(call, EALREADY,
				N_("The entry was changed meanwhile: read it "
				   "again"),
				"%s v%lld", id, (long long)k.life.version);
	if (k.life.state == KB_REVIEWED || k.life.state == KB_AGREED)
		return rpc_fail(call, EALREADY,
				N_("A version is on its way already: have it "
				   "returned first"),
				"%s v%lld", id, (long long)k.life.version);
	if (k.life.state != KB_DRAFT)
		return 0;
	if (strcmp(k.life.author, call->actor))
		return rpc_fail(call, EALREADY,
				N_("Somebody else is writing this entry"),
				"%s: %s", id, k.life.author);
	*versionp = k.life.version;
	return 0;
}

int release_check_redirect(struct rpc_call *call, struct db *db,
			   const char *id)
{
	struct diag diag;
	int err = kb_proof_redirect(db, id, &diag);

	return err == EBADMSG
		       ? rpc_fail(call, EINVAL, N_("An entry is not right"),
				  "%s: %s", id, diag.what)
		       : err;
}

static int rpc_draft(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_entry *e = NULL;
	struct json_in in;
	struct diag diag;
	int64_t version = 0;

	json_in_init(&in, call->params);
	const char *text = json_in_str(&in, "text", KB_ENTRY_MAX_BYTES);
	int64_t known = json_in_int_or(&in, "known_us", 0, INT64_MAX, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = kb_entry_parse(&e, "entry", text, strlen(text), &diag);
	if (err == EBADMSG)
		return rpc_fail(call, EINVAL, N_("An entry is not right"),
				"%s:%d: %s", diag.file, diag.line, diag.what);
	if (!err)
		err = draft_version(call, db, e->id, known, &version);
	if (!err)
		err = rpc_append(call, db, "entry.drafted", e->id,
				 json_pack("{s:I, s:s}", "version",
					   (json_int_t)version, "text", text));
	if (!err)
		err = release_check_redirect(call, db, e->id);
	return err ? err : answer(call, db, e->id, version);
}

/* ---- review, confirm, return, withdraw ---- */

/* What the bureau signs must be whole. */
static int whole(struct rpc_call *call, struct db *db, const char *id,
		 int64_t version)
{
	scoped_mem struct kb_version *v = NULL;
	int err = kb_base_get(&v, db, id, version);

	if (err)
		return err;
	const char *lacks = kb_entry_lacks(v->entry);
	return lacks ? rpc_fail(call, EINVAL,
				N_("Something is missing that a confirmed "
				   "entry needs"),
				"%s v%lld: %s", id, (long long)version, lacks)
		     : 0;
}

static int rpc_review(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	struct look k = {
		.version = json_in_int_or(&in, "version", 0, INT32_MAX, 0)};
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = look(call, db, id, &k);
	if (!err)
		err = may(call, &k, id, KB_REVIEW, call->actor);
	if (!err)
		err = whole(call, db, id, k.life.version);
	if (!err)
		err = rpc_append(call, db, "entry.reviewed", id,
				 json_pack("{s:I}", "version",
					   (json_int_t)k.life.version));
	return err ? err : answer(call, db, id, k.life.version);
}

static int check_day(struct rpc_call *call, const char *day)
{
	return !*day || kb_day_is_good(day)
		       ? 0
		       : rpc_fail(call, EINVAL,
				  N_("This is no day: write it as 2026-11-24"),
				  "%s", day);
}

static int rpc_confirm(struct rpc_call *call, struct db *db)
{
	struct json_in in;
	const char *person = NULL;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	struct look k = {
		.version = json_in_int_or(&in, "version", 0, INT32_MAX, 0)};
	const char *by = json_in_str_or(&in, "by", ID_BYTES, "");
	const char *paper = json_in_str_or(&in, "paper", PAPER_BYTES, "");
	const char *day = json_in_str_or(&in, "effective", DAY_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = check_day(call, day);
	if (!err)
		err = release_signer(call, db, by, paper, &person);
	if (!err)
		err = look(call, db, id, &k);
	if (!err)
		err = may(call, &k, id, KB_CONFIRM, person);
	if (!err)
		err = rpc_append(call, db, "entry.confirmed", id,
				 json_pack("{s:I, s:s, s:s, s:s}", "version",
					   (json_int_t)k.life.version, "by",
					   person, "paper", paper, "effective",
					   day));
	return err ? err : answer(call, db, id, k.life.version);
}

static int end_step(struct rpc_call *call, struct db *db, enum kb_step step,
		    const char *kind)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	struct look k = {
		.version = json_in_int_or(&in, "version", 0, INT32_MAX, 0)};
	const char *reason = json_in_str(&in, "reason", REASON_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!reason[strspn(reason, " \t\r\n")])
		return rpc_fail(call, EINVAL, N_("Say why"), "reason");
	int err = look(call, db, id, &k);
	if (err)
		return err;
	/* a draft is its author's to throw away, the rest leads' and the
	 * bureau's */
	bool own = step == KB_WITHDRAW && k.life.state == KB_DRAFT &&
		   !strcmp(k.life.author, call->actor);
	if (!own && !(call->roles & MAY_REVIEW))
		return rpc_fail(call, EACCES, N_("Your role may not do this"),
				"%s v%lld", id, (long long)k.life.version);
	err = may(call, &k, id, step, call->actor);
	if (!err)
		err = rpc_append(call, db, kind, id,
				 json_pack("{s:I, s:s}", "version",
					   (json_int_t)k.life.version,
					   "reason", reason));
	return err ? err : answer(call, db, id, k.life.version);
}

static int rpc_return(struct rpc_call *call, struct db *db)
{
	return end_step(call, db, KB_RETURN, "entry.returned");
}

static int rpc_withdraw(struct rpc_call *call, struct db *db)
{
	return end_step(call, db, KB_WITHDRAW, "entry.withdrawn");
}

/* ---- roll back ---- */

static int roll_back(struct rpc_call *call, struct db *db,
		     const struct kb_version *of, json_t *body)
{
	struct look k = {0};
	scoped_json json_t *owned = body;
	const char *id = of->entry->id;

	int err = look(call, db, id, &k);
	if (err)
		return err;
	if (k.life.state == KB_REVIEWED || k.life.state == KB_AGREED)
		return rpc_fail(call, EALREADY,
				N_("A version is on its way already: have it "
				   "returned first"),
				"%s v%lld", id, (long long)k.life.version);
	int64_t version = k.life.version + 1;
	json_object_set_new(owned, "version", json_integer(version));
	json_object_set_new(owned, "of", json_integer(of->version));
	json_object_set_new(owned, "text", json_string(of->entry->text));
	err = rpc_append(call, db, "entry.rolledback", id, take(owned));
	return err ? err : answer(call, db, id, version);
}

static int was_released(const struct kb_life *life, void *arg)
{
	const int64_t *version = arg;

	return life->version == *version && life->released_us ? ECANCELED : 0;
}

static int rpc_rollback(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_version *of = NULL;
	char today[CAL_TEXT_SIZE];
	struct json_in in;
	const char *person = NULL;

	cal_day(today, cal_now_us());
	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	int64_t version = json_in_int(&in, "version", 1, INT32_MAX);
	const char *reason = json_in_str(&in, "reason", REASON_BYTES);
	const char *day = json_in_str_or(&in, "effective", DAY_BYTES, today);
	const char *by = json_in_str_or(&in, "by", ID_BYTES, "");
	const char *paper = json_in_str_or(&in, "paper", PAPER_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = check_day(call, day);
	if (!err)
		err = release_signer(call, db, by, paper, &person);
	if (err)
		return err;
	err = kb_base_get(&of, db, id, version);
	if (!err && kb_life_each(db, id, was_released, &version) != ECANCELED)
		err = ENOENT;
	if (err)
		return rpc_fail(call, err,
				N_("There is no such version that was in "
				   "force"),
				"%s v%lld", id, (long long)version);
	return roll_back(call, db, of,
			 json_pack("{s:s, s:s, s:s, s:s, s:b}", "effective",
				   day, "reason", reason, "by", person,
				   "paper", paper, "learn", 1));
}

/* ---- release ---- */

/* "2026-W48", then "2026-W48.2": weeks of ISO 8601 in the site's zone. */
static int name_release(struct db *db, char *out, size_t size)
{
	time_t now = (time_t)(cal_now_us() / 1000000);
	struct tm tm;
	char week[24];

	localtime_r(&now, &tm);
	strftime(week, sizeof(week), "%G-W%V", &tm);
	utf8_copy(out, size, week);
	for (int n = 2;; n++) {
		bool taken = false;
		int err = store_kb_release_known(db, out, &taken);
		if (err || !taken)
			return err;
		snprintf(out, size, "%s.%d", week, n);
	}
}

static int on_ready(const struct kb_waiting *w, void *arg)
{
	json_t *list = arg;

	if (w->state != KB_AGREED)
		return 0;
	return json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:I}",
						     "id", w->id, "version",
						     (json_int_t)w->version,
						     "title", w->title, "was",
						     (json_int_t)w->current))
		       ? ENOMEM
		       : 0;
}

static int try_ready(struct kb_set **sp, struct rpc_call *call, struct db *db,
		     const json_t *ready)
{
	size_t n = json_array_size(ready);
	scoped_mem struct regress_entry *list =
		mem_zalloc((n + 1) * sizeof(*list), NULL);

	if (!list)
		return ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(ready, i);
		list[i] = (struct regress_entry){json_str(one, "id"),
						 json_int(one, "version")};
	}
	return regress_try(sp, call->part, db, list, n, call->cancelled);
}

/* On a worker: what the regression set says to it. */
static int look_release(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *ready = json_array();
	scoped_json json_t *mark = regress_mark(db);
	scoped_mem struct kb_set *set = NULL;

	if (!call->part)
		return 0;
	int err = kb_life_waiting(db, "", on_ready, ready);
	if (!err)
		err = try_ready(&set, call, db, ready);
	if (err)
		return err;
	call->looked = json_pack("{s:O, s:O, s:o}", "ready", ready, "mark",
				 mark, "cases", regress_json(set));
	return call->looked ? 0 : ENOMEM;
}

/* Does what the worker saw still hold, and may it be released? */
static int judge(struct rpc_call *call, struct db *db, const json_t *ready,
		 const char *force)
{
	const json_t *cases = json_object_get(call->looked, "cases");
	const json_t *first =
		json_array_get(json_object_get(cases, "lost"), 0);

	if (!call->part)
		return 0;
	if (!json_equal(json_object_get(call->looked, "ready"), ready) ||
	    !regress_holds(db, json_object_get(call->looked, "mark")))
		return rpc_fail(call, EAGAIN,
				N_("Entries change faster than a release can "
				   "be tried: try again"),
				NULL);
	int64_t before = json_int(cases, "before");
	int64_t after = json_int(cases, "after");
	if (after >= before || *force)
		return 0;
	return rpc_fail(call, EALREADY,
			N_("Fewer questions of the regression set would be "
			   "answered right; release with a reason, or mend "
			   "it"),
			"%lld -> %lld: %s %.100s", (long long)before,
			(long long)after, json_str(first, "entry"),
			json_str(first, "question"));
}

static json_t *release_body(const char *name, const char *note,
			    json_t *entries, const json_t *cases,
			    const char *force)
{
	json_t *body = json_pack("{s:s, s:s, s:O, s:b}", "release", name,
				 "note", note, "entries", entries, "learn", 1);

	if (!body || !cases)
		return body;
	bool lower = json_int(cases, "after") < json_int(cases, "before");
	scoped_json json_t *figures = json_pack(
		"{s:I, s:I, s:I}", "n", (json_int_t)json_int(cases, "n"),
		"before", (json_int_t)json_int(cases, "before"), "after",
		(json_int_t)json_int(cases, "after"));
	json_object_set(body, "cases", figures);
	if (lower)
		json_object_set_new(body, "forced", json_string(force));
	return body;
}

static int rpc_release(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *entries = json_array();
	char name[40];
	struct json_in in;

	json_in_init(&in, call->params);
	const char *note = json_in_str_or(&in, "note", REASON_BYTES, "");
	bool dry = json_in_bool_or(&in, "dry", false);
	const char *force = json_in_str_or(&in, "force", REASON_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	json_t *cases = json_object_get(call->looked, "cases");
	force += strspn(force, " \t\r\n");
	int err = kb_life_waiting(db, "", on_ready, entries);
	if (!err)
		err = name_release(db, name, sizeof(name));
	if (!err)
		err = judge(call, db, entries, dry ? "dry" : force);
	if (!err && !dry)
		err = rpc_append(
			call, db, "kb.released", name,
			release_body(name, note, entries, cases, force));
	if (err)
		return err;
	call->result =
		json_pack("{s:s, s:s, s:b, s:O}", "release", name, "note",
			  note, "dry", (int)dry, "entries", entries);
	if (call->result && cases)
		json_object_set(call->result, "cases", cases);
	return call->result ? 0 : ENOMEM;
}

int release_turn(struct fact_log *log, struct db *db)
{
	char day[CAL_TEXT_SIZE];
	int64_t n = 0;

	cal_day(day, cal_now_us());
	int err = kb_life_due(db, day, &n);
	if (err || !n)
		return err;
	scoped_json json_t *body = json_pack("{s:s}", "day", day);
	struct fact fact = {
		.dur_ms = -1,
		.actor = "office",
		.kind = "kb.turned",
		.subject = day,
		.body = body,
	};
	return body ? fact_append(log, db, &fact) : ENOMEM;
}

/* ---- reading ---- */

/* A list in pages: the cursor is what the last item is known by. */
struct page {
	struct rpc_call *call;
	char last[ID_BYTES];
};

static int page_add(struct page *p, json_t *item, const char *cursor)
{
	if (!rpc_page_add(p->call, item)) {
		rpc_page_next(p->call, p->last);
		return ECANCELED;
	}
	utf8_copy(p->last, sizeof(p->last), cursor);
	return 0;
}

static int on_waiting(const struct kb_waiting *w, void *arg)
{
	static const char *const states[] = {[KB_DRAFT] = "draft",
					     [KB_REVIEWED] = "reviewed",
					     [KB_AGREED] = "confirmed"};
	json_t *item = json_pack(
		"{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}",
		"id", w->id, "version", (json_int_t)w->version, "current",
		(json_int_t)w->current, "title", w->title, "line", w->line,
		"state", states[w->state], "author", w->author, "reviewer",
		w->reviewer, "since_us", (json_int_t)w->since_us, "effective",
		w->effective, "reason", w->reason);

	return page_add(arg, item, w->id);
}

static int rpc_waiting(struct rpc_call *call, struct db *db)
{
	struct page page = {.call = call};
	struct json_in in;

	json_in_init(&in, call->params);
	const char *after = json_in_str_or(&in, "cursor", ID_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = json_pack("{s:[]}", "items");
	int err = kb_life_waiting(db, after, on_waiting, &page);
	return err == ECANCELED ? 0 : err;
}

static int on_version(const struct kb_life *l, void *arg)
{
	struct rpc_call *call = arg;

	return rpc_page_add(call, kb_wire_life(l)) ? 0 : ECANCELED;
}

static int rpc_versions(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *id = json_in_str(&in, "entry", ID_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = json_pack("{s:[]}", "items");
	int err = kb_life_each(db, id, on_version, call);
	if (err == ENOENT)
		return rpc_fail(call, err, N_("There is no such entry"), "%s",
				id);
	return err == ECANCELED ? 0 : err;
}

static int on_release(const struct store_kb_release *r, void *arg)
{
	struct rpc_call *call = arg;
	json_t *item = json_pack(
		"{s:s, s:I, s:s, s:s, s:O, s:{s:I, s:I, s:I}, s:s}", "release",
		r->name, "at_us", (json_int_t)r->at_us, "actor", r->actor,
		"note", r->note, "entries", r->entries, "cases", "n",
		(json_int_t)r->cases, "before", (json_int_t)r->before, "after",
		(json_int_t)r->after, "forced", r->forced);

	return rpc_page_add(call, item) ? 0 : ECANCELED;
}

static int rpc_releases(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t limit = json_in_int_or(&in, "limit", 1, LIST_MAX, 20);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = json_pack("{s:[]}", "items");
	int err = store_kb_releases(db, limit, on_release, call);
	return err == ECANCELED ? 0 : err;
}

const struct rpc_handler release_methods[] = {
	{"kb.draft", .writeh = rpc_draft},
	{"kb.review", .writeh = rpc_review},
	{"kb.return", .writeh = rpc_return},
	{"kb.confirm", .writeh = rpc_confirm},
	{"kb.withdraw", .writeh = rpc_withdraw},
	{"kb.rollback", .writeh = rpc_rollback},
	{"kb.release", .writeh = rpc_release, .lookh = look_release},
	{"kb.waiting", .readh = rpc_waiting},
	{"kb.versions", .readh = rpc_versions},
	{"kb.releases", .readh = rpc_releases},
	{NULL},
};
