// build: clang-19 -std=gnu11 -O0 -g -no-pie -pthread
// forbid: deadlock
// forbid: lock-order
// forbid: data-race
// exit: 142

// alarm() ends the program by its default action in the middle of ordinary lock traffic.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long n;

static void* forever(void* p) {
    for (;;) {
        pthread_mutex_lock(&m);
        ++n;
        pthread_mutex_unlock(&m);
        usleep(100);
    }
    return p;
}
int main(void) {
    pthread_t t;
    puts("until the alarm");
    fflush(stdout);
    pthread_create(&t, NULL, forever, NULL);
    alarm(1);
    forever(NULL);
    return 0;
}
