/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel is a pair of sshd's pipes and the gate's socket. The pipes go
 * through `struct link` (phone) or to the leg's voice thread (voice); with no
 * leg the voice is read here and dropped, so that nothing old waits in the
 * pipe when a call begins.
 */
#include "server/switch/workstation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"

#define WORKSTATIONS_MAX 1024
#define QUEUE_BYTES	 (256 << 10)
#define DTMF_MAX	 32
#define SRTP_KEY_BYTES	 30 /* AES_CM_128: 16 of key, 14 of salt */
#define KEY_TEXT	 44

struct workstation;

struct channel {
	struct workstation *w;
	bool open;
	int64_t login;
	int generation;
	int control;
	int in, out; /* voice only; of the phone the link has them */
};

struct workstation {
	struct le le;
	struct workstations *all;
	char person[32];
	struct channel phone, voice;
	struct link *link;
	bool greeted; /* the client said phone.hello */
	bool udp;     /* and that it takes voice by UDP, where the site does */
	bool both;    /* by UDP and by its channel, as they get through */
	struct leg *speaker; /* whose voice goes over the voice channel */
};

struct workstations {
	struct list list;
	struct workstations_prm prm;
};

/* One offer or call of a workstation. */
struct seat {
	struct workstation *w; /* NULL: nobody by that name */
	struct tmr tmr;
	struct leg *leg;
	bool udp, both;
	/* SRTP, as we see it: what it sends, what we send */
	uint8_t rx_key[SRTP_KEY_BYTES], tx_key[SRTP_KEY_BYTES];
};

static void phone_open(struct workstation *w, int in, int out);
static void on_voice(int flags, void *arg);
static void tidy(struct workstation *w);

/* ---- telling the workstation ---- */

static void tell(struct workstation *w, const char *method, json_t *params)
{
	scoped_json json_t *msg = proto_notify(method, params);

	if (w && w->link && msg)
		(void)link_send(w->link, msg);
}

static void tell_leg(const struct leg *leg, const char *method,
		     const char *cause)
{
	const struct seat *seat = leg->side;

	tell(seat->w, method,
	     json_pack("{s:s, s:s*}", "leg", leg->id, "cause", cause));
}

static struct leg *leg_of(struct workstation *w, const char *id);

static void key_print(char out[KEY_TEXT], const uint8_t *key)
{
	size_t len = KEY_TEXT - 1;

	if (base64_encode(key, SRTP_KEY_BYTES, out, &len))
		len = 0;
	out[len] = '\0';
}

/* Where and with which keys the workstation sends this leg's voice, seen
 * from its side; NULL: over the voice channel. */
static json_t *udp_json(const struct leg *leg)
{
	const struct seat *seat = leg->side;
	char tx[KEY_TEXT], rx[KEY_TEXT];

	if (!seat->udp || !leg->media)
		return NULL;
	key_print(tx, seat->rx_key);
	key_print(rx, seat->tx_key);
	return json_pack("{s:s, s:i, s:s, s:s, s:b}", "address",
			 seat->w->all->prm.address, "port",
			 media_leg_port(leg->media), "tx_key", tx, "rx_key",
			 rx, "tunnel", seat->both);
}

/* Legs of this workstation, in both states. */
static json_t *legs_of(struct workstation *w)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (legs_list(w->all->prm.legs), le) {
		struct leg *leg = le->data;
		if (leg_of(w, leg->id) != leg)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:O*, s:o*}", "leg",
				  leg->id, "contact", leg->contact, "state",
				  leg->state == LEG_UP ? "up" : "ringing",
				  "info", leg->info, "udp", udp_json(leg)));
	}
	return list;
}

static void say_hello(struct workstation *w)
{
	if (w->phone.generation > 0) {
		/* ends the half line that the last server may have left */
		(void)link_send_line(w->link, "\n", 1);
		tell(w, "restarted", NULL);
	}
	tell(w, "phone.hello",
	     json_pack("{s:i, s:s, s:s, s:o}", "version", PROTO_VERSION,
		       "boot", journal_boot(w->all->prm.journal), "path",
		       w->all->prm.path, "legs", legs_of(w)));
}

