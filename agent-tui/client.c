/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/utf8.h"

#include "agent-tui/client_state.h"

#define TICK_MS	 250
#define TODAY_MS 1500 /* events come before the commit */

struct request {
	struct le le;
	int64_t id;
	char method[40];
	json_t *params;
	const char *what;
	client_reply_h *h;
	void *arg;
	int64_t sent_us; /* mono */
};

static void request_destructor(void *arg)
{
	struct request *r = arg;

	list_unlink(&r->le);
	json_decref(r->params);
}

/* ---- pending marks ---- */

static void mark_pending(struct client *c)
{
	struct model *m = c->model;
	size_t was = m->n_pending;
	struct le *le;

	m->n_pending = 0;
	LIST_FOREACH (&c->requests, le) {
		const struct request *r = le->data;
		if (!r->what || m->n_pending == MODEL_PENDING_MAX)
			continue;
		struct model_pending *p = &m->pending[m->n_pending++];
		p->id = r->id;
		p->what = r->what;
		p->since_us = r->sent_us;
	}
	if (was || m->n_pending)
		model_changed(m, MODEL_PENDING);
}

/* ---- requests ---- */

bool client_ready_to_ask(struct client *c, const char *what)
{
	if (c->hello_done)
		return true;
	if (what)
		model_say(c->model, MESSAGE_ERROR,
			  N_("Not done: there is no connection to the server"),
			  NULL);
	return false;
}

static int send_json(struct client *c, json_t *msg)
{
	scoped_json json_t *owned = msg;
	size_t len = 0;

	if (!owned)
		return ENOMEM;
	scoped_str char *line = json_line(owned, &len);
	if (!line)
		return ENOMEM;
	return tunnel_send(c->tunnel, TUNNEL_RPC, line, len);
}

static int send_request(struct client *c, const struct request *r)
{
	return send_json(
		c, proto_request(r->id, r->method, json_incref(r->params)));
}

/* Without the question whether hello was said. params is stolen. */
static int request(struct client *c, const char *method, json_t *params,
		   const char *what, client_reply_h *h, void *arg)
{
	if (!params)
		params = json_object();
	if (list_count(&c->requests) >= CLIENT_REQUESTS_MAX) {
		json_decref(params);
		return EAGAIN;
	}
	struct request *r = mem_zalloc(sizeof(*r), request_destructor);
	if (!r || !params) {
		mem_deref(r);
		json_decref(params);
		return ENOMEM;
	}
	r->id = c->next_id++;
	snprintf(r->method, sizeof(r->method), "%s", method);
	r->params = params;
	r->what = what;
	r->h = h;
	r->arg = arg;
	r->sent_us = cal_mono_us();
	int err = send_request(c, r);
	if (err) {
		mem_deref(r);
		return err;
	}
	list_append(&c->requests, &r->le, r);
	if (what)
		mark_pending(c);
	return 0;
}

int client_request(struct client *c, const char *method, json_t *params,
		   const char *what, client_reply_h *h, void *arg)
{
	if (!client_ready_to_ask(c, what)) {
		json_decref(params);
		return ENOTCONN;
	}
	return request(c, method, params, what, h, arg);
}

void client_drop_requests(struct client *c, client_reply_h *h)
{
	struct le *le;

	LIST_FOREACH (&c->requests, le) {
		struct request *r = le->data;
		if (r->h == h)
			r->h = NULL;
	}
}

void client_complain(struct client *c, const struct client_reply *r)
{
	model_say(c->model, MESSAGE_ERROR, r->message, r->detail);
}

/* r leaves the list and tells its owner. */
static void finish(struct client *c, struct request *r,
		   const struct client_reply *reply)
{
	list_unlink(&r->le);
	if (reply->err && r->what)
		client_complain(c, reply);
	if (r->what)
		mark_pending(c);
	if (r->h)
		r->h(reply, r->arg);
	mem_deref(r);
}

static void fail_all(struct client *c, int err, const char *message)
{
	struct client_reply reply = {.err = err, .message = message};
	struct le *le;

	while ((le = list_head(&c->requests))) {
		struct request *r = le->data;
		reply.detail = r->what ? r->what : "";
		finish(c, r, &reply);
	}
}

static struct request *find_request(struct client *c, int64_t id)
{
	struct le *le;

	LIST_FOREACH (&c->requests, le) {
		struct request *r = le->data;
		if (r->id == id)
			return r;
	}
	return NULL;
}

