/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxid's side of the telephone, as main sees it: one object that links to
 * the switch and runs all calls. It makes the work items that desk/acd
 * assigns. Order of life:
 *
 *     people, site, roster, acd -> voice_alloc -> voice_register(rpc)
 *     -> roster_load, voice_load (before the loop runs)
 *
 * Its fact sinks are read by the store thread: store first, voice after it,
 * when going down.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "server/core/rpc.h"

struct acd;
struct alarm;
struct config;
struct db;
struct roster;
struct session_hub;
struct site;
struct voice;
struct worker;

struct voice_prm {
	const struct config *cfg;
	const char *switch_path; /* NULL: run_dir/switch.sock */
	struct fact_log *log;
	struct worker *worker;	 /* NULL in tests */
	struct session_hub *hub; /* NULL in tests */
	struct alarm *alarm;	 /* NULL in tests */
	struct site *site;
	struct roster *roster;
	struct acd *acd;
};

int voice_alloc(struct voice **vp, const struct voice_prm *prm);
/* Calls in progress, from their facts. */
int voice_load(struct voice *v, struct db *db);
/* call.*, recording.*, contact.*, missed.*, wall.get */
void voice_register(struct voice *v, struct rpc *rpc);
/* The switch is linked and reconciled. */
bool voice_is_up(const struct voice *v);
/* The person's channels end (disabled, removed). */
void voice_drop(struct voice *v, const char *person);
