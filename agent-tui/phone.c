/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/phone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/utf8.h"

#include "agent-tui/phone_udp.h"
#include "agent-tui/relay.h"
#include "agent-tui/ringer.h"

#define METER_MS   500
#define QUALITY_MS 5000

struct phone {
	struct phone_prm prm;
	struct phone_devices devices;
	struct ringer *ringer; /* NULL: the headset alone rings */
	struct phone_audio *audio;
	struct relay *relay;
	struct phone_udp *udp; /* of this leg; NULL: by the tunnel */
	struct sa server;      /* the SSH server's address */
	struct link_split split;
	struct phone_status st;
	bool started;
	struct tmr meter;
	int64_t quality_us; /* mono, next report */
	int64_t rtt_us;
};

static void changed(struct phone *ph, unsigned mask)
{
	if (ph->prm.changeh)
		ph->prm.changeh(mask, ph->prm.arg);
}

/* ---- messages out ---- */

static int send_msg(struct phone *ph, const char *method, json_t *params)
{
	scoped_json json_t *msg = proto_notify(method, params);
	size_t len = 0;

	if (!msg)
		return ENOMEM;
	scoped_str char *line = json_line(msg, &len);
	if (!line)
		return ENOMEM;
	return ph->prm.phone_sendh(line, len, ph->prm.arg);
}

static int send_leg(struct phone *ph, const char *method)
{
	return send_msg(ph, method, json_pack("{s:s}", "leg", ph->st.leg));
}

/* ---- legs ---- */

static void ring(struct phone *ph, bool on)
{
	relay_ring(ph->relay, on && ph->prm.ring_in_headset);
	ringer_ring(ph->ringer, on);
}

static void tell_backend(struct phone *ph)
{
	bool up = ph->st.leg_state == PHONE_ANSWERING ||
		  ph->st.leg_state == PHONE_UP ||
		  ph->st.leg_state == PHONE_DETACHED;

	if (ph->audio && ph->prm.backend->leg)
		ph->prm.backend->leg(ph->audio, up ? ph->st.contact : "");
}

static void set_leg(struct phone *ph, enum phone_leg_state state)
{
	if (ph->st.leg_state == state)
		return;
	ph->st.leg_state = state;
	ph->st.since_us = cal_now_us();
	ring(ph, state == PHONE_RINGING);
	/* from the answer on, so that the switch hears us when it bridges */
	relay_run(ph->relay, state == PHONE_ANSWERING || state == PHONE_UP ||
				     (state == PHONE_DETACHED && ph->udp));
	tell_backend(ph);
	changed(ph, PHONE_CHANGE_LEG);
}

static void take_info(struct phone *ph, const json_t *info)
{
	struct phone_status *st = &ph->st;

	utf8_copy(st->number, sizeof(st->number), json_str(info, "number"));
	utf8_copy(st->name, sizeof(st->name), json_str(info, "name"));
	utf8_copy(st->queue, sizeof(st->queue), json_str(info, "queue"));
	utf8_copy(st->direction, sizeof(st->direction),
		  json_str(info, "direction"));
}

static void begin_leg(struct phone *ph, const json_t *p)
{
	struct phone_status *st = &ph->st;

	utf8_copy(st->leg, sizeof(st->leg), json_str(p, "leg"));
	utf8_copy(st->contact, sizeof(st->contact), json_str(p, "contact"));
	take_info(ph, json_object_get(p, "info"));
	*st->cause = '\0';
	relay_reset(ph->relay);
}

static void on_udp(const uint8_t *rtp, size_t len, void *arg)
{
	struct phone *ph = arg;

	relay_packet(ph->relay, rtp, len);
}

static void show_path(struct phone *ph)
{
	ph->st.path = ph->udp && phone_udp_carries(ph->udp)
			      ? PHONE_PATH_UDP
			      : PHONE_PATH_TUNNEL;
}

