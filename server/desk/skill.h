/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a skill counts for now. A person has a level for a queue, as an
 * administrator set it; it counts for less while a changed entry of that
 * queue's line is not read in time (lowered), and it is capped below a level
 * that an exam stands before and that he has not passed (a gate). Nobody
 * loses a level by it: with the reading, or the exam, it is as it was.
 *
 * On the loop, from the facts "skill.*" and "course.*" alone. Who lowers is
 * desk/reminder, who holds exams desk/course.
 */
#pragma once

#include <stdint.h>
#include <jansson.h>

#include "common/db.h"
#include "server/desk/people.h"

struct skill;
struct fact_log;

/* Registers its sinks with the log. */
int skill_alloc(struct skill **sp, struct fact_log *log);
/* Start: from the tables. */
int skill_load(struct skill *s, struct db *db);

/* What `level`, which is set for the queue, counts for now: 0 to level. */
int skill_level(const struct skill *s, const char *person, const char *queue,
		int level);
/* [{"queue","level","set","why":"unread"|"exam","what","since_us"}] of those
 * that count for less; what: entries or course. A new reference. */
json_t *skill_json(const struct skill *s, const struct person *p);

/* Skills of a person ("": of many) count for something else now. One
 * handler. */
typedef void(skill_change_h)(const char *person, void *arg);
void skill_follow(struct skill *s, skill_change_h *h, void *arg);
/* Time passes: exams whose day has come begin to count. */
void skill_look(struct skill *s);
