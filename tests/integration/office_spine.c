/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spine of the office in one process, on real sockets: store, facts,
 * workers, rpc and sessions, with a handler of the test's own behind every
 * method. Both ends run on the same loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/rpc.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/worker.h"
#include "server/gate/handover.h"
#include "tests/integration/spine_peer.h"
#include "tests/sim/faulty_vfs.h"

#define RING	    32
#define QUEUE_MAX   (256 << 10)
#define METHODS_MAX 256
#define BIG_TEXT    4000

struct office {
	char dir[64];
	char db[96], admin[96], gate[96];
	struct store *store;
	struct fact_log *log;
	struct worker *worker;
	struct rpc *rpc;
	struct session_hub *hub;
	struct rpc_handler table[METHODS_MAX];
	struct rpc_later *later;
	atomic_bool released; /* the slow reader may go on */
	atomic_int reading;
	bool disabled;
	int ups, downs, after;
};

static struct office *of;

/* ---- coming in ---- */

static struct peer *admin_in(void)
{
	int fd = -1;

	assert_int_equal(link_connect(&fd, of->admin), 0);
	return peer_alloc(fd, fd);
}

static bool is_answered(void *arg)
{
	const struct peer *p = arg;
	return p->answer != 0;
}

static struct peer *gate_in_gen(const char *person, int64_t login, int gen)
{
	int up[2], down[2], sock = -1;

	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	assert_int_equal(pipe2(down, O_CLOEXEC), 0);
	assert_int_equal(link_connect(&sock, of->gate), 0);
	struct handover ho = {
		.purpose = HANDOVER_RPC,
		.login = login,
		.generation = gen,
		.in = up[0],
		.out = down[1],
		.control = -1,
	};
	str_ncpy(ho.person, person, sizeof(ho.person));
	assert_int_equal(handover_send(sock, &ho), 0);
	close(up[0]);
	close(down[1]);
	struct peer *p = peer_alloc(down[0], up[1]);
	peer_control(p, sock);
	assert_true(wait_for(is_answered, p));
	return p;
}

static struct peer *gate_in(const char *person, int64_t login)
{
	return gate_in_gen(person, login, 0);
}

static json_t *hello(struct peer *p)
{
	json_t *r = call(p, "hello",
			 json_pack("{s:i, s:s}", "version", PROTO_VERSION,
				   "client", "test"));
	assert_non_null(json_object_get(r, "result"));
	return r;
}

static struct peer *admin(void)
{
	struct peer *p = admin_in();
	json_decref(hello(p));
	return p;
}

static struct peer *agent(const char *person, int64_t login)
{
	struct peer *p = gate_in(person, login);
	assert_int_equal(p->answer, 'K');
	json_decref(hello(p));
	return p;
}

static void subscribe(struct peer *p, const char *topic)
{
	expect(call(p, "subscribe", json_pack("{s:[s]}", "topics", topic)),
	       "");
}

/* ---- the near side: handlers of the test ---- */

static int on_live(struct rpc_call *c)
{
	return 0;
}

static int on_write(struct rpc_call *c, struct db *db)
{
	scoped_json json_t *body = json_pack("{s:s}", "number", "13812341234");
	struct fact f = {
		.actor = c->actor,
		.kind = "note.made",
		.subject = json_str(c->params, "text"),
		.dur_ms = -1,
		.body = body,
	};

	return fact_append(c->log, db, &f);
}

static int on_read(struct rpc_call *c, struct db *db)
{
	int64_t n = 0;

	int err = db_get_int(db, &n, 0, "SELECT count(*) FROM fact", "");
	c->result = json_pack("{s:I}", "count", (json_int_t)n);
	return err;
}

static int on_slow_read(struct rpc_call *c, struct db *db)
{
	atomic_fetch_add(&of->reading, 1);
	while (!of->released)
		usleep(1000);
	return 0;
}

