// build: gcc -std=gnu11 -O2 -g -pthread
// expect: deadlock actual
// exit: hang
// at: copy_tape play_tape

// Two semaphores used as locks, each thread has one.
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t deck_a, deck_b;
static pthread_barrier_t both;
static int copies, plays;

__attribute__((noinline)) void* copy_tape(void* p) {
    sem_wait(&deck_a);
    pthread_barrier_wait(&both);
    sem_wait(&deck_b);
    ++copies;
    sem_post(&deck_b);
    sem_post(&deck_a);
    return p;
}
__attribute__((noinline)) void* play_tape(void* p) {
    sem_wait(&deck_b);
    pthread_barrier_wait(&both);
    sem_wait(&deck_a);
    ++plays;
    sem_post(&deck_a);
    sem_post(&deck_b);
    return p;
}
int main(void) {
    pthread_t a, b;
    sem_init(&deck_a, 0, 1);
    sem_init(&deck_b, 0, 1);
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&a, NULL, copy_tape, NULL);
    pthread_create(&b, NULL, play_tape, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d %d\n", copies, plays);
    return 0;
}
