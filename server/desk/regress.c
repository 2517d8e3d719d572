/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/regress.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "kb/base.h"
#include "kb/mask.h"
#include "kb/wire.h"

#define ID_BYTES     64
#define REASON_BYTES 600
#define FILE_BYTES   200
#define LOST_MAX     20
#define TRIES	     3 /* of a trial that an index read anew made fall */
#define TARGET_MIN   .5
#define TARGET_MAX   .999

struct regress {
	struct kb_index *ix;
	double precision;
	pthread_mutex_t lock; /* of what follows; held for no work */
	bool locked;	      /* it is made */
	bool fitting;	      /* one worker is at it */
	bool fitted;
	struct kb_case_mark mark; /* what it was fitted to */
	struct kb_confidence *confidence;
	unsigned cases;
};

static void regress_destructor(void *arg)
{
	struct regress *r = arg;

	mem_deref(r->ix);
	mem_deref(r->confidence);
	if (r->locked)
		pthread_mutex_destroy(&r->lock);
}

int regress_alloc(struct regress **rp, struct kb_index *ix, double precision)
{
	scoped_mem struct regress *r =
		mem_zalloc(sizeof(*r), regress_destructor);
	if (!r)
		return ENOMEM;
	int err = pthread_mutex_init(&r->lock, NULL);
	if (err)
		return err;
	r->locked = true;
	r->ix = mem_ref(ix);
	r->precision = precision;
	*rp = take(r);
	return 0;
}

static void today(char day[CAL_TEXT_SIZE])
{
	cal_day(day, cal_now_us());
}

/* ---- answers ---- */

static bool same_mark(const struct kb_case_mark *a,
		      const struct kb_case_mark *b)
{
	return a->kept == b->kept && a->since_us == b->since_us &&
	       a->change == b->change;
}

static int measure(struct regress *r, struct db *db, struct kb_confidence **cp,
		   unsigned *casesp)
{
	scoped_mem struct kb_set *set = NULL;
	char day[CAL_TEXT_SIZE];
	const struct kb_set_prm prm = {.ix = r->ix, .db = db, .day = day};

	today(day);
	int err = kb_set_read(&set, db);
	if (!err)
		err = kb_set_ask(set, &prm);
	if (!err)
		err = kb_set_fit(cp, set);
	if (!err)
		*casesp = set->n;
	return err;
}

/* Is it this worker's to measure the set (anew)? */
static bool begin(struct regress *r, const struct kb_case_mark *mark)
{
	pthread_mutex_lock(&r->lock);
	bool mine = !r->fitting && (!r->fitted || !same_mark(mark, &r->mark));
	r->fitting = r->fitting || mine;
	pthread_mutex_unlock(&r->lock);
	return mine;
}

static void end(struct regress *r, int err, const struct kb_case_mark *mark,
		struct kb_confidence *confidence, unsigned cases)
{
	pthread_mutex_lock(&r->lock);
	r->fitting = false;
	if (!err) {
		mem_deref(r->confidence);
		r->confidence = mem_ref(confidence);
		r->mark = *mark;
		r->cases = cases;
		r->fitted = true;
	}
	pthread_mutex_unlock(&r->lock);
}

/* What is known of the set by now: while one worker measures a set that has
 * changed, the others go on with what it was; *cp NULL: it is being measured
 * for the first time. */
static int confidence(struct regress *r, struct db *db,
		      struct kb_confidence **cp, unsigned *casesp)
{
	struct kb_case_mark mark;

	int err = kb_case_marked(db, &mark);
	if (err)
		return err;
	if (begin(r, &mark)) {
		scoped_mem struct kb_confidence *fresh = NULL;
		unsigned cases = 0;
		err = measure(r, db, &fresh, &cases);
		end(r, err, &mark, fresh, cases);
		if (err)
			return err;
	}
	pthread_mutex_lock(&r->lock);
	*cp = mem_ref(r->confidence);
	*casesp = r->cases;
	pthread_mutex_unlock(&r->lock);
	return 0;
}

/* ---- kb.answer ---- */

struct judged {
	struct kb_best best;
	double sure, target;
	unsigned cases, needs;
	bool small;	 /* the set shows no such precision */
	const char *why; /* msgid: nothing is named; NULL */
};

