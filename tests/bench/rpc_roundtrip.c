/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the office adds to a line there and back: `ping` over a channel to
 * zuoxid, against the same bytes over a bare echo of the same kind. A channel
 * is a Unix socket (the path of the admin socket; the echo is a process of
 * ours) or two commands, run by the shell, that speak on their pipes (ssh to
 * the gate, ssh to cat). Turn and turn about; wall time, one at a time.
 *
 *     rpc_roundtrip NAME SOCKET
 *     rpc_roundtrip NAME COMMAND ECHO-COMMAND
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 10
#define TURNS  200
#define WARM   50

static const char hello[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":"
	"{\"version\":1,\"client\":\"bench\"}}\n";
static const char ping[] =
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n";

struct times {
	int64_t ns[ROUNDS * TURNS];
	size_t n;
};

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void turn(int fd, const char *line)
{
	static char buf[1 << 16];
	ssize_t n = (ssize_t)strlen(line);

	must(write(fd, line, (size_t)n) == n, "write");
	do {
		n = read(fd, buf, sizeof(buf));
		must(n > 0, "read");
	} while (buf[n - 1] != '\n');
	must(!memmem(buf, (size_t)n, "\"error\"", 7), "an error came back");
}

static void measure(struct times *t, int fd, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t from = now_ns();
		turn(fd, ping);
		t->ns[t->n++] = now_ns() - from;
	}
}

static int dial(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	must(!connect(fd, (struct sockaddr *)&sa, sizeof(sa)), path);
	return fd;
}

static void echo(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			break;
	_exit(0);
}

/* command NULL: the echo itself. It ends when our side of the pair does. */
static int start(const char *command)
{
	int pair[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
	     "socketpair");
	pid_t pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		close(pair[0]);
		if (!command)
			echo(pair[1]);
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	return pair[0];
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static double at(struct times *t, double share)
{
	return (double)t->ns[(size_t)((double)(t->n - 1) * share)] / 1000;
}

int main(int argc, char *argv[])
{
	static struct times o, b;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: rpc_roundtrip NAME SOCKET | "
				"NAME COMMAND ECHO-COMMAND\n");
		return 2;
	}
	int ours = argc == 3 ? dial(argv[2]) : start(argv[2]);
	int bare = start(argc == 3 ? NULL : argv[3]);
	turn(ours, hello);
	measure(&o, ours, WARM);
	measure(&b, bare, WARM);
	o.n = b.n = 0;
	for (int i = 0; i < ROUNDS; i++) {
		measure(&b, bare, TURNS);
		measure(&o, ours, TURNS);
	}
	close(ours);
	close(bare);
	while (wait(NULL) > 0)
		;
	qsort(o.ns, o.n, sizeof(o.ns[0]), by_size);
	qsort(b.ns, b.n, sizeof(b.ns[0]), by_size);
	printf("{\"bench\":\"rpc_%s\",\"ours\":%.1f,\"baseline\":%.1f,"
	       "\"ratio\":%.3f,\"unit\":\"us p50 (less is better)\","
	       "\"note\":\"ping against a bare echo; p99 %.0f against %.0f; "
	       "%zu each\"}\n",
	       argv[1], at(&o, 0.5), at(&b, 0.5), at(&o, 0.5) / at(&b, 0.5),
	       at(&o, 0.99), at(&b, 0.99), o.n);
	return 0;
}
