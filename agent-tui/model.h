/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workstation's copy of what the server knows, as plain structs. Replies
 * and events write it (model_apply, the fold_ functions below, called by
 * client); views only read it. Every change adds to a mask, so that the app
 * redraws what changed, once a loop turn.
 *
 * Texts are as the server sent them, unescaped: whoever draws them passes
 * them through utf8_show. Long texts (char *) are never NULL. Times are UTC
 * microseconds of the server; model_now_us is this moment on its clock.
 * Lists are bounded; one that reached its bound says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "agent-tui/phone.h"
#include "agent-tui/tunnel.h"

#define MODEL_ID       48
#define MODEL_NAME     64
#define MODEL_LIST_MAX 2000 /* rows of one list */

enum model_part {
	MODEL_LINK = 1 << 0,  /* connection, round trip, clock offset */
	MODEL_PHONE = 1 << 1, /* legs, mute, devices */
	MODEL_METER = 1 << 2, /* levels and voice quality */
	MODEL_ME = 1 << 3,    /* who I am, my state */
	MODEL_OFFER = 1 << 4,
	MODEL_CALL = 1 << 5, /* my call */
	MODEL_QUEUES = 1 << 6,
	MODEL_ITEMS = 1 << 7,
	MODEL_AGENTS = 1 << 8,
	MODEL_CALLS = 1 << 9,
	MODEL_MISSED = 1 << 10,
	MODEL_TICKETS = 1 << 11, /* the list */
	MODEL_TICKET = 1 << 12,	 /* the one that is open */
	MODEL_CITIZEN = 1 << 13, /* card and history */
	MODEL_HITS = 1 << 14,	 /* search results */
	MODEL_ENTRY = 1 << 15,	 /* the entry being read */
	MODEL_DRAFT = 1 << 16,
	MODEL_WALL = 1 << 17,
	MODEL_RECORDINGS = 1 << 18,
	MODEL_PLAYBACK = 1 << 19,
	MODEL_ALARMS = 1 << 20,
	MODEL_CONTACTS = 1 << 21, /* list and the one that is open */
	MODEL_MESSAGES = 1 << 22,
	MODEL_PENDING = 1 << 23, /* what the server has not confirmed */
	MODEL_SITE = 1 << 24, /* pause reasons, dispositions, queues' names */
	MODEL_ENTRIES = 1 << 25, /* list of entries */
	MODEL_FACTS = 1 << 26,
	MODEL_KB = 1 << 27,    /* the life of the knowledge base */
	MODEL_LEARN = 1 << 28, /* what I must read */
	MODEL_ALL = (1 << 29) - 1,
};

/* ---- lists ---- */

/* Every list: rows v[0..n), how fresh it is and whether it is whole. Freed
 * with the model. MODEL_LIST(model_item) declares struct model_item_list. */
struct model_page {
	bool loading;	/* a page is on its way */
	bool whole;	/* the last page is in */
	bool full;	/* MODEL_LIST_MAX rows; there are more */
	int64_t at_us;	/* our UTC of the last reply or event; 0: never */
	char next[128]; /* cursor of the next page, "" none */
};
#define MODEL_LIST(type)                \
	struct type##_list {            \
		struct type *v;         \
		size_t n, cap;          \
		struct model_page page; \
	}

/* ---- people ---- */

enum model_state {
	STATE_OFFLINE,
	STATE_READY,
	STATE_OFFERED,
	STATE_TALKING,
	STATE_HELD,
	STATE_WRAPUP,
	STATE_PAUSED,
};

struct model_skill {
	char queue[MODEL_ID];
	int level;
};

/* A skill that counts for less until something is read or passed. */
struct model_lowered {
	char queue[MODEL_ID];
	int level, set; /* as it counts, as it was set */
	char why[16];	/* unread, exam */
};

struct model_agent {
	char id[MODEL_ID];
	char name[MODEL_NAME];
	enum model_state state;
	char reason[32]; /* pause code, or missed, refused, phone_lost */
	char after[32];	 /* what follows the call: "ready" or a pause code */
	int64_t since_us;
	struct model_skill skills[16];
	size_t n_skills;
	struct model_lowered lowered[8];
	size_t n_lowered;
	char device[40]; /* "workstation", "phone:NAME", "" */
	bool online, phone;
	char contact[MODEL_ID];
	bool hand_up;
	char hand_text[160];
	int64_t hand_since_us;
	int64_t wrapup_until_us;
	int extensions;
	int64_t ready_since_us;
	int calls;  /* today */
	bool filed; /* the ticket of contact is */
};
MODEL_LIST(model_agent);

