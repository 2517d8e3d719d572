/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site in memory. Each thing is read from the JSON object of its last
 * fact, at start from its row and later from the fact itself, by the same
 * function. What a follower is told is collected for the rest of the loop's
 * turn, since one request may change several things.
 */
#include "server/desk/site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/libre.h"
#include "common/phone_no.h"
#include "common/scope.h"
#include "server/core/store_people.h"
#include "server/desk/site_own.h"

#define FOLLOW_MAX 8

struct array {
	void **item; /* references */
	size_t n, size;
};

struct site {
	struct site_prm prm;
	char prompts_dir[512];
	struct array queues, pauses, trunks, phones;
	json_t *dispositions, *prompts; /* id -> body */
	struct cal *cal;
	struct fact_sink sinks[7];
	struct {
		site_change_h *h;
		void *arg;
	} follow[FOLLOW_MAX];
	size_t follow_n;
	site_queue_live_h *liveh;
	void *live_arg;
	unsigned changed;
	struct tmr tell;
};

static void array_flush(struct array *a)
{
	for (size_t i = 0; i < a->n; i++)
		mem_deref(a->item[i]);
	a->item = mem_deref(a->item);
	a->n = a->size = 0;
}

static void destructor(void *arg)
{
	struct site *s = arg;

	tmr_cancel(&s->tell);
	array_flush(&s->queues);
	array_flush(&s->pauses);
	array_flush(&s->trunks);
	array_flush(&s->phones);
	json_decref(s->dispositions);
	json_decref(s->prompts);
	mem_deref(s->cal);
}

/* Every struct here begins with its id. */
static void *array_find(const struct array *a, const char *id)
{
	for (size_t i = 0; id && i < a->n; i++) {
		if (!strcmp((const char *)a->item[i], id))
			return a->item[i];
	}
	return NULL;
}

/* The thing of that id, a new empty one where there is none. */
static void *array_have(struct array *a, const char *id, size_t bytes)
{
	void *item = array_find(a, id);

	if (item)
		return item;
	if (a->n == a->size) {
		size_t size = a->size ? a->size * 2 : 8;
		void **more =
			mem_reallocarray(a->item, size, sizeof(*more), NULL);
		if (!more)
			return NULL;
		a->item = more;
		a->size = size;
	}
	item = mem_zalloc(bytes, NULL);
	if (!item)
		return NULL;
	str_ncpy(item, id, SITE_ID);
	a->item[a->n++] = item;
	return item;
}

static void array_drop(struct array *a, const char *id)
{
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp((const char *)a->item[i], id) != 0)
			continue;
		mem_deref(a->item[i]);
		memmove(&a->item[i], &a->item[i + 1],
			(a->n - i - 1) * sizeof(*a->item));
		a->n--;
		return;
	}
}

/* ---- from JSON ---- */

bool site_numbers_parse(const char *text,
			char numbers[SITE_NUMBERS][SITE_NUMBER], size_t *np)
{
	*np = 0;
	while (*text) {
		size_t n = strcspn(text, ",");
		const char *p = text;
		size_t len = n;
		while (len && *p == ' ') {
			p++;
			len--;
		}
		while (len && p[len - 1] == ' ')
			len--;
		if (!len || len >= SITE_NUMBER || *np == SITE_NUMBERS)
			return false;
		memcpy(numbers[*np], p, len);
		numbers[(*np)++][len] = '\0';
		text += n;
		text += *text == ',';
	}
	return true;
}

void site_numbers_print(char numbers[SITE_NUMBERS][SITE_NUMBER], size_t n,
			char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s",
					 used ? "," : "", numbers[i]);
}

bool site_same_number(const char *a, const char *b)
{
	return !str_casecmp(a, b) || phone_no_same(a, b);
}

static int64_t ms_or(const json_t *body, const char *key, int64_t def)
{
	const json_t *v = json_object_get(body, key);
	return json_is_integer(v) ? json_integer_value(v) : def;
}

static bool is_active(const json_t *body)
{
	return !json_is_false(json_object_get(body, "active"));
}

