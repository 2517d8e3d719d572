/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb: check, import, export and search entries from a shell. A command
 * is a row of a table and a function; it asks a door (a file or the office)
 * and prints the answer, for people or as JSON. Exit: 0 done, 1 refused with
 * the reason on standard error, 2 wrong use.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"
#include "kb/command.h"
#include "kb/search.h"
#include "kb/shelf.h"

#define TITLE_COLUMNS 40

struct command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(const struct options *o);
	enum { NOTHING, READS, WRITES } needs;
	int args_min, args_max;
};

/* ---- check, import ---- */

static void on_fault(const struct diag *diag, void *arg)
{
	const struct options *o = arg;
	char shown[512];

	utf8_show(shown, sizeof(shown), diag->what, strlen(diag->what), false);
	if (!o->json) {
		fprintf(stderr, "%s:%d: %s\n", diag->file, diag->line, shown);
		return;
	}
	scoped_json json_t *obj =
		json_pack("{s:s, s:i, s:s}", "file", diag->file, "line",
			  diag->line, "fault", shown);
	if (obj)
		command_print_json(obj);
}

/* Reads all paths; the exit code says whether they are all right. */
static int read_shelf(struct kb_shelf **sp, const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	int err = kb_shelf_alloc(&shelf);

	for (int i = 0; i < o->args_n && !err; i++)
		err = kb_shelf_read(shelf, o->args[i], on_fault, (void *)o);
	if (err)
		return command_refuse_errno(err, "");
	kb_shelf_check_ids(shelf, on_fault, (void *)o);
	if (shelf->faults) {
		fprintf(stderr, _("zuoxi-kb: faults: %u, in %u entries\n"),
			shelf->faults, shelf->n);
		return EXIT_REFUSED;
	}
	if (!shelf->n)
		return command_refuse(
			_("no entries there: name files that end in .md "
			  "or .tsv, or a folder of them"));
	*sp = take(shelf);
	return EXIT_DONE;
}

static int run_check(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	int code = read_shelf(&shelf, o);

	if (code)
		return code;
	if (o->json)
		printf("{\"entries\":%u,\"faults\":0}\n", shelf->n);
	else
		printf(_("%u entries, all right\n"), shelf->n);
	return command_finish();
}

