/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls from the first ring to the last fact, told at the switch's socket and
 * on agents' sessions. Each story ends with all invariants checked and the
 * tables rebuilt from the facts.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "server/desk/acd.h"
#include "tests/integration/call_rig.h"
#include "tests/sim/faulty_vfs.h"
#include <sqlite3.h>

static char contact[40];

static int setup(void **state)
{
	rig.open = true;
	contact[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	rig_clean();
	return 0;
}

/* A1 asks something about the call he is in. */
static json_t *of_my_call(const char *method)
{
	return agent_ask("A1", method, json_pack("{s:s}", "contact", contact));
}

/* ---- conditions ---- */

#define STATE_IS(name, agent, wanted)                       \
	static bool name(void)                              \
	{                                                   \
		return !strcmp(agent_state(agent), wanted); \
	}
STATE_IS(a1_ready, "A1", "ready")
STATE_IS(a1_offered, "A1", "offered")
STATE_IS(a1_talking, "A1", "talking")
STATE_IS(a1_held, "A1", "held")
STATE_IS(a1_wrapup, "A1", "wrapup")
STATE_IS(a1_paused, "A1", "paused")
STATE_IS(a1_offline, "A1", "offline")
STATE_IS(a2_offered, "A2", "offered")
STATE_IS(a2_talking, "A2", "talking")

static bool a1_rings(void)
{
	return a1_offered() && *sw_leg_to("A1");
}

static bool a2_rings(void)
{
	return a2_offered() && *sw_leg_to("A2");
}

static bool a1_silent(void)
{
	return !*sw_leg_to("A1");
}

static bool one_waits(void)
{
	return acd_count(rig.acd) == 1;
}

static bool two_wait(void)
{
	return acd_count(rig.acd) == 2;
}

static bool nobody_waits(void)
{
	return acd_count(rig.acd) == 0;
}

static bool music(void)
{
	return !strcmp(sw_plays("c1"), "music.wav");
}

static bool notice(void)
{
	return !strcmp(sw_plays("c1"), "notice.wav");
}

static bool comfort(void)
{
	return !strcmp(sw_plays("c1"), "comfort.wav");
}

static bool busy_prompt(void)
{
	return !strcmp(sw_plays("c1"), "busy.wav");
}

static bool closed_prompt(void)
{
	return !strcmp(sw_plays("c1"), "closed.wav");
}

static bool c1_gone(void)
{
	return !sw_leg_lives("c1");
}

static bool c1_talks(void)
{
	return sw_bridged("c1", "talk");
}

static bool c1_held(void)
{
	return sw_bridged("c1", "hold");
}

static bool acked(void)
{
	return sw_acked_all();
}

static bool ended_told(void)
{
	json_t *p = agent_event("A1", "me.call");

	return !strcmp(json_str(json_object_get(p, "call"), "state"), "ended");
}

/* ---- steps ---- */

static void ring(void)
{
	sw_call("c1", "13800138000", "96001", false);
	rig_until(a1_rings);
	snprintf(contact, sizeof(contact), "%s",
		 json_str(agent_event("A1", "me.offer")
				  ? agent_event("A1", "me.offer")
				  : json_object(),
			  "contact"));
}

static bool offer_told(void)
{
	return agent_event("A1", "me.offer") != NULL;
}

static void talk(void)
{
	sw_call("c1", "13800138000", "96001", false);
	rig_until(a1_rings);
	rig_until(offer_told);
	snprintf(contact, sizeof(contact), "%s",
		 json_str(agent_event("A1", "me.offer"), "contact"));
	sw_answer(sw_leg_to("A1"));
	rig_until(a1_talking);
	rig_until(c1_talks);
}

static void file_ticket(const char *agent, const char *after)
{
	json_t *body = json_pack("{s:s,s:s,s:s}", "ticket", "T-1",
				 "disposition", "med.a", "after", after);
	struct fact f = {.dur_ms = -1,
			 .actor = agent,
			 .kind = "ticket.filed",
			 .contact = contact,
			 .agent = agent,
			 .subject = "T-1",
			 .body = body};

	assert_int_equal(fact_happened(rig.log, &f, NULL, 0, NULL, NULL), 0);
	json_decref(body);
}

/* ---- stories ---- */

static void a_full_call(void **state)
{
	rig_start();
	agent_in("A1");
	sw_call("c1", "13800138000", "96001", false);
	rig_until(a1_rings);
	rig_until(notice);
	rig_until(offer_told);
	json_t *offer = agent_event("A1", "me.offer");
	assert_string_equal(json_str(offer, "number"), "138****8000");
	assert_string_equal(json_str(offer, "name"), "张*");
	snprintf(contact, sizeof(contact), "%s", json_str(offer, "contact"));
	sw_answer(sw_leg_to("A1"));
	rig_until(c1_talks);
	assert_string_equal(sw_plays("c1"), "notice.wav"); /* plays out */
	sw_play_done("c1");
	assert_null(agent_ask("A1", "agent.signout", json_object()));
	assert_string_equal(rig_refusal, "You are in a call");
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_wrapup);
	rig_until(ended_told);
	rig_until(a1_silent);
	assert_null(agent_ask("A1", "agent.ready", json_object()));
	assert_string_equal(rig_refusal, "File the ticket first");
	assert_non_null(agent_ask("A1", "agent.extend", json_object()));
	file_ticket("A1", "");
	rig_until(a1_ready);
	rig_until(acked);
	assert_string_equal(rig_text("SELECT result || ' ' || reason || ' ' ||"
				     " ended_by || ' ' || agent || ' ' ||"
				     " disposition FROM contact"),
			    "answered caller_hangup citizen A1 med.a");
	assert_int_equal(rig_count("SELECT count(*) FROM recording"
				   " WHERE state='closed'"),
			 1);
	assert_int_equal(rig_count("SELECT count(*) FROM contact_leg"
				   " WHERE ended_us IS NULL"),
			 0);
	assert_int_equal(rig_count("SELECT wait_ms NOT NULL AND answered_us"
				   " >= queued_us FROM contact"),
			 1);
	rig_stop();
}

