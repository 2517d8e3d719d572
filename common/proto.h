/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole wire: JSON-RPC 2.0, one object a line. Two tables of methods,
 * the office's (zuoxid; agents through the gate, administrators through the
 * admin socket) and the exchange's (zuoxi-switch, whose only caller is
 * zuoxid), the messages of the phone channel, and the errors. Help, man
 * pages, permission tests and the dispatcher are all made from these tables;
 * docs/protocol.md describes the objects that travel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#define PROTO_VERSION 1

#define PROTO_LINE_LOCAL_BYTES (1 << 20)  /* Unix sockets */
#define PROTO_LINE_GATE_BYTES  (64 << 10) /* requests from a workstation */
/* A list, snapshot or replay on a gate session goes in pages of at most this
 * many bytes, the next one when it is asked for: voice on the same SSH
 * connection then stays smooth. */
#define PROTO_PAGE_BYTES (24 << 10)

/* ---- roles ---- */

enum proto_role {
	ROLE_AGENT = 1,
	ROLE_LEAD = 2,
	ROLE_BUREAU = 4,
	ROLE_ADMIN = 8,
};

/* Who may call a method: everyone whose roles meet the mask. */
#define MAY_ANY	   (ROLE_AGENT | ROLE_LEAD | ROLE_BUREAU | ROLE_ADMIN)
#define MAY_AGENT  (ROLE_AGENT | ROLE_LEAD)
#define MAY_DESK   (ROLE_AGENT | ROLE_LEAD | ROLE_ADMIN)
#define MAY_LEAD   (ROLE_LEAD | ROLE_ADMIN)
#define MAY_REVIEW (ROLE_LEAD | ROLE_BUREAU | ROLE_ADMIN)
#define MAY_ADMIN  (ROLE_ADMIN)

/* "agent,lead" <-> mask. EBADMSG for an unknown name. */
int proto_roles_parse(unsigned *maskp, const char *text);
void proto_roles_print(char *out, size_t size, unsigned mask);

/* ---- methods ---- */

/* Where a method runs: on the control loop from memory, on the store thread
 * inside the writing transaction, or on a worker with a read connection. */
enum proto_run { RUN_LIVE, RUN_WRITE, RUN_READ };

struct proto_method {
	const char *name;
	unsigned may;
	enum proto_run run;
	const char *params; /* "a:str b?:int"; ? marks what may be left out */
	const char *help;   /* msgid */
};

