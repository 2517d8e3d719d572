/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen's side of the workstation: keys in, frames out, the stack of
 * views, questions on the message row. It owns no connection: main gives it
 * the client, and passes its questions on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent-tui/client.h"
#include "agent-tui/model.h"
#include "agent-tui/theme.h"
#include "agent-tui/view/view.h"

struct app;

struct app_prm {
	bool over_ssh;		 /* Esc waits longer */
	bool light, light_known; /* from config */
	bool ascii;
	bool ready;	    /* take calls as soon as signed in */
	const char *server; /* as the person wrote it */
	void (*quith)(void *arg);
	void *arg;
};

int app_alloc(struct app **ap, const struct app_prm *prm);
/* Takes the terminal and begins to read keys. */
int app_start(struct app *a, struct client *client);
void app_stop(struct app *a);

/* client.h's change handler; arg is the app. */
void app_on_change(unsigned mask, void *arg);
/* tunnel.h's questions; arg is the app. */
/* The server's key whose acceptance is in question, "" for none. */
const char *app_host_key(const struct app *a);
void app_on_host(const char *host, const char *type, const char *fingerprint,
		 void *arg);
void app_on_passphrase(const char *key_file, bool again, void *arg);

/* ---- for views ---- */

const struct model *app_model(const struct app *a);
struct client *app_client(const struct app *a);
unsigned app_roles(const struct app *a);
/* The roles that commands are looked up for. Before anybody has signed in,
 * those that all may use: leaving and connecting must always work. */
unsigned app_may(const struct app *a);
const char *app_server(const struct app *a);
/* Draw again at the end of this turn. */
void app_dirty(struct app *a);
bool app_twins(const struct app *a);

/* A line on the message row, kept in :messages too. */
void app_say(struct app *a, enum model_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct app_note {
	enum model_level level;
	int64_t at_us;
	char text[400];
};
/* k 0: the newest; NULL past the oldest. */
const struct app_note *app_note(const struct app *a, size_t k);
/* F keys this terminal has really sent: bit n for Fn. */
unsigned app_seen_keys(const struct app *a);
uint32_t app_last_key(const struct app *a);

/* Opens a view on its tab (or on the one that is shown). */
int app_open(struct app *a, const struct view_ops *ops, const char *arg);
/* Closes the top view of this tab; its first one stays. */
void app_close_view(struct app *a);
/* Runs a command as if its key had been pressed; arg may be NULL. */
bool app_run(struct app *a, enum command_id id, const char *arg);
/* What can be done on the screen (below the help, where that is shown). */
void app_actions(const struct app *a, struct actions *v);
/* The name of what has the focus there. */
const char *app_place(const struct app *a);
/* Why a command cannot be done here and now (translated), NULL when it can. */
const char *app_refusal(const struct app *a, enum command_id id);

/* ---- questions: all on the message row, phone keys go on working ---- */

struct app_choice {
	char code[MODEL_ID];
	char label[160];
};
/* answer is NULL when the person gave up (Esc). */
typedef void(app_answer_h)(struct app *a, const char *answer, void *arg);

/* One digit. arg is a mem_ref object or NULL; a reference is kept. */
void app_ask_digit(struct app *a, const char *text, const struct app_choice *v,
		   int n, app_answer_h *h, void *arg);
/* Typed text filters, arrows and digits move, Enter takes; what matches no
 * line is taken as typed when `free_text` is set. */
void app_ask_pick(struct app *a, const char *text, const struct app_choice *v,
		  int n, bool free_text, app_answer_h *h, void *arg);
/* The pick whose answer goes to h is still asked; its choices by now. */
bool app_asks(const struct app *a, app_answer_h *h);
void app_choices(struct app *a, const struct app_choice *v, int n);
void app_ask_text(struct app *a, const char *text, const char *initial,
		  app_answer_h *h, void *arg);
void app_ask_secret(struct app *a, const char *text, app_answer_h *h,
		    void *arg);
/* Says what will be done; the same key again within 2 s or Enter does it. */
void app_ask_again(struct app *a, enum command_id id, const char *text,
		   app_answer_h *h, void *arg);
