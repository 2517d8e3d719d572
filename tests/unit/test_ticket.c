/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket's life, a citizen's card, and what each refuses. */
#include "desk_rig.h"

#include "server/desk/citizen.h"
#include "server/desk/site.h"
#include "server/desk/ticket.h"

#define SUMMARY "咨询生育津贴到账时间，已当场答复。"

static struct rig *rig;

static int call(const char *actor, const char *method, const char *params)
{
	json_t *p = json_loads(params, 0, NULL);
	if (!p)
		fail_msg("%s", params);
	const struct rpc_handler *table =
		*method == 't' ? ticket_methods : citizen_methods;
	static struct citizen_part citizens = {.recent_days = 7};
	return rig_call(rig, table, *method == 't' ? NULL : &citizens, actor,
			method, p);
}

static const char *got(const char *key)
{
	return json_str(json_object_get(rig->result, "ticket"), key);
}

static void contact(const char *id, const char *agent, const char *number)
{
	char offer[40];

	rig_fact(rig, "contact.arrived", id, NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", number, "name",
			   "张三", "queue", "med", "open", 1));
	snprintf(offer, sizeof(offer), "o-%s", id);
	rig_fact(rig, "offer.made", id, agent, offer,
		 json_pack("{s:s,s:s}", "offer", offer, "leg", offer));
}

static void disposition(const char *code, const char *name, const char *parent)
{
	rig_fact(rig, "disposition.set", NULL, NULL, code,
		 json_pack("{s:s,s:s,s:b}", "name", name, "parent", parent,
			   "active", 1));
}

static int setup(void **state)
{
	static struct rig the;
	rig = &the;
	rig_open(rig);
	cal_set(0, 0);
	disposition("mi", "医保", "");
	disposition("mi.a", "津贴", "mi");
	contact("20261124-1", "A1", "8613800138000");
	return 0;
}

static int teardown(void **state)
{
	cal_set(0, 0);
	rig_close(rig);
	return 0;
}

static void test_draft_then_file(void **state)
{
	char id[TICKET_ID];

	assert_int_equal(call("A1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"fields\":"
			      "{\"summary\":\"半句\",\"person\":\"本人\"}}"),
			 0);
	snprintf(id, sizeof(id), "%s", got("id"));
	assert_memory_equal(id, "T-", 2);
	assert_string_equal(got("state"), "draft");
	assert_string_equal(got("number"), "138****8000");
	assert_string_equal(got("name"), "张*");
	/* only what changed is sent */
	assert_int_equal(call("A1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"fields\":"
			      "{\"disposition\":\"mi.a\"}}"),
			 0);
	assert_string_equal(got("person"), "本人");
	assert_string_equal(got("id"), id);
	assert_int_equal(store_ticket_entry_put(rig->db, "20261124-1",
						"KB-0415", 3, "津贴", "A1", 1),
			 0);
	/* incomplete: the field is named */
	assert_int_equal(call("A1", "ticket.file",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 EINVAL);
	assert_string_equal(rig->detail, "outcome");
	assert_int_equal(
		call("A1", "ticket.file",
		     "{\"contact\":\"20261124-1\",\"fields\":"
		     "{\"outcome\":\"answered\",\"summary\":\"" SUMMARY
		     "\"}}"),
		0);
	assert_string_equal(got("id"), id);
	assert_string_equal(got("state"), "done");
	assert_string_equal(got("disposition_name"), "医保/津贴");
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(rig->result, "ticket"), "entries")),
		1);
	/* the contact knows it; the draft is gone; one ticket a contact */
	int64_t n = 0;
	assert_int_equal(db_get_int(rig->db, &n, 0,
				    "SELECT count(*) FROM contact"
				    " WHERE ticket!='' AND disposition='mi.a'",
				    ""),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(call("A1", "ticket.list", "{\"state\":\"draft\"}"),
			 0);
	assert_int_equal(
		json_array_size(json_object_get(rig->result, "items")), 0);
	assert_int_equal(call("A1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 EALREADY);
	/* a correction keeps the number and is in the history */
	assert_int_equal(call("A1", "ticket.file",
			      "{\"ticket\":\"T-0-0\",\"fields\":{}}"),
			 ENOENT);
	assert_int_equal(call("A1", "ticket.file",
			      "{\"contact\":\"20261124-1\",\"fields\":"
			      "{\"summary\":\"改正\"}}"),
			 0);
	assert_string_equal(got("id"), id);
	assert_int_equal(
		call("A1", "ticket.get", "{\"contact\":\"20261124-1\"}"), 0);
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(rig->result, "ticket"), "history")),
		2);
}

