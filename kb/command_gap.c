/* SPDX-License-Identifier: Apache-2.0 */
/* zuoxi-kb gaps, gap-draft and gap-close: what nobody could answer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "kb/command.h"

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
	return command_print_pages(o, "gap.list", print_gaps);
}

int command_gap_draft(const struct options *o)
{
	scoped_json json_t *gaps = command_numbers(o);
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
	scoped_json json_t *gaps = command_numbers(o);
	scoped_json json_t *result = NULL;

	if (!gaps)
		return EXIT_REFUSED;
	if (!o->entry && !o->reason)
		return command_needs("--entry, --reason");
	return command_ask(o, "gap.close",
			   json_pack("{s:O, s:s, s:s}", "gaps", gaps, "entry",
				     command_text(o->entry), "reason",
				     command_text(o->reason)),
			   &result);
}
