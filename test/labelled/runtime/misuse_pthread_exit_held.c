// build: gcc -std=gnu11 -O0 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: bail_out

// pthread_exit deep in a call, with two locks held (one of them a rwlock).
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;

__attribute__((noinline)) void bail_out(int fatal) {
    pthread_rwlock_wrlock(&rw);
    pthread_mutex_lock(&m);
    if (fatal) pthread_exit((void*)7);
    pthread_mutex_unlock(&m);
    pthread_rwlock_unlock(&rw);
}
static void* work(void* p) {
    bail_out(0);
    bail_out(1);
    return p;
}
int main(void) {
    pthread_t t;
    void* r;
    pthread_create(&t, NULL, work, NULL);
    pthread_join(t, &r);
    printf("%ld %d\n", (long)r, pthread_mutex_trylock(&m) != 0);
    return 0;
}
