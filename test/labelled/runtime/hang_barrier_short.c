// build: gcc -std=gnu11 -O1 -g -pthread
// expect: deadlock actual
// exit: hang
// at: sweep

// The barrier is for three, two threads come: the third gave up early on.
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t step;
static int skip = 2, swept[3];

__attribute__((noinline)) void* sweep(void* arg) {
    long k = (long)arg;
    if (k == skip) return NULL;
    ++swept[k];
    pthread_barrier_wait(&step);
    ++swept[k];
    return NULL;
}
int main(void) {
    pthread_t t[3];
    pthread_barrier_init(&step, NULL, 3);
    for (long k = 0; k < 3; ++k) pthread_create(&t[k], NULL, sweep, (void*)k);
    for (int k = 0; k < 3; ++k) pthread_join(t[k], NULL);
    printf("%d %d\n", swept[0], swept[1]);
    return 0;
}
