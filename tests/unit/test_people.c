/* SPDX-License-Identifier: Apache-2.0 */
/* Persons, keys, queues and the rest: each set with its refusals, in memory
 * and in the tables, before and after a restart and a rebuild. */
#include "desk_rig.h"

#include "server/desk/people.h"
#include "server/desk/site.h"

#define ED                                                       \
	"AAAAC3NzaC1lZDI1NTE5AAAAIB2bbDVY8UuJRdJPNRfyexNHn1jUWz" \
	"JLlGh+O4EcoX3T"

struct desk {
	struct rig r;
	struct people *people;
	struct site *site;
	char changed[64]; /* ids told */
};

static void on_change(const struct person *p, void *arg)
{
	struct desk *d = arg;
	size_t n = strlen(d->changed);
	snprintf(d->changed + n, sizeof(d->changed) - n, "%s%s ", p->id,
		 p->disabled ? "-" : "");
}

static void parts_open(struct desk *d)
{
	const struct people_prm people = {.log = d->r.log};
	const struct site_prm site = {.log = d->r.log,
				      .prompts_dir = d->r.dir,
				      .notice_max_ms = 4000,
				      .wrapup_ms = 60000,
				      .lease_ms = 15000,
				      .max_wait_ms = 600000};
	assert_int_equal(people_alloc(&d->people, &people), 0);
	people_follow(d->people, on_change, d);
	assert_int_equal(site_alloc(&d->site, &site), 0);
}

static int setup(void **state)
{
	static struct desk the;
	struct desk *d = &the;
	memset(d, 0, sizeof(*d));
	rig_open(&d->r);
	parts_open(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;
	mem_deref(d->people);
	mem_deref(d->site);
	rig_close(&d->r);
	return 0;
}

static int people_call(struct desk *d, const char *method, json_t *params)
{
	return rig_call(&d->r, people_methods, d->people, "root(0)", method,
			params);
}

static int site_call(struct desk *d, const char *method, json_t *params)
{
	return rig_call(&d->r, site_methods, d->site, "root(0)", method,
			params);
}

static void add_queue(struct desk *d, const char *id, const char *number)
{
	assert_int_equal(site_call(d, "queue.set",
				   json_pack("{s:s,s:s,s:s}", "queue", id,
					     "name", id, "number", number)),
			 0);
}

static void add_person(struct desk *d, const char *id, const char *roles)
{
	assert_int_equal(
		people_call(d, "person.add",
			    json_pack("{s:s,s:s,s:s}", "person", id, "name",
				      "王莹", "roles", roles)),
		0);
}

static void test_person(void **state)
{
	struct desk *d = *state;
	unsigned roles = 0;

	add_queue(d, "med", "88001002");
	assert_int_equal(
		people_call(d, "person.add",
			    json_pack("{s:s,s:s,s:s,s:{s:i}}", "person",
				      "A017", "name", "王莹", "roles",
				      "lead,agent", "skills", "med", 3)),
		0);
	const struct person *p = people_find(d->people, "A017");
	assert_non_null(p);
	assert_int_equal(p->roles, ROLE_AGENT | ROLE_LEAD);
	assert_int_equal(people_level(p, "med"), 3);
	assert_int_equal(people_level(p, "si"), 0);
	assert_int_equal(people_roles("A017", &roles, d->people), 0);
	assert_int_equal(people_roles("A018", &roles, d->people), ENOENT);

	assert_int_equal(people_call(d, "person.change",
				     json_pack("{s:s,s:b}", "person", "A017",
					       "disabled", 1)),
			 0);
	assert_int_equal(people_roles("A017", &roles, d->people), EACCES);
	assert_int_equal(p->roles, ROLE_AGENT | ROLE_LEAD);
	assert_string_equal(d->changed, "A017 A017- ");
}

static void test_person_refusals(void **state)
{
	struct desk *d = *state;
	static const struct {
		const char *id, *name, *roles;
		int err;
	} t[] = {
		{"A1", "x", "agent", EEXIST},	 {"17", "x", "agent", EINVAL},
		{"A\"1", "x", "agent", EINVAL},	 {"A2", "", "agent", EINVAL},
		{"A2", "a\nb", "agent", EINVAL}, {"A2", "x", "boss", EINVAL},
		{"A2", "x", "", EINVAL},
	};
	add_person(d, "A1", "agent");
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		int err = people_call(d, "person.add",
				      json_pack("{s:s,s:s,s:s}", "person",
						t[i].id, "name", t[i].name,
						"roles", t[i].roles));
		if (err != t[i].err)
			fail_msg("%zu: %d %s", i, err, d->r.message);
	}
	/* skills: a queue that is not there, levels that are none */
	assert_int_equal(people_call(d, "person.change",
				     json_pack("{s:s,s:{s:i}}", "person", "A1",
					       "skills", "med", 3)),
			 ENOENT);
	add_queue(d, "med", "88001002");
	assert_int_equal(people_call(d, "person.change",
				     json_pack("{s:s,s:{s:i}}", "person", "A1",
					       "skills", "med", 10)),
			 EINVAL);
	assert_int_equal(people_call(d, "person.change",
				     json_pack("{s:s}", "person", "A1")),
			 EINVAL);
	assert_int_equal(people_call(d, "person.change",
				     json_pack("{s:s,s:s}", "person", "A9",
					       "name", "x")),
			 ENOENT);
	assert_null(people_find(d->people, "A9"));
}