/* X(name, may, run, params, help) */
#define OFFICE_METHODS(X)                                                    \
	/* session */                                                        \
	X("hello", MAY_ANY, RUN_LIVE,                                        \
	  "version:int client:str boot?:str n?:int",                         \
	  "Begin a session; says who you are")                               \
	X("ping", MAY_ANY, RUN_LIVE, "", "Answer at once")                   \
	X("subscribe", MAY_ANY, RUN_LIVE, "topics:list",                     \
	  "Receive the events of these topics, and of no others, from now "  \
	  "on")                                                              \
	X("sync", MAY_ANY, RUN_LIVE, "boot:str n:int",                       \
	  "Events missed since number n, a page at a time")                  \
	X("method.list", MAY_ANY, RUN_LIVE, "", "The methods you may call")  \
	X("status", MAY_ANY, RUN_LIVE, "", "How the site is doing")          \
	/* agents */                                                         \
	X("agent.list", MAY_ANY, RUN_LIVE, "cursor?:str",                    \
	  "Agents with their states")                                        \
	X("agent.get", MAY_ANY, RUN_LIVE, "agent?:str", "One agent")         \
	X("agent.today", MAY_DESK, RUN_READ, "agent?:str",                   \
	  "An agent's figures of today: calls, mean talk and wrap-up")       \
	X("agent.signin", MAY_AGENT, RUN_LIVE, "device?:str",                \
	  "Sign in at this workstation or a desk phone")                     \
	X("agent.signout", MAY_AGENT, RUN_LIVE, "", "Sign out")              \
	X("agent.ready", MAY_AGENT, RUN_LIVE, "", "Take calls")              \
	X("agent.pause", MAY_AGENT, RUN_LIVE, "reason:str",                  \
	  "Take no calls, with a reason")                                    \
	X("agent.after", MAY_AGENT, RUN_LIVE, "to:str",                      \
	  "What follows this call: ready, or a pause reason")                \
	X("agent.extend", MAY_AGENT, RUN_LIVE, "",                           \
	  "Thirty more seconds of wrap-up")                                  \
	X("agent.hand", MAY_AGENT, RUN_LIVE, "up:bool text?:str",            \
	  "Call the lead, or no longer")                                     \
	X("agent.set", MAY_LEAD, RUN_LIVE,                                   \
	  "agent:str state:str pause?:str reason:str",                       \
	  "Change an agent's state, with a reason")                          \
	/* the line and the calls */                                         \
	X("item.list", MAY_DESK, RUN_LIVE, "queue?:str cursor?:str",         \
	  "Who waits, in order, and why not assigned yet")                   \
	X("call.list", MAY_LEAD, RUN_LIVE, "cursor?:str", "Calls now")       \
	X("call.get", MAY_DESK, RUN_LIVE, "contact:str", "One call now")     \
	X("call.answer", MAY_AGENT, RUN_LIVE, "contact:str",                 \
	  "Answer an offer (desk phones; workstations use their phone)")     \
	X("call.hold", MAY_AGENT, RUN_LIVE, "contact:str",                   \
	  "The citizen hears music")                                         \
	X("call.retrieve", MAY_AGENT, RUN_LIVE, "contact:str",               \
	  "Back to the citizen")                                             \
	X("call.transfer", MAY_AGENT, RUN_LIVE,                              \
	  "contact:str to:str kind:str",                                     \
	  "Hand the call to an agent or a queue (blind)")                    \
	X("call.dial", MAY_AGENT, RUN_LIVE,                                  \
	  "number?:str missed?:int ticket?:str purpose:str",                 \
	  "Call a citizen")                                                  \
	X("call.hangup", MAY_DESK, RUN_LIVE, "contact:str reason?:str",      \
	  "End a call")                                                      \
	X("wall.get", MAY_REVIEW, RUN_READ, "",                              \
	  "Today and this month: service level, connect rate, by queue")     \
	X("contact.list", MAY_DESK | ROLE_BUREAU, RUN_READ,                  \
	  "from_us?:int to_us?:int queue?:str result?:str agent?:str "       \
	  "number?:str cursor?:str limit?:int",                              \
	  "Contacts, newest first")                                          \
	X("contact.get", MAY_DESK | ROLE_BUREAU, RUN_READ, "contact:str",    \
	  "One contact with all that happened to it")                        \
	/* missed callers */                                                 \
	X("missed.list", MAY_DESK, RUN_READ, "state?:str cursor?:str",       \
	  "Callers who gave up, one line a number")                          \
	X("missed.claim", MAY_AGENT, RUN_WRITE, "missed:int",                \
	  "I call this one back")                                            \
	X("missed.close", MAY_AGENT, RUN_WRITE,                              \
	  "missed:int outcome:str note?:str", "Take it off the list")        \
	/* tickets */                                                        \
	X("ticket.list", MAY_DESK, RUN_READ,                                 \
	  "mine?:bool state?:str number?:str cursor?:str limit?:int",        \
	  "Tickets, by deadline")                                            \
	X("ticket.get", MAY_DESK | ROLE_BUREAU, RUN_READ,                    \
	  "ticket?:str contact?:str", "One ticket with its history")         \
	X("ticket.draft", MAY_AGENT, RUN_WRITE,                              \
	  "contact?:str ticket?:str fields:object rev?:int",                 \
	  "Keep what was typed so far")                                      \
	X("ticket.file", MAY_AGENT, RUN_WRITE,                               \
	  "contact?:str ticket?:str fields:object rev?:int",                 \
	  "File the ticket; all that is required must be there")             \
	X("ticket.note", MAY_DESK, RUN_WRITE,                                \
	  "ticket:str text:str state?:str promise_us?:int",                  \
	  "Add to a filed ticket")                                           \
	/* citizens */                                                       \
	X("citizen.get", MAY_DESK, RUN_READ,                                 \
	  "number?:str contact?:str missed?:int",                            \
	  "Card of a citizen: names, numbers, promises, last summary")       \
	X("citizen.history", MAY_DESK, RUN_READ,                             \
	  "number?:str contact?:str missed?:int cursor?:str",                \
	  "All contacts with this number, newest first")                     \
	X("citizen.update", MAY_AGENT, RUN_WRITE,                            \
	  "contact:str fields:object", "Change the card")                    \
	X("citizen.unmask", MAY_DESK, RUN_WRITE,                             \
	  "contact?:str ticket?:str missed?:int field:str reason:str",       \
	  "Show one masked field; counted and recorded")                     \
	/* knowledge */                                                      \
	X("kb.search", MAY_ANY, RUN_READ, "q:str line?:str limit?:int",      \
	  "Find entries")                                                    \
	X("kb.get", MAY_ANY, RUN_READ,                                       \
	  "entry:str version?:int at_us?:int source?:bool", "Read an entry") \
	X("kb.list", MAY_ANY, RUN_READ, "cursor?:str state?:str",            \
	  "All entries")                                                     \
	X("kb.likely", MAY_DESK, RUN_READ, "contact:str limit?:int",         \
	  "Entries this citizen will likely ask about")                      \
	X("kb.adopt", MAY_AGENT, RUN_WRITE, "contact:str entry:str",         \
	  "This entry answers this contact")                                 \
	X("kb.drop", MAY_AGENT, RUN_WRITE, "contact:str entry:str",          \
	  "It does not")                                                     \
	X("kb.gap", MAY_AGENT, RUN_WRITE, "contact?:str q:str",              \
	  "Nothing in the knowledge base answers this")                      \
	X("gap.list", MAY_ANY, RUN_READ, "cursor?:str",                      \
	  "Questions without an answer, the same put together")              \
	X("gap.draft", MAY_DESK, RUN_WRITE, "gaps:list title?:str",          \
	  "Begin an entry that answers them")                                \
	X("gap.close", MAY_LEAD, RUN_WRITE,                                  \
	  "gaps:list entry?:str reason?:str",                                \
	  "They have an entry, or need none")                                \
	X("kb.import", MAY_ADMIN, RUN_WRITE,                                 \
	  "entries:list stage?:str more?:bool by?:str paper?:str",           \
	  "Bring entries in, all or nothing")                                \
	X("kb.log", MAY_ANY, RUN_READ,                                       \
	  "entry?:str before_us?:int since_us?:int until_us?:int "           \
	  "cursor?:str limit?:int",                                          \
	  "Changes of entries, newest first")                                \
	X("kb.signed", MAY_ANY, RUN_READ,                                    \
	  "since_us?:int until_us?:int person?:str cursor?:str limit?:int",  \
	  "Who reviewed, confirmed, released or withdrew what")              \
	X("kb.stat", MAY_ANY, RUN_READ, "", "Count entries by state")        \
	X("kb.draft", MAY_DESK, RUN_WRITE, "text:str known_us?:int",         \
	  "Write the next version of an entry")                              \
	X("kb.review", MAY_LEAD, RUN_WRITE, "entry:str version?:int",        \
	  "A draft is right: the bureau may confirm it")                     \
	X("kb.return", MAY_REVIEW, RUN_WRITE,                                \
	  "entry:str version?:int reason:str",                               \
	  "Send a version back to its author")                               \
	X("kb.confirm", ROLE_BUREAU | ROLE_ADMIN, RUN_WRITE,                 \
	  "entry:str version?:int effective?:str by?:str paper?:str",        \
	  "The bureau confirms a version")                                   \
	X("kb.withdraw", MAY_ANY, RUN_WRITE,                                 \
	  "entry:str version?:int reason:str",                               \
	  "Take a version out of force at once, or drop a draft")            \
	X("kb.rollback", ROLE_BUREAU | ROLE_ADMIN, RUN_WRITE,                \
	  "entry:str version:int reason:str effective?:str by?:str "         \
	  "paper?:str",                                                      \
	  "Put an earlier text into force again, from a day")                \
	X("kb.release", MAY_LEAD, RUN_WRITE,                                 \
	  "note?:str dry?:bool force?:str",                                  \
	  "All that is confirmed counts from now on")                        \
	X("kb.waiting", MAY_ANY, RUN_READ, "cursor?:str",                    \
	  "Versions on their way to a release")                              \
	X("kb.versions", MAY_ANY, RUN_READ, "entry:str",                     \
	  "Versions of an entry and who signed them")                        \
	X("kb.releases", MAY_ANY, RUN_READ, "limit?:int",                    \
	  "Releases, newest first")                                          \
	/* training */                                                       \
	X("learn.list", MAY_ANY, RUN_READ, "agent?:str cursor?:str",         \
	  "Changed entries that are still to be read")                       \
	X("learn.get", MAY_ANY, RUN_READ, "entry:str version:int",           \
	  "A version to read, what it was before, its questions")            \
	X("learn.read", MAY_AGENT, RUN_WRITE,                                \
	  "entry:str version:int answers?:list", "I have read this version") \
	X("learn.report", MAY_REVIEW, RUN_READ, "release?:str cursor?:str",  \
	  "Who has read what was released, and who is late")                 \
	X("course.list", MAY_ANY, RUN_READ,                                  \
	  "from_us?:int to_us?:int cursor?:str", "Courses, newest first")    \
	X("course.get", MAY_ANY, RUN_READ, "course:str",                     \
	  "A course and who was there")                                      \
	X("course.set", MAY_REVIEW, RUN_WRITE,                               \
	  "course?:str kind?:str title?:str organiser?:str from_us?:int "    \
	  "to_us?:int place?:str entries?:list note?:str gates?:object "     \
	  "cancelled?:bool",                                                 \
	  "Plan a course, or change one")                                    \
	X("course.sign", MAY_ANY, RUN_WRITE, "course:str",                   \
	  "I am at this course")                                             \
	X("course.mark", MAY_REVIEW, RUN_WRITE,                              \
	  "course:str person:str in_us?:int out_us?:int score?:int "         \
	  "passed?:bool",                                                    \
	  "Record when somebody was there and how he did")                   \
	X("kb.check", MAY_ANY, RUN_READ, "text:str",                         \
	  "What is wrong with the text of an entry")                         \
	X("kb.impact", MAY_ANY, RUN_READ, "entry:str version?:int",          \
	  "What a version would change, for whom")                           \
	X("kb.answer", MAY_ANY, RUN_READ, "q:str line?:str target?:str",     \
	  "The entry that answers, only where it is sure")                   \
	X("kb.calibrate", MAY_ADMIN, RUN_WRITE, "text:str file?:str",        \
	  "Replace the regression set")                                      \
	X("case.list", MAY_ANY, RUN_READ, "state?:str cursor?:str",          \
	  "Questions of the regression set, and candidates for it")          \
	X("case.set", MAY_REVIEW, RUN_WRITE,                                 \
	  "case?:int question?:str entry:str",                               \
	  "Keep a question with the entry that answers it")                  \
	X("case.drop", MAY_REVIEW, RUN_WRITE, "case:int reason?:str",        \
	  "Take it out of the set")                                          \
	X("topic.report", MAY_REVIEW, RUN_READ,                              \
	  "from_us:int to_us:int kind?:str limit?:int",                      \
	  "What citizens ask about: hot, hard and routine, and why")         \
	X("flow.report", MAY_REVIEW, RUN_READ, "due?:bool cursor?:str",      \
	  "Flows: due for review, handling time before and after")           \
	/* recordings */                                                     \
	X("recording.list", MAY_REVIEW, RUN_READ,                            \
	  "from_us?:int to_us?:int agent?:str number?:str contact?:str "     \
	  "cursor?:str limit?:int",                                          \
	  "Recordings, newest first")                                        \
	X("recording.play", MAY_REVIEW, RUN_LIVE,                            \
	  "recording:str reason:str position_ms?:int",                       \
	  "Play one into your headset; the reason is recorded")              \
	X("recording.seek", MAY_REVIEW, RUN_LIVE,                            \
	  "position_ms:int paused?:bool", "Go to a place, or rest there")    \
	X("recording.stop", MAY_REVIEW, RUN_LIVE, "", "End playback")        \
	/* alarms, audit, care */                                            \
	X("alarm.list", MAY_ANY, RUN_LIVE, "", "Alarms now")                 \
	X("alarm.take", MAY_LEAD, RUN_LIVE, "alarm:str",                     \
	  "I look after this alarm")                                         \
	X("fact.list", MAY_REVIEW, RUN_READ,                                 \
	  "since?:int kind?:str contact?:str agent?:str actor?:str "         \
	  "from_us?:int to_us?:int limit?:int",                              \
	  "The record of all changes")                                       \
	X("verify", MAY_ADMIN, RUN_READ, "",                                 \
	  "Check the chain, contacts, recordings and counts")                \
	X("backup", MAY_ADMIN, RUN_READ, "path:str",                         \
	  "Copy the live database to a file")                                \
	/* the site's own things */                                          \
	X("person.list", MAY_LEAD, RUN_READ, "cursor?:str", "People")        \
	X("person.add", MAY_ADMIN, RUN_WRITE,                                \
	  "person:str name:str roles:str skills?:object", "Add a person")    \
	X("person.change", MAY_ADMIN, RUN_WRITE,                             \
	  "person:str name?:str roles?:str skills?:object disabled?:bool",   \
	  "Change name, roles or skills; disable ends the session at once")  \
	X("key.list", MAY_ADMIN, RUN_READ, "person?:str", "SSH keys")        \
	X("key.add", MAY_ADMIN, RUN_WRITE, "person:str key:str",             \
	  "Let this SSH public key in as the person")                        \
	X("key.remove", MAY_ADMIN, RUN_WRITE, "fingerprint:str",             \
	  "Let it in no longer")                                             \
	X("phone.list", MAY_LEAD, RUN_LIVE, "", "Desk phones")               \
	X("phone.add", MAY_ADMIN, RUN_WRITE,                                 \
	  "phone:str ha1:str realm:str name?:str", "Add a desk phone")       \
	X("phone.remove", MAY_ADMIN, RUN_WRITE, "phone:str", "Remove it")    \
	X("queue.list", MAY_ANY, RUN_LIVE, "", "Queues")                     \
	X("queue.set", MAY_ADMIN, RUN_WRITE,                                 \
	  "queue:str name?:str number?:str priority?:int wrapup_ms?:int "    \
	  "lease_ms?:int max_wait_ms?:int least?:int notice?:str "           \
	  "closed?:str "                                                     \
	  "music?:str active?:bool",                                         \
	  "Add or change a queue")                                           \
	X("disposition.list", MAY_ANY, RUN_READ, "cursor?:str",              \
	  "The tree of call results")                                        \
	X("disposition.set", MAY_ADMIN, RUN_WRITE,                           \
	  "code:str name?:str parent?:str queue?:str active?:bool",          \
	  "Add or change a disposition")                                     \
	X("pause.list", MAY_ANY, RUN_READ, "", "Pause reasons")              \
	X("pause.set", MAY_ADMIN, RUN_WRITE,                                 \
	  "code:str name?:str max_ms?:int active?:bool order?:int",          \
	  "Add or change a pause reason")                                    \
	X("calendar.get", MAY_ANY, RUN_READ, "", "Open hours and holidays")  \
	X("calendar.set", MAY_ADMIN, RUN_WRITE, "text:str",                  \
	  "Replace the calendar")                                            \
	X("prompt.list", MAY_LEAD, RUN_READ, "", "Prompts in use")           \
	X("prompt.set", MAY_ADMIN, RUN_WRITE, "prompt:str file:str",         \
	  "Use this WAV file for a prompt")                                  \
	X("trunk.list", MAY_LEAD, RUN_LIVE, "", "Trunks and their state")    \
	X("trunk.set", MAY_ADMIN, RUN_WRITE,                                 \
	  "trunk:str kind?:str host?:str port?:int transport?:str "          \
	  "user?:str password?:str realm?:str caller?:str numbers?:list "    \
	  "active?:bool",                                                    \
	  "Add or change a trunk")