static int on_page_read(struct rpc_call *c, struct db *db)
{
	char text[200];
	int from = atoi(json_str(c->params, "cursor"));

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = from; i < 1000; i++) {
		json_t *item = json_pack("{s:i, s:s}", "i", i, "t", text);
		if (!rpc_page_add(c, item)) {
			char cursor[16];
			snprintf(cursor, sizeof(cursor), "%d", i);
			rpc_page_next(c, cursor);
			break;
		}
	}
	return 0;
}

static int on_later(struct rpc_call *c)
{
	int err = rpc_later(&of->later, c);
	return err ? err : EINPROGRESS;
}

static int on_permit(struct rpc_call *c)
{
	if (strcmp(json_str(c->params, "text"), "no"))
		return 0;
	return rpc_fail(c, EALREADY, N_("This is not possible now"), "%s",
			"it says no");
}

static void on_after(struct rpc_call *c)
{
	of->after++;
}

static void fill_table(void)
{
	size_t n = 0;

	for (size_t i = 0; i < proto_office_n; i++) {
		const struct proto_method *m = &proto_office[i];
		struct rpc_handler *h = &of->table[n];
		const struct rpc_handler *own = rpc_methods;
		while (own->name && strcmp(own->name, m->name))
			own++;
		if (own->name)
			continue;
		assert_true(++n < METHODS_MAX);
		h->name = m->name;
		if (m->run == RUN_LIVE)
			h->liveh = on_live;
		if (m->run == RUN_WRITE)
			h->writeh = on_write;
		if (m->run == RUN_READ)
			h->readh = on_read;
		if (!strcmp(m->name, "contact.list"))
			h->readh = on_slow_read;
		if (!strcmp(m->name, "kb.list"))
			h->readh = on_page_read;
		if (!strcmp(m->name, "agent.signout"))
			h->liveh = on_later;
		if (!strcmp(m->name, "ticket.note")) {
			h->permith = on_permit;
			h->afterh = on_after;
		}
	}
}

static int on_roles(const char *person, unsigned *roles, void *arg)
{
	static const struct {
		const char *person;
		unsigned roles;
	} people[] = {
		{"A017", ROLE_AGENT},
		{"L001", ROLE_LEAD},
		{"B001", ROLE_BUREAU},
	};

	for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
		if (strcmp(people[i].person, person))
			continue;
		*roles = people[i].roles;
		return of->disabled ? EACCES : 0;
	}
	return ENOENT;
}

static int on_person(const char *person, bool up, void *arg)
{
	if (up)
		of->ups++;
	else
		of->downs++;
	return 0;
}

static void on_fact(const struct fact *f, void *arg)
{
	session_publish(of->hub, "fact", NULL, "fact.new",
			json_pack("{s:o}", "fact", fact_json(f)));
}

static void hub_open(void)
{
	const struct session_prm prm = {
		.admin_path = of->admin,
		.gate_path = of->gate,
		.queue_max_bytes = QUEUE_MAX,
		.ring_events = RING,
		.rpc = of->rpc,
		.rolesh = on_roles,
		.personh = on_person,
		.service_uid = geteuid(),
	};
	assert_int_equal(session_hub_alloc(&of->hub, &prm), 0);
}

