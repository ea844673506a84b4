// build: gcc -std=gnu11 -O2 -pthread
// forbid: *
// exit: 0

// 200 bucket locks held at once for a rehash, in ascending order by everyone; released in the same order they were taken.
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t bucket[200];
static int rehashes;

static void* rehash(void* p) {
    for (int r = 0; r < 5; ++r) {
        for (int i = 0; i < 200; ++i) pthread_mutex_lock(&bucket[i]);
        ++rehashes;
        for (int i = 0; i < 200; ++i) pthread_mutex_unlock(&bucket[i]);
    }
    return p;
}
int main(void) {
    pthread_t t[2];
    for (int i = 0; i < 200; ++i) pthread_mutex_init(&bucket[i], NULL);
    for (int k = 0; k < 2; ++k) pthread_create(&t[k], NULL, rehash, NULL);
    for (int k = 0; k < 2; ++k) pthread_join(t[k], NULL);
    printf("%d\n", rehashes);
    return 0;
}
