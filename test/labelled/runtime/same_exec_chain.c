// build: clang-19 -std=gnu11 -O1 -pthread
// forbid: *
// exit: 33

// The program replaces itself three times, each time out of a process with other threads alive; the last one returns.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int ticks;

static void* ticker(void* p) {
    for (;;) {
        pthread_mutex_lock(&m);
        ++ticks;
        pthread_mutex_unlock(&m);
        usleep(200);
    }
    return p;
}
int main(int argc, char** argv) {
    int round = argc > 1 ? atoi(argv[1]) : 0;
    char next[12], pid[24];
    pthread_t t;
    snprintf(pid, sizeof pid, "%d", getpid());
    printf("round %d, %s\n", round, argc > 2 && atoi(argv[2]) == getpid() ? "same process" : "first");
    fflush(stdout);
    for (int k = 0; k < 2; ++k) pthread_create(&t, NULL, ticker, NULL);
    for (int there = 0; there < 3;) {
        pthread_mutex_lock(&m);
        there = ticks;
        pthread_mutex_unlock(&m);
        usleep(200);
    }
    if (round == 3) _exit(30 + round);
    snprintf(next, sizeof next, "%d", round + 1);
    execl("/proc/self/exe", argv[0], next, pid, (char*)NULL);
    return 127;
}
