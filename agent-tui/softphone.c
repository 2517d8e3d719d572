/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audio backend of people: baresip as a supervised child, for its sound
 * drivers and echo control. It gets a private configuration (0700) and one
 * local SIP call over TCP on a loopback address drawn at random, which stays
 * up while we are signed in: an answer then costs no set-up, and a dead
 * baresip costs no leg. Its account has a random name, which whoever wants to
 * call it (and would hear the microphone) must know.
 *
 *     spawn -> INVITE, again each 50 ms -> up -> dies -> pause -> spawn
 *                                           `-> silent for 3 s -> killed
 *
 * Other devices mean a new child. Without a sound card baresip runs with no
 * audio at all and the relay sends silence.
 */
#include "agent-tui/phone.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"

#define PROGRAM	  "/usr/bin/baresip"
#define MODULES	  "/usr/lib/baresip/modules"
#define INVITE_MS 50
#define START_MS  6000 /* from spawn to the call, then it is killed */
#define SILENT_MS 3000 /* no voice of a child that has a source */
#define WATCH_MS  500
#define END_MS	  300
#define PAUSE_MIN 200
#define PAUSE_MAX 5000
#define GOOD_MS	  10000 /* up for so long: the next pause is short again */
#define RTP_HEAD  12
#define PT_PCMA	  8

struct phone_audio {
	struct phone_audio_prm prm;
	struct phone_devices devices;
	char dir[128];
	char name[24];	/* of the account: a secret */
	struct sa addr; /* all that is local listens here */
	uint16_t sip_port, rtp_from;
	bool sounding; /* the child has a source: it must send */
	/* the child */
	pid_t pid;
	int pidfd;
	int64_t spawned_us, up_us, heard_us; /* mono */
	unsigned pause_ms;
	struct tmr restart, invite, watch;
	/* the call */
	struct sip *sip;
	struct sipsess_sock *sock;
	struct sipsess *sess;
	struct sdp_session *sdp;
	struct sdp_media *media;
	struct udp_sock *rtp;
	struct sa child_rtp;
	bool up;
	/* out */
	uint32_t ssrc;
	uint16_t seq_base;
};

static void spawn(struct phone_audio *a);
static void on_invite(void *arg);

static void tell(struct phone_audio *a, enum phone_audio_state st,
		 const char *detail)
{
	a->prm.stateh(st, detail, a->prm.arg);
}

/* ---- the folder ---- */

static int write_file(const struct phone_audio *a, const char *name,
		      const char *text)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s", a->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	ssize_t n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : EIO;
}

static void remove_folder(const struct phone_audio *a)
{
	DIR *d = *a->dir ? opendir(a->dir) : NULL;
	char path[512];

	for (const struct dirent *e; d && (e = readdir(d));) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", a->dir, e->d_name);
		unlink(path);
	}
	if (d) {
		closedir(d);
		rmdir(a->dir);
	}
}

static int make_folder(struct phone_audio *a)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	snprintf(a->dir, sizeof(a->dir), "%s/zuoxi-XXXXXX",
		 run && *run && strlen(run) < 100 ? run : "/tmp");
	if (mkdtemp(a->dir))
		return 0;
	snprintf(a->dir, sizeof(a->dir), "/tmp/zuoxi-XXXXXX");
	if (mkdtemp(a->dir))
		return 0;
	*a->dir = '\0';
	return errno;
}

/* ---- configuration ---- */

/* A device is one line of baresip's configuration: nothing may end it. */
static bool is_device(const char *dev)
{
	return *dev && !strpbrk(dev, "\r\n#");
}

static void usual_device(char *out, size_t size, const char *wish)
{
	if (is_device(wish))
		snprintf(out, size, "%s", wish);
	else if (!access("/dev/snd/controlC0", F_OK))
		snprintf(out, size, "alsa,default");
	else
		snprintf(out, size, "null");
}

static bool has_module(const char *device, const char *module)
{
	size_t n = strlen(module);

	return !strncmp(device, module, n) && (device[n] == ',' || !device[n]);
}

static int configure(struct phone_audio *a)
{
	static const char *const modules[] = {"alsa",  "aufile", "ausine",
					      "oss",   "jack",	 "portaudio",
					      "sndio", "pulse"};
	char source[160], player[160], text[2048];
	size_t at = 0;

	usual_device(source, sizeof(source), a->devices.source);
	usual_device(player, sizeof(player), a->devices.player);
	a->sounding = strcmp(source, "null") != 0;
	at += (size_t)re_snprintf(text, sizeof(text),
				  "sip_listen %j:%u\n"
				  "call_max_calls 4\n"
				  "call_local_timeout 0\n"
				  "audio_channels 1\n"
				  "ausrc_srate 8000\n"
				  "auplay_srate 8000\n"
				  "audio_level no\n"
				  "audio_buffer 20-160\n"
				  "jitter_buffer_delay 3-10\n"
				  "rtp_ports %u-%u\n"
				  "rtp_timeout 0\n"
				  "rtcp_mux no\n"
				  "net_interface %j\n"
				  "module_path " MODULES "\n"
				  "module g711.so\n",
				  &a->addr, a->sip_port, a->rtp_from,
				  a->rtp_from + 40, &a->addr);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		if (has_module(source, modules[i]) ||
		    has_module(player, modules[i]))
			at += (size_t)snprintf(text + at, sizeof(text) - at,
					       "module %s.so\n", modules[i]);
	}
	if (a->sounding)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "audio_source %s\n", source);
	/* a folder that gets what is heard as a file; for tests */
	if (!strncmp(player, "sndfile,", 8))
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "module sndfile.so\nsnd_path %s\n",
				       player + 8);
	else if (strcmp(player, "null") != 0)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "audio_player %s\n", player);
	snprintf(text + at, sizeof(text) - at, "module_tmp account.so\n");
	int err = write_file(a, "config", text);
	if (err)
		return err;
	re_snprintf(text, sizeof(text),
		    "<sip:%s@%j:%u;transport=tcp>;regint=0;answermode=auto;"
		    "audio_codecs=PCMA\n",
		    a->name, &a->addr, a->sip_port);
	err = write_file(a, "accounts", text);
	return err ? err : write_file(a, "contacts", "");
}

/* ---- the child ---- */

static void reap(struct phone_audio *a)
{
	if (a->pidfd >= 0) {
		fd_close(a->pidfd);
		close(a->pidfd);
	}
	a->pidfd = -1;
	if (a->pid > 0)
		waitpid(a->pid, NULL, 0);
	a->pid = 0;
}

static void drop_call(struct phone_audio *a)
{
	tmr_cancel(&a->invite);
	a->sess = mem_deref(a->sess);
	a->sdp = mem_deref(a->sdp);
	a->media = NULL;
	a->up = false;
}

static void on_restart(void *arg)
{
	spawn(arg);
}

static void again(struct phone_audio *a)
{
	int64_t now = cal_mono_us();

	if (a->up_us && now - a->up_us > GOOD_MS * INT64_C(1000))
		a->pause_ms = 0;
	a->up_us = 0;
	a->pause_ms = a->pause_ms ? a->pause_ms * 2 : PAUSE_MIN;
	if (a->pause_ms > PAUSE_MAX)
		a->pause_ms = PAUSE_MAX;
	tmr_cancel(&a->watch);
	tmr_start(&a->restart, a->pause_ms, on_restart, a);
}

static void fail(struct phone_audio *a, const char *detail)
{
	log_warn("softphone: %s", detail);
	tell(a, PHONE_AUDIO_FAILED, detail);
	again(a);
}

static void on_child(int flags, void *arg)
{
	struct phone_audio *a = arg;

	reap(a);
	drop_call(a);
	log_info("softphone: the child ended");
	tell(a, PHONE_AUDIO_STARTING, "");
	again(a);
}

static void on_watch(void *arg)
{
	struct phone_audio *a = arg;
	int64_t now = cal_mono_us();
	int64_t since = a->up ? a->heard_us : a->spawned_us;
	int64_t limit_ms = a->up ? SILENT_MS : START_MS;

	tmr_start(&a->watch, WATCH_MS, on_watch, a);
	if ((!a->up || a->sounding) && now - since > limit_ms * 1000 &&
	    a->pid > 0) {
		log_warn("softphone: %s",
			 a->up ? "no sound from the child; it is restarted"
			       : "the child takes no call; it is restarted");
		kill(a->pid, SIGKILL); /* on_child goes on */
	}
}

/* In the child. */
static void run(const struct phone_audio *a)
{
	int null = open("/dev/null", O_RDWR);

	setsid(); /* the terminal's ^C is not for it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
	execl(PROGRAM, "baresip", "-f", a->dir, (char *)NULL);
	_exit(127);
}

static void spawn(struct phone_audio *a)
{
	if (access(PROGRAM, X_OK)) {
		fail(a, N_("baresip is not installed: no sound. Install the "
			   "package baresip-core"));
		return;
	}
	if (configure(a)) {
		fail(a, N_("No sound: the runtime folder cannot be written"));
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		run(a);
	if (pid < 0) {
		fail(a, N_("No sound: too many processes"));
		return;
	}
	a->pid = pid;
	a->spawned_us = cal_mono_us();
	a->pidfd = pidfd_open(pid, 0);
	if (a->pidfd < 0 || fd_listen(a->pidfd, FD_READ, on_child, a)) {
		kill(pid, SIGKILL);
		reap(a);
		fail(a, N_("No sound: too many open files"));
		return;
	}
	tell(a, PHONE_AUDIO_STARTING, "");
	tmr_start(&a->invite, INVITE_MS, on_invite, a);
	tmr_start(&a->watch, WATCH_MS, on_watch, a);
}

/* ---- the call ---- */

static int on_answer(const struct sip_msg *msg, void *arg)
{
	struct phone_audio *a = arg;
	int err = sdp_decode(a->sdp, msg->mb, false);

	if (err)
		return err;
	/* its SDP may name another interface; it listens on all of them */
	sa_cpy(&a->child_rtp, &a->addr);
	sa_set_port(&a->child_rtp, sdp_media_rport(a->media));
	return 0;
}

static int on_offer(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	struct phone_audio *a = arg;

	if (mbuf_get_left(msg->mb)) {
		int err = sdp_decode(a->sdp, msg->mb, true);
		if (err)
			return err;
	}
	return sdp_encode(descp, a->sdp, !mbuf_get_left(msg->mb));
}

static void on_established(const struct sip_msg *msg, void *arg)
{
	struct phone_audio *a = arg;

	a->up = true;
	a->up_us = a->heard_us = cal_mono_us();
	tell(a, PHONE_AUDIO_UP, "");
}

/* Refused connections while it starts, its own end, a crash. */
static void on_close(int err, const struct sip_msg *msg, void *arg)
{
	struct phone_audio *a = arg;
	bool was_up = a->up;

	drop_call(a);
	if (a->pid <= 0)
		return;
	if (was_up)
		tell(a, PHONE_AUDIO_STARTING, "");
	a->spawned_us = was_up ? cal_mono_us() : a->spawned_us;
	tmr_start(&a->invite, INVITE_MS, on_invite, a);
}

static int describe(struct phone_audio *a, struct mbuf **descp)
{
	struct sa local;
	int err = udp_local_get(a->rtp, &local);

	if (!err)
		err = sdp_session_alloc(&a->sdp, &a->addr);
	if (!err)
		err = sdp_media_add(&a->media, a->sdp, sdp_media_audio,
				    sa_port(&local), sdp_proto_rtpavp);
	if (!err)
		err = sdp_format_add(NULL, a->media, false, "8", "PCMA", 8000,
				     1, NULL, NULL, NULL, false, NULL);
	if (!err)
		err = sdp_media_set_lattr(a->media, true, "ptime", "20");
	if (!err)
		err = sdp_encode(descp, a->sdp, true);
	return err;
}

/* Is anybody there already? A refused connection costs nothing, a SIP
 * request that nobody takes leaves a transaction behind. */
static bool listens(const struct phone_audio *a)
{
	struct sa to;
	sa_cpy(&to, &a->addr);
	sa_set_port(&to, a->sip_port);
	scoped_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* on loopback this answers at once */
	return fd >= 0 && !connect(fd, &to.u.sa, to.len);
}

static void on_invite(void *arg)
{
	struct phone_audio *a = arg;
	scoped_mem struct mbuf *desc = NULL;
	char to[128], from[96];

	if (!listens(a)) {
		tmr_start(&a->invite, INVITE_MS, on_invite, a);
		return;
	}
	re_snprintf(to, sizeof(to), "sip:%s@%j:%u;transport=tcp", a->name,
		    &a->addr, a->sip_port);
	re_snprintf(from, sizeof(from), "sip:zuoxi@%j", &a->addr);
	drop_call(a);
	int err = describe(a, &desc);
	if (!err)
		err = sipsess_connect(&a->sess, a->sock, to, "zuoxi", from,
				      "zuoxi", NULL, 0, "application/sdp",
				      desc, NULL, NULL, false, on_offer,
				      on_answer, NULL, on_established, NULL,
				      NULL, on_close, a, NULL);
	if (err) {
		log_warn("softphone: no local call: %s", strerror(err));
		tmr_start(&a->invite, WATCH_MS, on_invite, a);
	}
}

/* ---- voice ---- */

static void on_rtp(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct phone_audio *a = arg;
	const uint8_t *p = mbuf_buf(mb);
	size_t len = mbuf_get_left(mb);

	if (!a->up || len <= RTP_HEAD || (p[0] & 0xff) != 0x80 ||
	    (p[1] & 0x7f) != PT_PCMA)
		return;
	a->heard_us = cal_mono_us();
	a->prm.mich(p + RTP_HEAD, len - RTP_HEAD, a->prm.arg);
}

static void play(struct phone_audio *a, uint32_t seq, bool marker,
		 const uint8_t *alaw, size_t len)
{
	if (!a->up)
		return;
	struct mbuf *mb = mbuf_alloc(RTP_HEAD + len);
	if (!mb)
		return;
	mbuf_write_u8(mb, 0x80);
	mbuf_write_u8(mb, (uint8_t)(PT_PCMA | (marker ? 0x80 : 0)));
	mbuf_write_u16(mb, htons((uint16_t)(a->seq_base + seq)));
	mbuf_write_u32(mb, htonl(seq * 160));
	mbuf_write_u32(mb, htonl(a->ssrc));
	mbuf_write_mem(mb, alaw, len);
	mb->pos = 0;
	udp_send(a->rtp, &a->child_rtp, mb);
	mem_deref(mb);
}

static int change_devices(struct phone_audio *a, const struct phone_devices *d)
{
	if ((*d->source && !is_device(d->source)) ||
	    (*d->player && !is_device(d->player)))
		return EINVAL;
	a->devices = *d;
	a->pause_ms = 0;
	if (a->pid > 0)
		kill(a->pid, SIGKILL); /* on_child starts the next */
	else
		tmr_start(&a->restart, 0, on_restart, a);
	return 0;
}

/* ---- life ---- */

/* We are signing out or leaving: a moment for it to close its files. */
static void end_child(struct phone_audio *a)
{
	struct pollfd p = {.fd = a->pidfd, .events = POLLIN};

	if (a->pid > 0 && a->pidfd >= 0) {
		kill(a->pid, SIGTERM);
		if (poll(&p, 1, END_MS) != 1)
			kill(a->pid, SIGKILL);
	}
	reap(a);
}

static void destructor(void *arg)
{
	struct phone_audio *a = arg;

	tmr_cancel(&a->restart);
	tmr_cancel(&a->watch);
	drop_call(a);
	end_child(a);
	mem_deref(a->rtp);
	if (a->sip)
		sip_close(a->sip, true);
	mem_deref(a->sock);
	mem_deref(a->sip);
	remove_folder(a);
}

/* Somewhere in 127.0.0.0/8 with ports that nobody has: a draw of one in
 * billions does not collide. TLS would take sip_port + 1. */
static int draw_address(struct phone_audio *a)
{
	char text[32];

	rand_str(a->name, sizeof(a->name));
	snprintf(text, sizeof(text), "127.%u.%u.%u", 1 + rand_u32() % 250,
		 rand_u32() % 250, 1 + rand_u32() % 250);
	a->sip_port = (uint16_t)(20000 + 2 * (rand_u32() % 5000));
	a->rtp_from = (uint16_t)(20000 + 64 * (rand_u32() % 180));
	return sa_set_str(&a->addr, text, 0);
}

static int open_sip(struct phone_audio *a)
{
	int err = udp_listen(&a->rtp, &a->addr, on_rtp, a);

	if (!err)
		err = sip_alloc(&a->sip, NULL, 8, 8, 8, "zuoxi", NULL, NULL);
	if (!err)
		err = sip_transp_add(a->sip, SIP_TRANSP_TCP, &a->addr);
	if (!err)
		err = sipsess_listen(&a->sock, a->sip, 8, NULL, NULL);
	return err;
}

static int alloc(struct phone_audio **ap, const struct phone_audio_prm *prm)
{
	scoped_mem struct phone_audio *a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	a->prm = *prm;
	a->devices = *prm->devices;
	a->pidfd = -1;
	a->ssrc = rand_u32();
	a->seq_base = rand_u16();
	tmr_init(&a->restart);
	tmr_init(&a->invite);
	tmr_init(&a->watch);
	int err = draw_address(a);
	if (!err)
		err = make_folder(a);
	if (!err)
		err = open_sip(a);
	if (err)
		return err;
	tmr_start(&a->restart, 0, on_restart, a);
	*ap = take(a);
	return 0;
}

const struct phone_backend softphone_backend = {
	.name = "baresip",
	.alloc = alloc,
	.play = play,
	.devices = change_devices,
};
