/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/life.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"

#define N_(text) text

#define LIFE_COLUMNS                                                     \
	"version, at_us, actor, state, effective, expires, reviewer,"    \
	" confirmer, withdrawer, reviewed_us, confirmed_us, released_us" \
	", withdrawn_us, paper, release, reason"

static void read_life(struct kb_life *l, struct db_stmt *s)
{
	*l = (struct kb_life){
		.version = db_int(s, 0),
		.at_us = db_int(s, 1),
		.author = db_str(s, 2),
		.state = (enum kb_state)db_int(s, 3),
		.effective = db_str(s, 4),
		.expires = db_str(s, 5),
		.reviewer = db_str(s, 6),
		.confirmer = db_str(s, 7),
		.withdrawer = db_str(s, 8),
		.reviewed_us = db_int(s, 9),
		.confirmed_us = db_int(s, 10),
		.released_us = db_int(s, 11),
		.withdrawn_us = db_int(s, 12),
		.paper = db_str(s, 13),
		.release = db_str(s, 14),
		.reason = db_str(s, 15),
	};
}

int kb_life_each(struct db *db, const char *id, kb_life_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db,
			       "SELECT " LIFE_COLUMNS " FROM kb_version"
			       " WHERE entry=? ORDER BY version DESC",
			       "s", id);
	while (!err) {
		struct kb_life life;
		read_life(&life, s);
		int stop = h(&life, arg);
		if (stop)
			return stop;
		err = db_step(s);
		if (err == ENOENT)
			return 0;
	}
	return err;
}

/* ---- which steps are open ---- */

static bool state_allows(enum kb_state state, enum kb_step step)
{
	switch (step) {
	case KB_REVIEW:
		return state == KB_DRAFT;
	case KB_CONFIRM:
		return state == KB_REVIEWED;
	case KB_RELEASE:
		return state == KB_AGREED;
	case KB_RETURN:
		return state == KB_REVIEWED || state == KB_AGREED;
	case KB_WITHDRAW:
		return state != KB_WITHDRAWN;
	}
	return false;
}

static const char *state_refusal(enum kb_step step)
{
	switch (step) {
	case KB_REVIEW:
		return N_("Only a draft can be reviewed");
	case KB_CONFIRM:
		return N_("Only a reviewed version can be confirmed");
	case KB_RELEASE:
		return N_("Only a confirmed version that is not yet released "
			  "can be released");
	case KB_RETURN:
		return N_("Only a reviewed or confirmed version that is not "
			  "yet released can be returned");
	case KB_WITHDRAW:
		break;
	}
	return N_("This version is withdrawn");
}

int kb_life_may(const struct kb_life *life, enum kb_step step,
		const char *person, const char **why)
{
	if (!state_allows(life->state, step)) {
		*why = state_refusal(step);
		return EALREADY;
	}
	bool signs = step == KB_REVIEW || step == KB_CONFIRM;
	if (signs && !strcmp(person, life->author)) {
		*why = N_("Who wrote a version can neither review nor confirm "
			  "it");
		return EPERM;
	}
	if (step == KB_CONFIRM && !strcmp(person, life->reviewer)) {
		*why = N_("Who reviewed a version cannot confirm it");
		return EPERM;
	}
	return 0;
}

/* ---- which version is shown ---- */

struct choice {
	const char *day; /* of at_us */
	int64_t at_us;
	int64_t version; /* 0: none has begun */
	bool in_force;
	int64_t newest;
};

static bool over_before_it_began(const struct kb_life *l, int64_t at_us)
{
	char day[CAL_TEXT_SIZE];

	if (!l->withdrawn_us || l->withdrawn_us > at_us)
		return false;
	cal_day(day, l->withdrawn_us);
	return strcmp(day, l->effective) < 0;
}

static int on_choose(const struct kb_life *l, void *arg)
{
	struct choice *c = arg;

	if (!c->newest)
		c->newest = l->version;
	if (!l->released_us || l->released_us > c->at_us ||
	    strcmp(l->effective, c->day) > 0 ||
	    over_before_it_began(l, c->at_us))
		return 0;
	c->version = l->version;
	c->in_force = (!l->withdrawn_us || l->withdrawn_us > c->at_us) &&
		      (!*l->expires || strcmp(l->expires, c->day) >= 0);
	return ECANCELED;
}

static int choose(struct choice *c, struct db *db, const char *id)
{
	int err = kb_life_each(db, id, on_choose, c);
	return err == ECANCELED ? 0 : err;
}