/* Commands of zuoxid to zuoxi-switch. All are idempotent: ids are the
 * caller's (leg ids of incoming calls the switch's), and a repeat of a
 * command that was carried out says so. */
#define EXCHANGE_METHODS(X)                                                   \
	X("hello", MAY_ADMIN, RUN_LIVE, "version:int after:object",           \
	  "Begin; events after the last acknowledged follow")                 \
	X("ack", MAY_ADMIN, RUN_LIVE, "boot:str n:int",                       \
	  "Events up to n are on disk (notification)")                        \
	X("configure", MAY_ADMIN, RUN_LIVE, "config:object",                  \
	  "Trunks, desk phones, fallback plan; kept on the switch's disk")    \
	X("state", MAY_ADMIN, RUN_LIVE, "",                                   \
	  "Legs, bridges, plays as they are")                                 \
	X("leg.answer", MAY_ADMIN, RUN_LIVE, "leg:str contact:str",           \
	  "200 to the caller")                                                \
	X("leg.refuse", MAY_ADMIN, RUN_LIVE, "leg:str code:int",              \
	  "Final refusal of an incoming call")                                \
	X("leg.dial", MAY_ADMIN, RUN_LIVE,                                    \
	  "leg:str contact:str to:object from?:str name?:str timeout_ms:int " \
	  "auto_answer?:bool join?:str info?:object",                         \
	  "Call a party")                                                     \
	X("leg.hangup", MAY_ADMIN, RUN_LIVE, "leg:str cause?:str",            \
	  "End a leg in whatever state")                                      \
	X("leg.dtmf", MAY_ADMIN, RUN_LIVE, "leg:str digits:str",              \
	  "Send digits")                                                      \
	X("bridge.set", MAY_ADMIN, RUN_LIVE,                                  \
	  "bridge:str contact:str legs:list",                                 \
	  "These legs with these roles, no others; none: it ends")            \
	X("play.start", MAY_ADMIN, RUN_LIVE,                                  \
	  "play:str leg:str sources:list loop?:bool dtmf_ends?:bool "         \
	  "position_ms?:int",                                                 \
	  "Play files, tones or silence to a leg")                            \
	X("play.seek", MAY_ADMIN, RUN_LIVE,                                   \
	  "play:str position_ms:int paused?:bool", "Go to a place")           \
	X("play.stop", MAY_ADMIN, RUN_LIVE, "play:str", "End it")             \
	X("record.start", MAY_ADMIN, RUN_LIVE,                                \
	  "recording:str leg:str contact:str",                                \
	  "Record a leg: left what it says, right what it hears of people")   \
	X("record.stop", MAY_ADMIN, RUN_LIVE, "recording:str",                \
	  "Close the file")                                                   \
	X("workstation.drop", MAY_ADMIN, RUN_LIVE, "person:str",              \
	  "Close a person's phone and voice channels")                        \
	X("stats", MAY_ADMIN, RUN_LIVE, "", "Counters and gauges")