static int read_queue(struct site *s, const char *id, const json_t *body)
{
	struct site_queue *q =
		array_have(&s->queues, id, sizeof(struct site_queue));
	if (!q)
		return ENOMEM;
	str_ncpy(q->name, json_str(body, "name"), sizeof(q->name));
	site_numbers_parse(json_str(body, "number"), q->numbers,
			   &q->numbers_n);
	q->priority = (int)json_int(body, "priority");
	q->wrapup_ms = ms_or(body, "wrapup_ms", s->prm.wrapup_ms);
	q->lease_ms = ms_or(body, "lease_ms", s->prm.lease_ms);
	q->max_wait_ms = ms_or(body, "max_wait_ms", s->prm.max_wait_ms);
	q->least = (int)json_int(body, "least");
	str_ncpy(q->notice, json_str(body, "notice"), sizeof(q->notice));
	str_ncpy(q->closed, json_str(body, "closed"), sizeof(q->closed));
	str_ncpy(q->music, json_str(body, "music"), sizeof(q->music));
	q->active = is_active(body);
	return 0;
}

static int read_pause(struct site *s, const char *id, const json_t *body)
{
	struct site_pause *p =
		array_have(&s->pauses, id, sizeof(struct site_pause));
	if (!p)
		return ENOMEM;
	str_ncpy(p->name, json_str(body, "name"), sizeof(p->name));
	p->max_ms = json_int(body, "max_ms");
	p->order = (int)json_int(body, "order");
	p->active = is_active(body);
	return 0;
}

static int read_trunk(struct site *s, const char *id, const json_t *body)
{
	struct site_trunk *t =
		array_have(&s->trunks, id, sizeof(struct site_trunk));
	if (!t)
		return ENOMEM;
	str_ncpy(t->kind, json_str(body, "kind"), sizeof(t->kind));
	str_ncpy(t->host, json_str(body, "host"), sizeof(t->host));
	t->port = (int)json_int(body, "port");
	str_ncpy(t->transport, json_str(body, "transport"),
		 sizeof(t->transport));
	str_ncpy(t->user, json_str(body, "user"), sizeof(t->user));
	str_ncpy(t->realm, json_str(body, "realm"), sizeof(t->realm));
	str_ncpy(t->caller, json_str(body, "caller"), sizeof(t->caller));
	site_numbers_parse(json_str(body, "numbers"), t->numbers,
			   &t->numbers_n);
	t->active = is_active(body);
	return 0;
}

static int read_phone(struct site *s, const char *id, const json_t *body)
{
	struct site_phone *p =
		array_have(&s->phones, id, sizeof(struct site_phone));
	if (!p)
		return ENOMEM;
	str_ncpy(p->name, json_str(body, "name"), sizeof(p->name));
	str_ncpy(p->realm, json_str(body, "realm"), sizeof(p->realm));
	return 0;
}

static int read_disposition(struct site *s, const char *id, const json_t *body)
{
	return json_object_set_new(s->dispositions, id, json_deep_copy(body))
		       ? ENOMEM
		       : 0;
}

static int read_prompt(struct site *s, const char *id, const json_t *body)
{
	return json_object_set_new(s->prompts, id, json_deep_copy(body))
		       ? ENOMEM
		       : 0;
}

static int read_calendar(struct site *s, const char *id, const json_t *body)
{
	struct cal *cal = NULL;
	int err = cal_alloc(&cal, json_str(body, "text"), NULL);

	if (err)
		return err;
	mem_deref(s->cal);
	s->cal = cal;
	return 0;
}

static const struct {
	const char *kind;   /* of the row */
	const char *prefix; /* of the fact */
	unsigned change;
	int (*read)(struct site *s, const char *id, const json_t *body);
} kinds[] = {
	{"queue", "queue.", SITE_QUEUES, read_queue},
	{"pause", "pause.", SITE_PAUSES, read_pause},
	{"disposition", "disposition.", SITE_DISPOSITIONS, read_disposition},
	{"calendar", "calendar.", SITE_CALENDAR, read_calendar},
	{"prompt", "prompt.", SITE_PROMPTS, read_prompt},
	{"trunk", "trunk.", SITE_TRUNKS, read_trunk},
	{"phone", "phone.", SITE_PHONES, read_phone},
};

/* ---- changes ---- */

static void on_tell(void *arg)
{
	struct site *s = arg;
	unsigned what = s->changed;

	s->changed = 0;
	for (size_t i = 0; i < s->follow_n; i++)
		s->follow[i].h(what, s->follow[i].arg);
}

