/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a Chinese character by itself: its simplified form and
 * how it reads, without tones; and letters cut into syllables. The table is
 * made by the build out of OpenCC and ICU; second readings are ours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HAN_READINGS_MAX  3
#define HAN_SYLLABLE_SIZE 8

/* The simplified form; other characters are returned as they are. */
uint32_t han_simple(uint32_t cp);

/* Numbers of syllables, the usual one first. Returns how many. */
unsigned han_readings(uint32_t cp, uint16_t out[HAN_READINGS_MAX]);
/* The usual one, 0: none. */
uint16_t han_reading(uint32_t cp);

/* "zhong"; "" for 0 and for numbers that are none. */
const char *han_syllable(unsigned n);
/* How many there are, 0 included. */
unsigned han_syllables(void);

/* A syllable that many people say or hear as this one (zhang: zang, zhan),
 * as one number for all of the group: compare two of these. */
uint16_t han_sound(unsigned syllable);

/* Cuts small letters into as few syllables as possible; tail: the letters at
 * the end that begin one. Returns how many, 0: it is no pinyin. */
unsigned han_cut(const char *s, size_t len, uint16_t *out, unsigned max,
		 size_t *tail);
