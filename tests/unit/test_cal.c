/* SPDX-License-Identifier: Apache-2.0 */
/* Working days: spans, holidays, make-up days, edges, and what a fault in the
 * text says. */
#include "common/cal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/libre.h"

static const char year[] =
	"# Spring Festival of 2027\r\n"
	"hours mon-fri 08:30-18:00\n"
	"\n"
	"off 2027-01-01 New Year\n"
	"off 2027-02-05..2027-02-12 Spring Festival # eight days\n"
	"work 2027-02-14 make-up day\n";

static int64_t at(const char *text)
{
	int64_t us = 0;
	assert_int_equal(cal_parse(&us, text), 0);
	return us;
}

static struct cal *of(const char *text)
{
	struct cal *cal = NULL;
	struct diag diag = {.line = 0};
	int err = cal_alloc(&cal, text, &diag);
	if (err)
		fail_msg("line %d: %s", diag.line, diag.what);
	return cal;
}

static void test_open(void **state)
{
	static const struct {
		const char *when;
		bool open;
		const char *why;
	} t[] = {
		{"2027-01-04 08:29:59", false, ""},
		{"2027-01-04 08:30:00", true, ""},
		{"2027-01-04 17:59:59", true, ""},
		{"2027-01-04 18:00:00", false, ""},
		{"2027-01-01 10:00", false, "New Year"},
		{"2027-01-02 10:00", false, "weekend"},
		{"2027-02-05 10:00", false, "Spring Festival"},
		{"2027-02-12 10:00", false, "Spring Festival"},
		{"2027-02-13 10:00", false, "weekend"},
		{"2027-02-14 10:00", true, "make-up day"}, /* a Sunday */
		{"2027-02-14 18:00", false, "make-up day"},
	};
	struct cal *cal = of(year);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		if (cal_is_open(cal, at(t[i].when)) != t[i].open)
			fail_msg("%s", t[i].when);
		assert_string_equal(cal_why(cal, at(t[i].when)), t[i].why);
	}
	mem_deref(cal);
}

static void test_next(void **state)
{
	struct cal *cal = of(year);
	/* New Year is a Friday: the next open moment is on Monday */
	assert_true(cal_next_open(cal, at("2026-12-31 18:00")) ==
		    at("2027-01-04 08:30"));
	assert_true(cal_next_open(cal, at("2027-01-04 09:00")) ==
		    at("2027-01-04 09:00"));
	assert_true(cal_next_close(cal, at("2027-01-04 09:00")) ==
		    at("2027-01-04 18:00"));
	assert_true(cal_next_close(cal, at("2027-01-04 20:00")) ==
		    at("2027-01-04 20:00"));
	assert_true(cal_next_open(cal, at("2027-02-04 18:00")) ==
		    at("2027-02-14 08:30"));
	mem_deref(cal);

	cal = of("hours mon-sun 00:00-24:00\n");
	assert_true(cal_is_open(cal, at("2027-01-02 00:00")));
	assert_true(cal_next_close(cal, at("2027-01-02 00:00")) == INT64_MAX);
	mem_deref(cal);

	/* over midnight: two lines, one span */
	cal = of("hours fri 20:00-24:00\nhours sat 00:00-06:00\n");
	assert_true(cal_next_close(cal, at("2027-01-01 23:00")) ==
		    at("2027-01-02 06:00"));
	mem_deref(cal);
}

static void test_business_time(void **state)
{
	struct cal *cal = of(year);
	const int64_t h = 3600LL * 1000000;
	assert_true(cal_add_open(cal, at("2026-12-31 17:00"), 2 * h) ==
		    at("2027-01-04 09:30"));
	assert_true(cal_add_open(cal, at("2027-01-04 08:30"), 19 * h / 2) ==
		    at("2027-01-04 18:00"));
	assert_true(cal_open_between(cal, at("2026-12-31 17:00"),
				     at("2027-01-04 09:30")) == 2 * h);
	assert_true(cal_open_between(cal, at("2027-01-04 09:30"),
				     at("2026-12-31 17:00")) == 0);
	assert_true(cal_sub_open(cal, at("2027-01-04 09:30"), 2 * h) ==
		    at("2026-12-31 17:00"));
	assert_true(cal_sub_open(cal, at("2027-01-04 18:00"), 19 * h / 2) ==
		    at("2027-01-04 08:30"));
	assert_true(cal_sub_open(cal, at("2027-01-04 07:00"), 0) ==
		    at("2027-01-04 07:00"));
	assert_true(cal_has_year(cal, 2027));
	assert_false(cal_has_year(cal, 2028));
	mem_deref(cal);
}

