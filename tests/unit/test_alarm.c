/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms, and what the office looks at by itself: each is raised, shown,
 * taken by somebody, and over. */
#include "server/core/alarm.h"

#include <sys/stat.h>

#include "common/log.h"
#include "server/desk/site.h"
#include "server/desk/watch.h"
#include "tests/unit/desk_rig.h"

struct rig_alarm {
	struct rig r;
	struct alarm *alarm;
	struct site *site;
	struct watch *watch;
	char recordings[80];
};

static int setup(void **state)
{
	static struct rig_alarm rig;
	struct rig_alarm *t = &rig;

	libre_init();
	log_level(LOG_ERROR_);
	cal_zone("Asia/Shanghai");
	rig_open(&t->r);
	assert_int_equal(alarm_alloc(&t->alarm, t->r.log, NULL), 0);
	assert_int_equal(site_alloc(&t->site,
				    &(struct site_prm){
					    .log = t->r.log,
					    .prompts_dir = t->r.dir,
				    }),
			 0);
	re_snprintf(t->recordings, sizeof(t->recordings), "%s/rec", t->r.dir);
	assert_int_equal(mkdir(t->recordings, 0700), 0);
	*state = t;
	return 0;
}

static void watch(struct rig_alarm *t, int64_t free_min_mb)
{
	t->watch = mem_deref(t->watch);
	assert_int_equal(watch_alloc(&t->watch,
				     &(struct watch_prm){
					     .alarm = t->alarm,
					     .site = t->site,
					     .state_dir = t->r.dir,
					     .recordings_dir = t->recordings,
					     .free_min_mb = free_min_mb,
				     }),
			 0);
	watch_start(t->watch);
}

static int teardown(void **state)
{
	struct rig_alarm *t = *state;

	mem_deref(t->watch);
	mem_deref(t->site);
	mem_deref(t->alarm);
	rmdir(t->recordings);
	rig_close(&t->r);
	cal_set(0, 0);
	libre_close();
	memset(t, 0, sizeof(*t));
	return 0;
}

static json_t *list(struct rig_alarm *t)
{
	assert_int_equal(rig_call(&t->r, alarm_methods, t->alarm, "A001",
				  "alarm.list", NULL),
			 0);
	return json_object_get(t->r.result, "items");
}

/* The alarm as it is listed, or NULL. */
static json_t *shown(struct rig_alarm *t, const char *id)
{
	json_t *items = list(t), *e;
	size_t i;

	json_array_foreach (items, i, e)
		if (!strcmp(json_str(e, "id"), id))
			return e;
	return NULL;
}

static int take_by(struct rig_alarm *t, const char *actor, const char *id)
{
	return rig_call(&t->r, alarm_methods, t->alarm, actor, "alarm.take",
			json_pack("{s:s}", "alarm", id));
}

static void test_life(void **state)
{
	struct rig_alarm *t = *state;

	cal_set(1000000, 1);
	alarm_raise(t->alarm, "trunk:ct1", ALARM_CRITICAL, "A trunk is down",
		    "ct1");
	cal_set(2000000, 1);
	alarm_raise(t->alarm, "trunk:ct1", ALARM_CRITICAL, "A trunk is down",
		    "ct1, for a second");
	assert_int_equal(alarm_count(t->alarm), 1);
	json_t *e = shown(t, "trunk:ct1");
	assert_non_null(e);
	assert_string_equal(json_str(e, "level"), "critical");
	assert_string_equal(json_str(e, "message"), "A trunk is down");
	assert_string_equal(json_str(e, "detail"), "ct1, for a second");
	assert_string_equal(json_str(e, "taken_by"), "");
	assert_int_equal(json_int(e, "since_us"), 1000000);

	assert_int_equal(take_by(t, "L01", "trunk:ct2"), ENOENT);
	assert_string_equal(t->r.message, "There is no such alarm now");
	assert_int_equal(take_by(t, "L01", "trunk:ct1"), 0);
	assert_string_equal(json_str(shown(t, "trunk:ct1"), "taken_by"),
			    "L01");

	alarm_clear(t->alarm, "trunk:ct1");
	alarm_clear(t->alarm, "trunk:ct1");
	assert_null(shown(t, "trunk:ct1"));
	assert_int_equal(take_by(t, "L01", "trunk:ct1"), ENOENT);
	assert_int_equal(alarm_count(t->alarm), 0);
}

