/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of the knowledge base's life into the model.
 */
#include "agent-tui/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/utf8.h"

#include "agent-tui/model_row.h"

#define ANY(list) ((struct model_any_list *)(list))

static int integer(const json_t *obj, const char *key)
{
	return (int)json_int(obj, key);
}

/* ---- rows ---- */

static void row_waiting(void *row, json_t *obj)
{
	struct model_waiting *w = row;

	model_copy(w->id, obj, "id");
	w->version = integer(obj, "version");
	w->current = integer(obj, "current");
	model_copy(w->title, obj, "title");
	model_copy(w->line, obj, "line");
	model_copy(w->state, obj, "state");
	model_copy(w->author, obj, "author");
	model_copy(w->reviewer, obj, "reviewer");
	w->since_us = json_int(obj, "since_us");
	model_copy(w->effective, obj, "effective");
	model_copy(w->reason, obj, "reason");
}

/* Who waits longest comes first. */
static int waiting_order(const void *a, const void *b)
{
	const struct model_waiting *x = a, *y = b;

	return (x->since_us > y->since_us) - (x->since_us < y->since_us);
}

static void row_learn(void *row, json_t *obj)
{
	struct model_learn *l = row;

	model_copy(l->id, obj, "entry");
	l->version = integer(obj, "version");
	l->from = integer(obj, "from");
	model_copy(l->title, obj, "title");
	model_copy(l->line, obj, "line");
	model_copy(l->release, obj, "release");
	l->since_us = json_int(obj, "since_us");
	l->due_us = json_int(obj, "due_us");
	l->late = json_bool(obj, "late");
	l->lowered = json_bool(obj, "lowered");
	l->quiz = integer(obj, "quiz");
}

static int learn_order(const void *a, const void *b)
{
	const struct model_learn *x = a, *y = b;

	return (x->due_us > y->due_us) - (x->due_us < y->due_us);
}

static void row_gap(void *row, json_t *obj)
{
	struct model_gap *g = row;
	size_t i;
	json_t *one;

	model_copy(g->words, obj, "words");
	g->count = integer(obj, "count");
	g->first_us = json_int(obj, "first_us");
	g->last_us = json_int(obj, "last_us");
	g->n_contacts = g->n_gaps = 0;
	json_array_foreach (json_object_get(obj, "contacts"), i, one)
		if (g->n_contacts < MODEL_SAMPLES && json_is_string(one))
			utf8_copy(g->contacts[g->n_contacts++], MODEL_ID,
				  json_string_value(one));
	json_array_foreach (json_object_get(obj, "gaps"), i, one)
		if (g->n_gaps < MODEL_GAPS)
			g->gaps[g->n_gaps++] = json_integer_value(one);
}

/* {id,version,title,was} of each, one a line. */
static void entry_lines(char **out, int *np, json_t *list)
{
	struct mbuf *mb = mbuf_alloc(512);
	size_t i;
	json_t *one;
	int err = mb ? 0 : ENOMEM;

	*np = (int)json_array_size(list);
	json_array_foreach (list, i, one) {
		int was = integer(one, "was"), v = integer(one, "version");
		if (!err && was && was != v)
			err = mbuf_printf(mb, "%s v%d→v%d %s\n",
					  json_str(one, "id"), was, v,
					  json_str(one, "title"));
		else if (!err)
			err = mbuf_printf(mb, "%s v%d %s\n",
					  json_str(one, "id"), v,
					  json_str(one, "title"));
	}
	if (!err)
		err = mbuf_write_u8(mb, 0);
	if (!err)
		model_text(out, (const char *)mb->buf);
	mem_deref(mb);
}

static void row_release(void *row, json_t *obj)
{
	struct model_release *r = row;
	const json_t *cases = json_object_get(obj, "cases");

	model_copy(r->id, obj, "release");
	r->at_us = json_int(obj, "at_us");
	model_copy(r->actor, obj, "actor");
	model_text(&r->note, json_str(obj, "note"));
	entry_lines(&r->entries, &r->n, json_object_get(obj, "entries"));
	r->cases = json_is_object(cases);
	r->of = integer(cases, "n");
	r->before = integer(cases, "before");
	r->after = integer(cases, "after");
	model_copy(r->forced, obj, "forced");
	if (!*r->forced)
		model_copy(r->forced, obj, "force");
}