static void tell_office(const struct workstation *w, const char *kind)
{
	int err =
		journal_event(w->all->prm.journal, kind,
			      json_pack("{s:s, s:I}", "person", w->person,
					"login", (json_int_t)w->phone.login));

	if (err)
		log_error("event %s lost: %s", kind, strerror(err));
}

/* ---- voice ---- */

static void voice_listen(struct workstation *w)
{
	if (w->voice.open && !w->speaker)
		(void)fd_listen(w->voice.in, FD_READ, on_voice, w);
}

/* The leg speaks over the voice channel from now on. */
static void voice_join(struct workstation *w, struct leg *leg, bool resync)
{
	const struct seat *seat = leg->side;

	if (!w->voice.open || !leg->media || (seat->udp && !seat->both))
		return;
	fd_close(w->voice.in);
	w->speaker = leg;
	int err = media_leg_channel(leg->media, w->voice.in, w->voice.out,
				    resync);
	if (err) {
		log_error("leg %s: no voice: %s", leg->id, strerror(err));
		w->speaker = NULL;
		voice_listen(w);
	}
}

/* Returns when the voice thread has let go of the pipes. */
static void voice_part(struct workstation *w)
{
	if (!w->speaker)
		return;
	if (w->speaker->media)
		(void)media_leg_channel(w->speaker->media, -1, -1, false);
	w->speaker = NULL;
}

/* ---- channels that go ---- */

/* Detached: one of the two channels is away. */
static void legs_attached(struct workstation *w)
{
	bool phone = w->phone.open && w->greeted;
	struct le *le;

	LIST_FOREACH (legs_list(w->all->prm.legs), le) {
		struct leg *leg = le->data;
		if (leg->state != LEG_UP || leg_of(w, leg->id) != leg)
			continue;
		const struct seat *seat = leg->side;
		leg_attach(leg, phone && (w->voice.open || seat->udp));
	}
}

enum goodbye { BYE_LOST, BYE_ENDED };

static void control_close(struct channel *c, enum goodbye how)
{
	fd_close(c->control);
	if (how == BYE_ENDED)
		handover_end(c->control);
	else
		close(c->control);
	c->control = -1;
}

static void phone_close(struct workstation *w, enum goodbye how)
{
	if (!w->phone.open)
		return;
	w->phone.open = false;
	if (w->greeted)
		tell_office(w, "workstation.detached");
	w->greeted = false;
	w->link = mem_deref(w->link);
	control_close(&w->phone, how);
}

static void voice_close(struct workstation *w, enum goodbye how)
{
	if (!w->voice.open)
		return;
	voice_part(w);
	w->voice.open = false;
	/* out of epoll before close(): sshd's pipe lives on in the gate */
	fd_close(w->voice.in);
	close(w->voice.in);
	close(w->voice.out);
	control_close(&w->voice, how);
}

static void tidy(struct workstation *w)
{
	legs_attached(w);
	if (w->phone.open || w->voice.open)
		return;
	struct le *le;
	LIST_FOREACH (legs_list(w->all->prm.legs), le) {
		struct leg *leg = le->data;
		if (leg_of(w, leg->id) == leg)
			return; /* a call waits for its workstation */
	}
	mem_deref(w);
}

static void workstation_destructor(void *arg)
{
	struct workstation *w = arg;

	list_unlink(&w->le);
	phone_close(w, BYE_LOST);
	voice_close(w, BYE_LOST);
}

/* ---- what the gate says ---- */

/* The gate speaks to nobody: its end is that of the SSH channel. */
static void on_phone_control(int flags, void *arg)
{
	struct workstation *w = arg;
	(void)flags;

	phone_close(w, BYE_LOST);
	tidy(w);
}

static void on_voice_control(int flags, void *arg)
{
	struct workstation *w = arg;
	(void)flags;

	voice_close(w, BYE_LOST);
	tidy(w);
}

/* Voice with no call: read until the pipe is empty, and dropped. */
static void on_voice(int flags, void *arg)
{
	struct workstation *w = arg;
	char buf[8192];
	ssize_t n;
	(void)flags;

	do {
		n = read(w->voice.in, buf, sizeof(buf));
	} while (n == (ssize_t)sizeof(buf));
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	voice_close(w, BYE_ENDED);
	tidy(w);
}

/* ---- legs ---- */

static void seat_destructor(void *arg)
{
	struct seat *seat = arg;

	tmr_cancel(&seat->tmr);
}

