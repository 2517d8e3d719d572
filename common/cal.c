/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/libre.h"
#include "common/utf8.h"

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

int64_t cal_mono_at(int64_t wall_us)
{
	int64_t ago_us = cal_now_us() - wall_us;

	return cal_mono_us() - (ago_us > 0 ? ago_us : 0);
}

/* In place of libre's own (a program's definition goes before that of a shared
 * library), which counts on the wall clock as of 1.1.0: when that is set back
 * by an hour no timer runs for an hour, set forward all run out at once. */
uint64_t tmr_jiffies(void)
{
	return (uint64_t)read_clock(CLOCK_MONOTONIC) / 1000;
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

int64_t cal_month_start(int64_t us)
{
	struct tm tm = local(us);
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = 0;
	return start_of(&tm);
}

/* Digits only, so that "+1" and " 1" are no figures. */
static bool digits(const char **p, int n, int *out)
{
	int v = 0;
	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*out = v;
	return true;
}

static bool eat(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* "2026-11-24", a day that exists. */
static bool parse_date(const char **p, struct tm *tm)
{
	int y, m, d;

	if (!digits(p, 4, &y) || !eat(p, '-') || !digits(p, 2, &m) ||
	    !eat(p, '-') || !digits(p, 2, &d))
		return false;
	*tm = (struct tm){.tm_year = y - 1900,
			  .tm_mon = m - 1,
			  .tm_mday = d,
			  .tm_hour = 12,
			  .tm_isdst = -1};
	struct tm same = *tm;
	mktime(&same);
	return y >= 1970 && same.tm_mon == m - 1 && same.tm_mday == d;
}

/* "+08:00" or "Z" behind a time; -1 none, 1 read, 0 wrong. */
static int parse_offset(const char **p, int64_t *offset_s)
{
	int h, m;

	if (eat(p, 'Z')) {
		*offset_s = 0;
		return 1;
	}
	int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
	if (!sign)
		return -1;
	(*p)++;
	if (!digits(p, 2, &h) || !eat(p, ':') || !digits(p, 2, &m))
		return 0;
	*offset_s = sign * (h * 3600 + m * 60);
	return 1;
}

int cal_parse(int64_t *us, const char *text)
{
	const char *p = text;
	struct tm tm;
	int64_t offset_s = 0;
	int zoned = -1;

	if (!parse_date(&p, &tm))
		return EBADMSG;
	tm.tm_hour = 0;
	if (*p) {
		if (!eat(&p, ' ') && !eat(&p, 'T'))
			return EBADMSG;
		if (!digits(&p, 2, &tm.tm_hour) || !eat(&p, ':') ||
		    !digits(&p, 2, &tm.tm_min))
			return EBADMSG;
		if (eat(&p, ':') && !digits(&p, 2, &tm.tm_sec))
			return EBADMSG;
		zoned = parse_offset(&p, &offset_s);
	}
	if (*p || !zoned || tm.tm_hour > 24 || tm.tm_min > 59 ||
	    tm.tm_sec > 59)
		return EBADMSG;
	time_t t = zoned == 1 ? timegm(&tm) - (time_t)offset_s : mktime(&tm);
	*us = (int64_t)t * 1000000;
	return 0;
}

/* ---- calendar ---- */

#define DAY_MINUTES   1440
#define SPANS_MAX     16   /* of open hours a day */
#define DAYS_MAX      2000 /* days off and make-up days */
#define RANGE_MAX     62   /* days of one line */
#define LINE_MAX_     240
#define TEXT_MAX      65536
#define HORIZON_DAYS  400
#define DEADLINE_DAYS 4000

struct span {
	int from, to; /* minutes of the day */
};

struct hours {
	struct span span[SPANS_MAX];
	int n;
};

struct special {
	int key; /* 20270101 */
	bool work;
	int line;
	char name[64];
};

struct cal {
	struct hours hours[7]; /* by tm_wday */
	struct special *special;
	size_t special_n;
};

static void cal_destructor(void *arg)
{
	struct cal *cal = arg;
	mem_deref(cal->special);
}

static int day_key(const struct tm *tm)
{
	return (tm->tm_year + 1900) * 10000 + (tm->tm_mon + 1) * 100 +
	       tm->tm_mday;
}

/* The day `days` after that of tm, at noon. */
static struct tm day_after(const struct tm *tm, int days)
{
	struct tm t = {.tm_year = tm->tm_year,
		       .tm_mon = tm->tm_mon,
		       .tm_mday = tm->tm_mday + days,
		       .tm_hour = 12,
		       .tm_isdst = -1};
	mktime(&t);
	return t;
}

static int by_key(const void *a, const void *b)
{
	const struct special *x = a, *y = b;
	return x->key < y->key ? -1 : x->key > y->key;
}

static const struct special *special_of(const struct cal *cal,
					const struct tm *day)
{
	struct special want = {.key = day_key(day)};
	if (!cal->special_n)
		return NULL;
	return bsearch(&want, cal->special, cal->special_n, sizeof(want),
		       by_key);
}

static const struct hours *hours_of(const struct cal *cal,
				    const struct tm *day)
{
	static const struct hours none;
	const struct special *s = special_of(cal, day);

	if (!s)
		return &cal->hours[day->tm_wday];
	return s->work ? &cal->hours[1] : &none;
}

static int64_t minute_us(const struct tm *day, int minute)
{
	struct tm t = {.tm_year = day->tm_year,
		       .tm_mon = day->tm_mon,
		       .tm_mday = day->tm_mday,
		       .tm_hour = minute / 60,
		       .tm_min = minute % 60,
		       .tm_isdst = -1};
	return (int64_t)mktime(&t) * 1000000;
}

/* A walk over open spans in order of time, from the day of `us` on. Spans
 * that touch at midnight come as two. */
struct walk {
	const struct cal *cal;
	struct tm day;
	const struct hours *hours;
	int next;
	int days_left;
};

static void walk_begin(struct walk *w, const struct cal *cal, int64_t us,
		       int days)
{
	struct tm tm = local(us);

	*w = (struct walk){.cal = cal, .days_left = days};
	w->day = day_after(&tm, 0);
	w->hours = hours_of(cal, &w->day);
}

static bool walk_next(struct walk *w, int64_t *from, int64_t *to)
{
	while (w->next >= w->hours->n) {
		if (w->days_left-- <= 0)
			return false;
		w->day = day_after(&w->day, 1);
		w->hours = hours_of(w->cal, &w->day);
		w->next = 0;
	}
	const struct span *s = &w->hours->span[w->next++];
	*from = minute_us(&w->day, s->from);
	*to = minute_us(&w->day, s->to);
	return true;
}

bool cal_is_open(const struct cal *cal, int64_t us)
{
	return cal_next_open(cal, us) == us;
}

int64_t cal_next_open(const struct cal *cal, int64_t us)
{
	struct walk w;
	int64_t from, to;

	walk_begin(&w, cal, us, HORIZON_DAYS);
	while (walk_next(&w, &from, &to)) {
		if (to > us)
			return from > us ? from : us;
	}
	return INT64_MAX;
}

int64_t cal_next_close(const struct cal *cal, int64_t us)
{
	struct walk w;
	int64_t from, to, at = us;

	walk_begin(&w, cal, us, HORIZON_DAYS);
	while (walk_next(&w, &from, &to)) {
		if (to <= at)
			continue;
		if (from > at)
			return at;
		at = to;
	}
	return INT64_MAX;
}

int64_t cal_add_open(const struct cal *cal, int64_t us, int64_t open_us)
{
	struct walk w;
	int64_t from, to;

	walk_begin(&w, cal, us, DEADLINE_DAYS);
	while (walk_next(&w, &from, &to)) {
		if (to <= us)
			continue;
		if (from < us)
			from = us;
		if (to - from >= open_us)
			return from + open_us;
		open_us -= to - from;
	}
	return INT64_MAX;
}

int64_t cal_open_between(const struct cal *cal, int64_t from_us, int64_t to_us)
{
	struct walk w;
	int64_t from, to, sum = 0;

	walk_begin(&w, cal, from_us, INT32_MAX);
	while (from_us < to_us && walk_next(&w, &from, &to) && from < to_us) {
		if (from < from_us)
			from = from_us;
		if (to > to_us)
			to = to_us;
		if (to > from)
			sum += to - from;
	}
	return sum;
}

/* The latest moment of a day from which `open_us` of open time are left until
 * to_us, which lies in the same day. */
static int64_t within_day(const struct cal *cal, int64_t day_us, int64_t to_us,
			  int64_t open_us)
{
	int64_t lo = day_us, hi = to_us;

	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;
		if (cal_open_between(cal, mid, to_us) >= open_us)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int64_t cal_sub_open(const struct cal *cal, int64_t us, int64_t open_us)
{
	for (int i = 0; i < DEADLINE_DAYS && open_us > 0; i++) {
		int64_t day_us = cal_day_start(us - 1);
		int64_t open = cal_open_between(cal, day_us, us);
		if (open >= open_us)
			return within_day(cal, day_us, us, open_us);
		open_us -= open;
		us = day_us;
	}
	return open_us > 0 ? INT64_MIN : us;
}

bool cal_has_year(const struct cal *cal, int year)
{
	for (size_t i = 0; i < cal->special_n; i++) {
		const struct special *s = &cal->special[i];
		if (!s->work && s->key / 10000 == year)
			return true;
	}
	return false;
}

const char *cal_why(const struct cal *cal, int64_t us)
{
	struct tm tm = local(us);
	const struct special *s = special_of(cal, &tm);

	if (s)
		return s->name;
	bool weekend = tm.tm_wday == 0 || tm.tm_wday == 6;
	return weekend && !cal->hours[tm.tm_wday].n ? "weekend" : "";
}

/* ---- calendar text ---- */

struct reader {
	struct cal *cal;
	struct diag *diag;
	int line;
	size_t size; /* of cal->special */
};

__attribute__((format(printf, 2, 3))) static int fault(struct reader *rd,
						       const char *fmt, ...)
{
	va_list ap;

	if (rd->diag) {
		rd->diag->line = rd->line;
		va_start(ap, fmt);
		vsnprintf(rd->diag->what, sizeof(rd->diag->what), fmt, ap);
		va_end(ap);
	}
	return EBADMSG;
}

static void skip_space(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

static bool parse_weekday(const char **p, int *wday)
{
	static const char *const names[] = {"sun", "mon", "tue", "wed",
					    "thu", "fri", "sat"};
	for (int i = 0; i < 7; i++) {
		if (!strncasecmp(*p, names[i], 3)) {
			*p += 3;
			*wday = i;
			return true;
		}
	}
	return false;
}

/* "mon-fri", "sat", "mon-tue,thu"; a range may run over the week's end. */
static bool parse_weekdays(const char **p, bool set[7])
{
	int from, to;

	do {
		if (!parse_weekday(p, &from))
			return false;
		to = from;
		if (eat(p, '-') && !parse_weekday(p, &to))
			return false;
		for (int d = from;; d = (d + 1) % 7) {
			set[d] = true;
			if (d == to)
				break;
		}
	} while (eat(p, ','));
	return **p == ' ' || **p == '\t';
}

static bool parse_minute(const char **p, int *minute)
{
	int h, m;

	if (!digits(p, 2, &h) || !eat(p, ':') || !digits(p, 2, &m) || m > 59)
		return false;
	*minute = h * 60 + m;
	return *minute <= DAY_MINUTES;
}

/* Keeps the spans in order and joins what touches. */
static bool hours_add(struct hours *h, struct span add)
{
	struct hours out = {.n = 0};
	bool placed = false;

	for (int i = 0; i < h->n; i++) {
		struct span s = h->span[i];
		if (s.to < add.from || s.from > add.to) {
			if (s.from > add.to && !placed) {
				if (out.n == SPANS_MAX)
					return false;
				out.span[out.n++] = add;
				placed = true;
			}
			if (out.n == SPANS_MAX)
				return false;
			out.span[out.n++] = s;
			continue;
		}
		add.from = s.from < add.from ? s.from : add.from;
		add.to = s.to > add.to ? s.to : add.to;
	}
	if (!placed) {
		if (out.n == SPANS_MAX)
			return false;
		out.span[out.n++] = add;
	}
	*h = out;
	return true;
}

static int read_hours(struct reader *rd, const char *p)
{
	bool set[7] = {false};
	struct span span;

	if (!parse_weekdays(&p, set))
		return fault(rd, "days are not understood; write "
				 "\"hours mon-fri 08:30-18:00\"");
	skip_space(&p);
	if (!parse_minute(&p, &span.from) || !eat(&p, '-') ||
	    !parse_minute(&p, &span.to))
		return fault(rd, "times are not understood; write "
				 "\"08:30-18:00\", at the most \"24:00\"");
	skip_space(&p);
	if (*p)
		return fault(rd,
			     "\"%.40s\" is too much; one span of time a "
			     "line",
			     p);
	if (span.from >= span.to)
		return fault(rd, "the end is not after the beginning; for a "
				 "night write two lines, to 24:00 and from "
				 "00:00");
	for (int d = 0; d < 7; d++) {
		if (set[d] && !hours_add(&rd->cal->hours[d], span))
			return fault(rd, "more than %d spans on one day",
				     SPANS_MAX);
	}
	return 0;
}

static int add_day(struct reader *rd, const struct tm *day, bool work,
		   const char *name)
{
	struct cal *cal = rd->cal;
	int key = day_key(day);

	for (size_t i = 0; i < cal->special_n; i++) {
		if (cal->special[i].key == key)
			return fault(rd,
				     "%04d-%02d-%02d is in line %d "
				     "already; take one out",
				     key / 10000, key / 100 % 100, key % 100,
				     cal->special[i].line);
	}
	if (cal->special_n == DAYS_MAX)
		return fault(rd, "more than %d days; take old years out",
			     DAYS_MAX);
	if (cal->special_n == rd->size) {
		rd->size = rd->size ? rd->size * 2 : 64;
		struct special *more = mem_reallocarray(cal->special, rd->size,
							sizeof(*more), NULL);
		if (!more)
			return ENOMEM;
		cal->special = more;
	}
	struct special *s = &cal->special[cal->special_n++];
	*s = (struct special){.key = key, .work = work, .line = rd->line};
	utf8_copy(s->name, sizeof(s->name), name);
	return 0;
}

static int read_days(struct reader *rd, const char *p, bool work)
{
	struct tm from, to;
	int err = 0;

	if (!parse_date(&p, &from))
		return fault(rd,
			     "no day of the calendar; write "
			     "\"%s 2027-01-01 name\"",
			     work ? "work" : "off");
	to = from;
	if (!strncmp(p, "..", 2)) {
		p += 2;
		if (!parse_date(&p, &to))
			return fault(rd, "the last day is none of the "
					 "calendar; write "
					 "\"2027-02-15..2027-02-22\"");
	}
	if (*p && *p != ' ' && *p != '\t')
		return fault(rd, "a space is missing before \"%.40s\"", p);
	skip_space(&p);
	if (day_key(&to) < day_key(&from))
		return fault(rd, "the last day is before the first");
	struct tm day = day_after(&from, 0);
	for (int i = 0; !err && day_key(&day) <= day_key(&to); i++) {
		if (i == RANGE_MAX)
			return fault(rd, "more than %d days in one line",
				     RANGE_MAX);
		err = add_day(rd, &day, work, p);
		day = day_after(&day, 1);
	}
	return err;
}

/* `#` begins a comment at the start of a line or behind a space. */
static void strip(char *line)
{
	for (char *p = line; *p; p++) {
		if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t'))
			*p = '\0';
		if (!*p)
			break;
	}
	size_t n = strlen(line);
	while (n && strchr(" \t\r", line[n - 1]))
		line[--n] = '\0';
}

static int read_line(struct reader *rd, const char *text, size_t len)
{
	char line[LINE_MAX_];

	if (len >= sizeof(line))
		return fault(rd, "longer than %zu bytes", sizeof(line) - 1);
	memcpy(line, text, len);
	line[len] = '\0';
	if (strlen(line) != len || utf8_check(line, len) >= 0)
		return fault(rd, "not UTF-8; save the file as UTF-8");
	strip(line);
	const char *p = line;
	skip_space(&p);
	size_t word = strcspn(p, " \t");
	const char *rest = p + word;
	skip_space(&rest);
	if (!word)
		return 0;
	if (word == 5 && !strncmp(p, "hours", 5))
		return read_hours(rd, rest);
	if (word == 3 && !strncmp(p, "off", 3))
		return read_days(rd, rest, false);
	if (word == 4 && !strncmp(p, "work", 4))
		return read_days(rd, rest, true);
	return fault(rd,
		     "\"%.*s\" is not understood; lines begin with "
		     "hours, off or work",
		     (int)(word < 40 ? word : 40), p);
}

static bool any_hours(const struct cal *cal)
{
	for (int d = 0; d < 7; d++) {
		if (cal->hours[d].n)
			return true;
	}
	return false;
}

static bool any_work(const struct cal *cal)
{
	for (size_t i = 0; i < cal->special_n; i++) {
		if (cal->special[i].work)
			return true;
	}
	return false;
}

int cal_alloc(struct cal **cp, const char *text, struct diag *diag)
{
	struct reader rd = {.diag = diag};
	int err = 0;

	if (strlen(text) > TEXT_MAX)
		return fault(&rd, "longer than %d bytes", TEXT_MAX);
	struct cal *cal = rd.cal = mem_zalloc(sizeof(*cal), cal_destructor);
	if (!cal)
		return ENOMEM;
	if (!strncmp(text, "\xEF\xBB\xBF", 3))
		text += 3;
	while (!err && *text) {
		size_t len = strcspn(text, "\n");
		rd.line++;
		err = read_line(&rd, text, len);
		text += len + (text[len] == '\n');
	}
	if (!err && !any_hours(cal))
		err = fault(&rd, "no hours at all; write "
				 "\"hours mon-fri 08:30-18:00\"");
	if (!err && any_work(cal) && !cal->hours[1].n)
		err = fault(&rd, "make-up days have the hours of mon, and mon "
				 "has none");
	if (err) {
		mem_deref(cal);
		return err;
	}
	if (cal->special_n)
		qsort(cal->special, cal->special_n, sizeof(*cal->special),
		      by_key);
	*cp = cal;
	return 0;
}

int cal_default(struct cal **cp)
{
	return cal_alloc(cp, "hours mon-fri 08:30-18:00\n", NULL);
}
