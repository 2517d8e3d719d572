/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words out of Chinese and Latin text, for the index and for questions; a
 * pure function, and its registration with FTS5 under the name `zuoxi`.
 *
 *  - Chinese has no spaces: a run of characters gives each pair and each
 *    single character (生育津贴: 生育 育津 津贴 生 育 津 贴). A question asks
 *    with the pairs, or with the single character where it is alone.
 *  - Latin letters and digits give words in small letters, full-width forms
 *    folded to half width.
 *  - The number of a document gives one word more, whatever its brackets
 *    look like: 样例〔2025〕12号, [2025]12号 -> 〔2025〕12号.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KB_TOKEN_NAME "zuoxi"
/* Longest token in bytes; of a longer word the beginning is taken. */
#define KB_TOKEN_MAX_BYTES 64

/* A token and the bytes of the text that it stands for. same: it stands at
 * the same place as the token before. Non-zero ends the walk. */
typedef int(kb_token_h)(const char *token, size_t len, size_t from, size_t to,
			bool same, void *arg);

/* 0, or what the handler returned. Any bytes will do. */
int kb_token_each(const char *text, size_t len, bool query, kb_token_h *h,
		  void *arg);

/* One character or word by itself, as search sees it. */
struct kb_unit {
	uint32_t sym; /* a simplified character, or KB_SYM_WORD and a hash */
	bool gap;     /* does not follow the unit before closely */
	const char *word; /* of a word: its small letters, not terminated */
	size_t len;
	size_t from, to; /* bytes of the text */
};
typedef int(kb_unit_h)(const struct kb_unit *unit, void *arg);

#define KB_SYM_WORD	 0x80000000u
#define KB_SYM_HASH_BITS 29

/* The text unit by unit; the number of a document comes as one word before
 * its parts. 0, or what the handler returned. Any bytes will do. */
int kb_token_units(const char *text, size_t len, kb_unit_h *h, void *arg);

/* The symbol of a word. */
uint32_t kb_token_sym(const char *word, size_t len);

/* Every database that this process opens from now on knows the tokenizer;
 * to be called before the first is opened, twice does no harm. */
int kb_token_init(void);

/* Chinese, Japanese or Korean character that is a word by itself. */
bool kb_token_is_cjk(unsigned cp);
