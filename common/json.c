/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STR_MAX_BYTES 4096
#define DEPTH_MAX     32

void json_in_init(struct json_in *in, json_t *obj)
{
	in->obj = json_is_object(obj) ? obj : NULL;
	in->fault[0] = '\0';
}

static void fault(struct json_in *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void fault(struct json_in *in, const char *fmt, ...)
{
	if (in->fault[0])
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(in->fault, sizeof(in->fault), fmt, ap);
	va_end(ap);
}

/* The value, or NULL when it is absent or null. */
static json_t *value(const struct json_in *in, const char *key)
{
	json_t *v = json_object_get(in->obj, key);
	return json_is_null(v) ? NULL : v;
}

static const char *str_of(struct json_in *in, const char *key, json_t *v,
			  size_t max_bytes)
{
	if (!json_is_string(v)) {
		fault(in, "'%s' must be a string", key);
		return NULL;
	}
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);
	size_t max = max_bytes ? max_bytes : STR_MAX_BYTES;
	if (len > max) {
		fault(in, "'%s' is longer than %zu bytes", key, max);
		return NULL;
	}
	if (memchr(s, '\0', len)) {
		fault(in, "'%s' holds a NUL character", key);
		return NULL;
	}
	return s;
}

const char *json_in_str(struct json_in *in, const char *key, size_t max_bytes)
{
	json_t *v = value(in, key);
	if (!v) {
		fault(in, "'%s' is missing", key);
		return "";
	}
	const char *s = str_of(in, key, v, max_bytes);
	return s ? s : "";
}

const char *json_in_str_or(struct json_in *in, const char *key,
			   size_t max_bytes, const char *def)
{
	json_t *v = value(in, key);
	if (!v)
		return def;
	const char *s = str_of(in, key, v, max_bytes);
	return s ? s : def;
}

static int64_t int_of(struct json_in *in, const char *key, json_t *v,
		      int64_t min, int64_t max)
{
	if (!json_is_integer(v)) {
		fault(in, "'%s' must be a whole number", key);
		return min;
	}
	int64_t n = json_integer_value(v);
	if (n < min || n > max) {
		fault(in, "'%s' must lie between %lld and %lld", key,
		      (long long)min, (long long)max);
		return min;
	}
	return n;
}

int64_t json_in_int(struct json_in *in, const char *key, int64_t min,
		    int64_t max)
{
	json_t *v = value(in, key);
	if (!v) {
		fault(in, "'%s' is missing", key);
		return min;
	}
	return int_of(in, key, v, min, max);
}

int64_t json_in_int_or(struct json_in *in, const char *key, int64_t min,
		       int64_t max, int64_t def)
{
	json_t *v = value(in, key);
	return v ? int_of(in, key, v, min, max) : def;
}

bool json_in_bool_or(struct json_in *in, const char *key, bool def)
{
	json_t *v = value(in, key);
	if (!v)
		return def;
	if (!json_is_boolean(v)) {
		fault(in, "'%s' must be true or false", key);
		return def;
	}
	return json_is_true(v);
}

static json_t *container(struct json_in *in, const char *key, bool required,
			 json_type type, const char *what)
{
	json_t *v = value(in, key);
	if (!v) {
		if (required)
			fault(in, "'%s' is missing", key);
		return NULL;
	}
	if (json_typeof(v) != type) {
		fault(in, "'%s' must be %s", key, what);
		return NULL;
	}
	return v;
}

json_t *json_in_array(struct json_in *in, const char *key, bool required)
{
	return container(in, key, required, JSON_ARRAY, "a list");
}

json_t *json_in_object(struct json_in *in, const char *key, bool required)
{
	return container(in, key, required, JSON_OBJECT, "an object");
}

int json_in_done(const struct json_in *in)
{
	return in->fault[0] ? EBADMSG : 0;
}

const char *json_str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));
	return s ? s : "";
}

int64_t json_int(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

bool json_bool(const json_t *obj, const char *key)
{
	return json_is_true(json_object_get(obj, key));
}

char *json_line(const json_t *obj, size_t *len)
{
	char *text = json_dumps(obj, JSON_COMPACT);
	if (!text)
		return NULL;
	size_t n = strlen(text);
	char *line = realloc(text, n + 2);
	if (!line) {
		free(text);
		return NULL;
	}
	line[n] = '\n';
	line[n + 1] = '\0';
	if (len)
		*len = n + 1;
	return line;
}

static bool too_deep(const char *text, size_t len)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

json_t *json_parse(const char *text, size_t len, char *why, size_t size)
{
	if (too_deep(text, len)) {
		snprintf(why, size, "nested deeper than %d", DEPTH_MAX);
		return NULL;
	}
	json_error_t e;
	json_t *obj = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!obj)
		snprintf(why, size, "%s (byte %d)", e.text, e.position);
	return obj;
}
