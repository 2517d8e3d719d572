/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `zuoxi`: options and configuration, the language, signals, the client and
 * the screen on one loop, and the terminal given back whatever happens.
 */
#include <errno.h>
#include <execinfo.h>
#include <getopt.h>
#include <ini.h>
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/phone_no.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/client.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"

/* One table: option, configuration key, default. */
struct options {
	char server[128], user[64], identity[256], lang[16];
	char audio[400], ring_device[160], theme[16], voice[16],
		known_hosts[256];
	char locale_dir[256], symbols[16];
	bool ready;
};

static const struct {
	const char *key;
	size_t at, size;
	const char *help; /* NULL: configuration only */
	const char *arg;
} keys[] = {
#define OPTION(name, help, arg)                                        \
	{                                                              \
#name, offsetof(struct options, name),                 \
			sizeof(((struct options *)0)->name), help, arg \
	}
	OPTION(server, N_("the office's SSH server"), "HOST[:PORT]"),
	OPTION(user, N_("service account, zuoxi by default"), "ACCOUNT"),
	OPTION(identity, N_("private key file"), "FILE"),
	OPTION(lang, N_("zh_CN or en"), "LANG"),
	OPTION(audio, N_("alsa, null or file:IN.wav,OUT.wav"), "DEVICE"),
	OPTION(ring_device,
	       N_("second device that rings, as baresip writes "
		  "it; none by default"),
	       "DEVICE"),
	OPTION(voice, N_("tunnel, udp or auto"), "PATH"),
	OPTION(theme, N_("light or dark"), "NAME"),
	OPTION(symbols, N_("ascii where symbols are drawn wrongly"), "SET"),
	OPTION(known_hosts, N_("file of known host keys"), "FILE"),
	OPTION(locale_dir, NULL, NULL),
#undef OPTION
};
#define KEYS_N (sizeof(keys) / sizeof(*keys))

/* Options have "-" where keys of the file have "_". */
static char option_names[KEYS_N][24];

static const char *option_name(size_t i)
{
	utf8_copy(option_names[i], sizeof(option_names[i]), keys[i].key);
	for (char *p = option_names[i]; *p; p++)
		*p = *p == '_' ? '-' : *p;
	return option_names[i];
}

static struct app *the_app; /* for the quit handler and signals */

static bool set_option(struct options *o, const char *key, const char *value)
{
	for (size_t i = 0; i < KEYS_N; i++) {
		if (strcmp(keys[i].key, key) != 0)
			continue;
		utf8_copy((char *)o + keys[i].at, keys[i].size, value);
		return true;
	}
	return false;
}

static int on_ini(void *arg, const char *section, const char *name,
		  const char *value)
{
	return set_option(arg, name, value);
}

static void config_path(char *out, size_t size, const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg)
		snprintf(out, size, "%s/zuoxi/%s", xdg, name);
	else
		snprintf(out, size, "%s/.config/zuoxi/%s", home ? home : ".",
			 name);
}

static int read_config(struct options *o, const char *path, bool must)
{
	char standard[400];
	int line;

	if (!path) {
		config_path(standard, sizeof(standard), "zuoxi.ini");
		path = standard;
	}
	line = ini_parse(path, on_ini, o);
	if (line == -1 && !must)
		return 0;
	if (line < 0) {
		fprintf(stderr, _("zuoxi: cannot read %s\n"), path);
		return ENOENT;
	}
	if (line > 0) {
		fprintf(stderr,
			_("zuoxi: %s:%d: no such key, or not KEY = VALUE\n"),
			path, line);
		return EBADMSG;
	}
	return 0;
}

/* Texts beside the program when it runs from where it was built. */
static const char *locale_dir(const struct options *o)
{
	static char dir[300];
	char mo[360];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 20);
	char *slash;

	if (*o->locale_dir)
		return o->locale_dir;
	if (getenv("TEXTDOMAINDIR"))
		return getenv("TEXTDOMAINDIR");
	if (n <= 0)
		return ZUOXI_LOCALEDIR;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	utf8_copy(slash, 20, "/../po");
	snprintf(mo, sizeof(mo), "%s/zh_CN/LC_MESSAGES/zuoxi.mo", dir);
	return access(mo, R_OK) ? ZUOXI_LOCALEDIR : dir;
}

/* Any locale with UTF-8 will do for characters; the language of texts is our
 * own choice: option, configuration, environment, Chinese. */
