/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zuoxi-switch: options, rights, the order of the start, the loop. A switch
 * is one process a run folder (flock); it needs no office to run. SIGTERM
 * says goodbye to every call (BYE), a second one does not wait for answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/haste.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/phone_no.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/speak.h"
#include "server/config.h"
#include "server/gate/handover.h"
#include "server/switch/control.h"

#define PATH_BYTES (CONFIG_TEXT * 2)
#define FILES	   8192
#define LEGS_MAX   4000
#define GOODBYE_MS 2000

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

struct app {
	struct config cfg;
	struct journal *journal;
	struct legs *legs;
	struct room *room;
	struct trunks *trunks;
	struct registrar *registrar;
	struct workstations *workstations;
	struct fallback *fallback;
	struct media *media;
	struct sip_stack *sip;
	struct handover_listener *gate;
	struct control *control;
	json_t *mended;
	struct tmr tmr_goodbye;
	char socket[PATH_BYTES], kept[PATH_BYTES], gate_socket[PATH_BYTES];
	bool ending;
};

static struct app *the_app; /* for the signal handler */

/* ---- what the parts tell each other ---- */

static void on_event(const char *line, size_t len, void *arg)
{
	struct app *app = arg;

	control_event(app->control, line, len);
}

static bool on_away(void *arg)
{
	const struct app *app = arg;

	return !control_has_office(app->control);
}

static void on_arrived(struct leg *leg, void *arg)
{
	struct app *app = arg;

	fallback_arrived(app->fallback, leg, leg->fallback);
}

static void on_up(struct leg *leg, void *arg)
{
	struct app *app = arg;

	room_leg_up(app->room, leg);
	fallback_leg_up(app->fallback, leg);
}

static void on_gone(struct leg *leg, void *arg)
{
	struct app *app = arg;

	fallback_release(app->fallback, leg);
	room_leg_gone(app->room, leg);
}

static void on_media(const struct media_event *ev, void *arg)
{
	struct app *app = arg;

	if (fallback_media_event(app->fallback, ev))
		return;
	room_media_event(app->room, ev);
	leg_media_event(app->legs, ev);
}

static void send_digits(struct leg *peer, void *arg)
{
	int err = leg_dtmf(peer, arg);

	if (err)
		log_warn("leg %s: digits: %s", peer->id, strerror(err));
}

static void on_dtmf(struct leg *leg, const char *digits, void *arg)
{
	struct app *app = arg;
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", digits);
	room_peers(app->room, leg, send_digits, copy);
}

/* ---- start ---- */

static int make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) && errno != EEXIST) {
		log_error("%s: %s", path, strerror(errno));
		return errno;
	}
	return 0;
}

/* Held until the process ends; inherited by nobody. */
static int lock_run(const struct app *app)
{
	char path[PATH_BYTES];

	config_path(path, app->cfg.run_dir, "switch.pid");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) {
		log_error("%s: %s", path,
			  errno == EWOULDBLOCK ? "another switch runs"
					       : strerror(errno));
		return errno ? errno : EIO;
	}
	/* for scripts that end it */
	if (ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0)
		log_warn("%s: %s", path, strerror(errno));
	return 0;
}

static void on_mended(const char *recording, const char *path, int64_t ms,
		      const char *sha256, void *arg)
{
	struct app *app = arg;

	json_array_append_new(app->mended,
			      json_pack("{s:s, s:s, s:I, s:s}", "recording",
					recording, "path", path, "ms",
					(json_int_t)ms, "sha256", sha256));
}

/* Where workstations send their voice by UDP. */
static const char *voice_address(const struct config *cfg)
{
	return *cfg->public_address ? cfg->public_address : cfg->sip_address;
}

static int start_tables(struct app *app)
{
	char path[PATH_BYTES];

	config_path(path, app->cfg.state_dir, "switch.journal");
	int err = journal_alloc(
		&app->journal,
		&(struct journal_prm){
			.path = path,
			.max_events = (size_t)app->cfg.happened_queue,
			.h = on_event,
			.arg = app,
		});
	if (err) {
		log_error("%s: %s", path, strerror(err));
		return err;
	}
	err = legs_alloc(&app->legs,
			 &(struct legs_prm){
				 .journal = app->journal,
				 .rtp_timeout_ms = app->cfg.rtp_timeout * 1000,
				 .max = LEGS_MAX,
				 .awayh = on_away,
				 .arrivedh = on_arrived,
				 .uph = on_up,
				 .goneh = on_gone,
				 .arg = app,
			 });
	if (!err)
		err = room_alloc(&app->room, app->legs, app->journal);
	if (!err)
		err = fallback_alloc(&app->fallback, app->legs);
	if (!err)
		err = trunks_alloc(&app->trunks, app->journal);
	if (!err)
		err = registrar_alloc(&app->registrar, app->journal,
				      app->cfg.realm);
	if (!err)
		err = workstations_alloc(
			&app->workstations,
			&(struct workstations_prm){
				.legs = app->legs,
				.journal = app->journal,
				.path = app->cfg.voice_path,
				.udp = strcmp(app->cfg.voice_path, "tunnel") !=
				       0,
				.address = voice_address(&app->cfg),
				.dtmfh = on_dtmf,
				.arg = app,
			});
	return err;
}

