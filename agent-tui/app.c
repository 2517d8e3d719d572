/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of the loop: bytes become keys, a key becomes a command, the view
 * on top takes the command or the app does, the model changes, and at the end
 * of the turn the screen is drawn once.
 *
 *     key -> question on the message row -> ^P ^T prefix -> view's text
 *         -> command of the table -> view's request -> app's own
 *
 * Phone keys and ^L go first, whatever is being typed or asked.
 */
#include "agent-tui/app_own.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cal.h"
#include "common/libre.h"
#include "common/scope.h"
#include "common/utf8.h"
#include "agent-tui/cmdline.h"
#include "agent-tui/command.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/ui/row.h"
#include "agent-tui/view/frame.h"

#define RESIZE_MS    30
#define TICK_US	     1000000
#define TICK_LATE_MS 5
#define NOTE_SHOWN   10000000LL /* then my state's own line comes back */

static int winch_write = -1;

static void on_winch_signal(int sig)
{
	ssize_t n = write(winch_write, "", 1);

	(void)n;
	(void)sig;
}

/* ---- views ---- */

static void view_destructor(void *arg)
{
	struct view *v = arg;

	if (v->ops->close && v->state)
		v->ops->close(v);
	mem_deref(v->state);
}

static int view_alloc(struct view **vp, struct app *a,
		      const struct view_ops *ops, const char *arg)
{
	scoped_mem struct view *v = mem_zalloc(sizeof(*v), view_destructor);
	int err;

	if (!v)
		return ENOMEM;
	v->ops = ops;
	v->app = a;
	v->state = mem_zalloc(ops->state_bytes + 1, NULL);
	if (!v->state)
		return ENOMEM;
	err = ops->open ? ops->open(v, arg) : 0;
	if (err)
		return err;
	*vp = take(v);
	return 0;
}

struct view *app_top(const struct app *a)
{
	const struct stack *s = &a->tabs[a->tab];
	const struct model *m = app_model(a);

	if (!m->me.id[0] || m->link.state == LINK_REFUSED || m->link.ended[0])
		return a->link;
	return s->n ? s->v[s->n - 1] : a->link;
}

int app_open(struct app *a, const struct view_ops *ops, const char *arg)
{
	scoped_mem struct view *v = NULL;
	struct stack *s;
	int err, tab = ops->tab >= 0 ? ops->tab : a->tab;

	app_dirty(a);
	if (!(ops->may & app_roles(a))) {
		app_say(a, MESSAGE_ERROR, _("× Your role does not have: %s"),
			_(ops->name));
		return EACCES;
	}
	s = &a->tabs[tab];
	/* the tab's own first view is kept, with its cursor */
	if (s->n && ops->tab >= 0 && !*arg) {
		a->tab = tab;
		while (s->n > 1)
			mem_deref(s->v[--s->n]);
		return 0;
	}
	err = view_alloc(&v, a, ops, arg);
	if (err) {
		app_say(a, MESSAGE_ERROR, _("× Cannot open %s: %s"),
			_(ops->name), strerror(err));
		return err;
	}
	if (s->n == STACK) {
		mem_deref(s->v[1]);
		memmove(s->v + 1, s->v + 2, (STACK - 2) * sizeof(*s->v));
		s->n--;
	}
	a->tab = tab;
	s->v[s->n++] = take(v);
	return 0;
}

void app_close_view(struct app *a)
{
	struct stack *s = &a->tabs[a->tab];

	if (s->n > 1)
		mem_deref(s->v[--s->n]);
	app_dirty(a);
}

/* ---- tabs ---- */

static const struct {
	int digit;
	const struct view_ops *ops;
	const char *name; /* msgid */
} tabs[] = {
	{1, &view_desk, N_("Desk")},	     {3, &view_ticket, N_("Tickets")},
	{4, &view_kb, N_("Knowledge")},	     {5, &view_missed, N_("Outbound")},
	{6, &view_record, N_("Recordings")}, {8, &view_wall, N_("Wall")},
};
#define TABS_N (sizeof(tabs) / sizeof(*tabs))

bool app_go_tab(struct app *a, int digit)
{
	for (size_t i = 0; i < TABS_N; i++) {
		if (tabs[i].digit != digit)
			continue;
		if (!(tabs[i].ops->may & app_roles(a)))
			break;
		if (a->tabs[digit].n)
			a->tab = digit;
		else
			app_open(a, tabs[i].ops, "");
		app_dirty(a);
		return true;
	}
	app_say(a, MESSAGE_WARN, _("! There is no tab %d for you"), digit);
	return true;
}

