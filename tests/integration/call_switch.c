/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted switch: it keeps legs, plays, bridges and recordings as the
 * real one would say them, journals its events until they are acknowledged,
 * and does nothing that the story does not say.
 */
#include "tests/integration/call_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/proto.h"

static struct {
	int fd;
	struct link *link;
	char boot[24];
	int life;
	int64_t n, acked;
	json_t *legs;	    /* {leg: {...}} in order of birth */
	json_t *plays;	    /* {leg: {play, what}} */
	json_t *bridges;    /* {leg: role} */
	json_t *recordings; /* {recording: {leg, path, at}} */
	json_t *journal;    /* events not acknowledged */
	json_t *history;    /* events of this life */
	json_t *commands;   /* {method: count} */
	json_t *attached;   /* {person: true} */
	bool unplugged;
} sw;

static void sw_send(json_t *msg)
{
	if (sw.link)
		(void)link_send(sw.link, msg);
	json_decref(msg);
}

void sw_event(const char *kind, json_t *fields)
{
	json_object_set_new(fields, "boot", json_string(sw.boot));
	json_object_set_new(fields, "n", json_integer(++sw.n));
	json_object_set_new(fields, "at_us", json_integer(cal_now_us()));
	json_object_set_new(fields, "kind", json_string(kind));
	json_array_append(sw.journal, fields);
	json_array_append(sw.history, fields);
	sw_send(proto_notify("event", fields));
}

static void wav_write(const char *path, int64_t ms)
{
	char full[400];
	uint32_t bytes = (uint32_t)(ms * 16);
	unsigned char head[44] = "RIFF\0\0\0\0WAVEfmt \20\0\0\0\6\0\2\0";
	uint32_t rate = 8000, per_s = 16000;

	memcpy(head + 24, &rate, 4);
	memcpy(head + 28, &per_s, 4);
	memcpy(head + 36, "data", 4);
	memcpy(head + 40, &bytes, 4);
	snprintf(full, sizeof(full), "%s/%s", rig.dir, path);
	FILE *f = fopen(full, "w");
	assert_non_null(f);
	fwrite(head, 1, sizeof(head), f);
	fclose(f);
}

static void record_close(const char *leg)
{
	const char *id;
	json_t *r;
	void *next;

	json_object_foreach_safe(sw.recordings, next, id, r)
	{
		if (strcmp(json_str(r, "leg"), leg) != 0)
			continue;
		int64_t ms = (cal_now_us() - json_int(r, "at")) / 1000;
		wav_write(json_str(r, "path"), ms);
		sw_event("record.closed",
			 json_pack("{s:s,s:s,s:s,s:s,s:I,s:s}", "recording",
				   id, "contact", id, "leg", leg, "path",
				   json_str(r, "path"), "ms", (json_int_t)ms,
				   "sha256", "00"));
		json_object_del(sw.recordings, id);
	}
}

void sw_end(const char *leg, const char *cause, const char *by)
{
	json_t *l = json_object_get(sw.legs, leg);
	char id[64], contact[64];

	if (!l)
		return;
	snprintf(id, sizeof(id), "%s", leg);
	snprintf(contact, sizeof(contact), "%s", json_str(l, "contact"));
	json_object_del(sw.plays, id);
	json_object_del(sw.bridges, id);
	record_close(id);
	json_object_del(sw.legs, id);
	sw_event("leg.ended",
		 json_pack("{s:s,s:s,s:s,s:s,s:i,s:{s:i}}", "leg", id,
			   "contact", contact, "cause", cause, "by", by,
			   "code", 0, "quality", "rx", 100));
}

