/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asked for each agent and queue whenever the line moves, so the answer comes
 * from a hash; who has nothing in it has what is set.
 */
#include "server/desk/skill.h"

#include <errno.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/store_course.h"
#include "server/core/store_learn.h"

#define BUCKETS	 256
#define ID_BYTES 64
#define WHAT_MAX 400 /* names of entries; more are cut */

struct lowered {
	struct le le; /* by person */
	char person[PERSON_ID], queue[PERSON_ID];
	int levels;
	int64_t since_us;
	char what[WHAT_MAX];
};

struct passed {
	struct le le; /* by person */
	char person[PERSON_ID], course[ID_BYTES];
};

struct gate {
	struct le le;
	char course[ID_BYTES], queue[PERSON_ID];
	int level;
	int64_t from_us;
	bool counts; /* its day had come when we looked last */
};

struct skill {
	struct hash *lowered, *passed;
	struct list gates;
	struct fact_sink sinks[2];
	skill_change_h *changeh;
	void *arg;
};

static void destructor(void *arg)
{
	struct skill *s = arg;

	if (s->lowered)
		hash_flush(s->lowered);
	if (s->passed)
		hash_flush(s->passed);
	mem_deref(s->lowered);
	mem_deref(s->passed);
	list_flush(&s->gates);
}

static void lowered_destructor(void *arg)
{
	struct lowered *l = arg;
	hash_unlink(&l->le);
}

static void passed_destructor(void *arg)
{
	struct passed *p = arg;
	hash_unlink(&p->le);
}

static void gate_destructor(void *arg)
{
	struct gate *g = arg;
	list_unlink(&g->le);
}

/* ---- finding ---- */

static struct lowered *find_lowered(const struct skill *s, const char *person,
				    const char *queue)
{
	struct le *le =
		list_head(hash_list(s->lowered, hash_joaat_str(person)));

	for (; le; le = le->next) {
		struct lowered *l = le->data;
		if (!strcmp(l->person, person) && !strcmp(l->queue, queue))
			return l;
	}
	return NULL;
}

static struct passed *find_passed(const struct skill *s, const char *person,
				  const char *course)
{
	struct le *le =
		list_head(hash_list(s->passed, hash_joaat_str(person)));

	for (; le; le = le->next) {
		struct passed *p = le->data;
		if (!strcmp(p->person, person) && !strcmp(p->course, course))
			return p;
	}
	return NULL;
}

static struct gate *find_gate(const struct skill *s, const char *course)
{
	struct le *le;

	LIST_FOREACH (&s->gates, le) {
		struct gate *g = le->data;
		if (!strcmp(g->course, course))
			return g;
	}
	return NULL;
}

/* Has he passed any exam that stands before this level, or a higher one? */
static bool may_pass(const struct skill *s, const char *person,
		     const struct gate *gate)
{
	struct le *le;

	LIST_FOREACH (&s->gates, le) {
		const struct gate *g = le->data;
		if (g->level >= gate->level &&
		    !strcmp(g->queue, gate->queue) &&
		    find_passed(s, person, g->course))
			return true;
	}
	return false;
}

/* The lowest gate that he has to stop before; NULL: none. */
static const struct gate *stops_at(const struct skill *s, const char *person,
				   const char *queue, int level)
{
	const struct gate *lowest = NULL;
	struct le *le;

	LIST_FOREACH (&s->gates, le) {
		const struct gate *g = le->data;
		if (!g->counts || g->level > level ||
		    strcmp(g->queue, queue) != 0 ||
		    (lowest && lowest->level <= g->level))
			continue;
		if (!may_pass(s, person, g))
			lowest = g;
	}
	return lowest;
}

int skill_level(const struct skill *s, const char *person, const char *queue,
		int level)
{
	const struct lowered *l = find_lowered(s, person, queue);
	const struct gate *g = stops_at(s, person, queue, level);

	if (g)
		level = g->level - 1;
	if (l)
		level -= l->levels;
	return level > 0 ? level : 0;
}

static json_t *less_json(const struct person_skill *set, int level,
			 const char *why, const char *what, int64_t since_us)
{
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:I}", "queue", set->queue,
			 "level", level, "set", set->level, "why", why, "what",
			 what, "since_us", (json_int_t)since_us);
}

json_t *skill_json(const struct skill *s, const struct person *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->skills_n; i++) {
		const struct person_skill *set = &p->skills[i];
		const struct gate *g =
			stops_at(s, p->id, set->queue, set->level);
		const struct lowered *l = find_lowered(s, p->id, set->queue);
		int level = skill_level(s, p->id, set->queue, set->level);
		if (g)
			json_array_append_new(
				list, less_json(set, level, "exam", g->course,
						g->from_us));
		if (l)
			json_array_append_new(list,
					      less_json(set, level, "unread",
							l->what, l->since_us));
	}
	return list;
}

/* ---- facts ---- */

static void changed(struct skill *s, const char *person)
{
	if (s->changeh)
		s->changeh(person, s->arg);
}

