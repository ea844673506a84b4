// build: gcc -std=gnu11 -O2 -no-pie -g -pthread
// expect: deadlock actual
// exit: hang
// at: irq_half user_half

// Spin locks A/B and B/A: both threads burn their processor for ever.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_spinlock_t dev, queue;
static atomic_int in;
static int n;

static void meet(void) {
    atomic_fetch_add(&in, 1);
    while (atomic_load(&in) < 2) sched_yield();
}
__attribute__((noinline)) void* irq_half(void* p) {
    pthread_spin_lock(&dev);
    meet();
    pthread_spin_lock(&queue);
    ++n;
    pthread_spin_unlock(&queue);
    pthread_spin_unlock(&dev);
    return p;
}
__attribute__((noinline)) void* user_half(void* p) {
    pthread_spin_lock(&queue);
    meet();
    pthread_spin_lock(&dev);
    ++n;
    pthread_spin_unlock(&dev);
    pthread_spin_unlock(&queue);
    return p;
}
int main(void) {
    pthread_t a, b;
    pthread_spin_init(&dev, 0);
    pthread_spin_init(&queue, 0);
    pthread_create(&a, NULL, irq_half, NULL);
    pthread_create(&b, NULL, user_half, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d\n", n);
    return 0;
}