/* By which way does this leg's voice go? udp: what the switch said of it. */
static void choose_path(struct phone *ph, const json_t *udp)
{
	struct phone_udp_prm up = {
		.tx_key = json_str(udp, "tx_key"),
		.rx_key = json_str(udp, "rx_key"),
		.both = json_bool(udp, "tunnel"),
		.packeth = on_udp,
		.arg = ph,
	};
	const char *address = json_str(udp, "address");
	int64_t port = json_int(udp, "port");

	if (phone_udp_is(ph->udp, up.tx_key))
		return;
	ph->udp = mem_deref(ph->udp);
	ph->st.path = PHONE_PATH_TUNNEL;
	if (!json_is_object(udp) || port < 1 || port > 65535)
		return;
	up.remote = ph->server;
	if (*address && sa_set_str(&up.remote, address, 0))
		return;
	sa_set_port(&up.remote, (uint16_t)port);
	int err = phone_udp_alloc(&ph->udp, &up);
	if (err)
		log_warn("phone: no voice by UDP: %s", strerror(err));
	else
		show_path(ph);
}

static void end_leg(struct phone *ph, const char *cause)
{
	ph->udp = mem_deref(ph->udp);
	utf8_copy(ph->st.cause, sizeof(ph->st.cause), cause);
	*ph->st.leg = '\0';
	ph->st.ring_until_us = 0;
	set_leg(ph, PHONE_IDLE);
}

/* ---- messages in ---- */

static void got_offer(struct phone *ph, json_t *p)
{
	int64_t ring_ms = json_int(p, "ring_ms");

	if (!*json_str(p, "leg"))
		return;
	begin_leg(ph, p);
	ph->st.auto_answer = json_bool(p, "auto_answer");
	ph->st.ring_until_us = ring_ms ? cal_now_us() + ring_ms * 1000 : 0;
	ph->st.leg_state = PHONE_IDLE; /* a newer offer begins anew */
	set_leg(ph, PHONE_RINGING);
	if (ph->st.auto_answer)
		phone_answer(ph);
}

static bool is_ours(const struct phone *ph, const json_t *p)
{
	return *ph->st.leg && !strcmp(ph->st.leg, json_str(p, "leg"));
}

static void got_cancel(struct phone *ph, json_t *p)
{
	if (is_ours(ph, p))
		end_leg(ph, json_str(p, "cause"));
}

static void got_up(struct phone *ph, json_t *p)
{
	if (!is_ours(ph, p))
		return;
	ph->st.ring_until_us = 0;
	choose_path(ph, json_object_get(p, "udp"));
	set_leg(ph, PHONE_UP);
}

static void got_fenced(struct phone *ph, json_t *p)
{
	ph->st.fenced = true;
	end_leg(ph, "fenced");
	changed(ph, PHONE_CHANGE_LEG);
}

/* What the switch still has of us after a (re)attach. */
static void got_legs(struct phone *ph, const json_t *legs)
{
	const json_t *found = NULL;
	size_t i;
	json_t *leg;

	json_array_foreach (legs, i, leg) {
		if (!found || is_ours(ph, leg))
			found = leg;
	}
	if (!found) {
		if (ph->st.leg_state != PHONE_IDLE)
			end_leg(ph, "gone");
		return;
	}
	if (!is_ours(ph, found))
		begin_leg(ph, found);
	choose_path(ph, json_object_get(found, "udp"));
	set_leg(ph, strcmp(json_str(found, "state"), "up") ? PHONE_RINGING
							   : PHONE_UP);
}

static void got_hello(struct phone *ph, json_t *p)
{
	ph->st.attached = true;
	ph->st.fenced = false;
	got_legs(ph, json_object_get(p, "legs"));
	changed(ph, PHONE_CHANGE_LEG);
}

