/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libre's sipsess carries the transactions (CANCEL, BYE, re-INVITE, ACK and
 * their races). It has no way to put a header on a re-INVITE or on the answer
 * to one, where RFC 4028 wants Session-Expires; but the content type that it
 * prints there is ours, so our headers ride behind it (ctype_make).
 *
 * Session timer: we refresh at half the interval when the refresher is us or
 * the far side has no timer; otherwise at two thirds, which is the probe when
 * the far side failed to. A refresh that is answered 408 or 481 or not at all
 * ends the leg: so a lost BYE costs at most that long (and usually only the
 * RTP timeout).
 *
 * sipsess also follows every redirection, to whatever number and host the
 * answer names. We see an answer before it does and end the call then, unless
 * it leads to the same number at a trunk of ours.
 */
#include "server/switch/dialog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/phone_no.h"
#include "common/scope.h"
#include "server/switch/trunk.h"

#define MIN_SE	    90
#define MAX_SE	    86400
#define REDIRECTS   3
#define PT_PCMU	    0 /* RFC 3551: static, often without a name */
#define PT_PCMA	    8
#define CTYPE_BYTES 320

struct dialog {
	struct sip_stack *s;
	struct leg *leg; /* NULL once it has ended */
	struct sipsess *sess;
	struct sdp_session *sdp;
	struct sdp_media *audio;
	struct tmr tmr_refresh, tmr_fail;
	int64_t se_s; /* session interval */
	bool we_refresh;
	bool offered; /* our SDP was the offer: theirs is the answer */
	bool rang;
	bool answering; /* 200 is out, its ACK is not in */
	int fail_err;
	struct sa peer;
	char user[64], password[64];
	/* calls by us: what the INVITE is made of */
	char uri[SIP_URI], route[SIP_URI], from[SIP_URI], from_name[128];
	bool auto_answer;
	int64_t min_se;
	unsigned redirects;
};

static const struct leg_ops trunk_ops, phone_ops;

static void invite_again(struct dialog *d, int64_t min_se);

static void dialog_destructor(void *arg)
{
	struct dialog *d = arg;

	tmr_cancel(&d->tmr_refresh);
	tmr_cancel(&d->tmr_fail);
	/* sends CANCEL, 486 or BYE, whatever its state asks for */
	mem_deref(d->sess);
	mem_deref(d->sdp);
}

/* ---- SDP ---- */

static int sdp_start(struct dialog *d, const struct sa *peer)
{
	struct sa local;
	int err = sip_stack_local(d->s, peer, &local);

	if (!err)
		err = sdp_session_alloc(&d->sdp, &local);
	/* any port but 0, which would switch the stream off, until it has
	 * its own */
	if (!err)
		err = sdp_media_add(&d->audio, d->sdp, sdp_media_audio, 9,
				    sdp_proto_rtpavp);
	if (!err)
		err = sdp_format_add(NULL, d->audio, false, "8", "PCMA", 8000,
				     1, NULL, NULL, NULL, false, NULL);
	if (!err)
		err = sdp_format_add(NULL, d->audio, false, "0", "PCMU", 8000,
				     1, NULL, NULL, NULL, false, NULL);
	if (!err)
		err = sdp_format_add(NULL, d->audio, false, "101",
				     "telephone-event", 8000, 1, NULL, NULL,
				     NULL, false, "0-15");
	if (!err)
		err = sdp_media_set_lattr(d->audio, true, "ptime", "20");
	return err;
}

/* The first of the far side's formats that is G.711. */
static const struct sdp_format *voice_format(const struct dialog *d)
{
	const struct list *list = sdp_media_format_lst(d->audio, false);
	struct le *le;

	LIST_FOREACH (list, le) {
		const struct sdp_format *fmt = le->data;
		if (fmt->sup && (fmt->pt == PT_PCMA || fmt->pt == PT_PCMU))
			return fmt;
	}
	return NULL;
}

