/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent-tui/client_state.h"
#include "common/json.h"
#include "common/libre.h"

static char asked[32];
static int n_asked;
static json_t *asked_with; /* of the last request */
static client_reply_h *answerh;

/* ---- the office, deaf ---- */

int client_request(struct client *c, const char *method, json_t *params,
		   const char *what, client_reply_h *h, void *arg)
{
	(void)c;
	(void)what;
	(void)arg;
	snprintf(asked, sizeof(asked), "%s", method);
	n_asked++;
	json_decref(asked_with);
	asked_with = params;
	answerh = h;
	return 0;
}

/* The last request is answered, or refused with this errno. */
static void answer(struct client *c, int err, const char *ticket)
{
	client_reply_h *h = answerh;
	json_t *t = json_loads(ticket, 0, NULL);
	json_t *result = json_pack("{s:o*}", "ticket", t);

	answerh = NULL;
	h(&(struct client_reply){.err = err,
				 .result = err ? NULL : result,
				 .message = err ? "refused" : "",
				 .detail = ""},
	  c);
	json_decref(result);
}

static const json_t *sent(void)
{
	return json_object_get(asked_with, "fields");
}

void client_drop_requests(struct client *c, client_reply_h *h)
{
	(void)c;
	(void)h;
}

int client_citizen_open(struct client *c, const char *contact,
			const char *number)
{
	(void)c;
	(void)contact;
	(void)number;
	return 0;
}

static void end(struct client *c)
{
	tmr_cancel(&c->draft_tmr);
	json_decref(c->draft_base);
	mem_deref(c->model);
	json_decref(asked_with);
	asked_with = NULL;
}

static void call(struct client *c, const char *contact, bool out,
		 const char *state)
{
	json_t *p =
		json_pack("{s:{s:s, s:s, s:s}}", "call", "contact", contact,
			  "direction", out ? "out" : "in", "state", state);

	model_apply(c->model, "me.call", p);
	json_decref(p);
	client_draft_follow(c);
}

static void ticket(struct client *c, const char *id, const char *contact)
{
	json_t *t =
		json_pack("{s:s, s:s, s:s, s:s}", "id", id, "contact", contact,
			  "state", "draft", "outcome", "answered");

	model_draft_take(c->model, t);
	json_decref(t);
}

static void test_follows_what_is_dialled(void **state)
{
	struct client c = {.hello_done = true};

	(void)state;
	assert_int_equal(0, model_alloc(&c.model, NULL, NULL));
	call(&c, "d-1", false, "talking");
	ticket(&c, "T-1", "d-1");
	assert_string_equal("answered", c.model->draft.outcome);
	call(&c, "d-1", false, "ended");
	assert_string_equal("T-1", c.model->draft.ticket);
	/* it rings out: the old form is gone */
	call(&c, "d-2", true, "ringing");
	assert_string_equal("d-2", c.model->draft.contact);
	assert_string_equal("", c.model->draft.outcome);
	assert_string_equal("", c.model->draft.ticket);
	/* answered: its ticket is there now, and is asked for */
	n_asked = 0;
	call(&c, "d-2", true, "talking");
	assert_int_equal(1, n_asked);
	assert_string_equal("ticket.get", asked);
	ticket(&c, "T-2", "d-2");
	call(&c, "d-2", true, "held");
	assert_int_equal(1, n_asked);
	end(&c);
}

static void test_what_rings_in_is_not_mine(void **state)
{
	struct client c = {.hello_done = true};

	(void)state;
	assert_int_equal(0, model_alloc(&c.model, NULL, NULL));
	call(&c, "d-1", false, "ringing");
	assert_string_equal("", c.model->draft.contact);
	end(&c);
}

static void me(struct client *c, const char *contact, bool filed)
{
	json_t *p = json_pack("{s:{s:s, s:s, s:s, s:b}}", "agent", "id", "A2",
			      "state", "talking", "contact", contact, "filed",
			      filed);

	model_apply(c->model, "agent.changed", p);
	json_decref(p);
}

/* A call that came by transfer: the ticket is filed, my part is not. */
static void test_completes_what_another_filed(void **state)
{
	struct client c = {.hello_done = true};

	(void)state;
	assert_int_equal(0, model_alloc(&c.model, NULL, NULL));
	snprintf(c.model->me.id, sizeof(c.model->me.id), "A2");
	me(&c, "d-1", false);
	call(&c, "d-1", false, "talking");
	json_t *t = json_pack("{s:s, s:s, s:s, s:s}", "id", "T-1", "contact",
			      "d-1", "state", "done", "summary", "A1's");
	model_draft_take(c.model, t);
	assert_false(c.model->draft.filed);
	assert_true(c.model->draft.amends);
	assert_string_equal("A1's", c.model->draft.summary);
	/* what is typed is kept here: the server has no draft of it */
	n_asked = 0;
	client_draft_set(&c, "summary", "both");
	client_draft_resume(&c);
	assert_int_equal(0, n_asked);
	client_draft_set(&c, "disposition", "mi.a");
	client_draft_set(&c, "outcome", "answered");
	assert_int_equal(0, client_ticket_file(&c));
	assert_string_equal("ticket.file", asked);
	/* after mine it is filed */
	me(&c, "d-1", true);
	model_draft_take(c.model, t);
	assert_true(c.model->draft.filed);
	assert_false(c.model->draft.amends);
	json_decref(t);
	tmr_cancel(&c.draft_tmr);
	mem_deref(c.model);
}

/* ---- two who write at once ---- */