static void on_message(struct phone *ph, json_t *msg)
{
	static const struct {
		const char *method;
		void (*h)(struct phone *ph, json_t *p);
	} all[] = {
		{"phone.hello", got_hello},   {"phone.offer", got_offer},
		{"phone.cancel", got_cancel}, {"phone.up", got_up},
		{"phone.ended", got_cancel},  {"phone.fenced", got_fenced},
	};
	const char *method = json_str(msg, "method");

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!strcmp(all[i].method, method)) {
			all[i].h(ph, json_object_get(msg, "params"));
			return;
		}
	}
	/* a switch that took our channels over asks for a new hello */
	if (!strcmp(method, "restarted")) {
		phone_attach(ph);
		relay_resync(ph->relay, true);
	}
}

static int on_line(char *line, size_t len, void *arg)
{
	char why[160];

	if (!len)
		return 0;
	scoped_json json_t *msg =
		line ? json_parse(line, len, why, sizeof(why)) : NULL;
	if (json_is_object(msg))
		on_message(arg, msg);
	else
		log_warn("bad line from the switch: %s",
			 line ? why : "too long");
	return 0;
}

void phone_feed(struct phone *ph, const uint8_t *data, size_t len)
{
	mem_ref(ph);
	link_split_feed(&ph->split, (const char *)data, len, on_line, ph);
	mem_deref(ph);
}

void phone_feed_voice(struct phone *ph, const uint8_t *data, size_t len)
{
	relay_feed(ph->relay, data, len);
}

/* ---- channels ---- */

void phone_attach(struct phone *ph)
{
	json_t *p = json_pack("{s:i, s:s}", "version", PROTO_VERSION, "client",
			      ph->prm.client);

	if (ph->prm.voice != PHONE_VOICE_TUNNEL)
		json_object_set_new(p, "udp", json_true());
	if (ph->prm.voice == PHONE_VOICE_AUTO)
		json_object_set_new(p, "tunnel", json_true());
	ph->prm.phone_sendh("\n", 1, ph->prm.arg);
	send_msg(ph, "phone.hello", p);
	relay_resync(ph->relay, false);
}

void phone_detach(struct phone *ph)
{
	link_split_release(&ph->split);
	link_split_init(&ph->split, PROTO_LINE_LOCAL_BYTES);
	if (!ph->st.attached)
		return;
	ph->st.attached = false;
	if (ph->st.leg_state != PHONE_IDLE)
		set_leg(ph, PHONE_DETACHED);
	changed(ph, PHONE_CHANGE_LEG);
}

/* ---- commands ---- */

int phone_answer(struct phone *ph)
{
	if (ph->st.leg_state == PHONE_DETACHED)
		return ENOTCONN;
	if (ph->st.leg_state != PHONE_RINGING)
		return EALREADY;
	int err = send_leg(ph, "phone.answer");
	if (!err)
		set_leg(ph, PHONE_ANSWERING);
	return err;
}

int phone_refuse(struct phone *ph)
{
	if (ph->st.leg_state == PHONE_DETACHED)
		return ENOTCONN;
	if (ph->st.leg_state != PHONE_RINGING)
		return EALREADY;
	int err = send_leg(ph, "phone.refuse");
	if (!err)
		end_leg(ph, "refused");
	return err;
}

int phone_hangup(struct phone *ph)
{
	if (ph->st.leg_state == PHONE_DETACHED)
		return ENOTCONN;
	if (ph->st.leg_state != PHONE_UP &&
	    ph->st.leg_state != PHONE_ANSWERING)
		return EALREADY;
	int err = send_leg(ph, "phone.hangup");
	/* the switch does not say it back; were it lost with the line, the
	 * leg would stand in the next hello */
	if (!err)
		end_leg(ph, "bye");
	return err;
}

int phone_dtmf(struct phone *ph, const char *digits)
{
	if (ph->st.leg_state == PHONE_DETACHED)
		return ENOTCONN;
	if (ph->st.leg_state != PHONE_UP)
		return EALREADY;
	if (!*digits || strspn(digits, "0123456789*#ABCD") != strlen(digits) ||
	    strlen(digits) > 32)
		return EINVAL;
	return send_msg(
		ph, "phone.dtmf",
		json_pack("{s:s, s:s}", "leg", ph->st.leg, "digits", digits));
}

