/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue from one thread to one other without locks: items are
 * copied in and out, a full queue says so. The writer owns the head, the
 * reader the tail.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
	uint8_t *items;
	size_t item_bytes;
	size_t n; /* a power of two */
	atomic_size_t head;
	uint8_t apart[64]; /* the ends do not share a cache line */
	atomic_size_t tail;
};

/* ENOMEM. n: a power of two. */
int queue_init(struct queue *q, size_t item_bytes, size_t n);
void queue_release(struct queue *q);

/* The writing thread alone. False: full, nothing was queued. */
bool queue_push(struct queue *q, const void *item);
/* Room for so many more, as the writing thread may count on it. */
size_t queue_room(struct queue *q);
/* The reading thread alone. False: empty. */
bool queue_pop(struct queue *q, void *item);
