// build: clang-19 -std=gnu11 -O2 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: helper_unlocks

// An error-checking mutex refuses the unlock of another thread (EPERM); nobody looks.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t m;
static int rc;

__attribute__((noinline)) void* helper_unlocks(void* p) {
    rc = pthread_mutex_unlock(&m);
    return p;
}
int main(void) {
    pthread_mutexattr_t a;
    pthread_t t;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&m, &a);
    pthread_mutex_lock(&m);
    pthread_create(&t, NULL, helper_unlocks, NULL);
    pthread_join(t, NULL);
    pthread_mutex_unlock(&m);
    printf("%s\n", rc == EPERM ? "EPERM" : "?");
    return 0;
}
