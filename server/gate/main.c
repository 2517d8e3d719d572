/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-gate: what sshd runs for a key of ours. It says who the key's owner
 * is (the --agent of the key's line, which the user cannot change), gives
 * sshd's pipes to the process that serves the purpose asked for (rpc: the
 * office; phone, voice: the exchange), and waits. It reads and writes not a
 * byte of the conversation. When the server dies it hands the same pipes to
 * the next one, so that SSH sessions outlive restarts.
 *
 * With --keys it answers sshd's AuthorizedKeysCommand from the file that the
 * office keeps, which works while the office is down.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/link.h"
#include "common/proto.h"
#include "common/speak.h"
#include "server/config.h"
#include "server/gate/handover.h"

#define RETRY_MS    10
#define PATIENCE_MS 10000

enum { EXIT_ENDED, EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED };

struct gate {
	struct handover ho;
	char socket[CONFIG_TEXT * 2];
	int64_t away_since; /* ms; 0 while served */
	bool warned;
	bool in_gone; /* sshd closed our standard input: the client is done */
};

static const char *const sockets[] = {
	[HANDOVER_RPC] = "gate/office.sock",
	[HANDOVER_PHONE] = "gate/switch.sock",
	[HANDOVER_VOICE] = "gate/switch.sock",
};

static int64_t clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

/* ---- waiting ---- */

/* True: sshd let go of the pipes. */
static bool pipes_gone(struct gate *g, const struct pollfd *p)
{
	if (p[0].revents)
		g->in_gone = true;
	return p[1].revents != 0;
}

/* Waits on the pipes and, unless it is -1, on the server's socket. Returns
 * false when sshd let go. */
static bool wait_for(struct gate *g, int sock, int timeout_ms, bool *ready)
{
	struct pollfd p[3] = {
		{.fd = g->in_gone ? -1 : g->ho.in, .events = 0},
		{.fd = g->ho.out, .events = 0},
		{.fd = sock, .events = POLLIN},
	};
	int n = poll(p, 3, timeout_ms);

	*ready = n > 0 && p[2].revents;
	return n <= 0 || !pipes_gone(g, p);
}

static void warn_once(struct gate *g)
{
	if (!g->away_since)
		g->away_since = now_ms();
	if (g->warned || now_ms() - g->away_since < PATIENCE_MS)
		return;
	g->warned = true;
	fprintf(stderr, "zuoxi: %s\n",
		_("the server is away; waiting for it"));
}

/* ---- one hand-over ---- */

enum outcome { SERVER_DIED, SERVER_ENDED, SERVER_REFUSED, SSHD_GONE };

static void print_refusal(int sock, const char *first, size_t len)
{
	char more[256];
	ssize_t n;

	fprintf(stderr, "zuoxi: %.*s", (int)len, first);
	while ((n = read(sock, more, sizeof(more))) > 0)
		fprintf(stderr, "%.*s", (int)n, more);
	if (!len || first[len - 1] != '\n')
		fputc('\n', stderr);
}

static enum outcome served(struct gate *g, int sock)
{
	bool ready;

	while (wait_for(g, sock, -1, &ready)) {
		char buf[256];

		if (!ready)
			continue;
		ssize_t n = read(sock, buf, sizeof(buf));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return SERVER_DIED;
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == 'K') {
				g->away_since = 0;
				g->warned = false;
			} else if (buf[i] == 'N') {
				print_refusal(sock, buf + i + 1,
					      (size_t)(n - i - 1));
				return SERVER_REFUSED;
			} else if (buf[i] == 'E') {
				return SERVER_ENDED;
			}
		}
	}
	return SSHD_GONE;
}

static enum outcome hand_over(struct gate *g)
{
	int sock = -1;

	if (link_connect(&sock, g->socket))
		return SERVER_DIED;
	enum outcome out = SERVER_DIED;
	if (!handover_send(sock, &g->ho)) {
		g->ho.generation++;
		out = served(g, sock);
	}
	close(sock);
	return out;
}

static int serve(struct gate *g)
{
	for (;;) {
		bool ready;

		switch (hand_over(g)) {
		case SERVER_ENDED:
		case SSHD_GONE:
			return EXIT_ENDED;
		case SERVER_REFUSED:
			return EXIT_REFUSED;
		case SERVER_DIED:
			break;
		}
		/* with nobody to serve them and no more to come, we are done*/
		if (g->in_gone)
			return EXIT_ENDED;
		warn_once(g);
		if (!wait_for(g, -1, RETRY_MS, &ready))
			return EXIT_ENDED;
	}
}

/* ---- start ---- */

