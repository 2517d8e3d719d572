/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the events of a thread in order and the main loop's bell quiet while
 * it has not yet answered the last ring.
 */
#include "server/switch/outbox.h"

#define OUTBOX_EVENTS  4096
#define OUTBOX_RESERVE 2048 /* for ends of plays and recordings */

int outbox_init(struct outbox *ob, struct mqueue *bell)
{
	ob->bell = bell;
	atomic_init(&ob->rung, false);
	atomic_init(&ob->dropped, 0);
	return queue_init(&ob->queue, sizeof(struct media_event),
			  OUTBOX_EVENTS);
}

void outbox_release(struct outbox *ob)
{
	queue_release(&ob->queue);
}

static bool of_a_peer(enum media_event_kind kind)
{
	return kind == MEDIA_DTMF || kind == MEDIA_SILENT ||
	       kind == MEDIA_BACK;
}

void outbox_put(struct outbox *ob, const struct media_event *ev)
{
	if ((of_a_peer(ev->kind) && queue_room(&ob->queue) < OUTBOX_RESERVE) ||
	    !queue_push(&ob->queue, ev)) {
		atomic_fetch_add(&ob->dropped, 1);
		return;
	}
	if (!atomic_exchange(&ob->rung, true))
		mqueue_push(ob->bell, 0, ob);
}

void outbox_drain(struct outbox *ob, media_event_h *eventh, void *arg)
{
	struct media_event ev;

	/* first silence the bell: what comes in meanwhile rings again */
	atomic_store(&ob->rung, false);
	while (queue_pop(&ob->queue, &ev))
		eventh(&ev, arg);
}
