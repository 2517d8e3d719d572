/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb diff, log and signed: what changed, when, and by whom. Changes are
 * written as diff -u and git write them, so that patch takes them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/diff.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "kb/command.h"

/* Lines around a change that are shown with it. */
#define AROUND 3

/* ---- the lines of a change ---- */

struct hunks {
	const char *names[2];
	/* all lines, as diff gave them */
	struct diff_line *list;
	size_t n, room;
	bool colour;
	/* the last line of a text has no newline */
	bool open[2];
	unsigned lines[2];
};

static int on_line(const struct diff_line *l, void *arg)
{
	struct hunks *h = arg;

	if (h->n == h->room)
		return EFBIG;
	h->list[h->n++] = *l;
	h->lines[0] += l->kind != DIFF_NEW;
	h->lines[1] += l->kind != DIFF_GONE;
	return 0;
}

static void paint(const struct hunks *h, const char *colour)
{
	if (h->colour)
		fputs(colour, stdout);
}

/* A text that is hostile to terminals stays as it is in a file or a pipe. */
static void print_line(const struct hunks *h, const struct diff_line *l)
{
	bool last = (l->kind != DIFF_NEW && h->open[0] &&
		     l->old_n == h->lines[0]) ||
		    (l->kind != DIFF_GONE && h->open[1] &&
		     l->new_n == h->lines[1]);

	paint(h, l->kind == DIFF_GONE  ? "\x1b[31m"
		 : l->kind == DIFF_NEW ? "\x1b[32m"
				       : "");
	printf("%c%.*s", l->kind, (int)l->len, l->line);
	paint(h, l->kind == DIFF_SAME ? "" : "\x1b[0m");
	putchar('\n');
	if (last)
		puts("\\ No newline at end of file");
}

/* Where the hunk ends that begins with this line. */
static size_t hunk_end(const struct hunks *h, size_t from)
{
	size_t end = from, same = 0;

	for (size_t i = from; i < h->n && same <= 2 * AROUND; i++) {
		same = h->list[i].kind == DIFF_SAME ? same + 1 : 0;
		if (!same)
			end = i + 1;
	}
	return end + AROUND < h->n ? end + AROUND : h->n;
}

static void print_hunk(const struct hunks *h, size_t from, size_t end)
{
	unsigned first[2] = {0, 0}, count[2] = {0, 0};

	for (size_t i = 0; i < end; i++) {
		bool side[2] = {h->list[i].kind != DIFF_NEW,
				h->list[i].kind != DIFF_GONE};
		for (int k = 0; k < 2; k++) {
			if (i < from)
				first[k] += side[k];
			else
				count[k] += side[k];
		}
	}
	paint(h, "\x1b[36m");
	printf("@@ -%u,%u +%u,%u @@", first[0] + (count[0] > 0), count[0],
	       first[1] + (count[1] > 0), count[1]);
	paint(h, "\x1b[0m");
	putchar('\n');
	for (size_t i = from; i < end; i++)
		print_line(h, &h->list[i]);
}

static void print_hunks(const struct hunks *h)
{
	bool any = false;

	for (size_t i = 0; i < h->n;) {
		if (h->list[i].kind == DIFF_SAME) {
			i++;
			continue;
		}
		if (!any)
			printf("--- %s\n+++ %s\n", h->names[0], h->names[1]);
		any = true;
		size_t from = i > AROUND ? i - AROUND : 0;
		size_t end = hunk_end(h, i);
		print_hunk(h, from, end);
		i = end;
	}
}

static json_t *json_lines(const struct hunks *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->n; i++) {
		const struct diff_line *l = &h->list[i];
		json_array_append_new(
			list, json_pack("{s:s#, s:s%, s:i, s:i}", "kind",
					&(char){(char)l->kind}, 1, "line",
					l->line, l->len, "old", (int)l->old_n,
					"new", (int)l->new_n));
	}
	return list;
}

static bool is_open(const char *text)
{
	size_t n = strlen(text);

	return n && text[n - 1] != '\n';
}

