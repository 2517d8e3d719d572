/* SPDX-License-Identifier: Apache-2.0 */
#include "common/proto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROW(name, may, run, params, help) {name, may, run, params, help},

const struct proto_method proto_office[] = {OFFICE_METHODS(ROW)};
const size_t proto_office_n = sizeof(proto_office) / sizeof(*proto_office);
const struct proto_method proto_exchange[] = {EXCHANGE_METHODS(ROW)};
const size_t proto_exchange_n =
	sizeof(proto_exchange) / sizeof(*proto_exchange);

static const struct {
	unsigned mask;
	const char *name;
} roles[] = {
	{ROLE_AGENT, "agent"},
	{ROLE_LEAD, "lead"},
	{ROLE_BUREAU, "bureau"},
	{ROLE_ADMIN, "admin"},
};
#define ROLES_N (sizeof(roles) / sizeof(*roles))

static const struct {
	int code;
	const char *name;
	int err;
} errors[] = {
#define ERROR_ROW(symbol, code, name, err) {code, name, err},
	PROTO_ERRORS(ERROR_ROW)
#undef ERROR_ROW
};
#define ERRORS_N (sizeof(errors) / sizeof(*errors))

static unsigned role_of(const char *text, size_t len)
{
	for (size_t i = 0; i < ROLES_N; i++) {
		if (strlen(roles[i].name) == len &&
		    !memcmp(roles[i].name, text, len))
			return roles[i].mask;
	}
	return 0;
}

int proto_roles_parse(unsigned *maskp, const char *text)
{
	unsigned mask = 0;

	while (*text) {
		size_t n = strcspn(text, ",");
		unsigned one = role_of(text, n);
		if (!one)
			return EBADMSG;
		mask |= one;
		text += n;
		text += *text == ',';
	}
	if (!mask)
		return EBADMSG;
	*maskp = mask;
	return 0;
}

void proto_roles_print(char *out, size_t size, unsigned mask)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ROLES_N && used < size; i++) {
		if (mask & roles[i].mask)
			used += (size_t)snprintf(out + used, size - used,
						 "%s%s", used ? "," : "",
						 roles[i].name);
	}
}

static const struct proto_method *find(const struct proto_method *list,
				       size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i].name, name))
			return &list[i];
	}
	return NULL;
}

const struct proto_method *proto_office_find(const char *name)
{
	return find(proto_office, proto_office_n, name);
}

const struct proto_method *proto_exchange_find(const char *name)
{
	return find(proto_exchange, proto_exchange_n, name);
}

int proto_error_code(int err)
{
	if (err == EPERM)
		err = EACCES;
	if (err == EIO)
		err = ENOSPC;
	for (size_t i = 0; i < ERRORS_N; i++) {
		if (errors[i].err == err)
			return errors[i].code;
	}
	return -32603;
}

const char *proto_error_name(int err)
{
	int code = proto_error_code(err);

	for (size_t i = 0; i < ERRORS_N; i++) {
		if (errors[i].code == code)
			return errors[i].name;
	}
	return "internal";
}

int proto_error_errno(int code)
{
	for (size_t i = 0; i < ERRORS_N; i++) {
		if (errors[i].code == code)
			return errors[i].err;
	}
	return EFAULT;
}

json_t *proto_request(int64_t id, const char *method, json_t *params)
{
	return json_pack("{s:s, s:I, s:s, s:o*}", "jsonrpc", "2.0", "id",
			 (json_int_t)id, "method", method, "params", params);
}

json_t *proto_notify(const char *method, json_t *params)
{
	return json_pack("{s:s, s:s, s:o*}", "jsonrpc", "2.0", "method",
			 method, "params", params);
}

json_t *proto_reply(json_t *id, json_t *result)
{
	return json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id,
			 "result", result ? result : json_object());
}

json_t *proto_error(json_t *id, int err, const char *message,
		    const char *detail)
{
	return json_pack("{s:s, s:O?, s:{s:i, s:s, s:{s:s, s:s*}}}", "jsonrpc",
			 "2.0", "id", id, "error", "code",
			 proto_error_code(err), "message", message, "data",
			 "name", proto_error_name(err), "detail", detail);
}