static void row_version(void *row, json_t *obj)
{
	struct model_version *v = row;

	v->version = json_int(obj, "version");
	model_copy(v->state, obj, "state");
	model_copy(v->effective, obj, "effective");
	model_copy(v->expires, obj, "expires");
	model_copy(v->author, obj, "author");
	model_copy(v->reviewer, obj, "reviewer");
	model_copy(v->confirmer, obj, "confirmer");
	model_copy(v->withdrawer, obj, "withdrawer");
	v->at_us = json_int(obj, "at_us");
	v->reviewed_us = json_int(obj, "reviewed_us");
	v->confirmed_us = json_int(obj, "confirmed_us");
	v->released_us = json_int(obj, "released_us");
	v->withdrawn_us = json_int(obj, "withdrawn_us");
	model_copy(v->paper, obj, "paper");
	model_copy(v->release, obj, "release");
	model_copy(v->reason, obj, "reason");
}

#define KIND(name, type, id, field, ...)                \
	const struct model_kind model_kind_##name = {   \
		.size = sizeof(struct type),            \
		.key = id,                              \
		.key_at = offsetof(struct type, field), \
		__VA_ARGS__}

static const size_t release_texts[] = {offsetof(struct model_release, note),
				       offsetof(struct model_release, entries),
				       0};

KIND(waiting, model_waiting, "id", id, .parseh = row_waiting,
     .orderh = waiting_order);
KIND(learn, model_learn, "entry", id, .parseh = row_learn,
     .orderh = learn_order);
KIND(gap, model_gap, "words", words, .parseh = row_gap);
KIND(release, model_release, "release", id, .parseh = row_release,
     .texts = release_texts);
KIND(version, model_version, "version", version, .key_int = true,
     .parseh = row_version);

/* ---- what is compared ---- */

void model_kb_compare(struct model *m, const char *entry, int version, int was)
{
	struct model_kb *k = &m->kb;
	json_t *none = json_object();

	utf8_copy(k->compare, sizeof(k->compare), entry);
	k->compare_version = version;
	k->compare_was = was;
	k->compared = false;
	*k->impact.id = '\0';
	model_row_entry(&k->before, none);
	model_row_entry(&k->after, none);
	json_decref(none);
	model_changed(m, MODEL_KB);
}

void model_kb_take_side(struct model *m, bool before, json_t *entry)
{
	struct model_kb *k = &m->kb;
	json_t *obj = json_object_get(entry, "entry");

	model_row_entry(before ? &k->before : &k->after,
			json_is_object(obj) ? obj : entry);
	k->compared = *k->after.id && (*k->before.id || !k->compare_was);
	model_changed(m, MODEL_KB);
}

static void impact_checks(struct model_impact *i, json_t *list)
{
	size_t k;
	json_t *one;

	i->n_checks = 0;
	json_array_foreach (list, k, one) {
		if (i->n_checks == MODEL_CHECKS)
			break;
		i->checks[i->n_checks].ok = json_bool(one, "ok");
		model_copy(i->checks[i->n_checks].text, one, "text");
		model_copy(i->checks[i->n_checks].detail, one, "detail");
		i->n_checks++;
	}
}

void model_kb_take_impact(struct model *m, json_t *reply)
{
	struct model_impact *i = &m->kb.impact;
	const json_t *cases = json_object_get(reply, "cases");
	size_t k, at = 0;
	json_t *one;

	utf8_copy(i->id, sizeof(i->id), m->kb.compare);
	i->version = m->kb.compare_version;
	i->week = integer(reply, "week");
	i->agents = integer(reply, "agents");
	i->quiz = integer(reply, "quiz");
	i->cases = integer(cases, "n");
	i->cases_right = integer(cases, "right");
	*i->linked = '\0';
	json_array_foreach (json_object_get(reply, "linked"), k, one) {
		const char *id = json_string_value(one);
		if (id && at + strlen(id) + 2 < sizeof(i->linked))
			at += (size_t)snprintf(i->linked + at,
					       sizeof(i->linked) - at, "%s%s",
					       at ? " " : "", id);
	}
	impact_checks(i, json_object_get(reply, "checks"));
	model_changed(m, MODEL_KB);
}

