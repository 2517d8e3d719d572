/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the knowledge base: requests and what their replies change.
 * Stands on client_request alone, so that the screens' tests run this file
 * as it is, over a conversation that they write.
 */
#include "agent-tui/client_kb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/proto.h"
#include "common/utf8.h"

#include "agent-tui/client_state.h"

static json_t *of(const char *entry, int version)
{
	json_t *p = json_pack("{s:s}", "entry", entry);

	if (version)
		json_object_set_new(p, "version", json_integer(version));
	return p;
}

/* "✓ Confirmed: KB-0412 v7" */
static void say_done(struct client *c, const char *text,
		     const struct client_reply *r)
{
	char b[MODEL_ID + 16];

	snprintf(b, sizeof(b), "%s v%d", json_str(r->result, "entry"),
		 (int)json_int(r->result, "version"));
	model_say(client_own_model(c), MESSAGE_OK, text, b);
}

/* ---- review ---- */

static void on_before(const struct client_reply *r, void *arg)
{
	if (!r->err)
		model_kb_take_side(client_own_model(arg), true, r->result);
}

static void on_after(const struct client_reply *r, void *arg)
{
	if (!r->err)
		model_kb_take_side(client_own_model(arg), false, r->result);
}

static void on_impact(const struct client_reply *r, void *arg)
{
	if (!r->err)
		model_kb_take_impact(client_own_model(arg), r->result);
}

static int get_text(struct client *c, const char *entry, int version,
		    client_reply_h *h)
{
	json_t *p = of(entry, version);

	json_object_set_new(p, "source", json_true());
	client_drop_requests(c, h);
	return client_request(c, "kb.get", p, NULL, h, c);
}

int client_kb_compare(struct client *c, const char *entry, int version,
		      int was)
{
	int err;

	model_kb_compare(client_own_model(c), entry, version, was);
	client_drop_requests(c, on_before);
	err = get_text(c, entry, version, on_after);
	if (!err && was)
		err = get_text(c, entry, was, on_before);
	client_drop_requests(c, on_impact);
	if (!err)
		client_request(c, "kb.impact", of(entry, version), NULL,
			       on_impact, c);
	return err;
}

static void on_reviewed(const struct client_reply *r, void *arg)
{
	if (!r->err)
		say_done(arg, N_("Reviewed, the bureau may confirm it:"), r);
}

int client_kb_review(struct client *c, const char *entry, int version)
{
	return client_request(c, "kb.review", of(entry, version), N_("Review"),
			      on_reviewed, c);
}

static void on_confirmed(const struct client_reply *r, void *arg)
{
	if (!r->err)
		say_done(arg, N_("Confirmed, counts with the next release:"),
			 r);
}

int client_kb_confirm(struct client *c, const char *entry, int version,
		      const char *effective)
{
	json_t *p = of(entry, version);

	if (*effective)
		json_object_set_new(p, "effective", json_string(effective));
	return client_request(c, "kb.confirm", p, N_("Confirm"), on_confirmed,
			      c);
}

static void on_returned(const struct client_reply *r, void *arg)
{
	if (!r->err)
		say_done(arg, N_("Returned to its author:"), r);
}

static void on_withdrawn(const struct client_reply *r, void *arg)
{
	if (!r->err)
		say_done(arg, N_("Out of force:"), r);
}

static json_t *with_reason(const char *entry, int version, const char *reason)
{
	json_t *p = of(entry, version);

	json_object_set_new(p, "reason", json_string(reason));
	return p;
}

int client_kb_return(struct client *c, const char *entry, int version,
		     const char *reason)
{
	return client_request(c, "kb.return",
			      with_reason(entry, version, reason),
			      N_("Return"), on_returned, c);
}

int client_kb_withdraw(struct client *c, const char *entry, int version,
		       const char *reason)
{
	return client_request(c, "kb.withdraw",
			      with_reason(entry, version, reason),
			      N_("Withdraw"), on_withdrawn, c);
}

static void on_rolled_back(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		return;
	say_done(c, N_("The earlier text is in force again, as:"), r);
	client_kb_versions(c, json_str(r->result, "entry"));
}

int client_kb_rollback(struct client *c, const char *entry, int version,
		       const char *reason)
{
	return client_request(c, "kb.rollback",
			      with_reason(entry, version, reason),
			      N_("Roll back"), on_rolled_back, c);
}

int client_kb_versions(struct client *c, const char *entry)
{
	struct model *m = client_own_model(c);
	const struct client_filter f = {.entry = entry};

	if (strcmp(m->kb.versions_of, entry) != 0)
		model_take_page(m, MODEL_LIST_VERSIONS, NULL, true);
	utf8_copy(m->kb.versions_of, sizeof(m->kb.versions_of), entry);
	client_filter(c, MODEL_LIST_VERSIONS, &f);
	return client_list(c, MODEL_LIST_VERSIONS);
}

