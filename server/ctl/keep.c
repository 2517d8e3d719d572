/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps the site's memory: the record of facts, verify, backup and
 * restore. A backup is a folder: zuoxi.db (an online copy), recordings/ as in
 * the site, the configuration, and `manifest`, one line "SHA256  SIZE  PATH"
 * a file. It is made beside its name and renamed when it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libintl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/libre.h"
#include "common/link.h"
#include "common/scope.h"
#include "common/speak.h"
#include "server/ctl/client.h"
#include "server/ctl/verbs.h"

#define PATH_BYTES 1024
#define COPY_BYTES 65536

/* ---- facts and verify ---- */

static int follow(struct ctl *ctl, const struct ctl_verb *v,
		  struct ctl_client *client)
{
	struct ctl_fault fault;
	scoped_json json_t *ok = NULL;

	if (ctl_client_call(client, "subscribe",
			    json_pack("{s:[s]}", "topics", "fact"), &ok,
			    &fault))
		return ctl_refused(v, fault.text);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		scoped_json json_t *params = NULL;
		if (ctl_client_event(client, &params, &fault))
			return ctl_refused(v, fault.text);
		json_t *fact = json_object_get(params, "fact");
		if (fact)
			ctl_print_fact(ctl, fact);
	}
}

int ctl_fact_list(struct ctl *ctl, const struct ctl_verb *v)
{
	scoped_json json_t *params = NULL;
	scoped_json json_t *result = NULL;
	scoped_mem struct ctl_client *client = NULL;
	struct ctl_fault fault;
	bool goes_on = false;
	size_t limit = 0, i;
	json_t *fact;

	int code = ctl_params(ctl, v, "follow", &goes_on, &limit, &params);
	if (!code)
		code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	if (!goes_on || limit) {
		if (ctl_client_list(client, v->method, take(params), limit,
				    &result, &fault))
			return ctl_refused(v, fault.text);
		if (ctl->json && !goes_on) {
			ctl_print(ctl, v, result);
			return CTL_DONE;
		}
		json_array_foreach (json_object_get(result, "items"), i, fact)
			ctl_print_fact(ctl, fact);
	}
	return goes_on ? follow(ctl, v, client) : CTL_DONE;
}

/* {"ok":bool,"checks":[{"name","ok","count","faults":["..."]}]} */
int ctl_verify(struct ctl *ctl, const struct ctl_verb *v)
{
	scoped_json json_t *result = NULL;
	scoped_mem struct ctl_client *client = NULL;
	struct ctl_fault fault;
	size_t i, k;
	json_t *check, *text;

	if (ctl->argc)
		return ctl_usage(v, gettext("'%s' is too much"), ctl->argv[0]);
	int code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	if (ctl_client_call(client, v->method, NULL, &result, &fault))
		return ctl_refused(v, fault.text);
	bool ok = json_bool(result, "ok");
	if (ctl->json) {
		ctl_print(ctl, v, result);
		return ok ? CTL_DONE : CTL_REFUSED;
	}
	json_array_foreach (json_object_get(result, "checks"), i, check) {
		printf("%s %s (%lld)\n", json_bool(check, "ok") ? "✓" : "×",
		       gettext(json_str(check, "name")),
		       (long long)json_int(check, "count"));
		json_array_foreach (json_object_get(check, "faults"), k, text)
			printf("    %s\n", json_string_value(text));
	}
	return ok ? CTL_DONE : CTL_REFUSED;
}

/* ---- files ---- */

static int make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		int err = mkdir(path, 0700) && errno != EEXIST ? errno : 0;
		*p = '/';
		if (err)
			return err;
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

struct copied {
	char sha256[65];
	long long bytes;
};

static int pump(int in, int out, EVP_MD_CTX *md, struct copied *c)
{
	static char buf[COPY_BYTES];

	for (;;) {
		ssize_t n = read(in, buf, sizeof(buf));
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		EVP_DigestUpdate(md, buf, (size_t)n);
		c->bytes += n;
		int err = out < 0 ? 0 : write_all(out, buf, (size_t)n);
		if (err)
			return err;
	}
	return out >= 0 && fsync(out) ? errno : 0;
}