static int badge(const struct model *m, int digit)
{
	int n = 0;

	if (digit == 5)
		for (size_t i = 0; i < m->missed.n; i++)
			n += strcmp(m->missed.v[i].state, "done") != 0;
	else if (digit == 3)
		for (size_t i = 0; i < m->tickets.n; i++)
			n += strcmp(m->tickets.v[i].state, "done") != 0;
	return n;
}

/* The first screen of a session: the wall for those who watch it. */
static void first_view(struct app *a)
{
	unsigned roles = app_roles(a);

	if (a->started || !roles)
		return;
	a->started = true;
	for (size_t i = 0; i < TABS_N; i++) {
		bool wall = tabs[i].digit == 8;
		bool watches = roles & (ROLE_LEAD | ROLE_BUREAU);
		if (!(tabs[i].ops->may & roles) || (watches && !wall))
			continue;
		app_open(a, tabs[i].ops, "");
		return;
	}
}

/* ---- messages ---- */

static void note(struct app *a, enum model_level level, const char *text)
{
	struct app_note *k = &a->notes[a->notes_n++ % NOTES];

	k->level = level;
	k->at_us = cal_now_us();
	utf8_copy(k->text, sizeof(k->text), text);
	a->note_over = false;
	app_dirty(a);
}

void app_say(struct app *a, enum model_level level, const char *fmt, ...)
{
	char b[400], shown[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b, sizeof(b), fmt, ap);
	va_end(ap);
	utf8_show(shown, sizeof(shown), b, strlen(b), false);
	note(a, level, shown);
}

const struct app_note *app_note(const struct app *a, size_t k)
{
	if (k >= a->notes_n || k >= NOTES)
		return NULL;
	return &a->notes[(a->notes_n - 1 - k) % NOTES];
}

/* What client and server said goes the same way, translated. */
static void take_messages(struct app *a)
{
	static const char *const sign[] = {"", "✓ ", "! ", "× "};
	const struct model *m = app_model(a);
	uint64_t first = m->message_seq - m->n_messages;

	if (a->seen_messages < first)
		a->seen_messages = first;
	for (; a->seen_messages < m->message_seq; a->seen_messages++) {
		const struct model_message *k =
			&m->messages[a->seen_messages - first];
		if (k->from[0])
			app_say(a, k->level, "%s：%s", k->from, k->text);
		else
			app_say(a, k->level, "%s%s%s%s", sign[k->level],
				tr(k->text), k->detail[0] ? " " : "",
				k->detail);
	}
}

/* ---- accessors ---- */

const struct model *app_model(const struct app *a)
{
	return client_model(a->client);
}

struct client *app_client(const struct app *a)
{
	return a->client;
}

unsigned app_roles(const struct app *a)
{
	return app_model(a)->me.roles;
}

unsigned app_may(const struct app *a)
{
	unsigned roles = app_roles(a);

	return roles ? roles : ROLE_BUREAU;
}

const char *app_server(const struct app *a)
{
	return a->server;
}

bool app_twins(const struct app *a)
{
	return a->twins;
}

unsigned app_seen_keys(const struct app *a)
{
	return a->seen;
}

uint32_t app_last_key(const struct app *a)
{
	return a->last_key;
}

/* Help is a sheet over what it tells about. */
static struct view *below_help(const struct app *a)
{
	const struct stack *s = &a->tabs[a->tab];
	struct view *v = app_top(a);

	return v->ops == &view_help && s->n > 1 ? s->v[s->n - 2] : v;
}

void app_actions(const struct app *a, struct actions *v)
{
	struct view *top = below_help(a);

	*v = (struct actions){.v = {CMD_NONE}};
	if (top->ops->actions)
		top->ops->actions(top, v);
}

const char *app_place(const struct app *a)
{
	struct view *top = below_help(a);
	const char *name = "";

	top->ops->where(top, &name);
	return name;
}

/* What stands in no view's list and is nobody's telephone. */
static const char *place_refusal(const struct app *a, enum command_id id)
{
	bool above = a->tabs[a->tab].n > 1;

	switch (id) {
	case CMD_BACK:
	case CMD_CLOSE_VIEW:
		return above ? NULL : _("nothing is open over this");
	case CMD_FIND:
	case CMD_FIND_NEXT:
	case CMD_FIND_PREV:
		return below_help(a)->ops->find ? NULL
						: _("not on this screen");
	case CMD_RETRY:
		return app_model(a)->link.state == LINK_UP
			       ? _("the connection stands")
			       : NULL;
	default:
		return (commands[id].where & BY_VIEW) ? _("not on this screen")
						      : NULL;
	}
}

