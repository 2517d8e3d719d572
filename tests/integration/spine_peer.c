/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/integration/spine_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"

#define WAIT_US 10000000

static void on_msg(struct link *link, json_t *msg, void *arg)
{
	struct peer *p = arg;
	json_array_append(p->msgs, msg);
}

static void on_close(int err, void *arg)
{
	struct peer *p = arg;
	p->closed = true;
}

static void on_control(int flags, void *arg)
{
	struct peer *p = arg;
	char buf[256];

	ssize_t n = read(p->control, buf, sizeof(buf));
	if (n > 0)
		p->answer = buf[n - 1] == 'E' ? 'E' : buf[0];
	if (n <= 0)
		fd_close(p->control);
}

static void peer_destructor(void *arg)
{
	struct peer *p = arg;

	mem_deref(p->link);
	json_decref(p->msgs);
	if (p->control >= 0) {
		fd_close(p->control);
		close(p->control);
	}
}

struct peer *peer_alloc(int fd_in, int fd_out)
{
	struct peer *p = mem_zalloc(sizeof(*p), peer_destructor);
	const struct link_prm prm = {
		.fd_in = fd_in,
		.fd_out = fd_out,
		.line_max_bytes = 4 << 20,
		.queue_max_bytes = 16 << 20,
		.msgh = on_msg,
		.closeh = on_close,
		.arg = p,
	};

	assert_non_null(p);
	p->control = -1;
	p->msgs = json_array();
	assert_int_equal(link_alloc(&p->link, &prm), 0);
	return p;
}

void peer_control(struct peer *p, int sock)
{
	p->control = sock;
	assert_int_equal(fd_listen(sock, FD_READ, on_control, p), 0);
}

/* ---- waiting ---- */

struct wait {
	struct tmr tmr;
	until_h *until;
	void *arg;
	int64_t end_us;
	bool met;
};

static void on_wait(void *arg)
{
	struct wait *w = arg;

	w->met = w->until(w->arg);
	if (w->met || cal_mono_us() > w->end_us)
		re_cancel();
	else
		tmr_start(&w->tmr, 1, on_wait, w);
}

bool wait_for(until_h *until, void *arg)
{
	struct wait w = {
		.until = until, .arg = arg, .end_us = cal_mono_us() + WAIT_US};

	tmr_init(&w.tmr);
	tmr_start(&w.tmr, 0, on_wait, &w);
	re_main(NULL);
	tmr_cancel(&w.tmr);
	return w.met;
}

struct look {
	struct peer *p;
	int64_t id;
	const char *method;
	json_t *found;
};

static bool has_reply(void *arg)
{
	struct look *l = arg;
	size_t i;
	json_t *m;

	json_array_foreach (l->p->msgs, i, m) {
		json_t *id = json_object_get(m, "id");
		if (l->method ? !strcmp(json_str(m, "method"), l->method)
			      : id && json_integer_value(id) == l->id) {
			l->found = json_incref(m);
			json_array_remove(l->p->msgs, i);
			return true;
		}
	}
	return false;
}

json_t *wait_reply(struct peer *p, int64_t id)
{
	struct look l = {.p = p, .id = id};

	if (!wait_for(has_reply, &l))
		fail_msg("no reply to %lld", (long long)id);
	return l.found;
}

json_t *wait_event(struct peer *p, const char *method)
{
	struct look l = {.p = p, .method = method};

	if (!wait_for(has_reply, &l))
		fail_msg("no %s", method);
	return l.found;
}

int64_t ask(struct peer *p, const char *method, json_t *params)
{
	scoped_json json_t *msg = proto_request(++p->id, method, params);
	assert_int_equal(link_send(p->link, msg), 0);
	return p->id;
}

json_t *call(struct peer *p, const char *method, json_t *params)
{
	return wait_reply(p, ask(p, method, params));
}

/* Name of the error in a reply (stolen), "" when there is none. */
void expect(json_t *reply, const char *error)
{
	scoped_json json_t *owned = reply;
	const json_t *e = json_object_get(owned, "error");
	const char *name = json_str(json_object_get(e, "data"), "name");

	if (strcmp(name, error))
		fail_msg("error '%s' instead of '%s': %s", name, error,
			 json_str(e, "message"));
}
