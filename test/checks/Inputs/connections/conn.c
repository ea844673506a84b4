#define _GNU_SOURCE
#include "conn.h"
#include <stdlib.h>
#include <unistd.h>

void conn_ref(struct conn *c)
{
	pthread_mutex_lock(&c->mtx);
	c->refs++;
	pthread_mutex_unlock(&c->mtx);
}

static bool conn_drop(struct conn *c)
{
	bool last;

	pthread_mutex_lock(&c->mtx);
	last = --c->refs == 0;
	pthread_mutex_unlock(&c->mtx);
	return last;
}

void conn_unref(struct conn *c)
{
	if (conn_drop(c)) {
		pool_put(c->pool, c);
		close(c->fd);
		free(c);
	}
}

void conn_account(struct conn *c, size_t in, size_t out)
{
	pthread_mutex_lock(&c->mtx);
	c->in += in;
	c->out += out;
	if (c->closing) {
		pthread_mutex_unlock(&c->mtx);
		return;
	}
	pthread_mutex_unlock(&c->mtx);
}

/* conn, then pool */
void conn_close(struct conn *c)
{
	pthread_mutex_lock(&c->mtx); // side: lock-order
	c->closing = true;
	if (c->on_close)
		c->on_close(c, c->ctx);
	pool_put(c->pool, c); // expect: lock-order
	pthread_mutex_unlock(&c->mtx);
}

void conn_close_ok(struct conn *c)
{
	pthread_mutex_lock(&c->mtx);
	c->closing = true;
	pthread_mutex_unlock(&c->mtx);
	if (c->on_close)
		c->on_close(c, c->ctx);
	pool_put(c->pool, c); // clean: lock-order
}

int conn_refs(struct conn *c)
{
	return c->refs; // expect: unguarded-access
}
