/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/regress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"

static const char *const states[] = {
	[KB_CASE_CANDIDATE] = "candidate",
	[KB_CASE_KEPT] = "kept",
	[KB_CASE_DROPPED] = "dropped",
	[KB_CASE_OPEN] = "open",
};

const char *kb_case_state_name(enum kb_case_state state)
{
	return states[state];
}

int kb_case_state_parse(enum kb_case_state *sp, const char *name)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (strcmp(states[i], name))
			continue;
		*sp = (enum kb_case_state)i;
		return 0;
	}
	return EBADMSG;
}

/* ---- in the database ---- */

#define COLUMNS                                                           \
	"SELECT c.n, c.question, c.entry, ifnull(e.title, ''), c.state, " \
	"c.since_us, c.actor, c.contact FROM kb_case c"                   \
	" LEFT JOIN kb_entry e ON e.id=c.entry"

static int tell(struct db_stmt *s, kb_case_h *h, void *arg)
{
	return h(&(struct kb_case_row){.n = db_int(s, 0),
				       .question = db_str(s, 1),
				       .entry = db_str(s, 2),
				       .title = db_str(s, 3),
				       .state = (enum kb_case_state)db_int(s,
									   4),
				       .since_us = db_int(s, 5),
				       .actor = db_str(s, 6),
				       .contact = db_str(s, 7)},
		 arg);
}

int kb_case_each(struct db *db, int state, int64_t before, kb_case_h *h,
		 void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query(&s, db,
			   COLUMNS " WHERE (?1=c.state OR (?1<0 AND c.state"
				   " IN (0,1))) AND (?2=0 OR c.n<?2)"
				   " ORDER BY c.n DESC",
			   "ii", (int64_t)state, before);
	while (!err && !(err = db_step(s))) {
		int stop = tell(s, h, arg);
		if (stop)
			return stop;
	}
	return err == ENOENT ? 0 : err;
}

int kb_case_get(struct db *db, int64_t n, kb_case_h *h, void *arg)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(&s, db, COLUMNS " WHERE c.n=?", "i", n);

	return err ? err : tell(s, h, arg);
}

int kb_case_next(struct db *db, int64_t *np)
{
	int err = db_get_int(db, np, 0, "SELECT max(n) FROM kb_case", "");

	if (!err)
		(*np)++;
	return err;
}

static int insert(struct db *db, const struct kb_case_row *row, int64_t n)
{
	return db_run(db,
		      "INSERT INTO kb_case(n, question, entry, state,"
		      " since_us, actor, contact) VALUES(?,?,?,?,?,?,?)"
		      " ON CONFLICT(n) DO UPDATE SET"
		      " question=excluded.question, entry=excluded.entry,"
		      " state=excluded.state, since_us=excluded.since_us,"
		      " actor=excluded.actor",
		      "issiiss", n, row->question, row->entry,
		      (int64_t)row->state, row->since_us,
		      row->actor ? row->actor : "",
		      row->contact ? row->contact : "");
}

int kb_case_keep(struct db *db, const struct kb_case_row *row)
{
	struct kb_case_row kept = *row;

	kept.state = KB_CASE_KEPT;
	return insert(db, &kept, row->n);
}

int kb_case_drop(struct db *db, int64_t n, int64_t at_us, const char *actor,
		 const char *why)
{
	return db_run(db,
		      "UPDATE kb_case SET state=2, since_us=?, actor=?, why=?"
		      " WHERE n=?",
		      "issi", at_us, actor, why, n);
}

int kb_case_suggest(struct db *db, const struct kb_case_row *row)
{
	int64_t same = 0, n = 0;

	/* what was dropped once is not asked again; one of this very contact
	 * counts once its ticket is filed */
	int err = db_get_int(db, &same, 0,
			     "SELECT count(*) FROM kb_case WHERE question=?"
			     " AND entry=?",
			     "ss", row->question, row->entry);
	if (err || same || !*row->question)
		return err;
	err = kb_case_next(db, &n);
	if (!err)
		err = insert(db, row, n);
	if (err)
		return err;
	/* the newest has the highest number and is never among them */
	return db_run(db,
		      "DELETE FROM kb_case WHERE state=?1 AND n<=ifnull("
		      "(SELECT n FROM kb_case WHERE state=?1"
		      " ORDER BY n DESC LIMIT 1 OFFSET ?2), 0)",
		      "ii", (int64_t)row->state, (int64_t)KB_CANDIDATES_MAX);
}

