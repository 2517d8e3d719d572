/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of one working thread on their way to the main loop: a bounded
 * queue and libre's mqueue as its bell, rung once until the loop has come.
 */
#pragma once

#include "server/switch/media.h"
#include "server/switch/queue.h"

struct outbox {
	struct queue queue;
	struct mqueue *bell; /* not owned */
	atomic_bool rung;
	atomic_ullong dropped;
};

int outbox_init(struct outbox *ob, struct mqueue *bell);
void outbox_release(struct outbox *ob);

/* The working thread alone. Ends of plays and recordings find room always
 * (there are no more of them than were commanded); what a peer can cause in
 * any number (keys, silence) is dropped and counted when the loop lags. */
void outbox_put(struct outbox *ob, const struct media_event *ev);

/* On the main loop, when the bell rang: hands each event on. */
void outbox_drain(struct outbox *ob, media_event_h *eventh, void *arg);
