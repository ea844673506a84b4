// build: clang-19 -std=gnu11 -O2 -pthread
// forbid: *
// exit: 0

// Semaphores are not owned: the consumer posts what the producer took and the other way round; a bounded buffer.
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t empty, full;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int buf[4], head, tail;
static long sum;

static void* produce(void* p) {
    for (int i = 0; i < 500; ++i) {
        sem_wait(&empty);
        pthread_mutex_lock(&m);
        buf[head++ % 4] = i;
        pthread_mutex_unlock(&m);
        sem_post(&full);
    }
    return p;
}
static void* consume(void* p) {
    for (int i = 0; i < 500; ++i) {
        sem_wait(&full);
        pthread_mutex_lock(&m);
        sum += buf[tail++ % 4];
        pthread_mutex_unlock(&m);
        sem_post(&empty);
    }
    return p;
}
int main(void) {
    pthread_t a, b;
    sem_init(&empty, 0, 4);
    sem_init(&full, 0, 0);
    pthread_create(&a, NULL, produce, NULL);
    pthread_create(&b, NULL, consume, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%ld\n", sum);
    return 0;
}
