/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who works here: persons with roles, skills and SSH keys, in memory on the
 * loop. Loaded from the tables at start, changed by the apply of facts alone
 * ("person.", "key."). Keeps state_dir/authorized_keys, the file that sshd
 * reads, in step with them; a worker writes it, so that the loop never waits.
 *
 * Owned by main. What a person is doing now is desk/roster's business.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/core/fact.h"
#include "server/core/rpc.h"

struct people;
struct worker;

#define PERSON_ID     32
#define PERSON_NAME   64
#define PERSON_SKILLS 32
#define SKILL_LEVELS  9

struct person_skill {
	char queue[PERSON_ID];
	uint8_t level; /* 1 to SKILL_LEVELS */
};

struct person {
	char id[PERSON_ID];
	char name[PERSON_NAME];
	unsigned roles; /* ROLE_* of common/proto.h */
	bool disabled;
	size_t skills_n;
	struct person_skill skills[PERSON_SKILLS];
};

/* A person was added, changed or disabled; p is what he is now. Several may
 * follow. */
typedef void(people_change_h)(const struct person *p, void *arg);

struct people_prm {
	struct fact_log *log;
	struct worker *worker; /* NULL in tests: no key file is written */
	const char *keys_path; /* state_dir/authorized_keys */
	const char *gate;      /* program in the key lines: "zuoxi-gate" */
	const char *config;    /* its --config */
};

/* Registers its sinks with the log. */
int people_alloc(struct people **pp, const struct people_prm *prm);
/* Start: everybody, from the tables. */
int people_load(struct people *pp, struct db *db);
void people_follow(struct people *pp, people_change_h *h, void *arg);

/* NULL: nobody of that id. Borrowed; valid until the next turn of the loop
 * (persons are never taken away, they are disabled). */
const struct person *people_find(const struct people *pp, const char *id);
typedef void(people_each_h)(const struct person *p, void *arg);
void people_each(const struct people *pp, people_each_h *h, void *arg);

/* 0: no skill for the queue. */
int people_level(const struct person *p, const char *queue);
/* {"med":3}, a new reference. */
json_t *people_skills_json(const struct person *p);

/* A session_roles_h; arg is the struct people. ENOENT, EACCES. */
int people_roles(const char *person, unsigned *roles, void *arg);

/* person.*, key.*: part is the struct people. */
extern const struct rpc_handler people_methods[];
