/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents without a screen: the workstation's own tunnel, client and phone,
 * many in one process, with WAV files for voice. Each signs in, becomes
 * ready, answers (or refuses), talks, looks something up and adopts it, hangs
 * up, files the ticket and is ready again. One JSON line for each thing that
 * happens.
 *
 * With --control PIPE they also do what a line of the pipe says, "AGENT
 * METHOD [PARAMS]", and tell what was answered; phone.* and screen.* are what
 * a hand would do at the phone and at the screen. --talk 0 and a negative
 * --answer-after leave hanging up and answering to that; ready they are by
 * themselves only once. With --step each waits for SIGUSR1 to answer, to hold,
 * to retrieve, to hang up and to file, so that a test sets the pace.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "agent-tui/client.h"
#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"

#define TICK_MS	   50
#define AGENTS_MAX 400
#define STAGGER_MS 25

enum robot_step { ROBOT_IDLE, ROBOT_RINGING, ROBOT_TALKING, ROBOT_WRAPUP };

static struct {
	char host[128];
	uint16_t port;
	const char *user, *identity, *keys, *known_hosts;
	const char *speak, *record, *query, *control;
	int64_t talk_ms, wrapup_ms, answer_ms;
	int64_t hold_at_ms, hold_ms; /* 0: never */
	double refuse;
	bool step;
	enum phone_voice voice;
} opt = {
	.user = "zuoxi",
	.query = "生育津贴",
	.talk_ms = 10000,
	.wrapup_ms = 2000,
	.answer_ms = 300,
};

struct robot {
	struct client *client;
	char agent[32];
	char key[256];
	char record[256];
	enum robot_step step;
	char contact[MODEL_ID];
	int64_t step_us; /* mono */
	int64_t asked_us;
	int64_t key_us;	  /* when the answer key was pressed */
	int64_t heard_us; /* first packet of the citizen after it */
	int64_t rtt_us;	  /* of the ping before it */
	bool by_udp, refusing, searched, adopted, hung_up, was_up, refused,
		was_ready;
	bool held, retrieved;
	int64_t messages;
	int steps; /* done of those that were asked for */
};

static volatile sig_atomic_t steps_asked;

static struct robot *robots[AGENTS_MAX];
static size_t n_robots;
static struct tmr ticker;

