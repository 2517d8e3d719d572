/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/quiz.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/scope.h"

#define KEY "quiz:"
#define BOM "\xEF\xBB\xBF"

size_t quiz_count(const struct kb_entry *e)
{
	return e->quiz_n;
}

/* ---- the order of the choices ---- */

/* A number that is the same for the same question and person (FNV-1a). */
static uint64_t seed_of(const struct kb_entry *e, int64_t version,
			const char *person, size_t question)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (const char *c = e->id; *c; c++)
		sum = (sum ^ (uint8_t)*c) * 0x100000001b3;
	for (const char *c = person; *c; c++)
		sum = (sum ^ (uint8_t)*c) * 0x100000001b3;
	sum = (sum ^ (uint64_t)version) * 0x100000001b3;
	return (sum ^ question) * 0x100000001b3;
}

/* splitmix64: neighbouring seeds give unlike numbers. */
static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* order[place] = the choice that stands there; 0 is the right one. */
static void shuffle(unsigned order[KB_CHOICES_MAX], unsigned n, uint64_t seed)
{
	for (unsigned i = 0; i < n; i++)
		order[i] = i;
	for (unsigned i = n; i > 1; i--) {
		unsigned k = (unsigned)(next(&seed) % i);
		unsigned t = order[i - 1];
		order[i - 1] = order[k];
		order[k] = t;
	}
}

json_t *quiz_json(const struct kb_entry *e, int64_t version,
		  const char *person)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->quiz_n; i++) {
		const struct kb_quiz *q = &e->quiz[i];
		unsigned order[KB_CHOICES_MAX];
		json_t *choices = json_array();
		shuffle(order, q->choices_n, seed_of(e, version, person, i));
		for (unsigned k = 0; k < q->choices_n; k++)
			json_array_append_new(
				choices, json_string(q->choices[order[k]]));
		json_array_append_new(list, json_pack("{s:s, s:o}", "question",
						      q->question, "choices",
						      choices));
	}
	return list;
}

/* ---- answers ---- */

/* Which choice is meant; the number of choices: none. */
static unsigned choice_of(const struct kb_quiz *q, const json_t *answer,
			  uint64_t seed)
{
	unsigned order[KB_CHOICES_MAX], k = 0;
	const char *text = json_string_value(answer);

	if (json_is_integer(answer)) {
		json_int_t place = json_integer_value(answer);
		shuffle(order, q->choices_n, seed);
		return place >= 0 && place < q->choices_n ? order[place]
							  : q->choices_n;
	}
	while (text && k < q->choices_n && strcmp(q->choices[k], text) != 0)
		k++;
	return text ? k : q->choices_n;
}

int quiz_mark(const struct kb_entry *e, int64_t version, const char *person,
	      const json_t *answers, json_t *wrong, size_t *rightp)
{
	*rightp = 0;
	for (size_t i = 0; i < e->quiz_n; i++) {
		const struct kb_quiz *q = &e->quiz[i];
		unsigned k = choice_of(q, json_array_get(answers, i),
				       seed_of(e, version, person, i));
		if (k >= q->choices_n)
			return EINVAL;
		*rightp += k == 0;
		if (k)
			json_array_append_new(
				wrong, json_pack("{s:s, s:s}", "question",
						 q->question, "answer",
						 q->choices[k]));
	}
	return 0;
}

/* ---- the text without them ---- */

int quiz_strip(char **textp, const char *text)
{
	scoped_mem struct mbuf *mb = mbuf_alloc(strlen(text) + 1);
	unsigned fences = !strncmp(text, BOM, strlen(BOM));
	int err = mb ? 0 : ENOMEM;

	while (*text && !err) {
		size_t n = strcspn(text, "\n");
		size_t blank = strspn(text, " \t");
		bool asks = fences == 1 &&
			    !strncmp(text + blank, KEY, strlen(KEY));
		fences += !strncmp(text, "---", 3);
		n += text[n] == '\n';
		if (!asks)
			err = mbuf_write_mem(mb, (const uint8_t *)text, n);
		text += n;
	}
	if (err)
		return err;
	mb->pos = 0;
	return mbuf_strdup(mb, textp, mb->end);
}
