/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent-tui/model.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"

static unsigned seen;

static void on_change(unsigned mask, void *arg)
{
	(void)arg;
	seen |= mask;
}

static struct model *make(void)
{
	struct model *m = NULL;

	seen = 0;
	assert_int_equal(0, model_alloc(&m, on_change, NULL));
	return m;
}

static bool apply(struct model *m, const char *method, const char *params)
{
	char why[160];
	scoped_json json_t *p =
		json_parse(params, strlen(params), why, sizeof(why));

	assert_non_null(p);
	seen = 0;
	return model_apply(m, method, p);
}

static json_t *json_of(const char *text)
{
	char why[160];

	return json_parse(text, strlen(text), why, sizeof(why));
}

static void test_me(void **state)
{
	struct model *m = make();

	(void)state;
	json_t *hello = json_of("{\"person\":{\"id\":\"A1\",\"name\":\"王莹\","
				"\"roles\":\"agent,lead\"},\"site\":{"
				"\"name\":\"热线\",\"sample\":true}}");
	model_take_hello(m, hello);
	json_decref(hello);
	assert_int_equal(ROLE_AGENT | ROLE_LEAD, m->me.roles);
	assert_true(m->site.sample);
	assert_true(apply(m, "agent.changed",
			  "{\"n\":1,\"agent\":{\"id\":\"A1\",\"state\":"
			  "\"wrapup\",\"skills\":{\"si\":3,\"med\":1},"
			  "\"hand\":{\"up\":true,\"text\":\"help\"}}}"));
	assert_int_equal(MODEL_AGENTS | MODEL_ME, seen);
	assert_int_equal(STATE_WRAPUP, m->me.agent.state);
	assert_true(m->me.signed_in && m->me.agent.hand_up);
	assert_int_equal(2, m->me.agent.n_skills);
	/* another's change leaves mine alone */
	apply(m, "agent.changed",
	      "{\"agent\":{\"id\":\"A2\",\"state\":\"ready\"}}");
	assert_int_equal(MODEL_AGENTS, seen);
	assert_int_equal(2, m->agents.n);
	assert_false(apply(m, "weather.changed", "{}"));
	mem_deref(m);
}

/* An agent hears of himself apart from the others, whose states go again. */
static void test_me_alone(void **state)
{
	struct model *m = make();

	(void)state;
	apply(m, "me.agent",
	      "{\"agent\":{\"id\":\"A1\",\"state\":\"talking\"}}");
	assert_int_equal(MODEL_ME, seen);
	assert_int_equal(STATE_TALKING, m->me.agent.state);
	assert_int_equal(0, m->agents.n);
	apply(m, "agent.changed",
	      "{\"agent\":{\"id\":\"A2\",\"state\":\"ready\"}}");
	assert_int_equal(1, m->agents.n);
	model_forget(m, MODEL_LIST_AGENTS);
	assert_int_equal(0, m->agents.n);
	assert_int_equal(0, m->agents.page.at_us);
	assert_int_equal(STATE_TALKING, m->me.agent.state);
	mem_deref(m);
}

/* The head of the line, and how long it is. */
static void test_line(void **state)
{
	struct model *m = make();

	(void)state;
	assert_int_equal(0, model_line(m));
	apply(m, "line.changed",
	      "{\"waiting\":7,\"items\":[{\"contact\":\"c-2\",\"position\":2},"
	      "{\"contact\":\"c-1\",\"position\":1}]}");
	assert_int_equal(MODEL_ITEMS, seen);
	assert_int_equal(7, model_line(m));
	assert_int_equal(2, m->items.n);
	assert_string_equal("c-1", m->items.v[0].contact);
	apply(m, "line.changed", "{\"waiting\":0,\"items\":[]}");
	assert_int_equal(0, model_line(m));
	assert_int_equal(0, m->items.n);
	/* a list that was fetched is the truth of its moment */
	apply(m, "line.changed", "{\"waiting\":9,\"items\":[]}");
	json_t *page = json_of("{\"items\":[{\"contact\":\"c-3\"}]}");
	model_take_page(m, MODEL_LIST_ITEMS, page, true);
	json_decref(page);
	assert_int_equal(1, model_line(m));
	mem_deref(m);
}

