/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/token.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sqlite3.h>

#include "common/utf8.h"
#include "kb/han.h"

#define NUMBER_OPEN  "\xE3\x80\x94" /* 〔 */
#define NUMBER_CLOSE "\xE3\x80\x95" /* 〕 */
#define NUMBER_SIGN  "\xE5\x8F\xB7" /* 号 */
#define CP_HAO	     0x53F7
#define SERIAL_MAX   6
#define JOINT_MAX    5 /* bytes between two words that are one name */
/* An account is written with either, by the same people. */
#define CP_ZHANG_CLOTH 0x5E10
#define CP_ZHANG_SHELL 0x8D26

struct range {
	uint32_t from, to;
};

static const struct range cjk[] = {
	{0x3005, 0x3007},   {0x3040, 0x30FF}, {0x3400, 0x4DBF},
	{0x4E00, 0x9FFF},   {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
	{0x20000, 0x3FFFF},
};

/* Letters of other scripts in which words are set apart by spaces. */
static const struct range letters[] = {
	{0xC0, 0xD6},	{0xD8, 0xF6},	  {0xF8, 0x24F},
	{0x370, 0x52F}, {0x1E00, 0x1FFF},
};

/* Nothing to see: neither a character of a word nor the end of one. */
static const struct range invisible[] = {
	{0xAD, 0xAD},	  {0x300, 0x36F},   {0x200B, 0x200D},
	{0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
};

#define IN(table, cp) in(table, sizeof(table) / sizeof(*table), cp)

static bool in(const struct range *r, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n; i++) {
		if (cp >= r[i].from && cp <= r[i].to)
			return true;
	}
	return false;
}

bool kb_token_is_cjk(unsigned cp)
{
	return cp >= 0x3005 && IN(cjk, cp);
}

/* The half-width small form. */
static uint32_t fold(uint32_t cp)
{
	if (cp >= 0xFF01 && cp <= 0xFF5E)
		cp -= 0xFEE0;
	if (cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	return cp;
}

static bool is_digit(uint32_t cp)
{
	return cp >= '0' && cp <= '9';
}

static bool is_letter(uint32_t cp)
{
	if (cp < 0x80)
		return is_digit(cp) || (cp >= 'a' && cp <= 'z');
	return cp < 0x3000 && IN(letters, cp);
}

struct walk {
	const char *text;
	size_t len;
	size_t at; /* of the character in cp */
	size_t next;
	uint32_t cp; /* folded; 0 at the end */
	bool query;
	kb_token_h *h;
	void *arg;
};

static void step(struct walk *w)
{
	w->at = w->next;
	w->cp = 0;
	if (w->at >= w->len)
		return;
	w->next = w->at + utf8_get(&w->cp, w->text + w->at, w->len - w->at);
	w->cp = fold(w->cp);
	if (!w->cp)
		w->cp = ' '; /* a NUL in the text is no end */
}

/* Steps to the next visible character. */
static void advance(struct walk *w)
{
	do {
		step(w);
	} while (w->cp >= 0xAD && IN(invisible, w->cp));
}

/* ---- numbers of documents ---- */

static bool opens(uint32_t cp)
{
	return cp == 0x3014 || cp == '[' || cp == 0x3010 || cp == '(' ||
	       cp == 0x3008 || cp == '<' || cp == 0x300A;
}

static bool closes(uint32_t cp)
{
	return cp == 0x3015 || cp == ']' || cp == 0x3011 || cp == ')' ||
	       cp == 0x3009 || cp == '>' || cp == 0x300B;
}

static size_t take_digits(struct walk *w, char *out, size_t max)
{
	size_t n = 0;

	while (is_digit(w->cp) && n <= max) {
		if (n < max)
			out[n] = (char)w->cp;
		n++;
		advance(w);
	}
	return n;
}

/* 〔2025〕12号 from the bracket on. Leaves w alone when it is no number;
 * else w stands behind it (query) or still before it (document, whose parts
 * are words too). */
static int number(struct walk *w, bool *found)
{
	struct walk look = *w;
	char year[4], serial[SERIAL_MAX];

	*found = false;
	advance(&look);
	if (take_digits(&look, year, 4) != 4 || !closes(look.cp))
		return 0;
	advance(&look);
	while (look.cp == ' ' || look.cp == 0x7B2C) /* 第 */
		advance(&look);
	size_t n = take_digits(&look, serial, SERIAL_MAX);
	if (!n || n > SERIAL_MAX || look.cp != CP_HAO)
		return 0;

	char token[32];
	char *p = token;
	memcpy(p, NUMBER_OPEN, 3);
	memcpy(p + 3, year, 4);
	memcpy(p + 7, NUMBER_CLOSE, 3);
	memcpy(p + 10, serial, n);
	memcpy(p + 10 + n, NUMBER_SIGN, 3);
	*found = true;
	int err = w->h(token, 13 + n, w->at, look.next, false, w->arg);
	advance(&look);
	if (w->query)
		*w = look;
	return err;
}

/* ---- words ---- */

static int word(struct walk *w)
{
	char token[KB_TOKEN_MAX_BYTES];
	size_t n = 0, from = w->at, to = w->at;

	while (is_letter(w->cp)) {
		char one[4];
		size_t k = utf8_put(one, w->cp);
		if (n + k <= sizeof(token)) {
			memcpy(token + n, one, k);
			n += k;
		}
		to = w->next;
		advance(w);
	}
	return w->h(token, n, from, to, false, w->arg);
}

/* A run of Chinese characters: pairs, each with its first character at the
 * same place; the last character alone. */
static int run(struct walk *w)
{
	char pair[8];
	size_t from = w->at, to = w->next, length = 0;
	size_t n = utf8_put(pair, w->cp);

	for (;;) {
		advance(w);
		bool more = kb_token_is_cjk(w->cp);
		int err = 0;
		length++;
		if (more) {
			size_t k = utf8_put(pair + n, w->cp);
			err = w->h(pair, n + k, from, w->next, false, w->arg);
			if (!err && !w->query)
				err = w->h(pair, n, from, to, true, w->arg);
			memmove(pair, pair + n, k);
			n = k;
		} else if (!w->query || length == 1) {
			err = w->h(pair, n, from, to, false, w->arg);
		}
		if (err || !more)
			return err;
		from = w->at;
		to = w->next;
	}
}

int kb_token_each(const char *text, size_t len, bool query, kb_token_h *h,
		  void *arg)
{
	struct walk w = {
		.text = text, .len = len, .query = query, .h = h, .arg = arg};
	int err = 0;

	advance(&w);
	while (w.cp && !err) {
		bool found = false;
		if (opens(w.cp))
			err = number(&w, &found);
		if (err || (found && query))
			continue;
		if (kb_token_is_cjk(w.cp))
			err = run(&w);
		else if (is_letter(w.cp))
			err = word(&w);
		else
			advance(&w);
	}
	return err;
}

/* ---- units ---- */

struct units {
	const char *text;
	kb_unit_h *h;
	void *arg;
	size_t end; /* of the unit before */
	bool word;  /* it was a word */
};

uint32_t kb_token_sym(const char *word, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)word[i]) * 16777619u;
	h ^= h >> KB_SYM_HASH_BITS;
	return KB_SYM_WORD | (h & ((1u << KB_SYM_HASH_BITS) - 1));
}