/* ---- writing ---- */

static void write_at(struct model *m, enum model_write_state at)
{
	m->kb.write.at = at;
	m->kb.write.turns++;
	model_changed(m, MODEL_KB);
}

static void write_failed(struct model *m, const struct client_reply *r)
{
	struct model_write *w = &m->kb.write;

	utf8_copy(w->fault, sizeof(w->fault), r->message);
	utf8_copy(w->detail, sizeof(w->detail), r->detail ? r->detail : "");
	write_at(m, WRITE_FAILED);
}

static void on_write(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model *m = client_own_model(c);
	struct model_write *w = &m->kb.write;

	if (r->err) {
		write_failed(m, r);
		return;
	}
	int version = (int)json_int(r->result, "version");
	int newest = (int)json_int(r->result, "newest");
	/* what is in force is not what comes next */
	if (newest > version) {
		get_text(c, w->id, newest, on_write);
		return;
	}
	w->version = version;
	w->known_us = json_int(r->result, "changed_us");
	utf8_copy(w->state, sizeof(w->state), json_str(r->result, "state"));
	utf8_copy(w->author, sizeof(w->author),
		  json_str(r->result, "changed_by"));
	model_text(&w->text, json_str(r->result, "text"));
	write_at(m, WRITE_OPEN);
}

static void write_begin(struct model *m, const char *entry)
{
	struct model_write *w = &m->kb.write;

	utf8_copy(w->id, sizeof(w->id), entry);
	w->version = 0;
	w->known_us = w->saved_us = 0;
	*w->state = *w->author = *w->fault = *w->detail = '\0';
	model_text(&w->text, "");
	model_text(&w->theirs, "");
	m->kb.check.known = false;
	m->kb.check.n = 0;
}

int client_kb_write(struct client *c, const char *entry)
{
	struct model *m = client_own_model(c);

	write_begin(m, entry);
	write_at(m, *entry ? WRITE_LOADING : WRITE_OPEN);
	return *entry ? get_text(c, entry, 0, on_write) : 0;
}

static void on_theirs(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model *m = client_own_model(c);
	struct model_write *w = &m->kb.write;

	if (r->err)
		return;
	int version = (int)json_int(r->result, "version");
	int newest = (int)json_int(r->result, "newest");
	if (newest > version) {
		get_text(c, w->id, newest, on_theirs);
		return;
	}
	/* nobody changed it: it was refused for another reason */
	if (json_int(r->result, "changed_us") == w->known_us)
		return;
	w->theirs_version = version;
	w->theirs_us = json_int(r->result, "changed_us");
	utf8_copy(w->theirs_author, sizeof(w->theirs_author),
		  json_str(r->result, "changed_by"));
	model_text(&w->theirs, json_str(r->result, "text"));
	write_at(m, WRITE_CONFLICT);
}

static void on_known(const struct client_reply *r, void *arg)
{
	struct model_write *w = &client_own_model(arg)->kb.write;

	if (!r->err)
		w->known_us = json_int(r->result, "changed_us");
}

static void on_saved(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model *m = client_own_model(c);
	struct model_write *w = &m->kb.write;

	if (r->err) {
		write_failed(m, r);
		if (r->err == EALREADY && *w->id)
			get_text(c, w->id, 0, on_theirs);
		return;
	}
	utf8_copy(w->id, sizeof(w->id), json_str(r->result, "entry"));
	w->version = (int)json_int(r->result, "version");
	utf8_copy(w->state, sizeof(w->state), "draft");
	utf8_copy(w->author, sizeof(w->author), m->me.id);
	*w->fault = *w->detail = '\0';
	w->saved_us = model_now_us(m);
	/* the next save says which text it goes over */
	w->known_us = 0;
	get_text(c, w->id, w->version, on_known);
	write_at(m, WRITE_SAVED);
}

int client_kb_save(struct client *c, const char *text, bool over)
{
	struct model *m = client_own_model(c);
	struct model_write *w = &m->kb.write;
	json_t *p = json_pack("{s:s}", "text", text);
	int64_t known = over ? w->theirs_us : w->known_us;
	int err;

	if (known)
		json_object_set_new(p, "known_us", json_integer(known));
	err = client_request(c, "kb.draft", p, N_("Save the draft"), on_saved,
			     c);
	if (err)
		return err;
	if (over)
		w->known_us = known;
	model_text(&w->text, text);
	write_at(m, WRITE_SENDING);
	return 0;
}

static void on_checked(const struct client_reply *r, void *arg)
{
	if (!r->err)
		model_kb_take_check(client_own_model(arg), r->result);
}

int client_kb_check(struct client *c, const char *text)
{
	client_drop_requests(c, on_checked);
	return client_request(c, "kb.check", json_pack("{s:s}", "text", text),
			      NULL, on_checked, c);
}

/* ---- what I must read ---- */

