/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "server/switch/spool.h"

#define PEERS_MAX    8
#define QUEUE_BYTES  (64 << 20)
#define SOURCES_MAX  16
#define DETAIL_BYTES 200
#define CONFIG_BYTES (1 << 20)

struct peer {
	struct le le;
	struct control *c;
	struct link *link;
};

struct control {
	struct control_prm prm;
	struct list peers;
	struct peer *office; /* the one that said hello last */
	struct spool *kept;  /* the configuration's file */
	int fd;
};

/* One command: params in, result (a new reference) out. The return is an
 * errno; detail says what a message cannot. */
struct command {
	struct control *c;
	struct peer *peer;
	struct json_in in;
	json_t *params;
	json_t *result;
	char detail[DETAIL_BYTES];
};

typedef int(command_h)(struct command *cmd);

/* ---- legs ---- */

/* The leg that a command names; the office has it from now on. */
static int named_leg(struct command *cmd, struct leg **lp)
{
	const char *id = json_in_str(&cmd->in, "leg", MEDIA_ID);

	if (json_in_done(&cmd->in))
		return EINVAL;
	struct leg *leg = leg_find(cmd->c->prm.legs, id);
	if (!leg)
		return leg_is_gone(cmd->c->prm.legs, id) ? ENOTCONN : ENOENT;
	*lp = leg;
	return 0;
}

static void already(struct command *cmd)
{
	cmd->result = json_pack("{s:b}", "already", 1);
}

static int on_leg_answer(struct command *cmd)
{
	const char *contact = json_in_str(&cmd->in, "contact", MEDIA_ID);
	struct leg *leg = NULL;
	int err = named_leg(cmd, &leg);

	if (err)
		return err;
	fallback_release(cmd->c->prm.fallback, leg);
	leg_contact(leg, contact);
	if (leg->state == LEG_UP) {
		already(cmd);
		return 0;
	}
	err = leg_answer(leg);
	if (err == EALREADY && leg->incoming) {
		already(cmd); /* its 200 is on the way */
		return 0;
	}
	return err;
}

static int on_leg_refuse(struct command *cmd)
{
	int code = (int)json_in_int(&cmd->in, "code", 300, 699);
	struct leg *leg = NULL;
	int err = named_leg(cmd, &leg);

	if (err)
		return err;
	if (!leg->incoming || leg->state != LEG_ARRIVED)
		return EALREADY;
	leg_end(leg, code == 486 ? "busy" : "refused", BY_US, code);
	return 0;
}

static int on_leg_hangup(struct command *cmd)
{
	const char *cause = json_in_str_or(&cmd->in, "cause", 32, "hangup");
	struct leg *leg = NULL;
	int err = named_leg(cmd, &leg);

	if (!err)
		leg_end(leg, cause, BY_US, 0);
	return err;
}

static int on_leg_dtmf(struct command *cmd)
{
	const char *digits = json_in_str(&cmd->in, "digits", 64);
	struct leg *leg = NULL;
	int err = named_leg(cmd, &leg);

	if (err)
		return err;
	if (strspn(digits, "0123456789*#ABCD") != strlen(digits))
		return EINVAL;
	return leg->state == LEG_UP ? leg_dtmf(leg, digits) : EALREADY;
}

struct dial {
	const char *leg, *contact, *from, *name, *join;
	const char *trunk, *number, *workstation, *phone;
	int64_t timeout_ms;
	bool auto_answer;
	json_t *info;
};

static int dial_parse(struct command *cmd, struct dial *d)
{
	struct json_in to;

	d->leg = json_in_str(&cmd->in, "leg", MEDIA_ID);
	d->contact = json_in_str(&cmd->in, "contact", MEDIA_ID);
	d->from = json_in_str_or(&cmd->in, "from", 64, "");
	d->name = json_in_str_or(&cmd->in, "name", 128, "");
	d->timeout_ms = json_in_int(&cmd->in, "timeout_ms", 1, 3600000);
	d->auto_answer = json_in_bool_or(&cmd->in, "auto_answer", false);
	d->join = json_in_str_or(&cmd->in, "join", MEDIA_ID, "");
	d->info = json_in_object(&cmd->in, "info", false);
	json_in_init(&to, json_in_object(&cmd->in, "to", true));
	d->trunk = json_in_str_or(&to, "trunk", 32, "");
	d->number = json_in_str_or(&to, "number", 64, "");
	d->workstation = json_in_str_or(&to, "workstation", 32, "");
	d->phone = json_in_str_or(&to, "phone", 32, "");
	if (json_in_done(&cmd->in) || json_in_done(&to))
		return EINVAL;
	return *d->leg && (*d->trunk || *d->workstation || *d->phone) ? 0
								      : EINVAL;
}

