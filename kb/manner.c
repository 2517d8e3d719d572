/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/manner.h"

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "kb/token.h"

/* The first that fits at a place wins, so longer ones stand first. 0: a
 * filler and nothing else. */
static const struct {
	const wchar_t *text;
	uint16_t manner;
} phrases[] = {
	{L"怎么回事", KB_WHY},
	{L"什么原因", KB_WHY},
	{L"什么情况", KB_WHY},
	{L"怎么没", KB_WHY | KB_NOT},
	{L"怎么不", KB_WHY | KB_NOT},
	{L"怎么还", KB_WHY},
	{L"怎么会", KB_WHY},
	{L"为什么", KB_WHY},
	{L"为啥", KB_WHY},
	{L"为何", KB_WHY},
	{L"什么时候", KB_WHEN},
	{L"什么时间", KB_WHEN},
	{L"多长时间", KB_WHEN},
	{L"几个工作日", KB_WHEN},
	{L"啥时候", KB_WHEN},
	{L"多久", KB_WHEN},
	{L"何时", KB_WHEN},
	{L"几时", KB_WHEN},
	{L"几点", KB_WHEN},
	{L"几天", KB_WHEN},
	{L"哪天", KB_WHEN},
	{L"什么地方", KB_WHERE},
	{L"什么地", KB_WHERE},
	{L"哪里", KB_WHERE},
	{L"哪儿", KB_WHERE},
	{L"在哪", KB_WHERE},
	{L"何处", KB_WHERE},
	{L"去哪", KB_WHERE},
	{L"多少", KB_MUCH},
	{L"几个", KB_MUCH},
	{L"几", KB_MUCH},
	{L"怎么样", KB_HOW},
	{L"怎么办", KB_HOW},
	{L"怎么", KB_HOW},
	{L"怎样", KB_HOW},
	{L"如何", KB_HOW},
	{L"咋", KB_HOW},
	{L"怎", KB_HOW},
	{L"能不能", KB_WHETHER},
	{L"可不可以", KB_WHETHER},
	{L"是不是", KB_WHETHER},
	{L"有没有", KB_WHETHER},
	{L"要不要", KB_WHETHER},
	{L"是否", KB_WHETHER},
	{L"能否", KB_WHETHER},
	{L"可否", KB_WHETHER},
	{L"吗", KB_WHETHER},
	{L"么", KB_WHETHER},
	{L"谁", KB_WHO},
	{L"哪些", KB_WHAT},
	{L"什么", KB_WHAT},
	{L"啥", KB_WHAT},
	{L"哪", KB_WHAT},
	{L"失败", KB_FAIL},
	{L"不了", KB_NOT},
	{L"不", KB_NOT},
	{L"没有", KB_NOT},
	{L"没", KB_NOT},
	{L"未", KB_NOT},
	{L"无法", KB_NOT},
	{L"您好", 0},
	{L"你好", 0},
	{L"请问", 0},
	{L"谢谢", 0},
	{L"我想问", 0},
	{L"问一下", 0},
	{L"想问", 0},
	{L"麻烦", 0},
	{L"一下", 0},
	{L"那个", 0},
	{L"这个", 0},
	{L"就是", 0},
	{L"然后", 0},
	{L"现在", 0},
	{L"是的", 0},
	{L"的话", 0},
	{L"可以", 0},
	{L"我们", 0},
	{L"你们", 0},
	{L"咱们", 0},
	{L"一个", 0},
	{L"的", 0},
	{L"了", 0},
	{L"呢", 0},
	{L"啊", 0},
	{L"呀", 0},
	{L"吧", 0},
	{L"嘛", 0},
	{L"哦", 0},
	{L"呃", 0},
	{L"嗯", 0},
	{L"喂", 0},
	{L"我", 0},
	{L"你", 0},
	{L"您", 0},
	{L"是", 0},
	{L"在", 0},
	{L"有", 0},
	{L"个", 0},
	{L"这", 0},
	{L"那", 0},
	{L"都", 0},
	{L"就", 0},
	{L"也", 0},
	{L"还", 0},
	{L"会", 0},
	{L"能", 0},
	{L"要", 0},
	{L"想", 0},
	{L"和", 0},
	{L"与", 0},
	{L"对", 0},
	{L"给", 0},
	{L"把", 0},
	{L"被", 0},
	{L"于", 0},
	{L"为", 0},
	{L"之", 0},
};
#define PHRASES_N (sizeof(phrases) / sizeof(*phrases))

static unsigned fits(const wchar_t *text, const uint32_t *syms, unsigned n)
{
	unsigned k = 0;

	while (text[k]) {
		if (k == n || syms[k] != (uint32_t)text[k])
			return 0;
		k++;
	}
	return k;
}

uint16_t kb_manner(const uint32_t *syms, unsigned n, uint8_t *filler)
{
	uint16_t manner = 0;

	for (unsigned i = 0; i < n;) {
		unsigned k = 0;
		size_t p = 0;
		for (; p < PHRASES_N && !k; p++)
			k = fits(phrases[p].text, syms + i, n - i);
		if (!k) {
			i++;
			continue;
		}
		manner |= phrases[p - 1].manner;
		bool subject = phrases[p - 1].manner & (KB_NOT | KB_FAIL);
		for (; k; k--, i++) {
			if (filler)
				filler[i] = !subject;
		}
	}
	return manner;
}

static bool has(const uint32_t *syms, unsigned n, const wchar_t *text)
{
	for (unsigned i = 0; i < n; i++) {
		if (fits(text, syms + i, n - i))
			return true;
	}
	return false;
}

uint8_t kb_tells(const uint32_t *syms, unsigned n)
{
	uint8_t tells = 0;

	for (unsigned i = 0; i + 1 < n; i++) {
		if (!(syms[i] & KB_SYM_WORD))
			continue;
		tells |= KB_TELLS_MUCH;
		if (wcschr(L"年月日时点天", (wchar_t)syms[i + 1]) &&
		    syms[i + 1])
			tells |= KB_TELLS_WHEN;
	}
	if (n == 1 && syms[0] & KB_SYM_WORD)
		tells |= KB_TELLS_MUCH;
	if (has(syms, n, L"电话") || has(syms, n, L"热线") ||
	    has(syms, n, L"拨打"))
		tells |= KB_TELLS_CALL;
	if (has(syms, n, L"地址") || has(syms, n, L"路") ||
	    has(syms, n, L"网站") || has(syms, n, L"窗口"))
		tells |= KB_TELLS_WHERE;
	return tells;
}

uint8_t kb_wants(const uint32_t *syms, unsigned n, uint16_t manner)
{
	uint8_t wants = 0;

	if (manner & KB_WHEN || has(syms, n, L"日期") || has(syms, n, L"时间"))
		wants |= KB_TELLS_WHEN;
	if (manner & KB_MUCH)
		wants |= KB_TELLS_MUCH;
	if (has(syms, n, L"电话") || has(syms, n, L"热线") ||
	    has(syms, n, L"号码"))
		wants |= KB_TELLS_CALL;
	if (manner & KB_WHERE || has(syms, n, L"地址") ||
	    has(syms, n, L"网址"))
		wants |= KB_TELLS_WHERE;
	return wants;
}