static int setup(void **state)
{
	char path[96];

	of = calloc(1, sizeof(*of));
	log_memory();
	faulty_vfs_register();
	faulty_vfs_reset();
	snprintf(of->dir, sizeof(of->dir), "/tmp/zuoxi-spine-XXXXXX");
	assert_non_null(mkdtemp(of->dir));
	snprintf(path, sizeof(path), "%s/gate", of->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(of->db, sizeof(of->db), "%s/t.db", of->dir);
	snprintf(of->admin, sizeof(of->admin), "%s/admin.sock", of->dir);
	snprintf(of->gate, sizeof(of->gate), "%s/gate/office.sock", of->dir);
	const struct store_prm prm = {
		.path = of->db, .vfs = FAULTY_VFS, .happened_max = 10};
	assert_int_equal(store_alloc(&of->store, &prm), 0);
	assert_int_equal(fact_log_alloc(&of->log, of->store), 0);
	assert_int_equal(worker_alloc(&of->worker, of->db, 1, 1000), 0);
	assert_int_equal(rpc_alloc(&of->rpc, of->store, of->worker, of->log),
			 0);
	fill_table();
	assert_non_null(rpc_missing(of->rpc));
	rpc_register(of->rpc, of->table, NULL);
	assert_null(rpc_missing(of->rpc));
	hub_open();
	fact_log_publish(of->log, on_fact, NULL);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"t.db", "t.db-wal", "t.db-shm",
					    "gate/office.sock", "admin.sock"};
	char path[128];

	faulty_vfs_reset();
	of->released = true;
	session_hub_close(of->hub);
	of->worker = mem_deref(of->worker);
	of->store = mem_deref(of->store);
	mem_deref(of->hub);
	mem_deref(of->rpc);
	mem_deref(of->log);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", of->dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/gate", of->dir);
	rmdir(path);
	rmdir(of->dir);
	free(of);
	return 0;
}

/* ---- tests ---- */

static void test_hello_comes_first(void **state)
{
	scoped_mem struct peer *p = admin_in();

	for (size_t i = 0; i < proto_office_n; i++) {
		if (strcmp(proto_office[i].name, "hello"))
			expect(call(p, proto_office[i].name, NULL), "request");
	}
	expect(call(p, "hello", json_pack("{s:i}", "version", 1)), "params");
	expect(call(p, "hello",
		    json_pack("{s:i, s:s}", "version", 99, "client", "x")),
	       "version");
	expect(call(p, "ping", NULL), "request");
	scoped_json json_t *r = hello(p);
	const json_t *res = json_object_get(r, "result");
	assert_string_equal(json_str(res, "boot"), session_boot(of->hub));
	assert_string_equal(json_str(json_object_get(res, "person"), "roles"),
			    "admin");
	expect(call(p, "ping", NULL), "");
	expect(call(p, "no.such", NULL), "no_method");
}

/* Every method with every role: refused exactly where the table says so. */
static void roles_of(struct peer *p, unsigned role)
{
	for (size_t i = 0; i < proto_office_n; i++) {
		const struct proto_method *m = &proto_office[i];
		bool slow = !strcmp(m->name, "agent.signout");
		if (slow && (m->may & role))
			continue; /* answers later: another test */
		scoped_json json_t *r = call(p, m->name, NULL);
		const json_t *e = json_object_get(r, "error");
		const char *name =
			json_str(json_object_get(e, "data"), "name");
		bool refused = !strcmp(name, "not_allowed");
		if (refused == !!(m->may & role))
			fail_msg("%s with role %u: %s", m->name, role, name);
	}
}

static void test_roles(void **state)
{
	of->released = true;
	scoped_mem struct peer *a = agent("A017", 1);
	scoped_mem struct peer *l = agent("L001", 1);
	scoped_mem struct peer *b = agent("B001", 1);
	scoped_mem struct peer *r = admin();

	roles_of(a, ROLE_AGENT);
	roles_of(l, ROLE_LEAD);
	roles_of(b, ROLE_BUREAU);
	roles_of(r, ROLE_ADMIN);
	/* topics have roles, too; one that is not allowed spoils the list */
	expect(call(a, "subscribe",
		    json_pack("{s:[s,s]}", "topics", "agent", "fact")),
	       "not_allowed");
	expect(call(a, "subscribe", json_pack("{s:[s]}", "topics", "nope")),
	       "params");
	expect(call(b, "subscribe", json_pack("{s:[s]}", "topics", "fact")),
	       "");
}

