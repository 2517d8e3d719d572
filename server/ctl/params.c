/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argv -> parameters of a method. What a method needs stands first, in its
 * order, or behind an option of its name; what may be left out is an option:
 *
 *     person:str name:str roles:str skills?:object
 *     person add A017 Wang agent --skills si=3,mi=2
 *
 * A parameter `x_us` is the option --x and takes a time, `x_ms` one and takes
 * a duration (15s, 2m, 500ms). A text of "-" is read from standard input,
 * "@FILE" from a file.
 */
#include <ctype.h>
#include <errno.h>
#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/scope.h"
#include "server/ctl/verbs.h"

#define PARAMS_MAX 16
#define TEXT_MAX   (512 << 10)
#define PAGE_ITEMS 200 /* what is asked for at once */

struct param {
	char key[32];
	char option[32]; /* the key as it is written behind -- */
	char type[8];	 /* str int bool list object time span */
	bool optional;
};

struct spec {
	struct param p[PARAMS_MAX];
	size_t n;
};

static void param_init(struct param *p, const char *key, size_t len,
		       const char *type, size_t type_len)
{
	p->optional = len && key[len - 1] == '?';
	if (p->optional)
		len--;
	snprintf(p->key, sizeof(p->key), "%.*s", (int)len, key);
	snprintf(p->type, sizeof(p->type), "%.*s", (int)type_len, type);
	memcpy(p->option, p->key, sizeof(p->option));
	size_t n = strlen(p->option);
	bool us = n > 3 && !strcmp(p->option + n - 3, "_us");
	bool ms = n > 3 && !strcmp(p->option + n - 3, "_ms");
	if (us || ms) {
		p->option[n - 3] = '\0';
		strcpy(p->type, us ? "time" : "span");
	}
	for (char *c = p->option; *c; c++) {
		if (*c == '_')
			*c = '-';
	}
}

/* The cursor is ours to turn; what is fixed is not asked for. */
static void spec_init(struct spec *spec, const struct ctl_verb *v)
{
	const struct proto_method *m = proto_office_find(v->method);
	const char *s = m ? m->params : "";
	scoped_json json_t *fixed =
		v->fixed ? json_loads(v->fixed, 0, NULL) : NULL;

	spec->n = 0;
	while (*s && spec->n < PARAMS_MAX) {
		size_t len = strcspn(s, ":");
		const char *type = s + len + (s[len] == ':');
		size_t type_len = strcspn(type, " ");
		struct param *p = &spec->p[spec->n];
		param_init(p, s, len, type, type_len);
		if (strcmp(p->key, "cursor") != 0 &&
		    !json_object_get(fixed, p->key))
			spec->n++;
		s = type + type_len;
		s += strspn(s, " ");
	}
}

static void upper(char *out, size_t size, const char *text)
{
	size_t i = 0;

	for (; text[i] && i + 1 < size; i++)
		out[i] = (char)toupper((unsigned char)text[i]);
	out[i] = '\0';
}

void ctl_verb_usage(const struct ctl_verb *v, char *out, size_t size)
{
	struct spec spec;
	size_t used;

	if (v->synopsis) {
		snprintf(out, size, "%s", v->synopsis);
		return;
	}
	spec_init(&spec, v);
	used = (size_t)snprintf(out, size, "%s%s%s", v->noun,
				v->verb ? " " : "", v->verb ? v->verb : "");
	for (size_t i = 0; i < spec.n && used < size; i++) {
		const struct param *p = &spec.p[i];
		char value[32];
		upper(value, sizeof(value), p->option);
		used += (size_t)snprintf(out + used, size - used,
					 p->optional ? " [--%s %s]"
						     : " %.0s%s",
					 p->option, value);
	}
	if (v->runh == ctl_fact_list && used < size)
		snprintf(out + used, size - used, " [--follow]");
}