static int dial_sip(struct control *c, const struct dial *d, struct leg **lp)
{
	if (*d->trunk)
		return trunk_dial(lp, c->prm.trunks,
				  &(struct trunk_call){
					  .leg = d->leg,
					  .contact = d->contact,
					  .trunk = d->trunk,
					  .number = d->number,
					  .from = d->from,
					  .name = d->name,
				  });
	return registrar_dial(lp, c->prm.registrar, c->prm.sip,
			      &(struct registrar_call){
				      .leg = d->leg,
				      .contact = d->contact,
				      .phone = d->phone,
				      .from = d->from,
				      .name = d->name,
				      .auto_answer = d->auto_answer,
			      });
}

static int on_leg_dial(struct command *cmd)
{
	struct control *c = cmd->c;
	struct leg *leg = NULL;
	struct dial d;
	int err = dial_parse(cmd, &d);

	if (err)
		return err;
	if (leg_find(c->prm.legs, d.leg)) {
		already(cmd);
		return 0;
	}
	if (leg_is_gone(c->prm.legs, d.leg))
		return ENOTCONN;
	if (legs_full(c->prm.legs))
		return EAGAIN;
	if (*d.workstation) {
		err = workstation_dial(&leg, c->prm.workstations,
				       &(struct workstation_call){
					       .leg = d.leg,
					       .contact = d.contact,
					       .person = d.workstation,
					       .auto_answer = d.auto_answer,
					       .ring_ms = d.timeout_ms,
					       .info = d.info,
				       });
	} else {
		err = dial_sip(c, &d, &leg);
		if (err)
			snprintf(cmd->detail, sizeof(cmd->detail), "%s",
				 *d.trunk ? d.trunk : d.phone);
		else
			leg_ring_timeout(leg, d.timeout_ms);
	}
	if (err)
		return err == EBADMSG ? EINVAL : err;
	snprintf(leg->join, sizeof(leg->join), "%s", d.join);
	return 0;
}

/* ---- bridges, plays, recordings ---- */

static int role_parse(enum media_role *role, const char *name)
{
	static const struct {
		const char *name;
		enum media_role role;
	} roles[] = {
		{"talk", ROLE_TALK},
		{"listen", ROLE_LISTEN},
		{"whisper", ROLE_WHISPER},
		{"hold", ROLE_HOLD},
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (!strcmp(roles[i].name, name)) {
			*role = roles[i].role;
			return 0;
		}
	}
	return EINVAL;
}

static int member_parse(struct room_member *m, json_t *obj)
{
	struct json_in in;

	json_in_init(&in, obj);
	const char *leg = json_in_str(&in, "leg", sizeof(m->leg));
	const char *role = json_in_str(&in, "role", 16);
	const char *to = json_in_str_or(&in, "to", sizeof(m->to), "");
	if (json_in_done(&in))
		return EINVAL;
	snprintf(m->leg, sizeof(m->leg), "%s", leg);
	snprintf(m->to, sizeof(m->to), "%s", to);
	return role_parse(&m->role, role);
}

static int on_bridge_set(struct command *cmd)
{
	struct room_member members[ROOM_MEMBERS];
	const char *id = json_in_str(&cmd->in, "bridge", MEDIA_ID);
	const char *contact = json_in_str(&cmd->in, "contact", MEDIA_ID);
	json_t *legs = json_in_array(&cmd->in, "legs", true);
	size_t n = json_array_size(legs), i;
	json_t *obj;

	if (json_in_done(&cmd->in) || n > ROOM_MEMBERS)
		return EINVAL;
	json_array_foreach (legs, i, obj) {
		int err = member_parse(&members[i], obj);
		if (err)
			return err;
	}
	return room_bridge(cmd->c->prm.room, id, contact, members, n);
}

