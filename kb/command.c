/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/scope.h"
#include "common/utf8.h"

int command_refuse(const char *why)
{
	fprintf(stderr, "zuoxi-kb: %s\n", why);
	return EXIT_REFUSED;
}

int command_refuse_errno(int err, const char *why)
{
	return command_refuse(*why ? why : speak_errno(err));
}

int command_needs(const char *option)
{
	fprintf(stderr, _("zuoxi-kb: this command needs %s\n"), option);
	return EXIT_USAGE;
}

unsigned command_limit(const struct options *o)
{
	return o->limit ? o->limit : 10;
}

const char *command_text(const char *text)
{
	return text ? text : "";
}

void command_print_json(const json_t *obj)
{
	size_t len;
	scoped_str char *line = json_line(obj, &len);

	if (line)
		fwrite(line, 1, len, stdout);
}

void command_print_text(const char *s, int columns)
{
	char shown[1024], cut[1024];

	utf8_show(shown, sizeof(shown), s, strlen(s), false);
	if (!columns) {
		fputs(shown, stdout);
		return;
	}
	utf8_cut(cut, sizeof(cut), shown, columns, true);
	fputs(cut, stdout);
}

int command_finish(void)
{
	if (fflush(stdout) || ferror(stdout))
		return command_refuse(_("the output could not be written"));
	return EXIT_DONE;
}

int command_ask(const struct options *o, const char *method, json_t *params,
		json_t **resultp)
{
	char why[KB_WHY_SIZE];
	int err = kb_door_call(o->door, method, params, resultp, why);

	return err ? command_refuse_errno(err, why) : EXIT_DONE;
}

int command_pages(const struct options *o, const char *method, json_t *params,
		  command_item_h *h, void *arg)
{
	scoped_json json_t *owned = params;
	int code = EXIT_DONE;

	for (bool more = true; more && !code;) {
		scoped_json json_t *page = NULL;
		size_t i;
		json_t *item;
		code = command_ask(o, method, json_copy(owned), &page);
		json_array_foreach (json_object_get(page, "items"), i, item) {
			if (!code)
				code = h(o, item, arg);
		}
		more = page && *json_str(page, "next");
		if (more)
			json_object_set(owned, "cursor",
					json_object_get(page, "next"));
	}
	return code;
}

struct printer {
	void (*print)(const json_t *item);
};

static int print_item(const struct options *o, const json_t *item, void *arg)
{
	const struct printer *p = arg;

	if (o->json)
		command_print_json(item);
	else
		p->print(item);
	return EXIT_DONE;
}

/* Every page of a list. */
int command_print_pages(const struct options *o, const char *method,
			void (*print)(const json_t *item))
{
	struct printer p = {print};
	int code = command_pages(o, method, json_object(), print_item, &p);

	return code ? code : command_finish();
}

int command_entry(const struct options *o, const char *id, int64_t version,
		  json_t **entryp)
{
	return command_ask(o, "kb.get",
			   json_pack("{s:s, s:I, s:b}", "entry", id, "version",
				     (json_int_t)version, "source", 1),
			   entryp);
}

int command_version(const char *arg, char *id, size_t size, int64_t *versionp)
{
	const char *at = strchr(arg, '@');
	char *end = NULL;
	char why[KB_WHY_SIZE];

	utf8_copy(id, size, arg);
	*versionp = 0;
	if (!at)
		return EXIT_DONE;
	id[(size_t)(at - arg) < size ? (size_t)(at - arg) : size - 1] = '\0';
	*versionp = strtol(at + 1, &end, 10);
	if (end != at + 1 && !*end && *versionp > 0 && *versionp < INT32_MAX)
		return EXIT_DONE;
	snprintf(why, sizeof(why), _("%.60s: write a version as in KB-0415@3"),
		 arg);
	return command_refuse(why);
}

/* ---- questions ---- */

static int each_line(const struct options *o, command_line_h *h)
{
	scoped_str char *text = NULL;
	size_t room = 0;
	ssize_t len;
	int code = EXIT_DONE, line = 0;

	while (!code && (len = getline(&text, &room, stdin)) >= 0) {
		line++;
		while (len && strchr("\r\n", text[len - 1]))
			text[--len] = '\0';
		if (strlen(text) != (size_t)len ||
		    utf8_check(text, (size_t)len) >= 0) {
			fprintf(stderr, _("zuoxi-kb: -:%d: no UTF-8 text\n"),
				line);
			return EXIT_REFUSED;
		}
		code = h(o, text);
	}
	return code ? code : command_finish();
}

int command_questions(const struct options *o, command_line_h *h)
{
	char text[4096] = "";
	size_t at = 0;

	if (o->batch || (o->args_n == 1 && !strcmp(o->args[0], "-")))
		return each_line(o, h);
	for (int i = 0; i < o->args_n && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
				       i ? " " : "", o->args[i]);
	if (at >= sizeof(text))
		return command_refuse(_("the question is too long"));
	if (utf8_check(text, at) >= 0)
		return command_refuse(_("the question is no UTF-8 text"));
	int code = h(o, text);
	return code ? code : command_finish();
}

/* ---- numbers ---- */

json_t *command_numbers(const struct options *o)
{
	json_t *list = json_array();

	for (int i = 0; i < o->args_n; i++) {
		char why[KB_WHY_SIZE];
		char *end;
		long long n = strtoll(o->args[i], &end, 10);
		if (*end || end == o->args[i] || n <= 0) {
			snprintf(why, sizeof(why),
				 _("'%.60s' is no number of a question: "
				   "zuoxi-kb gaps and cases list them"),
				 o->args[i]);
			command_refuse(why);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, json_integer(n));
	}
	return list;
}