/* level2, level-2, level 2: two words that follow each other. */
static bool is_joint(const struct units *u, size_t to)
{
	size_t i = u->end;

	if (!u->word || to > i + JOINT_MAX)
		return false;
	while (i < to && strchr("-_./ ", u->text[i]) && u->text[i])
		i++;
	return i == to;
}

/* Letters and digits apart. */
static int on_part(struct units *u, const char *word, size_t len, size_t from,
		   size_t to)
{
	struct kb_unit unit = {.sym = kb_token_sym(word, len),
			       .gap = !is_joint(u, from),
			       .word = word,
			       .len = len,
			       .from = from,
			       .to = to};
	u->end = to;
	u->word = true;
	return u->h(&unit, u->arg);
}

static int on_word_unit(struct units *u, const char *word, size_t len,
			size_t from, size_t to)
{
	bool plain = to - from == len; /* no letter was folded or dropped */

	for (size_t i = 1; plain && i < len; i++) {
		uint32_t a = (unsigned char)word[i - 1];
		uint32_t b = (unsigned char)word[i];
		if (a >= 0x80 || b >= 0x80 || is_digit(a) == is_digit(b))
			continue;
		int err = on_part(u, word, i, from, from + i);
		return err ? err
			   : on_word_unit(u, word + i, len - i, from + i, to);
	}
	return on_part(u, word, len, from, to);
}

