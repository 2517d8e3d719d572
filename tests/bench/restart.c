/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts a program and says after how many milliseconds its socket took the
 * first command (hello, then status), then ends it by TERM.
 *
 *     restart_probe SOCKET PROGRAM [ARG ...]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 60000

static const char lines[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":"
	"{\"version\":1,\"client\":\"bench\"}}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"status\"}\n";

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Two lines come back, the second one without an error. */
static int answers(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char buf[8192];
	size_t n = 0;
	int good = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&sa, sizeof(sa)) &&
	    write(fd, lines, sizeof(lines) - 1) == sizeof(lines) - 1)
		while (!good && n < sizeof(buf)) {
			ssize_t got = read(fd, buf + n, sizeof(buf) - n);
			if (got <= 0)
				break;
			n += (size_t)got;
			good = memmem(buf, n, "\"id\":2", 6) &&
			       buf[n - 1] == '\n';
		}
	close(fd);
	return good && !memmem(buf, n, "\"error\":{", 9);
}

int main(int argc, char *argv[])
{
	if (argc < 3) {
		fprintf(stderr, "usage: restart_probe SOCKET PROGRAM ...\n");
		return 2;
	}
	double from = now_ms();
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	int good;
	while (!(good = answers(argv[1])) && now_ms() - from < LIMIT_MS)
		usleep(1000);
	double took = now_ms() - from;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("%.1f\n", took);
	return good ? 0 : 1;
}