static int compare(struct hunks *h, const char *old_text, const char *new_text)
{
	h->room = 2 * DIFF_LINES_MAX;
	h->list = mem_alloc(h->room * sizeof(*h->list), NULL);
	if (!h->list)
		return ENOMEM;
	h->open[0] = is_open(old_text);
	h->open[1] = is_open(new_text);
	h->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return diff_lines(old_text, new_text, on_line, h);
}

int command_unified(const struct options *o, const char *old_name,
		    const char *old_text, const char *new_name,
		    const char *new_text)
{
	struct hunks h = {.names = {old_name, new_name}};
	int err = compare(&h, old_text, new_text);
	scoped_mem struct diff_line *list = h.list;
	(void)list; /* freed at the end */

	if (err)
		return command_refuse_errno(err, "");
	if (!o->json) {
		print_hunks(&h);
		return EXIT_DONE;
	}
	scoped_json json_t *lines = json_lines(&h);
	scoped_json json_t *out = json_pack("{s:s, s:s, s:O}", "old", old_name,
					    "new", new_name, "lines", lines);
	command_print_json(out);
	return EXIT_DONE;
}

/* ---- versions ---- */

static int print_versions(const struct options *o, const char *id, int64_t old,
			  int64_t version)
{
	scoped_json json_t *from = NULL;
	scoped_json json_t *to = NULL;
	char names[2][96];

	int code = old ? command_entry(o, id, old, &from) : EXIT_DONE;
	if (!code)
		code = command_entry(o, id, version, &to);
	if (code)
		return code;
	snprintf(names[0], sizeof(names[0]), "%.60s@%lld", id, (long long)old);
	snprintf(names[1], sizeof(names[1]), "%.60s@%lld", id,
		 (long long)version);
	return command_unified(o, old ? names[0] : "/dev/null",
			       from ? json_str(from, "text") : "", names[1],
			       json_str(to, "text"));
}

/* Without versions: the newest against the one that is shown, or against the
 * one before it when they are the same. */
static int choose(const struct options *o, const char *id, int64_t *newp,
		  int64_t *oldp)
{
	scoped_json json_t *entry = NULL;
	int code = command_entry(o, id, 0, &entry);

	if (code)
		return code;
	int64_t shown = json_int(entry, "version");
	if (!*newp)
		*newp = json_int(entry, "newest");
	if (!*oldp)
		*oldp = *newp != shown ? shown : *newp - 1;
	return EXIT_DONE;
}

/* ---- files ---- */

/* What is no id is a path. */
static bool is_path(const char *arg)
{
	char id[64];

	snprintf(id, sizeof(id), "%.*s", (int)strcspn(arg, "@"), arg);
	return !kb_id_is_good(id);
}

/* What an import of this entry would change. */
static int print_file(const struct options *o, const struct kb_entry *e)
{
	scoped_json json_t *shown = NULL;
	scoped_json json_t *newest = NULL;
	char why[KB_WHY_SIZE], name[96];

	int err = kb_door_call(
		o->door, "kb.get",
		json_pack("{s:s, s:b}", "entry", e->id, "source", 1), &shown,
		why);
	if (err == ENOENT)
		return command_unified(o, "/dev/null", "",
				       e->path ? e->path : e->file, e->text);
	if (err)
		return command_refuse_errno(err, why);
	int64_t last = json_int(shown, "newest");
	int code = command_entry(o, e->id, last, &newest);
	if (code || !strcmp(json_str(newest, "text"), e->text))
		return code;
	snprintf(name, sizeof(name), "%s@%lld", e->id, (long long)last);
	return command_unified(o, name, json_str(newest, "text"),
			       e->path ? e->path : e->file, e->text);
}

static int diff_files(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	int code = command_shelf(&shelf, o, 0);

	for (unsigned i = 0; !code && i < shelf->n; i++)
		code = print_file(o, shelf->list[i]);
	return code ? code : command_finish();
}

