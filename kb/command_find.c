/* SPDX-License-Identifier: Apache-2.0 */
/* zuoxi-kb search, show, list and stat: what is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "kb/command.h"

#define TITLE_COLUMNS 40

/* ---- search ---- */

static void print_snippet(const json_t *hit)
{
	const char *s = json_str(hit, "snippet");
	bool tty = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	size_t at = 0, i, len = strlen(s);
	json_t *mark;

	fputs("    ", stdout);
	json_array_foreach (json_object_get(hit, "marks"), i, mark) {
		size_t from =
			(size_t)json_integer_value(json_array_get(mark, 0));
		size_t n = (size_t)json_integer_value(json_array_get(mark, 1));
		if (from < at || from + n > len)
			continue;
		printf("%.*s%s%.*s%s", (int)(from - at), s + at,
		       tty ? "\x1b[1m" : "", (int)n, s + from,
		       tty ? "\x1b[0m" : "");
		at = from + n;
	}
	printf("%s\n", s + at);
}

static void print_hits(const json_t *result)
{
	size_t i;
	json_t *hit;

	json_array_foreach (json_object_get(result, "hits"), i, hit) {
		printf("%-8s v%-3lld %-10s ", json_str(hit, "id"),
		       (long long)json_int(hit, "version"),
		       json_str(hit, "state"));
		command_print_text(json_str(hit, "title"), TITLE_COLUMNS);
		putchar('\n');
		print_snippet(hit);
	}
}

static int search_one(const struct options *o, const char *text)
{
	scoped_json json_t *result = NULL;

	int code = command_ask(o, "kb.search",
			       json_pack("{s:s, s:s, s:i}", "q", text, "line",
					 o->line ? o->line : "", "limit",
					 (int)command_limit(o)),
			       &result);
	if (code)
		return code;
	if (o->json) {
		scoped_json json_t *out =
			json_pack("{s:s, s:O, s:O}", "query", text, "hits",
				  json_object_get(result, "hits"), "us",
				  json_object_get(result, "us"));
		command_print_json(out);
		return EXIT_DONE;
	}
	if (!json_array_size(json_object_get(result, "hits")))
		fprintf(stderr, _("zuoxi-kb: nothing found\n"));
	print_hits(result);
	return EXIT_DONE;
}

int command_search(const struct options *o)
{
	return command_questions(o, search_one);
}

/* ---- show, stat, log ---- */

int command_show(const struct options *o)
{
	scoped_json json_t *entry = NULL;
	char id[64];
	int64_t version;

	int code = command_version(o->args[0], id, sizeof(id), &version);
	if (code)
		return code;
	code = command_entry(o, id, version, &entry);
	if (code)
		return code;
	if (o->json)
		command_print_json(entry);
	else
		fputs(json_str(entry, "text"), stdout);
	if (*json_str(entry, "redirect"))
		fprintf(stderr, _("zuoxi-kb: %s was replaced by %s\n"), id,
			json_str(entry, "redirect"));
	return command_finish();
}

/* ---- list ---- */

static int has_policy(const struct options *o, const char *id, bool *hasp)
{
	scoped_json json_t *entry = NULL;
	int code = command_entry(o, id, 0, &entry);

	*hasp = !code && strstr(json_str(entry, "policy"), o->policy);
	return code;
}

static int list_one(const struct options *o, const json_t *row, void *arg)
{
	bool shown = !o->line || !strcmp(o->line, json_str(row, "line"));
	int code = EXIT_DONE;

	if (shown && o->policy)
		code = has_policy(o, json_str(row, "id"), &shown);
	if (code || !shown)
		return code;
	if (o->json) {
		command_print_json(row);
		return EXIT_DONE;
	}
	if (o->ids) {
		puts(json_str(row, "id"));
		return EXIT_DONE;
	}
	printf("%-8s v%-3lld %-10s %-4s %-10s %-10s ", json_str(row, "id"),
	       (long long)json_int(row, "version"), json_str(row, "state"),
	       json_str(row, "line"), json_str(row, "effective"),
	       json_str(row, "expires"));
	command_print_text(json_str(row, "title"), 0);
	putchar('\n');
	return EXIT_DONE;
}

int command_list(const struct options *o)
{
	static const char *const states[] = {"draft",	  "reviewed",
					     "confirmed", "effective",
					     "expired",	  "withdrawn"};
	bool known = !o->state;

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		known = known || !strcmp(o->state, states[i]);
	if (!known) {
		fprintf(stderr,
			_("zuoxi-kb: --state %s: draft, reviewed, confirmed, "
			  "effective, expired or withdrawn\n"),
			o->state);
		return EXIT_USAGE;
	}
	int code = command_pages(
		o, "kb.list",
		json_pack("{s:s}", "state", command_text(o->state)), list_one,
		NULL);
	return code ? code : command_finish();
}

int command_stat(const struct options *o)
{
	scoped_json json_t *st = NULL;
	char stamp[CAL_TEXT_SIZE] = "never";

	int code = command_ask(o, "kb.stat", json_object(), &st);
	if (code)
		return code;
	if (o->json) {
		command_print_json(st);
		return command_finish();
	}
	if (json_int(st, "changed_us"))
		cal_stamp(stamp, json_int(st, "changed_us"));
	static const char *const rows[] = {"entries",  "versions", "effective",
					   "waiting",  "soon",	   "expired",
					   "withdrawn"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		printf("%-10s %lld\n", rows[i],
		       (long long)json_int(st, rows[i]));
	printf("%-10s %s\n", "changed", stamp);
	return command_finish();
}
