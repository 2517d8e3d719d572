/* SPDX-License-Identifier: Apache-2.0 */
/* Topics by the rules that name them, flows by what their versions cost, and
 * what the knowledge base is owed. */
#include "desk_rig.h"

#include "common/scope.h"
#include "server/desk/article.h"
#include "server/desk/reminder.h"
#include "server/desk/topic.h"

#define DAY_US	(24LL * 3600 * 1000000)
#define MONDAY	1795392000000000LL /* 2026-11-23 08:00 in Xi'an */
#define MIN_US	60000000LL
#define LAST_WK (MONDAY - 7 * DAY_US)

static struct rig rig;
static struct topic_part place = {ATOMIC_FLAG_INIT};
static int calls;

/* One answered call; its contact. agents: how many talked, one after the
 * other. */
static const char *call_of(const char *number, int64_t at_us, int minutes,
			   int agents)
{
	static char contact[32];
	char offer[40], agent[8];

	cal_set(at_us, 1);
	snprintf(contact, sizeof(contact), "c-%d", ++calls);
	rig_fact(&rig, "contact.arrived", contact, NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", number, "name", "",
			   "queue", "mi", "open", 1));
	for (int i = 0; i < agents; i++) {
		snprintf(agent, sizeof(agent), "A%d", i + 1);
		snprintf(offer, sizeof(offer), "%s.%d", contact, i);
		rig_fact(
			&rig, "offer.made", contact, agent, offer,
			json_pack("{s:s, s:s}", "offer", offer, "leg", offer));
		rig_fact(&rig, "contact.answered", contact, agent, NULL,
			 json_pack("{s:s, s:i}", "offer", offer, "wait_ms",
				   1000));
	}
	cal_set(at_us + minutes * MIN_US, 1);
	rig_fact(&rig, "contact.ended", contact, "A1", NULL,
		 json_pack("{s:s, s:s, s:s}", "result", "answered", "reason",
			   "done", "by", "citizen"));
	return contact;
}

static void adopt(const char *contact, const char *entry, int version)
{
	rig_fact(&rig, "kb.adopted", contact, "A1", entry,
		 json_pack("{s:s, s:i, s:s}", "entry", entry, "version",
			   version, "title", "t"));
}

static void file_it(const char *contact, const char *code, const char *outcome,
		    bool hard)
{
	char ticket[40];

	snprintf(ticket, sizeof(ticket), "T-%s", contact);
	rig_fact(&rig, "ticket.filed", contact, "A1", ticket,
		 json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:{s:s, s:s, s:s,"
			   " s:{s:b}}}",
			   "number", "1", "name", "", "queue", "mi", "outcome",
			   outcome, "created_us", (json_int_t)1000, "state",
			   "done", "fields", "disposition", code, "outcome",
			   outcome, "summary", "咨询", "flags", "hard",
			   (int)hard));
}

/* Its number is nobody's twice. */
static const char *plain(int64_t at_us, int minutes)
{
	char number[24];

	snprintf(number, sizeof(number), "86138%08d", calls + 1);
	return call_of(number, at_us, minutes, 1);
}

static void bring(const char *id, int version, const char *more)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "---\nid: %s\ntitle: %s 标题\nquestion: q\nline: mi\n"
		 "topic: 津贴\neffective: 2026-01-01\npolicy: 1号\n"
		 "owner: 科\nstate: confirmed\n%s---\n【步骤】\n"
		 "1. 带身份证\n2. 到窗口\n",
		 id, id, more);
	rig_fact(&rig, "entry.imported", NULL, NULL, id,
		 json_pack("{s:i, s:s, s:s, s:s}", "version", version, "text",
			   text, "by", "B1", "paper", "1号"));
}

static int ask(const char *method, json_t *params)
{
	return rig_call(&rig, topic_methods, &place, "L1", method, params);
}

static json_t *week(const char *kind)
{
	return json_pack("{s:I, s:I, s:s}", "from_us", (json_int_t)MONDAY,
			 "to_us", (json_int_t)MONDAY + 7 * DAY_US, "kind",
			 kind);
}