static void say(const struct robot *r, const char *what, json_t *more)
{
	scoped_json json_t *o =
		json_pack("{s:I, s:s, s:s}", "at_us", (json_int_t)cal_now_us(),
			  "agent", r->agent, "what", what);

	if (more) {
		json_object_update(o, more);
		json_decref(more);
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static void go(struct robot *r, enum robot_step step)
{
	r->step = step;
	r->step_us = cal_mono_us();
}

static int64_t ms_in(const struct robot *r)
{
	return (cal_mono_us() - r->step_us) / 1000;
}

/* Asks at most once a second. */
static bool may_ask(struct robot *r)
{
	int64_t now = cal_mono_us();

	if (now - r->asked_us < 1000000)
		return false;
	r->asked_us = now;
	return true;
}

/* Is it time for the next step? */
static bool is_due(const struct robot *r, int64_t after_ms)
{
	return opt.step ? r->steps < steps_asked : ms_in(r) > after_ms;
}

static void begin_call(struct robot *r, const struct model *m)
{
	const struct phone_status *ph = m->phone;

	snprintf(r->contact, sizeof(r->contact), "%s", ph->contact);
	r->searched = r->adopted = r->hung_up = false;
	r->held = r->retrieved = false;
	say(r, "answered",
	    json_pack("{s:s, s:I}", "contact", r->contact, "after_ms",
		      (json_int_t)ms_in(r)));
	go(r, ROBOT_TALKING);
}

static void end_call(struct robot *r, const struct model *m)
{
	const struct phone_status *ph = m->phone;

	say(r, "ended",
	    json_pack("{s:I, s:I, s:I, s:s, s:s, s:s, s:I, s:i, s:i, s:i, "
		      "s:i, s:i, s:f,"
		      " s:f}",
		      "key_us", (json_int_t)r->key_us, "heard_us",
		      (json_int_t)r->heard_us, "rtt_us", (json_int_t)r->rtt_us,
		      "path", r->by_udp ? "udp" : "tunnel", "contact",
		      r->contact, "cause", ph->cause, "ms",
		      (json_int_t)ms_in(r), "rx", (int)ph->rx, "tx",
		      (int)ph->tx, "lost", (int)ph->lost, "late",
		      (int)ph->late, "tx_dropped", (int)ph->tx_dropped,
		      "jitter_ms", ph->jitter_ms, "mos", ph->mos));
	go(r, ROBOT_WRAPUP);
}

/* Once a call; asks again where an answer was lost on the way. */
static void hold(struct robot *r, const struct model *m)
{
	enum model_state st = m->me.agent.state;

	if (!opt.hold_ms)
		return;
	if (st == STATE_HELD && !r->held) {
		r->held = true;
		r->steps++;
		say(r, "held", NULL);
	}
	if (st == STATE_TALKING && r->held && !r->retrieved) {
		r->retrieved = true;
		r->steps++;
		say(r, "retrieved", NULL);
	}
	if (!r->held && st == STATE_TALKING && is_due(r, opt.hold_at_ms) &&
	    may_ask(r))
		client_hold(r->client);
	else if (r->held && !r->retrieved && st == STATE_HELD &&
		 is_due(r, opt.hold_at_ms + opt.hold_ms) && may_ask(r))
		client_retrieve(r->client);
}

static void talk(struct robot *r, const struct model *m)
{
	const struct phone_status *ph = m->phone;

	if (ph->leg_state == PHONE_IDLE) {
		end_call(r, m);
		return;
	}
	r->by_udp = ph->path == PHONE_PATH_UDP;
	if (ph->first_rx_us > r->key_us && !r->heard_us)
		r->heard_us = ph->first_rx_us;
	hold(r, m);
	if (!r->searched && ms_in(r) > 300) {
		r->searched = true;
		client_kb_search(r->client, "");
		client_kb_search(r->client, opt.query);
	}
	if (r->searched && !r->adopted && m->search.hits.n &&
	    !m->search.loading && *m->draft.contact) {
		r->adopted = true;
		client_kb_adopt(r->client, m->search.hits.v[0].id);
	}
	bool last = !opt.step || !opt.hold_ms || r->retrieved;
	if (!r->hung_up && last && (opt.talk_ms || opt.step) &&
	    is_due(r, opt.talk_ms) && ph->leg_state == PHONE_UP) {
		r->hung_up = !client_hangup(r->client);
		r->steps++;
	}
}

/* A disposition that has no children, of the call's queue if there is one. */
static const char *a_disposition(const struct model *m)
{
	const struct model_disposition_list *all = &m->site.dispositions;
	const char *any = "";

	for (size_t i = 0; i < all->n; i++) {
		const struct model_disposition *d = &all->v[i];
		bool parent = false;
		for (size_t j = 0; j < all->n && !parent; j++)
			parent = !strcmp(all->v[j].parent, d->code);
		if (parent || !d->active)
			continue;
		if (!strcmp(d->queue, m->call.queue))
			return d->code;
		any = d->code;
	}
	return any;
}

static void wrap_up(struct robot *r, const struct model *m)
{
	enum model_state st = m->me.agent.state;

	if (m->draft.filed && !strcmp(m->draft.contact, r->contact)) {
		say(r, "filed",
		    json_pack("{s:s, s:s}", "contact", r->contact, "ticket",
			      m->draft.ticket));
		if (st == STATE_WRAPUP)
			client_ready(r->client);
		r->steps++;
		go(r, ROBOT_IDLE);
		return;
	}
	if (strcmp(m->draft.contact, r->contact) || m->draft.filing ||
	    !is_due(r, opt.wrapup_ms)) {
		/* an internal leg, a lost call: there is nothing to file */
		if (ms_in(r) > opt.wrapup_ms + 5000 && st != STATE_WRAPUP)
			go(r, ROBOT_IDLE);
		return;
	}
	if (!may_ask(r))
		return;
	if (!*m->draft.disposition)
		client_draft_set(r->client, "disposition", a_disposition(m));
	client_draft_set(r->client, "outcome", "answered");
	client_draft_set(r->client, "summary", "咨询办理进度，已当场答复。");
	int err = client_ticket_file(r->client);
	if (err)
		say(r, "file_error",
		    json_pack("{s:s, s:s*}", "error", strerror(err), "missing",
			      client_draft_missing(r->client)));
}

static void idle(struct robot *r, const struct model *m)
{
	const struct phone_status *ph = m->phone;
	const struct model_agent *me = &m->me.agent;

	if (ph->leg_state == PHONE_RINGING) {
		r->refusing = (double)rand_u32() / UINT32_MAX < opt.refuse;
		go(r, ROBOT_RINGING);
		return;
	}
	if (ph->leg_state == PHONE_UP || ph->leg_state == PHONE_ANSWERING) {
		begin_call(r, m); /* it was up before we were */
		return;
	}
	/* who takes no call stays paused, for tests to see; who is told what
	 * to do is ready by himself once */
	r->was_ready |= me->state == STATE_READY;
	if ((r->refused && opt.refuse >= 1) || (opt.control && r->was_ready))
		return;
	if (m->link.state == LINK_UP && m->me.signed_in && ph->attached &&
	    (me->state == STATE_PAUSED || me->state == STATE_WRAPUP) &&
	    may_ask(r))
		client_ready(r->client);
}

static void ringing(struct robot *r, const struct model *m)
{
	const struct phone_status *ph = m->phone;

	if (ph->leg_state == PHONE_UP) {
		begin_call(r, m);
		return;
	}
	if (ph->leg_state == PHONE_IDLE) {
		say(r, "missed", json_pack("{s:s}", "cause", ph->cause));
		go(r, ROBOT_IDLE);
		return;
	}
	if (ph->leg_state != PHONE_RINGING || opt.answer_ms < 0 ||
	    !is_due(r, opt.answer_ms))
		return;
	if (r->refusing) {
		r->refused = true;
		client_refuse(r->client);
		say(r, "refused", json_pack("{s:s}", "contact", ph->contact));
		go(r, ROBOT_IDLE);
	} else {
		r->key_us = cal_mono_us();
		r->heard_us = 0;
		r->rtt_us = m->link.rtt_us;
		client_answer(r->client);
		r->steps++;
	}
}

static void tell_link(struct robot *r, const struct model *m)
{
	bool up = m->link.state == LINK_UP;
	const struct tunnel_fault *f = &m->link.tunnel.fault;

	if (up == r->was_up)
		return;
	r->was_up = up;
	if (up) {
		say(r, "up",
		    json_pack("{s:I, s:i}", "down_ms",
			      (json_int_t)m->link.was_down_ms, "times",
			      (int)m->link.tunnel.times));
	} else {
		say(r, "down",
		    json_pack("{s:s, s:s}", "fault", f->what ? f->what : "",
			      "detail", f->detail));
	}
}

static void tell_messages(struct robot *r, const struct model *m)
{
	while (r->messages < (int64_t)m->message_seq) {
		size_t back = (size_t)((int64_t)m->message_seq - r->messages);
		r->messages++;
		if (back > m->n_messages)
			continue;
		const struct model_message *msg =
			&m->messages[m->n_messages - back];
		if (msg->level == MESSAGE_ERROR)
			say(r, "error",
			    json_pack("{s:s, s:s}", "text", msg->text,
				      "detail", msg->detail));
	}
}

static void turn(struct robot *r)
{
	const struct model *m = client_model(r->client);

	tell_link(r, m);
	tell_messages(r, m);
	switch (r->step) {
	case ROBOT_IDLE:
		idle(r, m);
		break;
	case ROBOT_RINGING:
		ringing(r, m);
		break;
	case ROBOT_TALKING:
		talk(r, m);
		break;
	case ROBOT_WRAPUP:
		wrap_up(r, m);
		break;
	}
}

static void on_tick(void *arg)
{
	(void)arg;
	tmr_start(&ticker, TICK_MS, on_tick, NULL);
	for (size_t i = 0; i < n_robots; i++)
		turn(robots[i]);
}

/* ---- told by hand ---- */

static int control_fd = -1;
static char control_line[4096];
static size_t control_used;

struct told {
	struct robot *r;
	char method[32];
};

static void on_told(const struct client_reply *rep, void *arg)
{
	struct told *t = arg;

	say(t->r, "reply",
	    json_pack("{s:s, s:b, s:s, s:s, s:O?}", "method", t->method, "ok",
		      !rep->err, "error", rep->message ? rep->message : "",
		      "detail", rep->detail ? rep->detail : "", "result",
		      rep->result));
	free(t);
}

static int tell_phone(struct robot *r, const char *method, const char *params)
{
	if (!strcmp(method, "phone.answer"))
		return client_answer(r->client);
	if (!strcmp(method, "phone.refuse"))
		return client_refuse(r->client);
	if (!strcmp(method, "phone.hangup"))
		return client_hangup(r->client);
	if (!strcmp(method, "phone.dtmf"))
		return client_dtmf(r->client, params);
	return ENOSYS;
}

/* Whose states this client knows. */
static void say_agents(const struct robot *r)
{
	const struct model_agent_list *l = &client_model(r->client)->agents;
	json_t *states = json_object();

	for (size_t i = 0; i < l->n; i++)
		json_object_set_new(
			states, l->v[i].id,
			json_string(model_state_name(l->v[i].state)));
	say(r, "agents",
	    json_pack("{s:b, s:o}", "whole", l->page.whole, "states", states));
}

/* Who waits, as far as this client is told. */
static void say_line(const struct robot *r)
{
	const struct model *m = client_model(r->client);
	json_t *items = json_array();

	for (size_t i = 0; i < m->items.n; i++)
		json_array_append_new(items,
				      json_string(m->items.v[i].number));
	say(r, "line",
	    json_pack("{s:i, s:o}", "waiting", model_line(m), "items", items));
}

/* His own that are open. */
static void say_tickets(const struct robot *r)
{
	const struct model_ticket_list *l = &client_model(r->client)->tickets;
	json_t *ids = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(ids, json_string(l->v[i].id));
	say(r, "tickets", json_pack("{s:o}", "ids", ids));
}

/* What a screen would do beside the requests. */
static int tell_screen(struct robot *r, const char *method)
{
	if (!strcmp(method, "screen.choose"))
		client_choose(r->client, true);
	else if (!strcmp(method, "screen.chosen"))
		client_choose(r->client, false);
	else if (!strcmp(method, "screen.cut"))
		tunnel_break(client_tunnel(r->client), TUNNEL_FAULT_SILENT,
			     "cut");
	else if (!strcmp(method, "screen.agents"))
		say_agents(r);
	else if (!strcmp(method, "screen.line"))
		say_line(r);
	else if (!strcmp(method, "screen.tickets"))
		say_tickets(r);
	else
		return ENOSYS;
	return 0;
}

static int tell(struct robot *r, const char *method, const char *params)
{
	struct told *t = NULL;

	if (!strncmp(method, "phone.", 6))
		return tell_phone(r, method, params);
	if (!strncmp(method, "screen.", 7))
		return tell_screen(r, method);
	json_t *p = *params ? json_loads(params, 0, NULL) : json_object();
	if (!p || !(t = calloc(1, sizeof(*t)))) {
		json_decref(p);
		return EBADMSG;
	}
	t->r = r;
	snprintf(t->method, sizeof(t->method), "%s", method);
	int err = client_request(r->client, method, p, NULL, on_told, t);
	if (err)
		free(t);
	return err;
}

static void on_line(char *line)
{
	char *save = NULL;
	const char *agent = strtok_r(line, " ", &save);
	const char *method = strtok_r(NULL, " ", &save);
	const char *params = strtok_r(NULL, "", &save);

	for (size_t i = 0; agent && method && i < n_robots; i++) {
		if (strcmp(robots[i]->agent, agent) != 0)
			continue;
		int err = tell(robots[i], method, params ? params : "");
		if (err)
			say(robots[i], "reply",
			    json_pack("{s:s, s:b, s:s, s:s}", "method", method,
				      "ok", 0, "error", "not sent", "detail",
				      strerror(err)));
	}
}

static void on_control(int flags, void *arg)
{
	(void)flags, (void)arg;
	ssize_t n = read(control_fd, control_line + control_used,
			 sizeof(control_line) - control_used - 1);
	if (n <= 0)
		return;
	control_used += (size_t)n;
	control_line[control_used] = '\0';
	char *at = control_line;
	for (char *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		on_line(at);
	}
	control_used -= (size_t)(at - control_line);
	memmove(control_line, at, control_used);
	if (control_used == sizeof(control_line) - 1)
		control_used = 0; /* no such long line */
}

/* Open for writing, too: it has no end when a writer goes. */
static int open_control(void)
{
	if (!opt.control)
		return 0;
	control_fd = open(opt.control, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return control_fd < 0
		       ? errno
		       : fd_listen(control_fd, FD_READ, on_control, NULL);
}

static struct tmr starter;
static size_t n_started;

/* One after the other: sshd turns away who comes all at once. */
static void on_start(void *arg)
{
	(void)arg;
	if (n_started == n_robots)
		return;
	int err = client_open(robots[n_started]->client);
	if (err)
		say(robots[n_started], "error",
		    json_pack("{s:s, s:s}", "text", strerror(err), "detail",
			      opt.speak ? opt.speak : ""));
	n_started++;
	tmr_start(&starter, STAGGER_MS, on_start, NULL);
}

static int add_robot(const char *agent)
{
	struct robot *r = calloc(1, sizeof(*r));

	if (!r || n_robots == AGENTS_MAX) {
		free(r);
		return ENOMEM;
	}
	snprintf(r->agent, sizeof(r->agent), "%s", agent);
	if (opt.keys)
		snprintf(r->key, sizeof(r->key), "%s/%s", opt.keys, agent);
	else
		snprintf(r->key, sizeof(r->key), "%s",
			 opt.identity ? opt.identity : "");
	struct client_prm prm = {
		.tunnel = {.host = opt.host,
			   .port = opt.port,
			   .user = opt.user,
			   .key_file = r->key,
			   .known_hosts = opt.known_hosts,
			   .accept_new = !opt.known_hosts},
		.backend = &wavphone_backend,
		.voice = opt.voice,
		.lists = true,
	};
	snprintf(prm.devices.source, sizeof(prm.devices.source), "%s",
		 opt.speak ? opt.speak : "");
	snprintf(prm.devices.player, sizeof(prm.devices.player), "%s",
		 opt.record ? opt.record : "");
	robots[n_robots++] = r;
	return client_alloc(&r->client, &prm);
}

static int add_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[64];
	int err = f ? 0 : errno;

	while (f && !err && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (*line)
			err = add_robot(line);
	}
	if (f)
		fclose(f);
	return err;
}

static int parse_server(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (n >= sizeof(opt.host))
		return EINVAL;
	memcpy(opt.host, text, n);
	opt.port = colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 22;
	return 0;
}

static void usage(void)
{
	fputs("usage: zuoxi-robot --server HOST:PORT --known-hosts FILE\n"
	      "    (--agent ID --identity KEY | --agents FILE --keys DIR)\n"
	      "    [--user U] [--speak WAV] [--record WAV|DIR] [--talk MS]\n"
	      "    [--wrapup MS] [--answer-after MS] [--refuse P] [--query "
	      "Q]\n"
	      "    [--hold-at MS --hold MS] [--step] [--udp] "
	      "[--control PIPE] [--debug]\n",
	      stderr);
}

static const struct option longs[] = {
	{"server", 1, NULL, 's'},   {"user", 1, NULL, 'u'},
	{"identity", 1, NULL, 'i'}, {"key", 1, NULL, 'i'},
	{"keys", 1, NULL, 'k'},	    {"known-hosts", 1, NULL, 'h'},
	{"agent", 1, NULL, 'a'},    {"agents", 1, NULL, 'A'},
	{"speak", 1, NULL, 'S'},    {"record", 1, NULL, 'r'},
	{"talk", 1, NULL, 't'},	    {"wrapup", 1, NULL, 'w'},
	{"refuse", 1, NULL, 'R'},   {"answer-after", 1, NULL, 'n'},
	{"query", 1, NULL, 'q'},    {"debug", 0, NULL, 'd'},
	{"hold-at", 1, NULL, 'H'},  {"hold", 1, NULL, 'l'},
	{"udp", 0, NULL, 'U'},	    {"auto", 0, NULL, 'B'},
	{"control", 1, NULL, 'c'},  {"step", 0, NULL, 'x'},
	{NULL, 0, NULL, 0}};

static int parse(int argc, char **argv)
{
	const char *agent = NULL, *agents = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			if (parse_server(optarg))
				return EINVAL;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 'i':
			opt.identity = optarg;
			break;
		case 'k':
			opt.keys = optarg;
			break;
		case 'h':
			opt.known_hosts = optarg;
			break;
		case 'a':
			agent = optarg;
			break;
		case 'A':
			agents = optarg;
			break;
		case 'S':
			opt.speak = optarg;
			break;
		case 'r':
			opt.record = optarg;
			break;
		case 't':
			opt.talk_ms = strtoll(optarg, NULL, 10);
			break;
		case 'w':
			opt.wrapup_ms = strtoll(optarg, NULL, 10);
			break;
		case 'R':
			opt.refuse = strtod(optarg, NULL);
			break;
		case 'n':
			opt.answer_ms = strtoll(optarg, NULL, 10);
			break;
		case 'q':
			opt.query = optarg;
			break;
		case 'H':
			opt.hold_at_ms = strtoll(optarg, NULL, 10);
			break;
		case 'l':
			opt.hold_ms = strtoll(optarg, NULL, 10);
			break;
		case 'U':
			opt.voice = PHONE_VOICE_UDP;
			break;
		case 'B':
			opt.voice = PHONE_VOICE_AUTO;
			break;
		case 'c':
			opt.control = optarg;
			break;
		case 'x':
			opt.step = true;
			break;
		case 'd':
			log_level(LOG_DEBUG_);
			break;
		default:
			return EINVAL;
		}
	}
	if (!*opt.host || (!agent && !agents))
		return EINVAL;
	int err = agent ? add_robot(agent) : 0;
	if (!err && agents)
		err = add_file(agents);
	return err;
}

static void on_signal(int sig)
{
	(void)sig;
	re_cancel();
}

static void on_step(int sig)
{
	(void)sig;
	steps_asked = steps_asked + 1;
}

int main(int argc, char **argv)
{
	log_name("zuoxi-robot");
	if (libre_init() || fd_setsize(8192))
		return 1;
	int err = parse(argc, argv);
	if (err == EINVAL) {
		usage();
		return 2;
	}
	if (!err)
		err = open_control();
	if (!err) {
		(void)signal(SIGUSR1, on_step);
		tmr_start(&starter, 0, on_start, NULL);
		tmr_start(&ticker, TICK_MS, on_tick, NULL);
		err = re_main(on_signal);
	} else {
		fprintf(stderr, "zuoxi-robot: %s\n", strerror(err));
	}
	tmr_cancel(&starter);
	tmr_cancel(&ticker);
	if (control_fd >= 0) {
		fd_close(control_fd);
		close(control_fd);
	}
	for (size_t i = 0; i < n_robots; i++) {
		if (robots[i]->client)
			client_close(robots[i]->client);
		mem_deref(robots[i]->client);
		free(robots[i]);
	}
	libre_close();
	return err ? 1 : 0;
}