static void changed(struct site *s, unsigned what)
{
	s->changed |= what;
	tmr_start(&s->tell, 0, on_tell, s);
}

static void on_fact(const struct fact *f, void *arg)
{
	struct site *s = arg;

	if (!strcmp(f->kind, "phone.removed")) {
		array_drop(&s->phones, f->subject);
		changed(s, SITE_PHONES);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(f->kind, kinds[i].prefix,
			    strlen(kinds[i].prefix)) != 0)
			continue;
		if (!kinds[i].read(s, f->subject, f->body))
			changed(s, kinds[i].change);
		return;
	}
}

void site_secret(struct site *s, const char *kind, const char *id,
		 const char *value)
{
	struct site_trunk *t =
		!strcmp(kind, "trunk") ? array_find(&s->trunks, id) : NULL;
	struct site_phone *p =
		!strcmp(kind, "phone") ? array_find(&s->phones, id) : NULL;

	if (t) {
		str_ncpy(t->password, value, sizeof(t->password));
		changed(s, SITE_TRUNKS);
	}
	if (p) {
		str_ncpy(p->ha1, value, sizeof(p->ha1));
		changed(s, SITE_PHONES);
	}
}

/* ---- life ---- */

int site_alloc(struct site **sp, const struct site_prm *prm)
{
	scoped_mem struct site *s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;
	s->prm = *prm;
	str_ncpy(s->prompts_dir, prm->prompts_dir ? prm->prompts_dir : "",
		 sizeof(s->prompts_dir));
	s->prm.prompts_dir = s->prompts_dir;
	tmr_init(&s->tell);
	s->dispositions = json_object();
	s->prompts = json_object();
	int err =
		s->dispositions && s->prompts ? cal_default(&s->cal) : ENOMEM;
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		s->sinks[i] = (struct fact_sink){.prefix = kinds[i].prefix,
						 .applyh = on_fact,
						 .arg = s};
		fact_log_sink(prm->log, &s->sinks[i]);
	}
	*sp = take(s);
	return 0;
}

struct loading {
	struct site *s;
	size_t kind;
};

static int on_row(const char *id, json_t *body, void *arg)
{
	const struct loading *l = arg;
	return kinds[l->kind].read(l->s, id, body);
}

static int load_secrets(struct site *s, struct db *db)
{
	int err = 0;

	for (size_t i = 0; i < s->trunks.n && !err; i++) {
		struct site_trunk *t = s->trunks.item[i];
		err = store_secret_get(db, "trunk", t->id, t->password,
				       sizeof(t->password));
	}
	for (size_t i = 0; i < s->phones.n && !err; i++) {
		struct site_phone *p = s->phones.item[i];
		err = store_secret_get(db, "phone", p->id, p->ha1,
				       sizeof(p->ha1));
	}
	return err;
}

int site_load(struct site *s, struct db *db)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !err; i++) {
		struct loading l = {s, i};
		err = store_thing_each(db, kinds[i].kind, NULL, on_row, &l);
	}
	return err ? err : load_secrets(s, db);
}

void site_follow(struct site *s, site_change_h *h, void *arg)
{
	if (s->follow_n == FOLLOW_MAX)
		return;
	s->follow[s->follow_n].h = h;
	s->follow[s->follow_n++].arg = arg;
}

const struct site_prm *site_prm(const struct site *s)
{
	return &s->prm;
}

/* ---- queues ---- */

size_t site_queue_count(const struct site *s)
{
	return s->queues.n;
}

const struct site_queue *site_queue_at(const struct site *s, size_t i)
{
	return i < s->queues.n ? s->queues.item[i] : NULL;
}

const struct site_queue *site_queue_find(const struct site *s, const char *id)
{
	return array_find(&s->queues, id);
}

int site_queue_index(const struct site *s, const char *id)
{
	for (size_t i = 0; i < s->queues.n; i++) {
		const struct site_queue *q = s->queues.item[i];
		if (!strcmp(q->id, id))
			return (int)i;
	}
	return -1;
}

const struct site_queue *site_queue_of(const struct site *s,
				       const char *called)
{
	for (size_t i = 0; i < s->queues.n; i++) {
		const struct site_queue *q = s->queues.item[i];
		for (size_t k = 0; q->active && k < q->numbers_n; k++) {
			if (site_same_number(q->numbers[k], called))
				return q;
		}
	}
	return NULL;
}

