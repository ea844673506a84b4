// Threads that do not get their turn, and queues in which everybody waits.
// RUN: %gcc -std=gnu11 -O1 -g -pthread -I%S/Inputs %s -o %t
// RUN: for what in readers tries; do %snarl run -- %t $what > %t.$what 2>&1; echo $what $?; done > %t.out; FileCheck %s < %t.out --check-prefix=FOUND --match-full-lines
// FOUND: readers 1
// FOUND-NEXT: tries 1
// RUN: FileCheck %s --check-prefix=READERS < %t.readers
// READERS: warning: thread 4 waited {{[0-9.]+ m?s}} to write under price: readers took it {{[0-9]+}} times or more meanwhile, one before the other gave it back [starvation, actual]
// RUN: FileCheck %s --check-prefix=TRIES < %t.tries
// TRIES: warning: thread {{[23]}} and thread {{[23]}} try for each other's lock and give up over and over: {{[0-9]+}} and {{[0-9]+}} failures in {{[0-9.]+ m?s}} [starvation, actual]
// TRIES: note: thread {{[23]}} tries for {{pump|spare}} here, and fails
// TRIES-NEXT: #0 polite at
// RUN: %snarl run --starved-ms 100000 --blocked-ms 0 -- %t readers && %snarl run --starved-ms 0 --blocked-ms 0 -- %t readers
// RUN: for what in queue progress spin; do %snarl run --blocked-ms 0 -- %t $what || exit 1; done
#include "meet.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t pump = PTHREAD_MUTEX_INITIALIZER, spare = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t price = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int stop, turn, at[2];
static atomic_long rounds[2];
static const char *what;
static long n;
static int is(const char *name) { return !strcmp(what, name); }
static long ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static void *reader(void *arg) {
  int me = (int)(long)arg;
  for (long k = 1; !atomic_load(&stop); ++k) {
    pthread_rwlock_rdlock(&price);
    atomic_store(&rounds[me], k);
    long need = me == 0 ? k : k + 1;
    while (atomic_load(&rounds[!me]) < need && !atomic_load(&stop)) usleep(200);
    pthread_rwlock_unlock(&price);
  }
  return NULL;
}
static void *writer(void *p) {
  pthread_rwlock_wrlock(&price);
  ++n;
  pthread_rwlock_unlock(&price);
  return p;
}
/// Takes one, tries for the other, gives up. In step with the other thread, so that both always fail.
__attribute__((noinline)) void *polite(void *arg) {
  int me = (int)(long)arg;
  pthread_mutex_t *mine = me ? &spare : &pump, *other = me ? &pump : &spare;
  for (int round = 1; !atomic_load(&stop); ++round) {
    int lets_go = is("progress") && me && round % 16 == 0;
    pthread_mutex_lock(mine);
    if (lets_go) pthread_mutex_unlock(mine); // the other one's trylock is granted
    atomic_store(&at[me], 2 * round - 1);
    while (atomic_load(&at[!me]) < 2 * round - 1 && !atomic_load(&stop)) usleep(100);
    int got = !lets_go && pthread_mutex_trylock(other) == 0;
    atomic_store(&at[me], 2 * round);
    while (atomic_load(&at[!me]) < 2 * round && !atomic_load(&stop)) usleep(100);
    if (got) pthread_mutex_unlock(other);
    if (!lets_go) pthread_mutex_unlock(mine);
  }
  return NULL;
}
/// Everybody in turn: long waits, but no longer than the others'.
static void *queue(void *arg) {
  for (int i = 0; i < 6; ++i) {
    while (atomic_load(&turn) % 3 != (int)(long)arg) usleep(100);
    pthread_mutex_lock(&pump);
    atomic_fetch_add(&turn, 1);
    for (long end = ms() + 80; ms() < end;) ++n;
    pthread_mutex_unlock(&pump);
  }
  return NULL;
}
static void *spin(void *p) {
  while (pthread_mutex_trylock(&pump)) usleep(1000);
  pthread_mutex_unlock(&pump);
  return p;
}
static void *own(void *p) {
  pthread_mutex_lock(&pump);
  next_step();
  while (!atomic_load(&stop)) usleep(1000);
  pthread_mutex_unlock(&pump);
  return p;
}
int main(int argc, char **argv) {
  pthread_t t[3];
  int count = 2;
  what = argc > 1 ? argv[1] : "";
  if (is("readers")) {
    for (long k = 0; k < 2; ++k) pthread_create(&t[k], NULL, reader, (void *)k);
    while (atomic_load(&rounds[1]) < 2) usleep(200);
    pthread_create(&t[2], NULL, writer, NULL);
    count = 3;
  } else if (is("queue")) {
    for (long k = 0; k < 3; ++k) pthread_create(&t[k], NULL, queue, (void *)k);
    count = 3;
  } else if (is("spin")) {
    pthread_create(&t[0], NULL, own, NULL);
    await_step(1);
    pthread_create(&t[1], NULL, spin, NULL);
  } else {
    for (long k = 0; k < 2; ++k) pthread_create(&t[k], NULL, polite, (void *)k);
  }
  usleep(1500000);
  atomic_store(&stop, 1);
  for (int i = 0; i < count; ++i) pthread_join(t[i], NULL);
  return 0;
}