extern const struct proto_method proto_office[];
extern const size_t proto_office_n;
extern const struct proto_method proto_exchange[];
extern const size_t proto_exchange_n;

/* NULL if there is none of that name. */
const struct proto_method *proto_office_find(const char *name);
const struct proto_method *proto_exchange_find(const char *name);

/* ---- topics of events ---- */

/* X(topic, may): an event's method is "<topic>.<what>". */
#define OFFICE_TOPICS(X)                                                   \
	X("me", MAY_ANY)      /* my state, offers, call, filed tickets */  \
	X("agent", MAY_ANY)   /* agent.changed: everybody's state */       \
	X("item", MAY_DESK)   /* item.changed, item.gone: each at once */  \
	X("line", MAY_DESK)   /* line.changed: its head, once a second */  \
	X("call", MAY_LEAD)   /* call.changed, call.gone */                \
	X("queue", MAY_ANY)   /* queue.changed: waiting, longest, ready */ \
	X("missed", MAY_DESK) /* missed.changed */                         \
	X("ticket", MAY_DESK) /* ticket.changed */                         \
	X("kb", MAY_ANY)      /* kb.changed */                             \
	X("alarm", MAY_ANY)   /* alarm.changed, alarm.gone */              \
	X("fact", MAY_REVIEW) /* fact.new */