void phone_mute(struct phone *ph, bool on)
{
	ph->st.muted = on;
	ph->st.mute_talking = false;
	relay_mute(ph->relay, on);
	changed(ph, PHONE_CHANGE_AUDIO);
}

void phone_set_server(struct phone *ph, const struct sa *addr)
{
	sa_cpy(&ph->server, addr);
}

void phone_set_rtt(struct phone *ph, int64_t rtt_us)
{
	ph->rtt_us = rtt_us;
}

/* ---- meters ---- */

static void report(struct phone *ph)
{
	const struct phone_status *st = &ph->st;
	int64_t now = cal_mono_us();

	if (st->leg_state != PHONE_UP || now < ph->quality_us)
		return;
	ph->quality_us = now + QUALITY_MS * 1000;
	send_msg(ph, "phone.quality",
		 json_pack("{s:s, s:f, s:f, s:i, s:i}", "leg", st->leg,
			   "rtt_ms", (double)ph->rtt_us / 1000, "jitter_ms",
			   st->jitter_ms, "lost", (int)st->lost, "late",
			   (int)st->late));
}

static void forget_levels(struct phone_status *st)
{
	memset(st->mic_past, -96, sizeof(st->mic_past));
	memset(st->far_past, -96, sizeof(st->far_past));
}

static void on_meter(void *arg)
{
	struct phone *ph = arg;
	struct phone_status *st = &ph->st;
	struct relay_figures f;

	tmr_start(&ph->meter, METER_MS, on_meter, ph);
	relay_take_figures(ph->relay, (double)ph->rtt_us / 1000, &f);
	st->mic_db = f.mic_db;
	st->far_db = f.far_db;
	phone_past_add(st->mic_past, st->muted ? -96 : f.mic_db);
	phone_past_add(st->far_past, f.far_db);
	st->jitter_ms = f.jitter_ms;
	st->loss_percent = f.loss_percent;
	st->mos = f.mos;
	st->rx = f.rx;
	st->tx = f.tx;
	st->lost = f.lost;
	st->late = f.late;
	st->tx_dropped = f.tx_dropped;
	st->first_rx_us = f.first_rx_us;
	st->last_rx_us = f.last_rx_us;
	st->mute_talking =
		st->muted && f.mic_db > -40 && st->leg_state == PHONE_UP;
	report(ph);
	if (st->leg_state != PHONE_IDLE)
		changed(ph, PHONE_CHANGE_METER);
}

/* ---- audio ---- */

static void on_mic(const uint8_t *alaw, size_t len, void *arg)
{
	struct phone *ph = arg;

	relay_mic(ph->relay, alaw, len);
}

static void on_audio(enum phone_audio_state state, const char *detail,
		     void *arg)
{
	struct phone *ph = arg;

	if (state == PHONE_AUDIO_STARTING && ph->st.audio == PHONE_AUDIO_UP)
		ph->st.audio_restarts++;
	ph->st.audio = state;
	utf8_copy(ph->st.audio_detail, sizeof(ph->st.audio_detail), detail);
	changed(ph, PHONE_CHANGE_AUDIO);
}

static void on_play(uint32_t seq, bool marker, const uint8_t *alaw, size_t len,
		    void *arg)
{
	struct phone *ph = arg;

	if (ph->audio)
		ph->prm.backend->play(ph->audio, seq, marker, alaw, len);
}

static int on_send(const uint8_t *frame, size_t len, void *arg)
{
	struct phone *ph = arg;

	unsigned ways =
		ph->udp ? phone_udp_ways(ph->udp) : PHONE_UDP_WAY_TUNNEL;
	int err = 0;

	if (ways & PHONE_UDP_WAY_UDP) /* no length before it */
		err = phone_udp_send(ph->udp, frame + 2, len - 2);
	if (ways & PHONE_UDP_WAY_TUNNEL)
		err = ph->prm.voice_sendh(frame, len, ph->prm.arg);
	show_path(ph);
	return err;
}

