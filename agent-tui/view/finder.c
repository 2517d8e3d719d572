/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The knowledge search. The entry shown follows the cursor, so that the first
 * hit can be read out without a key.
 */
#include "agent-tui/view/finder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/edit.h"
#include "agent-tui/ui/list.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/panes.h"

#define SLOW_US 300000 /* then the last answer is too old to be shown */

struct finder {
	struct app *app;
	struct ui_edit *edit;
	struct ui_list list;
	int skip, rows, page; /* of the entry being read */
	int found;	      /* its row by `/` */
	struct area read;     /* where it stood last */
	char shown[MODEL_ID];
	char asked[MODEL_ID]; /* entry that was asked for */
	char hint[64];	      /* how the last search went */
	bool none;	      /* it found nothing */
};

static void destructor(void *arg)
{
	struct finder *f = arg;

	mem_deref(f->edit);
}

int finder_alloc(struct finder **fp, struct app *a)
{
	struct finder *f = mem_zalloc(sizeof(*f), destructor);
	int err;

	if (!f)
		return ENOMEM;
	f->app = a;
	err = ui_edit_alloc(&f->edit, 200, false);
	if (err)
		mem_deref(f);
	else
		*fp = f;
	return err;
}

static const struct model_search *search(const struct finder *f)
{
	return &app_model(f->app)->search;
}

const struct model_hit *finder_hit(const struct finder *f)
{
	const struct model_hit_list *v = &search(f)->hits;

	return f->list.cur < (int)v->n ? &v->v[f->list.cur] : NULL;
}

const char *finder_text(const struct finder *f)
{
	return ui_edit_text(f->edit);
}

static const char *hit_id(int i, void *arg)
{
	const struct model *m = arg;

	return m->search.hits.v[i].id;
}

static void follow(struct finder *f)
{
	const struct model_hit *h = finder_hit(f);

	if (!h || !strcmp(f->asked, h->id))
		return;
	utf8_copy(f->asked, sizeof(f->asked), h->id);
	client_kb_open(app_client(f->app), h->id, 0);
}

void finder_event(struct finder *f, unsigned mask)
{
	if (mask & MODEL_HITS) {
		/* new hits: the best one is under the cursor */
		f->list.cur = f->list.top = 0;
		f->list.id[0] = '\0';
		follow(f);
	}
	if (mask & MODEL_ENTRY) {
		const char *id = app_model(f->app)->entry.id;
		if (strcmp(id, f->shown) != 0)
			f->skip = f->found = 0;
		utf8_copy(f->shown, sizeof(f->shown), id);
	}
}

void finder_clear(struct finder *f)
{
	ui_edit_set(f->edit, "");
	f->asked[0] = '\0';
	client_kb_search(app_client(f->app), "");
}

bool finder_scroll(struct finder *f, uint32_t key)
{
	int page = f->page > 2 ? f->page - 1 : 1;

	switch (key) {
	case K_PGDN:
	case ' ':
		f->skip += page;
		break;
	case K_PGUP:
		f->skip -= page;
		break;
	case K_DOWN:
	case 'j':
		f->skip++;
		break;
	case K_UP:
	case 'k':
		f->skip--;
		break;
	case K_HOME:
	case 'g':
		f->skip = 0;
		break;
	default:
		return false;
	}
	if (f->skip > f->rows - 1)
		f->skip = f->rows - 1;
	if (f->skip < 0)
		f->skip = 0;
	app_dirty(f->app);
	return true;
}

bool finder_key(struct finder *f, uint32_t key, bool pasted)
{
	char was[200];

	if (!pasted && (key == K_PGDN || key == K_PGUP))
		return finder_scroll(f, key);
	if (!pasted && (key == K_UP || key == K_DOWN)) {
		ui_list_key(&f->list, key);
		ui_list_hold(&f->list, hit_id, (void *)app_model(f->app));
		follow(f);
		app_dirty(f->app);
		return true;
	}
	utf8_copy(was, sizeof(was), ui_edit_text(f->edit));
	if (!ui_edit_key(f->edit, key, pasted))
		return false;
	if (strcmp(was, ui_edit_text(f->edit)) != 0)
		client_kb_search(app_client(f->app), ui_edit_text(f->edit));
	app_dirty(f->app);
	return true;
}

