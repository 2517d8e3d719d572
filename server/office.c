/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order: the lock, the files and the threads first, then the parts, whose
 * sinks are with the log before a fact is made, then their load from the
 * tables, then the door. Nothing is served until the loop runs.
 *
 * Down: the door, then the threads (what waits is written, and the parts are
 * still there to hear of it), then the parts, the log last.
 */
#include "server/office.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/libre.h"
#include "common/log.h"
#include "common/phone_no.h"
#include "common/scope.h"
#include "server/core/alarm.h"
#include "server/core/fact.h"
#include "server/core/fact_rpc.h"
#include "server/core/http.h"
#include "server/core/rpc.h"
#include "server/core/session.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_course.h"
#include "server/core/store_duty.h"
#include "server/core/store_learn.h"
#include "server/core/store_kb.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"
#include "server/core/worker.h"
#include "server/desk/acd.h"
#include "server/desk/article.h"
#include "server/desk/citizen.h"
#include "server/desk/course.h"
#include "server/desk/gap.h"
#include "server/desk/impact.h"
#include "server/desk/keep.h"
#include "server/desk/people.h"
#include "server/desk/regress.h"
#include "server/desk/release.h"
#include "server/desk/reminder.h"
#include "server/desk/roster.h"
#include "server/desk/seek.h"
#include "server/desk/site.h"
#include "server/desk/skill.h"
#include "server/desk/ticket.h"
#include "server/desk/topic.h"
#include "server/desk/training.h"
#include "server/desk/watch.h"
#include "server/desk/wording.h"
#include "server/voice/voice.h"
#include "server/launch.h"

#define WORKER_QUEUE_MAX 4096
#define SWITCH_LOOK_MS	 1000
#define SWITCH_REST	 3 /* looks after a start: it needs time to come up */
#define SESSION_GRACE_MS 60000 /* then an agent who is gone is offline */
#define PRIORITY_STEP_MS 30000 /* what a step of priority is worth */

struct office {
	const struct config *cfg;
	struct diag *diag;
	int lock_fd;
	struct store *store;
	struct fact_log *log;
	struct worker *worker;
	struct rpc *rpc;
	struct session_hub *hub;
	struct alarm *alarm;
	struct people *people;
	struct article *article;
	struct regress *regress;
	struct seek *seek;
	struct wording *wording;
	struct site *site;
	struct watch *watch;
	struct training training;
	struct topic_part topics;
	struct skill *skill;
	struct reminder *reminder;
	struct ticket_part tickets;
	struct citizen_part citizens;
	struct keep_part keep;
	struct roster *roster;
	struct acd *acd;
	struct voice *voice;
	struct http *http;
	struct tmr tmr;	      /* looks after the switch */
	unsigned switch_rest; /* looks to leave out */
	bool switch_told;
	size_t started;
};

/* ---- the lock ---- */

static int lock_start(struct office *o)
{
	long pid = 0;

	int err = launch_folders(o->cfg, o->diag);
	if (err)
		return err;
	err = launch_lock(&o->lock_fd, o->cfg->state_dir, &pid);
	if (err == EADDRINUSE)
		snprintf(o->diag->what, sizeof(o->diag->what),
			 "another zuoxid (pid %ld) runs on %.80s", pid,
			 o->cfg->state_dir);
	return err;
}

static void lock_stop(struct office *o)
{
	if (o->lock_fd >= 0)
		close(o->lock_fd);
}

/* ---- files and threads ---- */

static void on_health(int err, size_t queued, void *arg)
{
	struct office *o = arg;

	if (!o->alarm)
		return;
	if (err && err != ETIMEDOUT)
		alarm_raise(o->alarm, "store", ALARM_CRITICAL,
			    N_("The disk does not take writes"),
			    strerror(err));
	else
		alarm_clear(o->alarm, "store");
	if (err == ETIMEDOUT)
		alarm_raise(o->alarm, "store_slow", ALARM_WARN,
			    N_("The disk is slow to write"),
			    o->cfg->state_dir);
	else
		alarm_clear(o->alarm, "store_slow");
}

