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
 *     quiz: 打到谁的账户？ | 单位账户 | 本人账户
 *     ---
 *     【一句话】…
 *
 * Files and folders of entries are read by shelf, other encodings by charset,
 * what entries say of each other by proof; tables are base's. For people:
 * zuoxi-kb-entry(5).
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
#define KB_QUIZ_MAX	   20
#define KB_CHOICES_MAX	   6
#define KB_STEPS_MAX	   60
#define KB_STEPS_HEAD	   "【步骤】"

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
 * after `owner`, `quiz` and `sample` last; these are no plain texts. */
#define KB_KEYS(X)                             \
	X("id", id, true, true)                \
	X("title", title, true, true)          \
	X("question", question, true, true)    \
	X("kind", kind, false, false)          \
	X("line", line, false, true)           \
	X("topic", topic, false, false)        \
	X("effective", effective, false, true) \
	X("expires", expires, false, false)    \
	X("review", review, false, false)      \
	X("policy", policy, false, true)       \
	X("source", source, false, false)      \
	X("owner", owner, false, true)         \
	X("redirect", redirect, false, false)  \
	X("short", brief, false, false)        \
	X("tags", tags, false, false)

#define KB_FIELD(key, field, required, confirmed) char *field;

/* `quiz: question | right | wrong | …` */
struct kb_quiz {
	char *question;
	char *choices[KB_CHOICES_MAX]; /* the first is right */
	unsigned choices_n;
};

/* A mem_ref object; every text is "" where the header says nothing. */
struct kb_entry {
	char *text; /* the source, NUL-terminated, all of its bytes */
	size_t len;
	KB_KEYS(KB_FIELD)
	char **asks;
	unsigned asks_n;
	enum kb_state state;
	bool sample;
	struct kb_quiz quiz[KB_QUIZ_MAX];
	unsigned quiz_n;
	char *body; /* after the header, without CR */
	int body_line;
	/* of a flow: what stands behind the numbers below 【步骤】 */
	char *steps[KB_STEPS_MAX];
	unsigned steps_n;
	char file[64]; /* where it came from, for messages */
	int at_line;
	/* what shelf knows of its file: */
	char *path;    /* the whole of it, "-"; NULL: a table's row */
	bool together; /* it lay in a folder that was named */
};

typedef void(kb_fault_h)(const struct diag *diag, void *arg);

struct kb_source {
	const char *file; /* for messages */
	const char *text;
	size_t len;
};

/* All or nothing. EBADMSG: every fault (up to a bound that is told) was told
 * to the handler, by line: what is wrong and what to write. Checks bytes
 * (UTF-8, NUL, control and bidi characters, length of lines), keys, ids,
 * dates, steps, and what a confirmed entry must have. */
int kb_entry_read(struct kb_entry **ep, const struct kb_source *src,
		  kb_fault_h *h, void *arg);

/* The same, where one fault is enough; diag names it. */
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

/* The text of a draft of these fields; NULL: nothing. Checks nothing. */
struct kb_fields {
	const char *id, *title, *question, *line, *policy, *source, *owner;
	const char *body;
};
int kb_entry_make(char **textp, size_t *lenp, const struct kb_fields *fields);

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

/* A way to do something, in steps (kind: flow). */
bool kb_entry_is_flow(const struct kb_entry *e);

/* May this character stand in an entry? Control characters and those that
 * turn the direction of writing may not. */
bool kb_entry_takes(uint32_t cp);

/* A day that exists, written as 2026-11-24. */
bool kb_day_is_good(const char *day);

/* Letters A-Z (1 to 8), a hyphen or not, digits (1 to 9): KB-0415, A00001. */
bool kb_id_is_good(const char *id);
