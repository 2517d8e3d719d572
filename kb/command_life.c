/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb's commands that lead a version from a draft to its release. The
 * office decides who may; a file has no such life.
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
#include "kb/shelf.h"

#define TITLE_COLUMNS 36

/* What a step left: "KB-0415 v8 confirmed". */
static void print_step(const struct options *o, const json_t *result)
{
	if (o->json) {
		command_print_json(result);
		return;
	}
	printf("%s v%lld %s\n", json_str(result, "entry"),
	       (long long)json_int(result, "version"),
	       json_str(result, "state"));
}

static int usage_needs(const char *option)
{
	fprintf(stderr, _("zuoxi-kb: this command needs %s\n"), option);
	return EXIT_USAGE;
}

/* A step with each ID[@VERSION]; stops at the first refusal. `params` are
 * what all of them need beside entry and version; borrowed. */
static int each_version(const struct options *o, const char *method,
			json_t *params)
{
	int code = EXIT_DONE;

	if (!params)
		return command_refuse_errno(ENOMEM, "");
	for (int i = 0; i < o->args_n && !code; i++) {
		scoped_json json_t *result = NULL;
		scoped_json json_t *one = json_copy(params);
		char id[64];
		int64_t version;
		code = command_version(o->args[i], id, sizeof(id), &version);
		if (code)
			return code;
		json_object_set_new(one, "entry", json_string(id));
		if (version)
			json_object_set_new(one, "version",
					    json_integer(version));
		code = command_ask(o, method, take(one), &result);
		if (!code)
			print_step(o, result);
	}
	return code ? code : command_finish();
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* ---- drafts ---- */

static void on_fault(const struct diag *diag, void *arg)
{
	fprintf(stderr, "%s:%d: %s\n", diag->file, diag->line, diag->what);
}

int command_draft(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	int code = EXIT_DONE;

	int err = kb_shelf_alloc(&shelf);
	for (int i = 0; i < o->args_n && !err; i++)
		err = kb_shelf_read(shelf, o->args[i], on_fault, NULL);
	if (err)
		return command_refuse_errno(err, "");
	kb_shelf_check_ids(shelf, on_fault, NULL);
	if (shelf->faults || !shelf->n)
		return command_refuse(_("nothing was written: mend the "
					"entries first"));
	for (unsigned i = 0; i < shelf->n && !code; i++) {
		scoped_json json_t *result = NULL;
		code = command_ask(
			o, "kb.draft",
			json_pack("{s:s}", "text", shelf->list[i]->text),
			&result);
		if (!code)
			print_step(o, result);
	}
	return code ? code : command_finish();
}

/* ---- steps ---- */

int command_review(const struct options *o)
{
	scoped_json json_t *params = json_object();
	return each_version(o, "kb.review", params);
}

int command_confirm(const struct options *o)
{
	scoped_json json_t *params = json_pack(
		"{s:s, s:s, s:s}", "by", or_empty(o->by), "paper",
		or_empty(o->paper), "effective", or_empty(o->effective));

	return each_version(o, "kb.confirm", params);
}

static int with_reason(const struct options *o, const char *method)
{
	scoped_json json_t *params =
		json_pack("{s:s}", "reason", or_empty(o->reason));

	return o->reason ? each_version(o, method, params)
			 : usage_needs("--reason");
}

int command_return(const struct options *o)
{
	return with_reason(o, "kb.return");
}

int command_withdraw(const struct options *o)
{
	return with_reason(o, "kb.withdraw");
}

int command_rollback(const struct options *o)
{
	scoped_json json_t *params =
		json_pack("{s:s, s:s, s:s}", "reason", or_empty(o->reason),
			  "by", or_empty(o->by), "paper", or_empty(o->paper));

	if (!strchr(o->args[0], '@'))
		return usage_needs("ID@VERSION");
	if (!o->reason)
		return usage_needs("--reason");
	if (params && o->effective)
		json_object_set_new(params, "effective",
				    json_string(o->effective));
	return each_version(o, "kb.rollback", params);
}

/* ---- releases ---- */

static void print_release(const json_t *r)
{
	const json_t *entries = json_object_get(r, "entries");
	size_t i;
	json_t *one;

	printf("%s  ", json_str(r, "release"));
	if (json_int(r, "at_us")) {
		char stamp[CAL_TEXT_SIZE];
		cal_stamp(stamp, json_int(r, "at_us"));
		printf("%s  %s  ", stamp, json_str(r, "actor"));
	}
	if (json_array_size(entries))
		printf(_("%zu entries"), json_array_size(entries));
	else
		fputs(_("no change"), stdout);
	printf("%s", *json_str(r, "note") ? "  " : "");
	command_print_text(json_str(r, "note"), 0);
	putchar('\n');
	json_array_foreach (entries, i, one) {
		printf("  %-8s v%-3lld ", json_str(one, "id"),
		       (long long)json_int(one, "version"));
		command_print_text(json_str(one, "title"), 0);
		putchar('\n');
	}
}

int command_release(const struct options *o)
{
	scoped_json json_t *result = NULL;
	int code =
		command_ask(o, "kb.release",
			    json_pack("{s:s, s:b}", "note", or_empty(o->note),
				      "dry", (int)o->dry_run),
			    &result);
	if (code)
		return code;
	if (o->json)
		command_print_json(result);
	else
		print_release(result);
	return command_finish();
}

int command_releases(const struct options *o)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *one;

	int code =
		command_ask(o, "kb.releases",
			    json_pack("{s:i}", "limit", (int)o->limit), &list);
	if (code)
		return code;
	json_array_foreach (json_object_get(list, "items"), i, one) {
		if (o->json)
			command_print_json(one);
		else
			print_release(one);
	}
	return command_finish();
}