static void refusal_costs_the_citizen_nothing(void **state)
{
	rig_start();
	agent_in("A1");
	ring();
	sw_end(sw_leg_to("A1"), "refused", "far");
	rig_until(a1_paused);
	assert_string_equal(agent_reason("A1"), "refused");
	assert_int_equal(acd_count(rig.acd), 1);
	agent_in("A2");
	rig_until(a2_rings);
	sw_answer(sw_leg_to("A2"));
	rig_until(a2_talking);
	rig_until(c1_talks);
	/* his place was kept: one contact, queued once */
	assert_int_equal(rig_count("SELECT count(*) FROM contact"), 1);
	assert_int_equal(rig_count("SELECT count(*) FROM offer"), 2);
	sw_end("s1.c1", "bye", "far");
	rig_until(nobody_waits);
	rig_stop();
}

static void a_timeout_pauses_and_a_late_answer_gets_no_call(void **state)
{
	char late[64];

	rig.lease_ms = 300;
	rig_start();
	agent_in("A1");
	ring();
	snprintf(late, sizeof(late), "%s", sw_leg_to("A1"));
	rig_until(a1_paused);
	assert_string_equal(agent_reason("A1"), "missed");
	rig_until(a1_silent);
	sw_event("leg.answered",
		 json_pack("{s:s,s:s}", "leg", late, "contact", contact));
	rig_until(acked);
	assert_string_equal(agent_state("A1"), "paused");
	assert_int_equal(acd_count(rig.acd), 1);
	json_t *gone = agent_event("A1", "me.offer_gone");
	assert_string_equal(json_str(gone, "why"), "timeout");
	sw_end("s1.c1", "bye", "far");
	rig_until(nobody_waits);
	rig_stop();
}

static void the_switch_ends_an_unanswered_offer(void **state)
{
	rig_start();
	agent_in("A1");
	ring();
	sw_end(sw_leg_to("A1"), "no_answer", "us");
	rig_until(a1_paused);
	assert_string_equal(agent_reason("A1"), "missed");
	assert_non_null(agent_ask("A1", "agent.ready", json_object()));
	rig_until(a1_rings);
	sw_end(sw_leg_to("A1"), "unreachable", "fault");
	rig_until(a1_paused);
	assert_string_equal(agent_reason("A1"), "phone_lost");
	sw_end("s1.c1", "cancel", "far");
	rig_until(nobody_waits);
	rig_stop();
}