const char *app_refusal(const struct app *a, enum command_id id)
{
	struct actions here;
	const char *why;

	if (!(commands[id].may & app_may(a)))
		return _("your role does not have it");
	why = command_refusal(app_model(a), id);
	if (why)
		return why;
	app_actions(a, &here);
	return actions_have(&here, id) ? NULL : place_refusal(a, id);
}

/* ---- drawing ---- */

static void draw_message(struct app *a, int y, int w)
{
	const struct app_note *k = app_note(a, 0);
	char standing[400];

	frame_standing(a, standing, sizeof(standing));
	if (k && !a->note_over &&
	    (k->level == MESSAGE_ERROR || !standing[0] ||
	     cal_now_us() - k->at_us < NOTE_SHOWN))
		frame_message(a, y, w, k->text, k->level);
	else
		frame_message(a, y, w, standing, MESSAGE_INFO);
}

static void draw_tabs(const struct app *a, int y, int w)
{
	struct frame_tab v[FRAME_TABS];
	int n = 0;

	for (size_t i = 0; i < TABS_N; i++) {
		if (!(tabs[i].ops->may & app_roles(a)))
			continue;
		v[n].digit = tabs[i].digit;
		v[n].name = _(tabs[i].name);
		v[n].badge = badge(app_model(a), tabs[i].digit);
		n++;
	}
	frame_tabs(a, y, w, v, n, a->tab);
}

static void draw_main(struct app *a, int rows, int w)
{
	struct view *v = app_top(a);
	int head = frame_head_rows(rows, w);
	struct area area = {head, 0, w, rows - head - 2};
	struct actions here = {.v = {CMD_NONE}};
	const char *focus = "";

	frame_status(a, 0, w);
	draw_tabs(a, 1, w);
	frame_phone(a, 2, w, head - 2);
	if (a->locked) {
		screen_put(area.y + 3, 4, w - 8, ST_TEXT,
			   _("The screen is covered. The phone works."));
	} else {
		v->ops->draw(v, area);
		v->ops->where(v, &focus);
	}
	if (v->ops->actions && !a->locked)
		v->ops->actions(v, &here);
	frame_hints(a, rows - 1, w, focus, &here);
	if (a->prefix || a->keypad)
		frame_prefix(rows - 2, w, a->keypad ? a->keypad_shown : NULL,
			     a->prefix == K_CTRL('p'));
	else if (cmdline_kind(a->line) != ASK_NONE)
		cmdline_draw(a->line, rows - 2, head, w);
	else
		draw_message(a, rows - 2, w);
}

/* All timers move with the tick, together: a key or an event in between
 * sends what it changed and no figures. */
static int64_t frame_time(const struct app *a)
{
	const int64_t now = cal_now_us(), past = now - a->tick_us;

	return past >= 0 && past < TICK_US ? a->tick_us : now;
}

static void draw(struct app *a)
{
	int rows = screen_rows(), w = screen_cols();

	model_frame(frame_time(a));
	screen_begin();
	if (w < 80 || rows < 24)
		frame_small(a, rows, w);
	else
		draw_main(a, rows, w);
	screen_end();
	model_frame(0);
}

static void on_draw(void *arg)
{
	struct app *a = arg;

	if (a->on)
		draw(a);
}

void app_dirty(struct app *a)
{
	if (a->on && !tmr_isrunning(&a->draw))
		tmr_start(&a->draw, 0, on_draw, a);
}

/* Ticks stand on whole seconds, so that the clock does not limp; a moment
 * behind them, or one that comes early draws the old second and, a
 * millisecond later, the new one. */
static void on_tick(void *arg)
{
	struct app *a = arg;

	a->tick_us = cal_now_us();
	app_dirty(a);
	tmr_start(&a->tick,
		  1000 - (uint64_t)(cal_now_us() / 1000 % 1000) + TICK_LATE_MS,
		  on_tick, a);
}

/* ---- what rings ---- */

/* Sound and window title; nothing else may move. */
static void announce(struct app *a)
{
	const struct model *m = app_model(a);
	bool ring =
		m->offer.contact[0] || m->phone->leg_state == PHONE_RINGING;

	if (ring && !a->was_ringing)
		screen_bell();
	a->was_ringing = ring;
	screen_title(ring ? _("◇ call") : "zuoxi");
}

