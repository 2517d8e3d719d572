/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the media engine adds to moving packets: recorded two-way calls
 * through it, against a bare relay (epoll, recvmmsg, sendmmsg, nothing
 * looked at) over the same number of sockets. Both run in a process of
 * their own, turn and turn about, under the same load: each leg sends a
 * G.711 packet every 20 ms. Figure: packets delivered for each second of
 * CPU that the process took.
 *
 *     media_relay [CALLS [SECONDS]]
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/switch/media.h"

#define SLOTS	  20
#define ROUNDS	  6
#define BATCH	  32
#define PACKET	  172
#define MAX_CALLS 1000
#define WARM_MS	  600

static unsigned calls = 150;
static unsigned seconds = 2;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int udp(uint16_t *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	must(fd >= 0, "socket");
	must(!bind(fd, (struct sockaddr *)&sa, sizeof(sa)), "bind");
	must(!getsockname(fd, (struct sockaddr *)&sa, &len), "getsockname");
	*port = ntohs(sa.sin_port);
	return fd;
}

/* ---- the bare relay ---- */

struct end {
	int fd;
	struct sockaddr_in far;
	struct end *peer;
};

static void relay_turn(struct end *e)
{
	static uint8_t bufs[BATCH][1500];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){bufs[i], sizeof(bufs[i])};
		msgs[i] = (struct mmsghdr){
			.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
	}
	int n = recvmmsg(e->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		iov[i].iov_len = msgs[i].msg_len;
		msgs[i].msg_hdr.msg_name = &e->peer->far;
		msgs[i].msg_hdr.msg_namelen = sizeof(e->peer->far);
	}
	if (n > 0)
		sendmmsg(e->peer->fd, msgs, (unsigned)n, MSG_DONTWAIT);
}

static void relay(int control, const uint16_t *far, uint16_t *near)
{
	static struct end ends[2 * MAX_CALLS];
	struct epoll_event evs[256];
	int ep = epoll_create1(0);

	for (unsigned i = 0; i < 2 * calls; i++) {
		struct end *e = &ends[i];
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = e};
		e->fd = udp(&near[i]);
		e->peer = &ends[i ^ 1];
		e->far.sin_family = AF_INET;
		e->far.sin_port = htons(far[i]);
		e->far.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		must(!epoll_ctl(ep, EPOLL_CTL_ADD, e->fd, &ev), "epoll_ctl");
	}
	struct epoll_event ev = {.events = EPOLLIN};
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, control, &ev), "epoll_ctl");
	must(write(control, near, 4 * calls) == (ssize_t)(4 * calls), "write");
	for (;;) {
		int n = epoll_wait(ep, evs, 256, -1);
		for (int i = 0; i < n; i++) {
			if (!evs[i].data.ptr)
				_exit(0);
			relay_turn(evs[i].data.ptr);
		}
	}
}

/* ---- the engine ---- */

static void on_control(int flags, void *arg)
{
	re_cancel();
}

static void open_call(struct media *m, unsigned i, const uint16_t *far,
		      uint16_t *near)
{
	struct media_member two[2] = {{.role = ROLE_TALK},
				      {.role = ROLE_TALK}};
	char id[32], contact[32];

	snprintf(contact, sizeof(contact), "c%u", i);
	for (unsigned k = 0; k < 2; k++) {
		struct media_format f = {.pt = 8,
					 .dtmf_pt = 101,
					 .send = true,
					 .receive = true};
		snprintf(id, sizeof(id), "l%u.%u", i, k);
		const struct media_leg_prm lp = {
			.leg = id, .contact = contact, .transport = MEDIA_UDP};
		must(!media_leg_alloc(&two[k].leg, m, &lp), "leg");
		near[2 * i + k] = media_leg_port(two[k].leg);
		sa_set_str(&f.remote, "127.0.0.1", far[2 * i + k]);
		must(!media_leg_start(two[k].leg, &f), "start");
	}
	must(!media_bridge_set(m, contact, contact, two, 2), "bridge");
	snprintf(id, sizeof(id), "r%u", i);
	must(!media_record(m, id, two[0].leg), "record");
}

static void engine(int control, const uint16_t *far, uint16_t *near,
		   const char *dir)
{
	struct media *m;
	const struct media_prm prm = {
		.threads = 1,
		.address = "127.0.0.1",
		.recordings_dir = dir,
		.silent_ms = 1000,
	};

	must(!libre_init(), "libre");
	must(!media_alloc(&m, &prm), "media");
	for (unsigned i = 0; i < calls; i++)
		open_call(m, i, far, near);
	must(write(control, near, 4 * calls) == (ssize_t)(4 * calls), "write");
	must(!fd_listen(control, FD_READ, on_control, NULL), "fd_listen");
	re_main(NULL);
	struct media_stats st;
	media_stats(m, &st);
	/* both channels of all calls, but for the last second's */
	if (st.rec_bytes < 16000ull * calls * (seconds - 1) ||
	    st.rec_dropped > 800ull * calls)
		fprintf(stderr, "media_relay: recordings have gaps\n");
	media_close(m);
	_exit(0);
}

