/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's configuration file (INI): every key in one table with default,
 * unit, limit and help. Read once into a const struct; an error names file,
 * line, key and what to write. zuoxid, zuoxictl and zuoxi-switch read the
 * same file, each what concerns it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/cal.h"

#define CONFIG_TEXT 256

/* X(section, key, type, field, default, min, max, unit, help)
 * type: TEXT PATH INT BOOL CHOICE; CHOICE: `unit` lists "a|b|c". Relative
 * paths are taken from the folder of the file. */
#define CONFIG_KEYS(X)                                                        \
	X(site, name, TEXT, site_name, "Hotline", 1, 60, "",                  \
	  "Name of the hotline, shown on every screen")                       \
	X(site, zone, TEXT, zone, "Asia/Shanghai", 1, 60, "",                 \
	  "Time zone of the site")                                            \
	X(site, sample, BOOL, sample, "no", 0, 1, "",                         \
	  "People and calls here are samples; every screen says so")          \
	X(site, language, CHOICE, language, "zh_CN", 0, 0, "zh_CN|en",        \
	  "Language of zuoxictl where the environment names none")            \
	X(site, area_code, TEXT, area_code, "29", 2, 4, "",                   \
	  "Area code of local numbers, without its 0")                        \
	X(path, state, PATH, state_dir, "state", 0, 0, "",                    \
	  "Folder of the database, keys and the switch's journal")            \
	X(path, run, PATH, run_dir, "run", 0, 0, "", "Folder of the sockets") \
	X(path, recordings, PATH, recordings_dir, "recordings", 0, 0, "",     \
	  "Folder of the recordings")                                         \
	X(path, spill, PATH, spill_dir, "", 0, 0, "",                         \
	  "Second folder for recordings when the first is full; empty: none") \
	X(path, prompts, PATH, prompts_dir, "prompts", 0, 0, "",              \
	  "Folder of prompts and music, WAV 8000 Hz mono")                    \
	X(path, switch, PATH, switch_program, "", 0, 0, "",                   \
	  "zuoxi-switch to start when none answers; empty: beside zuoxid")    \
	X(log, level, CHOICE, log_level, "info", 0, 0,                        \
	  "debug|info|warn|error", "What is logged")                          \
	X(log, file, PATH, log_file, "", 0, 0, "", "Empty: standard error")   \
	X(office, workers, INT, workers, "2", 1, 64, "threads",               \
	  "Threads that read: lists, search, checks")                         \
	X(office, send_queue, INT, send_queue, "1048576", 65536, 67108864,    \
	  "bytes", "Unsent bytes after which a session is closed")            \
	X(office, event_ring, INT, event_ring, "8192", 64, 1048576, "events", \
	  "Events kept for sessions that come back")                          \
	X(office, happened_queue, INT, happened_queue, "100000", 100,         \
	  10000000, "facts", "Facts of calls kept while the disk is ill")     \
	X(office, disk_free, INT, disk_free_mb, "2000", 0, 10000000, "MB",    \
	  "Alarm when a disk of the site has less room; 0: none")             \
	X(office, http_port, INT, http_port, "0", 0, 65535, "",               \
	  "Loopback port of /healthz and /metrics; 0: none")                  \
	X(sip, address, TEXT, sip_address, "127.0.0.1", 1, 60, "",            \
	  "Address of this machine that SIP listens on")                      \
	X(sip, port, INT, sip_port, "5060", 0, 65535, "", "UDP and TCP port") \
	X(sip, tls_port, INT, sip_tls_port, "0", 0, 65535, "",                \
	  "Port of TLS, for trunks that use it; 0: no TLS")                   \
	X(sip, tls_certificate, PATH, tls_certificate, "", 0, 0, "",          \
	  "Our certificate and its key, PEM; empty: carriers cannot "         \
	  "connect to us by TLS, we to them")                                 \
	X(sip, tls_authorities, PATH, tls_authorities, "", 0, 0, "",          \
	  "Who may vouch for carriers' certificates, PEM; empty: the "        \
	  "system's authorities")                                             \
	X(sip, public_address, TEXT, public_address, "", 0, 60, "",           \
	  "Address that peers and workstations reach us at; empty: "          \
	  "sip.address")                                                      \
	X(sip, networks, TEXT, phone_networks, "", 0, 250, "",                \
	  "Networks of desk phones, CIDR with commas; empty: no desk phones") \
	X(sip, realm, TEXT, realm, "zuoxi", 1, 60, "",                        \
	  "Realm of desk phones' passwords")                                  \
	X(sip, session_expires, INT, session_expires, "1800", 90, 86400, "s", \
	  "Session timer (RFC 4028)")                                         \
	X(sip, unknown_rate, INT, unknown_rate, "5", 0, 1000, "per second",   \
	  "403 answers to one unknown address; more is dropped unread")       \
	X(rtp, ports_from, INT, rtp_from, "20000", 1024, 65535, "", "")       \
	X(rtp, ports_to, INT, rtp_to, "24999", 1024, 65535, "",               \
	  "UDP ports of voice")                                               \
	X(rtp, threads, INT, rtp_threads, "1", 1, 64, "threads",              \
	  "Voice threads")                                                    \
	X(rtp, timeout, INT, rtp_timeout, "30", 2, 600, "s",                  \
	  "Silence on the network after which a leg is ended")                \
	X(voice, path, CHOICE, voice_path, "tunnel", 0, 0, "tunnel|udp|auto", \
	  "How workstations' voice travels")                                  \
	X(call, notice_max, INT, notice_max_ms, "4000", 0, 15000, "ms",       \
	  "Longest recording notice taken; it plays whole. 0: any length")    \
	X(call, lease, INT, lease_ms, "15000", 3000, 120000, "ms",            \
	  "How long an agent's phone rings before the next agent")            \
	X(call, wrapup, INT, wrapup_ms, "60000", 0, 3600000, "ms",            \
	  "Wrap-up after a call; it ends earlier when the ticket is filed")   \
	X(call, max_wait, INT, max_wait_ms, "600000", 10000, 7200000, "ms",   \
	  "Wait after which a citizen hears the busy prompt and is called "   \
	  "back")                                                             \
	X(call, widen, INT, widen_ms, "20000", 0, 600000, "ms",               \
	  "Wait after which a skill level less is enough for a queue that "   \
	  "asks for one; 0: never")                                           \
	X(call, away, INT, away_ms, "20000", 2000, 120000, "ms",              \
	  "How long a citizen waits for an agent whose line broke")           \
	X(call, short_abandon, INT, short_abandon_ms, "5000", 0, 60000, "ms", \
	  "Hang-ups before this wait do not count against the connect rate")  \
	X(call, recent_agent, INT, recent_days, "30", 1, 3650, "days",        \
	  "Window of 'nth call in so many days'")                             \
	X(kb, synonyms, PATH, synonyms, "", 0, 0, "",                         \
	  "File of words that mean the same to search, a group a line; "      \
	  "read again when it changes; empty: the built-in ones")             \
	X(kb, answer_precision, INT, answer_precision, "9900", 5000, 9990,    \
	  "0.01 %", "How often an answer without a person must be right")     \
	X(target, connect_rate, INT, target_connect, "9900", 0, 10000,        \
	  "0.01 %", "Contract's connect rate")                                \
	X(target, service_seconds, INT, target_seconds, "15", 1, 600, "s",    \
	  "Service level: answered within")                                   \
	X(target, wait_alarm, INT, wait_alarm_s, "30", 1, 3600, "s",          \
	  "Longest wait before the alarm")                                    \
	X(training, remind_hours, INT, remind_hours, "8", 0, 1000, "h",       \
	  "Open hours in which a changed entry is to be read; then it is "    \
	  "late")                                                             \
	X(training, lower_hours, INT, lower_hours, "24", 0, 1000, "h",        \
	  "Open hours after which the skill of its line is lowered until "    \
	  "it is read")                                                       \
	X(training, lower_by, INT, lower_by, "1", 0, 9, "levels",             \
	  "By how much; 0: never, 9: no calls of that line")                  \
	X(training, expiring_days, INT, expiring_days, "14", 0, 366, "days",  \
	  "Alarm so long before an entry ends without a successor; 0: none")  \
	X(training, review_days, INT, review_days, "365", 0, 3660, "days",    \
	  "Age at which an entry that names no day of review is to be "       \
	  "reviewed; 0: never")

