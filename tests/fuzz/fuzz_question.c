/* SPDX-License-Identifier: Apache-2.0 */
/* A question of any bytes, made ready for an index of a few entries. */
#include <assert.h>
#include <stdint.h>

#include "common/db.h"
#include "common/libre.h"
#include "common/scope.h"
#include "kb/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As much of a knowledge base as an index reads. */
static const char *const tables[] = {
	"CREATE TABLE kb_change(seq INTEGER PRIMARY KEY, row INTEGER)",
	"CREATE TABLE kb_entry(row INTEGER PRIMARY KEY, id TEXT, state"
	" INTEGER, effective TEXT, expires TEXT, line TEXT, title TEXT, asks"
	" TEXT, words TEXT, body TEXT, trial INTEGER DEFAULT 0)",
	"INSERT INTO kb_entry(id, state, effective, expires, line, title,"
	" asks, words, body) VALUES('KB-1', 2, '2026-01-01', '', 'si',"
	" '社保卡丢了怎么办', '社保卡补办', '社保卡', '带身份证到窗口。'),"
	" ('KB-2', 2, '2026-01-01', '', 'mi', '生育津贴多久到账',"
	" '津贴什么时候发', '〔2026〕30号', '约 20 个工作日。')",
};

static struct kb_index *make_index(void)
{
	scoped_mem struct db *db = NULL;
	struct kb_index *ix = NULL;

	assert(!kb_index_alloc(&ix));
	assert(!db_open(&db, ":memory:", DB_WRITE, NULL));
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		assert(!db_run(db, tables[i], ""));
	assert(!kb_index_sync(ix, db));
	return ix;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kb_index *ix; /* as long as the process */
	scoped_mem struct kb_question *q = NULL;

	if (!ix)
		ix = make_index();
	int err = kb_question_alloc(&q, ix, (const char *)data, size);
	assert(!err == (q != NULL));
	if (!q)
		return 0;
	assert(q->n <= KB_UNITS_MAX && q->groups_n <= KB_GROUPS_MAX);
	assert(q->meets_n <= KB_MEETS_MAX && q->aliases_n <= KB_ALIASES_MAX);
	for (uint32_t sym = 0x4E00; sym < 0x4F00; sym++)
		kb_question_meet(q, sym);
	return 0;
}
