/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/gap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "kb/group.h"
#include "server/core/fact.h"
#include "server/core/store_kb.h"

/* The newest of them are looked at. */
#define GAPS_MAX     2000
#define NAMED_MAX    200 /* gaps that one request closes */
#define SAMPLES	     5	 /* contacts of a candidate that are named */
#define ASKS_MAX     20	 /* ways to ask that go into its draft */
#define WORDS_CHARS  80
#define TITLE_BYTES  200
#define REASON_BYTES 600
#define ID_BYTES     64

/* ---- candidates ---- */

struct gap {
	int64_t seq, at_us;
	bool searched;
	char contact[ID_BYTES];
	char *words;
};

struct gaps {
	struct gap *list;
	size_t n;
};

static void gaps_destructor(void *arg)
{
	struct gaps *g = arg;

	for (size_t i = 0; i < g->n; i++)
		mem_deref(g->list[i].words);
	mem_deref(g->list);
}

static int on_gap(const struct store_kb_gap *row, void *arg)
{
	struct gaps *g = arg;
	struct gap *gap = &g->list[g->n];

	gap->seq = row->seq;
	gap->at_us = row->at_us;
	gap->searched = row->searched;
	utf8_copy(gap->contact, sizeof(gap->contact), row->contact);
	int err = str_dup(&gap->words, row->words);
	g->n += !err;
	return err;
}

static int read_gaps(struct gaps **gp, struct db *db)
{
	scoped_mem struct gaps *g = mem_zalloc(sizeof(*g), gaps_destructor);
	if (!g)
		return ENOMEM;
	g->list = mem_zalloc(GAPS_MAX * sizeof(*g->list), NULL);
	if (!g->list)
		return ENOMEM;
	int err = store_kb_gaps(db, GAPS_MAX, on_gap, g);
	if (err)
		return err;
	*gp = take(g);
	return 0;
}

static json_t *candidate(const struct gaps *g, const int *group, int number,
			 int head)
{
	scoped_json json_t *seqs = json_array();
	scoped_json json_t *contacts = json_array();
	int64_t first = INT64_MAX, last = 0;
	json_int_t count = 0, searches = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct gap *gap = &g->list[i];
		if (group[i] != number)
			continue;
		count++;
		searches += gap->searched;
		if (json_array_size(seqs) < NAMED_MAX)
			json_array_append_new(seqs, json_integer(gap->seq));
		if (*gap->contact && json_array_size(contacts) < SAMPLES)
			json_array_append_new(contacts,
					      json_string(gap->contact));
		first = gap->at_us < first ? gap->at_us : first;
		last = gap->at_us > last ? gap->at_us : last;
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:O, s:O}", "words",
			 g->list[head].words, "count", count, "searches",
			 searches, "first_us", (json_int_t)first, "last_us",
			 (json_int_t)last, "contacts", contacts, "gaps", seqs);
}

/* Most often asked first, then the latest. */
static int by_count(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int64_t n = json_int(y, "count") - json_int(x, "count");

	if (!n)
		n = json_int(y, "last_us") - json_int(x, "last_us");
	return (n > 0) - (n < 0);
}

static int candidates(struct db *db, json_t ***listp, size_t *np)
{
	scoped_mem struct gaps *g = NULL;
	int err = read_gaps(&g, db);
	if (err)
		return err;

	scoped_mem const char **text =
		mem_alloc((g->n + 1) * sizeof(*text), NULL);
	scoped_mem int *group = mem_alloc((g->n + 1) * sizeof(*group), NULL);
	scoped_mem int *head = mem_alloc((g->n + 1) * sizeof(*head), NULL);
	if (!text || !group || !head)
		return ENOMEM;
	for (size_t i = 0; i < g->n; i++)
		text[i] = g->list[i].words;
	err = kb_group(text, g->n, group, head, np);
	if (err)
		return err;
	json_t **list = mem_zalloc((*np + 1) * sizeof(json_t *), NULL);
	if (!list)
		return ENOMEM;
	for (size_t i = 0; i < *np; i++)
		list[i] = candidate(g, group, (int)i, head[i]);
	qsort(list, *np, sizeof(json_t *), by_count);
	*listp = list;
	return 0;
}

static int on_list(struct rpc_call *call, struct db *db)
{
	scoped_mem json_t **list = NULL;
	struct json_in in;
	char cursor[24];
	size_t n = 0;

	json_in_init(&in, call->params);
	const char *after = json_in_str_or(&in, "cursor", 20, "0");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = candidates(db, &list, &n);
	if (err)
		return err;
	call->result = json_pack("{s:[]}", "items");
	size_t from = strtoul(after, NULL, 10);
	bool room = true;
	for (size_t i = 0; i < n; i++) {
		if (i < from || !room) {
			json_decref(list[i]);
			continue;
		}
		room = rpc_page_add(call, list[i]);
		if (room)
			continue;
		snprintf(cursor, sizeof(cursor), "%zu", i);
		rpc_page_next(call, cursor);
	}
	return 0;
}

/* ---- from a candidate to a draft ---- */

