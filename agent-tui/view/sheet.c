/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ticket form. The form's values and the model's draft are kept equal:
 * a change of the person goes to client_draft_*, a change of the model into
 * ui_form_set.
 */
#include "agent-tui/view/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/utf8.h"
#include "agent-tui/app.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/view/panes.h"

struct sheet {
	struct app *app;
	struct ui_form *form;
	char of[MODEL_ID]; /* whose draft the form shows */
};

static const char *const texts[] = {
	"disposition", "outcome", "summary", "promise",
	"person",      "address", "need",    "after",
};
#define TEXTS_N (sizeof(texts) / sizeof(*texts))

static const struct {
	const char *code, *name;
	unsigned bit;
} flags[] = {
	{"secret", N_("secret"), FLAG_SECRET},
	{"opinion", N_("public opinion"), FLAG_OPINION},
	{"hard", N_("hard"), FLAG_HARD},
	{"hot", N_("hot topic"), FLAG_HOT},
};

static void destructor(void *arg)
{
	struct sheet *s = arg;

	mem_deref(s->form);
}

static int add_fields(struct ui_form *f)
{
	const struct ui_field_prm v[] = {
		{.key = "disposition",
		 .label = _("Business"),
		 .kind = UI_PICK,
		 .required = true,
		 .hint = _("type to find it")},
		{.key = "outcome",
		 .label = _("Outcome"),
		 .kind = UI_CHOICE,
		 .required = true},
		{.key = "summary",
		 .label = _("Summary"),
		 .kind = UI_NOTE,
		 .required = true,
		 .lines = 4},
		{.key = "entries",
		 .label = _("Entries"),
		 .kind = UI_LINKS,
		 .hint = _("none adopted; F3 searches")},
		{.key = "link", .label = _("Linked"), .kind = UI_FLAGS},
		{.key = "need",
		 .label = _("Request"),
		 .kind = UI_TEXT,
		 .cols = 10},
		{.key = "person",
		 .label = _("Caller"),
		 .kind = UI_TEXT,
		 .same_line = true,
		 .cols = 8},
		{.key = "address",
		 .label = _("Address as"),
		 .kind = UI_TEXT,
		 .same_line = true},
		{.key = "when",
		 .label = _("Promise"),
		 .kind = UI_TEXT,
		 .cols = 12,
		 .hint = _("time")},
		{.key = "promise",
		 .label = _("what"),
		 .kind = UI_TEXT,
		 .same_line = true,
		 .hint = _("needed for outcome 2, 3")},
		{.key = "flags", .label = _("Marks"), .kind = UI_FLAGS},
		{.key = "after", .label = _("After"), .kind = UI_CHOICE},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		int err = ui_form_add(f, &v[i]);
		if (err)
			return err;
	}
	return 0;
}

static void fixed_options(struct sheet *s)
{
	static const char *const codes[] = {"answered", "callback", "bureau",
					    "transferred", "invalid"};
	struct ui_option v[5];

	memset(v, 0, sizeof(v));
	for (int i = 0; i < 5; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), codes[i]);
		utf8_copy(v[i].name, sizeof(v[i].name),
			  pane_outcome(codes[i]));
	}
	ui_form_options(s->form, "outcome", v, 5);
	memset(v, 0, sizeof(v));
	for (int i = 0; i < 4; i++) {
		utf8_copy(v[i].code, sizeof(v[i].code), flags[i].code);
		utf8_copy(v[i].name, sizeof(v[i].name), _(flags[i].name));
	}
	ui_form_options(s->form, "flags", v, 4);
}

int sheet_alloc(struct sheet **sp, struct app *a)
{
	struct sheet *s = mem_zalloc(sizeof(*s), destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->app = a;
	err = ui_form_alloc(&s->form);
	if (!err)
		err = add_fields(s->form);
	if (err) {
		mem_deref(s);
		return err;
	}
	fixed_options(s);
	sheet_event(s, MODEL_ALL);
	*sp = s;
	return 0;
}

/* ---- model -> form ---- */

static bool has_children(const struct model *m, const char *code)
{
	for (size_t i = 0; i < m->site.dispositions.n; i++)
		if (!strcmp(m->site.dispositions.v[i].parent, code))
			return true;
	return false;
}

static void site_options(struct sheet *s)
{
	const struct model *m = app_model(s->app);
	size_t n = m->site.dispositions.n;
	struct app_choice c[9] = {0};
	struct ui_option *v = mem_zalloc((n + 10) * sizeof(*v), NULL);
	int k = 0;

	if (!v)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct model_disposition *d = &m->site.dispositions.v[i];
		if (!d->active || has_children(m, d->code))
			continue;
		utf8_copy(v[k].code, sizeof(v[k].code), d->code);
		model_disposition_path(m, d->code, v[k].name,
				       sizeof(v[k].name));
		k++;
	}
	ui_form_options(s->form, "disposition", v, k);
	memset(v, 0, (n + 10) * sizeof(*v));
	utf8_copy(v[0].code, sizeof(v[0].code), "ready");
	utf8_copy(v[0].name, sizeof(v[0].name), _("ready"));
	k = command_pauses(m, c, 8);
	for (int i = 0; i < k; i++) {
		const struct model_pause *p = model_pause_find(m, c[i].code);
		utf8_copy(v[i + 1].code, sizeof(v[0].code), c[i].code);
		utf8_copy(v[i + 1].name, sizeof(v[0].name),
			  p ? tr(p->name) : c[i].label);
	}
	ui_form_options(s->form, "after", v, k + 1);
	mem_deref(v);
}

