/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screens without an office: the real app and views over a scripted
 * model. Lines of JSON come in through a FIFO and change the model as the
 * wire would; what the screens ask for is written to a log, one command a
 * line, so that a test can wait for it. The clock stands where it was set.
 *
 *     stage FEED LOG [ascii|light|en]
 *
 *     {"now":1795401725000000}           both clocks
 *     {"event":"me.offer","params":{}}   as the office sends it
 *     {"list":"queues","reply":{"items":[]}}
 *     {"take":"hello","value":{}}        hello me hits entry citizen ticket
 *                                        contact wall draft today likely
 *     {"phone":{"state":"ringing"}}      {"link":{"state":"up"}}
 *     {"say":"text","level":3}           {"quit":true}
 *     {"answer":"kb.check","result":{}}  to the oldest such request, or with
 *                                        "error":{code,message,detail}
 */
#include <errno.h>
#include <fcntl.h>
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/client.h"
#include "agent-tui/client_state.h"
#include "agent-tui/screen.h"

static struct model *model;
static struct phone_status phone;
static FILE *out;
static struct app *app;

/* ---- the client that the views see ---- */

static int done(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
	fflush(out);
	return model->link.state == LINK_UP ? 0 : ENOTCONN;
}

static const char *s(const char *text)
{
	return text ? text : "-";
}

const struct model *client_model(const struct client *c)
{
	return model;
}

struct tunnel *client_tunnel(struct client *c)
{
	return NULL;
}

void tunnel_accept_host(struct tunnel *t, bool yes)
{
	done("host %d", yes);
}

void tunnel_passphrase(struct tunnel *t, const char *text)
{
	done("passphrase %s", s(text));
}

void tunnel_retry(struct tunnel *t)
{
	done("retry");
}

