/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a session comes from, what it may, and how it ends. Whatever a
 * request does is rpc's.
 *
 *     admin.sock --SO_PEERCRED--+
 *                               +--> session --msg--> rpc_handle
 *     gate/office.sock --pipes--+       ^
 *                                       +-- event lines (ring for sync)
 */
#include "server/core/session.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "server/core/rpc.h"
#include "server/gate/handover.h"

#define PERSON_BYTES	 32
#define ACCEPT_MAX	 16
#define ADMIN_MAX	 128
#define BAD_LINES_MAX	 20
#define ROLES_CHECK_MS	 500
#define PAGE_ADMIN_BYTES (512 << 10)
#define PAGE_SPARE_BYTES 512

static const char *const topic_names[] = {
#define TOPIC_NAME(name, may) name,
	OFFICE_TOPICS(TOPIC_NAME)
#undef TOPIC_NAME
};
#define TOPICS_N ARRAY_SIZE(topic_names)

struct event {
	int64_t n;
	unsigned topic;
	char person[PERSON_BYTES]; /* "": everyone */
	char *line;
	size_t len;
};

struct session_hub {
	struct session_prm prm;
	struct list sessions; /* struct session */
	struct handover_listener *gate;
	struct tmr tmr;
	int admin_fd;
	char *admin_path;
	unsigned gate_n, admin_n;
	char boot[24];
	int64_t n;
	struct event *ring; /* event n at n % ring_events */
};

struct session {
	struct le le;
	struct session_hub *hub; /* NULL once it has ended */
	struct link *link;
	int control; /* the gate's socket or -1 */
	bool gate;
	char person[PERSON_BYTES]; /* gate */
	char actor[64];
	int64_t login;
	unsigned topics; /* bits of the index in topic_names */
	unsigned pending;
	unsigned bad_lines;
	bool greeted;
	bool resumed; /* taken over in mid-line */
};

/* ---- life of a session ---- */

static void session_destructor(void *arg)
{
	struct session *s = arg;

	list_unlink(&s->le);
	mem_deref(s->link);
	if (s->control >= 0) {
		fd_close(s->control);
		close(s->control);
	}
}

static struct session *find(const struct session_hub *hub, const char *person)
{
	struct le *le;

	LIST_FOREACH (&hub->sessions, le) {
		struct session *s = le->data;
		if (s->gate && !strcmp(s->person, person))
			return s;
	}
	return NULL;
}

/* Takes it off the hub; the hub's reference goes. `told`: its gate hears that
 * the end is in order. */
static void detach(struct session *s, bool told)
{
	struct session_hub *hub = s->hub;

	list_unlink(&s->le);
	s->hub = NULL;
	hub->gate_n -= s->gate;
	hub->admin_n -= !s->gate;
	link_close(s->link);
	if (s->control >= 0) {
		fd_close(s->control);
		if (told)
			handover_end(s->control);
		else
			close(s->control);
		s->control = -1;
	}
	mem_deref(s);
}

/* The far end went away, or is sent away. */
static void finish(struct session *s, bool told)
{
	struct session_hub *hub = s->hub;
	char person[PERSON_BYTES];
	bool gate = s->gate;

	str_ncpy(person, s->person, sizeof(person));
	log_debug("session of %s ended", s->actor);
	detach(s, told);
	if (gate && hub->prm.personh)
		hub->prm.personh(person, false, hub->prm.arg);
}

static void say_ended(struct session *s, const char *why)
{
	session_send(s,
		     proto_notify("me.ended", json_pack("{s:s}", "why", why)));
}

static void on_close(int err, void *arg)
{
	struct session *s = arg;

	if (err == ENOBUFS)
		log_warn("session of %s reads too slowly", s->actor);
	finish(s, true);
}