void sw_call(const char *leg, const char *from, const char *to, bool fallback)
{
	char id[64];

	snprintf(id, sizeof(id), "%s.%s", sw.boot, leg);
	json_object_set_new(
		sw.legs, id,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "leg", id,
			  "contact", "", "side", "trunk", "direction", "in",
			  "state", fallback ? "up" : "arrived", "from", from,
			  "to", to, "at_us", (json_int_t)cal_now_us()));
	sw_event("leg.arrived",
		 json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "leg", id, "trunk",
			   "t1", "from", from, "name", "张三", "to", to,
			   "fallback", fallback));
}

/* Short names of tests are legs of this life. */
static json_t *leg_of(const char *leg)
{
	char id[64];
	json_t *l = json_object_get(sw.legs, leg);

	snprintf(id, sizeof(id), "%s.%s", sw.boot, leg);
	return l ? l : json_object_get(sw.legs, id);
}

void sw_answer(const char *leg)
{
	json_t *l = leg_of(leg);

	assert_non_null(l);
	json_object_set_new(l, "state", json_string("up"));
	sw_event("leg.answered",
		 json_pack("{s:s,s:s}", "leg", json_str(l, "leg"), "contact",
			   json_str(l, "contact")));
}

void sw_play_done(const char *leg)
{
	json_t *l = leg_of(leg);
	json_t *p = l ? json_object_get(sw.plays, json_str(l, "leg")) : NULL;
	char play[64];

	assert_non_null(p);
	snprintf(play, sizeof(play), "%s", json_str(p, "play"));
	json_object_del(sw.plays, json_str(l, "leg"));
	sw_event("play.ended", json_pack("{s:s,s:s,s:s,s:i}", "play", play,
					 "leg", json_str(l, "leg"), "reason",
					 "done", "position_ms", 3000));
}

void sw_attach(const char *person, bool up)
{
	if (up)
		json_object_set_new(sw.attached, person, json_true());
	else
		json_object_del(sw.attached, person);
	sw_event(up ? "workstation.attached" : "workstation.detached",
		 json_pack("{s:s,s:i}", "person", person, "login", 1));
}

const char *sw_leg_to(const char *person)
{
	static char found[64];
	const char *id;
	json_t *l;

	found[0] = '\0';
	json_object_foreach (sw.legs, id, l)
		if (!strcmp(json_str(l, "person"), person))
			snprintf(found, sizeof(found), "%s", id);
	return found;
}

bool sw_leg_lives(const char *leg)
{
	return leg_of(leg) != NULL;
}

bool sw_bridged(const char *leg, const char *role)
{
	json_t *l = leg_of(leg);

	return l && !strcmp(json_str(sw.bridges, json_str(l, "leg")), role);
}

const char *sw_plays(const char *leg)
{
	json_t *l = leg_of(leg);

	return l ? json_str(json_object_get(sw.plays, json_str(l, "leg")),
			    "what")
		 : "";
}

bool sw_acked_all(void)
{
	return json_array_size(sw.journal) == 0;
}

size_t sw_commands(const char *method)
{
	return (size_t)json_int(sw.commands, method);
}

static void on_ack(const json_t *params)
{
	json_t *left = json_array(), *ev;
	size_t i;

	json_array_foreach (sw.journal, i, ev)
		if (strcmp(json_str(ev, "boot"), json_str(params, "boot")) !=
			    0 ||
		    json_int(ev, "n") > json_int(params, "n"))
			json_array_append(left, ev);
	json_decref(sw.journal);
	sw.journal = left;
}

static json_t *list_of(json_t *obj)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach (obj, key, value) {
		json_t *row = json_is_object(value) ? json_deep_copy(value)
						    : json_string(key);
		if (json_is_object(row) && obj == sw.plays)
			json_object_set_new(row, "leg", json_string(key));
		if (json_is_object(row) && obj == sw.recordings)
			json_object_set_new(row, "recording",
					    json_string(key));
		json_array_append_new(list, row);
	}
	return list;
}

