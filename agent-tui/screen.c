/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ncurses, for output only. Two things about it shape this file: it counts
 * cells by wcwidth(), so a character whose width we see differently is
 * replaced; and its scrolling and insert/delete optimisations are left off,
 * because they tear wide characters apart on some terminals.
 */
#include "agent-tui/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
/* term.h makes macros of common words: it comes last */
#include "common/utf8.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#define SYNC_ON	 "\x1b[?2026h"
#define SYNC_OFF "\x1b[?2026l"
/* push title, bracketed paste on; and back */
#define ENTER_MODES "\x1b[22;0t\x1b[?2004h"
#define LEAVE_MODES "\x1b[?2004l\x1b[23;0t"
/* for the signal handler: attributes, cursor, main screen */
#define RESCUE SYNC_OFF LEAVE_MODES "\x1b[0m\x1b[?25h\x1b[?1049l\r\n"

enum { BASE_TEXT, BASE_BAR, BASE_SELECT, BASE_N };

static struct {
	SCREEN *scr;
	struct termios old;
	volatile sig_atomic_t on;
	bool ascii, sync, light;
	enum theme_depth depth;
	attr_t attr[BASE_N][ST_N];
	int cur_y, cur_x;
	int sent_y, sent_x; /* of the last frame */
	bool cur_on;
	char title[128];
} s;

/* ---- asking the terminal ---- */