/* GF 002-9002.3: ringing 450 Hz 1 s on 4 s off, busy 0.35 s on and off. */
static int tone_parse(struct media_source *src, const char *name)
{
	src->kind = SOURCE_TONE;
	if (!strcmp(name, "ring")) {
		src->hz1 = 450;
		src->on_ms = 1000;
		src->off_ms = 4000;
	} else if (!strcmp(name, "busy")) {
		src->hz1 = 450;
		src->on_ms = src->off_ms = 350;
	} else if (!strcmp(name, "comfort")) { /* "still there": a short pip */
		src->hz1 = 425;
		src->on_ms = 100;
		src->off_ms = 2900;
	} else {
		return EINVAL;
	}
	return 0;
}

static int source_parse(struct media_source *src, json_t *obj)
{
	const char *file = json_str(obj, "file");
	const char *tone = json_str(obj, "tone");

	memset(src, 0, sizeof(*src));
	if (*file) {
		src->kind = SOURCE_FILE;
		src->file = file;
		return 0;
	}
	if (*tone) {
		src->ms = json_int(obj, "ms");
		return tone_parse(src, tone);
	}
	src->kind = SOURCE_SILENCE;
	src->ms = json_int(obj, "silence_ms");
	return src->ms > 0 ? 0 : EINVAL;
}

static int on_play_start(struct command *cmd)
{
	struct media_source sources[SOURCES_MAX];
	const char *leg = json_in_str(&cmd->in, "leg", MEDIA_ID);
	json_t *list = json_in_array(&cmd->in, "sources", true);
	size_t n = json_array_size(list), i;
	struct media_play_prm prm = {
		.play = json_in_str(&cmd->in, "play", MEDIA_ID),
		.sources = sources,
		.n = n,
		.loop = json_in_bool_or(&cmd->in, "loop", false),
		.dtmf_ends = json_in_bool_or(&cmd->in, "dtmf_ends", false),
		.must_end = json_in_bool_or(&cmd->in, "must_end", false),
		.position_ms = json_in_int_or(&cmd->in, "position_ms", 0,
					      86400000, 0),
	};
	json_t *obj;

	if (json_in_done(&cmd->in) || !n || n > SOURCES_MAX)
		return EINVAL;
	json_array_foreach (list, i, obj) {
		int err = source_parse(&sources[i], obj);
		if (err)
			return err;
	}
	int err = room_play(cmd->c->prm.room, leg, &prm);
	if (err == EEXIST) {
		already(cmd);
		return 0;
	}
	return err;
}

static int on_play_seek(struct command *cmd)
{
	const char *play = json_in_str(&cmd->in, "play", MEDIA_ID);
	int64_t pos = json_in_int(&cmd->in, "position_ms", 0, 86400000);
	bool paused = json_in_bool_or(&cmd->in, "paused", false);

	if (json_in_done(&cmd->in))
		return EINVAL;
	return media_play_seek(cmd->c->prm.media, play, pos, paused);
}

/* Ending what has ended is no fault. */
static int done_already(struct command *cmd, int err)
{
	if (err == ENOENT) {
		already(cmd);
		return 0;
	}
	return err;
}

static int on_play_stop(struct command *cmd)
{
	const char *play = json_in_str(&cmd->in, "play", MEDIA_ID);

	if (json_in_done(&cmd->in))
		return EINVAL;
	return done_already(cmd, media_play_stop(cmd->c->prm.media, play));
}

/* The name becomes a file's. */
static bool recording_name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && !name[n] && name[0] != '.';
}

static int on_record_start(struct command *cmd)
{
	const char *rec = json_in_str(&cmd->in, "recording", MEDIA_ID);
	const char *leg = json_in_str(&cmd->in, "leg", MEDIA_ID);
	const char *contact = json_in_str(&cmd->in, "contact", MEDIA_ID);

	if (json_in_done(&cmd->in) || !recording_name_ok(rec))
		return EINVAL;
	int err = room_record(cmd->c->prm.room, rec, leg, contact);
	if (err == EEXIST) {
		already(cmd);
		return 0;
	}
	return err;
}

