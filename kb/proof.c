/* SPDX-License-Identifier: Apache-2.0 */
#include "kb/proof.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/libre.h"
#include "common/scope.h"
#include "common/speak.h"
#include "common/utf8.h"
#include "kb/base.h"
#include "kb/docno.h"

/* Longer chains are mended rather than followed. */
#define HOPS_MAX 8

/* ---- telling ---- */

static void tell(struct kb_proof *p, bool fault, const struct kb_entry *e,
		 int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void tell(struct kb_proof *p, bool fault, const struct kb_entry *e,
		 int line, const char *fmt, ...)
{
	struct diag diag = {.line = e->path ? line : e->at_line};
	char what[2 * sizeof(diag.what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	utf8_copy(diag.what, sizeof(diag.what), what);
	utf8_copy(diag.file, sizeof(diag.file), e->file);
	p->faults += fault;
	p->remarks += !fault;
	(fault ? p->faulth : p->remarkh)(&diag, p->arg);
}

/* ---- finding ---- */

static int by_id(const void *key, const void *item)
{
	const struct kb_entry *e = *(struct kb_entry *const *)item;

	return strcmp(key, e->id);
}

static int find(const struct kb_proof *p, const char *id,
		char redirect[KB_ID_SIZE])
{
	const struct kb_shelf *shelf = p->shelf;
	struct kb_entry *const *on_shelf =
		shelf->n ? bsearch(id, shelf->list, shelf->n,
				   sizeof(*shelf->list), by_id)
			 : NULL;

	if (on_shelf) {
		utf8_copy(redirect, KB_ID_SIZE, (*on_shelf)->redirect);
		return 0;
	}
	return p->findh ? p->findh(id, redirect, p->arg) : ENOENT;
}

/* ---- redirects ---- */

static int line_of_redirect(const struct kb_entry *e)
{
	static const char key[] = "redirect:";
	int line = 1;

	for (const char *s = e->text; *s; line++) {
		s += strspn(s, " \t");
		if (!strncmp(s, key, sizeof(key) - 1))
			return line;
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	return 1;
}

/* Follows it from hop to hop. ELOOP; ENOENT: `at` is not there. */
static int follow(const struct kb_proof *p, const struct kb_entry *e,
		  char at[KB_ID_SIZE])
{
	char next[KB_ID_SIZE];

	utf8_copy(at, KB_ID_SIZE, e->redirect);
	for (int i = 0; i < HOPS_MAX; i++) {
		if (!strcmp(at, e->id))
			return ELOOP;
		int err = find(p, at, next);
		if (err || !*next)
			return err;
		utf8_copy(at, KB_ID_SIZE, next);
	}
	return ELOOP;
}

static int proof_redirect(struct kb_proof *p, const struct kb_entry *e)
{
	char at[KB_ID_SIZE];

	if (!*e->redirect)
		return 0;
	int err = follow(p, e, at);
	if (err == ELOOP)
		tell(p, true, e, line_of_redirect(e),
		     _("redirect to %s leads in a circle: name the entry that "
		       "answers"),
		     e->redirect);
	else if (err == ENOENT && (p->findh || e->together))
		tell(p, true, e, line_of_redirect(e),
		     _("redirect leads to %s, and there is no such entry: add "
		       "it, or name another"),
		     at);
	return err == ELOOP || err == ENOENT ? 0 : err;
}

/* ---- links ---- */

/* "KB-" of KB-0415; 0: its ids have no mark that a text would show. */
static size_t prefix_len(const char *id)
{
	const char *dash = strchr(id, '-');

	return dash ? (size_t)(dash - id) + 1 : 0;
}

/* The next id with the same letters at or behind s; NULL. */
static const char *next_link(const struct kb_entry *e, const char *s,
			     const char *end, char id[KB_ID_SIZE])
{
	size_t n = prefix_len(e->id);

	for (; n && s + n < end; s++) {
		size_t d = 0;
		if (strncmp(s, e->id, n) != 0 ||
		    (s > e->text && isalnum((unsigned char)s[-1])))
			continue;
		while (isdigit((unsigned char)s[n + d]))
			d++;
		if (!d || d > 9 || isalpha((unsigned char)s[n + d]))
			continue;
		memcpy(id, s, n + d);
		id[n + d] = '\0';
		return s;
	}
	return NULL;
}

static int proof_link(struct kb_proof *p, const struct kb_entry *e, int line,
		      const char *id)
{
	char redirect[KB_ID_SIZE];

	if (!strcmp(id, e->id))
		return 0;
	int err = find(p, id, redirect);
	if (err == ENOENT && (p->findh || e->together))
		tell(p, e->together, e, line,
		     _("%s: there is no such entry: add it, or name another"),
		     id);
	else if (!err && *redirect)
		tell(p, false, e, line, _("%s was replaced: name %s"), id,
		     redirect);
	return err == ENOENT ? 0 : err;
}

static int proof_links(struct kb_proof *p, const struct kb_entry *e, int line,
		       const char *s, const char *end)
{
	char id[KB_ID_SIZE];
	int err = 0;

	while (!err && (s = next_link(e, s, end, id))) {
		err = proof_link(p, e, line, id);
		s += strlen(id);
	}
	return err;
}

/* ---- numbers of documents ---- */

static void proof_numbers(struct kb_proof *p, const struct kb_entry *e,
			  int line, const char *s, size_t len)
{
	struct kb_docno no;
	scoped_mem char *text = NULL;

	if (!memmem(s, len, "号", strlen("号")) ||
	    re_sdprintf(&text, "%b", s, len))
		return;
	for (size_t at = 0; !kb_docno_next(&no, text, at);
	     at = no.from + no.len) {
		if (strlen(no.right) == no.len &&
		    !memcmp(text + no.from, no.right, no.len))
			continue;
		tell(p, false, e, line,
		     _("'%.*s' is no document number: write %s"), (int)no.len,
		     text + no.from, no.right);
	}
}

/* ---- all of it ---- */

static int proof_entry(struct kb_proof *p, const struct kb_entry *e)
{
	int err = proof_redirect(p, e);
	int line = 1;

	for (const char *s = e->text; *s && !err; line++) {
		size_t n = strcspn(s, "\n");
		proof_numbers(p, e, line, s, n);
		if (line >= e->body_line)
			err = proof_links(p, e, line, s, s + n);
		s += n;
		s += *s == '\n';
	}
	return err;
}

int kb_proof_shelf(struct kb_proof *p)
{
	int err = 0;

	for (unsigned i = 0; i < p->shelf->n && !err; i++)
		err = proof_entry(p, p->shelf->list[i]);
	return err;
}

/* ---- in a database ---- */

static int newest(struct kb_version **vp, struct db *db, const char *id)
{
	int64_t version;
	bool same;
	int err = kb_base_version(db, id, "", &version, &same);

	if (!err && !version)
		return ENOENT;
	return err ? err : kb_base_get(vp, db, id, version);
}

int kb_proof_redirect(struct db *db, const char *id, struct diag *diag)
{
	char at[KB_ID_SIZE];

	utf8_copy(at, sizeof(at), id);
	for (int i = 0; i <= HOPS_MAX; i++) {
		scoped_mem struct kb_version *v = NULL;
		int err = newest(&v, db, at);
		if (err == ENOENT) {
			snprintf(
				diag->what, sizeof(diag->what),
				_("redirect leads to %s, and there is no such "
				  "entry: add it, or name another"),
				at);
			return EBADMSG;
		}
		if (err || !*v->entry->redirect)
			return err;
		utf8_copy(at, sizeof(at), v->entry->redirect);
		if (!strcmp(at, id))
			break;
	}
	snprintf(diag->what, sizeof(diag->what),
		 _("redirect to %s leads in a circle: name the entry that "
		   "answers"),
		 at);
	return EBADMSG;
}
