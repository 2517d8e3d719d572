/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nobody tells the office, so that it has to look now and then: room on
 * the disks, folders that can be written to, next year's holidays. Each has
 * an alarm. Disks are looked at by a worker: one that hangs stops nobody.
 */
#pragma once

#include <stdint.h>

struct watch;
struct alarm;
struct site;
struct worker;

struct watch_prm {
	struct alarm *alarm;
	struct site *site;
	struct worker *worker; /* NULL in tests: looked at on the spot */
	const char *state_dir, *recordings_dir;
	int64_t free_min_mb; /* 0: any room is enough */
};

/* Follows the site's calendar. prm's texts must outlive it. */
int watch_alloc(struct watch **wp, const struct watch_prm *prm);
/* Looks at once, and from then on by itself. */
void watch_start(struct watch *w);