/* EBADMSG: no SDP; ENOTSUP: nothing in it that we speak. */
static int sdp_read(struct dialog *d, const struct sip_msg *msg, bool offer)
{
	struct mbuf *mb = msg->mb;
	size_t pos = mb->pos;

	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp"))
		return EBADMSG;
	int err = sdp_decode(d->sdp, mb, offer);
	mb->pos = pos;
	if (err)
		return EBADMSG;
	if (!sdp_media_rport(d->audio) || !voice_format(d))
		return ENOTSUP;
	return 0;
}

/* RFC 3264 8.4: a=sendonly or inactive says hold; older gear says it by the
 * address 0.0.0.0. */
static bool is_held(const struct dialog *d)
{
	return !(sdp_media_dir(d->audio) & SDP_SENDONLY) ||
	       sa_is_any(sdp_media_raddr(d->audio));
}

/* Tells the engine what was agreed on. */
static int voice_start(struct dialog *d)
{
	const struct sdp_format *fmt = voice_format(d);
	const struct sdp_format *ev =
		sdp_media_rformat(d->audio, "telephone-event");
	bool held = is_held(d);

	if (!fmt)
		return ENOTSUP;
	struct media_format mf = {
		.pt = (uint8_t)fmt->pt,
		.dtmf_pt = ev ? (uint8_t)ev->pt : 0,
		.remote = *sdp_media_raddr(d->audio),
		.send = !held,
		.receive = sdp_media_dir(d->audio) & SDP_RECVONLY,
	};
	int err = media_leg_start(d->leg->media, &mf);
	if (!err && d->leg->state == LEG_UP)
		leg_hold(d->leg, held);
	return err;
}

static int voice_alloc(struct dialog *d)
{
	int err = leg_voice(d->leg, MEDIA_UDP);

	if (!err)
		sdp_media_set_lport(d->audio, media_leg_port(d->leg->media));
	return err;
}

/* ---- session timer ---- */

/* Session-Expires: 1800;refresher=uas */
static int64_t expires_of(const struct sip_msg *msg, bool *peer_refreshes,
			  bool peer_is_uac)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_SESSION_EXPIRES);
	struct pl who = PL_INIT;

	if (!hdr)
		hdr = sip_msg_xhdr(msg, "x");
	if (!hdr)
		return 0;
	struct pl number = hdr->val;
	const char *semi = pl_strchr(&hdr->val, ';');
	if (semi) {
		struct pl rest = {
			.p = semi,
			.l = (size_t)(hdr->val.p + hdr->val.l - semi)};
		number.l = (size_t)(semi - hdr->val.p);
		if (!msg_param_decode(&rest, "refresher", &who))
			*peer_refreshes = !pl_strcasecmp(
				&who, peer_is_uac ? "uac" : "uas");
	}
	return (int64_t)pl_u32(&number);
}

static void on_refresh(void *arg);

static void refresh_later(struct dialog *d)
{
	int64_t ms = d->we_refresh ? d->se_s * 500 : d->se_s * 667;

	tmr_start(&d->tmr_refresh, (uint64_t)ms, on_refresh, d);
}

static void on_refresh(void *arg)
{
	struct dialog *d = arg;
	scoped_mem struct mbuf *desc = NULL;

	refresh_later(d);
	int err = sdp_encode(&desc, d->sdp, true);
	if (!err) {
		d->offered = true;
		err = sipsess_modify(d->sess, desc);
	}
	if (err)
		log_warn("leg %s: no refresh: %s", d->leg->id, strerror(err));
}

/* An answer of the far side settles who refreshes, and how often. */
static void timer_settle(struct dialog *d, const struct sip_msg *msg,
			 bool peer_is_uac)
{
	bool peer_refreshes = false;
	int64_t se = expires_of(msg, &peer_refreshes, peer_is_uac);

	if (se >= MIN_SE && se < d->se_s)
		d->se_s = se;
	d->we_refresh = !peer_refreshes;
	refresh_later(d);
}

