/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libssh/libssh.h>

#include "common/cal.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"

#include "agent-tui/tunnel_fault.h"
#include "agent-tui/tunnel_login.h"
#include "agent-tui/tunnel_resolve.h"

#define CONNECT_MS    5000
#define SETUP_MS      20000 /* TCP stands until all channels are open */
#define DEAD_MS	      6000
#define USER_TIMEOUT  4000 /* ms, unacknowledged bytes (RFC 5482) */
#define VOICE_UNSENT  1024 /* bytes; about 100 ms of voice */
#define BACKLOG_BYTES (256 << 10)
#define TICK_MS	      500
#define SETUP_TICK_MS 100
#define READ_BYTES    16384
#define STDERR_BYTES  240

enum step { STEP_IDLE, STEP_NAME, STEP_TCP, STEP_SSH, STEP_LOGIN, STEP_RUN };

enum chan_step { CHAN_WAIT, CHAN_OPENING, CHAN_EXEC, CHAN_OPEN };

struct chan {
	ssh_channel ch;
	enum chan_step step;
	struct tmr retry; /* CHAN_WAIT */
	unsigned tries;
	struct mbuf *out; /* rpc, phone: what the window did not take */
	char words[STDERR_BYTES];
	size_t words_n;
};

struct tunnel {
	struct tunnel_prm prm;
	char *host, *user, *key_file;
	char known_hosts[256];
	struct tunnel_status st;

	enum step step;
	struct tunnel_resolve *resolve;
	struct sa addrs[TUNNEL_ADDRS];
	size_t n_addrs, at_addr;
	int fd; /* ours until libssh has it (ssh_owns) */
	bool ssh_owns;
	ssh_session ssh;
	struct tunnel_login *login;
	struct chan chans[TUNNEL_CHANNELS];
	bool writing; /* the socket is armed for writing */
	bool busy;    /* inside pump: what ends the session waits */
	struct tmr tick, soon, retry;
	int64_t step_us;  /* mono, begin of this step */
	int64_t heard_us; /* mono, last byte */
	struct tcp_info tcp;
	double loss;
	uint32_t segs, resent;
};

static void start(struct tunnel *t);
static void pump(struct tunnel *t);
static void on_socket(int flags, void *arg);

const char *tunnel_channel_name(enum tunnel_channel ch)
{
	static const char *const names[] = {"rpc", "phone", "voice"};

	return names[ch];
}

int64_t tunnel_backoff_ms(unsigned tries, uint32_t roll)
{
	int64_t low = 200;
	int64_t high = 2000;

	for (unsigned i = 0; i < tries && high < 10000; i++) {
		low *= 2;
		high *= 2;
	}
	if (high > 10000)
		high = 10000;
	return low + (int64_t)(roll % (uint32_t)(high - low + 1));
}

/* ---- state ---- */

static void tell(struct tunnel *t, enum tunnel_state state)
{
	t->st.state = state;
	if (t->prm.stateh)
		t->prm.stateh(&t->st, t->prm.arg);
}

static void drop_channel(struct chan *c)
{
	tmr_cancel(&c->retry);
	if (c->ch)
		ssh_channel_free(c->ch);
	c->ch = NULL;
	c->step = CHAN_WAIT;
	c->words_n = 0;
	c->words[0] = '\0';
	if (c->out)
		c->out->pos = c->out->end = 0;
}

/* Lets go of the connection; the state stays. */
static void drop(struct tunnel *t)
{
	for (size_t i = 0; i < TUNNEL_CHANNELS; i++)
		drop_channel(&t->chans[i]);
	t->resolve = mem_deref(t->resolve);
	if (t->fd >= 0)
		fd_close(t->fd);
	if (t->ssh) {
		ssh_disconnect(t->ssh);
		ssh_free(t->ssh);
	}
	if (t->fd >= 0 && !t->ssh_owns)
		close(t->fd);
	t->fd = -1;
	t->ssh = NULL;
	t->ssh_owns = false;
	t->writing = false;
	t->step = STEP_IDLE;
	tmr_cancel(&t->tick);
	tmr_cancel(&t->soon);
}

