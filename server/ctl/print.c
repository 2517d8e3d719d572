/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people read: tables whose columns are measured in terminal cells, one
 * object as "key: value" lines. --json prints what the office said.
 */
#include <libintl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "server/ctl/verbs.h"

#define CELL_MAX    512
#define COLUMNS_MAX 12

static bool ends(const char *key, const char *tail)
{
	size_t n = strlen(key), t = strlen(tail);

	return n >= t && !strcmp(key + n - t, tail);
}

static void print_span(char *out, size_t size, int64_t ms)
{
	if (ms >= 60000)
		snprintf(out, size, "%lld:%02lld", (long long)(ms / 60000),
			 (long long)(ms / 1000 % 60));
	else
		snprintf(out, size, "%lld.%lld s", (long long)(ms / 1000),
			 (long long)(ms / 100 % 10));
}

/* {"si":3,"mi":2} -> si=3,mi=2; ["a","b"] -> a,b */
static void print_nested(char *out, size_t size, const json_t *v)
{
	scoped_str char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	size_t n = 0;

	for (const char *p = text ? text : ""; *p && n + 1 < size; p++) {
		if (strchr("{}[]\"", *p))
			continue;
		out[n++] = *p == ':' ? '=' : *p;
	}
	out[n] = '\0';
}

static void print_value(char *out, size_t size, const char *key,
			const json_t *v)
{
	char raw[CELL_MAX] = "";
	int64_t n = json_integer_value(v);

	if (json_is_string(v) &&
	    (!strcmp(key, "message") || !strcmp(key, "help")) &&
	    *json_string_value(v)) /* the office speaks in msgids */
		snprintf(raw, sizeof(raw), "%s",
			 gettext(json_string_value(v)));
	else if (json_is_string(v))
		snprintf(raw, sizeof(raw), "%s", json_string_value(v));
	else if (json_is_integer(v) && ends(key, "_us") && n > 0)
		cal_stamp(raw, n);
	else if (json_is_integer(v) && ends(key, "_us"))
		snprintf(raw, sizeof(raw), "-");
	else if (json_is_integer(v) &&
		 (ends(key, "_ms") || !strcmp(key, "ms")))
		print_span(raw, sizeof(raw), n);
	else if (json_is_integer(v))
		snprintf(raw, sizeof(raw), "%lld", (long long)n);
	else if (json_is_real(v))
		snprintf(raw, sizeof(raw), "%.2f", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(raw, sizeof(raw), "%s",
			 json_is_true(v) ? gettext("yes") : gettext("no"));
	else if (v && !json_is_null(v))
		print_nested(raw, sizeof(raw), v);
	/* what a citizen wrote may not move the terminal's cursor */
	char shown[CELL_MAX * 3];
	utf8_show(shown, sizeof(shown), raw, strlen(raw), false);
	size_t used = 0;
	for (const char *p = shown; *p && used + 1 < size;) {
		uint32_t cp;
		size_t len = utf8_get(&cp, p, strlen(p));
		if (cp != UTF8_MARK_ON && cp != UTF8_MARK_OFF) {
			if (used + len >= size)
				break;
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
	}
	out[used] = '\0';
}

static void pad_to(const char *text, int width, bool last)
{
	printf("%s", text);
	if (last)
		return;
	for (int i = utf8_width(text); i < width + 2; i++)
		putchar(' ');
}

static void print_table(const struct ctl_column *columns, const json_t *items)
{
	int width[COLUMNS_MAX] = {0};
	size_t n = 0, i;
	json_t *item;
	char cell[CELL_MAX];

	for (; n < COLUMNS_MAX && columns[n].key; n++)
		width[n] = utf8_width(gettext(columns[n].heading));
	json_array_foreach (items, i, item) {
		for (size_t c = 0; c < n; c++) {
			print_value(cell, sizeof(cell), columns[c].key,
				    json_object_get(item, columns[c].key));
			int w = utf8_width(cell);
			if (w > width[c])
				width[c] = w;
		}
	}
	for (size_t c = 0; c < n; c++)
		pad_to(gettext(columns[c].heading), width[c], c + 1 == n);
	putchar('\n');
	json_array_foreach (items, i, item) {
		for (size_t c = 0; c < n; c++) {
			print_value(cell, sizeof(cell), columns[c].key,
				    json_object_get(item, columns[c].key));
			pad_to(cell, width[c], c + 1 == n);
		}
		putchar('\n');
	}
}

static void print_object(const json_t *obj, int indent)
{
	const char *key;
	json_t *v;
	char cell[CELL_MAX];

	json_object_foreach ((json_t *)obj, key, v) {
		if (json_is_object(v) && json_object_size(v)) {
			printf("%*s%s:\n", indent, "", key);
			print_object(v, indent + 2);
		} else if (json_is_array(v) &&
			   json_is_object(json_array_get(v, 0))) {
			size_t i;
			json_t *e;
			printf("%*s%s:\n", indent, "", key);
			json_array_foreach (v, i, e) {
				printf("%*s-\n", indent + 2, "");
				print_object(e, indent + 4);
			}
		} else if (json_is_string(v) &&
			   strchr(json_string_value(v), '\n')) {
			printf("%*s%s:\n%s", indent, "", key,
			       json_string_value(v));
		} else {
			print_value(cell, sizeof(cell), key, v);
			printf("%*s%s: %s\n", indent, "", key, cell);
		}
	}
}

void ctl_print(const struct ctl *ctl, const struct ctl_verb *v,
	       const json_t *result)
{
	const json_t *items = json_object_get(result, "items");
	const char *raw = v->raw ? json_str(result, v->raw) : NULL;

	if (ctl->json) {
		json_dumpf(result, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (items && v->columns) {
		print_table(v->columns, items);
	} else if (raw) {
		fputs(raw, stdout);
	} else if (json_object_size(result)) {
		print_object(result, 0);
	}
}

void ctl_print_made(const char *dir, size_t files)
{
	scoped_json json_t *made = json_pack("{s:s, s:I}", "path", dir,
					     "files", (json_int_t)files);

	json_dumpf(made, stdout, JSON_COMPACT);
	putchar('\n');
}

void ctl_print_fact(const struct ctl *ctl, const json_t *fact)
{
	char at[CAL_TEXT_SIZE], body[CELL_MAX];

	if (ctl->json) {
		json_dumpf(fact, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	cal_stamp(at, json_int(fact, "at_us"));
	print_value(body, sizeof(body), "body", json_object_get(fact, "body"));
	printf("%8lld  %s  %-9s %-20s %s %s %s\n",
	       (long long)json_int(fact, "seq"), at, json_str(fact, "actor"),
	       json_str(fact, "kind"), json_str(fact, "contact"),
	       json_str(fact, "agent"), body);
}
