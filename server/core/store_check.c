/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/proto.h"
#include "common/scope.h"
#include "server/core/agent_fold.h"
#include "server/core/store_call.h"

#define WAV_HEAD_BYTES 4096
#define HARDLY_MS      500
#define SLACK_MS       2000 /* bridge to record, bye to close, last second */

struct checking {
	struct db *db;
	const char *dir, *spill;
	struct store_check_counts *counts;
	store_check_h *h;
	void *arg;
};

static int finding(struct checking *ck, const char *rule, const char *what)
{
	ck->counts->findings++;
	return ck->h(rule, what, ck->arg);
}

/* Each row of the query is a finding; its first column says which. */
static int rows_are_findings(struct checking *ck, const char *rule,
			     const char *sql)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, ck->db, sql, "");

	while (!err && !(err = db_step(s)))
		err = finding(ck, rule, db_str(s, 0));
	return err == ENOENT ? 0 : err;
}

/* ---- contacts ---- */

static int check_contacts(struct checking *ck)
{
	int err = db_get_int(ck->db, &ck->counts->contacts, 0,
			     "SELECT count(*) FROM contact", "");

	if (!err)
		err = rows_are_findings(
			ck, N_("A contact ended without a reason"),
			"SELECT id FROM contact WHERE ended_us NOT NULL AND"
			" (reason='' OR result NOT IN ('answered','abandoned',"
			"'overflow','lost','closed','dialled'))");
	if (!err)
		err = rows_are_findings(
			ck, N_("A contact did not end exactly once"),
			"SELECT contact FROM fact WHERE kind='contact.ended'"
			" GROUP BY contact HAVING count(*) != 1");
	if (!err)
		err = rows_are_findings(
			ck, N_("A contact ended and its row does not say so"),
			"SELECT contact FROM fact WHERE kind='contact.ended'"
			" EXCEPT SELECT id FROM contact"
			" WHERE ended_us NOT NULL");
	if (!err)
		err = rows_are_findings(
			ck, N_("A contact arrived and has no row"),
			"SELECT contact FROM fact WHERE kind IN"
			" ('contact.arrived','contact.dialled')"
			" EXCEPT SELECT id FROM contact");
	return err ? err
		   : rows_are_findings(
			     ck, N_("An offer of an ended contact is open"),
			     "SELECT offer.id FROM offer JOIN contact ON"
			     " contact.id=offer.contact WHERE"
			     " offer.ended_us IS NULL AND"
			     " contact.ended_us NOT NULL");
}

/* ---- recordings ---- */

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* Length by the file's own header (RIFF WAVE); -1: no such thing. */
static int64_t wav_ms(int fd)
{
	unsigned char b[WAV_HEAD_BYTES];
	ssize_t n = read(fd, b, sizeof(b));
	uint32_t rate = 0;

	if (n < 44 || memcmp(b, "RIFF", 4) || memcmp(b + 8, "WAVE", 4))
		return -1;
	for (size_t at = 12; at + 8 <= (size_t)n;) {
		uint32_t len = le32(b + at + 4);

		if (!memcmp(b + at, "fmt ", 4) && at + 20 <= (size_t)n)
			rate = le32(b + at + 16); /* bytes a second */
		if (!memcmp(b + at, "data", 4))
			return rate ? (int64_t)len * 1000 / rate : -1;
		at += 8 + (size_t)len + (len & 1);
	}
	return -1;
}

/* A spilled recording has its whole path. */
static int open_file(const char *dir, const char *path)
{
	size_t len = dir ? strlen(dir) : 0;
	char full[1024];

	if (!len || !*path || strstr(path, ".."))
		return -1;
	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (*path != '/')
		snprintf(full, sizeof(full), "%s/%s", dir, path);
	else if (!strncmp(path, dir, len) && path[len] == '/')
		snprintf(full, sizeof(full), "%s", path);
	else
		return -1;
	return open(full, O_RDONLY | O_CLOEXEC);
}

static int check_file(struct checking *ck, const char *id, const char *path,
		      int64_t talk_ms)
{
	scoped_fd int fd = open_file(ck->dir, path);
	char what[200];

	if (fd < 0)
		fd = open_file(ck->spill, path);
	if (fd < 0)
		return finding(ck, N_("A recording cannot be read"), id);
	int64_t ms = wav_ms(fd);
	if (ms < 0)
		return finding(ck, N_("A recording is no sound file"), id);
	if (llabs(ms - talk_ms) <= SLACK_MS + talk_ms / 50)
		return 0;
	snprintf(what, sizeof(what), "%s: %lld ms, talked %lld ms", id,
		 (long long)ms, (long long)talk_ms);
	return finding(ck, N_("A recording is not as long as its call"), what);
}

/* The recording runs from the first answer to the end, through holds and
 * transfers, as the monotonic clock has it. A call whose switch died has what
 * was written. */
