/* SPDX-License-Identifier: Apache-2.0 */
#include "server/switch/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/switch/spool.h"

#define BOOT_SIZE      24
#define COMPACT_BYTES  (1 << 20)
#define UNSYNCED_BYTES (64 << 20)

/* Left out when the office stays away for very long. */
static const char *const passing[] = {
	"leg.media", "leg.silent", "leg.back", "leg.dtmf", "leg.ringing",
};
#define PASSING_N (sizeof(passing) / sizeof(*passing))

struct event {
	struct le le;
	char boot[BOOT_SIZE];
	int64_t n;
	size_t len;
	char line[]; /* with its newline */
};

struct journal {
	struct list events;
	char boot[BOOT_SIZE];
	struct spool *spool;
	int64_t n;
	size_t max;
	size_t kept_bytes;
	struct journal_stats stats;
	journal_event_h *h;
	void *arg;
};

static void event_destructor(void *arg)
{
	struct event *ev = arg;

	list_unlink(&ev->le);
}

static void journal_destructor(void *arg)
{
	struct journal *j = arg;

	list_flush(&j->events);
	mem_deref(j->spool);
}

/* ---- the file ---- */

static char *print_boot(char line[64], const struct journal *j)
{
	snprintf(line, 64, "{\"boot\":\"%s\"}\n", j->boot);
	return line;
}

/* What is kept takes the place of all that was written. */
static void compact(struct journal *j)
{
	char boot[64];
	size_t n = strlen(print_boot(boot, j));
	char *text = malloc(j->kept_bytes + n), *p = text;
	struct le *le;

	if (!text)
		return;
	LIST_FOREACH (&j->events, le) {
		const struct event *ev = le->data;
		memcpy(p, ev->line, ev->len);
		p += ev->len;
	}
	memcpy(p, boot, n);
	spool_replace(j->spool, text, j->kept_bytes + n);
}

/* A disk that was away for so long that lines were not taken gets all anew,
 * once it is back. */
static void append(struct journal *j, const char *line, size_t len)
{
	struct spool_stats st;

	(void)spool_append(j->spool, line, len);
	spool_stats(j->spool, &st);
	bool mostly_acked = st.file_bytes > COMPACT_BYTES &&
			    st.file_bytes > 4 * j->kept_bytes;
	if (!st.replacing && !st.ill && (st.behind || mostly_acked))
		compact(j);
}

/* ---- events ---- */

static int keep(struct journal *j, const char *boot, int64_t n,
		const char *line, size_t len)
{
	struct event *ev = mem_zalloc(sizeof(*ev) + len + 1, event_destructor);

	if (!ev)
		return ENOMEM;
	snprintf(ev->boot, sizeof(ev->boot), "%s", boot);
	ev->n = n;
	ev->len = len;
	memcpy(ev->line, line, len);
	list_append(&j->events, &ev->le, ev);
	j->stats.kept++;
	j->kept_bytes += len;
	return 0;
}

static void forget(struct journal *j, struct event *ev)
{
	j->stats.kept--;
	j->kept_bytes -= ev->len;
	mem_deref(ev);
}

static bool is_passing(const char *kind)
{
	for (size_t i = 0; i < PASSING_N; i++) {
		if (!strcmp(passing[i], kind))
			return true;
	}
	return false;
}

int journal_event(struct journal *j, const char *kind, json_t *fields)
{
	scoped_json json_t *params = fields ? fields : json_object();
	size_t len = 0;

	if (j->stats.kept >= j->max - j->max / 10 && is_passing(kind)) {
		j->stats.dropped++;
		return 0;
	}
	if (j->stats.kept >= j->max) {
		j->stats.dropped++;
		forget(j, list_ledata(j->events.head));
	}
	j->n++;
	if (json_object_set_new(params, "boot", json_string(j->boot)) ||
	    json_object_set_new(params, "n", json_integer(j->n)) ||
	    json_object_set_new(params, "at_us", json_integer(cal_now_us())) ||
	    json_object_set_new(params, "kind", json_string(kind)))
		return ENOMEM;
	scoped_json json_t *msg =
		json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method",
			  "event", "params", params);
	scoped_str char *line = msg ? json_line(msg, &len) : NULL;
	if (!line)
		return ENOMEM;
	int err = keep(j, j->boot, j->n, line, len);
	if (err)
		return err;
	j->stats.events++;
	/* the office first: it can work while the writer is woken */
	j->h(line, len, j->arg);
	append(j, line, len);
	return 0;
}

