/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One writer, one reader: each end publishes its place with release order
 * and reads the other's with acquire order; what lies between is settled.
 */
#include "server/switch/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int queue_init(struct queue *q, size_t item_bytes, size_t n)
{
	q->items = calloc(n, item_bytes);
	if (!q->items)
		return ENOMEM;
	q->item_bytes = item_bytes;
	q->n = n;
	atomic_init(&q->head, 0);
	atomic_init(&q->tail, 0);
	return 0;
}

void queue_release(struct queue *q)
{
	free(q->items);
	q->items = NULL;
}

size_t queue_room(struct queue *q)
{
	size_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&q->tail, memory_order_acquire);

	return q->n - (head - tail);
}

bool queue_push(struct queue *q, const void *item)
{
	size_t head = atomic_load_explicit(&q->head, memory_order_relaxed);

	if (!queue_room(q))
		return false;
	memcpy(q->items + (head & (q->n - 1)) * q->item_bytes, item,
	       q->item_bytes);
	atomic_store_explicit(&q->head, head + 1, memory_order_release);
	return true;
}

bool queue_pop(struct queue *q, void *item)
{
	size_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&q->head, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(item, q->items + (tail & (q->n - 1)) * q->item_bytes,
	       q->item_bytes);
	atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
	return true;
}