static void who_gives_up_is_on_the_list_once(void **state)
{
	rig_start();
	sw_call("c1", "13800138000", "96001", false);
	rig_until(one_waits);
	rig_until(notice);
	sw_play_done("c1");
	rig_until(music);
	sw_end("s1.c1", "bye", "far");
	rig_until(nobody_waits);
	sw_call("c2", "+8613800138000", "96002", false);
	rig_until(one_waits);
	sw_end("s1.c2", "bye", "far");
	rig_until(nobody_waits);
	rig_until(acked);
	assert_int_equal(rig_count("SELECT count(*) FROM missed"), 1);
	assert_int_equal(rig_count("SELECT times FROM missed"), 2);
	/* while it rings at an agent's: the ring ends, he is free again */
	agent_in("A1");
	sw_call("c3", "13900139000", "96001", false);
	rig_until(a1_rings);
	sw_end("s1.c3", "bye", "far");
	rig_until(a1_ready);
	rig_until(a1_silent);
	assert_int_equal(rig_count("SELECT count(*) FROM missed"), 2);
	/* he calls again and is served: nothing is owed */
	talk();
	assert_string_equal(rig_text("SELECT outcome FROM missed WHERE"
				     " state='done'"),
			    "called_again");
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_wrapup);
	rig_stop();
}

static void who_waits_too_long_hears_why(void **state)
{
	rig.max_wait_ms = 300;
	rig_start();
	sw_call("c1", "13800138000", "96001", false);
	rig_until(busy_prompt);
	assert_int_equal(acd_count(rig.acd), 0);
	sw_play_done("c1");
	rig_until(c1_gone);
	rig_until(acked);
	assert_string_equal(rig_text("SELECT result || ' ' || reason"
				     " FROM contact"),
			    "overflow max_wait");
	assert_int_equal(rig_count("SELECT count(*) FROM missed"), 1);
	rig_stop();
}

static void closed_hours_and_unknown_numbers(void **state)
{
	rig.open = false;
	rig_start();
	agent_in("A1");
	sw_call("c1", "13800138000", "96001", false);
	rig_until(closed_prompt);
	sw_play_done("c1");
	rig_until(c1_gone);
	sw_call("c2", "13800138000", "4040404", false);
	rig_until(acked);
	assert_false(sw_leg_lives("c2"));
	assert_int_equal(sw_commands("leg.refuse"), 1);
	assert_string_equal(rig_text("SELECT result FROM contact"), "closed");
	assert_int_equal(rig_count("SELECT count(*) FROM contact"), 1);
	assert_int_equal(rig_count("SELECT count(*) FROM missed"), 0);
	assert_string_equal(agent_state("A1"), "ready");
	rig_stop();
}

static void hold_and_retrieve(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	assert_null(of_my_call("call.retrieve"));
	assert_non_null(of_my_call("call.hold"));
	rig_until(a1_held);
	rig_until(c1_held);
	rig_until(music);
	assert_null(agent_ask(
		"A2", "hello",
		json_pack("{s:i,s:s}", "version", 2, "client", "old")));
	assert_non_null(of_my_call("call.retrieve"));
	rig_until(c1_talks);
	assert_non_null(of_my_call("call.hangup"));
	rig_until(a1_wrapup);
	rig_until(c1_gone);
	rig_until(acked);
	assert_string_equal(rig_text("SELECT ended_by FROM contact"), "agent");
	rig_stop();
}

#define HELD_FACTS "SELECT count(*) FROM fact WHERE kind='contact.held'"

static bool held_on_disk(void)
{
	return rig_count_on_disk(HELD_FACTS) == 2;
}

/* The telephone does not wait for the disk, and what an agent saw confirmed
 * is on it. */
