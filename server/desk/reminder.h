/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not done in time. Looks now and then, and soon after each fact that
 * may change it: who has what to read (told to each by `me.learn`), whose
 * skills are to be lowered or restored (desk/training), and what the
 * knowledge base is owed: entries to review, entries that end, the week's
 * release. Leads see alarms:
 *
 *     learn:late    changed entries are not read in time
 *     kb:review     entries whose day of review has come, or that are old
 *     kb:expiring   entries that end soon and have no successor
 *     kb:release    a working week went by without a release
 *
 * Owned by main, on the loop; a worker reads, the store thread writes.
 */
#pragma once

#include <stdint.h>

struct reminder;
struct alarm;
struct cal;
struct fact_log;
struct session_hub;
struct site;
struct skill;
struct store;
struct training;
struct worker;

struct reminder_prm {
	struct fact_log *log;
	struct store *store;
	struct worker *worker;
	struct session_hub *hub;
	struct alarm *alarm;
	struct site *site;
	struct skill *skill;
	const struct training *training; /* borrowed */
	int64_t expiring_days;		 /* 0: no alarm */
	int64_t review_days; /* of an entry that names no day; 0: never */
};

/* Follows the log. */
int reminder_alloc(struct reminder **rp, const struct reminder_prm *prm);
/* After everything is loaded. */
void reminder_start(struct reminder *r);

/* Since when there has to be a release: the beginning of the last week whose
 * working hours are over. Weeks without any do not count. 0: none yet. */
int64_t reminder_owed_since(const struct cal *cal, int64_t now_us);
