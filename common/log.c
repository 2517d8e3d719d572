/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define MEMORY_BYTES   65536

static struct {
	pthread_mutex_t lock;
	const char *name;
	enum log_level least;
	int fd;
	bool to_file;
	bool to_memory;
	size_t used;
	char memory[MEMORY_BYTES];
} sink = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.name = "zuoxi",
	.least = LOG_INFO_,
	.fd = STDERR_FILENO,
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_name(const char *name)
{
	sink.name = name;
}

void log_level(enum log_level least)
{
	sink.least = least;
}

int log_level_parse(enum log_level *lp, const char *text)
{
	for (size_t i = 0; i < 4; i++) {
		if (!strcmp(text, level_names[i])) {
			*lp = (enum log_level)i;
			return 0;
		}
	}
	return EBADMSG;
}

int log_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return errno;

	pthread_mutex_lock(&sink.lock);
	if (sink.to_file)
		close(sink.fd);
	sink.fd = fd;
	sink.to_file = true;
	pthread_mutex_unlock(&sink.lock);
	return 0;
}

void log_memory(void)
{
	sink.to_memory = true;
	sink.used = 0;
	sink.memory[0] = '\0';
}

const char *log_memory_text(void)
{
	return sink.memory;
}

void log_mask(char *text)
{
	char *p = text;

	while (*p) {
		if (!isdigit((unsigned char)*p)) {
			p++;
			continue;
		}
		size_t n = strspn(p, "0123456789");
		if (n >= 7) {
			size_t keep = n >= 9 ? 3 : 1;
			memset(p + keep, '*', n - keep - 4);
		}
		p += n;
	}
}

static void memory_add(const char *line, size_t len)
{
	if (sink.used + len + 1 > MEMORY_BYTES) {
		size_t half = sink.used / 2;
		memmove(sink.memory, sink.memory + half, sink.used - half);
		sink.used -= half;
	}
	if (len + 1 > MEMORY_BYTES - sink.used)
		return;
	memcpy(sink.memory + sink.used, line, len);
	sink.used += len;
	sink.memory[sink.used] = '\0';
}

/* A log line that cannot be written has nowhere to be reported. */
static void line_out(const char *line, size_t len)
{
	pthread_mutex_lock(&sink.lock);
	if (sink.to_memory) {
		memory_add(line, len);
	} else {
		ssize_t n = write(sink.fd, line, len);
		(void)n;
	}
	pthread_mutex_unlock(&sink.lock);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	if (level < sink.least)
		return;

	char text[LINE_MAX_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_mask(text);
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20)
			*p = ' ';
	}

	char stamp[40] = "";
	if (sink.to_file) {
		struct timespec ts;
		struct tm tm;
		clock_gettime(CLOCK_REALTIME, &ts);
		gmtime_r(&ts.tv_sec, &tm);
		size_t n = strftime(stamp, sizeof(stamp), "%FT%T", &tm);
		snprintf(stamp + n, sizeof(stamp) - n, ".%03ldZ ",
			 ts.tv_nsec / 1000000);
	}

	char line[LINE_MAX_BYTES + 128];
	int n = snprintf(line, sizeof(line), "%s%s: %s: %s\n", stamp,
			 sink.name, level_names[level], text);
	size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	line_out(line, len);
}
