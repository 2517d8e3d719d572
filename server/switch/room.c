/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/room.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/scope.h"

#define DONE_MAX    1024 /* plays and recordings that are over */
#define BRIDGES_MAX 4096
#define TASKS_MAX   8192
#define REACTION_MS 500 /* of the office to a goodbye */

struct bridge {
	struct le le;
	char id[MEDIA_ID];
	char contact[MEDIA_ID];
	struct room_member members[ROOM_MEMBERS];
	size_t n;
	/* one of two said goodbye, and the office has not reacted: when we do
	 * it; 0: no */
	uint64_t part_at;
};

/* A play or a recording. */
struct task {
	struct le le;
	char id[MEDIA_ID];
	char leg[MEDIA_ID];
	char contact[MEDIA_ID];
	char path[160];
};

struct room {
	struct legs *legs;
	struct journal *journal;
	struct media *media;
	struct list bridges, plays, recordings;
	struct tmr part;
	char done[DONE_MAX][MEDIA_ID];
	unsigned done_at;
};

static void item_destructor(void *arg)
{
	struct le *le = arg; /* the first member of both */

	list_unlink(le);
}

static void room_destructor(void *arg)
{
	struct room *room = arg;

	tmr_cancel(&room->part);
	list_flush(&room->bridges);
	list_flush(&room->plays);
	list_flush(&room->recordings);
}

int room_alloc(struct room **rp, struct legs *legs, struct journal *journal)
{
	struct room *room = mem_zalloc(sizeof(*room), room_destructor);

	if (!room)
		return ENOMEM;
	room->legs = legs;
	room->journal = journal;
	tmr_init(&room->part);
	*rp = room;
	return 0;
}

void room_media(struct room *room, struct media *media)
{
	room->media = media;
}

static void event(struct room *room, const char *kind, json_t *fields)
{
	int err = journal_event(room->journal, kind, fields);

	if (err)
		log_error("event %s lost: %s", kind, strerror(err));
}

/* ---- bridges ---- */

static struct bridge *bridge_find(const struct room *room, const char *id)
{
	struct le *le;

	LIST_FOREACH (&room->bridges, le) {
		struct bridge *b = le->data;
		if (!strcmp(b->id, id))
			return b;
	}
	return NULL;
}

static struct media_leg *voice_of(const struct room *room, const char *id)
{
	const struct leg *leg = *id ? leg_find(room->legs, id) : NULL;

	return leg && leg->state == LEG_UP ? leg->media : NULL;
}

static void apply(struct room *room, const struct bridge *b)
{
	struct media_member members[ROOM_MEMBERS];
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct media_leg *voice = voice_of(room, b->members[i].leg);
		if (!voice)
			continue;
		members[n++] = (struct media_member){
			.leg = voice,
			.role = b->members[i].role,
			.to = voice_of(room, b->members[i].to),
		};
	}
	int err = media_bridge_set(room->media, b->id, b->contact, members, n);
	if (err)
		log_error("bridge %s: %s", b->id, strerror(err));
}

static bool bridge_remove(struct bridge *b, const char *leg)
{
	for (size_t i = 0; i < b->n; i++) {
		if (strcmp(b->members[i].leg, leg) != 0)
			continue;
		b->n--;
		memmove(&b->members[i], &b->members[i + 1],
			(b->n - i) * sizeof(b->members[0]));
		return true;
	}
	return false;
}

/* A leg is in one bridge at a time. */
static void leave_others(struct room *room, const struct bridge *keep,
			 const char *leg)
{
	struct le *le = room->bridges.head;

	while (le) {
		struct bridge *b = le->data;
		le = le->next;
		if (b == keep || !bridge_remove(b, leg))
			continue;
		apply(room, b);
		if (!b->n)
			mem_deref(b);
	}
}

