// build: gcc -std=gnu11 -O2 -g -pthread
// forbid: *
// exit: 0

// All threads of a phase use one order, the next phase the other; a pthread barrier lies between, the threads live on.
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t grid = PTHREAD_MUTEX_INITIALIZER, halo = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t step;
static int n;

static void both(pthread_mutex_t* x, pthread_mutex_t* y) {
    pthread_mutex_lock(x);
    pthread_mutex_lock(y);
    ++n;
    pthread_mutex_unlock(y);
    pthread_mutex_unlock(x);
}
static void* worker(void* p) {
    for (int s = 0; s < 6; ++s) {
        if (s % 2) both(&grid, &halo);
        else both(&halo, &grid);
        pthread_barrier_wait(&step);
    }
    return p;
}
int main(void) {
    pthread_t t[3];
    pthread_barrier_init(&step, NULL, 3);
    for (int k = 0; k < 3; ++k) pthread_create(&t[k], NULL, worker, NULL);
    for (int k = 0; k < 3; ++k) pthread_join(t[k], NULL);
    pthread_barrier_destroy(&step);
    printf("%d\n", n);
    return 0;
}
