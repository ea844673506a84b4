// build: gcc -std=gnu11 -O2 -g -pthread
// forbid: *
// exit: 0

// A child dies with the robust lock; the parent gets EOWNERDEAD, repairs the state, marks it consistent and goes on.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared { pthread_mutex_t m; int a, b; };

int main(void) {
    struct shared* s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t at;
    pthread_mutexattr_init(&at);
    pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&at, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->m, &at);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(&s->m);
        s->a = 1;
        _exit(0);  // "crash" before b follows
    }
    waitpid(pid, NULL, 0);
    int rc = pthread_mutex_lock(&s->m);
    if (rc == EOWNERDEAD) {
        s->b = s->a;
        pthread_mutex_consistent(&s->m);
    }
    pthread_mutex_unlock(&s->m);
    int again = pthread_mutex_lock(&s->m);
    pthread_mutex_unlock(&s->m);
    printf("%d %d %d\n", rc == EOWNERDEAD, again, s->b);
    return pthread_mutex_destroy(&s->m);
}