/* "KB-1 6/2 +200 hot,routine: rank=1 ...|..." */
static const char *reported(const char *kind)
{
	static char out[1024];
	size_t i, k;
	json_t *one, *part;

	assert_int_equal(ask("topic.report", week(kind)), 0);
	*out = '\0';
	json_array_foreach (json_object_get(rig.result, "items"), i, one) {
		char *at = out + strlen(out);
		const char *id = json_str(one, "entry");
		at += sprintf(at, "%s%s %lld/%lld", i ? "|" : "",
			      *id ? id : json_str(one, "topic"),
			      (long long)json_int(one, "count"),
			      (long long)json_int(one, "before"));
		if (!json_is_null(json_object_get(one, "growth")))
			at += sprintf(at, " %+lld",
				      (long long)json_int(one, "growth"));
		json_array_foreach (json_object_get(one, "kinds"), k, part)
			at += sprintf(at, "%s%s", k ? "," : " ",
				      json_string_value(part));
		json_array_foreach (json_object_get(one, "why"), k, part)
			at += sprintf(at, " %s=%lld", json_str(part, "rule"),
				      (long long)json_int(part, "n"));
	}
	return out;
}

static int setup(void **state)
{
	rig_open(&rig);
	cal_zone("Asia/Shanghai");
	cal_set(MONDAY - 30 * DAY_US, 1);
	calls = 0;
	bring("KB-1", 1, "");
	bring("KB-2", 1, "");
	rig_fact(&rig, "disposition.set", NULL, NULL, "mi.card",
		 json_pack("{s:s, s:s}", "name", "社保卡", "queue", "mi"));
	return 0;
}

static int teardown(void **state)
{
	cal_set(0, 0);
	rig_close(&rig);
	return 0;
}

static void test_hot_and_routine(void **state)
{
	for (int i = 0; i < 2; i++)
		adopt(plain(LAST_WK + i * DAY_US, 2), "KB-1", 1);
	for (int i = 0; i < 4; i++)
		adopt(plain(LAST_WK + i * DAY_US, 2), "KB-2", 1);
	for (int i = 0; i < 6; i++)
		adopt(plain(MONDAY + i * MIN_US, 2), "KB-1", 1);
	for (int i = 0; i < 4; i++)
		adopt(plain(MONDAY + i * MIN_US, 3), "KB-2", 1);
	/* abandoned, of the other direction, of another time: no question */
	rig_fact(&rig, "contact.arrived", "c-x", NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", "8613900000000",
			   "name", "", "queue", "mi", "open", 1));
	assert_string_equal(reported(""),
			    "KB-1 6/2 +200 hot,routine rank=1 growth=4 entry=6"
			    " short=120|KB-2 4/4 +0");
	assert_string_equal(reported("hot"),
			    "KB-1 6/2 +200 hot,routine rank=1 growth=4 entry=6"
			    " short=120");
	assert_string_equal(reported("hard"), "");
	assert_int_equal(json_int(rig.result, "mean_ms"), 144000);
	assert_int_equal(json_int(rig.result, "long_ms"), 300000);
}

static void test_hard(void **state)
{
	/* one reason each, and a plain one of seven */
	adopt(call_of("8613800000001", MONDAY, 2, 2), "KB-1", 1);
	adopt(plain(MONDAY, 9), "KB-1", 1);
	const char *c = plain(MONDAY, 1);
	adopt(c, "KB-1", 1);
	file_it(c, "mi.card", "bureau", false);
	c = plain(MONDAY, 1);
	adopt(c, "KB-1", 1);
	file_it(c, "mi.card", "answered", true);
	adopt(call_of("8613800000005", MONDAY, 1, 1), "KB-1", 1);
	call_of("8613800000005", MONDAY + 6 * DAY_US, 1, 1);
	adopt(call_of("8613800000006", MONDAY, 1, 1), "KB-1", 1);
	call_of("8613800000006", MONDAY + 8 * DAY_US, 1, 1);
	adopt(plain(MONDAY, 1), "KB-1", 1);
	assert_string_equal(reported("hard"),
			    "KB-1 7/0 hot,hard rank=1 growth=7 transferred=1"
			    " long=1 escalated=1 flagged=1 repeat=1");
	/* two of three are too few to say anything */
	adopt(plain(MONDAY, 9), "KB-2", 1);
	adopt(plain(MONDAY, 9), "KB-2", 1);
	adopt(plain(MONDAY, 1), "KB-2", 1);
	assert_string_equal(reported("routine"), "");
}

