/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/sip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/scope.h"
#include "server/switch/dialog.h"
#include "server/switch/guard.h"
#include "server/switch/registrar.h"
#include "server/switch/sip_tls.h"
#include "server/switch/trunk.h"

#define HASH_SIZE    1024
#define SOCKET_BYTES (1 << 20)
#define NETWORKS_MAX 16
#define FIRST_LINE   1024

struct network {
	struct sa addr;
	unsigned bits;
};

struct sip_stack {
	struct sip_prm prm;
	struct sip *sip;
	struct sip_lsnr *lsnr_req, *lsnr_resp;
	struct sipsess_sock *sessions;
	struct dnsc *dns;
	struct sip_tls *tls;
	struct guard *guard;
	struct sa listen; /* address and port that we are bound to */
	struct sa reach;  /* public_address, if one is set */
	struct network networks[NETWORKS_MAX];
	unsigned networks_n;
	struct udp_sock *knock; /* see prime() */
	struct udp_helper *filter;
	bool draining;
	struct sip_stats stats;
};

void sip_clean(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c != 0x7f && !strchr("\"\\<>", c))
			out[n++] = (char)c;
	}
	out[n] = '\0';
}

/* ---- sources ---- */

static bool in_network(const struct network *net, const struct sa *src)
{
	uint32_t mask = net->bits ? ~0u << (32 - net->bits) : 0;

	return sa_af(src) == AF_INET &&
	       ((sa_in(src) ^ sa_in(&net->addr)) & mask) == 0;
}

bool sip_stack_is_phone(const struct sip_stack *s, const struct sa *src)
{
	for (unsigned i = 0; i < s->networks_n; i++) {
		if (in_network(&s->networks[i], src))
			return true;
	}
	return false;
}

static bool on_known(const struct sa *src, void *arg)
{
	const struct sip_stack *s = arg;

	return sip_stack_is_phone(s, src) || trunks_know(s->prm.trunks, src) ||
	       dialog_knows(s, src);
}

static int add_network(struct sip_stack *s, const char *text)
{
	char addr[64];
	unsigned bits = 32;

	if (sscanf(text, " %63[^/ ]/%u", addr, &bits) < 1)
		return EBADMSG;
	struct network *net = &s->networks[s->networks_n];
	if (bits > 32 || sa_set_str(&net->addr, addr, 0) ||
	    sa_af(&net->addr) != AF_INET)
		return EBADMSG;
	net->bits = bits;
	s->networks_n++;
	return 0;
}

static int parse_networks(struct sip_stack *s, const char *list)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *t = strtok_r(copy, ",", &save); t;
	     t = strtok_r(NULL, ",", &save)) {
		if (s->networks_n == NETWORKS_MAX || add_network(s, t)) {
			log_error("sip.networks: '%s' is no network", t);
			return EBADMSG;
		}
	}
	return 0;
}