int kb_life_at(struct db *db, const char *id, int64_t at_us, int64_t *versionp)
{
	char day[CAL_TEXT_SIZE];
	struct choice c = {.day = day, .at_us = at_us};

	cal_day(day, at_us);
	int err = choose(&c, db, id);
	if (err)
		return err;
	if (!c.in_force)
		return ENOENT;
	*versionp = c.version;
	return 0;
}

static int show(struct db *db, const char *id, const char *day, int64_t at_us)
{
	struct choice c = {.day = day, .at_us = at_us};
	scoped_mem struct kb_version *v = NULL;

	int err = choose(&c, db, id);
	if (!err)
		err = kb_base_get(&v, db, id,
				  c.version ? c.version : c.newest);
	return err ? err : kb_base_show(db, v, c.newest);
}

/* The shown version is not the newest that has begun. */
#define DUE                                                           \
	" FROM kb_entry e WHERE id>?2 AND version<>"                  \
	"(SELECT max(version) FROM kb_version WHERE entry=e.id"       \
	" AND released_us>0 AND effective<=?1 AND (withdrawn_us=0 OR" \
	" version=e.version))"

int kb_life_due(struct db *db, const char *day, int64_t *np)
{
	return db_get_int(db, np, 0, "SELECT count(*)" DUE, "ss", day, "");
}

int kb_life_turn(struct db *db, const char *day)
{
	char id[KB_ID_SIZE] = "";

	for (;;) {
		scoped_stmt struct db_stmt *s = NULL;
		int err = db_query_row(&s, db,
				       "SELECT id" DUE " ORDER BY id LIMIT 1",
				       "ss", day, id);
		if (err)
			return err == ENOENT ? 0 : err;
		utf8_copy(id, sizeof(id), db_str(s, 0));
		err = show(db, id, day, INT64_MAX);
		if (err)
			return err;
	}
}

