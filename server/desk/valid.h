/* SPDX-License-Identifier: Apache-2.0 */
/* What people may call things: checks of ids, names and texts that come in
 * with requests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A person's id: a letter, then letters and digits, 16 at the most. It goes
 * into sshd's key file and on command lines, so nothing else is in it. */
bool valid_person(const char *id);
/* Id of a queue, trunk, phone, prompt, code: letters, digits, - _ . after
 * a letter or digit, 31 at the most. */
bool valid_id(const char *id);
/* One line to show: not empty, no control characters, at most so many
 * bytes, no space around it. */
bool valid_name(const char *name, size_t max_bytes);
/* Text of several lines: no control characters but newline and tab. */
bool valid_text(const char *text);
/* What can be called: a telephone number or a SIP user, no white space. */
bool valid_number(const char *number);
/* Host name or address. */
bool valid_host(const char *host);
