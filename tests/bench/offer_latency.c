/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a citizen's INVITE to the offer on an agent's phone: the INVITE's
 * last (and only) packet sent, the offer's line read from the phone channel,
 * with the recording notice running and a free agent there. Against a bare
 * libre program that answers each INVITE and writes a line to a socket. Turn
 * and turn about, the same caller for both.
 *
 *     offer_latency SITE SIP-PORT AGENTS [SECONDS-A-TURN]
 *
 * SITE is the folder of a running site; the agents A001.. are there. They
 * sign in over the gate's sockets, as the service account.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/libre.h"
#include "tests/bench/seat.h"

#define AGENTS_MAX 100
#define CALLS_MAX  10000 /* the last four figures of the number tell them */
#define ROUNDS	   3
#define RATES	   2
#define WAIT_MS	   5000
#define REST_MS	   40 /* an offer stands so long, then the citizen leaves */

static const int rates[RATES] = {20, 30};

enum call_step { CALL_NONE, CALL_INVITED, CALL_UP, CALL_LEFT };

struct call {
	enum call_step step;
	int64_t sent_ns, offer_ns, bye_ns;
	char to_tag[80], contact[128];
};

struct side {
	uint16_t port;
	double *us[RATES];
	size_t n[RATES], missed[RATES];
};

static struct seat agents[AGENTS_MAX];
static size_t n_agents;
static struct call calls[CALLS_MAX];
static int n_calls, first_open;
static int sip_fd, rtp_fd;
static uint16_t sip_port, rtp_port;
static struct seat_line bare_in;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int udp(uint16_t *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	must(fd >= 0, "socket");
	must(!bind(fd, (struct sockaddr *)&sa, sizeof(sa)), "bind");
	must(!getsockname(fd, (struct sockaddr *)&sa, &len), "getsockname");
	*port = ntohs(sa.sin_port);
	return fd;
}

/* ---- the caller ---- */

static void send_sip(const struct side *s, const char *text)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(s->port)};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(sendto(sip_fd, text, strlen(text), 0, (struct sockaddr *)&to,
		    sizeof(to)) == (ssize_t)strlen(text),
	     "sendto");
}

static int head(char *out, size_t size, const char *method, int i,
		const struct side *s)
{
	const struct call *c = &calls[i];

	return snprintf(
		out, size,
		"%s sip:%s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%d.%d%s;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:1380000%04d@127.0.0.1>;tag=f%d\r\n"
		"To: <sip:88001001@127.0.0.1>%s%s\r\n"
		"Call-ID: bench-%d-%d-%u\r\n"
		"CSeq: %d %s\r\n"
		"Contact: <sip:bench@127.0.0.1:%u>\r\n",
		method, *c->contact ? c->contact : "88001001@127.0.0.1",
		sip_port, (int)getpid(), i, method, i, i,
		*c->to_tag ? ";tag=" : "", c->to_tag, (int)getpid(), i,
		s->port, !strcmp(method, "BYE") ? 2 : 1, method, sip_port);
}

static void invite(int i, const struct side *s)
{
	char text[2048], sdp[256];
	int n = head(text, sizeof(text), "INVITE", i, s);
	int body = snprintf(sdp, sizeof(sdp),
			    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
			    "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
			    "m=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n",
			    rtp_port);

	snprintf(text + n, sizeof(text) - (size_t)n,
		 "Content-Type: application/sdp\r\nContent-Length: "
		 "%d\r\n\r\n%s",
		 body, sdp);
	calls[i].step = CALL_INVITED;
	calls[i].sent_ns = now_ns();
	send_sip(s, text);
}

static void request(const char *method, int i, const struct side *s)
{
	char text[1024];
	int n = head(text, sizeof(text), method, i, s);

	snprintf(text + n, sizeof(text) - (size_t)n,
		 "Content-Length: 0\r\n\r\n");
	send_sip(s, text);
}

/* Text between two marks of a message; "" when they are not there. */
static void between(char *out, size_t size, const char *text, const char *from,
		    const char *to)
{
	const char *p = strstr(text, from);

	snprintf(out, size, "%.*s", p ? (int)strcspn(p + strlen(from), to) : 0,
		 p ? p + strlen(from) : "");
}

