/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb's commands that lead a version from a draft to its release. The
 * office decides who may; a file has no such life.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "kb/command.h"

#define TITLE_COLUMNS 36

/* What a step left: "KB-0415 v8 confirmed". */
static void print_step(const struct options *o, const json_t *result)
{
	if (o->json) {
		command_print_json(result);
		return;
	}
	printf("%s v%lld %s\n", json_str(result, "entry"),
	       (long long)json_int(result, "version"),
	       json_str(result, "state"));
}

/* A step with each ID[@VERSION]; stops at the first refusal. `params` are
 * what all of them need beside entry and version; borrowed. */
static int each_version(const struct options *o, const char *method,
			json_t *params)
{
	int code = EXIT_DONE;

	if (!params)
		return command_refuse_errno(ENOMEM, "");
	for (int i = 0; i < o->args_n && !code; i++) {
		scoped_json json_t *result = NULL;
		scoped_json json_t *one = json_copy(params);
		char id[64];
		int64_t version;
		code = command_version(o->args[i], id, sizeof(id), &version);
		if (code)
			return code;
		json_object_set_new(one, "entry", json_string(id));
		if (version)
			json_object_set_new(one, "version",
					    json_integer(version));
		code = command_ask(o, method, take(one), &result);
		if (!code)
			print_step(o, result);
	}
	return code ? code : command_finish();
}

/* ---- drafts ---- */

int command_draft(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;

	int code = command_shelf(&shelf, o, 0);
	for (unsigned i = 0; !code && i < shelf->n; i++) {
		scoped_json json_t *result = NULL;
		code = command_ask(
			o, "kb.draft",
			json_pack("{s:s}", "text", shelf->list[i]->text),
			&result);
		if (!code)
			print_step(o, result);
	}
	return code ? code : command_finish();
}

/* ---- steps ---- */

int command_review(const struct options *o)
{
	scoped_json json_t *params = json_object();
	return each_version(o, "kb.review", params);
}

int command_confirm(const struct options *o)
{
	scoped_json json_t *params =
		json_pack("{s:s, s:s, s:s}", "by", command_text(o->by),
			  "paper", command_text(o->paper), "effective",
			  command_text(o->effective));

	return each_version(o, "kb.confirm", params);
}

static int with_reason(const struct options *o, const char *method)
{
	scoped_json json_t *params =
		json_pack("{s:s}", "reason", command_text(o->reason));

	return o->reason ? each_version(o, method, params)
			 : command_needs("--reason");
}

int command_return(const struct options *o)
{
	return with_reason(o, "kb.return");
}

int command_withdraw(const struct options *o)
{
	return with_reason(o, "kb.withdraw");
}

int command_rollback(const struct options *o)
{
	scoped_json json_t *params = json_pack(
		"{s:s, s:s, s:s}", "reason", command_text(o->reason), "by",
		command_text(o->by), "paper", command_text(o->paper));

	if (!strchr(o->args[0], '@'))
		return command_needs("ID@VERSION");
	if (!o->reason)
		return command_needs("--reason");
	if (params && o->effective)
		json_object_set_new(params, "effective",
				    json_string(o->effective));
	return each_version(o, "kb.rollback", params);
}

/* ---- releases ---- */

/* What the regression set says to it, and which questions were right and
 * would be no more. */
static void print_cases(const json_t *r)
{
	const json_t *cases = json_object_get(r, "cases");
	size_t i;
	json_t *one;

	if (!json_int(cases, "n"))
		return;
	fputs("  ", stdout);
	printf(_("regression set: %lld questions, right before %lld, now "
		 "%lld"),
	       (long long)json_int(cases, "n"),
	       (long long)json_int(cases, "before"),
	       (long long)json_int(cases, "after"));
	putchar('\n');
	json_array_foreach (json_object_get(cases, "lost"), i, one) {
		printf("  - %-8s ", json_str(one, "entry"));
		command_print_text(json_str(one, "question"), 0);
		printf("  (%s)\n",
		       *json_str(one, "got") ? json_str(one, "got") : "-");
	}
	if (!*json_str(r, "forced"))
		return;
	fputs("  ", stdout);
	printf(_("released all the same: "));
	command_print_text(json_str(r, "forced"), 0);
	putchar('\n');
}