#define CONFIG_DEFAULT_FILE "/etc/zuoxi/zuoxi.conf"

#define CONFIG_FIELD_TEXT(f)			     char f[CONFIG_TEXT];
#define CONFIG_FIELD_PATH(f)			     char f[CONFIG_TEXT];
#define CONFIG_FIELD_CHOICE(f)			     char f[CONFIG_TEXT];
#define CONFIG_FIELD_INT(f)			     int64_t f;
#define CONFIG_FIELD_BOOL(f)			     bool f;
#define CONFIG_FIELD(section, key, type, field, ...) CONFIG_FIELD_##type(field)

struct config {
	char file[CONFIG_TEXT];
	CONFIG_KEYS(CONFIG_FIELD)
};

/* Which file is meant: `given` (--config, may be NULL), else $ZUOXI_CONFIG,
 * else the default. The same for every program of the site. */
const char *config_file(const char *given);
/* All or nothing; EBADMSG with diag (also for unknown keys and lines that
 * are too long), or an errno of opening the file with diag->what. */
int config_read(struct config *cfg, const char *path, struct diag *diag);
/* "PROGRAM: FILE:LINE: what is wrong", after config_read() failed. */
void config_print_fault(FILE *out, const char *program, const char *path,
			const struct diag *diag);
void config_defaults(struct config *cfg, const char *dir);
/* The commented default file, and the table for --config-help. */
void config_print_default(FILE *out);
void config_print_help(FILE *out);
/* What is in force, as a file. */
void config_print(FILE *out, const struct config *cfg);

/* state_dir/zuoxi.db, run_dir/switch.sock ... */
void config_path(char out[CONFIG_TEXT * 2], const char *dir, const char *name);