static void entry_options(struct sheet *s)
{
	const struct model_draft *d = &app_model(s->app)->draft;
	struct ui_option v[16];
	int n = 0;

	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < d->entries.n && n < 16; i++, n++) {
		utf8_copy(v[n].code, sizeof(v[n].code), d->entries.v[i].id);
		snprintf(v[n].name, sizeof(v[n].name), "%s v%d ✓",
			 d->entries.v[i].id, d->entries.v[i].version);
	}
	ui_form_options(s->form, "entries", v, n);
}

static void link_options(struct sheet *s)
{
	const struct model *m = app_model(s->app);
	struct ui_option v[8];
	char value[512] = "", when[16];
	int n = 0;

	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < m->citizen.open.n && n < 8; i++) {
		const struct model_ticket_ref *k = &m->citizen.open.v[i];
		if (!strcmp(k->id, m->draft.ticket))
			continue;
		utf8_copy(v[n].code, sizeof(v[n].code), k->id);
		pane_when(m, k->promise_us, when, sizeof(when));
		if (k->promise_us)
			snprintf(v[n].name, sizeof(v[n].name),
				 _("%s close too (promised %s)"), k->id, when);
		else
			snprintf(v[n].name, sizeof(v[n].name),
				 _("%s close too"), k->id);
		n++;
	}
	ui_form_options(s->form, "link", v, n);
	for (size_t i = 0; i < m->draft.n_link; i++) {
		size_t at = strlen(value);
		snprintf(value + at, sizeof(value) - at, "%s%s", at ? "," : "",
			 m->draft.link[i]);
	}
	ui_form_set(s->form, "link", value);
}

static const char *draft_text(const struct model_draft *d, const char *field)
{
	const char *t = !strcmp(field, "disposition") ? d->disposition
			: !strcmp(field, "outcome")   ? d->outcome
			: !strcmp(field, "summary")   ? d->summary
			: !strcmp(field, "promise")   ? d->promise
			: !strcmp(field, "person")    ? d->person
			: !strcmp(field, "address")   ? d->address
			: !strcmp(field, "need")      ? d->need
						      : d->after;

	return t ? t : "";
}

static void when_text(int64_t us, char out[32])
{
	char day[CAL_TEXT_SIZE], clock[CAL_TEXT_SIZE];

	out[0] = '\0';
	if (!us)
		return;
	cal_day(day, us);
	cal_clock(clock, us);
	snprintf(out, 32, "%.5s %.5s", day + 5, clock);
}

static void take_draft(struct sheet *s)
{
	const struct model *m = app_model(s->app);
	const struct model_draft *d = &m->draft;
	const char *of = d->contact[0] ? d->contact : d->ticket;
	char t[32], on[128] = "";
	int64_t us = 0;

	/* another draft: nothing of the last one may be undone into it */
	if (strcmp(s->of, of) != 0) {
		struct ui_form *f = NULL;
		utf8_copy(s->of, sizeof(s->of), of);
		if (!ui_form_alloc(&f) && !add_fields(f)) {
			mem_deref(s->form);
			s->form = f;
			fixed_options(s);
			site_options(s);
		} else {
			mem_deref(f);
		}
	}
	for (size_t i = 0; i < TEXTS_N; i++)
		ui_form_set(s->form, texts[i], draft_text(d, texts[i]));
	if (!*ui_form_get(s->form, "after"))
		ui_form_set(s->form, "after",
			    m->me.agent.after[0] ? m->me.agent.after
						 : "ready");
	sheet_parse_when(&us, ui_form_get(s->form, "when"), model_now_us(m));
	if (us != d->promise_us && d->promise_us) {
		when_text(d->promise_us, t);
		ui_form_set(s->form, "when", t);
	}
	for (int i = 0; i < 4; i++) {
		size_t n = strlen(on);
		if (d->flags & flags[i].bit)
			snprintf(on + n, sizeof(on) - n, "%s%s", n ? "," : "",
				 flags[i].code);
	}
	ui_form_set(s->form, "flags", on);
	if (d->fault_field[0])
		ui_form_bad(s->form, d->fault_field);
}