void model_kb_take_check(struct model *m, json_t *reply)
{
	struct model_check *c = &m->kb.check;
	size_t i;
	json_t *one;

	c->known = true;
	c->n = 0;
	json_array_foreach (json_object_get(reply, "items"), i, one) {
		if (c->n == MODEL_FAULTS)
			break;
		c->v[c->n].line = integer(one, "line");
		model_copy(c->v[c->n].what, one, "what");
		model_copy(c->v[c->n].fix, one, "fix");
		c->n++;
	}
	model_copy(c->lacks, reply, "lacks");
	model_changed(m, MODEL_KB);
}

void model_kb_take_dry(struct model *m, json_t *reply)
{
	struct model_dry *d = &m->kb.dry;
	const json_t *cases = json_object_get(reply, "cases");
	size_t i;
	json_t *one;

	d->loading = false;
	d->known = true;
	model_copy(d->id, reply, "release");
	entry_lines(&d->entries, &d->n, json_object_get(reply, "entries"));
	d->cases = json_is_object(cases);
	d->of = integer(cases, "n");
	d->before = integer(cases, "before");
	d->after = integer(cases, "after");
	d->n_lost = 0;
	json_array_foreach (json_object_get(cases, "lost"), i, one) {
		if (d->n_lost == MODEL_LOST)
			break;
		model_copy(d->lost[d->n_lost].question, one, "question");
		model_copy(d->lost[d->n_lost].entry, one, "entry");
		model_copy(d->lost[d->n_lost].got, one, "got");
		d->n_lost++;
	}
	model_changed(m, MODEL_KB);
}

/* ---- what is read ---- */

static void lesson_questions(struct model_lesson *l, json_t *list)
{
	size_t i, k;
	json_t *one, *choice;

	l->n_questions = 0;
	json_array_foreach (list, i, one) {
		if (l->n_questions == MODEL_QUESTIONS)
			break;
		__typeof__(*l->questions) *q = &l->questions[l->n_questions++];
		model_copy(q->question, one, "question");
		q->n = 0;
		json_array_foreach (json_object_get(one, "choices"), k, choice)
			if (q->n < MODEL_CHOICES && json_is_string(choice))
				utf8_copy(q->choices[q->n++],
					  sizeof(q->choices[0]),
					  json_string_value(choice));
	}
}

void model_kb_take_lesson(struct model *m, json_t *reply)
{
	struct model_lesson *l = &m->kb.lesson;

	model_copy(l->id, reply, "entry");
	l->version = integer(reply, "version");
	l->from = integer(reply, "from");
	model_copy(l->title, reply, "title");
	model_text(&l->before, json_str(reply, "before"));
	model_text(&l->text, json_str(reply, "text"));
	lesson_questions(l, json_object_get(reply, "questions"));
	l->right = l->of = 0;
	l->passed = false;
	model_changed(m, MODEL_LEARN);
}

void model_kb_lesson_over(struct model *m)
{
	*m->kb.lesson.id = '\0';
	model_changed(m, MODEL_LEARN);
}

/* ---- life ---- */

int model_kb_empty(struct model *m)
{
	struct model_kb *k = &m->kb;
	char **const fields[] = {
		&k->dry.entries, &k->lesson.before,    &k->lesson.text,
		&k->write.text,	 &k->write.theirs,     &k->before.question,
		&k->before.body, &k->before.asks,      &k->before.short_text,
		&k->before.text, &k->after.question,   &k->after.body,
		&k->after.asks,	 &k->after.short_text, &k->after.text,
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(fields); i++)
		err = model_text(fields[i], "");
	return err;
}

void model_kb_release(struct model *m)
{
	struct model_kb *k = &m->kb;

	model_row_release(&model_kind_entry, &k->before);
	model_row_release(&model_kind_entry, &k->after);
	k->dry.entries = mem_deref(k->dry.entries);
	k->lesson.before = mem_deref(k->lesson.before);
	k->lesson.text = mem_deref(k->lesson.text);
	k->write.text = mem_deref(k->write.text);
	k->write.theirs = mem_deref(k->write.theirs);
}