void app_on_change(unsigned mask, void *arg)
{
	struct app *a = arg;

	if (!a->on)
		return;
	if (mask & MODEL_MESSAGES)
		take_messages(a);
	if (mask & (MODEL_ME | MODEL_LINK))
		first_view(a);
	if (mask & (MODEL_OFFER | MODEL_PHONE))
		announce(a);
	if (mask & (MODEL_AGENTS | MODEL_QUEUES))
		command_targets(a);
	if (a->prm.ready && app_model(a)->me.signed_in &&
	    app_model(a)->me.agent.state == STATE_PAUSED) {
		a->prm.ready = false;
		client_ready(a->client);
	}
	for (int t = 0; t < TABS; t++) {
		for (int i = 0; i < a->tabs[t].n; i++) {
			struct view *v = a->tabs[t].v[i];
			if (v->ops->event)
				v->ops->event(v, mask);
		}
	}
	app_dirty(a);
}

/* ---- questions ---- */

void app_ask(struct app *a, const struct cmdline_ask *q)
{
	cmdline_ask(a->line, q);
}

void app_ask_digit(struct app *a, const char *text, const struct app_choice *v,
		   int n, app_answer_h *h, void *arg)
{
	app_ask(a, &(struct cmdline_ask){.kind = ASK_DIGIT,
					 .text = text,
					 .choices = v,
					 .n = n,
					 .h = h,
					 .arg = arg});
}

void app_ask_pick(struct app *a, const char *text, const struct app_choice *v,
		  int n, bool free_text, app_answer_h *h, void *arg)
{
	app_ask(a, &(struct cmdline_ask){.kind = ASK_PICK,
					 .text = text,
					 .choices = v,
					 .n = n,
					 .free_text = free_text,
					 .h = h,
					 .arg = arg});
}

bool app_asks(const struct app *a, app_answer_h *h)
{
	return cmdline_asks(a->line, h);
}

void app_choices(struct app *a, const struct app_choice *v, int n)
{
	cmdline_choices(a->line, v, n);
}

void app_ask_text(struct app *a, const char *text, const char *initial,
		  app_answer_h *h, void *arg)
{
	app_ask(a, &(struct cmdline_ask){.kind = ASK_TEXT,
					 .text = text,
					 .initial = initial,
					 .h = h,
					 .arg = arg});
}

void app_ask_secret(struct app *a, const char *text, app_answer_h *h,
		    void *arg)
{
	app_ask(a,
		&(struct cmdline_ask){
			.kind = ASK_SECRET, .text = text, .h = h, .arg = arg});
}

void app_ask_again(struct app *a, enum command_id id, const char *text,
		   app_answer_h *h, void *arg)
{
	app_ask(a, &(struct cmdline_ask){.kind = ASK_AGAIN,
					 .text = text,
					 .again = id,
					 .h = h,
					 .arg = arg});
}

const char *app_host_key(const struct app *a)
{
	return a->host_key;
}

static void on_host_answer(struct app *a, const char *answer, void *arg)
{
	a->host_key[0] = '\0';
	tunnel_accept_host(client_tunnel(a->client),
			   answer && !strcmp(answer, "yes"));
}

void app_on_host(const char *host, const char *type, const char *fingerprint,
		 void *arg)
{
	struct app *a = arg;
	struct app_choice v[2] = {{.code = "no"}, {.code = "yes"}};
	(void)host; /* the view names the server as the person wrote it */

	utf8_copy(v[0].label, sizeof(v[0].label), _("no"));
	utf8_copy(v[1].label, sizeof(v[1].label), _("yes, remember it"));
	snprintf(a->host_key, sizeof(a->host_key), "%s %s", type, fingerprint);
	app_ask_digit(a, _("Is this what the administrator gave you?"), v, 2,
		      on_host_answer, NULL);
}

static void on_secret(struct app *a, const char *answer, void *arg)
{
	tunnel_passphrase(client_tunnel(a->client), answer);
}

void app_on_passphrase(const char *key_file, bool again, void *arg)
{
	struct app *a = arg;
	const char *base = strrchr(key_file, '/');
	char b[240];

	snprintf(b, sizeof(b),
		 again ? _("Wrong. Passphrase of %s:")
		       : _("Passphrase of %s:"),
		 base ? base + 1 : key_file);
	app_ask_secret(a, b, on_secret, NULL);
}

