/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-kb: the knowledge base from a shell. A command is a row of this table
 * and a function in a file by its subject; it asks a door (a file or the
 * office) and prints the answer, for people or as JSON. Exit: 0 done, 1
 * refused with the reason on standard error, 2 wrong use.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/proto.h"
#include "kb/command.h"

static const struct command commands[] = {
	{"check", "PATH...", N_("Say what is wrong with entries"),
	 command_check, MAY, 1, INT_MAX, false},
	{"import", "PATH...", N_("Bring entries in, all or nothing"),
	 command_import, WRITES, 1, INT_MAX, false},
	{"export", "FOLDER|- [ID...]", N_("Write entries out as they came in"),
	 command_export, READS, 1, INT_MAX, false},
	{"give-back", "FOLDER",
	 N_("All entries and versions in open formats, for their owner"),
	 command_give_back, READS, 1, 1, false},
	{"new", "[FILE]", N_("Make a draft of a document's text"), command_new,
	 NOTHING, 0, 1, false},
	{"search", "WORDS...|-", N_("Find entries"), command_search, READS, 1,
	 INT_MAX, true},
	{"answer", "WORDS...|-", N_("Name the entry only where it is sure"),
	 command_answer, READS, 1, INT_MAX, true},
	{"calibrate", "FILE",
	 N_("Measure answers by questions with their entries"),
	 command_calibrate, WRITES, 1, 1, false},
	{"cases", "[kept|candidate|dropped]",
	 N_("Questions that answers are measured by, and candidates"),
	 command_cases, READS, 0, 1, false},
	{"case-keep", "NUMBER...|WORDS...",
	 N_("Keep candidates, or a new question with --entry"),
	 command_case_keep, WRITES, 1, INT_MAX, false},
	{"case-drop", "NUMBER...", N_("Take questions out of the set"),
	 command_case_drop, WRITES, 1, INT_MAX, false},
	{"impact", "ID[@VERSION]", N_("What a version would change, for whom"),
	 command_impact, READS, 1, 1, false},
	{"show", "ID[@VERSION]", N_("Print one entry"), command_show, READS, 1,
	 1, false},
	{"list", "", N_("List entries"), command_list, READS, 0, 0, false},
	{"draft", "PATH...", N_("Write the next version of entries"),
	 command_draft, WRITES, 1, INT_MAX, false},
	{"review", "ID[@VERSION]...", N_("A draft is right"), command_review,
	 WRITES, 1, INT_MAX, false},
	{"confirm", "ID[@VERSION]...", N_("The bureau confirms a version"),
	 command_confirm, WRITES, 1, INT_MAX, false},
	{"return", "ID[@VERSION]...", N_("Send a version back to its author"),
	 command_return, WRITES, 1, INT_MAX, false},
	{"release", "", N_("All that is confirmed counts from now on"),
	 command_release, WRITES, 0, 0, false},
	{"withdraw", "ID[@VERSION]...", N_("Take a version out of force"),
	 command_withdraw, WRITES, 1, INT_MAX, false},
	{"rollback", "ID@VERSION", N_("Put an earlier text into force again"),
	 command_rollback, WRITES, 1, 1, false},
	{"waiting", "", N_("Versions on their way to a release"),
	 command_waiting, READS, 0, 0, false},
	{"versions", "ID", N_("Versions of an entry and who signed them"),
	 command_versions, READS, 1, 1, false},
	{"signed", "",
	 N_("Who reviewed, confirmed or withdrew what, and when"),
	 command_signed, READS, 0, 0, false},
	{"releases", "", N_("Releases, newest first"), command_releases, READS,
	 0, 0, false},
	{"diff", "ID[@VERSION] [VERSION] | PATH...",
	 N_("What a version changes, or what an import would"), command_diff,
	 READS, 1, INT_MAX, false},
	{"gaps", "", N_("Questions without an answer, the same together"),
	 command_gaps, READS, 0, 0, false},
	{"gap-draft", "NUMBER...", N_("Begin an entry that answers them"),
	 command_gap_draft, WRITES, 1, INT_MAX, false},
	{"gap-close", "NUMBER...", N_("They have an entry, or need none"),
	 command_gap_close, WRITES, 1, INT_MAX, false},
	{"stat", "", N_("Count entries"), command_stat, READS, 0, 0, false},
	{"log", "[ID]", N_("Changes, newest first"), command_log, READS, 0, 1,
	 false},
};
#define COMMANDS_N (sizeof(commands) / sizeof(*commands))

static int usage(FILE *out)
{
	fputs(_("usage: zuoxi-kb [--db FILE | --socket PATH] [--json] "
		"COMMAND ...\n\n"),
	      out);
	for (size_t i = 0; i < COMMANDS_N; i++)
		fprintf(out, "  %-9s %-24s %s\n", commands[i].name,
			commands[i].args, _(commands[i].help));
	putc('\n', out);
	option_help(out, NULL);
	fputs(_("\n"
		"PATH is an entry (.md), a table (.tsv), a folder of them, or "
		"- for standard input.\n"
		"zuoxi-kb COMMAND --help: what a command takes.\n"
		"Exit: 0 done, 1 refused, 2 wrong use.\n"),
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int usage_of(FILE *out, const struct command *cmd)
{
	fprintf(out,
		_("usage: zuoxi-kb [--db FILE | --socket PATH] "
		  "%s %s\n"),
		cmd->name, cmd->args);
	if (out != stdout)
		return EXIT_USAGE;
	printf("%s\n\n", _(cmd->help));
	option_help(out, cmd->name);
	return EXIT_DONE;
}

static int words(const char *name)
{
	if (name) {
		option_words(name);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS_N; i++)
		puts(commands[i].name);
	return EXIT_DONE;
}

static int open_door(struct options *o, const struct command *cmd)
{
	char why[KB_WHY_SIZE] = "";
	int err;

	if (cmd->needs == NOTHING ||
	    (cmd->needs == MAY && !o->db && !o->socket))
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

static bool are_args_right(const struct options *o, const struct command *cmd)
{
	/* a batch has its questions on standard input */
	if (o->args_n < cmd->args_min && !(o->batch && cmd->batch))
		return false;
	return o->args_n <= cmd->args_max && !(o->db && o->socket);
}

static int run(struct options *o)
{
	const struct command *cmd = o->args_n ? find(o->args[0]) : NULL;

	if (o->version) {
		puts("zuoxi-kb " ZUOXI_VERSION);
		return EXIT_DONE;
	}
	if (o->words)
		return words(cmd ? cmd->name : NULL);
	if (!cmd && o->args_n)
		fprintf(stderr, _("zuoxi-kb: no command '%s'\n"), o->args[0]);
	if (!cmd)
		return usage(o->help && !o->args_n ? stdout : stderr);
	if (o->help)
		return usage_of(stdout, cmd);
	o->args++;
	o->args_n--;
	int code = option_check(o, cmd->name);
	if (code)
		return code;
	if (!are_args_right(o, cmd))
		return usage_of(stderr, cmd);
	code = open_door(o, cmd);
	return code ? code : cmd->run(o);
}

int main(int argc, char **argv)
{
	struct options o = {.limit = 0};

	speak_start(ZUOXI_LOCALEDIR);
	log_name("zuoxi-kb");
	signal(SIGPIPE, SIG_IGN);
	cal_zone("Asia/Shanghai");
	int code = option_parse(&o, argc, argv);
	if (!code)
		code = run(&o);
	mem_deref(o.door);
	return code;
}
