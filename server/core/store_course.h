/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Courses and who was there: internal ones, the bureau's, days in the service
 * hall. An exam may stand before a level of a queue (desk/skill).
 *
 * Facts, subject the course: "course.set" {kind, title, organiser, from_us,
 * to_us, place, entries:[{id, version}], note, gates:{queue, level},
 * cancelled}, whole; "course.signed" of the person who was there;
 * "course.marked" {in_us, out_us, score, passed}, agent the person: only what
 * was said.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "server/core/fact.h"

void store_course_register(struct fact_log *log);

/* The body of its last course.set, with "id", "people" and "passed" (how
 * many). New reference; NULL: none. */
json_t *store_course(struct db *db, const char *id);
/* Courses that touch [from_us, to_us), newest first, behind (after_us, after):
 * body as above, borrowed. Non-zero ends the walk and is returned. */
struct store_course_span {
	int64_t from_us, to_us;
	int64_t after_us; /* INT64_MAX: from the first */
	const char *after;
};
typedef int(store_course_h)(const char *id, json_t *body, void *arg);
int store_course_each(struct db *db, const struct store_course_span *span,
		      store_course_h *h, void *arg);
/* [{"person","name","in_us","out_us","score","passed","signed"}]: null where
 * nothing was said; of one person, or of all (""). New reference. */
json_t *store_course_people(struct db *db, const char *id, const char *person);
/* "C-2026-014": after the last of the year. */
int store_course_next_id(struct db *db, int year, char *id, size_t size);

/* Exams: what they stand before, and who passed. */
struct store_gate {
	const char *course, *queue;
	int64_t level, from_us; /* counts from then on: the course's end */
};
typedef int(store_gate_h)(const struct store_gate *g, void *arg);
int store_gates(struct db *db, store_gate_h *h, void *arg);
typedef int(store_passed_h)(const char *course, const char *person, void *arg);
int store_passed(struct db *db, store_passed_h *h, void *arg);