int kb_case_settle(struct db *db, const char *contact)
{
	return db_run(db,
		      "UPDATE kb_case SET state=0 WHERE contact=? AND state=3",
		      "s", contact);
}

int kb_case_forget(struct db *db, const char *contact, const char *entry)
{
	/* the number stays taken */
	return db_run(db,
		      "UPDATE kb_case SET state=2, question='', why='dropped'"
		      " WHERE contact=?1 AND state IN (0,3)"
		      " AND (?2='' OR entry=?2)",
		      "ss", contact, entry);
}

int kb_case_marked(struct db *db, struct kb_case_mark *mark)
{
	scoped_stmt struct db_stmt *s = NULL;
	int err = db_query_row(
		&s, db,
		"SELECT (SELECT count(*) FROM kb_case WHERE state=1),"
		" (SELECT ifnull(max(since_us), 0) FROM kb_case"
		"  WHERE state IN (1,2)),"
		" (SELECT ifnull(max(seq), 0) FROM kb_change)",
		"");
	if (err)
		return err;
	mark->kept = db_int(s, 0);
	mark->since_us = db_int(s, 1);
	mark->change = db_int(s, 2);
	return 0;
}

/* ---- in memory ---- */

static void set_destructor(void *arg)
{
	struct kb_set *set = arg;

	for (unsigned i = 0; i < set->n; i++)
		mem_deref(set->list[i].question);
	mem_deref(set->list);
}

static int set_alloc(struct kb_set **sp, size_t room)
{
	scoped_mem struct kb_set *set =
		mem_zalloc(sizeof(*set), set_destructor);
	if (!set)
		return ENOMEM;
	set->list = mem_zalloc((room + 1) * sizeof(*set->list), NULL);
	if (!set->list)
		return ENOMEM;
	*sp = take(set);
	return 0;
}

/* The caller has room. */
static int set_add(struct kb_set *set, const char *question, size_t len,
		   const char *entry)
{
	struct kb_asked *one = &set->list[set->n];

	one->question = mem_alloc(len + 1, NULL);
	if (!one->question)
		return ENOMEM;
	memcpy(one->question, question, len);
	one->question[len] = '\0';
	utf8_copy(one->entry, sizeof(one->entry), entry);
	set->answerable += *entry != '\0';
	set->n++;
	return 0;
}

int kb_set_read(struct kb_set **sp, struct db *db)
{
	scoped_mem struct kb_set *set = NULL;
	scoped_stmt struct db_stmt *s = NULL;
	int64_t n = 0;

	int err = db_get_int(db, &n, 0,
			     "SELECT count(*) FROM kb_case WHERE state=1", "");
	if (!err)
		err = set_alloc(&set, (size_t)n);
	if (!err)
		err = db_query(&s, db,
			       "SELECT question, entry FROM kb_case"
			       " WHERE state=1 ORDER BY n",
			       "");
	while (!err && set->n < n && !(err = db_step(s)))
		err = set_add(set, db_str(s, 0), strlen(db_str(s, 0)),
			      db_str(s, 1));
	if (err && err != ENOENT)
		return err;
	*sp = take(set);
	return 0;
}

static int parse_line(struct kb_set *set, const char *line, size_t len,
		      struct diag *diag)
{
	char id[KB_ID_SIZE];
	const char *tab = memchr(line, '\t', len);
	size_t n = tab ? (size_t)(tab - line) : len;
	size_t rest = tab ? len - n - 1 : 0;

