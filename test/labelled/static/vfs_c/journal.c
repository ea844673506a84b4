#define _POSIX_C_SOURCE 200809L
#include "inode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int journal_reserve(struct journal *j, unsigned n)
{
	int err = 0;

	pthread_mutex_lock(&j->mtx);
	while (j->head - j->tail + n > j->cap && !j->aborted)
		pthread_cond_wait(&j->room, &j->mtx); // clean: condvar-wait, blocking-under-lock, self-deadlock
	if (j->aborted) {
		err = -EIO;
		goto out;
	}
	j->head += n;
out:
	pthread_mutex_unlock(&j->mtx); // clean: unreleased-lock
	return err;
}

int journal_reserve_timed(struct journal *j, unsigned n, unsigned secs)
{
	struct timespec ts;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += secs;
	pthread_mutex_lock(&j->mtx); // side: unreleased-lock #timed
	while (j->head - j->tail + n > j->cap) {
		err = pthread_cond_timedwait(&j->room, &j->mtx, &ts); // clean: condvar-wait, blocking-under-lock
		if (err == ETIMEDOUT)
			return -err; // expect: unreleased-lock #timed
	}
	j->head += n;
	pthread_mutex_unlock(&j->mtx);
	return 0;
}

int journal_reserve_one(struct journal *j)
{
	pthread_mutex_lock(&j->mtx);
	if (j->head - j->tail == j->cap)
		pthread_cond_wait(&j->room, &j->mtx); // expect: condvar-wait
	j->head++;
	pthread_mutex_unlock(&j->mtx);
	return 0;
}

int journal_commit(struct journal *j, const void *buf, size_t n)
{
	ssize_t w;

	pthread_mutex_lock(&j->mtx); // side: unreleased-lock #commit
	w = write(j->fd, buf, n); // expect: blocking-under-lock
	if (w < 0)
		return -errno; // expect: unreleased-lock #commit
	if (fsync(j->fd)) // expect: blocking-under-lock
		goto bad;
	j->tail++;
	pthread_cond_broadcast(&j->room); // clean: condvar-notify
	pthread_mutex_unlock(&j->mtx);
	return 0; // clean: unreleased-lock
bad:
	pthread_mutex_unlock(&j->mtx);
	return -EIO; // clean: unreleased-lock
}

int journal_commit_async(struct journal *j, const void *buf, size_t n)
{
	int fd;

	pthread_mutex_lock(&j->mtx);
	fd = j->fd;
	pthread_mutex_unlock(&j->mtx);
	if (write(fd, buf, n) < 0) // clean: blocking-under-lock
		return -errno; // clean: unreleased-lock
	pthread_mutex_lock(&j->mtx);
	j->tail++;
	pthread_mutex_unlock(&j->mtx); // clean: unreleased-lock
	pthread_cond_broadcast(&j->room); // clean: condvar-notify
	return 0;
}

void journal_abort(struct journal *j)
{
	j->aborted = true; // expect: condvar-notify | unguarded-access | data-race #abort
	pthread_cond_broadcast(&j->room); // side: condvar-notify #abort
}

unsigned journal_used(struct journal *j)
{
	return j->head - j->tail; // expect: unguarded-access | data-race
}

void journal_rewind(struct journal *j)
{
	pthread_mutex_lock(&j->mtx);
	if (j->aborted) {
		pthread_mutex_unlock(&j->mtx);
	} else {
		j->head = j->tail = 0; // clean: unguarded-access
	}
	pthread_mutex_unlock(&j->mtx); // expect: unreleased-lock
}

/* Inode data: rw, then pages_mtx. */
int inode_truncate(struct inode *in, unsigned long size)
{
	pthread_rwlock_wrlock(&in->rw); // side: lock-order #pages
	in->size = size;
	pthread_mutex_lock(&in->pages_mtx); // expect: lock-order #pages
	in->npages = (unsigned)(size / 4096);
	pthread_mutex_unlock(&in->pages_mtx);
	pthread_rwlock_unlock(&in->rw); // clean: unreleased-lock
	return 0;
}

int inode_writeback(struct inode *in, struct journal *j)
{
	int err;

	pthread_mutex_lock(&in->pages_mtx); // side: lock-order #pages
	if (!in->dirty) {
		pthread_mutex_unlock(&in->pages_mtx);
		return 0; // clean: unreleased-lock
	}
	pthread_rwlock_rdlock(&in->rw); // expect: lock-order #pages
	err = in->size > 0;
	pthread_rwlock_unlock(&in->rw);
	in->dirty = 0;
	pthread_mutex_unlock(&in->pages_mtx); // clean: unreleased-lock
	return err ? journal_reserve(j, 1) : 0; // clean: blocking-under-lock, lock-order
}

