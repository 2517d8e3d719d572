/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/ssh_key.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>

#include "common/libre.h"
#include "common/proto.h"
#include "common/utf8.h"

#define RSA_BITS_MIN 3072
#define RSA_BITS_MAX 8192

struct blob {
	const uint8_t *p;
	size_t left;
};

/* A string of the wire: four bytes of length, then the bytes. */
static bool next(struct blob *b, const uint8_t **sp, size_t *np)
{
	if (b->left < 4)
		return false;
	size_t n = (size_t)b->p[0] << 24 | (size_t)b->p[1] << 16 |
		   (size_t)b->p[2] << 8 | b->p[3];
	if (n > b->left - 4)
		return false;
	*sp = b->p + 4;
	*np = n;
	b->p += 4 + n;
	b->left -= 4 + n;
	return true;
}

static bool is_text(const uint8_t *s, size_t n, const char *text)
{
	return strlen(text) == n && !memcmp(s, text, n);
}

static size_t bits_of(const uint8_t *s, size_t n)
{
	while (n && !*s) {
		s++;
		n--;
	}
	if (!n)
		return 0;
	size_t bits = n * 8;
	for (unsigned top = 0x80; !(*s & top); top >>= 1)
		bits--;
	return bits;
}

static const char *check_ed25519(struct blob *b, const char *arg)
{
	const uint8_t *s;
	size_t n;

	return next(b, &s, &n) && n == 32 ? NULL : N_("The key is damaged");
}

static const char *check_ecdsa(struct blob *b, const char *curve)
{
	const uint8_t *s;
	size_t n;

	if (!next(b, &s, &n) || !is_text(s, n, curve))
		return N_("The key is damaged");
	return next(b, &s, &n) && n >= 65 && s[0] == 4
		       ? NULL
		       : N_("The key is damaged");
}

static const char *check_rsa(struct blob *b, const char *arg)
{
	const uint8_t *e, *s;
	size_t en, n;

	if (!next(b, &e, &en) || !next(b, &s, &n) || !bits_of(e, en))
		return N_("The key is damaged");
	size_t bits = bits_of(s, n);
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return N_("RSA keys have 3072 to 8192 bits here");
	return NULL;
}

/* A security key: the public part, then the application it is for. */
static const char *check_sk(struct blob *b, const char *curve)
{
	const uint8_t *s;
	size_t n;
	const char *why =
		*curve ? check_ecdsa(b, curve) : check_ed25519(b, "");

	if (why)
		return why;
	return next(b, &s, &n) && n ? NULL : N_("The key is damaged");
}

static const struct {
	const char *type;
	const char *(*check)(struct blob *b, const char *arg);
	const char *arg;
} types[] = {
	{"ssh-ed25519", check_ed25519, ""},
	{"ecdsa-sha2-nistp256", check_ecdsa, "nistp256"},
	{"ecdsa-sha2-nistp384", check_ecdsa, "nistp384"},
	{"ecdsa-sha2-nistp521", check_ecdsa, "nistp521"},
	{"ssh-rsa", check_rsa, ""},
	{"sk-ssh-ed25519@openssh.com", check_sk, ""},
	{"sk-ecdsa-sha2-nistp256@openssh.com", check_sk, "nistp256"},
};

static const char *check_blob(struct ssh_key *key, const uint8_t *raw,
			      size_t len, size_t type)
{
	struct blob b = {raw, len};
	const uint8_t *s;
	size_t n;

	if (!next(&b, &s, &n) || !is_text(s, n, types[type].type))
		return N_("The key is damaged");
	const char *why = types[type].check(&b, types[type].arg);
	if (why)
		return why;
	return b.left ? N_("The key is damaged") : NULL;
}

static int fingerprint(struct ssh_key *key, const uint8_t *raw, size_t len)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char text[64];
	size_t size = sizeof(text) - 1;

	if (!EVP_Digest(raw, len, hash, &n, EVP_sha256(), NULL))
		return EFAULT;
	if (base64_encode(hash, n, text, &size))
		return EFAULT;
	text[size] = '\0';
	text[strcspn(text, "=")] = '\0';
	snprintf(key->fingerprint, sizeof(key->fingerprint), "SHA256:%.44s",
		 text);
	return 0;
}

/* The next word; false when it is missing or does not fit. */
static bool word(const char **p, char *out, size_t size)
{
	*p += strspn(*p, " \t");
	size_t n = strcspn(*p, " \t\r\n");
	if (!n || n >= size)
		return false;
	memcpy(out, *p, n);
	out[n] = '\0';
	*p += n;
	return true;
}

static const char *parse(struct ssh_key *key, const char *text)
{
	uint8_t raw[SSH_KEY_BLOB];
	size_t len = sizeof(raw);
	size_t type = 0;

	if (strstr(text, "PRIVATE KEY"))
		return N_("This is a private key: keep it to yourself, and "
			  "make a new one if others saw it");
	if (!word(&text, key->type, sizeof(key->type)))
		return N_("This is no SSH public key");
	while (type < ARRAY_SIZE(types) &&
	       strcmp(types[type].type, key->type) != 0)
		type++;
	if (type == ARRAY_SIZE(types))
		return N_("Keys are ed25519, ecdsa, rsa or sk- of these");
	if (!word(&text, key->blob, sizeof(key->blob)))
		return N_("This is no SSH public key");
	size_t n = strlen(key->blob);
	if (n % 4 || strspn(key->blob, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789+/=") != n)
		return N_("The key is damaged");
	if (base64_decode(key->blob, n, raw, &len))
		return N_("The key is damaged");
	const char *why = check_blob(key, raw, len, type);
	if (why)
		return why;
	text += strspn(text, " \t");
	n = strcspn(text, "\r\n");
	if (text[n + strspn(text + n, "\r\n \t")])
		return N_("One key at a time");
	utf8_copy(key->comment, sizeof(key->comment), text);
	key->comment[strcspn(key->comment, "\r\n")] = '\0';
	for (char *c = key->comment; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	}
	return fingerprint(key, raw, len) ? N_("The key is damaged") : NULL;
}

int ssh_key_parse(struct ssh_key *key, const char *text, const char **why)
{
	memset(key, 0, sizeof(*key));
	*why = parse(key, text);
	return *why ? EBADMSG : 0;
}
