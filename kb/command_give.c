/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb give-back: all of a knowledge base in open formats, so that its
 * owner can take it anywhere: Markdown as it was written, every version, JSON
 * and CSV of fields and signatures, releases and open questions, checksums.
 * The folder gets its name when it is whole and on disk.
 *
 *     README.md            whose it is, what is where
 *     entries/ID.md        what is shown now
 *     versions/ID/N.md     every version
 *     entries.json .csv    the fields of entries/
 *     versions.json .csv   who wrote, reviewed, confirmed, withdrew it, when
 *     releases.json        what counted from when on (of an office)
 *     gaps.json            questions that nothing answers (of an office)
 *     cases.json           questions by which answers are measured
 *     SHA256SUMS           for sha256sum -c
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/evp.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"
#include "kb/command.h"

struct table {
	FILE *json, *csv;
	const char *const *columns;
	unsigned n;
};

struct gift {
	const struct options *o;
	const char *to; /* as it will be called */
	char dir[PATH_MAX];
	FILE *sums;
	struct table entries, versions;
	json_t *owners; /* name -> how many entries */
	unsigned versions_n;
	char id[64]; /* of the entry that is written */
};

static const char *const entry_columns[] = {
	"id",	      "version", "state",  "title",  "question",
	"asks",	      "kind",	 "line",   "topic",  "effective",
	"expires",    "review",	 "policy", "source", "owner",
	"redirect",   "short",	 "tags",   "body",   "changed_us",
	"changed_by", NULL,
};

static const char *const version_columns[] = {
	"id",		"version", "state",    "effective",   "expires",
	"author",	"at_us",   "reviewer", "reviewed_us", "confirmer",
	"confirmed_us", "paper",   "release",  "released_us", "withdrawer",
	"withdrawn_us", "reason",  NULL,
};

/* ---- files ---- */

static int refuse_file(const char *path, int err)
{
	char why[KB_WHY_SIZE];

	snprintf(why, sizeof(why), "%.200s: %s", path, speak_errno(err));
	return command_refuse(why);
}

static int open_file(struct gift *g, const char *name, FILE **fp)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", g->dir, name) >=
	    (int)sizeof(path))
		return refuse_file(name, ENAMETOOLONG);
	*fp = fopen(path, "wb");
	return *fp ? EXIT_DONE : refuse_file(path, errno);
}

static int close_file(FILE **fp, const char *name)
{
	FILE *f = *fp;
	bool bad;

	*fp = NULL;
	if (!f)
		return EXIT_DONE;
	bad = ferror(f) != 0;
	errno = 0;
	return fclose(f) || bad ? refuse_file(name, errno ? errno : EIO)
				: EXIT_DONE;
}

static int make_folder(struct gift *g, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", g->dir, name) >=
	    (int)sizeof(path))
		return refuse_file(name, ENAMETOOLONG);
	return mkdir(path, 0755) && errno != EEXIST ? refuse_file(path, errno)
						    : EXIT_DONE;
}

static int put_sum(struct gift *g, const char *name, const char *text,
		   size_t len)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!EVP_Digest(text, len, sum, &n, EVP_sha256(), NULL))
		return command_refuse_errno(ENOMEM, "");
	for (unsigned i = 0; i < n; i++)
		fprintf(g->sums, "%02x", sum[i]);
	fprintf(g->sums, "  %s\n", name);
	return EXIT_DONE;
}

static int put_text(struct gift *g, const char *name, const char *text)
{
	FILE *f = NULL;
	int code = open_file(g, name, &f);

	if (code)
		return code;
	fputs(text, f);
	code = close_file(&f, name);
	return code ? code : put_sum(g, name, text, strlen(text));
}

/* Of a file that grew line by line. */
static int sum_file(struct gift *g, const char *name)
{
	char path[PATH_MAX];
	scoped_str char *text = NULL;
	size_t room = 0;

	if (snprintf(path, sizeof(path), "%s/%s", g->dir, name) >=
	    (int)sizeof(path))
		return refuse_file(name, ENAMETOOLONG);
	FILE *f = fopen(path, "rb");
	ssize_t n = f ? getdelim(&text, &room, '\0', f) : -1;
	int err = f && !ferror(f) ? 0 : EIO;
	if (f)
		fclose(f);
	if (err)
		return refuse_file(path, err);
	return put_sum(g, name, text ? text : "", n > 0 ? (size_t)n : 0);
}

/* ---- tables ---- */

static void put_cell(FILE *f, const char *s)
{
	bool plain = !strpbrk(s, ",\"\r\n");

	if (!plain)
		putc('"', f);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', f);
		putc(*s, f);
	}
	if (!plain)
		putc('"', f);
}

