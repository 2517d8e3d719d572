/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of zuoxi-kb share: the line that was typed, asking the
 * door, saying what came of it. main has the table and the commands that find
 * and carry entries, command_life those that lead a version from a draft to
 * its release.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "common/speak.h"
#include "kb/door.h"

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
	bool json;
	bool batch;
	bool dry_run;
	unsigned limit;
	double target; /* precision wanted of answers */
	char **args;
	int args_n;
	struct kb_door *door;
};

/* All of these return an exit code, and have said why when it is not
 * EXIT_DONE. */

int command_refuse(const char *why);
/* why is "": what the errno says. */
int command_refuse_errno(int err, const char *why);
/* Asks the door; params is stolen, the result is the caller's. */
int command_ask(const struct options *o, const char *method, json_t *params,
		json_t **resultp);
/* The end of a command that printed something. */
int command_finish(void);

/* What is done with one question; an exit code. */
typedef int(command_line_h)(const struct options *o, const char *text);
/* The question of the arguments, or each line of standard input. */
int command_questions(const struct options *o, command_line_h *h);

/* "KB-0415@3" in two; version 0: none was written. */
int command_version(const char *arg, char *id, size_t size, int64_t *versionp);

void command_print_json(const json_t *obj);
/* Text of others, control characters as marks; columns 0: all of it. */
void command_print_text(const char *s, int columns);

/* command_answer */
int command_answer(const struct options *o);
int command_calibrate(const struct options *o);

/* command_life */
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
int command_diff(const struct options *o);
int command_gaps(const struct options *o);
int command_gap_draft(const struct options *o);
int command_gap_close(const struct options *o);