static void print_release(const json_t *r)
{
	const json_t *entries = json_object_get(r, "entries");
	size_t i;
	json_t *one;

	printf("%s  ", json_str(r, "release"));
	if (json_int(r, "at_us")) {
		char stamp[CAL_TEXT_SIZE];
		cal_stamp(stamp, json_int(r, "at_us"));
		printf("%s  %s  ", stamp, json_str(r, "actor"));
	}
	if (json_array_size(entries))
		printf(_("%zu entries"), json_array_size(entries));
	else
		fputs(_("no change"), stdout);
	printf("%s", *json_str(r, "note") ? "  " : "");
	command_print_text(json_str(r, "note"), 0);
	putchar('\n');
	json_array_foreach (entries, i, one) {
		printf("  %-8s v%-3lld ", json_str(one, "id"),
		       (long long)json_int(one, "version"));
		command_print_text(json_str(one, "title"), 0);
		putchar('\n');
	}
	print_cases(r);
}

int command_release(const struct options *o)
{
	scoped_json json_t *result = NULL;
	int code = command_ask(o, "kb.release",
			       json_pack("{s:s, s:b, s:s}", "note",
					 command_text(o->note), "dry",
					 (int)o->dry_run, "force",
					 command_text(o->force)),
			       &result);
	if (code)
		return code;
	if (o->json)
		command_print_json(result);
	else
		print_release(result);
	return command_finish();
}

int command_releases(const struct options *o)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *one;

	int code = command_ask(
		o, "kb.releases",
		json_pack("{s:i}", "limit", (int)command_limit(o)), &list);
	if (code)
		return code;
	json_array_foreach (json_object_get(list, "items"), i, one) {
		if (o->json)
			command_print_json(one);
		else
			print_release(one);
	}
	return command_finish();
}

/* ---- lists ---- */

static void print_waiting(const json_t *w)
{
	char stamp[CAL_TEXT_SIZE];

	cal_stamp(stamp, json_int(w, "since_us"));
	printf("%-8s v%-3lld %-10s %s  %-6s ", json_str(w, "id"),
	       (long long)json_int(w, "version"), json_str(w, "state"), stamp,
	       json_str(w, "author"));
	command_print_text(json_str(w, "title"), TITLE_COLUMNS);
	putchar('\n');
}

int command_waiting(const struct options *o)
{
	return command_print_pages(o, "kb.waiting", print_waiting);
}

/* "  reviewed   2026-11-24 10:42:05  L02", if it happened */
static void print_signed(const json_t *v, const char *what, const char *at,
			 const char *who)
{
	char stamp[CAL_TEXT_SIZE];

	if (!json_int(v, at))
		return;
	cal_stamp(stamp, json_int(v, at));
	printf("  %-10s %s  %s\n", what, stamp, json_str(v, who));
}

static void print_version(const json_t *v)
{
	printf("v%lld %s", (long long)json_int(v, "version"),
	       json_str(v, "state"));
	if (*json_str(v, "effective"))
		printf("  %s", json_str(v, "effective"));
	if (*json_str(v, "expires"))
		printf("..%s", json_str(v, "expires"));
	putchar('\n');
	print_signed(v, "written", "at_us", "author");
	print_signed(v, "reviewed", "reviewed_us", "reviewer");
	print_signed(v, "confirmed", "confirmed_us", "confirmer");
	print_signed(v, "released", "released_us", "release");
	print_signed(v, "withdrawn", "withdrawn_us", "withdrawer");
	if (*json_str(v, "paper"))
		printf("  %-10s %s\n", "paper", json_str(v, "paper"));
	if (*json_str(v, "reason"))
		printf("  %-10s %s\n", "reason", json_str(v, "reason"));
}

int command_versions(const struct options *o)
{
	scoped_json json_t *list = NULL;
	size_t i;
	json_t *one;

	int code = command_ask(o, "kb.versions",
			       json_pack("{s:s}", "entry", o->args[0]), &list);
	if (code)
		return code;
	json_array_foreach (json_object_get(list, "items"), i, one) {
		if (o->json)
			command_print_json(one);
		else
			print_version(one);
	}
	return command_finish();
}