static int check_members(const struct room *room,
			 const struct room_member *members, size_t n)
{
	if (n > ROOM_MEMBERS)
		return EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (leg_find(room->legs, members[i].leg))
			continue;
		return leg_is_gone(room->legs, members[i].leg) ? ENOTCONN
							       : ENOENT;
	}
	return 0;
}

int room_bridge(struct room *room, const char *id, const char *contact,
		const struct room_member *members, size_t n)
{
	struct bridge *b = bridge_find(room, id);
	int err = check_members(room, members, n);

	if (err)
		return err;
	if (!b && !n)
		return 0;
	if (!b) {
		if (list_count(&room->bridges) >= BRIDGES_MAX)
			return EAGAIN;
		b = mem_zalloc(sizeof(*b), item_destructor);
		if (!b)
			return ENOMEM;
		snprintf(b->id, sizeof(b->id), "%s", id);
		list_append(&room->bridges, &b->le, b);
	}
	snprintf(b->contact, sizeof(b->contact), "%s", contact);
	if (n)
		memcpy(b->members, members, n * sizeof(*members));
	b->n = n;
	b->part_at = 0;
	for (size_t i = 0; i < n; i++)
		leave_others(room, b, members[i].leg);
	apply(room, b);
	if (!n)
		mem_deref(b);
	return 0;
}

static struct bridge *bridge_of(const struct room *room, const char *leg)
{
	struct le *le;

	LIST_FOREACH (&room->bridges, le) {
		struct bridge *b = le->data;
		for (size_t i = 0; i < b->n; i++) {
			if (!strcmp(b->members[i].leg, leg))
				return b;
		}
	}
	return NULL;
}

/* The recording has the bridge's name, as the office names them, and is made
 * on the citizen's leg. Who left meanwhile is the office's business. */
static void join(struct room *room, const struct leg *leg)
{
	bool out = !strcmp(leg->ops->name, "trunk");
	struct room_member members[2] = {{.role = ROLE_TALK},
					 {.role = ROLE_TALK}};

	snprintf(members[0].leg, MEDIA_ID, "%s", leg->join);
	snprintf(members[1].leg, MEDIA_ID, "%s", leg->id);
	if (!room_bridge(room, leg->contact, leg->contact, members, 2))
		(void)room_record(room, leg->contact,
				  out ? leg->id : leg->join, leg->contact);
}

void room_leg_up(struct room *room, struct leg *leg)
{
	const struct bridge *b = bridge_of(room, leg->id);

	if (*leg->join)
		join(room, leg);
	else if (b)
		apply(room, b);
}

static void end_members(struct room *room, const struct bridge *b)
{
	char legs[ROOM_MEMBERS][MEDIA_ID];
	size_t n = b->n;

	for (size_t i = 0; i < n; i++)
		snprintf(legs[i], MEDIA_ID, "%s", b->members[i].leg);
	for (size_t i = 0; i < n; i++) {
		struct leg *leg = leg_find(room->legs, legs[i]);
		if (leg)
			leg_end(leg, "hangup", BY_US, 0);
	}
}

/* A phone that rings for somebody who has left. */
static void end_ringing(struct room *room)
{
	struct le *le = legs_list(room->legs)->head;

	while (le) {
		struct leg *leg = le->data;
		le = le->next;
		if (leg->state == LEG_RINGING && *leg->join &&
		    !leg_find(room->legs, leg->join))
			leg_end(leg, "cancel", BY_US, 0);
	}
}

/* An office that just died, or comes back, or is very busy, is not waited for
 * by somebody who hears nothing. */
static void on_part(void *arg)
{
	struct room *room = arg;
	struct le *le = room->bridges.head;
	bool alone = legs_alone(room->legs), more = false;

	while (le) {
		struct bridge *b = le->data;
		le = le->next;
		if (b->part_at && !alone && b->part_at > tmr_jiffies()) {
			more = true;
		} else if (b->part_at) {
			mem_ref(b); /* with its last member it goes */
			end_members(room, b);
			mem_deref(b);
		}
	}
	if (alone)
		end_ringing(room);
	else if (more)
		tmr_start(&room->part, REACTION_MS / 4, on_part, room);
}

