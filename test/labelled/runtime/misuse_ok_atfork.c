// build: gcc -std=gnu11 -O1 -g -pthread
// forbid: *
// exit: 0

// pthread_atfork takes all locks before the fork and gives them back on both sides; the child uses them.
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int n, stop;

static void prepare(void) {
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
}
static void release(void) {
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}
static int add(void) {
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    ++n;
    int over = stop;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    return over;
}
static void* busy(void* p) {
    while (!add()) usleep(100);
    return p;
}
int main(void) {
    pthread_t t;
    int ok = 0;
    pthread_atfork(prepare, release, release);
    pthread_create(&t, NULL, busy, NULL);
    for (int i = 0; i < 10; ++i) {
        pid_t pid = fork();
        if (pid == 0) {
            add();
            _exit(3);
        }
        int st;
        waitpid(pid, &st, 0);
        ok += WIFEXITED(st) && WEXITSTATUS(st) == 3;
    }
    pthread_mutex_lock(&b);
    stop = 1;
    pthread_mutex_unlock(&b);
    pthread_join(t, NULL);
    printf("%d\n", ok);
    return 0;
}