static void on_reply(struct client *c, json_t *msg)
{
	struct request *r = find_request(c, json_int(msg, "id"));
	const json_t *error = json_object_get(msg, "error");
	struct client_reply reply = {.message = "", .detail = ""};

	if (!r)
		return; /* timed out before */
	if (json_is_object(error)) {
		reply.err = proto_error_errno((int)json_int(error, "code"));
		reply.message = json_str(error, "message");
		reply.detail =
			json_str(json_object_get(error, "data"), "detail");
	} else {
		reply.result = json_object_get(msg, "result");
	}
	finish(c, r, &reply);
}

/* ---- link state ---- */

static void set_link(struct client *c, enum model_link state)
{
	struct model_link_state *l = &c->model->link;

	l->tunnel = *tunnel_status(c->tunnel);
	if (state == LINK_UP && l->state != LINK_UP) {
		if (l->down_us)
			l->was_down_ms = (cal_now_us() - l->down_us) / 1000;
		l->down_us = 0;
	} else if (state != LINK_UP && !l->down_us) {
		l->down_us = cal_now_us();
	}
	l->state = state;
	model_changed(c->model, MODEL_LINK);
}

static void refuse(struct client *c, const char *what, const char *todo)
{
	const struct tunnel_fault f = {.kind = TUNNEL_FAULT_GATE,
				       .what = what,
				       .todo = todo,
				       .final = true};

	tunnel_refuse(c->tunnel, &f);
}

/* ---- hello, subscribe, resync ---- */

#define X(topic, may) {topic, may},
static const struct {
	const char *name;
	unsigned may;
} topics[] = {OFFICE_TOPICS(X)};
#undef X

/* Who leads or reviews follows all; who takes calls what is on the screen.
 * The more people see each event, the fewer calls a site can take. */
bool client_follows(const struct client *c, const char *topic)
{
	const struct model *m = c->model;
	bool all = (m->me.roles & ~(unsigned)ROLE_AGENT) != 0;

	if (!strcmp(topic, "fact"))
		return false;
	if (!strcmp(topic, "line"))
		return !all;
	if (!strcmp(topic, "item"))
		return all;
	if (!strcmp(topic, "agent"))
		return all || c->choosing;
	if (!strcmp(topic, "ticket"))
		return all ||
		       (c->lists[MODEL_LIST_TICKETS].wanted &&
			!m->tickets_mine) ||
		       (*m->ticket.id && strcmp(m->ticket.agent, m->me.id));
	return true;
}

static void on_subscribed(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		client_complain(c, r);
}

void client_subscribe(struct client *c)
{
	unsigned mask = 0;
	json_t *list = json_array();

	for (unsigned i = 0; i < ARRAY_SIZE(topics); i++) {
		if (!(topics[i].may & c->model->me.roles) ||
		    !client_follows(c, topics[i].name))
			continue;
		mask |= 1U << i;
		json_array_append_new(list, json_string(topics[i].name));
	}
	json_t *p = json_pack("{s:o}", "topics", list);
	if (mask == c->subscribed)
		json_decref(p);
	else if (!client_request(c, "subscribe", p, NULL, on_subscribed, c))
		c->subscribed = mask;
}

static void up(struct client *c, unsigned caught_up)
{
	bool again = c->model->link.tunnel.times > 1;

	c->model->link.caught_up = caught_up;
	set_link(c, LINK_UP);
	if (again && c->model->link.was_down_ms) {
		char detail[40];
		snprintf(detail, sizeof(detail), "%u", caught_up);
		model_say(c->model, MESSAGE_OK,
			  N_("The connection is back; events fetched:"),
			  detail);
	}
	client_draft_resume(c);
}

static void on_my_call(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		return;
	model_apply(c->model, "me.call", r->result);
	client_draft_follow(c);
}

static void on_me(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	const struct model_me *me = &c->model->me;

	if (r->err)
		return;
	client_take_me(c, r->result);
	if (c->want_signin && me->agent.state == STATE_OFFLINE)
		client_signin(c, c->device);
	if (*me->agent.contact)
		client_request(
			c, "call.get",
			json_pack("{s:s}", "contact", me->agent.contact), NULL,
			on_my_call, c);
	else if (*c->model->call.contact) {
		/* it ended while we were away */
		utf8_copy(c->model->call.state, sizeof(c->model->call.state),
			  "ended");
		model_changed(c->model, MODEL_CALL);
	}
}

static void fetch_me(struct client *c)
{
	if (c->model->me.roles & MAY_AGENT)
		client_request(c, "agent.get", NULL, NULL, on_me, c);
	client_today(c, 0);
}

