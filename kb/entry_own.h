/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of entry share: one text being read, and its faults.
 * entry.c has the header, entry_value.c what values must be, entry_bytes.c
 * what bytes a text may have, entry_print.c the way back and the row of a
 * table.
 */
#pragma once

#include <stddef.h>

#include "kb/entry.h"

#define KB_FENCE "---"

struct kb_key {
	const char *name;
	size_t offset;
	bool required;
	bool confirmed;
};

#define KB_KEY_COUNT(key, field, required, confirmed) +1
#define KB_KEYS_N				      (0 KB_KEYS(KB_KEY_COUNT))

extern const struct kb_key kb_keys[KB_KEYS_N];
extern const char *const kb_states[];

struct kb_reader {
	struct kb_entry *e;
	const char *file;
	int line; /* the one that is read */
	struct diag *faults;
	unsigned faults_n, faults_max;
	int line_of[KB_KEYS_N];
	int state_line;
	int sample_line;
};

/* Notes it; EBADMSG. The format is a msgid. */
int kb_entry_fault(struct kb_reader *r, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Is there reason to read on after this? With room for one fault the first
 * ends it. */
bool kb_entry_goes_on(const struct kb_reader *r, int err);

/* Line by line. EBADMSG: told. EILSEQ: told too, and nothing behind it can be
 * trusted (no text, no UTF-8, too much of it). */
int kb_entry_bytes(struct kb_reader *r, const char *text, size_t len);
/* One line of at most max bytes. */
int kb_entry_line_bytes(struct kb_reader *r, const char *s, size_t len,
			size_t max);

/* What an entry must hold, and its steps. */
int kb_entry_values(struct kb_reader *r);

/* To be freed with mem_deref. */
char *kb_entry_dup(const char *s, size_t len);
void kb_entry_trim(const char **sp, size_t *lenp);
int kb_entry_add_ask(struct kb_entry *e, const char *s, size_t len);
/* "" for each text that the header did not give. */
int kb_entry_fill(struct kb_entry *e);
struct kb_entry *kb_entry_new(void);

static inline char **kb_entry_field(struct kb_entry *e, size_t i)
{
	return (char **)((char *)e + kb_keys[i].offset);
}

static inline const char *kb_entry_value(const struct kb_entry *e, size_t i)
{
	const char *v = *(char *const *)((const char *)e + kb_keys[i].offset);
	return v ? v : "";
}
