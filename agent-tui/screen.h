/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: start, restore, size, and drawing by columns. A frame is
 * begun, drawn and ended; ncurses sends what changed, in one synchronized
 * block where the terminal offers that (DEC mode 2026). All text goes through
 * here, so that width, cutting, the ASCII set and citizens' marks
 * (UTF8_MARK_ON/OFF) are settled in one place. Input is not read here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent-tui/theme.h"

struct screen_prm {
	bool light, light_known; /* from config; else asked of the terminal */
	bool ascii;		 /* force the ASCII set */
};

/* errno when the terminal cannot be used (no tty, unknown TERM). Keys typed
 * while the terminal was being asked are left in `typed`. */
int screen_start(const struct screen_prm *prm, char *typed, size_t size,
		 size_t *typed_n);
/* Gives the terminal back; may be called twice. */
void screen_stop(void);
/* The same from a signal handler: only write() and tcsetattr(). */
void screen_rescue(void);

/* Reads the new size after SIGWINCH. */
void screen_resize(void);
int screen_rows(void);
int screen_cols(void);
void screen_set_light(bool light);
void screen_describe(char *out, size_t size);

void screen_begin(void);
/* Sends the frame; the cursor ends at y, x (y < 0: hidden, bottom left). */
void screen_end(void);
void screen_cursor(int y, int x, bool visible);
/* Everything anew (^L). */
void screen_redraw(void);

/* Text in `w` columns, cut with "…". Returns the columns used. */
int screen_put(int y, int x, int w, enum style st, const char *s);
/* The same, shapes (● ◆ !! …) in their own colours; `base` for the rest. */
int screen_mix(int y, int x, int w, enum style base, const char *s);
/* Blanks of a style. */
void screen_fill(int y, int x, int w, enum style st);
/* Title line: rule, title, rule, hint, rule. Heavy when focused. */
void screen_rule(int y, int x, int w, bool heavy, const char *title,
		 const char *hint);
/* Vertical line; joins the title lines that touch it. */
void screen_divider(int x, int y0, int y1);

/* Our own words only, never a citizen's. */
void screen_title(const char *text);
void screen_bell(void);
