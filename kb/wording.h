/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of synonyms that administrators keep, read into an index. A fault
 * is named by its line, and what was read before stays.
 */
#pragma once

#include "kb/index.h"

#define KB_WORDING_MAX_BYTES (1 << 20)

/* EBADMSG: diag; else why the file cannot be read, with the errno. */
int kb_wording_read(struct kb_index *ix, const char *path, struct diag *diag);
