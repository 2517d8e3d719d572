/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has to read which version of an entry, what came of it, and whose skill
 * is lowered until he has. A release gives each version to everybody whose
 * skills touch its business line: the line is the code of a queue; one that
 * is no queue concerns all who have any skill. Who wrote or reviewed a
 * version has read it. A newer version takes the place of one that was not
 * read, with the same deadline.
 *
 * A version that an import brings into force by a paper is given out, too,
 * unless it is an entry's first or the import changes very many: a base that
 * is new to everybody is taught, not acknowledged entry by entry. So is a
 * rollback. All of these facts say so ("learn"); those of older programs do
 * not and give nothing out.
 *
 * Facts: "learn.read" {version, passed, right, of, wrong:[{question, answer}]}
 * of the person, subject the entry; "skill.lowered" {queue, levels, entries}
 * and "skill.restored" {queue}, agent the person, subject the queue.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "server/core/fact.h"
#include "server/core/store_check.h"

/* After store_people_register and store_kb_register: it reads their tables. */
void store_learn_register(struct fact_log *log);

/* ---- what is to be read ---- */

struct store_learn {
	const char *person, *name;
	const char *entry, *title, *line, *release;
	int64_t version;
	int64_t known; /* the version he read before, or told; 0 none */
	int64_t since_us;
	bool lowered; /* his skill of that line is */
};
typedef int(store_learn_h)(const struct store_learn *row, void *arg);
/* Open ones of a person ("": of all), behind (person, entry), in that order.
 * Non-zero ends the walk and is returned. */
int store_learn_each(struct db *db, const char *person,
		     const char *after_person, const char *after_entry,
		     store_learn_h *h, void *arg);

enum store_learn_state { LEARN_NONE, LEARN_OPEN, LEARN_READ, LEARN_OVER };
/* LEARN_OVER: a newer version took its place, or it was withdrawn. */
int store_learn_state(struct db *db, const char *person, const char *entry,
		      int64_t version, enum store_learn_state *statep,
		      int64_t *knownp);
/* The released version before that one; 0 none. */
int store_learn_before(struct db *db, const char *entry, int64_t version,
		       int64_t *beforep);

/* How many people a version of that line would be given to. */
int store_learn_count(struct db *db, const char *line, int64_t *np);

/* ---- how far each of them is ---- */

struct store_learner {
	const char *person, *name;
	int64_t open, late, done;
};
typedef int(store_learner_h)(const struct store_learner *row, void *arg);
/* Everybody with a skill, by id behind `after`; of one release, or of all
 * (""). Late is what was given out at late_us or before. */
int store_learners(struct db *db, const char *release, int64_t late_us,
		   const char *after, store_learner_h *h, void *arg);

/* ---- lowered skills ---- */

struct store_lowered {
	const char *person, *queue;
	int64_t levels, since_us;
	const char *entries; /* "KB-0415 KB-0416" */
};
typedef int(store_lowered_h)(const struct store_lowered *row, void *arg);
/* Those that are lowered, of a person or of all (""). */
int store_lowered_each(struct db *db, const char *person, store_lowered_h *h,
		       void *arg);
/* Those that should be and are not: what was given out at due_us or before is
 * not read. */
int store_lowered_due(struct db *db, int64_t due_us, store_lowered_h *h,
		      void *arg);
/* Those that are and should not be any more; of a person or of all (""). */
int store_lowered_over(struct db *db, const char *person, int64_t due_us,
		       store_lowered_h *h, void *arg);

/* ---- verify ---- */

/* Holds readings and lowered skills against their facts; *np: how many were
 * looked at. */
int store_learn_check(struct db *db, int64_t *np, store_check_h *h, void *arg);