/* What sipsess prints as the value of Content-Type, wherever a body goes. */
static void ctype_make(char out[CTYPE_BYTES], const struct dialog *d,
		       const char *refresher, bool require)
{
	snprintf(out, CTYPE_BYTES,
		 "application/sdp\r\n"
		 "Allow: " SIP_ALLOW "\r\n"
		 "Supported: timer\r\n"
		 "%s"
		 "Session-Expires: %lld;refresher=%s",
		 require ? "Require: timer\r\n" : "", (long long)d->se_s,
		 refresher);
}

/* ---- ends ---- */

static const char *cause_of_code(uint16_t code)
{
	switch (code) {
	case 486:
	case 600:
		return "busy";
	case 404:
	case 410:
	case 484:
	case 604:
		return "not_found";
	case 408:
	case 480:
	case 487:
		return "no_answer";
	case 415:
	case 488:
	case 606:
		return "codec";
	default:
		return code < 500 || code == 603 ? "refused" : "unreachable";
	}
}

static const char *cause_of(const struct dialog *d, int err,
			    const struct sip_msg *msg)
{
	const struct leg *leg = d->leg;

	if (leg->state == LEG_UP && !d->answering)
		return err == ECONNRESET ? "bye" : "session_timer";
	if (leg->incoming)
		return err == ECONNRESET ? (d->answering ? "bye" : "cancel")
					 : "fault";
	if (err == ENOTSUP)
		return "codec";
	return msg ? cause_of_code(msg->scode) : "unreachable";
}

/* A 422 of an INVITE of ours: the shortest session the far side takes; 0:
 * none that we could offer anew (RFC 4028 7.3). */
static int64_t wanted_interval(const struct dialog *d,
			       const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_MIN_SE);
	int64_t min = hdr ? (int64_t)pl_u32(&hdr->val) : 0;

	if (d->leg->incoming || d->leg->state != LEG_RINGING)
		return 0;
	return min > d->se_s && min <= MAX_SE ? min : 0;
}

/* The far side or the network ended it. */
static void on_close(int err, const struct sip_msg *msg, void *arg)
{
	struct dialog *d = arg;
	struct leg *leg = d->leg;

	if (!leg)
		return;
	if (!err && msg && msg->scode == 422 && wanted_interval(d, msg)) {
		invite_again(d, wanted_interval(d, msg));
		return;
	}
	const char *cause = cause_of(d, err, msg);
	enum leg_by by = err && err != ECONNRESET ? BY_FAULT : BY_FAR;
	leg_ended(leg, cause, by, msg ? msg->scode : 0);
}

static uint16_t code_for(const char *cause, int code)
{
	if (code >= 300 && code < 700)
		return (uint16_t)code;
	if (!strcmp(cause, "shutdown"))
		return 503;
	return !strcmp(cause, "busy") ? 486 : 480;
}

static const char *reason_of(uint16_t code)
{
	switch (code) {
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 480:
		return "Temporarily Unavailable";
	case 486:
		return "Busy Here";
	case 488:
		return "Not Acceptable Here";
	case 503:
		return "Service Unavailable";
	case 603:
		return "Decline";
	default:
		return "Refused";
	}
}

static void dialog_end(struct leg *leg, const char *cause, int code)
{
	struct dialog *d = leg->side;

	if (leg->incoming && leg->state == LEG_ARRIVED && !d->answering) {
		uint16_t scode = code_for(cause, code);
		(void)sipsess_reject(d->sess, scode, reason_of(scode), NULL);
	}
	d->sess = mem_deref(d->sess);
}

static void dialog_release(struct leg *leg)
{
	struct dialog *d = leg->side;

	d->leg = NULL;
	tmr_cancel(&d->tmr_refresh);
	tmr_cancel(&d->tmr_fail);
}

/* ---- both directions ---- */