static void on_retry(void *arg)
{
	start(arg);
}

static void fail_with(struct tunnel *t, const struct tunnel_fault *fault)
{
	bool was_up = t->st.state == TUNNEL_UP;

	drop(t);
	t->st.fault = *fault;
	t->st.up_us = 0;
	if (was_up || !t->st.down_us)
		t->st.down_us = cal_now_us();
	if (fault->final) {
		tell(t, TUNNEL_REFUSED);
		return;
	}
	int64_t ms = tunnel_backoff_ms(t->st.tries, rand_u32());
	t->st.tries++;
	t->st.retry_us = cal_now_us() + ms * 1000;
	tmr_start(&t->retry, (uint64_t)ms, on_retry, t);
	tell(t, TUNNEL_RETRYING);
}

static void fail(struct tunnel *t, enum tunnel_fault_kind kind,
		 const char *detail)
{
	struct tunnel_fault fault;

	tunnel_fault_set(&fault, kind, detail && *detail ? "%s" : NULL,
			 detail);
	log_info("tunnel: %s (%s)", fault.what, fault.detail);
	fail_with(t, &fault);
}

/* ---- name and TCP ---- */

static void next_addr(struct tunnel *t, int err);

static void begin_ssh(struct tunnel *t);

static void on_connected(int flags, void *arg)
{
	struct tunnel *t = arg;
	int err = 0;
	socklen_t len = sizeof(err);

	fd_close(t->fd);
	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err)
		next_addr(t, err);
	else
		begin_ssh(t);
}

static void on_connect_slow(void *arg)
{
	next_addr(arg, ETIMEDOUT);
}

static int connect_addr(struct tunnel *t, const struct sa *addr)
{
	t->fd = socket(sa_af(addr), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (t->fd < 0)
		return errno;
	int on = 1;
	int timeout = USER_TIMEOUT;
	int tos = IPTOS_DSCP_EF;
	setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(t->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout,
		   sizeof(timeout));
	setsockopt(t->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (sa_af(addr) == AF_INET6)
		setsockopt(t->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos,
			   sizeof(tos));
	else
		setsockopt(t->fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	if (connect(t->fd, &addr->u.sa, addr->len) && errno != EINPROGRESS)
		return errno;
	return fd_listen(t->fd, FD_WRITE, on_connected, t);
}

static void next_addr(struct tunnel *t, int err)
{
	tmr_cancel(&t->soon);
	if (t->fd >= 0) {
		fd_close(t->fd);
		close(t->fd);
		t->fd = -1;
	}
	while (t->at_addr < t->n_addrs) {
		err = connect_addr(t, &t->addrs[t->at_addr++]);
		if (!err) {
			tmr_start(&t->soon, CONNECT_MS, on_connect_slow, t);
			return;
		}
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
	}
	struct tunnel_fault f;
	tunnel_fault_set(&f, TUNNEL_FAULT_UNREACHED, "%s:%u: %s", t->host,
			 t->prm.port, strerror(err));
	log_info("tunnel: %s", f.detail);
	fail_with(t, &f);
}

static void on_resolved(int err, const struct sa *addrs, size_t n, void *arg)
{
	struct tunnel *t = arg;

	memcpy(t->addrs, addrs, n * sizeof(*addrs));
	t->n_addrs = n;
	t->resolve = mem_deref(t->resolve); /* the addresses were its own */
	if (err) {
		fail(t, TUNNEL_FAULT_NAME, t->host);
		return;
	}
	t->at_addr = 0;
	t->step = STEP_TCP;
	next_addr(t, 0);
}

static void start(struct tunnel *t)
{
	tmr_cancel(&t->retry);
	drop(t);
	t->st.retry_us = 0;
	t->step = STEP_NAME;
	tell(t, TUNNEL_CONNECTING);
	if (t->step != STEP_NAME)
		return; /* the handler closed us */
	if (tunnel_resolve_alloc(&t->resolve, t->host, t->prm.port,
				 on_resolved, t))
		fail(t, TUNNEL_FAULT_LOCAL, "out of descriptors or memory");
}

/* ---- SSH ---- */

static int set_options(struct tunnel *t)
{
	static const char ciphers[] =
		"aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
		"chacha20-poly1305@openssh.com";
	bool no = false;
	unsigned port = t->prm.port;
	long timeout = SETUP_MS / 1000;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", t->known_hosts);
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	/* without this the person's own ssh_config changes our session */
	ssh_options_set(t->ssh, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(t->ssh, SSH_OPTIONS_SSH_DIR, slash ? dir : ".");
	int rc = ssh_options_set(t->ssh, SSH_OPTIONS_HOST, t->host);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_PORT, &port);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_USER, t->user);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_KNOWNHOSTS, t->known_hosts);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS,
			      "/dev/null");
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_CIPHERS_C_S, ciphers);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_CIPHERS_S_C, ciphers);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_TIMEOUT, &timeout);
	rc |= ssh_options_set(t->ssh, SSH_OPTIONS_FD, &t->fd);
	return rc ? EINVAL : 0;
}