static void hold_is_confirmed_by_the_disk(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	faulty_vfs_delay_sync(700);
	assert_non_null(of_my_call("call.hold"));
	assert_int_equal(rig_count_on_disk(HELD_FACTS), 1);
	faulty_vfs_reset();
	assert_non_null(of_my_call("call.retrieve"));
	rig_until(c1_talks);
	/* an ill disk: music and state at once, and no confirmation */
	faulty_vfs_fail(FAULTY_SYNC, SQLITE_IOERR_FSYNC);
	assert_null(of_my_call("call.hold"));
	assert_string_equal(
		rig_refusal,
		"It is done, but the disk has not taken its record yet");
	assert_true(faulty_vfs_fired() > 0);
	assert_true(music() && c1_held() && a1_held());
	json_t *told = agent_event("A1", "me.call");
	assert_string_equal(json_str(json_object_get(told, "call"), "state"),
			    "held");
	assert_int_equal(rig_count_on_disk(HELD_FACTS), 1);
	/* it is remembered when the disk is well again */
	faulty_vfs_reset();
	rig_until(held_on_disk);
	assert_non_null(of_my_call("call.hangup"));
	rig_until(a1_wrapup);
	rig_until(acked);
	rig_stop();
}

static void the_agents_phone_hangs_up(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	sw_end(sw_leg_to("A1"), "hangup", "far");
	rig_until(a1_wrapup);
	rig_until(c1_gone);
	rig_until(acked);
	assert_string_equal(rig_text("SELECT reason || ' ' || ended_by"
				     " FROM contact"),
			    "agent_hangup agent");
	rig_stop();
}

static json_t *transfer(const char *to)
{
	return agent_ask("A1", "call.transfer",
			 json_pack("{s:s,s:s,s:s}", "contact", contact, "to",
				   to, "kind", "blind"));
}

static void transfer_to_an_agent_and_to_a_queue(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	assert_null(transfer("A9"));
	assert_null(transfer("A1"));
	agent_in("A2");
	assert_non_null(agent_ask("A2", "agent.pause",
				  json_pack("{s:s}", "reason", "rest")));
	assert_null(transfer("A2"));
	assert_string_equal(rig_refusal, "This agent is not free");
	assert_string_equal(agent_state("A1"), "talking");
	assert_non_null(agent_ask("A2", "agent.ready", json_object()));
	assert_non_null(transfer("A2"));
	rig_until(a1_wrapup);
	rig_until(a2_rings);
	sw_answer(sw_leg_to("A2"));
	rig_until(a2_talking);
	file_ticket("A1", "rest");
	rig_until(a1_paused);
	assert_string_equal(agent_reason("A1"), "rest");
	assert_non_null(agent_ask("A1", "agent.ready", json_object()));
	assert_non_null(
		agent_ask("A2", "call.transfer",
			  json_pack("{s:s,s:s,s:s}", "contact", contact, "to",
				    "med", "kind", "blind")));
	rig_until(a1_rings);
	sw_answer(sw_leg_to("A1"));
	rig_until(a1_talking);
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_wrapup);
	rig_until(acked);
	/* one contact, one recording, offered once, through it all */
	assert_int_equal(rig_count("SELECT count(*) FROM contact"), 1);
	assert_int_equal(rig_count("SELECT count(*) FROM recording"), 1);
	assert_int_equal(rig_count("SELECT count(*) FROM fact"
				   " WHERE kind='contact.queued'"),
			 1);
	rig_stop();
}

static void a_refused_transfer_finds_somebody(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	agent_in("A2");
	assert_non_null(transfer("A2"));
	rig_until(a2_rings);
	sw_end(sw_leg_to("A2"), "refused", "far");
	rig_until(one_waits);
	file_ticket("A1", "");
	rig_until(a1_rings);
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_ready);
	rig_until(acked);
	assert_string_equal(rig_text("SELECT result FROM contact"),
			    "answered");
	rig_stop();
}

