/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table that the build makes of Chinese characters (gen_han writes it,
 * han reads it).
 */
#pragma once

#include <stdint.h>

#define HAN_FIRST 0x3400u
#define HAN_LAST  0x9FFFu
#define HAN_COUNT (HAN_LAST - HAN_FIRST + 1)

struct han_row {
	uint16_t simple;  /* code point */
	uint16_t reading; /* number of a syllable; 0: none is known */
};

extern const struct han_row han_table[HAN_COUNT];
extern const unsigned han_table_n;
extern const char *const han_texts[];