/* A re-INVITE; without SDP it asks for our offer. */
static int on_offer(struct mbuf **descp, const struct sip_msg *msg, void *arg)
{
	struct dialog *d = arg;
	bool got = mbuf_get_left(msg->mb) > 0;
	int err = 0;

	if (!d->leg)
		return EPROTO;
	if (got && msg->req) {
		bool peer_refreshes = !d->we_refresh;
		(void)expires_of(msg, &peer_refreshes, true);
		err = sdp_read(d, msg, true);
		if (!err)
			err = voice_start(d);
		d->we_refresh = !peer_refreshes;
	}
	d->offered = !got;
	if (!err)
		err = sdp_encode(descp, d->sdp, !got);
	if (!err)
		refresh_later(d);
	return err;
}

/* SDP in a 2xx (or in an ACK, when the INVITE had none). */
static int on_answer(const struct sip_msg *msg, void *arg)
{
	struct dialog *d = arg;

	if (!d->leg)
		return EPROTO;
	int err = sdp_read(d, msg, false);
	if (!err)
		err = voice_start(d);
	if (!err && !msg->req)
		timer_settle(d, msg, false);
	if (err)
		log_info("leg %s: unusable answer: %s", d->leg->id,
			 strerror(err));
	return err;
}

static void on_established(const struct sip_msg *msg, void *arg)
{
	struct dialog *d = arg;
	(void)msg;

	d->answering = false;
	if (d->leg && d->leg->state != LEG_UP)
		leg_up(d->leg);
}

static void on_progress(const struct sip_msg *msg, void *arg)
{
	struct dialog *d = arg;

	if (d->leg && !d->rang && (msg->scode == 180 || msg->scode == 183)) {
		d->rang = true;
		leg_ringing(d->leg);
	}
}

/* application/dtmf-relay: "Signal=5\r\nDuration=160" */
static void on_info(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct dialog *d = arg;
	struct pl body, key;

	if (!msg_ctype_cmp(&msg->ctyp, "application", "dtmf-relay")) {
		(void)sip_reply(sip, msg, 415, "Unsupported Media Type");
		return;
	}
	pl_set_mbuf(&body, msg->mb);
	if (re_regex(body.p, body.l, "Signal[ \t]*=[ \t]*[0-9A-Da-d*#]+", NULL,
		     NULL, &key)) {
		(void)sip_reply(sip, msg, 400, "Bad Signal");
		return;
	}
	(void)sip_reply(sip, msg, 200, "OK");
	if (d->leg)
		leg_digit(d->leg, key.p[0]);
}

static enum sip_transp transport_of(const char *uri)
{
	if (strstr(uri, "transport=tls"))
		return SIP_TRANSP_TLS;
	return strstr(uri, "transport=tcp") ? SIP_TRANSP_TCP : SIP_TRANSP_UDP;
}

static int on_auth(char **user, char **password, const char *realm, void *arg)
{
	struct dialog *d = arg;
	(void)realm;

	if (!*d->user)
		return EAUTH;
	int err = str_dup(user, d->user);
	return err ? err : str_dup(password, d->password);
}

static int dialog_alloc(struct dialog **dp, struct sip_stack *s,
			const struct sa *peer)
{
	scoped_mem struct dialog *d =
		mem_zalloc(sizeof(*d), dialog_destructor);

	if (!d)
		return ENOMEM;
	d->s = s;
	d->peer = *peer;
	d->se_s = sip_stack_prm(s)->session_expires_s;
	d->we_refresh = true;
	d->min_se = MIN_SE;
	tmr_init(&d->tmr_refresh);
	tmr_init(&d->tmr_fail);
	int err = sdp_start(d, peer);
	if (!err)
		*dp = take(d);
	return err;
}

static void contact_uri(char out[SIP_URI], const struct sip_stack *s,
			const struct sa *peer, enum sip_transp tp)
{
	struct sa local;

	if (sip_stack_contact(s, peer, tp, &local))
		sa_init(&local, AF_INET);
	if (re_snprintf(out, SIP_URI, "sip:zuoxi@%J%s", &local,
			sip_transp_param(tp)) < 0)
		out[0] = '\0';
}

/* ---- calls to us ---- */