static void a_broken_line_comforts_and_comes_back(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	sw_event("leg.detached", json_pack("{s:s}", "leg", sw_leg_to("A1")));
	rig_until(comfort);
	assert_true(sw_bridged("c1", "hold"));
	sw_event("leg.attached", json_pack("{s:s}", "leg", sw_leg_to("A1")));
	rig_until(c1_talks);
	assert_string_equal(agent_state("A1"), "talking");
	/* and then it does not: the head of the line is his */
	agent_in("A2");
	assert_non_null(agent_ask("A2", "agent.pause",
				  json_pack("{s:s}", "reason", "rest")));
	sw_call("c2", "13900139000", "96001", false);
	rig_until(one_waits);
	sw_event("leg.silent",
		 json_pack("{s:s,s:i}", "leg", sw_leg_to("A1"), "ms", 400));
	rig_until(a1_paused);
	assert_string_equal(agent_reason("A1"), "phone_lost");
	rig_until(two_wait);
	assert_non_null(agent_ask("A2", "agent.ready", json_object()));
	rig_until(a2_rings);
	assert_string_equal(rig_text("SELECT contact FROM offer"
				     " WHERE agent='A2'"),
			    contact);
	sw_answer(sw_leg_to("A2"));
	rig_until(a2_talking);
	sw_end("s1.c1", "bye", "far");
	sw_end("s1.c2", "bye", "far");
	rig_until(nobody_waits);
	rig_stop();
}

static bool c_number_rings(void)
{
	return *sw_leg_to("13900139000") != '\0';
}

static void an_agent_calls_a_citizen(void **state)
{
	char leg[64];

	rig_start();
	agent_in("A1");
	assert_null(agent_ask(
		"A1", "call.dial",
		json_pack("{s:s,s:s}", "number", "abc", "purpose", "x")));
	json_t *r = agent_ask("A1", "call.dial",
			      json_pack("{s:s,s:s}", "number", "13900139000",
					"purpose", "callback"));
	assert_non_null(r);
	snprintf(contact, sizeof(contact), "%s", json_str(r, "contact"));
	rig_until(a1_talking);
	sw_answer(sw_leg_to("A1"));
	rig_until(c_number_rings);
	assert_string_equal(sw_plays(sw_leg_to("A1")), "ring");
	snprintf(leg, sizeof(leg), "%s", sw_leg_to("13900139000"));
	sw_answer(leg);
	rig_turn(50);
	assert_true(sw_bridged(leg, "talk"));
	sw_end(leg, "bye", "far");
	rig_until(a1_wrapup);
	file_ticket("A1", "");
	rig_until(a1_ready);
	/* nobody answers: no wrap-up, back as he was */
	assert_non_null(
		agent_ask("A1", "call.dial",
			  json_pack("{s:s,s:s}", "number", "13900139000",
				    "purpose", "again")));
	sw_answer(sw_leg_to("A1"));
	rig_until(c_number_rings);
	sw_end(sw_leg_to("13900139000"), "no_answer", "far");
	rig_until(a1_ready);
	rig_until(a1_silent);
	rig_until(acked);
	assert_int_equal(rig_count("SELECT count(*) FROM contact WHERE"
				   " result='dialled'"),
			 2);
	assert_int_equal(rig_count("SELECT count(*) FROM contact WHERE"
				   " queued_us NOT NULL"),
			 0);
	rig_stop();
}

static void a_missed_caller_is_called_back(void **state)
{
	rig_start();
	sw_call("c1", "13900139000", "96001", false);
	rig_until(one_waits);
	sw_end("s1.c1", "bye", "far");
	rig_until(nobody_waits);
	rig_until(acked); /* it is on disk */
	agent_in("A1");
	json_t *list = agent_ask("A1", "missed.list", json_object());
	json_t *row = json_array_get(json_object_get(list, "items"), 0);
	assert_string_equal(json_str(row, "number"), "139****9000");
	int64_t id = json_int(row, "id");
	assert_null(agent_ask(
		"A1", "call.dial",
		json_pack("{s:i,s:s}", "missed", 77, "purpose", "callback")));
	assert_non_null(
		agent_ask("A1", "call.dial",
			  json_pack("{s:I,s:s}", "missed", (json_int_t)id,
				    "purpose", "callback")));
	sw_answer(sw_leg_to("A1"));
	rig_until(c_number_rings);
	assert_string_equal(rig_text("SELECT state || owner FROM missed"),
			    "claimedA1");
	sw_answer(sw_leg_to("13900139000"));
	rig_until(acked);
	assert_string_equal(rig_text("SELECT state || ' ' || outcome"
				     " FROM missed"),
			    "done reached");
	sw_end(sw_leg_to("13900139000"), "bye", "far");
	rig_until(a1_wrapup);
	/* the first contact stays a loss */
	assert_string_equal(rig_text("SELECT result FROM contact"
				     " ORDER BY id LIMIT 1"),
			    "abandoned");
	rig_stop();
}