/* Copies and hashes; to == NULL: hashes alone. */
static int copy_file(const char *from, const char *to, struct copied *c)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	scoped_fd int out = -1;
	scoped_fd int in = open(from, O_RDONLY | O_CLOEXEC);

	memset(c, 0, sizeof(*c));
	if (in < 0)
		return errno;
	if (to) {
		char path[PATH_BYTES];
		snprintf(path, sizeof(path), "%s", to);
		int err = make_parents(path);
		if (err)
			return err;
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (out < 0)
			return errno;
	}
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	if (!md)
		return ENOMEM;
	EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	int err = pump(in, out, md, c);
	EVP_DigestFinal_ex(md, sum, &n);
	EVP_MD_CTX_free(md);
	for (unsigned i = 0; i < n && i < 32; i++)
		snprintf(c->sha256 + 2 * i, 3, "%02x", sum[i]);
	return err;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- backup ---- */

static struct {
	const char *to;
	size_t skip; /* bytes of the folder's path */
	FILE *manifest;
	int err;
	char at[PATH_BYTES]; /* the file it failed at */
	size_t files;
} tree; /* nftw has no argument for its caller */

static int add_file(const char *from, const char *relative)
{
	char to[PATH_BYTES];
	struct copied c;

	snprintf(to, sizeof(to), "%s/%s", tree.to, relative);
	int err = copy_file(from, to, &c);
	if (!err && fprintf(tree.manifest, "%s  %lld  %s\n", c.sha256, c.bytes,
			    relative) < 0)
		err = EIO;
	if (err)
		snprintf(tree.at, sizeof(tree.at), "%s", from);
	tree.files++;
	return err;
}

static int add_recording(const char *path, const struct stat *st, int type,
			 struct FTW *ftw)
{
	char relative[PATH_BYTES];

	if (type != FTW_F)
		return 0;
	snprintf(relative, sizeof(relative), "recordings/%s",
		 path + tree.skip);
	tree.err = add_file(path, relative);
	return tree.err != 0;
}

/* The database stands in `part` already. */
static int fill_backup(const struct ctl *ctl, const char *part)
{
	char path[PATH_BYTES + 16];
	struct copied c;

	tree.to = part;
	tree.err = 0;
	tree.files = 0;
	tree.skip = strlen(ctl->cfg.recordings_dir) + 1;
	snprintf(path, sizeof(path), "%s/zuoxi.db", part);
	int err = copy_file(path, NULL, &c);
	if (err)
		return err;
	fprintf(tree.manifest, "%s  %lld  zuoxi.db\n", c.sha256, c.bytes);
	err = add_file(ctl->config_path, "zuoxi.conf");
	if (err)
		return err;
	if (nftw(ctl->cfg.recordings_dir, add_recording, 16, FTW_PHYS) < 0 &&
	    errno != ENOENT)
		return errno;
	return tree.err;
}

static int backup_to(const struct ctl *ctl, const struct ctl_verb *v,
		     const char *part, const char *dir)
{
	char path[PATH_BYTES + 16], why[PATH_BYTES * 2];

	snprintf(path, sizeof(path), "%s/manifest", part);
	tree.manifest = fopen(path, "w");
	if (!tree.manifest)
		return ctl_refused(v, speak_errno(errno));
	int err = fill_backup(ctl, part);
	if (!err && (fflush(tree.manifest) || fsync(fileno(tree.manifest))))
		err = errno;
	fclose(tree.manifest);
	if (!err && rename(part, dir))
		err = errno;
	if (err) {
		snprintf(why, sizeof(why), "%s: %s", tree.at,
			 speak_errno(err));
		return ctl_refused(v, why);
	}
	if (ctl->json)
		ctl_print_made(dir, tree.files + 1);
	else
		printf(gettext("%zu files stand in %s.\n"), tree.files + 1,
		       dir);
	return CTL_DONE;
}