static void test_nothing_answers(void **state)
{
	for (int i = 0; i < 3; i++)
		file_it(plain(MONDAY + i * MIN_US, 1), "mi.card", "answered",
			false);
	file_it(plain(MONDAY, 1), "mi.card", "invalid", false);
	assert_string_equal(reported(""), "mi.card 3/0 hard no_entry=3");
	json_t *one = json_array_get(json_object_get(rig.result, "items"), 0);
	assert_string_equal(json_str(one, "title"), "社保卡");
	assert_string_equal(json_str(one, "line"), "mi");
}

static void test_refusals(void **state)
{
	assert_int_equal(ask("topic.report", week("lukewarm")), EINVAL);
	assert_int_equal(ask("topic.report", json_pack("{s:i, s:i}", "from_us",
						       5, "to_us", 5)),
			 EINVAL);
	assert_int_equal(ask("topic.report",
			     json_pack("{s:i, s:I}", "from_us", 5, "to_us",
				       (json_int_t)400 * DAY_US)),
			 EINVAL);
	assert_int_equal(ask("topic.report", json_object()), EINVAL);
	assert_int_equal(
		ask("topic.report", json_pack("{s:i, s:i, s:i}", "from_us", 1,
					      "to_us", 2, "limit", 0)),
		EINVAL);
	assert_string_equal(reported(""), "");
	/* one at a time, and free again after a refusal */
	assert_false(atomic_flag_test_and_set(&place.busy));
	assert_int_equal(ask("topic.report", week("")), EAGAIN);
	assert_int_equal(ask("flow.report", json_object()), EAGAIN);
	atomic_flag_clear(&place.busy);
	assert_string_equal(reported(""), "");
}

/* "KB-3 v2 due 2:90000<3:120000 -25|..." */
static const char *flows(bool due)
{
	static char out[512];
	size_t i;
	json_t *one;

	assert_int_equal(ask("flow.report", json_pack("{s:b}", "due", due)),
			 0);
	*out = '\0';
	json_array_foreach (json_object_get(rig.result, "items"), i, one) {
		char *at = out + strlen(out);
		const json_t *now = json_object_get(one, "now");
		const json_t *was = json_object_get(one, "was");
		at += sprintf(at, "%s%s v%lld%s %lld:%lld", i ? "|" : "",
			      json_str(one, "entry"),
			      (long long)json_int(one, "version"),
			      json_bool(one, "due") ? " due" : "",
			      (long long)json_int(now, "n"),
			      (long long)json_int(now, "aht_ms"));
		if (json_is_object(was))
			sprintf(at, "<v%lld %lld:%lld %+lld",
				(long long)json_int(was, "version"),
				(long long)json_int(was, "n"),
				(long long)json_int(was, "aht_ms"),
				(long long)json_int(one, "change"));
	}
	return out;
}

static void test_flows(void **state)
{
	bring("KB-3", 1, "kind: flow\nreview: 2026-11-23\n");
	bring("KB-4", 1, "kind: flow\nreview: 2026-12-31\n");
	assert_string_equal(flows(false), "KB-3 v1 0:0|KB-4 v1 0:0");
	adopt(plain(MONDAY - DAY_US, 4), "KB-3", 1);
	adopt(plain(MONDAY - DAY_US, 2), "KB-3", 1);
	bring("KB-3", 2, "kind: flow\nreview: 2026-11-23\n");
	cal_set(MONDAY, 1);
	assert_string_equal(flows(true), "KB-3 v2 due 0:0<v1 2:180000 +0");
	const char *c = plain(MONDAY, 1);
	adopt(c, "KB-3", 2);
	adopt(plain(MONDAY, 3), "KB-3", 2);
	cal_set(MONDAY, 1);
	assert_string_equal(flows(true),
			    "KB-3 v2 due 2:120000<v1 2:180000 -33");
	assert_string_equal(flows(false),
			    "KB-3 v2 due 2:120000<v1 2:180000 -33|"
			    "KB-4 v1 0:0");
}

/* ---- what is owed ---- */