static void on_setup_tick(void *arg)
{
	struct tunnel *t = arg;

	if (t->st.state != TUNNEL_ASKING &&
	    cal_mono_us() - t->step_us > SETUP_MS * INT64_C(1000)) {
		fail(t, TUNNEL_FAULT_SILENT, t->host);
		return;
	}
	tmr_start(&t->tick, SETUP_TICK_MS, on_setup_tick, t);
	if (t->st.state != TUNNEL_ASKING)
		pump(t);
}

static void begin_ssh(struct tunnel *t)
{
	tmr_cancel(&t->soon);
	t->step = STEP_SSH;
	t->step_us = t->heard_us = cal_mono_us();
	t->ssh = ssh_new();
	if (!t->ssh || set_options(t)) {
		fail(t, TUNNEL_FAULT_LOCAL,
		     t->ssh ? ssh_get_error(t->ssh) : NULL);
		return;
	}
	ssh_set_blocking(t->ssh, 0);
	tunnel_login_reset(t->login);
	if (fd_listen(t->fd, FD_READ, on_socket, t)) {
		fail(t, TUNNEL_FAULT_LOCAL, "too many descriptors");
		return;
	}
	tmr_start(&t->tick, SETUP_TICK_MS, on_setup_tick, t);
	pump(t);
}

/* Arms the socket for writing while libssh has bytes it could not send. */
static void flush(struct tunnel *t)
{
	bool want = ssh_blocking_flush(t->ssh, 0) == SSH_AGAIN;

	if (want == t->writing)
		return;
	t->writing = want;
	fd_listen(t->fd, want ? FD_READ | FD_WRITE : FD_READ, on_socket, t);
}

static void step_ssh(struct tunnel *t)
{
	int rc = ssh_connect(t->ssh);

	t->ssh_owns = true; /* from its first call on */
	if (rc == SSH_AGAIN)
		return;
	if (rc != SSH_OK) {
		fail(t, TUNNEL_FAULT_PROTOCOL, ssh_get_error(t->ssh));
		return;
	}
	/* libssh makes it blocking again, and one read call could then hold
	 * the loop for seconds */
	int flags = fcntl(t->fd, F_GETFL);
	fcntl(t->fd, F_SETFL, flags | O_NONBLOCK);
	t->step = STEP_LOGIN;
	snprintf(t->st.cipher, sizeof(t->st.cipher), "%s",
		 ssh_get_cipher_out(t->ssh));
}

static void on_tick(void *arg);

