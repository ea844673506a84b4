#define _GNU_SOURCE
#include "conn.h"
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <time.h>

static void list_init(struct list *l) { l->next = l->prev = l; }
static void list_add(struct list *l, struct list *n)
{
	n->next = l->next;
	n->prev = l;
	l->next->prev = n;
	l->next = n;
}
static void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
}

static void *reaper_main(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->mtx);
	while (!p->stop) {
		struct timespec ts;
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec += 1;
		if (pthread_cond_timedwait(&p->wake, &p->mtx, &ts) == ETIMEDOUT)
			continue;
		for (struct list *l = p->conns.next, *n; l != &p->conns; l = n) {
			struct conn *c = (struct conn *)l;
			n = l->next;
			pthread_mutex_lock(&c->mtx); // side: lock-order
			if (c->closing && c->refs == 0) {
				list_del(l);
				p->count--;
				pthread_mutex_unlock(&c->mtx);
				free(c);
				continue;
			}
			pthread_mutex_unlock(&c->mtx);
		}
	}
	pthread_mutex_unlock(&p->mtx);
	return NULL;
}

int pool_init(struct pool *p)
{
	int rc;

	memset(p, 0, sizeof *p);
	list_init(&p->conns); // clean: unguarded-access
	p->count = 0; // clean: unguarded-access
	rc = pthread_mutex_init(&p->mtx, NULL);
	if (rc)
		return -rc;
	rc = pthread_cond_init(&p->wake, NULL);
	if (rc)
		goto err_mtx;
	rc = pthread_create(&p->reaper, NULL, reaper_main, p);
	if (rc)
		goto err_cond;
	return 0;
err_cond:
	pthread_cond_destroy(&p->wake);
err_mtx:
	pthread_mutex_destroy(&p->mtx);
	return -rc;
}

void pool_fini(struct pool *p)
{
	pthread_mutex_lock(&p->mtx);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->mtx);
	pthread_join(p->reaper, NULL);
}

struct conn *pool_get(struct pool *p, int fd)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	pthread_mutex_init(&c->mtx, NULL);
	c->fd = fd;
	c->refs = 1; // clean: unguarded-access
	c->pool = p;
	pthread_mutex_lock(&p->mtx);
	list_add(&p->conns, &c->link);
	p->count++;
	pthread_mutex_unlock(&p->mtx);
	return c;
}

void pool_put(struct pool *p, struct conn *c)
{
	pthread_mutex_lock(&p->mtx); // side: lock-order
	list_del(&c->link);
	p->count--;
	p->total_in += c->in; // expect: unguarded-access
	p->total_out += c->out; // expect: unguarded-access
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->mtx);
}

int pool_count(struct pool *p)
{
	return p->count; // expect: unguarded-access
}
