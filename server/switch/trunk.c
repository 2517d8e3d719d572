/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/trunk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/phone_no.h"
#include "common/scope.h"

#define TRUNKS_MAX     32
#define EXPIRES_S      300
#define PROBE_MS       30000
#define RETRY_FIRST_MS 2000
#define RETRY_MAX_MS   120000

struct trunk {
	struct le le;
	struct trunks *all;
	json_t *config; /* as given: to see what changed */
	char id[32], host[128], user[64], password[64], caller[64];
	bool registers;
	enum sip_transp tp;
	uint16_t port;
	struct sa addr;		/* of host, once known */
	struct sip_dialog *dlg; /* of the registration */
	struct sip_auth *auth;
	struct sip_request *req;
	struct dns_query *dnsq;
	struct tmr tmr;
	uint64_t retry_ms;
	bool told, up; /* told: the office heard a first state */
	int64_t since_us;
	char why[96];
	bool leaving;
};

struct trunks {
	struct list list;
	struct journal *journal;
	struct sip_stack *s;
};

static void on_tmr(void *arg);

static void trunk_destructor(void *arg)
{
	struct trunk *t = arg;

	list_unlink(&t->le);
	tmr_cancel(&t->tmr);
	mem_deref(t->dnsq);
	mem_deref(t->req);
	mem_deref(t->dlg);
	mem_deref(t->auth);
	json_decref(t->config);
}

static void trunks_destructor(void *arg)
{
	struct trunks *t = arg;

	list_flush(&t->list);
}

int trunks_alloc(struct trunks **tp, struct journal *journal)
{
	struct trunks *t = mem_zalloc(sizeof(*t), trunks_destructor);

	if (!t)
		return ENOMEM;
	t->journal = journal;
	*tp = t;
	return 0;
}

/* ---- state ---- */

static void set_up(struct trunk *t, bool up, const char *why)
{
	if (t->told && t->up == up)
		return;
	t->told = true;
	t->up = up;
	t->since_us = cal_now_us();
	str_ncpy(t->why, why, sizeof(t->why));
	log_info("trunk %s is %s: %s", t->id, up ? "up" : "down", why);
	int err = journal_event(
		t->all->journal, up ? "trunk.up" : "trunk.down",
		json_pack("{s:s, s:s}", "trunk", t->id, "why", why));
	if (err)
		log_error("trunk %s: event lost: %s", t->id, strerror(err));
}

static void failed(struct trunk *t, const char *why)
{
	set_up(t, false, why);
	tmr_start(&t->tmr, t->retry_ms, on_tmr, t);
	t->retry_ms *= 2;
	if (t->retry_ms > RETRY_MAX_MS)
		t->retry_ms = RETRY_MAX_MS;
}

static void fine(struct trunk *t, uint64_t next_ms)
{
	t->retry_ms = RETRY_FIRST_MS;
	set_up(t, true, "ok");
	tmr_start(&t->tmr, next_ms, on_tmr, t);
}

static void print_reason(char out[96], const struct sip_msg *msg)
{
	char text[64];

	if (pl_strcpy(&msg->reason, text, sizeof(text)))
		text[0] = '\0';
	snprintf(out, 96, "%u %s", msg->scode, text);
}

/* ---- registration ---- */

static int send_register(struct trunk *t);

static bool on_contact(const struct sip_hdr *hdr, const struct sip_msg *msg,
		       void *arg)
{
	uint32_t *expires = arg;
	struct sip_addr addr;
	struct pl val;
	(void)msg;

	if (sip_addr_decode(&addr, &hdr->val) ||
	    msg_param_decode(&addr.params, "expires", &val))
		return false;
	*expires = pl_u32(&val);
	return true;
}

static uint32_t granted(const struct sip_msg *msg)
{
	uint32_t expires = EXPIRES_S;

	if (pl_isset(&msg->expires))
		expires = pl_u32(&msg->expires);
	sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, on_contact, &expires);
	if (expires < 10)
		expires = 10;
	return expires < EXPIRES_S ? expires : EXPIRES_S;
}

static void on_registered(int err, const struct sip_msg *msg, void *arg)
{
	struct trunk *t = arg;
	char why[96];

	if (err == ECONNABORTED || t->leaving) /* the stack is closing */
		return;
	if (err) {
		failed(t, strerror(err));
		return;
	}
	if (msg->scode < 200)
		return;
	if (msg->scode < 300) {
		fine(t, (uint64_t)granted(msg) * 500);
		return;
	}
	if ((msg->scode == 401 || msg->scode == 407) &&
	    !sip_auth_authenticate(t->auth, msg) && !send_register(t))
		return;
	print_reason(why, msg);
	failed(t, why);
}