static void test_keys(void **state)
{
	struct desk *d = *state;
	char fingerprint[64];

	add_person(d, "A1", "agent");
	add_person(d, "A2", "agent");
	assert_int_equal(people_call(d, "key.add",
				     json_pack("{s:s,s:s}", "person", "A1",
					       "key", "ssh-ed25519 " ED " w")),
			 0);
	snprintf(fingerprint, sizeof(fingerprint), "%s",
		 json_str(d->r.result, "fingerprint"));
	/* again is no fault, for another it is */
	assert_int_equal(people_call(d, "key.add",
				     json_pack("{s:s,s:s}", "person", "A1",
					       "key", "ssh-ed25519 " ED)),
			 0);
	assert_true(json_bool(d->r.result, "already"));
	assert_int_equal(people_call(d, "key.add",
				     json_pack("{s:s,s:s}", "person", "A2",
					       "key", "ssh-ed25519 " ED)),
			 EEXIST);
	assert_string_equal(d->r.detail, "A1");
	assert_int_equal(people_call(d, "key.add",
				     json_pack("{s:s,s:s}", "person", "A3",
					       "key", "ssh-ed25519 " ED)),
			 ENOENT);
	assert_int_equal(people_call(d, "key.add",
				     json_pack("{s:s,s:s}", "person", "A2",
					       "key", "ssh-dss AAAA")),
			 EINVAL);
	assert_int_equal(
		people_call(d, "key.list", json_pack("{s:s}", "person", "A1")),
		0);
	assert_int_equal(
		json_array_size(json_object_get(d->r.result, "items")), 1);
	assert_int_equal(
		people_call(d, "key.remove",
			    json_pack("{s:s}", "fingerprint", fingerprint)),
		0);
	assert_int_equal(
		people_call(d, "key.remove",
			    json_pack("{s:s}", "fingerprint", fingerprint)),
		ENOENT);
}

static void test_queue(void **state)
{
	struct desk *d = *state;
	char file[SITE_TEXT];

	add_queue(d, "med", "88001002, 029-88001003");
	const struct site_queue *q = site_queue_of(d->site, "+862988001003");
	assert_non_null(q);
	assert_string_equal(q->id, "med");
	assert_int_equal(q->lease_ms, 15000);
	assert_null(site_queue_of(d->site, "88001009"));
	/* somebody else's number, in another coat */
	assert_int_equal(
		site_call(d, "queue.set",
			  json_pack("{s:s,s:s,s:s}", "queue", "si", "name",
				    "si", "number", "+862988001002")),
		EEXIST);
	assert_int_equal(site_call(d, "queue.set",
				   json_pack("{s:s,s:i,s:s,s:b}", "queue",
					     "med", "lease_ms", 5000, "notice",
					     "n2", "active", 0)),
			 0);
	assert_int_equal(q->lease_ms, 5000);
	assert_null(site_queue_of(d->site, "88001002"));
	site_queue_prompt(d->site, q, "notice", file);
	assert_string_equal(file, "n2.wav");
	site_queue_prompt(d->site, q, "music", file);
	assert_string_equal(file, "music.wav");
	static const char *const bad[] = {
		"{\"queue\":\"x y\",\"name\":\"n\"}",
		"{\"queue\":\"new\"}",
		"{\"queue\":\"med\",\"lease_ms\":1}",
		"{\"queue\":\"med\",\"priority\":10}",
		"{\"queue\":\"med\",\"least\":10}",
		"{\"queue\":\"med\",\"name\":7}",
		"{\"queue\":\"b\",\"name\":\"n\",\"number\":\"a b\"}",
		"{\"queue\":\"med\",\"notice\":\"../x\"}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (site_call(d, "queue.set", json_loads(bad[i], 0, NULL)) !=
		    EINVAL)
			fail_msg("%s", bad[i]);
	}
}

