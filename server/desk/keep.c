/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/libre.h"
#include "common/scope.h"
#include "server/core/fact.h"
#include "server/core/store_check.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"

#define FAULTS_MAX 100 /* of one invariant, then only the count goes on */

/* ---- verify ---- */

struct verify {
	json_t *checks;
	bool ok;
};

static json_t *check_named(struct verify *v, const char *name)
{
	json_t *check;
	size_t i;

	json_array_foreach (v->checks, i, check) {
		if (!strcmp(json_str(check, "name"), name))
			return check;
	}
	check = json_pack("{s:s,s:b,s:i,s:[]}", "name", name, "ok", 1, "count",
			  0, "faults");
	json_array_append_new(v->checks, check);
	return check;
}

static void counted(struct verify *v, const char *name, int64_t n)
{
	json_object_set_new(check_named(v, name), "count", json_integer(n));
}

static int on_finding(const char *rule, const char *what, void *arg)
{
	struct verify *v = arg;
	json_t *check = check_named(v, rule);

	if (!what) /* a rule that holds */
		return 0;
	json_t *faults = json_object_get(check, "faults");
	json_object_set_new(check, "count",
			    json_integer(json_int(check, "count") + 1));
	if (json_array_size(faults) < FAULTS_MAX)
		json_array_append_new(faults, json_string(what));
	json_object_set_new(check, "ok", json_false());
	v->ok = false;
	return 0;
}

static int check_chain(struct verify *v, struct db *db)
{
	static const char name[] = N_("Facts are an unbroken chain");
	int64_t bad = 0, count = 0;
	char what[32];

	int err = fact_verify(db, &bad, &count);
	if (err == EBADMSG) {
		snprintf(what, sizeof(what), "%lld", (long long)bad);
		on_finding(name, what, v);
		err = 0;
	}
	counted(v, name, count);
	return err;
}

static int check_calls(struct verify *v, struct db *db,
		       const struct keep_part *part)
{
	struct store_check_counts n = {.contacts = 0};

	int err = store_check_calls(db, part->recordings_dir, part->spill_dir,
				    &n, on_finding, v);
	if (err)
		return err;
	counted(v, N_("Contacts looked at"), n.contacts);
	counted(v, N_("Answered calls looked at"), n.answered);
	counted(v, N_("Recordings looked at"), n.recordings);
	counted(v, N_("Agents looked at"), n.agents);
	counted(v, N_("Half hours looked at"), n.slots);
	return 0;
}

static int on_verify(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *checks = json_array();
	struct verify v = {.checks = checks, .ok = true};
	int64_t tickets = 0;

	/* one moment: all invariants are about the same facts */
	int err = db_exec(db, "BEGIN");
	if (err)
		return err;
	err = check_chain(&v, db);
	if (!err)
		err = check_calls(&v, db, call->part);
	if (!err)
		err = store_ticket_check(db, &tickets, on_finding, &v);
	db_exec(db, "COMMIT");
	if (err)
		return err;
	counted(&v, N_("Tickets looked at"), tickets);
	call->result = json_pack("{s:b,s:O}", "ok", v.ok, "checks", checks);
	return call->result ? 0 : ENOMEM;
}

/* ---- backup ---- */

static int sync_file(const char *path, int64_t *bytes)
{
	struct stat st;

	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) || fstat(fd, &st))
		return errno;
	*bytes = st.st_size;
	return 0;
}

static int on_backup(struct rpc_call *call, struct db *db)
{
	int64_t seq = 0, bytes = 0;
	struct json_in in;

	json_in_init(&in, call->params);
	const char *path = json_in_str(&in, "path", 1024);
	if (json_in_done(&in))
		return rpc_bad_params(call, &in);
	if (path[0] != '/')
		return rpc_fail(call, EINVAL,
				N_("A backup's path begins with /"), "%s",
				path);
	/* a new file, for its owner alone: it holds citizens' numbers */
	scoped_fd int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return rpc_fail(call, errno == EEXIST ? EEXIST : EINVAL,
				N_("The file can not be made"), "%s: %s", path,
				strerror(errno));
	int err = db_backup(db, path);
	if (!err)
		err = sync_file(path, &bytes);
	if (err) {
		unlink(path);
		return rpc_fail(call, ENOSPC, N_("The copy failed"), "%s",
				strerror(err));
	}
	err = store_people_seq(db, &seq);
	if (err)
		return err;
	call->result = json_pack("{s:s,s:I,s:I}", "path", path, "bytes",
				 (json_int_t)bytes, "seq", (json_int_t)seq);
	return call->result ? 0 : ENOMEM;
}

const struct rpc_handler keep_methods[] = {
	{"verify", .readh = on_verify},
	{"backup", .readh = on_backup},
	{NULL},
};