static void test_parameters_are_held_against_the_table(void **state)
{
	scoped_mem struct peer *p = admin();

	expect(call(p, "sync", json_pack("{s:s}", "boot", "x")), "params");
	expect(call(p, "sync", json_pack("{s:i, s:i}", "boot", 1, "n", 1)),
	       "params");
	expect(call(p, "sync", json_pack("{s:s, s:s}", "boot", "x", "n", "1")),
	       "params");
	expect(call(p, "sync", json_array()), "params");
	expect(call(p, "sync",
		    json_pack("{s:s, s:i, s:n}", "boot", "x", "n", 1, "more")),
	       "");
}

static void send_text(struct peer *p, const char *text)
{
	assert_int_equal(link_send_line(p->link, text, strlen(text)), 0);
}

static void test_hostile_lines(void **state)
{
	scoped_mem struct peer *p = agent("A017", 1);
	static const char *const bad[] = {
		"rubbish\n",   "[1,2]\n", "{\"a\":1,\"a\":2}\n",
		"{\"id\":}\n", "\"x\"\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		send_text(p, bad[i]);
		expect(wait_reply(p, 0), "parse");
	}
	/* a line that does not fit */
	char *big = malloc(PROTO_LINE_GATE_BYTES + 20);
	memset(big, 'x', PROTO_LINE_GATE_BYTES + 19);
	strcpy(big + PROTO_LINE_GATE_BYTES + 10, "\n");
	send_text(p, big);
	free(big);
	expect(wait_reply(p, 0), "parse");
	/* envelopes that are none; ids that are none; empty lines are fine */
	send_text(p, "{}\n");
	expect(wait_reply(p, 0), "request");
	send_text(p, "{\"method\":5,\"id\":7}\n");
	expect(wait_reply(p, 7), "request");
	send_text(p, "{\"method\":\"ping\",\"id\":{}}\n\n\r\n");
	expect(wait_reply(p, 0), "request");
	/* the same id twice is the client's own affair */
	send_text(p, "{\"method\":\"ping\",\"id\":8}\n"
		     "{\"method\":\"ping\",\"id\":8}\n");
	expect(wait_reply(p, 8), "");
	expect(wait_reply(p, 8), "");
	/* no id, no answer */
	send_text(p, "{\"method\":\"ping\"}\n");
	expect(call(p, "ping", NULL), "");
	assert_int_equal(json_array_size(p->msgs), 0);
}

static bool is_closed(void *arg)
{
	const struct peer *p = arg;
	return p->closed;
}

static void test_endless_rubbish_ends(void **state)
{
	scoped_mem struct peer *p = agent("A017", 1);

	for (int i = 0; i < 30; i++)
		send_text(p, "rubbish\n");
	assert_true(wait_for(is_closed, p));
	assert_int_equal(p->answer, 'E');
	assert_int_equal(of->downs, 1);
}

static json_t *note(const char *text)
{
	return json_pack("{s:s, s:s}", "ticket", "T1", "text", text);
}

static void test_write_is_durable_and_told(void **state)
{
	scoped_mem struct peer *p = admin();
	scoped_mem struct peer *l = agent("L001", 1);

	subscribe(l, "fact");
	expect(call(p, "ticket.note", note("hello")), "");
	assert_int_equal(of->after, 1);
	scoped_json json_t *ev = wait_event(l, "fact.new");
	const json_t *f =
		json_object_get(json_object_get(ev, "params"), "fact");
	assert_string_equal(json_str(f, "subject"), "hello");
	assert_int_equal(json_int(f, "seq"), 1);
	scoped_json json_t *r = call(p, "ticket.list", NULL);
	assert_int_equal(json_int(json_object_get(r, "result"), "count"), 1);
	/* what only the loop can permit is refused before the store */
	scoped_json json_t *no = call(p, "ticket.note", note("no"));
	const json_t *e = json_object_get(no, "error");
	assert_string_equal(json_str(json_object_get(e, "data"), "detail"),
			    "it says no");
	expect(json_incref(no), "wrong_state");
	assert_int_equal(of->after, 1);
}

