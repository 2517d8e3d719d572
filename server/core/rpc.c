/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's way:
 *
 *     message -> envelope -> hello said? -> method -> role -> params
 *        live:  handler -> its facts are on disk -> reply
 *        write: permit -> (worker: look) -> store job (handler) -> commit
 *               -> after -> reply
 *        read:  worker (handler) -> after -> reply
 *
 * The methods of the session itself are in rpc_session.c.
 */
#include "server/core/rpc.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/rpc_own.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/worker.h"

#define PAGE_ADMIN_BYTES (512 << 10)
/* what the envelope and the cursor take of a page */
#define PAGE_SPARE_BYTES 512
#define ACTOR_BYTES	 64
#define SAVE_WAIT_MS	 3000
#define LOOKS_MAX	 4

struct request {
	struct rpc_call call; /* first: rpc_later finds the request by it */
	struct rpc *rpc;
	const struct rpc_entry *entry;
	struct session *session; /* reference */
	json_t *id;		 /* NULL: a notification */
	char actor[ACTOR_BYTES];
	bool later;
	unsigned looks; /* how often a write has looked */
	struct le le;	/* in rpc->newest */
	atomic_bool cancelled;
	struct fact_wait *saving; /* for the disk, before the reply */
	struct tmr late;
};

struct rpc_later {
	struct request *req; /* reference */
};

/* ---- life ---- */

static void rpc_destructor(void *arg)
{
	struct rpc *rpc = arg;

	mem_deref(rpc->entries);
}

int rpc_alloc(struct rpc **rp, struct store *store, struct worker *worker,
	      struct fact_log *log)
{
	scoped_mem struct rpc *rpc = mem_zalloc(sizeof(*rpc), rpc_destructor);
	if (!rpc)
		return ENOMEM;
	rpc->started_us = cal_mono_us();
	rpc->store = store;
	rpc->worker = worker;
	rpc->log = log;
	rpc->entries =
		mem_zalloc(proto_office_n * sizeof(*rpc->entries), NULL);
	if (!rpc->entries)
		return ENOMEM;
	rpc_register(rpc, rpc_methods, rpc);
	*rp = take(rpc);
	return 0;
}

static bool fits(const struct proto_method *m, const struct rpc_handler *h)
{
	switch (m->run) {
	case RUN_LIVE:
		return h->liveh && !h->writeh && !h->readh;
	case RUN_WRITE:
		return h->writeh && !h->liveh && !h->readh;
	case RUN_READ:
		return h->readh && !h->liveh && !h->writeh;
	}
	return false;
}

void rpc_register(struct rpc *rpc, const struct rpc_handler *table, void *arg)
{
	for (const struct rpc_handler *h = table; h->name; h++) {
		const struct proto_method *m = proto_office_find(h->name);
		assert(m && fits(m, h));
		struct rpc_entry *e = &rpc->entries[m - proto_office];
		assert(!e->handler);
		e->handler = h;
		e->part = arg;
	}
}

const char *rpc_missing(const struct rpc *rpc)
{
	for (size_t i = 0; i < proto_office_n; i++) {
		if (!rpc->entries[i].handler)
			return proto_office[i].name;
	}
	return NULL;
}

/* ---- refusals ---- */

#undef rpc_fail
#undef rpc_bad_params

int rpc_fail(struct rpc_call *call, int err, const char *message,
	     const char *detail, ...)
{
	call->message = message;
	call->detail[0] = '\0';
	if (detail) {
		va_list ap;
		va_start(ap, detail);
		vsnprintf(call->detail, sizeof(call->detail), detail, ap);
		va_end(ap);
	}
	return err;
}

int rpc_bad_params(struct rpc_call *call, const struct json_in *in)
{
	return rpc_fail(call, EINVAL,
			N_("The parameters of this request are not right"),
			"%s", in->fault);
}

int rpc_append(struct rpc_call *call, struct db *db, const char *kind,
	       const char *subject, json_t *body)
{
	scoped_json json_t *owned = body;
	struct fact fact = {
		.dur_ms = -1,
		.actor = call->actor,
		.kind = kind,
		.subject = subject,
		.body = owned,
	};
	return owned ? fact_append(call->log, db, &fact) : ENOMEM;
}

int rpc_fact(struct rpc_call *call, struct db *db, struct fact *fact)
{
	fact->actor = call->actor;
	int err = fact_append(call->log, db, fact);
	if (err)
		return err;
	call->result = json_pack("{s:I}", "seq", (json_int_t)fact->seq);
	return call->result ? 0 : ENOMEM;
}

