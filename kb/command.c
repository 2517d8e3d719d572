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
	return command_refuse(*why ? why : strerror(err));
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