/* The address that the kernel would send from. */
static int source_address(const struct sa *peer, struct sa *local)
{
	scoped_fd int fd = socket(sa_af(peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sa sa = *peer;

	if (fd < 0)
		return errno;
	sa_set_port(&sa, 9);
	if (connect(fd, &sa.u.sa, sa.len))
		return errno;
	local->len = sizeof(local->u);
	return getsockname(fd, &local->u.sa, &local->len) ? errno : 0;
}

int sip_stack_local(const struct sip_stack *s, const struct sa *peer,
		    struct sa *local)
{
	int err = 0;

	if (sa_isset(&s->reach, SA_ADDR))
		*local = s->reach;
	else if (!sa_is_any(&s->listen))
		*local = s->listen;
	else
		err = source_address(peer, local);
	sa_set_port(local, sa_port(&s->listen));
	return err;
}

int sip_stack_contact(const struct sip_stack *s, const struct sa *peer,
		      enum sip_transp tp, struct sa *local)
{
	int err = sip_stack_local(s, peer, local);

	if (tp == SIP_TRANSP_TLS)
		sa_set_port(local, s->prm.tls_port);
	return err;
}

bool sip_stack_has_tls(const struct sip_stack *s)
{
	return s->prm.tls_port;
}

/* ---- before the parser ---- */

/* Cheap look: a SIP message names its version in its first line. */
static bool looks_like_sip(const struct mbuf *mb)
{
	size_t len = mbuf_get_left(mb);
	const char *p = (const char *)mbuf_buf(mb);

	if (len > FIRST_LINE)
		len = FIRST_LINE;
	const char *end = memchr(p, '\n', len);
	return end && memmem(p, (size_t)(end - p), "SIP/2.0", 7);
}

/* What libre cannot read it drops with a line on stderr for each: so we
 * parse first, drop and count. The second parse costs microseconds. */
static bool decodes(struct mbuf *mb)
{
	struct sip_msg *msg = NULL;
	size_t pos = mb->pos, end = mb->end;
	int err = sip_msg_decode(&msg, mb);

	mb->pos = pos;
	mb->end = end;
	mem_deref(msg);
	return !err;
}

/* Every datagram, before libre sees it. True: it is dealt with. */
static bool on_datagram(struct sa *src, struct mbuf *mb, void *arg)
{
	struct sip_stack *s = arg;

	s->stats.received++;
	if (!guard_known(s->guard, src) && !guard_admit(s->guard, src))
		return true;
	if (mbuf_get_left(mb) <= 4) /* keep-alive, RFC 5626 */
		return true;
	if (!looks_like_sip(mb) || !decodes(mb)) {
		s->stats.undecodable++;
		return true;
	}
	return false;
}

/* Every message that libre has read or sent, before it acts on it: the one
 * place where an answer to a request of its own can be seen in time. */
static void on_trace(bool tx, enum sip_transp tp, const struct sa *src,
		     const struct sa *dst, const uint8_t *pkt, size_t len,
		     void *arg)
{
	struct sip_stack *s = arg;
	scoped_mem struct sip_msg *msg = NULL;
	scoped_mem struct mbuf *mb = NULL;
	(void)tp;
	(void)src;
	(void)dst;

	if (tx || len < 12 || memcmp(pkt, "SIP/2.0 3", 9) != 0)
		return;
	mb = mbuf_alloc(len);
	if (!mb || mbuf_write_mem(mb, pkt, len))
		return;
	mb->pos = 0;
	if (!sip_msg_decode(&msg, mb) && !pl_strcmp(&msg->cseq.met, "INVITE"))
		dialog_redirected(s, msg);
}

static bool on_dead_bytes(int *err, struct mbuf *mb, bool *estab, void *arg)
{
	(void)err;
	(void)mb;
	(void)estab;
	(void)arg;
	return true;
}

/* A stranger over TCP past its measure: nothing it sends is read again, and
 * libre closes the connection after its idle time. */
static void deafen(const struct sip_msg *msg)
{
	struct tcp_helper *th = NULL;
	struct tcp_conn *tc = sip_msg_tcpconn(msg);

	if (tc &&
	    tcp_register_helper(&th, tc, 0, NULL, NULL, on_dead_bytes, NULL))
		log_warn("sip: cannot silence a connection");
}

/* ---- requests that are no call ---- */

/* RFC 3261 8.1.1: what a request must have. libre has checked that Via, To,
 * From, Call-ID and CSeq decode. */
static const char *fault_of(const struct sip_msg *msg)
{
	if (pl_cmp(&msg->met, &msg->cseq.met) != 0)
		return "CSeq method does not match";
	if (!pl_isset(&msg->from.tag))
		return "From without tag";
	if (!pl_isset(&msg->via.branch))
		return "Via without branch";
	if (pl_isset(&msg->clen) &&
	    pl_u32(&msg->clen) > mbuf_get_left(msg->mb))
		return "Content-Length beyond the message";
	return NULL;
}

static bool refuse_stranger(struct sip_stack *s, const struct sip_msg *msg)
{
	if (guard_known(s->guard, &msg->src) || dialog_has(s, msg))
		return false;
	/* datagrams were counted before they were parsed */
	if (msg->tp != SIP_TRANSP_UDP && !guard_admit(s->guard, &msg->src)) {
		deafen(msg);
		return true;
	}
	guard_refused(s->guard);
	if (pl_strcmp(&msg->met, "ACK"))
		(void)sip_reply(s->sip, msg, 403, "Forbidden");
	return true;
}

static void reply_allow(struct sip_stack *s, const struct sip_msg *msg,
			uint16_t code, const char *reason)
{
	(void)sip_treplyf(NULL, NULL, s->sip, msg, false, code, reason,
			  "Allow: " SIP_ALLOW "\r\n"
			  "Accept: application/sdp\r\n"
			  "Supported: timer\r\n"
			  "Content-Length: 0\r\n\r\n");
}

static bool is_call_method(const struct pl *met)
{
	return !pl_strcmp(met, "INVITE") || !pl_strcmp(met, "ACK") ||
	       !pl_strcmp(met, "BYE") || !pl_strcmp(met, "INFO");
}

/* libre's socket is its own until a message of it comes by: the filter goes
 * in with the first. */
static void install_filter(struct sip_stack *s, const struct sip_msg *msg)
{
	if (s->filter || msg->tp != SIP_TRANSP_UDP)
		return;
	int err = udp_register_helper(&s->filter, msg->sock, 0, NULL,
				      on_datagram, s);
	if (err) {
		log_error("sip: no filter: %s", strerror(err));
		return;
	}
	(void)udp_sockbuf_set(msg->sock, SOCKET_BYTES);
}

/* Every request that belongs to no transaction yet. */
static bool on_request(const struct sip_msg *msg, void *arg)
{
	struct sip_stack *s = arg;

	install_filter(s, msg);
	if (s->knock && msg->tp == SIP_TRANSP_UDP &&
	    !pl_strcmp(&msg->met, "OPTIONS")) {
		struct sa self;
		if (!udp_local_get(s->knock, &self) &&
		    sa_port(&self) == sa_port(&msg->src)) {
			s->knock = mem_deref(s->knock);
			return true;
		}
	}
	if (refuse_stranger(s, msg))
		return true;

	const char *fault = fault_of(msg);
	if (fault) {
		s->stats.bad++;
		if (pl_strcmp(&msg->met, "ACK"))
			(void)sip_treply(NULL, s->sip, msg, 400, fault);
		return true;
	}
	if (is_call_method(&msg->met))
		return false; /* sipsess, then on_invite */
	if (!pl_strcmp(&msg->met, "REGISTER"))
		registrar_request(s->prm.registrar, s, msg);
	else if (!pl_strcmp(&msg->met, "OPTIONS"))
		reply_allow(s, msg, s->draining ? 503 : 200,
			    s->draining ? "Service Unavailable" : "OK");
	else if (!pl_strcmp(&msg->met, "UPDATE"))
		dialog_update(s, msg);
	else if (!pl_strcmp(&msg->met, "CANCEL"))
		(void)sip_reply(s->sip, msg, 481,
				"Transaction Does Not Exist");
	else
		reply_allow(s, msg, 405, "Method Not Allowed");
	return true;
}

/* Answers to nothing that we asked: libre would print each. */
static bool on_stray_response(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return true;
}

static void on_invite(const struct sip_msg *msg, void *arg)
{
	struct sip_stack *s = arg;

	if (s->draining) {
		(void)sip_treply(NULL, s->sip, msg, 503,
				 "Service Unavailable");
		return;
	}
	dialog_invited(s, msg);
}

/* ---- start and end ---- */

/* The first datagram that libre reads is our own, before any stranger's: it
 * brings us the socket (install_filter). */
static void prime(struct sip_stack *s)
{
	struct sa to = s->listen, from;
	struct mbuf *mb = mbuf_alloc(512);

	if (sa_is_any(&to))
		(void)sa_set_str(&to, "127.0.0.1", sa_port(&s->listen));
	from = to;
	sa_set_port(&from, 0);
	int err = mb ? udp_listen(&s->knock, &from, NULL, NULL) : ENOMEM;
	if (!err)
		err = udp_local_get(s->knock, &from);
	if (!err)
		err = mbuf_printf(mb,
				  "OPTIONS sip:%J SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP %J;branch=z9hG4bK%x\r\n"
				  "From: <sip:%J>;tag=%x\r\n"
				  "To: <sip:%J>\r\n"
				  "Call-ID: %x@%J\r\n"
				  "CSeq: 1 OPTIONS\r\n"
				  "Max-Forwards: 0\r\n"
				  "Content-Length: 0\r\n\r\n",
				  &to, &from, rand_u32(), &from, rand_u32(),
				  &to, rand_u32(), &from);
	if (!err) {
		mb->pos = 0;
		err = udp_send(s->knock, &to, mb);
	}
	if (err)
		log_warn("sip: filter waits for the first message: %s",
			 strerror(err));
	mem_deref(mb);
}

static void stack_destructor(void *arg)
{
	struct sip_stack *s = arg;

	mem_deref(s->filter);
	mem_deref(s->lsnr_req);
	mem_deref(s->sessions);
	mem_deref(s->lsnr_resp);
	mem_deref(s->sip);
	mem_deref(s->tls);
	mem_deref(s->dns);
	mem_deref(s->knock);
	mem_deref(s->guard);
}

static int add_transports(struct sip_stack *s)
{
	int err = sa_set_str(&s->listen, s->prm.address, s->prm.port);

	if (!err)
		err = sip_transp_add(s->sip, SIP_TRANSP_UDP, &s->listen);
	if (!err)
		err = sip_transp_laddr(s->sip, &s->listen, SIP_TRANSP_UDP,
				       &s->listen);
	if (!err) /* the same port, also when it was chosen for us */
		err = sip_transp_add(s->sip, SIP_TRANSP_TCP, &s->listen);
	if (err)
		log_error("sip: cannot listen on %s port %u: %s",
			  s->prm.address, s->prm.port, strerror(err));
	return err;
}

static bool on_tls_hosts(sip_tls_host_h *h, void *harg, void *arg)
{
	const struct sip_stack *s = arg;

	return trunks_tls_hosts(s->prm.trunks, h, harg);
}

static int add_tls(struct sip_stack *s)
{
	struct sa listen = s->listen;

	if (!s->prm.tls_port)
		return 0;
	int err = sip_tls_alloc(&s->tls,
				&(struct sip_tls_prm){
					.certificate = s->prm.tls_certificate,
					.authorities = s->prm.tls_authorities,
					.hostsh = on_tls_hosts,
					.arg = s,
				});
	if (err)
		return err;
	sa_set_port(&listen, s->prm.tls_port);
	err = sip_transp_add(s->sip, SIP_TRANSP_TLS, &listen,
			     sip_tls_context(s->tls));
	if (err)
		log_error("sip: cannot listen on port %u: %s", s->prm.tls_port,
			  strerror(err));
	return err;
}

static int dns_start(struct sip_stack *s)
{
	struct sa servers[4];
	uint32_t n = 4;

	if (dns_srv_get(NULL, 0, servers, &n))
		n = 0;
	return dnsc_alloc(&s->dns, NULL, servers, n);
}

int sip_stack_alloc(struct sip_stack **sp, const struct sip_prm *prm)
{
	scoped_mem struct sip_stack *s =
		mem_zalloc(sizeof(*s), stack_destructor);

	if (!s)
		return ENOMEM;
	s->prm = *prm;
	int err = parse_networks(s, prm->networks);
	if (!err && *prm->public_address &&
	    sa_set_str(&s->reach, prm->public_address, 0))
		err = EBADMSG;
	if (!err)
		err = guard_alloc(&s->guard, prm->unknown_rate, on_known, s);
	if (!err)
		err = dns_start(s);
	if (!err)
		err = sip_alloc(&s->sip, s->dns, HASH_SIZE, HASH_SIZE,
				HASH_SIZE, "zuoxi", NULL, s);
	if (!err)
		sip_set_trace_handler(s->sip, on_trace);
	if (!err)
		err = add_transports(s);
	if (!err)
		err = add_tls(s);
	/* in this order: ours sees requests before the sessions do */
	if (!err)
		err = sip_listen(&s->lsnr_req, s->sip, true, on_request, s);
	if (!err)
		err = sipsess_listen(&s->sessions, s->sip, HASH_SIZE,
				     on_invite, s);
	if (!err)
		err = sip_listen(&s->lsnr_resp, s->sip, false,
				 on_stray_response, s);
	if (err)
		return err;
	prime(s);
	*sp = take(s);
	return 0;
}

void sip_stack_drain(struct sip_stack *s)
{
	s->draining = true;
}

void sip_stack_close(struct sip_stack *s)
{
	if (s)
		sip_close(s->sip, true);
}

struct sip *sip_stack_sip(struct sip_stack *s)
{
	return s->sip;
}

struct sipsess_sock *sip_stack_sessions(struct sip_stack *s)
{
	return s->sessions;
}

const struct sip_prm *sip_stack_prm(const struct sip_stack *s)
{
	return &s->prm;
}

struct dnsc *sip_stack_dns(struct sip_stack *s)
{
	return s->dns;
}

uint16_t sip_stack_port(const struct sip_stack *s)
{
	return sa_port(&s->listen);
}

void sip_stack_stats(const struct sip_stack *s, struct sip_stats *out)
{
	struct guard_stats g;

	guard_stats(s->guard, &g);
	*out = s->stats;
	out->refused = g.refused;
	out->silent = g.silent;
}
