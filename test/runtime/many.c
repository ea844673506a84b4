// Nothing runs out at numbers that programs reach: a million locks, ten thousand threads at once, a thousand locks held.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: %snarl run -- %t locks 2>&1 | FileCheck %s --check-prefix=QUIET --implicit-check-not=dropped
// RUN: %snarl run -- %t threads 2>&1 | FileCheck %s --check-prefix=QUIET --implicit-check-not=dropped
// RUN: %snarl run -- %t short 2>&1 | FileCheck %s --check-prefix=QUIET --implicit-check-not=dropped
// RUN: %not %snarl run -- %t held 2>&1 | FileCheck %s --check-prefix=HELD --implicit-check-not=dropped
// RUN: %snarl run -- %t recursion 2>&1 | FileCheck %s --check-prefix=QUIET --implicit-check-not=dropped
#include "meet.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kLocks = 1000000, kThreads = 10000, kHeld = 1000 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t row[kHeld + 1];
static pthread_barrier_t all_there;
static int sum;

static void *live(void *p) {
  pthread_mutex_lock(&m);
  ++sum;
  pthread_mutex_unlock(&m);
  pthread_barrier_wait(&all_there); // all of them at once
  return p;
}
static void *brief(void *p) {
  pthread_mutex_lock(&m);
  ++sum;
  pthread_mutex_unlock(&m);
  return p;
}
static void *hold(void *p) {
  int last = *(int *)p;
  for (int i = 0; i < kHeld; ++i) pthread_mutex_lock(&row[i]);
  pthread_mutex_lock(&row[last]);
  ++sum;
  pthread_mutex_unlock(&row[last]);
  for (int i = 0; i < kHeld; ++i) pthread_mutex_unlock(&row[i]);
  next_step();
  return p;
}
static void *turned(void *p) {
  await_step(1);
  pthread_mutex_lock(&row[kHeld]);
  pthread_mutex_lock(&row[kHeld / 2]);
  pthread_mutex_unlock(&row[kHeld / 2]);
  pthread_mutex_unlock(&row[kHeld]);
  return p;
}

int main(int argc, char **argv) {
  pthread_attr_t a;
  pthread_t *t = calloc(kThreads, sizeof *t);
  if (argc < 2) return 2;
  pthread_attr_init(&a);
  pthread_attr_setstacksize(&a, 16384);
  for (int i = 0; i <= kHeld; ++i) pthread_mutex_init(&row[i], NULL);
  if (!strcmp(argv[1], "locks")) { // all alive, some around another one
    pthread_mutex_t *locks = malloc(kLocks * sizeof *locks);
    pthread_create(&t[0], &a, brief, NULL);
    for (int i = 0; i < kLocks; ++i) {
      pthread_mutex_init(&locks[i], NULL);
      pthread_mutex_lock(&locks[i]);
      if (i % 1000 == 0) pthread_mutex_lock(&m), pthread_mutex_unlock(&m);
      pthread_mutex_unlock(&locks[i]);
    }
    for (int i = 0; i < kLocks; ++i) pthread_mutex_lock(&locks[i]), ++sum, pthread_mutex_unlock(&locks[i]);
    pthread_join(t[0], NULL);
  } else if (!strcmp(argv[1], "threads")) {
    int n = 0;
    pthread_barrier_init(&all_there, NULL, kThreads + 1);
    for (; n < kThreads; ++n)
      if (pthread_create(&t[n], &a, live, NULL)) break;
    if (n < kThreads) return puts("snarl: no findings (this system has no room for so many threads)"), 0;
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < n; ++i) pthread_join(t[i], NULL);
  } else if (!strcmp(argv[1], "short")) {
    for (int i = 0; i < kThreads; i += 4) {
      for (int k = 0; k < 4; ++k) pthread_create(&t[k], &a, brief, NULL);
      for (int k = 0; k < 4; ++k) pthread_join(t[k], NULL);
    }
  } else if (!strcmp(argv[1], "held")) { // and still the circle among them is found
    pthread_create(&t[1], NULL, turned, NULL);
    pthread_create(&t[0], NULL, hold, &(int){kHeld});
    pthread_join(t[1], NULL);
    pthread_join(t[0], NULL);
  } else if (!strcmp(argv[1], "recursion")) {
    pthread_mutexattr_t r;
    pthread_mutexattr_init(&r);
    pthread_mutexattr_settype(&r, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&row[0], &r);
    for (int i = 0; i < 1000000; ++i) pthread_mutex_lock(&row[0]);
    for (int i = 0; i < 1000000; ++i) pthread_mutex_unlock(&row[0]);
    pthread_create(&t[0], &a, hold, &(int){kHeld});
    pthread_join(t[0], NULL);
  }
  return 0;
}
// QUIET: no findings
// HELD:  [lock-order, ordered]
