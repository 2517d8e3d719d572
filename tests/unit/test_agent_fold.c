/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <jansson.h>
#include <cmocka.h>

#include "server/core/agent_fold.h"

static struct agent_now a;
static int64_t now_us;

static bool feed(const char *kind, const char *contact, const char *body)
{
	json_t *b = json_loads(body, 0, NULL);
	struct fact f = {.at_us = ++now_us,
			 .dur_ms = -1,
			 .actor = "A1",
			 .kind = kind,
			 .contact = contact,
			 .agent = "A1",
			 .body = b};

	assert_non_null(b);
	bool changed = agent_fold(&a, &f);
	json_decref(b);
	return changed;
}

static void is(const char *state, const char *reason, const char *contact)
{
	assert_string_equal(agent_state_name(a.state), state);
	assert_string_equal(a.reason, reason);
	assert_string_equal(a.contact, contact);
}

static int ready_agent(void **state)
{
	memset(&a, 0, sizeof(a));
	strcpy(a.id, "A1");
	now_us = 1000000;
	feed("agent.signin", "", "{\"device\":\"workstation\"}");
	is("paused", "", "");
	feed("agent.state", "", "{\"state\":\"ready\",\"reason\":\"\"}");
	is("ready", "", "");
	return 0;
}

static void a_call_from_offer_to_ready(void **state)
{
	feed("offer.made", "c1", "{}");
	is("offered", "", "c1");
	feed("contact.answered", "c1", "{}");
	is("talking", "", "c1");
	assert_int_equal(a.calls, 1);
	feed("contact.held", "c1", "{}");
	is("held", "", "c1");
	feed("contact.retrieved", "c1", "{}");
	feed("contact.ended", "c1", "{\"answered\":true,\"wrapup_ms\":10}");
	is("wrapup", "", "c1");
	assert_int_equal(a.wrapup_until_us, now_us + 10000);
	assert_true(feed("ticket.filed", "c1", "{}"));
	assert_true(a.filed);
	is("wrapup", "", "c1"); /* filing alone moves nobody */
	feed("agent.state", "", "{\"state\":\"ready\",\"reason\":\"\"}");
	is("ready", "", "");
	assert_false(a.filed);
	assert_int_equal(a.ready_since_us, now_us);
}

/* Another agent of the same call filed the ticket: mine completes it. */
static void a_completed_ticket_is_filed(void **state)
{
	feed("offer.made", "c1", "{}");
	feed("contact.answered", "c1", "{}");
	feed("contact.ended", "c1", "{\"answered\":true,\"wrapup_ms\":10}");
	assert_false(feed("ticket.corrected", "c2", "{}"));
	assert_false(a.filed);
	assert_true(feed("ticket.corrected", "c1", "{}"));
	assert_true(a.filed);
}