static void begin(struct client *c)
{
	assert_int_equal(0, model_alloc(&c->model, NULL, NULL));
	call(c, "d-1", false, "talking");
	assert_string_equal("ticket.get", asked);
	answer(c, 0,
	       "{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":\"draft\","
	       "\"rev\":3,\"summary\":\"问津贴\",\"outcome\":\"answered\","
	       "\"person\":\"本人\"}");
	assert_string_equal("问津贴", c->model->draft.summary);
}

/* Types and lets the pause go by. */
static void type_and_save(struct client *c, const char *field,
			  const char *text)
{
	assert_int_equal(0, client_draft_set(c, field, text));
	client_draft_resume(c);
	assert_string_equal("ticket.draft", asked);
}

static void test_a_save_says_what_it_stands_on(void **state)
{
	struct client c = {.hello_done = true};

	(void)state;
	begin(&c);
	type_and_save(&c, "need", "咨询");
	assert_int_equal(3, json_int(asked_with, "rev"));
	assert_int_equal(1, json_object_size(sent()));
	answer(&c, 0,
	       "{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":\"draft\","
	       "\"rev\":4,\"summary\":\"问津贴\",\"need\":\"咨询\"}");
	assert_int_equal(SAVE_SAVED, c.model->draft.save);
	/* the next one stands on that, and brings only what is new */
	type_and_save(&c, "address", "女士");
	assert_int_equal(4, json_int(asked_with, "rev"));
	assert_int_equal(1, json_object_size(sent()));
	assert_string_equal("女士", json_str(sent(), "address"));
	end(&c);
}

static void test_both_stay(void **state)
{
	struct client c = {.hello_done = true};
	const struct model_draft *d;

	(void)state;
	begin(&c);
	d = &c.model->draft;
	assert_int_equal(0, client_draft_set(&c, "outcome", "callback"));
	type_and_save(&c, "summary", "问津贴，单位已报");
	answer(&c, EEXIST, "{}");
	assert_string_equal("ticket.get", asked);
	/* more is typed meanwhile */
	assert_int_equal(0, client_draft_set(&c, "need", "咨询"));
	answer(&c, 0,
	       "{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":\"draft\","
	       "\"rev\":4,\"summary\":\"要求回电\",\"outcome\":\"bureau\","
	       "\"person\":\"家属\",\"link\":[\"T-9\"],"
	       "\"flags\":{\"hot\":true}}");
	/* words of both, my choice, and all that only the other touched */
	assert_string_equal("问津贴，单位已报\n要求回电", d->summary);
	assert_string_equal("callback", d->outcome);
	assert_string_equal("家属", d->person);
	assert_string_equal("咨询", d->need);
	assert_int_equal(1, d->n_link);
	assert_int_equal(FLAG_HOT, d->flags);
	/* it is said, with what the other chose */
	assert_true(c.model->n_messages >= 2);
	bool said = false;
	for (size_t i = 0; i < c.model->n_messages; i++)
		said |= !strcmp(c.model->messages[i].detail, "bureau");
	assert_true(said);
	/* and saved again at once, on the newest */
	assert_string_equal("ticket.draft", asked);
	assert_int_equal(4, json_int(asked_with, "rev"));
	assert_string_equal("问津贴，单位已报\n要求回电",
			    json_str(sent(), "summary"));
	assert_null(json_object_get(sent(), "person"));
	/* my own save that was told twice is no quarrel */
	answer(&c, EEXIST, "{}");
	size_t before = c.model->n_messages;
	answer(&c, 0,
	       "{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":\"draft\","
	       "\"rev\":5,\"summary\":\"问津贴，单位已报\\n要求回电\","
	       "\"outcome\":\"callback\",\"need\":\"咨询\","
	       "\"person\":\"家属\",\"link\":[\"T-9\"],"
	       "\"flags\":{\"hot\":true}}");
	assert_int_equal(before, c.model->n_messages);
	assert_int_equal(SAVE_SAVED, d->save);
	end(&c);
}

static void test_filing_waits_for_a_look(void **state)
{
	struct client c = {.hello_done = true};

	(void)state;
	begin(&c);
	assert_int_equal(0, client_draft_set(&c, "disposition", "med.a"));
	assert_int_equal(0, client_ticket_file(&c));
	assert_int_equal(3, json_int(asked_with, "rev"));
	answer(&c, EEXIST, "{}");
	assert_string_equal("ticket.get", asked);
	/* nothing to look at: filed again by itself */
	answer(&c, 0,
	       "{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":\"draft\","
	       "\"rev\":4,\"summary\":\"问津贴\",\"outcome\":\"answered\","
	       "\"person\":\"家属\"}");
	assert_string_equal("ticket.file", asked);
	assert_int_equal(4, json_int(asked_with, "rev"));
	assert_string_equal("家属", json_str(sent(), "person"));
	/* both wrote in one field: the person decides */
	assert_true(c.model->draft.filing);
	answer(&c, EEXIST, "{}");
	assert_false(c.model->draft.filing);
	assert_int_equal(0, client_draft_set(&c, "summary", "我的话"));
	answer(&c, 0,
	       "{\"id\":\"T-1\",\"contact\":\"d-1\",\"state\":\"draft\","
	       "\"rev\":5,\"summary\":\"别人的话\","
	       "\"outcome\":\"answered\"}");
	assert_string_equal("我的话\n别人的话", c.model->draft.summary);
	assert_string_equal("ticket.draft", asked);
	assert_false(c.model->draft.filing);
	end(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_save_says_what_it_stands_on),
		cmocka_unit_test(test_both_stay),
		cmocka_unit_test(test_filing_waits_for_a_look),
		cmocka_unit_test(test_follows_what_is_dialled),
		cmocka_unit_test(test_what_rings_in_is_not_mine),
		cmocka_unit_test(test_completes_what_another_filed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
