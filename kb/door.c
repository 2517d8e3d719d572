/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/door.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/proto.h"
#include "common/scope.h"
#include "common/speak.h"
#include "kb/proof.h"
#include "kb/regress.h"
#include "kb/wire.h"

#define ANSWER_MS      60000
#define PAGE_ITEMS     1000
#define READ_BYTES     65536
#define TARGET_DEFAULT .99

struct kb_door {
	/* a file */
	struct db *db;
	struct kb_index *ix;
	struct kb_confidence *confidence; /* fitted when first asked */
	unsigned cases;			  /* that it was fitted to */
	bool importing;			  /* a transaction is open */
	int64_t added, changed, same;
	json_t *redirects; /* ids of what is imported */
	char actor[64];
	/* a socket */
	int fd;
	int64_t id;
	struct link_split split;
	json_t *reply; /* the one that was waited for */
};

static void door_destructor(void *arg)
{
	struct kb_door *door = arg;

	if (door->importing)
		db_rollback(door->db);
	mem_deref(door->confidence);
	mem_deref(door->ix);
	mem_deref(door->db);
	if (door->fd >= 0)
		close(door->fd);
	link_split_release(&door->split);
	json_decref(door->reply);
	json_decref(door->redirects);
}

static struct kb_door *door_new(void)
{
	struct kb_door *door = mem_zalloc(sizeof(*door), door_destructor);

	if (door)
		door->fd = -1;
	return door;
}

/* ---- a file ---- */

int kb_door_file(struct kb_door **dp, const char *path, bool write,
		 char why[KB_WHY_SIZE])
{
	scoped_mem struct kb_door *door = door_new();
	if (!door)
		return ENOMEM;
	door->redirects = json_array();
	int err = kb_index_alloc(&door->ix);
	if (!err)
		err = kb_base_open(&door->db, path, write);
	if (err == EACCES && write)
		snprintf(
			why, KB_WHY_SIZE,
			_("%s is a site's database (or read-only): its "
			  "changes "
			  "are recorded by zuoxid; start it and use --socket"),
			path);
	else if (err == ENOENT)
		snprintf(why, KB_WHY_SIZE,
			 _("%s holds no knowledge base: import entries first"),
			 path);
	else if (err == ESTALE)
		snprintf(why, KB_WHY_SIZE,
			 _("%s is of an older zuoxid: start the new one once"),
			 path);
	else if (err == EOVERFLOW)
		snprintf(why, KB_WHY_SIZE,
			 _("%s is of a newer program than this one"), path);
	else if (err == EBADMSG)
		snprintf(why, KB_WHY_SIZE, _("%s is no database"), path);
	else if (err)
		snprintf(why, KB_WHY_SIZE, "%s: %s", path, speak_errno(err));
	if (err)
		return err;
	const struct passwd *pw = getpwuid(getuid());
	snprintf(door->actor, sizeof(door->actor), "%.40s(%u)",
		 pw ? pw->pw_name : "user", (unsigned)getuid());
	*dp = take(door);
	return 0;
}

static void today(char day[CAL_TEXT_SIZE])
{
	cal_day(day, cal_now_us());
}

static int file_search(struct kb_door *door, json_t *params, json_t **resultp)
{
	char day[CAL_TEXT_SIZE];
	today(day);
	const struct kb_query q = {
		.text = json_str(params, "q"),
		.line = json_str(params, "line"),
		.day = day,
		.limit = (unsigned)json_int(params, "limit"),
	};
	return kb_wire_search(resultp, door->ix, door->db, &q);
}

static int file_get(struct kb_door *door, json_t *params, json_t **resultp)
{
	char day[CAL_TEXT_SIZE];
	scoped_mem struct kb_version *v = NULL;

	today(day);
	int err = kb_base_get(&v, door->db, json_str(params, "entry"),
			      json_int(params, "version"));
	if (err)
		return err;
	*resultp = kb_wire_entry(v, day, json_bool(params, "source"));
	return *resultp ? 0 : ENOMEM;
}

struct listing {
	json_t *items;
	char day[CAL_TEXT_SIZE];
	const char *state; /* "": any */
	char next[64];
};

