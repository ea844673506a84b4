// Wrong use of locks, with the thread that does it and the thread that has the lock; and right use that looks like it.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in foreign unlocked destroyed exit cancelled checked rwforeign rwunlocked rwexit spinunlocked spindestroyed; do echo == $what; %snarl run -- %t $what 2>&1; done > %t.out; FileCheck %s < %t.out
// RUN: for what in recursive condition robust destructor destructor_late forked handed rwread mainleft; do echo == $what; %snarl run -- %t $what 2>&1 || exit 1; done > %t.quiet; FileCheck %s --check-prefix=QUIET --implicit-check-not=error < %t.quiet
#include "meet.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *what;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_key_t key;
static sem_t sem;

static int is(const char *k) { return !strcmp(what, k); }
static void unlock_it(void *p) { pthread_mutex_unlock(p); }
static void late_destructor(void *p) {
  static __thread int rounds;
  if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 1) pthread_setspecific(key, p);
  else unlock_it(p);
}

__attribute__((noinline)) static void *culprit(void *p) {
  if (is("foreign")) {
    await_step(1);
    pthread_mutex_unlock(&m);
  } else if (is("rwforeign")) {
    await_step(1);
    pthread_rwlock_unlock(&rw);
  } else if (is("exit") || is("destructor") || is("destructor_late")) {
    pthread_mutex_lock(&m);
    if (!is("exit")) pthread_setspecific(key, &m);
  } else if (is("rwexit")) {
    pthread_rwlock_rdlock(&rw);
  } else if (is("cancelled")) {
    pthread_mutex_lock(&m);
    next_step();
    for (;;) pause();
  } else if (is("condition")) {
    pthread_mutex_lock(&m);
    pthread_cleanup_push(unlock_it, &m);
    next_step();
    for (;;) pthread_cond_wait(&cond, &m);
    pthread_cleanup_pop(1);
  } else if (is("robust")) {
    if (pthread_mutex_lock(&m)) return NULL;
  } else if (is("handed")) {
    await_step(1);
    sem_post(&sem); // a semaphore may be given back by anybody
  } else if (is("rwread")) {
    for (int i = 0; i < 2; ++i) pthread_rwlock_rdlock(&rw);
    for (int i = 0; i < 2; ++i) pthread_rwlock_unlock(&rw);
  } else if (is("mainleft")) {
    usleep(300000);
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    exit(0);
  }
  return p;
}

int main(int argc, char **argv) {
  pthread_mutexattr_t a;
  pthread_t t;
  void *value;
  if (argc < 2) return 2;
  what = argv[1];
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  pthread_mutexattr_init(&a);
  pthread_key_create(&key, is("destructor_late") ? late_destructor : unlock_it);
  sem_init(&sem, 0, 1);
  if (is("robust")) pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
  if (is("checked")) pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
  if (is("recursive")) pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&m, &a);
  pthread_create(&t, NULL, culprit, NULL);
  if (is("foreign")) {
    pthread_mutex_lock(&m);
    next_step();
  } else if (is("rwforeign")) {
    pthread_rwlock_wrlock(&rw);
    next_step();
  } else if (is("unlocked")) {
    pthread_mutex_unlock(&m);
  } else if (is("rwunlocked")) {
    pthread_rwlock_unlock(&rw);
  } else if (is("spinunlocked")) {
    pthread_spin_unlock(&spin);
  } else if (is("destroyed")) {
    pthread_mutex_lock(&m);
    pthread_mutex_destroy(&m);
  } else if (is("spindestroyed")) {
    pthread_spin_lock(&spin);
    pthread_spin_destroy(&spin);
  } else if (is("cancelled") || is("condition")) {
    await_step(1);
    if (is("condition")) {
      pthread_mutex_lock(&m);
      pthread_mutex_unlock(&m);
    }
    pthread_cancel(t);
  } else if (is("checked")) {
    pthread_mutex_lock(&m);
    if (pthread_mutex_lock(&m) != EDEADLK) return 1;
    pthread_mutex_unlock(&m);
  } else if (is("recursive")) {
    for (int i = 0; i < 3; ++i) pthread_mutex_lock(&m);
    if (pthread_mutex_trylock(&m)) return 1;
    for (int i = 0; i < 4; ++i) pthread_mutex_unlock(&m);
  } else if (is("forked")) { // the child gives back what its parent's thread, now itself, has taken
    pthread_mutex_lock(&m);
    if (fork() == 0) {
      pthread_mutex_unlock(&m);
      pthread_mutex_lock(&m);
      pthread_mutex_unlock(&m);
      _exit(0);
    }
    pthread_mutex_unlock(&m);
    wait(NULL);
  } else if (is("handed")) {
    sem_wait(&sem);
    next_step();
    sem_wait(&sem);
  } else if (is("mainleft")) {
    pthread_exit(NULL);
  }
  pthread_join(t, &value);
  if (is("robust")) {
    if (pthread_mutex_lock(&m) != EOWNERDEAD) return 1;
    pthread_mutex_consistent(&m);
    pthread_mutex_unlock(&m);
  }
  return 0;
}
// CHECK: == foreign
// CHECK: error: {{.*}}[unreleased-lock, actual]
// CHECK: culprit
// CHECK: == unlocked
// CHECK: [unreleased-lock, actual]
// CHECK: main
// CHECK: == destroyed
// CHECK: [unreleased-lock, actual]
// CHECK: == exit
// CHECK: [unreleased-lock, actual]
// CHECK: culprit
// CHECK: == cancelled
// CHECK: [unreleased-lock, actual]
// CHECK: culprit
// CHECK: == checked
// CHECK: [self-deadlock, actual]
// CHECK: == rwforeign
// CHECK: [unreleased-lock, actual]
// CHECK: == rwunlocked
// CHECK: [unreleased-lock, actual]
// CHECK: == rwexit
// CHECK: [unreleased-lock, actual]
// CHECK: == spinunlocked
// CHECK: [unreleased-lock, actual]
// CHECK: == spindestroyed
// CHECK: [unreleased-lock, actual]
// QUIET: == recursive
// QUIET: == condition
// QUIET: == robust
// QUIET: == destructor
// QUIET: == destructor_late
// QUIET: == forked
// QUIET: == handed
// QUIET: == rwread
// QUIET: == mainleft
