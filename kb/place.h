/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of provinces and cities in a text: an entry for Xianyang is no
 * answer to a question about Xi'an, however alike the rest is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define KB_PLACES_MAX 12

/* In the order of the text, each once; 0 is no place. Symbols as token's.
 * Returns how many there are in out now, of which n stood there before. */
unsigned kb_places(uint16_t out[KB_PLACES_MAX], unsigned n,
		   const uint32_t *syms, unsigned syms_n);

/* 1: the same, 0.5: one lies in the other, 0: neither. */
float kb_place_kin(uint16_t a, uint16_t b);
