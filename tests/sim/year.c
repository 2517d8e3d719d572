/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A year behind a site: contacts with all that belongs to one (offers, legs,
 * recordings, tickets, agents' states), written through the real log and its
 * projections into a site's database (whose zone is Asia/Shanghai), while no
 * office runs on it.
 *
 *     zuoxi-year DATABASE CONTACTS [AGENTS]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"

#define SECOND_US  INT64_C(1000000)
#define YEAR_US	   (365 * 86400 * SECOND_US)
#define BATCH	   5000
#define AGENTS_MAX 1000

static struct fact_log *facts;
static struct db *base;
static long written;

struct one {
	char contact[32], leg[32], offer[32], agent[16], number[24];
	int64_t at_us;
};

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "zuoxi-year: %s: %s (%s)\n", what, strerror(err),
		base ? db_error(base) : "");
	exit(1);
}

/* body stolen */
static void add(const struct one *o, const char *kind, const char *actor,
		const char *subject, json_t *body)
{
	scoped_json json_t *own = body;
	struct fact f = {
		.at_us = o->at_us,
		.dur_ms = -1,
		.actor = actor,
		.kind = kind,
		.contact = o->contact,
		.agent = actor == o->agent ? o->agent : "",
		.subject = subject,
		.body = own,
	};
	must(fact_append(facts, base, &f), kind);
	written++;
}

static void person(long i)
{
	struct one o = {.at_us = cal_now_us() - YEAR_US - SECOND_US};
	char name[32];

	snprintf(o.agent, sizeof(o.agent), "Y%03ld", i);
	snprintf(name, sizeof(name), "坐席%ld", i);
	add(&o, "person.added", "office", o.agent,
	    json_pack("{s:s,s:s,s:s,s:{s:i}}", "person", o.agent, "name", name,
		      "roles", "agent", "skills", "si", 3));
}

static void state(const struct one *o, const char *to, const char *why)
{
	struct one own = *o;

	own.contact[0] = '\0';
	add(&own, "agent.state", own.agent, "",
	    json_pack("{s:s,s:s,s:s}", "state", to, "reason", why, "by",
		      own.agent));
}

static void arrive(struct one *o)
{
	add(o, "contact.arrived", "switch", "",
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:i}", "leg",
		      o->leg, "trunk", "t1", "number", o->number, "from",
		      o->number, "name", "", "to", "12333", "queue", "si",
		      "fallback", 0, "open", 1, "priority", 0));
	o->at_us += SECOND_US;
	add(o, "contact.queued", "office", "",
	    json_pack("{s:s}", "queue", "si"));
	o->at_us += 20 * SECOND_US;
}

static void talk(struct one *o)
{
	char path[64];

	snprintf(path, sizeof(path), "y/%s.wav", o->contact);
	add(o, "offer.made", o->agent, "",
	    json_pack("{s:s,s:s,s:s}", "offer", o->offer, "leg", o->offer,
		      "why", "si level 3, idle longest"));
	o->at_us += 3 * SECOND_US;
	add(o, "contact.answered", o->agent, "",
	    json_pack("{s:s,s:s,s:i}", "leg", o->offer, "offer", o->offer,
		      "wait_ms", 23000));
	add(o, "recording.opened", "switch", o->contact,
	    json_pack("{s:s,s:s,s:s}", "recording", o->contact, "leg", o->leg,
		      "path", path));
	for (int i = 0; i < 2; i++) {
		o->at_us += 30 * SECOND_US;
		add(o, "contact.held", o->agent, "", json_object());
		o->at_us += 10 * SECOND_US;
		add(o, "contact.retrieved", o->agent, "", json_object());
	}
	o->at_us += 60 * SECOND_US;
}

