/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/integration/call_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/proto.h"
#include "common/scope.h"
#include "server/config.h"
#include "server/core/rpc.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_check.h"
#include "server/core/worker.h"
#include "server/desk/acd.h"
#include "server/desk/people.h"
#include "server/desk/roster.h"
#include "server/desk/site.h"
#include "server/gate/handover.h"
#include "server/voice/call.h"
#include "tests/sim/faulty_vfs.h"

#define WAIT_MS 10000

struct rig rig;
char rig_refusal[200];
static struct config cfg;

/* ---- people and site: a few fixed ones ---- */

static struct person persons[] = {
	{.id = "A1", .name = "王莹", .roles = ROLE_AGENT},
	{.id = "A2", .name = "陈静", .roles = ROLE_AGENT},
	{.id = "L1", .name = "赵敏", .roles = ROLE_AGENT | ROLE_LEAD},
	{.id = "B1", .name = "周敏", .roles = ROLE_BUREAU},
};
static struct site_queue queues[2];
static struct site_trunk trunk = {.id = "t1", .active = true, .up = true};
static struct site_pause rest = {.code = "rest", .active = true};
static struct cal *calendar;

const struct person *people_find(const struct people *pp, const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(persons); i++)
		if (!strcmp(persons[i].id, id))
			return &persons[i];
	return NULL;
}

void people_each(const struct people *pp, people_each_h *h, void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(persons); i++)
		h(&persons[i], arg);
}

void people_follow(struct people *pp, people_change_h *h, void *arg)
{
}

int people_level(const struct person *p, const char *queue)
{
	return p->roles & ROLE_LEAD ? 0 : 2;
}

json_t *people_skills_json(const struct person *p)
{
	return json_pack("{s:i}", "si", people_level(p, "si"));
}

void site_follow(struct site *s, site_change_h *h, void *arg)
{
}

size_t site_queue_count(const struct site *s)
{
	return 2;
}

const struct site_queue *site_queue_at(const struct site *s, size_t i)
{
	return &queues[i];
}

int site_queue_index(const struct site *s, const char *id)
{
	for (int i = 0; i < 2; i++)
		if (!strcmp(queues[i].id, id))
			return i;
	return -1;
}

const struct site_queue *site_queue_find(const struct site *s, const char *id)
{
	int i = site_queue_index(s, id);

	return i < 0 ? NULL : &queues[i];
}

const struct site_queue *site_queue_of(const struct site *s,
				       const char *called)
{
	for (int i = 0; i < 2; i++)
		if (!strcmp(queues[i].numbers[0], called))
			return &queues[i];
	return NULL;
}

const struct site_pause *site_pause_find(const struct site *s,
					 const char *code)
{
	return strcmp(code, rest.code) != 0 ? NULL : &rest;
}

const struct cal *site_cal(const struct site *s)
{
	return calendar;
}

void site_prompt_file(const struct site *s, const char *prompt,
		      char out[SITE_TEXT])
{
	snprintf(out, SITE_TEXT, "%s.wav", prompt);
}

void site_queue_prompt(const struct site *s, const struct site_queue *q,
		       const char *which, char out[SITE_TEXT])
{
	site_prompt_file(s, which, out);
}

size_t site_trunk_count(const struct site *s)
{
	return 1;
}

const struct site_trunk *site_trunk_at(const struct site *s, size_t i)
{
	return &trunk;
}

const struct site_trunk *site_trunk_find(const struct site *s, const char *id)
{
	return &trunk;
}

void site_trunk_state(struct site *s, const char *id, bool up, const char *why,
		      int64_t since_us)
{
}

size_t site_phone_count(const struct site *s)
{
	return 0;
}

const struct site_phone *site_phone_at(const struct site *s, size_t i)
{
	return NULL;
}

const struct site_phone *site_phone_find(const struct site *s, const char *id)
{
	return NULL;
}

void site_phone_state(struct site *s, const char *id, bool registered,
		      const char *source)
{
}

bool site_phone_registered(const struct site *s, const char *id)
{
	return false;
}

/* ---- the loop ---- */