/* What is shown of the round trip does not follow its jitter. */
static void test_rtt(void **state)
{
	static const struct {
		int us, shown;
	} steps[] = {{1900, 1},	  {3900, 1},   {9000, 1},   {1000, 1},
		     {9000, 1},	  {8000, 8},   {40000, 8},  {40000, 40},
		     {49999, 40}, {49999, 40}, {51000, 40}, {52000, 52},
		     {300, 52},	  {300, 0}};
	struct model *m = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		model_take_rtt(m, steps[i].us);
		assert_int_equal(steps[i].us, m->link.rtt_us);
		assert_int_equal(steps[i].shown, m->link.rtt_ms);
	}
	mem_deref(m);
}

/* The figures of one frame are of one moment. */
static void test_frame(void **state)
{
	struct model *m = make();

	(void)state;
	m->link.offset_us = 7;
	model_frame(1000);
	assert_int_equal(1007, model_now_us(m));
	model_frame(0);
	assert_true(model_now_us(m) > 1000000000000000);
	mem_deref(m);
}

static void test_items(void **state)
{
	struct model *m = make();
	char text[160];

	(void)state;
	for (int i = 20; i >= 1; i--) {
		snprintf(text, sizeof(text),
			 "{\"item\":{\"contact\":\"c-%d\",\"queue\":\"si\","
			 "\"position\":%d,\"state\":\"waiting\"}}",
			 i, i);
		apply(m, "item.changed", text);
	}
	assert_int_equal(20, m->items.n);
	assert_string_equal("c-1", m->items.v[0].contact);
	apply(m, "item.changed", text); /* twice is once */
	assert_int_equal(20, m->items.n);
	apply(m, "item.gone", "{\"contact\":\"c-1\"}");
	apply(m, "item.gone", "{\"contact\":\"c-99\"}");
	assert_int_equal(19, m->items.n);
	assert_string_equal("c-2", m->items.v[0].contact);
	mem_deref(m);
}

static void test_bound(void **state)
{
	struct model *m = make();
	json_t *items = json_array();

	(void)state;
	for (int i = 0; i < MODEL_LIST_MAX + 10; i++)
		json_array_append_new(items, json_pack("{s:i}", "seq", i));
	json_t *page = json_pack("{s:o, s:s}", "items", items, "next", "x");
	model_take_page(m, MODEL_LIST_FACTS, page, true);
	assert_int_equal(MODEL_LIST_MAX, m->facts.n);
	assert_true(m->facts.page.full && !m->facts.page.whole);
	model_take_page(m, MODEL_LIST_FACTS, page, true);
	assert_int_equal(MODEL_LIST_MAX, m->facts.n);
	json_decref(page);
	mem_deref(m);
}

static void test_offer(void **state)
{
	struct model *m = make();

	(void)state;
	apply(m, "me.offer",
	      "{\"offer\":\"o1\",\"contact\":\"d-1\",\"queue\":\"si\","
	      "\"number\":\"138****1234\",\"lease_ms\":15000,\"citizen\":"
	      "{\"name\":\"张*\",\"open\":[{\"id\":\"T-1\",\"summary\":\"x\"}"
	      "]},\"kb\":[{\"id\":\"KB-1\",\"snippet\":\"s\"}]}");
	assert_string_equal("d-1", m->offer.contact);
	assert_string_equal("张*", m->citizen.name);
	assert_string_equal("d-1", m->citizen.of);
	assert_int_equal(1, m->offer.kb.n);
	assert_true(m->offer.until_us > model_now_us(m));
	/* of another offer */
	apply(m, "me.offer_gone", "{\"contact\":\"d-2\",\"why\":\"timeout\"}");
	assert_string_equal("d-1", m->offer.contact);
	apply(m, "me.offer_gone", "{\"contact\":\"d-1\",\"why\":\"timeout\"}");
	assert_string_equal("", m->offer.contact);
	assert_string_equal("timeout", m->offer.gone);
	assert_int_equal(1, m->n_messages);
	assert_int_equal(MESSAGE_WARN, m->messages[0].level);
	mem_deref(m);
}