static void apply(struct client *c, const char *method, json_t *params)
{
	int64_t n = json_int(params, "n");

	if (n > c->n)
		c->n = n;
	enum model_state was = c->model->me.agent.state;
	if (!model_apply(c->model, method, params))
		return;
	/* a call counts when it is over, its wrap-up when that is */
	if (was != c->model->me.agent.state &&
	    (was == STATE_WRAPUP || was == STATE_TALKING))
		client_today(c, TODAY_MS);
	if (!strcmp(method, "me.call"))
		client_draft_follow(c);
	else if (!strcmp(method, "me.offer") && c->prm.lists) {
		*c->likely_of = '\0';
		client_citizen_open(c, c->model->offer.contact, NULL);
	} else if (!strcmp(method, "kb.changed")) {
		/* what is being read may no longer be in force */
		if (*c->model->entry.id)
			client_kb_open(c, c->model->entry.id, 0);
		client_kb_changed(c);
	} else if (!strcmp(method, "me.learn")) {
		client_fetch(c, MODEL_LIST_LEARN, true);
	}
}

static void on_sync(const struct client_reply *r, void *arg);

static void ask_sync(struct client *c)
{
	client_request(c, "sync",
		       json_pack("{s:s, s:I}", "boot", c->boot, "n",
				 (json_int_t)c->n),
		       NULL, on_sync, c);
}

static void on_sync(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	size_t i;
	json_t *ev;
	json_t *events = json_object_get(r->result, "events");

	if (r->err || json_bool(r->result, "snapshot")) {
		if (!r->err) {
			utf8_copy(c->boot, sizeof(c->boot),
				  json_str(r->result, "boot"));
			c->n = json_int(r->result, "n");
		}
		client_fetch_all(c, true);
		up(c, 0);
		return;
	}
	json_array_foreach (events, i, ev) {
		apply(c, json_str(ev, "method"),
		      json_object_get(ev, "params"));
	}
	c->model->link.caught_up += (unsigned)json_array_size(events);
	if (json_int(r->result, "n") > c->n)
		c->n = json_int(r->result, "n");
	if (json_bool(r->result, "more"))
		ask_sync(c);
	else
		up(c, c->model->link.caught_up);
}

/* Unanswered requests of before, after the server took the session over. */
static void repeat(struct client *c)
{
	struct le *le;

	LIST_FOREACH (&c->requests, le) {
		const struct request *r = le->data;
		if (strcmp(r->method, "subscribe") &&
		    strcmp(r->method, "ping") && strcmp(r->method, "hello"))
			send_request(c, r);
	}
}

static void on_hello(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err == EPROTONOSUPPORT) {
		refuse(c, N_("The server speaks another version"),
		       N_("Install the workstation program that belongs to "
			  "the server"));
		return;
	}
	if (r->err) {
		log_warn("hello refused: %s %s", r->message, r->detail);
		if (r->err == ETIMEDOUT || r->err == ENOTCONN)
			return; /* the tick asks again */
		refuse(c, N_("The server does not let you in"),
		       N_("Ask the administrator to look at your account"));
		return;
	}
	const char *boot = json_str(r->result, "boot");
	bool same = *c->boot && !strcmp(c->boot, boot);
	c->model->link.offset_us = json_int(r->result, "now_us") -
				   cal_now_us() + c->model->link.rtt_us / 2;
	c->ping_ms = json_int(r->result, "ping_ms");
	if (c->ping_ms < 500 || c->ping_ms > 10000)
		c->ping_ms = 2000;
	c->hello_done = true;
	model_take_hello(c->model, r->result);
	repeat(c);
	c->subscribed = 0;
	client_subscribe(c);
	/* whom he chooses from may have begun while there was no line */
	if (c->choosing)
		client_fetch(c, MODEL_LIST_AGENTS, true);
	fetch_me(c);
	c->model->link.caught_up = 0;
	if (same) {
		ask_sync(c);
		return;
	}
	bool again = *c->boot != '\0';
	utf8_copy(c->boot, sizeof(c->boot), boot);
	c->n = json_int(r->result, "n");
	client_fetch_all(c, again);
	up(c, 0);
}

