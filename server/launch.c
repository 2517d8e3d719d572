/* SPDX-License-Identifier: Apache-2.0 */
#include "server/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"
#include "common/scope.h"

#define FDS_MAX 65536

int launch_limits(void)
{
	struct rlimit none = {0, 0};
	struct rlimit files;

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none))
		return errno;
#ifndef __SANITIZE_ADDRESS__
	/* a core_pattern that is a pipe does not ask RLIMIT_CORE (the leak
	 * checker of a test build needs to trace itself) */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return errno;
#endif
	if (getrlimit(RLIMIT_NOFILE, &files))
		return errno;
	if (files.rlim_max > FDS_MAX)
		files.rlim_max = FDS_MAX;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		return errno;
	return fd_setsize((int)files.rlim_cur);
}

static int folder(const char *path, struct diag *diag)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	int err = errno;
	snprintf(diag->what, sizeof(diag->what), "folder %.100s: %s", path,
		 strerror(err));
	return err;
}

int launch_folders(const struct config *cfg, struct diag *diag)
{
	char gate[CONFIG_TEXT * 2];

	config_path(gate, cfg->run_dir, "gate");
	int err = folder(cfg->state_dir, diag);
	if (!err)
		err = folder(cfg->run_dir, diag);
	if (!err)
		err = folder(gate, diag);
	if (!err)
		err = folder(cfg->recordings_dir, diag);
	return err;
}

static long read_pid(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return strtol(text, NULL, 10);
}

int launch_lock(int *fdp, const char *state_dir, long *pid)
{
	char path[CONFIG_TEXT * 2];
	char text[32];

	config_path(path, state_dir, "zuoxid.lock");
	scoped_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return errno;
		*pid = read_pid(fd);
		return EADDRINUSE;
	}
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return errno ? errno : EIO;
	*fdp = take_fd(fd);
	return 0;
}

bool launch_managed(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path;
}

/* The protocol of sd_notify(3): one datagram. A path that begins with @ is
 * in the abstract name space. */
void launch_notify(const char *state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path || !*path || strlen(path) >= sizeof(sun.sun_path))
		return;
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	size_t len = strlen(path);
	memcpy(sun.sun_path, path, len);
	if (*path == '@')
		sun.sun_path[0] = '\0';
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		   (struct sockaddr *)&sun,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
	    0)
		log_warn("the service manager was not told %s: %s", state,
			 strerror(errno));
}

/* ---- the switch ---- */

bool launch_switch_answers(const struct config *cfg)
{
	char path[CONFIG_TEXT * 2];
	int fd = -1;

	config_path(path, cfg->run_dir, "switch.sock");
	int err = link_connect(&fd, path);
	if (!err)
		close(fd);
	return !err || err == EAGAIN;
}

static int switch_program(char out[PATH_MAX], const struct config *cfg)
{
	if (*cfg->switch_program) {
		snprintf(out, PATH_MAX, "%s", cfg->switch_program);
		return 0;
	}
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 16);
	if (n < 0)
		return errno;
	out[n] = '\0';
	char *slash = strrchr(out, '/');
	strcpy(slash ? slash + 1 : out, "zuoxi-switch");
	return 0;
}

/* In the child, beside threads that are not here any more: nothing but
 * system calls. */
static void become_switch(char *const argv[])
{
	sigset_t none;

	setsid();
	if (fork() != 0)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int null = open("/dev/null", O_RDWR);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	close_range(3, ~0U, 0);
	execv(argv[0], argv);
	_exit(127);
}

int launch_switch(const struct config *cfg)
{
	char program[PATH_MAX];
	char file[PATH_MAX];

	int err = switch_program(program, cfg);
	if (err)
		return err;
	if (access(program, X_OK))
		return errno;
	if (!realpath(cfg->file, file))
		return errno;
	char name[] = "--config";
	char *const argv[] = {program, name, file, NULL};

	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0)
		become_switch(argv);
	/* the child between ends at once: the switch is init's */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	log_info("started %s", program);
	return 0;
}
