// build: gcc -std=gnu11 -O2 -g -pthread
// expect: deadlock|unreleased-lock
// exit: hang
// at: child_log

// fork while another thread holds the log's lock: in the child nobody is left to release it.
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t log_m = PTHREAD_MUTEX_INITIALIZER;
static sem_t held, forked;
static int lines;

static void* logger(void* p) {
    pthread_mutex_lock(&log_m);
    sem_post(&held);
    sem_wait(&forked);
    ++lines;
    pthread_mutex_unlock(&log_m);
    return p;
}
__attribute__((noinline)) void child_log(void) {
    pthread_mutex_lock(&log_m);
    ++lines;
    pthread_mutex_unlock(&log_m);
}
int main(void) {
    pthread_t t;
    int st;
    sem_init(&held, 0, 0);
    sem_init(&forked, 0, 0);
    pthread_create(&t, NULL, logger, NULL);
    sem_wait(&held);
    pid_t pid = fork();
    if (pid == 0) {
        child_log();
        _exit(0);
    }
    sem_post(&forked);
    pthread_join(t, NULL);
    waitpid(pid, &st, 0);
    printf("%d\n", lines);
    return 0;
}
