/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ctl/verbs.h"

#include <stdio.h>
#include <string.h>

static const struct ctl_column person_columns[] = {
	{"id", N_("Id")},
	{"name", N_("Name")},
	{"roles", N_("Roles")},
	{"skills", N_("Skills")},
	{"disabled", N_("Disabled")},
	{NULL, NULL},
};
static const struct ctl_column key_columns[] = {
	{"person", N_("Person")},
	{"fingerprint", N_("Fingerprint")},
	{"added_us", N_("Added")},
	{NULL, NULL},
};
static const struct ctl_column phone_columns[] = {
	{"phone", N_("Phone")},
	{"name", N_("Name")},
	{"realm", N_("Realm")},
	{NULL, NULL},
};
static const struct ctl_column queue_columns[] = {
	{"id", N_("Id")},
	{"name", N_("Name")},
	{"number", N_("Number")},
	{"priority", N_("Priority")},
	{"wrapup_ms", N_("Wrap-up")},
	{"lease_ms", N_("Rings for")},
	{"max_wait_ms", N_("Longest wait")},
	{"least", N_("Least level")},
	{"active", N_("Active")},
	{NULL, NULL},
};
static const struct ctl_column disposition_columns[] = {
	{"code", N_("Code")},	{"parent", N_("Below")},  {"name", N_("Name")},
	{"queue", N_("Queue")}, {"active", N_("Active")}, {NULL, NULL},
};
static const struct ctl_column pause_columns[] = {
	{"code", N_("Code")},	   {"name", N_("Name")},
	{"max_ms", N_("At most")}, {"order", N_("Order")},
	{"active", N_("Active")},  {NULL, NULL},
};
static const struct ctl_column prompt_columns[] = {
	{"prompt", N_("Prompt")},
	{"file", N_("File")},
	{NULL, NULL},
};
static const struct ctl_column trunk_columns[] = {
	{"id", N_("Id")},
	{"kind", N_("Kind")},
	{"host", N_("Host")},
	{"port", N_("Port")},
	{"transport", N_("Transport")},
	{"numbers", N_("Numbers")},
	{"active", N_("Active")},
	{"state", N_("State")},
	{NULL, NULL},
};
static const struct ctl_column agent_columns[] = {
	{"id", N_("Id")},
	{"name", N_("Name")},
	{"state", N_("State")},
	{"reason", N_("Reason")},
	{"since_us", N_("Since")},
	{"device", N_("Device")},
	{"contact", N_("Contact")},
	{"calls", N_("Calls")},
	{NULL, NULL},
};
static const struct ctl_column item_columns[] = {
	{"position", N_("Place")},
	{"contact", N_("Contact")},
	{"queue", N_("Queue")},
	{"number", N_("Number")},
	{"state", N_("State")},
	{"queued_us", N_("Since")},
	{"offered_to", N_("Offered to")},
	{"why", N_("Why not assigned")},
	{NULL, NULL},
};
static const struct ctl_column call_columns[] = {
	{"contact", N_("Contact")},	 {"direction", N_("Direction")},
	{"queue", N_("Queue")},		 {"number", N_("Number")},
	{"state", N_("State")},		 {"agent", N_("Agent")},
	{"answered_us", N_("Answered")}, {NULL, NULL},
};
static const struct ctl_column contact_columns[] = {
	{"id", N_("Contact")},	  {"arrived_us", N_("Arrived")},
	{"queue", N_("Queue")},	  {"number", N_("Number")},
	{"agent", N_("Agent")},	  {"wait_ms", N_("Wait")},
	{"talk_ms", N_("Talk")},  {"result", N_("Result")},
	{"ticket", N_("Ticket")}, {NULL, NULL},
};
static const struct ctl_column missed_columns[] = {
	{"id", N_("Id")},	{"number", N_("Number")},
	{"times", N_("Times")}, {"last_us", N_("Last")},
	{"queue", N_("Queue")}, {"wait_ms", N_("Wait")},
	{"state", N_("State")}, {"owner", N_("Owner")},
	{NULL, NULL},
};
static const struct ctl_column ticket_columns[] = {
	{"id", N_("Ticket")},
	{"agent", N_("Agent")},
	{"state", N_("State")},
	{"number", N_("Number")},
	{"disposition_name", N_("Disposition")},
	{"outcome", N_("Outcome")},
	{"promise_us", N_("Promised for")},
	{"summary", N_("Summary")},
	{NULL, NULL},
};
static const struct ctl_column recording_columns[] = {
	{"id", N_("Recording")},
	{"contact", N_("Contact")},
	{"agent", N_("Agent")},
	{"number", N_("Number")},
	{"started_us", N_("Started")},
	{"ms", N_("Length")},
	{"state", N_("State")},
	{"path", N_("File")},
	{NULL, NULL},
};
static const struct ctl_column alarm_columns[] = {
	{"id", N_("Alarm")},
	{"level", N_("Level")},
	{"message", N_("Message")},
	{"detail", N_("Detail")},
	{"since_us", N_("Since")},
	{"taken_by", N_("Taken by")},
	{NULL, NULL},
};
static const struct ctl_column learn_columns[] = {
	{"agent", N_("Agent")},	    {"name", N_("Name")},
	{"entry", N_("Entry")},	    {"version", N_("Version")},
	{"title", N_("Title")},	    {"release", N_("Release")},
	{"due_us", N_("Until")},    {"late", N_("Late")},
	{"lowered", N_("Lowered")}, {NULL, NULL},
};
static const struct ctl_column report_columns[] = {
	{"agent", N_("Agent")},
	{"name", N_("Name")},
	{"open", N_("To read")},
	{"late", N_("Late")},
	{"done", N_("Read")},
	{"lowered", N_("Lowered")},
	{NULL, NULL},
};
static const struct ctl_column course_columns[] = {
	{"id", N_("Course")},	  {"kind", N_("Kind")},
	{"title", N_("Title")},	  {"organiser", N_("Organiser")},
	{"from_us", N_("From")},  {"to_us", N_("To")},
	{"place", N_("Where")},	  {"people", N_("People")},
	{"passed", N_("Passed")}, {NULL, NULL},
};
static const struct ctl_column topic_columns[] = {
	{"line", N_("Line")},	  {"entry", N_("Entry")},
	{"title", N_("Title")},	  {"count", N_("Calls")},
	{"before", N_("Before")}, {"growth", N_("Growth, %")},
	{"mean_ms", N_("Talk")},  {"kinds", N_("Kind")},
	{"why", N_("Why")},	  {NULL, NULL},
};
static const struct ctl_column flow_columns[] = {
	{"entry", N_("Entry")},	     {"title", N_("Title")},
	{"review", N_("Review")},    {"due", N_("Due")},
	{"now", N_("This version")}, {"was", N_("Before")},
	{"change", N_("Change, %")}, {NULL, NULL},
};
static const struct ctl_column method_columns[] = {
	{"name", N_("Method")},
	{"params", N_("Parameters")},
	{"help", N_("What it does")},
	{NULL, NULL},
};

