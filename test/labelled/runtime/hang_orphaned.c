// build: clang-19 -std=gnu11 -O2 -g -pthread
// expect: deadlock|unreleased-lock
// exit: hang
// at: next_user

// A thread returned early with the lock held; the next one waits for a lock nobody will release.
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t dev_m = PTHREAD_MUTEX_INITIALIZER;
static int opened, broken = 1;

__attribute__((noinline)) void* first_user(void* p) {
    pthread_mutex_lock(&dev_m);
    ++opened;
    if (broken) return NULL;
    pthread_mutex_unlock(&dev_m);
    return p;
}
__attribute__((noinline)) void* next_user(void* p) {
    pthread_mutex_lock(&dev_m);
    ++opened;
    pthread_mutex_unlock(&dev_m);
    return p;
}
int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, first_user, NULL);
    pthread_join(a, NULL);
    pthread_create(&b, NULL, next_user, NULL);
    pthread_join(b, NULL);
    printf("%d\n", opened);
    return 0;
}