/* Everything the office confirms: of that boot up to n. */
static void drop_acked(struct journal *j, const char *boot, int64_t n)
{
	struct le *le = j->events.head;

	while (le) {
		struct event *ev = le->data;
		le = le->next;
		if (!strcmp(ev->boot, boot) && ev->n <= n)
			forget(j, ev);
	}
}

void journal_ack(struct journal *j, const char *boot, int64_t n)
{
	char line[96];
	size_t before = j->stats.kept;

	drop_acked(j, boot, n);
	if (j->stats.kept == before)
		return;
	int len = snprintf(line, sizeof(line), "{\"ack\":[\"%.23s\",%lld]}\n",
			   boot, (long long)n);
	append(j, line, (size_t)len);
}

void journal_replay(struct journal *j, json_t *after, journal_event_h *h,
		    void *arg)
{
	struct le *le;

	LIST_FOREACH (&j->events, le) {
		const struct event *ev = le->data;
		if (ev->n > json_int(after, ev->boot))
			h(ev->line, ev->len, arg);
	}
}

/* ---- start ---- */

/* Pages that were not synced can be gone from the middle of the file: what
 * stands behind such a gap was not told in order and is left out. */
static bool follows(const struct journal *j, const char *boot, int64_t n)
{
	const struct event *last = list_ledata(j->events.tail);

	return !last || strcmp(last->boot, boot) != 0 || n == last->n + 1;
}

/* One line of an earlier run. A torn last line is no JSON: skipped. */
static int load_line(struct journal *j, char *line, size_t len)
{
	char fault[80];
	scoped_json json_t *obj = json_parse(line, len, fault, sizeof(fault));
	const json_t *ack = json_object_get(obj, "ack");
	const json_t *params = json_object_get(obj, "params");

	if (json_array_size(ack) == 2) {
		const char *boot = json_string_value(json_array_get(ack, 0));
		if (boot)
			drop_acked(j, boot,
				   json_integer_value(json_array_get(ack, 1)));
		return 0;
	}
	const char *boot = json_str(params, "boot");
	int64_t n = json_int(params, "n");
	if (!*boot || strlen(boot) >= BOOT_SIZE || !follows(j, boot, n))
		return 0;
	return keep(j, boot, n, line, len);
}

static int load(struct journal *j, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return errno == ENOENT ? 0 : errno;
	while (!err && (len = getline(&line, &size, f)) > 0) {
		if (line[len - 1] == '\n')
			err = load_line(j, line, (size_t)len);
	}
	free(line);
	fclose(f);
	return err;
}

int journal_alloc(struct journal **jp, const struct journal_prm *prm)
{
	scoped_mem struct journal *j =
		mem_zalloc(sizeof(*j), journal_destructor);

	if (!j)
		return ENOMEM;
	j->max = prm->max_events < 100 ? 100 : prm->max_events;
	j->h = prm->h;
	j->arg = prm->arg;
	snprintf(j->boot, sizeof(j->boot), "s%llx",
		 (unsigned long long)cal_now_us());
	int err = load(j, prm->path);
	/* a folder that is not ours is said now, not by a thread later */
	scoped_fd int fd =
		open(prm->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (!err && fd < 0)
		err = errno;
	if (!err)
		err = spool_alloc(&j->spool,
				  &(struct spool_prm){
					  .path = prm->path,
					  .max_bytes = UNSYNCED_BYTES,
					  .synch = prm->synch,
				  });
	if (err)
		return err;
	compact(j);
	*jp = take(j);
	return 0;
}

const char *journal_boot(const struct journal *j)
{
	return j->boot;
}

int64_t journal_last(const struct journal *j)
{
	return j->n;
}

json_t *journal_previous(const struct journal *j)
{
	json_t *list = json_array();
	const char *last = "";
	struct le *le;

	LIST_FOREACH (&j->events, le) {
		const struct event *ev = le->data;
		if (!strcmp(ev->boot, last) || !strcmp(ev->boot, j->boot))
			continue;
		last = ev->boot;
		json_array_append_new(list, json_string(last));
	}
	return list;
}

void journal_stats(const struct journal *j, struct journal_stats *out)
{
	struct spool_stats st;

	spool_stats(j->spool, &st);
	*out = j->stats;
	out->unwritten = st.unwritten;
	out->unsynced = st.unsynced;
	out->syncs = st.syncs;
	out->errors = st.errors;
	out->file_bytes = st.file_bytes;
}
