/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "kb/life.h"
#include "kb/search.h"
#include "kb/shelf.h"
#include "kb/token.h"
#include "kb/wording.h"

#define DAY "2026-11-24"

static struct db *sample;
static struct kb_index *sample_index;

static struct db *memory(void)
{
	struct db *db = NULL;

	assert_int_equal(kb_token_init(), 0);
	assert_int_equal(db_open(&db, NULL, DB_MEMORY, NULL), 0);
	assert_int_equal(kb_base_make(db), 0);
	return db;
}

static void on_fault(const struct diag *d, void *arg)
{
	fail_msg("%s:%d: %s", d->file, d->line, d->what);
}

static int setup(void **state)
{
	scoped_mem struct kb_shelf *shelf = NULL;

	sample = memory();
	assert_int_equal(kb_index_alloc(&sample_index), 0);
	assert_int_equal(kb_shelf_alloc(&shelf), 0);
	assert_int_equal(kb_shelf_read(shelf, ZUOXI_SOURCE "/tests/data/kb",
				       on_fault, NULL),
			 0);
	for (unsigned i = 0; i < shelf->n; i++)
		assert_int_equal(
			kb_life_import(sample, shelf->list[i], 1, 1000, "t"),
			0);
	return 0;
}

static int teardown(void **state)
{
	sample = mem_deref(sample);
	sample_index = mem_deref(sample_index);
	return 0;
}

/* The sample keeps its index; others are read anew each time. */
static struct kb_hits *ask_line(struct db *db, const char *text,
				const char *line)
{
	struct kb_hits *hits = NULL;
	scoped_mem struct kb_index *fresh = NULL;
	const struct kb_query q = {
		.text = text, .line = line, .day = DAY, .limit = 10};

	if (db != sample)
		assert_int_equal(kb_index_alloc(&fresh), 0);
	assert_int_equal(
		kb_search(&hits, fresh ? fresh : sample_index, db, &q), 0);
	assert_true(hits->n <= 10);
	return hits;
}

static struct kb_hits *ask(struct db *db, const char *text)
{
	return ask_line(db, text, "");
}

static unsigned rank_of(const struct kb_hits *hits, const char *id)
{
	for (unsigned i = 0; i < hits->n; i++) {
		if (!strcmp(hits->list[i].id, id))
			return i + 1;
	}
	return 0;
}

/* What is asked, and the entry that must come within the first `worst`. */
static const struct {
	const char *text;
	const char *id;
	unsigned worst;
} asked[] = {
	{"生育津贴 多久到账", "KB-0415", 1},
	{"生育津贴怎么领", "KB-0412", 2},
	{"津贴比工资少", "KB-0420", 1},
	{"社保卡丢了", "KB-0201", 2},
	{"人在外地 社保卡 补", "KB-0203", 1},
	{"异地就医备案", "KB-0320", 1},
	{"已经在外地住院了没备案", "KB-0321", 1},
	{"档案转过来要带啥", "KB-0710", 3},
	{"失业金", "KB-0211", 3},
	{"慢病", "KB-0304", 1},
	{"高血压 糖尿病", "KB-0304", 1},
	{"自己交社保 没有单位", "KB-0655", 3},
	{"落户", "KB-0730", 2},
	{"职称", "KB-0720", 3},
	{"参保证明打印", "KB-0121", 1},
	{"4050", "KB-0656", 1},
	{"KB-0415", "KB-0415", 1},
	{"kb-0415", "KB-0415", 1},
	{"0415", "KB-0415", 1},
	{"税务局征收的那个我想问一下我这个社保的基数是怎么定的", "KB-0102", 3},
};

static void test_finds_what_is_asked(void **state)
{
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		scoped_mem struct kb_hits *hits = ask(sample, asked[i].text);
		unsigned rank = rank_of(hits, asked[i].id);
		if (!rank || rank > asked[i].worst)
			fail_msg("%s: %s is at %u, first is %s", asked[i].text,
				 asked[i].id, rank,
				 hits->n ? hits->list[0].id : "nothing");
	}
}

static int on_own_question(const struct kb_row *row, void *arg)
{
	unsigned *good = arg;
	scoped_mem struct kb_version *v = NULL;

	assert_int_equal(kb_base_get(&v, sample, row->id, 0), 0);
	for (unsigned i = 0; i < v->entry->asks_n; i++) {
		scoped_mem struct kb_hits *hits =
			ask(sample, v->entry->asks[i]);
		unsigned rank = rank_of(hits, row->id);
		good[0]++;
		good[1] += rank == 1;
		good[2] += rank >= 1 && rank <= 3;
	}
	return 0;
}

