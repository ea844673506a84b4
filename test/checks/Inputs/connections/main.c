#define _GNU_SOURCE
#include "conn.h"
#include <stdio.h>

static int closed;
static pthread_mutex_t closed_lock = PTHREAD_MUTEX_INITIALIZER;

static void closed_cb(struct conn *c, void *ctx)
{
	(void)c;
	(void)ctx;
	pthread_mutex_lock(&closed_lock);
	closed++;
	pthread_mutex_unlock(&closed_lock);
}

static void *client(void *arg)
{
	struct pool *p = arg;

	for (int i = 0; i < 10; i++) {
		struct conn *c = pool_get(p, i);
		if (!c)
			break;
		c->on_close = closed_cb;
		conn_ref(c);
		conn_account(c, 1, 2);
		if (conn_refs(c) > 1)
			conn_unref(c);
		if (i % 2)
			conn_close(c);
		else
			conn_close_ok(c);
		if (pool_count(p) > 100)
			break;
	}
	return NULL;
}

int main(void)
{
	struct pool p;
	pthread_t t[4];

	if (pool_init(&p) != 0)
		return 1;
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, client, &p))
			return 1;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	pool_fini(&p);
	printf("%d closed, %d left\n", closed, p.count); // clean: unguarded-access
	return 0;
}