static struct {
	rig_cond_h *cond;
	bool held;
	uint64_t end;
	struct tmr tmr;
} waiting;

static void on_look(void *arg)
{
	waiting.held = waiting.cond && waiting.cond();
	if (waiting.held || tmr_jiffies() >= waiting.end)
		re_cancel();
	else
		tmr_start(&waiting.tmr, 2, on_look, NULL);
}

static bool run(rig_cond_h *cond, uint64_t ms)
{
	waiting.cond = cond;
	waiting.end = tmr_jiffies() + ms;
	tmr_init(&waiting.tmr);
	tmr_start(&waiting.tmr, 0, on_look, NULL);
	(void)re_main(NULL);
	tmr_cancel(&waiting.tmr);
	return waiting.held;
}

bool rig_wait(rig_cond_h *cond)
{
	return run(cond, WAIT_MS);
}

void rig_turn(int64_t ms)
{
	(void)run(NULL, (uint64_t)ms);
}

/* ---- agents ---- */

#define AGENTS_MAX 4

static struct agent {
	char id[16];
	struct link *link;
	int control;
	json_t *reply;
	int64_t asked;
	json_t *events; /* the last of each kind */
	json_t *counts; /* how many there were */
} agents[AGENTS_MAX];

static struct agent *agent_of(const char *id)
{
	for (int i = 0; i < AGENTS_MAX; i++)
		if (!strcmp(agents[i].id, id))
			return &agents[i];
	for (int i = 0; i < AGENTS_MAX; i++) {
		if (agents[i].id[0])
			continue;
		snprintf(agents[i].id, sizeof(agents[i].id), "%s", id);
		agents[i].control = -1;
		agents[i].events = json_object();
		agents[i].counts = json_object();
		return &agents[i];
	}
	fail_msg("too many agents");
	return NULL;
}

static void on_agent_msg(struct link *link, json_t *msg, void *arg)
{
	struct agent *a = arg;

	if (json_int(msg, "id") == a->asked && json_object_get(msg, "id"))
		a->reply = json_incref(msg);
	if (!json_object_get(msg, "method"))
		return;
	const char *method = json_str(msg, "method");
	json_object_set(a->events, method, json_object_get(msg, "params"));
	json_object_set_new(a->counts, method,
			    json_integer(json_int(a->counts, method) + 1));
}

static void on_agent_gone(int err, void *arg)
{
	struct agent *a = arg;

	a->link = mem_deref(a->link);
}

void agent_gone(const char *id)
{
	struct agent *a = agent_of(id);

	if (a->link)
		link_close(a->link);
	a->link = mem_deref(a->link);
	if (a->control >= 0)
		close(a->control);
	a->control = -1;
}

