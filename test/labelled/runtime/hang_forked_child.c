// build: gcc -std=gnu11 -O1 -g -pthread
// expect: deadlock actual
// exit: hang
// at: child_in child_out

// The circle closes in a forked child with threads of its own; the parent, whose locks are fine, waits for the child.
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t in_m = PTHREAD_MUTEX_INITIALIZER, out_m = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;
static int n;

__attribute__((noinline)) void* child_in(void* p) {
    pthread_mutex_lock(&in_m);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&out_m);
    ++n;
    pthread_mutex_unlock(&out_m);
    pthread_mutex_unlock(&in_m);
    return p;
}
__attribute__((noinline)) void* child_out(void* p) {
    pthread_mutex_lock(&out_m);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&in_m);
    ++n;
    pthread_mutex_unlock(&in_m);
    pthread_mutex_unlock(&out_m);
    return p;
}
int main(void) {
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t a, b;
        pthread_barrier_init(&both, NULL, 2);
        pthread_create(&a, NULL, child_in, NULL);
        pthread_create(&b, NULL, child_out, NULL);
        pthread_join(a, NULL);
        pthread_join(b, NULL);
        _exit(n);
    }
    int st;
    pthread_mutex_lock(&in_m);
    ++n;
    pthread_mutex_unlock(&in_m);
    waitpid(pid, &st, 0);
    printf("%d\n", WEXITSTATUS(st));
    return 0;
}
