// What hangs for ever is reported while it hangs, whatever the threads wait for.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for kind in mutex spin rwlock upgrade join joinself once semaphore condition barrier orphan relock condmutex standstill forked; do echo == $kind; %snarl run --halt-on-deadlock -- %t $kind 2>&1; echo exit $?; done > %t.out; FileCheck %s < %t.out
#include "meet.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *kind;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t s1, s2;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem1, sem2;
static pthread_t first_thread, second_thread;

static int is(const char *k) { return !strcmp(kind, k); }

static void init(void) {}
static void init_waits_for_a(void) {
  meet(2);
  pthread_mutex_lock(&a);
}

__attribute__((noinline)) static void *first(void *p) {
  if (is("mutex")) {
    pthread_mutex_lock(&a);
    meet(2);
    pthread_mutex_lock(&b);
  } else if (is("spin")) {
    pthread_spin_lock(&s1);
    meet(2);
    pthread_spin_lock(&s2);
  } else if (is("rwlock")) {
    pthread_rwlock_rdlock(&rw);
    meet(2);
    pthread_mutex_lock(&a);
  } else if (is("upgrade")) {
    pthread_rwlock_rdlock(&rw);
    pthread_rwlock_wrlock(&rw);
  } else if (is("join")) {
    meet(2);
    pthread_join(second_thread, NULL);
  } else if (is("once")) {
    pthread_once(&once, init_waits_for_a);
  } else if (is("semaphore")) {
    sem_wait(&sem1);
    meet(2);
    sem_wait(&sem2);
  } else if (is("condition") || is("standstill")) {
    pthread_mutex_lock(&a);
    pthread_cond_wait(&cond, &a);
  } else if (is("barrier")) {
    pthread_barrier_wait(&barrier);
  } else if (is("orphan")) {
    pthread_mutex_lock(&a);
    next_step();
  } else if (is("relock")) {
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&a);
  } else if (is("condmutex")) { // signalled, but whoever holds the mutex waits for a lock of ours
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    next_step();
    pthread_cond_wait(&cond, &a);
  } else if (is("forked")) {
    pthread_mutex_lock(&a);
    next_step();
    for (;;) pause();
  }
  return p;
}
__attribute__((noinline)) static void *second(void *p) {
  if (is("mutex")) {
    pthread_mutex_lock(&b);
    meet(2);
    pthread_mutex_lock(&a);
  } else if (is("spin")) {
    pthread_spin_lock(&s2);
    meet(2);
    pthread_spin_lock(&s1);
  } else if (is("rwlock")) {
    pthread_mutex_lock(&a);
    meet(2);
    pthread_rwlock_wrlock(&rw);
  } else if (is("join")) {
    meet(2);
    pthread_join(first_thread, NULL);
  } else if (is("once")) {
    pthread_mutex_lock(&a);
    meet(2);
    pthread_once(&once, init);
  } else if (is("semaphore")) {
    sem_wait(&sem2);
    meet(2);
    sem_wait(&sem1);
  } else if (is("orphan")) {
    await_step(1);
    pthread_join(first_thread, NULL);
    pthread_mutex_lock(&a);
  } else if (is("condmutex")) {
    await_step(1);
    pthread_mutex_lock(&a);
    pthread_cond_signal(&cond);
    pthread_mutex_lock(&b);
  } else if (is("standstill")) {
    sem_wait(&sem1);
    sem_wait(&sem1);
  }
  return p;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  kind = argv[1];
  pthread_spin_init(&s1, PTHREAD_PROCESS_PRIVATE);
  pthread_spin_init(&s2, PTHREAD_PROCESS_PRIVATE);
  pthread_barrier_init(&barrier, NULL, 2);
  sem_init(&sem1, 0, 1);
  sem_init(&sem2, 0, 1);
  // first each by itself: given back by whoever took it, so it is a lock
  sem_wait(&sem1);
  sem_post(&sem1);
  sem_wait(&sem2);
  sem_post(&sem2);
  alarm(20); // never reached
  if (is("joinself")) { // glibc refuses a direct self-join; through another thread it hangs
    first_thread = pthread_self();
    kind = "join";
    next_step();
    pthread_create(&second_thread, NULL, second, NULL);
    pthread_join(second_thread, NULL);
  }
  pthread_create(&first_thread, NULL, first, NULL);
  if (is("forked")) { // the child has no thread that could give the lock back
    int status = 0;
    await_step(1);
    if (fork() == 0) {
      alarm(20);
      pthread_mutex_lock(&a);
      _exit(0);
    }
    wait(&status);
    return WEXITSTATUS(status);
  }
  pthread_create(&second_thread, NULL, second, NULL);
  next_step();
  atomic_fetch_sub(&step_, 1);
  // main stays out of it, busy with something that no library sees, except where nobody may be left over
  if (!is("condition") && !is("barrier") && !is("standstill"))
    for (;;) usleep(10000);
  pthread_join(first_thread, NULL);
  return 0;
}
// CHECK:      == mutex
// CHECK:      error: deadlock: {{.*}}[deadlock, actual]
// CHECK:      first
// CHECK:      second
// CHECK:      exit 86
// CHECK:      == spin
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == rwlock
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == upgrade
// CHECK:      , actual]
// CHECK:      exit 86
// CHECK:      == join
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == joinself
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == once
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == semaphore
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == condition
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == barrier
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == orphan
// CHECK:      , actual]
// CHECK:      exit 86
// CHECK:      == relock
// CHECK:      , actual]
// CHECK:      exit 86
// CHECK:      == condmutex
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == standstill
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
// CHECK:      == forked
// CHECK:      [deadlock, actual]
// CHECK:      exit 86
