/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A form: fields one under another, each a text, a note, a choice by digit,
 * flags, a pick from a long list by typing, or things that can be removed.
 * Every value is a string, so that undo, drafts and tests treat all alike.
 * What fields mean, and which are missing, the owner says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ui_kind {
	UI_TEXT,
	UI_NOTE,   /* several lines */
	UI_CHOICE, /* code of one option; a digit picks */
	UI_FLAGS,  /* codes of the options that are on, by comma */
	UI_PICK,   /* code of one option of many; typing filters */
	UI_LINKS,  /* read only names; Del removes the one under the cursor */
};

struct ui_option {
	char code[64];
	char name[120];
	char keys[64]; /* more that typing finds it by */
};

struct ui_field_prm {
	const char *key;
	const char *label; /* translated */
	enum ui_kind kind;
	bool required;
	bool same_line;	  /* beside the field before */
	int lines;	  /* of a note */
	int cols;	  /* of a text beside others; 0: all that is left */
	const char *hint; /* shown while the value is empty, or NULL */
};

enum ui_form_took {
	UI_FORM_NOT, /* not a form's key */
	UI_FORM_MOVED,
	UI_FORM_CHANGED, /* a value changed */
	UI_FORM_REMOVE,	 /* Del on the thing ui_form_link names */
	UI_FORM_LEFT,	 /* past the first or last field */
};

struct ui_form;

int ui_form_alloc(struct ui_form **fp);
int ui_form_add(struct ui_form *f, const struct ui_field_prm *prm);
/* Copied. */
int ui_form_options(struct ui_form *f, const char *key,
		    const struct ui_option *v, int n);

/* Without undo: what comes from the server. */
void ui_form_set(struct ui_form *f, const char *key, const char *value);
/* Never NULL. */
const char *ui_form_get(const struct ui_form *f, const char *key);
const char *ui_form_link(const struct ui_form *f);

enum ui_form_took ui_form_key(struct ui_form *f, uint32_t key, bool pasted);
/* One step back; false: nothing to undo. */
bool ui_form_undo(struct ui_form *f);
void ui_form_focus(struct ui_form *f, const char *key);
const char *ui_form_focused(const struct ui_form *f);
/* "!" at the field and the cursor there; NULL clears. */
void ui_form_bad(struct ui_form *f, const char *key);
/* Is a text under the cursor, so that letters are words? */
bool ui_form_in_text(const struct ui_form *f);

/* Returns the lines used. */
int ui_form_draw(struct ui_form *f, int y, int x, int w, int h, bool focus);
