/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that mean the same on every screen: the telephone, my state, the
 * way to other screens, leaving. Screens come first; what they do not take
 * ends here.
 */
#pragma once

#include "agent-tui/app.h"

/* True when the command was one of these. arg: never NULL. */
bool command_run(struct app *a, enum command_id id, const char *arg);

/* Why it cannot be done now (translated), NULL when it can. */
const char *command_refusal(const struct model *m, enum command_id id);

/* Asks for the purpose, then dials. One of the three is set. */
void command_dial(struct app *a, const char *number, int64_t missed,
		  const char *ticket);
/* Asks the reason by digit, then shows the number of one of the three. */
void command_unmask(struct app *a, const char *contact, const char *ticket,
		    int64_t missed);
/* While it is asked to whom a call goes: who is there now. */
void command_targets(struct app *a);
/* The pause reasons of the site as choices; returns how many. */
int command_pauses(const struct model *m, struct app_choice *v, int max);
