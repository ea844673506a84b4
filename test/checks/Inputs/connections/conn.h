#ifndef CONN_H
#define CONN_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list { struct list *next, *prev; };

struct conn {
	struct list link;
	pthread_mutex_t mtx;
	int fd;
	int refs;
	bool closing;
	size_t in, out;
	struct pool *pool;
	void (*on_close)(struct conn *, void *);
	void *ctx;
};

struct pool {
	pthread_mutex_t mtx;
	pthread_cond_t wake;
	struct list conns;
	int count;
	bool stop;
	uint64_t total_in, total_out;
	pthread_t reaper;
};

int pool_init(struct pool *p);
void pool_fini(struct pool *p);
struct conn *pool_get(struct pool *p, int fd);
void pool_put(struct pool *p, struct conn *c);
int pool_count(struct pool *p);

void conn_ref(struct conn *c);
void conn_unref(struct conn *c);
void conn_account(struct conn *c, size_t in, size_t out);
void conn_close(struct conn *c);
void conn_close_ok(struct conn *c);
int conn_refs(struct conn *c);
#endif