static int on_listed(const struct kb_row *row, void *arg)
{
	struct listing *l = arg;

	const char *state =
		kb_state_on(row->state, row->effective, row->expires, l->day);

	if (json_array_size(l->items) >= PAGE_ITEMS)
		return ECANCELED;
	str_ncpy(l->next, row->id, sizeof(l->next));
	if (*l->state && strcmp(l->state, state))
		return 0;
	return json_array_append_new(l->items, kb_wire_row(row, l->day))
		       ? ENOMEM
		       : 0;
}

static int file_list(struct kb_door *door, json_t *params, json_t **resultp)
{
	scoped_json json_t *items = json_array();
	struct listing l = {.items = items,
			    .state = json_str(params, "state")};

	today(l.day);
	int err = kb_base_each(door->db, json_str(params, "cursor"), on_listed,
			       &l);
	if (err && err != ECANCELED)
		return err;
	*resultp = json_pack("{s:O}", "items", items);
	if (err == ECANCELED)
		json_object_set_new(*resultp, "next", json_string(l.next));
	return 0;
}

/* A page of what has no id to go on from: the cursor counts. */
struct counting {
	json_t *items;
	int64_t skip, left;
};

static int count_item(struct counting *c, json_t *item)
{
	if (c->left-- <= 0) {
		json_decref(item);
		return ECANCELED;
	}
	c->skip++;
	return json_array_append_new(c->items, item) ? ENOMEM : 0;
}

static int count_done(struct counting *c, int err, json_t **resultp)
{
	char cursor[24];

	if (err && err != ECANCELED)
		return err;
	*resultp = json_pack("{s:O}", "items", c->items);
	snprintf(cursor, sizeof(cursor), "%lld", (long long)c->skip);
	if (*resultp && err)
		json_object_set_new(*resultp, "next", json_string(cursor));
	return *resultp ? 0 : ENOMEM;
}

static int on_change(const struct kb_row *row, void *arg)
{
	return count_item(arg, kb_wire_change(row));
}

static int file_log(struct kb_door *door, json_t *params, json_t **resultp)
{
	scoped_json json_t *items = json_array();
	const struct kb_log_want want = {
		.id = json_str(params, "entry"),
		.since_us = json_int(params, "since_us"),
		.until_us = json_int(params, "until_us"),
		.skip = strtoll(json_str(params, "cursor"), NULL, 10),
	};
	struct counting c = {items, want.skip, json_int(params, "limit")};

	return count_done(&c, kb_base_log(door->db, &want, on_change, &c),
			  resultp);
}

static int on_signed(const struct kb_signed *one, void *arg)
{
	return count_item(arg, kb_wire_signed(one));
}

static int file_signed(struct kb_door *door, json_t *params, json_t **resultp)
{
	scoped_json json_t *items = json_array();
	const struct kb_signed_want want = {
		.since_us = json_int(params, "since_us"),
		.until_us = json_int(params, "until_us"),
		.person = json_str(params, "person"),
		.skip = strtoll(json_str(params, "cursor"), NULL, 10),
	};
	struct counting c = {items, want.skip, json_int(params, "limit")};

	return count_done(&c, kb_life_signed(door->db, &want, on_signed, &c),
			  resultp);
}

static int on_version(const struct kb_life *life, void *arg)
{
	return json_array_append_new(arg, kb_wire_life(life)) ? ENOMEM : 0;
}

static int file_versions(struct kb_door *door, json_t *params,
			 json_t **resultp)
{
	scoped_json json_t *items = json_array();
	int err = kb_life_each(door->db, json_str(params, "entry"), on_version,
			       items);
	if (err)
		return err;
	*resultp = json_pack("{s:O}", "items", items);
	return *resultp ? 0 : ENOMEM;
}