/* Each way to ask that an entry lists finds it. */
static void test_own_words_find_the_entry(void **state)
{
	unsigned n[3] = {0, 0, 0};

	assert_int_equal(kb_base_each(sample, "", on_own_question, n), 0);
	assert_true(n[0] > 200);
	if (n[1] * 100 < n[0] * 95 || n[2] * 100 < n[0] * 98)
		fail_msg("of %u: first %u, among three %u", n[0], n[1], n[2]);
}

static void put(struct db *db, const char *text, int64_t version)
{
	scoped_mem struct kb_entry *e = NULL;
	struct diag d;

	if (kb_entry_parse(&e, "t", text, strlen(text), &d))
		fail_msg("%s", d.what);
	assert_int_equal(kb_life_import(db, e, version, version, "t"), 0);
}

#define ENTRY(id, state, effective, expires, words)                           \
	"---\nid: " id "\ntitle: " words "\nquestion: " words                 \
	"\nline: si\n" effective expires "policy: p\nowner: o\nstate: " state \
	"\n---\nbody " words "\n"

static void test_in_force_comes_first(void **state)
{
	scoped_mem struct db *db = memory();

	put(db, ENTRY("KB-1", "draft", "", "", "退休预审"), 1);
	put(db, ENTRY("KB-2", "withdrawn", "", "", "退休预审"), 1);
	put(db,
	    ENTRY("KB-3", "confirmed", "effective: 2026-01-01\n",
		  "expires: 2026-11-23\n", "退休预审"),
	    1);
	put(db,
	    ENTRY("KB-4", "confirmed", "effective: 2026-11-25\n", "",
		  "退休预审"),
	    1);
	put(db,
	    ENTRY("KB-5", "confirmed", "effective: 2026-11-24\n",
		  "expires: 2026-11-24\n", "退休预审"),
	    1);
	scoped_mem struct kb_hits *hits = ask(db, "退休预审");
	assert_int_equal(hits->n, 5);
	assert_string_equal(hits->list[0].id, "KB-5");
	assert_string_equal(hits->list[0].state, "effective");
	/* equal: by id */
	assert_string_equal(hits->list[1].id, "KB-1");
	assert_string_equal(hits->list[2].id, "KB-2");
	assert_string_equal(hits->list[3].state, "expired");
	assert_string_equal(hits->list[4].state, "confirmed");
}

static void test_index_follows_versions(void **state)
{
	scoped_mem struct db *db = memory();

	put(db, ENTRY("KB-1", "draft", "", "", "养老补缴"), 1);
	put(db, ENTRY("KB-1", "draft", "", "", "医保停保"), 2);
	scoped_mem struct kb_hits *old = ask(db, "养老补缴");
	assert_int_equal(old->n, 0);
	scoped_mem struct kb_hits *now = ask(db, "医保停保");
	assert_int_equal(now->n, 1);
	assert_int_equal(now->list[0].version, 2);

	scoped_mem struct kb_version *v = NULL;
	assert_int_equal(kb_base_get(&v, db, "KB-1", 1), 0);
	assert_string_equal(v->entry->title, "养老补缴");
	assert_int_equal(v->current, 2);
	struct kb_version *none = NULL;
	assert_int_equal(kb_base_get(&none, db, "KB-1", 3), ENOENT);
	assert_int_equal(kb_base_get(&none, db, "KB-9", 0), ENOENT);

	int64_t version;
	bool same;
	assert_int_equal(kb_base_version(db, "KB-1", "other", &version, &same),
			 0);
	assert_int_equal(version, 2);
	assert_false(same);
}

static unsigned hits_of(struct kb_index *index, struct db *db,
			const char *text)
{
	scoped_mem struct kb_hits *hits = NULL;
	const struct kb_query q = {
		.text = text, .line = "", .day = DAY, .limit = 10};

	assert_int_equal(kb_search(&hits, index, db, &q), 0);
	return hits->n;
}