static void step_login(struct tunnel *t)
{
	struct tunnel_fault f;
	enum tunnel_login_step st = tunnel_login_step(t->login, t->ssh, &f);

	if (st == LOGIN_ASK && t->st.state != TUNNEL_ASKING)
		tell(t, TUNNEL_ASKING);
	if (st == LOGIN_FAILED) {
		log_info("tunnel: %s (%s)", f.what, f.detail);
		fail_with(t, &f);
	}
	if (st != LOGIN_DONE)
		return;
	t->step = STEP_RUN;
	t->st.times++;
	t->st.up_us = cal_now_us();
	t->st.down_us = 0;
	memset(&t->st.fault, 0, sizeof(t->st.fault));
	t->st.fault.what = t->st.fault.todo = "";
	t->heard_us = cal_mono_us();
	t->segs = t->resent = 0;
	tmr_start(&t->tick, TICK_MS, on_tick, t);
	tell(t, TUNNEL_UP);
}

/* ---- channels ---- */

static void on_channel_retry(void *arg)
{
	pump(arg);
}

static void channel_again(struct tunnel *t, struct chan *c)
{
	drop_channel(c);
	tmr_start(&c->retry,
		  (uint64_t)tunnel_backoff_ms(c->tries++, rand_u32()),
		  on_channel_retry, t);
}

/* A channel is over: what does that mean? */
static void channel_ended(struct tunnel *t, size_t i)
{
	struct chan *c = &t->chans[i];
	bool was_open = c->step == CHAN_OPEN;
	int code = c->ch ? ssh_channel_get_exit_status(c->ch) : -1;
	struct tunnel_fault f;

	/* 126, 127: the shell found no program to run */
	if (code == 126 || code == 127)
		tunnel_fault_set(&f, TUNNEL_FAULT_SERVICE, "%s", c->words);
	else if (c->words_n)
		tunnel_fault_set(&f, TUNNEL_FAULT_GATE, "%s", c->words);
	else if (code == 0)
		tunnel_fault_set(&f, TUNNEL_FAULT_ENDED, "%s",
				 tunnel_channel_name((enum tunnel_channel)i));
	else if (!was_open)
		tunnel_fault_set(&f, TUNNEL_FAULT_SERVICE, "%s",
				 tunnel_channel_name((enum tunnel_channel)i));
	else
		tunnel_fault_set(&f, TUNNEL_FAULT_LOST, "%s",
				 tunnel_channel_name((enum tunnel_channel)i));
	log_info("tunnel: channel %s ended (%d): %s %s",
		 tunnel_channel_name((enum tunnel_channel)i), code, f.what,
		 f.detail);
	/* the office's word counts for all; a phone channel comes again */
	if (i == TUNNEL_RPC && f.final) {
		fail_with(t, &f);
		return;
	}
	t->st.fault = f;
	channel_again(t, c);
	if (was_open && t->prm.channelh)
		t->prm.channelh((enum tunnel_channel)i, false, t->prm.arg);
}

static void open_channel(struct tunnel *t, size_t i)
{
	struct chan *c = &t->chans[i];
	int rc;

	if (c->step == CHAN_WAIT) {
		if (tmr_isrunning(&c->retry))
			return;
		c->ch = ssh_channel_new(t->ssh);
		if (!c->ch) {
			fail(t, TUNNEL_FAULT_LOCAL, ssh_get_error(t->ssh));
			return;
		}
		c->step = CHAN_OPENING;
	}
	if (c->step == CHAN_OPENING) {
		rc = ssh_channel_open_session(c->ch);
		if (rc == SSH_AGAIN)
			return;
		if (rc != SSH_OK) {
			channel_ended(t, i);
			return;
		}
		c->step = CHAN_EXEC;
	}
	rc = ssh_channel_request_exec(
		c->ch, tunnel_channel_name((enum tunnel_channel)i));
	if (rc == SSH_AGAIN)
		return;
	if (rc != SSH_OK) {
		channel_ended(t, i);
		return;
	}
	c->step = CHAN_OPEN;
	if (t->prm.channelh)
		t->prm.channelh((enum tunnel_channel)i, true, t->prm.arg);
}