struct model_me {
	char id[MODEL_ID];
	char name[MODEL_NAME];
	unsigned roles; /* enum proto_role */
	struct model_agent agent;
	bool signed_in; /* agent.signin was done and state is not offline */
};

/* ---- the line and calls ---- */

struct model_item {
	char contact[MODEL_ID];
	char queue[MODEL_ID];
	char number[32], name[MODEL_NAME];
	char state[12]; /* notice, waiting, offered */
	int64_t arrived_us, queued_us;
	int priority, position;
	char offered_to[MODEL_ID];
	char why[160]; /* msgid: why not assigned yet */
};
MODEL_LIST(model_item);

struct model_call {
	char contact[MODEL_ID]; /* "" : no call */
	bool out;
	char queue[MODEL_ID];
	char number[32], name[MODEL_NAME];
	char state[16]; /* ringing talking held transferring away ended */
	char agent[MODEL_ID], agent_name[MODEL_NAME];
	int64_t arrived_us, queued_us, answered_us, held_us, ended_us;
	int64_t hold_us, back_us; /* of my last hold; held_us is the running */
	bool recording, away;
	char ticket[MODEL_ID];
	char reason[32], ended_by[16]; /* state ended */
};
MODEL_LIST(model_call);

struct model_queue {
	char id[MODEL_ID], name[MODEL_NAME];
	int waiting;
	int64_t longest_us; /* queued_us of the first; 0 none */
	int ready, offered, talking, wrapup, paused;
	bool open;
	/* settings (queue.list) */
	char number[32];
	int priority;
	int64_t wrapup_ms, lease_ms, max_wait_ms;
	bool active;
};
MODEL_LIST(model_queue);

struct model_missed {
	int64_t id;
	char number[32];
	int64_t first_us, last_us;
	int times;
	char queue[MODEL_ID];
	int64_t wait_ms;
	char reason[32];
	char state[12]; /* open claimed done */
	char owner[MODEL_ID];
	char outcome[32];
	bool lost; /* the exchange lost the call: goes first */
};
MODEL_LIST(model_missed);

struct model_contact {
	char id[MODEL_ID];
	bool out;
	char number[32];
	char queue[MODEL_ID], agent[MODEL_ID];
	int64_t arrived_us, queued_us, answered_us, ended_us;
	int64_t wait_ms, talk_ms, hold_ms, wrapup_ms;
	char result[16]; /* answered abandoned overflow lost closed ... */
	char reason[32], ended_by[16];
	char disposition[MODEL_ID];
	char ticket[MODEL_ID], recording[MODEL_ID];
};
MODEL_LIST(model_contact);

struct model_fact {
	int64_t seq, at_us, dur_ms;
	char actor[MODEL_ID], kind[MODEL_ID], contact[MODEL_ID];
	char agent[MODEL_ID], subject[MODEL_ID];
	char *body; /* compact JSON */
};
MODEL_LIST(model_fact);

/* ---- knowledge ---- */

struct model_hit {
	char id[MODEL_ID];
	int version;
	char title[160];
	char state[16];
	char expires[24];
	char *snippet;
	char why[80];
	double score;
	int64_t changed_us; /* likely ones: when this version came */
};
MODEL_LIST(model_hit);

struct model_entry {
	char id[MODEL_ID]; /* "" : none */
	int version;
	char title[160], line[MODEL_ID], topic[MODEL_NAME], state[16];
	char effective[24], expires[24];
	char source[160], owner[MODEL_NAME], policy[160];
	char *question;
	char *body;
	char *asks; /* one a line */
	char *short_text;
	char *text; /* the whole source, where it was asked for */
	int newest; /* version */
	int64_t changed_us;
	char changed_by[MODEL_ID];
};
MODEL_LIST(model_entry);

/* What the search line asked and what came; figures of the newest answer. */
struct model_search {
	char q[256];
	bool loading;
	int64_t asked_us; /* mono */
	int64_t took_us;  /* from key to answer, here */
	char fault[160];  /* msgid: why there is no answer */
	struct model_hit_list hits;
};

/* ---- citizens ---- */

struct model_history {
	char contact[MODEL_ID];
	int64_t at_us;
	bool out;
	char agent[MODEL_ID];
	char disposition_name[96];
	char result[16];
	char rating[16];
};
MODEL_LIST(model_history);

struct model_ticket_ref {
	char id[MODEL_ID];
	char title[160]; /* disposition's name or summary */
	char agent[MODEL_ID];
	char state[12];
	int64_t promise_us;
	char promise[160];
};
MODEL_LIST(model_ticket_ref);