static void put_value(FILE *f, const char *column, const json_t *v)
{
	char text[CAL_TEXT_SIZE];
	size_t len = strlen(column), i;
	json_t *one;

	if (json_is_string(v)) {
		put_cell(f, json_string_value(v));
	} else if (json_is_array(v)) {
		scoped_mem struct mbuf *mb = mbuf_alloc(256);
		json_array_foreach (v, i, one)
			mbuf_printf(mb, "%s%s", i ? " | " : "",
				    json_string_value(one));
		mbuf_write_u8(mb, '\0');
		put_cell(f, (const char *)mb->buf);
	} else if (len > 3 && !strcmp(column + len - 3, "_us")) {
		if (!json_integer_value(v))
			return;
		cal_rfc3339(text, json_integer_value(v));
		put_cell(f, text);
	} else if (json_is_integer(v)) {
		fprintf(f, "%lld", (long long)json_integer_value(v));
	}
}

static int open_table(struct gift *g, struct table *t, const char *name,
		      const char *const *columns)
{
	char file[40];

	t->columns = columns;
	snprintf(file, sizeof(file), "%s.json", name);
	int code = open_file(g, file, &t->json);
	snprintf(file, sizeof(file), "%s.csv", name);
	if (!code)
		code = open_file(g, file, &t->csv);
	if (code)
		return code;
	/* spreadsheets take a text without this mark for another encoding */
	fputs("\xEF\xBB\xBF", t->csv);
	for (size_t i = 0; columns[i]; i++) {
		size_t len = strlen(columns[i]);
		bool us = len > 3 && !strcmp(columns[i] + len - 3, "_us");
		fprintf(t->csv, "%s%.*s", i ? "," : "",
			(int)(us ? len - 3 : len), columns[i]);
	}
	fputs("\r\n", t->csv);
	fputs("[", t->json);
	return EXIT_DONE;
}

static int put_row(struct table *t, const json_t *row)
{
	scoped_str char *text = json_dumps(row, JSON_COMPACT);

	if (!text)
		return command_refuse_errno(ENOMEM, "");
	fprintf(t->json, "%s\n%s", t->n++ ? "," : "", text);
	for (size_t i = 0; t->columns[i]; i++) {
		if (i)
			putc(',', t->csv);
		put_value(t->csv, t->columns[i],
			  json_object_get(row, t->columns[i]));
	}
	fputs("\r\n", t->csv);
	return EXIT_DONE;
}

static int close_table(struct gift *g, struct table *t, const char *name)
{
	char file[40];

	if (t->json)
		fputs("\n]\n", t->json);
	snprintf(file, sizeof(file), "%s.json", name);
	int code = close_file(&t->json, file);
	if (!code)
		code = sum_file(g, file);
	snprintf(file, sizeof(file), "%s.csv", name);
	if (!code)
		code = close_file(&t->csv, file);
	return code ? code : sum_file(g, file);
}

/* ---- entries ---- */

static int give_version(struct gift *g, json_t *life)
{
	scoped_json json_t *entry = NULL;
	int64_t version = json_int(life, "version");
	char name[128];

	int code = command_entry(g->o, g->id, version, &entry);
	snprintf(name, sizeof(name), "versions/%s/%lld.md", g->id,
		 (long long)version);
	if (!code)
		code = put_text(g, name, json_str(entry, "text"));
	json_object_set_new(life, "id", json_string(g->id));
	g->versions_n++;
	return code ? code : put_row(&g->versions, life);
}

static int give_entry(const struct options *o, const json_t *item, void *arg)
{
	struct gift *g = arg;
	scoped_json json_t *entry = NULL;
	scoped_json json_t *lives = NULL;
	char name[128];
	size_t i;
	json_t *life;

	snprintf(g->id, sizeof(g->id), "%.60s", json_str(item, "id"));
	int code = command_entry(o, g->id, 0, &entry);
	if (code)
		return code;
	const char *owner = json_str(entry, "owner");
	json_object_set_new(g->owners, owner,
			    json_integer(json_int(g->owners, owner) + 1));
	snprintf(name, sizeof(name), "entries/%s.md", g->id);
	code = put_text(g, name, json_str(entry, "text"));
	json_object_del(entry, "text");
	if (!code)
		code = put_row(&g->entries, entry);
	if (!code)
		code = command_ask(o, "kb.versions",
				   json_pack("{s:s}", "entry", g->id), &lives);
	snprintf(name, sizeof(name), "versions/%s", g->id);
	if (!code)
		code = make_folder(g, name);
	json_array_foreach (json_object_get(lives, "items"), i, life) {
		if (!code)
			code = give_version(g, life);
	}
	return code;
}

/* ---- what only an office has ---- */

static int keep_item(const struct options *o, const json_t *item, void *arg)
{
	(void)o;
	return json_array_append(arg, (json_t *)item)
		       ? command_refuse_errno(ENOMEM, "")
		       : EXIT_DONE;
}

