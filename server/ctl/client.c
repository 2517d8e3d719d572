/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ctl/client.h"

#include <errno.h>
#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/speak.h"

struct ctl_client {
	FILE *in;
	int fd;
	int64_t id;
	char *line;
	size_t size;
};

static void client_destructor(void *arg)
{
	struct ctl_client *c = arg;

	if (c->in)
		fclose(c->in);
	else if (c->fd >= 0)
		close(c->fd);
	free(c->line);
}

static int fail(struct ctl_fault *fault, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct ctl_fault *fault, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	fault->err = err;
	return err;
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_message(struct ctl_client *c, json_t **msgp,
			struct ctl_fault *fault)
{
	char why[160];
	ssize_t n = getline(&c->line, &c->size, c->in);

	if (n <= 0)
		return fail(fault, ENOTCONN,
			    gettext("zuoxid closed the connection"));
	json_t *msg = json_parse(c->line, (size_t)n, why, sizeof(why));
	if (!msg)
		return fail(fault, EBADMSG,
			    gettext("zuoxid sent what is no JSON: %s"), why);
	*msgp = msg;
	return 0;
}

static int refusal(const json_t *error, struct ctl_fault *fault)
{
	const json_t *data = json_object_get(error, "data");
	const char *message = json_str(error, "message");
	const char *detail = json_str(data, "detail");

	return fail(fault, proto_error_errno((int)json_int(error, "code")),
		    "%s%s%s", *message ? gettext(message) : "?",
		    *detail ? ": " : "", detail);
}

int ctl_client_call(struct ctl_client *c, const char *method, json_t *params,
		    json_t **resultp, struct ctl_fault *fault)
{
	size_t len = 0;
	scoped_json json_t *req = proto_request(++c->id, method, params);
	scoped_str char *line = req ? json_line(req, &len) : NULL;
	if (!line)
		return fail(fault, ENOMEM, "%s", speak_errno(ENOMEM));
	int err = send_all(c->fd, line, len);
	if (err)
		return fail(fault, err, "%s", speak_errno(err));
	for (;;) {
		scoped_json json_t *msg = NULL;
		err = read_message(c, &msg, fault);
		if (err)
			return err;
		if (json_int(msg, "id") != c->id)
			continue; /* an event, or a notice */
		json_t *error = json_object_get(msg, "error");
		if (error)
			return refusal(error, fault);
		*resultp = json_incref(json_object_get(msg, "result"));
		return 0;
	}
}

int ctl_client_list(struct ctl_client *c, const char *method, json_t *params,
		    size_t limit, json_t **resultp, struct ctl_fault *fault)
{
	scoped_json json_t *ask = params ? params : json_object();
	scoped_json json_t *all = json_array();

	for (;;) {
		scoped_json json_t *page = NULL;
		int err = ctl_client_call(c, method, json_deep_copy(ask),
					  &page, fault);
		if (err)
			return err;
		json_t *items = json_object_get(page, "items");
		if (!json_is_array(items)) {
			*resultp = take(page);
			return 0;
		}
		json_array_extend(all, items);
		json_t *next = json_object_get(page, "next");
		if (!json_is_string(next) || !json_array_size(items) ||
		    (limit && json_array_size(all) >= limit))
			break;
		json_object_set(ask, "cursor", next);
	}
	while (limit && json_array_size(all) > limit)
		json_array_remove(all, json_array_size(all) - 1);
	*resultp = json_pack("{s:O}", "items", all);
	return *resultp ? 0 : fail(fault, ENOMEM, "%s", speak_errno(ENOMEM));
}

int ctl_client_event(struct ctl_client *c, json_t **paramsp,
		     struct ctl_fault *fault)
{
	for (;;) {
		scoped_json json_t *msg = NULL;
		int err = read_message(c, &msg, fault);
		if (err)
			return err;
		json_t *params = json_object_get(msg, "params");
		if (!json_object_get(msg, "id") && params) {
			*paramsp = json_incref(params);
			return 0;
		}
	}
}

static int connect_to(struct ctl_client *c, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	if (connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return errno;
	c->in = fdopen(c->fd, "r");
	return c->in ? 0 : errno;
}

int ctl_client_open(struct ctl_client **cp, const char *path,
		    struct ctl_fault *fault)
{
	scoped_mem struct ctl_client *c =
		mem_zalloc(sizeof(*c), client_destructor);
	if (!c)
		return fail(fault, ENOMEM, "%s", speak_errno(ENOMEM));
	c->fd = -1;
	int err = connect_to(c, path);
	if (err == ENOENT || err == ECONNREFUSED)
		return fail(fault, err,
			    gettext("no zuoxid answers at %s: start it, or "
				    "name its configuration with --config"),
			    path);
	if (err == EACCES)
		return fail(fault, err,
			    gettext("%s may be used by root and zuoxid's own "
				    "account only"),
			    path);
	if (err)
		return fail(fault, err, "%s: %s", path, speak_errno(err));

	scoped_json json_t *hello = NULL;
	err = ctl_client_call(c, "hello",
			      json_pack("{s:i, s:s}", "version", PROTO_VERSION,
					"client", "zuoxictl " ZUOXI_VERSION),
			      &hello, fault);
	if (err)
		return err;
	*cp = take(c);
	return 0;
}
