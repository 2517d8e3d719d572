/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb answer, calibrate, cases and impact: the entry for a question
 * where it is sure, the questions that say what sure is, and what a version
 * changes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/command.h"

static void print_answer(const json_t *result, const char *text)
{
	const char *id = json_str(result, "entry");

	printf("%-8s %.3f  ", *id ? id : "-",
	       json_number_value(json_object_get(result, "confidence")));
	command_print_text(text, 0);
	putchar('\n');
}

/* Why it names nothing, once for all of a batch. */
static void print_why(const json_t *result)
{
	static bool told;
	int needs = (int)json_int(result, "needs");
	int cases = (int)json_int(result, "cases");

	if (told || !json_bool(result, "small"))
		return;
	told = true;
	if (needs > cases)
		fprintf(stderr,
			_("zuoxi-kb: a set of %d questions cannot show a "
			  "precision of %.3g: it needs about %d (zuoxi-kb "
			  "cases)\n"),
			cases,
			json_number_value(json_object_get(result, "target")),
			needs);
	else
		fprintf(stderr,
			_("zuoxi-kb: too many sure answers of the set are "
			  "wrong for a precision of %.3g\n"),
			json_number_value(json_object_get(result, "target")));
}

static int answer_one(const struct options *o, const char *text)
{
	scoped_json json_t *result = NULL;
	json_t *params = json_pack("{s:s, s:s}", "q", text, "line",
				   command_text(o->line));
	char target[24];

	if (params && o->target > 0) {
		snprintf(target, sizeof(target), "%.6g", o->target);
		json_object_set_new(params, "target", json_string(target));
	}
	int code = command_ask(o, "kb.answer", params, &result);
	if (code)
		return code;
	print_why(result);
	if (!o->json) {
		print_answer(result, text);
		return EXIT_DONE;
	}
	json_object_set_new(result, "query", json_string(text));
	/* as it was called when a file alone could answer */
	json_object_set(result, "id", json_object_get(result, "entry"));
	command_print_json(result);
	return EXIT_DONE;
}

int command_answer(const struct options *o)
{
	return command_questions(o, answer_one);
}

static int read_file(char **textp, const char *path, char why[KB_WHY_SIZE])
{
	scoped_str char *text = NULL;
	size_t room = 0;
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	/* up to a NUL, which no text has */
	ssize_t n = f ? getdelim(&text, &room, '\0', f) : -1;

	if (!f || ferror(f))
		snprintf(why, KB_WHY_SIZE, "%.200s: %s", path,
			 strerror(errno));
	else if (n <= 0 || strlen(text) != (size_t)n)
		snprintf(why, KB_WHY_SIZE,
			 _("%.200s: no lines of questions there"), path);
	else
		*textp = take(text);
	if (f && f != stdin)
		fclose(f);
	return *textp ? 0 : EBADMSG;
}

int command_calibrate(const struct options *o)
{
	scoped_json json_t *result = NULL;
	scoped_str char *text = NULL;
	char why[KB_WHY_SIZE];

	if (read_file(&text, o->args[0], why))
		return command_refuse(why);
	int code = command_ask(
		o, "kb.calibrate",
		json_pack("{s:s, s:s}", "file", o->args[0], "text", text),
		&result);
	if (code)
		return code;
	if (o->json)
		command_print_json(result);
	else
		printf(_("%d questions, %d with an answer, %d of them found "
			 "first\n"),
		       (int)json_int(result, "cases"),
		       (int)json_int(result, "answerable"),
		       (int)json_int(result, "right"));
	return command_finish();
}

/* ---- the regression set ---- */

static void print_case(const json_t *c)
{
	char stamp[CAL_TEXT_SIZE] = "-";

	if (json_int(c, "since_us"))
		cal_stamp(stamp, json_int(c, "since_us"));
	printf("%6lld %-9s %-8s %-19s ", (long long)json_int(c, "case"),
	       json_str(c, "state"),
	       *json_str(c, "entry") ? json_str(c, "entry") : "-", stamp);
	command_print_text(json_str(c, "question"), 0);
	putchar('\n');
}

static int on_case(const struct options *o, const json_t *item, void *arg)
{
	if (o->json)
		command_print_json(item);
	else
		print_case(item);
	return EXIT_DONE;
}

int command_cases(const struct options *o)
{
	int code = command_pages(
		o, "case.list",
		json_pack("{s:s}", "state", o->args_n ? o->args[0] : ""),
		on_case, NULL);
	return code ? code : command_finish();
}

static int print_kept(const struct options *o, const json_t *result)
{
	if (o->json)
		command_print_json(result);
	else
		print_case(result);
	return EXIT_DONE;
}