void sheet_event(struct sheet *s, unsigned mask)
{
	if (mask & MODEL_SITE)
		site_options(s);
	if (mask & (MODEL_DRAFT | MODEL_ME))
		take_draft(s);
	if (mask & MODEL_DRAFT)
		entry_options(s);
	if (mask & (MODEL_CITIZEN | MODEL_DRAFT))
		link_options(s);
}

/* ---- form -> model ---- */

int sheet_parse_when(int64_t *us, const char *text, int64_t now_us)
{
	char day[CAL_TEXT_SIZE], b[64];
	int64_t t;
	int h, min, mon, d;
	char junk;

	cal_day(day, now_us);
	if (sscanf(text, "%d:%d%c", &h, &min, &junk) == 2)
		snprintf(b, sizeof(b), "%s %02d:%02d", day, h, min);
	else if (sscanf(text, "%d-%d %d:%d%c", &mon, &d, &h, &min, &junk) == 4)
		snprintf(b, sizeof(b), "%.4s-%02d-%02d %02d:%02d", day, mon, d,
			 h, min);
	else
		utf8_copy(b, sizeof(b), text);
	if (cal_parse(&t, b))
		return EBADMSG;
	*us = t;
	return 0;
}

static void push_when(struct sheet *s)
{
	const char *text = ui_form_get(s->form, "when");
	const struct model *m = app_model(s->app);
	int64_t us = 0;

	if (*text && sheet_parse_when(&us, text, model_now_us(m)))
		us = 0; /* half typed */
	if (us != m->draft.promise_us)
		client_draft_promise(app_client(s->app), us);
}

