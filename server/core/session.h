/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of a person or an administrator: frames in and out, bounded
 * send queue, subscriptions, numbered events. Sockets: `admin.sock` (the
 * peer's uid decides: root or the daemon's own is an administrator) and
 * `gate/office.sock`, where zuoxi-gate hands over sshd's pipes with the
 * person's id (gate/handover.h).
 *
 * Every event that leaves has a number n, counted since this boot of the
 * office; a ring of the last events serves `sync`. A client whose boot is
 * another, or whose n has left the ring, is told to fetch snapshots.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>

struct session;
struct session_hub;
struct rpc;

/* A person's session began (up) or ended. up: may refuse (errno). */
typedef int(session_person_h)(const char *person, bool up, void *arg);
/* Who is this: roles of a person, or an errno (ENOENT unknown, EACCES
 * disabled). */
typedef int(session_roles_h)(const char *person, unsigned *roles, void *arg);

struct session_prm {
	const char *admin_path;
	const char *gate_path;
	size_t queue_max_bytes;
	size_t ring_events;
	struct rpc *rpc;
	session_roles_h *rolesh;
	/* A newer login that takes the place of a session is told as up again,
	 * without a down in between. */
	session_person_h *personh;
	void *arg;
	uid_t service_uid; /* whose gates are believed besides root and us */
};

/* Listens on both sockets. */
int session_hub_alloc(struct session_hub **hp, const struct session_prm *prm);
/* Closes the sockets and all sessions, without a word: gates then hand their
 * pipes to the next office. Whoever publishes still may, to nobody. */
void session_hub_close(struct session_hub *hub);

const char *session_actor(const struct session *s); /* person or "root(0)" */
unsigned session_roles(const struct session *s);
bool session_is_gate(const struct session *s);
bool session_greeted(const struct session *s); /* hello was said */
void session_greet(struct session *s);
void session_subscribe(struct session *s, const char *topic, bool on);
void session_send(struct session *s, json_t *msg); /* msg stolen */

struct session_hub *session_hub(const struct session *s);
/* Forgets all subscriptions. */
void session_unsubscribe(struct session *s);
/* One more request is under way; false when there are too many. */
bool session_begin(struct session *s);
void session_finish(struct session *s);

#define SESSION_PENDING_MAX 64

/* Publishes to all that subscribed to the topic (the part of `method` before
 * its first dot, or "me"); person != NULL: to that person's session alone.
 * params stolen; gets "n". */
void session_publish(struct session_hub *hub, const char *topic,
		     const char *person, const char *method, json_t *params);

/* Ends a person's session (disabled, fenced by a newer login) with an event
 * "me.ended" {why} first. */
void session_end(struct session_hub *hub, const char *person, const char *why);
bool session_online(const struct session_hub *hub, const char *person);

/* Sessions now: workstations and administrators. */
void session_counts(const struct session_hub *hub, unsigned *gate,
		    unsigned *admin);
const char *session_boot(const struct session_hub *hub);
int64_t session_event_n(const struct session_hub *hub);
/* Fills a reply of sync: {"boot","n","events":[...],"more":bool} or
 * {"snapshot":true}. */
json_t *session_replay(struct session_hub *hub, struct session *s,
		       const char *boot, int64_t n);