/* A question in words, with the entry that answers it ("-": none does). */
static int keep_words(const struct options *o)
{
	scoped_json json_t *result = NULL;
	char text[4096] = "";
	size_t at = 0;

	for (int i = 0; i < o->args_n && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
				       i ? " " : "", o->args[i]);
	if (at >= sizeof(text))
		return command_refuse(_("the question is too long"));
	int code =
		command_ask(o, "case.set",
			    json_pack("{s:s, s:s}", "question", text, "entry",
				      strcmp(o->entry, "-") ? o->entry : ""),
			    &result);
	if (!code)
		code = print_kept(o, result);
	return code ? code : command_finish();
}

/* The entry of a candidate; NULL: it is none, and it has been said. */
static int find_entry(const struct options *o, int64_t n, char *out,
		      size_t size)
{
	scoped_json json_t *page = NULL;
	char cursor[24];

	/* the list is in order of the numbers, highest first */
	snprintf(cursor, sizeof(cursor), "%lld", (long long)n + 1);
	int code = command_ask(o, "case.list",
			       json_pack("{s:s}", "cursor", cursor), &page);
	if (code)
		return code;
	const json_t *one = json_array_get(json_object_get(page, "items"), 0);
	if (json_int(one, "case") != n)
		return command_refuse(_("there is no such question in the "
					"set: zuoxi-kb cases lists them"));
	utf8_copy(out, size, json_str(one, "entry"));
	return EXIT_DONE;
}

static int keep_one(const struct options *o, int64_t n)
{
	scoped_json json_t *result = NULL;
	char entry[64] = "";
	int code = EXIT_DONE;

	if (!o->entry)
		code = find_entry(o, n, entry, sizeof(entry));
	else if (strcmp(o->entry, "-"))
		utf8_copy(entry, sizeof(entry), o->entry);
	if (!code)
		code = command_ask(o, "case.set",
				   json_pack("{s:I, s:s}", "case",
					     (json_int_t)n, "entry", entry),
				   &result);
	return code ? code : print_kept(o, result);
}

int command_case_keep(const struct options *o)
{
	scoped_json json_t *numbers = NULL;
	size_t i;
	json_t *n;
	int code = EXIT_DONE;

	if (o->entry && strspn(o->args[0], "0123456789") != strlen(o->args[0]))
		return keep_words(o);
	numbers = command_numbers(o);
	if (!numbers)
		return EXIT_REFUSED;
	json_array_foreach (numbers, i, n) {
		if (!code)
			code = keep_one(o, json_integer_value(n));
	}
	return code ? code : command_finish();
}

int command_case_drop(const struct options *o)
{
	scoped_json json_t *numbers = command_numbers(o);
	size_t i;
	json_t *n;

	if (!numbers)
		return EXIT_REFUSED;
	json_array_foreach (numbers, i, n) {
		scoped_json json_t *result = NULL;
		int code = command_ask(o, "case.drop",
				       json_pack("{s:O, s:s}", "case", n,
						 "reason",
						 command_text(o->reason)),
				       &result);
		if (code)
			return code;
		print_kept(o, result);
	}
	return command_finish();
}

/* ---- before a version is signed ---- */

static void print_impact(const json_t *im)
{
	const json_t *cases = json_object_get(im, "cases");
	size_t i;
	json_t *one;

	printf("%s v%lld\n", json_str(im, "entry"),
	       (long long)json_int(im, "version"));
	printf(_("adopted in 7 days: %lld; agents who read it: %lld; quiz "
		 "questions: %lld"),
	       (long long)json_int(im, "week"),
	       (long long)json_int(im, "agents"),
	       (long long)json_int(im, "quiz"));
	putchar('\n');
	printf(_("regression questions of it: %lld, right %lld"),
	       (long long)json_int(cases, "n"),
	       (long long)json_int(cases, "right"));
	putchar('\n');
	if (json_array_size(json_object_get(im, "linked"))) {
		fputs(_("named by:"), stdout);
		json_array_foreach (json_object_get(im, "linked"), i, one)
			printf(" %s", json_string_value(one));
		putchar('\n');
	}
	json_array_foreach (json_object_get(im, "checks"), i, one) {
		const char *detail = json_str(one, "detail");
		printf("%s %s%s", json_bool(one, "ok") ? "+" : "!",
		       speak(json_str(one, "text")), *detail ? ": " : "");
		command_print_text(detail, 0);
		putchar('\n');
	}
}

int command_impact(const struct options *o)
{
	scoped_json json_t *result = NULL;
	char id[64];
	int64_t version;

	int code = command_version(o->args[0], id, sizeof(id), &version);
	if (!code)
		code = command_ask(o, "kb.impact",
				   json_pack("{s:s, s:I}", "entry", id,
					     "version", (json_int_t)version),
				   &result);
	if (code)
		return code;
	if (o->json)
		command_print_json(result);
	else
		print_impact(result);
	return command_finish();
}