static int import_one(struct kb_door *door, const json_t *item, int64_t now,
		      char why[KB_WHY_SIZE])
{
	const char *file = json_str(item, "file");
	const char *text = json_str(item, "text");
	scoped_mem struct kb_entry *e = NULL;
	struct diag diag;
	int64_t version;
	bool same;

	int err = kb_entry_parse(&e, file, text, strlen(text), &diag);
	if (err == EBADMSG)
		snprintf(why, KB_WHY_SIZE, "%s:%d: %s", diag.file, diag.line,
			 diag.what);
	if (!err)
		err = kb_base_version(door->db, e->id, text, &version, &same);
	if (err)
		return err;
	door->same += same;
	if (same)
		return 0;
	door->added += version == 0;
	door->changed += version != 0;
	if (*e->redirect)
		json_array_append_new(door->redirects, json_string(e->id));
	return kb_life_import(door->db, e, version + 1, now, door->actor);
}

/* Redirects, when all of them are there. */
static int check_redirects(struct kb_door *door, char why[KB_WHY_SIZE])
{
	struct diag diag;
	size_t i;
	json_t *id;

	json_array_foreach (door->redirects, i, id) {
		int err = kb_proof_redirect(door->db, json_string_value(id),
					    &diag);
		if (err == EBADMSG)
			snprintf(why, KB_WHY_SIZE, "%s: %s",
				 json_string_value(id), diag.what);
		if (err)
			return err;
	}
	json_array_clear(door->redirects);
	return 0;
}

static int import_part(struct kb_door *door, json_t *params,
		       char why[KB_WHY_SIZE])
{
	int64_t now = cal_now_us();
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(params, "entries"), i, item) {
		int err = import_one(door, item, now, why);
		if (err)
			return err;
	}
	return 0;
}

static int file_import(struct kb_door *door, json_t *params, json_t **resultp,
		       char why[KB_WHY_SIZE])
{
	if (!door->importing) {
		int err = db_begin(door->db);
		if (err)
			return err;
		door->importing = true;
	}
	bool more = json_bool(params, "more");
	int err = import_part(door, params, why);
	if (!err && !more)
		err = check_redirects(door, why);
	if (!err && !more)
		err = db_commit(door->db);
	if (err)
		db_rollback(door->db);
	if (err || !more)
		door->importing = false;
	if (err)
		return err;
	*resultp = json_pack(
		"{s:I, s:I, s:I}", "added", (json_int_t)door->added, "changed",
		(json_int_t)door->changed, "same", (json_int_t)door->same);
	return 0;
}

/* A file answers no citizen, so its drafts count: it shows what the entries
 * would do once they are confirmed. */
static int ask_set(struct kb_door *door, struct kb_set **sp)
{
	scoped_mem struct kb_set *set = NULL;
	char day[CAL_TEXT_SIZE];
	const struct kb_set_prm prm = {
		.ix = door->ix, .db = door->db, .day = day, .drafts = true};

	today(day);
	int err = kb_set_read(&set, door->db);
	if (!err)
		err = kb_set_ask(set, &prm);
	if (err)
		return err;
	door->cases = set->n;
	door->confidence = mem_deref(door->confidence);
	err = kb_set_fit(&door->confidence, set);
	if (!err)
		*sp = take(set);
	return err;
}

static int replace_set(struct kb_door *door, json_t *params,
		       char why[KB_WHY_SIZE])
{
	scoped_mem struct kb_set *set = NULL;
	const char *text = json_str(params, "text");
	struct diag diag;

	int err = kb_set_parse(&set, json_str(params, "file"), text,
			       strlen(text), &diag);
	if (err == EBADMSG)
		snprintf(why, KB_WHY_SIZE, "%s:%d: %s", diag.file, diag.line,
			 diag.what);
	if (!err)
		err = db_begin(door->db);
	if (err)
		return err;
	err = kb_set_write(door->db, set, cal_now_us(), door->actor);
	if (!err)
		err = db_commit(door->db);
	if (err)
		db_rollback(door->db);
	return err;
}

static int file_calibrate(struct kb_door *door, json_t *params,
			  json_t **resultp, char why[KB_WHY_SIZE])
{
	scoped_mem struct kb_set *set = NULL;

	int err = replace_set(door, params, why);
	if (!err)
		err = ask_set(door, &set);
	if (err)
		return err;
	*resultp = json_pack("{s:i, s:i, s:i}", "cases", (int)set->n,
			     "answerable", (int)set->answerable, "right",
			     (int)set->right);
	return *resultp ? 0 : ENOMEM;
}

