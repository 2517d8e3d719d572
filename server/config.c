/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the INI file through inih. inih cuts lines at its limit and goes on,
 * so the reader here hands it whole lines only and refuses longer ones by
 * their number.
 */
#include "server/config.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"

enum key_type { KEY_TEXT, KEY_PATH, KEY_CHOICE, KEY_INT, KEY_BOOL };

struct key {
	const char *section;
	const char *name;
	enum key_type type;
	size_t offset;
	const char *def;
	int64_t min, max;
	const char *unit;
	const char *help;
};

#define KEY_ROW(sec, key, typ, field, dflt, least, most, un, text)           \
	{#sec, #key, KEY_##typ, offsetof(struct config, field), dflt, least, \
	 most, un,   text},

static const struct key keys[] = {CONFIG_KEYS(KEY_ROW)};
#define KEYS_N (sizeof(keys) / sizeof(*keys))

struct reading {
	FILE *file;
	struct config *cfg;
	struct diag *diag;
	char dir[CONFIG_TEXT];
	int line;
	bool seen[KEYS_N];
	bool failed;
};

static void fault(struct reading *rd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void fault(struct reading *rd, const char *fmt, ...)
{
	if (rd->failed)
		return;
	rd->failed = true;
	rd->diag->line = rd->line;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(rd->diag->what, sizeof(rd->diag->what), fmt, ap);
	va_end(ap);
}

/* ---- values ---- */

static const struct key *find(const char *section, const char *name)
{
	for (size_t i = 0; i < KEYS_N; i++) {
		if (!strcmp(keys[i].section, section) &&
		    !strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

static bool chosen(const char *list, const char *value)
{
	size_t len = strlen(value);

	while (*list) {
		size_t n = strcspn(list, "|");
		if (n == len && !memcmp(list, value, n))
			return true;
		list += n + (list[n] == '|');
	}
	return false;
}

static long characters(const char *text)
{
	size_t left = strlen(text);
	long n = 0;

	while (left) {
		uint32_t cp;
		size_t used = utf8_get(&cp, text, left);
		text += used;
		left -= used;
		n++;
	}
	return n;
}

static int set_text(struct reading *rd, const struct key *k, char *to,
		    const char *value)
{
	long n = characters(value);

	if (utf8_check(value, strlen(value)) >= 0) {
		fault(rd, _("%s.%s is not UTF-8 text"), k->section, k->name);
		return EBADMSG;
	}
	if (n < k->min || n > k->max || strlen(value) >= CONFIG_TEXT) {
		fault(rd, _("%s.%s takes %lld to %lld characters"), k->section,
		      k->name, (long long)k->min, (long long)k->max);
		return EBADMSG;
	}
	snprintf(to, CONFIG_TEXT, "%s", value);
	return 0;
}

static int set_path(struct reading *rd, const struct key *k, char *to,
		    const char *value)
{
	int n = !*value || *value == '/'
			? snprintf(to, CONFIG_TEXT, "%s", value)
			: snprintf(to, CONFIG_TEXT, "%s/%s", rd->dir, value);
	if (n < CONFIG_TEXT)
		return 0;
	fault(rd, _("%s.%s: the path is longer than %d bytes"), k->section,
	      k->name, CONFIG_TEXT - 1);
	return EBADMSG;
}

static int set_int(struct reading *rd, const struct key *k, int64_t *to,
		   const char *value)
{
	char *end = NULL;

	errno = 0;
	long long n = strtoll(value, &end, 10);
	if (errno || end == value || *end || n < k->min || n > k->max) {
		fault(rd,
		      _("%s.%s takes a whole number from %lld to %lld%s%s"),
		      k->section, k->name, (long long)k->min,
		      (long long)k->max, *k->unit ? " " : "", k->unit);
		return EBADMSG;
	}
	*to = n;
	return 0;
}

static int set_bool(struct reading *rd, const struct key *k, bool *to,
		    const char *value)
{
	bool yes = !strcmp(value, "yes");

	if (!yes && strcmp(value, "no")) {
		fault(rd, _("%s.%s takes yes or no"), k->section, k->name);
		return EBADMSG;
	}
	*to = yes;
	return 0;
}

static int set(struct reading *rd, const struct key *k, const char *value)
{
	void *to = (char *)rd->cfg + k->offset;

	switch (k->type) {
	case KEY_TEXT:
		return set_text(rd, k, to, value);
	case KEY_PATH:
		return set_path(rd, k, to, value);
	case KEY_INT:
		return set_int(rd, k, to, value);
	case KEY_BOOL:
		return set_bool(rd, k, to, value);
	case KEY_CHOICE:
		break;
	}
	if (!chosen(k->unit, value)) {
		fault(rd, _("%s.%s takes one of %s"), k->section, k->name,
		      k->unit);
		return EBADMSG;
	}
	snprintf(to, CONFIG_TEXT, "%s", value);
	return 0;
}

/* ---- the file ---- */

static char *on_read(char *buf, int size, void *stream)
{
	struct reading *rd = stream;

	if (rd->failed || !fgets(buf, size, rd->file))
		return NULL;
	rd->line++;
	size_t len = strlen(buf);
	if ((len && buf[len - 1] == '\n') || feof(rd->file))
		return buf;
	fault(rd, _("the line is longer than %d bytes"), size - 3);
	return NULL;
}

static int on_key(void *user, const char *section, const char *name,
		  const char *value)
{
	struct reading *rd = user;
	const struct key *k = find(section, name);

	if (!k) {
		fault(rd,
		      _("there is no key '%.40s' in [%.40s]; see "
			"zuoxid --config-help"),
		      name, section);
		return 0;
	}
	if (rd->seen[k - keys]) {
		fault(rd, _("%s.%s is given twice"), section, name);
		return 0;
	}
	rd->seen[k - keys] = true;
	return set(rd, k, value) ? 0 : 1;
}

static int folder_of(char out[CONFIG_TEXT], const char *path)
{
	char full[PATH_MAX];

	if (!realpath(path, full))
		snprintf(full, sizeof(full), "%s", path);
	char *slash = strrchr(full, '/');
	if (slash == full)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	str_ncpy(out, slash ? full : ".", CONFIG_TEXT);
	return strlen(full) < CONFIG_TEXT ? 0 : ENAMETOOLONG;
}

static void defaults(struct reading *rd)
{
	for (size_t i = 0; i < KEYS_N; i++)
		set(rd, &keys[i], keys[i].def);
}

void config_defaults(struct config *cfg, const char *dir)
{
	struct diag diag;
	struct reading rd = {.cfg = cfg, .diag = &diag};

	memset(cfg, 0, sizeof(*cfg));
	snprintf(rd.dir, sizeof(rd.dir), "%s", dir);
	defaults(&rd);
}

static int check(struct reading *rd)
{
	const struct config *cfg = rd->cfg;
	char zone[CONFIG_TEXT + 32];
	struct sa sip;

	rd->line = 0;
	/* SIP names its address in every message: it has to be one */
	if (sa_set_str(&sip, cfg->sip_address, 0) || sa_is_any(&sip))
		fault(rd,
		      _("sip.address: '%.60s' is no address of this machine; "
			"write the one that carriers reach"),
		      cfg->sip_address);
	if (cfg->rtp_from >= cfg->rtp_to)
		fault(rd, _("rtp.ports_to must be above rtp.ports_from"));
	snprintf(zone, sizeof(zone), "/usr/share/zoneinfo/%s", cfg->zone);
	if (strstr(cfg->zone, "..") || access(zone, R_OK))
		fault(rd, _("site.zone: there is no time zone '%.60s'"),
		      cfg->zone);
	return rd->failed ? EBADMSG : 0;
}

const char *config_file(const char *given)
{
	const char *env = getenv("ZUOXI_CONFIG");

	if (given)
		return given;
	return env && *env ? env : CONFIG_DEFAULT_FILE;
}

/* In our own words: strerror() would follow the locale, and the next step is
 * the same whatever the reason. */
static void say_unread(struct diag *diag, int err)
{
	const char *why = err == ENOENT	  ? _("there is no such file")
			  : err == EACCES ? _("not for this account to read")
					  : _("it cannot be opened");

	snprintf(diag->what, sizeof(diag->what),
		 _("%s; name the site's configuration with --config FILE or "
		   "in $ZUOXI_CONFIG"),
		 why);
}

int config_read(struct config *cfg, const char *path, struct diag *diag)
{
	scoped_mem struct config *fresh = mem_zalloc(sizeof(*fresh), NULL);
	struct reading rd = {.cfg = fresh, .diag = diag};

	if (!fresh)
		return ENOMEM;
	memset(diag, 0, sizeof(*diag));
	snprintf(diag->file, sizeof(diag->file), "%s", path);
	rd.file = fopen(path, "re");
	if (!rd.file) {
		int err = errno;
		say_unread(diag, err);
		return err;
	}
	snprintf(fresh->file, sizeof(fresh->file), "%s", path);
	if (folder_of(rd.dir, path))
		fault(&rd, _("the file's folder has too long a path"));
	defaults(&rd);
	int line = ini_parse_stream(on_read, &rd, on_key, &rd);
	fclose(rd.file);
	if (line > 0 && !rd.failed) {
		rd.line = line;
		fault(&rd, _("neither a [section] nor a key = value"));
	}
	if (!rd.failed)
		check(&rd);
	if (rd.failed)
		return EBADMSG;
	*cfg = *fresh;
	return 0;
}

/* ---- printing ---- */

void config_print_fault(FILE *out, const char *program, const char *path,
			const struct diag *diag)
{
	fprintf(out, "%s: %s:", program, path);
	if (diag->line)
		fprintf(out, "%d:", diag->line);
	fprintf(out, " %s\n", diag->what);
}

static void print_limit(FILE *out, const struct key *k)
{
	switch (k->type) {
	case KEY_TEXT:
		fprintf(out, _("text, %lld to %lld characters"),
			(long long)k->min, (long long)k->max);
		break;
	case KEY_PATH:
		fprintf(out, "%s", _("path"));
		break;
	case KEY_CHOICE:
		fprintf(out, "%s", k->unit);
		break;
	case KEY_BOOL:
		fprintf(out, "yes|no");
		break;
	case KEY_INT:
		fprintf(out, _("%lld to %lld%s%s"), (long long)k->min,
			(long long)k->max, *k->unit ? " " : "", k->unit);
		break;
	}
}

void config_print_default(FILE *out)
{
	const char *section = "";

	fprintf(out, "# %s\n",
		_("Configuration of the hotline. Every line that begins with "
		  "# "
		  "is the default."));
	for (size_t i = 0; i < KEYS_N; i++) {
		const struct key *k = &keys[i];
		if (strcmp(section, k->section))
			fprintf(out, "\n[%s]\n", k->section);
		section = k->section;
		fprintf(out, "# %s%s(", speak(k->help), *k->help ? " " : "");
		print_limit(out, k);
		fprintf(out, ")\n#%s = %s\n", k->name, k->def);
	}
}

void config_print_help(FILE *out)
{
	for (size_t i = 0; i < KEYS_N; i++) {
		const struct key *k = &keys[i];
		fprintf(out, "%s.%s = %s\n\t", k->section, k->name,
			*k->def ? k->def : "\"\"");
		print_limit(out, k);
		fprintf(out, "%s%s\n", *k->help ? ". " : "", speak(k->help));
	}
}

void config_print(FILE *out, const struct config *cfg)
{
	const char *section = "";

	for (size_t i = 0; i < KEYS_N; i++) {
		const struct key *k = &keys[i];
		const void *at = (const char *)cfg + k->offset;
		if (strcmp(section, k->section))
			fprintf(out, "%s[%s]\n", i ? "\n" : "", k->section);
		section = k->section;
		if (k->type == KEY_INT)
			fprintf(out, "%s = %lld\n", k->name,
				(long long)*(const int64_t *)at);
		else if (k->type == KEY_BOOL)
			fprintf(out, "%s = %s\n", k->name,
				*(const bool *)at ? "yes" : "no");
		else
			fprintf(out, "%s = %s\n", k->name, (const char *)at);
	}
}

void config_path(char out[CONFIG_TEXT * 2], const char *dir, const char *name)
{
	snprintf(out, CONFIG_TEXT * 2, "%s/%s", dir, name);
}