static void on_lesson(const struct client_reply *r, void *arg)
{
	if (!r->err)
		model_kb_take_lesson(client_own_model(arg), r->result);
}

int client_learn_open(struct client *c, const char *entry, int version)
{
	model_kb_lesson_over(client_own_model(c));
	client_drop_requests(c, on_lesson);
	return client_request(c, "learn.get", of(entry, version), N_("Read"),
			      on_lesson, c);
}

static void on_read(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model *m = client_own_model(c);
	struct model_lesson *l = &m->kb.lesson;
	char b[80];

	if (r->err)
		return;
	l->passed = json_bool(r->result, "passed");
	l->right = (int)json_int(r->result, "right");
	l->of = (int)json_int(r->result, "of");
	if (l->passed) {
		snprintf(b, sizeof(b), "%s v%d", l->id, l->version);
		model_say(m, MESSAGE_OK, N_("Read and acknowledged:"), b);
		model_kb_lesson_over(m);
	} else {
		snprintf(b, sizeof(b), "%d/%d", l->right, l->of);
		model_say(m, MESSAGE_WARN,
			  N_("Not passed; read it again. Right answers:"), b);
		model_changed(m, MODEL_LEARN);
	}
	client_list(c, MODEL_LIST_LEARN);
}

int client_learn_read(struct client *c, const char *entry, int version,
		      const int *answers, int n)
{
	json_t *p = of(entry, version), *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_integer(answers[i]));
	if (n)
		json_object_set(p, "answers", list);
	json_decref(list);
	return client_request(c, "learn.read", p, N_("Acknowledge"), on_read,
			      c);
}

/* ---- questions without an answer ---- */

static json_t *gaps_of(const struct model_gap *g)
{
	json_t *list = json_array();

	for (int i = 0; i < g->n_gaps; i++)
		json_array_append_new(list, json_integer(g->gaps[i]));
	return json_pack("{s:o}", "gaps", list);
}

static void on_gap_draft(const struct client_reply *r, void *arg)
{
	struct client *c = arg;
	struct model *m = client_own_model(c);
	const char *id = json_str(r->result, "entry");

	if (r->err) {
		write_failed(m, r);
		return;
	}
	model_say(m, MESSAGE_OK, N_("A draft of these questions:"), id);
	client_kb_write(c, id);
	client_list(c, MODEL_LIST_GAPS);
}

int client_gap_draft(struct client *c, const struct model_gap *g)
{
	struct model *m = client_own_model(c);
	int err = client_request(c, "gap.draft", gaps_of(g), N_("Draft"),
				 on_gap_draft, c);

	if (err)
		return err;
	write_begin(m, "");
	write_at(m, WRITE_LOADING);
	return 0;
}

static void on_gap_closed(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		return;
	model_say(client_own_model(c), MESSAGE_OK, N_("Off the list"), NULL);
	client_list(c, MODEL_LIST_GAPS);
}

int client_gap_close(struct client *c, const struct model_gap *g,
		     const char *entry, const char *reason)
{
	json_t *p = gaps_of(g);

	if (*entry)
		json_object_set_new(p, "entry", json_string(entry));
	if (*reason)
		json_object_set_new(p, "reason", json_string(reason));
	return client_request(c, "gap.close", p, N_("Close"), on_gap_closed,
			      c);
}

/* ---- release ---- */

static void on_dry(const struct client_reply *r, void *arg)
{
	struct model *m = client_own_model(arg);

	if (!r->err) {
		model_kb_take_dry(m, r->result);
		return;
	}
	m->kb.dry.loading = false;
	model_changed(m, MODEL_KB);
}

int client_kb_dry(struct client *c)
{
	struct model *m = client_own_model(c);
	int err;

	client_drop_requests(c, on_dry);
	err = client_request(c, "kb.release", json_pack("{s:b}", "dry", 1),
			     NULL, on_dry, c);
	m->kb.dry.loading = !err;
	return err;
}

static void on_release(const struct client_reply *r, void *arg)
{
	struct client *c = arg;

	if (r->err)
		return;
	model_say(client_own_model(c), MESSAGE_OK, N_("Released:"),
		  json_str(r->result, "release"));
	client_kb_dry(c);
	client_list(c, MODEL_LIST_RELEASES);
}

int client_kb_release(struct client *c, const char *note, const char *force)
{
	json_t *p = json_object();

	if (*note)
		json_object_set_new(p, "note", json_string(note));
	if (force)
		json_object_set_new(p, "force", json_string(force));
	return client_request(c, "kb.release", p, N_("Release"), on_release,
			      c);
}

/* ---- it changed ---- */

void client_kb_changed(struct client *c)
{
	static const enum model_list lists[] = {
		MODEL_LIST_WAITING, MODEL_LIST_LEARN, MODEL_LIST_GAPS,
		MODEL_LIST_RELEASES};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (client_model(c) && client_wants(c, lists[i]))
			client_list(c, lists[i]);
}
