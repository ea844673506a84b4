#define _GNU_SOURCE
#include "inode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct inode *lookup(struct icache *c, unsigned long ino)
{
	struct inode *in = c->bucket[ino % NBUCKET]; // clean: unguarded-access, data-race

	while (in && in->ino != ino)
		in = in->hash_next;
	return in;
}

static struct inode *inode_new(unsigned long ino)
{
	struct inode *in = calloc(1, sizeof *in);

	if (!in)
		return NULL;
	if (pthread_rwlock_init(&in->rw, NULL))
		goto fail;
	if (pthread_mutex_init(&in->pages_mtx, NULL))
		goto fail_rw;
	in->ino = ino;
	in->refs = 1; // clean: unguarded-access, data-race
	in->npages = 0; // clean: unguarded-access, data-race
	return in;
fail_rw:
	pthread_rwlock_destroy(&in->rw); // clean: unreleased-lock
fail:
	free(in);
	return NULL;
}

struct inode *icache_get(struct icache *c, unsigned long ino)
{
	struct inode *in;

	pthread_mutex_lock(&c->mtx); // side: unreleased-lock #get
	in = lookup(c, ino);
	if (in) {
		in->refs++;
		c->hits++;
		pthread_mutex_unlock(&c->mtx);
		return in; // clean: unreleased-lock
	}
	c->misses++;
	if (c->count >= c->limit)
		return NULL; // expect: unreleased-lock #get
	in = inode_new(ino);
	if (!in)
		goto out;
	in->hash_next = c->bucket[ino % NBUCKET];
	c->bucket[ino % NBUCKET] = in;
	c->count++;
out:
	pthread_mutex_unlock(&c->mtx); // clean: unreleased-lock
	return in; // clean: unreleased-lock
}

/* Returns with c->mtx held when an inode is returned; the caller unlocks. */
struct inode *icache_get_locked(struct icache *c, unsigned long ino)
{
	struct inode *in;

	pthread_mutex_lock(&c->mtx); // clean: unreleased-lock
	in = lookup(c, ino);
	if (!in) {
		pthread_mutex_unlock(&c->mtx);
		return NULL; // clean: unreleased-lock
	}
	return in; // clean: unreleased-lock
}

void icache_put(struct icache *c, struct inode *in)
{
	pthread_mutex_lock(&c->mtx); // side: self-deadlock #shrink
	if (--in->refs == 0) {
		in->lru_next = c->lru;
		c->lru = in;
	}
	pthread_mutex_unlock(&c->mtx);
}

static void forget_locked(struct icache *c, struct inode *in)
{
	struct inode **pp = &c->bucket[in->ino % NBUCKET]; // clean: unguarded-access

	while (*pp && *pp != in)
		pp = &(*pp)->hash_next;
	if (*pp)
		*pp = in->hash_next;
	c->count--; // clean: unguarded-access, data-race
}

int icache_shrink(struct icache *c, unsigned want)
{
	unsigned n = 0;

	pthread_mutex_lock(&c->mtx); // side: self-deadlock #shrink
	while (n < want && c->lru) {
		struct inode *in = c->lru;

		c->lru = in->lru_next;
		if (in->dirty) { // maybe: unguarded-access, data-race, wrong-lock
			in->refs++;
			icache_put(c, in); // expect: self-deadlock #shrink
			break;
		}
		forget_locked(c, in); // clean: self-deadlock
		free(in);
		n++;
	}
	pthread_mutex_unlock(&c->mtx); // clean: unreleased-lock
	return (int)n;
}

unsigned icache_count(struct icache *c)
{
	return c->count; // expect: unguarded-access | data-race
}

void icache_hit_rate(struct icache *c, unsigned *h, unsigned *m)
{
	pthread_mutex_lock(&c->mtx);
	*h = c->hits; // clean: unguarded-access, data-race
	*m = c->misses; // clean: unguarded-access, data-race
	pthread_mutex_unlock(&c->mtx);
}

void icache_reset_stats(struct icache *c)
{
	c->hits = 0; // expect: unguarded-access | data-race
	pthread_mutex_lock(&c->mtx);
	c->misses = 0; // clean: unguarded-access
	pthread_mutex_unlock(&c->mtx);
}

int icache_set_limit(struct icache *c, unsigned limit)
{
	if (pthread_mutex_lock(&c->mtx)) // clean: unreleased-lock
		return -EDEADLK; // clean: unreleased-lock
	if (limit < c->count) {
		pthread_mutex_unlock(&c->mtx);
		return -EBUSY; // clean: unreleased-lock
	}
	c->limit = limit;
	return pthread_mutex_unlock(&c->mtx); // clean: unreleased-lock
}

int icache_touch(struct icache *c, unsigned long ino)
{
	struct inode *in = icache_get_locked(c, ino); // clean: unreleased-lock

	if (!in)
		return -ENOENT; // clean: unreleased-lock
	in->refs++;
	pthread_mutex_unlock(&c->mtx); // clean: unreleased-lock
	icache_put(c, in); // clean: self-deadlock
	return 0;
}

int icache_pin(struct icache *c, unsigned long ino)
{
	struct inode *in = icache_get_locked(c, ino); // side: unreleased-lock #pin

	if (!in)
		return -ENOENT;
	if (in->refs > 1000)
		return -EMFILE; // expect: unreleased-lock #pin
	in->refs++;
	pthread_mutex_unlock(&c->mtx);
	return 0;
}

int icache_try_trim(struct icache *c)
{
	int r = pthread_mutex_trylock(&c->mtx); // clean: unreleased-lock

	if (r)
		return -r; // clean: unreleased-lock
	if (c->lru)
		c->lru = c->lru->lru_next; // clean: unguarded-access
	pthread_mutex_unlock(&c->mtx); // clean: unreleased-lock
	return 0;
}

int icache_try_stat(struct icache *c, unsigned *n)
{
	if (pthread_mutex_trylock(&c->mtx) == 0) { // side: unreleased-lock #trystat
		*n = c->count;
		if (*n == 0)
			return 1; // expect: unreleased-lock #trystat
		pthread_mutex_unlock(&c->mtx);
	}
	return 0;
}

int icache_log(struct icache *c, const char *s)
{
	unsigned n;

	pthread_mutex_lock(&c->mtx);
	n = c->count;
	pthread_mutex_unlock(&c->mtx);
	if (n > 100)
		fsync(c->log_fd); // clean: blocking-under-lock
	pthread_mutex_lock(&c->mtx);
	n = c->hits;
	fsync(c->log_fd); // expect: blocking-under-lock
	pthread_mutex_unlock(&c->mtx);
	return (int)(n + strlen(s));
}
