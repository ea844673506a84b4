// Condition variables of before glibc 2.3.2 have another layout: a binary that asks for them gets them.
// RUN: %gcc -std=gnu11 -O1 -g -pthread %s -o %t && %t
// RUN: SNARL_OPTIONS=trace=%t.trace:print=0 LD_PRELOAD=%rt %t
// RUN: %not %snarl run --halt-on-deadlock -- %t hang 2>&1 | FileCheck %s
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

__asm__(".symver pthread_cond_wait, pthread_cond_wait@GLIBC_2.2.5\n"
        ".symver pthread_cond_timedwait, pthread_cond_timedwait@GLIBC_2.2.5\n"
        ".symver pthread_cond_signal, pthread_cond_signal@GLIBC_2.2.5\n"
        ".symver pthread_cond_broadcast, pthread_cond_broadcast@GLIBC_2.2.5\n"
        ".symver pthread_cond_destroy, pthread_cond_destroy@GLIBC_2.2.5\n");

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
/// One word then, 48 bytes now: who writes more hits the neighbours.
static struct {
  long before;
  void *cond;
  long after[8];
} old = {77, NULL, {1, 2, 3, 4, 5, 6, 7, 8}};
#define COND ((pthread_cond_t *)&old.cond)
static int ready, gone;

static void *waiter(void *p) {
  pthread_mutex_lock(&m);
  while (!ready) pthread_cond_wait(COND, &m);
  gone = 1;
  pthread_cond_broadcast(COND);
  pthread_mutex_unlock(&m);
  return p;
}

int main(int argc, char **argv) {
  pthread_t t;
  struct timespec past = {1, 0};
  (void)argv;
  pthread_create(&t, NULL, waiter, NULL);
  pthread_mutex_lock(&m);
  if (pthread_cond_timedwait(COND, &m, &past) != ETIMEDOUT) return 1;
  ready = argc < 2;
  pthread_cond_signal(COND);
  while (!gone) pthread_cond_wait(COND, &m);
  pthread_mutex_unlock(&m);
  pthread_join(t, NULL);
  pthread_cond_destroy(COND);
  for (int i = 0; i < 8; ++i)
    if (old.after[i] != i + 1) return 2;
  return old.before != 77;
}
// CHECK: [deadlock, actual]