static int on_record_stop(struct command *cmd)
{
	const char *rec = json_in_str(&cmd->in, "recording", MEDIA_ID);

	if (json_in_done(&cmd->in))
		return EINVAL;
	return done_already(cmd, media_record_stop(cmd->c->prm.media, rec));
}

/* ---- the rest ---- */

static int on_workstation_drop(struct command *cmd)
{
	const char *person = json_in_str(&cmd->in, "person", 32);

	if (json_in_done(&cmd->in))
		return EINVAL;
	return done_already(cmd, workstation_drop(cmd->c->prm.workstations,
						  person, "fenced"));
}

static int on_state(struct command *cmd)
{
	const struct control_prm *p = &cmd->c->prm;
	json_t *legs = json_array();
	struct le *le;

	LIST_FOREACH (legs_list(p->legs), le)
		json_array_append_new(legs, leg_json(le->data));
	cmd->result = json_pack(
		"{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "boot",
		journal_boot(p->journal), "n",
		(json_int_t)journal_last(p->journal), "legs", legs, "bridges",
		room_bridges_json(p->room), "plays", room_plays_json(p->room),
		"recordings", room_recordings_json(p->room), "workstations",
		workstations_json(p->workstations), "phones",
		registrar_json(p->registrar), "trunks",
		trunks_json(p->trunks));
	return cmd->result ? 0 : ENOMEM;
}

static int on_stats(struct command *cmd)
{
	const struct control_prm *p = &cmd->c->prm;
	struct journal_stats j;
	struct media_stats m;
	struct sip_stats s;

	journal_stats(p->journal, &j);
	media_stats(p->media, &m);
	sip_stack_stats(p->sip, &s);
	json_t *sip = json_pack(
		"{s:i, s:I, s:I, s:I, s:I, s:I}", "port",
		sip_stack_port(p->sip), "received", (json_int_t)s.received,
		"undecodable", (json_int_t)s.undecodable, "bad",
		(json_int_t)s.bad, "refused", (json_int_t)s.refused, "silent",
		(json_int_t)s.silent);
	json_t *voice = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"rx", (json_int_t)m.rx, "tx", (json_int_t)m.tx, "lost",
		(json_int_t)m.lost, "late", (json_int_t)m.late, "bad",
		(json_int_t)m.bad, "srtp_bad", (json_int_t)m.srtp_bad, "legs",
		(json_int_t)m.legs, "bridges", (json_int_t)m.bridges, "plays",
		(json_int_t)m.plays, "recordings", (json_int_t)m.recordings,
		"rec_bytes", (json_int_t)m.rec_bytes, "rec_dropped",
		(json_int_t)m.rec_dropped);
	json_t *journal = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "events",
		(json_int_t)j.events, "kept", (json_int_t)j.kept, "dropped",
		(json_int_t)j.dropped, "unwritten", (json_int_t)j.unwritten,
		"unsynced", (json_int_t)j.unsynced, "syncs",
		(json_int_t)j.syncs, "errors", (json_int_t)j.errors, "bytes",
		(json_int_t)j.file_bytes);
	cmd->result = json_pack("{s:i, s:o, s:o, s:o}", "legs",
				(int)legs_count(p->legs), "sip", sip, "media",
				voice, "journal", journal);
	return cmd->result ? 0 : ENOMEM;
}

static int config_apply(struct control *c, json_t *config, char *fault)
{
	int err = trunks_configure(c->prm.trunks,
				   json_object_get(config, "trunks"), fault);

	if (!err)
		err = registrar_configure(c->prm.registrar,
					  json_object_get(config, "phones"),
					  fault);
	if (!err)
		err = fallback_configure(c->prm.fallback,
					 json_object_get(config, "fallback"),
					 fault);
	return err;
}

