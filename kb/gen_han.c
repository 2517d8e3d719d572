/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run by the build: writes what ICU and OpenCC know of each Chinese
 * character as a table in C (simplified form, reading without tones), so
 * that searching needs neither library nor their data at run time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opencc/opencc.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#include "kb/han_range.h"

#define SYLLABLES_MAX 640
#define ROOM	      64

static char syllables[SYLLABLES_MAX][8];
static unsigned syllables_n = 1; /* 0: none */

static void die(const char *what)
{
	fprintf(stderr, "gen_han: %s\n", what);
	exit(1);
}

static UTransliterator *reader(void)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar id[128];

	u_uastrcpy(id, "Han-Latin; NFD; Lower");
	UTransliterator *t =
		utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &e);
	if (U_FAILURE(e))
		die(u_errorName(e));
	return t;
}

/* u with two dots is typed as v: "lu" + dots + caron -> "lv"; "" when it is no
 * plain syllable. */
static void plain(char out[8], const UChar *s, int32_t n)
{
	size_t k = 0;

	out[0] = '\0';
	for (int32_t i = 0; i < n; i++) {
		if (s[i] == 0x308 && k) {
			out[k - 1] = 'v';
		} else if (s[i] >= 'a' && s[i] <= 'z' && k < 6) {
			out[k++] = (char)s[i];
		} else if (s[i] < 0x300 || s[i] > 0x36F) {
			out[0] = '\0';
			return;
		}
	}
	out[k] = '\0';
}

static unsigned number_of(const char *syllable)
{
	unsigned i = 1;

	if (!*syllable)
		return 0;
	while (i < syllables_n && strcmp(syllables[i], syllable))
		i++;
	if (i == SYLLABLES_MAX)
		die("too many syllables");
	if (i == syllables_n)
		snprintf(syllables[syllables_n++], sizeof(syllables[0]), "%s",
			 syllable);
	return i;
}

static unsigned reading(UTransliterator *t, UChar cp)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar text[ROOM] = {cp};
	int32_t n = 1, limit = 1;
	char syllable[8];

	utrans_transUChars(t, text, &n, ROOM, 0, &limit, &e);
	if (U_FAILURE(e))
		die(u_errorName(e));
	plain(syllable, text, n);
	return number_of(syllable);
}

static unsigned simple(opencc_t cc, unsigned cp)
{
	char in[4] = {(char)(0xE0 | cp >> 12), (char)(0x80 | (cp >> 6 & 63)),
		      (char)(0x80 | (cp & 63)), 0};
	char *out = opencc_convert_utf8(cc, in, 3);

	if (!out)
		die("opencc");
	const unsigned char *s = (const unsigned char *)out;
	unsigned to = cp;
	if (strlen(out) == 3 && s[0] >= 0xE0)
		to = (unsigned)(s[0] & 15) << 12 | (unsigned)(s[1] & 63) << 6 |
		     (unsigned)(s[2] & 63);
	opencc_convert_utf8_free(out);
	return to < HAN_FIRST || to > HAN_LAST ? cp : to;
}

int main(void)
{
	UTransliterator *t = reader();
	opencc_t cc = opencc_open("t2s.json");

	if (cc == (opencc_t)-1)
		die("opencc has no t2s.json");
	puts("/* Made by the build out of ICU and OpenCC. */\n"
	     "#include \"kb/han_range.h\"\n"
	     "const struct han_row han_table[HAN_COUNT] = {");
	for (unsigned cp = HAN_FIRST; cp <= HAN_LAST; cp++)
		printf("{%u,%u},\n", simple(cc, cp), reading(t, (UChar)cp));
	printf("};\nconst unsigned han_table_n = %u;\n"
	       "const char *const han_texts[] = {\n\"\",\n",
	       syllables_n);
	for (unsigned i = 1; i < syllables_n; i++)
		printf("\"%s\",\n", syllables[i]);
	puts("};");
	utrans_close(t);
	opencc_close(cc);
	return fflush(stdout) || ferror(stdout);
}