static int one_folder(const struct ctl *ctl, const struct ctl_verb *v,
		      char *dir, size_t size)
{
	char cwd[PATH_BYTES / 2] = "";

	if (ctl->argc != 1 || ctl->argv[0][0] == '-')
		return ctl_usage(v, "%s", gettext("one folder is wanted"));
	const char *name = ctl->argv[0];
	if (name[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return ctl_refused(v, speak_errno(errno));
	snprintf(dir, size, "%s%s%s", cwd, name[0] == '/' ? "" : "/", name);
	size_t n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = '\0';
	return CTL_DONE;
}

int ctl_backup(struct ctl *ctl, const struct ctl_verb *v)
{
	char dir[PATH_BYTES - 16], part[PATH_BYTES], db[PATH_BYTES + 16];
	scoped_mem struct ctl_client *client = NULL;
	scoped_json json_t *result = NULL;
	struct ctl_fault fault;

	int code = one_folder(ctl, v, dir, sizeof(dir));
	if (code)
		return code;
	if (!access(dir, F_OK))
		return ctl_refused(v, gettext("that folder is there already; "
					      "name a new one"));
	code = ctl_connect(ctl, v, &client);
	if (code)
		return code;
	snprintf(part, sizeof(part), "%s.part", dir);
	remove_tree(part);
	/* zuoxid itself writes the database's copy into it */
	struct stat st;
	if (mkdir(part, 0700) || stat(ctl->cfg.state_dir, &st) ||
	    (!geteuid() && chown(part, st.st_uid, st.st_gid)))
		return ctl_refused(v, speak_errno(errno));
	snprintf(db, sizeof(db), "%s/zuoxi.db", part);
	if (ctl_client_call(client, "backup", json_pack("{s:s}", "path", db),
			    &result, &fault))
		code = ctl_refused(v, fault.text);
	else
		code = backup_to(ctl, v, part, dir);
	if (code)
		remove_tree(part);
	return code;
}

/* ---- restore ---- */

static bool safe_path(const char *path)
{
	return path[0] != '/' && !strstr(path, "..") && path[0];
}

/* One pass over the manifest; copies when `to` is given. */
static int walk_manifest(const struct ctl *ctl, const char *dir, bool copy,
			 char *why, size_t size)
{
	char path[PATH_BYTES * 2], to[PATH_BYTES * 2], line[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/manifest", dir);
	FILE *f = fopen(path, "r");
	if (!f) {
		snprintf(why, size, "%s: %s", path, speak_errno(errno));
		return CTL_REFUSED;
	}
	int bad = 0;
	while (!bad && fgets(line, sizeof(line), f)) {
		char sum[65], name[PATH_BYTES];
		long long bytes;
		struct copied c;
		if (sscanf(line, "%64s  %lld  %1023[^\n]", sum, &bytes,
			   name) != 3 ||
		    !safe_path(name)) {
			snprintf(why, size,
				 gettext("the manifest is damaged: %s"), line);
			bad = CTL_REFUSED;
			break;
		}
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (!strncmp(name, "recordings/", 11))
			snprintf(to, sizeof(to), "%s/%s",
				 ctl->cfg.recordings_dir, name + 11);
		else if (!strcmp(name, "zuoxi.db"))
			snprintf(to, sizeof(to), "%s/zuoxi.db.new",
				 ctl->cfg.state_dir);
		else
			to[0] = '\0'; /* the site's own stays */
		int err = copy_file(path, copy && to[0] ? to : NULL, &c);
		if (err || c.bytes != bytes || strcmp(c.sha256, sum) != 0) {
			snprintf(why, size, "%s: %s", path,
				 err ? speak_errno(err)
				     : gettext("differs from the manifest"));
			bad = CTL_REFUSED;
		}
	}
	fclose(f);
	return bad;
}

int ctl_restore(struct ctl *ctl, const struct ctl_verb *v)
{
	char dir[PATH_BYTES], path[PATH_BYTES], fresh[PATH_BYTES];
	char why[PATH_BYTES * 3];
	int fd = -1;

	int code = one_folder(ctl, v, dir, sizeof(dir));
	if (code)
		return code;
	struct stat st;
	if (!stat(ctl->cfg.state_dir, &st) && st.st_uid != geteuid())
		return ctl_refused(v, gettext("run restore as the account "
					      "that owns the state folder"));
	config_path(path, ctl->cfg.run_dir, "admin.sock");
	if (!link_connect(&fd, path)) {
		close(fd);
		return ctl_refused(v, gettext("zuoxid runs on this site: stop "
					      "it first"));
	}
	config_path(path, ctl->cfg.state_dir, "zuoxi.db");
	if (!access(path, F_OK)) {
		snprintf(why, sizeof(why),
			 gettext("%s is there already: move it away first"),
			 path);
		return ctl_refused(v, why);
	}
	/* all is checked before anything is written */
	if (walk_manifest(ctl, dir, false, why, sizeof(why)) ||
	    walk_manifest(ctl, dir, true, why, sizeof(why)))
		return ctl_refused(v, why);
	config_path(fresh, ctl->cfg.state_dir, "zuoxi.db.new");
	if (rename(fresh, path))
		return ctl_refused(v, speak_errno(errno));
	if (ctl->json)
		ctl_print_made(ctl->cfg.state_dir, 1);
	else
		printf("%s",
		       gettext("Restored. Start zuoxid, then run zuoxictl "
			       "verify.\n"));
	return CTL_DONE;
}
