/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/libre.h"
#include "common/scope.h"
#include "kb/charset.h"
#include "kb/entry.h"
#include "kb/shelf.h"

#define SAMPLE_KB ZUOXI_SOURCE "/tests/data/kb"

#define HEAD                                                  \
	"---\nid: KB-0415\ntitle: 生育津贴多久到账\n" \
	"question: 津贴多久能到账？\n"

static const char good[] =
	HEAD "ask: 津贴什么时候发\nask: 津贴进度\nline: mi\n"
	     "topic: 生育待遇\neffective: 2026-01-01\nexpires: 2027-12-31\n"
	     "policy: 样例文号〔2026〕12号\nowner: 局\nstate: confirmed\n"
	     "short: 约 20 个工作日。\nsample: yes\n---\n【一句话】二十个。\n";

static struct kb_entry *parse(const char *text)
{
	struct kb_entry *e = NULL;
	struct diag diag;

	if (kb_entry_parse(&e, "a.md", text, strlen(text), &diag))
		fail_msg("%s:%d: %s", diag.file, diag.line, diag.what);
	return e;
}

static void test_reads_what_is_written(void **state)
{
	scoped_mem struct kb_entry *e = parse(good);

	assert_string_equal(e->id, "KB-0415");
	assert_string_equal(e->line, "mi");
	assert_int_equal(e->asks_n, 2);
	assert_string_equal(e->asks[1], "津贴进度");
	assert_int_equal(e->state, KB_CONFIRMED);
	assert_true(e->sample);
	assert_string_equal(e->body, "【一句话】二十个。");
	assert_string_equal(e->source, "");
	assert_string_equal(e->text, good);
}

static void test_keeps_every_byte(void **state)
{
	static const char odd[] =
		"\xEF\xBB\xBF---\r\nid:  KB-1 \r\n# note\r\n"
		"title: t\r\nquestion: q\r\n---  \r\n\r\n\r\n"
		"a\tb  \r\nc\r\n\r\n";
	scoped_mem struct kb_entry *e = parse(odd);

	assert_int_equal(e->len, sizeof(odd) - 1);
	assert_memory_equal(e->text, odd, sizeof(odd));
	assert_string_equal(e->id, "KB-1");
	assert_string_equal(e->body, "a\tb  \nc");
}

static void test_prints_what_a_reader_writes(void **state)
{
	scoped_mem struct kb_entry *e = parse(good);
	scoped_mem char *text = NULL;
	size_t len;

	assert_int_equal(kb_entry_print(&text, &len, e), 0);
	assert_string_equal(text, good);
	assert_int_equal(len, strlen(good));
}

/* Every fault is told with its line and a word of what to write. */
static const struct {
	const char *text;
	int line;
	const char *word;
} faults[] = {
	{"", 1, "---"},
	{"id: KB-1\n", 1, "---"},
	{"---\nid: KB-1\n", 2, "does not end"},
	{"---\nid: KB-1\ntitle: t\n---\n", 1, "'question' is missing"},
	{"---\nid: kb-1\ntitle: t\nquestion: q\n---\n", 2, "KB-0412"},
	{"---\nid: KB-1x\ntitle: t\nquestion: q\n---\n", 2, "KB-0412"},
	{"---\nid: KB-1\nid: KB-2\n---\n", 3, "line 2"},
	{"---\nid: KB-1\nhue: red\n---\n", 3, "'hue'"},
	{"---\nid KB-1\n---\n", 2, "key: value"},
	{"---\nid:KB-1\n---\n", 2, "key: value"},
	{HEAD "state: done\n---\n", 5, "withdrawn"},
	{HEAD "state: confirmed\n---\nx\n", 1, "needs 'line'"},
	{HEAD "sample: maybe\n---\n", 5, "'yes' or 'no'"},
	{HEAD "line: Med\n---\n", 5, "small letters"},
	{HEAD "effective: 2026-02-30\n---\n", 5, "2026-02-30"},
	{HEAD "effective: 2027-02-29\n---\n", 5, "2027-02-29"},
	{HEAD "effective: 26-02-03\n---\n", 5, "no day"},
	{HEAD "effective: 2026-02-03\nexpires: 2026-02-02\n---\n", 6,
	 "before"},
	{HEAD "ask:\n---\n", 5, "empty"},
	{HEAD "---\na\nb\xFF\n", 7, "UTF-8"},
	{HEAD "---\na\x01\n", 6, "control"},
	{HEAD "---\na\x7F\n", 6, "control"},
	{HEAD "---\na\xC2\x85\n", 6, "control"},
	{HEAD "tags: a\xE2\x80\xAE\n---\n", 5, "U+202E"},
	{HEAD "tags: a\xE2\x81\xA6\n---\n", 5, "U+2066"},
	{HEAD "---\na\rb\n", 6, "stray CR"},
	{HEAD "review: 2026-13-01\n---\n", 5, "2026-13-01"},
	{HEAD "kind: page\n---\n", 5, "answer or flow"},
	{HEAD "kind: flow\n---\n1. a\n2. b\n", 7, "【步骤】"},
	{HEAD "kind: flow\n---\n\n【步骤】\n1. a\n3. b\n", 10,
	 "step 3 comes after step 1"},
	{HEAD "redirect: there\n---\n", 5, "KB-0412"},
	{HEAD "redirect: KB-0415\n---\n", 5, "itself"},
	{HEAD "quiz: a\n---\n", 5, "right | wrong"},
	{HEAD "quiz: a | b\n---\n", 5, "right | wrong"},
	{HEAD "quiz: a | b | \n---\n", 5, "empty choice"},
	{HEAD "quiz: a | b | b\n---\n", 5, "twice"},
	{HEAD "quiz: a | b | c | d | e | f | g | h\n---\n", 5, "more than 6"},
	{HEAD "expire: 2026-01-01\n---\n", 5, "write 'expires'"},
};