static bool cmd_dial(json_t *p)
{
	json_t *to = json_object_get(p, "to");
	const char *person = json_str(to, "workstation");

	if (leg_of(json_str(p, "leg")))
		return true;
	json_object_set_new(
		sw.legs, json_str(p, "leg"),
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "leg",
			  json_str(p, "leg"), "contact",
			  json_str(p, "contact"), "side",
			  *person ? "workstation" : "trunk", "direction",
			  "out", "state", "ringing", "person",
			  *person ? person : json_str(to, "number")));
	return true;
}

void sw_ring(const char *leg, const char *contact, const char *person)
{
	scoped_json json_t *p =
		json_pack("{s:s,s:s,s:{s:s}}", "leg", leg, "contact", contact,
			  "to", "workstation", person);

	(void)cmd_dial(p);
	sw_event("leg.ringing",
		 json_pack("{s:s,s:s,s:s}", "leg", leg, "contact", contact,
			   "person", person));
}

static bool cmd_play(json_t *p)
{
	const json_t *src = json_array_get(json_object_get(p, "sources"), 0);
	const char *what = json_str(src, "file");

	json_object_set_new(sw.plays, json_str(p, "leg"),
			    json_pack("{s:s,s:s}", "play", json_str(p, "play"),
				      "what",
				      *what ? what : json_str(src, "tone")));
	return true;
}

static bool cmd_bridge(json_t *p)
{
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(p, "legs"), i, m) {
		const char *leg = json_str(m, "leg");
		if (!leg_of(leg))
			return false;
		json_object_set_new(sw.bridges, leg,
				    json_string(json_str(m, "role")));
		if (!strcmp(json_str(m, "role"), "talk") &&
		    strcmp(sw_plays(leg), "notice.wav") != 0)
			json_object_del(sw.plays, leg);
	}
	return true;
}

static bool cmd_record(json_t *p)
{
	const char *id = json_str(p, "recording");
	char path[80];

	if (json_object_get(sw.recordings, id))
		return true;
	snprintf(path, sizeof(path), "%s.wav", id);
	json_object_set_new(sw.recordings, id,
			    json_pack("{s:s,s:s,s:I}", "leg",
				      json_str(p, "leg"), "path", path, "at",
				      (json_int_t)cal_now_us()));
	sw_event("record.opened",
		 json_pack("{s:s,s:s,s:s,s:s}", "recording", id, "contact", id,
			   "leg", json_str(p, "leg"), "path", path));
	return true;
}

/* False: the leg is gone. */
static bool carry_out(const char *method, json_t *p)
{
	const char *leg = json_str(p, "leg");

	if (!strcmp(method, "leg.dial"))
		return cmd_dial(p);
	if (!strcmp(method, "bridge.set"))
		return cmd_bridge(p);
	if (!strcmp(method, "play.stop"))
		return true;
	if (*leg && !leg_of(leg))
		return false;
	if (!strcmp(method, "leg.answer")) {
		json_object_set_new(leg_of(leg), "contact",
				    json_string(json_str(p, "contact")));
		json_object_set_new(leg_of(leg), "state", json_string("up"));
	} else if (!strcmp(method, "leg.hangup")) {
		sw_end(leg, "hangup", "us");
	} else if (!strcmp(method, "leg.refuse")) {
		sw_end(leg, "refused", "us");
	} else if (!strcmp(method, "play.start")) {
		return cmd_play(p);
	} else if (!strcmp(method, "record.start")) {
		return cmd_record(p);
	}
	return true;
}

static json_t *result_of(const char *method)
{
	if (!strcmp(method, "hello"))
		return json_pack("{s:i,s:s,s:[]}", "version", 1, "boot",
				 sw.boot, "previous");
	if (strcmp(method, "state") != 0)
		return json_object();
	return json_pack("{s:s,s:I,s:o,s:[],s:o,s:o,s:o,s:[],s:[]}", "boot",
			 sw.boot, "n", (json_int_t)sw.n, "legs",
			 list_of(sw.legs), "bridges", "plays",
			 list_of(sw.plays), "recordings",
			 list_of(sw.recordings), "workstations",
			 list_of(sw.attached), "phones", "trunks");
}