static void finish(struct one *o, const char *ticket)
{
	static const char *const sides[] = {"citizen", "agent"};

	add(o, "contact.ended", o->agent, "",
	    json_pack("{s:s,s:s,s:s,s:s,s:b,s:i}", "reason", "hangup", "by",
		      "citizen", "cause", "bye", "result", "answered",
		      "answered", 1, "wrapup_ms", 30000));
	for (int i = 0; i < 2; i++)
		add(o, "leg.ended", "switch", sides[i],
		    json_pack("{s:s,s:s,s:s,s:{s:i,s:i}}", "leg",
			      i ? o->offer : o->leg, "cause", "bye", "by",
			      "citizen", "quality", "lost", 0, "jitter", 2));
	add(o, "recording.closed", "switch", o->contact,
	    json_pack("{s:s,s:s,s:i,s:s}", "recording", o->contact, "state",
		      "closed", "ms", 140000, "sha256",
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991"
		      "b7852b855"));
	o->at_us += 10 * SECOND_US;
	add(o, "ticket.filed", o->agent, ticket,
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:i,"
		      "s:{s:s,s:s,s:s,s:s}}",
		      "ticket", ticket, "disposition", "medical", "outcome",
		      "answered", "number", o->number, "name", "", "queue",
		      "si", "created_us", (json_int_t)o->at_us, "state",
		      "done", "promise_us", 0, "fields", "disposition",
		      "medical", "outcome", "answered", "question",
		      "生育津贴多久能到账", "summary",
		      "审核通过以后二十个工作日拨到单位账户"));
}

static void contact(long i, long of, long agents)
{
	struct one o = {.at_us = cal_now_us() - YEAR_US + YEAR_US / of * i};
	char day[CAL_TEXT_SIZE], ticket[32];

	cal_day(day, o.at_us);
	snprintf(o.contact, sizeof(o.contact), "%.4s%.2s%.2s-%ld", day,
		 day + 5, day + 8, i + 1);
	snprintf(o.leg, sizeof(o.leg), "y.%ld", i);
	snprintf(o.offer, sizeof(o.offer), "yo.%ld", i);
	snprintf(o.agent, sizeof(o.agent), "Y%03ld", i % agents + 1);
	snprintf(o.number, sizeof(o.number), "138%08ld", i * 7919 % 50000000);
	snprintf(ticket, sizeof(ticket), "Y%ld", i + 1);
	state(&o, "ready", "");
	arrive(&o);
	talk(&o);
	finish(&o, ticket);
	o.at_us += 20 * SECOND_US;
	state(&o, "ready", "");
	state(&o, "paused", "break");
	o.at_us += 60 * SECOND_US;
	state(&o, "ready", "");
	state(&o, "paused", "training");
	/* the last ones of the year stand at their desks */
	state(&o, "ready", "");
}

/* Nobody else is at the file, and one that was cut off is made anew: no sync,
 * room for the growing ends of all tables, the log's indexes at the end. */
static char *hurry(void)
{
	scoped_stmt struct db_stmt *s = NULL;
	char *again = NULL;

	must(db_exec(base, "PRAGMA synchronous=OFF;"
			   "PRAGMA cache_size=-1048576"),
	     "pragmas");
	must(db_prepare(&s, base,
			"SELECT group_concat('DROP INDEX ' || name, ';'),"
			" group_concat(sql, ';') FROM sqlite_schema"
			" WHERE type='index' AND tbl_name='fact'"
			" AND sql NOT NULL"),
	     "indexes");
	must(db_step(s), "indexes");
	scoped_mem char *drop = NULL;
	must(str_dup(&drop, db_str(s, 0)), "memory");
	must(str_dup(&again, db_str(s, 1)), "memory");
	db_done(take(s));
	must(db_exec(base, drop), drop);
	return again;
}

int main(int argc, char *argv[])
{
	long of = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	long agents = argc > 3 ? strtol(argv[3], NULL, 10) : 40;

	if (argc < 3 || of < 1 || agents < 1 || agents > AGENTS_MAX) {
		fprintf(stderr,
			"usage: zuoxi-year DATABASE CONTACTS [AGENTS]\n");
		return 2;
	}
	cal_zone("Asia/Shanghai");
	must(libre_init(), "libre");
	must(store_open_file(&base, argv[1], DB_WRITE, NULL), argv[1]);
	must(fact_log_alloc(&facts, NULL), "log");
	store_people_register(facts);
	store_ticket_register(facts);
	store_call_register(facts);
	scoped_mem char *indexes = hurry();
	must(db_begin(base), "begin");
	for (long i = 1; i <= agents; i++)
		person(i);
	for (long i = 0; i < of; i++) {
		contact(i, of, agents);
		if (i % BATCH)
			continue;
		must(db_commit(base), "commit");
		must(db_begin(base), "begin");
	}
	must(db_commit(base), "commit");
	must(db_exec(base, indexes), "indexes");
	printf("%ld contacts, %ld facts\n", of, written);
	mem_deref(base);
	mem_deref(facts);
	libre_close();
	return 0;
}