/* Its gate died, and with it the way to the person. */
static void on_control(int flags, void *arg)
{
	struct session *s = arg;
	char byte;

	ssize_t n = recv(s->control, &byte, 1, MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	finish(s, false);
}

static void on_msg(struct link *link, json_t *msg, void *arg)
{
	struct session *s = mem_ref(arg);

	s->bad_lines = 0;
	s->resumed = false;
	if (s->hub)
		rpc_handle(s->hub->prm.rpc, s, msg);
	mem_deref(s);
}

static void on_bad(struct link *link, const char *why, void *arg)
{
	struct session *s = arg;

	/* the rest of a line that the office before us had begun to read */
	if (s->resumed) {
		s->resumed = false;
		return;
	}
	if (++s->bad_lines > BAD_LINES_MAX) {
		log_warn("session of %s sends no requests", s->actor);
		finish(s, true);
		return;
	}
	session_send(s,
		     proto_error(NULL, EBADMSG,
				 N_("This line is not a JSON object"), why));
}

struct birth {
	int fd_in, fd_out, control;
	bool gate;
	const char *person, *actor;
	int64_t login;
	bool resumed;
};

static int session_alloc(struct session **sp, struct session_hub *hub,
			 const struct birth *b)
{
	scoped_mem struct session *s =
		mem_zalloc(sizeof(*s), session_destructor);
	if (!s)
		return ENOMEM;
	s->control = -1;
	s->gate = b->gate;
	s->login = b->login;
	s->resumed = b->resumed;
	str_ncpy(s->person, b->person, sizeof(s->person));
	str_ncpy(s->actor, b->actor, sizeof(s->actor));

	const struct link_prm prm = {
		.fd_in = b->fd_in,
		.fd_out = b->fd_out,
		.line_max_bytes = b->gate ? PROTO_LINE_GATE_BYTES
					  : PROTO_LINE_LOCAL_BYTES,
		.queue_max_bytes = hub->prm.queue_max_bytes,
		.msgh = on_msg,
		.badh = on_bad,
		.closeh = on_close,
		.arg = s,
	};
	int err = 0;
	if (b->control >= 0)
		err = fd_listen(b->control, FD_READ, on_control, s);
	if (err)
		return err;
	err = link_alloc(&s->link, &prm);
	if (err) {
		if (b->control >= 0)
			fd_close(b->control);
		return err;
	}
	s->control = b->control;
	s->hub = hub;
	list_append(&hub->sessions, &s->le, s);
	hub->gate_n += b->gate;
	hub->admin_n += !b->gate;
	*sp = take(s);
	return 0;
}

/* ---- administrators ---- */

static void refuse_admin(int fd, const char *why)
{
	scoped_json json_t *msg = proto_error(NULL, EACCES, why, NULL);
	size_t len = 0;
	scoped_str char *line = msg ? json_line(msg, &len) : NULL;

	if (line && send(fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("a refused administrator did not listen");
	close(fd);
}

static void admin_welcome(struct session_hub *hub, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct session *s = NULL;
	char actor[64];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid != 0 && peer.uid != geteuid())) {
		refuse_admin(fd, N_("Only root and the service's own account "
				    "may administrate"));
		return;
	}
	if (hub->admin_n >= ADMIN_MAX) {
		refuse_admin(fd, N_("Too many administrators are connected"));
		return;
	}
	const struct passwd *pw = getpwuid(peer.uid);
	snprintf(actor, sizeof(actor), "%.40s(%u)", pw ? pw->pw_name : "uid",
		 peer.uid);
	const struct birth b = {
		.fd_in = fd,
		.fd_out = fd,
		.control = -1,
		.person = "",
		.actor = actor,
	};
	if (session_alloc(&s, hub, &b))
		close(fd);
}

static void on_admin(int flags, void *arg)
{
	struct session_hub *hub = arg;

	for (int i = 0; i < ACCEPT_MAX; i++) {
		int fd = accept4(hub->admin_fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		admin_welcome(hub, fd);
	}
}

/* ---- people ---- */

static const char *refusal(int err)
{
	switch (err) {
	case ENOENT:
		return "nobody of that name works here";
	case EACCES:
		return "this account is disabled";
	default:
		return "not possible now, try again";
	}
}

/* 0, or why the person may not come in. */
static const char *check_person(struct session_hub *hub,
				const struct handover *ho)
{
	unsigned roles = 0;
	const struct session *old = find(hub, ho->person);

	if (ho->purpose != HANDOVER_RPC)
		return "this is the office: rpc alone";
	int err = hub->prm.rolesh
			  ? hub->prm.rolesh(ho->person, &roles, hub->prm.arg)
			  : ENOENT;
	if (err)
		return refusal(err);
	if (old && old->login > ho->login)
		return "a newer login of yours is here";
	if (hub->prm.personh) {
		err = hub->prm.personh(ho->person, true, hub->prm.arg);
		if (err)
			return refusal(err);
	}
	return NULL;
}

static void say_restarted(struct session *s)
{
	static const char line[] =
		"\n{\"jsonrpc\":\"2.0\",\"method\":\"restarted\"}\n";

	link_send_line(s->link, line, sizeof(line) - 1);
}

static void on_handover(const struct handover *ho, void *arg)
{
	struct session_hub *hub = arg;
	struct session *s = NULL;
	const struct birth b = {
		.fd_in = ho->in,
		.fd_out = ho->out,
		.control = ho->control,
		.gate = true,
		.person = ho->person,
		.actor = ho->person,
		.login = ho->login,
		.resumed = ho->generation > 0,
	};

	const char *why = check_person(hub, ho);
	if (why) {
		log_warn("login of %s refused: %s", ho->person, why);
		close(ho->in);
		close(ho->out);
		handover_refuse(ho->control, why);
		return;
	}
	struct session *old = find(hub, ho->person);
	if (old) {
		say_ended(old, "fenced");
		detach(old, true);
	}
	int err = session_alloc(&s, hub, &b);
	if (err) {
		log_error("login of %s failed: %s", ho->person, strerror(err));
		close(ho->in);
		close(ho->out);
		handover_refuse(ho->control, refusal(err));
		if (hub->prm.personh)
			hub->prm.personh(ho->person, false, hub->prm.arg);
		return;
	}
	handover_taken(ho->control);
	if (ho->generation > 0)
		say_restarted(s);
	log_info("session of %s began", ho->person);
}

/* Who was disabled is gone within a second, whoever forgot to say so. */
static void on_roles_check(void *arg)
{
	struct session_hub *hub = arg;
	struct le *le = list_head(&hub->sessions);

	tmr_start(&hub->tmr, ROLES_CHECK_MS, on_roles_check, hub);
	while (le) {
		struct session *s = le->data;
		unsigned roles = 0;
		le = le->next;
		if (!s->gate || !hub->prm.rolesh)
			continue;
		if (!hub->prm.rolesh(s->person, &roles, hub->prm.arg))
			continue;
		say_ended(s, "disabled");
		finish(s, true);
		return; /* the list may be another now; half a second more */
	}
}

/* ---- the hub ---- */

void session_hub_close(struct session_hub *hub)
{
	struct le *le;

	tmr_cancel(&hub->tmr);
	hub->gate = mem_deref(hub->gate);
	if (hub->admin_fd >= 0) {
		fd_close(hub->admin_fd);
		close(hub->admin_fd);
		unlink(hub->admin_path);
		hub->admin_fd = -1;
	}
	while ((le = list_head(&hub->sessions)))
		detach(le->data, false);
}

static void hub_destructor(void *arg)
{
	struct session_hub *hub = arg;

	session_hub_close(hub);
	for (size_t i = 0; hub->ring && i < hub->prm.ring_events; i++)
		free(hub->ring[i].line);
	mem_deref(hub->ring);
	mem_deref(hub->admin_path);
}

static int boot_id(char *out, size_t size)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return errno;
	snprintf(out, size, "o%016llx", (unsigned long long)id);
	return 0;
}

static int hub_listen(struct session_hub *hub)
{
	int err = 0;

	if (hub->prm.admin_path)
		err = link_listen(&hub->admin_fd, hub->prm.admin_path, 0600);
	if (!err && hub->admin_fd >= 0)
		err = fd_listen(hub->admin_fd, FD_READ, on_admin, hub);
	if (!err && hub->prm.gate_path)
		err = handover_listen(&hub->gate, hub->prm.gate_path,
				      hub->prm.service_uid, on_handover, hub);
	return err;
}

int session_hub_alloc(struct session_hub **hp, const struct session_prm *prm)
{
	scoped_mem struct session_hub *hub =
		mem_zalloc(sizeof(*hub), hub_destructor);
	if (!hub)
		return ENOMEM;
	hub->admin_fd = -1;
	hub->prm = *prm;
	tmr_init(&hub->tmr);
	hub->ring = mem_zalloc(prm->ring_events * sizeof(*hub->ring), NULL);
	if (!hub->ring)
		return ENOMEM;
	int err = boot_id(hub->boot, sizeof(hub->boot));
	if (!err && prm->admin_path)
		err = str_dup(&hub->admin_path, prm->admin_path);
	if (!err)
		err = hub_listen(hub);
	if (err)
		return err;
	tmr_start(&hub->tmr, ROLES_CHECK_MS, on_roles_check, hub);
	*hp = take(hub);
	return 0;
}

/* ---- what others ask ---- */

const char *session_actor(const struct session *s)
{
	return s->actor;
}

unsigned session_roles(const struct session *s)
{
	unsigned roles = 0;

	if (!s->gate)
		return ROLE_ADMIN;
	if (!s->hub || !s->hub->prm.rolesh ||
	    s->hub->prm.rolesh(s->person, &roles, s->hub->prm.arg))
		return 0;
	return roles;
}

bool session_is_gate(const struct session *s)
{
	return s->gate;
}

bool session_greeted(const struct session *s)
{
	return s->greeted;
}

void session_greet(struct session *s)
{
	s->greeted = true;
}

struct session_hub *session_hub(const struct session *s)
{
	return s->hub;
}

bool session_begin(struct session *s)
{
	if (s->pending >= SESSION_PENDING_MAX)
		return false;
	s->pending++;
	return true;
}

void session_finish(struct session *s)
{
	s->pending--;
}

void session_send(struct session *s, json_t *msg)
{
	if (msg && s->hub)
		link_send(s->link, msg);
	json_decref(msg);
}

void session_end(struct session_hub *hub, const char *person, const char *why)
{
	struct session *s = find(hub, person);

	if (!s)
		return;
	say_ended(s, why);
	finish(s, true);
}

bool session_online(const struct session_hub *hub, const char *person)
{
	return find(hub, person) != NULL;
}

void session_counts(const struct session_hub *hub, unsigned *gate,
		    unsigned *admin)
{
	*gate = hub->gate_n;
	*admin = hub->admin_n;
}

const char *session_boot(const struct session_hub *hub)
{
	return hub ? hub->boot : "";
}

int64_t session_event_n(const struct session_hub *hub)
{
	return hub ? hub->n : 0;
}

/* ---- events ---- */

static unsigned topic_of(const char *name)
{
	unsigned i = 0;

	while (i < TOPICS_N && strcmp(topic_names[i], name))
		i++;
	return i;
}

void session_subscribe(struct session *s, const char *topic, bool on)
{
	unsigned i = topic_of(topic);

	if (i == TOPICS_N)
		return;
	if (on)
		s->topics |= 1u << i;
	else
		s->topics &= ~(1u << i);
}

void session_unsubscribe(struct session *s)
{
	s->topics = 0;
}

static bool wants(const struct session *s, const struct event *ev)
{
	if (!s->greeted || !(s->topics & 1u << ev->topic))
		return false;
	return !*ev->person || !strcmp(ev->person, s->person);
}

void session_publish(struct session_hub *hub, const char *topic,
		     const char *person, const char *method, json_t *params)
{
	unsigned i = topic_of(topic);
	struct event *ev = &hub->ring[(hub->n + 1) % hub->prm.ring_events];
	struct le *le;

	if (i == TOPICS_N || !params) {
		json_decref(params);
		log_error("event %s of no topic or without memory", method);
		return;
	}
	json_object_set_new(params, "n", json_integer(hub->n + 1));
	scoped_json json_t *msg = proto_notify(method, params);
	size_t len = 0;
	char *line = msg ? json_line(msg, &len) : NULL;
	if (!line)
		return;
	free(ev->line);
	ev->n = ++hub->n;
	ev->topic = i;
	ev->line = line;
	ev->len = len;
	str_ncpy(ev->person, person ? person : "", sizeof(ev->person));

	LIST_FOREACH (&hub->sessions, le) {
		struct session *s = le->data;
		if (wants(s, ev))
			link_send_line(s->link, line, len);
	}
}

static json_t *snapshot(const struct session_hub *hub)
{
	return json_pack("{s:b, s:s, s:I}", "snapshot", 1, "boot", hub->boot,
			 "n", (json_int_t)hub->n);
}

static json_t *event_json(const struct event *ev)
{
	char why[160];
	json_t *msg = json_parse(ev->line, ev->len, why, sizeof(why));

	json_object_del(msg, "jsonrpc");
	return msg;
}

json_t *session_replay(struct session_hub *hub, struct session *s,
		       const char *boot, int64_t n)
{
	size_t max = (s->gate ? PROTO_PAGE_BYTES : PAGE_ADMIN_BYTES) -
		     PAGE_SPARE_BYTES;
	size_t used = 0;
	bool more = false;

	if (strcmp(boot, hub->boot) || n > hub->n ||
	    hub->n - n > (int64_t)hub->prm.ring_events)
		return snapshot(hub);
	scoped_json json_t *events = json_array();
	while (n < hub->n) {
		const struct event *ev =
			&hub->ring[(n + 1) % hub->prm.ring_events];
		if (wants(s, ev)) {
			if (used && used + ev->len > max) {
				more = true;
				break;
			}
			used += ev->len;
			json_array_append_new(events, event_json(ev));
		}
		n++;
	}
	return json_pack("{s:s, s:I, s:O, s:b}", "boot", hub->boot, "n",
			 (json_int_t)n, "events", events, "more", more);
}