static int purpose_asked(enum handover_purpose *p)
{
	const char *cmd = getenv("SSH_ORIGINAL_COMMAND");
	char word[16], rest;

	if (cmd && sscanf(cmd, " %15s %c", word, &rest) == 1 &&
	    !handover_purpose_parse(p, word))
		return 0;
	fprintf(stderr, "zuoxi: %s\n",
		_("this account has no shell; ask for one of rpc, phone, "
		  "voice"));
	return EINVAL;
}

static bool agent_name_ok(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n < sizeof(((struct handover *)0)->person) && !name[n];
}

static int run_agent(const struct config *cfg, const char *agent)
{
	struct gate g = {.ho = {.in = STDIN_FILENO, .out = STDOUT_FILENO}};

	if (!agent_name_ok(agent)) {
		fprintf(stderr, "zuoxi-gate: %s\n",
			_("this is no name of an agent"));
		return EXIT_USAGE;
	}
	if (purpose_asked(&g.ho.purpose))
		return EXIT_USAGE;
	snprintf(g.ho.person, sizeof(g.ho.person), "%s", agent);
	g.ho.login = clock_us(CLOCK_BOOTTIME);
	config_path(g.socket, cfg->run_dir, sockets[g.ho.purpose]);
	signal(SIGPIPE, SIG_IGN);
	return serve(&g);
}

/* The keys open one account, the one that owns the file; for any other
 * (root!) sshd gets none. */
static int run_keys(const struct config *cfg, const char *user)
{
	char path[CONFIG_TEXT * 2];
	char buf[8192];
	struct stat st;
	size_t n;

	config_path(path, cfg->state_dir, "authorized_keys");
	FILE *f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "zuoxi-gate: %s: %s\n", path,
			speak_errno(errno));
		return EXIT_FAILED;
	}
	const struct passwd *pw = NULL;
	if (!fstat(fileno(f), &st))
		pw = getpwuid(st.st_uid);
	if (pw && !strcmp(pw->pw_name, user)) {
		while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
			fwrite(buf, 1, n, stdout);
	}
	bool bad = ferror(f) || fflush(stdout);
	fclose(f);
	return bad ? EXIT_FAILED : EXIT_ENDED;
}

static const char help[] = N_(
	"Usage: zuoxi-gate [--config FILE] --agent NAME\n"
	"       zuoxi-gate [--config FILE] --keys USER [FINGERPRINT]\n"
	"\n"
	"Run by sshd. The first form serves one SSH channel of an agent: it\n"
	"reads the purpose (rpc, phone, voice) from SSH_ORIGINAL_COMMAND and\n"
	"hands the channel to zuoxid or zuoxi-switch. The second prints the\n"
	"keys that sshd may accept for USER.\n"
	"\n"
	"  -a, --agent NAME   who the key belongs to\n"
	"  -k, --keys USER    answer sshd's AuthorizedKeysCommand\n"
	"  -c, --config FILE  default: $ZUOXI_CONFIG or "
	"/etc/zuoxi/zuoxi.conf\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"Exit status: 0 ended in order, 1 failed, 2 usage, 3 refused.\n");

static const struct option options[] = {
	{"agent", required_argument, NULL, 'a'},
	{"keys", required_argument, NULL, 'k'},
	{"config", required_argument, NULL, 'c'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

int main(int argc, char **argv)
{
	const char *file = NULL;
	const char *agent = NULL, *user = NULL;
	struct config cfg;
	struct diag diag = {.line = 0};
	int c;

	speak_start(ZUOXI_LOCALEDIR);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":a:k:c:hV", options, NULL)) !=
	       -1) {
		switch (c) {
		case 'a':
			agent = optarg;
			break;
		case 'k':
			user = optarg;
			break;
		case 'c':
			file = optarg;
			break;
		case 'h':
			fputs(_(help), stdout);
			return EXIT_ENDED;
		case 'V':
			puts("zuoxi-gate " ZUOXI_VERSION);
			return EXIT_ENDED;
		case ':':
			fprintf(stderr,
				_("%s: %s wants a value; --help lists "
				  "the options\n"),
				"zuoxi-gate", argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr,
				_("%s: unknown option %s; --help lists "
				  "them\n"),
				"zuoxi-gate", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (!agent == !user) {
		fputs(_(help), stderr);
		return EXIT_USAGE;
	}
	file = config_file(file);
	if (config_read(&cfg, file, &diag)) {
		config_print_fault(stderr, "zuoxi-gate", file, &diag);
		return EXIT_FAILED;
	}
	speak_site(cfg.language);
	return agent ? run_agent(&cfg, agent) : run_keys(&cfg, user);
}