static void test_disposition(void **state)
{
	struct desk *d = *state;
	static const char *const good[] = {
		"{\"code\":\"mi\",\"name\":\"医保\"}",
		"{\"code\":\"mi.b\",\"name\":\"生育\",\"parent\":\"mi\"}",
		"{\"code\":\"mi.b.a\",\"name\":\"津贴\",\"parent\":\"mi.b\"}",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(site_call(d, "disposition.set",
					   json_loads(good[i], 0, NULL)),
				 0);
	assert_true(site_disposition_ok(d->site, "mi.b.a"));
	assert_false(site_disposition_ok(d->site, "mi.b"));
	assert_false(site_disposition_ok(d->site, "pa"));
	char path[64];
	store_disposition_path(d->r.db, "mi.b.a", path, sizeof(path));
	assert_string_equal(path, "医保/生育/津贴");
	/* no circle, no orphan */
	assert_int_equal(site_call(d, "disposition.set",
				   json_pack("{s:s,s:s}", "code", "mi",
					     "parent", "mi.b.a")),
			 EINVAL);
	assert_int_equal(site_call(d, "disposition.set",
				   json_pack("{s:s,s:s,s:s}", "code", "x",
					     "name", "x", "parent", "none")),
			 ENOENT);
	/* without its only child, the middle is a leaf */
	assert_int_equal(site_call(d, "disposition.set",
				   json_pack("{s:s,s:b}", "code", "mi.b.a",
					     "active", 0)),
			 0);
	assert_true(site_disposition_ok(d->site, "mi.b"));
}

static void test_calendar_and_prompts(void **state)
{
	struct desk *d = *state;
	char path[128];

	assert_int_equal(site_call(d, "calendar.set",
				   json_pack("{s:s}", "text",
					     "hours mon-sun 00:00-24:00\n"
					     "off 2027-13-01\n")),
			 EINVAL);
	assert_memory_equal(d->r.detail, "line 2:", 7);
	assert_int_equal(site_call(d, "calendar.set",
				   json_pack("{s:s}", "text",
					     "hours mon-sun 00:00-24:00\n")),
			 0);
	assert_true(cal_is_open(site_cal(d->site), cal_now_us()));
	assert_int_equal(site_call(d, "prompt.set",
				   json_pack("{s:s,s:s}", "prompt", "notice",
					     "file", "../etc/passwd")),
			 EINVAL);
	assert_int_equal(site_call(d, "prompt.set",
				   json_pack("{s:s,s:s}", "prompt", "notice",
					     "file", "none.wav")),
			 EINVAL);
	snprintf(path, sizeof(path), "%s/t.wav", d->r.dir);
	FILE *f = fopen(path, "wb");
	static const unsigned char head[] =
		"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0"
		"\x80\x3e\0\0\2\0\x10\0data\4\0\0\0\0\0\0\0";
	fwrite(head, 1, sizeof(head) - 1, f);
	fclose(f);
	assert_int_equal(site_call(d, "prompt.set",
				   json_pack("{s:s,s:s}", "prompt", "notice",
					     "file", "t.wav")),
			 0);
	char file[SITE_TEXT];
	site_prompt_file(d->site, "notice", file);
	assert_string_equal(file, "t.wav");
	/* five seconds are too long for a notice, and fine for music */
	static const unsigned char five[] = "\x80\x38\x01";
	f = fopen(path, "r+b");
	fseek(f, 40, SEEK_SET);
	fwrite(five, 1, 4, f);
	fclose(f);
	assert_int_equal(site_call(d, "prompt.set",
				   json_pack("{s:s,s:s}", "prompt", "notice",
					     "file", "t.wav")),
			 EINVAL);
	assert_string_equal(d->r.detail, "5000 ms, call.notice_max is 4000");
	assert_int_equal(site_call(d, "prompt.set",
				   json_pack("{s:s,s:s}", "prompt", "long",
					     "file", "t.wav")),
			 0);
	assert_int_equal(site_call(d, "queue.set",
				   json_pack("{s:s,s:s,s:s}", "queue", "q9",
					     "name", "Q", "notice", "long")),
			 EINVAL);
	unlink(path);
}

static void test_secrets_are_in_no_fact(void **state)
{
	struct desk *d = *state;
	int64_t n = -1;

	assert_int_equal(
		site_call(d, "trunk.set",
			  json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "trunk",
				    "ct1", "kind", "register", "host",
				    "sip.test", "user", "u", "password",
				    "geheim", "numbers", "88001001")),
		0);
	assert_int_equal(
		site_call(d, "phone.add",
			  json_pack("{s:s,s:s,s:s}", "phone", "p12", "ha1",
				    "0123456789abcdef0123456789abcdef",
				    "realm", "zuoxi")),
		0);
	assert_int_equal(db_get_int(d->r.db, &n, -1,
				    "SELECT count(*) FROM fact WHERE body LIKE"
				    " '%geheim%' OR body LIKE '%0123456789%'",
				    ""),
			 0);
	assert_int_equal(n, 0);
	assert_string_equal(site_trunk_find(d->site, "ct1")->password,
			    "geheim");
	/* a change of something else keeps it */
	assert_int_equal(site_call(d, "trunk.set",
				   json_pack("{s:s,s:i}", "trunk", "ct1",
					     "port", 5080)),
			 0);
	assert_string_equal(site_trunk_find(d->site, "ct1")->password,
			    "geheim");
	assert_int_equal(site_call(d, "trunk.list", NULL), 0);
	char *text = json_dumps(d->r.result, 0);
	assert_null(strstr(text, "geheim"));
	free(text);
	static const char *const bad[] = {
		"{\"trunk\":\"x\",\"host\":\"a b\"}",
		"{\"trunk\":\"x\"}",
		"{\"trunk\":\"x\",\"host\":\"h\",\"kind\":\"isdn\"}",
		"{\"trunk\":\"x\",\"host\":\"h\",\"kind\":\"register\"}",
		"{\"trunk\":\"x\",\"host\":\"h\",\"transport\":\"sctp\"}",
		"{\"trunk\":\"x\",\"host\":\"h\",\"port\":70000}",
		"{\"trunk\":\"x\",\"host\":\"h\",\"numbers\":[\"a b\"]}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (site_call(d, "trunk.set", json_loads(bad[i], 0, NULL)) !=
		    EINVAL)
			fail_msg("%s", bad[i]);
	}
}

