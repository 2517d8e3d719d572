/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What things look like. Views name meanings, never colours: this table
 * turns a meaning into colours and attributes for what the terminal can do.
 * Colour only repeats what shape and word already say, so monochrome loses
 * nothing. Texts have at least 4.5:1 on black, #2E3440, white and #FDF6E3.
 */
#pragma once

#include <stdbool.h>

enum style {
	ST_TEXT,   /* the terminal's own */
	ST_DIM,	   /* labels, paused, stale */
	ST_BAR,	   /* row 1 and the last two */
	ST_FOCUS,  /* title line of the pane in focus */
	ST_SELECT, /* the row of the cursor */
	ST_FIELD,  /* where one types */
	ST_OK,
	ST_RING,
	ST_TALK,
	ST_WRAP,
	ST_WARN,
	ST_CRIT,
	ST_MARK, /* stands for something a text may not send */
	ST_N,
};

enum theme_depth { DEPTH_MONO, DEPTH_16, DEPTH_256, DEPTH_TRUE };

struct theme_look {
	int fg, bg; /* -1: the terminal's own; true colour: 0xRRGGBB */
	bool bold, dim, underline, reverse;
};

struct theme_look theme_look(enum style st, enum theme_depth depth,
			     bool light);

/* The deepest that colours, NO_COLOR and the terminal's kind allow. */
enum theme_depth theme_depth(int colours, bool direct, const char *no_color);

/* "rgb:1e1e/1e1e/1e1e" as OSC 11 answers: 1 light, 0 dark, -1 unreadable. */
int theme_light_rgb(const char *rgb);
/* COLORFGBG ("15;0", "0;default;15"): same answers. */
int theme_light_fgbg(const char *fgbg);

/* The shape that a style belongs to: the style of a glyph such as "●", or
 * ST_TEXT for one that means nothing. `s` is at a glyph's first byte. */
enum style theme_shape(const char *s, int *bytes);