static int files_start(struct office *o)
{
	char path[CONFIG_TEXT * 2];

	config_path(path, o->cfg->state_dir, "zuoxi.db");
	const struct store_prm prm = {
		.path = path,
		.happened_max = (size_t)o->cfg->happened_queue,
		.healthh = on_health,
		.arg = o,
	};
	int err = store_alloc(&o->store, &prm);
	if (err == EOVERFLOW)
		snprintf(o->diag->what, sizeof(o->diag->what),
			 "%.100s belongs to a newer version", path);
	if (!err)
		err = fact_log_alloc(&o->log, o->store);
	if (!err)
		err = worker_alloc(&o->worker, path, (unsigned)o->cfg->workers,
				   WORKER_QUEUE_MAX);
	return err;
}

static void files_stop(struct office *o)
{
	/* what the last commits tell may still ask a worker */
	o->store = mem_deref(o->store);
	o->worker = mem_deref(o->worker);
	o->log = mem_deref(o->log);
}

/* ---- sessions ---- */

static int on_roles(const char *person, unsigned *roles, void *arg)
{
	struct office *o = arg;

	return o->people ? people_roles(person, roles, o->people) : ENOENT;
}

static void on_name(const char *person, char *out, size_t size, void *arg)
{
	struct office *o = arg;
	const struct person *p = people_find(o->people, person);

	str_ncpy(out, p ? p->name : "", size);
}

static int on_person(const char *person, bool up, void *arg)
{
	struct office *o = arg;

	if (o->roster)
		roster_session(o->roster, person, up);
	return 0;
}

static void on_fact(const struct fact *fact, void *arg)
{
	struct office *o = arg;

	session_publish(o->hub, "fact", NULL, "fact.new",
			json_pack("{s:o}", "fact", fact_rpc_json(fact)));
}

static int hub_start(struct office *o)
{
	char admin[CONFIG_TEXT * 2], gate[CONFIG_TEXT * 2];

	config_path(admin, o->cfg->run_dir, "admin.sock");
	config_path(gate, o->cfg->run_dir, "gate/office.sock");
	int err = rpc_alloc(&o->rpc, o->store, o->worker, o->log);
	if (err)
		return err;
	const struct session_prm prm = {
		.admin_path = admin,
		.gate_path = gate,
		.queue_max_bytes = (size_t)o->cfg->send_queue,
		.ring_events = (size_t)o->cfg->event_ring,
		.rpc = o->rpc,
		.rolesh = on_roles,
		.personh = on_person,
		.arg = o,
		.service_uid = geteuid(),
	};
	err = session_hub_alloc(&o->hub, &prm);
	if (err)
		return err;
	fact_log_publish(o->log, on_fact, o);
	rpc_register(o->rpc, fact_methods, NULL);
	const struct rpc_site site = {
		.name = o->cfg->site_name,
		.zone = o->cfg->zone,
		.sample = o->cfg->sample,
		.nameh = on_name,
		.arg = o,
	};
	rpc_site(o->rpc, &site);
	return 0;
}

static void hub_stop(struct office *o)
{
	o->hub = mem_deref(o->hub);
	o->rpc = mem_deref(o->rpc);
}

/* ---- parts ---- */

static int alarm_start(struct office *o)
{
	int err = alarm_alloc(&o->alarm, o->log, o->hub);
	if (err)
		return err;
	rpc_register(o->rpc, alarm_methods, o->alarm);
	return 0;
}

static void alarm_stop(struct office *o)
{
	o->alarm = mem_deref(o->alarm);
}

/* Disabled: out at once, whatever he is doing. */
static void on_person_changed(const struct person *p, void *arg)
{
	struct office *o = arg;

	if (p->disabled) {
		session_end(o->hub, p->id, "disabled");
		if (o->voice)
			voice_drop(o->voice, p->id);
	}
	if (o->roster)
		roster_refresh(o->roster);
}