static int on_register_send(enum sip_transp tp, const struct sa *src,
			    const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct trunk *t = arg;
	struct sa local;
	(void)src;

	int err = sip_stack_contact(t->all->s, dst, tp, &local);
	if (err)
		return err;
	return mbuf_printf(mb, "Contact: <sip:%s@%J%s>;expires=%u\r\n",
			   *t->user ? t->user : "zuoxi", &local,
			   sip_transp_param(tp), t->leaving ? 0 : EXPIRES_S);
}

static int send_register(struct trunk *t)
{
	return sip_drequestf(&t->req, sip_stack_sip(t->all->s), true,
			     "REGISTER", t->dlg, 0, t->auth, on_register_send,
			     on_registered, t, "Content-Length: 0\r\n\r\n");
}

static int on_auth(char **user, char **password, const char *realm, void *arg)
{
	const struct trunk *t = arg;
	(void)realm;

	if (!*t->user)
		return EAUTH;
	int err = str_dup(user, t->user);
	return err ? err : str_dup(password, t->password);
}

/* A new dialog (Call-ID) for each run of attempts, so that a carrier that
 * restarted does not meet an old CSeq. */
static int register_begin(struct trunk *t)
{
	char uri[SIP_URI], aor[SIP_URI];

	snprintf(uri, sizeof(uri), "sip:%s:%u%s", t->host, t->port,
		 sip_transp_param(t->tp));
	snprintf(aor, sizeof(aor), "sip:%s@%s", t->user, t->host);
	t->dlg = mem_deref(t->dlg);
	t->auth = mem_deref(t->auth);
	int err = sip_dialog_alloc(&t->dlg, uri, aor, NULL, aor, NULL, 0);
	if (!err)
		err = sip_auth_alloc(&t->auth, on_auth, t, false);
	return err ? err : send_register(t);
}

/* ---- probe ---- */

static void on_probed(int err, const struct sip_msg *msg, void *arg)
{
	struct trunk *t = arg;
	char why[96];

	if (err == ECONNABORTED || (!err && msg->scode < 200))
		return;
	if (err) {
		failed(t, strerror(err));
	} else if (msg->scode == 408 || msg->scode == 503) {
		print_reason(why, msg);
		failed(t, why);
	} else {
		fine(t, PROBE_MS);
	}
}

static int probe(struct trunk *t)
{
	char uri[SIP_URI];
	struct sa local;

	snprintf(uri, sizeof(uri), "sip:%s:%u%s", t->host, t->port,
		 sip_transp_param(t->tp));
	int err = sip_stack_local(t->all->s, &t->addr, &local);
	if (err)
		return err;
	return sip_requestf(&t->req, sip_stack_sip(t->all->s), true, "OPTIONS",
			    uri, NULL, NULL, NULL, on_probed, t,
			    "To: <%s>\r\n"
			    "From: <sip:zuoxi@%J>;tag=%08x\r\n"
			    "Call-ID: %08x%08x\r\n"
			    "CSeq: 1 OPTIONS\r\n"
			    "Content-Length: 0\r\n\r\n",
			    uri, &local, rand_u32(), rand_u32(), rand_u32());
}

/* ---- name of the host ---- */

static void begin(struct trunk *t)
{
	if (t->req)
		return;
	if (t->tp == SIP_TRANSP_TLS && !sip_stack_has_tls(t->all->s)) {
		failed(t, "sip.tls_port is 0: no TLS here");
		return;
	}
	int err = t->registers ? register_begin(t) : probe(t);
	if (err)
		failed(t, strerror(err));
}

static bool on_rr(struct dnsrr *rr, void *arg)
{
	struct trunk *t = arg;

	sa_set_in(&t->addr, rr->rdata.a.addr, t->port);
	return true;
}

static void on_resolved(int err, const struct dnshdr *hdr, struct list *ansl,
			struct list *authl, struct list *addl, void *arg)
{
	struct trunk *t = arg;
	(void)hdr;
	(void)authl;
	(void)addl;

	if (!err)
		dns_rrlist_apply(ansl, NULL, DNS_TYPE_A, DNS_CLASS_IN, true,
				 on_rr, t);
	if (!sa_isset(&t->addr, SA_ADDR))
		failed(t, "host has no address");
	else
		begin(t);
}

static void on_tmr(void *arg)
{
	struct trunk *t = arg;

	if (!sa_set_str(&t->addr, t->host, t->port)) {
		begin(t);
		return;
	}
	t->dnsq = mem_deref(t->dnsq);
	int err = dnsc_query(&t->dnsq, sip_stack_dns(t->all->s), t->host,
			     DNS_TYPE_A, DNS_CLASS_IN, true, on_resolved, t);
	if (err)
		failed(t, strerror(err));
}