bool finder_find(struct finder *f, const char *text, int by)
{
	const struct model_entry *e = &app_model(f->app)->entry;
	struct pane_find find = {.text = text, .from = f->found, .by = by};
	int row;

	if (!*e->id)
		return false;
	row = pane_prose_find(e->body, f->read, PANE_HANG, &find);
	if (row < 0)
		return false;
	f->found = row;
	f->skip = row > 2 ? row - 2 : 0;
	return true;
}

/* An entry's topic is the end of a disposition's path, or its code. */
static bool is_topic(const struct model *m, const struct model_disposition *d)
{
	const char *topic = m->entry.topic;
	char path[200];
	size_t n = strlen(topic), k;

	if (!strcmp(d->code, topic))
		return true;
	model_disposition_path(m, d->code, path, sizeof(path));
	k = strlen(path);
	return k >= n && !strcmp(path + k - n, topic) &&
	       (k == n || path[k - n - 1] == '/');
}

/* What the entry says fills what the form does not have yet. */
static void fill_from(struct finder *f, const struct model_hit *h)
{
	const struct model *m = app_model(f->app);
	struct client *c = app_client(f->app);
	char text[400];

	if (!m->draft.summary || !*m->draft.summary) {
		snprintf(text, sizeof(text), _("Asked about: %s. "), h->title);
		client_draft_set(c, "summary", text);
	}
	if (!m->draft.outcome[0])
		client_draft_set(c, "outcome", "answered");
	if (m->draft.disposition[0] || strcmp(m->entry.id, h->id) != 0)
		return;
	for (size_t i = 0; *m->entry.topic && i < m->site.dispositions.n;
	     i++) {
		const struct model_disposition *d = &m->site.dispositions.v[i];
		if (d->active && is_topic(m, d)) {
			client_draft_set(c, "disposition", d->code);
			return;
		}
	}
}

void finder_adopt(struct finder *f)
{
	const struct model_hit *h = finder_hit(f);
	const char *q = ui_edit_text(f->edit);

	if (!h && *q && !search(f)->loading) {
		if (!client_kb_gap(app_client(f->app), q))
			app_say(f->app, MESSAGE_OK,
				_("✓ Recorded as a gap: %s. Outcome 3 asks "
				  "the bureau"),
				q);
		return;
	}
	if (!h)
		return;
	if (!pane_entry_answerable(h->state)) {
		app_say(f->app, MESSAGE_ERROR,
			_("× %s is not in force: it can be read, not "
			  "adopted"),
			h->id);
		return;
	}
	if (client_kb_adopt(app_client(f->app), h->id))
		return;
	app_say(f->app, MESSAGE_OK, _("✓ %s v%d adopted"), h->id, h->version);
	fill_from(f, h);
}

/* ---- drawing ---- */

static bool adopted(const struct model *m, const char *id)
{
	for (size_t i = 0; i < m->draft.entries.n; i++)
		if (!strcmp(m->draft.entries.v[i].id, id))
			return true;
	return false;
}

static void hit_row(const struct model *m, const struct model_hit *h, int w,
		    struct row *r)
{
	bool ok = pane_entry_answerable(h->state);
	char tail[64];

	snprintf(tail, sizeof(tail), " %s %sv%d%s",
		 adopted(m, h->id) ? "✓" : " ",
		 pane_entry_shape(h->state, h->expires), h->version,
		 ok ? "" : _(" not to be told"));
	row_init(r);
	row_add(r, "%s ", h->id);
	row_hostile(r, w - r->cols - utf8_width(tail) - 1, h->title);
	row_add(r, "%s", tail);
}