static void each_end_of_an_offer(void **state)
{
	static const struct {
		const char *result, *is, *reason;
	} cases[] = {
		{"refused", "paused", "refused"},
		{"timeout", "paused", "missed"},
		{"unreachable", "paused", "phone_lost"},
		{"caller_left", "ready", ""},
		{"withdrawn", "ready", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char body[64];
		ready_agent(state);
		int64_t idle = a.ready_since_us;
		feed("offer.made", "c1", "{}");
		strcpy(body, "{\"result\":\"");
		strcat(strcat(body, cases[i].result), "\"}");
		assert_true(feed("offer.ended", "c1", body));
		is(cases[i].is, cases[i].reason, "");
		/* whose doing it was not keeps his place among the idle */
		assert_int_equal(a.ready_since_us, idle);
		assert_false(feed("offer.ended", "c1", body));
	}
}

static void what_follows_was_chosen_in_the_call(void **state)
{
	feed("offer.made", "c1", "{}");
	feed("agent.after", "", "{\"to\":\"rest\"}");
	feed("offer.ended", "c1", "{\"result\":\"caller_left\"}");
	is("paused", "rest", "");
}

static void facts_of_other_calls_change_nothing(void **state)
{
	feed("offer.made", "c1", "{}");
	feed("contact.answered", "c1", "{}");
	assert_false(feed("contact.ended", "c2", "{\"answered\":true}"));
	assert_false(feed("offer.ended", "c1", "{\"result\":\"timeout\"}"));
	assert_false(feed("ticket.filed", "c2", "{}"));
	is("talking", "", "c1");
	feed("contact.requeued", "c1", "{}");
	is("paused", "phone_lost", "");
	assert_false(feed("contact.ended", "c1", "{\"answered\":true}"));
}

static void an_unanswered_dial_leads_back(void **state)
{
	feed("contact.dialled", "c1", "{}");
	is("talking", "", "c1");
	feed("contact.ended", "c1", "{\"answered\":false}");
	is("ready", "", "");
	feed("agent.state", "", "{\"state\":\"paused\",\"reason\":\"rest\"}");
	feed("contact.dialled", "c2", "{}");
	feed("contact.ended", "c2", "{\"answered\":false}");
	is("paused", "rest", "");
	feed("contact.dialled", "c3", "{}");
	feed("contact.answered", "c3", "{}");
	feed("contact.ended", "c3", "{\"answered\":true,\"wrapup_ms\":5}");
	is("wrapup", "", "c3");
}

/* Whatever came before: verify folds from here on. */
static void a_state_settles_all_that_was(void **state)
{
	static const struct {
		const char *kind, *body;
	} before[] = {
		{"agent.signin", "{\"device\":\"workstation\"}"},
		{"offer.made", "{}"},
		{"offer.ended", "{\"result\":\"caller_left\"}"},
		{"contact.answered", "{}"},
		{"contact.held", "{}"},
		{"contact.ended", "{\"answered\":true,\"wrapup_ms\":10}"},
		{"contact.ended", "{\"answered\":false}"},
		{"contact.dialled", "{}"},
		{"agent.after", "{\"to\":\"break\"}"},
		{"agent.state", "{\"state\":\"offline\",\"reason\":\"\"}"},
		{"ticket.filed", "{}"},
	};
	static const char *const settled[] = {
		"{\"state\":\"ready\",\"reason\":\"\"}",
		"{\"state\":\"paused\",\"reason\":\"meal\"}",
		"{\"state\":\"offline\",\"reason\":\"\"}",
	};
	const size_t n = sizeof(before) / sizeof(before[0]);

	for (unsigned i = 0; i < 3000; i++) {
		unsigned dice = i * 2654435761u;
		for (int k = 0; k < 4; k++, dice /= n)
			feed(before[dice % n].kind, k ? "c1" : "c2",
			     before[dice % n].body);
		feed("agent.state", "", settled[i % 3]);
		struct agent_now with = a;
		memset(&a, 0, sizeof(a));
		strcpy(a.id, "A1");
		feed("agent.state", "", settled[i % 3]);
		is(agent_state_name(with.state), with.reason, with.contact);
		/* and what follows is the same for both */
		feed("offer.made", "c3", "{}");
		struct agent_now alone = a;
		a = with;
		feed("offer.made", "c3", "{}");
		is(agent_state_name(alone.state), alone.reason, alone.contact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_call_from_offer_to_ready,
				       ready_agent),
		cmocka_unit_test_setup(a_completed_ticket_is_filed,
				       ready_agent),
		cmocka_unit_test_setup(each_end_of_an_offer, ready_agent),
		cmocka_unit_test_setup(what_follows_was_chosen_in_the_call,
				       ready_agent),
		cmocka_unit_test_setup(facts_of_other_calls_change_nothing,
				       ready_agent),
		cmocka_unit_test_setup(a_state_settles_all_that_was,
				       ready_agent),
		cmocka_unit_test_setup(an_unanswered_dial_leads_back,
				       ready_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
