/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telephone numbers: one normal form, so that 138 0013 8000, +8613800138000,
 * 013800138000 and 8613800138000 are one citizen: "86" + national number for
 * China, "00" + E.164 digits abroad, service numbers of up to 6 digits as they
 * are. The normal form of a normal form is itself. What is no number
 * (anonymous, a SIP name) normalises to "" and is shown as given. ITU-T E.164;
 * Chinese numbering: 11 digits starting with 1 are mobiles, an area code (0 +
 * 2 or 3 digits) plus 7 or 8 digits a landline, 3 to 6 digits a service number
 * (95566, 12345), 400/800 + 7 digits a business number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PHONE_NO_SIZE 24

/* The default area code for local numbers of 7 or 8 digits, without its 0
 * ("29"); set once at start. */
void phone_no_area(const char *area);

/* Writes the normal form, or "" when `text` holds no number. */
void phone_no_normal(char out[PHONE_NO_SIZE], const char *text);

bool phone_no_same(const char *a, const char *b);

/* As people here dial it: 13800138000, 02988001234, 12345. */
void phone_no_dial(char out[PHONE_NO_SIZE], const char *text);

/* As the screen shows it: 138****8000, 029****1234; short numbers of up to 6
 * digits are nobody's secret and stay whole. */
void phone_no_mask(char out[PHONE_NO_SIZE], const char *text);