static void agent_open(struct agent *a)
{
	char path[100];
	int pair[2];
	static int64_t login;
	struct handover ho = {.purpose = HANDOVER_RPC, .login = ++login};

	snprintf(ho.person, sizeof(ho.person), "%s", a->id);
	snprintf(path, sizeof(path), "%s/gate/office.sock", rig.dir);
	assert_int_equal(link_connect(&a->control, path), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ho.in = ho.out = pair[1];
	assert_int_equal(handover_send(a->control, &ho), 0);
	close(pair[1]);
	struct link_prm prm = {.fd_in = pair[0],
			       .fd_out = pair[0],
			       .line_max_bytes = PROTO_LINE_LOCAL_BYTES,
			       .queue_max_bytes = 1 << 20,
			       .msgh = on_agent_msg,
			       .closeh = on_agent_gone,
			       .arg = a};
	assert_int_equal(link_alloc(&a->link, &prm), 0);
}

static struct agent *asking;

static bool answered(void)
{
	return asking->reply != NULL;
}

static json_t *last; /* reply */

json_t *agent_ask(const char *id, const char *method, json_t *params)
{
	struct agent *a = agent_of(id);

	if (!a->link)
		agent_open(a);
	asking = a;
	a->asked++;
	json_t *msg = proto_request(a->asked, method, params);
	assert_int_equal(link_send(a->link, msg), 0);
	json_decref(msg);
	rig_until(answered);
	json_decref(last);
	last = a->reply;
	a->reply = NULL;
	json_t *error = json_object_get(last, "error");
	snprintf(rig_refusal, sizeof(rig_refusal), "%s",
		 error ? json_str(error, "message") : "");
	return error ? NULL : json_object_get(last, "result");
}

static void agent_hello(const char *id)
{
	assert_non_null(agent_ask(
		id, "hello",
		json_pack("{s:i,s:s}", "version", 1, "client", "rig")));
	assert_non_null(agent_ask(id, "subscribe",
				  json_pack("{s:[s,s,s,s]}", "topics", "me",
					    "agent", "item", "queue")));
}

void agent_in(const char *id)
{
	agent_hello(id);
	sw_attach(id, true);
	assert_non_null(agent_ask(id, "agent.signin", json_object()));
	assert_non_null(agent_ask(id, "agent.ready", json_object()));
}

const char *agent_state(const char *id)
{
	const struct roster_agent *a = roster_find(rig.roster, id);

	return a ? agent_state_name(a->now.state) : "";
}

const char *agent_reason(const char *id)
{
	const struct roster_agent *a = roster_find(rig.roster, id);

	return a ? a->now.reason : "";
}

json_t *agent_event(const char *id, const char *method)
{
	return json_object_get(agent_of(id)->events, method);
}

int agent_events(const char *id, const char *method)
{
	return (int)json_int(agent_of(id)->counts, method);
}

/* ---- the office ---- */

static int on_roles(const char *person, unsigned *roles, void *arg)
{
	const struct person *p = people_find(NULL, person);

	if (p)
		*roles = p->roles;
	return p ? 0 : ENOENT;
}

static int on_person(const char *person, bool up, void *arg)
{
	if (rig.roster)
		roster_session(rig.roster, person, up);
	return 0;
}

static void parts_up(void)
{
	struct roster_prm roster = {
		.log = rig.log, .hub = rig.hub, .grace_ms = 500};
	assert_int_equal(roster_alloc(&rig.roster, &roster), 0);
	struct acd_prm acd = {.log = rig.log,
			      .hub = rig.hub,
			      .roster = rig.roster,
			      .ageing_ms = 30000,
			      .lease_ms = 1000,
			      .max_wait_ms = 60000};
	assert_int_equal(acd_alloc(&rig.acd, &acd), 0);
	struct voice_prm voice = {.cfg = &cfg,
				  .log = rig.log,
				  .worker = rig.worker,
				  .hub = rig.hub,
				  .roster = rig.roster,
				  .acd = rig.acd};
	assert_int_equal(voice_alloc(&rig.voice, &voice), 0);
	rpc_register(rig.rpc, roster_methods, rig.roster);
	rpc_register(rig.rpc, acd_methods, rig.acd);
	voice_register(rig.voice, rig.rpc);
}

void rig_office_up(void)
{
	char db_path[100], admin[100], gate[100];
	struct db *db = NULL;

	snprintf(db_path, sizeof(db_path), "%s/zuoxi.db", rig.dir);
	snprintf(admin, sizeof(admin), "%s/admin.sock", rig.dir);
	snprintf(gate, sizeof(gate), "%s/gate/office.sock", rig.dir);
	struct store_prm store = {
		.path = db_path, .vfs = FAULTY_VFS, .happened_max = 10000};
	faulty_vfs_register();
	faulty_vfs_reset();
	assert_int_equal(store_alloc(&rig.store, &store), 0);
	assert_int_equal(fact_log_alloc(&rig.log, rig.store), 0);
	assert_int_equal(worker_alloc(&rig.worker, db_path, 1, 1000), 0);
	assert_int_equal(rpc_alloc(&rig.rpc, rig.store, rig.worker, rig.log),
			 0);
	struct session_prm hub = {.admin_path = admin,
				  .gate_path = gate,
				  .queue_max_bytes = 1 << 20,
				  .ring_events = 1000,
				  .rpc = rig.rpc,
				  .rolesh = on_roles,
				  .personh = on_person,
				  .service_uid = geteuid()};
	assert_int_equal(session_hub_alloc(&rig.hub, &hub), 0);
	store_call_register(rig.log);
	parts_up();
	assert_int_equal(db_open(&db, db_path, DB_READ, NULL), 0);
	assert_int_equal(roster_load(rig.roster, db), 0);
	assert_int_equal(voice_load(rig.voice, db), 0);
	mem_deref(db);
}

void rig_office_down(void)
{
	for (int i = 0; i < AGENTS_MAX; i++)
		if (agents[i].id[0])
			agent_gone(agents[i].id);
	session_hub_close(rig.hub);
	rig.store = mem_deref(rig.store);
	rig.worker = mem_deref(rig.worker);
	rig.voice = mem_deref(rig.voice);
	rig.acd = mem_deref(rig.acd);
	rig.roster = mem_deref(rig.roster);
	rig.hub = mem_deref(rig.hub);
	rig.rpc = mem_deref(rig.rpc);
	rig.log = mem_deref(rig.log);
	sw_cut();
}

static bool is_up(void)
{
	return exchange_is_up(rig.voice->ex);
}

static void set_queues(void)
{
	static const char *const ids[] = {"si", "med"};
	static const char *const numbers[] = {"96001", "96002"};

	for (int i = 0; i < 2; i++) {
		struct site_queue *q = &queues[i];
		memset(q, 0, sizeof(*q));
		snprintf(q->id, sizeof(q->id), "%s", ids[i]);
		snprintf(q->name, sizeof(q->name), "%s", ids[i]);
		snprintf(q->numbers[0], SITE_NUMBER, "%s", numbers[i]);
		q->numbers_n = 1;
		q->active = true;
		q->lease_ms = rig.lease_ms;
		q->max_wait_ms = rig.max_wait_ms;
		q->wrapup_ms = rig.wrapup_ms;
	}
}

void rig_start(void)
{
	struct diag diag;
	char path[100];

	strcpy(rig.dir, "/tmp/zuoxi-call.XXXXXX");
	assert_non_null(mkdtemp(rig.dir));
	snprintf(path, sizeof(path), "%s/gate", rig.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	config_defaults(&cfg, rig.dir);
	snprintf(cfg.run_dir, sizeof(cfg.run_dir), "%s", rig.dir);
	snprintf(cfg.recordings_dir, sizeof(cfg.recordings_dir), "%s",
		 rig.dir);
	cfg.away_ms = 400;
	rig.lease_ms = rig.lease_ms ? rig.lease_ms : 5000;
	rig.max_wait_ms = rig.max_wait_ms ? rig.max_wait_ms : 60000;
	rig.wrapup_ms = rig.wrapup_ms ? rig.wrapup_ms : 60000;
	set_queues();
	calendar = mem_deref(calendar);
	assert_int_equal(cal_alloc(&calendar,
				   rig.open ? "hours mon-sun 00:00-24:00\n"
					    : "hours mon 03:00-03:01\n",
				   &diag),
			 0);
	sw_start();
	rig_office_up();
	rig_until(is_up);
}

static int on_finding(const char *rule, const char *what, void *arg)
{
	print_error("%s: %s\n", rule, what);
	++*(int *)arg;
	return 0;
}

/* Every invariant holds, and the tables can be built again from the facts
 * alone: they come out the same. */
static void check_stored(void)
{
	static const char *const tables[] = {
		"contact",    "contact_leg", "offer",	  "agent_now",
		"agent_span", "missed",	     "recording",
	};
	struct fact_log *log = NULL;
	struct db *db = NULL;
	struct store_check_counts counts;
	char path[100], sql[200];
	int findings = 0;

	snprintf(path, sizeof(path), "%s/zuoxi.db", rig.dir);
	assert_int_equal(store_open_file(&db, path, DB_WRITE, NULL), 0);
	assert_int_equal(store_check_calls(db, rig.dir, "", &counts,
					   on_finding, &findings),
			 0);
	assert_int_equal(findings, 0);
	assert_int_equal(fact_log_alloc(&log, NULL), 0);
	store_call_register(log);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		snprintf(sql, sizeof(sql),
			 "CREATE TEMP TABLE was_%s AS SELECT * FROM %s",
			 tables[i], tables[i]);
		assert_int_equal(db_exec(db, sql), 0);
	}
	assert_int_equal(fact_rebuild(log, db), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		int64_t n = -1;
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM (SELECT * FROM was_%s"
			 " EXCEPT SELECT * FROM %s)",
			 tables[i], tables[i]);
		assert_int_equal(db_get_int(db, &n, -1, sql, ""), 0);
		if (n)
			print_error("%s differs\n", tables[i]);
		assert_int_equal(n, 0);
	}
	mem_deref(log);
	mem_deref(db);
}

void rig_stop(void)
{
	rig_until(sw_acked_all);
	rig_office_down();
	check_stored();
	rig_clean();
}

void rig_clean(void)
{
	char cmd[100];

	if (!rig.dir[0])
		return;
	if (rig.log)
		rig_office_down();
	sw_stop();
	for (int i = 0; i < AGENTS_MAX; i++) {
		json_decref(agents[i].events);
		json_decref(agents[i].counts);
		memset(&agents[i], 0, sizeof(agents[i]));
	}
	json_decref(last);
	last = NULL;
	calendar = mem_deref(calendar);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", rig.dir);
	(void)!system(cmd);
	memset(&rig, 0, sizeof(rig));
}

/* ---- looking ---- */

char *rig_picture(void)
{
	json_t *all =
		json_pack("{s:[],s:[],s:[]}", "calls", "items", "agents");
	size_t n = 0;
	struct call **calls = call_all(rig.voice, &n);

	for (size_t i = 0; i < n; i++) {
		const struct acd_item *item = acd_find(rig.acd, calls[i]->id);
		json_t *c = call_json(rig.voice, calls[i]);
		json_object_set_new(c, "leg", json_string(calls[i]->leg));
		json_object_set_new(c, "agent_leg",
				    json_string(calls[i]->agent_leg));
		json_array_append_new(json_object_get(all, "calls"), c);
		if (item)
			json_array_append_new(
				json_object_get(all, "items"),
				json_pack("{s:s,s:s,s:i,s:s,s:I,s:b,s:s}",
					  "contact", item->contact, "queue",
					  item->queue, "state",
					  (int)item->state, "offer",
					  item->offer, "queued_us",
					  (json_int_t)item->queued_us, "head",
					  item->head, "target", item->target));
		mem_deref(calls[i]);
	}
	mem_deref(calls);
	for (size_t i = 0; i < roster_count(rig.roster); i++) {
		json_t *a = roster_json(rig.roster, roster_at(rig.roster, i));
		json_object_del(a, "online");
		json_object_del(a, "phone");
		json_array_append_new(json_object_get(all, "agents"), a);
	}
	char *text = json_dumps(all, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(all);
	return text;
}

int64_t rig_count_on_disk(const char *sql)
{
	struct db *db = NULL;
	char path[100];
	int64_t n = -1;

	snprintf(path, sizeof(path), "%s/zuoxi.db", rig.dir);
	assert_int_equal(db_open(&db, path, DB_READ, NULL), 0);
	assert_int_equal(db_get_int(db, &n, -1, sql, ""), 0);
	mem_deref(db);
	return n;
}

static struct db *reader(void)
{
	struct db *db = NULL;
	char path[100];

	assert_int_equal(store_flush(rig.store), 0);
	snprintf(path, sizeof(path), "%s/zuoxi.db", rig.dir);
	assert_int_equal(db_open(&db, path, DB_READ, NULL), 0);
	return db;
}

int64_t rig_count(const char *sql)
{
	struct db *db = reader();
	int64_t n = -1;

	assert_int_equal(db_get_int(db, &n, -1, sql, ""), 0);
	mem_deref(db);
	return n;
}

const char *rig_text(const char *sql)
{
	static char text[200];
	struct db *db = reader();
	{
		scoped_stmt struct db_stmt *s = NULL;
		assert_int_equal(db_prepare(&s, db, sql), 0);
		snprintf(text, sizeof(text), "%s",
			 db_step(s) ? "" : db_str(s, 0));
	}
	mem_deref(db);
	return text;
}