int ctl_usage(const struct ctl_verb *v, const char *fmt, ...)
{
	char usage[512];
	va_list ap;

	fprintf(stderr, "zuoxictl: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	ctl_verb_usage(v, usage, sizeof(usage));
	fprintf(stderr, gettext("\nwrite: zuoxictl %s\n"), usage);
	return CTL_USAGE;
}

/* ---- values ---- */

static json_t *read_text(FILE *f)
{
	char *text = malloc(TEXT_MAX + 1);
	size_t n = text ? fread(text, 1, TEXT_MAX + 1, f) : 0;
	json_t *v = NULL;

	if (text && n <= TEXT_MAX)
		v = json_stringn(text, n);
	free(text);
	return v;
}

static json_t *text_value(const struct param *p, const char *text)
{
	if (!strcmp(text, "-"))
		return read_text(stdin);
	bool file = !strcmp(p->key, "text") || !strcmp(p->key, "key");
	if (file && text[0] == '@') {
		FILE *f = fopen(text + 1, "r");
		if (!f)
			return NULL;
		json_t *v = read_text(f);
		fclose(f);
		return v;
	}
	return json_string(text);
}

static json_t *int_value(const char *text)
{
	char *end;

	errno = 0;
	long long n = strtoll(text, &end, 10);
	return *text && !*end && !errno ? json_integer(n) : NULL;
}

static json_t *bool_value(const char *text)
{
	if (!strcmp(text, "yes") || !strcmp(text, "true"))
		return json_true();
	if (!strcmp(text, "no") || !strcmp(text, "false"))
		return json_false();
	return NULL;
}

static json_t *list_value(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, ",");
		if (n)
			json_array_append_new(list, json_stringn(text, n));
		text += n;
		text += *text == ',';
	}
	return list;
}

/* si=3,mi=2 */
static json_t *object_value(const char *text)
{
	scoped_json json_t *obj = json_object();

	while (*text) {
		size_t n = strcspn(text, ",");
		char part[128];
		snprintf(part, sizeof(part), "%.*s", (int)n, text);
		char *eq = strchr(part, '=');
		if (!eq || eq == part)
			return NULL;
		*eq = '\0';
		json_t *v = int_value(eq + 1);
		json_object_set_new(obj, part, v ? v : json_string(eq + 1));
		text += n;
		text += *text == ',';
	}
	return take(obj);
}

/* 1500ms, 15s, 2m, 1h; a bare number is milliseconds. */
static json_t *span_value(const char *text)
{
	char *end;

	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || errno || n < 0 || n > 1000000000)
		return NULL;
	if (!strcmp(end, "s"))
		n *= 1000;
	else if (!strcmp(end, "m"))
		n *= 60000;
	else if (!strcmp(end, "h"))
		n *= 3600000;
	else if (*end && strcmp(end, "ms") != 0)
		return NULL;
	return json_integer(n);
}

/* A date, a date and time, or seconds since 1970. */
static json_t *time_value(const char *text)
{
	int64_t us;

	if (strlen(text) > 8 && strspn(text, "0123456789") == strlen(text))
		return json_integer(strtoll(text, NULL, 10) * 1000000);
	return cal_parse(&us, text) ? NULL : json_integer(us);
}

static json_t *value_of(const struct param *p, const char *text)
{
	if (!strcmp(p->type, "int"))
		return int_value(text);
	if (!strcmp(p->type, "bool"))
		return bool_value(text);
	if (!strcmp(p->type, "list"))
		return list_value(text);
	if (!strcmp(p->type, "object"))
		return object_value(text);
	if (!strcmp(p->type, "time"))
		return time_value(text);
	if (!strcmp(p->type, "span"))
		return span_value(text);
	return text_value(p, text);
}

static const char *type_hint(const struct param *p)
{
	if (!strcmp(p->type, "int"))
		return gettext("a whole number");
	if (!strcmp(p->type, "bool"))
		return gettext("yes or no");
	if (!strcmp(p->type, "object"))
		return gettext("NAME=VALUE,NAME=VALUE");
	if (!strcmp(p->type, "time"))
		return gettext("a time such as 2026-11-24 or "
			       "\"2026-11-24 10:30\"");
	if (!strcmp(p->type, "span"))
		return gettext("a duration such as 15s or 2m");
	return gettext("text, - for standard input");
}

/* ---- the command line ---- */

static const struct param *option_param(const struct spec *spec,
					const char *name)
{
	/* --since is how people ask for --from */
	bool since = !strcmp(name, "since");

	for (size_t i = 0; i < spec->n; i++) {
		if (!strcmp(spec->p[i].option, name))
			return &spec->p[i];
	}
	for (size_t i = 0; since && i < spec->n; i++) {
		if (!strcmp(spec->p[i].option, "from"))
			return &spec->p[i];
	}
	return NULL;
}

