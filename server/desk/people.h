/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts: persons with roles and skills, and their SSH keys. Held in memory
 * on the loop, loaded from the tables at start, changed only by the apply of
 * facts ("person.added", "person.changed", "key.added", "key.removed"). The
 * file of authorized keys that sshd reads is rewritten after each change, off
 * the loop and atomically.
 *
 * Owned by main; followers are told of each change (roster: skills; main: a
 * disabled person's session and phone end at once).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/core/rpc.h"

#define PEOPLE_ID     32
#define PEOPLE_NAME   64
#define PEOPLE_SKILLS 32

struct people;
struct fact_log;

struct person_skill {
	char queue[PEOPLE_ID];
	uint8_t level; /* 1 to 9 */
};

struct person {
	char id[PEOPLE_ID];
	char name[PEOPLE_NAME];
	unsigned roles; /* enum proto_role */
	bool disabled;
	size_t n_skills;
	struct person_skill skills[PEOPLE_SKILLS];
};

typedef void(people_change_h)(const struct person *p, void *arg);

struct people_prm {
	struct fact_log *log;
	const char *keys_path;	  /* the authorized keys file */
	const char *gate_command; /* "zuoxi-gate --config /etc/..." */
};

/* Registers its sink with the log. */
int people_alloc(struct people **pp, const struct people_prm *prm);
int people_load(struct people *people, struct db *db);
void people_follow(struct people *people, people_change_h *h, void *arg);

/* Borrowed; valid until the person changes. NULL: none. */
const struct person *people_find(const struct people *people, const char *id);
size_t people_count(const struct people *people);
const struct person *people_at(const struct people *people, size_t i);
/* 0: no skill. */
unsigned people_skill(const struct person *p, const char *queue);
/* session_roles_h: arg is the struct people. */
int people_roles(const char *person, unsigned *roles, void *arg);

/* person.*, key.*; arg of rpc_register: the struct people. */
extern const struct rpc_handler people_methods[];
