// A program that starts its threads one after the other, and a service that joins its own thread before it clears up.
// RUN: %snarl check --format=json --fail-on=error %s -- -std=c11 -D_GNU_SOURCE > %t.json || test $? = 1
// RUN: %python %S/Inputs/expected.py %s < %t.json
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER, index_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines, keys[32], used, sealed;

static void *logger(void *arg) {
	pthread_mutex_lock(&log_lock);
	++lines;
	pthread_mutex_unlock(&log_lock);
	return arg;
}

static void put(int key) {
	pthread_mutex_lock(&index_lock);
	keys[used++ % 32] = key;
	sealed = 0;
	pthread_mutex_unlock(&index_lock);
}

static int size(void) {
	pthread_mutex_lock(&index_lock);
	int n = used + sealed;
	pthread_mutex_unlock(&index_lock);
	return n;
}

static void *indexer(void *arg) {
	put(1);
	put(size());
	return arg;
}

static void load(int n) {
	for (int i = 0; i < n; ++i)
		keys[used++] = i; // only the logger runs yet
}

static void start(void *(*entry)(void *)) {
	pthread_t t;
	if (pthread_create(&t, NULL, entry, NULL) == 0)
		pthread_detach(t);
}

// Made by one function: nobody else knows it before it has a lock.
struct pool {
	pthread_mutex_t mu;
	int idle;
};

static struct pool *pools[4];

static void pool_setup(struct pool *p, int n) {
	pthread_mutex_init(&p->mu, NULL);
	p->idle = n;
}

static void *borrow(void *arg) {
	struct pool *p = pools[0];
	pthread_mutex_lock(&p->mu);
	--p->idle;
	pthread_mutex_unlock(&p->mu);
	return arg;
}

static void give_back(struct pool *p) {
	pthread_mutex_lock(&p->mu);
	++p->idle;
	pthread_mutex_unlock(&p->mu);
}

int main(void) {
	pthread_t log, index, user;
	pthread_create(&log, NULL, logger, NULL);
	pthread_detach(log);
	load(4);
	pthread_create(&index, NULL, indexer, NULL);
	sealed = 1; // expect: unguarded-access
	pools[0] = calloc(1, sizeof *pools[0]);
	pool_setup(pools[0], 4);
	pthread_create(&user, NULL, borrow, NULL);
	give_back(pools[0]);
	pthread_join(index, NULL);
	pthread_join(user, NULL);
	start(logger);
	return size();
}