static int dialog_answer(struct leg *leg)
{
	struct dialog *d = leg->side;
	scoped_mem struct mbuf *desc = NULL;
	bool offer = d->offered;

	if (leg->state != LEG_ARRIVED || d->answering)
		return EALREADY;
	int err = voice_alloc(d);
	if (!err)
		err = sdp_encode(&desc, d->sdp, offer);
	if (!err)
		err = sipsess_answer(d->sess, 200, "OK", desc, NULL);
	if (err)
		return err;
	d->answering = true;
	refresh_later(d);
	if (offer) /* theirs comes with the ACK */
		return 0;
	err = voice_start(d);
	if (!err)
		leg_up(leg);
	return err;
}

static bool has_token(const struct sip_msg *msg, enum sip_hdrid id,
		      const char *token)
{
	return sip_msg_hdr_has_value(msg, id, token);
}

static bool on_require(const struct sip_hdr *hdr, const struct sip_msg *msg,
		       void *arg)
{
	const struct sip_hdr **bad = arg;
	(void)msg;

	if (!pl_strcasecmp(&hdr->val, "timer"))
		return false;
	*bad = hdr;
	return true;
}

/* False: refused. */
static bool check_extensions(struct sip_stack *s, const struct sip_msg *msg)
{
	const struct sip_hdr *bad = NULL;

	sip_msg_hdr_apply(msg, true, SIP_HDR_REQUIRE, on_require, &bad);
	if (!bad)
		return true;
	(void)sip_treplyf(
		NULL, NULL, sip_stack_sip(s), msg, false, 420, "Bad Extension",
		"Unsupported: %r\r\nContent-Length: 0\r\n\r\n", &bad->val);
	return false;
}

/* False: refused (422). Settles interval and refresher. */
static bool check_timer(struct dialog *d, const struct sip_msg *msg)
{
	bool peer_refreshes = false;
	int64_t se = expires_of(msg, &peer_refreshes, true);

	if (se && se < MIN_SE) {
		(void)sip_treplyf(NULL, NULL, sip_stack_sip(d->s), msg, false,
				  422, "Session Interval Too Small",
				  "Min-SE: 90\r\nContent-Length: 0\r\n\r\n");
		return false;
	}
	if (se && se < d->se_s)
		d->se_s = se;
	d->we_refresh = !peer_refreshes;
	return true;
}

static void reply_final(struct sip_stack *s, const struct sip_msg *msg,
			uint16_t code, const char *reason)
{
	(void)sip_treply(NULL, sip_stack_sip(s), msg, code, reason);
}

/* False: refused. */
static bool check_offer(struct dialog *d, const struct sip_msg *msg)
{
	if (!mbuf_get_left(msg->mb)) {
		d->offered = true; /* 13.2.1: the offer is ours, in the 200 */
		return true;
	}
	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp")) {
		(void)sip_treplyf(NULL, NULL, sip_stack_sip(d->s), msg, false,
				  415, "Unsupported Media Type",
				  "Accept: application/sdp\r\n"
				  "Content-Length: 0\r\n\r\n");
		return false;
	}
	switch (sdp_read(d, msg, true)) {
	case 0:
		return true;
	case EBADMSG:
		reply_final(d->s, msg, 400, "Bad SDP");
		return false;
	default:
		reply_final(d->s, msg, 488, "Not Acceptable Here");
		return false;
	}
}

/* The number in a sip: or tel: URI, without parameters of its own. */
static void copy_user(char *out, size_t size, const struct uri *uri)
{
	const struct pl *user = pl_isset(&uri->user) ? &uri->user : &uri->host;
	char raw[128];

	if (re_snprintf(raw, sizeof(raw), "%H", uri_user_unescape, user) < 0)
		raw[0] = '\0';
	raw[strcspn(raw, ";")] = '\0';
	sip_clean(out, size, raw);
}

