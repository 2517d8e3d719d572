/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of one knowledge entry: a header between two lines `---`, one
 * `key: value` a line, then a Markdown body with sections 【…】. The text as
 * it was read is kept and is what export gives back, byte for byte; the
 * fields are read from it. Also makes such a text of a TSV row.
 *
 *     ---
 *     id: KB-0415
 *     title: 生育津贴多久到账
 *     question: 单位交了材料，生育津贴多久能到账？
 *     ask: 生育津贴什么时候发
 *     line: mi
 *     state: confirmed
 *     effective: 2026-01-01
 *     ---
 *     【一句话】…
 *
 * Files and folders of entries are read by shelf, tables are base's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cal.h"

#define KB_ENTRY_MAX_BYTES (64 << 10)
#define KB_LINE_MAX_BYTES  4096
#define KB_ASKS_MAX	   200
#define KB_SHORT_MAX_CHARS 600 /* what one WeChat text message takes */
#define KB_ID_SIZE	   24

/* Whether it is in force is a matter of dates too. A header says one of the
 * first four; only an office tells what the bureau has confirmed from what is
 * released (life.h). */
enum kb_state {
	KB_DRAFT,
	KB_REVIEWED,
	KB_CONFIRMED, /* and released */
	KB_WITHDRAWN,
	KB_AGREED, /* confirmed, and waits for a release */
};

/* X(key, field, required of every entry, required of a confirmed one) in the
 * order in which an entry is written. `ask` stands after `question`, `state`
 * after `owner`, `sample` last; these are no plain texts. */
#define KB_KEYS(X)                             \
	X("id", id, true, true)                \
	X("title", title, true, true)          \
	X("question", question, true, true)    \
	X("line", line, false, true)           \
	X("topic", topic, false, false)        \
	X("effective", effective, false, true) \
	X("expires", expires, false, false)    \
	X("policy", policy, false, true)       \
	X("source", source, false, false)      \
	X("owner", owner, false, true)         \
	X("short", brief, false, false)        \
	X("tags", tags, false, false)

#define KB_FIELD(key, field, required, confirmed) char *field;

/* A mem_ref object; every text is "" where the header says nothing. */
struct kb_entry {
	char *text; /* the source, NUL-terminated, all of its bytes */
	size_t len;
	KB_KEYS(KB_FIELD)
	char **asks;
	unsigned asks_n;
	enum kb_state state;
	bool sample;
	char *body;    /* after the header, without CR */
	char file[64]; /* where it came from, for messages */
	int at_line;
};

/* All or nothing. EBADMSG: diag names file and line, what is wrong and what
 * to write. Checks bytes (UTF-8, NUL, control and bidi characters, length of
 * lines), keys, ids, dates, and what a confirmed entry must have. */
int kb_entry_parse(struct kb_entry **ep, const char *file, const char *text,
		   size_t len, struct diag *diag);

/* One row `id<TAB>question<TAB>answer[<TAB>way to ask | way to ask]` (len
 * bytes, no newline) at that line of the file: the entry it stands for, with
 * a canonical text. */
int kb_entry_row(struct kb_entry **ep, const char *file, int line,
		 const char *row, size_t len, struct diag *diag);

/* Writes the canonical text of the fields: what a reader would have written.
 * To be freed with mem_deref. */
int kb_entry_print(char **textp, size_t *lenp, const struct kb_entry *e);

/* "draft", "reviewed", "confirmed", "withdrawn". EBADMSG. */
int kb_state_parse(enum kb_state *sp, const char *name);

/* What it is on a day ("2026-11-24"): a confirmed entry is "effective" from
 * its first to its last day, "confirmed" before (and until it is released),
 * "expired" after. */
const char *kb_state_on(enum kb_state state, const char *effective,
			const char *expires, const char *day);

/* The key that a confirmed entry must have and this one has not ("body": the
 * answer itself); NULL: it is whole. */
const char *kb_entry_lacks(const struct kb_entry *e);

/* May this character stand in an entry? Control characters and those that
 * turn the direction of writing may not. */
bool kb_entry_takes(uint32_t cp);

/* A day that exists, written as 2026-11-24. */
bool kb_day_is_good(const char *day);

/* Letters A-Z (1 to 8), a hyphen or not, digits (1 to 9): KB-0415, A00001. */
bool kb_id_is_good(const char *id);
