// Opposite orders that cannot happen at once, because something orders the threads: silent. And the same without: not.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for by in create join barrier condition broadcast semaphore once chain; do echo == $by; %snarl run -- %t $by 2>&1 || exit 1; done > %t.out; FileCheck %s --implicit-check-not=error < %t.out
// RUN: for by in nothing timed other; do echo == $by; %snarl run -- %t $by 2>&1; done > %t.loud; FileCheck %s --check-prefix=LOUD < %t.loud
#include "meet.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *by;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem;
static int ready, waiting;

static int is(const char *k) { return !strcmp(by, k); }

static void ab(void) {
  pthread_mutex_lock(&a);
  pthread_mutex_lock(&b);
  pthread_mutex_unlock(&b);
  pthread_mutex_unlock(&a);
}
static void ba(void) {
  pthread_mutex_lock(&b);
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&b);
}
static void *do_ab(void *p) { return ab(), p; }
static void *do_ba(void *p) { return ba(), p; }

static void *first(void *p) {
  if (is("once")) {
    pthread_once(&once, ab);
    next_step();
    return p;
  }
  ab();
  if (is("barrier")) pthread_barrier_wait(&barrier);
  if (is("semaphore")) sem_post(&sem);
  if (is("condition") || is("broadcast") || is("timed")) {
    for (int there = 0; !there;) { // it must really wait: a condition that was true before proves no order
      pthread_mutex_lock(&m);
      there = waiting;
      pthread_mutex_unlock(&m);
    }
    pthread_mutex_lock(&m);
    ready = 1;
    if (is("broadcast")) pthread_cond_broadcast(&cond);
    else pthread_cond_signal(&cond);
    pthread_mutex_unlock(&m);
  }
  if (is("other")) ab();
  next_step();
  return p;
}
static void *second(void *p) {
  if (is("barrier")) pthread_barrier_wait(&barrier);
  if (is("semaphore")) sem_wait(&sem);
  if (is("condition") || is("broadcast") || is("timed")) {
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 60;
    pthread_mutex_lock(&m);
    waiting = 1;
    while (!ready)
      if (is("timed")) pthread_cond_timedwait(&cond, &m, &soon);
      else pthread_cond_wait(&cond, &m);
    pthread_mutex_unlock(&m);
  }
  if (is("once")) {
    await_step(1);
    pthread_once(&once, ab);
  }
  if (is("nothing") || is("other")) await_step(1);
  ba();
  return p;
}

int main(int argc, char **argv) {
  pthread_t t, u;
  if (argc < 2) return 2;
  by = argv[1];
  pthread_barrier_init(&barrier, NULL, 2);
  sem_init(&sem, 0, 0);
  if (is("create")) { // everything before it comes before everything in the thread
    ab();
    pthread_create(&t, NULL, do_ba, NULL);
    pthread_join(t, NULL);
    return 0;
  }
  if (is("join")) {
    pthread_create(&t, NULL, do_ab, NULL);
    pthread_join(t, NULL);
    pthread_create(&u, NULL, do_ba, NULL);
    pthread_join(u, NULL);
    return 0;
  }
  if (is("chain")) { // ordered through a thread that records nothing itself
    pthread_create(&t, NULL, do_ab, NULL);
    pthread_join(t, NULL);
    sem_post(&sem);
    by = "semaphore";
    pthread_create(&u, NULL, second, NULL);
    pthread_join(u, NULL);
    return 0;
  }
  pthread_create(&t, NULL, first, NULL);
  pthread_create(&u, NULL, second, NULL);
  pthread_join(t, NULL);
  pthread_join(u, NULL);
  return 0;
}
// CHECK: == create
// CHECK: == join
// CHECK: == barrier
// CHECK: == condition
// CHECK: == broadcast
// CHECK: == semaphore
// CHECK: == once
// CHECK: == chain
// LOUD:  == nothing
// LOUD:  [lock-order, ordered]
// LOUD:  == timed
// LOUD:  [lock-order, ordered]
// LOUD:  == other
// LOUD:  [lock-order, ordered]