/* A restart, and a rebuild of the tables from the facts, change nothing. */
static void test_restart_and_rebuild(void **state)
{
	struct desk *d = *state;

	add_queue(d, "med", "88001002");
	add_person(d, "A1", "agent");
	assert_int_equal(site_call(d, "pause.set",
				   json_pack("{s:s,s:s,s:i}", "code", "meal",
					     "name", "用餐", "max_ms", 2400)),
			 0);
	assert_int_equal(site_call(d, "pause.set",
				   json_pack("{s:s,s:s}", "code", "missed",
					     "name", "x")),
			 EINVAL);
	test_secrets_are_in_no_fact(state);

	assert_int_equal(db_begin(d->r.db), 0);
	assert_int_equal(fact_rebuild(d->r.log, d->r.db), 0);
	assert_int_equal(db_commit(d->r.db), 0);
	mem_deref(d->people);
	mem_deref(d->site);
	mem_deref(d->r.log);
	assert_int_equal(fact_log_alloc(&d->r.log, NULL), 0);
	parts_open(d);
	assert_int_equal(people_load(d->people, d->r.db), 0);
	assert_int_equal(site_load(d->site, d->r.db), 0);
	assert_non_null(people_find(d->people, "A1"));
	assert_non_null(site_queue_of(d->site, "88001002"));
	assert_int_equal(site_pause_find(d->site, "meal")->max_ms, 2400);
	assert_null(site_pause_find(d->site, "missed"));
	assert_string_equal(site_trunk_find(d->site, "ct1")->password,
			    "geheim");
	assert_string_equal(site_phone_find(d->site, "p12")->ha1,
			    "0123456789abcdef0123456789abcdef");
}

int main(void)
{
	cal_zone("Asia/Shanghai");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_person, setup, teardown),
		cmocka_unit_test_setup_teardown(test_person_refusals, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disposition, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_calendar_and_prompts,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_secrets_are_in_no_fact,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart_and_rebuild,
						setup, teardown),
	};
	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
