/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power loss: a busy minute of an office (calls, recordings, drafts, tickets)
 * runs over a VFS that keeps every write and sync, with a mark where a reply
 * was confirmed. Then the power fails at many random moments: of each file
 * stands what was synced by then; of the writes since, some, in any order,
 * torn at sectors. What is left has to open, be sound, hold its chain, hold
 * all that was confirmed, and nothing by halves.
 *
 *     power_loss [CUTS [SEED [CALLS]]]
 *
 * The last cuts are of a disk that lies about its syncs, where something must
 * be found missing: else this test could not fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/store.h"
#include "server/core/store_call.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"
#include "server/desk/ticket.h"
#include "tests/sim/faulty_vfs.h"

#define SECTOR	   512
#define IMAGE_MAX  (64u << 20)
#define BOOT	   "b1"
#define CALLS_MAX  5000
#define LYING_CUTS 20

/* ---- what reached the disk, and what was confirmed ---- */

enum file { DB, WAL, FILES };

struct event {
	enum faulty_what what;
	enum file file;
	int64_t at;
	size_t n, from; /* of a sync: the events before `from` are in it */
	uint8_t *data;
	/* confirmed when this happened */
	int64_t seq, mark, drafts;
};

static struct {
	struct event *list;
	size_t n, size;
	int64_t seq, mark, drafts;
} record;

static _Thread_local size_t sync_from;

static void on_event(const struct faulty_event *ev)
{
	if (ev->what == FAULTY_SYNCS) {
		sync_from = record.n;
		return;
	}
	if (record.n == record.size) {
		record.size = record.size ? record.size * 2 : 4096;
		record.list = realloc(record.list,
				      record.size * sizeof(*record.list));
		if (!record.list)
			abort();
	}
	struct event *e = &record.list[record.n++];
	*e = (struct event){
		.what = ev->what,
		.file = ev->wal ? WAL : DB,
		.at = ev->at,
		.n = (size_t)ev->n,
		.from = sync_from,
		.seq = __atomic_load_n(&record.seq, __ATOMIC_RELAXED),
		.mark = __atomic_load_n(&record.mark, __ATOMIC_RELAXED),
		.drafts = __atomic_load_n(&record.drafts, __ATOMIC_RELAXED),
	};
	if (ev->what == FAULTY_WROTE) {
		e->data = malloc(e->n);
		if (!e->data)
			abort();
		memcpy(e->data, ev->data, e->n);
	}
}

static void confirm(int64_t *what, int64_t n)
{
	if (n > *what)
		__atomic_store_n(what, n, __ATOMIC_RELAXED);
}

/* ---- the busy minute ---- */

static char dir[64], path[96];
static struct store *store;
static struct fact_log *facts;

static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "power_loss: %s: %s\n", what, strerror(err));
	exit(1);
}

static void on_published(const struct fact *f, void *arg)
{
	confirm(&record.seq, f->seq);
}

static void on_disk(int err, const char *boot, int64_t n, void *arg)
{
	must(err, "a fact of a call");
	confirm(&record.mark, n);
}

static void happened(const char *kind, int64_t n, const char *agent,
		     const char *subject, json_t *body)
{
	char contact[32];
	scoped_json json_t *owned = body;

	snprintf(contact, sizeof(contact), "20261125-%04lld", (long long)n);
	struct fact f = {.dur_ms = -1,
			 .actor = "switch",
			 .kind = kind,
			 .contact = contact,
			 .agent = agent,
			 .subject = subject,
			 .body = owned};
	must(fact_happened(facts, &f, BOOT, n, on_disk, NULL), kind);
}

/* One event of the switch, five facts: all of them or none. */
static void call_comes(int64_t n)
{
	char id[32], rec[32];

	snprintf(id, sizeof(id), "o-%lld", (long long)n);
	snprintf(rec, sizeof(rec), "r-%lld", (long long)n);
	fact_together(facts, true);
	happened("contact.arrived", n, NULL, NULL,
		 json_pack("{s:s,s:s,s:s,s:b}", "number", "8613800138000",
			   "name", "张三", "queue", "med", "open", 1));
	happened("contact.queued", n, NULL, NULL,
		 json_pack("{s:s}", "queue", "med"));
	happened("offer.made", n, "A1", id,
		 json_pack("{s:s,s:s}", "offer", id, "leg", id));
	happened("contact.answered", n, "A1", NULL, json_object());
	happened("recording.opened", n, NULL, NULL,
		 json_pack("{s:s,s:s,s:s}", "recording", rec, "leg", id,
			   "path", "2026/11/25/x.wav"));
	fact_together(facts, false);
}

