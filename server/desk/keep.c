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
#include "server/core/store_learn.h"
#include "server/core/store_people.h"
#include "server/core/store_ticket.h"

#define FAULTS_MAX 100 /* of one invariant, then only the count goes on */

/* ---- verify ---- */

enum looked {
	LOOKED_FACTS,
	LOOKED_CONTACTS,
	LOOKED_ANSWERED,
	LOOKED_RECORDINGS,
	LOOKED_AGENTS,
	LOOKED_SLOTS,
	LOOKED_TICKETS,
	LOOKED_LEARN,
	LOOKED_KINDS,
};

/* What holds, as `verify` lists it, and the fault that store_check names
 * when it does not. A rule of another name is listed when it is first told. */
static const struct {
	const char *invariant;
	const char *fault;
	enum looked looked;
} invariants[] = {
	{N_("Facts are an unbroken chain"), "", LOOKED_FACTS},
	{N_("Every contact that ended has a reason"),
	 "A contact ended without a reason", LOOKED_CONTACTS},
	{N_("Every contact ended once at the most"),
	 "A contact did not end exactly once", LOOKED_CONTACTS},
	{N_("Rows of contacts say what their facts say"),
	 "A contact ended and its row does not say so", LOOKED_CONTACTS},
	{N_("Every contact that arrived has a row"),
	 "A contact arrived and has no row", LOOKED_CONTACTS},
	{N_("No offer of an ended contact is open"),
	 "An offer of an ended contact is open", LOOKED_CONTACTS},
	{N_("Every answered call has a recording"),
	 "An answered call has no recording", LOOKED_ANSWERED},
	{N_("Every recording can be read"), "A recording cannot be read",
	 LOOKED_RECORDINGS},
	{N_("Every recording is a sound file"), "A recording is no sound file",
	 LOOKED_RECORDINGS},
	{N_("Every recording is as long as its call"),
	 "A recording is not as long as its call", LOOKED_RECORDINGS},
	{N_("Every agent's state follows from facts"),
	 "An agent is in a state that no fact explains", LOOKED_AGENTS},
	{N_("No agent is in a call that has ended"),
	 "An agent is in a call that has ended", LOOKED_AGENTS},
	{N_("Every half hour adds up"), "A half hour does not add up",
	 LOOKED_SLOTS},
	{N_("Skills are lowered as facts say"),
	 "A skill is lowered, or is not, against its facts", LOOKED_LEARN},
	{N_("What was read was said to be"),
	 "A version was read, or was not, against its facts", LOOKED_LEARN},
};

struct verify {
	json_t *checks;
	int64_t looked[LOOKED_KINDS];
	bool ok;
};

static json_t *check_named(struct verify *v, const char *name)
{
	json_t *check;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(invariants); i++) {
		if (!strcmp(invariants[i].fault, name))
			name = invariants[i].invariant;
	}
	json_array_foreach (v->checks, i, check) {
		if (!strcmp(json_str(check, "name"), name))
			return check;
	}
	check = json_pack("{s:s,s:b,s:i,s:i,s:[]}", "name", name, "ok", 1,
			  "count", 0, "broken", 0, "faults");
	json_array_append_new(v->checks, check);
	return check;
}

static int on_finding(const char *rule, const char *what, void *arg)
{
	struct verify *v = arg;
	json_t *check = check_named(v, rule);

	if (!what) /* a rule that holds so far */
		return 0;
	json_t *faults = json_object_get(check, "faults");
	json_object_set_new(check, "broken",
			    json_integer(json_int(check, "broken") + 1));
	if (json_array_size(faults) < FAULTS_MAX)
		json_array_append_new(faults, json_string(what));
	json_object_set_new(check, "ok", json_false());
	v->ok = false;
	return 0;
}

static int check_chain(struct verify *v, struct db *db)
{
	int64_t bad = 0;
	char what[32];

	int err = fact_verify(db, &bad, &v->looked[LOOKED_FACTS]);
	if (err != EBADMSG)
		return err;
	snprintf(what, sizeof(what), "%lld", (long long)bad);
	return on_finding(invariants[0].invariant, what, v);
}

static int check_calls(struct verify *v, struct db *db,
		       const struct keep_part *part)
{
	struct store_check_counts n = {.contacts = 0};

	int err = store_check_calls(db, part->recordings_dir, part->spill_dir,
				    &n, on_finding, v);
	v->looked[LOOKED_CONTACTS] = n.contacts;
	v->looked[LOOKED_ANSWERED] = n.answered;
	v->looked[LOOKED_RECORDINGS] = n.recordings;
	v->looked[LOOKED_AGENTS] = n.agents;
	v->looked[LOOKED_SLOTS] = n.slots;
	return err;
}

/* How many were looked at stands beside each. */
static void count_all(struct verify *v)
{
	json_t *check;
	size_t i;

	json_array_foreach (v->checks, i, check) {
		enum looked looked = LOOKED_TICKETS;
		for (size_t k = 0; k < ARRAY_SIZE(invariants); k++) {
			if (!strcmp(invariants[k].invariant,
				    json_str(check, "name")))
				looked = invariants[k].looked;
		}
		json_object_set_new(check, "count",
				    json_integer(v->looked[looked]));
	}
}

static int on_verify(struct rpc_call *call, struct db *db)
{
	scoped_json json_t *checks = json_array();
	struct verify v = {.checks = checks, .ok = true};

	for (size_t i = 0; i < ARRAY_SIZE(invariants); i++)
		(void)check_named(&v, invariants[i].invariant);
	/* one moment: all invariants are about the same facts */
	int err = db_exec(db, "BEGIN");
	if (err)
		return err;
	err = check_chain(&v, db);
	if (!err)
		err = check_calls(&v, db, call->part);
	if (!err)
		err = store_ticket_check(db, &v.looked[LOOKED_TICKETS],
					 on_finding, &v);
	if (!err)
		err = store_learn_check(db, &v.looked[LOOKED_LEARN],
					on_finding, &v);
	db_exec(db, "COMMIT");
	if (err)
		return err;
	count_all(&v);
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