/* Two who write at once: the second is told, nothing of the first goes. */
static void test_stale(void **state)
{
	(void)state;
	assert_int_equal(call("A1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"rev\":0,"
			      "\"fields\":{\"summary\":\"一\"}}"),
			 0);
	json_t *t = json_object_get(rig->result, "ticket");
	assert_int_equal(json_int(t, "rev"), 1);
	assert_int_equal(call("L1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"rev\":0,"
			      "\"fields\":{\"summary\":\"二\"}}"),
			 EEXIST);
	assert_string_equal(rig->detail, "1");
	assert_int_equal(
		call("A1", "ticket.get", "{\"contact\":\"20261124-1\"}"), 0);
	assert_string_equal(got("summary"), "一");
	assert_int_equal(call("L1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"rev\":1,"
			      "\"fields\":{\"summary\":\"一二\"}}"),
			 0);
	/* nor is it filed over what somebody has not seen */
	assert_int_equal(
		call("A1", "ticket.file",
		     "{\"contact\":\"20261124-1\",\"rev\":1,\"fields\":"
		     "{\"outcome\":\"answered\",\"disposition\":\"mi.a\"}}"),
		EEXIST);
	assert_int_equal(
		call("A1", "ticket.file",
		     "{\"contact\":\"20261124-1\",\"rev\":2,\"fields\":"
		     "{\"outcome\":\"answered\",\"disposition\":\"mi.a\"}}"),
		0);
	/* and goes on counting, so that no old draft looks like new */
	t = json_object_get(rig->result, "ticket");
	assert_int_equal(json_int(t, "rev"), 3);
	assert_int_equal(call("A1", "ticket.file",
			      "{\"contact\":\"20261124-1\",\"rev\":2,"
			      "\"fields\":{\"summary\":\"改\"}}"),
			 EEXIST);
	/* who does not say is believed, as before */
	assert_int_equal(call("A1", "ticket.file",
			      "{\"contact\":\"20261124-1\","
			      "\"fields\":{\"summary\":\"改\"}}"),
			 0);
	t = json_object_get(rig->result, "ticket");
	assert_int_equal(json_int(t, "rev"), 4);
}

