/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What views may ask about the life of the knowledge base. The effect is
 * seen in model.kb; what fails becomes a message. client.h says when a
 * command returns what.
 */
#pragma once

#include "agent-tui/client.h"

/* ---- review ---- */

/* That version and the one shown meanwhile (0: none) into kb.before,
 * kb.after, what confirming it means into kb.impact. */
int client_kb_compare(struct client *c, const char *entry, int version,
		      int was);
int client_kb_review(struct client *c, const char *entry, int version);
/* effective: "2026-11-24", "" as its header says */
int client_kb_confirm(struct client *c, const char *entry, int version,
		      const char *effective);
int client_kb_return(struct client *c, const char *entry, int version,
		     const char *reason);
int client_kb_withdraw(struct client *c, const char *entry, int version,
		       const char *reason);
int client_kb_rollback(struct client *c, const char *entry, int version,
		       const char *reason);
/* Into kb.versions. */
int client_kb_versions(struct client *c, const char *entry);

/* ---- writing ---- */

/* The newest text of an entry into kb.write; "": a new entry. */
int client_kb_write(struct client *c, const char *entry);
/* As a draft, over what was known; `over`: over what came meanwhile. */
int client_kb_save(struct client *c, const char *text, bool over);
/* What is not right in it, into kb.check; the newest asked counts. */
int client_kb_check(struct client *c, const char *text);

/* ---- what I must read ---- */

int client_learn_open(struct client *c, const char *entry, int version);
/* answers: choice from 0 of each question, n 0: it has none */
int client_learn_read(struct client *c, const char *entry, int version,
		      const int *answers, int n);

/* ---- questions without an answer ---- */

/* A draft of them, which is then in kb.write. */
int client_gap_draft(struct client *c, const struct model_gap *g);
/* One of entry and reason. */
int client_gap_close(struct client *c, const struct model_gap *g,
		     const char *entry, const char *reason);

/* ---- release ---- */

/* What it would be, into kb.dry. */
int client_kb_dry(struct client *c);
/* force: the reason why it goes out though the regression set is answered
 * worse; NULL: it does not. */
int client_kb_release(struct client *c, const char *note, const char *force);