static int put_lowered(struct skill *s, const struct store_lowered *row)
{
	struct lowered *l = find_lowered(s, row->person, row->queue);

	if (!l) {
		l = mem_zalloc(sizeof(*l), lowered_destructor);
		if (!l)
			return ENOMEM;
		str_ncpy(l->person, row->person, sizeof(l->person));
		str_ncpy(l->queue, row->queue, sizeof(l->queue));
		l->since_us = row->since_us;
		hash_append(s->lowered, hash_joaat_str(l->person), &l->le, l);
	}
	l->levels = (int)row->levels;
	str_ncpy(l->what, row->entries, sizeof(l->what));
	return 0;
}

static void on_skill(const struct fact *f, void *arg)
{
	struct skill *s = arg;

	if (!strcmp(f->kind, "skill.lowered"))
		(void)put_lowered(
			s, &(struct store_lowered){
				   .person = f->agent,
				   .queue = f->subject,
				   .levels = json_int(f->body, "levels"),
				   .since_us = f->at_us,
				   .entries = json_str(f->body, "entries"),
			   });
	else if (!strcmp(f->kind, "skill.restored"))
		mem_deref(find_lowered(s, f->agent, f->subject));
	else
		return;
	changed(s, f->agent);
}

static int put_gate(const struct store_gate *row, void *arg)
{
	struct skill *s = arg;
	struct gate *g = find_gate(s, row->course);

	if (!g) {
		g = mem_zalloc(sizeof(*g), gate_destructor);
		if (!g)
			return ENOMEM;
		str_ncpy(g->course, row->course, sizeof(g->course));
		list_append(&s->gates, &g->le, g);
	}
	str_ncpy(g->queue, row->queue, sizeof(g->queue));
	g->level = (int)row->level;
	g->from_us = row->from_us;
	g->counts = g->from_us <= cal_now_us();
	return 0;
}

static int put_passed(const char *course, const char *person, void *arg)
{
	struct skill *s = arg;

	if (find_passed(s, person, course))
		return 0;
	struct passed *p = mem_zalloc(sizeof(*p), passed_destructor);
	if (!p)
		return ENOMEM;
	str_ncpy(p->person, person, sizeof(p->person));
	str_ncpy(p->course, course, sizeof(p->course));
	hash_append(s->passed, hash_joaat_str(p->person), &p->le, p);
	return 0;
}

static void on_course_set(struct skill *s, const struct fact *f)
{
	const json_t *gates = json_object_get(f->body, "gates");
	const struct store_gate row = {
		.course = f->subject,
		.queue = json_str(gates, "queue"),
		.level = json_int(gates, "level"),
		.from_us = json_int(f->body, "to_us"),
	};

	if (row.level && !json_bool(f->body, "cancelled"))
		(void)put_gate(&row, s);
	else
		mem_deref(find_gate(s, f->subject));
	changed(s, "");
}

static void on_course(const struct fact *f, void *arg)
{
	struct skill *s = arg;
	const json_t *passed = json_object_get(f->body, "passed");

	if (!strcmp(f->kind, "course.set")) {
		on_course_set(s, f);
		return;
	}
	if (strcmp(f->kind, "course.marked") != 0 || !passed)
		return;
	if (json_is_true(passed))
		(void)put_passed(f->subject, f->agent, s);
	else
		mem_deref(find_passed(s, f->agent, f->subject));
	changed(s, f->agent);
}

void skill_look(struct skill *s)
{
	int64_t now = cal_now_us();
	bool news = false;
	struct le *le;

	LIST_FOREACH (&s->gates, le) {
		struct gate *g = le->data;
		bool counts = g->from_us <= now;
		news = news || counts != g->counts;
		g->counts = counts;
	}
	if (news)
		changed(s, "");
}

/* ---- life ---- */

int skill_alloc(struct skill **sp, struct fact_log *log)
{
	scoped_mem struct skill *s = mem_zalloc(sizeof(*s), destructor);

	if (!s)
		return ENOMEM;
	int err = hash_alloc(&s->lowered, BUCKETS);
	if (!err)
		err = hash_alloc(&s->passed, BUCKETS);
	if (err)
		return err;
	s->sinks[0] = (struct fact_sink){
		.prefix = "skill.", .applyh = on_skill, .arg = s};
	s->sinks[1] = (struct fact_sink){
		.prefix = "course.", .applyh = on_course, .arg = s};
	for (size_t i = 0; i < ARRAY_SIZE(s->sinks); i++)
		fact_log_sink(log, &s->sinks[i]);
	*sp = take(s);
	return 0;
}

static int on_lowered_row(const struct store_lowered *row, void *arg)
{
	return put_lowered(arg, row);
}

int skill_load(struct skill *s, struct db *db)
{
	int err = store_lowered_each(db, "", on_lowered_row, s);

	if (!err)
		err = store_gates(db, put_gate, s);
	return err ? err : store_passed(db, put_passed, s);
}

void skill_follow(struct skill *s, skill_change_h *h, void *arg)
{
	s->changeh = h;
	s->arg = arg;
}
