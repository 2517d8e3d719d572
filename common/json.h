/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson, made hard to misuse. `struct json_in` reads an object that
 * somebody else wrote: each getter takes a key and its limits, the first
 * fault is remembered with the key's name, and one check at the end says
 * whether all of it was right. Building is jansson's own json_pack.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

static inline void scope_json(json_t **p)
{
	json_decref(*p);
}
/* a json_t reference, given back at the end of the scope */
#define scoped_json __attribute__((cleanup(scope_json)))

struct json_in {
	json_t *obj;	 /* borrowed */
	char fault[160]; /* empty while all is well */
};

/* obj may be NULL or no object: then every required key is missing. */
void json_in_init(struct json_in *in, json_t *obj);

/* Strings are borrowed from the object and valid as long as it is. A string
 * with a NUL character in it is a fault. max_bytes 0: 4096. Missing or null:
 * fault for the required form, `def` for the _or form. */
const char *json_in_str(struct json_in *in, const char *key, size_t max_bytes);
const char *json_in_str_or(struct json_in *in, const char *key,
			   size_t max_bytes, const char *def);
int64_t json_in_int(struct json_in *in, const char *key, int64_t min,
		    int64_t max);
int64_t json_in_int_or(struct json_in *in, const char *key, int64_t min,
		       int64_t max, int64_t def);
bool json_in_bool_or(struct json_in *in, const char *key, bool def);
/* Borrowed; NULL (and a fault when required) if absent or of another type. */
json_t *json_in_array(struct json_in *in, const char *key, bool required);
json_t *json_in_object(struct json_in *in, const char *key, bool required);

/* 0, or EBADMSG with in->fault telling the key and what is wrong. */
int json_in_done(const struct json_in *in);

/* Reads a field of our own making: "" or 0 where it is missing. */
const char *json_str(const json_t *obj, const char *key);
int64_t json_int(const json_t *obj, const char *key);
bool json_bool(const json_t *obj, const char *key);

/* One compact line ending in \n, to be freed with free(); NULL when out of
 * memory. *len excludes the terminating NUL. */
char *json_line(const json_t *obj, size_t *len);

/* Parses one line (len bytes, no newline needed). Rejects duplicate keys and
 * nesting over 32. NULL with `fault` (size bytes) filled in. */
json_t *json_parse(const char *text, size_t len, char *fault, size_t size);
