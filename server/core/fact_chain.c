/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/fact_chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"

#define TEXT_BYTES 1024 /* to begin with */

struct fact_chain {
	EVP_MD *sha;
	EVP_MD_CTX *md;
	struct mbuf *text; /* what is hashed, but for `before` */
	struct mbuf *body;
};

static void destructor(void *arg)
{
	struct fact_chain *c = arg;

	EVP_MD_CTX_free(c->md);
	EVP_MD_free(c->sha);
	mem_deref(c->text);
	mem_deref(c->body);
}

int fact_chain_alloc(struct fact_chain **cp)
{
	scoped_mem struct fact_chain *c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;
	/* fetched once: to look the digest up costs more than a hash */
	c->sha = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->md = EVP_MD_CTX_new();
	c->text = mbuf_alloc(TEXT_BYTES);
	c->body = mbuf_alloc(TEXT_BYTES);
	if (!c->sha || !c->md || !c->text || !c->body)
		return ENOMEM;
	*cp = take(c);
	return 0;
}

static int on_dump(const char *text, size_t len, void *arg)
{
	return mbuf_write_mem(arg, (const uint8_t *)text, len) ? -1 : 0;
}

const char *fact_chain_body(struct fact_chain *c, const json_t *body)
{
	mbuf_rewind(c->body);
	if (json_dump_callback(body, on_dump, c->body,
			       JSON_COMPACT | JSON_SORT_KEYS) ||
	    mbuf_write_u8(c->body, '\0'))
		return NULL;
	return (const char *)c->body->buf;
}

/* Ids and kinds have nothing to escape. */
static bool is_plain(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\')
			return false;
	return true;
}

static int write_string(struct mbuf *mb, const char *text)
{
	if (is_plain(text)) {
		int err = mbuf_write_u8(mb, '"');
		if (!err)
			err = mbuf_write_str(mb, text);
		if (!err)
			err = mbuf_write_mem(mb, (const uint8_t *)"\",", 2);
		return err;
	}
	scoped_json json_t *s = json_string(text);
	if (!s) /* no UTF-8 */
		return EBADMSG;
	if (json_dump_callback(s, on_dump, mb, JSON_ENCODE_ANY))
		return ENOMEM;
	return mbuf_write_u8(mb, ',');
}

static int write_text(struct mbuf *mb, const struct fact *f, const char *body)
{
	const char *const texts[] = {f->actor, f->kind, f->contact, f->agent,
				     f->subject};
	char numbers[80];

	mbuf_rewind(mb);
	int n = snprintf(numbers, sizeof(numbers), "[%lld,%lld,%lld,",
			 (long long)f->seq, (long long)f->at_us,
			 (long long)f->dur_ms);
	int err = mbuf_write_mem(mb, (const uint8_t *)numbers, (size_t)n);
	for (size_t i = 0; i < ARRAY_SIZE(texts) && !err; i++)
		err = write_string(mb, texts[i] ? texts[i] : "");
	if (!err)
		err = mbuf_write_str(mb, body);
	return err ? err : mbuf_write_u8(mb, ']');
}

int fact_chain_hash(struct fact_chain *c, uint8_t hash[FACT_HASH_BYTES],
		    const uint8_t before[FACT_HASH_BYTES],
		    const struct fact *fact, const char *body)
{
	int err = write_text(c->text, fact, body);
	if (err)
		return err;
	bool good = EVP_DigestInit_ex(c->md, c->sha, NULL) &&
		    EVP_DigestUpdate(c->md, before, FACT_HASH_BYTES) &&
		    EVP_DigestUpdate(c->md, c->text->buf, c->text->end) &&
		    EVP_DigestFinal_ex(c->md, hash, NULL);
	return good ? 0 : EFAULT;
}
