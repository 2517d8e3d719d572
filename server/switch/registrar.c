/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REGISTER, RFC 3261 10.3, with digest (RFC 2617, MD5). A nonce is the time
 * of its making and a keyed hash of time and source: nothing is stored for
 * somebody who only asks.
 */
#include "server/switch/registrar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/switch/dialog.h"

#define PHONES_MAX   2000
#define NONCE_S	     120
#define EXPIRES_MIN  60
#define EXPIRES_MAX  3600
#define NONCE_BYTES  64
#define SECRET_BYTES 16

struct phone {
	struct le le;
	struct registrar *r;
	char name[32];
	char realm[64];
	uint8_t ha1[MD5_SIZE];
	char contact[SIP_URI]; /* "": not registered */
	struct sa source;
	enum sip_transp tp;
	struct tmr tmr;
};

struct registrar {
	struct list phones;
	struct journal *journal;
	char realm[64];
	uint8_t secret[SECRET_BYTES];
};

static void phone_destructor(void *arg)
{
	struct phone *p = arg;

	list_unlink(&p->le);
	tmr_cancel(&p->tmr);
}

static void registrar_destructor(void *arg)
{
	struct registrar *r = arg;

	list_flush(&r->phones);
}

int registrar_alloc(struct registrar **rp, struct journal *journal,
		    const char *realm)
{
	struct registrar *r = mem_zalloc(sizeof(*r), registrar_destructor);

	if (!r)
		return ENOMEM;
	r->journal = journal;
	sip_clean(r->realm, sizeof(r->realm), realm);
	rand_bytes(r->secret, sizeof(r->secret));
	*rp = r;
	return 0;
}

/* ---- phones ---- */

static struct phone *phone_find(const struct list *list, const char *name)
{
	struct le *le;

	LIST_FOREACH (list, le) {
		struct phone *p = le->data;
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static void tell(struct phone *p, const char *kind)
{
	char source[64];

	(void)re_snprintf(source, sizeof(source), "%J", &p->source);
	log_info("%s: %s at %s", kind, p->name, source);
	int err = journal_event(
		p->r->journal, kind,
		json_pack("{s:s, s:s}", "phone", p->name, "source", source));
	if (err)
		log_error("event %s lost: %s", kind, strerror(err));
}

static void phone_gone(struct phone *p)
{
	if (!*p->contact)
		return;
	tmr_cancel(&p->tmr);
	tell(p, "phone.gone");
	p->contact[0] = '\0';
}

static void on_expired(void *arg)
{
	phone_gone(arg);
}

static int phone_alloc(struct phone **pp, struct registrar *r, json_t *obj,
		       char *fault)
{
	struct json_in in;
	scoped_mem struct phone *p = mem_zalloc(sizeof(*p), phone_destructor);

	if (!p)
		return ENOMEM;
	p->r = r;
	tmr_init(&p->tmr);
	json_in_init(&in, obj);
	sip_clean(p->name, sizeof(p->name),
		  json_in_str(&in, "name", sizeof(p->name)));
	const char *ha1 = json_in_str(&in, "ha1", 33);
	sip_clean(p->realm, sizeof(p->realm),
		  json_in_str_or(&in, "realm", sizeof(p->realm), r->realm));
	if (json_in_done(&in) || !*p->name ||
	    str_hex(p->ha1, sizeof(p->ha1), ha1)) {
		snprintf(fault, 160, "phone: %.150s",
			 *in.fault ? in.fault : "name or ha1");
		return EBADMSG;
	}
	*pp = take(p);
	return 0;
}

/* A phone whose secret is the same stays registered. */
static void inherit(struct phone *p, struct phone *old)
{
	if (!old || memcmp(p->ha1, old->ha1, sizeof(p->ha1)) || !*old->contact)
		return;
	snprintf(p->contact, sizeof(p->contact), "%s", old->contact);
	p->source = old->source;
	p->tp = old->tp;
	tmr_start(&p->tmr, tmr_get_expire(&old->tmr), on_expired, p);
	old->contact[0] = '\0';
}

int registrar_configure(struct registrar *r, json_t *phones, char *fault)
{
	struct list fresh = LIST_INIT;
	size_t i;
	json_t *obj;
	int err = json_array_size(phones) > PHONES_MAX ? EBADMSG : 0;

	if (err)
		snprintf(fault, 160, "more than %d phones", PHONES_MAX);
	json_array_foreach (phones, i, obj) {
		struct phone *p = NULL;
		if (!err)
			err = phone_alloc(&p, r, obj, fault);
		if (!err)
			list_append(&fresh, &p->le, p);
	}
	if (err) {
		list_flush(&fresh);
		return err;
	}
	struct le *le;
	LIST_FOREACH (&fresh, le) {
		struct phone *p = le->data;
		inherit(p, phone_find(&r->phones, p->name));
	}
	while (r->phones.head) {
		struct phone *old = list_ledata(r->phones.head);
		phone_gone(old);
		mem_deref(old);
	}
	while (fresh.head) {
		struct phone *p = list_ledata(fresh.head);
		list_unlink(&p->le);
		list_append(&r->phones, &p->le, p);
	}
	return 0;
}

/* ---- digest ---- */

static void nonce_make(char out[NONCE_BYTES], const struct registrar *r,
		       const struct sa *src, uint64_t at_s)
{
	uint8_t md[MD5_SIZE];

	/* keyed at both ends: no length extension of use */
	(void)md5_printf(md, "%w:%llu:%j:%w", r->secret, sizeof(r->secret),
			 (unsigned long long)at_s, src, r->secret,
			 sizeof(r->secret));
	(void)re_snprintf(out, NONCE_BYTES, "%llx.%w",
			  (unsigned long long)at_s, md, sizeof(md));
}

static uint64_t now_s(void)
{
	return (uint64_t)(cal_mono_us() / 1000000);
}

enum verdict { DIGEST_NONE, DIGEST_STALE, DIGEST_WRONG, DIGEST_RIGHT };

static enum verdict nonce_check(const struct registrar *r,
				const struct sip_msg *msg,
				const struct pl *nonce)
{
	char want[NONCE_BYTES];
	const char *dot = pl_strchr(nonce, '.');

	if (!dot)
		return DIGEST_STALE;
	struct pl at = {.p = nonce->p, .l = (size_t)(dot - nonce->p)};
	uint64_t at_s = pl_x64(&at);
	nonce_make(want, r, &msg->src, at_s);
	if (pl_strcmp(nonce, want))
		return DIGEST_STALE;
	return now_s() - at_s > NONCE_S ? DIGEST_STALE : DIGEST_RIGHT;
}

static enum verdict digest_check(const struct registrar *r,
				 const struct sip_msg *msg,
				 const struct phone *p)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_AUTHORIZATION);
	struct httpauth_digest_resp resp;

