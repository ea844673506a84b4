// build: gcc -std=gnu11 -O2 -no-pie -pthread
// expect: lock-order ordered
// forbid: deadlock
// exit: 0
// at: push_sample drain_samples

// A spin lock and a mutex, opposite orders. No debug information, no PIE.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static pthread_spinlock_t ring;
static pthread_mutex_t sink = PTHREAD_MUTEX_INITIALIZER;
static int pushed, drained;
static atomic_int done;

__attribute__((noinline)) void* push_sample(void* p) {
    pthread_spin_lock(&ring);
    ++pushed;
    pthread_mutex_lock(&sink);
    ++drained;
    pthread_mutex_unlock(&sink);
    pthread_spin_unlock(&ring);
    atomic_store(&done, 1);
    return p;
}
__attribute__((noinline)) void* drain_samples(void* p) {
    for (int i = 0; i < 5000 && !atomic_load(&done); ++i) usleep(1000);
    pthread_mutex_lock(&sink);
    pthread_spin_lock(&ring);
    drained += pushed;
    pthread_spin_unlock(&ring);
    pthread_mutex_unlock(&sink);
    return p;
}
int main(void) {
    pthread_t a, b;
    pthread_spin_init(&ring, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&a, NULL, push_sample, NULL);
    pthread_create(&b, NULL, drain_samples, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d %d\n", pushed, drained);
    return 0;
}
