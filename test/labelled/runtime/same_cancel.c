// build: clang-19 -std=gnu11 -O2 -g -pthread
// forbid: *
// exit: 0

// Cancellation in cond_wait, sem_wait, read and join; disabled and asynchronous; handlers run in the reverse order.
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static sem_t never;
static int fds[2];
static atomic_int in, trail;

static void unlock(void* p) { pthread_mutex_unlock(p); }
static void mark(void* p) { atomic_store(&trail, atomic_load(&trail) * 10 + (int)(long)p); }
static void* in_cond(void* p) {
    pthread_cleanup_push(mark, (void*)2);
    pthread_mutex_lock(&m);
    pthread_cleanup_push(unlock, &m);
    pthread_cleanup_push(mark, (void*)1);
    atomic_store(&in, 1);
    for (;;) pthread_cond_wait(&cv, &m);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return p;
}
static void* in_sem(void* p) {
    pthread_cleanup_push(mark, (void*)3);
    atomic_store(&in, 1);
    for (;;) sem_wait(&never);
    pthread_cleanup_pop(0);
    return p;
}
static void* in_read(void* p) {
    char c;
    pthread_cleanup_push(mark, (void*)4);
    atomic_store(&in, 1);
    while (read(fds[0], &c, 1) >= 0) {}
    pthread_cleanup_pop(0);
    return p;
}
static void* disabled(void* p) {
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    atomic_store(&in, 1);
    while (atomic_load(&in) != 2) usleep(500);
    pthread_mutex_lock(&m);
    mark((void*)5);
    pthread_mutex_unlock(&m);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    pthread_testcancel();
    mark((void*)9);
    return p;
}
static void* spinning(void* p) {
    int old;
    volatile long n = 0;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    atomic_store(&in, 1);
    for (;;) n = n + 1;
    return p;
}
int main(void) {
    void* (*body[])(void*) = {in_cond, in_sem, in_read, disabled, spinning};
    int cancelled = 0;
    sem_init(&never, 0, 0);
    if (pipe(fds)) return 2;
    for (int k = 0; k < 5; ++k) {
        pthread_t t;
        void* r = NULL;
        atomic_store(&in, 0);
        pthread_create(&t, NULL, body[k], NULL);
        while (atomic_load(&in) != 1) usleep(500);
        pthread_cancel(t);
        atomic_store(&in, 2);
        pthread_join(t, &r);
        cancelled += r == PTHREAD_CANCELED;
    }
    int free_again = pthread_mutex_trylock(&m) == 0;
    pthread_mutex_unlock(&m);
    printf("%d %d %d\n", cancelled, atomic_load(&trail), free_again);
    return 0;
}