	if (!hdr || httpauth_digest_response_decode(&resp, &hdr->val))
		return DIGEST_NONE;
	enum verdict v = nonce_check(r, msg, &resp.nonce);
	if (v != DIGEST_RIGHT)
		return v;
	if (!p || pl_strcmp(&resp.username, p->name) ||
	    pl_strcmp(&resp.realm, p->realm) ||
	    httpauth_digest_response_auth(&resp, &msg->met, p->ha1))
		return DIGEST_WRONG;
	return DIGEST_RIGHT;
}

static void challenge(const struct registrar *r, struct sip_stack *s,
		      const struct sip_msg *msg, const struct phone *p,
		      bool stale)
{
	char nonce[NONCE_BYTES];

	nonce_make(nonce, r, &msg->src, now_s());
	(void)sip_treplyf(
		NULL, NULL, sip_stack_sip(s), msg, false, 401, "Unauthorized",
		"WWW-Authenticate: Digest realm=\"%s\", "
		"nonce=\"%s\", qop=\"auth\", algorithm=MD5%s\r\n"
		"Content-Length: 0\r\n\r\n",
		p ? p->realm : r->realm, nonce, stale ? ", stale=true" : "");
}

/* ---- REGISTER ---- */

static uint32_t expires_asked(const struct sip_msg *msg,
			      const struct sip_addr *addr)
{
	struct pl val;

	if (addr && !msg_param_decode(&addr->params, "expires", &val))
		return pl_u32(&val);
	return pl_isset(&msg->expires) ? pl_u32(&msg->expires) : EXPIRES_MAX;
}

static void reply_ok(struct sip_stack *s, const struct sip_msg *msg,
		     const struct phone *p, uint32_t expires)
{
	if (*p->contact)
		(void)sip_treplyf(NULL, NULL, sip_stack_sip(s), msg, false,
				  200, "OK",
				  "Contact: <%s>;expires=%u\r\n"
				  "Content-Length: 0\r\n\r\n",
				  p->contact, expires);
	else
		(void)sip_treply(NULL, sip_stack_sip(s), msg, 200, "OK");
}