/* The caller as the carrier vouches for it (RFC 3325), else From. */
static void copy_caller(struct leg *leg, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr =
		sip_msg_hdr(msg, SIP_HDR_P_ASSERTED_IDENTITY);
	struct sip_addr addr;
	char name[256];

	copy_user(leg->from, sizeof(leg->from), &msg->from.uri);
	if (hdr && !sip_addr_decode(&addr, &hdr->val))
		copy_user(leg->from, sizeof(leg->from), &addr.uri);
	if (pl_isset(&msg->from.dname) &&
	    !pl_strcpy(&msg->from.dname, name, sizeof(name)))
		sip_clean(leg->name, sizeof(leg->name), name);
	copy_user(leg->to, sizeof(leg->to), &msg->uri);
	(void)re_snprintf(leg->source, sizeof(leg->source), "%J", &msg->src);
	snprintf(leg->transport, sizeof(leg->transport), "%s",
		 sip_transp_name(msg->tp));
}

static int accept_call(struct dialog *d, const struct sip_msg *msg)
{
	char ctype[CTYPE_BYTES], contact[SIP_URI];
	bool peer_timer = has_token(msg, SIP_HDR_SUPPORTED, "timer");

	ctype_make(ctype, d, d->we_refresh ? "uas" : "uac",
		   !d->we_refresh && peer_timer);
	contact_uri(contact, d->s, &msg->src, msg->tp);
	return sipsess_accept(&d->sess, sip_stack_sessions(d->s), msg, 180,
			      "Ringing", contact, ctype, NULL, on_auth, d,
			      false, on_offer, on_answer, on_established,
			      on_info, NULL, on_close, d,
			      "Allow: " SIP_ALLOW "\r\n");
}

/* The INVITE is all right: a leg of it. */
static int make_leg(struct dialog *d, const struct sip_msg *msg,
		    const char *trunk)
{
	struct leg *leg = NULL;
	int err = accept_call(d, msg);

	if (!err)
		err = leg_alloc(&leg, sip_stack_prm(d->s)->legs,
				&(struct leg_prm){.incoming = true,
						  .ops = &trunk_ops});
	if (err)
		return err;
	leg->side = mem_ref(d);
	d->leg = leg;
	snprintf(leg->trunk, sizeof(leg->trunk), "%s", trunk);
	copy_caller(leg, msg);
	leg_arrived(leg);
	return 0;
}

void dialog_invited(struct sip_stack *s, const struct sip_msg *msg)
{
	const struct sip_prm *prm = sip_stack_prm(s);
	scoped_mem struct dialog *d = NULL;
	char number[64];
	struct trunk *t;

	copy_user(number, sizeof(number), &msg->uri);
	if (!trunks_know(prm->trunks, &msg->src)) {
		reply_final(s, msg, 403, "Forbidden"); /* a desk phone */
		return;
	}
	t = trunk_of_call(prm->trunks, &msg->src, number);
	if (!t) {
		reply_final(s, msg, 404, "Not Found");
		return;
	}
	if (legs_full(prm->legs)) {
		(void)sip_treplyf(NULL, NULL, sip_stack_sip(s), msg, false,
				  503, "Service Unavailable",
				  "Retry-After: 10\r\n"
				  "Content-Length: 0\r\n\r\n");
		return;
	}
	if (!check_extensions(s, msg))
		return;
	int err = dialog_alloc(&d, s, &msg->src);
	if (!err && (!check_timer(d, msg) || !check_offer(d, msg)))
		return;
	trunk_heard(t);
	if (!err)
		err = make_leg(d, msg, trunk_id(t));
	if (err == EBADMSG)
		reply_final(s, msg, 400, "Bad Contact");
	else if (err)
		reply_final(s, msg, 500, "Server Internal Error");
}

/* ---- calls by us ---- */

/* The call of ours, not yet answered, that has this Call-ID. */
static struct dialog *calling(const struct sip_stack *s,
			      const struct pl *callid)
{
	struct le *le;

	LIST_FOREACH (legs_list(sip_stack_prm(s)->legs), le) {
		struct leg *leg = le->data;
		if (leg->incoming || leg->state != LEG_RINGING ||
		    (leg->ops != &trunk_ops && leg->ops != &phone_ops))
			continue;
		struct dialog *d = leg->side;
		if (d->sess &&
		    !pl_strcmp(callid,
			       sip_dialog_callid(sipsess_dialog(d->sess))))
			return d;
	}
	return NULL;
}

