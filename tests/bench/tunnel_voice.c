/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tunnel adds to a voice packet: the workstation's own tunnel
 * (libssh), a real sshd and the real gate, which hands sshd's pipes over to
 * an echo; against plain UDP to the same echo. A packet of 172 bytes each
 * 20 ms a client, the time of sending inside. Turn and turn about.
 *
 *     tunnel_voice SITE SSH-PORT USER KEY KNOWN-HOSTS SSHD-PID [CLIENTS [S]]
 *
 * SITE is the folder of a site whose switch does not run: the echo takes its
 * place on the gate's socket.
 */
#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent-tui/tunnel.h"
#include "common/libre.h"
#include "server/gate/handover.h"

#define CLIENTS_MAX 200
#define PACKET	    172
#define FRAME	    (2 + PACKET)
#define STAMP	    14 /* in the frame, behind RTP's head */
#define PTIME_MS    20
#define ROUNDS	    3
#define LATE_MS	    400 /* wait so long for the last ones */
#define STAGGER_MS  25
#define UP_MS	    60000
#define PIDS_MAX    2048

struct client {
	struct tunnel *tunnel;
	bool up;
	uint8_t buf[FRAME * 64];
	size_t n;
};

struct side {
	double *us;
	size_t n, max, sent;
	double cpu_ms; /* of the server's side */
};

static struct client clients[CLIENTS_MAX];
static size_t n_clients = 40, n_up;
static struct side by_udp, by_ssh;
static struct side *now_side;
static int udp_fd;
static struct sockaddr_in echo_addr;
static pid_t echo_pid, sshd_pid;
static double seconds = 4;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tunnel_voice: %s\n", what);
	if (echo_pid > 0)
		kill(echo_pid, SIGTERM);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- the echo, a process of its own ---- */

struct pipes {
	int in, out;
};

static void on_pipe(int flags, void *arg)
{
	struct pipes *p = arg;
	char buf[4096]; /* so much is written whole, or not at all */
	ssize_t n = read(p->in, buf, sizeof(buf));

	(void)flags;
	if (n > 0 && write(p->out, buf, (size_t)n) == n)
		return;
	if (n > 0)
		return; /* full: dropped, as voice is */
	fd_close(p->in);
	close(p->in);
	close(p->out);
	free(p);
}

static void on_handover(const struct handover *ho, void *arg)
{
	struct pipes *p = calloc(1, sizeof(*p));

	(void)arg;
	if (!p)
		_exit(1);
	p->in = ho->in;
	p->out = ho->out;
	net_sockopt_blocking_set(p->in, false);
	net_sockopt_blocking_set(p->out, false);
	handover_taken(ho->control);
	if (fd_listen(p->in, FD_READ, on_pipe, p))
		_exit(1);
}

static void on_udp_echo(int flags, void *arg)
{
	const int *fd = arg;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[2048];
	ssize_t n;

	(void)flags;
	while ((n = recvfrom(*fd, buf, sizeof(buf), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len)) > 0)
		(void)sendto(*fd, buf, (size_t)n, 0, (struct sockaddr *)&from,
			     len);
}

static int udp(struct sockaddr_in *sa)
{
	socklen_t len = sizeof(*sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(sa, 0, sizeof(*sa));
	sa->sin_family = AF_INET;
	sa->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0 && !bind(fd, (struct sockaddr *)sa, sizeof(*sa)) &&
		     !getsockname(fd, (struct sockaddr *)sa, &len),
	     "no socket");
	return fd;
}

static void echo(const char *site, int fd, int said)
{
	struct handover_listener *l = NULL;
	char path[200];

	snprintf(path, sizeof(path), "%s/run/gate/switch.sock", site);
	signal(SIGPIPE, SIG_IGN);
	if (libre_init() || fd_setsize(4096) ||
	    handover_listen(&l, path, geteuid(), on_handover, NULL) ||
	    fd_listen(fd, FD_READ, on_udp_echo, &fd) ||
	    write(said, "r", 1) != 1)
		_exit(1);
	re_main(NULL);
	_exit(0);
}

static void start_echo(const char *site)
{
	int fd = udp(&echo_addr), said[2];
	char c;

	must(!pipe(said), "no pipe");
	echo_pid = fork();
	if (echo_pid == 0)
		echo(site, fd, said[1]);
	close(said[1]);
	must(read(said[0], &c, 1) == 1, "the echo does not start");
	close(said[0]);
	close(fd);
}