static void judge(struct judged *j, const struct kb_confidence *c)
{
	if (!c) {
		j->why = N_("The regression set is being asked: try again in "
			    "a moment");
		return;
	}
	float limit = kb_confidence_limit(c, (float)j->target);
	j->needs = kb_confidence_needs(c, (float)j->target);
	j->small = limit > 1;
	if (!*j->best.id) {
		j->why = N_("No entry that is in force fits");
		return;
	}
	j->sure = (double)kb_confidence(c, j->best.x);
	if (limit > 1 && j->needs)
		j->why = N_("The regression set is too small to show this "
			    "precision");
	else if (limit > 1)
		j->why = N_("Too many sure answers of the regression set are "
			    "wrong for this precision");
	else if (j->sure < (double)limit)
		j->why = N_("Nothing is sure enough");
}

static int answer_json(struct rpc_call *call, struct db *db,
		       const struct judged *j)
{
	scoped_mem struct kb_version *v = NULL;

	int err = j->why ? 0 : kb_base_get(&v, db, j->best.id, 0);
	if (err)
		return err;
	call->result = json_pack(
		"{s:s?, s:I, s:s, s:s, s:f, s:f, s:i, s:i, s:b, s:s?}",
		"entry", v ? j->best.id : NULL, "version",
		(json_int_t)(v ? v->version : 0), "title",
		v ? v->entry->title : "", "short", v ? v->entry->brief : "",
		"confidence", j->sure, "target", j->target, "cases",
		(int)j->cases, "needs", (int)j->needs, "small", (int)j->small,
		"why", j->why);
	return call->result ? 0 : ENOMEM;
}

/* "0.95"; "": the site's. */
static int read_target(struct rpc_call *call, const char *text, double *out)
{
	char *stop = NULL;

	if (!*text)
		return 0;
	*out = strtod(text, &stop);
	if (!*stop && *out >= TARGET_MIN && *out <= TARGET_MAX)
		return 0;
	return rpc_fail(call, EINVAL,
			N_("A precision is a number from 0.5 to 0.999"), "%s",
			text);
}

