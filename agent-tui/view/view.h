/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a screen is: a const record of functions and a state of its own. A
 * view reads the model and draws; it changes nothing but by commands of
 * client.h. Keys come to it in two forms: as keys while a text is typed
 * (key), as commands otherwise (request); what it does not take goes on to
 * the app.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent-tui/client.h"
#include "agent-tui/keymap.h"
#include "agent-tui/model.h"

struct app;
struct view;

struct area {
	int y, x, w, h;
};

struct view_ops {
	const char *name; /* msgid: title */
	int tab;	  /* digit of its tab in row 2; -1: stacks on any */
	unsigned may;	  /* roles that have it */
	size_t state_bytes;
	/* arg: what to open ("" none). errno: it is not opened. */
	int (*open)(struct view *v, const char *arg);
	void (*draw)(struct view *v, struct area a);
	/* What has the focus (enum where) and its name for the hints row. */
	unsigned (*where)(struct view *v, const char **name);
	/* What can be done here and now, most used first: the hints row, the
	 * `;` menu and help say this and request() gets nothing else. The
	 * general ones among them stand there for their place in the hints. */
	void (*actions)(struct view *v, struct actions *a);
	bool (*key)(struct view *v, uint32_t key, bool pasted);
	/* One of the actions; arg: what stood behind a `:` command, or "".
	 * False: it is left to the app. */
	bool (*request)(struct view *v, enum command_id id, const char *arg);
	/* The cursor to the next place with this text (by 1) or the one
	 * before (-1). False: there is none here. NULL: nothing to find. */
	bool (*find)(struct view *v, const char *text, int by);
	/* The model changed. */
	void (*event)(struct view *v, unsigned mask);
	void (*close)(struct view *v);
};

struct view {
	const struct view_ops *ops;
	struct app *app;
	void *state; /* state_bytes, zeroed */
};

extern const struct view_ops view_desk;
extern const struct view_ops view_ticket; /* list, and one ticket */
extern const struct view_ops view_kb;
extern const struct view_ops view_missed;
extern const struct view_ops view_record; /* recordings, player */
extern const struct view_ops view_wall;
extern const struct view_ops view_contact; /* list, and one contact */
extern const struct view_ops view_citizen;
extern const struct view_ops view_help;
extern const struct view_ops view_messages;
extern const struct view_ops view_keys;
extern const struct view_ops view_link; /* no connection: why, what to do */