static void test_names_each_fault(void **state)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct kb_entry *e = NULL;
		struct diag d = {.line = -1};
		const char *text = faults[i].text;
		int err = kb_entry_parse(&e, "a.md", text, strlen(text), &d);
		assert_int_equal(err, EBADMSG);
		assert_null(e);
		assert_string_equal(d.file, "a.md");
		if (d.line != faults[i].line ||
		    !strstr(d.what, faults[i].word))
			fail_msg("case %zu: line %d: %s", i, d.line, d.what);
	}
}

static void note(const struct diag *d, void *arg)
{
	char *at = arg;

	snprintf(at + strlen(at), 400 - strlen(at), "%d,", d->line);
}

/* All at once, by line; what cannot be read is one fault. */
static void test_names_every_fault(void **state)
{
	static const struct {
		const char *text;
		const char *lines;
	} cases[] = {
		{"---\nid: KB-1x\ntitel: t\nquestion: q\n"
		 "effective: 2026-02-30\nexpires: x\nquiz: a\n---\n"
		 "b\x01\n\n\xE2\x80\xAE\n",
		 "1,2,3,5,6,7,9,11,"},
		{HEAD "kind: flow\nstate: confirmed\nquiz: a | b | b\n---\n"
		      "【步骤】\n1. a\n1. b\n",
		 "1,1,1,1,5,7,11,"},
		{HEAD "id: KB-1\ntags: \xCE\xF7\xB0\xB2\nhue: x\n", "6,"},
		{"id: KB-1\n", "1,"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char lines[400] = "";
		struct kb_entry *e = NULL;
		const struct kb_source src = {"a.md", cases[i].text,
					      strlen(cases[i].text)};
		assert_int_equal(kb_entry_read(&e, &src, note, lines),
				 EBADMSG);
		assert_string_equal(lines, cases[i].lines);
	}
	/* there is an end to it */
	char text[sizeof(HEAD) + 100 * 4] = HEAD, lines[400] = "";
	for (int i = 0; i < 99; i++)
		strcat(text, "x: \n");
	struct kb_entry *e = NULL;
	const struct kb_source src = {"a.md", text, strlen(text)};
	assert_int_equal(kb_entry_read(&e, &src, note, lines), EBADMSG);
	assert_non_null(strstr(lines, "54,54,"));
}

static void test_reads_flow_and_quiz(void **state)
{
	static const char text[] =
		"---\nid: KB-9001\ntitle: 补办\nquestion: 怎么补办？\n"
		"kind: flow\nreview: 2027-01-01\nstate: draft\n"
		"redirect: KB-9002\n"
		"quiz: 先做什么？ | 核验身份 | 收费 | 打印\n"
		"quiz: 多久？ | 当场 | 一周\n---\n"
		"【材料】\n1. 身份证\n【步骤】\n1. 核验身份\n  带原件\n"
		"2、挂失旧卡\n3）制卡\n【依据】\n1. 无\n";
	scoped_mem struct kb_entry *e = parse(text);
	scoped_mem char *back = NULL;
	size_t len;

	assert_true(kb_entry_is_flow(e));
	assert_string_equal(e->review, "2027-01-01");
	assert_string_equal(e->redirect, "KB-9002");
	assert_int_equal(e->steps_n, 3);
	assert_string_equal(e->steps[1], "挂失旧卡");
	assert_int_equal(e->quiz_n, 2);
	assert_string_equal(e->quiz[0].question, "先做什么？");
	assert_int_equal(e->quiz[0].choices_n, 3);
	assert_string_equal(e->quiz[0].choices[0], "核验身份");
	assert_int_equal(kb_entry_print(&back, &len, e), 0);
	assert_string_equal(back, text);
}

static void test_knows_encodings(void **state)
{
	static const char gb[] =
		"---\ntitle: \xCE\xF7\xB0\xB2\xC9\xE7\xB1\xA3\n";
	static const char wound[] = "西安社保\xE5卡丢了";
	static const char mark[] = "\xFF\xFE-\0-\0-\0";
	scoped_mem char *text = mem_alloc(sizeof(gb), NULL);
	size_t len = sizeof(gb) - 1;
	int line = 0;

	assert_string_equal(kb_charset_guess(gb, len), "gb18030");
	/* cut in the middle of a character */
	assert_string_equal(kb_charset_guess(gb, len - 2), "gb18030");
	assert_null(kb_charset_guess(wound, sizeof(wound) - 1));
	assert_null(kb_charset_guess(wound, 12));
	assert_null(kb_charset_guess("\xFF\xFF", 2));
	assert_null(kb_charset_guess("", 0));
	assert_string_equal(kb_charset_guess(mark, sizeof(mark) - 1),
			    "utf-16");
	assert_true(kb_charset_known("GB18030"));
	assert_false(kb_charset_known("klingon"));

	memcpy(text, gb, sizeof(gb));
	assert_int_equal(kb_charset_convert(&text, &len, "gbk", &line), 0);
	assert_string_equal(text, "---\ntitle: 西安社保\n");
	/* what is UTF-8 already stays */
	assert_int_equal(kb_charset_convert(&text, &len, "gbk", &line), 0);
	assert_int_equal(len, strlen("---\ntitle: 西安社保\n"));

	mem_deref(text);
	text = mem_alloc(8, NULL);
	memcpy(text, "a\nb\xFF\xFF", 6);
	len = 5;
	assert_int_equal(kb_charset_convert(&text, &len, "gb18030", &line),
			 EILSEQ);
	assert_int_equal(line, 2);
	assert_memory_equal(text, "a\nb\xFF\xFF", 5);
}

static void test_leap_day_exists(void **state)
{
	scoped_mem struct kb_entry *e =
		parse(HEAD "effective: 2028-02-29\n---\n");
	assert_string_equal(e->effective, "2028-02-29");
}

static void test_refuses_nul_and_size(void **state)
{
	char text[sizeof(HEAD) + 16];
	struct kb_entry *e = NULL;
	struct diag d;

	memcpy(text, HEAD "---\na\0b\n", sizeof(HEAD) + 7);
	assert_int_equal(kb_entry_parse(&e, "n", text, sizeof(HEAD) + 7, &d),
			 EBADMSG);
	assert_int_equal(d.line, 6);
	assert_non_null(strstr(d.what, "NUL"));

	size_t size = KB_ENTRY_MAX_BYTES + 1;
	scoped_mem char *big = mem_alloc(size, NULL);
	memset(big, 'x', size);
	assert_int_equal(kb_entry_parse(&e, "n", big, size, &d), EBADMSG);
	assert_non_null(strstr(d.what, "split"));
	assert_int_equal(
		kb_entry_parse(&e, "n", big, KB_LINE_MAX_BYTES + 1, &d),
		EBADMSG);
	assert_non_null(strstr(d.what, "break it"));
}

/* Cut anywhere, the text is an entry or a fault, and nothing else. */
static void test_survives_any_cut(void **state)
{
	for (size_t n = 0; n < strlen(good); n++) {
		scoped_mem struct kb_entry *e = NULL;
		struct diag d;
		scoped_mem char *part = mem_alloc(n + 1, NULL);
		memcpy(part, good, n);
		int err = kb_entry_parse(&e, "cut", part, n, &d);
		assert_true(err == 0 || err == EBADMSG);
		assert_true(!err == (e != NULL));
	}
}

static int row(struct kb_entry **ep, const char *text, struct diag *d)
{
	return kb_entry_row(ep, "t.tsv", 7, text, strlen(text), d);
}

static void test_reads_rows(void **state)
{
	scoped_mem struct kb_entry *e = NULL;
	struct diag d;

	assert_int_equal(
		row(&e, "A00001\t怎么退休\t先预审。\t退休 | 办退休|", &d), 0);
	assert_string_equal(e->id, "A00001");
	assert_string_equal(e->title, "怎么退休");
	assert_string_equal(e->body, "先预审。");
	assert_int_equal(e->asks_n, 2);
	assert_int_equal(e->state, KB_DRAFT);
	assert_int_equal(e->at_line, 7);

	/* what it stands for is an entry that can be read again */
	scoped_mem struct kb_entry *again = parse(e->text);
	assert_string_equal(again->asks[1], "办退休");
}

static void test_refuses_rows(void **state)
{
	static const char *const bad[] = {
		"",	    "A1",      "A1\tq\ta\tw\tmore",
		"a1\tq\ta", "A1\t\ta", "A1\tq\ta\x01",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct kb_entry *e = NULL;
		struct diag d;
		assert_int_equal(row(&e, bad[i], &d), EBADMSG);
		assert_int_equal(d.line, 7);
		assert_null(e);
	}
}

static void test_state_follows_the_day(void **state)
{
	const char *from = "2026-01-01", *to = "2026-12-31";

	assert_string_equal(kb_state_on(KB_CONFIRMED, from, to, "2025-12-31"),
			    "confirmed");
	assert_string_equal(kb_state_on(KB_CONFIRMED, from, to, "2026-01-01"),
			    "effective");
	assert_string_equal(kb_state_on(KB_CONFIRMED, from, to, "2026-12-31"),
			    "effective");
	assert_string_equal(kb_state_on(KB_CONFIRMED, from, to, "2027-01-01"),
			    "expired");
	assert_string_equal(kb_state_on(KB_CONFIRMED, from, "", "2099-01-01"),
			    "effective");
	assert_string_equal(kb_state_on(KB_DRAFT, from, to, "2026-06-01"),
			    "draft");
	assert_string_equal(kb_state_on(KB_WITHDRAWN, "", "", "2026-06-01"),
			    "withdrawn");
}

static void on_fault(const struct diag *d, void *arg)
{
	fail_msg("%s:%d: %s", d->file, d->line, d->what);
}

static size_t chars(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

/* The sample entries: right, canonical, complete, and marked as samples. */
static void test_sample_kb(void **state)
{
	scoped_mem struct kb_shelf *shelf = NULL;

	assert_int_equal(kb_shelf_alloc(&shelf), 0);
	assert_int_equal(kb_shelf_read(shelf, SAMPLE_KB, on_fault, NULL), 0);
	kb_shelf_check_ids(shelf, on_fault, NULL);
	assert_true(shelf->n >= 64);
	for (unsigned i = 0; i < shelf->n; i++) {
		const struct kb_entry *e = shelf->list[i];
		scoped_mem char *text = NULL;
		size_t len;
		assert_int_equal(kb_entry_print(&text, &len, e), 0);
		assert_string_equal(text, e->text);
		assert_true(e->sample);
		assert_true(e->asks_n >= 3);
		assert_non_null(strstr(e->policy, "样例"));
		assert_non_null(strstr(e->body, "【一句话】"));
		assert_non_null(strstr(e->body, "【不要说】"));
		assert_non_null(strstr(e->body, "【依据】"));
		assert_true(chars(e->brief) > 0 && chars(e->brief) <= 120);
	}
}

static void count(const struct diag *d, void *arg)
{
	++*(int *)arg;
}

static void test_shelf_counts_faults(void **state)
{
	scoped_mem struct kb_shelf *shelf = NULL;
	int n = 0;

	assert_int_equal(kb_shelf_alloc(&shelf), 0);
	assert_int_equal(kb_shelf_read(shelf, "/nowhere/at/all.md", count, &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(shelf->faults, 1);
	/* the same file twice: the same id twice */
	const char *one = SAMPLE_KB "/KB-0415.md";
	assert_int_equal(kb_shelf_read(shelf, one, count, &n), 0);
	assert_int_equal(kb_shelf_read(shelf, one, count, &n), 0);
	kb_shelf_check_ids(shelf, count, &n);
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_what_is_written),
		cmocka_unit_test(test_keeps_every_byte),
		cmocka_unit_test(test_prints_what_a_reader_writes),
		cmocka_unit_test(test_names_each_fault),
		cmocka_unit_test(test_names_every_fault),
		cmocka_unit_test(test_reads_flow_and_quiz),
		cmocka_unit_test(test_knows_encodings),
		cmocka_unit_test(test_leap_day_exists),
		cmocka_unit_test(test_refuses_nul_and_size),
		cmocka_unit_test(test_survives_any_cut),
		cmocka_unit_test(test_reads_rows),
		cmocka_unit_test(test_refuses_rows),
		cmocka_unit_test(test_state_follows_the_day),
		cmocka_unit_test(test_sample_kb),
		cmocka_unit_test(test_shelf_counts_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
