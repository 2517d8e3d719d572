/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"

#define BOM	  "\xEF\xBB\xBF"
#define DEPTH_MAX 8

struct reading {
	struct kb_shelf *shelf;
	kb_fault_h *h;
	void *arg;
};

static void shelf_destructor(void *arg)
{
	struct kb_shelf *shelf = arg;

	for (unsigned i = 0; i < shelf->n; i++)
		mem_deref(shelf->list[i]);
	mem_deref(shelf->list);
}

int kb_shelf_alloc(struct kb_shelf **sp)
{
	struct kb_shelf *shelf = mem_zalloc(sizeof(*shelf), shelf_destructor);
	if (!shelf)
		return ENOMEM;
	*sp = shelf;
	return 0;
}

static int add(struct kb_shelf *shelf, struct kb_entry *e)
{
	if (shelf->n == shelf->room) {
		unsigned room = shelf->room ? 2 * shelf->room : 64;
		struct kb_entry **list =
			mem_zalloc(room * sizeof(*list), NULL);
		if (!list) {
			mem_deref(e);
			return ENOMEM;
		}
		if (shelf->n)
			memcpy(list, shelf->list, shelf->n * sizeof(*list));
		mem_deref(shelf->list);
		shelf->list = list;
		shelf->room = room;
	}
	shelf->list[shelf->n++] = e;
	return 0;
}

static void tell(struct reading *r, const struct diag *diag)
{
	r->shelf->faults++;
	if (r->h)
		r->h(diag, r->arg);
}

static void tell_file(struct reading *r, const char *path, const char *what)
{
	struct diag diag = {.line = 0};

	utf8_copy(diag.file, sizeof(diag.file), path);
	utf8_copy(diag.what, sizeof(diag.what), what);
	tell(r, &diag);
}

/* What the end of a long path says is what helps to find the file. */
static const char *tail(const char *path)
{
	size_t n = strlen(path);
	const size_t most = sizeof(((struct diag *)0)->file) - 1;

	if (n <= most)
		return path;
	const char *slash = strchr(path + n - most, '/');
	return slash ? slash + 1 : path + n - most;
}

/* ---- one entry ---- */

static int read_entry(struct reading *r, const char *path, FILE *f)
{
	scoped_mem char *text = mem_alloc(KB_ENTRY_MAX_BYTES + 2, NULL);
	if (!text)
		return ENOMEM;
	size_t len = fread(text, 1, KB_ENTRY_MAX_BYTES + 1, f);
	if (ferror(f)) {
		tell_file(r, tail(path), _("cannot be read"));
		return 0;
	}
	struct kb_entry *e = NULL;
	struct diag diag;
	int err = kb_entry_parse(&e, tail(path), text, len, &diag);
	if (err == EBADMSG) {
		tell(r, &diag);
		return 0;
	}
	return err ? err : add(r->shelf, e);
}

/* ---- a table ---- */

static int read_row(struct reading *r, const char *path, int line,
		    const char *row, size_t len)
{
	struct kb_entry *e = NULL;
	struct diag diag;

	if (line == 1 && len >= 3 && !memcmp(row, BOM, 3)) {
		row += 3;
		len -= 3;
	}
	while (len && strchr("\r\n", row[len - 1]))
		len--;
	if (!len || *row == '#')
		return 0;
	int err = kb_entry_row(&e, tail(path), line, row, len, &diag);
	if (err == EBADMSG) {
		tell(r, &diag);
		return 0;
	}
	return err ? err : add(r->shelf, e);
}

static int read_table(struct reading *r, const char *path, FILE *f)
{
	scoped_str char *row = NULL;
	size_t room = 0;
	ssize_t len;
	int line = 0, err = 0;

	while (!err && (len = getline(&row, &room, f)) >= 0)
		err = read_row(r, path, ++line, row, (size_t)len);
	if (!err && ferror(f))
		tell_file(r, tail(path), _("cannot be read"));
	return err;
}

/* ---- folders ---- */

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);
	return n > k && !strcmp(name + n - k, end);
}

static int on_name(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int read_path(struct reading *r, const char *path, int depth);

static int read_item(struct reading *r, const char *folder, const char *name,
		     int depth)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return ENAMETOOLONG;
	if (stat(path, &st)) {
		tell_file(r, tail(path), speak_errno(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return read_path(r, path, depth + 1);
	if (!strcmp(name, "README.md"))
		return 0;
	return ends_in(name, ".md") || ends_in(name, ".tsv")
		       ? read_path(r, path, depth)
		       : 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct reading *r, const char *path, int depth)
{
	struct dirent **names = NULL;
	int err = 0;

	if (depth > DEPTH_MAX) {
		tell_file(r, tail(path), _("folders nested too deep"));
		return 0;
	}
	int n = scandir(path, &names, on_name, by_name);
	if (n < 0) {
		tell_file(r, tail(path), speak_errno(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		if (!err)
			err = read_item(r, path, names[i]->d_name, depth);
		free(names[i]);
	}
	free(names);
	return err;
}

static int read_stdin(struct reading *r)
{
	int c = getc(stdin);

	if (c == EOF)
		return 0;
	ungetc(c, stdin);
	return c == '-' ? read_entry(r, "-", stdin)
			: read_table(r, "-", stdin);
}

static int read_path(struct reading *r, const char *path, int depth)
{
	struct stat st;

	if (stat(path, &st)) {
		tell_file(r, tail(path), speak_errno(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return read_folder(r, path, depth);
	FILE *f = fopen(path, "rb");
	if (!f) {
		tell_file(r, tail(path), speak_errno(errno));
		return 0;
	}
	int err = ends_in(path, ".tsv") ? read_table(r, path, f)
					: read_entry(r, path, f);
	fclose(f);
	return err;
}

int kb_shelf_read(struct kb_shelf *shelf, const char *path, kb_fault_h *h,
		  void *arg)
{
	struct reading r = {.shelf = shelf, .h = h, .arg = arg};

	return strcmp(path, "-") ? read_path(&r, path, 0) : read_stdin(&r);
}

static int by_id(const void *x, const void *y)
{
	const struct kb_entry *a = *(struct kb_entry *const *)x;
	const struct kb_entry *b = *(struct kb_entry *const *)y;
	int way = strcmp(a->id, b->id);

	if (!way)
		way = strcmp(a->file, b->file);
	return way ? way : a->at_line - b->at_line;
}

void kb_shelf_check_ids(struct kb_shelf *shelf, kb_fault_h *h, void *arg)
{
	struct reading r = {.shelf = shelf, .h = h, .arg = arg};

	if (shelf->n)
		qsort(shelf->list, shelf->n, sizeof(*shelf->list), by_id);
	for (unsigned i = 1; i < shelf->n; i++) {
		const struct kb_entry *a = shelf->list[i - 1];
		const struct kb_entry *b = shelf->list[i];
		if (strcmp(a->id, b->id))
			continue;
		struct diag diag = {.line = b->at_line};
		utf8_copy(diag.file, sizeof(diag.file), b->file);
		snprintf(diag.what, sizeof(diag.what),
			 _("id %s is also in %s:%d: give one of them another"),
			 b->id, a->file, a->at_line);
		tell(&r, &diag);
	}
}
