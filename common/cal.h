/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only clock, and the site's working days. Times are UTC microseconds;
 * durations are measured on the monotonic clock, which a change of the wall
 * clock cannot touch. A calendar is open hours plus a year list of days off
 * and make-up working days: queues, prompts, deadlines and reports
 * all ask it.
 *
 * Calendar text, one item a line, `#` starts a comment:
 *     hours mon-fri 08:30-18:00      (several lines add up; "hours sat ...")
 *     off 2027-01-01 New Year        (holiday: closed)
 *     off 2027-02-15..2027-02-22 Spring Festival
 *     work 2027-02-14 make-up day    (open although a weekend; hours of mon)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- clock ---- */

int64_t cal_now_us(void);  /* UTC, microseconds since 1970 */
int64_t cal_mono_us(void); /* monotonic, microseconds */

/* The monotonic time of a moment that the wall clock showed a while ago: by it
 * durations go on that began before we did. A moment to come counts as now. */
int64_t cal_mono_at(int64_t wall_us);

/* Tests: both clocks stand at these values until set again; 0, 0 lets them
 * run. */
void cal_set(int64_t now_us, int64_t mono_us);

/* The site's zone ("Asia/Shanghai"): sets TZ; once, before any thread. */
void cal_zone(const char *zone);

/* "2026-11-24", "10:42:05", "2026-11-24 10:42:05" in the site's zone; size of
 * the buffer is enough for each. */
#define CAL_TEXT_SIZE 32
void cal_day(char out[CAL_TEXT_SIZE], int64_t us);
void cal_clock(char out[CAL_TEXT_SIZE], int64_t us);
void cal_stamp(char out[CAL_TEXT_SIZE], int64_t us);
/* RFC 3339 with offset, for --json. */
void cal_rfc3339(char out[CAL_TEXT_SIZE], int64_t us);
/* Start of the site's day that `us` lies in; of the month. */
int64_t cal_day_start(int64_t us);
int64_t cal_month_start(int64_t us);
/* "2026-11-24", "2026-11-24 10:42[:05]" or RFC 3339. EBADMSG. */
int cal_parse(int64_t *us, const char *text);

/* ---- calendar ---- */

struct cal;

/* One fault in a text that people write. */
struct diag {
	char file[64];
	int line;
	char what[160];
};

/* All or nothing: on EBADMSG `diag` names the line, what is wrong with it and
 * what to write. A mem_ref object. */
int cal_alloc(struct cal **cp, const char *text, struct diag *diag);

/* 8:30-18:00 on Monday to Friday, no holidays. */
int cal_default(struct cal **cp);

bool cal_is_open(const struct cal *cal, int64_t us);
/* Next moment at or after `us` at which it is open / closed; INT64_MAX if
 * there is none within 400 days. */
int64_t cal_next_open(const struct cal *cal, int64_t us);
int64_t cal_next_close(const struct cal *cal, int64_t us);
/* `us` plus so much open time (deadlines), and open time in between. */
int64_t cal_add_open(const struct cal *cal, int64_t us, int64_t open_us);
int64_t cal_open_between(const struct cal *cal, int64_t from, int64_t to);
/* The latest moment from which so much open time has passed until `us`: what
 * began at it or before is that old. INT64_MIN: there is none. */
int64_t cal_sub_open(const struct cal *cal, int64_t us, int64_t open_us);
/* Has the year any `off` line? December asks this for the next year. */
bool cal_has_year(const struct cal *cal, int year);
/* Why it is open or closed at that moment ("New Year", "weekend", ""). */
const char *cal_why(const struct cal *cal, int64_t us);
