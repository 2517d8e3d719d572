/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/group.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/token.h"

#define WORDS_MAX  64 /* of a text; more say nothing new */
#define TEXT_BYTES 512
#define ALIKE	   0.45
/* Members that vote for a group's head. */
#define VOTERS 40

/* How one asks, and not what about: longer ones before those they begin
 * with. */
static const char *const asking[] = {
	"您好",	  "你好",   "请问",   "我想",	"想问",	    "问一下", "咨询",
	"一下",	  "怎么样", "怎么办", "怎么",	"怎样",	    "如何",   "什么",
	"哪里",	  "在哪",   "哪儿",   "能不能", "可不可以", "可以",   "是不是",
	"有没有", "多少",   "的",     "了",	"吗",	    "呢",     "啊",
	"我",	  "在",	    "是",     "能",
};

/* The words of a text as sorted hashes, each once; the lowest bit of a hash
 * marks a single character. */
struct words {
	uint32_t hash[WORDS_MAX];
	unsigned n;
	double weight; /* of all of them */
};

/* How many texts have a word, by hash; sorted. */
struct frequency {
	uint32_t *hash;
	unsigned *texts;
	size_t n;
};

static void frequency_release(struct frequency *f)
{
	mem_deref(f->hash);
	mem_deref(f->texts);
}

#define scoped_frequency __attribute__((cleanup(frequency_release)))

static int on_word(const char *token, size_t len, size_t from, size_t to,
		   bool again, void *arg)
{
	struct words *w = arg;

	if (w->n < WORDS_MAX)
		w->hash[w->n++] = hash_joaat((const uint8_t *)token, len);
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Copies what is asked about; spaces stand for the rest. */
static void strip(char out[TEXT_BYTES], const char *text)
{
	utf8_copy(out, TEXT_BYTES, text);
	for (size_t i = 0; i < sizeof(asking) / sizeof(*asking); i++) {
		size_t len = strlen(asking[i]);
		for (char *at = out; (at = strstr(at, asking[i])); at += len)
			memset(at, ' ', len);
	}
}

static void read_words(struct words *w, const char *text)
{
	char about[TEXT_BYTES];
	unsigned kept = 0;

	strip(about, text);
	kb_token_each(about, strlen(about), false, on_word, w);
	qsort(w->hash, w->n, sizeof(*w->hash), by_hash);
	for (unsigned i = 0; i < w->n; i++) {
		if (!kept || w->hash[kept - 1] != w->hash[i])
			w->hash[kept++] = w->hash[i];
	}
	w->n = kept;
}

static int count(struct frequency *f, const struct words *w, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += w[i].n;
	f->hash = mem_alloc((all + 1) * sizeof(*f->hash), NULL);
	f->texts = mem_zalloc((all + 1) * sizeof(*f->texts), NULL);
	if (!f->hash || !f->texts)
		return ENOMEM;
	all = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(f->hash + all, w[i].hash, w[i].n * sizeof(*f->hash));
		all += w[i].n;
	}
	qsort(f->hash, all, sizeof(*f->hash), by_hash);
	for (size_t i = 0; i < all; i++) {
		if (!f->n || f->hash[f->n - 1] != f->hash[i])
			f->hash[f->n++] = f->hash[i];
		f->texts[f->n - 1]++;
	}
	return 0;
}

/* What a word says of a text: little when most of them have it, or when it
 * is a single character. */
static double weight(const struct frequency *f, uint32_t hash, size_t n)
{
	const uint32_t *at =
		bsearch(&hash, f->hash, f->n, sizeof(*f->hash), by_hash);
	unsigned texts = at ? f->texts[at - f->hash] : 1;

	return log(1.0 + (double)n / texts) * (hash & 1 ? 0.5 : 1);
}

/* The share of their weight that both have: 0 to 1. */
static double alike(const struct words *a, const struct words *b,
		    const struct frequency *f, size_t n)
{
	double both = 0;

	for (unsigned i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->hash[i] < b->hash[k]) {
			i++;
		} else if (a->hash[i] > b->hash[k]) {
			k++;
		} else {
			both += weight(f, a->hash[i], n);
			i++;
			k++;
		}
	}
	return both > 0 ? 2 * both / (a->weight + b->weight) : 0;
}

/* The group whose first text is most like this one; -1: none is. */
static int nearest(const struct words *w, size_t i, const int *head,
		   size_t groups, const struct frequency *f, size_t n)
{
	double best = ALIKE;
	int found = -1;

	for (size_t g = 0; g < groups; g++) {
		double s = alike(&w[i], &w[head[g]], f, n);
		if (s >= best) {
			best = s;
			found = (int)g;
		}
	}
	return found;
}

/* The member that is most like the others. */
static int choose_head(const struct words *w, const int *member, size_t m,
		       const struct frequency *f, size_t n)
{
	double best = -1;
	int head = member[0];

	for (size_t i = 0; i < m; i++) {
		double sum = 0;
		for (size_t k = 0; k < m; k++)
			sum += i == k ? 0
				      : alike(&w[member[i]], &w[member[k]], f,
					      n);
		if (sum > best) {
			best = sum;
			head = member[i];
		}
	}
	return head;
}

static void choose_heads(const struct words *w, const int *group, int *head,
			 size_t groups, const struct frequency *f, size_t n)
{
	for (size_t g = 0; g < groups; g++) {
		int member[VOTERS];
		size_t m = 0;
		for (size_t i = 0; i < n && m < VOTERS; i++) {
			if (group[i] == (int)g)
				member[m++] = (int)i;
		}
		head[g] = choose_head(w, member, m, f, n);
	}
}

int kb_group(const char *const *text, size_t n, int *group, int *head,
	     size_t *groups)
{
	size_t used = n < KB_GROUP_TEXTS ? n : KB_GROUP_TEXTS;
	scoped_mem struct words *w = mem_zalloc((used + 1) * sizeof(*w), NULL);
	scoped_frequency struct frequency f = {0};

	if (!w)
		return ENOMEM;
	for (size_t i = 0; i < used; i++)
		read_words(&w[i], text[i]);
	int err = count(&f, w, used);
	if (err)
		return err;
	*groups = 0;
	for (size_t i = 0; i < n; i++)
		group[i] = -1;
	for (size_t i = 0; i < used; i++) {
		for (unsigned k = 0; k < w[i].n; k++)
			w[i].weight += weight(&f, w[i].hash[k], used);
	}
	for (size_t i = 0; i < used; i++) {
		group[i] = nearest(w, i, head, *groups, &f, used);
		if (group[i] >= 0)
			continue;
		head[*groups] = (int)i;
		group[i] = (int)(*groups)++;
	}
	choose_heads(w, group, head, *groups, &f, used);
	return 0;
}
