/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The piece of an answer that is shown under a hit: about forty characters
 * around the place where most of the question's words stand, and where in it
 * they are.
 */
#pragma once

#include <stddef.h>

#include "kb/search.h"

void kb_snippet(struct kb_hit *hit, const char *body, const char *question,
		size_t len);