static int check_recordings(struct checking *ck)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err =
		db_query(&s, ck->db,
			 "SELECT contact.id, coalesce(recording.path, ''),"
			 " coalesce((SELECT json_extract(body,"
			 "  '$.answered_ms') FROM fact WHERE"
			 "  fact.contact=contact.id AND"
			 "  fact.kind='contact.ended'),"
			 "  (contact.ended_us - contact.answered_us) / 1000),"
			 " coalesce(recording.state, ''), contact.reason"
			 " FROM contact LEFT JOIN recording"
			 " ON recording.contact = contact.id"
			 " WHERE contact.answered_us NOT NULL"
			 " AND contact.ended_us NOT NULL",
			 "");

	while (!err && !(err = db_step(s))) {
		const char *id = db_str(s, 0), *state = db_str(s, 3);
		bool lost = !strcmp(db_str(s, 4), "switch_lost") ||
			    !strcmp(state, "mended");
		ck->counts->answered++;
		if (!*state && db_int(s, 2) < HARDLY_MS)
			continue; /* he hung up as it was answered */
		if (!*state) {
			err = finding(ck,
				      N_("An answered call has no recording"),
				      id);
			continue;
		}
		ck->counts->recordings++;
		if (!strcmp(state, "open"))
			continue; /* its end is on the way */
		if (!lost)
			err = check_file(ck, id, db_str(s, 1), db_int(s, 2));
	}
	return err == ENOENT ? 0 : err;
}

/* ---- agents ---- */

struct folding {
	struct agent_now a;
};

static int on_fact(const struct fact *f, void *arg)
{
	struct folding *fold = arg;

	if (!strcmp(agent_fold_whom(f), fold->a.id))
		(void)agent_fold(&fold->a, f);
	return 0;
}

/* The newest fact that settles an agent's state, reason and contact whatever
 * was before (agent_fold.h): a year's facts need not be folded for a shift.
 * The + keeps the planner from the index of kinds, which has no agents. */
static int settled_at(struct db *db, const char *agent, int64_t *seqp)
{
	return db_get_int(db, seqp, 0,
			  "SELECT seq FROM fact WHERE agent=?"
			  " AND +kind='agent.state' AND body->>'$.state' IN"
			  " ('ready','paused','offline')"
			  " ORDER BY seq DESC LIMIT 1",
			  "s", agent);
}

static int check_agent(const struct agent_now *now, void *arg)
{
	struct checking *ck = arg;
	struct folding fold = {.a = {.state = AGENT_OFFLINE}};
	struct fact_filter filter = {.agent = now->id};
	char what[160];

	ck->counts->agents++;
	snprintf(fold.a.id, sizeof(fold.a.id), "%s", now->id);
	int err = settled_at(ck->db, now->id, &filter.since);
	if (!err)
		err = fact_each(ck->db, &filter, on_fact, &fold);
	if (err)
		return err;
	if (fold.a.state == now->state &&
	    !strcmp(fold.a.contact, now->contact) &&
	    !strcmp(fold.a.reason, now->reason))
		return 0;
	snprintf(what, sizeof(what), "%s: %s, by the facts %s", now->id,
		 agent_state_name(now->state), agent_state_name(fold.a.state));
	return finding(ck, N_("An agent is in a state that no fact explains"),
		       what);
}

static int check_agents(struct checking *ck)
{
	int err = store_call_agents(ck->db, check_agent, ck);

	return err ? err
		   : rows_are_findings(
			     ck, N_("An agent is in a call that has ended"),
			     "SELECT agent_now.agent FROM agent_now JOIN "
			     "contact ON"
			     " contact.id=agent_now.contact WHERE"
			     " agent_now.state IN ('offered','talking','held')"
			     " AND contact.ended_us NOT NULL");
}

/* ---- counts ---- */

/* Both sides by their own way: offered from the facts of queueing, the rest
 * from the rows. */
static int check_slots(struct checking *ck)
{
	scoped_stmt struct db_stmt *s = NULL;
	char what[160];
	int err = db_query(
		&s, ck->db,
		"WITH queued AS (SELECT contact, min(at_us) AS at_us FROM fact"
		"  WHERE kind='contact.queued' GROUP BY contact),"
		" row AS (SELECT q.contact AS id,"
		"  coalesce(c.arrived_us, q.at_us) / 1800000000 AS slot,"
		"  c.answered_us, c.result FROM queued q"
		"  LEFT JOIN contact c ON c.id=q.contact)"
		" SELECT slot, count(*), sum(answered_us NOT NULL),"
		" sum(answered_us IS NULL AND result='abandoned'),"
		" sum(answered_us IS NULL AND result='overflow'),"
		" sum(answered_us IS NULL AND result='lost'),"
		" sum(answered_us IS NULL AND result IN ('waiting','active'))"
		" FROM row GROUP BY slot",
		"");

	while (!err && !(err = db_step(s))) {
		int64_t sum = db_int(s, 2) + db_int(s, 3) + db_int(s, 4) +
			      db_int(s, 5) + db_int(s, 6);
		ck->counts->slots++;
		if (sum == db_int(s, 1))
			continue;
		snprintf(what, sizeof(what),
			 "half hour %lld: offered %lld, accounted for %lld",
			 (long long)db_int(s, 0), (long long)db_int(s, 1),
			 (long long)sum);
		err = finding(ck, N_("A half hour does not add up"), what);
	}
	return err == ENOENT ? 0 : err;
}

int store_check_calls(struct db *db, const char *recordings_dir,
		      const char *spill_dir, struct store_check_counts *counts,
		      store_check_h *h, void *arg)
{
	struct checking ck = {.db = db,
			      .dir = recordings_dir,
			      .spill = spill_dir,
			      .counts = counts,
			      .h = h,
			      .arg = arg};

	memset(counts, 0, sizeof(*counts));
	int err = check_contacts(&ck);
	if (!err)
		err = check_recordings(&ck);
	if (!err)
		err = check_agents(&ck);
	return err ? err : check_slots(&ck);
}
