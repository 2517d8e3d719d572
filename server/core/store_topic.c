/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store_topic.h"

#include <errno.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"

/* ---- topics ---- */

/* A call counts for each entry that was adopted for it; one without any for
 * the disposition of its ticket. Calls without a ticket had no question that
 * somebody wrote down. */
static const char topics_sql[] =
	"WITH call AS (SELECT id, number, arrived_us, talk_ms + hold_ms AS ms,"
	"  arrived_us>=?1 AS now FROM contact WHERE direction='in'"
	"  AND answered_us NOT NULL AND arrived_us>=?3 AND arrived_us<?2),"
	"filed AS (SELECT contact, max(fields->>'$.disposition') AS code,"
	"  max(coalesce(fields->>'$.outcome', '') IN ('callback', 'bureau',"
	"  'transferred')) AS escalated,"
	"  max(coalesce(fields->>'$.flags.hard', 0)) AS flagged,"
	"  max(coalesce(fields->>'$.outcome', '')='invalid') AS invalid"
	"  FROM ticket WHERE contact IN (SELECT id FROM call)"
	"  GROUP BY contact),"
	"asked AS (SELECT c.*, e.entry, '' AS code,"
	"  coalesce(f.escalated, 0) AS escalated,"
	"  coalesce(f.flagged, 0) AS flagged FROM call c"
	"  JOIN ticket_entry e ON e.contact=c.id"
	"  LEFT JOIN filed f ON f.contact=c.id"
	" UNION ALL SELECT c.*, '', coalesce(f.code, ''), f.escalated,"
	"  f.flagged FROM call c JOIN filed f ON f.contact=c.id"
	"  WHERE NOT f.invalid AND NOT EXISTS(SELECT 1 FROM ticket_entry"
	"  WHERE contact=c.id)),"
	"judged AS MATERIALIZED (SELECT entry, code, now, ms, escalated, "
	"flagged,"
	"  now AND (SELECT max(agent)<>min(agent) FROM offer"
	"   WHERE contact=a.id AND result='answered') AS transferred,"
	"  now AND ms>=?4 AS talks,"
	"  now AND number<>'' AND EXISTS(SELECT 1 FROM contact n"
	"   WHERE n.number=a.number AND n.direction='in'"
	"   AND n.arrived_us>a.arrived_us"
	"   AND n.arrived_us<=a.arrived_us+604800000000) AS repeated"
	"  FROM asked a)"
	"SELECT j.entry, j.code, coalesce(e.line, d.queue, ''),"
	" coalesce(e.title, d.name, ''), sum(now) AS n, sum(NOT now),"
	" sum(transferred), sum(talks), sum(now AND escalated),"
	" sum(now AND flagged), sum(repeated),"
	" sum(now AND (transferred OR talks OR escalated OR flagged"
	"  OR repeated OR j.entry='')),"
	" coalesce(avg(CASE WHEN now THEN ms END), 0) FROM judged j"
	" LEFT JOIN kb_entry e ON e.id=j.entry AND j.entry<>''"
	" LEFT JOIN disposition d ON d.code=j.code AND j.entry=''"
	" GROUP BY j.entry, j.code HAVING n>0 ORDER BY n DESC, j.entry,"
	" j.code";

int store_topics(struct db *db, const struct store_topic_span *span,
		 store_topic_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db, topics_sql, "iiii", span->from_us,
			   span->to_us, span->before_us, span->long_ms);

	while (!err && !(err = db_step(s))) {
		const struct store_topic t = {
			.entry = db_str(s, 0),
			.disposition = db_str(s, 1),
			.line = db_str(s, 2),
			.title = db_str(s, 3),
			.count = db_int(s, 4),
			.before = db_int(s, 5),
			.transferred = db_int(s, 6),
			.talks = db_int(s, 7),
			.escalated = db_int(s, 8),
			.flagged = db_int(s, 9),
			.repeated = db_int(s, 10),
			.hard = db_int(s, 11),
			.mean_ms = db_int(s, 12),
		};
		int stop = h(&t, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int store_topic_mean(struct db *db, const struct store_topic_span *span,
		     int64_t *msp)
{
	return db_get_int(db, msp, 0,
			  "SELECT coalesce(avg(talk_ms + hold_ms), 0)"
			  " FROM contact WHERE direction='in'"
			  " AND answered_us NOT NULL AND arrived_us>=?"
			  " AND arrived_us<?",
			  "ii", span->from_us, span->to_us);
}

/* ---- flows ---- */

/* cost: a row for each version of a flow that was adopted in calls. */
static const char flows_sql[] =
	"WITH flow AS MATERIALIZED (SELECT e.id, e.title, e.line, e.version,"
	"  d.review FROM kb_duty d JOIN kb_entry e ON e.id=d.entry"
	"  AND e.version=d.version WHERE d.kind='flow' AND e.state=2"
	"  AND (e.effective='' OR e.effective<=?1)"
	"  AND (e.expires='' OR e.expires>=?1) AND e.id>?2),"
	"cost AS MATERIALIZED (SELECT t.entry, t.version, count(*) AS n,"
	"  avg(c.talk_ms + c.hold_ms + c.wrapup_ms) AS ms"
	"  FROM ticket_entry t JOIN contact c ON c.id=t.contact"
	"  WHERE t.entry IN (SELECT id FROM flow)"
	"  AND c.answered_us NOT NULL AND c.ended_us NOT NULL"
	"  GROUP BY t.entry, t.version)"
	"SELECT f.id, f.title, f.line, f.review, f.version,"
	" coalesce(a.n, 0), coalesce(a.ms, 0), coalesce(b.version, 0),"
	" coalesce(b.n, 0), coalesce(b.ms, 0) FROM flow f"
	" LEFT JOIN cost a ON a.entry=f.id AND a.version=f.version"
	" LEFT JOIN cost b ON b.entry=f.id AND b.version=(SELECT max(version)"
	"  FROM cost WHERE entry=f.id AND version<f.version) ORDER BY f.id";

int store_flows(struct db *db, const char *today, const char *after,
		store_flow_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db, flows_sql, "ss", today, after);

	while (!err && !(err = db_step(s))) {
		const struct store_flow f = {
			.entry = db_str(s, 0),
			.title = db_str(s, 1),
			.line = db_str(s, 2),
			.review = db_str(s, 3),
			.version = db_int(s, 4),
			.n = db_int(s, 5),
			.aht_ms = db_int(s, 6),
			.was_version = db_int(s, 7),
			.was_n = db_int(s, 8),
			.was_aht_ms = db_int(s, 9),
		};
		int stop = h(&f, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}
