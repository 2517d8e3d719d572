/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/regress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"

static int put_line(struct db *db, const char *line, size_t len,
		    struct diag *diag)
{
	char question[KB_QUERY_MAX_BYTES + 1], id[KB_ID_SIZE];
	const char *tab = memchr(line, '\t', len);
	size_t n = tab ? (size_t)(tab - line) : len;
	size_t rest = tab ? len - n - 1 : 0;

	if (!n || n >= sizeof(question) || !rest || rest >= sizeof(id) ||
	    utf8_check(line, len) >= 0 || memchr(line, '\0', len)) {
		snprintf(diag->what, sizeof(diag->what),
			 "a line is a question, a tab and the id of the entry "
			 "that answers it, or - for none");
		return EBADMSG;
	}
	memcpy(question, line, n);
	question[n] = '\0';
	memcpy(id, tab + 1, rest);
	id[rest] = '\0';
	if (strcmp(id, "-") && !kb_id_is_good(id)) {
		snprintf(diag->what, sizeof(diag->what),
			 "'%s' is no id of an entry: KB-0415, or - for none",
			 id);
		return EBADMSG;
	}
	return db_run(db, "INSERT INTO kb_case(question, entry) VALUES(?,?)",
		      "ss", question, strcmp(id, "-") ? id : "");
}

int kb_regress_put(struct db *db, const char *file, const char *text,
		   size_t len, struct diag *diag)
{
	const char *end = text + len;
	int err = db_exec(db, "DELETE FROM kb_case");

	utf8_copy(diag->file, sizeof(diag->file), file);
	diag->line = 0;
	while (text < end && !err) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = nl ? (size_t)(nl - text) : (size_t)(end - text);
		size_t cut = n && text[n - 1] == '\r' ? n - 1 : n;
		diag->line++;
		if (diag->line > KB_CASES_MAX) {
			snprintf(diag->what, sizeof(diag->what),
				 "more than %d lines", KB_CASES_MAX);
			return EBADMSG;
		}
		if (cut)
			err = put_line(db, text, cut, diag);
		text += n + (nl != NULL);
	}
	return err;
}

static int ask_one(struct kb_case *one, struct kb_regress *sum,
		   struct kb_index *ix, struct db *db,
		   const struct kb_query *q, const char *entry)
{
	struct kb_best best;
	int err = kb_answer_look(&best, ix, db, q);

	if (err)
		return err;
	memcpy(one->x, best.x, sizeof(best.x));
	one->right = *best.id && !strcmp(best.id, entry);
	sum->cases++;
	sum->answerable += *entry != '\0';
	sum->right += one->right;
	return 0;
}

int kb_regress_fit(struct kb_confidence **cp, struct kb_regress *sum,
		   struct kb_index *ix, struct db *db, const char *day,
		   bool drafts)
{
	scoped_stmt struct db_stmt *s = NULL;
	int64_t n = 0;

	*sum = (struct kb_regress){.cases = 0};
	int err = db_get_int(db, &n, 0, "SELECT count(*) FROM kb_case", "");
	if (err)
		return err;
	scoped_mem struct kb_case *list =
		mem_zalloc(((size_t)n + 1) * sizeof(*list), NULL);
	if (!list)
		return ENOMEM;
	err = db_prepare(&s, db,
			 "SELECT question, entry FROM kb_case ORDER BY n");
	while (!err && sum->cases < n && !(err = db_step(s))) {
		const struct kb_query q = {.text = db_str(s, 0),
					   .line = "",
					   .day = day,
					   .limit = 1,
					   .drafts = drafts};
		err = ask_one(&list[sum->cases], sum, ix, db, &q,
			      db_str(s, 1));
	}
	if (err && err != ENOENT)
		return err;
	return kb_confidence_alloc(cp, list, sum->cases);
}