/* One index, kept while the database changes under it. */
static void test_kept_index_follows(void **state)
{
	scoped_mem struct db *db = memory();
	scoped_mem struct kb_index *index = NULL;
	struct kb_index_stat st;

	assert_int_equal(kb_index_alloc(&index), 0);
	assert_int_equal(hits_of(index, db, "养老补缴"), 0);
	put(db, ENTRY("KB-1", "draft", "", "", "养老补缴"), 1);
	put(db, ENTRY("KB-2", "draft", "", "", "养老转移"), 1);
	assert_int_equal(hits_of(index, db, "养老补缴"), 2);
	put(db, ENTRY("KB-1", "draft", "", "", "医保停保"), 2);
	assert_int_equal(hits_of(index, db, "养老"), 1);
	assert_int_equal(hits_of(index, db, "医保"), 1);
	kb_index_stat(index, &st);
	assert_int_equal(st.entries, 2);
	assert_int_equal(st.dead, 1);
	/* many changes: read again, no dead ones left behind for ever */
	for (int i = 3; i < 1300; i++) {
		put(db, ENTRY("KB-2", "draft", "", "", "养老转移"), i);
		if (i % 50 == 0)
			assert_int_equal(hits_of(index, db, "转移"), 1);
	}
	kb_index_stat(index, &st);
	assert_true(st.dead <= 1100);
	assert_int_equal(db_exec(db, "DELETE FROM kb_entry WHERE id='KB-2'"),
			 0);
	assert_int_equal(hits_of(index, db, "转移"), 0);
	assert_int_equal(hits_of(index, db, "医保"), 1);
}

/* Syntax of SQL and FTS5 is text; what is empty or huge finds nothing or
 * something, and never fails. */
static const char *const hostile[] = {
	"",
	" ",
	"　",
	"\"",
	"\"\"\"",
	"*",
	"'; DROP TABLE kb_entry; --",
	"社保\" OR \"医保",
	"title:社保",
	"{title asks}:社保",
	"NEAR(社保 医保)",
	"社保 AND NOT 医保",
	"^社保",
	"-社保",
	"a*b*c*",
	"(((((((((((((((((((((((((",
	"%s%n%d",
	"社\xE2\x80\xAE保",
	"\xFF\xFE\x80",
	"\xF0\x9F\x98\x80",
	"\x01\x02\x1B[2J",
	"OR OR OR AND",
	"〔〔〔〔2025〕",
	"KB-",
	"KB-99999999999999999999",
	"99999999999999999999999999",
};

static void test_syntax_is_text(void **state)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		scoped_mem struct kb_hits *hits = ask(sample, hostile[i]);
		for (unsigned k = 0; k < hits->n; k++)
			assert_true(utf8_check(hits->list[k].snippet,
					       strlen(hits->list[k].snippet)) <
				    0);
	}
	scoped_mem struct kb_hits *quoted =
		ask(sample, "\"社保卡\" OR *补办*");
	assert_true(rank_of(quoted, "KB-0201") > 0);
	int64_t n = 0;
	assert_int_equal(
		db_get_int(sample, &n, 0, "SELECT count(*) FROM kb_entry", ""),
		0);
	assert_true(n >= 64);
}

static void test_huge_questions(void **state)
{
	const size_t size = 200000;
	scoped_mem char *text = mem_zalloc(size + 1, NULL);

	for (size_t i = 0; i + 3 <= size; i += 3) {
		uint32_t cp = 0x4E00 + (uint32_t)(i * 7 % 20000);
		utf8_put(text + i, cp);
	}
	scoped_mem struct kb_hits *many = ask(sample, text);
	assert_true(many->n <= 10);
	memset(text, 'a', size);
	scoped_mem struct kb_hits *one = ask(sample, text);
	assert_int_equal(one->n, 0);
}

static void test_line_filters(void **state)
{
	scoped_mem struct kb_hits *hits = ask_line(sample, "材料", "pa");

	assert_true(hits->n > 0);
	for (unsigned i = 0; i < hits->n; i++)
		assert_string_equal(hits->list[i].line, "pa");
	scoped_mem struct kb_hits *none = ask_line(sample, "材料", "zz");
	assert_int_equal(none->n, 0);
	scoped_mem struct kb_hits *id = ask_line(sample, "KB-0415", "pa");
	assert_int_equal(rank_of(id, "KB-0415"), 0);
}

static void test_latin_prefix(void **state)
{
	scoped_mem struct db *db = memory();

	put(db, ENTRY("KB-1", "draft", "", "", "怎么安装 firefox 浏览器"), 1);
	scoped_mem struct kb_hits *hits = ask(db, "安装 fire");
	assert_int_equal(hits->n, 1);
	scoped_mem struct kb_hits *prefix = ask(db, "FIREF");
	assert_int_equal(prefix->n, 1);
	scoped_mem struct kb_hits *whole = ask(db, "firef 安抚");
	assert_int_equal(whole->n, 1); /* by 安 alone */
	scoped_mem struct kb_hits *none = ask(db, "firef x");
	assert_int_equal(none->n, 0);
}