struct asking {
	struct rpc_call call;
	const struct rpc_handler *handler;
	int64_t n; /* of a draft: what is confirmed by its reply */
};

static int on_asked(struct db *db, void *arg)
{
	struct asking *a = arg;

	return a->handler->writeh(&a->call, db);
}

static void on_answered(int err, void *arg)
{
	struct asking *a = arg;

	if (err)
		fprintf(stderr, "%s: %s\n", a->handler->name,
			a->call.message ? a->call.message : "");
	must(err, "a request");
	confirm(&record.drafts, a->n);
	json_decref(a->call.params);
	json_decref(a->call.result);
	free(a);
}

static void ask(const char *method, int64_t n, json_t *params)
{
	struct asking *a = calloc(1, sizeof(*a));
	const struct rpc_handler *h = ticket_methods;

	while (strcmp(h->name, method) != 0)
		h++;
	*a = (struct asking){
		.handler = h,
		.n = strcmp(method, "ticket.draft") ? 0 : n,
		.call = {.method = proto_office_find(method),
			 .params = params,
			 .actor = "A1",
			 .roles = ROLE_AGENT,
			 .log = facts},
	};
	must(store_submit(store, STORE_ASKED, on_asked, on_answered, a),
	     method);
}

/* A draft for call n; every third stays one, the others are filed. */
static void agent_writes(int64_t n)
{
	char contact[32];

	snprintf(contact, sizeof(contact), "20261125-%04lld", (long long)n);
	ask("ticket.draft", n,
	    json_pack("{s:s,s:{s:s,s:s,s:s}}", "contact", contact, "fields",
		      "person", "本人", "disposition", "mi.a", "summary",
		      "咨询办理进度，已当场答复。"));
	if (n % 3)
		ask("ticket.file", n,
		    json_pack("{s:s,s:{s:s}}", "contact", contact, "fields",
			      "outcome", "answered"));
}

static void disposition(const char *code, const char *parent)
{
	scoped_json json_t *body = json_pack("{s:s,s:s,s:b}", "name", code,
					     "parent", parent, "active", 1);
	struct fact f = {.dur_ms = -1,
			 .actor = "office",
			 .kind = "disposition.set",
			 .subject = code,
			 .body = body};
	must(fact_happened(facts, &f, NULL, 0, NULL, NULL), "disposition");
}

static void busy_minute(int64_t calls)
{
	disposition("mi", "");
	disposition("mi.a", "mi");
	for (int64_t n = 1; n <= calls; n++) {
		call_comes(n);
		agent_writes(n);
		/* bursts of one to four calls, each confirmed as a whole */
		if (rand() % 3 == 0)
			must(store_flush(store), "flush");
	}
	must(store_flush(store), "flush");
}

/* ---- the disk after the power failed ---- */

struct image {
	uint8_t *data;
	size_t size;
};

static void apply(struct image *im, const struct event *e, bool torn)
{
	size_t end = (size_t)e->at + e->n;

	if (e->what == FAULTY_TRUNCATED) {
		if ((size_t)e->at < im->size)
			im->size = (size_t)e->at;
		return;
	}
	if (end > IMAGE_MAX)
		must(EFBIG, "image");
	if (end > im->size) {
		memset(im->data + im->size, 0, end - im->size);
		im->size = end;
	}
	for (size_t i = 0; i < e->n; i += SECTOR) {
		size_t n = e->n - i < SECTOR ? e->n - i : SECTOR;
		if (!torn || rand() % 2)
			memcpy(im->data + e->at + i, e->data + i, n);
	}
}

/* Where the part of a file begins of which nobody knows. */
static size_t synced_to(enum file file, size_t cut)
{
	size_t to = 0;

	for (size_t i = 0; i < cut; i++) {
		const struct event *e = &record.list[i];
		if (e->what == FAULTY_SYNCED && e->file == file &&
		    e->from > to)
			to = e->from;
	}
	return to;
}

