/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/han.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/han_range.h"

#define SYLLABLES_MAX 640
#define LETTERS_MAX   48

/* Characters that are read in more than one way. */
static const struct {
	uint16_t cp;
	char readings[2][HAN_SYLLABLE_SIZE];
} others[] = {
	{L'行', {"hang", "xing"}},   {L'重', {"chong", "zhong"}},
	{L'长', {"chang", "zhang"}}, {L'乐', {"yue", "le"}},
	{L'还', {"huan", "hai"}},    {L'调', {"diao", "tiao"}},
	{L'参', {"shen", "can"}},    {L'会', {"kuai", "hui"}},
	{L'都', {"dou", "du"}},	     {L'得', {"dei", "de"}},
	{L'了', {"liao", "le"}},     {L'着', {"zhao", "zhe"}},
	{L'没', {"mo", "mei"}},	     {L'传', {"zhuan", "chuan"}},
	{L'给', {"ji", "gei"}},	     {L'解', {"xie", "jie"}},
	{L'车', {"ju", "che"}},	     {L'差', {"chai", "cha"}},
	{L'藏', {"zang", "cang"}},   {L'单', {"shan", "dan"}},
	{L'弹', {"dan", "tan"}},     {L'校', {"jiao", "xiao"}},
	{L'觉', {"jiao", "jue"}},    {L'角', {"jue", "jiao"}},
	{L'薄', {"bao", "bo"}},	     {L'省', {"xing", "sheng"}},
	{L'系', {"ji", "xi"}},	     {L'血', {"xie", "xue"}},
	{L'朝', {"zhao", "chao"}},   {L'率', {"shuai", "lv"}},
	{L'便', {"pian", "bian"}},   {L'盛', {"cheng", "sheng"}},
	{L'落', {"la", "luo"}},	     {L'厦', {"xia", "sha"}},
	{L'曾', {"zeng", "ceng"}},   {L'卡', {"qia", "ka"}},
	{L'提', {"di", "ti"}},	     {L'折', {"she", "zhe"}},
	{L'大', {"dai", "da"}},	     {L'地', {"de", "di"}},
	{L'的', {"di", "de"}},	     {L'奇', {"ji", "qi"}},
	{L'模', {"mu", "mo"}},	     {L'熟', {"shou", "shu"}},
	{L'塞', {"se", "sai"}},	     {L'色', {"shai", "se"}},
	{L'什', {"shi", "shen"}},    {L'那', {"nei", "na"}},
	{L'谁', {"shei", "shui"}},   {L'露', {"lou", "lu"}},
	{L'降', {"xiang", "jiang"}}, {L'划', {"hua", "huai"}},
	{L'否', {"pi", "fou"}},	     {L'宅', {"zhai", "ze"}},
	{L'和', {"huo", "he"}},	     {L'合', {"ge", "he"}},
	{L'恶', {"wu", "e"}},	     {L'强', {"jiang", "qiang"}},
	{L'切', {"qie", "qi"}},	     {L'圈', {"juan", "quan"}},
	{L'吓', {"he", "xia"}},	     {L'说', {"shui", "shuo"}},
	{L'种', {"chong", "zhong"}}, {L'称', {"chen", "cheng"}},
	{L'呢', {"ni", "ne"}},	     {L'番', {"pan", "fan"}},
	{L'秘', {"bi", "mi"}},	     {L'泊', {"po", "bo"}},
	{L'屏', {"bing", "ping"}},   {L'咽', {"yan", "ye"}},
	{L'嘛', {"ma", "me"}},	     {L'哪', {"nei", "na"}},
	{L'吗', {"ma", "me"}},	     {L'么', {"me", "ma"}},
};
#define OTHERS_N (sizeof(others) / sizeof(*others))

/* Built once from the table. */
static struct {
	uint16_t sorted[SYLLABLES_MAX]; /* numbers by text */
	uint16_t sound[SYLLABLES_MAX];
	uint16_t second[HAN_COUNT][2];
} known;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int by_text(const void *x, const void *y)
{
	return strcmp(han_texts[*(const uint16_t *)x],
		      han_texts[*(const uint16_t *)y]);
}

