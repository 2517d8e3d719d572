/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/alarm.h"
#include "server/core/worker.h"
#include "server/desk/site.h"

#define LOOK_MS	     10000
#define CALENDAR_MS  3600000
#define FOLDERS	     2
#define FOLDER_BYTES 320

struct watch {
	struct watch_prm prm;
	struct tmr disks, calendar;
	struct look *look; /* on its way to a worker and back */
};

/* One round, by a worker. */
struct look {
	struct watch *w; /* NULL: nobody waits for it any more */
	char path[FOLDERS][FOLDER_BYTES];
	int err[FOLDERS];
	int64_t free_mb[FOLDERS];
};

static const struct {
	const char *full, *shut; /* ids of the alarms */
} alarms[FOLDERS] = {
	{"disk:state", "folder:state"},
	{"disk:recordings", "folder:recordings"},
};

/* ---- next year's holidays ---- */

/* The state publishes them in November: from December on their absence is
 * somebody's omission. */
static void on_calendar(void *arg)
{
	struct watch *w = arg;
	char day[CAL_TEXT_SIZE], next[12];

	cal_day(day, cal_now_us());
	int year = (int)strtol(day, NULL, 10) + 1;
	snprintf(next, sizeof(next), "%d", year);
	if (!strncmp(day + 5, "12", 2) &&
	    !cal_has_year(site_cal(w->prm.site), year))
		alarm_raise(w->prm.alarm, "calendar", ALARM_WARN,
			    N_("The calendar has no holidays of next year"),
			    next);
	else
		alarm_clear(w->prm.alarm, "calendar");
	tmr_start(&w->calendar, CALENDAR_MS, on_calendar, w);
}

static void on_site_changed(unsigned what, void *arg)
{
	if (what & SITE_CALENDAR)
		on_calendar(arg);
}

/* ---- disks ---- */

static void on_disks(void *arg);

static int on_look(struct db *db, void *arg)
{
	struct look *k = arg;
	struct statvfs vfs;

	(void)db;
	for (size_t i = 0; i < FOLDERS; i++) {
		if (access(k->path[i], R_OK | W_OK | X_OK) ||
		    statvfs(k->path[i], &vfs))
			k->err[i] = errno;
		else
			k->free_mb[i] =
				(int64_t)(vfs.f_bavail *
					  (uint64_t)vfs.f_frsize / 1000000);
	}
	return 0;
}

static void judge(struct watch *w, const struct look *k, size_t i)
{
	char detail[FOLDER_BYTES + 64];

	if (k->err[i]) {
		alarm_raise(w->prm.alarm, alarms[i].shut, ALARM_CRITICAL,
			    N_("A folder cannot be written to"), k->path[i]);
		return;
	}
	alarm_clear(w->prm.alarm, alarms[i].shut);
	if (k->free_mb[i] >= w->prm.free_min_mb) {
		alarm_clear(w->prm.alarm, alarms[i].full);
		return;
	}
	snprintf(detail, sizeof(detail), "%s: %lld MB", k->path[i],
		 (long long)k->free_mb[i]);
	alarm_raise(w->prm.alarm, alarms[i].full, ALARM_CRITICAL,
		    N_("A disk is nearly full"), detail);
}

static void on_looked(int err, void *arg)
{
	struct look *k = arg;
	struct watch *w = k->w;

	if (w) {
		for (size_t i = 0; i < FOLDERS && !err; i++)
			judge(w, k, i);
		w->look = NULL;
		tmr_start(&w->disks, LOOK_MS, on_disks, w);
	}
	mem_deref(k);
}

/* A disk that does not answer keeps its look, and there is no second. */
static void on_disks(void *arg)
{
	struct watch *w = arg;
	struct look *k = mem_zalloc(sizeof(*k), NULL);

	tmr_start(&w->disks, LOOK_MS, on_disks, w);
	if (!k || w->look) {
		mem_deref(k);
		return;
	}
	snprintf(k->path[0], sizeof(k->path[0]), "%s", w->prm.state_dir);
	snprintf(k->path[1], sizeof(k->path[1]), "%s", w->prm.recordings_dir);
	k->w = w;
	w->look = k;
	if (!w->prm.worker) {
		on_looked(on_look(NULL, k), k);
	} else if (worker_submit(w->prm.worker, on_look, on_looked, k)) {
		w->look = NULL;
		mem_deref(k);
	}
}

/* ---- life ---- */

static void destructor(void *arg)
{
	struct watch *w = arg;

	tmr_cancel(&w->disks);
	tmr_cancel(&w->calendar);
	if (w->look)
		w->look->w = NULL;
}

int watch_alloc(struct watch **wp, const struct watch_prm *prm)
{
	struct watch *w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	w->prm = *prm;
	tmr_init(&w->disks);
	tmr_init(&w->calendar);
	site_follow(prm->site, on_site_changed, w);
	*wp = w;
	return 0;
}

void watch_start(struct watch *w)
{
	on_disks(w);
	on_calendar(w);
}