static void test_too_many(void **state)
{
	struct rig_alarm *t = *state;
	char id[32];

	for (int i = 0; i < 257; i++) {
		snprintf(id, sizeof(id), "wait:q%d", i);
		alarm_raise(t->alarm, id, ALARM_WARN, "m", "");
	}
	assert_int_equal(alarm_count(t->alarm), 256);
}

/* At noon of a day in Xi'an. */
static void at_day(const char *day)
{
	char text[32];
	int64_t us;

	snprintf(text, sizeof(text), "%s 12:00", day);
	assert_int_equal(cal_parse(&us, text), 0);
	cal_set(us, 1);
}

static void calendar(struct rig_alarm *t, const char *text)
{
	rig_fact(&t->r, "calendar.set", NULL, NULL, "site",
		 json_pack("{s:s}", "text", text));
}

static void on_turn(void *arg)
{
	re_cancel();
}

/* What stands in the loop by now. */
static void turn(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 1, on_turn, NULL);
	re_main(NULL);
}

#define HOURS "hours mon-fri 08:30-18:00\n"

static void test_december(void **state)
{
	struct rig_alarm *t = *state;

	at_day("2026-11-30");
	calendar(t, HOURS "off 2026-01-01 a\n");
	watch(t, 0);
	assert_null(shown(t, "calendar"));

	at_day("2026-12-01");
	watch_start(t->watch); /* as it does each hour */
	json_t *e = shown(t, "calendar");
	assert_non_null(e);
	assert_string_equal(json_str(e, "level"), "warn");
	assert_string_equal(json_str(e, "detail"), "2027");
	assert_int_equal(take_by(t, "L01", "calendar"), 0);

	/* a calendar without them changes nothing, one with them does */
	calendar(t, HOURS "off 2026-10-01 b\n");
	turn();
	assert_non_null(shown(t, "calendar"));
	calendar(t, HOURS "off 2026-10-01 b\noff 2027-01-01 c\n");
	turn();
	assert_null(shown(t, "calendar"));
}

static void test_disk(void **state)
{
	struct rig_alarm *t = *state;

	watch(t, INT64_C(1) << 50);
	assert_non_null(shown(t, "disk:recordings"));
	json_t *e = shown(t, "disk:state");
	assert_non_null(e);
	assert_string_equal(json_str(e, "level"), "critical");
	assert_non_null(strstr(json_str(e, "detail"), t->r.dir));
	assert_non_null(strstr(json_str(e, "detail"), " MB"));
	assert_int_equal(take_by(t, "L01", "disk:state"), 0);
	watch(t, 0);
	assert_int_equal(alarm_count(t->alarm), 0);
}

static void test_folder(void **state)
{
	struct rig_alarm *t = *state;

	rmdir(t->recordings);
	watch(t, 0);
	json_t *e = shown(t, "folder:recordings");
	assert_non_null(e);
	assert_string_equal(json_str(e, "detail"), t->recordings);
	assert_null(shown(t, "folder:state"));
	assert_int_equal(mkdir(t->recordings, 0700), 0);
	watch(t, 0);
	assert_int_equal(alarm_count(t->alarm), 0);
}

/* What the last run left open has an end in the record. */
static void test_restart(void **state)
{
	struct rig_alarm *t = *state;

	rig_fact(&t->r, "alarm.raised", NULL, NULL, "wait:si",
		 json_pack("{s:s, s:s, s:s}", "level", "critical", "message",
			   "m", "detail", ""));
	assert_int_equal(alarm_count(t->alarm), 1);
	assert_int_equal(alarm_load(t->alarm, t->r.db), 0);
	assert_int_equal(alarm_count(t->alarm), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(life), TEST(too_many), TEST(december),
		TEST(disk), TEST(folder),   TEST(restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