static void shuffle(size_t *list, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)rand() % i, was = list[k];
		list[k] = list[i - 1];
		list[i - 1] = was;
	}
}

/* keep: percent of the unsynced writes that reached the disk. */
static void rebuild(struct image *im, enum file file, size_t cut, size_t safe,
		    int keep)
{
	size_t *loose = calloc(cut - safe + 1, sizeof(*loose)), n = 0;

	for (size_t i = 0; i < cut; i++) {
		const struct event *e = &record.list[i];
		if (e->file != file || e->what == FAULTY_SYNCED)
			continue;
		if (i < safe)
			apply(im, e, false);
		else if (rand() % 100 < keep)
			loose[n++] = i;
	}
	shuffle(loose, n);
	for (size_t i = 0; i < n; i++)
		apply(im, &record.list[loose[i]], rand() % 4 == 0);
	free(loose);
}

static void put(const char *name, const struct image *im)
{
	unlink(name);
	if (!im->size)
		return;
	FILE *f = fopen(name, "wb");
	if (!f || fwrite(im->data, 1, im->size, f) != im->size || fclose(f))
		must(errno, name);
}

/* ---- is it all there? ---- */

static const char *fault;

static int64_t number(struct db *db, const char *sql)
{
	int64_t n = -1;

	if (db_get_int(db, &n, -1, sql, ""))
		fault = sql;
	return n;
}

static void at_least(int64_t have, int64_t want, const char *what)
{
	if (!fault && have < want)
		fault = what;
}

static void same(struct db *db, const char *a, const char *b)
{
	if (!fault && number(db, a) != number(db, b) && !fault)
		fault = a;
}

static void look(struct db *db, const struct event *last)
{
	int64_t bad = 0, count = 0, sound = 0;

	if (db_get_int(db, &sound, 0,
		       "SELECT integrity_check='ok' FROM"
		       " pragma_integrity_check LIMIT 1",
		       "") ||
	    !sound)
		fault = "the file is not sound";
	if (!fault && fact_verify(db, &bad, &count))
		fault = "the chain is broken";
	at_least(count, last->seq, "a fact that was confirmed is not there");
	at_least(number(db, "SELECT coalesce(max(n), 0) FROM fact_mark"),
		 last->mark, "an acknowledged event is not there");
	at_least(number(db, "SELECT count(*) FROM (SELECT contact FROM"
			    " own_draft UNION SELECT contact FROM ticket)"),
		 last->drafts, "a confirmed draft is not there");
	/* nothing by halves: an event's facts, a fact and its table */
	same(db, "SELECT count(*) FROM fact WHERE kind='contact.arrived'",
	     "SELECT coalesce(max(n), 0) FROM fact_mark");
	same(db, "SELECT count(*) FROM fact WHERE kind='recording.opened'",
	     "SELECT count(*) FROM contact");
	same(db, "SELECT count(*) FROM contact",
	     "SELECT count(*) FROM recording");
	same(db, "SELECT count(*) FROM fact WHERE kind='ticket.filed'",
	     "SELECT count(*) FROM ticket");
}

static struct image base, images[FILES];

static const char *power_fails(size_t cut, bool lying)
{
	static const int shares[] = {0, 50, 90, 100};
	static const char *const ends[] = {"", "-wal"};
	const struct event *last = &record.list[cut - 1];
	scoped_mem struct db *db = NULL;
	int keep = lying ? 50 : shares[rand() % 4];
	char name[128];

	memcpy(images[DB].data, base.data, base.size);
	images[DB].size = base.size;
	images[WAL].size = 0;
	for (enum file f = DB; f < FILES; f++) {
		size_t safe = lying ? 0 : synced_to(f, cut);
		rebuild(&images[f], f, cut, safe, keep);
		snprintf(name, sizeof(name), "%s/cut.db%s", dir, ends[f]);
		put(name, &images[f]);
	}
	snprintf(name, sizeof(name), "%s/cut.db-shm", dir);
	unlink(name);
	snprintf(name, sizeof(name), "%s/cut.db", dir);
	fault = NULL;
	if (store_open_file(&db, name, DB_WRITE, NULL))
		fault = "it does not open";
	else
		look(db, last);
	return fault;
}

