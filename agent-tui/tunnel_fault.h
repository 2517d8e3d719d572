/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong with a tunnel, in words: for each kind what happened and
 * exactly what to do. Of tunnel's own files only.
 */
#pragma once

#include "agent-tui/tunnel.h"

/* Fills in all of it; detail by format, may be NULL. */
void tunnel_fault_set(struct tunnel_fault *f, enum tunnel_fault_kind kind,
		      const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