static bool is_phone(enum command_id id)
{
	switch (id) {
	case CMD_ANSWER:
	case CMD_END:
	case CMD_HOLD:
	case CMD_MUTE:
	case CMD_TRANSFER:
	case CMD_KEYPAD:
	case CMD_REDRAW:
	case CMD_QUIT:
		return true;
	default:
		return false;
	}
}

/* The view on top first, if this is among its actions. */
static bool run(struct app *a, enum command_id id, const char *arg)
{
	struct view *v = app_top(a);
	struct actions here = {.v = {CMD_NONE}};

	if (!is_phone(id) && v->ops->actions && v->ops->request)
		v->ops->actions(v, &here);
	if (actions_have(&here, id) && v->ops->request(v, id, arg))
		return true;
	return app_run_own(a, id, arg) || command_run(a, id, arg);
}

bool app_run(struct app *a, enum command_id id, const char *arg)
{

	if (id == CMD_NONE || !a->on)
		return false;
	app_dirty(a);
	if (!arg)
		arg = "";
	if (cmdline_again(a->line) == id) {
		cmdline_accept(a->line);
		return true;
	}
	if (a->locked && !is_phone(id)) {
		app_unlock(a);
		return true;
	}
	if (!is_phone(id) && !(commands[id].may & app_may(a))) {
		app_say(a, MESSAGE_WARN, _("! %s: your role does not have it"),
			_(commands[id].label));
		return false;
	}
	if (run(a, id, arg))
		return true;
	app_say(a, MESSAGE_INFO, _("%s has nothing to do here"),
		_(commands[id].label));
	return false;
}

/* ---- keys ---- */

static bool keypad_key(struct app *a, uint32_t key)
{
	char digit[2] = {(char)key, '\0'};
	size_t n = strlen(a->keypad_shown);

	if ((key >= '0' && key <= '9') || key == '*' || key == '#') {
		client_dtmf(a->client, digit);
		if (n + 2 < sizeof(a->keypad_shown))
			a->keypad_shown[n] = '.';
		if (n + 3 > sizeof(a->keypad_shown))
			a->keypad_shown[0] = '\0';
		return true;
	}
	if (key == K_ESC || key == K_ENTER || key > K_F0) {
		a->keypad = false;
		return key == K_ESC || key == K_ENTER;
	}
	return true;
}

static bool prefix_key(struct app *a, uint32_t key)
{
	uint32_t prefix = a->prefix, k = keys_halfwidth(key);
	enum command_id id;

	a->prefix = 0;
	if (prefix == K_CTRL('t'))
		return k >= '0' && k <= '9' ? app_go_tab(a, (int)(k - '0'))
					    : false;
	id = keymap_twin(k);
	if (id == CMD_NONE)
		return k == K_ESC;
	/* "^P = =": the second = needs no second ^P */
	if (id == CMD_END && cmdline_again(a->line) != CMD_END)
		a->prefix = K_CTRL('p');
	return app_run(a, id, "");
}

/* Keys that mean the same from inside any text or question. */
static enum command_id anywhere(const struct app *a, uint32_t key)
{
	if (!(key > K_F0 && key <= K_F0 + 12) && !(key > 0 && key < 27))
		return CMD_NONE;
	if (key == K_TAB || key == K_ENTER || key == K_CTRL('c'))
		return CMD_NONE;
	return keymap_key(key, AT_ANY, app_roles(a) | ROLE_AGENT);
}

static bool view_key(struct app *a, uint32_t key, bool pasted)
{
	struct view *v = app_top(a);
	const char *name;
	unsigned where = v->ops->where(v, &name), k = key;
	enum command_id id;

	if (a->locked) {
		app_unlock(a);
		return true;
	}
	if (v->ops->key && v->ops->key(v, key, pasted))
		return true;
	if (pasted)
		return true;
	if (!(where & AT_TEXT))
		k = keys_halfwidth(key);
	id = keymap_key(k, where ? where : AT_LIST, app_roles(a) | ROLE_ADMIN);
	if (id != CMD_NONE) {
		app_run(a, id, "");
		return true;
	}
	if (k >= '0' && k <= '9')
		return app_go_tab(a, (int)(k - '0'));
	if (k >= 0x2E80 && k < K_FIRST) {
		app_say(a, MESSAGE_INFO,
			_("The input method is on: use arrows, digits, ;"));
		return true;
	}
	return false;
}

