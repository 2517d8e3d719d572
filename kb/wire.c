/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/wire.h"

#include <errno.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"

#define SOON_US (30LL * 24 * 3600 * 1000000)

/* What became of a version; a confirmed one is still to be released. */
static const char *const life_states[] = {
	[KB_DRAFT] = "draft",	     [KB_REVIEWED] = "reviewed",
	[KB_CONFIRMED] = "released", [KB_WITHDRAWN] = "withdrawn",
	[KB_AGREED] = "confirmed",
};

static json_t *wire_marks(const struct kb_mark *marks, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list,
				      json_pack("[ii]", (int)marks[i].from,
						(int)marks[i].len));
	return list;
}

json_t *kb_wire_hit(const struct kb_hit *hit)
{
	return json_pack(
		"{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s,"
		" s:s, s:f}",
		"id", hit->id, "version", (json_int_t)hit->version, "title",
		hit->title, "line", hit->line, "state", hit->state, "expires",
		hit->expires, "snippet", hit->snippet, "marks",
		wire_marks(hit->marks, hit->marks_n), "title_marks",
		wire_marks(hit->title_marks, hit->title_marks_n), "why",
		hit->why, "how", hit->how, "score", hit->score);
}

int kb_wire_search(json_t **resultp, struct kb_index *ix, struct db *db,
		   const struct kb_query *q)
{
	int64_t start = cal_mono_us();
	scoped_mem struct kb_hits *hits = NULL;
	int err = kb_search(&hits, ix, db, q);
	if (err)
		return err;

	scoped_json json_t *list = json_array();
	for (unsigned i = 0; i < hits->n; i++)
		json_array_append_new(list, kb_wire_hit(&hits->list[i]));
	json_t *result = json_pack("{s:O, s:I}", "hits", list, "us",
				   (json_int_t)(cal_mono_us() - start));
	if (!result)
		return ENOMEM;
	*resultp = result;
	return 0;
}

json_t *kb_wire_row(const struct kb_row *row, const char *day)
{
	return json_pack(
		"{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:I}", "id", row->id,
		"version", (json_int_t)row->version, "title", row->title,
		"line", row->line, "state",
		kb_state_on(row->state, row->effective, row->expires, day),
		"effective", row->effective, "expires", row->expires,
		"changed_us", (json_int_t)row->at_us);
}

json_t *kb_wire_change(const struct kb_row *row)
{
	return json_pack("{s:s, s:I, s:s, s:I, s:s, s:s}", "id", row->id,
			 "version", (json_int_t)row->version, "title",
			 row->title, "at_us", (json_int_t)row->at_us, "actor",
			 row->actor, "state", life_states[row->state]);
}

json_t *kb_wire_signed(const struct kb_signed *s)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:s, s:s}", "id", s->id,
			 "version", (json_int_t)s->version, "title", s->title,
			 "step", s->step, "at_us", (json_int_t)s->at_us,
			 "person", s->person, "note", s->note);
}

json_t *kb_wire_entry(const struct kb_version *v, const char *day, bool source)
{
	const struct kb_entry *e = v->entry;
	scoped_json json_t *asks = json_array();
	scoped_json json_t *steps = json_array();

	for (unsigned i = 0; i < e->asks_n; i++)
		json_array_append_new(asks, json_string(e->asks[i]));
	for (unsigned i = 0; i < e->steps_n; i++)
		json_array_append_new(steps, json_string(e->steps[i]));
	json_t *obj = json_pack(
		"{s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
		" s:s, s:s, s:O, s:s, s:s, s:s, s:b, s:I, s:s, s:s, s:s, s:s,"
		" s:O, s:i}",
		"id", e->id, "version", (json_int_t)v->version, "current",
		(json_int_t)v->current, "newest", (json_int_t)v->newest,
		"title", e->title, "line", e->line, "topic", e->topic, "state",
		kb_state_on(v->state, v->effective, v->expires, day),
		"effective", v->effective, "expires", v->expires, "source",
		e->source, "owner", e->owner, "policy", e->policy, "question",
		e->question, "asks", asks, "body", e->body, "short", e->brief,
		"tags", e->tags, "sample", (int)e->sample, "changed_us",
		(json_int_t)v->at_us, "changed_by", v->actor, "kind",
		*e->kind ? e->kind : "answer", "review", e->review, "redirect",
		e->redirect, "steps", steps, "quiz", (int)e->quiz_n);
	if (obj && source)
		json_object_set_new(obj, "text", json_string(e->text));
	return obj;
}

json_t *kb_wire_life(const struct kb_life *l)
{
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:s, s:I, s:s, s:s,"
		" s:I, s:s, s:I, s:s}",
		"version", (json_int_t)l->version, "state",
		life_states[l->state], "effective", l->effective, "expires",
		l->expires, "author", l->author, "at_us", (json_int_t)l->at_us,
		"reviewer", l->reviewer, "reviewed_us",
		(json_int_t)l->reviewed_us, "confirmer", l->confirmer,
		"confirmed_us", (json_int_t)l->confirmed_us, "paper", l->paper,
		"release", l->release, "released_us",
		(json_int_t)l->released_us, "withdrawer", l->withdrawer,
		"withdrawn_us", (json_int_t)l->withdrawn_us, "reason",
		l->reason);
}

json_t *kb_wire_case(const struct kb_case_row *row)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "case",
			 (json_int_t)row->n, "question", row->question,
			 "entry", row->entry, "title", row->title, "state",
			 kb_case_state_name(row->state), "since_us",
			 (json_int_t)row->since_us, "actor", row->actor,
			 "contact", row->contact);
}

json_t *kb_wire_stat(const struct kb_stat *st)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "entries",
		(json_int_t)st->entries, "versions", (json_int_t)st->versions,
		"effective", (json_int_t)st->effective, "waiting",
		(json_int_t)st->waiting, "expired", (json_int_t)st->expired,
		"withdrawn", (json_int_t)st->withdrawn, "soon",
		(json_int_t)st->soon, "changed_us",
		(json_int_t)st->changed_us);
}

int kb_wire_stat_now(json_t **resultp, struct db *db)
{
	char day[CAL_TEXT_SIZE], soon[CAL_TEXT_SIZE];
	struct kb_stat st;
	int64_t now = cal_now_us();

	cal_day(day, now);
	cal_day(soon, now + SOON_US);
	int err = kb_base_stat(db, day, soon, &st);
	if (err)
		return err;
	*resultp = kb_wire_stat(&st);
	return *resultp ? 0 : ENOMEM;
}
