/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxictl: everything an administrator does, except the knowledge base. It
 * speaks to zuoxid's admin socket; who may is decided there, by uid.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/stat.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "common/speak.h"
#include "server/ctl/client.h"
#include "server/ctl/verbs.h"

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"socket", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},
	{"words", no_argument, NULL, 'w'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static void print_verbs(const char *noun, FILE *out)
{
	char usage[512];

	for (size_t i = 0; i < ctl_verbs_n; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];
		if (noun && strcmp(v->noun, noun) != 0)
			continue;
		ctl_verb_usage(v, usage, sizeof(usage));
		fprintf(out, "  %s\n      %s\n", usage, gettext(v->help));
	}
}

static void print_help(void)
{
	printf(gettext("usage: zuoxictl [--config FILE | --socket PATH] "
		       "[--json] NOUN VERB ...\n\n"));
	print_verbs(NULL, stdout);
	printf(gettext("\n"
		       "  --config FILE  configuration of the site (default: "
		       "$ZUOXI_CONFIG, then %s)\n"
		       "  --socket PATH  the office's admin socket itself\n"
		       "  --json         print JSON\n"
		       "  --words        print the words that may come next "
		       "(for "
		       "completion)\n"
		       "  --help         this text; behind a noun, its verbs "
		       "alone\n"
		       "  --version      print the version\n\n"
		       "A duration is written 15s, 2m or 500ms; a time "
		       "2026-11-24 or "
		       "\"2026-11-24 10:30\";\n"
		       "skills as QUEUE=LEVEL,...; text as -, from standard "
		       "input, "
		       "or @FILE.\n"
		       "Exit: 0 done, 1 refused, 2 not understood.\n"),
	       CONFIG_DEFAULT_FILE);
}

static void print_words(const char *noun)
{
	const char *last = "";

	for (size_t i = 0; i < ctl_verbs_n; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];
		if (!noun && strcmp(last, v->noun) != 0)
			puts(v->noun);
		else if (noun && v->verb && !strcmp(noun, v->noun))
			puts(v->verb);
		last = v->noun;
	}
}

static int unknown(const char *noun, const char *verb)
{
	if (!noun) {
		fprintf(stderr, gettext("zuoxictl: write a noun and a verb; "
					"--help lists them\n"));
	} else if (!ctl_noun_known(noun)) {
		fprintf(stderr,
			gettext("zuoxictl: there is no noun '%s'; --help "
				"lists them\n"),
			noun);
	} else {
		if (verb)
			fprintf(stderr,
				gettext("zuoxictl: '%s' has no verb '%s'; "
					"write one of:\n"),
				noun, verb);
		else
			fprintf(stderr,
				gettext("zuoxictl: '%s' wants a verb; write "
					"one of:\n"),
				noun);
		print_verbs(noun, stderr);
	}
	return CTL_USAGE;
}

int ctl_refused(const struct ctl_verb *v, const char *text)
{
	fprintf(stderr, "zuoxictl %s%s%s: %s\n", v->noun, v->verb ? " " : "",
		v->verb ? v->verb : "", text);
	return CTL_REFUSED;
}

int ctl_connect(struct ctl *ctl, const struct ctl_verb *v,
		struct ctl_client **cp)
{
	char path[CONFIG_TEXT * 2];
	struct ctl_fault fault;

	if (ctl->socket)
		snprintf(path, sizeof(path), "%s", ctl->socket);
	else
		config_path(path, ctl->cfg.run_dir, "admin.sock");
	if (ctl_client_open(cp, path, &fault))
		return ctl_refused(v, fault.text);
	return CTL_DONE;
}

#define KEYS_TRIES   500
#define KEYS_REST_MS 10

/* sshd's file is written beside the commit. Who lets a key in uses it next,
 * and who shuts one out wants it shut, so wait until the file knows. */
