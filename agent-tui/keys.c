/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder is a small state machine over what has arrived so far: plain
 * UTF-8, ESC, ESC [ parameters final, ESC O final. It never guesses from
 * time except for a lone ESC, which counts as the key after esc_ms. Modifiers
 * (";5") are dropped: chords with Shift, Alt or Ctrl on F keys mean the key.
 */
#include "agent-tui/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/utf8.h"

struct keys {
	struct tmr tmr;
	unsigned esc_ms;
	keys_h *h;
	void *arg;
	char buf[64]; /* what is not complete yet */
	size_t n;
	bool paste;
};

static void destructor(void *arg)
{
	struct keys *k = arg;

	tmr_cancel(&k->tmr);
}

int keys_alloc(struct keys **kp, unsigned esc_ms, keys_h *h, void *arg)
{
	struct keys *k = mem_zalloc(sizeof(*k), destructor);

	if (!k)
		return ENOMEM;
	tmr_init(&k->tmr);
	k->esc_ms = esc_ms;
	k->h = h;
	k->arg = arg;
	*kp = k;
	return 0;
}

/* "ESC [ n ~": VT220 and all that follow it */
static uint32_t tilde(int n)
{
	static const uint32_t keys[35] = {
		[1] = K_HOME,	  [2] = K_INS,	    [3] = K_DEL,
		[4] = K_END,	  [5] = K_PGUP,	    [6] = K_PGDN,
		[7] = K_HOME,	  [8] = K_END,	    [11] = K_F0 + 1,
		[12] = K_F0 + 2,  [13] = K_F0 + 3,  [14] = K_F0 + 4,
		[15] = K_F0 + 5,  [17] = K_F0 + 6,  [18] = K_F0 + 7,
		[19] = K_F0 + 8,  [20] = K_F0 + 9,  [21] = K_F0 + 10,
		[23] = K_F0 + 11, [24] = K_F0 + 12,
	};

	return n > 0 && n < 35 ? keys[n] : 0;
}

static uint32_t csi_letter(char c, bool params)
{
	switch (c) {
	case 'A':
		return K_UP;
	case 'B':
		return K_DOWN;
	case 'C':
		return K_RIGHT;
	case 'D':
		return K_LEFT;
	case 'H':
		return K_HOME;
	case 'F':
		return K_END;
	case 'Z':
		return K_BACKTAB;
	default:
		break;
	}
	/* xterm "ESC [ 1 ; 2 P" is F1 with Shift; SCO (PuTTY) has no
	 * parameters and counts M N O ... from F1 */
	if (params)
		return c >= 'P' && c <= 'S' ? K_F((unsigned)(c - 'P' + 1)) : 0;
	return c >= 'M' && c <= 'X' ? K_F((unsigned)(c - 'M' + 1)) : 0;
}

static uint32_t ss3_letter(char c)
{
	if (c >= 'P' && c <= '[')
		return K_F((unsigned)(c - 'P' + 1));
	if (c == 'M')
		return K_ENTER;
	/* the keypad in application mode */
	if (c >= 'p' && c <= 'y')
		return (uint32_t)(c - 'p' + '0');
	if (c >= 'j' && c <= 'o')
		return (uint32_t)(c - 'j' + '*');
	return csi_letter(c, true);
}

static void emit(struct keys *k, uint32_t key)
{
	if (key)
		k->h(key, k->paste, k->arg);
}

/* A complete ESC [ sequence of n bytes. */
static void csi(struct keys *k, size_t n)
{
	char final = k->buf[n - 1];

	if (n == 4 && k->buf[2] == '[') { /* Linux console F1-F5 */
		if (final >= 'A' && final <= 'E')
			emit(k, K_F((unsigned)(final - 'A' + 1)));
		return;
	}
	if (k->buf[2] == '?' || k->buf[2] == '>' || k->buf[2] == '<')
		return; /* an answer of the terminal that came late */
	if (final == '~') {
		int code = (int)strtol(k->buf + 2, NULL, 10);
		if (code == 200)
			k->paste = true;
		else if (code == 201)
			k->paste = false;
		else
			emit(k, tilde(code));
		return;
	}
	if (final == 'R' && n > 3)
		return; /* cursor position */
	emit(k, csi_letter(final, n > 3));
}

/* Length of the sequence at the start of the buffer, 0: not complete. */
static size_t sequence(const struct keys *k)
{
	const char *b = k->buf;
	size_t i;

	if (k->n < 2)
		return 0;
	if (b[1] == 'O')
		return k->n < 3 ? 0 : 3;
	if (b[1] == ']') { /* OSC: up to BEL or ESC \ */
		for (i = 2; i < k->n; i++) {
			if (b[i] == 7)
				return i + 1;
			if (b[i] == 27 && i + 1 < k->n && b[i + 1] == '\\')
				return i + 2;
		}
		return 0;
	}
	if (b[1] != '[')
		return 1;
	if (k->n >= 3 && b[2] == '[')
		return k->n < 4 ? 0 : 4;
	for (i = 2; i < k->n; i++)
		if (b[i] >= 0x40 && b[i] <= 0x7E)
			return i + 1;
	return 0;
}

static uint32_t plain(uint32_t cp, bool pasted)
{
	if (cp == 127 || cp == 8)
		return K_BACKSPACE;
	if (cp == '\n')
		return pasted ? '\n' : K_ENTER;
	return cp;
}

/* Bytes of the character that begins here; 1 where none can. */
static size_t character(const struct keys *k)
{
	unsigned char c = (unsigned char)k->buf[0];
	size_t n = c >= 0xC2 && c < 0xE0   ? 2
		   : c >= 0xE0 && c < 0xF0 ? 3
		   : c >= 0xF0 && c < 0xF5 ? 4
					   : 1;

	for (size_t i = 1; i < n && i < k->n; i++)
		if (((unsigned char)k->buf[i] & 0xC0) != 0x80)
			return 1;
	return n;
}

/* Takes one key off the buffer. False: more bytes are needed. */
static bool step(struct keys *k)
{
	size_t n = 1;
	uint32_t cp;

	if (k->buf[0] == 27) {
		n = sequence(k);
		if (!n)
			return false;
		if (n == 1)
			emit(k, K_ESC);
		else if (k->buf[1] == 'O')
			emit(k, ss3_letter(k->buf[2]));
		else if (k->buf[1] == '[')
			csi(k, n);
	} else {
		if (k->n < character(k))
			return false;
		n = utf8_get(&cp, k->buf, k->n);
		emit(k, plain(cp, k->paste));
	}
	memmove(k->buf, k->buf + n, k->n - n);
	k->n -= n;
	return true;
}

static void on_esc(void *arg)
{
	struct keys *k = arg;
	bool lone = k->buf[0] == 27;

	if (!k->n)
		return;
	k->n = 0;
	if (lone)
		k->h(K_ESC, k->paste, k->arg);
}

void keys_feed(struct keys *k, const char *buf, size_t len)
{
	tmr_cancel(&k->tmr);
	for (size_t i = 0; i < len; i++) {
		if (k->n == sizeof(k->buf))
			k->n = 0; /* no sequence is that long */
		k->buf[k->n++] = buf[i];
		while (k->n && step(k))
			;
	}
	if (k->n)
		tmr_start(&k->tmr, k->esc_ms, on_esc, k);
}

uint32_t keys_halfwidth(uint32_t key)
{
	switch (key) {
	case 0x3001: /* 、 */
		return '/';
	case 0x3010: /* 【 */
		return '[';
	case 0x3011:
		return ']';
	case 0x300A: /* 《 */
		return '<';
	case 0x300B:
		return '>';
	case 0x3000:
		return ' ';
	default:
		break;
	}
	if (key >= 0xFF01 && key <= 0xFF5E)
		return key - 0xFF01 + '!';
	return key;
}

void keys_name(char *out, size_t size, uint32_t key)
{
	static const struct {
		uint32_t key;
		const char *name;
	} names[] = {
		{K_TAB, "Tab"},	      {K_ENTER, "Enter"},
		{K_ESC, "Esc"},	      {K_UP, "↑"},
		{K_DOWN, "↓"},	      {K_LEFT, "←"},
		{K_RIGHT, "→"},	      {K_HOME, "Home"},
		{K_END, "End"},	      {K_PGUP, "PgUp"},
		{K_PGDN, "PgDn"},     {K_INS, "Ins"},
		{K_DEL, "Del"},	      {K_BACKSPACE, "Backspace"},
		{K_BACKTAB, "S-Tab"}, {' ', "Space"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].key == key) {
			snprintf(out, size, "%s", names[i].name);
			return;
		}
	}
	if (key > K_F0 && key <= K_F0 + 12)
		snprintf(out, size, "F%u", (unsigned)(key - K_F0));
	else if (key < 32)
		snprintf(out, size, "^%c", (char)(key + '@'));
	else if (key < 127)
		snprintf(out, size, "%c", (char)key);
	else
		snprintf(out, size, "?");
}
