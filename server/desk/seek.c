/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/seek.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "kb/mask.h"
#include "server/core/store.h"

#define SEEKERS_MAX 2000
#define HITS_MAX    12
#define ID_BYTES    24
#define NAME_BYTES  64
#define WORDS_BYTES 256
#define WORDS_MIN   4 /* bytes: a character alone is no question */
#define LOOK_MS	    5000
#define STOOD_US    3000000LL	/* words that stood so long were meant */
#define TYPING_US   1500000LL	/* what comes sooner is still typing */
#define LEFT_US	    120000000LL /* without a contact: he went away */
#define CONTACT_MAX 3		/* of one contact */
#define DAY_MAX	    100		/* of one person */
#define DAY_US	    (86400LL * 1000000)

struct seeker {
	struct le le;
	char person[NAME_BYTES], contact[NAME_BYTES];
	char words[WORDS_BYTES];
	char found[HITS_MAX][ID_BYTES];
	unsigned found_n;
	int64_t at_us; /* monotonic, of the last letter */
	bool open;     /* it may still turn out to be of use */
	unsigned of_contact, of_day;
	int64_t day_us;
};

struct seek {
	struct seek_prm prm;
	struct list seekers;
	size_t n;
	unsigned failed;
	struct tmr tmr;
};

/* ---- recording ---- */

struct record {
	struct fact_log *log;
	char person[NAME_BYTES], contact[NAME_BYTES];
	json_t *body;
};

static void record_destructor(void *arg)
{
	struct record *r = arg;

	json_decref(r->body);
}

static int on_job(struct db *db, void *arg)
{
	struct record *r = arg;
	struct fact fact = {
		.dur_ms = -1,
		.actor = r->person,
		.kind = "kb.searched",
		.contact = r->contact,
		.agent = r->person,
		.body = r->body,
	};

	return fact_append(r->log, db, &fact);
}

static void on_done(int err, void *arg)
{
	if (err)
		log_warn("a failed search was not recorded: %s",
			 strerror(err));
	mem_deref(arg);
}

static void record(struct seek *s, const struct seeker *k, const char *why)
{
	char words[WORDS_BYTES];

	s->failed++;
	if (!s->prm.store)
		return;
	struct record *r = mem_zalloc(sizeof(*r), record_destructor);
	if (!r)
		return;
	kb_mask(words, sizeof(words), k->words);
	r->log = s->prm.log;
	utf8_copy(r->person, sizeof(r->person), k->person);
	utf8_copy(r->contact, sizeof(r->contact), k->contact);
	r->body = json_pack("{s:s, s:i, s:s}", "q", words, "hits",
			    (int)k->found_n, "why", why);
	if (!r->body ||
	    store_submit(s->prm.store, STORE_ASKED, on_job, on_done, r))
		mem_deref(r);
}

static bool may_record(struct seeker *k)
{
	int64_t now = cal_mono_us();

	if (!k->day_us || now - k->day_us > DAY_US) {
		k->day_us = now;
		k->of_day = 0;
	}
	return k->of_contact < CONTACT_MAX && k->of_day < DAY_MAX;
}

/* It led to no entry. Of use for others is what nothing was found for, and
 * what a citizen asked in vain; who reads without a contact is learning. */
static void fail(struct seek *s, struct seeker *k)
{
	const char *why = !k->found_n	? "nothing"
			  : *k->contact ? "given up"
					: NULL;

	k->open = false;
	if (!why || strlen(k->words) < WORDS_MIN || !may_record(k))
		return;
	k->of_contact++;
	k->of_day++;
	record(s, k, why);
}

/* ---- who looks for what ---- */

static struct seeker *find(const struct seek *s, const char *person)
{
	for (struct le *le = list_head(&s->seekers); le; le = le->next) {
		struct seeker *k = le->data;
		if (!strcmp(k->person, person))
			return k;
	}
	return NULL;
}

static struct seeker *find_or_add(struct seek *s, const char *person)
{
	struct seeker *k = find(s, person);

	if (k || s->n == SEEKERS_MAX)
		return k;
	k = mem_zalloc(sizeof(*k), NULL);
	if (!k)
		return NULL;
	utf8_copy(k->person, sizeof(k->person), person);
	list_append(&s->seekers, &k->le, k);
	s->n++;
	return k;
}

static bool begins(const char *a, const char *b)
{
	return !strncmp(a, b, strlen(b));
}

/* The same question, a letter further on or back. */
static bool is_typing(const struct seeker *k, const char *words)
{
	return begins(words, k->words) || begins(k->words, words) ||
	       cal_mono_us() - k->at_us < TYPING_US;
}

void seek_searched(struct seek *s, const char *person, const char *words,
		   const json_t *hits)
{
	const char *contact = s->prm.contacth(person, s->prm.arg);
	struct seeker *k = contact ? find_or_add(s, person) : NULL;
	size_t i;
	json_t *hit;

	if (!k)
		return;
	bool other = strcmp(k->contact, contact) != 0;
	if (k->open && (other || (!is_typing(k, words) &&
				  cal_mono_us() - k->at_us > STOOD_US)))
		fail(s, k);
	if (other)
		k->of_contact = 0;
	utf8_copy(k->contact, sizeof(k->contact), contact);
	utf8_copy(k->words, sizeof(k->words), words);
	k->at_us = cal_mono_us();
	k->found_n = 0;
	json_array_foreach (hits, i, hit) {
		if (k->found_n < HITS_MAX)
			utf8_copy(k->found[k->found_n++], ID_BYTES,
				  json_str(hit, "id"));
	}
	k->open = true;
}

const char *seek_words(const struct seek *s, const char *person,
		       const char *entry)
{
	const struct seeker *k = find(s, person);

	for (unsigned i = 0; k && i < k->found_n; i++) {
		if (!strcmp(k->found[i], entry))
			return strlen(k->words) < WORDS_MIN ? "" : k->words;
	}
	return "";
}

/* ---- what became of it ---- */

void seek_look(struct seek *s)
{
	int64_t now = cal_mono_us();

	for (struct le *le = list_head(&s->seekers); le; le = le->next) {
		struct seeker *k = le->data;
		const char *contact =
			k->open ? s->prm.contacth(k->person, s->prm.arg)
				: NULL;
		bool over = k->open && *k->contact &&
			    (!contact || strcmp(contact, k->contact) != 0);
		bool left =
			k->open && !*k->contact && now - k->at_us > LEFT_US;
		if (over || left)
			fail(s, k);
	}
}

static void on_tick(void *arg)
{
	struct seek *s = arg;

	tmr_start(&s->tmr, LOOK_MS, on_tick, s);
	seek_look(s);
}

static void on_published(const struct fact *fact, void *arg)
{
	struct seek *s = arg;

	if (strcmp(fact->kind, "kb.adopted") && strcmp(fact->kind, "kb.gap"))
		return;
	struct seeker *k = find(s, fact->agent ? fact->agent : "");
	if (k)
		k->open = false;
}

unsigned seek_failed(const struct seek *s)
{
	return s->failed;
}

static void seek_destructor(void *arg)
{
	struct seek *s = arg;

	tmr_cancel(&s->tmr);
	list_flush(&s->seekers);
}

int seek_alloc(struct seek **sp, const struct seek_prm *prm)
{
	struct seek *s = mem_zalloc(sizeof(*s), seek_destructor);
	if (!s)
		return ENOMEM;
	s->prm = *prm;
	tmr_init(&s->tmr);
	if (prm->store)
		tmr_start(&s->tmr, LOOK_MS, on_tick, s);
	fact_log_publish(prm->log, on_published, s);
	*sp = s;
	return 0;
}