static int file_answer(struct kb_door *door, json_t *params, json_t **resultp)
{
	scoped_mem struct kb_set *set = NULL;
	char day[CAL_TEXT_SIZE];
	struct kb_best best;

	today(day);
	const struct kb_query q = {.text = json_str(params, "q"),
				   .line = json_str(params, "line"),
				   .day = day,
				   .limit = 1,
				   .drafts = true};
	int err = door->confidence ? 0 : ask_set(door, &set);
	if (!err)
		err = kb_answer_look(&best, door->ix, door->db, &q);
	if (err)
		return err;
	const char *wanted = json_str(params, "target");
	double target = *wanted ? strtod(wanted, NULL) : TARGET_DEFAULT;
	float limit = kb_confidence_limit(door->confidence, (float)target);
	float sure = *best.id ? kb_confidence(door->confidence, best.x) : 0;
	*resultp = json_pack(
		"{s:s?, s:f, s:f, s:i, s:i, s:b}", "entry",
		*best.id && sure >= limit ? best.id : NULL, "confidence",
		(double)sure, "target", target, "cases", (int)door->cases,
		"needs",
		(int)kb_confidence_needs(door->confidence, (float)target),
		"small", (int)(limit > 1));
	return *resultp ? 0 : ENOMEM;
}

/* ---- the regression set of a file ---- */

static int on_case(const struct kb_case_row *row, void *arg)
{
	json_t *items = arg;

	return json_array_append_new(items, kb_wire_case(row)) ? ENOMEM : 0;
}

static int file_cases(struct kb_door *door, json_t *params, json_t **resultp)
{
	scoped_json json_t *items = json_array();
	int err = kb_case_each(door->db, KB_CASE_KEPT, 0, on_case, items);

	if (err)
		return err;
	*resultp = json_pack("{s:O}", "items", items);
	return *resultp ? 0 : ENOMEM;
}

static int file_call(struct kb_door *door, const char *method, json_t *params,
		     json_t **resultp, char why[KB_WHY_SIZE])
{
	int err = ENOSYS;

	if (!strcmp(method, "kb.versions"))
		err = file_versions(door, params, resultp);
	else if (!strcmp(method, "kb.search"))
		err = file_search(door, params, resultp);
	else if (!strcmp(method, "kb.get"))
		err = file_get(door, params, resultp);
	else if (!strcmp(method, "kb.list"))
		err = file_list(door, params, resultp);
	else if (!strcmp(method, "kb.log"))
		err = file_log(door, params, resultp);
	else if (!strcmp(method, "kb.signed"))
		err = file_signed(door, params, resultp);
	else if (!strcmp(method, "kb.stat"))
		err = kb_wire_stat_now(resultp, door->db);
	else if (!strcmp(method, "kb.calibrate"))
		err = file_calibrate(door, params, resultp, why);
	else if (!strcmp(method, "kb.answer"))
		err = file_answer(door, params, resultp);
	else if (!strcmp(method, "case.list"))
		err = file_cases(door, params, resultp);
	else if (!strcmp(method, "kb.import"))
		err = file_import(door, params, resultp, why);
	if (!err || *why)
		return err;
	if (err == ENOENT)
		snprintf(why, KB_WHY_SIZE, _("there is no such entry"));
	else if (err == ENOSYS)
		snprintf(why, KB_WHY_SIZE,
			 _("only an office leads versions to a release: use "
			   "--socket; in a file, the header's state counts"));
	else if (err == EAGAIN)
		snprintf(why, KB_WHY_SIZE,
			 _("another program writes to this file: try again"));
	else
		snprintf(why, KB_WHY_SIZE, "%s", speak_errno(err));
	return err;
}

/* ---- a socket ---- */

static int wait_for(int fd, short events, char why[KB_WHY_SIZE])
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, ANSWER_MS);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		return 0;
	snprintf(why, KB_WHY_SIZE, _("zuoxid does not answer"));
	return ETIMEDOUT;
}

