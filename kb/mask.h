/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody typed, as it may be kept for those who look after the
 * knowledge: on one line, and without the numbers of people (telephones,
 * cards, papers: seven digits or more, with spaces or hyphens between).
 * Numbers of documents, years, sums and short hotlines stay.
 */
#pragma once

#include <stddef.h>

/* Cuts at `size`, between characters. */
void kb_mask(char *out, size_t size, const char *text);