static void set_language(const struct options *o)
{
	const char *env = getenv("LC_ALL");
	const char *lang = o->lang;

	if (!env || !*env)
		env = getenv("LC_MESSAGES");
	if (!env || !*env)
		env = getenv("LANG");
	if (!*lang)
		lang = env && !strncmp(env, "en", 2) ? "en" : "zh_CN";
	setenv("LANGUAGE", lang, 1);
	if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX < 4)
		setlocale(LC_CTYPE, "C.UTF-8");
	/* gettext translates nothing in the locale "C", but does in this */
	setlocale(LC_MESSAGES, "C.UTF-8");
	bindtextdomain("zuoxi", locale_dir(o));
	bind_textdomain_codeset("zuoxi", "UTF-8");
	textdomain("zuoxi");
}

static void usage(FILE *f)
{
	fprintf(f, "%s",
		_("Usage: zuoxi [OPTION]...\n"
		  "The workstation of the citizens' hotline.\n\n"));
	for (size_t i = 0; i < KEYS_N; i++)
		if (keys[i].help)
			fprintf(f, "  --%s %s\n        %s\n", option_name(i),
				keys[i].arg, _(keys[i].help));
	fprintf(f,
		"  --ready\n        %s\n  --config FILE\n  --help\n  "
		"--version\n",
		_("take calls as soon as signed in"));
}

static int parse_args(struct options *o, int argc, char **argv)
{
	struct option longs[KEYS_N + 5] = {0};
	const char *config = NULL;
	struct options given = {0};
	int c, k;

	for (size_t i = 0; i < KEYS_N; i++)
		longs[i] = (struct option){option_name(i), 1, NULL,
					   1000 + (int)i};
	longs[KEYS_N + 3] = (struct option){"ready", 0, NULL, 'r'};
	longs[KEYS_N] = (struct option){"config", 1, NULL, 'c'};
	longs[KEYS_N + 1] = (struct option){"help", 0, NULL, 'h'};
	longs[KEYS_N + 2] = (struct option){"version", 0, NULL, 'v'};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (c == 'h') {
			set_language(&given);
			usage(stdout);
			exit(0);
		} else if (c == 'v') {
			printf("zuoxi %s\n", ZUOXI_VERSION);
			exit(0);
		} else if (c == 'r') {
			o->ready = true;
		} else if (c == 'c') {
			config = optarg;
		} else if (c >= 1000) {
			set_option(&given, keys[c - 1000].key, optarg);
		} else {
			set_language(&given);
			fprintf(stderr,
				c == ':' ? _("zuoxi: %s wants a value; "
					     "--help lists the options\n")
					 : _("zuoxi: unknown option %s; "
					     "--help lists them\n"),
				argv[optind - 1]);
			return EINVAL;
		}
	}
	if (optind < argc) {
		set_language(&given);
		fprintf(stderr,
			_("zuoxi: %s is no option; --help lists them\n"),
			argv[optind]);
		return EINVAL;
	}
	k = read_config(o, config, config != NULL);
	for (size_t i = 0; i < KEYS_N; i++) {
		const char *v = (const char *)&given + keys[i].at;
		if (*v)
			set_option(o, keys[i].key, v);
	}
	return k;
}

/* ---- signals ---- */

/* The terminal first, then where it was: the one trace that is left of a
 * crash, since no core may be dumped (citizens' numbers would be in it). */