/* For an errno that came without a sentence. */
static const char *sentence(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return N_("You may not do this");
	case ENOENT:
		return N_("There is no such thing");
	case EALREADY:
		return N_("This is not possible now");
	case EAGAIN:
		return N_("Too much to do at the moment; try again");
	case EEXIST:
		return N_("It exists already");
	case ENOSPC:
	case EIO:
		return N_("The disk does not take writes now; "
			  "nothing was changed");
	case EINVAL:
		return N_("The parameters of this request are not right");
	case ETIMEDOUT:
		return N_("No answer in time");
	case ENOTCONN:
		return N_("It is not there any more");
	default:
		return N_("Something went wrong inside; it was logged");
	}
}

static void answer(struct session *s, json_t *id, int err, const char *message,
		   const char *detail)
{
	if (!id)
		return;
	/* "parse" is for lines alone; inside, EBADMSG is bad input */
	if (err == EBADMSG)
		err = EINVAL;
	if (err == ECANCELED)
		err = EAGAIN;
	session_send(s, proto_error(id, err, message ? message : sentence(err),
				    detail && *detail ? detail : NULL));
}

/* ---- requests ---- */

static void request_destructor(void *arg)
{
	struct request *req = arg;

	tmr_cancel(&req->late);
	list_unlink(&req->le);
	mem_deref(req->saving);
	session_finish(req->session);
	json_decref(req->call.params);
	json_decref(req->call.looked);
	json_decref(req->call.result);
	json_decref(req->id);
	mem_deref(req->session);
}

static int request_alloc(struct request **rp, struct rpc *rpc,
			 struct session *s, const struct proto_method *m)
{
	if (!session_begin(s))
		return EAGAIN;
	struct request *req = mem_zalloc(sizeof(*req), request_destructor);
	if (!req) {
		session_finish(s);
		return ENOMEM;
	}
	tmr_init(&req->late);
	req->rpc = rpc;
	req->session = mem_ref(s);
	req->entry = &rpc->entries[m - proto_office];
	str_ncpy(req->actor, session_actor(s), sizeof(req->actor));
	req->call.method = m;
	req->call.actor = req->actor;
	req->call.roles = session_roles(s);
	req->call.paged = session_is_gate(s);
	req->call.log = rpc->log;
	req->call.part = req->entry->part;
	*rp = req;
	return 0;
}

/* On the loop: the last act of a request; takes its reference. */
static void finish(struct request *req, int err)
{
	struct rpc_call *call = &req->call;

	if (err && !call->message)
		log_warn("%s of %s: %s", call->method->name, req->actor,
			 strerror(err));
	if (err)
		answer(req->session, req->id, err, call->message,
		       call->detail);
	else if (req->id)
		session_send(req->session,
			     proto_reply(req->id, take(call->result)));
	mem_deref(req);
}

/* What was asked of the telephone has happened, and everybody sees it; that
 * it will be remembered is confirmed by the disk alone. */
static void not_on_disk(struct request *req)
{
	finish(req, rpc_fail(&req->call, ENOSPC,
			     N_("It is done, but the disk has not taken its "
				"record yet"),
			     NULL));
}

static void on_saved(int err, void *arg)
{
	struct request *req = arg;

	if (err)
		not_on_disk(req);
	else
		finish(req, 0);
}

static void on_late(void *arg)
{
	not_on_disk(arg);
}

/* The reply follows the disk, like that of a write, but not for ever. */
static void finish_saved(struct request *req)
{
	tmr_start(&req->late, SAVE_WAIT_MS, on_late, req);
	int err = fact_wait(&req->saving, req->rpc->log, on_saved, req);
	if (err)
		finish(req, err);
}

static void run_live(struct request *req)
{
	uint64_t lost_before = 0, lost = 0;
	struct fact_log *log = req->rpc->log;
	uint64_t before = fact_log_happened(log, &lost_before);

	req->call.session = req->session;
	int err = req->entry->handler->liveh(&req->call);
	if (err == EINPROGRESS && req->later)
		mem_deref(req); /* rpc_later holds its own */
	else if (err || fact_log_happened(log, &lost) == before)
		finish(req, err);
	else if (lost != lost_before)
		not_on_disk(req);
	else
		finish_saved(req);
}

