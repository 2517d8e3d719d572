/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a citizen hears while nobody talks: notice, music, closed and busy
 * prompts, comfort while the agent's line is broken. Everything can be cut by
 * a join but the recording notice, which the law wants whole. A play's end
 * moves the call on; a prompt that cannot be played never holds a citizen
 * up: the flow goes on as if it had ended.
 */
#include "server/voice/call.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "server/desk/acd.h"
#include "server/desk/site.h"

struct started {
	struct voice *v;
	char contact[CALL_ID];
	char play[EXCHANGE_ID];
};

static json_t *source_of(const struct voice *v, const struct call *c,
			 enum call_play play)
{
	const struct site_queue *q = site_queue_find(v->prm.site, c->queue);
	char file[SITE_TEXT] = "";

	switch (play) {
	case PLAY_NOTICE:
		site_queue_prompt(v->prm.site, q, "notice", file);
		break;
	case PLAY_MUSIC:
		site_queue_prompt(v->prm.site, q, "music", file);
		break;
	case PLAY_CLOSED:
		site_queue_prompt(v->prm.site, q, "closed", file);
		break;
	case PLAY_BUSY:
		site_prompt_file(v->prm.site, "busy", file);
		break;
	case PLAY_COMFORT:
		site_prompt_file(v->prm.site, "comfort", file);
		break;
	case PLAY_RING:
	case PLAY_NONE:
		return json_pack("[{s:s}]", "tone", "ring");
	}
	return json_pack("[{s:s}]", "file", file);
}

/* The play is over: what follows it. */
static void next_step(struct voice *v, struct call *c)
{
	enum call_play was = c->playing;

	c->play[0] = '\0';
	c->playing = PLAY_NONE;
	if (was == PLAY_NOTICE && c->state == CALL_WAITING) {
		call_fact(v, c, "contact.greeted", "switch", -1, NULL);
		ivr_play(v, c, PLAY_MUSIC);
	} else if (was == PLAY_CLOSED && c->state == CALL_CLOSED) {
		call_end(v, c, "closed", "office", "");
	} else if (was == PLAY_BUSY && c->state == CALL_LEAVING) {
		call_end(v, c, "max_wait", "office", "");
	}
}

static void on_started(int err, json_t *result, void *arg)
{
	struct started *s = arg;
	struct call *c = err ? call_find(s->v, s->contact) : NULL;

	(void)result;
	if (c && err != ENOTCONN && !strcmp(c->play, s->play)) {
		log_error("ivr: a prompt cannot be played: %s", strerror(err));
		if (c->playing == PLAY_COMFORT)
			ivr_play(s->v, c, PLAY_MUSIC);
		else if (c->playing != PLAY_MUSIC)
			next_step(s->v, c);
	}
	mem_deref(s);
}

void ivr_play(struct voice *v, struct call *c, enum call_play play)
{
	const char *leg = play == PLAY_RING ? c->agent_leg : c->leg;
	bool loop = play == PLAY_MUSIC || play == PLAY_COMFORT ||
		    play == PLAY_RING;
	struct started *s = mem_zalloc(sizeof(*s), NULL);

	if (!s)
		return;
	exchange_mint(v->ex, c->play);
	c->playing = play;
	s->v = v;
	snprintf(s->contact, sizeof(s->contact), "%s", c->id);
	snprintf(s->play, sizeof(s->play), "%s", c->play);
	if (exchange_command(v->ex, "play.start",
			     json_pack("{s:s,s:s,s:o,s:b,s:b}", "play",
				       c->play, "leg", leg, "sources",
				       source_of(v, c, play), "loop", loop,
				       "must_end", play == PLAY_NOTICE),
			     on_started, s))
		mem_deref(s);
}

void ivr_stop(struct voice *v, struct call *c)
{
	if (!c->play[0] || c->playing == PLAY_NOTICE)
		return;
	(void)exchange_command(v->ex, "play.stop",
			       json_pack("{s:s}", "play", c->play), NULL,
			       NULL);
	c->play[0] = '\0';
	c->playing = PLAY_NONE;
}

struct playing {
	const char *play;
	struct call *found;
};

static bool match(struct le *le, void *arg)
{
	struct playing *p = arg;
	struct call *c = le->data;

	if (strcmp(c->play, p->play) != 0)
		return false;
	p->found = c;
	return true;
}

/* A prompt that a life of ours before began ended while we were away; the
 * call's state tells which one that was. Music has no end. */
static struct call *adopt(const struct voice *v, struct call *c)
{
	const struct acd_item *item = acd_find(v->prm.acd, c->id);

	if (c->state == CALL_WAITING && item && item->state == ACD_NOTICE)
		c->playing = PLAY_NOTICE;
	else if (c->state == CALL_CLOSED)
		c->playing = PLAY_CLOSED;
	else if (c->state == CALL_LEAVING)
		c->playing = PLAY_BUSY;
	else
		return NULL;
	return c;
}

void ivr_ended(struct voice *v, const struct exchange_event *ev)
{
	struct playing p = {.play = json_str(ev->body, "play")};
	const char *reason = json_str(ev->body, "reason");
	const struct call_leg *leg =
		call_leg_find(v, json_str(ev->body, "leg"));
	struct call *c = leg ? call_find(v, leg->contact) : NULL;

	if (!*p.play)
		return;
	if (c)
		(void)match(&c->le, &p);
	else
		(void)hash_apply(v->calls, match, &p);
	if (!p.found && c && !c->play[0] && !strcmp(reason, "done"))
		p.found = adopt(v, c);
	if (!p.found)
		return;
	if (!strcmp(reason, "done") || !strcmp(reason, "error") ||
	    !strcmp(reason, "dtmf"))
		next_step(v, p.found);
}