static void await_keys(struct ctl_client *client, int64_t seq)
{
	struct ctl_fault fault;

	for (int i = 0; i < KEYS_TRIES; i++) {
		scoped_json json_t *result = NULL;
		if (ctl_client_call(client, "key.list",
				    json_pack("{s:s}", "person", "-"), &result,
				    &fault) ||
		    json_int(result, "file_seq") >= seq)
			return;
		poll(NULL, 0, KEYS_REST_MS);
	}
	fprintf(stderr, "zuoxictl: %s\n",
		gettext("the file of keys is not written yet; see the log of "
			"zuoxid"));
}

int ctl_run_method(struct ctl *ctl, const struct ctl_verb *v)
{
	scoped_json json_t *params = NULL;
	scoped_json json_t *result = NULL;
	scoped_mem struct ctl_client *client = NULL;
	struct ctl_fault fault;
	size_t limit = 0;

	int code = ctl_params(ctl, v, NULL, NULL, &limit, &params);
	if (!code)
		code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	if (ctl_client_list(client, v->method, take(params), limit, &result,
			    &fault))
		return ctl_refused(v, fault.text);
	int64_t seq = json_int(result, "seq");
	if (seq && (!strcmp(v->noun, "key") || !strcmp(v->noun, "person")))
		await_keys(client, seq);
	ctl_print(ctl, v, result);
	return CTL_DONE;
}

static int read_config(struct ctl *ctl, const struct ctl_verb *v)
{
	struct diag diag;
	bool makes_one = v->runh == ctl_site_init;

	if (makes_one || (ctl->socket && !ctl->config_path)) {
		config_defaults(&ctl->cfg, ".");
		return CTL_DONE;
	}
	const char *path = config_file(ctl->config_path);
	ctl->config_path = path;
	if (!config_read(&ctl->cfg, path, &diag))
		return CTL_DONE;
	config_print_fault(stderr, "zuoxictl", path, &diag);
	return CTL_REFUSED;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	const char *noun = argc > 0 ? argv[0] : NULL;
	const char *verb = argc > 1 ? argv[1] : NULL;

	if (verb && !strcmp(argv[argc - 1], "--help") &&
	    ctl_noun_known(noun)) {
		print_verbs(noun, stdout);
		return CTL_DONE;
	}
	const struct ctl_verb *v = noun ? ctl_verb_find(noun, verb) : NULL;
	if (!v)
		return unknown(noun, verb);
	int skip = v->verb ? 2 : 1;
	ctl->argc = argc - skip;
	ctl->argv = argv + skip;
	/* --json may also stand at the end, where people put it */
	for (int i = 0; i < ctl->argc; i++) {
		if (strcmp(ctl->argv[i], "--json") != 0)
			continue;
		ctl->json = true;
		memmove(&ctl->argv[i], &ctl->argv[i + 1],
			(size_t)(ctl->argc - i - 1) * sizeof(char *));
		ctl->argc--;
		i--;
	}
	int code = read_config(ctl, v);
	if (code)
		return code;
	speak_site(ctl->cfg.language);
	cal_zone(ctl->cfg.zone);
	return v->runh ? v->runh(ctl, v) : ctl_run_method(ctl, v);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.json = false};
	bool words = false;
	int c;

	umask(077);
	signal(SIGPIPE, SIG_DFL);
	log_name("zuoxictl");
	log_level(LOG_WARN_);
	speak_start(ZUOXI_LOCALEDIR);
	opterr = 0;
	/* + stops at the noun: what follows is the verb's */
	while ((c = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ctl.config_path = optarg;
			break;
		case 's':
			ctl.socket = optarg;
			break;
		case 'j':
			ctl.json = true;
			break;
		case 'w':
			words = true;
			break;
		case 'h':
			print_help();
			return CTL_DONE;
		case 'V':
			printf("zuoxictl %s\n", ZUOXI_VERSION);
			return CTL_DONE;
		default:
			fprintf(stderr,
				c == ':' ? _("%s: %s wants a value; --help "
					     "lists the options\n")
					 : _("%s: unknown option %s; --help "
					     "lists them\n"),
				"zuoxictl", argv[optind - 1]);
			return CTL_USAGE;
		}
	}
	if (words) {
		print_words(optind < argc ? argv[optind] : NULL);
		return CTL_DONE;
	}
	return run(&ctl, argc - optind, argv + optind);
}