static void read_words(struct chan *c)
{
	char buf[512];
	int n;

	while ((n = ssh_channel_read_nonblocking(c->ch, buf, sizeof(buf), 1)) >
	       0) {
		size_t room = sizeof(c->words) - 1 - c->words_n;
		size_t len = (size_t)n < room ? (size_t)n : room;
		memcpy(c->words + c->words_n, buf, len);
		c->words_n += len;
		c->words[c->words_n] = '\0';
	}
}

/* Returns whether anything came; a channel that ended is dealt with. */
static bool read_channel(struct tunnel *t, size_t i)
{
	static uint8_t buf[READ_BYTES];
	struct chan *c = &t->chans[i];
	bool any = false;

	while (c->step == CHAN_OPEN) {
		int n = ssh_channel_read_nonblocking(c->ch, buf, sizeof(buf),
						     0);
		if (n <= 0)
			break;
		any = true;
		c->tries = 0;
		t->st.tries = 0;
		t->heard_us = cal_mono_us();
		if (t->prm.datah)
			t->prm.datah((enum tunnel_channel)i, buf, (size_t)n,
				     t->prm.arg);
	}
	if (c->step != CHAN_OPEN)
		return any;
	read_words(c);
	/* the exit status comes after EOF and before the close */
	if (ssh_channel_is_closed(c->ch)) {
		channel_ended(t, i);
		return true;
	}
	return any;
}

static void send_backlog(struct tunnel *t, struct chan *c)
{
	while (c->step == CHAN_OPEN && mbuf_get_left(c->out)) {
		int n = ssh_channel_write(c->ch, mbuf_buf(c->out),
					  (uint32_t)mbuf_get_left(c->out));
		if (n <= 0)
			return;
		c->out->pos += (size_t)n;
	}
	if (!mbuf_get_left(c->out))
		c->out->pos = c->out->end = 0;
}

static void step_run(struct tunnel *t)
{
	bool more = true;

	for (size_t i = 0; t->step == STEP_RUN && i < TUNNEL_CHANNELS; i++) {
		if ((t->prm.channels & 1U << i) &&
		    t->chans[i].step != CHAN_OPEN)
			open_channel(t, i);
	}
	/* a read on one channel may buffer data of the others, for which the
	 * socket will not wake us: all of them until all are empty */
	while (more && t->step == STEP_RUN) {
		more = false;
		for (size_t i = 0; t->step == STEP_RUN && i < TUNNEL_CHANNELS;
		     i++)
			more |= read_channel(t, i);
	}
	for (size_t i = 0; t->step == STEP_RUN && i < TUNNEL_CHANNELS; i++)
		send_backlog(t, &t->chans[i]);
}

/* As far as it goes without waiting. */
static void pump(struct tunnel *t)
{
	if (!t->ssh || t->busy)
		return;
	mem_ref(t);
	t->busy = true;
	if (t->step == STEP_SSH)
		step_ssh(t);
	if (t->step == STEP_LOGIN)
		step_login(t);
	if (t->step == STEP_RUN)
		step_run(t);
	t->busy = false;
	if (t->ssh && t->step == STEP_RUN && !ssh_is_connected(t->ssh))
		fail(t, TUNNEL_FAULT_LOST, ssh_get_error(t->ssh));
	if (t->ssh)
		flush(t);
	mem_deref(t);
}

static void on_socket(int flags, void *arg)
{
	struct tunnel *t = arg;

	/* a server drops who thinks too long: that can wait for the answer,
	 * and nobody reads until then */
	if (t->st.state == TUNNEL_ASKING)
		fd_close(t->fd);
	else
		pump(t);
}

/* ---- watch ---- */