	if (!n || n > KB_QUERY_MAX_BYTES || !rest || rest >= sizeof(id) ||
	    utf8_check(line, len) >= 0 || memchr(line, '\0', len)) {
		utf8_copy(diag->what, sizeof(diag->what),
			  _("a line is a question, a tab and the id of the "
			    "entry that answers it, or - for none"));
		return EBADMSG;
	}
	memcpy(id, tab + 1, rest);
	id[rest] = '\0';
	if (strcmp(id, "-") && !kb_id_is_good(id)) {
		snprintf(diag->what, sizeof(diag->what),
			 _("'%s' is no id of an entry: write KB-0415, or - "
			   "for none"),
			 id);
		return EBADMSG;
	}
	return set_add(set, line, n, strcmp(id, "-") ? id : "");
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

int kb_set_parse(struct kb_set **sp, const char *file, const char *text,
		 size_t len, struct diag *diag)
{
	scoped_mem struct kb_set *set = NULL;
	const char *end = text + len;
	size_t lines = count_lines(text, len);
	int err = set_alloc(&set, lines > KB_CASES_MAX ? KB_CASES_MAX : lines);

	utf8_copy(diag->file, sizeof(diag->file), file);
	diag->line = 0;
	while (text < end && !err) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = nl ? (size_t)(nl - text) : (size_t)(end - text);
		size_t cut = n && text[n - 1] == '\r' ? n - 1 : n;
		diag->line++;
		if (cut && set->n == KB_CASES_MAX) {
			snprintf(diag->what, sizeof(diag->what),
				 _("more than %d questions"), KB_CASES_MAX);
			return EBADMSG;
		}
		if (cut)
			err = parse_line(set, text, cut, diag);
		text += n + (nl != NULL);
	}
	if (err)
		return err;
	*sp = take(set);
	return 0;
}

int kb_set_write(struct db *db, const struct kb_set *set, int64_t at_us,
		 const char *actor)
{
	int64_t n = 0;
	int err = kb_case_next(db, &n);

	if (!err)
		err = db_exec(db, "DELETE FROM kb_case WHERE state=1");
	for (unsigned i = 0; i < set->n && !err; i++)
		err = insert(db,
			     &(struct kb_case_row){
				     .question = set->list[i].question,
				     .entry = set->list[i].entry,
				     .state = KB_CASE_KEPT,
				     .since_us = at_us,
				     .actor = actor,
			     },
			     n + i);
	return err;
}

static bool is_right(const struct kb_asked *one, const struct kb_best *best)
{
	return *best->id && !strcmp(best->id, one->entry);
}

static int ask_one(struct kb_asked *one, const struct kb_set_prm *prm)
{
	const struct kb_query q = {
		.text = one->question,
		.line = "",
		.day = prm->day,
		.limit = 1,
		.drafts = prm->drafts,
		.cancelled = prm->cancelled,
	};
	struct kb_tried t;
	int err = prm->trial
			  ? kb_answer_try(&t, prm->ix, prm->db, &q, prm->trial)
			  : kb_answer_look(&t.after, prm->ix, prm->db, &q);
	if (err)
		return err;
	if (!prm->trial)
		t.before = t.after;
	memcpy(one->x, t.after.x, sizeof(one->x));
	memcpy(one->got, t.after.id, sizeof(one->got));
	one->right = is_right(one, &t.after);
	one->was_right = is_right(one, &t.before);
	return 0;
}

int kb_set_ask(struct kb_set *set, const struct kb_set_prm *prm)
{
	set->right = set->was_right = 0;
	for (unsigned i = 0; i < set->n; i++) {
		int err = ask_one(&set->list[i], prm);
		if (err)
			return err;
		set->right += set->list[i].right;
		set->was_right += set->list[i].was_right;
	}
	return 0;
}

int kb_set_fit(struct kb_confidence **cp, const struct kb_set *set)
{
	scoped_mem struct kb_case *list =
		mem_zalloc((set->n + 1) * sizeof(*list), NULL);

	if (!list)
		return ENOMEM;
	for (unsigned i = 0; i < set->n; i++) {
		memcpy(list[i].x, set->list[i].x, sizeof(list[i].x));
		list[i].right = set->list[i].right;
	}
	return kb_confidence_alloc(cp, list, set->n);
}