static void send(const char *text, size_t n)
{
	while (n) {
		ssize_t w = write(STDOUT_FILENO, text, n);
		if (w < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (w > 0) {
			text += w;
			n -= (size_t)w;
		}
	}
}

struct answers {
	int column; /* after three ambiguous characters; 0: no answer */
	int light;  /* -1: none */
	bool sync, done;
};

static const char *seq_end(const char *p)
{
	if (p[1] == ']') {
		const char *bel = strchr(p, 7), *st = strstr(p + 1, "\x1b\\");
		if (bel && (!st || bel < st))
			return bel + 1;
		return st ? st + 2 : NULL;
	}
	if (p[1] != '[')
		return p + 1;
	for (p += 2; *p; p++)
		if (*p >= 0x40 && *p <= 0x7E)
			return p + 1;
	return NULL;
}

/* True when the sequence was an answer of the terminal. */
static bool answer(struct answers *a, const char *p, const char *end)
{
	int row, column, mode;
	const char *rgb;

	if (p[1] == ']') {
		rgb = strstr(p, "rgb:");
		if (rgb && rgb < end)
			a->light = theme_light_rgb(rgb);
		return true;
	}
	if (end[-1] == 'R' && sscanf(p + 2, "%d;%dR", &row, &column) == 2) {
		a->column = column;
		return true;
	}
	if (end[-1] == 'y' && sscanf(p + 2, "?2026;%d$y", &mode) == 1) {
		a->sync = mode == 1 || mode == 2;
		return true;
	}
	if (end[-1] == 'c' && p[2] == '?') {
		a->done = true;
		return true;
	}
	return false;
}

/* Takes the answers out of buf; what is left was typed. */
static size_t sift(struct answers *a, char *buf)
{
	char *p = buf;

	while ((p = strchr(p, 27))) {
		const char *end = seq_end(p);
		if (!end)
			break;
		if (answer(a, p, end))
			memmove(p, end, strlen(end) + 1);
		else
			p++;
	}
	return strlen(buf);
}

/* Prints three characters of ambiguous width at the line's start and asks
 * where the cursor is; DA1 comes last because every terminal answers it. */
static struct answers ask(char *typed, size_t size, size_t *typed_n)
{
	static const char q[] = "\r●“─\x1b[6n\r\x1b[K\x1b]11;?\x1b\\"
				"\x1b[?2026$p\x1b[c";
	struct answers a = {.light = -1};
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	size_t n = 0;
	ssize_t r;

	send(q, sizeof(q) - 1);
	while (!a.done && n + 1 < size && poll(&fd, 1, 200) == 1) {
		r = read(STDIN_FILENO, typed + n, size - n - 1);
		if (r <= 0)
			break;
		n += (size_t)r;
		typed[n] = '\0';
		n = sift(&a, typed);
	}
	*typed_n = n;
	return a;
}

/* ---- start and stop ---- */

static void make_attrs(void)
{
	short pair = 1;

	for (int b = 0; b < BASE_N; b++) {
		struct theme_look under =
			theme_look(b == BASE_BAR      ? ST_BAR
				   : b == BASE_SELECT ? ST_SELECT
						      : ST_TEXT,
				   s.depth, s.light);
		for (int st = 0; st < ST_N; st++) {
			struct theme_look l =
				theme_look((enum style)st, s.depth, s.light);
			attr_t at = A_NORMAL;
			if (l.bg == -1)
				l.bg = under.bg;
			if (l.fg == -1)
				l.fg = under.fg;
			if (l.bold || under.bold)
				at |= A_BOLD;
			if (l.dim)
				at |= A_DIM;
			if (l.underline)
				at |= A_UNDERLINE;
			if (l.reverse || under.reverse)
				at |= A_REVERSE;
			if (s.depth != DEPTH_MONO) {
				init_extended_pair(pair, l.fg, l.bg);
				at |= COLOR_PAIR(pair);
				pair++;
			}
			s.attr[b][st] = at;
		}
	}
}

static void raw_tty(void)
{
	struct termios t = s.old;

	cfmakeraw(&t);
	t.c_oflag |= OPOST;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

static void pick_light(const struct screen_prm *prm, const struct answers *a)
{
	const char *fgbg = getenv("COLORFGBG");
	int light = prm->light_known ? prm->light : a->light;

	if (light < 0 && fgbg)
		light = theme_light_fgbg(fgbg);
	s.light = light == 1;
}

/* Colours are not even begun under NO_COLOR: ncurses would reset them. */
static void pick_depth(void)
{
	const char *no_color = getenv("NO_COLOR");
	int colours = has_colors() ? tigetnum("colors") : 0;

	s.depth = theme_depth(
		colours, tigetflag("RGB") > 0 || colours >= 1 << 24, no_color);
	if (s.depth == DEPTH_MONO)
		return;
	start_color();
	use_default_colors();
}

int screen_start(const struct screen_prm *prm, char *typed, size_t size,
		 size_t *typed_n)
{
	struct answers a;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return ENOTTY;
	if (tcgetattr(STDIN_FILENO, &s.old))
		return errno;
	raw_tty();
	a = ask(typed, size, typed_n);
	s.sync = a.sync;
	s.ascii = prm->ascii || a.column != 4;
	if (a.column > 4)
		utf8_ambiguous(2);
	pick_light(prm, &a);

	s.scr = newterm(NULL, stdout, stdin);
	if (!s.scr) {
		tcsetattr(STDIN_FILENO, TCSANOW, &s.old);
		return ENODEV;
	}
	s.on = 1;
	raw();
	noecho();
	nonl();
	typeahead(-1);
	idlok(stdscr, FALSE);
	idcok(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	pick_depth();
	make_attrs();
	send(ENTER_MODES, sizeof(ENTER_MODES) - 1);
	return 0;
}

void screen_stop(void)
{
	if (!s.on)
		return;
	s.on = 0;
	send(LEAVE_MODES, sizeof(LEAVE_MODES) - 1);
	endwin();
	delscreen(s.scr);
	s.scr = NULL;
	tcsetattr(STDIN_FILENO, TCSANOW, &s.old);
}

void screen_rescue(void)
{
	ssize_t n;

	if (!s.on)
		return;
	s.on = 0;
	n = write(STDOUT_FILENO, RESCUE, sizeof(RESCUE) - 1);
	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &s.old);
}

void screen_resize(void)
{
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_row && ws.ws_col)
		resizeterm(ws.ws_row, ws.ws_col);
}

int screen_rows(void)
{
	return LINES;
}

int screen_cols(void)
{
	return COLS;
}

void screen_set_light(bool light)
{
	s.light = light;
	make_attrs();
	screen_redraw();
}

void screen_describe(char *out, size_t size)
{
	static const char *const depths[] = {"mono", "16", "256", "RGB"};

	snprintf(out, size, "%s %dx%d %s %s %s", getenv("TERM"), COLS, LINES,
		 depths[s.depth], s.light ? "light" : "dark",
		 s.ascii ? "ASCII" : "UTF-8");
}

/* ---- frames ---- */

void screen_begin(void)
{
	erase();
	s.cur_on = false;
	s.cur_y = LINES - 1;
	s.cur_x = 0;
}

void screen_cursor(int y, int x, bool visible)
{
	s.cur_y = y;
	s.cur_x = x < COLS ? x : COLS - 1;
	s.cur_on = visible;
}

/* Would doupdate() send anything? wnoutrefresh() has marked what really
 * differs, and the cursor is where the last frame left it. */
static bool differs(void)
{
	return is_wintouched(newscr) || is_cleared(newscr) ||
	       is_cleared(curscr) || getcury(newscr) != s.sent_y ||
	       getcurx(newscr) != s.sent_x;
}

/* Between frames ncurses has nothing buffered, so our own sequences go
 * straight out; putp() would leave them in stdio's buffer. */
void screen_end(void)
{
	curs_set(s.cur_on);
	move(s.cur_y, s.cur_x);
	wnoutrefresh(stdscr);
	if (!differs())
		return;
	s.sent_y = getcury(newscr);
	s.sent_x = getcurx(newscr);
	if (s.sync)
		send(SYNC_ON, sizeof(SYNC_ON) - 1);
	doupdate();
	if (s.sync)
		send(SYNC_OFF, sizeof(SYNC_OFF) - 1);
}

void screen_redraw(void)
{
	clearok(curscr, TRUE);
}

/* ---- text ---- */

static const char *twin(const char *g, size_t n)
{
	static const struct {
		const char *from, *to;
	} twins[] = {
		{"●", "*"}, {"◇", "?"}, {"◆", "#"},  {"‖", "="},  {"◐", "%"},
		{"○", "o"}, {"▲", "^"}, {"►", ">"},  {"▸", ">"},  {"✓", "v"},
		{"×", "x"}, {"…", "~"}, {"│", "|"},  {"─", "-"},  {"━", "="},
		{"█", "#"}, {"░", ":"}, {"┬", "+"},  {"┼", "+"},  {"├", "+"},
		{"┤", "+"}, {"┴", "+"}, {"“", "\""}, {"”", "\""}, {"‘", "'"},
		{"’", "'"}, {"—", "-"}, {"·", "."},  {"‹", "<"},  {"›", ">"},
		{"▁", "1"}, {"▂", "2"}, {"▃", "3"},  {"▄", "4"},  {"▅", "5"},
		{"▆", "6"}, {"▇", "7"}, {"▌", "|"},  {"↵", "$"},  {"⇐", "<"},
		{"→", ">"}, {"←", "<"}, {"↑", "^"},  {"↓", "v"},  {"↔", "-"},
	};

	for (size_t i = 0; i < sizeof(twins) / sizeof(*twins); i++)
		if (strlen(twins[i].from) == n && !memcmp(twins[i].from, g, n))
			return twins[i].to;
	return NULL;
}

/* One cluster into a cell; marks among its characters switch `mark`. */
static void cell(int y, int x, int w, attr_t at, const char *g, size_t n,
		 bool *mark)
{
	wchar_t wc[CCHARW_MAX + 1] = {0};
	size_t k = 0;
	cchar_t cc;
	const char *t = s.ascii ? twin(g, n) : NULL;
	bool now = *mark;

	if (t) {
		g = t;
		n = strlen(t);
		w = 1;
	}
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		i += utf8_get(&cp, g + i, n - i);
		if (cp == UTF8_MARK_ON || cp == UTF8_MARK_OFF) {
			*mark = cp == UTF8_MARK_ON;
			if (!k)
				now = *mark;
		} else if (k < CCHARW_MAX && (k || utf8_width_cp(cp))) {
			wc[k++] = (wchar_t)cp;
		}
	}
	if (!k)
		return;
	if (wcwidth(wc[0]) != (w > 2 ? 2 : w)) {
		wc[0] = w == 2 ? L'〓' : L'?';
		wc[1] = 0;
	}
	if (now)
		at = s.attr[BASE_TEXT][ST_MARK];
	setcchar(&cc, wc, at & ~A_COLOR, (short)PAIR_NUMBER(at), NULL);
	mvadd_wch(y, x, &cc);
}

