/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persons in memory and the key file. The file is written by a worker from
 * the tables, one job at a time; a change that comes meanwhile makes another
 * follow, so the last one always wins.
 *
 *     change -> wanted -> worker writes -> (wanted again? once more)
 *                 ^------ failed: in a second ------'
 */
#include "server/desk/people.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/libre.h"
#include "common/log.h"
#include "common/scope.h"
#include "server/core/store_people.h"
#include "server/core/worker.h"
#include "server/desk/people_own.h"

#define FOLLOW_MAX 8
#define BUCKETS	   256
#define RETRY_MS   1000

struct entry {
	struct le le; /* by id */
	struct person p;
};

struct people {
	struct people_prm prm;
	struct fact_sink sinks[2];
	struct hash *by_id;
	struct {
		people_change_h *h;
		void *arg;
	} follow[FOLLOW_MAX];
	size_t follow_n;

	struct keys_file *file; /* what the worker knows */
	bool wanted;
	bool writing;
	struct tmr again;
};

/* The worker's: outlives the people if a job is still on its way. */
struct keys_file {
	struct people *people; /* loop only; NULL once they are gone */
	char *path, *gate, *config;
	_Atomic int64_t seq; /* the newest fact that the file knows */
};

static void file_destructor(void *arg)
{
	struct keys_file *f = arg;

	mem_deref(f->path);
	mem_deref(f->gate);
	mem_deref(f->config);
}

static void destructor(void *arg)
{
	struct people *pp = arg;

	tmr_cancel(&pp->again);
	hash_flush(pp->by_id);
	mem_deref(pp->by_id);
	if (pp->file)
		pp->file->people = NULL;
	mem_deref(pp->file);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;
	hash_unlink(&e->le);
}

/* ---- persons ---- */

static bool has_id(struct le *le, void *arg)
{
	const struct entry *e = le->data;
	return !strcmp(e->p.id, arg);
}

static struct entry *lookup(const struct people *pp, const char *id)
{
	char key[PERSON_ID];

	if (!id)
		return NULL;
	str_ncpy(key, id, sizeof(key));
	return list_ledata(
		hash_lookup(pp->by_id, hash_joaat_str(key), has_id, key));
}

void person_read(struct person *p, const char *id, const json_t *body)
{
	const char *queue;
	json_t *level;

	memset(p, 0, sizeof(*p));
	str_ncpy(p->id, id, sizeof(p->id));
	str_ncpy(p->name, json_str(body, "name"), sizeof(p->name));
	proto_roles_parse(&p->roles, json_str(body, "roles"));
	p->disabled = json_bool(body, "disabled");
	json_object_foreach (json_object_get(body, "skills"), queue, level) {
		if (p->skills_n == PERSON_SKILLS)
			break;
		struct person_skill *s = &p->skills[p->skills_n++];
		str_ncpy(s->queue, queue, sizeof(s->queue));
		s->level = (uint8_t)json_integer_value(level);
	}
}

static struct entry *keep(struct people *pp, const char *id,
			  const json_t *body)
{
	struct entry *e = lookup(pp, id);

	if (!e) {
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return NULL;
		hash_append(pp->by_id, hash_joaat_str(id), &e->le, e);
	}
	person_read(&e->p, id, body);
	return e;
}

static void on_person(const struct fact *f, void *arg)
{
	struct people *pp = arg;
	struct entry *e = keep(pp, f->subject, f->body);

	if (!e)
		return;
	people_keys_write(pp);
	for (size_t i = 0; i < pp->follow_n; i++)
		pp->follow[i].h(&e->p, pp->follow[i].arg);
}

static void on_key(const struct fact *f, void *arg)
{
	people_keys_write(arg);
}

static int on_loaded(const char *id, json_t *body, void *arg)
{
	return keep(arg, id, body) ? 0 : ENOMEM;
}

int people_load(struct people *pp, struct db *db)
{
	int err = store_thing_each(db, "person", NULL, on_loaded, pp);

	if (!err)
		people_keys_write(pp);
	return err;
}

static int file_alloc(struct people *pp)
{
	struct keys_file *f = mem_zalloc(sizeof(*f), file_destructor);
	if (!f)
		return ENOMEM;
	pp->file = f;
	f->people = pp;
	int err = str_dup(&f->path, pp->prm.keys_path);
	if (!err)
		err = str_dup(&f->gate,
			      pp->prm.gate ? pp->prm.gate : "zuoxi-gate");
	if (!err)
		err = str_dup(&f->config,
			      pp->prm.config ? pp->prm.config : "");
	return err;
}

int people_alloc(struct people **ppp, const struct people_prm *prm)
{
	scoped_mem struct people *pp = mem_zalloc(sizeof(*pp), destructor);
	if (!pp)
		return ENOMEM;
	pp->prm = *prm;
	tmr_init(&pp->again);
	int err = hash_alloc(&pp->by_id, BUCKETS);
	if (!err && prm->worker)
		err = file_alloc(pp);
	if (err)
		return err;
	pp->sinks[0] = (struct fact_sink){
		.prefix = "person.", .applyh = on_person, .arg = pp};
	pp->sinks[1] = (struct fact_sink){
		.prefix = "key.", .applyh = on_key, .arg = pp};
	fact_log_sink(prm->log, &pp->sinks[0]);
	fact_log_sink(prm->log, &pp->sinks[1]);
	*ppp = take(pp);
	return 0;
}