static void test_sick_disk(void **state)
{
	scoped_mem struct peer *p = admin();
	scoped_mem struct peer *l = agent("L001", 1);

	subscribe(l, "fact");
	faulty_vfs_fail(FAULTY_SYNC, SQLITE_IOERR_FSYNC);
	expect(call(p, "ticket.note", note("lost")), "storage");
	assert_true(faulty_vfs_fired() > 0);
	expect(call(p, "ticket.note", note("lost")), "storage");
	/* what is only read goes on */
	expect(call(p, "ticket.list", NULL), "");
	scoped_json json_t *st = call(p, "status", NULL);
	assert_false(json_bool(
		json_object_get(json_object_get(st, "result"), "store"),
		"ok"));
	faulty_vfs_reset();
	for (;;) {
		scoped_json json_t *r = call(p, "ticket.note", note("kept"));
		if (json_object_get(r, "result"))
			break;
	}
	scoped_json json_t *ev = wait_event(l, "fact.new");
	const json_t *f =
		json_object_get(json_object_get(ev, "params"), "fact");
	assert_string_equal(json_str(f, "subject"), "kept");
	assert_int_equal(json_int(f, "seq"), 1);
	assert_int_equal(of->after, 1);
}

static void publish(int count, int text_bytes)
{
	static char text[BIG_TEXT + 1];

	memset(text, 'y', sizeof(text) - 1);
	for (int i = 0; i < count; i++)
		session_publish(
			of->hub, "agent", NULL, "agent.changed",
			json_pack("{s:s%}", "text", text, (size_t)text_bytes));
}

static json_t *sync_from(struct peer *p, const char *boot, int64_t n)
{
	return call(p, "sync",
		    json_pack("{s:s, s:I}", "boot", boot, "n", (json_int_t)n));
}

static void test_sync_brings_what_was_missed(void **state)
{
	const char *boot = session_boot(of->hub);
	struct peer *p = agent("A017", 1);

	subscribe(p, "agent");
	publish(1, 10);
	scoped_json json_t *ev = wait_event(p, "agent.changed");
	assert_int_equal(json_int(json_object_get(ev, "params"), "n"), 1);
	mem_deref(p);
	publish(3, 10);
	/* not for agents' eyes, and not for this agent */
	session_publish(of->hub, "fact", NULL, "fact.new", json_object());
	session_publish(of->hub, "me", "L001", "me.message", json_object());
	session_publish(of->hub, "me", "A017", "me.message", json_object());

	p = agent("A017", 2);
	expect(call(p, "subscribe",
		    json_pack("{s:[s,s]}", "topics", "agent", "me")),
	       "");
	scoped_json json_t *r = sync_from(p, boot, 1);
	const json_t *res = json_object_get(r, "result");
	const json_t *events = json_object_get(res, "events");
	assert_int_equal(json_array_size(events), 4);
	assert_int_equal(json_int(res, "n"), 7);
	assert_false(json_bool(res, "more"));
	const json_t *last = json_array_get(events, 3);
	assert_string_equal(json_str(last, "method"), "me.message");
	assert_int_equal(json_int(json_object_get(last, "params"), "n"), 7);
	mem_deref(p);
}

static void test_sync_snapshots(void **state)
{
	const char *boot = session_boot(of->hub);
	scoped_mem struct peer *p = agent("A017", 1);

	subscribe(p, "agent");
	publish(RING + 5, 10);
	static const int from[] = {0, 4, RING + 6};
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		scoped_json json_t *r = sync_from(p, boot, from[i]);
		assert_true(
			json_bool(json_object_get(r, "result"), "snapshot"));
	}
	scoped_json json_t *other = sync_from(p, "another", RING);
	assert_true(json_bool(json_object_get(other, "result"), "snapshot"));
	scoped_json json_t *r = sync_from(p, boot, 5);
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(r, "result"), "events")),
			 RING);
}

