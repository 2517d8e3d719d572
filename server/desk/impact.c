/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/impact.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "kb/entry.h"
#include "server/core/store_kb.h"
#include "server/core/store_learn.h"
#include "server/desk/regress.h"

#define ID_BYTES   64
#define WEEK_US	   (7LL * 86400 * 1000000)
#define SOON_US	   (30LL * 86400 * 1000000)
#define LINKED_MAX 50

/* ---- kb.check ---- */

/* The two halves of "what it is: what to write"; what stands in quotes is no
 * end of the first. */
static void on_fault(const struct diag *diag, void *arg)
{
	char what[sizeof(diag->what)];
	const char *fix = "";
	bool quoted = false;

	utf8_copy(what, sizeof(what), diag->what);
	for (size_t i = 0; what[i]; i++) {
		quoted ^= what[i] == '\'';
		if (quoted || what[i] != ':' || what[i + 1] != ' ')
			continue;
		what[i] = '\0';
		fix = what + i + 2;
		break;
	}
	json_array_append_new(arg,
			      json_pack("{s:i, s:s, s:s}", "line", diag->line,
					"what", what, "fix", fix));
}

static int on_check(struct rpc_call *call, struct db *db)
{
	scoped_mem struct kb_entry *e = NULL;
	scoped_json json_t *items = json_array();
	struct json_in in;

	json_in_init(&in, call->params);
	const struct kb_source src = {
		.file = "entry",
		.text = json_in_str(&in, "text", 4 * KB_ENTRY_MAX_BYTES),
		.len = strlen(json_str(call->params, "text")),
	};
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = kb_entry_read(&e, &src, on_fault, items);
	if (err && err != EBADMSG)
		return err;
	const char *lacks = e ? kb_entry_lacks(e) : NULL;
	call->result = json_pack("{s:O, s:s}", "items", items, "lacks",
				 lacks ? lacks : "");
	return call->result ? 0 : ENOMEM;
}

/* ---- kb.impact ---- */

struct impact {
	struct db *db;
	struct kb_version *v;
	const char *id;
	json_t *checks, *linked;
	char day[CAL_TEXT_SIZE];
	int64_t agents;
};

static int check(struct impact *im, bool ok, const char *text,
		 const char *detail)
{
	return json_array_append_new(
		       im->checks, json_pack("{s:b, s:s, s:s}", "ok", (int)ok,
					     "text", text, "detail", detail))
		       ? ENOMEM
		       : 0;
}

static int on_linked(const char *id, void *arg)
{
	struct impact *im = arg;

	json_array_append_new(im->linked, json_string(id));
	return json_array_size(im->linked) < LINKED_MAX ? 0 : ECANCELED;
}

static int check_whole(struct impact *im)
{
	const char *lacks = kb_entry_lacks(im->v->entry);

	return check(im, !lacks, N_("It has all that a confirmed entry needs"),
		     lacks ? lacks : "");
}

static int check_days(struct impact *im)
{
	char soon[CAL_TEXT_SIZE];
	const char *last = im->v->expires;

	cal_day(soon, cal_now_us() + SOON_US);
	return check(im, !*last || strcmp(last, soon) > 0,
		     N_("It does not expire within 30 days"), last);
}

static int check_twin(struct impact *im)
{
	char twin[KB_ID_SIZE] = "";
	int err = kb_base_twin(im->db, im->v->entry->title, im->id, twin);

	return err ? err
		   : check(im, !*twin, N_("No other entry has its title"),
			   twin);
}

/* Entries that it names, which must be there for who follows the name. */
static int on_named(const char *id, void *arg)
{
	struct impact *im = arg;
	scoped_mem struct kb_version *v = NULL;

	int err = kb_base_get(&v, im->db, id, 0);
	if (err && err != ENOENT)
		return err;
	const char *state =
		err ? ""
		    : kb_state_on(v->state, v->effective, v->expires, im->day);
	return strcmp(state, "effective")
		       ? check(im, false,
			       N_("It names an entry that is not in force"),
			       id)
		       : 0;
}

static int check_cases(struct impact *im, const struct kb_set *set,
		       json_t **casesp)
{
	scoped_json json_t *all = regress_json(set);
	const json_t *first = json_array_get(json_object_get(all, "lost"), 0);
	int n = 0, right = 0;

	for (unsigned i = 0; i < set->n; i++) {
		if (strcmp(set->list[i].entry, im->id))
			continue;
		n++;
		right += set->list[i].right;
	}
	*casesp = json_pack("{s:i, s:i}", "n", n, "right", right);
	return check(im, set->right >= set->was_right,
		     N_("The regression questions are answered as before"),
		     json_str(first, "question"));
}

static int look(struct impact *im, struct regress *r, json_t **casesp,
		const atomic_bool *cancelled)
{
	scoped_mem struct kb_set *set = NULL;
	const struct regress_entry one = {im->id, im->v->version};

	int err = check_whole(im);
	if (!err)
		err = check_twin(im);
	if (!err)
		err = check_days(im);
	if (!err)
		err = kb_base_named(im->v->entry, on_named, im);
	if (!err)
		err = regress_try(&set, r, im->db, &one, 1, cancelled);
	return err ? err : check_cases(im, set, casesp);
}

static int count(struct impact *im, int64_t *weekp)
{
	int64_t shown = im->v->current ? im->v->current : im->v->version;

	int err = store_kb_week(im->db, im->id, shown, cal_now_us() - WEEK_US,
				weekp);
	if (!err)
		err = kb_base_linked(im->db, im->id, on_linked, im);
	if (!err || err == ECANCELED)
		err = store_learn_count(im->db, im->v->entry->line,
					&im->agents);
	return err;
}

static int on_impact(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *checks = json_array();
	scoped_json json_t *linked = json_array();
	scoped_json json_t *cases = NULL;
	scoped_mem struct kb_version *v = NULL;
	struct impact im = {.db = db, .checks = checks, .linked = linked};
	struct json_in in;
	int64_t week = 0;

	json_in_init(&in, call->params);
	im.id = json_in_str(&in, "entry", ID_BYTES);
	int64_t version = json_in_int_or(&in, "version", 0, INT32_MAX, 0);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	cal_day(im.day, cal_now_us());
	int err = kb_base_get(&v, db, im.id, version);
	if (!err && !version && v->newest != v->version) {
		version = v->newest;
		v = mem_deref(v);
		err = kb_base_get(&v, db, im.id, version);
	}
	if (err)
		return rpc_fail(call, err,
				err == ENOENT ? N_("There is no such entry")
					      : N_("The entry cannot be read"),
				"%s", im.id);
	im.v = v;
	err = count(&im, &week);
	if (!err)
		err = look(&im, call->part, &cases, call->cancelled);
	if (err)
		return err;
	call->result = json_pack(
		"{s:s, s:I, s:I, s:I, s:i, s:O, s:O, s:O}", "entry", im.id,
		"version", (json_int_t)v->version, "week", (json_int_t)week,
		"agents", (json_int_t)im.agents, "quiz", (int)v->entry->quiz_n,
		"linked", linked, "cases", cases, "checks", checks);
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler impact_methods[] = {
	{"kb.check", .readh = on_check},
	{"kb.impact", .readh = on_impact, .newest = true},
	{NULL},
};