static int people_start(struct office *o)
{
	char keys[CONFIG_TEXT * 2], config[PATH_MAX];

	/* sshd starts the gate in another folder */
	if (!realpath(o->cfg->file, config))
		return errno;
	config_path(keys, o->cfg->state_dir, "authorized_keys");
	store_people_register(o->log);
	store_ticket_register(o->log);
	const struct people_prm prm = {
		.log = o->log,
		.worker = o->worker,
		.keys_path = keys,
		.gate = "zuoxi-gate",
		.config = config,
	};
	int err = people_alloc(&o->people, &prm);
	if (err)
		return err;
	people_follow(o->people, on_person_changed, o);
	rpc_register(o->rpc, people_methods, o->people);
	return 0;
}

static void people_stop(struct office *o)
{
	o->people = mem_deref(o->people);
}

/* Of an agent who is signed in: what he is at. */
static const char *on_contact_of(const char *person, void *arg)
{
	struct office *o = arg;
	const struct roster_agent *a =
		o->roster ? roster_find(o->roster, person) : NULL;

	return a && roster_signed_in(a) ? a->now.contact : NULL;
}

static int seek_start(struct office *o)
{
	const struct seek_prm prm = {
		.log = o->log,
		.store = o->store,
		.contacth = on_contact_of,
		.arg = o,
	};
	int err = seek_alloc(&o->seek, &prm);
	if (!err)
		article_seek(o->article, o->seek);
	const struct wording_prm words = {
		.index = article_index(o->article),
		.worker = o->worker,
		.alarm = o->alarm,
		.path = o->cfg->synonyms,
	};
	return err ? err : wording_alloc(&o->wording, &words);
}

static int article_start(struct office *o)
{
	store_kb_register(o->log);
	int err = article_alloc(&o->article, o->log, o->hub, o->store);
	if (!err)
		err = regress_alloc(&o->regress, article_index(o->article),
				    (double)o->cfg->answer_precision / 10000);
	if (err)
		return err;
	rpc_register(o->rpc, article_methods, o->article);
	rpc_register(o->rpc, regress_methods, o->regress);
	rpc_register(o->rpc, impact_methods, o->regress);
	rpc_register(o->rpc, release_methods, o->regress);
	rpc_register(o->rpc, gap_methods, NULL);
	return seek_start(o);
}

static void article_stop(struct office *o)
{
	wording_close(o->wording);
	o->wording = mem_deref(o->wording);
	o->seek = mem_deref(o->seek);
	o->regress = mem_deref(o->regress);
	o->article = mem_deref(o->article);
}

static int site_start(struct office *o)
{
	const struct site_prm prm = {
		.log = o->log,
		.prompts_dir = o->cfg->prompts_dir,
		.notice_max_ms = o->cfg->notice_max_ms,
		.wrapup_ms = o->cfg->wrapup_ms,
		.lease_ms = o->cfg->lease_ms,
		.max_wait_ms = o->cfg->max_wait_ms,
	};
	int err = site_alloc(&o->site, &prm);
	if (err)
		return err;
	rpc_register(o->rpc, site_methods, o->site);
	return watch_alloc(&o->watch,
			   &(struct watch_prm){
				   .alarm = o->alarm,
				   .site = o->site,
				   .worker = o->worker,
				   .state_dir = o->cfg->state_dir,
				   .recordings_dir = o->cfg->recordings_dir,
				   .free_min_mb = o->cfg->disk_free_mb,
			   });
}

static void site_stop(struct office *o)
{
	o->watch = mem_deref(o->watch);
	o->site = mem_deref(o->site);
}

#define HOUR_US (3600LL * 1000000)