static void test_sync_in_pages(void **state)
{
	const char *boot = session_boot(of->hub);
	scoped_mem struct peer *p = agent("A017", 1);
	int64_t n = 0;
	int pages = 0, events = 0;

	publish(20, BIG_TEXT);
	subscribe(p, "agent");
	for (bool more = true; more; pages++) {
		scoped_json json_t *r = sync_from(p, boot, n);
		const json_t *res = json_object_get(r, "result");
		assert_true(json_dumpb(r, NULL, 0, JSON_COMPACT) <=
			    PROTO_PAGE_BYTES);
		events += (int)json_array_size(json_object_get(res, "events"));
		n = json_int(res, "n");
		more = json_bool(res, "more");
		assert_true(pages < 10);
	}
	assert_int_equal(events, 20);
	assert_in_range(pages, 3, 5);
}

static void pages_of(struct peer *p, size_t max, int least, int most)
{
	scoped_str char *cursor = strdup("0");
	int pages = 0, items = 0;

	while (cursor) {
		scoped_json json_t *r = call(
			p, "kb.list", json_pack("{s:s}", "cursor", cursor));
		const json_t *res = json_object_get(r, "result");
		assert_true(json_dumpb(r, NULL, 0, JSON_COMPACT) <= max);
		items += (int)json_array_size(json_object_get(res, "items"));
		free(cursor);
		const char *next = json_str(res, "next");
		cursor = *next ? strdup(next) : NULL;
		assert_true(++pages <= most);
	}
	assert_int_equal(items, 1000);
	assert_true(pages >= least);
}

static void test_lists_in_pages(void **state)
{
	scoped_mem struct peer *a = agent("A017", 1);
	scoped_mem struct peer *r = admin();

	pages_of(a, PROTO_PAGE_BYTES, 8, 12);
	pages_of(r, 512 << 10, 1, 1);
}

static void test_newer_login_fences(void **state)
{
	scoped_mem struct peer *old = agent("A017", 100);
	int downs = of->downs;

	subscribe(old, "me");
	scoped_mem struct peer *late = gate_in("A017", 99);
	assert_int_equal(late->answer, 'N');
	expect(call(old, "ping", NULL), "");

	scoped_mem struct peer *new = agent("A017", 101);
	scoped_json json_t *ev = wait_event(old, "me.ended");
	assert_string_equal(json_str(json_object_get(ev, "params"), "why"),
			    "fenced");
	assert_true(wait_for(is_closed, old));
	assert_int_equal(old->answer, 'E');
	expect(call(new, "ping", NULL), "");
	/* to the rest of the house the person never left */
	assert_int_equal(of->downs, downs);
	assert_true(session_online(of->hub, "A017"));
}

static void test_strangers_and_disabled(void **state)
{
	scoped_mem struct peer *nobody = gate_in("X999", 1);
	assert_int_equal(nobody->answer, 'N');

	scoped_mem struct peer *p = agent("A017", 1);
	int64_t from = cal_mono_us();
	of->disabled = true;
	expect(call(p, "ping", NULL), "not_allowed");
	scoped_json json_t *ev = wait_event(p, "me.ended");
	assert_string_equal(json_str(json_object_get(ev, "params"), "why"),
			    "disabled");
	assert_true(wait_for(is_closed, p));
	assert_true(cal_mono_us() - from < 1000000);
	assert_int_equal(of->downs, 1);
	scoped_mem struct peer *again = gate_in("A017", 2);
	assert_int_equal(again->answer, 'N');
}

static bool is_reading(void *arg)
{
	return of->reading > 0;
}

static bool is_down(void *arg)
{
	return of->downs > 0;
}