static void on_command(struct link *link, json_t *msg, void *arg)
{
	const char *method = json_str(msg, "method");
	json_t *params = json_object_get(msg, "params");
	json_t *ev;
	size_t i;

	json_object_set_new(sw.commands, method,
			    json_integer(json_int(sw.commands, method) + 1));
	if (!strcmp(method, "ack")) {
		on_ack(params);
		return;
	}
	json_t *id = json_object_get(msg, "id");
	if (carry_out(method, params))
		sw_send(proto_reply(id, result_of(method)));
	else
		sw_send(proto_error(id, ENOTCONN, "This leg has ended", NULL));
	if (strcmp(method, "hello") != 0)
		return;
	json_array_foreach (sw.journal, i, ev)
		sw_send(proto_notify("event", json_incref(ev)));
}

static void on_gone(int err, void *arg)
{
	sw.link = mem_deref(sw.link);
}

static void on_accept(int flags, void *arg)
{
	int fd = accept(sw.fd, NULL, NULL);

	if (fd < 0)
		return;
	if (sw.unplugged || sw.link) {
		close(fd);
		return;
	}
	struct link_prm prm = {.fd_in = fd,
			       .fd_out = fd,
			       .line_max_bytes = PROTO_LINE_LOCAL_BYTES,
			       .queue_max_bytes = 16 << 20,
			       .msgh = on_command,
			       .closeh = on_gone};
	assert_int_equal(link_alloc(&sw.link, &prm), 0);
}

static void sw_new_life(void)
{
	snprintf(sw.boot, sizeof(sw.boot), "s%d", ++sw.life);
	sw.n = 0;
	json_object_clear(sw.legs);
	json_object_clear(sw.plays);
	json_object_clear(sw.bridges);
	json_object_clear(sw.recordings);
	json_array_clear(sw.history);
}

void sw_start(void)
{
	char path[100];

	memset(&sw, 0, sizeof(sw));
	sw.legs = json_object();
	sw.plays = json_object();
	sw.bridges = json_object();
	sw.recordings = json_object();
	sw.commands = json_object();
	sw.attached = json_object();
	sw.journal = json_array();
	sw.history = json_array();
	sw_new_life();
	snprintf(path, sizeof(path), "%s/switch.sock", rig.dir);
	assert_int_equal(link_listen(&sw.fd, path, 0600), 0);
	assert_int_equal(fd_listen(sw.fd, FD_READ, on_accept, NULL), 0);
}

void sw_stop(void)
{
	fd_close(sw.fd);
	close(sw.fd);
	sw.link = mem_deref(sw.link);
	json_decref(sw.legs);
	json_decref(sw.plays);
	json_decref(sw.bridges);
	json_decref(sw.recordings);
	json_decref(sw.commands);
	json_decref(sw.attached);
	json_decref(sw.journal);
	json_decref(sw.history);
}

void sw_cut(void)
{
	sw.link = mem_deref(sw.link);
}

void sw_unplug(bool unplugged)
{
	sw.unplugged = unplugged;
	if (unplugged)
		sw.link = mem_deref(sw.link);
}

void sw_restart(void)
{
	const char *id;
	json_t *r, *mended = json_array();

	json_object_foreach (sw.recordings, id, r) {
		wav_write(json_str(r, "path"), 100);
		json_array_append_new(
			mended, json_pack("{s:s,s:s,s:i,s:s}", "recording", id,
					  "path", json_str(r, "path"), "ms",
					  100, "sha256", "00"));
	}
	sw.link = mem_deref(sw.link);
	sw_new_life();
	sw_event("switch.started", json_pack("{s:o}", "mended", mended));
}

void sw_repeat(void)
{
	json_t *ev;
	size_t i;

	json_array_foreach (sw.history, i, ev)
		sw_send(proto_notify("event", json_incref(ev)));
}
