/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link to the switch. Acknowledgement: an event may be forgotten by the
 * switch when every fact made from it, and from all events before it, is on
 * disk. Facts come back in the order they were made, so it is enough to count
 * those under way.
 */
#include "server/voice/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "common/scope.h"
#include "server/core/worker.h"

#define RETRY_MS    200
#define QUEUE_BYTES (16u << 20)
#define PENDING_MAX 20000
#define HELD_MAX    200000
#define BOOTS_MAX   64

/* What is known of one life of the switch. */
struct boot {
	struct le le;
	char name[EXCHANGE_ID];
	int64_t seen;	    /* last event handled */
	int64_t acked;	    /* last one the switch may forget */
	unsigned under_way; /* facts not yet on disk */
};

struct pending {
	struct le le;
	int64_t id;
	char method[32];
	exchange_reply_h *replyh;
	void *arg;
};

enum phase { DOWN, HELLO, MARKS, STATE, UP };

struct exchange {
	struct exchange_prm prm;
	char *path;
	char office_boot[24];
	uint64_t counter;
	struct link *link;
	struct tmr retry;
	enum phase phase;
	struct list pending;
	unsigned pending_n;
	int64_t next_id;
	struct list boots;
	char boot[EXCHANGE_ID]; /* of the switch we talk to */
	json_t *held;		/* events that wait for the marks */
	const struct exchange_event *event; /* in hand */
	struct marks *marks;		    /* the worker job under way */
};

/* A worker job: plain data, a back pointer that is cut when we go. */
struct marks {
	struct exchange *ex;
	size_t n;
	char name[BOOTS_MAX][EXCHANGE_ID];
	int64_t mark[BOOTS_MAX];
};

static void fail_pending(struct exchange *ex, int err);

static void destructor(void *arg)
{
	struct exchange *ex = arg;

	tmr_cancel(&ex->retry);
	if (ex->marks)
		ex->marks->ex = NULL;
	if (ex->link)
		link_close(ex->link);
	ex->link = mem_deref(ex->link);
	fail_pending(ex, ENOTCONN);
	list_flush(&ex->boots);
	json_decref(ex->held);
	mem_deref(ex->path);
}

static void boot_destructor(void *arg)
{
	struct boot *b = arg;

	list_unlink(&b->le);
}

static void pending_destructor(void *arg)
{
	struct pending *p = arg;

	list_unlink(&p->le);
}

bool exchange_is_up(const struct exchange *ex)
{
	return ex->phase == UP;
}

const char *exchange_switch_boot(const struct exchange *ex)
{
	return ex->boot;
}

void exchange_mint(struct exchange *ex, char out[EXCHANGE_ID])
{
	snprintf(out, EXCHANGE_ID, "%s.%llu", ex->office_boot,
		 (unsigned long long)++ex->counter);
}

/* ---- acknowledgement ---- */

static struct boot *boot_of(struct exchange *ex, const char *name)
{
	struct le *le;

	LIST_FOREACH (&ex->boots, le) {
		struct boot *b = le->data;
		if (!strcmp(b->name, name))
			return b;
	}
	struct boot *b = mem_zalloc(sizeof(*b), boot_destructor);
	if (!b)
		return NULL;
	snprintf(b->name, sizeof(b->name), "%s", name);
	if (list_count(&ex->boots) >= BOOTS_MAX)
		mem_deref(list_head(&ex->boots)->data);
	list_append(&ex->boots, &b->le, b);
	return b;
}

static void ack(struct exchange *ex, struct boot *b, int64_t n)
{
	if (n <= b->acked || !ex->link)
		return;
	scoped_json json_t *msg =
		proto_notify("ack", json_pack("{s:s,s:I}", "boot", b->name,
					      "n", (json_int_t)n));
	if (msg && !link_send(ex->link, msg))
		b->acked = n;
}

