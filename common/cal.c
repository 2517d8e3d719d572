/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t fixed_now;
static int64_t fixed_mono;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t cal_now_us(void)
{
	return fixed_now ? fixed_now : read_clock(CLOCK_REALTIME);
}

int64_t cal_mono_us(void)
{
	return fixed_mono ? fixed_mono : read_clock(CLOCK_MONOTONIC);
}

void cal_set(int64_t now_us, int64_t mono_us)
{
	fixed_now = now_us;
	fixed_mono = mono_us;
}

void cal_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static struct tm local(int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;
	localtime_r(&t, &tm);
	return tm;
}

static void format(char out[CAL_TEXT_SIZE], int64_t us, const char *fmt)
{
	struct tm tm = local(us);
	if (!strftime(out, CAL_TEXT_SIZE, fmt, &tm))
		out[0] = '\0';
}

void cal_day(char out[CAL_TEXT_SIZE], int64_t us)
{
	format(out, us, "%Y-%m-%d");
}

void cal_clock(char out[CAL_TEXT_SIZE], int64_t us)
{
	format(out, us, "%H:%M:%S");
}

void cal_stamp(char out[CAL_TEXT_SIZE], int64_t us)
{
	format(out, us, "%Y-%m-%d %H:%M:%S");
}

void cal_rfc3339(char out[CAL_TEXT_SIZE], int64_t us)
{
	char zone[8];
	struct tm tm = local(us);
	size_t n = strftime(out, CAL_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(out + n, CAL_TEXT_SIZE - n, "%.3s:%.2s", zone, zone + 3);
}

static int64_t start_of(struct tm *tm)
{
	tm->tm_sec = 0;
	tm->tm_isdst = -1;
	return (int64_t)mktime(tm) * 1000000;
}

int64_t cal_day_start(int64_t us)
{
	struct tm tm = local(us);
	tm.tm_hour = tm.tm_min = 0;
	return start_of(&tm);
}

int64_t cal_slot_start(int64_t us, int minutes)
{
	struct tm tm = local(us);
	tm.tm_min -= tm.tm_min % minutes;
	return start_of(&tm);
}

int64_t cal_month_start(int64_t us)
{
	struct tm tm = local(us);
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = 0;
	return start_of(&tm);
}