static bool listed(const char *list, const char *code)
{
	size_t n = strlen(code);

	for (const char *p = list; (p = strstr(p, code)); p += n)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static bool linked(const struct model_draft *d, const char *ticket)
{
	for (size_t i = 0; i < d->n_link; i++)
		if (!strcmp(d->link[i], ticket))
			return true;
	return false;
}

/* Whatever differs goes to the draft; one change at a time in practice. */
static void push(struct sheet *s)
{
	const struct model *m = app_model(s->app);
	struct client *c = app_client(s->app);
	const char *links = ui_form_get(s->form, "link");
	unsigned bits = 0;

	for (size_t i = 0; i < TEXTS_N; i++) {
		char *copy = NULL;
		const char *now = ui_form_get(s->form, texts[i]);
		if (!strcmp(now, draft_text(&m->draft, texts[i])))
			continue;
		if (str_dup(&copy, now))
			continue;
		client_draft_set(c, texts[i], copy);
		if (!strcmp(texts[i], "after"))
			client_after(c, copy);
		mem_deref(copy);
	}
	push_when(s);
	for (int i = 0; i < 4; i++)
		if (listed(ui_form_get(s->form, "flags"), flags[i].code))
			bits |= flags[i].bit;
	if (bits != m->draft.flags)
		client_draft_flags(c, bits);
	for (size_t i = 0; i < m->citizen.open.n; i++) {
		const char *id = m->citizen.open.v[i].id;
		if (listed(links, id) != linked(&m->draft, id))
			client_draft_link(c, id, listed(links, id));
	}
}

enum ui_form_took sheet_key(struct sheet *s, uint32_t key, bool pasted)
{
	enum ui_form_took took = ui_form_key(s->form, key, pasted);

	if (took == UI_FORM_REMOVE)
		client_kb_drop(app_client(s->app), ui_form_link(s->form));
	else if (took == UI_FORM_CHANGED)
		push(s);
	if (took != UI_FORM_NOT)
		app_dirty(s->app);
	return took;
}

bool sheet_undo(struct sheet *s)
{
	if (!ui_form_undo(s->form)) {
		app_say(s->app, MESSAGE_INFO, _("Nothing to take back"));
		return true;
	}
	push(s);
	app_dirty(s->app);
	return true;
}

void sheet_focus(struct sheet *s, const char *field)
{
	ui_form_focus(s->form, field);
}

bool sheet_to_missing(struct sheet *s)
{
	const char *miss = client_draft_missing(app_client(s->app));

	if (!miss)
		return false;
	ui_form_bad(s->form, !strcmp(miss, "promise_us") ? "when" : miss);
	app_say(s->app, MESSAGE_WARN, _("! Still missing: %s"),
		pane_field_name(miss));
	return true;
}

void sheet_file(struct sheet *s, bool only)
{
	if (sheet_to_missing(s))
		return;
	if (only)
		client_ticket_file_only(app_client(s->app));
	else
		client_ticket_file(app_client(s->app));
}

/* ---- drawing ---- */

static void save_mark(const struct model_draft *d, char *out, size_t size)
{
	char t[CAL_TEXT_SIZE];

	cal_clock(t, d->saved_us);
	switch (d->save) {
	case SAVE_SAVED:
		snprintf(out, size, _("draft saved %s"), t);
		break;
	case SAVE_FAILED:
		snprintf(out, size, "%s", _("× draft not saved"));
		break;
	case SAVE_CLEAN:
		out[0] = '\0';
		break;
	default:
		snprintf(out, size, "%s", _("draft …"));
		break;
	}
}

static void marks_row(struct sheet *s, struct row *r)
{
	static const char *const need[] = {"disposition", "outcome",
					   "summary"};
	const char *miss = client_draft_missing(app_client(s->app));

	row_init(r);
	row_add(r, "  ");
	for (int i = 0; i < 3; i++)
		row_add(r, "%s%s ", *ui_form_get(s->form, need[i]) ? "✓" : "!",
			pane_field_name(need[i]));
	row_add(r, "   %s", miss ? "" : _("complete"));
}

/* Wrap-up: what ends it and what makes it longer. */
static void draw_keys(struct sheet *s, struct area a)
{
	const struct model *m = app_model(s->app);
	char key[16];
	struct row r, more;

	keymap_name(key, sizeof(key), CMD_STATE, app_twins(s->app));
	row_init(&r);
	row_add(&r,
		m->draft.filing ? _("    【 … filing 】")
				: _("    【 %s files it, then “After” 】"),
		key);
	row_draw(&r, a.y, a.x, a.w, ST_TEXT);
	row_init(&r);
	row_add(&r, _("    ^O files only"));
	row_init(&more);
	row_add(&more, _("    ^E 30 s more (used %d)"),
		m->me.agent.extensions);
	if (r.cols + more.cols <= a.w)
		row_add(&r, "%s", more.s);
	else
		row_draw(&more, a.y + 2, a.x, a.w, ST_DIM);
	row_draw(&r, a.y + 1, a.x, a.w, ST_DIM);
}

void sheet_draw(struct sheet *s, struct area a, bool focus)
{
	const struct model *m = app_model(s->app);
	const struct model_draft *d = &m->draft;
	char title[96], mark[64];
	struct row r;
	int used;

	snprintf(title, sizeof(title), _("Ticket %s"), d->ticket);
	save_mark(d, mark, sizeof(mark));
	screen_rule(a.y, a.x, a.w, focus, title, mark);
	if (!d->contact[0] && !d->ticket[0]) {
		pane_empty(a, _("A ticket begins with a call."));
		return;
	}
	used = ui_form_draw(s->form, a.y + 1, a.x, a.w, a.h - 1, focus);
	if (used + 4 >= a.h)
		return;
	marks_row(s, &r);
	row_draw(&r, a.y + used + 2, a.x, a.w, ST_TEXT);
	if (m->me.agent.state == STATE_WRAPUP && used + 7 < a.h)
		draw_keys(s, (struct area){a.y + used + 4, a.x, a.w, 3});
}

static void brief_row(struct area a, int i, const char *label,
		      const char *value)
{
	struct row r;

	row_init(&r);
	row_add(&r, "%s ", label);
	row_hostile(&r, 0, *value ? value : "—");
	pane_line_row((struct area){a.y + 1, a.x, a.w, a.h - 1}, i, false,
		      false, &r);
}

void sheet_brief(struct sheet *s, struct area a)
{
	const struct model *m = app_model(s->app);
	const struct model_draft *d = &m->draft;
	char b[160] = "", path[160] = "", when[48];

	save_mark(d, b, sizeof(b));
	screen_rule(a.y, a.x, a.w, false, _("This ticket"),
		    d->save == SAVE_SAVED ? _("draft✓") : b);
	model_disposition_path(m, d->disposition, path, sizeof(path));
	brief_row(a, 0, _("Business"), path);
	brief_row(a, 1, _("Outcome"), pane_outcome(d->outcome));
	b[0] = '\0';
	for (size_t i = 0; i < d->entries.n; i++) {
		size_t n = strlen(b);
		snprintf(b + n, sizeof(b) - n, "%s v%d ✓ ", d->entries.v[i].id,
			 d->entries.v[i].version);
	}
	brief_row(a, 2, _("Entries"), b);
	brief_row(a, 3, _("Summary"), d->summary ? d->summary : "");
	when_text(d->promise_us, when);
	brief_row(a, 4, _("Promise"), d->promise_us ? when : _("none"));
	if (client_draft_missing(app_client(s->app)))
		snprintf(b, sizeof(b), _("!missing: %s"),
			 pane_field_name(
				 client_draft_missing(app_client(s->app))));
	else
		snprintf(b, sizeof(b), "%s",
			 _("✓ complete, F9 after the call"));
	brief_row(a, 5, "", b);
}