static void on_disk(int err, const char *mark_boot, int64_t mark_n, void *arg)
{
	struct exchange *ex = arg;
	struct boot *b = mark_boot ? boot_of(ex, mark_boot) : NULL;

	if (b && b->under_way) {
		b->under_way--;
		if (err)
			log_error("exchange: event %s/%lld is not on disk: %s",
				  mark_boot, (long long)mark_n, strerror(err));
		else
			ack(ex, b, b->under_way ? mark_n - 1 : b->seen);
	}
	mem_deref(ex);
}

int64_t exchange_time_us(const struct exchange *ex)
{
	return ex->event && ex->event->at_us ? ex->event->at_us : cal_now_us();
}

void exchange_happened(struct exchange *ex, struct fact *fact)
{
	const struct exchange_event *ev = ex->event;
	struct boot *b = ev ? boot_of(ex, ev->boot) : NULL;
	int err;

	if (!b) {
		(void)fact_happened(ex->prm.log, fact, NULL, 0, NULL, NULL);
		return;
	}
	if (!fact->at_us)
		fact->at_us = ev->at_us;
	b->under_way++;
	mem_ref(ex);
	err = fact_happened(ex->prm.log, fact, ev->boot, ev->n, on_disk, ex);
	if (err) { /* on_disk does not follow; it stays unacknowledged */
		log_error("exchange: fact %s: %s", fact->kind, strerror(err));
		mem_deref(ex);
	}
}

/* ---- events ---- */

static void handle_event(struct exchange *ex, json_t *params)
{
	struct exchange_event ev = {
		.boot = json_str(params, "boot"),
		.n = json_int(params, "n"),
		.at_us = json_int(params, "at_us"),
		.kind = json_str(params, "kind"),
		.body = params,
	};
	struct boot *b = *ev.boot && strlen(ev.boot) < EXCHANGE_ID
				 ? boot_of(ex, ev.boot)
				 : NULL;

	if (!b || ev.n <= 0) {
		log_warn("exchange: an event without boot and number");
		return;
	}
	if (ev.n > b->seen) {
		b->seen = ev.n;
		ex->event = &ev;
		/* half of them on disk with the mark would be all there is:
		 * the switch does not repeat a marked event */
		fact_together(ex->prm.log, true);
		ex->prm.eventh(&ev, ex->prm.arg);
		fact_together(ex->prm.log, false);
		ex->event = NULL;
	}
	if (!b->under_way)
		ack(ex, b, b->seen);
}

static void on_event(struct exchange *ex, json_t *params)
{
	if (ex->phase >= STATE) {
		handle_event(ex, params);
		return;
	}
	if (json_array_size(ex->held) >= HELD_MAX) {
		log_error("exchange: too many events before the marks");
		return;
	}
	json_array_append(ex->held, params);
}

/* ---- resync ---- */

static void on_state(int err, json_t *result, void *arg)
{
	struct exchange *ex = arg;

	if (err) {
		log_error("exchange: no state: %s", strerror(err));
		return;
	}
	ex->phase = UP;
	ex->prm.stateh(result, ex->prm.arg);
	if (ex->prm.linkh)
		ex->prm.linkh(true, ex->prm.arg);
}

static void release_held(struct exchange *ex)
{
	json_t *held = ex->held, *params;
	size_t i;

	ex->held = json_array();
	ex->phase = STATE;
	json_array_foreach (held, i, params)
		handle_event(ex, params);
	json_decref(held);
	(void)exchange_command(ex, "state", NULL, on_state, ex);
}

static int on_marks_job(struct db *db, void *arg)
{
	struct marks *m = arg;
	int err = 0;

	for (size_t i = 0; i < m->n && !err; i++)
		err = fact_mark(db, m->name[i], &m->mark[i]);
	return err;
}

static void on_marks(int err, void *arg)
{
	struct marks *m = arg;
	struct exchange *ex = m->ex;

	if (ex) {
		ex->marks = NULL;
		for (size_t i = 0; i < m->n && !err; i++) {
			struct boot *b = boot_of(ex, m->name[i]);
			if (b && b->seen < m->mark[i])
				b->seen = m->mark[i];
		}
		if (err)
			log_error("exchange: marks: %s", strerror(err));
		if (ex->phase == MARKS)
			release_held(ex);
	}
	mem_deref(m);
}