/* ---- lists ---- */

static void print_waiting(const json_t *w)
{
	char stamp[CAL_TEXT_SIZE];

	cal_stamp(stamp, json_int(w, "since_us"));
	printf("%-8s v%-3lld %-10s %s  %-6s ", json_str(w, "id"),
	       (long long)json_int(w, "version"), json_str(w, "state"), stamp,
	       json_str(w, "author"));
	command_print_text(json_str(w, "title"), TITLE_COLUMNS);
	putchar('\n');
}

/* Every page of a list. */
static int each_page(const struct options *o, const char *method,
		     void (*print)(const json_t *item))
{
	char cursor[64] = "";

	do {
		scoped_json json_t *page = NULL;
		size_t i;
		json_t *one;
		json_t *params = *cursor ? json_pack("{s:s}", "cursor", cursor)
					 : json_object();
		int code = command_ask(o, method, params, &page);
		if (code)
			return code;
		json_array_foreach (json_object_get(page, "items"), i, one) {
			if (o->json)
				command_print_json(one);
			else
				print(one);
		}
		str_ncpy(cursor, json_str(page, "next"), sizeof(cursor));
	} while (*cursor);
	return command_finish();
}

int command_waiting(const struct options *o)
{
	return each_page(o, "kb.waiting", print_waiting);
}

/* "  reviewed   2026-11-24 10:42:05  L02", if it happened */
static void print_signed(const json_t *v, const char *what, const char *at,
			 const char *who)
{
	char stamp[CAL_TEXT_SIZE];

	if (!json_int(v, at))
		return;
	cal_stamp(stamp, json_int(v, at));
	printf("  %-10s %s  %s\n", what, stamp, json_str(v, who));
}

static void print_version(const json_t *v)
{
	printf("v%lld %s", (long long)json_int(v, "version"),
	       json_str(v, "state"));
	if (*json_str(v, "effective"))
		printf("  %s", json_str(v, "effective"));
	if (*json_str(v, "expires"))
		printf("..%s", json_str(v, "expires"));
	putchar('\n');
	print_signed(v, "written", "at_us", "author");
	print_signed(v, "reviewed", "reviewed_us", "reviewer");
	print_signed(v, "confirmed", "confirmed_us", "confirmer");
	print_signed(v, "released", "released_us", "release");
	print_signed(v, "withdrawn", "withdrawn_us", "withdrawer");
	if (*json_str(v, "paper"))
		printf("  %-10s %s\n", "paper", json_str(v, "paper"));
	if (*json_str(v, "reason"))
		printf("  %-10s %s\n", "reason", json_str(v, "reason"));
}

int command_versions(const struct options *o)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *one;

	int code = command_ask(o, "kb.versions",
			       json_pack("{s:s}", "entry", o->args[0]), &list);
	if (code)
		return code;
	json_array_foreach (json_object_get(list, "items"), i, one) {
		if (o->json)
			command_print_json(one);
		else
			print_version(one);
	}
	return command_finish();
}

/* ---- diff ---- */

/* Lines around a change that are shown with it, as diff -u does. */
#define AROUND 3

struct hunks {
	const char *colour[128]; /* by kind; "" without a terminal */
	/* same lines kept back until a change follows */
	struct diff_line held[AROUND];
	unsigned held_n;
	unsigned after; /* same lines still to be shown after a change */
	bool skipped, any;
	bool json;
	json_t *list;
};

static void print_line(struct hunks *h, const struct diff_line *l)
{
	const char *c = h->colour[(int)l->kind];

	if (h->json) {
		json_array_append_new(h->list,
				      json_pack("{s:s#, s:s%, s:i, s:i}",
						"kind", &(char){(char)l->kind},
						1, "line", l->line, l->len,
						"old", (int)l->old_n, "new",
						(int)l->new_n));
		return;
	}
	printf("%s%c%.*s%s\n", c, l->kind, (int)l->len, l->line,
	       *c ? "\x1b[0m" : "");
}

static void hold(struct hunks *h, const struct diff_line *l)
{
	if (h->held_n == AROUND) {
		memmove(h->held, h->held + 1, (AROUND - 1) * sizeof(*l));
		h->held_n--;
		h->skipped = true;
	}
	h->held[h->held_n++] = *l;
}