static int on_answer(struct rpc_call *call, struct db *db)
{
	struct regress *r = call->part;
	scoped_mem struct kb_confidence *c = NULL;
	struct judged j = {.target = r->precision};
	char day[CAL_TEXT_SIZE];
	struct json_in in;

	today(day);
	json_in_init(&in, call->params);
	const struct kb_query q = {
		.text = json_in_str(&in, "q", KB_QUERY_MAX_BYTES),
		.line = json_in_str_or(&in, "line", ID_BYTES, ""),
		.day = day,
		.limit = 1,
		.cancelled = call->cancelled,
	};
	const char *target = json_in_str_or(&in, "target", 16, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = read_target(call, target, &j.target);
	if (!err)
		err = confidence(r, db, &c, &j.cases);
	if (!err)
		err = kb_answer_look(&j.best, r->ix, db, &q);
	if (err)
		return err;
	judge(&j, c);
	return answer_json(call, db, &j);
}

/* ---- kb.calibrate: the set as a file ---- */

static int parse(struct kb_set **sp, struct rpc_call *call)
{
	struct diag diag;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *text = json_in_str(&in, "text", PROTO_LINE_LOCAL_BYTES);
	const char *file = json_in_str_or(&in, "file", FILE_BYTES, "-");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = kb_set_parse(sp, file, text, strlen(text), &diag);
	return err == EBADMSG
		       ? rpc_fail(call, EINVAL,
				  N_("A line of the regression set is "
				     "not right"),
				  "%s:%d: %s", diag.file, diag.line, diag.what)
		       : err;
}

static int look_calibrate(struct rpc_call *call, struct db *db)
{
	struct regress *r = call->part;
	scoped_mem struct kb_set *set = NULL;
	char day[CAL_TEXT_SIZE];
	const struct kb_set_prm prm = {.ix = r->ix, .db = db, .day = day};

	today(day);
	int err = parse(&set, call);
	if (!err)
		err = kb_set_ask(set, &prm);
	if (err)
		return err;
	call->looked = json_pack("{s:i, s:i, s:i}", "cases", (int)set->n,
				 "answerable", (int)set->answerable, "right",
				 (int)set->right);
	return call->looked ? 0 : ENOMEM;
}

static int on_calibrate(struct rpc_call *call, struct db *db)
{
	struct json_in in;

	json_in_init(&in, call->params);
	const char *text = json_in_str(&in, "text", PROTO_LINE_LOCAL_BYTES);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = rpc_append(call, db, "case.filled", "",
			     json_pack("{s:s}", "text", text));
	if (!err)
		call->result = json_incref(call->looked);
	return err;
}

/* ---- cases ---- */

static int on_case(const struct kb_case_row *row, void *arg)
{
	struct rpc_call *call = arg;
	char cursor[24];

	if (rpc_page_add(call, kb_wire_case(row)))
		return 0;
	snprintf(cursor, sizeof(cursor), "%lld", (long long)row->n + 1);
	rpc_page_next(call, cursor);
	return ECANCELED;
}

static int on_list(struct rpc_call *call, struct db *db)
{
	struct json_in in;
	enum kb_case_state state = KB_CASE_OPEN;

	json_in_init(&in, call->params);
	const char *name = json_in_str_or(&in, "state", ID_BYTES, "");
	const char *cursor = json_in_str_or(&in, "cursor", 20, "0");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (*name && kb_case_state_parse(&state, name))
		return rpc_fail(call, EINVAL,
				N_("A question of the set is kept, a "
				   "candidate or dropped"),
				"%s", name);
	call->result = json_pack("{s:[]}", "items");
	int err = kb_case_each(db, *name ? (int)state : -1,
			       strtoll(cursor, NULL, 10), on_case, call);
	return err == ECANCELED ? 0 : err;
}

struct found {
	char question[KB_QUERY_MAX_BYTES + 1];
	char entry[KB_ID_SIZE];
};

static int on_found(const struct kb_case_row *row, void *arg)
{
	struct found *f = arg;

	/* neither what is gone nor what is not filed yet */
	if (row->state > KB_CASE_KEPT)
		return ENOENT;
	snprintf(f->question, sizeof(f->question), "%s", row->question);
	snprintf(f->entry, sizeof(f->entry), "%s", row->entry);
	return 0;
}

static int find(struct rpc_call *call, struct db *db, int64_t n,
		struct found *f)
{
	int err = kb_case_get(db, n, on_found, f);

	return err == ENOENT
		       ? rpc_fail(call, err,
				  N_("There is no such question in the set"),
				  "%lld", (long long)n)
		       : err;
}

static int check_entry(struct rpc_call *call, struct db *db, const char *id)
{
	int64_t version = 0;
	bool same;
	int err = *id ? kb_base_version(db, id, "", &version, &same) : 0;

	return !err && *id && !version
		       ? rpc_fail(call, ENOENT, N_("There is no such entry"),
				  "%s", id)
		       : err;
}

static int set_is_full(struct rpc_call *call, struct db *db)
{
	struct kb_case_mark mark;
	int err = kb_case_marked(db, &mark);

	return !err && mark.kept >= KB_CASES_MAX
		       ? rpc_fail(call, EALREADY,
				  N_("The regression set is full: drop some "
				     "first"),
				  "%d", KB_CASES_MAX)
		       : err;
}

static int on_set(struct rpc_call *call, struct db *db)
{
	struct found f = {.question = ""};
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t n = json_in_int_or(&in, "case", 1, INT64_MAX, 0);
	const char *words =
		json_in_str_or(&in, "question", KB_QUERY_MAX_BYTES, "");
	const char *entry = json_in_str(&in, "entry", KB_ID_SIZE - 1);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = n ? find(call, db, n, &f) : kb_case_next(db, &n);
	if (!err && *words)
		kb_mask(f.question, sizeof(f.question), words);
	if (!err && !*f.question)
		err = rpc_fail(call, EINVAL, N_("Say what the citizen asked"),
			       "question");
	if (!err)
		err = check_entry(call, db, entry);
	if (!err)
		err = set_is_full(call, db);
	if (!err)
		err = rpc_append(call, db, "case.kept", entry,
				 json_pack("{s:I, s:s, s:s}", "case",
					   (json_int_t)n, "question",
					   f.question, "entry", entry));
	if (err)
		return err;
	call->result = json_pack("{s:I, s:s, s:s, s:s}", "case", (json_int_t)n,
				 "question", f.question, "entry", entry,
				 "state", kb_case_state_name(KB_CASE_KEPT));
	return call->result ? 0 : ENOMEM;
}

static int on_drop(struct rpc_call *call, struct db *db)
{
	struct found f = {.question = ""};
	struct json_in in;

	json_in_init(&in, call->params);
	int64_t n = json_in_int(&in, "case", 1, INT64_MAX);
	const char *reason = json_in_str_or(&in, "reason", REASON_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = find(call, db, n, &f);
	if (!err)
		err = rpc_append(call, db, "case.dropped", f.entry,
				 json_pack("{s:I, s:s}", "case", (json_int_t)n,
					   "reason", reason));
	if (err)
		return err;
	call->result = json_pack("{s:I, s:s, s:s, s:s}", "case", (json_int_t)n,
				 "question", f.question, "entry", f.entry,
				 "state", kb_case_state_name(KB_CASE_DROPPED));
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler regress_methods[] = {
	{"kb.answer", .readh = on_answer},
	{"kb.calibrate", .writeh = on_calibrate, .lookh = look_calibrate},
	{"case.list", .readh = on_list},
	{"case.set", .writeh = on_set},
	{"case.drop", .writeh = on_drop},
	{NULL},
};

/* ---- trials ---- */

static int put_all(struct kb_trial *trial, struct db *db,
		   const struct regress_entry *list, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		scoped_mem struct kb_version *v = NULL;
		err = kb_base_get(&v, db, list[i].id, list[i].version);
		if (!err)
			err = kb_trial_add(trial, db, v);
	}
	return err;
}

static int try_once(struct kb_set *set, struct regress *r, struct db *db,
		    const struct regress_entry *list, size_t n,
		    const atomic_bool *cancelled)
{
	scoped_mem struct kb_trial *trial = NULL;
	char day[CAL_TEXT_SIZE];

	today(day);
	int err = kb_trial_alloc(&trial, r->ix, db);
	if (!err)
		err = put_all(trial, db, list, n);
	if (err)
		return err;
	const struct kb_set_prm prm = {
		.ix = r->ix,
		.db = db,
		.day = day,
		.trial = trial,
		.cancelled = cancelled,
	};
	return kb_set_ask(set, &prm);
}

int regress_try(struct kb_set **sp, struct regress *r, struct db *db,
		const struct regress_entry *list, size_t n,
		const atomic_bool *cancelled)
{
	scoped_mem struct kb_set *set = NULL;
	int err = kb_set_read(&set, db);

	if (err)
		return err;
	for (unsigned i = 0; i < TRIES; i++) {
		err = try_once(set, r, db, list, n, cancelled);
		if (err != ESTALE)
			break;
	}
	if (err)
		return err == ESTALE ? EAGAIN : err;
	*sp = take(set);
	return 0;
}

json_t *regress_json(const struct kb_set *set)
{
	scoped_json json_t *lost = json_array();

	for (unsigned i = 0; i < set->n && json_array_size(lost) < LOST_MAX;
	     i++) {
		const struct kb_asked *one = &set->list[i];
		if (one->was_right && !one->right)
			json_array_append_new(
				lost, json_pack("{s:s, s:s, s:s}", "question",
						one->question, "entry",
						one->entry, "got", one->got));
	}
	return json_pack("{s:i, s:i, s:i, s:O}", "n", (int)set->n, "before",
			 (int)set->was_right, "after", (int)set->right, "lost",
			 lost);
}

json_t *regress_mark(struct db *db)
{
	struct kb_case_mark mark;

	if (kb_case_marked(db, &mark))
		return NULL;
	return json_pack("[III]", (json_int_t)mark.kept,
			 (json_int_t)mark.since_us, (json_int_t)mark.change);
}

bool regress_holds(struct db *db, const json_t *mark)
{
	scoped_json json_t *now = regress_mark(db);

	return now && json_equal(now, mark);
}