static void add_boot(struct marks *m, const char *name)
{
	if (m->n < BOOTS_MAX && *name && strlen(name) < EXCHANGE_ID)
		snprintf(m->name[m->n++], EXCHANGE_ID, "%s", name);
}

static void read_marks(struct exchange *ex, json_t *hello)
{
	struct marks *m = mem_zalloc(sizeof(*m), NULL);
	json_t *name;
	size_t i;

	if (!m)
		return;
	m->ex = ex;
	json_array_foreach (json_object_get(hello, "previous"), i, name)
		add_boot(m,
			 json_is_string(name) ? json_string_value(name) : "");
	add_boot(m, ex->boot);
	ex->phase = MARKS;
	ex->marks = m;
	if (!ex->prm.worker ||
	    worker_submit(ex->prm.worker, on_marks_job, on_marks, m))
		on_marks(0, m);
}

static void on_close(int err, void *arg);

static void on_hello(int err, json_t *result, void *arg)
{
	struct exchange *ex = arg;
	const char *boot = json_str(result, "boot");

	if (err || !*boot) {
		log_error("exchange: the switch does not say hello: %s",
			  strerror(err));
		if (err != ENOTCONN && ex->link) {
			link_close(ex->link);
			on_close(EPROTO, ex);
		}
		return;
	}
	if (strcmp(ex->boot, boot) != 0)
		log_info("exchange: switch %s", boot);
	snprintf(ex->boot, sizeof(ex->boot), "%s", boot);
	exchange_configure(ex);
	read_marks(ex, result);
}

void exchange_configure(struct exchange *ex)
{
	if (!ex->link || ex->phase < HELLO || !ex->prm.configh)
		return;
	json_t *config = ex->prm.configh(ex->prm.arg);
	if (config)
		(void)exchange_command(ex, "configure",
				       json_pack("{s:o}", "config", config),
				       NULL, NULL);
}

/* ---- the link ---- */

static void start_connect(void *arg);

static void fail_pending(struct exchange *ex, int err)
{
	struct list gone = ex->pending;
	struct le *le;

	list_init(&ex->pending);
	LIST_FOREACH (&gone, le)
		le->list = &gone;
	ex->pending_n = 0;
	while ((le = list_head(&gone))) {
		struct pending *p = le->data;
		exchange_reply_h *replyh = p->replyh;
		void *arg = p->arg;

		mem_deref(p);
		if (replyh)
			replyh(err, NULL, arg);
	}
}

static void on_close(int err, void *arg)
{
	struct exchange *ex = arg;
	bool was_up = ex->phase == UP;

	if (ex->phase != DOWN)
		log_warn("exchange: the link to the switch ended: %s",
			 err ? strerror(err) : "end of file");
	ex->link = mem_deref(ex->link);
	ex->phase = DOWN;
	fail_pending(ex, ENOTCONN);
	json_array_clear(ex->held);
	tmr_start(&ex->retry, RETRY_MS, start_connect, ex);
	if (was_up && ex->prm.linkh)
		ex->prm.linkh(false, ex->prm.arg);
}

static void on_reply(struct exchange *ex, json_t *msg)
{
	int64_t id = json_int(msg, "id");
	json_t *error = json_object_get(msg, "error");
	struct le *le;

	LIST_FOREACH (&ex->pending, le) {
		struct pending *p = le->data;
		if (p->id != id)
			continue;
		exchange_reply_h *replyh = p->replyh;
		void *arg = p->arg;
		int err =
			error ? proto_error_errno((int)json_int(error, "code"))
			      : 0;
		if (err && err != ENOTCONN)
			log_warn("exchange: %s: %s (%s)", p->method,
				 json_str(error, "message"),
				 json_str(json_object_get(error, "data"),
					  "detail"));
		mem_deref(p);
		ex->pending_n--;
		if (replyh)
			replyh(err, json_object_get(msg, "result"), arg);
		return;
	}
}