int kb_life_waiting(struct db *db, const char *after, kb_waiting_h *h,
		    void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT v.entry, e.title, e.line, v.version,"
		" iif(e.version=v.version, 0, e.version), v.state,"
		" max(v.at_us, v.reviewed_us, v.confirmed_us), v.actor,"
		" v.reviewer, v.effective, v.reason FROM kb_entry e"
		" JOIN kb_version v ON v.entry=e.id AND v.version=e.newest"
		" WHERE v.state IN (0, 1, 4) AND e.id>? ORDER BY e.id",
		"s", after);
	while (!err && !(err = db_step(s))) {
		const struct kb_waiting w = {
			.id = db_str(s, 0),
			.title = db_str(s, 1),
			.line = db_str(s, 2),
			.version = db_int(s, 3),
			.current = db_int(s, 4),
			.state = (enum kb_state)db_int(s, 5),
			.since_us = db_int(s, 6),
			.author = db_str(s, 7),
			.reviewer = db_str(s, 8),
			.effective = db_str(s, 9),
			.reason = db_str(s, 10),
		};
		int stop = h(&w, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

#define SIGNED(step, at, person, note)                             \
	"SELECT entry, version, '" step "' AS step, " at " AS at," \
	" " person " AS person, " note " AS note FROM kb_version"  \
	" WHERE " at ">0"

int kb_life_signed(struct db *db, const struct kb_signed_want *want,
		   kb_signed_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(
		&s, db,
		"SELECT s.entry, e.title, s.version, step, at, person, note"
		" FROM (" SIGNED("reviewed", "reviewed_us", "reviewer", "''") " UNION ALL " SIGNED(
			"confirmed", "confirmed_us", "confirmer",
			"paper") " UNION ALL " SIGNED("released",
						      "released_us", "''",
						      "release") " UNION "
								 "ALL " SIGNED(
									 "with"
									 "draw"
									 "n",
									 "with"
									 "draw"
									 "n_"
									 "us",
									 "with"
									 "draw"
									 "er",
									 "reas"
									 "on") ") s JOIN kb_entry e ON e.id=s.entry"
									       " WHERE at>=?1 AND (?2=0 OR at<=?2)"
									       " AND (?3='' OR person=?3)"
									       " ORDER BY at, s.entry, s.version, step"
									       " LIMIT -1 OFFSET ?4",
		"iisi", want->since_us, want->until_us, want->person,
		want->skip);
	while (!err && !(err = db_step(s))) {
		const struct kb_signed one = {
			.id = db_str(s, 0),
			.title = db_str(s, 1),
			.version = db_int(s, 2),
			.step = db_str(s, 3),
			.at_us = db_int(s, 4),
			.person = db_str(s, 5),
			.note = db_str(s, 6),
		};
		int stop = h(&one, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

/* ---- texts and steps ---- */

static int show_today(struct db *db, const char *id, int64_t at_us)
{
	char day[CAL_TEXT_SIZE];

	cal_day(day, at_us);
	return show(db, id, day, at_us);
}

int kb_life_put(struct db *db, const struct kb_text *t)
{
	const struct kb_entry *e = t->entry;
	bool released = t->state == KB_CONFIRMED;

	int err = db_run(
		db,
		"INSERT INTO kb_version(entry, version, at_us, actor, text,"
		" state, effective, expires, confirmed_us, released_us,"
		" confirmer, paper) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT(entry, version) DO UPDATE SET at_us=excluded"
		".at_us, actor=excluded.actor, text=excluded.text,"
		" effective=excluded.effective, expires=excluded.expires",
		"siississiiss", e->id, t->version, t->at_us, t->author,
		e->text, (int64_t)t->state,
		t->effective ? t->effective : e->effective, e->expires,
		released ? t->at_us : 0, released ? t->at_us : 0,
		t->confirmer ? t->confirmer : "", t->paper ? t->paper : "");
	if (!err)
		err = db_run(db,
			     "UPDATE kb_version SET state=3, withdrawer=?,"
			     " withdrawn_us=?, reason='superseded'"
			     " WHERE entry=? AND version<? AND state IN"
			     " (0, 1, 4)",
			     "sisi", t->author, t->at_us, e->id, t->version);
	return err ? err : show_today(db, e->id, t->at_us);
}

int kb_life_import(struct db *db, const struct kb_entry *e, int64_t version,
		   int64_t at_us, const char *author)
{
	const struct kb_text text = {
		.entry = e,
		.version = version,
		.state = e->state,
		.at_us = at_us,
		.author = author,
	};
	return kb_life_put(db, &text);
}

static int note_step(struct db *db, const struct kb_act *a)
{
	const char *note = a->note ? a->note : "";

	switch (a->step) {
	case KB_REVIEW:
		return db_run(db,
			      "UPDATE kb_version SET state=?, reviewer=?,"
			      " reviewed_us=? WHERE entry=? AND version=?",
			      "isisi", (int64_t)KB_REVIEWED, a->person,
			      a->at_us, a->id, a->version);
	case KB_CONFIRM:
		return db_run(db,
			      "UPDATE kb_version SET state=?, confirmer=?,"
			      " confirmed_us=?, paper=?,"
			      " effective=ifnull(?, effective)"
			      " WHERE entry=? AND version=?",
			      "isisssi", (int64_t)KB_AGREED, a->person,
			      a->at_us, note, a->effective, a->id, a->version);
	case KB_RELEASE:
		return db_run(db,
			      "UPDATE kb_version SET state=?, release=?,"
			      " released_us=? WHERE entry=? AND version=?",
			      "isisi", (int64_t)KB_CONFIRMED, note, a->at_us,
			      a->id, a->version);
	case KB_RETURN:
		return db_run(db,
			      "UPDATE kb_version SET state=?, reviewer='',"
			      " reviewed_us=0, confirmer='', confirmed_us=0,"
			      " paper='', reason=?"
			      " WHERE entry=? AND version=?",
			      "issi", (int64_t)KB_DRAFT, note, a->id,
			      a->version);
	case KB_WITHDRAW:
		break;
	}
	return db_run(db,
		      "UPDATE kb_version SET state=?, withdrawer=?,"
		      " withdrawn_us=?, reason=? WHERE entry=? AND version=?",
		      "isissi", (int64_t)KB_WITHDRAWN, a->person, a->at_us,
		      note, a->id, a->version);
}

int kb_life_act(struct db *db, const struct kb_act *act)
{
	int err = note_step(db, act);
	if (!err && !db_changes(db))
		err = ENOENT;
	return err ? err : show_today(db, act->id, act->at_us);
}

/* ---- versions of before ---- */

static int fix_one(struct db *db, const char *id, int64_t version,
		   const char *text)
{
	scoped_mem struct kb_entry *e = NULL;
	struct diag diag;

	int err = kb_entry_parse(&e, id, text, strlen(text), &diag);
	if (err)
		return err;
	return db_run(db,
		      "UPDATE kb_version SET state=?1, effective=?2,"
		      " expires=?3, released_us=iif(?1=2, at_us, 0),"
		      " confirmed_us=iif(?1=2, at_us, 0),"
		      " withdrawn_us=iif(?1=3, at_us, 0)"
		      " WHERE entry=?4 AND version=?5",
		      "isssi", (int64_t)e->state, e->effective, e->expires, id,
		      version);
}

int kb_life_fix(struct db *db)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   "SELECT entry, version, text FROM kb_version"
			   " ORDER BY entry, version",
			   "");
	while (!err && !(err = db_step(s)))
		err = fix_one(db, db_str(s, 0), db_int(s, 1), db_str(s, 2));
	return err == ENOENT ? 0 : err;
}
