/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects of the wire into the model's structs, field by field; a table
 * of what each list holds. Of model's own files only. What is missing in an
 * object becomes "" or 0; what is too long is cut at a character.
 */
#pragma once

#include "agent-tui/model.h"

/* The shape that all lists share. */
struct model_any_list {
	void *v;
	size_t n, cap;
	struct model_page page;
};

typedef void(model_parse_h)(void *row, json_t *obj);

struct model_kind {
	size_t size;	       /* of a row */
	const char *key;       /* its id on the wire, NULL: rows have none */
	size_t key_at;	       /* where the id is in the row */
	bool key_int;	       /* an int64_t, else a char[] */
	model_parse_h *parseh; /* into a zeroed row or over an old one */
	const size_t *texts;   /* offsets of char * fields, ends in 0 */
	int (*orderh)(const void *a, const void *b); /* NULL: as they came */
};

extern const struct model_kind model_kind_agent, model_kind_item,
	model_kind_call, model_kind_queue, model_kind_missed,
	model_kind_ticket, model_kind_contact, model_kind_entry,
	model_kind_recording, model_kind_alarm, model_kind_fact,
	model_kind_history, model_kind_pause, model_kind_disposition,
	model_kind_hit, model_kind_ticket_ref, model_kind_entry_ref,
	model_kind_waiting, model_kind_learn, model_kind_gap,
	model_kind_release, model_kind_version;

/* A row by its id, or a new one; NULL: full, or no id. */
void *model_rows_put(const struct model_kind *k, struct model_any_list *l,
		     json_t *obj);
void model_rows_remove(const struct model_kind *k, struct model_any_list *l,
		       json_t *obj);
void model_rows_fill(const struct model_kind *k, struct model_any_list *l,
		     json_t *array);
void model_rows_clear(const struct model_kind *k, struct model_any_list *l);
void model_rows_sort(const struct model_kind *k, struct model_any_list *l);
/* Frees the texts of one row. */
void model_row_release(const struct model_kind *k, void *row);

enum model_state model_state_parse(const char *name);
void model_row_agent(void *row, json_t *obj);
void model_row_call(void *row, json_t *obj);
void model_row_ticket(void *row, json_t *obj);
void model_row_contact(void *row, json_t *obj);
void model_row_entry(void *row, json_t *obj);

/* A string field of obj into a char[]. */
#define model_copy(field, obj, key) \
	model_copy_str((field), sizeof(field), (obj), (key))
void model_copy_str(char *out, size_t size, const json_t *obj,
		    const char *key);