struct model_citizen {
	char of[MODEL_ID]; /* contact or number it was asked for; "" none */
	bool loading;
	char id[MODEL_ID], number[32], name[MODEL_NAME], title[32];
	char *note;
	char *prefs;
	int64_t unhappy_us;
	int contacts_recent, recent_days;
	struct model_ticket_ref_list open;
	int64_t last_at_us;
	char last_agent[MODEL_ID];
	char *last_summary;
	struct model_history_list history;
	/* fields shown in full for a while: citizen.unmask */
	char shown_field[32];
	char shown_of[MODEL_ID]; /* contact, ticket, or "#12": missed call */
	char shown[160];
	int64_t shown_until_us;
	/* a change of the card that was refused: what was typed is kept */
	char refused_field[16];
	char *refused; /* NULL or "" when there is none */
};

/* ---- offer ---- */

struct model_offer {
	char contact[MODEL_ID]; /* "" : none */
	char id[MODEL_ID];	/* the office's offer, "" when only the phone
				   rings (the office is away) */
	char queue[MODEL_ID];
	char number[32], name[MODEL_NAME];
	bool out;
	int64_t arrived_us, queued_us, lease_ms;
	int64_t until_us; /* when it ends */
	char why[160];	  /* msgid: why it came to me */
	struct model_hit_list kb;
	bool answered; /* F2 was pressed, not yet confirmed */
	/* how the last one went, once contact is "": timeout, refused, ... */
	char gone[24];
	int64_t gone_us;
};

/* ---- tickets ---- */

struct model_entry_ref {
	char id[MODEL_ID];
	int version;
	char title[160];
};
MODEL_LIST(model_entry_ref);

struct model_ticket {
	char id[MODEL_ID], contact[MODEL_ID];
	char number[32], name[MODEL_NAME];
	char state[12]; /* draft open done */
	char agent[MODEL_ID];
	int64_t created_us, filed_us;
	char queue[MODEL_ID];
	char disposition[MODEL_ID], disposition_name[96], outcome[16];
	char *summary;
	int64_t promise_us;
	char *promise;
	struct model_entry_ref_list entries;
	int64_t rev;
	struct model_fact_list history; /* ticket.get only */
};
MODEL_LIST(model_ticket);

enum model_save {
	SAVE_CLEAN, /* nothing typed yet */
	SAVE_DIRTY, /* typed, not sent */
	SAVE_SENDING,
	SAVE_SAVED,  /* the server has it, at saved_us */
	SAVE_FAILED, /* fault; tried again at the next key and by itself */
};

enum model_flag {
	FLAG_SECRET = 1,
	FLAG_OPINION = 2,
	FLAG_HARD = 4,
	FLAG_HOT = 8
};

/* The form as it is typed. Written by client_draft_* (local echo) and by the
 * server's answers (ids, entries, rev); never over a field that was typed
 * since. */
struct model_draft {
	char contact[MODEL_ID]; /* one of both is set; both "" : no draft */
	char ticket[MODEL_ID];
	char disposition[MODEL_ID], disposition_name[96];
	char outcome[16]; /* answered callback bureau transferred invalid */
	char *summary;
	int64_t promise_us;
	char *promise;
	char *person, *address, *need;
	char after[32];
	unsigned flags;
	char link[8][MODEL_ID]; /* tickets closed together with it */
	size_t n_link;
	struct model_entry_ref_list entries;
	bool filed;  /* ticket.file succeeded */
	bool amends; /* another agent of this call filed it: mine completes
			it, and is kept here until it is filed */
	bool filing; /* on its way */
	enum model_save save;
	int64_t saved_us;
	char fault[160];      /* msgid */
	char fault_field[32]; /* which field the server refused, "" none */
	int64_t rev;
};

/* ---- lead and review ---- */

struct model_wall_queue {
	char queue[MODEL_ID];
	int offered, answered, missed;
	double rate, in_target;
	int slots[48];
	size_t n_slots;
};

struct model_wall {
	int64_t at_us; /* our UTC; 0: never */
	int64_t now_us;
	struct {
		int offered, answered, shorts, missed;
		double rate, target;
		int budget, used, left;
		double progress, projected;
	} month;
	struct {
		int offered, answered, abandoned, shorts, overflow, lost;
		double rate, in_target;
		int64_t asa_ms, longest_ms;
		int target_s;
	} today;
	struct model_wall_queue queues[32];
	size_t n_queues;
};

/* My day. */
struct model_today {
	int64_t at_us; /* our UTC; 0: never */
	int calls;
	int64_t talk_ms, wrapup_ms; /* means */
	double in_target;
	int target_s;
};