static int start_media(struct app *app)
{
	const struct config *cfg = &app->cfg;

	app->mended = json_array();
	int err = media_mend(cfg->recordings_dir, on_mended, app);
	if (err)
		log_error("recordings: %s", strerror(err));
	err = media_alloc(&app->media,
			  &(struct media_prm){
				  .threads = (unsigned)cfg->rtp_threads,
				  .address = cfg->sip_address,
				  .port_min = (uint16_t)cfg->rtp_from,
				  .port_max = (uint16_t)cfg->rtp_to,
				  .silent_ms = 400,
				  .prompts_dir = cfg->prompts_dir,
				  .recordings_dir = cfg->recordings_dir,
				  .spill_dir = cfg->spill_dir,
				  .eventh = on_media,
				  .arg = app,
			  });
	if (err) {
		log_error("voice: %s", strerror(err));
		return err;
	}
	legs_media(app->legs, app->media);
	room_media(app->room, app->media);
	fallback_media(app->fallback, app->media);
	return 0;
}

static int start_sip(struct app *app)
{
	const struct config *cfg = &app->cfg;

	return sip_stack_alloc(
		&app->sip, &(struct sip_prm){
				   .address = cfg->sip_address,
				   .port = (uint16_t)cfg->sip_port,
				   .tls_port = (uint16_t)cfg->sip_tls_port,
				   .tls_certificate = cfg->tls_certificate,
				   .tls_authorities = cfg->tls_authorities,
				   .public_address = cfg->public_address,
				   .networks = cfg->phone_networks,
				   .unknown_rate = (unsigned)cfg->unknown_rate,
				   .session_expires_s = cfg->session_expires,
				   .legs = app->legs,
				   .trunks = app->trunks,
				   .registrar = app->registrar,
			   });
}

static int start_sockets(struct app *app)
{
	char gate[PATH_BYTES];
	struct stat st;

	config_path(app->socket, app->cfg.run_dir, "switch.sock");
	config_path(app->kept, app->cfg.state_dir, "switch.conf.json");
	config_path(app->gate_socket, app->cfg.run_dir, "gate/switch.sock");
	int err = control_alloc(&app->control,
				&(struct control_prm){
					.socket = app->socket,
					.config = app->kept,
					.journal = app->journal,
					.legs = app->legs,
					.room = app->room,
					.media = app->media,
					.sip = app->sip,
					.trunks = app->trunks,
					.registrar = app->registrar,
					.workstations = app->workstations,
					.fallback = app->fallback,
				});
	if (err) {
		log_error("%s: %s", app->socket, strerror(err));
		return err;
	}
	/* the folder belongs to the account that the gate runs as */
	config_path(gate, app->cfg.run_dir, "gate");
	uid_t service = stat(gate, &st) ? geteuid() : st.st_uid;
	err = handover_listen(&app->gate, app->gate_socket, service,
			      workstations_handover, app->workstations);
	if (err)
		log_error("%s: %s", app->gate_socket, strerror(err));
	return err;
}

static int start(struct app *app)
{
	int err = start_tables(app);

	if (!err)
		err = start_media(app);
	if (!err)
		err = start_sip(app);
	if (!err)
		err = start_sockets(app);
	if (err)
		return err;
	trunks_start(app->trunks, app->sip);
	err = journal_event(app->journal, "switch.started",
			    json_pack("{s:O}", "mended", app->mended));
	log_info("%s: boot %s, SIP on %s port %u", ZUOXI_VERSION,
		 journal_boot(app->journal), app->cfg.sip_address,
		 sip_stack_port(app->sip));
	return err;
}

/* ---- end ---- */

static void on_goodbye_over(void *arg)
{
	(void)arg;
	re_cancel();
}

static void on_signal(int sig)
{
	struct app *app = the_app;
	(void)sig;

	if (app->ending) {
		re_cancel();
		return;
	}
	app->ending = true;
	bool calls = legs_count(app->legs) > 0;
	log_info("ending%s", calls ? ", with calls" : "");
	sip_stack_drain(app->sip);
	legs_close(app->legs);
	workstations_close(app->workstations);
	calls |= trunks_leave(app->trunks);
	tmr_start(&app->tmr_goodbye, calls ? GOODBYE_MS : 50, on_goodbye_over,
		  app);
}