static attr_t attr_in(enum style base, enum style st)
{
	int b = base == ST_BAR	    ? BASE_BAR
		: base == ST_SELECT ? BASE_SELECT
				    : BASE_TEXT;

	return s.attr[b][st];
}

static bool digit_or_wide(const char *p)
{
	return (*p >= '0' && *p <= '9') || (unsigned char)*p >= 0xE0;
}

/* The style of the shape at p, if it stands as a sign and not inside words:
 * "!" counts before a digit or Chinese, or after a blank or a digit. */
static enum style sign(const char *p, const char *start, int *bytes)
{
	enum style st = theme_shape(p, bytes);

	if (st == ST_WARN && *p == '!') {
		bool before = p == start || p[-1] == ' ' ||
			      (p[-1] >= '0' && p[-1] <= '9');
		if (!before || (p == start && p[1] && !digit_or_wide(p + 1) &&
				p[1] != ' ' && p[1] != 'K' && p[1] != 'T'))
			return ST_TEXT;
	}
	return st;
}

struct run {
	int y, x, used;
	enum style base, st;
	bool mix, mark;
};

static void run_text(struct run *r, const char *text, size_t n)
{
	enum style st = r->st;
	int left = 0;

	for (size_t i = 0; i < n;) {
		size_t g = utf8_grapheme(text + i, n - i);
		int w = utf8_width_n(text + i, g), bytes = 0;
		if (r->mix && left <= 0) {
			st = sign(text + i, text, &bytes);
			if (st == ST_TEXT)
				st = r->base;
			left = bytes;
		}
		left -= (int)g;
		cell(r->y, r->x + r->used, w,
		     attr_in(r->base, r->mix ? st : r->st), text + i, g,
		     &r->mark);
		r->used += w;
		i += g;
	}
}

