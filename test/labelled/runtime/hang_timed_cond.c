// build: gcc -std=gnu11 -O2 -g -pthread
// forbid: deadlock
// exit: 0

// A nested monitor whose inner wait ends after 300 ms, and a semaphore wait that ends likewise: long, but not for ever.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static sem_t entered, never;
static int timed, sem_timed, put;

static struct timespec after(clockid_t c, long ns) {
    struct timespec t;
    clock_gettime(c, &t);
    t.tv_nsec += ns;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    return t;
}
static void* taker(void* p) {
    struct timespec t;
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&inner);
    sem_post(&entered);
    t = after(CLOCK_MONOTONIC, 300000000);
    int rc = 0;
    while (rc == 0) rc = pthread_cond_clockwait(&cv, &inner, CLOCK_MONOTONIC, &t);
    timed = rc == ETIMEDOUT;
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
    return p;
}
static void* putter(void* p) {
    sem_wait(&entered);
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&inner);
    ++put;
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
    struct timespec t = after(CLOCK_REALTIME, 200000000);
    sem_timed = sem_timedwait(&never, &t) == -1 && errno == ETIMEDOUT;
    return p;
}
int main(void) {
    pthread_t a, b;
    sem_init(&entered, 0, 0);
    sem_init(&never, 0, 0);
    pthread_create(&a, NULL, taker, NULL);
    pthread_create(&b, NULL, putter, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d %d %d\n", timed, sem_timed, put);
    return 0;
}