static void say_hello(struct client *c)
{
	json_t *params = json_pack("{s:i, s:s}", "version", PROTO_VERSION,
				   "client", "zuoxi " ZUOXI_VERSION);

	if (*c->boot) {
		json_object_set_new(params, "boot", json_string(c->boot));
		json_object_set_new(params, "n", json_integer(c->n));
	}
	c->hello_done = false;
	client_drop_requests(c, on_hello);
	/* ends a half line that a broken server may have left */
	tunnel_send(c->tunnel, TUNNEL_RPC, "\n", 1);
	request(c, "hello", params, NULL, on_hello, c);
	set_link(c, LINK_HELLO);
}

/* ---- incoming ---- */

static void on_ended(struct client *c)
{
	const char *why = c->model->link.ended;

	if (!strcmp(why, "fenced"))
		refuse(c, N_("You signed in at another workstation"),
		       N_("Go on there, or connect here again to take over"));
	else if (!strcmp(why, "disabled"))
		refuse(c, N_("Your account was disabled"),
		       N_("Ask the administrator"));
}

static void on_message(struct client *c, json_t *msg)
{
	const char *method = json_str(msg, "method");

	c->model->link.heard_us = cal_now_us();
	if (!*method) {
		on_reply(c, msg);
		return;
	}
	if (!strcmp(method, "restarted")) {
		say_hello(c);
		return;
	}
	apply(c, method, json_object_get(msg, "params"));
	if (!strcmp(method, "me.ended"))
		on_ended(c);
}

static int on_line(char *line, size_t len, void *arg)
{
	struct client *c = arg;
	char why[160];

	if (!len)
		return 0;
	scoped_json json_t *msg =
		line ? json_parse(line, len, why, sizeof(why)) : NULL;
	if (json_is_object(msg))
		on_message(c, msg);
	else
		log_warn("bad line from the office: %s",
			 line ? why : "too long");
	return c->rpc_open ? 0 : ECANCELED;
}

static void on_data(enum tunnel_channel ch, const uint8_t *data, size_t len,
		    void *arg)
{
	struct client *c = arg;

	if (ch == TUNNEL_RPC)
		link_split_feed(&c->split, (const char *)data, len, on_line,
				c);
	else if (ch == TUNNEL_PHONE && c->phone)
		phone_feed(c->phone, data, len);
	else if (ch == TUNNEL_VOICE && c->phone)
		phone_feed_voice(c->phone, data, len);
}

/* ---- ping and time-outs ---- */

/* A reply tells the far clock to half its round trip: one within that of
 * what we have refutes nothing, and clocks on the screen would twitch. */
static void set_offset(struct model_link_state *l, int64_t now_us)
{
	const int64_t offset = now_us + l->rtt_us / 2 - cal_now_us();

	if (now_us && llabs(offset - l->offset_us) > l->rtt_us / 2)
		l->offset_us = offset;
}

static void on_pong(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model_link_state *l = &c->model->link;

	if (r->err)
		return;
	model_take_rtt(c->model,
		       cal_mono_us() - c->ping_at_us + c->ping_ms * 1000);
	int64_t tcp_rtt;
	tunnel_tcp(c->tunnel, &tcp_rtt, &l->loss);
	set_offset(l, json_int(r->result, "now_us"));
	if (c->phone)
		phone_set_rtt(c->phone, l->rtt_us);
	/* no change to be told: it is seen with the next tick */
}

static void ping(struct client *c, int64_t now)
{
	if (!c->rpc_open || now < c->ping_at_us)
		return;
	c->ping_at_us = now + c->ping_ms * 1000;
	if (!c->hello_done) {
		/* an office that comes back finds the line alive */
		tunnel_send(c->tunnel, TUNNEL_RPC, "\n", 1);
		return;
	}
	client_drop_requests(c, on_pong);
	request(c, "ping", NULL, NULL, on_pong, c);
}

static void on_tick(void *arg)
{
	struct client *c = arg;
	int64_t now = cal_mono_us();
	const struct client_reply late = {
		.err = ETIMEDOUT,
		.message = N_("The server did not answer in time"),
		.detail = ""};
	struct le *le = list_head(&c->requests);
	bool hello_late = false;

	tmr_start(&c->tick, TICK_MS, on_tick, c);
	while (le) {
		struct request *r = le->data;
		if (now - r->sent_us < CLIENT_TIMEOUT_MS * INT64_C(1000))
			break;
		hello_late |= r->h == on_hello;
		finish(c, r, &late);
		le = list_head(&c->requests); /* the handler may add, drop */
	}
	if (hello_late && c->rpc_open)
		say_hello(c);
	ping(c, now);
	if (c->model->n_pending)
		model_changed(c->model, MODEL_PENDING);
}

/* ---- the tunnel ---- */