static void on_sip(const struct side *s)
{
	char text[4096], to[256], number[16];
	ssize_t n;

	while ((n = recv(sip_fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		between(number, sizeof(number), text, ";tag=f", "\r\n;>");
		int i = (int)strtol(number, NULL, 10);
		if (strncmp(text, "SIP/2.0 200", 11) != 0 || i >= n_calls ||
		    !strstr(text, " INVITE\r\n"))
			continue;
		between(to, sizeof(to), text, "\nTo: ", "\r\n");
		between(calls[i].to_tag, sizeof(calls[i].to_tag), to,
			"tag=", ";\r\n");
		between(calls[i].contact, sizeof(calls[i].contact), text,
			"\nContact: <sip:", ">\r\n");
		request("ACK", i, s);
		if (calls[i].step == CALL_INVITED)
			calls[i].step = CALL_UP;
	}
}

static void on_offer(const char *line)
{
	const char *p = strstr(line, "****");
	int i = p ? (int)strtol(p + 4, NULL, 10) : CALLS_MAX;

	if (!strstr(line, "phone.offer") || i >= n_calls || calls[i].offer_ns)
		return;
	calls[i].offer_ns = now_ns();
}

static void on_phone(const char *line, void *arg)
{
	(void)arg;
	on_offer(line);
}

static void on_rpc(const char *line, void *arg)
{
	seat_rpc(arg, line);
}

static void look(const struct side *s, int ms)
{
	static struct pollfd p[2 * AGENTS_MAX + 2];
	nfds_t n = 0;

	p[n++] = (struct pollfd){.fd = sip_fd, .events = POLLIN};
	p[n++] = (struct pollfd){.fd = bare_in.fd, .events = POLLIN};
	for (size_t i = 0; i < n_agents; i++) {
		p[n++] = (struct pollfd){.fd = agents[i].phone_in.fd,
					 .events = POLLIN};
		p[n++] = (struct pollfd){.fd = agents[i].rpc_in.fd,
					 .events = POLLIN};
	}
	if (poll(p, n, ms) <= 0)
		return;
	/* the offers first: they are what is measured */
	for (size_t i = 0; i < n_agents; i++)
		if (p[2 + 2 * i].revents)
			seat_lines(&agents[i].phone_in, on_phone, NULL);
	if (p[1].revents)
		seat_lines(&bare_in, on_phone, NULL);
	if (p[0].revents)
		on_sip(s);
	for (size_t i = 0; i < n_agents; i++)
		if (p[3 + 2 * i].revents)
			seat_lines(&agents[i].rpc_in, on_rpc, &agents[i]);
}

/* Who was offered and is up leaves, so that the agent is free again. */
static void leave(const struct side *s, int64_t now)
{
	while (first_open < n_calls && calls[first_open].step == CALL_LEFT)
		first_open++;
	for (int i = first_open; i < n_calls; i++) {
		struct call *c = &calls[i];
		bool late = now - c->sent_ns > WAIT_MS * 1000000LL;
		bool seen =
			c->offer_ns && now - c->offer_ns > REST_MS * 1000000LL;
		if (c->step == CALL_UP && (seen || late)) {
			request("BYE", i, s);
			c->step = CALL_LEFT;
		} else if (late) {
			c->step = CALL_LEFT;
		}
	}
}

static void turn(struct side *s, int r, double seconds)
{
	int64_t gap = 1000000000LL / rates[r], from = now_ns();
	int first = n_calls, want = (int)(seconds * rates[r]);

	while (first_open < n_calls || n_calls < first + want) {
		int64_t now = now_ns();
		int64_t next = from + (n_calls - first) * gap;
		if (n_calls < first + want && now >= next) {
			must(n_calls < CALLS_MAX, "too many calls");
			invite(n_calls++, s);
		}
		leave(s, now);
		look(s, 1);
	}
	for (int i = first; i < n_calls; i++) {
		const struct call *c = &calls[i];
		if (!c->offer_ns)
			s->missed[r]++;
		else
			s->us[r][s->n[r]++] =
				(double)(c->offer_ns - c->sent_ns) / 1000;
	}
}

/* ---- the bare program ---- */

static struct sipsess_sock *bare_sock;
static int bare_out;
static char bare_sdp[256];

static void on_bare_close(int err, const struct sip_msg *msg, void *arg)
{
	(void)err;
	(void)msg;
	mem_deref(*(struct sipsess **)arg);
	free(arg);
}

static void on_bare_invite(const struct sip_msg *msg, void *arg)
{
	struct sipsess **sess = calloc(1, sizeof(*sess));
	struct mbuf *sdp = mbuf_alloc(256);
	char line[256];

	(void)arg;
	if (!sess || !sdp || mbuf_write_str(sdp, bare_sdp))
		_exit(1);
	sdp->pos = 0;
	if (sipsess_accept(sess, bare_sock, msg, 200, "OK", "bare",
			   "application/sdp", sdp, NULL, NULL, false, NULL,
			   NULL, NULL, NULL, NULL, on_bare_close, sess, NULL))
		_exit(1);
	mem_deref(sdp);
	const struct pl *user = &msg->from.uri.user;
	int n = snprintf(line, sizeof(line),
			 "{\"method\":\"phone.offer\",\"number\":"
			 "\"138****%.4s\"}\n",
			 user->l >= 4 ? user->p + user->l - 4 : "");
	if (write(bare_out, line, (size_t)n) != n)
		_exit(1);
}

static void bare(int fd, int port_fd)
{
	struct sip *sip = NULL;
	struct sa local;
	uint16_t port;

	bare_out = fd;
	snprintf(bare_sdp, sizeof(bare_sdp),
		 "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		 "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
		 "a=rtpmap:8 PCMA/8000\r\n");
	if (libre_init() || sa_set_str(&local, "127.0.0.1", 0) ||
	    sip_alloc(&sip, NULL, 256, 256, 256, "bare", NULL, NULL) ||
	    sip_transp_add(sip, SIP_TRANSP_UDP, &local) ||
	    sip_transp_laddr(sip, &local, SIP_TRANSP_UDP, NULL) ||
	    sipsess_listen(&bare_sock, sip, 256, on_bare_invite, NULL))
		_exit(1);
	port = sa_port(&local);
	if (write(port_fd, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	re_main(NULL);
	_exit(0);
}

static pid_t start_bare(uint16_t *port)
{
	int pair[2], say_port[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	must(!pipe(say_port), "pipe");
	pid_t pid = fork();
	if (pid == 0)
		bare(pair[1], say_port[1]);
	close(pair[1]);
	must(read(say_port[0], port, sizeof(*port)) == sizeof(*port), "bare");
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	bare_in.fd = pair[0];
	return pid;
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double at(const struct side *s, int r, double share)
{
	return s->n[r] ? s->us[r][(size_t)((double)(s->n[r] - 1) * share)] : 0;
}

static void print(const struct side *o, const struct side *b, int r)
{
	double ours = at(o, r, 0.99) / 1000, base = at(b, r, 0.99) / 1000;

	printf("{\"bench\":\"offer_latency_%d\",\"ours\":%.2f,"
	       "\"baseline\":%.2f,\"ratio\":%.3f,\"unit\":\"ms p99 (less is "
	       "better)\",\"note\":\"INVITE sent to offer read, %d calls a "
	       "second, %zu agents; p50 %.2f against %.2f; %zu offers of %zu; "
	       "at most 2 and 10 ms: %s\"}\n",
	       rates[r], ours, base, ours / base, rates[r], n_agents,
	       at(o, r, 0.5) / 1000, at(b, r, 0.5) / 1000, o->n[r],
	       o->n[r] + o->missed[r],
	       ours <= 2 * base && ours < 10 && !o->missed[r] ? "held"
							      : "missed");
}

int main(int argc, char *argv[])
{
	struct side ours = {0}, base = {0};

	if (argc < 4) {
		fprintf(stderr, "usage: offer_latency SITE SIP-PORT AGENTS "
				"[SECONDS]\n");
		return 2;
	}
	double seconds = argc > 4 ? strtod(argv[4], NULL) : 6;
	signal(SIGPIPE, SIG_IGN);
	ours.port = (uint16_t)strtoul(argv[2], NULL, 10);
	n_agents = strtoul(argv[3], NULL, 10);
	must(n_agents > 0 && n_agents <= AGENTS_MAX, "agents");
	for (int r = 0; r < RATES; r++) {
		ours.us[r] = calloc(CALLS_MAX, sizeof(double));
		base.us[r] = calloc(CALLS_MAX, sizeof(double));
	}
	pid_t pid = start_bare(&base.port);
	sip_fd = udp(&sip_port);
	rtp_fd = udp(&rtp_port);
	for (size_t i = 0; i < n_agents; i++) {
		char id[32];
		snprintf(id, sizeof(id), "A%03zu", i + 1);
		seat_open(&agents[i], argv[1], id, true);
	}
	for (size_t i = 0; i < n_agents; i++)
		for (int64_t from = now_ns(); !agents[i].ready;) {
			must(now_ns() - from < 20000000000LL, "not ready");
			look(&ours, 10);
		}
	for (int i = 0; i < ROUNDS; i++)
		for (int r = 0; r < RATES; r++) {
			turn(&base, r, seconds);
			turn(&ours, r, seconds);
		}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	for (int r = 0; r < RATES; r++) {
		qsort(ours.us[r], ours.n[r], sizeof(double), by_size);
		qsort(base.us[r], base.n[r], sizeof(double), by_size);
		print(&ours, &base, r);
	}
	return 0;
}