static const struct param *next_needed(const struct spec *spec,
				       const json_t *params)
{
	for (size_t i = 0; i < spec->n; i++) {
		if (!spec->p[i].optional &&
		    !json_object_get(params, spec->p[i].key))
			return &spec->p[i];
	}
	return NULL;
}

/* Where nothing is needed, the first thing that may be said: agent get A017 */
static const struct param *first_free(const struct spec *spec,
				      const json_t *params)
{
	for (size_t i = 0; i < spec->n; i++) {
		if (!spec->p[i].optional)
			return NULL;
	}
	return spec->n && !strcmp(spec->p[0].type, "str") &&
			       !json_object_get(params, spec->p[0].key)
		       ? &spec->p[0]
		       : NULL;
}

static int put(const struct ctl_verb *v, json_t *params, const struct param *p,
	       const char *text)
{
	json_t *value = value_of(p, text);

	if (!value)
		return ctl_usage(v, gettext("%s takes %s, not '%s'"),
				 p->option, type_hint(p), text);
	json_object_set_new(params, p->key, value);
	return 0;
}

struct walk {
	const struct ctl *ctl;
	const struct ctl_verb *v;
	const struct spec *spec;
	const char *extra;
	bool *extra_set;
	size_t *limitp;
	json_t *params;
};

static int walk_limit(struct walk *w, const char *text)
{
	scoped_json json_t *n = text ? int_value(text) : NULL;

	if (!n || json_integer_value(n) < 1)
		return ctl_usage(w->v, "%s",
				 gettext("--limit takes a number above 0"));
	*w->limitp = (size_t)json_integer_value(n);
	/* more comes page by page */
	if (option_param(w->spec, "limit"))
		json_object_set_new(w->params, "limit",
				    json_integer(*w->limitp > PAGE_ITEMS
							 ? PAGE_ITEMS
							 : *w->limitp));
	return 0;
}

/* One option; *ip moves over its value. */
static int walk_option(struct walk *w, int *ip)
{
	const char *arg = w->ctl->argv[*ip] + 2;
	const char *next =
		*ip + 1 < w->ctl->argc ? w->ctl->argv[*ip + 1] : NULL;

	if (w->extra && !strcmp(arg, w->extra)) {
		*w->extra_set = true;
		return 0;
	}
	if (w->limitp && !strcmp(arg, "limit")) {
		++*ip;
		return walk_limit(w, next);
	}
	const struct param *p = option_param(w->spec, arg);
	if (!p)
		return ctl_usage(w->v, gettext("there is no option --%s here"),
				 arg);
	if (!strcmp(p->type, "bool") && (!next || next[0] == '-')) {
		json_object_set_new(w->params, p->key, json_true());
		return 0;
	}
	if (!next)
		return ctl_usage(w->v, gettext("--%s needs a value: %s"), arg,
				 type_hint(p));
	++*ip;
	return put(w->v, w->params, p, next);
}

int ctl_params(const struct ctl *ctl, const struct ctl_verb *v,
	       const char *extra, bool *extra_set, size_t *limitp,
	       json_t **paramsp)
{
	struct spec spec;
	scoped_json json_t *params =
		v->fixed ? json_loads(v->fixed, 0, NULL) : json_object();
	struct walk w = {ctl, v, &spec, extra, extra_set, limitp, params};

	spec_init(&spec, v);
	for (int i = 0; i < ctl->argc; i++) {
		const char *arg = ctl->argv[i];
		int code = 0;
		if (!strncmp(arg, "--", 2) && arg[2]) {
			code = walk_option(&w, &i);
		} else {
			const struct param *p = next_needed(&spec, params);
			if (!p)
				p = first_free(&spec, params);
			code = p ? put(v, params, p, arg)
				 : ctl_usage(v, gettext("'%s' is too much"),
					     arg);
		}
		if (code)
			return code;
	}
	const struct param *p = next_needed(&spec, params);
	if (p) {
		char value[32];
		upper(value, sizeof(value), p->option);
		return ctl_usage(v, gettext("%s is missing"), value);
	}
	*paramsp = take(params);
	return CTL_DONE;
}
