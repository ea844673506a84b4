// build: gcc -std=gnu11 -O1 -g -pthread
// expect: unreleased-lock
// forbid: deadlock
// exit: 0
// at: close_channel

// The channel is destroyed and freed while its lock is held: pthread_mutex_destroy says EBUSY, nobody looks.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct channel { pthread_mutex_t m; int open; };
static int busy;

__attribute__((noinline)) void close_channel(struct channel* c) {
    pthread_mutex_lock(&c->m);
    c->open = 0;
    busy += pthread_mutex_destroy(&c->m) == EBUSY;
    free(c);
}
static void* closer(void* p) {
    close_channel(p);
    return NULL;
}
int main(void) {
    struct channel* c = malloc(sizeof *c);
    pthread_t t;
    pthread_mutex_init(&c->m, NULL);
    c->open = 1;
    pthread_create(&t, NULL, closer, c);
    pthread_join(t, NULL);
    printf("%d\n", busy);
    return 0;
}