static void the_switch_dies_in_a_call(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	sw_call("c2", "13900139000", "96001", false);
	rig_until(one_waits);
	sw_restart();
	rig_until(a1_wrapup);
	rig_until(nobody_waits);
	rig_until(acked);
	assert_int_equal(rig_count("SELECT count(*) FROM contact WHERE"
				   " result='lost' AND reason='switch_lost'"),
			 2);
	assert_int_equal(rig_count("SELECT count(*) FROM missed WHERE lost"),
			 2);
	assert_string_equal(rig_text("SELECT state FROM recording"), "mended");
	rig_stop();
}

static void a_lost_link_costs_nothing(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	sw_unplug(true);
	rig_turn(100);
	assert_string_equal(agent_state("A1"), "talking");
	assert_null(of_my_call("call.hold"));
	/* the citizen hangs up while nobody hears it */
	sw_end("s1.c1", "bye", "far");
	sw_end(sw_leg_to("A1"), "hangup", "us");
	sw_unplug(false);
	rig_until(a1_wrapup);
	rig_until(acked);
	assert_string_equal(rig_text("SELECT result || ' ' || reason"
				     " FROM contact"),
			    "answered caller_hangup");
	rig_stop();
}

static void repeated_events_are_harmless(void **state)
{
	rig_start();
	agent_in("A1");
	talk();
	rig_until(acked);
	int64_t before = rig_count("SELECT count(*) FROM fact");
	sw_repeat();
	rig_turn(100);
	assert_int_equal(rig_count("SELECT count(*) FROM fact"), before);
	assert_string_equal(agent_state("A1"), "talking");
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_wrapup);
	rig_stop();
}

/* The office goes away and comes back: the same picture, and the call goes
 * on. */
static void restart(void)
{
	rig_until(acked);
	char *before = rig_picture();

	rig_office_down();
	rig_office_up();
	char *after = rig_picture();
	assert_string_equal(before, after);
	free(before);
	free(after);
	rig_turn(300);
}

static void the_office_restarts_in_each_state(void **state)
{
	rig_start();
	agent_in("A1");
	restart();
	assert_string_equal(agent_state("A1"), "ready");
	agent_in("A1"); /* his client is back */
	ring();
	rig_turn(60);
	restart();
	assert_string_equal(agent_state("A1"), "offered");
	assert_true(sw_leg_lives("c1"));
	sw_answer(sw_leg_to("A1"));
	rig_until(a1_talking);
	rig_until(c1_talks);
	restart();
	assert_string_equal(agent_state("A1"), "talking");
	assert_true(sw_bridged("c1", "talk"));
	assert_non_null(agent_ask(
		"A1", "hello",
		json_pack("{s:i,s:s}", "version", 1, "client", "rig")));
	snprintf(contact, sizeof(contact), "%s",
		 rig_text("SELECT id FROM contact"));
	assert_non_null(of_my_call("call.hold"));
	restart();
	assert_string_equal(agent_state("A1"), "held");
	/* he hangs up while the office is away */
	rig_office_down();
	sw_end("s1.c1", "bye", "far");
	rig_office_up();
	rig_until(a1_wrapup);
	restart();
	assert_string_equal(agent_state("A1"), "wrapup");
	file_ticket("A1", "");
	rig_until(a1_ready);
	rig_until(acked);
	assert_int_equal(rig_count("SELECT count(*) FROM contact"), 1);
	rig_stop();
}

/* What the switch tells late happened when it happened. */
static void facts_have_the_time_of_their_event(void **state)
{
	rig_start();
	agent_in("A1");
	ring();
	rig_until(acked);
	rig_office_down();
	sw_answer(sw_leg_to("A1"));
	int64_t answered_us = cal_now_us();
	rig_turn(300);
	rig_office_up();
	rig_until(a1_talking);
	rig_until(acked);
	assert_in_range(rig_count("SELECT answered_us FROM contact"), 1,
			answered_us);
	rig_office_down();
	sw_end(sw_leg_to("A1"), "bye", "far");
	int64_t ended_us = cal_now_us();
	rig_turn(300);
	rig_office_up();
	rig_until(a1_wrapup);
	rig_until(acked);
	assert_in_range(rig_count("SELECT ended_us FROM contact"), 1,
			ended_us);
	rig_stop();
}