/* ---- load ---- */

static int64_t ns(clockid_t clock)
{
	struct timespec t;

	must(!clock_gettime(clock, &t), "clock");
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct load {
	int fds[2 * MAX_CALLS];
	uint16_t ports[2 * MAX_CALLS], near[2 * MAX_CALLS];
	uint64_t sent, got;
	uint16_t seq;
};

static void exchange(struct load *l, unsigned slot)
{
	uint8_t buf[2048], packet[PACKET] = {0x80, 8};
	struct sockaddr_in to = {.sin_family = AF_INET};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned i = slot; i < 2 * calls; i += SLOTS) {
		const uint32_t ts = htonl((uint32_t)l->seq * 160);
		while (recv(l->fds[i], buf, sizeof(buf), 0) > 0)
			l->got++;
		packet[2] = (uint8_t)(l->seq >> 8);
		packet[3] = (uint8_t)l->seq;
		memcpy(packet + 4, &ts, 4);
		packet[11] = (uint8_t)i;
		to.sin_port = htons(l->near[i]);
		sendto(l->fds[i], packet, sizeof(packet), 0,
		       (struct sockaddr *)&to, sizeof(to));
		l->sent++;
	}
	if (slot == SLOTS - 1)
		l->seq++;
}

static void run_load(struct load *l, int64_t ms)
{
	int64_t start = ns(CLOCK_MONOTONIC);

	for (int64_t i = 0; i < ms; i++) {
		int64_t at = start + i * 1000000;
		const struct timespec until = {at / 1000000000,
					       at % 1000000000};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		exchange(l, (unsigned)(i % SLOTS));
	}
}

struct result {
	double packets, cpu_s;
};

static void measure(struct result *r, bool ours, const char *dir)
{
	static struct load l;
	clockid_t clock;
	int control[2];

	l.sent = l.got = 0;
	for (unsigned i = 0; i < 2 * calls; i++)
		l.fds[i] = udp(&l.ports[i]);
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, control), "socketpair");
	pid_t pid = fork();
	if (pid == 0) {
		for (unsigned i = 0; i < 2 * calls; i++)
			close(l.fds[i]);
		close(control[0]);
		if (ours)
			engine(control[1], l.ports, l.near, dir);
		else
			relay(control[1], l.ports, l.near);
	}
	close(control[1]);
	must(recv(control[0], l.near, 4 * calls, MSG_WAITALL) ==
		     (ssize_t)(4 * calls),
	     "child");
	must(!clock_getcpuclockid(pid, &clock), "cpu clock");
	run_load(&l, WARM_MS);
	uint64_t got = l.got;
	int64_t cpu = ns(clock);
	run_load(&l, seconds * 1000LL);
	r->cpu_s += (double)(ns(clock) - cpu) / 1e9;
	r->packets += (double)(l.got - got);
	if (l.got < l.sent * 9 / 10)
		fprintf(stderr, "media_relay: %s lost %llu of %llu\n",
			ours ? "engine" : "relay",
			(unsigned long long)(l.sent - l.got),
			(unsigned long long)l.sent);
	close(control[0]);
	waitpid(pid, NULL, 0);
	for (unsigned i = 0; i < 2 * calls; i++)
		close(l.fds[i]);
}

int main(int argc, char **argv)
{
	struct result ours = {0}, bare = {0};
	struct rlimit files;
	char dir[] = "/tmp/zuoxi-relay-XXXXXX", rec[64];

	if (argc > 1)
		calls = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seconds = (unsigned)strtoul(argv[2], NULL, 10);
	if (!calls || calls > MAX_CALLS || !seconds) {
		fprintf(stderr, "usage: media_relay [CALLS [SECONDS]]\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	must(mkdtemp(dir) != NULL, "mkdtemp");
	for (int i = 0; i < ROUNDS; i++) {
		measure(&bare, false, dir);
		snprintf(rec, sizeof(rec), "%s/%d", dir, i);
		measure(&ours, true, rec);
	}
	pid_t pid = fork();
	if (pid == 0)
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
	waitpid(pid, NULL, 0);
	double o = ours.packets / ours.cpu_s, b = bare.packets / bare.cpu_s;
	printf("{\"bench\":\"media_relay\",\"ours\":%.0f,\"baseline\":%.0f,"
	       "\"ratio\":%.3f,\"unit\":\"packets per CPU second\","
	       "\"note\":\"%u two-way calls, each recorded, against a bare "
	       "epoll recvmmsg/sendmmsg relay; %d x %u s each\"}\n",
	       o, b, o / b, calls, ROUNDS, seconds);
	return 0;
}
