// build: gcc -std=gnu11 -O2 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: put_back

// The error path unlocks, and so does the common end: the second unlock hits a free mutex (glibc says nothing).
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pool_m = PTHREAD_MUTEX_INITIALIZER;
static int taken;

__attribute__((noinline)) void put_back(int bad) {
    pthread_mutex_lock(&pool_m);
    if (bad) {
        --taken;
        pthread_mutex_unlock(&pool_m);
    }
    pthread_mutex_unlock(&pool_m);
}
static void* user(void* p) {
    put_back(0);
    put_back(1);
    return p;
}
int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, user, NULL);
    pthread_join(t, NULL);
    printf("%d\n", taken);
    return 0;
}
