/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a time:
 *
 *     rest --tick, fact--> worker reads --> told, alarms --due?--> store turns
 *       ^                                        |                    |
 *       '----------------------------------------'--------------------'
 *
 * A fact that comes while a look is on its way makes another follow. What
 * was told to whom is kept, so that nobody hears the same twice.
 */
#include "server/desk/reminder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/alarm.h"
#include "server/core/fact.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/store_duty.h"
#include "server/core/store_learn.h"
#include "server/core/worker.h"
#include "server/desk/site.h"
#include "server/desk/skill.h"
#include "server/desk/training.h"

#define LOOK_MS 60000
#define SOON_MS 1000
/* What the knowledge base is owed needs a walk over all of it. */
#define OWED_US	    (600LL * 1000000)
#define OWED_MIN_MS 10000
#define DAY_US	    (24LL * 3600 * 1000000)
#define WEEKS_MAX   8 /* closed ones that are passed over */
#define NAMED	    8

struct reminder {
	struct reminder_prm prm;
	struct tmr tmr;
	bool looking; /* a look, or what it led to, is on its way */
	bool again;
	bool owed_news; /* facts since the last walk */
	int64_t owed_mono_us;
	json_t *told; /* person -> [open, late] */
};

/* Goes to a worker and back. */
struct look {
	struct reminder *r; /* a reference */
	int64_t late_us, due_us, week_us, old_us;
	char today[CAL_TEXT_SIZE], last[CAL_TEXT_SIZE];
	json_t *people; /* person -> [open, late] */
	bool turn;	/* skills are to be lowered or restored */
	bool owed;	/* the knowledge base, too */
	bool unreleased;
	struct store_duty review, expiring, late;
};

static void look_destructor(void *arg)
{
	struct look *k = arg;

	json_decref(k->people);
	mem_deref(k->r);
}

static void look_soon(struct reminder *r, uint64_t ms);

/* ---- the week ---- */

static int64_t week_start(int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	localtime_r(&t, &tm);
	/* noon, so that no hour of summer time moves the day */
	int64_t noon = cal_day_start(us) + DAY_US / 2;
	return cal_day_start(noon - (tm.tm_wday + 6) % 7 * DAY_US);
}

int64_t reminder_owed_since(const struct cal *cal, int64_t now_us)
{
	int64_t from = week_start(now_us);
	int64_t end = week_start(from + 7 * DAY_US + DAY_US / 2);
	bool over = !cal_open_between(cal, now_us, end);

	for (int i = 0; i < WEEKS_MAX; i++) {
		if (over && cal_open_between(cal, from, end))
			return from;
		end = from;
		from = week_start(from - DAY_US / 2);
		over = true;
	}
	return 0;
}

/* ---- on the worker ---- */

static int on_learner(const struct store_learner *row, void *arg)
{
	struct look *k = arg;
	size_t at = strlen(k->late.names);

	json_object_set_new(k->people, row->person,
			    json_pack("[I, I]", (json_int_t)row->open,
				      (json_int_t)row->late));
	if (!row->late)
		return 0;
	if (k->late.n++ < NAMED &&
	    at + strlen(row->person) + 2 < sizeof(k->late.names))
		snprintf(k->late.names + at, sizeof(k->late.names) - at,
			 "%s%s", at ? " " : "", row->person);
	return 0;
}

static int on_turn(const struct store_lowered *row, void *arg)
{
	struct look *k = arg;

	k->turn = true;
	return ECANCELED;
}

static int look_job(struct db *db, void *arg)
{
	struct look *k = arg;

	int err = store_learners(db, "", k->late_us, "", on_learner, k);
	if (!err)
		err = store_lowered_due(db, k->due_us, on_turn, k);
	if (!err)
		err = store_lowered_over(db, "", k->due_us, on_turn, k);
	if (err == ECANCELED)
		err = 0;
	if (!err && k->owed)
		err = store_duty_review(db, k->today, k->old_us, &k->review);
	if (!err && k->owed && *k->last)
		err = store_duty_expiring(db, k->today, k->last, &k->expiring);
	if (!err && k->owed && k->week_us)
		err = store_duty_release(db, k->week_us, &k->unreleased);
	return err;
}

/* ---- telling ---- */

static void tell_people(struct reminder *r, struct look *k)
{
	const char *person;
	json_t *now;

	/* who has no skill any more has nothing to read */
	json_object_foreach (r->told, person, now) {
		if (!json_object_get(k->people, person))
			json_object_set_new(k->people, person,
					    json_pack("[i, i]", 0, 0));
	}
	json_object_foreach (k->people, person, now) {
		json_t *was = json_object_get(r->told, person);
		json_t *open = json_array_get(now, 0);
		if (was ? json_equal(was, now) : !json_integer_value(open))
			continue;
		json_object_set(r->told, person, now);
		session_publish(r->prm.hub, "me", person, "me.learn",
				json_pack("{s:O, s:O}", "open", open, "late",
					  json_array_get(now, 1)));
	}
}