static void on_msg(struct link *link, json_t *msg, void *arg)
{
	struct exchange *ex = arg;

	(void)link;
	mem_ref(ex);
	if (!strcmp(json_str(msg, "method"), "event"))
		on_event(ex, json_object_get(msg, "params"));
	else if (json_object_get(msg, "id"))
		on_reply(ex, msg);
	mem_deref(ex);
}

int exchange_command(struct exchange *ex, const char *method, json_t *params,
		     exchange_reply_h *replyh, void *arg)
{
	scoped_json json_t *given = params;

	if (!ex->link || ex->pending_n >= PENDING_MAX)
		return ENOTCONN;
	struct pending *p = mem_zalloc(sizeof(*p), pending_destructor);
	if (!p)
		return ENOMEM;
	p->id = ++ex->next_id;
	p->replyh = replyh;
	p->arg = arg;
	snprintf(p->method, sizeof(p->method), "%s", method);
	scoped_json json_t *msg = proto_request(p->id, method, take(given));
	int err = msg ? link_send(ex->link, msg) : ENOMEM;
	if (err) {
		mem_deref(p);
		return err;
	}
	list_append(&ex->pending, &p->le, p);
	ex->pending_n++;
	return 0;
}

static int say_hello(struct exchange *ex)
{
	json_t *after = json_object();
	struct le *le;

	LIST_FOREACH (&ex->boots, le) {
		struct boot *b = le->data;
		b->acked = 0; /* it may have missed what we said */
		if (!b->under_way && b->seen)
			json_object_set_new(after, b->name,
					    json_integer(b->seen));
	}
	return exchange_command(ex, "hello",
				json_pack("{s:i,s:o}", "version",
					  PROTO_VERSION, "after", after),
				on_hello, ex);
}

static void start_connect(void *arg)
{
	struct exchange *ex = arg;
	scoped_fd int fd = -1;
	int err = link_connect(&fd, ex->path);

	if (!err) {
		struct link_prm prm = {.fd_in = fd,
				       .fd_out = fd,
				       .line_max_bytes =
					       PROTO_LINE_LOCAL_BYTES,
				       .queue_max_bytes = QUEUE_BYTES,
				       .msgh = on_msg,
				       .closeh = on_close,
				       .arg = ex};
		err = link_alloc(&ex->link, &prm);
	}
	if (!err) {
		(void)take_fd(fd);
		ex->phase = HELLO;
		err = say_hello(ex);
	}
	if (err && ex->link) {
		link_close(ex->link);
		ex->link = mem_deref(ex->link);
	}
	if (err) {
		ex->phase = DOWN;
		tmr_start(&ex->retry, RETRY_MS, start_connect, ex);
	}
}

static void make_boot(char out[24])
{
	uint64_t t = (uint64_t)cal_now_us() / 1000;
	char text[16];
	size_t i = sizeof(text) - 1;

	text[i] = '\0';
	do {
		text[--i] = "0123456789abcdefghijklmnopqrstuvwxyz"[t % 36];
		t /= 36;
	} while (t && i);
	snprintf(out, 24, "o%s%04x", text + i, rand_u16());
}

int exchange_alloc(struct exchange **xp, const struct exchange_prm *prm)
{
	scoped_mem struct exchange *ex = mem_zalloc(sizeof(*ex), destructor);

	if (!ex)
		return ENOMEM;
	ex->prm = *prm;
	tmr_init(&ex->retry);
	make_boot(ex->office_boot);
	ex->held = json_array();
	int err = str_dup(&ex->path, prm->path);
	if (err || !ex->held)
		return ENOMEM;
	tmr_start(&ex->retry, 0, start_connect, ex);
	*xp = take(ex);
	return 0;
}