/* Whole or not at all: a switch that dies here starts with the old one. */
static int config_keep(const struct control *c, const json_t *config)
{
	char *text = json_dumps(config, JSON_COMPACT);

	if (!text)
		return ENOMEM;
	spool_replace(c->kept, text, strlen(text));
	return 0;
}

static void config_load(struct control *c)
{
	char fault[160] = "";
	json_error_t error;
	scoped_json json_t *config =
		json_load_file(c->prm.config, JSON_REJECT_DUPLICATES, &error);

	if (!config) {
		if (json_error_code(&error) != json_error_cannot_open_file)
			log_error("%s: %s", c->prm.config, error.text);
		return;
	}
	if (config_apply(c, config, fault))
		log_error("%s: %s", c->prm.config, fault);
}

static int on_configure(struct command *cmd)
{
	char fault[160] = "";
	json_t *config = json_in_object(&cmd->in, "config", true);

	if (json_in_done(&cmd->in))
		return EINVAL;
	int err = config_apply(cmd->c, config, fault);
	if (err) {
		snprintf(cmd->detail, sizeof(cmd->detail), "%s", fault);
		return err == EBADMSG ? EINVAL : err;
	}
	err = config_keep(cmd->c, config);
	if (err)
		log_error("%s: %s", cmd->c->prm.config, strerror(err));
	return 0; /* in force; a full disk is the journal's alarm too */
}

static void on_replay(const char *line, size_t len, void *arg)
{
	struct peer *peer = arg;

	(void)link_send_line(peer->link, line, len);
}

static int on_hello(struct command *cmd)
{
	struct control *c = cmd->c;
	int64_t version = json_in_int(&cmd->in, "version", 0, INT32_MAX);

	(void)json_in_object(&cmd->in, "after", false);
	if (json_in_done(&cmd->in))
		return EINVAL;
	if (version != PROTO_VERSION)
		return EPROTONOSUPPORT;
	if (c->office && c->office != cmd->peer) {
		log_warn("another office took over");
		mem_deref(c->office);
	}
	c->office = cmd->peer;
	cmd->result =
		json_pack("{s:i, s:s, s:o, s:i}", "version", PROTO_VERSION,
			  "boot", journal_boot(c->prm.journal), "previous",
			  journal_previous(c->prm.journal), "sip_port",
			  sip_stack_port(c->prm.sip));
	return cmd->result ? 0 : ENOMEM;
}

static int on_ack(struct command *cmd)
{
	const char *boot = json_in_str(&cmd->in, "boot", 24);
	int64_t n = json_in_int(&cmd->in, "n", 0, INT64_MAX);

	if (json_in_done(&cmd->in))
		return EINVAL;
	journal_ack(cmd->c->prm.journal, boot, n);
	return 0;
}

/* ---- dispatch ---- */

static const struct {
	const char *name;
	command_h *h;
} commands[] = {
	{"hello", on_hello},
	{"ack", on_ack},
	{"configure", on_configure},
	{"state", on_state},
	{"leg.answer", on_leg_answer},
	{"leg.refuse", on_leg_refuse},
	{"leg.dial", on_leg_dial},
	{"leg.hangup", on_leg_hangup},
	{"leg.dtmf", on_leg_dtmf},
	{"bridge.set", on_bridge_set},
	{"play.start", on_play_start},
	{"play.seek", on_play_seek},
	{"play.stop", on_play_stop},
	{"record.start", on_record_start},
	{"record.stop", on_record_stop},
	{"workstation.drop", on_workstation_drop},
	{"stats", on_stats},
};

static command_h *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(commands[i].name, name))
			return commands[i].h;
	}
	return NULL;
}

static const char *message_of(int err)
{
	switch (err) {
	case ENOSYS:
		return N_("No such method");
	case EPROTO:
		return N_("Say hello first");
	case EINVAL:
		return N_("Bad parameters");
	case EPROTONOSUPPORT:
		return N_("Another version of the protocol");
	case ENOTCONN:
		return N_("The call has ended");
	case ENOENT:
		return N_("Not found");
	case EALREADY:
		return N_("Not possible in this state");
	case EAGAIN:
		return N_("Too many at once");
	default:
		return N_("The exchange failed");
	}
}