void room_alone(struct room *room)
{
	tmr_start(&room->part, 0, on_part, room);
}

/* Later, so that what caused it is told first. */
void room_leg_gone(struct room *room, struct leg *leg)
{
	struct bridge *b = bridge_of(room, leg->id);
	bool last = b && b->n == 1;

	leave_others(room, NULL, leg->id);
	if (b && !last)
		b->part_at = leg->goodbye && b->n == 1
				     ? tmr_jiffies() + REACTION_MS
				     : 0;
	if (legs_alone(room->legs))
		room_alone(room);
	else if (leg->goodbye && !tmr_isrunning(&room->part))
		tmr_start(&room->part, REACTION_MS / 4, on_part, room);
}

void room_peers(struct room *room, const struct leg *leg, room_peer_h *h,
		void *arg)
{
	const struct bridge *b = bridge_of(room, leg->id);

	for (size_t i = 0; b && i < b->n; i++) {
		struct leg *peer = leg_find(room->legs, b->members[i].leg);
		if (peer && peer != leg && peer->state == LEG_UP &&
		    b->members[i].role == ROLE_TALK)
			h(peer, arg);
	}
}

/* ---- plays and recordings ---- */

static struct task *task_find(const struct list *list, const char *id)
{
	struct le *le;

	LIST_FOREACH (list, le) {
		struct task *t = le->data;
		if (!strcmp(t->id, id))
			return t;
	}
	return NULL;
}

static bool is_done(const struct room *room, const char *id)
{
	for (unsigned i = 0; i < DONE_MAX; i++) {
		if (!strcmp(room->done[i], id))
			return true;
	}
	return false;
}

static int task_add(struct task **tp, struct list *list, const char *id,
		    const struct leg *leg)
{
	if (list_count(list) >= TASKS_MAX)
		return EAGAIN;
	struct task *t = mem_zalloc(sizeof(*t), item_destructor);
	if (!t)
		return ENOMEM;
	snprintf(t->id, sizeof(t->id), "%s", id);
	snprintf(t->leg, sizeof(t->leg), "%s", leg->id);
	snprintf(t->contact, sizeof(t->contact), "%s", leg->contact);
	list_append(list, &t->le, t);
	*tp = t;
	return 0;
}

static void task_done(struct room *room, struct task *t)
{
	snprintf(room->done[room->done_at++ % DONE_MAX], MEDIA_ID, "%s",
		 t->id);
	mem_deref(t);
}

static int leg_with_voice(const struct room *room, const char *id,
			  struct leg **lp)
{
	struct leg *leg = leg_find(room->legs, id);

	if (!leg)
		return leg_is_gone(room->legs, id) ? ENOTCONN : ENOENT;
	if (leg->state != LEG_UP || !leg->media)
		return EALREADY;
	*lp = leg;
	return 0;
}

int room_play(struct room *room, const char *id, struct media_play_prm *prm)
{
	struct leg *leg = NULL;
	struct task *t = NULL;

	if (task_find(&room->plays, prm->play) || is_done(room, prm->play))
		return EEXIST;
	int err = leg_with_voice(room, id, &leg);
	if (err)
		return err;
	err = task_add(&t, &room->plays, prm->play, leg);
	if (err)
		return err;
	struct bridge *b = bridge_of(room, leg->id);
	if (b)
		b->part_at = 0; /* the office has plans with who is left */
	prm->leg = leg->media;
	err = media_play(room->media, prm);
	if (err)
		mem_deref(t);
	return err;
}

int room_record(struct room *room, const char *recording, const char *id,
		const char *contact)
{
	struct leg *leg = NULL;
	struct task *t = NULL;

	if (task_find(&room->recordings, recording) ||
	    is_done(room, recording))
		return EEXIST;
	int err = leg_with_voice(room, id, &leg);
	if (err)
		return err;
	err = task_add(&t, &room->recordings, recording, leg);
	if (err)
		return err;
	snprintf(t->contact, sizeof(t->contact), "%s", contact);
	err = media_record(room->media, recording, leg->media);
	if (err)
		mem_deref(t);
	return err;
}

