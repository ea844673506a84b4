// build: clang-19 -std=gnu11 -O2 -g -pthread
// forbid: *
// exit: 0

// Read locks in both orders on rwlocks with the default preference; they are written before the threads start and after.
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t zones = PTHREAD_RWLOCK_INITIALIZER, hosts = PTHREAD_RWLOCK_INITIALIZER;
static int z, h;
static long sums[2];

static void set(int v) {
    pthread_rwlock_wrlock(&zones);
    z = v;
    pthread_rwlock_unlock(&zones);
    pthread_rwlock_wrlock(&hosts);
    h = v + 1;
    pthread_rwlock_unlock(&hosts);
}
static void* read_both(void* arg) {
    long k = (long)arg;
    for (int i = 0; i < 300; ++i) {
        pthread_rwlock_rdlock(k ? &zones : &hosts);
        pthread_rwlock_rdlock(k ? &hosts : &zones);
        sums[k] += z + h;
        pthread_rwlock_unlock(k ? &hosts : &zones);
        pthread_rwlock_unlock(k ? &zones : &hosts);
    }
    return NULL;
}
int main(void) {
    pthread_t t[2];
    set(4);
    for (long k = 0; k < 2; ++k) pthread_create(&t[k], NULL, read_both, (void*)k);
    for (int k = 0; k < 2; ++k) pthread_join(t[k], NULL);
    set(7);
    printf("%ld %ld %d\n", sums[0], sums[1], z);
    return 0;
}