unsigned long inode_size(struct inode *in)
{
	unsigned long n;

	pthread_rwlock_rdlock(&in->rw);
	n = in->size; // clean: unguarded-access, data-race, wrong-lock
	pthread_rwlock_unlock(&in->rw); // clean: unreleased-lock
	return n;
}

int inode_extend(struct inode *in, unsigned long by)
{
	pthread_rwlock_rdlock(&in->rw);
	in->size += by; // expect: wrong-lock | data-race | unguarded-access
	pthread_rwlock_unlock(&in->rw);
	return 0;
}

int inode_set_link(struct inode *in, const char *to)
{
	char *copy;

	pthread_rwlock_wrlock(&in->rw); // side: unreleased-lock #setlink
	copy = strdup(to);
	if (!copy)
		goto nomem;
	free(in->link);
	in->link = copy;
	pthread_rwlock_unlock(&in->rw);
	return 0; // clean: unreleased-lock
nomem:
	return -ENOMEM; // expect: unreleased-lock #setlink
}

int inode_upgrade(struct inode *in)
{
	pthread_rwlock_rdlock(&in->rw); // side: self-deadlock #upgrade
	if (in->size == 0) {
		pthread_rwlock_wrlock(&in->rw); // expect: self-deadlock #upgrade
		in->size = 4096;
		pthread_rwlock_unlock(&in->rw);
	}
	pthread_rwlock_unlock(&in->rw);
	return 0;
}

int inode_upgrade_right(struct inode *in)
{
	pthread_rwlock_rdlock(&in->rw);
	if (in->size != 0) {
		pthread_rwlock_unlock(&in->rw); // clean: unreleased-lock
		return 0;
	}
	pthread_rwlock_unlock(&in->rw);
	pthread_rwlock_wrlock(&in->rw); // clean: self-deadlock
	if (in->size == 0) // clean: check-then-act
		in->size = 4096; // clean: check-then-act, wrong-lock
	pthread_rwlock_unlock(&in->rw);
	return 0;
}

int inode_swap(struct inode *a, struct inode *b)
{
	struct inode *lo = a < b ? a : b, *hi = a < b ? b : a;
	unsigned long t;

	if (a == b)
		return 0;
	pthread_rwlock_wrlock(&lo->rw); // clean: lock-order, self-deadlock
	pthread_rwlock_wrlock(&hi->rw); // clean: lock-order, self-deadlock
	t = lo->size;
	lo->size = hi->size;
	hi->size = t;
	pthread_rwlock_unlock(&hi->rw);
	pthread_rwlock_unlock(&lo->rw); // clean: unreleased-lock
	return 0;
}

struct fs {
	struct icache cache;
	struct journal log;
};

static void *flusher(void *arg)
{
	struct fs *f = arg;

	for (unsigned long i = 1; i < 100; i++) {
		struct inode *in = icache_get(&f->cache, i);

		if (!in)
			continue;
		inode_writeback(in, &f->log);
		icache_put(&f->cache, in);
	}
	return NULL;
}

static void *truncater(void *arg)
{
	struct fs *f = arg;

	for (unsigned long i = 1; i < 100; i++) {
		struct inode *in = icache_get(&f->cache, i);

		if (!in)
			continue;
		inode_truncate(in, i * 4096);
		inode_set_link(in, "a");
		icache_put(&f->cache, in);
	}
	return NULL;
}

int main(void)
{
	static struct fs f;
	pthread_t a, b;

	pthread_mutex_init(&f.cache.mtx, NULL);
	pthread_mutex_init(&f.log.mtx, NULL);
	pthread_cond_init(&f.log.room, NULL);
	f.cache.limit = 1000; // clean: unguarded-access, data-race
	f.log.cap = 128; // clean: unguarded-access, data-race
	f.log.fd = f.cache.log_fd = 2; // clean: unguarded-access, data-race
	if (pthread_create(&a, NULL, flusher, &f))
		return 1;
	if (pthread_create(&b, NULL, truncater, &f)) {
		pthread_join(a, NULL);
		return 1;
	}
	pthread_join(a, NULL); // clean: blocking-under-lock, thread-lifetime
	pthread_join(b, NULL); // clean: thread-lifetime
	return f.cache.count == 0; // clean: unguarded-access, data-race
}
