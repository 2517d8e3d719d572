/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking the table of commands up by key, by the key after ^P and by word.
 */
#include "agent-tui/keymap.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct command commands[CMD_N] = {
#define COMMAND_ROW(cid, en, zh, ckey, ctwin, at, roles, clabel, chelp) \
	{CMD_##cid, en, zh, ckey, ctwin, at, roles, clabel, chelp},
	COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

bool actions_have(const struct actions *a, enum command_id id)
{
	for (int i = 0; i < a->n; i++)
		if (a->v[i] == id)
			return true;
	return false;
}

void actions_add(struct actions *a, const enum command_id *list)
{
	for (; *list != CMD_NONE; list++)
		if (!actions_have(a, *list))
			a->v[a->n++] = *list;
	a->v[a->n] = CMD_NONE;
}

enum command_id keymap_key(uint32_t key, unsigned where, unsigned roles)
{
	for (int i = 0; i < CMD_N; i++) {
		const struct command *c = &commands[i];
		if (c->key && c->key == key && (c->where & where) &&
		    (c->may & roles))
			return c->id;
	}
	/* F10 and F11 where the terminal lets them through */
	if (key == K_F(10))
		return CMD_KEYPAD;
	if (key == K_F(11))
		return CMD_DIAL;
	if (key == K_F(1))
		return CMD_HELP;
	return CMD_NONE;
}

enum command_id keymap_twin(uint32_t key)
{
	for (int i = 0; i < CMD_N; i++)
		if (commands[i].twin && (uint32_t)commands[i].twin == key)
			return commands[i].id;
	return CMD_NONE;
}

void keymap_name(char *out, size_t size, enum command_id id, bool twins)
{
	const struct command *c = &commands[id];
	bool f_key = c->key > K_F0 && c->key <= K_F0 + 12;

	if (c->twin && (twins || !f_key))
		snprintf(out, size, "^P %c", c->twin);
	else if (c->key)
		keys_name(out, size, c->key);
	else
		out[0] = '\0';
}

static bool begins(const struct command *c, const char *word, size_t len)
{
	return !strncasecmp(c->name, word, len) ||
	       !strncmp(c->name_zh, word, len);
}

static bool equals(const struct command *c, const char *word, size_t len)
{
	return begins(c, word, len) &&
	       (strlen(c->name) == len || strlen(c->name_zh) == len);
}

enum command_id keymap_word(const char *word, size_t len, unsigned roles)
{
	enum command_id found = CMD_NONE;

	if (!len)
		return CMD_NONE;
	for (int i = 0; i < CMD_N; i++) {
		if (!(commands[i].may & roles))
			continue;
		if (equals(&commands[i], word, len))
			return commands[i].id;
	}
	for (int i = 0; i < CMD_N; i++) {
		if (!(commands[i].may & roles) ||
		    !begins(&commands[i], word, len))
			continue;
		if (found != CMD_NONE)
			return CMD_NONE;
		found = commands[i].id;
	}
	return found;
}

enum command_id keymap_complete(const char *word, size_t len, unsigned roles,
				int k)
{
	for (int i = 0; i < CMD_N; i++)
		if ((commands[i].may & roles) &&
		    begins(&commands[i], word, len) && k-- == 0)
			return commands[i].id;
	return CMD_NONE;
}