static json_t *part_params(const struct options *o, json_t *part, bool more,
			   const char *stage)
{
	return json_pack("{s:O, s:b, s:s, s:s, s:s}", "entries", part, "more",
			 (int)more, "stage", stage, "by", o->by ? o->by : "",
			 "paper", o->paper ? o->paper : "");
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

static int run_import(const struct options *o)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	scoped_json json_t *result = NULL;
	scoped_json json_t *part = json_array();
	char stage[48];
	size_t bytes = 0;

	int code = read_shelf(&shelf, o);
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

/* Whole or not at all, also when the disk fills up. */
static int write_file(const char *folder, const char *id, const char *text)
{
	char path[PATH_MAX], temp[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s.md", folder, id) >=
		    (int)sizeof(path) ||
	    snprintf(temp, sizeof(temp), "%s/.%s.md.new", folder, id) >=
		    (int)sizeof(temp))
		return ENAMETOOLONG;
	FILE *f = fopen(temp, "wb");
	if (!f)
		return errno;
	size_t len = strlen(text);
	bool good = fwrite(text, 1, len, f) == len;
	int err = good ? 0 : EIO;
	if (fclose(f) && !err)
		err = errno;
	if (!err && rename(temp, path))
		err = errno;
	if (err)
		unlink(temp);
	return err;
}

static int export_one(const struct options *o, const char *id)
{
	scoped_json json_t *entry = NULL;
	char why[KB_WHY_SIZE];
	const char *to = o->args[0];

	int code = command_ask(
		o, "kb.get", json_pack("{s:s, s:b}", "entry", id, "source", 1),
		&entry);
	if (code)
		return code;
	if (o->json) {
		command_print_json(entry);
	} else if (!strcmp(to, "-")) {
		fputs(json_str(entry, "text"), stdout);
	} else {
		int err = write_file(to, id, json_str(entry, "text"));
		if (err) {
			snprintf(why, sizeof(why), "%.200s/%s.md: %s", to, id,
				 speak_errno(err));
			return command_refuse(why);
		}
	}
	return EXIT_DONE;
}

static int export_page(const struct options *o, const json_t *page,
		       unsigned *count)
{
	size_t i;
	json_t *row;

	json_array_foreach (json_object_get(page, "items"), i, row) {
		int code = export_one(o, json_str(row, "id"));
		if (code)
			return code;
		(*count)++;
	}
	return EXIT_DONE;
}

static int export_all(const struct options *o, unsigned *count)
{
	char cursor[KB_ID_SIZE * 2] = "";

	for (;;) {
		scoped_json json_t *page = NULL;
		json_t *params = *cursor ? json_pack("{s:s}", "cursor", cursor)
					 : json_object();
		int code = command_ask(o, "kb.list", params, &page);
		if (code)
			return code;
		code = export_page(o, page, count);
		if (code)
			return code;
		utf8_copy(cursor, sizeof(cursor), json_str(page, "next"));
		if (!*cursor)
			return EXIT_DONE;
	}
}

static int run_export(const struct options *o)
{
	const char *to = o->args[0];
	unsigned count = 0;
	char why[KB_WHY_SIZE];
	int code = EXIT_DONE;
	bool folder = strcmp(to, "-") != 0 && !o->json;

	if (folder && mkdir(to, 0755) && errno != EEXIST) {
		snprintf(why, sizeof(why), "%.200s: %s", to,
			 speak_errno(errno));
		return command_refuse(why);
	}
	for (int i = 1; i < o->args_n && !code; i++, count++)
		code = export_one(o, o->args[i]);
	if (!code && o->args_n == 1)
		code = export_all(o, &count);
	if (code)
		return code;
	if (folder)
		printf(_("%u entries written to %s\n"), count, to);
	return command_finish();
}

/* ---- search ---- */

static void print_snippet(const json_t *hit)
{
	const char *s = json_str(hit, "snippet");
	bool tty = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	size_t at = 0, i, len = strlen(s);
	json_t *mark;

	fputs("    ", stdout);
	json_array_foreach (json_object_get(hit, "marks"), i, mark) {
		size_t from =
			(size_t)json_integer_value(json_array_get(mark, 0));
		size_t n = (size_t)json_integer_value(json_array_get(mark, 1));
		if (from < at || from + n > len)
			continue;
		printf("%.*s%s%.*s%s", (int)(from - at), s + at,
		       tty ? "\x1b[1m" : "", (int)n, s + from,
		       tty ? "\x1b[0m" : "");
		at = from + n;
	}
	printf("%s\n", s + at);
}

static void print_hits(const json_t *result)
{
	size_t i;
	json_t *hit;

	json_array_foreach (json_object_get(result, "hits"), i, hit) {
		printf("%-8s v%-3lld %-10s ", json_str(hit, "id"),
		       (long long)json_int(hit, "version"),
		       json_str(hit, "state"));
		command_print_text(json_str(hit, "title"), TITLE_COLUMNS);
		putchar('\n');
		print_snippet(hit);
	}
}

static int search_one(const struct options *o, const char *text)
{
	scoped_json json_t *result = NULL;

	int code = command_ask(o, "kb.search",
			       json_pack("{s:s, s:s, s:i}", "q", text, "line",
					 o->line ? o->line : "", "limit",
					 (int)o->limit),
			       &result);
	if (code)
		return code;
	if (o->json) {
		scoped_json json_t *out =
			json_pack("{s:s, s:O, s:O}", "query", text, "hits",
				  json_object_get(result, "hits"), "us",
				  json_object_get(result, "us"));
		command_print_json(out);
		return EXIT_DONE;
	}
	if (!json_array_size(json_object_get(result, "hits")))
		fprintf(stderr, _("zuoxi-kb: nothing found\n"));
	print_hits(result);
	return EXIT_DONE;
}

static int run_search(const struct options *o)
{
	return command_questions(o, search_one);
}

/* ---- show, stat, log ---- */

static int run_show(const struct options *o)
{
	scoped_json json_t *entry = NULL;
	char id[64];
	int64_t version;

	int code = command_version(o->args[0], id, sizeof(id), &version);
	if (code)
		return code;
	code = command_ask(o, "kb.get",
			   json_pack("{s:s, s:I, s:b}", "entry", id, "version",
				     (json_int_t)version, "source", 1),
			   &entry);
	if (code)
		return code;
	if (o->json)
		command_print_json(entry);
	else
		fputs(json_str(entry, "text"), stdout);
	return command_finish();
}

static int run_stat(const struct options *o)
{
	scoped_json json_t *st = NULL;
	char stamp[CAL_TEXT_SIZE] = "never";

	int code = command_ask(o, "kb.stat", json_object(), &st);
	if (code)
		return code;
	if (o->json) {
		command_print_json(st);
		return command_finish();
	}
	if (json_int(st, "changed_us"))
		cal_stamp(stamp, json_int(st, "changed_us"));
	static const char *const rows[] = {"entries",  "versions", "effective",
					   "waiting",  "soon",	   "expired",
					   "withdrawn"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		printf("%-10s %lld\n", rows[i],
		       (long long)json_int(st, rows[i]));
	printf("%-10s %s\n", "changed", stamp);
	return command_finish();
}

static int run_log(const struct options *o)
{
	scoped_json json_t *log = NULL;
	char stamp[CAL_TEXT_SIZE];
	size_t i;
	json_t *row;

	int code = command_ask(o, "kb.log",
			       json_pack("{s:s, s:i}", "entry",
					 o->args_n ? o->args[0] : "", "limit",
					 (int)o->limit),
			       &log);
	if (code)
		return code;
	json_array_foreach (json_object_get(log, "items"), i, row) {
		if (o->json) {
			command_print_json(row);
			continue;
		}
		cal_stamp(stamp, json_int(row, "at_us"));
		printf("%s  %-8s v%-3lld %-12s ", stamp, json_str(row, "id"),
		       (long long)json_int(row, "version"),
		       json_str(row, "actor"));
		command_print_text(json_str(row, "title"), 0);
		putchar('\n');
	}
	return command_finish();
}

/* ---- options ---- */

static const struct command commands[] = {
	{"check", "PATH...", N_("Say what is wrong with entries"), run_check,
	 NOTHING, 1, INT_MAX},
	{"import", "PATH...", N_("Bring entries in, all or nothing"),
	 run_import, WRITES, 1, INT_MAX},
	{"export", "FOLDER|- [ID...]", N_("Write entries out as they came in"),
	 run_export, READS, 1, INT_MAX},
	{"search", "WORDS...|-", N_("Find entries"), run_search, READS, 1,
	 INT_MAX},
	{"answer", "WORDS...|-", N_("Name the entry only where it is sure"),
	 command_answer, READS, 1, INT_MAX},
	{"calibrate", "FILE",
	 N_("Measure answers by questions with their entries"),
	 command_calibrate, WRITES, 1, 1},
	{"show", "ID[@VERSION]", N_("Print one entry"), run_show, READS, 1, 1},
	{"draft", "PATH...", N_("Write the next version of entries"),
	 command_draft, WRITES, 1, INT_MAX},
	{"review", "ID[@VERSION]...", N_("A draft is right"), command_review,
	 WRITES, 1, INT_MAX},
	{"confirm", "ID[@VERSION]...", N_("The bureau confirms a version"),
	 command_confirm, WRITES, 1, INT_MAX},
	{"return", "ID[@VERSION]...", N_("Send a version back to its author"),
	 command_return, WRITES, 1, INT_MAX},
	{"release", "", N_("All that is confirmed counts from now on"),
	 command_release, WRITES, 0, 0},
	{"withdraw", "ID[@VERSION]...", N_("Take a version out of force"),
	 command_withdraw, WRITES, 1, INT_MAX},
	{"rollback", "ID@VERSION", N_("Put an earlier text into force again"),
	 command_rollback, WRITES, 1, 1},
	{"waiting", "", N_("Versions on their way to a release"),
	 command_waiting, READS, 0, 0},
	{"versions", "ID", N_("Versions of an entry and who signed them"),
	 command_versions, READS, 1, 1},
	{"releases", "", N_("Releases, newest first"), command_releases, READS,
	 0, 0},
	{"diff", "ID[@VERSION] [VERSION]", N_("What a version changes"),
	 command_diff, READS, 1, 2},
	{"gaps", "", N_("Questions without an answer, the same together"),
	 command_gaps, READS, 0, 0},
	{"gap-draft", "NUMBER...", N_("Begin an entry that answers them"),
	 command_gap_draft, WRITES, 1, INT_MAX},
	{"gap-close", "NUMBER...", N_("They have an entry, or need none"),
	 command_gap_close, WRITES, 1, INT_MAX},
	{"stat", "", N_("Count entries"), run_stat, READS, 0, 0},
	{"log", "[ID]", N_("Changes, newest first"), run_log, READS, 0, 1},
};
#define COMMANDS_N (sizeof(commands) / sizeof(*commands))

static int usage(FILE *out)
{
	fputs(_("usage: zuoxi-kb [--db FILE | --socket PATH] [--json] "
		"COMMAND ...\n\n"),
	      out);
	for (size_t i = 0; i < COMMANDS_N; i++)
		fprintf(out, "  %-8s %-24s %s\n", commands[i].name,
			commands[i].args, _(commands[i].help));
	fputs(_("\n"
		"  --db FILE      a knowledge base in a file of its own\n"
		"  --socket PATH  the administrators' socket of zuoxid\n"
		"                 (default: $ZUOXI_SOCKET, else "
		"run/admin.sock)\n"
		"  --json         one JSON object a line\n"
		"  --batch        search, answer: one question a line on "
		"standard input\n"
		"  --target P     answer: precision wanted, 0.5 to 0.999 "
		"(default 0.99)\n"
		"  --limit N      hits or changes, 1 to 100 (default 10)\n"
		"  --line CODE    search: entries of this business line only\n"
		"  --by PERSON    import, confirm, rollback: who of the "
		"bureau "
		"confirmed it,\n"
		"  --paper TEXT   and the document that says so\n"
		"  --effective DAY  confirm, rollback: in force from this "
		"day\n"
		"  --reason TEXT  return, withdraw, rollback, gap-close: why\n"
		"  --entry ID     gap-close: the entry that answers them\n"
		"  --note TEXT    release: what it brings\n"
		"  --dry-run      release: only say what it would bring\n"
		"\n"
		"PATH is an entry (.md), a table (.tsv), a folder of them, or "
		"- for standard input.\n"
		"Exit: 0 done, 1 refused, 2 wrong use.\n"),
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int parse_limit(struct options *o, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < 1 || n > KB_LIMIT_MAX) {
		fprintf(stderr,
			_("zuoxi-kb: --limit %s: a number from 1 to %d\n"),
			text, KB_LIMIT_MAX);
		return EXIT_USAGE;
	}
	o->limit = (unsigned)n;
	return 0;
}

static int parse_target(struct options *o, const char *text)
{
	char *end;

	o->target = strtod(text, &end);
	if (!*end && end != text && o->target >= .5 && o->target <= .999)
		return 0;
	fprintf(stderr,
		_("zuoxi-kb: --target %s: a number from 0.5 to 0.999\n"),
		text);
	return EXIT_USAGE;
}

static int not_known(int c, const char *word)
{
	fprintf(stderr,
		c == ':' ? _("%s: %s wants a value; --help lists the "
			     "options\n")
			 : _("%s: unknown option %s; --help lists them\n"),
		"zuoxi-kb", word);
	return EXIT_USAGE;
}

/* 0, or an exit code + 1 to leave with. */
static int parse(struct options *o, int argc, char **argv)
{
	enum {
		DB = 1000,
		SOCKET,
		JSON,
		BATCH,
		LIMIT,
		LINE,
		TARGET,
		BY,
		PAPER,
		EFFECTIVE,
		REASON,
		NOTE,
		ENTRY,
		DRY_RUN,
		HELP,
		SHOW_VERSION
	};
	static const struct option longs[] = {
		{"db", required_argument, NULL, DB},
		{"socket", required_argument, NULL, SOCKET},
		{"json", no_argument, NULL, JSON},
		{"batch", no_argument, NULL, BATCH},
		{"limit", required_argument, NULL, LIMIT},
		{"line", required_argument, NULL, LINE},
		{"target", required_argument, NULL, TARGET},
		{"by", required_argument, NULL, BY},
		{"paper", required_argument, NULL, PAPER},
		{"effective", required_argument, NULL, EFFECTIVE},
		{"reason", required_argument, NULL, REASON},
		{"note", required_argument, NULL, NOTE},
		{"entry", required_argument, NULL, ENTRY},
		{"dry-run", no_argument, NULL, DRY_RUN},
		{"help", no_argument, NULL, HELP},
		{"version", no_argument, NULL, SHOW_VERSION},
		{NULL, 0, NULL, 0},
	};
	int c;

	const char **const texts[] = {
		[0] = &o->db,
		[SOCKET - DB] = &o->socket,
		[LINE - DB] = &o->line,
		[BY - DB] = &o->by,
		[PAPER - DB] = &o->paper,
		[EFFECTIVE - DB] = &o->effective,
		[REASON - DB] = &o->reason,
		[NOTE - DB] = &o->note,
		[ENTRY - DB] = &o->entry,
		[SHOW_VERSION - DB] = NULL,
	};

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) >= 0) {
		if (c >= DB && texts[c - DB]) {
			*texts[c - DB] = optarg;
		} else if (c == JSON) {
			o->json = true;
		} else if (c == BATCH) {
			o->batch = true;
		} else if (c == DRY_RUN) {
			o->dry_run = true;
		} else if (c == LIMIT) {
			if (parse_limit(o, optarg))
				return EXIT_USAGE + 1;
		} else if (c == TARGET) {
			if (parse_target(o, optarg))
				return EXIT_USAGE + 1;
		} else if (c == SHOW_VERSION) {
			puts("zuoxi-kb " ZUOXI_VERSION);
			return EXIT_DONE + 1;
		} else if (c == HELP || c == 'h') {
			return usage(stdout) + 1;
		} else {
			return not_known(c, argv[optind - 1]) + 1;
		}
	}
	o->args = argv + optind;
	o->args_n = argc - optind;
	return 0;
}

static int open_door(struct options *o, const struct command *cmd)
{
	char why[KB_WHY_SIZE] = "";
	int err;

	if (cmd->needs == NOTHING)
		return EXIT_DONE;
	if (o->db) {
		err = kb_door_file(&o->door, o->db, cmd->needs == WRITES, why);
	} else {
		const char *path = getenv("ZUOXI_SOCKET");
		if (o->socket)
			path = o->socket;
		err = kb_door_socket(&o->door, path ? path : "run/admin.sock",
				     why);
	}
	return err ? command_refuse_errno(err, why) : EXIT_DONE;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_N; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct options o = {.limit = 10, .target = 0.99};

	speak_start(ZUOXI_LOCALEDIR);
	log_name("zuoxi-kb");
	signal(SIGPIPE, SIG_IGN);
	cal_zone("Asia/Shanghai");
	int code = parse(&o, argc, argv);
	if (code)
		return code - 1;
	const struct command *cmd = o.args_n ? find(o.args[0]) : NULL;
	if (!cmd) {
		if (o.args_n)
			fprintf(stderr, _("zuoxi-kb: no command '%s'\n"),
				o.args[0]);
		return usage(stderr);
	}
	o.args++;
	o.args_n--;
	/* a batch has its questions on standard input */
	if ((o.args_n < cmd->args_min &&
	     !(o.batch &&
	       (cmd->run == run_search || cmd->run == command_answer))) ||
	    o.args_n > cmd->args_max || (o.db && o.socket)) {
		fprintf(stderr,
			_("usage: zuoxi-kb [--db FILE | --socket PATH] "
			  "%s %s\n"),
			cmd->name, cmd->args);
		return EXIT_USAGE;
	}
	code = open_door(&o, cmd);
	if (!code)
		code = cmd->run(&o);
	mem_deref(o.door);
	return code;
}