static void test_duties(void **state)
{
	const int64_t old = MONDAY - 60 * DAY_US;
	struct store_duty d;

	bring("KB-3", 1, "review: 2026-11-24\n");
	bring("KB-4", 1, "expires: 2026-11-30\n");
	assert_int_equal(store_duty_review(rig.db, "2026-11-23", old, &d), 0);
	assert_int_equal(d.n, 0);
	assert_int_equal(store_duty_review(rig.db, "2026-11-24", old, &d), 0);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.names, "KB-3");
	/* looked at: the next day of review is in its new version */
	bring("KB-3", 2, "review: 2027-11-24\n");
	assert_int_equal(store_duty_review(rig.db, "2026-11-24", old, &d), 0);
	assert_int_equal(d.n, 0);

	/* those that name no day come of age; KB-3 does */
	assert_int_equal(store_duty_review(rig.db, "2026-11-24", MONDAY, &d),
			 0);
	assert_string_equal(d.names, "KB-1 KB-2 KB-4");

	assert_int_equal(
		store_duty_expiring(rig.db, "2026-11-20", "2026-11-29", &d),
		0);
	assert_int_equal(d.n, 0);
	assert_int_equal(
		store_duty_expiring(rig.db, "2026-11-20", "2026-11-30", &d),
		0);
	assert_string_equal(d.names, "KB-4");
	/* a draft is no successor yet; one that is confirmed is */
	rig_fact(&rig, "entry.drafted", NULL, NULL, "KB-4",
		 json_pack("{s:i, s:s}", "version", 2, "text",
			   "---\nid: KB-4\ntitle: t\nquestion: q\nline: mi\n"
			   "---\nx\n"));
	assert_int_equal(
		store_duty_expiring(rig.db, "2026-11-20", "2026-11-30", &d),
		0);
	assert_int_equal(d.n, 1);
	rig_fact(&rig, "entry.reviewed", NULL, NULL, "KB-4",
		 json_pack("{s:i}", "version", 2));
	rig_fact(&rig, "entry.confirmed", NULL, NULL, "KB-4",
		 json_pack("{s:i, s:s, s:s, s:s}", "version", 2, "by", "B1",
			   "paper", "", "effective", "2026-12-01"));
	assert_int_equal(
		store_duty_expiring(rig.db, "2026-11-20", "2026-11-30", &d),
		0);
	assert_int_equal(d.n, 0);
}

static int64_t at(const char *text)
{
	int64_t us = 0;

	assert_int_equal(cal_parse(&us, text), 0);
	return us;
}

static void test_week_without_a_release(void **state)
{
	static const struct {
		const char *now, *since;
	} t[] = {
		/* Monday to Friday 08:30-18:00, the first week of 2027 off */
		{"2026-11-23 12:00", "2026-11-16 00:00"},
		{"2026-11-27 17:59", "2026-11-16 00:00"},
		{"2026-11-27 18:00", "2026-11-23 00:00"},
		{"2026-11-29 12:00", "2026-11-23 00:00"},
		{"2027-01-10 12:00", "2026-12-28 00:00"},
	};
	scoped_mem struct cal *cal = NULL;
	struct diag diag;
	bool due = false;

	assert_int_equal(cal_alloc(&cal,
				   "hours mon-fri 08:30-18:00\n"
				   "off 2027-01-04..2027-01-08 x\n",
				   &diag),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_true(reminder_owed_since(cal, at(t[i].now)) ==
			    at(t[i].since));

	/* what is there was released four weeks ago */
	assert_int_equal(store_duty_release(rig.db, LAST_WK, &due), 0);
	assert_true(due);
	/* a new base owes nothing yet */
	assert_int_equal(
		store_duty_release(rig.db, MONDAY - 40 * DAY_US, &due), 0);
	assert_false(due);
	/* nothing changed, and was said so */
	cal_set(MONDAY, 1);
	rig_fact(&rig, "kb.released", NULL, NULL, "2026-W48",
		 json_pack("{s:[], s:s}", "entries", "note", "本周无变化"));
	assert_int_equal(store_duty_release(rig.db, LAST_WK, &due), 0);
	assert_false(due);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_hot_and_routine),
		TEST(test_hard),
		TEST(test_nothing_answers),
		TEST(test_refusals),
		TEST(test_flows),
		TEST(test_duties),
		TEST(test_week_without_a_release),
	};

	libre_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
