// build: gcc -std=gnu11 -O2 -g -pthread
// forbid: deadlock
// forbid: self-deadlock
// forbid: lock-order
// forbid: data-race
// forbid: unreleased-lock
// exit: 5

// sigwait in a thread of its own; EINTR from sem_wait and nanosleep without SA_RESTART; read restarted with it; locks unaffected.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static sem_t never, at_lock;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static atomic_int stage, hits;
static int fds[2];
static int waited, sem_eintr, sleep_eintr, restarted, locked;

static void handler(int s) { (void)s, atomic_fetch_add(&hits, 1); }
static void* watcher(void* p) {
    sigset_t s;
    int sig;
    sigemptyset(&s);
    sigaddset(&s, SIGTERM);
    while (sigwait(&s, &sig) == 0 && ++waited < 2) {}
    return p;
}
static void* target(void* p) {
    struct timespec longer = {20, 0};
    char c = 0;
    atomic_store(&stage, 1);
    sem_eintr = sem_wait(&never) == -1 && errno == EINTR;
    atomic_store(&stage, 2);
    sleep_eintr = nanosleep(&longer, NULL) == -1 && errno == EINTR;
    atomic_store(&stage, 3);
    restarted = read(fds[0], &c, 1) == 1 && c == 'x';
    atomic_store(&stage, 4);
    return p;
}
static void* locker(void* p) {
    sem_post(&at_lock);
    locked = pthread_mutex_lock(&m) == 0;  // signals do not disturb it
    pthread_mutex_unlock(&m);
    return p;
}
static void pester(pthread_t t, int sig, int while_stage) {
    while (atomic_load(&stage) < while_stage) usleep(500);
    while (atomic_load(&stage) == while_stage) pthread_kill(t, sig), usleep(3000);
}
int main(void) {
    struct sigaction sa;
    sigset_t term;
    pthread_t w, t, l;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = handler;
    sigaction(SIGUSR1, &sa, NULL);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &sa, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, NULL);
    sem_init(&never, 0, 0);
    sem_init(&at_lock, 0, 0);
    if (pipe(fds)) return 2;
    pthread_create(&w, NULL, watcher, NULL);
    pthread_create(&t, NULL, target, NULL);
    pester(t, SIGUSR1, 1);
    pester(t, SIGUSR1, 2);
    // a stray SIGUSR1 of the last round has been delivered before the target went on to the read or is so now
    int before = atomic_load(&hits);
    for (int i = 0; i < 5; ++i) pthread_kill(t, SIGUSR2), usleep(2000);
    while (atomic_load(&hits) == before) usleep(500);
    if (write(fds[1], "x", 1) != 1) return 3;
    pthread_join(t, NULL);
    pthread_mutex_lock(&m);
    pthread_create(&l, NULL, locker, NULL);
    sem_wait(&at_lock);
    for (int i = 0; i < 5; ++i) pthread_kill(l, SIGUSR1), usleep(1000);
    pthread_mutex_unlock(&m);
    pthread_join(l, NULL);
    kill(getpid(), SIGTERM);
    usleep(20000);
    kill(getpid(), SIGTERM);
    pthread_join(w, NULL);
    printf("%d %d %d %d %d\n", waited, sem_eintr, sleep_eintr, restarted, locked);
    return waited + sem_eintr + sleep_eintr + restarted;
}
