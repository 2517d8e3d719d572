/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/fact_rpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/phone_no.h"
#include "server/core/fact.h"

#define PAGE_FACTS 2000

static void mask(json_t *v, const char *name)
{
	char masked[PHONE_NO_SIZE];
	const char *key;
	json_t *sub;
	size_t i;

	if (json_is_object(v)) {
		json_object_foreach (v, key, sub)
			mask(sub, key);
	} else if (json_is_array(v)) {
		json_array_foreach (v, i, sub)
			mask(sub, name);
	} else if (json_is_string(v) &&
		   (strstr(name, "number") || !strcmp(name, "from") ||
		    !strcmp(name, "called"))) {
		phone_no_mask(masked, json_string_value(v));
		json_string_set(v, masked);
	}
}

json_t *fact_rpc_json(const struct fact *fact)
{
	scoped_json json_t *body = json_deep_copy(fact->body);
	struct fact shown = *fact;

	mask(body, "");
	shown.body = body;
	return fact_json(&shown);
}

static int on_fact(const struct fact *fact, void *arg)
{
	struct rpc_call *call = arg;
	char cursor[24];

	if (rpc_page_add(call, fact_rpc_json(fact)) &&
	    json_array_size(json_object_get(call->result, "items")) <
		    PAGE_FACTS)
		return 0;
	/* a full page: the next one begins where this one did not reach */
	json_t *items = json_object_get(call->result, "items");
	json_t *last = json_array_get(items, json_array_size(items) - 1);
	snprintf(cursor, sizeof(cursor), "%lld",
		 (long long)json_int(last, "seq") + 1);
	rpc_page_next(call, cursor);
	return ECANCELED;
}

static int on_list(struct rpc_call *call, struct db *db)
{
	struct json_in in;
	json_in_init(&in, call->params);
	const char *cursor = json_in_str_or(&in, "cursor", 24, "");
	const struct fact_filter filter = {
		.since = *cursor ? strtoll(cursor, NULL, 10)
				 : json_in_int_or(&in, "since", 0, INT64_MAX,
						  0),
		.kind = json_in_str_or(&in, "kind", 64, NULL),
		.contact = json_in_str_or(&in, "contact", 64, NULL),
		.agent = json_in_str_or(&in, "agent", 64, NULL),
		.actor = json_in_str_or(&in, "actor", 64, NULL),
		.from_us = json_in_int_or(&in, "from_us", 0, INT64_MAX, 0),
		.to_us = json_in_int_or(&in, "to_us", 0, INT64_MAX, 0),
		.limit = (int)json_in_int_or(&in, "limit", 1, 1000000, 0),
	};
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	call->result = json_pack("{s:[]}", "items");
	int err = fact_each(db, &filter, on_fact, call);
	return err == ECANCELED ? 0 : err;
}

const struct rpc_handler fact_methods[] = {
	{"fact.list", .readh = on_list},
	{NULL},
};