static void test_document_numbers(void **state)
{
	scoped_mem struct kb_version *v = NULL;
	char text[128];

	assert_int_equal(kb_base_get(&v, sample, "KB-0415", 0), 0);
	int n = 0;
	const char *serial = strstr(v->entry->policy, "〕");
	assert_non_null(serial);
	n = (int)strtol(serial + 3, NULL, 10);
	snprintf(text, sizeof(text), "[2026] %d号", n);
	scoped_mem struct kb_hits *hits = ask(sample, text);
	assert_true(rank_of(hits, "KB-0415") > 0);
	assert_true(hits->n < 5);
}

static void test_snippet_has_marks(void **state)
{
	scoped_mem struct kb_hits *hits = ask(sample, "工作日拨到单位");
	const struct kb_hit *hit = &hits->list[0];

	assert_true(hit->marks_n > 0);
	for (unsigned i = 0; i < hit->marks_n; i++) {
		size_t end = (size_t)hit->marks[i].from + hit->marks[i].len;
		assert_true(end <= strlen(hit->snippet));
		assert_true(hit->marks[i].len > 0);
		assert_true(utf8_check(hit->snippet + hit->marks[i].from,
				       hit->marks[i].len) < 0);
	}
	assert_null(strchr(hit->snippet, '\n'));
}

static void test_same_question_same_answer(void **state)
{
	scoped_mem struct kb_hits *a = ask(sample, "怎么办理 材料 多久");
	scoped_mem struct kb_hits *b = ask(sample, "怎么办理 材料 多久");

	assert_int_equal(a->n, b->n);
	for (unsigned i = 0; i < a->n; i++)
		assert_string_equal(a->list[i].id, b->list[i].id);
}

static int on_progress(void *arg)
{
	return 1; /* as sqlite3_interrupt() from another thread would */
}

/* The marked pieces of a text, a bar between. */
static const char *marked(const char *text, const struct kb_mark *marks,
			  unsigned n)
{
	static char out[512];
	size_t at = 0;

	*out = '\0';
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%.*s",
				       i ? "|" : "", (int)marks[i].len,
				       text + marks[i].from);
	return out;
}

static void test_marks_say_how(void **state)
{
	static const struct {
		const char *text, *how, *title;
	} t[] = {
		{"生育津贴到账", "exact", "生育津贴|到账"},
		{"shengyujintie", "pinyin", "生育津贴"},
		{"syjtdjdz", "letters", "生育津贴多久到账"},
		{"声誉津贴到账", "sound", "生育津贴|到账"},
	};
	const char *id = "KB-0415";

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		scoped_mem struct kb_hits *hits = ask(sample, t[i].text);
		unsigned rank = rank_of(hits, id);
		assert_int_not_equal(rank, 0);
		const struct kb_hit *hit = &hits->list[rank - 1];
		const char *marks = marked(hit->title, hit->title_marks,
					   hit->title_marks_n);
		if (strcmp(marks, t[i].title))
			fail_msg("%s: %s: '%s'", t[i].text, hit->title, marks);
		if (strcmp(hit->how, t[i].how) && strcmp(t[i].how, "sound"))
			fail_msg("%s: %s", t[i].text, hit->how);
	}
}

static void test_synonyms_are_marked(void **state)
{
	scoped_mem struct db *db = memory();

	put(db, ENTRY("KB-1", "draft", "", "", "医疗保险待遇"), 1);
	put(db, ENTRY("KB-2", "draft", "", "", "住房补助"), 1);
	scoped_mem struct kb_hits *hits = ask(db, "医保");
	assert_int_equal(hits->n, 1);
	const struct kb_hit *hit = &hits->list[0];
	assert_string_equal(hit->how, "synonym");
	assert_string_equal(
		marked(hit->title, hit->title_marks, hit->title_marks_n),
		"医疗保险");
}