/* ---- configuration ---- */

static bool host_ok(const char *host)
{
	return *host && strspn(host, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789.-") == strlen(host);
}

static void copy(char *out, size_t size, const char *text)
{
	sip_clean(out, size, text ? text : "");
}

static int transport_parse(enum sip_transp *tp, const char *name)
{
	static const struct {
		const char *name;
		enum sip_transp tp;
	} all[] = {{"udp", SIP_TRANSP_UDP},
		   {"tcp", SIP_TRANSP_TCP},
		   {"tls", SIP_TRANSP_TLS}};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!strcmp(all[i].name, name)) {
			*tp = all[i].tp;
			return 0;
		}
	}
	return EBADMSG;
}

static int trunk_parse(struct trunk *t, json_t *obj, char *fault)
{
	struct json_in in;

	json_in_init(&in, obj);
	const char *id = json_in_str(&in, "id", sizeof(t->id));
	const char *kind = json_in_str_or(&in, "kind", 16, "peer");
	const char *host = json_in_str(&in, "host", sizeof(t->host));
	const char *tp = json_in_str_or(&in, "transport", 8, "udp");
	copy(t->user, sizeof(t->user), json_in_str_or(&in, "user", 64, ""));
	copy(t->password, sizeof(t->password),
	     json_in_str_or(&in, "password", 64, ""));
	copy(t->caller, sizeof(t->caller),
	     json_in_str_or(&in, "caller", 64, ""));
	t->port = (uint16_t)json_in_int_or(&in, "port", 0, 65535, 0);
	(void)json_in_array(&in, "numbers", false);
	if (json_in_done(&in)) {
		snprintf(fault, 160, "trunk: %.150s", in.fault);
		return EBADMSG;
	}
	t->registers = !strcmp(kind, "register");
	if (!host_ok(host) || (!t->registers && strcmp(kind, "peer") != 0) ||
	    transport_parse(&t->tp, tp)) {
		snprintf(fault, 160, "trunk %s: host, kind or transport", id);
		return EBADMSG;
	}
	copy(t->id, sizeof(t->id), id);
	copy(t->host, sizeof(t->host), host);
	t->port = sip_transp_port(t->tp, t->port);
	/* calls from it are known from now on, not from the next turn */
	(void)sa_set_str(&t->addr, t->host, t->port);
	return 0;
}

static int trunk_alloc(struct trunk **tp, struct trunks *all, json_t *obj,
		       char *fault)
{
	scoped_mem struct trunk *t = mem_zalloc(sizeof(*t), trunk_destructor);

	if (!t)
		return ENOMEM;
	t->all = all;
	t->config = json_incref(obj);
	t->retry_ms = RETRY_FIRST_MS;
	tmr_init(&t->tmr);
	int err = trunk_parse(t, obj, fault);
	if (!err)
		*tp = take(t);
	return err;
}

static struct trunk *trunk_same(const struct trunks *all, json_t *obj)
{
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		struct trunk *t = le->data;
		if (json_equal(t->config, obj))
			return t;
	}
	return NULL;
}

static void trunk_keep(struct trunk *t, struct list *next)
{
	list_unlink(&t->le);
	list_append(next, &t->le, t);
}

int trunks_configure(struct trunks *all, json_t *list, char *fault)
{
	struct list fresh = LIST_INIT, next = LIST_INIT;
	size_t i;
	json_t *obj;
	int err = json_array_size(list) > TRUNKS_MAX ? EBADMSG : 0;

	if (err)
		snprintf(fault, 160, "more than %d trunks", TRUNKS_MAX);
	json_array_foreach (list, i, obj) {
		struct trunk *t = NULL;
		if (err || trunk_same(all, obj))
			continue;
		err = trunk_alloc(&t, all, obj, fault);
		if (!err)
			list_append(&fresh, &t->le, t);
	}
	if (err) {
		list_flush(&fresh);
		return err;
	}
	json_array_foreach (list, i, obj) {
		struct trunk *t = trunk_same(all, obj);
		if (t)
			trunk_keep(t, &next);
	}
	list_flush(&all->list);
	while (next.head)
		trunk_keep(list_ledata(next.head), &all->list);
	while (fresh.head) {
		struct trunk *t = list_ledata(fresh.head);
		trunk_keep(t, &all->list);
		if (all->s)
			tmr_start(&t->tmr, 0, on_tmr, t);
	}
	return 0;
}