#define ROW(n, v, m, cols, h)                                                 \
	{                                                                     \
		.noun = n, .verb = v, .method = m, .columns = cols, .help = h \
	}

const struct ctl_verb ctl_verbs[] = {
	{.noun = "site",
	 .verb = "init",
	 .runh = ctl_site_init,
	 .synopsis = "site init DIR [--name NAME] [--sample]",
	 .help = N_("Make the folders, configuration and empty database of a "
		    "new site")},
	{.noun = "site",
	 .verb = "fill",
	 .runh = ctl_site_fill,
	 .synopsis = "site fill",
	 .help = N_("Give a new, running site its first queues, pause "
		    "reasons and dispositions")},
	ROW("person", "list", "person.list", person_columns, N_("People")),
	ROW("person", "add", "person.add", NULL, N_("Add a person")),
	ROW("person", "change", "person.change", NULL,
	    N_("Change name, roles or skills")),
	{.noun = "person",
	 .verb = "disable",
	 .method = "person.change",
	 .fixed = "{\"disabled\":true}",
	 .help = N_("Let a person in no more; a session ends at once")},
	{.noun = "person",
	 .verb = "enable",
	 .method = "person.change",
	 .fixed = "{\"disabled\":false}",
	 .help = N_("Let a disabled person in again")},
	ROW("key", "list", "key.list", key_columns, N_("SSH keys")),
	ROW("key", "add", "key.add", NULL,
	    N_("Let an SSH public key in as a person")),
	ROW("key", "remove", "key.remove", NULL, N_("Let it in no longer")),
	ROW("phone", "list", "phone.list", phone_columns, N_("Desk phones")),
	{.noun = "phone",
	 .verb = "add",
	 .method = "phone.add",
	 .runh = ctl_phone_add,
	 .synopsis = "phone add PHONE [--name NAME]",
	 .help = N_("Add a desk phone; asks for its password, or reads it "
		    "from standard input")},
	ROW("phone", "remove", "phone.remove", NULL, N_("Remove it")),
	ROW("queue", "list", "queue.list", queue_columns, N_("Queues")),
	ROW("queue", "set", "queue.set", NULL, N_("Add or change a queue")),
	ROW("disposition", "list", "disposition.list", disposition_columns,
	    N_("The tree of call results")),
	ROW("disposition", "set", "disposition.set", NULL,
	    N_("Add or change a disposition")),
	ROW("pause", "list", "pause.list", pause_columns, N_("Pause reasons")),
	ROW("pause", "set", "pause.set", NULL,
	    N_("Add or change a pause reason")),
	{.noun = "calendar",
	 .verb = "show",
	 .method = "calendar.get",
	 .raw = "text",
	 .help = N_("Open hours and holidays, as import takes them")},
	ROW("calendar", "import", "calendar.set", NULL,
	    N_("Replace the calendar; - reads it from standard input, @FILE "
	       "from a file")),
	ROW("prompt", "list", "prompt.list", prompt_columns,
	    N_("Prompts in use")),
	ROW("prompt", "set", "prompt.set", NULL,
	    N_("Use this WAV file for a prompt")),
	ROW("trunk", "list", "trunk.list", trunk_columns,
	    N_("Trunks and their state")),
	ROW("trunk", "set", "trunk.set", NULL, N_("Add or change a trunk")),
	ROW("agent", "list", "agent.list", agent_columns,
	    N_("Agents with their states")),
	ROW("agent", "get", "agent.get", NULL, N_("One agent")),
	ROW("agent", "set", "agent.set", NULL,
	    N_("Change an agent's state, with a reason")),
	ROW("call", "list", "call.list", call_columns, N_("Calls now")),
	ROW("call", "get", "call.get", NULL, N_("One call now")),
	ROW("call", "hangup", "call.hangup", NULL, N_("End a call")),
	ROW("call", "waiting", "item.list", item_columns,
	    N_("Who waits, in order, and why not assigned yet")),
	ROW("call", "missed", "missed.list", missed_columns,
	    N_("Callers who gave up, one line a number")),
	ROW("contact", "list", "contact.list", contact_columns,
	    N_("Contacts, newest first")),
	ROW("contact", "get", "contact.get", NULL,
	    N_("One contact with all that happened to it")),
	ROW("ticket", "list", "ticket.list", ticket_columns, N_("Tickets")),
	ROW("ticket", "get", "ticket.get", NULL, N_("One ticket")),
	ROW("learn", "list", "learn.list", learn_columns,
	    N_("Changed entries that are still to be read")),
	ROW("learn", "get", "learn.get", NULL,
	    N_("A version to read, what it was before, its questions")),
	ROW("learn", "report", "learn.report", report_columns,
	    N_("Who has read what was released, and who is late")),
	ROW("course", "list", "course.list", course_columns,
	    N_("Courses, newest first")),
	ROW("course", "set", "course.set", NULL,
	    N_("Plan a course, or change one")),
	ROW("course", "get", "course.get", NULL,
	    N_("A course and who was there")),
	ROW("course", "mark", "course.mark", NULL,
	    N_("Record when somebody was there and how he did")),
	{.noun = "course",
	 .verb = "sheet",
	 .method = "course.list",
	 .runh = ctl_course_sheet,
	 .synopsis = "course sheet [--from TIME] [--to TIME] [--csv]",
	 .help = N_("Who was at which course, a line each, also as CSV")},
	ROW("topic", "report", "topic.report", topic_columns,
	    N_("What citizens ask about: hot, hard and routine, and why")),
	ROW("flow", "report", "flow.report", flow_columns,
	    N_("Flows: due for review, handling time before and after")),
	ROW("recording", "list", "recording.list", recording_columns,
	    N_("Recordings, newest first")),
	ROW("alarm", "list", "alarm.list", alarm_columns, N_("Alarms now")),
	ROW("alarm", "take", "alarm.take", NULL,
	    N_("Say that you look after it")),
	{.noun = "fact",
	 .verb = "list",
	 .method = "fact.list",
	 .runh = ctl_fact_list,
	 .help = N_("The record of all changes; --follow goes on as they "
		    "happen")},
	ROW("method", "list", "method.list", method_columns,
	    N_("The methods of the office")),
	ROW("wall", NULL, "wall.get", NULL,
	    N_("Today and this month: service level, connect rate")),
	ROW("status", NULL, "status", NULL, N_("How the site is doing")),
	{.noun = "verify",
	 .method = "verify",
	 .runh = ctl_verify,
	 .help = N_("Check the chain, contacts, recordings and counts")},
	{.noun = "backup",
	 .method = "backup",
	 .runh = ctl_backup,
	 .synopsis = "backup DIR",
	 .help = N_("Copy the live database, recordings and settings to a "
		    "new folder")},
	{.noun = "restore",
	 .runh = ctl_restore,
	 .synopsis = "restore DIR",
	 .help = N_("Bring a backup back into an empty site whose zuoxid is "
		    "stopped")},
};
const size_t ctl_verbs_n = sizeof(ctl_verbs) / sizeof(*ctl_verbs);

bool ctl_noun_known(const char *noun)
{
	for (size_t i = 0; i < ctl_verbs_n; i++) {
		if (!strcmp(ctl_verbs[i].noun, noun))
			return true;
	}
	return false;
}

const struct ctl_verb *ctl_verb_find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < ctl_verbs_n; i++) {
		const struct ctl_verb *v = &ctl_verbs[i];

		if (strcmp(v->noun, noun) != 0)
			continue;
		if (!v->verb || (verb && !strcmp(v->verb, verb)))
			return v;
	}
	return NULL;
}
