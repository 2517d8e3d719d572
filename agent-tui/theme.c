/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of looks. Colours 8 to 15 are not used with 16 colours (bold
 * instead), the palette is never redefined and the background never painted
 * except where a style says so.
 */
#include "agent-tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* [0] dark, [1] light; 16 colours: 0 black 1 red 2 green 3 yellow 4 blue
 * 5 magenta 6 cyan */
struct row {
	struct theme_look rgb[2], c256[2], c16[2], mono;
};

#define FG(c)                       \
	{                           \
		.fg = (c), .bg = -1 \
	}
#define PAIR(f, b)                   \
	{                            \
		.fg = (f), .bg = (b) \
	}
#define PLAIN                      \
	{                          \
		.fg = -1, .bg = -1 \
	}
#define BOLD                                     \
	{                                        \
		.fg = -1, .bg = -1, .bold = true \
	}
#define BOLD_FG(c)                                \
	{                                         \
		.fg = (c), .bg = -1, .bold = true \
	}
#define REVERSE                                     \
	{                                           \
		.fg = -1, .bg = -1, .reverse = true \
	}
#define UNDERLINE                                     \
	{                                             \
		.fg = -1, .bg = -1, .underline = true \
	}
#define LOUD(c)                                                    \
	{                                                          \
		.fg = (c), .bg = -1, .bold = true, .reverse = true \
	}
#define DIM                                     \
	{                                       \
		.fg = -1, .bg = -1, .dim = true \
	}

static const struct row rows[ST_N] = {
	[ST_TEXT] = {{PLAIN, PLAIN}, {PLAIN, PLAIN}, {PLAIN, PLAIN}, PLAIN},
	[ST_DIM] = {{FG(0x8F9BB0), FG(0x5D6675)},
		    {FG(248), FG(242)},
		    {DIM, DIM},
		    PLAIN},
	[ST_BAR] = {{PAIR(0xD8DEE9, 0x2A313C), PAIR(0x22272E, 0xE4E8EE)},
		    {PAIR(254, 236), PAIR(235, 254)},
		    {BOLD, BOLD},
		    BOLD},
	[ST_FOCUS] = {{BOLD_FG(0x8FB8FF), BOLD_FG(0x1F4FA8)},
		      {BOLD_FG(111), BOLD_FG(25)},
		      {BOLD, BOLD},
		      BOLD},
	[ST_SELECT] = {{PAIR(0xFFFFFF, 0x2F4A6B), PAIR(0x22272E, 0xCFE0F5)},
		       {PAIR(231, 239), PAIR(235, 189)},
		       {REVERSE, REVERSE},
		       REVERSE},
	[ST_FIELD] = {{UNDERLINE, UNDERLINE},
		      {UNDERLINE, UNDERLINE},
		      {UNDERLINE, UNDERLINE},
		      UNDERLINE},
	[ST_OK] = {{FG(0x5FC99A), FG(0x0B6E4F)},
		   {FG(78), FG(23)},
		   {FG(2), FG(2)},
		   PLAIN},
	[ST_RING] = {{PAIR(0x1B1400, 0xF2C14E), PAIR(0xFFFFFF, 0x7A4E00)},
		     {PAIR(16, 221), PAIR(231, 94)},
		     {LOUD(3), LOUD(3)},
		     {.fg = -1, .bg = -1, .bold = true, .reverse = true}},
	[ST_TALK] = {{FG(0x6CB8F0), FG(0x0B5C9E)},
		     {FG(75), FG(25)},
		     {FG(6), FG(4)},
		     BOLD},
	[ST_WRAP] = {{FG(0xD79BE0), FG(0x7A3E93)},
		     {FG(176), FG(96)},
		     {FG(5), FG(5)},
		     UNDERLINE},
	[ST_WARN] = {{FG(0xF2A65A), FG(0x9A4A00)},
		     {FG(215), FG(94)},
		     {BOLD_FG(3), BOLD_FG(1)},
		     BOLD},
	[ST_CRIT] = {{PAIR(0x1A0000, 0xFF7B6B), PAIR(0xFFFFFF, 0xB3261E)},
		     {PAIR(16, 209), PAIR(231, 124)},
		     {LOUD(1), LOUD(1)},
		     {.fg = -1, .bg = -1, .bold = true, .reverse = true}},
	[ST_MARK] = {{{.fg = 0x8F9BB0, .bg = -1, .reverse = true},
		      {.fg = 0x5D6675, .bg = -1, .reverse = true}},
		     {{.fg = 248, .bg = -1, .reverse = true},
		      {.fg = 242, .bg = -1, .reverse = true}},
		     {{.fg = -1, .bg = -1, .dim = true, .reverse = true},
		      {.fg = -1, .bg = -1, .dim = true, .reverse = true}},
		     {.fg = -1, .bg = -1, .dim = true, .reverse = true}},
};

struct theme_look theme_look(enum style st, enum theme_depth depth, bool light)
{
	const struct row *r = &rows[st];

	switch (depth) {
	case DEPTH_TRUE:
		return r->rgb[light];
	case DEPTH_256:
		return r->c256[light];
	case DEPTH_16:
		return r->c16[light];
	default:
		return r->mono;
	}
}

enum theme_depth theme_depth(int colours, bool direct, const char *no_color)
{
	if ((no_color && *no_color) || colours < 8)
		return DEPTH_MONO;
	if (direct)
		return DEPTH_TRUE;
	return colours >= 256 ? DEPTH_256 : DEPTH_16;
}

int theme_light_rgb(const char *rgb)
{
	unsigned c[3];
	double lum;

	if (sscanf(rgb, "rgb:%4x/%4x/%4x", &c[0], &c[1], &c[2]) != 3)
		return -1;
	/* 2 or 4 digits a channel, as the answer has them */
	const char *slash = strchr(rgb, '/');
	double full = slash - rgb - 4 > 2 ? 65535.0 : 255.0;
	lum = (0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]) / full;
	return lum > 0.5;
}

int theme_light_fgbg(const char *fgbg)
{
	const char *last = strrchr(fgbg, ';');
	char *end;

	if (!last)
		return -1;
	long bg = strtol(last + 1, &end, 10);
	if (end == last + 1 || *end)
		return -1;
	return bg == 7 || bg == 15;
}

enum style theme_shape(const char *s, int *bytes)
{
	static const struct {
		const char *glyph;
		enum style st;
	} shapes[] = {
		{"!!", ST_CRIT}, {"×", ST_CRIT}, {"!", ST_WARN},
		{"▲", ST_WARN},	 {"●", ST_OK},	 {"✓", ST_OK},
		{"◆", ST_TALK},	 {"►", ST_TALK}, {"◐", ST_WRAP},
		{"‖", ST_WRAP},	 {"○", ST_DIM},	 {"◇", ST_WARN},
		{"─", ST_DIM},
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t n = strlen(shapes[i].glyph);
		if (!strncmp(s, shapes[i].glyph, n)) {
			*bytes = (int)n;
			return shapes[i].st;
		}
	}
	*bytes = 0;
	return ST_TEXT;
}