static int send_all(struct kb_door *door, const char *line, size_t len,
		    char why[KB_WHY_SIZE])
{
	while (len) {
		ssize_t n = write(door->fd, line, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			snprintf(why, KB_WHY_SIZE, _("zuoxid is gone: %s"),
				 speak_errno(errno));
			return EPIPE;
		}
		if (n > 0) {
			line += n;
			len -= (size_t)n;
			continue;
		}
		int err = wait_for(door->fd, POLLOUT, why);
		if (err)
			return err;
	}
	return 0;
}

static int on_line(char *line, size_t len, void *arg)
{
	struct kb_door *door = arg;
	char why[160];

	if (!line)
		return EMSGSIZE;
	json_t *msg = json_parse(line, len, why, sizeof(why));
	if (!msg)
		return EPROTO;
	if (json_int(msg, "id") == door->id && !door->reply)
		door->reply = msg;
	else
		json_decref(msg); /* an event, or the answer to an old one */
	return 0;
}

static int receive(struct kb_door *door, char why[KB_WHY_SIZE])
{
	static char buf[READ_BYTES];

	while (!door->reply) {
		int err = wait_for(door->fd, POLLIN, why);
		if (err)
			return err;
		ssize_t n = read(door->fd, buf, sizeof(buf));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			snprintf(why, KB_WHY_SIZE,
				 _("zuoxid closed the connection"));
			return EPIPE;
		}
		err = link_split_feed(&door->split, buf, (size_t)n, on_line,
				      door);
		if (err) {
			snprintf(why, KB_WHY_SIZE,
				 _("what answers is no zuoxid: %s"),
				 speak_errno(err));
			return err;
		}
	}
	return 0;
}

static int socket_call(struct kb_door *door, const char *method,
		       json_t *params, json_t **resultp, char why[KB_WHY_SIZE])
{
	scoped_json json_t *request =
		proto_request(++door->id, method, json_incref(params));
	size_t len = 0;
	scoped_str char *line = request ? json_line(request, &len) : NULL;
	if (!line)
		return ENOMEM;

	int err = send_all(door, line, len, why);
	if (!err)
		err = receive(door, why);
	if (err)
		return err;
	scoped_json json_t *reply = take(door->reply);
	const json_t *error = json_object_get(reply, "error");
	if (!error) {
		*resultp = json_incref(json_object_get(reply, "result"));
		return *resultp ? 0 : EPROTO;
	}
	const char *detail =
		json_str(json_object_get(error, "data"), "detail");
	snprintf(why, KB_WHY_SIZE, "%s%s%s", speak(json_str(error, "message")),
		 *detail ? ": " : "", detail);
	return proto_error_errno((int)json_int(error, "code"));
}

int kb_door_socket(struct kb_door **dp, const char *path,
		   char why[KB_WHY_SIZE])
{
	scoped_mem struct kb_door *door = door_new();
	if (!door)
		return ENOMEM;
	link_split_init(&door->split, PROTO_LINE_LOCAL_BYTES);
	int err = link_connect(&door->fd, path);
	if (err) {
		snprintf(why, KB_WHY_SIZE,
			 _("%s: %s; does zuoxid run, and may you use its "
			   "administrators' socket?"),
			 path, speak_errno(err));
		return err;
	}
	scoped_json json_t *hello = NULL;
	scoped_json json_t *params =
		json_pack("{s:i, s:s}", "version", PROTO_VERSION, "client",
			  "zuoxi-kb " ZUOXI_VERSION);
	err = socket_call(door, "hello", params, &hello, why);
	if (err)
		return err;
	*dp = take(door);
	return 0;
}

int kb_door_call(struct kb_door *door, const char *method, json_t *params,
		 json_t **resultp, char why[KB_WHY_SIZE])
{
	scoped_json json_t *owned = params;

	why[0] = '\0';
	if (!owned)
		return ENOMEM;
	return door->db ? file_call(door, method, owned, resultp, why)
			: socket_call(door, method, owned, resultp, why);
}