static void seat_end(struct leg *leg, const char *cause, int code)
{
	(void)code;
	tell_leg(leg, leg->state == LEG_UP ? "phone.ended" : "phone.cancel",
		 cause);
}

static void seat_release(struct leg *leg)
{
	struct seat *seat = leg->side;
	struct workstation *w = seat->w;

	tmr_cancel(&seat->tmr);
	seat->leg = NULL;
	if (!w)
		return;
	if (w->speaker == leg) {
		voice_part(w);
		voice_listen(w);
	}
	tidy(w);
}

static const struct leg_ops seat_ops = {
	.name = "workstation",
	.end = seat_end,
	.release = seat_release,
};

static struct leg *leg_of(struct workstation *w, const char *id)
{
	struct leg *leg = leg_find(w->all->prm.legs, id);

	if (!leg || leg->ops != &seat_ops || leg->state == LEG_ENDED)
		return NULL;
	return ((struct seat *)leg->side)->w == w ? leg : NULL;
}

/* RTP as docs/protocol.md 3 fixes it. By UDP the far address is whoever
 * sends with the key: that settles NAT. */
static int seat_start(struct leg *leg)
{
	struct seat *seat = leg->side;
	struct media_format fmt = {
		.pt = 8,
		.dtmf_pt = 101,
		.send = true,
		.receive = true,
	};

	seat->udp = seat->w->udp;
	seat->both = seat->w->both;
	int err = leg_voice(leg, seat->both  ? MEDIA_BOTH
				 : seat->udp ? MEDIA_UDP
					     : MEDIA_CHANNEL);
	if (err)
		return err;
	if (seat->udp) {
		rand_bytes(seat->rx_key, sizeof(seat->rx_key));
		rand_bytes(seat->tx_key, sizeof(seat->tx_key));
		sa_init(&fmt.remote, AF_INET);
		fmt.srtp_rx = seat->rx_key;
		fmt.srtp_tx = seat->tx_key;
	}
	return media_leg_start(leg->media, &fmt);
}

/* The call that this workstation is in. */
static struct leg *leg_up_of(struct workstation *w)
{
	struct le *le;

	LIST_FOREACH (legs_list(w->all->prm.legs), le) {
		struct leg *leg = le->data;
		if (leg->state == LEG_UP && leg_of(w, leg->id) == leg)
			return leg;
	}
	return NULL;
}

static void answered(struct workstation *w, struct leg *leg)
{
	if (leg->state != LEG_RINGING)
		return;
	if (leg_up_of(w)) { /* one headset, one call */
		tell_leg(leg, "phone.cancel", "busy");
		leg_ended(leg, "busy", BY_FAR, 486);
		return;
	}
	int err = seat_start(leg);
	if (err) {
		log_error("leg %s: %s", leg->id, strerror(err));
		leg_end(leg, "fault", BY_FAULT, 0);
		return;
	}
	voice_join(w, leg, false);
	tell(w, "phone.up",
	     json_pack("{s:s, s:o*}", "leg", leg->id, "udp", udp_json(leg)));
	leg_up(leg);
	legs_attached(w);
}

static void dtmf(struct workstation *w, struct leg *leg, const char *digits)
{
	size_t n = strlen(digits);

	if (n == 0 || n > DTMF_MAX || strspn(digits, "0123456789*#ABCD") != n)
		return;
	w->all->prm.dtmfh(leg, digits, w->all->prm.arg);
}

static void gone_already(struct workstation *w, const char *id)
{
	tell(w, "phone.ended",
	     json_pack("{s:s, s:s}", "leg", id, "cause", "gone"));
}