static int training_start(struct office *o)
{
	store_learn_register(o->log);
	store_course_register(o->log);
	store_duty_register(o->log);
	o->training = (struct training){
		.remind_us = o->cfg->remind_hours * HOUR_US,
		.lower_us = o->cfg->lower_hours * HOUR_US,
		.lower_by = o->cfg->lower_by,
	};
	rpc_register(o->rpc, training_methods, &o->training);
	rpc_register(o->rpc, course_methods, NULL);
	atomic_flag_clear(&o->topics.busy);
	rpc_register(o->rpc, topic_methods, &o->topics);
	int err = skill_alloc(&o->skill, o->log);
	if (err)
		return err;
	const struct reminder_prm prm = {
		.log = o->log,
		.store = o->store,
		.worker = o->worker,
		.hub = o->hub,
		.alarm = o->alarm,
		.site = o->site,
		.skill = o->skill,
		.training = &o->training,
		.expiring_days = o->cfg->expiring_days,
		.review_days = o->cfg->review_days,
	};
	return reminder_alloc(&o->reminder, &prm);
}

static void training_stop(struct office *o)
{
	o->reminder = mem_deref(o->reminder);
	o->skill = mem_deref(o->skill);
}

static int tickets_start(struct office *o)
{
	o->tickets.hub = o->hub;
	o->keep.recordings_dir = o->cfg->recordings_dir;
	o->keep.spill_dir = o->cfg->spill_dir;
	rpc_register(o->rpc, ticket_methods, &o->tickets);
	o->citizens.recent_days = o->cfg->recent_days;
	rpc_register(o->rpc, citizen_methods, &o->citizens);
	rpc_register(o->rpc, keep_methods, &o->keep);
	return 0;
}

static int roster_start(struct office *o)
{
	const struct roster_prm prm = {
		.log = o->log,
		.hub = o->hub,
		.people = o->people,
		.site = o->site,
		.skill = o->skill,
		.grace_ms = SESSION_GRACE_MS,
	};
	store_call_register(o->log);
	int err = roster_alloc(&o->roster, &prm);
	if (!err)
		rpc_register(o->rpc, roster_methods, o->roster);
	o->tickets.roster = o->roster;
	return err;
}

static void roster_stop(struct office *o)
{
	o->tickets.roster = NULL;
	o->roster = mem_deref(o->roster);
}

static int acd_start(struct office *o)
{
	const struct acd_prm prm = {
		.log = o->log,
		.hub = o->hub,
		.roster = o->roster,
		.site = o->site,
		.alarm = o->alarm,
		.ageing_ms = PRIORITY_STEP_MS,
		.widen_ms = o->cfg->widen_ms,
		.wait_alarm_ms = o->cfg->wait_alarm_s * 1000,
		.lease_ms = o->cfg->lease_ms,
		.max_wait_ms = o->cfg->max_wait_ms,
	};
	int err = acd_alloc(&o->acd, &prm);
	if (err)
		return err;
	rpc_register(o->rpc, acd_methods, o->acd);
	site_queue_live(o->site, acd_queue_live, o->acd);
	return 0;
}

static void acd_stop(struct office *o)
{
	if (o->site)
		site_queue_live(o->site, NULL, NULL);
	o->acd = mem_deref(o->acd);
}

static int voice_start(struct office *o)
{
	const struct voice_prm prm = {
		.cfg = o->cfg,
		.log = o->log,
		.worker = o->worker,
		.hub = o->hub,
		.alarm = o->alarm,
		.site = o->site,
		.roster = o->roster,
		.acd = o->acd,
	};
	int err = voice_alloc(&o->voice, &prm);
	if (!err)
		voice_register(o->voice, o->rpc);
	return err;
}

static void voice_stop(struct office *o)
{
	o->voice = mem_deref(o->voice);
}

static int load_start(struct office *o)
{
	scoped_mem struct db *db = NULL;

	int err = db_open(&db, store_path(o->store), DB_READ, NULL);
	if (!err)
		err = alarm_load(o->alarm, db);
	if (!err)
		err = people_load(o->people, db);
	if (!err)
		err = site_load(o->site, db);
	if (!err)
		watch_start(o->watch);
	if (!err)
		err = skill_load(o->skill, db);
	if (!err)
		err = roster_load(o->roster, db);
	if (!err)
		err = voice_load(o->voice, db);
	if (!err)
		reminder_start(o->reminder);
	return err;
}

