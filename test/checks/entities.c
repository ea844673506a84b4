// C11 threads: a lock per entity, pairs in order of their numbers and not, a recursive lock, call_once.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c11 > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

enum { N = 8 };

struct entity {
	mtx_t lock;
	int id;
	int hp;
	int x, y;
	struct entity *target;
};

struct world {
	mtx_t lock;
	struct entity ents[N];
	int turn;
	bool paused;
	unsigned events;
	int max_hp;
};

static struct world *the_world;
static once_flag once = ONCE_FLAG_INIT;
static thread_local int scratch;

static void init_world(void)
{
	struct world *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	mtx_init(&w->lock, mtx_plain | mtx_recursive);
	w->max_hp = 100; // clean: unguarded-access
	for (int i = 0; i < N; i++) {
		mtx_init(&w->ents[i].lock, mtx_plain);
		w->ents[i].id = i;
		w->ents[i].hp = w->max_hp; // clean: unguarded-access
	}
	the_world = w;
}

static struct world *world(void)
{
	call_once(&once, init_world);
	return the_world;
}

static void lock_pair(struct entity *a, struct entity *b)
{
	if (a->id < b->id) {
		mtx_lock(&a->lock);
		mtx_lock(&b->lock); // clean: lock-order
	} else {
		mtx_lock(&b->lock);
		mtx_lock(&a->lock); // clean: lock-order
	}
}

static void unlock_pair(struct entity *a, struct entity *b)
{
	mtx_unlock(&a->lock);
	mtx_unlock(&b->lock);
}

void hit(struct entity *a, struct entity *b)
{
	lock_pair(a, b);
	b->hp -= 3; // clean: unguarded-access
	a->target = b;
	unlock_pair(a, b);
}

void trade(struct entity *a, struct entity *b, int n)
{
	mtx_lock(&a->lock); // side: lock-order
	mtx_lock(&b->lock); // expect: lock-order
	a->hp -= n;
	b->hp += n;
	mtx_unlock(&b->lock);
	mtx_unlock(&a->lock);
}

int health(const struct entity *e)
{
	return e->hp; // expect: unguarded-access
}

void heal(struct entity *e, int n)
{
	mtx_lock(&e->lock);
	if (e->hp <= 0)
		goto out;
	e->hp += n;
	if (e->hp > world()->max_hp)
		e->hp = world()->max_hp;
out:
	mtx_unlock(&e->lock);
}

/* the world lock is recursive */
void step(struct world *w)
{
	mtx_lock(&w->lock);
	w->turn++;
	w->events++;
	mtx_unlock(&w->lock);
}

void steps(struct world *w, int n)
{
	mtx_lock(&w->lock);
	while (n-- > 0)
		step(w); // clean: self-deadlock
	mtx_unlock(&w->lock);
}

unsigned events(struct world *w)
{
	unsigned n;
	if (mtx_trylock(&w->lock) != thrd_success)
		return 0;
	n = w->events; // clean: unguarded-access
	mtx_unlock(&w->lock);
	return n;
}

void pause_world(struct world *w, bool on)
{
	w->paused = on; // expect: unguarded-access
}

bool paused(struct world *w)
{
	mtx_lock(&w->lock);
	bool p = w->paused;
	mtx_unlock(&w->lock);
	return p;
}

void revive(struct entity *e)
{
	mtx_lock(&e->lock); // side: self-deadlock
	e->hp = 1;
	heal(e, 10); // expect: self-deadlock
	mtx_unlock(&e->lock);
}

static int player(void *arg)
{
	struct world *w = world();
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 100; i++) {
		struct entity *a = &w->ents[me], *b = &w->ents[(me + i) % N];
		scratch++;
		if (paused(w))
			continue;
		if (a != b) {
			hit(a, b);
			trade(a, b, 1);
		}
		if (health(a) < 10)
			revive(a);
		heal(a, 1);
		steps(w, 2);
	}
	return scratch;
}

int main(void)
{
	thrd_t t[N];

	for (int i = 0; i < N; i++)
		if (thrd_create(&t[i], player, (void *)(intptr_t)i) != thrd_success)
			return 1;
	pause_world(world(), true);
	pause_world(world(), false);
	printf("%u\n", events(world()));
	for (int i = 0; i < N; i++)
		thrd_join(t[i], NULL);
	printf("%d\n", world()->turn); // clean: unguarded-access
	return 0;
}
