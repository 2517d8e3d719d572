/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb check, import and export: entries between files and the knowledge
 * base. What comes in is all or nothing; what goes out are the bytes that came
 * in, each in the file where a folder has it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/command.h"
#include "kb/proof.h"

/* ---- faults ---- */

static void say(const struct options *o, const struct diag *diag,
		const char *kind)
{
	char shown[512];

	utf8_show(shown, sizeof(shown), diag->what, strlen(diag->what), false);
	if (!o->json) {
		fprintf(stderr, "%s:%d: %s%s\n", diag->file, diag->line,
			*kind == 'r' ? _("remark: ") : "", shown);
		return;
	}
	scoped_json json_t *obj =
		json_pack("{s:s, s:i, s:s}", "file", diag->file, "line",
			  diag->line, kind, shown);
	if (obj)
		command_print_json(obj);
}

static void on_fault(const struct diag *diag, void *arg)
{
	say(arg, diag, "fault");
}

static void on_remark(const struct diag *diag, void *arg)
{
	say(arg, diag, "remark");
}

/* ---- reading ---- */

static int find_elsewhere(const char *id, char redirect[KB_ID_SIZE], void *arg)
{
	const struct options *o = arg;
	scoped_json json_t *entry = NULL;
	char why[KB_WHY_SIZE];

	int err = kb_door_call(o->door, "kb.get",
			       json_pack("{s:s}", "entry", id), &entry, why);
	if (!err)
		utf8_copy(redirect, KB_ID_SIZE, json_str(entry, "redirect"));
	return err;
}

static int proof(const struct options *o, const struct kb_shelf *shelf,
		 unsigned *faults)
{
	struct kb_proof p = {
		.shelf = shelf,
		.findh = o->door ? find_elsewhere : NULL,
		.faulth = on_fault,
		.remarkh = o->strict ? on_fault : on_remark,
		.arg = (void *)o,
	};
	int err = kb_proof_shelf(&p);

	*faults = p.faults + (o->strict ? p.remarks : 0);
	return err;
}

int command_shelf(struct kb_shelf **sp, const struct options *o, int first)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	unsigned faults = 0;
	int err = kb_shelf_alloc(&shelf);

	if (!err)
		shelf->charset = o->from;
	for (int i = first; i < o->args_n && !err; i++)
		err = kb_shelf_read(shelf, o->args[i], on_fault, (void *)o);
	if (err)
		return command_refuse_errno(err, "");
	kb_shelf_check_ids(shelf, on_fault, (void *)o);
	err = proof(o, shelf, &faults);
	if (err)
		return command_refuse_errno(err, "");
	if (shelf->faults + faults) {
		fprintf(stderr, _("zuoxi-kb: faults: %u, in %u entries\n"),
			shelf->faults + faults, shelf->n);
		return EXIT_REFUSED;
	}
	if (!shelf->n)
		return command_refuse(
			_("no entries there: name files that end in .md "
			  "or .tsv, or a folder of them"));
	*sp = take(shelf);
	return EXIT_DONE;
}

int command_check(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	int code = command_shelf(&shelf, o, 0);

	if (code)
		return code;
	if (o->json)
		printf("{\"entries\":%u,\"faults\":0}\n", shelf->n);
	else
		printf(_("%u entries, all right\n"), shelf->n);
	return command_finish();
}

/* ---- import ---- */

static json_t *part_params(const struct options *o, json_t *part, bool more,
			   const char *stage)
{
	return json_pack("{s:O, s:b, s:s, s:s, s:s}", "entries", part, "more",
			 (int)more, "stage", stage, "by", command_text(o->by),
			 "paper", command_text(o->paper));
}

static void print_import(const struct options *o, const json_t *result)
{
	if (o->json) {
		command_print_json(result);
		return;
	}
	printf(_("%lld new, %lld changed, %lld as they were\n"),
	       (long long)json_int(result, "added"),
	       (long long)json_int(result, "changed"),
	       (long long)json_int(result, "same"));
	/* an office alone counts these: there, they are drafts */
	long long fresh = json_int(result, "added") +
			  json_int(result, "changed") -
			  json_int(result, "confirmed");
	if (json_object_get(result, "confirmed") && fresh)
		printf(_("%lld wait as drafts: they are in force when the "
			 "bureau has confirmed them\n"),
		       fresh);
}

int command_import(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	scoped_json json_t *result = NULL;
	scoped_json json_t *part = json_array();
	char stage[48];
	size_t bytes = 0;

	int code = command_shelf(&shelf, o, 0);
	if (code)
		return code;
	snprintf(stage, sizeof(stage), "%lld-%d", (long long)cal_now_us(),
		 (int)getpid());
	for (unsigned i = 0; i < shelf->n; i++) {
		const struct kb_entry *e = shelf->list[i];
		json_array_append_new(part,
				      json_pack("{s:s, s:s}", "file", e->file,
						"text", e->text));
		bytes += e->len;
		bool last = i + 1 == shelf->n;
		if (!last && bytes < KB_PART_BYTES)
			continue;
		json_decref(take(result));
		code = command_ask(o, "kb.import",
				   part_params(o, part, !last, stage),
				   &result);
		if (code)
			return code;
		json_array_clear(part);
		bytes = 0;
	}
	print_import(o, result);
	return command_finish();
}