static void bind_contact(struct phone *p, struct sip_stack *s,
			 const struct sip_msg *msg,
			 const struct sip_addr *addr, uint32_t expires)
{
	char uri[SIP_URI];

	if (pl_strcpy(&addr->auri, uri, sizeof(uri)) ||
	    strpbrk(uri, "<>\"\r\n ")) {
		(void)sip_treply(NULL, sip_stack_sip(s), msg, 400,
				 "Bad Contact");
		return;
	}
	bool news = strcmp(uri, p->contact) != 0 ||
		    !sa_cmp(&p->source, &msg->src, SA_ADDR);
	snprintf(p->contact, sizeof(p->contact), "%s", uri);
	p->source = msg->src;
	p->tp = msg->tp;
	tmr_start(&p->tmr, (uint64_t)expires * 1000, on_expired, p);
	reply_ok(s, msg, p, expires);
	if (news)
		tell(p, "phone.registered");
}

static void update(struct phone *p, struct sip_stack *s,
		   const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	bool all = hdr && !pl_strcmp(&hdr->val, "*");

	if (!hdr) { /* a question */
		reply_ok(s, msg, p,
			 (uint32_t)(tmr_get_expire(&p->tmr) / 1000));
		return;
	}
	if (!all && sip_addr_decode(&addr, &hdr->val)) {
		(void)sip_treply(NULL, sip_stack_sip(s), msg, 400,
				 "Bad Contact");
		return;
	}
	uint32_t expires = expires_asked(msg, all ? NULL : &addr);
	if (!expires) {
		phone_gone(p);
		reply_ok(s, msg, p, 0);
	} else if (all) {
		(void)sip_treply(NULL, sip_stack_sip(s), msg, 400,
				 "Bad Contact");
	} else if (expires < EXPIRES_MIN) {
		(void)sip_treplyf(NULL, NULL, sip_stack_sip(s), msg, false,
				  423, "Interval Too Brief",
				  "Min-Expires: %u\r\n"
				  "Content-Length: 0\r\n\r\n",
				  EXPIRES_MIN);
	} else {
		bind_contact(p, s, msg, &addr,
			     expires > EXPIRES_MAX ? EXPIRES_MAX : expires);
	}
}

void registrar_request(struct registrar *r, struct sip_stack *s,
		       const struct sip_msg *msg)
{
	char name[sizeof(((struct phone *)0)->name)];
	struct phone *p = NULL;

	if (!sip_stack_is_phone(s, &msg->src)) {
		(void)sip_treply(NULL, sip_stack_sip(s), msg, 403,
				 "Forbidden");
		return;
	}
	if (!pl_strcpy(&msg->to.uri.user, name, sizeof(name)))
		p = phone_find(&r->phones, name);
	switch (digest_check(r, msg, p)) {
	case DIGEST_NONE: /* also for unknown names: nobody learns which */
		challenge(r, s, msg, p, false);
		break;
	case DIGEST_STALE:
		challenge(r, s, msg, p, true);
		break;
	case DIGEST_WRONG:
		log_warn("phone: wrong secret for '%s'", p ? p->name : "?");
		(void)sip_treply(NULL, sip_stack_sip(s), msg, 403,
				 "Forbidden");
		break;
	case DIGEST_RIGHT:
		update(p, s, msg);
		break;
	}
}

/* ---- calls ---- */

int registrar_dial(struct leg **lp, struct registrar *r, struct sip_stack *s,
		   const struct registrar_call *call)
{
	const struct phone *p = phone_find(&r->phones, call->phone);
	char route[128], from[64];

	if (!p || !*p->contact)
		return ENOENT;
	/* to where it registered from, whatever its Contact says (NAT) */
	(void)re_snprintf(route, sizeof(route), "sip:%J%s", &p->source,
			  sip_transp_param(p->tp));
	sip_clean(from, sizeof(from), call->from ? call->from : "");
	struct dialog_prm prm = {
		.id = call->leg,
		.contact = call->contact,
		.trunk = "",
		.phone = p->name,
		.uri = p->contact,
		.route = route,
		.peer = p->source,
		.from_user = *from ? from : "anonymous",
		.from_name = call->name ? call->name : "",
		.user = "",
		.password = "",
		.auto_answer = call->auto_answer,
	};
	return dialog_dial(lp, s, &prm);
}

json_t *registrar_json(const struct registrar *r)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (&r->phones, le) {
		const struct phone *p = le->data;
		if (*p->contact)
			json_array_append_new(list, json_string(p->name));
	}
	return list;
}