json_t *site_queue_json(const struct site_queue *q)
{
	char numbers[SITE_NUMBERS * SITE_NUMBER];
	struct site_queue copy = *q;

	site_numbers_print(copy.numbers, copy.numbers_n, numbers,
			   sizeof(numbers));
	return json_pack("{s:s,s:s,s:s,s:i,s:I,s:I,s:I,s:i,s:s,s:s,s:s,s:b}",
			 "id", q->id, "name", q->name, "number", numbers,
			 "priority", q->priority, "wrapup_ms",
			 (json_int_t)q->wrapup_ms, "lease_ms",
			 (json_int_t)q->lease_ms, "max_wait_ms",
			 (json_int_t)q->max_wait_ms, "least", q->least,
			 "notice", q->notice, "closed", q->closed, "music",
			 q->music, "active", q->active);
}

void site_queue_live(struct site *s, site_queue_live_h *h, void *arg)
{
	s->liveh = h;
	s->live_arg = arg;
}

void site_queue_live_add(const struct site *s, const struct site_queue *q,
			 json_t *obj)
{
	json_object_set_new(
		obj, "open",
		json_boolean(q->active && cal_is_open(s->cal, cal_now_us())));
	if (s->liveh)
		s->liveh(q, obj, s->live_arg);
}

/* ---- the rest ---- */

const struct site_pause *site_pause_find(const struct site *s,
					 const char *code)
{
	const struct site_pause *p = array_find(&s->pauses, code);
	return p && p->active ? p : NULL;
}

bool site_disposition_ok(const struct site *s, const char *code)
{
	const json_t *own = json_object_get(s->dispositions, code);
	const char *id;
	json_t *body;

	if (!own || !is_active(own))
		return false;
	json_object_foreach (s->dispositions, id, body) {
		if (is_active(body) && !strcmp(json_str(body, "parent"), code))
			return false;
	}
	return true;
}

const struct cal *site_cal(const struct site *s)
{
	return s->cal;
}

void site_prompt_file(const struct site *s, const char *prompt,
		      char out[SITE_TEXT])
{
	const char *file =
		json_str(json_object_get(s->prompts, prompt), "file");

	if (*file)
		str_ncpy(out, file, SITE_TEXT);
	else
		snprintf(out, SITE_TEXT, "%.100s.wav", prompt);
}

void site_queue_prompt(const struct site *s, const struct site_queue *q,
		       const char *which, char out[SITE_TEXT])
{
	const char *own = "";

	if (q && !strcmp(which, "notice"))
		own = q->notice;
	else if (q && !strcmp(which, "closed"))
		own = q->closed;
	else if (q && !strcmp(which, "music"))
		own = q->music;
	site_prompt_file(s, *own ? own : which, out);
}

size_t site_trunk_count(const struct site *s)
{
	return s->trunks.n;
}

const struct site_trunk *site_trunk_at(const struct site *s, size_t i)
{
	return i < s->trunks.n ? s->trunks.item[i] : NULL;
}

const struct site_trunk *site_trunk_find(const struct site *s, const char *id)
{
	return array_find(&s->trunks, id);
}

void site_trunk_state(struct site *s, const char *id, bool up, const char *why,
		      int64_t since_us)
{
	struct site_trunk *t = array_find(&s->trunks, id);

	if (!t)
		return;
	t->up = up;
	t->since_us = since_us;
	str_ncpy(t->why, why ? why : "", sizeof(t->why));
}

size_t site_phone_count(const struct site *s)
{
	return s->phones.n;
}

const struct site_phone *site_phone_at(const struct site *s, size_t i)
{
	return i < s->phones.n ? s->phones.item[i] : NULL;
}

const struct site_phone *site_phone_find(const struct site *s, const char *id)
{
	return array_find(&s->phones, id);
}

void site_phone_state(struct site *s, const char *id, bool registered,
		      const char *source)
{
	struct site_phone *p = array_find(&s->phones, id);

	if (!p)
		return;
	p->registered = registered;
	str_ncpy(p->source, source ? source : "", sizeof(p->source));
}

bool site_phone_registered(const struct site *s, const char *id)
{
	const struct site_phone *p = array_find(&s->phones, id);
	return p && p->registered;
}