/* ---- the switch ---- */

/* On a small site we are its keeper. The probe is made without a link only:
 * it is a connection like another. */
static void on_switch_look(void *arg)
{
	struct office *o = arg;
	int err = 0;

	tmr_start(&o->tmr, SWITCH_LOOK_MS, on_switch_look, o);
	if (o->switch_rest > 0) {
		o->switch_rest--;
		return;
	}
	if (voice_is_up(o->voice) || launch_switch_answers(o->cfg))
		return;
	err = launch_switch(o->cfg);
	if (err && !o->switch_told)
		log_error("no zuoxi-switch answers and none can be started: "
			  "%s; see path.switch",
			  strerror(err));
	o->switch_told = err != 0;
	o->switch_rest = SWITCH_REST;
}

static int switch_start(struct office *o)
{
	if (!launch_managed())
		on_switch_look(o);
	return 0;
}

/* ---- status ---- */

static void on_status(json_t *status, void *arg)
{
	const struct office *o = arg;

	json_object_set_new(status, "alarms",
			    json_integer(alarm_count(o->alarm)));
}

static int status_start(struct office *o)
{
	const char *missing = rpc_missing(o->rpc);

	if (missing)
		log_warn("nobody answers %s", missing);
	rpc_status_add(o->rpc, on_status, o);
	return 0;
}

/* ---- the door ---- */

static int door_start(struct office *o)
{
	if (!o->cfg->http_port)
		return 0;
	return http_alloc(&o->http, (uint16_t)o->cfg->http_port, o->rpc,
			  o->hub);
}

/* With the door shut nothing new comes; what waits is written while the
 * parts are there to hear of it. Also after a start that failed half way. */
static void quiet(struct office *o)
{
	tmr_cancel(&o->tmr);
	o->http = mem_deref(o->http);
	if (o->hub)
		session_hub_close(o->hub);
	int err = o->store ? store_flush(o->store) : 0;
	if (err)
		log_error("not all facts could be written: %s", strerror(err));
	o->worker = mem_deref(o->worker);
	o->store = mem_deref(o->store);
}

/* ---- all of it ---- */

static const struct step {
	const char *what;
	int (*start)(struct office *o);
	void (*stop)(struct office *o); /* may be NULL */
} steps[] = {
	{"state folder", lock_start, lock_stop},
	{"database", files_start, files_stop},
	{"sockets", hub_start, hub_stop},
	{"alarms", alarm_start, alarm_stop},
	{"people", people_start, people_stop},
	{"knowledge", article_start, article_stop},
	{"site", site_start, site_stop},
	{"training", training_start, training_stop},
	{"tickets", tickets_start, NULL},
	{"agents", roster_start, roster_stop},
	{"waiting list", acd_start, acd_stop},
	{"telephone", voice_start, voice_stop},
	{"state", load_start, NULL},
	{"switch", switch_start, NULL},
	{"status", status_start, NULL},
	{"door", door_start, NULL},
};

int office_start(struct office **op, const struct config *cfg,
		 struct diag *diag)
{
	struct office *o = mem_zalloc(sizeof(*o), NULL);
	int err = 0;

	if (!o)
		return ENOMEM;
	o->cfg = cfg;
	o->diag = diag;
	o->lock_fd = -1;
	tmr_init(&o->tmr);
	phone_no_area(cfg->area_code);
	memset(diag, 0, sizeof(*diag));
	for (size_t i = 0; i < ARRAY_SIZE(steps) && !err; i++) {
		err = steps[i].start(o);
		o->started = i + 1;
		if (err && !*diag->what)
			snprintf(diag->what, sizeof(diag->what), "%s: %s",
				 steps[i].what, strerror(err));
	}
	if (err) {
		office_stop(o);
		return err;
	}
	*op = o;
	return 0;
}

void office_stop(struct office *o)
{
	quiet(o);
	while (o->started > 0) {
		const struct step *step = &steps[--o->started];
		if (step->stop)
			step->stop(o);
	}
	mem_deref(o);
}