struct model_recording {
	char id[MODEL_ID], contact[MODEL_ID];
	char number[32], agent[MODEL_ID], queue[MODEL_ID];
	int64_t started_us, ms;
	char state[12]; /* open closed mended incomplete */
	char sha256[65];
};
MODEL_LIST(model_recording);

struct model_playback {
	char recording[MODEL_ID]; /* "" : none */
	int64_t position_ms, ms;
	char state[12]; /* playing paused ended */
	int64_t at_us;	/* our UTC of position_ms */
};

struct model_alarm {
	char id[MODEL_ID];
	bool critical;
	char message[160]; /* msgid */
	char detail[160];
	int64_t since_us;
	char taken_by[MODEL_ID];
};
MODEL_LIST(model_alarm);

/* ---- the site ---- */

struct model_pause {
	char code[32];
	char name[MODEL_NAME];
	int64_t max_ms;
	bool active;
	int order;
};
MODEL_LIST(model_pause);

struct model_disposition {
	char code[MODEL_ID];
	char name[96];
	char parent[MODEL_ID];
	char queue[MODEL_ID];
	bool active;
};
MODEL_LIST(model_disposition);

struct model_site {
	char name[96];
	char zone[48];
	bool sample;
	struct model_pause_list pauses;
	struct model_disposition_list dispositions;
};

/* ---- link, messages, what is unconfirmed ---- */

enum model_link {
	LINK_DOWN,
	LINK_CONNECTING,
	LINK_ASKING,
	LINK_HELLO,
	LINK_UP,
	LINK_REFUSED
};

struct model_link_state {
	enum model_link state; /* LINK_UP: hello done, events flow */
	struct tunnel_status tunnel;
	int64_t rtt_us;	     /* of the last ping; 0 unknown */
	int rtt_ms;	     /* to be shown: does not follow jitter */
	bool rtt_off;	     /* the last one was far from what is shown */
	double loss;	     /* percent, as TCP sees it */
	int64_t offset_us;   /* server's clock minus ours */
	int64_t down_us;     /* our UTC, since when not LINK_UP; 0: it is */
	int64_t heard_us;    /* our UTC, last byte of the office */
	int64_t was_down_ms; /* length of the last break */
	unsigned caught_up;  /* events that the last resync brought */
	char ended[24];	     /* me.ended: fenced disabled shutdown */
};

enum model_level { MESSAGE_INFO, MESSAGE_OK, MESSAGE_WARN, MESSAGE_ERROR };

struct model_message {
	enum model_level level;
	int64_t at_us;
	char text[200];	  /* msgid, or a person's words when from is set */
	char detail[160]; /* goes behind it as it is */
	char from[MODEL_NAME];
};
#define MODEL_MESSAGES_MAX 100

struct model_pending {
	int64_t id;
	const char *what; /* msgid: what was asked, "Hold" */
	int64_t since_us; /* monotonic */
};
#define MODEL_PENDING_MAX 32

#include "agent-tui/model_kb.h"

/* ---- the whole ---- */

struct model {
	struct model_link_state link;
	const struct phone_status *phone; /* never NULL; zeros before start */
	struct model_me me;
	struct model_site site;
	struct model_offer offer;
	struct model_call call;
	struct model_citizen citizen; /* of the offer, the call, or asked */
	struct model_search search;
	struct model_entry entry;
	struct model_draft draft;
	struct model_queue_list queues;
	struct model_item_list items;
	int line; /* how many wait where items are but the head of them */
	struct model_agent_list agents;
	struct model_call_list calls;
	struct model_missed_list missed;
	struct model_ticket_list tickets;
	bool tickets_mine;	/* which of them are asked for: events */
	char tickets_state[16]; /* bring no others in; "" any state */
	struct model_ticket ticket;
	struct model_contact_list contacts;
	struct model_contact contact;	      /* the one that is open */
	struct model_fact_list contact_facts; /* what happened to it */
	struct model_entry_list entries;      /* bodies empty */
	struct model_wall wall;
	struct model_today today;
	struct model_recording_list recordings;
	struct model_playback playback;
	struct model_alarm_list alarms;
	struct model_fact_list facts;
	struct model_kb kb;
	/* newest last */
	struct model_message messages[MODEL_MESSAGES_MAX];
	size_t n_messages;
	uint64_t message_seq; /* how many there have ever been */
	/* oldest first */
	struct model_pending pending[MODEL_PENDING_MAX];
	size_t n_pending;

	void (*changeh)(unsigned mask, void *arg); /* enum model_part */
	void *arg;
};