static void write_words(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int read_words(struct kb_index *index, struct diag *diag,
		      const char *text, size_t len)
{
	char path[] = "/tmp/zuoxi-words-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	write_words(path, text, len);
	int err = kb_wording_read(index, path, diag);
	unlink(path);
	return err;
}

#define WORDS(text) text, sizeof(text) - 1

static void test_file_of_synonyms(void **state)
{
	scoped_mem struct db *db = memory();
	scoped_mem struct kb_index *index = NULL;
	struct diag diag;

	assert_int_equal(kb_index_alloc(&index), 0);
	put(db, ENTRY("KB-1", "draft", "", "", "老年优待证"), 1);
	assert_int_equal(hits_of(index, db, "长者卡"), 0);
	assert_int_equal(
		read_words(index, &diag, WORDS("# 本地说法\n长者卡 优待证\n")),
		0);
	assert_int_equal(hits_of(index, db, "长者卡"), 1);
	/* a fault is named by its line, and changes nothing */
	assert_int_equal(
		read_words(index, &diag, WORDS("公交 巴士\n长者卡 abc\n")),
		EBADMSG);
	assert_int_equal(diag.line, 2);
	assert_int_equal(
		read_words(index, &diag, WORDS("公交 巴士\n\n\xff\xfe\n")),
		EBADMSG);
	assert_int_equal(diag.line, 3);
	assert_int_equal(read_words(index, &diag, WORDS("公交\0巴士\n")),
			 EBADMSG);
	assert_int_equal(diag.line, 1);
	assert_int_equal(kb_wording_read(index, "/nowhere/words", &diag),
			 ENOENT);
	assert_int_equal(hits_of(index, db, "长者卡"), 1);
	/* what it says no more counts no more */
	assert_int_equal(read_words(index, &diag, WORDS("公交 巴士\n")), 0);
	assert_int_equal(hits_of(index, db, "长者卡"), 0);
}

/* What a program wrote that knew neither lives of versions nor this search
 * is read without being changed. */
static void test_older_file_is_read(void **state)
{
	char path[] = "/tmp/zuoxi-old-XXXXXX";
	static const char *const first[] = {KB_BASE_SCHEMA, NULL};
	static const struct db_migration one = {.version = 1, .sql = first};
	scoped_mem struct db *db = NULL;
	int fd = mkstemp(path), version = 0;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(kb_token_init(), 0);
	assert_int_equal(db_open(&db, path, DB_WRITE, NULL), 0);
	assert_int_equal(db_migrate(db, &one, 1), 0);
	assert_int_equal(
		db_exec(db,
			"INSERT INTO kb_entry(id, version, at_us, actor,"
			" state, effective, expires, line, title, asks,"
			" words, body) VALUES('KB-1', 1, 1, 't', 2,"
			" '2026-01-01', '', 'si', '养老补缴', '', '', '')"),
		0);
	db = mem_deref(db);
	assert_int_equal(kb_base_open(&db, path, false), 0);
	scoped_mem struct kb_hits *hits = ask(db, "养老补缴");
	assert_int_equal(hits->n, 1);
	db = mem_deref(db);
	assert_int_equal(db_open(&db, path, DB_WRITE, NULL), 0);
	assert_int_equal(db_version(db, &version), 0);
	assert_int_equal(version, 1);
	assert_int_equal(db_exec(db, "PRAGMA user_version=99"), 0);
	scoped_mem struct db *newer = NULL;
	assert_int_equal(kb_base_open(&newer, path, false), EOVERFLOW);
	/* a site's is its office's to upgrade */
	assert_int_equal(db_exec(db, "CREATE TABLE fact(x)"), 0);
	assert_int_equal(kb_base_open(&newer, path, false), ESTALE);
	db = mem_deref(db);
	unlink(path);
}

static void test_can_be_cancelled(void **state)
{
	struct kb_hits *hits = NULL;
	const struct kb_query q = {
		.text = "社保", .line = "", .day = DAY, .limit = 10};

	scoped_mem struct kb_index *index = NULL;
	assert_int_equal(kb_index_alloc(&index), 0);
	sqlite3_progress_handler(db_raw(sample), 1, on_progress, NULL);
	assert_int_equal(kb_search(&hits, index, sample, &q), ECANCELED);
	assert_null(hits);
	sqlite3_progress_handler(db_raw(sample), 0, NULL, NULL);
	assert_int_equal(kb_search(&hits, index, sample, &q), 0);
	hits = mem_deref(hits);

	/* a newer keystroke */
	atomic_bool newer = true;
	const struct kb_query late = {.text = "社保",
				      .line = "",
				      .day = DAY,
				      .limit = 10,
				      .cancelled = &newer};
	assert_int_equal(kb_search(&hits, index, sample, &late), ECANCELED);
	assert_null(hits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_is_asked),
		cmocka_unit_test(test_own_words_find_the_entry),
		cmocka_unit_test(test_in_force_comes_first),
		cmocka_unit_test(test_index_follows_versions),
		cmocka_unit_test(test_kept_index_follows),
		cmocka_unit_test(test_syntax_is_text),
		cmocka_unit_test(test_huge_questions),
		cmocka_unit_test(test_line_filters),
		cmocka_unit_test(test_latin_prefix),
		cmocka_unit_test(test_document_numbers),
		cmocka_unit_test(test_snippet_has_marks),
		cmocka_unit_test(test_marks_say_how),
		cmocka_unit_test(test_synonyms_are_marked),
		cmocka_unit_test(test_file_of_synonyms),
		cmocka_unit_test(test_older_file_is_read),
		cmocka_unit_test(test_same_question_same_answer),
		cmocka_unit_test(test_can_be_cancelled),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