static const char *play_end_name(enum media_play_end reason)
{
	static const char *const names[] = {
		[PLAY_DONE] = "done",	  [PLAY_STOPPED] = "stopped",
		[PLAY_DTMF] = "dtmf",	  [PLAY_JOINED] = "joined",
		[PLAY_LEG_ENDED] = "leg", [PLAY_ERROR] = "error",
	};

	return names[reason];
}

static void played(struct room *room, const struct media_event *ev)
{
	struct task *t = task_find(&room->plays, ev->id);

	event(room, "play.ended",
	      json_pack("{s:s, s:s, s:s, s:I}", "play", ev->id, "leg",
			t ? t->leg : ev->leg, "reason",
			play_end_name(ev->reason), "position_ms",
			(json_int_t)ev->ms));
	if (t)
		task_done(room, t);
}

static json_t *recording_json(const struct media_event *ev,
			      const struct task *t)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "recording", ev->id,
			 "contact", t ? t->contact : ev->contact, "leg",
			 t ? t->leg : ev->leg, "path", ev->path);
}

static void record_closed(struct room *room, const struct media_event *ev)
{
	struct task *t = task_find(&room->recordings, ev->id);
	json_t *fields = recording_json(ev, t);

	json_object_set_new(fields, "ms", json_integer(ev->ms));
	json_object_set_new(fields, "sha256", json_string(ev->sha256));
	json_object_set_new(fields, "error", json_integer(ev->error));
	event(room, "record.closed", fields);
	if (t)
		task_done(room, t);
}

static void record_opened(struct room *room, const struct media_event *ev)
{
	struct task *t = task_find(&room->recordings, ev->id);

	if (t)
		snprintf(t->path, sizeof(t->path), "%s", ev->path);
	event(room, "record.opened", recording_json(ev, t));
}

void room_media_event(struct room *room, const struct media_event *ev)
{
	switch (ev->kind) {
	case MEDIA_PLAYED:
		played(room, ev);
		break;
	case MEDIA_REC_OPEN:
		record_opened(room, ev);
		break;
	case MEDIA_REC_CLOSED:
		record_closed(room, ev);
		break;
	case MEDIA_REC_ERROR:
		log_error("recording %s: %s", ev->id, strerror(ev->error));
		break;
	default:
		break;
	}
}

/* ---- as JSON ---- */

static const char *role_name(enum media_role role)
{
	static const char *const names[] = {
		[ROLE_TALK] = "talk",
		[ROLE_LISTEN] = "listen",
		[ROLE_WHISPER] = "whisper",
		[ROLE_HOLD] = "hold",
	};

	return names[role];
}

json_t *room_bridges_json(const struct room *room)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (&room->bridges, le) {
		const struct bridge *b = le->data;
		json_t *legs = json_array();
		for (size_t i = 0; i < b->n; i++)
			json_array_append_new(
				legs,
				json_pack("{s:s, s:s}", "leg",
					  b->members[i].leg, "role",
					  role_name(b->members[i].role)));
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o}", "bridge", b->id,
					"contact", b->contact, "legs", legs));
	}
	return list;
}

json_t *room_plays_json(const struct room *room)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (&room->plays, le) {
		const struct task *t = le->data;
		json_array_append_new(list, json_pack("{s:s, s:s}", "play",
						      t->id, "leg", t->leg));
	}
	return list;
}

json_t *room_recordings_json(const struct room *room)
{
	json_t *list = json_array();
	struct le *le;

	LIST_FOREACH (&room->recordings, le) {
		const struct task *t = le->data;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "recording",
					t->id, "leg", t->leg, "contact",
					t->contact, "path", t->path));
	}
	return list;
}