/* One line as a header takes it, not too long. */
static void plain(char *out, size_t size, const char *text)
{
	size_t len = strlen(text), at = 0;
	unsigned chars = 0;

	for (size_t i = 0; i < len && chars < WORDS_CHARS;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, text + i, len - i);
		if (!kb_entry_takes(cp) || cp < 0x20)
			cp = 0;
		if (at + n + 1 > size)
			break;
		if (cp) {
			memcpy(out + at, text + i, n);
			at += n;
		} else if (at && out[at - 1] != ' ') {
			out[at++] = ' ';
		}
		i += n;
		chars++;
	}
	while (at && out[at - 1] == ' ')
		at--;
	out[at] = '\0';
}

/* The text of the draft: the first gap's words are the question, the others'
 * ways to ask. */
static int write_draft(struct mbuf *mb, const char *id, const char *title,
		       json_t *words)
{
	char line[TITLE_BYTES * 2], head[TITLE_BYTES * 2];
	scoped_json json_t *seen = json_object();
	size_t i;
	json_t *one;

	plain(line, sizeof(line), json_string_value(json_array_get(words, 0)));
	plain(head, sizeof(head), *title ? title : line);
	int err = mbuf_printf(mb, "---\nid: %s\ntitle: %s\nquestion: %s\n", id,
			      head, line);
	json_object_set_new(seen, line, json_true());
	json_array_foreach (words, i, one) {
		plain(line, sizeof(line), json_string_value(one));
		if (err || !*line || json_object_get(seen, line) ||
		    json_object_size(seen) > ASKS_MAX)
			continue;
		json_object_set_new(seen, line, json_true());
		err = mbuf_printf(mb, "ask: %s\n", line);
	}
	return err ? err : mbuf_printf(mb, "state: draft\n---\n");
}

/* Words of each, which must be open. */
static int read_named(struct rpc_call *call, struct db *db, json_t *seqs,
		      json_t *words)
{
	size_t i;
	json_t *seq;

	if (!json_array_size(seqs) || json_array_size(seqs) > NAMED_MAX)
		return rpc_fail(call, EINVAL,
				N_("Name one question or more, and not too "
				   "many"),
				"gaps");
	json_array_foreach (seqs, i, seq) {
		scoped_mem char *text = NULL;
		int err =
			store_kb_gap_words(db, json_integer_value(seq), &text);
		if (err == ENOENT)
			return rpc_fail(call, ENOENT,
					N_("There is no such open question"),
					"%lld",
					(long long)json_integer_value(seq));
		if (err)
			return err;
		json_array_append_new(words, json_string(text));
	}
	return 0;
}

static int on_draft(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *words = json_array();
	scoped_mem struct mbuf *mb = mbuf_alloc(1024);
	scoped_mem struct kb_entry *e = NULL;
	struct diag diag;
	struct json_in in;
	char id[KB_ID_SIZE];

	if (!words || !mb)
		return ENOMEM;
	json_in_init(&in, call->params);
	json_t *seqs = json_in_array(&in, "gaps", true);
	const char *title = json_in_str_or(&in, "title", TITLE_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	int err = read_named(call, db, seqs, words);
	if (!err)
		err = store_kb_next_id(db, id, sizeof(id));
	if (!err)
		err = write_draft(mb, id, title, words);
	if (err)
		return err;
	err = kb_entry_parse(&e, id, (const char *)mb->buf, mb->end, &diag);
	if (err == EBADMSG)
		return rpc_fail(call, EINVAL, N_("An entry is not right"),
				"%s", diag.what);
	if (!err)
		err = rpc_append(call, db, "entry.drafted", id,
				 json_pack("{s:i, s:s}", "version", 1, "text",
					   e->text));
	if (!err)
		err = rpc_append(
			call, db, "gap.closed", id,
			json_pack("{s:O, s:s}", "gaps", seqs, "entry", id));
	if (err)
		return err;
	call->result = json_pack("{s:s, s:i, s:s}", "entry", id, "version", 1,
				 "text", e->text);
	return call->result ? 0 : ENOMEM;
}

static int on_close(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *words = json_array();
	struct json_in in;
	int64_t version = 0;
	bool same;

	json_in_init(&in, call->params);
	json_t *seqs = json_in_array(&in, "gaps", true);
	const char *id = json_in_str_or(&in, "entry", ID_BYTES, "");
	const char *reason = json_in_str_or(&in, "reason", REASON_BYTES, "");
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (!*id && !reason[strspn(reason, " \t\r\n")])
		return rpc_fail(call, EINVAL,
				N_("Name the entry that answers it, or say "
				   "why it needs none"),
				"entry, reason");
	int err = *id ? kb_base_version(db, id, "", &version, &same) : 0;
	if (!err && *id && !version)
		return rpc_fail(call, ENOENT, N_("There is no such entry"),
				"%s", id);
	if (!err)
		err = read_named(call, db, seqs, words);
	if (!err)
		err = rpc_append(call, db, "gap.closed", id,
				 json_pack("{s:O, s:s, s:s}", "gaps", seqs,
					   "entry", id, "reason", reason));
	if (!err)
		call->result = json_object();
	return err;
}

const struct rpc_handler gap_methods[] = {
	{"gap.list", .readh = on_list},
	{"gap.draft", .writeh = on_draft},
	{"gap.close", .writeh = on_close},
	{NULL},
};