/* The fact of an offer was not on disk when the office died, and yet it
 * rings. */
static void an_offer_without_its_fact(void **state)
{
	rig_start();
	agent_in("A1");
	sw_attach("A1", false);
	sw_call("c1", "13800138000", "96001", false);
	rig_until(one_waits);
	rig_until(acked);
	snprintf(contact, sizeof(contact), "%s",
		 rig_text("SELECT id FROM contact"));
	rig_office_down();
	sw_attach("A1", true);
	sw_ring("odead.1", contact, "A1");
	sw_ring("odead.2", contact, "A1"); /* one is enough */
	rig_office_up();
	rig_until(a1_rings);
	assert_string_equal(agent_state("A1"), "offered");
	rig_turn(100);
	assert_string_equal(sw_leg_to("A1"), "odead.1");
	sw_answer("odead.1");
	rig_until(a1_talking);
	rig_until(acked);
	assert_int_equal(rig_count("SELECT count(*) FROM fact WHERE"
				   " kind='offer.made'"),
			 1);
	/* answered before anybody knew of it */
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_wrapup);
	file_ticket("A1", "");
	rig_until(a1_ready);
	sw_attach("A1", false);
	sw_call("c2", "13900139000", "96001", false);
	rig_until(one_waits);
	rig_until(acked);
	snprintf(contact, sizeof(contact), "%s",
		 rig_text("SELECT max(id) FROM contact"));
	rig_office_down();
	sw_attach("A1", true);
	sw_ring("odead.3", contact, "A1");
	sw_answer("odead.3");
	rig_office_up();
	rig_until(a1_talking);
	assert_true(sw_leg_lives("odead.3"));
	sw_end("s1.c2", "bye", "far");
	rig_until(a1_wrapup);
	rig_until(acked);
	rig_stop();
}

static void callers_of_the_fallback_keep_their_order(void **state)
{
	rig_start();
	rig_until(acked);
	rig_office_down();
	sw_call("c1", "13800138000", "96001", true);
	sw_call("c2", "13900139000", "96001", true);
	rig_office_up();
	rig_until(two_wait);
	rig_until(music);
	agent_in("A1");
	rig_until(a1_rings);
	sw_answer(sw_leg_to("A1"));
	rig_until(a1_talking);
	assert_string_equal(rig_text("SELECT number FROM contact WHERE"
				     " answered_us NOT NULL"),
			    "8613800138000");
	sw_end("s1.c1", "bye", "far");
	sw_end("s1.c2", "bye", "far");
	rig_until(nobody_waits);
	rig_stop();
}

static void sessions_phones_and_leads(void **state)
{
	rig_start();
	agent_in("A1");
	agent_in("L1");
	/* a phone that is gone gets no offers */
	sw_attach("A1", false);
	rig_turn(50);
	sw_call("c1", "13800138000", "96001", false);
	rig_until(one_waits);
	rig_turn(50);
	assert_string_equal(agent_state("A1"), "ready");
	json_t *items = agent_ask("L1", "item.list", json_object());
	json_t *row = json_array_get(json_object_get(items, "items"), 0);
	assert_string_equal(json_str(row, "why"),
			    "No phone of theirs can be reached");
	sw_end("s1.c1", "bye", "far");
	rig_until(nobody_waits);
	/* a lead changes a state, with a reason */
	assert_null(agent_ask("A1", "agent.set",
			      json_pack("{s:s,s:s,s:s}", "agent", "L1",
					"state", "offline", "reason", "x")));
	assert_null(agent_ask("L1", "agent.set",
			      json_pack("{s:s,s:s,s:s}", "agent", "A1",
					"state", "talking", "reason", "x")));
	assert_non_null(agent_ask("L1", "agent.set",
				  json_pack("{s:s,s:s,s:s,s:s}", "agent", "A1",
					    "state", "paused", "pause", "rest",
					    "reason", "lunch")));
	assert_string_equal(agent_reason("A1"), "rest");
	assert_non_null(
		agent_ask("A1", "agent.hand",
			  json_pack("{s:b,s:s}", "up", 1, "text", "help")));
	/* who does not come back is signed out */
	agent_gone("A1");
	rig_until(a1_offline);
	json_t *wall = agent_ask("L1", "wall.get", json_object());
	json_t *today = json_object_get(wall, "today");
	assert_int_equal(json_int(today, "offered"), 1);
	assert_int_equal(json_int(today, "short"), 1);
	assert_non_null(agent_ask("L1", "contact.list", json_object()));
	assert_non_null(agent_ask("L1", "call.list", json_object()));
	assert_non_null(agent_ask("L1", "recording.list", json_object()));
	assert_null(agent_ask("L1", "recording.play",
			      json_pack("{s:s,s:s}", "recording", "none",
					"reason", "check")));
	assert_null(agent_ask("A2", "wall.get", json_object()));
	rig_stop();
}