static void test_not_his(void **state)
{
	assert_int_equal(call("A2", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 EACCES);
	assert_int_equal(call("A2", "ticket.file",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 EACCES);
	assert_int_equal(call("A1", "ticket.draft",
			      "{\"contact\":\"20261124-9\",\"fields\":{}}"),
			 ENOENT);
	/* a lead may help out */
	assert_int_equal(call("L1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 0);
}

/* A call that was transferred: one ticket, completed by each of its agents
 * while it is in his hands. */
static void test_two_agents(void **state)
{
	static const char file[] =
		"{\"contact\":\"20261124-1\",\"fields\":{\"disposition\":"
		"\"mi.a\",\"outcome\":\"answered\",\"summary\":\"x\"}}";

	assert_int_equal(call("A1", "ticket.file", file), 0);
	rig_fact(rig, "offer.made", "20261124-1", "A2", "o.9",
		 json_pack("{s:s,s:s}", "offer", "o.9", "leg", "o.9"));
	assert_int_equal(call("A2", "ticket.file", file), EACCES);
	assert_string_equal(rig->detail, "A1");
	rig_fact(rig, "contact.answered", "20261124-1", "A2", "o.9",
		 json_pack("{s:s,s:s}", "offer", "o.9", "leg", "o.9"));
	assert_int_equal(call("A2", "ticket.file", file), 0);
	assert_string_equal(got("agent"), "A2");
	assert_int_equal(call("A1", "ticket.file", file), EACCES);
	int64_t filed = 0;
	assert_int_equal(db_get_int(rig->db, &filed, 0,
				    "SELECT filed FROM agent_now"
				    " WHERE agent='A2'",
				    ""),
			 0);
	assert_int_equal(filed, 1);
}

static void test_bad_fields(void **state)
{
	static const struct {
		const char *fields, *detail;
		int err;
	} t[] = {
		{"{\"colour\":\"red\"}", "colour", EINVAL},
		{"{\"summary\":7}", "summary", EINVAL},
		{"{\"summary\":\"a\\u001b[2J\"}", "summary", EINVAL},
		{"{\"outcome\":\"maybe\"}", "outcome", EINVAL},
		{"{\"flags\":{\"urgent\":true}}", "urgent", EINVAL},
		{"{\"flags\":{\"hot\":1}}", "hot", EINVAL},
		{"{\"promise_us\":-1}", "promise_us", EINVAL},
		{"{\"link\":[\"T-1-1\"]}", "T-1-1", ENOENT},
		{"{\"link\":\"T\"}", "link", EINVAL},
	};
	static const struct {
		const char *fields, *detail;
	} f[] = {
		{"{}", "disposition"},
		{"{\"disposition\":\"mi\",\"outcome\":\"answered\","
		 "\"summary\":\"x\"}",
		 "disposition"}, /* a heading */
		{"{\"disposition\":\"no\",\"outcome\":\"answered\","
		 "\"summary\":\"x\"}",
		 "disposition"},
		{"{\"disposition\":\"mi.a\",\"outcome\":\"answered\","
		 "\"summary\":\" \"}",
		 "summary"},
		{"{\"disposition\":\"mi.a\",\"outcome\":\"callback\","
		 "\"summary\":\"x\"}",
		 "promise_us"},
		{"{\"disposition\":\"mi.a\",\"outcome\":\"callback\","
		 "\"summary\":\"x\",\"promise_us\":1000,\"promise\":\"y\"}",
		 "promise_us"}, /* in 1970 */
	};
	char params[400];

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		snprintf(params, sizeof(params),
			 "{\"contact\":\"20261124-1\",\"fields\":%s}",
			 t[i].fields);
		int err = call("A1", "ticket.draft", params);
		if (err != t[i].err || strcmp(rig->detail, t[i].detail) != 0)
			fail_msg("%s: %d %s", params, err, rig->detail);
	}
	for (size_t i = 0; i < sizeof(f) / sizeof(*f); i++) {
		snprintf(params, sizeof(params),
			 "{\"contact\":\"20261124-1\",\"fields\":%s}",
			 f[i].fields);
		int err = call("A1", "ticket.file", params);
		if (err != EINVAL || strcmp(rig->detail, f[i].detail) != 0)
			fail_msg("%s: %d %s", params, err, rig->detail);
	}
}

static void file_promise(const char *of, int64_t due_us)
{
	char params[400];
	snprintf(params, sizeof(params),
		 "{\"contact\":\"%s\",\"fields\":{\"disposition\":\"mi.a\","
		 "\"outcome\":\"callback\",\"summary\":\"x\",\"promise_us\":"
		 "%lld,\"promise\":\"回电\"}}",
		 of, (long long)due_us);
	assert_int_equal(call("A1", "ticket.file", params), 0);
	assert_string_equal(got("state"), "open");
}

static void test_promises_notes_links(void **state)
{
	char first[TICKET_ID], params[300];
	int64_t now = cal_now_us();
	const int64_t hour = 3600LL * 1000000;

	contact("20261124-2", "A1", "8613800138000");
	contact("20261124-3", "A1", "8613800138000");
	file_promise("20261124-1", now + 5 * hour);
	snprintf(first, sizeof(first), "%s", got("id"));
	file_promise("20261124-2", now + 2 * hour);
	/* soonest first */
	assert_int_equal(call("A1", "ticket.list", "{\"mine\":true}"), 0);
	json_t *items = json_object_get(rig->result, "items");
	assert_int_equal(json_array_size(items), 2);
	assert_string_equal(json_str(json_array_get(items, 1), "id"), first);
	/* a page at a time */
	assert_int_equal(call("A1", "ticket.list", "{\"limit\":1}"), 0);
	snprintf(params, sizeof(params), "{\"limit\":1,\"cursor\":\"%s\"}",
		 json_str(rig->result, "next"));
	assert_int_equal(call("A1", "ticket.list", params), 0);
	items = json_object_get(rig->result, "items");
	assert_string_equal(json_str(json_array_get(items, 0), "id"), first);
	assert_null(json_object_get(rig->result, "next"));
	assert_int_equal(call("A1", "ticket.list", "{\"state\":\"what\"}"),
			 EINVAL);
	assert_int_equal(call("A1", "ticket.list", "{\"cursor\":\"x\"}"),
			 EINVAL);
	/* the card shows both promises */
	assert_int_equal(
		call("A1", "citizen.get", "{\"number\":\"138 0013 8000\"}"),
		0);
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(rig->result, "citizen"), "open")),
		2);
	/* a later ticket settles the first */
	snprintf(params, sizeof(params),
		 "{\"contact\":\"20261124-3\",\"fields\":{\"disposition\":"
		 "\"mi.a\",\"outcome\":\"answered\",\"summary\":\"x\","
		 "\"link\":[\"%s\"]}}",
		 first);
	assert_int_equal(call("A1", "ticket.file", params), 0);
	snprintf(params, sizeof(params), "{\"ticket\":\"%s\"}", first);
	assert_int_equal(call("A1", "ticket.get", params), 0);
	assert_string_equal(got("state"), "done");
	/* a note opens it again */
	snprintf(params, sizeof(params),
		 "{\"ticket\":\"%s\",\"text\":\"再问\",\"state\":\"open\"}",
		 first);
	assert_int_equal(call("A1", "ticket.note", params), 0);
	assert_string_equal(got("state"), "open");
	snprintf(params, sizeof(params), "{\"ticket\":\"%s\",\"text\":\" \"}",
		 first);
	assert_int_equal(call("A1", "ticket.note", params), EINVAL);
	assert_int_equal(call("A1", "ticket.note",
			      "{\"ticket\":\"T-9\",\"text\":\"x\"}"),
			 ENOENT);
}

