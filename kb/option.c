/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of zuoxi-kb as one table: parsing, --help, completion and the
 * refusal of an option that a command does not take come from it.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/proto.h"
#include "kb/charset.h"
#include "kb/command.h"
#include "kb/search.h"

#define FIRST 1000 /* of the numbers that getopt gives back */

struct option_row {
	const char *name;
	const char *arg; /* NULL: a switch */
	/* of the commands that take it, with spaces around each; NULL: all */
	const char *commands;
	enum { TEXT, SWITCH, LIMIT, TARGET, FROM_DAY, TO_DAY, CHARSET } kind;
	size_t offset;
	const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct option_row rows[] = {
	{"db", "FILE", NULL, TEXT, AT(db),
	 N_("a knowledge base in a file of its own")},
	{"socket", "PATH", NULL, TEXT, AT(socket),
	 N_("the administrators' socket of zuoxid (default: $ZUOXI_SOCKET, "
	    "else run/admin.sock)")},
	{"json", NULL, NULL, SWITCH, AT(json), N_("one JSON object a line")},
	{"batch", NULL, " search answer ", SWITCH, AT(batch),
	 N_("one question a line on standard input")},
	{"target", "P", " answer ", TARGET, AT(target),
	 N_("precision wanted, 0.5 to 0.999 (default: the site's, 0.99)")},
	{"limit", "N", " search answer log signed releases gaps ", LIMIT,
	 AT(limit), N_("how many at most, 1 to 100")},
	{"line", "CODE", " search answer list new ", TEXT, AT(line),
	 N_("of this business line")},
	{"from", "NAME", " check import draft new diff ", CHARSET, AT(from),
	 N_("the texts are not UTF-8 but gb18030, gbk, gb2312, big5 or "
	    "utf-16")},
	{"strict", NULL, " check import ", SWITCH, AT(strict),
	 N_("a remark is a fault, too")},
	{"in-force", NULL, " export ", SWITCH, AT(in_force),
	 N_("what is shown today, not the newest version")},
	{"state", "STATE", " list ", TEXT, AT(state),
	 N_("draft, reviewed, confirmed, effective, expired or withdrawn")},
	{"policy", "NUMBER", " list new ", TEXT, AT(policy),
	 N_("of this document")},
	{"ids", NULL, " list ", SWITCH, AT(ids), N_("their ids alone")},
	{"id", "ID", " new ", TEXT, AT(id), N_("the id of the new entry")},
	{"title", "TEXT", " new ", TEXT, AT(title),
	 N_("its title (default: the first line of the text)")},
	{"question", "TEXT", " new ", TEXT, AT(question),
	 N_("its question (default: the title)")},
	{"source", "TEXT", " new ", TEXT, AT(source), N_("where it is from")},
	{"owner", "TEXT", " new ", TEXT, AT(owner), N_("whose it is")},
	{"since", "DAY", " log signed ", FROM_DAY, AT(since_us),
	 N_("from this day on")},
	{"until", "DAY", " log signed ", TO_DAY, AT(until_us),
	 N_("up to this day")},
	{"oneline", NULL, " log ", SWITCH, AT(oneline),
	 N_("a line for each change")},
	{"patch", NULL, " log ", SWITCH, AT(patch),
	 N_("with what each changed")},
	{"by", "PERSON", " import confirm rollback signed ", TEXT, AT(by),
	 N_("who of the bureau confirmed it")},
	{"paper", "TEXT", " import confirm rollback ", TEXT, AT(paper),
	 N_("the document that says so")},
	{"effective", "DAY", " confirm rollback ", TEXT, AT(effective),
	 N_("in force from this day")},
	{"reason", "TEXT", " return withdraw rollback gap-close case-drop ",
	 TEXT, AT(reason), N_("why")},
	{"entry", "ID", " gap-close case-keep ", TEXT, AT(entry),
	 N_("the entry that answers; -: none does")},
	{"note", "TEXT", " release ", TEXT, AT(note), N_("what it brings")},
	{"force", "TEXT", " release ", TEXT, AT(force),
	 N_("though fewer questions of the regression set are right: why")},
	{"dry-run", NULL, " release ", SWITCH, AT(dry_run),
	 N_("only say what it would bring")},
	{"help", NULL, NULL, SWITCH, AT(help), N_("this page")},
	{"version", NULL, NULL, SWITCH, AT(version), N_("print the version")},
	{"words", NULL, NULL, SWITCH, AT(words),
	 N_("print the words that may come next (for completion)")},
};
#define ROWS_N (sizeof(rows) / sizeof(*rows))

static bool is_for(const struct option_row *row, const char *command)
{
	char word[40];

	if (!row->commands || !command)
		return true;
	snprintf(word, sizeof(word), " %.30s ", command);
	return strstr(row->commands, word) != NULL;
}

/* ---- values ---- */

static int bad_value(const struct option_row *row, const char *text,
		     const char *want)
{
	fprintf(stderr, _("zuoxi-kb: --%s %s: %s\n"), row->name, text, want);
	return EXIT_USAGE;
}

static int put_day(const struct option_row *row, int64_t *us, const char *text)
{
	int err = kb_day_is_good(text) ? cal_parse(us, text) : EBADMSG;

	if (err)
		return bad_value(row, text, _("a day such as 2026-11-24"));
	if (row->kind == TO_DAY)
		*us = cal_day_start(*us + 36LL * 3600 * 1000000) - 1;
	return EXIT_DONE;
}

static int put_number(const struct option_row *row, struct options *o,
		      const char *text)
{
	char *end;
	double x = strtod(text, &end);
	bool read = end != text && !*end;

	if (row->kind == TARGET) {
		o->target = x;
		return read && x >= .5 && x <= .999
			       ? EXIT_DONE
			       : bad_value(row, text,
					   _("a number from 0.5 to 0.999"));
	}
	if (!read || x < 1 || x > KB_LIMIT_MAX || x != (unsigned)x)
		return bad_value(row, text, _("a number from 1 to 100"));
	o->limit = (unsigned)x;
	return EXIT_DONE;
}

static int put(struct options *o, const struct option_row *row,
	       const char *text)
{
	void *at = (char *)o + row->offset;

	switch (row->kind) {
	case SWITCH:
		*(bool *)at = true;
		return EXIT_DONE;
	case CHARSET:
		if (!kb_charset_known(text))
			return bad_value(row, text, KB_CHARSETS);
		*(const char **)at = text;
		return EXIT_DONE;
	case LIMIT:
	case TARGET:
		return put_number(row, o, text);
	case FROM_DAY:
	case TO_DAY:
		return put_day(row, at, text);
	case TEXT:
		break;
	}
	*(const char **)at = text;
	return EXIT_DONE;
}

/* ---- the line ---- */

static int not_known(int c, const char *word)
{
	fprintf(stderr,
		c == ':' ? _("%s: %s wants a value; --help lists the "
			     "options\n")
			 : _("%s: unknown option %s; --help lists them\n"),
		"zuoxi-kb", word);
	return EXIT_USAGE;
}

int option_parse(struct options *o, int argc, char **argv)
{
	struct option longs[ROWS_N + 1] = {{NULL, 0, NULL, 0}};
	int c, code = EXIT_DONE;

	for (size_t i = 0; i < ROWS_N; i++)
		longs[i] = (struct option){rows[i].name,
					   rows[i].arg ? required_argument
						       : no_argument,
					   NULL, FIRST + (int)i};
	opterr = 0;
	while (!code &&
	       (c = getopt_long(argc, argv, ":hp", longs, NULL)) >= 0) {
		if (c == 'h')
			o->help = true;
		else if (c == 'p')
			o->patch = true;
		else if (c >= FIRST)
			code = put(o, &rows[c - FIRST], optarg);
		else
			code = not_known(c, argv[optind - 1]);
	}
	o->args = argv + optind;
	o->args_n = argc - optind;
	return code;
}

static bool is_set(const struct options *o, const struct option_row *row)
{
	const char *at = (const char *)o + row->offset;

	switch (row->kind) {
	case SWITCH:
		return *(const bool *)at;
	case LIMIT:
		return o->limit != 0;
	case TARGET:
		return o->target > 0;
	case FROM_DAY:
	case TO_DAY:
		return *(const int64_t *)(const void *)at != 0;
	case TEXT:
	case CHARSET:
		break;
	}
	return *(const char *const *)(const void *)at != NULL;
}

int option_check(const struct options *o, const char *command)
{
	for (size_t i = 0; i < ROWS_N; i++) {
		if (!is_set(o, &rows[i]) || is_for(&rows[i], command))
			continue;
		fprintf(stderr,
			_("zuoxi-kb: %s takes no --%s; zuoxi-kb %s --help "
			  "lists what it takes\n"),
			command, rows[i].name, command);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* "search|answer: " */
static void print_commands(FILE *out, const char *s)
{
	for (s++; s[1]; s++)
		putc(*s == ' ' ? '|' : *s, out);
	fputs(": ", out);
}

void option_help(FILE *out, const char *command)
{
	for (size_t i = 0; i < ROWS_N; i++) {
		const struct option_row *row = &rows[i];
		char name[40];

		if (!is_for(row, command))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", row->name,
			 row->arg ? " " : "", row->arg ? row->arg : "");
		fprintf(out, "  %-18s ", name);
		if (!command && row->commands)
			print_commands(out, row->commands);
		fprintf(out, "%s\n", _(row->help));
	}
}

void option_words(const char *command)
{
	for (size_t i = 0; i < ROWS_N; i++) {
		if (is_for(&rows[i], command))
			printf("--%s\n", rows[i].name);
	}
}