static void sample_tcp(struct tunnel *t)
{
	socklen_t len = sizeof(t->tcp);

	if (getsockopt(t->fd, IPPROTO_TCP, TCP_INFO, &t->tcp, &len))
		return;
	uint32_t segs = t->tcp.tcpi_segs_out;
	uint32_t resent = t->tcp.tcpi_total_retrans;
	if (segs - t->segs < 100)
		return; /* too few for a figure */
	if (t->segs)
		t->loss = 100.0 * (resent - t->resent) / (segs - t->segs);
	t->segs = segs;
	t->resent = resent;
}

static void on_tick(void *arg)
{
	struct tunnel *t = arg;
	int64_t dead_ms = t->prm.dead_ms ? t->prm.dead_ms : DEAD_MS;

	sample_tcp(t);
	/* an office that is down sends nothing, and yet the line lives: its
	 * TCP acknowledges what the client sends every other second */
	if (cal_mono_us() - t->heard_us > dead_ms * 1000 &&
	    t->tcp.tcpi_last_ack_recv > dead_ms) {
		fail(t, TUNNEL_FAULT_SILENT, t->host);
		return;
	}
	tmr_start(&t->tick, TICK_MS, on_tick, t);
	pump(t);
}

int tunnel_peer(const struct tunnel *t, struct sa *addr)
{
	if (t->step != STEP_RUN || !t->at_addr)
		return ENOTCONN;
	sa_cpy(addr, &t->addrs[t->at_addr - 1]);
	return 0;
}

void tunnel_tcp(const struct tunnel *t, int64_t *rtt_us, double *loss)
{
	*rtt_us = t->step == STEP_RUN ? t->tcp.tcpi_rtt : 0;
	*loss = t->step == STEP_RUN ? t->loss : 0;
}

/* ---- sending ---- */

static int send_voice(struct tunnel *t, struct chan *c, const void *data,
		      size_t len)
{
	int unsent = 0;

	if (t->writing)
		return EAGAIN;
	if (!ioctl(t->fd, SIOCOUTQNSD, &unsent) && unsent > VOICE_UNSENT)
		return EAGAIN;
	/* during a re-key it takes nothing */
	int n = ssh_channel_write(c->ch, data, (uint32_t)len);
	return n == (int)len ? 0 : EAGAIN;
}

int tunnel_send(struct tunnel *t, enum tunnel_channel ch, const void *data,
		size_t len)
{
	struct chan *c = &t->chans[ch];
	int err = 0;

	if (t->step != STEP_RUN || c->step != CHAN_OPEN)
		return ENOTCONN;
	if (ch == TUNNEL_VOICE) {
		err = send_voice(t, c, data, len);
	} else {
		size_t left = mbuf_get_left(c->out);
		if (left + len > BACKLOG_BYTES)
			return EAGAIN;
		size_t pos = c->out->pos;
		c->out->pos = c->out->end;
		err = mbuf_write_mem(c->out, data, len);
		c->out->pos = pos;
		send_backlog(t, c);
	}
	if (!t->busy)
		flush(t);
	return err;
}

/* ---- life ---- */

static void destructor(void *arg)
{
	struct tunnel *t = arg;

	t->prm.stateh = NULL;
	drop(t);
	tmr_cancel(&t->retry);
	for (size_t i = 0; i < TUNNEL_CHANNELS; i++)
		mem_deref(t->chans[i].out);
	mem_deref(t->login);
	mem_deref(t->host);
	mem_deref(t->user);
	mem_deref(t->key_file);
}

static void usual_known_hosts(char *out, size_t size)
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (data && *data)
		snprintf(out, size, "%s/zuoxi/known_hosts", data);
	else
		snprintf(out, size, "%s/.local/share/zuoxi/known_hosts",
			 home ? home : "");
}