static void leg_message(struct workstation *w, const char *method,
			json_t *params)
{
	const char *id = json_str(params, "leg");
	struct leg *leg = leg_of(w, id);

	if (!leg) {
		if (strcmp(method, "phone.quality") != 0)
			gone_already(w, id);
	} else if (!strcmp(method, "phone.answer")) {
		answered(w, leg);
	} else if (!strcmp(method, "phone.refuse")) {
		if (leg->state == LEG_RINGING)
			leg_ended(leg, "refused", BY_FAR, 603);
	} else if (!strcmp(method, "phone.hangup")) {
		leg_ended(leg, leg->state == LEG_UP ? "bye" : "refused",
			  BY_FAR, 0);
	} else if (!strcmp(method, "phone.dtmf")) {
		dtmf(w, leg, json_str(params, "digits"));
	} else if (!strcmp(method, "phone.quality")) {
		json_decref(leg->quality);
		leg->quality = json_pack(
			"{s:I, s:I, s:I, s:I}", "rtt_ms",
			(json_int_t)json_int(params, "rtt_ms"), "jitter_ms",
			(json_int_t)json_int(params, "jitter_ms"), "lost",
			(json_int_t)json_int(params, "lost"), "late",
			(json_int_t)json_int(params, "late"));
	}
}

static void greeted(struct workstation *w, json_t *params)
{
	if (json_int(params, "version") != PROTO_VERSION) {
		tell(w, "phone.refused", json_pack("{s:s}", "why", "version"));
		phone_close(w, BYE_ENDED);
		tidy(w);
		return;
	}
	w->udp = w->all->prm.udp && json_bool(params, "udp");
	w->both = w->udp && json_bool(params, "tunnel") &&
		  !strcmp(w->all->prm.path, "auto");
	if (!w->greeted) {
		w->greeted = true;
		tell_office(w, "workstation.attached");
	}
	legs_attached(w);
}

static void on_message(struct link *link, json_t *msg, void *arg)
{
	struct workstation *w = arg;
	const char *method = json_str(msg, "method");
	json_t *params = json_object_get(msg, "params");
	(void)link;

	if (!strcmp(method, "phone.hello"))
		greeted(w, params);
	else if (w->greeted) /* before it: a request to the last server */
		leg_message(w, method, params);
}

static void on_bad_line(struct link *link, const char *why, void *arg)
{
	const struct workstation *w = arg;
	(void)link;

	log_debug("phone of %s: line dropped: %s", w->person, why);
}

static void on_phone_end(int err, void *arg)
{
	struct workstation *w = arg;
	(void)err;

	phone_close(w, BYE_ENDED);
	tidy(w);
}

/* ---- hand-over ---- */

static struct workstation *find(const struct workstations *ws,
				const char *person)
{
	struct le *le;

	LIST_FOREACH (&ws->list, le) {
		struct workstation *w = le->data;
		if (!strcmp(w->person, person))
			return w;
	}
	return NULL;
}

static struct workstation *find_or_add(struct workstations *ws,
				       const char *person)
{
	struct workstation *w = find(ws, person);

	if (w || list_count(&ws->list) >= WORKSTATIONS_MAX)
		return w;
	w = mem_zalloc(sizeof(*w), workstation_destructor);
	if (!w)
		return NULL;
	w->all = ws;
	w->phone.w = w->voice.w = w;
	snprintf(w->person, sizeof(w->person), "%s", person);
	list_append(&ws->list, &w->le, w);
	return w;
}

static void channel_set(struct channel *c, const struct handover *ho,
			fd_h *on_control)
{
	c->open = true;
	c->login = ho->login;
	c->generation = ho->generation;
	c->control = ho->control;
	(void)fd_listen(c->control, FD_READ, on_control, c->w);
	handover_taken(c->control);
}

static void phone_open(struct workstation *w, int in, int out)
{
	const struct link_prm prm = {
		.fd_in = in,
		.fd_out = out,
		.line_max_bytes = PROTO_LINE_GATE_BYTES,
		.queue_max_bytes = QUEUE_BYTES,
		.msgh = on_message,
		.badh = on_bad_line,
		.closeh = on_phone_end,
		.arg = w,
	};
	int err = link_alloc(&w->link, &prm);

	if (err) {
		log_error("phone of %s: %s", w->person, strerror(err));
		close(in);
		close(out);
		phone_close(w, BYE_ENDED);
		return;
	}
	say_hello(w);
}

static void phone_take(struct workstation *w, const struct handover *ho)
{
	if (w->phone.open) {
		tell(w, "phone.fenced", NULL);
		phone_close(w, BYE_ENDED);
	}
	channel_set(&w->phone, ho, on_phone_control);
	phone_open(w, ho->in, ho->out);
	legs_attached(w);
}

