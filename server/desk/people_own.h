/* SPDX-License-Identifier: Apache-2.0 */
/* What people.c and people_rpc.c share; for nobody else. */
#pragma once

#include "server/desk/people.h"

void person_read(struct person *p, const char *id, const json_t *body);

/* The key file is out of date. Loop. */
void people_keys_write(struct people *pp);
/* The newest fact that the file on disk knows. Any thread. */
int64_t people_keys_seq(const struct people *pp);