/* ---- CPU of the server's side: sshd's children, the gates, the echo ---- */

static double run_ms(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return (double)ns / 1e6;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *p = strrchr(text, ')');
	if (p)
		sscanf(p + 2, "%*c %d", &parent);
	return parent;
}

static double below_sshd_ms(void)
{
	static pid_t pids[PIDS_MAX];
	size_t n = 0;
	double ms = 0;
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d)) && n < PIDS_MAX)
		if (isdigit((unsigned char)e->d_name[0]))
			pids[n++] = (pid_t)strtol(e->d_name, NULL, 10);
	if (d)
		closedir(d);
	for (size_t i = 0; i < n; i++) {
		pid_t up = pids[i];
		for (int depth = 0; up > 1 && up != sshd_pid && depth < 8;
		     depth++)
			up = parent_of(up);
		if (up == sshd_pid)
			ms += run_ms(pids[i]);
	}
	return ms;
}

static double server_ms(void)
{
	return run_ms(echo_pid) + (now_side == &by_ssh ? below_sshd_ms() : 0);
}

/* ---- packets ---- */

static void came(const uint8_t *frame)
{
	struct side *s = now_side;
	int64_t sent;

	memcpy(&sent, frame + STAMP, sizeof(sent));
	if (s && s->n < s->max)
		s->us[s->n++] = (double)(now_ns() - sent) / 1000;
}

static void send_one(size_t i)
{
	uint8_t frame[FRAME] = {0, PACKET, 0x80, 8};
	int64_t now = now_ns();

	memcpy(frame + STAMP, &now, sizeof(now));
	now_side->sent++;
	if (now_side == &by_udp)
		(void)sendto(udp_fd, frame, sizeof(frame), 0,
			     (struct sockaddr *)&echo_addr, sizeof(echo_addr));
	else
		(void)tunnel_send(clients[i].tunnel, TUNNEL_VOICE, frame,
				  sizeof(frame));
}

static void on_udp(int flags, void *arg)
{
	uint8_t buf[2048];

	(void)flags;
	(void)arg;
	while (recv(udp_fd, buf, sizeof(buf), MSG_DONTWAIT) == FRAME)
		came(buf);
}

static void on_data(enum tunnel_channel ch, const uint8_t *data, size_t len,
		    void *arg)
{
	struct client *c = arg;

	(void)ch;
	while (len > 0) {
		size_t room = sizeof(c->buf) - c->n;
		size_t take = len < room ? len : room, used = 0;
		memcpy(c->buf + c->n, data, take);
		c->n += take;
		data += take;
		len -= take;
		for (; c->n - used >= FRAME; used += FRAME)
			came(c->buf + used);
		c->n -= used;
		memmove(c->buf, c->buf + used, c->n);
	}
}

/* ---- turns ---- */

static struct tmr timer;
static int64_t turn_from_ns, turn_ticks, ticks_done;
static int turns_done;
static double cpu_from_ms;

static void begin_turn(void *arg);

static void end_turn(void *arg)
{
	(void)arg;
	now_side->cpu_ms += server_ms() - cpu_from_ms;
	now_side = NULL;
	if (++turns_done == 2 * ROUNDS)
		re_cancel();
	else
		tmr_start(&timer, 10, begin_turn, NULL);
}

/* Each millisecond the clients of its slot; what was slept over follows. */
static void on_tick(void *arg)
{
	int64_t due = (now_ns() - turn_from_ns) / 1000000;

	(void)arg;
	for (; ticks_done <= due && ticks_done < turn_ticks; ticks_done++)
		for (size_t i = (size_t)(ticks_done % PTIME_MS); i < n_clients;
		     i += PTIME_MS)
			send_one(i);
	if (ticks_done < turn_ticks)
		tmr_start(&timer, 1, on_tick, NULL);
	else
		tmr_start(&timer, LATE_MS, end_turn, NULL);
}

static void begin_turn(void *arg)
{
	(void)arg;
	now_side = turns_done % 2 ? &by_ssh : &by_udp;
	cpu_from_ms = server_ms();
	turn_from_ns = now_ns();
	turn_ticks = (int64_t)(seconds * 1000);
	ticks_done = 0;
	on_tick(NULL);
}

static void on_channel(enum tunnel_channel ch, bool open, void *arg)
{
	struct client *c = arg;

	(void)ch;
	must(open, "a voice channel ended");
	if (c->up)
		return;
	c->up = true;
	if (++n_up == n_clients)
		tmr_start(&timer, 1000, begin_turn, NULL);
}

