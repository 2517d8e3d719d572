/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxid, the office: options, signals and the loop. What it is made of is
 * put together in office.c.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/haste.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/phone_no.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/speak.h"
#include "server/config.h"
#include "server/core/rebuild.h"
#include "server/core/store.h"
#include "server/launch.h"
#include "server/office.h"

enum { EXIT_USAGE = 2 };

enum option_id {
	OPT_CHECK = 256,
	OPT_CONFIG_HELP,
	OPT_PRINT_CONFIG,
	OPT_PRINT_DEFAULT,
	OPT_REBUILD,
	OPT_VERSION,
};

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"config-help", no_argument, NULL, OPT_CONFIG_HELP},
	{"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
	{"print-default", no_argument, NULL, OPT_PRINT_DEFAULT},
	{"rebuild", no_argument, NULL, OPT_REBUILD},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static struct config cfg;

static const char help[] = N_(
	"usage: zuoxid [--config FILE] [--check | --print-config | "
	"--rebuild]\n"
	"       zuoxid --config-help | --print-default | --version | --help\n"
	"\n"
	"The office of a telephone hotline. It stays in the foreground; TERM "
	"ends it,\n"
	"HUP opens the log anew.\n"
	"\n"
	"  --config FILE    the site's configuration (else $ZUOXI_CONFIG,\n"
	"                   else /etc/zuoxi/zuoxi.conf)\n"
	"  --check          say whether it is fine, and exit\n"
	"  --print-config   print what is in force\n"
	"  --rebuild        make all tables anew from the log and say what "
	"differed;\n"
	"                   refused while an office runs\n"
	"  --config-help    all keys with default, limit and unit\n"
	"  --print-default  a commented configuration\n");

/* ---- signals ---- */

static void on_signal(int sig)
{
	log_info("signal %d: stopping", sig);
	re_cancel();
}

static void on_hangup(int flags, void *arg)
{
	const int *fd = arg;
	struct signalfd_siginfo info;

	if (read(*fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (!*cfg.log_file)
		return;
	int err = log_file(cfg.log_file);
	if (err)
		log_error("%s: %s", cfg.log_file, strerror(err));
	else
		log_info("the log begins anew");
}

/* HUP comes as a descriptor; blocked before there is any other thread. */
static int hangup_listen(int *fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return errno;
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*fd < 0)
		return errno;
	signal(SIGPIPE, SIG_IGN);
	return fd_listen(*fd, FD_READ, on_hangup, fd);
}

/* ---- running ---- */

static int log_begin(void)
{
	enum log_level level = LOG_INFO_;

	log_name("zuoxid");
	if (!log_level_parse(&level, cfg.log_level))
		log_level(level);
	return *cfg.log_file ? log_file(cfg.log_file) : 0;
}

static int serve(void)
{
	struct office *office = NULL;
	struct diag diag;
	int hup = -1;

	int err = hangup_listen(&hup);
	if (!err) {
		err = office_start(&office, &cfg, &diag);
		if (err)
			fprintf(stderr, "zuoxid: %s\n", diag.what);
	}
	if (!err) {
		log_info("%s is open (%s)", cfg.site_name, ZUOXI_VERSION);
		launch_notify("READY=1");
		haste_first();
		err = re_main(on_signal);
		launch_notify("STOPPING=1");
		office_stop(office);
		log_info("closed");
	}
	if (hup >= 0) {
		fd_close(hup);
		close(hup);
	}
	return err;
}

static int run(void)
{
	cal_zone(cfg.zone);
	int err = log_begin();
	if (err) {
		fprintf(stderr, "zuoxid: %s: %s\n", cfg.log_file,
			speak_errno(err));
		return EXIT_FAILURE;
	}
	err = libre_init();
	if (!err)
		err = launch_limits();
	if (!err)
		err = serve();
	else
		fprintf(stderr, "zuoxid: %s\n", speak_errno(err));
	libre_close();
	tmr_debug();
	mem_debug();
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- rebuilding ---- */

#define REBUILD_CACHE "PRAGMA cache_size=-524288" /* 512 MiB */

static void on_table(const struct rebuild_table *t, void *arg)
{
	const bool same = t->was_rows == t->is_rows && t->was_sum == t->is_sum;

	(void)arg;
	printf(_("%-16s %9lld rows  %016llx"), t->name, (long long)t->is_rows,
	       (unsigned long long)t->is_sum);
	if (same)
		printf("  %s\n", _("same"));
	else
		printf(_("  differs: were %lld\n"), (long long)t->was_rows);
}

static int rebuild_file(const char *path)
{
	scoped_mem struct db *db = NULL;
	struct rebuild_counts n;

	int err = store_open_file(&db, path, DB_WRITE, NULL);
	if (!err)
		err = db_exec(db, REBUILD_CACHE);
	if (!err)
		err = rebuild_run(db, &n, on_table, NULL);
	if (err) {
		fprintf(stderr, "zuoxid: %s: %s%s%s\n", path, speak_errno(err),
			db ? ": " : "", db ? db_error(db) : "");
		return EXIT_FAILURE;
	}
	printf(n.differ
		       ? _("%lld facts in %.1f s: %d of %d tables differed "
			   "and are mended\n")
		       : _("%lld facts in %.1f s: %d of %d tables differed\n"),
	       (long long)n.facts, (double)n.took_us / 1e6, n.differ,
	       n.tables);
	return EXIT_SUCCESS;
}

/* Under the office's own lock: beside a living one the tables would change
 * below its feet. Calls go on meanwhile, the switch needs no office. */
static int rebuild(void)
{
	char path[CONFIG_TEXT * 2];
	long pid = 0;
	int lock = -1;

	cal_zone(cfg.zone);
	phone_no_area(cfg.area_code);
	int err = launch_lock(&lock, cfg.state_dir, &pid);
	if (err == EADDRINUSE)
		fprintf(stderr, _("zuoxid: the office (pid %ld) is open\n"),
			pid);
	else if (err)
		fprintf(stderr, "zuoxid: %s: %s\n", cfg.state_dir,
			speak_errno(err));
	if (err)
		return EXIT_FAILURE;
	config_path(path, cfg.state_dir, "zuoxi.db");
	int code = EXIT_FAILURE;
	if (access(path, R_OK | W_OK))
		fprintf(stderr, "zuoxid: %s: %s\n", path, speak_errno(errno));
	else
		code = rebuild_file(path);
	close(lock);
	return code;
}

enum task { TASK_RUN, TASK_CHECK, TASK_PRINT, TASK_REBUILD };

static int with_config(const char *path, enum task task)
{
	struct diag diag;

	if (config_read(&cfg, path, &diag)) {
		config_print_fault(stderr, "zuoxid", path, &diag);
		return EXIT_FAILURE;
	}
	speak_site(cfg.language);
	switch (task) {
	case TASK_CHECK:
		printf(_("%s is fine\n"), path);
		return EXIT_SUCCESS;
	case TASK_PRINT:
		config_print(stdout, &cfg);
		return EXIT_SUCCESS;
	case TASK_REBUILD:
		return rebuild();
	case TASK_RUN:
		break;
	}
	return run();
}

int main(int argc, char *argv[])
{
	const char *path = NULL;
	enum task task = TASK_RUN;
	int c;

	speak_start(ZUOXI_LOCALEDIR);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:h", options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case OPT_CHECK:
			task = TASK_CHECK;
			break;
		case OPT_PRINT_CONFIG:
			task = TASK_PRINT;
			break;
		case OPT_CONFIG_HELP:
			config_print_help(stdout);
			return EXIT_SUCCESS;
		case OPT_PRINT_DEFAULT:
			config_print_default(stdout);
			return EXIT_SUCCESS;
		case OPT_REBUILD:
			task = TASK_REBUILD;
			break;
		case OPT_VERSION:
			printf("zuoxid %s\n", ZUOXI_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(_(help), stdout);
			return EXIT_SUCCESS;
		case ':':
			fprintf(stderr,
				_("%s: %s wants a value; --help lists "
				  "the options\n"),
				"zuoxid", argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr,
				_("%s: unknown option %s; --help lists "
				  "them\n"),
				"zuoxid", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fputs(_(help), stderr);
		return EXIT_USAGE;
	}
	return with_config(config_file(path), task);
}
