#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

/* Hash table with one lock per stripe, a resize gate and an LRU list with a lock of its own. */

#define STRIPES 8
#define CHECK(x) do { if ((x) != thrd_success) abort(); } while (0)
#define STRIPE(t, h) (&(t)->stripe[(h) % STRIPES])

struct item {
	uint32_t key;
	uint32_t value;
	struct item *next;
	struct item *lru;
};

struct stripe {
	mtx_t lock;
	struct item *head;
	unsigned used;
};

struct table {
	struct stripe stripe[STRIPES];
	mtx_t lru_lock;
	struct item *lru_head;
	unsigned lru_len;
	mtx_t log_lock; /* recursive */
	unsigned log_lines;
	atomic_ulong hits;
	mtx_t gate;
	unsigned resizes;
};

static void stripe_enter(struct stripe *s) { CHECK(mtx_lock(&s->lock)); } // clean: unreleased-lock; side: lock-order #lru; side: self-deadlock #bump; side: lock-order #steal; side: lock-order #gate
static void stripe_leave(struct stripe *s) { CHECK(mtx_unlock(&s->lock)); } // clean: unreleased-lock

static void table_log(struct table *t, int depth)
{
	CHECK(mtx_lock(&t->log_lock)); // clean: self-deadlock
	t->log_lines++;
	if (depth > 0)
		table_log(t, depth - 1); // clean: self-deadlock
	CHECK(mtx_unlock(&t->log_lock));
}

static struct item *lookup(struct stripe *s, uint32_t key)
{
	struct item *i = s->head; // clean: unguarded-access

	while (i && i->key != key)
		i = i->next;
	return i;
}

static bool table_get(struct table *t, uint32_t key, uint32_t *value)
{
	struct stripe *s = STRIPE(t, key);
	struct item *i;

	stripe_enter(s);
	i = lookup(s, key);
	if (i)
		*value = i->value;
	stripe_leave(s);
	if (i)
		atomic_fetch_add_explicit(&t->hits, 1, memory_order_relaxed); // clean: data-race
	return i != NULL;
}

/* Stripe, then LRU. */
static int table_put(struct table *t, uint32_t key, uint32_t value)
{
	struct stripe *s = STRIPE(t, key);
	struct item *i;

	stripe_enter(s); // side: lock-order #lru
	i = lookup(s, key);
	if (!i) {
		i = malloc(sizeof *i);
		if (!i)
			goto full;
		i->key = key; // clean: unguarded-access, data-race
		i->next = s->head;
		s->head = i;
		s->used++;
		CHECK(mtx_lock(&t->lru_lock)); // expect: lock-order #lru
		i->lru = t->lru_head;
		t->lru_head = i;
		t->lru_len++;
		CHECK(mtx_unlock(&t->lru_lock));
	}
	i->value = value;
	stripe_leave(s);
	return 0;
full:
	stripe_leave(s); // clean: unreleased-lock
	return -1;
}

/* LRU, then stripe. */
static void table_age(struct table *t)
{
	CHECK(mtx_lock(&t->lru_lock)); // side: lock-order #lru
	if (t->lru_head) {
		struct stripe *s = STRIPE(t, t->lru_head->key);

		stripe_enter(s); // expect: lock-order #lru
		t->lru_head->value = 0;
		stripe_leave(s);
	}
	CHECK(mtx_unlock(&t->lru_lock));
}

static void table_age_try(struct table *t)
{
	CHECK(mtx_lock(&t->lru_lock));
	if (t->lru_head) {
		struct stripe *s = STRIPE(t, t->lru_head->key);

		if (mtx_trylock(&s->lock) == thrd_success) { // clean: lock-order
			t->lru_head->value /= 2; // clean: unguarded-access
			stripe_leave(s);
		}
	}
	CHECK(mtx_unlock(&t->lru_lock));
}

static unsigned table_len(struct table *t)
{
	return t->lru_len; // expect: unguarded-access | data-race
}