void people_follow(struct people *pp, people_change_h *h, void *arg)
{
	if (pp->follow_n == FOLLOW_MAX)
		return;
	pp->follow[pp->follow_n].h = h;
	pp->follow[pp->follow_n++].arg = arg;
}

const struct person *people_find(const struct people *pp, const char *id)
{
	const struct entry *e = lookup(pp, id);
	return e ? &e->p : NULL;
}

struct each {
	people_each_h *h;
	void *arg;
};

static bool on_each(struct le *le, void *arg)
{
	const struct each *each = arg;
	const struct entry *e = le->data;

	each->h(&e->p, each->arg);
	return false;
}

void people_each(const struct people *pp, people_each_h *h, void *arg)
{
	struct each each = {h, arg};
	hash_apply(pp->by_id, on_each, &each);
}

int people_level(const struct person *p, const char *queue)
{
	for (size_t i = 0; i < p->skills_n; i++) {
		if (!strcmp(p->skills[i].queue, queue))
			return p->skills[i].level;
	}
	return 0;
}

json_t *people_skills_json(const struct person *p)
{
	json_t *skills = json_object();

	for (size_t i = 0; i < p->skills_n; i++)
		json_object_set_new(skills, p->skills[i].queue,
				    json_integer(p->skills[i].level));
	return skills;
}

int people_roles(const char *person, unsigned *roles, void *arg)
{
	const struct person *p = people_find(arg, person);

	if (!p)
		return ENOENT;
	if (p->disabled)
		return EACCES;
	*roles = p->roles;
	return 0;
}

/* ---- the key file ---- */

struct keys_job {
	struct keys_file *file;
	struct db *db;
	FILE *out;
};

/* In sshd's file a quoted option ends at an unescaped quote. */
static void quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* For the shell that runs the command: our paths hold no quote (config
 * refuses none, so be sure). */
static void shell_word(FILE *out, const char *text)
{
	if (strcspn(text, " '\"\\$`;&|<>()*?[]#~\t\n") == strlen(text)) {
		quoted(out, text);
		return;
	}
	quoted(out, "'");
	for (; *text; text++) {
		char c[2] = {*text, '\0'};
		quoted(out, *text == '\'' ? "'\\''" : c);
	}
	quoted(out, "'");
}

static int on_key_row(const char *fingerprint, json_t *body, void *arg)
{
	struct keys_job *job = arg;
	const char *id = json_str(body, "person");

	scoped_json json_t *person = store_thing(job->db, "person", id);
	if (!person || json_bool(person, "disabled"))
		return 0;
	fputs("restrict,command=\"exec ", job->out);
	shell_word(job->out, job->file->gate);
	fprintf(job->out, " --agent %s --config ", id);
	shell_word(job->out, job->file->config);
	fprintf(job->out, "\" %s %s %s\n", json_str(body, "type"),
		json_str(body, "blob"), json_str(body, "comment"));
	return 0;
}

static int write_file(struct keys_job *job, const char *tmp)
{
	int64_t seq = 0;

	scoped_fd int fd =
		open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	job->out = fdopen(dup(fd), "w");
	if (!job->out)
		return ENOMEM;
	int err = store_people_seq(job->db, &seq);
	fputs("# written by zuoxid; zuoxictl key add changes it\n", job->out);
	if (!err)
		err = store_thing_each(job->db, "key", NULL, on_key_row, job);
	bool bad = ferror(job->out);
	if (fclose(job->out) || bad)
		err = err ? err : EIO;
	if (!err && fsync(fd))
		err = errno;
	if (!err && rename(tmp, job->file->path))
		err = errno;
	if (!err)
		atomic_store(&job->file->seq, seq);
	return err;
}

static int on_write(struct db *db, void *arg)
{
	struct keys_file *f = arg;
	struct keys_job job = {.file = f, .db = db};
	char tmp[1024];

	if (re_snprintf(tmp, sizeof(tmp), "%s.new", f->path) < 0)
		return ENAMETOOLONG;
	/* one snapshot: the number and the rows belong together */
	int err = db_exec(db, "BEGIN");
	if (err)
		return err;
	err = write_file(&job, tmp);
	db_exec(db, "COMMIT");
	return err;
}

static void on_again(void *arg)
{
	people_keys_write(arg);
}

static void on_written(int err, void *arg)
{
	struct keys_file *f = arg;
	struct people *pp = f->people;

	if (pp) {
		pp->writing = false;
		if (err) {
			log_error("%s: %s; next try in a second", f->path,
				  strerror(err));
			tmr_start(&pp->again, RETRY_MS, on_again, pp);
		} else if (pp->wanted) {
			people_keys_write(pp);
		}
	}
	mem_deref(f);
}

void people_keys_write(struct people *pp)
{
	if (!pp->file)
		return;
	pp->wanted = true;
	if (pp->writing)
		return;
	int err = worker_submit(pp->prm.worker, on_write, on_written,
				mem_ref(pp->file));
	if (err) {
		mem_deref(pp->file);
		tmr_start(&pp->again, RETRY_MS, on_again, pp);
		return;
	}
	pp->writing = true;
	pp->wanted = false;
}

int64_t people_keys_seq(const struct people *pp)
{
	return pp->file ? atomic_load(&pp->file->seq) : 0;
}