/* Pairs are left out: what stays is each character and each word. */
static int on_unit(const char *token, size_t len, size_t from, size_t to,
		   bool same, void *arg)
{
	struct units *u = arg;
	struct kb_unit unit = {.from = from, .to = to};
	uint32_t cp;

	size_t n = utf8_get(&cp, token, len);
	if (kb_token_is_cjk(cp) && n < len)
		return 0;
	if (!kb_token_is_cjk(cp) || cp >= 0x10000)
		return on_word_unit(u, token, len, from, to);
	/* invisible characters between two do not part them; here they do,
	 * and nothing that matters is lost */
	unit.gap = from != u->end;
	unit.sym = han_simple(cp);
	if (unit.sym == CP_ZHANG_CLOTH)
		unit.sym = CP_ZHANG_SHELL;
	u->end = to;
	u->word = false;
	return u->h(&unit, u->arg);
}

int kb_token_units(const char *text, size_t len, kb_unit_h *h, void *arg)
{
	struct units u = {.text = text, .h = h, .arg = arg};

	return kb_token_each(text, len, false, on_unit, &u);
}

/* ---- FTS5 ---- */

typedef int(fts5_token_h)(void *, int, const char *, int, int, int);

struct bridge {
	fts5_token_h *h;
	void *arg;
};

static int on_token(const char *token, size_t len, size_t from, size_t to,
		    bool same, void *arg)
{
	const struct bridge *b = arg;
	return b->h(b->arg, same ? FTS5_TOKEN_COLOCATED : 0, token, (int)len,
		    (int)from, (int)to);
}

static int on_tokenize(Fts5Tokenizer *t, void *arg, int flags,
		       const char *text, int len, fts5_token_h *h)
{
	struct bridge b = {.h = h, .arg = arg};

	(void)t;
	if (!text || len <= 0)
		return SQLITE_OK;
	return kb_token_each(text, (size_t)len,
			     (flags & FTS5_TOKENIZE_QUERY) != 0, on_token, &b);
}

/* The tokenizer has no state; FTS5 wants some pointer. */
static char nothing;

static int on_create(void *context, const char **argv, int argc,
		     Fts5Tokenizer **tp)
{
	*tp = (Fts5Tokenizer *)&nothing;
	return SQLITE_OK;
}

static void on_delete(Fts5Tokenizer *t)
{
}

/* Each new connection: hands the tokenizer to its FTS5. */
static int on_open(sqlite3 *db, char **why, const void *routines)
{
	static fts5_tokenizer table = {
		.xCreate = on_create,
		.xDelete = on_delete,
		.xTokenize = on_tokenize,
	};
	fts5_api *api = NULL;
	sqlite3_stmt *stmt = NULL;

	int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
	sqlite3_step(stmt);
	rc = sqlite3_finalize(stmt);
	if (rc != SQLITE_OK || !api)
		return rc == SQLITE_OK ? SQLITE_ERROR : rc;
	return api->xCreateTokenizer(api, KB_TOKEN_NAME, NULL, &table, NULL);
}

int kb_token_init(void)
{
	int rc = sqlite3_auto_extension((void (*)(void))on_open);
	return rc == SQLITE_OK ? 0 : ENOMEM;
}
