// build: gcc -std=gnu11 -O2 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: read_device

// Cancelled in read() with the lock held, no clean-up handler.
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t dev = PTHREAD_MUTEX_INITIALIZER;
static sem_t in;
static int fds[2], got;

__attribute__((noinline)) void read_device(void) {
    char c;
    pthread_mutex_lock(&dev);
    sem_post(&in);
    got += (int)read(fds[0], &c, 1);
    pthread_mutex_unlock(&dev);
}
static void* reader(void* p) {
    read_device();
    return p;
}
int main(void) {
    pthread_t t;
    void* r;
    if (pipe(fds)) return 2;
    sem_init(&in, 0, 0);
    pthread_create(&t, NULL, reader, NULL);
    sem_wait(&in);
    pthread_cancel(t);
    pthread_join(t, &r);
    printf("%d %d\n", r == PTHREAD_CANCELED, got);
    return 0;
}
