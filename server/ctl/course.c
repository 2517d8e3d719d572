/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sheet of courses: a line for each person at each course, as a table, as
 * JSON or as CSV (RFC 4180, UTF-8 with the mark that spreadsheets ask for).
 */
#include <libintl.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "server/ctl/client.h"
#include "server/ctl/verbs.h"

static const struct ctl_column columns[] = {
	{"course", N_("Course")},
	{"kind", N_("Kind")},
	{"title", N_("Title")},
	{"organiser", N_("Organiser")},
	{"from_us", N_("From")},
	{"place", N_("Where")},
	{"person", N_("Person")},
	{"name", N_("Name")},
	{"in_us", N_("Came")},
	{"out_us", N_("Left")},
	{"score", N_("Score")},
	{"passed", N_("Passed")},
	{NULL, NULL},
};

/* ---- CSV ---- */

/* What begins like a formula is a text to us, and stays one there. */
static void csv_text(const char *text)
{
	putchar('"');
	if (*text && strchr("=+-@\t\r", *text))
		putchar('\'');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void csv_value(const char *key, const json_t *v)
{
	char stamp[CAL_TEXT_SIZE];
	size_t n = strlen(key);

	if (json_is_string(v)) {
		csv_text(json_string_value(v));
	} else if (json_is_boolean(v)) {
		csv_text(json_is_true(v) ? gettext("yes") : gettext("no"));
	} else if (json_is_integer(v) && n > 3 &&
		   !strcmp(key + n - 3, "_us")) {
		cal_stamp(stamp, json_integer_value(v));
		csv_text(stamp);
	} else if (json_is_integer(v)) {
		printf("%lld", (long long)json_integer_value(v));
	}
}

static void print_csv(const json_t *items)
{
	size_t i;
	json_t *row;

	fputs("\xEF\xBB\xBF", stdout);
	for (const struct ctl_column *c = columns; c->key; c++) {
		csv_text(gettext(c->heading));
		fputs(c[1].key ? "," : "\r\n", stdout);
	}
	json_array_foreach (items, i, row) {
		for (const struct ctl_column *c = columns; c->key; c++) {
			csv_value(c->key, json_object_get(row, c->key));
			fputs(c[1].key ? "," : "\r\n", stdout);
		}
	}
}

/* ---- the rows ---- */

/* Adds a row for each who was there; one without a person where nobody was. */
static void add_rows(json_t *items, const json_t *course, const char *id)
{
	static const char *const keys[] = {"kind",    "title", "organiser",
					   "from_us", "to_us", "place"};
	json_t *people = json_object_get(course, "attendance");
	size_t n = json_array_size(people);

	for (size_t i = 0; i < (n ? n : 1); i++) {
		json_t *row = json_pack("{s:s}", "course", id);
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			json_object_set(row, keys[k],
					json_object_get(course, keys[k]));
		if (n)
			json_object_update(row, json_array_get(people, i));
		json_array_append_new(items, row);
	}
}

static int collect(struct ctl_client *client, json_t *params, json_t *items,
		   struct ctl_fault *fault)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *one;

	int err = ctl_client_list(client, "course.list", params, 0, &list,
				  fault);
	json_array_foreach (json_object_get(list, "items"), i, one) {
		scoped_json json_t *course = NULL;
		const char *id = json_str(one, "id");
		err = ctl_client_call(client, "course.get",
				      json_pack("{s:s}", "course", id),
				      &course, fault);
		if (err)
			break;
		add_rows(items, course, id);
	}
	return err;
}

int ctl_course_sheet(struct ctl *ctl, const struct ctl_verb *v)
{
	struct ctl_verb shown = *v;
	scoped_json json_t *params = NULL;
	scoped_json json_t *result = json_pack("{s:[]}", "items");
	scoped_mem struct ctl_client *client = NULL;
	struct ctl_fault fault;
	bool csv = false;
	size_t limit = 0;

	int code = ctl_params(ctl, v, "csv", &csv, &limit, &params);
	if (!code)
		code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	json_t *items = json_object_get(result, "items");
	if (collect(client, take(params), items, &fault))
		return ctl_refused(v, fault.text);
	shown.columns = columns;
	if (csv && !ctl->json)
		print_csv(items);
	else
		ctl_print(ctl, &shown, result);
	return CTL_DONE;
}