static void lost(struct client *c)
{
	bool was = c->rpc_open;

	c->rpc_open = c->hello_done = false;
	link_split_release(&c->split);
	link_split_init(&c->split, PROTO_LINE_LOCAL_BYTES);
	if (c->phone)
		phone_detach(c->phone);
	if (was)
		fail_all(c, ENOTCONN,
			 N_("Not confirmed: the line broke before the "
			    "server answered"));
}

static void on_tunnel_state(const struct tunnel_status *st, void *arg)
{
	struct client *c = arg;
	static const enum model_link links[] = {
		[TUNNEL_CLOSED] = LINK_DOWN,
		[TUNNEL_CONNECTING] = LINK_CONNECTING,
		[TUNNEL_ASKING] = LINK_ASKING,
		[TUNNEL_UP] = LINK_HELLO,
		[TUNNEL_RETRYING] = LINK_DOWN,
		[TUNNEL_REFUSED] = LINK_REFUSED,
	};

	if (st->state != TUNNEL_UP)
		lost(c);
	if (st->state == TUNNEL_UP)
		*c->model->link.ended = '\0';
	set_link(c, links[st->state]);
}

static void on_channel(enum tunnel_channel ch, bool open, void *arg)
{
	struct client *c = arg;

	if (ch == TUNNEL_RPC) {
		if (!open) {
			c->rpc_open = c->hello_done = false;
			fail_all(c, ENOTCONN,
				 N_("Not confirmed: the line broke before "
				    "the server answered"));
			set_link(c, LINK_HELLO);
			return;
		}
		c->rpc_open = true;
		c->ping_at_us = cal_mono_us() + c->ping_ms * 1000;
		say_hello(c);
	} else if (ch == TUNNEL_PHONE && c->phone) {
		struct sa peer;
		if (open && !tunnel_peer(c->tunnel, &peer))
			phone_set_server(c->phone, &peer);
		if (open)
			phone_attach(c->phone);
		else
			phone_detach(c->phone);
	}
}

/* The questions go to whoever made the client, with its own argument. */
static void on_host(const char *host, const char *type,
		    const char *fingerprint, void *arg)
{
	const struct tunnel_prm *tp = &((struct client *)arg)->prm.tunnel;

	tp->hosth(host, type, fingerprint, tp->arg);
}

static void on_passphrase(const char *key_file, bool again, void *arg)
{
	const struct tunnel_prm *tp = &((struct client *)arg)->prm.tunnel;

	tp->passphraseh(key_file, again, tp->arg);
}

/* ---- the phone ---- */

static int on_phone_send(const void *data, size_t len, void *arg)
{
	struct client *c = arg;

	return tunnel_send(c->tunnel, TUNNEL_PHONE, data, len);
}

static int on_voice_send(const void *data, size_t len, void *arg)
{
	struct client *c = arg;

	return tunnel_send(c->tunnel, TUNNEL_VOICE, data, len);
}

/* With the office away the phone's own word is all we have. */
static void offer_by_phone(struct client *c)
{
	const struct phone_status *st = phone_status(c->phone);
	struct model_offer *o = &c->model->offer;

	if (st->leg_state == PHONE_IDLE && *o->contact && !*o->id) {
		*o->contact = '\0';
		utf8_copy(o->gone, sizeof(o->gone), "caller_left");
		o->gone_us = cal_now_us();
		model_changed(c->model, MODEL_OFFER);
	}
	if (st->leg_state == PHONE_UP && !strcmp(o->contact, st->contact) &&
	    *o->contact) {
		*o->contact = '\0';
		utf8_copy(o->gone, sizeof(o->gone), "answered");
		model_changed(c->model, MODEL_OFFER);
	}
	if (st->leg_state != PHONE_RINGING || *o->contact)
		return;
	utf8_copy(o->contact, sizeof(o->contact), st->contact);
	*o->id = *o->why = *o->gone = '\0';
	utf8_copy(o->queue, sizeof(o->queue), st->queue);
	utf8_copy(o->number, sizeof(o->number), st->number);
	utf8_copy(o->name, sizeof(o->name), st->name);
	o->out = !strcmp(st->direction, "out");
	o->arrived_us = o->queued_us = 0;
	o->until_us = st->ring_until_us + c->model->link.offset_us;
	o->answered = false;
	model_changed(c->model, MODEL_OFFER);
}

