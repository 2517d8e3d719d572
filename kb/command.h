/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of zuoxi-kb share: the line that was typed, asking the
 * door, saying what came of it. main has the table of commands, option that
 * of options; commands are in files by what they are about.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "common/speak.h"
#include "kb/door.h"
#include "kb/shelf.h"

#define EXIT_DONE    0
#define EXIT_REFUSED 1
#define EXIT_USAGE   2

/* What was typed; NULL: not. */
struct options {
	const char *db;
	const char *socket;
	const char *line;
	const char *by, *paper;	   /* whose confirmation, and its document */
	const char *reason, *note; /* why; what a release brings */
	const char *effective;	   /* "2026-12-01" */
	const char *entry;	   /* what answers a gap */
	const char *from;	   /* another encoding than UTF-8 */
	const char *state;	   /* of the entries of a list */
	const char *id, *title, *question, *policy, *source, *owner;
	int64_t since_us, until_us; /* 0: open */
	bool json;
	bool batch;
	bool dry_run;
	bool strict;
	bool in_force; /* not what is newest */
	bool ids;
	bool oneline, patch;
	bool help, version, words;
	unsigned limit;	   /* 0: not typed */
	double target;	   /* precision wanted of answers; 0: not typed */
	const char *force; /* why a release that answers worse counts */
	char **args;
	int args_n;
	struct kb_door *door; /* NULL: none is needed, and none was named */
};

struct command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(const struct options *o);
	/* MAY: where --db or --socket names one */
	enum { NOTHING, MAY, READS, WRITES } needs;
	int args_min, args_max;
	bool batch; /* has its arguments on standard input with --batch */
};

/* All of these return an exit code, and have said why when it is not
 * EXIT_DONE. */

int command_refuse(const char *why);
/* why is "": what the errno says. */
int command_refuse_errno(int err, const char *why);
/* The command cannot do without it. */
int command_needs(const char *option);
/* Asks the door; params is stolen, the result is the caller's. */
int command_ask(const struct options *o, const char *method, json_t *params,
		json_t **resultp);
/* The end of a command that printed something. */
int command_finish(void);

/* What is done with one item of a list; an exit code. */
typedef int(command_item_h)(const struct options *o, const json_t *item,
			    void *arg);
/* Each item of all pages; params is stolen. */
int command_pages(const struct options *o, const char *method, json_t *params,
		  command_item_h *h, void *arg);

/* Prints each, as JSON or by that function. */
int command_print_pages(const struct options *o, const char *method,
			void (*print)(const json_t *item));

/* The numbers that were typed; NULL when one is none, and it has been said. */
json_t *command_numbers(const struct options *o);

/* What is done with one question; an exit code. */
typedef int(command_line_h)(const struct options *o, const char *text);
/* The question of the arguments, or each line of standard input. */
int command_questions(const struct options *o, command_line_h *h);

/* "KB-0415@3" in two; version 0: none was written. */
int command_version(const char *arg, char *id, size_t size, int64_t *versionp);
/* kb.get with the source text; version 0: the one that is shown. */
int command_entry(const struct options *o, const char *id, int64_t version,
		  json_t **entryp);
/* All entries at the paths that were typed, from args[first] on, all right by
 * themselves and together; faults have been told. */
int command_shelf(struct kb_shelf **sp, const struct options *o, int first);

unsigned command_limit(const struct options *o);
const char *command_text(const char *text); /* "" for NULL */
void command_print_json(const json_t *obj);
/* Text of others, control characters as marks; columns 0: all of it. */
void command_print_text(const char *s, int columns);
/* Lines of a change as diff -u writes them; an exit code. */
int command_unified(const struct options *o, const char *old_name,
		    const char *old_text, const char *new_name,
		    const char *new_text);

/* ---- option ---- */

/* 0, or an exit code; what was typed is in o then, for it was --help. */
int option_parse(struct options *o, int argc, char **argv);
/* Is one of them not for this command? */
int option_check(const struct options *o, const char *command);
/* What a command takes; NULL: all there are. */
void option_help(FILE *out, const char *command);
/* One a line, for completion. */
void option_words(const char *command);

/* ---- commands ---- */

int command_answer(const struct options *o);
int command_calibrate(const struct options *o);
int command_cases(const struct options *o);
int command_case_keep(const struct options *o);
int command_case_drop(const struct options *o);
int command_impact(const struct options *o);

int command_check(const struct options *o);
int command_import(const struct options *o);
int command_export(const struct options *o);
int command_give_back(const struct options *o);
int command_new(const struct options *o);

int command_search(const struct options *o);
int command_show(const struct options *o);
int command_list(const struct options *o);
int command_stat(const struct options *o);

int command_diff(const struct options *o);
int command_log(const struct options *o);
int command_signed(const struct options *o);

int command_draft(const struct options *o);
int command_review(const struct options *o);
int command_confirm(const struct options *o);
int command_return(const struct options *o);
int command_withdraw(const struct options *o);
int command_rollback(const struct options *o);
int command_release(const struct options *o);
int command_waiting(const struct options *o);
int command_versions(const struct options *o);
int command_releases(const struct options *o);

int command_gaps(const struct options *o);
int command_gap_draft(const struct options *o);
int command_gap_close(const struct options *o);