void trunks_start(struct trunks *all, struct sip_stack *s)
{
	struct le *le;

	all->s = s;
	LIST_FOREACH (&all->list, le) {
		struct trunk *t = le->data;
		tmr_start(&t->tmr, 0, on_tmr, t);
	}
}

/* ---- calls ---- */

bool trunks_know(const struct trunks *all, const struct sa *src)
{
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		const struct trunk *t = le->data;
		if (sa_cmp(&t->addr, src, SA_ADDR))
			return true;
	}
	return false;
}

bool trunks_tls_hosts(const struct trunks *all, sip_tls_host_h *h, void *arg)
{
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		const struct trunk *t = le->data;
		if (t->tp == SIP_TRANSP_TLS && h(t->host, arg))
			return true;
	}
	return false;
}

bool trunks_have(const struct trunks *all, const struct uri *uri)
{
	struct sa addr;
	struct le *le;
	bool literal = !sa_set(&addr, &uri->host, 0);

	LIST_FOREACH (&all->list, le) {
		const struct trunk *t = le->data;
		if (literal ? sa_cmp(&t->addr, &addr, SA_ADDR)
			    : !pl_strcasecmp(&uri->host, t->host))
			return true;
	}
	return false;
}

static bool serves(const struct trunk *t, const char *number)
{
	json_t *numbers = json_object_get(t->config, "numbers");
	size_t i;
	json_t *n;

	if (!json_array_size(numbers))
		return true;
	json_array_foreach (numbers, i, n) {
		const char *own = json_string_value(n);
		if (own &&
		    (!strcmp(own, number) || phone_no_same(own, number)))
			return true;
	}
	return false;
}

struct trunk *trunk_of_call(const struct trunks *all, const struct sa *src,
			    const char *number)
{
	struct trunk *found = NULL;
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		struct trunk *t = le->data;
		if (!sa_cmp(&t->addr, src, SA_ADDR) || !serves(t, number))
			continue;
		if (sa_cmp(&t->addr, src, SA_ALL))
			return t; /* several behind one address */
		if (!found)
			found = t;
	}
	return found;
}

void trunk_heard(struct trunk *t)
{
	if (!t->registers)
		set_up(t, true, "it called");
}

bool trunks_leave(struct trunks *all)
{
	bool sent = false;
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		struct trunk *t = le->data;
		tmr_cancel(&t->tmr);
		if (!t->registers || !t->up || t->req)
			continue;
		t->leaving = true;
		sent |= !send_register(t);
	}
	return sent;
}

const char *trunk_id(const struct trunk *t)
{
	return t->id;
}

static struct trunk *trunk_find(const struct trunks *all, const char *id)
{
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		struct trunk *t = le->data;
		if (!strcmp(t->id, id))
			return t;
	}
	return NULL;
}

static bool number_ok(const char *number)
{
	size_t n = strspn(number + (*number == '+'), "0123456789*#");

	n += *number == '+';
	return n > 1 && n < 40 && !number[n];
}

int trunk_dial(struct leg **lp, struct trunks *all,
	       const struct trunk_call *call)
{
	const struct trunk *t = trunk_find(all, call->trunk);
	char uri[SIP_URI], from[64];

	if (!t)
		return ENOENT;
	if (!number_ok(call->number))
		return EBADMSG;
	/* # is not for a URI as it is (RFC 3261 25.1) */
	(void)re_snprintf(
		uri, sizeof(uri), "sip:%H@%s:%u%s", uri_user_escape,
		&(struct pl){.p = call->number, .l = strlen(call->number)},
		t->host, t->port, sip_transp_param(t->tp));
	copy(from, sizeof(from), call->from);
	if (!*from)
		copy(from, sizeof(from), *t->caller ? t->caller : t->user);
	struct dialog_prm prm = {
		.id = call->leg,
		.contact = call->contact,
		.trunk = t->id,
		.phone = "",
		.uri = uri,
		.peer = t->addr,
		.from_user = *from ? from : "anonymous",
		.from_name = call->name ? call->name : "",
		.user = t->user,
		.password = t->password,
	};
	int err = dialog_dial(lp, all->s, &prm);
	if (!err)
		snprintf((*lp)->to, sizeof((*lp)->to), "%s", call->number);
	return err;
}

json_t *trunks_json(const struct trunks *all)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (&all->list, le) {
		const struct trunk *t = le->data;
		json_array_append_new(list, json_pack("{s:s, s:b, s:I, s:s}",
						      "trunk", t->id, "up",
						      t->up, "since_us",
						      (json_int_t)t->since_us,
						      "why", t->why));
	}
	return list;
}
