// build: clang-19 -std=gnu11 -O1 -g -pthread
// expect: deadlock|self-deadlock actual
// exit: hang
// at: refresh_entry

// Two readers of one rwlock both want to become its writer and keep their read locks.
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t cache = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t reading;
static int entries;

__attribute__((noinline)) void* refresh_entry(void* p) {
    pthread_rwlock_rdlock(&cache);
    pthread_barrier_wait(&reading);
    pthread_rwlock_wrlock(&cache);
    ++entries;
    pthread_rwlock_unlock(&cache);
    pthread_rwlock_unlock(&cache);
    return p;
}
int main(void) {
    pthread_t a, b;
    pthread_barrier_init(&reading, NULL, 2);
    pthread_create(&a, NULL, refresh_entry, NULL);
    pthread_create(&b, NULL, refresh_entry, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d\n", entries);
    return 0;
}
