/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of zuoxictl: what can be written, which method it calls, what
 * is shown. Help, completion, synopses and parsing all come from it and from
 * the parameters of common/proto.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "common/proto.h"
#include "server/config.h"

struct ctl_client;
struct ctl_verb;

struct ctl {
	struct config cfg;
	const char *config_path;
	const char *socket; /* NULL: run_dir/admin.sock */
	bool json;
	int argc; /* what follows noun and verb */
	char **argv;
};

enum { CTL_DONE = 0, CTL_REFUSED = 1, CTL_USAGE = 2 };

/* For verbs that are more than one request. Returns an exit code. */
typedef int(ctl_run_h)(struct ctl *ctl, const struct ctl_verb *verb);

struct ctl_column {
	const char *key;     /* "agent", "skills", "arrived_us" */
	const char *heading; /* msgid */
};

struct ctl_verb {
	const char *noun, *verb;
	const char *method; /* NULL: runh alone */
	const char *fixed;  /* JSON params put in, or NULL */
	const struct ctl_column
		*columns;     /* ends with {NULL}; NULL: key: value */
	const char *raw;      /* print this text alone, as it is read back */
	ctl_run_h *runh;      /* NULL: call and print */
	const char *synopsis; /* NULL: from the method's parameters */
	const char *help;     /* msgid */
};

extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_verbs_n;

/* Does any verb have this noun? */
bool ctl_noun_known(const char *noun);
const struct ctl_verb *ctl_verb_find(const char *noun, const char *verb);
/* "person add PERSON NAME ROLES [--skills SKILLS]" */
void ctl_verb_usage(const struct ctl_verb *v, char *out, size_t size);

/* argv -> params of the verb's method (new reference), or a usage message on
 * stderr and CTL_USAGE. `extra`: an option of the verb's own that takes no
 * value (NULL none), *extra_set says whether it was there; limitp gets
 * --limit, which goes into the request too where the method knows it. */
int ctl_params(const struct ctl *ctl, const struct ctl_verb *v,
	       const char *extra, bool *extra_set, size_t *limitp,
	       json_t **paramsp);

/* Says on stderr how it should have been written. Returns CTL_USAGE. */
int ctl_usage(const struct ctl_verb *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Says what was refused. Returns CTL_REFUSED. */
int ctl_refused(const struct ctl_verb *v, const char *text);

/* Opens the office, or says why not. */
int ctl_connect(struct ctl *ctl, const struct ctl_verb *v,
		struct ctl_client **cp);
/* The plain way: parse, call, print. */
int ctl_run_method(struct ctl *ctl, const struct ctl_verb *v);

/* print.c */
void ctl_print(const struct ctl *ctl, const struct ctl_verb *v,
	       const json_t *result);
/* What a verb of our own made: a folder, and the files in it. */
void ctl_print_made(const char *dir, size_t files);
void ctl_print_fact(const struct ctl *ctl, const json_t *fact);

/* site.c, keep.c: verbs with a hand of their own */
int ctl_site_init(struct ctl *ctl, const struct ctl_verb *v);
int ctl_site_fill(struct ctl *ctl, const struct ctl_verb *v);
int ctl_phone_add(struct ctl *ctl, const struct ctl_verb *v);
int ctl_fact_list(struct ctl *ctl, const struct ctl_verb *v);
int ctl_verify(struct ctl *ctl, const struct ctl_verb *v);
int ctl_backup(struct ctl *ctl, const struct ctl_verb *v);
int ctl_restore(struct ctl *ctl, const struct ctl_verb *v);
/* course.c */
int ctl_course_sheet(struct ctl *ctl, const struct ctl_verb *v);