static void on_phone_change(unsigned mask, void *arg)
{
	struct client *c = arg;
	unsigned parts = 0;

	if (!c->phone)
		return;
	if (mask & (PHONE_CHANGE_LEG | PHONE_CHANGE_AUDIO))
		parts |= MODEL_PHONE;
	if (mask & PHONE_CHANGE_METER)
		parts |= MODEL_METER;
	if (mask & PHONE_CHANGE_LEG)
		offer_by_phone(c);
	model_changed(c->model, parts);
	if (phone_status(c->phone)->fenced &&
	    tunnel_status(c->tunnel)->state == TUNNEL_UP)
		refuse(c, N_("You signed in at another workstation"),
		       N_("Go on there, or connect here again to take over"));
}

/* ---- life ---- */

static void on_model_change(unsigned mask, void *arg)
{
	struct client *c = arg;

	if (c->prm.changeh && !c->closing)
		c->prm.changeh(mask, c->prm.arg);
}

static void destructor(void *arg)
{
	struct client *c = arg;

	c->closing = true;
	tmr_cancel(&c->tick);
	tmr_cancel(&c->search_tmr);
	tmr_cancel(&c->draft_tmr);
	tmr_cancel(&c->wall_tmr);
	tmr_cancel(&c->today_tmr);
	list_flush(&c->requests);
	c->phone = mem_deref(c->phone);
	mem_deref(c->tunnel);
	json_decref(c->draft_base);
	mem_deref(c->card_text);
	mem_deref(c->model);
	link_split_release(&c->split);
}

static int alloc_phone(struct client *c)
{
	const struct phone_prm pp = {
		.backend = c->prm.backend,
		.devices = c->prm.devices,
		.voice = c->prm.voice,
		.ring_in_headset = c->prm.ring_in_headset,
		.client = "zuoxi " ZUOXI_VERSION,
		.phone_sendh = on_phone_send,
		.voice_sendh = on_voice_send,
		.changeh = on_phone_change,
		.arg = c,
	};
	int err = phone_alloc(&c->phone, &pp);

	if (!err)
		c->model->phone = phone_status(c->phone);
	return err;
}

int client_alloc(struct client **cp, const struct client_prm *prm)
{
	scoped_mem struct client *c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;
	c->prm = *prm;
	c->next_id = 1;
	c->ping_ms = 2000;
	link_split_init(&c->split, PROTO_LINE_LOCAL_BYTES);
	tmr_init(&c->tick);
	tmr_init(&c->search_tmr);
	tmr_init(&c->draft_tmr);
	tmr_init(&c->wall_tmr);
	tmr_init(&c->today_tmr);
	struct tunnel_prm tp = prm->tunnel;
	tp.stateh = on_tunnel_state;
	tp.channelh = on_channel;
	tp.datah = on_data;
	if (!prm->backend)
		tp.channels = 1U << TUNNEL_RPC;
	tp.arg = c;
	tp.hosth = prm->tunnel.hosth ? on_host : NULL;
	tp.passphraseh = prm->tunnel.passphraseh ? on_passphrase : NULL;
	int err = model_alloc(&c->model, on_model_change, c);
	if (!err)
		err = tunnel_alloc(&c->tunnel, &tp);
	if (!err && prm->backend)
		err = alloc_phone(c);
	if (err)
		return err;
	c->want_signin = prm->backend != NULL;
	snprintf(c->device, sizeof(c->device), "workstation");
	*cp = take(c);
	return 0;
}

int client_open(struct client *c)
{
	int err = c->phone ? phone_start(c->phone) : 0;

	if (!err)
		err = tunnel_open(c->tunnel);
	if (!err)
		tmr_start(&c->tick, TICK_MS, on_tick, c);
	return err;
}

void client_close(struct client *c)
{
	if (c->hello_done && c->model->me.signed_in)
		request(c, "agent.signout", NULL, NULL, NULL, NULL);
	c->closing = true;
	if (c->phone)
		phone_stop(c->phone);
	tunnel_close(c->tunnel);
	c->rpc_open = c->hello_done = false;
	list_flush(&c->requests);
	tmr_cancel(&c->tick);
	tmr_cancel(&c->search_tmr);
	tmr_cancel(&c->draft_tmr);
	tmr_cancel(&c->wall_tmr);
	tmr_cancel(&c->today_tmr);
}

const struct model *client_model(const struct client *c)
{
	return c->model;
}

struct model *client_own_model(struct client *c)
{
	return c->model;
}

struct phone *client_phone(struct client *c)
{
	return c->phone;
}

struct tunnel *client_tunnel(struct client *c)
{
	return c->tunnel;
}