static void test_call(void **state)
{
	struct model *m = make();

	(void)state;
	apply(m, "me.offer", "{\"offer\":\"o\",\"contact\":\"d-2\"}");
	apply(m, "me.call",
	      "{\"call\":{\"contact\":\"d-2\",\"state\":\"talking\"}}");
	assert_string_equal("", m->offer.contact);
	assert_string_equal("answered", m->offer.gone);
	/* a hold is told of after it, too */
	apply(m, "me.call",
	      "{\"call\":{\"contact\":\"d-2\",\"state\":\"held\","
	      "\"held_us\":7}}");
	assert_true(m->call.hold_us == 7 && !m->call.back_us);
	apply(m, "me.call",
	      "{\"call\":{\"contact\":\"d-2\",\"state\":\"talking\"}}");
	assert_true(m->call.hold_us == 7 && m->call.back_us > 0);
	/* the end of an older call does not end this one */
	apply(m, "me.call",
	      "{\"call\":{\"contact\":\"d-1\",\"state\":\"ended\"}}");
	assert_string_equal("talking", m->call.state);
	apply(m, "me.call",
	      "{\"call\":{\"contact\":\"d-2\",\"state\":\"ended\","
	      "\"reason\":\"bye\"}}");
	assert_string_equal("ended", m->call.state);
	assert_true(m->call.ended_us > 0);
	mem_deref(m);
}

static void test_draft(void **state)
{
	struct model *m = make();
	json_t *t = json_of("{\"ticket\":{\"id\":\"T-1\",\"contact\":\"d-1\","
			    "\"state\":\"draft\",\"disposition\":\"MED\","
			    "\"summary\":\"server\",\"rev\":2,\"entries\":[{"
			    "\"entry\":\"KB-1\",\"version\":3}]}}");

	(void)state;
	model_draft_begin(m, "d-2", NULL);
	model_draft_take(m, t); /* somebody else's */
	assert_string_equal("", m->draft.ticket);
	model_draft_begin(m, "d-1", NULL);
	model_draft_take(m, t);
	assert_string_equal("T-1", m->draft.ticket);
	assert_string_equal("server", m->draft.summary);
	assert_int_equal(1, m->draft.entries.n);
	/* what was typed since is newer */
	model_text(&m->draft.summary, "typed");
	m->draft.save = SAVE_DIRTY;
	model_draft_take(m, t);
	assert_string_equal("typed", m->draft.summary);
	assert_false(m->draft.filed);
	apply(m, "ticket.changed",
	      "{\"ticket\":{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":"
	      "\"open\"}}");
	assert_true(m->draft.filed);
	json_decref(t);
	mem_deref(m);
}

static void test_hostile(void **state)
{
	static const char *const events[] = {
		"me.offer",	  "me.offer_gone",  "me.call",
		"me.message",	  "me.playback",    "me.ended",
		"me.agent",	  "me.ticket",	    "line.changed",
		"agent.changed",  "item.changed",   "item.gone",
		"call.changed",	  "call.gone",	    "queue.changed",
		"missed.changed", "ticket.changed", "kb.changed",
		"alarm.changed",  "alarm.gone",	    "fact.new"};
	static const char *const bodies[] = {
		"{}",
		"{\"agent\":7,\"item\":[],\"call\":null,\"queue\":\"x\","
		"\"missed\":true,\"ticket\":{},\"entry\":{},\"alarm\":{},"
		"\"fact\":{\"seq\":\"x\"},\"contact\":{},\"citizen\":[]}",
	};
	struct model *m = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(bodies); j++)
			assert_true(apply(m, events[i], bodies[j]));
		model_apply(m, events[i], NULL);
	}
	for (int i = 0; i < 3 * MODEL_MESSAGES_MAX; i++)
		model_say(m, MESSAGE_INFO, "text", NULL);
	assert_int_equal(MODEL_MESSAGES_MAX, m->n_messages);
	mem_deref(m);
}

static void test_paths(void **state)
{
	struct model *m = make();
	char out[64];

	(void)state;
	json_t *page = json_of(
		"{\"items\":[{\"code\":\"A\",\"name\":\"医保\"},{\"code\":"
		"\"B\",\"name\":\"生育\",\"parent\":\"A\"},{\"code\":\"X\","
		"\"name\":\"loop\",\"parent\":\"X\"}]}");
	model_take_page(m, MODEL_LIST_DISPOSITIONS, page, true);
	json_decref(page);
	model_disposition_path(m, "B", out, sizeof(out));
	assert_string_equal("医保/生育", out);
	model_disposition_path(m, "X", out, sizeof(out)); /* ends */
	model_disposition_path(m, "none", out, sizeof(out));
	assert_string_equal("", out);
	mem_deref(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),	 cmocka_unit_test(test_me),
		cmocka_unit_test(test_me_alone), cmocka_unit_test(test_line),
		cmocka_unit_test(test_rtt),	 cmocka_unit_test(test_items),
		cmocka_unit_test(test_bound),	 cmocka_unit_test(test_offer),
		cmocka_unit_test(test_call),	 cmocka_unit_test(test_draft),
		cmocka_unit_test(test_hostile),	 cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
