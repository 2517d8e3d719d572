/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"

#define LOOK_BYTES (256 << 10)

/* As iconv calls them; all that GB2312 and GBK can say is GB18030, too. */
static const struct {
	const char *name, *iconv;
} charsets[] = {
	{"gb18030", "GB18030"},	  {"gbk", "GB18030"},
	{"gb2312", "GB18030"},	  {"big5", "BIG5-HKSCS"},
	{"utf-16", "UTF-16"},	  {"utf-16le", "UTF-16LE"},
	{"utf-16be", "UTF-16BE"}, {"utf-8", "UTF-8"},
};

static const char *iconv_name(const char *name)
{
	for (size_t i = 0; i < sizeof(charsets) / sizeof(*charsets); i++) {
		if (!strcasecmp(charsets[i].name, name))
			return charsets[i].iconv;
	}
	return NULL;
}

bool kb_charset_known(const char *name)
{
	return iconv_name(name) != NULL;
}

/* By its mark, or by the NULs of what is English in it. */
static const char *utf16(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t even = 0, odd = 0;

	if (len >= 2 && s[0] == 0xFF && s[1] == 0xFE)
		return "utf-16";
	if (len >= 2 && s[0] == 0xFE && s[1] == 0xFF)
		return "utf-16";
	for (size_t i = 0; i < len; i++) {
		even += !s[i] && i % 2 == 0;
		odd += !s[i] && i % 2;
	}
	/* "---" and the keys of a header are a third at least */
	if (len < 16)
		return NULL;
	if (odd * 8 > len && even * 4 < odd)
		return "utf-16le";
	return even * 8 > len && odd * 4 < even ? "utf-16be" : NULL;
}

/* UTF-8 with a wound is UTF-8: most of what is not ASCII is right. */
static bool is_wounded(const char *text, size_t len)
{
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_get(&cp, text + i, len - i);
		if (n > 1)
			good += n;
		else if ((unsigned char)text[i] >= 0x80)
			bad++;
		i += n;
	}
	return good > bad;
}

/* All of it is GB18030 (but for a character that the end cuts), and Chinese
 * that people write is in it. */
static bool is_gb18030(const char *text, size_t len)
{
	char out[4 * 256];
	char *in = (char *)text;
	size_t han = 0, other = 0;
	iconv_t cd = iconv_open("UTF-8", "GB18030");

	if (cd == (iconv_t)-1)
		return false;
	bool good = true;
	while (len && good) {
		char *to = out;
		size_t room = sizeof(out);
		size_t n = iconv(cd, &in, &len, &to, &room);
		if (n == (size_t)-1 && errno != E2BIG) {
			good = errno == EINVAL;
			len = 0;
		}
		for (const char *s = out; s < to;) {
			uint32_t cp;
			s += utf8_get(&cp, s, (size_t)(to - s));
			han += cp >= 0x4E00 && cp <= 0x9FFF;
			other += cp >= 0x80 && cp < 0x2010;
			other += cp >= 0xE000 && cp < 0xF900;
		}
	}
	iconv_close(cd);
	return good && han > 4 * other;
}

const char *kb_charset_guess(const char *text, size_t len)
{
	const char *name = utf16(text, len);

	if (name || utf8_check(text, len) < 0)
		return name;
	len = len < LOOK_BYTES ? len : LOOK_BYTES;
	if (is_wounded(text, len))
		return NULL;
	return is_gb18030(text, len) ? "gb18030" : NULL;
}

/* The line in the text that stands in `out` so far. */
static int line_of(const char *out, size_t len)
{
	int line = 1;

	for (size_t i = 0; i < len; i++)
		line += out[i] == '\n';
	return line;
}

int kb_charset_convert(char **bytesp, size_t *lenp, const char *name,
		       int *linep)
{
	const char *from = iconv_name(name);
	size_t left = *lenp, room = 3 * *lenp + 4, size = room;
	char *in = *bytesp;

	if (!from)
		return EINVAL;
	if (utf8_check(in, left) < 0 && !memchr(in, '\0', left))
		return 0;
	scoped_mem char *out = mem_alloc(size + 1, NULL);
	if (!out)
		return ENOMEM;
	iconv_t cd = iconv_open("UTF-8", from);
	if (cd == (iconv_t)-1)
		return errno;
	char *to = out;
	size_t n = iconv(cd, &in, &left, &to, &room);
	int err = n == (size_t)-1 ? EILSEQ : 0;
	iconv_close(cd);
	size -= room;
	*linep = line_of(out, size);
	if (err)
		return err;
	out[size] = '\0';
	mem_deref(*bytesp);
	*bytesp = take(out);
	*lenp = size;
	return 0;
}