static uint16_t find(const char *s, size_t len)
{
	unsigned from = 0, to = han_table_n;

	while (from < to) {
		unsigned mid = (from + to) / 2;
		const char *one = han_texts[known.sorted[mid]];
		int way = strncmp(one, s, len);
		if (!way)
			way = one[len] ? 1 : 0;
		if (!way)
			return known.sorted[mid];
		if (way < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return 0;
}

/* zh ch sh -> z c s, l -> n, h before u -> f; ang eng ing -> an en in. */
static void blur(char out[HAN_SYLLABLE_SIZE], const char *s)
{
	size_t n = 0, len;

	if (s[0] && strchr("zcs", s[0]) && s[1] == 'h') {
		out[n++] = s[0];
		s += 2;
	} else if (s[0] == 'l') {
		out[n++] = 'n';
		s++;
	}
	len = strlen(s);
	if (len > 2 && s[len - 1] == 'g' && s[len - 2] == 'n' &&
	    s[len - 3] != 'o')
		len--;
	memcpy(out + n, s, len);
	out[n + len] = '\0';
}

static void learn_sounds(void)
{
	char a[HAN_SYLLABLE_SIZE], b[HAN_SYLLABLE_SIZE];

	for (uint16_t i = 1; i < han_table_n; i++) {
		blur(a, han_texts[i]);
		uint16_t k = 1;
		for (; k < i; k++) {
			blur(b, han_texts[k]);
			if (!strcmp(a, b))
				break;
		}
		known.sound[i] = k;
	}
}

static void learn(void)
{
	for (uint16_t i = 0; i < han_table_n && i < SYLLABLES_MAX; i++)
		known.sorted[i] = i;
	qsort(known.sorted, han_table_n, sizeof(known.sorted[0]), by_text);
	learn_sounds();
	for (size_t i = 0; i < OTHERS_N; i++) {
		unsigned row = others[i].cp - HAN_FIRST, n = 0;
		for (unsigned k = 0; k < 2; k++) {
			const char *s = others[i].readings[k];
			uint16_t one = find(s, strlen(s));
			if (one && one != han_table[row].reading)
				known.second[row][n++] = one;
		}
	}
}

static const struct han_row *row_of(uint32_t cp)
{
	return cp < HAN_FIRST || cp > HAN_LAST ? NULL
					       : &han_table[cp - HAN_FIRST];
}

uint32_t han_simple(uint32_t cp)
{
	const struct han_row *row = row_of(cp);
	return row ? row->simple : cp;
}

uint16_t han_reading(uint32_t cp)
{
	const struct han_row *row = row_of(cp);
	return row ? row->reading : 0;
}

unsigned han_readings(uint32_t cp, uint16_t out[HAN_READINGS_MAX])
{
	const struct han_row *row = row_of(cp);
	unsigned n = 0;

	pthread_once(&once, learn);
	if (!row || !row->reading)
		return 0;
	out[n++] = row->reading;
	for (unsigned k = 0; k < 2; k++) {
		if (known.second[cp - HAN_FIRST][k])
			out[n++] = known.second[cp - HAN_FIRST][k];
	}
	return n;
}

const char *han_syllable(unsigned n)
{
	return n < han_table_n ? han_texts[n] : "";
}

unsigned han_syllables(void)
{
	return han_table_n;
}

uint16_t han_sound(unsigned syllable)
{
	pthread_once(&once, learn);
	return syllable < han_table_n ? known.sound[syllable] : 0;
}

static bool begins_one(const char *s, size_t len)
{
	for (unsigned i = 1; i < han_table_n; i++) {
		if (!strncmp(han_texts[i], s, len))
			return true;
	}
	return false;
}

/* A syllable of one letter only where it is one for sure: a, e. */
static uint16_t syllable_at(const char *s, size_t len)
{
	if (len == 1 && *s != 'a' && *s != 'e')
		return 0;
	if (len == 3 && (!memcmp(s, "lue", 3) || !memcmp(s, "nue", 3)))
		return find(*s == 'l' ? "lve" : "nve", 3);
	return find(s, len);
}

unsigned han_cut(const char *s, size_t len, uint16_t *out, unsigned max,
		 size_t *tail)
{
	struct {
		uint16_t syllable;
		uint8_t cost, from;
	} best[LETTERS_MAX + 1];

	pthread_once(&once, learn);
	*tail = 0;
	if (!len || len > LETTERS_MAX)
		return 0;
	memset(best, 0xFF, sizeof(best));
	best[0].cost = 0;
	for (size_t i = 0; i < len; i++) {
		for (size_t n = 1; n <= 6 && i + n <= len; n++) {
			uint16_t one = best[i].cost == 0xFF
					       ? 0
					       : syllable_at(s + i, n);
			if (!one || best[i].cost + 1 > best[i + n].cost)
				continue;
			best[i + n].cost = (uint8_t)(best[i].cost + 1);
			best[i + n].from = (uint8_t)i;
			best[i + n].syllable = one;
		}
	}
	size_t end = len;
	while (end && (best[end].cost == 0xFF || len - end > 5))
		end--;
	if (!end || len - end > 5 || best[end].cost > max ||
	    (end < len && !begins_one(s + end, len - end)))
		return 0;
	*tail = len - end;
	unsigned n = best[end].cost;
	for (unsigned k = n; k; k--) {
		out[k - 1] = best[end].syllable;
		end = best[end].from;
	}
	return n;
}
