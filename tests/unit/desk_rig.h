/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An office of one file for tests of desk: a database, a log without a store
 * thread (a fact is projected and applied within fact_append), and requests
 * by hand, run as the dispatcher would run them.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "server/core/fact.h"
#include "server/core/rpc.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_course.h"
#include "server/core/store_duty.h"
#include "server/core/store_kb.h"
#include "server/core/store_learn.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"

struct rig {
	char dir[64], path[96];
	struct db *db;
	struct fact_log *log;
	/* of the last call */
	json_t *result;
	char message[160], detail[160];
};

static inline void rig_open(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/zuoxi-desk-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/t.db", r->dir);
	assert_int_equal(store_open_file(&r->db, r->path, DB_WRITE, NULL), 0);
	assert_int_equal(fact_log_alloc(&r->log, NULL), 0);
	store_people_register(r->log);
	store_call_register(r->log);
	store_ticket_register(r->log);
	store_kb_register(r->log);
	store_learn_register(r->log);
	store_course_register(r->log);
	store_duty_register(r->log);
}

static inline void rig_close(struct rig *r)
{
	static const char *const suffix[] = {"", "-wal", "-shm"};
	char path[128];

	json_decref(r->result);
	mem_deref(r->db);
	mem_deref(r->log);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", r->path, suffix[i]);
		unlink(path);
	}
	rmdir(r->dir);
}

static inline void rig_fact(struct rig *r, const char *kind,
			    const char *contact, const char *agent,
			    const char *subject, json_t *body)
{
	struct fact f = {.dur_ms = -1,
			 .actor = "office",
			 .kind = kind,
			 .contact = contact,
			 .agent = agent,
			 .subject = subject,
			 .body = body};
	assert_int_equal(fact_append(r->log, r->db, &f), 0);
	json_decref(body);
}

static inline int rig_run(const struct rpc_handler *h, struct rpc_call *call,
			  struct db *db)
{
	if (h->liveh)
		return h->liveh(call);
	if (h->readh)
		return h->readh(call, db);
	if (h->lookh) {
		int err = h->lookh(call, db);
		if (err)
			return err;
	}
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(db_save(db), 0);
	int err = h->writeh(call, db);
	if (err)
		db_undo(db);
	else
		assert_int_equal(db_release(db), 0);
	assert_int_equal(db_commit(db), 0);
	if (!err && h->afterh)
		h->afterh(call);
	return err;
}

/* One request. params is stolen. 0, or the errno of the refusal. */
static inline int rig_call(struct rig *r, const struct rpc_handler *table,
			   void *part, const char *actor, const char *method,
			   json_t *params)
{
	const struct rpc_handler *h = table;
	while (h->name && strcmp(h->name, method) != 0)
		h++;
	assert_non_null(h->name);
	struct rpc_call call = {
		.method = proto_office_find(method),
		.params = params ? params : json_object(),
		.actor = actor,
		.roles = *actor == 'L'	 ? ROLE_LEAD
			 : *actor == 'A' ? ROLE_AGENT
			 : *actor == 'B' ? ROLE_BUREAU
					 : ROLE_ADMIN,
		.log = r->log,
		.part = part,
	};
	int err = rig_run(h, &call, r->db);
	json_decref(r->result);
	r->result = call.result;
	snprintf(r->message, sizeof(r->message), "%s",
		 call.message ? call.message : "");
	snprintf(r->detail, sizeof(r->detail), "%s", call.detail);
	json_decref(call.params);
	json_decref(call.looked);
	return err;
}