static void voice_take(struct workstation *w, const struct handover *ho)
{
	voice_close(w, BYE_ENDED);
	channel_set(&w->voice, ho, on_voice_control);
	w->voice.in = ho->in;
	w->voice.out = ho->out;
	(void)fcntl(ho->in, F_SETFL, O_RDONLY | O_NONBLOCK);
	(void)fcntl(ho->out, F_SETFL, O_WRONLY | O_NONBLOCK);
	struct leg *leg = leg_up_of(w);
	if (leg)
		voice_join(w, leg, ho->generation > 0);
	voice_listen(w);
	legs_attached(w);
}

void workstations_handover(const struct handover *ho, void *arg)
{
	struct workstations *ws = arg;
	struct workstation *w = find_or_add(ws, ho->person);
	const struct channel *old = NULL;
	const char *why = NULL;

	if (w)
		old = ho->purpose == HANDOVER_VOICE ? &w->voice : &w->phone;
	if (ho->purpose == HANDOVER_RPC)
		why = "this is the exchange; it serves phone and voice";
	else if (!w)
		why = "too many workstations";
	else if (old->open && old->login > ho->login)
		why = "a newer login of yours took over";
	if (why) {
		close(ho->in);
		close(ho->out);
		handover_refuse(ho->control, why);
		if (w)
			tidy(w);
		return;
	}
	if (ho->purpose == HANDOVER_VOICE)
		voice_take(w, ho);
	else
		phone_take(w, ho);
}

/* ---- from the commands ---- */

static void on_nobody(void *arg)
{
	struct seat *seat = arg;

	if (seat->leg)
		leg_ended(seat->leg, "unreachable", BY_FAULT, 0);
}

int workstation_dial(struct leg **lp, struct workstations *ws,
		     const struct workstation_call *call)
{
	struct leg *leg = NULL;
	struct workstation *w = find(ws, call->person);
	scoped_mem struct seat *seat =
		mem_zalloc(sizeof(*seat), seat_destructor);

	if (!seat)
		return ENOMEM;
	int err = leg_alloc(&leg, ws->prm.legs,
			    &(struct leg_prm){.id = call->leg,
					      .contact = call->contact,
					      .ops = &seat_ops});
	if (err)
		return err;
	tmr_init(&seat->tmr);
	seat->leg = leg;
	seat->w = w && w->phone.open && w->greeted ? w : NULL;
	struct seat *s = take(seat);
	leg->side = s;
	leg->info = json_incref(call->info);
	snprintf(leg->person, sizeof(leg->person), "%s", call->person);
	*lp = leg;
	if (!s->w) {
		tmr_start(&s->tmr, 0, on_nobody, s);
		return 0;
	}
	leg_ring_timeout(leg, call->ring_ms);
	tell(w, "phone.offer",
	     json_pack("{s:s, s:s, s:I, s:b, s:O*}", "leg", leg->id, "contact",
		       leg->contact, "ring_ms", (json_int_t)call->ring_ms,
		       "auto_answer", call->auto_answer, "info", leg->info));
	leg_ringing(leg);
	return 0;
}

int workstation_drop(struct workstations *ws, const char *person,
		     const char *cause)
{
	struct workstation *w = find(ws, person);

	if (!w)
		return ENOENT;
	struct le *le = legs_list(ws->prm.legs)->head;
	while (le) {
		struct leg *leg = le->data;
		le = le->next;
		if (leg_of(w, leg->id) == leg)
			leg_end(leg, cause, BY_US, 0);
	}
	tell(w, "phone.fenced", NULL);
	phone_close(w, BYE_ENDED);
	voice_close(w, BYE_ENDED);
	tidy(w);
	return 0;
}

void workstations_close(struct workstations *ws)
{
	while (ws->list.head)
		mem_deref(list_ledata(ws->list.head));
}

static void workstations_destructor(void *arg)
{
	workstations_close(arg);
}

int workstations_alloc(struct workstations **wp,
		       const struct workstations_prm *prm)
{
	struct workstations *ws =
		mem_zalloc(sizeof(*ws), workstations_destructor);

	if (!ws)
		return ENOMEM;
	ws->prm = *prm;
	*wp = ws;
	return 0;
}

json_t *workstations_json(const struct workstations *ws)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (&ws->list, le) {
		const struct workstation *w = le->data;
		if (w->greeted)
			json_array_append_new(list, json_string(w->person));
	}
	return list;
}