static unsigned table_used(struct table *t)
{
	unsigned n = 0;

	for (int i = 0; i < STRIPES; i++) {
		stripe_enter(&t->stripe[i]); // clean: self-deadlock; maybe: lock-order
		n += t->stripe[i].used;
		stripe_leave(&t->stripe[i]);
	}
	return n;
}

static unsigned table_used_fast(struct table *t)
{
	unsigned n = 0;

	for (int i = 0; i < STRIPES; i++)
		n += t->stripe[i].used; // expect: unguarded-access | data-race
	return n;
}

static void table_resize(struct table *t)
{
	CHECK(mtx_lock(&t->gate)); // side: lock-order #gate
	for (int i = 0; i < STRIPES; i++)
		stripe_enter(&t->stripe[i]); // expect: lock-order #gate; clean: self-deadlock
	t->resizes++;
	for (int i = STRIPES; i-- > 0;)
		stripe_leave(&t->stripe[i]); // clean: unreleased-lock
	CHECK(mtx_unlock(&t->gate));
}

/* Stripe, then gate. */
static bool table_tight(struct table *t, uint32_t key)
{
	struct stripe *s = STRIPE(t, key);
	bool tight = false;

	stripe_enter(s); // side: lock-order #gate
	if (s->used > 100) {
		CHECK(mtx_lock(&t->gate)); // expect: lock-order #gate
		tight = t->resizes == 0;
		CHECK(mtx_unlock(&t->gate));
	}
	stripe_leave(s);
	return tight;
}

/* Moves the first item of one stripe to another; the caller picks which. */
static void table_steal(struct stripe *from, struct stripe *to)
{
	struct item *i;

	if (from == to)
		return;
	stripe_enter(from); // side: lock-order #steal
	stripe_enter(to); // expect: lock-order #steal
	if ((i = from->head) != NULL) {
		from->head = i->next;
		i->next = to->head;
		to->head = i;
	}
	stripe_leave(to);
	stripe_leave(from);
}

static void table_bump(struct table *t, uint32_t key)
{
	struct stripe *s = STRIPE(t, key);
	uint32_t v = 0;

	stripe_enter(s); // side: self-deadlock #bump
	if (s->used && table_get(t, key, &v)) // expect: self-deadlock #bump
		lookup(s, key)->value = v + 1;
	stripe_leave(s);
}

static int worker(void *arg)
{
	struct table *t = arg;
	uint32_t v;

	for (uint32_t k = 0; k < 1000; k++) {
		if (!table_get(t, k, &v))
			table_put(t, k, k); // maybe: check-then-act
		if (k % 100 == 0 && !table_tight(t, k))
			table_log(t, 2);
	}
	table_steal(&t->stripe[0], &t->stripe[3]);
	return 0;
}

static int keeper(void *arg)
{
	struct table *t = arg;

	for (int i = 0; i < 100; i++) {
		table_age(t);
		table_age_try(t);
		if (table_len(t) > table_used(t) + table_used_fast(t))
			table_resize(t);
	}
	table_bump(t, 9);
	table_steal(&t->stripe[3], &t->stripe[0]);
	return 0;
}

int main(void)
{
	static struct table t;
	thrd_t th[4];

	for (int i = 0; i < STRIPES; i++)
		CHECK(mtx_init(&t.stripe[i].lock, mtx_plain));
	CHECK(mtx_init(&t.lru_lock, mtx_plain));
	CHECK(mtx_init(&t.gate, mtx_plain));
	CHECK(mtx_init(&t.log_lock, mtx_plain | mtx_recursive));
	for (uint32_t k = 0; k < 16; k++)
		table_put(&t, k, k);
	t.stripe[0].used += 0; // clean: unguarded-access
	for (int i = 0; i < 4; i++)
		CHECK(thrd_create(&th[i], i ? worker : keeper, &t));
	for (int i = 0; i < 4; i++)
		CHECK(thrd_join(th[i], NULL));
	printf("%u items, %u resizes, %lu hits\n", t.lru_len, t.resizes, (unsigned long)t.hits); // clean: unguarded-access, data-race
	return 0;
}
