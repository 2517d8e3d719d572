/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes from the terminal -> keys. Text is its Unicode character, control
 * keys are 1 to 26, the rest has a K_ number. All known codes of F1 to F12
 * are understood at once (xterm, VT220, rxvt, Linux console, PuTTY in each of
 * its modes), whatever TERM says, because TERM is often wrong where agents
 * sit. What is pasted is text and never a key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define K_CTRL(c) ((uint32_t)(c)&0x1f)

enum {
	K_TAB = 9,
	K_ENTER = 13,
	K_ESC = 27,
	K_FIRST = 0x200000,
	K_F0 = K_FIRST, /* K_F0 + 1 to K_F0 + 12 */
	K_UP = K_FIRST + 20,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PGUP,
	K_PGDN,
	K_INS,
	K_DEL,
	K_BACKSPACE,
	K_BACKTAB,
	K_NONE,
};
#define K_F(n) ((uint32_t)K_F0 + (n))

struct keys;

/* pasted: part of a paste, so text even if it looks like a key. */
typedef void(keys_h)(uint32_t key, bool pasted, void *arg);

/* esc_ms: how long a lone Esc waits for the rest of a sequence. */
int keys_alloc(struct keys **kp, unsigned esc_ms, keys_h *h, void *arg);

void keys_feed(struct keys *k, const char *buf, size_t len);

/* Outside fields an input method that is on sends full-width signs and
 * digits: the plain key each stands for. */
uint32_t keys_halfwidth(uint32_t key);

/* "F9", "Enter", "^G", "k", as hints and help show it. */
void keys_name(char *out, size_t size, uint32_t key);