static void on_state(const struct tunnel_status *st, void *arg)
{
	(void)arg;
	if (st->state == TUNNEL_REFUSED)
		must(false, st->fault.what);
}

static size_t n_opened;

/* One after the other: sshd turns away who comes all at once. */
static void on_open(void *arg)
{
	static struct tmr next;

	(void)arg;
	must(!tunnel_open(clients[n_opened].tunnel), "tunnel_open");
	if (++n_opened < n_clients)
		tmr_start(&next, STAGGER_MS, on_open, NULL);
}

static void on_too_late(void *arg)
{
	(void)arg;
	must(false, "not all tunnels came up");
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double at_ms(const struct side *s, double share)
{
	return s->n ? s->us[(size_t)((double)(s->n - 1) * share)] / 1000 : 0;
}

static double cpu_each(const struct side *s)
{
	return s->n ? s->cpu_ms * 1000 / (double)s->n : 0;
}

static void print(void)
{
	const struct side *o = &by_ssh, *b = &by_udp;

	qsort(o->us, o->n, sizeof(double), by_size);
	qsort(b->us, b->n, sizeof(double), by_size);
	printf("{\"bench\":\"tunnel_voice\",\"ours\":%.3f,\"baseline\":%.3f,"
	       "\"ratio\":%.2f,\"unit\":\"ms round trip p50 (less is better)"
	       "\",\"note\":\"%zu clients, sshd, gate and libssh against UDP; "
	       "added p50 %.3f, p99 %.2f (%.2f against %.2f); %zu of %zu came "
	       "back; server CPU ms for 1000 round trips %.0f against "
	       "%.0f\"}\n",
	       at_ms(o, 0.5), at_ms(b, 0.5), at_ms(o, 0.5) / at_ms(b, 0.5),
	       n_clients, at_ms(o, 0.5) - at_ms(b, 0.5),
	       at_ms(o, 0.99) - at_ms(b, 0.99), at_ms(o, 0.99), at_ms(b, 0.99),
	       o->n, o->sent, cpu_each(o), cpu_each(b));
}

static void make_sides(void)
{
	const size_t max =
		(size_t)(seconds * 1000 / PTIME_MS + 2) * n_clients * ROUNDS;

	by_udp.max = by_ssh.max = max;
	by_udp.us = calloc(max, sizeof(double));
	by_ssh.us = calloc(max, sizeof(double));
	must(by_udp.us && by_ssh.us, "no memory");
}

int main(int argc, char *argv[])
{
	static struct tmr limit;
	struct sockaddr_in own;

	if (argc < 7) {
		fprintf(stderr, "usage: tunnel_voice SITE SSH-PORT USER KEY "
				"KNOWN-HOSTS SSHD-PID [CLIENTS [SECONDS]]\n");
		return 2;
	}
	sshd_pid = (pid_t)strtol(argv[6], NULL, 10);
	if (argc > 7)
		n_clients = strtoul(argv[7], NULL, 10);
	if (argc > 8)
		seconds = strtod(argv[8], NULL);
	must(n_clients > 0 && n_clients <= CLIENTS_MAX, "clients");
	signal(SIGPIPE, SIG_IGN);
	make_sides();
	start_echo(argv[1]);
	must(!libre_init() && !fd_setsize(4096), "libre");
	udp_fd = udp(&own);
	must(!fd_listen(udp_fd, FD_READ, on_udp, NULL), "fd_listen");
	for (size_t i = 0; i < n_clients; i++) {
		const struct tunnel_prm prm = {
			.host = "127.0.0.1",
			.port = (uint16_t)strtoul(argv[2], NULL, 10),
			.user = argv[3],
			.key_file = argv[4],
			.known_hosts = argv[5],
			.channels = 1u << TUNNEL_VOICE,
			.dead_ms = UP_MS, /* it is silent between turns */
			.stateh = on_state,
			.channelh = on_channel,
			.datah = on_data,
			.arg = &clients[i],
		};
		must(!tunnel_alloc(&clients[i].tunnel, &prm), "tunnel");
	}
	tmr_start(&limit, UP_MS + (uint64_t)(seconds * 4000 * ROUNDS),
		  on_too_late, NULL);
	on_open(NULL);
	re_main(NULL);
	kill(echo_pid, SIGTERM);
	waitpid(echo_pid, NULL, 0);
	print();
	return 0;
}