static int give_list(struct gift *g, const char *method, json_t *params,
		     const char *name)
{
	scoped_json json_t *list = json_array();
	int code = command_pages(g->o, method, params, keep_item, list);

	if (code)
		return code;
	scoped_str char *text = json_dumps(list, JSON_INDENT(1));
	return text ? put_text(g, name, text)
		    : command_refuse_errno(ENOMEM, "");
}

/* ---- the mark of the owner ---- */

static int give_readme(struct gift *g)
{
	scoped_mem struct mbuf *mb = mbuf_alloc(1024);
	char stamp[CAL_TEXT_SIZE];
	const char *owner;
	json_t *count;

	cal_stamp(stamp, cal_now_us());
	mbuf_printf(mb, _("# Knowledge base, given back on %s\n\n"), stamp);
	mbuf_printf(mb, "%s",
		    _("These entries and all their versions belong to their "
		      "owners, who may use, change and pass them on as they "
		      "like, with this software or without it:\n\n"));
	json_object_foreach (g->owners, owner, count)
		mbuf_printf(mb, _("- %s: %d entries\n"),
			    *owner ? owner : _("no owner named"),
			    (int)json_integer_value(count));
	mbuf_printf(mb, _("\n%d entries, %d versions.\n\n"), (int)g->entries.n,
		    (int)g->versions_n);
	mbuf_printf(
		mb, "%s",
		_("- entries/: what is shown now, as it was written "
		  "(Markdown)\n"
		  "- versions/: every version of each entry\n"
		  "- entries.json, entries.csv: the fields of the entries\n"
		  "- versions.json, versions.csv: who wrote, reviewed, "
		  "confirmed, released or withdrew each version, when, and by "
		  "which document\n"
		  "- releases.json, gaps.json: releases, and questions "
		  "without an answer (of an office)\n"
		  "- cases.json: questions by which answers are measured\n"
		  "- SHA256SUMS: `sha256sum -c SHA256SUMS` checks all of "
		  "it\n"));
	mbuf_write_u8(mb, '\0');
	return put_text(g, "README.md", (const char *)mb->buf);
}

/* ---- all of it ---- */

static int give_all(struct gift *g)
{
	const struct options *o = g->o;
	int code = make_folder(g, "entries");

	if (!code)
		code = make_folder(g, "versions");
	if (!code)
		code = open_file(g, "SHA256SUMS", &g->sums);
	if (!code)
		code = open_table(g, &g->entries, "entries", entry_columns);
	if (!code)
		code = open_table(g, &g->versions, "versions",
				  version_columns);
	if (!code)
		code = command_pages(o, "kb.list", json_object(), give_entry,
				     g);
	if (!code)
		code = close_table(g, &g->entries, "entries");
	if (!code)
		code = close_table(g, &g->versions, "versions");
	if (!code && !o->db)
		code = give_list(g, "kb.releases",
				 json_pack("{s:i}", "limit", 100),
				 "releases.json");
	if (!code && !o->db)
		code = give_list(g, "gap.list", json_object(), "gaps.json");
	if (!code)
		code = give_list(g, "case.list", json_object(), "cases.json");
	if (!code)
		code = give_readme(g);
	return code ? code : close_file(&g->sums, "SHA256SUMS");
}

/* On disk before it has its name. */
static int name_it(struct gift *g)
{
	scoped_fd int fd = open(g->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) || rename(g->dir, g->to))
		return refuse_file(g->to, errno);
	return EXIT_DONE;
}

static void close_rest(struct gift *g)
{
	FILE **files[] = {&g->sums, &g->entries.json, &g->entries.csv,
			  &g->versions.json, &g->versions.csv};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (*files[i])
			fclose(*files[i]);
	}
}

int command_give_back(const struct options *o)
{
	scoped_json json_t *owners = json_object();
	struct gift g = {.o = o, .to = o->args[0], .owners = owners};
	char why[KB_WHY_SIZE];

	if (!access(g.to, F_OK)) {
		snprintf(why, sizeof(why),
			 _("%.200s is there already: name a new folder"),
			 g.to);
		return command_refuse(why);
	}
	if (snprintf(g.dir, sizeof(g.dir), "%s.%d.part", g.to,
		     (int)getpid()) >= (int)sizeof(g.dir))
		return refuse_file(g.to, ENAMETOOLONG);
	if (mkdir(g.dir, 0755))
		return refuse_file(g.dir, errno);
	int code = give_all(&g);
	close_rest(&g);
	if (!code)
		code = name_it(&g);
	if (code) {
		fprintf(stderr,
			_("zuoxi-kb: what was written is in %s: remove it\n"),
			g.dir);
		return code;
	}
	printf(_("%u entries in %u versions given back in %s\n"), g.entries.n,
	       g.versions_n, g.to);
	return command_finish();
}