static int on_write_job(struct db *db, void *arg)
{
	struct request *req = arg;

	/* a batch that failed is not run twice for a request, but be sure */
	json_decref(req->call.result);
	req->call.result = NULL;
	return req->entry->handler->writeh(&req->call, db);
}

static void submit_write(struct request *req);

static void on_write_done(int err, void *arg)
{
	struct request *req = arg;

	if (err == EAGAIN && req->looks && req->looks < LOOKS_MAX) {
		submit_write(req);
		return;
	}
	req->call.session = req->session;
	if (!err && req->entry->handler->afterh)
		req->entry->handler->afterh(&req->call);
	/* the job was well, the commit was not: the sentence is the disk's */
	if (err == ENOSPC || err == EIO)
		req->call.message = NULL;
	finish(req, err);
}

static int on_look_job(struct db *db, void *arg)
{
	struct request *req = arg;

	json_decref(req->call.looked);
	req->call.looked = NULL;
	req->call.message = NULL;
	req->call.detail[0] = '\0';
	return req->entry->handler->lookh(&req->call, db);
}

static void on_look_done(int err, void *arg)
{
	struct request *req = arg;

	if (!err)
		err = store_submit(req->rpc->store, STORE_ASKED, on_write_job,
				   on_write_done, req);
	if (err)
		finish(req, err);
}

static void submit_write(struct request *req)
{
	int err;

	if (req->entry->handler->lookh) {
		req->looks++;
		err = worker_submit(req->rpc->worker, on_look_job,
				    on_look_done, req);
	} else {
		err = store_submit(req->rpc->store, STORE_ASKED, on_write_job,
				   on_write_done, req);
	}
	if (err)
		finish(req, err);
}

static void run_write(struct request *req)
{
	int err = 0;

	req->call.session = req->session;
	if (req->entry->handler->permith)
		err = req->entry->handler->permith(&req->call);
	req->call.session = NULL;
	if (err)
		finish(req, err);
	else
		submit_write(req);
}

static int on_read_job(struct db *db, void *arg)
{
	struct request *req = arg;

	if (atomic_load(&req->cancelled))
		return ECANCELED;
	return req->entry->handler->readh(&req->call, db);
}

static void on_read_done(int err, void *arg)
{
	struct request *req = arg;

	if (err == ECANCELED && atomic_load(&req->cancelled))
		err = rpc_fail(&req->call, ECANCELED,
			       N_("A newer request took its place"), NULL);
	req->call.session = req->session;
	if (!err && req->entry->handler->afterh)
		req->entry->handler->afterh(&req->call);
	finish(req, err);
}

/* The session's older requests of this method are not wanted any more. */
static void supersede(struct request *req)
{
	struct list *newest = &req->rpc->newest;

	for (struct le *le = list_head(newest); le; le = le->next) {
		struct request *old = le->data;
		if (old->session == req->session && old->entry == req->entry)
			atomic_store(&old->cancelled, true);
	}
	list_append(newest, &req->le, req);
	req->call.cancelled = &req->cancelled;
}

static void run_read(struct request *req)
{
	if (req->entry->handler->newest)
		supersede(req);
	int err = worker_submit(req->rpc->worker, on_read_job, on_read_done,
				req);
	if (err)
		finish(req, err);
}

static void run(struct request *req)
{
	switch (req->call.method->run) {
	case RUN_LIVE:
		run_live(req);
		break;
	case RUN_WRITE:
		run_write(req);
		break;
	case RUN_READ:
		run_read(req);
		break;
	}
}

/* ---- parameters ---- */

static bool of_type(const json_t *v, const char *type, size_t len)
{
	static const struct {
		const char *name;
		json_type type;
	} types[] = {
		{"str", JSON_STRING},
		{"int", JSON_INTEGER},
		{"list", JSON_ARRAY},
		{"object", JSON_OBJECT},
	};

	if (len == 4 && !memcmp(type, "bool", 4))
		return json_is_boolean(v);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) == len &&
		    !memcmp(types[i].name, type, len))
			return json_typeof(v) == types[i].type;
	}
	return false;
}

/* Holds params against the method's "a:str b?:int"; the handler checks what
 * the values may be. */