static int put(struct run *r, int w, const char *text)
{
	size_t len = strlen(text), n;
	int used = 0;

	if (w > COLS - r->x)
		w = COLS - r->x;
	if (r->y < 0 || r->y >= LINES || r->x < 0 || w <= 0)
		return 0;
	n = utf8_fit(text, len, w, &used);
	if (n == len) {
		run_text(r, text, len);
		return r->used;
	}
	n = utf8_fit(text, len, w - 1, &used);
	run_text(r, text, n);
	r->mark = false;
	while (r->used < w - 1)
		run_text(r, " ", 1);
	run_text(r, "…", strlen("…"));
	return r->used;
}

int screen_put(int y, int x, int w, enum style st, const char *text)
{
	struct run r = {.y = y, .x = x, .base = st, .st = st};

	return put(&r, w, text);
}

int screen_mix(int y, int x, int w, enum style base, const char *text)
{
	/* a row that is reversed as a whole stays one colour */
	bool mix = base != ST_RING && base != ST_CRIT;
	struct run r = {.y = y, .x = x, .base = base, .st = base, .mix = mix};

	return put(&r, w, text);
}

void screen_fill(int y, int x, int w, enum style st)
{
	struct run r = {.y = y, .x = x, .base = st, .st = st};

	if (w > COLS - x)
		w = COLS - x;
	if (y < 0 || y >= LINES || x < 0)
		return;
	while (r.used < w)
		run_text(&r, " ", 1);
}

void screen_rule(int y, int x, int w, bool heavy, const char *title,
		 const char *hint)
{
	const char *line = heavy ? "━" : "─";
	enum style st = heavy ? ST_FOCUS : ST_DIM;
	int hw = hint && *hint ? utf8_width(hint) : 0, used = 1;

	for (int i = 0; i < w; i++)
		screen_put(y, x + i, 1, st, line);
	if (w < 6)
		return;
	if (title && *title) {
		screen_put(y, x + 1, 1, st, " ");
		used = 2 + screen_mix(y, x + 2, w - 4,
				      heavy ? ST_FOCUS : ST_TEXT, title);
		screen_put(y, x + used, 1, st, " ");
		used++;
	}
	if (hw && used + hw + 4 <= w) {
		int at = x + w - hw - 2;
		screen_put(y, at - 1, 1, st, " ");
		screen_put(y, at, hw, ST_DIM, hint);
		screen_put(y, at + hw, 1, st, " ");
	}
}

static bool is_rule(int y, int x)
{
	cchar_t cc;
	wchar_t wc[CCHARW_MAX + 1] = {0};
	attr_t at;
	short pair;

	if (x < 0 || x >= COLS || mvin_wch(y, x, &cc) == ERR)
		return false;
	if (getcchar(&cc, wc, &at, &pair, NULL) == ERR)
		return false;
	return wc[0] == L'─' || wc[0] == L'━' ||
	       (s.ascii && (wc[0] == L'-' || wc[0] == L'='));
}

void screen_divider(int x, int y0, int y1)
{
	for (int y = y0; y <= y1; y++) {
		bool l = is_rule(y, x - 1), r = is_rule(y, x + 1);
		const char *g = l && r ? (y == y0 ? "┬" : "┼")
				: l    ? (y == y0 ? "┐" : "┤")
				: r    ? (y == y0 ? "┌" : "├")
				       : "│";
		screen_put(y, x, 1, ST_DIM, g);
	}
}

void screen_title(const char *text)
{
	char b[192];
	int n;

	if (!strcmp(text, s.title))
		return;
	snprintf(s.title, sizeof(s.title), "%s", text);
	n = snprintf(b, sizeof(b), "\x1b]2;%s\x1b\\", text);
	send(b, (size_t)n);
}

void screen_bell(void)
{
	send("\a", 1);
}
