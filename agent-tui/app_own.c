/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that belong to no view and to no phone: the numbered menu,
 * finding, tabs, the covered screen, leaving.
 */
#include "agent-tui/app_own.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "agent-tui/i18n.h"
#include "agent-tui/screen.h"
#include "agent-tui/view/frame.h"

/* ---- the menu, the covered screen, leaving ---- */

static void on_menu(struct app *a, const char *answer, void *arg)
{
	enum command_id id;

	if (!answer)
		return;
	id = keymap_word(answer, strlen(answer), app_may(a));
	if (id != CMD_NONE)
		app_run(a, id, "");
}

/* All that can be done here: what the view does, then what the app does
 * anywhere. */
static void menu(struct app *a)
{
	struct actions here;
	struct app_choice *c = mem_zalloc(CMD_N * sizeof(*c), NULL);
	int n = 0;

	if (!c)
		return;
	app_actions(a, &here);
	for (int i = 0; i < CMD_N; i++)
		ACTIONS(&here, (enum command_id)i);
	for (int i = 0; i < here.n; i++) {
		enum command_id id = here.v[i];
		char key[16];
		if (id == CMD_MENU || app_refusal(a, id))
			continue;
		keymap_name(key, sizeof(key), id, a->twins);
		utf8_copy(c[n].code, sizeof(c[n].code), commands[id].name);
		snprintf(c[n].label, sizeof(c[n].label), "%s  %s  %s",
			 _(commands[id].label), key, _(commands[id].help));
		n++;
	}
	app_ask_pick(a, ";", c, n, false, on_menu, NULL);
	mem_deref(c);
}

static void quit(struct app *a)
{
	const char *why = app_refusal(a, CMD_QUIT);

	if (why) {
		app_say(a, MESSAGE_ERROR, _("× Not signed out: %s"), why);
		return;
	}
	a->prm.quith(a->prm.arg);
}

static void on_unlock(struct app *a, const char *answer, void *arg);

void app_unlock(struct app *a)
{
	app_ask_secret(a, _("Code:"), on_unlock, NULL);
}

static void on_unlock(struct app *a, const char *answer, void *arg)
{
	if (answer && !strcmp(answer, a->pin)) {
		a->locked = false;
		a->pin_wrong = 0;
		memset(a->pin, 0, sizeof(a->pin));
	} else if (answer && *answer && ++a->pin_wrong >= 5) {
		quit(a);
	} else if (answer && *answer) {
		app_say(a, MESSAGE_ERROR, _("× Wrong code"));
	}
	app_dirty(a);
}

static void on_pin(struct app *a, const char *answer, void *arg)
{
	if (!answer)
		return;
	if (strlen(answer) < 4 || strlen(answer) >= sizeof(a->pin)) {
		app_say(a, MESSAGE_ERROR, _("× Four to fifteen digits"));
		return;
	}
	utf8_copy(a->pin, sizeof(a->pin), answer);
	a->locked = true;
	app_dirty(a);
}

/* ---- finding ---- */

static void find(struct app *a, int by)
{
	struct view *v = app_top(a);

	if (!v->ops->find(v, a->found, by))
		app_say(a, MESSAGE_WARN, _("! Not found here: %s"), a->found);
	app_dirty(a);
}

static void on_find(struct app *a, const char *answer, void *arg)
{
	if (!answer || !*answer || !app_top(a)->ops->find)
		return;
	utf8_copy(a->found, sizeof(a->found), answer);
	find(a, 1);
}

static bool run_find(struct app *a, enum command_id id, const char *arg)
{
	if (!app_top(a)->ops->find)
		return false;
	if (id == CMD_FIND && *arg)
		on_find(a, arg, NULL);
	else if (id == CMD_FIND || !a->found[0])
		app_ask_text(a, "/", "", on_find, NULL);
	else
		find(a, id == CMD_FIND_NEXT ? 1 : -1);
	return true;
}

bool app_run_own(struct app *a, enum command_id id, const char *arg)
{
	switch (id) {
	case CMD_REDRAW:
		screen_redraw();
		app_dirty(a);
		return true;
	case CMD_TAB:
		if (*arg >= '0' && *arg <= '9')
			return app_go_tab(a, *arg - '0');
		a->prefix = K_CTRL('t');
		app_dirty(a);
		return true;
	case CMD_PHONE_KEYS:
		a->prefix = K_CTRL('p');
		app_dirty(a);
		return true;
	case CMD_KEYPAD:
		if (app_refusal(a, id))
			return false;
		a->keypad = true;
		a->keypad_shown[0] = '\0';
		app_dirty(a);
		return true;
	case CMD_MENU:
		menu(a);
		return true;
	case CMD_COMMAND:
		app_ask(a, &(struct cmdline_ask){.kind = ASK_COMMAND});
		return true;
	case CMD_FIND:
	case CMD_FIND_NEXT:
	case CMD_FIND_PREV:
		return run_find(a, id, arg);
	case CMD_BACK:
	case CMD_CLOSE_VIEW:
		app_close_view(a);
		return true;
	case CMD_KB: /* there and back */
		if (a->tab == 4 && a->kb_from) {
			a->tab = a->kb_from;
			a->kb_from = 0;
			return true;
		}
		a->kb_from = a->tab;
		return app_go_tab(a, 4);
	case CMD_LOCK:
		app_ask_secret(a,
			       _("Code to open it again (4 digits or more):"),
			       on_pin, NULL);
		return true;
	case CMD_RETRY:
		tunnel_retry(client_tunnel(a->client));
		return true;
	case CMD_QUIT:
		quit(a);
		return true;
	default:
		return false;
	}
}