static int on_finding(const char *rule, const char *what, void *arg)
{
	if (what)
		++*(int *)arg;
	return 0;
}

static void test_rebuild_and_check(void **state)
{
	int findings = 0;
	int64_t n = 0;

	test_promises_notes_links(state);
	assert_int_equal(call("A1", "ticket.draft",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 EALREADY);
	assert_int_equal(
		store_ticket_check(rig->db, &n, on_finding, &findings), 0);
	assert_int_equal(n, 3);
	assert_int_equal(findings, 0);
	assert_int_equal(db_begin(rig->db), 0);
	assert_int_equal(fact_rebuild(rig->log, rig->db), 0);
	assert_int_equal(db_commit(rig->db), 0);
	assert_int_equal(
		store_ticket_check(rig->db, &n, on_finding, &findings), 0);
	assert_int_equal(n, 3);
	assert_int_equal(findings, 0);
	/* a hand in the tables is found */
	assert_int_equal(db_exec(rig->db, "UPDATE ticket SET fields='{}'"
					  " WHERE contact='20261124-1'"),
			 0);
	assert_int_equal(
		store_ticket_check(rig->db, &n, on_finding, &findings), 0);
	assert_int_equal(findings, 1);
}

static void test_citizen(void **state)
{
	assert_int_equal(
		call("A1", "citizen.get", "{\"contact\":\"20261124-1\"}"), 0);
	json_t *c = json_object_get(rig->result, "citizen");
	assert_string_equal(json_str(c, "name"), "张*");
	assert_string_equal(json_str(c, "number"), "138****8000");
	assert_int_equal(call("A1", "citizen.update",
			      "{\"contact\":\"20261124-1\",\"fields\":"
			      "{\"name\":\"李四\",\"prefs\":\"慢一点\"}}"),
			 0);
	c = json_object_get(rig->result, "citizen");
	assert_string_equal(json_str(c, "name"), "李*");
	assert_string_equal(json_str(c, "prefs"), "慢一点");
	assert_int_equal(call("A2", "citizen.update",
			      "{\"contact\":\"20261124-1\",\"fields\":{}}"),
			 EACCES);
	assert_int_equal(call("A1", "citizen.update",
			      "{\"contact\":\"20261124-1\",\"fields\":"
			      "{\"wage\":\"1\"}}"),
			 EINVAL);
	assert_int_equal(call("A1", "citizen.get", "{}"), EINVAL);
	/* from the missed list, whose numbers are masked */
	assert_int_equal(
		call("A1", "citizen.get", "{\"number\":\"138****8000\"}"),
		EINVAL);
	assert_int_equal(call("A1", "citizen.get", "{\"missed\":7}"), ENOENT);
	assert_int_equal(
		db_exec(rig->db,
			"INSERT INTO missed(id, number, queue, first_us,"
			" last_us, times, wait_ms, reason, state, lost,"
			" contact) SELECT 7, number, queue, 1, 1, 1, 1,"
			" 'abandoned', 'open', 0, id FROM contact LIMIT 1"),
		0);
	assert_int_equal(call("A1", "citizen.get", "{\"missed\":7}"), 0);
	c = json_object_get(rig->result, "citizen");
	assert_string_equal(json_str(c, "number"), "138****8000");
	assert_int_equal(call("A1", "citizen.history", "{\"missed\":7}"), 0);
	assert_int_equal(
		call("A1", "citizen.get", "{\"number\":\"anonymous\"}"),
		EINVAL);
	assert_int_equal(call("A1", "citizen.history",
			      "{\"number\":\"+8613800138000\"}"),
			 0);
	assert_int_equal(
		json_array_size(json_object_get(rig->result, "items")), 1);
	/* who shows no number has no card and no history */
	contact("20261124-5", "A1", "");
	assert_int_equal(call("A1", "citizen.update",
			      "{\"contact\":\"20261124-5\",\"fields\":{}}"),
			 EALREADY);
	assert_int_equal(
		call("A1", "citizen.history", "{\"contact\":\"20261124-5\"}"),
		0);
	assert_int_equal(
		json_array_size(json_object_get(rig->result, "items")), 0);
}

static void test_unmask(void **state)
{
	int64_t n = 0;

	assert_int_equal(call("A1", "citizen.unmask",
			      "{\"contact\":\"20261124-1\",\"field\":"
			      "\"number\",\"reason\":\"回电\"}"),
			 0);
	assert_string_equal(json_str(rig->result, "value"), "13800138000");
	assert_int_equal(json_int(rig->result, "count"), 1);
	assert_int_equal(call("A1", "citizen.unmask",
			      "{\"contact\":\"20261124-1\",\"field\":\"name\","
			      "\"reason\":\"称呼\"}"),
			 0);
	assert_string_equal(json_str(rig->result, "value"), "张三");
	assert_int_equal(json_int(rig->result, "count"), 2);
	assert_int_equal(call("A1", "citizen.unmask",
			      "{\"contact\":\"20261124-1\",\"field\":"
			      "\"number\",\"reason\":\"\"}"),
			 EINVAL);
	assert_int_equal(call("A1", "citizen.unmask",
			      "{\"contact\":\"20261124-1\",\"field\":\"id\","
			      "\"reason\":\"x\"}"),
			 EINVAL);
	assert_int_equal(call("A1", "citizen.unmask",
			      "{\"ticket\":\"T-1\",\"field\":\"number\","
			      "\"reason\":\"x\"}"),
			 ENOENT);
	/* nothing to show is said, not shown */
	contact("20261124-8", "A1", "");
	assert_int_equal(call("A1", "citizen.unmask",
			      "{\"contact\":\"20261124-8\",\"field\":"
			      "\"number\",\"reason\":\"x\"}"),
			 EALREADY);
	assert_int_equal(db_get_int(rig->db, &n, 0,
				    "SELECT count(*) FROM fact WHERE"
				    " kind='citizen.unmasked'",
				    ""),
			 0);
	assert_int_equal(n, 2);
}

int main(void)
{
	cal_zone("Asia/Shanghai");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_draft_then_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_not_his, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_agents, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_bad_fields, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_promises_notes_links,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_rebuild_and_check, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_citizen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unmask, setup, teardown),
	};
	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