static int run(struct command *cmd, const char *method)
{
	command_h *h = command_find(method);

	if (!h)
		return ENOSYS;
	if (cmd->peer != cmd->c->office && h != on_hello && h != on_stats &&
	    h != on_state)
		return EPROTO;
	return h(cmd);
}

static void on_message(struct link *link, json_t *msg, void *arg)
{
	struct peer *peer = arg;
	const char *method = json_str(msg, "method");
	json_t *id = json_object_get(msg, "id");
	struct command cmd = {
		.c = peer->c,
		.peer = peer,
		.params = json_object_get(msg, "params"),
	};

	json_in_init(&cmd.in, cmd.params);
	int err = run(&cmd, method);
	const char *detail = *cmd.detail ? cmd.detail : cmd.in.fault;
	scoped_json json_t *reply = err ? proto_error(id, err, message_of(err),
						      *detail ? detail : NULL)
					: proto_reply(id, cmd.result);

	if (err)
		json_decref(cmd.result);
	if (err && err != ENOTCONN)
		log_warn("%s: %s %s", method, strerror(err), detail);
	if (id)
		(void)link_send(link, reply);
	if (!err && !strcmp(method, "hello"))
		journal_replay(peer->c->prm.journal,
			       json_object_get(cmd.params, "after"), on_replay,
			       peer);
}

/* ---- connections ---- */

static void peer_destructor(void *arg)
{
	struct peer *peer = arg;

	if (peer->c->office == peer) {
		peer->c->office = NULL;
		room_alone(peer->c->prm.room);
	}
	list_unlink(&peer->le);
	mem_deref(peer->link);
}

static void on_peer_close(int err, void *arg)
{
	struct peer *peer = arg;

	if (peer->c->office == peer)
		log_warn("the office is away: %s",
			 err ? strerror(err) : "closed");
	mem_deref(peer);
}

static bool peer_allowed(int fd)
{
	struct ucred cr;
	socklen_t len = sizeof(cr);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &len) &&
	       (cr.uid == 0 || cr.uid == geteuid());
}

static void on_connection(int flags, void *arg)
{
	struct control *c = arg;
	scoped_fd int fd =
		accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	(void)flags;

	if (fd < 0)
		return;
	if (!peer_allowed(fd) || list_count(&c->peers) >= PEERS_MAX) {
		log_warn("control: connection refused");
		return;
	}
	struct peer *peer = mem_zalloc(sizeof(*peer), peer_destructor);
	if (!peer)
		return;
	peer->c = c;
	list_append(&c->peers, &peer->le, peer);
	int err =
		link_alloc(&peer->link, &(struct link_prm){
						.fd_in = fd,
						.fd_out = fd,
						.line_max_bytes = CONFIG_BYTES,
						.queue_max_bytes = QUEUE_BYTES,
						.msgh = on_message,
						.closeh = on_peer_close,
						.arg = peer,
					});
	if (err)
		mem_deref(peer);
	else
		(void)take_fd(fd);
}

static void control_destructor(void *arg)
{
	struct control *c = arg;

	list_flush(&c->peers);
	mem_deref(c->kept);
	if (c->fd >= 0) {
		fd_close(c->fd);
		close(c->fd);
		unlink(c->prm.socket);
	}
}

int control_alloc(struct control **cp, const struct control_prm *prm)
{
	scoped_mem struct control *c =
		mem_zalloc(sizeof(*c), control_destructor);

	if (!c)
		return ENOMEM;
	c->prm = *prm;
	c->fd = -1;
	config_load(c);
	int err = spool_alloc(&c->kept,
			      &(struct spool_prm){.path = prm->config});
	if (!err)
		err = link_listen(&c->fd, prm->socket, 0600);
	if (!err)
		err = fd_listen(c->fd, FD_READ, on_connection, c);
	if (err)
		return err;
	*cp = take(c);
	return 0;
}

bool control_has_office(const struct control *c)
{
	return c && c->office;
}

void control_event(struct control *c, const char *line, size_t len)
{
	if (c && c->office)
		(void)link_send_line(c->office->link, line, len);
}