int command_diff(const struct options *o)
{
	char id[64];
	int64_t version, old = 0;

	if (is_path(o->args[0]))
		return diff_files(o);
	if (o->args_n > 2)
		return command_needs("ID[@VERSION] [VERSION]");
	int code = command_version(o->args[0], id, sizeof(id), &version);
	if (!code && o->args_n > 1)
		old = strtol(o->args[1], NULL, 10);
	if (!code)
		code = choose(o, id, &version, &old);
	if (!code)
		code = print_versions(o, id, old, version);
	return code ? code : command_finish();
}

/* ---- log ---- */

struct logging {
	unsigned left;
	bool any;
};

/* As git writes one. */
static void print_block(const json_t *row, bool any)
{
	char stamp[CAL_TEXT_SIZE];

	cal_stamp(stamp, json_int(row, "at_us"));
	printf("%sversion %s@%lld (%s)\nAuthor: %s\nDate:   %s\n\n    ",
	       any ? "\n" : "", json_str(row, "id"),
	       (long long)json_int(row, "version"), json_str(row, "state"),
	       json_str(row, "actor"), stamp);
	command_print_text(json_str(row, "title"), 0);
	putchar('\n');
}

static void print_short(const json_t *row)
{
	char stamp[CAL_TEXT_SIZE];

	cal_stamp(stamp, json_int(row, "at_us"));
	printf("%s  %-8s v%-3lld %-12s ", stamp, json_str(row, "id"),
	       (long long)json_int(row, "version"), json_str(row, "actor"));
	command_print_text(json_str(row, "title"), 0);
	putchar('\n');
}

static int log_one(const struct options *o, const json_t *row, void *arg)
{
	struct logging *l = arg;
	int64_t version = json_int(row, "version");

	if (!l->left)
		return EXIT_DONE;
	l->left--;
	if (o->json)
		command_print_json(row);
	else if (o->oneline)
		print_short(row);
	else
		print_block(row, l->any);
	l->any = true;
	if (!o->patch)
		return EXIT_DONE;
	if (!o->json)
		putchar('\n');
	return print_versions(o, json_str(row, "id"), version - 1, version);
}

/* One request where a limit says how many, all pages else. */
static int each(const struct options *o, const char *method, json_t *params,
		command_item_h *h)
{
	bool all = !o->limit && (o->since_us || o->until_us);
	struct logging l = {.left = all ? UINT32_MAX : command_limit(o)};

	json_object_set_new(params, "since_us", json_integer(o->since_us));
	json_object_set_new(
		params, "until_us",
		json_integer(o->until_us ? o->until_us : cal_now_us()));
	json_object_set_new(params, "limit",
			    json_integer(all ? 100 : command_limit(o)));
	if (all) {
		int code = command_pages(o, method, params, h, &l);
		return code ? code : command_finish();
	}
	scoped_json json_t *page = NULL;
	size_t i;
	json_t *row;
	int code = command_ask(o, method, params, &page);
	json_array_foreach (json_object_get(page, "items"), i, row) {
		if (!code)
			code = h(o, row, &l);
	}
	return code ? code : command_finish();
}

int command_log(const struct options *o)
{
	return each(o, "kb.log",
		    json_pack("{s:s}", "entry", o->args_n ? o->args[0] : ""),
		    log_one);
}

/* ---- signed ---- */

static int signed_one(const struct options *o, const json_t *row, void *arg)
{
	char stamp[CAL_TEXT_SIZE];

	(void)arg;
	if (o->json) {
		command_print_json(row);
		return EXIT_DONE;
	}
	cal_stamp(stamp, json_int(row, "at_us"));
	printf("%s  %-9s %-8s v%-3lld %-8s ", stamp, json_str(row, "step"),
	       json_str(row, "id"), (long long)json_int(row, "version"),
	       json_str(row, "person"));
	command_print_text(json_str(row, "title"), 0);
	printf("%s", *json_str(row, "note") ? "  " : "");
	command_print_text(json_str(row, "note"), 0);
	putchar('\n');
	return EXIT_DONE;
}

int command_signed(const struct options *o)
{
	return each(o, "kb.signed",
		    json_pack("{s:s}", "person", command_text(o->by)),
		    signed_one);
}