static void on_key(uint32_t key, bool pasted, void *arg)
{
	struct app *a = arg;
	const struct app_note *k = app_note(a, 0);
	enum command_id id = pasted ? CMD_NONE : anywhere(a, key);

	app_dirty(a);
	a->last_key = key;
	if (key > K_F0 && key <= K_F0 + 12)
		a->seen |= 1u << (key - K_F0);
	if (k && cal_now_us() - k->at_us > 300000)
		a->note_over = true;
	if (a->keypad && !pasted && keypad_key(a, key))
		return;
	if (a->prefix && !pasted && prefix_key(a, key))
		return;
	a->prefix = 0;
	/* again keeps its question until its own key has been looked at */
	if (id != CMD_NONE && cmdline_again(a->line) == id) {
		app_run(a, id, "");
		return;
	}
	if (id != CMD_NONE && (is_phone(id) || id == CMD_PHONE_KEYS ||
			       cmdline_kind(a->line) == ASK_NONE)) {
		if (!is_phone(id) && id != CMD_PHONE_KEYS &&
		    view_key(a, key, pasted))
			return;
		app_run(a, id, "");
		return;
	}
	if (cmdline_key(a->line, key, pasted))
		return;
	view_key(a, key, pasted);
}

static void on_stdin(int flags, void *arg)
{
	struct app *a = arg;
	char b[4096];
	ssize_t n = read(STDIN_FILENO, b, sizeof(b));

	(void)flags;
	if (n > 0)
		keys_feed(a->keys, b, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		a->prm.quith(a->prm.arg); /* the terminal has gone */
}

static void on_winch_settled(void *arg)
{
	struct app *a = arg;

	screen_resize();
	if (a->on)
		draw(a);
}

static void on_winch(int flags, void *arg)
{
	struct app *a = arg;
	char b[64];
	ssize_t n = read(a->winch_fd[0], b, sizeof(b));

	(void)n;
	(void)flags;
	tmr_start(&a->winch, RESIZE_MS, on_winch_settled, a);
}

/* ---- life ---- */

static void destructor(void *arg)
{
	struct app *a = arg;

	app_stop(a);
	mem_deref(a->line);
	mem_deref(a->keys);
}

int app_alloc(struct app **ap, const struct app_prm *prm)
{
	scoped_mem struct app *a = mem_zalloc(sizeof(*a), destructor);
	int err;

	if (!a)
		return ENOMEM;
	a->prm = *prm;
	a->winch_fd[0] = a->winch_fd[1] = -1;
	a->tab = 1;
	utf8_copy(a->server, sizeof(a->server),
		  prm->server ? prm->server : "");
	tmr_init(&a->draw);
	tmr_init(&a->tick);
	tmr_init(&a->winch);
	err = keys_alloc(&a->keys, prm->over_ssh ? 100 : 25, on_key, a);
	if (!err)
		err = cmdline_alloc(&a->line, a);
	if (err)
		return err;
	*ap = take(a);
	return 0;
}

int app_start(struct app *a, struct client *client)
{
	char typed[512];
	size_t n = 0;
	int err;

	err = screen_start(
		&(struct screen_prm){.light = a->prm.light,
				     .light_known = a->prm.light_known,
				     .ascii = a->prm.ascii},
		typed, sizeof(typed), &n);
	if (err)
		return err;
	a->client = client;
	a->on = true;
	if (pipe2(a->winch_fd, O_NONBLOCK | O_CLOEXEC))
		return errno;
	winch_write = a->winch_fd[1];
	signal(SIGWINCH, on_winch_signal);
	err = fd_listen(a->winch_fd[0], FD_READ, on_winch, a);
	if (!err)
		err = fd_listen(STDIN_FILENO, FD_READ, on_stdin, a);
	if (!err)
		err = view_alloc(&a->link, a, &view_link, "");
	if (err)
		return err;
	on_tick(a);
	first_view(a);
	keys_feed(a->keys, typed, n);
	return 0;
}

void app_stop(struct app *a)
{
	if (!a->on)
		return;
	a->on = false;
	signal(SIGWINCH, SIG_DFL);
	tmr_cancel(&a->draw);
	tmr_cancel(&a->tick);
	tmr_cancel(&a->winch);
	fd_close(STDIN_FILENO);
	if (a->winch_fd[0] >= 0) {
		fd_close(a->winch_fd[0]);
		close(a->winch_fd[0]);
		close(a->winch_fd[1]);
	}
	for (int t = 0; t < TABS; t++)
		while (a->tabs[t].n)
			mem_deref(a->tabs[t].v[--a->tabs[t].n]);
	a->link = mem_deref(a->link);
	screen_stop();
}
