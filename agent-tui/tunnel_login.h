/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in over a connected SSH session, as steps of a state machine: is
 * the host known, then one key after the other (files without a passphrase,
 * ssh-agent, files with one). Of tunnel's own files only.
 */
#pragma once

#include <libssh/libssh.h>

#include "agent-tui/tunnel.h"

struct tunnel_login;

enum tunnel_login_step {
	LOGIN_AGAIN, /* wait for the socket */
	LOGIN_ASK,   /* a question was put; step again after the answer */
	LOGIN_DONE,
	LOGIN_FAILED, /* the fault says why */
};

struct tunnel_login_prm {
	const struct tunnel_prm *tunnel;
	const char *known_hosts;
	const char *key_file; /* NULL: the usual places */
};

int tunnel_login_alloc(struct tunnel_login **lp,
		       const struct tunnel_login_prm *prm);
/* A new session begins; unlocked keys stay unlocked. */
void tunnel_login_reset(struct tunnel_login *l);
enum tunnel_login_step tunnel_login_step(struct tunnel_login *l, ssh_session s,
					 struct tunnel_fault *fault);
/* Answers to the questions. */
void tunnel_login_host(struct tunnel_login *l, bool yes);
void tunnel_login_passphrase(struct tunnel_login *l, const char *text);