static int on_diff(const struct diff_line *l, void *arg)
{
	struct hunks *h = arg;

	if (l->kind == DIFF_SAME && h->after) {
		h->after--;
		print_line(h, l);
		return 0;
	}
	if (l->kind == DIFF_SAME) {
		hold(h, l);
		return 0;
	}
	if (h->skipped && !h->json)
		puts("@@");
	for (unsigned i = 0; i < h->held_n; i++)
		print_line(h, &h->held[i]);
	h->held_n = 0;
	h->skipped = false;
	h->any = true;
	h->after = AROUND;
	print_line(h, l);
	return 0;
}

static int get_text(const struct options *o, const char *id, int64_t version,
		    json_t **entryp)
{
	return command_ask(o, "kb.get",
			   json_pack("{s:s, s:I, s:b}", "entry", id, "version",
				     (json_int_t)version, "source", 1),
			   entryp);
}

/* Without versions: the newest against the one that is shown, or against the
 * one before it when they are the same. */
static int choose(const struct options *o, const char *id, int64_t *newp,
		  int64_t *oldp)
{
	scoped_json json_t *entry = NULL;
	int code = get_text(o, id, 0, &entry);

	if (code)
		return code;
	int64_t shown = json_int(entry, "version");
	if (!*newp)
		*newp = json_int(entry, "newest");
	if (!*oldp)
		*oldp = *newp != shown ? shown : *newp - 1;
	return EXIT_DONE;
}

int command_diff(const struct options *o)
{
	scoped_json json_t *from = NULL;
	scoped_json json_t *to = NULL;
	scoped_json json_t *list = json_array();
	struct hunks h = {.json = o->json, .list = list};
	char id[64];
	int64_t version, old = 0;

	int code = command_version(o->args[0], id, sizeof(id), &version);
	if (!code && o->args_n > 1)
		old = strtol(o->args[1], NULL, 10);
	if (!code)
		code = choose(o, id, &version, &old);
	if (!code && old)
		code = get_text(o, id, old, &from);
	if (!code)
		code = get_text(o, id, version, &to);
	if (code)
		return code;
	bool tty = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	h.colour[DIFF_SAME] = "";
	h.colour[DIFF_GONE] = tty ? "\x1b[31m" : "";
	h.colour[DIFF_NEW] = tty ? "\x1b[32m" : "";
	if (!o->json)
		printf("--- %s v%lld\n+++ %s v%lld\n", id, (long long)old, id,
		       (long long)version);
	int err = diff_lines(from ? json_str(from, "text") : "",
			     json_str(to, "text"), on_diff, &h);
	if (err)
		return command_refuse_errno(err, "");
	if (o->json) {
		scoped_json json_t *out =
			json_pack("{s:s, s:I, s:I, s:O}", "entry", id, "old",
				  (json_int_t)old, "new", (json_int_t)version,
				  "lines", list);
		command_print_json(out);
	}
	return command_finish();
}

/* ---- gaps ---- */

static void print_gaps(const json_t *c)
{
	char stamp[CAL_TEXT_SIZE];
	const json_t *gaps = json_object_get(c, "gaps");
	size_t i;
	json_t *seq;

	cal_stamp(stamp, json_int(c, "last_us"));
	printf("%4lld  %s  ", (long long)json_int(c, "count"), stamp);
	command_print_text(json_str(c, "words"), 0);
	fputs("\n     ", stdout);
	json_array_foreach (gaps, i, seq)
		printf(" %lld", (long long)json_integer_value(seq));
	putchar('\n');
}

int command_gaps(const struct options *o)
{
	return each_page(o, "gap.list", print_gaps);
}

/* The numbers that were typed; NULL when one is none, and it has been said. */
static json_t *read_numbers(const struct options *o)
{
	json_t *list = json_array();

	for (int i = 0; i < o->args_n; i++) {
		char why[KB_WHY_SIZE];
		char *end;
		long long n = strtoll(o->args[i], &end, 10);
		if (*end || end == o->args[i] || n <= 0) {
			snprintf(why, sizeof(why),
				 _("'%.60s' is no number of a question: "
				   "zuoxi-kb gaps lists them"),
				 o->args[i]);
			command_refuse(why);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, json_integer(n));
	}
	return list;
}

int command_gap_draft(const struct options *o)
{
	scoped_json json_t *gaps = read_numbers(o);
	scoped_json json_t *result = NULL;

	if (!gaps)
		return EXIT_REFUSED;
	int code = command_ask(o, "gap.draft",
			       json_pack("{s:O}", "gaps", gaps), &result);
	if (code)
		return code;
	if (o->json)
		command_print_json(result);
	else
		fputs(json_str(result, "text"), stdout);
	return command_finish();
}

int command_gap_close(const struct options *o)
{
	scoped_json json_t *gaps = read_numbers(o);
	scoped_json json_t *result = NULL;

	if (!gaps)
		return EXIT_REFUSED;
	if (!o->entry && !o->reason)
		return usage_needs("--entry, --reason");
	return command_ask(o, "gap.close",
			   json_pack("{s:O, s:s, s:s}", "gaps", gaps, "entry",
				     or_empty(o->entry), "reason",
				     or_empty(o->reason)),
			   &result);
}
