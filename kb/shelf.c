/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"
#include "kb/charset.h"

#define BOM	  "\xEF\xBB\xBF"
#define DEPTH_MAX 8

struct reading {
	struct kb_shelf *shelf;
	kb_fault_h *h;
	void *arg;
	int depth; /* of folders */
	/* the file that is read */
	const char *path;
	size_t len;
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

/* Of the file that is read. */
static void tell_at(struct reading *r, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void tell_at(struct reading *r, int line, const char *fmt, ...)
{
	struct diag diag = {.line = line};
	char what[2 * sizeof(diag.what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	utf8_copy(diag.file, sizeof(diag.file), tail(r->path));
	utf8_copy(diag.what, sizeof(diag.what), what);
	tell(r, &diag);
}

static void tell_path(struct reading *r, const char *path, const char *what)
{
	r->path = path;
	tell_at(r, 0, "%s", what);
}

/* ---- a file ---- */

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);
	return n > k && !strcmp(name + n - k, end);
}

#define READ_BYTES 65536

static int grow(char **bufp, size_t *roomp, size_t used)
{
	size_t room = *roomp ? 2 * *roomp : READ_BYTES;
	char *more = mem_alloc(room, NULL);

	if (!more)
		return ENOMEM;
	if (used)
		memcpy(more, *bufp, used);
	mem_deref(*bufp);
	*bufp = more;
	*roomp = room;
	return 0;
}

/* All of it, in UTF-8 if it can be, a NUL behind. EBADMSG: told. */
static int read_all(struct reading *r, FILE *f, size_t most, char **textp)
{
	scoped_mem char *text = NULL;
	size_t room = 0, len = 0, n;
	int line = 0;

	do {
		int err = len + 1 < room ? 0 : grow(&text, &room, len);
		if (err)
			return err;
		n = fread(text + len, 1, room - len - 1, f);
		len += n;
	} while (n && len <= most);
	if (ferror(f) || n) {
		tell_at(r, 0, "%s",
			n ? _("is too large") : _("cannot be read"));
		return EBADMSG;
	}
	int err = 0;
	if (r->shelf->charset)
		err = kb_charset_convert(&text, &len, r->shelf->charset,
					 &line);
	if (err == EILSEQ) {
		tell_at(r, line,
			_("this is no %s text: name another with --from"),
			r->shelf->charset);
		return EBADMSG;
	}
	if (err)
		return err;
	text[len] = '\0';
	r->len = len;
	*textp = take(text);
	return 0;
}

/* ---- one entry ---- */

static void on_fault(const struct diag *diag, void *arg)
{
	tell(arg, diag);
}

static int take_entry(struct reading *r, const char *text)
{
	const struct kb_source src = {
		.file = tail(r->path), .text = text, .len = r->len};
	struct kb_entry *e = NULL;

	int err = kb_entry_read(&e, &src, on_fault, r);
	if (err)
		return err == EBADMSG ? 0 : err;
	e->together = r->depth > 0;
	err = str_dup(&e->path, r->path);
	if (err) {
		mem_deref(e);
		return err;
	}
	return add(r->shelf, e);
}

/* ---- a table ---- */

static int take_row(struct reading *r, int line, const char *row, size_t len)
{
	struct kb_entry *e = NULL;
	struct diag diag;

	if (line == 1 && len >= 3 && !memcmp(row, BOM, 3)) {
		row += 3;
		len -= 3;
	}
	while (len && row[len - 1] == '\r')
		len--;
	if (!len || *row == '#')
		return 0;
	int err = kb_entry_row(&e, tail(r->path), line, row, len, &diag);
	if (err == EBADMSG) {
		tell(r, &diag);
		return 0;
	}
	if (err)
		return err;
	e->together = r->depth > 0;
	return add(r->shelf, e);
}

static int take_table(struct reading *r, const char *text)
{
	const char *name = kb_charset_guess(text, r->len);
	int line = 0, err = 0;

	if (name) {
		tell_at(r, 1,
			_("this is %s, not UTF-8: save it as UTF-8, or add "
			  "--from %s"),
			name, name);
		return 0;
	}
	for (const char *s = text, *end = text + r->len; s < end && !err;) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((nl ? nl : end) - s);
		err = take_row(r, ++line, s, n);
		s += n + 1;
	}
	return err;
}

static int read_file(struct reading *r, const char *path, FILE *f)
{
	scoped_mem char *text = NULL;
	bool table = ends_in(path, ".tsv");
	bool any = !strcmp(path, "-");

	r->path = path;
	int err = read_all(
		r, f, table || any ? KB_FILE_MAX_BYTES : KB_TEXT_MAX_BYTES,
		&text);
	if (err)
		return err == EBADMSG ? 0 : err;
	if (any && !r->len)
		return 0;
	size_t bom = strncmp(text, BOM, strlen(BOM)) ? 0 : strlen(BOM);
	if (any)
		table = strncmp(text + bom, "---", 3) != 0;
	return table ? take_table(r, text) : take_entry(r, text);
}

/* ---- folders ---- */

static int on_name(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int read_path(struct reading *r, const char *path);

static int read_item(struct reading *r, const char *folder, const char *name)

{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return ENAMETOOLONG;
	if (stat(path, &st)) {
		tell_path(r, path, speak_errno(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return read_path(r, path);
	if (!strcmp(name, "README.md"))
		return 0;
	return ends_in(name, ".md") || ends_in(name, ".tsv")
		       ? read_path(r, path)
		       : 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct reading *r, const char *path)
{
	struct dirent **names = NULL;
	int err = 0;

	if (r->depth > DEPTH_MAX) {
		tell_path(r, path, _("folders nested too deep"));
		return 0;
	}
	int n = scandir(path, &names, on_name, by_name);
	if (n < 0) {
		tell_path(r, path, speak_errno(errno));
		return 0;
	}
	r->depth++;
	for (int i = 0; i < n; i++) {
		if (!err)
			err = read_item(r, path, names[i]->d_name);
		free(names[i]);
	}
	r->depth--;
	free(names);
	return err;
}

static int read_path(struct reading *r, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		tell_path(r, path, speak_errno(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return read_folder(r, path);
	FILE *f = fopen(path, "rb");
	if (!f) {
		tell_path(r, path, speak_errno(errno));
		return 0;
	}
	int err = read_file(r, path, f);
	fclose(f);
	return err;
}

int kb_shelf_read(struct kb_shelf *shelf, const char *path, kb_fault_h *h,
		  void *arg)
{
	struct reading r = {.shelf = shelf, .h = h, .arg = arg};

	return strcmp(path, "-") ? read_path(&r, path)
				 : read_file(&r, path, stdin);
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
