// Programs that never stop waking each other neither fill the disk nor lose what they recorded at first.
// RUN: %gcc -O1 -g -pthread %s -o %t && rm -rf %t.trace
// RUN: SNARL_OPTIONS=trace=%t.trace:print=0 LD_PRELOAD=%rt %t
// RUN: grep -c '^E' %t.trace/* > %t.edges && test $(cat %t.edges) -gt 100 && test $(cat %t.edges) -lt 5000
// RUN: grep -c '^H' %t.trace/* | FileCheck %s --check-prefix=LIMIT
// RUN: test $(cat %t.trace/* | wc -c) -lt 1000000
// RUN: rm -rf %t.small && SNARL_OPTIONS=trace=%t.small:print=0:max_trace_mb=0 LD_PRELOAD=%rt %t && grep '^C trace_full' %t.small/*
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static sem_t ping, pong;
static pthread_barrier_t barrier;

static void nest(void) {
  pthread_mutex_lock(&a);
  pthread_mutex_lock(&b);
  pthread_mutex_unlock(&b);
  pthread_mutex_unlock(&a);
}
static void *play(void *p) {
  for (int i = 0; i < 20000; ++i) {
    sem_wait(p ? &ping : &pong);
    nest();
    sem_post(p ? &pong : &ping);
    if (i % 4 == 0) pthread_barrier_wait(&barrier);
  }
  return p;
}

int main(void) {
  pthread_t t, u;
  sem_init(&ping, 0, 1);
  sem_init(&pong, 0, 0);
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&t, NULL, play, &t);
  pthread_create(&u, NULL, play, NULL);
  pthread_join(t, NULL);
  pthread_join(u, NULL);
  return 0;
}
// LIMIT: 2
