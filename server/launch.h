/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a daemon has to settle with the machine it runs on: its limits, its
 * folders, the lock on its state, the word to systemd, and a zuoxi-switch
 * beside it where systemd does not keep one.
 */
#pragma once

#include <stdbool.h>

#include "server/config.h"

/* umask 077, no core dumps, as many descriptors as allowed, libre told so. */
int launch_limits(void);

/* The folders of state and sockets, 0700 where they are made. */
int launch_folders(const struct config *cfg, struct diag *diag);

/* Never two daemons on one state folder. *fdp holds the lock while open.
 * EADDRINUSE: *pid has it. */
int launch_lock(int *fdp, const char *state_dir, long *pid);

/* "READY=1", "STOPPING=1", ... to $NOTIFY_SOCKET; nothing without it. */
void launch_notify(const char *state);
/* Is there a service manager that keeps our units? */
bool launch_managed(void);

/* Does a switch answer on run/switch.sock? */
bool launch_switch_answers(const struct config *cfg);
/* Starts zuoxi-switch as a process that outlives us. */
int launch_switch(const struct config *cfg);