static void on_crash(int sig)
{
	void *frames[32];

	screen_rescue();
	backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_crashes(void)
{
	static const int sigs[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

	/* a stack of its own: the usual one may be what ran over */
	static char room[64 << 10];
	const stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
	struct sigaction sa = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(*sigs); i++)
		sigaction(sigs[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
}

static void on_signal(int sig)
{
	(void)sig;
	re_cancel();
}

static void on_quit(void *arg)
{
	(void)arg;
	re_cancel();
}

/* ---- the client ---- */

#ifdef HAVE_SOFTPHONE
#define SPOKEN &softphone_backend
#else
#define SPOKEN &wavphone_backend
#endif

static void split_server(struct options *o, char *host, size_t size,
			 uint16_t *port)
{
	const char *colon = strrchr(o->server, ':');
	bool v6 = o->server[0] == '[';

	*port = 0;
	utf8_copy(host, size, o->server);
	if (v6) {
		const char *end = strchr(o->server, ']');
		utf8_copy(host, size, o->server + 1);
		host[strcspn(host, "]")] = '\0';
		colon = end && end[1] == ':' ? end + 1 : NULL;
	}
	if (!colon)
		return;
	*port = (uint16_t)strtoul(colon + 1, NULL, 10);
	if (!v6)
		host[colon - o->server] = '\0';
}

static void pick_audio(struct options *o, struct client_prm *prm)
{
	char *comma, *out;

	prm->backend = SPOKEN;
	if (!strncmp(o->audio, "file:", 5)) {
		prm->backend = &wavphone_backend;
		out = o->audio + 5;
		comma = strchr(out, ',');
		if (comma)
			*comma = '\0';
		utf8_copy(prm->devices.source, sizeof(prm->devices.source),
			  out);
		if (comma)
			utf8_copy(prm->devices.player,
				  sizeof(prm->devices.player), comma + 1);
	} else if (!strcmp(o->audio, "none")) {
		prm->backend = &wavphone_backend;
	} else {
		const char *dev =
			!strcmp(o->audio, "alsa") ? "alsa,default" : o->audio;
		utf8_copy(prm->devices.source, sizeof(prm->devices.source),
			  dev);
		utf8_copy(prm->devices.player, sizeof(prm->devices.player),
			  dev);
	}
	utf8_copy(prm->devices.ringer, sizeof(prm->devices.ringer),
		  strcmp(o->ring_device, "none") ? o->ring_device : "");
	prm->voice = !strcmp(o->voice, "udp")	   ? PHONE_VOICE_UDP
		     : !strcmp(o->voice, "tunnel") ? PHONE_VOICE_TUNNEL
						   : PHONE_VOICE_AUTO;
}

static int make_client(struct client **cp, struct options *o, struct app *app)
{
	static char host[128]; /* client_alloc copies its parameters */
	uint16_t port;
	struct client_prm prm = {
		.lists = true,
		.ring_in_headset = true,
		.changeh = app_on_change,
		.arg = app,
	};

	split_server(o, host, sizeof(host), &port);
	prm.tunnel.host = host;
	prm.tunnel.port = port;
	prm.tunnel.user = *o->user ? o->user : "zuoxi";
	prm.tunnel.key_file = *o->identity ? o->identity : NULL;
	prm.tunnel.known_hosts = *o->known_hosts ? o->known_hosts : NULL;
	prm.tunnel.agent = !*o->identity;
	prm.tunnel.hosth = app_on_host;
	prm.tunnel.passphraseh = app_on_passphrase;
	prm.tunnel.arg = app;
	pick_audio(o, &prm);
	return client_alloc(cp, &prm);
}

/* Nothing may be written to the terminal, so the log goes to a file. */
static void start_log(void)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char dir[300], path[340];

	log_name("zuoxi");
	if (xdg && *xdg)
		snprintf(dir, sizeof(dir), "%s/zuoxi", xdg);
	else
		snprintf(dir, sizeof(dir), "%s/.local/state/zuoxi",
			 home ? home : ".");
	for (char *p = strchr(dir + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(dir, 0700);
		*p = '/';
	}
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/zuoxi.log", dir);
	if (log_file(path))
		log_level(LOG_ERROR_);
}

static int run(struct options *o)
{
	const char *over = getenv("SSH_CONNECTION");
	struct app_prm prm = {
		.over_ssh = over && *over,
		.light = !strcmp(o->theme, "light"),
		.light_known = *o->theme,
		.ascii = !strcmp(o->symbols, "ascii"),
		.ready = o->ready,
		.server = o->server,
		.quith = on_quit,
	};
	struct client *client = NULL;
	int err;

	err = app_alloc(&the_app, &prm);
	if (!err)
		err = make_client(&client, o, the_app);
	if (!err) {
		err = app_start(the_app, client);
		if (err)
			fprintf(stderr, _("zuoxi: no usable terminal: %s\n"),
				strerror(err));
	}
	if (!err)
		err = client_open(client);
	if (!err)
		re_main(on_signal);
	app_stop(the_app);
	if (client)
		client_close(client);
	the_app = mem_deref(the_app);
	mem_deref(client);
	return err;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	int err;

	setlocale(LC_ALL, "");
	if (parse_args(&o, argc, argv))
		return 2;
	set_language(&o);
	if (!*o.server) {
		fprintf(stderr, "%s",
			_("zuoxi: say where the office is: --server HOST, or "
			  "server = HOST in zuoxi.ini\n"));
		return 2;
	}
	catch_crashes();
	cal_zone("Asia/Shanghai");
	phone_no_area("29");
	start_log();
	err = libre_init();
	if (!err)
		err = run(&o);
	libre_close();
	return err ? 1 : 0;
}