/* A second device that cannot be had costs no call: the headset rings. */
static void start_ringer(struct phone *ph)
{
	int err = 0;

	ph->ringer = mem_deref(ph->ringer);
	if (ph->devices.ringer[0])
		err = ringer_alloc(&ph->ringer, ph->prm.backend,
				   ph->devices.ringer);
	if (err)
		log_warn("ringer: %s: %s", ph->devices.ringer, strerror(err));
	ringer_ring(ph->ringer, ph->st.leg_state == PHONE_RINGING);
}

static bool same(const char *a, const char *b)
{
	return !strncmp(a, b, sizeof(((struct phone_devices *)0)->player));
}

static bool is_word(const char *device)
{
	return !strpbrk(device, "\r\n#");
}

int phone_set_devices(struct phone *ph, const struct phone_devices *d)
{
	bool ringer = !same(d->ringer, ph->devices.ringer);
	bool headset = !same(d->source, ph->devices.source) ||
		       !same(d->player, ph->devices.player);

	if (!is_word(d->source) || !is_word(d->player) || !is_word(d->ringer))
		return EINVAL;
	if (headset && !ph->prm.backend->devices)
		return ENOTSUP;
	ph->devices = *d;
	if (ringer && ph->started)
		start_ringer(ph);
	if (!headset || !ph->audio)
		return 0;
	return ph->prm.backend->devices(ph->audio, &ph->devices);
}

const struct phone_devices *phone_devices(const struct phone *ph)
{
	return &ph->devices;
}

/* ---- life ---- */

int phone_start(struct phone *ph)
{
	if (ph->started)
		return 0;
	const struct phone_audio_prm ap = {
		.devices = &ph->devices,
		.mich = on_mic,
		.stateh = on_audio,
		.arg = ph,
	};
	int err = ph->prm.backend->alloc(&ph->audio, &ap);
	if (err)
		return err;
	ph->started = true;
	start_ringer(ph);
	ph->st.path = PHONE_PATH_TUNNEL;
	tmr_start(&ph->meter, METER_MS, on_meter, ph);
	return 0;
}

void phone_stop(struct phone *ph)
{
	if (!ph->started)
		return;
	ph->started = false;
	tmr_cancel(&ph->meter);
	relay_run(ph->relay, false);
	relay_ring(ph->relay, false);
	ph->ringer = mem_deref(ph->ringer);
	ph->audio = mem_deref(ph->audio);
	ph->st.audio = PHONE_AUDIO_OFF;
	ph->st.path = PHONE_PATH_NONE;
}

static void destructor(void *arg)
{
	struct phone *ph = arg;

	ph->prm.changeh = NULL;
	phone_stop(ph);
	mem_deref(ph->udp);
	mem_deref(ph->relay);
	link_split_release(&ph->split);
}

int phone_alloc(struct phone **pp, const struct phone_prm *prm)
{
	scoped_mem struct phone *ph = mem_zalloc(sizeof(*ph), destructor);
	if (!ph)
		return ENOMEM;
	ph->prm = *prm;
	ph->devices = prm->devices;
	ph->st.mic_db = ph->st.far_db = -96;
	forget_levels(&ph->st);
	tmr_init(&ph->meter);
	link_split_init(&ph->split, PROTO_LINE_LOCAL_BYTES);
	const struct relay_prm rp = {
		.sendh = on_send, .playh = on_play, .arg = ph};
	int err = relay_alloc(&ph->relay, &rp);
	if (err)
		return err;
	*pp = take(ph);
	return 0;
}

const struct phone_status *phone_status(const struct phone *ph)
{
	return &ph->st;
}