static void stop(struct app *app)
{
	tmr_cancel(&app->tmr_goodbye);
	app->gate = mem_deref(app->gate);
	if (app->legs)
		legs_close(app->legs);
	app->workstations = mem_deref(app->workstations);
	sip_stack_close(app->sip);
	if (app->media)
		media_close(app->media);
	app->control = mem_deref(app->control);
	app->fallback = mem_deref(app->fallback);
	app->trunks = mem_deref(app->trunks);
	app->registrar = mem_deref(app->registrar);
	app->sip = mem_deref(app->sip);
	app->room = mem_deref(app->room);
	app->legs = mem_deref(app->legs);
	app->journal = mem_deref(app->journal);
	json_decref(app->mended);
}

/* ---- the process ---- */

static int drop_rights(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw) {
		log_error("no user '%s'", user);
		return ENOENT;
	}
	if (initgroups(user, pw->pw_gid) || setgid(pw->pw_gid) ||
	    setuid(pw->pw_uid)) {
		log_error("cannot become %s: %s", user, strerror(errno));
		return errno;
	}
	return 0;
}

/* Citizens' voices are in this process's memory: no core files. */
static void limits(void)
{
	struct rlimit none = {0, 0}, files;

	(void)setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
	if (setrlimit(RLIMIT_NOFILE, &files))
		log_warn("open files: %s", strerror(errno));
}

static int prepare(const struct app *app)
{
	const struct config *cfg = &app->cfg;
	enum log_level level;

	if (*cfg->log_file && log_file(cfg->log_file))
		log_warn("%s: %s", cfg->log_file, strerror(errno));
	if (!log_level_parse(&level, cfg->log_level))
		log_level(level);
	cal_zone(cfg->zone);
	phone_no_area(cfg->area_code);
	int err = make_folder(cfg->state_dir, 0750);
	if (!err)
		err = make_folder(cfg->run_dir, 0755);
	if (!err)
		err = make_folder(cfg->recordings_dir, 0750);
	return err ? err : lock_run(app);
}

static int run(struct app *app)
{
	int err = libre_init();

	if (err)
		return err;
	(void)fd_setsize(FILES);
	tmr_init(&app->tmr_goodbye);
	err = start(app);
	haste_first();
	if (!err)
		err = re_main(on_signal);
	if (err)
		log_error("%s", strerror(err));
	stop(app);
	libre_close();
	return err;
}

static const char help[] =
	N_("Usage: zuoxi-switch [--config FILE] [--user NAME]\n"
	   "\n"
	   "The exchange: trunks, desk phones, workstation phones, voice,\n"
	   "prompts and recordings, at zuoxid's command.\n"
	   "\n"
	   "  -c, --config FILE  default: $ZUOXI_CONFIG or "
	   "/etc/zuoxi/zuoxi.conf\n"
	   "  -u, --user NAME    become this user (when started by root)\n"
	   "  -h, --help\n"
	   "  -V, --version\n");

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"user", required_argument, NULL, 'u'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

int main(int argc, char **argv)
{
	static struct app app;
	const char *file = NULL;
	const char *user = NULL;
	struct diag diag = {.line = 0};
	int c;

	speak_start(ZUOXI_LOCALEDIR);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:u:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			file = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		case 'h':
			fputs(_(help), stdout);
			return EXIT_DONE;
		case 'V':
			puts("zuoxi-switch " ZUOXI_VERSION);
			return EXIT_DONE;
		case ':':
			fprintf(stderr,
				_("%s: %s wants a value; --help lists "
				  "the options\n"),
				"zuoxi-switch", argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr,
				_("%s: unknown option %s; --help lists "
				  "them\n"),
				"zuoxi-switch", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	/* whoever started us may have left files (and locks) open in us */
	(void)close_range(3, ~0u, 0);
	log_name("zuoxi-switch");
	if (optind < argc) {
		fputs(_(help), stderr);
		return EXIT_USAGE;
	}
	file = config_file(file);
	if (config_read(&app.cfg, file, &diag)) {
		config_print_fault(stderr, "zuoxi-switch", file, &diag);
		return EXIT_FAILED;
	}
	limits();
	signal(SIGPIPE, SIG_IGN);
	if (user && geteuid() == 0 && drop_rights(user))
		return EXIT_FAILED;
	the_app = &app;
	return prepare(&app) || run(&app) ? EXIT_FAILED : EXIT_DONE;
}
