/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb answer and calibrate: the entry for a question where it is sure,
 * and the questions that say what sure is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/scope.h"
#include "kb/command.h"

static int answer_one(const struct options *o, const char *text)
{
	scoped_json json_t *result = NULL;

	int code = command_ask(
		o, "kb.answer",
		json_pack("{s:s, s:f}", "q", text, "target", o->target),
		&result);
	if (code)
		return code;
	if (o->json) {
		scoped_json json_t *out =
			json_pack("{s:s, s:O, s:O}", "query", text, "id",
				  json_object_get(result, "id"), "confidence",
				  json_object_get(result, "confidence"));
		command_print_json(out);
		return EXIT_DONE;
	}
	const char *id = json_str(result, "id");
	printf("%-8s %.3f  ", *id ? id : "-",
	       json_number_value(json_object_get(result, "confidence")));
	command_print_text(text, 0);
	putchar('\n');
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