static void tell_alarm(struct reminder *r, const char *id, const char *what,
		       const struct store_duty *d)
{
	char detail[160];

	if (!d->n) {
		alarm_clear(r->prm.alarm, id);
		return;
	}
	snprintf(detail, sizeof(detail), "%lld: %s", (long long)d->n,
		 d->names);
	alarm_raise(r->prm.alarm, id, ALARM_WARN, what, detail);
}

static void tell_owed(struct reminder *r, const struct look *k)
{
	char day[CAL_TEXT_SIZE];

	tell_alarm(r, "kb:review", N_("Entries are to be reviewed"),
		   &k->review);
	tell_alarm(r, "kb:expiring",
		   N_("Entries end soon and have no successor"), &k->expiring);
	cal_day(day, k->week_us);
	if (k->unreleased)
		alarm_raise(r->prm.alarm, "kb:release", ALARM_WARN,
			    N_("No release of the knowledge base this week, "
			       "nor a word that nothing changed"),
			    day);
	else
		alarm_clear(r->prm.alarm, "kb:release");
}

/* ---- a look and what it leads to ---- */

static void rest(struct reminder *r)
{
	r->looking = false;
	look_soon(r, r->again	    ? SOON_MS
		     : r->owed_news ? OWED_MIN_MS
				    : LOOK_MS);
}

static int turn_job(struct db *db, void *arg)
{
	const struct look *k = arg;
	const struct reminder_prm *prm = &k->r->prm;

	return training_turn(prm->training, prm->log, db, k->due_us);
}

static void turn_done(int err, void *arg)
{
	scoped_mem struct look *k = arg;

	/* a sick disk: the next look tries again */
	(void)err;
	rest(k->r);
}

static void look_done(int err, void *arg)
{
	scoped_mem struct look *k = arg;
	struct reminder *r = k->r;

	if (!err) {
		tell_people(r, k);
		tell_alarm(r, "learn:late",
			   N_("Changed entries are not read in time"),
			   &k->late);
	}
	if (!err && k->owed)
		tell_owed(r, k);
	else if (k->owed)
		r->owed_mono_us = 0; /* the next look tries again */
	if (!err && k->turn &&
	    !store_submit(r->prm.store, STORE_ASKED, turn_job, turn_done, k))
		take(k);
	else
		rest(r);
}

static bool owed_now(struct reminder *r)
{
	int64_t mono_us = cal_mono_us();
	int64_t past_us = mono_us - r->owed_mono_us;

	if (r->owed_mono_us && past_us < OWED_US &&
	    !(r->owed_news && past_us >= OWED_MIN_MS * 1000))
		return false;
	r->owed_news = false;
	r->owed_mono_us = mono_us;
	return true;
}

static void on_look(void *arg)
{
	struct reminder *r = arg;
	const struct cal *cal = site_cal(r->prm.site);
	int64_t now = cal_now_us();
	scoped_mem struct look *k = mem_zalloc(sizeof(*k), look_destructor);

	skill_look(r->prm.skill);
	look_soon(r, LOOK_MS);
	if (!k)
		return;
	r->again = false;
	k->r = mem_ref(r);
	k->people = json_object();
	k->late_us = training_late_us(r->prm.training, cal, now);
	k->due_us = training_due_us(r->prm.training, cal, now);
	k->owed = owed_now(r);
	k->week_us = reminder_owed_since(cal, now);
	k->old_us = r->prm.review_days ? now - r->prm.review_days * DAY_US
				       : INT64_MIN;
	cal_day(k->today, now);
	if (r->prm.expiring_days)
		cal_day(k->last, now + r->prm.expiring_days * DAY_US);
	if (worker_submit(r->prm.worker, look_job, look_done, k)) {
		r->owed_mono_us = 0;
		return;
	}
	take(k);
	r->looking = true;
	tmr_cancel(&r->tmr);
}

static void look_soon(struct reminder *r, uint64_t ms)
{
	tmr_start(&r->tmr, ms, on_look, r);
}

static void on_published(const struct fact *f, void *arg)
{
	static const char *const kinds[] = {
		"kb.released", "kb.imported", "kb.turned", "entry.", "learn.",
		"skill.",      "person.",     "calendar.", "course."};
	struct reminder *r = arg;
	bool ours = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !ours; i++)
		ours = !strncmp(f->kind, kinds[i], strlen(kinds[i]));
	if (!ours)
		return;
	r->owed_news = r->owed_news || !strncmp(f->kind, "kb.", 3) ||
		       !strncmp(f->kind, "entry.", 6);
	if (r->again)
		return;
	r->again = true;
	if (!r->looking)
		look_soon(r, SOON_MS);
}

/* ---- life ---- */

static void destructor(void *arg)
{
	struct reminder *r = arg;

	tmr_cancel(&r->tmr);
	json_decref(r->told);
}

int reminder_alloc(struct reminder **rp, const struct reminder_prm *prm)
{
	struct reminder *r = mem_zalloc(sizeof(*r), destructor);

	if (!r)
		return ENOMEM;
	r->prm = *prm;
	tmr_init(&r->tmr);
	r->told = json_object();
	/* until it is started nothing makes it look */
	r->again = true;
	fact_log_publish(prm->log, on_published, r);
	*rp = r;
	return 0;
}

void reminder_start(struct reminder *r)
{
	on_look(r);
}
