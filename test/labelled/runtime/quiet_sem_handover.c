// build: gcc -std=gnu11 -O0 -pthread
// forbid: *
// exit: 0

// A baton: the semaphore is posted after the one order is over for good, and waited for before the other begins.
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static sem_t baton;
static int laps;

static void* first_runner(void* p) {
    for (int i = 0; i < 5; ++i) {
        pthread_mutex_lock(&left);
        pthread_mutex_lock(&right);
        ++laps;
        pthread_mutex_unlock(&right);
        pthread_mutex_unlock(&left);
    }
    sem_post(&baton);
    return p;
}
static void* second_runner(void* p) {
    sem_wait(&baton);
    for (int i = 0; i < 5; ++i) {
        pthread_mutex_lock(&right);
        pthread_mutex_lock(&left);
        ++laps;
        pthread_mutex_unlock(&left);
        pthread_mutex_unlock(&right);
    }
    return p;
}
int main(void) {
    pthread_t a, b;
    sem_init(&baton, 0, 0);
    pthread_create(&b, NULL, second_runner, NULL);
    pthread_create(&a, NULL, first_runner, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d\n", laps);
    return 0;
}
