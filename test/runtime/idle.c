// Programs that wait for long, but not for ever: none of these is a deadlock.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in handler pipe process timed contended pool sharedsem lastthread; do echo == $what; %snarl run -- %t $what 2>&1; echo exit $?; done > %t.out; FileCheck %s --implicit-check-not=error < %t.out
#include "meet.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int ready, line[2];
static pthread_t main_thread;

static void on_signal(int s) {
  (void)s;
  sem_post(&sem);
}
static void *sleeper(void *p) {
  pthread_mutex_lock(&m);
  while (!ready) pthread_cond_wait(&cond, &m);
  pthread_mutex_unlock(&m);
  return p;
}
static void *hasty(void *p) {
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_sec += 1;
  pthread_mutex_lock(&m);
  while (!ready && pthread_cond_timedwait(&cond, &m, &soon) == 0) {}
  ready = 1;
  pthread_cond_broadcast(&cond);
  pthread_mutex_unlock(&m);
  return p;
}
static void *reader(void *p) {
  char c;
  if (read(line[0], &c, 1) != 1) return p;
  pthread_mutex_lock(&m);
  ready = 1;
  pthread_cond_signal(&cond);
  pthread_mutex_unlock(&m);
  return p;
}
static void *holder(void *p) {
  pthread_mutex_lock(&m);
  usleep(700000);
  pthread_mutex_unlock(&m);
  return p;
}
static void *after_main(void *p) {
  pthread_join(main_thread, NULL);
  usleep(500000);
  return p; // the last thread: the process ends with 0
}

int main(int argc, char **argv) {
  pthread_t t, u;
  if (argc < 2) return 2;
  alarm(20);
  signal(SIGALRM, SIG_DFL);
  sem_init(&sem, 0, 0);
  if (pipe(line)) return 2;
  if (!strcmp(argv[1], "handler")) { // everybody waits, but a signal will come
    signal(SIGUSR1, on_signal);
    pid_t me = getpid();
    if (fork() == 0) {
      usleep(700000);
      kill(me, SIGUSR1);
      _exit(0);
    }
    pthread_create(&t, NULL, sleeper, NULL);
    while (sem_wait(&sem)) {}
    ready = 1;
    pthread_cond_signal(&cond);
    pthread_join(t, NULL);
    wait(NULL);
  } else if (!strcmp(argv[1], "pipe")) { // another process writes to one of us
    if (fork() == 0) {
      usleep(700000);
      _exit(write(line[1], "x", 1) != 1);
    }
    pthread_create(&t, NULL, sleeper, NULL);
    pthread_create(&u, NULL, reader, NULL);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    wait(NULL);
  } else if (!strcmp(argv[1], "process")) { // a process-shared mutex is held by another process
    pthread_mutexattr_t a;
    pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(shared, &a);
    if (fork() == 0) {
      pthread_mutex_lock(shared);
      if (write(line[1], "x", 1) != 1) _exit(1);
      usleep(700000);
      pthread_mutex_unlock(shared);
      _exit(0);
    }
    char c;
    if (read(line[0], &c, 1) != 1) return 2;
    pthread_create(&t, NULL, hasty, NULL);
    pthread_mutex_lock(shared);
    pthread_mutex_unlock(shared);
    pthread_join(t, NULL);
    wait(NULL);
  } else if (!strcmp(argv[1], "timed")) {
    pthread_create(&t, NULL, sleeper, NULL);
    pthread_create(&u, NULL, hasty, NULL);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
  } else if (!strcmp(argv[1], "contended")) {
    pthread_create(&t, NULL, holder, NULL);
    pthread_create(&u, NULL, holder, NULL);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
  } else if (!strcmp(argv[1], "pool")) { // workers idle while main computes
    pthread_create(&t, NULL, sleeper, NULL);
    pthread_create(&u, NULL, sleeper, NULL);
    usleep(700000);
    pthread_mutex_lock(&m);
    ready = 1;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&m);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
  } else if (!strcmp(argv[1], "sharedsem")) { // everybody waits for a semaphore that another process posts
    sem_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_init(shared, 1, 0);
    if (fork() == 0) {
      usleep(700000);
      sem_post(shared);
      _exit(0);
    }
    pthread_create(&t, NULL, sleeper, NULL);
    sem_wait(shared);
    pthread_mutex_lock(&m);
    ready = 1;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&m);
    pthread_join(t, NULL);
    wait(NULL);
  } else if (!strcmp(argv[1], "lastthread")) {
    main_thread = pthread_self();
    pthread_create(&t, NULL, after_main, NULL);
    puts("main leaves");
    pthread_exit(NULL);
  }
  return 3;
}
// CHECK: == handler
// CHECK: exit 3
// CHECK: == pipe
// CHECK: exit 3
// CHECK: == process
// CHECK: exit 3
// CHECK: == timed
// CHECK: exit 3
// CHECK: == contended
// CHECK: 'usleep' blocks while m is held
// CHECK: exit 1
// CHECK: == pool
// CHECK: exit 3
// CHECK: == sharedsem
// CHECK: exit 3
// CHECK: == lastthread
// CHECK: exit 0