/* ---- errors ---- */

/* X(symbol, JSON-RPC code, name on the wire, errno in the house) */
#define PROTO_ERRORS(X)                                 \
	X(PARSE, -32700, "parse", EBADMSG)              \
	X(REQUEST, -32600, "request", EPROTO)           \
	X(METHOD, -32601, "no_method", ENOSYS)          \
	X(PARAMS, -32602, "params", EINVAL)             \
	X(INTERNAL, -32603, "internal", EFAULT)         \
	X(NOT_ALLOWED, -32001, "not_allowed", EACCES)   \
	X(WRONG_STATE, -32002, "wrong_state", EALREADY) \
	X(NOT_FOUND, -32003, "not_found", ENOENT)       \
	X(BUSY, -32004, "busy", EAGAIN)                 \
	X(EXISTS, -32005, "exists", EEXIST)             \
	X(STORAGE, -32006, "storage", ENOSPC)           \
	X(FENCED, -32007, "fenced", ESTALE)             \
	X(VERSION, -32008, "version", EPROTONOSUPPORT)  \
	X(TIMEOUT, -32009, "timeout", ETIMEDOUT)        \
	X(GONE, -32010, "gone", ENOTCONN)

/* errno -> code and name; what is in no row is "internal". */
int proto_error_code(int err);
const char *proto_error_name(int err);
/* Code -> errno, EFAULT for an unknown one. */
int proto_error_errno(int code);

/* ---- envelopes (new references; NULL when out of memory) ---- */

/* params is stolen; may be NULL. */
json_t *proto_request(int64_t id, const char *method, json_t *params);
json_t *proto_notify(const char *method, json_t *params);
/* id is borrowed, result stolen. */
json_t *proto_reply(json_t *id, json_t *result);
/* message: an English msgid that the client translates; detail: what cannot
 * be translated (a name, a key, a limit), or NULL. */
json_t *proto_error(json_t *id, int err, const char *message,
		    const char *detail);

/* Marks a text for translation where it is written and translates it where
 * it is shown. */
#define N_(text) (text)