static int cut_all(int cuts)
{
	int bad = 0;

	for (int i = 0; i < cuts; i++) {
		size_t cut = 1 + (size_t)rand() % record.n;
		/* every other one right behind a sync */
		while (i % 2 && cut < record.n &&
		       record.list[cut - 1].what != FAULTY_SYNCED)
			cut++;
		const char *what = power_fails(cut, false);
		if (!what)
			continue;
		fprintf(stderr, "power_loss: cut %zu of %zu: %s\n", cut,
			record.n, what);
		bad++;
	}
	return bad;
}

static int cut_lying(int cuts)
{
	int found = 0;

	for (int i = 0; i < cuts; i++)
		found +=
			power_fails(record.n - (size_t)rand() % (record.n / 2),
				    true) != NULL;
	return found;
}

/* ---- */

static void read_base(void)
{
	FILE *f = fopen(path, "rb");
	struct stat st;

	if (!f || fstat(fileno(f), &st))
		must(errno, path);
	base.size = (size_t)st.st_size;
	base.data = malloc(base.size);
	if (!base.data || fread(base.data, 1, base.size, f) != base.size)
		must(EIO, path);
	fclose(f);
	for (enum file i = DB; i < FILES; i++)
		images[i].data = malloc(IMAGE_MAX);
}

static void open_office(void)
{
	struct db *db = NULL;

	/* the record says what was synced; the real disk need not */
	snprintf(dir, sizeof(dir), "%s/zuoxi-power-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	must(mkdtemp(dir) ? 0 : errno, dir);
	snprintf(path, sizeof(path), "%s/t.db", dir);
	must(store_open_file(&db, path, DB_WRITE, NULL), path);
	mem_deref(db);
	read_base();
	faulty_vfs_register();
	const struct store_prm prm = {
		.path = path, .vfs = FAULTY_VFS, .happened_max = 100000};
	faulty_vfs_watch(on_event);
	must(store_alloc(&store, &prm), path);
	must(fact_log_alloc(&facts, store), "log");
	store_people_register(facts);
	store_call_register(facts);
	store_ticket_register(facts);
	fact_log_publish(facts, on_published, NULL);
}

static void close_office(void)
{
	static const char *const names[] = {"t.db",	  "t.db-wal",
					    "t.db-shm",	  "cut.db",
					    "cut.db-wal", "cut.db-shm"};
	char name[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		unlink(name);
	}
	rmdir(dir);
	for (size_t i = 0; i < record.n; i++)
		free(record.list[i].data);
	free(record.list);
	free(base.data);
	for (enum file f = DB; f < FILES; f++)
		free(images[f].data);
}

int main(int argc, char *argv[])
{
	int cuts = argc > 1 ? atoi(argv[1]) : 150;
	unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10)
				 : (unsigned)time(NULL);
	int64_t calls = argc > 3 ? atoi(argv[3]) : 300;
	size_t syncs = 0, copied = 0;

	if (calls < 10 || calls > CALLS_MAX)
		calls = 300;
	printf("seed %u, %d cuts, %lld calls\n", seed, cuts, (long long)calls);
	fflush(stdout);
	srand(seed);
	must(libre_init(), "libre");
	log_memory();
	open_office();
	busy_minute(calls);
	faulty_vfs_watch(NULL);
	store = mem_deref(store);
	mem_deref(facts);
	for (size_t i = 0; i < record.n; i++) {
		bool sync = record.list[i].what == FAULTY_SYNCED;
		syncs += sync;
		copied += !sync && record.list[i].file == DB;
	}
	int bad = cut_all(cuts);
	int found = cut_lying(LYING_CUTS);
	printf("%zu writes (%zu by checkpoints), %zu syncs, %lld facts: %d of "
	       "%d cuts lost something; of %d with syncs that lie %d did\n",
	       record.n - syncs, copied, syncs, (long long)record.seq, bad,
	       cuts, LYING_CUTS, found);
	close_office();
	libre_close();
	return bad || found < LYING_CUTS / 2;
}
