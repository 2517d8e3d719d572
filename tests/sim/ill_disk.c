/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ill disk under a real program: preloaded (LD_PRELOAD), it stands between
 * SQLite and libc. What it does is in the file that $ILL_DISK names, read at
 * each operation, so that a test changes it while the program runs:
 *
 *     DELAY_MS SYNC_ERRNO WRITE_ERRNO      all 0, or no file: well
 *
 * Only the database is ill, zuoxi.db and its log; the programs that the
 * first one starts inherit this and never notice. Each fault that was met is
 * a line in the file $ILL_DISK.met.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct illness {
	int delay_ms, sync_errno, write_errno;
};

static bool is_database(int fd)
{
	char link[40], path[512];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strstr(path, "/zuoxi.db") != NULL;
}

static void examine(struct illness *ill, int fd)
{
	const char *name = getenv("ILL_DISK");
	int saved = errno;
	char text[64];

	memset(ill, 0, sizeof(*ill));
	int file = name && is_database(fd) ? open(name, O_RDONLY | O_CLOEXEC)
					   : -1;
	if (file >= 0) {
		ssize_t n = read(file, text, sizeof(text) - 1);
		close(file);
		text[n > 0 ? n : 0] = '\0';
		if (sscanf(text, "%d %d %d", &ill->delay_ms, &ill->sync_errno,
			   &ill->write_errno) != 3)
			memset(ill, 0, sizeof(*ill));
	}
	errno = saved;
}

static void met(const char *what)
{
	char path[512];

	snprintf(path, sizeof(path), "%s.met", getenv("ILL_DISK"));
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	ssize_t n = write(fd, what, strlen(what));
	(void)n;
	close(fd);
}

static int sync_file(int fd, const char *name)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	struct illness ill;

	examine(&ill, fd);
	if (ill.delay_ms) {
		struct timespec ts = {ill.delay_ms / 1000,
				      (long)(ill.delay_ms % 1000) * 1000000};
		met("slow\n");
		while (nanosleep(&ts, &ts) && errno == EINTR)
			continue;
	}
	if (!ill.sync_errno)
		return next(fd);
	met("sync\n");
	errno = ill.sync_errno;
	return -1;
}

int fsync(int fd)
{
	return sync_file(fd, "fsync");
}

int fdatasync(int fd)
{
	return sync_file(fd, "fdatasync");
}

static ssize_t write_file(int fd, const void *from, size_t n, off64_t at)
{
	ssize_t (*next)(int, const void *, size_t, off64_t) =
		(ssize_t(*)(int, const void *, size_t, off64_t))dlsym(
			RTLD_NEXT, "pwrite64");
	struct illness ill;

	examine(&ill, fd);
	if (!ill.write_errno)
		return next(fd, from, n, at);
	met("write\n");
	errno = ill.write_errno;
	return -1;
}

/* the symbol that SQLite is built on */
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	return write_file(fd, from, n, at);
}