static int check_params(const char *spec, json_t *params, char *fault,
			size_t size)
{
	while (*spec) {
		size_t n = strcspn(spec, "?:");
		bool must = spec[n] == ':';
		const char *type = spec + n + (must ? 1 : 2);
		size_t len = strcspn(type, " ");
		char key[32];

		snprintf(key, sizeof(key), "%.*s", (int)n, spec);
		json_t *v = json_object_get(params, key);
		if (must && (!v || json_is_null(v))) {
			snprintf(fault, size, "'%s' is missing", key);
			return EINVAL;
		}
		if (v && !json_is_null(v) && !of_type(v, type, len)) {
			snprintf(fault, size, "'%s' must be of type %.*s", key,
				 (int)len, type);
			return EINVAL;
		}
		spec = type + len + strspn(type + len, " ");
	}
	return 0;
}

/* ---- envelope ---- */

static bool id_is_fine(const json_t *id)
{
	return json_is_string(id) || json_is_integer(id) || json_is_null(id);
}

static int permit(struct rpc *rpc, struct session *s,
		  const struct proto_method *m, const char **message)
{
	*message = NULL;
	if (m && !(session_roles(s) & m->may))
		return EACCES;
	if (m && rpc->entries[m - proto_office].handler)
		return 0;
	*message = N_("There is no such method");
	return ENOSYS;
}

void rpc_handle(struct rpc *rpc, struct session *s, json_t *msg)
{
	json_t *id = json_object_get(msg, "id");
	const char *name = json_string_value(json_object_get(msg, "method"));
	json_t *params = json_object_get(msg, "params");
	const char *message = NULL;
	char fault[160] = "";
	struct request *req = NULL;

	if (!name || (id && !id_is_fine(id))) {
		answer(s, id && id_is_fine(id) ? id : json_null(), EPROTO,
		       N_("This is not a request"), NULL);
		return;
	}
	if (!session_greeted(s) && strcmp(name, "hello")) {
		answer(s, id, EPROTO, N_("Say hello first"), name);
		return;
	}
	const struct proto_method *m = proto_office_find(name);
	int err = permit(rpc, s, m, &message);
	if (err) {
		answer(s, id, err, message, name);
		return;
	}
	if (params && !json_is_object(params)) {
		answer(s, id, EINVAL, NULL, "params");
		return;
	}
	err = check_params(m->params, params, fault, sizeof(fault));
	if (!err)
		err = request_alloc(&req, rpc, s, m);
	if (err) {
		answer(s, id, err, NULL, fault);
		return;
	}
	req->id = json_incref(id);
	req->call.params = params ? json_incref(params) : json_object();
	run(req);
}

/* ---- answers that come later ---- */

static void later_destructor(void *arg)
{
	struct rpc_later *later = arg;

	mem_deref(later->req);
}

int rpc_later(struct rpc_later **lp, struct rpc_call *call)
{
	struct request *req = (struct request *)call;
	struct rpc_later *later = mem_zalloc(sizeof(*later), later_destructor);
	if (!later)
		return ENOMEM;
	req->later = true;
	later->req = mem_ref(req);
	*lp = later;
	return 0;
}

void rpc_later_done(struct rpc_later *later, json_t *result)
{
	struct request *req = mem_ref(later->req);

	json_decref(req->call.result);
	req->call.result = result;
	mem_deref(later);
	finish(req, 0);
}

void rpc_later_saved(struct rpc_later *later, json_t *result)
{
	struct request *req = mem_ref(later->req);

	json_decref(req->call.result);
	req->call.result = result;
	mem_deref(later);
	finish_saved(req);
}

void rpc_later_fail(struct rpc_later *later, int err, const char *message,
		    const char *detail)
{
	struct request *req = mem_ref(later->req);

	rpc_fail(&req->call, err, message, detail ? "%s" : NULL, detail);
	mem_deref(later);
	finish(req, err);
}

/* ---- pages ---- */

bool rpc_page_add(struct rpc_call *call, json_t *item)
{
	size_t max = (call->paged ? PROTO_PAGE_BYTES : PAGE_ADMIN_BYTES) -
		     PAGE_SPARE_BYTES;
	size_t bytes = json_dumpb(item, NULL, 0, JSON_COMPACT) + 1;

	if (!call->result)
		call->result = json_pack("{s:[]}", "items");
	json_t *items = json_object_get(call->result, "items");
	if (json_array_size(items) && call->page_bytes + bytes > max) {
		json_decref(item);
		return false;
	}
	call->page_bytes += bytes;
	json_array_append_new(items, item);
	return true;
}

void rpc_page_next(struct rpc_call *call, const char *cursor)
{
	if (!call->result)
		call->result = json_pack("{s:[]}", "items");
	json_object_set_new(call->result, "next", json_string(cursor));
}
