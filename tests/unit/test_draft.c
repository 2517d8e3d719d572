/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent-tui/client_state.h"
#include "common/json.h"
#include "common/libre.h"

static char asked[32];
static int n_asked;

/* ---- the office, deaf ---- */

int client_request(struct client *c, const char *method, json_t *params,
		   const char *what, client_reply_h *h, void *arg)
{
	(void)c;
	(void)what;
	(void)h;
	(void)arg;
	snprintf(asked, sizeof(asked), "%s", method);
	n_asked++;
	json_decref(params);
	return 0;
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
	tmr_cancel(&c.draft_tmr);
	mem_deref(c.model);
}

static void test_what_rings_in_is_not_mine(void **state)
{
	struct client c = {.hello_done = true};

	(void)state;
	assert_int_equal(0, model_alloc(&c.model, NULL, NULL));
	call(&c, "d-1", false, "ringing");
	assert_string_equal("", c.model->draft.contact);
	mem_deref(c.model);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows_what_is_dialled),
		cmocka_unit_test(test_what_rings_in_is_not_mine),
		cmocka_unit_test(test_completes_what_another_filed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