static void draw_hits(struct finder *f, struct area a, bool focus)
{
	const struct model *m = app_model(f->app);
	const struct model_hit_list *v = &m->search.hits;
	struct row r;

	ui_list_sync(&f->list, (int)v->n, a.h, hit_id, (void *)m);
	for (int i = 0; i < a.h && f->list.top + i < (int)v->n; i++) {
		int k = f->list.top + i;
		hit_row(m, &v->v[k], a.w - 1, &r);
		pane_line_row(a, i, k == f->list.cur, focus, &r);
	}
	if (v->n || a.h < 1)
		return;
	if (m->search.fault[0])
		screen_mix(a.y, a.x + 1, a.w - 2, ST_WARN,
			   tr(m->search.fault));
	else if (f->none)
		screen_put(a.y, a.x + 1, a.w - 2, ST_DIM,
			   _("Nothing found. Enter records the gap."));
	else
		screen_put(a.y, a.x + 1, a.w - 2, ST_DIM,
			   _("Type what the citizen asks."));
}

/* What was found stands until the next answer: a title that comes and goes
 * with each key is restless, and dear on a slow line. */
static void take_answer(struct finder *f)
{
	const struct model_search *s = search(f);

	if (s->loading) {
		if (cal_mono_us() - s->asked_us > SLOW_US)
			snprintf(f->hint, sizeof(f->hint), "…");
		f->none = f->none && *finder_text(f);
		return;
	}
	*f->hint = '\0';
	if (s->q[0])
		snprintf(f->hint, sizeof(f->hint), _("%d found %d ms"),
			 (int)s->hits.n, (int)(s->took_us / 1000));
	if (!*finder_text(f) || !strcmp(s->q, finder_text(f)))
		f->none = !s->hits.n && *finder_text(f);
}

void finder_draw(struct finder *f, struct area a, bool focus)
{
	const char *label = _("Q ");
	int lw = utf8_width(label);

	take_answer(f);
	screen_rule(a.y, a.x, a.w, focus, _("Knowledge"), f->hint);
	screen_put(a.y + 1, a.x + 1, lw, ST_DIM, label);
	draw_hits(f, (struct area){a.y + 2, a.x, a.w, a.h - 2}, focus);
	ui_edit_draw(f->edit, a.y + 1, a.x + 1 + lw, a.w - lw - 2, 1, focus);
}

void finder_read(struct finder *f, struct area a, bool focus)
{
	const struct model *m = app_model(f->app);
	const struct model_entry *e = &m->entry;
	struct area in = {a.y + 1, a.x, a.w - 1, a.h - 1};
	char title[360], hint[48] = "", show[200];
	int pages;

	if (!*e->id) {
		screen_rule(a.y, a.x, a.w, focus, _("Entry"), "");
		pane_empty(a, _("What is under the cursor is read here."));
		return;
	}
	f->rows = pane_prose_rows(e->body, in.w, PANE_HANG);
	f->page = in.h;
	if (f->skip >= f->rows)
		f->skip = f->rows > 0 ? f->rows - 1 : 0;
	pages = in.h > 0 ? (f->rows + in.h - 1) / in.h : 1;
	if (pages > 1)
		snprintf(hint, sizeof(hint), _("PgDn %d/%d"),
			 f->skip / in.h + 1, pages);
	utf8_show(show, sizeof(show), e->title, strlen(e->title), false);
	snprintf(title, sizeof(title), "%s v%d %s %s%s", e->id, e->version,
		 pane_entry_shape(e->state, e->expires), show,
		 pane_entry_answerable(e->state) ? "" : _(" not to be told"));
	/* the title gives way to the page, not the other way round */
	utf8_cut(show, sizeof(show), title, a.w - 8 - utf8_width(hint), false);
	screen_rule(a.y, a.x, a.w, focus, show, hint);
	f->read = in;
	pane_prose(in, ST_TEXT, e->body, f->skip, PANE_HANG);
}