#define PLAIN(name)                         \
	int client_##name(struct client *c) \
	{                                   \
		return done(#name);         \
	}
#define TEXT(name)                                            \
	int client_##name(struct client *c, const char *text) \
	{                                                     \
		return done(#name " %s", s(text));            \
	}
PLAIN(ready)
PLAIN(extend)
PLAIN(refuse)
PLAIN(hangup)
PLAIN(hold)
PLAIN(retrieve)
PLAIN(history_more)
PLAIN(recording_stop)
TEXT(signin)
TEXT(pause)
TEXT(after)
TEXT(transfer)
TEXT(dtmf)
TEXT(kb_search)
TEXT(kb_adopt)
TEXT(kb_drop)
TEXT(kb_gap)
TEXT(ticket_open)
TEXT(contact_open)
TEXT(alarm_take)

int client_answer(struct client *c)
{
	model->offer.answered = true;
	return done("answer");
}

void client_mute(struct client *c, bool on)
{
	phone.muted = on;
	done("mute %d", on);
}

int client_device(struct client *c, const char *headset, const char *ringer)
{
	return done("device %s %s", s(headset), s(ringer));
}

void client_choose(struct client *c, bool on)
{
	done("choose %d", on);
}

int client_hand(struct client *c, bool up, const char *text)
{
	return done("hand %d", up);
}

int client_dial(struct client *c, const struct client_dial *d)
{
	return done("dial %s %lld %s %s", s(d->number), (long long)d->missed,
		    s(d->ticket), s(d->purpose));
}

int client_citizen_open(struct client *c, const char *contact,
			const char *number)
{
	return done("citizen %s %s", s(contact), s(number));
}

int client_citizen_update(struct client *c, const char *field,
			  const char *text)
{
	return done("citizen_update %s %s", field, text);
}

int client_unmask(struct client *c, const struct client_unmask *u)
{
	return done("unmask %s %s %lld %s", s(u->contact), s(u->ticket),
		    (long long)u->missed, s(u->reason));
}

int client_kb_open(struct client *c, const char *entry, int version)
{
	return done("kb_open %s %d", entry, version);
}

void client_kb_close(struct client *c)
{
	json_t *none = json_object();

	done("kb_close");
	model_take_entry(model, none);
	json_decref(none);
}

int client_draft_open(struct client *c, const char *contact,
		      const char *ticket)
{
	return done("draft_open %s %s", s(contact), s(ticket));
}

int client_draft_set(struct client *c, const char *field, const char *text)
{
	struct model_draft *d = &model->draft;
	char **v = !strcmp(field, "summary")   ? &d->summary
		   : !strcmp(field, "promise") ? &d->promise
		   : !strcmp(field, "person")  ? &d->person
		   : !strcmp(field, "address") ? &d->address
		   : !strcmp(field, "need")    ? &d->need
					       : NULL;

	if (v)
		model_text(v, text);
	else if (!strcmp(field, "disposition"))
		utf8_copy(d->disposition, sizeof(d->disposition), text);
	else if (!strcmp(field, "outcome"))
		utf8_copy(d->outcome, sizeof(d->outcome), text);
	else
		utf8_copy(d->after, sizeof(d->after), text);
	d->save = SAVE_SENDING;
	done("draft_set %s %s", field, text);
	model_changed(model, MODEL_DRAFT);
	return 0;
}

int client_draft_promise(struct client *c, int64_t promise_us)
{
	model->draft.promise_us = promise_us;
	done("draft_promise %lld", (long long)promise_us);
	return 0;
}

int client_draft_flags(struct client *c, unsigned flags)
{
	model->draft.flags = flags;
	done("draft_flags %u", flags);
	return 0;
}

int client_draft_link(struct client *c, const char *ticket, bool on)
{
	struct model_draft *d = &model->draft;

	d->n_link = 0;
	if (on)
		utf8_copy(d->link[d->n_link++], sizeof(d->link[0]), ticket);
	done("draft_link %s %d", ticket, on);
	return 0;
}

const char *client_draft_missing(const struct client *c)
{
	const struct model_draft *d = &model->draft;
	bool promise = !strcmp(d->outcome, "callback") ||
		       !strcmp(d->outcome, "bureau");

	if (!d->disposition[0])
		return "disposition";
	if (!d->outcome[0])
		return "outcome";
	if (!d->summary || !*d->summary)
		return "summary";
	if (promise && !d->promise_us)
		return "promise_us";
	return promise && (!d->promise || !*d->promise) ? "promise" : NULL;
}

int client_ticket_file(struct client *c)
{
	return done("ticket_file");
}

int client_ticket_file_only(struct client *c)
{
	return done("ticket_file only");
}

int client_tickets(struct client *c, bool mine, const char *state)
{
	return done("tickets %d %s", mine, s(state));
}

int client_ticket_note(struct client *c, const char *ticket, const char *text,
		       const char *state, int64_t promise_us)
{
	return done("ticket_note %s %s %s", ticket, s(text), s(state));
}

int client_missed_claim(struct client *c, int64_t missed)
{
	return done("missed_claim %lld", (long long)missed);
}

int client_missed_close(struct client *c, int64_t missed, const char *outcome,
			const char *note)
{
	return done("missed_close %lld %s", (long long)missed, outcome);
}

int client_list(struct client *c, enum model_list list)
{
	return done("list %d", list);
}

int client_more(struct client *c, enum model_list list)
{
	return 0;
}

void client_filter(struct client *c, enum model_list list,
		   const struct client_filter *f)
{
	done("filter %d %s %s", list, s(f->queue), s(f->agent));
}

void client_wall_watch(struct client *c, bool on)
{
	done("wall %d", on);
}

int client_agent_set(struct client *c, const char *agent, const char *state,
		     const char *pause, const char *reason)
{
	return done("agent_set %s %s %s", agent, state, reason);
}

int client_call_end(struct client *c, const char *contact, const char *reason)
{
	return done("call_end %s %s", contact, reason);
}

int client_recording_play(struct client *c, const char *recording,
			  const char *reason, int64_t position_ms)
{
	return done("recording_play %s %s", recording, reason);
}

int client_recording_seek(struct client *c, int64_t position_ms, bool paused)
{
	return done("recording_seek %lld %d", (long long)position_ms, paused);
}

/* ---- requests of client_kb.c, which is the real one ---- */

struct asked {
	struct le le;
	char method[40];
	client_reply_h *h;
	void *arg;
};

static struct list asked; /* oldest first */

static void asked_destructor(void *arg)
{
	struct asked *q = arg;

	list_unlink(&q->le);
}

struct model *client_own_model(struct client *c)
{
	return model;
}

bool client_wants(const struct client *c, enum model_list list)
{
	return false;
}

int client_request(struct client *c, const char *method, json_t *params,
		   const char *what, client_reply_h *h, void *arg)
{
	char *text = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
	int err = done("ask %s %s", method, s(text));

	free(text);
	json_decref(params);
	if (err || !h)
		return err;
	struct asked *q = mem_zalloc(sizeof(*q), asked_destructor);
	if (!q)
		return ENOMEM;
	utf8_copy(q->method, sizeof(q->method), method);
	q->h = h;
	q->arg = arg;
	list_append(&asked, &q->le, q);
	return 0;
}

void client_drop_requests(struct client *c, client_reply_h *h)
{
	struct le *le = list_head(&asked);

	while (le) {
		struct asked *q = le->data;
		le = le->next;
		if (q->h == h)
			mem_deref(q);
	}
}

/* ---- the script ---- */

static void feed_answer(json_t *j)
{
	const char *method = json_str(j, "answer");
	const json_t *error = json_object_get(j, "error");
	struct le *le;

	LIST_FOREACH (&asked, le) {
		struct asked *q = le->data;
		if (strcmp(q->method, method))
			continue;
		const struct client_reply reply = {
			.err = error ? proto_error_errno(
					       (int)json_int(error, "code"))
				     : 0,
			.result = json_object_get(j, "result"),
			.message = json_str(error, "message"),
			.detail = json_str(error, "detail"),
		};
		list_unlink(&q->le);
		if (reply.err)
			model_say(model, MESSAGE_ERROR, reply.message,
				  reply.detail);
		q->h(&reply, q->arg);
		mem_deref(q);
		return;
	}
	done("nobody asked %s", method);
}

static void feed_list(json_t *j)
{
	static const char *const names[MODEL_LISTS] = {
		"queues",  "items",    "agents",   "calls",	   "missed",
		"tickets", "contacts", "entries",  "recordings",   "alarms",
		"facts",   "history",  "pauses",   "dispositions", "waiting",
		"learn",   "gaps",     "releases", "versions"};
	const char *name = json_str(j, "list");

	for (int i = 0; i < MODEL_LISTS; i++)
		if (!strcmp(names[i], name))
			model_take_page(model, (enum model_list)i,
					json_object_get(j, "reply"), true);
}

static void feed_take(json_t *j)
{
	const char *what = json_str(j, "take");
	json_t *v = json_object_get(j, "value");

	if (!strcmp(what, "hello"))
		model_take_hello(model, v);
	else if (!strcmp(what, "me"))
		model_take_me(model, v);
	else if (!strcmp(what, "hits")) {
		utf8_copy(model->search.q, sizeof(model->search.q),
			  json_str(j, "q"));
		model->search.took_us = 8000;
		model_take_hits(model, v);
	} else if (!strcmp(what, "entry"))
		model_take_entry(model, v);
	else if (!strcmp(what, "citizen"))
		model_take_citizen(model, json_str(j, "of"), v);
	else if (!strcmp(what, "ticket"))
		model_take_ticket(model, v);
	else if (!strcmp(what, "contact"))
		model_take_contact(model, v);
	else if (!strcmp(what, "wall"))
		model_take_wall(model, v);
	else if (!strcmp(what, "today"))
		model_take_today(model, v);
	else if (!strcmp(what, "likely"))
		model_take_likely(model, v);
	else if (!strcmp(what, "draft")) {
		if (json_str(j, "of")[0])
			model_draft_begin(model, json_str(j, "of"), NULL);
		model_draft_take(model, v);
	}
}

static int index_of(const char *const *v, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(v[i], word))
			return i;
	return 0;
}

static void feed_levels(json_t *list, int8_t past[PHONE_PAST])
{
	size_t i;
	json_t *db;

	memset(past, -96, PHONE_PAST);
	json_array_foreach (list, i, db)
		phone_past_add(past, (int)json_integer_value(db));
}

static void feed_phone(json_t *p)
{
	static const char *const legs[] = {"idle", "ringing", "answering",
					   "up", "detached"};

	phone.leg_state =
		(enum phone_leg_state)index_of(legs, 5, json_str(p, "state"));
	phone.attached = true;
	phone.audio = PHONE_AUDIO_UP;
	phone.path = PHONE_PATH_TUNNEL;
	phone.mic_db = (int)json_int(p, "mic");
	phone.far_db = (int)json_int(p, "far");
	feed_levels(json_object_get(p, "mics"), phone.mic_past);
	feed_levels(json_object_get(p, "fars"), phone.far_past);
	phone.muted = json_bool(p, "muted");
	phone.mute_talking = json_bool(p, "mute_talking");
	phone.mos = (double)json_int(p, "mos10") / 10;
	phone.since_us = json_int(p, "since_us");
	model_changed(model, MODEL_PHONE | MODEL_METER);
}

static void feed_link(json_t *l)
{
	static const char *const states[] = {"down",  "connecting", "asking",
					     "hello", "up",	    "refused"};
	struct model_link_state *k = &model->link;

	k->state = (enum model_link)index_of(states, 6, json_str(l, "state"));
	k->rtt_us = 0;
	model_take_rtt(model, json_int(l, "rtt_us"));
	k->down_us = json_int(l, "down_us");
	k->tunnel.up_us = json_int(l, "up_us");
	k->tunnel.fault.what =
		json_str(l, "what")[0] ? "Nothing listens at" : "";
	k->tunnel.fault.todo = "";
	k->tunnel.fault.kind = json_str(l, "what")[0] ? TUNNEL_FAULT_UNREACHED
						      : TUNNEL_FAULT_NONE;
	utf8_copy(k->tunnel.fault.detail, sizeof(k->tunnel.fault.detail),
		  json_str(l, "what"));
	model_changed(model, MODEL_LINK);
}

static void feed_line(const char *text, size_t len)
{
	char why[160];
	scoped_json json_t *j = json_parse(text, len, why, sizeof(why));
	int64_t now = json_int(j, "now");

	if (!j) {
		done("bad line: %s", why);
		return;
	}
	if (now)
		cal_set(now, now - 1000000000000);
	if (json_object_get(j, "event"))
		model_apply(model, json_str(j, "event"),
			    json_object_get(j, "params"));
	if (json_object_get(j, "list"))
		feed_list(j);
	if (json_object_get(j, "take"))
		feed_take(j);
	if (json_object_get(j, "answer"))
		feed_answer(j);
	if (json_object_get(j, "phone"))
		feed_phone(json_object_get(j, "phone"));
	if (json_object_get(j, "link"))
		feed_link(json_object_get(j, "link"));
	if (json_object_get(j, "draft")) {
		json_t *d = json_object_get(j, "draft");
		model->draft.filed = json_bool(d, "filed");
		model->draft.save = SAVE_SAVED;
		model->draft.saved_us = cal_now_us();
		model_changed(model, MODEL_DRAFT);
	}
	if (json_object_get(j, "host"))
		app_on_host(
			json_str(j, "host"), "ssh-ed25519",
			"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
			app);
	if (json_object_get(j, "say"))
		model_say(model, (enum model_level)json_int(j, "level"),
			  json_str(j, "say"), json_str(j, "detail"));
	if (json_bool(j, "quit"))
		re_cancel();
	/* the clock of the screen may have changed too */
	app_on_change(MODEL_PHONE, app);
	app_dirty(app);
	done("fed");
}

static int feed_fd = -1;
static char feed[1 << 18];
static size_t feed_n;

static void on_feed(int flags, void *arg)
{
	ssize_t n = read(feed_fd, feed + feed_n, sizeof(feed) - feed_n);
	char *nl;

	if (n <= 0)
		return;
	feed_n += (size_t)n;
	while ((nl = memchr(feed, '\n', feed_n))) {
		size_t len = (size_t)(nl - feed);
		if (len)
			feed_line(feed, len);
		feed_n -= len + 1;
		memmove(feed, nl + 1, feed_n);
	}
}

static void on_change(unsigned mask, void *arg)
{
	if (app)
		app_on_change(mask, app);
}

static void on_quit(void *arg)
{
	re_cancel();
}

static void on_signal(int sig)
{
	re_cancel();
}

static bool has(int argc, char **argv, const char *word)
{
	for (int i = 3; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int err;

	if (argc < 3)
		return 2;
	setlocale(LC_CTYPE, "C.UTF-8");
	setlocale(LC_MESSAGES, "C.UTF-8");
	setenv("LANGUAGE", has(argc, argv, "en") ? "en" : "zh_CN", 1);
	bindtextdomain("zuoxi", getenv("STAGE_LOCALE"));
	bind_textdomain_codeset("zuoxi", "UTF-8");
	textdomain("zuoxi");
	out = fopen(argv[2], "a");
	feed_fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (!out || feed_fd < 0)
		return 2;
	cal_zone("Asia/Shanghai");
	cal_set(1795401545000000, 500000000000);
	libre_init();
	err = model_alloc(&model, on_change, NULL);
	if (err)
		return 1;
	model->phone = &phone;
	phone.mic_db = phone.far_db = -96;
	err = app_alloc(&app,
			&(struct app_prm){.light = has(argc, argv, "light"),
					  .light_known = true,
					  .ascii = has(argc, argv, "ascii"),
					  .server = "office.example:22",
					  .quith = on_quit});
	if (!err)
		err = app_start(app, (struct client *)model);
	if (!err)
		err = fd_listen(feed_fd, FD_READ, on_feed, NULL);
	done("started");
	if (!err)
		re_main(on_signal);
	app_stop(app);
	fd_close(feed_fd);
	close(feed_fd);
	app = mem_deref(app);
	list_flush(&asked);
	mem_deref(model);
	fclose(out);
	libre_close();
	return err ? 1 : 0;
}