/* A mem_ref object. changeh is called at each change, from within the
 * functions below: it may only note the mask. */
int model_alloc(struct model **mp, void (*changeh)(unsigned mask, void *arg),
		void *arg);

/* This moment on the server's clock; within model_frame(us) ... (0) that of
 * the frame. */
int64_t model_now_us(const struct model *m);
void model_frame(int64_t us);
/* Seconds that the oldest unconfirmed request waits; 0: none over a second.*/
int model_unconfirmed_s(const struct model *m);
/* The number to show for one: masked, or in full while that is allowed. */
const char *model_number(const struct model *m, const char *of,
			 const char *masked);
/* Calls waiting in the whole line, of which m->items may be the head. */
int model_line(const struct model *m);
/* Calls waiting in all my queues (all queues for a lead), and the oldest
 * queued_us (0: none). */
int model_waiting(const struct model *m, int64_t *longest_us);

/* NULL: there is none. */
const struct model_queue *model_queue_find(const struct model *m,
					   const char *id);
const struct model_pause *model_pause_find(const struct model *m,
					   const char *code);
const struct model_disposition *model_disposition_find(const struct model *m,
						       const char *code);
/* Name of a queue, its id where there is no name. */
const char *model_queue_name(const struct model *m, const char *id);
/* "Medical insurance/Maternity/Allowance": the path in the tree. */
void model_disposition_path(const struct model *m, const char *code, char *out,
			    size_t size);
const char *model_state_name(enum model_state st); /* msgid */

/* ---- for client (and tests) ---- */

void model_changed(struct model *m, unsigned mask);
void model_say(struct model *m, enum model_level level, const char *text,
	       const char *detail);

/* One event as it came. false: not one of ours (a newer server's). */
bool model_apply(struct model *m, const char *method, json_t *params);

/* Replies. first: the list's first page, the old rows go. */
enum model_list {
	MODEL_LIST_QUEUES,
	MODEL_LIST_ITEMS,
	MODEL_LIST_AGENTS,
	MODEL_LIST_CALLS,
	MODEL_LIST_MISSED,
	MODEL_LIST_TICKETS,
	MODEL_LIST_CONTACTS,
	MODEL_LIST_ENTRIES,
	MODEL_LIST_RECORDINGS,
	MODEL_LIST_ALARMS,
	MODEL_LIST_FACTS,
	MODEL_LIST_HISTORY,
	MODEL_LIST_PAUSES,
	MODEL_LIST_DISPOSITIONS,
	MODEL_LIST_WAITING,
	MODEL_LIST_LEARN,
	MODEL_LIST_GAPS,
	MODEL_LIST_RELEASES,
	MODEL_LIST_VERSIONS,
	MODEL_LISTS,
};
void model_take_page(struct model *m, enum model_list list, json_t *reply,
		     bool first);
struct model_page *model_page(struct model *m, enum model_list list);
/* All rows go: they are not kept fresh any more. */
void model_forget(struct model *m, enum model_list list);
void model_take_hello(struct model *m, json_t *reply);
void model_take_me(struct model *m, json_t *agent);
void model_take_hits(struct model *m, json_t *reply);
void model_take_entry(struct model *m, json_t *entry);
void model_take_citizen(struct model *m, const char *of, json_t *reply);
void model_take_ticket(struct model *m, json_t *reply);
void model_take_contact(struct model *m, json_t *reply);
void model_take_wall(struct model *m, json_t *reply);
void model_take_today(struct model *m, json_t *reply);
/* Of the last ping. */
void model_take_rtt(struct model *m, int64_t rtt_us);
/* What the offer's citizen will likely ask. */
void model_take_likely(struct model *m, json_t *reply);
/* model_kb.c */
void model_kb_compare(struct model *m, const char *entry, int version,
		      int was);
void model_kb_take_side(struct model *m, bool before, json_t *entry);
void model_kb_take_impact(struct model *m, json_t *reply);
void model_kb_take_check(struct model *m, json_t *reply);
void model_kb_take_dry(struct model *m, json_t *reply);
void model_kb_take_lesson(struct model *m, json_t *reply);
void model_kb_lesson_over(struct model *m);
void model_kb_release(struct model *m); /* of all that it holds */
int model_kb_empty(struct model *m);
/* The draft changes owner: empty, of that contact or ticket. */
void model_draft_begin(struct model *m, const char *contact,
		       const char *ticket);
/* The server's answer to draft, file, adopt, drop: a ticket object. */
void model_draft_take(struct model *m, json_t *ticket);

/* Puts a text into a char * field. ENOMEM: the old one stays. */
int model_text(char **field, const char *text);
