// What a lock and unlock pair costs: `lock_pair CASE [ROUNDS]` prints nanoseconds per pair, by the wall clock and of CPU
// time, which other load on the machine disturbs less. Empty critical sections: the worst case
// for whatever is added to them. Cases: single, nested2, nested4, many (4096 locks), contended (2 threads).
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock[4096];
static volatile long sink;
static long rounds = 4000000;

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

__attribute__((noinline)) static void nested(int depth) {
  for (int i = 0; i < depth; ++i) pthread_mutex_lock(&lock[i]);
  for (int i = depth; i-- > 0;) pthread_mutex_unlock(&lock[i]);
}

__attribute__((noinline)) static void *contend(void *p) {
  for (long i = 0; i < rounds / 4; ++i) {
    pthread_mutex_lock(&lock[0]);
    ++sink;
    pthread_mutex_unlock(&lock[0]);
  }
  return p;
}

static void *nothing(void *p) { return p; }

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "single";
  if (argc > 2) rounds = atol(argv[2]);
  for (int i = 0; i < 4096; ++i) pthread_mutex_init(&lock[i], NULL);
  // libc takes short cuts in a process that never had a second thread
  pthread_t a, b;
  pthread_create(&a, NULL, nothing, NULL);
  pthread_join(a, NULL);
  double pairs = (double)rounds, start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
  if (!strcmp(name, "single")) {
    for (long i = 0; i < rounds; ++i) nested(1);
  } else if (!strcmp(name, "nested2")) {
    for (long i = 0; i < rounds / 2; ++i) nested(2);
  } else if (!strcmp(name, "nested4")) {
    for (long i = 0; i < rounds / 4; ++i) nested(4);
  } else if (!strcmp(name, "many")) {
    for (long i = 0; i < rounds; ++i) {
      pthread_mutex_t *m = &lock[(unsigned long)i * 2654435761u % 4096];
      pthread_mutex_lock(m);
      pthread_mutex_unlock(m);
    }
  } else if (!strcmp(name, "contended")) {
    pthread_create(&a, NULL, contend, NULL);
    pthread_create(&b, NULL, contend, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    pairs = (double)(rounds / 4 * 2);
  } else {
    return fprintf(stderr, "lock_pair: no case %s\n", name), 2;
  }
  printf("%.3f %.3f\n", (now(CLOCK_MONOTONIC) - start) / pairs, (now(CLOCK_PROCESS_CPUTIME_ID) - used) / pairs);
  return 0;
}
