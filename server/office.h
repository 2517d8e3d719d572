/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All parts of the office, put together: one list of what starts in which
 * order, stopped in the reverse. main runs the loop between the two.
 */
#pragma once

#include "server/config.h"

struct office;

/* The loop must be there (libre_init). diag->what says what failed. */
int office_start(struct office **op, const struct config *cfg,
		 struct diag *diag);
/* Writes what waits and lets go of everything. */
void office_stop(struct office *office);