static void on_fail(void *arg)
{
	struct dialog *d = arg;

	if (d->leg)
		leg_end(d->leg,
			d->fail_err == EADDRINUSE ? "fault" : "unreachable",
			BY_FAULT, 0);
}

static int invite(struct dialog *d)
{
	char ctype[CTYPE_BYTES], contact[SIP_URI];
	scoped_mem struct mbuf *desc = NULL;
	const char *routes[1] = {d->route};

	int err = sdp_encode(&desc, d->sdp, true);
	if (err)
		return err;
	d->offered = true;
	ctype_make(ctype, d, "uac", false);
	contact_uri(contact, d->s, &d->peer, transport_of(d->uri));
	return sipsess_connect(
		&d->sess, sip_stack_sessions(d->s), d->uri,
		*d->from_name ? d->from_name : NULL, d->from, contact, routes,
		*d->route ? 1 : 0, ctype, desc, on_auth, d, false, on_offer,
		on_answer, on_progress, on_established, on_info, NULL,
		on_close, d, "Min-SE: %lld\r\n%s", (long long)d->min_se,
		d->auto_answer ? "Call-Info: <sip:zuoxi>;answer-after=0\r\n"
				 "Alert-Info: <sip:zuoxi>;"
				 "info=alert-autoanswer\r\n"
			       : "");
}

static void on_invite_again(void *arg)
{
	struct dialog *d = arg;

	d->sess = mem_deref(d->sess);
	d->fail_err = invite(d);
	if (d->fail_err)
		on_fail(d);
}

/* On the next turn: the session that was refused is still being told. */
static void invite_again(struct dialog *d, int64_t min_se)
{
	d->se_s = d->min_se = min_se;
	tmr_start(&d->tmr_fail, 0, on_invite_again, d);
}

/* May a redirection be followed? The number is what the office asked for and
 * the peer one that the site pays: anything else is the far side spending our
 * money (RFC 3261 26.2 leaves that to us). */
static bool redirect_ok(const struct dialog *d, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	struct uri asked;
	struct pl pl;

	pl_set_str(&pl, d->uri);
	if (d->redirects >= REDIRECTS || *d->leg->trunk == '\0' || !hdr ||
	    sip_addr_decode(&addr, &hdr->val) || uri_decode(&asked, &pl))
		return false;
	return !pl_cmp(&addr.uri.user, &asked.user) &&
	       trunks_have(sip_stack_prm(d->s)->trunks, &addr.uri);
}

void dialog_redirected(struct sip_stack *s, const struct sip_msg *msg)
{
	struct dialog *d = calling(s, &msg->callid);

	if (!d)
		return;
	if (redirect_ok(d, msg)) {
		d->redirects++;
		return;
	}
	log_warn("leg %s: redirection refused: %u", d->leg->id, msg->scode);
	leg_end(d->leg, "refused", BY_FAR, msg->scode);
}

