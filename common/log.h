/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a process: one line an event, to stderr (the journal adds the
 * time) or to a file (UTC time added here), or to memory for tests. Every
 * run of seven or more digits is masked (138****1234) before it is written,
 * so that no citizen's number reaches a log by accident. Safe from any
 * thread.
 */
#pragma once

#include <stddef.h>

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

#define log_debug(...) log_write(LOG_DEBUG_, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO_, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN_, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR_, __VA_ARGS__)

/* Name of the program, put before each line. The string must stay. */
void log_name(const char *name);

/* Drops what is below the level. Default: info. */
void log_level(enum log_level least);

/* Parses "debug", "info", "warn", "error". EBADMSG for anything else. */
int log_level_parse(enum log_level *lp, const char *text);

/* Appends to a file from now on, opened 0640. errno of the open. */
int log_file(const char *path);

/* Keeps the last 64 KiB in memory instead (tests); log_memory_text returns
 * it, to be read before the next line is written. */
void log_memory(void);
const char *log_memory_text(void);

void log_write(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Masks numbers in place: of each run of 7 or more digits the first three
 * and the last four stay (fewer where the run is short). */
void log_mask(char *text);