static void test_spans_join(void **state)
{
	struct cal *cal = of("hours mon 08:00-10:00\nhours mon 14:00-16:00\n"
			     "hours mon 09:30-14:00\n");
	assert_true(cal_next_close(cal, at("2027-01-04 08:00")) ==
		    at("2027-01-04 16:00"));
	mem_deref(cal);
}

static void test_faults(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *what;
	} t[] = {
		{"", 0, "no hours"},
		{"hours mon-fri 08:30-18:00\nholiday 2027-01-01\n", 2,
		 "holiday"},
		{"hours mon-fri 8:30-18:00\n", 1, "08:30-18:00"},
		{"hours mon-fri 18:00-08:30\n", 1, "two lines"},
		{"hours mon-fri 08:30-24:30\n", 1, "24:00"},
		{"hours workdays 08:30-18:00\n", 1, "days"},
		{"hours mon-fri 08:30-18:00 13:00-14:00\n", 1, "too much"},
		{"hours mon 08:30-18:00\noff 2027-02-29 x\n", 2,
		 "no day of the calendar"},
		{"hours mon 08:30-18:00\noff 2027-02-05..2027-02-01\n", 2,
		 "before the first"},
		{"hours mon 08:30-18:00\noff 2027-02-05\nwork 2027-02-05\n", 3,
		 "line 2"},
		{"hours mon 08:30-18:00\noff 2027-01-01..2027-12-31\n", 2,
		 "62 days"},
		{"hours tue 08:30-18:00\nwork 2027-02-14\n", 2, "mon"},
		{"hours mon 08:30-18:00\noff 2027-01-01 \xC4\xEA\n", 2,
		 "UTF-8"},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct cal *cal = NULL;
		struct diag diag = {.line = -1};
		assert_int_equal(cal_alloc(&cal, t[i].text, &diag), EBADMSG);
		assert_null(cal);
		assert_int_equal(diag.line, t[i].line);
		if (!strstr(diag.what, t[i].what))
			fail_msg("%s: %s", t[i].text, diag.what);
	}
}

static void test_parse(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-31",
		"2026-1-2",
		"20261124",
		"2026-11-24x",
		"2026-11-24 25:00",
		"2026-11-24 10:61",
		"2026-11-24 10",
		"2026-11-24T10:00:00+8",
		"-026-11-24",
	};
	int64_t us;
	assert_true(at("2026-11-24") == 1795449600LL * 1000000);
	assert_true(at("2026-11-24 10:42") == at("2026-11-24T10:42:00+08:00"));
	assert_true(at("2026-11-24T02:42:00Z") == at("2026-11-24 10:42:00"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (cal_parse(&us, bad[i]) != EBADMSG)
			fail_msg("%s", bad[i]);
	}
	char out[CAL_TEXT_SIZE];
	cal_rfc3339(out, at("2026-11-24 10:42:05"));
	assert_string_equal(out, "2026-11-24T10:42:05+08:00");
}

/* A zone with summer time: hours stay hours of the wall clock. */
static void test_summer_time(void **state)
{
	cal_zone("Europe/Berlin");
	struct cal *cal = of("hours mon-fri 08:30-18:00\n");
	assert_true(cal_next_open(cal, at("2027-03-26 18:00")) ==
		    at("2027-03-29 08:30"));
	mem_deref(cal);
	cal_zone("Asia/Shanghai");
}

int main(void)
{
	cal_zone("Asia/Shanghai");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_business_time),
		cmocka_unit_test(test_spans_join),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_summer_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