int dialog_dial(struct leg **lp, struct sip_stack *s,
		const struct dialog_prm *prm)
{
	scoped_mem struct dialog *d = NULL;
	struct leg *leg = NULL;
	struct sa local;

	int err = dialog_alloc(&d, s, &prm->peer);
	if (!err)
		err = sip_stack_local(s, &prm->peer, &local);
	if (!err)
		err = leg_alloc(
			&leg, sip_stack_prm(s)->legs,
			&(struct leg_prm){
				.id = prm->id,
				.contact = prm->contact,
				.ops = *prm->phone ? &phone_ops : &trunk_ops,
			});
	if (err)
		return err;
	leg->side = mem_ref(d);
	d->leg = leg;
	snprintf(d->uri, sizeof(d->uri), "%s", prm->uri);
	snprintf(d->route, sizeof(d->route), "%s",
		 prm->route ? prm->route : "");
	sip_clean(d->from_name, sizeof(d->from_name), prm->from_name);
	d->auto_answer = prm->auto_answer;
	snprintf(d->user, sizeof(d->user), "%s", prm->user);
	snprintf(d->password, sizeof(d->password), "%s", prm->password);
	snprintf(leg->trunk, sizeof(leg->trunk), "%s", prm->trunk);
	snprintf(leg->person, sizeof(leg->person), "%s", prm->phone);
	(void)re_snprintf(d->from, sizeof(d->from), "sip:%s@%J",
			  prm->from_user, &local);
	d->fail_err = voice_alloc(d);
	if (!d->fail_err)
		d->fail_err = invite(d);
	if (d->fail_err)
		tmr_start(&d->tmr_fail, 0, on_fail, d);
	*lp = leg;
	return 0;
}

static const struct leg_ops trunk_ops = {
	.name = "trunk",
	.answer = dialog_answer,
	.end = dialog_end,
	.release = dialog_release,
	.rtp_ends = true,
};

static const struct leg_ops phone_ops = {
	.name = "phone",
	.end = dialog_end,
	.release = dialog_release,
	.rtp_ends = true,
};

/* ---- UPDATE ---- */

static struct dialog *dialog_of(const struct sip_stack *s,
				const struct sip_msg *msg)
{
	struct le *le;

	LIST_FOREACH (legs_list(sip_stack_prm(s)->legs), le) {
		struct leg *leg = le->data;
		if (leg->ops != &trunk_ops && leg->ops != &phone_ops)
			continue;
		struct dialog *d = leg->side;
		if (sip_dialog_cmp(sipsess_dialog(d->sess), msg))
			return d;
	}
	return NULL;
}

void dialog_update(struct sip_stack *s, const struct sip_msg *msg)
{
	struct sip *sip = sip_stack_sip(s);
	struct dialog *d = dialog_of(s, msg);
	scoped_mem struct mbuf *desc = NULL;
	char contact[SIP_URI];
	bool peer_refreshes = false;
	int err = 0;

	if (!d) {
		reply_final(s, msg, 481, "Call Does Not Exist");
		return;
	}
	if (!sip_dialog_rseq_valid(sipsess_dialog(d->sess), msg)) {
		reply_final(s, msg, 500, "Server Internal Error");
		return;
	}
	(void)expires_of(msg, &peer_refreshes, true);
	if (mbuf_get_left(msg->mb)) {
		err = on_offer(&desc, msg, d);
	} else {
		d->we_refresh = !peer_refreshes;
		refresh_later(d);
	}
	if (err) {
		reply_final(s, msg, 488, "Not Acceptable Here");
		return;
	}
	contact_uri(contact, s, &msg->src, msg->tp);
	size_t len = desc ? mbuf_get_left(desc) : 0;
	(void)sip_treplyf(NULL, NULL, sip, msg, true, 200, "OK",
			  "Contact: <%s>\r\n"
			  "Session-Expires: %llu;refresher=%s\r\n"
			  "%s"
			  "Content-Length: %zu\r\n\r\n%b",
			  contact, (unsigned long long)d->se_s,
			  d->we_refresh ? "uas" : "uac",
			  desc ? "Content-Type: application/sdp\r\n" : "", len,
			  desc ? mbuf_buf(desc) : NULL, len);
}

bool dialog_has(const struct sip_stack *s, const struct sip_msg *msg)
{
	return pl_isset(&msg->to.tag) && dialog_of(s, msg);
}

bool dialog_knows(const struct sip_stack *s, const struct sa *src)
{
	struct le *le;

	LIST_FOREACH (legs_list(sip_stack_prm(s)->legs), le) {
		const struct leg *leg = le->data;
		if (leg->ops != &trunk_ops && leg->ops != &phone_ops)
			continue;
		const struct dialog *d = leg->side;
		if (sa_cmp(&d->peer, src, SA_ADDR))
			return true;
	}
	return false;
}