static void test_client_dies_in_a_request(void **state)
{
	struct peer *p = agent("A017", 1);
	scoped_mem struct peer *l = agent("L001", 1);

	ask(p, "contact.list", NULL);
	ask(p, "agent.signout", NULL);
	assert_true(wait_for(is_reading, NULL));
	mem_deref(p); /* pipes and all */
	assert_true(wait_for(is_down, NULL));
	assert_false(session_online(of->hub, "A017"));
	of->released = true;
	expect(call(l, "ticket.list", NULL), ""); /* behind it in the queue */
	assert_non_null(of->later);
	rpc_later_done(of->later, json_object());
	expect(call(l, "ping", NULL), "");
}

static void test_answer_later(void **state)
{
	scoped_mem struct peer *p = agent("A017", 1);

	int64_t id = ask(p, "agent.signout", NULL);
	expect(call(p, "ping", NULL), "");
	assert_non_null(of->later);
	rpc_later_fail(of->later, ENOTCONN, N_("It is not there any more"),
		       "x");
	expect(wait_reply(p, id), "gone");
	id = ask(p, "agent.signout", NULL);
	expect(call(p, "ping", NULL), "");
	rpc_later_done(of->later, json_pack("{s:i}", "x", 1));
	expect(wait_reply(p, id), "");
}

static void test_too_many_requests(void **state)
{
	scoped_mem struct peer *p = agent("A017", 1);
	int64_t last = 0;

	for (int i = 0; i < SESSION_PENDING_MAX + 1; i++)
		last = ask(p, "contact.list", NULL);
	expect(wait_reply(p, last), "busy");
	/* others are served */
	scoped_mem struct peer *l = agent("L001", 1);
	expect(call(l, "ping", NULL), "");
	of->released = true;
	expect(wait_reply(p, last - 1), "");
	expect(call(p, "ping", NULL), "");
}

static void test_who_does_not_read_is_let_go(void **state)
{
	scoped_mem struct peer *l = agent("L001", 1);
	struct peer *p = agent("A017", 1);

	subscribe(p, "agent");
	link_close(p->link); /* reads no more; its pipes stay open */
	for (int i = 0; i < 200 && session_online(of->hub, "A017"); i++) {
		publish(1, BIG_TEXT);
		expect(call(l, "ping", NULL), "");
	}
	assert_false(session_online(of->hub, "A017"));
	mem_deref(p);
}

static void test_taken_over_in_mid_line(void **state)
{
	scoped_mem struct peer *p = gate_in_gen("A017", 5, 1);

	assert_int_equal(p->answer, 'K');
	json_decref(wait_event(p, "restarted"));
	/* the tail of a line whose head the office before us had read */
	send_text(p, "thod\":\"ping\"}\n");
	json_decref(hello(p));
	assert_int_equal(json_array_size(p->msgs), 0);
	send_text(p, "rubbish\n");
	expect(wait_reply(p, 0), "parse");
}

static void test_gates_outlive_the_office(void **state)
{
	scoped_mem struct peer *p = agent("A017", 1);

	p->answer = 0;
	session_hub_close(of->hub);
	assert_true(wait_for(is_closed, p));
	assert_int_equal(p->answer, 0); /* neither E nor N: it comes again */
	/* events have nobody to go to, and that is fine */
	publish(1, 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hello_comes_first),
		TEST(test_roles),
		TEST(test_parameters_are_held_against_the_table),
		TEST(test_hostile_lines),
		TEST(test_endless_rubbish_ends),
		TEST(test_write_is_durable_and_told),
		TEST(test_sick_disk),
		TEST(test_sync_brings_what_was_missed),
		TEST(test_sync_snapshots),
		TEST(test_sync_in_pages),
		TEST(test_lists_in_pages),
		TEST(test_newer_login_fences),
		TEST(test_strangers_and_disabled),
		TEST(test_client_dies_in_a_request),
		TEST(test_answer_later),
		TEST(test_too_many_requests),
		TEST(test_who_does_not_read_is_let_go),
		TEST(test_taken_over_in_mid_line),
		TEST(test_gates_outlive_the_office),
	};

	signal(SIGPIPE, SIG_IGN);
	fd_setsize(4096);
	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
