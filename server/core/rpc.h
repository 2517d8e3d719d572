/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the office: envelope, role check, dispatch to the place where
 * the method runs, errno -> wire error. A part exports a table of handlers
 * for its methods of common/proto.h:
 *
 *     const struct rpc_handler ticket_methods[] = {
 *             {"ticket.list", .readh = ticket_rpc_list},
 *             {"ticket.file", .writeh = ticket_rpc_file},
 *             {NULL},
 *     };
 *
 * A handler reads params with json_in, and ends by setting a result or by
 * returning rpc_fail(call, errno, N_("English sentence"), detail...).
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <jansson.h>

#include "common/db.h"
#include "common/json.h"
#include "common/proto.h"

struct rpc;
struct session;
struct session_hub;
struct store;
struct worker;
struct fact;
struct fact_log;

/* One request on its way. Fields are set for the handler; result and the
 * error are what it leaves. */
struct rpc_call {
	const struct proto_method *method;
	json_t *params;	   /* owned by the call; never NULL */
	const char *actor; /* person id, or "root(0)" for an administrator */
	unsigned roles;
	bool paged;		 /* gate session: lists in pages */
	struct session *session; /* live only; NULL elsewhere */
	struct fact_log *log;	 /* for fact_append in write handlers */
	void *part;		 /* arg of rpc_register */
	json_t *looked;		 /* what lookh left for the writer; owned */
	/* The answer is not wanted any more (newest); NULL: it always is. */
	const atomic_bool *cancelled;
	json_t *result;	     /* set by the handler (new reference) */
	size_t page_bytes;   /* what rpc_page_add has put into it */
	const char *message; /* msgid of the failure */
	char detail[160];
};

/* Loop. 0: answered with call->result, once the facts that it made by
 * fact_happened are on disk; EINPROGRESS: rpc_later was called and the answer
 * follows; else refused. */
typedef int(rpc_live_h)(struct rpc_call *call);
/* Store thread, in the job's savepoint. */
typedef int(rpc_write_h)(struct rpc_call *call, struct db *db);
/* A worker, read-only. */
typedef int(rpc_read_h)(struct rpc_call *call, struct db *db);
/* Loop, before a write is submitted: what only live state can permit (is the
 * call his?), or params to add. Optional. */
typedef int(rpc_permit_h)(struct rpc_call *call);
/* Loop, after a write's commit and the apply of its facts, or after a read
 * that found its answer; before the reply. Optional. */
typedef void(rpc_after_h)(struct rpc_call *call);

/* A worker, before a write is submitted: what would hold up the store thread.
 * It leaves call->looked; the writer, in whose database something may have
 * changed since, returns EAGAIN where it does not hold any more: then both
 * run again, a few times. Optional. */
typedef int(rpc_look_h)(struct rpc_call *call, struct db *db);
struct rpc_handler {
	const char *name;
	rpc_live_h *liveh;
	rpc_write_h *writeh;
	rpc_read_h *readh;
	rpc_permit_h *permith;
	rpc_after_h *afterh;
	rpc_look_h *lookh;
	/* Of a read: only a session's newest request is wanted. Those before
	 * it end (busy); their handlers see call->cancelled. */
	bool newest;
};

int rpc_alloc(struct rpc **rp, struct store *store, struct worker *worker,
	      struct fact_log *log);
/* Table ends with {NULL}; every name must be in proto_office, with the
 * handler that its `run` asks for (checked: assert). */
void rpc_register(struct rpc *rpc, const struct rpc_handler *table, void *arg);
/* Methods of proto_office without a handler: NULL when complete. */
const char *rpc_missing(const struct rpc *rpc);

/* Handles one message of a session (core/session calls it). */
void rpc_handle(struct rpc *rpc, struct session *session, json_t *msg);

/* What hello and status say of the site. Copied; strings are borrowed. */
struct rpc_site {
	const char *name, *zone;
	bool sample; /* sample data: screens say so */
	/* A person's name for hello; may be NULL. */
	void (*nameh)(const char *person, char *out, size_t size, void *arg);
	void *arg;
};
void rpc_site(struct rpc *rpc, const struct rpc_site *site);

/* A part's lines in `status` and, as far as they are numbers or booleans, in
 * /metrics: sets its own object in `status` ("switch":{"up":true}). Loop. */
typedef void(rpc_status_h)(json_t *status, void *arg);
void rpc_status_add(struct rpc *rpc, rpc_status_h *h, void *arg);
json_t *rpc_status(struct rpc *rpc, const struct session_hub *hub);

/* hello, ping, subscribe, sync, method.list, status: part is the rpc. */
extern const struct rpc_handler rpc_methods[];

/* A refusal: returns err. message is a msgid (N_), detail printf or NULL. */
int rpc_fail(struct rpc_call *call, int err, const char *message,
	     const char *detail, ...) __attribute__((format(printf, 4, 5)));
/* The refusal for params that json_in found wrong. */
int rpc_bad_params(struct rpc_call *call, const struct json_in *in);

/* The end of a write handler: appends the fact, with the caller as its actor,
 * and answers {"seq"}. */
int rpc_fact(struct rpc_call *call, struct db *db, struct fact *fact);

#ifdef __clang_analyzer__
/* It sees one file at a time, so it has to be told that these do not return
 * 0. */
#define rpc_fail(call, err, ...)                            \
	__extension__({                                     \
		(void)rpc_fail((call), (err), __VA_ARGS__); \
		(err);                                      \
	})
#define rpc_bad_params(call, in)                    \
	__extension__({                             \
		(void)rpc_bad_params((call), (in)); \
		EINVAL;                             \
	})
#endif

/* Appends a fact of the caller's about `subject`; body is stolen, NULL is
 * ENOMEM. */
int rpc_append(struct rpc_call *call, struct db *db, const char *kind,
	       const char *subject, json_t *body);

/* Live handlers that answer later: take the ticket, return EINPROGRESS, and
 * finish exactly once; it survives the session's end. */
struct rpc_later;
int rpc_later(struct rpc_later **lp, struct rpc_call *call);
void rpc_later_done(struct rpc_later *later, json_t *result);
/* The same, where facts were made: once they are on disk. */
void rpc_later_saved(struct rpc_later *later, json_t *result);
void rpc_later_fail(struct rpc_later *later, int err, const char *message,
		    const char *detail);

/* Lists. Adds `item` (stolen) to call->result {"items":[...]}; false when
 * the page is full: set the cursor for this item and stop. */
bool rpc_page_add(struct rpc_call *call, json_t *item);
void rpc_page_next(struct rpc_call *call, const char *cursor);