/* ---- export ---- */

struct export
{
	const char *to;
	bool folder;
	struct kb_shelf *there; /* what the folder holds already, by id */
	unsigned written, same;
};

/* Whole or not at all, also when the disk fills up. */
static int write_file(const char *path, const char *text)
{
	char temp[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int stem = slash ? (int)(slash + 1 - path) : 0;

	if (snprintf(temp, sizeof(temp), "%.*s.%s.new", stem, path,
		     path + stem) >= (int)sizeof(temp))
		return ENAMETOOLONG;
	FILE *f = fopen(temp, "wb");
	if (!f)
		return errno;
	size_t len = strlen(text);
	bool good = fwrite(text, 1, len, f) == len && !fflush(f);
	int err = good ? 0 : errno ? errno : EIO;
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(temp, path))
		err = errno;
	if (err)
		unlink(temp);
	return err;
}

static int by_id(const void *key, const void *item)
{
	const struct kb_entry *e = *(struct kb_entry *const *)item;

	return strcmp(key, e->id);
}

static const struct kb_entry *find_there(const struct export *x,
					 const char *id)
{
	struct kb_entry *const *found =
		x->there && x->there->n
			? bsearch(id, x->there->list, x->there->n,
				  sizeof(*x->there->list), by_id)
			: NULL;

	return found ? *found : NULL;
}

static int put_file(struct export *x, const char *id, const char *text)
{
	const struct kb_entry *there = find_there(x, id);
	char path[PATH_MAX], why[KB_WHY_SIZE];

	if (there && !strcmp(there->text, text)) {
		x->same++;
		return EXIT_DONE;
	}
	if (there && !there->path) {
		snprintf(
			why, sizeof(why),
			_("%s is a row of the table %s: take it out of there, "
			  "then export"),
			id, there->file);
		return command_refuse(why);
	}
	if (there)
		snprintf(path, sizeof(path), "%s", there->path);
	else
		snprintf(path, sizeof(path), "%s/%s.md", x->to, id);
	int err = write_file(path, text);
	if (err) {
		snprintf(why, sizeof(why), "%.200s: %s", path,
			 speak_errno(err));
		return command_refuse(why);
	}
	x->written++;
	return EXIT_DONE;
}

/* The newest version, or the one that is shown: that, too, when the newest
 * was thrown away. */
static int choose(const struct options *o, const char *id, json_t **entryp)
{
	scoped_json json_t *shown = NULL;
	scoped_json json_t *newest = NULL;
	int code = command_entry(o, id, 0, &shown);

	if (code)
		return code;
	int64_t last = json_int(shown, "newest");
	if (!o->in_force && last != json_int(shown, "version")) {
		code = command_entry(o, id, last, &newest);
		if (code)
			return code;
		if (strcmp(json_str(newest, "state"), "withdrawn") != 0) {
			*entryp = take(newest);
			return EXIT_DONE;
		}
	}
	*entryp = take(shown);
	return EXIT_DONE;
}

static int export_one(const struct options *o, struct export *x,
		      const char *arg)
{
	scoped_json json_t *entry = NULL;
	char id[64];
	int64_t version;

	int code = command_version(arg, id, sizeof(id), &version);
	if (!code)
		code = version ? command_entry(o, id, version, &entry)
			       : choose(o, id, &entry);
	if (code)
		return code;
	if (o->json)
		command_print_json(entry);
	else if (x->folder)
		return put_file(x, id, json_str(entry, "text"));
	else
		fputs(json_str(entry, "text"), stdout);
	return EXIT_DONE;
}

static int export_item(const struct options *o, const json_t *item, void *arg)
{
	return export_one(o, arg, json_str(item, "id"));
}

static void pass_over(const struct diag *diag, void *arg)
{
	(void)diag;
	(void)arg;
}

/* Makes the folder, or reads what it holds. */
static int open_folder(struct export *x)
{
	char why[KB_WHY_SIZE];

	if (!mkdir(x->to, 0755))
		return EXIT_DONE;
	int err = errno == EEXIST ? kb_shelf_alloc(&x->there) : errno;
	if (!err)
		err = kb_shelf_read(x->there, x->to, pass_over, NULL);
	if (!err)
		kb_shelf_check_ids(x->there, pass_over, NULL);
	if (!err)
		return EXIT_DONE;
	snprintf(why, sizeof(why), "%.200s: %s", x->to, speak_errno(err));
	return command_refuse(why);
}

int command_export(const struct options *o)
{
	struct export x = {.to = o->args[0]};
	int code = EXIT_DONE;

	x.folder = strcmp(x.to, "-") != 0 && !o->json;
	if (x.folder)
		code = open_folder(&x);
	scoped_mem struct kb_shelf *there = x.there;
	(void)there; /* freed at the end */
	for (int i = 1; i < o->args_n && !code; i++)
		code = export_one(o, &x, o->args[i]);
	if (!code && o->args_n == 1)
		code = command_pages(o, "kb.list", json_object(), export_item,
				     &x);
	if (code)
		return code;
	if (x.folder)
		printf(_("%u entries written to %s, %u as they were\n"),
		       x.written, x.to, x.same);
	return command_finish();
}
