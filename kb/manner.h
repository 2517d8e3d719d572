/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of answer a question wants (how, why, when ...), whether
 * something is denied in it, and which of its characters carry no subject:
 * the grammar of questions, which is the same in every knowledge base.
 */
#pragma once

#include <stdint.h>

enum kb_manner {
	KB_HOW = 1 << 0,
	KB_WHY = 1 << 1,
	KB_WHEN = 1 << 2,
	KB_WHERE = 1 << 3,
	KB_MUCH = 1 << 4,
	KB_WHETHER = 1 << 5,
	KB_WHO = 1 << 6,
	KB_WHAT = 1 << 7,
	KB_NOT = 1 << 8,
	KB_FAIL = 1 << 9,
};
#define KB_ASKING 0xFFu /* all but the last two */

/* Bits of enum kb_manner. filler: n places, set to 1 for each symbol that
 * belongs to words without a subject; may be NULL. */
uint16_t kb_manner(const uint32_t *syms, unsigned n, uint8_t *filler);

/* What a text tells: a day or time, a number, a long number (a telephone's),
 * a place to go to. */
enum {
	KB_TELLS_WHEN = 1,
	KB_TELLS_MUCH = 2,
	KB_TELLS_CALL = 4,
	KB_TELLS_WHERE = 8
};
uint8_t kb_tells(const uint32_t *syms, unsigned n);
/* ... and which of that a question wants. */
uint8_t kb_wants(const uint32_t *syms, unsigned n, uint16_t manner);