static bool l1_plays(void)
{
	return *sw_leg_to("L1") && strstr(sw_plays(sw_leg_to("L1")), ".wav");
}

static bool l1_rings(void)
{
	return *sw_leg_to("L1") != '\0';
}

static bool l1_silent(void)
{
	return !*sw_leg_to("L1");
}

static void a_lead_hears_a_recording(void **state)
{
	rig_start();
	agent_in("A1");
	agent_in("L1");
	talk();
	sw_end("s1.c1", "bye", "far");
	rig_until(a1_wrapup);
	rig_until(acked);
	assert_null(agent_ask(
		"L1", "recording.play",
		json_pack("{s:s,s:s}", "recording", contact, "reason", "")));
	/* a reviewer has no phone to hear with: told so */
	assert_non_null(agent_ask(
		"B1", "hello",
		json_pack("{s:i,s:s}", "version", 1, "client", "rig")));
	assert_null(agent_ask("B1", "recording.play",
			      json_pack("{s:s,s:s}", "recording", contact,
					"reason", "spot check")));
	assert_non_null(strstr(rig_refusal, "one needs a phone"));
	assert_non_null(agent_ask("L1", "recording.play",
				  json_pack("{s:s,s:s}", "recording", contact,
					    "reason", "spot check")));
	rig_until(l1_rings);
	sw_answer(sw_leg_to("L1"));
	rig_until(l1_plays);
	assert_non_null(agent_ask("L1", "recording.seek",
				  json_pack("{s:i}", "position_ms", 10)));
	assert_non_null(agent_ask("L1", "recording.stop", json_object()));
	rig_until(l1_silent);
	assert_null(agent_ask("L1", "recording.stop", json_object()));
	assert_int_equal(rig_count("SELECT count(*) FROM fact WHERE"
				   " kind='recording.played' AND actor='L1'"),
			 1);
	assert_string_equal(agent_state("L1"), "ready");
	rig_stop();
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_full_call),
		STORY(refusal_costs_the_citizen_nothing),
		STORY(a_timeout_pauses_and_a_late_answer_gets_no_call),
		STORY(the_switch_ends_an_unanswered_offer),
		STORY(who_gives_up_is_on_the_list_once),
		STORY(who_waits_too_long_hears_why),
		STORY(closed_hours_and_unknown_numbers),
		STORY(hold_and_retrieve),
		STORY(hold_is_confirmed_by_the_disk),
		STORY(the_agents_phone_hangs_up),
		STORY(transfer_to_an_agent_and_to_a_queue),
		STORY(a_refused_transfer_finds_somebody),
		STORY(a_broken_line_comforts_and_comes_back),
		STORY(an_agent_calls_a_citizen),
		STORY(a_missed_caller_is_called_back),
		STORY(the_switch_dies_in_a_call),
		STORY(a_lost_link_costs_nothing),
		STORY(repeated_events_are_harmless),
		STORY(the_office_restarts_in_each_state),
		STORY(facts_have_the_time_of_their_event),
		STORY(an_offer_without_its_fact),
		STORY(callers_of_the_fallback_keep_their_order),
		STORY(sessions_phones_and_leads),
		STORY(a_lead_hears_a_recording),
	};

	int err = libre_init();
	if (!err)
		err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	tmr_debug();
	mem_debug();
	return err;
}
