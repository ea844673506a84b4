#define _POSIX_C_SOURCE 200809L
#include "radio.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#define RING_SIZE(q) (sizeof (q)->slot / sizeof (q)->slot[0])
#define ring_lock(q) pthread_spin_lock(&(q)->slock)
#define ring_unlock(q) pthread_spin_unlock(&(q)->slock)

void ring_init(struct ring *q)
{
	pthread_spin_init(&q->slock, PTHREAD_PROCESS_PRIVATE);
	q->head = q->tail = q->drops = 0; // clean: unguarded-access, data-race
}

int ring_push(struct ring *q, const void *p)
{
	int rc = -ENOBUFS;

	ring_lock(q);
	if (q->head - q->tail == RING_SIZE(q)) {
		q->drops++;
		goto full;
	}
	q->slot[q->head++ % RING_SIZE(q)] = p;
	rc = 0;
full:
	ring_unlock(q); // clean: unreleased-lock
	return rc;
}

const void *ring_pop(struct ring *q)
{
	const void *p = NULL;

	if (q->head == q->tail) // expect: unguarded-access | data-race | double-checked-locking
		return NULL;
	ring_lock(q);
	if (q->head != q->tail)
		p = q->slot[q->tail++ % RING_SIZE(q)];
	ring_unlock(q);
	return p;
}

unsigned ring_len(struct ring *q)
{
	unsigned n;

	ring_lock(q);
	n = q->head - q->tail; // clean: unguarded-access
	ring_unlock(q);
	return n;
}

/* Moves one frame; retries when the other ring is busy. */
void ring_move(struct ring *from, struct ring *to)
{
	const struct timespec nap = { .tv_nsec = 1000 };

	if (from == to)
		return;
	for (;;) {
		ring_lock(from);
		if (pthread_spin_trylock(&to->slock) == 0) // clean: lock-order
			break;
		ring_unlock(from);
		nanosleep(&nap, NULL); // clean: blocking-under-lock
	}
	if (from->head != from->tail && to->head - to->tail < RING_SIZE(to))
		to->slot[to->head++ % RING_SIZE(to)] = from->slot[from->tail++ % RING_SIZE(from)]; // clean: unguarded-access
	ring_unlock(to);
	ring_unlock(from);
}