static int copy_prm(struct tunnel *t, const struct tunnel_prm *prm)
{
	t->prm = *prm;
	if (!t->prm.port)
		t->prm.port = 22;
	if (!t->prm.channels)
		t->prm.channels = (1U << TUNNEL_CHANNELS) - 1;
	int err = str_dup(&t->host, prm->host);
	if (!err)
		err = str_dup(&t->user, prm->user ? prm->user : "zuoxi");
	if (!err && prm->key_file)
		err = str_dup(&t->key_file, prm->key_file);
	t->prm.host = t->host;
	t->prm.user = t->user;
	t->prm.key_file = t->key_file;
	t->prm.known_hosts = t->known_hosts;
	if (prm->known_hosts)
		snprintf(t->known_hosts, sizeof(t->known_hosts), "%s",
			 prm->known_hosts);
	else
		usual_known_hosts(t->known_hosts, sizeof(t->known_hosts));
	return err;
}

int tunnel_alloc(struct tunnel **tp, const struct tunnel_prm *prm)
{
	if (!prm->host || !*prm->host)
		return EINVAL;
	scoped_mem struct tunnel *t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->fd = -1;
	t->st.fault.what = t->st.fault.todo = "";
	tmr_init(&t->tick);
	tmr_init(&t->soon);
	tmr_init(&t->retry);
	for (size_t i = 0; i < TUNNEL_CHANNELS; i++) {
		tmr_init(&t->chans[i].retry);
		t->chans[i].out = mbuf_alloc(512);
		if (!t->chans[i].out)
			return ENOMEM;
	}
	int err = copy_prm(t, prm);
	if (!err) {
		const struct tunnel_login_prm lp = {.tunnel = &t->prm,
						    .known_hosts =
							    t->known_hosts,
						    .key_file = t->key_file};
		err = tunnel_login_alloc(&t->login, &lp);
	}
	if (err)
		return err;
	/* libssh writes to a socket that may be gone */
	signal(SIGPIPE, SIG_IGN);
	*tp = take(t);
	return 0;
}

static void on_open(void *arg)
{
	start(arg);
}

int tunnel_open(struct tunnel *t)
{
	if (t->st.state != TUNNEL_CLOSED)
		return EALREADY;
	t->st.state = TUNNEL_CONNECTING;
	t->st.down_us = cal_now_us();
	t->st.tries = 0;
	tmr_start(&t->retry, 0, on_open, t);
	return 0;
}

void tunnel_close(struct tunnel *t)
{
	drop(t);
	tmr_cancel(&t->retry);
	t->st.state = TUNNEL_CLOSED;
	t->st.up_us = t->st.down_us = t->st.retry_us = 0;
}

void tunnel_retry(struct tunnel *t)
{
	if (t->st.state != TUNNEL_RETRYING && t->st.state != TUNNEL_REFUSED)
		return;
	if (t->st.state == TUNNEL_REFUSED)
		t->st.tries = 0;
	tmr_start(&t->retry, 0, on_open, t);
}

void tunnel_break(struct tunnel *t, enum tunnel_fault_kind kind,
		  const char *detail)
{
	if (t->step != STEP_IDLE)
		fail(t, kind, detail);
}

void tunnel_refuse(struct tunnel *t, const struct tunnel_fault *fault)
{
	struct tunnel_fault f = *fault;

	f.final = true;
	tmr_cancel(&t->retry);
	fail_with(t, &f);
}

/* ---- answers ---- */

static void on_answered(void *arg)
{
	struct tunnel *t = arg;

	if (t->st.state != TUNNEL_ASKING || !t->ssh)
		return;
	t->step_us = cal_mono_us();
	t->writing = false;
	fd_listen(t->fd, FD_READ, on_socket, t);
	tell(t, TUNNEL_CONNECTING);
	pump(t);
}

void tunnel_accept_host(struct tunnel *t, bool yes)
{
	tunnel_login_host(t->login, yes);
	tmr_start(&t->retry, 0, on_answered, t);
}

void tunnel_passphrase(struct tunnel *t, const char *text)
{
	tunnel_login_passphrase(t->login, text);
	tmr_start(&t->retry, 0, on_answered, t);
}

const struct tunnel_status *tunnel_status(const struct tunnel *t)
{
	return &t->st;
}
